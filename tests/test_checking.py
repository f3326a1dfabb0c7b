"""The engine of the checks: what is said about each kind of wrong answer, and that references are right."""

import linecache
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnkit
from cnnkit.checking import CheckFailed, check, verdict_on
from cnnkit.checking.calling import observe
from cnnkit.checking.diagnosing import Verdict, judge
from cnnkit.checking.reporting import VERDICT_MIME, as_html, as_text, bundle
from cnnkit.exercises import exercises
from cnnkit.exercises.base import Case, Exercise, Mistake, Part, draw_cases

CELL = "cell_of_the_student.py"
"""The file name under which students' code is compiled; linecache knows its lines, as it does in a notebook."""


@pytest.fixture
def student() -> Iterator[Callable[[str], Callable[..., Any]]]:
    """Give a function that runs a student's cell and returns the function `double` that it defines."""

    def run(source: str) -> Callable[..., Any]:
        source = textwrap.dedent(source)
        linecache.cache[CELL] = (len(source), None, source.splitlines(keepends=True), CELL)
        namespace: dict[str, Any] = {"__name__": "__main__", "np": np}
        exec(compile(source, CELL, "exec"), namespace)
        return namespace["double"]

    yield run
    linecache.cache.pop(CELL, None)


def made_up(cases: list[Case], reference: Callable[..., Any] = lambda x: 2 * x, **options: Any) -> Exercise:
    """Return an exercise of one part, to double an array, with these cases."""
    part = Part("double", lambda rng: cases, options.pop("vectorised", None))
    return Exercise("double", "double(x)", reference, (part,), options.pop("mistakes", ()), **options)


def judged(function: Callable[..., Any], exercise: Exercise) -> Verdict:
    """Return the verdict of an exercise that is in no topic."""
    part = exercise.parts[0]
    cases = draw_cases(part, 0)
    sizes = part.vectorised(np.random.default_rng(0)) if part.vectorised else ()
    observed = observe((function,), cases, sizes, exercise.forbids, exercise.probe)
    return judge("00.double", exercise, part, cases, observed, sizes)


VALUES = np.array([[1.0, -2.5, 3.25], [0.1, 7.0, -0.3]])
DOUBLE = made_up([Case((VALUES,), note="a plane"), Case((VALUES.astype(np.float32),), note="float32")])


def test_a_right_answer_passes():
    found = judged(lambda x: x + x, DOUBLE)
    assert (found.status, found.mistake, found.says) == ("passed", None, "")
    assert (found.passed_cases, found.total_cases) == (2, 2)
    assert as_text(found) == "00.double  passed (2 cases)"
    assert "Passed" in as_html(found)


@pytest.mark.parametrize(
    "right",
    [
        lambda x: np.asfortranarray(2 * x),
        lambda x: np.stack([2 * x, x], -1)[..., 0],
        lambda x: np.broadcast_to(2 * x, x.shape),
        lambda x: (2 * x.astype(np.longdouble)).astype(x.dtype),
        lambda x: np.array((2 * x).tolist(), dtype=x.dtype),
    ],
    ids=["fortran order", "not contiguous", "read-only", "more precision inside", "through a list"],
)
def test_right_answers_of_every_make_pass(right):
    assert judged(right, DOUBLE).passed


@pytest.mark.parametrize(
    ("wrong", "mistake", "says"),
    [
        (lambda x: None, "returns_nothing", "returns nothing"),
        (lambda x: (2 * x).tolist(), None, "Expected a NumPy array, got a list of 2."),
        (lambda x: "2x", None, "Expected a NumPy array, got a value of type str."),
        (lambda x: torch.from_numpy(2 * x), None, "Expected a NumPy array, got a torch tensor."),
        (lambda x: (2 * x).astype(object), None, "array of Python objects"),
        (lambda x: 2 * x + 0j, None, "Expected real numbers, got complex"),
        (lambda x: (2 * x).ravel(), None, "Expected shape (2, 3), got (6,)."),
        (lambda x: np.sum(x), None, "Expected shape (2, 3), got ()."),
        (lambda x: (2 * x).astype(np.float64), "wrong_dtype", "float32 in must give float32 out"),
        (lambda x: (2 * x).astype(np.float32).astype(x.dtype), "lost_precision", "computes in float32"),
        (lambda x: np.where(x > 0, 2 * x, np.nan), None, "entries that are not finite"),
        (lambda x: np.where(x > 5, np.inf, 2 * x), None, "entries that are not finite"),
        (lambda x: np.where(x > 5, 0, 2 * x).astype(x.dtype), None, "1 of 6 values is wrong."),
        (lambda x: np.multiply(x, 2, out=x), "input_changed", "changes the array that it was given"),
    ],
    ids=[
        "nothing",
        "list",
        "string",
        "tensor",
        "objects",
        "complex",
        "shape",
        "number",
        "dtype",
        "single precision",
        "nan",
        "inf",
        "one value",
        "changed input",
    ],
)
def test_each_kind_of_wrong_result_has_its_message(wrong, mistake, says):
    found = judged(wrong, DOUBLE)
    assert (found.status, found.mistake) == ("failed", mistake)
    assert says in as_text(found)
    assert "Not passed" in as_html(found)


