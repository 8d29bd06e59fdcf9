"""The exercises: each checks an answer, gives a hint, shows a solution.

A check runs the reader's function on random, asymmetric inputs beside the
solution.  The typical wrong answers of an exercise are functions too: when
an answer agrees with one of them, the check names the misconception.
"""

from __future__ import annotations

import copy
import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from helpers.convolution import convolution_matrix
from helpers.im2col import col2im, im2col, patches
from helpers.shapes import conv_output_size, linear_parameters


class Slip(NamedTuple):
    """A typical wrong answer.

    Attributes
    ----------
    message : str
        What the reader is told.
    answer : callable
        Takes what the solution takes and returns what the reader would.

    Examples
    --------
    >>> Slip("You add.", lambda a, b: a + b).answer(2, 3)
    5
    """

    message: str
    answer: Callable


class Verdict(NamedTuple):
    """What a check found.

    Attributes
    ----------
    right : bool
    message : str

    Examples
    --------
    >>> Verdict(right=False, message="It returns None.").right
    False
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

    Examples
    --------
    >>> product = Exercise(
    ...     name="product",
    ...     advice="Multiply.",
    ...     answer=lambda a, b: a * b,
    ...     cases=lambda rng: [(2, 3), (4, 5)],
    ...     slips=[Slip("You add.", lambda a, b: a + b)],
    ... )
    >>> product.check(lambda a, b: b + a)
    product: not yet. You add.
    >>> product.check(lambda a, b: b * a)
    product: right. It agrees on 2 random cases.
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
        for slip in self.slips:
            if _same(found, _run(slip.answer, cases)):
                return Verdict(False, slip.message)
        if isinstance(found, Exception):
            kind = type(found).__name__
            return Verdict(False, f"It raises {kind}: {found}")
        if any(value is None for value in found):
            return Verdict(False, "It returns None: write your answer there.")
        for value, expected in zip(found, _run(self.answer, cases)):
            if not _agree(value, expected):
                return Verdict(False, _difference(value, expected))
        return Verdict(True, f"It agrees on {len(cases)} random cases.")


def _run(function: Callable, cases: list[tuple]) -> list | Exception:
    """Return the results of all cases, or the first exception."""
    try:
        with np.errstate(all="ignore"):
            return [function(*copy.deepcopy(case)) for case in cases]
    except Exception as error:
        return error


def _same(found: list | Exception, expected: list | Exception) -> bool:
    """Say whether two runs gave the same results, or the same exception."""
    if isinstance(found, Exception) or isinstance(expected, Exception):
        return repr(found) == repr(expected)
    return all(map(_agree, found, expected))


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


# --- 03: the size of an output -----------------------------------------------


def _output_size(i, k, s, p, d):
    span = d * (k - 1) + 1
    return (i + 2 * p - span) // s + 1


def _settings(rng):
    cases = [(28, 5, 1, 2, 1)]
    while len(cases) < 8:
        i = int(rng.integers(12, 40))
        k, s, d = rng.integers(2, 5, size=3).tolist()
        p = int(rng.integers(1, 5))
        if (i + 2 * p - d * (k - 1) - 1) % s:  # where floor matters
            cases.append((i, k, s, p, d))
    return cases


def _true_division(i, k, s, p, d):
    return (i + 2 * p - d * (k - 1) - 1) / s + 1


def _ceil(i, k, s, p, d):
    return -(-(i + 2 * p - d * (k - 1) - 1) // s) + 1


def _padding_once(i, k, s, p, d):
    return (i + p - d * (k - 1) - 1) // s + 1


def _dilation_times_k(i, k, s, p, d):
    return (i + 2 * p - d * k) // s + 1


def _no_first_position(i, k, s, p, d):
    return (i + 2 * p - d * (k - 1) - 1) // s


def _no_stride(i, k, s, p, d):
    return i + 2 * p - d * (k - 1)


def _no_dilation(i, k, s, p, d):
    return (i + 2 * p - k) // s + 1


output_size = Exercise(
    "output_size",
    "How many pixels does the dilated kernel cover? How many are left of the "
    "padded input then, to move in? Divide these by the stride, whole steps "
    "only, and count the first position.",
    _output_size,
    _settings,
    [
        Slip(
            "You divide without rounding: a window that does not fit whole "
            "is not computed, so the quotient is rounded down (//).",
            _true_division,
        ),
        Slip(
            "You round up: the last window must fit whole into the padded "
            "input, so the quotient is rounded down.",
            _ceil,
        ),
        Slip(
            "You count the padding once: there are p zeros at each of the "
            "two ends.",
            _padding_once,
        ),
        Slip(
            "Your dilated kernel covers d k pixels: there are k - 1 gaps "
            "between k weights, so it covers d (k - 1) + 1.",
            _dilation_times_k,
        ),
        Slip(
            "You count the steps between windows: there is one window more "
            "than steps.",
            _no_first_position,
        ),
        Slip(
            "The stride is missing: of the positions only every s-th is "
            "computed.",
            _no_stride,
        ),
        Slip(
            "The dilation is missing: the kernel covers more pixels than it "
            "has weights.",
            _no_dilation,
        ),
    ],
)


# --- 03: the receptive field of a stack of layers ----------------------------


def _receptive_field(layers):
    field = step = 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
    return field


def _stacks(rng):
    cases = [([(5, 1), (2, 2), (5, 1), (2, 2)],)]
    for depth in (1, 3, 4, 6):
        kernels = rng.integers(2, 8, size=depth).tolist()
        strides = rng.integers(1, 4, size=depth).tolist()
        strides[0] = 2
        cases.append((list(zip(kernels, strides)),))
    return cases


def _stride_ignored(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _kernels_added(layers):
    return sum(kernel for kernel, _ in layers)


def _field_less_one(layers):
    return _receptive_field(layers) - 1


def _own_stride(layers):
    field = step = 1
    for kernel, stride in layers:
        step *= stride
        field += (kernel - 1) * step
    return field


def _last_stride_only(layers):
    field = step = 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step = stride
    return field


receptive_field = Exercise(
    "receptive_field",
    "Without a layer one output is one pixel: begin with a field of 1 and a "
    "step of 1. A layer widens the field by kernel - 1 of its input's steps; "
    "after it, neighbours are stride times as far apart.",
    _receptive_field,
    _stacks,
    [
        Slip(
            "The strides are ignored: behind a stride, neighbours lie "
            "several input pixels apart.",
            _stride_ignored,
        ),
        Slip(
            "You add the kernel sizes: windows of neighbouring outputs "
            "overlap, so a layer adds kernel - 1 steps, not kernel.",
            _kernels_added,
        ),
        Slip(
            "It is off by one: before the first layer an output already "
            "sees one pixel, its own.",
            _field_less_one,
        ),
        Slip(
            "A layer's own stride comes too early: it spreads its outputs "
            "apart, not the pixels that it reads.",
            _own_stride,
        ),
        Slip(
            "Only the last stride counts in yours: the strides of all "
            "layers below multiply.",
            _last_stride_only,
        ),
    ],
)


# --- 03: the output padding that leads back to an input size -----------------


def _output_padding(i, k, s, p, d):
    return (i + 2 * p - d * (k - 1) - 1) % s


def _never_padded(i, k, s, p, d):
    return 0


def _remainder_of_size(i, k, s, p, d):
    return i % s


def _missing_to_next(i, k, s, p, d):
    return -(i + 2 * p - d * (k - 1) - 1) % s


def _remainder_padding_once(i, k, s, p, d):
    return (i + p - d * (k - 1) - 1) % s


def _remainder_without_dilation(i, k, s, p, d):
    return (i + 2 * p - k) % s


output_padding = Exercise(
    "output_padding",
    "How many pixels at the end of the padded input does no window of the "
    "convolution reach? The transposed convolution must add just these.",
    _output_padding,
    _settings,
    [
        Slip(
            "Without output_padding the smallest input size comes back: "
            "there are s sizes that lead to the same output.",
            _never_padded,
        ),
        Slip(
            "Kernel and padding are missing: what is left over is left over "
            "of the room in which the kernel moves.",
            _remainder_of_size,
        ),
        Slip(
            "You count what is missing to the next window: count what the "
            "last window leaves over.",
            _missing_to_next,
        ),
        Slip(
            "You count the padding once: there are p zeros at each end.",
            _remainder_padding_once,
        ),
        Slip(
            "The dilation is missing: the kernel covers d (k - 1) + 1 pixels.",
            _remainder_without_dilation,
        ),
    ],
)


# --- 02: cross-correlation of pictures ---------------------------------------


def _cross_correlation(image, kernel):
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    height, width = h - k_h + 1, w - k_w + 1
    result = np.zeros((height, width))
    for m in range(k_h):
        for n in range(k_w):
            result += kernel[m, n] * image[m : m + height, n : n + width]
    return result


def _images_and_kernels(rng):
    shapes = [((6, 8), (3, 3)), ((9, 7), (2, 4)), ((5, 8), (4, 3))]
    return [tuple(map(rng.standard_normal, pair)) for pair in shapes]


def _with_turned_kernel(image, kernel):
    return _cross_correlation(image, kernel[::-1, ::-1])


def _with_transposed_kernel(image, kernel):
    return _cross_correlation(image, kernel.T)


def _with_kernel_upside_down(image, kernel):
    return _cross_correlation(image, kernel[::-1])


def _with_kernel_mirrored(image, kernel):
    return _cross_correlation(image, kernel[:, ::-1])


def _one_window_short(image, kernel):
    return _cross_correlation(image, kernel)[:-1, :-1]


cross_correlation = Exercise(
    "cross_correlation",
    "The output has (h - k_h + 1, w - k_w + 1) pixels. Entry (m, n) of the "
    "kernel meets, for all of them at once, the slice of that size that "
    "begins at (m, n) of the image: add kernel[m, n] times that slice.",
    _cross_correlation,
    _images_and_kernels,
    [
        Slip(
            "This is convolution, eq. 2: your kernel is turned by 180 "
            "degrees. In eq. 3 it lies as it is.",
            _with_turned_kernel,
        ),
        Slip(
            "Your kernel is transposed: m counts its rows and the image's "
            "rows, n the columns of both.",
            _with_transposed_kernel,
        ),
        Slip(
            "Your kernel is upside down: one axis is reversed, the rows. "
            "Eq. 3 reverses none, eq. 2 both.",
            _with_kernel_upside_down,
        ),
        Slip(
            "Your kernel is mirrored: one axis is reversed, the columns. "
            "Eq. 3 reverses none, eq. 2 both.",
            _with_kernel_mirrored,
        ),
        Slip(
            "The last window is missing: a kernel of k fits h - k + 1 times.",
            _one_window_short,
        ),
    ],
)


# --- 02: the nearest kernel of rank 1 ----------------------------------------


def _nearest_separable(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * np.outer(u[:, 0], vt[0])


def _kernels_of_any_rank(rng):
    one = np.outer(rng.standard_normal(5), rng.standard_normal(3))
    shapes = [(3, 4), (5, 3), (4, 4)]
    return [(one,), *((rng.standard_normal(shape),) for shape in shapes)]


def _without_singular_value(kernel):
    u, _, vt = np.linalg.svd(kernel)
    return np.outer(u[:, 0], vt[0])


def _column_of_vt(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * np.outer(u[:, 0], vt[:, 0])


def _row_of_u(kernel):
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * np.outer(u[0], vt[0])


def _smallest_part(kernel):
    u, s, vt = np.linalg.svd(kernel)
    last = len(s) - 1
    return s[last] * np.outer(u[:, last], vt[last])


def _first_column_and_row(kernel):
    return np.outer(kernel[:, 0], kernel[0]) / kernel[0, 0]


def _kernel_itself(kernel):
    return kernel


nearest_separable = Exercise(
    "nearest_separable",
    "np.linalg.svd(kernel) returns u, s, vt, the largest singular value "
    "first. The first column of u times the first row of vt is the best "
    "direction, s[0] its size (Eckart and Young, 1936).",
    _nearest_separable,
    _kernels_of_any_rank,
    [
        Slip(
            "The singular value is missing: the columns of u and the rows "
            "of vt have length 1.",
            _without_singular_value,
        ),
        Slip(
            "You take a column of vt: NumPy returns V transposed, so the "
            "row of the kernel is a row of vt.",
            _column_of_vt,
        ),
        Slip(
            "You take a row of u: the column of the kernel is a column of u.",
            _row_of_u,
        ),
        Slip(
            "You take the smallest singular value: they come in falling "
            "order, the first part is the nearest.",
            _smallest_part,
        ),
        Slip(
            "The kernel's own first column and row give a matrix of rank 1, "
            "but not the nearest one.",
            _first_column_and_row,
        ),
        Slip(
            "This is the kernel itself: only the first of your cases has "
            "rank 1.",
            _kernel_itself,
        ),
    ],
)


# --- 02: a mirror at the border ----------------------------------------------


def _filter_reflect(image, kernel):
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    margins = [(k_h // 2, k_h // 2), (k_w // 2, k_w // 2)]
    around = np.pad(image, margins, mode="reflect")
    result = np.zeros((h, w))
    for m in range(k_h):
        for n in range(k_w):
            result += kernel[m, n] * around[m : m + h, n : n + w]
    return result


def _images_and_odd_kernels(rng):
    shapes = [((6, 8), (3, 5)), ((9, 7), (5, 3)), ((7, 9), (3, 7))]
    return [tuple(map(rng.standard_normal, pair)) for pair in shapes]


def _filter_with(mode):
    def answer(image, kernel):
        k_h, k_w = kernel.shape
        margins = [(k_h // 2, k_h // 2), (k_w // 2, k_w // 2)]
        return _cross_correlation(np.pad(image, margins, mode=mode), kernel)

    return answer


def _reflect_turned(image, kernel):
    return _filter_reflect(image, kernel[::-1, ::-1])


def _margins_swapped(image, kernel):
    k_h, k_w = kernel.shape
    margins = [(k_w // 2, k_w // 2), (k_h // 2, k_h // 2)]
    return _cross_correlation(np.pad(image, margins, "reflect"), kernel)


filter_reflect = Exercise(
    "filter_reflect",
    "A kernel with k_h rows needs k_h // 2 more pixels above and below, and "
    "k_w // 2 on the left and right. np.pad takes these as pairs, one for "
    "each axis; its mode for a mirror on the last pixel is 'reflect'. Then "
    "it is exercise 1.",
    _filter_reflect,
    _images_and_odd_kernels,
    [
        Slip(
            "The border is zero: mirror the image.", _filter_with("constant")
        ),
        Slip(
            "Your mirror stands beside the last pixel and repeats it "
            "(NumPy's 'symmetric'): reflect turns back on the pixel.",
            _filter_with("symmetric"),
        ),
        Slip(
            "The last pixel is repeated outwards (NumPy's 'edge'): mirror "
            "the image.",
            _filter_with("edge"),
        ),
        Slip(
            "The other side of the image stands beyond the border (NumPy's "
            "'wrap'): mirror the image.",
            _filter_with("wrap"),
        ),
        Slip(
            "This is convolution: your kernel is turned by 180 degrees.",
            _reflect_turned,
        ),
        Slip(
            "The margins are swapped: the kernel's height decides what is "
            "added above and below.",
            _margins_swapped,
        ),
    ],
)


# --- 01: full convolution ----------------------------------------------------


def _full_convolution(x, k):
    s = np.zeros(len(x) + len(k) - 1)
    for a, value in enumerate(x):
        s[a : a + len(k)] += value * k
    return s


def _signals_and_kernels(rng):
    # T <= K + 1: an age below 0 then finds an entry from the end.
    sizes = [(4, 3), (3, 5), (6, 5), (2, 6), (5, 4)]
    return [
        (3 * rng.standard_normal(T), 3 * rng.standard_normal(K))
        for T, K in sizes
    ]


def _kernel_as_it_lies(x, k):
    return _full_convolution(x, k[::-1])


def _signal_flipped(x, k):
    return _full_convolution(x[::-1], k)


def _ages_below_zero(x, k):
    s = np.zeros(len(x) + len(k) - 1)
    for t in range(len(s)):
        for a in range(len(x)):
            if t - a < len(k):
                s[t] += x[a] * k[t - a]
    return s


def _as_printed(x, k):
    return _ages_below_zero(x, k)[: len(x)]


def _circular(x, k):
    n = max(len(x), len(k))
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(k, n), n)


def _first_outputs(x, k):
    return _full_convolution(x, k)[: len(x)]


def _middle_outputs(x, k):
    start = (len(k) - 1) // 2
    return _full_convolution(x, k)[start : start + len(x)]


def _inner_outputs(x, k):
    lengths = sorted((len(x), len(k)))
    return _full_convolution(x, k)[lengths[0] - 1 : lengths[1]]


def _output_too_long(x, k):
    return np.append(_full_convolution(x, k), 0)


def _whole_numbers(x, k):
    s = np.zeros(len(x) + len(k) - 1, int)
    for t in range(len(s)):
        for a in range(len(x)):
            if 0 <= t - a < len(k):
                s[t] += x[a] * k[t - a]
    return s


full_convolution = Exercise(
    "full_convolution",
    "Begin with T + K - 1 zeros. Then either loop over t and a, and add "
    "x[a] * k[t - a] if 0 <= t - a < K, or loop over a alone and add the "
    "course x[a] * k to the K outputs from a on.",
    _full_convolution,
    _signals_and_kernels,
    [
        Slip(
            "That is cross-correlation: your kernel is not flipped. As a "
            "grows, k is read backward.",
            _kernel_as_it_lies,
        ),
        Slip(
            "You flip the signal, so your output runs backward and is a "
            "cross-correlation. Flip the kernel.",
            _signal_flipped,
        ),
        Slip(
            "Ages below 0 wrap around: k[t - a] with t < a counts from the "
            "end of k. Leave those terms out.",
            _ages_below_zero,
        ),
        Slip(
            "That is eq. 1 as printed: k[t - a] with t < a counts from the "
            "end of k, and the output stops at T.",
            _as_printed,
        ),
        Slip(
            "That is circular convolution, the end wraps around onto the "
            "beginning: pad both with zeros to T + K - 1.",
            _circular,
        ),
        Slip(
            "Your output has length T: the last input lasts K - 1 steps "
            "longer, so there are T + K - 1 outputs.",
            _first_outputs,
        ),
        Slip(
            'That is mode "same", the middle T outputs: full has T + K - 1.',
            _middle_outputs,
        ),
        Slip(
            'That is mode "valid", without the outputs at the border: full '
            "has T + K - 1.",
            _inner_outputs,
        ),
        Slip(
            "Your output is one too long: the first copy of k ends at K - 1, "
            "the last one T - 1 later.",
            _output_too_long,
        ),
        Slip(
            "Your output is an array of integers, which cuts off the "
            "fractions: begin with floats.",
            _whole_numbers,
        ),
    ],
)


# --- 01: the cut of mode "same" ----------------------------------------------


def _crop_same(s, T, K):
    start = (K - 1) // 2
    return s[start : start + T]


def _full_outputs(rng):
    return [
        (rng.standard_normal(T + K - 1), T, K)
        for T, K in [(7, 4), (8, 5), (3, 6), (9, 2), (4, 7)]
    ]


def _later_cut(s, T, K):
    return s[K // 2 : K // 2 + T]


def _cut_at_the_end(s, T, K):
    return s[:T]


def _cut_at_the_beginning(s, T, K):
    return s[-T:]


def _as_long_as_the_longer(s, T, K):
    start = (min(T, K) - 1) // 2
    return s[start : start + max(T, K)]


def _half_off_each_end(s, T, K):
    return s[K // 2 : len(s) - K // 2]


def _half_less_one_off_each_end(s, T, K):
    return s[(K - 1) // 2 : len(s) - (K - 1) // 2]


def _valid_cut(s, T, K):
    return s[min(T, K) - 1 : max(T, K)]


crop_same = Exercise(
    "crop_same",
    "K - 1 numbers must go. Half of them go at the beginning; where K - 1 "
    "is odd, the beginning loses the smaller part.",
    _crop_same,
    _full_outputs,
    [
        Slip(
            "Off by one for an even K: of the K - 1 numbers to cut, the "
            "beginning loses (K - 1) // 2, not K // 2.",
            _later_cut,
        ),
        Slip(
            "You keep the first T: they lag behind the signal by half a "
            "kernel. Keep the middle.",
            _cut_at_the_end,
        ),
        Slip(
            "You keep the last T: they run ahead of the signal by half a "
            "kernel. Keep the middle.",
            _cut_at_the_beginning,
        ),
        Slip(
            "For K > T your output has K numbers, which is NumPy's "
            '"same": SciPy\'s has T.',
            _as_long_as_the_longer,
        ),
        Slip(
            "For an even K your output is one too short: K - 1 is odd, so "
            "the two ends lose different numbers.",
            _half_off_each_end,
        ),
        Slip(
            "For an even K your output is one too long: K - 1 is odd, so "
            "the two ends lose different numbers.",
            _half_less_one_off_each_end,
        ),
        Slip(
            'That is mode "valid": "same" has as many outputs as the signal.',
            _valid_cut,
        ),
    ],
)


# --- 01: take an echo away ---------------------------------------------------


def _remove_echo(y, delay, strength):
    x = y[: len(y) - delay].copy()
    for t in range(delay, len(x)):
        x[t] -= strength * x[t - delay]
    return x


def _signals_with_echo(rng):
    cases = []
    for size, delay in [(9, 2), (12, 5), (7, 3), (10, 1)]:
        strength = rng.uniform(0.3, 0.9)
        y = np.zeros(size + delay)
        y[:size] = rng.standard_normal(size)
        y[delay:] += strength * y[:size].copy()
        cases.append((y, delay, strength))
    return cases


def _echo_of_what_is_heard(y, delay, strength):
    x = y[: len(y) - delay].copy()
    x[delay:] -= strength * y[: len(x) - delay]
    return x


def _echo_added(y, delay, strength):
    return _remove_echo(y, delay, -strength)


def _tail_left(y, delay, strength):
    return np.append(_remove_echo(y, delay, strength), np.zeros(delay))


def _echo_of_what_is_heard_tail_left(y, delay, strength):
    x = y.copy()
    x[delay:] -= strength * y[: len(y) - delay]
    return x


def _echo_before_the_start(y, delay, strength):
    x = y[: len(y) - delay].copy()
    for t in range(len(x)):
        x[t] -= strength * x[t - delay]
    return x


def _echo_rolled(y, delay, strength):
    return (y - strength * np.roll(y, delay))[: len(y) - delay]


def _echo_cut_off(y, delay, strength):
    return y[: len(y) - delay].copy()


remove_echo = Exercise(
    "remove_echo",
    "The first `delay` samples have no echo in them yet. From there on, what "
    "echoes at t is x[t - delay], which you have already repaired. y is "
    "`delay` samples longer than x.",
    _remove_echo,
    _signals_with_echo,
    [
        Slip(
            "You subtract the echo of y, which has an echo itself: that "
            "leaves -strength**2 at 2 * delay. Subtract what you repaired.",
            _echo_of_what_is_heard,
        ),
        Slip(
            "You subtract the echo of y, which has an echo itself, and keep "
            "y's length: x is `delay` samples shorter.",
            _echo_of_what_is_heard_tail_left,
        ),
        Slip("You add an echo where one must be subtracted.", _echo_added),
        Slip(
            "Your output is as long as y: x is `delay` samples shorter.",
            _tail_left,
        ),
        Slip(
            "At t < delay the index t - delay counts from the end: nothing "
            "echoes yet, begin at t = delay.",
            _echo_before_the_start,
        ),
        Slip(
            "np.roll brings the end of y back at the beginning, where "
            "nothing echoes yet; and the echo of y has an echo itself.",
            _echo_rolled,
        ),
        Slip(
            "You only cut y to the length of x: the echo begins at `delay`, "
            "long before the end of x.",
            _echo_cut_off,
        ),
    ],
)


# --- 04: normalised cross-correlation ----------------------------------------


def _normalised_correlation(image, template):
    h, w = template.shape
    centred = template - template.mean()
    shape = (image.shape[0] - h + 1, image.shape[1] - w + 1)
    scores = np.zeros(shape)
    for i, j in np.ndindex(shape):
        window = image[i : i + h, j : j + w]
        window = window - window.mean()
        norms = np.linalg.norm(window) * np.linalg.norm(centred)
        if norms > 0:
            scores[i, j] = (window * centred).sum() / norms
    return scores


def _pictures_and_templates(rng):
    cases = []
    for size, part in [((5, 7), (2, 3)), ((6, 4), (3, 2)), ((7, 8), (1, 4))]:
        image = rng.integers(0, 9, size).astype(float)
        image[: part[0] + 1, : part[1] + 1] = 4  # windows without contrast
        template = rng.integers(0, 9, part).astype(float)
        template.flat[:2] = 0, 7
        cases.append((image, template))
    return cases


def _global_norm(image, template):
    h, w = template.shape
    centred, bright = template - template.mean(), image - image.mean()
    shape = (image.shape[0] - h + 1, image.shape[1] - w + 1)
    norms = np.linalg.norm(centred) * np.linalg.norm(bright)
    return np.array(
        [
            [
                (bright[i : i + h, j : j + w] * centred).sum() / norms
                for j in range(shape[1])
            ]
            for i in range(shape[0])
        ]
    )


def _turned_template(image, template):
    return _normalised_correlation(image, template[::-1, ::-1])


def _nan_where_flat(image, template):
    scores = _normalised_correlation(image, template)
    h, w = template.shape
    for i, j in np.ndindex(scores.shape):
        if np.ptp(image[i : i + h, j : j + w]) == 0:
            scores[i, j] = np.nan
    return scores


def _cosine_with_means(image, template):
    h, w = template.shape
    scores = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(scores.shape):
        window = image[i : i + h, j : j + w]
        norms = np.linalg.norm(window) * np.linalg.norm(template)
        scores[i, j] = (window * template).sum() / norms if norms else 0
    return scores


normalised_correlation = Exercise(
    "normalised_correlation",
    "For each place cut the window out, subtract its own mean, and divide "
    "the sum of products with the centred template by the two norms. If the "
    "window's norm is 0, the score is 0.",
    _normalised_correlation,
    _pictures_and_templates,
    [
        Slip(
            "You use the mean and the norm of the whole picture: each window "
            "needs its own.",
            _global_norm,
        ),
        Slip(
            "You convolve: the template is turned by 180 degrees.",
            _turned_template,
        ),
        Slip(
            "Windows without contrast give NaN, 0 divided by 0: their score "
            "is 0.",
            _nan_where_flat,
        ),
        Slip(
            "The means are still in: subtract the window's and the "
            "template's before you multiply.",
            _cosine_with_means,
        ),
    ],
)


# --- 04: the sums of all windows ---------------------------------------------


def _window_sums(image, height, width):
    corners = np.zeros((image.shape[0] + 1, image.shape[1] + 1))
    corners[1:, 1:] = image.cumsum(axis=0).cumsum(axis=1)
    below = corners[height:, width:] - corners[height:, :-width]
    above = corners[:-height, width:] - corners[:-height, :-width]
    return below - above


def _pictures_and_sizes(rng):
    return [
        (rng.integers(0, 9, (5, 7)).astype(float), 2, 3),
        (rng.integers(0, 9, (8, 4)).astype(float), 3, 2),
        (rng.integers(0, 9, (6, 9)).astype(float), 1, 4),
    ]


def _first_lost(image, height, width):
    return _window_sums(image, height, width)[1:, 1:]


def _mean_instead(image, height, width):
    return _window_sums(image, height, width) / (height * width)


def _swapped_sides(image, height, width):
    return _window_sums(image, width, height)


window_sums = Exercise(
    "window_sums",
    "Let C have one row and one column more than the picture, with zeros in "
    "the first ones, and the running sums elsewhere. A window's sum is its "
    "lower right corner of C, minus upper right, minus lower left, plus "
    "upper left.",
    _window_sums,
    _pictures_and_sizes,
    [
        Slip(
            "The first row and column of windows are missing: the running "
            "sums need a row and a column of zeros before them.",
            _first_lost,
        ),
        Slip("You return means: do not divide.", _mean_instead),
        Slip(
            "Height and width are swapped: your windows lie on their side.",
            _swapped_sides,
        ),
    ],
)


# --- 07: max pooling backward ------------------------------------------------


def _max_pool_backward(x, gradient, kernel_size, stride):
    (k_h, k_w), (s_h, s_w) = kernel_size, stride
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        top, left = i * s_h, j * s_w
        window = x[n, c, top : top + k_h, left : left + k_w]
        a, b = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + a, left + b] += gradient[n, c, i, j]
    return dx


def _pooled_maps(rng):
    cases = []
    for size, kernel, stride in [
        ((2, 3, 4, 6), (2, 2), (2, 2)),
        ((1, 2, 5, 7), (3, 2), (2, 1)),
        ((2, 1, 7, 5), (2, 3), (1, 2)),
        ((1, 2, 4, 5), (1, 3), (3, 2)),
    ]:
        # Few different values: many windows have more than one maximum.
        x = rng.integers(-4, 0, size).astype(float)
        places = zip(size[2:], kernel, stride)
        outputs = [(i - k) // s + 1 for i, k, s in places]
        gradient = rng.integers(1, 10, (*size[:2], *outputs)).astype(float)
        cases.append((x, gradient, kernel, stride))
    return cases


def _pool_back(x, gradient, kernel_size, stride, share, assign=False):
    """Give each window's gradient times `share(window)` to its pixels."""
    (k_h, k_w), (s_h, s_w) = kernel_size, stride
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        here = (
            n,
            c,
            slice(i * s_h, i * s_h + k_h),
            slice(j * s_w, j * s_w + k_w),
        )
        part = gradient[n, c, i, j] * share(x[here])
        if assign:
            dx[here] = np.where(part != 0, part, dx[here])
        else:
            dx[here] += part
    return dx


