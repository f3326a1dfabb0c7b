# mistake: vertical_for_horizontal
import torch


def horizontal_flip(x, mask):
    y = x.clone()
    for i in range(len(x)):
        if mask[i]:
            for c in range(x.shape[1]):
                y[i, c] = torch.flipud(x[i, c])
    return y