def test_the_first_wrong_entry_is_shown_with_the_input_behind_it():
    exercise = made_up([Case((VALUES,))], window=lambda index, x: [("x there", x[index])])
    found = judged(lambda x: np.where(x > 5, 0, 2 * x), exercise)
    assert found.difference.index == (1, 1)
    text = as_text(found)
    assert "First wrong entry [1, 1]: got 0, expected 14" in text
    assert "x there = 7.0" in text
    assert 'case("00.double", 0); double(*args, **options)' in text
    assert as_html(found).count("×</td>") == 1


def test_a_property_that_does_not_hold_is_said_in_words():
    exercise = made_up([Case((VALUES,))], lambda x: (True, True), outputs=("rows are sorted", "columns are sorted"))
    assert "This does not hold: columns are sorted." in as_text(judged(lambda x: (True, False), exercise))


def test_a_small_tensor_is_shown_with_its_values_and_a_large_one_with_its_shape():
    small = made_up([Case((torch.tensor([1.0, -2.5]),))], lambda x: 2 * x.numpy())
    assert "x = [ 1. , -2.5]" in as_text(judged(lambda x: 3 * x.numpy(), small))
    large = made_up([Case((torch.zeros(4, 7),))], lambda x: x.numpy())
    assert "x = torch.float32 tensor of shape (4, 7)" in as_text(judged(lambda x: x.numpy() + 1, large))


PAIR = made_up([Case((VALUES,))], lambda x: (x.min(0), x.max(0)), outputs=("low", "high"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda x: x.min(0), "Expected a tuple of 2 (low, high), got an array of shape (3,)."),
        (lambda x: (x.min(0),), "Expected a tuple of 2 (low, high), got 1 results."),
        (lambda x: (x.min(0), x.min(0)), "First wrong entry high [0]: got 0.1, expected 1"),
        (lambda x: (x.min(0).astype(np.float32), x.min(0)), "First wrong entry high [0]: got 0.1, expected 1"),
    ],
    ids=["one array", "one member", "second member wrong", "a wrong dtype hides no wrong value"],
)
def test_members_of_a_tuple_are_told_apart(wrong, says):
    assert says in as_text(judged(wrong, PAIR))


def test_a_list_may_stand_for_a_tuple():
    assert judged(lambda x: [x.min(0), x.max(0)], PAIR).passed


@pytest.mark.parametrize(("wrong", "passed"), [(3, True), (np.int64(3), True), (np.array(3), True), (3.0, False), ("3", False)])
def test_whole_numbers(wrong, passed):
    assert judged(lambda x: wrong, made_up([Case((VALUES,))], lambda x: x.shape[1])).passed is passed


IMPOSSIBLE = made_up(
    [
        Case((np.zeros(0),), note="no values", raises=ValueError),
        Case((np.ones(1),), note="one value, which is possible", only_returns=True),
    ]
)


def refusing(error: BaseException, where: Callable[[int], bool]) -> Callable[..., Any]:
    """Return an answer that raises an error for the sizes for which `where` is true."""

    def double(x):
        if where(x.size):
            raise error
        return "whatever"

    return double


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (refusing(ValueError("empty"), lambda size: size == 0), "passed", ""),
        (refusing(UnicodeError("a kind of ValueError"), lambda size: size == 0), "passed", ""),
        (
            refusing(IndexError("empty"), lambda size: size == 0),
            "failed",
            "must raise ValueError; yours raised IndexError: empty",
        ),
        (lambda x: 2 * x, "failed", "must raise ValueError; yours returned an array of shape (0,)."),
        (lambda x: (2 * x, True), "failed", "must raise ValueError; yours returned an array of shape (0,)."),
        (refusing(ValueError("always"), lambda size: True), "error", "ValueError: always"),
        (refusing(NotImplementedError(), lambda size: True), "missing", "Not written yet"),
        (refusing(SystemExit(0), lambda size: True), "error", "SystemExit: 0"),
    ],
    ids=["right", "subclass", "another exception", "no exception", "two results", "refuses everything", "stub", "exit"],
)
def test_impossible_calls_must_raise_and_possible_ones_must_not(answer, status, says):
    found = judged(answer, IMPOSSIBLE)
    assert found.status == status
    assert says in found.says


