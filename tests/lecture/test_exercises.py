"""Each solution passes; each listed wrong answer is told its own mistake."""

import copy

import numpy as np
import pytest

from helpers import exercises

ALL = {
    name: value
    for name, value in vars(exercises).items()
    if isinstance(value, exercises.Exercise)
}
SLIPS = [
    pytest.param(exercise, slip, id=f"{name}-{slip.answer.__name__}")
    for name, exercise in ALL.items()
    for slip in exercise.slips
]

each = pytest.mark.parametrize("exercise", ALL.values(), ids=ALL)


def test_exercises_are_found():
    assert {"softmax_cross_entropy", "parameters_1989"} <= set(ALL)


@each
def test_its_name_is_the_name_in_the_notebook(exercise):
    assert ALL[exercise.name] is exercise


@each
def test_the_solution_passes(exercise):
    assert exercise.verdict(exercise.answer).right


@each
def test_it_has_at_least_three_typical_wrong_answers(exercise):
    messages = [slip.message for slip in exercise.slips]
    assert len(set(messages)) == len(messages) >= 3


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_a_typical_wrong_answer_is_told_its_mistake(exercise, slip):
    assert exercise.verdict(slip.answer) == (False, slip.message)


@each
def test_an_empty_answer_is_not_yet_right(exercise, capsys):
    exercise.check(lambda *arguments: None)
    assert "not yet. It returns None" in capsys.readouterr().out


@each
def test_an_exception_is_reported_not_raised(exercise, capsys):
    def broken(*arguments):
        raise IndexError("index 5 is out of bounds")

    exercise.check(broken)
    said = capsys.readouterr().out
    assert "not yet. It raises IndexError: index 5 is out of bounds" in said


@each
def test_another_wrong_answer_is_told_how_it_differs(exercise):
    right, message = exercise.verdict(lambda *arguments: np.full((7, 7), 0.5))
    assert not right
    assert message.startswith("It returns ")


@each
def test_a_slightly_wrong_answer_is_rejected(exercise):
    def nearly(*arguments):
        value = exercise.answer(*arguments)
        if isinstance(value, tuple):
            return (value[0] * 1.001 + 1e-3, *value[1:])
        return value * 1.001 + 1e-3

    assert not exercise.verdict(nearly).right


@each
def test_a_right_answer_may_change_its_arguments(exercise):
    def careless(*arguments):
        value = copy.deepcopy(exercise.answer(*arguments))
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return value

    assert exercise.verdict(careless).right


@each
def test_hint_and_solution_are_printed(exercise, capsys):
    exercise.hint()
    hint = capsys.readouterr().out
    assert len(hint) > 20
    assert all(len(line) <= 79 for line in hint.splitlines())
    exercise.solution()
    assert capsys.readouterr().out.startswith("def ")
