# mistake: scaled_together
import torch


def filter_images(weight):
    return 0.5 + weight.permute(0, 2, 3, 1) / (2 * weight.abs().max())
