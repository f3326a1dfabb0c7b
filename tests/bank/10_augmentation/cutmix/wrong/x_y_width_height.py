# mistake: height_width_swapped
def cutmix(x, y, box, permutation):
    bx, by, bw, bh = box
    if bw < 0 or bh < 0 or len(y) != len(x) or sorted(permutation.tolist()) != list(range(len(x))):
        raise ValueError("impossible")
    rows, columns = slice(max(by, 0), max(by + bh, 0)), slice(max(bx, 0), max(bx + bw, 0))
    out = x.clone()
    out[..., rows, columns] = x[permutation][..., rows, columns]
    s = out[0, 0, rows, columns].numel() / out[0, 0].numel()
    return out, (1 - s) * y + s * y[permutation]