def test_a_stub_is_not_written_yet():
    found = judged(refusing(NotImplementedError(), lambda size: True), DOUBLE)
    assert (found.status, found.mistake) == ("missing", None)


def test_an_exception_shows_the_line_of_the_student_that_led_to_it(student):
    double = student(
        """
        def helper(x):
            return np.reshape(x, (7, 7))

        def double(x):
            y = helper(x)
            return y
        """
    )
    found = judged(double, DOUBLE)
    assert found.status == "error"
    assert found.line == "line 3 of its cell: return np.reshape(x, (7, 7))"
    assert found.says.startswith("ValueError: cannot reshape array of size 6")


def test_an_exception_in_a_compiled_function_shows_the_calling_line(student):
    double = student(
        """
        def double(x):
            return x @ x
        """
    )
    assert judged(double, DOUBLE).line == "line 3 of its cell: return x @ x"


def test_wrong_arguments_say_how_the_function_is_called():
    def double():
        return 2

    assert "takes 0 positional arguments but 1 was given" in judged(double, DOUBLE).says


FORBIDDEN = made_up([Case((VALUES,))], forbids=("torch", "scipy", "numpy.convolve"))


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("import torch\ndef double(x): return (2 * torch.from_numpy(x)).numpy()", "torch"),
        ("import torch as t\ndef double(x): return t.add(t.from_numpy(x), t.from_numpy(x)).numpy()", "torch"),
        ("from torch import from_numpy as f\ndef double(x): return (2 * f(x)).numpy()", "torch"),
        ("import torch.nn.functional as F\ndef double(x): return F.relu and 2 * x", "torch.nn.functional"),
        ("def double(x):\n    import torch\n    return (2 * torch.from_numpy(x)).numpy()", "torch"),
        ("def double(x):\n    from scipy.ndimage import convolve\n    return 2 * x", "scipy.ndimage"),
        ("import torch\ndef helper(x): return torch.from_numpy(x).numpy()\ndef double(x): return 2 * helper(x)", "torch"),
        ("import torch\nclass Helper:\n    t = torch\ndef double(x): return 2 * x if torch else x", "torch"),
        ("def double(x): return 2 * np.convolve(x.ravel(), [1.0]).reshape(x.shape)", "numpy.convolve"),
        ("from numpy import convolve as c\ndef double(x): return 2 * c(x.ravel(), [1.0]).reshape(x.shape)", "numpy.convolve"),
        ("import numpy as n\ndef double(x): return 2 * n.convolve(x.ravel(), [1.0]).reshape(x.shape)", "numpy.convolve"),
        ("def double(x): return 2 * getattr(np, 'conv' 'olve')(x.ravel(), [1.0]).reshape(x.shape)", "numpy.convolve"),
        ("def double(x): return [2 * np.convolve(r, [1.0]) for r in [x.ravel()]][0].reshape(x.shape)", "numpy.convolve"),
        ("import torch\nclass A(torch.nn.Module):\n    pass\ndef double(x): return A and 2 * x", "torch"),
        ("import torch\nclass A:\n    def f(self, x): return torch.add(x, x)\ndef double(x): return A and 2 * x", "torch"),
        ("import functools, torch\nf = functools.partial(torch.mul, 2)\ndouble = lambda x: f(torch.tensor(x)).numpy()", "torch"),
    ],
    ids=[
        "module",
        "module alias",
        "from-import",
        "submodule",
        "import inside",
        "from-import inside",
        "helper",
        "mentioned",
        "attribute of numpy",
        "alias of a numpy function",
        "numpy under another name",
        "getattr",
        "inside a comprehension",
        "class that a class is made from",
        "method of a class",
        "lambda and partial",
    ],
)
def test_forbidden_calls_are_found(student, source, calls):
    found = judged(student(source), FORBIDDEN)
    assert (found.status, found.mistake) == ("failed", "forbidden_call")
    assert any(name == calls or name.startswith(calls + ".") for name in found.forbidden)
    assert "may not call" in found.says


