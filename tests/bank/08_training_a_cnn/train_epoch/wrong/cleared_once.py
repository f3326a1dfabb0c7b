# mistake: gradients_not_zeroed
import torch
import torch.nn.functional as F


def train_epoch(model, loader, optimizer, device):
    model.train()
    total, count = 0.0, 0
    optimizer.zero_grad()
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total / count
