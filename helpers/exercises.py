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

from helpers.convolution import convolution_matrix
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


# --- 08: the parameters of a network of 1989 ---------------------------------


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


# --- 08: one step of SGD with momentum ---------------------------------------


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


# --- 00: the parameters of a local layer without sharing ---------------------


def _local_parameters(in_maps, out_maps, size, kernel):
    def connections(n, k):  # along one axis, border windows cut
        place = np.arange(n)
        return np.sum(np.abs(place[:, None] - place) <= k // 2)

    (height, width), (k_h, k_w) = size, kernel
    weights = connections(height, k_h) * connections(width, k_w)
    return in_maps * out_maps * weights + out_maps * height * width


def _maps_and_sizes(rng):
    cases = [(1, 1, (28, 28), (5, 5))]
    for _ in range(4):
        in_maps, out_maps = rng.choice(np.arange(2, 7), 2, replace=False)
        k_h, k_w = rng.choice([3, 5, 7], 2, replace=False)
        height, width = rng.choice(np.arange(9, 40), 2, replace=False)
        size, kernel = (int(height), int(width)), (int(k_h), int(k_w))
        cases.append((int(in_maps), int(out_maps), size, kernel))
    return cases


def _whole_windows(in_maps, out_maps, size, kernel):
    units = out_maps * np.prod(size)
    return units * (in_maps * np.prod(kernel) + 1)


def _shared_weights(in_maps, out_maps, size, kernel):
    return out_maps * (in_maps * np.prod(kernel) + 1)


def _shared_weights_own_biases(in_maps, out_maps, size, kernel):
    return out_maps * (in_maps * np.prod(kernel) + np.prod(size))


def _no_biases(in_maps, out_maps, size, kernel):
    biases = out_maps * np.prod(size)
    return _local_parameters(in_maps, out_maps, size, kernel) - biases


def _whole_windows_no_biases(in_maps, out_maps, size, kernel):
    return out_maps * np.prod(size) * in_maps * np.prod(kernel)


def _one_bias_a_map(in_maps, out_maps, size, kernel):
    return _no_biases(in_maps, out_maps, size, kernel) + out_maps


def _fully_inside(in_maps, out_maps, size, kernel):
    inside = np.prod(np.subtract(size, kernel) + 1)
    return out_maps * inside * (in_maps * np.prod(kernel) + 1)


def _one_input_map(in_maps, out_maps, size, kernel):
    return _local_parameters(1, out_maps, size, kernel)


local_parameters = Exercise(
    "local_parameters",
    "Count along one axis first: of n outputs, each reads the inputs at most "
    "k // 2 away that exist. The windows are rectangles, so the counts of "
    "the two axes multiply. Then the maps, then one bias for each output.",
    _local_parameters,
    _maps_and_sizes,
    [
        Slip(
            "Your border windows are full: a window at the border reaches "
            "into the padding, where there is no pixel to weigh.",
            _whole_windows,
        ),
        Slip(
            "Your weights are shared: that is a convolution. Here every "
            "output has weights of its own.",
            _shared_weights,
        ),
        Slip(
            "Your weights are shared, only the biases are not: here every "
            "output has weights of its own.",
            _shared_weights_own_biases,
        ),
        Slip(
            "The biases are missing: every output has one.",
            _no_biases,
        ),
        Slip(
            "Your border windows are full and the biases are missing.",
            _whole_windows_no_biases,
        ),
        Slip(
            "Your biases are shared, one a map: here every output has its "
            "own.",
            _one_bias_a_map,
        ),
        Slip(
            "Your outputs at the border are missing: the input is padded, "
            "every pixel has an output.",
            _fully_inside,
        ),
        Slip(
            "Each output reads all input maps, yours reads one.",
            _one_input_map,
        ),
    ],
)


# --- 00: the operations of a convolution and of its matrix -------------------


def _operations(size, kernel):
    outputs = (size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1)
    taps, inputs = kernel[0] * kernel[1], size[0] * size[1]
    return outputs * (2 * taps - 1), outputs * (2 * inputs - 1)


def _pictures_and_kernels(rng):
    cases = [((280, 320), (1, 2))]
    for _ in range(4):
        height, width = rng.choice(np.arange(20, 400), 2, replace=False)
        k_h, k_w = rng.choice(np.arange(1, 9), 2, replace=False)
        cases.append(((int(height), int(width)), (int(k_h), int(k_w))))
    return cases


def _same_size(size, kernel):
    pixels = size[0] * size[1]
    return pixels * (2 * kernel[0] * kernel[1] - 1), pixels * (2 * pixels - 1)


def _products_only(size, kernel):
    conv, dense = _operations(size, kernel)
    outputs = (size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1)
    return (conv + outputs) // 2, (dense + outputs) // 2


def _one_sum_too_many(size, kernel):
    conv, dense = _products_only(size, kernel)
    return 2 * conv, 2 * dense


def _one_output(size, kernel):
    taps, inputs = kernel[0] * kernel[1], size[0] * size[1]
    return 2 * taps - 1, 2 * inputs - 1


def _shrunk_by_the_kernel(size, kernel):
    outputs = (size[0] - kernel[0]) * (size[1] - kernel[1])
    taps, inputs = kernel[0] * kernel[1], size[0] * size[1]
    return outputs * (2 * taps - 1), outputs * (2 * inputs - 1)


operations = Exercise(
    "operations",
    "Eq. 4 gives the outputs along each axis. An output is a sum of n "
    "products: n multiplications, n - 1 additions. For the convolution n is "
    "the size of the kernel, for the matrix the size of the picture.",
    _operations,
    _pictures_and_kernels,
    [
        Slip(
            "Your output is as large as the picture: without padding it is "
            "smaller, eq. 4.",
            _same_size,
        ),
        Slip(
            "Your output is one short along each axis: i - k + 1, eq. 4.",
            _shrunk_by_the_kernel,
        ),
        Slip(
            "You count the multiplications only: the products are added up.",
            _products_only,
        ),
        Slip(
            "One addition too many for each output: n products need n - 1.",
            _one_sum_too_many,
        ),
        Slip(
            "That is the work of one output: multiply by their number.",
            _one_output,
        ),
    ],
)


# --- 00: read a kernel off its matrix ----------------------------------------


def _read_kernel(matrix, size, kernel):
    (height, width), (k_h, k_w) = size, kernel
    top, left = height // 2, width // 2  # an output away from the border
    seen = matrix[top * width + left].reshape(height, width)
    top, left = top - k_h // 2, left - k_w // 2
    return seen[top : top + k_h, left : left + k_w]


def _matrices_of_kernels(rng):
    cases = []
    for size, kernel in [
        ((9, 7), (3, 5)),
        ((6, 11), (5, 3)),
        ((8, 8), (1, 5)),
    ]:
        weight = rng.integers(-9, 10, kernel)
        padding = (kernel[0] // 2, kernel[1] // 2)
        matrix = convolution_matrix(weight, size, padding=padding)
        cases.append((matrix, size, kernel))
    return cases


def _column_for_row(matrix, size, kernel):
    return _read_kernel(matrix.T, size, kernel)


def _axes_swapped(matrix, size, kernel):
    return _read_kernel(matrix, size[::-1], kernel[::-1]).T


def _from_the_corner(matrix, size, kernel):
    seen = matrix[0].reshape(size)
    return seen[: kernel[0], : kernel[1]]


read_kernel = Exercise(
    "read_kernel",
    "A row of the matrix belongs to one output: fold it into a picture and "
    "you see the window of this output. Take an output in the middle, whose "
    "window is whole, and cut the window out around it.",
    _read_kernel,
    _matrices_of_kernels,
    [
        Slip(
            "Your kernel is rotated by 180 degrees: you read a column, "
            "which says where an input goes; a row says what an output "
            "reads.",
            _column_for_row,
        ),
        Slip(
            "Height and width are swapped: pixels are numbered row by row.",
            _axes_swapped,
        ),
        Slip(
            "You have the lower right quarter of the kernel: take an output "
            "in the middle, and begin half a kernel before it.",
            _from_the_corner,
        ),
    ],
)
