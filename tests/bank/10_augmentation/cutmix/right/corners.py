def cutmix(x, y, box, permutation):
    n, c, H, W = x.shape
    t, l, h, w = (int(v) for v in box)
    if h < 0 or w < 0:
        raise ValueError("negative box")
    if y.shape[0] != n:
        raise ValueError("labels")
    if set(permutation.tolist()) != set(range(n)) or permutation.shape[0] != n:
        raise ValueError("permutation")
    y1, y2 = min(max(t, 0), H), min(max(t + h, 0), H)
    x1, x2 = min(max(l, 0), W), min(max(l + w, 0), W)
    out = x.clone()
    out[:, :, y1:y2, x1:x2] = x[permutation][:, :, y1:y2, x1:x2]
    lam = 1 - (y2 - y1) * (x2 - x1) / (H * W)
    return out, lam * y + (1 - lam) * y[permutation]
