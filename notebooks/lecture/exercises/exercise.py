"""The checker: an exercise tells a reader what is wrong, hints and solves.

A check runs the reader's function on random, asymmetric inputs beside the
solution.  The typical wrong answers of an exercise are functions too: when
an answer agrees with one of them, the check names the misconception.
"""

from __future__ import annotations

import copy
import dis
import inspect
import textwrap
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from lecture.exercises.comparing import difference, kind, named, told

# Takes a random generator, returns the arguments of each call.
Cases = Callable[[np.random.Generator], list[tuple]]
OURS = Path(__file__).parents[1]  # no line of the reader's is in there


class Slip(NamedTuple):
    """A typical wrong answer, and what the reader is told about it."""

    message: str
    answer: Callable


class Verdict(NamedTuple):
    """Whether an answer is right, and what the reader is told about it."""

    right: bool
    message: str


class Finding(NamedTuple):
    """What is wrong with an answer, in the first case that shows it."""

    said: str  # "It returns ..."
    seen: str = ""  # "Seen with ...", the arguments of that case
    slip: str = ""  # the misconception, if it is a typical one
    error: BaseException | None = None  # what the reader's function raised


class _Run(NamedTuple):
    """What one call came to."""

    value: Any = None
    error: BaseException | None = None
    changed: str = ""  # the first argument that is not what it was


def exercise(
    cases: Cases, advice: str, keeps: bool = False, without: str = ""
) -> Callable[[Callable], Exercise]:
    """Make an exercise of the function below: the solution.

    Parameters
    ----------
    cases : callable
        Takes a random generator, returns a list of argument tuples.
    advice : str
        What `hint` prints.
    keeps : bool
        Whether a right answer leaves its arguments as they are.
    without : str
        The name of a function or package that a right answer does not use.

    Examples
    --------
    >>> @exercise(lambda rng: [(2, 3), (4, 5)], "Multiply.")
    ... def product(a, b):
    ...     return a * b
    >>> @product.slip("You add.")
    ... def _sum(a, b):
    ...     return a + b
    >>> product.check(lambda a, b: b + a)
    product: not yet. You add.
    >>> product.check(lambda a, b: a / b)
    product: not yet. It returns 0.666667 where 6 is right.
    Seen with a = 2, b = 3.
    >>> product.check(lambda a, b: b * a)
    product: right. It agrees on 2 random cases.
    """
    return lambda answer: Exercise(answer, cases, advice, keeps, without)


