"""Compare a result with the reference's, in float64 and with a tolerance that fits the dtype and the length of the sums."""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

SAFETY = 32
"""Factor over eps · (terms + 8) · scale that rounding may take: FFT and float32 accumulation stay well below it."""

NOT_JUDGED = object()
"""Stands for an expected value where any other will do."""


@dataclass
class Difference:
    """The first way in which a result differs from what was expected.

    `kind` is one of nothing, type, shape, dtype, nan, value, precision. `index` is the first wrong entry, `wrong` marks all
    of them, `where` names the member of a result that is a tuple, `result` and `reference` are the whole arrays.
    """

    kind: str
    says: str
    where: str = ""
    index: tuple[int, ...] | None = None
    got: Any = None
    expected: Any = None
    wrong: np.ndarray | None = None
    result: np.ndarray | None = None
    reference: np.ndarray | None = None


def float_dtype(args: Any) -> np.dtype:
    """Return the dtype that a floating-point result must have: that of the first floating-point array in the arguments."""
    for value in args.values() if isinstance(args, dict) else args:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value.dtype
        if hasattr(value, "detach") and value.is_floating_point():
            return np.dtype(str(value.dtype).removeprefix("torch."))
        if isinstance(value, (tuple, list, dict)) and len(value):
            found = float_dtype(value)
            if found != np.float64:
                return found
    return np.dtype(np.float64)


def input_scale(args: Any) -> float:
    """Return the largest magnitude among the floating-point arrays and tensors in the arguments, 0 if there is none."""
    largest = 0.0
    for value in args.values() if isinstance(args, dict) else args:
        value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            largest = max(largest, float(np.abs(value).max()))
        elif isinstance(value, (tuple, list, dict)):
            largest = max(largest, input_scale(value))
    return largest


def difference(
    got: Any, expected: Any, dtype: np.dtype, terms: int, scale: float, exact: bool = False, outputs: tuple[str, ...] = ()
) -> Difference | None:
    """Compare a result with the expected one; return None if they agree.

    `expected` is an array (float64 or integer), a Python number, a bool, None, or a tuple of these. `dtype` is what a
    floating-point array must have; `terms` and `scale` set the tolerance.
    """
    if expected is NOT_JUDGED:
        return None
    if got is None and expected is not None:
        return Difference("nothing", "The function returned nothing (None).")
    if isinstance(expected, (tuple, list)):
        return _difference_of_tuples(got, expected, dtype, terms, scale, exact, outputs)
    if expected is None:
        if got is None:
            return None
        return Difference("type", f"Expected None here, got {_kind_of(got)}.", got=_brief(got), expected=None)
    if isinstance(expected, np.ndarray):
        return _difference_of_arrays(got, expected, dtype, terms, scale, exact)
    if isinstance(expected, (bool, np.bool_)):
        if not isinstance(got, (bool, np.bool_)):
            return Difference("type", f"Expected True or False, got {_kind_of(got)}.", got=_brief(got), expected=expected)
        return None if bool(got) == expected else Difference("value", "", got=got, expected=expected)
    if isinstance(expected, (int, np.integer)):
        return _difference_of_integers(got, int(expected))
    return _difference_of_floats(got, float(expected), terms, scale)


def _difference_of_tuples(got, expected, dtype, terms, scale, exact, outputs) -> Difference | None:
    names = outputs or tuple(f"result {i}" for i in range(len(expected)))
    wanted = f"a tuple of {len(expected)}" + (f" ({', '.join(outputs)})" if outputs else "")
    if not isinstance(got, (tuple, list)):
        return Difference("type", f"Expected {wanted}, got {_kind_of(got)}.")
    if len(got) != len(expected):
        return Difference("type", f"Expected {wanted}, got {len(got)} results.")
    found = []
    for name, one, other in zip(names, got, expected, strict=False):
        result = difference(one, other, dtype, terms, scale, exact)
        if result is not None:
            result.where = name
            result.says = f"{name}: {result.says}" if result.says else ""
            found.append(result)
    # A wrong dtype or a loss of precision in one member must not hide a wrong value in another.
    found.sort(key=lambda d: d.kind in ("dtype", "precision"))
    return found[0] if found else None


