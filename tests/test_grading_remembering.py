"""What a worker remembers from one submission to the next: results that are the same, and nothing of a submission."""

import numpy as np
import pytest

from cnnkit.checking.calling import observe
from cnnkit.checking.diagnosing import judge
from cnnkit.checking.reporting import bundle
from cnnkit.exercises import exercises, find_part, part_ids
from cnnkit.exercises.base import case_generator, draw_cases
from cnnkit.grading.remembering import _copied, _size, drawn, request_for, shows

SEED = 11
CHECKS = sorted(f"{topic[:2]}.{part}" for topic in ("03_convolution_2d", "04_convolution_layer") for part in part_ids(topic))


def arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from arrays_in(member)


@pytest.mark.parametrize("check_id", CHECKS)
def test_verdicts_are_the_same_the_first_time_the_second_and_without_memory(check_id):
    _, exercise, part = find_part(check_id)
    answers = [exercise.reference, *(mistake.wrong for mistake in exercise.mistakes[:3])]
    for answer in answers:
        cases = draw_cases(part, SEED)
        sizes = part.vectorised(case_generator(part, SEED)) if part.vectorised else ()
        observed = observe((answer,), cases, sizes, (), "call")
        plain = bundle(judge(check_id, exercise, part, cases, observed, sizes))
        for _ in range(2):
            known, _, cases, sizes = drawn(check_id, SEED)
            assert bundle(judge(check_id, known, part, cases, observed, sizes, shows(check_id, SEED))) == plain


def test_what_is_remembered_can_not_be_changed_and_shares_nothing_with_a_submission():
    [name] = [name for name, exercise in exercises("03_convolution_2d").items() if name == "conv2d_loops"]
    check_id = next(f"03.{part.id}" for part in exercises("03_convolution_2d")[name].parts)
    found = []
    for _ in range(2):
        known, _, cases, _ = drawn(check_id, SEED)
        case = next(case for case in cases if case.raises is None)
        result = known.reference(*case.args, **case.kwargs)
        for array in arrays_in(result):
            assert not any(np.shares_memory(array, given) for given in arrays_in(case.args))
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
        for given in arrays_in(case.args):
            given[...] = 0  # what a submission does to its inputs is its own affair
        found.append(result)
    assert np.array_equal(*found)


def test_what_is_told_by_an_object_is_not_told_by_the_next_one_in_its_place():
    known, _, cases, _ = drawn("03.conv2d_loops", SEED)
    case = next(case for case in cases if case.raises is None)
    known.reference(*case.args, **case.kwargs)
    places = {id(given) for given in arrays_in(case.args)}
    del cases, case
    again = [np.ones((4, 5)) for _ in range(1000)]
    assert not places.intersection(map(id, again))


def test_a_call_that_is_no_case_is_computed():
    known, *_ = drawn("03.conv2d_loops", SEED)
    x, w = np.ones((4, 5)), np.ones((2, 3))
    assert known.reference(x, w).shape == (3, 3)
    assert known.reference(x[:3], w).shape == (2, 3)


def test_only_what_nothing_can_change_is_kept():
    assert _size((np.zeros(3), [1, "a"], None)) < 1000
    assert _size(object()) == float("inf")
    assert _size({"state": np.array([object()])}) == float("inf")
    value = (np.zeros(2), [np.zeros(2)])
    again = _copied(value)
    again[1][0][0] = 1
    assert value[1][0][0] == 0


def test_a_message_is_made_once_unless_it_is_large():
    made = []

    def make(size):
        made.append(size)
        return {"kind": "call", "cases": np.zeros(size)}

    for what in ("small", "small", "large", "large"):
        request_for(("test", what), SEED, lambda: make(10 if what == "small" else 1 << 18))  # noqa: B023 - called at once
    assert made == [10, 1 << 18, 1 << 18]
