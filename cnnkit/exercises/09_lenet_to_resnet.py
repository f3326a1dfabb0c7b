"""Topic 09: from LeNet-5 to ResNet-18.

The reference and every mistake are made by one builder an exercise, whose options are the mistakes.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises import building
from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.building import LONGEST_SUM, NOT_REGISTERED, SHARED, case, network, parameter_case, remembering, sequence
from cnnkit.exercises.drawing import integer, normal
from cnnkit.exercises.probes import networks

# Headings of lecture 09.
LENET, VGG, POINTWISE, INCEPTION = "LeNet-5", "VGG: 3×3 and nothing else", "1×1 convolutions", "Inception"
RESIDUAL, BOTTLENECK, GRADIENTS, RESNET = "Residual blocks", "The bottleneck", "Gradients in deep networks", "ResNet-18"
COMMON = "Common mistakes"

FORBIDDEN = ("torchvision.models", "timm", "torch.hub", "cnnkit.exercises", "cnnkit.backbones")

BIAS_FORGOTTEN = "Biases are missing: the layers of this network have them, as nn.Conv2d and nn.Linear make them by default."
SOFTMAX = "Your network ends with a softmax, but cross-entropy contains it already: return the logits."
MEAN = "You pool with the mean where the maximum is asked for."
NORMALISED = "There is a batch norm that this block, which is older, does not have."
CLASSES = "The number of classes has no effect: it is the size of the last layer."
PADDING = "The 3×3 convolutions have no padding, so they cut off a border: with padding 1 height and width stay."

_exercise = functools.partial(building.exercise, forbids=FORBIDDEN)

# LeNet5


def _lenet(
    classes: int = 10,
    active: tuple[bool, bool, bool, bool] = (True, True, True, True),
    activation: str = "ReLU",
    end: tuple[Any, ...] = (),
    padding: int = 0,
    convolution_bias: bool = True,
    dense_bias: bool = True,
    pools: tuple[str | None, str | None] = ("MaxPool2d", "MaxPool2d"),
    flat: int = 400,
    units: tuple[int, ...] = (120, 84),
    listed: tuple[str, ...] = (),
    outputs: int | None = None,
) -> Any:
    """Build LeNet-5; `active` says of each of the four activations whether it is there."""
    from torch import nn

    layers = []
    for channels, kernels, pool, there in ((1, 6, pools[0], active[0]), (6, 16, pools[1], active[1])):
        layers.append(nn.Conv2d(channels, kernels, 5, padding=padding, bias=convolution_bias))
        layers += [getattr(nn, activation)()] if there else []
        layers += [getattr(nn, pool)(2)] if pool else []
    layers.append(nn.Flatten())
    size = flat
    for width, there in zip(units, active[2:], strict=False):
        layers.append(nn.Linear(size, width, bias=dense_bias))
        layers += [getattr(nn, activation)()] if there else []
        size = width
    layers.append(nn.Linear(size, outputs or classes, bias=dense_bias))
    layers += [getattr(nn, name)(*more) for name, *more in end]
    return sequence(layers, tuple(getattr(nn, name) for name in listed))


def _lenet_cases(rng):
    return [
        case(rng, (), (2, 1, 32, 32)),
        case(rng, (integer(rng, 3, 7),), (3, 1, 32, 32), "another number of classes"),
        case(rng, (), (1, 1, 32, 32), "one image, classes by name", {"classes": integer(rng, 11, 15)}),
    ]


def _lenet_training_cases(rng):
    return [
        case(rng, (), (3, 1, 32, 32), training=True),
        case(rng, (integer(rng, 3, 7),), (2, 1, 32, 32), training=True),
    ]


def _lenet_parameter_cases(rng):
    return [
        parameter_case(_lenet, (), "ten classes"),
        parameter_case(_lenet, (integer(rng, 3, 7),)),
        parameter_case(_lenet, (), classes=integer(rng, 11, 15)),
    ]


LENET5 = _exercise(
    "LeNet5",
    "LeNet5(classes=10)",
    _lenet,
    (
        Part("LeNet5", _lenet_cases),
        Part("LeNet5_training", _lenet_training_cases),
        Part("LeNet5_parameters", _lenet_parameter_cases),
    ),
    (
        "same_for_valid",
        "Your convolutions keep the size, so the first dense layer gets 8·8·16 = 1024 values: LeNet-5 pads nothing, 32 → 28 → 14 "
        "→ 10 → 5, which leaves 5·5·16 = 400.",
        LENET,
        {"padding": 2, "flat": 1024},
    ),
    (
        "pool_forgotten",
        "A pooling layer is missing: after each of the two convolutions a 2×2 maximum halves height and width.",
        LENET,
        {"pools": ("MaxPool2d", None), "flat": 1600},
        {"pools": (None, "MaxPool2d"), "flat": 2304},
        {"pools": (None, None), "flat": 9216},
    ),
    (
        "activation_missing",
        "An activation is missing: without a ReLU after it, a layer and the next one are together no more than one linear layer.",
        LENET,
        *({"active": tuple(i != missing for i in range(4))} for missing in range(4)),
        {"active": (False, False, True, True)},
        {"active": (True, True, False, False)},
        {"active": (False, False, False, False)},
    ),
    (
        "activation_on_logits",
        "Your network ends with an activation, so a logit cannot be negative: return what the last dense layer gives.",
        COMMON,
        {"end": (("ReLU",),)},
    ),
    ("softmax_at_the_end", SOFTMAX, COMMON, {"end": (("Softmax", 1),)}, {"end": (("LogSoftmax", 1),)}),
    (
        "sigmoid_at_the_end",
        "Your network ends with a sigmoid for each class: the classes exclude each other, so return the logits.",
        COMMON,
        {"end": (("Sigmoid",),)},
    ),
    (
        "bias_forgotten",
        BIAS_FORGOTTEN,
        LENET,
        {"convolution_bias": False},
        {"dense_bias": False},
        {"convolution_bias": False, "dense_bias": False},
    ),
    ("mean_for_maximum", MEAN, LENET, {"pools": ("AvgPool2d", "AvgPool2d")}),
    (
        None,
        "Your activation is another one than the ReLU that is asked for. (In 1998 it was a scaled tanh.)",
        LENET,
        {"activation": "Tanh"},
        {"activation": "Sigmoid"},
    ),
    (
        None,
        "This is LeNet-5 as it was in 1998, with tanh and means: here it has ReLU and the maximum of 2×2.",
        LENET,
        {"activation": "Tanh", "pools": ("AvgPool2d", "AvgPool2d")},
    ),
    (
        "dense_layer_missing",
        "A dense layer is missing: 400 → 120 → 84 → classes are three of them.",
        LENET,
        {"units": (120,)},
        {"units": (84,)},
        {"units": ()},
    ),
    ("classes_ignored", CLASSES, LENET, {"outputs": 10}),
    (
        "layers_not_registered",
        NOT_REGISTERED,
        COMMON,
        {"listed": ("Conv2d", "Linear")},
        {"listed": ("Conv2d",)},
        {"listed": ("Linear",)},
    ),
)

# vgg_block


def _vgg_block(
    n: int,
    c_in: int,
    c_out: int,
    padding: int = 1,
    bias: bool = True,
    activations: str = "all",
    pool: str | None = "MaxPool2d",
    pools_inside: bool = False,
    shared: bool = False,
    handed_on: bool = True,
    too_many: int = 0,
    batch_norm: bool = False,
    last_stride: int = 1,
    listed: tuple[str, ...] = (),
) -> Any:
    from torch import nn

    n += too_many
    layers, inner = [], None
    for i in range(n):
        convolution = nn.Conv2d(
            c_in if i == 0 or not handed_on else c_out,
            c_out,
            3,
            stride=last_stride if i == n - 1 else 1,
            padding=padding,
            bias=bias,
        )
        if shared and (i > 0 or c_in == c_out):
            convolution = inner = inner or convolution
        layers.append(convolution)
        layers += [nn.BatchNorm2d(c_out)] if batch_norm else []
        wanted = {"all": True, "last": i == n - 1, "not last": i < n - 1, "none": False}[activations]
        layers += [nn.ReLU()] if wanted else []
        layers += [nn.MaxPool2d(2)] if pools_inside and i < n - 1 else []
    layers += [getattr(nn, pool)(2)] if pool else []
    return sequence(layers, tuple(getattr(nn, name) for name in listed))


def _vgg_cases(rng):
    return [
        case(rng, (1, 1, 2), (1, 1, 4, 4), "one convolution"),
        case(rng, (2, 3, 4), (2, 3, 8, 12)),
        case(rng, (3, 2, integer(rng, 4, 6)), (2, 2, 17, 20), "three convolutions, an odd height"),
        case(rng, (2, 3, 3), (2, 3, 8, 10), "as many channels out as in"),
        case(rng, (4, 5, 2), (1, 5, 16, 20), "four convolutions, fewer channels out than in"),
    ]


def _vgg_training_cases(rng):
    return [
        case(rng, (2, 3, 4), (2, 3, 8, 12), training=True),
        case(rng, (3, 2, 5), (2, 2, 16, 18), training=True),
        case(rng, (1, 4, 3), (2, 4, 6, 7), training=True),
    ]


def _vgg_parameter_cases(rng):
    return [
        parameter_case(_vgg_block, (1, 2, 3), "one convolution"),
        parameter_case(_vgg_block, (2, 3, 64)),
        parameter_case(_vgg_block, (4, integer(rng, 7, 9), 16)),
        parameter_case(_vgg_block, (3, 8, 8), "as many channels out as in"),
    ]


VGG_BLOCK = _exercise(
    "vgg_block",
    "vgg_block(n, c_in, c_out)",
    _vgg_block,
    (
        Part("vgg_block", _vgg_cases),
        Part("vgg_block_training", _vgg_training_cases),
        Part("vgg_block_parameters", _vgg_parameter_cases),
    ),
    ("pool_forgotten", "The pooling is missing: a 2×2 maximum ends the block and halves height and width.", VGG, {"pool": None}),
    (
        "pool_in_the_loop",
        "You pool after every convolution: a VGG block pools once, after the last.",
        VGG,
        {"pools_inside": True},
    ),
    ("mean_for_maximum", MEAN, VGG, {"pool": "AvgPool2d"}),
    ("padding_ignored", PADDING, VGG, {"padding": 0}),
    (
        "activation_missing",
        "Not every convolution is followed by a ReLU: two without one in between are together just a larger linear filter.",
        VGG,
        {"activations": "last"},
        {"activations": "not last"},
        {"activations": "none"},
    ),
    ("shared_layer", SHARED, COMMON, {"shared": True}),
    (
        "channels_not_handed_on",
        "Every convolution expects c_in channels, but from the second on each gets the c_out channels of the one before.",
        VGG,
        {"handed_on": False},
    ),
    ("one_layer_too_many", "There is one convolution too many: n counts all of them, the first included.", VGG, {"too_many": 1}),
    ("one_layer_too_few", "There is one convolution too few: n counts all of them, the first included.", VGG, {"too_many": -1}),
    ("bias_forgotten", BIAS_FORGOTTEN, VGG, {"bias": False}),
    ("batch_norm_added", NORMALISED, VGG, {"batch_norm": True}, {"batch_norm": True, "bias": False}),
    (
        "stride_for_pooling",
        "Your last convolution halves the size by its stride: here a 2×2 maximum does it.",
        VGG,
        {"last_stride": 2, "pool": None},
    ),
    ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": ("Module",)}),
)

# InceptionBlock


def _inception(
    c_in: int,
    c1: int,
    c3: tuple[int, int],
    c5: tuple[int, int],
    cp: int,
    order: tuple[int, ...] = (0, 1, 2, 3),
    axis: int = 1,
    reduced: bool = True,
    swapped: bool = False,
    inner: bool = True,
    outer: bool = True,
    last: bool = True,
    pool: str = "maximum",
    projected: bool = True,
    pool_first: bool = True,
    pool_stride: int = 1,
    padded: bool = True,
    bias: bool = True,
    batch_norm: bool = False,
    five: int = 5,
    added: bool = False,
    chained: bool = False,
    listed: bool = False,
) -> Any:
    import torch
    from torch import nn

    def convolution(channels, kernels, k=1, active=True):
        layers = [nn.Conv2d(channels, kernels, k, padding=k // 2 if padded else 0, bias=bias)]
        layers += [nn.BatchNorm2d(kernels)] if batch_norm else []
        return nn.Sequential(*layers, *([nn.ReLU()] if active else []))

    def reduction(widths, k):
        narrow, wide = reversed(widths) if swapped else widths
        if not reduced:
            return convolution(c_in, wide, k, outer)
        return nn.Sequential(convolution(c_in, narrow, 1, inner), convolution(narrow, wide, k, outer))

    around = {"maximum": nn.MaxPool2d, "mean": nn.AvgPool2d}
    pooling = around[pool](3, pool_stride, padding=1) if pool in around else nn.Identity()
    projection = convolution(c_in, cp, 1, outer and last) if projected else nn.Identity()
    pooled = nn.Sequential(pooling, projection) if pool_first else nn.Sequential(projection, pooling)
    branches = [convolution(c_in, c1, 1, outer), reduction(c3, 3), reduction(c5, five), pooled]

    def run(network, x):
        outputs = [branches[i](x) for i in order]
        return sum(outputs) if added else torch.cat(outputs, axis)

    if listed:
        return network(run, branches=branches)
    return network(run, **{f"branch{i}": branch for i, branch in enumerate(branches)})


def _inception_cases(rng):
    return [
        case(rng, (2, 3, (4, 5), (6, 7), 8), (1, 2, 5, 6), "widths that are all different"),
        case(rng, (5, 4, (3, integer(rng, 6, 8)), (2, 5), 1), (2, 5, 7, 6)),
        case(rng, (4, 6, (3, 5), (1, 2), 7), (2, 4, 4, 4), "branches of other widths"),
    ]


def _inception_training_cases(rng):
    return [
        case(rng, (3, 2, (4, 5), (6, 7), 8), (2, 3, 6, 5), training=True),
        case(rng, (6, 4, (3, 5), (2, 7), 1), (2, 6, 5, 8), training=True),
    ]


def _inception_parameter_cases(rng):
    return [
        parameter_case(_inception, (2, 3, (4, 5), (6, 7), 8), "widths that are all different"),
        parameter_case(_inception, (192, 64, (96, 128), (16, 32), 32), "the block 3a of GoogLeNet"),
        parameter_case(_inception, (integer(rng, 9, 12), 4, (3, 6), (2, 5), 7)),
    ]


INCEPTION_BLOCK = _exercise(
    "InceptionBlock",
    "InceptionBlock(c_in, c1, c3, c5, cp)",
    _inception,
    (
        Part("InceptionBlock", _inception_cases),
        Part("InceptionBlock_training", _inception_training_cases),
        Part("InceptionBlock_parameters", _inception_parameter_cases),
    ),
    (
        "branches_reordered",
        "The branches are concatenated in another order: first 1×1, then 3×3, then 5×5, then the pooled one.",
        INCEPTION,
        {"order": (3, 0, 1, 2)},
        {"order": (3, 2, 1, 0)},
        {"order": (0, 2, 1, 3)},
        {"order": (1, 2, 0, 3)},
        {"order": (1, 2, 3, 0)},
        {"order": (0, 3, 1, 2)},
    ),
    (
        "wrong_axis",
        "You concatenate along the wrong axis: the channels of the branches go side by side, that is axis 1.",
        INCEPTION,
        {"axis": 0},
        {"axis": 2},
        {"axis": 3},
    ),
    (
        "branches_added",
        "You add the branches: an Inception block keeps them all, one behind the other on the channel axis.",
        INCEPTION,
        {"added": True},
    ),
    (
        "reduction_missing",
        "The 3×3 and 5×5 kernels work on all channels of the input: before each stands a 1×1 convolution that makes them fewer.",
        POINTWISE,
        {"reduced": False},
    ),
    (
        "reduction_swapped",
        "The widths of a pair are swapped: (r, c) means that the 1×1 convolution gives r channels, and the wide kernel c.",
        POINTWISE,
        {"swapped": True},
    ),
    (
        "activation_missing",
        "A ReLU is missing: one follows every convolution, also the 1×1 convolutions before the wide kernels.",
        INCEPTION,
        {"inner": False},
        {"outer": False},
        {"inner": False, "outer": False},
        {"last": False},
    ),
    (
        "pool_forgotten",
        "The fourth branch does not pool: before its 1×1 convolution stands a 3×3 maximum with stride 1 and padding 1.",
        INCEPTION,
        {"pool": "none"},
    ),
    ("mean_for_maximum", MEAN, INCEPTION, {"pool": "mean"}),
    (
        "pool_after_projection",
        "The fourth branch projects first and pools then: pool first, the 1×1 convolution follows.",
        INCEPTION,
        {"pool_first": False},
    ),
    (
        "projection_missing",
        "The fourth branch hands all c_in channels on: a 1×1 convolution after the pooling makes them cp.",
        INCEPTION,
        {"projected": False},
    ),
    (
        "stride_wrong",
        "The pooling has a stride, so its branch is smaller than the others. Its default is the window's size: say stride=1.",
        INCEPTION,
        {"pool_stride": 3},
        {"pool_stride": 2},
    ),
    (
        "padding_ignored",
        "The 3×3 and 5×5 convolutions have no padding, so the branches differ in size: pad by 1 and by 2.",
        INCEPTION,
        {"padded": False},
    ),
    (
        "kernel_size_wrong",
        "The third branch has 3×3 kernels where 5×5 are asked for. (torchvision's GoogLeNet has them, too: an old slip.)",
        INCEPTION,
        {"five": 3},
    ),
    ("bias_forgotten", BIAS_FORGOTTEN, INCEPTION, {"bias": False}),
    ("batch_norm_added", NORMALISED, INCEPTION, {"batch_norm": True}, {"batch_norm": True, "bias": False}),
    ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": True}),
)

# BasicBlock, Bottleneck


def _batch_norm(channels, wanted=True, tracking=True):
    from torch import nn

    return nn.BatchNorm2d(channels, track_running_stats=tracking) if wanted else nn.Identity()


def _shortcut(kind: str, c_in: int, c_out: int, stride: int, bias: bool, norm: bool, tracking: bool) -> Any:
    """Build a shortcut: an empty sequence where it is the identity."""
    from torch import nn

    wanted = {"identity": False, "always": True, "with stride": stride > 1, "with channels": c_in != c_out}
    if not wanted.get(kind, stride > 1 or c_in != c_out):
        return nn.Identity()
    if kind == "pooled":
        return nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(c_in, c_out, 1, bias=bias), _batch_norm(c_out))
    if kind == "three":
        return nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=bias), _batch_norm(c_out, norm))
    layers = [nn.Conv2d(c_in, c_out, 1, 1 if kind == "unstrided" else stride, bias=bias)]
    layers += [_batch_norm(c_out, True, tracking)] if norm else []
    return nn.Sequential(*layers, *([nn.ReLU()] if kind == "active" else []))


def _residual(
    c_in: int,
    plan: list[tuple[int, int, int]],
    stride: int,
    shortcut: str = "right",
    shortcut_norm: bool = True,
    end: str = "right",
    inner: tuple[bool, ...] = (True, True),
    norms: tuple[bool, ...] = (True, True, True),
    bias: bool = False,
    shortcut_bias: bool = False,
    shared: bool = False,
    padding: str = "right",
    swapped: bool = False,
    tracking: bool = True,
) -> Any:
    """Build a residual block from a plan of (channels out, kernel size, stride) for each convolution."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    layers, channels = {}, c_in
    for i, (width, k, step) in enumerate(plan, 1):
        pad = {"right": k // 2, "none": 0, "everywhere": 1}[padding]
        layers[f"conv{i}"] = nn.Conv2d(channels, width, k, step, padding=pad, bias=bias)
        same = [layers[f"bn{j}"] for j in range(1, i) if layers[f"bn{j}"].num_features == width] if shared else []
        layers[f"bn{i}"] = same[0] if same else _batch_norm(width, norms[i - 1], tracking)
        channels = width
    if shortcut != "missing":
        layers["downsample"] = _shortcut(shortcut, c_in, channels, stride, shortcut_bias, shortcut_norm, tracking)

    def run(network, x):
        y = x
        for i in range(1, len(plan) + 1):
            y = getattr(network, f"conv{i}")(y)
            active = i < len(plan) and inner[i - 1]
            if swapped:
                y = getattr(network, f"bn{i}")(F.relu(y) if active else y)
            else:
                y = getattr(network, f"bn{i}")(y)
                y = F.relu(y) if active else y
        if end in ("before", "both"):
            y = F.relu(y)
        if shortcut == "overwritten":
            y = y + y
        elif shortcut == "activated":
            y = y + network.downsample(F.relu(x))
        elif shortcut != "missing":
            other = network.downsample(x)
            y = torch.cat((y, other), 1) if end == "side by side" else y + other
        return y if end in ("none", "before") else F.relu(y)

    return network(run, **layers)


def _basic_block(c_in: int, c_out: int, stride: int = 1, strides: str = "first", **options: Any) -> Any:
    first, second = {"first": (stride, 1), "second": (1, stride), "both": (stride, stride), "none": (1, 1)}[strides]
    return _residual(c_in, [(c_out, 3, first), (c_out, 3, second)], stride, **options)


def _bottleneck(
    c_in: int,
    width: int,
    stride: int = 1,
    strides: str = "second",
    expansion: int = 4,
    widths: str = "right",
    kernel: int = 3,
    **options: Any,
) -> Any:
    names = ("first", "second", "third")
    steps = [stride if strides in (name, "all") else 1 for name in names]
    inner = 4 * width if widths == "wide" else width
    return _residual(c_in, [(inner, 1, steps[0]), (inner, kernel, steps[1]), (expansion * width, 1, steps[2])], stride, **options)


AFTER_ADDITION = "The last ReLU is missing: it stands behind the addition, and the sum goes through it."
BEFORE_ADDITION = (
    "A ReLU stands before the addition, so the block can only add, never take away: add what the last batch norm gives, "
    "then apply ReLU to the sum."
)
STRIDE_OF_SHORTCUT = (
    "The shortcut ignores the stride, so the two summands differ in size: its 1×1 convolution has the block's stride."
)

BIAS_BEFORE = "Your convolutions have a bias, which the batch norm behind them takes away again with the mean: use bias=False."

RESIDUAL_MISTAKES = (
    (
        "shortcut_missing",
        "The shortcut is missing: the input, or its projection, is added to what the convolutions give.",
        RESIDUAL,
        {"shortcut": "missing", "told_by_table": False},
    ),
    ("relu_after_addition_missing", AFTER_ADDITION, RESIDUAL, {"end": "none"}),
    ("relu_before_addition", BEFORE_ADDITION, RESIDUAL, {"end": "before"}, {"end": "both"}),
    (
        "shortcut_overwritten",
        "Your shortcut is not the input: its name was given to something else before the addition. Keep x.",
        RESIDUAL,
        {"shortcut": "overwritten"},
    ),
    (
        "activation_on_shortcut",
        "The shortcut goes through a ReLU, which cuts off all that is negative: nothing but its projection may stand on it.",
        RESIDUAL,
        {"shortcut": "active"},
        {"shortcut": "activated"},
    ),
    (
        "shortcut_without_batch_norm",
        "The shortcut's 1×1 convolution has no batch norm: each convolution of the block is followed by one.",
        RESIDUAL,
        {"shortcut_norm": False, "told_by_table": False},
        {"shortcut_norm": False, "shortcut_bias": True},
    ),
    ("shortcut_stride_ignored", STRIDE_OF_SHORTCUT, RESIDUAL, {"shortcut": "unstrided"}),
    (
        "projection_for_identity",
        "There is a 1×1 convolution on the shortcut where input and output have the same shape: there it is x itself.",
        RESIDUAL,
        {"shortcut": "always"},
    ),
    (
        "identity_for_projection",
        "The shortcut is always the identity, but with a stride or another number of channels the shapes differ: there it takes "
        "a 1×1 convolution and a batch norm.",
        RESIDUAL,
        {"shortcut": "identity", "told_by_table": False},
    ),
    (
        "projection_condition_incomplete",
        "The shortcut is projected in one case and not in the other: a stride and a change of channels both ask for it.",
        RESIDUAL,
        {"shortcut": "with stride"},
        {"shortcut": "with channels"},
    ),
    (
        "kernel_size_wrong",
        "The shortcut has 3×3 kernels: 1×1 is enough to change the number of channels.",
        RESIDUAL,
        {"shortcut": "three"},
    ),
    (
        None,
        "Your shortcut averages before it projects. Later ResNets do so (the variant D), this one has a stride in the 1×1.",
        RESIDUAL,
        {"shortcut": "pooled"},
    ),
    (
        "activation_missing",
        "A ReLU is missing inside the block: one follows every batch norm but the last.",
        RESIDUAL,
        {"inner": (False, True)},
        {"inner": (True, False)},
        {"inner": (False, False)},
    ),
    (
        "activation_before_batch_norm",
        "ReLU and batch norm are exchanged: convolution, batch norm, ReLU is the order.",
        RESIDUAL,
        {"swapped": True},
    ),
    (
        "batch_norm_missing",
        "A batch norm is missing: one follows each convolution.",
        RESIDUAL,
        {"norms": (False, False, False)},
        {"norms": (True, True, False)},
        {"norms": (True, False, True), "told_by_table": False},
        {"norms": (False, True, True), "told_by_table": False},
        {"norms": (True, False, False)},
        {"norms": (False, False, False), "bias": True},
        {"norms": (False, False, False), "shortcut_norm": False},
        {"norms": (False, False, False), "shortcut_norm": False, "bias": True, "shortcut_bias": True},
    ),
    (
        "bias_before_batch_norm",
        BIAS_BEFORE,
        RESIDUAL,
        {"bias": True, "shortcut_bias": True},
        {"bias": True},
        {"shortcut_bias": True},
    ),
    (
        "batch_statistics_in_eval",
        "In evaluation your batch norm still uses the statistics of the batch: there it takes the running ones.",
        COMMON,
        {"tracking": False},
    ),
    ("shared_layer", SHARED, COMMON, {"shared": True, "told_by_table": False}),
    (
        "concatenated_not_added",
        "You concatenate the input and what the convolutions give: a residual block adds them.",
        RESIDUAL,
        {"end": "side by side"},
    ),
)


def _basic_cases(rng):
    c = integer(rng, 3, 4)
    return [
        case(rng, (1, 1), (1, 1, 2, 3), "one channel"),
        case(rng, (c, c), (2, c, 5, 6)),
        case(rng, (5, 5), (2, 5, 4, 4), "stride 1 by name", {"stride": 1}),
    ]


def _basic_projection_cases(rng):
    return [
        case(rng, (3, 5), (2, 3, 5, 6), "other channels, stride 1"),
        case(rng, (3, integer(rng, 4, 6)), (2, 3, 8, 6), "other channels and a stride", {"stride": 2}),
        case(rng, (4, 4), (2, 4, 7, 5), "the same channels and a stride, odd sizes", {"stride": 2}),
        case(rng, (4, 2, 3), (1, 4, 10, 8), "fewer channels and a longer stride"),
        case(rng, (2, 3, 1), (1, 2, 4, 5), "other channels, stride 1"),
    ]


def _basic_training_cases(rng):
    return [
        case(rng, (3, 3), (3, 3, 5, 6), "the identity", training=True),
        case(rng, (2, 5), (3, 2, 6, 5), "other channels", {"stride": 1}, training=True),
        case(rng, (3, 4), (4, 3, 7, 8), "other channels and a stride", {"stride": 2}, training=True),
        case(rng, (4, 4), (4, 4, 8, 6), "the same channels and a stride", {"stride": 2}, training=True),
    ]


def _basic_parameter_cases(rng):
    return [
        parameter_case(_basic_block, (64, 64), "the identity"),
        parameter_case(_basic_block, (64, 128, 2), "other channels and a stride"),
        parameter_case(_basic_block, (integer(rng, 3, 5), 8), "other channels"),
        parameter_case(_basic_block, (8, 8), "the same channels and a stride", stride=2),
    ]


BASIC_BLOCK = _exercise(
    "BasicBlock",
    "BasicBlock(c_in, c_out, stride=1)",
    _basic_block,
    (
        Part("BasicBlock", _basic_cases),
        Part("BasicBlock_projection", _basic_projection_cases),
        Part("BasicBlock_training", _basic_training_cases),
        Part("BasicBlock_parameters", _basic_parameter_cases),
    ),
    *(mistake for mistake in RESIDUAL_MISTAKES if mistake[0] not in ("activation_missing", "batch_norm_missing")),
    ("padding_ignored", PADDING, RESIDUAL, {"padding": "none"}),
    (
        "activation_missing",
        "The ReLU between the two halves of the block is missing.",
        RESIDUAL,
        {"inner": (False, False)},
    ),
    (
        "batch_norm_missing",
        "A batch norm is missing: one follows each convolution.",
        RESIDUAL,
        {"norms": (True, False), "told_by_table": False},
        {"norms": (False, True), "told_by_table": False},
        {"norms": (False, False)},
        {"norms": (False, False), "bias": True, "told_by_table": False},
        {"norms": (False, False), "shortcut_norm": False},
        {"norms": (False, False), "shortcut_norm": False, "bias": True, "shortcut_bias": True},
    ),
    (
        "stride_in_second_convolution",
        "The second convolution has the stride: it belongs to the first, so that the second has less to do.",
        RESIDUAL,
        {"strides": "second"},
    ),
    ("stride_twice", "Both convolutions have the stride: it belongs to the first alone.", RESIDUAL, {"strides": "both"}),
    ("stride_ignored", "No 3×3 convolution has the stride: the first one takes it.", RESIDUAL, {"strides": "none"}),
)


def _bottleneck_cases(rng):
    w = integer(rng, 2, 3)
    return [
        case(rng, (4, 1), (1, 4, 3, 4), "width one"),
        case(rng, (4 * w, w), (2, 4 * w, 5, 6)),
        case(rng, (16, 4), (1, 16, 4, 4), "stride 1 by name", {"stride": 1}),
    ]


def _bottleneck_projection_cases(rng):
    return [
        case(rng, (3, 2), (2, 3, 5, 6), "more channels, stride 1"),
        case(rng, (6, integer(rng, 2, 3)), (2, 6, 8, 6), "more channels and a stride", {"stride": 2}),
        case(rng, (8, 2), (2, 8, 7, 5), "as many channels out as in, a stride, odd sizes", {"stride": 2}),
        case(rng, (5, 2, 3), (1, 5, 10, 8), "a longer stride"),
        case(rng, (9, 2, 1), (1, 9, 4, 5), "fewer channels, stride 1"),
    ]


def _bottleneck_training_cases(rng):
    return [
        case(rng, (8, 2), (3, 8, 5, 6), "the identity", training=True),
        case(rng, (5, 2), (3, 5, 6, 5), "more channels", {"stride": 1}, training=True),
        case(rng, (5, 3), (4, 5, 7, 8), "more channels and a stride", {"stride": 2}, training=True),
        case(rng, (12, 3), (4, 12, 8, 6), "as many channels and a stride", {"stride": 2}, training=True),
    ]


def _bottleneck_parameter_cases(rng):
    return [
        parameter_case(_bottleneck, (256, 64), "the identity"),
        parameter_case(_bottleneck, (64, 64), "the first block of ResNet-50"),
        parameter_case(_bottleneck, (256, 128, 2), "a stride"),
        parameter_case(_bottleneck, (integer(rng, 3, 5), 8), stride=2),
        parameter_case(_bottleneck, (32, 8), "as many channels out as in, and a stride", stride=2),
    ]


BOTTLENECK_BLOCK = _exercise(
    "Bottleneck",
    "Bottleneck(c_in, width, stride=1)",
    _bottleneck,
    (
        Part("Bottleneck", _bottleneck_cases),
        Part("Bottleneck_projection", _bottleneck_projection_cases),
        Part("Bottleneck_training", _bottleneck_training_cases),
        Part("Bottleneck_parameters", _bottleneck_parameter_cases),
    ),
    *RESIDUAL_MISTAKES,
    (
        "expansion_forgotten",
        "The block gives width channels: its last convolution widens them to 4 · width.",
        BOTTLENECK,
        {"expansion": 1},
    ),
    (
        "not_narrowed",
        "The first two convolutions have 4 · width channels already, so nothing is narrow: only the last one has.",
        BOTTLENECK,
        {"widths": "wide"},
    ),
    (
        "stride_in_first_convolution",
        "The first 1×1 convolution has the stride, so three of four values are never looked at: put it into the 3×3.",
        BOTTLENECK,
        {"strides": "first"},
    ),
    (
        "stride_in_last_convolution",
        "The last 1×1 convolution has the stride, so three of four values are computed for nothing: put it into the 3×3.",
        BOTTLENECK,
        {"strides": "third"},
    ),
    ("stride_twice", "Every convolution has the stride: it belongs to the 3×3 alone.", BOTTLENECK, {"strides": "all"}),
    ("stride_ignored", "No convolution has the stride: the 3×3 takes it.", BOTTLENECK, {"strides": "none"}),
    ("padding_ignored", PADDING, BOTTLENECK, {"padding": "none"}),
    (
        "padding_added",
        "The 1×1 convolutions have a padding, so the planes grow: a 1×1 kernel needs none.",
        BOTTLENECK,
        {"padding": "everywhere"},
    ),
    ("kernel_size_wrong", "All kernels are 1×1, so no value ever meets its neighbours.", BOTTLENECK, {"kernel": 1}),
)

# PreActivationBlock: find the bugs


def _pre_activation(
    channels: int,
    shared: bool = False,
    kept: bool = True,
    end: bool = False,
    added: bool = True,
    norms: tuple[bool, bool] = (True, True),
    activations: tuple[bool, bool] = (True, True),
    bias: bool = False,
    same_convolution: bool = False,
    swapped: bool = False,
    after: bool = False,
) -> Any:
    import torch.nn.functional as F
    from torch import nn

    bn1, conv1 = _batch_norm(channels, norms[0]), nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
    bn2 = bn1 if shared else _batch_norm(channels, norms[1])
    conv2 = conv1 if same_convolution else nn.Conv2d(channels, channels, 3, padding=1, bias=bias)

    def prepared(norm, x, active):
        if swapped:
            return norm(F.relu(x))
        return F.relu(norm(x)) if active else norm(x)

    def run(network, x):
        if after:
            y = F.relu(network.bn1(network.conv1(x)))
            return x + network.bn2(network.conv2(y))
        y = prepared(network.bn1, x, activations[0])
        x = x if kept else y
        y = network.conv2(prepared(network.bn2, network.conv1(y), activations[1]))
        y = x + y if added else y
        return F.relu(y) if end else y

    return network(run, bn1=bn1, conv1=conv1, bn2=bn2, conv2=conv2)


def _pre_activation_cases(rng):
    c = integer(rng, 3, 4)
    return [
        case(rng, (1,), (1, 1, 2, 3), "one channel"),
        case(rng, (c,), (2, c, 5, 6)),
        case(rng, (5,), (2, 5, 4, 4)),
    ]


def _pre_activation_training_cases(rng):
    c = integer(rng, 2, 4)
    return [
        case(rng, (c,), (3, c, 5, 6), training=True),
        case(rng, (5,), (4, 5, 4, 3), training=True),
    ]


def _pre_activation_parameter_cases(rng):
    return [parameter_case(_pre_activation, (16,)), parameter_case(_pre_activation, (integer(rng, 2, 9),))]


PRE_ACTIVATION_BLOCK = _exercise(
    "PreActivationBlock",
    "PreActivationBlock(channels)",
    _pre_activation,
    (
        Part("PreActivationBlock", _pre_activation_cases),
        Part("PreActivationBlock_training", _pre_activation_training_cases),
        Part("PreActivationBlock_parameters", _pre_activation_parameter_cases),
    ),
    (
        "shared_layer",
        SHARED,
        COMMON,
        {"shared": True, "told_by_table": False},
        {"same_convolution": True},
        {"shared": True, "same_convolution": True},
    ),
    (
        "shared_layer",
        f"{SHARED} (And the shortcut is not x: its name is given away.)",
        COMMON,
        {"shared": True, "kept": False, "told_by_table": False},
    ),
    (
        "shortcut_overwritten",
        "Your shortcut carries the normalised and activated input: x is given another value before it is added. Keep x.",
        RESIDUAL,
        {"kept": False},
    ),
    (
        "activation_after_addition",
        "A ReLU stands behind the addition: this block leaves the path of x free of everything.",
        RESIDUAL,
        {"end": True},
    ),
    ("shortcut_missing", "The shortcut is missing: add x to what the convolutions give.", RESIDUAL, {"added": False}),
    (
        "activation_missing",
        "A ReLU is missing: one stands between each batch norm and its convolution.",
        RESIDUAL,
        {"activations": (False, True)},
        {"activations": (True, False)},
        {"activations": (False, False)},
    ),
    (
        "batch_norm_missing",
        "A batch norm is missing: each of the two convolutions has its own before it.",
        RESIDUAL,
        {"norms": (False, True), "told_by_table": False},
        {"norms": (True, False), "told_by_table": False},
        {"norms": (False, False)},
    ),
    (
        "bias_added",
        "Your convolutions have a bias; here they have none.",
        RESIDUAL,
        {"bias": True},
    ),
    (
        "activation_before_batch_norm",
        "ReLU and batch norm are exchanged: batch norm, ReLU, convolution is the order.",
        RESIDUAL,
        {"swapped": True},
    ),
    (
        "activation_after_convolution",
        "Batch norm and ReLU follow the convolutions, as in BasicBlock: here they come before.",
        RESIDUAL,
        {"after": True},
    ),
)

# resnet18


@functools.cache
def _resnet18(
    classes: int = 1000,
    outputs: int | None = None,
    stem_stride: int = 2,
    stem_active: bool = True,
    stem_norm: bool = True,
    stem_pool: str = "maximum",
    stem_padding: int = 3,
    pool_padding: int = 1,
    strides: tuple[int, ...] = (1, 2, 2, 2),
    stride_place: str = "first",
    end: str = "right",
    inner: bool = True,
    shortcut: str = "right",
    swapped: bool = False,
    last: str | None = None,
    global_pool: str = "mean",
    biases: tuple[str, ...] = (),
    eps: float = 1e-5,
    momentum: float = 0.1,
) -> Any:
    """Build ResNet-18 with torchvision's names, without memory for its weights: they come from a state dict."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    def run(network, x):
        x = network.bn1(network.conv1(x))
        x = F.relu(x) if stem_active else x
        if stem_pool == "maximum":
            x = F.max_pool2d(x, 3, 2, pool_padding)
        elif stem_pool == "two":
            x = F.max_pool2d(x, 2)
        elif stem_pool == "mean":
            x = F.avg_pool2d(x, 3, 2, 1)
        for i in range(1, 5):
            x = getattr(network, f"layer{i}")(x)
        x = network.fc(x.mean((2, 3)) if global_pool == "mean" else x.amax((2, 3)))
        return getattr(F, last)(x, -1) if last else x

    with torch.device("meta"):
        stem = nn.Conv2d(3, 64, 7, stem_stride, stem_padding, bias="stem" in biases)
        layers, channels = {"conv1": stem, "bn1": nn.BatchNorm2d(64)}, 64
        for i, stride in enumerate(strides, 1):
            width = 32 * 2**i
            stage = []
            for step in (stride, 1):
                options = {"end": end, "inner": (inner, inner), "swapped": swapped, "strides": stride_place}
                options |= {"bias": "blocks" in biases, "shortcut_bias": "shortcuts" in biases}
                block = _basic_block(channels, width, step, shortcut=shortcut, **options)
                if isinstance(getattr(block, "downsample", None), nn.Identity):
                    del block.downsample
                    block.downsample = lambda x: x
                stage.append(block)
                channels = width
            layers[f"layer{i}"] = nn.Sequential(*stage)
        resnet = network(run, **layers, fc=nn.Linear(512, outputs or classes))
    for layer in resnet.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps, layer.momentum = eps, momentum
    return resnet


WITH_BIASES = (
    ("stem", "blocks", "shortcuts"),
    ("blocks", "shortcuts"),
    ("stem", "blocks"),
    ("blocks",),
    ("stem",),
    ("shortcuts",),
)


def _resnet(told_in_training: bool = False, **options: Any) -> Callable[..., Any]:
    """Return what the probe says of a network built with these options.

    Unless `told_in_training`, it says nothing of training: the mistake shows in evaluation already, and training thirty
    networks of this size to find the one that is like the student's would take longer than a check may.
    """
    said = remembering(networks.resnet18, functools.partial(_resnet18, **options))

    def unless_training(*args: Any, **asked: Any) -> Any:
        if asked.get("training") and not told_in_training:
            raise ValueError(f"{options} shows in evaluation")
        return said(*args, **asked)

    return unless_training


def _torchvision_resnet18(classes: int = 1000) -> Any:
    import torch
    from torchvision.models import resnet18

    with torch.device("meta"):
        return resnet18(num_classes=classes)


def _resnet_case(rng, args, shape, note="", options=(), **asked):
    # The seed of the weights stays the same within a process: drawing 11 million of them takes longer than using them.
    return Case(args, {**dict(options), "x": normal(rng, *shape), **asked}, note=note)


def _resnet_cases(rng):
    return [
        _resnet_case(rng, (10,), (2, 3, 64, 48), "ten classes, images that are not square"),
        _resnet_case(rng, (10,), (1, 3, 75, 50), "ten classes, odd sizes"),
        _resnet_case(rng, (), (1, 3, 64, 64), "a thousand classes"),
    ]


def _resnet_training_cases(rng):
    return [_resnet_case(rng, (10,), (2, 3, 64, 72), training=True)]


RESNET18 = Exercise(
    name="resnet18",
    signature="resnet18(classes=1000)",
    reference=remembering(networks.resnet18, _torchvision_resnet18),
    parts=(Part("resnet18", _resnet_cases), Part("resnet18_training", _resnet_training_cases)),
    forbids=FORBIDDEN,
    terms=lambda *args, **options: LONGEST_SUM,
    outputs=networks.RESNET_NAMES,
    dtype="float64",
    probe="networks.resnet18",
    repeat=lambda options: "from cnnkit.exercises.probes import networks; networks.resnet18(resnet18, *args, **options)",
    mistakes=tuple(
        Mistake(name, says, see, _resnet(**options))
        for name, says, see, *ways in (
            (
                "pool_forgotten",
                "The 3×3 max pooling with stride 2 behind the first ReLU is missing.",
                RESNET,
                {"stem_pool": "none"},
            ),
            (
                "pool_size_wrong",
                "Your first pooling has windows of 2×2: ResNet's overlap, they are 3×3 with stride 2 and padding 1.",
                RESNET,
                {"stem_pool": "two"},
            ),
            (
                "mean_for_maximum",
                MEAN,
                RESNET,
                {"stem_pool": "mean"},
            ),
            (
                "maximum_for_mean",
                "You pool the last planes with the maximum: the head averages over height and width.",
                RESNET,
                {"global_pool": "maximum"},
            ),
            (
                "padding_ignored",
                "The stem lacks a padding: 3 for the 7×7 convolution and 1 for the 3×3 max pooling.",
                RESNET,
                {"pool_padding": 0},
                {"stem_padding": 0},
                {"stem_padding": 0, "pool_padding": 0},
            ),
            (
                "activation_missing",
                "A ReLU is missing: one follows the stem's batch norm, and one stands in the middle of each block.",
                RESNET,
                {"stem_active": False},
                {"inner": False},
                {"stem_active": False, "inner": False},
            ),
            ("relu_after_addition_missing", AFTER_ADDITION, RESIDUAL, {"end": "none"}),
            ("relu_before_addition", BEFORE_ADDITION, RESIDUAL, {"end": "before"}, {"end": "both"}),
            (
                "activation_on_shortcut",
                "The shortcut goes through a ReLU: nothing but its projection may stand on it.",
                RESIDUAL,
                {"shortcut": "active"},
            ),
            (
                "stride_in_second_convolution",
                "The second convolution of a block has the stride: it belongs to the first.",
                RESIDUAL,
                {"stride_place": "second"},
            ),
            (
                "stride_ignored",
                "A stride has no effect: the stem halves by stride 2, and so does each of layer2, layer3 and layer4.",
                RESNET,
                {"stem_stride": 1},
                {"strides": (1, 1, 1, 1)},
            ),
            (
                "stride_in_every_layer",
                "Layer1 has a stride, and so a projection: it comes right behind the pooling and keeps the size.",
                RESNET,
                {"strides": (2, 2, 2, 2)},
            ),
            (
                "activation_before_batch_norm",
                "ReLU and batch norm are exchanged: convolution, batch norm, ReLU is the order.",
                RESIDUAL,
                {"swapped": True},
            ),
            (
                "bias_before_batch_norm",
                "Your convolutions have a bias, which the batch norm behind them takes away.",
                RESIDUAL,
                *({"biases": where} for where in WITH_BIASES),
            ),
            ("softmax_at_the_end", SOFTMAX, COMMON, {"last": "softmax"}, {"last": "log_softmax"}),
            (
                "classes_ignored",
                CLASSES,
                RESNET,
                {"outputs": 1000},
            ),
            (
                "eps_wrong",
                "Your batch norm has another ε than 1e-5, the default of PyTorch and of torchvision's ResNet.",
                RESNET,
                {"eps": 1e-3},
            ),
            (
                "momentum_wrong",
                "Your running statistics move by another step than momentum = 0.1, PyTorch's default.",
                RESNET,
                {"momentum": 0.01, "told_in_training": True},
                {"momentum": 0.9, "told_in_training": True},
                {"momentum": 0.99, "told_in_training": True},
            ),
        )
        for options in ways
    ),
)

# gradient_norms

ORDER = "The order is reversed: the convolution next to the input comes first."


def _gradient_norms(
    model,
    x,
    y,
    weight="weight",
    kinds=("Conv2d",),
    names=("weight",),
    measure="length",
    reduction="mean",
    loss="cross entropy",
    accumulated=False,
    kept=False,
    cleared=False,
    mode=None,
    mode_after=None,
    top_level=False,
    reverse=False,
):
    """Return the norms; options say what is done otherwise."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    before = model.training
    if mode is not None:
        model.train(mode)
    layers = model.children() if top_level else model.modules()
    wanted = tuple(getattr(nn, kind) for kind in kinds)
    parameters = [getattr(m, n) for m in layers if isinstance(m, wanted) for n in names if getattr(m, n, None) is not None]
    logits = model(x)
    if loss == "probabilities":
        value = F.cross_entropy(logits.softmax(1), y)
    elif loss == "logits":
        value = logits.sum()
    else:
        value = F.cross_entropy(logits, y, reduction=reduction)
    every = list(model.parameters())
    gradients = dict(zip(every, torch.autograd.grad(value, every), strict=True))
    old = {p: p.grad for p in every}
    found = [gradients[p] + (old[p] if accumulated else 0) if weight == "weight" else p.detach() for p in parameters]
    for p in every:
        if kept:
            p.grad = gradients[p] + (old[p] if accumulated else 0)
        if cleared:
            p.grad = None
    model.train(before if mode_after is None else mode_after)
    measures = {
        "length": lambda g: g.norm(),
        "squared": lambda g: g.pow(2).sum(),
        "absolute": lambda g: g.abs().sum(),
        "mean": lambda g: g.abs().mean(),
        "signed mean": lambda g: g.mean(),
        "largest": lambda g: g.abs().max(),
        "root mean square": lambda g: g.pow(2).mean().sqrt(),
    }
    values = [measures[measure](g).item() for g in found]
    return values[::-1] if reverse else values


def _norms(**options: Any) -> Callable[..., Any]:
    return remembering(networks.norms, functools.partial(_gradient_norms, **options))


def _norm_cases(rng):
    plain, nested = networks.MODELS

    def case(model, n, note, training):
        classes = 3 if model == plain else 4
        images, labels = 2 * normal(rng, n, 2, 9, 8), rng.permutation(np.arange(n) % classes)
        return Case((model, images, labels), {"seed": integer(rng, 0, 9999), "training": training}, note=note)

    return [
        case(plain, 3, "a model with three convolutions, in training mode", True),
        case(nested, 5, "convolutions in modules in modules, with batch norm, in training mode", True),
        case(nested, 4, "the same in evaluation mode", False),
        case(plain, 1, "a single image, in evaluation mode", False),
    ]


GRADIENT_NORMS = Exercise(
    name="gradient_norms",
    signature="gradient_norms(model, x, y)",
    reference=_norms(),
    parts=(
        Part("gradient_norms", _norm_cases, judges=networks.NORM_NAMES[:1]),
        Part("gradient_norms_left_alone", _norm_cases, judges=networks.NORM_NAMES[1:]),
    ),
    forbids=("cnnkit.exercises",),
    terms=lambda *args, **options: LONGEST_SUM,
    outputs=networks.NORM_NAMES,
    dtype="float64",
    probe="networks.norms",
    repeat=lambda options: "from cnnkit.exercises.probes import networks; networks.norms(gradient_norms, *args, **options)",
    mistakes=tuple(
        Mistake(name, says, see, _norms(**options))
        for name, says, see, *ways in (
            (
                "gradients_accumulated",
                "Gradients from before are counted in: backward() adds to p.grad. Use torch.autograd.grad, or clear them first.",
                GRADIENTS,
                {"accumulated": True, "kept": True},
                {"accumulated": True},
            ),
            (
                "gradients_left_behind",
                "You leave your gradients in the model: what p.grad was before, it must be afterwards.",
                GRADIENTS,
                {"kept": True},
            ),
            (
                "gradients_cleared",
                "You clear the model's gradients: what p.grad was before, it must be afterwards.",
                GRADIENTS,
                {"cleared": True},
            ),
            (
                "weights_for_gradients",
                "Those are the norms of the weights, not of their gradients.",
                GRADIENTS,
                {"weight": "itself"},
            ),
            (
                "other_layers_counted",
                "There are numbers for other layers than convolutions: leave the dense layers and the batch norms out.",
                GRADIENTS,
                {"kinds": ("Conv2d", "Linear")},
                {"kinds": ("Conv2d", "Linear", "BatchNorm2d")},
                {"kinds": ("Module",)},
                {"kinds": ("Module",), "names": ("weight", "bias")},
            ),
            (
                "bias_counted",
                "There are numbers for biases: the list has one number per convolution, for its weight.",
                GRADIENTS,
                {"names": ("weight", "bias")},
            ),
            ("root_missing", "Those are squares of lengths: the root is missing.", GRADIENTS, {"measure": "squared"}),
            (
                "other_norm",
                "That measures the gradient in another way: the length is the root of the sum of all squares.",
                GRADIENTS,
                *({"measure": name} for name in ("absolute", "mean", "signed mean", "largest", "root mean square")),
            ),
            (
                "sum_not_mean",
                "Your loss is summed over the images: cross-entropy is their mean.",
                GRADIENTS,
                {"reduction": "sum"},
            ),
            (
                "softmax_twice",
                "You apply softmax before the cross-entropy, which contains it: hand it the logits.",
                COMMON,
                {"loss": "probabilities"},
            ),
            (
                "loss_missing",
                "You differentiate the logits themselves: the gradient wanted is that of the cross-entropy with y.",
                GRADIENTS,
                {"loss": "logits"},
            ),
            (
                "nested_layers_missed",
                "Convolutions inside other modules are missing: model.modules() finds all, model.children() only the outermost.",
                GRADIENTS,
                {"top_level": True},
            ),
            (
                "order_reversed",
                ORDER,
                GRADIENTS,
                {"reverse": True},
            ),
            (
                "mode_changed",
                "You switch the model to another mode: compute the gradients in the mode that it is in.",
                GRADIENTS,
                *({"mode": mode} for mode in (True, False)),
                *({"mode": mode, "mode_after": mode} for mode in (True, False)),
                *({"mode": mode, "mode_after": True} for mode in (False,)),
            ),
        )
        for options in ways
    ),
)

EXERCISES = (
    LENET5,
    VGG_BLOCK,
    INCEPTION_BLOCK,
    BASIC_BLOCK,
    PRE_ACTIVATION_BLOCK,
    BOTTLENECK_BLOCK,
    RESNET18,
    GRADIENT_NORMS,
)
