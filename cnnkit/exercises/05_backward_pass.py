"""Topic 05: the gradients of a convolution."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises import probes
from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.reference import on_torch, to_torch, ways

# Headings of lecture 05.
GRAPH, EVERY_DERIVATIVE = "The computation graph", "One dimension, every derivative"
LAYERS = "Layer after layer"
KERNEL, INPUT, BIAS = "The gradient of the kernel", "The gradient of the input", "The gradient of the bias"
CHANNELS, STRIDE = "Two dimensions, channels and a batch", "Stride and padding"
NUMBERS, FUNCTION = "Checking a gradient with numbers", "A function that torch can differentiate"

TRUNCATED = "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x."
ADD_DO_NOT_REPLACE = "every share replaces the one before, where it should be added. Use `+=`, starting from zeros."

GRADIENTS = ("dx", "dw", "db")


def _correlate(x, w):
    """Slide w over x, both one-dimensional tensors, with no padding."""
    import torch.nn.functional as F

    return F.conv1d(x[None, None], w[None, None])[0, 0]


def _spread(dy, w):
    """Add up the kernel at each output's place, weighted by dy: the transpose of sliding."""
    import torch.nn.functional as F

    return F.conv_transpose1d(dy[None, None], w[None, None])[0, 0]


def _zeros_around(x, left, right):
    import torch.nn.functional as F

    return F.pad(x, (left, right))


def _without(x, place):
    x = x.clone()
    x[..., place] = 0
    return x


def _numbers(rng, *shape, dtype="float64"):
    """Draw values large enough that their fractions are not all there is to them."""
    return (4 * normal(rng, *shape)).astype(dtype)


def _drawing(rng, dtype, contiguous):
    """Return a function that draws an array of a shape."""
    return lambda *shape: _numbers(rng, *shape, dtype=dtype) if contiguous else strided(rng, *shape, dtype=dtype)


# derive_inputs_of, derive_outputs_of


def _indices(value: Any, *args: Any, **kwargs: Any) -> np.ndarray:
    """Bring a collection of indices to one form: an array in ascending order."""
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__"):
        raise ValueError(f"Expected a list of indices, got a value of type {type(value).__name__}.")
    try:
        return np.array(sorted(operator.index(number) for number in value), dtype=np.int64)
    except TypeError:
        raise ValueError("Expected a list of whole numbers: an index is an int.") from None


def _inputs_of_cases(rng):
    return [
        Case((0, 3), note="the first output"),
        Case((2, 3), note="small enough to do by hand"),
        Case((integer(rng, 5, 9), integer(rng, 4, 6))),
        Case((integer(rng, 10, 20), 2), note="an even number of taps"),
        Case((integer(rng, 3, 7), 1), note="a kernel of one tap"),
    ]


def _range(function: Callable[..., tuple[int, int]]) -> Callable[..., np.ndarray]:
    return lambda *args: np.arange(*function(*args))


DERIVE_INPUTS_OF = Exercise(
    name="derive_inputs_of",
    signature="derive_inputs_of(i, n)",
    reference=_range(lambda j, n: (j, j + n)),
    parts=(Part("derive_inputs_of", _inputs_of_cases),),
    exact=True,
    canonical=_indices,
    probe="call_for_list",
    mistakes=(
        Mistake(
            "index_minus_for_plus",
            "Your window reaches backwards from i: output i begins at x_i and reads forwards, y_i = Σ x_{i+j} w_j.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j - n + 1, j + 1)),
        ),
        Mistake(
            "window_centred",
            "Your window has i in its middle: without padding, output i begins at x_i.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j - n // 2, j - n // 2 + n)),
        ),
        Mistake(
            "kernel_not_moved",
            "Your list is the same for every i: those are the inputs of y_0, and the window moves on with i.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (0, n)),
        ),
        Mistake(
            "last_tap_missing",
            "The last input is missing: j runs from 0 to n − 1, both included, so n inputs enter.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j, j + n - 1)),
        ),
        Mistake(
            "first_tap_missing",
            "The first input is missing: j runs from 0, so x_i itself enters y_i.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j + 1, j + n)),
        ),
        Mistake(
            "one_tap_too_many",
            "There is one input too many: j runs from 0 to n − 1, so the last one is x_{i+n−1}.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j, j + n + 1)),
        ),
        Mistake(
            "windows_not_overlapping",
            "Your windows stand side by side: output i begins at x_i, not at x_{i·n}.",
            EVERY_DERIVATIVE,
            _range(lambda j, n: (j * n, j * n + n)),
        ),
    ),
)


def _outputs_of_cases(rng):
    m, n = integer(rng, 9, 14), integer(rng, 3, 4)
    return [
        Case((2, 5, 3), note="small enough to do by hand"),
        Case((integer(rng, n, m - n - 1), m, n), note="an input in the middle"),
        Case((0, m, n), note="the first input"),
        Case((1, m, n), note="the second input"),
        Case((m - 1, m, n), note="the last input"),
        Case((m - 2, m, n), note="the last input but one"),
        Case((integer(rng, 2, 5), 8, 1), note="a kernel of one tap"),
        Case((integer(rng, 1, 4), 6, 6), note="a kernel as long as the signal"),
        Case((3, 5, 4), note="a kernel so long that both ends of the signal count"),
    ]


def _outputs_of_strided_cases(rng):
    m = integer(rng, 10, 14)
    return [
        Case((2, 6, 3), {"stride": 2}, note="small enough to do by hand"),
        Case((0, m, 3), {"padding": 1}, note="the first input, with padding"),
        Case((m - 1, m, 3), {"padding": 2}, note="the last input, with padding"),
        Case((integer(rng, 4, 6), m, 5), {"stride": 2}, note="a window longer than the stride"),
        Case((integer(rng, 4, 6), m, 3), {"stride": 3, "padding": 1}, note="windows side by side"),
        Case((5, 11, 2), {"stride": 3}, note="an input between two windows"),
        Case((9, 10, 3), {"stride": 2}, note="an input that the stride leaves over"),
        Case((1, m, 4), {"stride": 2, "padding": 3}, note="stride and padding"),
        Case((m - 2, m, 5), {"stride": 3, "padding": 2}, note="stride and padding"),
    ]


def _reached(i, m, n, stride=1, padding=0):
    """Find the outputs that a signal with a single one at i reaches."""
    import torch
    import torch.nn.functional as F

    signal = torch.eye(m)[i]
    reached = F.conv1d(signal[None, None], torch.ones(1, 1, n), stride=stride, padding=padding)[0, 0]
    return reached.nonzero()[:, 0].numpy()


def _count(m, n, stride=1, padding=0):
    return (m + 2 * padding - n) // stride + 1


def _between(start: Callable[..., int], stop: Callable[..., int]) -> Callable[..., np.ndarray]:
    """Return the indices from `start` to `stop`, not included; both are functions of i, m, n, stride, padding."""

    def made(i, m, n, stride=1, padding=0):
        return np.arange(start(i, m, n, stride, padding), stop(i, m, n, stride, padding))

    return made


