"""The exercises: each checks an answer, gives a hint, shows a solution.

A check runs the reader's function on random, asymmetric inputs beside the
solution.  The typical wrong answers of an exercise are functions too: when
an answer agrees with one of them, the check names the misconception.
"""

from __future__ import annotations

import copy
import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from helpers.shapes import linear_parameters


class Slip(NamedTuple):
    """A typical wrong answer.

    Attributes
    ----------
    message : str
        What the reader is told.
    answer : callable
        Takes what the solution takes and returns what the reader would.
    """

    message: str
    answer: Callable


class Verdict(NamedTuple):
    """What a check found.

    Attributes
    ----------
    right : bool
    message : str
    """

    right: bool
    message: str


class Exercise:
    """One exercise of a notebook.

    Parameters
    ----------
    name : str
        Of the function that the reader writes.
    advice : str
        What `hint` prints.
    answer : callable
        The solution; `solution` prints its source.
    cases : callable
        Takes a random generator, returns a list of argument tuples.
    slips : sequence of Slip
        Typical wrong answers, the more specific ones first.
    """

    def __init__(
        self,
        name: str,
        advice: str,
        answer: Callable,
        cases: Callable[[np.random.Generator], list[tuple]],
        slips: Sequence[Slip],
    ) -> None:
        self.name = name
        self.advice = advice
        self.answer = answer
        self.cases = cases
        self.slips = slips

    def check(self, attempt: Callable) -> None:
        """Print whether a function is right and, if not, what went wrong."""
        right, message = self.verdict(attempt)
        print(f"{self.name}: {'right' if right else 'not yet'}. {message}")

    def hint(self) -> None:
        """Print a hint."""
        print(textwrap.fill(self.advice, 79))

    def solution(self) -> None:
        """Print the source of a solution."""
        print(inspect.getsource(self.answer), end="")

    def verdict(self, attempt: Callable) -> Verdict:
        """Return whether a function is right and, if not, what went wrong."""
        cases = self.cases(np.random.default_rng(0))
        found = _run(attempt, cases)
        if isinstance(found, Exception):
            kind = type(found).__name__
            return Verdict(False, f"It raises {kind}: {found}")
        if any(value is None for value in found):
            return Verdict(False, "It returns None: write your answer there.")
        expected = _run(self.answer, cases)
        if all(map(_agree, found, expected)):
            return Verdict(True, f"It agrees on {len(cases)} random cases.")
        for slip in self.slips:
            wrong = _run(slip.answer, cases)
            if not isinstance(wrong, Exception) and all(
                map(_agree, found, wrong)
            ):
                return Verdict(False, slip.message)
        first = next(
            place
            for place, pair in enumerate(zip(found, expected))
            if not _agree(*pair)
        )
        return Verdict(False, _difference(found[first], expected[first]))


def _run(function: Callable, cases: list[tuple]) -> list | Exception:
    """Return the results of all cases, or the first exception."""
    try:
        with np.errstate(all="ignore"):
            return [function(*copy.deepcopy(case)) for case in cases]
    except Exception as error:
        return error


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


# --- 08: softmax and cross-entropy -------------------------------------------


def _softmax_cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    probability = np.exp(shifted)
    probability /= probability.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = (np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]).mean()
    gradient = probability.copy()
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)


def _logits_and_labels(rng):
    cases = []
    for size, classes, spread in [(3, 5, 1.0), (7, 4, 2.0), (2, 6, 1000.0)]:
        logits = spread * rng.standard_normal((size, classes))
        cases.append((logits, rng.integers(classes, size=size)))
    return cases


def _overflowing(logits, labels):
    powers = np.exp(logits)
    probability = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(probability[rows, labels]).mean()
    probability[rows, labels] -= 1
    return loss, probability / len(labels)


def _without_mean(logits, labels):
    loss, gradient = _softmax_cross_entropy(logits, labels)
    return loss * len(labels), gradient * len(labels)


def _gradient_without_mean(logits, labels):
    loss, gradient = _softmax_cross_entropy(logits, labels)
    return loss, gradient * len(labels)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _softmax_twice(logits, labels):
    return _softmax_cross_entropy(_softmax(logits), labels)


