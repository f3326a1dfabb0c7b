# mistake: height_width_swapped
import torch


def filter_images(weight):
    m = weight.abs().amax((1, 2, 3), keepdim=True)
    m[m == 0] = 1
    return (0.5 + 0.5 * weight / m).permute(0, 3, 2, 1)
