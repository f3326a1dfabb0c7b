"""Remember what a class's cases and their right and wrong results are: they are the same for every submission of a run.

A worker judges one submission after another with the same seed. The references and mistakes then give what they gave
before. The cases themselves are drawn anew for each submission, so that nothing of one can reach the next; a result that is
kept is handed out with its arrays read-only.
"""

import functools
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from cnnkit.exercises import find_part
from cnnkit.exercises.base import Case, Exercise, Part, case_generator, draw_cases
from cnnkit.grading import wire

LARGEST_KEPT = 1 << 20
"""Bytes of a result that is kept; larger ones, as of trained networks, are computed again."""
PARTS_KEPT = 256
"""How many parts, each with its seed, a worker remembers: more than an assignment has."""


@functools.lru_cache(maxsize=PARTS_KEPT)
def _known(what: Hashable, seed: int) -> dict[Any, Any]:
    return {}


def drawn(check_id: str, seed: int) -> tuple[Exercise, Part, list[Case], tuple[Case, ...]]:
    """Return the exercise and part of a check, with the cases and sizes of a seed; the exercise remembers its results."""
    _, exercise, part = find_part(check_id)
    cases = draw_cases(part, seed)
    sizes = part.vectorised(case_generator(part, seed)) if part.vectorised else ()
    known = _known(check_id, seed)
    known["asked"] = [*cases, *sizes]  # they live, and what they are told by stays theirs, until the next are drawn
    known["places"] = {_identity(case.args, case.kwargs): i for i, case in enumerate(known["asked"])}
    if "exercise" not in known:
        known["exercise"] = _remembering(exercise, known)
    return known["exercise"], part, cases, sizes


def _remembering(exercise: Exercise, known: dict[Any, Any]) -> Exercise:
    """Return an exercise whose functions keep, in `known`, what they gave for the cases of `known["places"]`."""

    def remembering(which: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        def remembered(*args: Any, **kwargs: Any) -> Any:
            place = known["places"].get(_identity(args, kwargs))
            if place is None:
                return function(*args, **kwargs)
            if (which, place) not in known:
                found = _attempt(function, args, kwargs)
                if _size(found.value) > LARGEST_KEPT:
                    return found.value
                found.value = _copied(found.value)
                known[which, place] = found
            return known[which, place].again()

        return remembered

    mistakes = [replace(mistake, wrong=remembering(i, mistake.wrong)) for i, mistake in enumerate(exercise.mistakes)]
    canonical = exercise.canonical and _on_copies(exercise.canonical)
    return replace(
        exercise, reference=remembering("reference", exercise.reference), mistakes=tuple(mistakes), canonical=canonical
    )


def shows(check_id: str, seed: int) -> dict[tuple[int, int], bool]:
    """Return the memory of `judge`: in which of the cases of a seed each mistake shows."""
    return _known(check_id, seed).setdefault("shows", {})


def request_for(what: Hashable, seed: int, make: Callable[[], dict[str, Any]]) -> bytes:
    """Return the message that carries the cases of a seed to the student's process, as it goes over the wire."""
    known = _known(what, seed)
    if "message" not in known:
        message = wire.packed(make())
        if len(message) > LARGEST_KEPT:
            return message
        known["message"] = message
    return known["message"]


def _identity(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Tell a case by the very objects it consists of."""
    return tuple(map(id, args)), tuple((name, id(value)) for name, value in kwargs.items())


class _Attempted:
    """What a function returned, or the exception it raised."""

    def __init__(self, value: Any, error: Exception | None) -> None:
        self.value, self.error = value, error

    def again(self) -> Any:
        if self.error is not None:
            raise self.error.with_traceback(None)
        return _shared(self.value)


def _attempt(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Attempted:
    try:
        return _Attempted(function(*args, **kwargs), None)
    except (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError) as error:
        return _Attempted(None, error)


def _size(value: Any) -> float:
    """Return how many bytes a result takes; infinitely many if it is of a kind that something could change."""
    if isinstance(value, np.ndarray):
        return value.nbytes if value.dtype != object else float("inf")
    if isinstance(value, (tuple, list)) and type(value) in (tuple, list):
        return 64 + sum(map(_size, value))
    if type(value) is dict:
        return 64 + sum(map(_size, value.values()))
    return 64 if value is None or isinstance(value, (bool, int, float, str, np.generic)) else float("inf")


def _shared(value: Any) -> Any:
    """Return a result with read-only arrays, and lists and dicts of its own."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
        return value
    if isinstance(value, (tuple, list)):
        return type(value)(map(_shared, value))
    return {key: _shared(v) for key, v in value.items()} if isinstance(value, dict) else value


def _on_copies(canonical: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function have results of its own to change."""

    def on_copies(result: Any, *args: Any, **kwargs: Any) -> Any:
        return canonical(_copied(result), *args, **kwargs)

    return on_copies


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    return {key: _copied(v) for key, v in value.items()} if type(value) is dict else value
