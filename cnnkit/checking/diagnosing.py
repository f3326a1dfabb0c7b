"""Judge what was observed: right, or wrong in which way. Pure functions of cases and outcomes; no student code runs here."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cnnkit.checking.calling import ENDS_WITHOUT, READS_EMPTY, RETURNS_VALUE, Observation, Outcome, error_text
from cnnkit.checking.comparing import NOT_JUDGED, Difference, difference, float_dtype, input_scale
from cnnkit.exercises.base import Case, Exercise, Mistake, Part

GENERAL_MISTAKES = {
    "returns_nothing": "Your function computes something but returns nothing: end it with a `return` statement.",
    "input_changed": "Your function changes the array that it was given. Whoever called it still needs it: work on a copy.",
    "wrong_dtype": "The values are right, but the dtype is not: float32 in must give float32 out, and float64 must give float64.",
    "lost_precision": "Your function loses precision on the way: somewhere it computes in float32 although the input is float64.",
    "uninitialised_array": "`np.empty` holds whatever was in memory, and your result depends on that: begin with zeros. "
    "(The check fills such an array with NaN, so that chance decides nothing.)",
    "python_loop": "The values are right, but a Python loop runs over the result's entries, rows or columns: let NumPy do that.",
    "forbidden_call": "This exercise is about writing it yourself, so it may not call {calls}.",
}
"""Mistakes that any exercise can meet, with the sentence that says what was done."""
CAME_TO_ITS_END = "For this call your function came to its end without returning a value: does one of your conditions not fit?"
RETURNED_NONE = "For this call your function returned None: what stands behind its `return` has no value."


@dataclass
class Verdict:
    """What is said about one part: passed or not, and if not, what was done and where it shows.

    `status` is passed, failed, error (the student's code raised) or missing (not written yet). `mistake` is the name of the
    mistake or None, `says` the sentence, `see` the heading in the lecture. `case` is the index of the case shown.
    `hidden` says that the cases are not those that the student can draw. `repeat` is the expression that repeats a case.
    """

    check_id: str
    title: str
    status: str
    says: str
    mistake: str | None = None
    see: str = ""
    passed_cases: int = 0
    total_cases: int = 0
    case: int | None = None
    shown: Case | None = None
    line: str = ""
    difference: Difference | None = None
    window: list[tuple[str, Any]] = field(default_factory=list)
    forbidden: tuple[str, ...] = ()
    hidden: bool = False
    repeat: str = ""

    @property
    def passed(self) -> bool:
        """Whether the part is passed."""
        return self.status == "passed"


def judge(
    check_id: str,
    exercise: Exercise,
    part: Part,
    cases: list[Case],
    observed: Observation,
    sizes: tuple[Case, ...] = (),
    shows: dict[tuple[int, int], bool] | None = None,
) -> Verdict:
    """Compare every outcome with the reference, and look for the mistake that explains the wrong ones.

    `shows` is a memory for judging many answers on the same cases: by the indices of a mistake and of a case, whether its
    result differs from the reference's there.
    """
    if part.judges:
        exercise = _judging_only(exercise, part.judges)
    expected = [exercise.reference(*case.args, **case.kwargs) if _is_compared(case) else None for case in cases]
    problems = [_problem(exercise, *three) for three in zip(cases, observed.outcomes, expected, strict=True)]
    verdict = Verdict(
        check_id,
        exercise.signature,
        "passed",
        "",
        passed_cases=sum(p is None for p in problems),
        total_cases=len(cases),
        forbidden=observed.forbidden,
    )
    failing = [i for i, problem in enumerate(problems) if problem is not None]
    if failing:
        made = _Made(exercise, cases, expected, {} if shows is None else shows)
        return _explained(verdict, made, observed, problems, failing)
    for case, outcome in zip(sizes, observed.size_outcomes, strict=True):
        problem = _problem(exercise, case, outcome, exercise.reference(*case.args, **case.kwargs))
        if problem is not None:
            shapes = " and ".join(str(np.shape(value)) for value in case.args if np.ndim(value))
            verdict.status, verdict.difference = "error" if problem.kind == "error" else "failed", problem
            verdict.says = f"All cases are right, but not a larger one, with inputs of shape {shapes}."
            return verdict
    if sizes and (steps := _loop_over_entries(exercise, sizes, observed.size_outcomes)):
        verdict.status, verdict.mistake = "failed", "python_loop"
        verdict.says = f"{GENERAL_MISTAKES['python_loop']} {steps}"
    elif observed.forbidden and any(map(_is_compared, cases)):  # refusing impossible calls is not what is borrowed
        verdict.status, verdict.mistake = "failed", "forbidden_call"
        verdict.says = GENERAL_MISTAKES["forbidden_call"].format(calls=" or ".join(observed.forbidden))
    return verdict


def _judging_only(exercise: Exercise, names: tuple[str, ...]) -> Exercise:
    """Return the exercise with only some of its results judged: the others may be anything."""

    def only_these(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            pairs = zip(exercise.outputs, function(*args, **kwargs), strict=True)
            return tuple(value if name in names else NOT_JUDGED for name, value in pairs)

        return wrapped

    mistakes = tuple(replace(mistake, wrong=only_these(mistake.wrong)) for mistake in exercise.mistakes)
    return replace(exercise, reference=only_these(exercise.reference), mistakes=mistakes)


def _is_compared(case: Case) -> bool:
    return case.raises is None and not case.only_returns


def _problem(exercise: Exercise, case: Case, outcome: Outcome, expected: Any) -> Difference | None:
    """Return what is wrong with one outcome, or None."""
    if case.raises is not None:
        return _missing_error(case.raises.__name__, outcome)
    if outcome.error:
        return Difference("error", outcome.error.rstrip() + _hint_at(outcome.error))
    if case.only_returns:
        return None
    found = _compare(exercise, case, outcome.value, expected, _scale_of(case))
    if found is None and outcome.changed:
        return Difference("changed", GENERAL_MISTAKES["input_changed"])
    return found


def _hint_at(error: str) -> str:
    """Return what an exception means whose own words do not say it, else nothing."""
    return next((f" ({hint})" for words, hint in _HINTS.items() if re.match(words, error)), "")


_HINTS = {
    r"TypeError: Cannot interpret '\d+' as a data type": "the shape needs its own parentheses: np.zeros((rows, columns))",
    r"IndexError: arrays used as indices must be of integer": "the array between the brackets holds floating-point numbers: "
    "positions are whole, so divide with `//`, or make it with dtype=int",
    r"IndexError: only integers, slices|TypeError: (slice indices must be|expected a sequence of) integers|"
    r"TypeError: '[\w.]*float\d*' object cannot be interpreted as an integer": "a size or a position is a floating-point number: "
    "`/` gives one even where nothing is left over, `//` gives a whole number",
    r"ValueError: (operands could not be broadcast|could not broadcast input array).*\((\d+,)*0(,\d+)*,?\)": "a length of 0 is "
    "that of an empty slice: it begins behind the end, or it ends at -0, which is the beginning",
}
"""What exceptions mean that many meet, by a pattern of how they begin."""


def _missing_error(wanted: str, outcome: Outcome) -> Difference | None:
    if not outcome.error:
        return Difference(
            "no_error", f"This call is impossible and must raise {wanted}; yours returned {_shape_of(outcome.value)}."
        )
    if wanted not in outcome.error_types:
        return Difference("no_error", f"This call is impossible and must raise {wanted}; yours raised {outcome.error}")
    return None


def _shape_of(value: Any) -> str:
    if isinstance(value, (tuple, list)) and len(value) and isinstance(value[0], np.ndarray):
        value = value[0]  # of several results, or of a result and what a probe noted about it
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else repr(value)[:60]


def result_dtype(exercise: Exercise, args: Any) -> np.dtype:
    """Return the dtype that floating-point results must have: the exercise's own, or that of the input."""
    return np.dtype(exercise.dtype) if exercise.dtype else float_dtype(args)


def _scale_of(case: Case) -> float:
    return max(input_scale(case.args), input_scale(case.kwargs))


def _compare(exercise: Exercise, case: Case, got: Any, expected: Any, scale: float) -> Difference | None:
    terms = exercise.terms(*case.args, **case.kwargs)
    if exercise.canonical is not None and got is not None and expected is not None:
        expected = exercise.canonical(expected, *case.args, **case.kwargs)
        try:
            got = exercise.canonical(got, *case.args, **case.kwargs)
        except ValueError as error:
            return Difference("type", str(error))
    return difference(got, expected, result_dtype(exercise, case.args), terms, scale, exercise.exact, exercise.outputs)


class _Made:
    """What an exercise's mistakes make of the cases of a part, each computed once and only where it is asked for."""

    def __init__(self, exercise: Exercise, cases: list[Case], expected: list[Any], shows: dict[tuple[int, int], bool]) -> None:
        self.exercise, self.cases, self.expected = exercise, cases, expected
        self._shows = shows
        self._results: dict[tuple[int, int], Any] = {}
        self._scales: dict[int, float] = {}

    def result(self, mistake: int, case: int) -> Any:
        """Return the mistake's result, or a _Refused if it raises."""
        if (mistake, case) not in self._results:
            asked = self.cases[case]
            try:
                made = self.exercise.mistakes[mistake].wrong(*asked.args, **asked.kwargs)
            except (RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError) as error:
                made = _Refused(error_text(error))
            self._results[mistake, case] = made
        return self._results[mistake, case]

    def differs(self, mistake: int, case: int) -> bool:
        """Return whether the mistake shows in a case: it raises there, or gives another result than the reference."""
        if (mistake, case) not in self._shows:
            result, asked = self.result(mistake, case), self.cases[case]
            self._shows[mistake, case] = isinstance(result, _Refused) or (
                self._compare(case, _as_if_typed(self.exercise, result, asked), self.expected[case]) is not None
            )
        return self._shows[mistake, case]

    def are_same(self, case: int, got: Any, wanted: Any) -> bool:
        """Return whether two results of a case have the same values, whatever their dtypes."""
        found = self._compare(case, got, wanted)
        return found is None or found.kind in ("dtype", "precision")

    def are_same_where_wrong(self, case: int, got: Any, made: Any) -> bool:
        """Return whether the wrong ones of several results are a mistake's: it can be made in one gradient and not in another."""
        expected = self.expected[case]
        several = self.exercise.canonical is None and all(isinstance(value, (tuple, list)) for value in (got, made, expected))
        if not several or not len(got) == len(made) == len(expected):
            return False
        members = zip(got, made, expected, strict=True)
        return all(self.are_same(case, g, m) or self.are_same(case, g, e) for g, m, e in members)

    def _compare(self, case: int, got: Any, expected: Any) -> Difference | None:
        if case not in self._scales:
            self._scales[case] = _scale_of(self.cases[case])
        return _compare(self.exercise, self.cases[case], got, expected, self._scales[case])


def _explained(
    verdict: Verdict, made: _Made, observed: Observation, problems: list[Difference | None], failing: list[int]
) -> Verdict:
    exercise, cases, expected = made.exercise, made.cases, made.expected
    outcomes = observed.outcomes
    if all("NotImplementedError" in outcomes[i].error_types for i in failing):
        verdict.status, verdict.says = "missing", "Not written yet: the function still raises NotImplementedError."
        return verdict
    nothing = all(outcomes[i].value is None and not outcomes[i].error for i, case in enumerate(cases) if case.raises is None)
    none_is_a_result = any(_is_compared(case) and expected[i] is None for i, case in enumerate(cases))
    if nothing and not (none_is_a_result and RETURNS_VALUE in observed.code):
        mistake, shown, complete = None, failing[0], False  # even where None would be right
    else:
        mistake, shown, complete = _find_mistake(made, outcomes, problems)
    if mistake is not None:
        verdict.mistake, verdict.says, verdict.see = mistake.name, mistake.says, mistake.see
        if not complete:
            verdict.says += " (That does not explain every wrong case.)"
    else:
        shown = min(failing, key=lambda i: (_URGENCY.get(problems[i].kind, 0), i))
        verdict.mistake = _GENERAL_NAME.get(problems[shown].kind)
        if problems[shown].kind == "nan" and READS_EMPTY in observed.code:
            verdict.mistake = "uninitialised_array"
        verdict.says = GENERAL_MISTAKES.get(verdict.mistake, "")
        if verdict.mistake == "returns_nothing":
            if none_is_a_result and (not nothing or RETURNS_VALUE in observed.code):
                verdict.mistake, verdict.says = None, exercise.none_says  # it does return, and None is what it says here
            elif RETURNS_VALUE in observed.code:
                verdict.says = CAME_TO_ITS_END if ENDS_WITHOUT in observed.code else RETURNED_NONE
    problem, outcome = problems[shown], outcomes[shown]
    verdict.status = "error" if problem.kind == "error" else "failed"
    verdict.says = verdict.says or problem.says or _generic_sentence(problem)
    verdict.case, verdict.shown, verdict.difference = shown, cases[shown], problem
    verdict.repeat = exercise.repeat(cases[shown].kwargs) if exercise.repeat is not None else ""
    verdict.line = outcome.line
    if problem.index is not None and exercise.window is not None:
        verdict.window = exercise.window(_index_in(problem), *cases[shown].args, **cases[shown].kwargs)
    return verdict


_URGENCY = {
    "nothing": 0,
    "error": 1,
    "type": 2,
    "shape": 3,
    "nan": 4,
    "value": 5,
    "changed": 6,
    "precision": 7,
    "dtype": 8,
    "no_error": 9,
}
_GENERAL_NAME = {
    "nothing": "returns_nothing",
    "changed": "input_changed",
    "dtype": "wrong_dtype",
    "precision": "lost_precision",
}


def _index_in(problem: Difference) -> Any:
    return (problem.where, *problem.index) if problem.where else problem.index


def _generic_sentence(problem: Difference) -> str:
    of_what = f"{problem.where}: " if problem.where else ""
    if problem.index is not None and problem.wrong is not None:
        wrong, total = int(problem.wrong.sum()), problem.wrong.size
        return f"{of_what}{wrong} of {total} values {'is' if wrong == 1 else 'are'} wrong."
    if problem.where and problem.expected is True:
        return f"This does not hold: {problem.where}."
    return f"{of_what}the value is wrong." if of_what else "The value is wrong."


def _find_mistake(made: _Made, outcomes: list[Outcome], problems: list[Difference | None]) -> tuple[Mistake | None, int, bool]:
    """Return the mistake whose result equals the student's, the case that shows it, and whether it explains every case.

    A mistake explains a case if its result differs from the reference's and equals the student's (the dtype apart); of
    several results, those that are right may differ from the mistake's. Where the student's code raised, a mistake explains
    that by raising too. The one that explains most cases, equals the whole result most often, and predicts fewest failures
    that did not happen, is named, if it explains at least half of the cases with a wrong value, at least half of those and
    the ones that raised together, and no fewer than it predicts wrongly. Calls that must raise are left out: whether an
    impossible call is refused says nothing about how the possible ones are computed. An answer whose only failures are
    exceptions is explained by the mistake that raises in exactly the same cases; where that is all of them, with the same
    messages.
    """
    candidates = [i for i, case in enumerate(made.cases) if _is_compared(case)]
    wrong_value = [i for i in candidates if problems[i] is not None and problems[i].kind in _EXPLAINABLE]
    raised = [i for i in candidates if problems[i] is not None and problems[i].kind == "error"]
    if raised and len(raised) == sum(problems[i] is not None for i in candidates):
        return _find_raising(made, outcomes, candidates, raised)
    others = [i for i in candidates if i not in wrong_value]
    best: tuple[int, int, int] = (0, 0, 0)
    chosen: tuple[Mistake | None, int] = (None, -1)
    for number, mistake in enumerate(made.exercise.mistakes):
        explained, equal = _explained_by(number, made, outcomes, wrong_value)
        if not explained:
            continue
        explained = sorted(explained + [i for i in raised if isinstance(made.result(number, i), _Refused)])
        if 2 * len(explained) < len(wrong_value) + len(raised):
            continue
        contradicted = sum(problems[i] is None and made.differs(number, i) for i in others)
        score = (len(explained), equal, -contradicted)
        if contradicted <= len(explained) and (chosen[0] is None or score > best):
            best, chosen = score, (mistake, explained[0])
    return chosen[0], chosen[1], best[0] == len(wrong_value) + len(raised)


def _explained_by(number: int, made: _Made, outcomes: list[Outcome], wrong_value: list[int]) -> tuple[list[int], int]:
    """Return which of the wrong values a mistake explains, none if fewer than half, and how many it equals wholly."""
    explained, equal = [], 0
    for tried, i in enumerate(wrong_value):
        if 2 * (tried - len(explained)) > len(wrong_value):
            return [], 0
        if not made.differs(number, i) or isinstance(result := made.result(number, i), _Refused):
            continue
        wholly = made.are_same(i, outcomes[i].value, result)
        if wholly or made.are_same_where_wrong(i, outcomes[i].value, result):
            explained.append(i)
            equal += wholly
    return (explained, equal) if 2 * len(explained) >= len(wrong_value) else ([], 0)


def _find_raising(
    made: _Made, outcomes: list[Outcome], candidates: list[int], raised: list[int]
) -> tuple[Mistake | None, int, bool]:
    """Return the mistake that raises in exactly the cases `raised` and gives the right result in all others.

    One that also says the same as the answer did goes before all others; where every case raises, it has to. A name that is
    not defined is a slip of its own.
    """
    raising = None
    # A variable without a value yet is another matter: often the condition that should have set it never held.
    named = [set(outcomes[i].error_types) for i in raised]
    unknown_name = any("NameError" in types and "UnboundLocalError" not in types for types in named)
    for number, mistake in enumerate(made.exercise.mistakes):
        said = []
        for i in raised:
            result = made.result(number, i)
            if not isinstance(result, _Refused):
                break
            said.append(result.says)
        if len(said) < len(raised):
            continue
        # The bare name of an exception says nothing about why it was raised.
        alike = said == [outcomes[i].error for i in raised] and all(": " in text for text in said)
        others = [i for i in candidates if i not in raised]
        if (not alike and (raising or unknown_name or not others)) or any(made.differs(number, i) for i in others):
            continue
        if alike:
            return mistake, raised[0], True
        raising = mistake
    return (raising, raised[0], True) if raising else (None, -1, False)


_EXPLAINABLE = ("nothing", "shape", "nan", "value", "type")


@dataclass(frozen=True)
class _Refused:
    """Stands for the result of a mistake that raises; `says` is what an Outcome's `error` would be."""

    says: str


def _as_if_typed(exercise: Exercise, made: Any, case: Case) -> Any:
    """Give a mistake's result the dtype of a student's, so that only its values are compared with the reference's."""
    if isinstance(made, np.ndarray) and made.dtype.kind == "f":
        return made.astype(result_dtype(exercise, case.args))
    if isinstance(made, (tuple, list)):
        return type(made)(_as_if_typed(exercise, m, case) for m in made)
    return made


def _entries_of(result: Any) -> int:
    return sum(map(np.size, result)) if isinstance(result, (tuple, list)) else np.size(result)


def _loop_over_entries(exercise: Exercise, sizes: tuple[Case, ...], outcomes: list[Outcome]) -> str:
    """Say how many Python steps were taken if they grow as fast as the sides of the result or faster, else nothing."""
    small, large = (_entries_of(exercise.reference(*case.args, **case.kwargs)) for case in sizes)
    # The side of a square of so many entries: a loop over rows or columns takes at least one step for each.
    if outcomes[1].steps - outcomes[0].steps < (large - small) ** 0.5 / 2:
        return ""
    return f"For {small} output values it took {outcomes[0].steps} Python steps, for {large} it took {outcomes[1].steps}."
