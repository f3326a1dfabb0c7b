"""How the engine names a mistake, on small exercises made for the purpose."""

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnkit.checking.calling import observe
from cnnkit.checking.diagnosing import judge
from cnnkit.checking.reporting import as_text
from cnnkit.exercises import probes
from cnnkit.exercises.base import Case, Exercise, Mistake, Part
from cnnkit.exercises.reference import on_torch


def verdict(exercise, function):
    part = exercise.parts[0]
    cases = part.cases(np.random.default_rng(0))
    return judge("00.made_up", exercise, part, cases, observe((function,), cases))


def needs_square(x):
    if x.shape[0] != x.shape[1]:
        raise ValueError("not square")
    return x.copy()


COPY = Exercise(
    name="made_up",
    signature="made_up(x)",
    reference=lambda x: x,
    parts=(Part("made_up", lambda rng: [Case((np.ones(shape),)) for shape in ((2, 2), (2, 3), (3, 3), (4, 3))]),),
    mistakes=(Mistake("square_assumed", "You took the image for a square.", "Somewhere", needs_square),),
)


def test_exceptions_in_exactly_the_cases_of_a_mistake_are_named():
    found = verdict(COPY, needs_square)
    assert (found.mistake, found.status, found.case) == ("square_assumed", "error", 1)


def test_a_variable_that_a_condition_leaves_without_a_value_is_named():
    def sets_squares_only(x):
        if x.shape[0] == x.shape[1]:
            copied = x.copy()
        return copied

    assert verdict(COPY, sets_squares_only).mistake == "square_assumed"


def test_exceptions_in_other_cases_are_not_named():
    def fails_on_small_ones(x):
        if x.size < 5:
            raise IndexError("too small")
        return x.copy()

    def fails_always(x):
        return x[0, 0, 0]

    def fails_on_an_unknown_name(x):
        return x.copy() if x.shape[0] == x.shape[1] else copy_of(x)  # noqa: F821

    for function in (fails_on_small_ones, fails_always, fails_on_an_unknown_name):
        found = verdict(COPY, function)
        assert (found.mistake, found.status) == (None, "error")


def root_of(value, x):
    """Bring a square root to one form: its square."""
    if not isinstance(value, np.ndarray):
        raise ValueError("The root must be an array.")
    return value**2


ROOT = Exercise(
    name="made_up",
    signature="made_up(x)",
    reference=lambda x: None if x[0] < 0 else np.sqrt(x),
    canonical=root_of,
    parts=(Part("made_up", lambda rng: [Case((np.array([number]),)) for number in (4.0, -4.0, 9.0)]),),
    mistakes=(
        Mistake("sign_ignored", "You ignored the sign.", "Somewhere", lambda x: np.sqrt(np.abs(x))),
        Mistake("none_for_all", "You found no root where there is one.", "Somewhere", lambda x: None if x[0] < 5 else np.sqrt(x)),
        Mistake("nan_for_none", "You divided by zero.", "Somewhere", lambda x: np.full(1, np.nan) if x[0] < 5 else np.sqrt(x)),
    ),
)


def test_equally_right_results_pass():
    assert verdict(ROOT, lambda x: None if x[0] < 0 else np.sqrt(x)).passed
    assert verdict(ROOT, lambda x: None if x[0] < 0 else -np.sqrt(x)).passed


def test_a_mistake_is_found_under_any_form_of_its_result():
    assert verdict(ROOT, lambda x: -np.sqrt(np.abs(x))).mistake == "sign_ignored"
    assert verdict(ROOT, lambda x: None if x[0] < 5 else -np.sqrt(x)).mistake == "none_for_all"
    assert verdict(ROOT, lambda x: np.full(1, np.nan) if x[0] < 5 else -np.sqrt(x)).mistake == "nan_for_none"


def test_a_result_without_a_form_is_described():
    found = verdict(ROOT, lambda x: None if x[0] < 0 else "two")
    assert (found.mistake, found.says) == (None, "The root must be an array.")


def test_nothing_returned_where_none_is_sometimes_right():
    assert verdict(ROOT, lambda x: None).mistake == "returns_nothing"
    assert verdict(ROOT, lambda x: None if x[0] > 5 or x[0] < 0 else np.sqrt(x)).mistake is None


def test_hidden_case_offers_no_way_to_draw_it_again():
    found = verdict(COPY, needs_square)
    shown, found.hidden = as_text(found), True
    assert 'case("00.made_up", 1)' in shown
    assert "case(" not in as_text(found)
    assert "Hidden case 1" in as_text(found)


