def cutout(x, top, left, size):
    n, c, h, w = x.shape
    if size < 0:
        raise ValueError("size")
    if len(top) != n or len(left) != n:
        raise ValueError("corners")
    y = x.clone()
    for i in range(n):
        t, l = top[i].item(), left[i].item()
        y[i, :, max(t, 0):max(t + size, 0), max(l, 0):max(l + size, 0)] = 0
    return y
