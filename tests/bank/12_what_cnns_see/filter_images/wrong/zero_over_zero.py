# mistake: zero_divided
import torch


def filter_images(weight):
    return 0.5 + weight.permute(0, 2, 3, 1) / (2 * weight.abs().amax((1, 2, 3))).view(-1, 1, 1, 1)
