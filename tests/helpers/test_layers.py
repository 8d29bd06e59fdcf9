"""Both passes of every layer, against torch and against differences."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional as F

from helpers.layers import (
    AvgPool2d,
    ChannelScale,
    Conv2d,
    CrossEntropy,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Tanh,
)

DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}


def normal(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def assert_same(answer, expected):
    """Equal in shape and dtype, and to the accuracy of the dtype."""
    expected = expected.detach().numpy()
    assert answer.shape == expected.shape
    assert answer.dtype == expected.dtype
    tolerance = TOLERANCE[expected.dtype.type] * np.abs(expected).max()
    np.testing.assert_allclose(answer, expected, rtol=0, atol=tolerance)


def shake(layer):
    """Move every parameter away from the 0 or 1 at which it begins."""
    for p in layer.parameters.values():
        p += normal(*p.shape, seed=3, dtype=p.dtype)
    if isinstance(layer, Conv2d):
        layer.weight[...] *= layer.connections[:, :, None, None]
    return layer


def assert_passes_agree(layer, reference, x):
    """Compare output and all gradients of `layer` with torch's.

    `reference` takes the input and the parameters as tensors.
    """
    shake(layer)
    tensors = {
        name: torch.tensor(p, requires_grad=True)
        for name, p in layer.parameters.items()
    }
    tensor = torch.tensor(x, requires_grad=True)
    output = reference(tensor, **tensors)
    gradient = normal(*output.shape, seed=4, dtype=x.dtype)
    output.backward(torch.tensor(gradient))
    x.flags.writeable = gradient.flags.writeable = False

    assert_same(layer.forward(x), output)
    assert_same(layer.backward(gradient), tensor.grad)
    assert set(layer.gradients) == set(tensors)
    for name, p in tensors.items():
        assert_same(layer.gradients[name], p.grad)


def differences(function, array, step=1e-6):
    """The gradient of a scalar function by every entry of `array`."""
    gradient = np.empty_like(array)
    for place in np.ndindex(array.shape):
        value = array[place]
        array[place] = value + step
        above = function()
        array[place] = value - step
        gradient[place] = (above - function()) / (2 * step)
        array[place] = value
    return gradient


def draw():
    return np.random.default_rng(1)


# One of each layer, and an input: (N, C, H, W), H != W.
LAYERS = {
    "Conv2d": lambda dtype: Conv2d(
        4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, rng=draw(), dtype=dtype
    ),
    "Conv2d, same": lambda dtype: Conv2d(
        4, 2, (2, 3), padding="same", rng=draw(), dtype=dtype
    ),
    "MaxPool2d": lambda dtype: MaxPool2d((3, 2), (2, 1), 1, (1, 2), True),
    "AvgPool2d": lambda dtype: AvgPool2d((3, 2), (2, 3), 1, True, False),
    "ReLU": lambda dtype: ReLU(),
    "Tanh": lambda dtype: Tanh(),
    "ChannelScale": lambda dtype: ChannelScale(4, dtype),
    "Flatten": lambda dtype: Flatten(),
    "Linear": lambda dtype: Linear(6, 5, rng=draw(), dtype=dtype),
}


def one_of(name, dtype=np.float64):
    shape = (3, 6) if name == "Linear" else (2, 4, 6, 5)
    return shake(LAYERS[name](dtype)), normal(*shape, dtype=dtype)


# --- All layers --------------------------------------------------------------


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_what_differences_say(name):
    layer, x = one_of(name)
    gradient = normal(*layer.forward(x).shape, seed=2)
    by_input = layer.backward(gradient)
    gradients = dict(layer.gradients)

    def loss():
        return (layer.forward(x) * gradient).sum()

    np.testing.assert_allclose(by_input, differences(loss, x), atol=1e-7)
    assert set(gradients) == set(layer.parameters)
    for key, parameter in layer.parameters.items():
        expected = differences(loss, parameter)
        np.testing.assert_allclose(gradients[key], expected, atol=1e-7)


def arrays_in(thing):
    """All arrays that an object keeps, in attributes, dicts and lists."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if isinstance(thing, dict):
        return [a for value in thing.values() for a in arrays_in(value)]
    if isinstance(thing, list | tuple):
        return [a for value in thing for a in arrays_in(value)]
    return arrays_in(vars(thing)) if hasattr(thing, "__dict__") else []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_nothing_that_a_layer_makes_or_keeps_changes_dtype(name, dtype):
    layer, x = one_of(name, dtype)
    output = layer.forward(x)
    by_input = layer.backward(np.ones_like(output))
    arrays = [output, by_input, *arrays_in(layer)]
    floats = {a.dtype for a in arrays if a.dtype.kind == "f"}
    assert floats == {np.dtype(dtype)}


