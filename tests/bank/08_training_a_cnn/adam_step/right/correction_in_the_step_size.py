import numpy as np


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    if not state:
        state.update(t=0, first=[np.zeros(p.shape) for p in params], second=[np.zeros(p.shape) for p in params])
    state["t"] += 1
    c1 = 1 - betas[0] ** state["t"]
    c2 = np.sqrt(1 - betas[1] ** state["t"])
    for p, g, m, v in zip(params, grads, state["first"], state["second"]):
        m += (1 - betas[0]) * (g - m)
        v += (1 - betas[1]) * (g * g - v)
        p[...] = p - (lr / c1) * m / (np.sqrt(v) / c2 + eps)
