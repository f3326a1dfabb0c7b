"""Call the student's functions. This package runs beside the student's code and holds no answers.

Probes of several topics stand here, those of one topic in a module of their own.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np


def find(name: str) -> Callable[..., Any]:
    """Return the probe of a name: `call`, or `networks.forward` for the function `forward` in the module `networks`."""
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"{__name__}.{module}") if module else importlib.import_module(__name__), function)


def device() -> Any:
    """Return the torch device that the student's code runs on: `CNNKIT_DEVICE`, else CUDA when present, else the CPU."""
    import torch

    return torch.device(os.environ.get("CNNKIT_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the one function of the exercise with the arguments of the case."""
    return function(*args, **kwargs)


def brighter_downwards(x: Any) -> Any:
    """Multiply every pixel by the number of its row, which no shift leaves alone."""
    return x * np.arange(1.0, x.shape[-2] + 1)[:, None]


def darker_downwards(x: Any) -> Any:
    """Divide every pixel by the number of its row."""
    return x / np.arange(1.0, x.shape[-2] + 1)[:, None]


def brighter_to_the_right(x: Any) -> Any:
    """Multiply every pixel by the number of its column."""
    return x * np.arange(1.0, x.shape[-1] + 1)


def sum_to_the_right(x: Any) -> Any:
    """Add up every row from the left."""
    return np.cumsum(x, axis=-1)


def mirrored(x: Any) -> Any:
    """Mirror left and right."""
    return x[..., ::-1]


def squared(x: Any) -> Any:
    """Square every pixel, wherever it is."""
    return x * x


def next_pixel(x: Any) -> Any:
    """Take every pixel from its right neighbour, and the last of a row from its first."""
    return np.roll(x, -1, axis=-1)


def call_for_list(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the function; a range, a set or another collection that it returns becomes a list."""
    value = function(*args, **kwargs)
    return value if isinstance(value, (str, bytes, dict, list)) or not hasattr(value, "__iter__") else list(value)


def half_squares(x: Any) -> Any:
    """Return x²/2, entry by entry."""
    return x**2 / 2


def cubes(x: Any) -> Any:
    """Return x³, entry by entry."""
    return x**3


def neighbour_products(x: Any) -> Any:
    """Return the product of each value with the next: (m,) -> (m - 1,)."""
    return x[1:] * x[:-1]


def neighbour_products_of_cubes(x: Any) -> Any:
    """Return the product of each value with the cube of the next: (m,) -> (m - 1,)."""
    return x[1:] ** 3 * x[:-1]


def column_sums_of_cubes(x: Any) -> Any:
    """Return the sum of the cubes of each column: (a, b) -> (b,)."""
    return (x**3).sum(0)


def mean_of_cubes(x: Any) -> Any:
    """Return the mean of the cubes of all entries, a single number."""
    return (x**3).mean()


def transposed(x: Any) -> Any:
    """Return the transpose of a matrix, a view of it: (a, b) -> (b, a)."""
    return x.T


def unchanged(x: Any) -> Any:
    """Return x itself."""
    return x


def apply_function(
    function: Any,
    x: Any,
    w: Any,
    b: Any,
    stride: int,
    padding: int,
    gradient: Any = None,
    check: str = "",
    penalty: bool = False,
) -> Any:
    """Apply a torch.autograd.Function on the device under test and return its output as an array.

    With `gradient`, return the gradients of x, w and b for that upstream gradient; with `penalty`, those of their squares.
    With `check`, return True if torch's gradcheck is content, else raise its complaint in one line; where it is "saved",
    return whether the backward pass refuses x and w that have changed since they were saved.
    """
    import torch

    x, w, b, gradient = (None if t is None else t.detach().to(device()).requires_grad_() for t in (x, w, b, gradient))
    if check == "saved":
        return _notices_changes(function.apply, x, w, b, stride, padding)
    if check:
        return _gradcheck(function.apply, (x, w, b, stride, padding))
    if penalty:
        return _arrays(second_gradients(function.apply, x, w, b, stride, padding, gradient))
    y = function.apply(x, w, b, stride, padding)
    if gradient is None:
        return _arrays(y)
    leaves = (x, w) if b is None else (x, w, b)
    found = torch.autograd.grad(y, leaves, gradient, allow_unused=True)
    return _arrays((*found, None) if b is None else found)


def second_gradients(apply: Callable[..., Any], x: Any, w: Any, b: Any, stride: int, padding: int, gradient: Any) -> Any:
    """Return the gradients, by x, w and the upstream gradient, of the sum of all squared gradients, as one long row.

    They are zeros where the gradients themselves depend on nothing, as torch sees it.
    """
    import torch

    x, w, gradient = (value.detach().clone().requires_grad_() for value in (x, w, gradient))
    b = None if b is None else b.detach().clone().requires_grad_()
    leaves = (x, w) if b is None else (x, w, b)
    first = torch.autograd.grad(apply(x, w, b, stride, padding), leaves, gradient, create_graph=True)
    penalty = sum((g**2).sum() for g in first)
    wanted = (x, w, gradient)
    if penalty.requires_grad:
        second = torch.autograd.grad(penalty, wanted, allow_unused=True, materialize_grads=True)
    else:
        second = tuple(map(torch.zeros_like, wanted))
    return torch.cat([value.flatten() for value in second])


def _notices_changes(apply: Callable[..., Any], x: Any, w: Any, *others: Any) -> bool:
    import torch

    x, w = (value.detach().clone().requires_grad_() for value in (x, w))
    y = apply(x, w, *others)
    with torch.no_grad():
        x.add_(1)
        w.add_(1)
    try:
        y.sum().backward()
    except RuntimeError as error:
        # A sentence of torch's own. Any other error is the answer's, and is shown.
        if "modified by an inplace operation" not in str(error):
            raise
        return True
    return False


def _gradcheck(apply: Callable[..., Any], inputs: tuple[Any, ...]) -> bool:
    from torch.autograd.gradcheck import GradcheckError, gradcheck

    try:
        return gradcheck(apply, inputs)
    except GradcheckError as error:
        complaint = str(error).partition("\n")[0].rstrip(",")
        for i, name in enumerate("xwb"):
            complaint = complaint.replace(f"input {i}", name)
        raise GradcheckError(complaint) from None


def _arrays(value: Any) -> Any:
    """Convert tensors, also inside a tuple, to NumPy arrays; leave other values as they are."""
    if isinstance(value, tuple):
        return tuple(_arrays(v) for v in value)
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def without_cache(forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a forward pass that returns (y, cache, ...) and leave out the cache, which is the student's own."""
    result = forward(*args, **kwargs)
    if result is None:
        return None
    y, _, *others = _with_cache(result)
    return (y, *others)


def through_cache(forward: Callable[..., Any], backward: Callable[..., Any], dy: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a forward pass, and then the backward pass with an upstream gradient and the cache of the forward pass."""
    return backward(dy, _with_cache(forward(*args, **kwargs))[1])


def _with_cache(result: Any) -> Any:
    wanted = "batch_norm_train must return four things, (y, cache, running_mean, running_var)"
    if not isinstance(result, (tuple, list)):
        raise TypeError(f"{wanted}; yours returned a value of type {type(result).__name__}.")
    if len(result) != 4:
        raise TypeError(f"{wanted}; yours returned {len(result)}.")
    return result
