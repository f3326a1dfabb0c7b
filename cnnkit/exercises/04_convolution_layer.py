"""Topic 04: the convolution layer."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal, strided
from cnnkit.exercises.reference import on_torch, ways

# Headings of lecture 04.
CHANNELS, STRIDE, SIZE = "Channels, kernels and biases", "Stride and padding", "The output size"
DILATION, GROUPS = "Dilation", "Groups and depthwise-separable convolutions"
COUNTING, FIELD = "Counting parameters and operations", "The receptive field"
MATRIX, TRANSPOSED = "From windows to a matrix product", "Transposed convolution"


# output_size


def _reach(k, dilation):
    return dilation * (k - 1) + 1


def _output_size(n, k, stride=1, padding=0, dilation=1):
    return (n + 2 * padding - _reach(k, dilation)) // stride + 1


def _sizes(name: str, says: str, see: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake by what it makes of n, k, s, p, d."""

    def with_defaults(formula):
        return lambda n, k, stride=1, padding=0, dilation=1: formula(n, k, stride, padding, dilation)

    return tuple(Mistake(name, says, see, with_defaults(formula)) for formula in formulas)


def _size_cases(rng):
    n, k = integer(rng, 20, 40), integer(rng, 2, 6)
    return [
        Case((6, 3), note="small enough to draw"),
        Case((32, 5), note="the first layer of LeNet-5"),
        Case((n, k)),
        Case((integer(rng, 50, 90), 4), note="an even kernel"),
        Case((7, 7), note="a kernel as long as the input"),
        Case((9, 1), note="a kernel of one tap"),
        Case((1, 1), note="one pixel and one tap"),
    ]


def _size_padded_cases(rng):
    return [
        Case((6, 3), {"padding": 1}, note="padding that keeps the size"),
        Case((integer(rng, 20, 40), 7), {"padding": 3}, note="padding that keeps the size"),
        Case((integer(rng, 20, 40), 5), {"padding": 3}, note="padding that makes it larger"),
        Case((integer(rng, 20, 40), 4), {"padding": 2}, note="an even kernel"),
        Case((4, 7), {"padding": 2}, note="a kernel that fits only thanks to the padding"),
        Case((12, 1), {"padding": 5}, note="a kernel of one tap"),
    ]


def _size_strided_cases(rng):
    n = 12 * integer(rng, 2, 5)
    return [
        Case((7, 3), {"stride": 2}, note="small enough to draw"),
        Case((6, 3), {"stride": 2}, note="a stride that leaves an input over"),
        Case((n + 4, 5), {"stride": 4}, note="a stride that leaves most of a step over"),
        Case((n, 4), {"stride": 3}, note="a stride that leaves two inputs over"),
        Case((n + 2, 5), {"stride": 4}, note="a stride that leaves one input over"),
        Case((n + 3, 3), {"stride": 4}, note="a stride that fits exactly"),
        Case((58, 5), {"stride": 5}, note="a stride that leaves three inputs over"),
        Case((36, 3), {"stride": 2, "padding": 1}, note="stride and padding"),
        Case((224, 7), {"stride": 2, "padding": 3}, note="the first layer of ResNet"),
        Case((227, 11, 4), note="the first layer of AlexNet"),
        Case((10, 3), {"stride": 20}, note="a stride so long that there is one output"),
    ]


def _size_dilated_cases(rng):
    n = 5 * integer(rng, 6, 12)
    return [
        Case((9, 3), {"dilation": 2}, note="small enough to draw"),
        Case((n, 5), {"dilation": 3}),
        Case((n, 4), {"dilation": 2}, note="an even kernel"),
        Case((n, 3), {"dilation": 4, "padding": 4}, note="dilation and padding"),
        Case((n, 3, 5, 5, 3), note="stride 5, padding 5 and dilation 3"),
        Case((n + 3, 3, 5, 5, 3), note="stride 5, padding 5 and dilation 3"),
        Case((n + 1, 3, 5, 5, 3), note="stride 5, padding 5 and dilation 3"),
        Case((9, 3), {"dilation": 4}, note="taps that reach from the first input to the last"),
        Case((8, 1), {"dilation": 5}, note="a kernel of one tap: there is nothing to pull apart"),
    ]


