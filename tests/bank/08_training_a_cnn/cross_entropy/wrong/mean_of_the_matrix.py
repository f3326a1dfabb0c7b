# mistake: averaged_over_classes
import numpy as np


def cross_entropy(logits, labels):
    n, classes = logits.shape
    if len(labels) != n or (labels < 0).any() or (labels >= classes).any():
        raise ValueError("labels do not fit")
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    log_p = shifted - np.log(e.sum(axis=1, keepdims=True))
    wanted = np.eye(classes, dtype=logits.dtype)[labels]
    return -(wanted * log_p).mean(), (p - wanted) / logits.size
