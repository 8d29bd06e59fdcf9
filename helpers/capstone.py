"""The capstone: an empty file becomes a network, checked at each step.

``python -m helpers.capstone my_cnn.py`` says which function comes next and
checks those that are there; in a notebook, ``capstone.check("my_cnn.py")``.
The functions are described in `helpers.capstone_steps`.
"""

from __future__ import annotations

import _thread
import argparse
import ast
import contextlib
import copy
import inspect
import io
import math
import signal
import sys
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from tqdm import tqdm

from helpers.capstone_steps import (
    ANSWERS,
    PARTS,
    Part,
    kind,
    load,
    predictions_trouble,
)
from helpers.data import load_mnist, scale
from helpers.exercises import Exercise, Verdict

GOAL = 0.97  # of the test digits

# Seconds until a check gives up, and characters that may be printed in it.
SECONDS = {"a function": 20, "the network": 120, "training": 900}
PRINTED = {"a function": 5_000, "the network": 5_000, "training": 200_000}


class _Trouble(Exception):
    """What the reader is told instead of a traceback."""


class _Diverged(_Trouble):
    """The loss is no longer finite."""


# --- Running the reader's code -----------------------------------------------


class _Limited(io.TextIOBase):
    """A stream that takes so much text and then raises."""

    def __init__(self, stream: Any, most: int) -> None:
        self.stream, self.left = stream, most

    def write(self, text: str) -> int:
        self.left -= len(text)
        if self.left < 0:
            raise _Trouble("It prints without end.")
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()


@contextlib.contextmanager
def _unattended(
    path: Path, what: str, late: str = "does that loop end?"
) -> Iterator[None]:
    """Run the reader's code: limited, and its errors told as `_Trouble`."""
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
        raise _Trouble(said + _place(error, path)) from None
    except (Exception, SystemExit) as error:
        raise _Trouble(_told(error, path)) from None
    finally:
        timer.cancel()
        sys.stdin = stdin
        if main:
            signal.signal(signal.SIGINT, handler)


def _place(error: BaseException, path: Path) -> str:
    """Return the last line of the reader's file that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    numbers = [f.lineno for f in frames if f.filename == str(path)]
    return _line(path, numbers[-1]) if numbers else ""


def _line(path: Path, number: int) -> str:
    lines = path.read_text("utf-8", "replace").splitlines()
    text = lines[number - 1].strip() if number <= len(lines) else ""
    return f"\nLine {number}: {text}"


def _told(error: BaseException, path: Path) -> str:
    """Return what the reader is told about an error of their file."""
    what = f"It raises {type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, _Trouble):
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


def _read(path: Path) -> ModuleType:
    """Return the reader's file as a module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise _Trouble(
            f"Python cannot read it: {error.msg}."
            f"{_line(path, error.lineno or 1)}\n"
            "Look there, and at the line above."
        ) from None
    except ValueError as error:
        raise _Trouble(f"Python cannot read it: {error}.") from None
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        for name in names:
            first = name.partition(".")[0]
            if first != "numpy" and first not in sys.stdlib_module_names:
                raise _Trouble(
                    f"It imports {name}: write it with NumPy alone, all in "
                    f"this file.{_line(path, node.lineno)}"
                )
    late = "let the file define functions, and nothing more."
    with _unattended(path, "a function", late):
        return load(path)


# --- Checking a function -----------------------------------------------------


class _Attempt:
    """The reader's function, called with care.

    Attributes
    ----------
    error : Exception or None
        The last one raised.
    remark : str
        What is wrong although the values are right.
    """

    def __init__(self, function: Callable, answer: Callable) -> None:
        self.function, self.answer = function, answer
        self.error: Exception | None = None
        self.remark = ""

    def __call__(self, *arguments: Any) -> Any:
        before = copy.deepcopy(arguments)
        try:
            found = self.function(*arguments)
            found = tuple(found) if isinstance(found, list) else found
            self._look_at(found)
        except Exception as error:
            self.error = error
            raise
        names = inspect.signature(self.answer).parameters
        for name, old, new in zip(names, before, arguments):
            if isinstance(old, np.ndarray) and not np.array_equal(old, new):
                self.remark = self.remark or (
                    f"It changes {name}, which others still need: work on a "
                    f"copy, or write {name} = {name} - ... for -=."
                )
        exact = inspect.isfunction(self.answer) and self.answer(*before)
        if type(exact) is int and not isinstance(found, int | np.integer):
            self.remark = self.remark or (
                f"It returns {found!r}: shapes and indices must be whole "
                "numbers, int."
            )
        return found

    def _look_at(self, found: Any) -> None:
        if found is None:
            return
        for part in found if isinstance(found, tuple) else (found,):
            letter = np.asarray(part).dtype.kind if _is_number(part) else "O"
            if letter not in "buif":
                raise _Trouble(
                    f"It returns {kind(part)} where numbers belong."
                )


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float)


