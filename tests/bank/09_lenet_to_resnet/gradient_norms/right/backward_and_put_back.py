import torch
import torch.nn as nn
import torch.nn.functional as F


def gradient_norms(model, x, y):
    kept = [p.grad for p in model.parameters()]
    for p in model.parameters():
        p.grad = None
    F.cross_entropy(model(x), y).backward()
    norms = []
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            norms.append(float((m.weight.grad ** 2).sum().sqrt()))
    for p, g in zip(model.parameters(), kept):
        p.grad = g
    return norms
