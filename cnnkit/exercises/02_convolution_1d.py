"""Topic 02: convolution of signals."""

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Part
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.reference import on_torch, ways

# Headings of lecture 02.
SLIDING, OUTPUTS, SMOOTHING = "The sliding dot product", "How many outputs?", "Smoothing the sensor"
PADDING, FLIP = "Edges and padding", "Flip, or no flip?"
MATRIX, FOURIER = "Convolution is a matrix product", "The convolution theorem"
LAYER, STRIDE = "What a `Conv1d` layer adds", "Stride"

WRONG_DTYPE_TRUNCATES = (
    "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x."
)


def _correlate(x, w):
    """Slide w over x, both one-dimensional tensors, with no padding."""
    import torch.nn.functional as F

    return F.conv1d(x[None, None], w[None, None])[0, 0]


RETURNED_TOO_EARLY = "Your function returns inside the loop, in its first round: the `return` must stand behind the loop."


def _zeros_around(x, left, right):
    import torch.nn.functional as F

    return F.pad(x, (left, right))


def _without_tap(w, tap):
    w = w.clone()
    w[..., tap] = 0
    return w


def _only_tap(w, tap):
    """Return a kernel of which all taps but one are zero."""
    import torch

    kept = torch.zeros_like(w)
    kept[..., tap] = w[..., tap]
    return kept


def _only_first(y):
    """Keep the first entry or row of a result whose rest was never written."""
    kept = y.clone()
    kept[1:] = 0
    return kept


def _signal(rng, m, dtype="float64"):
    """Draw a signal large enough that its fractions are not all there is to it."""
    return (4 * normal(rng, m)).astype(dtype)


# conv1d


def _conv1d_cases(rng):
    m, n = integer(rng, 9, 16), integer(rng, 3, 5)
    return [
        Case((np.array([1.0, 2.0, 4.0, 7.0, 11.0]), np.array([1.0, 0.0, -2.0])), note="small enough to do by hand"),
        Case((_signal(rng, m), normal(rng, n))),
        Case((_signal(rng, m + 1), normal(rng, 4)), note="an even number of taps"),
        Case((_signal(rng, 7), normal(rng, 7)), note="signal and kernel equally long"),
        Case((_signal(rng, 6), normal(rng, 1)), note="a kernel of one tap"),
        Case((strided(rng, 11), strided(rng, 3)), note="inputs that are not contiguous in memory"),
        Case((_signal(rng, m, "float32"), normal(rng, n, dtype="float32")), note="float32"),
    ]


def _conv1d_errors(rng):
    m = integer(rng, 3, 5)
    return [
        Case((normal(rng, m), normal(rng, m + 1)), note="a kernel one tap longer than the signal", raises=ValueError),
        Case((normal(rng, m), normal(rng, m + 3)), note="a kernel much longer than the signal", raises=ValueError),
        Case((normal(rng, m), normal(rng, m)), note="a kernel as long as the signal, which is possible", only_returns=True),
    ]


def _conv1d_window(index, x, w):
    i = index[0]
    return [(f"x[{i}:{i + len(w)}]", x[i : i + len(w)]), ("w", w)]


def _reading_backwards(x, w):
    """Sum x[i − k]·w[k] in Python, where a negative index counts from the end."""
    shifted = [x.roll(k) * w[k] for k in range(len(w))]
    return sum(shifted)[: len(x) - len(w) + 1]


def _last_not_written(x, w):
    return _zeros_around(_correlate(x, w)[:-1], 0, 1)


def _window_not_moved(x, w):
    """Multiply x[k] by w[k] in every round, so that every output is the first."""
    y = _correlate(x, w)
    return y[:1].expand(y.shape)


def _only_last_written(x, w):
    y = _correlate(x, w)
    return _zeros_around(y[-1:], len(y) - 1, 0)


def _ended_at_n(x, w):
    """Multiply x[i:n] by w in every round, which raises wherever the shorter slice cannot be broadcast."""
    y = x.new_zeros(len(x) - len(w) + 1)
    for i in range(len(y)):
        y[i] = (x[i : len(w)] * w).sum()
    return y


def _truncated_at_every_tap(x, w):
    y = 0
    for k in range(len(w)):
        y = (y + x[k : len(x) - len(w) + k + 1] * w[k]).trunc()
    return y