PAIR = Exercise(
    name="made_up",
    signature="made_up(x)",
    reference=lambda x: (x, 2 * x),
    parts=(Part("made_up", lambda rng: [Case((np.arange(1.0, 4.0),)), Case((np.arange(2.0, 7.0),))]),),
    mistakes=(
        Mistake("halved", "You halved both.", "Somewhere", lambda x: (x / 2, x)),
        Mistake("reversed", "You turned both round.", "Somewhere", lambda x: (x[::-1].copy(), 2 * x[::-1])),
    ),
    outputs=("one", "other"),
)


def test_a_mistake_is_named_where_it_was_made_in_one_of_two_results():
    for function, name in (
        (lambda x: (x / 2, x), "halved"),
        (lambda x: (x / 2, 2 * x), "halved"),
        (lambda x: (x, x), "halved"),
        (lambda x: (x.copy(), 2 * x[::-1]), "reversed"),
        (lambda x: (x / 2, 2 * x[::-1]), None),
        (lambda x: (x, 3 * x), None),
    ):
        assert verdict(PAIR, function).mistake == name


def test_steps_are_counted_against_the_entries_of_all_results():
    part = Part("made_up", PAIR.parts[0].cases, lambda rng: (Case((np.ones(4),)), Case((np.ones(40),))))

    def one_by_one(x):
        one, other = np.empty(len(x)), np.empty(len(x))
        for i in range(len(x)):
            one[i] = x[i]
            other[i] = 2 * x[i]
        return one, other

    for function, name in ((lambda x: (x.copy(), 2 * x), None), (one_by_one, "python_loop")):
        cases, sizes = part.cases(None), part.vectorised(None)
        found = judge("00.made_up", PAIR, part, cases, observe((function,), cases, sizes), sizes)
        assert found.mistake == name


class Doubling:
    """Stands for a class of the student's, used through a probe."""

    @staticmethod
    def apply(x):
        if x.size > 3:
            raise RuntimeError("too large")
        return 2 * x


def test_the_line_of_an_error_is_found_in_a_class(monkeypatch):
    monkeypatch.setattr(probes, "applied", lambda function, x: function.apply(x), raising=False)
    cases = [Case((np.ones(2),)), Case((np.ones(5),))]
    first, second = observe((Doubling,), cases, probe="applied").outcomes
    assert first.value.tolist() == [2, 2]
    assert second.line.endswith('raise RuntimeError("too large")')


def test_a_case_is_repeated_as_its_exercise_says():
    exercise = dataclasses.replace(COPY, repeat=lambda options: f"Copy.apply(*args)  # {len(options)} options")
    found = verdict(exercise, lambda x: x + 1)
    assert 'args, options = case("00.made_up", 0); Copy.apply(*args)  # 0 options' in as_text(found)


def test_forbidden_functions_of_torch_are_found_under_any_alias():
    for function in (lambda x, w: F.conv2d(x, w), lambda x, w: torch.conv2d(x, w)):
        assert observe((function,), [], forbids=("torch.conv2d",)).forbidden == ("torch.conv2d",)
    assert observe((lambda x: F.unfold(x, 2),), [], forbids=("torch.conv2d",)).forbidden == ()


def test_what_a_library_calls_is_not_held_against_the_student():
    assert observe((lambda x, w: torch.tensordot(x, w),), [], forbids=("torch.ops",)).forbidden == ()


def test_tensors_are_compared_at_their_own_scale_and_precision():
    exercise = dataclasses.replace(
        COPY,
        reference=on_torch(lambda x: x / 3),
        parts=(Part("made_up", lambda rng: [Case((torch.full((4,), 1e6, requires_grad=True),))]),),
        mistakes=(),
    )
    third = verdict(exercise, lambda x: x.numpy() / 3)
    assert third.passed
    assert not verdict(exercise, lambda x: x.numpy() / 3 + 50).passed
    assert exercise.reference(torch.ones(1)).dtype == np.float64


def test_a_mistake_that_most_right_cases_contradict_is_not_named():
    def negative_for_one(x):
        return -x if len(x) == 2 else x.copy()

    exercise = Exercise(
        name="made_up",
        signature="made_up(x)",
        reference=lambda x: x,
        parts=(Part("made_up", lambda rng: [Case((np.ones(n),)) for n in (1, 2, 3)]),),
        mistakes=(Mistake("sign_wrong", "The sign is wrong.", "Somewhere", lambda x: -x),),
    )
    assert verdict(exercise, negative_for_one).mistake is None
    assert verdict(exercise, lambda x: -x if len(x) > 1 else x.copy()).mistake == "sign_wrong"


