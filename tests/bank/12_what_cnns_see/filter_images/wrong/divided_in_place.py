# mistake: input_changed
import torch


def filter_images(weight):
    m = weight.abs().amax((1, 2, 3), keepdim=True)
    weight /= 2 * torch.where(m > 0, m, 1)
    return (weight + 0.5).permute(0, 2, 3, 1)
