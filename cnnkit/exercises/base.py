"""The parts that an exercise is made of: cases, mistakes, parts."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

NUMPY_FORBIDS = ("torch", "torchvision", "scipy", "skimage", "cnnkit.exercises", "numpy.convolve", "numpy.correlate")
"""What an exercise in NumPy may not call: that would be handing the work to somebody else."""


@dataclass(frozen=True)
class Case:
    """One call of the student's function: its arguments, and what is special about them.

    `raises` is the exception that the call must raise, or None if it must return. With `only_returns` it is enough that the
    call returns: the values are judged elsewhere, so that refusing too much is told from computing wrongly. `note` completes
    the sentence "This case has …" and is shown with a failure.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    raises: type[Exception] | None = None
    only_returns: bool = False


@dataclass(frozen=True)
class Mistake:
    """A named wrong reference: what an answer returns that makes this mistake.

    `says` is one sentence in the second person about what was done; `see` is the heading in the topic's lecture that treats
    it, empty if none does; `wrong` takes the arguments of a case and returns the wrong result, or raises where such an answer
    would. Several mistakes of an exercise may have one name: forms of the same misconception. What departs from a convention
    only is explained, but its name is None.
    """

    name: str | None
    says: str
    see: str
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class Part:
    """One graded behaviour of an exercise.

    `cases(rng)` draws the cases. `vectorised(rng)` draws two cases that differ in size only: the number of Python steps must
    not grow with the number of output entries, which `entries(*args)` counts. Of an exercise's several results, `judges`
    names those that this part is about; all if it is empty.
    """

    id: str
    cases: Callable[[np.random.Generator], list[Case]]
    vectorised: Callable[[np.random.Generator], tuple[Case, Case]] | None = None
    judges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exercise:
    """What one function of the student is compared with.

    `reference` takes the arguments of a case and returns the right result in float64. `terms(*args, **kwargs)` is the number of
    terms summed up for one entry of the result; the tolerance grows with it. `window(index, *args, **kwargs)` returns the
    labelled pieces of the input behind an entry. `outputs` names the members of a result that is a tuple. `exact` asks for
    equality, for results that are copied or counted. `probe` is the name of the function in `cnnkit.exercises.probes` (or
    `module.name` for one in a module of that package) that calls the student's function, after the earlier functions of the
    student's that it `needs`. Where several results are equally right, `canonical(result, *args, **kwargs)` brings them to one
    form before they are compared; it raises ValueError, with the sentence to show, for a result that has no such form. It sees
    the returned value only, never the student's code. `dtype` is that of floating-point results where it does not follow the
    input's. `repeat(options)` is the expression that repeats a case with its `args` and `options`, where that is not a plain
    call. `none_says` is the sentence about a result that is None where another one is expected, if None is sometimes right.
    """

    name: str
    signature: str
    reference: Callable[..., Any]
    parts: tuple[Part, ...]
    mistakes: tuple[Mistake, ...]
    forbids: tuple[str, ...] = NUMPY_FORBIDS
    terms: Callable[..., int] = lambda *args, **kwargs: 1
    window: Callable[..., list[tuple[str, Any]]] | None = None
    outputs: tuple[str, ...] = ()
    exact: bool = False
    probe: str = "call"
    needs: tuple[str, ...] = ()
    canonical: Callable[..., Any] | None = None
    dtype: str = ""
    repeat: Callable[[dict[str, Any]], str] | None = None
    none_says: str = ""


def case_generator(part: Part, seed: int) -> np.random.Generator:
    """Return the random generator from which a part draws its cases for a seed."""
    return np.random.default_rng([seed, zlib.crc32(part.id.encode())])


def draw_cases(part: Part, seed: int) -> list[Case]:
    """Draw the cases of a part for a seed: the same seed gives the same cases."""
    return part.cases(case_generator(part, seed))