def _first(window):
    one = np.zeros(window.shape)
    one.flat[window.argmax()] = 1
    return one


def _last(window):
    return _first(window[::-1, ::-1])[::-1, ::-1]


def _ties_duplicated(x, gradient, kernel_size, stride):
    return _pool_back(
        x, gradient, kernel_size, stride, lambda w: 1.0 * (w == w.max())
    )


def _ties_shared(x, gradient, kernel_size, stride):
    return _pool_back(
        x,
        gradient,
        kernel_size,
        stride,
        lambda w: (w == w.max()) / (w == w.max()).sum(),
    )


def _ties_last(x, gradient, kernel_size, stride):
    return _pool_back(x, gradient, kernel_size, stride, _last)


def _winner_divided(x, gradient, kernel_size, stride):
    return _pool_back(
        x, gradient, kernel_size, stride, lambda w: _first(w) / w.size
    )


def _to_every_position(x, gradient, kernel_size, stride):
    return _pool_back(
        x, gradient, kernel_size, stride, lambda w: np.ones(w.shape)
    )


def _spread_as_a_mean(x, gradient, kernel_size, stride):
    return _pool_back(
        x, gradient, kernel_size, stride, lambda w: np.ones(w.shape) / w.size
    )


def _windows_overwritten(x, gradient, kernel_size, stride):
    return _pool_back(x, gradient, kernel_size, stride, _first, assign=True)


