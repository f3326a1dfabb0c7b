"""Topic 13: segmentation and the U-Net."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from cnnkit.exercises import building
from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.building import NOT_REGISTERED, case, network, parameter_case
from cnnkit.exercises.drawing import integer, normal
from cnnkit.exercises.probes import segmentation as probes
from cnnkit.exercises.reference import on_torch, to_torch, ways

# Headings of lecture 13.
LABELS, ALPHA, UPSAMPLING, CHECKERBOARD = (
    "A label for every pixel",
    "Masks from the alpha channel",
    "Upsampling",
    "The checkerboard",
)
UNET, SCORES, LOSSES = "The U-Net", "Intersection over union and Dice", "Cross-entropy against Dice"
PREDICTIONS, COMMON = "Predictions, right and wrong", "Common mistakes"

MODELS = ("torchvision", "timm", "torch.hub", "cnnkit.exercises", "cnnkit.backbones")
METRICS = ("torchvision", "torchmetrics", "sklearn", "skimage", "scipy", "cnnkit.exercises")

NOT_CONTIGUOUS = "an input that is not contiguous in memory"


def _tensor(values, dtype="float64"):
    import torch

    return torch.tensor(values).to(getattr(torch, dtype))


def _channels_last(x):
    """Return the same values with axis 1 last in memory."""
    return x.movedim(1, -1).contiguous().movedim(-1, 1)


# mask_from_alpha


def _mask(alpha, labels=None, opaque=lambda a: a >= 128, classes=lambda labels: labels + 1):
    """Return the masks; options say what is done otherwise."""
    import torch

    inside = opaque(alpha)
    if labels is None:
        return inside.long(), True
    return torch.where(inside, classes(labels.long())[:, None, None], 0), True


def _mask_way(**options: Any) -> Callable[..., Any]:
    return functools.partial(_mask, **options)


def _mask_of_other_type(alpha, labels=None):
    return _mask(alpha, labels)[0], False


def _label_everywhere(alpha, labels=None):
    import torch

    masks = _mask(alpha)[0]
    return (masks if labels is None else torch.ones_like(masks) * (labels.long() + 1)[:, None, None]), True


def _label_of_first(alpha, labels=None):
    return _mask(alpha, None if labels is None else labels[:1].expand(len(alpha)))


def _label_added(alpha, labels=None):
    masks = _mask(alpha)[0]
    return (masks if labels is None else masks + labels.long()[:, None, None]), True


def _alpha(rng, *shape):
    """Draw alpha values; those next to the threshold are among them."""
    values = rng.choice([0, 1, 64, 126, 127, 128, 129, 200, 254, 255], shape)
    flat = values.reshape(-1)
    flat[rng.permutation(flat.size)[:5]] = 1, 127, 128, 254, 255
    return _tensor(flat.reshape(shape), "uint8")


def _mask_cases(rng):
    return [
        Case((_tensor([[[0, 255, 127], [128, 1, 254]]], "uint8"),), note="small enough to do by hand"),
        Case((_alpha(rng, integer(rng, 2, 4), 5, 7),)),
        Case((_alpha(rng, 1, 4, 3),), note="one image"),
        Case((_alpha(rng, 3, 6, 2 * 4)[..., ::2],), note="alpha values that are not contiguous in memory"),
    ]


def _different_labels(rng, n):
    return _tensor(rng.permutation(6)[:n], "int64")


def _labelled_mask_cases(rng):
    n = integer(rng, 3, 5)
    return [
        Case((_tensor([[[0, 255]], [[200, 100]]], "uint8"), _tensor([3, 0], "int64")), note="small enough to do by hand"),
        Case((_alpha(rng, n, 4, 6), _different_labels(rng, n))),
        Case((_alpha(rng, 1, 5, 3), _tensor([2], "int64")), note="one image"),
        Case((_alpha(rng, 4, 3, 3), _different_labels(rng, 4)), note="one image more than there are rows"),
        Case((_alpha(rng, 3, 3, 3), _different_labels(rng, 3)), note="as many images as rows and columns"),
    ]


def _mask_errors(rng):
    alpha = _alpha(rng, 3, 4, 5)
    return [
        Case((alpha, _different_labels(rng, 2)), note="two labels for three images", raises=ValueError),
        Case((alpha, _different_labels(rng, 4)), note="four labels for three images", raises=ValueError),
        Case((alpha, _different_labels(rng, 1)), note="one label for three images", raises=ValueError),
        Case((alpha, _different_labels(rng, 3)), note="three labels for three images, which is possible", only_returns=True),
    ]


MASK_FROM_ALPHA = Exercise(
    name="mask_from_alpha",
    signature="mask_from_alpha(alpha, labels=None)",
    reference=on_torch(_mask),
    probe="segmentation.mask",
    parts=(
        Part("mask_from_alpha", _mask_cases),
        Part("mask_from_alpha_labels", _labelled_mask_cases),
        Part("mask_from_alpha_errors", _mask_errors),
    ),
    forbids=("torchvision", "cnnkit.exercises"),
    outputs=probes.MASK_NAMES,
    mistakes=(
        *ways(
            "boundary_excluded",
            "A pixel with an alpha value of 128 is left out: at least 128 includes 128 itself.",
            ALPHA,
            _mask_way(opaque=lambda a: a > 128),
        ),
        *ways(
            "boundary_included",
            "A pixel with an alpha value of 127 is counted as opaque: the first one that is has 128.",
            ALPHA,
            _mask_way(opaque=lambda a: a >= 127),
        ),
        *ways(
            "transparent_counted",
            "Every pixel that is not wholly transparent counts as part of the object: only those with at least 128 do.",
            ALPHA,
            _mask_way(opaque=lambda a: a > 0),
        ),
        *ways(
            "only_wholly_opaque",
            "Only pixels with an alpha value of 255 count as part of the object: those with at least 128 do.",
            ALPHA,
            _mask_way(opaque=lambda a: a == 255),
        ),
        *ways(
            "mask_inverted",
            "Your mask is inverted: 0 is the background, where alpha is small.",
            ALPHA,
            _mask_way(opaque=lambda a: a < 128),
        ),
        *ways(
            "background_not_kept_apart",
            "The object gets its label as it is, so class 0 and the background are the same: the classes begin with 1.",
            ALPHA,
            _mask_way(classes=lambda labels: labels),
        ),
        *ways(
            "labels_ignored",
            "The labels have no effect: with labels, the pixels of object i have the value labels[i] + 1.",
            ALPHA,
            _mask_way(classes=lambda labels: labels * 0 + 1),
        ),
        *ways(
            "label_everywhere",
            "The whole image gets the label of its object: the background stays 0.",
            ALPHA,
            _label_everywhere,
        ),
        *ways(
            "label_added_to_background",
            "The background is not 0: you add the label to the whole mask. Multiply, or choose with torch.where.",
            ALPHA,
            _label_added,
        ),
        *ways("same_for_whole_batch", "Every object gets the label of the first one.", ALPHA, _label_of_first),
        *ways(
            "mask_not_int64",
            "The values are right, but a mask must be int64: cross-entropy takes classes in no other type.",
            ALPHA,
            _mask_of_other_type,
        ),
    ),
)

# iou


def _counted(logits, masks, predicted=None):
    """Return intersection, number predicted and number labelled for each class, of all pixels that are given."""
    import torch

    predicted = logits.argmax(1) if predicted is None else predicted
    one, other = (torch.stack([m == c for c in range(logits.shape[1])], 1) for m in (predicted, masks))
    axes = (0, 2, 3)
    return (one & other).sum(axes).double(), one.sum(axes).double(), other.sum(axes).double()


def _iou(logits, masks):
    both, predicted, labelled = _counted(logits, masks)
    return both / (predicted + labelled - both)


def _iou_way(score: Callable[..., Any]) -> Callable[..., Any]:
    """Return a wrong `iou` that makes another score of the three counts."""
    return lambda logits, masks: score(*_counted(logits, masks))


def _iou_eps(eps, above):
    return _iou_way(lambda both, p, t: (both + eps * above) / (p + t - both + eps))


def _iou_filled(value):
    return lambda logits, masks: _iou(logits, masks).nan_to_num(value)


def _iou_of_images(mean: str) -> Callable[..., Any]:
    import torch

    return lambda logits, masks: getattr(torch, mean)(
        torch.stack([_iou(one[None], mask[None]) for one, mask in zip(logits, masks, strict=True)]), 0
    )


def _iou_of_each(logits, masks):
    import torch

    return torch.stack([_iou(one[None], mask[None]) for one, mask in zip(logits, masks, strict=True)])


def _iou_of_first(logits, masks):
    return _iou(logits[:1], masks[:1])


def _iou_accuracy(logits, masks):
    import torch

    predicted = logits.argmax(1)
    return torch.stack([((predicted == c) == (masks == c)).double().mean() for c in range(logits.shape[1])])


def _iou_threshold(probability):
    def wrong(logits, masks):
        import torch

        one = (logits.softmax(1) > 0.5) if probability else (logits > 0)
        other = torch.stack([masks == c for c in range(logits.shape[1])], 1)
        return (one & other).sum((0, 2, 3)).double() / (one | other).sum((0, 2, 3)).double()

    return wrong


def _iou_soft(logits, masks):
    import torch

    p = logits.softmax(1)
    t = torch.stack([masks == c for c in range(logits.shape[1])], 1).to(p.dtype)
    both = (p * t).sum((0, 2, 3))
    return both / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) - both)


def _iou_axis(axis):
    def wrong(logits, masks):
        return _iou_of_classes(logits, masks, logits.argmax(axis))

    return wrong


def _iou_of_classes(logits, masks, predicted):
    import torch

    found = [((predicted == c) & (masks == c)).sum() / ((predicted == c) | (masks == c)).sum() for c in range(logits.shape[1])]
    return torch.stack(found).double()


def _iou_present(logits, masks):
    return _iou(logits, masks)[masks.unique()]


def _iou_up_to_largest(logits, masks):
    return _iou(logits, masks)[: int(masks.max()) + 1]


def _iou_argmin(logits, masks):
    return _iou(-logits, masks)


def _scores(rng, n, classes, height, width, dtype="float64", wrong=0.4):
    """Draw masks of all classes, and logits that are right more often than not; classes differ in size, images in quality."""
    import numpy as np
    import torch

    drawn = rng.integers(classes, size=(n, height, width)) * rng.integers(0, 2, (n, height, width))
    flat = drawn.reshape(-1)
    flat[rng.permutation(flat.size)[: 2 * classes]] = np.tile(np.arange(classes), 2)
    logits = 0.3 * rng.standard_normal((n, classes, height, width))
    guess = np.where(rng.random(drawn.shape) < wrong * np.linspace(0.5, 1.5, n)[:, None, None], 0, drawn)
    guess = np.where(rng.random(drawn.shape) < wrong / 2, rng.integers(classes, size=drawn.shape), guess)
    logits += (guess[:, None] == np.arange(classes)[:, None, None]) * rng.uniform(1.5, 4, (n, 1, height, width))
    logits -= 2 * rng.random((n, 1, height, width))
    return torch.tensor(logits).to(getattr(torch, dtype)), torch.tensor(drawn)


def _without(logits, masks, label, predicted=False):
    """Take a class out of masks, and out of what is predicted, too, unless `predicted`."""
    import torch

    masks = torch.where(masks == label, (label + 1) % logits.shape[1], masks)
    if not predicted:
        logits = logits.clone()
        logits[:, label] = logits.amin() - 1
    return logits, masks


def _by_hand():
    logits = _tensor([[[[2, 1, 0], [0, 3, 1]], [[1, 4, 5], [2, 1, 0]]]], "float32")
    return logits, _tensor([[[0, 1, 0], [1, 1, 0]]], "int64")


def _iou_cases(rng):
    n = integer(rng, 2, 3)
    logits, masks = _scores(rng, n, 3, 5, 6)
    return [
        Case(_by_hand(), note="small enough to do by hand"),
        Case(_scores(rng, n, 4, 6, 8)),
        Case(_scores(rng, 1, 3, 7, 5), note="one image"),
        Case(_scores(rng, 3, 2, 6, 6), note="two classes, square images"),
        Case((_channels_last(logits), masks), note=NOT_CONTIGUOUS),
        Case(_scores(rng, n, 5, 8, 9, dtype="float32"), note="float32"),
        Case((logits * 0.01 - 5, masks), note="logits that are all negative"),
    ]


def _iou_absent_cases(rng):
    classes = integer(rng, 4, 5)
    logits, masks = _scores(rng, 2, classes, 6, 7)
    absent = integer(rng, 1, classes - 2)
    return [
        Case(_without(logits, masks, absent), note=f"class {absent} in neither the masks nor the predictions"),
        Case(_without(logits, masks, classes - 1), note="the last class in neither"),
        Case(_without(logits, masks, absent, predicted=True), note=f"class {absent} predicted, but in no mask"),
        Case((_without(logits, masks, absent)[0], masks), note=f"class {absent} in the masks, but never predicted"),
        Case(_scores(rng, 2, 3, 4, 5, dtype="float32"), note="all classes there, float32"),
    ]


def _iou_errors(rng):
    logits, masks = _scores(rng, 2, 3, 4, 5)
    return [
        Case((logits, masks[:1]), note="one mask for two images", raises=ValueError),
        Case((logits, masks[:, :, :4]), note="masks that are narrower than the logits", raises=ValueError),
        Case((logits, masks[:, None]), note="masks with a channel axis", raises=ValueError),
        Case((logits, masks + 1), note="a mask with class 3 where there are the classes 0, 1, 2", raises=ValueError),
        Case((logits, masks - 1), note="a mask with class -1", raises=ValueError),
        Case((logits, masks), note="logits and masks that fit", only_returns=True),
    ]


def _scored(function):
    """Return what the probe sees of a wrong `iou`, computed in float64."""
    return lambda logits, masks: probes.scores(function, to_torch(logits), to_torch(masks))


def _score_ways(name: str | None, says: str, see: str, *wrong: Callable[..., Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, see, _scored(function)) for function in wrong)


IOU = Exercise(
    name="iou",
    signature="iou(logits, masks)",
    reference=_scored(_iou),
    probe="segmentation.scores",
    parts=(Part("iou", _iou_cases), Part("iou_absent", _iou_absent_cases), Part("iou_errors", _iou_errors)),
    forbids=METRICS,
    mistakes=(
        *_score_ways(
            "intersection_counted_twice",
            "You divide by the sum of both areas, which counts their intersection twice: subtract it once to get the union.",
            SCORES,
            _iou_way(lambda both, p, t: both / (p + t)),
        ),
        *_score_ways(
            "dice_for_iou",
            "That is the Dice coefficient, twice the intersection over the sum of both areas: IoU divides by the union.",
            SCORES,
            _iou_way(lambda both, p, t: 2 * both / (p + t)),
        ),
        *_score_ways(
            "recall_for_iou",
            "You divide by the number of pixels that are labelled so: pixels wrongly predicted as the class cost nothing then.",
            SCORES,
            _iou_way(lambda both, p, t: both / t),
        ),
        *_score_ways(
            "precision_for_iou",
            "You divide by the number of pixels that are predicted so: pixels of the class that are missed cost nothing then.",
            SCORES,
            _iou_way(lambda both, p, t: both / p),
        ),
        *_score_ways(
            "accuracy_for_iou",
            "You count a pixel that is rightly *not* of the class as a success: for a small class that is nearly all of them.",
            SCORES,
            _iou_accuracy,
        ),
        *_score_ways(
            "mean_over_images",
            "You average the IoU of single images: count intersection and union over all pixels of the batch, then divide.",
            SCORES,
            lambda logits, masks: _iou_of_images("mean")(logits, masks),
            lambda logits, masks: _iou_of_images("nanmean")(logits, masks),
            lambda logits, masks: _mean_of_filled(logits, masks, 0.0),
            lambda logits, masks: _mean_of_filled(logits, masks, 1.0),
        ),
        *_score_ways(
            "averaged_over_classes",
            "You return one number, the mean over the classes: return the IoU of each class.",
            SCORES,
            lambda logits, masks: _iou(logits, masks).mean(),
            lambda logits, masks: _iou(logits, masks).nanmean(),
        ),
        *_score_ways(
            "classes_pooled",
            "You return one number, the intersection of all classes over the union of all: return the IoU of each class.",
            SCORES,
            _iou_way(lambda both, p, t: both.sum() / (p + t - both).sum()),
        ),
        *_score_ways(
            "absent_class_as_zero",
            "A class that is neither there nor predicted gets 0, as if it were wholly wrong: 0 / 0 is not known, so NaN.",
            SCORES,
            _iou_filled(0.0),
            _iou_eps(1.0, 0),
            _iou_way(lambda both, p, t: both / (p + t - both).clamp(min=1)),
        ),
        *_score_ways(
            "absent_class_as_one",
            "A class that is neither there nor predicted gets 1, as if it were wholly right: 0 / 0 is not known, so NaN.",
            SCORES,
            _iou_filled(1.0),
            _iou_eps(1.0, 1),
        ),
        *_score_ways(
            "missed_class_as_nan",
            "A class that is only in the masks, or only predicted, gets NaN: its union is not empty, so its IoU is 0.",
            SCORES,
            _iou_way(lambda both, p, t: (both / (p + t - both)).where(t > 0, float("nan"))),
            _iou_way(lambda both, p, t: (both / (p + t - both)).where(p > 0, float("nan"))),
            _iou_way(lambda both, p, t: (both / (p + t - both)).where(both > 0, float("nan"))),
        ),
        *_score_ways(
            "wrong_axis",
            "Your argmax runs over the wrong axis: the classes are axis 1 of (N, C, H, W).",
            LABELS,
            _iou_axis(0),
            _iou_axis(2),
            _iou_axis(3),
        ),
        *_score_ways(
            "argmin_for_argmax",
            "You predict the class with the smallest logit: the largest is the most probable.",
            LABELS,
            _iou_argmin,
        ),
        *_score_ways(
            "threshold_for_argmax",
            "You compare each class with a threshold, so a pixel can have several classes, or none: it has the one with the "
            "largest logit.",
            LABELS,
            _iou_threshold(False),
            _iou_threshold(True),
        ),
        *_score_ways(
            "soft_for_hard",
            "You count probabilities: IoU is a score of decisions, so every pixel belongs to its most probable class.",
            SCORES,
            _iou_soft,
        ),
        *_score_ways(
            "background_left_out",
            "A class is missing: the background is one as well, and comes first.",
            SCORES,
            lambda logits, masks: _iou(logits, masks)[1:],
        ),
        *_score_ways(
            "classes_from_masks",
            "You take the classes from the masks, but one may be absent from them: there are as many as logits.shape[1].",
            SCORES,
            _iou_present,
            _iou_up_to_largest,
        ),
        *_score_ways("only_first_sample", "Only the first image counts.", SCORES, _iou_of_first),
        *_score_ways(
            "batch_not_summed",
            "You return the IoU of each image: count over all pixels of the batch, so that there is one value per class.",
            SCORES,
            lambda logits, masks: _iou_of_each(logits, masks),
            lambda logits, masks: _iou_of_each(logits, masks).T,
        ),
        *_score_ways(
            "integer_division",
            "You divide whole numbers and drop the remainder: `//` gives 0 for whatever is not perfect, `/` gives the ratio.",
            SCORES,
            _iou_way(lambda both, p, t: (both / (p + t - both).clamp(min=1)).floor()),
        ),
    ),
)


def _mean_of_filled(logits, masks, value):
    import torch

    pairs = zip(logits, masks, strict=True)
    return torch.stack([_iou(one[None], mask[None]).nan_to_num(value) for one, mask in pairs]).mean(0)


# dice_loss


def _one_hot(logits, masks):
    import torch

    return torch.stack([masks == c for c in range(logits.shape[1])], 1).to(logits.dtype)


def _dice(
    logits,
    masks,
    eps=1e-6,
    probabilities=lambda logits: logits.softmax(1),
    axes=(0, 2, 3),
    factor=2,
    add=("above", "below"),
    squares=False,
    union=False,
    first=0,
    mean="mean",
    sums="sum",
    finish=lambda dice: 1 - dice,
):
    """Return the soft Dice loss; options say what is done otherwise."""
    p, t = probabilities(logits), _one_hot(logits, masks)
    both = getattr(p * t, sums)(axes)
    areas = getattr(p * p if squares else p, sums)(axes) + getattr(t, sums)(axes)
    areas = areas - both if union else areas
    dice = (factor * both + eps * add.count("above")) / (areas + eps * add.count("below"))
    return finish(getattr(dice[first:] if first else dice, mean)())


def _dice_probe(**options: Any) -> Callable[..., Any]:
    """Return what the probe sees of a Dice loss, computed in float64."""

    def seen(logits, masks, **asked):
        return probes.loss(functools.partial(_dice, **options), to_torch(logits), to_torch(masks), **asked)

    return seen


def _dice_way(name: str | None, says: str, see: str, *options: dict[str, Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, see, _dice_probe(**chosen)) for chosen in options)


def _hard(logits):
    import torch

    return torch.nn.functional.one_hot(logits.argmax(1), logits.shape[1]).movedim(-1, 1).to(logits.dtype)


def _eps_fixed(eps: float) -> Callable[..., Any]:
    def seen(logits, masks, **asked):
        return _dice_probe()(logits, masks, eps=eps)

    return seen


def _dice_cases(rng):
    n = integer(rng, 2, 3)
    logits, masks = _scores(rng, n, 3, 5, 6)
    return [
        Case(_by_hand(), note="small enough to do by hand"),
        Case(_scores(rng, n, 4, 5, 6)),
        Case(_scores(rng, 1, 2, 4, 7), note="one image, two classes"),
        Case(_without(*_scores(rng, 2, 4, 4, 5), 2, predicted=True), note="a class that is in no mask"),
        Case(_scores(rng, n, 3, 4, 5), {"eps": 1.0}, note="a large eps, which is easy to see"),
        Case((_channels_last(logits), masks), note=NOT_CONTIGUOUS),
        Case(_scores(rng, 3, 5, 6, 4, dtype="float32"), note="float32"),
        Case((400 * logits, masks), note="very large logits"),
    ]


def _dice_errors(rng):
    logits, masks = _scores(rng, 2, 3, 4, 5)
    return [
        Case((logits, masks[:1]), note="one mask for two images", raises=ValueError),
        Case((logits, masks[:, :3]), note="masks that are lower than the logits", raises=ValueError),
        Case((logits, masks[:, None]), note="masks with a channel axis", raises=ValueError),
        Case((logits, masks), note="logits and masks that fit", only_returns=True),
    ]


DICE_LOSS = Exercise(
    name="dice_loss",
    signature="dice_loss(logits, masks, eps=1e-6)",
    reference=_dice_probe(),
    probe="segmentation.loss",
    parts=(
        Part("dice_loss", _dice_cases, judges=probes.LOSS_NAMES[:1]),
        Part("dice_loss_gradient", _dice_cases),
        Part("dice_loss_errors", _dice_errors),
    ),
    forbids=METRICS,
    outputs=probes.LOSS_NAMES,
    mistakes=(
        *_dice_way(
            "one_minus_missing",
            "That is the Dice coefficient, or its negative: a loss is small where the prediction is good, so 1 minus Dice.",
            SCORES,
            {"finish": lambda dice: dice},
            {"finish": lambda dice: -dice},
        ),
        *_dice_way(
            "factor_two_missing",
            "The factor 2 is missing: a perfect prediction must have the Dice coefficient 1, twice its area over twice its area.",
            SCORES,
            {"factor": 1},
        ),
        *_dice_way(
            "iou_for_dice",
            "You divide by the union, so that is a loss of IoU: Dice is twice the intersection over the sum of both areas.",
            SCORES,
            {"factor": 1, "union": True},
        ),
        *_dice_way(
            "softmax_missing",
            "You compute with the logits themselves: only after a softmax over the classes they are shares of a pixel.",
            SCORES,
            {"probabilities": lambda logits: logits},
        ),
        *_dice_way(
            "sigmoid_for_softmax",
            "You take the sigmoid of each class, so the shares of a pixel do not sum to 1: its classes exclude each other.",
            SCORES,
            {"probabilities": lambda logits: logits.sigmoid()},
        ),
        *_dice_way(
            "wrong_axis",
            "Your softmax runs over the wrong axis: the classes are axis 1 of (N, C, H, W).",
            LABELS,
            {"probabilities": lambda logits: logits.softmax(0)},
            {"probabilities": lambda logits: logits.softmax(2)},
            {"probabilities": lambda logits: logits.softmax(3)},
        ),
        *_dice_way(
            "log_probabilities",
            "You compute with logarithms of probabilities: Dice wants the probabilities themselves.",
            SCORES,
            {"probabilities": lambda logits: logits.log_softmax(1)},
        ),
        *_dice_way(
            "hard_for_soft",
            "You decide for a class before you compare: an argmax has no gradient, so nothing could be learned from this loss.",
            SCORES,
            {"probabilities": _hard},
        ),
        *_dice_way(
            "gradient_cut",
            "The value is right, but no gradient reaches the logits: detach, item, tolist or no_grad cut it off.",
            LOSSES,
            {"probabilities": lambda logits: logits.softmax(1).detach()},
        ),
        *_dice_way(
            "mean_over_images",
            "You compute Dice image by image and average: sum over all pixels of the batch, then divide.",
            SCORES,
            {"axes": (2, 3)},
        ),
        *_dice_way(
            "classes_pooled",
            "You sum over all classes before you divide, so the background outweighs the rest: divide per class, then average.",
            SCORES,
            {"axes": (0, 1, 2, 3)},
        ),
        *_dice_way(
            "background_left_out",
            "The background is left out: here the mean is over all classes, the background is one of them.",
            SCORES,
            {"first": 1},
        ),
        *_dice_way(
            "sum_not_mean",
            "You add up the classes: take the mean of their Dice coefficients.",
            SCORES,
            {"mean": "sum"},
            {"mean": "sum", "finish": lambda dice: -dice},
            {"finish": lambda dice: dice, "mean": "sum"},
        ),
        *(
            Mistake(
                "sum_not_mean",
                "You add up the losses of the classes: take their mean.",
                SCORES,
                lambda logits, masks, **asked: _times_classes(logits, masks, **asked),
            ),
        ),
        *_dice_way(
            "classes_not_averaged",
            "You return one loss per class: a loss is one number, their mean.",
            SCORES,
            {"mean": "clone"},
        ),
        *_dice_way(
            "mean_not_sum",
            "You average over the pixels where the formula has sums: eps weighs more then.",
            SCORES,
            {"sums": "mean"},
        ),
        *_dice_way(
            "eps_missing",
            "eps has no effect: it stands in the numerator and in the denominator.",
            SCORES,
            {"add": ()},
        ),
        *(
            Mistake(
                "eps_ignored",
                "Your eps is always the same: take the one that is handed over.",
                SCORES,
                _eps_fixed(eps),
            )
            for eps in (1e-6, 1.0)
        ),
        *_dice_way(
            "eps_misplaced",
            "eps is not where it belongs: it is added once to the numerator, and once to the denominator.",
            SCORES,
            {"add": ("above",)},
            {"add": ("below",)},
            {"add": ("above", "above", "below")},
            {"add": ("above", "above", "below", "below")},
            {"add": ("above", "below", "below")},
        ),
        *_dice_way(
            None,
            "You square the probabilities in the denominator, as V-Net does: here they are summed as they are.",
            SCORES,
            {"squares": True},
        ),
    ),
)


def _times_classes(logits, masks, **asked):
    return tuple(value * logits.shape[1] for value in _dice_probe()(logits, masks, **asked))


# overlap_counts


def _axis_counts(n, k, stride):
    import numpy as np

    found = np.zeros((n - 1) * stride + k, dtype=np.int64)
    for i in range(n):
        found[i * stride : i * stride + k] += 1
    return found


def _overlap(h, w, k, stride, combine=lambda rows, columns: rows[:, None] * columns):
    return combine(_axis_counts(h, k, stride), _axis_counts(w, k, stride))


def _windows_over_input(h, w, k, stride):
    """Count how many windows of a convolution cover each pixel of its input."""
    if min(h, w) < k:
        raise ValueError("the windows do not fit")
    full = _overlap((h - k) // stride + 1, (w - k) // stride + 1, k, stride)
    import numpy as np

    return np.pad(full, ((0, h - full.shape[0]), (0, w - full.shape[1])))


def _overlap_cut(h, w, k, stride):
    return _overlap(h, w, k, stride)[: h * stride, : w * stride]


def _overlap_long(h, w, k, stride):
    import numpy as np

    full = _overlap(h, w, k, stride)
    return np.pad(full, ((0, max(0, h * stride + k - full.shape[0])), (0, max(0, w * stride + k - full.shape[1]))))


def _overlap_cases(rng):
    k, stride = integer(rng, 4, 6), integer(rng, 2, 3)
    return [
        Case((2, 3, 3, 2), note="small enough to do by hand"),
        Case((4, 6, k, stride)),
        Case((3, 5, 4, 2), note="a stride that divides the kernel size"),
        Case((5, 3, 2, 2), note="kernel size and stride are equal"),
        Case((4, 3, 5, 1), note="stride 1"),
        Case((3, 4, 2, 3), note="a stride larger than the kernel"),
        Case((1, 4, 3, 2), note="one row"),
        Case((integer(rng, 5, 7), 4, 3, 2), note="the kernel of many generators"),
    ]


def _overlap_errors(rng):
    return [
        Case((0, 3, 3, 2), note="no rows", raises=ValueError),
        Case((3, 0, 3, 2), note="no columns", raises=ValueError),
        Case((3, 3, 0, 2), note="a kernel without entries", raises=ValueError),
        Case((3, 3, 3, 0), note="stride 0", raises=ValueError),
        Case((3, 3, 3, -1), note="a negative stride", raises=ValueError),
        Case((1, 1, 1, 1), note="one pixel and one entry, which is possible", only_returns=True),
    ]


def _counting_ways(name: str | None, says: str, see: str, *wrong: Callable[..., Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, see, function) for function in wrong)


OVERLAP_COUNTS = Exercise(
    name="overlap_counts",
    signature="overlap_counts(h, w, k, stride)",
    reference=_overlap,
    probe="segmentation.counts",
    parts=(Part("overlap_counts", _overlap_cases), Part("overlap_counts_errors", _overlap_errors)),
    forbids=("torchvision", "scipy", "cnnkit.exercises"),
    exact=True,
    mistakes=(
        *_counting_ways(
            "stride_ignored",
            "The stride has no effect: the k×k squares of two neighbouring inputs begin `stride` pixels apart.",
            UPSAMPLING,
            lambda h, w, k, stride: _overlap(h, w, k, 1),
        ),
        *_counting_ways(
            "stride_and_kernel_swapped",
            "Kernel size and stride are exchanged.",
            UPSAMPLING,
            lambda h, w, k, stride: _overlap(h, w, stride, k),
        ),
        *_counting_ways(
            "height_width_swapped",
            "Height and width are exchanged: the first axis counts rows.",
            UPSAMPLING,
            lambda h, w, k, stride: _overlap(w, h, k, stride),
        ),
        *_counting_ways(
            "only_last_tap",
            "Every pixel gets 1: you assign where you should add, so what other inputs wrote there is forgotten.",
            CHECKERBOARD,
            lambda h, w, k, stride: (_overlap(h, w, k, stride) > 0).astype("int64"),
        ),
        *_counting_ways(
            "added_not_multiplied",
            "You add the counts along rows and columns: of 2 rows and 3 columns of inputs that reach a pixel, 6 inputs do.",
            CHECKERBOARD,
            lambda h, w, k, stride: _overlap(h, w, k, stride, lambda rows, columns: rows[:, None] + columns),
        ),
        *_counting_ways(
            "one_axis_only",
            "You count along one axis only: an input writes a square of k×k.",
            CHECKERBOARD,
            lambda h, w, k, stride: _overlap(h, w, k, stride, lambda rows, columns: rows[:, None] * (columns > 0)),
            lambda h, w, k, stride: _overlap(h, w, k, stride, lambda rows, columns: (rows > 0)[:, None] * columns),
        ),
        *_counting_ways(
            "convolution_for_transposed",
            "You count how many windows of a convolution read each input pixel: a transposed convolution writes.",
            UPSAMPLING,
            _windows_over_input,
        ),
        *_counting_ways(
            "output_cut",
            "The last rows and columns are missing: the last square begins at (h − 1)·stride and is k long.",
            UPSAMPLING,
            _overlap_cut,
            lambda h, w, k, stride: _overlap(h, w, k, stride)[: (h - 1) * stride + 1, : (w - 1) * stride + 1],
        ),
        *_counting_ways(
            "one_output_too_many",
            "The result is too large: the last square begins at (h − 1)·stride and is k long.",
            UPSAMPLING,
            _overlap_long,
        ),
    ),
)

# DoubleConv


def _double_layers(
    c_in: int,
    c_out: int,
    padding: int = 1,
    bias: bool = False,
    norms: tuple[bool, bool] = (True, True),
    activations: tuple[bool, bool] = (True, True),
    swapped: bool = False,
    inner: str = "c_out",
    once: bool = False,
    thrice: bool = False,
    tracking: bool = True,
    shared_norm: bool = False,
    kernel: int = 3,
    residual: bool = False,
    stride: int = 1,
) -> list[Any]:
    """Return the layers of a double convolution; options say what is otherwise."""
    from torch import nn

    layers, between = [], c_in if inner == "c_in" else c_out
    first_norm = nn.BatchNorm2d(c_out, track_running_stats=tracking)
    plan = [(c_in, between), (between, c_out)][: 1 if once else 2]
    plan = [(c_in, c_out)] if once else plan + [(c_out, c_out)] * thrice
    for i, (before, after) in enumerate(plan):
        norm = first_norm if i == 0 and after == c_out else nn.BatchNorm2d(after, track_running_stats=tracking)
        norm = first_norm if shared_norm and after == c_out else norm
        layers.append(nn.Conv2d(before, after, kernel, stride if i else 1, padding=padding * (kernel // 2), bias=bias))
        rest = [norm] if norms[min(i, 1)] else []
        active = [nn.ReLU()] if activations[min(i, 1)] else []
        layers += active + rest if swapped else rest + active
    return layers


def _double_conv(c_in: int, c_out: int, listed: bool = False, **options: Any) -> Any:
    from torch import nn

    return building.sequence(_double_layers(c_in, c_out, **options), (nn.Module,) if listed else ())


def _double_cases(rng):
    c = integer(rng, 2, 4)
    return [
        case(rng, (1, 1), (1, 1, 3, 4), "one channel"),
        case(rng, (3, c + 3), (2, 3, 5, 6)),
        case(rng, (6, 2), (2, 6, 4, 7), "fewer channels out than in"),
        case(rng, (4, 4), (1, 4, 6, 5), "as many channels out as in"),
    ]


def _double_training_cases(rng):
    return [
        case(rng, (2, 4), (3, 2, 5, 6), training=True),
        case(rng, (3, 3), (2, 3, 4, 7), "as many channels out as in", training=True),
        case(rng, (5, integer(rng, 2, 3)), (4, 5, 3, 4), "fewer channels out than in", training=True),
    ]


def _double_parameter_cases(rng):
    return [
        parameter_case(_double_conv, (3, 64)),
        parameter_case(_double_conv, (128, 64), "fewer channels out than in"),
        parameter_case(_double_conv, (16, 16), "as many channels out as in"),
        parameter_case(_double_conv, (integer(rng, 5, 7), 12)),
    ]


PADDING = "The 3×3 convolutions have no padding, so each cuts off a border: with padding 1 height and width stay."
BIAS_BEFORE = "Your 3×3 convolutions have a bias, which the batch norm behind them takes away again: use bias=False."
EVAL_STATISTICS = "In evaluation your batch norm still uses the statistics of the batch: there it takes the running ones."

DOUBLE_MISTAKES = (
    ("padding_ignored", PADDING, UNET, {"padding": 0}),
    ("bias_before_batch_norm", BIAS_BEFORE, UNET, {"bias": True}),
    (
        "batch_norm_missing",
        "A batch norm is missing: one follows each 3×3 convolution.",
        UNET,
        {"norms": (False, False)},
        {"norms": (False, False), "bias": True, "told_by_table": False},
        {"norms": (True, False), "told_by_table": False},
        {"norms": (False, True), "told_by_table": False},
    ),
    (
        "activation_missing",
        "A ReLU is missing: one follows each of the two batch norms.",
        UNET,
        {"activations": (False, True)},
        {"activations": (True, False)},
        {"activations": (False, False)},
    ),
    (
        "activation_before_batch_norm",
        "ReLU and batch norm are exchanged: convolution, batch norm, ReLU is the order.",
        UNET,
        {"swapped": True},
    ),
    ("one_layer_too_few", "There is only one convolution: a DoubleConv has two.", UNET, {"once": True}),
    ("batch_statistics_in_eval", EVAL_STATISTICS, COMMON, {"tracking": False}),
)

DOUBLE_CONV = building.exercise(
    "DoubleConv",
    "DoubleConv(c_in, c_out)",
    _double_conv,
    (
        Part("DoubleConv", _double_cases),
        Part("DoubleConv_training", _double_training_cases),
        Part("DoubleConv_parameters", _double_parameter_cases),
    ),
    *DOUBLE_MISTAKES,
    ("one_layer_too_many", "There is a third convolution: a DoubleConv has two.", UNET, {"thrice": True}),
    (
        "channels_changed_late",
        "The number of channels changes in the second convolution: the first takes c_in to c_out, the second keeps c_out.",
        UNET,
        {"inner": "c_in"},
    ),
    ("shared_layer", building.SHARED, COMMON, {"shared_norm": True, "told_by_table": False}),
    ("kernel_size_wrong", "Your kernels are not 3×3.", UNET, {"kernel": 1}, {"kernel": 5}),
    (
        "stride_for_pooling",
        "Your second convolution has a stride: here a pooling halves the size, between the blocks.",
        UNET,
        {"stride": 2},
    ),
    ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": True}),
    forbids=MODELS,
)

# Up


def _fitted(y, skip, how):
    """Bring y to the height and width of skip."""
    import torch.nn.functional as F

    height, width = skip.shape[2] - y.shape[2], skip.shape[3] - y.shape[3]
    if how == "top left":
        return F.pad(y, (width, 0, height, 0)), skip
    if how == "cropped":
        return y, skip[:, :, : y.shape[2], : y.shape[3]]
    if how == "nearest":
        return F.interpolate(y, skip.shape[2:]), skip
    if how == "bilinear":
        return F.interpolate(y, skip.shape[2:], mode="bilinear", align_corners=False), skip
    if how == "swapped":
        return F.pad(y, (0, height, 0, width)), skip
    if how in ("replicate", "reflect"):
        return F.pad(y, (0, width, 0, height), mode=how), skip
    return (y, skip) if how == "none" else (F.pad(y, (0, width, 0, height)), skip)


def _upsampling(c_in, c_out, how, bias=True):
    from torch import nn

    if how == "plain":
        return nn.Upsample(scale_factor=2)
    if how in ("nearest", "bilinear"):
        options = {} if how == "nearest" else {"align_corners": False}
        return nn.Sequential(nn.Upsample(scale_factor=2, mode=how, **options), nn.Conv2d(c_in, c_out, 1))
    if how == "three":
        return nn.ConvTranspose2d(c_in, c_out, 3, stride=2, padding=1, output_padding=1)
    up = nn.ConvTranspose2d(c_in, c_out, 2, stride=2, bias=bias)
    return nn.Sequential(up, nn.ReLU()) if how == "active" else up


def _up(
    c_in: int,
    c_out: int,
    fit: str = "right",
    upsampling: str = "right",
    join: str = "right",
    up_bias: bool = True,
    single: bool = False,
    widths: str = "right",
    listed: bool = False,
    **options: Any,
) -> Any:
    """Build an expanding block; options say what is otherwise."""
    import torch
    from torch import nn

    width = c_out if join in ("added", "ignored", "batch") else 2 * c_out
    width = {"right": width, "sum": c_in + c_out, "halved": c_in}[widths]
    up = _upsampling(c_in, c_in // 2 if widths == "halved" else c_out, upsampling, up_bias)
    conv = nn.Sequential(*_double_layers(width, c_out, **options))

    def run(self, x, skip):
        if join == "exchanged":
            x, skip = skip, x
        if fit == "output padding":
            y = up(x, output_size=skip.shape[2:])
        else:
            y, skip = _fitted(up(x), skip, fit)
        if join == "added":
            y = y + skip
        elif join == "swapped":
            y = torch.cat((y, skip), 1)
        elif join == "twice":
            y = torch.cat((y, y), 1)
        elif join == "batch":
            y = torch.cat((skip, y), 0)
        elif join != "ignored":
            y = torch.cat((skip, y), 1)
        return y if single else conv(y)

    layers = {"up": up} if single else {"up": up, "conv": conv}
    return network(run, layers=layers) if listed else network(run, **layers)


def _up_case(rng, args, x, skip, note="", **asked):
    return Case(args, {"x": normal(rng, *x), "skip": normal(rng, *skip), "seed": integer(rng, 0, 9999), **asked}, note=note)


def _up_cases(rng):
    c = integer(rng, 2, 4)
    return [
        _up_case(rng, (2, 1), (1, 2, 1, 2), (1, 1, 2, 4), "one channel"),
        _up_case(rng, (2 * c, c), (2, 2 * c, 3, 4), (2, c, 6, 8)),
        _up_case(rng, (5, 3), (2, 5, 4, 2), (2, 3, 8, 4), "channels that do not halve"),
        _up_case(rng, (4, 4), (1, 4, 3, 3), (1, 4, 6, 6), "as many channels out as in"),
    ]


def _up_odd_cases(rng):
    c = integer(rng, 2, 3)
    return [
        _up_case(rng, (2 * c, c), (2, 2 * c, 3, 4), (2, c, 7, 8), "a skip with one row more"),
        _up_case(rng, (2 * c, c), (2, 2 * c, 3, 4), (2, c, 6, 9), "a skip with one column more"),
        _up_case(rng, (4, 3), (1, 4, 2, 4), (1, 3, 5, 9), "a skip with one row and one column more"),
    ]


def _up_training_cases(rng):
    c = integer(rng, 2, 3)
    return [
        _up_case(rng, (2 * c, c), (3, 2 * c, 3, 4), (3, c, 6, 8), training=True),
        _up_case(rng, (4, 2), (2, 4, 2, 3), (2, 2, 5, 7), "a skip with one row and one column more", training=True),
    ]


def _up_parameter_cases(rng):
    return [
        parameter_case(_up, (128, 64)),
        parameter_case(_up, (32, 16)),
        parameter_case(_up, (integer(rng, 5, 7), 4), "channels that do not halve"),
    ]


UP = building.exercise(
    "Up",
    "Up(c_in, c_out)",
    _up,
    (
        Part("Up", _up_cases),
        Part("Up_odd", _up_odd_cases),
        Part("Up_training", _up_training_cases),
        Part("Up_parameters", _up_parameter_cases),
    ),
    (
        "skip_ignored",
        "The skip is not used: what is fine in it never arrives.",
        UNET,
        {"join": "ignored", "told_by_table": False},
        {"join": "twice", "told_by_table": False},
    ),
    (
        "added_not_concatenated",
        "You add the skip: U-Net puts its channels beside those of the upsampled planes.",
        UNET,
        {"join": "added", "told_by_table": False},
    ),
    (
        "wrong_axis",
        "You concatenate along axis 0, the batch: the channels are axis 1.",
        UNET,
        {"join": "batch", "told_by_table": False},
    ),
    (
        None,
        "The upsampled planes come before those of the skip: here it is the other way round, skip first.",
        UNET,
        {"join": "swapped"},
    ),
    (
        "padding_top_left",
        "You pad at the top and left, so the planes move by a pixel: pooling drops the last row and column, so pad there.",
        UNET,
        {"fit": "top left"},
    ),
    (
        "height_width_swapped",
        "Height and width are exchanged in the padding: F.pad takes the last axis first, (left, right, top, bottom).",
        UNET,
        {"fit": "swapped"},
    ),
    (
        "skip_cropped",
        "You crop the skip to the size of the upsampled planes: pad those, so that the block returns the skip's size.",
        UNET,
        {"fit": "cropped"},
    ),
    (
        "resized_not_padded",
        "You stretch the upsampled planes to the skip's size, which moves all their pixels: pad the missing row or column.",
        UNET,
        {"fit": "nearest"},
        {"fit": "bilinear"},
    ),
    (
        "odd_size_forgotten",
        "Nothing makes up for the row or column that pooling drops where a size is odd: pad until x has the skip's size.",
        UNET,
        {"fit": "none"},
    ),
    (
        "arguments_swapped",
        "The two inputs are exchanged: forward(x, skip) gets what comes from below first, and what comes from the side second.",
        UNET,
        {"join": "exchanged"},
    ),
    (
        "halving_assumed",
        "You take half of c_in where c_out is meant: the two are the same only if the channels halve.",
        UNET,
        {"widths": "halved"},
    ),
    (
        None,
        "The row and column that are added hold the bias of the transposed convolution: here they are zeros.",
        UNET,
        {"fit": "output padding"},
    ),
    (
        None,
        "You repeat the border where zeros are asked for.",
        UNET,
        {"fit": "replicate"},
        {"fit": "reflect"},
    ),
    (
        "upsampling_not_learned",
        "You enlarge the planes without weights: here a transposed convolution of 2×2 with stride 2 does it, and makes the "
        "channels c_out.",
        UPSAMPLING,
        {"upsampling": "nearest"},
        {"upsampling": "bilinear"},
        {"upsampling": "plain", "told_by_table": False},
        {"upsampling": "plain", "widths": "sum"},
    ),
    (
        "kernel_size_wrong",
        "Your transposed convolution has 3×3 kernels, which overlap with stride 2: here they are 2×2.",
        CHECKERBOARD,
        {"upsampling": "three"},
    ),
    (
        "activation_added",
        "A ReLU follows the transposed convolution: nothing but the concatenation does.",
        UNET,
        {"upsampling": "active"},
    ),
    (
        "bias_forgotten",
        "The transposed convolution has no bias: no batch norm follows it, so it needs one.",
        UNET,
        {"up_bias": False},
    ),
    (
        "double_conv_missing",
        "You return the concatenated planes: a DoubleConv from 2 · c_out to c_out channels follows.",
        UNET,
        {"single": True},
    ),
    *DOUBLE_MISTAKES,
    ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": True}),
    forbids=MODELS,
    probe=probes.block,
    outputs=probes.BLOCK_NAMES,
)

# UNet


def _unet(
    c_in: int,
    classes: int,
    width: int = 16,
    depth: int = 3,
    pool: str = "maximum",
    widths: str = "double",
    fixed_width: int = 0,
    fixed_depth: int = 0,
    fixed_classes: int = 0,
    more: int = 0,
    skips: str = "right",
    end: str | None = None,
    head: str = "right",
    bottom: bool = True,
    listed: bool | str = False,
    join: str = "right",
    fit: str = "right",
    upsampling: str = "right",
    **options: Any,
) -> Any:
    """Build a U-Net; options say what is otherwise."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    width, depth, classes = fixed_width or width, (fixed_depth or depth) + more, fixed_classes or classes
    sizes = [width * (2**i if widths == "double" else i + 1 if widths == "linear" else 1) for i in range(depth + 1)]
    join = "ignored" if skips == "missing" else join
    downs = [
        nn.Sequential(*_double_layers(before, after, **options)) for before, after in zip([c_in, *sizes], sizes, strict=False)
    ]
    if not bottom:
        downs[-1] = nn.Sequential()
    deepest = sizes if bottom else [*sizes[:-1], sizes[-2]]
    ups = [
        _up(deepest[i] if i == depth else sizes[i], sizes[i - 1], join=join, fit=fit, upsampling=upsampling, **options)
        for i in range(depth, 0, -1)
    ]
    strided = [nn.Conv2d(size, size, 2, stride=2) for size in sizes[:-1]] if pool == "strided" else []
    heads = {
        "right": lambda: nn.Conv2d(sizes[0], classes, 1),
        "three": lambda: nn.Conv2d(sizes[0], classes, 3, padding=1),
        "no bias": lambda: nn.Conv2d(sizes[0], classes, 1, bias=False),
        "normed": lambda: nn.Sequential(nn.Conv2d(sizes[0], classes, 1), nn.BatchNorm2d(classes)),
        "double": lambda: nn.Sequential(*_double_layers(sizes[0], classes)),
    }
    last = heads[head]()

    def smaller(x, i):
        ways_to_pool = {
            "maximum": lambda: F.max_pool2d(x, 2),
            "mean": lambda: F.avg_pool2d(x, 2),
            "ceil": lambda: F.max_pool2d(x, 2, ceil_mode=True),
            "three": lambda: F.max_pool2d(x, 3, 2, padding=1),
            "strided": lambda: strided[i](x),
            "none": lambda: x,
        }
        return ways_to_pool[pool]()

    def run(self, x):
        kept = []
        for i, down in enumerate(downs):
            x = down(x)
            if i < depth:
                kept.append(x)
                x = smaller(x, i)
                if skips == "after pooling":
                    kept[-1] = x
        for up, skip in zip(ups, reversed(kept), strict=True):
            x = up(x, torch.zeros_like(skip) if skips == "zeros" else skip)
        x = last(x)
        if end in ("softmax", "log_softmax", "argmax"):
            return getattr(torch, end)(x, 1)
        return getattr(torch, end)(x) if end else x

    layers = {"downs": downs, "ups": ups, "strided": strided}
    lists = {name: value if listed else nn.ModuleList(value) for name, value in layers.items()}
    if listed == "but the first":
        lists["first"] = downs[0]
    return network(run, **lists, last=last)