def _defined(part: Part, module: ModuleType) -> Callable:
    """Return the reader's function; its arguments must fit."""
    function = getattr(module, part.name)
    if not callable(function):
        raise _Trouble(
            f"{part.name} is {kind(function)}: write a function, "
            f"{_signature(part)}"
        )
    names = inspect.signature(getattr(ANSWERS, part.name)).parameters
    try:
        inspect.signature(function).bind(*names)
    except TypeError:
        raise _Trouble(
            f"It takes {inspect.signature(function)}: the check calls it "
            f"with {len(names)} arguments, {_signature(part)}"
            f"{_first_line(function)}"
        ) from None
    return function


def _first_line(function: Callable) -> str:
    code = getattr(function, "__code__", None)
    return f"\nLine {code.co_firstlineno}." if code else ""


def _signature(part: Part) -> str:
    answer = getattr(ANSWERS, part.name)
    return f"def {part.name}{inspect.signature(answer)}:"


def _verdict(part: Part, module: ModuleType, path: Path) -> Verdict:
    """Return whether one function of the reader's is right."""
    try:
        function = _defined(part, module)
        if part.exercise:
            with _unattended(path, "a function"):
                return _compare(part.exercise, function, path)
        with _unattended(path, "the network"):
            message = part.network_check(module)
        return Verdict(not message, message + _first_line(function))
    except _Trouble as trouble:
        return Verdict(False, str(trouble))


def _compare(exercise: Exercise, function: Callable, path: Path) -> Verdict:
    """Return an exercise's verdict, with the case that it failed on."""
    attempt = _Attempt(function, exercise.answer)
    right, message = exercise.verdict(attempt)
    if right:
        message = attempt.remark and attempt.remark + _first_line(function)
        return Verdict(not attempt.remark, message)
    misconceptions = [slip.message for slip in exercise.slips]
    for case in exercise.cases(np.random.default_rng(0)):
        one = Exercise(
            exercise.name, "", exercise.answer, lambda rng, c=case: [c], []
        )
        attempt = _Attempt(function, exercise.answer)
        right, there = one.verdict(attempt)
        if not right:
            break
    else:
        there = "Alone it is right: does it keep something between calls?"
    if attempt.error:
        there = _told(attempt.error, path)
    else:
        there += _first_line(function)
    said = message + "\n" if message in misconceptions else ""
    return Verdict(False, f"{said}{_described(exercise, case)}\n{there}")


def _described(exercise: Exercise, case: tuple) -> str:
    """Return the arguments of a call in one line."""
    names = inspect.signature(exercise.answer).parameters
    values = [
        f"{name} of shape {value.shape}"
        if isinstance(value, np.ndarray)
        else f"{name} = {value}"
        for name, value in zip(names, case)
    ]
    return f"Seen with {', '.join(values)}:"


# --- Training ----------------------------------------------------------------


class _Watch:
    """Follows the reader's training through the functions it calls.

    Attributes
    ----------
    losses : list of float
    pairs : list of tuple
        The largest pixel of each image and its label, as they were used.
    """

    def __init__(self, module: ModuleType, bar: tqdm) -> None:
        self.module, self.bar = module, bar
        self.losses: list[float] = []
        self.pairs: list[tuple[float, int]] = []
        self.brightest = np.zeros(0)

    def __enter__(self) -> _Watch:
        self.kept = self.module.forward, self.module.softmax_cross_entropy
        self.module.forward = self._forward
        self.module.softmax_cross_entropy = self._loss
        return self

    def __exit__(self, *_: object) -> None:
        self.module.forward, self.module.softmax_cross_entropy = self.kept

    def _forward(self, parameters: Any, x: Any) -> Any:
        self.brightest = np.asarray(x).reshape(len(x), -1).max(axis=1)
        return self.kept[0](parameters, x)

    def _loss(self, logits: Any, labels: Any) -> Any:
        loss, delta = self.kept[1](logits, labels)
        self.losses.append(float(loss))
        if len(labels) == len(self.brightest):
            self.pairs += zip(self.brightest, labels)
        self.bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        self.bar.update()
        if not math.isfinite(loss):
            raise _Diverged(
                f"The loss is {loss} at step {len(self.losses)}: a smaller "
                "rate, or smaller weights at the start?"
            )
        return loss, delta


def _bar(**settings: Any) -> tqdm:
    look = dict(unit="step", ncols=79, mininterval=0.5, file=sys.stdout)
    return tqdm(**look, **settings)


