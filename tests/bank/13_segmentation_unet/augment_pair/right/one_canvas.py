import torch
import torch.nn.functional as F


def augment_pair(images, masks, mirrored, top, left, factor):
    h, w = images.shape[-2] // factor, images.shape[-1] // factor
    results = []
    for x in (images, masks[:, None]):
        x = torch.stack([one.flip(-1) if flag else one for one, flag in zip(x, mirrored.tolist())])
        results.append(x[..., top : top + h, left : left + w])
    images = F.interpolate(results[0], size=(h * factor, w * factor), mode="bilinear", align_corners=False)
    masks = F.interpolate(results[1].double(), size=(h * factor, w * factor), mode="nearest").squeeze(1)
    return images, masks.long()
