"""Topic 07: batch normalisation and its relatives."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Part
from cnnkit.exercises.drawing import integer, normal
from cnnkit.exercises.reference import on_torch, ways

# Headings of lecture 07.
CHANNEL, TWO_MODES, RUNNING = "Statistics of a channel", "Training and evaluation", "The running statistics"
GRAPH, CLOSED_FORM = "The backward pass on the graph", "The backward pass in closed form"
FOLDING, RELATIVES = "Folding into a convolution", "Layer, group and batch normalisation"

TINY = 1e-3
"""Spread of values so small that their variance is no larger than the default eps: what is done with eps shows."""

EPS_MISSING = "You divide by √variance: eps is missing under the root, and a channel of equal values divides by zero."
EPS_OUTSIDE = "You add eps to the standard deviation: it belongs under the root, √(variance + eps)."
EPS_IGNORED = "Your eps is a fixed number: use the argument eps."
ROOT_MISSING = "You divide by variance + eps: divide by its root, the standard deviation."
GAMMA_MISSING = "gamma has no effect on your result: the normalised values are multiplied by it."
BETA_MISSING = "beta has no effect on your result: it is added after the multiplication by gamma."
GAMMA_ON_SUM = "You multiply by gamma after adding beta: gamma·x̂ + beta scales first and shifts then."
MEAN_MISSING = "You do not subtract the mean: only what is left without it is divided by the standard deviation."
UNBIASED = "You divide the squared deviations by n − 1: what normalises is the biased variance, divided by n."
TRUNCATED = "Your result array holds whole numbers, so everything after the decimal point is cut off: give it the dtype of x."
CANCELLED = (
    "The mean of the squares minus the square of the mean loses its digits when the mean is large: subtract the mean first."
)
MEAN_SQUARE = "Your variance is the mean of x²: subtract the mean first, the variance is the mean square of what is left."


# What is drawn


def _values(rng, *shape, dtype="float64", spread=1.0):
    """Draw values whose mean and spread differ from channel to channel (axis 1)."""
    per_channel = (shape[1], *(1,) * (len(shape) - 2))
    centre = rng.uniform(0.7, 2.5, per_channel) * rng.choice([-1.0, 1.0], per_channel)
    drawn = spread * (centre + rng.uniform(0.6, 1.8, per_channel) * normal(rng, *shape))
    return drawn.astype(dtype)


def _affine(rng, *shape, dtype="float64"):
    """Draw gamma, with both signs and never near 0 or 1, and beta."""
    gamma = rng.choice([-1.0, 1.0], shape) * rng.uniform(1.2, 2.5, shape)
    beta = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 1.5, shape)
    return gamma.astype(dtype), beta.astype(dtype)


def _running(rng, channels, dtype="float64"):
    """Draw running statistics of the past, unlike those of any batch that `_values` draws."""
    mean, var = 3 * normal(rng, channels), rng.uniform(4.0, 9.0, channels)
    return mean.astype(dtype), var.astype(dtype)


FAR = 2.0**14
"""A mean so large that float32 rounds the square of (mean + 2) to a number without the 2²."""


def _far_from_zero(rng, sets, size):
    """Draw float32 values around a large mean, (sets, size): the mean of the squares minus its square is exactly 0.

    The deviations come in pairs of both signs. Every sum of values or of their rounded squares is exact, in any order, so that
    all ways to compute this give the same.
    """
    deviations = rng.choice([0.5, 1.0, 1.5, 2.0], (sets, size // 2))
    drawn = rng.permuted(np.concatenate([deviations, -deviations], axis=1), axis=1)
    return (rng.choice([-FAR, FAR], (sets, 1)) + drawn).astype(np.float32)


def _cancelled(mean, var):
    """Return the variance that float32 leaves of the mean of the squares minus the square of the mean."""
    return var.where(var > mean**2 * 2.0**-22, 0 * var)


FAR_NOTE = "float32, and a mean that is large beside the deviations from it"


def _spread_out(x):
    """Return the same values in an array that is not contiguous."""
    return np.repeat(x, 2, axis=-1)[..., ::2]


# Statistics and what is done with them, on tensors


def _along(values, x, axis=1):
    """Shape one value per channel so that it stands along an axis of x."""
    shape = [1] * x.ndim
    shape[axis] = -1
    return values.reshape(shape)


def _reduced(x):
    """Return the axes that batch normalisation averages over: all but the channels."""
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def _statistics(x, over=None, unbiased=False):
    """Return mean and variance over some axes, which stay with length 1."""
    over = _reduced(x) if over is None else over
    mean = x.mean(over, keepdim=True)
    # torch's own var warns where a mistake divides by n - 1 = 0, and a warning costs the student's cell its points.
    return mean, ((x - mean) ** 2).sum(over, keepdim=True) / (x.numel() // mean.numel() - unbiased)


def _root(var, eps):
    return (var + eps).sqrt()


def _std_plus_eps(var, eps):
    return var.sqrt() + eps


def _scaled(z, gamma, beta):
    return z * gamma + beta


def _scaled_late(z, gamma, beta):
    return (z + beta) * gamma


def _plain(x, z, average):
    return x


def _centred(x, z, average):
    return x - average(x)


def _normalised(x, z, average):
    return z


ROOTS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("eps_missing", EPS_MISSING, lambda var, eps: var.sqrt()),
    ("eps_outside_root", EPS_OUTSIDE, _std_plus_eps),
    ("eps_ignored", EPS_IGNORED, lambda var, eps: _root(var, 1e-5)),
    ("eps_ignored", EPS_IGNORED, lambda var, eps: _root(var, 1e-8)),
    ("eps_ignored", EPS_IGNORED, lambda var, eps: _root(var, 1e-3)),
    (
        "eps_subtracted",
        "You subtract eps from the variance: it is added, so that the root exists.",
        lambda var, eps: _root(var, -eps),
    ),
    ("root_missing", ROOT_MISSING, lambda var, eps: var + eps),
    ("root_missing", "You divide by the variance: divide by its root, and add eps under the root.", lambda var, eps: var),
    (
        "divided_by_deviation_twice",
        "You take the root twice: √(variance + eps) is the standard deviation, its own root is not.",
        lambda var, eps: _root(var, eps).sqrt(),
    ),
)
"""Wrong divisors: the name of the mistake, what was done, and the divisor from the variance and eps."""

AFFINE: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("gamma_missing", GAMMA_MISSING, lambda z, gamma, beta: z + beta),
    ("beta_missing", BETA_MISSING, lambda z, gamma, beta: z * gamma),
    (
        "gamma_and_beta_missing",
        "Neither gamma nor beta has an effect on your result: it is gamma·x̂ + beta.",
        lambda z, gamma, beta: z,
    ),
    ("gamma_beta_swapped", "You multiply by beta and add gamma: it is gamma·x̂ + beta.", lambda z, gamma, beta: z * beta + gamma),
    ("gamma_on_sum", GAMMA_ON_SUM, _scaled_late),
    ("sign_wrong", "You subtract beta: it is added, gamma·x̂ + beta.", lambda z, gamma, beta: z * gamma - beta),
)
"""Wrong uses of gamma and beta, which stand along their axis already."""


# batch_norm_train


def _y(x, gamma, beta, mean, var, eps, root=_root, affine=_scaled):
    return affine((x - mean) / root(var, eps), _along(gamma, x), _along(beta, x))


def _moved(old, new, momentum):
    return (1 - momentum) * old + momentum * new


def _moved_backwards(old, new, momentum):
    return momentum * old + (1 - momentum) * new


def _train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5, *, normalise=_y, move=_moved, seen=None):
    """Normalise a batch: `normalise` gives y, `move` the running statistics, `seen` the variance that they see."""
    mean, var = _statistics(x)
    new_var = (seen or (lambda v: _statistics(v, unbiased=True)[1]))(x)
    y = normalise(x, gamma, beta, mean, var, eps)
    return y, move(running_mean, mean.flatten(), momentum), move(running_var, new_var.flatten(), momentum)


def _corrected_twice(x):
    n = x.numel() // x.shape[1]
    return _statistics(x, unbiased=True)[1] * n / (n - 1)


def _trained(**changes):
    return functools.partial(_train, **changes)


def _other_statistics(over: Callable[[Any], tuple[int, ...]], unbiased: bool = False):
    """Normalise with statistics over other axes; the running ones come from the right axes."""
    return _trained(normalise=lambda x, g, b, mean, var, eps: _y(x, g, b, *_statistics(x, over(x), unbiased), eps))


def _other_running(over: Callable[[Any], tuple[int, ...]], average: bool):
    """Normalise with statistics over other axes and let the running ones follow them, averaged or as they broadcast."""

    def made(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
        mean, var = _statistics(x, over(x))
        n = x.numel() // mean.numel()
        y = _y(x, gamma, beta, mean, var, eps)
        var = var * n / max(n - 1, 1)
        if average:
            mean, var = (s.expand(x.shape).mean(_reduced(x)) for s in (mean, var))
        else:
            mean, var = mean.squeeze(), var.squeeze()
        return y, _moved(running_mean, mean, momentum), _moved(running_var, var, momentum)

    return made


def _with_running(new: bool):
    """Normalise with running statistics in training, those before or after this batch."""

    def made(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
        _, mean, var = _train(x, gamma, beta, running_mean, running_var, momentum, eps)
        used = (mean, var) if new else (running_mean, running_var)
        return _y(x, gamma, beta, *(_along(s, x) for s in used), eps), mean, var

    return made


def _mixed(normalised):
    """Take rows of x.reshape(C, -1) for channels; `normalised` gives y from x, the rows, their mean and their root."""

    def made(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
        rows = x.reshape(x.shape[1], -1)
        mean, var = _statistics(rows, (1,))
        y = normalised(x, rows, mean, _root(var, eps), gamma, beta)
        n = rows.shape[1]
        running_var = _moved(running_var, var.flatten() * n / (n - 1), momentum)
        return y, _moved(running_mean, mean.flatten(), momentum), running_var

    return made


def _mixed_everywhere(x, rows, mean, root, gamma, beta):
    return ((rows - mean) / root * gamma[:, None] + beta[:, None]).reshape(x.shape)


def _mixed_then_scaled(x, rows, mean, root, gamma, beta):
    return ((rows - mean) / root).reshape(x.shape) * _along(gamma, x) + _along(beta, x)


def _mixed_statistics_only(x, rows, mean, root, gamma, beta):
    return (x - _along(mean, x)) / _along(root, x) * _along(gamma, x) + _along(beta, x)


def _axes_kept(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    """Move running statistics towards others that kept their axes, as they broadcast."""
    mean, _ = _statistics(x)
    y, *_ = _train(x, gamma, beta, running_mean, running_var, momentum, eps)
    return y, _moved(running_mean, mean, momentum), _moved(running_var, _statistics(x, unbiased=True)[1], momentum)


def _swapped(*args, **kwargs):
    y, mean, var = _train(*args, **kwargs)
    return y, var, mean


def _batch_results(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5):
    return _train(x, gamma, beta, running_mean, running_var, 1.0, eps)


def _fixed_momentum(momentum):
    fixed = momentum
    return lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(x, g, b, rm, rv, fixed, eps)


def _only_vectors(over):
    """Choose axes that are wrong for images only."""
    return lambda x: over if x.ndim == 4 else (0,)


def _case_of(rng, *shape, dtype="float64", spread=1.0, note="", layout=None, **options):
    x = _values(rng, *shape, dtype=dtype, spread=spread)
    x = layout(x) if layout else x
    return Case((x, *_affine(rng, shape[1], dtype=dtype), *_running(rng, shape[1], dtype)), options, note=note)


def _by_hand_batch():
    """Two channels of four values, with means 4 and 8 and variances 5 and 12: with eps = 4 the roots are 3 and 4."""
    x = np.array([[[[1.0, 3.0]], [[2.0, 10.0]]], [[[5.0, 7.0]], [[10.0, 10.0]]]])
    return x, np.array([3.0, 2.0]), np.array([1.0, -5.0])


def _train_cases(rng):
    c = integer(rng, 3, 4)
    running = np.array([2.0, 0.0]), np.array([1.0, 3.0])
    return [
        Case((*_by_hand_batch(), *running), {"momentum": 0.25, "eps": 4.0}, note="small enough to do by hand"),
        _case_of(rng, integer(rng, 3, 4), c, 2, 5),
        _case_of(rng, 2, c, 4, 3, momentum=0.3, eps=0.5, note="a large eps"),
        _case_of(rng, 3, 2, 3, 2, spread=TINY, note="variances smaller than eps"),
        _case_of(rng, 2, c, 2, c, eps=0.02, note="as many columns as channels"),
        _case_of(rng, 1, 3, 4, 2, momentum=0.05, note="a batch of one image"),
        _case_of(rng, 3, c, 2, 4, momentum=0.7, layout=_spread_out, note="an input that is not contiguous in memory"),
        _case_of(rng, 3, c, 3, 4, dtype="float32", note="float32"),
    ]


def _train_images_cases(rng):
    n, c, h, w = 2, 3, 2, 4
    x = _far_from_zero(rng, c, n * h * w).reshape(c, n, h, w).swapaxes(0, 1).copy()
    far = Case((x, *_affine(rng, c, dtype="float32"), *_running(rng, c, "float32")), note=FAR_NOTE)
    return [*_train_cases(rng), far]


def _train_vectors_cases(rng):
    c = integer(rng, 3, 5)
    x, gamma, beta = _by_hand_batch()
    vectors = x.transpose(0, 2, 3, 1).reshape(4, 2)
    return [
        Case(
            (vectors, gamma, beta, np.array([2.0, 0.0]), np.array([1.0, 3.0])),
            {"momentum": 0.25, "eps": 4.0},
            note="small enough to do by hand",
        ),
        _case_of(rng, integer(rng, 7, 9), c),
        _case_of(rng, 2, c, momentum=0.4, eps=0.3, note="a batch of two"),
        _case_of(rng, 5, 5, spread=TINY, note="as many samples as channels, and variances smaller than eps"),
        _case_of(rng, 6, c, dtype="float32", note="float32"),
    ]


def _train_running_cases(rng):
    return _train_cases(rng) + _train_vectors_cases(rng)[1:]


def _train_errors(rng):
    c = integer(rng, 3, 5)

    def with_gamma(channels, note, **options):
        x, _, _, *running = _case_of(rng, 4, c, 3, 2).args
        return Case((x, *_affine(rng, channels), *running), note=note, **options)

    x, gamma, beta, mean, var = _case_of(rng, 4, c, 3, 2).args
    one = np.ones(1)
    alone = "one value per channel, which has no unbiased variance"
    return [
        with_gamma(c + 1, "a gamma and a beta for one channel more than there are", raises=ValueError),
        with_gamma(2 * c, "a gamma and a beta for twice the channels", raises=ValueError),
        Case((x, one, beta, mean, var), note="a gamma of one value for all channels", raises=ValueError),
        Case((x, gamma, one, mean, var), note="a beta of one value for all channels", raises=ValueError),
        Case((x, gamma, beta, one, var), note="a running mean of one value for all channels", raises=ValueError),
        Case((x, gamma, beta, mean, one), note="a running variance of one value for all channels", raises=ValueError),
        Case(_case_of(rng, 1, c).args, note=alone, raises=ValueError),
        Case(_case_of(rng, 1, c, 1, 1).args, note=alone, raises=ValueError),
        Case(_case_of(rng, 1, c, 1, 2).args, note="two values per channel, which is possible", only_returns=True),
    ]


def _channel_window(index: Any, *args: Any, **kwargs: Any) -> list[tuple[str, Any]]:
    x, channel = args[0], index[2] if index[0] in ("y", "dx") else index[1]
    return [(f"all {x[:, channel].size} values of channel {channel}", x[:, channel].ravel())]


SPATIAL = _only_vectors((2, 3))
FEATURES = lambda x: tuple(range(1, x.ndim))  # noqa: E731 - one of several functions that say which axes
BATCH = _only_vectors((0,))
ALL = lambda x: tuple(range(x.ndim))  # noqa: E731

PER_SAMPLE = "Your mean and variance are those of one image's channel: average over the batch too, axes 0, 2 and 3."
PER_SAMPLE_ALL = (
    "Your mean and variance are those of one sample, over its channels: average over the samples instead, per channel."
)
PER_PIXEL = "Your mean and variance are over the batch only, one for every pixel: average over height and width too."
EVERYTHING = "You take one mean and one variance of everything: every channel has its own."

BATCH_NORM_TRAIN = Exercise(
    name="batch_norm_train",
    signature="batch_norm_train(x, gamma, beta, running_mean, running_var, momentum=0.1, eps=1e-5)",
    reference=on_torch(_train),
    probe="without_cache",
    parts=(
        Part("batch_norm_train", _train_images_cases, judges=("y",)),
        Part("batch_norm_train_vectors", _train_vectors_cases, judges=("y",)),
        Part("batch_norm_train_running", _train_running_cases, judges=("running_mean", "running_var")),
        Part("batch_norm_train_errors", _train_errors),
    ),
    terms=lambda x, *args, **kwargs: x.size // x.shape[1],
    window=_channel_window,
    outputs=("y", "running_mean", "running_var"),
    mistakes=(
        *ways("unbiased_variance", UNBIASED, CHANNEL, _other_statistics(_reduced, unbiased=True)),
        *ways(
            "variance_cancelled",
            CANCELLED,
            CHANNEL,
            _trained(normalise=lambda x, g, b, mean, var, eps: _y(x, g, b, mean, _cancelled(mean, var), eps)),
        ),
        *ways(
            "reshape_for_transpose",
            "You reshape to (C, −1) without bringing the channels to the front: images and channels get mixed.",
            CHANNEL,
            _mixed(_mixed_everywhere),
            _mixed(_mixed_then_scaled),
            _mixed(_mixed_statistics_only),
        ),
        *ways(
            "count_of_all_channels",
            "The n in your n/(n − 1) counts the values of all channels: a channel has N·H·W.",
            RUNNING,
            _trained(seen=lambda x: _statistics(x)[1] * x.numel() / (x.numel() - 1)),
        ),
        *ways(
            "batch_size_for_count",
            "The n in your n/(n − 1) is the number of samples: a channel has n = N·H·W values.",
            RUNNING,
            _trained(seen=lambda x: _statistics(x)[1] * len(x) / (len(x) - 1)),
        ),
        *ways(
            "axes_kept",
            "Your running statistics still have the averaged axes: give the mean and the variance the shape (C,) first.",
            RUNNING,
            _axes_kept,
            lambda *a, **k: tuple(_along(result, a[0]) if result.ndim == 1 else result for result in _train(*a, **k)),
        ),
        *ways(
            "biased_running_variance",
            "Your running variance takes in the biased variance, divided by n: it keeps the unbiased one, divided by n − 1.",
            RUNNING,
            _trained(seen=lambda x: _statistics(x)[1]),
        ),
        *ways(
            "correction_twice",
            "You correct the running variance twice: with ddof=1 it is divided by n − 1 already, n/(n − 1) is too much.",
            RUNNING,
            _trained(seen=_corrected_twice),
        ),
        *ways(
            "momentum_reversed",
            "Your momentum weighs the old value: here, as in PyTorch, it is the weight of the new one, "
            "(1 − momentum)·old + momentum·new.",
            RUNNING,
            _trained(move=_moved_backwards),
            _trained(move=_moved_backwards, seen=lambda x: _statistics(x)[1]),
        ),
        *ways(
            "momentum_ignored",
            "Your momentum is a fixed number: use the argument.",
            RUNNING,
            _fixed_momentum(0.1),
            _fixed_momentum(0.9),
            _fixed_momentum(0.01),
        ),
        *ways(
            "running_replaced",
            "Your running statistics are those of this batch alone: (1 − momentum) of the old ones stays.",
            RUNNING,
            _batch_results,
        ),
        *ways(
            "running_unchanged",
            "Your running statistics do not change: a share, momentum, of this batch's goes into them.",
            RUNNING,
            _fixed_momentum(0.0),
        ),
        *ways(
            "decay_missing",
            "You add the new statistics without making the old ones smaller: weigh those by 1 − momentum, or the sum grows.",
            RUNNING,
            _trained(move=lambda old, new, momentum: old + momentum * new),
        ),
        *ways(
            "weight_of_new_missing",
            "You add the new statistics whole: weigh them by momentum.",
            RUNNING,
            _trained(move=lambda old, new, momentum: (1 - momentum) * old + new),
        ),
        *ways(
            "deviation_for_variance",
            "Your running variance takes in standard deviations: keep the variance itself, without the root.",
            RUNNING,
            _trained(seen=lambda x: _statistics(x, unbiased=True)[1].sqrt()),
            _trained(seen=lambda x: _statistics(x)[1].sqrt()),
            lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(
                x, g, b, rm, rv, momentum, eps, seen=lambda v: _root(_statistics(v)[1], eps)
            ),
        ),
        *ways(
            "eps_in_running_variance",
            "Your running variance contains eps: eps only guards the division, keep the variance without it.",
            RUNNING,
            lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(
                x, g, b, rm, rv, momentum, eps, seen=lambda v: _statistics(v, unbiased=True)[1] + eps
            ),
            lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(
                x, g, b, rm, rv, momentum, eps, seen=lambda v: _statistics(v)[1] + eps
            ),
            lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(
                x, g, b, rm, rv, momentum, eps, seen=lambda v: (_statistics(v)[1] + eps) * (n := v.numel() // len(g)) / (n - 1)
            ),
            lambda x, g, b, rm, rv, momentum=0.1, eps=1e-5: _train(
                x, g, b, rm, rv, momentum, eps, move=lambda old, new, m: _moved(old, new, m) + eps * (old is rv)
            ),
        ),
        *ways(
            "running_statistics_in_training",
            "You normalise with the running statistics: in training, a batch is normalised with its own.",
            TWO_MODES,
            _with_running(new=False),
            _with_running(new=True),
        ),
        *ways(
            "statistics_per_sample",
            PER_SAMPLE,
            CHANNEL,
            _other_statistics(SPATIAL),
            _other_running(SPATIAL, average=True),
            _other_running(SPATIAL, average=False),
        ),
        *ways(
            "statistics_per_sample",
            PER_SAMPLE_ALL,
            CHANNEL,
            _other_statistics(FEATURES),
            _other_running(FEATURES, average=True),
            _other_running(FEATURES, average=False),
        ),
        *ways(
            "statistics_over_batch_only",
            PER_PIXEL,
            CHANNEL,
            _other_statistics(BATCH),
            _other_running(BATCH, average=True),
            _other_running(BATCH, average=False),
        ),
        *ways(
            "statistics_over_everything",
            EVERYTHING,
            CHANNEL,
            _other_statistics(ALL),
            _other_running(ALL, average=False),
        ),
        *(
            mistake
            for name, says, root in ROOTS
            for mistake in ways(name, says, CHANNEL, _trained(normalise=functools.partial(_y, root=root)))
        ),
        *(
            mistake
            for name, says, affine in AFFINE
            for mistake in ways(name, says, CHANNEL, _trained(normalise=functools.partial(_y, affine=affine)))
        ),
        *ways(
            "mean_missing",
            MEAN_MISSING,
            CHANNEL,
            _trained(normalise=lambda x, g, b, mean, var, eps: _y(x, g, b, 0, var, eps)),
        ),
        *ways(
            "mean_square_for_variance",
            MEAN_SQUARE,
            CHANNEL,
            _trained(normalise=lambda x, g, b, mean, var, eps: _y(x, g, b, mean, var + mean**2, eps)),
            _trained(
                normalise=lambda x, g, b, mean, var, eps: _y(x, g, b, mean, var + mean**2, eps),
                seen=lambda x: (x**2).mean(_reduced(x)),
            ),
        ),
        *ways(
            "truncated_to_int",
            TRUNCATED,
            CHANNEL,
            lambda *a, **k: tuple(result.trunc() if result.ndim > 1 else result for result in _train(*a, **k)),
        ),
        *ways(
            "gamma_wrong_axis",
            "Your gamma and beta stand along the columns, the last axis: shape them (1, C, 1, 1) to stand along the channels.",
            CHANNEL,
            _trained(
                normalise=lambda x, g, b, mean, var, eps: (x - mean) / _root(var, eps) * _along(g, x, -1) + _along(b, x, -1)
            ),
        ),
        *ways(
            "results_swapped",
            "Your running mean and running variance are exchanged: the mean comes first.",
            RUNNING,
            _swapped,
        ),
    ),
)


# batch_norm_eval


def _eval(x, gamma, beta, running_mean, running_var, eps=1e-5, *, root=_root, affine=_scaled):
    return _y(x, gamma, beta, _along(running_mean, x), _along(running_var, x), eps, root, affine)


def _eval_by_hand():
    """Running means 2 and 10, variances 5 and 12: with eps = 4 the roots are 3 and 4."""
    x, gamma, beta = _by_hand_batch()
    return x, gamma, beta, np.array([2.0, 10.0]), np.array([5.0, 12.0])


def _small_running(case: Case) -> Case:
    """Make the running variances of a case as small as eps."""
    *args, running_var = case.args
    return Case((*args, running_var * 1e-7), case.kwargs, note="running variances smaller than eps")


def _eval_cases(rng):
    c = integer(rng, 3, 4)
    return [
        Case(_eval_by_hand(), {"eps": 4.0}, note="small enough to do by hand"),
        _case_of(rng, integer(rng, 2, 4), c, 2, 5),
        _case_of(rng, 1, c, 3, 2, note="a single image"),
        _small_running(_case_of(rng, 2, 3, 3, 4)),
        _case_of(rng, 2, c, 2, c, eps=0.3, note="as many columns as channels"),
        _case_of(rng, 2, c, 3, 4, eps=0.02, layout=_spread_out, note="an input that is not contiguous in memory"),
        _case_of(rng, 3, c, 3, 2, dtype="float32", note="float32"),
    ]


def _eval_vectors_cases(rng):
    c = integer(rng, 3, 5)
    return [
        _case_of(rng, integer(rng, 6, 8), c),
        _case_of(rng, 1, c, eps=0.2, note="a single vector"),
        _small_running(_case_of(rng, 3, c)),
        _case_of(rng, c, c, eps=0.2, note="as many samples as channels"),
        _case_of(rng, 4, c, dtype="float32", note="float32"),
    ]


def _eval_with(mean: Callable[..., Any], var: Callable[..., Any]):
    """Normalise with other statistics: functions of x and of the running ones."""
    return lambda x, g, b, rm, rv, eps=1e-5: _y(x, g, b, mean(x, _along(rm, x)), var(x, _along(rv, x)), eps)


def _eval_with_batch_mean(x, gamma, beta, running_mean, running_var, eps=1e-5, **changes):
    return _eval(x, gamma, beta, _statistics(x)[0].flatten(), running_var, eps, **changes)


BATCH_IN_EVAL = "You normalise with the statistics of this batch: in evaluation the running ones are used, whatever the batch."

BATCH_NORM_EVAL = Exercise(
    name="batch_norm_eval",
    signature="batch_norm_eval(x, gamma, beta, running_mean, running_var, eps=1e-5)",
    reference=on_torch(_eval),
    parts=(Part("batch_norm_eval", _eval_cases), Part("batch_norm_eval_vectors", _eval_vectors_cases)),
    mistakes=(
        *ways(
            "batch_statistics_in_eval",
            BATCH_IN_EVAL,
            TWO_MODES,
            _eval_with(lambda x, m: _statistics(x)[0], lambda x, v: _statistics(x)[1]),
            _eval_with(lambda x, m: _statistics(x)[0], lambda x, v: v),
            _eval_with(lambda x, m: m, lambda x, v: _statistics(x)[1]),
            # The bugs of the exercise, of which some were not found.
            *(
                functools.partial(_eval_with_batch_mean, root=root, affine=affine)
                for root, affine in ((_std_plus_eps, _scaled), (_root, _scaled_late), (_std_plus_eps, _scaled_late))
            ),
        ),
        *ways("gamma_on_sum", GAMMA_ON_SUM, TWO_MODES, functools.partial(_eval, root=_std_plus_eps, affine=_scaled_late)),
        *ways("truncated_to_int", TRUNCATED, TWO_MODES, lambda *a, **k: _eval(*a, **k).trunc()),
        *ways(
            "running_statistics_moved",
            "You let this batch into the running statistics before using them: evaluation leaves them as they are.",
            TWO_MODES,
            _eval_with(
                lambda x, m: _moved(m, _statistics(x)[0], 0.1), lambda x, v: _moved(v, _statistics(x, unbiased=True)[1], 0.1)
            ),
        ),
        *(mistake for name, says, root in ROOTS for mistake in ways(name, says, TWO_MODES, functools.partial(_eval, root=root))),
        *(
            mistake
            for name, says, affine in AFFINE
            for mistake in ways(name, says, TWO_MODES, functools.partial(_eval, affine=affine))
        ),
        *ways("mean_missing", MEAN_MISSING, TWO_MODES, _eval_with(lambda x, m: 0, lambda x, v: v)),
        *ways(
            "mean_added", "You add the running mean: it is subtracted.", TWO_MODES, _eval_with(lambda x, m: -m, lambda x, v: v)
        ),
        *ways(
            "gamma_wrong_axis",
            "Your statistics, gamma and beta stand along the columns, the last axis: shape them (1, C, 1, 1) to stand along the "
            "channels.",
            CHANNEL,
            lambda x, g, b, rm, rv, eps=1e-5: (
                (x - _along(rm, x, -1)) / _root(_along(rv, x, -1), eps) * _along(g, x, -1) + _along(b, x, -1)
            ),
            lambda x, g, b, rm, rv, eps=1e-5: (
                (x - _along(rm, x)) / _root(_along(rv, x), eps) * _along(g, x, -1) + _along(b, x, -1)
            ),
            lambda x, g, b, rm, rv, eps=1e-5: (
                (x - _along(rm, x, 0)) / _root(_along(rv, x, 0), eps) * _along(g, x, 0) + _along(b, x, 0)
            ),
        ),
    ),
)


# batch_norm_backward


def _autograd(dy, x, gamma, beta, running_mean, running_var, eps=1e-5):
    """Differentiate the forward pass with torch's autograd."""
    import torch

    x, gamma, beta = (value.clone().requires_grad_() for value in (x, gamma, beta))
    y, *_ = _train(x, gamma, beta, running_mean, running_var, eps=eps)
    return torch.autograd.grad(y, (x, gamma, beta), dy)


