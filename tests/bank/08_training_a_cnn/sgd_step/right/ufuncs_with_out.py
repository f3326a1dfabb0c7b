import numpy as np


def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for p, g, v in zip(params, grads, velocity):
        d = np.add(g, weight_decay * p)
        np.multiply(v, momentum, out=v)
        np.add(v, d, out=v)
        np.subtract(p, lr * v, out=p)
    return params
