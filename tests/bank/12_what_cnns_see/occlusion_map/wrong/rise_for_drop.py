# mistake: sign_wrong
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    rows, cols = (h - size) // stride + 1, (w - size) // stride + 1
    out = x.new_zeros(n, rows, cols)
    with torch.no_grad():
        p = model(x).softmax(1)[torch.arange(n), target]
        for i in range(rows):
            for j in range(cols):
                y = x.clone()
                y[:, :, i * stride : i * stride + size, j * stride : j * stride + size] = fill
                out[:, i, j] = model(y).softmax(1)[torch.arange(n), target] - p
    for m, mode in modes.items():
        m.training = mode
    return out
