"""Convolution and pooling against SciPy and torch, and their identities."""

import itertools
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal
from torch.nn import functional as F

from helpers import convolution
from helpers.convolution import (
    avg_pool2d,
    conv2d,
    conv_transpose2d,
    convolution_matrix,
    convolve1d,
    convolve2d,
    cross_correlate1d,
    cross_correlate2d,
    max_pool2d,
)

MODES = ["full", "same", "valid"]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}
CONVOLUTIONS_1D = [
    pytest.param(convolve1d, signal.convolve, id="convolve1d"),
    pytest.param(cross_correlate1d, signal.correlate, id="correlate1d"),
]
CONVOLUTIONS_2D = [
    pytest.param(convolve2d, signal.convolve2d, id="convolve2d"),
    pytest.param(cross_correlate2d, signal.correlate2d, id="correlate2d"),
]
EVEN_KERNEL = "ignore:Using padding='same' with even kernel"


def normal(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def integers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape)


def assert_same(answer, expected):
    """Equal in shape and dtype, and to the accuracy of the dtype."""
    expected = expected.numpy()
    assert answer.shape == expected.shape
    assert answer.dtype == expected.dtype
    tolerance = TOLERANCE[expected.dtype.type] * np.abs(expected).max()
    np.testing.assert_allclose(answer, expected, rtol=0, atol=tolerance)


def signals(axes, largest=6):
    """Arrays of small whole numbers, so that sums are exact."""
    shapes = hnp.array_shapes(
        min_dims=axes, max_dims=axes, min_side=1, max_side=largest
    )
    return hnp.arrays(np.int64, shapes, elements=st.integers(-9, 9))


# --- One dimension -----------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ours", "scipys"), CONVOLUTIONS_1D)
def test_signals_of_all_lengths_as_in_scipy(ours, scipys, mode):
    for length, size in itertools.product(range(1, 7), range(1, 7)):
        x, k = integers(length), integers(size, seed=1)
        expected = scipys(x, k, mode, method="direct")
        answer = ours(x, k, mode)
        assert answer.dtype.kind == "i"
        np.testing.assert_array_equal(answer, expected)


@given(signals(1), signals(1), signals(1))
def test_convolution_commutes_and_associates(x, y, z):
    np.testing.assert_array_equal(convolve1d(x, y), convolve1d(y, x))
    np.testing.assert_array_equal(
        convolve1d(convolve1d(x, y), z), convolve1d(x, convolve1d(y, z))
    )


@given(signals(2, 4), signals(2, 4), signals(2, 4))
def test_convolution_of_images_commutes_and_associates(x, y, z):
    np.testing.assert_array_equal(convolve2d(x, y), convolve2d(y, x))
    np.testing.assert_array_equal(
        convolve2d(convolve2d(x, y), z), convolve2d(x, convolve2d(y, z))
    )


def test_cross_correlation_does_not_commute():
    x, k = [1, 2, 4], [1, 0, 3]
    forth, back = cross_correlate1d(x, k), cross_correlate1d(k, x)
    assert forth.tolist() != back.tolist()
    assert forth.tolist() == back[::-1].tolist()


# --- Two dimensions ----------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ours", "scipys"), CONVOLUTIONS_2D)
def test_images_of_all_sizes_as_in_scipy(ours, scipys, mode):
    sizes = [1, 2, 4]
    for h, w, k_h, k_w in itertools.product(sizes, [1, 3, 4], sizes, [1, 2]):
        image, kernel = integers(h, w), integers(k_h, k_w, seed=1)
        fits = (k_h <= h and k_w <= w) or (h <= k_h and w <= k_w)
        if mode == "valid" and not fits:
            with pytest.raises(ValueError, match="does not fit into"):
                ours(image, kernel, mode)
        else:
            expected = scipys(image, kernel, mode)
            answer = ours(image, kernel, mode)
            assert answer.dtype.kind == "i"
            np.testing.assert_array_equal(answer, expected)


