"""The sandbox and the judge: what a hostile notebook tries, and that it costs nobody else anything."""

import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import v4

from cnnkit.checking.notebook import read_parts
from cnnkit.grading import wire
from cnnkit.grading.judge import judged, try_sandbox
from cnnkit.grading.limits import Limits
from cnnkit.grading.runner import STUDENT_UID
from cnnkit.grading.sandbox import Sandbox, SandboxError, SubmissionEnded

LIMITS = Limits(cell_seconds=10, call_seconds=10, notebook_seconds=90, memory_bytes=500 << 20, processes=24)
BANK = Path(__file__).parent / "bank" / "03_convolution_2d"
HONEST = """
def conv1d(x, w):
    if len(w) > len(x):
        raise ValueError("the kernel is longer than the signal")
    return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)], dtype=x.dtype)
"""


@pytest.fixture(scope="module")
def sandbox():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY", "sings")
        with Sandbox(limits=LIMITS) as started:
            yield started


def run(sandbox, source):
    """Run one cell in a submission of its own and return what it showed, as one text."""
    with sandbox.submission() as submission:
        answer = submission.request({"kind": "cell", "source": source}, LIMITS.cell_seconds)
    return "".join(output.get("text", output.get("evalue", "")) for output in json.loads(answer["outputs"]))


def notebook(*cells):
    """Make a notebook of an answer to 02.conv1d: cells before its two test cells, as the released assignment has them."""
    tests = [
        v4.new_code_cell(
            f'check("02.{part}", conv1d)\ncheck("02.{part}", conv1d, hidden=True)',
            metadata={"nbgrader": {"grade": True, "solution": False, "grade_id": f"test_{part}", "points": 1}},
        )
        for part in ("conv1d", "conv1d_errors")
    ]
    begin = v4.new_code_cell("import numpy as np\nfrom cnnkit import case, check")
    return nbformat.writes(v4.new_notebook(cells=[begin, *map(v4.new_code_cell, cells), *tests])).encode()


def results(sandbox, *cells):
    """Judge a notebook; return its status and the verdicts of its two tests."""
    graded = nbformat.reads(judged(notebook(*cells), sandbox, seed=7).decode(), as_version=4)
    return graded.metadata["cnnkit"]["status"], [part.verdict for part in read_parts(graded)]


def test_self_test_passes_here():
    try_sandbox(LIMITS)


def test_without_bubblewrap_nothing_runs(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="apt install bubblewrap"):
        Sandbox(limits=LIMITS)


def test_an_honest_answer_is_passed(sandbox):
    assert results(sandbox, HONEST) == ("graded", ["passed", "passed"])


def test_an_answer_that_must_be_fast_is_judged_by_its_steps_too(sandbox):
    """What larger calls return and how many steps they take come from the sandbox as well."""
    for answer, verdict in (("windows_einsum.py", "passed"), ("four_loops.py", "failed")):
        source = (BANK / "conv2d_fast" / ("right" if verdict == "passed" else "wrong") / answer).read_text(encoding="utf-8")
        cell = v4.new_code_cell(
            'check("03.conv2d_fast", conv2d_fast)',
            metadata={"nbgrader": {"grade": True, "solution": False, "grade_id": "test_conv2d_fast", "points": 1}},
        )
        written = nbformat.writes(v4.new_notebook(cells=[v4.new_code_cell(source), cell])).encode()
        graded = nbformat.reads(judged(written, sandbox, seed=7).decode(), as_version=4)
        assert [part.verdict for part in read_parts(graded)] == [verdict]


ENDS = {
    "exit": ("import os; os._exit(0)", "crashed"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "crashed"),
    "loop that swallows interrupts": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    "ignored SIGINT": ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", "timeout"),
    "C loop that holds the GIL": ("sum(range(10**11))", "timeout"),
    "fork bomb": ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "crashed"),
    "memory bomb": ("x = []\nwhile True: x.append(bytearray(b'1' * (20 << 20)))", "crashed"),
    "shared memory": (
        "import mmap\nmaps = [mmap.mmap(-1, 100 << 20) for _ in range(9)]\n"
        "for m in maps:\n    for i in range(0, len(m), 4096): m[i] = 1\nwhile True: pass",
        "crashed",
    ),
    "memory of several processes": (
        "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(b'1' * (90 << 20))\n"
        "        while True: pass\nwhile True: pass",
        "crashed",
    ),
    "nonsense to the host": (
        "import os\nfor f in range(3, 20):\n    try: os.write(f, bytes(100))\n    except OSError: pass\nwhile True: pass",
        "crashed",
    ),
}


@pytest.mark.parametrize(("source", "status"), ENDS.values(), ids=ENDS)
def test_what_ends_the_process_costs_that_cell_only(sandbox, source, status):
    with pytest.raises(SubmissionEnded) as ended:
        run(sandbox, source)
    assert ended.value.status == status
    assert run(sandbox, "print(1 + 1)") == "2\n"