def _difference_of_arrays(got, expected, dtype, terms, scale, exact) -> Difference | None:
    if hasattr(got, "detach"):
        return Difference("type", "Expected a NumPy array, got a torch tensor.")
    if not isinstance(got, (np.ndarray, np.generic)):
        return Difference("type", f"Expected a NumPy array, got {_kind_of(got)}.", got=_brief(got))
    got = np.asarray(got)
    if got.dtype == object:
        return Difference("type", "Expected an array of numbers, got an array of Python objects.")
    if got.shape != expected.shape:
        return Difference("shape", f"Expected shape {expected.shape}, got {got.shape}.", got=got.shape, expected=expected.shape)
    if got.dtype.kind == "c":
        return Difference("type", f"Expected real numbers, got {got.dtype}: after an inverse FFT, take the real part.")
    if got.dtype.kind not in "fiub":
        return Difference("type", f"Expected an array of numbers, got dtype {got.dtype}.")
    if expected.dtype.kind in "iub":
        return _entries(got, expected, got != expected) or _integer_dtype(got, expected)
    values = got.astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(values - expected)
    magnitudes = np.abs(expected)
    if not np.isfinite(error).all():
        finite = np.isfinite(values) | ~np.isfinite(expected)
        if not finite.all():
            index = _first(~finite)
            return Difference(
                "nan", "The result has entries that are not finite.", "", index, values[index], expected[index], ~finite
            )
        same = (values == expected) | (np.isnan(values) & np.isnan(expected))  # NaN is what some mistakes give
        error = np.where(same, 0.0, error)
        magnitudes = magnitudes[np.isfinite(expected)]
    size = max(float(magnitudes.max(initial=0.0)), scale)
    expected_bound = _tolerance(dtype, terms, size, exact)
    own_bound = _tolerance(got.dtype if got.dtype.kind == "f" else dtype, terms, size, exact)
    bound = max(expected_bound, own_bound)
    found = _entries(got, expected, ~(error <= bound))
    if found is None and got.dtype != dtype:
        return Difference("dtype", f"Expected dtype {dtype}, got {got.dtype}.", got=str(got.dtype), expected=str(dtype))
    if found is not None and got.dtype == dtype and (error <= _tolerance(np.dtype(np.float32), terms, size, False)).all():
        digits = f"The values agree to about {error.max():.1e} only, which is single precision: {dtype} was expected throughout."
        return Difference("precision", digits, "", found.index, found.got, found.expected, found.wrong)
    return found


def _tolerance(dtype: np.dtype, terms: int, size: float, exact: bool) -> float:
    eps = float(np.finfo(dtype).eps)
    return eps * size if exact else SAFETY * eps * (terms + 8) * size


def _entries(got: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> Difference | None:
    wrong = np.asarray(wrong)
    if not wrong.any():
        return None
    index = _first(wrong)
    return Difference("value", "", "", index, got[index], expected[index], wrong, got, expected)


def _integer_dtype(got: np.ndarray, expected: np.ndarray) -> Difference | None:
    if got.dtype.kind in "iu" or expected.dtype.kind == "b":
        return None
    return Difference("dtype", f"Expected whole numbers (an integer dtype), got {got.dtype}.", got=str(got.dtype))


def _difference_of_integers(got: Any, expected: int) -> Difference | None:
    if isinstance(got, np.ndarray) and got.ndim == 0:
        got = got[()]
    try:
        number = operator.index(got)
    except TypeError:
        if isinstance(got, (float, np.floating)) and got != expected:
            return Difference("value", "", got=got, expected=expected)
        return Difference("type", f"Expected a whole number (int), got {_kind_of(got)}.", got=_brief(got), expected=expected)
    return None if number == expected else Difference("value", "", got=number, expected=expected)


def _difference_of_floats(got: Any, expected: float, terms: int, scale: float) -> Difference | None:
    if hasattr(got, "detach"):
        got = got.detach().cpu().numpy()
    if not isinstance(got, (int, float, np.number, np.ndarray)) or np.shape(got) != () or isinstance(got, bool):
        return Difference("type", f"Expected a number, got {_kind_of(got)}.", got=_brief(got), expected=expected)
    bound = _tolerance(np.dtype(np.float64), terms, max(abs(expected), scale), False)
    if abs(float(got) - expected) <= bound or (np.isnan(float(got)) and np.isnan(expected)):
        return None
    return Difference("value", "", got=float(got), expected=expected)


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _kind_of(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    # A value that the grader's host could not be sent says only what it was.
    return f"a value of type {getattr(value, 'type_name', type(value).__name__)}"


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
