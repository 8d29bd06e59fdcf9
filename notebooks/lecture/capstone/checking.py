"""The reader's functions, compared with the solutions."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from lecture.capstone.running import Trouble, told, unattended
from lecture.capstone.step import Step, kind
from lecture.exercises.exercise import Exercise, Verdict


def verdict(step: Step, module: ModuleType, path: Path) -> Verdict:
    """Return whether one function of the reader's is right."""
    try:
        with unattended(path):
            function = defined(step, module)
            if step.cases:
                return _compare(step, function, path)
            message = step.network_check(module)
        return Verdict(not message, message and message + first_line(function))
    except Trouble as trouble:
        return Verdict(False, str(trouble))


def defined(step: Step, module: ModuleType) -> Callable:
    """Return the reader's function; its arguments must fit."""
    function = getattr(module, step.name)
    if not callable(function):
        raise Trouble(
            f"{step.name} is {kind(function)}: write a function, "
            f"{step.signature}"
        )
    names = inspect.signature(step.answer).parameters
    try:
        inspect.signature(function).bind(*names)
    except ValueError:
        raise Trouble(
            f"{step.name} is a function of Python's own: write one yourself."
        ) from None
    except TypeError:
        raise Trouble(
            f"It takes {inspect.signature(function)}: the check calls it "
            f"with {len(names)} arguments, {step.signature}"
            f"{first_line(function)}"
        ) from None
    return function


def first_line(function: Callable) -> str:
    """Return where the reader's function begins."""
    code = getattr(function, "__code__", None)
    return f"\nLine {code.co_firstlineno}." if code else ""


class _Attempt:
    """The reader's function, called with care."""

    def __init__(self, function: Callable, answer: Callable) -> None:
        self.function, self.answer = function, answer
        self.error: Exception | None = None  # the last one raised
        self.remark = ""  # what is wrong although the values are right

    def __call__(self, *arguments: Any) -> Any:
        before = copy.deepcopy(arguments)
        try:
            found = self.function(*arguments)
            found = tuple(found) if isinstance(found, list) else found
            _refuse_other_than_numbers(found)
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
        whole = type(self.answer(*before)) is int
        if whole and not isinstance(found, int | np.integer):
            self.remark = self.remark or (
                f"It returns {found!r}: shapes and indices must be whole "
                "numbers, int."
            )
        return found


def _refuse_other_than_numbers(found: Any) -> None:
    if found is None:
        return
    for part in found if isinstance(found, tuple) else (found,):
        number = isinstance(part, np.ndarray | np.generic | int | float)
        if not number or np.asarray(part).dtype.kind not in "buif":
            raise Trouble(f"It returns {kind(part)} where numbers belong.")


def _compare(step: Step, function: Callable, path: Path) -> Verdict:
    """Return an exercise's verdict, with the case that it failed on."""
    attempt = _Attempt(function, step.answer)
    right, message = step.verdict(attempt)
    if right:
        message = attempt.remark and attempt.remark + first_line(function)
        return Verdict(not attempt.remark, message)
    for case in step.cases(np.random.default_rng(0)):
        one = Exercise(step.answer, lambda rng, c=case: [c], "")
        attempt = _Attempt(function, step.answer)
        right, there = one.verdict(attempt)
        if not right:
            break
    else:
        there = "Alone it is right: does it keep something between calls?"
    if attempt.error:
        there = told(attempt.error, path)
    else:
        there += first_line(function)
    misconceptions = [slip.message for slip in step.slips]
    said = message + "\n" if message in misconceptions else ""
    return Verdict(False, f"{said}{_described(step, case)}\n{there}")


def _described(step: Step, case: tuple) -> str:
    """Return the arguments of a call in one line."""
    names = inspect.signature(step.answer).parameters
    values = [
        f"{name} of shape {value.shape}"
        if isinstance(value, np.ndarray)
        else f"{name} = {value}"
        for name, value in zip(names, case)
    ]
    return f"Seen with {', '.join(values)}:"
