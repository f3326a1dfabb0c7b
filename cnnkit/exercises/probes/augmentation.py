"""Call what changes batches of images: functions of tensors, noise and pipelines that draw, predictions of a model.

Every probe moves the tensors of a case to the device under test, and what the student's code did to them back into the case.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from cnnkit.exercises.probes import device

MORE_CALLS = 6
"""Calls after which a coin thrown once per batch has shown both sides, nearly always."""


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of tensors on the device and return its result as an array."""
    with _on_device(args) as moved:
        result = function(*moved, **kwargs)
    return None if result is None else _array(result)


def call_for_two(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of images, labels and more on the device and return its two results as arrays."""
    with _on_device(args) as moved:
        result = function(*moved, **kwargs)
    if result is None:
        return None
    if not isinstance(result, (tuple, list)):
        raise TypeError(f"Expected two results, images and labels, got a value of type {type(result).__name__}.")
    if len(result) != 2:
        raise TypeError(f"Expected two results, images and labels, got {len(result)}.")
    return tuple(map(_array, result))


def noise(function: Callable[..., Any], x: Any, amount: float, seed: int) -> Any:
    """Add noise to x with several generators.

    Return the results of a first and a second call with one generator, of a call with an equal generator and of one with
    another, and whether torch's global generator was left alone.
    """
    import torch

    def generator(seed: int) -> torch.Generator:
        return torch.Generator(device()).manual_seed(seed)

    def noisy(generator: torch.Generator) -> Any:
        return call(function, next(copies), amount, generator)

    with _global_generator() as is_untouched, _copies_of(x) as copies:
        one = generator(seed)
        first = noisy(one)
        if first is None:
            return None
        return first, noisy(one), noisy(generator(seed)), noisy(generator(seed + 1)), is_untouched()


def batch(function: Callable[..., Any], x: Any, y: Any, training: bool, seed: int) -> Any:
    """Draw batches of images and labels with several generators.

    Return images and labels of a first and a second call with one generator, of a call with an equal generator, and of more
    calls with the first; and whether torch's global generator was left alone.
    """
    import torch

    def generator() -> torch.Generator:
        return torch.Generator(device()).manual_seed(seed)

    def drawn(generator: torch.Generator) -> Any:
        return call_for_two(function, next(copies), next(labels), generator, training)

    with _global_generator() as is_untouched, _copies_of(x) as copies, _copies_of(y) as labels:
        one = generator()
        first = drawn(one)
        if first is None:
            return None
        results = [first, drawn(one), drawn(generator()), *(drawn(one) for _ in range(MORE_CALLS))]
        return (*(value for result in results for value in result), is_untouched())


def pipeline(augment: type, x: Any, seed: int, **options: Any) -> Any:
    """Make pipelines and apply them to x.

    Return the results of a first and a second call, of one in evaluation and of one in training again; of two calls of an
    equal pipeline, and of one with another seed; and whether torch's global generator was left alone.
    """

    def made(seed: int) -> Any:
        return augment(seed, **options)

    def applied(augment: Any) -> Any:
        return call(augment, next(copies))

    with _global_generator() as is_untouched, _copies_of(x) as copies:
        one, equal = made(seed), made(seed)
        first, second = applied(one), applied(one)
        if first is None:
            return None
        one.eval()
        validation = applied(one)
        one.train()
        results = (first, second, validation, applied(one), applied(equal), applied(equal), applied(made(seed + 1)))
        return (*results, is_untouched())


def predict(function: Callable[..., Any], model: dict[str, Any], x: Any) -> Any:
    """Let a function predict with the network that `model` describes, the keyword arguments of `network`.

    Return the result; whether the network was in evaluation mode, and no gradients were recorded, in all its forward passes;
    whether the modes of all its modules, and torch's own gradient mode, are as before; and its running mean.
    """
    import torch

    net = network(**model, channels=x.shape[1]).to(device(), x.dtype)
    modes = [module.training for module in net.modules()]
    seen: list[tuple[bool, bool]] = []
    # A copy of the network that the student makes brings the hook along, which then looks at the copy.
    net.register_forward_pre_hook(
        lambda used, _: seen.append((not any(module.training for module in used.modules()), not torch.is_grad_enabled()))
    )
    recording = torch.is_grad_enabled()
    try:
        result = call(functools.partial(function, net), x)
        still_recording = torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(recording)
    if result is None:
        return None
    restored = [module.training for module in net.modules()] == modes
    running_mean = _array(next(module.running_mean for module in net.modules() if hasattr(module, "running_mean")))
    evaluating, not_recording = (all(flags) for flags in zip(*seen, strict=True)) if seen else (True, True)
    return result, evaluating, not_recording, restored, still_recording == recording, running_mean


def network(seed: int, classes: int, training: bool, channels: int = 3) -> Any:
    """Return a small convolutional network with batch normalisation, whose weights a seed draws."""
    import torch
    from torch import nn

    features = nn.Conv2d(channels, 6, (3, 4)), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    net = nn.Sequential(*features, nn.Linear(24, classes)).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.randn(value.shape, generator=generator, dtype=value.dtype))
                # So small that no class takes all of the probability.
                value.mul_(0.4 if name.startswith("5") else 1.0)
        net[1].running_var.copy_(0.5 + torch.rand(6, generator=generator, dtype=torch.float64))
    return net.train(training)


@contextlib.contextmanager
def _on_device(args: tuple[Any, ...]) -> Iterator[list[Any]]:
    """Give copies of the tensors on the device; what happens to a copy is done to its original as well."""
    import torch

    moved = [value.clone().to(device()) if isinstance(value, torch.Tensor) else value for value in args]
    yield moved
    for value, copy in zip(args, moved, strict=True):
        if isinstance(value, torch.Tensor) and value.shape == copy.shape:
            now = copy.detach().cpu().to(value.dtype)
            if not torch.equal(now, value):
                value.copy_(now)


@contextlib.contextmanager
def _copies_of(x: Any) -> Iterator[Iterator[Any]]:
    """Give a copy of x for every call, so that none sees what another did to it; what the first did is done to x."""
    first = x.clone()
    yield itertools.chain([first], (x.clone() for _ in itertools.count()))
    x.copy_(first)


@contextlib.contextmanager
def _global_generator() -> Iterator[Callable[[], bool]]:
    """Let code draw from torch's global generators, always the same numbers; the function given says whether it did not."""
    import torch

    cuda = device().type == "cuda"

    def states() -> list[Any]:
        return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device())] if cuda else [])]

    with torch.random.fork_rng(devices=[device()] if cuda else []):
        torch.manual_seed(2024)
        before = states()
        yield lambda: all(torch.equal(now, then) for now, then in zip(states(), before, strict=True))


def _array(value: Any) -> Any:
    """Convert a tensor to an array; raise where it is none, or lies on another device than the images."""
    import torch

    if isinstance(value, (tuple, list)):
        raise TypeError(f"Expected one tensor, got a {type(value).__name__} of {len(value)}: torch.stack makes one of several.")
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"Expected a tensor, got a value of type {type(value).__name__}.")
    if value.device.type != device().type:
        raise RuntimeError(f"The images are on the device {device().type}, but the result is on {value.device.type}.")
    return value.detach().cpu().numpy()