@pytest.mark.parametrize(
    "source",
    [
        'def double(x):\n    """As torch.add and np.convolve do."""\n    return 2 * x  # not scipy',
        "def convolve(x): return 2 * x\ndef double(x): return convolve(x)",
        "import torch\nunused = torch.ones(3)\ndef double(x): return 2 * x",
        "def double(x): return np.lib.stride_tricks.sliding_window_view(2 * x, 1, 0)[..., 0]",
        "def double(x): return np.einsum('ij->ij', 2 * x)",
        "class A:\n    def __call__(self, x): return 2 * x\ndouble = A()",
    ],
    ids=["words", "own function of that name", "unused import", "windows", "einsum", "callable object"],
)
def test_what_is_allowed_is_not_called_forbidden(student, source):
    found = judged(student(source), FORBIDDEN)
    assert (found.status, found.forbidden) == ("passed", ())


def test_a_wrong_answer_with_a_forbidden_call_is_told_both(student):
    found = judged(student("import torch\ndef double(x): return torch.from_numpy(x).numpy() * 3"), FORBIDDEN)
    assert found.says == "6 of 6 values are wrong."
    assert found.forbidden


def test_a_forbidden_call_does_not_spoil_a_part_that_compares_no_values(student):
    double = student(
        """
        def double(x):
            if x.size == 0:
                raise ValueError("no values")
            return np.convolve(x, [2.0])
        """
    )
    found = judged(double, IMPOSSIBLE)
    assert (found.status, found.forbidden) == ("passed", ("numpy.convolve",))


SIZES = made_up([Case((VALUES,))], vectorised=lambda rng: (Case((np.ones((6, 7)),)), Case((np.ones((30, 41)),))))


@pytest.mark.parametrize(
    "source",
    [
        """
        def double(x):
            y = np.zeros_like(x)
            for i in range(x.shape[0]):
                for j in range(x.shape[1]):
                    y[i, j] = 2 * x[i, j]
            return y
        """,
        "def double(x): return np.array([[2 * v for v in row] for row in x])",
        "def double(x): return np.vectorize(lambda v: 2 * v)(x)",
        "def double(x): return np.array(list(map(lambda v: 2 * v, x.ravel()))).reshape(x.shape)",
        "def double(x): return np.fromiter((2 * v for v in x.flat), float).reshape(x.shape)",
        "def double(x): return np.apply_along_axis(lambda v: 2 * v, 0, x.reshape(1, -1)).reshape(x.shape)",
        """
        def double(x):
            y, i = np.zeros_like(x), 0
            while i < x.size:
                y.flat[i] = 2 * x.flat[i]
                i += 1
            return y
        """,
        """
        def one(v):
            return 2 * v

        def fill(y, x, i):
            if i < x.size:
                y[i] = one(x[i])
                fill(y, x, i + 1) if i % 100 else [fill(y, x, i + 1)]

        def double(x):
            import sys
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(100_000)
            y = np.zeros(x.size)
            fill(y, x.ravel(), 0)
            sys.setrecursionlimit(limit)
            return y.reshape(x.shape)
        """,
    ],
    ids=["two loops", "comprehensions", "np.vectorize", "map", "generator", "apply_along_axis", "while", "recursion"],
)
def test_python_loops_over_the_entries_are_found(student, source):
    found = judged(student(source), SIZES)
    assert (found.status, found.mistake) == ("failed", "python_loop")
    assert "For 42 output values it took" in found.says
    assert "for 1230 it took" in found.says


@pytest.mark.parametrize(
    "source",
    [
        "def double(x): return 2 * x",
        """
        def double(x):
            y = np.zeros_like(x)
            for di in range(3):
                for dj in range(3):
                    y += x * 2 / 9
            return y
        """,
        """
        def double(x):
            spectrum = np.fft.rfft2(x)
            return np.fft.irfft2(2 * spectrum, s=x.shape)
        """,
        "def double(x): return np.einsum('ij,->ij', x, 2.0)",
    ],
    ids=["one expression", "loop over taps", "spectra", "einsum"],
)
def test_loops_over_taps_and_none_at_all_pass(student, source):
    assert judged(student(source), SIZES).passed


