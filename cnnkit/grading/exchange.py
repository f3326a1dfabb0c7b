"""Scores as learning platforms import them. The names of the folders of submissions are taken for login names."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from cnnkit.grading.results import not_a_formula

CANVAS, MOODLE = "scores_canvas.csv", "scores_moodle.csv"


def as_canvas(topic: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the points as the table that Canvas imports into its gradebook: its five columns, then the assignment."""
    worth = max((row["max_score"] for row in rows), default=0)
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", topic]
    points = ["    Points Possible", "", "", "", "", worth]
    return _table([header, points, *([row["student"], "", "", row["student"], "", row["score"]] for row in rows)])


def as_moodle(topic: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the points as a table for Moodle's import of grades, with the sentence for each student as feedback."""
    header = ["Username", f"{topic} (points)", f"{topic} (feedback)"]
    return _table([header, *([row["student"], row["score"], row["message"]] for row in rows)])


def _table(lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([not_a_formula(cell) for cell in line] for line in lines)
    return text.getvalue()
