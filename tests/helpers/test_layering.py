"""How the code is built: layers, imports, sizes, docstrings, requirements.

Everything here is read from the sources, so that a new module is checked
without being listed, and is refused until it has a place in `ROWS`.
"""

import ast
import collections
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELPERS, LECTURE = ROOT / "helpers", ROOT / "notebooks" / "lecture"

# A module, or a package, imports only from those before it.
ROWS = [
    "checks",
    "shapes",
    "im2col",
    "convolution",
    "layers",
    "files",
    "data",
    "networks",
    "fused",
    "training",
    "matching",
    "figures",
    "command",
    "slides",
    "site",
]
# What a module that computes takes from elsewhere, at the top of the file.
COMPUTE = {row: {"numpy", "scipy"} for row in ROWS[: ROWS.index("figures")]}
COMPUTE["training"] |= {"joblib", "tqdm"}
INSIDE_FUNCTIONS = {"data": {"torch", "torchvision", "PIL"}}
HEAVY = {"matplotlib", "IPython", "torch", "torchvision", "ipywidgets"}

# Lines: what grows, pushes something out.
BUDGETS = {"helpers": 6_300, "notebooks/lecture": 9_300, "tests": 13_000}
LONGEST_FILE = 600
SCREEN = 60


def name_of(path):
    """Return the dotted name of a module of helpers or lecture."""
    home = HELPERS.parent if HELPERS in path.parents else LECTURE.parent
    return ".".join(path.relative_to(home).with_suffix("").parts)


SOURCES = {
    name_of(path): path
    for folder in (HELPERS, LECTURE)
    for path in sorted(folder.rglob("*.py"))
}
OF_HELPERS = [n for n in SOURCES if re.match(r"helpers\.[^_]", n)]
OF_LECTURE = [n for n in SOURCES if re.match(r"lecture\.[^_]", n)]
COMPUTING = [n for n in OF_HELPERS if n.split(".")[1] in COMPUTE]


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
            if node.module in ("helpers", "lecture"):
                yield from (f"{node.module}.{name}" for name in names)
            else:
                yield node.module


def packages(names):
    """Return the packages of others among the modules."""
    firsts = {name.partition(".")[0] for name in names}
    return firsts - sys.stdlib_module_names - {"helpers", "lecture"}


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
    assert {name.split(".")[1] for name in OF_HELPERS} == set(ROWS)


@pytest.mark.parametrize("module", OF_HELPERS)
def test_module_imports_only_from_the_rows_above(module):
    names = set(imported(parse(SOURCES[module])))
    row = module.split(".")[1]
    above = {*ROWS[: ROWS.index(row)]}
    if SOURCES[module].parent != HELPERS:
        above.add(row)
    ours = {n.split(".")[0] for n in names} & {"helpers", "lecture"}
    assert ours <= {"helpers"}
    assert {n.split(".")[1] for n in names if n[:7] == "helpers"} <= above


@pytest.mark.parametrize("module", COMPUTING)
def test_computing_takes_little_from_elsewhere(module):
    tree, row = parse(SOURCES[module]), module.split(".")[1]
    lazy = INSIDE_FUNCTIONS.get(row, set())
    assert packages(imported_at_the_top(tree)) <= COMPUTE[row]
    assert packages(imported(tree)) <= COMPUTE[row] | lazy


def test_computing_loads_neither_torch_nor_matplotlib():
    code = "import importlib, sys\n"
    code += f"for name in {COMPUTING}:\n    importlib.import_module(name)\n"
    code += f"    assert not {HEAVY} & sys.modules.keys(), name"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("package", ["helpers", "lecture"])
def test_package_is_a_docstring_and_nothing_else(package):
    tree = parse(SOURCES[f"{package}.__init__"])
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


# --- Sizes -------------------------------------------------------------------


def length(path):
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("folder", BUDGETS)
def test_it_stays_small(folder):
    files = [
        path
        for end in ("py", "js", "css", "j2")
        for path in (ROOT / folder).rglob(f"*.{end}")
    ]
    python = [path for path in files if path.suffix == ".py"]
    assert sum(map(length, python)) <= BUDGETS[folder]
    assert [p.name for p in files if length(p) > LONGEST_FILE] == []


@pytest.mark.parametrize("module", OF_HELPERS)
def test_the_first_screen_says_what_the_module_is_for(module):
    tree = parse(SOURCES[module])
    assert ast.get_docstring(tree)
    first = min((node.lineno for node in public(module).values()), default=0)
    assert first < SCREEN


@pytest.mark.parametrize("module", OF_HELPERS)
def test_a_function_fits_on_a_screen(module):
    long = [
        node.name
        for node in ast.walk(parse(SOURCES[module]))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno - node.body[bool(ast.get_docstring(node))].lineno
        >= SCREEN
    ]
    assert long == []


# --- Docstrings and hints ----------------------------------------------------


def is_public(node):
    return not node.name.startswith("_")


def public(module):
    """Return the public functions and classes of a module, by name.

    What has a decorator in `lecture` is a reader's: the answer of an exercise.
    """
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {
        node.name: node
        for node in parse(SOURCES[module]).body
        if isinstance(node, kinds) and is_public(node)
        if module in OF_HELPERS or not node.decorator_list
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


@pytest.mark.parametrize("module", OF_HELPERS + OF_LECTURE)
def test_what_is_public_has_type_hints_and_a_docstring_of_one_line(module):
    for name, node in (public(module) | public_methods(module)).items():
        if not isinstance(node, ast.ClassDef):
            assert missing_hints(node) == [], name
        if node.name != "__init__":
            told = ast.get_docstring(node) or ""
            assert re.match(r".+\.(\n\n|$)", told), name


@functools.cache
def called():
    """Return what notebooks take from each row of helpers, by its name."""
    found = collections.defaultdict(set)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        nodes = [n for text in cells(path) for n in ast.walk(ast.parse(text))]
        rows = {}
        for node in nodes:
            if isinstance(node, ast.ImportFrom):
                package, _, below = node.module.partition(".")
                for alias in node.names if package == "helpers" else ():
                    if below:
                        found[below.split(".")[0]].add(alias.name)
                    else:
                        rows[alias.asname or alias.name] = alias.name
        for node in nodes:
            if isinstance(node, ast.Attribute):
                row = rows.get(getattr(node.value, "id", None))
                found[row].add(node.attr)
    return found


@pytest.mark.parametrize("module", COMPUTING)
def test_what_notebooks_call_has_an_example(module):
    names = called()[module.split(".")[1]]
    without = [
        name
        for name, node in public(module).items()
        if name in names
        if "NamedTuple" not in map(ast.unparse, getattr(node, "bases", []))
        if "\nExamples\n--------\n" not in (ast.get_docstring(node) or "")
    ]
    assert without == []


def test_notebooks_call_something():
    assert {"conv2d"} <= called()["convolution"]
    assert {"show"} <= called()["figures"]


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
    for folder in ("helpers", "notebooks", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, parse(path)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for text in cells(path):
            yield path, ast.parse(text, str(path))


def test_every_imported_package_is_required():
    """Of all that is here, by the name pip knows them by."""
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
