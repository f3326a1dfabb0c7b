# mistake: wrong_dtype
import numpy as np


def confusion_matrix(labels, predictions, classes):
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if len(labels) != len(predictions):
        raise ValueError("as many predictions as labels")
    both = np.concatenate([labels, predictions])
    if both.min() < 0 or both.max() >= classes:
        raise ValueError("a class outside the range")
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predictions), 1)
    return counts
