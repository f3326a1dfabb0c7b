# mistake: side_for_area
import torch


def cutmix(x, y, box, permutation):
    top, left, height, width = box
    if height < 0 or width < 0:
        raise ValueError("box")
    if len(y) != len(x) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("labels or permutation")
    H, W = x.shape[2:]
    r0, r1 = min(max(top, 0), H), min(max(top + height, 0), H)
    c0, c1 = min(max(left, 0), W), min(max(left + width, 0), W)
    out = x.clone()
    out[:, :, r0:r1, c0:c1] = x[permutation][:, :, r0:r1, c0:c1]
    s = ((r1 - r0) * (c1 - c0) / (H * W)) ** 0.5
    return out, (1 - s) * y + s * y[permutation]
