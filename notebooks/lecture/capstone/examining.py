"""The process in which the reader's file is examined; `watching` starts it.

What the reader's code prints, on whichever stream, goes to standard output;
standard error carries, one a line, what this module tells `watching`.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TextIO

from lecture.capstone import (
    convolution,
    dense,
    network,
    pace,
    pooling,
    training,
)
from lecture.capstone.checking import verdict
from lecture.capstone.running import Trouble, read, unattended
from lecture.capstone.step import Step
from lecture.capstone.watching import Found
from lecture.exercises.exercise import Verdict

STEPS: list[Step] = [
    *convolution.STEPS,
    *pooling.STEPS,
    *dense.STEPS,
    *network.STEPS,
    *training.STEPS,
]


def examine(
    path: Path, train: bool, begin: Callable[[int, str], None]
) -> Found:
    """Return how many functions are right, and what is wrong with the next.

    `begin` is told which function is next, and which limits hold.
    """
    begin(0, "the file")
    try:
        module = read(path)
    except Trouble as trouble:
        return Found(0, str(trouble), whole=False)
    remark = ""
    for place, step in enumerate(STEPS):
        if step.name not in vars(module):
            return Found(place, "", remark)
        if step is training.train:
            break
        begin(place, "a function" if step.cases else "the network")
        found = _verdict(step, module, path)
        if not found.right:
            return Found(place, found.message, remark)
        remark = remark or found.message
    if not train:
        return Found(place)
    print(remark)
    found = training.trained(module, path, partial(begin, place))
    return Found(place + found.right, found.message)


def _verdict(step: Step, module: ModuleType, path: Path) -> Verdict:
    """Return whether a function is right; if so, whether it is slow."""
    found = verdict(step, module, path)
    if not found.right or not step.cases:
        return found
    try:
        with unattended(path):
            return Verdict(True, pace.slow(step, vars(module)[step.name]))
    except Trouble as trouble:
        return Verdict(False, str(trouble))


def main() -> None:
    """Examine a file, tell what was found, and end."""
    path, train, seconds = json.loads(sys.argv[1])
    # What the reader's code prints is all on one pipe, this on the other.
    told, asked = os.fdopen(os.dup(2), "w", encoding="utf-8"), os.dup(0)
    os.dup2(1, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_answer, args=(asked, told), daemon=True).start()
    faulthandler.enable(told)

    def tell(*event: object) -> None:
        print(json.dumps(event), file=told, flush=True)

    def begin(place: int, part: str) -> None:
        tell("begin", place, part)
        # Also where a call in C lets no thread of Python answer.
        faulthandler.dump_traceback_later(seconds[part], file=told)

    tell("found", *examine(Path(path), train, begin))
    os._exit(0)  # the reader's threads end too


def _answer(asked: int, told: TextIO) -> None:
    """Say where the reader's code is when asked; end when nobody is there."""
    while os.read(asked, 1):
        faulthandler.dump_traceback(told)
    if os.name == "posix":  # also the processes that the reader's code began
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