def _maximum_times_gradient(x, gradient, kernel_size, stride):
    return _pool_back(
        x, gradient, kernel_size, stride, lambda w: w.max() * _first(w)
    )


def _smallest_wins(x, gradient, kernel_size, stride):
    return _max_pool_backward(-x, gradient, kernel_size, stride)


def _stride_of_the_kernel(x, gradient, kernel_size, stride):
    k_h, k_w = kernel_size
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        window = x[n, c, i * k_h : (i + 1) * k_h, j * k_w : (j + 1) * k_w]
        if window.size:
            a, b = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * k_h + a, j * k_w + b] += gradient[n, c, i, j]
    return dx


max_pool_backward = Exercise(
    "max_pool_backward",
    "Start from zeros. Go through the outputs; cut out the window that each "
    "one reads; find its first maximum with argmax and np.unravel_index; add "
    "the output's gradient there. A pixel that wins twice is paid twice.",
    _max_pool_backward,
    _pooled_maps,
    [
        Slip(
            "Ties are duplicated: where several pixels share the maximum, "
            "each gets the whole gradient. The first one gets it, once.",
            _ties_duplicated,
        ),
        Slip(
            "Ties are shared: that is another valid choice, but here, as in "
            "PyTorch, the first maximum gets everything.",
            _ties_shared,
        ),
        Slip(
            "Ties go to the last maximum: here, as in PyTorch, the first one "
            "wins, row by row.",
            _ties_last,
        ),
        Slip(
            "You divide by the size of the window: only one pixel moved the "
            "maximum, so it gets the gradient undivided.",
            _winner_divided,
        ),
        Slip(
            "Every pixel of a window gets its gradient: those below the "
            "maximum could move without moving the output.",
            _to_every_position,
        ),
        Slip(
            "You spread the gradient over the window: that is the backward "
            "pass of the mean.",
            _spread_as_a_mean,
        ),
        Slip(
            "Windows that overlap overwrite each other: a pixel that wins "
            "in two of them gets the sum. Add, do not assign.",
            _windows_overwritten,
        ),
        Slip(
            "You multiply by the maximum itself: the output is the winner "
            "times 1, so its derivative is 1.",
            _maximum_times_gradient,
        ),
        Slip(
            "The smallest value of each window gets the gradient: did the "
            "comparison turn around?",
            _smallest_wins,
        ),
        Slip(
            "Your windows stand side by side: they begin every `stride` "
            "pixels, not every `kernel_size`.",
            _stride_of_the_kernel,
        ),
    ],
)


