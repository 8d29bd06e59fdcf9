"""The checker: an exercise tells a reader what is wrong, hints and solves.

A check runs the reader's function on random, asymmetric inputs beside the
solution.  The typical wrong answers of an exercise are functions too: when
an answer agrees with one of them, the check names the misconception.
"""

from __future__ import annotations

import copy
import inspect
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Takes a random generator, returns the arguments of each call.
Cases = Callable[[np.random.Generator], list[tuple]]


class Slip(NamedTuple):
    """A typical wrong answer, and what the reader is told about it."""

    message: str
    answer: Callable


class Verdict(NamedTuple):
    """Whether an answer is right, and what the reader is told about it."""

    right: bool
    message: str


def exercise(cases: Cases, advice: str) -> Callable[[Callable], Exercise]:
    """Make an exercise of the function below: the solution.

    Parameters
    ----------
    cases : callable
        Takes a random generator, returns a list of argument tuples.
    advice : str
        What `hint` prints.

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
    >>> product.check(lambda a, b: b * a)
    product: right. It agrees on 2 random cases.
    """
    return lambda answer: Exercise(answer, cases, advice)


class Exercise:
    """What `exercise` makes; it may still be called as the solution."""

    def __init__(self, answer: Callable, cases: Cases, advice: str) -> None:
        self.name = answer.__name__
        self.answer = answer
        self.cases = cases
        self.advice = advice
        self.slips: list[Slip] = []

    def __call__(self, *arguments: object) -> object:
        """Return what the solution returns."""
        return self.answer(*arguments)

    def slip(self, message: str) -> Callable[[Callable], Callable]:
        """Add the function below as a wrong answer, specific ones first."""

        def add(answer: Callable) -> Callable:
            self.slips.append(Slip(message, answer))
            return answer

        return add

    def check(self, attempt: Callable) -> None:
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
        cases = self.cases(np.random.default_rng(0))
        found = _run(attempt, cases)
        for slip in self.slips:
            if _same(found, _run(slip.answer, cases)):
                return Verdict(False, slip.message)
        if isinstance(found, Exception):
            kind = type(found).__name__
            return Verdict(False, f"It raises {kind}: {found}")
        if any(value is None for value in found):
            return Verdict(False, "It returns None: write your answer there.")
        for value, expected in zip(found, _run(self.answer, cases)):
            if not _agree(value, expected):
                return Verdict(False, _difference(value, expected))
        return Verdict(True, f"It agrees on {len(cases)} random cases.")


def _run(function: Callable, cases: list[tuple]) -> list | Exception:
    """Return the results of all cases, or the first exception."""
    try:
        with np.errstate(all="ignore"):
            return [function(*copy.deepcopy(case)) for case in cases]
    except Exception as error:
        return error


def _same(found: list | Exception, expected: list | Exception) -> bool:
    """Say whether two runs gave the same results, or the same exception."""
    if isinstance(found, Exception) or isinstance(expected, Exception):
        return repr(found) == repr(expected)
    return all(map(_agree, found, expected))


def _parts(value: object) -> list[np.ndarray]:
    values = value if isinstance(value, tuple) else (value,)
    return [np.asarray(part) for part in values]


def _agree(found: object, expected: object) -> bool:
    """Say whether two results are the same up to rounding."""
    pairs = list(zip(_parts(found), _parts(expected)))
    if len(_parts(found)) != len(_parts(expected)):
        return False
    return all(
        f.shape == e.shape
        and f.dtype.kind in "buif"
        and np.allclose(f, e, rtol=1e-6, atol=1e-9, equal_nan=True)
        for f, e in pairs
    )


def _difference(found: object, expected: object) -> str:
    """Say how a result differs from the right one."""
    found, expected = _parts(found), _parts(expected)
    if len(found) != len(expected):
        return f"It returns {len(found)} values where {len(expected)} belong."
    for f, e in zip(found, expected):
        if f.shape != e.shape:
            return f"It returns shape {f.shape} where {e.shape} is right."
        if not _agree(f, e):
            at = np.unravel_index(np.argmax(f != e), e.shape)
            where = f" at {tuple(map(int, at))}" if e.ndim else ""
            return f"It returns {f[at]:.6g}{where} where {e[at]:.6g} is right."
    raise AssertionError("the results agree")
