"""Grade a class: read, run, write; one student after the other fails alone."""

import csv
import functools
import io
import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from cnnkit.checking.notebook import read_parts
from cnnkit.grading.assignment import Assignment, load_assignment, notebook_path, points_of
from cnnkit.grading.exchange import CANVAS, MOODLE, as_canvas, as_moodle
from cnnkit.grading.execute import execute
from cnnkit.grading.feedback import FeedbackForm, Marks, automatic_page
from cnnkit.grading.gradebook import DATABASE, ClassGradebook, GradebookError, open_gradebook, valid_timestamp
from cnnkit.grading.judge import execute_in_sandbox, needs_torch, try_sandbox
from cnnkit.grading.limits import Limits, limits_for
from cnnkit.grading.preflight import Accepted, Rejected, accept, read_submission
from cnnkit.grading.report import as_csv, as_html
from cnnkit.grading.results import as_json, rejected_row, student_row
from cnnkit.grading.resume import RunRecord, back_up, digest, write_whole
from cnnkit.grading.sandbox import find_bubblewrap
from cnnkit.grading.workers import worker_processes

RESULTS, REPORT, SCORES, TIMES, LOG = "results.json", "report.html", "scores.csv", "times.csv", "grade.log"
UNSAFE = "Graded without a sandbox: a notebook could read and change what the person who graded can."


