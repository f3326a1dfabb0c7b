# mistake: sampled_with_replacement
import numpy as np


def cross_entropy(logits, labels):
    n = len(logits)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


def numpy_epoch(model, x, labels, step, batch_size, generator):
    order = generator.integers(0, len(x), len(x))
    total, batches = 0.0, 0
    for start in range(0, len(x), batch_size):
        batch = order[start : start + batch_size]
        loss, dlogits = cross_entropy(model.forward(x[batch]), labels[batch])
        step(model.parameters(), model.backward(dlogits))
        total += loss * len(batch)
        batches += 1
    return total / len(x)
