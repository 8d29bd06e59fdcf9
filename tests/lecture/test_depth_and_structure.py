"""The experiment on depth and structure: fair and repeatable."""

import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io

from helpers.data import load_mnist
from helpers.layers import Conv2d, Linear
from helpers.training import Recipe
from lecture import depth_and_structure as experiments
from lecture.depth_and_structure import (
    CONTROLS,
    FAMILIES,
    build,
    centre,
    compare,
    hold_out,
    load_svhn,
    pictures,
    scatter,
    shuffle_pixels,
    standardise,
)

QUICK = Recipe(epochs=1)


def draw(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    return load_mnist()


@pytest.fixture(scope="module")
def part():
    return pictures("digits", count=80)


# --- The families ------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES | CONTROLS)
@pytest.mark.parametrize("side", [32, 40])
def test_depth_is_the_number_in_the_name(name, side):
    family = (FAMILIES | CONTROLS)[name]
    network = build(name, family.matched, side, draw())
    with_weights = [a for a in network.layers if a.parameters]
    assert f"{len(with_weights)} layers" in name
    pools = [
        a.window.kernel_size[0] for a in network.layers if "Pool" in f"{a}"
    ]
    assert name in FAMILIES or f"pooled by {np.prod(pools)}" in name
    kinds = {type(layer) for layer in with_weights[:-1]}
    assert kinds == {Conv2d if "conv" in name else Linear}
    assert isinstance(with_weights[-1], Linear)
    images = np.zeros((3, 1, side, side), np.float32)
    assert network.forward(images).shape == (3, 10)


@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_deep_networks_begin_like_shallow_ones(kind):
    shallow, deep = (
        build(f"{kind}, {depth} layers", 8, 40, draw()) for depth in (2, 5)
    )
    until = [isinstance(a, Linear | Conv2d) for a in shallow.layers].index(1)
    assert repr(shallow.layers[:until]) == repr(deep.layers[:until])
    a, b = shallow.layers[until].weight, deep.layers[until].weight
    np.testing.assert_array_equal(a, b)


def test_families_have_four_sizes_that_overlap():
    matched = []
    for name, family in FAMILIES.items():
        built = [build(name, width, 40, draw()) for width in family.widths]
        counts = [network.parameter_count() for network in built]
        assert len(counts) == 4
        assert counts == sorted(counts)
        assert counts[0] < 10_000 < 60_000 < counts[-1]
        matched.append(counts[family.widths.index(family.matched)])
    assert max(matched) / min(matched) < 1.11


def test_controls_split_what_depth_brings():
    pooled, plain = (
        build(f, CONTROLS[f].matched, 40, draw()) for f in CONTROLS
    )
    deep = build("convolution, 5 layers", 4, 40, draw())
    counts = [n.parameter_count() for n in (plain, deep, pooled)]
    assert counts == [8218, 9098, 9118]
    maps = [a.weight.shape[0] for a in plain.layers if isinstance(a, Conv2d)]
    assert maps == [9] * 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("dense", 8, 40), "family must be one of 'dense, 2 layers', 'den"),
        (("convolution, 5 layers", 8, 28), "side must be divisible by 8, n"),
        (("convolution, 2 layers", 8, 16), "side must be at least 24, not"),
        (("dense, 5 layers", 0, 40), "width must be at least 1, not 0"),
    ],
)
def test_networks_that_cannot_be_are_told(settings, message):
    with pytest.raises(ValueError, match=message):
        build(*settings, draw())


# --- The pictures ------------------------------------------------------------


def test_scattered_digits_are_whole_and_lie_everywhere(digits):
    moved = scatter(digits, 40, draw())
    for before, after in [(digits[0], moved[0]), (digits[2], moved[2])]:
        sums = before.sum(axis=(1, 2, 3), dtype=int)
        np.testing.assert_array_equal(sums, after.sum((1, 2, 3), dtype=int))
    np.testing.assert_array_equal(moved.train_labels, digits.train_labels)
    ink = moved.train_images.any(axis=(0, 1))
    reached = [np.flatnonzero(ink.any(axis)) for axis in (0, 1)]
    assert all(max(r[0], 39 - r[-1]) <= 4 for r in reached)
    assert ink[8:-8, 8:-8].all()
    assert len({image.tobytes() for image in moved.train_images}) == 4000
    sheet, image = moved.train_images[7, 0], digits.train_images[7, 0]
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (28, 28))
    assert (windows == image).all(axis=(2, 3)).sum() == 1