PROBES = {
    "network": ("import socket\nsocket.create_connection(('192.0.2.1', 80), 2)", "Network is unreachable"),
    "names": ("import socket\nsocket.getaddrinfo('example.com', 80)", "name resolution"),
    "home of the host": ("import os\nprint(os.path.exists(os.path.expanduser('~root/.ssh')))", "False"),
    "references": ("import cnnkit.exercises as e\nprint(e.topics())", "()"),
    "torch": ("import torch", "No module named 'torch'"),
    "scipy": ("import scipy", "No module named 'scipy'"),
    "solutions": ("import os\nprint([f for d, _, f in os.walk('/course') if 'solutions' in d])", "[]"),
    "environment": (
        "import os\nos.environ['CANARY'] if 'CANARY' in os.environ else print('no canary')",
        "no canary",
    ),
    "environment of the first process": ("print(open('/proc/1/environ').read())", "Permission denied"),
    "other processes": ("import os\nprint([p for p in os.listdir('/proc') if p.isdigit() and p != '1'])", "[]"),
    "becoming root": ("import os\nos.setuid(0)", "Operation not permitted"),
    "remount": (
        "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\n"
        "print(c.mount(b'tmpfs', b'/usr', b'tmpfs', 0, b''), ctypes.get_errno())",
        "-1 1",
    ),
    "a user namespace of its own": (
        "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\nprint(c.unshare(0x10000000))",
        "-1",
    ),
    "writing outside": ("open('/usr/x', 'w')", "Read-only file system"),
    "writing to the course": ("open('/course/cnnkit/data.py', 'w')", "Read-only file system"),
    "a large file": ("open('/tmp/x', 'wb').write(bytes(100 << 20))", "File too large"),
    "a full disk": (
        "for i in range(9):\n    open(f'/dev/shm/{i}', 'wb').write(bytes(20 << 20))",
        "No space left on device",
    ),
    "many files": ("for i in range(9000): open(f'/tmp/{i}', 'w').close()", "No space left on device"),
    "many descriptors": ("kept = [open('/dev/null') for _ in range(9000)]", "Too many open files"),
    "output flood": ("print('x' * (20 << 20))", "more output than is kept"),
}


@pytest.mark.parametrize(("source", "shown"), PROBES.values(), ids=PROBES)
def test_what_is_out_of_reach(sandbox, source, shown):
    assert shown in run(sandbox, source)


def test_nothing_is_left_behind(sandbox):
    before = sandbox.usage()
    run(sandbox, "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)")
    assert sandbox.usage() == before == (0, 0)


def test_submissions_do_not_see_each_other(sandbox):
    run(sandbox, "for d in ('/tmp', '/dev/shm', '/home/student'): open(d + '/left', 'w').write('answer')")
    found = run(sandbox, "import os\nprint([d for d in ('/tmp', '/dev/shm', '/home/student') if os.path.exists(d + '/left')])")
    assert found == "[]\n"


CHEATS = {
    "equal to everything": "class E:\n    __eq__ = lambda s, o: True\n    __array__ = lambda s, *a, **k: 1 / 0\n"
    "def conv1d(x, w): return E()",
    "patched comparisons": "import numpy.testing\nnp.testing.assert_allclose = np.allclose = lambda *a, **k: True\n"
    "np.abs = lambda *a: np.zeros(1)\ndef conv1d(x, w): return np.zeros(len(x) - len(w) + 1)",
    "patched check": "import cnnkit, cnnkit.checking\ncheck = cnnkit.check = cnnkit.checking.check = lambda *a, **k: None\n"
    "def conv1d(x, w): return np.zeros(len(x) - len(w) + 1)",
    "AST transformer": "import ast\nclass T(ast.NodeTransformer):\n    def visit_Call(self, n): return ast.Constant(None)\n"
    "get_ipython().ast_transformers.append(T())\ndef conv1d(x, w): return x",
    "input transformer": "get_ipython().input_transformers_post.append(lambda lines: ['pass'])\ndef conv1d(x, w): return x",
    "caller's frame": "import sys\ndef conv1d(x, w):\n    frame = sys._getframe()\n    while frame:\n"
    "        for name, value in frame.f_locals.items():\n            if 'expected' in name: return value\n"
    "        frame = frame.f_back\n    return x",
    "lying subclass": "class L(np.ndarray):\n    def __sub__(self, o): return np.zeros(self.shape)\n"
    "    __rsub__ = __sub__\n    shape = property(lambda s: (3,))\ndef conv1d(x, w): return np.zeros(9).view(L)",
    "object array": "class E:\n    __eq__ = lambda s, o: True\n"
    "def conv1d(x, w): return np.array([E()] * (len(x) - len(w) + 1), dtype=object)",
    "not a number": "def conv1d(x, w): return np.full(len(x) - len(w) + 1, np.nan)",
    "pickle": "import os\nclass P:\n    __reduce__ = lambda s: (os.system, ('touch /tmp/owned',))\ndef conv1d(x, w): return P()",
    "answers to the visible cases": HONEST.replace(
        "    return", "    if len(x) == 5 and x[0] == 1 or len(x) < 5: pass\n    else: return np.zeros(1)\n    return"
    ),
    "forged verdict": "from IPython.display import display\n"
    "forged = {'check': '02.conv1d', 'verdict': 'passed'}\n"
    "display({'application/vnd.cnnkit.verdict+json': forged}, raw=True)\ndef conv1d(x, w): return x",
}


