"""Arrays of every type, order and content, in every function that takes some.

The answer is that of a plain array of the same values, whatever lies in
memory; the inputs stay as they are.  Then the identities of convolution that
no other test states: linearity, shifts, strides, batches, and finite
differences for random layers.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_equal
from subjects import SUBJECTS, ones
from torch.nn import functional as F

from helpers import convolution, fused, im2col, layers

DTYPES = [np.dtype(code) for code in "?bBhHiIlLefd"]
# What draws random numbers draws others the second time.
DRAWING = ("layers.Conv2d", "training.fit", "training.gradient_check")
WITH_ARRAYS = [
    name
    for name, (_, good) in SUBJECTS.items()
    if any(isinstance(value, np.ndarray) for value in good.values())
    and name not in DRAWING
]


def integers(seed, shape, dtype=float, low=-3):
    """Small whole numbers, which every type holds, from 0 if it must be."""
    dtype = np.dtype(dtype)
    low, high = {"b": (0, 2), "u": (0, 4)}.get(dtype.kind, (low, 4))
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def reverse(x):
    """The values of `x`, with every stride negative."""
    everywhere = (slice(None, None, -1),) * x.ndim
    return x[everywhere].copy()[everywhere]


def thin_out(x):
    """The values of `x`, with others between them in memory."""
    for axis in range(x.ndim):
        x = np.repeat(x, 2, axis)
    return x[(slice(None, None, 2),) * x.ndim]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def turn(x):
    """The values of `x`, the axes in another order in memory."""
    axes = np.roll(np.arange(x.ndim), 1)
    return x.transpose(axes).copy().transpose(np.argsort(axes))


ORDERS = [np.asfortranarray, reverse, thin_out, read_only, turn]


def outcome(function, arguments):
    """All arrays that a call gives, or what it is told."""
    try:
        answer = function(**arguments)
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    return flat(answer)


def flat(answer):
    if isinstance(answer, list | tuple):
        return [array for part in answer for array in flat(part)]
    if isinstance(answer, dict):
        return flat(list(answer.values()))
    return [np.asarray(answer)]


def assert_alike(one, other):
    """The same types, shapes and errors; the same values but for rounding."""
    if isinstance(one, tuple):
        assert one == other
        return
    assert len(one) == len(other)
    for a, b in zip(one, other):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype.kind == "f":
            exact = np.finfo(a.dtype).eps
            np.testing.assert_allclose(a, b, rtol=8 * exact, atol=99 * exact)
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("subject", WITH_ARRAYS)
@given(
    seed=st.integers(0, 999),
    dtype=st.sampled_from(DTYPES),
    order=st.sampled_from(ORDERS),
)
def test_type_and_order_in_memory_do_not_matter(subject, seed, dtype, order):
    function, good = SUBJECTS[subject]
    plain = {
        name: integers(seed + i, value.shape, dtype)
        if isinstance(value, np.ndarray)
        else value
        for i, (name, value) in enumerate(good.items())
    }
    others = {
        name: order(value) if isinstance(value, np.ndarray) else value
        for name, value in plain.items()
    }
    assert_alike(outcome(function, others), outcome(function, plain))
    for name, value in plain.items():
        np.testing.assert_array_equal(others[name], value)


# --- Types -------------------------------------------------------------------

TWO_TYPES = [
    ("convolution.conv2d", "x", "weight"),
    ("convolution.conv_transpose2d", "x", "weight"),
    ("convolution.convolve1d", "x", "k"),
    ("convolution.cross_correlate1d", "x", "k"),
    ("convolution.convolve2d", "image", "kernel"),
    ("convolution.cross_correlate2d", "image", "kernel"),
]


@pytest.mark.parametrize(("subject", "first", "second"), TWO_TYPES)
@given(
    seed=st.integers(0, 999),
    dtypes=st.tuples(st.sampled_from(DTYPES), st.sampled_from(DTYPES)),
)
def test_two_types_meet_as_in_numpy(subject, first, second, seed, dtypes):
    """The answer of float64, in NumPy's common type; for bool, any or all."""
    function, good = SUBJECTS[subject]
    good = {name: value for name, value in good.items() if name != "bias"}
    arrays = {
        name: integers(seed + i, good[name].shape, dtype)
        for i, (name, dtype) in enumerate(zip((first, second), dtypes))
    }
    answer = function(**good | arrays)
    exact = function(**good | {n: a.astype(float) for n, a in arrays.items()})
    assert answer.dtype == np.result_type(*dtypes)
    if answer.dtype.kind == "f":
        np.testing.assert_array_equal(answer, exact)
    else:  # whole numbers go round, as NumPy's do
        whole = exact.astype(np.int64)
        whole = whole if answer.dtype.kind != "b" else whole != 0
        np.testing.assert_array_equal(answer, whole.astype(answer.dtype))