@dataclass(eq=False, repr=False)
class Exercise:
    """What `exercise` makes; it may still be called as the solution."""

    answer: Callable
    cases: Cases
    advice: str
    keeps: bool = False
    without: str = ""
    slips: list[Slip] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the function that the reader writes."""
        return self.answer.__name__

    def __call__(self, *arguments: object) -> object:
        """Return what the solution returns."""
        if len(arguments) == 1 and callable(arguments[0]):
            print(f"Write .check: exercises.{self.name}.check({self.name})")
            return None
        return self.answer(*arguments)

    def slip(self, message: str) -> Callable[[Callable], Callable]:
        """Add the function below as a wrong answer, specific ones first."""

        def add(answer: Callable) -> Callable:
            self.slips.append(Slip(message, answer))
            return answer

        return add

    def check(self, attempt: Callable | None = None) -> None:
        """Print whether a function is right and, if not, what went wrong."""
        right, message = self.verdict(attempt)
        print(f"{self.name}: {'right' if right else 'not yet'}. {message}")

    def hint(self) -> None:
        """Print a hint."""
        print(textwrap.fill(self.advice, 79))

    def solution(self) -> None:
        """Print a solution."""
        print(self.source(), end="")

    def source(self) -> str:
        """Return the solution's source, without its decorator."""
        source = inspect.getsource(self.answer)
        return source[source.index("\ndef ") + 1 :]

    def verdict(self, attempt: Callable) -> Verdict:
        """Return whether a function is right and, if not, what went wrong."""
        found = self.examine(attempt)
        if found is None:
            count = len(self.cases(np.random.default_rng(0)))
            return Verdict(True, f"It agrees on {count} random cases.")
        lines = filter(None, [found.said, found.seen])
        return Verdict(False, found.slip or "\n".join(lines))

    def examine(self, attempt: Callable) -> Finding | None:
        """Return what is wrong with a function; None if nothing is."""
        if not callable(attempt) or isinstance(attempt, type | Exercise):
            return Finding(
                f"This is {kind(attempt)}: hand over your own function, no "
                f"brackets after it, exercises.{self.name}.check({self.name})."
            )
        cases = self.cases(np.random.default_rng(0))
        runs = []
        for case in cases:
            runs.append(self._run(attempt, case))
            if runs[-1].error is not None:
                break
        if all(run.value is None and run.error is None for run in runs):
            return Finding("It returns None: write your answer there.")
        for run, case in zip(runs, cases):
            said = self._said(run, case)
            if said:
                break
        else:
            return self._beside_the_values(attempt, runs)
        if run.error is None:  # a crash in a later case says less
            runs = [run for run in runs if run.error is None]
        slip = self._slip(runs, cases)
        if not slip and not self._said(self._run(attempt, case), case):
            said = "Alone it is right: does it keep something between calls?"
        names = inspect.signature(self.answer).parameters
        seen = f"Seen with {', '.join(map(named, names, case))}."
        return Finding(said, seen, slip, run.error)

    def _run(self, function: Callable, case: tuple) -> _Run:
        """Call a function with copies of the arguments."""
        given = copy.deepcopy(case)
        try:
            with np.errstate(all="ignore"):
                value = function(*given)
        except (Exception, SystemExit) as error:
            return _Run(error=error)
        names = inspect.signature(self.answer).parameters
        for name, old, new in zip(names, case, given):
            if isinstance(old, np.ndarray) and not np.array_equal(old, new):
                return _Run(value, changed=name)
        return _Run(value)

    def _said(self, run: _Run, case: tuple) -> str:
        """Return what is wrong with one call, or ""."""
        if run.error is not None:
            return _raised(run.error)
        return difference(run.value, self._run(self.answer, case).value)

    def _slip(self, runs: list[_Run], cases: list[tuple]) -> str:
        """Return the message of the slip that gives the same, or ""."""
        for message, answer in self.slips:
            typical = (self._run(answer, case) for case in cases)
            if all(_same(*pair) for pair in zip(runs, typical)):
                return message
        return ""

    def _beside_the_values(
        self, attempt: Callable, runs: list[_Run]
    ) -> Finding | None:
        """Return what is wrong although all values are right."""
        changed = next((run.changed for run in runs if run.changed), "")
        if self.keeps and changed:
            return Finding(
                f"It changes {changed}, which others still need: work on a "
                f"copy, or write {changed} = {changed} - ... for -=."
            )
        used = self.without and _used(attempt, self.without)
        if used:
            return Finding(f"It is right, but it uses {used}: do without.")
        return None


def _raised(error: BaseException) -> str:
    """Return what the reader is told about an error, and its line."""
    said = f"It raises {told(error)}"
    if isinstance(error, SystemExit):
        said = "It ends Python itself: take exit() out."
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if OURS not in Path(frame.filename).parents
    ]
    lines = [f for f in frames if f.filename == frames[0].filename]
    if not lines:
        return said
    return f"{said}\nLine {lines[-1].lineno}: {lines[-1].line}"


def _same(found: _Run, typical: _Run) -> bool:
    """Say whether two calls gave the same result, or the same exception."""
    if found.error is None and typical.error is None:
        return not difference(found.value, typical.value)
    errors = [run.error for run in (found, typical) if run.error is not None]
    return len(errors) == 2 and told(errors[0]) == told(errors[1])


def _used(function: Callable, forbidden: str) -> str:
    """Return the name of what a function should do without, or "".

    Looked for are the function and those of the reader's that it calls; a
    name may be the forbidden one, or stand for something of that name.
    """
    space = getattr(function, "__globals__", {})
    codes, seen = [getattr(function, "__code__", None)], {None}
    while codes:
        code = codes.pop()
        if code in seen:
            continue
        seen.add(code)
        codes += [c for c in code.co_consts if isinstance(c, CodeType)]
        for step in dis.get_instructions(code):
            if step.opcode not in dis.hasname:
                continue
            name = step.argval
            value = space.get(name) if step.opname == "LOAD_GLOBAL" else None
            also = [getattr(value, n, "") for n in ("__name__", "__module__")]
            if forbidden in ".".join(map(str, [name, *also])).split("."):
                return name
            if getattr(value, "__globals__", None) is space:
                codes.append(value.__code__)
    return ""
