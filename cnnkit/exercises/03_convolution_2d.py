"""Topic 03: convolution of images."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.reference import device, on_torch, ways

# Headings of lecture 03.
SLIDING = "Slide the window"
FLIP = "One bright pixel: which way round is the kernel?"
EDGES = "Edges: the Sobel kernels"
BLUR = "Blur: the Gaussian"
BORDER = "At the border: valid, same, full"
EVEN = "Even kernels have no centre"
SEPARABLE = "Separable kernels: a column times a row"
FAST = "From seven loops to one call"

TRUNCATES = (
    "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of the image."
)
NEEDS_SQUARE_IMAGE = (
    "Your function works only for square images: height and width are exchanged, or one of them is used for both."
)

SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))  # Sobel and Feldman 1968
PREWITT = ((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0))  # Prewitt 1970
SCHARR = ((-3.0, 0.0, 3.0), (-10.0, 0.0, 10.0), (-3.0, 0.0, 3.0))  # Scharr 2000


def _image(rng, height, width, dtype="float64"):
    """Draw an image large enough that its fractions are not all there is to it."""
    return (4 * normal(rng, height, width)).astype(dtype)


def _valid(x, w):
    """Slide w over x, both two-dimensional tensors, wherever it fits."""
    import torch.nn.functional as F

    return F.conv2d(x[None, None], w[None, None])[0, 0]


def _pad(x, top, bottom, left, right):
    import torch.nn.functional as F

    return F.pad(x, (left, right, top, bottom))


def _continued(mode):
    """Return an answer that pads with pixels of the image, in a mode of np.pad."""

    def wrong(x, top, bottom, left, right):
        rows = np.pad(np.arange(x.shape[0]), (top, bottom), mode=mode)
        columns = np.pad(np.arange(x.shape[1]), (left, right), mode=mode)
        return x[rows][:, columns]

    return wrong


def _halves(n):
    """Share out the n − 1 rows that 'same' adds, as TensorFlow does: the odd one goes to the end."""
    return (n - 1) // 2, n // 2


def _same(x, w, pad=_pad):
    return _valid(pad(x, *_halves(w.shape[0]), *_halves(w.shape[1])), w)


def _padded_by(sides: Callable[[int], tuple[int, int]]):
    """Return the sliding sum after padding each axis by `sides` of the kernel's length along it."""
    return lambda x, w: _valid(_pad(x, *sides(w.shape[0]), *sides(w.shape[1])), w)


_full = _padded_by(lambda n: (n - 1, n - 1))


def _into(y, x, top, left):
    """Return zeros of the shape of x with y in them."""
    frame = x.new_zeros(x.shape)
    frame[top : top + y.shape[0], left : left + y.shape[1]] = y
    return frame


def _oblong(*tensors):
    return any(t.shape[0] != t.shape[1] for t in tensors)


