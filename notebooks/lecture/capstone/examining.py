"""The process in which the reader's file is examined; `watching` starts it.

A file carries, one a line, what this module tells `watching`.
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
from typing import TextIO

from lecture.capstone import convolution, dense, network, pooling, training
from lecture.capstone.checking import verdict
from lecture.capstone.running import Trouble, read
from lecture.capstone.step import Step
from lecture.capstone.watching import Found

PARTS = convolution, pooling, dense, network, training
STEPS: list[Step] = [step for part in PARTS for step in part.STEPS]


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
        found = verdict(step, module, path)
        if not found.right:
            return Found(place, found.message, remark)
        remark = remark or found.message
    if not train:
        return Found(place)
    if remark:
        print(remark)
    found = training.trained(module, path, partial(begin, place))
    return Found(place + found.right, found.message)


def main() -> None:
    """Examine a file, tell what was found, and end."""
    path, train, told, seconds = json.loads(sys.argv[1])
    asked = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # input() asks nobody
    with open(told, "w", buffering=1, encoding="ascii") as told:

        def begin(place: int, part: str) -> None:
            print(json.dumps(["begin", place, part]), file=told)
            # Written even while a call in C lets no thread of Python answer.
            faulthandler.dump_traceback_later(seconds[part], file=told)
            if hasattr(signal, "alarm"):  # should nobody watch any more
                signal.alarm(seconds[part] + 2)

        threading.Thread(
            target=_answer, args=(asked, told), daemon=True
        ).start()
        faulthandler.enable(told)
        found = examine(Path(path), train, begin)
        print(json.dumps(["found", *found]), file=told)
        os._exit(0)  # whatever threads the reader's file began


def _answer(asked: int, told: TextIO) -> None:
    """Say where the reader's code is when asked; end when nobody is there."""
    while os.read(asked, 1):
        faulthandler.dump_traceback(told)
    if os.name == "posix":  # also the processes that the reader's code began
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
