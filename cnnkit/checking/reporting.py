"""Say a verdict: as text, as HTML in a notebook, and as data for the commands that read executed notebooks."""

import html
import re
import sys
from typing import Any

import numpy as np

from cnnkit.checking.diagnosing import Verdict
from cnnkit.exercises.base import Case

VERDICT_MIME = "application/vnd.cnnkit.verdict+json"
SMALL, SMALL_WHOLE = 12, 25
"""Arrays with at most so many entries are shown with their values: the second limit is for whole numbers, which are short."""
LARGE = 10**6
"""Whole numbers from this one on are not short."""
LINE = 240
"""Where the arguments of a case take more characters, those that are not whole numbers are described by their shapes, the
longest first, until it is enough."""
DIGITS, DECIMALS, MOST_DIGITS = 6, 4, 17
"""A number is shown with so many digits, an array with so many decimals; with more, up to all that a double has, where two of
them would look the same."""
MAP_SIDE = 24
"""A heat map has at most this many rows and columns; a larger result is shown in part."""


def show(verdict: Verdict) -> None:
    """Display a verdict in a notebook, or print it where there is none."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None and getattr(get_ipython(), "kernel", None) is not None:
            display(bundle(verdict), raw=True)
            return
    print(as_text(verdict))


def bundle(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict in all its forms by MIME type."""
    return {"text/plain": as_text(verdict), "text/html": as_html(verdict), VERDICT_MIME: as_data(verdict)}


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return what the commands need to know about a verdict."""
    return {
        "check": verdict.check_id,
        "verdict": verdict.status,
        "mistake": verdict.mistake,
        "message": "" if verdict.passed else " ".join(_lines(verdict)),
        "forbidden": list(verdict.forbidden),
    }


def as_text(verdict: Verdict) -> str:
    """Return the verdict as a few lines of text."""
    if verdict.passed:
        return f"{verdict.check_id}  passed ({verdict.passed_cases} cases)"
    return "\n".join([f"{verdict.check_id}  not passed", *(f"  {line}" for line in _lines(verdict))])


def _lines(verdict: Verdict) -> list[str]:
    lines = [verdict.says + (f" See the lecture: “{verdict.see}”." if verdict.see else "")]
    if verdict.shown is not None:
        which = "Hidden case" if verdict.hidden else "Case"
        lines.append(f"{which} {verdict.case}{_note(verdict.shown)}: {_arguments(verdict)}")
    if verdict.line:
        lines.append(f"It happens in {verdict.line}")
    lines += _evidence(verdict)
    lines += [f"{label} = {_value(value)}" for label, value in verdict.window]
    if verdict.shown is not None and not verdict.hidden:
        lines.append(f"To see it again: {_again(verdict)}")
    return lines


def _note(case: Case) -> str:
    return f" ({case.note})" if case.note else ""


def _evidence(verdict: Verdict) -> list[str]:
    found = verdict.difference
    if found is None:
        return []
    lines = [found.says] if found.says and found.says != verdict.says else []
    if found.index is not None:
        entry = f"{found.where} " if found.where else ""
        got, expected = _told_apart(found.got, found.expected)
        lines.append(f"First wrong entry {entry}{_index(found.index)}: got {got}, expected {expected}")
        if found.result is not None and found.result.size > 1 and _is_short(found.result) and _is_short(found.reference):
            whole = _whole_results(found.result, found.reference)
            lines += [f"{label}: {text}" for label, text in zip(("Your result", "Expected"), whole, strict=True)]
    elif found.kind == "value":
        entry = f" {found.where}" if found.where else ""
        got, expected = _told_apart(found.got, found.expected)
        lines.append(f"Got{entry} {got}, expected {expected}")
    return lines


def _told_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Return two numbers that differ with as many digits as it takes to see that."""
    texts = [(_number(got, digits), _number(expected, digits)) for digits in range(DIGITS, MOST_DIGITS + 1)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def _whole_results(got: np.ndarray, expected: np.ndarray) -> tuple[str, str]:
    """Return two short arrays that differ with as many digits behind the point as it takes to see that."""
    texts = [(_entries(got, digits), _entries(expected, digits)) for digits in range(DECIMALS, MOST_DIGITS)]
    return next((pair for pair in texts if pair[0] != pair[1]), texts[0])


def _arguments(verdict: Verdict) -> str:
    given = [*zip(_parameter_names(verdict.title), verdict.shown.args, strict=False), *verdict.shown.kwargs.items()]
    shown = [f"{name} = {_value(value)}" for name, value in given]
    for i in sorted(range(len(given)), key=lambda i: -len(shown[i])):
        if len(", ".join(shown)) > LINE and (brief := _brief(given[i][1])):
            shown[i] = min(shown[i], f"{given[i][0]} = {brief}", key=len)
    return ", ".join(shown)


def _parameter_names(signature: str) -> list[str]:
    inside = signature.partition("(")[2].rpartition(")")[0]
    return [name.partition("=")[0].strip() for name in inside.split(",")]


def _again(verdict: Verdict) -> str:
    call = verdict.repeat or f"{verdict.title.partition('(')[0]}(*args, **options)"
    return f'args, options = case("{verdict.check_id}", {verdict.case}); {call}'


def _value(value: Any) -> str:
    if _is_array(value):
        array = _as_array(value)
        return _entries(array) if _is_short(array) else _shape(value)
    if type(value) in (list, tuple):
        inside = ", ".join(map(_member, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {_member(member)}" for key, member in value.items()) + "}"
    if callable(value):
        return getattr(value, "__name__", "a function")
    return repr(value.item() if isinstance(value, np.generic) else value)


def _member(value: Any) -> str:
    """Show a member of a list: that it is an array is said, because a list of numbers looks the same."""
    text = _value(value)
    return f"array({text})" if _is_array(value) and text.startswith("[") else text


def _brief(value: Any) -> str:
    """Describe an array by its shape, and a list of arrays by its length; nothing for what has to be shown as it is."""
    if _is_array(value):
        return "" if _is_whole(_as_array(value)) else _shape(value)
    if type(value) in (list, tuple, dict):
        members = list(value.values()) if isinstance(value, dict) else value
        return f"a {type(value).__name__} of {len(value)}" if any(map(_brief, members)) else ""
    return ""


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) or hasattr(value, "detach")


def _as_array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value


def _shape(value: Any) -> str:
    return f"{value.dtype} {'array' if isinstance(value, np.ndarray) else 'tensor'} of shape {tuple(value.shape)}"


def _entries(array: np.ndarray, decimals: int = DECIMALS) -> str:
    """Return the entries of an array in one line."""
    text = np.array2string(array, precision=decimals, separator=", ", suppress_small=True)
    return re.sub(r"\s*\n\s*", " ", text)


def _is_short(array: np.ndarray) -> bool:
    """Return whether an array is shown with its values."""
    return array.size <= (SMALL_WHOLE if _is_whole(array) else SMALL)


def _is_whole(array: np.ndarray) -> bool:
    """Return whether an array holds whole numbers that are short to write."""
    if array.dtype.kind == "f" and not (np.abs(array) < LARGE).all():
        return False
    return array.dtype.kind in "biu" or (array.dtype.kind == "f" and bool((array == np.round(array)).all()))


def _number(value: Any, digits: int = DIGITS) -> str:
    return f"{value:.{digits}g}" if isinstance(value, (float, np.floating)) else str(value)


def _index(index: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, index)) + "]"


