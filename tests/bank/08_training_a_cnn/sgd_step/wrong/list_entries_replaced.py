# mistake: not_in_place
def sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0):
    for i in range(len(params)):
        velocity[i] = momentum * velocity[i] + grads[i] + weight_decay * params[i]
        params[i] = params[i] - lr * velocity[i]
