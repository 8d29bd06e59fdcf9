"""The reader's file is run: nothing it does ends in a traceback."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np


class Trouble(Exception):
    """What the reader is told instead of a traceback."""


@contextlib.contextmanager
def unattended(path: Path) -> Iterator[None]:
    """Run the reader's code: what it raises is told as `Trouble`."""
    stdin, sys.stdin = sys.stdin, io.StringIO()  # nobody answers input()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except BaseException as error:
        raise Trouble(told(error, path)) from None
    finally:
        sys.stdin = stdin


def told(error: BaseException, path: Path) -> str:
    """Return what the reader is told about an error of their file."""
    what = f"It raises {type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, Trouble):
        what = str(error)
    elif isinstance(error, NameError) and getattr(error, "name", "") == "np":
        what = "np is not there: begin the file with `import numpy as np`."
    elif isinstance(error, NameError):
        what += ". Is it defined, and spelled the same?"
    elif isinstance(error, SystemExit):
        what = "It ends Python itself: take exit() out."
    elif isinstance(error, EOFError):
        what = "It asks for input, but nobody answers: take input() out."
    elif isinstance(error, RecursionError):
        what = "It calls itself without end."
    elif isinstance(error, MemoryError):
        what = "It asks for more memory than there is: print the shapes."
    frames = traceback.extract_tb(error.__traceback__)
    numbers = [f.lineno for f in frames if f.filename == str(path)]
    return what + (line(path, numbers[-1]) if numbers else "")


def line(path: Path, number: int) -> str:
    """Return a line of the reader's file, as the place of a mistake."""
    lines = path.read_text("utf-8", "replace").splitlines()
    text = lines[number - 1].strip() if number <= len(lines) else ""
    return f"\nLine {number}: {text}"


def read(path: Path) -> ModuleType:
    """Run the reader's file as a module that Python will not remember."""
    with unattended(path):
        try:
            tree = ast.parse(path.read_bytes(), str(path))
        except SyntaxError as error:
            raise Trouble(
                f"Python cannot read it: {error.msg}."
                f"{line(path, error.lineno or 1)}\n"
                "Look there, and at the line above."
            ) from None
        except (ValueError, MemoryError, RecursionError) as error:
            why = str(error) or "it is nested too deeply"
            raise Trouble(f"Python cannot read it: {why}.") from None
        _refuse_imports(tree, path)
        module = ModuleType(path.stem)
        module.__file__ = str(path)
        exec(compile(tree, str(path), "exec"), vars(module))
    return module


def _refuse_imports(tree: ast.Module, path: Path) -> None:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            first = name.partition(".")[0]
            if first != "numpy" and first not in sys.stdlib_module_names:
                raise Trouble(
                    f"It imports {name}: write it with NumPy alone, all in "
                    f"this file.{line(path, node.lineno)}"
                )
