import torch


def filter_images(weight):
    m = torch.amax(torch.abs(weight), dim=(1, 2, 3), keepdim=True)
    scaled = torch.nan_to_num(weight / m, nan=0.0)
    return ((scaled + 1) / 2).transpose(1, 2).transpose(2, 3).contiguous()
