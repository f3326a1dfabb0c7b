"""Call what labels every pixel of an image: masks, losses, blocks with two inputs, predictions.

Every probe puts the tensors of a case on the device under test. Networks get their weights as in `networks`.
"""

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from cnnkit.exercises.probes import augmentation, device, networks

MASK_NAMES = ("mask", "the dtype is int64")
LOSS_NAMES = ("loss", "gradient of the logits")
BLOCK_NAMES = tuple(
    name
    for result in networks.NAMES
    for name in (("gradient of x", "gradient of skip") if result == "gradient of the input" else (result,))
)
PREDICTION_NAMES = (
    "classes",
    "the network is in evaluation mode while it predicts",
    "no gradients are recorded",
    "the modes of the network are restored",
    "torch's gradient mode is restored",
    "running statistics",
)


def mask(function: Callable[..., Any], *args: Any) -> Any:
    """Make masks; return them, and whether their dtype is the one that PyTorch's losses want of classes."""
    types = []

    def noting(*moved: Any) -> Any:
        result = function(*moved)
        types.append(str(getattr(result, "dtype", "")))
        return result

    values = augmentation.call(noting, *args)
    if values is None:
        return None
    if not np.array_equal(values, whole := values.astype(np.int64)):
        return values, types == ["torch.int64"]
    return whole, types == ["torch.int64"]


def scores(function: Callable[..., Any], logits: Any, masks: Any) -> Any:
    """Compute scores that are ratios of numbers of pixels; return them in the dtype of the logits.

    A score within `CLOSE` of such a ratio becomes that ratio: it may be counted in float32, or have a tiny eps in it.
    """
    values = augmentation.call(function, logits, masks)
    if values is None or values.dtype.kind != "f":
        return values
    ratios = [_ratio(float(value), masks.numel()) for value in values.ravel()]
    return np.array(ratios, dtype=str(logits.dtype).removeprefix("torch.")).reshape(values.shape)


CLOSE = 1e-5
"""Two ratios of up to 220 pixels differ by more than twice that."""


def _ratio(value: float, pixels: int) -> float:
    if not math.isfinite(value):
        return value
    nearest = float(Fraction(value).limit_denominator(pixels))
    return nearest if abs(nearest - value) < CLOSE else value


def loss(function: Callable[..., Any], logits: Any, masks: Any, **options: Any) -> Any:
    """Compute a loss; return its value and the gradient of the logits, zero where the loss does not depend on them."""
    import torch

    leaf = logits.clone().to(device()).requires_grad_()
    passed = leaf.clone()  # a leaf could not be changed in place, and that is not what is to be found out
    given = passed.detach().clone()
    value = function(passed, masks.clone().to(device()), **options)
    if not torch.equal(passed.detach(), given):
        logits.copy_(passed.detach().cpu())
    if value is None:
        return None
    if not isinstance(value, torch.Tensor):
        raise TypeError(
            f"A loss must be a tensor, so that backward() can be called on it; yours is a value of type {type(value).__name__}."
        )
    gradient = torch.zeros_like(leaf)
    if value.requires_grad:
        gradient = torch.autograd.grad(value.sum(), leaf, allow_unused=True, materialize_grads=True)[0]
    return value.detach().cpu().numpy(), gradient.cpu().numpy()


def counts(function: Callable[..., Any], *args: Any) -> Any:
    """Count; return whole numbers as an array of integers, whatever held them."""
    result = function(*args)
    if result is None:
        return None
    values = np.asarray(result.detach().cpu() if hasattr(result, "detach") else result)
    if values.dtype.kind == "f" and (values == np.rint(values)).all():
        return values.astype(np.int64)
    return values


def block(
    make: Callable[..., Any],
    *args: Any,
    x: np.ndarray | None = None,
    skip: np.ndarray | None = None,
    **options: Any,
) -> Any:
    """Make a block that takes x and skip, and look at it as `networks.module` does: the results by `BLOCK_NAMES`."""
    if x is None:
        number, table, output, dx, *rest = networks.module(make, *args, **options)
        return number, table, output, dx, None, *rest
    both = np.concatenate([x.ravel(), skip.ravel()])
    shapes = x.shape, skip.shape
    found = networks.module(functools.partial(_joined, make, shapes), *args, x=both, **options)
    x[...], skip[...] = _parts(both, shapes)
    if found is None:
        return None
    number, table, output, dx, *rest = found
    return number, table, output, *((None, None) if dx is None else _parts(dx, shapes)), *rest


def _parts(both: Any, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> tuple[Any, Any]:
    """Cut a row of entries into its two parts, which share its memory."""
    first = math.prod(shapes[0])
    return both[:first].reshape(shapes[0]), both[first:].reshape(shapes[1])


def _joined(make: Callable[..., Any], shapes: tuple[tuple[int, ...], tuple[int, ...]], *args: Any, **options: Any) -> Any:
    """Make a block of two inputs, and of it a network of one: the row of all their entries."""
    from torch import nn

    inner = make(*args, **options)
    if not isinstance(inner, nn.Module):
        return inner

    class Joined(nn.Module):
        """A block, applied to the two parts of a row."""

        def __init__(self) -> None:
            super().__init__()
            self.block = inner

        def forward(self, both: Any) -> Any:
            return self.block(*_parts(both, shapes))

    return Joined()


def predict(function: Callable[..., Any], model: dict[str, Any], x: Any) -> Any:
    """Let a function predict with the network that `model` describes, the keyword arguments of `network`.

    Return the result; whether the network was in evaluation mode, and no gradients were recorded, in all its forward passes;
    whether the modes of all its modules, and torch's own gradient mode, are as before; and its running statistics.
    """
    import torch

    net = network(**model).to(device(), x.dtype)
    modes = [module.training for module in net.modules()]
    seen: list[tuple[bool, bool]] = []
    # A copy of the network that the student makes brings the hook along, which then looks at the copy.
    net.register_forward_pre_hook(
        lambda used, _: seen.append((not any(module.training for module in used.modules()), not torch.is_grad_enabled()))
    )
    recording = torch.is_grad_enabled()
    try:
        result = augmentation.call(functools.partial(function, net), x)
        still_recording = torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(recording)
    if result is None:
        return None
    restored = [module.training for module in net.modules()] == modes
    evaluating, not_recording = (all(flags) for flags in zip(*seen, strict=True)) if seen else (True, True)
    statistics = np.concatenate([net[1].running_mean.cpu().numpy(), net[1].running_var.cpu().numpy()])
    return result, evaluating, not_recording, restored, still_recording == recording, statistics


def network(channels: int, classes: int, seed: int, training: bool = False, frozen: bool = False) -> Any:
    """Return a small network for segmentation in float64, with weights of a seed: (N, channels, H, W) -> (N, classes, H, W).

    With `frozen`, its batch norm is in evaluation mode whatever the rest is in.
    """
    import torch
    from torch import nn

    convolution, head = nn.Conv2d(channels, 5, 3, padding=1, bias=False), nn.Conv2d(5, classes, 1)
    net = nn.Sequential(convolution, nn.BatchNorm2d(5), nn.ReLU(), head).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for value in net.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator, dtype=value.dtype))
        net[1].running_var.copy_(0.5 + torch.rand(5, generator=generator, dtype=torch.float64))
    net.train(training)
    if frozen:
        net[1].eval()
    return net
