"""Call what topic 08 asks for: a loss, optimisers, batches, a network in NumPy, and training code in PyTorch."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.probes import device

LENET_SHAPES = ((6, 1, 5, 5), (6,), (16, 6, 5, 5), (16,), (120, 400), (120,), (84, 120), (84,), (10, 84), (10,))
"""The parameters of NumpyLeNet in their order: a kernel or matrix and a bias for each of its five layers."""

LARGEST_START_LOSS = 15.0
"""Weights of standard deviation √(2/n), as He et al. draw them, give a loss of about 6 here; twice as large ones 40."""

Arrays = list[np.ndarray]


def loss_and_gradient(cross_entropy: Callable[..., Any], logits: np.ndarray, labels: np.ndarray) -> Any:
    """Call cross_entropy, and make the loss an array of the logits' dtype where it is a plain number."""
    result = cross_entropy(logits, labels)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return result
    loss, gradient = result
    plain = isinstance(loss, (float, np.floating)) or (isinstance(loss, np.ndarray) and loss.ndim == 0)
    return (np.array(loss, logits.dtype) if plain else loss), gradient


def sgd_steps(step: Callable[..., Any], params: Arrays, grads: list[Arrays], velocity: Arrays, lr: list[float], **options: Any):
    """Take a step for each list of gradients and its learning rate; return what each parameter is after every step."""
    arrays, velocity = [p.copy() for p in params], [v.copy() for v in velocity]

    def one(passed: Arrays, gradients: Arrays, rate: float) -> None:
        step(passed, gradients, velocity, rate, **options)

    return _histories(one, arrays, grads, lr)


def adam_steps(
    step: Callable[..., Any], params: Arrays, grads: list[Arrays], state: dict, lr: list[float], **options: Any
) -> Any:
    """Take a step for each list of gradients and its learning rate (the default where it is 0), with one state for all."""
    state = dict(state)

    def one(passed: Arrays, gradients: Arrays, rate: float) -> None:
        step(passed, gradients, state, **options, **({"lr": rate} if rate else {}))

    return _histories(one, [p.copy() for p in params], grads, lr)


def _histories(one: Callable[..., None], arrays: Arrays, grads: list[Arrays], lr: list[float]) -> tuple[np.ndarray, ...]:
    """Return for each parameter an array (steps, *shape); a network owns these arrays, so only changes in place count."""
    rows = []
    for gradients, rate in zip(grads, lr, strict=True):
        one(list(arrays), gradients, rate)
        rows.append([array.copy() for array in arrays])
    return tuple(np.stack(history) for history in zip(*rows, strict=True))


def batches(iterate_batches: Callable[..., Any], n: int, batch_size: int, seed: int) -> Any:
    """Run through two epochs with one generator, and one with another generator of the same seed; return facts about them.

    They are the sizes of the batches; whether each index comes exactly once; whether the order is not the stored one, and the
    batches not runs of it; whether the second epoch has another order; whether the same seed gives the same.
    """
    generator = np.random.default_rng(seed)
    first, second = (_epoch(iterate_batches, n, batch_size, generator) for _ in range(2))
    again = _epoch(iterate_batches, n, batch_size, np.random.default_rng(seed))
    order, order_of_second, order_again = (np.concatenate([*epoch, np.arange(0)]) for epoch in (first, second, again))
    runs = all(np.array_equal(batch, np.arange(len(batch)) + batch[0]) for batch in first if len(batch) > 1)
    return (
        np.sort(np.array([len(batch) for batch in first], dtype=int))[::-1],
        np.array_equal(np.sort(order), np.arange(n)),
        not np.array_equal(order, np.sort(order)),
        batch_size == 1 or not runs,
        not np.array_equal(order, order_of_second),
        np.array_equal(order, order_again),
    )


def _epoch(iterate_batches: Callable[..., Any], n: int, batch_size: int, generator: np.random.Generator) -> Arrays:
    places = np.arange(n)
    found = []
    # As many batches as could ever be needed, and a few more: one that never ends must not hang the check.
    for batch in itertools.islice(iterate_batches(n, batch_size, generator), n + 9):
        picked = places[batch]
        if np.ndim(picked) != 1:
            raise TypeError(f"iterate_batches must give one-dimensional arrays of indices; yours gives {type(batch).__name__}.")
        found.append(picked)
    return found


@functools.lru_cache(maxsize=16)
def lenet_weights(seed: int, dtype: Any) -> Arrays:
    """Draw weights and biases for a NumpyLeNet: such that signals keep their size and no bias is 0. Not to be changed."""
    rng = np.random.default_rng(seed)
    scales = [1.6 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 0.5 for shape in LENET_SHAPES]
    return [(scale * rng.standard_normal(shape)).astype(dtype) for scale, shape in zip(scales, LENET_SHAPES, strict=True)]


