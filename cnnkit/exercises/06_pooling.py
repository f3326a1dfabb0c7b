"""Topic 06: pooling, forwards and backwards."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.reference import on_torch, ways

# Headings of lecture 06.
SIZE, MAXIMUM, AVERAGE = "The window and the output size", "Maximum", "Average and the padding"
GLOBAL, BACKWARD = "Global, Lp and adaptive pooling", "The backward pass: routing and spreading"
BLUR = "Blur before you subsample"

INFINITY = float("inf")


# The window: what all poolings share


def _pair(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def _geometry(k, stride, padding):
    """Return kernel, stride and padding as pairs; a stride of None is the kernel's size."""
    k = _pair(k)
    return k, k if stride is None else _pair(stride), _pair(padding)


def _steps_down(n, k, s, p):
    return (n + 2 * p - k) // s + 1


def _steps_up(n, k, s, p):
    return -(-(n + 2 * p - k) // s) + 1


def _every_start(n, k, s, p):
    """Count the windows that start inside, also those that do not end there."""
    return -(-(n + 2 * p) // s)


def _divided(n, k, s, p):
    return (n + 2 * p) // s


def _one_before_dividing(n, k, s, p):
    return (n + 2 * p - k + 1) // s


def _steps_only(n, k, s, p):
    return (n + 2 * p - k) // s


def _windows(x, k, s, p, fill, outputs=_steps_down):
    """Return all windows, (N, C, rows, columns, kh, kw), of x padded by p above and left, and below and right as needed."""
    import torch.nn.functional as F

    counts = [max(outputs(n, *one), 0) for n, *one in zip(x.shape[-2:], k, s, p, strict=True)]
    if 0 in counts:  # some wrong formulas leave no window at all
        return x.new_zeros(*x.shape[:2], *counts, *k)
    end = [(m - 1) * s1 + k1 - n - p1 for n, m, k1, s1, p1 in zip(x.shape[-2:], counts, k, s, p, strict=True)]
    return F.pad(x, (p[1], end[1], p[0], end[0]), value=fill).unfold(2, k[0], s[0]).unfold(3, k[1], s[1])


def _pooling(name: str, says: str, see: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake by what it makes of x and of the pairs of kernel, stride and padding."""

    def with_defaults(formula):
        return lambda x, k, stride=None, padding=0, *flags, **options: formula(
            x, *_geometry(k, stride, padding), *flags, **options
        )

    return ways(name, says, see, *map(with_defaults, formulas))


def _swap(pair):
    return pair[::-1]


def _first(pair):
    return (pair[0], pair[0])


def _twice(pair):
    return (2 * pair[0], 2 * pair[1])


def _window_behind(index, x, k, stride=None, padding=0, count_include_pad=True):
    """Return the part of the plane that a window covers, without the padding."""
    *_, n, c, i, j = index
    (kh, kw), (sh, sw), (ph, pw) = _geometry(k, stride, padding)
    top, left = max(i * sh - ph, 0), max(j * sw - pw, 0)
    bottom, right = i * sh - ph + kh, j * sw - pw + kw
    return [(f"x[{n}, {c}, {top}:{bottom}, {left}:{right}]", x[n, c, top:bottom, left:right])]


def _digits(rng, *shape):
    """Draw whole numbers so small that many are equal."""
    return rng.integers(-2, 2, shape).astype(np.float64)


def _negative(rng, *shape, dtype="float64"):
    return -np.abs(normal(rng, *shape, dtype=dtype)) - np.asarray(0.5, dtype)


SMALL = np.array([[1.0, 3, 2, 0, 5], [4, 2, 6, 1, 0], [0, 7, 1, 3, 8], [2, 5, 9, 4, 1]])[None, None]


def _plain_cases(rng):
    height, width = integer(rng, 6, 8), integer(rng, 9, 11)
    return [
        Case((SMALL, 2), note="small enough to do by hand"),
        Case((normal(rng, 1, 1, height, width), 3), note="a plane that is not square"),
        Case((normal(rng, 2, 3, 6, 8), 2), {"stride": 2}, note="a stride that is given, as large as the window"),
        Case((normal(rng, 2, 2, height, width), (2, 3)), note="a window that is not square"),
        Case((normal(rng, 1, 2, width, height), (3, 2)), note="a window that is not square"),
        Case((_negative(rng, 2, 2, 5, 6), 2), note="values that are all negative"),
        Case((_digits(rng, 2, 2, 6, 9), 3), note="values many of which are equal"),
        Case((strided(rng, 2, 2, 6, width), 2), note="an array that is not contiguous in memory"),
        Case((normal(rng, 3, 2, height, 8, dtype="float32"), 2), note="float32"),
        Case((normal(rng, 2, 3, 4, 5), (4, 5)), note="a window as large as the plane"),
        Case((normal(rng, 1, 2, 3, 4), 1), note="windows of one pixel"),
    ]


def _strided_cases(rng):
    height, width = integer(rng, 8, 9), integer(rng, 11, 12)
    return [
        Case((SMALL, 3), {"stride": 1}, note="small enough to do by hand"),
        Case((normal(rng, 2, 3, height, width), 3), {"stride": 2}, note="windows that overlap"),
        Case((normal(rng, 1, 2, 8, 11), 3), {"stride": 2}, note="a stride that leaves one row over"),
        Case((normal(rng, 1, 2, 9, 10), 2), {"stride": 3}, note="windows with gaps between them"),
        Case((normal(rng, 2, 2, width, height), (3, 2)), {"stride": (2, 3)}, note="pairs"),
        Case((normal(rng, 1, 3, 7, 9), 3, (1, 2)), note="another stride down than to the right"),
        Case((normal(rng, 2, 2, 9, 12), (2, 4), 3), note="windows that are not square, with a stride"),
        Case((_digits(rng, 2, 2, 7, 8), 3), {"stride": 1}, note="values many of which are equal"),
        Case((_negative(rng, 1, 2, height, 7, dtype="float32"), 3), {"stride": 2}, note="float32, all negative"),
        Case((strided(rng, 2, 2, 7, width), 3), {"stride": 2}, note="an array that is not contiguous in memory"),
    ]


def _padded_cases(rng):
    height, width = integer(rng, 7, 8), integer(rng, 9, 11)
    return [
        Case((-SMALL[:, :, :3, :4] - 1, 2), {"padding": 1}, note="small enough to do by hand, and all negative"),
        Case((normal(rng, 2, 3, height, width), 3), {"stride": 2, "padding": 1}, note="the pooling of ResNet's stem"),
        Case((_negative(rng, 2, 2, width, height), 3), {"stride": 2, "padding": 1}, note="values that are all negative"),
        Case((normal(rng, 1, 2, 7, 10), (2, 3)), {"stride": (2, 1), "padding": (1, 0)}, note="padding above and below only"),
        Case((normal(rng, 2, 1, 8, 9), (4, 2)), {"stride": (3, 2), "padding": (2, 1)}, note="pairs everywhere"),
        Case((_negative(rng, 2, 2, 6, 7, dtype="float32"), 4), {"stride": 1, "padding": 2}, note="float32, all negative"),
        Case((_digits(rng, 1, 3, 6, 8), 3), {"stride": 1, "padding": 1}, note="values many of which are equal"),
        Case((normal(rng, 1, 2, 3, 4), 5), {"stride": 1, "padding": 1}, note="a window that fits only thanks to the padding"),
        Case((strided(rng, 2, 2, 6, 8), 3), {"padding": 1}, note="an array that is not contiguous in memory"),
    ]


def _far_below_zero(rng, *shape, dtype="float64"):
    """Draw values below any finite number that somebody might pad with."""
    return _negative(rng, *shape, dtype=dtype) * np.asarray(1e36 if dtype == "float64" else 1e30, dtype)


def _max_padded_cases(rng):
    height, width = integer(rng, 5, 6), integer(rng, 7, 9)
    note = "values far below zero"
    return [
        *_padded_cases(rng),
        # No window holds a single pixel: `x.min() - 1`, which is x.min() at this size, is a fair padding.
        Case((_far_below_zero(rng, 1, 1, 4, 5), 3), {"padding": 1}, note=note),
        Case((_far_below_zero(rng, 2, 2, height, width), 3), {"stride": 2, "padding": 1}, note=note),
        Case((_far_below_zero(rng, 1, 2, height, 7, dtype="float32"), 3), {"stride": 2, "padding": 1}, note=f"float32, {note}"),
    ]


def _pool_errors(rng):
    height, width = integer(rng, 4, 6), integer(rng, 7, 9)
    x = normal(rng, 2, 2, height, width)
    return [
        Case((x, height + 1), note="a window higher than the plane", raises=ValueError),
        Case((x, (2, width + 1)), note="a window wider than the plane", raises=ValueError),
        Case((x, height + 3), {"padding": 1, "stride": 2}, note="a window higher than the padded plane", raises=ValueError),
        Case((x, 2), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, 2), {"stride": (1, -1)}, note="a negative stride", raises=ValueError),
        Case((x, 3), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((x, 3), {"padding": 2}, note="padding of more than half the window", raises=ValueError),
        Case((x, (4, 2)), {"padding": (1, 2)}, note="padding of more than half the window's width", raises=ValueError),
        Case((x, 4), {"padding": 2}, note="padding of exactly half the window, which is possible", only_returns=True),
        Case((x, (height + 2, 3)), {"padding": 1}, note="a window just as high as the padded plane", only_returns=True),
    ]


def _terms(x, k, *args, **kwargs):
    return _pair(k)[0] * _pair(k)[1]


# max_pool2d


def _max_pool2d(x, k, stride=None, padding=0):
    import torch.nn.functional as F

    return F.max_pool2d(x, k, stride, padding, return_indices=True)


def _flat(row, column, x):
    """Return the position of a pixel in its plane, row by row."""
    return row * x.shape[-1] + column


def _clipped_above(row, column, x, *_):
    """Move places in the padding above and on the left into the plane."""
    return _flat(row.clamp(min=0), column.clamp(min=0), x)


def _clipped(row, column, x, *_):
    """Move places in the padding into the plane."""
    return _flat(row.clamp(0, x.shape[-2] - 1), column.clamp(0, x.shape[-1] - 1), x)


def _max(x, k, s, p, fill=-INFINITY, outputs=_steps_down, last=False, largest=True, at=None):
    """Pool, and locate the maxima by `at(row, column, x, tap_row, tap_column, i, j)`, by default flat in the plane."""
    import torch

    flat = _windows(x, k, s, p, fill, outputs).flatten(-2)
    best = (flat.amax(-1) if largest else flat.amin(-1))[..., None]
    taps = torch.arange(flat.shape[-1], device=x.device)
    tap = torch.where(flat == best, taps, -1).amax(-1) if last else torch.where(flat == best, taps, len(taps)).amin(-1)
    tap_row, tap_column = tap // k[1], tap % k[1]
    i = torch.arange(tap.shape[-2], device=x.device)[:, None]
    j = torch.arange(tap.shape[-1], device=x.device)
    row, column = i * s[0] - p[0] + tap_row, j * s[1] - p[1] + tap_column
    return best[..., 0], _flat(row, column, x) if at is None else at(row, column, x, tap_row, tap_column, i, j)


def _max_from_zero(x, k, s, p):
    """Start from a maximum of 0 at index 0."""
    y, index = _max(x, k, s, p)
    return y.clamp(min=0), index.where(y > 0, 0 * index)


def _planes(x, channels, samples):
    """Return how many pixels stand before a plane, counting the channels of a sample and, if asked for, the samples."""
    import torch

    size = x.shape[2] * x.shape[3]
    before = torch.arange(x.shape[0], device=x.device)[:, None] * (x.shape[1] * size if samples else 0)
    return (before + torch.arange(x.shape[1], device=x.device) * (size if channels else 0))[:, :, None, None]


def _max_over_channels(x, k, s, p):
    y, index = _max(x, k, s, p)
    best, channel = y.max(1, keepdim=True)
    return best.expand_as(y), index.gather(1, channel).expand_as(y)


def _first_in_plane(x, k, s, p):
    """Look for the maximum of a window in the whole plane."""
    import torch

    y, _ = _max(x, k, s, p)
    pixels = x.flatten(2)
    places = torch.arange(pixels.shape[2], device=x.device)
    equal = y.flatten(2)[..., None] == pixels[:, :, None]
    return y, torch.where(equal, places, len(places)).amin(-1).reshape(y.shape)


def _tap_by_height(x, k, s, p):
    """Take the number of a tap apart by the height of the window."""

    def at(row, column, x, tap_row, tap_column, i, j):
        tap = tap_row * k[1] + tap_column
        return _flat(i * s[0] - p[0] + tap // k[0], j * s[1] - p[1] + tap % k[0], x)

    return _max(x, k, s, p, at=at)


def _below(x, p, fill):
    """Pad below and on the right only."""
    import torch.nn.functional as F

    return F.pad(x, (0, p[1], 0, p[0]), value=fill)


def _flat_in_padded(x, k, s, p, fill):
    return _max(x, k, s, p, fill, at=lambda r, c, *_: (r + p[0]) * (x.shape[-1] + 2 * p[1]) + c + p[1])[1]


def _max_by_columns(x, k, s, p):
    y, index = _max(x.mT, _swap(k), _swap(s), _swap(p))
    height = x.shape[-2]
    return y.mT, _flat(index % height, index // height, x).mT


def _by_magnitude(x, k, s, p):
    _, index = _max(x.abs(), k, s, p)
    return x.flatten(2).gather(2, index.flatten(2)).view(index.shape), index


MAX_POOL2D = Exercise(
    name="max_pool2d",
    signature="max_pool2d(x, k, stride=None, padding=0)",
    reference=on_torch(_max_pool2d),
    parts=(
        Part("max_pool2d", _plain_cases),
        Part("max_pool2d_strided", _strided_cases),
        Part("max_pool2d_padded", _max_padded_cases),
        Part("max_pool2d_errors", _pool_errors),
    ),
    exact=True,
    outputs=("y", "index"),
    window=_window_behind,
    mistakes=(
        *_pooling(
            "zero_padding_for_infinity",
            "You pad with zeros: among negative values a zero is the maximum, though no pixel has it. Pad with minus infinity.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, fill=0.0),
            lambda x, k, s, p: _max(x, k, s, p, fill=0.0, at=_clipped_above),
            lambda x, k, s, p: _max(x, k, s, p, fill=0.0, at=_clipped),
            lambda x, k, s, p: (_max(x, k, s, p, fill=0.0)[0], _flat_in_padded(x, k, s, p, 0.0)),
        ),
        *_pooling(
            "finite_padding",
            "Your padding is a finite number; a plane can hold smaller ones. Pad with minus infinity.",
            MAXIMUM,
            *(
                lambda x, k, s, p, where=place, fill=fill: _max(x, k, s, p, fill=fill, at=where)
                for fill in (-1e9, -1.0)
                for place in (None, _clipped_above, _clipped)
            ),
            lambda x, k, s, p: (_max(x, k, s, p, fill=-1e9)[0], _flat_in_padded(x, k, s, p, -1e9)),
        ),
        *_pooling(
            "maximum_starts_from_zero",
            "You start from a maximum of 0: where all values are negative it stays there. Start from the window's first value.",
            MAXIMUM,
            _max_from_zero,
        ),
        *ways(
            "stride_one_by_default",
            "Without a stride your window moves on by 1: the default, None, stands for the size of the window.",
            SIZE,
            lambda x, k, stride=None, padding=0: _max(x, _pair(k), _pair(1 if stride is None else stride), _pair(padding)),
        ),
        *_pooling(
            "stride_ignored",
            "The stride has no effect: your window always moves on by 1.",
            SIZE,
            lambda x, k, s, p: _max(x, k, (1, 1), p),
        ),
        *_pooling(
            "stride_ignored",
            "The stride has no effect: your window always moves on by its own size.",
            SIZE,
            lambda x, k, s, p: _max(x, k, k, p),
        ),
        *_pooling(
            "stride_ignored",
            "Your index counts from (i, j): window (i, j) starts at row i·stride − padding, and the column likewise.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, tr, tc, i, j: _flat(i - p[0] + tr, j - p[1] + tc, x)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, tr, tc, i, j: _flat(i + tr, j + tc, x)),
        ),
        *_pooling(
            "ceil_for_floor",
            "Your last windows reach over the edge: a window that does not fit is left out, so round the steps down.",
            SIZE,
            lambda x, k, s, p: _max(x, k, s, p, outputs=_steps_up),
            lambda x, k, s, p: _max(x, k, s, p, outputs=_every_start),
            lambda x, k, s, p: _max(x, k, s, p, outputs=_divided),
        ),
        *_pooling(
            "one_output_too_few",
            "Windows are missing at the end: there are ⌊(H + 2p − k)/s⌋ + 1 of them, with the 1 added after dividing.",
            SIZE,
            lambda x, k, s, p: _max(x, k, s, p, outputs=_one_before_dividing),
            lambda x, k, s, p: _max(x, k, s, p, outputs=_steps_only),
        ),
        *_pooling(
            "height_width_swapped",
            "Height and width have changed places: in a pair, the first number is for the rows and the second for the columns.",
            SIZE,
            lambda x, k, s, p: _max(x, _swap(k), _swap(s), _swap(p)),
            lambda x, k, s, p: _max(x, _swap(k), s, p),
            lambda x, k, s, p: _max(x, _swap(k), _swap(k) if k == s else s, p),
            lambda x, k, s, p: _max(x, k, _swap(s), p),
            lambda x, k, s, p: _max(x, k, s, _swap(p)),
            lambda x, k, s, p: tuple(value.mT for value in _max(x, k, s, p)),
        ),
        *_pooling(
            "height_width_swapped",
            "Your index multiplies the row by the height of the plane: a row has as many pixels as the plane is wide.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: r * x.shape[-2] + c),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: c * x.shape[-2] + r),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: c * x.shape[-1] + r),
        ),
        *_pooling(
            "height_width_swapped",
            "You take the place in the window apart by its height: divide by the width of the window, which is a row's length.",
            MAXIMUM,
            _tap_by_height,
        ),
        *_pooling(
            "results_swapped",
            "You return (index, y): the maxima come first, their places second.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p)[::-1],
        ),
        *_pooling(
            "padding_ignored",
            "The padding has no effect: with it the first window starts p rows above the plane and p columns left of it.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, (0, 0)),
        ),
        *_pooling(
            "padding_one_side",
            "You pad on one side only: there are p rows above and p rows below, and columns likewise.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, outputs=lambda n, k, s, p: (n + p - k) // s + 1),
            lambda x, k, s, p: _max(_below(x, p, -INFINITY), k, s, (0, 0), at=lambda r, c, *_: _flat(r, c, x)),
        ),
        *_pooling(
            "padding_doubled",
            "You pad twice as much as you should: there are p rows above and p below, and columns likewise.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, _twice(p)),
        ),
        *_pooling(
            "first_of_pair_only",
            "You use the first number of a pair for both directions: the second one is for the columns.",
            SIZE,
            lambda x, k, s, p: _max(x, _first(k), _first(s), _first(p)),
            lambda x, k, s, p: _max(x, _first(k), _first(k) if k == s else s, p),
            lambda x, k, s, p: _max(x, k, _first(s), p),
            lambda x, k, s, p: _max(x, k, s, _first(p)),
        ),
        *_pooling(
            "index_in_window",
            "Your index counts inside the window: it must say where in the whole plane the maximum is.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, tr, tc, i, j: tr * k[1] + tc),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, tr, tc, i, j: _flat(tr, tc, x)),
        ),
        *_pooling(
            "index_in_padded_plane",
            "Your index counts in the padded plane: take the padding off the row and off the column, and use the width of x.",
            MAXIMUM,
            lambda x, k, s, p: (_max(x, k, s, p)[0], _flat_in_padded(x, k, s, p, -INFINITY)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: _flat(r + p[0], c + p[1], x)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: _flat(r, c + p[1], x)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: _flat(r + p[0], c, x)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: r * (x.shape[-1] + 2 * p[1]) + c),
        ),
        *_pooling(
            "index_over_channels",
            "Your index goes on counting from plane to plane: in every channel of every sample it starts again at 0.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, *_: _flat(r, c, x) + _planes(x, True, False)),
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, *_: _flat(r, c, x) + _planes(x, True, True)),
        ),
        *_pooling(
            "index_from_one",
            "Your index starts at 1: the first pixel of a plane has the index 0.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, at=lambda r, c, x, *_: _flat(r, c, x) + 1),
        ),
        *_pooling(
            "index_outside_window",
            "Your index is the first pixel of the plane that is as large: it must be one in the window itself.",
            MAXIMUM,
            _first_in_plane,
        ),
        *_pooling(
            "last_of_ties",
            "Of equal maxima you take the last one: take the first, row by row. (Did you compare with >= ?)",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, last=True),
        ),
        *_pooling(
            "first_column_of_ties",
            "Of equal maxima you take the first column by column: take the first row by row.",
            MAXIMUM,
            lambda x, k, s, p: _max_by_columns(x, k, s, p),
        ),
        *_pooling(
            "minimum_for_maximum",
            "You return the smallest value of each window: max pooling keeps the largest.",
            MAXIMUM,
            lambda x, k, s, p: _max(x, k, s, p, fill=INFINITY, largest=False),
            lambda x, k, s, p: _max(x, k, s, p, largest=False),
        ),
        *_pooling(
            "mean_for_maximum",
            "You return the mean of each window: max pooling keeps the largest value.",
            MAXIMUM,
            lambda x, k, s, p: (_mean(x, k, s, p), _max(x, k, s, p)[1]),
        ),
        *_pooling(
            "maximum_of_magnitudes",
            "You compare the values without their signs: −3 is smaller than 1.",
            MAXIMUM,
            lambda x, k, s, p: _max(x.abs(), k, s, p),
            lambda x, k, s, p: _by_magnitude(x, k, s, p),
        ),
        *_pooling(
            "channels_pooled",
            "You take the maximum over the channels as well: pooling treats every channel by itself.",
            MAXIMUM,
            _max_over_channels,
            lambda x, k, s, p: tuple(value[:, :1] for value in _max_over_channels(x, k, s, p)),
            lambda x, k, s, p: tuple(value[:, 0] for value in _max_over_channels(x, k, s, p)),
        ),
    ),
)


# avg_pool2d


def _avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    import torch.nn.functional as F

    return F.avg_pool2d(x, k, stride, padding, count_include_pad=count_include_pad)


def _count(x, k, s, p, outputs=_steps_down):
    """Count the pixels of the plane under each window, (1, 1, rows, columns)."""
    return _windows(x[:1, :1] * 0 + 1, k, s, p, 0.0, outputs).sum((-2, -1))


def _mean(x, k, s, p, count_include_pad=True, fill=0.0, outputs=_steps_down):
    total = _windows(x, k, s, p, fill, outputs).sum((-2, -1))
    return total / (k[0] * k[1] if count_include_pad else _count(x, k, s, p, outputs))


def _mean_of_nonzero(x, k, s, p, all_count, least):
    """Divide by the number of values under the window that are not 0, or by `least` where that is more."""
    windows = _windows(x, k, s, p, 0.0)
    total = windows.sum((-2, -1))
    return total / (k[0] * k[1] if all_count else (windows != 0).sum((-2, -1)).clamp(min=least))


def _mean_over_the_edge(outputs):
    """Let windows reach over the edge, and divide by what they find of the padded plane."""

    def mean(x, k, s, p, count_include_pad=True):
        import torch.nn.functional as F

        around = (p[1], p[1], p[0], p[0])
        valid = F.pad(x * 0 + 1, around, value=1.0 if count_include_pad else 0.0)
        sums = _windows(F.pad(x, around), k, s, (0, 0), 0.0, outputs).sum((-2, -1))
        return sums / _windows(valid, k, s, (0, 0), 0.0, outputs).sum((-2, -1))

    return mean


def _all_means(x, k, s, p, count_include_pad=True):
    return _mean(x, k, s, p, count_include_pad).mean(1, keepdim=True)


def _replicated(x, k, s, p, count_include_pad=True):
    import torch.nn.functional as F

    return _mean(F.pad(x, (p[1], p[1], p[0], p[0]), mode="replicate"), k, s, (0, 0))


def _count_cases(rng):
    height, width = integer(rng, 7, 8), integer(rng, 9, 11)
    without = {"count_include_pad": False}
    return [
        Case((SMALL, 2), {"padding": 1, **without}, note="small enough to do by hand"),
        Case((normal(rng, 2, 3, height, width), 3), {"stride": 2, "padding": 1, **without}, note="windows that overlap"),
        Case((normal(rng, 1, 2, 8, 9), (4, 3)), {"stride": (2, 3), "padding": (2, 1), **without}, note="pairs"),
        Case((normal(rng, 2, 2, width, 6, dtype="float32"), 4), {"stride": 1, "padding": 2, **without}, note="float32"),
        Case((normal(rng, 1, 2, 3, 4), 5, 1, 1, False), note="a window that reaches over both edges at once"),
        Case((strided(rng, 2, 2, 5, 7), (2, 3)), {"padding": (0, 1), **without}, note="padding left and right only"),
        Case((normal(rng, 2, 2, height, 6), 2), {"stride": 1, **without}, note="nothing padded, so nothing to leave out"),
        Case((_digits(rng, 2, 2, 7, 8), 3), {"padding": 1, **without}, note="values many of which are 0"),
    ]


def _padded_below(x, k, s, p, count_include_pad):
    total = _windows(_below(x, p, 0.0), k, s, (0, 0), 0.0).sum((-2, -1))
    count = _windows(_below(x * 0 + 1, p, 0.0), k, s, (0, 0), 0.0).sum((-2, -1))
    return total / (k[0] * k[1] if count_include_pad else count)


AVG_POOL2D = Exercise(
    name="avg_pool2d",
    signature="avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True)",
    reference=on_torch(_avg_pool2d),
    parts=(
        Part("avg_pool2d", _plain_cases),
        Part("avg_pool2d_strided", _strided_cases),
        Part("avg_pool2d_padded", _padded_cases),
        Part("avg_pool2d_count", _count_cases),
        Part("avg_pool2d_errors", _pool_errors),
    ),
    terms=_terms,
    window=_window_behind,
    mistakes=(
        *_pooling(
            "count_include_pad_ignored",
            "You count the padding where it must be left out: with count_include_pad=False divide by the pixels of the plane "
            "under the window.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p),
        ),
        # By default, never counting and a condition turned round are the same.
        *_pooling(
            "count_include_pad_ignored",
            "You leave the padding out where it counts: count_include_pad is True by default, so divide by kh · kw everywhere.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p, False),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p, not count_include_pad),
        ),
        *_pooling(
            "zeros_not_counted",
            "You divide by the number of values that are not 0: a pixel of the plane counts, whatever its value.",
            AVERAGE,
            *(
                lambda x, k, s, p, count_include_pad=True, least=least, heeds=heeds: _mean_of_nonzero(
                    x, k, s, p, count_include_pad and heeds, least
                )
                for heeds in (True, False)
                for least in (0, 1)
            ),
        ),
        *_pooling(
            "sum_not_mean",
            "You return the sum of each window: divide it by the number of values.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * (k[0] * k[1]),
        ),
        *_pooling(
            "divided_by_one_side",
            "You divide by one side of the window: it holds kh · kw values.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * k[0],
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * k[1],
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * k[0] / k[1],
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * k[1] / k[0],
        ),
        *_pooling(
            "divided_by_stride",
            "You divide by sh · sw: divide by the number of values in the window, not by the stride.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p) * (k[0] * k[1] / (s[0] * s[1])),
        ),
        *_pooling(
            "maximum_for_mean",
            "You return the largest value of each window: this is average pooling.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _max(x, k, s, p)[0],
            lambda x, k, s, p, count_include_pad=True: _max(x, k, s, p, fill=0.0)[0],
        ),
        *_pooling(
            "median_for_mean",
            "You return the median of each window: average pooling takes the mean.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _windows(x, k, s, p, 0.0).flatten(-2).quantile(0.5, -1),
        ),
        *_pooling(
            "infinity_for_zero_padding",
            "You pad with minus infinity: that is for the maximum. A sum must be padded with zeros.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p, count_include_pad, fill=-INFINITY),
        ),
        *_pooling(
            "replicate_for_zeros",
            "You pad by repeating the edge: here the padding is zeros.",
            AVERAGE,
            _replicated,
        ),
        *ways(
            "stride_one_by_default",
            "Without a stride your window moves on by 1: the default, None, stands for the size of the window.",
            SIZE,
            lambda x, k, stride=None, padding=0, count_include_pad=True: _mean(
                x, _pair(k), _pair(1 if stride is None else stride), _pair(padding), count_include_pad
            ),
        ),
        *_pooling(
            "stride_ignored",
            "The stride has no effect: your window always moves on by 1.",
            SIZE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, (1, 1), p, count_include_pad),
        ),
        *_pooling(
            "stride_ignored",
            "The stride has no effect: your window always moves on by its own size.",
            SIZE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, k, p, count_include_pad),
        ),
        *_pooling(
            "ceil_for_floor",
            "Your last windows reach over the edge: a window that does not fit is left out, so round the steps down.",
            SIZE,
            *(
                lambda x, k, s, p, count_include_pad=True, o=outputs: _mean(x, k, s, p, count_include_pad, outputs=o)
                for outputs in (_steps_up, _every_start, _divided)
            ),
            *map(_mean_over_the_edge, (_steps_up, _every_start, _divided)),
        ),
        *_pooling(
            "one_output_too_few",
            "Windows are missing at the end: there are ⌊(H + 2p − k)/s⌋ + 1 of them, with the 1 added after dividing.",
            SIZE,
            *(
                lambda x, k, s, p, count_include_pad=True, o=outputs: _mean(x, k, s, p, count_include_pad, outputs=o)
                for outputs in (_one_before_dividing, _steps_only)
            ),
        ),
        *_pooling(
            "height_width_swapped",
            "Height and width have changed places: in a pair, the first number is for the rows and the second for the columns.",
            SIZE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, _swap(k), _swap(s), _swap(p), count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, _swap(k), s, p, count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, _swap(k), _swap(k) if k == s else s, p, count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, _swap(s), p, count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, _swap(p), count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p, count_include_pad).mT,
        ),
        *_pooling(
            "padding_ignored",
            "The padding has no effect: with it the first window starts p rows above the plane and p columns left of it.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, (0, 0)),
        ),
        *_pooling(
            "integer_division",
            "You round the means down to whole numbers: divide with `/`, not with `//`.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, p, count_include_pad).floor(),
        ),
        *_pooling(
            "padding_doubled",
            "You pad twice as much as you should: there are p rows above and p below, and columns likewise.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, _twice(p), count_include_pad),
        ),
        *_pooling(
            "first_of_pair_only",
            "You use the first number of a pair for both directions: the second one is for the columns.",
            SIZE,
            lambda x, k, s, p, count_include_pad=True: _mean(x, _first(k), _first(s), _first(p), count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, _first(k), _first(k) if k == s else s, p, count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, _first(s), p, count_include_pad),
            lambda x, k, s, p, count_include_pad=True: _mean(x, k, s, _first(p), count_include_pad),
        ),
        *_pooling(
            "padding_one_side",
            "You pad on one side only: there are p rows above and p rows below, and columns likewise.",
            AVERAGE,
            lambda x, k, s, p, count_include_pad=True: _mean(
                x, k, s, p, count_include_pad, outputs=lambda n, k, s, p: (n + p - k) // s + 1
            ),
            lambda x, k, s, p, count_include_pad=True: _padded_below(x, k, s, p, count_include_pad),
        ),
        *_pooling(
            "channels_pooled",
            "You average over the channels as well: pooling treats every channel by itself.",
            AVERAGE,
            _all_means,
            lambda x, k, s, p, count_include_pad=True: _all_means(x, k, s, p, count_include_pad)[:, 0],
            lambda x, k, s, p, count_include_pad=True: _all_means(x, k, s, p, count_include_pad).expand(-1, x.shape[1], -1, -1),
        ),
    ),
)


# global_avg_pool


def _global_cases(rng):
    height, width = integer(rng, 4, 6), integer(rng, 7, 9)
    return [
        Case((np.array([[[[1.0, 2, 6], [3, 0, 0]], [[5, 5, 5], [5, 5, 11]]]]),), note="small enough to do by hand"),
        Case((normal(rng, 3, 2, height, width),), note="planes that are not square"),
        Case((normal(rng, 2, 5, width, height),)),
        Case((normal(rng, 3, 3, 3, 3),), note="as many samples as channels, rows and columns"),
        Case((normal(rng, 2, 4, height, width, dtype="float32"),), note="float32"),
        Case((strided(rng, 2, 3, height, width),), note="an array that is not contiguous in memory"),
        Case((normal(rng, 2, 3, 1, 1),), note="planes of one pixel"),
        Case((normal(rng, 1, 1, height, 2),), note="one sample with one channel"),
    ]


GLOBAL_AVG_POOL = Exercise(
    name="global_avg_pool",
    signature="global_avg_pool(x)",
    reference=on_torch(lambda x: x.mean((2, 3))),
    parts=(Part("global_avg_pool", _global_cases),),
    terms=lambda x: x.shape[-2] * x.shape[-1],
    window=lambda index, x: [(f"x[{index[0]}, {index[1]}]", x[index[0], index[1]])],
    mistakes=(
        *ways(
            "sum_not_mean",
            "You return the sum of each plane: divide it by H · W.",
            GLOBAL,
            lambda x: x.sum((2, 3)),
        ),
        *ways(
            "maximum_for_mean",
            "You return the largest value of each plane: this is average pooling.",
            GLOBAL,
            lambda x: x.amax((2, 3)),
        ),
        *ways(
            "divided_by_one_side",
            "You divide by one side of the plane: it holds H · W values.",
            GLOBAL,
            lambda x: x.sum((2, 3)) / x.shape[2],
            lambda x: x.sum((2, 3)) / x.shape[3],
        ),
        *ways(
            "axes_kept",
            "Your result still has the axes of height and width, with length 1: the shape must be (N, C).",
            GLOBAL,
            lambda x: x.mean((2, 3), keepdim=True),
        ),
        *ways(
            "one_axis_only",
            "You average along one of the two axes of the plane only: the result must have one number for each channel.",
            GLOBAL,
            lambda x: x.mean(3),
            lambda x: x.mean(2),
        ),
        *ways(
            "channels_pooled",
            "You average over the channels as well: each channel must keep a number of its own.",
            GLOBAL,
            lambda x: x.mean((1, 2, 3)),
            lambda x: x.mean((1, 2, 3), keepdim=True)[:, :, 0, 0],
            lambda x: x.mean(1),
        ),
        *ways(
            "batch_pooled",
            "You average over the batch as well: each sample must keep numbers of its own.",
            GLOBAL,
            lambda x: x.mean((0, 2, 3)),
            lambda x: x.mean((0, 2, 3), keepdim=True)[:, :, 0, 0],
            lambda x: x.mean(),
        ),
        *ways(
            "channels_last",
            "You average over axes 1 and 2, as for (N, H, W, C): here the channels are axis 1, and the plane is axes 2 and 3.",
            GLOBAL,
            lambda x: x.mean((1, 2)),
        ),
        *ways(
            "channels_first_of_all",
            "Your result is (C, N): the batch comes first.",
            GLOBAL,
            lambda x: x.mean((2, 3)).mT,
        ),
    ),
)


# lp_pool2d


def _lp_pool2d(x, p, k):
    return _lp(x, p, _pair(k))


def _lp(x, p, k, stride=None, outputs=_steps_down, power=None):
    sums = _windows(x.abs() ** p, k, stride or k, (0, 0), 0.0, outputs).sum((-2, -1))
    return sums ** (1 / p if power is None else power)


def _reshaped_windows_last(x, p, k):
    """Sum over the wrong axes of a reshape: those of the taps, named before those of the windows."""
    rows, columns = x.shape[2] // k[0], x.shape[3] // k[1]
    windows = x[:, :, : rows * k[0], : columns * k[1]].reshape(*x.shape[:2], k[0], rows, k[1], columns)
    return (windows.abs() ** p).sum((2, 4)) ** (1 / p)


def _lp_from_one(x, p, k):
    if p < 1:
        raise ValueError("p must be at least 1")
    return _lp(x, p, k)


def _lp_cases(rng):
    height, width = integer(rng, 6, 8), integer(rng, 9, 11)
    return [
        Case((np.array([[[[3.0, 0, 2, -2, 9], [0, -4, -2, 2, 9]]]]), 2, 2), note="small enough to do by hand"),
        Case((normal(rng, 2, 3, height, width), 2, 3), note="planes that are not square"),
        Case((normal(rng, 1, 2, width, height), 3, 2), note="an odd p and negative values"),
        Case((normal(rng, 2, 2, height, width), 1, 2), note="p = 1"),
        Case((normal(rng, 2, 2, height, 10), 2.5, (2, 3)), note="a window that is not square, and a p that is not whole"),
        Case((normal(rng, 1, 3, width, 8), 4, (3, 2)), note="a window that is not square"),
        Case((_negative(rng, 2, 2, height, 7), 3, 2), note="values that are all negative"),
        Case((strided(rng, 2, 2, 6, width), 2, 2), note="an array that is not contiguous in memory"),
        Case((normal(rng, 2, 3, height, 8, dtype="float32"), 3, 2), note="float32"),
        Case((normal(rng, 2, 2, 4, 5), 2, (4, 5)), note="a window as large as the plane"),
        Case((normal(rng, 2, 2, height, 9), 0.5, 2), note="a p between 0 and 1"),
        Case((_with_a_zero_window(rng, 1, 2, 6, width), 3, 2), note="a window of zeros"),
    ]


def _with_a_zero_window(rng, *shape):
    x = normal(rng, *shape)
    x[:, :, 2:4, 4:6] = 0
    return x


def _lp_errors(rng):
    height = integer(rng, 4, 6)
    x = normal(rng, 1, 2, height, 8)
    return [
        Case((x, 2, height + 1), note="a window higher than the plane", raises=ValueError),
        Case((x, 2, (2, 9)), note="a window wider than the plane", raises=ValueError),
        Case((x, 0, 2), note="p = 0", raises=ValueError),
        Case((x, -1, 2), note="p = −1", raises=ValueError),
        Case((x, 2, (height, 8)), note="a window just as large as the plane", only_returns=True),
    ]


def _lps(name: str, says: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    def with_pairs(formula):
        return lambda x, p, k: formula(x, p, _pair(k))

    return ways(name, says, GLOBAL, *map(with_pairs, formulas))


LP_POOL2D = Exercise(
    name="lp_pool2d",
    signature="lp_pool2d(x, p, k)",
    reference=on_torch(_lp_pool2d),
    parts=(Part("lp_pool2d", _lp_cases), Part("lp_pool2d_errors", _lp_errors)),
    terms=lambda x, p, k: 4 * _pair(k)[0] * _pair(k)[1],
    window=lambda index, x, p, k: _window_behind(index, x, k),
    mistakes=(
        *_lps(
            "abs_missing",
            "You raise the values to the power p with their signs: for odd p they cancel. Take the magnitude |x| first.",
            lambda x, p, k: _windows(x**p, k, k, (0, 0), 0.0).sum((-2, -1)) ** (1 / p),
        ),
        *_lps(
            "abs_after_sum",
            "You take the magnitude of the sum: positive and negative values have cancelled by then. Take |x| of every value.",
            lambda x, p, k: _windows(x**p, k, k, (0, 0), 0.0).sum((-2, -1)).abs() ** (1 / p),
            lambda x, p, k: _windows(x, k, k, (0, 0), 0.0).sum((-2, -1)).abs(),
        ),
        *_lps(
            "root_missing",
            "You return the sum of the powers: the p-th root of it is missing.",
            lambda x, p, k: _lp(x, p, k, power=1),
        ),
        *_lps(
            "root_inverted",
            "You raise the sum to the power p: the p-th root is the power 1/p.",
            lambda x, p, k: _lp(x, p, k, power=p),
        ),
        *_lps(
            "square_root_always",
            "You always take the square root: it must be the p-th root.",
            lambda x, p, k: _lp(x, p, k, power=0.5),
        ),
        *_lps(
            "p_ignored",
            "You always use p = 2: the power is an argument of the function.",
            lambda x, p, k: _lp(x, 2, k),
        ),
        *_lps(
            "power_missing",
            "You add up the magnitudes without raising them to the power p.",
            lambda x, p, k: _lp(x, 1, k, power=1 / p),
            lambda x, p, k: _lp(x, 1, k, power=1),
        ),
        *_lps(
            "mean_not_sum",
            "You average the powers: Lp pooling adds them up.",
            lambda x, p, k: (_lp(x, p, k, power=1) / (k[0] * k[1])) ** (1 / p),
            lambda x, p, k: _lp(x, p, k) / (k[0] * k[1]),
        ),
        *_lps(
            "stride_one_by_default",
            "Your window moves on by 1: here the stride is the size of the window.",
            lambda x, p, k: _lp(x, p, k, (1, 1)),
        ),
        *_lps(
            "ceil_for_floor",
            "Your last windows reach over the edge: a window that does not fit is left out.",
            lambda x, p, k: _lp(x, p, k, outputs=_steps_up),
        ),
        *_lps(
            "one_output_too_few",
            "Windows are missing at the end: there are ⌊(H − k)/k⌋ + 1 of them.",
            lambda x, p, k: _lp(x, p, k, outputs=_one_before_dividing),
            lambda x, p, k: _lp(x, p, k, outputs=_steps_only),
        ),
        *_lps(
            "height_width_swapped",
            "Height and width have changed places: in a pair, the first number is for the rows and the second for the columns.",
            lambda x, p, k: _lp(x, p, _swap(k)),
            lambda x, p, k: _lp(x, p, _swap(k), k),
            lambda x, p, k: _lp(x, p, k, _swap(k)),
            lambda x, p, k: _lp(x, p, k).mT,
        ),
        *_lps(
            "window_axes_swapped",
            "Your reshape names the place in the window before the window: it must be (N, C, H′, kh, W′, kw), with the sum over "
            "axes 3 and 5.",
            _reshaped_windows_last,
        ),
        *_lps(
            "divided_by_zero",
            "You divide by the largest magnitude of the window: where all its values are 0, that gives NaN.",
            lambda x, p, k: _lp(x, p, k) / (_max(x.abs(), k, k, (0, 0))[0] != 0),
        ),
        *_lps(
            "small_p_refused",
            "You refuse a p below 1: every positive p is allowed, only zero and negative ones are not.",
            _lp_from_one,
        ),
        *_lps(
            "maximum_for_norm",
            "You return the largest magnitude of each window: that is the limit for p without end.",
            lambda x, p, k: _max(x.abs(), k, k, (0, 0))[0],
        ),
        *_lps(
            "channels_pooled",
            "You add up the channels as well: pooling treats every channel by itself.",
            lambda x, p, k: _lp(x, p, k, power=1).sum(1, keepdim=True) ** (1 / p),
            lambda x, p, k: _lp(x, p, k, power=1).sum(1) ** (1 / p),
        ),
    ),
)


# max_pool2d_backward


def _max_pool2d_backward(dy, index, x_shape):
    """Add every gradient where its maximum was."""
    return _routed(dy, index, x_shape).reshape(x_shape)


def _routed(dy, index, x_shape):
    dx = dy.new_zeros(x_shape[0], x_shape[1], x_shape[2] * x_shape[3])
    return dx.scatter_add(2, index.flatten(2), dy.flatten(2))


def _pooled_case(dy_dtype, x, k, stride, padding, rng, note=""):
    """Return the case of a backward pass, with the index of a pooling of x and a random gradient."""
    _, index = on_torch(_max_pool2d)(x, k, stride, padding)
    return Case((normal(rng, *index.shape, dtype=dy_dtype), index, x.shape), note=note)


def _routing_cases(rng):
    height, width = integer(rng, 6, 7), integer(rng, 9, 11)
    by_hand = np.array([[[[3.0, 5.0]]]]), np.array([[[[1, 6]]]]), (1, 1, 2, 4)
    return [
        Case(by_hand, note="small enough to do by hand"),
        _pooled_case("float64", normal(rng, 2, 3, height, width), 2, None, 0, rng, "planes that are not square"),
        _pooled_case("float64", normal(rng, 2, 2, width, height), 3, None, 0, rng, "planes higher than wide"),
        _pooled_case("float64", normal(rng, 1, 2, 6, 6), 2, None, 0, rng, "square planes"),
        _pooled_case("float32", normal(rng, 2, 3, 6, width), 2, None, 0, rng, "float32"),
        _pooled_case("float64", normal(rng, 2, 2, 9, 10), 2, 3, 0, rng, "pixels that no window covers"),
        _pooled_case("float64", _digits(rng, 2, 2, 6, 8), 2, None, 0, rng, "equal maxima"),
        Case((np.ones((1, 2, 1, 1)), np.zeros((1, 2, 1, 1), int), (1, 2, 1, 1)), note="planes of one pixel"),
    ]


def _overlapping_cases(rng):
    height, width = integer(rng, 6, 7), integer(rng, 9, 11)
    by_hand = np.array([[[[3.0, 5.0], [7.0, 1.0]]]]), np.array([[[[5, 5], [5, 6]]]]), (1, 1, 3, 4)
    return [
        Case(by_hand, note="one pixel that is the maximum of three windows"),
        _pooled_case("float64", normal(rng, 2, 3, height, width), 3, 2, 1, rng, "padding and windows that overlap"),
        _pooled_case("float64", normal(rng, 2, 2, width, height), 3, 1, 0, rng, "windows that overlap a lot"),
        _pooled_case("float64", normal(rng, 1, 2, 7, 8), (4, 3), (1, 2), (2, 1), rng, "pairs"),
        _pooled_case("float32", normal(rng, 2, 2, 7, 7), 3, 1, 1, rng, "float32, square planes"),
        _pooled_case("float64", _digits(rng, 2, 2, 7, width), 3, 2, 1, rng, "equal maxima"),
        _pooled_case("float64", normal(rng, 1, 1, 5, 5), 5, 1, 2, rng, "one plane"),
    ]


def _routing_errors(rng):
    dy, index = normal(rng, 2, 3, 2, 2), np.zeros((2, 3, 2, 2), int)
    beyond = index.copy()
    beyond[0, 1, 1, 0] = 20
    return [
        Case((dy, index[:, :, :1], (2, 3, 4, 5)), note="dy and index of different shapes", raises=ValueError),
        Case((dy, index, (2, 2, 4, 5)), note="fewer channels in x_shape than in dy", raises=ValueError),
        Case((dy, beyond, (2, 3, 4, 5)), note="an index beyond the end of the plane", raises=ValueError),
        Case((dy, beyond - 1, (2, 3, 4, 5)), note="an index before the start of the plane", raises=ValueError),
        Case((dy, beyond.clip(0, 19), (2, 3, 4, 5)), note="the index of the very last pixel", only_returns=True),
    ]


def _one_wins(dy, index, x_shape, last):
    """Let one of the gradients that meet at a pixel win: that of the last window, or of the first."""
    import torch

    flat = index.flatten(2)
    order = torch.arange(flat.shape[2], device=dy.device).expand_as(flat)
    start = -1 if last else flat.shape[2]
    winner = torch.full((*x_shape[:2], x_shape[2] * x_shape[3]), start, device=dy.device)
    winner = winner.scatter_reduce(2, flat, order, "amax" if last else "amin")
    values = dy.flatten(2).gather(2, winner.clamp(0, flat.shape[2] - 1))
    return values.where(winner != start, 0 * values).reshape(x_shape)


def _decoded_with_height(dy, index, x_shape):
    """Read an index as if the rows were as long as the plane is high."""
    row, column = index // x_shape[2], index % x_shape[2]
    if int(row.max()) >= x_shape[2] or int(column.max()) >= x_shape[3]:
        raise IndexError("index is out of bounds")
    return _max_pool2d_backward(dy, row * x_shape[3] + column, x_shape)


def _to_one_plane(dy, index, x_shape, per_sample):
    dx = dy.new_zeros(x_shape)
    routed = _max_pool2d_backward(dy, index, x_shape)
    if per_sample:
        dx[:, 0] = routed.sum(1)
    else:
        dx[0, 0] = routed.sum((0, 1))
    return dx


def _to_first_sample(dy, index, x_shape):
    dx = dy.new_zeros(x_shape)
    dx[0] = _max_pool2d_backward(dy, index, x_shape).sum(0)
    return dx


def _to_first_planes(dy, index, x_shape):
    """Give sample n the plane n of all planes in a row."""
    planes = dy.new_zeros(x_shape[0] * x_shape[1], *x_shape[2:])
    planes[: x_shape[0]] = _max_pool2d_backward(dy, index, x_shape).sum(1)
    return planes.reshape(x_shape)


def _to_one_plane_last_wins(dy, index, x_shape):
    """Assign all gradients in the first plane, where later planes win."""
    dx = dy.new_zeros(x_shape)
    whole = (1, 1, *x_shape[2:])
    dx[0, 0] = _one_wins(dy.reshape(1, 1, -1, 1), index.reshape(1, 1, -1, 1), whole, True)[0, 0]
    return dx


def _gradients_at(at, dy, index, x_shape):
    n, c, row, column = at
    return dy[n, c][index[n, c] == row * x_shape[3] + column]


MAX_POOL2D_BACKWARD = Exercise(
    name="max_pool2d_backward",
    signature="max_pool2d_backward(dy, index, x_shape)",
    reference=on_torch(_max_pool2d_backward),
    parts=(
        Part("max_pool2d_backward", _routing_cases),
        Part("max_pool2d_backward_overlapping", _overlapping_cases),
        Part("max_pool2d_backward_errors", _routing_errors),
    ),
    terms=lambda dy, index, x_shape: 16,
    window=lambda at, dy, index, x_shape: [
        (f"dy where index[{at[0]}, {at[1]}] is {at[2] * x_shape[3] + at[3]}", _gradients_at(at, dy, index, x_shape))
    ],
    mistakes=(
        *ways(
            "gradient_overwritten",
            "Where one pixel is the maximum of several windows, only one gradient arrives: add them up. (With an array of "
            "indices, dx[i] += d adds only once for each.)",
            BACKWARD,
            lambda dy, index, x_shape: _one_wins(dy, index, x_shape, True),
            lambda dy, index, x_shape: _one_wins(dy, index, x_shape, False),
        ),
        *ways(
            "index_over_channels",
            "All gradients land in the first planes: an index counts inside its own plane, so every channel of every sample "
            "needs its own.",
            BACKWARD,
            lambda dy, index, x_shape: _to_one_plane(dy, index, x_shape, False),
            lambda dy, index, x_shape: _to_one_plane(dy, index, x_shape, True),
            _to_first_sample,
            _to_first_planes,
            _to_one_plane_last_wins,
        ),
        *ways(
            "height_width_swapped",
            "You take the index apart with the height of the plane: a row has as many pixels as the plane is wide.",
            BACKWARD,
            _decoded_with_height,
        ),
        *ways(
            "height_width_swapped",
            "Height and width of dx have changed places.",
            BACKWARD,
            lambda dy, index, x_shape: _routed(dy, index, x_shape).reshape(*x_shape[:2], x_shape[3], x_shape[2]),
            lambda dy, index, x_shape: _max_pool2d_backward(dy, index, x_shape).mT,
            lambda dy, index, x_shape: _routed(dy, index, x_shape).reshape(*x_shape[:2], x_shape[3], x_shape[2]).mT,
        ),
        *ways(
            "upstream_gradient_ignored",
            "You write 1 where the maximum was: multiply by the upstream gradient dy.",
            BACKWARD,
            lambda dy, index, x_shape: _max_pool2d_backward(0 * dy + 1, index, x_shape),
            lambda dy, index, x_shape: (_max_pool2d_backward(0 * dy + 1, index, x_shape) > 0).double(),
        ),
        *ways(
            "gradient_averaged",
            "Where one pixel is the maximum of several windows you take the mean of their gradients: it gets their sum.",
            BACKWARD,
            lambda dy, index, x_shape: (
                _max_pool2d_backward(dy, index, x_shape) / _max_pool2d_backward(0 * dy + 1, index, x_shape).clamp(min=1)
            ),
        ),
        *ways(
            "shape_flattened",
            "The values are right, but your result is still flat: give it the shape of x.",
            BACKWARD,
            _routed,
            lambda dy, index, x_shape: _routed(dy, index, x_shape).flatten(),
        ),
        *ways(
            "batch_summed",
            "You add up the gradients of all samples: each sample of x has a gradient of its own.",
            BACKWARD,
            lambda dy, index, x_shape: _max_pool2d_backward(dy, index, x_shape).sum(0),
            lambda dy, index, x_shape: _max_pool2d_backward(dy, index, x_shape).sum(0, keepdim=True),
        ),
        *ways(
            "sign_wrong",
            "The sign of your gradient is wrong: what goes up with x has a positive derivative.",
            BACKWARD,
            lambda dy, index, x_shape: -_max_pool2d_backward(dy, index, x_shape),
        ),
    ),
)


# avg_pool2d_backward


def _avg_pool2d_backward(dy, x_shape, k, stride=None, padding=0, count_include_pad=True):
    import torch
    import torch.nn.functional as F

    x = dy.new_zeros(x_shape, requires_grad=True)
    y = F.avg_pool2d(x, k, stride, padding, count_include_pad=count_include_pad)
    return torch.autograd.grad(y, x, dy)[0]


def _placed(dy, x_shape, k, s, p, how, start=None):
    """Visit every window on a padded plane and write its share with `how(old, share)`; then crop the padding off."""
    import torch.nn.functional as F

    top, left = p if start is None else start
    rows, columns = dy.shape[2:]
    height = max(x_shape[2] + 2 * p[0], (rows - 1) * s[0] + k[0])
    width = max(x_shape[3] + 2 * p[1], (columns - 1) * s[1] + k[1])
    dx = dy.new_zeros(*x_shape[:2], height, width)
    for i in range(rows):
        for j in range(columns):
            at = (..., slice(i * s[0], i * s[0] + k[0]), slice(j * s[1], j * s[1] + k[1]))
            dx[at] = how(dx[at], dy[:, :, i, j, None, None].expand_as(dx[at]))
    return F.pad(dx, (-left, x_shape[3] + left - width, -top, x_shape[2] + top - height))


def _added(old, share):
    return old + share


def _assigned(old, share):
    return share


def _first_kept(old, share):
    return old.where(old != 0, share)


def _spread(dy, x_shape, k, s, p, how=_added, start=None):
    return _placed(dy / (k[0] * k[1]), x_shape, k, s, p, how, start)


def _one_pixel(row, column):
    """Give the whole share to one pixel of the window."""

    def how(old, share):
        new = old.clone()
        new[..., row, column] += share[..., row, column]
        return new

    return how


def _spreading(name: str, says: str, see: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake by what it makes of dy, x_shape and the pairs of kernel, stride and padding."""

    def with_defaults(formula):
        return lambda dy, x_shape, k, stride=None, padding=0: formula(dy, x_shape, *_geometry(k, stride, padding))

    return ways(name, says, see, *map(with_defaults, formulas))


def _spreading_case(rng, x_shape, k, note, dtype="float64", **options):
    shape = [_steps_down(n, *one) for n, *one in zip(x_shape[2:], *_spread_options(k, **options), strict=True)]
    return Case((normal(rng, *x_shape[:2], *shape, dtype=dtype), x_shape, k), options, note=note)


def _spread_options(k, stride=None, padding=0):
    return _geometry(k, stride, padding)


def _spread_plain_cases(rng):
    height, width = integer(rng, 6, 8), integer(rng, 9, 11)
    return [
        Case((np.array([[[[4.0, 8.0]]]]), (1, 1, 3, 4), 2), note="small enough to do by hand"),
        _spreading_case(rng, (2, 3, height, width), 2, "planes that are not square"),
        _spreading_case(rng, (1, 2, width, height), 3, "planes higher than wide"),
        _spreading_case(rng, (2, 2, height, width), (2, 3), "a window that is not square"),
        _spreading_case(rng, (2, 2, 6, 8), 2, "a stride that is given, as large as the window", stride=2),
        _spreading_case(rng, (2, 2, height, 8), 2, "float32", "float32"),
        _spreading_case(rng, (2, 3, 4, 5), (4, 5), "a window as large as the plane"),
    ]


def _spread_strided_cases(rng):
    height, width = integer(rng, 7, 8), integer(rng, 9, 11)
    return [
        Case((np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), (1, 1, 3, 3), 2), {"stride": 1}, note="small enough to do by hand"),
        _spreading_case(rng, (2, 3, height, width), 3, "windows that overlap", stride=2),
        _spreading_case(rng, (1, 2, 9, 10), 2, "pixels that no window covers", stride=3),
        _spreading_case(rng, (2, 2, width, height), (3, 2), "pairs", stride=(1, 2)),
        _spreading_case(rng, (2, 1, 8, 9), (2, 4), "pairs", stride=(2, 1)),
        _spreading_case(rng, (2, 2, height, 9), 3, "float32", "float32", stride=1),
    ]


def _spread_padded_cases(rng):
    height, width = integer(rng, 7, 8), integer(rng, 9, 11)
    return [
        Case((np.array([[[[4.0, 8.0], [12.0, 16.0]]]]), (1, 1, 2, 2), 2), {"padding": 1}, note="small enough to do by hand"),
        _spreading_case(rng, (2, 3, height, width), 3, "windows that overlap", stride=2, padding=1),
        _spreading_case(rng, (1, 2, 7, 10), (2, 3), "padding above and below only", stride=(2, 1), padding=(1, 0)),
        _spreading_case(rng, (2, 2, 8, 9), (4, 2), "pairs everywhere", stride=(3, 1), padding=(2, 1)),
        _spreading_case(rng, (2, 2, width, 6), 4, "float32", "float32", stride=1, padding=2),
        _spreading_case(rng, (1, 2, 6, 7), 3, "a padding, and the stride left out", padding=1),
    ]


def _spread_errors(rng):
    height = integer(rng, 5, 7)
    dy = normal(rng, 1, 2, 2, 3)
    return [
        Case((dy, (1, 2, height, 6), height + 1), note="a window higher than the plane", raises=ValueError),
        Case((dy, (1, 2, 4, 8), 2), note="a dy with a column less than the pooled plane has", raises=ValueError),
        Case((dy, (1, 2, 6, 6), 2), note="a dy with a row less than the pooled plane has", raises=ValueError),
        Case((dy[:, :, :1, :1], (1, 2, 4, 6), 2), note="a dy of one value per plane", raises=ValueError),
        Case((dy, (3, 2, 4, 6), 2), note="a dy for one sample where x has three", raises=ValueError),
        Case((dy[:, :1], (1, 2, 4, 6), 2), note="a dy for one channel where x has two", raises=ValueError),
        Case((dy, (1, 2, 4, 6), 2), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((dy, (1, 2, 2, 4), 2), {"padding": 2}, note="padding of more than half the window", raises=ValueError),
        Case((dy, (1, 2, 4, 6), 2), note="a dy that fits", only_returns=True),
        Case((dy, (1, 2, 5, 7), 2), note="a dy that fits, and pixels left over", only_returns=True),
    ]


AVG_POOL2D_BACKWARD = Exercise(
    name="avg_pool2d_backward",
    signature="avg_pool2d_backward(dy, x_shape, k, stride=None, padding=0)",
    reference=on_torch(_avg_pool2d_backward),
    parts=(
        Part("avg_pool2d_backward", _spread_plain_cases),
        Part("avg_pool2d_backward_strided", _spread_strided_cases),
        Part("avg_pool2d_backward_padded", _spread_padded_cases),
        Part("avg_pool2d_backward_errors", _spread_errors),
    ),
    terms=lambda dy, x_shape, k, *args, **kwargs: _pair(k)[0] * _pair(k)[1],
    mistakes=(
        *_spreading(
            "gradient_not_divided",
            "Every pixel gets the whole gradient of its window: each has a share of 1/(kh · kw) in the mean.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _placed(dy, x_shape, k, s, p, _added),
        ),
        *_spreading(
            "divided_by_one_side",
            "You divide by one side of the window: it holds kh · kw pixels.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy * k[0], x_shape, k, s, p),
            lambda dy, x_shape, k, s, p: _spread(dy * k[1], x_shape, k, s, p),
            lambda dy, x_shape, k, s, p: _spread(dy * k[0] / k[1], x_shape, k, s, p),
            lambda dy, x_shape, k, s, p: _spread(dy * k[1] / k[0], x_shape, k, s, p),
        ),
        *_spreading(
            "divided_by_stride",
            "You divide by sh · sw: every pixel gets 1/(kh · kw) of the gradient, so divide by the window, not by the stride.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _placed(dy / (s[0] * s[1]), x_shape, k, s, p, _added),
        ),
        *_spreading(
            "gradient_overwritten",
            "Where windows overlap, only one of their gradients arrives: add them up.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, _assigned),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, _first_kept),
        ),
        *_spreading(
            "gradient_averaged",
            "Where windows overlap you take the mean of their gradients: a pixel gets their sum.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: (
                _spread(dy, x_shape, k, s, p) / _placed(0 * dy + 1, x_shape, k, s, p, _added).clamp(min=1)
            ),
        ),
        *_spreading(
            "gradient_to_one_pixel",
            "One pixel of each window gets the gradient: the mean depends on all of them alike.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _placed(dy, x_shape, k, s, p, _one_pixel(0, 0)),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, _one_pixel(0, 0)),
            lambda dy, x_shape, k, s, p: _placed(dy, x_shape, k, s, p, _one_pixel(k[0] // 2, k[1] // 2)),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, _one_pixel(-1, -1)),
        ),
        *ways(
            "divided_by_real_count",
            "At the border you divide by the pixels under the window: the padding counts here, so divide by kh · kw everywhere.",
            BACKWARD,
            lambda dy, x_shape, k, stride=None, padding=0: _avg_pool2d_backward(dy, x_shape, k, stride, padding, False),
        ),
        *_spreading(
            "padding_not_cropped",
            "Your gradient is that of the padded plane: cut off the p rows and columns on every side.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, (*x_shape[:2], x_shape[2] + 2 * p[0], x_shape[3] + 2 * p[1]), k, s, (0, 0)),
        ),
        *_spreading(
            "padding_one_side",
            "You crop the padding at one end only: p rows and columns are cut off on every side.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, start=(2 * p[0], 2 * p[1])),
            lambda dy, x_shape, k, s, p: _spread(dy, (*x_shape[:2], x_shape[2] + p[0], x_shape[3] + p[1]), k, s, p, start=p),
        ),
        *_spreading(
            "padding_ignored",
            "The padding has no effect: window (i, j) starts p rows above row i · stride, and p columns left.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, start=(0, 0)),
        ),
        *ways(
            "stride_one_by_default",
            "Without a stride your windows stand one pixel apart: the default, None, stands for the size of the window.",
            SIZE,
            lambda dy, x_shape, k, stride=None, padding=0: _spread(
                dy, x_shape, _pair(k), _pair(1 if stride is None else stride), _pair(padding)
            ),
        ),
        *_spreading(
            "stride_ignored",
            "The stride has no effect: your windows always stand one pixel apart.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, (1, 1), p),
        ),
        *_spreading(
            "stride_ignored",
            "The stride has no effect: your windows always stand side by side.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, k, p),
        ),
        *_spreading(
            "height_width_swapped",
            "Height and width have changed places: in a pair, the first number is for the rows and the second for the columns.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, _swap(k), _swap(s), _swap(p)),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, _swap(k), s, p),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, _swap(s), p),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, start=_swap(p)),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p).mT,
        ),
        *_spreading(
            "uncovered_pixels_missing",
            "Your result is only as large as what the windows cover: it must have the shape of x, with 0 where no window is.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(
                dy, (*dy.shape[:2], *((m - 1) * s1 + k1 for m, s1, k1 in zip(dy.shape[2:], s, k, strict=True))), k, s, (0, 0)
            ),
            lambda dy, x_shape, k, s, p: _spread(
                dy,
                (*dy.shape[:2], *((m - 1) * s1 + k1 - 2 * p1 for m, s1, k1, p1 in zip(dy.shape[2:], s, k, p, strict=True))),
                k,
                s,
                p,
            ),
        ),
        *_spreading(
            "empty_slice",
            "Your result is empty where the padding is 0: `dx[p:-p]` is then `dx[0:0]`. Write the end as p + H.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p)[
                ..., : x_shape[2] if p[0] else 0, : x_shape[3] if p[1] else 0
            ],
        ),
        *_spreading(
            "first_of_pair_only",
            "You use the first number of a pair for both directions: the second one is for the columns.",
            SIZE,
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, _first(k), _first(s), _first(p)),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, _first(k), _first(k) if k == s else s, p),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, _first(s), p),
            lambda dy, x_shape, k, s, p: _spread(dy, x_shape, k, s, p, start=_first(p)),
        ),
        *_spreading(
            "upstream_gradient_ignored",
            "You spread ones: spread the upstream gradient dy.",
            BACKWARD,
            lambda dy, x_shape, k, s, p: _spread(0 * dy + 1, x_shape, k, s, p),
        ),
    ),
)


