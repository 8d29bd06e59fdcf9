"""Each solution passes; each listed wrong answer is told its own mistake."""

import ast
import copy
import importlib
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import circulant

from helpers import shapes
from lecture.exercises.exercise import Exercise, exercise

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
    pytest.param(exercise, slip, id=f"{name}-{place}")
    for name, (_, exercise) in ALL.items()
    for place, slip in enumerate(exercise.slips)
]
each = pytest.mark.parametrize(
    "exercise", [exercise for _, exercise in ALL.values()], ids=ALL
)


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


# --- Right answers -----------------------------------------------------------


def mapped(change, value, several=(tuple,)):
    """Return a value with its parts changed."""
    if isinstance(value, dict):
        return {k: mapped(change, v, several) for k, v in value.items()}
    if isinstance(value, several):
        return type(value)(mapped(change, v, several) for v in value)
    return value if value is None else change(value)


def in_float32(value):
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(np.float32) if floats else value


def as_lists(value):
    return np.asarray(value).tolist()


def as_tuples(value):
    value = as_lists(value)
    return tuple(map(tuple, value)) if np.ndim(value) == 2 else value


def of(form):
    """Return an answer with each of its values in a form."""
    return lambda solution, *given: mapped(form, solution(*given))


def in_a_list(solution, *given):
    found = solution(*given)
    return list(found) if isinstance(found, tuple) else found


def computed_in_float32(solution, *given):
    return solution(*mapped(in_float32, given, (tuple, list)))


