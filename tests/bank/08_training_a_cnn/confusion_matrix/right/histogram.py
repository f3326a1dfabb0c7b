import numpy as np


def confusion_matrix(labels, predictions, classes):
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if len(labels) != len(predictions):
        raise ValueError("as many predictions as labels")
    both = np.concatenate([labels, predictions])
    if both.min() < 0 or both.max() >= classes:
        raise ValueError("a class outside the range")
    edges = np.arange(classes + 1) - 0.5
    return np.histogram2d(labels, predictions, bins=(edges, edges))[0].astype(np.int64)