def _unet_cases(rng):
    w = integer(rng, 2, 3)
    return [
        case(rng, (1, 3, 2, 1), (1, 1, 4, 6), "one pooling"),
        case(rng, (2, 1, 3, 1), (2, 2, 6, 4), "one class"),
        case(rng, (3, 5), (1, 3, 12, 8), "two poolings, and options by name", {"width": w, "depth": 2}),
    ]


def _unet_odd_cases(rng):
    return [
        case(rng, (2, 3, 2, 1), (1, 2, 5, 6), "an odd height"),
        case(rng, (3, 5, integer(rng, 2, 3), 1), (1, 3, 7, 5), "an odd height and width"),
        case(rng, (1, 3, 2), (1, 1, 17, 26), "an odd height and three poolings, the default"),
    ]


def _unet_training_cases(rng):
    return [
        case(rng, (3, 5, 2, 2), (2, 3, 8, 12), training=True),
        case(rng, (1, 2, 3, 1), (3, 1, 5, 7), "an odd height and width", training=True),
    ]


def _unet_parameter_cases(rng):
    return [
        parameter_case(_unet, (3, 2), "width 16 and depth 3"),
        parameter_case(_unet, (1, 7, 8), "width 8 and depth 3"),
        parameter_case(_unet, (3, 4, integer(rng, 5, 7), 1), "depth 1"),
        parameter_case(_unet, (1, 2), "as deep as the U-Net of 2015", width=4, depth=4),
    ]


