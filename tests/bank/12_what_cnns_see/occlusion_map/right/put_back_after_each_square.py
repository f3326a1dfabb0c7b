import itertools

import torch


@torch.no_grad()
def occlusion_map(model, x, target, size, stride, fill=0.0):
    if stride <= 0 or size <= 0:
        raise ValueError("stride and size count pixels")
    if x.shape[2] < size or x.shape[3] < size:
        raise ValueError("the square must fit")
    modes = [m.training for m in model.modules()]
    model.eval()
    probability = lambda images: torch.exp(torch.log_softmax(model(images), -1))[range(len(x)), target]
    p0 = probability(x)
    work = x.detach().clone()
    tops = list(range(0, x.shape[2] - size + 1, stride))
    lefts = list(range(0, x.shape[3] - size + 1, stride))
    drops = []
    for top, left in itertools.product(tops, lefts):
        window = work[:, :, top : top + size, left : left + size]
        saved = window.clone()
        window.fill_(fill)
        drops.append(p0 - probability(work))
        window.copy_(saved)
    for m, mode in zip(model.modules(), modes):
        m.training = mode
    return torch.stack(drops, dim=1).unflatten(1, (len(tops), len(lefts)))
