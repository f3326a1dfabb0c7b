"""Build the student's networks, give them weights, and note what they compute. It knows no answers: only the rules of copying.

A network is compared with another one by values, whatever its layers are called. So both are given the same weights, drawn
for each parameter from what it is: its shape, its kind, and how many of these were used before it.
"""

import contextlib
import functools
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnkit.exercises.probes import device


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave torch's random numbers as they were, and use one thread: these networks are too small for more."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


def module(
    make: Callable[..., Any],
    *args: Any,
    x: np.ndarray | None = None,
    seed: int = 0,
    training: bool = False,
    **options: Any,
) -> Any:
    """Make a network, give it the weights of a seed, and apply it to `x`: the results by the names in `NAMES`.

    Results that are not asked for are None. Without `x`, only the parameters are looked at, else the network is applied, in
    evaluation mode. With `training`, there are three forward passes in training mode, the last of them with gradients for
    an upstream gradient drawn at random; then come the running statistics that they left, and the output in evaluation mode.
    """
    import torch

    with _undisturbed():
        network = _network(make, *args, **options)
        if network is None:
            return None
        network.to(device(), torch.float64)
        number = sum(p.numel() for p in network.parameters())
        if x is None:
            return number, _table(network), None, None, None, None, None
        if _holds_unregistered_layers(network):
            return number, None, None, None, None, None, None
        given = torch.tensor(x, device=device(), dtype=torch.float64)
        roles = _roles(network, given)
        _fill(roles, seed)
        network.train(training)
        for scale in (3.0, 0.5) if training else ():
            network(scale * given)
        if not training:
            return number, None, _forward(network, given, x), None, None, None, None
        in_order = sorted(roles, key=lambda pair: repr(pair[0]))
        learned = [tensor for role, tensor in in_order if not role[0].startswith("running")]
        y, dx, gradients = _backward(network, given, x, learned, seed)
        statistics = _joined(tensor for role, tensor in in_order if role[0].startswith("running"))
        network.eval()
        return number, None, y, dx, _joined(gradients), statistics, _forward(network, given, x)


NAMES = (
    "number of parameters",
    "parameter shapes",
    "output",
    "gradient of the input",
    "gradients of the parameters",
    "running statistics",
    "output in evaluation mode",
)


def _network(make: Callable[..., Any], *args: Any, **options: Any) -> Any:
    from torch import nn
    from torch.nn.parameter import UninitializedParameter

    network = make(*args, **options)
    if network is not None and not isinstance(network, nn.Module):
        raise TypeError(f"Expected a network (a torch.nn.Module), got a value of type {type(network).__name__}.")
    if network is not None and any(isinstance(p, UninitializedParameter) for p in network.parameters()):
        raise ValueError(
            "A lazy layer has no weights before its first batch: say how many inputs it has, as in nn.Linear(400, 120)."
        )
    return network


def _holds_unregistered_layers(network: Any) -> bool:
    """Whether a layer of the network stands in a plain list, tuple or dict, where torch does not see it."""
    from torch import nn

    registered = set(network.modules())
    kept = [value for layer in registered for value in vars(layer).values()]
    lists = [value.values() if isinstance(value, dict) else value for value in kept if isinstance(value, (list, tuple, dict))]
    return any(isinstance(entry, nn.Module) and entry not in registered for entries in lists for entry in entries)


def _forward(network: Any, given: Any, x: np.ndarray) -> np.ndarray:
    """Apply a network without recording and return its output; what it changes in its input is changed in `x`."""
    import torch

    passed = given.clone()
    with torch.no_grad():
        y = _output(network, passed)
    _pass_on_changes(passed, given, x)
    return y.cpu().numpy()


def _backward(network: Any, given: Any, x: np.ndarray, parameters: list[Any], seed: int) -> tuple[Any, Any, Any]:
    """Apply a network; return its output, the gradient of the input, and those of parameters, for an upstream gradient."""
    import torch

    leaf = given.clone().requires_grad_()
    passed = leaf.clone()  # a leaf could not be changed in place, and that is not what is to be found out
    y = _output(network, passed)
    _pass_on_changes(passed, given, x)
    if not y.requires_grad:
        return y.cpu().numpy(), np.zeros_like(x), [torch.zeros_like(p) for p in parameters]
    upstream = np.random.default_rng([seed, 1]).standard_normal(tuple(y.shape))
    upstream = torch.tensor(upstream, device=y.device, dtype=y.dtype)
    dx, *found = torch.autograd.grad(y, (leaf, *parameters), upstream, allow_unused=True, materialize_grads=True)
    return y.detach().cpu().numpy(), dx.cpu().numpy(), found


def _output(network: Any, x: Any) -> Any:
    import torch

    y = network(x)
    if y is None:
        raise TypeError("forward returned nothing (None): end it with a `return` statement.")
    if not isinstance(y, torch.Tensor):
        raise TypeError(f"forward must return a tensor; yours returned a value of type {type(y).__name__}.")
    return y


