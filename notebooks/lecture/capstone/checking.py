"""The reader's functions, compared with the solutions."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from lecture.capstone import pace
from lecture.capstone.running import Trouble, told, unattended
from lecture.capstone.step import Step
from lecture.exercises.comparing import kind
from lecture.exercises.exercise import Verdict


def verdict(step: Step, module: ModuleType, path: Path) -> Verdict:
    """Return whether a function is right; if so, whether it is slow."""
    try:
        with unattended(path):
            function = defined(step, module)
            if step.cases:
                message = _compared(step, function, path)
            else:
                message = step.network_check(module)
                message += first_line(function) if message else ""
            return Verdict(not message, message or pace.slow(step, function))
    except Trouble as trouble:
        return Verdict(False, str(trouble))


def defined(step: Step, module: ModuleType) -> Callable:
    """Return the reader's function; its arguments must fit."""
    function = getattr(module, step.name)
    if not callable(function) or isinstance(function, type):
        raise Trouble(
            f"{step.name} is {kind(function)}: write a function, "
            f"{step.signature}"
        )
    names = inspect.signature(step.answer).parameters
    try:
        inspect.signature(function).bind(*names)
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


def _compared(step: Step, function: Callable, path: Path) -> str:
    """Return what is wrong with a function's values, or ""."""
    found = step.examine(function)
    if found is None:
        message = _unfit(step, function)
        return message and message + first_line(function)
    said = found.said + first_line(function)
    if found.error:
        said = told(found.error, path)
    return "\n".join(filter(None, [found.slip, found.seen, said]))


def _unfit(step: Step, function: Callable) -> str:
    """Return why the other functions cannot use right values, or ""."""
    case = step.cases(np.random.default_rng(0))[0]
    found, right = function(*copy.deepcopy(case)), step.answer(*case)
    pairs = zip(found, right) if type(right) is tuple else [(found, right)]
    for value, expected in pairs:
        array = isinstance(value, np.ndarray)
        if isinstance(expected, np.ndarray) and not array:
            return f"It returns {kind(value)}: the others need an array."
        if type(expected) is int and not isinstance(value, int | np.integer):
            return (
                f"It returns {value!r}: shapes and indices must be whole "
                "numbers, int."
            )
    return ""
