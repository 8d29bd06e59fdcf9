"""Step 6: max pooling, forward and backward."""

import numpy as np

from lecture.capstone.convolution import col2im, im2col, output_size
from lecture.capstone.step import step
from lecture.exercises import ex07


def _pooled(rng):
    layers = [((2, 3, 4, 6), (2, 2), 2), ((1, 2, 5, 7), (3, 2), 2)]
    layers += [((2, 1, 7, 5), (2, 3), 1), ((1, 2, 5, 8), (1, 2), 3)]
    # Few values: ties. All negative, so that no zero wins, but in the last.
    return [
        (rng.integers(-5, high, size).astype(float), *rest)
        for high, (size, *rest) in zip((0, 0, 0, 5), layers)
    ]


@step(
    6,
    task="The largest value of each window of each map. x is (N, C, H, W), "
    "kernel_size (k_h, k_w); no padding. Return (N, C, H_out, W_out).",
    notebook="07_pooling_and_shifts",
    advice="Seen as (N*C, 1, H, W), every map is a picture with one channel: "
    "your im2col makes a column of each window, and the largest entry of each "
    "column is the answer.",
    cases=_pooled,
)
def max_pool(x, kernel_size, stride):
    """Return the largest value of each window."""
    n, c, height, width = x.shape
    columns = im2col(x.reshape(-1, 1, height, width), kernel_size, stride, 0)
    h_out = output_size(height, kernel_size[0], stride, 0)
    return columns.max(axis=1).reshape(n, c, h_out, -1)


@max_pool.slip("You take the mean: the maximum was asked for.")
def _mean(x, kernel_size, stride):
    maps = x.reshape(-1, 1, *x.shape[2:])
    means = im2col(maps, kernel_size, stride, 0).mean(axis=1)
    return means.reshape(max_pool(x, kernel_size, stride).shape)


max_pool.slip(
    "Zeros win: where all values are negative the largest of them is the "
    "maximum. Do not begin with zeros."
)(lambda *layer: np.maximum(max_pool(*layer), 0))
max_pool.slip("Height and width of the kernel are swapped.")(
    lambda x, kernel_size, stride: max_pool(x, kernel_size[::-1], stride)
)


def _pooled_back(rng):
    cases = []
    for x, *geometry in _pooled(rng):
        shape = max_pool(x, *geometry).shape
        delta = rng.integers(1, 10, shape).astype(float)
        cases.append((delta, x, *geometry))
    return cases


@step(
    6,
    task="The gradient by x: delta, shaped like the output of max_pool, goes "
    "to the first largest pixel of each window, row by row; a pixel that wins "
    "twice gets the sum. Return an array like x.",
    notebook="07_pooling_and_shifts",
    advice="Exercise 1 of 07, delta first, one stride for both axes. With "
    "columns: argmax along a column finds its winner, np.put_along_axis puts "
    "delta there in columns of zeros, and your col2im adds them back.",
    cases=_pooled_back,
)
def max_pool_backward(delta, x, kernel_size, stride):
    """Return the gradient by x: the first winner of a window gets delta."""
    maps = x.reshape(-1, 1, *x.shape[2:])
    columns = im2col(maps, kernel_size, stride, 0)
    winner = columns.argmax(axis=1)[:, None]
    columns = np.zeros_like(columns)
    np.put_along_axis(columns, winner, delta.reshape(winner.shape), axis=1)
    dx = col2im(columns, x.shape[2:], kernel_size, stride, 0)
    return dx.reshape(x.shape)


def _delta_first(backward):
    """Return exercise 07's answer with the arguments of this step."""

    def answer(delta, x, kernel_size, stride):
        return backward(x, delta, kernel_size, (stride, stride))

    return answer


for _message, _answer in ex07.max_pool_backward.slips:
    max_pool_backward.slip(_message)(_delta_first(_answer))


STEPS = [max_pool, max_pool_backward]
