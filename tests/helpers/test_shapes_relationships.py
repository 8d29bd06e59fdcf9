"""The 15 relationships of [DV16], each counted, and each asked of torch.

A relationship is a formula and the settings that it is stated for.  Three
answers stand beside it: the count of window positions, which uses no
formula; the helper's; and the shape that torch gives.
"""

import itertools

import pytest
import torch
from torch.nn import functional as F

from helpers.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    pool_output_size,
)


def count(i, k, s, p, d):
    """Put the kernel on a padded row of places, and count where it fits."""
    row = ["zero"] * p + ["pixel"] * i + ["zero"] * p
    taps = [[t + d * j for j in range(k)] for t in range(0, len(row), s)]
    return sum(max(places) < len(row) for places in taps)


def count_transposed(i, k, s, p, a):
    """Count windows of the equivalent convolution, drawn cell by cell."""
    row = ["zero"] * (k - 1 - p)
    for pixel in range(i):
        row += ["zero"] * (s - 1) * (pixel > 0) + ["pixel"]
    row += ["zero"] * (k - 1 - p + a)
    return sum(t + k <= len(row) for t in range(len(row)))


def blank(size):
    """A square image that has a shape and no values."""
    return torch.empty(1, 1, size, size, device="meta")


def half(k, p):
    return k % 2 == 1 and p == k // 2


CONVOLUTION = {
    1: (
        lambda i, k, s, p, d: i - k + 1,
        lambda i, k, s, p, d: s == d == 1 and p == 0,
    ),
    2: (
        lambda i, k, s, p, d: i - k + 2 * p + 1,
        lambda i, k, s, p, d: s == d == 1,
    ),
    3: (
        lambda i, k, s, p, d: i,
        lambda i, k, s, p, d: s == d == 1 and half(k, p),
    ),
    4: (
        lambda i, k, s, p, d: i + k - 1,
        lambda i, k, s, p, d: s == d == 1 and p == k - 1,
    ),
    5: (
        lambda i, k, s, p, d: (i - k) // s + 1,
        lambda i, k, s, p, d: d == 1 and p == 0,
    ),
    6: (
        lambda i, k, s, p, d: (i + 2 * p - k) // s + 1,
        lambda i, k, s, p, d: d == 1,
    ),
    15: (
        lambda i, k, s, p, d: (i + 2 * p - k - (k - 1) * (d - 1)) // s + 1,
        lambda i, k, s, p, d: True,
    ),
}

# n is the input size i' of the transposed convolution, a the remainder.
TRANSPOSED = {
    8: (
        lambda n, k, s, p, a: n + k - 1,
        lambda k, s, p, a: s == 1 and p == 0,
    ),
    9: (
        lambda n, k, s, p, a: n + k - 1 - 2 * p,
        lambda k, s, p, a: s == 1,
    ),
    10: (
        lambda n, k, s, p, a: n,
        lambda k, s, p, a: s == 1 and half(k, p),
    ),
    11: (
        lambda n, k, s, p, a: n - (k - 1),
        lambda k, s, p, a: s == 1 and p == k - 1,
    ),
    12: (
        lambda n, k, s, p, a: s * (n - 1) + k,
        lambda k, s, p, a: p == 0 and a == 0,
    ),
    13: (
        lambda n, k, s, p, a: s * (n - 1) + k - 2 * p,
        lambda k, s, p, a: a == 0,
    ),
    14: (
        lambda n, k, s, p, a: s * (n - 1) + a + k - 2 * p,
        lambda k, s, p, a: True,
    ),
}

SETTINGS = [
    setting
    for setting in itertools.product(
        range(1, 10), range(1, 6), (1, 2, 3), range(5), (1, 2, 3)
    )
    if count(*setting)
]


@pytest.mark.parametrize("number", CONVOLUTION)
def test_convolution(number):
    says, fits = CONVOLUTION[number]
    settings = [setting for setting in SETTINGS if fits(*setting)]
    assert len(settings) > 20
    for i, k, s, p, d in settings:
        answer = F.conv2d(blank(i), blank(k), None, s, p, d)
        sizes = {
            says(i, k, s, p, d),
            count(i, k, s, p, d),
            conv_output_size(i, k, s, p, d),
            *answer.shape[2:],
        }
        assert len(sizes) == 1, (i, k, s, p, d, sizes)


def test_relationship_7_pooling():
    for i, k, s, p, d in SETTINGS:
        if p == 0 and d == 1:
            sizes = {
                (i - k) // s + 1,
                count(i, k, s, 0, 1),
                pool_output_size(i, k, s),
                *F.max_pool2d(blank(i), k, s).shape[2:],
                *F.avg_pool2d(blank(i), k, s).shape[2:],
            }
            assert len(sizes) == 1, (i, k, s, sizes)


@pytest.mark.parametrize("number", TRANSPOSED)
def test_transposed(number):
    says, fits = TRANSPOSED[number]
    tried = 0
    for i, k, s, p, d in SETTINGS:
        a = (i + 2 * p - k) % s
        if d > 1 or p > k - 1 or not fits(k, s, p, a):
            continue
        tried += 1
        n = count(i, k, s, p, 1)
        answer = F.conv_transpose2d(blank(n), blank(k), None, s, p, a)
        sizes = {
            i,  # back to where the convolution began
            says(n, k, s, p, a),
            count_transposed(n, k, s, p, a),
            conv_transpose_output_size(n, k, s, p, a),
            *answer.shape[2:],
        }
        assert len(sizes) == 1, (i, k, s, p, sizes)
    assert tried > 20


def test_a_size_has_as_many_inputs_as_the_stride():
    for k, s, p in itertools.product((2, 3, 5), (1, 2, 3, 4), (0, 1, 2)):
        sizes = [conv_output_size(i, k, s, p) for i in range(k, 60)]
        middle = sizes[len(sizes) // 2]
        assert sizes.count(middle) == s
