"""Describe exercises whose answer is a network, or makes one.

The reference and every mistake are made by one builder an exercise, whose options are the mistakes.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.drawing import integer, normal
from cnnkit.exercises.probes import networks

LONGEST_SUM = 500
"""About the terms of a sum behind an output or a gradient of these networks."""

REMEMBERED = 40
"""More than the cases of an exercise for one seed."""

NOT_REGISTERED = (
    "Layers in a plain Python list are not part of the network: its parameters, its device and its state dict do not know them. "
    "Use nn.Sequential or nn.ModuleList."
)
SHARED = "One layer object serves in several places, so they share their weights. Make a new layer for each place."


@functools.cache
def _network_class() -> Any:
    from torch import nn

    class Network(nn.Module):
        """Layers under names, and a function that says what is done with them; plain values stay what they are."""

        def __init__(self, run: Callable[..., Any], **layers: Any) -> None:
            super().__init__()
            self.run = run
            for name, layer in layers.items():
                setattr(self, name, layer)

        def forward(self, *x):
            return self.run(self, *x)

    return Network


def network(run: Callable[..., Any], **layers: Any) -> Any:
    """Make a network of named layers whose forward pass is `run(network, *inputs)`."""
    return _network_class()(run, **layers)


def sequence(layers: list[Any], listed: tuple[type, ...] = ()) -> Any:
    """Make a network of layers in a row; those of the classes `listed` are kept in a plain list."""
    from torch import nn

    if not listed:
        return nn.Sequential(*layers)
    plain = [layer for layer in layers if isinstance(layer, listed)]
    registered = nn.Sequential(*(layer for layer in layers if not isinstance(layer, listed)))
    return network(lambda network, x: x, plain=plain, registered=registered)


def remembering(probe: Callable[..., Any], build: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a probe says of an answer, and remember it: every check of an exercise asks for the same cases again."""
    known: dict[Any, Any] = {}

    def said(*args: Any, **options: Any) -> Any:
        key = _key((args, options))
        if key not in known:
            if len(known) >= REMEMBERED:
                del known[next(iter(known))]
            try:
                known[key] = probe(build, *args, **options)
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                known[key] = error
        if isinstance(known[key], Exception):
            raise known[key].with_traceback(None)
        return known[key]

    return said


def _key(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, (tuple, list)):
        return tuple(map(_key, value))
    return tuple((name, _key(v)) for name, v in sorted(value.items())) if isinstance(value, dict) else value


def made(
    build: Callable[..., Any],
    told_by_table: bool = True,
    told_in_training: bool = True,
    probe: Callable[..., Any] = networks.module,
    **options: Any,
) -> Callable[..., Any]:
    """Return what the probe says of a network built with these options.

    Without `told_by_table`, it says nothing of the parameters alone: another mistake has the same ones. Without
    `told_in_training`, it says nothing of training: what shows in evaluation already need not take the time of a backward pass.
    """
    said = remembering(probe, functools.partial(build, **options))

    def unless_ambiguous(*args: Any, **asked: Any) -> Any:
        if "x" not in asked and not told_by_table:
            raise ValueError(f"{options} does not show in the parameters alone")
        if asked.get("training") and not told_in_training:
            raise ValueError(f"{options} shows in evaluation")
        return said(*args, **asked)

    return unless_ambiguous


def exercise(
    name: str,
    signature: str,
    build: Callable[..., Any],
    parts: tuple[Part, ...],
    *mistakes: tuple[Any, ...],
    forbids: tuple[str, ...],
    probe: Callable[..., Any] = networks.module,
    outputs: tuple[str, ...] = networks.NAMES,
) -> Exercise:
    """Describe an exercise whose answer is a network, or makes one.

    A mistake is its name, its sentence, its heading, and the options of `build` in each of the ways in which it is made.
    """
    module, call = probe.__module__.rpartition(".")[2], probe.__name__
    return Exercise(
        name=name,
        signature=signature,
        reference=made(build, probe=probe),
        parts=parts,
        mistakes=tuple(
            Mistake(mistake, says, see, made(build, probe=probe, **options))
            for mistake, says, see, *ways in mistakes
            for options in ways
        ),
        forbids=forbids,
        terms=lambda *args, **options: LONGEST_SUM,
        outputs=outputs,
        dtype="float64",
        probe=f"{module}.{call}",
        repeat=lambda options: f"from cnnkit.exercises.probes import {module}; {module}.{call}({name}, *args, **options)",
    )


def case(
    rng: np.random.Generator, args: tuple[Any, ...], shape: tuple[int, ...], note: str = "", options: Any = (), **asked: Any
) -> Case:
    """Draw the input of a network, and the seed of its weights."""
    return Case(args, {**dict(options), "x": normal(rng, *shape), "seed": integer(rng, 0, 9999), **asked}, note=note)


def parameter_case(build: Callable[..., Any], args: tuple[Any, ...], note: str = "", **options: Any) -> Case:
    """Ask for the parameters alone; the note lists those that the network has."""
    import torch

    with torch.device("meta"):  # shapes are all that is needed
        shapes = [tuple(p.shape) for p in build(*args, **options).parameters()]
    counted = ", ".join(f"{shapes.count(shape)} of shape {shape}" for shape in dict.fromkeys(shapes))
    return Case(args, options, note=f"{note}; its parameters are {counted}" if note else f"its parameters are {counted}")