@pytest.mark.parametrize("subject", ["max_pool2d", "avg_pool2d"])
@given(seed=st.integers(0, 999), dtype=st.sampled_from(DTYPES))
def test_pooling_of_any_type(subject, seed, dtype):
    x = integers(seed, (2, 3, 7, 8), dtype)
    answer = getattr(convolution, subject)(x, 3, 2, 1)
    exact = getattr(F, subject)(torch.tensor(x.astype(float)), 3, 2, 1)
    kept = subject == "max_pool2d" or dtype.kind == "f"
    assert answer.dtype == (dtype if kept else np.float64)
    exact = exact.numpy()
    if subject == "max_pool2d" and dtype.kind in "bu":
        exact = np.maximum(exact, 0)
    np.testing.assert_allclose(answer, exact, rtol=np.finfo("e").eps)


def many(*shape):
    return np.ones(shape, np.float16)


def backward(layer, x):
    """All that a layer returns and keeps in both passes."""
    layer.forward(x)
    by_input = layer.backward(many(*layer.output_shape))
    return [by_input, *layer.gradients.values()]


def positive():
    """Return a fused layer that lets everything through."""
    layer = fused.ConvPool2d(layers.Conv2d(1, 1, 1, **DRAWN))
    layer.weight[...] = 1
    return layer


def cross_entropy(logits):
    loss = layers.CrossEntropy()
    labels = np.zeros(len(logits), int)
    return [loss.forward(logits, labels), loss.backward(1e3)]


SIDE, RNG = (64, 64), np.random.default_rng(0)
DRAWN = dict(rng=RNG, dtype=np.float16)
# Each adds up 4,096 ones; in float16, 2,048 + 1 is 2,048.
SUMS = {
    "convolve1d": lambda: convolution.convolve1d(many(4096), many(4096)),
    "convolve2d": lambda: convolution.convolve2d(many(*SIDE), many(*SIDE)),
    "conv2d": lambda: convolution.conv2d(many(1, 1, *SIDE), many(1, 1, *SIDE)),
    "conv_transpose2d": lambda: convolution.conv_transpose2d(
        many(1, 1, *SIDE), many(1, 1, *SIDE)
    ),
    "avg_pool2d": lambda: 4096 * convolution.avg_pool2d(many(1, 1, *SIDE), 64),
    "col2im": lambda: im2col.col2im(many(1, 4096, 4096), 127, 64),
    "MaxPool2d": lambda: backward(
        layers.MaxPool2d(64, 1),
        np.pad(many(1, 1, 1, 1), [(0,), (0,), (63,), (63,)]),
    )[0],
    "Conv2d": lambda: backward(
        layers.Conv2d(1, 1, 1, **DRAWN), many(1, 1, *SIDE)
    )[1],
    "Conv2d, bias": lambda: backward(
        layers.Conv2d(1, 1, 1, **DRAWN), many(4096, 1, 1, 1)
    )[2],
    "ConvPool2d": lambda: backward(positive(), many(1, 1, 128, 128))[2],
    "ChannelScale": lambda: backward(
        layers.ChannelScale(1, np.float16), many(64, 1, 64, 1)
    )[1],
    "Linear": lambda: backward(layers.Linear(1, 1, **DRAWN), many(4096, 1))[2],
    "CrossEntropy": lambda: np.exp(
        np.float64(cross_entropy(np.zeros((9, 4096), np.float16))[0])
    ),
}


@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("name", SUMS)
def test_float16_is_added_up_in_float32(name, loops, monkeypatch):
    if loops:
        monkeypatch.setattr(convolution, "ALL_WINDOWS", 0)
    found = SUMS[name]()
    assert np.max(found) == pytest.approx(4096, rel=4e-3)


# --- Nothing, and not a number -----------------------------------------------


