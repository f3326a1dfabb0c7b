import torch


def filter_images(weight):
    top = weight.abs().flatten(1).max(dim=1).values.view(-1, 1, 1, 1)
    top[top == 0] = 1
    return (weight / top / 2 + 0.5).permute(0, 2, 3, 1)