def lenet(
    network: Callable[..., Any],
    x: np.ndarray | None = None,
    weights_seed: int | None = None,
    dlogits: np.ndarray | None = None,
    start_seed: int | None = None,
) -> Any:
    """Return the logits of a NumpyLeNet with given weights; with `dlogits`, its gradients; with `start_seed`, facts about it."""
    if start_seed is not None:
        return _start(network, start_seed)
    net = network(np.random.default_rng(0), x.dtype)
    require_shapes([np.shape(p) for p in net.parameters()])
    weights = lenet_weights(weights_seed, x.dtype)
    for own, given in zip(net.parameters(), weights, strict=True):
        own[...] = given
    if not all(np.array_equal(own, given) for own, given in zip(net.parameters(), weights, strict=True)):
        raise ValueError("parameters() must return the network's own arrays: yours returns copies, which nobody trains.")
    if dlogits is None:
        return net.forward(x)
    # A batch before this one, larger and from the other end: nothing of it may be left.
    net.forward(np.concatenate([x, x])[::-1])
    net.backward(np.concatenate([dlogits, dlogits])[::-1])
    net.forward(x)
    gradients = net.backward(dlogits)
    return tuple(gradients) if isinstance(gradients, list) else gradients


def require_shapes(shapes: list[tuple[int, ...]]) -> None:
    """Raise ValueError unless parameters() returned arrays of the ten shapes in their order."""
    if tuple(shapes) != LENET_SHAPES:
        at = next((i for i, pair in enumerate(itertools.zip_longest(shapes, LENET_SHAPES)) if pair[0] != pair[1]), 0)
        found, wanted = (s[at] if at < len(s) else "nothing" for s in (shapes, LENET_SHAPES))
        raise ValueError(f"parameters()[{at}] has the shape {found}, but {wanted} is wanted there: w1, b1, w2, b2 and so on.")


def _start(network: Callable[..., Any], seed: int) -> Any:
    """Return facts about new networks: is their start repeatable, random, with units that differ, of a sensible size?"""
    again, *nets = [network(np.random.default_rng(s)) for s in (seed, *range(seed, seed + 4))]
    starts = [[np.array(p) for p in net.parameters()] for net in nets]
    first, other = starts[:2]
    require_shapes([p.shape for p in first])
    x = np.random.default_rng(seed).standard_normal((64, 1, 28, 28), dtype=np.float32)
    logits = np.stack([np.asarray(net.forward(x), dtype=np.float64) for net in nets])
    largest = logits.max(axis=-1)
    # As if every image had every label: then the loss does not hang on which labels are drawn.
    loss = (np.log(np.exp(logits - largest[..., None]).sum(axis=-1)) + largest).mean() - logits.mean()
    return (
        all(map(np.array_equal, first, again.parameters())),
        not all(map(np.array_equal, first[::2], other[::2])),
        all(len(np.unique(w.reshape(len(w), -1), axis=0)) == len(w) for start in starts for w in start[::2]),
        bool(loss < LARGEST_START_LOSS),
        bool(logits.std(axis=1).mean() > 1e-4),
        all(p.dtype == np.float32 for p in first),
    )


class _Recorder:
    """Stand in for a network whose every image is its own number, and note in which order it is used."""

    def __init__(self, labels: np.ndarray, classes: int) -> None:
        self.labels, self.classes = labels, classes
        self.weights = [np.zeros(2, np.float32)]
        self.images: Arrays = []
        self.answered: Arrays = []
        self.gradients: list[Arrays] = []
        self.stepped: list[bool] = []

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Prefer the right class, in every batch more clearly."""
        numbers = np.asarray(x, dtype=np.float64).reshape(len(x), -1)[:, 0].astype(np.int64)
        self.images.append(numbers)
        logits = np.zeros((len(numbers), self.classes), np.float32)
        logits[np.arange(len(numbers)), self.labels[numbers]] = 0.5 * len(self.images)
        return logits

    def backward(self, dlogits: np.ndarray) -> Arrays:
        """Note which class the gradient wants more of."""
        self.answered.append(np.argmin(dlogits, axis=1))
        self.gradients.append([np.full(2, float(len(self.answered)), np.float32)])
        return self.gradients[-1]

    def parameters(self) -> Arrays:
        """Return the only weight."""
        return self.weights

    def step(self, params: Arrays, grads: Arrays) -> None:
        """Note whether these are this network's weights and the gradients of the last batch."""
        right = bool(self.gradients) and len(params) == 1 and params[0] is self.weights[0]
        self.stepped.append(right and len(self.stepped) + 1 == len(self.gradients) and grads[0] is self.gradients[-1][0])


