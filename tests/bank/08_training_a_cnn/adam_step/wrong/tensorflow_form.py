# mistake: eps_before_correction
import numpy as np


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    b1, b2 = betas
    t = state["t"] = state.get("t", 0) + 1
    rate = lr * np.sqrt(1 - b2**t) / (1 - b1**t)
    for i, (p, g) in enumerate(zip(params, grads)):
        state["m", i] = b1 * state.get(("m", i), 0) + (1 - b1) * g
        state["v", i] = b2 * state.get(("v", i), 0) + (1 - b2) * g**2
        p -= rate * state["m", i] / (np.sqrt(state["v", i]) + eps)
