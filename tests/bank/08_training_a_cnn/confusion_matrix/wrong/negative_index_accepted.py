# mistake: none
import numpy as np


def confusion_matrix(labels, predictions, classes):
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels, predictions), 1)
    return counts
