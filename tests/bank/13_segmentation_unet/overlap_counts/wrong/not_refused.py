# mistake: none
import torch
import torch.nn.functional as F


def overlap_counts(h, w, k, stride):
    return F.conv_transpose2d(torch.ones(1, 1, h, w), torch.ones(1, 1, k, k), stride=stride)[0, 0].long()
