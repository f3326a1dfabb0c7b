"""Check one notebook outside JupyterLab."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from cnnkit.checking.notebook import PartResult, read_parts
from cnnkit.grading.assignment import find_course, find_topic, load_assignment
from cnnkit.grading.execute import execute
from cnnkit.grading.limits import Limits, limits_for
from cnnkit.grading.preflight import accept, read_file, recognise_number
from cnnkit.grading.results import by_exercise, student_row, telling_part


@dataclass(frozen=True)
class Checked:
    """What became of a notebook: its topic, its row of the JSON, and the results of its tests."""

    topic: str
    row: dict[str, Any]
    parts: list[PartResult]


def check_notebook(path: Path, limits: Limits | None = None) -> Checked:
    """Run a notebook in a kernel of its own, its tests as they were handed out, and read the verdicts.

    Raises Rejected with a sentence if it cannot be run, FileNotFoundError or ValueError if its assignment is not at hand.
    """
    content = read_file(path)
    number = recognise_number(content)
    course = find_course(path.resolve().parent, Path.cwd())
    topic = find_topic(course, number)
    accepted = accept(content, load_assignment(course, topic, hidden=False))
    executed = nbformat.reads(execute(accepted.notebook, limits or limits_for(topic)).decode(), as_version=4)
    how, parts = executed.metadata["cnnkit"], read_parts(executed)
    messages = [*accepted.mended, *filter(None, [how["message"]])]
    return Checked(topic, student_row(path.stem, parts, how["status"], messages), parts)


def rejected(path: Path, says: str) -> dict[str, Any]:
    """Return the row of a notebook that could not be run."""
    return student_row(path.stem, [], "rejected", [says])


def as_lines(checked: Checked) -> list[tuple[str, str, list[str]]]:
    """Return for every exercise its verdict, its name with the points, and what is wrong: the sentence, then the evidence."""
    grouped, rows = by_exercise(checked.parts), checked.row["exercises"]
    width = max((len(row["exercise"]) for row in rows), default=0)
    return [
        (
            row["verdict"],
            f"{row['exercise']:{width}}  {row['score']:g} of {row['max_score']:g}",
            [*telling_part(grouped[row["exercise"]]).lines],
        )
        for row in rows
    ]
