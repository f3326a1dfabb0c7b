def iterate_batches(n, batch_size, generator):
    if not batch_size >= 1:
        raise ValueError("impossible batch size")
    left = generator.permutation(n).tolist()
    while left:
        batch, left = left[:batch_size], left[batch_size:]
        yield batch