@given(
    shape=st.tuples(*[st.integers(0, 2)] * 4),
    name=st.sampled_from(["im2col", "conv2d", "max_pool2d", "avg_pool2d"]),
)
def test_arrays_of_nothing_give_nothing_or_are_refused(shape, name):
    x = ones(*shape)
    calls = {
        "im2col": lambda: im2col.im2col(x, 1),
        "conv2d": lambda: convolution.conv2d(x, ones(1, shape[1], 1, 1)),
        "max_pool2d": lambda: convolution.max_pool2d(x, 1),
        "avg_pool2d": lambda: convolution.avg_pool2d(x, 1),
    }
    if 0 in shape[2:] or (name == "conv2d" and shape[1] == 0):
        with pytest.raises(ValueError, match="must be at least 1, not 0"):
            calls[name]()
    else:
        assert calls[name]().shape[0] == shape[0]


def by_terms(image, kernel):
    """The full convolution, term by term, as eq. 2 says it."""
    full = np.zeros(np.add(image.shape, kernel.shape) - 1)
    for (i, j), (m, n) in itertools.product(
        np.ndindex(image.shape), np.ndindex(kernel.shape)
    ):
        full[i + m, j + n] += image[i, j] * kernel[m, n]
    return full


SPECIAL = st.sampled_from([0.0, 1.0, -2.0, np.nan, np.inf, -np.inf])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@given(
    x=st.lists(SPECIAL, min_size=1, max_size=6),
    k=st.lists(SPECIAL, min_size=1, max_size=6),
)
def test_no_number_and_infinity_meet_their_terms_only(x, k):
    """As in NumPy; SciPy spreads a NaN of the kernel everywhere."""
    full = np.convolve(x, k, "full")
    assert_equal(convolution.convolve1d(x, k), full)
    assert_equal(convolution.cross_correlate1d(x, k[::-1]), full)
    image, kernel = np.array([x, x[::-1]]), np.array([k, k[::-1]])
    full = by_terms(image, kernel)
    assert_equal(convolution.convolve2d(image, kernel), full)
    rotated = kernel[::-1, ::-1]
    assert_equal(convolution.cross_correlate2d(image, rotated), full)
    if len(k) <= len(x):
        inside = full[1:2, len(k) - 1 : len(x)]
        assert_equal(convolution.convolve2d(image, kernel, "valid"), inside)


# --- Identities --------------------------------------------------------------


@st.composite
def geometries(draw, largest=4):
    """Size of an image, and a kernel that fits into it."""

    def pair(low, high):
        return draw(st.tuples(st.integers(low, high), st.integers(low, high)))

    options = dict(
        kernel_size=pair(1, 3),
        stride=pair(1, 3),
        padding=pair(0, 2),
        dilation=pair(1, 2),
    )
    size = pair(1, 7)
    for i, k, p, d in zip(
        size,
        options["kernel_size"],
        options["padding"],
        options["dilation"],
    ):
        assume(d * (k - 1) < i + 2 * p)
    return size, options


def split(options):
    """The kernel's size, and the rest."""
    rest = dict(options)
    return rest.pop("kernel_size"), rest


@given(geometries(), st.integers(0, 999), st.integers(1, 2))
def test_transposed_convolution_is_the_adjoint(geometry, seed, groups):
    size, options = geometry
    kernel, rest = split(options)
    x = integers(seed, (2, 2 * groups, *size))
    weight = integers(seed + 1, (3 * groups, 2, *kernel))
    h = convolution.conv2d(x, weight, groups=groups, **rest)
    y = integers(seed + 2, h.shape)
    smallest = [
        (o - 1) * s - 2 * p + d * (k - 1) + 1
        for o, k, s, p, d in zip(h.shape[2:], kernel, *rest.values())
    ]
    assume(min(smallest) > 0)
    lost = tuple(i - o for i, o in zip(size, smallest))
    back = convolution.conv_transpose2d(
        y, weight, output_padding=lost, groups=groups, **rest
    )
    assert (h * y).sum() == (x * back).sum()
    # And the matrix of both, for one group.
    if groups == 1:
        matrix = convolution.convolution_matrix(weight, size, **rest)
        np.testing.assert_array_equal(matrix @ x[0].ravel(), h[0].ravel())
        np.testing.assert_array_equal(matrix.T @ y[0].ravel(), back[0].ravel())


