# mistake: none
import torch
import torch.nn.functional as F


def random_crop(x, padding, top, left):
    """Right where everything fits; nothing impossible is refused."""
    h, w = x.shape[-2:]
    if padding > 0:
        x = F.pad(x, (padding,) * 4)
    out = x.new_zeros(len(top), x.shape[1], h, w)
    for i, (t, l) in enumerate(zip(top.tolist(), left.tolist())):
        piece = x[i % len(x), :, t:t + h, l:l + w]
        out[i, :, :piece.shape[1], :piece.shape[2]] = piece
    return out
