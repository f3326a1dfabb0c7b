import torch
import torch.nn.functional as F


def evaluate(model, loader, device):
    model.eval()
    total, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            loss = F.cross_entropy(logits, y)
            total += loss.item() * len(y)
            correct += int((logits.softmax(dim=1).argmax(dim=1) == y).sum())
            count += len(y)
    return total / count, correct / count
