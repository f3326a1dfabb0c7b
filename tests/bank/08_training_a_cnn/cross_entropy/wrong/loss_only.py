# mistake: none
import numpy as np


def cross_entropy(logits, labels):
    n, classes = logits.shape
    if len(labels) != n or (labels < 0).any() or (labels >= classes).any():
        raise ValueError("labels do not fit")
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    log_p = shifted - np.log(e.sum(axis=1, keepdims=True))
    return -log_p[np.arange(n), labels].mean()
