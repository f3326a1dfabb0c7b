# mistake: train_for_validation
import copy

import torch
import torch.nn.functional as F


def fit_best(model, loaders, epochs, optimizer, device):
    best, best_accuracy = None, 0.0
    for epoch in range(epochs):
        model.train()
        correct = total = 0
        for images, labels in loaders["train"]:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            logits = model(images)
            F.cross_entropy(logits, labels).backward()
            optimizer.step()
            correct += (logits.argmax(1) == labels).sum().item()
            total += len(labels)
        if correct / total > best_accuracy:
            best_accuracy = correct / total
            best = copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best
