"""Topic 08: from pixels to a trained network, in NumPy and in PyTorch."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit import data
from cnnkit.exercises.base import NUMPY_FORBIDS, Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal
from cnnkit.exercises.probes import training as probes
from cnnkit.exercises.reference import on_torch, ways

# Headings of lecture 08.
IMAGES, LOADER, LOSS, LOOP = "From images to tensors", "Dataset and DataLoader", "Softmax and cross-entropy", "The training loop"
OPTIMISERS, WRONG, NUMPY = "SGD, momentum, Adam", "Where the network is wrong", "A network without a framework"
LADDER = "The debug ladder"

EPSILONS = (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)
"""What people add to a probability before they take its logarithm."""


# standardize and unstandardize


def _channels(values):
    return values.reshape(1, -1, 1, 1)


def _standardize(images, mean, std, *, scale=255.0):
    return (images.double() / scale - _channels(mean)) / _channels(std)


def _of_the_batch(images, mean, std, over):
    x = images.double() / 255
    return (x - x.mean(over, keepdim=True)) / ((x - x.mean(over, keepdim=True)) ** 2).mean(over, keepdim=True).sqrt()


def _images(rng, *shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def _statistics(rng, channels):
    return rng.uniform(0.2, 0.6, channels), rng.uniform(0.15, 0.4, channels)


def _standardize_case(rng, *shape, note="", spread=False):
    images = _images(rng, *shape)
    images = np.repeat(images, 2, axis=-1)[..., ::2] if spread else images
    return Case((images, *_statistics(rng, shape[1])), note=note)


def _standardize_cases(rng):
    by_hand = np.array([[[[0, 51], [102, 255]]]], np.uint8)
    return [
        Case((by_hand, np.array([0.2]), np.array([0.4])), note="small enough to do by hand"),
        _standardize_case(rng, integer(rng, 2, 3), 3, 4, 5, note="three channels"),
        _standardize_case(rng, 2, 3, 3, 3, note="as many rows and columns as channels"),
        _standardize_case(rng, 4, 1, 2, integer(rng, 3, 6), note="grey images"),
        _standardize_case(rng, 1, 2, 5, 3, note="a single image, not contiguous in memory", spread=True),
    ]


def _standardize_errors(rng):
    images = _images(rng, 2, 3, 4, 5)
    mean, std = _statistics(rng, 3)
    zero = std * np.array([1.0, 0.0, 1.0])
    return [
        Case((images, mean[:2], std[:2]), note="two means for three channels", raises=ValueError),
        Case((images, mean, zero), note="a standard deviation of 0", raises=ValueError),
        Case((images, mean, std), note="three of each, which is possible", only_returns=True),
    ]


STD_OR_VARIANCE = "You divide by the {}: std is the standard deviation already, divide by it as it is."

STANDARDIZE = Exercise(
    name="standardize",
    signature="standardize(images, mean, std)",
    reference=on_torch(_standardize),
    parts=(Part("standardize", _standardize_cases), Part("standardize_errors", _standardize_errors)),
    dtype="float32",
    mistakes=(
        *ways(
            "scale_missing",
            "Your pixels are still between 0 and 255, but mean and std are those of values between 0 and 1: divide by 255 first.",
            IMAGES,
            functools.partial(_standardize, scale=1.0),
        ),
        *ways(
            "wrong_scale",
            "You divide by 256: the largest of the 8 bits is 255, and it becomes 1.",
            IMAGES,
            functools.partial(_standardize, scale=256.0),
        ),
        *ways(
            "mean_missing",
            "You do not subtract the mean.",
            IMAGES,
            lambda images, mean, std: _standardize(images, 0 * mean, std),
        ),
        *ways(
            "std_missing",
            "You do not divide by the standard deviation.",
            IMAGES,
            lambda images, mean, std: _standardize(images, mean, 0 * std + 1),
        ),
        *ways("std_and_mean_missing", "Mean and std have no effect.", IMAGES, lambda images, mean, std: images.double() / 255),
        *ways(
            "std_var_confused",
            STD_OR_VARIANCE.format("root of std or its square"),
            IMAGES,
            lambda images, mean, std: _standardize(images, mean, std.sqrt()),
            lambda images, mean, std: _standardize(images, mean, std**2),
        ),
        *ways(
            "order_wrong",
            "You divide by the standard deviation before you subtract the mean: centre first, then scale.",
            IMAGES,
            lambda images, mean, std: images.double() / 255 / _channels(std) - _channels(mean),
        ),
        *ways(
            "mean_std_swapped",
            "Mean and std are swapped.",
            IMAGES,
            lambda images, mean, std: _standardize(images, std, mean),
        ),
        *ways(
            "sign_wrong",
            "You add the mean: it is subtracted.",
            IMAGES,
            lambda images, mean, std: _standardize(images, -mean, std),
        ),
        *ways(
            "wrong_axis",
            "Your mean and std go along the rows or columns of the images: they belong to the channels, axis 1.",
            IMAGES,
            lambda images, mean, std: (images.double() / 255 - mean.reshape(1, 1, 1, -1)) / std.reshape(1, 1, 1, -1),
            lambda images, mean, std: (images.double() / 255 - mean.reshape(1, 1, -1, 1)) / std.reshape(1, 1, -1, 1),
        ),
        *ways(
            "own_statistics",
            "You use the statistics of the images at hand: use the arguments, which are those of the training images.",
            IMAGES,
            lambda images, mean, std: _of_the_batch(images, mean, std, (0, 2, 3)),
            lambda images, mean, std: _of_the_batch(images, mean, std, (0, 1, 2, 3)),
            lambda images, mean, std: _of_the_batch(images, mean, std, (2, 3)),
            lambda images, mean, std: _of_the_batch(images, mean, std, (1, 2, 3)),
        ),
    ),
)


def _unstandardize(x, mean, std, *, whole=None):
    pixels = (x * _channels(std) + _channels(mean)) * 255
    return (pixels.round() if whole is None else whole(pixels)).clamp(0, 255).byte()


def _wrapped(whole):
    """Keep the lowest 8 bits, as a cast to uint8 does on most computers."""
    return lambda x, mean, std: whole((x * _channels(std) + _channels(mean)) * 255).remainder(256).byte()


def _pixels(change: Callable[..., Any]) -> Callable[..., Any]:
    """Make a wrong function from one that gives wrong pixels, which are rounded and clipped as they should be."""
    return lambda x, mean, std: change(x, _channels(mean), _channels(std)).round().clamp(0, 255).byte()


def _unstandardize_case(rng, *shape, note="", over=0.0):
    """Draw standardised pixels that are within 0.4 of a whole number, so that nothing hangs on how halves are rounded."""
    mean, std = _statistics(rng, shape[1])
    pixels = rng.integers(3, 253, shape) + rng.uniform(-0.4, 0.4, shape)
    outside = rng.random(shape) < over
    pixels = np.where(outside, rng.choice([-40.3, -1.3, 256.7, 300.2], shape), pixels)
    x = ((pixels / 255 - mean[:, None, None]) / std[:, None, None]).astype(np.float32)
    return Case((x, mean, std), note=note)


def _unstandardize_cases(rng):
    by_hand = np.array([[[[-0.5, 0.0], [0.5, 2.0]]]], np.float32)
    return [
        Case((by_hand, np.array([0.2]), np.array([0.4])), note="small enough to do by hand"),
        _unstandardize_case(rng, integer(rng, 2, 3), 3, 4, 5, note="three channels"),
        _unstandardize_case(rng, 2, 3, 3, 3, note="as many rows and columns as channels"),
        _unstandardize_case(rng, 3, 1, 2, integer(rng, 3, 6), note="grey images"),
    ]


def _unstandardize_clipped_cases(rng):
    return [
        _unstandardize_case(rng, 2, 3, 4, 5, note="values darker than 0 and brighter than 255", over=0.3),
        _unstandardize_case(rng, 1, 1, 3, 6, note="values darker than 0 and brighter than 255", over=0.5),
    ]


UNSTANDARDIZE = Exercise(
    name="unstandardize",
    signature="unstandardize(x, mean, std)",
    reference=on_torch(_unstandardize),
    parts=(
        Part("unstandardize", _unstandardize_cases),
        Part("unstandardize_clipped", _unstandardize_clipped_cases),
    ),
    mistakes=(
        *ways(
            "not_rounded",
            "You cut off what stands after the decimal point, so pixels get darker: round to the nearest whole number.",
            IMAGES,
            lambda x, mean, std: _unstandardize(x, mean, std, whole=lambda p: p.clamp(0, 255).trunc()),
        ),
        *ways(
            "not_clipped",
            "Values below 0 or above 255 wrap around when they become uint8, so white turns black: clip them first.",
            IMAGES,
            _wrapped(lambda pixels: pixels.round()),
            _wrapped(lambda pixels: (pixels + 0.5).trunc()),
        ),
        *ways(
            "order_wrong",
            "You add the mean before you multiply by the standard deviation: undo the last step of standardize first.",
            IMAGES,
            _pixels(lambda x, mean, std: (x + mean) * std * 255),
        ),
        *ways(
            "scale_missing",
            "You do not multiply by 255: uint8 pixels reach from 0 to 255.",
            IMAGES,
            _pixels(lambda x, mean, std: x * std + mean),
        ),
        *ways(
            "sign_wrong",
            "You subtract the mean: here it is added.",
            IMAGES,
            _pixels(lambda x, mean, std: (x * std - mean) * 255),
        ),
        *ways(
            "not_inverted",
            "You standardize once more: this is the way back.",
            IMAGES,
            _pixels(lambda x, mean, std: (x - mean) / std * 255),
        ),
        *ways(
            "std_divided",
            "You divide by std: standardize did that, here you multiply.",
            IMAGES,
            _pixels(lambda x, mean, std: (x / std + mean) * 255),
        ),
        *ways("mean_missing", "You do not add the mean.", IMAGES, _pixels(lambda x, mean, std: x * std * 255)),
        *ways(
            "std_missing",
            "You do not multiply by the standard deviation.",
            IMAGES,
            _pixels(lambda x, mean, std: (x + mean) * 255),
        ),
        *ways(
            "std_var_confused",
            "You multiply by the root of std or its square: std is the standard deviation already, take it as it is.",
            IMAGES,
            _pixels(lambda x, mean, std: (x * std**2 + mean) * 255),
            _pixels(lambda x, mean, std: (x * std.sqrt() + mean) * 255),
        ),
        *ways("mean_std_swapped", "Mean and std are swapped.", IMAGES, _pixels(lambda x, mean, std: (x * mean + std) * 255)),
        *ways(
            "wrong_axis",
            "Your mean and std go along the columns of the images: they belong to the channels, axis 1.",
            IMAGES,
            _pixels(lambda x, mean, std: (x * std.reshape(1, 1, 1, -1) + mean.reshape(1, 1, 1, -1)) * 255),
        ),
    ),
)


# cross_entropy


def _one_hot(logits, labels):
    wanted = 0 * logits
    wanted[range(len(labels)), labels.long()] = 1
    return wanted


def _stable_loss(z, labels):
    return -z.log_softmax(1)[range(len(labels)), labels.long()]


def _cross_entropy(z, labels, *, losses=_stable_loss, probabilities=None, average=None):
    """Average the losses of a batch; `probabilities` minus the one-hot labels, averaged, is the gradient."""
    p = z.softmax(1) if probabilities is None else probabilities(z)
    average = average or (lambda values, z: values / len(z))
    return average(losses(z, labels).sum(), z), average(p - _one_hot(z, labels), z)


def _gradient(change: Callable[..., Any]) -> Callable[..., Any]:
    """Make a mistake in the gradient alone: a function of logits, probabilities and one-hot labels."""
    return lambda z, labels: (_cross_entropy(z, labels)[0], change(z, z.softmax(1), _one_hot(z, labels)) / len(z))


def _loss(losses: Callable[..., Any]) -> Callable[..., Any]:
    """Make a mistake in the loss alone: a function of logits and labels that gives the loss of each image."""
    return functools.partial(_cross_entropy, losses=losses)


def _picked(p, labels):
    return p[range(len(labels)), labels.long()]


def _exponentials(z):
    return z.exp() / z.exp().sum(1, keepdim=True)


def _from_largest_of_all(z):
    return (z - z.max()).exp() / (z - z.max()).exp().sum(1, keepdim=True)


def _of(probabilities: Callable[..., Any]) -> Callable[..., Any]:
    """Compute loss and gradient from wrong probabilities."""
    return functools.partial(_cross_entropy, losses=lambda z, y: -_picked(probabilities(z), y).log(), probabilities=probabilities)


def _sigmoid_loss(z, labels):
    wanted = _one_hot(z, labels)
    return -(wanted * z.sigmoid().log() + (1 - wanted) * (1 - z.sigmoid()).log()).sum(1)


def _every_label_in_every_row(z, labels):
    p = z.softmax(1)
    gradient = p.clone()
    gradient[:, labels.long()] -= 1
    return -p[:, labels.long()].log().mean(), gradient / len(z)


def _logits(rng, n, c, dtype="float64", scale=1.5):
    return normal(rng, n, c, dtype=dtype) * np.dtype(dtype).type(scale)


def _loss_case(rng, n, c, note="", dtype="float64", spread=False):
    logits = _logits(rng, n, c, dtype)
    logits = np.repeat(logits, 2, axis=-1)[..., ::2] if spread else logits
    return Case((logits, rng.integers(0, c, n)), note=note)


def _loss_cases(rng):
    by_hand = np.log(np.array([[1.0, 3.0, 4.0], [2.0, 5.0, 1.0]]))
    c = integer(rng, 4, 6)
    return [
        Case((by_hand, np.array([1, 0])), note="exp of the logits is 1, 3, 4 and 2, 5, 1"),
        _loss_case(rng, integer(rng, 7, 9), c),
        _loss_case(rng, c, c, note="as many images as classes"),
        _loss_case(rng, 1, 10, note="a single image"),
        _loss_case(rng, 6, 2, note="two classes"),
        Case((np.array([[2.0, 41.5, 0.5], [40.0, 1.0, -1.0]]), np.array([0, 0])), note="sure of a wrong and of a right class"),
        _loss_case(rng, 5, 3, note="logits not contiguous in memory", spread=True),
        _loss_case(rng, 5, 10, note="float32", dtype="float32"),
    ]


def _stable_cases(rng):
    n, c = integer(rng, 3, 5), integer(rng, 4, 6)
    labels = rng.integers(0, c, n)
    sure = _logits(rng, n, c)
    sure[:, 0] += 900
    return [
        Case((_logits(rng, n, c) + 1000, labels), note="all logits near 1000"),
        Case((_logits(rng, n, c) - 1000, labels), note="all logits near −1000"),
        Case((sure, 1 + rng.integers(0, c - 1, n)), note="sure of the wrong class"),
        Case((_logits(rng, n, c) + np.linspace(-900, 900, n)[:, None], labels), note="every image on another level"),
        Case((_logits(rng, n, c, "float32") + np.float32(200), labels), note="float32, logits near 200"),
    ]


def _loss_errors(rng):
    logits = _logits(rng, 4, 3)
    return [
        Case((logits, np.array([0, 1, 2, 3])), note="label 3 of three classes, which are 0 to 2", raises=ValueError),
        Case((logits, np.array([0, -1, 2, 1])), note="a negative label", raises=ValueError),
        Case((logits, np.array([0, 1, 2])), note="three labels for four images", raises=ValueError),
        Case((logits, np.array([0, 1, 2, 2])), note="a label for each image, which is possible", only_returns=True),
    ]


CROSS_ENTROPY = Exercise(
    name="cross_entropy",
    signature="cross_entropy(logits, labels)",
    reference=on_torch(_cross_entropy),
    probe="training.loss_and_gradient",
    parts=(
        Part("cross_entropy", _loss_cases),
        Part("cross_entropy_stable", _stable_cases),
        Part("cross_entropy_errors", _loss_errors),
    ),
    terms=lambda logits, labels: logits.size,
    outputs=("loss", "dlogits"),
    mistakes=(
        *ways(
            "softmax_unstable",
            "You take exp of the logits as they are, so large ones become inf or 0/0: subtract each row's largest first.",
            LOSS,
            _of(_exponentials),
            _loss(lambda z, y: z.exp().sum(1).log() - _picked(z, y)),
        ),
        *ways(
            "max_over_batch",
            "You subtract the largest logit of the whole batch: rows far below it become 0/0, so subtract each row's own.",
            LOSS,
            _of(_from_largest_of_all),
            _loss(lambda z, y: (z - z.max()).exp().sum(1).log() + z.max() - _picked(z, y)),
        ),
        *ways(
            "log_of_softmax",
            "You take the logarithm of a probability that has been rounded to 0: compute log-softmax from the logits, "
            "z − max − log Σ exp(z − max).",
            LOSS,
            _loss(lambda z, y: -_picked(z.softmax(1), y).log()),
        ),
        *ways(
            "epsilon_in_log",
            "You add a small number to the probability, or clip it, before the logarithm: the loss gets a ceiling. "
            "Compute log-softmax from the logits instead.",
            LOSS,
            *(_loss(lambda z, y, eps=eps: -(_picked(z.softmax(1), y) + eps).log()) for eps in EPSILONS),
            *(_loss(lambda z, y, eps=eps: -_picked(z.softmax(1), y).clamp(min=eps).log()) for eps in EPSILONS),
        ),
        *ways(
            "sum_not_mean",
            "You sum over the batch: the loss is the mean over its images, and so the gradient is divided by N.",
            LOSS,
            functools.partial(_cross_entropy, average=lambda values, z: values),
        ),
        *ways(
            "averaged_over_classes",
            "You divide by the number of images times classes: the mean is over the images alone.",
            LOSS,
            functools.partial(_cross_entropy, average=lambda values, z: values / z.numel()),
        ),
        *ways(
            "softmax_missing",
            "Your gradient takes the logits for probabilities: it is softmax minus one-hot.",
            LOSS,
            _gradient(lambda z, p, wanted: z - wanted),
        ),
        *ways(
            "label_not_subtracted",
            "Your gradient is the softmax alone: subtract 1 at the label of each image.",
            LOSS,
            _gradient(lambda z, p, wanted: p),
        ),
        *ways(
            "sign_wrong",
            "A sign is wrong: the loss is −log p, and the gradient is softmax minus one-hot, not the other way round.",
            LOSS,
            lambda z, labels: tuple(-value for value in _cross_entropy(z, labels)),
        ),
        *ways(
            "log_missing",
            "Your loss has no logarithm: it is −log of the label's probability.",
            LOSS,
            _loss(lambda z, y: -_picked(z.softmax(1), y)),
            _loss(lambda z, y: 1 - _picked(z.softmax(1), y)),
        ),
        *ways(
            "wrong_logarithm",
            "Your logarithm is not the natural one: use np.log.",
            LOSS,
            _loss(lambda z, y: _stable_loss(z, y) / math.log(2)),
            _loss(lambda z, y: _stable_loss(z, y) / math.log(10)),
        ),
        *ways(
            "softmax_over_batch",
            "Your softmax sums over the images, axis 0: the probabilities of each image's classes sum to 1, axis 1.",
            LOSS,
            _of(lambda z: z.softmax(0)),
        ),
        *ways(
            "softmax_over_batch",
            "Your softmax sums over the whole batch: the probabilities of each image sum to 1, so sum along axis 1.",
            LOSS,
            _of(lambda z: (z - z.max()).exp() / (z - z.max()).exp().sum()),
        ),
        *ways(
            "softmax_twice",
            "You apply softmax twice: cross-entropy takes logits, and one softmax is inside it.",
            LOSS,
            _of(lambda z: z.softmax(1).softmax(1)),
        ),
        *ways(
            "sigmoid_for_softmax",
            "You treat every class by itself, with a sigmoid: the ten probabilities of an image must sum to 1, by softmax.",
            LOSS,
            functools.partial(_cross_entropy, losses=_sigmoid_loss, probabilities=lambda z: z.sigmoid()),
            functools.partial(
                _cross_entropy,
                losses=_sigmoid_loss,
                probabilities=lambda z: z.sigmoid(),
                average=lambda values, z: values / z.numel(),
            ),
            _of(lambda z: z.sigmoid()),
        ),
        *ways(
            "all_classes_counted",
            "Your loss adds up −log p of all classes: only the label's counts.",
            LOSS,
            _loss(lambda z, y: -z.log_softmax(1).sum(1)),
            _loss(lambda z, y: -z.log_softmax(1).mean(1)),
        ),
        *ways(
            "every_label_in_every_row",
            "`[:, labels]` picks the columns of all labels in every row: `[np.arange(N), labels]` picks one entry per image.",
            LOSS,
            _every_label_in_every_row,
        ),
    ),
)


# iterate_batches

BATCH_FACTS = (
    "batch sizes",
    "every index comes exactly once",
    "the order is shuffled",
    "batches are more than runs of neighbours",
    "a second epoch has a new order",
    "the same seed gives the same order",
)


def _batch_sizes(n, batch_size, last=True):
    sizes = [batch_size] * (n // batch_size)
    return np.array(sizes + [n % batch_size] * (last and n % batch_size > 0), dtype=int)


def _batch_facts(once=True, shuffled=True, mixed=True, new_order=True, repeatable=True):
    def facts(n, batch_size, seed):
        alone = batch_size == 1  # a batch of one cannot mix anything
        return _batch_sizes(n, batch_size), once, shuffled, mixed or alone, new_order, repeatable

    return facts


def _without_rest(n, batch_size, seed):
    some = n >= batch_size
    return _batch_sizes(n, batch_size, last=False), n % batch_size == 0, some, some or batch_size == 1, some, True


def _rest_filled(n, batch_size, seed):
    full = n % batch_size == 0
    return np.full(-(-n // batch_size), batch_size), full, True, True, True, True


def _runs(n, batch_size, seed):
    several = n > batch_size
    return _batch_sizes(n, batch_size), True, several, batch_size == 1, several, True


def _empty_at_the_end(n, batch_size, seed):
    sizes = _batch_sizes(n, batch_size)
    return np.append(sizes, [0] * (n % batch_size == 0)).astype(int), True, True, True, True, True


def _batches_cases(rng):
    def of(n, batch_size, note=""):
        return Case((), {"n": n, "batch_size": batch_size, "seed": integer(rng, 0, 10**6)}, note=note)

    size = integer(rng, 4, 7)
    return [
        of(23, 5, "a last batch of three"),
        of(size * integer(rng, 5, 8), size, "batches that come out even"),
        of(size * integer(rng, 5, 8) + 1, size, "a last batch of one"),
        of(integer(rng, 20, 30), 64, "fewer indices than a batch holds"),
        of(integer(rng, 12, 15), 1, "batches of one"),
    ]


def _batches_errors(rng):
    return [
        Case((), {"n": 20, "batch_size": 0, "seed": 1}, note="batches of no image", raises=ValueError),
        Case((), {"n": 20, "batch_size": -4, "seed": 1}, note="a negative batch size", raises=ValueError),
        Case((), {"n": 20, "batch_size": 20, "seed": 1}, note="one batch of all, which is possible", only_returns=True),
    ]


def _facts(name: str, says: str, see: str, *wrong: Callable[..., Any]) -> tuple[Mistake, ...]:
    """Describe a mistake made in several ways, each a function that returns the facts about it."""
    return tuple(Mistake(name, says, see, function) for function in wrong)


ITERATE_BATCHES = Exercise(
    name="iterate_batches",
    signature="iterate_batches(n, batch_size, generator)",
    reference=_batch_facts(),
    probe="training.batches",
    parts=(Part("iterate_batches", _batches_cases), Part("iterate_batches_errors", _batches_errors)),
    outputs=BATCH_FACTS,
    repeat=lambda options: 'list(iterate_batches(options["n"], options["batch_size"], np.random.default_rng(options["seed"])))',
    mistakes=(
        *_facts(
            "last_batch_dropped",
            "The indices left over at the end are dropped: the last batch may be shorter.",
            LOADER,
            _without_rest,
        ),
        *_facts(
            "last_batch_filled",
            "Your last batch is filled up with indices that came before: let it be shorter.",
            LOADER,
            _rest_filled,
        ),
        *_facts(
            "empty_batch",
            "Where the batches come out even, an empty one follows: its mean is 0/0.",
            LOADER,
            _empty_at_the_end,
        ),
        *_facts(
            "not_shuffled",
            "The indices come in the stored order: shuffle them first, with the generator.",
            LOADER,
            _batch_facts(shuffled=False, mixed=False, new_order=False),
        ),
        *_facts(
            "batches_shuffled_only",
            "You shuffle the batches, but in each of them are the same neighbours in every epoch: shuffle the indices.",
            LOADER,
            _runs,
        ),
        *_facts(
            "same_order_every_epoch",
            "Every epoch has the same order: draw from the generator that you are given, and seed nothing yourself.",
            LOADER,
            _batch_facts(new_order=False),
        ),
        *_facts(
            "generator_ignored",
            "The same seed gives another order each time: draw from the generator that you are given.",
            LOADER,
            _batch_facts(repeatable=False),
        ),
        *_facts(
            "sampled_with_replacement",
            "Some indices come twice and others never: draw without putting back, as a permutation does.",
            LOADER,
            _batch_facts(once=False),
        ),
    ),
)


# sgd_step and adam_step


def _steps(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a rule (parameter, gradient, its memory, learning rate, number of the step) and keep what it gives after each."""

    def histories(params, grads, memory, lr, **options):
        import torch

        memories, rows, now = [{} for _ in params], [], list(params)
        for t, (gradients, rate) in enumerate(zip(grads, lr, strict=True), start=1):
            now = [rule(p, g, m, rate, t, **options) for p, g, m in zip(now, gradients, memories, strict=True)]
            rows.append(now)
        return tuple(torch.stack(history) for history in zip(*rows, strict=True))

    return histories


