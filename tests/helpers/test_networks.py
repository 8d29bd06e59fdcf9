"""The networks: their counts, their gradients, and their files."""

import math
import os
import tracemalloc
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.layers import (
    AvgPool2d,
    ChannelScale,
    Conv2d,
    CrossEntropy,
    Linear,
)
from helpers.networks import (
    CONNECTIONS_1989,
    DenseNetwork,
    LeNet5,
    LeNet1989,
    Sequential,
)

NETWORKS = [LeNet5, LeNet1989, DenseNetwork]
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-10}


def draw(seed=0):
    return np.random.default_rng(seed)


def batch(n=8, dtype=np.float32):
    images = draw(1).standard_normal((n, 1, 28, 28)).astype(dtype)
    return images, draw(2).integers(0, 10, n)


def shaken(network):
    """The network with no parameter left at 0 or 1, as after training."""
    for place, p in enumerate(network.parameters.values()):
        noise = 0.1 * draw(place).standard_normal(p.shape).astype(p.dtype)
        p += noise * ((p != 0) if p.ndim == 4 else 1)
    return network


def small():
    """A network whose file has less than a thousand bytes."""
    return Sequential([Conv2d(1, 2, 3, rng=draw()), Linear(4, 3, rng=draw())])


def copies(network):
    return {name: p.copy() for name, p in network.parameters.items()}


def assert_same(answer, expected):
    """Equal in shape and dtype, and to the accuracy of the dtype."""
    expected = expected.detach().numpy()
    assert answer.shape == expected.shape
    assert answer.dtype == expected.dtype
    tolerance = TOLERANCE[expected.dtype.type] * np.abs(expected).max()
    np.testing.assert_allclose(answer, expected, rtol=0, atol=tolerance)


# --- Counts ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "count"),
    [(LeNet5, 61_706), (LeNet1989, 2_578), (DenseNetwork, 61_723)],
)
def test_free_parameters(make, count):
    network = make(draw())
    assert network.parameter_count() == count
    arrays = network.parameters.values()
    weights = sum(np.count_nonzero(p) for p in arrays if p.ndim > 1)
    others = sum(p.size for p in arrays if p.ndim == 1)
    assert weights + others == count


def test_units_and_connections_of_1989_as_in_the_paper():
    network = LeNet1989(draw())
    sizes = [output[0].size for output in network.trace(batch()[0])]
    units, connections, window = sizes[0] + 1, 0, None
    for layer, size in zip(network.layers, sizes[1:]):
        if isinstance(layer, AvgPool2d):
            window = math.prod(layer.window.kernel_size)
        elif isinstance(layer, ChannelScale):
            # Each unit reads its window and the bias.
            units, connections = (
                units + size,
                connections + size * (window + 1),
            )
        elif isinstance(layer, Conv2d | Linear):
            # Every position of a map uses the parameters of the map once.
            positions = size // layer.bias.size
            units += size
            connections += positions * layer.parameter_count()
    assert units == 4_635
    assert connections == 98_442


def test_maps_of_1989_as_in_the_paper():
    network = LeNet1989(draw())
    outputs = network.trace(batch(2)[0])
    shapes = [output.shape[1:] for output in outputs]
    assert list(dict.fromkeys(shapes)) == [
        (1, 28, 28),
        (4, 24, 24),
        (4, 12, 12),
        (12, 8, 8),
        (12, 4, 4),
        (192,),
        (10,),
    ]


def test_connections_of_1989_are_two_modules_that_share_nothing():
    # Table 1 of the paper: maps of H2 downwards, maps of H3 across.
    table = ["XXX.XX......", ".XXXXX......", "......XXX.XX", ".......XXXXX"]
    reads = [[mark == "X" for mark in row] for row in table]
    np.testing.assert_array_equal(CONNECTIONS_1989.T, reads)
    assert CONNECTIONS_1989.shape == (12, 4)
    assert CONNECTIONS_1989.sum() == 20
    upper, lower = CONNECTIONS_1989[:6], CONNECTIONS_1989[6:]
    assert not upper[:, 2:].any()
    assert not lower[:, :2].any()
    layer = LeNet1989(draw()).layers[5]
    np.testing.assert_array_equal(layer.connections, CONNECTIONS_1989)


def test_shapes_of_lenet5_on_the_way():
    network = LeNet5(draw())
    outputs = network.trace(batch(2)[0])
    assert len(outputs) == len(network.layers) + 1
    shapes = [output.shape for output in outputs]
    assert list(dict.fromkeys(shapes)) == [
        (2, 1, 28, 28),
        (2, 6, 28, 28),
        (2, 6, 14, 14),
        (2, 16, 10, 10),
        (2, 16, 5, 5),
        (2, 400),
        (2, 120),
        (2, 84),
        (2, 10),
    ]


