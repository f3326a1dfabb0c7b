# mistake: wrong_dtype
import torch
import torch.nn.functional as F


def augment_pair(images, masks, mirrored, top, left, factor):
    height, width = images.shape[2] // factor, images.shape[3] // factor
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    masks = torch.where(mirrored[:, None, None], masks.flip(-1), masks)
    images = images[:, :, top : top + height, left : left + width]
    masks = masks[:, top : top + height, left : left + width]
    images = F.interpolate(images, scale_factor=factor, mode="bilinear", align_corners=False)
    return images, F.interpolate(masks[:, None].float(), scale_factor=factor)[:, 0]
