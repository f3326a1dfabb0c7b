# mistake: learning_rate_in_velocity
def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for p, g, v in zip(params, grads, velocity):
        v[...] = momentum * v + lr * (g + weight_decay * p)
        p -= v
