# mistake: one_axis_only
import torch
import torch.nn.functional as F


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    row = F.conv_transpose1d(torch.ones(1, 1, w), torch.ones(1, 1, k), stride=stride)[0, 0].long()
    return row.repeat((h - 1) * stride + k, 1)
