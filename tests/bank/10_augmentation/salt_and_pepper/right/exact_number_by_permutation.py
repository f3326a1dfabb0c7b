import torch


def salt_and_pepper(x, amount, generator):
    if amount < 0 or amount > 1:
        raise ValueError("amount")
    n, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(-1, c).clone()
    order = torch.randperm(len(y), generator=generator, device=x.device)
    hits = order[: round(amount * len(y))]
    y[hits[: len(hits) // 2]] = 0.0
    y[hits[len(hits) // 2 :]] = 1.0
    return y.reshape(n, h, w, c).permute(0, 3, 1, 2)