def _gradients(
    dy: Any,
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    eps: float = 1e-5,
    *,
    dx: Callable[..., Any] | None = None,
    parameters: Callable[..., Any] | None = None,
) -> Any:
    """Give right gradients, or those of a mistake.

    `dx(dy, z, g, root, n, average)` gets the normalised values z, gamma along its axis, the root and the number of values;
    `parameters(dy, z, x)` returns dgamma and dbeta.
    """
    right = _autograd(dy, x, gamma, beta, running_mean, running_var, eps)
    mean, var = _statistics(x)
    root, over = _root(var, eps), _reduced(x)
    z = (x - mean) / root

    def average(values, axes=over):
        return values.mean(axes, keepdim=True)

    wrong_dx = right[0] if dx is None else dx(dy, z, _along(gamma, x), root, x.numel() // x.shape[1], average)
    found = right[1:] if parameters is None else parameters(dy, z, x, over)
    return wrong_dx, *found


def _with_dx(dx):
    return functools.partial(_gradients, dx=dx)


def _with_parameters(parameters):
    return functools.partial(_gradients, parameters=parameters)


def _weighted(mean_part: float, variance_part: float):
    """Weigh the two terms that come through the mean and the variance."""
    return _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - mean_part * avg(dy) - variance_part * z * avg(dy * z)))


