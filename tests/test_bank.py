"""The bank of answers: every wrong one is rejected under its own name and no other, every right one passes.

An answer is a file `tests/bank/NN_topic/<exercise>/<right or wrong>/<style>.py`, as a student would write it. A wrong one opens
with the line `# mistake: <name>`, or `# mistake: none` where no name can be given.
"""

import functools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest

from cnnkit.checking import verdict_on
from cnnkit.checking.calling import observe
from cnnkit.checking.diagnosing import GENERAL_MISTAKES, Verdict, judge, result_dtype
from cnnkit.exercises import exercises
from cnnkit.exercises.base import Exercise, Mistake
from cnnkit.grading.remembering import drawn, shows

BANK = Path(__file__).parent / "bank"
LECTURES = Path(__file__).parents[1] / "sources" / "lectures"
SEEDS = (0, 1)  # the visible cases, and the hidden ones where no other seed is set
MANY_SEEDS = (2, 3, 4242)
FIRST_LINE = re.compile(r"# mistake: ([a-z][a-z0-9_]*)\n")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)

TOPICS = sorted(folder.name for folder in BANK.iterdir() if folder.is_dir())
EXERCISES = [(topic, exercise) for topic in TOPICS for exercise in exercises(topic).values()]
MISTAKES = [(topic, exercise, mistake) for topic, exercise in EXERCISES for mistake in exercise.mistakes]
each_exercise = pytest.mark.parametrize(
    ("topic", "exercise"), EXERCISES, ids=[f"{topic}/{exercise.name}" for topic, exercise in EXERCISES]
)
each_mistake = pytest.mark.parametrize(
    ("topic", "exercise", "mistake"), MISTAKES, ids=[f"{topic}/{e.name}/{m.name or 'unnamed'}" for topic, e, m in MISTAKES]
)


def answers(kind: str) -> list[Any]:
    """Return the answers of a kind, right or wrong, as pytest parameters with readable ids."""
    paths = sorted(BANK.glob(f"*/*/{kind}/*.py"))
    return [pytest.param(path, id=str(path.relative_to(BANK).with_suffix(""))) for path in paths]


def load(path: Path, *names: str) -> tuple[Callable[..., Any], ...]:
    """Run an answer in a namespace of its own, as a kernel would, and return the functions with these names."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return tuple(namespace[name] for name in names)


def verdicts(topic: str, exercise: Exercise, functions: tuple[Callable[..., Any], ...], seed: int) -> dict[str, Verdict]:
    """Return the verdict on every part of an exercise, by the part's id."""
    return {part.id: verdict_on(f"{topic[:2]}.{part.id}", functions, seed) for part in exercise.parts}


def exercise_of(path: Path) -> Exercise:
    """Return the exercise that an answer of the bank belongs to."""
    return exercises(path.parts[-4])[path.parts[-3]]


def verdicts_on_file(path: Path, seed: int) -> dict[str, Verdict]:
    """Return the verdicts on an answer of the bank; its folders name the topic and the exercise."""
    topic, exercise = path.parts[-4], exercise_of(path)
    return verdicts(topic, exercise, load(path, *exercise.needs, exercise.name), seed)


@functools.cache
def headings(topic: str) -> set[str]:
    """Return the headings of a topic's lecture."""
    cells = jupytext.read(LECTURES / f"{topic}.py").cells
    return {heading for cell in cells if cell.cell_type == "markdown" for heading in HEADING.findall(cell.source)}


def reasons(found: dict[str, Verdict]) -> str:
    """Say why parts were not passed, for the message of a failing test."""
    lines = [f"{part}: {v.status}, {v.mistake}: {v.says} {v.difference}" for part, v in found.items() if not v.passed]
    return "\n".join(lines) or "every part passed"


def assert_right(path: Path, seeds: Iterable[int]) -> None:
    """Fail unless an answer passes every part for all seeds."""
    for seed in seeds:
        found = verdicts_on_file(path, seed)
        assert all(verdict.passed for verdict in found.values()), f"seed {seed}\n{reasons(found)}"


def assert_wrong(path: Path, seeds: Iterable[int]) -> None:
    """Fail unless an answer is rejected, under the name in its first line and no other, for all seeds."""
    first_line = FIRST_LINE.match(path.read_text(encoding="utf-8"))
    assert first_line, "the first line must be '# mistake: <name>' or '# mistake: none'"
    names = {first_line[1]} - {"none"}
    for seed in seeds:
        found = verdicts_on_file(path, seed)
        assert not all(verdict.passed for verdict in found.values()), f"seed {seed}: accepted"
        assert {verdict.mistake for verdict in found.values()} - {None} == names, f"seed {seed}\n{reasons(found)}"