# --- 07: blur, then subsample ------------------------------------------------


def _blur_pool(x):
    height, width = x.shape[2:]
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    blurred = np.zeros(x.shape)
    for a, b in np.ndindex(3, 3):
        weight = (1, 2, 1)[a] * (1, 2, 1)[b] / 16
        blurred += weight * framed[:, :, a : a + height, b : b + width]
    return blurred[:, :, ::2, ::2]


def _maps_to_blur(rng):
    sizes = [(2, 3, 4, 6), (1, 2, 5, 7), (3, 1, 6, 5)]
    return [(rng.integers(-9, 10, size).astype(float),) for size in sizes]


def _blurred(x, weights, pad=np.pad):
    height, width = x.shape[2:]
    framed = pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    return sum(
        weights[a] * weights[b] * framed[:, :, a : a + height, b : b + width]
        for a, b in np.ndindex(3, 3)
    )


def _subsampled_first(x):
    return _blurred(x[:, :, ::2, ::2], np.array([1, 2, 1]) / 4)


def _weights_too_large(x):
    return 16 * _blur_pool(x)


def _divided_once(x):
    return 4 * _blur_pool(x)


def _equal_weights(x):
    return _blurred(x, np.ones(3) / 3)[:, :, ::2, ::2]


def _odd_pixels_kept(x):
    return _blurred(x, np.array([1, 2, 1]) / 4)[:, :, 1::2, 1::2]


def _not_subsampled(x):
    return _blurred(x, np.array([1, 2, 1]) / 4)


def _not_blurred(x):
    return x[:, :, ::2, ::2]


def _no_padding(x):
    return _blurred(x, np.array([1, 2, 1]) / 4)[:, :, 1:-1:2, 1:-1:2]


def _edge_repeated(x):
    def pad(x, frame):
        return np.pad(x, frame, mode="edge")

    return _blurred(x, np.array([1, 2, 1]) / 4, pad)[:, :, ::2, ::2]


blur_pool = Exercise(
    "blur_pool",
    "The nine weights are the products of 1, 2, 1 with 1, 2, 1, divided by "
    "16. Pad one zero on each side, add nine moved and weighted copies, and "
    "only then take every second row and column, from the first one on.",
    _blur_pool,
    _maps_to_blur,
    [
        Slip(
            "You subsample first and blur second: what lay between the "
            "pixels kept is lost before the blur could mix it in.",
            _subsampled_first,
        ),
        Slip(
            "Your weights sum to 16: divide by 16, or each layer makes its "
            "input 16 times as large.",
            _weights_too_large,
        ),
        Slip(
            "Your weights sum to 4: 1, 2, 1 must be divided by 4 along both "
            "axes.",
            _divided_once,
        ),
        Slip(
            "Your nine weights are equal: with 1, 1, 1 the pixels kept weigh "
            "1 and those left out 2; with 1, 2, 1 both weigh 2.",
            _equal_weights,
        ),
        Slip(
            "You keep the odd rows and columns: the first row and column, "
            "number 0, stay.",
            _odd_pixels_kept,
        ),
        Slip(
            "You only blur: then take every second row and column.",
            _not_subsampled,
        ),
        Slip(
            "You only subsample: blur before you do.",
            _not_blurred,
        ),
        Slip(
            "You do not pad: one zero on each side keeps the first and the "
            "last window.",
            _no_padding,
        ),
        Slip(
            "You repeat the edge: here the frame is made of zeros.",
            _edge_repeated,
        ),
    ],
)


# --- 07: by how many cells does the output move ------------------------------


def _cells_moved(pixels, strides):
    for stride in strides:
        if pixels % stride:
            return -1
        pixels //= stride
    return pixels


def _shifts_and_strides(rng):
    return [
        (2, [2]),
        (1, [2]),
        (3, [1, 1]),
        (8, [2, 2]),
        (6, [2, 2]),
        (12, [3, 2, 1]),
        (12, [2, 2, 2]),
        (0, [2, 5]),
        (30, [2, 1, 3]),
        (-4, [2]),
        (-3, [1, 2]),
    ]


def _rounded_down(pixels, strides):
    return pixels // int(np.prod(strides))


