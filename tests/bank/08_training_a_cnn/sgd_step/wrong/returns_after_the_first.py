# mistake: return_in_loop
def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for p, g, v in zip(params, grads, velocity):
        v[...] = momentum * v + g + weight_decay * p
        p -= lr * v
        return params
