import contextlib

import torch


@contextlib.contextmanager
def evaluating(model):
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes.items():
            module.training = training


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, c, h, w = x.shape
    if size > h or size > w:
        raise ValueError(f"size {size} is larger than the image ({h}×{w})")
    if size < 1 or stride < 1:
        raise ValueError("size and stride must be positive")
    rows, columns = (h - size) // stride + 1, (w - size) // stride + 1
    found = torch.empty(n, rows, columns, dtype=x.dtype, device=x.device)
    index = torch.arange(n)
    with evaluating(model), torch.no_grad():
        reference = torch.softmax(model(x), 1)[index, target]
        for i in range(rows):
            for j in range(columns):
                patched = x.clone()
                patched[..., i * stride : i * stride + size, j * stride : j * stride + size] = fill
                found[:, i, j] = reference - torch.softmax(model(patched), 1)[index, target]
    return found
