import torch
import torch.nn as nn


def augment_pair(images, masks, mirrored, top, left, factor):
    n, c, height, width = images.shape
    h, w = height // factor, width // factor
    keep = ~mirrored
    out = images.new_empty(images.shape)
    out[keep], out[mirrored] = images[keep], torch.flip(images[mirrored], dims=[-1])
    labels = torch.empty_like(masks)
    labels[keep], labels[mirrored] = masks[keep], torch.flip(masks[mirrored], dims=[-1])
    up = nn.Upsample(scale_factor=factor, mode="bilinear", align_corners=False)
    window = labels[:, top : top + h, left : left + w]
    larger = window[:, :, None, :, None].expand(n, h, factor, w, factor).reshape(n, h * factor, w * factor)
    return up(out[:, :, top : top + h, left : left + w]), larger
