"""Call the student's function on cases and note what happened. Runs beside the student's code and knows no answers."""

import contextlib
import dis
import functools
import linecache
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from cnnkit.exercises import probes
from cnnkit.exercises.base import Case


@dataclass
class Outcome:
    """What one call did: a value, or an error with its types (the class and its bases) and the student's line.

    `changed` holds the positions (or keyword names) of the inputs that the call modified; `steps` counts Python steps where
    that was asked for.
    """

    value: Any = None
    error: str = ""
    error_types: tuple[str, ...] = ()
    line: str = ""
    changed: tuple[int | str, ...] = ()
    steps: int = 0


@dataclass
class Observation:
    """Everything that the host needs to know about the student's function to judge a part.

    `code` says what stands in the function's own code: RETURNS_VALUE, ENDS_WITHOUT, READS_EMPTY.
    """

    outcomes: list[Outcome]
    size_outcomes: list[Outcome] = field(default_factory=list)
    forbidden: tuple[str, ...] = ()
    code: tuple[str, ...] = ()


RETURNS_VALUE, ENDS_WITHOUT, READS_EMPTY = "returns a value", "can end without one", "reads what np.empty holds"


def observe(
    functions: tuple[Callable[..., Any], ...],
    cases: Iterable[Case],
    sizes: Iterable[Case] = (),
    forbids: tuple[str, ...] = (),
    probe: str = "call",
) -> Observation:
    """Call the functions through the probe on every case; count Python steps on the cases in `sizes`."""
    run = probes.find(probe)
    used: set[str] = set()
    code = functions[-1].__code__ if functions and isinstance(functions[-1], types.FunctionType) else None
    traits = _traits(code) if code is not None else set()
    uses_empty = code is not None and bool({"empty", "empty_like"} & set(code.co_names))
    # nbgrader gives no points to a cell that writes to stderr, and a warning in the student's code is no reason for that.
    with _recording(forbids, used), contextlib.redirect_stderr(sys.stdout):
        if uses_empty:
            # What happens to be in memory is often zero: an answer that reads it must not pass by that chance.
            cases = list(cases)
            with _empty_holding(np.nan):
                outcomes = [_outcome(run, functions, case) for case in cases]
            with _empty_holding(0.0):
                again = [_outcome(run, functions, c) for c, one in zip(cases, outcomes, strict=True) if _has_nan(one.value)]
            if any(not one.error and not _has_nan(one.value) for one in again):
                traits.add(READS_EMPTY)
        else:
            outcomes = [_outcome(run, functions, case) for case in cases]
        size_outcomes = [_outcome(run, functions, case, count=True) for case in sizes]
    for function in functions:
        used |= _forbidden_names(function, forbids)
    return Observation(outcomes, size_outcomes, tuple(sorted(used)), tuple(sorted(traits)))


@contextlib.contextmanager
def _empty_holding(value: float) -> Iterator[None]:
    """Let `np.empty` and `np.empty_like` give arrays that hold a number, where they are floating-point."""

    def filled(function: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **kwargs: Any) -> Any:
            array = function(*args, **kwargs)
            if array.dtype.kind == "f":
                array.fill(value)
            return array

        return made

    with mock.patch.object(np, "empty", filled(np.empty)), mock.patch.object(np, "empty_like", filled(np.empty_like)):
        yield


def _has_nan(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_has_nan, value))
    return isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f" and bool(np.isnan(value).any())


class _Instruction(NamedTuple):
    opname: str
    argval: Any
    is_jump_target: bool


@functools.lru_cache(maxsize=1024)
def _instructions(code: types.CodeType) -> tuple[_Instruction, ...]:
    """Take a code object apart, once: it is looked at in every part of its exercise, and that takes longer than most calls."""
    return tuple(_Instruction(one.opname, one.argval, one.is_jump_target) for one in dis.get_instructions(code))


def _traits(code: types.CodeType) -> set[str]:
    """Say whether a function's code returns a value, and whether it can end without one."""
    found: set[str] = set()
    before = None
    for instruction in _instructions(code):
        if instruction.opname in ("RETURN_VALUE", "RETURN_CONST"):
            last = instruction if instruction.opname == "RETURN_CONST" else before
            is_none = last is not None and last.opname in ("LOAD_CONST", "RETURN_CONST") and last.argval is None
            # A jump to the return comes from the other branch of an expression: `return a if condition else None`.
            found.add(ENDS_WITHOUT if is_none and not instruction.is_jump_target else RETURNS_VALUE)
        before = instruction
    return found


