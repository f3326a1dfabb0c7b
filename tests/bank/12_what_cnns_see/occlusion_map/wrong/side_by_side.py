# mistake: size_for_stride
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    out = x.new_zeros(n, h // size, w // size)
    with torch.no_grad():
        p = model(x).softmax(1)[torch.arange(n), target]
        for i in range(h // size):
            for j in range(w // size):
                y = x.clone()
                y[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size] = fill
                out[:, i, j] = p - model(y).softmax(1)[torch.arange(n), target]
    for m, mode in modes.items():
        m.training = mode
    return out
