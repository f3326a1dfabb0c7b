"""Grade a notebook: the student's process computes, the host decides.

The notebook's cells run in the sandbox. At a test cell nothing of the cell runs there; the host draws the cases, has the
student's function called on them, compares what comes back with the references that exist only here, and writes the
verdict into the notebook as that cell's output, where nbgrader and its feedback find it.
"""

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat

from cnnkit.checking import VISIBLE_SEED
from cnnkit.checking.calling import Observation, Outcome
from cnnkit.checking.diagnosing import Verdict, judge
from cnnkit.checking.notebook import KERNEL_DIED, NOT_RUN, TIME_LIMIT, check_calls, is_test
from cnnkit.checking.reporting import VERDICT_MIME, bundle
from cnnkit.exercises import find_part
from cnnkit.exercises.base import draw_cases
from cnnkit.grading.limits import Limits
from cnnkit.grading.remembering import drawn, request_for, shows
from cnnkit.grading.sandbox import PACKAGE, Sandbox, SandboxError, Submission, SubmissionEnded

ERROR_NAMES = {"crashed": KERNEL_DIED, "timeout": TIME_LIMIT}


_of_this_process: dict[tuple[Limits, bool], Sandbox] = {}
"""The sandboxes of a worker process: started once, they serve every submission that comes to it."""


def execute_in_sandbox(notebook: bytes, limits: Limits, seed: int, pictures: bool = True) -> bytes:
    """Run a notebook in this process's sandbox and return it with every test cell's verdict.

    Without `pictures` figures are described instead of drawn. A function of bytes, for any executor. Raises SandboxError if
    the sandbox does not work here.
    """
    torch = needs_torch(notebook)
    with _one_of_this_process(limits, torch) as sandbox:
        return judged(notebook, sandbox, seed, pictures)


@contextlib.contextmanager
def _one_of_this_process(limits: Limits, torch: bool) -> Iterator[Sandbox]:
    """Give this process's sandbox, started and tested if there is none yet.

    After an error its state is not known: it is closed, and the next submission gets a new one.
    """
    sandbox = _of_this_process.pop((limits, torch), None)
    if sandbox is not None and not sandbox.works():
        # It ends with the thread that started it.
        sandbox.close()
        sandbox = None
    with contextlib.ExitStack() as unless_well:
        if sandbox is None:
            sandbox = Sandbox(torch, limits)
            unless_well.callback(sandbox.close)
            _test(sandbox)
        else:
            unless_well.callback(sandbox.close)
        yield sandbox
        unless_well.pop_all()
    _of_this_process[limits, torch] = sandbox


def try_sandbox(limits: Limits, torch: bool = False) -> None:
    """Start this process's sandbox; SandboxError unless it can run a submission, kept from the network and the host's files."""
    with _one_of_this_process(limits, torch):
        pass


def _test(sandbox: Sandbox) -> None:
    with sandbox.submission() as submission:
        try:
            answer = submission.request({"kind": "cell", "source": _SELF_TEST}, sandbox.limits.cell_seconds)
        except SubmissionEnded as error:
            raise SandboxError(f"The sandbox's self-test did not end: {error}.") from error
        outputs = _trusted_outputs(answer.get("outputs"))
    if [output.get("text") for output in outputs] != ["isolated\n"]:
        said = outputs[-1].get("evalue", outputs[-1].get("text")) if outputs else "nothing"
        raise SandboxError(f"The sandbox does not isolate what runs in it; its self-test said: {said}.")


_SELF_TEST = f"""
import os, socket
assert os.getuid() != 0 and os.getpid() == 1, "it runs with the host's rights"
assert not os.path.exists({str(PACKAGE.parent / "pyproject.toml")!r}), "it sees the course's folder"
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError:
    print("isolated")
"""


def needs_torch(notebook: bytes) -> bool:
    """Whether an exercise of a notebook may call torch."""
    cells = nbformat.v4.reads_json(notebook.decode()).cells
    checks = {call.check_id for cell in cells if is_test(cell) for call in check_calls(cell.source)}
    return any("torch" not in find_part(check_id)[1].forbids for check_id in checks)


def judged(notebook: bytes, sandbox: Sandbox, seed: int, pictures: bool = True) -> bytes:
    """Run a notebook in the sandbox and return it with every test cell's verdict.

    A process that dies or hangs costs the cell it was lost in: another one is started for those after it. The notebook's
    metadata say how it went: `{"cnnkit": {"status": "graded" | "crashed" | "timeout", "message": …}}`.
    """
    parsed = nbformat.v4.reads_json(notebook.decode())
    run = _Run(parsed, sandbox, seed, pictures)
    run.whole_notebook()
    parsed.metadata["cnnkit"] = {"status": run.status, "message": " ".join(run.events)}
    nbformat.validate(parsed)
    return json.dumps(parsed).encode()  # not laid out in lines: nobody reads it on its way


