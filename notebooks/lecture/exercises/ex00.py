"""The exercises of notebook 00."""

import numpy as np

from helpers.convolution import convolution_matrix
from lecture.exercises.exercise import exercise


# --- the parameters of a local layer without sharing -------------------------
def _maps_and_sizes(rng):
    cases = [(1, 1, (28, 28), (5, 5)), (3, 2, (2, 6), (7, 1))]
    for _ in range(4):
        in_maps, out_maps = rng.choice(np.arange(2, 7), 2, replace=False)
        k_h, k_w = rng.choice([3, 5, 7], 2, replace=False)
        height, width = rng.choice(np.arange(9, 40), 2, replace=False)
        size, kernel = (int(height), int(width)), (int(k_h), int(k_w))
        cases.append((int(in_maps), int(out_maps), size, kernel))
    return cases


@exercise(
    _maps_and_sizes,
    "Count along one axis first: of n outputs, each reads the inputs at most "
    "k // 2 away that exist. The windows are rectangles, so the counts of "
    "the two axes multiply. Then the maps, then one bias for each output.",
)
def local_parameters(in_maps, out_maps, size, kernel):
    """Return the parameters of a local layer that shares none."""

    def connections(n, k):  # along one axis, border windows cut
        place = np.arange(n)
        return np.sum(np.abs(place[:, None] - place) <= k // 2)

    (height, width), (k_h, k_w) = size, kernel
    weights = connections(height, k_h) * connections(width, k_w)
    return in_maps * out_maps * weights + out_maps * height * width


local_parameters.slip(
    "Your border windows are full: a window at the border reaches into the "
    "padding, where there is no pixel to weigh."
)(lambda i, o, size, k: o * np.prod(size) * (i * np.prod(k) + 1))

local_parameters.slip(
    "Your weights are shared: that is a convolution. Here every output has "
    "weights of its own."
)(lambda i, o, size, k: o * (i * np.prod(k) + 1))

local_parameters.slip(
    "Your weights are shared, only the biases are not: here every output has "
    "weights of its own."
)(lambda i, o, size, k: o * (i * np.prod(k) + np.prod(size)))

local_parameters.slip("The biases are missing: every output has one.")(
    lambda i, o, n, k: local_parameters(i, o, n, k) - o * np.prod(n)
)

local_parameters.slip(
    "Your border windows are full and the biases are missing."
)(lambda i, o, size, k: o * np.prod(size) * i * np.prod(k))

local_parameters.slip(
    "Your biases are shared, one a map: here every output has its own."
)(lambda i, o, n, k: local_parameters(i, o, n, k) + o - o * np.prod(n))


@local_parameters.slip(
    "Your outputs at the border are missing: the input is padded, every pixel "
    "has an output."
)
def _fully_inside(in_maps, out_maps, size, kernel):
    inside = np.prod(np.maximum(np.subtract(size, kernel) + 1, 0))
    return out_maps * inside * (in_maps * np.prod(kernel) + 1)


local_parameters.slip("Each output reads all input maps, yours reads one.")(
    lambda i, *rest: local_parameters(1, *rest)
)


# --- the operations of a convolution and of its matrix -----------------------
def _pictures_and_kernels(rng):
    cases = [((280, 320), (1, 2)), ((5, 4), (1, 1)), ((3, 4), (3, 4))]
    for _ in range(4):
        height, width = rng.choice(np.arange(20, 400), 2, replace=False)
        k_h, k_w = rng.choice(np.arange(1, 9), 2, replace=False)
        cases.append(((int(height), int(width)), (int(k_h), int(k_w))))
    return cases


@exercise(
    _pictures_and_kernels,
    "Eq. 4 gives the outputs along each axis. An output is a sum of n "
    "products: n multiplications, n - 1 additions. For the convolution n is "
    "the size of the kernel, for the matrix the size of the picture.",
)
def operations(size, kernel):
    """Return the operations of the convolution and of its matrix."""
    outputs = (size[0] - kernel[0] + 1) * (size[1] - kernel[1] + 1)
    taps, inputs = kernel[0] * kernel[1], size[0] * size[1]
    return outputs * (2 * taps - 1), outputs * (2 * inputs - 1)


def _outputs(size, kernel):
    return np.prod(np.subtract(size, kernel) + 1)


def _work(outputs, size, kernel, sums=-1):
    """Return the operations if each output takes 2 n + sums."""
    return tuple(outputs * (2 * np.prod(n) + sums) for n in (kernel, size))


operations.slip(
    "Your output is as large as the picture: without padding it is smaller, "
    "eq. 4."
)(lambda size, kernel: _work(np.prod(size), size, kernel))

operations.slip("Your output is one short along each axis: i - k + 1, eq. 4.")(
    lambda size, k: _work(np.prod(np.subtract(size, k)), size, k)
)

operations.slip(
    "You count the multiplications only: the products are added up."
)(lambda *pair: tuple(n // 2 for n in _work(_outputs(*pair), *pair, 0)))

operations.slip(
    "One addition too many for each output: n products need n - 1."
)(lambda *pair: _work(_outputs(*pair), *pair, 0))

operations.slip("That is the work of one output: multiply by their number.")(
    lambda *pair: _work(1, *pair)
)

operations.slip(
    "You leave out the matrix's zeros: a dense product multiplies them too."
)(lambda *pair: _work(_outputs(*pair), pair[1], pair[1]))


# --- read a kernel off its matrix --------------------------------------------
def _matrices_of_kernels(rng):
    cases = []
    sizes = [((9, 7), (3, 5)), ((6, 11), (5, 3)), ((8, 8), (1, 5))]
    for size, kernel in [*sizes, ((3, 5), (3, 5))]:
        weight = rng.integers(-9, 10, kernel) / 4
        padding = (kernel[0] // 2, kernel[1] // 2)
        matrix = convolution_matrix(weight, size, padding=padding)
        cases.append((matrix, size, kernel))
    return cases


@exercise(
    _matrices_of_kernels,
    "A row of the matrix belongs to one output: fold it into a picture and "
    "you see the window of this output. Take an output in the middle, whose "
    "window is whole, and cut the window out around it.",
)
def read_kernel(matrix, size, kernel):
    """Return the kernel of a padded convolution's matrix."""
    (height, width), (k_h, k_w) = size, kernel
    top, left = height // 2, width // 2  # an output away from the border
    seen = matrix[top * width + left].reshape(height, width)
    top, left = top - k_h // 2, left - k_w // 2
    return seen[top : top + k_h, left : left + k_w]


read_kernel.slip(
    "Your kernel is rotated by 180 degrees: you read a column, which says "
    "where an input goes; a row says what an output reads."
)(lambda matrix, *sizes: read_kernel(matrix.T, *sizes))

read_kernel.slip(
    "Height and width are swapped: pixels are numbered row by row."
)(lambda matrix, n, k: read_kernel(matrix, n[::-1], k[::-1]).T)

read_kernel.slip(
    "You have the lower right quarter of the kernel: take an output in the "
    "middle, and begin half a kernel before it."
)(lambda matrix, n, k: matrix[0].reshape(n)[: k[0], : k[1]])
