import torch
from torch import nn


def train_epoch(model, loader, optimizer, device):
    criterion = nn.CrossEntropyLoss()
    model.train()
    losses, sizes = [], []
    for images, labels in loader:
        images, labels = images.to(device, non_blocking=True), labels.to(device)
        model.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach() * len(labels))
        sizes.append(len(labels))
    return (torch.stack(losses).sum() / sum(sizes)).item()