def _size_errors(rng):
    n = integer(rng, 5, 9)
    return [
        Case((n, n + 2), note="a kernel longer than the input", raises=ValueError),
        Case((n, n + 3), {"padding": 1}, note="a kernel longer than the padded input", raises=ValueError),
        Case((n, n + 1), {"stride": 5}, note="a kernel longer than the input; int(-1 / 5) is 0, not -1", raises=ValueError),
        Case((n, 3), {"dilation": n}, note="taps that reach beyond the input", raises=ValueError),
        Case((n, 3), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((n, 3), {"stride": -2}, note="a negative stride", raises=ValueError),
        Case((n, 3), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((n, n + 2), {"padding": 1}, note="a kernel as long as the padded input, which is possible", only_returns=True),
    ]


OUTPUT_SIZE = Exercise(
    name="output_size",
    signature="output_size(n, k, stride=1, padding=0, dilation=1)",
    reference=_output_size,
    parts=(
        Part("output_size", _size_cases),
        Part("output_size_padded", _size_padded_cases),
        Part("output_size_strided", _size_strided_cases),
        Part("output_size_dilated", _size_dilated_cases),
        Part("output_size_errors", _size_errors),
    ),
    mistakes=(
        *_sizes(
            "one_output_too_few",
            "One output is missing: the first window is there before any step is taken, so add 1 to the number of steps.",
            SIZE,
            lambda n, k, s, p, d: _output_size(n, k, s, p, d) - 1,
        ),
        *_sizes(
            "one_output_too_few",
            "You add the 1 before you divide by the stride: count the steps first, rounded down, then add the first window.",
            SIZE,
            lambda n, k, s, p, d: (n + 2 * p - _reach(k, d) + 1) // s,
        ),
        *_sizes(
            "one_output_too_many",
            "There is an output too many: the last window starts n + 2p − d(k − 1) − 1 places after the first one.",
            SIZE,
            lambda n, k, s, p, d: _output_size(n, k, s, p, d) + 1,
            lambda n, k, s, p, d: (n + 2 * p - _reach(k, d) + 1) // s + 1,
        ),
        *_sizes(
            "ceil_for_floor",
            "You round up: a step that leads beyond the last place is not taken, so round down.",
            SIZE,
            lambda n, k, s, p, d: -(-(n + 2 * p - _reach(k, d)) // s) + 1,
        ),
        *_sizes(
            "rounded_to_nearest",
            "You round to the nearest whole number: even nine tenths of a step are no step, so round down.",
            SIZE,
            lambda n, k, s, p, d: round((n + 2 * p - _reach(k, d)) / s) + 1,
            lambda n, k, s, p, d: int((n + 2 * p - _reach(k, d)) / s + 0.5) + 1,
            lambda n, k, s, p, d: round((n + 2 * p - _reach(k, d)) / s + 1),
        ),
        *_sizes(
            "not_rounded",
            "Your result is a floating-point number, but a size is an int: divide with `//`, which rounds down.",
            SIZE,
            lambda n, k, s, p, d: (n + 2 * p - _reach(k, d)) / s + 1,
            lambda n, k, s, p, d: float(_output_size(n, k, s, p, d)),
        ),
        *_sizes(
            "padding_ignored",
            "The padding has no effect: with it the input is n + 2p long.",
            STRIDE,
            lambda n, k, s, p, d: _output_size(n, k, s, 0, d),
        ),
        *_sizes(
            "padding_one_side",
            "You count the padding once: there are p zeros at both ends, so the input is n + 2p long.",
            STRIDE,
            lambda n, k, s, p, d: (n + p - _reach(k, d)) // s + 1,
        ),
        *_sizes(
            "padding_doubled",
            "You count four times the padding: there are p zeros at each of the two ends, so the input is n + 2p long.",
            STRIDE,
            lambda n, k, s, p, d: _output_size(n, k, s, 2 * p, d),
        ),
        *_sizes(
            "sign_wrong",
            "You subtract the padding: it makes the input longer, n + 2p.",
            STRIDE,
            lambda n, k, s, p, d: _output_size(n, k, s, -p, d),
        ),
        *_sizes(
            "stride_ignored",
            "The stride has no effect: divide the way from the first window to the last by it.",
            STRIDE,
            lambda n, k, s, p, d: _output_size(n, k, 1, p, d),
        ),
        *_sizes(
            "brackets_missing",
            "The stride divides only the last term: `//` binds more tightly than `+` and `-`, so put the sum in brackets.",
            SIZE,
            lambda n, k, s, p, d: n + 2 * p - d * (k - 1) - 1 // s + 1,
            lambda n, k, s, p, d: n + 2 * p - _reach(k, d) // s + 1,
        ),
        *_sizes(
            "dilation_ignored",
            "The dilation has no effect: it pulls the taps apart, so the kernel reaches over d(k − 1) + 1 inputs.",
            DILATION,
            lambda n, k, s, p, d: _output_size(n, k, s, p, 1),
        ),
        *_sizes(
            "dilation_times_kernel",
            "You count d·k inputs under the kernel: k taps have only k − 1 gaps between them, so it reaches over d(k − 1) + 1.",
            DILATION,
            lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1,
        ),
        *_sizes(
            "dilation_off_by_one",
            "You put d zeros between the taps: dilation d means a distance of d, d − 1 zeros between, and 1 changes nothing.",
            DILATION,
            lambda n, k, s, p, d: _output_size(n, k, s, p, d + 1),
        ),
        *_sizes(
            "dilation_added",
            "You add the dilation once: every one of the k − 1 gaps between the taps gets wider.",
            DILATION,
            lambda n, k, s, p, d: (n + 2 * p - (k + d - 1)) // s + 1,
            lambda n, k, s, p, d: (n + 2 * p - (k + d)) // s + 1 if d > 1 else _output_size(n, k, s, p, d),
        ),
        *_sizes(
            "same_for_valid",
            "You return the size that padding='same' would give: here the padding is a number, and 0 if it is not given.",
            STRIDE,
            lambda n, k, s, p, d: -(-n // s),
            lambda n, k, s, p, d: _output_size(n, k, s, k // 2, d),
        ),
        *_sizes(
            "transposed_for_forward",
            "This is the size of a transposed convolution, which enlarges: here a stride makes the result smaller.",
            TRANSPOSED,
            lambda n, k, s, p, d: (n - 1) * s - 2 * p + _reach(k, d),
        ),
    ),
)


# parameter_count


def _parameter_count(c_in, c_out, k, groups=1, bias=True):
    return c_out * (c_in // groups * k * k + bool(bias))


def _counts(name: str, says: str, see: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake by what it makes of c_in, c_out, k, g and the 0 or 1 of the bias."""

    def with_defaults(formula):
        return lambda c_in, c_out, k, groups=1, bias=True: formula(c_in, c_out, k, groups, int(bias))

    return tuple(Mistake(name, says, see, with_defaults(formula)) for formula in formulas)


def _parameter_cases(rng):
    c = integer(rng, 20, 40)
    return [
        Case((2, 3, 2), note="few enough to write them all down"),
        Case((3, 10, 3), note="a colour image and ten kernels"),
        Case((1, 6, 5), note="the first layer of LeNet-5"),
        Case((c, c + integer(rng, 5, 20), 3)),
        Case((c + 7, c, 5)),
        Case((64, 64, 3), note="as many channels out as in"),
        Case((c, 2 * c, 1), note="kernels of 1 x 1"),
    ]


def _parameter_bias_cases(rng):
    c = integer(rng, 20, 40)
    return [
        Case((2, 3, 2), {"bias": False}, note="few enough to write them all down"),
        Case((3, 6, 3), {"bias": False}, note="no bias"),
        Case((c, c + 5, 5), {"bias": False}, note="no bias"),
        Case((c, 3, 1), {"bias": False}, note="no bias, and kernels of 1 x 1"),
        Case((c, c + 3, 3), {"bias": True}, note="a bias that is asked for"),
    ]


def _parameter_grouped_cases(rng):
    g = integer(rng, 3, 5)
    return [
        Case((4, 6, 3), {"groups": 2}, note="few enough to draw"),
        Case((g * 4, g * 5, 3), {"groups": g}),
        Case((g * 7, g * 2, 5), {"groups": g}),
        Case((32, 32, 3), {"groups": 32}, note="a depthwise layer"),
        Case((16, 32, 3), {"groups": 16}, note="two kernels for every channel"),
        Case((g * 3, g * 6, 3, g, False), note="groups and no bias"),
        Case((g * 3, g * 6, 1), {"groups": g, "bias": False}, note="groups, no bias, and kernels of 1 x 1"),
    ]


def _grouping_errors(rng, tail):
    g = integer(rng, 3, 5)
    return [
        Case((g * 4 + 1, g * 2, 3, *tail), {"groups": g}, note="groups that do not divide c_in", raises=ValueError),
        Case((g * 4, g * 2 + 1, 3, *tail), {"groups": g}, note="groups that do not divide c_out", raises=ValueError),
        Case((g, g * 2, 3, *tail), {"groups": 2 * g}, note="more groups than channels in", raises=ValueError),
        Case((g * 6, g * 2, 3, *tail), {"groups": 2 * g}, note="groups that divide both, which is possible", only_returns=True),
    ]


PARAMETER_COUNT = Exercise(
    name="parameter_count",
    signature="parameter_count(c_in, c_out, k, groups=1, bias=True)",
    reference=_parameter_count,
    parts=(
        Part("parameter_count", _parameter_cases),
        Part("parameter_count_bias", _parameter_bias_cases),
        Part("parameter_count_grouped", _parameter_grouped_cases),
        Part("parameter_count_errors", lambda rng: _grouping_errors(rng, ())),
    ),
    mistakes=(
        *_counts(
            "bias_per_input_channel",
            "You count a bias for every pair of an input and an output channel: a kernel has one, however many slices it has.",
            COUNTING,
            lambda c_in, c_out, k, g, b: (k * k + b) * (c_in // g) * c_out,
            lambda c_in, c_out, k, g, b: (k * k + b) * c_in * c_out // g if g == 1 else (k * k + b) * c_in * c_out,
        ),
        *_counts(
            "kernel_not_squared",
            "You count k weights for a slice of a kernel: it has k rows and k columns.",
            COUNTING,
            lambda c_in, c_out, k, g, b: c_out * (c_in // g * k + b),
            lambda c_in, c_out, k, g, b: c_out * (c_in // g * 2 * k + b),
        ),
        *_counts(
            "bias_forgotten",
            "The biases are missing: each kernel has one, unless bias is False.",
            COUNTING,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, g, False),
        ),
        *_counts(
            "bias_flag_ignored",
            "You count biases even where bias is False: such a layer has none.",
            COUNTING,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, g),
        ),
        *_counts(
            "one_bias_per_layer",
            "You count one bias for the whole layer: each of its kernels has one.",
            COUNTING,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, g, False) + b,
        ),
        *_counts(
            "bias_of_input_channels",
            "You count a bias for each input channel: a bias belongs to a kernel, and so to an output channel.",
            COUNTING,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, g, False) + c_in * b,
        ),
        *_counts(
            "bias_per_tap",
            "You count a bias for every weight of a slice: a kernel has one.",
            COUNTING,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, g, False) + c_out * k * k * b,
        ),
        *_counts(
            "input_channels_forgotten",
            "Your kernels have one slice: a kernel is as deep as its input, with a slice for every channel.",
            CHANNELS,
            lambda c_in, c_out, k, g, b: c_out * (k * k + b),
        ),
        *_counts(
            "output_channels_forgotten",
            "You count one kernel: there is one for each output channel.",
            CHANNELS,
            lambda c_in, c_out, k, g, b: c_in // g * k * k + b,
        ),
        *_counts(
            "channels_added",
            "You add the numbers of channels: each of the c_out kernels has c_in slices, so multiply them.",
            CHANNELS,
            lambda c_in, c_out, k, g, b: (c_in // g + c_out) * k * k + c_out * b,
        ),
        *_counts(
            "groups_ignored",
            "The groups have no effect: a kernel sees only the c_in / groups channels of its own group.",
            GROUPS,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in, c_out, k, 1, b),
        ),
        *_counts(
            "groups_divide_bias",
            "You divide the biases by the number of groups, too: there are as many kernels as before, only their depth shrinks.",
            GROUPS,
            lambda c_in, c_out, k, g, b: (c_in * k * k + b) * c_out // g,
        ),
        *_counts(
            "only_first_group",
            "You count the kernels of one group only: there are c_out of them in all.",
            GROUPS,
            lambda c_in, c_out, k, g, b: _parameter_count(c_in // g, c_out // g, k, 1, b),
            lambda c_in, c_out, k, g, b: _parameter_count(c_in // g, c_out // g, k, 1, False) + c_out * b,
        ),
        *_counts(
            "groups_multiplied",
            "You multiply by the number of groups: the more groups, the fewer channels a kernel sees.",
            GROUPS,
            lambda c_in, c_out, k, g, b: c_out * (c_in * g * k * k + b),
        ),
    ),
)


# macs


def _macs(c_in, c_out, k, h_out, w_out, groups=1):
    return h_out * w_out * c_out * (c_in // groups) * k * k


def _work(name: str, says: str, see: str, *formulas: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake by what it makes of c_in, c_out, k, h, w and g."""

    def with_defaults(formula):
        return lambda c_in, c_out, k, h_out, w_out, groups=1: formula(c_in, c_out, k, h_out, w_out, groups)

    return tuple(Mistake(name, says, see, with_defaults(formula)) for formula in formulas)


def _macs_cases(rng):
    c, h = integer(rng, 10, 30), integer(rng, 20, 50)
    return [
        Case((1, 2, 3, 4, 5), note="few enough to count"),
        Case((3, 8, 3, 18, 18), note="a colour image"),
        Case((c, c + integer(rng, 3, 9), 3, h, h + 3)),
        Case((c + 4, c, 5, h + 11, h)),
        Case((64, 64, 3, 224, 224), note="a layer of VGG"),
        Case((c, 2 * c, 1, h, 2 * h), note="kernels of 1 x 1"),
        Case((c, 7, 4, 1, 9), note="one row of outputs"),
    ]


def _macs_grouped_cases(rng):
    g, h = integer(rng, 3, 5), integer(rng, 10, 20)
    return [
        Case((4, 6, 3, 2, 3), {"groups": 2}, note="few enough to count"),
        Case((g * 4, g * 5, 3, h, h + 2), {"groups": g}),
        Case((g * 7, g * 2, 5, h + 3, h, g), note="groups given by position"),
        Case((32, 32, 3, 28, 14), {"groups": 32}, note="a depthwise layer"),
        Case((16, 48, 3, h, 9), {"groups": 16}, note="three kernels for every channel"),
    ]


MACS = Exercise(
    name="macs",
    signature="macs(c_in, c_out, k, h_out, w_out, groups=1)",
    reference=_macs,
    parts=(
        Part("macs", _macs_cases),
        Part("macs_grouped", _macs_grouped_cases),
        Part("macs_errors", lambda rng: _grouping_errors(rng, (7, 9))),
    ),
    mistakes=(
        *_work(
            "flops_for_macs",
            "You count multiplication and addition apart: a MAC is one of each, taken together.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: 2 * _macs(c_in, c_out, k, h, w, g),
            lambda c_in, c_out, k, h, w, g: h * w * c_out * (2 * (c_in // g) * k * k - 1),
        ),
        *_work(
            "bias_counted",
            "You count the bias: it is added, but nothing is multiplied.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: _macs(c_in, c_out, k, h, w, g) + h * w * c_out,
            lambda c_in, c_out, k, h, w, g: _macs(c_in, c_out, k, h, w, g) + c_out,
        ),
        *_work(
            "kernel_not_squared",
            "You count k products for a slice of a kernel: it has k rows and k columns.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: h * w * c_out * (c_in // g) * k,
            lambda c_in, c_out, k, h, w, g: h * w * c_out * (c_in // g) * 2 * k,
        ),
        *_work(
            "positions_forgotten",
            "You count the work for one position: every weight is used again at each of the h_out · w_out positions.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: c_out * (c_in // g) * k * k,
        ),
        *_work(
            "one_axis_only",
            "You count one row or one column of outputs: there are h_out · w_out positions.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: h * c_out * (c_in // g) * k * k,
            lambda c_in, c_out, k, h, w, g: w * c_out * (c_in // g) * k * k,
            lambda c_in, c_out, k, h, w, g: (h + w) * c_out * (c_in // g) * k * k,
        ),
        *_work(
            "square_assumed",
            "You take the output to be square: it has h_out rows and w_out columns.",
            COUNTING,
            lambda c_in, c_out, k, h, w, g: _macs(c_in, c_out, k, h, h, g),
            lambda c_in, c_out, k, h, w, g: _macs(c_in, c_out, k, w, w, g),
        ),
        *_work(
            "input_channels_forgotten",
            "You count one slice of each kernel: a kernel is as deep as its input.",
            CHANNELS,
            lambda c_in, c_out, k, h, w, g: h * w * c_out * k * k,
        ),
        *_work(
            "output_channels_forgotten",
            "You count one kernel: there is one for each output channel.",
            CHANNELS,
            lambda c_in, c_out, k, h, w, g: h * w * (c_in // g) * k * k,
        ),
        *_work(
            "channels_added",
            "You add the numbers of channels: each of the c_out kernels has c_in slices, so multiply them.",
            CHANNELS,
            lambda c_in, c_out, k, h, w, g: h * w * (c_in // g + c_out) * k * k,
        ),
        *_work(
            "groups_ignored",
            "The groups have no effect: a kernel sees only the c_in / groups channels of its own group.",
            GROUPS,
            lambda c_in, c_out, k, h, w, g: _macs(c_in, c_out, k, h, w),
        ),
        *_work(
            "only_first_group",
            "You count the work of one group only: there are c_out kernels in all.",
            GROUPS,
            lambda c_in, c_out, k, h, w, g: _macs(c_in // g, c_out // g, k, h, w),
        ),
        *_work(
            "groups_multiplied",
            "You multiply by the number of groups: the more groups, the fewer channels a kernel sees.",
            GROUPS,
            lambda c_in, c_out, k, h, w, g: _macs(c_in * g, c_out, k, h, w),
        ),
    ),
)


# receptive_field


def _field(layers, grow, jump_of=lambda jump, k, s, d: jump * s):
    """Walk through layers (k, s, d): `grow(size, jump, k, s, d)` is the next size."""
    size, jump = 1, 1
    for k, s, d in layers:
        size, jump = grow(size, jump, k, s, d), jump_of(jump, k, s, d)
    return size, jump


def _receptive_field(layers):
    return _field(layers, lambda size, jump, k, s, d: size + (k - 1) * d * jump)


def _growing(grow, *jump_of):
    return lambda layers: _field(layers, grow, *jump_of)


def _plain_layers(rng, count):
    return [(integer(rng, 2, 5), 1, 1) for _ in range(count)]


def _layers(rng, count, dilation=1):
    """Draw layers with strides and, where asked for, dilations, none of which is 1 throughout."""
    drawn = [(integer(rng, 2, 6), integer(rng, 2, 3), integer(rng, 2, 4) if dilation > 1 else 1) for _ in range(count)]
    return drawn


def _field_cases(rng):
    return [
        Case(([(3, 1, 1), (3, 1, 1)],), note="two layers, small enough to draw"),
        Case(([(3, 1, 1)] * 3,), note="three layers of 3"),
        Case(([(7, 1, 1)],), note="a single layer"),
        Case((_plain_layers(rng, 4),)),
        Case((_plain_layers(rng, 6),)),
        Case(([(5, 1, 1), (1, 1, 1), (4, 1, 1)],), note="a layer of one tap between two others"),
    ]


def _field_strided_cases(rng):
    return [
        Case(([(3, 2, 1), (3, 1, 1)],), note="two layers, small enough to draw"),
        Case(([(3, 1, 1), (3, 3, 1)],), note="a stride in the last layer"),
        Case((_layers(rng, 3),)),
        Case(([(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1)],), note="the convolutions and poolings of LeNet-5"),
        Case(([(7, 2, 1), (3, 2, 1), *[(3, 1, 1)] * 4, (3, 2, 1), *[(3, 1, 1)] * 3],), note="the beginning of ResNet-18"),
        Case((_layers(rng, 4),)),
        Case(([(1, 2, 1), (4, 3, 1), (3, 2, 1)],), note="a layer of one tap with a stride"),
    ]


def _field_dilated_cases(rng):
    return [
        Case(([(3, 1, 2), (3, 1, 1)],), note="two layers, small enough to draw"),
        Case(([(3, 1, 1), (3, 1, 2), (3, 1, 4)],), note="dilations that double"),
        Case(([(5, 1, 3)],), note="a single layer"),
        Case((_layers(rng, 3, dilation=4),)),
        Case(([(4, 1, 2), (2, 3, 4), (3, 1, 3), (3, 2, 1)],), note="strides and dilations"),
        Case((_layers(rng, 4, dilation=4),)),
        Case(([(1, 1, 5), (3, 2, 2), (3, 1, 3)],), note="a layer of one tap: it has no gaps"),
    ]


RECEPTIVE_FIELD = Exercise(
    name="receptive_field",
    signature="receptive_field(layers)",
    reference=_receptive_field,
    parts=(
        Part("receptive_field", _field_cases),
        Part("receptive_field_strided", _field_strided_cases),
        Part("receptive_field_dilated", _field_dilated_cases),
    ),
    outputs=("size", "jump"),
    mistakes=(
        *ways(
            "jump_updated_first",
            "You multiply the jump by a layer's own stride before that layer grows the field: its taps lie on the layer below, "
            "so the old jump counts.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * jump * s),
        ),
        *ways(
            "stride_ignored",
            "The strides do not widen your field: after a stride neighbouring units lie further apart in the image.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d),
            lambda layers: (_field(layers, lambda size, jump, k, s, d: size + (k - 1) * d)[0], 1),
        ),
        *ways(
            "jump_not_accumulated",
            "You use one layer's stride for the jump: it is the product of all strides below.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * s),
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * s, lambda jump, k, s, d: s),
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * jump, lambda jump, k, s, d: s),
        ),
        *ways(
            "strides_added",
            "You add up the strides: each one multiplies the distance between neighbours.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * jump, lambda jump, k, s, d: jump + s),
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * jump, lambda jump, k, s, d: jump + s - 1),
        ),
        *ways(
            "dilation_ignored",
            "The dilations have no effect: the gaps between the taps are d units wide.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * jump),
        ),
        *ways(
            "stride_dilation_swapped",
            "You take a layer's stride for its dilation: a layer is (k, stride, dilation), in this order.",
            FIELD,
            lambda layers: _receptive_field([(k, d, s) for k, s, d in layers]),
        ),
        *ways(
            "dilation_times_kernel",
            "You let a kernel reach over d·k units: k taps have only k − 1 gaps between them, so it reaches over d(k − 1) + 1.",
            DILATION,
            _growing(lambda size, jump, k, s, d: size + (d * k - 1) * jump),
        ),
        *ways(
            "dilation_off_by_one",
            "You put d zeros between the taps: dilation d means a distance of d, d − 1 zeros between, and 1 changes nothing.",
            DILATION,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * (d + 1) * jump),
        ),
        *ways(
            "dilation_added",
            "You add the dilation once: every one of the k − 1 gaps between the taps gets wider.",
            DILATION,
            _growing(lambda size, jump, k, s, d: size + (k - 1 + d - 1) * jump),
        ),
        *ways(
            "dilation_in_jump",
            "You multiply the jump by the dilation: dilation pulls a layer's taps apart, not its outputs.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + (k - 1) * d * jump, lambda jump, k, s, d: jump * s * d),
        ),
        *ways(
            "kernel_size_for_gaps",
            "You add k for each layer: the windows of neighbours overlap, so it adds its k − 1 gaps.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size + k * d * jump),
            _growing(lambda size, jump, k, s, d: size + ((k - 1) * d + 1) * jump),
        ),
        *ways(
            "sizes_multiplied",
            "You multiply the kernel sizes: windows overlap, so each layer adds to the field.",
            FIELD,
            _growing(lambda size, jump, k, s, d: size * ((k - 1) * d + 1)),
            _growing(lambda size, jump, k, s, d: size * k),
        ),
        *ways(
            "one_pixel_too_few",
            "Your field is one pixel too small: without any layer a unit is one pixel, so start from 1.",
            FIELD,
            lambda layers: (_receptive_field(layers)[0] - 1, _receptive_field(layers)[1]),
        ),
        *ways(
            "one_pixel_too_many",
            "Your field is one pixel too large: start from 1, and add the gaps only.",
            FIELD,
            lambda layers: (_receptive_field(layers)[0] + 1, _receptive_field(layers)[1]),
        ),
        *ways(
            "order_reversed",
            "You go through the layers from the last to the first: the jump has to grow from the image upwards.",
            FIELD,
            lambda layers: _receptive_field(layers[::-1]),
        ),
        *ways(
            "order_reversed",
            "Your formula is the one from the top layer down, but your loop goes from the image up: reverse the layers.",
            FIELD,
            _growing(lambda size, jump, k, s, d: (size - 1) * s + (k - 1) * d + 1),
        ),
        *ways(
            "last_layer_left_out",
            "One layer at an end is left out: every layer counts, the first and the last as well.",
            FIELD,
            lambda layers: _receptive_field(layers[:-1]),
            lambda layers: _receptive_field(layers[1:]),
        ),
        *ways(
            "only_last_layer",
            "You look at one layer only: its window is a window of units which have windows themselves.",
            FIELD,
            lambda layers: _receptive_field(layers[-1:]),
            lambda layers: (_receptive_field(layers[-1:])[0], _receptive_field(layers)[1]),
        ),
        *ways(
            "return_in_loop",
            "Your function returns inside the loop, in its first round: the `return` must stand behind the loop.",
            FIELD,
            lambda layers: _receptive_field(layers[:1]),
        ),
        *ways(
            "results_swapped",
            "You return (jump, size): the size of the field comes first.",
            FIELD,
            lambda layers: _receptive_field(layers)[::-1],
        ),
    ),
)


# What im2col and conv2d have in common: windows, and what goes wrong with where they lie.


class Options(NamedTuple):
    """The knobs of a layer, as pairs (height, width), and the names of those that were given as a pair."""

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    pairs: frozenset[str] = frozenset()


def _options(**given: Any) -> Options:
    pairs = frozenset(name for name, value in given.items() if isinstance(value, tuple))
    values = {name: value if name in (*pairs, "groups") else (value, value) for name, value in given.items()}
    return Options(pairs=pairs, **values)


def _values(rng, *shape, dtype="float64"):
    """Draw values large enough that their fractions are not all there is to them."""
    return (3 * normal(rng, *shape)).astype(dtype)


def _frame(x, top, bottom, left, right, mode="constant"):
    import torch.nn.functional as F

    return F.pad(x, (left, right, top, bottom), mode=mode)


def _sides(o, of: Callable[[int], tuple[int, int]]):
    """Return top, bottom, left and right, where `of` shares out the padding of one axis."""
    return *of(o.padding[0]), *of(o.padding[1])


def _steps(shape, kernel, o, dilation=None):
    """Return for both axes what is left when the first window has been placed, before dividing by the stride."""
    d = dilation or o.dilation
    return [n + 2 * p - _reach(k, q) for n, p, k, q in zip(shape, o.padding, kernel, d, strict=True)]


def _cut(y, rows, columns):
    if rows < 1 or columns < 1:
        raise ValueError("nothing is left")
    return y[..., :rows, :columns]


def _padded_by(of, mode="constant"):
    """Return a mistake in the padding: it is shared out between the two ends of an axis by `of`."""

    def wrong(slide, x, k, kernel, o):
        return slide(_frame(x, *_sides(o, of), mode=mode), k, o._replace(padding=(0, 0)))

    return wrong


def _with(**changes: Callable[[Any, Any], Any]):
    """Return a mistake that takes options for others, each a function of the options and the kernel's shape."""

    def wrong(slide, x, k, kernel, o):
        return slide(x, k, o._replace(**{name: change(o, kernel) for name, change in changes.items()}))

    return wrong


def _rounded_up(slide, x, k, kernel, o):
    """Take one more window where the stride leaves pixels over; it hangs over the edge."""
    extra = [-steps % s for steps, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True)]
    (top, left) = o.padding
    return slide(_frame(x, top, top + extra[0], left, left + extra[1]), k, o._replace(padding=(0, 0)))


def _rounded_up_with_zeros(slide, x, k, kernel, o):
    more = [int(steps % s > 0) for steps, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True)]
    return _frame(slide(x, k, o), 0, more[0], 0, more[1])


def _one_added_before_dividing(slide, x, k, kernel, o):
    return _cut(slide(x, k, o), *((n + 1) // s for n, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True)))


def _cut_as_if(**changes: Any):
    """Return a mistake that computes as many outputs as other options would give."""

    def wrong(slide, x, k, kernel, o):
        other = o._replace(**changes)
        sizes = (n // s + 1 for n, s in zip(_steps(x.shape[2:], kernel, other), other.stride, strict=True))
        return _cut(slide(x, k, o), *sizes)

    return wrong


def _size_with_dilated_taps(slide, x, k, kernel, o):
    """Count the outputs as if k taps had k gaps."""
    pairs = zip(_steps(x.shape[2:], kernel, o), o.dilation, o.stride, strict=True)
    return _cut(slide(x, k, o), *((n - d + 1) // s + 1 for n, d, s in pairs))


def _only_in_size(**changes: Any):
    """Return a mistake that uses an option for the size of the result, and not for where the windows or taps lie."""

    def wrong(slide, x, k, kernel, o):
        sizes = (n // s + 1 for n, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True))
        return _cut(slide(x, k, o._replace(**changes)), *sizes)

    return wrong


def _swapped_but_in_size(name: str):
    """Return a mistake that exchanges the numbers of a pair, but not where it counts the outputs."""

    def wrong(slide, x, k, kernel, o):
        sizes = [n // s + 1 for n, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True)]
        y = slide(x, k, o._replace(**{name: _swapped(getattr(o, name))}))
        if y.shape[-2] < sizes[0] or y.shape[-1] < sizes[1]:
            raise ValueError("here such an answer raises")
        return _cut(y, *sizes)

    return wrong


def _raising_where(is_so: Callable[..., bool]):
    """Return a mistake that raises where `is_so` of x, the kernel's shape and the options, and is right elsewhere."""

    def wrong(slide, x, k, kernel, o):
        if is_so(x, kernel, o):
            raise ValueError("here such an answer raises")
        return slide(x, k, o)

    return wrong


def _result(change: Callable[[Any], Any]):
    return lambda slide, x, k, kernel, o: change(slide(x, k, o))


def _swapped(pair):
    return pair[::-1]


def _first(pair):
    return pair[:1] * 2


def _second(pair):
    return pair[1:] * 2


def _differ(o, *names):
    """Return whether one of these options was given as a pair of two different numbers."""
    return any(name in o.pairs and getattr(o, name)[0] != getattr(o, name)[1] for name in names)


def _is_oblong(x, kernel):
    return x.shape[2] != x.shape[3] or kernel[0] != kernel[1]


def _taking_each(of: Callable[[Any], Any], *names: str):
    """Return mistakes that take `of` a pair for the pair, for one option each."""
    return [_with(**{name: lambda o, kernel, name=name: of(getattr(o, name))}) for name in names]


KNOBS = ("stride", "padding", "dilation")

GEOMETRY = (
    (
        "stride_ignored",
        "The stride has no effect: neighbouring windows lie `stride` pixels apart.",
        STRIDE,
        _with(stride=lambda o, kernel: (1, 1)),
    ),
    (
        "stride_ignored",
        "The stride sets the size of your result, but your windows still lie one pixel apart: window i begins at i·stride.",
        STRIDE,
        _only_in_size(stride=(1, 1)),
    ),
    (
        "one_axis_only",
        "The stride acts along one axis only: the window moves by it down and to the right.",
        STRIDE,
        _with(stride=lambda o, kernel: (o.stride[0], 1)),
        _with(stride=lambda o, kernel: (1, o.stride[1])),
    ),
    (
        "one_axis_only",
        "The padding acts along one axis only: there are zeros above and below, and at the left and the right.",
        STRIDE,
        _with(padding=lambda o, kernel: (o.padding[0], 0)),
        _with(padding=lambda o, kernel: (0, o.padding[1])),
    ),
    (
        "one_axis_only",
        "The dilation acts along one axis only: the taps are pulled apart down and to the right.",
        DILATION,
        _with(dilation=lambda o, kernel: (o.dilation[0], 1)),
        _with(dilation=lambda o, kernel: (1, o.dilation[1])),
    ),
    (
        "square_assumed",
        "You use one number of a pair for both axes: it is (height, width), and the two may differ.",
        STRIDE,
        *_taking_each(_first, *KNOBS),
        *_taking_each(_second, *KNOBS),
        _with(**{name: lambda o, kernel, name=name: _first(getattr(o, name)) for name in KNOBS}),
        _with(**{name: lambda o, kernel, name=name: _second(getattr(o, name)) for name in KNOBS}),
    ),
    (
        "height_width_swapped",
        "Height and width of a pair are exchanged: a pair is (height, width), in the order of the axes.",
        STRIDE,
        *_taking_each(_swapped, *KNOBS),
        _with(**{name: lambda o, kernel, name=name: _swapped(getattr(o, name)) for name in KNOBS}),
    ),
    (
        "height_width_swapped",
        "Your function fails where the two numbers of a pair differ: height and width are exchanged somewhere, or one number is "
        "used for both. A pair is (height, width), in the order of the axes.",
        STRIDE,
        _raising_where(lambda x, kernel, o: _differ(o, *KNOBS)),
        *(_raising_where(lambda x, kernel, o, name=name: _differ(o, name)) for name in KNOBS),
    ),
    # Behind the one that is known by its exceptions alone: some cases do not tell it from these.
    (
        "height_width_swapped",
        "Height and width of a pair are exchanged in one place: a pair is (height, width), in the order of the axes.",
        STRIDE,
        *map(_swapped_but_in_size, KNOBS),
    ),
    (
        "pair_refused",
        "Your function fails where an argument is a pair (height, width): make one number a pair of two equal ones at the start.",
        STRIDE,
        _raising_where(lambda x, kernel, o: bool(o.pairs)),
        *(_raising_where(lambda x, kernel, o, name=name: name in o.pairs) for name in KNOBS),
    ),
    (
        "padding_ignored",
        "The padding has no effect: put that many rows and columns of zeros around each channel before you slide the window.",
        STRIDE,
        _with(padding=lambda o, kernel: (0, 0)),
    ),
    (
        "padding_one_side",
        "The padding is on one side only: the zeros belong above and below, at the left and at the right.",
        STRIDE,
        _padded_by(lambda p: (p, 0)),
        _padded_by(lambda p: (0, p)),
        _padded_by(lambda p: (2 * p, 0)),
        _padded_by(lambda p: (0, 2 * p)),
    ),
    (
        "padding_halved",
        "You split the padding between two sides: each of them gets all of it.",
        STRIDE,
        _padded_by(lambda p: (p // 2, p - p // 2)),
        _padded_by(lambda p: (p - p // 2, p // 2)),
        _padded_by(lambda p: (p // 2, p // 2)),
    ),
    (
        "padding_doubled",
        "You pad twice as much as asked for: each side gets `padding` rows or columns of zeros.",
        STRIDE,
        _padded_by(lambda p: (2 * p, 2 * p)),
    ),
    (
        "padding_of_result",
        "You put the zeros around the result: they belong around the input, where windows over its edge see them.",
        STRIDE,
        lambda slide, x, k, kernel, o: _frame(slide(x, k, o._replace(padding=(0, 0))), *_sides(o, lambda p: (p, p))),
    ),
    (
        "padding_missing_in_size",
        "You count the outputs without the padding: the padded input is H + 2·padding high, so more windows fit.",
        SIZE,
        _cut_as_if(padding=(0, 0)),
    ),
    (
        "replicate_for_zeros",
        "You pad with the pixels at the edge: here the padding is zeros.",
        STRIDE,
        _padded_by(lambda p: (p, p), "replicate"),
    ),
    (
        "reflect_for_zeros",
        "You pad with the mirrored image: here the padding is zeros.",
        STRIDE,
        _padded_by(lambda p: (p, p), "reflect"),
    ),
    (
        "circular_for_zeros",
        "You pad with pixels from the other side of the image: here the padding is zeros.",
        STRIDE,
        _padded_by(lambda p: (p, p), "circular"),
    ),
    (
        "same_for_valid",
        "You choose the padding yourself, so that the size stays the same: it is an argument, and 0 if it is not given.",
        STRIDE,
        _with(padding=lambda o, kernel: (kernel[0] // 2, kernel[1] // 2)),
        _with(padding=lambda o, kernel: ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2)),
    ),
    (
        "ceil_for_floor",
        "You round the number of outputs up: a window that does not fit is left out, so round down.",
        SIZE,
        _rounded_up,
        _rounded_up_with_zeros,
    ),
    (
        "one_output_too_few",
        "A row and a column of outputs are missing: there are (H + 2p − d(k − 1) − 1) // s + 1 rows.",
        SIZE,
        _result(lambda y: y[..., :-1, :-1]),
        _result(lambda y: y[..., 1:, 1:]),
    ),
    (
        "one_output_too_few",
        "Your number of outputs is too small for some strides: divide by the stride first, then add 1.",
        SIZE,
        _one_added_before_dividing,
    ),
    (
        "one_output_too_many",
        "There is a row and a column of outputs too many: there are (H + 2p − d(k − 1) − 1) // s + 1 rows.",
        SIZE,
        _result(lambda y: _frame(y, 0, 1, 0, 1) if y.dim() == 4 else _frame(y.flatten(1, 2), 0, 1, 0, 1)),
        lambda slide, x, k, kernel, o: slide(
            _frame(x, o.padding[0], o.padding[0] + o.stride[0], o.padding[1], o.padding[1] + o.stride[1]),
            k,
            o._replace(padding=(0, 0)),
        ),
    ),
    (
        "dilation_ignored",
        "The dilation has no effect: neighbouring taps of the kernel lie `dilation` pixels apart.",
        DILATION,
        _with(dilation=lambda o, kernel: (1, 1)),
    ),
    (
        "dilation_ignored",
        "The dilation sets the size of your result, but the taps still lie side by side: tap t is t·dilation pixels away.",
        DILATION,
        _only_in_size(dilation=(1, 1)),
    ),
    (
        "dilation_off_by_one",
        "You put `dilation` zeros between the taps: dilation 2 means a distance of 2, and dilation 1 changes nothing.",
        DILATION,
        _with(dilation=lambda o, kernel: (o.dilation[0] + 1, o.dilation[1] + 1)),
    ),
    (
        "dilation_times_kernel",
        "You count d·k pixels under the kernel, so outputs are missing: k taps have k − 1 gaps and reach over d(k − 1) + 1.",
        DILATION,
        _size_with_dilated_taps,
    ),
    (
        "stride_for_dilation",
        "You take the dilation for a stride: it pulls the taps of a window apart, not the windows.",
        DILATION,
        _with(
            stride=lambda o, kernel: (o.stride[0] * o.dilation[0], o.stride[1] * o.dilation[1]),
            dilation=lambda o, kernel: (1, 1),
        ),
    ),
    (
        "input_subsampled",
        "You take every `dilation`-th pixel of the image: only the taps of one window lie apart, the windows themselves do not.",
        DILATION,
        lambda slide, x, k, kernel, o: slide(x[:, :, :: o.dilation[0], :: o.dilation[1]], k, o._replace(dilation=(1, 1))),
    ),
    (
        "windows_not_overlapping",
        "Your window moves by its own size: it moves by the stride, so that neighbouring windows may overlap.",
        STRIDE,
        _with(stride=lambda o, kernel: kernel),
    ),
)
"""Names, sentences and headings of mistakes, with functions of (slide, x, k, kernel, o): the right function of the three
arguments x, k and options, these arguments, and the kernel's shape."""


# im2col


def _unfolded(x, k, o):
    """Return the windows apart, (N, C·kh·kw, OH, OW)."""
    import torch.nn.functional as F

    sizes = [n // s + 1 for n, s in zip(_steps(x.shape[2:], k, o), o.stride, strict=True)]
    columns = F.unfold(x, k, dilation=o.dilation, padding=o.padding, stride=o.stride)
    return columns.unflatten(2, sizes)


def _im2col(x, k, stride=1, padding=0, dilation=1):
    import torch.nn.functional as F

    return F.unfold(x, k, dilation=dilation, padding=padding, stride=stride)


def _im2col_answer(wrong):
    """Return an answer that makes a mistake of GEOMETRY."""

    def answer(x, k, stride=1, padding=0, dilation=1):
        o = _options(stride=stride, padding=padding, dilation=dilation)
        pair, o = (k, o._replace(pairs=o.pairs | {"k"})) if isinstance(k, tuple) else ((k, k), o)
        return wrong(_unfolded, x, pair, pair, o).flatten(2)

    return answer


SHORT_WINDOW = (
    "Your window is too short for a dilation: k taps reach over d(k − 1) + 1 pixels, so take [i : i + d*(k - 1) + 1 : d]; "
    "[i : i + k : d] leaves taps out."
)
ALL_AXES_PADDED = (
    "You pad samples and channels, too, as np.pad(x, p) does: only the last two axes get zeros, so give it "
    "((0, 0), (0, 0), (p, p), (q, q))."
)
FAILS_WITH_PADDING = (
    "Your function fails as soon as there is padding. If it is np.pad that pads: with one number it pads all four axes; give it "
    "a pair for each, ((0, 0), (0, 0), (p, p), (q, q))."
)
FAILS_WITH_DILATION = (
    "Your function fails as soon as there is dilation: k taps then reach over d(k − 1) + 1 pixels, so a window is "
    "[i : i + d*(k - 1) + 1 : d]."
)


SLICE_TO_MINUS_ZERO = (
    "Without padding your slice `[p:-p]` ends at −0, which is 0, so it is empty: write `[p : p + H]`, and the same with W."
)


def _laid_between_minus_padding(slide, x, k, kernel, o):
    """Copy x to [p:-p] of the zeros, where nothing fits in without padding."""
    if 0 in o.padding:
        room = [size if p else 0 for size, p in zip(x.shape[2:], o.padding, strict=True)]
        np.empty((*x.shape[:2], *room))[...] = np.empty(tuple(x.shape))
    return slide(x, k, o)


def _taps_in_short_window(kernel, o):
    """Return how many taps are left in a window of kh x kw pixels, of which every d-th is taken."""
    return [-(-k // d) for k, d in zip(kernel, o.dilation, strict=True)]


def _has_padding(x, kernel, o):
    return o.padding != (0, 0)


def _short_windows(kind, sized_with_dilation=True):
    """Return an answer whose windows leave taps out; they are repeated to fill a column, or the columns are shorter."""

    def wrong(slide, x, k, kernel, o):
        taps = _taps_in_short_window(kernel, o)
        dilation = None if sized_with_dilation else (1, 1)
        sizes = [n // s + 1 for n, s in zip(_steps(x.shape[2:], kernel, o, dilation), o.stride, strict=True)]
        y = _cut(slide(x, tuple(taps), o), *sizes)
        fits = all(n in (1, full) for n, full in zip(taps, kernel, strict=True))
        if kind == "flat":
            fits = tuple(taps) == tuple(kernel) or x.shape[1] * taps[0] * taps[1] == 1
        if kind == "shorter":
            return y
        if not fits:
            raise ValueError("here such an answer raises")
        return y.unflatten(1, (x.shape[1], *taps)).expand(-1, -1, *kernel, -1, -1).flatten(1, 3)

    return wrong


def _padded_everywhere(x, k, stride=1, padding=0, dilation=1):
    """Pad samples and channels, too, as np.pad does: with one number, or with a pair of numbers before and after."""
    import torch.nn.functional as F

    return _im2col(F.pad(x, (padding if isinstance(padding, tuple) else (padding, padding)) * 4), k, stride, 0, dilation)


def _padded_more_than_there_is_room(form):
    """Return an answer that pads all axes, and raises where it copies that into an array for the others."""

    def answer(x, k, stride=1, padding=0, dilation=1):
        right = _im2col(x, k, stride, padding, dilation)
        if padding in (0, (0, 0)):
            return right
        o = _options(stride=stride, padding=padding, dilation=dilation)
        kernel = k if isinstance(k, tuple) else (k, k)
        more = sum(padding) if isinstance(padding, tuple) else 2 * padding
        n, c = x.shape[:2]
        sides = [size + more for size in x.shape[2:]]
        outputs = [m // s + 1 for m, s in zip(_steps(x.shape[2:], kernel, o), o.stride, strict=True)]
        taps = [min(m, -(-side // s)) for m, side, s in zip(outputs, sides, o.stride, strict=True)]
        seen = [min(m, -(-side // d)) for m, side, d in zip(kernel, sides, o.dilation, strict=True)]
        into, of = {
            "taps": ((n, c, *outputs), (n + more, c + more, *taps)),
            "windows": ((n, c, *kernel), (n + more, c + more, *seen)),
            "columns": ((c * kernel[0] * kernel[1],), ((c + more) * seen[0] * seen[1],)),
        }[form]
        np.empty(into)[...] = np.empty(of)
        return right

    return answer


def _reordered(change):
    """Return an answer that changes the windows, given as (N, C, kh, kw, OH, OW)."""

    def answer(x, k, stride=1, padding=0, dilation=1):
        pair = k if isinstance(k, tuple) else (k, k)
        y = _unfolded(x, pair, _options(stride=stride, padding=padding, dilation=dilation))
        return change(y.unflatten(1, (x.shape[1], *pair)))

    return answer


def _pixels(rng, *shape, dtype="float64"):
    return _values(rng, *shape, dtype=dtype)


def _im2col_cases(rng):
    c = integer(rng, 2, 3)
    return [
        Case((np.arange(1.0, 13.0).reshape(1, 1, 3, 4), 2), note="small enough to do by hand"),
        Case((np.arange(1.0, 19.0).reshape(1, 2, 3, 3), (2, 3)), note="two channels, small enough to do by hand"),
        Case((_pixels(rng, 2, c, 6, 9), 3)),
        Case((_pixels(rng, 3, 2, 8, 5), (4, 2)), note="a kernel of 4 x 2"),
        Case((_pixels(rng, 2, 3, 5, 8), (1, 4)), note="a kernel of 1 x 4"),
        Case((_pixels(rng, 2, c, 6, 6), 3), note="square images"),
        Case((_pixels(rng, 2, 4, 5, 3), (5, 3)), note="a kernel as large as the image"),
        Case((_pixels(rng, 3, 4, 3, 5), 1), note="a kernel of one tap"),
        Case((strided(rng, 2, 3, 6, 5), 2), note="an input that is not contiguous in memory"),
        Case((_pixels(rng, 2, c, 7, 6, dtype="float32"), (3, 2)), note="float32"),
        Case((_pixels(rng, 2, c, 6, 8), (3, 3)), note="a kernel of 3 x 3, given as a pair"),
    ]


def _im2col_padded_cases(rng):
    c = integer(rng, 2, 3)
    return [
        Case((np.arange(1.0, 7.0).reshape(1, 1, 2, 3), 2), {"padding": 1}, note="small enough to do by hand"),
        Case((_pixels(rng, 2, c, 6, 9), 5), {"padding": 2}),
        Case((_pixels(rng, 2, 3, 7, 5), (4, 3)), {"padding": 3}),
        Case((_pixels(rng, 3, 2, 5, 7), (3, 2)), {"padding": (2, 1)}, note="padding in a pair"),
        Case((_pixels(rng, 2, c, 6, 5), 3), {"padding": (0, 2)}, note="padding at the left and the right only"),
        Case((_pixels(rng, 1, 2, 3, 9), (5, 2)), {"padding": (1, 0)}, note="a kernel higher than the image"),
        Case((_pixels(rng, 2, c, 5, 7, dtype="float32"), 3), {"padding": 2}, note="float32"),
        Case((_pixels(rng, 2, c, 5, 6), 3), {"padding": (2, 2)}, note="a pair of two equal numbers"),
        Case((_pixels(rng, 3, c, 4, 6), 3), {"padding": 0}, note="padding of 0, as if nothing were said"),
    ]


def _im2col_strided_cases(rng):
    c = integer(rng, 2, 3)
    return [
        Case((np.arange(1.0, 16.0).reshape(1, 1, 3, 5), (2, 3)), {"stride": 2}, note="small enough to do by hand"),
        Case((_pixels(rng, 2, c, 10, 12), 3), {"stride": 2}, note="a stride that leaves pixels over"),
        Case((_pixels(rng, 2, 3, 9, 12), (2, 3)), {"stride": 3}, note="a stride longer than the kernel"),
        Case((_pixels(rng, 3, 2, 11, 13), (3, 2)), {"stride": (2, 3)}, note="strides in a pair"),
        Case((_pixels(rng, 2, c, 8, 10), 3), {"stride": (1, 4)}, note="strides in a pair"),
        Case((_pixels(rng, 2, c, 9, 8), 4), {"stride": 3, "padding": 2}, note="stride and padding"),
        Case((_pixels(rng, 2, 3, 5, 6), 3), {"stride": 9}, note="a stride so long that there is one window"),
        Case((strided(rng, 2, 3, 9, 8), (2, 3)), {"stride": 2}, note="an input that is not contiguous in memory"),
        Case((_pixels(rng, 2, c, 9, 12, dtype="float32"), (3, 4)), {"stride": 2, "padding": 1}, note="float32"),
        Case((_pixels(rng, 2, c, 8, 11), 3), {"stride": (2, 2)}, note="a pair of two equal numbers"),
    ]


def _im2col_dilated_cases(rng):
    c = integer(rng, 2, 3)
    return [
        Case((np.arange(1.0, 13.0).reshape(1, 1, 3, 4), 2), {"dilation": 2}, note="small enough to do by hand"),
        Case((_pixels(rng, 2, c, 9, 12), 3), {"dilation": 2}),
        Case((_pixels(rng, 2, 3, 12, 9), (4, 2)), {"dilation": 3}),
        Case((_pixels(rng, 3, 2, 8, 11), (2, 3)), {"dilation": (2, 3)}, note="dilations in a pair"),
        Case((_pixels(rng, 2, c, 6, 9), 3), {"dilation": (1, 3)}, note="dilations in a pair"),
        Case(
            (_pixels(rng, 2, 2, 11, 12), (3, 2), 2, 3, 3),
            note="stride 2, padding 3 and dilation 3, given by position",
        ),
        Case((_pixels(rng, 2, 2, 7, 9), (3, 2)), {"dilation": (3, 2)}, note="taps that reach over the whole height"),
        Case(
            (_pixels(rng, 2, c, 9, 8, dtype="float32"), 3),
            {"dilation": (2, 3), "padding": (2, 1), "stride": (2, 3)},
            note="float32, all options in pairs",
        ),
        Case(
            (_pixels(rng, 2, c, 8, 9), 3),
            {"dilation": (2, 2), "padding": (1, 1), "stride": (2, 2)},
            note="pairs of two equal numbers",
        ),
        Case((_pixels(rng, 3, c, 5, 7), (2, 3)), {"dilation": 1}, note="dilation 1, which changes nothing"),
    ]


def _im2col_errors(rng):
    h, w = integer(rng, 4, 6), integer(rng, 7, 9)
    x = _pixels(rng, 2, 3, h, w)
    return [
        Case((x, (h + 1, 2)), note="a kernel one row higher than the image", raises=ValueError),
        Case((x, (2, w + 1)), note="a kernel one column wider than the image", raises=ValueError),
        Case((x, w + 3), {"padding": 1}, note="a kernel larger than the padded image", raises=ValueError),
        Case((x, 3), {"dilation": h}, note="taps that reach beyond the image", raises=ValueError),
        Case((x, 3), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, 3), {"stride": -1}, note="a negative stride", raises=ValueError),
        Case((x, 3), {"padding": -1}, note="negative padding", raises=ValueError),
        Case(
            (x, (h + 2, w + 2)),
            {"padding": 1},
            note="a kernel as large as the padded image, which is possible",
            only_returns=True,
        ),
    ]


def _window_of(x, sample, channels, i, j, kernel, o):
    """Return the labelled pixels under a window, and how many of its taps lie outside the image."""
    rows, columns = (
        [m * s - p + t * d for t in range(k)]
        for m, s, p, d, k in zip((i, j), o.stride, o.padding, o.dilation, kernel, strict=True)
    )
    inside = [[r for r in rows if 0 <= r < x.shape[2]], [c for c in columns if 0 <= c < x.shape[3]]]
    pieces = [
        (
            f"x[{sample}, {channels.start}:{channels.stop}], rows {inside[0]}, columns {inside[1]}",
            x[sample, channels][:, inside[0]][:, :, inside[1]],
        )
    ]
    outside = len(rows) * len(columns) - len(inside[0]) * len(inside[1])
    return [*pieces, ("taps on the padding, for each channel", outside)] if outside else pieces


def _im2col_window(index, x, k, stride=1, padding=0, dilation=1):
    o = _options(stride=stride, padding=padding, dilation=dilation)
    kernel = k if isinstance(k, tuple) else (k, k)
    sample, row, place = index
    columns = _steps(x.shape[2:], kernel, o)[1] // o.stride[1] + 1
    channel, tap = divmod(row, kernel[0] * kernel[1])
    i, j = divmod(place, columns)
    (label, pixels), *rest = _window_of(x, sample, slice(channel, channel + 1), i, j, kernel, o)
    return [(f"tap {divmod(tap, kernel[1])} of window {(i, j)}, which is {label}", pixels), *rest]


IM2COL = Exercise(
    name="im2col",
    signature="im2col(x, k, stride=1, padding=0, dilation=1)",
    reference=on_torch(_im2col),
    parts=(
        Part("im2col", _im2col_cases),
        Part("im2col_padded", _im2col_padded_cases),
        Part("im2col_strided", _im2col_strided_cases),
        Part("im2col_dilated", _im2col_dilated_cases),
        Part("im2col_errors", _im2col_errors),
    ),
    exact=True,
    window=_im2col_window,
    mistakes=(
        *ways(
            "transpose_missing",
            "You reshape before the axes are in order: bring them to (N, C, kh, kw, OH, OW) with `transpose`, then reshape.",
            MATRIX,
            _reordered(lambda y: y.permute(0, 1, 4, 5, 2, 3).reshape(len(y), -1, y.shape[4] * y.shape[5])),
            _reordered(lambda y: y.permute(0, 4, 5, 1, 2, 3).reshape(len(y), -1, y.shape[4] * y.shape[5])),
        ),
        *ways(
            "taps_before_channels",
            "Your rows are in another order: the channel changes slowest, then the kernel's row, then its column.",
            MATRIX,
            _reordered(lambda y: y.permute(0, 2, 3, 1, 4, 5).flatten(4).flatten(1, 3)),
        ),
        *ways(
            "kernel_axes_swapped",
            "Within a channel your taps go down the columns of the kernel: go row by row, so that its column changes fastest.",
            MATRIX,
            _reordered(lambda y: y.transpose(2, 3).flatten(4).flatten(1, 3)),
        ),
        *ways(
            "kernel_flipped",
            "The taps of each window are in reverse order: the first one is its top left pixel.",
            MATRIX,
            _reordered(lambda y: y.flip(2, 3).flatten(4).flatten(1, 3)),
            _reordered(lambda y: y.flip(2).flatten(4).flatten(1, 3)),
            _reordered(lambda y: y.flip(3).flatten(4).flatten(1, 3)),
        ),
        *ways(
            "output_axes_swapped",
            "Your windows are the rows: here each window is a column, so the shape is (N, C·kh·kw, L).",
            MATRIX,
            _reordered(lambda y: y.flatten(4).flatten(1, 3).transpose(1, 2)),
            _reordered(lambda y: y.permute(0, 4, 5, 2, 3, 1).flatten(3).flatten(1, 2)),
        ),
        *ways(
            "batch_merged",
            "You put the windows of all samples into one matrix: each sample has a matrix of its own, (N, C·kh·kw, L).",
            MATRIX,
            _reordered(lambda y: y.flatten(4).flatten(1, 3).transpose(0, 1).flatten(1)),
            _reordered(lambda y: y.flatten(4).flatten(1, 3).permute(1, 2, 0).flatten(1)),
            _reordered(lambda y: y.flatten(4).flatten(1, 3).transpose(1, 2).flatten(0, 1)),
            _reordered(lambda y: y.permute(4, 5, 0, 1, 2, 3).flatten(3).flatten(0, 2)),
        ),
        *ways(
            "not_flattened",
            "Your result has too many axes: join channel, row and column of a tap, and row and column of a window.",
            MATRIX,
            _reordered(lambda y: y),
            _reordered(lambda y: y.flatten(4)),
            _reordered(lambda y: y.flatten(1, 3)),
            _reordered(lambda y: y.flatten(4).flatten(2, 3)),
            _reordered(lambda y: y.permute(0, 1, 4, 5, 2, 3)),
        ),
        *ways(
            "only_first_sample",
            "Only one sample of the batch is there: each sample has a matrix of its own.",
            MATRIX,
            _reordered(lambda y: y.flatten(4).flatten(1, 3)[:1].expand(len(y), -1, -1)),
            _reordered(lambda y: y.flatten(4).flatten(1, 3)[:1]),
            _reordered(lambda y: y.flatten(4).flatten(1, 3)[0]),
        ),
        *ways(
            "channels_not_stacked",
            "Only one channel is there: a window holds the pixels of all channels, one channel after the other.",
            MATRIX,
            _reordered(lambda y: y[:, 0].flatten(3).flatten(1, 2)),
            _reordered(lambda y: y[:, -1].flatten(3).flatten(1, 2)),
        ),
        *ways(
            "channels_summed",
            "You sum over the channels: im2col only copies, the sum comes with the matrix product.",
            MATRIX,
            _reordered(lambda y: y.sum(1).flatten(3).flatten(1, 2)),
        ),
        *ways(
            "height_width_swapped",
            "Your windows go down the columns of the image: row by row is the order, so j changes fastest.",
            MATRIX,
            _reordered(lambda y: y.transpose(4, 5).flatten(4).flatten(1, 3)),
        ),
        *ways(
            "height_width_swapped",
            "Height and width of the kernel are exchanged: k is (height, width).",
            MATRIX,
            _im2col_answer(lambda slide, x, k, kernel, o: slide(x, k[::-1], o)),
        ),
        *ways(
            "height_width_swapped",
            "Your function works only where everything is square: heights and widths are exchanged, or one is used for both.",
            MATRIX,
            _im2col_answer(_raising_where(lambda x, kernel, o: x.shape[2] != x.shape[3])),
            _im2col_answer(_raising_where(lambda x, kernel, o: _is_oblong(x, kernel))),
        ),
        *ways(
            "square_assumed",
            "You use one number of the kernel's pair for both axes: it is (height, width), and the two may differ.",
            MATRIX,
            _im2col_answer(lambda slide, x, k, kernel, o: slide(x, k[:1] * 2, o)),
            _im2col_answer(lambda slide, x, k, kernel, o: slide(x, k[1:] * 2, o)),
        ),
        *ways(
            "pair_refused",
            "Your function fails where k is a pair (height, width): make one number a pair of two equal ones at the start.",
            MATRIX,
            _im2col_answer(_raising_where(lambda x, kernel, o: "k" in o.pairs)),
        ),
        *(
            mistake
            for name, says, see, *functions in GEOMETRY
            for mistake in ways(name, says, see, *map(_im2col_answer, functions))
        ),
        *ways(
            "window_too_short",
            SHORT_WINDOW,
            DILATION,
            *(_im2col_answer(_short_windows(kind, sized)) for kind in ("flat", "repeated", "shorter") for sized in (True, False)),
        ),
        *ways("slice_to_minus_zero", SLICE_TO_MINUS_ZERO, STRIDE, _im2col_answer(_laid_between_minus_padding)),
        # Before the next one, which is known by its exceptions only where these say what its own do.
        *ways(None, FAILS_WITH_PADDING, STRIDE, _im2col_answer(_raising_where(_has_padding))),
        *ways(
            "padding_all_axes",
            ALL_AXES_PADDED,
            STRIDE,
            _padded_everywhere,
            *(_padded_more_than_there_is_room(form) for form in ("taps", "windows", "columns")),
        ),
        *ways(
            "truncated_to_int",
            "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x.",
            MATRIX,
            _reordered(lambda y: y.trunc().flatten(4).flatten(1, 3)),
        ),
        *ways(
            "return_in_loop",
            "Your function returns inside a loop, in its first round: the `return` must stand behind the loops.",
            MATRIX,
            _reordered(lambda y: _only_first(y.flatten(4).flatten(1, 3))),
            _reordered(lambda y: _only_first(y.flatten(4).flatten(1, 3), 2)),
            _reordered(lambda y: _only_first(y.flatten(4).flatten(1, 3), 1)),
        ),
    ),
)


def _only_first(y, axes=0):
    """Return zeros but for the first entry along each of the first axes, or all axes."""
    kept = y.new_zeros(y.shape)
    place = (slice(0, 1),) * (axes or y.dim())
    kept[place] = y[place]
    return kept


# conv2d


def _conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    import torch.nn.functional as F

    return F.conv2d(x, w, b, stride, padding, dilation, groups)


def _slide(x, w, o):
    return _conv2d(x, w, None, o.stride, o.padding, o.dilation, o.groups)


def _answer(wrong):
    """Return an answer that computes wrong sums, `wrong(x, w, options)`, and adds the bias to them as it should."""

    def answer(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
        y = wrong(x, w, _options(stride=stride, padding=padding, dilation=dilation, groups=groups))
        if b is None:
            return y
        return y + b.reshape(-1, *[1] * (y.dim() - 2))

    return answer


def _geometry_answer(wrong):
    """Return an answer that makes a mistake of GEOMETRY."""
    return _answer(lambda x, w, o: wrong(_slide, x, w, tuple(w.shape[2:]), o))


def _kernel_changed(change):
    return _answer(lambda x, w, o: _slide(x, change(w), o))


def _sums_changed(change):
    """Return an answer that changes the sums, `change(y, x, w)`, before the bias is added."""
    return _answer(lambda x, w, o: change(_slide(x, w, o), x, w))


def _result_changed(change):
    """Return an answer that changes the result, bias included."""
    return lambda *args, **options: change(_conv2d(*args, **options))


def _biased(of):
    """Return an answer that takes `of(b, w, groups)` for the bias."""

    def answer(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
        return _conv2d(x, w, None if b is None else of(b, w, groups), stride, padding, dilation, groups)

    return answer


def _bias_truth_tested(layer):
    """Return an answer that asks `if b:`, which raises for an array of several values."""
    right = on_torch(layer)

    def answer(x, w, b=None, *options, **named):
        return right(x, w, b if b else None, *options, **named)

    return answer


def _bias_along_the_last_axis(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = _conv2d(x, w, None, stride, padding, dilation, groups)
    return y if b is None else y + b


def _kept(w, *place):
    """Return w with zeros everywhere but in one place."""
    kept = w.new_zeros(w.shape)
    kept[place] = w[place]
    return kept


def _by_channel(x, w, o):
    """Return what each channel of a group adds to the sums, (N, K, C / groups, OH, OW)."""
    import torch

    depth = range(w.shape[1])
    return torch.stack([_slide(x, _kept(w, slice(None), slice(c, c + 1)), o) for c in depth], 2)


def _padding_on_all_axes(x, w, o):
    """Pad batch and channels, too, as np.pad does with one number."""
    if "padding" in o.pairs:
        raise ValueError("a pair means something else to np.pad")
    import torch.nn.functional as F

    p = o.padding[0]
    padded = F.pad(x, [p] * 8)[:, : x.shape[1]]
    return _slide(padded, w, o._replace(padding=(0, 0)))


def _short_window(repeated, sized_with_dilation=True):
    """Return an answer whose windows leave taps out; where one is left it may be multiplied with all the weights."""

    def wrong(x, w, o):
        kernel, taps = w.shape[2:], _taps_in_short_window(w.shape[2:], o)
        if any(n not in ((1, full) if repeated else (full,)) for n, full in zip(taps, kernel, strict=True)):
            raise ValueError("here such an answer raises")
        dilation = None if sized_with_dilation else (1, 1)
        sizes = [n // s + 1 for n, s in zip(_steps(x.shape[2:], kernel, o, dilation), o.stride, strict=True)]
        for axis in (2, 3):
            w = w.sum(axis, keepdim=True) if taps[axis - 2] == 1 else w
        return _cut(_slide(x, w, o), *sizes)

    return _answer(wrong)


def _has_dilation(x, kernel, o):
    return _taps_in_short_window(kernel, o) != list(kernel)


def _kernels_by_depth(x, w, o):
    """Take (K, C) for (C, K), and no more channels than such kernels have."""
    return _slide(x[:, : len(w)], w.transpose(0, 1), o._replace(groups=1))


def _group_of(start, cut=False):
    """Return an answer whose kernel k sees the channels from `start(k, C / g, K / g, g)` on, as far as there are any.

    A slice that is `cut` off at the last channel may still be multiplied: one channel with all the weights, or none at all.
    """

    def wrong(x, w, o):
        import torch

        depth, channels = w.shape[1], x.shape[1]
        outputs = []
        for k in range(len(w)):
            first = start(k, depth, len(w) // o.groups, o.groups)
            seen, kernel = x[:, first : first + depth], w[k : k + 1]
            if first + depth > channels:
                if not cut or (seen.shape[1] != 1 and depth != 1):
                    raise IndexError("there are no such channels")
                seen, kernel = (seen, kernel.sum(1, keepdim=True)) if seen.shape[1] else (0 * x[:, :1], kernel)
            outputs.append(_slide(seen, kernel, o._replace(groups=1)))
        return torch.cat(outputs, 1)

    return _answer(wrong)


def _blocks_of_equal_size(x, w, o):
    """Take as many kernels as channels, or as many channels as kernels, for a group."""
    if w.shape[1] != len(w) // o.groups:
        raise ValueError("here such an answer raises")
    return _slide(x, w, o)


def _grouped(of_input, of_kernels=lambda w, o: w, of_output=lambda y, o: y):
    """Return an answer that deals out input channels or kernels, or collects the outputs, in another way."""
    return _answer(lambda x, w, o: of_output(_slide(of_input(x, o), of_kernels(w, o), o), o))


def _dealt(x, o, axis):
    """Reorder an axis as if its entries were dealt out to the groups one by one."""
    return x.unflatten(axis, (-1, o.groups)).transpose(axis, axis + 1).flatten(axis, axis + 1)


def _collected(x, o, axis):
    return x.unflatten(axis, (o.groups, -1)).transpose(axis, axis + 1).flatten(axis, axis + 1)


def _first_channels_for_all(x, w, o):
    """Let every kernel see the first C / groups channels."""
    return _slide(x[:, : w.shape[1]], w, o._replace(groups=1))


def _all_groups_summed(x, w, o):
    """Let every kernel slide over every group, and add up."""
    return sum(_slide(part, w, o._replace(groups=1)) for part in x.split(w.shape[1], 1))


def _refusing_groups(x, w, o):
    if o.groups > 1:
        raise ValueError("here such an answer raises")
    return _slide(x, w, o)


def _first_group(zeros):
    def wrong(x, w, o):
        y = _slide(x, w, o)
        kernels = w.shape[0] // o.groups
        return _frame_of_zeros(y, kernels) if zeros else y[:, :kernels]

    return wrong


def _frame_of_zeros(y, kernels):
    kept = y.new_zeros(y.shape)
    kept[:, :kernels] = y[:, :kernels]
    return kept


def _last_group(x, w, o):
    return _slide(x, w, o)[:, -(w.shape[0] // o.groups) :]


def _running_sum(x, w, o):
    """Never reset the sum: the outputs in the order of four loops n, k, i, j."""
    y = _slide(x, w, o)
    return y.flatten().cumsum(0).view(y.shape)


def _layer_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (
        np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, 4.0]], [[0.0, 1.0, 2.0], [2.0, 0.0, 1.0]]]]),
        np.array([[[[1.0, 0.0], [2.0, -1.0]], [[0.0, 3.0], [1.0, 1.0]]], [[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 0.0]]]]),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        Case((_values(rng, n, c, 9, 6), _values(rng, k, c, 3, 3)), note="tall images"),
        Case((_values(rng, 2, 3, 6, 10), _values(rng, 4, 3, 2, 4)), note="even kernels, wider than high"),
        Case((_values(rng, 4, 2, 10, 7), _values(rng, 3, 2, 5, 2)), note="kernels higher than wide"),
        Case((_values(rng, 2, 3, 7, 6), _values(rng, 3, 3, 3, 3)), note="as many channels out as in"),
        Case((_values(rng, n, 2, 6, 6), _values(rng, k, 2, 3, 3)), note="square images and square kernels"),
        Case((_values(rng, 1, 1, 6, 8), _values(rng, 3, 1, 3, 2)), note="a batch of one, with one channel"),
        Case((_values(rng, 3, 4, 5, 4), _values(rng, 2, 4, 5, 4)), note="kernels as large as the images"),
        Case((_values(rng, 3, 4, 4, 6), _values(rng, 2, 4, 1, 1)), note="kernels of 1 x 1: they only mix channels"),
        Case((strided(rng, 2, 3, 6, 8), strided(rng, 4, 3, 3, 2)), note="inputs that are not contiguous in memory"),
        Case((_values(rng, n, c, 7, 9, dtype="float32"), _values(rng, k, c, 3, 4, dtype="float32")), note="float32"),
    ]


def _layer_bias_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (
                np.array([[[[1.0, 2.0], [3.0, 4.0]]]]),
                np.array([[[[1.0, 0.0], [0.0, -1.0]]], [[[0.0, 1.0], [0.0, 0.0]]]]),
                np.array([10.0, 20.0]),
            ),
            note="small enough to do by hand",
        ),
        Case((_values(rng, 3, c, 7, 8), _values(rng, k, c, 3, 2)), {"b": _values(rng, k)}),
        Case((_values(rng, 2, 4, 5, 6), _values(rng, 4, 4, 2, 3)), {"b": _values(rng, 4)}, note="as many columns as kernels"),
        Case((_values(rng, 2, 3, 6, 5), _values(rng, 5, 3, 3, 3), _values(rng, 5))),
        Case((_values(rng, 2, 2, 5, 5), _values(rng, 3, 2, 3, 3)), {"b": None}, note="a bias of None"),
        Case(
            (_values(rng, 2, c, 6, 7, dtype="float32"), _values(rng, k, c, 2, 3, dtype="float32")),
            {"b": _values(rng, k, dtype="float32")},
            note="float32",
        ),
    ]


def _layer_padded_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([[[[1.0, 0.0], [2.0, -1.0]]], [[[0.0, 1.0], [0.0, 0.0]]]])),
            {"padding": 1},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, c, 6, 8), _values(rng, k, c, 5, 5)), {"padding": 2}, note="padding that keeps the size"),
        Case((_values(rng, 3, c, 5, 7), _values(rng, k, c, 3, 2)), {"padding": 3}, note="padding as wide as the kernel"),
        Case((_values(rng, 2, 3, 7, 6), _values(rng, 2, 3, 4, 4)), {"padding": 1}, note="even kernels"),
        Case((_values(rng, 2, 2, 6, 9), _values(rng, 3, 2, 3, 3)), {"padding": (2, 1)}, note="padding in a pair"),
        Case((_values(rng, 2, 2, 7, 5), _values(rng, 3, 2, 2, 4)), {"padding": (0, 3)}, note="padding left and right only"),
        Case((_values(rng, 2, 2, 3, 8), _values(rng, 3, 2, 5, 2)), {"padding": (2, 0)}, note="kernels higher than the images"),
        Case((strided(rng, 2, 3, 5, 6), strided(rng, 4, 3, 3, 3)), {"padding": 2}, note="inputs that are not contiguous"),
        Case(
            (_values(rng, 2, c, 6, 7, dtype="float32"), _values(rng, k, c, 3, 3, dtype="float32")),
            {"b": _values(rng, k, dtype="float32"), "padding": 2},
            note="float32, with a bias",
        ),
        Case((_values(rng, 2, c, 5, 6), _values(rng, k, c, 3, 2)), {"padding": (2, 2)}, note="a pair of two equal numbers"),
        Case((_values(rng, 2, 3, 5, 4), _values(rng, 3, 3, 3, 2)), {"padding": 1}, note="as many channels out as in"),
        Case((_values(rng, 3, c, 4, 6), _values(rng, k, c, 3, 3)), {"padding": 0}, note="padding of 0, as if nothing were said"),
    ]


def _layer_strided_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (
                np.array([[[[1.0, 2.0, 0.0, 1.0], [3.0, 1.0, 4.0, 0.0]]]]),
                np.array([[[[1.0, -1.0], [0.0, 2.0]]], [[[0.0, 0.0], [1.0, 0.0]]]]),
            ),
            {"stride": 2},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, c, 10, 12), _values(rng, k, c, 3, 3)), {"stride": 2}, note="a stride that leaves pixels over"),
        Case((_values(rng, 3, c, 9, 11), _values(rng, k, c, 3, 3)), {"stride": 2}, note="a stride that fits exactly"),
        Case((_values(rng, 2, 3, 9, 12), _values(rng, 2, 3, 2, 2)), {"stride": 3}, note="a stride longer than the kernel"),
        Case((_values(rng, 2, 2, 11, 13), _values(rng, 3, 2, 3, 2)), {"stride": (2, 3)}, note="strides in a pair"),
        Case((_values(rng, 2, 2, 8, 10), _values(rng, 3, 2, 2, 3)), {"stride": (1, 4)}, note="strides in a pair"),
        Case((_values(rng, 2, 3, 9, 8), _values(rng, 4, 3, 4, 5)), {"stride": 3, "padding": 2}, note="stride and padding"),
        Case(
            (_values(rng, 2, 2, 9, 10), _values(rng, 6, 2, 4, 3)),
            {"b": _values(rng, 6), "stride": (3, 2), "padding": (1, 2)},
            note="stride, padding and bias",
        ),
        Case(
            (_values(rng, 2, 3, 6, 7), _values(rng, 2, 3, 4, 3)), {"stride": 9}, note="a stride so long that there is one output"
        ),
        Case((strided(rng, 2, 3, 9, 8), strided(rng, 4, 3, 2, 3)), {"stride": 2}, note="inputs that are not contiguous"),
        Case(
            (_values(rng, 2, c, 11, 9, dtype="float32"), _values(rng, k, c, 3, 3, dtype="float32")),
            {"stride": 3, "padding": 1},
            note="float32",
        ),
        Case(
            (_values(rng, 2, c, 8, 9), _values(rng, k, c, 3, 2)),
            {"stride": (2, 2), "padding": (1, 1)},
            note="pairs of two equal numbers",
        ),
        Case((_values(rng, 2, 3, 7, 6), _values(rng, 3, 3, 2, 3)), {"stride": 2}, note="as many channels out as in"),
    ]


def _layer_dilated_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.arange(1.0, 13.0).reshape(1, 1, 3, 4), np.array([[[[1.0, -1.0], [0.0, 2.0]]], [[[0.0, 0.0], [1.0, 0.0]]]])),
            {"dilation": 2},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, c, 9, 12), _values(rng, k, c, 3, 3)), {"dilation": 2}),
        Case((_values(rng, 2, 3, 14, 10), _values(rng, 2, 3, 4, 2)), {"dilation": 3}, note="even kernels"),
        Case((_values(rng, 2, 2, 8, 12), _values(rng, 3, 2, 2, 3)), {"dilation": (2, 3)}, note="dilations in a pair"),
        Case((_values(rng, 2, 2, 6, 9), _values(rng, 3, 2, 3, 3)), {"dilation": (1, 3)}, note="dilations in a pair"),
        Case((_values(rng, 2, 2, 9, 7), _values(rng, 3, 2, 3, 1)), {"dilation": 2}, note="kernels of one column"),
        Case((_values(rng, 2, 2, 9, 8), _values(rng, 3, 2, 5, 3)), {"dilation": 2}, note="taps that reach over the whole height"),
        Case(
            (_values(rng, 2, 2, 11, 12), _values(rng, 5, 2, 3, 2), _values(rng, 5), 2, 3, 3),
            note="bias, stride 2, padding 3 and dilation 3, given by position",
        ),
        Case(
            (_values(rng, 2, c, 9, 8, dtype="float32"), _values(rng, k, c, 3, 3, dtype="float32")),
            {"dilation": (2, 3), "padding": (2, 1), "stride": (2, 3)},
            note="float32, all options in pairs",
        ),
        Case(
            (_values(rng, 2, c, 9, 8), _values(rng, k, c, 3, 2)),
            {"dilation": (2, 2), "padding": (1, 1), "stride": (2, 2)},
            note="pairs of two equal numbers",
        ),
        Case((_values(rng, 2, 3, 7, 6), _values(rng, 3, 3, 2, 3)), {"dilation": 2}, note="as many channels out as in"),
        Case((_values(rng, 3, c, 4, 6), _values(rng, k, c, 3, 2)), {"dilation": 1}, note="dilation 1, which changes nothing"),
    ]


def _layer_grouped_cases(rng):
    g = integer(rng, 2, 3)
    return [
        Case(
            (np.arange(1.0, 9.0).reshape(1, 4, 1, 2), np.array([[1.0, 0], [0, 10], [1, 1], [2, -1]]).reshape(4, 2, 1, 1)),
            {"groups": 2},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, 2 * g, 6, 5), _values(rng, 3 * g, 2, 3, 2)), {"groups": g}),
        Case((_values(rng, 3, 6, 5, 6), _values(rng, 4, 3, 2, 3)), {"groups": 2, "b": _values(rng, 4)}, note="with a bias"),
        Case((_values(rng, 2, 3, 5, 6), _values(rng, 4, 3, 2, 3)), {"groups": 1}, note="one group, as if nothing were said"),
        Case((_values(rng, 2, 4, 6, 7), _values(rng, 4, 1, 3, 3)), {"groups": 4}, note="a depthwise layer"),
        Case((_values(rng, 2, 3, 7, 6), _values(rng, 6, 1, 2, 3)), {"groups": 3}, note="two kernels for every channel"),
        Case((_values(rng, 2, 4, 6, 5), _values(rng, 2, 2, 3, 3)), {"groups": 2}, note="one kernel in each group"),
        Case(
            (_values(rng, 2, 4, 7, 8), _values(rng, 6, 2, 3, 3)), {"groups": 2, "padding": 2, "stride": 2}, note="stride, padding"
        ),
        Case(
            (_values(rng, 2, 6, 9, 8), _values(rng, 6, 2, 3, 2), _values(rng, 6), (2, 3), (1, 2), (2, 3), 3),
            note="all arguments, given by position",
        ),
        Case((strided(rng, 2, 4, 5, 6), strided(rng, 4, 2, 2, 3)), {"groups": 2}, note="inputs that are not contiguous"),
        Case(
            (_values(rng, 2, 2 * g, 6, 5, dtype="float32"), _values(rng, 2 * g, 2, 2, 2, dtype="float32")),
            {"groups": g},
            note="float32",
        ),
        Case(
            (_values(rng, 2, 4, 8, 9), _values(rng, 4, 2, 3, 2)),
            {"groups": 2, "dilation": (2, 2), "padding": (1, 1), "stride": (2, 2)},
            note="pairs of two equal numbers",
        ),
        Case((_values(rng, 2, 4, 6, 7), _values(rng, 6, 2, 2, 2)), {"groups": 2, "dilation": 2}, note="dilation"),
        Case((_values(rng, 2, 6, 6, 5), _values(rng, 4, 3, 2, 3)), {"groups": 2, "stride": (1, 2)}, note="strides in a pair"),
    ]


def _layer_errors(rng):
    h, w = integer(rng, 4, 6), integer(rng, 7, 9)
    x = _values(rng, 2, 4, h, w)
    return [
        Case((x, _values(rng, 3, 4, h + 1, 2)), note="kernels one row higher than the images", raises=ValueError),
        Case((x, _values(rng, 3, 4, 2, w + 1)), note="kernels one column wider than the images", raises=ValueError),
        Case((x, _values(rng, 3, 4, h + 3, w)), {"padding": 1}, note="kernels higher than the padded images", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 2)), {"dilation": h}, note="taps that reach beyond the images", raises=ValueError),
        Case((x, _values(rng, 3, 5, 3, 3)), note="kernels with more channels than the images", raises=ValueError),
        Case((x, _values(rng, 3, 1, 3, 3)), note="kernels with one channel, images with more", raises=ValueError),
        Case((x, _values(rng, 6, 2, 3, 3)), {"groups": 3}, note="groups that do not divide the channels", raises=ValueError),
        Case((x, _values(rng, 3, 2, 3, 3)), {"groups": 2}, note="groups that do not divide the kernels", raises=ValueError),
        Case((x, _values(rng, 4, 4, 3, 3)), {"groups": 2}, note="kernels as deep as the images, in 2 groups", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 3)), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 3)), {"stride": -1}, note="a negative stride", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 3)), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 3), _values(rng, 4)), note="more biases than kernels", raises=ValueError),
        Case((x, _values(rng, 3, 4, 3, 3), _values(rng, 1)), note="one bias for three kernels", raises=ValueError),
        Case(
            (x, _values(rng, 4, 2, h + 2, w + 2)),
            {"padding": 1, "groups": 2},
            note="4 kernels of 2 channels, in 2 groups, as large as the padded images, which is possible",
            only_returns=True,
        ),
    ]


def _layer_window(index, x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    sample, kernel, i, j = index
    depth = w.shape[1]
    first = kernel // (w.shape[0] // groups) * depth
    o = _options(stride=stride, padding=padding, dilation=dilation)
    pieces = _window_of(x, sample, slice(first, first + depth), i, j, w.shape[2:], o)
    pieces.append((f"w[{kernel}]", w[kernel]))
    return pieces if b is None else [*pieces, (f"b[{kernel}]", b[kernel])]


KERNEL_MISTAKES = (
    (
        "kernel_flipped",
        "Your kernels are flipped: their first weight multiplies the last pixel of the window. That is true convolution.",
        CHANNELS,
        lambda w: w.flip(2, 3),
        lambda w: w.flip(2),
        lambda w: w.flip(3),
    ),
    (
        "kernel_axes_swapped",
        "Rows and columns of your kernels are exchanged: w[k, c, s, t] belongs to the pixel s rows down and t to the right.",
        CHANNELS,
        lambda w: w.transpose(2, 3),
        lambda w: w.reshape(*w.shape[:2], w.shape[3], w.shape[2]),
    ),
    (
        "only_first_kernel",
        "Every output channel comes from one kernel: channel k is made with w[k].",
        CHANNELS,
        lambda w: w[:1].expand(w.shape),
        lambda w: w[-1:].expand(w.shape),
    ),
    (
        "last_tap_missing",
        "The last row or the last column of the kernels, or their last weight, is never used: a range leaves out its end.",
        CHANNELS,
        lambda w: w - _kept(w, ..., np.s_[-1:], np.s_[-1:]),
        lambda w: w - _kept(w, ..., np.s_[-1:], np.s_[:]),
        lambda w: w - _kept(w, ..., np.s_[-1:]),
        lambda w: _kept(w, ..., np.s_[:-1], np.s_[:-1]),
    ),
    (
        "first_tap_missing",
        "The first row or the first column of the kernels is never used: Python counts from 0.",
        CHANNELS,
        lambda w: w - _kept(w, ..., np.s_[:1], np.s_[:]),
        lambda w: w - _kept(w, ..., np.s_[:1]),
        lambda w: _kept(w, ..., np.s_[1:], np.s_[1:]),
    ),
    (
        "only_last_tap",
        "Only the last weight counts: every product replaces the one before, where it should be added to the sum.",
        CHANNELS,
        lambda w: _kept(w, ..., np.s_[-1:], np.s_[-1:]),
        lambda w: _kept(w, np.s_[:], np.s_[-1:], np.s_[-1:], np.s_[-1:]),
        lambda w: _kept(w, ..., np.s_[-1:], np.s_[:]),
    ),
)
"""Mistakes that are right for other kernels: names, sentences, headings and functions of w."""

RESULT_MISTAKES = (
    (
        "height_width_swapped",
        "Rows and columns of your result are exchanged: the last two axes are height and width, in this order.",
        CHANNELS,
        lambda y: y.transpose(2, 3),
        lambda y: y.reshape(*y.shape[:2], y.shape[3], y.shape[2]),
    ),
    (
        "output_axes_swapped",
        "The axes of your result are in another order: it is (N, K, H', W'), samples first, then output channels.",
        CHANNELS,
        lambda y: y.transpose(0, 1),
        lambda y: y.permute(0, 2, 3, 1),
        lambda y: y.reshape(y.shape[1], y.shape[0], *y.shape[2:]),
        lambda y: y.transpose(0, 1).reshape(y.shape),
        lambda y: y.permute(0, 2, 3, 1).reshape(y.shape),
    ),
    (
        "only_first_sample",
        "Every result comes from one sample: each sample of the batch has a result of its own.",
        CHANNELS,
        lambda y: y[:1].expand(y.shape),
        lambda y: y[-1:].expand(y.shape),
        lambda y: y[:1],
        lambda y: y[0],
    ),
    (
        "batch_summed",
        "You sum over the batch: each sample has a result of its own.",
        CHANNELS,
        lambda y: y.sum(0),
        lambda y: y.sum(0, keepdim=True),
        lambda y: y.sum(0, keepdim=True).expand(y.shape),
    ),
    (
        "return_in_loop",
        "Your function returns inside a loop, in its first round: the `return` must stand behind the loops.",
        CHANNELS,
        lambda y: _only_first(y),
        lambda y: _only_first(y, 3),
        lambda y: _only_first(y, 2),
        lambda y: _only_first(y, 1),
    ),
    (
        "truncated_to_int",
        "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x.",
        CHANNELS,
        lambda y: y.trunc(),
    ),
    (
        "activation_added",
        "Your result has no negative values: a ReLU is a layer of its own and does not belong here.",
        CHANNELS,
        lambda y: y.clamp(min=0),
    ),
)
"""Mistakes in the result, bias included: names, sentences, headings and functions of y."""


def _made_from(table, answer):
    """Describe the mistakes of a table, each function of which `answer` makes an answer of."""
    return [mistake for name, says, see, *functions in table for mistake in ways(name, says, see, *map(answer, functions))]


CONV2D = Exercise(
    name="conv2d",
    signature="conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1)",
    reference=on_torch(_conv2d),
    parts=(
        Part("conv2d", _layer_cases),
        Part("conv2d_bias", _layer_bias_cases),
        Part("conv2d_padded", _layer_padded_cases),
        Part("conv2d_strided", _layer_strided_cases),
        Part("conv2d_dilated", _layer_dilated_cases),
        Part("conv2d_grouped", _layer_grouped_cases),
        Part("conv2d_errors", _layer_errors),
    ),
    terms=lambda x, w, *args, **kwargs: w[0].size + 1,
    window=_layer_window,
    mistakes=(
        *_made_from(KERNEL_MISTAKES, _kernel_changed),
        *ways(
            "kernel_axes_swapped",
            "The first two axes of w are mixed up: w is (K, C / groups, kh, kw), so w[k, c] is the slice for input channel c of "
            "the kernel for output channel k.",
            CHANNELS,
            _kernel_changed(lambda w: w.transpose(0, 1)),
            _kernel_changed(lambda w: w.transpose(0, 1).reshape(w.shape)),
            _answer(_kernels_by_depth),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one input channel only: it is the sum over all of them.",
            CHANNELS,
            _answer(lambda x, w, o: _by_channel(x, w, o)[:, :, 0]),
            _answer(lambda x, w, o: _by_channel(x, w, o)[:, :, -1]),
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the input channels apart: sum over them, so that its shape is (N, K, H', W').",
            CHANNELS,
            _answer(_by_channel),
            _answer(lambda x, w, o: _by_channel(x, w, o).transpose(1, 2)),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the channels or the taps: it is their sum that is asked for.",
            CHANNELS,
            _sums_changed(lambda y, x, w: y / w.shape[1]),
            _sums_changed(lambda y, x, w: y / (w.shape[2] * w.shape[3])),
            _sums_changed(lambda y, x, w: y / w[0].numel()),
        ),
        *_made_from(RESULT_MISTAKES, _result_changed),
        *ways(
            "accumulator_not_reset",
            "Your sum still holds the outputs before: it must start from zero for every output.",
            CHANNELS,
            _answer(_running_sum),
            _sums_changed(lambda y, x, w: y.cumsum(1)),
            _sums_changed(lambda y, x, w: y.cumsum(0)),
        ),
        *ways(
            "bias_forgotten",
            "The bias is missing: add b[k] to every value of output channel k.",
            CHANNELS,
            _biased(lambda b, w, groups: 0 * b),
        ),
        *ways(
            "bias_per_window",
            "The bias is added more than once: add b[k] once to each output, after the sum over channels and taps.",
            CHANNELS,
            _biased(lambda b, w, groups: b * w[0, 0].numel()),
            _biased(lambda b, w, groups: b * w.shape[1]),
            _biased(lambda b, w, groups: b * w[0].numel()),
        ),
        *ways(
            "bias_per_window",
            "The bias is added once for every row or every column of the kernel: add b[k] once to each output, after the sums.",
            CHANNELS,
            _biased(lambda b, w, groups: b * w.shape[2]),
            _biased(lambda b, w, groups: b * w.shape[3]),
        ),
        *ways(
            "bias_wrong_axis",
            "The bias is added along the last axis: b[k] belongs to output channel k, so give it the shape (K, 1, 1) first.",
            CHANNELS,
            _bias_along_the_last_axis,
        ),
        *ways(
            "bias_not_per_channel",
            "Every output channel gets the same bias: channel k gets b[k].",
            CHANNELS,
            _biased(lambda b, w, groups: b[:1].expand(b.shape)),
            _biased(lambda b, w, groups: b.sum().expand(b.shape)),
        ),
        *ways(
            "sign_wrong",
            "You subtract the bias: it is added.",
            CHANNELS,
            _biased(lambda b, w, groups: -b),
        ),
        *_made_from(GEOMETRY, _geometry_answer),
        *ways(
            "height_width_swapped",
            "Your function works only where everything is square: heights and widths are exchanged, or one is used for both.",
            CHANNELS,
            _geometry_answer(_raising_where(lambda x, kernel, o: x.shape[2] != x.shape[3])),
            _geometry_answer(_raising_where(lambda x, kernel, o: kernel[0] != kernel[1])),
            _geometry_answer(_raising_where(lambda x, kernel, o: _is_oblong(x, kernel))),
        ),
        *ways(
            "padding_all_axes",
            ALL_AXES_PADDED,
            STRIDE,
            _answer(_padding_on_all_axes),
        ),
        *ways(None, FAILS_WITH_PADDING, STRIDE, _geometry_answer(_raising_where(_has_padding))),
        *ways("slice_to_minus_zero", SLICE_TO_MINUS_ZERO, STRIDE, _geometry_answer(_laid_between_minus_padding)),
        *ways(
            "window_too_short",
            SHORT_WINDOW,
            DILATION,
            _short_window(repeated=True),
            _short_window(repeated=True, sized_with_dilation=False),
        ),
        *ways(None, FAILS_WITH_DILATION, DILATION, _geometry_answer(_raising_where(_has_dilation))),
        *ways(
            "groups_ignored",
            "The groups have no effect: your kernels all see the first channels, where each sees the channels of its own group.",
            GROUPS,
            _answer(_first_channels_for_all),
        ),
        *ways(
            "groups_ignored",
            "Your function fails with more than one group: a kernel then has C / groups channels, those of its own group.",
            GROUPS,
            _answer(_refusing_groups),
        ),
        *ways(
            "groups_summed",
            "You add up the groups: each kernel sees one group of channels only.",
            GROUPS,
            _answer(_all_groups_summed),
        ),
        *ways(
            "only_first_group",
            "Only one group is computed: each of the groups makes K / groups of the output channels.",
            GROUPS,
            _answer(_first_group(zeros=False)),
            _answer(_first_group(zeros=True)),
            _answer(_last_group),
        ),
        *ways(
            "groups_interleaved",
            "You deal channels or kernels out one by one: a group is a block of neighbours.",
            GROUPS,
            _grouped(lambda x, o: _dealt(x, o, 1)),
            _grouped(lambda x, o: x, lambda w, o: _dealt(w, o, 0)),
            _grouped(lambda x, o: x, lambda w, o: w, lambda y, o: _collected(y, o, 1)),
            _grouped(lambda x, o: _dealt(x, o, 1), lambda w, o: _dealt(w, o, 0)),
            _grouped(lambda x, o: x, lambda w, o: _dealt(w, o, 0), lambda y, o: _collected(y, o, 1)),
            _grouped(lambda x, o: _dealt(x, o, 1), lambda w, o: _dealt(w, o, 0), lambda y, o: _collected(y, o, 1)),
        ),
        *ways(
            "groups_reversed",
            "Your groups are in reverse order: the first group of kernels sees the first group of channels.",
            GROUPS,
            _grouped(lambda x, o: x.unflatten(1, (o.groups, -1)).flip(1).flatten(1, 2)),
        ),
        *ways(
            "divided_by_groups",
            "You divide a kernel's number by the number of groups: divide it by the kernels in a group. Kernel k is in group "
            "k // (K // groups).",
            GROUPS,
            *(_group_of(lambda k, depth, kernels, groups: k // groups * depth, cut) for cut in (False, True)),
            *(_group_of(lambda k, depth, kernels, groups: k // groups, cut) for cut in (False, True)),
        ),
        *ways(
            "group_block_wrong",
            "Your blocks of channels or kernels are not those of the groups: group q owns the channels q·C/g to (q + 1)·C/g − 1 "
            "and the kernels q·K/g to (q + 1)·K/g − 1.",
            GROUPS,
            *(_group_of(lambda k, depth, kernels, groups: k // kernels, cut) for cut in (False, True)),
            *(_group_of(lambda k, depth, kernels, groups: k // kernels * kernels, cut) for cut in (False, True)),
            *(_group_of(lambda k, depth, kernels, groups: k // kernels * groups, cut) for cut in (False, True)),
            *(_group_of(lambda k, depth, kernels, groups: k // depth * depth, cut) for cut in (False, True)),
            _answer(_blocks_of_equal_size),
        ),
        # Behind the others: it is recognised by what it says, and which cases have a bias says little.
        Mistake(
            "bias_truth_tested",
            "`if b:` and `if b != None:` ask an array of several values whether it is true, which has no answer: write "
            "`if b is not None:`.",
            CHANNELS,
            _bias_truth_tested(_conv2d),
        ),
    ),
)


# conv2d_transpose


def _transpose(x, w, b=None, stride=1, padding=0):
    import torch.nn.functional as F

    return F.conv_transpose2d(x, w, b, stride, padding)


def _stamps_answer(wrong):
    """Return an answer that computes wrong sums, `wrong(x, w, stride, padding)`, and adds the bias as it should."""

    def answer(x, w, b=None, stride=1, padding=0):
        y = wrong(x, w, stride, padding)
        return y if b is None else y + b[:, None, None]

    return answer


def _stamps_of(change):
    return _stamps_answer(lambda x, w, s, p: _transpose(x, change(w), None, s, p))


def _stamps_changed(change):
    return lambda *args, **options: change(_transpose(*args, **options))


def _cropped(y, top, bottom, left, right):
    """Cut rows and columns off, or add zeros where a number is negative."""
    rows, columns = y.shape[2] - top - bottom, y.shape[3] - left - right
    if rows < 1 or columns < 1:
        raise ValueError("nothing is left")
    return _frame(y, -top, -bottom, -left, -right)


def _cropped_by(of):
    """Return an answer that cuts off `of(padding)`: at the top and left, and at the bottom and right."""

    def wrong(x, w, s, p):
        before, after = of(p)
        return _cropped(_transpose(x, w, None, s), before, after, before, after)

    return _stamps_answer(wrong)


def _sliced_to_minus_padding(x, w, s, p):
    """Cut with [p:-p], which leaves nothing for p = 0."""
    y = _transpose(x, w, None, s)
    return y[..., p:-p, p:-p] if p else y[..., :0, :0]


def _stretched(x, s, after_last=False):
    """Put s − 1 zeros between neighbours, and behind the last one, too, if asked for."""
    (n, c, h, w) = x.shape
    y = x.new_zeros(n, c, h * s, w * s)
    y[..., ::s, ::s] = x
    return y if after_last else y[..., : (h - 1) * s + 1, : (w - 1) * s + 1]


def _slid_over(stretched, w, padding):
    """Slide the flipped kernels over what has been stretched already."""
    return _conv2d(stretched, w.transpose(0, 1).flip(2, 3), padding=padding)


def _full_padding(w, p):
    return w.shape[2] - 1 - p, w.shape[3] - 1 - p


def _not_added(pixel_by_pixel):
    """Return sums in which the copies of a kernel replace one another where they overlap."""

    def wrong(x, w, s, p):
        n, _, rows, columns = x.shape
        h, b = w.shape[2:]
        y = x.new_zeros(n, w.shape[1], (rows - 1) * s + h, (columns - 1) * s + b)
        if pixel_by_pixel:
            for i in range(rows):
                for j in range(columns):
                    y[:, :, i * s : i * s + h, j * s : j * s + b] = _transpose(x[:, :, i : i + 1, j : j + 1], w)
        else:
            for u in range(h):
                for v in range(b):
                    y[:, :, u : u + rows * s : s, v : v + columns * s : s] = _transpose(x, w[:, :, u : u + 1, v : v + 1])
        return _cropped(y, p, p, p, p)

    return wrong


def _only_channel(x, w, which):
    return x[:, which : which + 1 or None], w[which : which + 1 or None]


def _per_channel(x, w, s, p):
    """Return what each input channel adds to the sums, (N, C_in, C_out, OH, OW)."""
    import torch

    return torch.stack([_transpose(x[:, c : c + 1], w[c : c + 1], None, s, p) for c in range(x.shape[1])], 1)


def _stride_in_the_size_only(x, w, s, p):
    rows, columns = x.shape[2:]
    y = _frame(_transpose(x, w), 0, (rows - 1) * (s - 1), 0, (columns - 1) * (s - 1))
    return _cropped(y, p, p, p, p)


def _cropped_to_same(x, w, s, p):
    """Keep as many outputs as there are pixels in the stretched maps, the extra tap of an even kernel at the end."""
    full = _transpose(x, w, None, s)
    top, left = (w.shape[2] - 1) // 2, (w.shape[3] - 1) // 2
    return _cropped(full, top, w.shape[2] - 1 - top, left, w.shape[3] - 1 - left)


def _bias_with_each(count):
    """Return an answer that adds the bias `count(x, w, stride, padding)` times."""

    def answer(x, w, b=None, stride=1, padding=0):
        y = _transpose(x, w, None, stride, padding)
        return y if b is None else y + b[:, None, None] * count(x, w, stride, padding)

    return answer


def _bias_taken_for(of):
    """Return an answer that takes `of(b)` for the bias."""

    def answer(x, w, b=None, stride=1, padding=0):
        return _transpose(x, w, None if b is None else of(b), stride, padding)

    return answer


def _copies(x, w, s, p):
    """Count the copies of a kernel that meet in each output."""
    return _transpose(x.new_ones(1, 1, *x.shape[2:]), w.new_ones(1, 1, *w.shape[2:]), None, s, p)


def _stamps_where_square(is_oblong):
    """Return an answer that raises where `is_oblong(x, w)`, and is right elsewhere."""

    def wrong(x, w, s, p):
        if is_oblong(x, w):
            raise ValueError("here such an answer raises")
        return _transpose(x, w, None, s, p)

    return _stamps_answer(wrong)


def _mean_of_copies(x, w, s, p):
    """Divide by the number of copies that meet in an output."""
    return _transpose(x, w, None, s, p) / _copies(x, w, s, p).clamp(min=1)


def _transposed_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (
        np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, -1.0]]]]),
        np.array([[[[1.0, 2.0], [0.0, 3.0]], [[0.0, 0.0], [1.0, 0.0]]]]),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        Case((_values(rng, n, c, 4, 6), _values(rng, c, k, 3, 3))),
        Case((_values(rng, 2, 3, 5, 4), _values(rng, 3, 4, 2, 4)), note="even kernels, wider than high"),
        Case((_values(rng, 4, 2, 3, 5), _values(rng, 2, 3, 5, 2)), note="kernels higher than wide"),
        Case((_values(rng, 2, 3, 4, 5), _values(rng, 3, 3, 3, 3)), note="as many channels out as in"),
        Case((_values(rng, n, 4, 4, 4), _values(rng, 4, 2, 3, 3)), note="square maps and square kernels"),
        Case((_values(rng, 1, 1, 5, 3), _values(rng, 1, 3, 3, 2)), note="a batch of one, with one channel"),
        Case((_values(rng, 3, 4, 1, 1), _values(rng, 4, 2, 3, 4)), note="maps of one pixel: one copy of each kernel"),
        Case((_values(rng, 3, 4, 4, 5), _values(rng, 4, 2, 1, 1)), note="kernels of 1 x 1: they only mix channels"),
        Case((strided(rng, 2, 3, 4, 5), strided(rng, 3, 4, 3, 2)), note="inputs that are not contiguous in memory"),
        Case((_values(rng, n, c, 5, 4, dtype="float32"), _values(rng, c, k, 3, 4, dtype="float32")), note="float32"),
    ]


def _transposed_bias_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.array([[[[1.0, 2.0]]]]), np.array([[[[1.0, 3.0]], [[0.0, 1.0]]]]), np.array([10.0, 20.0])),
            note="small enough to do by hand",
        ),
        Case((_values(rng, 3, c, 4, 5), _values(rng, c, k, 3, 2)), {"b": _values(rng, k)}),
        Case(
            (_values(rng, 2, 4, 3, 2), _values(rng, 4, 4, 2, 3)), {"b": _values(rng, 4)}, note="as many columns as channels out"
        ),
        Case((_values(rng, 2, 3, 4, 3), _values(rng, 3, 5, 3, 3)), {"b": _values(rng, 5), "stride": 2}, note="with a stride"),
        Case((_values(rng, 2, 2, 4, 5), _values(rng, 2, 3, 3, 3)), {"b": None}, note="a bias of None"),
        Case(
            (_values(rng, 2, c, 5, 4, dtype="float32"), _values(rng, c, k, 2, 3, dtype="float32")),
            {"b": _values(rng, k, dtype="float32"), "padding": 2},
            note="float32, with padding",
        ),
    ]


def _transposed_strided_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (
                np.array([[[[1.0, 2.0], [3.0, -1.0]]]]),
                np.array([[[[1.0, 2.0, 1.0], [0.0, 3.0, 5.0]], [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]]),
            ),
            {"stride": 2},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, c, 4, 6), _values(rng, c, k, 3, 3)), {"stride": 2}),
        Case((_values(rng, 2, 3, 5, 3), _values(rng, 3, 2, 4, 4)), {"stride": 2}, note="a stride that divides the kernel"),
        Case((_values(rng, 2, 3, 3, 4), _values(rng, 3, 2, 2, 2)), {"stride": 2}, note="copies that touch and do not overlap"),
        Case((_values(rng, 2, 2, 3, 4), _values(rng, 2, 3, 2, 2)), {"stride": 4}, note="copies with gaps between them"),
        Case((_values(rng, 3, 2, 4, 3), _values(rng, 2, 3, 5, 4)), {"stride": 3}),
        Case((_values(rng, 2, 2, 1, 5), _values(rng, 2, 3, 3, 3)), {"stride": 2}, note="maps of one row"),
        Case((_values(rng, 2, 3, 3, 4), _values(rng, 3, 3, 3, 2)), {"stride": 2}, note="as many channels out as in"),
        Case((strided(rng, 2, 3, 4, 3), strided(rng, 3, 4, 3, 2)), {"stride": 2}, note="inputs that are not contiguous"),
        Case(
            (_values(rng, 2, c, 4, 5, dtype="float32"), _values(rng, c, k, 3, 4, dtype="float32")),
            {"stride": 3},
            note="float32",
        ),
    ]


def _transposed_padded_cases(rng):
    c, k = integer(rng, 2, 3), integer(rng, 4, 5)
    return [
        Case(
            (np.array([[[[1.0, 2.0, 0.0], [3.0, 1.0, -1.0]]]]), np.array([[[[1.0, 2.0], [0.0, 3.0]], [[0.0, 0.0], [1.0, 0.0]]]])),
            {"padding": 1},
            note="small enough to do by hand",
        ),
        Case((_values(rng, 2, c, 5, 6), _values(rng, c, k, 5, 5)), {"padding": 2}, note="padding that keeps the size"),
        Case((_values(rng, 2, 3, 6, 5), _values(rng, 3, 2, 4, 3)), {"padding": 2}),
        Case((_values(rng, 3, 2, 5, 7), _values(rng, 2, 3, 3, 4)), {"padding": 1, "stride": 2}, note="stride and padding"),
        Case((_values(rng, 2, 4, 4, 3), _values(rng, 4, 2, 4, 4)), {"padding": 1, "stride": 2}, note="twice the size"),
        Case(
            (_values(rng, 2, 2, 5, 6), _values(rng, 2, 4, 2, 3)),
            {"padding": 3, "stride": 3},
            note="padding wider than the kernel",
        ),
        Case((_values(rng, 2, 2, 6, 5), _values(rng, 2, 3, 5, 6)), {"padding": 3}, note="padding of 3"),
        Case((_values(rng, 2, 3, 4, 5), _values(rng, 3, 3, 2, 3)), {"padding": 1}, note="as many channels out as in"),
        Case(
            (_values(rng, 2, 2, 4, 5), _values(rng, 2, 5, 3, 4), _values(rng, 5), 3, 2),
            note="bias, stride 3 and padding 2, given by position",
        ),
        Case(
            (_values(rng, 2, c, 5, 4, dtype="float32"), _values(rng, c, k, 3, 3, dtype="float32")),
            {"padding": 1, "stride": 2},
            note="float32",
        ),
    ]


def _transposed_errors(rng):
    c = integer(rng, 3, 4)
    x, w = _values(rng, 2, c, 4, 5), _values(rng, c, 2, 3, 3)
    return [
        Case((x, _values(rng, c + 1, 2, 3, 3)), note="kernels for more channels than there are", raises=ValueError),
        Case((x, _values(rng, 2, c, 3, 3)), note="channels out and in exchanged in w", raises=ValueError),
        Case((x, _values(rng, 1, 2, 3, 3)), note="kernels for one channel, maps with more", raises=ValueError),
        Case((x, w), {"stride": 0}, note="a stride of 0", raises=ValueError),
        Case((x, w), {"stride": -1}, note="a negative stride", raises=ValueError),
        Case((x, w), {"padding": -1}, note="negative padding", raises=ValueError),
        Case((x, w), {"padding": 3}, note="padding that leaves no row of the result", raises=ValueError),
        Case((x, w), {"padding": 5}, note="padding that cuts off more than there is", raises=ValueError),
        Case((x, w), {"padding": 2}, note="padding that leaves two rows, which is possible", only_returns=True),
        Case((x, _values(rng, c, 2, 7, 8)), note="kernels larger than the maps, which is possible", only_returns=True),
    ]


def _transposed_window(index, x, w, b=None, stride=1, padding=0):
    """Return the pixels whose copies of the kernel reach an output, and the weights of their shares."""
    sample, kernel, i, j = index

    def reached(place, n, k):
        return [m for m in range(n) if 0 <= place + padding - m * stride < k]

    rows, columns = reached(i, x.shape[2], w.shape[2]), reached(j, x.shape[3], w.shape[3])
    label = f"x[{sample}, :], rows {rows}, columns {columns}, whose copies of the kernel meet here"
    pieces = [(label, x[sample][:, rows][:, :, columns]), (f"w[:, {kernel}]", w[:, kernel])]
    return pieces if b is None else [*pieces, (f"b[{kernel}]", b[kernel])]


CONV2D_TRANSPOSE = Exercise(
    name="conv2d_transpose",
    signature="conv2d_transpose(x, w, b=None, stride=1, padding=0)",
    reference=on_torch(_transpose),
    parts=(
        Part("conv2d_transpose", _transposed_cases),
        Part("conv2d_transpose_bias", _transposed_bias_cases),
        Part("conv2d_transpose_strided", _transposed_strided_cases),
        Part("conv2d_transpose_padded", _transposed_padded_cases),
        Part("conv2d_transpose_errors", _transposed_errors),
    ),
    terms=lambda x, w, *args, **kwargs: w[:, 0].size + 1,
    window=_transposed_window,
    mistakes=(
        *ways(
            "kernel_not_flipped",
            "Your copies of the kernel are upside down: each input leaves the kernel as it is. (If you slide a window over x, "
            "with zeros between its pixels, then it is for this window that the kernel must be flipped.)",
            TRANSPOSED,
            _stamps_of(lambda w: w.flip(2, 3)),
            _stamps_of(lambda w: w.flip(2)),
            _stamps_of(lambda w: w.flip(3)),
        ),
        *ways(
            "kernel_axes_swapped",
            "The axes of w are mixed up: w[c, k] is the kernel from input channel c to output channel k, rows before columns.",
            TRANSPOSED,
            _stamps_of(lambda w: w.transpose(0, 1)),
            _stamps_of(lambda w: w.transpose(2, 3)),
            _stamps_of(lambda w: w.transpose(0, 1).reshape(w.shape)),
            _stamps_answer(lambda x, w, s, p: _transpose(x, w[:, : x.shape[1]].transpose(0, 1), None, s, p)),
        ),
        *ways(
            "forward_for_transposed",
            "You gather: this is an ordinary convolution, which shrinks. Here each input leaves a copy of the kernel.",
            TRANSPOSED,
            _stamps_answer(lambda x, w, s, p: _conv2d(x, w.transpose(0, 1), None, s, p)),
            _stamps_answer(lambda x, w, s, p: _conv2d(x, w, None, s, p)),
        ),
        *ways(
            "overlaps_not_added",
            "Where copies of the kernel overlap, the last one replaces the others: add them up.",
            TRANSPOSED,
            _stamps_answer(_not_added(pixel_by_pixel=True)),
            _stamps_answer(_not_added(pixel_by_pixel=False)),
        ),
        *ways(
            "mean_not_sum",
            "You take a mean, over the channels or over the copies that overlap: add them up.",
            TRANSPOSED,
            _stamps_answer(_mean_of_copies),
            _stamps_answer(lambda x, w, s, p: _transpose(x, w, None, s, p) / w.shape[0]),
            _stamps_answer(lambda x, w, s, p: _transpose(x, w, None, s, p) / (w.shape[2] * w.shape[3])),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one input channel only: it is the sum over all of them.",
            TRANSPOSED,
            _stamps_answer(lambda x, w, s, p: _transpose(*_only_channel(x, w, 0), None, s, p)),
            _stamps_answer(lambda x, w, s, p: _transpose(*_only_channel(x, w, -1), None, s, p)),
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the input channels apart: sum over them, so that its shape is (N, C_out, H', W').",
            TRANSPOSED,
            _stamps_answer(_per_channel),
        ),
        *ways(
            "stride_ignored",
            "The stride has no effect: neighbouring inputs leave their copies `stride` pixels apart.",
            TRANSPOSED,
            _stamps_answer(lambda x, w, s, p: _transpose(x, w, None, 1, p)),
        ),
        *ways(
            "stride_ignored",
            "The stride sets the size of your result, but the copies still lie one pixel apart: input i begins at i·stride.",
            TRANSPOSED,
            _stamps_answer(_stride_in_the_size_only),
        ),
        *ways(
            "output_padding_added",
            "Your result has rows and columns too many at the end: zeros go between the inputs, and not behind the last one.",
            TRANSPOSED,
            _stamps_answer(lambda x, w, s, p: _cropped(_slid_over(_stretched(x, s, True), w, _full_padding(w, 0)), p, p, p, p)),
        ),
        *ways(
            "repeat_for_zeros",
            "You repeat the pixels to enlarge the maps: between the pixels belong zeros.",
            TRANSPOSED,
            _stamps_answer(
                lambda x, w, s, p: _cropped(_transpose(x.repeat_interleave(s, 2).repeat_interleave(s, 3), w, None, 1), p, p, p, p)
            ),
            _stamps_answer(
                lambda x, w, s, p: _cropped(
                    _transpose(x.repeat_interleave(s, 2).repeat_interleave(s, 3), w, None, 1)[
                        ..., : 1 - s or None, : 1 - s or None
                    ],
                    p,
                    p,
                    p,
                    p,
                )
            ),
        ),
        *ways(
            "valid_for_full",
            "Your window stays inside the maps: it needs k − 1 − padding rows and columns of zeros around them.",
            TRANSPOSED,
            _stamps_answer(lambda x, w, s, p: _slid_over(_stretched(x, s), w, 0)),
            _stamps_answer(lambda x, w, s, p: _slid_over(_stretched(x, s), w, p)),
        ),
        *ways(
            "same_for_full",
            "Your result is as large as the maps with their zeros between: the copies of the kernel reach over the edges.",
            TRANSPOSED,
            _stamps_answer(_cropped_to_same),
        ),
        *ways(
            "padding_not_cropped",
            "The padding has no effect: it cuts `padding` rows and columns off each side of the result.",
            TRANSPOSED,
            _cropped_by(lambda p: (0, 0)),
        ),
        *ways(
            "padding_added",
            "You add zeros around: here padding undoes that of a convolution, so it cuts off rows and columns of the result.",
            TRANSPOSED,
            _cropped_by(lambda p: (-p, -p)),
            _stamps_answer(lambda x, w, s, p: _transpose(_frame(x, p, p, p, p), w, None, s)),
        ),
        *ways(
            "padding_one_side",
            "You cut on one side only: padding takes rows off the top and the bottom, columns off the left and the right.",
            TRANSPOSED,
            _cropped_by(lambda p: (p, 0)),
            _cropped_by(lambda p: (0, p)),
            _cropped_by(lambda p: (2 * p, 0)),
            _cropped_by(lambda p: (0, 2 * p)),
        ),
        *ways(
            "padding_halved",
            "You cut off half as much as asked for: each side loses `padding` rows or columns.",
            TRANSPOSED,
            _cropped_by(lambda p: (p // 2, p - p // 2)),
            _cropped_by(lambda p: (p // 2, p // 2)),
        ),
        *ways(
            "padding_doubled",
            "You cut off twice as much as asked for: each side loses `padding` rows or columns.",
            TRANSPOSED,
            _cropped_by(lambda p: (2 * p, 2 * p)),
        ),
        *ways(
            "slice_to_minus_zero",
            "Your slice ends at −padding, which is 0 without padding, so nothing is left: count its end from the front.",
            TRANSPOSED,
            _stamps_answer(_sliced_to_minus_padding),
        ),
        *ways(
            "one_output_too_few",
            "A row and a column are missing at the end: H inputs have H − 1 steps between them, and the last copy is k long.",
            TRANSPOSED,
            _stamps_changed(lambda y: y[..., :-1, :-1]),
        ),
        *ways(
            "one_output_too_many",
            "There is a row and a column too many: there are (H − 1)·stride + k − 2·padding rows.",
            TRANSPOSED,
            _stamps_changed(lambda y: _frame(y, 0, 1, 0, 1)),
        ),
        *ways(
            "bias_forgotten",
            "The bias is missing: add b[k] to every value of output channel k.",
            CHANNELS,
            lambda x, w, b=None, stride=1, padding=0: _transpose(x, w, None, stride, padding),
        ),
        *ways(
            "bias_per_window",
            "The bias is added more than once: add b[k] once to each output, when all copies have been added up.",
            CHANNELS,
            _bias_with_each(_copies),
            _bias_with_each(lambda x, w, s, p: x.new_full((1,), x.shape[1])),
            _bias_with_each(lambda x, w, s, p: x.new_full((1,), w.shape[2] * w.shape[3])),
            _bias_with_each(lambda x, w, s, p: x.shape[1] * _copies(x, w, s, p)),
        ),
        *ways(
            "bias_not_per_channel",
            "Every output channel gets the same bias: channel k gets b[k].",
            CHANNELS,
            _bias_taken_for(lambda b: b[:1].expand(b.shape)),
            _bias_taken_for(lambda b: b.sum().expand(b.shape)),
        ),
        *ways(
            "bias_wrong_axis",
            "The bias is added along the last axis: b[k] belongs to output channel k, so give it the shape (C_out, 1, 1) first.",
            CHANNELS,
            lambda x, w, b=None, stride=1, padding=0: _transpose(x, w, None, stride, padding) + (0 if b is None else b),
        ),
        *_made_from(RESULT_MISTAKES, _stamps_changed),
        *ways(
            "only_first_kernel",
            "Every output channel comes from one kernel: channel k is made with w[:, k].",
            TRANSPOSED,
            _stamps_of(lambda w: w[:, :1].expand(w.shape)),
        ),
        *ways(
            "last_tap_missing",
            "The last row or the last column of the kernels is never used: a range leaves out its end.",
            TRANSPOSED,
            _stamps_of(lambda w: w - _kept(w, ..., np.s_[-1:], np.s_[:])),
            _stamps_of(lambda w: w - _kept(w, ..., np.s_[-1:])),
            _stamps_of(lambda w: _kept(w, ..., np.s_[:-1], np.s_[:-1])),
        ),
        *ways(
            "height_width_swapped",
            "Your function works only where everything is square: heights and widths are exchanged, or one is used for both.",
            TRANSPOSED,
            _stamps_where_square(lambda x, w: x.shape[2] != x.shape[3]),
            _stamps_where_square(lambda x, w: w.shape[2] != w.shape[3]),
            _stamps_where_square(lambda x, w: _is_oblong(x, w.shape[2:])),
        ),
        # Behind the others: it is recognised by what it says, and which cases have a bias says little.
        Mistake(
            "bias_truth_tested",
            "`if b:` and `if b != None:` ask an array of several values whether it is true, which has no answer: write "
            "`if b is not None:`.",
            CHANNELS,
            _bias_truth_tested(_transpose),
        ),
    ),
)


# depthwise_separable


def _depthwise(x, w_depth):
    return _conv2d(x, w_depth, groups=x.shape[1])


def _separable(x, w_depth, w_point):
    return _conv2d(_depthwise(x, w_depth), w_point)


def _depth_changed(change):
    return lambda x, w_depth, w_point: _separable(x, change(w_depth), w_point)


def _between(change):
    """Return an answer that does something between the two layers."""
    return lambda x, w_depth, w_point: _conv2d(change(_depthwise(x, w_depth)), w_point)


def _point_first(x, w_depth, w_point):
    y = _conv2d(x, w_point)
    if y.shape[1] != len(w_depth):
        raise ValueError("the numbers of channels do not fit")
    return _depthwise(y, w_depth)


def _only_for_one_channel(x, w_depth, w_point):
    if x.shape[1] > 1:
        raise ValueError("here such an answer raises")
    return _separable(x, w_depth, w_point)


def _same_size(x, w_depth):
    h, b = w_depth.shape[2:]
    return _depthwise(_frame(x, (h - 1) // 2, h // 2, (b - 1) // 2, b // 2), w_depth)


def _separable_cases(rng):
    n, c, k = integer(rng, 2, 3), integer(rng, 2, 3), integer(rng, 4, 5)
    by_hand = (
        np.array([[[[1.0, 2.0, 0.0]], [[3.0, -1.0, 1.0]]]]),
        np.array([[[[1.0, 2.0]]], [[[0.0, 1.0]]]]),
        np.array([[1.0, 1.0], [2.0, -1.0], [0.0, 3.0]]).reshape(3, 2, 1, 1),
    )
    return [
        Case(by_hand, note="small enough to do by hand"),
        Case((_values(rng, n, c, 7, 6), _values(rng, c, 1, 3, 3), _values(rng, k, c, 1, 1))),
        Case((_values(rng, 2, 4, 6, 8), _values(rng, 4, 1, 2, 4), _values(rng, 3, 4, 1, 1)), note="kernels wider than high"),
        Case((_values(rng, 3, 2, 8, 5), _values(rng, 2, 1, 5, 2), _values(rng, 5, 2, 1, 1)), note="kernels higher than wide"),
        Case((_values(rng, 2, 3, 6, 6), _values(rng, 3, 1, 3, 3), _values(rng, 3, 3, 1, 1)), note="as many channels out as in"),
        Case((_values(rng, 2, 4, 5, 7), _values(rng, 4, 1, 2, 3), _values(rng, 4, 4, 1, 1)), note="as many channels out as in"),
        Case(
            (_values(rng, 2, 3, 4, 6), _values(rng, 3, 1, 4, 6), _values(rng, 2, 3, 1, 1)), note="kernels as large as the images"
        ),
        Case((_values(rng, 2, 1, 5, 6), _values(rng, 1, 1, 3, 2), _values(rng, 3, 1, 1, 1)), note="one channel"),
        Case(
            (strided(rng, 2, 3, 5, 6), strided(rng, 3, 1, 2, 3), _values(rng, 4, 3, 1, 1)), note="inputs that are not contiguous"
        ),
        Case(
            (
                _values(rng, n, c, 6, 7, dtype="float32"),
                _values(rng, c, 1, 3, 3, dtype="float32"),
                _values(rng, k, c, 1, 1, dtype="float32"),
            ),
            note="float32",
        ),
    ]


def _separable_errors(rng):
    c, h = integer(rng, 3, 4), integer(rng, 4, 6)
    x, depth, point = _values(rng, 2, c, h, h + 2), _values(rng, c, 1, 3, 3), _values(rng, 5, c, 1, 1)
    return [
        Case((x, _values(rng, c + 1, 1, 3, 3), point), note="a depthwise kernel too many", raises=ValueError),
        Case((x, _values(rng, c - 1, 1, 3, 3), point), note="a depthwise kernel too few", raises=ValueError),
        Case((x, depth, _values(rng, 5, c + 1, 1, 1)), note="pointwise kernels for one channel more", raises=ValueError),
        Case((x, _values(rng, c, 1, h + 1, 3), point), note="kernels one row higher than the images", raises=ValueError),
        Case((x, _values(rng, c, 1, 3, h + 3), point), note="kernels one column wider than the images", raises=ValueError),
        Case(
            (x, _values(rng, c, 1, h, h + 2), point), note="kernels as large as the images, which is possible", only_returns=True
        ),
    ]


def _separable_window(index, x, w_depth, w_point):
    sample, kernel, i, j = index
    h, b = w_depth.shape[2:]
    return [
        (f"x[{sample}, :, {i}:{i + h}, {j}:{j + b}]", x[sample, :, i : i + h, j : j + b]),
        ("w_depth", w_depth),
        (f"w_point[{kernel}, :, 0, 0]", w_point[kernel, :, 0, 0]),
    ]


DEPTHWISE_SEPARABLE = Exercise(
    name="depthwise_separable",
    signature="depthwise_separable(x, w_depth, w_point)",
    reference=on_torch(_separable),
    parts=(
        Part("depthwise_separable", _separable_cases),
        Part("depthwise_separable_errors", _separable_errors),
    ),
    # The sums of the first layer are terms of the second one, and so are their rounding errors.
    terms=lambda x, w_depth, w_point: w_depth[0].size * x.shape[1] * 3,
    window=_separable_window,
    mistakes=(
        *ways(
            "activation_in_between",
            "You put an activation between the two layers: here there is nothing between them.",
            GROUPS,
            _between(lambda y: y.clamp(min=0)),
        ),
        *ways(
            "channels_summed_early",
            "Your first layer adds up the channels: a depthwise layer keeps each channel apart, the pointwise one mixes them.",
            GROUPS,
            _between(lambda y: y.sum(1, keepdim=True).expand(y.shape)),
        ),
        *ways(
            "only_first_kernel",
            "You use one depthwise kernel for all channels: channel c has its own, w_depth[c].",
            GROUPS,
            _depth_changed(lambda w: w[:1].expand(w.shape)),
            _depth_changed(lambda w: w[-1:].expand(w.shape)),
        ),
        *ways(
            "pointwise_first",
            "Your layers are in the wrong order: depthwise first, on the C channels of x, then pointwise.",
            GROUPS,
            _point_first,
        ),
        *ways(
            "pointwise_missing",
            "You return what the depthwise layer makes: the pointwise layer, which mixes the channels, is missing.",
            GROUPS,
            lambda x, w_depth, w_point: _depthwise(x, w_depth),
        ),
        *ways(
            "depthwise_missing",
            "Your result has not seen the depthwise kernels: they come first, then the pointwise ones.",
            GROUPS,
            lambda x, w_depth, w_point: _conv2d(x, w_point),
        ),
        *ways(
            "channels_not_summed",
            "Each output holds one channel only: the pointwise layer sums over all of them.",
            GROUPS,
            lambda x, w_depth, w_point: _conv2d(_depthwise(x, w_depth)[:, :1], w_point[:, :1]),
            lambda x, w_depth, w_point: _conv2d(_depthwise(x, w_depth)[:, -1:], w_point[:, -1:]),
        ),
        *ways(
            "channels_not_summed",
            "Your result keeps the channels apart: the pointwise layer sums over them, so that the shape is (N, K, H', W').",
            GROUPS,
            lambda x, w_depth, w_point: w_point * _depthwise(x, w_depth).unsqueeze(1),
        ),
        *ways(
            "mean_not_sum",
            "You take the mean over the channels or the taps: it is their sum that is asked for.",
            GROUPS,
            lambda x, w_depth, w_point: _separable(x, w_depth, w_point) / x.shape[1],
            _depth_changed(lambda w: w / w[0].numel()),
        ),
        *ways(
            "same_for_valid",
            "Your result is as large as the images: there is no padding here.",
            STRIDE,
            lambda x, w_depth, w_point: _conv2d(_same_size(x, w_depth), w_point),
        ),
        *ways(
            "kernel_axes_swapped",
            "The first two axes of w_point are mixed up: w_point[k, c] is the weight of channel c in output channel k.",
            GROUPS,
            lambda x, w_depth, w_point: _separable(x, w_depth, w_point.transpose(0, 1)),
            lambda x, w_depth, w_point: _separable(x, w_depth, w_point.transpose(0, 1).reshape(w_point.shape)),
        ),
        *_made_from(KERNEL_MISTAKES[:2], _depth_changed),
        *_made_from(KERNEL_MISTAKES[3:], _depth_changed),
        *_made_from(RESULT_MISTAKES, lambda change: lambda *args: change(_separable(*args))),
        *ways(
            "one_output_too_few",
            "A row and a column of outputs are missing: the window fits H − kh + 1 times from top to bottom.",
            SIZE,
            lambda x, w_depth, w_point: _separable(x, w_depth, w_point)[..., :-1, :-1],
        ),
        *ways(
            "one_output_too_many",
            "There is a row and a column of outputs too many: the window fits H − kh + 1 times from top to bottom.",
            SIZE,
            lambda x, w_depth, w_point: _frame(_separable(x, w_depth, w_point), 0, 1, 0, 1),
        ),
        *ways(
            None,
            "Your function fails as soon as there is more than one channel: the kernel of channel c is w_depth[c, 0], and its "
            "weight in output channel k is w_point[k, c, 0, 0].",
            GROUPS,
            _only_for_one_channel,
        ),
    ),
)

EXERCISES = (
    OUTPUT_SIZE,
    PARAMETER_COUNT,
    MACS,
    RECEPTIVE_FIELD,
    IM2COL,
    CONV2D,
    CONV2D_TRANSPOSE,
    DEPTHWISE_SEPARABLE,
)