def test_sheet_must_hold_the_digit(digits):
    same = scatter(digits, 28, draw())
    np.testing.assert_array_equal(same.test_images, digits.test_images)
    with pytest.raises(ValueError, match="side must be at least 28 px"):
        scatter(digits, 27, draw())
    with pytest.raises(TypeError, match="digits must be Digits"):
        scatter([], 40, draw())


def test_centred_digits_lie_in_the_middle(digits):
    for side, start in [(40, 6), (31, 1), (28, 0)]:
        moved = centre(digits, side)
        assert moved.train_images.shape[2:] == (side, side)
        middle = slice(start, start + 28)
        for before, after in [(digits[0], moved[0]), (digits[2], moved[2])]:
            np.testing.assert_array_equal(after[..., middle, middle], before)
            assert before.sum(dtype=int) == after.sum(dtype=int)
    with pytest.raises(ValueError, match="side must be at least 28 px"):
        centre(digits, 27)


def test_all_pictures_are_shuffled_alike(digits):
    shuffled = shuffle_pixels(digits, draw())
    numbered = digits._replace(
        train_images=np.arange(784).reshape(1, 1, 28, 28),
        test_images=np.arange(784).reshape(1, 1, 28, 28),
    )
    order = shuffle_pixels(numbered, draw()).test_images.ravel()
    assert sorted(order) == list(range(784))
    for before, after in zip(digits[::2], shuffled[::2]):
        flat = before.reshape(len(before), 784)[:, order]
        np.testing.assert_array_equal(after.reshape(len(after), 784), flat)