def epoch_of_recorder(numpy_epoch: Callable[..., Any], labels: np.ndarray, batch_size: int, classes: int, seed: int) -> Any:
    """Run numpy_epoch on a network that keeps a record, and return facts about it.

    They are the sizes of the batches; whether each image comes exactly once, in an order that is not the stored one, with its
    own label; whether every batch is followed by one step along its gradients; and the loss, 0 where the labels are wrong.
    """
    record = _Recorder(labels, classes)
    x = np.broadcast_to(np.arange(len(labels), dtype=np.float32)[:, None, None, None], (len(labels), 1, 2, 2)).copy()
    loss = numpy_epoch(record, x, labels.copy(), record.step, batch_size, np.random.default_rng(seed))
    seen = np.concatenate([*record.images, np.arange(0)])
    answered = np.concatenate([*record.answered, np.arange(0)])
    own = len(seen) == len(answered) and np.array_equal(answered, labels[seen])
    return (
        np.array([len(images) for images in record.images]),
        np.array_equal(np.sort(seen), np.arange(len(labels))),
        not np.array_equal(seen, np.sort(seen)),
        own,
        len(record.stepped) == len(record.images) and all(record.stepped),
        _single(loss if own else 0.0, "numpy_epoch"),
    )


def _single(value: Any, name: str) -> Any:
    """Return a number as an array of float32: how exactly a mean was added up is left open. None stays None."""
    if value is None:
        return None
    if getattr(value, "requires_grad", False):
        raise TypeError(f"{name} returned a tensor that still holds the graph of every batch: add up loss.item().")
    value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    if np.shape(value) != ():
        raise TypeError(f"{name} must return a number here; yours returned a value of shape {np.shape(value)}.")
    return np.array(value, dtype=np.float32)


def torch_epochs(train_epoch: Callable[..., Any], images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Any:
    """Train a small network for two epochs, each begun in eval mode.

    Return how often the optimizer stepped, whether always after a backward pass, both losses, and the weights and running
    statistics in the end, all numbers in float32.
    """
    import torch

    model, loader = _model_and_loader(images, labels, batch_size, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    events: list[str] = []
    model.head.bias.register_post_accumulate_grad_hook(lambda parameter: events.append("backward"))
    optimizer.register_step_pre_hook(lambda *args: events.append("step"))
    losses = []
    for _ in range(2):
        model.eval()
        with torch.enable_grad():
            losses.append(_single(train_epoch(model, loader, optimizer, device()), "train_epoch"))
    follows = all(before == "backward" for before, event in itertools.pairwise(["", *events]) if event == "step")
    weights = torch.cat([p.detach().flatten() for p in model.parameters()])
    statistics = model.norm.running_mean
    return (events.count("step"), follows, *losses, weights.float().cpu().numpy(), statistics.float().cpu().numpy())


def torch_evaluation(evaluate: Callable[..., Any], images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Any:
    """Evaluate a small network that is in training mode; return loss, accuracy, running mean, and whether graphs were built."""
    import torch

    model, loader = _model_and_loader(images, labels, batch_size, seed)
    model.train()
    tracked = []
    model.register_forward_pre_hook(lambda module, inputs: tracked.append(torch.is_grad_enabled()))
    with torch.enable_grad():  # whatever the student's function leaves switched off is on again after it
        result = evaluate(model, loader, device())
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return result
    loss, accuracy = result
    loss = loss.detach() if hasattr(loss, "detach") else loss  # whether a graph was built is a result of its own
    return _single(loss, "evaluate"), _single(accuracy, "evaluate"), model.norm.running_mean.float().cpu().numpy(), any(tracked)


def _model_and_loader(images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> Any:
    """Build a network with batch normalisation on the device, and a loader of tensors on the CPU."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    class Small(nn.Module):
        # No convolution: a GPU may compute those with fewer digits, unless told otherwise.
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(1)
            self.hidden = nn.Linear(images[0].size, 8)
            self.head = nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            return self.head(torch.relu(self.hidden(self.norm(x).flatten(1))))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Small()
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.5)
        nn.init.uniform_(model.norm.running_mean, -1, 1)
        nn.init.uniform_(model.norm.running_var, 2, 4)
    dataset = TensorDataset(torch.from_numpy(images.copy()), torch.from_numpy(labels.copy()))
    return model.to(device()), DataLoader(dataset, batch_size=batch_size)