@pytest.mark.parametrize("path", answers("right"))
def test_right_answer_gets_full_marks(path):
    assert_right(path, SEEDS)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # some wrong answers average over nothing
@pytest.mark.parametrize("path", answers("wrong"))
def test_wrong_answer_is_rejected_under_its_own_name(path):
    assert_wrong(path, SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("path", answers("right"))
def test_right_answer_gets_full_marks_for_many_seeds(path):
    assert_right(path, MANY_SEEDS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("path", answers("wrong"))
def test_wrong_answer_is_rejected_under_its_own_name_for_many_seeds(path):
    assert_wrong(path, MANY_SEEDS)


def on_torch(kind: str) -> list[Any]:
    """Return the answers of a kind to exercises in PyTorch."""
    return [answer for answer in answers(kind) if "torch" not in exercise_of(answer.values[0]).forbids]


@pytest.mark.gpu
@pytest.mark.parametrize("path", on_torch("right"))
def test_right_answer_gets_full_marks_on_cuda(path):
    assert_right(path, SEEDS)


@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("path", on_torch("wrong"))
def test_wrong_answer_is_rejected_under_its_own_name_on_cuda(path):
    assert_wrong(path, SEEDS)


@each_exercise
def test_bank_holds_enough_answers(topic, exercise):
    folder = BANK / topic / exercise.name
    assert len(list((folder / "wrong").glob("*.py"))) >= 5
    assert len(list((folder / "right").glob("*.py"))) >= 3


@pytest.mark.parametrize("topic", TOPICS)
def test_bank_holds_nothing_that_is_not_tested(topic):
    tested = {BANK / topic / name / kind for name in exercises(topic) for kind in ("right", "wrong")}
    assert {path.parent for path in (BANK / topic).rglob("*.py")} <= tested


@each_mistake
def test_mistake_points_to_a_section_of_the_lecture(topic, exercise, mistake):
    assert mistake.see == "" or mistake.see in headings(topic)


@each_mistake
def test_mistake_has_a_name_of_its_own(topic, exercise, mistake):
    assert mistake.name not in GENERAL_MISTAKES


@pytest.mark.slow  # each mistake is tried against all others of its exercise
@each_mistake
def test_mistake_is_told_apart_from_every_other(topic, exercise, mistake):
    assert_told_apart(topic, exercise, mistake, (*SEEDS, *MANY_SEEDS))


def assert_told_apart(topic: str, exercise: Exercise, mistake: Mistake, seeds: Iterable[int]) -> None:
    """Fail unless an answer that makes exactly this mistake is rejected, and named so in every part that names it."""
    for seed in seeds:
        found = verdicts_on_mistake(topic, exercise, mistake, seed)
        assert not all(verdict.passed for verdict in found.values()), f"seed {seed}: accepted"
        names = {verdict.mistake for verdict in found.values()} - {None}
        assert names == {mistake.name} - {None}, f"seed {seed}\n{reasons(found)}"


@each_exercise
def test_parts_are_named_after_their_exercise(topic, exercise):
    assert exercise.parts[0].id == exercise.name
    assert all(part.id == exercise.name or part.id.startswith(exercise.name + "_") for part in exercise.parts)


def verdicts_on_mistake(topic: str, exercise: Exercise, mistake: Mistake, seed: int) -> dict[str, Verdict]:
    """Return the verdicts on the results that a mistake gives; they are what a probe would return, so none is needed.

    What the other mistakes give is remembered from one of them to the next, as a worker does that grades a class.
    """
    found = {}
    for part in exercise.parts:
        check_id = f"{topic[:2]}.{part.id}"
        remembering, _, cases, _ = drawn(check_id, seed)
        observed = observe((answer_making(exercise, mistake),), cases)
        found[part.id] = judge(check_id, remembering, part, cases, observed, shows=shows(check_id, seed))
    return found


def answer_making(exercise: Exercise, mistake: Mistake) -> Callable[..., Any]:
    """Return a function that returns what a mistake gives, in the dtype of its input as a student's would."""

    def typed(value: Any, dtype: np.dtype) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(typed(v, dtype) for v in value)
        return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    def answer(*args: Any, **kwargs: Any) -> Any:
        return typed(mistake.wrong(*args, **kwargs), result_dtype(exercise, args))

    return answer
