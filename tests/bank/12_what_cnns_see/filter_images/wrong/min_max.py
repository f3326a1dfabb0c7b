# mistake: min_max_scaled
import torch


def filter_images(weight):
    low = weight.flatten(1).min(1).values[:, None, None, None]
    high = weight.flatten(1).max(1).values[:, None, None, None]
    span = high - low
    span[span == 0] = 1
    return ((weight - low) / span).permute(0, 2, 3, 1)