softmax_cross_entropy = Exercise(
    "softmax_cross_entropy",
    "Subtract the largest logit of each row first: that changes no "
    "probability, and exp no longer overflows. The loss of a row is "
    "log(sum(exp(z))) - z[label]. The gradient is the softmax, less 1 at "
    "the label, divided by the number of rows.",
    _softmax_cross_entropy,
    _logits_and_labels,
    [
        Slip(
            "exp overflows: one case has logits near 1000. Subtract the "
            "largest logit of each row first, and take the logarithm "
            "without dividing.",
            _overflowing,
        ),
        Slip(
            "The factor 1/B is missing: loss and gradient are sums over the "
            "batch, not means.",
            _without_mean,
        ),
        Slip(
            "The factor 1/B is missing in the gradient: the loss is a mean, "
            "so its gradient is one too.",
            _gradient_without_mean,
        ),
        Slip(
            "The softmax is taken twice: the logits go straight into the "
            "cross-entropy.",
            _softmax_twice,
        ),
    ],
)


# --- 08: the parameters of a network of 1989 -----------------------------------


def _parameters_1989(size, maps, kernel, stride, reads, hidden, classes):
    first_units = maps * (size // stride) ** 2
    first = maps * kernel**2 + first_units
    second_units = maps * (size // stride**2) ** 2
    second = maps * reads * kernel**2 + second_units
    third = linear_parameters(second_units, hidden)
    return first + second + third + linear_parameters(hidden, classes)


def _networks_1989(rng):
    cases = [(16, 12, 5, 2, 8, 30, 10)]
    for _ in range(3):
        stride = int(rng.integers(2, 4))
        size = stride**2 * int(rng.integers(2, 5))
        maps = int(rng.integers(5, 12))
        kernel, reads = int(rng.integers(2, 8)), int(rng.integers(2, maps))
        hidden, classes = rng.integers(3, 40, size=2).tolist()
        cases.append((size, maps, kernel, stride, reads, hidden, classes))
    return cases


def _shared_biases(size, maps, kernel, stride, reads, hidden, classes):
    units = maps * (size // stride**2) ** 2
    shared = 2 * maps - maps * (size // stride) ** 2 - units
    return shared + _parameters_1989(
        size, maps, kernel, stride, reads, hidden, classes
    )


def _full_connectivity(size, maps, kernel, stride, reads, hidden, classes):
    return _parameters_1989(size, maps, kernel, stride, maps, hidden, classes)


def _stride_one(size, maps, kernel, stride, reads, hidden, classes):
    return _parameters_1989(size, maps, kernel, 1, reads, hidden, classes)


parameters_1989 = Exercise(
    "parameters_1989",
    "Count the units of each layer first: the first hidden layer has maps * "
    "(size / stride)**2 of them, the second as many with stride**2. Weights "
    "are shared within a map, biases are not: one for each unit.",
    _parameters_1989,
    _networks_1989,
    [
        Slip(
            "Biases are shared in your count, one a map: in this network "
            "every unit has its own.",
            _shared_biases,
        ),
        Slip(
            "Your second layer reads all maps: each of its maps reads only "
            "`reads` of them.",
            _full_connectivity,
        ),
        Slip(
            "Your maps keep the size of the picture: a stride divides it, "
            "once in each layer.",
            _stride_one,
        ),
    ],
)


# --- 08: one step of SGD with momentum -----------------------------------------


def _momentum_step(parameter, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, velocity


def _arrays_and_rates(rng):
    return [
        (*rng.standard_normal((3, *shape)), *rng.uniform(0.1, 0.9, size=3))
        for shape in [(4,), (2, 3), (3, 1, 2, 5)]
    ]


def _uphill(parameter, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter + rate * velocity, velocity


def _old_velocity(parameter, velocity, gradient, rate, momentum, decay):
    new = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, new


def _averaged(parameter, velocity, gradient, rate, momentum, decay):
    gradient = gradient + decay * parameter
    velocity = momentum * velocity + (1 - momentum) * gradient
    return parameter - rate * velocity, velocity


def _no_decay(parameter, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return parameter - rate * velocity, velocity


momentum_step = Exercise(
    "momentum_step",
    "Three lines: add decay * parameter to the gradient, add that to "
    "momentum * velocity, move the parameter by -rate times the new "
    "velocity.",
    _momentum_step,
    _arrays_and_rates,
    [
        Slip("The step goes uphill: subtract rate * velocity.", _uphill),
        Slip(
            "The parameter moves by the old velocity: update the velocity "
            "first.",
            _old_velocity,
        ),
        Slip(
            "The gradient is weighted by 1 - momentum: PyTorch and this "
            "series add it whole.",
            _averaged,
        ),
        Slip("The weight decay is missing.", _no_decay),
    ],
)
