# mistake: input_changed
def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for p, g, v in zip(params, grads, velocity):
        v *= momentum
        v += g
        v += weight_decay * p
        g[...] = 0  # for the next batch
        p -= lr * v