def _dx_as(dy, z, g, root, n, avg):
    return g / root * (dy - avg(dy) - z * avg(dy * z))


def _counted(count: Callable[..., float]):
    """Divide the sums in dx by another number than n; `count` gets dy and n."""
    return _with_dx(
        lambda dy, z, g, root, n, avg: g / root * (dy - n / count(dy, n) * avg(dy) - n / count(dy, n) * z * avg(dy * z))
    )


def _from_x(dx: Callable[..., Any]):
    """Compute dx from x and the variance themselves; `dx(dy, x, z, g, var, eps, average)`."""

    def made(dy, x, gamma, beta, running_mean, running_var, eps=1e-5):
        _, var = _statistics(x)

        def with_x(dy, z, g, root, n, average):
            return dx(dy, x, z, g, var, eps, average)

        return _gradients(dy, x, gamma, beta, running_mean, running_var, eps, dx=with_x)

    return made


def _with_factors(one: Callable[..., Any], other: Callable[..., Any]):
    """Put something else in place of the normalised values in dx: outside and inside the mean; functions of x, z, average."""
    return _from_x(
        lambda dy, x, z, g, var, eps, avg: g / _root(var, eps) * (dy - avg(dy) - one(x, z, avg) * avg(dy * other(x, z, avg)))
    )