def test_of_mistakes_that_raise_the_one_with_the_same_message_is_named():
    def refusing(says, fewest=0):
        def refuse(x):
            if len(x) >= fewest:
                raise RuntimeError(f"{says} {len(x)}")
            return x

        return refuse

    cases = [Case((np.ones(n),)) for n in (1, 2, 3)]
    exercise = Exercise(
        name="made_up",
        signature="made_up(x)",
        reference=lambda x: x,
        parts=(Part("made_up", lambda rng: cases),),
        mistakes=tuple(
            Mistake(f"no_{says}", f"You have no {says}.", "Somewhere", refusing(f"no {says} for", fewest))
            for says, fewest in (("spoon", 2), ("fork", 2), ("plate", 0))
        ),
    )
    assert verdict(exercise, refusing("no fork for", 2)).mistake == "no_fork"
    assert verdict(exercise, refusing("no cup for", 2)).mistake == "no_spoon"
    assert verdict(exercise, refusing("no plate for")).mistake == "no_plate"
    assert verdict(exercise, refusing("no cup for")).mistake is None


def test_a_part_judges_only_the_results_that_it_is_about():
    exercise = dataclasses.replace(
        PAIR,
        parts=(Part("made_up", PAIR.parts[0].cases, judges=("other",)),),
        mistakes=(Mistake("sign_wrong", "The sign is wrong.", "Somewhere", lambda x: (-x, -2 * x)),),
    )
    assert verdict(exercise, lambda x: (None, 2 * x)).passed
    assert verdict(exercise, lambda x: (7 * x, -2 * x)).mistake == "sign_wrong"
    assert "a tuple of 2 (one, other)" in as_text(verdict(exercise, lambda x: 2 * x))


def test_an_answer_that_fails_on_the_large_input_is_not_passed():
    part = Part("made_up", PAIR.parts[0].cases, lambda rng: (Case((np.ones(4),)), Case((np.ones(40),))))

    def fails_on_large_inputs(x):
        if len(x) > 10:
            raise RecursionError("too deep")
        return x.copy(), 2 * x

    def wrong_on_large_inputs(x):
        return x.copy(), 2 * x if len(x) < 10 else 3 * x

    for function, status in ((fails_on_large_inputs, "error"), (wrong_on_large_inputs, "failed")):
        cases, sizes = part.cases(None), part.vectorised(None)
        found = judge("00.made_up", PAIR, part, cases, observe((function,), cases, sizes), sizes)
        assert (found.status, found.mistake) == (status, None)
        assert "(40,)" in as_text(found)


def test_of_several_results_the_wrong_one_is_named():
    assert verdict(PAIR, lambda x: (x, 2 * x[:-1])).says == "other: Expected shape (3,), got (2,)."
    assert verdict(PAIR, lambda x: (x, 5 * x)).says == "other: 3 of 3 values are wrong."


def test_exceptions_that_a_mistake_does_not_explain_count_against_it():
    def negative_and_fails(fewest):
        def function(x):
            if len(x) >= fewest:
                raise IndexError("off the end")
            return -x

        return function

    def verdict_with(wrong, function):
        exercise = Exercise(
            name="made_up",
            signature="made_up(x)",
            reference=lambda x: x,
            parts=(Part("made_up", lambda rng: [Case((np.ones(n),)) for n in (3, 1, 2, 4)]),),
            mistakes=(Mistake("sign_wrong", "The sign is wrong.", "Somewhere", wrong),),
        )
        return verdict(exercise, function)

    found = verdict_with(lambda x: -x, negative_and_fails(2))
    assert (found.mistake, found.status, found.case) == (None, "error", 0)
    found = verdict_with(lambda x: -x, negative_and_fails(3))
    assert (found.mistake, found.says) == (
        "sign_wrong",
        "The sign is wrong. (That does not explain every wrong case.)",
    )
    found = verdict_with(negative_and_fails(2), negative_and_fails(2))
    assert (found.mistake, found.says, found.case) == ("sign_wrong", "The sign is wrong.", 0)


def test_a_return_that_was_not_reached_is_told_from_none_at_all():
    def without(x):
        x = 2 * x

    def not_reached(x):
        if len(x) > 100:
            return 2 * x
        elif len(x) < 0:
            return None

    def in_place(x):
        y = 2 * x
        return y.sort()

    for function, says in (
        (without, "computes something but returns nothing"),
        (not_reached, "came to its end without returning a value"),
        (in_place, "what stands behind its `return` has no value"),
    ):
        found = verdict(COPY, function)
        assert found.mistake == "returns_nothing"
        assert says in found.says


def test_none_where_it_is_sometimes_right_is_said_in_the_words_of_the_exercise():
    exercise = dataclasses.replace(ROOT, none_says="There is a root, but you returned None.", mistakes=())
    for function in (lambda x: None if x[0] > 5 or x[0] < 0 else np.sqrt(x), lambda x: np.sqrt(x) if len(x) > 1 else None):
        found = verdict(exercise, function)
        assert (found.mistake, found.says) == (None, "There is a root, but you returned None.")


