import torch
import torch.nn.functional as F


def augment_pair(images, masks, mirrored, top, left, factor):
    images, masks = images.clone(), masks.clone()
    images[mirrored] = images[mirrored].flip(3)
    masks[mirrored] = masks[mirrored].flip(2)
    h, w = images.shape[2] // factor, images.shape[3] // factor
    images = images[:, :, top : top + h, left : left + w]
    rows = top + torch.arange(h * factor, device=masks.device) // factor
    columns = left + torch.arange(w * factor, device=masks.device) // factor
    masks = masks[:, rows][:, :, columns]
    return F.interpolate(images, scale_factor=factor, mode="bilinear"), masks
