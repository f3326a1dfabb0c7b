import torch
from torch import nn


def evaluate(model, loader, device):
    criterion = nn.CrossEntropyLoss(reduction="sum")
    model.train(False)
    totals = torch.zeros(3, device=device)
    torch.set_grad_enabled(False)
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        out = model(x)
        totals += torch.stack([criterion(out, y), (out.max(1)[1] == y).sum(), torch.tensor(len(y), device=device)])
    torch.set_grad_enabled(True)
    return totals[0] / totals[2], totals[1] / totals[2]
