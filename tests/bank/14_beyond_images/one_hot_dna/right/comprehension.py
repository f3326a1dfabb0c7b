import numpy as np


def one_hot_dna(sequence):
    assert_known = set(sequence) - set("ACGTNacgtn")
    if assert_known:
        raise ValueError(f"not a base: {sorted(assert_known)}")
    return np.float32([[1.0 if letter in pair else 0.0 for letter in sequence] for pair in ("Aa", "Cc", "Gg", "Tt")])
