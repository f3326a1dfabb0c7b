"""Build the student's WaveNet block, give it weights, and note what it computes. It knows no answers: only the rules of copying.

Which of two convolutions is the gate, and which of two 1×1 convolutions makes the skip output, is found out by trying, because
neither their names nor the order in which they are called is asked for. Two convolutions may also be one, with twice the
output channels.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from cnnkit.exercises.probes import device
from cnnkit.exercises.probes.networks import _holds_unregistered_layers, _network, _pass_on_changes, _undisturbed

NAMES = (
    "number of parameters",
    "residual output",
    "skip output",
    "gradient of the input",
    "gradients of the parameters",
)

SATURATED = 1000.0
"""A weight so large that with an input of ones a sigmoid gives 0 or 1."""


@dataclass
class _Map:
    """The weights and biases that make as many channels as the block has; `first` is their first row in the parameters."""

    weight: Any
    bias: Any
    first: int
    channels: int

    def rows_of(self, tensor: Any) -> Any:
        """Return the rows of a parameter, or of its gradient, that belong to this map."""
        return tensor[self.first : self.first + self.channels]

    def set(self, weight: Any, bias: Any) -> None:
        """Overwrite weights and biases."""
        self.rows_of(self.weight).copy_(weight)
        if self.bias is not None:
            self.rows_of(self.bias).copy_(bias)


def wavenet_block(
    make: Callable[..., Any],
    *args: Any,
    x: np.ndarray | None = None,
    seed: int = 0,
    training: bool = False,
    **options: Any,
) -> Any:
    """Make a block, give it the weights of a seed, and apply it to `x`: the results by the names in `NAMES`.

    Results that are not asked for are None. Without `x`, only the number of parameters is looked at. With `training`, there
    are gradients for upstream gradients of both outputs, drawn at random.
    """
    import torch

    with _undisturbed():
        block = _network(make, *args, **options)
        if block is None:
            return None
        block.to(device(), torch.float64)
        number = sum(p.numel() for p in block.parameters())
        if x is None or _holds_unregistered_layers(block):
            return number, None, None, None, None
        given = torch.tensor(x, device=device(), dtype=torch.float64)
        maps = _fill(block, given, seed)
        leaf = given.clone().requires_grad_(training)
        passed = leaf.clone()  # a leaf could not be changed in place, and that is not what is to be found out
        with torch.set_grad_enabled(training):
            outputs = _outputs(block, passed)
        _pass_on_changes(passed, given, x)
        y, skip = (output.detach().cpu().numpy() for output in outputs)
        if not training:
            return number, y, skip, None, None
        return number, y, skip, *_gradients(outputs, leaf, maps, seed)


def _outputs(block: Any, x: Any) -> tuple[Any, Any]:
    import torch

    result = block(x)
    if result is None:
        raise TypeError("forward returned nothing (None): end it with a `return` statement.")
    wanted = "forward must return two tensors, (residual output, skip output); yours returned"
    if not isinstance(result, (tuple, list)):
        raise TypeError(f"{wanted} a value of type {type(result).__name__}.")
    kinds = [type(output).__name__ for output in result]
    if len(result) != 2 or not all(isinstance(output, torch.Tensor) for output in result):
        raise TypeError(f"{wanted} a {type(result).__name__} of {', '.join(kinds)}.")
    return tuple(result)


def _gradients(outputs: tuple[Any, Any], leaf: Any, maps: list[_Map], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the input, and those of the weights and biases as one long row."""
    import torch

    rng = np.random.default_rng([seed, 1])
    upstream = [torch.tensor(rng.standard_normal(tuple(y.shape)), device=y.device, dtype=y.dtype) for y in outputs]
    learned = [tensor for one in maps for tensor in (one.weight, one.bias) if tensor is not None]
    pairs = [(y, dy) for y, dy in zip(outputs, upstream, strict=True) if y.requires_grad]
    if not pairs:
        return np.zeros(leaf.shape), np.zeros(sum(t.numel() for t in learned))
    found = iter(
        torch.autograd.grad(
            [y for y, _ in pairs], (leaf, *learned), [dy for _, dy in pairs], allow_unused=True, materialize_grads=True
        )
    )
    dx = next(found)
    rows = [one.rows_of(next(found)) for one in maps for tensor in (one.weight, one.bias) if tensor is not None]
    return dx.cpu().numpy(), np.concatenate([row.cpu().numpy().ravel() for row in rows]) if rows else np.zeros(0)


