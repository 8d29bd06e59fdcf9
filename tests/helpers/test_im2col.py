"""Image to columns against torch's unfold, and back against its fold."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional as F

from helpers.im2col import col2im, im2col

# kernel_size, stride, padding, dilation
GRID = list(
    itertools.product(
        [(1, 1), (2, 3), (3, 1), 3],
        [1, (2, 1), (1, 3), (3, 2)],
        [0, (1, 2), (3, 0)],
        [1, (2, 1), (1, 2)],
    )
)


def integers(shape, seed=0, dtype=float):
    """Small whole numbers, which every dtype adds up exactly."""
    rng = np.random.default_rng(seed)
    return rng.integers(-9, 10, shape).astype(dtype)


def unfold(x, k, s, p, d):
    return F.unfold(torch.tensor(x), k, d, p, s).numpy()


def fold(columns, size, k, s, p, d):
    return F.fold(torch.tensor(columns), size, k, d, p, s).numpy()


@st.composite
def geometries(draw):
    """Shape of a batch, kernel_size, stride, padding, dilation."""

    def pair(low, high):
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    shape += pair(1, 9)
    k, s, p, d = pair(1, 4), pair(1, 4), pair(0, 3), pair(1, 3)
    for i, k_i, p_i, d_i in zip(shape[2:], k, p, d):
        assume(d_i * (k_i - 1) < i + 2 * p_i)
    return shape, k, s, p, d


# --- im2col ------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 7, 9), (2, 3, 8, 5)])
def test_im2col_is_unfold(shape):
    x = integers(shape)
    for geometry in GRID:
        columns = im2col(x, *geometry)
        np.testing.assert_array_equal(columns, unfold(x, *geometry))


@given(geometries())
def test_im2col_is_unfold_for_any_geometry(case):
    shape, *geometry = case
    x = integers(shape)
    np.testing.assert_array_equal(im2col(x, *geometry), unfold(x, *geometry))


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5), (4, 3)])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
def test_same_padding_gives_one_column_for_each_pixel(kernel, dilation):
    x = integers((2, 2, 7, 8))
    columns = im2col(x, kernel, padding="same", dilation=dilation)
    assert columns.shape == (2, 2 * kernel[0] * kernel[1], 7 * 8)
    d = np.array(dilation) * [1, 1]
    total = d * (np.array(kernel) - 1)
    before = total // 2
    after = total - before
    padded = np.pad(x, [(0, 0), (0, 0), *zip(before, after)])
    expected = unfold(padded, kernel, 1, 0, tuple(map(int, d)))
    np.testing.assert_array_equal(columns, expected)


# --- col2im ------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1, 7, 9), (2, 3, 8, 5)])
def test_col2im_is_fold(shape):
    for geometry in GRID:
        columns = integers(im2col(np.zeros(shape), *geometry).shape, 1)
        image = col2im(columns, shape[2:], *geometry)
        expected = fold(columns, shape[2:], *geometry)
        np.testing.assert_array_equal(image, expected)


@given(geometries())
def test_col2im_is_the_adjoint(case):
    shape, *geometry = case
    x = integers(shape, dtype=np.int64)
    columns = im2col(x, *geometry)
    y = integers(columns.shape, 1, np.int64)
    image = col2im(y, shape[2:], *geometry)
    assert image.shape == x.shape
    assert (columns * y).sum() == (x * image).sum()


@given(geometries())
def test_back_and_forth_multiplies_each_pixel_by_its_windows(case):
    shape, k, s, p, d = case
    x = integers(shape, dtype=int)
    back = col2im(im2col(x, k, s, p, d), shape[2:], k, s, p, d)
    counts = []
    for i, k_i, s_i, p_i, d_i in zip(shape[2:], k, s, p, d):
        starts = range(-p_i, i + p_i - d_i * (k_i - 1), s_i)
        met = [t + d_i * m for t in starts for m in range(k_i)]
        counts.append([met.count(pixel) for pixel in range(i)])
    np.testing.assert_array_equal(back, x * np.outer(*counts))


@pytest.mark.parametrize("kernel", [(3, 3), (2, 4)])
def test_same_padding_folds_back(kernel):
    x = integers((2, 2, 5, 6), dtype=int)
    columns = im2col(x, kernel, padding="same")
    y = integers(columns.shape, 1, int)
    image = col2im(y, (5, 6), kernel, padding="same")
    assert (columns * y).sum() == (x * image).sum()


# --- What holds for both -----------------------------------------------------


@pytest.mark.parametrize("kernel", [1, 2, (3, 4)])
@pytest.mark.parametrize("padding", [0, 1])
def test_inputs_stay_as_they_are_and_results_are_new(kernel, padding):
    x = integers((2, 2, 3, 4))
    x.flags.writeable = False
    columns = im2col(x, kernel, padding=padding)
    assert not np.shares_memory(columns, x)
    columns += 1
    columns.flags.writeable = False
    image = col2im(columns, (3, 4), kernel, padding=padding)
    assert not np.shares_memory(image, columns)
    image += 1


def test_an_empty_batch_stays_empty():
    columns = im2col(np.zeros((0, 2, 5, 6)), 3)
    assert columns.shape == (0, 18, 12)
    assert col2im(columns, (5, 6), 3).shape == (0, 2, 5, 6)


# --- Errors ------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 4, 8), (1, 5, 9), (1, 4, 10)])
def test_columns_must_fit_the_geometry(shape):
    with pytest.raises(ValueError, match=r"\(N, C \* 4, 9\), not .*1, "):
        col2im(np.zeros(shape), 4, 2)