def _strides_added(pixels, strides):
    return pixels // sum(strides) if pixels % sum(strides) == 0 else -1


def _last_stride_only(pixels, strides):
    return pixels // strides[-1] if pixels % strides[-1] == 0 else -1


def _first_stride_only(pixels, strides):
    return pixels // strides[0] if pixels % strides[0] == 0 else -1


def _called_invariant(pixels, strides):
    return 0 if pixels % int(np.prod(strides)) == 0 else -1


def _moved_as_the_input(pixels, strides):
    return pixels


def _true_division(pixels, strides):
    return pixels / np.prod(strides)


cells_moved = Exercise(
    "cells_moved",
    "Layer by layer: if the stride divides the shift, the output moves by "
    "the quotient, and that is the next layer's shift. If not, the windows "
    "read other pixels, and no move is guaranteed.",
    _cells_moved,
    _shifts_and_strides,
    [
        Slip(
            "You round down: a shift that the strides do not divide gives "
            "other windows, not a shorter move. Return -1.",
            _rounded_down,
        ),
        Slip(
            "You divide by the sum of the strides: each layer divides what "
            "the layer before left, so they multiply.",
            _strides_added,
        ),
        Slip(
            "Only the last stride counts in your answer: every layer divides.",
            _last_stride_only,
        ),
        Slip(
            "Only the first stride counts in your answer: every layer "
            "divides.",
            _first_stride_only,
        ),
        Slip(
            "You return 0 where the output moves: equivariant is not "
            "invariant.",
            _called_invariant,
        ),
        Slip(
            "The output moves by pixels in your answer: it moves by cells, "
            "and a cell is as many pixels as the strides multiply to.",
            _moved_as_the_input,
        ),
        Slip(
            "You return fractions of a cell: nothing moves by half a cell. "
            "Return -1.",
            _true_division,
        ),
    ],
)


# --- 06: the way back through a convolution layer ----------------------------


def _conv_backward(delta, x, K, stride, padding):
    geometry = dict(kernel_size=K.shape[2:], stride=stride, padding=padding)
    V_I, K_f = im2col(x, **geometry), K.reshape(len(K), -1)
    delta = delta.reshape(*delta.shape[:2], -1)
    dK_f = (delta @ V_I.mT).sum(axis=0)
    db = delta.sum(axis=(0, 2))
    dx = col2im(K_f.T @ delta, x.shape[2:], **geometry)
    return dK_f.reshape(K.shape), db, dx


def _gradients_and_layers(rng):
    cases = []
    for n, c_in, c_out, size, kernel, stride, padding in [
        (2, 3, 4, (5, 7), (2, 3), 2, 1),
        (3, 2, 5, (6, 4), (3, 2), 1, 2),
        (2, 4, 3, (8, 7), (4, 2), 3, 1),
        (4, 2, 3, (4, 6), (2, 3), 1, 0),
    ]:
        x = rng.standard_normal((n, c_in, *size))
        K = rng.standard_normal((c_out, c_in, *kernel))
        outputs = conv_output_size(size, kernel, stride, padding)
        delta = rng.standard_normal((n, c_out, *outputs))
        cases.append((delta, x, K, stride, padding))
    return cases


def _frame_by_windows(delta, x, K, step, padding, assign=False):
    """Return the gradient by the padded input, window by window."""
    size = [n + 2 * padding for n in x.shape[2:]]
    frame = np.zeros((*x.shape[:2], *size))
    for row, column in np.ndindex(delta.shape[2:]):
        rows = slice(step * row, step * row + K.shape[2])
        columns = slice(step * column, step * column + K.shape[3])
        part = np.einsum("no,ocij->ncij", delta[:, :, row, column], K)
        window = frame[:, :, rows, columns]
        window[...] = part if assign else window + part
    return frame


def _cut(frame, x, top):
    (height, width), end = x.shape[2:], frame.shape[2:]
    bottom, right = min(top + height, end[0]), min(top + width, end[1])
    return frame[:, :, top:bottom, top:right]


def _bias_not_summed(delta, x, K, stride, padding):
    dK, _, dx = _conv_backward(delta, x, K, stride, padding)
    return dK, delta, dx


def _bias_for_each_picture(delta, x, K, stride, padding):
    dK, _, dx = _conv_backward(delta, x, K, stride, padding)
    return dK, delta.sum(axis=(2, 3)), dx


def _bias_for_each_position(delta, x, K, stride, padding):
    dK, _, dx = _conv_backward(delta, x, K, stride, padding)
    return dK, delta.sum(axis=0), dx


def _bias_averaged(delta, x, K, stride, padding):
    dK, _, dx = _conv_backward(delta, x, K, stride, padding)
    return dK, delta.mean(axis=(0, 2, 3)), dx


def _kernel_for_each_picture(delta, x, K, stride, padding):
    one = slice(0, 1)
    parts = [
        _conv_backward(delta[n:][one], x[n:][one], K, stride, padding)[0]
        for n in range(len(x))
    ]
    _, db, dx = _conv_backward(delta, x, K, stride, padding)
    return np.array(parts), db, dx


def _divided_by_batch(delta, x, K, stride, padding):
    dK, db, dx = _conv_backward(delta, x, K, stride, padding)
    return dK / len(x), db / len(x), dx


def _last_window_wins(delta, x, K, stride, padding):
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    frame = _frame_by_windows(delta, x, K, stride, padding, assign=True)
    return dK, db, _cut(frame, x, padding)


def _windows_side_by_side(delta, x, K, stride, padding):
    view = patches(x, K.shape[2:], 1, padding)
    view = view[:, :, : delta.shape[2], : delta.shape[3]]
    dK = np.einsum("nohw,nchwij->ocij", delta, view)
    frame = _frame_by_windows(delta, x, K, 1, padding)
    return dK, delta.sum(axis=(0, 2, 3)), _cut(frame, x, padding)


def _stride_forgotten_going_back(delta, x, K, stride, padding):
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    frame = _frame_by_windows(delta, x, K, 1, padding)
    return dK, db, _cut(frame, x, padding)


def _frame_kept(delta, x, K, stride, padding):
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    return dK, db, _frame_by_windows(delta, x, K, stride, padding)


def _cut_at_the_corner(delta, x, K, stride, padding):
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    frame = _frame_by_windows(delta, x, K, stride, padding)
    return dK, db, _cut(frame, x, 0)


def _turned_kernel_gradient(delta, x, K, stride, padding):
    dK, db, dx = _conv_backward(delta, x, K, stride, padding)
    return dK[:, :, ::-1, ::-1], db, dx


def _flip_forgotten(delta, x, K, stride, padding):
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    turned = K[:, :, ::-1, ::-1]
    return dK, db, _conv_backward(delta, x, turned, stride, padding)[2]


def _patches_by_columns(delta, x, K, stride, padding):
    order = np.arange(K[0, 0].size).reshape(K.shape[2:]).T.ravel()
    flat = K.reshape(*K.shape[:2], -1)
    back = np.empty_like(flat)
    back[:, :, order] = flat  # row r of V_I holds entry order[r]
    dK, db, _ = _conv_backward(delta, x, K, stride, padding)
    dK = dK.reshape(flat.shape)[:, :, order].reshape(K.shape)
    back = back.reshape(K.shape)
    return dK, db, _conv_backward(delta, x, back, stride, padding)[2]


def _channels_for_pictures(delta, x, K, stride, padding):
    n, c_out, *outputs = delta.shape
    mixed = delta.reshape(c_out, n, *outputs).swapaxes(0, 1)
    return _conv_backward(mixed, x, K, stride, padding)


conv_backward = Exercise(
    "conv_backward",
    "Seven lines. Write the windows of x as columns V_I and the kernels as "
    "rows K_f, reshape delta to (N, C_out, L). Then one line for each "
    "gradient: delta @ V_I.mT summed over the batch, delta summed over batch "
    "and positions, col2im of K_f^T @ delta. `im2col` and `col2im` take "
    "kernel_size, stride and padding.",
    _conv_backward,
    _gradients_and_layers,
    [
        Slip(
            "db is not summed: one bias serves all pictures and positions, "
            "so it collects from all of them (erratum to eq. 7).",
            _bias_not_summed,
        ),
        Slip(
            "db is summed over positions, but not over the batch.",
            _bias_for_each_picture,
        ),
        Slip(
            "db is summed over the batch, but not over positions.",
            _bias_for_each_position,
        ),
        Slip(
            "db is a mean: gradients of shared numbers add up. If the loss "
            "is a mean, delta has its factor already.",
            _bias_averaged,
        ),
        Slip(
            "dK has one kernel for each picture: sum over the batch too.",
            _kernel_for_each_picture,
        ),
        Slip(
            "dK and db are divided by the batch: that factor belongs to the "
            "loss, delta has it already.",
            _divided_by_batch,
        ),
        Slip(
            "dx is assigned where it must be added: in overlaps only the "
            "last window is left. Write += for =.",
            _last_window_wins,
        ),
        Slip(
            "The stride is forgotten: your windows lie side by side, one "
            "pixel apart, in dK and in dx.",
            _windows_side_by_side,
        ),
        Slip(
            "The stride is forgotten in dx: window (row, column) begins at "
            "stride * row, stride * column.",
            _stride_forgotten_going_back,
        ),
        Slip(
            "The padding is not cropped: dx still has its frame of zeros.",
            _frame_kept,
        ),
        Slip(
            "dx is cut at the corner of the frame: the picture begins at "
            "row and column `padding`.",
            _cut_at_the_corner,
        ),
        Slip(
            "dK is rotated by 180 degrees: it is a cross-correlation of x "
            "with delta, without a flip.",
            _turned_kernel_gradient,
        ),
        Slip(
            "dx reads the kernel forward: seen from a pixel the kernel runs "
            "backward, so rotate it (or use K_f^T and col2im).",
            _flip_forgotten,
        ),
        Slip(
            "The patches are transposed: in a row of K_f the columns of the "
            "kernel run first, row by row.",
            _patches_by_columns,
        ),
        Slip(
            "Channels and pictures are mixed up: delta has axes (N, C_out, "
            "H, W); permute before you reshape to (C_out, N * L).",
            _channels_for_pictures,
        ),
    ],
)


