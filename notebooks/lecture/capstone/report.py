"""What the reader sees: the steps done, what is wrong, what comes next."""

from __future__ import annotations

import textwrap
from pathlib import Path

from lecture.capstone import watching
from lecture.capstone.examining import STEPS
from lecture.capstone.running import Trouble
from lecture.capstone.step import Step
from lecture.capstone.watching import Found, say
from lecture.exercises.comparing import kind


def check(path: str | Path) -> None:
    """Check the reader's file and say what comes next.

    An empty file is made if there is none. The file is run, with the rights
    of whoever calls this.
    """
    found = _found(path, train=True)
    if found is None:
        return
    say(f"{Path(path).name}\n\n{_progress(found.done)}\n")
    if found.remark:
        say(f"{_fill(found.remark)}\n")
    if found.done == len(STEPS):
        say(_fill(found.message))
        say(
            "Done: a convolutional network, forward and backward, every line "
            "your own."
        )
    elif not found.message:
        say(_assignment(STEPS[found.done]))
    else:
        name = STEPS[found.done].name if found.whole else Path(path).name
        say(f"{name}: not yet.\n{_fill(found.message)}")
        say("Change it, save, check again; --hint and --solution help.")


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


def _next(path: str | Path) -> Step | None:
    """Return what comes next; print why, if there is no telling."""
    found = _found(path, train=False)
    if found is None:
        return None
    if not found.whole:
        say(_fill(found.message))
        return None
    return STEPS[found.done]


def _found(path: str | Path, train: bool) -> Found | None:
    """Return what is found in the file; print why, if there is none."""
    try:
        return watching.examined(_opened(path), train)
    except (Trouble, OSError) as trouble:  # no room for temporary files, say
        say(str(trouble))
        return None


def _opened(path: str | Path) -> Path:
    """Return the path of the reader's file; make it if there is none."""
    if not isinstance(path, str | Path):
        raise Trouble(
            f"{kind(path).capitalize()} is no path: give that of your file, "
            '"my_cnn.py", say.'
        )
    try:
        path = Path(path).expanduser()
        if path.is_dir():
            raise Trouble(f"{path} is a folder: name a file in it, my_cnn.py.")
        if path.suffix != ".py" or (path.exists() and not path.is_file()):
            raise Trouble(f"{path} is no Python file: call it my_cnn.py, say.")
        if not path.parent.is_dir():
            raise Trouble(f"There is no folder {path.parent}: make it first.")
        if not path.exists():
            path.touch()
            say(f"{path} was not there: it is now, an empty file.\n")
        path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:  # also "~nobody"
        why = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise Trouble(f"{str(path)!r} cannot be read: {why}.") from None
    return path.resolve()


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
