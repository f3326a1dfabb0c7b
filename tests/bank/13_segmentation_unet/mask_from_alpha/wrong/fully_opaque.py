# mistake: only_wholly_opaque
import torch


def mask_from_alpha(alpha, labels=None):
    out = torch.zeros(alpha.shape, dtype=torch.int64, device=alpha.device)
    for i in range(len(alpha)):
        out[i][alpha[i] == 255] = 1 if labels is None else labels[i] + 1
    return out
