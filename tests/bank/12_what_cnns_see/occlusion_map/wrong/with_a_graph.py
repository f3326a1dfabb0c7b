# mistake: gradients_kept
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    tops, lefts = range(0, h - size + 1, stride), range(0, w - size + 1, stride)
    p = model(x).softmax(1)[torch.arange(n), target]
    drops = []
    for top in tops:
        for left in lefts:
            y = x.clone()
            y[:, :, top : top + size, left : left + size] = fill
            drops.append(p - model(y).softmax(1)[torch.arange(n), target])
    for m, mode in modes.items():
        m.training = mode
    return torch.stack(drops, 1).view(n, len(tops), len(lefts))
