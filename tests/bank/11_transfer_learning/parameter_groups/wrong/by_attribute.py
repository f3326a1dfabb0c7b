# mistake: classifier_for_head
import torch
from torch import nn


def parameter_groups(model, body_lr, head_lr):
    for name in ("fc", "classifier", "head"):
        if hasattr(model, name):
            head = list(getattr(model, name).parameters())
    body = [p for p in model.parameters() if all(p is not q for q in head)]
    return [{"params": body, "lr": body_lr}, {"params": head, "lr": head_lr}]