def choose_students(submitted: Path, output: Path, student: str | None = None) -> list[str]:
    """List the students in nbgrader's folder of submissions: the names of its folders, in order, or the one asked for.

    Raises FileNotFoundError if the folder does not exist, ValueError if it has no such student or the output lies in it.
    """
    if not submitted.is_dir():
        raise FileNotFoundError(f"There is no folder {submitted}: give the one that holds a folder per student.")
    if output.resolve().is_relative_to(submitted.resolve()):
        raise ValueError(f"{output} lies among the submissions: choose another folder for the output.")
    found = sorted(path.name for path in submitted.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise ValueError(f"{submitted} holds no submissions: expected a folder per student.")
    for name in found:
        if not name.isprintable() or name != name.strip():
            raise ValueError(f"The gradebook cannot hold the name of the folder {name!r} in {submitted}: rename it.")
    if student is not None and student not in found:
        raise ValueError(f"There is no student {student} in {submitted}: it has {len(found)}, {found[0]} to {found[-1]}.")
    return found if student is None else [student]


def usable_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Graded(NamedTuple):
    """The rows of the students that were graded, in order, the seed of the hidden cases, and how many rows were kept."""

    rows: list[dict[str, Any]]
    seed: int
    kept: int


def grade_class(
    course: Path,
    topic: str,
    submitted: Path,
    output: Path,
    students: Sequence[str],
    *,
    jobs: int,
    seed: int | None = None,
    sandbox: bool = True,
    limits: Limits | None = None,
    scheduler: str = "",
    feedback: bool = True,
    done: Callable[[dict[str, Any]], None] = lambda row: None,
) -> Graded:
    """Grade students; `done` is called with each row as it is written.

    The notebooks run in a sandbox, and what their functions return is judged outside; without `sandbox` they run with the
    rights of this process. A run of the same students that was not finished goes on where it stopped. With `scheduler`, the
    address of a Dask cluster, the notebooks run there. `limits` are those that suit the topic if not given. Without `feedback`
    no pages are written for students. Everything is written under `output`. Raises GradebookError, SandboxError,
    FileNotFoundError or ValueError where nothing can be graded.
    """
    limits = limits or limits_for(topic)
    # Where no page is written nobody sees the pictures, and they take half of the time.
    run = functools.partial(execute_in_sandbox, pictures=feedback) if sandbox else execute
    began = time.monotonic()
    assignment = load_assignment(course, topic, hidden=True)
    content = notebook_path(course, "solutions", topic).read_bytes()
    if sandbox and not scheduler:
        find_bubblewrap()
    what = {"topic": topic, "assignment": digest(content), "students": [*students], "feedback": feedback}
    what |= {"sandbox": sandbox, "limits": asdict(limits)}
    with _workers(jobs, sandbox, scheduler, feedback) as first:
        if sandbox:
            # Each worker starts its sandbox and tests it. Nothing has been written: without a sandbox nothing is.
            ready = [first.submit(try_sandbox, limits, needs_torch(content)) for _ in range(1 if scheduler else jobs)]
            for future in ready:
                future.result()
        with open_gradebook(output, course, topic) as gradebook, _log_file(output) as log:
            back_up(output / DATABASE)
            gradebook.with_feedback = feedback
            if feedback:
                gradebook.begin()  # a page has what the gradebook knows of the assignment
            part = () if [*students] == choose_students(submitted, output) else students
            record = RunRecord(output, what, seed, part)
            log.info("%s: seed %d%s", topic, record.seed, ", resumed" if record.resumed else "")
            if not sandbox:
                log.warning(UNSAFE)
            pools = itertools.chain([first], iter(lambda: _workers(jobs, sandbox, scheduler, feedback), None))
            desk = _Desk(assignment, submitted, gradebook, record)
            work = _Work(pools, run, limits, record.seed, gradebook.form if feedback else None)
            rows: dict[str, dict[str, Any]] = {}
            outcomes = _outcomes(work, desk, students, rows, 2 * jobs)
            if not feedback:
                # One has come when the gradebook is begun, and the next ones run meanwhile.
                outcomes = itertools.chain([*itertools.islice(outcomes, 1)], outcomes)
                gradebook.begin()
            for student, outcome in outcomes:
                rows[student] = row = desk.write(student, outcome)
                said = f": {row['message']}" if row["message"] else ""
                log.info("%s: %s after %.1f s%s", student, row["status"], time.monotonic() - began, said)
                done(row)
            in_order = [rows[student] for student in students]
            write_reports(output, topic, _merged(output, topic, in_order), "" if sandbox else UNSAFE)
            _write_times(output, desk.seconds)
            record.finish()
    return Graded(in_order, record.seed, len(desk.kept))


def _workers(jobs: int, sandbox: bool, scheduler: str, feedback: bool) -> AbstractContextManager[Executor]:
    """Return what runs notebooks: threads that each wait for a kernel, processes that each keep a sandbox, or a cluster."""
    if scheduler:
        from cnnkit.grading.cluster import executor

        return executor(scheduler)
    if sandbox:
        return worker_processes(jobs, feedback)
    return ThreadPoolExecutor(jobs)


@dataclass
class _Work:
    """How notebooks are run: where (another pool when one breaks), by which function, with which limits and seed."""

    pools: Iterator[AbstractContextManager[Executor]]
    run: Callable[[bytes, Limits, int], bytes]
    limits: Limits
    seed: int
    form: FeedbackForm | None

    def submit(self, pool: Executor, notebook: bytes) -> "Future[Executed]":
        """Start a notebook."""
        return pool.submit(_executed, self.run, notebook, self.limits, self.seed, self.form)


class Executed(NamedTuple):
    """A notebook with its outputs, the seconds that it took, and the page of feedback for its automatic marks."""

    notebook: bytes
    seconds: float
    page: tuple[Marks, str] | None


def _executed(
    run: Callable[[bytes, Limits, int], bytes], notebook: bytes, limits: Limits, seed: int, form: FeedbackForm | None
) -> Executed:
    began = time.monotonic()
    graded = run(notebook, limits, seed)
    return Executed(graded, time.monotonic() - began, automatic_page(graded, form) if form else None)


Outcome = Executed | BaseException


def _outcomes(
    work: _Work, desk: "_Desk", students: Sequence[str], rows: dict[str, dict[str, Any]], window: int
) -> Iterator[tuple[str, Outcome]]:
    """Yield every student with the executed notebook, or with what went wrong, as they come.

    Rows that an earlier start of this run has written are put into `rows`. At most `window` submissions are held at a time.
    If a worker dies, the notebooks that were running are run again one by one, so that only the one that it died of fails.
    """
    waiting = iter(students)
    while True:
        running: dict[Future[Executed], str] = {}
        starting: list[str] = []
        with next(work.pools) as pool:
            try:
                for student in waiting:
                    accepted = desk.receive(student)
                    if isinstance(accepted, dict):
                        rows[student] = accepted
                        continue
                    if isinstance(accepted, Rejected):
                        yield student, accepted
                        continue
                    starting = [student]
                    running[work.submit(pool, accepted.notebook)] = starting.pop()
                    while len(running) >= window:
                        yield from _finished(running)
                while running:
                    yield from _finished(running)
                return
            except BrokenExecutor:
                suspects = [*running.values(), *starting]
            finally:
                # Where the run is interrupted, start no other.
                for future in running:
                    future.cancel()
        for student in suspects:
            with next(work.pools) as pool:
                future = work.submit(pool, desk.received[student].notebook)
                yield student, future.exception() or future.result()


def _finished(running: "dict[Future[Executed], str]") -> Iterator[tuple[str, Outcome]]:
    """Wait for notebooks, take them out of the running ones and yield them. Raises BrokenExecutor if a worker has died."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            raise error
        yield running.pop(future), error or future.result()


class _Desk:
    """Takes submissions in and writes results down, in the one process that does."""

    def __init__(self, assignment: Assignment, submitted: Path, gradebook: ClassGradebook, record: RunRecord) -> None:
        self.assignment, self.submitted, self.gradebook, self.record = assignment, submitted, gradebook, record
        self.points = points_of(assignment)
        self.received: dict[str, Accepted] = {}
        self.digests: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.kept: list[str] = []

    def receive(self, student: str) -> Accepted | Rejected | dict[str, Any]:
        """Return a student's notebook ready to run, why it cannot be, or the row if this run has graded it already."""
        topic = self.assignment.topic
        try:
            content = read_submission(self.submitted, student, topic, f"{topic}.ipynb")
            self.digests[student] = digest(content, self._timestamp(student).encode())
            found: Accepted | Rejected = accept(content, self.assignment)
            self.received[student] = found
        except Rejected as rejection:
            self.digests[student] = digest(str(rejection).encode())
            found = rejection
        row = self.record.row(student, self.digests[student])
        if row is None:
            return found
        self.kept.append(student)
        return row

    def write(self, student: str, outcome: Outcome) -> dict[str, Any]:
        """Write a student's result into the gradebook and return the row; what cannot be written is noted as such."""
        row = self._written(student, outcome)
        # What the grader itself failed on is tried again by a run that goes on.
        if isinstance(outcome, (Executed, Rejected)):
            self.record.keep(student, self.digests[student], row)
        return row

    def _written(self, student: str, outcome: Outcome) -> dict[str, Any]:
        if isinstance(outcome, Rejected):
            return self._failed(student, "rejected", str(outcome))
        if isinstance(outcome, BaseException):
            return self._failed(student, "crashed", f"The grader failed on this notebook: {type(outcome).__name__}: {outcome}")
        accepted, self.seconds[student] = self.received.pop(student), outcome.seconds
        notebook = nbformat.v4.reads_json(outcome.notebook.decode())
        how = notebook.metadata["cnnkit"]
        row = student_row(student, read_parts(notebook), how["status"], [*accepted.mended, *filter(None, [how["message"]])])
        try:
            self.gradebook.save(student, accepted.notebook, notebook, self._timestamp(student), outcome.page)
        except GradebookError as error:
            return self._failed(student, "crashed", str(error))
        return row

    def _failed(self, student: str, status: str, says: str) -> dict[str, Any]:
        row = rejected_row(student, says, self.points, status)
        earlier = self.gradebook.reject(student, says)
        if earlier:
            row["flags"].append(f"An earlier score of {earlier:g} was replaced by 0.")
        return row

    def _timestamp(self, student: str) -> str:
        try:
            content = read_submission(self.submitted, student, self.assignment.topic, "timestamp.txt")
        except Rejected:
            return ""
        return valid_timestamp(content[:100].decode("utf-8", "replace"))


class _log_file:
    """A logger whose lines, with their times, go to a file under the output folder."""

    def __init__(self, output: Path) -> None:
        self.log = logging.Logger("cnnkit.grading", logging.INFO)
        self.handler = logging.FileHandler(output / LOG, encoding="utf-8")
        self.handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def __enter__(self) -> logging.Logger:
        self.log.addHandler(self.handler)
        return self.log

    def __exit__(self, *exc: object) -> None:
        self.handler.close()


def _merged(output: Path, topic: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the whole class: those given, and those of an earlier run for students not graded now."""
    new = {row["student"]: row for row in rows}
    try:
        earlier = json.loads((output / RESULTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        earlier = {}
    old = {row["student"]: row for row in earlier.get("students", ()) if earlier["assignment"] == topic}
    return [(old | new)[student] for student in sorted(old | new)]


def write_reports(output: Path, topic: str, rows: Sequence[dict[str, Any]], warning: str = "") -> None:
    """Write the results of a class as JSON, as a page to read and as tables."""
    write_whole(output / RESULTS, as_json(topic, rows))
    write_whole(output / SCORES, as_csv(rows))
    write_whole(output / CANVAS, as_canvas(topic, rows))
    write_whole(output / MOODLE, as_moodle(topic, rows))
    write_whole(output / REPORT, as_html(topic, rows, warning, lambda page: (output / page).is_file()))


def _write_times(output: Path, seconds: dict[str, float]) -> None:
    """Write how long each notebook took, apart from the report: the same class gives the same report."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "seconds"])
    table.writerows((student, f"{taken:.2f}") for student, taken in sorted(seconds.items()))
    write_whole(output / TIMES, text.getvalue())
