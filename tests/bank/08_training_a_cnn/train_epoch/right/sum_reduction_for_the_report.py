import torch
import torch.nn.functional as F


def train_epoch(model, loader, optimizer, device):
    if not model.training:
        model.train(True)
    summed = torch.zeros((), device=device)
    seen = 0
    for x, y in loader:
        x = x.to(device)
        y = y.to(device)
        optimizer.zero_grad(set_to_none=False)
        logits = model(x)
        log_p = F.log_softmax(logits, dim=1)
        loss = F.nll_loss(log_p, y)
        loss.backward()
        optimizer.step()
        summed += F.nll_loss(log_p.detach(), y, reduction="sum")
        seen += y.numel()
    return summed.item() / seen