def test_what_np_empty_holds_does_not_decide_a_verdict():
    def added_to(x):
        y = np.empty_like(x)
        y += x
        return y

    def written(x):
        y = np.empty(x.shape)
        y[:] = x
        return y

    def infinite_for_another_reason(x):
        y = np.empty(x.shape)
        y[:] = np.nan
        return y

    assert verdict(COPY, added_to).mistake == "uninitialised_array"
    assert verdict(COPY, written).passed
    assert verdict(COPY, infinite_for_another_reason).mistake is None


def test_a_shape_without_parentheses_is_explained():
    found = verdict(COPY, lambda x: np.zeros(x.shape[0], x.shape[1]))
    assert (found.mistake, found.status) == (None, "error")
    assert "the shape needs its own parentheses: np.zeros((rows, columns))" in found.says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: x[np.zeros(2)], "the array between the brackets holds floating-point numbers"),
        (lambda x: x[x.shape[0] / 2], "`//` gives a whole number"),
        (lambda x: x[: x.shape[0] / 2], "`//` gives a whole number"),
        (lambda x: np.zeros(x.shape[0] / 2), "`//` gives a whole number"),
        (lambda x: [0] * range(x.shape[0] / 2), "`//` gives a whole number"),
        (lambda x: x[1:-0] + x[1:], "a length of 0 is that of an empty slice"),
        (lambda x: np.einsum("ij,ij->ij", x[1:-0], x), "a length of 0 is that of an empty slice"),
    ],
    ids=["array of positions", "position", "end of a slice", "size", "range", "slice that ends at -0", "the same in einsum"],
)
def test_exceptions_that_many_meet_are_explained(answer, says):
    found = verdict(COPY, answer)
    assert (found.mistake, found.status) == (None, "error")
    assert says in found.says


def test_an_exception_about_shapes_without_an_empty_one_is_not_explained_so():
    assert "empty slice" not in verdict(COPY, lambda x: x + np.zeros((10, 10))).says


def test_whole_numbers_are_shown_where_as_many_fractions_would_be_too_long():
    for step, shown in ((1.0, True), (0.3, False)):
        numbers = step * np.arange(20.0).reshape(4, 5)
        part = Part("made_up", lambda rng, numbers=numbers: [Case((numbers,))])
        text = as_text(verdict(dataclasses.replace(COPY, parts=(part,)), lambda x: x + 1))
        assert ("Your result: [[" in text) == shown
        assert ("float64 array of shape (4, 5)" in text) != shown


def test_two_numbers_that_differ_are_shown_with_digits_enough_to_tell_them_apart():
    almost = 0.25 + 1e-9
    quarter = dataclasses.replace(COPY, reference=lambda x: 0.25, terms=lambda *args: 1)
    part = Part("made_up", lambda rng: [Case((np.ones(1),))])
    found = verdict(dataclasses.replace(quarter, parts=(part,)), lambda x: almost)
    assert "Got 0.250000001, expected 0.25" in as_text(found)
    assert "Got 0.3, expected 0.25" in as_text(verdict(dataclasses.replace(quarter, parts=(part,)), lambda x: 0.3))

    part = Part("made_up", lambda rng: [Case((np.array([0.24997, 1.5]),))])
    text = as_text(verdict(dataclasses.replace(COPY, parts=(part,)), lambda x: x + np.array([6e-5, 0])))
    assert "First wrong entry [0]: got 0.25003, expected 0.24997" in text
    assert "Your result: [0.25003, 1.5    ]" in text
    assert "Expected: [0.24997, 1.5    ]" in text


def test_a_long_line_of_arguments_is_shortened_and_whole_numbers_are_not():
    rng = np.random.default_rng(0)
    names = ("x", "gamma", "beta", "mean", "variance")
    drawn, whole = {name: rng.normal(size=7) for name in names}, {name: np.arange(16.0).reshape(4, 4) for name in names}

    def line(arguments):
        part = Part("made_up", lambda rng: [Case((), arguments)])
        exercise = dataclasses.replace(COPY, reference=lambda **arguments: 0, parts=(part,), mistakes=())
        return next(text for text in as_text(verdict(exercise, lambda **arguments: 1)).splitlines() if "x = " in text)

    assert len(line(drawn)) < 260
    assert 1 <= line(drawn).count("float64 array of shape (7,)") < 5
    assert "of shape" not in line(whole)
    assert "of shape" not in line({name: drawn[name] for name in names[:2]})
    assert "x = array([" not in line({"x": drawn["x"][:2]})
    assert "x = [array([0., 1., 2.]), array([5.])], k = (2, 3)" in line({"x": [np.arange(3.0), np.array([5.0])], "k": (2, 3)})
    assert "x = a list of 9" in line({"x": [rng.normal(size=5) for _ in range(9)]})
    assert "\n" not in line({"x": [np.eye(3)]})
    assert "x = float64 array of shape (4, 4)" in line({"x": 1e30 * np.arange(16.0).reshape(4, 4)})