def copied(value: Any) -> Any:
    """Copy arrays, also inside tuples, lists and dicts; an array that is not contiguous gives one that is not either."""
    if isinstance(value, np.ndarray):
        if value.flags.c_contiguous or value.ndim == 0:
            return np.array(value)
        spread = np.empty((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)[..., ::2]
        spread[...] = value
        return spread
    if isinstance(value, (tuple, list)):
        return type(value)(copied(v) for v in value) if type(value) in (tuple, list) else value
    if isinstance(value, dict):
        return {key: copied(v) for key, v in value.items()}
    return value.detach().clone() if hasattr(value, "detach") and hasattr(value, "clone") else value


def _outcome(run: Callable[..., Any], functions: tuple[Callable[..., Any], ...], case: Case, count: bool = False) -> Outcome:
    args, kwargs = copied(case.args), copied(case.kwargs)
    counter = _Steps() if count else None
    result = Outcome()
    try:
        if counter is None:
            result.value = copied(run(*functions, *args, **kwargs))
        else:
            with counter:
                result.value = copied(run(*functions, *args, **kwargs))
            result.steps = counter.steps
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the student's code raises is what is to be reported
        result.error = error_text(error)
        result.error_types = tuple(cls.__name__ for cls in type(error).__mro__)
        result.line = _student_line(error, functions)
    positions = [i for i, (now, then) in enumerate(zip(args, case.args, strict=True)) if not _same(now, then)]
    names = [name for name in kwargs if not _same(kwargs[name], case.kwargs[name])]
    result.changed = (*positions, *names)
    return result


def error_text(error: BaseException) -> str:
    """Return an exception as it is shown: its class and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _same(now: Any, then: Any) -> bool:
    if isinstance(then, np.ndarray):
        return now.shape == then.shape and now.dtype == then.dtype and now.tobytes() == then.tobytes()
    if isinstance(then, (tuple, list)):
        return len(now) == len(then) and all(_same(a, b) for a, b in zip(now, then, strict=True))
    if isinstance(then, dict):
        return now.keys() == then.keys() and all(_same(now[key], then[key]) for key in then)
    if hasattr(then, "detach"):
        return _same(now.detach().cpu().numpy(), then.detach().cpu().numpy())
    return True


def _student_line(error: BaseException, functions: tuple[Callable[..., Any], ...]) -> str:
    """Return the innermost line of the student's own code in the traceback, as `line 4: acc += x[i + k] * w[k]`."""
    own = [member for function in functions for member in (function, *_members(function))]
    namespaces = [vars_of for vars_of in (getattr(f, "__globals__", None) for f in own) if vars_of is not None]
    found, trace = "", error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if any(frame.f_globals is namespace for namespace in namespaces):
            text = linecache.getline(frame.f_code.co_filename, trace.tb_lineno).strip()
            found = f"line {trace.tb_lineno} of its cell: {text}" if text else f"line {trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _members(value: Any) -> list[types.FunctionType]:
    """Return the functions written in a class, also those that are static or class methods; nothing for what is no class."""
    members = [getattr(member, "__func__", member) for member in vars(value).values()] if isinstance(value, type) else []
    return [member for member in members if isinstance(member, types.FunctionType)]


class _Steps:
    """Count the Python lines and calls executed inside a `with` block, in this thread."""

    def __init__(self) -> None:
        self.steps = 0

    def __enter__(self) -> "_Steps":
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: types.FrameType, event: str, arg: Any) -> Callable[..., Any]:
        self.steps += 1
        return self._trace


@contextlib.contextmanager
def _recording(forbids: tuple[str, ...], used: set[str]) -> Iterator[None]:
    """Note calls of forbidden NumPy functions made through their module, however the student reached the module."""
    patches = []
    for path in forbids:
        module, _, name = path.rpartition(".")
        if module == "numpy":
            patches.append(mock.patch.object(np, name, _noting(getattr(np, name), path, used)))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def _noting(function: Callable[..., Any], path: str, used: set[str]) -> Callable[..., Any]:
    def noting(*args: Any, **kwargs: Any) -> Any:
        used.add(path)
        return function(*args, **kwargs)

    return noting


def _forbidden_names(function: Any, forbids: tuple[str, ...]) -> set[str]:
    """Find what the code of a function, and of the student's functions that it calls, refers to and may not."""
    found: set[str] = set()
    seen: set[int] = set()

    def look_at(value: Any) -> None:
        path = value.__name__ if isinstance(value, types.ModuleType) else _path_of(value)
        hit = next((f for f in forbids if path == f or path.startswith(f + ".")), None)
        if hit is not None:
            found.add(path)
        elif not path.startswith(("numpy.", "torch.", "torchvision.", "cnnkit.", "builtins.")):
            if isinstance(value, types.FunctionType):
                walk(value)
            elif isinstance(value, type):
                walk_class(value)

    def walk(item: types.FunctionType) -> None:
        if id(item.__code__) in seen:
            return
        seen.add(id(item.__code__))
        for cell in item.__closure__ or ():
            if cell.cell_contents is not cell:
                look_at(cell.cell_contents)
        _walk_code(item.__code__, item.__globals__, look_at, forbids, found)

    def walk_class(item: type) -> None:
        if id(item) in seen:
            return
        seen.add(id(item))
        for base in item.__mro__[1:]:
            look_at(base)
        for member in _members(item):
            walk(member)

    look_at(function)
    return found


def _walk_code(
    code: types.CodeType,
    namespace: dict[str, Any],
    look_at: Callable[[Any], None],
    forbids: tuple[str, ...],
    found: set[str],
) -> None:
    value: Any = None
    for instruction in _instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            value = namespace.get(instruction.argval)
            if value is not None:
                look_at(value)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and isinstance(value, types.ModuleType):
            value = getattr(value, instruction.argval, None)
            if value is not None:
                look_at(value)
        elif instruction.opname == "IMPORT_NAME":
            name = instruction.argval
            if any(name == f or name.startswith(f + ".") for f in forbids):
                found.add(name)
            value = None
        elif instruction.opname not in ("PUSH_NULL", "CACHE", "EXTENDED_ARG", "PRECALL"):
            value = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _walk_code(constant, namespace, look_at, forbids, found)


def _path_of(value: Any) -> str:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return ""
    # torch.conv2d and its like are methods of a class without a name for the public.
    return f"{module}.{name.removeprefix('_VariableFunctionsClass.')}"
