"""Show which exercises are passed so far, read from the student's own notebooks as they were last saved; nothing is run.

from cnnkit import progress
progress.show()
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.display import display

from cnnkit.checking.notebook import is_test, read_parts
from cnnkit.checking.reporting import FAILED_COLOUR, PASSED_COLOUR
from cnnkit.grading.results import by_exercise

PASSED, NOT_PASSED, NOT_TRIED = "passed", "not passed", "not tried"
WITHOUT_WORDS = "The points leave out answers in words, which a person grades."
MARKS = {PASSED: "✓", NOT_PASSED: "✗", NOT_TRIED: "○"}
COLOURS = {PASSED: PASSED_COLOUR, NOT_PASSED: FAILED_COLOUR, NOT_TRIED: "#595959"}


@dataclass(frozen=True)
class TopicProgress:
    """How far an assignment has come: the state of each exercise, or why its notebook cannot be read."""

    topic: str
    notebook: str
    exercises: dict[str, str]
    points: float = 0
    of_points: float = 0
    problem: str = ""

    @property
    def passed(self) -> int:
        """The number of exercises that are passed."""
        return sum(state == PASSED for state in self.exercises.values())


def find_course(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds the course's assignments.

    Raises FileNotFoundError if there is none.
    """
    for folder in (start, *start.parents):
        if any(folder.glob("assignments/[0-9][0-9]_*/[0-9][0-9]_*.ipynb")):
            return folder
    raise FileNotFoundError(
        f"There is no folder assignments/ with notebooks in {start} or above it: open or enter the folder of the course."
    )


def read(course: Path) -> list[TopicProgress]:
    """Return how far each assignment of the course in a folder has come, in the order of the topics."""
    notebooks = sorted(course.glob("assignments/[0-9][0-9]_*/[0-9][0-9]_*.ipynb"))
    return [_read_topic(course, path) for path in notebooks if path.stem == path.parent.name]


def _read_topic(course: Path, path: Path) -> TopicProgress:
    topic, place = path.stem, path.relative_to(course).as_posix()
    try:
        notebook = nbformat.read(path, as_version=4)
        tried = {cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_test(cell) and cell.outputs}
        tests = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if is_test(cell)]
        parts = read_parts(notebook)
    except (OSError, ValueError, SyntaxError, AttributeError, KeyError, nbformat.ValidationError) as error:
        return TopicProgress(topic, place, {}, problem=f"cannot be read ({type(error).__name__}): is it saved as a notebook?")
    if not parts:
        return TopicProgress(topic, place, {}, problem="holds no tests any more: is it still the course's notebook?")
    was_tried = {id(part): test in tried for part, test in zip(parts, tests, strict=True)}
    states = {}
    points = 0.0
    for name, its in by_exercise(parts).items():
        begun = [part for part in its if was_tried[id(part)]]
        done = [part for part in begun if part.passed]
        points += sum(part.points for part in done)
        states[name] = NOT_TRIED if not begun else PASSED if len(done) == len(its) else NOT_PASSED
    return TopicProgress(topic, place, states, points, sum(part.points for part in parts))


def as_text(topics: Sequence[TopicProgress]) -> str:
    """Return a line per topic, and below it the exercises that are tried but not passed."""
    lines = []
    for its in topics:
        if its.problem:
            lines.append(f"{its.topic}: {its.notebook} {its.problem}")
            continue
        lines.append(f"{its.topic}: {its.passed} of {len(its.exercises)} exercises, {its.points:g} of {its.of_points:g} points")
        lines += [f"    {MARKS[state]} {name}: {state}" for name, state in its.exercises.items() if state == NOT_PASSED]
    done, total = sum(its.passed for its in topics), sum(len(its.exercises) for its in topics)
    says = f"{done} of {total} exercises are passed, as your notebooks were last run and saved."
    return "\n".join([*lines, f"{says} {WITHOUT_WORDS}"])


def as_html(topics: Sequence[TopicProgress]) -> str:
    """Return a table: a row per topic with its bar and its exercises, each with a mark for its state."""
    rows = "".join(_row(its) for its in topics)
    done, total = sum(its.passed for its in topics), sum(len(its.exercises) for its in topics)
    legend = ", ".join(f"{mark} {state}" for state, mark in MARKS.items())
    return (
        f"<p><b>{done} of {total} exercises are passed</b>, as your notebooks were last run and saved. {WITHOUT_WORDS} "
        f"{legend}.</p>"
        f'<table style="text-align:left">{rows}</table>'
    )


def _row(its: TopicProgress) -> str:
    link = f'<a href="{html.escape(its.notebook)}">{html.escape(its.topic)}</a>'
    cells = '<td style="text-align:left;vertical-align:top;white-space:nowrap">'
    if its.problem:
        return f'<tr>{cells}{link}</td><td colspan="2" style="text-align:left">{html.escape(its.problem)}</td></tr>'
    total = len(its.exercises)
    label = f"{its.passed} of {total} exercises of {html.escape(its.topic)}"
    bar = f'<progress value="{its.passed}" max="{total}" aria-label="{label}"></progress> {its.passed} of {total}'
    names = " ".join(
        f'<span style="color:{COLOURS[state]};white-space:nowrap;margin-right:1em" title="{state}">'
        f"{MARKS[state]} {html.escape(name)}</span>"
        for name, state in its.exercises.items()
    )
    return f'<tr>{cells}{link}</td>{cells}{bar}</td><td style="text-align:left">{names}</td></tr>'


def show(course: Path | str = ".") -> None:
    """Display how far you have come, from the notebooks under `course`/assignments as you last saved them.

    Raises FileNotFoundError if neither that folder nor one above it is the course's.
    """
    topics = read(find_course(Path(course).resolve()))
    bundle: dict[str, Any] = {"text/plain": as_text(topics), "text/html": as_html(topics)}
    display(bundle, raw=True)
