"""What `cnnkit check` and `cnnkit grade` show in a terminal."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from cnnkit.grading.classroom import Graded
from cnnkit.grading.results import plainly_graded
from cnnkit.grading.single import Checked, as_lines

COLOURS = {"passed": "green", "missing": "yellow", "failed": "red", "error": "red", "timeout": "red"}


def show_checked(checked: Checked, console: Console) -> None:
    """Print a line per exercise, and below one that is not passed the evidence."""
    row = checked.row
    for verdict, name, lines in as_lines(checked):
        says = f"  {lines[0]}" if lines else ""
        console.print(Text.assemble((f"{verdict:8}", COLOURS[verdict]), f"  {name}{says}"), soft_wrap=True)
        for line in lines[1:]:
            console.print(Text(textwrap.indent(line, " " * 12), "dim"), soft_wrap=True)
    for says in filter(None, [row["message"], *row["flags"]]):
        console.print(Text(says, "yellow"), soft_wrap=True)
    console.print(f"{checked.topic}: {row['score']:g} of {row['max_score']:g} points that are graded automatically")


@contextmanager
def progress_bar(students: int, console: Console) -> Iterator[Any]:
    """Show a bar while a class is graded; yields what is to be called with each row."""
    columns = [TextColumn("Grading"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}")]
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=students)

        def done(row: dict[str, Any]) -> None:
            bar.update(task, advance=1, description=escape(row["student"]))
            if not plainly_graded(row):
                says = f"{row['student']}: {row['status']}. {row['message']}"
                bar.console.print(Text(says, "yellow"), soft_wrap=True)

        yield done


def _exercise_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return how an exercise went, a line each: who passed, and the mistake that was made most."""
    table = Table("Exercise", Column("Passed", justify="right"), "Most frequent mistake", box=SIMPLE)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for exercise in row["exercises"]:
            found.setdefault(exercise["exercise"], []).append(exercise)
    for name, exercises in found.items():
        passed = sum(exercise["verdict"] == "passed" for exercise in exercises)
        mistakes = Counter(exercise["mistake"] for exercise in exercises if exercise["mistake"])
        most = f"{mistakes.most_common(1)[0][0]} ({mistakes.most_common(1)[0][1]})" if mistakes else ""
        table.add_row(name, f"{passed} of {len(exercises)}", most)
    return table


def show_class(graded: Graded, output: Path, seconds: float, console: Console) -> None:
    """Print what became of a class, and where to read on."""
    rows = graded.rows
    counts = Counter(row["status"] for row in rows)
    statuses = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    console.print(_exercise_table([row for row in rows if row["status"] != "rejected"]))
    students = f"{len(rows)} student{'' if len(rows) == 1 else 's'}"
    kept = f" ({graded.kept} of them graded before the run was stopped)" if graded.kept else ""
    console.print(f"{students}{kept} in {seconds:.0f} s: {statuses}. Hidden cases: --seed {graded.seed}", soft_wrap=True)
    console.print(f"Report: {output / 'report.html'}", soft_wrap=True)
    console.print(f"Scores: {output / 'scores.csv'} (also for Canvas and Moodle), and nbgrader's gradebook.db", soft_wrap=True)
