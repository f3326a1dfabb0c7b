import numpy as np


def cross_entropy(logits, labels):
    n = len(logits)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


def numpy_epoch(model, x, labels, step, batch_size, generator):
    order = np.arange(len(x))
    generator.shuffle(order)
    x, labels = x[order], labels[order]
    losses, sizes = [], []
    for first in range(0, len(x), batch_size):
        part = slice(first, first + batch_size)
        loss, d = cross_entropy(model.forward(x[part]), labels[part])
        gradients = model.backward(d)
        step(model.parameters(), gradients)
        losses.append(loss)
        sizes.append(len(labels[part]))
    return float(np.average(losses, weights=sizes))