def _raising_where(is_so: Callable[..., bool], right: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors that raises where `is_so` of its arguments, and is right elsewhere."""

    def function(*args):
        if is_so(*args):
            raise ValueError("here such an answer raises")
        return right(*args)

    return function


# What can go wrong in any sliding sum of products. `slide` is the right function of two tensors: valid or same.


def _only(w, *place):
    """Return w with zeros everywhere but in one place."""
    kept = w.new_zeros(w.shape)
    kept[place] = w[place]
    return kept


def _as_matrices(slide, transposed):
    """Return the sums of all entries of the matrix products of windows and kernel."""

    def wrong(x, w):
        if not transposed and _oblong(w):
            raise ValueError("the shapes do not fit")
        return slide(x, w.sum(0 if transposed else 1).expand(w.shape))

    return wrong


def _truncated_at_every_tap(slide):
    def wrong(x, w):
        y = 0
        for place in np.ndindex(*w.shape):
            y = (y + slide(x, _only(w, *place))).trunc()
        return y

    return wrong


def _reading_backwards(x, w):
    """Sum x[i − a, j − b]·w[a, b] in Python, where a negative index counts from the end."""
    shifted = [x.roll(place, (0, 1)) * w[place] for place in np.ndindex(*w.shape)]
    return sum(shifted)[: x.shape[0] - w.shape[0] + 1, : x.shape[1] - w.shape[1] + 1]


def _kernel_mistakes(slide):
    last, first = np.s_[-1:], np.s_[:1]
    return (
        *ways(
            "kernel_flipped",
            "Your kernel is turned by half a turn: its first weight multiplies the last pixel of the window. That is true "
            "convolution; here, as in every framework, the kernel lies on the image as it is.",
            FLIP,
            lambda x, w: slide(x, w.flip(0, 1)),
        ),
        *ways(
            "kernel_flipped",
            "Your kernel is flipped top to bottom: its first row multiplies the last row of the window.",
            FLIP,
            lambda x, w: slide(x, w.flip(0)),
        ),
        *ways(
            "kernel_flipped",
            "Your kernel is flipped left to right: its first column multiplies the last column of the window.",
            FLIP,
            lambda x, w: slide(x, w.flip(1)),
        ),
        *ways(
            "kernel_axes_swapped",
            "Your kernel is transposed: w[a, b] belongs to the pixel a rows down and b columns to the right.",
            FLIP,
            lambda x, w: slide(x, w.T),
        ),
        *ways(
            "last_tap_missing",
            "The last row or the last column of the kernel, or its last weight, is never used: a range leaves out its end.",
            SLIDING,
            lambda x, w: slide(x, w - _only(w, last, last)),
            lambda x, w: slide(x, w - _only(w, last)),
            lambda x, w: slide(x, w - _only(w, ..., last)),
            lambda x, w: slide(x, _only(w, np.s_[:-1], np.s_[:-1])),
        ),
        *ways(
            "first_tap_missing",
            "The first row or the first column of the kernel is never used: Python counts from 0.",
            SLIDING,
            lambda x, w: slide(x, w - _only(w, first)),
            lambda x, w: slide(x, w - _only(w, ..., first)),
            lambda x, w: slide(x, _only(w, np.s_[1:], np.s_[1:])),
        ),
        *ways(
            "only_last_tap",
            "Only the last weight counts, or the last row of weights: every product replaces the one before, where it should be "
            "added to the sum.",
            SLIDING,
            lambda x, w: slide(x, _only(w, last, last)),
            lambda x, w: slide(x, _only(w, last)),
        ),
        *ways(
            "mean_not_sum",
            "You divide by the number of weights: an output is the sum of the products, not their mean.",
            SLIDING,
            lambda x, w: slide(x, w) / w.numel(),
        ),
        *ways(
            "matrix_product",
            "You multiply window and kernel as matrices (`@`, `np.dot`): multiply them entry by entry, with `*`.",
            SLIDING,
            _as_matrices(slide, transposed=False),
            _as_matrices(slide, transposed=True),
        ),
        *ways("truncated_to_int", TRUNCATES, SLIDING, lambda x, w: slide(x, w).trunc(), _truncated_at_every_tap(slide)),
        *ways(
            "height_width_swapped",
            "Rows and columns of your result are exchanged: the first index counts rows, from top to bottom.",
            SLIDING,
            lambda x, w: slide(x, w).T,
            lambda x, w: slide(x.T, w),
            _raising_where(lambda x, w: _oblong(x), lambda x, w: slide(x.T, w)),
            lambda x, w: slide(x, w).reshape(slide(x, w).shape[::-1]),
        ),
        *ways("height_width_swapped", NEEDS_SQUARE_IMAGE, SLIDING, _raising_where(lambda x, w: _oblong(x), slide)),
        *ways(
            "height_width_swapped",
            "Your function works only for square kernels: height and width are exchanged, or one of them is used for both.",
            SLIDING,
            _raising_where(lambda x, w: _oblong(w), slide),
        ),
        *ways(
            "height_width_swapped",
            "Your function works only where everything is square: heights and widths are exchanged.",
            SLIDING,
            _raising_where(lambda x, w: _oblong(slide(x, w)), slide),
            _raising_where(lambda x, w: _oblong(x, w), slide),
        ),
    )


def _first_only(y, rows=False):
    """Return a result of which only the first entry, or the first row, was written."""
    return _into(y[:1] if rows else y[:1, :1], y, 0, 0)


def _loop_mistakes(slide):
    return (
        *ways(
            "return_in_loop",
            "Your function returns inside a loop, in its first round: the `return` must stand behind the loops.",
            SLIDING,
            lambda x, w: _first_only(slide(x, w)),
            lambda x, w: _first_only(slide(x, w), rows=True),
            lambda x, w: _first_only(slide(x, _only(w, np.s_[:1], np.s_[:1]))),
            lambda x, w: _first_only(slide(x, _only(w, np.s_[:1]))),
            lambda x, w: slide(x, w)[:1],
            lambda x, w: slide(x, w)[0],
            lambda x, w: slide(x, w)[0, 0],
        ),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            SLIDING,
            lambda x, w: slide(x, w).flatten().cumsum(0).reshape(slide(x, w).shape),
            lambda x, w: slide(x, w).cumsum(1),
        ),
    )


# conv2d_loops and conv2d_fast


def _sliding_cases(rng):
    n = integer(rng, 6, 8)
    x = np.array([[1.0, 2.0, 0.0, 3.0, 1.0], [4.0, 1.0, 2.0, 0.0, 2.0], [0.0, 3.0, 1.0, 5.0, 1.0]])
    # Lengths that differ by two or more tell an index that runs off the image from a window cut off and broadcast.
    return [
        Case((x, np.array([[1.0, 2.0], [-1.0, 3.0]])), note="small enough to do by hand"),
        Case((_image(rng, n, n), normal(rng, 3, 3)), note="a square image and a square kernel"),
        Case((_image(rng, 7, 7), normal(rng, 4, 2)), note="a square image and a tall kernel"),
        Case((_image(rng, integer(rng, 9, 12), 5), normal(rng, 3, 3)), note="a tall image and a square kernel"),
        Case((_image(rng, 6, integer(rng, 10, 13)), normal(rng, 3, 5)), note="a wide image and a wide kernel"),
        Case((_image(rng, 11, 6), normal(rng, 2, 4)), note="a tall image and a wide kernel"),
        Case((_image(rng, 8, 6), normal(rng, 5, 3)), note="a square result of an oblong image"),
        Case((_image(rng, 7, 4), normal(rng, 7, 4)), note="a kernel as large as the image"),
        Case((_image(rng, 5, 5), normal(rng, 1, 1)), note="a kernel of one weight"),
        Case((strided(rng, 9, 6), strided(rng, 4, 2)), note="inputs that are not contiguous in memory"),
        Case((_image(rng, 6, 9, "float32"), normal(rng, 3, 3, dtype="float32")), note="float32"),
    ]


def _sliding_errors(rng):
    n = integer(rng, 4, 6)
    return [
        Case((_image(rng, n, n + 2), normal(rng, n + 1, 2)), note="a kernel one row taller than the image", raises=ValueError),
        Case((_image(rng, n + 2, n), normal(rng, 2, n + 1)), note="a kernel one column wider than the image", raises=ValueError),
        Case((_image(rng, n, 9), normal(rng, n + 3, 3)), note="a kernel much taller than the image", raises=ValueError),
        Case((_image(rng, n, n), normal(rng, n + 2, n + 1)), note="a kernel larger than the image", raises=ValueError),
        Case((_image(rng, n, 7), normal(rng, n, 7)), note="a kernel as large as the image, which is possible", only_returns=True),
    ]


def _valid_window(index, x, w):
    i, j = index
    h, b = w.shape
    return [(f"x[{i}:{i + h}, {j}:{j + b}]", x[i : i + h, j : j + b]), ("w", w)]


def _taking(image: Callable[[Any], tuple[int, int]], kernel: Callable[[Any], tuple[int, int]]):
    """Return an answer that takes image and kernel to have other shapes than theirs, each a function of the right one."""

    def wrong(x, w):
        (height, width), (h, b) = image(x.shape), kernel(w.shape)
        if height > x.shape[0] or width > x.shape[1] or h > w.shape[0] or b > w.shape[1]:
            raise ValueError("an index runs off the image or the kernel")
        return _valid(x[:height, :width], w[:h, :b])

    return wrong


def _by_height(shape):
    return shape[0], shape[0]


def _by_width(shape):
    return shape[1], shape[1]


def _ended_at_kernel_size(x, w):
    """Multiply x[i:h, j:b] by w in every round, which raises wherever the smaller slice cannot be broadcast."""
    (h, b), y = w.shape, _valid(x, w).clone()
    for i, j in np.ndindex(*y.shape):
        y[i, j] = (x[i:h, j:b] * w).sum()
    return y


VALID_MISTAKES = (
    *_kernel_mistakes(_valid),
    *ways(
        "one_output_too_few",
        "Your last row or column of outputs is missing: the window fits H − h + 1 times from top to bottom, and in the same way "
        "from left to right.",
        SLIDING,
        lambda x, w: _valid(x, w)[:-1, :-1],
        lambda x, w: _valid(x, w)[:-1],
        lambda x, w: _valid(x, w)[:, :-1],
        lambda x, w: _into(_valid(x, w)[:-1, :-1], _valid(x, w), 0, 0),
    ),
    *ways(
        "one_output_too_few",
        "Your first row and column of outputs are missing or stay zero: Python counts from 0.",
        SLIDING,
        lambda x, w: _into(_valid(x, w)[1:, 1:], _valid(x, w), 1, 1),
        lambda x, w: _valid(x, w)[1:, 1:],
    ),
    *ways(
        "one_output_too_many",
        "There is a row and a column too many: the window fits H − h + 1 times from top to bottom; once more and it hangs over "
        "the edge.",
        SLIDING,
        lambda x, w: _valid(_pad(x, 0, 1, 0, 1), w),
        lambda x, w: _pad(_valid(x, w), 0, 1, 0, 1),
    ),
    *ways(
        "same_for_valid",
        "Your result is as large as the image: here there is an output only where the whole window lies inside the image.",
        BORDER,
        _same,
        _padded_by(lambda n: (n // 2, (n - 1) // 2)),
        _padded_by(lambda n: (n // 2, n // 2)),
        _padded_by(lambda n: (0, n - 1)),
        lambda x, w: _into(_valid(x, w), x, 0, 0),
        lambda x, w: _into(_valid(x, w), x, w.shape[0] // 2, w.shape[1] // 2),
    ),
    *ways(
        "full_for_valid",
        "Your result is larger than the image: you count windows that hang over its edges. Here the whole window lies inside.",
        BORDER,
        _full,
        lambda x, w: _full(x, w.flip(0, 1)),
    ),
    *ways(
        "windows_not_overlapping",
        "Your window moves by its own size: it must move by one pixel, so that neighbouring windows overlap.",
        SLIDING,
        lambda x, w: _valid(x, w)[:: w.shape[0], :: w.shape[1]],
    ),
    *ways(
        "square_assumed",
        "You use the height for the width as well, or the width for the height: neither image nor kernel need be square.",
        SLIDING,
        _taking(_by_height, tuple),
        _taking(_by_width, tuple),
        _taking(tuple, _by_height),
        _taking(tuple, _by_width),
        _taking(_by_height, _by_height),
        _taking(_by_width, _by_width),
    ),
)

CONV2D_LOOPS = Exercise(
    name="conv2d_loops",
    signature="conv2d_loops(x, w)",
    reference=on_torch(_valid),
    parts=(Part("conv2d_loops", _sliding_cases), Part("conv2d_loops_errors", _sliding_errors)),
    terms=lambda x, w: w.size,
    window=_valid_window,
    mistakes=(
        *VALID_MISTAKES,
        *_loop_mistakes(_valid),
        *ways(
            "index_minus_for_plus",
            "You read x[i − a, j − b] where x[i + a, j + b] is meant: the window begins at (i, j) and reaches down and right.",
            SLIDING,
            _reading_backwards,
        ),
        *ways(
            "slice_end_not_moved",
            "Your slices end at h and at b in every round: they must end at i + h and at j + b.",
            SLIDING,
            _ended_at_kernel_size,
        ),
    ),
)


def _two_sizes(rng):
    """Draw a small and a large image for one kernel: 6 x 7 and 47 x 55 outputs."""
    w = normal(rng, 2, 2)
    return Case((_image(rng, 7, 8), w)), Case((_image(rng, 48, 56), w))


def _products(x, w):
    """Return the products in every window, (rows, columns, h, b)."""
    return x.unfold(0, w.shape[0], 1).unfold(1, w.shape[1], 1) * w


def _ring(x, w):
    """Multiply the spectra of x and w: true convolution on a ring."""
    import torch

    return torch.fft.irfft2(torch.fft.rfft2(x) * torch.fft.rfft2(w, s=x.shape), s=x.shape)


def _upper_left(y, like):
    return y[: like.shape[0], : like.shape[1]]


CONV2D_FAST = Exercise(
    name="conv2d_fast",
    signature="conv2d_fast(x, w)",
    reference=on_torch(_valid),
    parts=(Part("conv2d_fast", _sliding_cases, vectorised=_two_sizes), Part("conv2d_fast_errors", _sliding_errors)),
    terms=lambda x, w: w.size,
    window=_valid_window,
    mistakes=(
        *VALID_MISTAKES,
        *ways(
            "wrong_axes_summed",
            "You sum over the places of the window, not over its pixels: what is left has the shape of the kernel.",
            FAST,
            lambda x, w: _products(x, w).sum((0, 1)),
        ),
        *ways(
            "wrong_axes_summed",
            "You sum over one axis of the windows only: an output is the sum over their rows and their columns.",
            FAST,
            lambda x, w: _products(x, w).sum(2),
            lambda x, w: _products(x, w).sum(3),
        ),
        *ways(
            "products_not_summed",
            "You return all the products: add up those of each window.",
            FAST,
            _products,
        ),
        *ways(
            "circular_convolution",
            "A product of spectra is a true convolution on a ring: the kernel is flipped, and windows that leave the image on "
            "one side enter it on the other.",
            FAST,
            _ring,
            lambda x, w: _upper_left(_ring(x, w), _valid(x, w)),
        ),
    ),
)


# pad2d


def _pad2d_cases(rng):
    top, bottom, left, right = (int(n) for n in rng.permutation(4) + 1)
    return [
        Case((np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), 1, 0, 2, 1), note="small enough to do by hand"),
        Case((_image(rng, 6, integer(rng, 8, 10)), top, bottom, left, right), note="four different widths"),
        Case((_image(rng, 5, 5), right, left, bottom, top), note="a square image"),
        Case((_image(rng, 8, 5), 1, 3, 2, 0), note="nothing at the right"),
        Case((_image(rng, 5, 8), 0, 2, 0, 3), note="nothing at the top and at the left"),
        Case((_image(rng, 4, 7), 0, 0, 0, 0), note="nothing anywhere"),
        Case((_image(rng, 2, 4), 5, 3, 1, 6), note="more zeros than the image is high and wide"),
        Case((strided(rng, 4, 7), 1, 3, 2, 1), note="an input that is not contiguous in memory"),
        Case((_image(rng, 3, 6, "float32"), 2, 1, 1, 2), note="float32"),
    ]


def _pad2d_errors(rng):
    x = _image(rng, 5, 6)
    return [
        Case((x, -1, 2, 1, 1), note="a negative width at the top", raises=ValueError),
        Case((x, 1, -2, 1, 1), note="a negative width at the bottom", raises=ValueError),
        Case((x, 1, 1, -1, 2), note="a negative width at the left", raises=ValueError),
        Case((x, 1, 1, 2, -1), note="a negative width at the right", raises=ValueError),
        Case((x, 0, 1, 0, 2), note="nothing at the top and at the left, which is possible", only_returns=True),
    ]


def _placed(corner: Callable[..., tuple[int, int]]):
    """Return an answer of the right shape with the image at `corner(top, bottom, left, right)`, its upper left pixel."""

    def wrong(x, top, bottom, left, right):
        frame = x.new_zeros(x.shape[0] + top + bottom, x.shape[1] + left + right)
        row, column = corner(top, bottom, left, right)
        frame[row : row + x.shape[0], column : column + x.shape[1]] = x
        return frame

    return wrong


def _in_a_frame_for_others(x, top, bottom, left, right):
    """Put the image in the right place of a frame that is as much larger in height as it should be in width."""
    frame = x.new_zeros(x.shape[0] + left + right, x.shape[1] + top + bottom)
    frame[top : top + x.shape[0], left : left + x.shape[1]] = x
    return frame


def _pad_by(order: Callable[..., tuple[int, int, int, int]]):
    """Return an answer that pads by other widths, a function of the right ones."""
    return lambda x, *widths: _pad(x, *order(*widths))


PAD2D = Exercise(
    name="pad2d",
    signature="pad2d(x, top, bottom, left, right)",
    reference=on_torch(_pad),
    parts=(Part("pad2d", _pad2d_cases), Part("pad2d_errors", _pad2d_errors)),
    exact=True,
    mistakes=(
        *ways(
            "top_bottom_swapped",
            "Top and bottom are mixed up: row 0 is at the top, so `top` rows of zeros come before the image.",
            BORDER,
            _pad_by(lambda top, bottom, left, right: (bottom, top, left, right)),
        ),
        *ways(
            "left_right_swapped",
            "Left and right are mixed up: `left` columns of zeros come before the image.",
            BORDER,
            _pad_by(lambda top, bottom, left, right: (top, bottom, right, left)),
        ),
        *ways(
            "padding_sides_swapped",
            "Top and bottom are mixed up, and so are left and right: `top` and `left` come before the image.",
            BORDER,
            _pad_by(lambda top, bottom, left, right: (bottom, top, right, left)),
        ),
        *ways(
            "height_width_swapped",
            "Rows and columns are mixed up: `top` and `bottom` add rows, which is axis 0; `left` and `right` add columns.",
            BORDER,
            _pad_by(lambda top, bottom, left, right: (left, right, top, bottom)),
            lambda x, *widths: _pad(x, *widths).T,
            _in_a_frame_for_others,
        ),
        *ways("height_width_swapped", NEEDS_SQUARE_IMAGE, BORDER, _raising_where(lambda x, *widths: _oblong(x), _pad)),
        *ways(
            "padding_one_side",
            "All your zeros are on one side: `top` and `left` come before the image, `bottom` and `right` after it.",
            BORDER,
            _placed(lambda top, bottom, left, right: (0, 0)),
            _placed(lambda top, bottom, left, right: (top + bottom, left + right)),
            _pad_by(lambda top, bottom, left, right: (top, 0, left, 0)),
            _pad_by(lambda top, bottom, left, right: (0, bottom, 0, right)),
        ),
        *ways(
            "padding_symmetric",
            "You pad both ends by the same amount: the four widths are given one by one.",
            BORDER,
            _pad_by(lambda top, bottom, left, right: (top, top, left, left)),
            _pad_by(lambda top, bottom, left, right: (bottom, bottom, right, right)),
            _placed(lambda top, bottom, left, right: ((top + bottom) // 2, (left + right) // 2)),
        ),
        *ways(
            "padding_ignored",
            "Some widths have no effect: `top` and `bottom` add rows of zeros, `left` and `right` add columns.",
            BORDER,
            lambda x, *widths: x,
            _pad_by(lambda top, bottom, left, right: (top, bottom, 0, 0)),
            _pad_by(lambda top, bottom, left, right: (0, 0, left, right)),
        ),
        *ways(
            "image_not_copied",
            "Your array has the right shape but is all zeros: the image has not been put into it.",
            BORDER,
            lambda x, *widths: _pad(0 * x, *widths),
        ),
        *ways(
            "ones_for_zeros",
            "You pad with ones: pad with zeros.",
            BORDER,
            lambda x, *widths: 1 - _pad(1 + 0 * x, *widths) + _pad(x, *widths),
        ),
        *ways(
            "replicate_for_zeros",
            "You repeat the pixels at the edge: pad with zeros.",
            BORDER,
            _continued("edge"),
        ),
        *ways(
            "reflect_for_zeros",
            "You mirror the image at its edge: pad with zeros.",
            BORDER,
            _continued("reflect"),
            _continued("symmetric"),
        ),
        *ways(
            "circular_for_zeros",
            "You continue the image with its opposite side, as if it were a ring: pad with zeros.",
            BORDER,
            _continued("wrap"),
        ),
        *ways(
            "slice_to_minus_zero",
            "Your slice counts from the end, as in `[top:-bottom]`. For bottom = 0 that is `[top:0]`, which is empty: write "
            "`[top : top + H]`.",
            BORDER,
            _raising_where(lambda x, top, bottom, left, right: 0 in (bottom, right), _pad),
        ),
        *ways("truncated_to_int", TRUNCATES, BORDER, lambda x, *widths: _pad(x, *widths).trunc()),
    ),
)


# conv2d_same


def _same_cases(a, b, c):
    """Return a generator of cases for kernels with the sides a, b, c and 5, in all the shapes that tell."""

    def cases(rng):
        n = integer(rng, 6, 8)
        x = np.array([[1.0, 2.0, 0.0, 3.0], [4.0, 1.0, 2.0, 0.0], [0.0, 3.0, 1.0, 5.0]])
        w = np.array([[0.0, 1.0, 0.0], [2.0, 3.0, -1.0], [0.0, 0.0, 4.0]]) if a == 3 else np.array([[1.0, 2.0], [-1.0, 3.0]])
        return [
            Case((x, w), note="small enough to do by hand"),
            Case((_image(rng, n, n), normal(rng, b, b)), note="a square image and a square kernel"),
            Case((_image(rng, 8, 8), normal(rng, b, a)), note="a square image and a tall kernel"),
            Case((_image(rng, integer(rng, 10, 12), 6), normal(rng, a, a)), note="a tall image and a square kernel"),
            Case((_image(rng, 8, integer(rng, 11, 13)), normal(rng, b, c)), note="a wide image and an oblong kernel"),
            Case((_image(rng, 10, 7), normal(rng, a, b)), note="a tall image and a wide kernel"),
            Case((_image(rng, 5, 8), normal(rng, 5, a)), note="a kernel as tall as the image"),
            Case((strided(rng, 9, 6), strided(rng, c, b)), note="inputs that are not contiguous in memory"),
            Case((_image(rng, 6, 9, "float32"), normal(rng, b, b, dtype="float32")), note="float32"),
            Case((_image(rng, 9, 6), normal(rng, 5, 3)), note="a kernel with odd sides"),
            Case((_image(rng, 5, 5), normal(rng, 1, 1)), note="a kernel of one weight"),
        ]

    return cases


def _same_window(index, x, w):
    """Cut the window of a pixel out of x, with zeros where it hangs over the edge."""
    window = np.zeros(w.shape, x.dtype)
    for place in np.ndindex(*w.shape):
        i, j = (int(at + step - (n - 1) // 2) for at, step, n in zip(index, place, w.shape, strict=True))
        if 0 <= i < x.shape[0] and 0 <= j < x.shape[1]:
            window[place] = x[i, j]
    return [(f"the window of pixel [{index[0]}, {index[1]}], with its zeros", window), ("w", w)]


def _framed(before: Callable[[int], int], border: float):
    """Return the valid result inside a frame of `border` times the image, `before` rows and columns of it before the result."""

    def wrong(x, w):
        frame, y = x * border, _valid(x, w)
        top, left = before(w.shape[0]), before(w.shape[1])
        frame[top : top + y.shape[0], left : left + y.shape[1]] = y
        return frame

    return wrong


def _wrapping_before(x, w):
    """Let indices below 0 count from the end, as Python does, and take zeros beyond the last."""
    (top, bottom), (left, right) = _halves(w.shape[0]), _halves(w.shape[1])
    return _valid(_pad(_continued("wrap")(x, top, 0, left, 0), 0, bottom, 0, right), w)


CONV2D_SAME = Exercise(
    name="conv2d_same",
    signature="conv2d_same(x, w)",
    reference=on_torch(_same),
    parts=(Part("conv2d_same", _same_cases(3, 5, 7)), Part("conv2d_same_even", _same_cases(2, 4, 3))),
    terms=lambda x, w: w.size,
    window=_same_window,
    mistakes=(
        *_kernel_mistakes(_same),
        *_loop_mistakes(_same),
        *ways(
            "extra_padding_top_left",
            "For even kernels your extra row or column of zeros is at the top or left: it belongs at the bottom and the right.",
            EVEN,
            _padded_by(lambda n: (n // 2, (n - 1) // 2)),
        ),
        *ways(
            "one_output_too_many",
            "For even kernels your result has a row or column too many: h // 2 zeros at either end make h, but h − 1 keep the "
            "size.",
            EVEN,
            _padded_by(lambda n: (n // 2, n // 2)),
        ),
        *ways(
            "one_output_too_few",
            "For even kernels your result lacks a row or column: (h − 1) // 2 zeros at either end make h − 2, but h − 1 keep the "
            "size.",
            EVEN,
            _padded_by(lambda n: ((n - 1) // 2, (n - 1) // 2)),
        ),
        *ways(
            "one_output_too_few",
            "Your last row and column of outputs stay zero: the result has as many rows and columns as the image.",
            BORDER,
            lambda x, w: _into(_same(x, w)[:-1, :-1], x, 0, 0),
        ),
        *ways(
            "even_kernel_refused",
            "You refuse even kernels: they only need one more row or column of zeros after the image than before it.",
            EVEN,
            _raising_where(lambda x, w: w.shape[0] % 2 == 0 or w.shape[1] % 2 == 0, _same),
        ),
        *ways(
            "full_for_same",
            "Your result is larger than the image: you pad by h − 1 at either end. In 'same' the two ends share the h − 1.",
            BORDER,
            _full,
        ),
        *ways(
            "valid_for_same",
            "Your result is smaller than the image: pad the image with zeros first, so that every pixel gets its output.",
            BORDER,
            _valid,
        ),
        *ways(
            "padding_one_side",
            "Your window is not centred on its pixel: all the padding is on one side, where the two ends should share it.",
            BORDER,
            _padded_by(lambda n: (0, n - 1)),
            _padded_by(lambda n: (n - 1, 0)),
        ),
        *ways(
            "border_skipped",
            "Pixels at the edge get no output: pad the image with zeros first, so that the window fits there too.",
            BORDER,
            *(
                _framed(before, border)
                for before in (lambda n: (n - 1) // 2, lambda n: n // 2, lambda n: 0)
                for border in (0.0, 1.0)
            ),
        ),
        *ways(
            "replicate_for_zeros",
            "You pad by repeating the pixels at the edge: pad with zeros.",
            BORDER,
            lambda x, w: _same(x, w, _continued("edge")),
        ),
        *ways(
            "reflect_for_zeros",
            "You pad by mirroring the image at its edge: pad with zeros.",
            BORDER,
            lambda x, w: _same(x, w, _continued("reflect")),
            lambda x, w: _same(x, w, _continued("symmetric")),
        ),
        *ways(
            "circular_convolution",
            "You treat the image as a ring: windows that reach over one edge go on at the other, where there should be zeros.",
            BORDER,
            lambda x, w: _same(x, w, _continued("wrap")),
            _ring,
        ),
        *ways(
            "negative_index_wraps",
            "At the top and at the left your indices are negative, and Python counts those from the end of the image.",
            BORDER,
            _wrapping_before,
        ),
        *ways(
            "height_width_swapped",
            "You pad the rows for the kernel's width and the columns for its height: the padding of an axis follows from the "
            "kernel's length along it.",
            BORDER,
            lambda x, w: _valid(_pad(x, *_halves(w.shape[1]), *_halves(w.shape[0])), w),
        ),
        *ways(
            "kernel_axes_swapped",
            "You pad for the kernel as it is and then lay it on the image transposed.",
            FLIP,
            lambda x, w: _valid(_pad(x, *_halves(w.shape[0]), *_halves(w.shape[1])), w.T),
        ),
        *ways(
            "square_assumed",
            "You pad both axes for the same side of the kernel: its height and its width may differ.",
            BORDER,
            lambda x, w: _valid(_pad(x, *_halves(w.shape[0]), *_halves(w.shape[0])), w),
            lambda x, w: _valid(_pad(x, *_halves(w.shape[1]), *_halves(w.shape[1])), w),
        ),
        *ways(
            "slice_to_minus_zero",
            "Your slice counts from the end, as in `[p:-p]`. For p = 0 that is `[0:0]`, which is empty: write `[p : p + H]`.",
            BORDER,
            _raising_where(lambda x, w: 1 in w.shape, _same),
        ),
    ),
)


# gaussian_kernel


def _gaussian_cases(rng):
    return [
        Case((3, 1.0), note="small enough to do by hand"),
        Case((2, 1.5), note="an even size, so no pixel is the centre"),
        Case((5, float(rng.uniform(0.8, 0.95)))),
        Case((4, float(rng.uniform(1.2, 1.8))), note="an even size, so no pixel is the centre"),
        Case((2 * integer(rng, 3, 6) + 1, float(rng.uniform(1.2, 2.5)))),
        Case((2 * integer(rng, 3, 5), 2), note="an even size, and a whole number as sigma"),
        Case((1, 0.7), note="a single weight"),
        Case((7, 0.6), note="a sigma below one pixel"),
    ]


def _gaussian_errors(rng):
    return [
        Case((0, 1.0), note="size 0", raises=ValueError),
        Case((-3, 1.0), note="a negative size", raises=ValueError),
        Case((3, 0.0), note="sigma 0", raises=ValueError),
        Case((5, -1.5), note="a negative sigma", raises=ValueError),
        Case((1, 0.5), note="size 1, which is possible", only_returns=True),
    ]


def _distances(size, centre=None):
    """Return the signed distances of `size` pixels from the centre, along one axis."""
    import torch

    at = torch.arange(size, dtype=torch.float64, device=device())
    return at - ((size - 1) / 2 if centre is None else centre)


def _bell(d, sigma):
    """Return the weights at the distances d along both axes, not normalised."""
    import torch

    return torch.exp(-(d[:, None] ** 2 + d**2) / (2 * sigma**2))


def _line(d, sigma):
    import torch

    return torch.exp(-(d**2) / (2 * sigma**2))


def _by_sum(g):
    return g / g.sum()


def _centred(centre: Callable[[int], float]):
    return lambda size, sigma: _by_sum(_bell(_distances(size, centre(size)), sigma))


def _divided(by: Callable[[Any, float], Any]):
    """Return an answer that divides the weights g by `by(g, sigma)`."""

    def wrong(size, sigma):
        g = _bell(_distances(size), sigma)
        return g / by(g, sigma)

    return wrong


def _spread(reach: Callable[[int, float], float]):
    """Return an answer whose `size` distances are spread evenly from −reach to reach."""

    def wrong(size, sigma):
        import torch

        d = torch.linspace(-reach(size, sigma), reach(size, sigma), size, dtype=torch.float64, device=device())
        return _by_sum(_bell(d, sigma))

    return wrong


def _exponent(minus: Callable[[Any, Any, float], Any]):
    """Return an answer with the weights exp(−minus(dy, dx, sigma)), normalised."""

    def wrong(size, sigma):
        import torch

        d = _distances(size)
        return _by_sum(torch.exp(-minus(d[:, None], d, sigma)))

    return wrong


GAUSSIAN_KERNEL = Exercise(
    name="gaussian_kernel",
    signature="gaussian_kernel(size, sigma)",
    reference=on_torch(lambda size, sigma: _by_sum(_bell(_distances(size), sigma))),
    parts=(Part("gaussian_kernel", _gaussian_cases), Part("gaussian_kernel_errors", _gaussian_errors)),
    terms=lambda size, sigma: size * size,
    mistakes=(
        *ways(
            "not_normalised",
            "Your weights do not sum to 1, so the kernel would change the brightness: divide them by their sum.",
            BLUR,
            lambda size, sigma: _bell(_distances(size), sigma),
            _divided(lambda g, sigma: g.max()),
            _divided(lambda g, sigma: g.numel()),
            _divided(lambda g, sigma: g.norm()),
        ),
        *ways(
            "not_normalised",
            "You divide by the constant of the normal distribution, which makes its integral 1, but not the sum over these few "
            "pixels: divide by the sum.",
            BLUR,
            _divided(lambda g, sigma: 2 * np.pi * sigma**2),
            _divided(lambda g, sigma: sigma * np.sqrt(2 * np.pi)),
            _divided(lambda g, sigma: 2 * np.pi * sigma),
        ),
        *ways(
            "normalised_per_row",
            "You make the sum of each row, or of each column, 1: all the weights together must sum to 1.",
            BLUR,
            _divided(lambda g, sigma: g.sum(1, keepdim=True)),
            _divided(lambda g, sigma: g.sum(0)),
        ),
        *ways(
            "mean_not_sum",
            "You divide by the mean of the weights: divide by their sum.",
            BLUR,
            _divided(lambda g, sigma: g.mean()),
        ),
        *ways(
            "centre_off_by_half",
            "Your kernel is centred half a pixel beside the middle: pixels 0 to size − 1 have their centre at (size − 1)/2, for "
            "an even size between two pixels.",
            BLUR,
            _centred(lambda size: size // 2),
            _centred(lambda size: (size - 1) // 2),
            _centred(lambda size: size / 2),
        ),
        *ways(
            "centre_at_corner",
            "Your largest weight is in the upper left corner: measure distances from the centre, (size − 1)/2.",
            BLUR,
            _centred(lambda size: 0),
        ),
        *ways(
            "one_output_too_many",
            "For an even size your kernel has a row and a column too many: −size // 2 to size // 2 are size + 1 numbers. "
            "An even size has its centre between pixels, so the distances are halves.",
            BLUR,
            lambda size, sigma: _by_sum(_bell(_distances(size // 2 * 2 + 1), sigma)),
        ),
        *ways(
            "floor_of_negative",
            "`-size // 2` is read as `(-size) // 2`, rounded down, so your distances begin one too early: the first one is "
            "−(size − 1)/2.",
            BLUR,
            _centred(lambda size: (size + 1) // 2),
            lambda size, sigma: _by_sum(_bell(_distances(size + 1, (size + 1) // 2), sigma)),
        ),
        *ways(
            "spacing_wrong",
            "Your distances are not one pixel apart: neighbouring pixels differ by 1, and sigma is measured in pixels.",
            BLUR,
            _spread(lambda size, sigma: size / 2),
            _spread(lambda size, sigma: size // 2),
            _spread(lambda size, sigma: 1.0),
            _spread(lambda size, sigma: 3.0),
            _spread(lambda size, sigma: 3 * sigma),
        ),
        *ways(
            "sigma_not_squared",
            "You divide by 2σ: the exponent is minus the squared distance over 2σ².",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / (2 * sigma)),
        ),
        *ways(
            "factor_two_missing",
            "You divide by σ²: the exponent is minus the squared distance over 2σ².",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / sigma**2),
        ),
        *ways(
            "factor_two_squared",
            "You divide by (2σ)²: only σ is squared, the exponent is minus the squared distance over 2σ².",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / (2 * sigma) ** 2),
        ),
        *ways(
            "brackets_missing",
            "You divide by 2 and then multiply by σ²: `/ 2 * sigma**2` is read from left to right, so write `/ (2 * sigma**2)`.",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / 2 * sigma**2),
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / 2 * sigma),
        ),
        *ways(
            "sigma_ignored",
            "Your kernel is the same for every sigma: the exponent is minus the squared distance over 2σ².",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2) / 2),
            _exponent(lambda dy, dx, sigma: dy**2 + dx**2),
        ),
        *ways(
            "sign_wrong",
            "The minus sign in the exponent is missing: your weights grow with the distance from the centre.",
            BLUR,
            _exponent(lambda dy, dx, sigma: -(dy**2 + dx**2) / (2 * sigma**2)),
        ),
        *ways(
            "distance_not_squared",
            "The distance in your exponent is not squared: the exponent is −(dy² + dx²)/(2σ²), each offset squared by itself.",
            BLUR,
            _exponent(lambda dy, dx, sigma: (dy**2 + dx**2).sqrt() / (2 * sigma**2)),
            _exponent(lambda dy, dx, sigma: (dy.abs() + dx.abs()) / (2 * sigma**2)),
            _exponent(lambda dy, dx, sigma: (dy + dx) ** 2 / (2 * sigma**2)),
            _exponent(lambda dy, dx, sigma: (dy + dx) / (2 * sigma**2)),
        ),
        *ways(
            "one_axis_only",
            "Your weights fall off in one direction only: the kernel is two-dimensional, and so is the distance, dy² + dx².",
            BLUR,
            lambda size, sigma: _by_sum(_line(_distances(size), sigma)),
            lambda size, sigma: _by_sum(_line(_distances(size), sigma).expand(size, size)),
            lambda size, sigma: _by_sum(_line(_distances(size), sigma)[:, None].expand(size, size)),
        ),
    ),
)


# sobel


def _sobel_cases(rng):
    n = integer(rng, 6, 8)
    x = np.array([[0.0, 0.0, 1.0, 3.0], [0.0, 2.0, 2.0, 1.0], [1.0, 1.0, 0.0, 4.0]])
    return [
        Case((x,), note="small enough to do by hand"),
        Case((_image(rng, n, n),), note="a square image"),
        Case((_image(rng, integer(rng, 9, 12), 5),), note="a tall image"),
        Case((_image(rng, 4, integer(rng, 8, 11)),), note="a wide image"),
        Case((_image(rng, 3, 3),), note="the smallest possible image"),
        Case((strided(rng, 5, 8),), note="an input that is not contiguous in memory"),
        Case((_image(rng, 7, 4, "float32"),), note="float32"),
    ]


def _sobel_errors(rng):
    return [
        Case((_image(rng, 2, integer(rng, 5, 8)),), note="an image of two rows", raises=ValueError),
        Case((_image(rng, integer(rng, 5, 8), 2),), note="an image of two columns", raises=ValueError),
        Case((_image(rng, 1, 1),), note="an image of one pixel", raises=ValueError),
        Case((_image(rng, 3, 3),), note="an image of 3 × 3 pixels, which is possible", only_returns=True),
    ]


def _length(gx, gy):
    return (gx**2 + gy**2).sqrt()


def _gradient(x, kernel=SOBEL, slide=_valid):
    w = x.new_tensor(kernel)
    gx, gy = slide(x, w), slide(x, w.T)
    return gx, gy, _length(gx, gy)


def _with_gradient(change: Callable[[Any, Any], tuple[Any, Any]]):
    """Return an answer that changes gx and gy, and takes the magnitude of what it has."""

    def wrong(x):
        gx, gy = change(*_gradient(x)[:2])
        return gx, gy, _length(gx, gy)

    return wrong


def _with_magnitude(magnitude: Callable[[Any, Any], Any]):
    """Return an answer with the right gx and gy and another magnitude."""

    def wrong(x):
        gx, gy, _ = _gradient(x)
        return gx, gy, magnitude(gx, gy)

    return wrong


def _each(change: Callable[[Any, Any], Any]):
    """Return an answer that changes gx, gy and magnitude in the same way; `change` also gets the image."""
    return lambda x: tuple(change(g, x) for g in _gradient(x))


def _sobel_window(index, x):
    _, i, j = index
    return [(f"x[{i}:{i + 3}, {j}:{j + 3}]", x[i : i + 3, j : j + 3])]


SOBEL_EDGES = Exercise(
    name="sobel",
    signature="sobel(x)",
    reference=on_torch(_gradient),
    parts=(Part("sobel", _sobel_cases), Part("sobel_errors", _sobel_errors)),
    terms=lambda x: 18,
    outputs=("gx", "gy", "magnitude"),
    window=_sobel_window,
    mistakes=(
        *ways(
            "gx_gy_swapped",
            "gx and gy are exchanged: gx is the change from left to right, so it answers to vertical edges.",
            EDGES,
            _with_gradient(lambda gx, gy: (gy, gx)),
            _with_gradient(lambda gx, gy: (-gy, gx)),
            _with_gradient(lambda gx, gy: (gy, -gx)),
            _with_gradient(lambda gx, gy: (-gy, -gx)),
        ),
        *ways(
            "kernel_flipped",
            "gx and gy have the opposite signs: your kernels are flipped. The −1, −2, −1 belong on the left for gx, and at the "
            "top for gy.",
            FLIP,
            _with_gradient(lambda gx, gy: (-gx, -gy)),
        ),
        *ways(
            "sign_wrong",
            "gy has the opposite sign: rows count downwards, so the −1, −2, −1 belong at the top.",
            EDGES,
            _with_gradient(lambda gx, gy: (gx, -gy)),
        ),
        *ways(
            "sign_wrong",
            "gx has the opposite sign: the −1, −2, −1 belong on the left.",
            EDGES,
            _with_gradient(lambda gx, gy: (-gx, gy)),
        ),
        *ways(
            "transpose_missing",
            "gx and gy are the same: the kernel for gy is the transpose of the kernel for gx.",
            EDGES,
            _with_gradient(lambda gx, gy: (gx, gx)),
            _with_gradient(lambda gx, gy: (gy, gy)),
        ),
        *ways(
            "prewitt_for_sobel",
            "Your kernel has ±1 where Sobel's has ±2, halfway along the side: that is Prewitt's kernel.",
            EDGES,
            lambda x: _gradient(x, PREWITT),
        ),
        *ways(
            "scharr_for_sobel",
            "Your kernel has the weights 3 and 10 where Sobel's has 1 and 2: that is Scharr's kernel.",
            EDGES,
            lambda x: _gradient(x, SCHARR),
        ),
        *ways(
            "results_reordered",
            "Your magnitude comes first: return gx, gy and the magnitude, in this order.",
            EDGES,
            lambda x: _gradient(x)[2:] + _gradient(x)[:2],
        ),
        *ways(
            "kernel_scaled",
            "Your results are a constant times too small: here the kernel has the weights 1 and 2, not fractions.",
            EDGES,
            _each(lambda g, x: g / 8),
            _each(lambda g, x: g / 4),
        ),
        *ways(
            "mean_not_sum",
            "You divide by the number of weights: an output is the sum of the products, not their mean.",
            SLIDING,
            _each(lambda g, x: g / 9),
        ),
        *ways(
            "mean_not_sum",
            "Your magnitude is √((gx² + gy²)/2): the squares are added, not averaged.",
            EDGES,
            _with_magnitude(lambda gx, gy: _length(gx, gy) / 2**0.5),
        ),
        *ways(
            "root_missing",
            "Your magnitude is gx² + gy²: take its square root.",
            EDGES,
            _with_magnitude(lambda gx, gy: gx**2 + gy**2),
        ),
        *ways(
            "absolute_values_added",
            "Your magnitude is |gx| + |gy|: it is the length of the arrow (gx, gy), √(gx² + gy²).",
            EDGES,
            _with_magnitude(lambda gx, gy: gx.abs() + gy.abs()),
        ),
        *ways(
            "maximum_not_sum",
            "Your magnitude is the larger of |gx| and |gy|: it is the length of the arrow (gx, gy), √(gx² + gy²).",
            EDGES,
            _with_magnitude(lambda gx, gy: gx.abs().maximum(gy.abs())),
        ),
        *ways(
            "squares_missing",
            "You add gx and gy before squaring, so opposite signs cancel: the magnitude is √(gx² + gy²).",
            EDGES,
            _with_magnitude(lambda gx, gy: gx + gy),
            _with_magnitude(lambda gx, gy: (gx + gy).abs()),
            _with_magnitude(lambda gx, gy: (gx + gy).sqrt()),
            _with_magnitude(lambda gx, gy: (2 * gx + 2 * gy).sqrt()),
        ),
        *ways(
            "angle_for_magnitude",
            "Your third result is the direction of the arrow (gx, gy): the magnitude is its length, √(gx² + gy²).",
            EDGES,
            _with_magnitude(lambda gx, gy: gy.atan2(gx)),
        ),
        *ways(
            "magnitude_scaled",
            "You scale the magnitude by its largest value: return it as it is, √(gx² + gy²).",
            EDGES,
            _with_magnitude(lambda gx, gy: _length(gx, gy) / _length(gx, gy).max()),
            _with_magnitude(lambda gx, gy: 255 * _length(gx, gy) / _length(gx, gy).max()),
        ),
        *ways(
            "signs_dropped",
            "Your gx and gy are never negative: their signs say whether it gets brighter or darker.",
            EDGES,
            _with_gradient(lambda gx, gy: (gx.abs(), gy.abs())),
            _with_gradient(lambda gx, gy: (gx.clamp(min=0), gy.clamp(min=0))),
            lambda x: (_gradient(x)[0].clamp(min=0), _gradient(x)[1].clamp(min=0), _gradient(x)[2]),
        ),
        *ways(
            "truncated_to_int",
            TRUNCATES,
            EDGES,
            _with_gradient(lambda gx, gy: (gx.trunc(), gy.trunc())),
            _each(lambda g, x: g.trunc()),
        ),
        *ways(
            "same_for_valid",
            "Your results are as large as the image, and the border looks like an edge: here the whole window lies inside.",
            BORDER,
            lambda x: _gradient(x, slide=_same),
            *(
                functools.partial(_gradient, slide=functools.partial(_same, pad=_continued(mode)))
                for mode in ("edge", "reflect", "symmetric", "wrap")
            ),
            _each(lambda g, x: _into(g, x, 1, 1)),
            _each(lambda g, x: _into(g, x, 0, 0)),
        ),
        *ways(
            "one_output_too_few",
            "Your last row or column of outputs is missing: the window fits H − 2 times from top to bottom, and in the same way "
            "from left to right.",
            SLIDING,
            _each(lambda g, x: g[:-1, :-1]),
        ),
        *ways(
            "height_width_swapped",
            "Rows and columns of your results are exchanged: the first index counts rows downwards.",
            SLIDING,
            _each(lambda g, x: g.T),
        ),
        *ways("height_width_swapped", NEEDS_SQUARE_IMAGE, SLIDING, _raising_where(_oblong, _gradient)),
        *ways(
            "return_in_loop",
            "Your function returns inside a loop, in its first round: the `return` must stand behind the loops.",
            SLIDING,
            _each(lambda g, x: _first_only(g)),
            _each(lambda g, x: _first_only(g, rows=True)),
        ),
    ),
)


# separable


def _vector(rng, n):
    """Draw a vector of entries that are neither small nor equal in magnitude, so that dividing by any of them is safe."""
    return rng.choice([-1.0, 1.0], n) * rng.permutation(np.linspace(0.6, 1.9, n)) + rng.uniform(-0.05, 0.05, n)


def _rank_one(rng, height, width):
    return np.outer(_vector(rng, height), _vector(rng, width))


def _nearly(rng, height, width, ratio):
    """Draw a kernel with two singular values, the second one `ratio` times the first."""
    a, b = _vector(rng, height), _vector(rng, width)
    p, q = normal(rng, height), normal(rng, width)
    p, q = p - a * (a @ p) / (a @ a), q - b * (b @ q) / (b @ b)
    second = np.outer(p, q) / np.linalg.norm(p) / np.linalg.norm(q)
    return np.outer(a, b) + ratio * np.linalg.norm(a) * np.linalg.norm(b) * second


def _separable_cases(rng):
    sobel = np.array(SOBEL)
    zero_row = np.outer(np.append(0.0, _vector(rng, 3)), _vector(rng, 3))
    zero_column = np.outer(_vector(rng, 4), np.append(0.0, _vector(rng, 2)))
    spread = np.repeat(_rank_one(rng, 4, 5), 2, axis=1)[:, ::2]
    return [
        Case((np.array([[3.0, 6.0], [-1.0, -2.0], [2.0, 4.0]]), 1e-6), note="small enough to do by hand"),
        Case((np.array([[1.0, 2.0], [3.0, 4.0]]), 1e-6), note="small enough to do by hand"),
        Case((sobel, 1e-6), note="Sobel's kernel for gx"),
        Case((sobel.T.copy(), 1e-6), note="Sobel's kernel for gy"),
        Case((np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]), 1e-6), note="the Laplacian"),
        Case((zero_row, 1e-6), note="zeros in the first row"),
        Case((zero_column, 1e-6), note="zeros in the first column"),
        Case((_rank_one(rng, 5, 3), 1e-6), note="a tall kernel"),
        Case((_rank_one(rng, 1, 4), 1e-6), note="a kernel of one row"),
        Case((_rank_one(rng, 3, 1), 1e-6), note="a kernel of one column"),
        Case((_nearly(rng, 4, 3, 0.4), 1e-6), note="a second singular value 0.4 times the largest"),
        Case((_nearly(rng, 3, 3, 0.02), 1e-3), note="a second singular value 0.02 times the largest"),
        Case((_nearly(rng, 3, 3, 5e-7), 1e-8), note="a strict tol, and a second singular value 5e-7 times the largest"),
        Case((1e4 * _nearly(rng, 3, 4, 2e-6), 1e-3), note="large weights, and a second singular value 2e-6 times the largest"),
        Case((1e-5 * _nearly(rng, 4, 4, 0.3), 1e-3), note="small weights, and a second singular value 0.3 times the largest"),
        Case((2e-3 * _nearly(rng, 3, 3, 0.02), 1e-3), note="small weights, and a second singular value 0.02 times the largest"),
        Case((spread, 1e-6), note="an input that is not contiguous in memory"),
        Case((_rank_one(rng, 3, 5).astype("float32"), 1e-2), note="float32"),
    ]


def _product(result, w, tol):
    """Bring a column and a row to one form: their outer product, which is w itself where it equals w to within tol."""
    what = "Expected (column, row), a tuple of two arrays, or None"
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(f"{what}; yours is neither.")
    for name, factor in zip(("column", "row"), result, strict=True):
        if not isinstance(factor, np.ndarray) or factor.dtype.kind not in "fiu":
            raise ValueError(f"{what}; your {name} is not an array of real numbers.")
        if factor.ndim == 0 or factor.size != max(factor.shape):
            raise ValueError(f"{what}; your {name} has shape {factor.shape}, which is not that of a vector.")
    with np.errstate(all="ignore"):  # infinities are no reason to warn: they will not equal the kernel
        product = np.outer(*result)
    if product.shape == w.shape and np.abs(product - w).max() <= tol * np.linalg.norm(w.astype(np.float64), 2):
        product = w.astype(product.dtype)
    return (product,)


def _svd(w):
    """Return the largest singular value with its vectors, scaled so that outer(u, v)·s is the best rank 1, and all values."""
    import torch

    u, s, vt = torch.linalg.svd(w, full_matrices=False)
    return u[:, 0], s, vt[0]


def _factors(w):
    u, s, v = _svd(w)
    return u * s[0], v


def _is_separable(w, tol):
    s = _svd(w)[1]
    return not bool((s[1:] > tol * s[0]).any())


def _where(is_separable: Callable[[Any, float], bool], factors: Callable[[Any], Any] = _factors):
    """Return an answer that gives `factors(w)` where `is_separable(w, tol)`, else None."""
    return lambda w, tol: factors(w) if is_separable(w, tol) else None


def _taken_wrongly(vectors: Callable[[Any, Any], tuple[Any, Any]], full: bool, w: np.ndarray, tol: float) -> Any:
    """Give `vectors(u, vt)` of NumPy's SVD: only NumPy's can agree in sign and order with those that a student gets."""
    if not on_torch(_is_separable)(w, tol):
        return None
    u, s, vt = np.linalg.svd(w, full_matrices=full)
    column, row = vectors(u, vt)
    return column * s[0], row


def _wrong_axis(says: str, vectors: Callable[[Any, Any], tuple[Any, Any]]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake("singular_vector_axis", says, SEPARABLE, functools.partial(_taken_wrongly, vectors, full))
        for full in (False, True)
    )


def _with_limit(limit: float | None, w: np.ndarray, tol: float) -> Any:
    """Compare singular values with a limit of one's own, None for that of np.linalg.matrix_rank, in the precision of w."""
    s = np.linalg.svd(w, compute_uv=False)
    if limit is None:
        limit = max(w.shape) * float(np.finfo(w.dtype).eps)
    return on_torch(_factors)(w) if (s[1:] <= limit * s[0]).all() else None


def _upper_left_pivot(w):
    return w[:, 0], w[0] / w[0, 0]


def _separate(w, tol):
    return _factors(w) if _is_separable(w, tol) else None


SEPARABLE_KERNEL = Exercise(
    name="separable",
    signature="separable(w, tol)",
    reference=on_torch(_separate),
    canonical=_product,
    parts=(Part("separable", _separable_cases),),
    terms=lambda w, tol: w.size,
    outputs=("outer(column, row)",),
    none_says="This kernel is separable, but your function returned None.",
    mistakes=(
        *ways(
            "column_row_swapped",
            "You return (row, column): the column comes first, so that outer(column, row) is the kernel and not its transpose.",
            SEPARABLE,
            _where(_is_separable, lambda w: _factors(w)[::-1]),
        ),
        *ways(
            "singular_value_missing",
            "You return singular vectors, whose lengths are 1: multiply one of them by the largest singular value, or both by "
            "its root.",
            SEPARABLE,
            _where(_is_separable, lambda w: _svd(w)[::2]),
            _where(_is_separable, lambda w: (_svd(w)[0] * _svd(w)[1][0].sqrt(), _svd(w)[2])),
        ),
        *ways(
            "singular_value_twice",
            "You multiply both vectors by the largest singular value: multiply one of them by it, or both by its root.",
            SEPARABLE,
            _where(_is_separable, lambda w: (_factors(w)[0], _factors(w)[1] * _svd(w)[1][0])),
        ),
        *_wrong_axis(
            "Your row is a column of vt: NumPy's u holds its singular vectors in columns, but vt in rows.",
            lambda u, vt: (u[:, 0], vt[:, 0]),
        ),
        *_wrong_axis(
            "Your column is a row of u: NumPy's vt holds its singular vectors in rows, but u in columns.",
            lambda u, vt: (u[0], vt[0]),
        ),
        *_wrong_axis(
            "Your column is a row of u, and your row is a column of vt: NumPy's u holds its singular vectors in columns, but "
            "vt in rows.",
            lambda u, vt: (u[0], vt[:, 0]),
        ),
        *ways(
            "rank_not_checked",
            "You return a column and a row even where their outer product is not the kernel: return None there.",
            SEPARABLE,
            lambda w, tol: _factors(w),
            lambda w, tol: _upper_left_pivot(w),
        ),
        *ways(
            "tolerance_absolute",
            "You compare the other singular values with tol itself: compare their ratios to the largest one.",
            SEPARABLE,
            _where(lambda w, tol: not bool((_svd(w)[1][1:] > tol).any())),
            _where(lambda w, tol: int((_svd(w)[1] > tol).sum()) == 1),
        ),
        *(
            Mistake(
                "tolerance_ignored",
                "Your answer does not depend on tol: a larger tol calls more kernels separable, a smaller one fewer.",
                SEPARABLE,
                functools.partial(_with_limit, limit),
            )
            for limit in (0.0, None, 1e-10, 1e-6, 1e-4)
        ),
        *ways(
            "tolerance_squared",
            "You compare squares with tol: eigenvalues of w wᵀ are the squares of the singular values, so take their roots.",
            SEPARABLE,
            _where(lambda w, tol: _is_separable(w, tol**0.5)),
        ),
        *ways(
            "largest_value_with_itself",
            "Your function returned None for every kernel: is the largest singular value compared with itself? Compare only the "
            "others, s[1:].",
            SEPARABLE,
            lambda w, tol: None,
        ),
        *ways(
            "condition_inverted",
            "Your condition is the wrong way round: None comes back for separable kernels, and vectors for the others.",
            SEPARABLE,
            _where(lambda w, tol: not _is_separable(w, tol)),
        ),
        *ways(
            "not_normalised",
            "You return the sums of the rows and of the columns: their outer product is the kernel times the sum of all its "
            "weights, so it is the kernel only where that sum is 1.",
            SEPARABLE,
            _where(_is_separable, lambda w: (w.sum(1), w.sum(0))),
        ),
        *ways(
            "not_normalised",
            "You return the first column and the first row of the kernel: both contain w[0, 0], so divide one of them by it.",
            SEPARABLE,
            _where(_is_separable, lambda w: (w[:, 0], w[0])),
        ),
        *ways(
            "zero_pivot",
            "Your function fails where w[0, 0] is zero: choose a weight that is not, such as the largest in magnitude.",
            SEPARABLE,
            _where(_is_separable, _upper_left_pivot),
            _where(lambda w, tol: _is_separable(w, tol) or bool(w[0, 0] == 0), _upper_left_pivot),
            _where(lambda w, tol: _is_separable(w, tol) and bool(w[0, 0] != 0)),
            _raising_where(lambda w, tol: bool(w[0, 0] == 0), _separate),
        ),
        *ways(
            "sign_wrong",
            "Your column and row are never negative: the lengths of rows and columns do not know the signs.",
            SEPARABLE,
            _where(_is_separable, lambda w: (w.norm(dim=1), w.norm(dim=0) / _svd(w)[1][0])),
        ),
        *ways(
            "square_assumed",
            "Your function works only for square kernels: eigenvalues need them, singular values do not.",
            SEPARABLE,
            _raising_where(lambda w, tol: _oblong(w), _separate),
            _where(lambda w, tol: _is_separable(w, tol) and not _oblong(w)),
        ),
        *ways(
            "single_line_forgotten",
            "Your function fails for a kernel of one row or one column: that has one singular value, and is always separable.",
            SEPARABLE,
            _raising_where(lambda w, tol: 1 in w.shape, _separate),
            _where(lambda w, tol: _is_separable(w, tol) and 1 not in w.shape),
        ),
    ),
)

EXERCISES = (CONV2D_LOOPS, PAD2D, CONV2D_SAME, GAUSSIAN_KERNEL, SOBEL_EDGES, CONV2D_FAST, SEPARABLE_KERNEL)
