import torch


def augment_batch(x, y, generator, training):
    if not training:
        return x, y
    n = len(x)
    u = torch.rand(2, n, generator=generator, device=x.device)
    lam = u[0].to(x.dtype)
    partners = torch.argsort(torch.rand(n, generator=generator, device=x.device))
    x = torch.where((u[1] < 0.5).view(n, 1, 1, 1), x.flip(-1), x)
    a, b = lam.view(n, 1, 1, 1), lam.to(y.dtype).view(n, 1)
    return a * x + (1 - a) * x[partners], b * y + (1 - b) * y[partners]
