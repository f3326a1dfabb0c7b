import torch


def salt_and_pepper(x, amount, generator):
    if amount > 1 or amount < 0:
        raise ValueError("a share is between 0 and 1")
    out = []
    for image in x:
        p = torch.full(image.shape[1:], amount, device=x.device)
        hit = torch.bernoulli(p, generator=generator)
        salt = torch.bernoulli(torch.full_like(p, 0.5), generator=generator)
        out.append(image * (1 - hit).to(x.dtype) + (hit * salt).to(x.dtype))
    return torch.stack(out)
