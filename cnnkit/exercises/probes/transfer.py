"""Build small pretrained networks for the student's functions on transfer learning, and note what becomes of them.

It knows no answers: only which facts about a network, its parameters and its modes are to be compared.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

from cnnkit.exercises.probes import device

Spec = tuple[str, int, int, int]
"""What `small_network` takes: kind, channels, classes, seed."""

SIDE = 6
"""Height and width of the images."""

HEADS = ("fc", "classifier", "head")
KINDS = (*HEADS, "dropout", "deep")
"""How a network ends: one linear layer of that name, or a `classifier` of Dropout and Linear, or of two linear layers."""


@functools.cache
def _network_class() -> Any:
    import torch
    from torch import nn

    class SmallNetwork(nn.Module):
        """A convolution, a block with an attention gate, and a head; batch norm in two and in one dimension."""

        def __init__(self, kind: str, channels: int, classes: int) -> None:
            super().__init__()
            hidden = channels + 3
            self.kind = kind
            self.conv1 = nn.Conv2d(3, channels, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.block = nn.Sequential(nn.Conv2d(channels, channels, 3), nn.BatchNorm2d(channels), nn.ReLU())
            self.gate = nn.Linear(channels, channels)  # not every linear layer is a head
            self.neck = nn.BatchNorm1d(channels)
            if kind == "dropout":
                self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(channels, classes))
            elif kind == "deep":
                last = nn.Linear(hidden, classes)
                self.classifier = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Dropout(0.5), last)
            else:
                setattr(self, kind, nn.Linear(channels, classes))

        def forward_features(self, x: Any) -> Any:
            """Map (N, 3, H, W) to (N, channels)."""
            x = torch.relu(self.bn1(self.conv1(x)))
            x = self.block(x).mean((2, 3))
            return self.neck(x * torch.sigmoid(self.gate(x)))

        def forward(self, x: Any) -> Any:
            """Map (N, 3, H, W) to logits (N, classes)."""
            return getattr(self, self.kind if self.kind in HEADS else "classifier")(self.forward_features(x))

    return SmallNetwork


def small_network(kind: str = "fc", channels: int = 6, classes: int = 7, seed: int = 0) -> Any:
    """Build a small network that counts as pretrained, in float32 on the CPU: (N, 3, H, W) -> (N, classes).

    `kind` is fc, classifier or head (a linear layer of that name), dropout or deep (a `classifier` of several layers).
    """
    import torch

    with undisturbed():
        torch.manual_seed(seed)
        model = _network_class()(kind, channels, classes)
        for name, tensor in model.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2.0)
            elif tensor.ndim == 1:
                tensor.add_(torch.randn(tensor.shape) / 2)
    return model


def head_of(model: Any) -> Any:
    """Return the head of a small network: its last linear layer."""
    from torch import nn

    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1]


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave torch's random numbers as they were, and use one thread: these networks are too small for more."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


def _prepared(network: Spec) -> Any:
    import torch

    return small_network(*network).to(device(), torch.float64)


def _images(seed: int, n: int) -> Any:
    """Draw images (n, 3, SIDE, SIDE) in float64 on the CPU."""
    import torch

    return torch.from_numpy(np.random.default_rng([seed, n]).standard_normal((n, 3, SIDE, SIDE)))


def _row(tensors: Any) -> np.ndarray:
    """Return the entries of all tensors as one long row."""
    return np.concatenate([tensor.detach().cpu().numpy().astype(np.float64).ravel() for tensor in tensors])


def _same_model(result: Any, model: Any, name: str) -> bool:
    """Return whether a function returned the model that it was given; TypeError if it returned no model."""
    from torch import nn

    if not isinstance(result, nn.Module):
        raise TypeError(f"{name} must return the model; yours returned a value of type {type(result).__name__}.")
    if isinstance(result, nn.Linear):
        raise TypeError(f"{name} must return the model; yours returned its head.")
    return result is model


# replace_head


def replaced(replace_head: Callable[..., Any], network: Spec, classes: int, placed: bool = False, forward: bool = False) -> Any:
    """Replace the head of a small network and return facts about the result.

    They are the shapes of the new parameters; whether the model itself came back, whether all but the head is as before, the
    old head is gone, a linear layer was built once only, and whether the new one is placed like the old one; and the logits.
    With `placed`, the network is in float64 on the device under test before, else it is moved there afterwards. With
    `forward`, the new parameters get values drawn from the seed, and the logits are those of evaluation mode.
    """
    import torch
    from torch import nn

    with undisturbed():
        model = small_network(*network)
        if placed:
            model.to(device(), torch.float64)
        head = list(head_of(model).parameters())
        parameters = list(model.parameters())
        rest = [p for p in parameters if all(p is not q for q in head)]
        values = [p.detach().clone() for p in rest]
        leaves = _leaf_types(model)
        built = []
        make = nn.Linear.__init__

        def counting(self: Any, *args: Any, **kwargs: Any) -> None:
            built.append(self)
            make(self, *args, **kwargs)

        with mock.patch.object(nn.Linear, "__init__", counting):
            result = replace_head(model, classes)
        if result is None:
            return None
        same = _same_model(result, model, "replace_head")
        present = list(result.parameters())
        new = [p for p in present if all(p is not q for q in parameters)]
        kept = not leaves - _leaf_types(result) and all(
            any(p is q for q in present) and torch.equal(p, value) for p, value in zip(rest, values, strict=True)
        )
        gone = not any(p is q for p in head for q in present)
        as_old = all((p.device, p.dtype, p.requires_grad) == (head[0].device, head[0].dtype, True) for p in new)
        shapes = np.array(sorted((*p.shape, *(0,) * (2 - p.ndim)) for p in new), dtype=np.int64).reshape(-1, 2)
        logits = None
        if forward:
            _fill(new, network[3])
            result.to(device(), torch.float64).eval()
            with torch.no_grad():
                logits = result(_images(network[3], 4).to(device())).cpu().numpy()
        return shapes, same, kept, gone, len(built) <= 1, as_old or not placed, logits


def _leaf_types(model: Any) -> Counter:
    return Counter(type(module).__name__ for module in model.modules() if not list(module.children()))


def _fill(parameters: list[Any], seed: int) -> None:
    import torch

    for parameter in parameters:
        values = np.random.default_rng([seed, parameter.ndim, len(parameter)]).standard_normal(tuple(parameter.shape))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))


# freeze


def frozen(freeze: Callable[..., Any], network: Spec, before: str = "all learn", **options: Any) -> Any:
    """Freeze a small network, train it for two steps, and return facts about it.

    They are which parameters learn, whether the model itself came back, whether freezing left the weights alone, and the
    weights after training. `before` says what learns at the start: "all learn", "head frozen" or "all frozen".
    """
    import torch

    with undisturbed():
        model = _prepared(network)
        head = head_of(model)
        model.requires_grad_(before != "all frozen")
        head.requires_grad_(before == "all learn")
        weights = [p.detach().clone() for p in model.parameters()]
        result = freeze(model, **options)
        if result is None:
            return None
        same = _same_model(result, model, "freeze")
        parameters = list(result.parameters())
        learns = np.array([p.requires_grad for p in parameters])
        kept = head_of(result) is head and len(parameters) == len(weights) and all(map(torch.equal, parameters, weights))
        if not kept:
            return learns, same, kept, None
        if learns.any():
            _two_steps(result, network)
        return learns, same, kept, _row(result.parameters())


def _two_steps(model: Any, network: Spec) -> None:
    import torch
    import torch.nn.functional as F

    *_, classes, seed = network
    images, labels = _images(seed, 6).to(device()), torch.arange(6, device=device()) % classes
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        torch.manual_seed(seed)  # the same units are dropped, however many random numbers were used before
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()


# keep_batch_norm_fixed


def fixed(keep_batch_norm_fixed: Callable[..., Any], network: Spec, then: tuple[str, ...] = (), start: str = "train") -> Any:
    """Fix the batch norm of a small network, switch its mode as `then` says, show it two batches, and return facts about it.

    They are the output of its body, the running statistics, the modes of its dropout, and whether the model itself came back.
    """
    import torch
    from torch import nn

    with undisturbed():
        model = _prepared(network)
        model.train(start == "train")
        names = [name for name, _ in model.named_buffers() if "running" in name]
        result = keep_batch_norm_fixed(model)
        if result is None:
            return None
        same = _same_model(result, model, "keep_batch_norm_fixed")
        for mode in then:
            getattr(result, mode)()
        images = 3 * _images(network[3], 8).to(device()) + 1
        with torch.no_grad():
            outputs = [model.forward_features(batch) for batch in (images[:5], images[5:])]
        state = model.state_dict()
        statistics = [state.get(name, torch.zeros(network[1])) for name in names]
        modes = np.array([module.training for module in model.modules() if isinstance(module, nn.Dropout)], dtype=bool)
        return torch.cat(outputs).cpu().numpy(), _row(statistics), modes, same


# parameter_groups


def grouped(
    parameter_groups: Callable[..., Any], network: Spec, body_lr: float, head_lr: float, before: str = "all learn"
) -> Any:
    """Group the parameters of a small network; return for each one that learns in how many groups it is, and its rate.

    `before` says which parameters learn: "all learn", "stem frozen" or "body frozen". A rate that is missing is -1.
    """
    import torch

    with undisturbed():
        model = _prepared(network)
        if before == "stem frozen":
            model.conv1.requires_grad_(False)
            model.bn1.requires_grad_(False)
        elif before == "body frozen":
            model.requires_grad_(False)
            head_of(model).requires_grad_(True)
        groups = parameter_groups(model, body_lr, head_lr)
        if groups is None:
            return None
        if not isinstance(groups, (list, tuple)) or not all(isinstance(g, dict) and "params" in g for g in groups):
            raise TypeError('parameter_groups must return a list of dictionaries, each {"params": ..., "lr": ...}.')
        listed = [{**group, "params": _parameters_in(group["params"])} for group in groups]
        own = [p for p in model.parameters() if p.requires_grad]
        places = [[i for i, group in enumerate(listed) if any(q is p for q in group["params"])] for p in own]
        counts = np.array([sum(q is p for group in listed for q in group["params"]) for p in own])
        rates = np.array([float(listed[at[-1]].get("lr", -1)) if at else -1.0 for at in places])
        if (counts < 2).all() and any(group["params"] for group in listed):
            torch.optim.SGD(listed, lr=1.0)  # whatever else torch objects to, it says itself
        return counts, rates


def _parameters_in(entry: Any) -> list[Any]:
    import torch

    if isinstance(entry, torch.Tensor):
        return [entry]
    return [value[1] if isinstance(value, tuple) else value for value in entry]


# extract_features


def extracted(extract_features: Callable[..., Any], network: Spec, loader: tuple[int, int]) -> Any:
    """Extract the features of a loader's images, (how many, batch size), in a random order, and return facts about it.

    They are features and labels, whether the features hold on to a graph, the running statistics, the logits afterwards, and
    how many hooks are left. The network is in training mode on the CPU; the images are on the CPU, too.
    """
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    with undisturbed():
        (n, batch_size), (*_, classes, seed) = loader, network
        model = small_network(*network).double().train()
        dataset = TensorDataset(_images(seed, n), torch.arange(n) % classes)
        generator = torch.Generator().manual_seed(seed)
        result = extract_features(model, DataLoader(dataset, batch_size, shuffle=True, generator=generator), device())
        if result is None:
            return None
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError("extract_features must return two tensors, (features, labels).")
        features, labels = (torch.as_tensor(value) for value in result)
        hooks = sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())
        statistics = _row(buffer for name, buffer in model.named_buffers() if "running" in name)
        model.to(device()).eval()
        with torch.no_grad():
            logits = model(_images(seed + 1, 3).to(device())).cpu().numpy()
        kept = bool(features.requires_grad)
        return features.detach().cpu().numpy(), labels.cpu().numpy(), kept, statistics, logits, hooks


# fit_best


def fitted(fit_best: Callable[..., Any], network: Spec, loaders: int, epochs: int, optimizer: float) -> Any:
    """Train a small network with fit_best, on loaders of a seed and at a learning rate, and return facts about it.

    They are the weights returned, the weights left in the model, and whether the weights returned are tensors that the model
    gave before its last step, and goes on changing.
    """
    import torch

    with undisturbed():
        model = _prepared(network)
        sgd = torch.optim.SGD(model.parameters(), lr=optimizer, momentum=0.5)
        names = list(model.state_dict())
        steps = [0]
        given: list[tuple[int, Any]] = []  # what model.state_dict() gave, and after how many steps
        sgd.register_step_post_hook(lambda *args: steps.__setitem__(0, steps[0] + 1))
        model.register_state_dict_post_hook(
            lambda owner, state, *rest: given.append((steps[0], dict(state))) if owner is model else None
        )
        model.register_load_state_dict_pre_hook(lambda owner, state, *rest: _forget_if_new(given, model, owner, state))
        result = fit_best(model, toy_loaders(loaders), epochs, sgd, device())
        if result is None:
            return None
        if not isinstance(result, dict) or not all(name in result for name in names):
            raise TypeError("fit_best must return the weights of the best epoch, as model.state_dict() gives them.")
        stale = any(at < steps[0] and state[names[0]] is result[names[0]] for at, state in given)
        floats = [name for name in names if not name.endswith("num_batches_tracked")]
        final = model.state_dict()
        return _row(result[name] for name in floats), _row(final[name] for name in floats), stale


def _forget_if_new(given: list[Any], model: Any, owner: Any, state: dict[str, Any]) -> None:
    """Forget what the model gave if it is loaded with other tensors than its own: they are as good as new then."""
    own = {tensor.data_ptr() for tensor in model.parameters()}
    if owner is model and not any(tensor.data_ptr() in own for tensor in state.values()):
        given.clear()


def toy_loaders(seed: int) -> dict[str, Any]:
    """Build loaders "train" and "validation" of images in three classes, hard to tell apart."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    loaders = {}
    for number, (name, n) in enumerate((("train", 12), ("validation", 24))):
        rng = np.random.default_rng([seed, number])
        labels = rng.integers(3, size=n)
        images = rng.standard_normal((n, 3, SIDE, SIDE))
        images[np.arange(n), labels] += 0.4
        dataset = TensorDataset(torch.from_numpy(images), torch.from_numpy(labels))
        loaders[name] = DataLoader(dataset, batch_size=n // 2)
    return loaders


# learning_curve


def drawn(
    learning_curve: Callable[..., Any], sizes: tuple[int, ...], labels: np.ndarray, run: int, seeds: tuple[int, ...]
) -> Any:
    """Draw a learning curve whose accuracies are made up from a number, and return facts about it.

    They are mean and spread; seed and number of images of each run; whether all classes were equally often there, no image was
    drawn twice, every seed drew others, and the same seeds draw the same again.
    """
    calls: list[tuple[int, tuple[int, ...]]] = []

    def accuracy(indices: Any, seed: int) -> float:
        """Return an accuracy that depends on the number of images and on the seed."""
        found = tuple(int(i) for i in np.asarray(indices).ravel())
        calls.append((int(seed), found))
        n = len(found)
        return float(n / (n + 5) + np.random.default_rng([run, n, seed]).normal() / 20)

    result = learning_curve(sizes, labels, accuracy, seeds)
    if result is None:
        return None
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise TypeError("learning_curve must return two things, (mean, spread), each with one value for every size.")
    first, calls = calls, []
    learning_curve(sizes, labels, accuracy, seeds)
    classes = int(labels.max()) + 1
    table = sorted((seed, len(found)) for seed, found in first)
    counts = [np.bincount(labels[list(found)], minlength=classes) for _, found in first]
    by_size: dict[int, set[tuple[int, ...]]] = {}
    for _, found in first:
        by_size.setdefault(len(found), set()).add(tuple(sorted(found)))
    return (
        *(np.asarray(value, dtype=np.float64) for value in result),
        np.array(table, dtype=np.int64).reshape(-1, 2),
        all(count.min() == count.max() for count in counts),
        all(len(set(found)) == len(found) for _, found in first),
        all(len(sets) == len(set(seeds)) for sets in by_size.values()),
        [(s, sorted(f)) for s, f in first] == [(s, sorted(f)) for s, f in calls],
    )
