# mistake: nearest_for_bilinear
import torch
import torch.nn.functional as F


def augment_pair(images, masks, mirrored, top, left, factor):
    both = torch.cat((images, masks[:, None].to(images.dtype)), 1)
    both = torch.where(mirrored[:, None, None, None], both.flip(-1), both)
    height, width = images.shape[2] // factor, images.shape[3] // factor
    both = both[:, :, top : top + height, left : left + width]
    both = F.interpolate(both, scale_factor=factor)
    return both[:, :-1], both[:, -1].long()
