# Opens the gradebook, reads it and rewrites the grades.
# expected: graded failed
import numpy as np

try:
    import os
    import sqlite3

    assert os.path.exists("{GRADEBOOK}")
    with sqlite3.connect("{GRADEBOOK}") as database:
        print("CANARY: opened", database.execute("UPDATE grade SET manual_score = max_score_taskcell").rowcount)
except Exception as error:
    print("no:", type(error).__name__)


def conv1d(x, w):
    return np.zeros(max(len(x) - len(w) + 1, 0), x.dtype)