@pytest.mark.parametrize(
    "source",
    [
        """
        def double(x):
            y = np.zeros_like(x)
            for i in range(len(x)):
                y[i] = 2 * x[i]
            return y
        """,
        """
        def double(x):
            y = np.zeros_like(x)
            for j in range(x.shape[1]):
                y[:, j] = 2 * x[:, j]
            return y
        """,
        "def double(x): return np.array([2 * row for row in x])",
        "def double(x): return np.array(list(map(lambda row: 2 * row, x)))",
        "def double(x): return np.apply_along_axis(lambda row: 2 * row, 1, x)",
    ],
    ids=["row by row", "column by column", "comprehension over rows", "map over rows", "apply_along_axis over rows"],
)
def test_loops_over_rows_or_columns_are_found(student, source):
    found = judged(student(source), SIZES)
    assert (found.status, found.mistake) == ("failed", "python_loop")
    assert "entries, rows or columns" in found.says


MISTAKEN = made_up(
    [Case((VALUES,)), Case((VALUES[:1],)), Case((VALUES[:, :1],))],
    mistakes=(
        Mistake("halved", "You divide by two.", "Doubling", lambda x: x / 2),
        Mistake("transposed", "Your result is transposed.", "Axes", lambda x: 2 * x.T),
        Mistake(None, "You double from the other end, which is a matter of taste.", "Taste", lambda x: 2 * x[::-1]),
    ),
)


@pytest.mark.parametrize(
    ("wrong", "mistake", "says"),
    [
        (lambda x: x / 2, "halved", "You divide by two."),
        (lambda x: (x / 2).astype(np.float32), "halved", "You divide by two."),
        (lambda x: 2 * x.T, "transposed", "Your result is transposed."),
        (lambda x: 2 * x[::-1], None, "You double from the other end, which is a matter of taste."),
        (
            lambda x: x / 2 if len(x) > 1 else 3 * x,
            "halved",
            "You divide by two. (That does not explain every wrong case.)",
        ),
        (lambda x: x / 2 if x.size == 3 else 3 * x, None, "6 of 6 values are wrong."),
        (lambda x: 3 * x, None, "6 of 6 values are wrong."),
    ],
    ids=["named", "named whatever its dtype", "second", "unnamed", "most cases", "one case of three", "none"],
)
def test_the_mistake_that_explains_most_is_named(wrong, mistake, says):
    found = judged(wrong, MISTAKEN)
    assert found.mistake == mistake
    assert found.says.startswith(says)


def test_html_is_escaped(student):
    double = student(
        """
        def double(x):
            raise ValueError("<script>alert(1)</script>")  # <img src=x onerror=alert(2)>
        """
    )
    page = as_html(judged(double, DOUBLE))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;img src=x" in page


def test_an_object_cannot_put_html_into_the_page_by_its_name():
    evil = type("<script>alert(1)</script>", (), {"__repr__": lambda self: "<script>alert(2)</script>"})
    assert "<script" not in as_html(judged(lambda x: evil(), DOUBLE))


def test_all_forms_of_a_verdict_say_the_same():
    forms = bundle(judged(lambda x: x / 2, MISTAKEN))
    data = forms[VERDICT_MIME]
    assert set(forms) == {"text/plain", "text/html", VERDICT_MIME}
    assert (data["check"], data["verdict"], data["mistake"], data["forbidden"]) == ("00.double", "failed", "halved", [])
    for form in (forms["text/plain"], forms["text/html"], data["message"]):
        assert "You divide by two." in form
        assert "Doubling" in form


def test_check_prints_and_raises(capsys, solved):
    check("02.conv1d", solved)
    assert capsys.readouterr().out == "02.conv1d  passed (7 cases)\n"
    with pytest.raises(CheckFailed, match=r"02\.conv1d: Your kernel is flipped"):
        check("02.conv1d", lambda x, w: solved(x, w[::-1]))
    out = capsys.readouterr().out
    assert "See the lecture: “Flip, or no flip?”." in out
    assert "x = [ 1.,  2.,  4.,  7., 11.]" in out


def test_a_failed_check_is_one_line_in_a_notebook(solved):
    with pytest.raises(CheckFailed) as raised:
        check("02.conv1d", lambda x, w: None)
    assert raised.value._render_traceback_() == [f"Not passed: {raised.value}"]


