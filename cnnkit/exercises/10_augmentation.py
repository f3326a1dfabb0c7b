"""Topic 10: augmentation.

What has one right result is compared with it. What draws random numbers is judged by properties that every right way of
drawing has: `canonical` reads them off the images, and the reference is the tuple in which all of them hold.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer
from cnnkit.exercises.probes import augmentation as probes
from cnnkit.exercises.reference import on_torch, to_numpy, to_torch, ways

# Headings of lecture 10.
FLIPS, CROPS, COLOUR, NOISE = "Flips", "Shifts and crops", "Brightness, contrast, colour", "Noise"
CUTOUT_, MIXUP_, CUTMIX_ = "Cutout", "Mixup", "CutMix"
PIPELINE, TEST_TIME = "A pipeline for training only", "Test-time augmentation"

FORBIDS = ("torchvision", "cnnkit.exercises")

RARELY = 1e-9
"""Probability with which a right way of drawing may fall outside the bounds of one count."""

ROWS_COLUMNS = "You exchange rows and columns: `top` counts rows from the top, `left` columns from the left."
FIRST_FOR_ALL = "Every image gets the numbers of the first one: `top[i]` and `left[i]` belong to image i."
LABELS_NOT_MIXED = "Your labels are not mixed: images are, so the labels must tell of both, in the same shares."
LAM_SWAPPED = "The two weights are exchanged: lam is that of the image itself, 1 − lam that of its partner."
PERMUTATION_IGNORED = "The permutation has no effect on your images: the partner of image i is image permutation[i]."
PERMUTATION_INVERTED = "You use the permutation backwards: the partner of image i is image permutation[i]."
SEVERAL_CALLS = "The same numbers come in every call: a generator moves on with every number drawn, so do not set it back."
NOT_REPEATABLE = "The same generator gives another result each time: every random number must come from it."
GLOBAL_GENERATOR = "You draw from torch's global generator, which everything else draws from too: hand over `generator=`."


# What is drawn


def _images(rng, *shape, dtype="float64", low=0.0, high=1.0):
    """Draw images (N, C, H, W) whose pixels are all different."""
    import torch

    return torch.tensor(rng.uniform(low, high, shape)).to(getattr(torch, dtype))


def _bytes(rng, *shape):
    import torch

    return torch.tensor(rng.integers(1, 256, shape), dtype=torch.uint8)


def _backwards_in_memory(x):
    """Return the same images with the channels last in memory, as they come from image files."""
    return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)


def _whole(*values):
    import torch

    return torch.tensor(values)


def _each(rng, n, low, high):
    """Draw n whole numbers between low and high, the first of which occurs once only."""
    import torch

    drawn = rng.integers(low, high + 1, n)
    while n > 1 and high > low and (drawn[1:] == drawn[0]).any():
        drawn[1:] = rng.integers(low, high + 1, n - 1)
    return torch.tensor(drawn)


def _numbers(values, like):
    import torch

    return torch.tensor(values, dtype=like.dtype)


# Wrong answers, image by image


def _stacked(image: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of a batch that treats image after image, each with its own entries of top and left."""
    import torch

    def batch(x, *args):
        rows = [[value[i] if torch.is_tensor(value) and value.ndim == 1 else value for value in args] for i in range(len(x))]
        return torch.stack([image(one, *row) for one, row in zip(x, rows, strict=True)])

    return batch


def _per_image(image: Callable[..., Any]) -> Callable[..., Any]:
    """Do as `_stacked`, without importing torch before the call."""
    return lambda *args: _stacked(image)(*args)


def _with_first(function: Callable[..., Any], which: int = 0) -> Callable[..., Any]:
    """Return a function in which the numbers of one image serve for all."""
    import torch

    def wrong(x, *args):
        return function(x, *(v[which].expand(len(x)) if torch.is_tensor(v) and v.ndim == 1 else v for v in args))

    return wrong


# horizontal_flip


def _flip(x, mask):
    import torch

    return torch.where(mask[:, None, None, None], x.flip(-1), x)


def _flip_other(axis: int | tuple[int, ...]) -> Callable[..., Any]:
    import torch

    return lambda x, mask: torch.where(mask[:, None, None, None], x.flip(axis), x)


def _mask(*bits):
    import torch

    return torch.tensor(bits, dtype=torch.bool)