def _turned(*args, **kwargs):
    dx, dgamma, dbeta = _autograd(*args, **kwargs)
    return dgamma, dbeta, dx


def _other_root(root: Callable[..., Any]):
    """Compute all gradients with another divisor."""

    def made(dy, x, gamma, beta, running_mean, running_var, eps=1e-5):
        mean, var = _statistics(x)
        over, divisor = _reduced(x), root(var, eps)
        z = (x - mean) / divisor
        dx = _along(gamma, x) / divisor * (dy - dy.mean(over, keepdim=True) - z * (dy * z).mean(over, keepdim=True))
        return dx, (dy * z).sum(over), dy.sum(over)

    return made


def _backward_case(rng, *shape, note="", dtype="float64", spread=1.0, layout=None, **options):
    case = _case_of(rng, *shape, dtype=dtype, spread=spread, layout=layout, **options)
    dy = rng.choice([-1.0, 1.0], (1, shape[1], *(1,) * (len(shape) - 2))) + normal(rng, *shape)
    dy = dy.astype(dtype)
    return Case((layout(dy) if layout else dy, *case.args), options, note=note)


def _backward_by_hand():
    dy = np.array([[[[6.0, 0.0]], [[8.0, 0.0]]], [[[0.0, 0.0]], [[0.0, 4.0]]]])
    return (dy, *_by_hand_batch(), np.array([2.0, 0.0]), np.array([1.0, 3.0]))


