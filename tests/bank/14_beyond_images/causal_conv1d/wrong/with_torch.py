# mistake: forbidden_call
import torch
import torch.nn.functional as F


def causal_conv1d(x, w, dilation=1):
    if x.shape[1] != w.shape[1] or dilation < 1:
        raise ValueError("that does not fit")
    padded = F.pad(torch.tensor(x), ((w.shape[2] - 1) * dilation, 0))
    return F.conv1d(padded, torch.tensor(w), dilation=dilation).numpy()
