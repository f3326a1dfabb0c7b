import torch
import torch.nn.functional as F


def train_epoch(model, loader, optimizer, device):
    model.train()
    total = 0.0
    for x, y in loader:
        loss = F.cross_entropy(model(x.to(device)), y.to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += len(x) * loss.item()
    return total / len(loader.dataset)
