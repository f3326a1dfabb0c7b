# mistake: best_not_copied
import copy

import torch
import torch.nn.functional as F


def fit_best(model, loaders, epochs, optimizer, device):
    best, best_accuracy = None, -1.0
    for epoch in range(epochs):
        model.train()
        for images, labels in loaders["train"]:
            images, labels = images.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        model.eval()
        correct = total = 0
        with torch.no_grad():
            for images, labels in loaders["validation"]:
                images, labels = images.to(device), labels.to(device)
                correct += (model(images).argmax(dim=1) == labels).sum().item()
                total += len(labels)
        accuracy = correct / total
        if accuracy > best_accuracy:
            best_accuracy = accuracy
            best = model.state_dict()
    return best