@given(geometries(), st.integers(0, 999), st.integers(0, 2), st.integers(0, 2))
def test_a_shift_by_the_stride_shifts_the_output_by_one(
    geometry, seed, down, across
):
    size, options = geometry
    kernel, rest = split(options)
    (s_h, s_w), rest["padding"] = rest["stride"], 0
    # At least 11 px: a shift by up to 2 * 3 leaves what a kernel spans, 5.
    x = integers(seed, (1, 2, size[0] + 10, size[1] + 10))
    weight = integers(seed + 1, (3, 2, *kernel))
    moved = x[:, :, down * s_h :, across * s_w :]
    h = convolution.conv2d(x, weight, **rest)
    np.testing.assert_array_equal(
        convolution.conv2d(moved, weight, **rest), h[:, :, down:, across:]
    )
    for pool in (convolution.max_pool2d, convolution.avg_pool2d):
        options = dict(kernel_size=kernel, stride=(s_h, s_w))
        np.testing.assert_array_equal(
            pool(moved, **options), pool(x, **options)[:, :, down:, across:]
        )


@given(geometries(), st.integers(0, 999))
def test_a_stride_leaves_out_and_dilation_spreads(geometry, seed):
    size, options = geometry
    kernel, rest = split(options)
    (s_h, s_w), (d_h, d_w) = rest["stride"], rest["dilation"]
    x = integers(seed, (2, 2, *size))
    weight = integers(seed + 1, (3, 2, *kernel))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, (d_h, d_w))]
    spread = np.zeros((3, 2, *spans))
    spread[:, :, ::d_h, ::d_w] = weight
    dense = convolution.conv2d(x, spread, padding=rest["padding"])
    np.testing.assert_array_equal(
        convolution.conv2d(x, weight, **rest), dense[:, :, ::s_h, ::s_w]
    )


@given(st.integers(0, 999), st.integers(1, 3), st.integers(1, 3))
def test_images_of_a_batch_do_not_see_one_another(seed, n, channels):
    x = integers(seed, (n, channels, 8, 7))
    rng = np.random.default_rng(seed)
    conv = layers.Conv2d(channels, 2, (3, 2), 2, 1, rng=rng, dtype=float)
    for layer in (conv, layers.MaxPool2d(2), layers.AvgPool2d(3, 2, 1)):
        together = layer.forward(x)
        alone = [layer.forward(x[i : i + 1]) for i in range(n)]
        np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-13)


@st.composite
def random_layers(draw):
    """A layer with a smooth derivative near its input, and that input."""
    size, options = draw(geometries())
    seed, n = draw(st.integers(0, 999)), draw(st.integers(1, 2))
    rng = np.random.default_rng(seed)
    x = rng.permutation(n * 2 * size[0] * size[1]).astype(float) - 9.5
    x = x.reshape(n, 2, *size)
    pooling = {k: v for k, v in options.items() if k != "dilation"}
    pads = zip(options["padding"], options["kernel_size"])
    fits = all(2 * p <= k for p, k in pads)
    spans = zip(size, options["padding"], options["kernel_size"])
    fits = fits and all(k <= i + 2 * p for i, p, k in spans)
    kinds = [
        lambda: layers.Conv2d(2, 3, **options, rng=rng, dtype=float),
        lambda: layers.ReLU(),
        lambda: layers.ChannelScale(2, float),
        lambda: layers.Flatten(),
    ]
    if fits:
        kinds += [
            lambda: layers.AvgPool2d(**pooling),
            lambda: layers.MaxPool2d(**pooling),
        ]
    return draw(st.sampled_from(kinds))(), x, rng


@given(random_layers())
def test_backward_is_what_finite_differences_say(case):
    """In one random direction of the input and of each parameter."""
    layer, x, rng = case
    gradient = rng.standard_normal(layer.forward(x).shape)
    by_input = layer.backward(gradient)
    slopes = [(x, by_input)]
    slopes += [(p, layer.gradients[n]) for n, p in layer.parameters.items()]
    for array, slope in slopes:
        direction = rng.standard_normal(array.shape)
        values, step = array.copy(), 1e-5
        losses = []
        for sign in (1, -1):
            array[...] = values + sign * step * direction
            losses.append((layer.forward(x) * gradient).sum())
        array[...] = values
        difference = (losses[0] - losses[1]) / (2 * step)
        scale = 1 + np.abs(slope).max() * np.sqrt(slope.size)
        assert abs((slope * direction).sum() - difference) < 1e-6 * scale
