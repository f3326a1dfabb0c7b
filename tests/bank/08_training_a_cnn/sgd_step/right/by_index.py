import numpy as np


def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for i in range(len(params)):
        g = grads[i] + weight_decay * params[i]
        velocity[i] = momentum * velocity[i] + g
        params[i][...] = params[i] - lr * velocity[i]
