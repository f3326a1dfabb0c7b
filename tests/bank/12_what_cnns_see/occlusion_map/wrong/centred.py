# mistake: centre_for_corner
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    rows, cols = (h - size) // stride + 1, (w - size) // stride + 1
    out = x.new_zeros(n, rows, cols)
    half = size // 2
    with torch.no_grad():
        p = model(x).softmax(1)[torch.arange(n), target]
        for i in range(rows):
            for j in range(cols):
                y = x.clone()
                top, left = i * stride - half, j * stride - half
                y[:, :, max(top, 0) : top + size, max(left, 0) : left + size] = fill
                out[:, i, j] = p - model(y).softmax(1)[torch.arange(n), target]
    for m, mode in modes.items():
        m.training = mode
    return out
