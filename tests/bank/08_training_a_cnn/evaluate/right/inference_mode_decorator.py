import torch
import torch.nn.functional as F


@torch.inference_mode()
def evaluate(model, loader, device):
    model.eval()
    loss_sum, hits, n = 0.0, 0, 0
    for x, y in loader:
        logits = model(x.to(device))
        y = y.to(device)
        loss_sum += F.cross_entropy(logits, y).item() * len(y)
        hits += int((logits.argmax(1) == y).sum())
        n += len(y)
    return loss_sum / n, hits / n