def _backward_cases(rng):
    c = integer(rng, 3, 4)
    return [
        Case(_backward_by_hand(), {"eps": 4.0}, note="small enough to do by hand"),
        _backward_case(rng, integer(rng, 3, 4), c, 2, 5),
        _backward_case(rng, 2, c, 4, 3, eps=0.5, note="a large eps"),
        _backward_case(rng, 3, 2, 3, 2, spread=TINY, note="variances smaller than eps"),
        _backward_case(rng, 2, c, 2, c, eps=0.02, note="as many columns as channels"),
        _backward_case(rng, 1, 3, 4, 2, note="a batch of one image"),
        _backward_case(rng, 3, c, 2, 4, layout=_spread_out, note="inputs that are not contiguous in memory"),
        _backward_case(rng, 3, c, 3, 4, dtype="float32", note="float32"),
    ]


def _backward_vectors_cases(rng):
    c = integer(rng, 3, 5)
    return [
        _backward_case(rng, integer(rng, 6, 8), c),
        _backward_case(rng, 3, c, eps=0.3, note="a batch of three"),
        _backward_case(rng, 5, 5, spread=TINY, note="as many samples as channels, and variances smaller than eps"),
        _backward_case(rng, 6, c, dtype="float32", note="float32"),
    ]


def _backward_parameters_cases(rng):
    return _backward_cases(rng) + _backward_vectors_cases(rng)


def _backward_window(index: Any, *args: Any, **kwargs: Any) -> list[tuple[str, Any]]:
    dy, x = args[:2]
    channel = index[2] if index[0] == "dx" else index[1]
    return [(f"x in channel {channel}", x[:, channel].ravel()), (f"dy in channel {channel}", dy[:, channel].ravel())]


def _sums(weight: Callable[..., Any]):
    """Return dgamma as the sum of dy times something else."""
    return _with_parameters(lambda dy, z, x, over: ((dy * weight(z, x, over)).sum(over), dy.sum(over)))


