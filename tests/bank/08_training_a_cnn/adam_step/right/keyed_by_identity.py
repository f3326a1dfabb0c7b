import numpy as np


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    state["steps"] = state.get("steps", 0) + 1
    t = state["steps"]
    for p, g in zip(params, grads):
        m, v = state.get(id(p), (0.0, 0.0))
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * np.square(g)
        state[id(p)] = (m, v)
        np.subtract(p, lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps), out=p)
