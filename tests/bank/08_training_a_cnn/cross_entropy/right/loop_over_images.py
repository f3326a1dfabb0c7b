import numpy as np


def cross_entropy(logits, labels):
    n, classes = logits.shape
    if len(labels) != n or (labels < 0).any() or (labels >= classes).any():
        raise ValueError("labels do not fit")
    loss = 0.0
    gradient = np.zeros_like(logits)
    for i in range(n):
        row = logits[i].astype(np.float64)
        m = max(row)
        e = np.exp(row - m)
        loss += m + np.log(e.sum()) - row[labels[i]]
        gradient[i] = e / e.sum()
        gradient[i, labels[i]] -= 1
    gradient /= n
    return logits.dtype.type(loss / n), gradient
