"""Topic 12: look inside a trained network.

The reference and every mistake are made by one builder an exercise, whose options are the mistakes.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer
from cnnkit.exercises.probes.attribution import FACTS

# Headings of lecture 12.
FILTERS, MAPS, OCCLUSION, SALIENCY = "First-layer filters", "Feature maps", "Occlusion", "Saliency"
GRAD_CAM, MAXIMISATION, FIELD = "Grad-CAM", "Activation maximisation", "The effective receptive field"
COMMON = "Common mistakes"

FORBIDS = ("captum", "cnnkit.exercises", "timm", "torchvision.models.feature_extraction")
RESULT, STATE = FACTS[:1], FACTS[1:]
LONGEST_SUM = 20
"""About the terms of a sum behind an output or a gradient of these small networks."""
REMEMBERED = 200
"""More than the cases of an exercise for one seed."""

EVAL_MISSING = (
    "Your function uses the model in training mode: dropout is active, and batch norm looks at the batch and changes its "
    "running statistics. Switch to evaluation mode for as long as you look."
)
STAYS_IN_EVAL = "The model stays in evaluation mode: if it came in training mode, it must leave in it."
ENDS_IN_TRAIN = "The model always leaves in training mode: give every module back the mode in which it came."
ONE_MODE_FOR_ALL = (
    "You give all modules one mode back, that of the model: a frozen batch norm inside was in another, and trains now."
)
HOOK_LEFT = "Your hook is still on the layer, and runs in every forward pass from now on: call remove() on what you registered."
GRADIENTS_LEFT = (
    "Your backward pass leaves gradients in the parameters, and the next optimizer step will use them. Ask for the one gradient "
    "that you want with torch.autograd.grad."
)
GRAPH_KEPT = "Your result holds on to the whole graph behind it: use detach(), or torch.no_grad() where no gradient is needed."
GRADIENTS_OFF = "You switch gradients off for good, for the training after you as well: use `with torch.no_grad():`, which ends."
FIRST_ONLY = "Only the first image of the batch counts: every image has a map of its own."
TARGET_IGNORED = "You explain the class with the largest logit, whatever `target` says."
ALL_CLASSES = "You add up the logits of all classes: only that of the target counts."
NOT_PAIRED = (
    "logits[:, target] with a tensor of N targets takes all N classes for every image: image i has target i, so index with "
    "torch.arange(N) as well, or use gather."
)
PROBABILITY = "You differentiate the probability: after the softmax the other classes have a say. Use the logit."
LOSS = "You differentiate the cross-entropy: the map wanted is that of the target's logit, before any softmax."
MEAN_OF_BATCH = "You differentiate the mean over the batch, so every map is divided by the number of images: take the sum."
NORMALISED = "You scale the map to a range of its own: then the maps of two images can no longer be compared. Return it as it is."


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function so that it keeps what it found for a case: every part of an exercise asks again."""
    found: dict[Any, Any] = {}

    def made(*args: Any, **options: Any) -> Any:
        key = (_key(args), _key(options))
        if key not in found:
            while len(found) >= REMEMBERED:
                found.pop(next(iter(found)))
            found[key] = function(*args, **options)
        return found[key]

    return made


