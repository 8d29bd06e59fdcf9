"""The experiment on depth and structure: fair, repeatable, recorded."""

import json

import numpy as np
import pytest

from helpers import experiments
from helpers.data import load_mnist
from helpers.experiments import (
    FAMILIES,
    build,
    compare,
    main,
    pictures,
    scatter,
    shuffle_pixels,
    standardise,
)
from helpers.layers import Conv2d, Linear
from helpers.training import Recipe

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


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("side", [32, 40])
def test_depth_is_the_number_in_the_name(name, side):
    family = FAMILIES[name]
    network = build(name, family.matched, side, draw())
    with_weights = [a for a in network.layers if a.parameters]
    assert f"{len(with_weights)} layers" in name
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


def test_matched_networks_differ_by_a_tenth_in_size():
    counts = [
        build(name, family.matched, 40, draw()).parameter_count()
        for name, family in FAMILIES.items()
    ]
    assert max(counts) / min(counts) < 1.11


def test_families_have_four_sizes_that_overlap():
    for name, family in FAMILIES.items():
        counts = [
            build(name, w, 40, draw()).parameter_count() for w in family.widths
        ]
        assert len(counts) == 4
        assert counts == sorted(counts)
        assert family.matched in family.widths
        assert counts[0] < 10_000 < 60_000 < counts[-1]


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


def test_scattered_digit_is_the_digit(digits):
    image = digits.train_images[7, 0]
    sheet = scatter(digits, 40, draw(3)).train_images[7, 0]
    windows = np.lib.stride_tricks.sliding_window_view(sheet, (28, 28))
    assert (windows == image).all(axis=(2, 3)).sum() == 1


def test_sheet_must_hold_the_digit(digits):
    same = scatter(digits, 28, draw())
    np.testing.assert_array_equal(same.test_images, digits.test_images)
    with pytest.raises(ValueError, match="side must be at least 28 px"):
        scatter(digits, 27, draw())


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
    assert usual.train_images.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(usual.train_images, found.train_images)
    assert found.test_images.mean() > usual.test_images.mean() + 0.5


def test_pictures_are_the_same_each_time():
    first, second = pictures(count=40), pictures(count=40)
    np.testing.assert_array_equal(first.test_images, second.test_images)


def test_a_part_of_the_test_pictures_has_every_class():
    found = pictures(count=100)
    assert len(found.train_labels) == 100
    assert np.bincount(found.test_labels).min() >= 5
    every = pictures()
    assert len(every.train_labels) == 4000
    assert np.bincount(every.test_labels).tolist() == [100] * 10


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
        assert len(digits.train_images) == 60
        held_out = digits.test_images
        np.testing.assert_array_equal(held_out, part.train_images[60:])
    assert [rest for _, *rest in finals] == [[0.2, 4], [0.2, 5]] * 2
    assert all(digits is part for digits, *_ in finals)


def test_seeds_that_count_choose_nothing():
    assert experiments.RATE_SEED not in range(5)


def test_runs_repeat_themselves_and_differ_between_seeds(part):
    networks = [("dense, 2 layers", 64)]
    recipe = Recipe(epochs=4)
    first, second = (
        compare(part, networks, recipe, [0, 0, 1], [0.1])[0] for _ in range(2)
    )
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


# --- The record --------------------------------------------------------------


def test_command_line_records_every_run(tmp_path, capsys):
    settings = dict(images=40, epochs=1, seeds=2, output=tmp_path)
    main([f"--{name}={value}" for name, value in settings.items()])
    printed = capsys.readouterr().out
    assert printed.count("parameters:") == 16
    facts = json.loads((tmp_path / "depth_and_structure.json").read_bytes())
    assert [p.name for p in tmp_path.iterdir()] == ["depth_and_structure.json"]
    assert facts["seeds"] == [0, 1]
    assert facts["recipe"]["epochs"] == 1
    assert (facts["train_images"], facts["test_images"]) == (40, 40)
    assert len(facts["networks"]) == 16
    assert len(facts["shuffled"]) == 4
    for network in facts["networks"] + facts["shuffled"]:
        assert len(network["test_error"]) == len(network["diverged"]) == 2
        assert str(network["rate"]) in network["held_out_error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0"], "seeds must be at least 1"),
        (["--epochs", "0"], "epochs must be at least 1"),
        (["--images", "3"], "count must be at least 4"),
        (["--data", "letters"], "invalid choice"),
        (["--output", "no/such/folder"], "create the folder"),
    ],
)
def test_bad_arguments_are_told_before_any_training(
    arguments, message, capsys, monkeypatch
):
    monkeypatch.setattr(experiments, "record", None)
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_the_bundled_record_is_of_these_families():
    path = experiments.FOLDER / experiments.FILES["digits"]
    facts = json.loads(path.read_bytes())
    assert facts["recipe"]["epochs"] == experiments.RECIPE.epochs
    assert facts["seeds"] == list(range(5))
    found = [(n["family"], n["width"]) for n in facts["networks"]]
    assert found == [(f, w) for f in FAMILIES for w in FAMILIES[f].widths]
    for network in facts["networks"] + facts["shuffled"]:
        built = build(network["family"], network["width"], 40, draw())
        assert built.parameter_count() == network["parameters"]
        errors = network["held_out_error"]
        assert errors[str(network["rate"])] == min(errors.values())
        assert not any(network["diverged"])
