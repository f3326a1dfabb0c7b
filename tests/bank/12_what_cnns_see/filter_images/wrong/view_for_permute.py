# mistake: reshaped_not_permuted
import torch


def filter_images(weight):
    k, c, h, w = weight.shape
    largest = weight.reshape(k, -1).abs().max(dim=1)[0].reshape(k, 1, 1, 1)
    largest = torch.where(largest == 0, torch.ones_like(largest), largest)
    return (0.5 + weight / (2 * largest)).reshape(k, h, w, c)
