import numpy as np


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    b1, b2 = betas
    for i, (p, g) in enumerate(zip(params, grads)):
        if i not in state:
            state[i] = {"step": 0, "m": np.zeros_like(p), "v": np.zeros_like(p)}
        s = state[i]
        s["step"] += 1
        s["m"] = b1 * s["m"] + (1 - b1) * g
        s["v"] = b2 * s["v"] + (1 - b2) * g * g
        m_hat = s["m"] / (1 - b1 ** s["step"])
        v_hat = s["v"] / (1 - b2 ** s["step"])
        p -= lr * m_hat / (v_hat**0.5 + eps)
