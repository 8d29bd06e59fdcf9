"""Each solution passes; each listed wrong answer is told its own mistake."""

import ast
import copy
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from lecture.exercises.exercise import Exercise

ROOT = Path(__file__).parents[2]
MODULES = {
    f"{number:02}": importlib.import_module(f"lecture.exercises.ex{number:02}")
    for number in range(11)
}
ALL = {
    name: (number, value)
    for number, module in MODULES.items()
    for name, value in vars(module).items()
    if isinstance(value, Exercise)
}
SLIPS = [
    pytest.param(exercise, slip, id=f"{name}-{slip.answer.__name__}")
    for name, (_, exercise) in ALL.items()
    for slip in exercise.slips
]
each = pytest.mark.parametrize(
    "exercise", [exercise for _, exercise in ALL.values()], ids=ALL
)


def in_form(form):
    """Return a function that gives each part of an answer that form."""

    def convert(value):
        if isinstance(value, tuple):
            return tuple(map(convert, value))
        return form(value)

    return convert


def code_cells(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def namespace_of(number, source):
    """Return what a notebook's first cell imports and the source uses."""
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)]
    own = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    used = {node.id for node in nodes} - own
    namespace = {}
    for node in ast.parse(code_cells(number)[0]).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [a for a in node.names if (a.asname or a.name) in used]
            if named:
                node.names = named
                exec(ast.unparse(node), namespace)
    return namespace


@each
def test_its_name_is_the_name_in_the_notebook(exercise):
    number, found = ALL[exercise.name]
    assert found is exercise
    call = f"exercises.{exercise.name}.check({exercise.name})"
    assert any(call in cell for cell in code_cells(number))


@pytest.mark.parametrize(
    "form",
    [lambda v: v, lambda v: np.asarray(v).tolist(), np.float32, np.longdouble],
    ids=["as it is", "lists", "float32", "longdouble"],
)
@each
def test_the_solution_passes_in_several_forms(exercise, form):
    convert = in_form(form)
    assert exercise.verdict(lambda *given: convert(exercise(*given))).right


@each
def test_the_printed_solution_is_right_in_its_notebook(exercise, capsys):
    exercise.solution()
    source = capsys.readouterr().out
    assert source.startswith(f"def {exercise.name}(")
    assert source.count("\ndef ") == 0
    namespace = namespace_of(ALL[exercise.name][0], source)
    exec(source, namespace)
    assert exercise.verdict(namespace[exercise.name]).right


@each
def test_it_has_at_least_three_typical_wrong_answers(exercise):
    messages = [slip.message for slip in exercise.slips]
    assert len(set(messages)) == len(messages) >= 3


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_a_typical_wrong_answer_is_told_its_mistake(exercise, slip):
    assert exercise.verdict(slip.answer) == (False, slip.message)


@each
def test_an_empty_answer_and_an_exception_are_not_yet_right(exercise, capsys):
    exercise.check(lambda *arguments: None)
    said = capsys.readouterr().out
    assert said.startswith(f"{exercise.name}: not yet. It returns None")
    exercise.check(lambda *arguments: [][5])
    said = capsys.readouterr().out
    assert "not yet. It raises IndexError: list index out of range" in said


@each
def test_another_wrong_answer_is_told_how_it_differs(exercise):
    right, message = exercise.verdict(lambda *arguments: np.full((7, 7), 0.5))
    assert not right
    assert message.startswith("It returns ")


@each
def test_a_slightly_wrong_answer_is_rejected(exercise):
    def nearly(*arguments):
        value = exercise(*arguments)
        if isinstance(value, tuple):
            return (value[0] * 1.001 + 1e-3, *value[1:])
        return value * 1.001 + 1e-3

    assert not exercise.verdict(nearly).right


@each
def test_a_right_answer_may_change_its_arguments(exercise):
    def careless(*arguments):
        value = copy.deepcopy(exercise(*arguments))
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return value

    assert exercise.verdict(careless).right


@each
def test_the_hint_fits_a_terminal(exercise, capsys):
    exercise.hint()
    hint = capsys.readouterr().out
    assert len(hint) > 20
    assert all(len(line) <= 79 for line in hint.splitlines())
