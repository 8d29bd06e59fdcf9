"""Whether a function that is right is also fast enough to train with."""

from __future__ import annotations

import functools
import textwrap
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from lecture.capstone.network import backward, forward, initial
from lecture.capstone.step import Step

IMAGES = 5  # that are measured
BATCHES = 12 * 4_000 / IMAGES  # as many as that in 12 passes over the digits
SLOW = 45  # times the solution: with loops in Python it is 60 and more


def slow(step: Step, function: Callable) -> str:
    """Return what is told about a function that is right, and slow, or ""."""
    calls = _calls()[step.name]
    # The least of some times: other programs may be in the way.
    seconds = min(_seconds(function, calls) for _ in range(3))
    ratio = seconds / min(_seconds(step.answer, calls) for _ in range(9))
    minutes = seconds * BATCHES / 60
    if ratio < SLOW or minutes < 2:
        return ""
    return textwrap.fill(
        f"{step.name} is right, and slow: it takes {ratio:.0f} times as long "
        f"as the solution. Training would take {minutes:.0f} minutes more, "
        f"and 15 are its limit. Let NumPy do the loops: {step.advice}",
        79,
    )


def _seconds(function: Callable, calls: list[tuple]) -> float:
    start = time.perf_counter()
    for arguments in calls:
        function(*arguments)
    return time.perf_counter() - start


@functools.cache
def _calls() -> dict[str, list[tuple]]:
    """Return the calls of each function in one step of training."""
    calls = defaultdict(list)

    def noted(step: Step, *arguments: object) -> object:
        calls[step.name].append(arguments)
        return step.answer(*arguments)

    rng = np.random.default_rng(0)
    images = rng.standard_normal((IMAGES, 1, 28, 28)).astype(np.float32)
    parameters = initial(rng)
    Step.__call__ = noted
    try:
        logits, kept = forward(parameters, images)
        backward(parameters, kept, logits)  # as good a delta as any
    finally:
        del Step.__call__
    return calls
