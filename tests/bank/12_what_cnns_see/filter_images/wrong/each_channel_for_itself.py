# mistake: channels_scaled_apart
import torch


def filter_images(weight):
    largest = weight.abs().amax((2, 3), keepdim=True).clamp(min=1e-12)
    return (0.5 + weight / largest / 2).permute(0, 2, 3, 1)