BATCH_NORM_BACKWARD = Exercise(
    name="batch_norm_backward",
    signature="batch_norm_backward(dy, cache of x, gamma, beta, running_mean, running_var)",
    reference=on_torch(_autograd),
    probe="through_cache",
    needs=("batch_norm_train",),
    repeat=lambda options: "batch_norm_backward(args[0], batch_norm_train(*args[1:], **options)[1])",
    parts=(
        Part("batch_norm_backward", _backward_cases, judges=("dx",)),
        Part("batch_norm_backward_vectors", _backward_vectors_cases, judges=("dx",)),
        Part("batch_norm_backward_parameters", _backward_parameters_cases, judges=("dgamma", "dbeta")),
    ),
    terms=lambda dy, x, *args, **kwargs: 4 * (x.size // x.shape[1]),
    window=_backward_window,
    outputs=("dx", "dgamma", "dbeta"),
    mistakes=(
        *ways(
            "mean_gradient_missing",
            "The gradient through the mean is missing from your dx: every value moves the mean, so subtract the mean of dy.",
            GRAPH,
            _weighted(0, 1),
        ),
        *ways(
            "variance_gradient_missing",
            "The gradient through the variance is missing from your dx: every value moves it, so subtract x̂·mean(dy·x̂).",
            GRAPH,
            _weighted(1, 0),
        ),
        *ways(
            "statistics_constant",
            "Your dx is gamma·dy/√(variance + eps), as if mean and variance were constants: every value of the batch moves them.",
            GRAPH,
            _weighted(0, 0),
        ),
        *ways(
            "sign_wrong",
            "A term of your dx has the wrong sign: what comes through the mean and through the variance is subtracted.",
            CLOSED_FORM,
            _weighted(-1, 1),
            _weighted(1, -1),
            _weighted(-1, -1),
        ),
        *ways(
            "factor_two_missing",
            "What comes through the variance is half as large as it should be: the derivative of a square has a factor 2.",
            GRAPH,
            _weighted(1, 0.5),
        ),
        *ways(
            "half_missing",
            "What comes through the variance is twice as large as it should be: the derivative of v^(−1/2) has a factor ½.",
            GRAPH,
            _weighted(1, 2),
        ),
        *ways(
            "gamma_missing",
            "gamma is missing from your dx: y = gamma·x̂ + beta, so what reaches x̂ is gamma·dy.",
            GRAPH,
            _with_dx(lambda dy, z, g, root, n, avg: _dx_as(dy, z, 1, root, n, avg)),
        ),
        *ways(
            "gamma_missing",
            "gamma is missing from the terms of your dx that come through mean and variance: it multiplies every dy.",
            GRAPH,
            _with_dx(lambda dy, z, g, root, n, avg: (g * dy - avg(dy) - z * avg(dy * z)) / root),
        ),
        *ways(
            "gamma_twice",
            "gamma enters your dx twice: what reaches x̂ is gamma·dy, and nothing after that multiplies by gamma.",
            GRAPH,
            _with_dx(lambda dy, z, g, root, n, avg: g * _dx_as(dy, z, g, root, n, avg)),
        ),
        *ways(
            "divisor_missing",
            "Your dx is not divided by √(variance + eps): x̂ = (x − mean)/√(variance + eps), so its derivative is.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: _dx_as(dy, z, g, 1, n, avg)),
        ),
        *ways(
            "root_missing",
            "You divide dx by variance + eps: divide by its root.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: _dx_as(dy, z, g, root**2, n, avg)),
        ),
        *ways(
            "sum_not_mean",
            "You subtract sums in dx where means are meant: every value has a share of 1/n in the mean and the variance.",
            CLOSED_FORM,
            _counted(lambda dy, n: 1),
        ),
        *ways(
            "sum_not_mean",
            "One of the two sums in your dx is not divided by n: both terms are means.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - n * avg(dy) - z * avg(dy * z))),
            _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - avg(dy) - n * z * avg(dy * z))),
        ),
        *ways(
            "not_divided_by_count",
            "Your dx is n times too large: with n·dy in the bracket, the factor in front is divided by n.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: n * _dx_as(dy, z, g, root, n, avg)),
        ),
        *ways(
            "divided_by_count_twice",
            "In dx you divide by n twice: the means of dy and of dy·x̂ are sums divided by n once.",
            CLOSED_FORM,
            _counted(lambda dy, n: n**2),
        ),
        *ways(
            "not_normalised",
            "Your dx uses x, or x − mean, where the normalised values x̂ are meant: they are divided by √(variance + eps) too.",
            CLOSED_FORM,
            _with_factors(_plain, _normalised),
            _with_factors(_normalised, _plain),
            _with_factors(_plain, _plain),
            _with_factors(_centred, _normalised),
            _with_factors(_normalised, _centred),
            _with_factors(_centred, _centred),
        ),
        *ways(
            "eps_missing",
            "The factor in front of your dx is gamma/√variance: eps is missing under the root.",
            CLOSED_FORM,
            _from_x(lambda dy, x, z, g, var, eps, avg: g / var.sqrt() * (dy - avg(dy) - z * avg(dy * z))),
        ),
        *ways(
            "batch_size_for_count",
            "In dx you divide by the number of samples: a channel has n = N·H·W values.",
            CLOSED_FORM,
            _counted(lambda dy, n: len(dy)),
        ),
        *ways(
            "sum_not_mean",
            "In dx you divide by the number of pixels of one plane: the means are over the batch too, n = N·H·W values.",
            CLOSED_FORM,
            _counted(lambda dy, n: n / len(dy)),
        ),
        *ways(
            "unbiased_variance",
            "In dx you divide by n − 1: what normalises is the biased variance, so n.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - avg(dy) - n / max(n - 1, 1) * z * avg(dy * z))),
            _counted(lambda dy, n: max(n - 1, 1)),
        ),
        *ways(
            "statistics_per_sample",
            "The means in your dx are those of one image: average over the batch too, axes 0, 2 and 3.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - avg(dy, SPATIAL(dy)) - z * avg(dy * z, SPATIAL(dy)))),
        ),
        *ways(
            "statistics_over_batch_only",
            "The means in your dx are over the batch only, one for every pixel: average over height and width too.",
            CLOSED_FORM,
            _with_dx(lambda dy, z, g, root, n, avg: g / root * (dy - avg(dy, BATCH(dy)) - z * avg(dy * z, BATCH(dy)))),
        ),
        *ways(
            "mean_not_sum",
            "Your dgamma and dbeta are means: gamma and beta act on every value of the channel, so their shares are summed.",
            GRAPH,
            _with_parameters(lambda dy, z, x, over: ((dy * z).mean(over), dy.mean(over))),
            _with_parameters(lambda dy, z, x, over: ((dy * z).sum(over), dy.mean(over))),
            _with_parameters(lambda dy, z, x, over: ((dy * z).mean(over), dy.sum(over))),
            _with_parameters(lambda dy, z, x, over: ((dy * z).sum(over) / len(dy), dy.sum(over) / len(dy))),
        ),
        *ways(
            "axes_kept",
            "Your dgamma and dbeta still have the summed axes, with length 1: they must have the shape of gamma, (C,).",
            GRAPH,
            _with_parameters(lambda dy, z, x, over: ((dy * z).sum(over, keepdim=True), dy.sum(over, keepdim=True))),
        ),
        *ways(
            "batch_not_summed",
            "Your dgamma and dbeta have a row for every sample: sum over the batch too.",
            GRAPH,
            _with_parameters(lambda dy, z, x, over: ((dy * z).sum(SPATIAL(dy)), dy.sum(SPATIAL(dy)))),
        ),
        *ways(
            "pixels_not_summed",
            "Your dgamma and dbeta have a value for every pixel: sum over height and width too.",
            GRAPH,
            _with_parameters(lambda dy, z, x, over: ((dy * z).sum(0), dy.sum(0))),
        ),
        *ways(
            "not_normalised",
            "Your dgamma uses x: gamma multiplies the normalised values x̂, so dgamma sums dy·x̂.",
            GRAPH,
            _sums(lambda z, x, over: x),
        ),
        *ways(
            "not_normalised",
            "Your dgamma uses x − mean: gamma multiplies the normalised values x̂, which are divided by √(variance + eps) too.",
            GRAPH,
            _sums(lambda z, x, over: x - x.mean(over, keepdim=True)),
        ),
        *ways(
            "output_for_input",
            "Your dgamma uses y: gamma multiplies the normalised values x̂, so dgamma sums dy·x̂.",
            GRAPH,
            lambda dy, x, g, b, rm, rv, eps=1e-5: _gradients(
                dy, x, g, b, rm, rv, eps, parameters=lambda d, z, v, o: ((d * (z * _along(g, v) + _along(b, v))).sum(o), d.sum(o))
            ),
        ),
        *ways(
            "results_swapped",
            "Your dgamma and dbeta are exchanged: dgamma comes first.",
            GRAPH,
            _with_parameters(lambda dy, z, x, over: (dy.sum(over), (dy * z).sum(over))),
        ),
        *ways(
            "results_swapped",
            "Your results come in another order: dx first, then dgamma and dbeta.",
            GRAPH,
            _turned,
        ),
        *(
            mistake
            for name, says, root in (
                ("eps_missing", "You divide by √variance in the backward pass: eps is missing under the root.", ROOTS[0][2]),
                ("eps_outside_root", EPS_OUTSIDE, ROOTS[1][2]),
            )
            for mistake in ways(name, says, CLOSED_FORM, _other_root(root))
        ),
    ),
)


# fold_batch_norm


def _fold(w, b, gamma, beta, mean, var, eps=1e-5, *, root=_root):
    scale = gamma / root(var, eps)
    b = 0 if b is None else b
    return w * _along(scale, w, 0), (b - mean) * scale + beta


def _bias(change: Callable[..., Any]):
    """Fold with another bias: a function of b (0 if there is none), scale, beta, mean and gamma."""

    def made(w, b, gamma, beta, mean, var, eps=1e-5):
        weights, _ = _fold(w, b, gamma, beta, mean, var, eps)
        return weights, change(0 * mean if b is None else b, gamma / _root(var, eps), beta, mean, gamma)

    return made


def _without_gamma(w, b, gamma, beta, mean, var, eps=1e-5):
    return _fold(w, b, 0 * gamma + 1, beta, mean, var, eps)


def _weights(change: Callable[..., Any]):
    """Fold with other weights: a function of w, the scale, gamma."""

    def made(w, b, gamma, beta, mean, var, eps=1e-5):
        return change(w, gamma / _root(var, eps), gamma), _fold(w, b, gamma, beta, mean, var, eps)[1]

    return made


def _fold_case(rng, k, c, h, w, note="", dtype="float64", bias=True, tiny=False, layout=None, **options):
    weights = normal(rng, k, c, h, w, dtype=dtype)
    b = (2 + normal(rng, k)).astype(dtype) if bias else None
    mean, var = _running(rng, k, dtype)
    var = (var * 1e-7).astype(dtype) if tiny else var
    return Case((layout(weights) if layout else weights, b, *_affine(rng, k, dtype=dtype), mean, var), options, note=note)


def _fold_by_hand(bias=True):
    w = np.array([[[[1.0, 2.0]]], [[[3.0, -1.0]]]])
    b = np.array([5.0, 8.0]) if bias else None
    return w, b, np.array([6.0, 2.0]), np.array([1.0, -1.0]), np.array([2.0, 10.0]), np.array([5.0, 12.0])


def _fold_cases(rng):
    k = integer(rng, 3, 5)
    return [
        Case(_fold_by_hand(), {"eps": 4.0}, note="small enough to do by hand"),
        _fold_case(rng, k, 2, 3, 3),
        _fold_case(rng, 4, 4, 2, 3, eps=0.5, note="as many channels in as out, and a large eps"),
        _fold_case(rng, 3, 2, 1, 4, tiny=True, note="variances smaller than eps"),
        _fold_case(rng, k, 2, 3, k, eps=0.2, note="as many columns as channels out"),
        _fold_case(rng, k, 3, 1, 1, layout=lambda w: w.transpose(1, 0, 2, 3).copy().transpose(1, 0, 2, 3), note="a 1×1 kernel"),
        _fold_case(rng, k, 1, 3, 2, dtype="float32", note="float32"),
    ]


def _fold_without_bias_cases(rng):
    k = integer(rng, 3, 5)
    return [
        Case(_fold_by_hand(bias=False), {"eps": 4.0}, note="small enough to do by hand"),
        _fold_case(rng, k, 2, 3, 2, bias=False),
        _fold_case(rng, 3, 2, 2, 4, bias=False, tiny=True, note="variances smaller than eps"),
        _fold_case(rng, 3, 3, 2, 2, bias=False, eps=0.5, note="as many channels in as out, and a large eps"),
        _fold_case(rng, k, 2, 2, 3, bias=False, dtype="float32", note="float32"),
    ]