@given(signals(2), signals(2), st.sampled_from(MODES))
def test_images_as_in_scipy(image, kernel, mode):
    longer = np.greater(kernel.shape, image.shape)
    shorter = np.less(kernel.shape, image.shape)
    assume(mode != "valid" or not (any(longer) and any(shorter)))
    for parameters in CONVOLUTIONS_2D:
        ours, scipys = parameters.values
        np.testing.assert_array_equal(
            ours(image, kernel, mode), scipys(image, kernel, mode)
        )


@pytest.mark.parametrize("mode", ["full", "valid"])
def test_correlation_is_convolution_with_the_rotated_kernel(mode):
    image, kernel = integers(6, 7), integers(3, 2, seed=1)
    np.testing.assert_array_equal(
        cross_correlate2d(image, kernel, mode),
        convolve2d(image, kernel[::-1, ::-1], mode),
    )


# --- conv2d ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("n", [1, 3])
def test_conv2d_as_in_torch(n, groups, dtype):
    for kernel, stride, padding, dilation in itertools.product(
        [(1, 1), (2, 3), (4, 1)],
        [1, (2, 1), (1, 3)],
        [0, (1, 2)],
        [1, (2, 1), (1, 2)],
    ):
        x = normal(n, 4, 9, 7, dtype=dtype)
        weight = normal(6, 4 // groups, *kernel, seed=1, dtype=dtype)
        bias = normal(6, seed=2, dtype=dtype)
        geometry = (stride, padding, dilation, groups)
        answer = conv2d(x, weight, bias, *geometry)
        expected = F.conv2d(*map(torch.tensor, (x, weight, bias)), *geometry)
        assert_same(answer, expected)


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@given(
    pairs(1, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2)),
    pairs(1, 10),
    pairs(1, 4),
    pairs(1, 3),
    pairs(0, 3),
    pairs(1, 3),
)
def test_conv2d_as_in_torch_or_refused(n_groups, maps, size, k, s, p, d):
    (n, groups), (_, c_in, c_out) = n_groups, maps
    x = normal(n, groups * c_in, *size)
    weight = normal(groups * c_out, c_in, *k, seed=1)
    try:
        expected = F.conv2d(
            torch.tensor(x), torch.tensor(weight), None, s, p, d, groups
        )
    except RuntimeError:
        with pytest.raises(ValueError, match="padded input has"):
            conv2d(x, weight, None, s, p, d, groups)
    else:
        assert_same(conv2d(x, weight, None, s, p, d, groups), expected)


@pytest.mark.filterwarnings(EVEN_KERNEL)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [(3, 5), (2, 4), (1, 3), (4, 1)])
@pytest.mark.parametrize("dilation", [1, (2, 1), (1, 3)])
def test_padding_by_name_as_in_torch(padding, kernel, dilation):
    x, weight = normal(2, 3, 8, 14), normal(4, 3, *kernel, seed=1)
    expected = F.conv2d(
        torch.tensor(x),
        torch.tensor(weight),
        padding=padding,
        dilation=dilation,
    )
    answer = conv2d(x, weight, padding=padding, dilation=dilation)
    assert_same(answer, expected)


def test_inputs_are_not_modified_and_results_are_new():
    x, weight, bias = normal(2, 2, 5, 6), normal(2, 2, 3, 2), normal(2)
    for array in (x, weight, bias):
        array.flags.writeable = False
    results = [
        conv2d(x, weight, bias, padding=1),
        conv2d(x, weight[..., :1, :1]),
        conv_transpose2d(x, weight, bias, padding=1),
        max_pool2d(x, 2),
        max_pool2d(x, 1),
        max_pool2d(x, 3, padding=1),
        avg_pool2d(x, 2),
        avg_pool2d(x, 1),
        convolve2d(x[0, 0], weight[0, 0]),
        convolve2d(x[0, 0], [[1]], "valid"),
        convolution_matrix(weight[:1, :1, :1, :1], 3),
    ]
    for result in results:
        for array in (x, weight, bias):
            assert not np.shares_memory(result, array)
        result += 1


