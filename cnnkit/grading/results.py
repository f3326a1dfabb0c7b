"""The results of a class as data: the JSON that `cnnkit check` and `cnnkit grade` write."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cnnkit.checking.notebook import VERDICTS, PartResult
from cnnkit.exercises import find_part

STATUSES = ("graded", "rejected", "crashed", "timeout")


def exercise_of(check_id: str) -> str:
    """Return the exercise that a check belongs to; a check that the course does not know is one of its own."""
    try:
        return find_part(check_id)[1].name
    except ValueError:
        return check_id.partition(".")[2] or check_id


def by_exercise(parts: Iterable[PartResult]) -> dict[str, list[PartResult]]:
    """Group parts by their exercise, in order."""
    grouped: dict[str, list[PartResult]] = {}
    for part in parts:
        grouped.setdefault(exercise_of(part.check_id), []).append(part)
    return grouped


def telling_part(parts: Sequence[PartResult]) -> PartResult:
    """Return the part that says most about an exercise: the first with a named mistake, else the first of the worst."""
    named = [part for part in parts if part.mistake]
    return named[0] if named else max(parts, key=lambda part: VERDICTS.index(part.verdict))


def student_row(student: str, parts: Sequence[PartResult], status: str, messages: Iterable[str]) -> dict[str, Any]:
    """Return the row of a student whose notebook was run. `status` is graded, crashed or timeout."""
    exercises, flags = [], []
    said = [*messages]
    for name, its in by_exercise(parts).items():
        telling = telling_part(its)
        exercises.append(
            {
                "exercise": name,
                "score": _number(sum(part.points for part in its if part.passed)),
                "max_score": _number(sum(part.points for part in its)),
                "verdict": max((part.verdict for part in its), key=VERDICTS.index),
                "mistake": telling.mistake,
                "message": " ".join(telling.lines),
            }
        )
        calls = dict.fromkeys(call for part in its for call in part.forbidden)
        flags += [f"{name} calls {call}, which this exercise forbids." for call in calls]
        said += dict.fromkeys(part.lines[0] for part in its if part.absent)
    return {
        "student": student,
        "score": _number(sum(row["score"] for row in exercises)),
        "max_score": _number(sum(row["max_score"] for row in exercises)),
        "status": status,
        "message": " ".join(said),
        "exercises": exercises,
        "flags": flags,
    }


def rejected_row(student: str, message: str, points: dict[str, float], status: str = "rejected") -> dict[str, Any]:
    """Return the row of a student whose notebook was not run: every exercise missing. `points` are given by check id."""
    verdict = "missing" if status == "rejected" else "error"
    nothing = [PartResult(check_id, check_id, worth, verdict) for check_id, worth in points.items()]
    return student_row(student, nothing, status, [message])


def plainly_graded(row: dict[str, Any]) -> bool:
    """Whether nothing about a student's submission needs a look."""
    return row["status"] == "graded" and not row["message"]


def not_a_formula(cell: Any) -> Any:
    """Keep a spreadsheet from computing what a student wrote."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def as_json(assignment: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return the JSON of a class, always the same for the same results."""
    return json.dumps({"assignment": assignment, "students": [*rows]}, indent=2, ensure_ascii=False) + "\n"


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 6)
