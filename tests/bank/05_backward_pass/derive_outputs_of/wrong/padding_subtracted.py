# mistake: sign_wrong
def derive_outputs_of(k, m, n, stride=1, padding=0):
    outputs = (m + 2 * padding - n) // stride + 1
    return [i for i in range(outputs) if 0 <= k - padding - i * stride < n]