def test_pixels_are_standardised_by_the_training_pictures_alone(digits):
    brighter = digits._replace(test_images=digits.test_images // 2 + 100)
    usual, found = standardise(digits), standardise(brighter)
    assert usual.train_images.dtype == usual.test_images.dtype == np.float32
    assert usual.train_images.mean() == pytest.approx(0, abs=1e-4)
    assert usual.train_images.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(usual.train_images, found.train_images)
    assert found.test_images.mean() > usual.test_images.mean() + 0.5
    with pytest.raises(ValueError, match="must not all be of one grey"):
        standardise(digits._replace(train_images=digits.train_images * 0))


def test_a_part_of_the_test_pictures_has_every_class():
    found, again = pictures(count=100), pictures(count=100)
    np.testing.assert_array_equal(found.test_images, again.test_images)
    assert len(found.train_labels) == 100
    assert np.bincount(found.test_labels).min() >= 5
    every = pictures()
    assert len(every.train_labels) == 4000
    assert np.bincount(every.test_labels).tolist() == [100] * 10
    with pytest.raises(ValueError, match='data must be "digits" or "svhn"'):
        pictures("mnist")


@pytest.mark.parametrize("count", [1, 500, 3999])
def test_held_out_digits_are_training_digits(digits, count):
    held = hold_out(digits, count)
    assert len(held.test_images) == len(held.test_labels) == count
    for new in (0, 1):
        both = np.concatenate([held[new], held[new + 2]])
        np.testing.assert_array_equal(both, digits[new])


@pytest.mark.parametrize("count", [0, -5, 4000])
def test_hold_out_must_leave_some_and_take_some(digits, count):
    with pytest.raises(ValueError, match=rf"hold-out must .*\D{abs(count)}$"):
        hold_out(digits, count)


# --- SVHN --------------------------------------------------------------------


@pytest.fixture
def numbers(monkeypatch):
    """Make some noise in SVHN's format pass for it: a label 10 is a nought."""
    datasets = pytest.importorskip("torchvision.datasets")
    arrays, files, listed = {}, {}, {}
    for split, count in [("train", 7), ("test", 4)]:
        labels = draw(count).integers(1, 11, (count, 1), dtype=np.uint8)
        labels[0] = 10
        pixels = draw().integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        arrays[split] = {"X": pixels, "y": labels}
        buffer, name = io.BytesIO(), f"{split}_32x32.mat"
        scipy.io.savemat(buffer, arrays[split])
        files[name] = buffer.getvalue()
        listed[split] = ["", name, hashlib.md5(files[name]).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)

    def download(self):
        self.root.mkdir(exist_ok=True)
        (self.root / self.filename).write_bytes(files[self.filename])

    monkeypatch.setattr(datasets.SVHN, "download", download)
    return SimpleNamespace(arrays=arrays, files=files, source=datasets.SVHN)


def check_numbers(found, numbers):
    for split, images, labels in [("train", *found[:2]), ("test", *found[2:])]:
        colour, expected = numbers.arrays[split].values()
        red, green, blue = np.moveaxis(colour.astype(float), (2, 3), (0, 1))
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
        assert images.shape == (len(expected), 1, 32, 32)
        assert np.abs(images[:, 0] - grey).max() <= 0.5 + 1e-9
        np.testing.assert_array_equal(labels, expected.ravel() % 10)


def test_house_numbers_are_fetched_and_kept(numbers, tmp_path, monkeypatch):
    root = tmp_path / "new" / "folder"
    check_numbers(load_svhn(root), numbers)
    kept = {path.name: path.read_bytes() for path in root.glob("*/*")}
    assert kept == numbers.files
    assert [path.name for path in root.iterdir()] == ["SVHN"]
    monkeypatch.setattr(numbers.source, "download", None)
    check_numbers(load_svhn(str(root)), numbers)
    monkeypatch.setattr(experiments, "FOLDER", root)
    found = pictures("svhn", count=4)
    assert found.train_images.shape == (4, 1, 32, 32)
    assert found.train_images.mean() == pytest.approx(0, abs=1e-5)


def test_damaged_house_numbers_say_what_to_delete(numbers, tmp_path):
    load_svhn(tmp_path)
    path = tmp_path / "SVHN" / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short or altered") as caught:
        load_svhn(tmp_path)
    assert f"delete {tmp_path / 'SVHN'} and call" in str(caught.value)


@pytest.mark.parametrize("content", [None, b"<html>Please log in.</html>"])
def test_house_numbers_that_cannot_be_had_leave_nothing(
    numbers, tmp_path, monkeypatch, content
):
    if content:
        numbers.files["test_32x32.mat"] = content
    else:
        del numbers.files["test_32x32.mat"]
    with pytest.raises(ConnectionError, match="check the network") as caught:
        load_svhn(tmp_path)
    assert 'the pictures "digits"' in str(caught.value)
    assert not list(tmp_path.iterdir())


# --- The comparison ----------------------------------------------------------


def test_rate_is_chosen_on_training_pictures(part, monkeypatch):
    """The trials never see the test, and the lowest error wins."""
    seen = []

    def trial(digits, family, width, recipe, seed):
        seen.append((digits, recipe.peak_rate, seed))
        error = {0.1: 30.0, 0.2: 10.0, 0.3: 20.0}[recipe.peak_rate]
        return dict(train_error=0.0, test_error=error, diverged=False)

    monkeypatch.setattr(experiments, "trial", trial)
    networks = [("dense, 2 layers", 5), ("convolution, 2 layers", 2)]
    found = compare(part, networks, QUICK, [4, 5], [0.1, 0.2, 0.3])
    assert [network["rate"] for network in found] == [0.2, 0.2]
    assert found[0]["held_out_error"] == {0.1: 30.0, 0.2: 10.0, 0.3: 20.0}
    trials, finals = seen[:6], seen[6:]
    for digits, _, seed in trials:
        assert seed == experiments.RATE_SEED
        assert seed not in range(5)
        assert len(digits.train_images) == 60
        held_out = digits.test_images
        np.testing.assert_array_equal(held_out, part.train_images[60:])
    assert [rest for _, *rest in finals] == [[0.2, 4], [0.2, 5]] * 2
    assert all(digits is part for digits, *_ in finals)


def test_runs_repeat_themselves_and_differ_between_seeds(part):
    settings = [("dense, 2 layers", 64)], Recipe(epochs=4), [0, 0, 1], [0.1]
    first, second = (compare(part, *settings)[0] for _ in range(2))
    assert first == second
    errors = list(zip(first["train_error"], first["test_error"]))
    assert errors[0] == errors[1] != errors[2]


def test_two_processes_find_the_same(part):
    networks = [("dense, 2 layers", 5), ("convolution, 5 layers", 2)]
    settings = (part, networks, QUICK, [0, 1], [0.01, 0.1])
    assert compare(*settings) == compare(*settings, n_jobs=2)


def test_training_that_diverges_counts_as_guessing(part):
    settings = [("dense, 5 layers", 5)], Recipe(epochs=4), [0]
    found = compare(part, *settings, [1e30, 0.1])[0]
    assert found["held_out_error"][1e30] == 90
    found = compare(part, *settings, [1e30])[0]
    assert found["diverged"] == [True]
    assert found["test_error"] == found["train_error"] == [90.0]