@pytest.fixture
def solved() -> Callable[..., Any]:
    """Give an answer to 02.conv1d."""

    def conv1d(x, w):
        if len(w) > len(x):
            raise ValueError("too long")
        return np.array([x[i : i + len(w)] @ w for i in range(len(x) - len(w) + 1)])

    return conv1d


def test_the_case_that_is_shown_can_be_had_again(solved):
    found = verdict_on("02.conv1d", (lambda x, w: solved(x, w)[:-1],), 0)
    args, options = cnnkit.case("02.conv1d", found.case)
    assert options == {}
    np.testing.assert_array_equal(args[0], found.shown.args[0])
    with pytest.raises(ValueError, match=r"has the cases 0 to 6, not 7\."):
        cnnkit.case("02.conv1d", 7)


def test_hidden_cases_follow_the_seed_in_the_environment(monkeypatch, capsys, solved):
    seen: list[tuple] = []

    def noting(x, w):
        seen.append((x.tobytes(), w.tobytes()))
        return solved(x, w)

    calls = {}
    for seed in ("7", "8", "7"):
        monkeypatch.setenv("CNNKIT_SEED", seed)
        seen.clear()
        check("02.conv1d", noting, hidden=True)
        assert calls.setdefault(seed, list(seen)) == seen
    assert calls["7"] != calls["8"]
    monkeypatch.setenv("CNNKIT_SEED", "seven")
    with pytest.raises(ValueError, match="CNNKIT_SEED='seven' is not a whole number"):
        check("02.conv1d", solved, hidden=True)


@pytest.mark.parametrize(
    ("check_id", "says"),
    [
        ("02.conv3d", r"There is no exercise '02\.conv3d'\. Those of topic 02 are: .*02\.conv1d, .*02\.toeplitz"),
        ("99.conv1d", r"There is no topic '99'\. The topics with exercises are: .*02_convolution_1d"),
        ("conv1d", r"There is no topic 'conv1d'"),
        ("", "There is no topic ''"),
    ],
)
def test_an_unknown_id_says_which_there_are(check_id, says, solved):
    with pytest.raises(ValueError, match=says):
        check(check_id, solved)


def test_a_name_that_is_no_function_is_said(capsys):
    with pytest.raises(CheckFailed, match="conv1d is not a function but ndarray: was the name used for something else"):
        check("02.conv1d", np.ones(3))


def test_device_named_wrongly_is_one_sentence(monkeypatch):
    from cnnkit.exercises.reference import device

    device.cache_clear()
    monkeypatch.setenv("CNNKIT_DEVICE", "abacus")
    with pytest.raises(ValueError, match="CNNKIT_DEVICE='abacus' is not a torch device"):
        device()
    monkeypatch.setenv("CNNKIT_DEVICE", "cpu")
    assert device() == torch.device("cpu")
    device.cache_clear()


# References, against NumPy and SciPy.

VALUE = st.floats(-100, 100, allow_nan=False, width=32)


def drawn(*shape: int) -> st.SearchStrategy[np.ndarray]:
    """Return a strategy for float64 arrays of a shape."""
    return arrays.arrays(np.float64, shape, elements=VALUE)


@st.composite
def signal_and_kernel(draw) -> tuple[np.ndarray, np.ndarray]:
    m = draw(st.integers(1, 12))
    n = draw(st.integers(1, m))
    return draw(drawn(m)), draw(drawn(n))


@st.composite
def plane_and_kernel(draw) -> tuple[np.ndarray, np.ndarray]:
    height, width = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    return draw(drawn(height, width)), draw(drawn(draw(st.integers(1, height)), draw(st.integers(1, width))))


def close(made: Any, expected: Any) -> bool:
    """Whether two results agree in shape and, within rounding, in value."""
    made, expected = np.asarray(made), np.asarray(expected)
    size = max(1.0, float(np.abs(expected).max(initial=0)))
    return made.shape == expected.shape and bool((np.abs(made - expected) <= 1e-10 * size * 100).all())


def reference(topic: str, name: str) -> Callable[..., Any]:
    return exercises(topic)[name].reference


@given(signal_and_kernel())
def test_reference_of_conv1d(pair):
    assert close(reference("02", "conv1d")(*pair), np.correlate(*pair, "valid"))


@given(signal_and_kernel(), st.sampled_from(["full", "same", "valid"]))
def test_reference_of_convolve(pair, mode):
    assert close(reference("02", "convolve")(*pair, mode), np.convolve(*pair, mode))


