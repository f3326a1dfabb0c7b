# mistake: square_not_removed
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    tops, lefts = range(0, h - size + 1, stride), range(0, w - size + 1, stride)
    out = x.new_zeros(n, len(tops), len(lefts))
    y = x.clone()
    with torch.no_grad():
        p = model(x).softmax(1)[torch.arange(n), target]
        for i, top in enumerate(tops):
            for j, left in enumerate(lefts):
                y[:, :, top : top + size, left : left + size] = fill
                out[:, i, j] = p - model(y).softmax(1)[torch.arange(n), target]
    for m, mode in modes.items():
        m.training = mode
    return out
