def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    """Keep the velocity with the opposite sign."""
    for p, g, v in zip(params, grads, velocity):
        d = g
        if weight_decay != 0:
            d = d + p * weight_decay
        v *= momentum
        v -= d
        p += lr * v