def _by_torch(make: Callable[..., Any]) -> Callable[..., Any]:
    """Take the steps with an optimizer of torch's."""

    def histories(params, grads, memory, lr, **options):
        import torch

        own = [p.clone().requires_grad_() for p in params]
        optimizer, rows = make(own, **options), []
        for gradients, rate in zip(grads, lr, strict=True):
            if rate:
                optimizer.param_groups[0]["lr"] = rate
            for p, g in zip(own, gradients, strict=True):
                p.grad = g.clone()
            optimizer.step()
            rows.append([p.detach().clone() for p in own])
        return tuple(torch.stack(history) for history in zip(*rows, strict=True))

    return histories


def _torch_sgd(params, **options):
    import torch

    return torch.optim.SGD(params, lr=1.0, **options)


def _torch_adam(params, **options):
    import torch

    return torch.optim.Adam(params, **options)


def _sgd(p, g, memory, lr, t, momentum=0.0, weight_decay=0.0, *, decayed=None, velocity=None, move=None):
    """Take a step of SGD: `decayed` gives the gradient with weight decay, `velocity` the new velocity, `move` the step."""
    g = (decayed or (lambda g, p, wd: g + wd * p))(g, p, weight_decay)
    old = memory.get("v", 0 * p)
    memory["v"] = (velocity or (lambda v, g, m, lr: m * v + g))(old, g, momentum, lr)
    return p + (move or (lambda v, old, g, lr, p, wd, m: -lr * v))(memory["v"], old, g, lr, p, weight_decay, momentum)


