"""How the code is built: layers, imports, docstrings, requirements.

Everything here is read from the sources, so that a new module is checked
without being listed, and is refused until it has a place in `ROWS`.
"""

import ast
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A module imports only from those before it.
ROWS = [
    "shapes",
    "im2col",
    "convolution",
    "layers",
    "data",
    "networks",
    "fused",
    "training",
    "experiments",
    "matching",
    "scene",
    "figures",
    "windows",
    "diagrams",
    "widgets",
    "exercises",
    "capstone_steps",
    "capstone",
    "slides",
]
# What a module that computes takes from elsewhere, at the top of the file.
COMPUTE = {
    "shapes": set(),
    "im2col": {"numpy", "scipy"},
    "convolution": {"numpy", "scipy"},
    "layers": {"numpy", "scipy"},
    "data": {"numpy", "scipy"},
    "networks": {"numpy", "scipy"},
    "fused": {"numpy", "scipy"},
    "training": {"numpy", "scipy", "joblib", "tqdm"},
    "experiments": {"numpy", "scipy", "joblib", "tqdm"},
    "matching": {"numpy", "scipy"},
}
INSIDE_FUNCTIONS = {"data": {"torch", "torchvision", "PIL"}}
HEAVY = {"matplotlib", "IPython", "torch", "torchvision", "ipywidgets"}

SOURCES = {path.stem: path for path in (ROOT / "helpers").glob("*.py")}
MODULES = sorted(SOURCES.keys() - {"__init__"})
COMPUTING = [module for module in MODULES if module in COMPUTE]


@functools.cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree):
    """Yield the full name of every module that the nodes below import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: relative import"
            names = {alias.name for alias in node.names}
            if node.module == "helpers":
                yield from (f"helpers.{name}" for name in names)
            else:
                yield node.module


def packages(names):
    """Return the packages of others among the modules."""
    firsts = {name.partition(".")[0] for name in names}
    return firsts - sys.stdlib_module_names - {"helpers"}


def imported_at_the_top(tree):
    """Return what is imported outside functions, so with the module."""
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    names = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= set(imported(node))
        else:
            names |= imported_at_the_top(node)
    return names


# --- Layers ------------------------------------------------------------------


def test_every_module_has_a_place():
    assert MODULES
    assert set(MODULES) <= set(ROWS)
    assert set(COMPUTE) <= set(ROWS)


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_from_the_rows_above(module):
    names = set(imported(parse(SOURCES[module])))
    from_helpers = {n.split(".")[1] for n in names if n.startswith("helpers.")}
    assert "helpers" not in names
    assert from_helpers <= set(ROWS[: ROWS.index(module)])


@pytest.mark.parametrize("module", COMPUTING)
def test_computing_takes_little_from_elsewhere(module):
    tree = parse(SOURCES[module])
    lazy = INSIDE_FUNCTIONS.get(module, set())
    assert packages(imported_at_the_top(tree)) <= COMPUTE[module]
    assert packages(imported(tree)) <= COMPUTE[module] | lazy


@pytest.mark.parametrize("module", COMPUTING)
def test_computing_loads_neither_torch_nor_matplotlib(module):
    code = f"import helpers.{module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "helpers" in loaded
    assert not loaded & HEAVY


def test_package_is_a_docstring_and_nothing_else():
    body = parse(SOURCES["__init__"]).body
    assert len(body) == 1
    assert ast.get_docstring(parse(SOURCES["__init__"]))


# --- Docstrings and hints ----------------------------------------------------


def is_public(node):
    return not node.name.startswith("_")


def public(module):
    """Return the public functions and classes of a module, by name."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {
        f"{module}.{node.name}": node
        for node in parse(SOURCES[module]).body
        if isinstance(node, kinds) and is_public(node)
    }


def public_methods(module):
    """Return the methods, and the constructors, of the public classes."""
    return {
        f"{name}.{node.name}": node
        for name, parent in public(module).items()
        if isinstance(parent, ast.ClassDef)
        for node in parent.body
        if isinstance(node, ast.FunctionDef)
        if is_public(node) or node.name == "__init__"
    }


def missing_hints(function):
    """Return the names of what has no type hint."""
    spec = function.args
    given = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    given += [extra for extra in (spec.vararg, spec.kwarg) if extra]
    names = [arg.arg for arg in given if arg.annotation is None]
    names = [name for name in names if name not in ("self", "cls")]
    return names + ["return"] * (function.returns is None)


def has_example(node):
    return "\nExamples\n--------\n" in (ast.get_docstring(node) or "")


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_docstring(module):
    assert ast.get_docstring(parse(SOURCES[module]))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_and_class_has_an_example(module):
    without = [
        n for n, node in public(module).items() if not has_example(node)
    ]
    assert without == []


@pytest.mark.parametrize("module", MODULES)
def test_every_public_method_has_a_docstring(module):
    without = [
        name
        for name, node in public_methods(module).items()
        if node.name != "__init__" and not ast.get_docstring(node)
    ]
    assert without == []


@pytest.mark.parametrize("module", MODULES)
def test_every_public_function_and_method_has_type_hints(module):
    nodes = public(module) | public_methods(module)
    missing = {
        name: missing_hints(node)
        for name, node in nodes.items()
        if not isinstance(node, ast.ClassDef) and missing_hints(node)
    }
    assert missing == {}


# --- Requirements ------------------------------------------------------------


def requirement_lines():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def normal(distribution):
    return re.sub(r"[-_.]+", "-", distribution).lower()


def required():
    """Return the names of the distributions that are asked for."""
    lines = requirement_lines()[:-1]
    return {normal(re.split(r"[=<>~! \[#;]", line)[0]) for line in lines}


def cells(path):
    """Yield the code cells of a notebook, without magics."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            text = "".join(cell["source"])
            if not text.startswith("%%"):
                yield re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", text)


def files_and_code():
    for folder in ("helpers", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, parse(path)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for text in cells(path):
            yield path, ast.parse(text, str(path))


def test_every_imported_package_is_required():
    """Those of helpers, tests and notebooks, by the name pip knows them by."""
    known = importlib.metadata.packages_distributions()
    ours = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    missing = {}
    for path, tree in files_and_code():
        for package in packages(imported(tree)) - ours:
            names = {normal(name) for name in known.get(package, [])}
            if not names & required():
                missing.setdefault(package, set()).add(path.name)
    assert missing == {}


@pytest.mark.parametrize("line", requirement_lines()[:-1])
def test_requirement_is_pinned_and_says_what_it_is_for(line):
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]* +# \S.*\w.*", line)


def test_no_requirement_is_listed_twice():
    names = [normal(line.split("==")[0]) for line in requirement_lines()]
    assert len(names) == len(set(names))


def test_the_last_requirement_is_the_package_itself():
    assert requirement_lines()[-1] == "-e ."
