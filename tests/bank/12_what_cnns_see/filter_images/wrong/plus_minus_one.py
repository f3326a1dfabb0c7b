# mistake: offset_missing
import torch


def filter_images(weight):
    m = weight.abs().amax((1, 2, 3), keepdim=True)
    return (weight / torch.where(m > 0, m, 1)).permute(0, 2, 3, 1)
