"""A step of the capstone: one function that the reader writes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType

from lecture.exercises.exercise import Cases, Exercise


class Step(Exercise):
    """One function of the reader's file, with the text that asks for it.

    Most functions are compared with the solution, on the step's cases.
    Where the network is the reader's own, `network_check` takes the reader's
    module and returns what is wrong with the function, or "".
    """

    number: int  # some steps have two functions or more
    task: str
    notebook: str  # that teaches it
    network_check: Callable[[ModuleType], str]

    @property
    def signature(self) -> str:
        """The line that the function begins with."""
        return f"def {self.name}{inspect.signature(self.answer)}:"

    def checked_by(self, network_check: Callable) -> Callable:
        """Check the function by the one below."""
        self.network_check = network_check
        return network_check


def step(
    number: int,
    task: str,
    notebook: str,
    advice: str,
    cases: Cases | None = None,
) -> Callable[[Callable], Step]:
    """Make a step of the function below: the solution."""

    def make(answer: Callable) -> Step:
        # What others still need stays as it is.
        made = Step(answer, cases, advice, keeps=True)
        made.number, made.task, made.notebook = number, task, notebook
        return made

    return make