@pytest.mark.parametrize("name", LAYERS)
def test_a_second_pass_does_not_remember_the_first(name):
    layer, x = one_of(name)
    output = layer.forward(x)
    gradient = normal(*output.shape, seed=2)
    first = layer.backward(gradient), dict(layer.gradients)
    layer.backward(-layer.forward(x[:1] * 3))
    np.testing.assert_array_equal(layer.forward(x), output)
    second = layer.backward(gradient), dict(layer.gradients)
    np.testing.assert_equal(second, first)


@pytest.mark.parametrize("name", LAYERS)
def test_an_empty_batch_stays_empty(name):
    layer, x = one_of(name)
    shape = layer.forward(x).shape
    output = layer.forward(x[:0])
    assert output.shape == (0, *shape[1:])
    assert layer.backward(output).shape == x[:0].shape
    assert all((g == 0).all() for g in layer.gradients.values())


def test_layers_show_themselves():
    assert [repr(make(np.float32)) for make in LAYERS.values()] == [
        "Conv2d(4, 6, 3x2, stride=(2, 1), padding=(1, 2), dilation=(1, 2), "
        "groups=2)",
        "Conv2d(4, 2, 2x3, padding=same)",
        "MaxPool2d(3x2)",
        "AvgPool2d(3x2)",
        "ReLU()",
        "Tanh()",
        "ChannelScale(4)",
        "Flatten()",
        "Linear(6, 5)",
    ]


# --- Conv2d ------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("groups", [1, 2])
def test_conv2d_as_in_torch(groups, dtype):
    for kernel, stride, padding, dilation in itertools.product(
        [(2, 3), (4, 1), 1], [1, (2, 3)], [0, (1, 2)], [1, (2, 1)]
    ):
        geometry = (stride, padding, dilation, groups)
        layer = Conv2d(4, 6, kernel, *geometry, rng=draw(), dtype=dtype)
        assert_passes_agree(
            layer,
            lambda x, weight, bias, g=geometry: F.conv2d(x, weight, bias, *g),
            normal(3, 4, 9, 7, dtype=dtype),
        )


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@given(
    st.tuples(*[st.integers(1, 3)] * 4),
    pairs(1, 9),
    pairs(1, 4),
    pairs(1, 3),
    pairs(0, 3),
    pairs(1, 3),
)
def test_conv2d_as_in_torch_for_any_geometry(counts, size, k, s, p, d):
    n, groups, c_in, c_out = counts
    for i, k_i, p_i, d_i in zip(size, k, p, d):
        assume(d_i * (k_i - 1) < i + 2 * p_i)
    channels = groups * c_in, groups * c_out
    assert_passes_agree(
        Conv2d(*channels, k, s, p, d, groups, rng=draw(), dtype=float),
        lambda x, weight, bias: F.conv2d(x, weight, bias, s, p, d, groups),
        normal(n, groups * c_in, *size),
    )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv2d_pads_by_name_as_torch_does(padding):
    assert_passes_agree(
        Conv2d(3, 4, (2, 3), 1, padding, (3, 2), rng=draw(), dtype=np.float64),
        lambda x, weight, bias: F.conv2d(
            x, weight, bias, padding=padding, dilation=(3, 2)
        ),
        normal(2, 3, 9, 8),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_maps_that_are_not_connected_stay_so(dtype):
    connections = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]], bool)
    layer = Conv2d(
        3, 4, (2, 3), 2, 1, connections=connections, rng=draw(), dtype=dtype
    )
    mask = connections[:, :, None, None]
    assert (layer.weight != 0).sum() == 6 * connections.sum()
    assert (layer.weight[~connections] == 0).all()
    assert layer.parameter_count() == 6 * connections.sum() + 4
    assert_passes_agree(
        layer,
        lambda x, weight, bias: F.conv2d(
            x, weight * torch.tensor(mask), bias, 2, 1
        ),
        normal(2, 3, 7, 8, dtype=dtype),
    )
    assert (layer.gradients["weight"][~connections] == 0).all()
    assert (layer.gradients["weight"][connections] != 0).all()


