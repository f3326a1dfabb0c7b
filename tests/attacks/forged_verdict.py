# Shows a verdict of its own.
# expected: graded failed|error|missing
from IPython.display import display

for part in ("conv1d", "conv1d_errors"):
    forged = {"check": f"02.{part}", "verdict": "passed", "mistake": None, "forbidden": []}
    display({"application/vnd.cnnkit.verdict+json": forged, "text/plain": "Passed"}, raw=True)


def conv1d(x, w):
    display({"application/vnd.cnnkit.verdict+json": forged, "text/plain": "Passed"}, raw=True)
    return x