def _flip_cases(rng):
    import torch

    small = torch.arange(1.0, 13.0).reshape(2, 1, 2, 3)

    def bits(n):
        drawn = rng.permutation(n) < rng.integers(1, (n - 1) // 2 + 1)
        return _mask(*drawn)

    n = integer(rng, 5, 7)
    return [
        Case((small, _mask(False, True)), note="small enough to do by hand"),
        Case((_images(rng, n, 3, 4, 6), bits(n))),
        Case((_images(rng, n, 2, 5, 5), bits(n)), note="square images"),
        Case((_images(rng, 4, 3, 3, 5), _mask(0, 0, 0, 0)), note="no image to be mirrored"),
        Case((_images(rng, 3, 1, 5, 4), _mask(1, 1, 1)), note="all images to be mirrored"),
        Case((_backwards_in_memory(_images(rng, 5, 3, 4, 7)), bits(5)), note="an input that is not contiguous in memory"),
        Case((_images(rng, n, 3, 6, 4, dtype="float32"), bits(n)), note="float32"),
        Case((_bytes(rng, n, 3, 5, 4), bits(n)), note="uint8"),
    ]


def _flip_errors(rng):
    x = _images(rng, 4, 2, 3, 5)
    return [
        Case((x, _mask(1, 0, 1)), note="a mask for 3 of 4 images", raises=ValueError),
        Case((x, _mask(1, 0, 1, 0, 0)), note="a mask for 5 images where there are 4", raises=ValueError),
        Case((x, _mask(1)), note="one mask value for 4 images", raises=ValueError),
        Case((x, _mask(0, 1, 1, 0)), note="a mask for 4 images, which is possible", only_returns=True),
    ]


HORIZONTAL_FLIP = Exercise(
    name="horizontal_flip",
    signature="horizontal_flip(x, mask)",
    reference=on_torch(_flip),
    probe="augmentation.call",
    parts=(Part("horizontal_flip", _flip_cases), Part("horizontal_flip_errors", _flip_errors)),
    forbids=FORBIDS,
    exact=True,
    mistakes=(
        *ways(
            "vertical_for_horizontal",
            "You turn images upside down: a horizontal flip exchanges left and right, so it reverses the columns, the last axis.",
            FLIPS,
            lambda x, mask: _flip_other(-2)(x, mask),
        ),
        *ways(
            "flipped_both_ways",
            "You turn images by half a turn: only left and right are to be exchanged, not top and bottom.",
            FLIPS,
            lambda x, mask: _flip_other((-2, -1))(x, mask),
            lambda x, mask: _flip_other((1, 2, 3))(x, mask),
        ),
        *ways(
            "whole_batch_flipped",
            "All images are mirrored as soon as the mask names one: mirror those alone for which it is True.",
            FLIPS,
            lambda x, mask: x.flip(-1) if mask.any() else x,
            lambda x, mask: x.flip(-1) if mask[0] else x,
            lambda x, mask: x.flip(-1) if mask[-1] else x,
        ),
        *ways(
            "mask_ignored",
            "The mask has no effect: you mirror every image.",
            FLIPS,
            lambda x, mask: x.flip(-1),
        ),
        *ways("mask_ignored", "Nothing is mirrored: you return the images as they came.", FLIPS, lambda x, mask: x),
        *ways(
            "mask_inverted",
            "You mirror the images for which the mask is False: True means mirrored.",
            FLIPS,
            lambda x, mask: _flip(x, ~mask),
        ),
        *ways(
            "channels_reversed",
            "You reverse the channels, red for blue: of the four axes (N, C, H, W), the columns are the last.",
            FLIPS,
            lambda x, mask: _flip_other(1)(x, mask),
        ),
        *ways(
            "batch_reversed",
            "You put images in each other's place: axis 0 is the batch, and the columns are the last axis.",
            FLIPS,
            lambda x, mask: _flip_other(0)(x, mask),
            lambda x, mask: _reversed_among_themselves(x, mask),
        ),
        *ways(
            "only_masked_returned",
            "Your result lacks images: those that are not mirrored belong into it too, in their places.",
            FLIPS,
            lambda x, mask: x[mask].flip(-1),
        ),
        *ways(
            "order_lost",
            "The images are in another order than before: a mirrored one goes back to where it came from.",
            FLIPS,
            lambda x, mask: _joined(x[mask].flip(-1), x[~mask]),
            lambda x, mask: _joined(x[~mask], x[mask].flip(-1)),
        ),
    ),
)


def _reversed_among_themselves(x, mask):
    y = x.clone()
    y[mask] = x[mask].flip(0)
    return y


def _joined(*batches):
    import torch

    return torch.cat(batches)


# random_crop


def _window(x, padding, top, left, frame: Callable[..., Any] | None = None):
    """Cut an image's size out of a frame around one image (C, H, W), zeros unless `frame` makes another."""
    import torch.nn.functional as F

    framed = (frame or (lambda x, p: F.pad(x, (p, p, p, p))))(x, padding)
    height, width = x.shape[-2:]
    window = framed[:, top : top + height, left : left + width]
    if window.shape != x.shape:
        raise ValueError("the window leaves the frame")
    return window


def _crop_by(where: Callable[..., tuple[Any, Any]], frame: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return a wrong crop that cuts at (top, left) = where(padding, top, left), in a frame so wide that nothing ends."""

    def image(x, padding, top, left):
        far = 3 * padding + max(x.shape[-2:])
        y, x0 = where(padding, top, left)
        return _window(x, far, y - padding + far, x0 - padding + far, frame)

    return _per_image(image)


def _continued(mode: str) -> Callable[..., Any]:
    def frame(x, p):
        rows = np.pad(np.arange(x.shape[-2]), p, mode=mode)
        columns = np.pad(np.arange(x.shape[-1]), p, mode=mode)
        return x[:, rows][:, :, columns]

    return frame


def _as_they_are(x, padding, top, left):
    return x


_crop = _per_image(_window)


def _crop_cases(rng):
    small = _images(rng, 2, 1, 2, 3)
    small[...] = _whole(*range(1, 13)).reshape(small.shape)

    def drawn(n, c, height, width, padding, note="", dtype="float64", x=None):
        x = _images(rng, n, c, height, width, dtype=dtype) if x is None else x
        top, left = _each(rng, n, 0, 2 * padding), _each(rng, n, 0, 2 * padding)
        while (top == left).all() or (top == padding).all() or (left + top == 2 * padding).all():
            top, left = _each(rng, n, 0, 2 * padding), _each(rng, n, 0, 2 * padding)
        return Case((x, padding, top, left), note=note)

    n = integer(rng, 3, 5)
    return [
        Case((small, 1, _whole(0, 2), _whole(1, 0)), note="small enough to do by hand"),
        drawn(n, 3, 5, 7, 2),
        drawn(n, 2, 6, 6, 3, "square images"),
        drawn(4, 3, 4, 6, 1, "one pixel of padding"),
        Case((_images(rng, 3, 2, 5, 4), 0, _whole(0, 0, 0), _whole(0, 0, 0)), note="no padding"),
        Case((_images(rng, 3, 2, 4, 5), 2, _whole(0, 4, 2), _whole(4, 0, 2)), note="the corners, and the middle"),
        drawn(3, 3, 6, 5, 2, "an input that is not contiguous in memory", x=_backwards_in_memory(_images(rng, 3, 3, 6, 5))),
        drawn(n, 3, 6, 8, 4, "float32", "float32"),
        drawn(n, 3, 7, 5, 2, "uint8", x=_bytes(rng, n, 3, 7, 5)),
    ]


def _crop_errors(rng):
    x = _images(rng, 3, 2, 5, 6)
    middle = _whole(1, 1, 1)
    return [
        Case((x, 1, _whole(0, 3, 1), middle), note="a window that ends below the frame: top is at most 2", raises=ValueError),
        Case((x, 1, middle, _whole(1, 0, 3)), note="a window that ends right of the frame: left is at most 2", raises=ValueError),
        Case((x, 1, _whole(0, -1, 1), middle), note="a window that begins above the frame", raises=ValueError),
        Case((x, 1, middle, _whole(-1, 0, 2)), note="a window that begins left of the frame", raises=ValueError),
        Case((x, 1, _whole(0, 1), _whole(1, 1)), note="two windows for three images", raises=ValueError),
        Case((x, 1, _whole(0, 1, 2, 0), _whole(1, 1, 0, 0)), note="four windows for three images", raises=ValueError),
        Case((x, -1, middle, middle), note="a negative padding", raises=ValueError),
        Case((x, 1, _whole(0, 2, 1), _whole(2, 0, 1)), note="windows that are possible", only_returns=True),
    ]


RANDOM_CROP = Exercise(
    name="random_crop",
    signature="random_crop(x, padding, top, left)",
    reference=on_torch(_crop),
    probe="augmentation.call",
    parts=(Part("random_crop", _crop_cases), Part("random_crop_errors", _crop_errors)),
    forbids=FORBIDS,
    exact=True,
    mistakes=(
        *ways(
            "crop_offset_not_per_image",
            FIRST_FOR_ALL,
            CROPS,
            lambda *args: _with_first(_crop)(*args),
        ),
        *ways(
            "crop_offset_not_per_image",
            "Every image gets the numbers of the last one: `top[i]` and `left[i]` belong to image i.",
            CROPS,
            lambda *args: _with_first(_crop, -1)(*args),
        ),
        *ways("height_width_swapped", ROWS_COLUMNS, CROPS, _crop_by(lambda p, top, left: (left, top))),
        *ways(
            "padding_one_side",
            "Your zeros are above and left of the images only: `padding` rows or columns of them belong to each side.",
            CROPS,
            _crop_by(lambda p, top, left: (top - p, left - p)),
        ),
        *ways(
            "wraps_around",
            "What leaves the image on one side comes in on the other: `roll` does that, but zeros are to come in.",
            CROPS,
            _crop_by(lambda p, top, left: (top, left), _continued("wrap")),
            _crop_by(lambda p, top, left: (2 * p - top, 2 * p - left), _continued("wrap")),
        ),
        *ways(
            "edge_for_zero",
            "You pad with pixels of the image: zeros are to come in at its borders.",
            CROPS,
            _crop_by(lambda p, top, left: (top, left), _continued("edge")),
            lambda x, p, top, left: _crop_by(lambda p, t, le: (t, le), _continued("reflect" if p else "edge"))(x, p, top, left),
        ),
        *ways(
            "sign_wrong",
            "Your images move the other way: a window further down (a larger top) shows the image further up.",
            CROPS,
            _crop_by(lambda p, top, left: (2 * p - top, 2 * p - left)),
            _crop_by(lambda p, top, left: (2 * p - top, left)),
            _crop_by(lambda p, top, left: (top, 2 * p - left)),
        ),
        *ways(
            "offset_from_image",
            "You count top and left from the image's corner: they count from the frame's, which is `padding` rows above and "
            "`padding` columns to the left of it, so that top = left = padding leaves an image where it is.",
            CROPS,
            _crop_by(lambda p, top, left: (p + top, p + left)),
            _crop_by(lambda p, top, left: (p - top, p - left)),
        ),
        *ways(
            "one_pixel_off",
            "Every window begins one pixel too far down and to the right: indices count from 0.",
            CROPS,
            _crop_by(lambda p, top, left: (top + 1, left + 1)),
        ),
        *ways(
            "one_pixel_off",
            "Every window begins one pixel too early: indices count from 0.",
            CROPS,
            _crop_by(lambda p, top, left: (top - 1, left - 1)),
        ),
        *ways("offset_ignored", "top and left have no effect: the images stay where they were.", CROPS, _as_they_are),
        *ways(
            "offset_ignored",
            "top has no effect: the images move sideways only.",
            CROPS,
            _crop_by(lambda p, top, left: (p, left)),
        ),
        *ways(
            "offset_ignored",
            "left has no effect: the images move up and down only.",
            CROPS,
            _crop_by(lambda p, top, left: (top, p)),
        ),
        *ways(
            "size_not_kept",
            "Your result has the size of the frame: cut windows of the size of the image out of it.",
            CROPS,
            lambda x, p, top, left: _window_of_frame(x, p),
        ),
    ),
)


def _window_of_frame(x, p):
    import torch.nn.functional as F

    return F.pad(x, (p, p, p, p))


# adjust_brightness_contrast


GREY = (0.2989, 0.587, 0.114)  # weights of red, green and blue, ITU-R BT.601


def _grey(x, weights=GREY):
    if x.shape[1] == 1:
        return x
    return sum(w * x[:, i : i + 1] for i, w in enumerate(weights))


def _mean_of_grey(x):
    return _grey(x).mean((1, 2, 3), keepdim=True)


def _clamped(x):
    return x.clamp(0, 1)


def _as_is(x):
    return x


def _multiplied(x, b):
    return x * b


def _about(y, m, c):
    return c * y + (1 - c) * m


def _adjusting(
    brighten: Callable[..., Any] = _multiplied,
    mean: Callable[..., Any] = _mean_of_grey,
    stretch: Callable[..., Any] = _about,
    between: Callable[..., Any] = _clamped,
    after: Callable[..., Any] = _clamped,
    mean_of_input: bool = False,
) -> Callable[..., Any]:
    """Return an adjustment of which some steps are other ones; without, torchvision's adjust_brightness and adjust_contrast."""

    def adjust(x, brightness, contrast):
        b, c = (value[:, None, None, None] for value in (brightness, contrast))
        y = between(brighten(x, b))
        return after(stretch(y, mean(x if mean_of_input else y), c))

    return adjust


def _contrast_first(x, brightness, contrast):
    b, c = (value[:, None, None, None] for value in (brightness, contrast))
    return _clamped(b * _clamped(_about(x, _mean_of_grey(x), c)))


def _adjust_cases(rng):
    # Of three channels alike, the grey version is not quite the mean: by hand it is done with one channel.
    small = _images(rng, 2, 1, 1, 2)
    small[...] = _numbers([[0.25, 0.5], [0.5, 0.75]], small).reshape(small.shape)

    def drawn(n, c, height, width, brightness, contrast, note="", dtype="float64", x=None):
        x = _images(rng, n, c, height, width, dtype=dtype) if x is None else x
        b, c = (rng.uniform(*bounds, n) for bounds in (brightness, contrast))
        return Case((x, _numbers(b, x), _numbers(c, x)), note=note)

    def dim(*shape):
        return _images(rng, *shape, low=0.45, high=0.6)

    n = integer(rng, 3, 4)
    by_hand = (_numbers([1.5, 0.5], small), _numbers([0.5, 2.0], small))
    last = _images(rng, 3, 3, 5, 4)
    return [
        Case((small, *by_hand), note="small enough to do by hand"),
        # Contrast this strong shows a mean that is a little wrong.
        drawn(n, 3, 4, 5, (0.8, 1.2), (2.5, 4.0), x=dim(n, 3, 4, 5), note="nothing to be clamped"),
        drawn(n, 1, 5, 4, (0.6, 1.2), (0.4, 0.9), x=dim(n, 1, 5, 4), note="grey images, nothing to be clamped"),
        drawn(n, 3, 5, 4, (0.8, 1.2), (3.0, 4.0), x=dim(n, 3, 5, 4), note="strong contrast, but nothing to be clamped"),
        drawn(n, 3, 5, 6, (1.4, 2.2), (0.5, 0.8), note="brightness beyond white"),
        drawn(n, 3, 6, 4, (0.6, 0.9), (1.8, 2.6), note="contrast beyond black and white"),
        drawn(n, 3, 4, 4, (1.3, 1.9), (1.4, 2.2), note="both beyond white"),
        Case((last, _numbers([0, 1, 1], last), _numbers([1, 0, 1], last)), note="brightness 0, contrast 0, and both 1"),
        drawn(3, 3, 5, 6, (0.7, 1.6), (0.5, 1.7), "an input that is not contiguous", x=_backwards_in_memory(last)),
        drawn(n, 3, 4, 6, (0.6, 1.5), (0.5, 1.6), "float32", "float32"),
    ]


def _adjust_errors(rng):
    x = _images(rng, 3, 3, 4, 5)
    one, negative, short = (_numbers(v, x) for v in ([1.0, 1.2, 0.8], [1.0, -0.5, 1.0], [1.0, 1.2]))
    return [
        Case((x, negative, one), note="a negative brightness", raises=ValueError),
        Case((x, one, negative), note="a negative contrast", raises=ValueError),
        Case((x, short, one), note="two values of brightness for three images", raises=ValueError),
        Case((x, one, short), note="two values of contrast for three images", raises=ValueError),
        Case((_images(rng, 3, 2, 4, 5), one, one), note="two channels, which have no grey version", raises=ValueError),
        Case((x, one, one), note="three images and their values, which is possible", only_returns=True),
    ]


ADJUST_BRIGHTNESS_CONTRAST = Exercise(
    name="adjust_brightness_contrast",
    signature="adjust_brightness_contrast(x, brightness, contrast)",
    reference=on_torch(_adjusting()),
    probe="augmentation.call",
    parts=(
        Part("adjust_brightness_contrast", _adjust_cases),
        Part("adjust_brightness_contrast_errors", _adjust_errors),
    ),
    forbids=FORBIDS,
    mistakes=(
        *ways(
            "contrast_about_zero",
            "Your contrast stretches around 0, as brightness does: it stretches around the mean of the grey image.",
            COLOUR,
            _adjusting(stretch=lambda y, m, c: c * y),
        ),
        *ways(
            "contrast_about_half",
            "Your contrast stretches around 0.5: it stretches around the mean of the grey image.",
            COLOUR,
            _adjusting(stretch=lambda y, m, c: _about(y, 0.5, c)),
        ),
        *ways(
            "mean_over_batch",
            "You take one mean of the whole batch: what one image becomes must not depend on the others.",
            COLOUR,
            _adjusting(mean=lambda y: _mean_of_grey(y).mean()),
            _adjusting(mean=lambda y: y.mean()),
            _adjusting(mean=lambda y: y.mean((0, 2, 3), keepdim=True)),
        ),
        *ways(
            "mean_per_channel",
            "Every channel has its own mean in your result, which changes colours: one mean, of the grey version, serves all.",
            COLOUR,
            _adjusting(mean=lambda y: y.mean((2, 3), keepdim=True)),
        ),
        *ways(
            "mean_per_pixel",
            "You mix every pixel with its own grey value, which changes the saturation: contrast takes the mean over the image.",
            COLOUR,
            _adjusting(mean=_grey),
            _adjusting(mean=lambda y: y.mean(1, keepdim=True)),
        ),
        *ways(
            "grey_weights_missing",
            "You average red, green and blue alike: in the grey version they weigh 0.2989, 0.587 and 0.114.",
            COLOUR,
            _adjusting(mean=lambda y: y.mean((1, 2, 3), keepdim=True)),
            _adjusting(mean=lambda y: y.mean((1, 2, 3), keepdim=True), between=_as_is),
        ),
        *ways(
            "grey_weights_rounded",
            "Your grey version is made with slightly other weights: they are 0.2989, 0.587 and 0.114.",
            COLOUR,
            _adjusting(mean=lambda y: _grey(y, (0.299, 0.587, 0.114)).mean((1, 2, 3), keepdim=True)),
            _adjusting(mean=lambda y: _grey(y, (0.3, 0.59, 0.11)).mean((1, 2, 3), keepdim=True)),
            _adjusting(mean=lambda y: _grey(y, (0.2126, 0.7152, 0.0722)).mean((1, 2, 3), keepdim=True)),
        ),
        *ways(
            "grey_weights_reversed",
            "Your grey version weighs blue like red: the channels are red, green, blue, with 0.2989, 0.587 and 0.114.",
            COLOUR,
            _adjusting(mean=lambda y: _grey(y, GREY[::-1]).mean((1, 2, 3), keepdim=True)),
        ),
        *ways(
            "mean_of_input",
            "You take the mean of the image as it came: contrast works on the brightened image, so take the mean of that.",
            COLOUR,
            _adjusting(mean_of_input=True),
            _adjusting(mean_of_input=True, between=_as_is),
        ),
        *ways(
            "clamp_missing",
            "Your result leaves the range from 0 to 1: clamp it at the end.",
            COLOUR,
            _adjusting(after=_as_is),
            _adjusting(between=_as_is, after=_as_is),
        ),
        *ways(
            "clamp_missing",
            "You clamp at the end only: what brightness lifts above 1 is white before the contrast is adjusted.",
            COLOUR,
            _adjusting(between=_as_is),
        ),
        *ways(
            "brightness_added",
            "You add the brightness: it multiplies, so that 1 leaves an image as it is.",
            COLOUR,
            _adjusting(brighten=lambda x, b: x + b),
            _adjusting(brighten=lambda x, b: x + (b - 1)),
        ),
        *ways(
            "brightness_ignored",
            "The brightness has no effect.",
            COLOUR,
            _adjusting(brighten=lambda x, b: x),
        ),
        *ways(
            "contrast_ignored",
            "The contrast has no effect.",
            COLOUR,
            _adjusting(stretch=lambda y, m, c: y),
        ),
        *ways(
            "weights_exchanged",
            "You exchange the weights: the contrast is that of the image, 1 − contrast that of its mean.",
            COLOUR,
            _adjusting(stretch=lambda y, m, c: (1 - c) * y + c * m),
        ),
        *ways(
            "mean_not_added",
            "The stretched image lacks its mean: after subtracting it and stretching, add it again.",
            COLOUR,
            _adjusting(stretch=lambda y, m, c: c * (y - m)),
        ),
        *ways(
            "order_swapped",
            "You adjust the contrast first: the brightness comes first, then the contrast.",
            COLOUR,
            _contrast_first,
        ),
        *ways(
            "arguments_swapped",
            "You use the contrast as brightness and the brightness as contrast.",
            COLOUR,
            lambda x, b, c: _adjusting()(x, c, b),
        ),
        *ways(
            "same_for_whole_batch",
            "Every image gets the numbers of the first one: brightness[i] and contrast[i] belong to image i.",
            COLOUR,
            lambda x, b, c: _adjusting()(x, b[:1].expand_as(b), c[:1].expand_as(c)),
        ),
    ),
)


# cutout


def _cut(x, top, left, size, value=0.0):
    return _cutting()(x, top, left, size, value)


def _ends(start, size, length):
    """Return where a stretch begins and ends once it is clipped to 0 … length."""
    return min(max(int(start), 0), length), min(max(int(start) + size, 0), length)


def _cutting(where: Callable[..., tuple[int, int, int]] | None = None, clipped: bool = True) -> Callable[..., Any]:
    """Return a cutout of the square (top, left, size) = where(top, left, size), or as Python slices it, unclipped."""

    def cut(x, top, left, size, value=0.0):
        y = x.clone()
        for i in range(len(x)):
            t, le, s = (where or (lambda *square: square))(int(top[i]), int(left[i]), size)
            if clipped:
                (a, b), (c, d) = _ends(t, s, x.shape[2]), _ends(le, s, x.shape[3])
                y[i, :, a:b, c:d] = value
            else:
                y[i, :, t : t + s, le : le + s] = value
        return y

    return cut


def _cut_around(x, top, left, size):
    """Blank what lies outside the squares."""
    ones = _cut(x.new_ones(x.shape), top, left, size)
    return x * (1 - ones)


def _cut_wrapping(x, top, left, size):
    y = x.clone()
    for i in range(len(x)):
        for row in range(int(top[i]), int(top[i]) + size):
            for column in range(int(left[i]), int(left[i]) + size):
                y[i, :, row % x.shape[2], column % x.shape[3]] = 0
    return y


def _cut_moved_inside(x, top, left, size):
    height, width = x.shape[2:]
    return _cut(x, top.clamp(max=height - size).clamp(min=0), left.clamp(max=width - size).clamp(min=0), size)


def _cut_one_channel(x, top, left, size):
    y = x.clone()
    y[:, :1] = _cut(x[:, :1], top, left, size)
    return y


def _cut_with(value: Callable[[Any], Any]) -> Callable[..., Any]:
    import torch

    def cut(x, top, left, size):
        keep = _cut(x.new_ones(x.shape), top, left, size)
        return torch.where(keep > 0, x, value(x).to(x.dtype))

    return cut


def _one_square(x, top, left, size, only: Callable[[int], bool]):
    y = x.clone()
    for i in range(len(x)):
        if only(i):
            y[i : i + 1] = _cut(x[i : i + 1], top[i : i + 1], left[i : i + 1], size)
    return y


def _cutout_cases(rng):
    small = _images(rng, 2, 1, 3, 4)
    small[...] = _whole(*range(1, 25)).reshape(small.shape)

    def drawn(n, c, height, width, size, low, high, note="", dtype="float64", x=None):
        x = _images(rng, n, c, height, width, dtype=dtype) if x is None else x
        top, left = _each(rng, n, low, height + high), _each(rng, n, low, width + high)
        return Case((x, top, left, size), note=note)

    n = integer(rng, 3, 4)
    return [
        Case((small, _whole(0, 2), _whole(1, 3), 2), note="small enough to do by hand"),
        drawn(n, 3, 8, 9, 3, 1, -4, "squares inside the images"),
        drawn(n, 2, 9, 7, 2, 1, -3, "squares of an even size inside the images"),
        Case((_images(rng, 3, 3, 6, 7), _whole(-2, 1, -1), _whole(2, -1, -2), 3), note="squares over the top and left borders"),
        Case((_images(rng, 3, 3, 7, 6), _whole(5, 2, 6), _whole(1, 4, 5), 3), note="squares over the bottom and right borders"),
        Case((_images(rng, 3, 1, 5, 6), _whole(-4, 5, 1), _whole(1, 2, 7), 4), note="squares that lie outside"),
        Case((_images(rng, 2, 2, 4, 5), _whole(-1, 0), _whole(-2, 0), 9), note="squares larger than the images"),
        drawn(
            3, 3, 9, 8, 3, 1, -4, "an input that is not contiguous in memory", x=_backwards_in_memory(_images(rng, 3, 3, 9, 8))
        ),
        drawn(n, 3, 8, 7, 4, -1, -3, "float32", "float32"),
        drawn(n, 3, 7, 8, 3, -1, -2, "uint8", x=_bytes(rng, n, 3, 7, 8)),
    ]


def _cutout_errors(rng):
    x = _images(rng, 3, 2, 5, 6)
    return [
        Case((x, _whole(0, 1, 2), _whole(1, 1, 0), -1), note="a negative size", raises=ValueError),
        Case((x, _whole(0, 1), _whole(1, 1), 2), note="two squares for three images", raises=ValueError),
        Case((x, _whole(0, 1, 2, 0), _whole(1, 1, 0, 0), 2), note="four squares for three images", raises=ValueError),
        Case((x, _whole(0, 1, 2), _whole(1, 1, 0), 2), note="one square for each image, which is possible", only_returns=True),
    ]


CUTOUT = Exercise(
    name="cutout",
    signature="cutout(x, top, left, size)",
    reference=on_torch(_cut),
    probe="augmentation.call",
    parts=(Part("cutout", _cutout_cases), Part("cutout_errors", _cutout_errors)),
    forbids=FORBIDS,
    exact=True,
    mistakes=(
        *ways(
            "centre_for_corner",
            "Your square lies around (top, left): that is its upper left corner, not its centre.",
            CUTOUT_,
            _cutting(lambda t, le, s: (t - s // 2, le - s // 2, s)),
            _cutting(lambda t, le, s: (t - s // 2, le - s // 2, s // 2 * 2)),
            _cutting(lambda t, le, s: (t - s, le - s, 2 * s)),
        ),
        *ways(
            "size_halved",
            "Your square is too small: its side is `size` pixels, not half of it.",
            CUTOUT_,
            _cutting(lambda t, le, s: (t, le, s // 2)),
            _cutting(lambda t, le, s: (t, le, (s + 1) // 2)),
        ),
        *ways(
            "one_pixel_too_many",
            "Your square has one row and one column too many: it ends before top + size and left + size.",
            CUTOUT_,
            _cutting(lambda t, le, s: (t, le, s + 1)),
        ),
        *ways(
            "one_pixel_too_few",
            "Your square lacks its last row and column: it goes up to top + size − 1 and left + size − 1.",
            CUTOUT_,
            _cutting(lambda t, le, s: (t, le, s - 1)),
            _cutting(lambda t, le, s: (t + 1, le + 1, s - 1)),
        ),
        *ways(
            "box_not_clipped",
            "A square that begins above or left of the image is lost or lands elsewhere: Python counts negative indices from "
            "the end, so begin it at 0.",
            CUTOUT_,
            _cutting(clipped=False),
        ),
        *ways(
            "box_not_clipped",
            "A square that leaves the image at one border comes in at the other: clip it, nothing of it is left there.",
            CUTOUT_,
            _cut_wrapping,
        ),
        *ways(
            "moved_inside",
            "You move a square that hangs over the border into the image: what hangs over is to be lost, so clip both its ends.",
            CUTOUT_,
            _cut_moved_inside,
            lambda x, top, left, size: _cut(x, top.clamp(min=0), left.clamp(min=0), size),
        ),
        *ways("height_width_swapped", ROWS_COLUMNS, CUTOUT_, lambda x, top, left, size: _cut(x, left, top, size)),
        *ways(
            "mask_inverted",
            "You blank what lies around the square: blank the square, and keep what is around it.",
            CUTOUT_,
            _cut_around,
        ),
        *ways(
            "same_for_whole_batch",
            FIRST_FOR_ALL,
            CUTOUT_,
            lambda *args: _with_first(_cut)(*args),
        ),
        *ways(
            "same_for_whole_batch",
            "Every image loses the squares of all images: `top[i]` and `left[i]` belong to image i.",
            CUTOUT_,
            lambda x, top, left, size: functools.reduce(
                lambda y, i: _cut(y, top[i].expand(len(x)), left[i].expand(len(x)), size), range(len(x)), x
            ),
        ),
        *ways(
            "only_first_sample",
            "Only the first image loses a square.",
            CUTOUT_,
            lambda x, top, left, size: _one_square(x, top, left, size, lambda i: i == 0),
        ),
        *ways(
            "only_first_channel",
            "Only the first channel is blanked: a square without colour is black in all of them.",
            CUTOUT_,
            _cut_one_channel,
        ),
        *ways(
            "not_zero",
            "Your squares are not black: their pixels become 0.",
            CUTOUT_,
            lambda x, *square: _cut_with(lambda x: x.new_ones(()))(x, *square),
            lambda x, *square: _cut_with(lambda x: x.double().mean())(x, *square),
            lambda x, *square: _cut_with(lambda x: x.double().mean((1, 2, 3), keepdim=True))(x, *square),
            lambda x, *square: _cut_with(lambda x: x.double().mean((2, 3), keepdim=True))(x, *square),
        ),
    ),
)


# mixup


def _mixing(
    image: Callable[..., Any] | None = None,
    label: Callable[..., Any] | None = None,
    images_by: Callable[..., Any] = lambda p: p,
    labels_by: Callable[..., Any] = lambda p: p,
) -> Callable[..., Any]:
    """Return a mixup whose images or labels are mixed in another way, or with other partners."""

    def mix(x, y, lam, permutation):
        right = lambda own, other, lam: lam * own + (1 - lam) * other  # noqa: E731 - the formula, where it is used
        mixed = (image or right)(x, x[images_by(permutation)], lam)
        return mixed, (label or right)(y, y[labels_by(permutation)], lam)

    return mix


def _swapped_weights(own, other, lam):
    return (1 - lam) * own + lam * other


def _weights_not_complementary(own, other, lam):
    return lam * own + lam * other


def _own_only(own, other, lam):
    return own


def _heavier(own, other, lam):
    return own if lam >= 0.5 else other


def _other_only(own, other, lam):
    return other


def _half(own, other, lam):
    return (own + other) / 2


def _no_partner(permutation):
    import torch

    return torch.arange(len(permutation), device=permutation.device)


def _backwards(permutation):
    return _no_partner(permutation).flip(0)


def _next_one(permutation):
    return _no_partner(permutation).roll(-1)


def _partners(rng, n):
    """Draw a permutation that leaves no image alone, and is neither its own inverse nor the reversed order (n > 2)."""
    while True:
        drawn = rng.permutation(n)
        plain = np.arange(n)
        unlike = (plain, np.argsort(drawn), plain[::-1], np.roll(plain, -1), np.roll(plain, 1)) if n > 3 else (plain,)
        if (drawn != plain).all() and not any((drawn == other).all() for other in unlike):
            return _whole(*drawn.tolist())


def _one_hot(rng, n, classes, like):
    """Draw labels as rows with a single 1; no two that follow each other are alike."""
    import torch

    drawn = [int(rng.integers(classes))]
    while len(drawn) < n:
        drawn += [c for c in [int(rng.integers(classes))] if c != drawn[-1]]
    return torch.nn.functional.one_hot(torch.tensor(drawn), classes).to(like.dtype)


def _soft(rng, n, classes, like):
    """Draw rows of class weights that sum to 1, as they come out of an earlier mix."""
    import torch

    return torch.tensor(rng.dirichlet(np.ones(classes), n), dtype=like.dtype)


def _mixup_cases(rng):
    small = _images(rng, 3, 1, 1, 2)
    small[...] = _numbers([[0.0, 4.0], [8.0, 2.0], [6.0, 10.0]], small).reshape(small.shape)

    def drawn(n, c, height, width, classes, lam, note="", dtype="float64", labels=_one_hot, x=None):
        x = _images(rng, n, c, height, width, dtype=dtype) if x is None else x
        return Case((x, labels(rng, n, classes, x), lam, _partners(rng, n)), note=note)

    n = integer(rng, 5, 7)
    low, high = rng.uniform(0.15, 0.4), rng.uniform(0.6, 0.85)
    return [
        Case((small, _one_hot(rng, 3, 3, small), 0.75, _whole(1, 2, 0)), note="small enough to do by hand"),
        drawn(n, 3, 4, 5, 6, float(high)),
        drawn(n, 2, 5, 4, 4, float(low), "the partner weighs more than the image itself"),
        drawn(n, 1, 3, 4, 5, 0.7, "labels that are mixed already", labels=_soft),
        drawn(4, 1, 3, 3, 4, 1.0, "lam = 1: everything stays"),
        drawn(4, 2, 3, 3, 4, 0.0, "lam = 0: the partners alone"),
        drawn(5, 3, 4, 3, 6, 0.3, "an input that is not contiguous", x=_backwards_in_memory(_images(rng, 5, 3, 4, 3))),
        drawn(n, 3, 4, 4, 5, float(high), "float32", "float32"),
    ]


def _mixup_errors(rng):
    x = _images(rng, 4, 2, 3, 4)
    y = _one_hot(rng, 4, 3, x)
    order = _whole(2, 3, 1, 0)
    return [
        Case((x, y, 1.25, order), note="lam = 1.25: shares lie between 0 and 1", raises=ValueError),
        Case((x, y, -0.25, order), note="a negative lam", raises=ValueError),
        Case((x, y, 0.5, _whole(1, 2, 0)), note="partners for three of four images", raises=ValueError),
        Case((x, y, 0.5, _whole(1, 2, 2, 0)), note="two images with one partner: no permutation", raises=ValueError),
        Case((x, y[:3], 0.5, order), note="three rows of labels for four images", raises=ValueError),
        Case((x, y, 0.5, order), note="a mix that is possible", only_returns=True),
    ]


IMAGES_AND_LABELS = ("images", "labels")
PARTNERS = (
    ("permutation_ignored", PERMUTATION_IGNORED, _backwards),
    ("permutation_ignored", PERMUTATION_IGNORED, _next_one),
)

MIXUP = Exercise(
    name="mixup",
    signature="mixup(x, y, lam, permutation)",
    reference=on_torch(_mixing()),
    probe="augmentation.call_for_two",
    parts=(
        Part("mixup", _mixup_cases, judges=("images",)),
        Part("mixup_labels", _mixup_cases, judges=("labels",)),
        Part("mixup_errors", _mixup_errors),
    ),
    forbids=FORBIDS,
    outputs=IMAGES_AND_LABELS,
    mistakes=(
        *ways("labels_not_mixed", LABELS_NOT_MIXED, MIXUP_, _mixing(label=_own_only), _mixing(label=_other_only)),
        *ways(
            "labels_not_mixed",
            "Your labels are all or nothing, those of the heavier image: both labels count, in the shares of the images.",
            MIXUP_,
            _mixing(label=_heavier),
        ),
        *ways("lam_swapped", LAM_SWAPPED, MIXUP_, _mixing(_swapped_weights, _swapped_weights), _mixing(image=_swapped_weights)),
        *ways(
            "lam_swapped",
            "The weights of your labels are exchanged: lam is that of the image's own label, as of the image itself.",
            MIXUP_,
            _mixing(label=_swapped_weights),
        ),
        *ways(
            "weights_not_complementary",
            "Your two weights do not sum to 1: they are lam and 1 − lam.",
            MIXUP_,
            _mixing(_weights_not_complementary, _weights_not_complementary),
            _mixing(lambda own, other, lam: own + (1 - lam) * other, lambda own, other, lam: own + (1 - lam) * other),
            _mixing(lambda own, other, lam: own + lam * other, lambda own, other, lam: own + lam * other),
            _mixing(lambda own, other, lam: own + other, lambda own, other, lam: own + other),
        ),
        *ways(
            "lam_ignored",
            "lam has no effect: image and partner always weigh a half.",
            MIXUP_,
            _mixing(_half, _half),
            _mixing(label=_half),
        ),
        *ways(
            "images_not_mixed",
            "Your images are those that came: mix every one with its partner.",
            MIXUP_,
            _mixing(image=_own_only),
        ),
        *(
            mistake
            for name, says, partners in PARTNERS
            for mistake in ways(name, says, MIXUP_, _mixing(images_by=partners, labels_by=partners))
        ),
        *ways(
            "permutation_inverted",
            PERMUTATION_INVERTED,
            MIXUP_,
            _mixing(images_by=lambda p: p.argsort(), labels_by=lambda p: p.argsort()),
        ),
    ),
)


# cutmix


def _clipped_box(box, shape):
    """Return the rows and columns of (top, left, height, width) that lie in an image, as slices."""
    top, left, height, width = box
    (a, b), (c, d) = _ends(top, height, shape[-2]), _ends(left, width, shape[-1])
    return slice(a, b), slice(c, d)


def _area(rows, columns):
    return (rows.stop - rows.start) * (columns.stop - columns.start)


def _pasted(x, partners, box):
    y = x.clone()
    rows, columns = _clipped_box(box, x.shape)
    y[..., rows, columns] = partners[..., rows, columns]
    return y


def _share(box, shape):
    return _area(*_clipped_box(box, shape)) / (shape[-2] * shape[-1])


def _cutmixing(
    images: Callable[..., Any] = _pasted,
    share: Callable[..., float] = _share,
    label: Callable[..., Any] = lambda own, other, share: (1 - share) * own + share * other,
    box_as: Callable[..., Any] = lambda box: box,
    images_by: Callable[..., Any] = lambda p: p,
    labels_by: Callable[..., Any] = lambda p: p,
) -> Callable[..., Any]:
    """Return a cutmix of which some steps are other ones."""

    def mix(x, y, box, permutation):
        box = box_as(box)
        mixed = images(x, x[images_by(permutation)], box)
        return mixed, label(y, y[labels_by(permutation)], share(box, x.shape))

    return mix


def _sliced(box):
    top, left, height, width = box
    return slice(top, top + height), slice(left, left + width)


def _pasted_unclipped(x, partners, box):
    y = x.clone()
    rows, columns = _sliced(box)
    y[..., rows, columns] = partners[..., rows, columns]
    return y


def _share_unclipped(box, shape):
    return box[2] * box[3] / (shape[-2] * shape[-1])


def _pasted_black(x, partners, box):
    return _pasted(x, x.new_zeros(x.shape), box)


def _pasted_first_channel(x, partners, box):
    y = x.clone()
    y[:, :1] = _pasted(x[:, :1], partners[:, :1], box)
    return y


def _pasted_corner(x, partners, box):
    """Paste the partner's upper left corner, not what lies under the box."""
    y = x.clone()
    rows, columns = _clipped_box(box, x.shape)
    y[..., rows, columns] = partners[..., : rows.stop - rows.start, : columns.stop - columns.start]
    return y


def _moved_in(box, shape):
    top, left, height, width = box
    return max(top, 0), max(left, 0), height, width


def _cutmix_cases(rng):
    small = _images(rng, 3, 1, 2, 4)
    small[...] = _whole(*range(1, 25)).reshape(small.shape)

    def drawn(n, c, height, width, classes, box, note="", dtype="float64", labels=_one_hot, x=None):
        x = _images(rng, n, c, height, width, dtype=dtype) if x is None else x
        return Case((x, labels(rng, n, classes, x), box, _partners(rng, n)), note=note)

    n = integer(rng, 5, 6)
    top, left = integer(rng, 0, 1), integer(rng, 2, 3)
    return [
        Case((small, _one_hot(rng, 3, 3, small), (0, 1, 2, 3), _whole(1, 2, 0)), note="small enough to do by hand"),
        drawn(n, 3, 6, 8, 5, (top, left, 4, 3), "a box inside"),
        drawn(n, 2, 7, 7, 4, (3, 1, 2, 5), "square images, a wide box inside"),
        drawn(n, 3, 6, 7, 6, (-2, 1, 4, 3), "a box over the upper border"),
        drawn(n, 3, 7, 6, 5, (2, -1, 3, 4), "a box over the left border"),
        drawn(n, 2, 6, 8, 5, (3, 5, 5, 6), "a box over the lower right corner"),
        drawn(4, 2, 5, 6, 4, (-3, -2, 12, 11), "a box larger than the images"),
        drawn(4, 1, 5, 6, 4, (1, 7, 2, 3), "a box outside the images"),
        drawn(n, 3, 6, 5, 6, (1, 2, 4, 2), "labels that are mixed already", labels=_soft),
        drawn(5, 3, 5, 8, 5, (1, 2, 2, 5), "an input that is not contiguous", x=_backwards_in_memory(_images(rng, 5, 3, 5, 8))),
        drawn(n, 3, 8, 6, 5, (2, 1, 5, 3), "float32", "float32"),
    ]


def _cutmix_errors(rng):
    x = _images(rng, 4, 2, 5, 6)
    y = _one_hot(rng, 4, 3, x)
    order = _whole(2, 3, 1, 0)
    return [
        Case((x, y, (1, 1, -2, 3), order), note="a box of negative height", raises=ValueError),
        Case((x, y, (1, 1, 2, -3), order), note="a box of negative width", raises=ValueError),
        Case((x, y, (1, 1, 2, 3), _whole(1, 2, 0)), note="partners for three of four images", raises=ValueError),
        Case((x, y, (1, 1, 2, 3), _whole(1, 2, 2, 0)), note="two images with one partner: no permutation", raises=ValueError),
        Case((x, y[:3], (1, 1, 2, 3), order), note="three rows of labels for four images", raises=ValueError),
        Case((x, y, (1, 1, 2, 3), order), note="a mix that is possible", only_returns=True),
    ]


CUTMIX = Exercise(
    name="cutmix",
    signature="cutmix(x, y, box, permutation)",
    reference=on_torch(_cutmixing()),
    probe="augmentation.call_for_two",
    parts=(
        Part("cutmix", _cutmix_cases, judges=("images",)),
        Part("cutmix_labels", _cutmix_cases, judges=("labels",)),
        Part("cutmix_errors", _cutmix_errors),
    ),
    forbids=FORBIDS,
    outputs=IMAGES_AND_LABELS,
    mistakes=(
        *ways("labels_not_mixed", LABELS_NOT_MIXED, CUTMIX_, _cutmixing(label=lambda own, other, s: own)),
        *ways(
            "labels_not_mixed",
            "Your labels are all or nothing: both belong into the label, in the shares that the images take.",
            CUTMIX_,
            _cutmixing(label=lambda own, other, s: other),
            _cutmixing(label=lambda own, other, s: other if s > 0.5 else own),
        ),
        *ways(
            "lam_swapped",
            "The weights of your labels are exchanged: the box's share of the area is the weight of the partner's label.",
            CUTMIX_,
            _cutmixing(label=lambda own, other, s: s * own + (1 - s) * other),
        ),
        *ways(
            "box_not_clipped",
            "Your label weight counts what hangs over the border: only the part of the box inside the image was pasted.",
            CUTMIX_,
            _cutmixing(share=_share_unclipped),
            _cutmixing(share=lambda box, shape: min(1.0, _share_unclipped(box, shape))),
        ),
        *ways(
            "box_not_clipped",
            "A box that begins above or left of the image is lost or lands elsewhere: Python counts negative indices from the "
            "end, so begin it at 0.",
            CUTMIX_,
            _cutmixing(images=_pasted_unclipped),
            _cutmixing(images=_pasted_unclipped, share=_share_unclipped),
        ),
        *ways(
            "moved_inside",
            "A box that begins above or left of the image keeps its size in yours: begin it at 0, but end it at top + height.",
            CUTMIX_,
            lambda x, y, box, p: _cutmixing(box_as=lambda b: _moved_in(b, x.shape))(x, y, box, p),
        ),
        *ways(
            "height_width_swapped",
            "You exchange rows and columns: the box is (top, left, height, width).",
            CUTMIX_,
            _cutmixing(box_as=lambda b: (b[1], b[0], b[3], b[2])),
            _cutmixing(box_as=lambda b: (b[0], b[1], b[3], b[2])),
            _cutmixing(box_as=lambda b: (b[1], b[0], b[2], b[3])),
        ),
        *ways(
            "corners_for_size",
            "You take the box as two corners: its last two numbers are height and width, so it ends at top + height.",
            CUTMIX_,
            _cutmixing(box_as=lambda b: (b[0], b[1], max(b[2] - b[0], 0), max(b[3] - b[1], 0))),
        ),
        *ways(
            "centre_for_corner",
            "Your box lies around (top, left): that is its upper left corner.",
            CUTMIX_,
            _cutmixing(box_as=lambda b: (b[0] - b[2] // 2, b[1] - b[3] // 2, b[2], b[3])),
        ),
        *ways(
            "mask_inverted",
            "You keep the box and take the rest from the partner: the box comes from the partner.",
            CUTMIX_,
            _cutmixing(images=lambda x, partners, box: _pasted(partners, x, box)),
        ),
        *ways(
            "not_pasted",
            "The box is black: paste the partner's pixels into it.",
            CUTMIX_,
            _cutmixing(images=_pasted_black),
        ),
        *ways(
            "not_pasted",
            "Nothing is pasted: your images are those that came.",
            CUTMIX_,
            _cutmixing(images=lambda x, partners, box: x),
        ),
        *ways(
            "only_first_channel",
            "Only the first channel is pasted: take all of the partner's.",
            CUTMIX_,
            _cutmixing(images=_pasted_first_channel),
        ),
        *ways(
            "pasted_from_corner",
            "You paste the partner's upper left corner: what comes into the box lies at the same place in the partner.",
            CUTMIX_,
            _cutmixing(images=_pasted_corner),
        ),
        *ways(
            "side_for_area",
            "Your label weight is not the box's share of the area: that is height · width / (H · W).",
            CUTMIX_,
            _cutmixing(share=lambda box, shape: _share(box, shape) ** 0.5),
            _cutmixing(share=lambda box, shape: _area(_clipped_box(box, shape)[0], slice(0, 1)) / shape[-2]),
            _cutmixing(share=lambda box, shape: _area(slice(0, 1), _clipped_box(box, shape)[1]) / shape[-1]),
        ),
        *ways(
            "lam_ignored",
            "Both labels weigh a half in yours, whatever the box: the partner's weight is the box's share of the area.",
            CUTMIX_,
            _cutmixing(share=lambda box, shape: 0.5),
        ),
        *(
            mistake
            for name, says, partners in PARTNERS
            for mistake in ways(name, says, CUTMIX_, _cutmixing(images_by=partners, labels_by=partners))
        ),
        *ways(
            "permutation_inverted",
            PERMUTATION_INVERTED,
            CUTMIX_,
            _cutmixing(images_by=lambda p: p.argsort(), labels_by=lambda p: p.argsort()),
        ),
    ),
)


# Properties of what is drawn


def _is_read(result: Any) -> bool:
    """Return whether a result is a tuple of properties already, not the arrays that they are read off."""
    return not isinstance(result[0], (np.ndarray, np.generic))


def _images_like(x: np.ndarray, *results: Any) -> list[np.ndarray]:
    """Return results in float64; ValueError, with the sentence to show, where shape or dtype is not that of the images."""
    for y in results:
        if not isinstance(y, np.ndarray) or y.shape != x.shape:
            raise ValueError(f"Expected images of shape {x.shape}, got {getattr(y, 'shape', type(y).__name__)}.")
        if y.dtype != x.dtype:
            raise ValueError(f"The images are of dtype {x.dtype}, so must the result be: it is {y.dtype}.")
    return [y.astype(np.float64) for y in results]


@functools.cache
def _likely(n: int, p: float) -> tuple[int, int]:
    """Return the smallest and the largest count that n throws with probability p give, but for `RARELY` on each side."""
    if p in (0.0, 1.0) or n == 0:
        return round(n * p), round(n * p)
    log_p, log_q = math.log(p), math.log1p(-p)
    terms = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q for k in range(n + 1)]
    weights = np.exp(terms)
    low = int(np.searchsorted(np.cumsum(weights), RARELY))
    return low, n - int(np.searchsorted(np.cumsum(weights[::-1]), RARELY))


def _properties(probe: Callable[..., Any], read: Callable[..., Any], answer: Any) -> Callable[..., tuple[bool, ...]]:
    """Return the function that gives the properties of an answer, a function or a class, on a case."""

    def properties(*args: Any, **kwargs: Any) -> tuple[bool, ...]:
        return read(probe(answer, *args, **kwargs), *args, **kwargs)

    return properties


def _all_hold(names: tuple[str, ...]) -> Callable[..., tuple[bool, ...]]:
    return lambda *args, **kwargs: (True,) * len(names)


# salt_and_pepper

NOISE_PROPERTIES = (
    "changed pixels are 0 or 1",
    "all channels of a pixel change together",
    "enough pixels are changed",
    "not too many pixels are changed",
    "half of them are white",
    "half of them are black",
    "images are changed in different places",
    "something is drawn",
    "equal generators give equal results",
    "another call gives another result",
    "another generator gives another result",
    "the global generator is left alone",
)
VALUES_OF_NOISE, DRAWING_OF_NOISE = NOISE_PROPERTIES[:7], NOISE_PROPERTIES[7:]


def _read_noise(result: Any, x: Any, amount: float, seed: int = 0) -> tuple[bool, ...]:
    """Read the properties of salt-and-pepper noise off the results of the probe `noise`."""
    if _is_read(result):
        return result
    *results, is_untouched = result
    x = to_numpy(x)
    first, second, again, other = _images_like(x, *results)
    hit = first != x
    pixels, channels = hit.any(1), x.shape[1]
    count = int(pixels.sum())
    white, black = (round(((first == value) & hit).sum() / channels) for value in (1.0, 0.0))
    fewest, most = _likely(pixels.size, amount)
    fewest_half, _ = _likely(max(white + black, 1), 0.5)
    by_chance = 0 < amount < 1
    drawn = not by_chance or count > 0
    return (
        bool(np.isin(first[hit], (0.0, 1.0)).all()),
        bool((hit.all(1) == pixels).all() and (first == first[:, :1])[hit].all()),
        fewest <= count,
        count <= most,
        white >= fewest_half if count else amount == 0,
        black >= fewest_half if count else amount == 0,
        not by_chance or not all(np.array_equal(_code(first[i], x[i]), _code(first[0], x[0])) for i in range(1, len(x))),
        drawn,
        bool(np.array_equal(first, again)),
        not (by_chance and drawn) or not np.array_equal(first, second),
        not (by_chance and drawn) or not np.array_equal(first, other),
        bool(is_untouched),
    )


def _code(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return 0 where an image is unchanged, else 1, or 2 where it is white now."""
    return (y != x).astype(int) + ((y != x) & (y > x))


def _salted(
    draw: Callable[..., tuple[Any, Any]] | None = None,
    white: float = 1.0,
    black: float = 0.0,
    shape: Callable[..., tuple[int, ...]] = lambda x: (len(x), 1, *x.shape[2:]),
    use: Callable[[Any], Any] = lambda generator: generator,
) -> Callable[..., Any]:
    """Return salt-and-pepper noise of which something is otherwise: what is drawn, its shape, its values, its generator."""
    import torch

    def noise(x, amount, generator):
        chosen = use(generator)

        def uniform():
            return torch.rand(shape(x), generator=chosen, device=x.device)

        salt, pepper = (draw or _by_one_number)(uniform, amount)
        return torch.where(pepper, x.new_tensor(black), torch.where(salt, x.new_tensor(white), x))

    return noise


def _by_one_number(uniform, amount):
    u = uniform()
    return u < amount / 2, (u >= amount / 2) & (u < amount)


def _salt_from_one(p: float, q: float) -> Callable[..., Any]:
    """Return a way to draw in which salt and pepper have other shares of the amount."""

    def draw(uniform, amount):
        u = uniform()
        return u < p * amount, (u >= p * amount) & (u < (p + q) * amount)

    return draw


def _salt_and_pepper_apart(uniform, amount):
    return uniform() < amount / 2, uniform() < amount / 2


def _channels_coloured(x, amount, generator):
    """Choose pixels for all channels, and salt or pepper for every channel by itself."""
    import torch

    hit = torch.rand(len(x), 1, *x.shape[2:], generator=generator, device=x.device) < amount
    salt = torch.rand(x.shape, generator=generator, device=x.device) < 0.5
    return torch.where(hit, salt.to(x.dtype), x)


def _global(generator):
    return None


def _from_seed(seed: int | None) -> Callable[..., Any]:
    """Return a new generator, with a seed of its own or that of the generator given."""
    import torch

    return lambda generator: torch.Generator(generator.device).manual_seed(generator.initial_seed() if seed is None else seed)


def _reseeded(generator):
    """Set the seed of torch's global generator."""
    import torch

    torch.manual_seed(generator.initial_seed())


def _any_seed():
    """Return a new generator each time, and a seed that no other has had."""
    import torch

    seeds: Iterator[int] = iter(range(10**6))
    return lambda generator: torch.Generator(generator.device).manual_seed(77 + next(seeds))


def _noise_cases(rng):
    def drawn(n, c, height, width, amount, note="", dtype="float64"):
        x = _images(rng, n, c, height, width, dtype=dtype, low=0.2, high=0.8)
        return Case((x, amount), {"seed": integer(rng, 1, 10**6)}, note=note)

    n = integer(rng, 4, 5)
    return [
        drawn(n, 3, 24, 31, 0.2),
        drawn(n, 3, 26, 23, 0.5, "half of the pixels"),
        drawn(3, 1, 31, 36, 0.1, "grey images"),
        drawn(n, 2, 14, 19, 1.0, "amount 1: every pixel"),
        drawn(2, 3, 5, 7, 0.0, "amount 0: nothing"),
        drawn(n, 3, 25, 22, 0.3, "float32", "float32"),
    ]


def _noise_errors(rng):
    x = _images(rng, 3, 2, 4, 5)
    return [
        Case((x, 1.5), {"seed": 1}, note="more than all pixels", raises=ValueError),
        Case((x, -0.1), {"seed": 1}, note="a negative amount", raises=ValueError),
        Case((x, 0.5), {"seed": 1}, note="an amount that is possible", only_returns=True),
    ]


def _noise_ways(name: str | None, says: str, *wrong: Callable[[], Callable[..., Any]]) -> tuple[Mistake, ...]:
    """Describe a mistake made in several ways, each a function without arguments that returns a wrong answer."""
    return tuple(
        Mistake(name, says, NOISE, lambda *a, make=make, **k: _properties(probes.noise, _read_noise, make())(*a, **k))
        for make in wrong
    )


SALT_AND_PEPPER = Exercise(
    name="salt_and_pepper",
    signature="salt_and_pepper(x, amount, generator)",
    reference=_all_hold(NOISE_PROPERTIES),
    probe="augmentation.noise",
    canonical=_read_noise,
    parts=(
        Part("salt_and_pepper", _noise_cases, judges=VALUES_OF_NOISE),
        Part("salt_and_pepper_generator", _noise_cases, judges=DRAWING_OF_NOISE),
        Part("salt_and_pepper_errors", _noise_errors),
    ),
    forbids=FORBIDS,
    outputs=NOISE_PROPERTIES,
    repeat=lambda options: 'salt_and_pepper(*args, torch.Generator().manual_seed(options["seed"]))',
    mistakes=(
        *_noise_ways(
            "channels_drawn_separately",
            "Every channel has its own random numbers, which gives coloured dots: a pixel is hit in all its channels, "
            "and becomes white or black in all of them.",
            lambda: _salted(shape=lambda x: x.shape),
            lambda: _channels_coloured,
        ),
        *_noise_ways(
            "salt_only",
            "There is salt but no pepper: half of the pixels that are hit become black.",
            lambda: _salted(_salt_from_one(1, 0)),
            lambda: _salted(_salt_from_one(0.5, 0)),
        ),
        *_noise_ways(
            "pepper_only",
            "There is pepper but no salt: half of the pixels that are hit become white.",
            lambda: _salted(_salt_from_one(0, 1)),
            lambda: _salted(_salt_from_one(0, 0.5)),
        ),
        *_noise_ways(
            "amount_doubled",
            "Too many pixels are hit, salt and pepper take `amount` each: together they take it, so a half each.",
            lambda: _salted(lambda uniform, amount: _by_one_number(uniform, min(2 * amount, 1))),
            lambda: _salted(lambda uniform, amount: _salt_and_pepper_apart(uniform, 2 * amount)),
        ),
        *_noise_ways(
            "amount_halved",
            "Too few pixels are hit: `amount` is the share of salt and pepper together.",
            lambda: _salted(lambda uniform, amount: _by_one_number(uniform, amount / 2)),
        ),
        *_noise_ways(
            "salt_and_pepper_overlap",
            "Some pixels are hit twice, by salt and by pepper, and so too few in all: with amount 1, not every pixel changes. "
            "Draw one random number per pixel, and let it decide both.",
            lambda: _salted(_salt_and_pepper_apart),
            lambda: _salted(lambda uniform, amount: _salt_and_pepper_apart(uniform, amount)[::-1], white=0.0, black=1.0),
        ),
        *_noise_ways(
            "mask_inverted",
            "You change the pixels that should stay: the share `amount` is hit, the rest stays as it was.",
            lambda: _salted(lambda uniform, amount: _by_one_number(uniform, 1 - amount)),
        ),
        *_noise_ways(
            "returned_unchanged",
            "You return the images as they came.",
            lambda: lambda x, amount, generator: x,
        ),
        *_noise_ways(
            "white_is_255",
            "Your white is 255: these images lie between 0 and 1, so white is 1.",
            lambda: _salted(white=255.0),
        ),
        *_noise_ways(
            "black_is_minus_one",
            "Your black is −1: these images lie between 0 and 1, so black is 0.",
            lambda: _salted(black=-1.0),
        ),
        *_noise_ways(
            "same_for_whole_batch",
            "Every image is hit at the same pixels: draw numbers for all images of the batch, of shape (N, 1, H, W).",
            lambda: _salted(shape=lambda x: (1, 1, *x.shape[2:])),
        ),
        *_noise_ways("global_generator_used", GLOBAL_GENERATOR, lambda: _salted(use=_global)),
        *_noise_ways(
            "global_generator_used",
            "You set the seed of torch's global generator, which everything else draws from too: hand over `generator=`.",
            lambda: _salted(use=_reseeded),
        ),
        *_noise_ways("generator_ignored", NOT_REPEATABLE, lambda: _salted(use=_any_seed())),
        *_noise_ways("same_numbers_every_call", SEVERAL_CALLS, lambda: _salted(use=_from_seed(None))),
        *_noise_ways(
            "seed_ignored",
            "Your result is the same whatever the generator: the numbers must come from the one that you are given.",
            lambda: _salted(use=_from_seed(5)),
        ),
    ),
)


# augment_batch: find the bugs

BATCH_PROPERTIES = (
    "every image is a mix of the images, mirrored or not",
    "no image is upside down",
    "the shares of the images sum to 1",
    "labels are mixed",
    "labels tell of the images in the mix",
    "labels have the shares of their images",
    "some images are mirrored and others not",
    "images are mirrored at all",
    "images are mixed with others",
    "validation data are left alone",
    "something is drawn",
    "equal generators give equal results",
    "another call gives another result",
    "the global generator is left alone",
)


def _shares(x: np.ndarray, mixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much of each image is in each mixed one, (M, 4, N), and whether that is all, (M,).

    The four are the image as it is, mirrored, upside down, and both.
    """
    sources = np.concatenate([view.reshape(len(x), -1) for view in (x, x[..., ::-1], x[..., ::-1, :], x[..., ::-1, ::-1])])
    wanted = mixed.reshape(len(mixed), -1)
    shares = np.linalg.lstsq(sources.T, wanted.T)[0].T
    # float32 images leave errors of about 1e-6 in the shares.
    found = np.where(np.abs(shares) < 1e-4, 0.0, shares).reshape(len(mixed), 4, len(x))
    return found, np.abs(shares @ sources - wanted).max(1) < 1e-4


def _read_batch(result: Any, x: Any, y: Any, training: bool, seed: int = 0) -> tuple[bool, ...]:
    """Read the properties of an augmented batch off the results of the probe `batch`; y tells every image from the others."""
    if _is_read(result):
        return result
    *results, is_untouched = result
    x, y = to_numpy(x), to_numpy(y)
    images, labels = _images_like(x, *results[::2]), _labels_like(y, *results[1::2])
    first, second, equal, *_ = images
    repeatable = bool(np.array_equal(first, equal) and np.array_equal(labels[0], labels[2]))
    changed = not np.array_equal(first, x)
    if not training:
        unchanged = not changed and bool(np.array_equal(labels[0], y))
        return (*(True,) * 9, unchanged, True, unchanged or repeatable, True, bool(is_untouched))
    n = len(x)
    shares, is_mix = _shares(x.astype(np.float64), np.concatenate(images))
    here, is_all = shares[:n], bool(is_mix.all())
    # Labels come in any order of classes: y[k] is the label of image k alone.
    of_each, given = here.sum(1), labels[0] @ y.T
    mirrored = here[:, [1, 3]].sum() / max(here.sum(), 1e-9)
    return (
        is_all,
        not is_all or not here[:, 2:].any(),
        not is_all or bool(np.abs(of_each.sum(1) - 1).max() < 1e-3 and here.min() > -1e-3),
        not is_all or not changed or bool((labels[0].max(1) < 0.999).any()),
        not is_all or bool(((of_each > 1e-3) == (given > 1e-3)).all()),
        not is_all or bool(np.abs(of_each - given).max() < 1e-3),
        not is_all or 0.1 < mirrored < 0.9,
        not is_all or bool(shares[:, [1, 3]].any()),
        not is_all or bool((of_each > 1e-3).sum() > n),
        True,
        changed,
        repeatable,
        not changed or not np.array_equal(first, second),
        bool(is_untouched),
    )


def _labels_like(y: np.ndarray, *results: Any) -> list[np.ndarray]:
    for labels in results:
        if not isinstance(labels, np.ndarray) or labels.shape != y.shape:
            raise ValueError(f"Expected labels of shape {y.shape}, got {getattr(labels, 'shape', type(labels).__name__)}.")
    return [labels.astype(np.float64) for labels in results]


def _batch_answer(
    coins: Callable[..., Any] | None = None,
    label: Callable[..., Any] | None = None,
    always: bool = False,
    mirror_axis: int = -1,
    weight: Callable[..., Any] | None = None,
    use: Callable[[Any], Any] = lambda generator: generator,
) -> Callable[..., Any]:
    """Return a right `augment_batch`, or one in which something is otherwise."""
    import torch

    def augment_batch(x, y, generator, training):
        if not training and not always:
            return x, y
        chosen = use(generator)

        def uniform(n):
            return torch.rand(n, generator=chosen, device=x.device)

        n = len(x)
        mask = (coins or (lambda uniform, n: uniform(n) < 0.5))(uniform, n)
        flipped = torch.where(mask[:, None, None, None], x.flip(mirror_axis), x)
        lam = weight(uniform) if weight else uniform(1).item()
        p = torch.randperm(n, generator=chosen, device=x.device)
        mix = lambda v: lam * v + (1 - lam) * v[p]  # noqa: E731 - the formula, for images and labels
        return mix(flipped), (label or (lambda y, p, lam: mix(y)))(y, p, lam)

    return augment_batch


def _one_coin(uniform, n):
    return (uniform(1) < 0.5).expand(n)


def _no_coin(uniform, n):
    return uniform(n) < 0


def _batch_cases(training: bool) -> Callable[..., list[Case]]:
    def cases(rng):
        import torch

        def drawn(n, c, height, width, note="", dtype="float64"):
            # Every image is a class of its own, so that a label tells which images are in a mix.
            x = _images(rng, n, c, height, width, dtype=dtype)
            y = torch.eye(n, dtype=x.dtype)[torch.tensor(rng.permutation(n))]
            return Case((x, y), {"training": training, "seed": integer(rng, 1, 10**6)}, note=note)

        n = integer(rng, 24, 26)
        return [
            drawn(n, 3, 7, 8, "a batch whose images are all of different classes"),
            drawn(n, 3, 9, 6),
            drawn(n, 1, 13, 12, "grey images"),
            drawn(n, 3, 8, 9, "float32", "float32"),
        ]

    return cases


def _validation_cases(rng):
    return [*_batch_cases(training=False)(rng), *_batch_cases(training=True)(rng)[:1]]


def _batch_ways(name: str | None, says: str, see: str, *wrong: Callable[[], Callable[..., Any]]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(name, says, see, lambda *a, make=make, **k: _properties(probes.batch, _read_batch, make())(*a, **k))
        for make in wrong
    )


AUGMENT_BATCH = Exercise(
    name="augment_batch",
    signature="augment_batch(x, y, generator, training)",
    reference=_all_hold(BATCH_PROPERTIES),
    probe="augmentation.batch",
    canonical=_read_batch,
    parts=(
        Part("augment_batch", _batch_cases(training=True), judges=BATCH_PROPERTIES[:9]),
        Part("augment_batch_generator", _batch_cases(training=True), judges=BATCH_PROPERTIES[10:]),
        Part("augment_batch_validation", _validation_cases, judges=BATCH_PROPERTIES[9:11]),
    ),
    forbids=FORBIDS,
    outputs=BATCH_PROPERTIES,
    repeat=lambda options: 'augment_batch(*args, torch.Generator().manual_seed(options["seed"]), options["training"])',
    mistakes=(
        *_batch_ways(
            "whole_batch_flipped",
            "One coin decides for the whole batch: all images are mirrored or none. Throw one for every image.",
            FLIPS,
            lambda: _batch_answer(_one_coin),
            lambda: _batch_answer(lambda uniform, n: uniform(n) < 2),
        ),
        *_batch_ways(
            "flip_missing",
            "No image is mirrored: half of them should be, on the average.",
            FLIPS,
            lambda: _batch_answer(_no_coin),
        ),
        *_batch_ways(
            "labels_not_mixed",
            LABELS_NOT_MIXED,
            MIXUP_,
            lambda: _batch_answer(label=lambda y, p, lam: y),
            lambda: _batch_answer(label=lambda y, p, lam: y[p]),
        ),
        *_batch_ways(
            "whole_batch_flipped",
            "Two things are left: one coin decides for the whole batch, and the labels are not mixed as the images are.",
            PIPELINE,
            lambda: _batch_answer(_one_coin, label=lambda y, p, lam: y),
        ),
        *_batch_ways(
            "permutation_not_shared",
            "Your labels are mixed with those of other partners than the images: one permutation serves both.",
            MIXUP_,
            lambda: _batch_answer(label=lambda y, p, lam: lam * y + (1 - lam) * y[p].roll(1, 0)),
        ),
        *_batch_ways(
            "lam_swapped",
            "The weights of your labels are exchanged: they are those of the images, lam for the image itself.",
            MIXUP_,
            lambda: _batch_answer(label=lambda y, p, lam: (1 - lam) * y + lam * y[p]),
        ),
        *_batch_ways(
            "images_not_mixed",
            "Every image is one of those that came, mirrored or not: mix each with its partner.",
            MIXUP_,
            lambda: _batch_answer(weight=lambda uniform: 1.0),
        ),
        *_batch_ways(
            "vertical_for_horizontal",
            "You turn images upside down: a horizontal flip reverses the columns, the last axis.",
            FLIPS,
            lambda: _batch_answer(mirror_axis=-2),
        ),
        *_batch_ways(
            "validation_augmented",
            "Validation data are augmented too: with training=False, images and labels come back as they are.",
            PIPELINE,
            lambda: _batch_answer(always=True),
        ),
        *_batch_ways(
            "returned_unchanged",
            "You return images and labels as they came, in training too.",
            PIPELINE,
            lambda: lambda x, y, generator, training: (x, y),
        ),
        *_batch_ways("global_generator_used", GLOBAL_GENERATOR, PIPELINE, lambda: _batch_answer(use=_global)),
        *_batch_ways(
            "global_generator_used",
            "You set the seed of torch's global generator, which everything else draws from too: hand over `generator=`.",
            PIPELINE,
            lambda: _batch_answer(use=_reseeded),
        ),
        *_batch_ways("generator_ignored", NOT_REPEATABLE, PIPELINE, lambda: _batch_answer(use=_any_seed())),
        *_batch_ways("same_numbers_every_call", SEVERAL_CALLS, PIPELINE, lambda: _batch_answer(use=_from_seed(None))),
    ),
)


# Augment

PIPELINE_PROPERTIES = (
    "every image is mirrored or shifted, or as it was",
    "left and right are exchanged, not top and bottom",
    "zeros come in at the borders",
    "no shift is longer than padding",
    "the share of mirrored images is flip",
    "some images are mirrored",
    "some images are not mirrored",
    "images are shifted at all",
    "every shift from −padding to padding occurs",
    "images are shifted both ways",
    "images are shifted one by one",
    "images are mirrored one by one",
    "rows and columns are shifted independently",
    "validation data are left alone",
    "training goes on after validation",
    "something is drawn",
    "equal seeds give equal results",
    "another call gives another result",
    "another seed gives another result",
    "the global generator is left alone",
)


def _read_pipeline(result: Any, x: Any, seed: int = 0, padding: int = 4, flip: float = 0.5) -> tuple[bool, ...]:
    """Read the properties of a pipeline off the results of the probe `pipeline`."""
    if _is_read(result):
        return result
    *results, is_untouched = result
    x = to_numpy(x)
    first, second, validation, again, equal, equal_second, other = _images_like(x, *results)
    values = x.astype(np.float64)
    batches = [_moves(values, y, padding) for y in (first, second)]
    found = [move for moves in batches for move in moves if move is not None]
    flips = sum(move[0] for move in found)
    fewest, most = _likely(len(found), flip)
    known = len(found) == 2 * len(x)
    occurring = [{move[axis] for move in found} for axis in (3, 4)]
    judged, shifted = 0 < flip < 1 or padding > 0, padding > 0 and known
    drawn = not judged or not np.array_equal(first, values)
    # Where all images of a batch share their numbers, two batches tell nothing about how those are distributed.
    shifts_differ = not shifted or all(len({move[3:] for move in moves}) != 1 for moves in batches)
    by_chance = known and 0.3 <= flip <= 0.7
    flips_differ = not by_chance or all(len({move[0] for move in moves}) != 1 for moves in batches)
    spread = shifted and shifts_differ
    return (
        known,
        not any(move[1] for move in found),
        not any(move[2] for move in found),
        all(max(abs(move[3]), abs(move[4])) <= padding for move in found),
        not flips_differ or fewest <= flips <= most,
        not flips_differ or flip < 0.3 or not known or flips > 0,
        not flips_differ or flip > 0.7 or not known or flips < len(found),
        not shifted or any(move[3:] != (0, 0) for move in found),
        not spread or all(shifts >= set(range(-padding, padding + 1)) for shifts in occurring),
        not spread or all(min(shifts) < 0 < max(shifts) for shifts in occurring),
        shifts_differ,
        flips_differ,
        not spread or not any(all(move[3] == sign * move[4] for move in found) for sign in (1, -1)),
        bool(np.array_equal(validation, values)),
        not judged or not np.array_equal(again, values),
        drawn,
        bool(np.array_equal(first, equal) and np.array_equal(second, equal_second)),
        not (judged and drawn) or not np.array_equal(first, second),
        not (judged and drawn) or not np.array_equal(first, other),
        bool(is_untouched),
    )


def _moves(x: np.ndarray, y: np.ndarray, padding: int) -> list[tuple[bool, bool, bool, int, int] | None]:
    """Return for every image of y whether it is that of x mirrored, upside down, rolled, and its shift down and right.

    All pixels of x differ, so the one in the middle of y tells where it came from; an image of y that is none of these
    gives None.
    """
    n, _, height, width = x.shape
    row, column = height // 2, width // 2
    reach = min(2 * padding + 1, row, column, height - 1 - row, width - 1 - column)
    moves: list[tuple[bool, bool, bool, int, int] | None] = [None] * n
    for mirrored, upside_down in itertools.product((False, True), repeat=2):
        source = x[:, :, :: -1 if upside_down else 1, :: -1 if mirrored else 1]
        near = source[:, 0, row - reach : row + reach + 1, column - reach : column + reach + 1]
        same = (near == y[:, :1, row, column, None]).reshape(n, -1)
        down, right = (reach - place for place in np.unravel_index(same.argmax(1), near.shape[1:]))
        for rolled in (False, True):
            left = np.array([i for i in np.flatnonzero(same.any(1)) if moves[i] is None], dtype=int)
            hit = (_shifted(source[left], down[left], right[left], rolled, reach) == y[left]).all((1, 2, 3))
            for i in left[hit]:
                moves[i] = mirrored, upside_down, rolled, int(down[i]), int(right[i])
    return moves


def _shifted(x: np.ndarray, down: np.ndarray, right: np.ndarray, rolled: bool, reach: int) -> np.ndarray:
    """Shift every image of x (N, C, H, W) by its own numbers of rows and columns, at most `reach`."""
    n, channels, height, width = x.shape
    framed = np.pad(x, ((0, 0), (0, 0), (reach, reach), (reach, reach)), mode="wrap" if rolled else "constant")
    rows = reach - down[:, None, None, None] + np.arange(height)[:, None]
    columns = reach - right[:, None, None, None] + np.arange(width)
    return framed[np.arange(n)[:, None, None, None], np.arange(channels)[:, None, None], rows, columns]


class _Pipeline:
    """A right `Augment`; what inherits from it does something otherwise."""

    training = True

    def __init__(self, seed, padding=4, flip=0.5):
        import torch

        if padding < 0 or not 0 <= flip <= 1:
            raise ValueError("impossible")
        self.seed, self.padding, self.flip = seed, padding, flip
        self.generator = torch.Generator().manual_seed(seed)

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def coins(self, n):
        import torch

        return torch.rand(n, generator=self.generator) < self.flip

    def offsets(self, n):
        import torch

        return torch.randint(0, 2 * self.padding + 1, (2, n), generator=self.generator)

    def crop(self, x, top, left):
        return _windows(x, self.padding, top, left)

    def mirror(self, x, mask):
        return _flip(x, mask)

    def __call__(self, x):
        if not self.training:
            return x
        mask, (top, left) = self.coins(len(x)), self.offsets(len(x))
        return self.crop(self.mirror(x, mask.to(x.device)), top, left)


def _windows(x, padding, top, left, mode="constant"):
    """Cut windows of the images' size out of frames around them, all at once."""
    import torch
    import torch.nn.functional as F

    framed = F.pad(x, (padding,) * 4, mode=mode) if padding else x
    n, channels, height, width = (torch.arange(length) for length in x.shape)
    rows, columns = top[:, None, None, None] + height[:, None], left[:, None, None, None] + width
    return framed[n[:, None, None, None], channels[:, None, None], rows, columns]


def _pipeline(**methods: Any) -> type:
    return type("Augment", (_Pipeline,), methods)


def _rolled(self, x, top, left):
    return _windows(x, self.padding, top, left, "circular")


def _reset_then(method: str) -> Callable[..., Any]:
    """Return a method that sets the generator back to the seed before it does its work."""

    def reset(self, *args):
        self.generator.manual_seed(self.seed)
        return getattr(_Pipeline, method)(self, *args)

    return reset


def _seeded_otherwise(make: Callable[..., Any]) -> Callable[..., Any]:
    def init(self, seed, padding=4, flip=0.5):
        _Pipeline.__init__(self, seed, padding, flip)
        self.generator = make(seed)

    return init


def _global_seed(seed):
    import torch

    torch.manual_seed(seed)


def _fixed_seed(seed):
    import torch

    return torch.Generator().manual_seed(0)


def _unseeded(seed):
    import torch

    generator = torch.Generator()
    generator.seed()
    return generator


def _integers(low: Callable[[int], int], high: Callable[[int], int]) -> Callable[..., Any]:
    """Return a way to draw offsets from low(padding) to high(padding) - 1, counted as `_crop_far` does."""

    def offsets(self, n):
        import torch

        return torch.randint(low(self.padding), max(high(self.padding), low(self.padding) + 1), (2, n), generator=self.generator)

    return offsets


def _crop_far(self, x, top, left):
    far = 3 * self.padding
    return _windows(x, far, top + far - self.padding, left + far - self.padding)


def _drawn_once(self, x):
    """Draw masks and offsets at the first call only."""
    if not self.training:
        return x
    if not hasattr(self, "drawn"):
        self.drawn = self.coins(len(x)), self.offsets(len(x))
    mask, (top, left) = self.drawn
    return self.crop(self.mirror(x, mask.to(x.device)), top, left)


def _pipeline_cases(rng):
    def drawn(n, c, height, width, note="", dtype="float64", **options):
        x = _images(rng, n, c, height, width, dtype=dtype, low=0.1)
        return Case((), {"x": x, "seed": integer(rng, 1, 10**6), **options}, note=note)

    n = integer(rng, 50, 54)
    return [
        drawn(n, 2, 11, 12, padding=2, flip=0.5),
        drawn(n, 3, 15, 16, padding=3, flip=0.4),
        drawn(n, 1, 9, 9, "nothing but flips", padding=0, flip=0.6),
        drawn(n, 2, 11, 14, "nothing but shifts", padding=2, flip=0.0),
        drawn(n, 2, 12, 11, "every image mirrored", padding=2, flip=1.0),
        drawn(n, 2, 11, 12, "few images mirrored; float32", "float32", padding=2, flip=0.08),
    ]


def _flips_and_shifts(rng):
    """Draw the cases in which both flips and shifts are left to chance."""
    return [*_pipeline_cases(rng)[:2], _pipeline_cases(rng)[0]]


def _pipeline_errors(rng):
    x = _images(rng, 3, 2, 6, 7)
    return [
        Case((), {"x": x, "seed": 1, "padding": -1}, note="a negative padding", raises=ValueError),
        Case((), {"x": x, "seed": 1, "flip": 1.5}, note="a probability above 1", raises=ValueError),
        Case((), {"x": x, "seed": 1, "flip": -0.5}, note="a negative probability", raises=ValueError),
        Case((), {"x": x, "seed": 1, "padding": 2, "flip": 0.5}, note="a pipeline that is possible", only_returns=True),
    ]


def _pipeline_ways(name: str | None, says: str, see: str, *wrong: Callable[[], type]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(name, says, see, lambda make=make, **k: _properties(probes.pipeline, _read_pipeline, make())(**k))
        for make in wrong
    )


AUGMENT = Exercise(
    name="Augment",
    signature="Augment(seed, padding=4, flip=0.5)",
    reference=_all_hold(PIPELINE_PROPERTIES),
    probe="augmentation.pipeline",
    canonical=_read_pipeline,
    parts=(
        Part("Augment", _pipeline_cases, judges=PIPELINE_PROPERTIES[:13]),
        Part("Augment_validation", _flips_and_shifts, judges=PIPELINE_PROPERTIES[13:16]),
        Part("Augment_seed", _flips_and_shifts, judges=PIPELINE_PROPERTIES[15:]),
        Part("Augment_errors", _pipeline_errors),
    ),
    forbids=FORBIDS,
    outputs=PIPELINE_PROPERTIES,
    repeat=lambda options: 'x = options.pop("x"); Augment(**options)(x)',
    mistakes=(
        *_pipeline_ways(
            "validation_augmented",
            "Validation data are augmented too: after `eval()`, images come back as they are.",
            PIPELINE,
            lambda: _pipeline(eval=lambda self: None),
        ),
        *_pipeline_ways(
            "training_not_resumed",
            "After `eval()` nothing is augmented any more: `train()` must switch it on again.",
            PIPELINE,
            lambda: _pipeline(train=lambda self: None),
        ),
        *_pipeline_ways(
            "returned_unchanged",
            "Nothing is augmented in training: a new pipeline begins in training mode, and mirrors and shifts.",
            PIPELINE,
            lambda: _pipeline(train=lambda self: None, training=False),
        ),
        *_pipeline_ways(
            "whole_batch_flipped",
            "One coin decides for the whole batch: throw one for every image.",
            FLIPS,
            lambda: _pipeline(coins=lambda self, n: _Pipeline.coins(self, 1).expand(n)),
        ),
        *_pipeline_ways(
            "crop_offset_not_per_image",
            "All images of a batch are shifted alike: draw top and left for every image.",
            CROPS,
            lambda: _pipeline(offsets=lambda self, n: _Pipeline.offsets(self, 1).expand(2, n)),
        ),
        *_pipeline_ways(
            "same_for_whole_batch",
            "All images of a batch are mirrored and shifted alike: draw numbers for every image.",
            PIPELINE,
            lambda: _pipeline(
                coins=lambda self, n: _Pipeline.coins(self, 1).expand(n),
                offsets=lambda self, n: _Pipeline.offsets(self, 1).expand(2, n),
            ),
        ),
        *_pipeline_ways(
            "offsets_tied",
            "Rows and columns are always shifted by the same number: draw top and left one after the other.",
            CROPS,
            lambda: _pipeline(offsets=lambda self, n: _Pipeline.offsets(self, n)[:1].expand(2, n)),
        ),
        *_pipeline_ways(
            "range_one_short",
            "One of the shifts never occurs: `torch.randint` leaves out its upper end, so ask for 2·padding + 1.",
            CROPS,
            lambda: _pipeline(offsets=_integers(lambda p: 0, lambda p: 2 * p)),
            lambda: _pipeline(offsets=_integers(lambda p: 1, lambda p: 2 * p + 1)),
        ),
        *_pipeline_ways(
            "shifted_one_way",
            "Images are shifted in one direction only, by at most padding: top and left lie between 0 and 2·padding.",
            CROPS,
            lambda: _pipeline(offsets=_integers(lambda p: 0, lambda p: p + 1)),
            lambda: _pipeline(offsets=_integers(lambda p: p, lambda p: 2 * p + 1)),
        ),
        *_pipeline_ways(
            "shift_too_long",
            "Some images are shifted by more than padding: top and left lie between 0 and 2·padding; padding means no shift.",
            CROPS,
            lambda: _pipeline(offsets=_integers(lambda p: p, lambda p: 3 * p + 1), crop=_crop_far),
            lambda: _pipeline(offsets=_integers(lambda p: -p, lambda p: p + 1), crop=_crop_far),
        ),
        *_pipeline_ways(
            "shift_missing",
            "Your images are mirrored but never shifted.",
            CROPS,
            lambda: _pipeline(crop=lambda self, x, top, left: x),
        ),
        *_pipeline_ways(
            "wraps_around",
            "What leaves an image on one side comes in on the other: zeros are to come in.",
            CROPS,
            lambda: _pipeline(crop=_rolled),
        ),
        *_pipeline_ways(
            "vertical_for_horizontal",
            "You turn images upside down: a horizontal flip exchanges left and right.",
            FLIPS,
            lambda: _pipeline(mirror=lambda self, x, mask: _flip_other(-2)(x, mask)),
        ),
        *_pipeline_ways(
            "flip_missing",
            "Your images are shifted but never mirrored.",
            FLIPS,
            lambda: _pipeline(mirror=lambda self, x, mask: x),
        ),
        *_pipeline_ways(
            "mask_inverted",
            "You mirror the images that should stay: `flip` is the probability of being mirrored.",
            FLIPS,
            lambda: _pipeline(coins=lambda self, n: ~_Pipeline.coins(self, n)),
        ),
        *_pipeline_ways(
            "flip_ignored",
            "Your coin is always fair: `flip` is the probability of being mirrored.",
            FLIPS,
            lambda: _pipeline(coins=_fair_coins),
        ),
        *_pipeline_ways(
            "flip_ignored",
            "Every image is mirrored: `flip` is the probability of that.",
            FLIPS,
            lambda: _pipeline(mirror=lambda self, x, mask: x.flip(-1)),
        ),
        *_pipeline_ways(
            "same_numbers_every_call",
            "Every call draws the same numbers, so every epoch sees the same images: make the generator once, in `__init__`.",
            PIPELINE,
            lambda: _pipeline(coins=_reset_then("coins")),
            lambda: _pipeline(__call__=_drawn_once),
        ),
        *_pipeline_ways(
            "seed_ignored",
            "The seed has no effect: two pipelines with one seed must draw the same numbers, and others other ones.",
            PIPELINE,
            lambda: _pipeline(__init__=_seeded_otherwise(_unseeded)),
            lambda: _pipeline(__init__=_seeded_otherwise(_fixed_seed)),
        ),
        *_pipeline_ways(
            "global_generator_used",
            "You draw from torch's global generator, which everything else draws from too: a pipeline has its own.",
            PIPELINE,
            lambda: _pipeline(__init__=_seeded_otherwise(lambda seed: None)),
            lambda: _pipeline(__init__=_seeded_otherwise(_global_seed)),
            lambda: _pipeline(__init__=_seeded_otherwise(lambda seed: None), coins=_seeding_coins),
        ),
        *_pipeline_ways(
            None,
            "Some image of your result is neither itself nor its mirror image, shifted by a few pixels with zeros coming in.",
            PIPELINE,
            lambda: _pipeline(crop=lambda self, x, top, left: x + 1),
        ),
    ),
)


def _fair_coins(self, n):
    import torch

    return torch.rand(n, generator=self.generator) < 0.5


def _seeding_coins(self, n):
    import torch

    torch.manual_seed(self.seed)
    return torch.rand(n) < self.flip


# tta_predict

PREDICTION = (
    "probabilities",
    "the network is in evaluation mode while it predicts",
    "no gradients are recorded",
    "the modes of the network are restored",
    "torch's gradient mode is restored",
    "running_mean",
)


def _prediction(
    combine: Callable[..., Any] | None = None,
    views: Callable[[Any], tuple[Any, ...]] = lambda x: (x, x.flip(-1)),
    evaluate: bool = True,
    restore: Callable[..., Any] = lambda model, was: model.train(was),
    record: bool = False,
    stay_off: bool = False,
    joined: bool = False,
) -> Callable[..., Any]:
    """Return a right `tta_predict`, or one in which something is otherwise."""
    import torch

    def average(logits):
        return sum(one.softmax(1) for one in logits) / len(logits)

    def predict(model, x):
        was = model.training
        if evaluate:
            model.eval()
        with torch.set_grad_enabled(record):
            logits = model(torch.cat(views(x))).split(len(x)) if joined else [model(view) for view in views(x)]
        restore(model, was)
        if stay_off:
            torch.set_grad_enabled(False)
        return (combine or average)(logits)

    return predict


def _predicted(make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
    """Return what the probe `predict` sees of an answer, computed in float64."""

    def predicted(model, x):
        return probes.predict(make(), model, to_torch(x).cpu())

    return predicted


def _prediction_cases(training: bool) -> Callable[..., list[Case]]:
    def cases(rng):
        def drawn(n, c, height, width, note="", dtype="float64", layout=_as_is):
            model = {"seed": integer(rng, 1, 10**6), "classes": integer(rng, 3, 5), "training": training}
            import torch

            x = torch.tensor(1.5 * rng.standard_normal((n, c, height, width))).to(getattr(torch, dtype))
            return Case((model, layout(x)), note=note)

        n = integer(rng, 4, 6)
        return [
            drawn(n, 3, 7, 8),
            drawn(n, 1, 8, 8, "grey, square images"),
            drawn(2, 3, 6, 9, "a batch of two"),
            drawn(n, 2, 7, 6, "an input that is not contiguous", layout=_backwards_in_memory),
            drawn(n, 3, 8, 7, "float32", "float32"),
        ]

    return cases


def _both_modes(rng):
    return _prediction_cases(training=True)(rng)[:3] + _prediction_cases(training=False)(rng)[:2]


def _prediction_ways(name: str | None, says: str, *wrong: Callable[[], Callable[..., Any]]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, TEST_TIME, _predicted(make)) for make in wrong)


def _stay(model, was):
    """Restore nothing."""


TTA_PREDICT = Exercise(
    name="tta_predict",
    signature="tta_predict(model, x)",
    reference=_predicted(lambda: _prediction()),
    probe="augmentation.predict",
    parts=(
        Part("tta_predict", _prediction_cases(training=False), judges=("probabilities",)),
        Part("tta_predict_modes", _both_modes, judges=PREDICTION[1:]),
    ),
    forbids=FORBIDS,
    terms=lambda model, x: 64 * x[0].numel(),
    outputs=PREDICTION,
    repeat=lambda options: (
        "from cnnkit.exercises.probes.augmentation import network; "
        "tta_predict(network(**args[0], channels=args[1].shape[1]).to(args[1]), args[1])"
    ),
    mistakes=(
        *_prediction_ways(
            "logits_averaged",
            "You average the logits and take the softmax of the mean: take the softmax of each first, and average probabilities.",
            lambda: _prediction(lambda logits: (sum(logits) / len(logits)).softmax(1)),
        ),
        *_prediction_ways(
            "softmax_missing",
            "You return logits: they become probabilities by a softmax over the classes.",
            lambda: _prediction(lambda logits: sum(logits) / len(logits)),
        ),
        *_prediction_ways(
            "softmax_over_batch",
            "Your softmax runs over the batch: the probabilities of one image, along axis 1, sum to 1.",
            lambda: _prediction(lambda logits: sum(one.softmax(0) for one in logits) / len(logits)),
        ),
        *_prediction_ways(
            "softmax_twice",
            "You take the softmax twice: once is enough, twice makes all classes almost alike.",
            lambda: _prediction(lambda logits: (sum(one.softmax(1) for one in logits) / len(logits)).softmax(1)),
            lambda: _prediction(lambda logits: sum(one.softmax(1).softmax(1) for one in logits) / len(logits)),
        ),
        *_prediction_ways(
            "sum_not_mean",
            "Your probabilities sum to 2: divide by the number of views.",
            lambda: _prediction(lambda logits: sum(one.softmax(1) for one in logits)),
        ),
        *_prediction_ways(
            "mirror_missing",
            "The mirror images have no effect: predict them too, and average.",
            lambda: _prediction(views=lambda x: (x,)),
        ),
        *_prediction_ways(
            "original_missing",
            "Only the mirror images count: average over them and the images as they are.",
            lambda: _prediction(views=lambda x: (x.flip(-1),)),
        ),
        *_prediction_ways(
            "vertical_for_horizontal",
            "You turn the images upside down: the mirror image exchanges left and right.",
            lambda: _prediction(views=lambda x: (x, x.flip(-2))),
        ),
        *_prediction_ways(
            "max_not_mean",
            "You take the larger probability of the two: they no longer sum to 1, so take the mean.",
            lambda: _prediction(lambda logits: _largest(logits)),
        ),
        *_prediction_ways(
            "classes_not_probabilities",
            "You return the class: the caller wants the probabilities of all.",
            lambda: _prediction(lambda logits: sum(one.softmax(1) for one in logits).argmax(1)),
        ),
        *_prediction_ways(
            "eval_missing",
            "The network predicts in training mode, with the statistics of this batch, and its running statistics move: call "
            "`model.eval()` first.",
            lambda: _prediction(evaluate=False),
            lambda: _prediction(evaluate=False, joined=True),
        ),
        *_prediction_ways(
            "mode_not_restored",
            "The network stays in evaluation mode: if it came in training mode, it must leave in it.",
            lambda: _prediction(restore=_stay),
        ),
        *_prediction_ways(
            "mode_not_restored",
            "The network always leaves in training mode, even if it came in evaluation mode: restore the mode that it had.",
            lambda: _prediction(restore=lambda model, was: model.train()),
        ),
        *_prediction_ways(
            "gradients_kept",
            "Gradients are recorded while you predict: `with torch.no_grad():` saves the memory for it.",
            lambda: _prediction(record=True),
        ),
        *_prediction_ways(
            "gradients_left_off",
            "You switch gradients off for good, for the training after you as well: use `with torch.no_grad():`, which ends.",
            lambda: _prediction(stay_off=True),
        ),
    ),
)


def _largest(logits):
    import torch

    return torch.stack([one.softmax(1) for one in logits]).amax(0)


EXERCISES = (
    HORIZONTAL_FLIP,
    RANDOM_CROP,
    ADJUST_BRIGHTNESS_CONTRAST,
    SALT_AND_PEPPER,
    CUTOUT,
    MIXUP,
    CUTMIX,
    AUGMENT_BATCH,
    AUGMENT,
    TTA_PREDICT,
)