# blur_pool2d

BINOMIAL = (1.0, 2.0, 1.0)


def _blur_pool2d(x):
    return _blurred(x)


def _blurred(x, taps=BINOMIAL, other=None, mode="reflect", stride=2, start=0, divisor=None):
    """Filter rows and columns with three taps each and keep every other one."""
    import torch
    import torch.nn.functional as F

    other = taps if other is None else other
    kernel = torch.outer(x.new_tensor(taps), x.new_tensor(other))
    kernel = kernel / (kernel.sum() if divisor is None else divisor)
    padded = F.pad(x, (1, 1, 1, 1), mode=mode) if mode else x
    y = F.conv2d(padded.flatten(0, 1)[:, None], kernel[None, None]).unflatten(0, x.shape[:2])[:, :, 0]
    return y[..., start::stride, start::stride]


def _blur_cases(rng):
    height, width = 2 * integer(rng, 3, 4), 2 * integer(rng, 5, 6) + 1
    return [
        Case((np.array([[[[16.0, 0, 0, 32], [0, 16, 0, 0], [0, 0, 64, 0]]]]),), note="small enough to do by hand"),
        Case((normal(rng, 2, 3, height, width),), note="an even height and an odd width"),
        Case((normal(rng, 1, 2, width, height),), note="an odd height and an even width"),
        Case((normal(rng, 2, 2, height, height + 4),), note="even sides"),
        Case((normal(rng, 1, 3, 5, 7),), note="odd sides"),
        Case((np.ones((1, 2, 5, 6)),), note="a plane of ones, which must stay ones"),
        Case((normal(rng, 2, 3, 7, 8, dtype="float32"),), note="float32"),
        Case((strided(rng, 2, 2, 6, width),), note="an array that is not contiguous in memory"),
        Case((normal(rng, 1, 2, 2, 3),), note="the smallest plane that can be reflected"),
    ]