def test_what_is_not_connected_is_not_read():
    layer = Conv2d(2, 1, 3, connections=[[1, 0]], rng=draw(), dtype=np.float64)
    x = normal(1, 2, 5, 5)
    output = layer.forward(x)
    x[:, 1] += 1
    np.testing.assert_array_equal(layer.forward(x), output)


def test_initial_weights_have_the_variance_of_he():
    layer = Conv2d(8, 100, (5, 3), rng=draw())
    assert layer.weight.std() == pytest.approx((2 / 120) ** 0.5, rel=0.02)
    one = np.repeat([[1, 0, 0, 0, 0, 0, 0, 0]], 100, axis=0)
    layer = Conv2d(8, 100, (5, 3), connections=one, rng=draw())
    weight = layer.weight[:, 0]
    assert weight.std() == pytest.approx((2 / 15) ** 0.5, rel=0.05)
    assert (layer.bias == 0).all()
    layer = Conv2d(8, 100, (5, 3), groups=4, rng=draw())
    assert layer.weight.std() == pytest.approx((2 / 30) ** 0.5, rel=0.05)


def test_initial_dense_weights_have_the_variance_asked_for():
    for gain in (2.0, 0.01):
        layer = Linear(200, 100, gain=gain, rng=draw())
        expected = (gain / 200) ** 0.5
        assert layer.weight.std() == pytest.approx(expected, rel=0.02)
        assert (layer.bias == 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(padding="same", stride=2), "needs stride 1, not 2"),
        (dict(groups=3), "groups must divide .* 3 does not"),
        (dict(connections=np.ones((4, 6))), r"\(6, 4\), not \(4, 6\)"),
    ],
)
def test_arguments_of_conv2d_must_fit_one_another(options, message):
    with pytest.raises(ValueError, match=message):
        Conv2d(4, 6, 3, rng=draw(), **options)


# --- Pooling -----------------------------------------------------------------


@given(
    st.integers(0, 1000),
    pairs(2, 9),
    pairs(1, 4),
    pairs(1, 4),
    pairs(0, 2),
    pairs(1, 2),
    st.booleans(),
)
def test_the_first_of_equals_wins_as_in_torch(seed, size, k, s, p, d, ceil):
    assume(all(p_i <= k_i // 2 for p_i, k_i in zip(p, k)))
    for i, k_i, p_i, d_i in zip(size, k, p, d):
        assume(d_i * (k_i - 1) < i + 2 * p_i)
    # Few values, so that most windows hold their largest twice; some are as
    # small as the padding, some are no numbers.
    rng, values = np.random.default_rng(seed), [-np.inf, 0.0, 1.0, np.nan]
    x = rng.choice(values, (2, 2, *size), p=[0.5, 0.2, 0.25, 0.05])
    tensor = torch.tensor(x, requires_grad=True)
    expected = F.max_pool2d(tensor, k, s, p, d, ceil)
    gradient = rng.integers(1, 9, expected.shape) * 1.0
    expected.backward(torch.tensor(gradient))
    layer = MaxPool2d(k, s, p, d, ceil)
    found = layer.forward(x)
    np.testing.assert_array_equal(found, expected.detach())
    np.testing.assert_array_equal(layer.backward(gradient), tensor.grad)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.float16])
def test_no_gradient_is_lost_in_the_padding(dtype):
    least = -np.inf if dtype == np.float16 else np.array(-128).astype(dtype)
    least = False if dtype is bool else least
    layer = MaxPool2d(3, 2, 1)
    layer.forward(np.full((1, 1, 6, 7), least, dtype))
    assert layer.backward(np.ones((1, 1, 3, 4))).sum() == 12


def test_windows_of_nothing_but_minus_infinity_stay_in_their_image():
    x = np.full((2, 2, 4, 5), -np.inf)
    x[0, 1] = 1
    pool = MaxPool2d(3, 2, 1)
    output = pool.forward(x)
    assert (output[0, 1] == 1).all()
    gradient = pool.backward((output == 1) * 1.0)
    assert np.count_nonzero(gradient[0, 1]) > 0
    gradient[0, 1] = 0
    assert not gradient.any()


