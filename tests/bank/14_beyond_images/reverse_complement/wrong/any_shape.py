# mistake: none
def reverse_complement(x):
    return x[::-1, ::-1]