def _blur_errors(rng):
    return [
        Case((normal(rng, 1, 2, 1, 5),), note="a single row, which cannot be reflected", raises=ValueError),
        Case((normal(rng, 1, 2, 4, 1),), note="a single column, which cannot be reflected", raises=ValueError),
        Case((normal(rng, 1, 2, 2, 2),), note="planes of two by two, which is possible", only_returns=True),
    ]


BLUR_POOL2D = Exercise(
    name="blur_pool2d",
    signature="blur_pool2d(x)",
    reference=on_torch(_blur_pool2d),
    parts=(Part("blur_pool2d", _blur_cases), Part("blur_pool2d_errors", _blur_errors)),
    terms=lambda x: 9,
    mistakes=(
        *ways(
            "edge_for_reflect",
            "You repeat the edge: reflecting leaves it out, so that the row above the first is a copy of the second.",
            BLUR,
            lambda x: _blurred(x, mode="replicate"),
        ),
        *ways(
            "zeros_for_reflect",
            "You pad with zeros, and the border gets darker: reflect the plane at its edge instead.",
            BLUR,
            lambda x: _blurred(x, mode="constant"),
        ),
        *ways(
            "wraps_around",
            "Beyond an edge you go on at the opposite one: reflect the plane instead.",
            BLUR,
            lambda x: _blurred(x, mode="circular"),
        ),
        *ways(
            "padding_ignored",
            "You do not pad: the plane is reflected by one pixel on every side first.",
            BLUR,
            lambda x: _blurred(x, mode=None),
        ),
        *ways(
            "stride_ignored",
            "You blur, but you keep every pixel: take every second row and column.",
            BLUR,
            lambda x: _blurred(x, stride=1),
        ),
        *ways(
            "starts_at_one",
            "You keep the odd rows and columns: the first window is centred on row 0 and column 0.",
            BLUR,
            lambda x: _blurred(x, start=1),
        ),
        *ways(
            "floor_for_ceil",
            "The last row or column is missing where the side is odd: there are ⌊(H + 2 − 3)/2⌋ + 1 rows.",
            BLUR,
            lambda x: _blurred(x)[..., : x.shape[-2] // 2, : x.shape[-1] // 2],
        ),
        *ways(
            "not_normalised",
            "Your kernel does not sum to 1: divide [1, 2, 1]ᵀ[1, 2, 1] by 16.",
            BLUR,
            lambda x: _blurred(x, divisor=1),
            lambda x: _blurred(x, divisor=4),
            lambda x: _blurred(x, divisor=9),
            lambda x: _blurred(x, divisor=8),
        ),
        *ways(
            "box_for_binomial",
            "You weigh all nine pixels alike: the weights are [1, 2, 1] in both directions.",
            BLUR,
            lambda x: _blurred(x, (1.0, 1.0, 1.0)),
            lambda x: _blurred(x, (1.0, 1.0, 1.0), divisor=16),
        ),
        *ways(
            "one_axis_only",
            "You blur in one direction only: the rows need it as much as the columns.",
            BLUR,
            lambda x: _blurred(x, (0.0, 1.0, 0.0), BINOMIAL),
            lambda x: _blurred(x, BINOMIAL, (0.0, 1.0, 0.0)),
        ),
        *ways(
            "blur_missing",
            "You only leave out every second row and column: blur first.",
            BLUR,
            lambda x: x[..., ::2, ::2],
        ),
        *ways(
            "blur_after_subsampling",
            "You leave out rows and columns first and blur then: what the blur should have removed is aliased by that time.",
            BLUR,
            lambda x: _blurred(x[..., ::2, ::2], stride=1),
        ),
        *ways(
            "maximum_for_mean",
            "You take a maximum: blur pooling is a weighted mean.",
            BLUR,
            lambda x: _max(x, (3, 3), (2, 2), (1, 1))[0],
            lambda x: _max(x, (2, 2), (2, 2), (0, 0))[0],
        ),
        *ways(
            "channels_pooled",
            "You add up the channels: blur every channel by itself.",
            BLUR,
            lambda x: _blurred(x).sum(1, keepdim=True),
            lambda x: _blurred(x).sum(1, keepdim=True).expand(-1, x.shape[1], -1, -1),
            lambda x: _blurred(x).mean(1, keepdim=True),
        ),
    ),
)


EXERCISES = (MAX_POOL2D, AVG_POOL2D, GLOBAL_AVG_POOL, LP_POOL2D, MAX_POOL2D_BACKWARD, AVG_POOL2D_BACKWARD, BLUR_POOL2D)
