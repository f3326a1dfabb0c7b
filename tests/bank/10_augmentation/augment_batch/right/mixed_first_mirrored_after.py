import torch


def augment_batch(x, y, generator, training):
    if training:
        n = x.shape[0]
        p = torch.randperm(n, generator=generator, device=x.device)
        lam = float(torch.rand(1, generator=generator, device=x.device))
        images = lam * x + (1 - lam) * x[p]
        labels = lam * y + (1 - lam) * y[p]
        for i in range(n):
            if torch.randint(0, 2, (1,), generator=generator, device=x.device):
                images[i] = images[i].flip(-1)
        return images, labels
    return x.clone(), y.clone()
