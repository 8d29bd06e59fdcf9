"""Mutants: the helpers with one operator or number changed must fail a test.

A random sample of all changes; here a larger one, begun elsewhere:

    MUTANTS=100 MUTANTS_SEED=7 pytest -o addopts= tests/helpers/test_mutants.py

A survivor is a change that no test notices: a test is missing, or the change
changes nothing that is promised; those stand in `EQUAL`.
"""

import ast
import functools
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNT = int(os.environ.get("MUTANTS", 40))
SEED = int(os.environ.get("MUTANTS_SEED", 0))
MODULES = {
    "checks": [],
    "shapes": ["test_shapes", "test_shapes_relationships", "test_convolution"],
    "im2col": ["test_im2col", "test_memory"],
    "convolution": ["test_convolution", "test_memory"],
    "layers": ["test_layers", "test_memory", "test_networks"],
    "fused": ["test_fused", "test_memory"],
    "matching": ["test_matching"],
    "training": ["test_training"],
}
EVERYWHERE = ["test_bad_input", "test_any_array"]
PAIRS = "Lt LtE, Gt GtE, Eq NotEq, In NotIn, Is IsNot, Add Sub, And Or"
SWAPS = {"Mult": "Add", "Div": "Mult", "FloorDiv": "Mult"}
for left, right in map(str.split, PAIRS.split(",")):
    SWAPS |= {left: right, right: left}
# Settings and rules of thumb: of these lines any change may live.
SETTINGS = {
    "BLOCK_BYTES = 2**21",
    "PART_BYTES = 2**20",
    "SMALLEST_TILE = 512",
    "TEMPLATES_PER_TILE = 4",
    "TOGETHER = 500",
    "samples: int = 20,",
    "workers: int = 2,",
    "tile = max(SMALLEST_TILE, TEMPLATES_PER_TILE * length)",
    "tiles = math.ceil(places / (tile - length + 1))",
    "return step, fft.next_fast_len(step + length - 1, real=True)",
    "power = np.square(values).mean() * len(values)",
    "if spread.min() < (FAINT * self.pixels) ** 2 * power:",
}
# Other survivors that may live: line, change, reason.
EQUAL = {
    (
        "first = max(0, top - height + 1), max(0, left - width + 1)",
        "top - height + 1 -> top - height - 1",
    ): "windows that share nothing are looked at as well",
    (
        "first = max(0, top - height + 1), max(0, left - width + 1)",
        "left - width + 1 -> left - width - 1",
    ): "windows that share nothing are looked at as well",
    (
        "values, a = parameter.reshape(-1), gradients[name].reshape(-1)",
        "1 -> 2",
    ): "NumPy takes any negative number",
    (
        "return k_f.reshape(4 * c_out, -1)",
        "1 -> 2",
    ): "NumPy takes any negative number",
    (
        "exact = np.uint32 if self.pixels * 255**2 < 2**32 else np.uint64",
        "2 -> 3",
    ): "sums in the wider type are exact as well",
}


def swapped(operator):
    """Return another operator, None if there is none."""
    other = SWAPS.get(type(operator).__name__)
    return getattr(ast, other)() if other else None


def changes(tree):
    """Yield each change: where, what it becomes, a function that does it."""
    hints = [getattr(n, "annotation", None) for n in ast.walk(tree)]
    hints += [getattr(n, "returns", None) for n in ast.walk(tree)]
    # Types are never computed.
    hidden = {id(below) for hint in hints if hint for below in ast.walk(hint)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Compare):
            if other := swapped(node.ops[0]):
                yield node, lambda n=node, o=other: n.ops.__setitem__(0, o)
        elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
            if other := swapped(node.op):
                yield node, lambda n=node, o=other: setattr(n, "op", o)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            number = node.value
            other = not number if isinstance(number, bool) else number + 1
            yield node, lambda n=node, o=other: setattr(n, "value", o)


def text(module):
    return (ROOT / "helpers" / f"{module}.py").read_text()


@functools.cache
def sample():
    """Return a sample of all changes: module, the number of the change."""
    found = [
        (module, number)
        for module in MODULES
        for number, _ in enumerate(changes(ast.parse(text(module))))
    ]
    return random.Random(SEED).sample(found, COUNT)


def mutant(module, number):
    """Return a changed module, the line of the change, what it becomes."""
    tree = ast.parse(text(module))
    node, change = list(changes(tree))[number]
    line = text(module).splitlines()[node.lineno - 1].strip()
    before = ast.unparse(node)
    change()
    return ast.unparse(tree), line, f"{before} -> {ast.unparse(node)}"


def test_survivors_are_lines_that_still_exist():
    lines = {x.strip() for module in MODULES for x in text(module).split("\n")}
    assert SETTINGS | {line for line, _ in EQUAL} <= lines


def run_tests(modules, folder):
    """Run the tests of some modules; return the exit code and what is said."""
    names = {name for module in modules for name in MODULES[module]}
    files = [f"tests/helpers/{name}.py" for name in [*names, *EVERYWHERE]]
    files += [f"helpers/{module}.py" for module in modules]
    options = ["-x", "-q", "-o", "addopts=--doctest-modules", "--no-header"]
    options += ["-p", "no:cacheprovider", "-m", "not reliability"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return run.returncode, run.stdout[-300:]


@pytest.fixture
def copy(tmp_path):
    for folder in ("helpers", "tests/helpers", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.mark.reliability
def test_without_a_change_all_tests_pass(copy):
    code, told = run_tests(MODULES, copy)
    assert code == 0, told


@pytest.mark.reliability
@pytest.mark.parametrize("place", range(COUNT))
def test_a_mutant_does_not_survive(place, copy):
    module, number = sample()[place]
    changed, line, told = mutant(module, number)
    if line in SETTINGS:
        pytest.skip("a setting")
    if (line, told) in EQUAL:
        pytest.skip(EQUAL[line, told])
    (copy / "helpers" / f"{module}.py").write_text(changed)
    try:
        code, said = run_tests([module], copy)
    except subprocess.TimeoutExpired:
        return  # a loop that does not end has been noticed
    assert code in (1, 2), f"{module}: {line}\n{told}\n{said}"
