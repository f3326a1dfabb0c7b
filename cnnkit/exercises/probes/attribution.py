"""Build small trained-looking networks for the student's functions that look inside one, and note in which state they are left.

It knows no answers: only which facts about a result and about a network are to be compared.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnkit.exercises.probes import device
from cnnkit.exercises.probes.transfer import undisturbed

KINDS = ("relu", "inplace", "tanh")
MODES = ("eval", "train", "mixed")
"""Evaluation, training, and training with batch norm in evaluation mode, as a frozen network has it."""

FACTS = (
    "result",
    "the result holds on to no graph",
    "every module is in the mode in which it came",
    "running statistics afterwards",
    "no gradients are left in the parameters",
    "hooks left on the model",
    "the weights are as before",
    "the same parameters require gradients",
    "torch records gradients as before",
)
"""The results of `look` and `maximise`."""


class NetworkFailed(RuntimeError):
    """What a network raises in its forward pass that is made to fail."""


@functools.cache
def _network_class() -> Any:
    from torch import nn

    class SmallNetwork(nn.Module):
        """Two convolutions with batch norm, and a classifier that sees where something is."""

        def __init__(self, kind: str, channels: int, classes: int, fails: bool) -> None:
            super().__init__()

            def activation() -> Any:
                return nn.Tanh() if kind == "tanh" else nn.ReLU(inplace=kind == "inplace")

            self.fails = fails
            self.conv1 = nn.Conv2d(3, channels, 3, padding=1)
            self.bn1 = nn.BatchNorm2d(channels)
            self.act1 = activation()
            self.conv2 = nn.Conv2d(channels, channels + 2, 3, stride=2, padding=1)
            self.bn2 = nn.BatchNorm2d(channels + 2)
            self.act2 = activation()
            self.pool = nn.AdaptiveAvgPool2d((2, 3))
            self.dropout = nn.Dropout(0.5)
            self.fc = nn.Linear(6 * (channels + 2), classes)
            self.unused = nn.Conv2d(3, channels, 1)  # forward never calls it

        def forward(self, x: Any) -> Any:
            """Map (N, 3, H, W) to logits (N, classes)."""
            x = self.act1(self.bn1(self.conv1(x)))
            x = self.act2(self.bn2(self.conv2(x)))
            if self.fails:
                raise NetworkFailed("this network fails behind its last convolution")
            return self.fc(self.dropout(self.pool(x).flatten(1)))

    return SmallNetwork


def small_network(
    kind: str = "relu",
    channels: int = 4,
    classes: int = 5,
    seed: int = 0,
    mode: str = "eval",
    frozen: bool = False,
    fails: bool = False,
) -> Any:
    """Build a small network in float32 on the CPU: (N, 3, H, W) -> logits (N, classes).

    `kind` is relu, inplace (ReLU layers that overwrite their input) or tanh; `mode` one of `MODES`. With `frozen`, no parameter
    requires gradients; with `fails`, the forward pass raises NetworkFailed behind the last convolution.
    """
    import torch

    with undisturbed():
        torch.manual_seed(seed)
        model = _network_class()(kind, channels, classes, fails)
        with torch.no_grad():
            for name, tensor in model.state_dict().items():
                if name.endswith("running_var"):
                    tensor.uniform_(0.5, 2.0)
                elif tensor.ndim == 1:
                    tensor.add_(torch.randn(tensor.shape) / 2)
            model.fc.weight.mul_(5)  # logits as far apart as those of a trained network
    model.train(mode != "eval")
    if mode == "mixed":
        model.bn1.eval()
        model.bn2.eval()
    return model.requires_grad_(not frozen)


def look(function: Callable[..., Any], network: dict[str, Any], *args: Any, **options: Any) -> Any:
    """Let a function look into a small network, and return its result and facts about the network, by the names in `FACTS`.

    A string among the arguments names a layer, and the function gets the layer. Tensors are moved to the device; `network`
    holds the keyword arguments of `small_network`, whose weights get the dtype of the images.
    """
    import torch

    images = next(value for value in args if isinstance(value, torch.Tensor) and value.is_floating_point())
    given = {id(value): value.clone().to(device()) for value in args if isinstance(value, torch.Tensor)}
    with undisturbed():
        model = small_network(**network).to(device(), images.dtype)
        passed = [model.get_submodule(value) if isinstance(value, str) else given.get(id(value), value) for value in args]
        found = _watched(model, lambda: function(model, *passed, **options))
    for value in args:
        if id(value) in given:
            _pass_on_changes(given[id(value)], value)
    return found


def maximise(
    function: Callable[..., Any], network: dict[str, Any], layer: str, channel: int, steps: int, generator: int, **options: Any
) -> Any:
    """Let a function make an image for a channel of a small network; return it and facts about the network, as `look` does.

    `generator` is the seed of the generator, which is on the device under test. torch's own generators get another seed.
    """
    import torch

    with undisturbed():
        model = small_network(**network).to(device())
        own = torch.Generator(device()).manual_seed(generator)
        torch.manual_seed(generator + 1)
        return _watched(model, lambda: function(model, model.get_submodule(layer), channel, steps, own, **options))


def _watched(model: Any, run: Callable[[], Any]) -> Any:
    """Run a function that looks into a model; return what it returned, and the state in which it left the model and torch."""
    import torch

    modes = [module.training for module in model.modules()]
    weights = [p.detach().clone() for p in model.parameters()]
    asking = [p.requires_grad for p in model.parameters()]
    recording = torch.is_grad_enabled()
    try:
        with _full_precision():
            result = run()
        if result is None:
            return None
    except NetworkFailed:
        result = None
    finally:
        recording_now = torch.is_grad_enabled()
        torch.set_grad_enabled(recording)
    parameters = list(model.parameters())
    return (
        None if result is None else _array(result),
        result is None or not result.requires_grad,
        [module.training for module in model.modules()] == modes,
        _statistics(model),
        not any(p.grad is not None and bool(p.grad.any()) for p in parameters),
        _hooks(model),
        len(parameters) == len(weights) and all(map(torch.equal, parameters, weights)),
        [p.requires_grad for p in parameters] == asking,
        recording_now == recording,
    )


@contextlib.contextmanager
def _full_precision() -> Iterator[None]:
    """Let convolutions in float32 on a GPU be what they are called, without TF32."""
    import torch

    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = allowed


def _statistics(model: Any) -> np.ndarray:
    """Return the running means and variances of a model as one long row."""
    rows = [value.cpu().numpy() for name, value in model.named_buffers() if "running" in name]
    return np.concatenate(rows) if rows else np.zeros(0)


def _hooks(model: Any) -> int:
    """Count the hooks on all modules of a model, and the forward methods that were put over their own."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(sum(len(getattr(m, kind)) for kind in kinds) + ("forward" in vars(m)) for m in model.modules())


def _array(value: Any) -> np.ndarray:
    """Convert a tensor to an array; raise where it is none, or lies on another device than the model."""
    import torch

    if not isinstance(value, torch.Tensor):
        raise TypeError(f"Expected one tensor, got a value of type {type(value).__name__}.")
    if value.device.type != device().type:
        raise RuntimeError(f"The model is on the device {device().type}, but the result is on {value.device.type}.")
    return value.detach().cpu().numpy()


def _pass_on_changes(passed: Any, given: Any) -> None:
    """Write what a function changed in its own copy of a tensor into the case's, where whoever compares looks for it."""
    import torch

    now = passed.detach().cpu()
    if now.shape == given.shape and not torch.equal(now, given):
        given.copy_(now)