# --- Both passes against torch -----------------------------------------------


def lenet5_in_torch(x, p):
    """The network of `LeNet5`, from a dict of parameters."""
    modules = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    return torch.func.functional_call(modules, p, x)


def lenet1989_in_torch(x, p):
    """The network of `LeNet1989`, from a dict of parameters."""

    def subsample(h, weight, bias):
        h = F.avg_pool2d(h, 2) * weight[:, None, None]
        return torch.tanh(h + bias[:, None, None])

    kernel = p["5.weight"] * torch.tensor(CONNECTIONS_1989[:, :, None, None])
    h = torch.tanh(F.conv2d(x, p["0.weight"], p["0.bias"]))
    h = subsample(h, p["3.weight"], p["3.bias"])
    h = torch.tanh(F.conv2d(h, kernel, p["5.bias"]))
    h = subsample(h, p["8.weight"], p["8.bias"])
    return F.linear(h.flatten(1), p["11.weight"], p["11.bias"])


def dense_in_torch(x, p):
    """The network of `DenseNetwork`, from a dict of parameters."""
    h = F.relu(F.linear(x.flatten(1), p["1.weight"], p["1.bias"]))
    h = F.relu(F.linear(h, p["3.weight"], p["3.bias"]))
    return F.linear(h, p["5.weight"], p["5.bias"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("make", "reference"),
    [
        (LeNet5, lenet5_in_torch),
        (LeNet1989, lenet1989_in_torch),
        (DenseNetwork, dense_in_torch),
    ],
)
def test_logits_loss_and_gradients_as_in_torch(make, reference, dtype):
    network, loss = shaken(make(draw(), dtype)), CrossEntropy()
    images, labels = batch(dtype=dtype)
    tensors = {
        name: torch.tensor(p, requires_grad=True)
        for name, p in network.parameters.items()
    }
    x = torch.tensor(images, requires_grad=True)
    logits = reference(x, tensors)
    expected = F.cross_entropy(logits, torch.tensor(labels))
    expected.backward()

    answer = network.forward(images)
    assert_same(answer, logits)
    assert_same(loss.forward(answer, labels), expected)
    assert_same(network.backward(loss.backward()), x.grad)
    assert set(network.gradients) == set(tensors)
    for name, tensor in tensors.items():
        assert_same(network.gradients[name], tensor.grad)


@pytest.mark.parametrize("make", NETWORKS)
def test_the_seed_decides_the_weights(make):
    first, second = copies(make(draw(5))), copies(make(draw(5)))
    np.testing.assert_equal(first, second)
    other = copies(make(draw(6)))
    assert any((other[name] != p).any() for name, p in first.items())


def test_parameters_are_those_of_the_layers():
    network = small()
    assert list(network.parameters) == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
    ]
    network.parameters["1.bias"] += 7
    assert (network.layers[1].bias == 7).all()
    assert network.gradients == {}
    assert (
        repr(network)
        == "Sequential(\n  Conv2d(1, 2, 3x3),\n  Linear(4, 3),\n)"
    )


# --- Bad inputs --------------------------------------------------------------


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_pictures_must_be_scaled_first(make, dtype):
    with pytest.raises(TypeError, match=r"takes floats, not .*data\.scale"):
        make(draw()).forward(np.zeros((2, 1, 28, 28), dtype))


# --- Files -------------------------------------------------------------------


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("name", ["network.npz", "no ending", "ß.bin"])
def test_a_saved_network_comes_back_bit_by_bit(make, name, tmp_path):
    path = tmp_path / name
    saved, loaded = shaken(make(draw(1))), make(draw(2))
    saved.save(path)
    assert os.listdir(tmp_path) == [name]
    held = loaded.parameters
    loaded.load(str(path))
    for key, p in saved.parameters.items():
        assert loaded.parameters[key].tobytes() == p.tobytes()
        assert loaded.parameters[key] is held[key]


def test_a_file_holds_plain_arrays_without_pickle(tmp_path):
    network = small()
    network.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_equal(dict(file), network.parameters)


def test_saving_again_replaces_the_file(tmp_path):
    network = small()
    network.save(tmp_path / "a.npz")
    network.layers[1].bias[...] = 5
    network.save(tmp_path / "a.npz")
    other = small()
    other.load(tmp_path / "a.npz")
    assert (other.layers[1].bias == 5).all()
    assert os.listdir(tmp_path) == ["a.npz"]


