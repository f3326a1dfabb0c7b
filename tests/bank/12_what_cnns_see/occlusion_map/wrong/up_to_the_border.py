# mistake: partial_squares
import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, _, h, w = x.shape
    if size < 1 or stride < 1 or size > min(h, w):
        raise ValueError("size or stride impossible")
    modes = {m: m.training for m in model.modules()}
    model.eval()
    columns = []
    with torch.no_grad():
        p = model(x).softmax(1)[torch.arange(n), target]
        for top in range(0, h, stride):
            row = []
            for left in range(0, w, stride):
                y = x.clone()
                y[:, :, top : top + size, left : left + size] = fill
                row.append(p - model(y).softmax(1)[torch.arange(n), target])
            columns.append(torch.stack(row, 1))
    for m, mode in modes.items():
        m.training = mode
    return torch.stack(columns, 1)