def _pass_on_changes(passed: Any, given: Any, x: np.ndarray) -> None:
    """Write what a network changed in its input into the case's own array, where whoever compares looks for it."""
    import torch

    if not torch.equal(passed, given):
        x[...] = passed.detach().cpu().numpy()


def _joined(tensors: Any) -> np.ndarray:
    """Return the entries of all tensors as one long row."""
    rows = [tensor.detach().cpu().numpy().ravel() for tensor in tensors]
    return np.concatenate(rows) if rows else np.zeros(0)


def _table(network: Any) -> np.ndarray:
    """Return the shapes of all parameters, one a row, filled up with zeros, in ascending order."""
    shapes = sorted(tuple(p.shape) for p in network.parameters())
    columns = max(4, *map(len, shapes), 0) if shapes else 4
    return np.array([(*shape, *(0,) * (columns - len(shape))) for shape in shapes], dtype=np.int64).reshape(-1, columns)


def _roles(network: Any, x: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return every parameter and every running statistic with its role.

    A role is what the tensor is, its shape, the convolution that a normalisation follows, and how many tensors of the same
    kind were used before it. Layers count in the order in which a forward pass calls them, others as they were registered.
    """
    import torch

    called: dict[Any, Any] = {}
    sources: dict[int, Any] = {}
    kept = []  # an id may be given again once its tensor is gone

    def before(layer: Any, inputs: tuple[Any, ...]) -> None:
        called.setdefault(layer, sources.get(id(inputs[0])) if inputs else None)

    def after(layer: Any, inputs: tuple[Any, ...], output: Any) -> None:
        kept.append(output)
        if getattr(layer, "weight", None) is not None:
            sources[id(output)] = tuple(layer.weight.shape)

    holders = [layer for layer in network.modules() if any(True for _ in _tensors_of(layer))]
    handles = [handle for h in holders for handle in (h.register_forward_pre_hook(before), h.register_forward_hook(after))]
    network.eval()
    try:
        with torch.no_grad():
            network(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    order = [*called, *(layer for layer in holders if layer not in called)]
    seen: set[int] = set()
    counts: dict[Any, int] = {}
    roles = []
    for layer in order:
        for name, tensor in _tensors_of(layer):
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            role = (_kind(layer, name, tensor), tuple(tensor.shape), called.get(layer) if _normalises(layer) else None)
            counts[role] = counts.get(role, -1) + 1
            roles.append(((*role, counts[role]), tensor))
    return roles


def _tensors_of(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a layer itself holds: its parameters, and the running statistics of a normalisation."""
    yield from layer.named_parameters(recurse=False)
    for name, tensor in layer.named_buffers(recurse=False):
        if name in ("running_mean", "running_var"):
            yield name, tensor


def _normalises(layer: Any) -> bool:
    from torch.nn.modules.batchnorm import _NormBase

    return isinstance(layer, _NormBase)


def _kind(layer: Any, name: str, tensor: Any) -> str:
    if _normalises(layer):
        return {"weight": "gamma", "bias": "beta"}.get(name, name)
    if tensor.ndim > 1:
        return "weight"
    return "gamma" if name != "bias" and bool((tensor == 1).all()) else "bias"


def _fill(roles: list[tuple[tuple[Any, ...], Any]], seed: int) -> None:
    """Give every tensor the values of its role: of a size that neither dies out nor grows, with no two alike."""
    import torch

    for role, tensor in roles:
        kind, shape = role[:2]
        rng = np.random.default_rng([seed, zlib.crc32(repr(role).encode())])
        if kind == "weight":
            values = rng.standard_normal(shape) * np.sqrt(2 / max(1, np.prod(shape[1:])))
        elif kind in ("gamma", "running_var"):
            values = rng.uniform(0.5, 2.0, shape)
        else:
            values = 0.5 * rng.standard_normal(shape)
        with torch.no_grad():
            tensor.copy_(torch.tensor(values))


# resnet18


RESNET_NAMES = (
    "logits",
    "gradient of the input",
    "lengths of the parameters' gradients (the inner convolutions left out)",
    "running statistics",
)


@functools.cache
def torchvision_state(classes: int, seed: int) -> dict[str, Any]:
    """Return a state dict of torchvision's resnet18 in float64 on the device, its statistics as after some training."""
    import torch
    from torchvision.models import resnet18 as torchvision_resnet18

    with _undisturbed():
        torch.manual_seed(seed)
        state = torchvision_resnet18(num_classes=classes).double().state_dict()
        for name, tensor in state.items():
            if tensor.ndim == 1:
                tensor.copy_(torch.randn(tensor.shape, dtype=torch.float64) / 4)
                if name.endswith(("weight", "running_var")):
                    tensor.copy_(1 + tensor.tanh() / 2)
        state["fc.weight"] *= 10  # logits of the size that trained weights give
    return {name: tensor.to(device()) for name, tensor in state.items()}


def resnet18(make: Callable[..., Any], *args: Any, x: np.ndarray, seed: int = 0, training: bool = False, **options: Any) -> Any:
    """Make a ResNet-18, load a state dict of torchvision's strictly, and apply it to `x`: results by the names in `RESNET_NAMES`.

    With `training`, the output is that of training mode, followed by gradients for an upstream gradient drawn at random, and
    by running statistics.
    """
    import torch

    with _undisturbed():
        network = _network(make, *args, **options)
        if network is None:
            return None
        state = torchvision_state(options.get("classes", args[0] if args else 1000), seed)
        _refuse_misfits(network, state)
        if not any(p.is_meta for p in network.parameters()):
            network.to(device())
        # The large weights are shared with the cached state; the statistics change in training, so they are copied.
        network.load_state_dict({name: t.clone() if t.ndim < 2 else t for name, t in state.items()}, strict=True, assign=True)
        network.train(training)
        given = torch.tensor(x, device=device(), dtype=torch.float64)
        if not training:
            return _forward(network, given, x), None, None, None
        learned = _in_order(network.named_parameters(), state)
        frozen = [name for name, p in learned if not p.requires_grad]
        if frozen:
            raise ValueError(f"All parameters learn, but {_some(frozen)} has requires_grad=False.")
        # Of the convolutions inside only the normalisations behind them are looked at: their own gradients are 90 MB.
        judged = [p for name, p in learned if p.ndim < 3 or name == "conv1.weight"]
        y, dx, gradients = _backward(network, given, x, judged, seed)
        lengths = np.array([gradient.norm().item() for gradient in gradients])
        statistics = _joined(t for name, t in _in_order(network.named_buffers(), state) if "running" in name)
        return y, dx, lengths, statistics


def _in_order(named: Any, state: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return named tensors in the order of a state dict."""
    tensors = dict(named)
    return [(name, tensors[name]) for name in state if name in tensors]


def _refuse_misfits(network: Any, state: dict[str, Any]) -> None:
    """Raise ValueError unless a network has exactly the names and shapes of a state dict."""
    own = network.state_dict()
    missing, unknown = [name for name in state if name not in own], [name for name in own if name not in state]
    other = [name for name in state if name in own and own[name].shape != state[name].shape]
    says = []
    if missing:
        says.append(f"yours has no {_some(missing)}")
    if unknown:
        says.append(f"torchvision's has no {_some(unknown)}")
    if other:
        name = other[0]
        shapes = f"{tuple(own[name].shape)}, torchvision's {tuple(state[name].shape)}"
        more = f", and {len(other) - 1} more differ" if len(other) > 1 else ""
        says.append(f"your {name} has the shape {shapes}{more}")
    if says:
        raise ValueError(f"torchvision's weights do not fit: {'; '.join(says)}.")


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


# gradient_norms

NORM_NAMES = ("norms", "in training mode afterwards", "gradients afterwards", "weights afterwards")


def norms(function: Callable[..., Any], model: str, x: np.ndarray, y: np.ndarray, seed: int = 0, training: bool = True) -> Any:
    """Call gradient_norms on a model of this module; return the norms, and in which state the model is left.

    The model has gradients from before: its weights, halved.
    """
    import torch

    with _undisturbed():
        network = MODELS[model]()
        network.to(device(), torch.float64)
        images = torch.tensor(x, device=device(), dtype=torch.float64)
        _fill(_roles(network, images), seed)
        network.train(training)
        for p in network.parameters():
            p.grad = p.detach() / 2
        result = function(network, images, torch.tensor(y, device=device()))
        if result is None:
            return None
        modes = {m.training for m in network.modules()}
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()]
        state = modes.pop() if len(modes) == 1 else None
        return _row(result), state, _joined(gradients), _joined(network.parameters())


def _row(result: Any) -> np.ndarray:
    """Return a list of numbers, or of tensors with one entry each, as an array."""
    if isinstance(result, (list, tuple, np.ndarray)) or (hasattr(result, "detach") and result.ndim):
        entries = [entry.detach().cpu().numpy() if hasattr(entry, "detach") else entry for entry in result]
        if all(isinstance(entry, (int, float, np.number, np.ndarray)) and np.shape(entry) == () for entry in entries):
            return np.array(entries, dtype=np.float64)
    raise TypeError("gradient_norms must return a list with one number for each convolution.")


def _plain() -> Any:
    from torch import nn

    convolutions = [nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 5, 3, stride=2), nn.Conv2d(5, 3, 1)]
    layers = [layer for convolution in convolutions for layer in (convolution, nn.Tanh())]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 3))


def _nested() -> Any:
    from torch import nn

    def stage(c_in: int, c_out: int) -> Any:
        return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU())

    body = nn.Sequential(stage(2, 4), nn.Sequential(stage(4, 6), nn.MaxPool2d(2), stage(6, 5)))
    return nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(5, 4))


MODELS = {"three convolutions": _plain, "nested, with batch norm": _nested}
