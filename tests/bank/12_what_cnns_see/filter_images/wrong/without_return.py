# mistake: returns_nothing
import torch


def filter_images(weight):
    m = weight.abs().amax((1, 2, 3), keepdim=True)
    images = (0.5 + weight / torch.where(m > 0, m, 1) / 2).permute(0, 2, 3, 1)
