import torch


def occlusion_map(model, x, target, size, stride, fill=0.0):
    n, c, h, w = x.shape
    if min(size, stride) < 1 or size > min(h, w):
        raise ValueError("impossible size or stride")
    tops = torch.arange(0, h - size + 1, stride, device=x.device)
    lefts = torch.arange(0, w - size + 1, stride, device=x.device)
    y, z = torch.arange(h, device=x.device), torch.arange(w, device=x.device)
    in_rows = (y >= tops[:, None]) & (y < tops[:, None] + size)
    in_columns = (z >= lefts[:, None]) & (z < lefts[:, None] + size)
    mask = in_rows[:, None, :, None] & in_columns[None, :, None, :]
    many = torch.where(mask[None, :, :, None], torch.tensor(fill, dtype=x.dtype, device=x.device), x[:, None, None])
    modes = {m: m.training for m in model.modules()}
    model.eval()
    target = torch.as_tensor(target, device=x.device).expand(n)
    with torch.no_grad():
        before = model(x).softmax(1).gather(1, target[:, None])
        after = model(many.reshape(-1, c, h, w)).softmax(1)
    for m, mode in modes.items():
        m.training = mode
    after = after.view(n, len(tops), len(lefts), -1)
    picked = torch.stack([after[i, ..., target[i]] for i in range(n)])
    return before[:, :, None] - picked