def test_one_window_may_span_a_whole_picture():
    x = normal(1, 1, 190, 200)
    pool = MaxPool2d((190, 200))
    assert pool.forward(x).item() == x.max()
    gradient = pool.backward(np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(gradient, x == x.max())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_avg_pool2d_as_in_torch(ceil_mode, count_include_pad, dtype):
    for kernel, stride, padding in itertools.product(
        [(2, 3), (3, 4), 5], [None, 1, (2, 3), (4, 3)], [0, (1, 0), 1]
    ):
        options = (kernel, stride, padding, ceil_mode, count_include_pad)
        assert_passes_agree(
            AvgPool2d(*options),
            lambda x, o=options: F.avg_pool2d(x, *o),
            normal(2, 3, 9, 7, dtype=dtype),
        )


def test_pictures_of_whole_numbers_do_not_overflow():
    x = np.full((1, 1, 16, 32), 200, np.uint8)
    assert AvgPool2d(16).forward(x).tolist() == [[[[200, 200]]]]
    assert MaxPool2d(16, padding=2).forward(x).max() == 200


# --- Point by point and dense ------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("layer", "reference"), [(ReLU, torch.relu), (Tanh, torch.tanh)]
)
def test_nonlinearities_as_in_torch(layer, reference, dtype):
    for shape in [(2, 3, 4, 5), (6, 7)]:
        x = 2 * normal(*shape, dtype=dtype)
        x[0] = 0
        assert_passes_agree(layer(), reference, x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_channel_scale_as_in_torch(dtype):
    assert_passes_agree(
        ChannelScale(3, dtype),
        lambda x, weight, bias: (
            x * weight[:, None, None] + bias[:, None, None]
        ),
        normal(2, 3, 4, 5, dtype=dtype),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_as_in_torch(dtype):
    layer = Linear(7, 5, rng=draw(), dtype=dtype)
    assert_passes_agree(layer, F.linear, normal(4, 7, dtype=dtype))


def test_flatten_as_in_torch():
    assert_passes_agree(
        Flatten(), lambda x: torch.flatten(x, 1), normal(2, 3, 4, 5)
    )


# --- Cross-entropy -----------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spread", [1, 30, 1e4])
def test_cross_entropy_as_in_torch(spread, dtype):
    logits = spread * normal(6, 5, dtype=dtype)
    labels = np.array([0, 4, 2, 2, 1, 3])
    loss = CrossEntropy()
    tensor = torch.tensor(logits, requires_grad=True)
    expected = F.cross_entropy(tensor, torch.tensor(labels))
    (3 * expected).backward()
    logits.flags.writeable = False
    assert_same(loss.forward(logits, labels), expected)
    assert_same(loss.backward(3.0), tensor.grad)
    assert_same(loss.backward(np.float64(3)), tensor.grad)
    floats = {a.dtype for a in arrays_in(loss) if a.dtype.kind == "f"}
    assert floats == {np.dtype(dtype)}


def test_large_logits_do_not_overflow():
    loss = CrossEntropy()
    logits = np.array([[1e4, 0], [-1e4, 1e4]], np.float32)
    assert loss.forward(logits, [0, 1]) == 0
    assert loss.forward(logits, [1, 0]) == 15_000
    assert loss.backward().tolist() == [[0.5, -0.5], [-0.5, 0.5]]
    assert loss.forward(np.array([[0, 200]], np.uint8), [0]) == 200


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, -1, 2], r"0\.\.2, not -1\.\.2"),
        ([True, False, True], r"3 whole numbers, not bool"),
        ([0, 1], r"3 whole numbers, not int64 of shape \(2,\)"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        CrossEntropy().forward(normal(3, 3), np.array(labels))


def test_logits_that_are_no_table_are_refused():
    with pytest.raises(ValueError, match=r"logits must have axes .* \(3,\)"):
        CrossEntropy().forward(np.ones(3), [0])
    with pytest.raises(ValueError, match=r"logits is empty, shape \(0, 3\)"):
        CrossEntropy().forward(np.ones((0, 3)), np.zeros(0, int))
    with pytest.raises(TypeError, match=r"logits must hold real numbers"):
        CrossEntropy().forward([["a"]], [0])