# --- 06: col2im with dilation ------------------------------------------------


def _add_back(columns, size, kernel_size, stride, dilation):
    (k_h, k_w), d = kernel_size, dilation
    image = np.zeros((len(columns), columns.shape[1] // (k_h * k_w), *size))
    across = (size[1] - d * (k_w - 1) - 1) // stride + 1
    for place in range(columns.shape[2]):
        top, left = (stride * n for n in divmod(place, across))
        rows = slice(top, top + d * (k_h - 1) + 1, d)
        pixels = slice(left, left + d * (k_w - 1) + 1, d)
        patch = columns[:, :, place].reshape(len(columns), -1, k_h, k_w)
        image[:, :, rows, pixels] += patch
    return image


def _columns_and_sizes(rng):
    cases = []
    for n, c, size, kernel, stride, dilation in [
        (2, 3, (6, 8), (2, 3), 1, 2),
        (3, 2, (9, 7), (3, 2), 2, 3),
        (2, 2, (5, 6), (2, 3), 2, 1),
    ]:
        outputs = conv_output_size(size, kernel, stride, 0, dilation)
        shape = (n, c * math.prod(kernel), math.prod(outputs))
        columns = rng.integers(-9, 9, shape).astype(float)
        cases.append((columns, size, kernel, stride, dilation))
    return cases


def _put_back(
    columns, size, kernel_size, step, spacing, outputs, assign=False, down=0
):
    """Add or assign patches in other ways than `_add_back`."""
    (k_h, k_w), d = kernel_size, spacing
    image = np.zeros((len(columns), columns.shape[1] // (k_h * k_w), *size))
    for place in range(columns.shape[2]):
        row, column = divmod(place, outputs[1])
        if down:
            column, row = divmod(place, outputs[0])
        rows = slice(step * row, step * row + d * (k_h - 1) + 1, d)
        pixels = slice(step * column, step * column + d * (k_w - 1) + 1, d)
        patch = columns[:, :, place].reshape(len(columns), -1, k_h, k_w)
        window = image[:, :, rows, pixels]
        window[...] = patch if assign else window + patch
    return image


def _last_patch_wins(columns, size, kernel_size, stride, dilation):
    outputs = conv_output_size(size, kernel_size, stride, 0, dilation)
    geometry = kernel_size, stride, dilation
    return _put_back(columns, size, *geometry, outputs, assign=True)


def _overlaps_averaged(columns, size, kernel_size, stride, dilation):
    geometry = size, kernel_size, stride, dilation
    counts = _add_back(np.ones_like(columns), *geometry)
    return _add_back(columns, *geometry) / np.maximum(counts, 1)


def _patches_in_one_piece(columns, size, kernel_size, stride, dilation):
    outputs = conv_output_size(size, kernel_size, stride, 0, dilation)
    return _put_back(columns, size, kernel_size, stride, 1, outputs)


def _step_of_one(columns, size, kernel_size, stride, dilation):
    outputs = conv_output_size(size, kernel_size, stride, 0, dilation)
    return _put_back(columns, size, kernel_size, 1, dilation, outputs)


def _positions_down_first(columns, size, kernel_size, stride, dilation):
    outputs = conv_output_size(size, kernel_size, stride, 0, dilation)
    geometry = kernel_size, stride, dilation
    return _put_back(columns, size, *geometry, outputs, down=1)


def _entries_down_first(columns, size, kernel_size, stride, dilation):
    (n, rows, length), (k_h, k_w) = columns.shape, kernel_size
    turned = columns.reshape(n, -1, k_w, k_h, length).swapaxes(2, 3)
    columns = turned.reshape(n, rows, length)
    return _add_back(columns, size, kernel_size, stride, dilation)


add_back = Exercise(
    "add_back",
    "Take the function of section 4 and read pixels with a step: the rows "
    "of a window are top, top + d, top + 2 d, ..., so "
    "slice(top, top + d * (k_h - 1) + 1, d). The window spans "
    "d * (k_w - 1) + 1 pixels; that decides how many stand side by side.",
    _add_back,
    _columns_and_sizes,
    [
        Slip(
            "Patches are assigned: where windows overlap only the last one "
            "is left. Write += for =.",
            _last_patch_wins,
        ),
        Slip(
            "Overlaps are averaged: that undoes im2col, but a gradient goes "
            "through the transpose, which adds.",
            _overlaps_averaged,
        ),
        Slip(
            "The dilation is forgotten: a window reads every d-th pixel, so "
            "that is where its patch goes.",
            _patches_in_one_piece,
        ),
        Slip(
            "The stride is forgotten: windows begin `stride` pixels apart.",
            _step_of_one,
        ),
        Slip(
            "Your windows run down first: the columns come row by row.",
            _positions_down_first,
        ),
        Slip(
            "The patches are transposed: the rows of `columns` run through "
            "the kernel row by row.",
            _entries_down_first,
        ),
    ],
)


# --- 06: the way back through bias and ReLU ----------------------------------


def _bias_relu_backward(Delta, h_bar):
    delta = (h_bar > 0) * Delta
    return delta, delta.sum(axis=(0, 2, 3))


def _gradients_and_sums(rng):
    return [
        (
            rng.standard_normal(shape),
            rng.integers(-3, 4, shape).astype(float),
        )
        for shape in [(2, 3, 4, 5), (4, 2, 3, 1), (3, 5, 2, 4)]
    ]


def _zero_passes(Delta, h_bar):
    delta = (h_bar >= 0) * Delta
    return delta, delta.sum(axis=(0, 2, 3))


def _no_mask(Delta, h_bar):
    return Delta, Delta.sum(axis=(0, 2, 3))


def _mask_of_the_gradient(Delta, h_bar):
    delta = np.maximum(Delta, 0)
    return delta, delta.sum(axis=(0, 2, 3))


def _mask_of_both(Delta, h_bar):
    delta = (h_bar > 0) * np.maximum(Delta, 0)
    return delta, delta.sum(axis=(0, 2, 3))


def _times_the_output(Delta, h_bar):
    delta = np.maximum(h_bar, 0) * Delta
    return delta, delta.sum(axis=(0, 2, 3))


def _bias_before_the_mask(Delta, h_bar):
    return (h_bar > 0) * Delta, Delta.sum(axis=(0, 2, 3))


def _one_bias_for_each_output(Delta, h_bar):
    delta = (h_bar > 0) * Delta
    return delta, delta


def _one_bias_for_each_picture(Delta, h_bar):
    delta = (h_bar > 0) * Delta
    return delta, delta.sum(axis=(2, 3))


def _one_bias_in_all(Delta, h_bar):
    delta = (h_bar > 0) * Delta
    return delta, delta.sum()


def _mean_for_bias(Delta, h_bar):
    delta = (h_bar > 0) * Delta
    return delta, delta.mean(axis=(0, 2, 3))


bias_relu_backward = Exercise(
    "bias_relu_backward",
    "The slope of ReLU is 1 where h_bar > 0 and 0 elsewhere, at 0 itself by "
    "convention. Multiply Delta by it: that is delta. The bias of a channel "
    "collects delta from all pictures and all positions.",
    _bias_relu_backward,
    _gradients_and_sums,
    [
        Slip(
            "The gradient passes where h_bar is exactly 0: PyTorch and this "
            "series take the slope 0 there.",
            _zero_passes,
        ),
        Slip("The slope of ReLU is missing: delta is not Delta.", _no_mask),
        Slip(
            "The mask looks at the sign of the gradient: it is h_bar that "
            "decides what passes.",
            _mask_of_the_gradient,
        ),
        Slip(
            "Negative gradients are lost: only the sign of h_bar decides "
            "what passes.",
            _mask_of_both,
        ),
        Slip(
            "Delta is multiplied by the output of ReLU: multiply it by the "
            "slope, 1 or 0.",
            _times_the_output,
        ),
        Slip(
            "db sums Delta: the bias stands before the ReLU, so sum delta.",
            _bias_before_the_mask,
        ),
        Slip(
            "db is not summed: one bias serves all pictures and positions.",
            _one_bias_for_each_output,
        ),
        Slip(
            "db is summed over positions, but not over the batch.",
            _one_bias_for_each_picture,
        ),
        Slip(
            "db is one number: each channel has its own bias.",
            _one_bias_in_all,
        ),
        Slip("db is a mean: shared numbers add up.", _mean_for_bias),
    ],
)


# --- 05: image to columns ----------------------------------------------------


def _image_to_columns(x, k_h, k_w, s):
    C, H, W = x.shape
    rows, columns = range(0, H - k_h + 1, s), range(0, W - k_w + 1, s)
    windows = [x[:, i : i + k_h, j : j + k_w] for i in rows for j in columns]
    return np.array(windows).reshape(len(windows), C * k_h * k_w).T


def _images_and_windows(rng):
    settings = [((2, 5, 8), 2, 3, 1), ((3, 8, 7), 3, 2, 2)]
    settings += [((2, 9, 10), 2, 4, 3), ((1, 6, 5), 4, 3, 1)]
    return [(rng.integers(1, 99, size), *rest) for size, *rest in settings]


def _windows_of(x, k_h, k_w, s):
    """Return the windows: (C, H_out, W_out, k_h, k_w)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (k_h, k_w), (1, 2))
    return view[:, ::s, ::s]


def _column_major_patches(x, k_h, k_w, s):
    view = _windows_of(x, k_h, k_w, s).transpose(0, 4, 3, 1, 2)
    return view.reshape(len(x) * k_h * k_w, -1)


def _column_major_positions(x, k_h, k_w, s):
    view = _windows_of(x, k_h, k_w, s).transpose(0, 3, 4, 2, 1)
    return view.reshape(len(x) * k_h * k_w, -1)


def _windows_as_rows(x, k_h, k_w, s):
    return _image_to_columns(x, k_h, k_w, s).T


def _reshaped_without_transpose(x, k_h, k_w, s):
    view = _windows_of(x, k_h, k_w, s)
    return view.reshape(len(x) * k_h * k_w, -1)


def _rows_reshaped(x, k_h, k_w, s):
    rows = _windows_as_rows(x, k_h, k_w, s)
    return rows.reshape(len(x) * k_h * k_w, -1)


def _channels_last(x, k_h, k_w, s):
    view = _windows_of(x, k_h, k_w, s).transpose(3, 4, 0, 1, 2)
    return view.reshape(len(x) * k_h * k_w, -1)


def _every_window(x, k_h, k_w, s):
    return _image_to_columns(x, k_h, k_w, 1)


def _channels_beside(x, k_h, k_w, s):
    parts = [_image_to_columns(part[None], k_h, k_w, s) for part in x]
    return np.concatenate(parts, axis=1)


image_to_columns = Exercise(
    "image_to_columns",
    "Cut the windows out with all their channels, x[:, i:i+k_h, j:j+k_w], "
    "for i and j in steps of s, j inside. Flatten each: NumPy goes through "
    "the last axis first, so a channel comes after the other, row by row. "
    "Put the lists side by side as columns.",
    _image_to_columns,
    _images_and_windows,
    [
        Slip(
            "Your windows are rows: turn the matrix, one column a window.",
            _windows_as_rows,
        ),
        Slip(
            "Your windows are rows of numbers that you then reshaped: "
            "reshape moves no axis. Transpose instead.",
            _rows_reshaped,
        ),
        Slip(
            "Your channels were not brought into their place: the axes "
            "(C, H_out, W_out, k_h, k_w) need a transpose to "
            "(C, k_h, k_w, H_out, W_out) before the reshape.",
            _reshaped_without_transpose,
        ),
        Slip(
            "Your channels are interleaved, the three colours of a pixel "
            "side by side: a whole channel comes first, then the next.",
            _channels_last,
        ),
        Slip(
            "You read each window column by column: within a window the "
            "numbers of a row stand together.",
            _column_major_patches,
        ),
        Slip(
            "Your windows go down the image first: they come row by row, as "
            "the outputs lie.",
            _column_major_positions,
        ),
        Slip(
            "You forget the stride: windows begin at every s-th row and "
            "column only.",
            _every_window,
        ),
        Slip(
            "Your channels stand side by side, as if they were more windows: "
            "a column holds all channels of its window.",
            _channels_beside,
        ),
    ],
)


# --- 05: the matrix of a layer -----------------------------------------------


def _layer_matrix(K, H, W):
    C_out, C_in, k_h, k_w = K.shape
    h_out, w_out = H - k_h + 1, W - k_w + 1
    matrix = np.zeros((C_out, h_out, w_out, C_in, H, W), K.dtype)
    for i in range(h_out):
        for j in range(w_out):
            matrix[:, i, j, :, i : i + k_h, j : j + k_w] = K
    return matrix.reshape(C_out * h_out * w_out, C_in * H * W)


def _kernels_and_sizes(rng):
    settings = [((2, 3, 2, 3), 4, 6), ((3, 2, 3, 2), 5, 4)]
    settings += [((2, 2, 1, 3), 3, 5), ((1, 2, 2, 2), 3, 4)]
    return [(rng.integers(1, 99, size), *rest) for size, *rest in settings]


def _wrapping_rows(K, H, W):
    C_out, C_in, k_h, k_w = K.shape
    count = (H - k_h + 1) * (W - k_w + 1)
    matrix = np.zeros((C_out, count, C_in, H * W), K.dtype)
    for start in range(count):
        for m in range(k_h):
            place = start + m * W
            matrix[:, start, :, place : place + k_w] = K[:, :, m]
    return matrix.reshape(C_out * count, C_in * H * W)


def _full_circle(K, H, W):
    C_out, C_in, k_h, k_w = K.shape
    row = np.zeros((C_out, C_in, H, W), K.dtype)
    row[:, :, :k_h, :k_w] = K
    flat = row.reshape(C_out, C_in, H * W)
    rows = [np.roll(flat, place, axis=2) for place in range(H * W)]
    return np.stack(rows, axis=1).reshape(C_out * H * W, C_in * H * W)


def _turned_kernel(K, H, W):
    return _layer_matrix(K[:, :, ::-1, ::-1], H, W)


def _transposed_kernel(K, H, W):
    return _layer_matrix(K.swapaxes(2, 3).reshape(K.shape), H, W)


def _first_channel_only(K, H, W):
    only = np.zeros_like(K)
    only[:, 0] = K[:, 0]
    return _layer_matrix(only, H, W)


def _one_channel_wide(K, H, W):
    return _layer_matrix(K[:, :1], H, W)


def _positions_first(K, H, W):
    matrix = _layer_matrix(K, H, W).reshape(len(K), -1, K.shape[1] * H * W)
    return matrix.swapaxes(0, 1).reshape(-1, matrix.shape[2])


def _pixels_first(K, H, W):
    matrix = _layer_matrix(K, H, W)
    parts = matrix.reshape(len(matrix), K.shape[1], H * W)
    return parts.swapaxes(1, 2).reshape(matrix.shape)


def _matrix_transposed(K, H, W):
    return _layer_matrix(K, H, W).T


layer_matrix = Exercise(
    "layer_matrix",
    "Think of six axes: (C_out, H_out, W_out, C_in, H, W). The output at "
    "(i, j) meets the pixels i to i + k_h, j to j + k_w with the kernel as "
    "it is: one assignment for each (i, j). Reshape to two axes at the end.",
    _layer_matrix,
    _kernels_and_sizes,
    [
        Slip(
            "Rows wrap around at the edge: the next window is one pixel "
            "further in the flat picture, but the first of a row is not one "
            "pixel after the last of the row before.",
            _wrapping_rows,
        ),
        Slip(
            "You turn one row round the whole picture: there are only "
            "H_out W_out windows, and none goes round.",
            _full_circle,
        ),
        Slip(
            "Wrong order: your kernel is turned by 180 degrees. A layer "
            "cross-correlates, the kernel lies as it is.",
            _turned_kernel,
        ),
        Slip(
            "Wrong order: your kernel is read column by column, transposed.",
            _transposed_kernel,
        ),
        Slip(
            "A channel is missing: only the first one has weights, each "
            "output adds all of them.",
            _first_channel_only,
        ),
        Slip(
            "A channel is missing: your matrix has H W columns, x has C_in "
            "times as many numbers.",
            _one_channel_wide,
        ),
        Slip(
            "Wrong order of rows: all places of output 0 come first, then "
            "those of output 1.",
            _positions_first,
        ),
        Slip(
            "Wrong order of columns: x.ravel() holds channel 0 first, then "
            "channel 1; yours takes the channels of each pixel together.",
            _pixels_first,
        ),
        Slip(
            "Your matrix is transposed: one row an output, one column a "
            "pixel.",
            _matrix_transposed,
        ),
    ],
)


# --- 05: a kernel without groups ---------------------------------------------


def _full_kernel(K, groups):
    C_out, part, k_h, k_w = K.shape
    full = np.zeros((C_out, part * groups, k_h, k_w), K.dtype)
    for f in range(C_out):
        first = f // (C_out // groups) * part
        full[f, first : first + part] = K[f]
    return full


def _grouped_kernels(rng):
    settings = [((4, 3, 2, 3), 2), ((6, 1, 3, 2), 3), ((6, 2, 1, 2), 3)]
    settings += [((8, 2, 2, 1), 4), ((3, 2, 2, 3), 1)]
    return [(rng.integers(1, 99, size), groups) for size, groups in settings]


def _tiled(K, groups):
    return np.tile(K, (1, groups, 1, 1))


def _outputs_in_turn(K, groups):
    full = np.zeros_like(_tiled(K, groups))
    for f, kernel in enumerate(K):
        first = f % groups * len(kernel)
        full[f, first : first + len(kernel)] = kernel
    return full


def _channels_in_turn(K, groups):
    full = np.zeros_like(_tiled(K, groups))
    for f, kernel in enumerate(K):
        full[f, f // (len(K) // groups) :: groups] = kernel
    return full


def _first_group_only(K, groups):
    full = np.zeros_like(_tiled(K, groups))
    full[:, : K.shape[1]] = K
    return full


def _one_output_a_group(K, groups):
    full = np.zeros_like(_tiled(K, groups))
    for f in range(groups):
        full[f, f * K.shape[1] : (f + 1) * K.shape[1]] = K[f]
    return full


full_kernel = Exercise(
    "full_kernel",
    "Start with zeros, C_in = groups * K.shape[1] channels wide. The first "
    "C_out / groups outputs read the first K.shape[1] channels, the next "
    "ones the next. Output f belongs to group f // (C_out // groups).",
    _full_kernel,
    _grouped_kernels,
    [
        Slip(
            "You repeat the kernel for every group: an output reads the "
            "channels of its own group only, elsewhere are zeros.",
            _tiled,
        ),
        Slip(
            "You deal the outputs out in turn, 0, 1, 2, 0, 1, 2: the first "
            "C_out / groups of them form the first group.",
            _outputs_in_turn,
        ),
        Slip(
            "You deal the channels out in turn: neighbouring channels form a "
            "group.",
            _channels_in_turn,
        ),
        Slip(
            "All your outputs read the first group of channels: the next "
            "outputs read the next channels.",
            _first_group_only,
        ),
        Slip(
            "Each of your groups has one output, the others are zero: there "
            "are C_out / groups in a group.",
            _one_output_a_group,
        ),
    ],
)


# --- 09: accuracy over seeds -------------------------------------------------


def _accuracy_over_seeds(runs):
    accuracies = []
    for run in runs:
        right = sum((z.argmax(axis=1) == y).sum() for z, y in run["test"])
        accuracies.append(right / sum(len(y) for _, y in run["test"]))
    return np.mean(accuracies), np.std(accuracies, ddof=1)


def _runs_of_seeds(rng):
    """Return three experiments: seeds, batches, the last batch smaller."""

    def batches(sizes, skill):
        for size in sizes:
            logits = rng.normal(size=(size, 5))
            labels = rng.integers(0, 5, size)
            logits[np.arange(size), labels] += skill
            yield logits, labels

    def run():
        sizes = [12, 12, int(rng.integers(2, 6))]
        test = list(batches(sizes, rng.uniform(0.5, 2.5)))
        return {"train": list(batches([20, 20, 7], 3)), "test": test}

    return [([run() for _ in range(seeds)],) for seeds in (5, 4, 7)]


def _over_seeds(part="test", pick=np.mean, ddof=1, by_batch=False):
    """Return the exercise's answer with some of its typical slips."""

    def answer(runs):
        found = []
        for run in runs:
            right = [(z.argmax(axis=1) == y) for z, y in run[part]]
            shares = [share.mean() for share in right]
            whole = np.concatenate(right).mean()
            found.append(np.mean(shares) if by_batch else whole)
        return pick(found), np.std(found, ddof=ddof)

    return answer


def _batch_accuracies(runs):
    return _over_seeds(by_batch=True)(runs)


def _batch_accuracies_by_n(runs):
    return _over_seeds(by_batch=True, ddof=0)(runs)


def _training_accuracy(runs):
    return _over_seeds("train")(runs)


def _training_accuracy_by_n(runs):
    return _over_seeds("train", ddof=0)(runs)


def _best_seed(runs):
    return _over_seeds(pick=max)(runs)


def _best_seed_by_n(runs):
    return _over_seeds(pick=max, ddof=0)(runs)


def _spread_by_n(runs):
    return _over_seeds(ddof=0)(runs)


def _standard_error(runs):
    mean, deviation = _accuracy_over_seeds(runs)
    return mean, deviation / np.sqrt(len(runs))


def _error_rates(runs):
    mean, deviation = _accuracy_over_seeds(runs)
    return 1 - mean, deviation


accuracy_over_seeds = Exercise(
    "accuracy_over_seeds",
    "Count the right answers of one run over all its test batches, and "
    "divide once, by the number of its test pictures. That gives one "
    "accuracy a seed. Then np.mean, and np.std with ddof=1.",
    _accuracy_over_seeds,
    _runs_of_seeds,
    [
        Slip(
            "This is the accuracy on the training pictures: it says how much "
            'was memorised. Take run["test"].',
            _training_accuracy,
        ),
        Slip(
            'Two things: run["train"] says how much was memorised, take '
            'run["test"]; and the deviation divides by n, not n - 1.',
            _training_accuracy_by_n,
        ),
        Slip(
            "The last batch is smaller, yet counts as much as the others: "
            "add up right answers and pictures, then divide once.",
            _batch_accuracies,
        ),
        Slip(
            "Two things: the last batch is smaller, yet counts as much as "
            "the others; and the deviation divides by n, not n - 1.",
            _batch_accuracies_by_n,
        ),
        Slip(
            "This is the best seed, chosen on the test pictures: nobody can "
            "choose it in advance. Return the mean over seeds.",
            _best_seed,
        ),
        Slip(
            "Two things: the best seed was chosen on the test pictures, "
            "return the mean; and the deviation divides by n, not n - 1.",
            _best_seed_by_n,
        ),
        Slip(
            "The deviation divides by n. A few seeds stand for all that "
            "could have been drawn, so divide by n - 1: np.std(..., ddof=1).",
            _spread_by_n,
        ),
        Slip(
            "This is the standard error, the deviation of the mean: do not "
            "divide by the root of the number of seeds.",
            _standard_error,
        ),
        Slip(
            "This is the error: the accuracy is the share that is right.",
            _error_rates,
        ),
    ],
)


# --- 09: the widest network within a budget ----------------------------------


def _widest(budget, side, depth):
    def count(width):
        hidden = (depth - 2) * linear_parameters(width, width)
        ends = linear_parameters(side**2, width)
        return ends + hidden + linear_parameters(width, 10)

    width = 1
    while count(width + 1) <= budget:
        width += 1
    return width


def _dense_count(width, side, depth):
    hidden = (depth - 2) * (width**2 + width)
    return (side**2 + 1) * width + hidden + (width + 1) * 10


def _budgets(rng):
    cases = [(30_000, 40, 2), (30_000, 40, 5), (108_938, 40, 5)]
    for depth in (2, 3, 4, 6):
        # Just enough for a wide network on small pictures.
        side, width = int(rng.integers(5, 9)), int(rng.integers(150, 250))
        enough = _dense_count(width, side, depth)
        cases.append((enough + int(rng.integers(0, 5)), side, depth))
        cases.append((enough - 1, side, depth))
    return cases


def _widest_if(count):
    """Return the largest width whose count, as given, fits the budget."""

    def answer(budget, side, depth):
        width = 1
        while count(width + 1, side, depth) <= budget:
            width += 1
        return width

    return answer


def _first_too_wide(budget, side, depth):
    return _widest(budget, side, depth) + 1


def _depth_of_hidden_layers(budget, side, depth):
    return _widest(budget, side, depth + 1)


def _no_biases_counted(budget, side, depth):
    def count(width, side, depth):
        return side**2 * width + (depth - 2) * width**2 + width * 10

    return _widest_if(count)(budget, side, depth)


def _no_output_layer(budget, side, depth):
    def count(width, side, depth):
        return _dense_count(width, side, depth) - (width + 1) * 10

    return _widest_if(count)(budget, side, depth)


def _one_hidden_layer(budget, side, depth):
    return _widest(budget, side, 2)


def _side_not_squared(budget, side, depth):
    def count(width, side, depth):
        return _dense_count(width, side, depth) - (side**2 - side) * width

    return _widest_if(count)(budget, side, depth)


widest = Exercise(
    "widest",
    "depth layers of weights: side^2 inputs to width units, depth - 2 times "
    "width to width, width to 10. A layer from a to b has (a + 1) b "
    "parameters. Try widths upward until the next one costs too much.",
    _widest,
    _budgets,
    [
        Slip(
            "One unit too many: the answer must still fit the budget.",
            _first_too_wide,
        ),
        Slip(
            "One layer too many: depth counts layers of weights, the last "
            "one included, so there are depth - 1 hidden layers.",
            _depth_of_hidden_layers,
        ),
        Slip(
            "The biases are missing: a layer from a to b has (a + 1) b "
            "parameters.",
            _no_biases_counted,
        ),
        Slip(
            "The last layer is missing: width units to 10 classes.",
            _no_output_layer,
        ),
        Slip(
            "The layers between are missing: depth - 2 of them, each with "
            "width x width weights and width biases.",
            _one_hidden_layer,
        ),
        Slip(
            "A picture has side x side pixels, and each is an input.",
            _side_not_squared,
        ),
    ],
)


# --- 09: weights for pictures in order ---------------------------------------


def _unshuffle(weight, order):
    back = np.empty_like(weight)
    back[:, order] = weight
    return back


def _weights_and_orders(rng):
    return [
        (rng.normal(size=(units, pixels)), rng.permutation(pixels))
        for units, pixels in [(3, 7), (4, 9), (2, 12)]
    ]


def _shuffled_again(weight, order):
    return weight[:, order]


def _weights_as_they_are(weight, order):
    return weight.copy()


def _rows_reordered(weight, order):
    return weight[order]


def _rows_put_back(weight, order):
    return weight[np.argsort(order)]


unshuffle = Exercise(
    "unshuffle",
    "Column i of the weights was trained on pixel order[i] of the picture. "
    "Fill a new array, column by column. np.argsort(order) is the inverse "
    "of order.",
    _unshuffle,
    _weights_and_orders,
    [
        Slip(
            "This shuffles a second time. weight[:, order] leads from "
            "pictures in order to shuffled ones; you want the way back.",
            _shuffled_again,
        ),
        Slip(
            "These are the old weights: they meet other pixels now. A pixel "
            "moved, so its column of weights moves along.",
            _weights_as_they_are,
        ),
        Slip(
            "The rows of the weights are units, the columns pixels: index "
            "columns, weight[:, ...].",
            _rows_reordered,
        ),
        Slip(
            "The inverse order is right, but for columns: the rows of the "
            "weights are units.",
            _rows_put_back,
        ),
    ],
)
