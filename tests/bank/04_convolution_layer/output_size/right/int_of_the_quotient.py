def output_size(n, k, stride=1, padding=0, dilation=1):
    reach = (k - 1) * dilation + 1
    room = n + 2 * padding - reach
    if stride < 1 or dilation < 1 or padding < 0 or room < 0:
        raise ValueError(f"no window fits: n={n}, k={k}, stride={stride}, padding={padding}, dilation={dilation}")
    return int(room / stride + 1)
