"""ConvPool2d against the three layers that it replaces, and against torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import fused
from helpers.fused import ConvPool2d, fuse
from helpers.layers import AvgPool2d, Conv2d, MaxPool2d, ReLU, Tanh
from helpers.networks import LeNet5, LeNet1989, Sequential
from helpers.training import SGD


def small_integers(rng, *shape):
    """Return floats that add up exactly, with many ties."""
    return rng.integers(-2, 3, shape).astype(np.float32)


def convolution(rng, c_in, c_out, kernel_size, padding):
    conv = Conv2d(c_in, c_out, kernel_size, padding=padding, rng=rng)
    conv.weight[...] = small_integers(rng, *conv.weight.shape)
    conv.bias[...] = small_integers(rng, c_out)
    return conv


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 3),
    c_in=st.integers(1, 3),
    c_out=st.integers(1, 4),
    kernel_size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    extra=st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_same_bits_as_three_layers(
    seed, n, c_in, c_out, kernel_size, padding, extra
):
    rng = np.random.default_rng(seed)
    conv = convolution(rng, c_in, c_out, kernel_size, padding)
    x = small_integers(rng, n, c_in, *(np.add(kernel_size, extra)))
    slow, fast = Sequential([conv, ReLU(), MaxPool2d(2)]), ConvPool2d(conv)
    pooled = slow.forward(x)
    assert np.array_equal(fast.forward(x), pooled)
    delta = small_integers(rng, *pooled.shape)
    assert np.array_equal(fast.backward(delta), slow.backward(delta))
    for name, gradient in conv.gradients.items():
        assert np.array_equal(fast.gradients[name], gradient)


def test_another_batch_size_gets_room_of_its_own():
    """The rest of an epoch is a smaller batch, and the next begins anew."""
    rng = np.random.default_rng(0)
    conv = convolution(rng, 2, 3, 3, 1)
    slow, fast = Sequential([conv, ReLU(), MaxPool2d(2)]), ConvPool2d(conv)
    first = small_integers(rng, 4, 2, 6, 8)
    for x in (first, first[:1], first):
        assert np.array_equal(fast.forward(x), slow.forward(x))


def test_pads_to_the_same_size():
    rng = np.random.default_rng(0)
    conv = convolution(rng, 2, 3, (2, 5), "same")
    slow, fast = Sequential([conv, ReLU(), MaxPool2d(2)]), ConvPool2d(conv)
    x = small_integers(rng, 4, 2, 9, 8)
    assert np.array_equal(fast.forward(x), slow.forward(x))


@pytest.mark.parametrize(
    ("kernels", "size", "part_bytes", "rows"),
    [
        (3, (11, 12), 1, 1),
        (3, (11, 12), 7000, 2),  # of five, so one is left
        (3, (11, 12), 2**30, 5),
        (3, (23, 6), 7000, 4),
        (20, (11, 12), 7000, 1),
    ],
)
def test_parts_of_any_size_give_the_same(
    monkeypatch, kernels, size, part_bytes, rows
):
    rng = np.random.default_rng(0)
    conv = convolution(rng, 2, kernels, 3, 1)
    slow, fast = Sequential([conv, ReLU(), MaxPool2d(2)]), ConvPool2d(conv)
    monkeypatch.setattr(fused, "PART_BYTES", part_bytes)
    x = small_integers(rng, 4, 2, *size)
    pooled = slow.forward(x)
    assert np.array_equal(fast.forward(x), pooled)
    assert fast.rows == rows
    delta = small_integers(rng, *pooled.shape)
    assert np.array_equal(fast.backward(delta), slow.backward(delta))
    for name, gradient in conv.gradients.items():
        assert np.array_equal(fast.gradients[name], gradient)


def test_nothing_returned_is_written_again_by_the_next_batch():
    rng = np.random.default_rng(0)
    fast = ConvPool2d(convolution(rng, 2, 3, 3, 1))
    x = small_integers(rng, 4, 2, 6, 8)
    kept = [fast.forward(x), fast.backward(np.ones((4, 3, 3, 4)))]
    kept += fast.gradients.values()
    before = [array.copy() for array in kept]
    fast.forward(x[::-1] + 1)
    fast.backward(np.full((4, 3, 3, 4), 2))
    assert all(map(np.array_equal, kept, before))


def test_stays_in_float32():
    rng = np.random.default_rng(0)
    fast = ConvPool2d(convolution(rng, 2, 3, 3, 1))
    pooled = fast.forward(small_integers(rng, 4, 2, 6, 8))
    assert pooled.dtype == fast.backward(pooled).dtype == np.float32
    assert {g.dtype for g in fast.gradients.values()} == {np.dtype("f4")}


def test_first_layer_returns_no_gradient_by_the_images():
    rng = np.random.default_rng(0)
    network = fuse(LeNet5(rng))
    logits = network.forward(rng.standard_normal((2, 1, 28, 28)))
    assert network.backward(np.ones_like(logits)) is None


def test_fused_lenet_is_lenet():
    rng = np.random.default_rng(0)
    lenet = LeNet5(rng, np.float64)
    fast = fuse(lenet)
    x = rng.standard_normal((5, 1, 28, 28))
    logits = lenet.forward(x)
    assert np.allclose(fast.forward(x), logits, atol=1e-12)
    delta = rng.standard_normal(logits.shape)
    lenet.backward(delta)
    fast.backward(delta)
    pairs = zip(lenet.gradients.values(), fast.gradients.values(), strict=True)
    assert all(np.allclose(a, b, atol=1e-11) for a, b in pairs)


def test_training_the_one_trains_the_other():
    rng = np.random.default_rng(0)
    lenet = LeNet5(rng)
    fast = fuse(lenet)
    logits = fast.forward(rng.standard_normal((5, 1, 28, 28)))
    before = lenet.parameters["3.weight"].copy()
    fast.backward(np.ones_like(logits))
    SGD(fast).step(0.1)
    assert not np.array_equal(lenet.parameters["3.weight"], before)


RNG = np.random.default_rng(0)
OTHERS = {
    "stride": [Conv2d(1, 2, 3, stride=2, rng=RNG), ReLU(), MaxPool2d(2)],
    "dilation": [Conv2d(1, 2, 3, dilation=2, rng=RNG), ReLU(), MaxPool2d(2)],
    "groups": [Conv2d(2, 2, 3, groups=2, rng=RNG), ReLU(), MaxPool2d(2)],
    "tanh": [Conv2d(1, 2, 3, rng=RNG), Tanh(), MaxPool2d(2)],
    "average": [Conv2d(1, 2, 3, rng=RNG), ReLU(), AvgPool2d(2)],
    "pool 3": [Conv2d(1, 2, 3, rng=RNG), ReLU(), MaxPool2d(3)],
    "pool stride": [Conv2d(1, 2, 3, rng=RNG), ReLU(), MaxPool2d(2, 1)],
    "padding": [Conv2d(1, 2, 3, rng=RNG), ReLU(), MaxPool2d(2, padding=1)],
    "spread": [Conv2d(1, 2, 3, rng=RNG), ReLU(), MaxPool2d(2, dilation=2)],
    "ceil": [Conv2d(1, 2, 3, rng=RNG), ReLU(), MaxPool2d(2, ceil_mode=True)],
    "no pooling": [Conv2d(1, 2, 3, rng=RNG), ReLU()],
    "1989": LeNet1989(RNG).layers,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_does_not_fit_stays_as_it_is(name):
    assert fuse(Sequential(OTHERS[name])).layers == list(OTHERS[name])


@pytest.mark.parametrize("name", ["stride", "dilation", "groups"])
def test_a_convolution_of_another_kind_is_refused(name):
    with pytest.raises(ValueError, match="conv must have stride, dilation"):
        ConvPool2d(OTHERS[name][0])


def test_partly_connected_maps_are_refused():
    conv = Conv2d(2, 1, 3, connections=[[1, 0]], rng=RNG)
    with pytest.raises(ValueError, match="all maps connected"):
        ConvPool2d(conv)


def test_maps_too_small_to_pool_are_refused():
    fast = ConvPool2d(Conv2d(1, 1, 3, rng=RNG))
    with pytest.raises(ValueError, match="returns 1 x 4 pixels"):
        fast.forward(np.zeros((1, 1, 3, 6), np.float32))
