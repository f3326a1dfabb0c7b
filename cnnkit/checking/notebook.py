"""Read verdicts from an executed notebook: what its test cells displayed, and what is said where they displayed nothing."""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cnnkit.checking.reporting import VERDICT_MIME

TIME_LIMIT, KERNEL_DIED, NOT_RUN, NO_VERDICT = "TimeLimit", "KernelDied", "NotRun", "NoVerdict"
"""Names of the errors that the grader itself puts into a notebook."""

VERDICTS = ("passed", "missing", "failed", "error", "timeout")
"""From best to worst; the contract of the JSON has no other."""

NOT_WRITTEN = "Not written yet: the function still raises NotImplementedError."
MAX_MESSAGE = 2000
HIDDEN_BEGIN, HIDDEN_END = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
"""nbgrader looks for these words anywhere in a line."""
_NAME_ERROR = re.compile(r"name '(\w+)' is not defined")
_MISTAKE = re.compile(r"[a-z][a-z0-9_]{0,60}")
_CHANGES_FROM_RUN_TO_RUN = re.compile(r"(?P<address>\bat 0x)[0-9a-fA-F]+|\S*/ipykernel_\d+/\d+\.py|\b\d{4,}\.py\b")


@dataclass(frozen=True)
class CheckCall:
    """A call `check("02.conv1d", conv1d)` in a test cell: `names` are the functions it is given."""

    check_id: str
    names: tuple[str, ...]
    statement: str
    hidden: bool


@dataclass(frozen=True)
class PartResult:
    """What became of one test cell. `lines` is what is said, the sentence first; `absent` names a function not found."""

    part: str
    check_id: str
    points: float
    verdict: str
    mistake: str | None = None
    lines: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    absent: str = ""

    @property
    def passed(self) -> bool:
        """Whether the part earns its points."""
        return self.verdict == "passed"


@functools.lru_cache(maxsize=256)
def check_calls(source: str) -> tuple[CheckCall, ...]:
    """Return the calls of `check` in a test cell's own text; SyntaxError if that is not Python."""
    calls = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "check" and node.args:
            first, *rest = node.args
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                names = tuple(argument.id for argument in rest if isinstance(argument, ast.Name))
                hidden = any(keyword.arg == "hidden" for keyword in node.keywords)
                calls.append(CheckCall(first.value, names, ast.unparse(node), hidden))
    return tuple(calls)


def split_hidden(source: str) -> tuple[str, str]:
    """Split a test cell into what the student sees of it and its hidden tests."""
    seen: list[str] = []
    hidden: list[str] = []
    inside = False
    for line in source.splitlines():
        if HIDDEN_BEGIN in line or HIDDEN_END in line:
            inside = HIDDEN_BEGIN in line
        else:
            (hidden if inside else seen).append(line)
    return "\n".join(seen), "\n".join(hidden)


def is_test(cell: Any) -> bool:
    """Return whether a cell is one that nbgrader grades by its outputs."""
    nbgrader = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(nbgrader.get("grade")) and not nbgrader.get("solution")


def verdicts_in(outputs: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the verdicts that a cell displayed, with only what a verdict may hold."""
    for output in outputs:
        data = output.get("data", {})
        found = data.get(VERDICT_MIME)
        if isinstance(found, dict) and isinstance(found.get("check"), str):
            text = data.get("text/plain", "")
            lines = [steady(line.strip()) for line in str(text).splitlines()[1:]]
            mistake = found.get("mistake")
            forbidden = found.get("forbidden")
            yield {
                "check": found["check"],
                "verdict": found.get("verdict") if found.get("verdict") in VERDICTS else "failed",
                "mistake": mistake if isinstance(mistake, str) and _MISTAKE.fullmatch(mistake) else None,
                "lines": tuple(line for line in lines if line),
                "forbidden": tuple(str(name)[:80] for name in forbidden) if isinstance(forbidden, list) else (),
            }


def steady(text: str) -> str:
    """Shorten a message, and replace what differs between two runs of the same notebook: addresses, temporary files."""
    text = _CHANGES_FROM_RUN_TO_RUN.sub(lambda m: "at 0x…" if m["address"] else "<cell>", text[: 4 * MAX_MESSAGE])
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def read_parts(notebook: Any) -> list[PartResult]:
    """Return what became of every test cell of an executed notebook, in its order."""
    return [_read_test(cell, notebook) for cell in notebook.cells if is_test(cell)]


def _read_test(cell: Any, notebook: Any) -> PartResult:
    nbgrader = cell.metadata.nbgrader
    calls = check_calls(cell.source)
    part = calls[0].check_id.partition(".")[2] if calls else nbgrader.grade_id.removeprefix("test_")
    check_id = calls[0].check_id if calls else part
    expected = {call.check_id for call in calls}
    verdicts = [verdict for verdict in verdicts_in(cell.outputs) if verdict["check"] in expected]
    forbidden = tuple(dict.fromkeys(name for verdict in verdicts for name in verdict["forbidden"]))
    errors = [output for output in cell.outputs if output.output_type == "error"]

    def result(verdict: str, *lines: str, mistake: str | None = None, absent: str = "") -> PartResult:
        return PartResult(part, check_id, float(nbgrader.points), verdict, mistake, lines, forbidden, absent)

    for error in errors:
        if error.ename in (TIME_LIMIT, NOT_RUN):
            return result("timeout", steady(error.evalue))
        if error.ename == KERNEL_DIED:
            return result("error", steady(error.evalue))
    for verdict in verdicts:
        if verdict["verdict"] != "passed":
            return result(verdict["verdict"], *verdict["lines"], mistake=verdict["mistake"])
    if errors:
        verdict, line, absent = _explain(errors[0], calls, cell, notebook)
        return result(verdict, line, absent=absent)
    if len(verdicts) < len(calls):
        return result("error", "The test ended without a verdict.")
    return result("passed")


def _explain(error: Any, calls: list[CheckCall], test: Any, notebook: Any) -> tuple[str, str, str]:
    """Return verdict, sentence and the name of a function not found, for a test cell that ended before its check."""
    said = steady(f"{error.ename}: {error.evalue}" if error.evalue else error.ename)
    if error.ename == "NotImplementedError":
        return "missing", NOT_WRITTEN, ""
    unknown = _NAME_ERROR.match(error.evalue) if error.ename == "NameError" else None
    name = unknown[1] if unknown else ""
    if name not in {name for call in calls for name in call.names}:
        return "error", f"The test stops with {said}", ""
    before = True
    defined_later = False
    for cell in notebook.cells:
        before = before and cell is not test
        if cell.cell_type == "code" and re.search(rf"^(?:def|class)\s+{name}\b|^{name}\s*=", cell.source, re.MULTILINE):
            failed = next((output for output in cell.outputs if output.output_type == "error"), None)
            if failed is not None:
                return "error", f"The cell that defines {name} fails: {steady(f'{failed.ename}: {failed.evalue}')}", ""
            defined_later = defined_later or not before
    if defined_later:
        return "missing", f"{name} is defined only after its test: move its cell up, the notebook runs from top to bottom.", name
    return "missing", f"There is no function {name} when its test runs: it was renamed or deleted. Call it {name} again.", name