FORMS = {
    "as it is": of(lambda value: value),
    "lists": of(as_lists),
    "tuples": of(as_tuples),
    "float32": of(np.float32),
    "longdouble": of(np.longdouble),
    "torch": of(lambda value: torch.tensor(np.asarray(value))),
    "objects": of(lambda value: np.array(value, object)),
    "fractions": of(lambda v: mapped(Fraction, as_lists(v), (list,))),
    "several in a list": in_a_list,
    "float32 inside": computed_in_float32,
    "then lists": lambda *all_: of(as_lists)(computed_in_float32, *all_),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@each
def test_the_solution_passes_in_several_forms(exercise, form):
    assert exercise.verdict(lambda *given: form(exercise, *given)).right


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
def test_a_right_answer_may_change_its_arguments(exercise):
    """Unless the exercise says that it must not."""

    def careless(*arguments):
        value = copy.deepcopy(exercise(*arguments))
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                argument[...] = 0
        return value

    right, message = exercise.verdict(careless)
    assert right != exercise.keeps
    assert right or message.startswith("It changes parameter, which others")


ORACLES = {
    "circular_convolution": lambda x, k: circulant(
        [k[i :: len(x)].sum() for i in range(len(x))]
    ) @ x,
    "input_sizes": lambda o, k, s, p, d: tuple(
        f(i for i in range(max(d * (k - 1) + 1 - 2 * p, 1), 200)
          if shapes.conv_output_size(i, k, s, p, d) == o)
        for f in (min, max)
    ),
    "window_contrasts": lambda image, *size: size[0] * size[1] * (
        np.lib.stride_tricks.sliding_window_view(image, size).var(axis=(2, 3))
    ),
    "output_size": shapes.conv_output_size,
}  # fmt: skip


@pytest.mark.parametrize("name", ORACLES)
def test_solutions_agree_with_what_others_wrote(name):
    assert ALL[name][1].verdict(ORACLES[name]).right


# --- Wrong answers -----------------------------------------------------------


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_a_typical_wrong_answer_is_told_its_mistake(exercise, slip):
    assert exercise.verdict(slip.answer) == (False, slip.message)


@pytest.mark.parametrize(("exercise", "slip"), SLIPS)
def test_a_wrong_answer_is_not_right_in_float32(exercise, slip):
    found = exercise.verdict(
        lambda *given: of(np.float32)(slip.answer, *given)
    )
    assert found == (False, slip.message)


@each
def test_it_has_at_least_three_typical_wrong_answers(exercise):
    messages = [slip.message for slip in exercise.slips]
    assert len(set(messages)) == len(messages) >= 3


@each
def test_a_slightly_wrong_answer_is_rejected(exercise):
    def nearly(*arguments):
        value = exercise(*arguments)
        if isinstance(value, tuple):
            return (value[0] * 1.001 + 1e-3, *value[1:])
        return None if value is None else value * 1.001 + 1e-3

    assert not exercise.verdict(nearly).right


class Awkward:
    """Raises whatever is asked of it."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("no array")

    __eq__ = __bool__ = __len__ = __repr__ = __iter__ = __array__
    __hash__ = None


LOOP = []
LOOP.append(LOOP)
AWKWARD = [
    "5", b"5", "", (1, None), [None, None], [[1], [2, 3]], ((1, 2), (3,)),
    {}, {1: 2}, {1, 2}, (i for i in range(3)), map(abs, [1]), range(10**12),
    torch.ones(3, requires_grad=True), torch.ones(2, dtype=torch.bfloat16),
    torch.tensor(1.0, requires_grad=True), torch.ones(2, 2).to_sparse(),
    1j, np.ones((2, 2)) * 1j, np.array([None, 1]), np.array(["a"]), True,
    np.ones((2, 2), bool), np.ma.masked, np.ma.ones(3), [np.ma.ones(3)],
    LOOP, Awkward(), [Awkward()], Awkward, len, 10**400, 2**80, np.nan,
    [np.inf], [], (), ..., np, ValueError("x"), np.zeros(2, [("a", int)]),
    np.datetime64("2020-01-01"), np.zeros((0, 3)), np.full((7, 7), 0.5),
]  # fmt: skip


@each
def test_whatever_is_returned_gets_a_message(exercise, recwarn):
    for place, value in enumerate(AWKWARD):
        right, message = exercise.verdict(lambda *given, value=value: value)
        assert not right, place
        assert message.split()[0] in {"It", "The"}, (place, message)
    assert not list(recwarn)


ONE, TWO = np.array([1.0, 2.0, 3.0]), (1.0, np.array([2.0, 3.0]))


@pytest.mark.parametrize(
    ("right", "value", "message"),
    [
        (ONE, "5", "It returns a str where numbers belong."),
        (ONE, np.ma.ones(3), "It returns a masked array: return a plain one"),
        (ONE, [1, None], "It returns None in a list where numbers belong."),
        (ONE, [[1], [2, 3]], "a list whose parts do not fit into one array."),
        (ONE, AWKWARD[13], "Use tensor.detach().numpy()"),
        (ONE, [1 + 1j, 2], "It returns complex numbers: take the real part"),
        (ONE, [True, False], "It returns True or False where numbers belong"),
        (
            ONE,
            ONE[None],
            "an array of shape (1, 3) where an array of shape (3",
        ),
        (ONE, 1, "It returns one number where an array of shape (3,) is"),
        (ONE, [1, 2.0000001, 2.5], "It returns 2.5 at (2,) where 3 is right."),
        (ONE, [1, 2.0001, 3], "It returns 2.0001 at (1,) where 2 is right."),
        (ONE, [1, 1, 3], "1 at (1,) where 2 is right. Is your array one of"),
        (ONE, [1, 2, np.nan], "It returns nan at (2,) where 3 is right."),
        (TWO, 3, "It returns 1 value where 2 belong."),
        (TWO, [1, 2, 3], "It returns 3 values where 2 belong."),
        (TWO, (1.0001, 1), "The first of its 2 values is 1.0001 where 1 is"),
        (TWO, (1, [2.5, 3]), "second of its 2 values is 2.5 at (0,) where 2"),
        (TWO, (1, None), "The second of its 2 values is None where numbers"),
        (TWO, ([2, 3], 1), "another order: its first belongs second."),
        (16_006_054_680, 16_006_054_681, "681 where 16006054680 is right."),
        (16_006_054_680, 16_006_054_681.0, "681 where 16006054680 is right."),
        (2, [3, 4], "It returns 2 values where 1 belongs."),
    ],
)
def test_a_wrong_value_is_told_what_is_wrong(right, value, message):
    made = exercise(lambda rng: [()], "")(lambda: right)
    assert message in made.verdict(lambda: value).message


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "It returns None: write your answer there."),
        ({2: 3}, "It returns None where 2 is right.\nSeen with a = 1."),
        ({1: 2, 2: 3}, "It returns 3 where None is right.\nSeen with a = 2."),
        ({1: 2}, "It agrees on 2 random cases."),
    ],
)
def test_none_may_be_right(answer, message):
    made = exercise(lambda rng: [(1,), (2,)], "")(lambda a: {1: 2}.get(a))
    assert made.verdict(answer.get).message == message


# --- The checker -------------------------------------------------------------


def doubled(a):
    return 2 * a


CASES = [(np.arange(3),), (np.zeros((4, 5)),), (7,)]
DOUBLED = exercise(lambda rng: CASES, "Add it to itself.")(doubled)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda a: np.ravel(a)[-1], "Seen with a = [0, 1, 2]."),
        (lambda a: 2 * a if np.size(a) < 9 else a + 1,
         "It returns 1 at (0, 0) where 0 is right.\n"
         "Seen with a of shape (4, 5)."),
        (lambda a: 2 * a[:], "TypeError: 'int' object is not subscriptable\n"
         "Line {line}: (lambda a: 2 * a[:], "),
        (lambda a: 2 * a if np.ndim(a) else sys.exit(),
         "It ends Python itself: take exit() out.\nLine"),
        (lambda: 0, "takes 0 positional arguments but 1 was given"),
        (lambda a, calls=[]: 2 * a + (calls.append(0) or len(calls) == 2),
         "Alone it is right: does it keep something between calls?"),
    ],
)  # fmt: skip
def test_the_first_case_that_fails_is_shown(attempt, message):
    line = attempt.__code__.co_firstlineno
    assert message.format(line=line) in DOUBLED.verdict(attempt).message


def test_a_crash_in_a_later_case_hides_no_misconception():
    made = exercise(lambda rng: [(1, 3), (0, 2)], "")(lambda a, b: a * b)
    made.slip("You add.")(lambda a, b: a + b)
    assert made.verdict(lambda a, b: b / a * a + a).message == "You add."


def test_the_reader_can_still_interrupt():
    def interrupted(a):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        DOUBLED.check(interrupted)


@pytest.mark.parametrize("attempt", [5, None, "a", int, DOUBLED, Awkward()])
def test_what_is_no_function_is_handed_back(capsys, attempt):
    DOUBLED.check(attempt)
    said = capsys.readouterr().out
    assert said.startswith("doubled: not yet. This is ")
    assert "hand over your own function" in said


def test_calling_an_exercise_on_a_function_says_check(capsys):
    assert DOUBLED(doubled) is None
    said = capsys.readouterr().out
    assert said == "Write .check: exercises.doubled.check(doubled)\n"
    assert DOUBLED(4) == 8


USES = ["its_matrix", "convolution.convolution_matrix", "part()"]
CELL = """
from helpers import convolution
from helpers.convolution import convolution_matrix as its_matrix

def part():
    from helpers.convolution import convolution_matrix

def attempt(*given):
    [{use} for _ in given]
    return answer(*given)"""


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["layer_matrix", "add_back"])
def test_what_an_exercise_does_without_is_not_used(name, use):
    space = {"answer": ALL[name][1].answer}
    exec(CELL.format(use=use), space)
    right, message = ALL[name][1].verdict(space["attempt"])
    assert not right
    assert message.startswith("It is right, but it uses ")


# --- In the notebooks --------------------------------------------------------


@each
def test_its_name_is_the_name_in_the_notebook(exercise):
    number, found = ALL[exercise.name]
    assert found is exercise
    call = f"exercises.{exercise.name}.check({exercise.name})"
    here = any(call in cell for cell in code_cells(number))
    assert here != (exercise.name == "output_size")  # for the capstone alone


@each
def test_an_unfinished_answer_is_told_so(exercise, capsys):
    exercise.check(lambda *arguments: None)
    said = capsys.readouterr().out
    none = "It returns None: write your answer there.\n"
    assert said == f"{exercise.name}: not yet. {none}"
    exercise.check(lambda *arguments: [][5])
    said = capsys.readouterr().out
    assert "not yet. It raises IndexError: list index out of range" in said


@each
def test_the_hint_fits_a_terminal(exercise, capsys):
    exercise.hint()
    hint = capsys.readouterr().out
    assert len(hint) > 20
    assert all(len(line) <= 79 for line in hint.splitlines())
