"""What the reader sees: the steps done, what is wrong, what comes next."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import ModuleType

from lecture.capstone import convolution, dense, network, pooling, training
from lecture.capstone.checking import verdict
from lecture.capstone.running import Trouble, opened, read
from lecture.capstone.step import Step
from lecture.exercises.exercise import Verdict

STEPS: list[Step] = [
    *convolution.STEPS,
    *pooling.STEPS,
    *dense.STEPS,
    *network.STEPS,
    *training.STEPS,
]


def check(path: str | Path) -> None:
    """Check the reader's file and say what comes next.

    An empty file is made if there is none.
    """
    try:
        path = opened(path)
    except Trouble as trouble:
        print(trouble)
        return
    done, found, module = _examine(path)
    if STEPS[done] is training.train and hasattr(module, "train"):
        found = training.trained(module, path)
        done += found.right
    print(f"{path.name}\n\n{_progress(done)}\n")
    if done == len(STEPS):
        print(_fill(found.message))
        print(
            "Done: a convolutional network, forward and backward, every line "
            "your own."
        )
    elif found is None:
        print(_assignment(STEPS[done]))
    else:
        name = STEPS[done].name if module else path.name
        print(f"{name}: not yet.\n{_fill(found.message)}")
        print("Change it, save, check again; --hint and --solution help.")


def hint(path: str | Path) -> None:
    """Print a hint for the function that comes next."""
    step = _next(path)
    if step:
        print(_fill(f"{step.name}: {step.advice}"))


def solution(path: str | Path) -> None:
    """Print a solution of the function that comes next."""
    step = _next(path)
    if step:
        step.solution()


def _examine(path: Path) -> tuple[int, Verdict | None, ModuleType | None]:
    """Return how many functions are right, and the verdict on the next.

    The verdict is None if the next function is missing, or is `train`.
    """
    try:
        module = read(path)
    except Trouble as trouble:
        return 0, Verdict(False, str(trouble)), None
    for place, step in enumerate(STEPS):
        if not hasattr(module, step.name) or step is training.train:
            return place, None, module
        found = verdict(step, module, path)
        if not found.right:
            return place, found, module
    raise AssertionError("train is the last step")


def _next(path: str | Path) -> Step | None:
    """Return what comes next; print why, if there is no telling."""
    try:
        done, found, module = _examine(opened(path))
    except Trouble as trouble:
        print(trouble)
        return None
    if module is None:
        print(_fill(found.message))
        return None
    return STEPS[done]


def _progress(done: int) -> str:
    """Return the list of steps, each function with its mark."""
    lines = []
    for number in range(1, STEPS[-1].number + 1):
        names = [
            f"[{'x' if place < done else ' '}] {step.name}"
            for place, step in enumerate(STEPS)
            if step.number == number
        ]
        lines.append(f"{number:3}  " + "  ".join(names))
    return "\n".join(lines)


def _assignment(step: Step) -> str:
    place = "below what is there"
    if step is STEPS[0]:
        place = "after the line `import numpy as np`"
    help_there = (
        f"Taught in notebooks/{step.notebook}.ipynb. Save, then check again. "
        "--hint and --solution help (in a notebook: capstone.hint, "
        "capstone.solution)."
    )
    return (
        f"Next, step {step.number}. Write {place}:\n\n"
        f"    {step.signature}\n\n"
        f"{_fill(step.task)}\n\n{_fill(help_there)}"
    )


def _fill(text: str) -> str:
    return "\n".join(
        textwrap.fill(line, 79, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