BIAS_SCALED = "The bias goes through the normalisation too: it becomes (b − mean)·scale + beta."

FOLD_BATCH_NORM = Exercise(
    name="fold_batch_norm",
    signature="fold_batch_norm(w, b, gamma, beta, mean, var, eps=1e-5)",
    reference=on_torch(_fold),
    parts=(
        Part("fold_batch_norm", _fold_cases),
        Part("fold_batch_norm_without_bias", _fold_without_bias_cases),
    ),
    outputs=("w", "b"),
    mistakes=(
        *ways(
            "bias_forgotten",
            f"The convolution's own bias is not in your result. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: beta - mean * scale),
        ),
        *ways(
            "bias_not_scaled",
            f"The convolution's bias is added as it was. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: b + beta - mean * scale),
        ),
        *ways(
            "mean_not_scaled",
            f"The mean is subtracted as it is. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: b * scale + beta - mean),
            _bias(lambda b, scale, beta, mean, gamma: b - mean + beta),
        ),
        *ways(
            "bias_unchanged",
            f"Your bias is the old one: only the weights are folded. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: b),
        ),
        *ways(
            "mean_missing",
            f"The mean is not in your bias. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: b * scale + beta),
        ),
        *ways(
            "beta_missing",
            f"beta is not in your bias. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: (b - mean) * scale),
        ),
        *ways(
            "gamma_on_sum",
            f"You multiply beta by the scale: it is added after it. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: (b - mean + beta) * scale),
        ),
        *ways(
            "sign_wrong",
            f"A sign in your bias is wrong: the mean is subtracted, beta is added. {BIAS_SCALED}",
            FOLDING,
            _bias(lambda b, scale, beta, mean, gamma: (b + mean) * scale + beta),
            _bias(lambda b, scale, beta, mean, gamma: (mean - b) * scale + beta),
            _bias(lambda b, scale, beta, mean, gamma: (b - mean) * scale - beta),
        ),
        *ways(
            "scale_missing",
            "Your weights are the old ones: those of output channel k are multiplied by gamma[k]/√(var[k] + eps).",
            FOLDING,
            _weights(lambda w, scale, gamma: w),
        ),
        *ways(
            "gamma_missing",
            "gamma has no effect on your result: the scale is gamma/√(var + eps).",
            FOLDING,
            _without_gamma,
            _weights(lambda w, scale, gamma: w * _along(scale / gamma, w, 0)),
            _bias(lambda b, scale, beta, mean, gamma: (b - mean) * scale / gamma + beta),
        ),
        *ways(
            "divisor_missing",
            "You multiply by gamma alone: the scale is gamma/√(var + eps).",
            FOLDING,
            functools.partial(_fold, root=lambda var, eps: 0 * var + 1),
        ),
        *ways(
            "scale_wrong_axis",
            "Your scale multiplies the input channels, axis 1 of the weights: it belongs to the output channels, axis 0.",
            FOLDING,
            _weights(lambda w, scale, gamma: w * _along(scale, w, 1)),
        ),
        *ways(
            "scale_wrong_axis",
            "Your scale multiplies the columns of the kernel, the last axis: it belongs to the output channels, axis 0.",
            FOLDING,
            _weights(lambda w, scale, gamma: w * _along(scale, w, 3)),
        ),
        *ways(
            "scale_inverted",
            "You divide by the scale: multiply by gamma/√(var + eps).",
            FOLDING,
            _weights(lambda w, scale, gamma: w / _along(scale, w, 0)),
        ),
        *(mistake for name, says, root in ROOTS for mistake in ways(name, says, FOLDING, functools.partial(_fold, root=root))),
        *ways(
            "bias_none_kept",
            "Where the convolution has no bias, yours returns None for it: what is left of mean and beta must go somewhere.",
            FOLDING,
            lambda w, b, *a, **k: (_fold(w, b, *a, **k)[0], None if b is None else _fold(w, b, *a, **k)[1]),
        ),
        *ways("results_swapped", "You return (b, w): the weights come first.", FOLDING, lambda *a, **k: _fold(*a, **k)[::-1]),
    ),
)


# layer_norm and group_norm


def _variance_itself(mean, var):
    return var


def _feature_norm(x, gamma, beta, eps=1e-5, *, over=(1, 2, 3), unbiased=False, kept=_variance_itself, root=_root, affine=_scaled):
    mean, var = _statistics(x, over, unbiased)
    return affine((x - mean) / root(kept(mean, var), eps), gamma, beta)


def _first_only(y):
    """Keep the first sample of a result whose rest was never written."""
    kept = 0 * y
    kept[0] = y[0]
    return kept


def _layer_by_hand():
    """Two samples of four values, with variances 5 and 12: with eps = 4 the roots are 3 and 4."""
    x = np.array([[[[1.0, 3.0]], [[5.0, 7.0]]], [[[2.0, 10.0]], [[10.0, 10.0]]]])
    gamma = np.array([[[3.0, 6.0]], [[-3.0, 9.0]]])
    return x, gamma, np.array([[[1.0, 0.0]], [[2.0, -1.0]]])


def _layer_case(rng, *shape, dtype="float64", spread=1.0, note="", layout=None, **options):
    x = _values(rng, *shape, dtype=dtype, spread=spread)
    x = x + (spread * rng.uniform(-2, 2, (shape[0], 1, 1, 1))).astype(dtype)
    return Case((layout(x) if layout else x, *_affine(rng, *shape[1:], dtype=dtype)), options, note=note)


def _layer_cases(rng):
    c = integer(rng, 2, 4)
    return [
        Case(_layer_by_hand(), {"eps": 4.0}, note="small enough to do by hand"),
        _layer_case(rng, integer(rng, 2, 3), c, 2, 5),
        _layer_case(rng, 1, c, 3, 2, note="a single image"),
        _layer_case(rng, 3, c, 4, 3, eps=0.5, note="a large eps"),
        _layer_case(rng, 2, 3, 3, 2, spread=TINY, note="variances smaller than eps"),
        _layer_case(rng, 2, c, 3, 4, eps=0.02, layout=_spread_out, note="an input that is not contiguous in memory"),
        _layer_case(rng, 3, c, 2, 3, dtype="float32", note="float32"),
        Case((_far_from_zero(rng, 3, 16).reshape(3, 2, 2, 4), *_affine(rng, 2, 2, 4, dtype="float32")), note=FAR_NOTE),
    ]


FEATURE_AXES: tuple[tuple[str, str, Any], ...] = (
    (
        "statistics_over_batch",
        "You average over the batch, as batch normalisation does: here every sample stands alone.",
        (0, 2, 3),
    ),
    ("statistics_over_batch", "You average over the batch only: here every sample stands alone, and its own values count.", (0,)),
    ("statistics_per_channel", "You average over height and width only: here a sample's channels share one mean.", (2, 3)),
    ("statistics_per_pixel", "You average over the channels only, one mean per pixel: height and width count too.", (1,)),
    ("statistics_per_row", "You average along the last axis only, one mean per row: channels and height count too.", (3,)),
    (
        "statistics_over_everything",
        "You take one mean and one variance of the whole batch: every sample has its own.",
        (0, 1, 2, 3),
    ),
)