def _key(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return tuple(map(_key, value))
    if isinstance(value, dict):
        return tuple((name, _key(v)) for name, v in value.items())
    if hasattr(value, "detach"):
        array = value.detach().cpu().numpy()
        return str(array.dtype), array.shape, array.tobytes()
    return value


def _through(probe: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a probe finds out about an answer: the reference and the mistakes are judged as students are."""

    def made(*args: Any, **options: Any) -> Any:
        from cnnkit.exercises.probes import attribution

        return getattr(attribution, probe)(answer, *args, **options)

    return _remembering(made)


def _mistakes(probe: str, answer: Callable[..., Any], *described: tuple[Any, ...]) -> tuple[Mistake, ...]:
    """Make mistakes of (name, says, see, options of the builder `answer`, more options for another way to make it, ...)."""
    return tuple(
        Mistake(name, says, see, _through(probe, functools.partial(answer, **options)))
        for name, says, see, *ways in described
        for options in ways
    )


def _seed(rng: np.random.Generator) -> int:
    return integer(rng, 0, 10**6)


def _network(rng: np.random.Generator, kind: str = "relu", **options: Any) -> dict[str, Any]:
    return {"kind": kind, "channels": integer(rng, 3, 5), "classes": integer(rng, 4, 6), "seed": _seed(rng), **options}


def _images(rng: np.random.Generator, n: int, height: int, width: int, dtype: str = "float64") -> Any:
    import torch

    return torch.from_numpy(rng.standard_normal((n, 3, height, width)).astype(dtype))


def _repeat(call: str) -> Callable[[dict[str, Any]], str]:
    """Return how to repeat a case: on the small network that the first argument describes."""
    return lambda options: (
        f"from cnnkit.exercises.probes.attribution import small_network; model = small_network(**args[0]); {call}"
    )


@contextlib.contextmanager
def _in_mode(model: Any, mode: str) -> Iterator[None]:
    """Switch a model to evaluation, and back as `mode` says: "restored", "stays", "trains", "one for all", or "as it is"."""
    if mode == "as it is":
        yield
        return
    modes = {module: module.training for module in model.modules()}
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        if mode == "restored":
            for module, training in modes.items():
                module.training = training
        elif mode == "trains":
            model.train()
        elif mode == "one for all":
            model.train(was_training)


MODE_MISTAKES = (
    ("eval_missing", EVAL_MISSING, COMMON, {"mode": "as it is"}),
    ("mode_not_restored", STAYS_IN_EVAL, COMMON, {"mode": "stays"}),
    ("mode_not_restored", ENDS_IN_TRAIN, COMMON, {"mode": "trains"}),
    ("mode_not_restored", ONE_MODE_FOR_ALL, COMMON, {"mode": "one for all"}),
)


def _every_mode(case: Callable[..., Case]) -> Callable[[np.random.Generator], list[Case]]:
    """Draw one case for each mode: `case(rng, **options of the network)`, its note said here."""

    def cases(rng):
        notes = {
            "train": "a model in training mode",
            "mixed": "a model in training mode with its batch norm in evaluation mode",
            "eval": "a model in evaluation mode",
        }
        return [case(rng, note, mode=mode) for mode, note in notes.items()]

    return cases


# filter_images


def _filter_images(weight, reach="filter", order="permute", low=False, offset=0.5, scale=0.5, constant="grey", clip=False):
    import torch

    dims = {"filter": (1, 2, 3), "all": (0, 1, 2, 3), "channel": (2, 3), "signed": (1, 2, 3)}[reach]
    if reach == "signed":
        largest = weight.amax(dims, keepdim=True)
        images = 0.5 + weight / (2 * torch.where(largest != 0, largest, 1))
    elif low:
        least, most = weight.amin(dims, keepdim=True), weight.amax(dims, keepdim=True)
        images = (weight - least) / torch.where(most > least, most - least, 1)
    else:
        largest = weight.abs().amax(dims, keepdim=True)
        if constant == "grey":
            largest = torch.where(largest > 0, largest, 1)
        images = offset + scale * weight / (1 if clip else largest)
    if clip:
        images = images.clamp(0, 1)
    k, c, height, width = weight.shape
    if order == "permute":
        return images.permute(0, 2, 3, 1)
    return images.reshape(k, height, width, c) if order == "reshape" else images.permute(0, 3, 2, 1)


def _on_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    from cnnkit.exercises.reference import on_torch

    return on_torch(function)


def _filter_mistakes(*described: tuple[Any, ...]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(name, says, FILTERS, _on_arrays(functools.partial(_filter_images_named, options=options)))
        for name, says, *ways in described
        for options in ways
    )


def _filter_images_named(weight, options):
    return _filter_images(weight, **options)


def _weights(rng, *shape):
    import torch

    # Single precision: there, a small number that somebody adds to a divisor makes no difference.
    return torch.from_numpy((rng.standard_normal(shape) * rng.uniform(0.2, 0.6, (shape[0], 1, 1, 1))).astype("float32"))


def _filter_cases(rng):
    import torch

    small = torch.tensor([[[[1.0, -4.0]], [[2.0, 0.0]], [[0.0, 1.0]]]])
    return [
        Case((small,), note="one filter of 1×2 pixels"),
        Case((_weights(rng, 4, 3, 3, 5),), note="filters that are not square"),
        Case((_weights(rng, 6, 3, 7, 7),), note="six filters"),
        Case((_weights(rng, 5, 1, 4, 3),), note="filters for grey images"),
        Case((_weights(rng, 3, 3, 5, 2).transpose(2, 3),), note="a tensor that is not contiguous"),
    ]


def _zero_filter_cases(rng):
    def with_zeros(weight):
        weight[integer(rng, 0, len(weight) - 1)] = 0
        return weight

    shapes = ((3, 3, 2, 4), (4, 3, 3, 3), (2, 1, 4, 2))
    return [Case((with_zeros(_weights(rng, *shape)),), note="one filter of zeros") for shape in shapes]


FILTER_IMAGES = Exercise(
    name="filter_images",
    signature="filter_images(weight)",
    reference=_on_arrays(_filter_images),
    parts=(Part("filter_images", _filter_cases), Part("filter_images_zero", _zero_filter_cases)),
    forbids=FORBIDS,
    probe="augmentation.call",
    repeat=lambda options: "filter_images(*args)",
    mistakes=_filter_mistakes(
        (
            "min_max_scaled",
            "You stretch every filter from its smallest to its largest weight: then a weight of zero is a different grey in each "
            "filter. Zero belongs at 0.5.",
            {"low": True},
            {"low": True, "reach": "all"},
            {"low": True, "reach": "channel"},
        ),
        (
            "scaled_together",
            "You scale all filters by one common number, so weak ones stay grey: each filter has its own.",
            {"reach": "all"},
        ),
        (
            "channels_scaled_apart",
            "You scale the channels of a filter separately, which changes its colours: one number for the whole filter.",
            {"reach": "channel"},
        ),
        (
            "reshaped_not_permuted",
            "You reshape, which leaves the numbers in their order: to make the channels the last axis, permute the axes.",
            {"order": "reshape"},
        ),
        ("height_width_swapped", "Height and width are swapped: permute(0, 2, 3, 1) keeps their order.", {"order": "transpose"}),
        (
            "offset_missing",
            "Your values run from −1 to 1, and an image from 0 to 1: halve them and add 0.5.",
            {"offset": 0, "scale": 1},
        ),
        (
            "scale_missing",
            "Your values leave the range from 0 to 1: half of ±1 around 0.5 stays inside.",
            {"scale": 1},
            {"offset": 1, "scale": 1},
        ),
        (
            "absolute_value_missing",
            "You divide by the largest weight: a negative one may be larger in absolute value.",
            {"reach": "signed"},
        ),
        (
            "not_normalised",
            "You do not scale the filters: cut off or not, the weights themselves are no colours.",
            {"clip": True},
            {"clip": True, "scale": 1},
        ),
        (
            "zero_divided",
            "You divide by zero where a filter has only zeros: that filter is grey, 0.5 everywhere.",
            {"constant": "divided"},
        ),
    ),
)

# feature_maps


def _feature_maps(
    model,
    layer,
    x,
    mode="restored",
    removed="always",
    cloned=True,
    graph=False,
    gradients_off=False,
    side="output",
    change=lambda output: output,
):
    import torch

    kept = []

    def keep(module, inputs, output):
        value = inputs[0] if side == "input" else output
        value = value if graph else value.detach()
        kept.append(value.clone() if cloned else value)

    if gradients_off:
        torch.set_grad_enabled(False)
    with _in_mode(model, mode):
        handle = layer.register_forward_hook(keep)
        try:
            logits = model(x)
            succeeded = True
        except RuntimeError:
            succeeded = False
            raise
        finally:
            if removed == "always" or (removed == "after success" and succeeded):
                handle.remove()
    if side == "logits":
        return logits.detach()
    if not kept:
        raise ValueError("feature_maps: the model does not call this layer.")
    return change(kept[-1])


def _layer_on_image(model, layer, x):
    import torch

    with _in_mode(model, "restored"), torch.no_grad():
        return layer(x)


def _maps_case(rng, note="", layer=None, size=(2, 8, 7), dtype="float64", **network):
    layer = layer or str(rng.choice(["bn1", "conv2", "bn2", "pool"]))
    return Case((_network(rng, **network), layer, _images(rng, *size, dtype)), note=note)


def _maps_cases(rng):
    h, w = integer(rng, 6, 11), integer(rng, 6, 11)
    return [
        _maps_case(rng, "the first layer", "conv1", (1, 5, 6)),
        _maps_case(rng, "a layer further up", "conv2", (2, h, w + 1)),
        _maps_case(rng, "a layer further up, in single precision", "bn2", (3, h, w), "float32", kind="tanh"),
        _maps_case(rng, "an activation", "act1", (2, 7, 5), kind="tanh"),
        _maps_case(rng, "a pooling layer", "pool", (4, h + 2, w)),
    ]


def _inplace_cases(rng):
    h, w = integer(rng, 6, 11), integer(rng, 6, 11)
    note = "the next layer is a ReLU with inplace=True"
    return [
        _maps_case(rng, note, "bn1", (2, h, w), kind="inplace"),
        _maps_case(rng, note, "bn2", (3, w, h), "float32", kind="inplace"),
        _maps_case(rng, note, "bn1", (1, 4, 5), kind="inplace"),
    ]


def _failing_cases(rng):
    return [_maps_case(rng, f"a forward pass that fails behind {layer}", layer, fails=True) for layer in ("conv1", "bn2")]


def _maps_errors(rng):
    return [
        Case((_network(rng), "unused", _images(rng, 2, 6, 5)), note="a layer that forward never calls", raises=ValueError),
        Case((_network(rng), "conv1", _images(rng, 2, 6, 5)), note="a layer that forward does call", only_returns=True),
    ]


MAPS_CALL = "feature_maps(model.to(args[2].dtype), model.get_submodule(args[1]), args[2])"

FEATURE_MAPS = Exercise(
    name="feature_maps",
    signature="feature_maps(model, layer, x)",
    reference=_through("look", _feature_maps),
    parts=(
        Part("feature_maps", _maps_cases, judges=RESULT),
        Part("feature_maps_inplace", _inplace_cases, judges=RESULT),
        Part("feature_maps_left_alone", _every_mode(_maps_case), judges=STATE),
        Part("feature_maps_failing", _failing_cases, judges=("hooks left on the model",)),
        Part("feature_maps_errors", _maps_errors),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    probe="attribution.look",
    repeat=_repeat(MAPS_CALL),
    mistakes=(
        *_mistakes(
            "look",
            _feature_maps,
            ("hook_left", HOOK_LEFT, MAPS, {"removed": "never"}),
            (
                "hook_left",
                "If the forward pass fails, your hook stays on the layer: remove it in a `finally`, which runs in any case.",
                MAPS,
                {"removed": "after success"},
            ),
            (
                "output_overwritten",
                "You keep the layer's output itself, and the next layer, a ReLU with inplace=True, overwrites it: keep a clone.",
                MAPS,
                {"cloned": False},
            ),
            (
                "input_for_output",
                "You keep what goes into the layer: the feature maps are what comes out of it.",
                MAPS,
                {"side": "input"},
            ),
            (
                "logits_for_features",
                "You return the output of the whole model: the feature maps are the output of the layer, which a hook sees.",
                MAPS,
                {"side": "logits"},
            ),
            ("gradients_kept", GRAPH_KEPT, MAPS, {"graph": True}),
            ("gradients_left_off", GRADIENTS_OFF, COMMON, {"gradients_off": True}),
            ("only_first_sample", FIRST_ONLY, MAPS, {"change": lambda output: output[0]}, {"change": lambda output: output[:1]}),
            (
                "only_first_channel",
                "Only the first channel is there: return all of them.",
                MAPS,
                {"change": lambda output: output[:, 0]},
                {"change": lambda output: output[:, :1]},
            ),
            (
                "channels_averaged",
                "You average over the channels: each one is a map of its own.",
                MAPS,
                {"change": lambda output: output.mean(1)},
                {"change": lambda output: output.mean(1, keepdim=True)},
            ),
            (
                "positions_averaged",
                "You average over the positions: then nobody knows any longer where something was found.",
                MAPS,
                {"change": lambda output: output.mean((2, 3))},
            ),
            *MODE_MISTAKES,
        ),
        Mistake(
            "layer_on_image",
            "You hand the image to the layer itself: it expects what the layers before it make of it. Run the whole model.",
            MAPS,
            _through("look", _layer_on_image),
        ),
    ),
)

# What several exercises have in common: the number that is differentiated.


def _score(logits, target, of="logit"):
    """Return the number whose gradient is a map: the sum over the images of the target's logit, or what is taken for it."""
    import torch
    import torch.nn.functional as F

    n = len(logits)
    targets = torch.as_tensor(target, device=logits.device).expand(n)
    rows = torch.arange(n, device=logits.device)
    match of:
        case "logit":
            return logits[rows, targets].sum()
        case "mean":
            return logits[rows, targets].mean()
        case "probability":
            return logits.softmax(1)[rows, targets].sum()
        case "log probability":
            return logits.log_softmax(1)[rows, targets].sum()
        case "loss":
            return F.cross_entropy(logits, targets)
        case "loss of the sum":
            return F.cross_entropy(logits, targets, reduction="sum")
        case "best":
            return logits.amax(1).sum()
        case "all":
            return logits.sum()
        case "columns":
            return logits[:, target].sum()
        case "first":
            return logits[0, targets[0]]
        case "columns' mean":
            return logits[:, target].mean()
    raise ValueError(of)


SCORE_MISTAKES = (
    ("target_ignored", TARGET_IGNORED, {"of": "best"}),
    ("all_classes_summed", ALL_CLASSES, {"of": "all"}),
    ("target_not_paired", NOT_PAIRED, {"of": "columns"}),
    ("probability_for_logit", PROBABILITY, {"of": "probability"}),
    ("loss_for_logit", LOSS, {"of": "log probability"}, {"of": "loss of the sum"}, {"of": "loss"}),
    ("mean_not_sum", MEAN_OF_BATCH, {"of": "mean"}),
)


def _score_mistakes(see: str) -> tuple[tuple[Any, ...], ...]:
    return tuple((name, says, see, *ways) for name, says, *ways in SCORE_MISTAKES)


def _targets(rng, n, classes):
    """Draw a class for each image, no two neighbours alike."""
    import torch

    start = integer(rng, 0, classes - 1)
    return (start + torch.arange(n)) % classes


def _target_case(rng, note, *before, size, dtype="float64", each=False, options=None, kind="relu", **network):
    made = _network(rng, kind, **network)
    target = _targets(rng, size[0], made["classes"]) if each else integer(rng, 0, made["classes"] - 1)
    return Case((made, *before, _images(rng, *size, dtype), target), dict(options or {}), note=note)


# saliency


def _saliency(
    model,
    x,
    target,
    mode="restored",
    of="logit",
    reduce=lambda gradient, x: gradient.abs().amax(1),
    backward=False,
    graph=False,
    freezing=False,
    scale=lambda result: result,
):
    import torch

    if freezing:
        model.requires_grad_(False)
    with _in_mode(model, mode):
        leaf = x.detach().clone().requires_grad_()
        score = _score(model(leaf), target, of)
        if backward:
            score.backward()
            gradient = leaf.grad
        else:
            (gradient,) = torch.autograd.grad(score, leaf, create_graph=graph)
    return scale(reduce(gradient, x))


def _by_largest(result):
    return result / result.amax((-2, -1), keepdim=True)


def _by_range(result):
    least = result.amin((-2, -1), keepdim=True)
    return _by_largest(result - least)


NORMALISATIONS = (
    {"scale": _by_largest},
    {"scale": _by_range},
    {"scale": lambda result: result / result.sum((-2, -1), keepdim=True)},
    {"scale": lambda result: result / result.max()},
    {"scale": lambda result: (result - result.min()) / (result.max() - result.min())},
)


def _saliency_cases(rng):
    h, w = integer(rng, 6, 10), integer(rng, 6, 10)
    return [
        _target_case(rng, "one image", size=(1, 4, 5)),
        _target_case(rng, "a batch of three", size=(3, h, w + 1)),
        _target_case(rng, "single precision", size=(2, h, w), dtype="float32", kind="tanh"),
        _target_case(rng, "a network with ReLU layers that overwrite", size=(4, 5, 8), kind="inplace"),
        _target_case(rng, "a batch of two", size=(2, w, h)),
    ]


def _saliency_each_cases(rng):
    h, w = integer(rng, 6, 10), integer(rng, 6, 10)
    return [
        _target_case(rng, "a target for each of two images", size=(2, 5, 4), each=True),
        _target_case(rng, "a target for each of three images", size=(3, h, w), each=True, kind="tanh"),
        _target_case(rng, "a target for each of four images", size=(4, w, h), each=True),
    ]


SALIENCY_CALL = "saliency(model.to(args[1].dtype), *args[1:])"

SALIENCY_EXERCISE = Exercise(
    name="saliency",
    signature="saliency(model, x, target)",
    reference=_through("look", _saliency),
    parts=(
        Part("saliency", _saliency_cases, judges=RESULT),
        Part("saliency_each", _saliency_each_cases, judges=RESULT),
        Part(
            "saliency_left_alone",
            _every_mode(lambda rng, note, **network: _target_case(rng, note, size=(2, 6, 5), **network)),
            judges=STATE,
        ),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    probe="attribution.look",
    repeat=_repeat(SALIENCY_CALL),
    mistakes=_mistakes(
        "look",
        _saliency,
        (
            "absolute_value_missing",
            "The absolute value is missing: a pixel that lowers the logit when it gets brighter matters as well.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.amax(1)},
            {"reduce": lambda gradient, x: gradient.amax(1).relu()},
        ),
        (
            "maximum_before_absolute_value",
            "You take the maximum over the channels first, and the absolute value of that: it belongs inside.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.amax(1).abs()},
        ),
        (
            "sum_for_maximum",
            "You add up the channels: the maximum is asked for.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.abs().sum(1)},
        ),
        (
            "mean_for_maximum",
            "You average over the channels: the maximum is asked for.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.abs().mean(1)},
        ),
        (
            "norm_for_maximum",
            "You take the length of the three channels' gradient: the maximum of their absolute values is asked for.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.norm(dim=1)},
        ),
        (
            "square_for_absolute_value",
            "You square the gradient: its absolute value is asked for.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.square().amax(1)},
        ),
        (
            "channels_not_reduced",
            "Your map still has channels: take the maximum over them, so that each pixel has one number.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.abs()},
            {"reduce": lambda gradient, x: gradient},
            {"reduce": lambda gradient, x: gradient.abs().amax(1, keepdim=True)},
        ),
        (
            "wrong_axis",
            "You take the maximum over the images of the batch: the channels are axis 1.",
            SALIENCY,
            {"reduce": lambda gradient, x: gradient.abs().amax(0)},
        ),
        (
            "gradient_times_input",
            "You multiply the gradient by the image: saliency is the gradient alone.",
            SALIENCY,
            {"reduce": lambda gradient, x: (gradient * x).abs().amax(1)},
        ),
        ("map_normalised", NORMALISED, SALIENCY, *NORMALISATIONS),
        (
            "only_first_sample",
            FIRST_ONLY,
            SALIENCY,
            {"of": "first"},
            {"scale": lambda result: result[0]},
            {"scale": lambda result: result[:1]},
        ),
        *_score_mistakes(SALIENCY),
        ("gradients_left_behind", GRADIENTS_LEFT, SALIENCY, {"backward": True}),
        ("gradients_kept", GRAPH_KEPT, SALIENCY, {"graph": True}),
        (
            "parameters_frozen",
            "You freeze the parameters, and they stay frozen: nothing learns after you have looked.",
            SALIENCY,
            {"freezing": True},
        ),
        *MODE_MISTAKES,
    ),
)

# occlusion_map


def _occlusion_map(
    model,
    x,
    target,
    size,
    stride,
    fill=0.0,
    mode="restored",
    measure="probability",
    change=lambda before, after: before - after,
    filled=True,
    kept=False,
    channels=slice(None),
    start=lambda position, size: position,
    larger=0,
    rows_and_columns=None,
    inverted=False,
    best=False,
    graph=False,
    step=None,
    shape=lambda result: result,
):
    import torch

    n, _, height, width = x.shape
    if size < 1 or stride < 1 or size > min(height, width):
        raise ValueError(f"occlusion_map: size {size} and stride {stride} do not fit images of {height}×{width}.")
    step = step(size, stride) if step else stride
    tops = range(0, height - size + 1, step)
    lefts = range(0, width - size + 1, step)
    if rows_and_columns:
        tops, lefts = (rows_and_columns(side, size, step) for side in (height, width))
    rows = torch.arange(n, device=x.device)

    def measured(images):
        logits = model(images)
        classes = logits.argmax(1) if best else torch.as_tensor(target, device=x.device).expand(n)
        scores = {
            "logit": lambda: logits,
            "probability": lambda: logits.softmax(1),
            "log probability": lambda: logits.log_softmax(1),
            "over the batch": lambda: logits.softmax(0),
        }[measure]()
        return scores[rows, classes]

    with _in_mode(model, mode), torch.set_grad_enabled(graph):
        before = measured(x)
        result = x.new_zeros(n, len(tops), len(lefts))
        covered = x.clone()
        for i, top in enumerate(tops):
            for j, left in enumerate(lefts):
                if not kept:
                    covered = x.clone()
                a, b = max(0, start(top, size)), max(0, start(left, size))
                ends = start(top, size) + size + larger, start(left, size) + size + larger
                value = fill if filled else 0.0
                if inverted:
                    window = covered[..., a : ends[0], b : ends[1]].clone()
                    covered[:] = value
                    covered[..., a : ends[0], b : ends[1]] = window
                else:
                    covered[:, channels, a : ends[0], b : ends[1]] = value
                result[:, i, j] = change(before, measured(covered))
    return shape(result)


OCCLUSION_REFERENCE = _through("look", _occlusion_map)
LEAST_DROP = 0.02
"""The largest change of a case's maps at least: where a network is certain of its answer, a square changes next to nothing."""


def _occlusion_case(rng, note, size, square, stride, fill=None, dtype="float64", each=False, kind="relu", **network):
    while True:
        case = _target_case(rng, note, size=size, dtype=dtype, each=each, kind=kind, **network)
        case = Case((*case.args, square, stride), {} if fill is None else {"fill": fill}, note=note)
        if np.abs(OCCLUSION_REFERENCE(*case.args, **case.kwargs)[0]).max() >= LEAST_DROP:
            return case


def _occlusion_cases(rng):
    h, w = integer(rng, 3, 4), integer(rng, 2, 3)
    return [
        _occlusion_case(rng, "squares side by side", (1, 4, 6), 2, 2),
        _occlusion_case(rng, "squares side by side", (2, 3 * h, 3 * w), 3, 3),
        _occlusion_case(rng, "a square as high as the image", (2, 4, 8), 4, 4, kind="tanh"),
        _occlusion_case(rng, "single precision", (3, 2 * w, 2 * h), 2, 2, dtype="float32"),
    ]


def _occlusion_strided_cases(rng):
    h, w = integer(rng, 7, 10), integer(rng, 6, 9)
    return [
        _occlusion_case(rng, "squares that overlap", (2, 5, 7), 3, 2),
        _occlusion_case(rng, "a stride that leaves some pixels out", (2, 8, 7), 2, 3),
        _occlusion_case(rng, "a border that is never reached", (2, 10, 9), 4, 4),
        _occlusion_case(rng, "stride 1", (2, h - 2, w - 2), 3, 1, kind="tanh"),
        _occlusion_case(rng, "squares that overlap", (2, h, w + 3), 4, 3, kind="inplace"),
    ]


def _occlusion_fill_cases(rng):
    return [
        _occlusion_case(rng, "another fill", (2, 4, 6), 2, 2, 1.5),
        _occlusion_case(rng, "another fill", (1, 6, 7), 3, 2, -2.0),
        _occlusion_case(rng, "another fill", (3, 5, 5), 2, 1, float(rng.uniform(0.5, 3))),
    ]


def _occlusion_each_cases(rng):
    return [
        _occlusion_case(rng, "a target for each of two images", (2, 4, 6), 2, 2, each=True),
        _occlusion_case(rng, "a target for each of three images", (3, 6, 5), 2, 1, each=True),
        _occlusion_case(rng, "a target for each of four images", (4, 7, 8), 3, 2, each=True, kind="tanh"),
    ]


def _occlusion_errors(rng):
    def asked(note, size, square, stride, **options):
        case = _target_case(rng, note, size=size)
        return Case((*case.args, square, stride), note=note, **options)

    h = integer(rng, 4, 6)
    return [
        asked("a square higher than the image", (2, h, h + 4), h + 1, 1, raises=ValueError),
        asked("a square wider than the image", (2, h + 5, h), h + 2, 2, raises=ValueError),
        asked("stride 0", (1, h, h), 2, 0, raises=ValueError),
        asked("a square without pixels", (1, h, h), 0, 1, raises=ValueError),
        asked("a square as large as the image", (1, h, h), h, 3, only_returns=True),
    ]


OCCLUSION_CALL = "occlusion_map(model.to(args[1].dtype), *args[1:], **options)"

OCCLUSION_MAP = Exercise(
    name="occlusion_map",
    signature="occlusion_map(model, x, target, size, stride, fill=0.0)",
    reference=OCCLUSION_REFERENCE,
    parts=(
        Part("occlusion_map", _occlusion_cases, judges=RESULT),
        Part("occlusion_map_strided", _occlusion_strided_cases, judges=RESULT),
        Part("occlusion_map_fill", _occlusion_fill_cases, judges=RESULT),
        Part("occlusion_map_each", _occlusion_each_cases, judges=RESULT),
        Part(
            "occlusion_map_left_alone",
            _every_mode(lambda rng, note, **network: _occlusion_case(rng, note, (2, 6, 5), 3, 2, **network)),
            judges=STATE,
        ),
        Part("occlusion_map_errors", _occlusion_errors),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    probe="attribution.look",
    repeat=_repeat(OCCLUSION_CALL),
    mistakes=_mistakes(
        "look",
        _occlusion_map,
        (
            "sign_wrong",
            "The sign is turned round: where the probability drops under the square, the map is positive.",
            OCCLUSION,
            {"change": lambda before, after: after - before},
        ),
        (
            "difference_missing",
            "You return the probability with the square in place: the map is how much it dropped from that of the whole image.",
            OCCLUSION,
            {"change": lambda before, after: after},
        ),
        (
            "sign_lost",
            "You take the absolute value of the drop: where the probability rises under the square, the map is negative.",
            OCCLUSION,
            {"change": lambda before, after: (before - after).abs()},
        ),
        (
            "clipped_at_zero",
            "You cut off negative drops: where the probability rises under the square, the map is negative.",
            OCCLUSION,
            {"change": lambda before, after: (before - after).clamp(min=0)},
        ),
        (
            "drop_divided",
            "You divide the drop by the probability before: the difference itself is asked for.",
            OCCLUSION,
            {"change": lambda before, after: (before - after) / before},
        ),
        (
            "logit_for_probability",
            "Your map is the drop of the logit: this one is the drop of the probability, after the softmax.",
            OCCLUSION,
            {"measure": "logit"},
        ),
        (
            "log_probability_for_probability",
            "Your map is the drop of the logarithm: this one is the drop of the probability itself.",
            OCCLUSION,
            {"measure": "log probability"},
        ),
        (
            "softmax_over_batch",
            "Your softmax runs over the batch: the probabilities of one image, along axis 1, sum to 1.",
            OCCLUSION,
            {"measure": "over the batch"},
        ),
        (
            "square_not_removed",
            "The squares stay in the image, so more and more of it is covered: begin with a new copy at each position.",
            OCCLUSION,
            {"kept": True},
        ),
        ("fill_ignored", "The square is always 0: its colour is `fill`.", OCCLUSION, {"filled": False}),
        (
            "only_first_channel",
            "You cover the first channel only: the square goes through all channels.",
            OCCLUSION,
            {"channels": slice(0, 1)},
        ),
        (
            "one_output_too_few",
            "The last position is missing: the square may touch the border, so the range ends at H − size + 1.",
            OCCLUSION,
            {"rows_and_columns": lambda side, size, step: range(0, side - size, step)},
        ),
        (
            "partial_squares",
            "Your squares also begin where they no longer fit into the image: only whole squares count.",
            OCCLUSION,
            {"rows_and_columns": lambda side, size, step: range(0, side, step)},
        ),
        (
            "ceil_for_floor",
            "You have one position too many, where the square is cut off at the border: only whole squares count.",
            OCCLUSION,
            {"rows_and_columns": lambda side, size, step: range(0, -(-(side - size) // step) * step + 1, step)},
        ),
        (
            "stride_ignored",
            "The square moves by one pixel each time: it moves by `stride`.",
            OCCLUSION,
            {"step": lambda size, stride: 1},
        ),
        (
            "size_for_stride",
            "The square moves by its own size: it moves by `stride`.",
            OCCLUSION,
            {"step": lambda size, stride: size},
        ),
        (
            "height_width_swapped",
            "Rows and columns of the map are swapped.",
            OCCLUSION,
            {"shape": lambda result: result.transpose(1, 2)},
        ),
        (
            "centre_for_corner",
            "Your squares are centred at their positions: top left is where they begin.",
            OCCLUSION,
            {"start": lambda position, size: position - size // 2},
        ),
        (
            "one_pixel_too_many",
            "Your squares are a pixel too large: a slice ends before its second number.",
            OCCLUSION,
            {"larger": 1},
        ),
        (
            "mask_inverted",
            "You cover everything but the square: the square is what is covered.",
            OCCLUSION,
            {"inverted": True},
        ),
        ("target_ignored", TARGET_IGNORED, OCCLUSION, {"best": True}),
        (
            "only_first_sample",
            FIRST_ONLY,
            OCCLUSION,
            {"shape": lambda result: result[0]},
            {"shape": lambda result: result[:1]},
        ),
        (
            "mean_over_batch",
            "You average over the images of the batch: each one has a map of its own.",
            OCCLUSION,
            {"shape": lambda result: result.mean(0)},
        ),
        ("gradients_kept", GRAPH_KEPT, OCCLUSION, {"graph": True}),
        *MODE_MISTAKES,
    ),
)

# grad_cam


def _grad_cam(
    model,
    layer,
    x,
    target,
    mode="restored",
    of="logit",
    weigh=lambda gradient: gradient.mean((2, 3), keepdim=True),
    combine=lambda weights, maps: (weights * maps).sum(1).relu(),
    removed=True,
    backward=False,
    graph=False,
    asked=True,
    thawing=False,
    scale=lambda result: result,
):
    import torch

    if thawing:
        model.requires_grad_(True)
    kept = []
    with _in_mode(model, mode):
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
        leaf = x.detach().clone().requires_grad_(asked)
        score = _score(model(leaf), target, of)
        if removed:
            handle.remove()
        maps = kept[-1]
        if backward:
            maps.retain_grad()
            score.backward()
            gradient = maps.grad
        else:
            (gradient,) = torch.autograd.grad(score, maps)
    result = scale(combine(weigh(gradient), maps))
    return result if graph else result.detach()


def _upsampled(size):
    def upsample(result):
        import torch.nn.functional as F

        return F.interpolate(result[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]

    return upsample


def _upsampled_cam(model, layer, x, target):
    return _grad_cam(model, layer, x, target, scale=_upsampled(x.shape[2:]))


CAM_LAYERS = ("bn1", "act1", "conv2", "bn2", "act2")


CAM_REFERENCE = _through("look", _grad_cam)
CAM_SHARES = (0.25, 0.9)
"""Of the entries of a case's maps so many are positive: where the ReLU leaves nothing, or everything, it hides mistakes."""


def _cam_case(rng, note, layer, size, **options):
    while True:
        case = _target_case(rng, note, layer, size=size, **options)
        share = (CAM_REFERENCE(*case.args)[0] > 0).mean()
        if CAM_SHARES[0] <= share <= CAM_SHARES[1]:
            return case


def _cam_cases(rng):
    h, w = integer(rng, 7, 11), integer(rng, 7, 11)
    return [
        _cam_case(rng, "one image", "conv2", (1, 6, 8)),
        _cam_case(rng, "the last activation", "act2", (3, h, w + 1), kind="tanh"),
        _cam_case(rng, "single precision", "bn2", (2, h, w), dtype="float32"),
        _cam_case(rng, "an early layer", "act1", (2, 5, 8), kind="tanh"),
        _cam_case(rng, "a convolution", "conv2", (4, w, h), kind="tanh"),
        _cam_case(rng, "an early layer", "conv1", (3, 6, h)),
    ]


def _cam_each_cases(rng):
    h, w = integer(rng, 7, 11), integer(rng, 7, 11)
    return [
        _cam_case(rng, "a target for each of two images", "conv2", (2, 6, 8), each=True),
        _cam_case(rng, "a target for each of three images", "act2", (3, h, w), each=True, kind="tanh"),
        _cam_case(rng, "a target for each of four images", "bn2", (4, w, h), each=True),
    ]


def _cam_frozen_cases(rng):
    h, w = integer(rng, 7, 11), integer(rng, 7, 11)
    return [
        _cam_case(rng, "no parameter requires gradients", "conv2", (2, h, w), frozen=True),
        _cam_case(rng, "no parameter requires gradients", "act1", (1, w, h), frozen=True, kind="tanh"),
        _cam_case(rng, "the parameters require gradients", "conv2", (2, w, 8)),
    ]


CAM_CALL = "grad_cam(model.to(args[2].dtype), model.get_submodule(args[1]), *args[2:])"

GRAD_CAM_EXERCISE = Exercise(
    name="grad_cam",
    signature="grad_cam(model, layer, x, target)",
    reference=CAM_REFERENCE,
    parts=(
        Part("grad_cam", _cam_cases, judges=RESULT),
        Part("grad_cam_each", _cam_each_cases, judges=RESULT),
        Part("grad_cam_frozen", _cam_frozen_cases, judges=(*RESULT, "the same parameters require gradients")),
        Part(
            "grad_cam_left_alone",
            _every_mode(lambda rng, note, **network: _cam_case(rng, note, "conv2", (2, 7, 8), **network)),
            judges=STATE,
        ),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    probe="attribution.look",
    repeat=_repeat(CAM_CALL),
    mistakes=(
        *_mistakes(
            "look",
            _grad_cam,
            (
                "relu_missing",
                "The ReLU is missing: what speaks against the class has negative values, and is cut off at zero.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).sum(1)},
            ),
            (
                "absolute_value_for_relu",
                "You take the absolute value: a ReLU sets to zero what speaks against the class.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).sum(1).abs()},
            ),
            (
                "relu_before_sum",
                "You apply the ReLU to every channel before adding up: the sum comes first, the ReLU after it.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).relu().sum(1)},
            ),
            (
                "negative_gradients_dropped",
                "You drop negative gradients: what speaks against the class counts as well. The only ReLU comes after the sum.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient.relu().mean((2, 3), keepdim=True)},
                {"weigh": lambda gradient: gradient.mean((2, 3), keepdim=True).relu()},
                {"combine": lambda weights, maps: (weights.relu() * maps).sum(1)},
            ),
            (
                "sign_wrong",
                "The sign is turned round: you show what speaks against the class.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (-weights * maps).sum(1).relu()},
                {"combine": lambda weights, maps: -(weights * maps).sum(1).relu()},
            ),
            (
                "weights_not_averaged",
                "You multiply gradient and map position by position: each channel has one weight, the mean of its gradient.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient},
            ),
            (
                "sum_not_mean",
                "You add up the gradients of a channel: the weight is their mean over all positions.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient.sum((2, 3), keepdim=True)},
            ),
            (
                "maximum_for_mean",
                "You take the largest gradient of a channel: the weight is the mean over all positions.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient.amax((2, 3), keepdim=True)},
            ),
            (
                "absolute_weights",
                "You take the absolute value of the gradients: a channel that speaks against the class has a negative weight.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient.abs().mean((2, 3), keepdim=True)},
                {"weigh": lambda gradient: gradient.mean((2, 3), keepdim=True).abs()},
            ),
            (
                "batch_averaged",
                "You average the weights over the batch as well: every image has weights of its own.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient.mean((0, 2, 3), keepdim=True)},
            ),
            (
                "mean_for_sum",
                "You average the weighted maps over the channels: add them up.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).mean(1).relu()},
            ),
            (
                "maximum_for_sum",
                "You take the largest of the weighted maps: add them up.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).amax(1).relu()},
            ),
            (
                "channels_not_summed",
                "Your result still has channels: add up the weighted maps over them.",
                GRAD_CAM,
                {"combine": lambda weights, maps: (weights * maps).relu()},
                {"combine": lambda weights, maps: weights * maps},
                {"combine": lambda weights, maps: (weights * maps).sum(1, keepdim=True).relu()},
            ),
            (
                "weights_missing",
                "You add up the feature maps as they are: each one counts with the mean of its gradient.",
                GRAD_CAM,
                {"weigh": lambda gradient: 1},
                {"weigh": lambda gradient: 1, "combine": lambda weights, maps: maps.mean(1).relu()},
                {"weigh": lambda gradient: 1, "combine": lambda weights, maps: maps.sum(1)},
                {"weigh": lambda gradient: 1, "combine": lambda weights, maps: maps.mean(1)},
            ),
            (
                "maps_missing",
                "You add up gradients only: they are weights, by which the feature maps are multiplied.",
                GRAD_CAM,
                {"weigh": lambda gradient: gradient, "combine": lambda weights, maps: weights.sum(1).relu()},
                {"weigh": lambda gradient: gradient, "combine": lambda weights, maps: weights.mean(1).relu()},
                {"weigh": lambda gradient: gradient, "combine": lambda weights, maps: weights.abs().amax(1)},
            ),
            ("map_normalised", NORMALISED, GRAD_CAM, *NORMALISATIONS),
            (
                "only_first_sample",
                FIRST_ONLY,
                GRAD_CAM,
                {"of": "first"},
                {"scale": lambda result: result[0]},
                {"scale": lambda result: result[:1]},
            ),
            *_score_mistakes(GRAD_CAM),
            ("hook_left", HOOK_LEFT, MAPS, {"removed": False}),
            ("gradients_left_behind", GRADIENTS_LEFT, GRAD_CAM, {"backward": True}),
            ("gradients_kept", GRAPH_KEPT, GRAD_CAM, {"graph": True}),
            (
                "graph_not_recorded",
                "Nothing in a frozen model asks for gradients, so torch recorded nothing: let the images require them, "
                "x.clone().requires_grad_().",
                GRAD_CAM,
                {"asked": False},
            ),
            (
                "parameters_thawed",
                "You let a frozen model's parameters require gradients, and leave them so: let the images require them instead.",
                GRAD_CAM,
                {"asked": False, "thawing": True},
                {"thawing": True},
            ),
            *MODE_MISTAKES,
        ),
        Mistake(
            "map_upsampled",
            "You enlarge the map to the size of the image: return it at the layer's resolution, whoever draws it enlarges it.",
            GRAD_CAM,
            _through("look", _upsampled_cam),
        ),
    ),
)

# activation_maximization


def _maximise(
    model,
    layer,
    channel,
    steps,
    generator,
    shape=(1, 3, 64, 64),
    lr=0.1,
    mode="restored",
    sign=1,
    noise="generator",
    amplitude=0.1,
    accumulated=False,
    removed=True,
    backward=False,
    stale=False,
    measure=lambda output, channel: output[:, channel].mean(),
    divisor=lambda gradient: gradient.square().mean().sqrt() + 1e-8,
    more=0,
    finished=lambda image: image,
    trained=False,
):
    import torch

    parameter = next(model.parameters())
    if noise == "generator":
        drawn = torch.randn(shape, generator=generator, device=generator.device)
    elif noise == "uniform":
        drawn = torch.rand(shape, generator=generator, device=generator.device)
    elif noise == "zero":
        drawn = torch.zeros(shape)
    else:
        drawn = torch.randn(shape)
    image = amplitude * drawn.to(parameter)
    total, first = torch.zeros_like(image), None
    outputs = []
    with _in_mode(model, mode):
        handle = layer.register_forward_hook(lambda module, inputs, output: outputs.append(output))
        for _ in range(steps + more):
            leaf = image.detach().clone().requires_grad_()
            model(leaf)
            score = measure(outputs[-1], channel)
            if backward:
                score.backward()
                gradient = leaf.grad
            else:
                (gradient,) = torch.autograd.grad(score, leaf, retain_graph=True)
            first = gradient if first is None else first
            total = total + gradient
            used = total if accumulated else first if stale else gradient
            image = image + sign * lr * used / divisor(used)
        if removed:
            handle.remove()
    return finished(image)


def _max_case(rng, note, layer, shape, steps, lr=None, **network):
    made = _network(rng, "tanh", **network)
    channel = integer(rng, 1, made["channels"] - 1)
    options = {"shape": shape} | ({} if lr is None else {"lr": lr})
    return Case((made, layer, channel, steps, _seed(rng)), options, note=note)


def _max_cases(rng):
    h, w = integer(rng, 5, 9), integer(rng, 5, 9)
    return [
        _max_case(rng, "no step: the noise itself", "conv1", (1, 3, 2, 3), 0),
        _max_case(rng, "one step", "conv1", (1, 3, 4, 5), 1),
        _max_case(rng, "two steps", "bn2", (1, 3, h, w + 1), 2),
        _max_case(rng, "five steps", "act1", (1, 3, w, h), 5, 0.25),
        _max_case(rng, "four steps", "conv2", (1, 3, 7, 6), 4, float(rng.uniform(0.2, 0.5))),
        _max_case(rng, "three steps", "act2", (1, 3, h, 8), 3),
    ]


MAX_CALL = (
    "activation_maximization(model, model.get_submodule(args[1]), *args[2:4], torch.Generator().manual_seed(args[4]), **options)"
)

ACTIVATION_MAXIMIZATION = Exercise(
    name="activation_maximization",
    signature="activation_maximization(model, layer, channel, steps, generator, shape=(1, 3, 64, 64), lr=0.1)",
    reference=_through("maximise", _maximise),
    parts=(
        Part("activation_maximization", _max_cases, judges=RESULT),
        Part(
            "activation_maximization_left_alone",
            _every_mode(lambda rng, note, **network: _max_case(rng, note, "conv2", (1, 3, 5, 6), 2, **network)),
            judges=STATE,
        ),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    dtype="float32",
    probe="attribution.maximise",
    repeat=_repeat(MAX_CALL),
    mistakes=_mistakes(
        "maximise",
        _maximise,
        (
            "sign_wrong",
            "You go downhill: to raise the activation, add the gradient to the image.",
            MAXIMISATION,
            {"sign": -1},
            {"sign": -1, "accumulated": True},
        ),
        (
            "global_generator_used",
            "The noise comes from torch's global generator: hand `generator` to torch.randn, so that the image can be repeated.",
            MAXIMISATION,
            {"noise": "global"},
            {"noise": "global", "sign": -1},
            {"noise": "global", "accumulated": True},
            {"noise": "global", "sign": -1, "accumulated": True},
        ),
        (
            "gradients_accumulated",
            "The gradients of all steps add up in image.grad: each step uses that of the present image only.",
            MAXIMISATION,
            {"accumulated": True},
        ),
        (
            "gradient_stale",
            "Every step uses the gradient of the first image: compute it anew after each change.",
            MAXIMISATION,
            {"stale": True},
        ),
        (
            "amplitude_missing",
            "Your noise is ten times as strong: the image starts as 0.1 times standard normal noise.",
            MAXIMISATION,
            {"amplitude": 1.0},
        ),
        (
            "start_constant",
            "You start from a constant image: start from noise.",
            MAXIMISATION,
            {"noise": "zero"},
        ),
        (
            "uniform_for_normal",
            "Your noise is uniform: torch.randn draws the normal noise that is asked for.",
            MAXIMISATION,
            {"noise": "uniform"},
        ),
        (
            "all_channels_raised",
            "You raise the mean of all channels: only `channel` counts, which is the second axis of the layer's output.",
            MAXIMISATION,
            {"measure": lambda output, channel: output.mean()},
        ),
        (
            "one_position_for_mean",
            "You raise the channel at one position: its mean over all positions is asked for.",
            MAXIMISATION,
            {"measure": lambda output, channel: output[:, channel, output.shape[2] // 2, output.shape[3] // 2].mean()},
        ),
        (
            "maximum_for_mean",
            "You raise the largest activation of the channel: its mean over all positions is asked for.",
            MAXIMISATION,
            {"measure": lambda output, channel: output[:, channel].max()},
        ),
        (
            "square_for_mean",
            "You raise the mean of the squares: the activation itself is asked for, with its sign.",
            MAXIMISATION,
            {"measure": lambda output, channel: output[:, channel].square().mean()},
        ),
        (
            "not_normalised",
            "You add the gradient as it is: divide it by its root mean square, or the step is too small to see.",
            MAXIMISATION,
            {"divisor": lambda gradient: 1},
        ),
        (
            "norm_for_root_mean_square",
            "You divide by the length of the gradient, which grows with the image: its root mean square does not.",
            MAXIMISATION,
            {"divisor": lambda gradient: gradient.norm() + 1e-8},
        ),
        (
            "root_missing",
            "You divide by the mean of the squares: the root is missing.",
            MAXIMISATION,
            {"divisor": lambda gradient: gradient.square().mean() + 1e-8},
        ),
        (
            "mean_for_root_mean_square",
            "You divide by the mean of the absolute values: the root of the mean of the squares is asked for.",
            MAXIMISATION,
            {"divisor": lambda gradient: gradient.abs().mean() + 1e-8},
        ),
        (
            "sign_for_gradient",
            "You add only the signs of the gradient: divide it by its root mean square.",
            MAXIMISATION,
            {"divisor": lambda gradient: gradient.abs().clamp(min=1e-30)},
        ),
        ("one_step_too_few", "One step is missing: there are `steps` of them.", MAXIMISATION, {"more": -1}),
        ("one_step_too_many", "You take one step too many: there are `steps` of them.", MAXIMISATION, {"more": 1}),
        (
            "clipped",
            "You cut the image off at 0 and 1: its values have no bounds here.",
            MAXIMISATION,
            {"finished": lambda image: image.clamp(0, 1)},
        ),
        (
            "only_first_sample",
            "You return the image without its batch axis: its shape is `shape`.",
            MAXIMISATION,
            {"finished": lambda image: image[0]},
        ),
        ("hook_left", HOOK_LEFT, MAPS, {"removed": False}),
        ("gradients_left_behind", GRADIENTS_LEFT, MAXIMISATION, {"backward": True}),
        (
            "gradients_kept",
            "The image that you return still asks for gradients: return image.detach().",
            MAXIMISATION,
            {"finished": lambda image: image.requires_grad_()},
        ),
        *MODE_MISTAKES,
    ),
)

# effective_receptive_field


def _field(
    model,
    layer,
    x,
    mode="restored",
    removed=True,
    backward=False,
    graph=False,
    unit=lambda output: output[:, :, output.shape[2] // 2, output.shape[3] // 2].sum(),
    measure=lambda gradient: gradient.abs().mean((0, 1)),
):
    import torch

    kept = []
    with _in_mode(model, mode):
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output.clone()))
        leaf = x.detach().clone().requires_grad_()
        model(leaf)
        if removed:
            handle.remove()
        score = unit(kept[-1])
        if backward:
            score.backward()
            gradient = leaf.grad
        else:
            (gradient,) = torch.autograd.grad(score, leaf, create_graph=graph)
    return measure(gradient)


def _field_case(rng, note, layer, size, dtype="float64", **network):
    return Case((_network(rng, **network), layer, _images(rng, *size, dtype)), note=note)


def _field_cases(rng):
    odd = [int(v) for v in rng.choice([9, 13, 17], 2)]
    return [
        _field_case(rng, "the first layer", "conv1", (1, 5, 7)),
        _field_case(rng, "the second convolution", "conv2", (2, odd[0], 5)),
        _field_case(rng, "the last activation", "act2", (3, odd[1], 9), kind="tanh"),
        _field_case(rng, "single precision", "bn1", (2, 7, odd[0]), "float32"),
        _field_case(rng, "an even number of rows and columns", "bn2", (2, 12, 8), kind="tanh"),
    ]


FIELD_CALL = "effective_receptive_field(model.to(args[2].dtype), model.get_submodule(args[1]), args[2])"

EFFECTIVE_RECEPTIVE_FIELD = Exercise(
    name="effective_receptive_field",
    signature="effective_receptive_field(model, layer, x)",
    reference=_through("look", _field),
    parts=(
        Part("effective_receptive_field", _field_cases, judges=RESULT),
        Part(
            "effective_receptive_field_left_alone",
            _every_mode(lambda rng, note, **network: _field_case(rng, note, "conv2", (2, 9, 9), **network)),
            judges=STATE,
        ),
    ),
    forbids=FORBIDS,
    outputs=FACTS,
    terms=lambda *args, **options: LONGEST_SUM,
    probe="attribution.look",
    repeat=_repeat(FIELD_CALL),
    mistakes=_mistakes(
        "look",
        _field,
        (
            "corner_for_centre",
            "You differentiate the output at the corner: take the one in the middle, at [H // 2, W // 2].",
            FIELD,
            {"unit": lambda output: output[:, :, 0, 0].sum()},
        ),
        (
            None,
            "Of an even number of rows or columns you take the other middle one: here it is the one at [h // 2, w // 2].",
            FIELD,
            {"unit": lambda output: output[:, :, (output.shape[2] - 1) // 2, (output.shape[3] - 1) // 2].sum()},
        ),
        (
            "height_width_swapped",
            "Rows and columns of the middle are swapped: it is at [h // 2, w // 2].",
            FIELD,
            {"unit": lambda output: output[:, :, output.shape[3] // 2, output.shape[2] // 2].sum()},
        ),
        (
            "all_positions_summed",
            "You differentiate the whole map at once: the field of one position is asked for, the middle one.",
            FIELD,
            {"unit": lambda output: output.sum()},
            {"unit": lambda output: output.mean()},
        ),
        (
            "only_first_channel",
            "You differentiate the first channel only: add up all channels of the layer.",
            FIELD,
            {"unit": lambda output: output[:, 0, output.shape[2] // 2, output.shape[3] // 2].sum()},
        ),
        (
            "mean_not_sum",
            "You differentiate the mean over the channels: add them up.",
            FIELD,
            {"unit": lambda output: output[:, :, output.shape[2] // 2, output.shape[3] // 2].mean(1).sum()},
            {"unit": lambda output: output[:, :, output.shape[2] // 2, output.shape[3] // 2].mean()},
        ),
        (
            "absolute_value_missing",
            "The absolute value is missing: gradients of different signs cancel when they are averaged.",
            FIELD,
            {"measure": lambda gradient: gradient.mean((0, 1))},
        ),
        (
            "absolute_value_late",
            "You average first and take the absolute value afterwards: gradients of different signs have cancelled by then.",
            FIELD,
            {"measure": lambda gradient: gradient.mean((0, 1)).abs()},
            {"measure": lambda gradient: gradient.mean(1).abs().mean(0)},
            {"measure": lambda gradient: gradient.mean(0).abs().mean(0)},
        ),
        (
            "sum_not_mean",
            "You add up over images and input channels: the mean is asked for.",
            FIELD,
            {"measure": lambda gradient: gradient.abs().sum((0, 1))},
            {"measure": lambda gradient: gradient.abs().sum(1).mean(0)},
            {"measure": lambda gradient: gradient.abs().mean(1).sum(0)},
        ),
        (
            "maximum_for_mean",
            "You take the maximum over the input channels: the mean is asked for.",
            FIELD,
            {"measure": lambda gradient: gradient.abs().amax(1).mean(0)},
        ),
        (
            "square_for_absolute_value",
            "You square the gradient: its absolute value is asked for.",
            FIELD,
            {"measure": lambda gradient: gradient.square().mean((0, 1))},
        ),
        (
            "map_normalised",
            "You scale the field to a range of its own: return the mean as it is.",
            FIELD,
            {"measure": lambda gradient: _by_largest(gradient.abs().mean((0, 1)))},
            {"measure": lambda gradient: gradient.abs().mean((0, 1)) / gradient.abs().mean((0, 1)).sum()},
        ),
        (
            "only_first_sample",
            "Only the first image counts: average over all of them.",
            FIELD,
            {"measure": lambda gradient: gradient[0].abs().mean(0)},
        ),
        (
            "batch_not_averaged",
            "You return a field for every image: average over the images.",
            FIELD,
            {"measure": lambda gradient: gradient.abs().mean(1)},
        ),
        (
            "channels_not_averaged",
            "You return a field for every input channel: average over the channels.",
            FIELD,
            {"measure": lambda gradient: gradient.abs().mean(0)},
        ),
        ("hook_left", HOOK_LEFT, MAPS, {"removed": False}),
        ("gradients_left_behind", GRADIENTS_LEFT, FIELD, {"backward": True}),
        ("gradients_kept", GRAPH_KEPT, FIELD, {"graph": True}),
        *MODE_MISTAKES,
    ),
)

EXERCISES = (
    FILTER_IMAGES,
    FEATURE_MAPS,
    SALIENCY_EXERCISE,
    OCCLUSION_MAP,
    GRAD_CAM_EXERCISE,
    ACTIVATION_MAXIMIZATION,
    EFFECTIVE_RECEPTIVE_FIELD,
)