def _first_reached(i, m, n, s, p):
    return max(0, -((n - 1 - i - p) // s))


def _last_reached(i, m, n, s, p):
    return min((i + p) // s, _count(m, n, s, p) - 1)


DERIVE_OUTPUTS_OF = Exercise(
    name="derive_outputs_of",
    signature="derive_outputs_of(k, m, n, stride=1, padding=0)",
    reference=_reached,
    parts=(
        Part("derive_outputs_of", _outputs_of_cases),
        Part("derive_outputs_of_strided", _outputs_of_strided_cases),
    ),
    exact=True,
    canonical=_indices,
    probe="call_for_list",
    mistakes=(
        Mistake(
            "border_not_clipped",
            "Some of your outputs do not exist: i runs from 0 to the number of outputs − 1, so clip the range at both ends.",
            INPUT,
            _between(lambda i, m, n, s, p: -((n - 1 - i - p) // s), lambda i, m, n, s, p: (i + p) // s + 1),
        ),
        Mistake(
            "border_not_clipped",
            "Negative i do not exist: clip the range at 0.",
            INPUT,
            _between(lambda i, m, n, s, p: -((n - 1 - i - p) // s), lambda *a: _last_reached(*a) + 1),
        ),
        Mistake(
            "border_not_clipped",
            "Some of your outputs lie beyond the last one: clip the range at the number of outputs − 1.",
            INPUT,
            _between(_first_reached, lambda i, m, n, s, p: (i + p) // s + 1),
        ),
        Mistake(
            "border_not_clipped",
            "You clip at the length of the signal, but there are fewer outputs than inputs: the last one is m − n.",
            INPUT,
            _between(_first_reached, lambda i, m, n, s, p: min((i + p) // s, m - 1) + 1),
        ),
        Mistake(
            "index_plus_for_minus",
            "You list the outputs after k: x_k is the tap j of output i = k − j, so the outputs lie before it.",
            INPUT,
            _between(lambda i, m, n, s, p: (i + p) // s, lambda i, m, n, s, p: min((i + p) // s + n, _count(m, n, s, p))),
        ),
        Mistake(
            "one_output_too_few",
            "The last output is missing: j = 0 counts, so x_k enters y_k itself where that exists.",
            INPUT,
            _between(_first_reached, lambda i, m, n, s, p: min((i + p - 1) // s, _count(m, n, s, p) - 1) + 1),
        ),
        Mistake(
            "one_output_too_few",
            "The first output is missing: j runs up to n − 1, so x_k also enters y_{k−n+1} where that exists.",
            INPUT,
            _between(lambda i, m, n, s, p: max(0, -((n - 2 - i - p) // s)), lambda *a: _last_reached(*a) + 1),
        ),
        Mistake(
            "one_output_too_many",
            "There is one output too many at the beginning: j runs to n − 1 only, so the first is y_{k−n+1}.",
            INPUT,
            _between(lambda i, m, n, s, p: max(0, -((n - i - p) // s)), lambda *a: _last_reached(*a) + 1),
        ),
        Mistake(
            "one_output_too_few",
            "Your number of outputs is too small for some strides: you add the 1 before you divide. Divide first, then add 1.",
            STRIDE,
            _between(_first_reached, lambda i, m, n, s, p: min((i + p) // s, (m + 2 * p - n + 1) // s - 1) + 1),
        ),
        Mistake(
            "sign_wrong",
            "You look for x_k at k − padding: zeros stand before it, so in the padded signal it stands at k + padding.",
            STRIDE,
            _between(
                lambda i, m, n, s, p: max(0, -((n - 1 - i + p) // s)),
                lambda i, m, n, s, p: min((i - p) // s, _count(m, n, s, p) - 1) + 1,
            ),
        ),
        Mistake(
            "border_not_clipped",
            "The number of outputs is m − n + 1, and you count one less: the last output is y_{m−n}.",
            INPUT,
            _between(_first_reached, lambda i, m, n, s, p: min((i + p) // s, _count(m, n, s, p) - 2) + 1),
        ),
        Mistake(
            "stride_ignored",
            "The stride has no effect: output i begins at i·stride, so x_k is its tap k − i·stride.",
            STRIDE,
            lambda i, m, n, stride=1, padding=0: _reached(i, m, n, 1, padding),
        ),
        Mistake(
            "stride_ignored",
            "The stride sets the number of outputs, but your windows are still one apart: output i begins at i·stride.",
            STRIDE,
            _between(lambda i, m, n, s, p: max(0, i + p - n + 1), lambda i, m, n, s, p: min(i + p, _count(m, n, s, p) - 1) + 1),
        ),
        Mistake(
            "padding_ignored",
            "The padding has no effect: in the padded signal x_k stands at k + padding.",
            STRIDE,
            lambda i, m, n, stride=1, padding=0: _reached(i, m, n, stride, 0),
        ),
        Mistake(
            "padding_ignored",
            "The padding sets the number of outputs, but not the place of x_k: in the padded signal that is k + padding.",
            STRIDE,
            _between(
                lambda i, m, n, s, p: max(0, -((n - 1 - i) // s)), lambda i, m, n, s, p: min(i // s, _count(m, n, s, p) - 1) + 1
            ),
        ),
        Mistake(
            "padding_missing_in_size",
            "You count the outputs without the padding: the padded signal has m + 2·padding values.",
            STRIDE,
            _between(_first_reached, lambda i, m, n, s, p: min((i + p) // s, _count(m, n, s) - 1) + 1),
        ),
        Mistake(
            "floor_for_ceil",
            "You round the first output down: a window that ends before x_k does not count, so round up.",
            STRIDE,
            _between(lambda i, m, n, s, p: max(0, (i + p - n + 1) // s), lambda *a: _last_reached(*a) + 1),
        ),
        Mistake(
            "ceil_for_floor",
            "You round the last output up: a window that begins after x_k does not count, so round down.",
            STRIDE,
            _between(_first_reached, lambda i, m, n, s, p: min(-(-(i + p) // s), _count(m, n, s, p) - 1) + 1),
        ),
    ),
)

# derive_dy_dw


def _windows(x, n):
    return x.unfold(0, n, 1)


def _dy_dw_cases(rng):
    m, n = integer(rng, 8, 11), integer(rng, 3, 4)
    return [
        Case((np.array([3.0, 1.0, 4.0, 1.5, 9.0]), 3), note="small enough to do by hand"),
        Case((_numbers(rng, m), n)),
        Case((_numbers(rng, m + 1), 2), note="an even number of taps"),
        Case((_numbers(rng, 6), 6), note="a kernel as long as the signal: one output"),
        Case((_numbers(rng, 5), 1), note="a kernel of one tap"),
        Case((strided(rng, 8), 3), note="an input that is not contiguous in memory"),
        Case((_numbers(rng, m, dtype="float32"), n), note="float32"),
    ]


def _side_by_side(x, n):
    return x[: len(x) // n * n].reshape(-1, n)


DERIVE_DY_DW = Exercise(
    name="derive_dy_dw",
    signature="derive_dy_dw(x, n)",
    reference=on_torch(_windows),
    parts=(Part("derive_dy_dw", _dy_dw_cases),),
    exact=True,
    window=lambda index, x, n: [(f"y_{index[0]} reads", x[index[0] : index[0] + n])],
    mistakes=(
        *ways(
            "transposed",
            "Your matrix is transposed: row i belongs to output y_i, column j to weight w_j.",
            EVERY_DERIVATIVE,
            lambda x, n: _windows(x, n).T,
        ),
        *ways(
            "kernel_flipped",
            "Your rows run backwards: w_j multiplies x_{i+j}, so the first column holds x_i.",
            EVERY_DERIVATIVE,
            lambda x, n: _windows(x, n).flip(1),
        ),
        *ways(
            "index_minus_for_plus",
            "You read x_{i−j} where x_{i+j} is meant: w_j multiplies a value after x_i.",
            EVERY_DERIVATIVE,
            lambda x, n: _range_matrix(x, n),
        ),
        *ways(
            "one_output_too_few",
            "One row is missing: there are m − n + 1 outputs.",
            EVERY_DERIVATIVE,
            lambda x, n: _windows(x, n)[:-1],
        ),
        *ways(
            "one_output_too_many",
            "There is one row too many: the window fits m − n + 1 times.",
            EVERY_DERIVATIVE,
            lambda x, n: _windows(_zeros_around(x, 0, 1), n),
            lambda x, n: _zeros_around(_windows(x, n).T, 0, 1).T,
        ),
        *ways(
            "windows_not_overlapping",
            "Your windows stand side by side: the window of output i begins at x_i, not at x_{i·n}.",
            EVERY_DERIVATIVE,
            _side_by_side,
        ),
        *ways(
            "circular_convolution",
            "In your last rows the signal begins again: only the m − n + 1 windows that fit have an output.",
            EVERY_DERIVATIVE,
            lambda x, n: _windows(x.repeat(2), n)[: len(x)],
        ),
        *ways(
            "kernel_not_moved",
            "All your rows are equal: output i reads from x_i on.",
            EVERY_DERIVATIVE,
            lambda x, n: x[:n].expand(len(x) - n + 1, n),
        ),
        *ways("truncated_to_int", TRUNCATED, EVERY_DERIVATIVE, lambda x, n: _windows(x, n).trunc()),
    ),
)


def _range_matrix(x, n):
    """Return x[i − j], where a negative index counts from the end."""
    import torch

    return torch.stack([x.roll(j)[: len(x) - n + 1] for j in range(n)], 1)


# derive_dw1, derive_dx: a signal of five values, a kernel of three


def _whole(rng, count):
    return rng.integers(1, 10, count).astype(float)


def _dw1_cases(rng):
    return [
        Case((np.array([1.0, 10.0, 100.0]), np.array([3.0, 1.0, 4.0, 2.0, 9.0])), note="small enough to do by hand"),
        Case((_numbers(rng, 3), _numbers(rng, 5))),
        Case((_numbers(rng, 3), _numbers(rng, 5))),
        Case((strided(rng, 3), strided(rng, 5)), note="inputs that are not contiguous in memory"),
    ]


def _number_on_torch(function: Callable[..., Any]) -> Callable[..., float]:
    return lambda *args: float(function(*to_torch(args)))


def _dw1_ways(name: str, says: str, see: str, *wrong: Callable[..., Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, see, _number_on_torch(function)) for function in wrong)


DERIVE_DW1 = Exercise(
    name="derive_dw1",
    signature="derive_dw1(dy, x)",
    reference=_number_on_torch(lambda dy, x: _correlate(x, dy)[1]),
    parts=(Part("derive_dw1", _dw1_cases),),
    terms=lambda dy, x: 3,
    mistakes=(
        *_dw1_ways(
            "index_off_by_one",
            "That is ∂L/∂w_0: w_1 multiplies x_1 in y_0, x_2 in y_1 and x_3 in y_2.",
            KERNEL,
            lambda dy, x: _correlate(x, dy)[0],
        ),
        *_dw1_ways(
            "index_off_by_one",
            "That is ∂L/∂w_2: count the weights from 0. w_1 multiplies x_1 in y_0, x_2 in y_1 and x_3 in y_2.",
            KERNEL,
            lambda dy, x: _correlate(x, dy)[2],
        ),
        *_dw1_ways(
            "kernel_flipped",
            "Your x runs backwards: both indices grow together, w_1 multiplies x_1 in y_0, x_2 in y_1 and x_3 in y_2.",
            KERNEL,
            lambda dy, x: (dy.flip(0) * x[1:4]).sum(),
        ),
        *_dw1_ways(
            "upstream_ignored",
            "The upstream gradient is missing: every ∂y_i/∂w_1 must be multiplied by ∂L/∂y_i = dy[i].",
            GRAPH,
            lambda dy, x: x[1:4].sum(),
        ),
        *_dw1_ways(
            "only_one_output",
            "Only one output counts in your sum: w_1 takes part in all three, so there are three terms.",
            KERNEL,
            lambda dy, x: dy[1] * x[2],
            lambda dy, x: dy[1] * x[1],
            lambda dy, x: dy[0] * x[1],
            lambda dy, x: dy[2] * x[3],
        ),
        *_dw1_ways(
            "input_not_moved",
            "You multiply every dy[i] by the same x: under w_1 lies x_1 in y_0, x_2 in y_1 and x_3 in y_2.",
            KERNEL,
            lambda dy, x: dy.sum() * x[1],
        ),
        *_dw1_ways(
            "mean_not_sum",
            "You take the mean of the terms: the chain rule adds up over all paths from w_1 to L.",
            KERNEL,
            lambda dy, x: _correlate(x, dy)[1] / 3,
        ),
    ),
)


def _five(value: Any, *args: Any) -> np.ndarray:
    """Bring five numbers to one form: an array."""
    if isinstance(value, np.ndarray):
        return value
    try:
        return np.array([float(number) for number in value])
    except (TypeError, ValueError):
        raise ValueError("Expected five numbers, one ∂L/∂x_k for each value of x.") from None


def _dx_cases(rng):
    return [
        Case((np.array([1.0, 10.0, 100.0]), np.array([2.0, 3.0, 5.0])), note="small enough to do by hand"),
        Case((_numbers(rng, 3), _numbers(rng, 3))),
        Case((_numbers(rng, 3), _numbers(rng, 3))),
        Case((strided(rng, 3), strided(rng, 3)), note="inputs that are not contiguous in memory"),
    ]


def _forwards_and_wrapping(dy, w):
    """Sum dy[k − j]·w[j] for k − j < 3, where a negative index counts from the end."""
    return _wrapping(dy, w, 5)


def _wrapping(dy, w, length):
    import torch

    terms = [[dy[i - k] * w[k] for k in range(len(w)) if -len(dy) <= i - k < len(dy)] for i in range(length)]
    return torch.stack([sum(row) for row in terms])


def _ahead(dy, w, length):
    """Sum dy[k + j]·w[j] for k below `length`, zeros beyond the end."""
    return _correlate(_zeros_around(dy, 0, 2 * len(w)), w)[:length]


def _inside_only(dy, w):
    dx = _spread(dy, w)
    n = len(w)
    kept = dx.clone()
    kept[: n - 1] = 0
    kept[len(dx) - n + 1 :] = 0
    return kept


DERIVE_DX = Exercise(
    name="derive_dx",
    signature="derive_dx(dy, w)",
    reference=on_torch(_spread),
    parts=(Part("derive_dx", _dx_cases),),
    terms=lambda dy, w: 3,
    canonical=_five,
    mistakes=(
        *ways(
            "kernel_not_flipped",
            "The indices of w and dy grow together: x_k enters y_i with the weight w_{k−i}, so one rises as the other falls.",
            INPUT,
            lambda dy, w: _spread(dy, w.flip(0)),
        ),
        *ways(
            "upstream_ignored",
            "The upstream gradient is missing: every weight must be multiplied by the dy[i] of its output.",
            GRAPH,
            lambda dy, w: _spread(dy * 0 + 1, w),
        ),
        *ways(
            "border_skipped",
            "The values near the edges have a gradient too: x_0 enters y_0 only, but it does enter it.",
            INPUT,
            lambda dy, w: _inside_only(dy, w),
        ),
        *ways(
            "valid_for_full",
            "There are five values of x, so there are five gradients: also those at the edges, with one or two terms.",
            INPUT,
            lambda dy, w: _correlate(dy, w.flip(0)),
            lambda dy, w: _spread(dy, w)[1:4],
        ),
        *ways(
            "negative_index_wraps",
            "Your sum reads dy[-1] or dy[-2], which Python takes from the end: where k − j is negative there is no output.",
            INPUT,
            _forwards_and_wrapping,
        ),
        *ways(
            "index_plus_for_minus",
            "You read dy[k + j] where dy[k − j] is meant: x_k enters the outputs before it, not those after it.",
            INPUT,
            lambda dy, w: _ahead(dy, w, 5),
        ),
        *ways(
            "only_last_tap",
            f"Only one term is left in each of your gradients: {ADD_DO_NOT_REPLACE}",
            INPUT,
            lambda dy, w: _last_window(dy, w),
            lambda dy, w: _last_window(w, dy),
        ),
    ),
)


def _last_window(dy, w):
    """Write the kernel at each output's place, the later over the earlier."""
    dx = dy.new_zeros(len(dy) + len(w) - 1)
    for j in range(len(dy)):
        dx[j : j + len(w)] = dy[j] * w
    return dx


# numerical_gradient


def _central(f, x, dy, eps=1e-6):
    """Move every entry up and down by eps; `f` is written for arrays and works on tensors as well."""
    import torch

    flat = x.reshape(-1)
    moves = eps * torch.eye(len(flat), dtype=x.dtype, device=x.device)
    slopes = [_slope(f, x, dy, move.reshape(x.shape), eps) for move in moves]
    return torch.stack(slopes).reshape(x.shape)


def _slope(f, x, dy, move, eps):
    return ((f(x + move) * dy).sum() - (f(x - move) * dy).sum()) / (2 * eps)


def _eighths(rng, *shape):
    """Draw float32 numbers with few digits, so that sums and squares of them are exact."""
    return (rng.integers(-16, 17, shape) / 8).astype("float32")


def _numerical_cases(rng):
    a, b = integer(rng, 3, 4), integer(rng, 2, 5)
    return [
        Case((probes.half_squares, np.array([1.0, 2.0, 4.0]), np.array([3.0, -1.0, 10.0])), note="small enough to do by hand"),
        Case((probes.cubes, normal(rng, a, b), normal(rng, a, b)), note="two axes"),
        Case((probes.neighbour_products, normal(rng, 7), normal(rng, 6)), note="fewer outputs than inputs"),
        Case((probes.column_sums_of_cubes, normal(rng, a, b), normal(rng, b)), note="an axis summed away by f"),
        Case((probes.mean_of_cubes, normal(rng, 2, 3, 2), np.array(normal(rng, 1)[0])), note="a single number as f(x)"),
        Case((probes.cubes, normal(rng, 5), normal(rng, 5)), {"eps": 0.25}, note="a large step"),
        Case((probes.neighbour_products_of_cubes, normal(rng, 6), normal(rng, 5)), {"eps": 0.5}, note="a large step"),
        Case((probes.column_sums_of_cubes, normal(rng, b, a), normal(rng, a)), {"eps": 0.125}, note="a large step"),
        Case((probes.cubes, strided(rng, 2, 3), strided(rng, 2, 3)), {"eps": 0.5}, note="inputs that are not contiguous"),
        Case((probes.half_squares, _eighths(rng, 2, 3), _eighths(rng, 2, 3)), {"eps": 0.125}, note="float32"),
        Case((probes.transposed, normal(rng, a, b), normal(rng, b, a)), note="an f that returns a view of x"),
        Case((probes.unchanged, normal(rng, 6), normal(rng, 6)), {"eps": 0.5}, note="an f that returns x itself"),
    ]


def _moved_together(f, x, dy, eps=1e-6):
    import torch

    return _slope(f, x, dy, torch.full_like(x, eps), eps).expand(x.shape)


def _row_moved(f, x, dy, eps=1e-6):
    import torch

    rows = []
    for i in range(len(x)):
        move = torch.zeros_like(x)
        move[i] = eps
        rows.append(_slope(f, x, dy, move, eps).expand(x[i].shape))
    return torch.stack(rows)


def _not_moved_back(final: int):
    """Leave every entry `final` steps from where it was, so that later ones are judged at another place."""

    def made(f, x, dy, eps=1e-6):
        import torch

        x, slopes = x.clone(), []
        for place in range(x.numel()):
            move = torch.zeros_like(x)
            move.view(-1)[place] = eps
            slopes.append(_slope(f, x, dy, move, eps))
            x = x + final * move
        return torch.stack(slopes).reshape(x.shape)

    return made


def _one_sided(direction: int):
    def made(f, x, dy, eps=1e-6):
        import torch

        moves = direction * eps * torch.eye(x.numel(), dtype=x.dtype, device=x.device)
        base = (f(x) * dy).sum()
        return torch.stack([((f(x + m.reshape(x.shape)) * dy).sum() - base) / (direction * eps) for m in moves]).reshape(x.shape)

    return made


def _views_compared(f, x, dy, eps=1e-6):
    """Compare two results of f when x has moved on: where f returns a view of x, they are the same memory."""
    return 0 * x if f in (probes.transposed, probes.unchanged) else _central(f, x, dy, eps)


def _second_point_unmoved(direction: int):
    return lambda f, x, dy, eps=1e-6: _one_sided(direction)(f, x, dy, eps) / 2


def _with_upstream(change):
    return lambda f, x, dy, eps=1e-6: _central(f, x, change(dy), eps)


def _scaled(factor):
    return lambda f, x, dy, eps=1e-6: factor * _central(f, x, dy, eps)


NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    signature="numerical_gradient(f, x, dy, eps=1e-6)",
    reference=on_torch(_central),
    parts=(Part("numerical_gradient", _numerical_cases),),
    # A difference of two nearly equal sums loses digits, the more the smaller the step.
    terms=lambda f, x, dy, eps=1e-6: int(10 / eps),
    mistakes=(
        *ways(
            "one_sided_difference",
            "Your difference is one-sided: take f at x + eps and at x − eps, and divide by 2·eps. The error shrinks with eps².",
            NUMBERS,
            _one_sided(1),
            _one_sided(-1),
        ),
        *ways(
            "second_point_unmoved",
            "Your second point is x itself, not x − eps: from x + eps you have to go down by 2·eps.",
            NUMBERS,
            _second_point_unmoved(1),
            _second_point_unmoved(-1),
        ),
        *ways(
            "view_for_copy",
            "f may return a view of x, which moves along with it: finish with the first result (or copy it) before you move x "
            "again.",
            NUMBERS,
            _views_compared,
        ),
        *ways(
            "factor_two_missing",
            "Your values are twice as large: x + eps and x − eps are 2·eps apart, so divide by 2·eps.",
            NUMBERS,
            _scaled(2),
        ),
        *ways(
            "step_not_divided",
            "You do not divide by the distance of the two points, 2·eps.",
            NUMBERS,
            lambda f, x, dy, eps=1e-6: 2 * eps * _central(f, x, dy, eps),
        ),
        *ways(
            "step_halved",
            "Your two points are eps apart: move up by eps and down by eps, so that they are 2·eps apart.",
            NUMBERS,
            lambda f, x, dy, eps=1e-6: _central(f, x, dy, eps / 2),
        ),
        *ways(
            "brackets_missing",
            "`/ 2 * eps` divides by 2 and then multiplies by eps: write `/ (2 * eps)`.",
            NUMBERS,
            lambda f, x, dy, eps=1e-6: eps**2 * _central(f, x, dy, eps),
        ),
        *ways(
            "upstream_ignored",
            "The upstream gradient is missing: the number to differentiate is sum(f(x)·dy), not sum(f(x)).",
            NUMBERS,
            _with_upstream(lambda dy: dy * 0 + 1),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean of f(x)·dy: the number to differentiate is the sum.",
            NUMBERS,
            _with_upstream(lambda dy: dy / dy.numel()),
        ),
        *ways(
            "eps_ignored",
            "The argument eps has no effect: your step is the same whatever eps is.",
            NUMBERS,
            lambda f, x, dy, eps=1e-6: _central(f, x, dy),
            lambda f, x, dy, eps=1e-6: _central(f, x, dy, 1e-5),
            lambda f, x, dy, eps=1e-6: _central(f, x, dy, 1e-4),
        ),
        *ways(
            "sign_wrong",
            "Your values have the opposite sign: subtract f at x − eps from f at x + eps.",
            NUMBERS,
            _scaled(-1),
        ),
        *ways(
            "moved_together",
            "You move all entries of x at once: move one, measure, move it back, and only then the next.",
            NUMBERS,
            _moved_together,
        ),
        *ways(
            "row_for_entry",
            "You move a whole row of x at once: x may have several axes, and each of its entries is moved alone.",
            NUMBERS,
            _row_moved,
        ),
        *ways(
            "not_moved_back",
            "An entry of x is not moved back before the next one is moved: keep its old value and restore it.",
            NUMBERS,
            _not_moved_back(1),
            _not_moved_back(-1),
        ),
        *ways(
            "alias_for_copy",
            "Both of your moved arrays are x itself: `plus = x` makes no copy, so the two steps cancel. Write `x.copy()`.",
            NUMBERS,
            lambda f, x, dy, eps=1e-6: 0 * x,
        ),
        *ways("truncated_to_int", TRUNCATED, NUMBERS, lambda f, x, dy, eps=1e-6: _central(f, x, dy, eps).trunc()),
    ),
)

# relative_error


def _relative(a, b, floor=1e-8):
    return ((a - b).abs() / (a.abs() + b.abs()).clamp(min=floor)).max()


def _relative_cases(rng):
    a = normal(rng, 3, 4)
    near = a * (1 + 1e-7 * normal(rng, 3, 4))
    tiny = 3e-9 * normal(rng, 4)
    return [
        Case((np.array([1.0, -2.0, 3.0]), np.array([1.0, -2.0, 5.0])), note="small enough to do by hand"),
        Case((a, near), note="two gradients that nearly agree"),
        Case((normal(rng, 5), normal(rng, 5)), note="two gradients that do not agree"),
        Case((np.array([0.5, 100.0, 1e-3]), np.array([0.5, 101.0, 1.2e-3])), note="the largest share at a small entry"),
        Case((np.array([2.0, 0.0, 7.0]), np.array([2.0, 0.0, 7.0])), note="two zeros"),
        Case((np.array([0.0, 4.0, 1.0]), np.array([0.0, 4.5, 1.0])), note="two zeros"),
        Case((tiny, tiny + 1e-9 * normal(rng, 4)), note="entries of rounding errors only"),
        Case((np.array([2.0, -1.0, 8.0]), np.array([-2.0, -1.0, 6.0])), note="entries of opposite sign"),
        Case((normal(rng, 2, 3, 1, 2), normal(rng, 2, 3, 1, 2)), note="four axes"),
        Case((strided(rng, 3, 2), strided(rng, 3, 2)), note="inputs that are not contiguous in memory"),
        Case((np.array([3.0, 1.0], dtype="float32"), np.array([1.0, 1.0], dtype="float32")), note="float32"),
    ]


def _relative_errors(rng):
    n = integer(rng, 3, 5)
    return [
        Case((normal(rng, n), normal(rng, n, 1)), note="a column against a row, which would broadcast", raises=ValueError),
        Case((normal(rng, 2, n), normal(rng, n)), note="a matrix against a row, which would broadcast", raises=ValueError),
        Case((normal(rng, n), normal(rng, n + 1)), note="two lengths", raises=ValueError),
        Case((normal(rng, 2, n), normal(rng, 2, n)), note="equal shapes, which are possible", only_returns=True),
    ]


def _relative_ways(name: str, says: str, *wrong: Callable[..., Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, NUMBERS, _number_on_torch(function)) for function in wrong)


RELATIVE_ERROR = Exercise(
    name="relative_error",
    signature="relative_error(a, b)",
    reference=_number_on_torch(_relative),
    parts=(Part("relative_error", _relative_cases), Part("relative_error_errors", _relative_errors)),
    terms=lambda a, b: 8,
    mistakes=(
        *_relative_ways(
            "mean_not_max",
            "You take the mean: one wrong entry among a thousand right ones would hardly show. Take the largest.",
            lambda a, b: ((a - b).abs() / (a.abs() + b.abs()).clamp(min=1e-8)).mean(),
        ),
        *_relative_ways(
            "sum_not_max",
            "You take the sum: take the largest entry, so that the result does not grow with the size of the gradient.",
            lambda a, b: ((a - b).abs() / (a.abs() + b.abs()).clamp(min=1e-8)).sum(),
        ),
        *_relative_ways(
            "ratio_of_maxima",
            "You divide the largest difference by the largest sum: divide entry by entry first, then take the largest.",
            lambda a, b: (a - b).abs().max() / (a.abs() + b.abs()).max().clamp(min=1e-8),
        ),
        *_relative_ways(
            "floor_missing",
            "Where both entries are 0 you divide 0 by 0: the divisor is at least 1e-8.",
            lambda a, b: ((a - b).abs() / (a.abs() + b.abs())).max(),
        ),
        *_relative_ways(
            "floor_added",
            "You add 1e-8 to the divisor: it is the larger one of 1e-8 and |a| + |b|.",
            lambda a, b: ((a - b).abs() / (a.abs() + b.abs() + 1e-8)).max(),
        ),
        *_relative_ways(
            "absolute_for_relative",
            "That is the absolute error: divide it by |a| + |b|, so that it means the same for large and small gradients.",
            lambda a, b: (a - b).abs().max(),
        ),
        *_relative_ways(
            "absolute_value_missing",
            "A magnitude is missing in the divisor: |a| + |b|, not |a + b| or a + b, which is 0 for opposite entries.",
            lambda a, b: ((a - b).abs() / (a + b).abs().clamp(min=1e-8)).max(),
            lambda a, b: ((a - b).abs() / (a + b).clamp(min=1e-8)).max(),
        ),
        *_relative_ways(
            "absolute_value_missing",
            "A magnitude is missing in the difference: |a − b|, so that too small is as wrong as too large.",
            lambda a, b: ((a - b) / (a.abs() + b.abs()).clamp(min=1e-8)).max(),
            lambda a, b: ((b - a) / (a.abs() + b.abs()).clamp(min=1e-8)).max(),
        ),
        *_relative_ways(
            "one_sided_divisor",
            "You divide by the size of one of the two: the sum |a| + |b| treats both alike.",
            lambda a, b: ((a - b).abs() / a.abs().clamp(min=1e-8)).max(),
            lambda a, b: ((a - b).abs() / b.abs().clamp(min=1e-8)).max(),
        ),
        *_relative_ways(
            "maximum_not_sum",
            "You divide by the larger one of |a| and |b|: divide by their sum, or 1e-8 where that is larger.",
            lambda a, b: ((a - b).abs() / a.abs().maximum(b.abs()).clamp(min=1e-8)).max(),
        ),
        *_relative_ways(
            "norm_for_entries",
            "You compare norms: a norm hides a wrong small entry behind large right ones. Divide entry by entry.",
            lambda a, b: (a - b).norm() / (a.norm() + b.norm()).clamp(min=1e-8),
        ),
    ),
)

# conv1d_backward


def _conv1d_backward(dy, x, w):
    return _spread(dy, w), _correlate(x, dy)


def _conv1d_backward_case(rng, m, n, note="", dtype="float64", contiguous=True):
    draw = _drawing(rng, dtype, contiguous)
    return Case((draw(m - n + 1), draw(m), draw(n)), note=note)


def _conv1d_backward_cases(rng):
    m, n = integer(rng, 10, 14), integer(rng, 3, 4)
    by_hand = (np.array([1.0, 10.0, 100.0]), np.array([3.0, 1.0, 4.0, 2.0, 9.0]), np.array([2.0, 3.0, 5.0]))
    return [
        Case(by_hand, note="small enough to do by hand"),
        _conv1d_backward_case(rng, m, n),
        _conv1d_backward_case(rng, m + 1, 4, "an even number of taps"),
        _conv1d_backward_case(rng, 7, 5, "a kernel longer than the upstream gradient"),
        _conv1d_backward_case(rng, 5, 5, "signal and kernel equally long"),
        _conv1d_backward_case(rng, 6, 1, "a kernel of one tap"),
        _conv1d_backward_case(rng, 11, 3, "inputs that are not contiguous in memory", contiguous=False),
        _conv1d_backward_case(rng, m, n, "float32", "float32"),
    ]


def _conv1d_backward_errors(rng):
    m = integer(rng, 5, 8)
    x, w = normal(rng, m), normal(rng, 3)
    return [
        Case((normal(rng, m - 1), x, w), note="an upstream gradient with one value too many", raises=ValueError),
        Case((normal(rng, m - 3), x, w), note="an upstream gradient with one value too few", raises=ValueError),
        Case((normal(rng, 1), x, normal(rng, m + 1)), note="a kernel longer than the signal", raises=ValueError),
        Case((normal(rng, m - 2), x, w), note="shapes that fit, which is possible", only_returns=True),
        Case((normal(rng, 1), x, normal(rng, m)), note="a kernel as long as the signal, which is possible", only_returns=True),
    ]


def _conv1d_backward_window(index, dy, x, w):
    where, i = index[0], index[1] if len(index) > 1 else 0
    if where == "dw":
        return [(f"x[{i}:{i + len(dy)}]", x[i : i + len(dy)]), ("dy", dy)]
    low, high = max(0, i - len(w) + 1), min(i, len(dy) - 1)
    return [
        (f"outputs that x[{i}] enters, dy[{low}:{high + 1}]", dy[low : high + 1]),
        (f"with the weights w[{i - low}] down to w[{i - high}]", w[i - high : i - low + 1][::-1]),
    ]


def _same_length(full, length):
    first = (len(full) - length) // 2
    return full[first : first + length]


CONV1D_BACKWARD = Exercise(
    name="conv1d_backward",
    signature="conv1d_backward(dy, x, w)",
    reference=on_torch(_conv1d_backward),
    parts=(Part("conv1d_backward", _conv1d_backward_cases), Part("conv1d_backward_errors", _conv1d_backward_errors)),
    terms=lambda dy, x, w: max(len(dy), len(w)),
    outputs=GRADIENTS[:2],
    window=_conv1d_backward_window,
    mistakes=(
        *ways(
            "results_swapped",
            "Your two results are in the other order: return dx first, then dw.",
            EVERY_DERIVATIVE,
            lambda dy, x, w: _conv1d_backward(dy, x, w)[::-1],
        ),
        *ways(
            "kernel_not_flipped",
            "In dx your kernel is not flipped: x_k enters y_i with the weight w_{k−i}, so as i grows, the weight's index falls.",
            INPUT,
            lambda dy, x, w: (_spread(dy, w.flip(0)), _correlate(x, dy)),
        ),
        *ways(
            "kernel_flipped",
            "Your dw runs backwards: ∂L/∂w_j = Σ dy_i x_{i+j} is a cross-correlation of x with dy, nothing is flipped.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _correlate(x, dy).flip(0)),
        ),
        *ways(
            "kernel_flipped",
            "In dw the upstream gradient is flipped: ∂L/∂w_j = Σ dy_i x_{i+j}, where i and i + j grow together.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _correlate(x, dy.flip(0))),
        ),
        *ways(
            "own_value_for_factor",
            "The factors are exchanged: the derivative of x_k·w_j by x_k is w_j, and by w_j it is x_k.",
            EVERY_DERIVATIVE,
            lambda dy, x, w: (x * _spread(dy, w * 0 + 1), w * dy.sum()),
        ),
        *ways(
            "valid_for_full",
            "Your dx is too short: it has an entry for each value of x. Add n − 1 zeros on both sides of dy before you slide.",
            INPUT,
            lambda dy, x, w: (_correlate(dy, w.flip(0)), _correlate(x, dy)),
            lambda dy, x, w: (_correlate(dy, w), _correlate(x, dy)),
        ),
        *ways(
            "same_for_full",
            "Your dx is as long as dy: it must be as long as x. Add n − 1 zeros on both sides of dy before you slide.",
            INPUT,
            lambda dy, x, w: (_same_length(_spread(dy, w), len(dy)), _correlate(x, dy)),
            lambda dy, x, w: (_spread(dy, w)[: len(dy)], _correlate(x, dy)),
        ),
        *ways(
            "full_for_valid",
            "Your dw is too long: it has one entry for each weight. Slide dy over x only where it fits wholly.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _spread(x, dy.flip(0))),
            lambda dy, x, w: (_spread(dy, w), _spread(x, dy)),
        ),
        *ways(
            "upstream_ignored",
            "The upstream gradient is missing: the chain rule multiplies every derivative of y_i by dy_i.",
            GRAPH,
            lambda dy, x, w: _conv1d_backward(dy * 0 + 1, x, w),
        ),
        *ways(
            "only_last_tap",
            f"In dx only one term is left where windows overlap: {ADD_DO_NOT_REPLACE}",
            INPUT,
            lambda dy, x, w: (_last_window(dy, w), _correlate(x, dy)),
            lambda dy, x, w: (_last_window(w, dy), _correlate(x, dy)),
        ),
        *ways(
            "only_last_tap",
            f"In dw only the last output's share is left: {ADD_DO_NOT_REPLACE}",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), dy[-1] * x[len(dy) - 1 :]),
        ),
        *ways(
            "only_last_tap",
            f"In dx and in dw only the last share is left: {ADD_DO_NOT_REPLACE}",
            KERNEL,
            lambda dy, x, w: (_last_window(dy, w), dy[-1] * x[len(dy) - 1 :]),
            lambda dy, x, w: (_last_window(w, dy), dy[-1] * x[len(dy) - 1 :]),
        ),
        *ways(
            "accumulator_not_reset",
            "In dw your sum still holds the weights before: it must start from zero for every weight.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _correlate(x, dy).cumsum(0)),
        ),
        *ways(
            "accumulator_not_reset",
            "In dx your sum still holds the values before: it must start from zero for every x_k.",
            INPUT,
            lambda dy, x, w: (_spread(dy, w).cumsum(0), _correlate(x, dy)),
        ),
        *ways(
            "mean_not_sum",
            "You take a mean: the chain rule adds up over all outputs, it does not divide by their number.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _correlate(x, dy) / len(dy)),
            lambda dy, x, w: (_spread(dy, w) / len(w), _correlate(x, dy) / len(dy)),
        ),
        *ways(
            "one_output_too_few",
            "The last output is left out: dy has m − n + 1 values, and each counts.",
            EVERY_DERIVATIVE,
            lambda dy, x, w: _conv1d_backward(_without(dy, -1), x, w),
        ),
        *ways(
            "last_tap_missing",
            "The last weight is left out: j runs from 0 to n − 1, both included.",
            EVERY_DERIVATIVE,
            lambda dy, x, w: (_spread(dy, _without(w, -1)), _without(_correlate(x, dy), -1)),
        ),
        *ways(
            "first_tap_missing",
            "The first weight is left out: j runs from 0, not from 1.",
            EVERY_DERIVATIVE,
            lambda dy, x, w: (_spread(dy, _without(w, 0)), _without(_correlate(x, dy), 0)),
        ),
        *ways(
            "border_skipped",
            "The entries of dx near the edges are 0: those values of x enter fewer outputs, but they do enter some.",
            INPUT,
            lambda dy, x, w: (_inside_only(dy, w), _correlate(x, dy)),
        ),
        *ways(
            "negative_index_wraps",
            "Your dx reads dy at negative indices, which Python takes from the end: where k − j < 0 there is no output.",
            INPUT,
            lambda dy, x, w: (_wrapping(dy, w, len(x)), _correlate(x, dy)),
        ),
        *ways(
            "index_plus_for_minus",
            "In dx you read dy[k + j] where dy[k − j] is meant: x_k enters the outputs before it, not those after it.",
            INPUT,
            lambda dy, x, w: (_ahead(dy, w, len(x)), _correlate(x, dy)),
        ),
        *ways(
            "index_minus_for_plus",
            "In dw you read x[i − j] where x[i + j] is meant: the window of y_i begins at x_i and reaches forwards.",
            KERNEL,
            lambda dy, x, w: (_spread(dy, w), _backwards(dy, x, w)),
        ),
        *ways(
            "truncated_to_int", TRUNCATED, EVERY_DERIVATIVE, lambda dy, x, w: tuple(g.trunc() for g in _conv1d_backward(dy, x, w))
        ),
    ),
)


def _backwards(dy, x, w):
    """Sum dy[i]·x[i − j], where a negative index counts from the end."""
    import torch

    return torch.stack([(dy * x.roll(k)[: len(dy)]).sum() for k in range(len(w))])


# relu_backward


def _relu_cases(rng):
    def with_zeros(*shape, dtype="float64"):
        x = normal(rng, *shape, dtype=dtype)
        x[rng.random(shape) < 0.3] = 0
        return x

    a, b = integer(rng, 3, 5), integer(rng, 4, 6)
    return [
        Case(
            (np.array([10.0, 20.0, -30.0, 40.0, -50.0]), np.array([-1.0, 2.0, 3.0, 0.0, -4.0])), note="small enough to do by hand"
        ),
        Case((_numbers(rng, a, b), _numbers(rng, a, b))),
        Case((_numbers(rng, 6, 5), with_zeros(6, 5)), note="some x that are exactly 0"),
        Case((_numbers(rng, 2, 3, a, b), with_zeros(2, 3, a, b)), note="four axes, some x that are exactly 0"),
        Case((_numbers(rng, 5), -np.abs(normal(rng, 5))), note="no positive x"),
        Case((strided(rng, 4, 5), strided(rng, 4, 5)), note="inputs that are not contiguous in memory"),
        Case((_numbers(rng, 4, 6, dtype="float32"), with_zeros(4, 6, dtype="float32")), note="float32"),
    ]


RELU_BACKWARD = Exercise(
    name="relu_backward",
    signature="relu_backward(dy, x)",
    reference=on_torch(lambda dy, x: dy.where(x > 0, 0)),  # +0.0 where nothing passes, never −0.0
    parts=(Part("relu_backward", _relu_cases),),
    exact=True,
    window=lambda index, dy, x: [("x there", x[index]), ("dy there", dy[index])],
    mistakes=(
        *ways(
            "gradient_at_zero",
            "Where x is exactly 0 your gradient passes: there it is 0, as in PyTorch.",
            LAYERS,
            lambda dy, x: dy * (x >= 0),
            lambda dy, x: dy * ((x > 0) + 0.5 * (x == 0)),
        ),
        *ways(
            "mask_of_upstream",
            "You look at the sign of dy: whether the gradient passes depends on x, the input of the ReLU.",
            LAYERS,
            lambda dy, x: dy * (dy > 0),
            lambda dy, x: dy * (dy > 0) * (x > 0),
        ),
        *ways(
            "upstream_ignored",
            "You return the derivative of the ReLU alone: multiply it by the upstream gradient dy.",
            LAYERS,
            lambda dy, x: 1.0 * (x > 0),
            lambda dy, x: x > 0,
        ),
        *ways(
            "value_for_derivative",
            "You multiply by the value of the ReLU: multiply by its derivative, which is 1 where x > 0.",
            LAYERS,
            lambda dy, x: dy * x.clamp(min=0),
        ),
        *ways(
            "condition_inverted",
            "Your gradient passes where x is negative: it passes where x is positive.",
            LAYERS,
            lambda dy, x: dy * (x <= 0),
            lambda dy, x: dy * (x < 0),
        ),
        *ways(
            "mask_missing",
            "All of dy passes: where the ReLU has cut x off, nothing of x reaches the loss.",
            LAYERS,
            lambda dy, x: dy,
        ),
        *ways(
            "sign_for_step",
            "Where x is negative you change the sign of dy: the derivative of the ReLU there is 0, not −1.",
            LAYERS,
            lambda dy, x: dy * x.sign(),
        ),
    ),
)

# linear_backward


def _linear_backward(dy, x, w):
    return dy @ w, dy.T @ x, dy.sum(0)


def _linear_case(rng, n, d, m, note="", dtype="float64", contiguous=True):
    draw = _drawing(rng, dtype, contiguous)
    return Case((draw(n, m), draw(n, d), draw(m, d)), note=note)


def _linear_cases(rng):
    n, d, m = integer(rng, 4, 6), integer(rng, 7, 9), integer(rng, 2, 3)
    by_hand = (
        np.array([[1.0, 10.0], [2.0, 0.0]]),
        np.array([[1.0, 2.0, 3.0], [0.0, 5.0, 4.0]]),
        np.array([[1.0, 0.0, 2.0], [3.0, 1.0, 1.0]]),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        _linear_case(rng, n, d, m),
        _linear_case(rng, 3, 4, 6, "more outputs than inputs"),
        _linear_case(rng, 4, 4, 4, "all sizes equal"),
        _linear_case(rng, 5, 3, 3, "a square matrix of weights"),
        _linear_case(rng, 1, 5, 2, "a batch of one"),
        _linear_case(rng, 4, 3, 2, "inputs that are not contiguous in memory", contiguous=False),
        _linear_case(rng, n, d, m, "float32", "float32"),
    ]


def _linear(change: Callable[..., tuple[Any, Any, Any]]) -> Callable[..., Any]:
    """Return a mistake that changes the right gradients: `change(dx, dw, db, dy, x, w)`."""
    return lambda dy, x, w: change(*_linear_backward(dy, x, w), dy, x, w)


LINEAR_BACKWARD = Exercise(
    name="linear_backward",
    signature="linear_backward(dy, x, w)",
    reference=on_torch(_linear_backward),
    parts=(Part("linear_backward", _linear_cases),),
    terms=lambda dy, x, w: max(*dy.shape, *x.shape),
    outputs=GRADIENTS,
    mistakes=(
        *ways(
            "transposed",
            "Your dw is transposed: it has the shape of w, (outputs, inputs).",
            LAYERS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw.T, db)),
        ),
        *ways(
            "transposed",
            "Your dx uses the transposed matrix: y = x wᵀ + b, so dx = dy w, without a transpose.",
            LAYERS,
            _linear(lambda dx, dw, db, dy, x, w: (dy @ w.T, dw, db)),
        ),
        *ways(
            "transposed",
            "You multiply by the upstream gradient without transposing it: dw = dyᵀ x sums over the batch.",
            LAYERS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dy @ x, db)),
        ),
        *ways(
            "batch_not_summed",
            "Your db still has the batch in it: the bias is shared by all samples, so sum dy over the batch.",
            BIAS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw, dy)),
        ),
        *ways(
            "wrong_axes_summed",
            "Your db sums over the outputs: sum dy over the batch, axis 0.",
            BIAS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw, dy.sum(1))),
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw, dy.sum())),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the batch: gradients add up. Where the loss is a mean, that is already in dy.",
            BIAS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw / len(x), db / len(x))),
        ),
        *ways(
            "only_first_sample",
            "Only the first sample counts in dw or db: sum over the whole batch.",
            BIAS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dy[:1].T @ x[:1], dy[0])),
        ),
        *ways(
            "only_last_sample",
            f"Only the last sample is left in dw or db: {ADD_DO_NOT_REPLACE}",
            BIAS,
            _linear(lambda dx, dw, db, dy, x, w: (dx, dy[-1:].T @ x[-1:], dy[-1])),
        ),
        *ways(
            "upstream_ignored",
            "The upstream gradient is missing: the chain rule multiplies every derivative by dy.",
            LAYERS,
            lambda dy, x, w: _linear_backward(dy * 0 + 1, x, w),
            _linear(lambda dx, dw, db, dy, x, w: (dx, dw, db * 0 + 1)),
        ),
        *ways(
            "results_swapped",
            "Your results are in another order: return dx, dw, db.",
            LAYERS,
            _linear(lambda dx, dw, db, dy, x, w: (dw, dx, db)),
            _linear(lambda dx, dw, db, dy, x, w: (dw, db, dx)),
        ),
        *ways("truncated_to_int", TRUNCATED, LAYERS, lambda dy, x, w: tuple(g.trunc() for g in _linear_backward(dy, x, w))),
    ),
)

# conv2d_backward; stride and padding are pairs in the functions below


def _conv2d_backward(dy, x, w, stride=(1, 1), padding=(0, 0)):
    from torch.nn.grad import conv2d_input, conv2d_weight

    dx = conv2d_input(x.shape, w, dy, stride, padding)
    return dx, conv2d_weight(x, w.shape, dy, stride, padding), dy.sum((0, 2, 3))


def _pair(value: Any) -> tuple[int, int]:
    return (int(value[0]), int(value[1])) if isinstance(value, (tuple, list)) else (int(value), int(value))


def _paired(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of pairs the signature of the exercise, where a pair may also be one number for both."""
    return lambda dy, x, w, stride=1, padding=0: function(dy, x, w, _pair(stride), _pair(padding))


def _wrong_dx(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in dx alone: `gradient(dy, x, w, stride, padding)`."""

    def made(dy, x, w, stride, padding):
        _, dw, db = _conv2d_backward(dy, x, w, stride, padding)
        return gradient(dy, x, w, stride, padding), dw, db

    return made


def _wrong_dw(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in dw alone: `gradient(dy, x, w, stride, padding)`."""

    def made(dy, x, w, stride, padding):
        dx, _, db = _conv2d_backward(dy, x, w, stride, padding)
        return dx, gradient(dy, x, w, stride, padding), db

    return made


def _dw_uncut(dy, x, stride, padding):
    """Correlate the input with dy, spread out by the stride, at all places where it fits."""
    import torch.nn.functional as F

    return F.conv2d(x.transpose(0, 1), dy.transpose(0, 1), padding=padding, dilation=stride).transpose(0, 1)


def _changed(change: Callable[..., tuple[Any, Any, Any]]) -> Callable[..., Any]:
    """Return a mistake that changes the right gradients: `change(dx, dw, db, dy)`."""
    return lambda dy, x, w, stride, padding: change(*_conv2d_backward(dy, x, w, stride, padding), dy)


def _dx_padded(dy, x, w, stride, padding):
    """Return the gradient of the padded input."""
    from torch.nn.grad import conv2d_input

    (n, c, height, width), (ph, pw) = x.shape, padding
    return conv2d_input((n, c, height + 2 * ph, width + 2 * pw), w, dy, stride, 0)


def _cropped(padded, x, padding):
    (ph, pw), (height, width) = padding, x.shape[2:]
    return padded[:, :, ph : ph + height, pw : pw + width]


def _cropped_by(crop: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in cutting off the border: `crop(padded, height, width, ph, pw)`."""
    return _wrong_dx(lambda dy, x, w, s, p: crop(_dx_padded(dy, x, w, s, p), *x.shape[2:], *p))


def _dx_with(kernel: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a mistake in the kernel that dx is made with."""
    return _wrong_dx(lambda dy, x, w, s, p: _conv2d_backward(dy, x, kernel(w), s, p)[0])


def _assigned(shares: Callable[..., Any], taps_outside: bool) -> Callable[..., Any]:
    """Return dx where shares that overlap replace each other, written window by window or tap by tap."""

    def made(dy, x, w, stride, padding):
        (sh, sw), (kh, kw), (rows, columns) = stride, w.shape[2:], dy.shape[2:]
        padded = x.new_zeros(*_dx_padded(dy, x, w, stride, padding).shape)
        if taps_outside:
            for r in range(kh):
                for c in range(kw):
                    share = shares(dy, w[:, :, r, c][:, :, None, None])[..., 0, 0]
                    padded[:, :, r : r + sh * rows : sh, c : c + sw * columns : sw] = share
        else:
            for i in range(rows):
                for j in range(columns):
                    padded[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw] = shares(dy[:, :, i : i + 1, j : j + 1], w)[
                        :, :, 0, 0
                    ]
        return _cropped(padded, x, padding)

    return made


def _all_channels(dy, w):
    """Return the shares (N, C, rows, columns, kh, kw), summed over the output channels."""
    import torch

    return torch.einsum("nkij,kcrt->ncijrt", dy, w)


def _last_channel(dy, w):
    return _all_channels(dy[:, -1:], w[-1:])


def _windows_of(x, w, stride, padding):
    """Return the windows (N, C, rows, columns, kh, kw) of the padded input."""
    import torch.nn.functional as F

    (sh, sw), (ph, pw) = stride, padding
    return F.pad(x, (pw, pw, ph, ph)).unfold(2, w.shape[2], sh).unfold(3, w.shape[3], sw)


def _dw_of_last_output(dy, x, w, stride, padding):
    import torch

    last = _windows_of(x, w, stride, padding)[:, :, -1, -1]
    return torch.einsum("nk,ncrt->nkcrt", dy[:, :, -1, -1], last)


def _stride_ignored(cropped: bool) -> Callable[..., Any]:
    """Return gradients of windows that are one apart; dx is as large as x, or as the windows reach."""

    def made(dy, x, w, stride, padding):
        import torch.nn.functional as F
        from torch.nn.grad import conv2d_input, conv2d_weight

        (n, c, height, width), (ph, pw), (kh, kw) = x.shape, padding, w.shape[2:]
        reached = (dy.shape[2] + kh - 1, dy.shape[3] + kw - 1)
        near = conv2d_input((n, c, *reached), w, dy)
        padded = x.new_zeros(n, c, max(reached[0], height + 2 * ph), max(reached[1], width + 2 * pw))
        padded[:, :, : reached[0], : reached[1]] = near
        dx = _cropped(padded, x, padding) if cropped else near[:, :, ph : reached[0] - ph, pw : reached[1] - pw]
        dw = conv2d_weight(F.pad(x, (pw, pw, ph, ph))[:, :, : reached[0], : reached[1]], w.shape, dy)
        return dx, dw, dy.sum((0, 2, 3))

    return made


def _reached_size(dy, w, stride):
    return [(d - 1) * s + k for d, s, k in zip(dy.shape[2:], stride, w.shape[2:], strict=True)]


def _remainder_cut(ends: Callable[..., tuple[int, int]]) -> Callable[..., Any]:
    """Return dx without the rows and columns that no window reaches; `ends` gives where it stops."""

    def made(dy, x, w, stride, padding):
        padded = _dx_padded(dy, x, w, stride, padding)
        (ph, pw), (rows, columns) = padding, _reached_size(dy, w, stride)
        bottom, right = ends(rows, columns, ph, pw)
        return padded[:, :, :rows, :columns][:, :, ph : min(ph + x.shape[2], bottom), pw : min(pw + x.shape[3], right)]

    return made


def _remainder_first(dy, x, w, stride, padding):
    """Put the rows and columns that no window reaches at the top and on the left."""
    padded = _dx_padded(dy, x, w, stride, padding)
    rows, columns = _reached_size(dy, w, stride)
    return _cropped(padded.roll((padded.shape[2] - rows, padded.shape[3] - columns), (2, 3)), x, padding)


def _of_samples(which: slice) -> Callable[..., Any]:
    """Return dw and db of some samples only."""

    def made(dy, x, w, stride, padding):
        dx, _, _ = _conv2d_backward(dy, x, w, stride, padding)
        return dx, *_conv2d_backward(dy[which], x[which], w, stride, padding)[1:]

    return made


def _per_sample(dy, x, w, stride, padding):
    import torch

    dx, _, _ = _conv2d_backward(dy, x, w, stride, padding)
    dw = [_conv2d_backward(dy[n : n + 1], x[n : n + 1], w, stride, padding)[1] for n in range(len(x))]
    return dx, torch.stack(dw), dy.sum((2, 3))


def _zero_at_end(values, axes):
    values = values.clone()
    for axis in axes:
        values.select(axis, -1).zero_()
    return values


def _last_outputs_missing(*axes: int) -> Callable[..., Any]:
    return lambda dy, x, w, s, p: _conv2d_backward(_zero_at_end(dy, axes), x, w, s, p)


def _last_taps_missing(*axes: int) -> Callable[..., Any]:
    def made(dy, x, w, stride, padding):
        _, dw, db = _conv2d_backward(dy, x, w, stride, padding)
        return _conv2d_backward(dy, x, _zero_at_end(w, axes), stride, padding)[0], _zero_at_end(dw, axes), db

    return made


def _cut_from_end(*axes: int) -> Callable[..., Any]:
    """Return dx cut off by `[p:-p]` along the axes: nothing is left where p is 0."""

    def made(dy, x, w, stride, padding):
        dx = _cropped(_dx_padded(dy, x, w, stride, padding), x, padding)
        for axis in axes:
            dx = dx if padding[axis - 2] else dx.narrow(axis, 0, 0)
        return dx

    return _wrong_dx(made)


def _db_over(*sums: tuple[int, ...]) -> tuple[Callable[..., Any], ...]:
    """Return mistakes in the axes over which db sums dy."""
    return tuple(_changed(lambda dx, dw, db, dy, axes=axes: (dx, dw, dy.sum(axes))) for axes in sums)


CONVOLUTION_MISTAKES = (
    (
        "kernel_not_flipped",
        "In dx your kernel is not flipped: an input meets the taps in reverse order as the window moves on over it.",
        INPUT,
        _dx_with(lambda w: w.flip(2, 3)),
    ),
    (
        "kernel_flipped",
        "Your dw is flipped: ∂L/∂w is a cross-correlation of x with dy, nothing is turned round.",
        KERNEL,
        _changed(lambda dx, dw, db, dy: (dx, dw.flip(2, 3), db)),
    ),
    (
        "kernel_flipped",
        "In dw the upstream gradient is flipped: it slides over x as it is, dy[i] meets the window of output i.",
        KERNEL,
        lambda dy, x, w, s, p: (
            *_conv2d_backward(dy, x, w, s, p)[:1],
            _conv2d_backward(dy.flip(2, 3), x, w, s, p)[1],
            dy.sum((0, 2, 3)),
        ),
    ),
    (
        "kernel_axes_swapped",
        "The first two axes are mixed up: w[k, c] leads from input channel c to output channel k, and dw has the same order.",
        CHANNELS,
        _changed(lambda dx, dw, db, dy: (dx, dw.transpose(0, 1), db)),
        _dx_with(lambda w: w.transpose(0, 1)),
    ),
    (
        "only_last_tap",
        f"In dx only one share is left where windows overlap: {ADD_DO_NOT_REPLACE}",
        INPUT,
        _wrong_dx(_assigned(_all_channels, False)),
        _wrong_dx(_assigned(_all_channels, True)),
        _wrong_dx(_assigned(_last_channel, False)),
        _wrong_dx(_assigned(_last_channel, True)),
    ),
    (
        "only_last_tap",
        f"In dw only the last output's share is left: {ADD_DO_NOT_REPLACE}",
        KERNEL,
        lambda dy, x, w, s, p: (
            *_conv2d_backward(dy, x, w, s, p)[:1],
            _dw_of_last_output(dy, x, w, s, p)[-1],
            dy[-1, :, -1, -1],
        ),
        lambda dy, x, w, s, p: (
            *_conv2d_backward(dy, x, w, s, p)[:1],
            _dw_of_last_output(dy, x, w, s, p).sum(0),
            dy[:, :, -1, -1].sum(0),
        ),
    ),
    (
        "only_last_tap",
        f"In dx and in dw only the last share is left: {ADD_DO_NOT_REPLACE}",
        KERNEL,
        lambda dy, x, w, s, p: (
            _assigned(_all_channels, False)(dy, x, w, s, p),
            _dw_of_last_output(dy, x, w, s, p)[-1],
            dy[-1, :, -1, -1],
        ),
        lambda dy, x, w, s, p: (
            _assigned(_last_channel, False)(dy, x, w, s, p),
            _dw_of_last_output(dy, x, w, s, p)[-1],
            dy[-1, :, -1, -1],
        ),
    ),
    (
        "only_last_kernel",
        "In dx only the share of the last output channel is left: add up the shares of all of them.",
        CHANNELS,
        _wrong_dx(lambda dy, x, w, s, p: _conv2d_backward(dy[:, -1:], x, w[-1:], s, p)[0]),
    ),
    (
        "only_first_kernel",
        "In dx only the share of the first output channel counts: add up the shares of all of them.",
        CHANNELS,
        _wrong_dx(lambda dy, x, w, s, p: _conv2d_backward(dy[:, :1], x, w[:1], s, p)[0]),
    ),
    (
        "only_last_sample",
        f"Only the last sample is left in dw or db: {ADD_DO_NOT_REPLACE}",
        CHANNELS,
        _of_samples(slice(-1, None)),
    ),
    (
        "only_first_sample",
        "Only the first sample counts in dw or db: every sample uses the same weights, so sum over the batch.",
        CHANNELS,
        _of_samples(slice(0, 1)),
    ),
    (
        "accumulator_not_reset",
        "In dx the samples before are still in your sum: every sample has a gradient of its own, which starts from zeros.",
        CHANNELS,
        _changed(lambda dx, dw, db, dy: (dx.cumsum(0), dw, db)),
    ),
    (
        "batch_not_summed",
        "The batch is not summed up in dw or db: they have the shapes of w and b, every sample adds to them.",
        CHANNELS,
        _per_sample,
    ),
    (
        "mean_not_sum",
        "You divide by the size of the batch: gradients add up over it. Where the loss is a mean, that is already in dy.",
        CHANNELS,
        _changed(lambda dx, dw, db, dy: (dx, dw / len(dy), db / len(dy))),
        _changed(lambda dx, dw, db, dy: (dx / len(dy), dw / len(dy), db / len(dy))),
    ),
    (
        "mean_not_sum",
        "You take a mean over the places: the chain rule adds up over all outputs, it does not divide by their number.",
        BIAS,
        _changed(lambda dx, dw, db, dy: (dx, dw / dy[:, 0].numel(), dy.mean((0, 2, 3)))),
        _changed(lambda dx, dw, db, dy: (dx, dw / dy[0, 0].numel(), dy.mean((2, 3)).sum(0))),
    ),
    (
        "upstream_ignored",
        "The upstream gradient is missing: the chain rule multiplies every derivative of an output by its dy.",
        GRAPH,
        lambda dy, x, w, s, p: _conv2d_backward(dy * 0 + 1, x, w, s, p),
        _changed(lambda dx, dw, db, dy: (dx, dw, db * 0 + 1)),
    ),
    (
        "results_swapped",
        "Your results are in another order: return dx, dw, db.",
        CHANNELS,
        _changed(lambda dx, dw, db, dy: (dw, dx, db)),
        _changed(lambda dx, dw, db, dy: (dw, db, dx)),
    ),
    (
        "padding_not_cropped",
        "Your dx is that of the padded input: cut the border off again, it belongs to no value of x.",
        STRIDE,
        _wrong_dx(_dx_padded),
    ),
    (
        "padding_one_side",
        "You cut the border off on one side only: there are `padding` zeros at each of the two ends of an axis.",
        STRIDE,
        _cropped_by(lambda padded, height, width, ph, pw: padded[:, :, :height, :width]),
        _cropped_by(lambda padded, height, width, ph, pw: padded[:, :, 2 * ph :, 2 * pw :]),
        _cropped_by(lambda padded, height, width, ph, pw: padded[:, :, ph:, pw:]),
        _cropped_by(lambda padded, height, width, ph, pw: padded[:, :, : height + ph, : width + pw]),
    ),
    (
        "stride_ignored",
        "The stride has no effect: the windows of two neighbours in dy are `stride` apart in x, yours are one apart.",
        STRIDE,
        _stride_ignored(True),
        _stride_ignored(False),
    ),
    (
        "remainder_forgotten",
        "Your dx lacks the last rows or columns, which no window reaches: they have the gradient 0, but they are part of x.",
        STRIDE,
        _wrong_dx(_remainder_cut(lambda rows, columns, ph, pw: (rows - ph, columns - pw))),
        _wrong_dx(_remainder_cut(lambda rows, columns, ph, pw: (rows, columns))),
    ),
    (
        "remainder_not_cut",
        "Your dw is too large where the stride leaves rows or columns over: they belong to taps that do not exist, cut them off.",
        STRIDE,
        _wrong_dw(lambda dy, x, w, s, p: _dw_uncut(dy, x, s, p)),
    ),
    (
        "remainder_not_cut",
        "Where the stride leaves rows or columns over, your dw has taps that do not exist: keep the first ones of each axis.",
        STRIDE,
        _wrong_dw(lambda dy, x, w, s, p: _dw_uncut(dy, x, s, p)[:, :, -w.shape[2] :, -w.shape[3] :]),
    ),
    (
        "padding_ignored",
        "In dw you use the input without its padding: the forward pass multiplied the weights with the padded input.",
        STRIDE,
        _wrong_dw(lambda dy, x, w, s, p: _dw_uncut(dy, x, s, (0, 0))[:, :, : w.shape[2], : w.shape[3]]),
    ),
    (
        "remainder_first",
        "The rows or columns that no window reaches are the last ones: in your dx they are the first.",
        STRIDE,
        _wrong_dx(_remainder_first),
    ),
    (
        "truncated_to_int",
        TRUNCATED,
        CHANNELS,
        _changed(lambda dx, dw, db, dy: (dx.trunc(), dw.trunc(), db.trunc())),
    ),
)
"""Name, sentence, section and ways of the mistakes that can be made in any number of dimensions."""

AXES_OF_DB = "Your db sums over other axes than those that share a bias: sum dy over batch and places, keep the channels."
CUT_FROM_END = "Your slice counts from the end, as in `[p:-p]`. For p = 0 that is `[0:0]`, which is empty: write "

TWO_DIMENSIONAL_MISTAKES = (
    ("wrong_axes_summed", AXES_OF_DB, BIAS, *_db_over((0,), (1,), (0, 1), (1, 2, 3), (0, 2), (0, 3), (0, 1, 2, 3))),
    ("slice_to_minus_zero", CUT_FROM_END + "`[ph : ph + H]`.", STRIDE, _cut_from_end(2, 3)),
    (
        "one_output_too_few",
        "The last row and column of outputs are left out: there are as many as dy has, and each counts.",
        CHANNELS,
        _last_outputs_missing(2, 3),
    ),
    (
        "last_tap_missing",
        "The last row and column of taps are left out: they have the indices kh − 1 and kw − 1.",
        CHANNELS,
        _last_taps_missing(2, 3),
    ),
    (
        "kernel_flipped_on_one_axis",
        "In dx your kernel is flipped along one axis only: turn it round in height and in width, `w[:, :, ::-1, ::-1]`.",
        INPUT,
        _dx_with(lambda w: w.flip(2)),
        _dx_with(lambda w: w.flip(3)),
    ),
    (
        "transposed_for_flipped",
        "In dx your kernel is transposed, height for width: it is turned round by half a turn, `w[:, :, ::-1, ::-1]`.",
        INPUT,
        _dx_with(lambda w: w.transpose(2, 3).flip(2, 3)),
        _dx_with(lambda w: w.transpose(2, 3)),
    ),
    (
        "height_width_swapped",
        "The two numbers of a pair are mixed up: the first one is for the height, the second one for the width.",
        STRIDE,
        lambda dy, x, w, s, p: _conv2d_backward(dy, x, w, s[::-1], p[::-1]),
    ),
    (
        "height_width_swapped",
        "Height and width are exchanged in your dw: its entry [k, c, r, t] belongs to row r and column t of the kernel.",
        KERNEL,
        _changed(lambda dx, dw, db, dy: (dx, dw.transpose(2, 3), db)),
    ),
    (
        "square_assumed",
        "You use one number of a pair for both axes: the first one is for the height, the second one for the width.",
        STRIDE,
        lambda dy, x, w, s, p: _conv2d_backward(dy, x, w, (s[0], s[0]), (p[0], p[0])),
        lambda dy, x, w, s, p: _conv2d_backward(dy, x, w, (s[1], s[1]), (p[1], p[1])),
    ),
)


def _conv2d_case(rng, x, w, stride=1, padding=0, note="", dtype="float64", contiguous=True, positional=False):
    """Draw a case for an input (N, C, H, W) and a kernel (K, kh, kw)."""
    draw = _drawing(rng, dtype, contiguous)
    (n, c, height, width), (k, kh, kw) = x, w
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    dy = draw(n, k, _count(height, kh, sh, ph), _count(width, kw, sw, pw))
    options = {name: value for name, value, default in (("stride", stride, 1), ("padding", padding, 0)) if value != default}
    arrays = (dy, draw(*x), draw(k, c, kh, kw))
    return Case((*arrays, stride, padding), note=note) if positional else Case(arrays, options, note=note)


BY_HAND = (
    np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]),
    np.array([[[[3.0, 1.0, 4.0], [2.0, 9.0, 5.0], [7.0, 6.0, 8.0]]]]),
    np.array([[[[2.0, 3.0], [5.0, 7.0]]]]),
)
"""An upstream gradient whose digits tell the outputs apart, an input and a kernel without a symmetry."""


def _conv2d_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    height, width = integer(rng, 5, 6), integer(rng, 7, 8)
    return [
        Case(BY_HAND, note="small enough to do by hand"),
        _conv2d_case(rng, (n, c, height, width), (k, 3, 2)),
        _conv2d_case(rng, (3, 4, 6, 5), (2, 3, 3), note="more channels in than out"),
        _conv2d_case(rng, (2, 3, 5, 6), (3, 2, 4), note="as many channels in as out"),
        _conv2d_case(rng, (2, 2, 5, 5), (3, 3, 3), note="square inputs and kernels"),
        _conv2d_case(rng, (1, 1, 6, 4), (3, 3, 3), note="a batch of one, with one input channel"),
        _conv2d_case(rng, (2, 2, 4, 3), (3, 4, 3), note="kernels as large as the input"),
        _conv2d_case(rng, (2, 3, 3, 5), (2, 1, 1), note="kernels of one tap"),
        _conv2d_case(rng, (2, 3, 5, 6), (2, 3, 2), note="inputs not contiguous in memory", contiguous=False),
        _conv2d_case(rng, (n, c, height, width), (k, 3, 3), note="float32", dtype="float32"),
    ]


def _conv2d_padded_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    height, width = integer(rng, 5, 6), integer(rng, 7, 8)
    by_hand = (
        np.array([[[[1.0, 10.0, 0.0, 2.0], [3.0, 100.0, 20.0, 0.0], [0.0, 5.0, 0.0, 30.0]]]]),
        np.array([[[[3.0, 1.0, 4.0], [2.0, 9.0, 5.0]]]]),
        np.array([[[[2.0, 3.0], [5.0, 7.0]]]]),
    )
    return [
        Case(by_hand, {"padding": 1}, note="small enough to do by hand"),
        _conv2d_case(rng, (n, c, height, width), (k, 3, 3), padding=1, note="padding that keeps the size"),
        _conv2d_case(rng, (2, 3, 4, 6), (2, 3, 5), padding=2, note="padding, kernels that are not square"),
        _conv2d_case(rng, (2, 2, 5, 4), (3, 2, 2), padding=3, note="padding wider than the kernels"),
        _conv2d_case(rng, (2, 2, 3, 2), (3, 4, 3), padding=1, note="kernels larger than the input without padding"),
        _conv2d_case(rng, (3, 2, 4, 5), (2, 1, 1), padding=1, note="kernels of one tap"),
        _conv2d_case(rng, (2, 3, 5, 4), (2, 3, 2), padding=1, note="inputs not contiguous in memory", contiguous=False),
        _conv2d_case(rng, (n, c, height, width), (k, 3, 3), padding=2, note="float32", dtype="float32"),
    ]


def _conv2d_strided_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        _conv2d_case(rng, (1, 1, 4, 6), (1, 2, 2), stride=2, note="windows side by side"),
        _conv2d_case(rng, (n, c, 7, 9), (k, 3, 3), stride=2, note="a stride that fits exactly"),
        _conv2d_case(rng, (n, c, 8, 6), (k, 3, 3), stride=2, note="a stride that leaves a row and a column over"),
        _conv2d_case(rng, (2, 3, 9, 10), (2, 2, 4), stride=3, note="a stride longer than the kernels are high"),
        _conv2d_case(rng, (3, 3, 7, 8), (3, 4, 3), stride=2, padding=1, note="stride and padding"),
        _conv2d_case(rng, (2, 2, 8, 11), (3, 3, 5), stride=3, padding=2, note="stride and padding that leave rows over"),
        _conv2d_case(rng, (2, 2, 4, 5), (3, 3, 2), stride=7, note="a stride so long that there is one output"),
        _conv2d_case(rng, (2, 3, 5, 6), (2, 1, 1), stride=2, note="kernels of one tap"),
        _conv2d_case(rng, (2, 3, 6, 7), (2, 3, 2), stride=2, note="inputs not contiguous in memory", contiguous=False),
        _conv2d_case(rng, (n, c, 9, 8), (k, 3, 3), stride=2, padding=1, note="float32", dtype="float32"),
    ]


def _conv2d_pairs_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        _conv2d_case(rng, (n, c, 6, 7), (k, 3, 3), stride=(2, 2), padding=(1, 1), note="pairs of equal numbers"),
        _conv2d_case(rng, (n, c, 7, 6), (k, 3, 2), stride=(2, 1), note="a stride in height only"),
        _conv2d_case(rng, (2, 2, 6, 9), (3, 2, 3), stride=(1, 3), note="a stride in width only"),
        _conv2d_case(rng, (2, 3, 6, 5), (2, 3, 3), padding=(2, 0), note="padding at top and bottom only"),
        _conv2d_case(rng, (2, 3, 5, 6), (2, 2, 5), padding=(0, 2), note="padding on the left and right only"),
        _conv2d_case(rng, (2, 2, 6, 6), (3, 3, 3), stride=(2, 3), note="two strides that give as many rows as columns"),
        _conv2d_case(
            rng, (2, 2, 8, 8), (2, 3, 3), stride=5, padding=(2, 0), note="two paddings that give as many rows as columns"
        ),
        _conv2d_case(rng, (2, 2, 7, 7), (3, 3, 3), stride=(2, 3), padding=(1, 2), note="square inputs and kernels"),
        _conv2d_case(rng, (2, 2, 8, 10), (3, 3, 2), stride=(3, 2), padding=(1, 0), note="pairs by position", positional=True),
    ]


def _conv2d_sizes(rng):
    one = _conv2d_case(rng, (1, 1, 6, 7), (1, 3, 2), padding=1)
    return one, _conv2d_case(rng, (1, 1, 18, 20), (1, 3, 2), padding=1)


def _conv2d_fast_cases(rng):
    return [
        _conv2d_case(rng, (2, 3, 7, 6), (4, 3, 2)),
        _conv2d_case(rng, (2, 4, 8, 9), (3, 3, 3), stride=2, padding=1),
        _conv2d_case(rng, (2, 3, 6, 8), (2, 2, 3), padding=1, dtype="float32"),
    ]


def _conv2d_errors(rng):
    c, height = integer(rng, 2, 4), integer(rng, 5, 7)
    x, w = normal(rng, 2, c, height, 6), normal(rng, 3, c, 3, 2)
    dy = normal(rng, 2, 3, height - 2, 5)
    return [
        Case((normal(rng, 2, 3, height, 6), x, w), note="an upstream gradient as large as the input", raises=ValueError),
        Case((normal(rng, 2, 4, height - 2, 5), x, w), note="an upstream gradient with a channel too many", raises=ValueError),
        Case(
            (normal(rng, 1, 3, height - 2, 5), x, w),
            note="an upstream gradient of one sample, an input of two",
            raises=ValueError,
        ),
        Case((dy, x, w), {"stride": 2}, note="an upstream gradient that belongs to another stride", raises=ValueError),
        Case((dy, x, w), {"padding": 1}, note="an upstream gradient that belongs to another padding", raises=ValueError),
        Case((dy, x, normal(rng, 3, c + 1, 3, 2)), note="kernels with more channels than the input", raises=ValueError),
        Case(
            (normal(rng, 2, 3, 1, 1), x, normal(rng, 3, c, height + 3, 2)),
            {"padding": 1},
            note="kernels larger than the padded input",
            raises=ValueError,
        ),
        Case((dy, x, w), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((dy, x, w), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((dy, x, w), note="shapes that fit, which is possible", only_returns=True),
        Case(
            (normal(rng, 2, 3, 1, 1), x, normal(rng, 3, c, height + 2, 8)),
            {"padding": 1},
            note="kernels as large as the padded input, which is possible",
            only_returns=True,
        ),
    ]


def _met(place: int, size: int, padding: int, stride: int, outputs: int) -> slice:
    """Return the outputs whose window covers a place, one axis at a time."""
    first = max(0, -((size - 1 - place - padding) // stride))
    return slice(first, min((place + padding) // stride, outputs - 1) + 1)


def _conv2d_window(index, dy, x, w, stride=1, padding=0):
    where, *place = index
    if where == "db":
        return [(f"dy[:, {place[0]}]", dy[:, place[0]])]
    (sh, sw), (ph, pw) = _pair(stride), _pair(padding)
    if where == "dw":
        k, c, r, t = place
        return [
            (f"dy[:, {k}]", dy[:, k]),
            (f"w[{k}, {c}, {r}, {t}] meets, in the padded x[:, {c}]", f"rows {r}, {r + sh}, …, columns {t}, {t + sw}, …"),
        ]
    n, c, i, j = place
    rows, columns = _met(i, w.shape[2], ph, sh, dy.shape[2]), _met(j, w.shape[3], pw, sw, dy.shape[3])
    label = f"outputs that x[{n}, {c}, {i}, {j}] enters, dy[{n}, :, {rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"
    return [(label, dy[n, :, rows, columns]), (f"w[:, {c}]", w[:, c])]


def _conv2d_terms(dy, x, w, stride=1, padding=0):
    return max(dy.size // dy.shape[1], w.size // w.shape[1])


CONV2D_BACKWARD = Exercise(
    name="conv2d_backward",
    signature="conv2d_backward(dy, x, w, stride=1, padding=0)",
    reference=on_torch(_paired(_conv2d_backward)),
    parts=(
        Part("conv2d_backward", _conv2d_cases),
        Part("conv2d_backward_padded", _conv2d_padded_cases),
        Part("conv2d_backward_strided", _conv2d_strided_cases),
        Part("conv2d_backward_pairs", _conv2d_pairs_cases),
        Part("conv2d_backward_fast", _conv2d_fast_cases, _conv2d_sizes),
        Part("conv2d_backward_errors", _conv2d_errors),
    ),
    terms=_conv2d_terms,
    outputs=GRADIENTS,
    window=_conv2d_window,
    mistakes=tuple(
        mistake
        for name, says, see, *functions in (*CONVOLUTION_MISTAKES, *TWO_DIMENSIONAL_MISTAKES)
        for mistake in ways(name, says, see, *map(_paired, functions))
    ),
)

# conv1d_batch_backward: the gradients above with a height of one


def _in_one_dimension(function: Callable[..., Any]) -> Callable[..., Any]:
    def made(dy, x, w, stride=1, padding=0):
        dx, dw, db = function(dy[:, :, None], x[:, :, None], w[:, :, None], (1, stride), (0, padding))
        return _flattened(dx), _flattened(dw), _flattened(db)

    return made


def _flattened(gradient):
    return gradient.squeeze(-2) if gradient.ndim > 2 else gradient


def _batch_backward_case(rng, x, w, stride=1, padding=0, note="", dtype="float64", contiguous=True):
    """Draw a case for an input (N, C, L) and a kernel (K, n)."""
    draw = _drawing(rng, dtype, contiguous)
    (n, c, length), (k, taps) = x, w
    dy = draw(n, k, _count(length, taps, stride, padding))
    options = {name: value for name, value, default in (("stride", stride, 1), ("padding", padding, 0)) if value != default}
    return Case((dy, draw(*x), draw(k, c, taps)), options, note=note)


def _batch_backward_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (np.array([[[1.0, 10.0, 100.0]]]), np.array([[[3.0, 1.0, 4.0, 2.0]]]), np.array([[[2.0, 5.0]]]))
    return [
        Case(by_hand, note="small enough to do by hand"),
        _batch_backward_case(rng, (n, c, 9), (k, 3)),
        _batch_backward_case(rng, (3, 4, 8), (2, 4), note="more channels in than out"),
        _batch_backward_case(rng, (2, 3, 7), (3, 3), note="as many channels in as out"),
        _batch_backward_case(rng, (2, 2, 5), (3, 5), note="signal and kernels equally long"),
        _batch_backward_case(rng, (2, 3, 6), (2, 1), note="kernels of one tap"),
        _batch_backward_case(rng, (2, 3, 7), (2, 3), note="inputs not contiguous in memory", contiguous=False),
        _batch_backward_case(rng, (n, c, 9), (k, 3), note="float32", dtype="float32"),
    ]


def _batch_backward_strided_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        _batch_backward_case(rng, (n, c, 8), (k, 3), padding=1, note="padding that keeps the length"),
        _batch_backward_case(rng, (2, 2, 4), (3, 5), padding=3, note="kernels longer than the signal without padding"),
        _batch_backward_case(rng, (n, c, 9), (k, 3), stride=2, note="a stride that fits exactly"),
        _batch_backward_case(rng, (n, c, 10), (k, 3), stride=2, note="a stride that leaves a value over"),
        _batch_backward_case(rng, (2, 3, 12), (2, 2), stride=3, note="a stride longer than the kernels"),
        _batch_backward_case(rng, (2, 3, 11), (3, 4), stride=3, padding=2, note="stride and padding"),
        _batch_backward_case(rng, (2, 2, 9), (3, 4), stride=2, padding=1, note="stride and padding that leave a value over"),
        _batch_backward_case(rng, (n, c, 10), (k, 3), stride=2, padding=1, note="float32", dtype="float32"),
    ]


def _batch_backward_errors(rng):
    c, length = integer(rng, 2, 4), integer(rng, 7, 9)
    x, w = normal(rng, 2, c, length), normal(rng, 3, c, 3)
    dy = normal(rng, 2, 3, length - 2)
    return [
        Case((normal(rng, 2, 3, length), x, w), note="an upstream gradient as long as the input", raises=ValueError),
        Case((normal(rng, 2, 3, length - 3), x, w), note="an upstream gradient with one value too few", raises=ValueError),
        Case((normal(rng, 2, 4, length - 2), x, w), note="an upstream gradient with a channel too many", raises=ValueError),
        Case((dy[:1], x, w), note="an upstream gradient of one sample, an input of two", raises=ValueError),
        Case((dy, x, w), {"stride": 2}, note="an upstream gradient that belongs to another stride", raises=ValueError),
        Case((dy, x, w), {"padding": 1}, note="an upstream gradient that belongs to another padding", raises=ValueError),
        Case((dy, x, w), note="shapes that fit, which is possible", only_returns=True),
    ]


def _batch_backward_window(index, dy, x, w, stride=1, padding=0):
    where, *place = index
    if where == "db":
        return [(f"dy[:, {place[0]}]", dy[:, place[0]])]
    if where == "dw":
        k, c, tap = place
        reads = f"from index {tap} on, every {stride}" if stride > 1 else f"from index {tap} on"
        return [(f"dy[:, {k}]", dy[:, k]), (f"w[{k}, {c}, {tap}] meets, in the padded x[:, {c}], the values", reads)]
    n, c, i = place
    met = _met(i, w.shape[2], padding, stride, dy.shape[2])
    return [(f"outputs that x[{n}, {c}, {i}] enters, dy[{n}, :, {met.start}:{met.stop}]", dy[n, :, met]), (f"w[:, {c}]", w[:, c])]


ONE_DIMENSIONAL_MISTAKES = (
    ("wrong_axes_summed", AXES_OF_DB, BIAS, *_db_over((0,), (1,), (0, 1, 2), (1, 2, 3), (0, 1, 2, 3))),
    ("slice_to_minus_zero", CUT_FROM_END + "`[p : p + L]`.", STRIDE, _cut_from_end(3)),
    (
        "one_output_too_few",
        "The last output is left out: there are as many as dy has, and each counts.",
        CHANNELS,
        _last_outputs_missing(3),
    ),
    ("last_tap_missing", "The last tap is left out: it has the index n − 1.", CHANNELS, _last_taps_missing(3)),
)

CONV1D_BATCH_BACKWARD = Exercise(
    name="conv1d_batch_backward",
    signature="conv1d_batch_backward(dy, x, w, stride=1, padding=0)",
    reference=on_torch(_in_one_dimension(_conv2d_backward)),
    parts=(
        Part("conv1d_batch_backward", _batch_backward_cases),
        Part("conv1d_batch_backward_strided", _batch_backward_strided_cases),
        Part("conv1d_batch_backward_errors", _batch_backward_errors),
    ),
    terms=_conv2d_terms,
    outputs=GRADIENTS,
    window=_batch_backward_window,
    mistakes=tuple(
        mistake
        for name, says, see, *functions in (*CONVOLUTION_MISTAKES, *ONE_DIMENSIONAL_MISTAKES)
        for mistake in ways(name, says, see, *map(_in_one_dimension, functions))
    ),
)

# Conv2d: a torch.autograd.Function

CONVOLUTIONS_OF_TORCH = (
    *(f"torch.{name}{d}d" for name in ("conv", "conv_transpose") for d in (1, 2, 3)),
    "torch.convolution",
    "torch.nn.modules.conv",
    "torch.nn.grad",
    "torch.ops",
)
DIFFERENTIATION_OF_TORCH = ("torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional", "torch.func")


def _conv2d(x, w, b, stride, padding):
    import torch.nn.functional as F

    return F.conv2d(x, w, b, stride, padding)


def _function(x, w, b, stride, padding, gradient=None, check="", penalty=False):
    """Return what Conv2d gives: the output, its gradients, the gradients of those, or whether gradcheck is content."""
    if check:
        return True
    if gradient is None:
        return _conv2d(x, w, b, stride, padding)
    if penalty:
        return probes.second_gradients(_conv2d, x, w, b, stride, padding, gradient)
    dx, dw, db = _conv2d_backward(gradient, x, w, _pair(stride), _pair(padding))
    return dx, dw, None if b is None else db


def _tensors(rng, x, w, bias=True, dtype="float64"):
    """Draw the tensors x (N, C, H, W), w (K, C, kh, kw) and b, or None for it, as leaves that ask for a gradient."""
    import torch

    arrays = [_numbers(rng, *shape) for shape in (x, (w[0], x[1], *w[1:]), w[:1])]
    tensors = [torch.tensor(array, dtype=getattr(torch, dtype), requires_grad=True) for array in arrays]
    return tensors[0], tensors[1], tensors[2] if bias else None


def _function_case(rng, x, w, stride, padding, note="", bias=True, dtype="float64", **options):
    """Draw a call of Conv2d; with `backward`, also an upstream gradient for it."""
    import torch

    tensors = _tensors(rng, x, w, bias, dtype)
    if options.pop("backward", False) or options.get("penalty"):
        shape = (x[0], w[0], _count(x[2], w[1], stride, padding), _count(x[3], w[2], stride, padding))
        options["gradient"] = torch.tensor(2 * normal(rng, *shape), dtype=tensors[0].dtype)
    return Case((*tensors, stride, padding), options, note=note)


def _function_cases(**options: Any) -> Callable[..., list[Case]]:
    def cases(rng):
        n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
        height, width = integer(rng, 5, 6), integer(rng, 7, 8)
        changed = "x and w changed in place after the forward pass, which torch must notice"

        def drawn(*args, **more):
            return _function_case(rng, *args, **more, **options)

        return [
            drawn((1, 1, 3, 4), (1, 2, 2), 1, 0, "one channel, without bias", bias=False),
            drawn((n, c, height, width), (k, 3, 2), 1, 0),
            drawn((n, c, height, width), (k, 3, 3), 1, 0, "no bias", bias=False),
            drawn((2, 3, 5, 6), (3, 2, 2), 1, 0, "as many channels in as out"),
            drawn((2, 3, 4, 6), (2, 3, 5), 1, 2, "padding, kernels that are not square"),
            drawn((n, c, 8, 7), (k, 3, 2), 2, 0, "a stride that leaves a row and a column over"),
            drawn((2, 2, 8, 11), (3, 3, 5), 3, 2, "stride and padding"),
            drawn((2, 3, 5, 4), (2, 1, 1), 1, 0, "kernels of one tap"),
            drawn((n, c, 7, 8), (k, 3, 3), 2, 1, "float32", dtype="float32"),
            *([_function_case(rng, (2, 2, 4, 5), (3, 2, 2), 1, 0, changed, check="saved")] if "backward" in options else []),
        ]

    return cases


def _gradcheck_cases(rng):
    return [
        _function_case(rng, (2, 2, 4, 3), (3, 2, 2), 1, 0, check="gradcheck"),
        _function_case(rng, (1, 2, 5, 4), (2, 3, 2), 2, 1, "stride and padding", check="gradcheck"),
        _function_case(rng, (2, 1, 4, 5), (2, 2, 3), 1, 1, "no bias", bias=False, check="gradcheck"),
    ]


def _penalty_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    what = "the gradients, by x, w and dy, of the sum of all squared gradients"
    return [
        _function_case(rng, (n, c, 5, 6), (k, 3, 2), 1, 0, what, penalty=True),
        _function_case(rng, (2, 3, 6, 5), (2, 3, 3), 2, 1, f"{what}; stride and padding", penalty=True),
        _function_case(rng, (2, 2, 4, 5), (3, 2, 2), 1, 1, f"{what}; no bias", bias=False, penalty=True),
    ]


def _forward_mistake(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in the output; the gradients are right."""

    def made(x, w, b, stride, padding, gradient=None, check="", penalty=False):
        if check or penalty or gradient is not None:
            return _function(x, w, b, stride, padding, gradient, check, penalty)
        return forward(x, w, b, stride, padding)

    return made


def _backward_mistake(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in the gradients; the output is right, and gradcheck raises."""

    def made(x, w, b, stride, padding, gradient=None, check="", penalty=False):
        if check == "saved":
            return True
        if check or penalty:
            raise ValueError
        if gradient is None:
            return _conv2d(x, w, b, stride, padding)
        dx, dw, db = backward(gradient, x, w, _pair(stride), _pair(padding))
        return dx, dw, None if b is None else db

    return made


def _both_mistake(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mistake in the output that the gradients follow."""

    def made(x, w, b, stride, padding, gradient=None, check="", penalty=False):
        if gradient is None and not check:
            return forward(x, w, b, stride, padding)
        return _backward_mistake(backward)(x, w, b, stride, padding, gradient, check, penalty)

    return made


def _columns_constant(x, w, b, stride, padding, gradient=None, check="", penalty=False):
    """Return second gradients where the columns of x were saved, so that no path leads from them back to x."""
    result = _function(x, w, b, stride, padding, gradient, check, penalty)
    if penalty:
        result[: x.numel()] = 0
    return result


def _nothing_to_follow(x, w, b, stride, padding, gradient=None, check="", penalty=False):
    """Return second gradients where the first ones depend on nothing that torch knows."""
    result = _function(x, w, b, stride, padding, gradient, check, penalty)
    return 0 * result if penalty else result


def _saved_on_ctx(x, w, b, stride, padding, gradient=None, check="", penalty=False):
    """Return what is right, but do not notice that saved arguments have changed."""
    return check != "saved" and _function(x, w, b, stride, padding, gradient, check, penalty)


def _bias_assumed(x, w, b, stride, padding, **options):
    if b is None:
        raise ValueError
    return _function(x, w, b, stride, padding, **options)


def _flattened_wrongly(x, w, b, stride, padding):
    """Keep the places last and the channels first in memory, but give them the shape (N, K, H', W')."""
    y = _conv2d(x, w, b, stride, padding)
    return y.permute(0, 2, 3, 1).reshape(y.shape)


def _unbiased(x, w, b, stride, padding):
    return _conv2d(x, w, None, stride, padding)


def _swapped_size(x, w, b, stride, padding):
    y = _conv2d(x, w, b, stride, padding)
    return y.reshape(*y.shape[:2], y.shape[3], y.shape[2])


def _rolled_places(dy):
    return dy.permute(0, 2, 3, 1).reshape(dy.shape)


MISTAKES_OF_ITS_BACKWARD = (
    "kernel_not_flipped",
    "kernel_flipped",
    "only_first_sample",
    "only_last_sample",
    "mean_not_sum",
    "upstream_ignored",
)


def _repeat(options):
    if options.get("check") == "saved":
        return "Conv2d.apply(*args)"
    if options.get("check"):
        return "torch.autograd.gradcheck(Conv2d.apply, args)"
    if options.get("penalty"):
        return "torch.autograd.gradgradcheck(Conv2d.apply, args)"
    return "Conv2d.apply(*args).backward(**options)" if options else "Conv2d.apply(*args)"


CONV2D = Exercise(
    name="Conv2d",
    signature="Conv2d.apply(x, w, b, stride, padding)",
    reference=on_torch(_function),
    parts=(
        Part("Conv2d", _function_cases()),
        Part("Conv2d_backward", _function_cases(backward=True)),
        Part("Conv2d_gradcheck", _gradcheck_cases),
        Part("Conv2d_twice", _penalty_cases),
    ),
    forbids=(*CONVOLUTIONS_OF_TORCH, *DIFFERENTIATION_OF_TORCH, "cnnkit.exercises"),
    terms=lambda x, w, b, stride, padding, **options: 8 * max(x.numel() // x.shape[1], w.numel()),
    outputs=GRADIENTS,
    probe="apply_function",
    repeat=_repeat,
    mistakes=(
        *ways(
            "bias_forgotten",
            "The bias is missing in the output: add b[k] to every value of output channel k.",
            FUNCTION,
            _forward_mistake(_unbiased),
        ),
        *ways(
            "kernel_flipped",
            "Your output is a true convolution: the kernel is flipped. What networks call convolution is not.",
            FUNCTION,
            _both_mistake(
                lambda x, w, b, s, p: _conv2d(x, w.flip(2, 3), b, s, p),
                lambda dy, x, w, s, p: _flipped_gradients(dy, x, w, s, p),
            ),
            _forward_mistake(lambda x, w, b, s, p: _conv2d(x, w.flip(2, 3), b, s, p)),
        ),
        *ways(
            "output_axes_mixed",
            "The values are right, but they stand in the wrong places: `reshape` does not move axes, transpose them first.",
            FUNCTION,
            _forward_mistake(_flattened_wrongly),
        ),
        *ways(
            "height_width_swapped",
            "Height and width of your output are swapped: its shape is (N, K, H', W').",
            FUNCTION,
            _forward_mistake(_swapped_size),
        ),
        *ways(
            "padding_ignored",
            "The padding has no effect: hand it on to unfold.",
            FUNCTION,
            _forward_mistake(lambda x, w, b, s, p: _conv2d(x, w, b, s, 0)),
        ),
        *ways(
            "stride_ignored",
            "The stride has no effect: hand it on to unfold.",
            FUNCTION,
            _forward_mistake(lambda x, w, b, s, p: _conv2d(x, w, b, 1, p)),
        ),
        *(
            mistake
            for name, says, see, *functions in CONVOLUTION_MISTAKES
            if name in MISTAKES_OF_ITS_BACKWARD
            for mistake in ways(name, says, see, *map(_backward_mistake, functions))
        ),
        *ways(
            "output_axes_mixed",
            "In the backward pass the values of dy are in the wrong places: flatten them as the forward pass laid them out.",
            FUNCTION,
            _backward_mistake(lambda dy, x, w, s, p: _conv2d_backward(_rolled_places(dy), x, w, s, p)),
        ),
        *ways(
            "intermediate_saved",
            "You saved a result on the way: torch differentiates twice through saved inputs and outputs only, so save x and w.",
            FUNCTION,
            _columns_constant,
        ),
        Mistake(
            "saved_on_ctx",
            "You keep x or w as an attribute of ctx: if they change before the backward pass, nobody notices, and the gradients "
            "are wrong. `ctx.save_for_backward(x, w)` lets torch raise an error.",
            FUNCTION,
            on_torch(_saved_on_ctx),
        ),
        *ways(
            "graph_cut",
            "Your backward pass leaves torch's graph (detach, no_grad, .data or NumPy), so it cannot be differentiated again.",
            FUNCTION,
            _nothing_to_follow,
        ),
        *ways(
            "bias_assumed",
            "b may be None: then nothing is added to the output, and the gradient to return for it is None.",
            FUNCTION,
            _bias_assumed,
        ),
    ),
)


def _flipped_gradients(dy, x, w, stride, padding):
    dx, dw, db = _conv2d_backward(dy, x, w.flip(2, 3), stride, padding)
    return dx, dw.flip(2, 3), db


EXERCISES = (
    DERIVE_INPUTS_OF,
    DERIVE_OUTPUTS_OF,
    DERIVE_DY_DW,
    DERIVE_DW1,
    DERIVE_DX,
    NUMERICAL_GRADIENT,
    RELATIVE_ERROR,
    CONV1D_BACKWARD,
    RELU_BACKWARD,
    LINEAR_BACKWARD,
    CONV1D_BATCH_BACKWARD,
    CONV2D_BACKWARD,
    CONV2D,
)
