# mistake: softmax_over_batch
import numpy as np


def cross_entropy(logits, labels):
    n, classes = logits.shape
    if len(labels) != n or (labels < 0).any() or (labels >= classes).any():
        raise ValueError("labels do not fit")
    e = np.exp(logits - logits.max())
    p = e / e.sum()
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n