@pytest.mark.parametrize("function", [conv2d, conv_transpose2d])
def test_an_empty_batch_stays_empty(function):
    weight = np.ones((4, 4, 3, 3))
    out = function(np.zeros((0, 4, 5, 6)), weight).shape
    assert out == (0, *function(np.zeros((1, 4, 5, 6)), weight).shape[1:])


# --- conv_transpose2d --------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("n", [1, 3])
def test_conv_transpose2d_as_in_torch(n, groups, dtype):
    for kernel, stride, padding, extra, dilation in itertools.product(
        [(1, 2), (3, 2)],
        [(1, 2), (3, 2)],
        [0, (0, 1)],
        [0, (0, 1)],
        [1, (2, 1), (1, 3)],
    ):
        x = normal(n, 4, 5, 3, dtype=dtype)
        weight = normal(4, 6 // groups, *kernel, seed=1, dtype=dtype)
        bias = normal(6, seed=2, dtype=dtype)
        geometry = (stride, padding, extra, groups, dilation)
        answer = conv_transpose2d(x, weight, bias, *geometry)
        expected = F.conv_transpose2d(
            *map(torch.tensor, (x, weight, bias)), *geometry
        )
        assert_same(answer, expected)


@given(
    pairs(1, 5), pairs(1, 4), pairs(1, 3), pairs(0, 3), pairs(0, 2),
    pairs(1, 3), st.integers(1, 2),
)  # fmt: skip
def test_conv_transpose2d_as_in_torch_or_refused(size, k, s, p, a, d, groups):
    x = normal(2, 2 * groups, *size)
    weight = normal(2 * groups, 3, *k, seed=1)
    geometry = (s, p, a, groups, d)
    try:
        expected = F.conv_transpose2d(
            torch.tensor(x), torch.tensor(weight), None, *geometry
        )
    except RuntimeError:
        with pytest.raises(ValueError, match="padding"):
            conv_transpose2d(x, weight, None, *geometry)
    else:
        assert_same(conv_transpose2d(x, weight, None, *geometry), expected)


# --- The matrix of a convolution ---------------------------------------------


@pytest.mark.parametrize(
    "geometry",
    [
        dict(),
        dict(stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        dict(stride=3, padding=2),
        dict(padding="same", dilation=(2, 1)),
        dict(padding="valid"),
    ],
)
def test_matrix_multiplies_as_the_layer_does(geometry):
    x, weight = integers(3, 6, 7), integers(4, 3, 2, 3, seed=1)
    matrix = convolution_matrix(weight, (6, 7), **geometry)
    h = conv2d(x[None], weight, **geometry)
    assert matrix.shape == (h.size, x.size)
    np.testing.assert_array_equal(matrix @ x.ravel(), h.ravel())


def test_matrix_of_lenet_is_mostly_zeros():
    weight = np.arange(1, 26).reshape(5, 5)
    matrix = convolution_matrix(weight, 28)
    assert matrix.shape == (576, 784)
    assert matrix.size == 451_584
    assert np.count_nonzero(matrix) == 14_400
    values, counts = np.unique(matrix[matrix != 0], return_counts=True)
    assert values.tolist() == list(range(1, 26))
    assert set(counts.tolist()) == {576}


def test_matrix_keeps_the_dtype():
    for dtype in (np.float32, np.float64, np.int8):
        assert convolution_matrix(np.ones((2, 3), dtype), 4).dtype == dtype


# --- Pooling -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_max_pool2d_as_in_torch(ceil_mode, dtype):
    x = normal(2, 3, 9, 7, dtype=dtype)
    for kernel, stride, padding, dilation in itertools.product(
        [(2, 3), (3, 2)], [None, 1, (2, 3), (3, 1)], [0, (1, 1)], [1, (2, 1)]
    ):
        geometry = (kernel, stride, padding, dilation, ceil_mode)
        expected = F.max_pool2d(torch.tensor(x), *geometry)
        answer = max_pool2d(x, *geometry)
        assert answer.dtype == dtype
        np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_avg_pool2d_as_in_torch(ceil_mode, count_include_pad, dtype):
    x = normal(2, 3, 9, 7, dtype=dtype)
    for kernel, stride, padding in itertools.product(
        [(2, 3), (3, 4), 5], [None, 1, (2, 3), (4, 3)], [0, (1, 0), (0, 1), 1]
    ):
        options = (kernel, stride, padding, ceil_mode, count_include_pad)
        expected = F.avg_pool2d(torch.tensor(x), *options)
        assert_same(avg_pool2d(x, *options), expected)


@given(
    pairs(1, 9), pairs(1, 4), pairs(1, 5), pairs(0, 2), pairs(1, 3),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_pooling_as_in_torch_or_refused(size, k, s, p, d, ceil, count):
    x = normal(2, 2, *size)
    try:
        expected = F.max_pool2d(torch.tensor(x), k, s, p, d, ceil)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"padding must be|kernel spans"):
            max_pool2d(x, k, s, p, d, ceil)
    else:
        np.testing.assert_array_equal(
            max_pool2d(x, k, s, p, d, ceil), expected
        )
    try:
        expected = F.avg_pool2d(torch.tensor(x), k, s, p, ceil, count)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"padding must be|kernel spans"):
            avg_pool2d(x, k, s, p, ceil, count)
    else:
        assert_same(avg_pool2d(x, k, s, p, ceil, count), expected)


@pytest.mark.parametrize("padding", [0, 1])
def test_padding_never_wins(padding):
    x = -1 - np.abs(normal(1, 1, 4, 5))
    assert max_pool2d(x, 2, padding=padding).max() < 0
    whole = np.full((1, 1, 4, 5), -7, np.int8)
    pooled = max_pool2d(whole, 2, padding=padding, ceil_mode=True)
    assert pooled.dtype == np.int8
    assert (pooled == -7).all()


def test_not_a_number_comes_through_as_in_torch():
    x = normal(2, 2, 6, 5)
    x[0, 0, 1, 1] = x[1, 1, 5, 4] = np.nan
    x[1, 0, 0] = np.inf
    x[1, 1, 0] = -np.inf
    options = (3, 2, 1, 1, True)
    expected = F.max_pool2d(torch.tensor(x), *options).numpy()
    assert np.isnan(expected).any()
    np.testing.assert_array_equal(max_pool2d(x, *options), expected)
    np.testing.assert_array_equal(
        np.isnan(avg_pool2d(x, 2)),
        F.avg_pool2d(torch.tensor(x), 2).isnan().numpy(),
    )


def test_whole_numbers_pool():
    x = np.array([[[[250, 251], [252, 254]]]], np.uint8)
    assert max_pool2d(x, 2).item() == 254
    assert max_pool2d(x, 2).dtype == np.uint8
    assert avg_pool2d(x, 2).item() == 251.75
    assert avg_pool2d(x, 2).dtype == np.float64
    assert max_pool2d(x > 251, 2).item() is True
    assert avg_pool2d(np.ones((1, 1, 16, 32), np.uint8), 16).tolist() == [
        [[[1, 1]]]
    ]


# --- Errors ------------------------------------------------------------------


def test_channels_must_fit():
    weight = np.ones((4, 3, 2, 2))
    with pytest.raises(ValueError, match=r"3 input .* \(1, 5, 6, 3\).*second"):
        conv2d(np.ones((1, 5, 6, 3)), weight)
    with pytest.raises(ValueError, match=r"takes 3 input .* x has 2"):
        conv2d(np.ones((1, 2, 5, 6)), weight)
    with pytest.raises(ValueError, match="takes 6 input channels, x has 4"):
        conv2d(np.ones((1, 4, 5, 6)), weight, groups=2)
    with pytest.raises(ValueError, match=r"groups must divide .* 4 does not"):
        conv2d(np.ones((1, 6, 5, 6)), weight, groups=4)
    with pytest.raises(ValueError, match=r"weight .* 3 .* not 4"):
        conv_transpose2d(np.ones((1, 3, 5, 6)), weight)
    with pytest.raises(ValueError, match=r"groups must divide .* 3 does not"):
        conv_transpose2d(np.ones((1, 4, 5, 6)), weight, groups=3)


@pytest.mark.parametrize("function", [conv2d, conv_transpose2d])
def test_weight_and_bias_are_checked(function):
    x, weight = np.ones((1, 4, 5, 6)), np.ones((4, 4, 2, 3))
    with pytest.raises(ValueError, match=r"bias .* \(4,\), not \(3,\)"):
        function(x, weight, np.ones(3))
    with pytest.raises(ValueError, match="kernel_size must be at least 1"):
        function(x, weight[:, :, :0])


# --- Blocks ------------------------------------------------------------------


@pytest.mark.parametrize("block_bytes", [1, 600, 5000, 2**20])
@pytest.mark.parametrize("stride", [(1, 1), (3, 2)])
def test_blocks_of_any_size_give_the_same(monkeypatch, block_bytes, stride):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (5, 4, 11, 13))
    weight = rng.integers(-9, 10, (6, 2, 3, 2))
    geometry = dict(stride=stride, padding=(1, 2), dilation=(2, 1), groups=2)
    expected = F.conv2d(torch.tensor(x), torch.tensor(weight), **geometry)
    monkeypatch.setattr(convolution, "BLOCK_BYTES", block_bytes)
    assert np.array_equal(conv2d(x, weight, **geometry), expected.numpy())


