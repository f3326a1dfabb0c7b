import numpy as np


def cross_entropy(logits, labels):
    n = len(logits)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(n), labels]).mean()
    p[np.arange(n), labels] -= 1
    return loss, p / n


def iterate_batches(n, batch_size, generator):
    order = np.argsort(generator.random(n))
    return np.array_split(order, range(batch_size, n, batch_size))


def numpy_epoch(model, x, labels, step, batch_size, generator):
    params, losses = model.parameters(), []
    for index in iterate_batches(len(labels), batch_size, generator):
        loss, dlogits = cross_entropy(model.forward(x[index]), labels[index])
        losses += [loss] * len(index)
        step(params, model.backward(dlogits))
    return np.mean(losses)