class _Absent(Exception):
    """There is no function of this name when its test runs."""


@dataclass
class _Run:
    """One notebook on its way through one process of the sandbox, or several if they die."""

    notebook: Any
    sandbox: Sandbox
    seed: int
    pictures: bool = True
    status: str = "graded"
    events: list[str] = field(default_factory=list)
    lost_in: set[int] = field(default_factory=set)

    def whole_notebook(self) -> None:
        """Run every code cell in order, in a new process after each loss of one."""
        self.deadline = time.monotonic() + self.sandbox.limits.notebook_seconds
        cells = self.notebook.cells
        todo = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
        for index in todo:
            cells[index].outputs, cells[index].execution_count = [], None
        done: list[int] = []
        asked = _cases_asked_for(self.notebook)
        while todo:
            if time.monotonic() > self.deadline:
                self._give_up(todo)
                return
            with self.sandbox.submission(self.pictures) as submission:
                at = todo[0]
                try:
                    submission.request({"kind": "cases", "cases": asked}, self._seconds(self.sandbox.limits.cell_seconds))
                    for at in [i for i in done if not is_test(cells[i])]:
                        self._execute(submission, at)
                    while todo and time.monotonic() <= self.deadline:
                        at = todo[0]
                        self._run_cell(submission, at)
                        done.append(todo.pop(0))
                except SubmissionEnded as ended:
                    self._lose(at, ended)
                    # A cell that ended the process is not run again, neither now nor in the processes to come.
                    (todo if at in todo else done).remove(at)

    def _run_cell(self, submission: Submission, index: int) -> None:
        cell = self.notebook.cells[index]
        if is_test(cell):
            cell.outputs = self._judge_cell(submission, cell.source)
        elif cell.source.strip():
            cell.outputs = self._execute(submission, index)

    def _seconds(self, wanted: float) -> float:
        return max(0.1, min(wanted, self.deadline - time.monotonic()))

    def _execute(self, submission: Submission, index: int) -> list[Any]:
        source = self.notebook.cells[index].source
        answer = submission.request({"kind": "cell", "source": source}, self._seconds(self.sandbox.limits.cell_seconds))
        return _trusted_outputs(answer.get("outputs"))

    def _judge_cell(self, submission: Submission, source: str) -> list[Any]:
        outputs: list[Any] = []
        for call in check_calls(source):
            seed = self.seed if call.hidden else VISIBLE_SEED
            try:
                verdict, shown = self._verdict(submission, call.check_id, call.names, seed)
            except _Absent as absent:
                return [*outputs, _error("NameError", f"name {str(absent)!r} is not defined")]
            verdict.hidden = call.hidden
            # What the function prints is the same in every call; once is enough.
            outputs += map(_worthless, shown) if not call.hidden else []
            outputs.append(_output("display_data", data=bundle(verdict), metadata={}))
            if not verdict.passed:
                outputs.append(_error("CheckFailed", f"{call.check_id}: {verdict.says}"))
                break
        return outputs

    def _verdict(self, submission: Submission, check_id: str, names: tuple[str, ...], seed: int) -> tuple[Verdict, list[Any]]:
        """Have the functions called on the cases of a part; return the verdict, and what the calls printed."""
        exercise, part, cases, sizes = drawn(check_id, seed)

        def message() -> dict[str, Any]:
            return {
                "kind": "call",
                "functions": list(names),
                "cases": [(case.args, case.kwargs) for case in cases],
                "sizes": [(case.args, case.kwargs) for case in sizes],
                "forbids": list(exercise.forbids),
                "probe": exercise.probe,
                "output_bytes": self.sandbox.limits.output_bytes,
            }

        request = request_for((check_id, names, self.sandbox.limits), seed, message)
        answer = submission.request_packed("call", request, self._seconds(self.sandbox.limits.call_seconds))
        if "missing" in answer:
            raise _Absent(str(answer["missing"])[:80])
        if "uncallable" in answer:
            name, kind = _words(answer["uncallable"])
            says = f"{name} is not a function but {kind}: was the name used for something else?"
            return Verdict(check_id, exercise.signature, "failed", says), []
        observed = _observed(answer, len(cases), len(sizes))
        verdict = judge(check_id, exercise, part, cases, observed, sizes, shows(check_id, seed))
        return verdict, _trusted_outputs(answer.get("outputs"))

    def _lose(self, index: int, ended: SubmissionEnded) -> None:
        cell = self.notebook.cells[index]
        if self.status != "crashed":
            self.status = ended.status
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        self.events.append(f"{grade_id or f'Cell {index + 1}'}: {ended}.")
        cell.outputs = [_error(ERROR_NAMES[ended.status], f"{str(ended).capitalize()}.")]

    def _give_up(self, todo: list[int]) -> None:
        limit = f"{self.sandbox.limits.notebook_seconds:g} seconds"
        self.status = "timeout" if self.status == "graded" else self.status
        self.events.append(f"The notebook took longer than {limit}: what was left did not run.")
        for index in todo:
            self.notebook.cells[index].outputs = [_error(NOT_RUN, f"Not run: the notebook took longer than {limit}.")]