def _sgd_with(**changes: Any) -> Callable[..., Any]:
    return _steps(functools.partial(_sgd, **changes))


def _unmoved(p, g, memory, lr, t, **options):
    return p


def _first_parameter_only(right: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the function after the first parameter: the others stay as they are."""

    def histories(params, grads, *args, **options):
        first, *others = right(params, grads, *args, **options)
        return (first, *(p.expand(kept.shape) for p, kept in zip(params[1:], others, strict=True)))

    return histories


def _undecayed(g, p, wd):
    return g


def _parameters(rng, dtype="float64"):
    return [(normal(rng, *shape) + 0.5).astype(dtype) for shape in ((2, 3), (3,))]


def _gradients(rng, steps, dtype="float64", scale=1.0):
    return [[(scale * normal(rng, *shape)).astype(dtype) for shape in ((2, 3), (3,))] for _ in range(steps)]


def _sgd_case(rng, steps=4, note="", dtype="float64", **options):
    zeros = [np.zeros(shape, dtype) for shape in ((2, 3), (3,))]
    rates = [round(float(rate), 3) for rate in rng.uniform(0.05, 0.5, steps)]
    return Case((_parameters(rng, dtype), _gradients(rng, steps, dtype), zeros, rates), options, note=note)


def _sgd_by_hand(note, **options):
    """One weight and one bias, at 10 and 1, whose gradients are 1 and 2 in two steps."""
    two = [[np.array([1.0]), np.array([2.0])]] * 2
    return Case(([np.array([10.0]), np.array([1.0])], two, [np.zeros(1), np.zeros(1)], [0.5, 0.1]), options, note=note)


def _sgd_cases(rng):
    return [
        _sgd_by_hand("small enough to do by hand, two steps"),
        _sgd_case(rng, 1, "a single step"),
        _sgd_case(rng, 4, "four steps with falling and rising learning rates"),
        _sgd_case(rng, 3, "float32", dtype="float32"),
    ]


def _sgd_momentum_cases(rng):
    return [
        _sgd_by_hand("small enough to do by hand, two steps", momentum=0.5),
        _sgd_case(rng, 4, "four steps, each with another learning rate", momentum=0.9),
        _sgd_case(rng, 5, "five steps", momentum=round(float(rng.uniform(0.3, 0.8)), 2)),
        _sgd_case(rng, 3, "float32", momentum=0.7, dtype="float32"),
    ]


def _sgd_decay_cases(rng):
    return [
        _sgd_by_hand("small enough to do by hand, two steps", weight_decay=0.5),
        _sgd_case(rng, 3, "weight decay alone", weight_decay=0.2),
        _sgd_case(rng, 4, "weight decay and momentum", weight_decay=0.3, momentum=0.8),
        _sgd_case(rng, 4, "weight decay and momentum", weight_decay=0.1, momentum=0.5),
    ]


PARAMETERS = ("params[0] after each step", "params[1] after each step")
NOT_IN_PLACE = "The network's arrays are as they were: change them in place, with `p -= ...`, not with `p = p - ...`."
ONLY_FIRST = "Only the first parameter changes: your function returns inside the loop, in its first round."
SIGN = "You walk uphill: the step is subtracted."
RATE_IGNORED = "The learning rate has no effect: multiply the step by it."

SGD_STEP = Exercise(
    name="sgd_step",
    signature="sgd_step(params, grads, velocity, lr, momentum=0.0, weight_decay=0.0)",
    reference=on_torch(_by_torch(_torch_sgd)),
    probe="training.sgd_steps",
    parts=(
        Part("sgd_step", _sgd_cases),
        Part("sgd_step_momentum", _sgd_momentum_cases),
        Part("sgd_step_weight_decay", _sgd_decay_cases),
    ),
    terms=lambda params, grads, *args, **kwargs: 4 * len(grads),
    outputs=PARAMETERS,
    repeat=lambda options: (
        "[sgd_step(args[0], grads, args[2], lr, **options) for grads, lr in zip(args[1], args[3])]; print(args[0])"
    ),
    mistakes=(
        *ways("not_in_place", NOT_IN_PLACE, OPTIMISERS, _steps(_unmoved)),
        *ways("return_in_loop", ONLY_FIRST, OPTIMISERS, _first_parameter_only(_by_torch(_torch_sgd))),
        *ways("sign_wrong", SIGN, OPTIMISERS, _sgd_with(move=lambda v, old, g, lr, p, wd, m: lr * v)),
        *ways("learning_rate_missing", RATE_IGNORED, OPTIMISERS, _sgd_with(move=lambda v, old, g, lr, p, wd, m: -v)),
        *ways(
            "momentum_ignored",
            "Momentum has no effect: v = momentum · v + g, written into the velocity's own array, where the next step finds it.",
            OPTIMISERS,
            _sgd_with(velocity=lambda v, g, m, lr: g),
        ),
        *ways(
            "velocity_sign",
            "The old velocity is subtracted from the gradient: it is added, momentum · v + g.",
            OPTIMISERS,
            _sgd_with(velocity=lambda v, g, m, lr: g - m * v),
        ),
        *ways(
            "learning_rate_in_velocity",
            "Your velocity contains the learning rate, so an old one lives on in it: in torch's form v = momentum · v + g, and "
            "the step is lr · v.",
            OPTIMISERS,
            _sgd_with(velocity=lambda v, g, m, lr: m * v + lr * g, move=lambda v, old, g, lr, p, wd, m: -v),
            _sgd_with(
                velocity=lambda v, g, m, lr: m * v + lr * g,
                decayed=_undecayed,
                move=lambda v, old, g, lr, p, wd, m: -v - lr * wd * p,
            ),
        ),
        *ways(
            "dampening",
            "You weigh the gradient by 1 − momentum: that is dampening. Here, as by default in torch, v = momentum · v + g.",
            OPTIMISERS,
            _sgd_with(velocity=lambda v, g, m, lr: m * v + (1 - m) * g),
        ),
        *ways(
            "nesterov",
            "Your step looks ahead, g + momentum · v, which is Nesterov's form: the plain one is lr · v.",
            OPTIMISERS,
            _sgd_with(move=lambda v, old, g, lr, p, wd, m: -lr * (g + m * v)),
        ),
        *ways(
            "old_velocity_used",
            "You step along the velocity as it was: take this gradient into it first.",
            OPTIMISERS,
            _sgd_with(move=lambda v, old, g, lr, p, wd, m: -lr * old),
        ),
        *ways(
            "weight_decay_ignored",
            "The weight decay has no effect: it adds weight_decay · p to the gradient.",
            OPTIMISERS,
            _sgd_with(decayed=_undecayed),
        ),
        *ways(
            "weight_decay_after",
            "You shrink the weights apart from the velocity (decoupled, as AdamW does): in SGD weight_decay · p is part of the "
            "gradient, before the velocity.",
            OPTIMISERS,
            _sgd_with(decayed=_undecayed, move=lambda v, old, g, lr, p, wd, m: -lr * v - lr * wd * p),
            _sgd_with(decayed=_undecayed, move=lambda v, old, g, lr, p, wd, m: -lr * v - lr * wd * (p - lr * v)),
            _sgd_with(decayed=_undecayed, move=lambda v, old, g, lr, p, wd, m: -lr * v - wd * p),
        ),
        *ways(
            "weight_decay_sign",
            "Your weights grow: weight_decay · p is added to the gradient, whose step is subtracted.",
            OPTIMISERS,
            _sgd_with(decayed=lambda g, p, wd: g - wd * p),
        ),
        *ways(
            "weight_decay_doubled",
            "You add 2 · weight_decay · p: torch takes weight_decay · p, the gradient of half the square.",
            OPTIMISERS,
            _sgd_with(decayed=lambda g, p, wd: g + 2 * wd * p),
        ),
    ),
)


def _adam(p, g, memory, lr, t, betas=(0.9, 0.999), eps=1e-8, *, corrections=None, divisor=None, square=None, step=None):
    """Take a step of Adam: `corrections` gives what both averages are divided by, `divisor` what the step is divided by."""
    one, two = betas
    memory["m"] = one * memory.get("m", 0 * p) + (1 - one) * g
    memory["v"] = two * memory.get("v", 0 * p) + (1 - two) * (square or (lambda g: g**2))(g)
    first, second = (corrections or (lambda one, two, t: (1 - one**t, 1 - two**t)))(one, two, t)
    below = (divisor or (lambda v, c, eps: (v / c).sqrt() + eps))(memory["v"], second, eps)
    return p + (step or (lambda ratio, lr: -lr * ratio))(memory["m"] / first / below, lr or 1e-3)


def _adam_with(**changes: Any) -> Callable[..., Any]:
    return _steps(functools.partial(_adam, **changes))


def _adam_forgetful(p, g, memory, lr, t, betas=(0.9, 0.999), eps=1e-8, *, from_first=True):
    """Begin every step with empty averages, as the first step or with the count going on."""
    return _adam(p, g, {}, lr, 1 if from_first else t, betas, eps)


def _swapped_betas(p, g, memory, lr, t, betas=(0.9, 0.999), eps=1e-8):
    return _adam(p, g, memory, lr, t, betas[::-1], eps)


def _fixed_betas(p, g, memory, lr, t, betas=(0.9, 0.999), eps=1e-8):
    return _adam(p, g, memory, lr, t, (0.9, 0.999), eps)


def _overwritten(p, g, memory, lr, t, betas=(0.9, 0.999), eps=1e-8):
    """Add the gradient with full weight."""
    one, two = betas
    memory["m"] = one * memory.get("m", 0 * p) + g
    memory["v"] = two * memory.get("v", 0 * p) + g**2
    return p - (lr or 1e-3) * (memory["m"] / (1 - one**t)) / ((memory["v"] / (1 - two**t)).sqrt() + eps)


def _counted_per_parameter(params, grads, memory, lr, **options):
    """Count a step for each parameter, so that the second parameter is one ahead of the first."""
    import torch

    memories, rows, now, t = [{} for _ in params], [], list(params), 0
    for gradients, rate in zip(grads, lr, strict=True):
        after = []
        for p, g, m in zip(now, gradients, memories, strict=True):
            t += 1
            after.append(_adam(p, g, m, rate, t, **options))
        now = after
        rows.append(now)
    return tuple(torch.stack(history) for history in zip(*rows, strict=True))


def _adam_case(rng, steps=4, note="", dtype="float64", scale=1.0, default=False, **options):
    rates = [0.0 if default else round(float(rate), 3) for rate in rng.uniform(0.05, 0.5, steps)]
    return Case((_parameters(rng, dtype), _gradients(rng, steps, dtype, scale), {}, rates), options, note=note)


def _adam_cases(rng):
    one = [[np.array([3.0]), np.array([-0.5])]]
    by_hand = ([np.array([10.0]), np.array([1.0])], one, {}, [0.5])
    return [
        Case(by_hand, {"betas": (0.5, 0.75), "eps": 1.0}, note="small enough to do by hand, one step"),
        _adam_case(rng, 1, "a single step", betas=(0.8, 0.95), eps=0.1),
        _adam_case(rng, 4, "four steps, each with another learning rate", betas=(0.8, 0.95), eps=0.1),
        _adam_case(rng, 5, "gradients as small as eps", betas=(0.7, 0.9), eps=0.01, scale=0.01),
        _adam_case(rng, 6, "the default betas and eps"),
        _adam_case(rng, 3, "the default learning rate, 0.001", default=True, betas=(0.6, 0.9), eps=0.05),
        _adam_case(rng, 4, "float32", dtype="float32", betas=(0.8, 0.95), eps=0.1),
    ]


ADAM_STEP = Exercise(
    name="adam_step",
    signature="adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)",
    reference=on_torch(_by_torch(_torch_adam)),
    probe="training.adam_steps",
    parts=(Part("adam_step", _adam_cases),),
    terms=lambda params, grads, *args, **kwargs: 16 * len(grads),
    outputs=PARAMETERS,
    repeat=lambda options: (
        "[adam_step(args[0], grads, args[2], lr or 1e-3, **options) for grads, lr in zip(args[1], args[3])]; print(args[0])"
    ),
    mistakes=(
        *ways("not_in_place", NOT_IN_PLACE, OPTIMISERS, _steps(_unmoved)),
        *ways("return_in_loop", ONLY_FIRST, OPTIMISERS, _first_parameter_only(_by_torch(_torch_adam))),
        *ways("sign_wrong", SIGN, OPTIMISERS, _adam_with(step=lambda ratio, lr: lr * ratio)),
        *ways("learning_rate_missing", RATE_IGNORED, OPTIMISERS, _adam_with(step=lambda ratio, lr: -ratio)),
        *ways(
            "bias_correction_missing",
            "The averages start at 0 and are too small at first: divide them by 1 − betaᵗ.",
            OPTIMISERS,
            _adam_with(corrections=lambda one, two, t: (1, 1)),
            _adam_with(corrections=lambda one, two, t: (1 - one**t, 1)),
            _adam_with(corrections=lambda one, two, t: (1, 1 - two**t)),
        ),
        *ways(
            "bias_correction_fixed",
            "Your bias correction is that of the first step in every step: divide by 1 − betaᵗ, where t counts the steps.",
            OPTIMISERS,
            _adam_with(corrections=lambda one, two, t: (1 - one, 1 - two)),
        ),
        *ways(
            "step_off_by_one",
            "Your count is one ahead: in the first step t is 1.",
            OPTIMISERS,
            _adam_with(corrections=lambda one, two, t: (1 - one ** (t + 1), 1 - two ** (t + 1))),
        ),
        *ways(
            "step_counted_per_parameter",
            "You count a step for every parameter: t grows by 1 in each call of adam_step.",
            OPTIMISERS,
            _counted_per_parameter,
        ),
        *ways(
            "eps_inside_root",
            "Your eps stands under the root: add it to the root.",
            OPTIMISERS,
            _adam_with(divisor=lambda v, c, eps: (v / c + eps).sqrt()),
        ),
        *ways(
            "eps_before_correction",
            "You add eps before the bias correction: correct the average first, then take its root, then add eps.",
            OPTIMISERS,
            _adam_with(divisor=lambda v, c, eps: (v.sqrt() + eps) / c**0.5),
            _adam_with(divisor=lambda v, c, eps: ((v + eps) / c).sqrt()),
        ),
        *ways(
            "eps_ignored",
            "Your eps is a fixed number, or none: use the argument.",
            OPTIMISERS,
            _adam_with(divisor=lambda v, c, eps: (v / c).sqrt()),
            _adam_with(divisor=lambda v, c, eps: (v / c).sqrt() + 1e-8),
        ),
        *ways(
            "state_not_kept",
            "Every step begins with empty averages: keep them in state, which is the same dictionary in every call.",
            OPTIMISERS,
            _steps(_adam_forgetful),
            _steps(functools.partial(_adam_forgetful, from_first=False)),
        ),
        *ways(
            "root_missing",
            "You divide by the average of the squares: divide by its root.",
            OPTIMISERS,
            _adam_with(divisor=lambda v, c, eps: v / c + eps),
        ),
        *ways(
            "square_missing",
            "Your second average is not one of squares: take in g².",
            OPTIMISERS,
            _adam_with(square=lambda g: g.abs()),
            _adam_with(square=lambda g: g),
        ),
        *ways("betas_swapped", "The two betas are swapped: the first is that of the mean.", OPTIMISERS, _steps(_swapped_betas)),
        *ways("betas_ignored", "Your betas are fixed numbers: use the argument.", OPTIMISERS, _steps(_fixed_betas)),
        *ways(
            "dampening_missing",
            "You add the new gradient with full weight: it is weighed by 1 − beta, so that an average comes out.",
            OPTIMISERS,
            _steps(_overwritten),
        ),
    ),
)


# NumpyLeNet


def _flattened(x):
    return x.flatten(1)


def _channels_last(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def _logits_of(x, weights, *, act=None, act_dense=None, pool=None, flatten=_flattened, last=None, kernels=None, bias=None):
    """Run LeNet: `act` behind the convolutions, `act_dense` behind the dense layers, `last` behind the logits."""
    import torch.nn.functional as F

    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5 = bias(weights) if bias else weights
    act, pool = act or F.relu, pool or (lambda x: F.max_pool2d(x, 2))
    act_dense = act_dense or act
    if kernels:
        w1, w2 = kernels(w1), kernels(w2)
    x = pool(act(F.conv2d(x, w1, b1, padding=2)))
    x = flatten(pool(act(F.conv2d(x, w2, b2))))
    x = F.linear(act_dense(F.linear(act_dense(F.linear(x, w3, b3)), w4, b4)), w5, b5)
    return last(x) if last else x


def _lenet(x=None, weights_seed=None, dlogits=None, start_seed=None, *, network=_logits_of, gradients=None, start=(True,) * 6):
    """Return what the probe does: logits, gradients, or facts about the start."""
    import torch

    if start_seed is not None:
        return start
    weights = [torch.from_numpy(w).to(x).requires_grad_() for w in probes.lenet_weights(weights_seed, str(x.dtype)[6:])]
    logits = network(x, weights)
    if dlogits is None:
        return logits
    found = torch.autograd.grad(logits, weights, dlogits, allow_unused=True, materialize_grads=True)
    return gradients(found, x, dlogits) if gradients else found


def _other_network(**changes: Any) -> Callable[..., Any]:
    return functools.partial(_lenet, network=functools.partial(_logits_of, **changes))


def _other_gradients(change: Callable[..., Any]) -> Callable[..., Any]:
    return functools.partial(_lenet, gradients=change)


def _other_backward(**changes: Any) -> Callable[..., Any]:
    """Go forward rightly and backward through another network."""

    def made(x=None, weights_seed=None, dlogits=None, start_seed=None):
        if dlogits is None:
            return _lenet(x, weights_seed, dlogits, start_seed)
        return _other_network(**changes)(x, weights_seed, dlogits)

    return made


def _nothing(x):
    return x


def _relu_without_mask(x):
    """Cut off what is negative, and let every gradient pass."""
    return x + (x.relu() - x).detach()


def _relu_masking_gradients(x):
    """Cut off what is negative, and let those gradients pass that are positive themselves."""
    y = _relu_without_mask(x)
    if y.requires_grad:
        y.register_hook(lambda dy: dy.clamp(min=0))
    return y


def _pool_spreading(x):
    """Take the maximum, and spread its gradient over the window."""
    import torch.nn.functional as F

    average = F.avg_pool2d(x, 2)
    return average + (F.max_pool2d(x, 2) - average).detach()


def _average(x):
    import torch.nn.functional as F

    return F.avg_pool2d(x, 2)


def _flatten_mixed_backward(x):
    """Flatten rightly, and give the gradient the shape of the planes in another order."""
    y = x.flatten(1)
    if y.requires_grad:
        n, c, h, w = x.shape
        y.register_hook(lambda dy: dy.reshape(n, h, w, c).permute(0, 3, 1, 2).flatten(1))
    return y


def _without_bias(*which: int) -> Callable[..., Any]:
    return lambda weights: [0 * w if i in which else w for i, w in enumerate(weights)]


def _mirrored(w):
    return w.flip(2, 3)


def _lenet_case(rng, n, note="", dtype="float64", backward=False, spread=False):
    x = normal(rng, n, 1, 28, 28, dtype=dtype)
    x = np.repeat(x, 2, axis=-1)[..., ::2] if spread else x
    options = {"dlogits": normal(rng, n, 10, dtype=dtype)} if backward else {}
    return Case((x, integer(rng, 0, 10**6)), options, note=note)


def _lenet_cases(rng):
    return [
        _lenet_case(rng, 1, "one image"),
        _lenet_case(rng, integer(rng, 3, 5)),
        _lenet_case(rng, 2, "images not contiguous in memory", spread=True),
        _lenet_case(rng, 3, "float32", dtype="float32"),
    ]


def _lenet_backward_cases(rng):
    note = "its gradients after those of another batch"
    return [_lenet_case(rng, n, f"{note}, of {2 * n} images", backward=True) for n in (1, 2, integer(rng, 3, 4))]


def _lenet_start_cases(rng):
    return [Case((), {"start_seed": integer(rng, 0, 10**6)}) for _ in range(2)]


def _start(*facts: bool) -> Callable[..., Any]:
    """Return a wrong start: the six facts that the probe finds out."""
    return functools.partial(_lenet, start=facts)


def _repeat_lenet(options):
    if "start_seed" in options:
        return 'NumpyLeNet(np.random.default_rng(options["start_seed"])).parameters()'
    return "x, weights_seed = args  # the check copies weights drawn from that seed into parameters()"


def _parameter_of(index, *args, **kwargs):
    """Name the parameter whose gradient is wrong; of the logits there is nothing to say."""
    where = str(index[0])
    return [("parameter", "wb"[int(where[7:]) % 2] + str(int(where[7:]) // 2 + 1))] if where.startswith("result ") else []


NUMPY_LENET = Exercise(
    name="NumpyLeNet",
    signature="NumpyLeNet(x, weights_seed)",
    reference=on_torch(_lenet),
    probe="training.lenet",
    parts=(
        Part("NumpyLeNet", _lenet_cases),
        Part("NumpyLeNet_backward", _lenet_backward_cases),
        Part("NumpyLeNet_start", _lenet_start_cases),
    ),
    terms=lambda *args, **kwargs: 400,
    window=_parameter_of,
    repeat=_repeat_lenet,
    mistakes=(
        *ways(
            "flatten_order_wrong",
            "You flatten with the channels last: flatten (N, C, H, W) as it is, channel by channel, as w3 was laid out.",
            NUMPY,
            _other_network(flatten=_channels_last),
            _other_backward(flatten=_flatten_mixed_backward),
        ),
        *ways(
            "relu_missing",
            "A ReLU is missing: there is one behind each of the first four layers.",
            NUMPY,
            _other_network(act=_nothing),
            _other_network(act_dense=_nothing),
            _other_network(act=_nothing, act_dense=lambda x: x.relu()),
        ),
        *ways(
            "relu_on_logits",
            "There is a ReLU behind the last layer: logits may be negative.",
            NUMPY,
            _other_network(last=lambda x: x.relu()),
        ),
        *ways(
            "softmax_in_model",
            "Your network ends with a softmax: return the logits, the softmax is in the loss.",
            NUMPY,
            _other_network(last=lambda x: x.softmax(1)),
            _other_network(last=lambda x: x.log_softmax(1)),
        ),
        *ways(
            "average_for_max",
            "You pool with the mean: this network takes the maximum.",
            NUMPY,
            _other_network(pool=_average),
        ),
        *ways("tanh_for_relu", "Your activation is tanh: this network has ReLUs.", NUMPY, _other_network(act=lambda x: x.tanh())),
        *ways(
            "kernel_flipped",
            "Your convolution flips the kernel: what networks call convolution does not.",
            NUMPY,
            _other_network(kernels=_mirrored),
        ),
        *ways(
            "bias_forgotten",
            "A bias is missing: every one of the five layers adds its own.",
            NUMPY,
            _other_network(bias=_without_bias(1, 3, 5, 7, 9)),
            _other_network(bias=_without_bias(1, 3)),
            _other_network(bias=_without_bias(5, 7, 9)),
        ),
        *ways(
            "relu_mask_missing",
            "In your backward pass a gradient passes where its ReLU had cut off: multiply by the mask x > 0 of the forward pass.",
            NUMPY,
            _other_backward(act=_relu_without_mask),
            _other_backward(act_dense=_relu_without_mask),
            _other_backward(act=_relu_without_mask, act_dense=lambda x: x.relu()),
        ),
        *ways(
            "relu_mask_of_gradient",
            "Your ReLU's mask comes from the gradient: it is where the forward pass's x was positive.",
            NUMPY,
            _other_backward(act=_relu_masking_gradients),
        ),
        *ways(
            "gradient_spread",
            "The gradient of your max pooling is spread over the window: it goes to the one pixel that won.",
            NUMPY,
            _other_backward(pool=_pool_spreading),
        ),
        *ways(
            "mean_not_sum",
            "Your backward pass divides by the number of images: dlogits has been divided already, so gradients are summed.",
            NUMPY,
            _other_gradients(lambda found, x, dlogits: tuple(g / len(x) for g in found)),
        ),
        *ways(
            "gradients_not_zeroed",
            "The gradients of the batch before are still in yours: backward begins anew each time.",
            NUMPY,
            _other_gradients(lambda found, x, dlogits: tuple(3 * g for g in found)),
        ),
        *ways(
            "gradients_reversed",
            "The gradients come in the order in which they were found, last layer first: return them in the order of "
            "parameters().",
            NUMPY,
            _other_gradients(lambda found, x, dlogits: found[::-1]),
            _other_gradients(lambda found, x, dlogits: tuple(g for i in (8, 6, 4, 2, 0) for g in found[i : i + 2])),
        ),
        *ways(
            "start_all_equal",
            "The units of a layer begin alike, so they get the same gradients and stay alike: draw their weights at random.",
            NUMPY,
            _start(True, False, False, False, False, True),
            _start(True, True, False, True, True, True),
        ),
        *ways(
            "start_too_large",
            "Your start weights are too large: the network is sure of nonsense, and its first loss is far above log 10. Scale "
            "them by the root of the number of inputs.",
            LADDER,
            _start(True, True, True, False, True, True),
        ),
        *ways(
            "start_too_small",
            "Your start weights are so small that all images give nearly the same logits: scale them by the root of the number "
            "of inputs.",
            LADDER,
            _start(True, True, True, True, False, True),
        ),
        *ways(
            "generator_ignored",
            "Your start does not come from the generator: draw all weights from it.",
            NUMPY,
            _start(False, True, True, True, True, True),
            _start(True, False, True, True, True, True),
        ),
        *ways(
            "start_in_float64",
            "Your weights are float64 unless asked: the default of dtype is np.float32, and every weight and bias gets it.",
            NUMPY,
            _start(True, True, True, True, True, False),
        ),
    ),
)


# numpy_epoch

EPOCH_FACTS = (
    "batch sizes",
    "every image comes exactly once",
    "the order is shuffled",
    "every image has its own label",
    "every batch is followed by one step along its gradients",
    "the loss",
)


def _batch_losses(sizes, classes):
    """Return the loss of each batch of the record-keeping network, which is surer in each."""
    return np.array([math.log(math.exp(0.5 * k) + classes - 1) - 0.5 * k for k in range(1, len(sizes) + 1)])


def _epoch_facts(last=True, shuffled=True, own=True, stepped=True, once=True, loss=None):
    """Return the facts about an epoch; `loss(losses, sizes, n)` is what it returns."""

    def facts(labels, batch_size, classes, seed):
        sizes = _batch_sizes(len(labels), batch_size, last)
        whole = once and sizes.sum() == len(labels)
        value = (loss or _image_mean)(_batch_losses(sizes, classes), sizes, len(labels)) if own else 0.0
        return sizes, bool(whole), shuffled, own, stepped, np.array(value)

    return facts


def _image_mean(losses, sizes, n):
    return (losses * sizes).sum() / sizes.sum()


def _batch_mean(losses, sizes, n):
    return losses.mean()


def _sum_over_images(losses, sizes, n):
    return losses.sum() / n


def _epoch_cases(rng):
    def of(n, batch_size, classes, note):
        options = {"labels": rng.integers(0, classes, n), "batch_size": batch_size, "classes": classes}
        return Case((), options | {"seed": integer(rng, 0, 10**6)}, note=note)

    size = integer(rng, 5, 8)
    return [
        of(23, 5, 4, "23 images in batches of 5"),
        of(4 * size, size, 10, "batches that come out even"),
        of(5 * size + 1, size, 10, "a last batch of one image"),
        of(integer(rng, 30, 40), 16, 6, "batches of 16"),
    ]


NUMPY_EPOCH = Exercise(
    name="numpy_epoch",
    signature="numpy_epoch(model, x, labels, step, batch_size, generator)",
    reference=_epoch_facts(),
    probe="training.epoch_of_recorder",
    parts=(Part("numpy_epoch", _epoch_cases),),
    outputs=EPOCH_FACTS,
    dtype="float32",
    repeat=lambda options: "print(options)  # image i is all i, and the network notes which images it gets",
    mistakes=(
        *_facts(
            "shuffled_index_not_used",
            "Images and labels do not belong together: the shuffled indices must pick both, the batch of images and its labels.",
            LOOP,
            _epoch_facts(shuffled=False, own=False),
            _epoch_facts(own=False),
            _epoch_facts(shuffled=False, own=False, last=False),
            _epoch_facts(own=False, last=False),
        ),
        *_facts(
            "not_shuffled",
            "The images come in the stored order: pick them by the shuffled indices.",
            LOOP,
            _epoch_facts(shuffled=False),
            _epoch_facts(shuffled=False, loss=_batch_mean),
        ),
        *_facts(
            "last_batch_dropped",
            "The last images are left out: the last batch may be shorter.",
            LOADER,
            *(_epoch_facts(last=False, loss=loss) for loss in (None, _batch_mean, _sum_over_images)),
            _epoch_facts(last=False, loss=lambda losses, sizes, n: (losses * sizes).sum() / n),
        ),
        *_facts(
            "mean_of_batch_means",
            "Your loss is the mean over batches, and a short last one counts as much as the others: take the mean over images.",
            LOOP,
            _epoch_facts(loss=_batch_mean),
        ),
        *_facts(
            "batch_size_forgotten",
            "You add up the batches' means and divide by the number of images: multiply each by its batch's size first.",
            LOOP,
            _epoch_facts(loss=_sum_over_images),
        ),
        *_facts(
            "sum_not_mean",
            "Your loss is a sum: divide it by the number of images.",
            LOOP,
            _epoch_facts(loss=lambda losses, sizes, n: (losses * sizes).sum()),
            _epoch_facts(loss=lambda losses, sizes, n: losses.sum()),
        ),
        *_facts(
            "only_last_batch",
            "Your loss is that of the last batch: take the mean over all images of the epoch.",
            LOOP,
            _epoch_facts(loss=lambda losses, sizes, n: losses[-1]),
        ),
        *_facts(
            "step_missing",
            "The network never learns: after each backward pass call step(model.parameters(), gradients), once.",
            LOOP,
            _epoch_facts(stepped=False),
        ),
        *_facts(
            "sampled_with_replacement",
            "Some images come twice and others never: an epoch shows each image once.",
            LOADER,
            _epoch_facts(once=False),
        ),
    ),
)


# classify

WANTED_ACCURACY = 0.8


@functools.cache
def _label_of() -> dict[bytes, int]:
    """Return the label of each test image, by its bytes."""
    images, labels = data.fashion_mnist("test")
    return {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}


def _true_labels(images):
    return np.array([_label_of()[np.ascontiguousarray(image).tobytes()] for image in images])


def _accurate(predictions: Any, images: np.ndarray) -> bool:
    """Return True for predictions that are right often enough; ValueError says how often they are, or what they are instead."""
    predictions = np.asarray(predictions)
    if predictions.shape == (len(images), 10):
        raise ValueError("classify returned ten numbers for each image: return the class with the largest, argmax(axis=1).")
    if predictions.shape != (len(images),) or predictions.dtype.kind not in "iu":
        says = f"classify returned an array of shape {predictions.shape} and dtype {predictions.dtype}"
        raise ValueError(f"{says} for {len(images)} images: return one whole number, 0 to 9, for each.")
    right = int((predictions == _true_labels(images)).sum())
    if len(images) > 1 and right < WANTED_ACCURACY * len(images):
        says = f"{right} of {len(images)} test images are right, {right / len(images):.1%}: "
        says += f"at least {WANTED_ACCURACY:.0%} are wanted."
        if len(np.unique(predictions)) == 1:
            says += f" All of them are put into class {predictions[0]}."
        elif right < 0.25 * len(images):
            says += " That is hardly better than guessing: prepare images as in training, and keep them with their labels."
        raise ValueError(says)
    return True


def _classify_cases(rng):
    images, _ = data.fashion_mnist("test")
    order = rng.permutation(len(images))
    return [Case((images[order],), note="all test images"), Case((images[order[:1]],), note="a single image")]


CLASSIFY = Exercise(
    name="classify",
    signature="classify(images)",
    reference=_true_labels,
    parts=(Part("classify", _classify_cases),),
    forbids=(*NUMPY_FORBIDS, "cnnkit.data"),
    canonical=_accurate,
    mistakes=(),
)


# confusion_matrix


def _confusion(labels, predictions, classes):
    import torch

    places = labels.long() * classes + predictions.long()
    return torch.bincount(places, minlength=classes**2).reshape(classes, classes)


def _by_row(counts):
    return counts / counts.sum(1, keepdim=True).clamp(min=1)


def _present_only(labels, predictions, classes):
    import torch

    present = torch.cat([labels, predictions]).unique()
    return _confusion(labels, predictions, classes)[present][:, present]


def _confusion_case(rng, n, classes, note="", absent=()):
    labels = rng.integers(0, classes, n)
    predictions = np.where(rng.random(n) < 0.5, labels, rng.integers(0, classes, n))
    kept = ~(np.isin(labels, absent) | np.isin(predictions, absent))
    return Case((labels[kept], predictions[kept], classes), note=note)


def _confusion_cases(rng):
    return [
        Case((np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2]), 3), note="small enough to do by hand"),
        _confusion_case(rng, integer(rng, 40, 60), integer(rng, 3, 5)),
        _confusion_case(rng, 300, 10, "ten classes"),
        _confusion_case(rng, 60, 6, "a class that never occurs", absent=(2,)),
        _confusion_case(rng, 50, 5, "the last class never occurs", absent=(4,)),
    ]


def _confusion_errors(rng):
    labels, predictions = np.array([0, 1, 2, 1]), np.array([0, 2, 2, 1])
    return [
        Case((labels, predictions, 2), note="label 2 of two classes, which are 0 and 1", raises=ValueError),
        Case((labels, predictions - 1, 3), note="a prediction of −1", raises=ValueError),
        Case((labels, predictions[:3], 3), note="three predictions for four labels", raises=ValueError),
        Case((labels, predictions, 3), note="three classes, which is possible", only_returns=True),
    ]


CONFUSION_MATRIX = Exercise(
    name="confusion_matrix",
    signature="confusion_matrix(labels, predictions, classes)",
    reference=on_torch(_confusion),
    parts=(Part("confusion_matrix", _confusion_cases), Part("confusion_matrix_errors", _confusion_errors)),
    mistakes=(
        *ways(
            "rows_and_columns_swapped",
            "Rows and columns are swapped: the row is the true label, the column is the prediction.",
            WRONG,
            lambda labels, predictions, classes: _confusion(predictions, labels, classes),
        ),
        *ways(
            "duplicates_lost",
            "Each place counts at most 1: `C[labels, predictions] += 1` adds only once where an index comes again. Use np.add.at "
            "or np.bincount.",
            WRONG,
            lambda *args: _confusion(*args).clamp(max=1),
        ),
        *ways(
            "counts_divided",
            "You return shares: the entries are counts, whole numbers.",
            WRONG,
            lambda *args: _by_row(_confusion(*args)),
            lambda *args: _confusion(*args) / len(args[0]),
            lambda *args: _by_row(_confusion(*args).T).T,
        ),
        *ways(
            "absent_class_missing",
            "A class that does not occur has no row or column: the matrix is (classes, classes), with zeros there.",
            WRONG,
            _present_only,
            lambda labels, predictions, classes: _confusion(labels, predictions, int(max(labels.max(), predictions.max())) + 1),
        ),
        *ways(
            "errors_missing",
            "Only the diagonal is counted: what is taken for something else stands beside it.",
            WRONG,
            lambda *args: _confusion(*args).diag().diag(),
        ),
        *ways(
            "diagonal_missing",
            "The diagonal is empty: what is right is counted, too.",
            WRONG,
            lambda *args: _confusion(*args) - _confusion(*args).diag().diag(),
        ),
    ),
)


# train_epoch and evaluate, in torch


def _entropy(logits, labels):
    import torch.nn.functional as F

    return F.cross_entropy(logits, labels)


def _entropy_of_softmax(logits, labels):
    return _entropy(logits.softmax(1), labels)


def _mean_over_images(values, sizes):
    return sum(v * n for v, n in zip(values, sizes, strict=True)) / sum(sizes)


def _mean_over_batches(values, sizes):
    return sum(values) / len(values)


AVERAGES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    (
        "mean_of_batch_means",
        "You average over batches: the last one is shorter and counts as much as the others. Take the mean over images.",
        _mean_over_batches,
    ),
    (
        "batch_size_forgotten",
        "You add up the means of the batches and divide by the number of images: multiply each by its batch's size first.",
        lambda values, sizes: sum(values) / sum(sizes),
    ),
    (
        "sum_not_mean",
        "Your loss is a sum over batches or images: divide by the number of images.",
        lambda values, sizes: sum(v * n for v, n in zip(values, sizes, strict=True)),
    ),
    ("sum_not_mean", "Your loss is a sum over batches: take the mean over images.", lambda values, sizes: sum(values)),
    (
        "only_last_batch",
        "Your result is that of the last batch: take the mean over all images.",
        lambda values, sizes: values[-1],
    ),
)
"""Wrong ways to average the batches: name of the mistake, what was done, and the function."""


def _train_epoch(
    model, loader, optimizer, device, *, mode="train", order="zero forward backward step", entropy=_entropy, average=None
):
    """Train for an epoch, with the actions of `order` for every batch; "once" zeroes before the first batch only."""
    if mode:
        model.train(mode == "train")
    values, sizes = [], []
    if "once" in order:
        optimizer.zero_grad()
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        for action in order.split():
            if action == "zero":
                optimizer.zero_grad()
            elif action == "forward":
                loss = entropy(model(x), y)
            elif action == "backward":
                loss.backward()
            elif action == "step":
                optimizer.step()
        values.append(loss.item())
        sizes.append(len(x))
    return (average or _mean_over_images)(values, sizes)


def _training(**changes: Any) -> Callable[..., Any]:
    return _one_thread_of(lambda **case: probes.torch_epochs(functools.partial(_train_epoch, **changes), **case))


def _one_thread_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call a function of a case's arrays while torch uses one thread."""

    def wrapped(**case: Any) -> Any:
        import torch

        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function(**case)
        finally:
            torch.set_num_threads(threads)

    return wrapped


def _torch_case(rng, n, batch_size, note):
    # The images get lighter, so that the last batch is unlike the others.
    images = (normal(rng, n, 1, 6, 6) + np.linspace(-1.5, 1.5, n)[:, None, None, None]).astype("float32")
    labels = np.where(np.arange(n) < n - batch_size, rng.integers(0, 4, n), rng.integers(0, 2, n))
    return Case((), {"images": images, "labels": labels, "batch_size": batch_size, "seed": integer(rng, 0, 10**6)}, note=note)


def _torch_cases(rng):
    return [
        _torch_case(rng, 11, 4, "a last batch of three images"),
        _torch_case(rng, 13, 6, "a last batch of one image"),
        _torch_case(rng, 12, 6, "batches that come out even"),
    ]


TRAIN_EPOCH = Exercise(
    name="train_epoch",
    signature="train_epoch(model, loader, optimizer, device)",
    reference=_training(),
    probe="training.torch_epochs",
    parts=(Part("train_epoch", _torch_cases),),
    forbids=("cnnkit.training", "cnnkit.exercises"),
    outputs=(
        "number of steps",
        "every step follows a backward pass",
        "loss of epoch 1",
        "loss of epoch 2",
        "weights after two epochs",
        "running mean after two epochs",
    ),
    dtype="float32",
    repeat=lambda options: "print(options)  # the check trains a small network with batch normalisation on these images",
    mistakes=(
        *_facts(
            "train_mode_missing",
            "The model was left in eval mode: call model.train() at the start of the epoch, evaluate has switched it off.",
            LOOP,
            _training(mode=None),
            _training(mode="eval"),
        ),
        *_facts(
            "gradients_not_zeroed",
            "Old gradients are added to the new ones: call optimizer.zero_grad() before every backward pass.",
            LOOP,
            _training(order="forward backward step"),
            _training(order="once forward backward step"),
        ),
        *_facts(
            "gradients_zeroed_before_step",
            "You clear the gradients between backward and step, so nothing is learned: clear them before backward.",
            LOOP,
            _training(order="forward backward zero step"),
        ),
        *_facts(
            "step_before_backward",
            "You step before the gradients of this batch are there: zero_grad, forward, backward, step.",
            LOOP,
            _training(order="zero forward step backward"),
            _training(order="forward step zero backward"),
            _training(order="forward step backward"),
            _training(order="forward step backward zero"),
        ),
        *_facts(
            "step_missing",
            "No weight changes: call optimizer.step() after every backward pass.",
            LOOP,
            _training(order="zero forward backward"),
        ),
        *_facts(
            "loss_after_step",
            "Your loss is computed again after the step: return that of the forward pass that gave the gradients.",
            LOOP,
            _training(order="zero forward backward step forward"),
        ),
        *_facts(
            "softmax_twice",
            "You hand softmax's probabilities to the cross-entropy: it wants logits, and takes the softmax itself.",
            LOSS,
            _training(entropy=_entropy_of_softmax),
        ),
        *(mistake for name, says, average in AVERAGES for mistake in _facts(name, says, LOOP, _training(average=average))),
    ),
)


def _evaluate(model, loader, device, *, mode="eval", grad=False, entropy=_entropy, average=None, accuracy=None):
    import torch

    if mode:
        model.eval()
    values, rights, sizes = [], [], []
    with torch.set_grad_enabled(grad):
        for x, y in loader:
            logits = model(x.to(device))
            values.append(entropy(logits, y.to(device)).item())
            rights.append(int((logits.argmax(1) == y.to(device)).sum()))
            sizes.append(len(x))
    average = average or _mean_over_images
    shares = [right / size for right, size in zip(rights, sizes, strict=True)]
    return average(values, sizes), (accuracy or _mean_over_images)(shares, sizes)


def _evaluation(**changes: Any) -> Callable[..., Any]:
    return _one_thread_of(lambda **case: probes.torch_evaluation(functools.partial(_evaluate, **changes), **case))


EVALUATE = Exercise(
    name="evaluate",
    signature="evaluate(model, loader, device)",
    reference=_evaluation(),
    probe="training.torch_evaluation",
    parts=(Part("evaluate", _torch_cases),),
    forbids=("cnnkit.training", "cnnkit.exercises"),
    outputs=("loss", "accuracy", "running mean", "gradients are tracked"),
    dtype="float32",
    repeat=lambda options: "print(options)  # the check evaluates a small network with batch normalisation on these images",
    mistakes=(
        *_facts(
            "eval_mode_missing",
            "The model is in training mode: its batch normalisation uses each batch's statistics and changes its own. Call "
            "model.eval() first.",
            LOOP,
            _evaluation(mode=None),
            _evaluation(mode=None, grad=True),
        ),
        *_facts(
            "gradients_tracked",
            "Torch builds a graph for every batch, which nobody needs here: wrap the loop in torch.no_grad().",
            LOOP,
            _evaluation(grad=True),
        ),
        *_facts(
            "softmax_twice",
            "You hand softmax's probabilities to the cross-entropy: it wants logits, and takes the softmax itself.",
            LOSS,
            _evaluation(entropy=_entropy_of_softmax),
        ),
        *_facts(
            "accuracy_as_count",
            "Your accuracy is a number of images: divide by how many there are.",
            LOOP,
            _evaluation(accuracy=lambda shares, sizes: sum(s * n for s, n in zip(shares, sizes, strict=True))),
        ),
        *_facts(
            "accuracy_in_percent",
            "Your accuracy is in percent: return a share between 0 and 1.",
            LOOP,
            _evaluation(accuracy=lambda shares, sizes: 100 * _mean_over_images(shares, sizes)),
        ),
        *_facts(
            "errors_counted",
            "You count the images that are wrong: accuracy is the share of those that are right.",
            LOOP,
            _evaluation(accuracy=lambda shares, sizes: 1 - _mean_over_images(shares, sizes)),
        ),
        *_facts(
            "results_swapped",
            "You return (accuracy, loss): the loss comes first.",
            LOOP,
            lambda **case: (lambda loss, accuracy, *rest: (accuracy, loss, *rest))(*_evaluation()(**case)),
        ),
        *(
            mistake
            for name, says, average in AVERAGES
            for mistake in _facts(name, says, LOOP, _evaluation(average=average), _evaluation(average=average, accuracy=average))
        ),
        *_facts(
            "mean_of_batch_means",
            "Your accuracy is the mean over batches: the last one is shorter and counts as much as the others. Count images.",
            LOOP,
            _evaluation(accuracy=_mean_over_batches),
        ),
    ),
)

EXERCISES = (
    STANDARDIZE,
    UNSTANDARDIZE,
    CROSS_ENTROPY,
    ITERATE_BATCHES,
    SGD_STEP,
    ADAM_STEP,
    NUMPY_LENET,
    NUMPY_EPOCH,
    CLASSIFY,
    CONFUSION_MATRIX,
    TRAIN_EPOCH,
    EVALUATE,
)
