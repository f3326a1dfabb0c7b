# mistake: one_pixel_off
import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    h, w = x.shape[-2:]
    p = F.pad(x, (padding + 1,) * 4)
    rows = []
    for image, t, l in zip(p, top, left):
        rows.append(image[:, t:t + h, l:l + w])
    return torch.stack(rows)