def _output(kind: str, **fields: Any) -> Any:
    return nbformat.from_dict({"output_type": kind, **fields})


def _error(name: str, says: str) -> Any:
    return _output("error", ename=name, evalue=says, traceback=[f"{name}: {says}"])


def _worthless(output: Any) -> Any:
    """Keep nbgrader from reading points out of what a test shows: it takes a warning for a failure, a last value for a score."""
    if output.output_type == "stream":
        return _output("stream", name="stdout", text=output.text)
    if output.output_type == "execute_result":
        return _output("display_data", data=output.data, metadata=output.metadata)
    return output


_CASE = re.compile(r"""\bcase\(\s*["'](\d\d\.\w+)["']""")


def _cases_asked_for(notebook: Any) -> dict[str, list[tuple[Any, Any]]]:
    """Return the visible cases of the parts that the notebook's cells ask for by name."""
    sources = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    found = {}
    for check_id in sorted(set(_CASE.findall(sources))):
        with contextlib.suppress(ValueError):  # a part that there is not: the cell says so when it runs
            _, _, part = find_part(check_id)
            found[check_id] = [(case.args, case.kwargs) for case in draw_cases(part, VISIBLE_SEED)]
    return found


def _words(value: Any) -> tuple[str, str]:
    """Read two words of an untrusted answer; SubmissionEnded if it is not that."""
    if not isinstance(value, list) or len(value) != 2:
        raise SubmissionEnded("crashed", "the notebook's process answered in a form that is not understood")
    return str(value[0])[:80], str(value[1])[:80]


def _observed(answer: dict[str, Any], cases: int, sizes: int) -> Observation:
    """Read an untrusted description of calls; SubmissionEnded if it is not one."""
    try:
        outcomes = [_outcome(description) for description in answer["outcomes"]]
        sized = [_outcome(description) for description in answer["sizes"]]
        forbidden = tuple(str(name)[:200] for name in answer["forbidden"])
        code = tuple(str(trait)[:80] for trait in answer["code"])
    except (KeyError, TypeError, ValueError) as error:
        raise SubmissionEnded("crashed", "the notebook's process answered in a form that is not understood") from error
    if len(outcomes) != cases or len(sized) != sizes:
        raise SubmissionEnded("crashed", "the notebook's process did not answer every call")
    return Observation(outcomes, sized, forbidden, code)


def _outcome(description: dict[str, Any]) -> Outcome:
    changed = tuple(name if isinstance(name, int) else str(name) for name in description["changed"])
    types = tuple(str(name) for name in description["error_types"])
    error, line = str(description["error"])[:2000], str(description["line"])[:500]
    return Outcome(description["value"], error, types, line, changed, int(description["steps"]))


_OUTPUT_FIELDS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "stream": {"name": lambda v: v in ("stdout", "stderr"), "text": lambda v: isinstance(v, str)},
    "display_data": {"data": lambda v: isinstance(v, dict), "metadata": lambda v: isinstance(v, dict)},
    "execute_result": {
        "data": lambda v: isinstance(v, dict),
        "metadata": lambda v: isinstance(v, dict),
        "execution_count": lambda v: v is None or isinstance(v, int),
    },
    "error": {
        "ename": lambda v: isinstance(v, str),
        "evalue": lambda v: isinstance(v, str),
        "traceback": lambda v: isinstance(v, list) and all(isinstance(line, str) for line in v),
    },
}


def _is_shown(kind: str, shown: Any) -> bool:
    """Whether a piece of display data is what a notebook may hold, and no verdict."""
    return kind != VERDICT_MIME and (isinstance(shown, str) or kind.endswith("json"))


def _trusted_outputs(text: Any) -> list[Any]:
    """Read a cell's outputs; SubmissionEnded unless each is a valid output. No output may pose as a verdict."""
    try:
        items = json.loads(text)
        for item in items:
            fields = _OUTPUT_FIELDS[item["output_type"]]
            if item.keys() - {"output_type"} != fields.keys() or not all(fits(item[name]) for name, fits in fields.items()):
                raise ValueError(item["output_type"])
            if "data" in item:
                item["data"] = {kind: shown for kind, shown in item["data"].items() if _is_shown(kind, shown)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SubmissionEnded("crashed", "the notebook's process sent outputs that are not a notebook's") from error
    return [nbformat.from_dict(item) for item in items]