def _rehearse(module: ModuleType) -> str:
    """Train on few images that show their label; return what is wrong."""
    labels = np.random.default_rng(0).integers(10, size=300)
    images = np.zeros((300, 1, 28, 28), np.float32)
    images += (labels / 3 - 0.4).astype(np.float32)[:, None, None, None]
    given = images.copy(), labels.copy()
    message = ""
    with (
        _bar(disable=True) as bar,
        _Watch(module, bar) as watch,
        # Such images may be too much for a good recipe.
        contextlib.suppress(_Diverged),
    ):
        found = module.train(*given, np.random.default_rng(0))
        if len(watch.losses) == 1:
            return "It took one step only: is `return` inside the loop?"
        message = _returned(module, found, bool(watch.losses))
    if message:
        return message
    if not all(map(np.array_equal, given, (images, labels))):
        return "It changes the images or labels it is given: copy them."
    if len(watch.pairs) > 100:
        together = np.corrcoef(np.transpose(watch.pairs))[0, 1]
        if together < 0.5:
            return (
                "Images and labels do not belong together: shuffle both by "
                "the same indices, images[batch] and labels[batch]."
            )
    return ""


def _returned(module: ModuleType, found: Any, stepped: bool) -> str:
    """Return what is wrong with what `train` returned, or ""."""
    start = module.initial(np.random.default_rng(0))
    if found is None:
        return "It returns None: end it with `return parameters`."
    if not isinstance(found, dict) or set(found) != set(start):
        return (
            f"It returns {kind(found)}: return the dictionary of "
            "parameters, with the names of `initial`."
        )
    for name, p in found.items():
        if np.shape(p) != start[name].shape:
            return (
                f"Its {name} has shape {np.shape(p)}, not that of `initial`."
            )
    if stepped and all(np.array_equal(found[n], start[n]) for n in start):
        return (
            "It returns the parameters it began with: what momentum_step "
            "returns must be put back, parameters[name] = ..."
        )
    return ""


def _train(module: ModuleType, path: Path) -> Verdict:
    """Return whether the reader's training reaches the goal."""
    part = PARTS[-1]
    try:
        function = _defined(part, module)
        with _unattended(path, "the network"):
            message = _rehearse(module)
        if message:
            return Verdict(False, message + _first_line(function))
        print(
            "Training on 4,000 digits; Ctrl-C (or Stop) ends it.", flush=True
        )
        digits = load_mnist()
        images, labels = scale(digits.train_images), digits.train_labels
        start = time.monotonic()
        late = "fewer passes, or a faster im2col."
        with (
            _bar() as bar,
            _unattended(path, "training", late),
            _Watch(module, bar) as watch,
        ):
            parameters = module.train(
                images.copy(), labels.copy(), np.random.default_rng(0)
            )
        seconds = time.monotonic() - start
        with _unattended(path, "the network"):
            message = _returned(module, parameters, False)
            if message:
                return Verdict(False, message + _first_line(function))
            found = module.predict(parameters, scale(digits.test_images))
            message = predictions_trouble(found, len(digits.test_labels))
        if message:
            return Verdict(False, f"predict: {message}")
    except _Trouble as trouble:
        return Verdict(False, str(trouble))
    accuracy = float((found == digits.test_labels).mean())
    reached = (
        f"{accuracy:.1%} of the 1,000 test digits are right, after "
        f"{len(watch.losses):,} steps in {seconds:.0f} s."
    )
    if accuracy >= GOAL:
        return Verdict(True, reached)
    return Verdict(False, f"{reached}\n{_advice(watch.losses)}")