_BOX = "border-left:6px solid {colour};padding:.4em 1em;margin:.3em 0;max-width:60em"
PASSED_COLOUR, FAILED_COLOUR = "#0072B2", "#D55E00"


def as_html(verdict: Verdict) -> str:
    """Return the verdict as HTML: the sentence, the case, the first wrong entry, and a map of where it is wrong."""
    name = html.escape(verdict.title)
    if verdict.passed:
        style = _BOX.format(colour=PASSED_COLOUR)
        return f'<div style="{style}"><b>Passed</b> <code>{name}</code> on {verdict.passed_cases} cases.</div>'
    headline, *rest = _lines(verdict)
    items = "".join(f"<li>{_marked(line)}</li>" for line in rest)
    return (
        f'<div style="{_BOX.format(colour=FAILED_COLOUR)}"><b>Not passed</b> <code>{name}</code>: '
        f"{verdict.passed_cases} of {verdict.total_cases} cases are right."
        f'<p style="font-size:110%">{html.escape(headline)}</p><ul>{items}</ul>{_error_map(verdict)}</div>'
    )


def _marked(line: str) -> str:
    """Escape a line and set the part after its label in code."""
    label, colon, rest = line.partition(": ")
    if not colon:
        label, colon, rest = line.partition(" = ")
    return f"{html.escape(label)}{colon}<code>{html.escape(rest)}</code>" if colon else html.escape(line)


def _error_map(verdict: Verdict) -> str:
    """Draw which entries of the result are wrong, plane by plane in the first plane that has one."""
    found = verdict.difference
    if found is None or found.wrong is None or found.wrong.size < 2:
        return ""
    wrong = np.atleast_2d(found.wrong)
    plane = wrong[tuple(found.index[: wrong.ndim - 2])] if wrong.ndim > 2 else wrong
    rows = []
    for row in plane[:MAP_SIDE, :MAP_SIDE]:
        cells = "".join(
            f'<td style="width:12px;height:12px;padding:0;text-align:center;font-size:9px;line-height:12px;border:1px solid #fff;'
            f'background:{FAILED_COLOUR if bad else "#cfd8dc"};color:#fff">{"×" if bad else ""}</td>'
            for bad in row
        )
        rows.append(f"<tr>{cells}</tr>")
    which = f" in plane {_index(found.index[: wrong.ndim - 2])}" if wrong.ndim > 2 else ""
    caption = f"Where the result is wrong{which} (×): {int(plane.sum())} of {plane.size} entries."
    return (
        f'<div>{caption}</div><table role="img" aria-label="{caption}" '
        f'style="border-collapse:collapse;margin:.3em 0">{"".join(rows)}</table>'
    )