@pytest.mark.parametrize("source", CHEATS.values(), ids=CHEATS)
def test_a_cheat_earns_nothing(sandbox, source):
    _, verdicts = results(sandbox, source)
    assert verdicts[0] in ("failed", "error", "missing")


def test_a_cell_that_ends_the_process_does_not_cost_the_exercise(sandbox):
    assert results(sandbox, HONEST, "import os; os._exit(1)") == ("crashed", ["passed", "passed"])


def test_a_function_that_ends_the_process_costs_its_own_tests(sandbox):
    status, verdicts = results(sandbox, "def conv1d(x, w):\n    import os\n    os._exit(1)")
    assert status == "crashed"
    assert "passed" not in verdicts


def test_the_same_seed_judges_to_the_same_bytes(sandbox):
    wrong = notebook(HONEST.replace("@ w", "@ w[::-1]"))
    assert judged(wrong, sandbox, 7) == judged(wrong, sandbox, 7)


def test_values_survive_the_wire():
    import socket

    ours, theirs = socket.socketpair()
    values = {"a": np.arange(6.0).reshape(2, 3)[:, ::2], "b": (1, [2.5, None, "x", True], {"k": np.float32(3)}), "c": -(10**30)}
    with ours, theirs:
        wire.send(ours, values)
        got = wire.receive(theirs, 1 << 20)
    assert np.array_equal(got["a"], values["a"])
    assert got["b"] == values["b"]
    assert got["b"][2]["k"].dtype == np.float32
    assert got["c"] == values["c"]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(2, 3, 4),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.zeros((2, 0, 3), np.complex64),
        np.array(3, np.int8),
        np.arange(3, dtype=">f4"),
        np.array([True, False]),
        np.array(["a", "bc"]),
        np.zeros(2, [("a", "f4"), ("a long name for a field, so that the header is one that is not remembered" * 8, "i2")]),
    ],
    ids=lambda array: str(array.dtype)[:20],
)
def test_an_array_arrives_as_np_load_reads_it(array):
    stream = io.BytesIO()
    np.save(stream, array)
    for _ in range(2):  # the second time its header is known
        got, expected = wire._array(stream.getvalue()), np.load(io.BytesIO(stream.getvalue()))
        assert (got.dtype, got.shape, got.tobytes()) == (expected.dtype, expected.shape, expected.tobytes())
        assert got.flags.c_contiguous == expected.flags.c_contiguous
        assert got.flags.writeable
        assert not got.size or not np.shares_memory(got, wire._array(stream.getvalue()))


def test_arrays_of_objects_and_arrays_cut_short_are_refused():
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}, None]), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        wire._array(stream.getvalue())
    stream = io.BytesIO()
    np.save(stream, np.arange(6.0))
    whole = stream.getvalue()
    for left in (0, 5, 9, 40, len(whole) - 1):
        with pytest.raises((ValueError, EOFError, struct.error)):
            wire._array(whole[:left])
    with pytest.raises(ValueError, match="smaller than requested"):
        wire._array(whole.replace(b"(6,)", b"(9,)"))


def test_the_wire_refuses_what_is_too_long_and_what_is_no_message():
    import socket

    for sent, says in ((b"\xff" * 8, "over the limit"), (wire.HEADER.pack(4, 0) + b"oops", "not in the format")):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(sent)
            with pytest.raises(wire.WireError, match=says):
                wire.receive(theirs, 1 << 20)


def test_the_sandbox_works_without_rights():
    """As somebody who is not root, and who has no other user to become."""
    code = (
        "import json, os\nfrom cnnkit.grading.judge import try_sandbox\nfrom cnnkit.grading.limits import Limits\n"
        "from cnnkit.grading.sandbox import Sandbox\n"
        "assert os.getuid() != 0\ntry_sandbox(Limits())\n"
        "with Sandbox() as sandbox, sandbox.submission() as submission:\n"
        "    message = {'kind': 'cell', 'source': 'import os; print(os.getuid(), os.getpid())'}\n"
        "    print(json.loads(submission.request(message, 30)['outputs'])[0]['text'])\n"
    )
    somebody = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
    ended = subprocess.run([*somebody, sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [str(STUDENT_UID), "1"]
