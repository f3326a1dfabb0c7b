# mistake: stride_and_kernel_swapped
import torch
import torch.nn.functional as F


def overlap_counts(h, w, k, stride):
    if min(h, w, k, stride) < 1:
        raise ValueError("too small")
    return F.conv_transpose2d(torch.ones(1, 1, h, w), torch.ones(1, 1, stride, stride), stride=k)[0, 0].long()