def peak_of_conv2d(*arrays, **geometry):
    """Return the bytes that conv2d took at most, and those of its output."""
    tracemalloc.start()
    output = conv2d(*arrays, **geometry)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, output.nbytes


def test_patches_of_many_images_never_exist_all_at_once():
    """One row of windows of all images would take 25 MB, all windows 500."""
    x = np.ones((10_000, 1, 28, 28), np.float32)
    peak, output = peak_of_conv2d(x, np.ones((1, 1, 5, 5), np.float32))
    # The output twice: in parts, and put together.
    assert 2 * output < peak < 2 * output + 1.5 * convolution.BLOCK_BYTES


@pytest.mark.parametrize("dilation", [1, 2, 7])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 2)])
def test_patches_take_what_they_may(monkeypatch, groups, stride, dilation):
    """The memory of two rows of windows: it is all used, and no more."""
    x = np.ones((1, 6, 60, 2000), np.float32)
    weight = np.ones((groups, 6 // groups, 5, 3), np.float32)
    width = (2000 - 2 * dilation - 1) // stride[1] + 1
    rows = 4 * dilation + 1 + stride[0]
    # Windows whose rows lie apart are copied once more.
    rows += 2 * 5 if dilation > 1 else 0
    block = rows * 6 * 3 * width * 4
    monkeypatch.setattr(convolution, "BLOCK_BYTES", block)
    geometry = dict(stride=stride, dilation=dilation, groups=groups)
    peak, output = peak_of_conv2d(x, weight, **geometry)
    assert 0.95 * block < peak - output < 1.05 * block


def test_as_many_images_at_a_time_as_they_may(monkeypatch):
    x = np.ones((4, 6, 9, 4000), np.float32)
    weight = np.ones((1, 6, 5, 3), np.float32)
    block = 2 * 5 * 6 * 3 * 3998 * 4  # of two images, one row of windows each
    monkeypatch.setattr(convolution, "BLOCK_BYTES", block)
    peak, output = peak_of_conv2d(x, weight)
    two_images = x[:2].nbytes
    assert block + two_images < peak < 1.05 * block + two_images + output