LAYER_NORM = Exercise(
    name="layer_norm",
    signature="layer_norm(x, gamma, beta, eps=1e-5)",
    reference=on_torch(_feature_norm),
    parts=(Part("layer_norm", _layer_cases),),
    terms=lambda x, *args, **kwargs: x.size // len(x),
    mistakes=(
        *(
            mistake
            for name, says, over in FEATURE_AXES
            for mistake in ways(name, says, RELATIVES, functools.partial(_feature_norm, over=over))
        ),
        *ways("unbiased_variance", UNBIASED, RELATIVES, functools.partial(_feature_norm, unbiased=True)),
        *ways("variance_cancelled", CANCELLED, RELATIVES, functools.partial(_feature_norm, kept=_cancelled)),
        *ways(
            "return_in_loop",
            "Your function returns inside the loop, in its first round: the `return` must stand behind the loop.",
            RELATIVES,
            lambda *a, **k: _first_only(_feature_norm(*a, **k)),
        ),
        *(
            mistake
            for name, says, root in ROOTS
            for mistake in ways(name, says, RELATIVES, functools.partial(_feature_norm, root=root))
        ),
        *(
            mistake
            for name, says, affine in AFFINE
            for mistake in ways(name, says, RELATIVES, functools.partial(_feature_norm, affine=affine))
        ),
        *ways(
            "mean_missing",
            MEAN_MISSING,
            RELATIVES,
            lambda x, g, b, eps=1e-5: _scaled(x / _root(_statistics(x, (1, 2, 3))[1], eps), g, b),
        ),
        *ways(
            "mean_square_for_variance",
            MEAN_SQUARE,
            RELATIVES,
            lambda x, g, b, eps=1e-5: _scaled(
                (x - x.mean((1, 2, 3), keepdim=True)) / _root((x**2).mean((1, 2, 3), keepdim=True), eps), g, b
            ),
        ),
    ),
)


def _group_norm(
    x, groups, gamma, beta, eps=1e-5, *, over=(2, 3, 4), unbiased=False, kept=_variance_itself, root=_root, affine=_scaled
):
    grouped = x.reshape(len(x), groups, -1, *x.shape[2:])
    mean, var = _statistics(grouped, over, unbiased)
    z = (grouped - mean) / root(kept(mean, var), eps)
    return affine(z.reshape(x.shape), _along(gamma, x), _along(beta, x))


def _affine_by_group(x, groups, gamma, beta, eps=1e-5):
    """Use the first values of gamma and beta, one for each group."""
    size = x.shape[1] // groups
    return _group_norm(x, groups, *(v[:groups].repeat_interleave(size) for v in (gamma, beta)), eps)


def _grouped_as(groups: Callable[[int, int], int]):
    """Group the channels into another number of groups: a function of groups and channels."""
    return lambda x, g, gamma, beta, eps=1e-5: _group_norm(x, groups(g, x.shape[1]), gamma, beta, eps)


def _interleaved(x, groups, gamma, beta, eps=1e-5):
    """Let every groups-th channel be of one group."""
    grouped = x.reshape(len(x), -1, groups, *x.shape[2:])
    mean, var = _statistics(grouped, (1, 3, 4))
    return _scaled(((grouped - mean) / _root(var, eps)).reshape(x.shape), _along(gamma, x), _along(beta, x))


def _order_lost(x, groups, gamma, beta, eps=1e-5):
    """Normalise groups of interleaved channels and leave the channels in the order of the groups."""
    size = x.shape[1] // groups
    order = [g + k * groups for g in range(groups) for k in range(size)]
    plain = _interleaved(x, groups, 0 * gamma + 1, 0 * beta, eps)
    return _scaled(plain[:, order], _along(gamma, x), _along(beta, x))


def _as_batch_norm(x, groups, gamma, beta, eps=1e-5):
    return _y(x, gamma, beta, *_statistics(x), eps)


def _as_everything(x, groups, gamma, beta, eps=1e-5):
    return _y(x, gamma, beta, *_statistics(x, ALL(x)), eps)


def _group_by_hand():
    """Two groups of two channels, with variances 5 and 12: with eps = 4 the roots are 3 and 4."""
    x = np.array([[[[1.0, 3.0]], [[5.0, 7.0]], [[2.0, 10.0]], [[10.0, 10.0]]]])
    return x, 2, np.array([3.0, 6.0, 2.0, -4.0]), np.array([1.0, 0.0, 2.0, -1.0])


def _group_case(rng, groups, *shape, dtype="float64", spread=1.0, note="", layout=None, **options):
    x = _values(rng, *shape, dtype=dtype, spread=spread)
    x = layout(x) if layout else x
    return Case((x, groups, *_affine(rng, shape[1], dtype=dtype)), options, note=note)


def _group_cases(rng):
    return [
        Case(_group_by_hand(), {"eps": 4.0}, note="small enough to do by hand"),
        _group_case(rng, 2, integer(rng, 2, 3), 6, 2, 5),
        _group_case(rng, 3, 2, 6, 3, 2, eps=0.5, note="a large eps"),
        _group_case(rng, 4, 2, 8, 2, 3, spread=TINY, note="variances smaller than eps"),
        _group_case(rng, 1, 2, 4, 3, 2, note="one group: all channels together"),
        _group_case(rng, 4, 2, 4, 3, 2, note="as many groups as channels"),
        _group_case(rng, 2, 1, 8, 3, 4, eps=0.02, layout=_spread_out, note="an input that is not contiguous in memory"),
        _group_case(rng, 2, 3, 6, 2, 3, dtype="float32", note="float32"),
        Case((_far_from_zero(rng, 4, 16).reshape(2, 4, 2, 4), 2, *_affine(rng, 4, dtype="float32")), note=FAR_NOTE),
    ]


def _group_errors(rng):
    return [
        Case(_group_case(rng, 4, 2, 6, 3, 2).args, note="4 groups, which do not divide 6 channels", raises=ValueError),
        Case(_group_case(rng, 6, 2, 3, 4, 2).args, note="more groups than channels", raises=ValueError),
        Case(_group_case(rng, 0, 2, 4, 3, 2).args, note="no group at all", raises=ValueError),
        Case(_group_case(rng, 3, 2, 6, 3, 2).args, note="3 groups of 2 channels, which is possible", only_returns=True),
    ]


GROUP_NORM = Exercise(
    name="group_norm",
    signature="group_norm(x, groups, gamma, beta, eps=1e-5)",
    reference=on_torch(_group_norm),
    parts=(Part("group_norm", _group_cases), Part("group_norm_errors", _group_errors)),
    terms=lambda x, groups, *args, **kwargs: x[0].size // max(groups, 1),
    mistakes=(
        *ways(
            "groups_interleaved",
            "Your groups take every groups-th channel: a group is a run of neighbouring channels. Reshape to "
            "(N, groups, C // groups, H, W).",
            RELATIVES,
            _interleaved,
            _order_lost,
        ),
        *ways(
            "group_size_for_count",
            "You take groups as the number of channels in a group: it is the number of groups.",
            RELATIVES,
            _grouped_as(lambda g, c: c // g),
        ),
        *ways(
            "groups_ignored",
            "The number of groups has no effect: all channels of a sample share your mean and variance.",
            RELATIVES,
            _grouped_as(lambda g, c: 1),
        ),
        *ways(
            "statistics_per_channel",
            "You average over height and width only: the channels of a group share one mean.",
            RELATIVES,
            _grouped_as(lambda g, c: c),
        ),
        *ways(
            "statistics_over_batch",
            "You average over the batch too: in group normalisation every sample stands alone.",
            RELATIVES,
            functools.partial(_group_norm, over=(0, 2, 3, 4)),
            _as_batch_norm,
        ),
        *ways(
            "statistics_per_pixel",
            "You average over the channels of a group only, one mean per pixel: height and width count too.",
            RELATIVES,
            functools.partial(_group_norm, over=(2,)),
        ),
        *ways(
            "statistics_over_everything",
            "You take one mean and one variance of the whole batch: every group of every sample has its own.",
            RELATIVES,
            _as_everything,
        ),
        *ways("unbiased_variance", UNBIASED, RELATIVES, functools.partial(_group_norm, unbiased=True)),
        *ways("variance_cancelled", CANCELLED, RELATIVES, functools.partial(_group_norm, kept=_cancelled)),
        *ways(
            "gamma_per_group",
            "You take gamma and beta by the number of the group: every channel has its own, inside a group too.",
            RELATIVES,
            _affine_by_group,
        ),
        *(
            mistake
            for name, says, root in ROOTS
            for mistake in ways(name, says, RELATIVES, functools.partial(_group_norm, root=root))
        ),
        *(
            mistake
            for name, says, affine in AFFINE
            for mistake in ways(name, says, RELATIVES, functools.partial(_group_norm, affine=affine))
        ),
    ),
)

EXERCISES = (BATCH_NORM_TRAIN, BATCH_NORM_EVAL, BATCH_NORM_BACKWARD, FOLD_BATCH_NORM, LAYER_NORM, GROUP_NORM)