def test_saving_that_breaks_off_keeps_the_old_file(tmp_path, monkeypatch):
    def full_disk(file, **arrays):
        file.write(b"half of it")
        raise OSError("no space left")

    network = small()
    network.save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()
    monkeypatch.setattr(np, "savez_compressed", full_disk)
    for name in ("a.npz", "b.npz"):
        with pytest.raises(OSError, match="no space left"):
            network.save(tmp_path / name)
    assert os.listdir(tmp_path) == ["a.npz"]
    assert (tmp_path / "a.npz").read_bytes() == before


def assert_refused(path, message=None):
    """Loading raises ValueError and leaves every parameter alone."""
    network = small()
    for p in network.parameters.values():
        p[...] = 7
    with pytest.raises(ValueError, match=message) as error:
        network.load(path)
    assert str(path) in str(error.value)
    for p in network.parameters.values():
        assert (p == 7).all()


@pytest.fixture
def path(tmp_path):
    """A file with a small network."""
    path = tmp_path / "a.npz"
    small().save(path)
    return path


def test_a_file_cut_short_is_refused(path):
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 20), len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert_refused(path, "does not hold this network")


def test_a_flipped_bit_is_found_or_does_not_matter(path):
    whole, saved, found = path.read_bytes(), small(), 0
    for bit in range(0, 8 * len(whole), 11):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        network = small()
        for p in network.parameters.values():
            p[...] = 7
        try:
            network.load(path)
        except ValueError:
            found += 1
            assert all((p == 7).all() for p in network.parameters.values())
        else:
            np.testing.assert_equal(network.parameters, saved.parameters)
    assert found > 300


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and", b"a text"])
def test_garbage_is_refused(content, path):
    path.write_bytes(content)
    assert_refused(path, "does not hold this network .*(no .npz|not a zip)")


class Bomb:
    """Does harm when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_pickles_are_refused_and_not_run(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    arrays = copies(small()) | {"1.bias": np.array([Bomb()] * 3)}
    np.savez(path, **arrays)
    assert_refused(path, r"1.bias: \(3,\) of kind O where")
    with open(path, "wb") as file:
        np.save(file, arrays["1.bias"], allow_pickle=True)
    assert_refused(path, r"it is no \.npz file")
    assert os.listdir(path.parent) == ["a.npz"]


@pytest.mark.parametrize("value", ["text", 1j, True, 3, b"bytes"])
def test_arrays_of_anything_but_floats_are_refused(value, path):
    arrays = copies(small()) | {"1.bias": np.array([value] * 3)}
    np.savez(path, **arrays)
    assert_refused(path, r"it differs in 1.bias: \(3,\)")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"1.bias": np.ones(4)}, r"1.bias: \(4,\)"),
        ({"1.bias": np.ones((3, 1))}, r"1.bias: \(3, 1\)"),
        ({"1.bias": np.ones(())}, r"1.bias: \(\)"),
        ({"2.bias": np.ones(3)}, r"2.bias: \(3,\)"),
        ({"1.bias": None}, r"1.bias: nothing"),
    ],
)
def test_other_shapes_and_names_are_refused(change, message, path):
    arrays = copies(small()) | change
    np.savez(path, **{n: a for n, a in arrays.items() if a is not None})
    assert_refused(
        path, f"does not hold this network .it differs in {message}"
    )


def test_a_small_file_of_large_arrays_is_refused_at_once(path):
    """It would unpack to 400 MB, by its header or behind it."""
    large = np.zeros(10**8, np.float32)
    np.savez_compressed(path, **copies(small()) | {"1.bias": large})
    assert path.stat().st_size < 10**6
    tracemalloc.start()
    assert_refused(path, r"differs in 1.bias: \(100000000,\)")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**6


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39, -1e300])
@pytest.mark.parametrize("name", ["0.weight", "1.bias"])
def test_what_is_not_finite_in_this_network_is_refused(value, name, path):
    arrays = copies(small())
    arrays[name] = arrays[name].astype(float)
    arrays[name].flat[-1] = value
    np.savez(path, **arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_refused(path, f"{name} is not finite in float32")


@pytest.mark.parametrize("make", NETWORKS)
def test_the_file_of_another_network_is_refused(make, path):
    make(draw()).save(path)
    assert_refused(path, "does not hold this network .it differs")


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        small().load(tmp_path / "none.npz")


def test_a_network_of_float64_takes_the_weights_of_float32(path):
    network = Sequential(
        [
            Conv2d(1, 2, 3, rng=draw(1), dtype=np.float64),
            Linear(4, 3, rng=draw(1), dtype=np.float64),
        ]
    )
    network.load(path)
    for name, p in small().parameters.items():
        assert network.parameters[name].dtype == np.float64
        np.testing.assert_array_equal(network.parameters[name], p)
