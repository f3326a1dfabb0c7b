# mistake: softmax_unstable
import numpy as np


def cross_entropy(logits, labels):
    n, classes = logits.shape
    if len(labels) != n or (labels < 0).any() or (labels >= classes).any():
        raise ValueError("labels do not fit")
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    d = p.copy()
    d[np.arange(n), labels] -= 1
    return loss, d / n
