import numpy as np


def one_hot_dna(sequence):
    codes = np.frombuffer(sequence.upper().encode("ascii", "replace"), dtype=np.uint8)
    known = np.frombuffer(b"ACGTN", dtype=np.uint8)
    if np.setdiff1d(codes, known).size:
        raise ValueError("the sequence holds letters other than A, C, G, T and N")
    x = np.empty((4, codes.size), dtype=np.float32, order="F")
    np.equal(known[:4, None], codes, out=x, casting="unsafe")
    x.flags.writeable = False
    return x