def _shown_in_evaluation(*mistakes: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield mistakes that need not be tried in training: for networks of this size that takes longer than a check may."""
    for name, says, see, *ways_made in mistakes:
        yield name, says, see, *(options | {"told_in_training": False} for options in ways_made)


UNET_ = building.exercise(
    "UNet",
    "UNet(c_in, classes, width=16, depth=3)",
    _unet,
    (
        Part("UNet", _unet_cases),
        Part("UNet_odd", _unet_odd_cases),
        Part("UNet_training", _unet_training_cases),
        Part("UNet_parameters", _unet_parameter_cases),
    ),
    *_shown_in_evaluation(
        (
            "skips_missing",
            "There are no skip connections: what the pooling throws away never comes back.",
            UNET,
            {"skips": "missing", "told_by_table": False},
            {"skips": "zeros", "told_by_table": False},
        ),
        (
            "skips_after_pooling",
            "Your skips are taken after the pooling, so they have half the size: take them before.",
            UNET,
            {"skips": "after pooling"},
        ),
        (
            "added_not_concatenated",
            "You add the skips: U-Net puts their channels beside those of the upsampled planes.",
            UNET,
            {"join": "added", "told_by_table": False},
        ),
        (
            None,
            "The upsampled planes come before those of the skip: here it is the other way round, skip first.",
            UNET,
            {"join": "swapped"},
        ),
        (
            "skip_cropped",
            "You crop the skips: pad the upsampled planes, so that the result has the size of the image.",
            UNET,
            {"fit": "cropped"},
        ),
        (
            "padding_top_left",
            "You pad at the top and left, so planes move by a pixel: pad at the bottom and right.",
            UNET,
            {"fit": "top left"},
        ),
        (
            "resized_not_padded",
            "You stretch planes to the skip's size, which moves all their pixels: pad the missing row or column.",
            UNET,
            {"fit": "nearest"},
            {"fit": "bilinear"},
        ),
        (
            "channels_not_doubled",
            "The channels do not double from level to level: level i has width · 2^i.",
            UNET,
            {"widths": "same"},
            {"widths": "linear"},
        ),
        ("width_ignored", "The width has no effect: it is the number of channels of the first level.", UNET, {"fixed_width": 16}),
        (
            "depth_ignored",
            "The depth has no effect: it is the number of poolings.",
            UNET,
            {"fixed_depth": 3},
        ),
        (
            "one_level_too_few",
            "There is one level too few: depth counts the poolings, so there are depth + 1 levels.",
            UNET,
            {"more": -1},
        ),
        ("one_level_too_many", "There is one level too many: depth counts the poolings, and as many Ups.", UNET, {"more": 1}),
        (
            "bottom_missing",
            "The DoubleConv at the bottom is missing: one follows the last pooling, too.",
            UNET,
            {"bottom": False},
        ),
        (
            "classes_ignored",
            "The number of classes has no effect: it is the number of output channels.",
            LABELS,
            {"fixed_classes": 2},
            {"fixed_classes": 1},
        ),
        ("mean_for_maximum", "You pool with the mean where the maximum is asked for.", UNET, {"pool": "mean"}),
        ("pool_forgotten", "The pooling is missing: a maximum of 2×2 stands between two levels.", UNET, {"pool": "none"}),
        (
            "odd_size_forgotten",
            "Nothing makes up for the row or column that pooling drops where a size is odd: pad in each step up.",
            UNET,
            {"fit": "none"},
        ),
        (
            "pool_size_wrong",
            "Your pooling has overlapping windows of 3×3, as in ResNet: here they are 2×2.",
            UNET,
            {"pool": "three"},
        ),
        (
            "argmax_in_model",
            "Your network returns classes: training needs the logits, and an argmax has no gradient.",
            COMMON,
            {"end": "argmax"},
        ),
        (
            "stride_for_pooling",
            "A convolution with stride 2 halves the planes: here a 2×2 maximum does.",
            UNET,
            {"pool": "strided"},
        ),
        ("ceil_for_floor", "Your pooling rounds odd sizes up: PyTorch's default rounds down.", UNET, {"pool": "ceil"}),
        (
            "softmax_at_the_end",
            "Your network ends with a softmax, but cross-entropy contains it already: return the logits.",
            COMMON,
            {"end": "softmax"},
            {"end": "log_softmax"},
        ),
        (
            "sigmoid_at_the_end",
            "Your network ends with a sigmoid: the classes of a pixel exclude each other, so return the logits.",
            COMMON,
            {"end": "sigmoid"},
        ),
        (
            "activation_on_logits",
            "Your network ends with an activation, so a logit cannot be negative: return what the 1×1 convolution gives.",
            COMMON,
            {"end": "relu"},
            {"head": "double"},
        ),
        ("kernel_size_wrong", "The last convolution has 3×3 kernels: it is 1×1.", UNET, {"head": "three"}),
        (
            "bias_forgotten",
            "The last convolution has no bias: no batch norm follows it, so it needs one.",
            UNET,
            {"head": "no bias"},
        ),
        (
            "batch_norm_on_logits",
            "A batch norm follows the last convolution: return its logits as they are.",
            UNET,
            {"head": "normed"},
        ),
        (
            "upsampling_not_learned",
            "You enlarge the planes without weights: here a transposed convolution does it, and halves the channels.",
            UPSAMPLING,
            {"upsampling": "nearest"},
            {"upsampling": "bilinear"},
        ),
        *(mistake for mistake in DOUBLE_MISTAKES if mistake[0] not in ("one_layer_too_few",)),
        ("layers_not_registered", NOT_REGISTERED, COMMON, {"listed": True}, {"listed": "but the first"}),
    ),
    forbids=MODELS,
)

# augment_pair: find the bugs


def _window(x, top, left, factor):
    height, width = x.shape[-2] // factor, x.shape[-1] // factor
    return x[..., top : top + height, left : left + width]


def _enlarged(images, factor, mode="bilinear", corners=False):
    import torch.nn.functional as F

    options = {} if mode == "nearest" else {"align_corners": corners}
    return F.interpolate(images, scale_factor=factor, mode=mode, **options)


def _repeated(masks, factor):
    return masks.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def _interpolated(masks, factor, rounded=False, corners=False):
    larger = _enlarged(masks[:, None].double(), factor, corners=corners)[:, 0]
    return (larger.round() if rounded else larger).long()


def _mirrored(x, flags, axis=-1):
    import torch

    return torch.where(flags.reshape(-1, *[1] * (x.ndim - 1)), x.flip(axis), x)


def _augment(
    images,
    masks,
    mirrored,
    top,
    left,
    factor,
    mirror=_mirrored,
    mirror_masks=_mirrored,
    enlarge=_enlarged,
    enlarge_masks=_repeated,
    late=False,
    mask_place=lambda top, left: (top, left),
):
    """Return images and masks; options say what is done otherwise."""
    pairs = []
    for x, flip, larger, (row, column) in (
        (images, mirror, enlarge, (top, left)),
        (masks, mirror_masks, enlarge_masks, mask_place(top, left)),
    ):
        cut = functools.partial(_window, top=row, left=column, factor=factor)
        x = flip(cut(x), mirrored) if late else cut(flip(x, mirrored))
        pairs.append(larger(x, factor))
    return tuple(pairs)


def _left_alone(x, flags):
    return x


def _augment_ways(name: str | None, says: str, see: str, *options: dict[str, Any]) -> tuple[Mistake, ...]:
    return ways(name, says, see, *(functools.partial(_augment, **chosen) for chosen in options))


def _regions(rng, n, height, width, classes=5):
    """Draw masks with classes that lie far apart in number, so that a class between two others can be told."""
    import torch

    return torch.tensor(rng.integers(classes, size=(n, height, width)))


def _augment_cases(rng):
    import torch

    def drawn(n, c, height, width, factor, flags, note="", dtype="float64", top=None, left=None, layout=lambda x: x):
        free = height - height // factor, width - width // factor
        top = integer(rng, 0, free[0]) if top is None else top
        left = integer(rng, 0, free[1]) if left is None else left
        while 2 * left == free[1] and free[1]:
            left = integer(rng, 0, free[1])
        while left == top and free[0] and free[0] != free[1]:
            top = integer(rng, 0, free[0])
        images = layout(torch.tensor(rng.random((n, c, height, width))).to(getattr(torch, dtype)))
        mirrored = torch.tensor(flags, dtype=torch.bool)
        return Case((images, _regions(rng, n, height, width), mirrored, top, left, factor), note=note)

    images = torch.arange(8.0).reshape(1, 1, 2, 4)
    masks = torch.tensor([[[0, 0, 3, 0], [3, 3, 0, 0]]])
    return [
        Case((images, masks, torch.tensor([True]), 1, 0, 2), note="small enough to do by hand"),
        drawn(3, 3, 4, 6, 1, (False, True, False), "nothing enlarged, one image mirrored"),
        drawn(3, 2, 6, 8, 2, (False, False, False), "nothing mirrored"),
        drawn(4, 3, 6, 10, 2, (True, False, False, True)),
        drawn(2, 1, 9, 6, 3, (False, True), "three times as large"),
        drawn(3, 3, 8, 6, 2, (True, False, True), NOT_CONTIGUOUS, layout=_channels_last),
        drawn(3, 2, 4, 8, 2, (True, True, False), "float32", "float32"),
    ]


AUGMENT_PAIR = Exercise(
    name="augment_pair",
    signature="augment_pair(images, masks, mirrored, top, left, factor)",
    reference=on_torch(_augment),
    probe="augmentation.call_for_two",
    parts=(Part("augment_pair", _augment_cases),),
    forbids=("torchvision", "cnnkit.exercises"),
    terms=lambda *args: 4,
    outputs=("images", "masks"),
    mistakes=(
        *_augment_ways(
            "masks_not_mirrored",
            "Images are mirrored, but their masks are not: what is done to the place of a pixel is done to its label, too.",
            COMMON,
            {"mirror_masks": _left_alone},
        ),
        *_augment_ways(
            "labels_interpolated",
            "You interpolate the masks: between class 1 and class 3 there is no class 2. Repeat the nearest label instead.",
            COMMON,
            {"enlarge_masks": _interpolated},
            {"enlarge_masks": functools.partial(_interpolated, rounded=True)},
            {"enlarge_masks": functools.partial(_interpolated, corners=True)},
            {"enlarge_masks": functools.partial(_interpolated, corners=True, rounded=True)},
        ),
        *_augment_ways(
            "labels_interpolated",
            "You interpolate the masks: between class 1 and class 3 there is no class 2. Repeat the nearest label instead. (And "
            "the masks are not mirrored.)",
            COMMON,
            {"enlarge_masks": _interpolated, "mirror_masks": _left_alone},
            {"enlarge_masks": functools.partial(_interpolated, rounded=True), "mirror_masks": _left_alone},
        ),
        *_augment_ways(
            "nearest_for_bilinear",
            "The images are enlarged by repeating pixels: that is for the masks, images are interpolated.",
            UPSAMPLING,
            {"enlarge": _repeated},
        ),
        *_augment_ways(
            None,
            "You enlarge with align_corners=True, which moves images against their masks: here it is False.",
            UPSAMPLING,
            {"enlarge": functools.partial(_enlarged, corners=True)},
        ),
        *_augment_ways(
            "mirrored_after_cut",
            "You cut the window out before you mirror, so you get another part of the image: mirror first.",
            COMMON,
            {"late": True},
        ),
        *_augment_ways(
            "flip_missing",
            "Nothing is mirrored.",
            COMMON,
            {"mirror": _left_alone, "mirror_masks": _left_alone},
        ),
        *_augment_ways(
            "vertical_for_horizontal",
            "Something is turned upside down: mirroring exchanges left and right, that is the last axis.",
            COMMON,
            {"mirror_masks": functools.partial(_mirrored, axis=-2)},
            {"mirror": functools.partial(_mirrored, axis=-2), "mirror_masks": functools.partial(_mirrored, axis=-2)},
        ),
        *_augment_ways(
            "whole_batch_flipped",
            "All masks are mirrored as soon as one image is: mirror those alone whose flag is True.",
            COMMON,
            {"mirror_masks": lambda x, flags: x.flip(-1) if flags.any() else x},
            {"mirror_masks": lambda x, flags: x.flip(-1)},
        ),
        *_augment_ways(
            "height_width_swapped",
            "Rows and columns of the masks' window are exchanged: top counts rows, left columns.",
            COMMON,
            {"mask_place": lambda top, left: (left, top)},
        ),
    ),
)

# predict_masks


def _predict(
    decide: Callable[..., Any] = lambda logits: logits.argmax(1),
    evaluate: bool = True,
    restore: str = "modules",
    record: bool = False,
    stay_off: bool = False,
) -> Callable[..., Any]:
    """Return a right `predict_masks`, or one in which something is otherwise."""

    def predict(model, images):
        import torch

        modes = [(module, module.training) for module in model.modules()]
        if evaluate:
            model.eval()
        with torch.set_grad_enabled(record):
            found = decide(model(images))
        if restore == "modules":
            for module, mode in modes:
                module.training = mode
        elif restore == "model":
            model.train(modes[0][1])
        elif restore == "train":
            model.train()
        if stay_off:
            torch.set_grad_enabled(False)
        return found

    return predict


def _predicted(**options: Any) -> Callable[..., Any]:
    """Return what the probe sees of an answer, computed in float64."""

    def predicted(model, images):
        return probes.predict(_predict(**options), model, to_torch(images).cpu())

    return predicted


def _prediction_ways(name: str | None, says: str, see: str, *options: dict[str, Any]) -> tuple[Mistake, ...]:
    return tuple(Mistake(name, says, see, _predicted(**chosen)) for chosen in options)


def _prediction_case(rng, n, c, height, width, note="", dtype="float64", layout=lambda x: x, **options):
    import torch

    model = {"channels": c, "classes": integer(rng, 3, 5), "seed": integer(rng, 1, 10**6), **options}
    x = torch.tensor(1.5 * rng.standard_normal((n, c, height, width))).to(getattr(torch, dtype))
    return Case((model, layout(x)), note=note)


def _prediction_cases(rng):
    n = integer(rng, 2, 4)
    return [
        _prediction_case(rng, n, 3, 5, 7),
        _prediction_case(rng, 1, 1, 6, 6, "one grey, square image"),
        _prediction_case(rng, n, 2, 4, 9, NOT_CONTIGUOUS, layout=_channels_last),
        _prediction_case(rng, 3, 3, 8, 5, "a batch of three"),
    ]


def _prediction_mode_cases(rng):
    return [
        _prediction_case(rng, 3, 3, 5, 7, "a network in training mode", training=True),
        _prediction_case(rng, 2, 1, 6, 4, "a network in evaluation mode", training=False),
        _prediction_case(rng, 4, 2, 4, 5, "a network in training mode whose batch norm is not", training=True, frozen=True),
        _prediction_case(rng, 3, 2, 6, 5, "a network in training mode", training=True),
    ]


PREDICT_MASKS = Exercise(
    name="predict_masks",
    signature="predict_masks(model, images)",
    reference=_predicted(),
    probe="segmentation.predict",
    parts=(
        Part("predict_masks", _prediction_cases, judges=probes.PREDICTION_NAMES[:1]),
        Part("predict_masks_modes", _prediction_mode_cases, judges=probes.PREDICTION_NAMES[1:]),
    ),
    forbids=MODELS,
    terms=lambda model, x: 64 * x[0].numel(),
    outputs=probes.PREDICTION_NAMES,
    repeat=lambda options: (
        "from cnnkit.exercises.probes.segmentation import network; predict_masks(network(**args[0]).to(args[1]), args[1])"
    ),
    mistakes=(
        *_prediction_ways(
            "wrong_axis",
            "Your argmax runs over the wrong axis: the classes are axis 1 of (N, C, H, W).",
            LABELS,
            {"decide": lambda logits: logits.argmax(0)},
            {"decide": lambda logits: logits.argmax(2)},
            {"decide": lambda logits: logits.argmax(3)},
        ),
        *_prediction_ways(
            "probabilities_not_classes",
            "You return probabilities, or logits, of all classes: a mask holds the number of one class for each pixel.",
            LABELS,
            {"decide": lambda logits: logits.softmax(1)},
            {"decide": lambda logits: logits},
        ),
        *_prediction_ways(
            "max_for_argmax",
            "You return the largest value of each pixel: the mask holds the class that has it, so argmax.",
            LABELS,
            {"decide": lambda logits: logits.amax(1)},
            {"decide": lambda logits: logits.softmax(1).amax(1)},
        ),
        *_prediction_ways(
            "argmin_for_argmax",
            "You return the class with the smallest logit: the largest is the most probable.",
            LABELS,
            {"decide": lambda logits: logits.argmin(1)},
        ),
        *_prediction_ways(
            "threshold_for_argmax",
            "You compare class 1 with a threshold, which tells it from all others at best: there may be more than two classes.",
            LABELS,
            {"decide": lambda logits: (logits[:, 1] > 0).long()},
            {"decide": lambda logits: (logits[:, 1] > 0.5).long()},
            {"decide": lambda logits: (logits.softmax(1)[:, 1] > 0.5).long()},
            {"decide": lambda logits: (logits.sigmoid()[:, 1] > 0.5).long()},
            {"decide": lambda logits: (logits[:, 1] > logits[:, 0]).long()},
        ),
        *_prediction_ways(
            "channel_axis_kept",
            "Your masks have an axis of length 1 for the class: their shape is (N, H, W).",
            LABELS,
            {"decide": lambda logits: logits.argmax(1, keepdim=True)},
        ),
        *_prediction_ways(
            "background_left_out",
            "You look for the largest logit among the objects only: the background is a class as well, 0.",
            LABELS,
            {"decide": lambda logits: logits[:, 1:].argmax(1) + 1},
            {"decide": lambda logits: logits[:, 1:].argmax(1)},
        ),
        *_prediction_ways(
            "only_first_sample",
            "Only the first image is predicted.",
            LABELS,
            {"decide": lambda logits: logits.argmax(1)[:1]},
            {"decide": lambda logits: logits.argmax(1)[0]},
        ),
        *_prediction_ways(
            "eval_missing",
            "The network predicts in training mode, with the statistics of this batch, and its running statistics move: call "
            "`model.eval()` first.",
            COMMON,
            {"evaluate": False},
        ),
        *_prediction_ways(
            "mode_not_restored",
            "The network stays in evaluation mode: if it came in training mode, it must leave in it.",
            COMMON,
            {"restore": "nothing"},
        ),
        *_prediction_ways(
            "mode_not_restored",
            "The network always leaves in training mode, even if it came in evaluation mode: restore the mode that it had.",
            COMMON,
            {"restore": "train"},
        ),
        *_prediction_ways(
            "mode_not_restored",
            "You restore the mode of the whole, but a layer in it had another one: a frozen batch norm would wake up.",
            COMMON,
            {"restore": "model"},
        ),
        *_prediction_ways(
            "gradients_kept",
            "Gradients are recorded while you predict: `with torch.no_grad():` saves the memory for it.",
            COMMON,
            {"record": True},
        ),
        *_prediction_ways(
            "gradients_left_off",
            "You switch gradients off for good, for the training after you as well: use `with torch.no_grad():`, which ends.",
            COMMON,
            {"stay_off": True},
        ),
    ),
)

EXERCISES = (
    MASK_FROM_ALPHA,
    IOU,
    DICE_LOSS,
    OVERLAP_COUNTS,
    DOUBLE_CONV,
    UP,
    UNET_,
    AUGMENT_PAIR,
    PREDICT_MASKS,
)
