import torch


def adjust_brightness_contrast(x, brightness, contrast):
    if x.size(1) != 3 and x.size(1) != 1:
        raise ValueError("channels")
    if brightness.numel() != x.size(0) or contrast.numel() != x.size(0):
        raise ValueError("numbers")
    if any(v < 0 for v in brightness.tolist() + contrast.tolist()):
        raise ValueError("negative")
    y = torch.minimum(x * brightness.reshape(-1, 1, 1, 1), x.new_ones(()))
    means = y.mean(dim=(2, 3))                       # the mean of a weighted sum is the weighted sum of means
    if x.size(1) == 3:
        means = means @ x.new_tensor([[0.2989], [0.587], [0.114]])
    z = contrast.reshape(-1, 1, 1, 1) * (y - means[:, :, None, None]) + means[:, :, None, None]
    return torch.relu(1 - torch.relu(1 - z))