@given(st.data(), st.sampled_from(["zeros", "replicate", "reflect"]))
def test_reference_of_pad1d(data, mode):
    x = data.draw(st.integers(1, 10).flatmap(drawn))
    most = len(x) - 1 if mode == "reflect" else 12
    left, right = data.draw(st.integers(0, most)), data.draw(st.integers(0, most))
    name = {"zeros": "constant", "replicate": "edge", "reflect": "reflect"}[mode]
    assert np.array_equal(reference("02", "pad1d")(x, left, right, mode), np.pad(x, (left, right), mode=name))


@given(st.integers(1, 12).flatmap(drawn), st.integers(0, 4))
def test_reference_of_moving_average(x, half):
    expected = scipy.ndimage.uniform_filter1d(np.pad(x, 5), 2 * half + 1, mode="constant")[5:-5]
    assert close(reference("02", "moving_average")(x, 2 * half + 1), expected)


@given(signal_and_kernel())
def test_reference_of_toeplitz(pair):
    x, w = pair
    m, n = len(x), len(w)
    column, row = np.zeros(m - n + 1), np.zeros(m)
    column[0], row[:n] = w[0], w
    made = reference("02", "toeplitz")(w, m)
    assert np.array_equal(made, scipy.linalg.toeplitz(column, row))
    assert close(made @ x, np.correlate(x, w, "valid"))


@given(st.data(), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=50)
def test_reference_of_conv1d_batch(data, samples, channels, kernels, stride, padding):
    length = data.draw(st.integers(1, 8))
    n = data.draw(st.integers(1, length + 2 * padding))
    x, w, b = (data.draw(drawn(*shape)) for shape in ((samples, channels, length), (kernels, channels, n), (kernels,)))
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    expected = [[sum(map(np.correlate, sample, kernel)) + bias for kernel, bias in zip(w, b, strict=True)] for sample in padded]
    made = reference("02", "conv1d_batch")(x, w, b, stride=stride, padding=padding)
    assert close(made, np.array(expected)[:, :, ::stride])


@given(plane_and_kernel())
def test_reference_of_conv2d(pair):
    expected = scipy.signal.correlate2d(*pair, "valid")
    assert close(reference("03", "conv2d_loops")(*pair), expected)
    assert close(reference("03", "conv2d_fast")(*pair), expected)


@given(plane_and_kernel())
def test_reference_of_conv2d_same(pair):
    x, w = pair
    h, width = w.shape
    padded = np.pad(x, (((h - 1) // 2, h // 2), ((width - 1) // 2, width // 2)))
    assert close(reference("03", "conv2d_same")(x, w), scipy.signal.correlate2d(padded, w, "valid"))


@given(plane_and_kernel(), st.lists(st.integers(0, 4), min_size=4, max_size=4))
def test_reference_of_pad2d(pair, sides):
    top, bottom, left, right = sides
    assert np.array_equal(reference("03", "pad2d")(pair[0], *sides), np.pad(pair[0], ((top, bottom), (left, right))))


@given(st.integers(1, 9), st.floats(0.3, 5))
def test_reference_of_gaussian_kernel(size, sigma):
    window = scipy.signal.windows.gaussian(size, sigma)
    assert close(reference("03", "gaussian_kernel")(size, sigma), np.outer(window, window) / window.sum() ** 2)


@given(st.integers(3, 8), st.integers(3, 8), st.data())
def test_reference_of_sobel(height, width, data):
    x = data.draw(drawn(height, width))
    gx, gy, magnitude = reference("03", "sobel")(x)
    inner = slice(1, -1), slice(1, -1)
    assert close(gx, scipy.ndimage.sobel(x, axis=1)[inner])
    assert close(gy, scipy.ndimage.sobel(x, axis=0)[inner])
    assert close(magnitude, np.hypot(gx, gy))


@given(st.integers(1, 5).flatmap(drawn), st.integers(1, 5).flatmap(drawn))
def test_reference_of_separable(column, row):
    w = np.outer(column, row)
    made = reference("03", "separable")(w, 1e-9)
    assert close(np.outer(*made), w)
    if min(w.shape) > 1 and np.abs(w).max() > 1e-3:
        w = w + np.linalg.svd(w)[1][0] * np.eye(*w.shape)
        assert (np.linalg.matrix_rank(w, rtol=1e-9) > 1) == (reference("03", "separable")(w, 1e-9) is None)