def _fill(block: Any, x: Any, seed: int) -> list[_Map]:
    """Give every map of channels the weights of its role, and return the maps in the order of the roles."""
    import torch

    maps = _maps(block, x)
    dilated = [one for one in maps if one.weight[0].numel() > x.shape[1]]
    pointwise = [one for one in maps if one.weight[0].numel() <= x.shape[1]]
    with torch.no_grad():
        _draw(dilated, pointwise, seed)
        if len(dilated) == 2 and [_closes(block, x, one, dilated) for one in dilated] == [True, False]:
            dilated.reverse()
        _draw(dilated, pointwise, seed)
        if len(pointwise) == 2 and [_reaches(block, x, one) for one in pointwise] == [(False, True), (True, False)]:
            pointwise.reverse()
        _draw(dilated, pointwise, seed)
    return [*dilated, *pointwise]


def _draw(dilated: list[_Map], pointwise: list[_Map], seed: int) -> None:
    """Give the maps the weights of their places in the two lists: of a size that the tanh and the sigmoid can tell apart."""
    import torch

    for kind, maps in (("dilated", dilated), ("pointwise", pointwise)):
        for place, one in enumerate(maps):
            rows = one.rows_of(one.weight)
            terms = rows[0].numel()  # nn.Linear has no axis for its one tap, so the shape is not to be asked
            rng = np.random.default_rng([seed, zlib.crc32(f"{kind} {place} {len(rows)} {terms}".encode())])
            weight = rng.standard_normal(rows.numel()) * np.sqrt(2 / terms)
            one.set(torch.tensor(weight).view(rows.shape), torch.tensor(0.5 * rng.standard_normal(len(rows))))


def _maps(block: Any, x: Any) -> list[_Map]:
    """Return the maps of all parameters, in the order in which a forward pass calls their layers."""
    import torch

    called: dict[Any, None] = {}
    holders = [layer for layer in block.modules() if any(True for _ in layer.parameters(recurse=False))]
    handles = [layer.register_forward_pre_hook(lambda layer, _: called.setdefault(layer)) for layer in holders]
    try:
        with torch.no_grad():
            _outputs(block, x.clone())
    finally:
        for handle in handles:
            handle.remove()
    order = [*called, *(layer for layer in holders if layer not in called)]
    return [one for layer in order for one in _maps_of(layer, x.shape[1])]


def _maps_of(layer: Any, channels: int) -> Iterator[_Map]:
    parameters = list(layer.parameters(recurse=False))
    weights, biases = ([p for p in parameters if (p.ndim > 1) is several] for several in (True, False))
    for weight, bias in zip_longest(weights, biases):
        if weight is None:
            continue
        rows = len(weight) if len(weight) % channels else channels
        for first in range(0, len(weight), rows):
            yield _Map(weight, bias, first, rows)


def _closes(block: Any, x: Any, one: _Map, dilated: list[_Map]) -> bool:
    """Whether one of two convolutions, when it gives large negative values, hides what the other one gives."""
    import torch

    kept = [tensor.clone() for each in dilated for tensor in (each.weight, each.bias) if tensor is not None]
    (other,) = (each for each in dilated if each is not one)
    seen = []
    for value in (0.5, 0.25):
        one.set(torch.tensor(-SATURATED), torch.tensor(0.0))
        other.set(torch.tensor(value), torch.tensor(0.0))
        seen.append(_outputs(block, torch.ones_like(x)))
    for tensor, before in zip((t for each in dilated for t in (each.weight, each.bias) if t is not None), kept, strict=True):
        tensor.copy_(before)
    return all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def _reaches(block: Any, x: Any, one: _Map) -> tuple[bool, ...]:
    """Say of each output whether it changes with the weights of one 1×1 convolution."""
    import torch

    before, kept = _outputs(block, x.clone()), one.weight.clone()
    one.rows_of(one.weight).mul_(2)
    after = _outputs(block, x.clone())
    one.weight.copy_(kept)
    return tuple(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
