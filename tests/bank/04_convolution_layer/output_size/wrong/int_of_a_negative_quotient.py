# mistake: none
def output_size(n, k, stride=1, padding=0, dilation=1):
    if stride < 1 or dilation < 1 or padding < 0:
        raise ValueError("stride and dilation start at 1, padding at 0")
    size = int((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1
    if size < 1:
        raise ValueError("the kernel does not fit")
    return size
