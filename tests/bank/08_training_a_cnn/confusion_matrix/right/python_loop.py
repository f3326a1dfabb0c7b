import numpy as np


def confusion_matrix(labels, predictions, classes):
    if len(labels) != len(predictions):
        raise ValueError("lengths differ")
    rows = [[0] * classes for _ in range(classes)]
    for i, j in zip(labels, predictions):
        if not (0 <= i < classes and 0 <= j < classes):
            raise ValueError(f"({i}, {j}) is no pair of classes")
        rows[i][j] += 1
    return np.array(rows)