def _advice(losses: list[float]) -> str:
    """Return what to do about a network that misses the goal."""
    if not losses:
        return (
            "It took no step: the check counts calls of softmax_cross_entropy."
        )
    last = float(np.mean(losses[-max(1, len(losses) // 20) :]))
    if last > 1.5:
        return (
            f"It learned next to nothing, the training loss ends at "
            f"{last:.2f} (log 10 = 2.30 is a guess): a smaller rate? larger "
            "weights at the start?"
        )
    if last > 0.1:
        return (
            f"It has not finished, the training loss ends at {last:.2f}: more "
            "passes, or a larger rate that falls later."
        )
    return (
        f"The training loss ends at {last:.3f}: it knows its own digits, not "
        "yet others. Show it each digit moved by a pixel (np.roll), let the "
        "rate fall to 0, or add weight decay."
    )


# --- What the reader sees ----------------------------------------------------


def _examine(path: Path) -> tuple[int, Verdict | None, ModuleType | None]:
    """Return how many functions are right, and the verdict on the next.

    The verdict is None if the next function is missing, or is `train`.
    """
    try:
        module = _read(path)
    except _Trouble as trouble:
        return 0, Verdict(False, str(trouble)), None
    for place, part in enumerate(PARTS):
        if not hasattr(module, part.name) or part is PARTS[-1]:
            return place, None, module
        verdict = _verdict(part, module, path)
        if not verdict.right:
            return place, verdict, module
    raise AssertionError("train is the last part")


def _opened(path: str | Path) -> Path:
    """Return the path of the reader's file; make it if there is none."""
    path = Path(path).expanduser()
    if path.suffix != ".py" or path.is_dir():
        raise _Trouble(f"{path} is no Python file: call it my_cnn.py, say.")
    if not path.parent.is_dir():
        raise _Trouble(f"There is no folder {path.parent}: make it first.")
    try:
        if not path.exists():
            path.touch()
            print(f"{path} was not there: it is now, an empty file.\n")
        path.read_bytes()
    except OSError as error:
        raise _Trouble(f"{path} cannot be read: {error.strerror}.") from None
    return path.resolve()


def _progress(done: int) -> str:
    """Return the list of steps, each function with its mark."""
    lines = []
    for step in range(1, PARTS[-1].step + 1):
        names = [
            f"[{'x' if place < done else ' '}] {part.name}"
            for place, part in enumerate(PARTS)
            if part.step == step
        ]
        lines.append(f"{step:3}  " + "  ".join(names))
    return "\n".join(lines)


def _fill(text: str, indent: str = "") -> str:
    return "\n".join(
        textwrap.fill(
            line,
            79,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )


def _assignment(part: Part) -> str:
    place = "below what is there"
    if part is PARTS[0]:
        place = "after the line `import numpy as np`"
    help_there = (
        f"Taught in notebooks/{part.notebook}.ipynb. Save, then check again. "
        "--hint and --solution help (in a notebook: capstone.hint, "
        "capstone.solution)."
    )
    return (
        f"Next, step {part.step}. Write {place}:\n\n"
        f"    {_signature(part)}\n\n"
        f"{_fill(part.task)}\n\n{_fill(help_there)}"
    )


def check(path: str | Path) -> None:
    r"""Check the reader's file and say what comes next.

    Parameters
    ----------
    path : path
        Of the file; an empty one is made if there is none.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "my_cnn.py"
    ...     _ = path.write_text("def output_size(i, k, s, p): return i - k\n")
    ...     check(path)  # doctest: +ELLIPSIS
    my_cnn.py
    <BLANKLINE>
      1  [ ] output_size
    ...
    output_size: not yet.
    Seen with i = 28, k = 5, s = 1, p = 2:
    It returns 23 where 28 is right.
    Line 1.
    Change it, save, check again; --hint and --solution help.
    """
    try:
        path = _opened(path)
    except _Trouble as trouble:
        print(trouble)
        return
    done, verdict, module = _examine(path)
    last = PARTS[-1]
    if PARTS[done] is last and hasattr(module, last.name):
        verdict = _train(module, path)
        done += verdict.right
    print(f"{path.name}\n\n{_progress(done)}\n")
    if done == len(PARTS):
        print(_fill(verdict.message))
        print(
            "Done: a convolutional network, forward and backward, every line "
            "your own."
        )
    elif verdict is None:
        print(_assignment(PARTS[done]))
    else:
        name = PARTS[done].name if module else path.name
        print(f"{name}: not yet.\n{_fill(verdict.message)}")
        print("Change it, save, check again; --hint and --solution help.")


def hint(path: str | Path) -> None:
    """Print a hint for the function that comes next.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     hint(Path(folder) / "no" / "my_cnn.py")  # doctest: +ELLIPSIS
    There is no folder ...: make it first.
    """
    part = _next(path)
    if part:
        print(_fill(f"{part.name}: {part.advice}"))


def solution(path: str | Path) -> None:
    """Print a solution of the function that comes next.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "my_cnn.py"
    ...     path.touch()
    ...     solution(path)
    def output_size(i, k, s, p):
        \"\"\"Return how many windows fit along one axis.\"\"\"
        return (i + 2 * p - k) // s + 1
    """
    part = _next(path)
    if part:
        print(inspect.getsource(getattr(ANSWERS, part.name)), end="")


def _next(path: str | Path) -> Part | None:
    """Return what comes next; print why, if there is no telling."""
    try:
        done, verdict, module = _examine(_opened(path))
    except _Trouble as trouble:
        print(trouble)
        return None
    if module is None:
        print(_fill(verdict.message))
        return None
    return PARTS[done]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; see ``python -m helpers.capstone --help``.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv[1:]`` unless given.

    Examples
    --------
    ::

        python -m helpers.capstone my_cnn.py --hint
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.capstone",
        description="Build a convolutional network in an empty file, checked "
        "at each step.",
    )
    parser.add_argument("file", help="yours; made empty if it is not there")
    group = parser.add_mutually_exclusive_group()
    add = group.add_argument
    add("--hint", action="store_true", help="for the next function")
    add("--solution", action="store_true", help="of the next function")
    options = parser.parse_args(arguments)
    if options.hint:
        hint(options.file)
    elif options.solution:
        solution(options.file)
    else:
        check(options.file)


if __name__ == "__main__":
    main()
