"""The reader's file is run with care: nothing it does ends in a traceback."""

from __future__ import annotations

import _thread
import ast
import contextlib
import io
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

# Seconds until a check gives up, and characters that may be printed in it.
SECONDS = {"a function": 20, "the network": 120, "training": 900}
PRINTED = {"a function": 5_000, "the network": 5_000, "training": 200_000}


class Trouble(Exception):
    """What the reader is told instead of a traceback."""


class _Limited(io.TextIOBase):
    """A stream that takes so much text and then raises."""

    def __init__(self, stream: Any, most: int) -> None:
        self.stream, self.left = stream, most

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise Trouble("It prints without end.")
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()


@contextlib.contextmanager
def unattended(
    path: Path, what: str, late: str = "does that loop end?"
) -> Iterator[None]:
    """Run the reader's code: limited, and its errors told as `Trouble`."""
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        _thread.interrupt_main()

    main = threading.current_thread() is threading.main_thread()
    timer = threading.Timer(SECONDS[what], stop)
    timer.daemon = True
    stdin, sys.stdin = sys.stdin, io.StringIO()  # nobody answers input()
    handler = main and signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if main:  # only there can it be interrupted
            timer.start()
        with (
            contextlib.redirect_stdout(_Limited(sys.stdout, PRINTED[what])),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            yield
    except KeyboardInterrupt as error:
        if not expired.is_set():
            said = "Stopped by you."
        else:
            said = f"It still runs after {SECONDS[what]} s: {late}"
        raise Trouble(said + _place(error, path)) from None
    except (Exception, SystemExit) as error:
        raise Trouble(told(error, path)) from None
    finally:
        timer.cancel()
        sys.stdin = stdin
        if main:
            signal.signal(signal.SIGINT, handler)


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
    return what + _place(error, path)


def _place(error: BaseException, path: Path) -> str:
    """Return the last line of the reader's file that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    numbers = [f.lineno for f in frames if f.filename == str(path)]
    return _line(path, numbers[-1]) if numbers else ""


def _line(path: Path, number: int) -> str:
    lines = path.read_text("utf-8", "replace").splitlines()
    text = lines[number - 1].strip() if number <= len(lines) else ""
    return f"\nLine {number}: {text}"


def opened(path: str | Path) -> Path:
    """Return the path of the reader's file; make it if there is none."""
    path = Path(path).expanduser()
    if path.suffix != ".py" or path.is_dir():
        raise Trouble(f"{path} is no Python file: call it my_cnn.py, say.")
    if not path.parent.is_dir():
        raise Trouble(f"There is no folder {path.parent}: make it first.")
    try:
        if not path.exists():
            path.touch()
            print(f"{path} was not there: it is now, an empty file.\n")
        path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path} cannot be read: {error.strerror}.") from None
    return path.resolve()


def read(path: Path) -> ModuleType:
    """Return the reader's file as a module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise Trouble(
            f"Python cannot read it: {error.msg}."
            f"{_line(path, error.lineno or 1)}\n"
            "Look there, and at the line above."
        ) from None
    except ValueError as error:
        raise Trouble(f"Python cannot read it: {error}.") from None
    _refuse_imports(tree, path)
    late = "let the file define functions, and nothing more."
    with unattended(path, "a function", late):
        return load(path)


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
                    f"this file.{_line(path, node.lineno)}"
                )


def load(path: Path) -> ModuleType:
    """Run a Python file as a module that Python will not remember."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    code = compile(path.read_bytes(), str(path), "exec")
    exec(code, module.__dict__)
    return module