CONV1D = Exercise(
    name="conv1d",
    signature="conv1d(x, w)",
    reference=on_torch(_correlate),
    parts=(Part("conv1d", _conv1d_cases), Part("conv1d_errors", _conv1d_errors)),
    terms=lambda x, w: len(w),
    window=_conv1d_window,
    mistakes=(
        *ways(
            "kernel_flipped",
            "Your kernel is flipped: its first tap multiplies the last value of the window. That is true convolution.",
            FLIP,
            lambda x, w: _correlate(x, w.flip(0)),
        ),
        *ways(
            "index_minus_for_plus",
            "You read x[i − k] where x[i + k] is meant: the window begins at i and reaches forwards.",
            SLIDING,
            _reading_backwards,
            lambda x, w: _correlate(_zeros_around(x, len(w) - 1, 0), w.flip(0))[: len(x) - len(w) + 1],
        ),
        *ways(
            "slice_end_not_moved",
            "Your slice ends at n in every round: it must end at i + n.",
            SLIDING,
            _ended_at_n,
        ),
        *ways(
            "one_output_too_few",
            "One output is missing: the window fits m − n + 1 times, so i runs from 0 to m − n, both included.",
            OUTPUTS,
            lambda x, w: _correlate(x, w)[:-1],
            lambda x, w: _correlate(x, w)[1:],
        ),
        *ways(
            "one_output_too_few",
            "Your last output is left as it was at the beginning: i runs from 0 to m − n, both included.",
            OUTPUTS,
            _last_not_written,
        ),
        *ways(
            "window_not_moved",
            "All your outputs are the first one, because every round reads the same values: window i begins at x[i].",
            SLIDING,
            _window_not_moved,
        ),
        *ways(
            "only_last_output",
            "Only your last output is set: the line that writes y[i] must stand inside the loop over i.",
            SLIDING,
            _only_last_written,
        ),
        *ways(
            "one_output_too_many",
            "There is one output too many: the window fits m − n + 1 times; once more and it hangs over the end of x.",
            OUTPUTS,
            lambda x, w: _correlate(_zeros_around(x, 0, 1), w),
            lambda x, w: _zeros_around(_correlate(x, w), 0, 1),
        ),
        *ways(
            "same_for_valid",
            "Your result is as long as the signal, because zeros were added at its edges: conv1d uses only windows that fit.",
            PADDING,
            lambda x, w: _correlate(_zeros_around(x, (len(w) - 1) // 2, len(w) // 2), w),
            lambda x, w: _correlate(_zeros_around(x, len(w) // 2, (len(w) - 1) // 2), w),
            lambda x, w: _correlate(_zeros_around(x, len(w) - 1, 0), w),
            lambda x, w: _correlate(_zeros_around(x, 0, len(w) - 1), w),
            lambda x, w: _zeros_around(_correlate(x, w), 0, len(w) - 1),
        ),
        *ways(
            "full_for_valid",
            "Your result has m + n − 1 values: it counts windows that hang over the edges. conv1d uses only windows that fit.",
            OUTPUTS,
            lambda x, w: _correlate(_zeros_around(x, len(w) - 1, len(w) - 1), w),
            lambda x, w: _correlate(_zeros_around(x, len(w) - 1, len(w) - 1), w.flip(0)),
        ),
        *ways(
            "last_tap_missing",
            "The last tap of the kernel is never used: k runs from 0 to n − 1, both included.",
            SLIDING,
            lambda x, w: _correlate(x, _without_tap(w, -1)),
        ),
        *ways(
            "first_tap_missing",
            "The first tap of the kernel is never used: k runs from 0, not from 1.",
            SLIDING,
            lambda x, w: _correlate(x, _without_tap(w, 0)),
        ),
        *ways(
            "products_not_summed",
            "Your result keeps the products of every window apart: each output is their sum, one number.",
            SLIDING,
            lambda x, w: x.unfold(0, len(w), 1) * w,
        ),
        *ways(
            "only_last_tap",
            "Only the last product is left: every product replaces the one before, where it should be added to the sum.",
            SLIDING,
            lambda x, w: x[len(w) - 1 :] * w[-1],
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            SLIDING,
            lambda x, w: _correlate(x, w).cumsum(0),
        ),
        *ways(
            "return_in_loop",
            RETURNED_TOO_EARLY,
            SLIDING,
            lambda x, w: _only_first(_correlate(x, w)),
            lambda x, w: _only_first(_correlate(x, _only_tap(w, 0))),
            lambda x, w: _correlate(x, w)[:1],
            lambda x, w: _correlate(x, w)[0],
        ),
        *ways(
            "mean_not_sum",
            "You divide by the number of taps: a dot product is the sum of the products, not their mean.",
            SLIDING,
            lambda x, w: _correlate(x, w) / len(w),
        ),
        *ways(
            "truncated_to_int",
            WRONG_DTYPE_TRUNCATES,
            SLIDING,
            lambda x, w: _correlate(x, w).trunc(),
            _truncated_at_every_tap,
        ),
    ),
)

# pad1d


def _pad(x, left, right, mode):
    import torch.nn.functional as F

    mode = {"zeros": "constant"}.get(mode, mode)
    return F.pad(x[None, None], (left, right), mode=mode)[0, 0]


def _pad1d_cases(mode):
    def cases(rng):
        m = integer(rng, 6, 10)
        left = integer(rng, 1, m - 4)
        right = left + integer(rng, 1, 3)
        return [
            Case((np.array([3.0, 1.0, 4.0, 1.5, 9.0]), 2, 1, mode), note="small enough to do by hand"),
            Case((_signal(rng, m), left, right, mode), note="more on the right than on the left"),
            Case((_signal(rng, m), right, left, mode), note="more on the left than on the right"),
            Case((_signal(rng, m), 3, 0, mode), note="nothing to add on the right"),
            Case((_signal(rng, m), 0, 4, mode), note="nothing to add on the left"),
            Case((_signal(rng, m), 0, 0, mode), note="nothing to add at all"),
            Case((_signal(rng, m), m - 1, m - 2, mode), note="padding nearly as long as the signal"),
            Case((strided(rng, 9), 2, 3, mode), note="an input that is not contiguous in memory"),
            Case((_signal(rng, m, "float32"), left, right, mode), note="float32"),
        ]

    return cases


def _pad1d_replicate_cases(rng):
    far = Case((_signal(rng, 3), 5, 7, "replicate"), note="padding longer than the signal")
    return [*_pad1d_cases("replicate")(rng), far]


def _pad1d_errors(rng):
    m = integer(rng, 4, 7)
    x = _signal(rng, m)
    return [
        Case((x, 1, 2, "mirrored"), note="a mode that does not exist", raises=ValueError),
        Case((x, -1, 2, "zeros"), note="negative padding on the left", raises=ValueError),
        Case((x, 2, -1, "replicate"), note="negative padding on the right", raises=ValueError),
        Case((x, m, 1, "reflect"), note="a reflection as long as the signal, on the left", raises=ValueError),
        Case((x, 1, m + 2, "reflect"), note="a reflection longer than the signal, on the right", raises=ValueError),
        Case((x, m - 1, m - 1, "reflect"), note="the longest reflection that is possible", only_returns=True),
        Case((x, m + 1, m, "zeros"), note="more zeros than the signal is long, which is possible", only_returns=True),
    ]


def _pad1d_window(index, x, left, right, mode):
    i = index[0] - left
    side = f"{-i} before the signal" if i < 0 else f"{i - len(x) + 1} after the signal" if i >= len(x) else f"x[{i}]"
    return [("place of this entry", side)]


def _with_sides(left_side, right_side):
    """Return a padding whose reflections are made by these functions of the signal and the width."""

    def padded(x, left, right, mode):
        import torch

        if mode != "reflect":
            return _pad(x, left, right, mode)
        return torch.cat([left_side(x, left), x, right_side(x, right)])

    return padded


def _mirror_on_left(x, p):
    return x[1 : p + 1].flip(0)


def _mirror_on_right(x, p):
    return x[len(x) - 1 - p : -1].flip(0)


def _mirror_beside_left(x, p):
    return x[:p].flip(0)


def _mirror_beside_right(x, p):
    return x[len(x) - p :].flip(0)


def _ends_swapped(x, left, right, mode):
    import torch

    if mode != "replicate":
        return _pad(x, left, right, mode)
    return torch.cat([x[-1:].expand(left), x, x[:1].expand(right)])


def _filled_to_minus_right(x, left, right, mode):
    """Write the signal to y[left:-right] and the rest to y[-right:], which are nothing and everything where right is 0."""
    if right == 0:
        raise ValueError("the signal does not fit into an empty slice")
    return _pad(x, left, right, mode)


def _ended_at_minus_right(x, left, right, mode):
    """Write what follows the signal to y[-right:], which is everything where right is 0."""
    if right > 0 or mode == "zeros":
        return _pad(x, left, right, mode)
    if mode == "reflect":
        raise ValueError("nothing does not fit into the whole result")
    return x[-1:].expand(left + len(x))


PAD1D = Exercise(
    name="pad1d",
    signature="pad1d(x, left, right, mode)",
    reference=on_torch(_pad),
    parts=(
        Part("pad1d", _pad1d_cases("zeros")),
        Part("pad1d_replicate", _pad1d_replicate_cases),
        Part("pad1d_reflect", _pad1d_cases("reflect")),
        Part("pad1d_errors", _pad1d_errors),
    ),
    exact=True,
    window=_pad1d_window,
    mistakes=(
        *ways(
            "left_right_swapped",
            "The two sides are mixed up: what belongs on the left is on the right.",
            PADDING,
            lambda x, left, right, mode: _pad(x, right, left, mode),
            _ends_swapped,
        ),
        *ways(
            "padding_one_side",
            "You pad on one side only: `left` values go before the signal and `right` values after it.",
            PADDING,
            lambda x, left, right, mode: _pad(x, left, 0, mode),
            lambda x, left, right, mode: _pad(x, 0, right, mode),
            lambda x, left, right, mode: _pad(x, left + right, 0, mode),
            lambda x, left, right, mode: _pad(x, 0, left + right, mode),
        ),
        *ways(
            "padding_symmetric",
            "You pad both sides by the same amount: the left side gets `left` values and the right side gets `right`.",
            PADDING,
            lambda x, left, right, mode: _pad(x, left, left, mode),
            lambda x, left, right, mode: _pad(x, right, right, mode),
        ),
        *ways(
            "mode_ignored",
            "You fill in zeros, but another mode was asked for.",
            PADDING,
            lambda x, left, right, mode: _pad(x, left, right, "zeros"),
        ),
        *ways(
            "mode_ignored",
            "You repeat the value at the edge, but another mode was asked for.",
            PADDING,
            lambda x, left, right, mode: _pad(x, left, right, "replicate"),
        ),
        *ways(
            "mode_ignored",
            "You mirror the signal, but another mode was asked for.",
            PADDING,
            lambda x, left, right, mode: _pad(x, left, right, "reflect"),
        ),
        *ways(
            "edge_for_reflect",
            "Your reflection repeats the value at the edge: that value is the mirror, so the first one added is its neighbour.",
            PADDING,
            _with_sides(_mirror_beside_left, _mirror_beside_right),
            _with_sides(_mirror_beside_left, _mirror_on_right),
            _with_sides(_mirror_on_left, _mirror_beside_right),
        ),
        *ways(
            "reflect_not_reversed",
            "Your reflection is not reversed: in a mirror, what is near the edge stays near the edge.",
            PADDING,
            _with_sides(lambda x, p: x[1 : p + 1], lambda x, p: x[len(x) - 1 - p : -1]),
            _with_sides(lambda x, p: x[1 : p + 1], _mirror_on_right),
            _with_sides(_mirror_on_left, lambda x, p: x[len(x) - 1 - p : -1]),
            _with_sides(lambda x, p: x[:p], lambda x, p: x[len(x) - p :]),
        ),
        *ways(
            "circular_for_reflect",
            "You continue the signal with its other end, as if it were a ring: 'reflect' mirrors it at the near edge.",
            PADDING,
            _with_sides(lambda x, p: x[len(x) - p :], lambda x, p: x[:p]),
        ),
        *ways(
            "slice_to_minus_zero",
            "With nothing to add on the right your slice ends or begins at −0, which is 0: write `left + m` for that place.",
            "",
            _filled_to_minus_right,
            _ended_at_minus_right,
        ),
        *ways(
            "truncated_to_int",
            WRONG_DTYPE_TRUNCATES,
            PADDING,
            lambda x, left, right, mode: _pad(x, left, right, mode).trunc(),
        ),
    ),
)

# moving_average


def _sums(x, k, left, right):
    """Sum k neighbours at each place of x with zeros added around it."""
    return _correlate(_zeros_around(x, left, right), x.new_ones(k))


def _average(x, k):
    return _sums(x, k, k // 2, k // 2) / k


def _moving_average_cases(rng):
    m, k = integer(rng, 12, 20), 2 * integer(rng, 2, 4) + 1
    return [
        Case((np.array([3.0, 6.0, 9.0, 3.0, 0.0, 12.0]), 3), note="small enough to do by hand"),
        Case((_signal(rng, m), k)),
        Case((_signal(rng, m + 1), 5)),
        Case((_signal(rng, 7), 1), note="a window of one value"),
        Case((_signal(rng, 7), 7), note="a window as wide as the signal is long"),
        Case((strided(rng, 12), 3), note="an input that is not contiguous in memory"),
        Case((_signal(rng, m, "float32"), k), note="float32"),
    ]


def _moving_average_errors(rng):
    x = _signal(rng, integer(rng, 8, 12))
    return [
        Case((x, 2), note="an even window", raises=ValueError),
        Case((x, 6), note="an even window", raises=ValueError),
        Case((x, 5), note="an odd window, which is possible", only_returns=True),
    ]


def _moving_average_window(index, x, k):
    i, h = index[0], k // 2
    low, high = max(0, i - h), min(len(x), i + h + 1)
    return [(f"x[{low}:{high}]", x[low:high]), ("zeros beyond the edges", k - (high - low))]


def _half_padding(mode):
    def averaged(x, k):
        import torch.nn.functional as F

        padded = F.pad(x[None, None], (k // 2, k // 2), mode=mode)[0, 0]
        return _sums(padded, k, 0, 0) / k

    return averaged


def _sliced_without_care(reduce):
    """Average x[i − h : i + h + 1] as Python reads it: a negative start counts from the end."""

    def averaged(x, k):
        import torch

        h = k // 2
        return torch.stack([reduce(x[i - h : i + h + 1], k) for i in range(len(x))])

    return averaged


def _overwritten(x, k):
    y, h = x.clone(), k // 2
    for i in range(len(y)):
        y[i] = y[max(0, i - h) : i + h + 1].sum() / k
    return y


def _borders_from(fill):
    def averaged(x, k):
        y, h = fill(x), k // 2
        y[h : len(x) - h] = _sums(x, k, 0, 0) / k
        return y

    return averaged


def _returned_early(function):
    """Return what is left of a result when a loop over its entries ends after the first one."""
    return (
        lambda *args: _only_first(function(*args)),
        lambda *args: function(*args)[:1],
        lambda *args: function(*args)[0],
    )


MOVING_AVERAGE = Exercise(
    name="moving_average",
    signature="moving_average(x, k)",
    reference=on_torch(_average),
    parts=(Part("moving_average", _moving_average_cases), Part("moving_average_errors", _moving_average_errors)),
    terms=lambda x, k: k,
    window=_moving_average_window,
    mistakes=(
        *ways(
            "padding_not_counted",
            "Near the edges you divide by the number of readings that there are: the zeros outside count too, so divide by k.",
            PADDING,
            lambda x, k: _sums(x, k, k // 2, k // 2) / _sums(x.new_ones(len(x)), k, k // 2, k // 2),
        ),
        *ways(
            "last_tap_missing",
            "Your window ends one value early: a slice leaves out its end, so it must end at i + k // 2 + 1.",
            SMOOTHING,
            lambda x, k: _sums(x, k - 1, k // 2, k // 2 - 1) / k,
            lambda x, k: _sums(x, k - 1, k // 2, k // 2 - 1) / (k - 1),
        ),
        *ways(
            "first_tap_missing",
            "Your window begins one value late: it must begin at i − k // 2.",
            SMOOTHING,
            lambda x, k: _sums(x, k - 1, k // 2 - 1, k // 2) / k,
            lambda x, k: _sums(x, k - 1, k // 2 - 1, k // 2) / (k - 1),
        ),
        *ways(
            "sum_not_mean",
            "You return the sum of each window: divide it by k.",
            SMOOTHING,
            lambda x, k: _sums(x, k, k // 2, k // 2),
        ),
        *ways(
            "valid_for_same",
            "Your result has only m − k + 1 values: pad the signal by k // 2 zeros on either side to keep its length.",
            PADDING,
            lambda x, k: _sums(x, k, 0, 0) / k,
        ),
        *ways(
            "full_for_same",
            "Your result has m + k − 1 values: that is padding by k − 1 zeros on either side, where k // 2 keep the length.",
            PADDING,
            lambda x, k: _sums(x, k, k - 1, k - 1) / k,
        ),
        *ways(
            "one_output_too_few",
            "One output is missing: the result must be as long as the signal.",
            OUTPUTS,
            lambda x, k: _average(x, k)[:-1],
            lambda x, k: _average(x, k)[1:],
        ),
        *ways(
            "padding_one_side",
            "Your window is not centred: all the padding is on one side, where each side should get k // 2 zeros.",
            PADDING,
            lambda x, k: _sums(x, k, k - 1, 0) / k,
            lambda x, k: _sums(x, k, 0, k - 1) / k,
        ),
        *ways(
            "replicate_for_zeros",
            "You pad with the value at the edge: here the signal is to be continued with zeros.",
            PADDING,
            _half_padding("replicate"),
        ),
        *ways(
            "reflect_for_zeros",
            "You pad with the mirrored signal: here the signal is to be continued with zeros.",
            PADDING,
            _half_padding("reflect"),
        ),
        *ways(
            "circular_convolution",
            "You treat the signal as a ring: windows that reach over one end go on at the other, where there should be zeros.",
            PADDING,
            _half_padding("circular"),
        ),
        *ways(
            "border_skipped",
            "The first and the last k // 2 values are not averaged: windows that reach over an edge count too.",
            PADDING,
            _borders_from(lambda x: x.new_zeros(len(x))),
            _borders_from(lambda x: x.clone()),
        ),
        *ways(
            "negative_index_wraps",
            "Near the start your slice begins at a negative index, which Python counts from the end of the signal.",
            PADDING,
            _sliced_without_care(lambda window, k: window.sum() / k),
            _sliced_without_care(lambda window, k: window.mean()),
        ),
        *ways(
            "slice_to_minus_zero",
            "For k = 1 your slice ends at −0, which is 0, so it is empty: count its end from the front.",
            PADDING,
            lambda x, k: _sums(x, k, k - 1, k - 1)[k // 2 : -(k // 2)] / k,
        ),
        *ways(
            "overwritten_while_read",
            "You read values that you have replaced already: write the means to an array of their own.",
            SMOOTHING,
            _overwritten,
        ),
        *ways(
            "window_too_wide",
            "Your windows reach k values to either side: they must reach k // 2, so that there are k values in all.",
            SMOOTHING,
            lambda x, k: _sums(x, 2 * k + 1, k, k) / k,
            lambda x, k: _sums(x, 2 * k + 1, k, k) / (2 * k + 1),
        ),
        *ways("return_in_loop", RETURNED_TOO_EARLY, SMOOTHING, *_returned_early(_average)),
        *ways("truncated_to_int", WRONG_DTYPE_TRUNCATES, SMOOTHING, lambda x, k: _average(x, k).trunc()),
        *ways(
            "truncated_to_int",
            "You divide with //, which rounds down: the mean needs /.",
            SMOOTHING,
            lambda x, k: _average(x, k).floor(),
        ),
    ),
)

# convolve


def _full(x, w):
    return _correlate(_zeros_around(x, len(w) - 1, len(w) - 1), w.flip(0))


def _cropped(full, x, w, mode):
    """Take from a full convolution what a mode asks for."""
    m, n = len(x), len(w)
    start, length = {"full": (0, m + n - 1), "same": ((n - 1) // 2, m), "valid": (n - 1, m - n + 1)}[mode]
    return full[start : start + length]


def _convolve(x, w, mode):
    return _cropped(_full(x, w), x, w, mode)


def _convolve_cases(mode):
    def cases(rng):
        m = integer(rng, 8, 13)
        return [
            Case((np.array([2.0, 1.0, 5.0, 3.0]), np.array([1.0, 0.0, -2.0]), mode), note="small enough to do by hand"),
            Case((_signal(rng, m), normal(rng, 5), mode)),
            Case((_signal(rng, m + 1), normal(rng, 3), mode)),
            Case((_signal(rng, m), normal(rng, 4), mode), note="an even number of taps"),
            Case((_signal(rng, 6), normal(rng, 6), mode), note="signal and kernel equally long"),
            Case((_signal(rng, 7), normal(rng, 1), mode), note="a kernel of one tap"),
            Case((strided(rng, 11), strided(rng, 3), mode), note="inputs that are not contiguous in memory"),
            Case((_signal(rng, m, "float32"), normal(rng, 3, dtype="float32"), mode), note="float32"),
        ]

    return cases


def _convolve_errors(rng):
    x, w = _signal(rng, integer(rng, 6, 9)), normal(rng, 3)
    return [
        Case((x, w, "half"), note="a mode that does not exist", raises=ValueError),
        Case((x, w, "circular"), note="a mode that does not exist", raises=ValueError),
        Case((x, w, "full"), note="a mode that exists", only_returns=True),
    ]


def _convolve_window(index, x, w, mode):
    start = {"full": 0, "same": (len(w) - 1) // 2, "valid": len(w) - 1}[mode]
    last = index[0] + start
    low, high = max(0, last - len(w) + 1), min(len(x), last + 1)
    return [(f"x[{low}:{high}]", x[low:high]), ("w, flipped", w[::-1])]


def _in_all_modes(full_of):
    return lambda x, w, mode: _cropped(full_of(x, w), x, w, mode)


def _last_written(x, w):
    """Write x[i]·w[k] to y[i + k], each replacing the one before; the loop over i is the outer one."""
    y = x.new_zeros(len(x) + len(w) - 1)
    for i in range(len(x)):
        y[i : i + len(w)] = x[i] * w
    return y


def _full_with_wrapped_start(x, w):
    y = _full(x, w)
    for i in range(len(w) - 1):
        for k in range(i + 1, len(w)):
            y[i] = y[i] + x[i - k] * w[k]
    return y


def _truncated_at_every_product(x, w):
    y = x.new_zeros(len(x) + len(w) - 1)
    for i in range(len(x)):
        y[i : i + len(w)] = (y[i : i + len(w)] + x[i] * w).trunc()
    return y


def _ring(x, w, mode):
    import torch

    ring = torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(w, n=len(x)), n=len(x))
    return ring[len(w) - 1 :] if mode == "valid" else ring


def _centred_ring(x, w, mode):
    ring = _ring(x, w, "full")
    return ring.roll(-((len(w) - 1) // 2)) if mode == "same" else ring


def _cut_from_both_ends(x, w, mode):
    n = len(w)
    left, right = {"full": (0, 0), "same": ((n - 1) // 2, n // 2), "valid": (n - 1, n - 1)}[mode]
    return _full(x, w) if mode == "full" else _full(x, w)[left:-right]


def _padded_left(x, w, mode):
    return _full(x, w)[: len(x)] if mode == "full" else _convolve(x, w, mode)


def _from_the_start(x, w, mode):
    return _full(x, w)[: len(_convolve(x, w, mode))]


def _half_at_both_ends(x, w, mode):
    n = len(w)
    return _full(x, w)[(n - 1) // 2 :][: len(x) + 1 - n % 2] if mode == "same" else _convolve(x, w, mode)


def _padded_right(x, w, mode):
    return _full(x, w)[len(w) - 1 :] if mode == "full" else _convolve(x, w, mode)


def _from_the_last_tap(x, w, mode):
    return _full(x, w)[len(w) - 1 :] if mode == "same" else _convolve(x, w, mode)


def _one_late(x, w, mode):
    return _full(x, w)[len(w) // 2 :][: len(x)] if mode == "same" else _convolve(x, w, mode)


CONVOLVE = Exercise(
    name="convolve",
    signature="convolve(x, w, mode)",
    reference=on_torch(_convolve),
    parts=(
        Part("convolve", _convolve_cases("full")),
        Part("convolve_same", _convolve_cases("same")),
        Part("convolve_valid", _convolve_cases("valid")),
        Part("convolve_errors", _convolve_errors),
    ),
    terms=lambda x, w, mode: len(w),
    window=_convolve_window,
    mistakes=(
        *ways(
            "kernel_not_flipped",
            "Your kernel is not flipped: this is cross-correlation. In true convolution the first tap meets the last value.",
            FLIP,
            lambda x, w, mode: _convolve(x, w.flip(0), mode),
        ),
        *ways(
            "signal_flipped",
            "You flip the signal, so the result comes out back to front: flip the kernel instead.",
            FLIP,
            lambda x, w, mode: _convolve(x, w, mode).flip(0),
            lambda x, w, mode: _convolve(x.flip(0), w.flip(0), mode),
        ),
        *ways(
            "mode_ignored",
            "You return the full convolution, but another mode was asked for.",
            PADDING,
            lambda x, w, mode: _convolve(x, w, "full"),
        ),
        *ways(
            "mode_ignored",
            "You return the values of mode 'same', but another mode was asked for.",
            PADDING,
            lambda x, w, mode: _convolve(x, w, "same"),
        ),
        *ways(
            "mode_ignored",
            "You return the values of mode 'valid', but another mode was asked for.",
            PADDING,
            lambda x, w, mode: _convolve(x, w, "valid"),
        ),
        *ways(
            "one_output_too_few",
            "One output is missing: full has m + n − 1 values, same has m, valid has m − n + 1.",
            OUTPUTS,
            lambda x, w, mode: _convolve(x, w, mode)[:-1],
            lambda x, w, mode: _convolve(x, w, mode)[1:],
        ),
        *ways(
            "one_output_too_many",
            "For an even kernel your 'same' has one value too many: pad by n − 1 zeros in all, not by n // 2 at both ends.",
            PADDING,
            _half_at_both_ends,
        ),
        *ways(
            "padding_one_side",
            "The padding is all on one side: pad both ends of the signal before you slide the flipped kernel over it.",
            PADDING,
            _padded_left,
            _padded_right,
        ),
        *ways(
            "same_not_centred",
            "Your result starts at index 0 of the full convolution: 'same' starts at (n − 1) // 2 of it, and 'valid' at n − 1.",
            PADDING,
            _from_the_start,
        ),
        *ways(
            "same_not_centred",
            "Your 'same' starts at index n − 1 of the full convolution, where 'valid' starts: it starts at (n − 1) // 2.",
            PADDING,
            _from_the_last_tap,
        ),
        *ways(
            "circular_convolution",
            "Your signal is a ring: what runs over one end comes back at the other. With an FFT, first pad to m + n − 1.",
            FOURIER,
            _ring,
            _centred_ring,
        ),
        *ways(
            None,
            "For an even kernel 'same' starts at (n − 1) // 2 of the full result, as in np.convolve; yours starts one later.",
            PADDING,
            _one_late,
        ),
        *ways(
            "slice_to_minus_zero",
            "For a kernel of one tap your slice ends at −0, which is 0, so it is empty: count its end from the front.",
            PADDING,
            _cut_from_both_ends,
        ),
        *ways(
            "last_tap_missing",
            "The last tap of the kernel is never used: k runs from 0 to n − 1, both included.",
            SLIDING,
            lambda x, w, mode: _convolve(x, _without_tap(w, -1), mode),
        ),
        *ways(
            "first_tap_missing",
            "The first tap of the kernel is never used: k runs from 0, not from 1.",
            SLIDING,
            lambda x, w, mode: _convolve(x, _without_tap(w, 0), mode),
        ),
        *ways(
            "only_last_tap",
            "Only one product is left in each output: it replaces those before, where it should be added to their sum.",
            SLIDING,
            _in_all_modes(_last_written),
            _in_all_modes(lambda x, w: _last_written(w, x)),
            _in_all_modes(lambda x, w: _zeros_around(x * w[0], 0, len(w) - 1)),
        ),
        *ways(
            "index_plus_for_minus",
            "You read x[i + k] where x[i − k] is meant: in true convolution one index runs backwards.",
            FLIP,
            _in_all_modes(lambda x, w: _correlate(_zeros_around(x, 0, 2 * (len(w) - 1)), w)),
        ),
        *ways(
            "negative_index_wraps",
            "For small i your index i − k is negative, which Python counts from the end of x: there it should be zero.",
            PADDING,
            _in_all_modes(_full_with_wrapped_start),
        ),
        *ways(
            "return_in_loop",
            RETURNED_TOO_EARLY,
            SLIDING,
            *_returned_early(_convolve),
            _in_all_modes(lambda x, w: _full(_only_first(x), w)),
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            SLIDING,
            _in_all_modes(lambda x, w: _full(x, w).cumsum(0)),
            lambda x, w, mode: _convolve(x, w, mode).cumsum(0),
        ),
        *ways(
            "truncated_to_int",
            WRONG_DTYPE_TRUNCATES,
            SLIDING,
            lambda x, w, mode: _convolve(x, w, mode).trunc(),
            _in_all_modes(_truncated_at_every_product),
        ),
    ),
)

# toeplitz


def _bands(w, m, left=0, right=0):
    """Return the matrix that slides w over m values with zeros added around them."""
    import torch
    import torch.nn.functional as F

    eye = F.pad(torch.eye(m, dtype=w.dtype, device=w.device), (left, right))
    return F.conv1d(eye[:, None], w[None, None])[:, 0].T


def _toeplitz_cases(rng):
    m, n = integer(rng, 9, 13), integer(rng, 3, 5)
    return [
        Case((np.array([1.0, 0.0, -2.0]), 5), note="small enough to do by hand"),
        Case((_signal(rng, n), m)),
        Case((_signal(rng, 4), m + 1), note="an even number of taps"),
        Case((_signal(rng, 6), 6), note="a kernel as long as the signal: one row"),
        Case((_signal(rng, 1), 5), note="a kernel of one tap"),
        Case((strided(rng, 3), 7), note="a kernel that is not contiguous in memory"),
        Case((_signal(rng, n, "float32"), m), note="float32"),
    ]


def _toeplitz_errors(rng):
    m = integer(rng, 3, 6)
    return [
        Case((_signal(rng, m + 1), m), note="a kernel one tap longer than the signal", raises=ValueError),
        Case((_signal(rng, m + 3), m), note="a kernel much longer than the signal", raises=ValueError),
        Case((_signal(rng, m), m), note="a kernel as long as the signal, which is possible", only_returns=True),
    ]


def _toeplitz_window(index, w, m):
    i = index[0]
    return [(f"columns of row {i} that hold w", list(range(i, i + len(w))))]


def _circulant(w, m):
    import torch

    row = _zeros_around(w, 0, m - len(w))
    return torch.stack([row.roll(i) for i in range(m)])


def _below_diagonal(wrap):
    """Put w[k] into column i − k, where a negative column either wraps around or is left out."""

    def matrix(w, m):
        rows = m - len(w) + 1
        t = w.new_zeros(rows, m)
        for i in range(rows):
            for k in range(len(w)):
                if wrap or i >= k:
                    t[i, i - k] = w[k]
        return t

    return matrix


TOEPLITZ = Exercise(
    name="toeplitz",
    signature="toeplitz(w, m)",
    reference=on_torch(_bands),
    parts=(Part("toeplitz", _toeplitz_cases), Part("toeplitz_errors", _toeplitz_errors)),
    exact=True,
    window=_toeplitz_window,
    mistakes=(
        *ways(
            "kernel_flipped",
            "The rows hold the kernel flipped: T @ x is then a true convolution, not conv1d.",
            FLIP,
            lambda w, m: _bands(w.flip(0), m),
        ),
        *ways(
            "transposed",
            "Your matrix is transposed: it needs a row for each output and a column for each value of the signal.",
            MATRIX,
            lambda w, m: _bands(w, m).T,
        ),
        *ways(
            "one_output_too_few",
            "One row is missing: there is a row for each of the m − n + 1 outputs.",
            OUTPUTS,
            lambda w, m: _bands(w, m)[:-1],
            lambda w, m: _bands(w, m)[1:],
        ),
        *ways(
            "one_output_too_many",
            "There is one row too many: the kernel fits m − n + 1 times, and in the last row it is cut off.",
            OUTPUTS,
            lambda w, m: _bands(w, m, 0, 1),
            lambda w, m: _zeros_around(_bands(w, m).T, 0, 1).T,
        ),
        *ways(
            "circular_convolution",
            "In the last rows your kernel comes back at the left edge: it must not wrap, so there are only m − n + 1 rows.",
            MATRIX,
            _circulant,
        ),
        *ways(
            "same_for_valid",
            "Your matrix is square: that is convolution with padding. conv1d uses only windows that fit, m − n + 1 of them.",
            MATRIX,
            lambda w, m: _bands(w, m, (len(w) - 1) // 2, len(w) // 2),
            lambda w, m: _bands(w, m, len(w) // 2, (len(w) - 1) // 2),
            lambda w, m: _bands(w, m, len(w) - 1, 0),
            lambda w, m: _bands(w, m, 0, len(w) - 1),
            lambda w, m: _bands(w.flip(0), m, len(w) - 1, 0),
            lambda w, m: _zeros_around(_bands(w, m).T, 0, len(w) - 1).T,
        ),
        *ways(
            "full_for_valid",
            "Your matrix has m + n − 1 rows: that is full convolution. conv1d has m − n + 1 outputs.",
            MATRIX,
            lambda w, m: _bands(w, m, len(w) - 1, len(w) - 1),
            lambda w, m: _bands(w.flip(0), m, len(w) - 1, len(w) - 1),
        ),
        *ways(
            "kernel_not_moved",
            "Every row holds the kernel in the same place: from row to row it moves one column to the right.",
            MATRIX,
            lambda w, m: _zeros_around(w, 0, m - len(w)).repeat(m - len(w) + 1, 1),
        ),
        *ways(
            "index_minus_for_plus",
            "You put w[k] into column i − k where i + k is meant: row i begins with the first tap in column i.",
            MATRIX,
            _below_diagonal(wrap=True),
            _below_diagonal(wrap=False),
        ),
        *ways(
            "last_tap_missing",
            "The last tap of the kernel is missing: k runs from 0 to n − 1, both included.",
            SLIDING,
            lambda w, m: _bands(_without_tap(w, -1), m),
        ),
        *ways(
            "first_tap_missing",
            "The first tap of the kernel is missing: k runs from 0, not from 1.",
            SLIDING,
            lambda w, m: _bands(_without_tap(w, 0), m),
        ),
        *ways("return_in_loop", RETURNED_TOO_EARLY, MATRIX, *_returned_early(_bands)),
        *ways("truncated_to_int", WRONG_DTYPE_TRUNCATES, MATRIX, lambda w, m: _bands(w, m).trunc()),
    ),
)

# conv1d_batch


def _batch(x, w, b=None, stride=1, padding=0):
    import torch.nn.functional as F

    return F.conv1d(x, w, b, stride=stride, padding=padding)


def _three(rng, *shape, dtype="float64"):
    return (2 * normal(rng, *shape)).astype(dtype)


def _batch_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (
        np.array([[[1.0, 2.0, 4.0, 7.0], [0.0, 1.0, 0.0, 3.0]]]),
        np.array([[[1.0, -1.0], [2.0, 5.0]], [[0.0, 1.0], [1.0, 0.0]]]),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        Case((_three(rng, n, c, 9), _three(rng, k, c, 3))),
        Case((_three(rng, 4, 3, 10), _three(rng, 2, 3, 4)), note="an even number of taps"),
        Case((_three(rng, 2, 3, 8), _three(rng, 3, 3, 3)), note="as many output channels as input channels"),
        Case((_three(rng, 1, 1, 7), _three(rng, 3, 1, 2)), note="a batch of one, with one input channel"),
        Case((_three(rng, 3, 4, 5), _three(rng, 2, 4, 5)), note="signal and kernel equally long"),
        Case((_three(rng, 3, 4, 6), _three(rng, 2, 4, 1)), note="a kernel of one tap: it only mixes channels"),
        Case((strided(rng, 2, 3, 9), strided(rng, 4, 3, 3)), note="inputs that are not contiguous in memory"),
        Case((_three(rng, n, c, 9, dtype="float32"), _three(rng, k, c, 3, dtype="float32")), note="float32"),
    ]


def _batch_bias_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.array([[[1.0, 2.0, 5.0]]]), np.array([[[1.0, -1.0]], [[0.0, 1.0]]]), np.array([10.0, 20.0])),
            note="small enough to do by hand",
        ),
        Case((_three(rng, 3, c, 9), _three(rng, k, c, 3)), {"b": _three(rng, k)}),
        Case((_three(rng, 2, 4, 8), _three(rng, 3, 4, 2)), {"b": _three(rng, 3)}, note="an even number of taps"),
        Case((_three(rng, 2, 3, 6), _three(rng, 4, 3, 3)), {"b": _three(rng, 4)}, note="as many outputs as kernels"),
        Case(
            (_three(rng, 2, c, 9, dtype="float32"), _three(rng, k, c, 3, dtype="float32"), _three(rng, k, dtype="float32")),
            note="float32",
        ),
    ]


def _batch_padded_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case((np.array([[[1.0, 2.0, 4.0]]]), np.array([[[1.0, 0.0, -2.0]]])), {"padding": 1}, note="small enough to do by hand"),
        Case((_three(rng, 2, c, 9), _three(rng, k, c, 5)), {"padding": 2}, note="padding that keeps the length"),
        Case((_three(rng, 3, c, 7), _three(rng, k, c, 3)), {"padding": integer(rng, 3, 4)}, note="padding as wide as the kernel"),
        Case((_three(rng, 2, 3, 8), _three(rng, 2, 3, 4)), {"padding": 1}, note="an even number of taps"),
        Case(
            (_three(rng, 2, 2, 3), _three(rng, 3, 2, 5)), {"padding": 1}, note="a kernel longer than the signal without padding"
        ),
        Case((strided(rng, 2, 3, 8), strided(rng, 4, 3, 3)), {"padding": 2}, note="inputs that are not contiguous in memory"),
        Case((_three(rng, 2, c, 9, dtype="float32"), _three(rng, k, c, 3, dtype="float32")), {"padding": 1}, note="float32"),
    ]


def _batch_strided_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.array([[[1.0, 2.0, 4.0, 7.0, 11.0, 16.0]]]), np.array([[[1.0, 0.0, -2.0]]])),
            {"stride": 2},
            note="small enough to do by hand",
        ),
        Case((_three(rng, 2, c, 12), _three(rng, k, c, 3)), {"stride": 2}, note="a stride that leaves values over at the end"),
        Case((_three(rng, 3, c, 11), _three(rng, k, c, 3)), {"stride": 2}, note="a stride that fits exactly"),
        Case((_three(rng, 2, 3, 14), _three(rng, 2, 3, 2)), {"stride": 3}, note="a stride longer than the kernel"),
        Case((_three(rng, 2, 3, 12), _three(rng, 4, 3, 5)), {"stride": 4, "padding": 2}, note="stride and padding"),
        Case(
            (_three(rng, 2, 2, 10), _three(rng, 5, 2, 4)),
            {"b": _three(rng, 5), "stride": 2, "padding": 1},
            note="stride, padding and bias",
        ),
        Case((_three(rng, 2, 3, 6), _three(rng, 2, 3, 4)), {"stride": 7}, note="a stride so long that there is one output"),
        Case((strided(rng, 2, 3, 9), strided(rng, 4, 3, 2)), {"stride": 2}, note="inputs that are not contiguous in memory"),
        Case(
            (_three(rng, 2, c, 13, dtype="float32"), _three(rng, k, c, 3, dtype="float32")),
            {"stride": 3, "padding": 1},
            note="float32",
        ),
    ]


def _batch_errors(rng):
    c, length = integer(rng, 2, 4), integer(rng, 6, 9)
    x, w = _three(rng, 2, c, length), _three(rng, 3, c, 3)
    long = _three(rng, 3, c, length + 3)
    return [
        Case((x, long), {"padding": 1}, note="a kernel longer than the padded signal", raises=ValueError),
        Case((x, _three(rng, 3, c + 1, 3)), note="a kernel with more channels than the input", raises=ValueError),
        Case((x, _three(rng, 3, 1, 3)), note="a kernel with one channel, an input with more", raises=ValueError),
        Case((x, w), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, w), {"stride": -1}, note="a negative stride", raises=ValueError),
        Case((x, w), {"padding": -1}, note="negative padding", raises=ValueError),
        Case(
            (x, long[:, :, 1:]),
            {"padding": 1, "stride": 3},
            note="a kernel as long as the padded signal, which is possible",
            only_returns=True,
        ),
    ]


def _batch_window(index, x, w, b=None, stride=1, padding=0):
    sample, k, i = index
    start = i * stride - padding
    low, high = max(0, start), min(x.shape[2], start + w.shape[2])
    shown = [(f"x[{sample}, :, {low}:{high}]", x[sample, :, low:high]), (f"w[{k}]", w[k])]
    outside = w.shape[2] - max(0, high - low)
    if outside:
        shown.insert(1, ("zeros beyond the edges", outside))
    return shown if b is None else [*shown, (f"b[{k}]", b[k])]


def _without_bias(function):
    """Return a mistake in the sums alone: the bias is added to the wrong sums as it should be."""

    def made(x, w, b=None, stride=1, padding=0):
        y = function(x, w, stride, padding)
        return y if b is None else y + b[:, None]

    return made


def _laid_between_minus_padding(x, w, b=None, stride=1, padding=0):
    """Copy x to [padding:-padding] of the zeros, where nothing fits in without padding."""
    if padding == 0:
        np.empty((*x.shape[:2], 0))[...] = np.empty(tuple(x.shape))
    return _batch(x, w, b, stride, padding)


def _batch_padded_by(pads):
    """Return a mistake in the padding: `pads(x, padding)` is given x and pads it in the wrong way."""
    return _without_bias(lambda x, w, stride, padding: _batch(pads(x, padding), w, stride=stride))


def _around(x, padding, mode):
    import torch.nn.functional as F

    return F.pad(x, (padding, padding), mode=mode)


def _rounded_up(x, w, stride, padding):
    """Take one more window where the stride leaves values over; it hangs over the end."""
    left_over = (x.shape[2] + 2 * padding - w.shape[2]) % stride
    extra = stride - left_over if left_over else 0
    return _batch(_zeros_around(x, padding, padding + extra), w, stride=stride)


def _rounded_up_with_zeros(x, w, stride, padding):
    left_over = (x.shape[2] + 2 * padding - w.shape[2]) % stride
    return _zeros_around(_batch(x, w, stride=stride, padding=padding), 0, int(left_over > 0))


def _one_added_before_dividing(x, w, stride, padding):
    outputs = (x.shape[2] + 2 * padding - w.shape[2] + 1) // stride
    return _batch(x, w, stride=stride, padding=padding)[..., :outputs]


def _stride_in_the_size_only(x, w, stride, padding):
    outputs = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
    return _batch(x, w, padding=padding)[..., :outputs]


def _size_of_the_unpadded(x, w, stride, padding):
    outputs = max(0, (x.shape[2] - w.shape[2]) // stride + 1)
    return _batch(x, w, stride=stride, padding=padding)[..., :outputs]


def _per_channel(x, w, stride, padding):
    """Convolve channel by channel and keep the channels apart: (N, K, C, L')."""
    import torch

    channels = [_batch(x[:, c : c + 1], w[:, c : c + 1], stride=stride, padding=padding) for c in range(x.shape[1])]
    return torch.stack(channels, 2)


def _channels_apart(x, w, b=None, stride=1, padding=0):
    y = _per_channel(x, w, stride, padding)
    return y if b is None else y + b[:, None, None]


def _products_all_summed(x, w, stride, padding):
    """Sum the products of a window over the batch too, so that every sample gets the sums of all."""
    y = _batch(x, w, stride=stride, padding=padding)
    return y.sum(0, keepdim=True).expand(y.shape)


def _only_first_channel_of_kernel(w):
    return w[:, :1].expand(w.shape)


def _padded_on_every_axis(samples):
    """Return an answer that pads batch and channels as well, then takes `samples(N, padding)` samples and C channels."""

    def wrong(x, w, stride, padding):
        import torch.nn.functional as F

        padded = F.pad(x, (padding,) * 6)
        return _batch(padded[: samples(len(x), padding), : w.shape[1]], w, stride=stride)

    return wrong


def _sums_changed(change):
    """Return a mistake that changes the sums before the bias is added."""
    return _without_bias(lambda x, w, stride, padding: change(_batch(x, w, stride=stride, padding=padding), x, w))


def _kernel_changed(change):
    return _without_bias(lambda x, w, stride, padding: _batch(x, change(w), stride=stride, padding=padding))


def _result_changed(change):
    return lambda x, w, b=None, stride=1, padding=0: change(_batch(x, w, b, stride, padding))


def _bias_times(count):
    def made(x, w, b=None, stride=1, padding=0):
        return _batch(x, w, b if b is None else count(w) * b, stride, padding)

    return made


def _only_last_product(w):
    import torch

    kept = torch.zeros_like(w)
    kept[:, -1, -1] = w[:, -1, -1]
    return kept


CONV1D_BATCH = Exercise(
    name="conv1d_batch",
    signature="conv1d_batch(x, w, b=None, stride=1, padding=0)",
    reference=on_torch(_batch),
    parts=(
        Part("conv1d_batch", _batch_cases),
        Part("conv1d_batch_bias", _batch_bias_cases),
        Part("conv1d_batch_padded", _batch_padded_cases),
        Part("conv1d_batch_strided", _batch_strided_cases),
        Part("conv1d_batch_errors", _batch_errors),
    ),
    terms=lambda x, w, b=None, stride=1, padding=0: w.shape[1] * w.shape[2] + 1,
    window=_batch_window,
    mistakes=(
        *ways(
            "kernel_flipped",
            "Your kernels are flipped: the first tap multiplies the last value of the window. That is true convolution.",
            FLIP,
            _kernel_changed(lambda w: w.flip(2)),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one input channel only: it must be the sum over all of them.",
            LAYER,
            _without_bias(lambda x, w, stride, padding: _per_channel(x, w, stride, padding)[:, :, 0]),
            _without_bias(lambda x, w, stride, padding: _per_channel(x, w, stride, padding)[:, :, -1]),
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the input channels apart: sum over them, so that its shape is (N, K, L').",
            LAYER,
            _channels_apart,
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the input channels or the taps: it is their sum that is asked for.",
            LAYER,
            _sums_changed(lambda y, x, w: y / w.shape[1]),
            _sums_changed(lambda y, x, w: y / w.shape[2]),
            _sums_changed(lambda y, x, w: y / (w.shape[1] * w.shape[2])),
        ),
        *ways(
            "kernel_axes_swapped",
            "The first two axes of w are mixed up: w[k, c] is the kernel from input channel c to output channel k.",
            LAYER,
            _kernel_changed(lambda w: w.transpose(0, 1)),
        ),
        *ways(
            "output_axes_swapped",
            "The axes of your result are in another order: it is (N, K, L'), samples first, then output channels, then places.",
            LAYER,
            _result_changed(lambda y: y.transpose(0, 1)),
            _result_changed(lambda y: y.transpose(1, 2)),
            _result_changed(lambda y: y.reshape(y.shape[1], y.shape[0], y.shape[2])),
            _result_changed(lambda y: y.transpose(0, 1).reshape(y.shape)),
        ),
        *ways(
            "only_first_sample",
            "Every result comes from the first sample: each sample of the batch has a result of its own.",
            LAYER,
            _result_changed(lambda y: y[:1].expand(y.shape)),
            _result_changed(lambda y: y[:1]),
            _result_changed(lambda y: y[0]),
        ),
        *ways(
            "batch_summed",
            "You sum over the batch: each sample has a result of its own.",
            LAYER,
            _result_changed(lambda y: y.sum(0)),
            _result_changed(lambda y: y.sum(0, keepdim=True)),
            _without_bias(_products_all_summed),
        ),
        *ways(
            "only_first_kernel",
            "Every output channel comes from the first kernel: channel k is made with w[k].",
            LAYER,
            _sums_changed(lambda y, x, w: y[:, :1].expand(y.shape)),
        ),
        *ways(
            "only_first_kernel_channel",
            "Every input channel is multiplied by w[k, 0]: channel c has taps of its own, w[k, c].",
            LAYER,
            _kernel_changed(_only_first_channel_of_kernel),
        ),
        *ways(
            "matrix_product",
            "You multiply window and kernel as matrices (`@`, `np.dot`): multiply them entry by entry, with `*`.",
            LAYER,
            # Of all the entries of (C, n) @ (n, C) the sum is that of every channel with the taps of all.
            _kernel_changed(lambda w: w.sum(1, keepdim=True).expand(w.shape)),
        ),
        *ways(
            "bias_forgotten",
            "The bias is missing: add b[k] to every value of output channel k.",
            LAYER,
            lambda x, w, b=None, stride=1, padding=0: _batch(x, w, None, stride, padding),
        ),
        *ways(
            "bias_per_window",
            "The bias is added more than once: add b[k] once to each output, after the sum over taps and channels.",
            LAYER,
            _bias_times(lambda w: w.shape[2]),
            _bias_times(lambda w: w.shape[1]),
            _bias_times(lambda w: w.shape[1] * w.shape[2]),
        ),
        *ways(
            "bias_wrong_axis",
            "The bias is added along the last axis: b[k] belongs to output channel k, so give it the shape (K, 1) first.",
            LAYER,
            lambda x, w, b=None, stride=1, padding=0: _batch(x, w, None, stride, padding) + (0 if b is None else b),
        ),
        *ways(
            "padding_ignored",
            "The padding has no effect: add `padding` zeros at both ends of every channel before you slide the kernel.",
            PADDING,
            lambda x, w, b=None, stride=1, padding=0: _batch(x, w, b, stride),
        ),
        *ways(
            "padding_one_side",
            "The padding is on one side only: add `padding` zeros at both ends.",
            PADDING,
            _batch_padded_by(lambda x, p: _zeros_around(x, p, 0)),
            _batch_padded_by(lambda x, p: _zeros_around(x, 0, p)),
            _batch_padded_by(lambda x, p: _zeros_around(x, 2 * p, 0)),
            _batch_padded_by(lambda x, p: _zeros_around(x, 0, 2 * p)),
        ),
        *ways(
            "padding_all_axes",
            "You pad every axis, the batch and the channels too: give np.pad a pair for each axis, (0, 0) for the first two.",
            PADDING,
            _without_bias(_padded_on_every_axis(lambda n, p: n)),
            _without_bias(_padded_on_every_axis(lambda n, p: n + 2 * p)),
        ),
        *ways(
            "slice_to_minus_zero",
            "Without padding your slice `[padding:-padding]` ends at −0, which is 0, so it is empty: write "
            "`[padding : padding + L]`.",
            PADDING,
            _laid_between_minus_padding,
        ),
        *ways(
            "padding_halved",
            "You split the padding between the two ends: each of them gets `padding` zeros.",
            PADDING,
            _batch_padded_by(lambda x, p: _zeros_around(x, p // 2, p - p // 2)),
            _batch_padded_by(lambda x, p: _zeros_around(x, p - p // 2, p // 2)),
            _batch_padded_by(lambda x, p: _zeros_around(x, p // 2, p // 2)),
        ),
        *ways(
            "padding_doubled",
            "You pad twice as much as asked for: each of the two ends gets `padding` zeros.",
            PADDING,
            _batch_padded_by(lambda x, p: _zeros_around(x, 2 * p, 2 * p)),
        ),
        *ways(
            "padding_missing_in_size",
            "You count the outputs without the padding: the padded signal is L + 2·padding long, so more windows fit.",
            OUTPUTS,
            _without_bias(_size_of_the_unpadded),
        ),
        *ways(
            "replicate_for_zeros",
            "You pad with the value at the edge: here the padding is zeros.",
            PADDING,
            _batch_padded_by(lambda x, p: _around(x, p, "replicate")),
        ),
        *ways(
            "reflect_for_zeros",
            "You pad with the mirrored signal: here the padding is zeros.",
            PADDING,
            _batch_padded_by(lambda x, p: _around(x, p, "reflect")),
        ),
        *ways(
            "stride_ignored",
            "The stride has no effect: your windows are one apart, where they should be `stride` apart.",
            STRIDE,
            lambda x, w, b=None, stride=1, padding=0: _batch(x, w, b, 1, padding),
        ),
        *ways(
            "stride_ignored",
            "The stride sets the size of your result, but your windows are still one apart: window i begins at i·stride.",
            STRIDE,
            _without_bias(_stride_in_the_size_only),
        ),
        *ways(
            "ceil_for_floor",
            "You round the number of outputs up: a last window that does not fit is left out, so round down.",
            STRIDE,
            _without_bias(_rounded_up),
            _without_bias(_rounded_up_with_zeros),
        ),
        *ways(
            "one_output_too_few",
            "One output is missing: there are (L + 2·padding − n) // stride + 1 of them.",
            OUTPUTS,
            _result_changed(lambda y: y[..., :-1]),
            _result_changed(lambda y: y[..., 1:]),
        ),
        *ways(
            "one_output_too_few",
            "Your number of outputs is too small for some strides: divide by the stride first, then add 1.",
            STRIDE,
            _without_bias(_one_added_before_dividing),
        ),
        *ways(
            "return_in_loop",
            RETURNED_TOO_EARLY,
            LAYER,
            _result_changed(_only_first),
            _result_changed(lambda y: _only_first(y.flatten(0, 1)).view(y.shape)),
            _result_changed(lambda y: _only_first(y.flatten()).view(y.shape)),
        ),
        *ways(
            "last_tap_missing",
            "The last tap of the kernels is never used: it has index n − 1.",
            SLIDING,
            _kernel_changed(lambda w: _without_tap(w, -1)),
        ),
        *ways(
            "first_tap_missing",
            "The first tap of the kernels is never used: it has index 0.",
            SLIDING,
            _kernel_changed(lambda w: _without_tap(w, 0)),
        ),
        *ways(
            "only_last_tap",
            "Only the last tap is left: every product replaces the one before, where it should be added to the sum.",
            SLIDING,
            _kernel_changed(lambda w: _only_tap(w, -1)),
            _kernel_changed(_only_last_product),
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            SLIDING,
            _sums_changed(lambda y, x, w: y.flatten().cumsum(0).view(y.shape)),
            _sums_changed(lambda y, x, w: y.cumsum(2)),
        ),
        *ways("truncated_to_int", WRONG_DTYPE_TRUNCATES, SLIDING, _result_changed(lambda y: y.trunc())),
    ),
)

EXERCISES = (CONV1D, PAD1D, MOVING_AVERAGE, CONVOLVE, TOEPLITZ, CONV1D_BATCH)
