"""The records: every run of every seed, and nothing that is not JSON."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers import data
from helpers.data import FOLDER, Digits, load_mnist
from helpers.networks import LeNet5
from helpers.training import Diverged, Recipe, evaluate, fit
from lecture import depth_and_structure as families
from lecture import records
from lecture.records import main, read_record, record_lenet5, train_lenet5

QUICK = Recipe(epochs=2, batch_size=50)
WILD = Recipe(epochs=2, batch_size=50, peak_rate=1e6)


@pytest.fixture(scope="module")
def part():
    """Return 150 digits to train and 50 to test."""
    images, labels = load_mnist()[:2]
    return Digits(images[:150], labels[:150], images[150:200], labels[150:200])


def strict_json(text):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def run_command(folder, settings):
    assert main([*settings.split(), "--output", str(folder)]) == 0


def draw():
    return np.random.default_rng(99)


def are_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- LeNet-5 -----------------------------------------------------------------


def test_run_reports_each_epoch(part, monkeypatch):
    history = {
        "loss": [3.0, 2.0, 1.0, 1.0, 0.5, 0.0],
        "train_accuracy": [0.5, 0.875],
        "test_accuracy": [0.25, 0.9983],
    }
    monkeypatch.setattr(records, "fit", lambda *a, **k: history)
    run = train_lenet5(part, QUICK, 4)
    assert run.pop("parameters").keys() == LeNet5(draw()).parameters.keys()
    assert run == {
        "seed": 4,
        "loss": [2.0, 0.5],
        "train_error": [50.0, 12.5],
        "test_error": [75.0, 0.17],
        "diverged": None,
    }


def test_one_diverging_seed_does_not_spoil_the_record(part, monkeypatch):
    def fit_or_fail(network, *arrays, **settings):
        calls.append(network)
        if len(calls) == 1:
            raise Diverged("diverged")
        return fit(network, *arrays, **settings)

    calls = []
    monkeypatch.setattr(records, "fit", fit_or_fail)
    facts, weights = record_lenet5("a part", part, QUICK, [5, 6, 6, 7])
    facts = strict_json(json.dumps(facts))
    assert (facts["network"], facts["data"]) == ("LeNet5", "a part")
    assert (facts["train_images"], facts["test_images"]) == (150, 50)
    assert Recipe(**facts["recipe"]) == QUICK
    assert facts["versions"]["numpy"] == np.__version__
    assert [run["seed"] for run in facts["runs"]] == facts["seeds"]
    assert facts["seeds"] == [5, 6, 6, 7]
    assert facts["diverged"] == [5]
    assert facts["runs"][0]["diverged"] == "diverged"
    assert facts["runs"][1] == facts["runs"][2]
    assert facts["runs"][1]["loss"] != facts["runs"][3]["loss"]
    errors = [run["test_error"][-1] for run in facts["runs"][1:]]
    assert facts["mean_test_error"] == round(np.mean(errors), 4)
    assert facts["std_test_error"] == round(np.std(errors), 4)
    for name, parameter in calls[1].parameters.items():
        np.testing.assert_array_equal(weights[name], parameter)


def test_record_is_json_when_every_seed_diverges(part):
    facts, weights = record_lenet5("a part", part, WILD, [0, 1])
    facts = strict_json(json.dumps(facts))
    assert facts["diverged"] == [0, 1]
    assert facts["mean_test_error"] is None
    assert "diverged in step" in facts["runs"][0]["diverged"]
    assert facts["runs"][0]["test_error"] == []
    assert weights is None


def test_command_writes_record_weights_and_mistakes(tmp_path, capsys):
    settings = "lenet5 --seeds 1 --epochs 1 --batch-size 50 --hold-out 3000"
    run_command(tmp_path, settings)
    name = "lenet5_subset_held_out"
    files = [f"{name}.json", f"{name}.npz", f"{name}_mistakes.npz"]
    assert names(tmp_path) == files
    facts = strict_json((tmp_path / files[0]).read_text())
    assert (facts["train_images"], facts["test_images"]) == (1000, 3000)
    assert facts["recipe"]["epochs"] == 1
    assert facts["recipe"]["batch_size"] == 50
    network = LeNet5(draw())
    network.load(tmp_path / files[1])
    images, labels = load_mnist()[:2]
    accuracy = evaluate(network, images[-3000:], labels[-3000:])
    assert facts["runs"][0]["test_error"] == [round(100 - 100 * accuracy, 3)]
    assert facts["mean_test_error"] == round(100 - 100 * accuracy, 3) > 0
    with np.load(tmp_path / files[2]) as wrong:
        assert len(wrong["labels"]) == round(3000 * (1 - accuracy))
    told = f"{name}: test error {facts['mean_test_error']} %"
    assert told in capsys.readouterr().out


@pytest.mark.parametrize("replaced", range(4))
def test_files_of_two_runs_are_refused(part, tmp_path, monkeypatch, replaced):
    """As after a kill between any two of the three files."""

    def replace(*paths):
        if len(moved) == replaced:
            raise KeyboardInterrupt
        moved.append(real(*paths))

    real, moved = os.replace, []
    monkeypatch.setattr(records, "load_mnist", lambda *_, **__: part)
    quick = ["lenet5", "--seeds", "1", "--epochs", "1"]
    quick += ["--output", str(tmp_path), "--batch-size"]
    path = tmp_path / "lenet5_subset.json"
    assert main([*quick, "50"]) == 0
    old = read_record(path)
    monkeypatch.setattr(os, "replace", replace)
    assert main([*quick, "100"]) == (0 if replaced == 3 else 130)
    if replaced in (1, 2):
        with pytest.raises(ValueError, match="is not of the run that"):
            read_record(path)
    else:
        assert (read_record(path) == old) == (replaced == 0)


def test_weights_beside_a_record_that_has_none_are_refused(
    part, tmp_path, monkeypatch
):
    monkeypatch.setattr(records, "load_mnist", lambda *_, **__: part)
    path = tmp_path / "lenet5_subset.json"
    run_command(tmp_path, "lenet5 --seeds 1 --epochs 2 --peak-rate 1e6")
    assert read_record(path)["diverged"] == [0]
    LeNet5(draw()).save(path.with_suffix(".npz"))
    with pytest.raises(ValueError, match="is not of the run"):
        read_record(path)


@pytest.mark.skipif(os.name != "posix", reason="sends signals to a group")
@pytest.mark.parametrize("kind", ["SIGTERM", "SIGINT"])
def test_stopped_command_keeps_what_ended_and_ends_its_workers(tmp_path, kind):
    words = "lecture.records lenet5 --seeds 40 --jobs 2 --epochs 1 --output"
    run = [sys.executable, "-m", *words.split(), str(tmp_path)]
    pipe = dict(stderr=subprocess.PIPE, text=True)
    with subprocess.Popen(run, start_new_session=True, **pipe) as process:
        said = ""
        while " 1/40" not in said and " 2/40" not in said:
            said += process.stderr.read(1)
        if kind == "SIGINT":  # as a terminal does: to all
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        try:
            said = process.communicate(timeout=60)[1]
        except subprocess.TimeoutExpired:  # a worker keeps the pipe open
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 130
    assert "Traceback" not in said
    assert re.search(r"\nstopped: \d+ of the runs .*part.json\n$", said), said
    assert names(tmp_path) == ["lenet5_subset.part.json"]
    facts = strict_json((tmp_path / names(tmp_path)[0]).read_text())
    seeds = [run["seed"] for run in facts["runs"]]
    assert seeds == list(range(len(seeds)))
    end = time.monotonic() + 20
    while are_alive(process.pid):
        assert time.monotonic() < end, "a worker outlives the command"
        time.sleep(0.1)


def test_command_tests_on_the_test_digits(tmp_path, monkeypatch, capsys):
    def record(*given):
        seen.extend(given)
        facts = dict(mean_test_error=None, std_test_error=None)
        return facts | dict(diverged=[0, 1]), None

    seen = []
    monkeypatch.setattr(records, "record_lenet5", record)
    run_command(tmp_path, "lenet5 --seeds 2 --jobs 1 --peak-rate 1e6")
    name, digits, *rest = seen
    for array, right in zip(digits, load_mnist(), strict=True):
        np.testing.assert_array_equal(array, right)
    assert name == "subset"
    assert rest == [Recipe(epochs=10, peak_rate=1e6), range(2), 1, []]
    assert names(tmp_path) == ["lenet5_subset.json"]  # there are no weights
    assert "diverged: [0, 1]" in capsys.readouterr().out


def test_the_recipe_of_all_digits_is_the_recorded_one():
    facts = json.loads((FOLDER / "lenet5_full.json").read_text())
    assert Recipe(**facts["recipe"]) == records.DEFAULTS["full"]


# --- Depth and structure -----------------------------------------------------


def test_command_records_every_network(tmp_path, capsys, monkeypatch):
    def trial(digits, family, width, recipe, seed):
        assert recipe.epochs == 1
        error = float(width) + digits.train_labels[0]
        return dict(train_error=error, test_error=error, diverged=False)

    monkeypatch.setattr(families, "trial", trial)
    settings = "depth_and_structure --images 40 --epochs 1 --seeds 2"
    run_command(tmp_path, settings)
    assert capsys.readouterr().out.count("parameters:") == 20
    assert names(tmp_path) == ["depth_and_structure.json"]
    facts = strict_json((tmp_path / "depth_and_structure.json").read_text())
    assert facts["seeds"] == [0, 1]
    assert facts["recipe"]["epochs"] == 1
    assert (facts["train_images"], facts["test_images"]) == (40, 40)
    assert (len(facts["networks"]), len(facts["shuffled"])) == (16, 4)
    for network in facts["networks"] + facts["shuffled"]:
        assert network["test_error"] == [network["width"] + 5.0] * 2
        assert network["diverged"] == [False, False]
        assert str(network["rate"]) in network["held_out_error"]


def test_command_records_the_controls(tmp_path, capsys, monkeypatch):
    def trial(digits, family, width, recipe, seed):
        edge = digits.train_images[:, 0, :6]  # paper, where none is scattered
        error = 10.0 if edge.min() == edge.max() else 20.0
        return dict(train_error=error, test_error=error, diverged=False)

    monkeypatch.setattr(families, "trial", trial)
    run_command(tmp_path, "depth_controls --epochs 1 --seeds 2")
    assert capsys.readouterr().out.count("parameters:") == 6
    facts = strict_json((tmp_path / families.CONTROLS_FILE).read_text())
    assert facts["recipe"]["epochs"] == 1
    for name, kinds, error in [
        ("centred", families.FAMILIES, 10),
        ("scattered", families.CONTROLS, 20),
    ]:
        assert [n["family"] for n in facts[name]] == list(kinds)
        assert all(n["test_error"] == [error] * 2 for n in facts[name])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (families.FILES["digits"], ["networks", "shuffled"]),
        (families.CONTROLS_FILE, ["centred", "scattered"]),
    ],
)
def test_the_bundled_records_are_of_these_families(name, parts):
    facts = json.loads((FOLDER / name).read_bytes())
    assert facts["recipe"]["epochs"] == families.RECIPE.epochs
    assert facts["seeds"] == list(range(5))
    kinds = families.FAMILIES
    if "networks" in parts:
        found = [(n["family"], n["width"]) for n in facts["networks"]]
        assert found == [(f, w) for f in kinds for w in kinds[f].widths]
    for network in [network for part in parts for network in facts[part]]:
        sizes = network["family"], network["width"], 40
        built = families.build(*sizes, draw())
        assert built.parameter_count() == network["parameters"]
        errors = network["held_out_error"]
        assert errors[str(network["rate"])] == min(errors.values())
        assert not any(network["diverged"])


# --- The bundled digits ------------------------------------------------------


def test_first_500_of_each_class_are_written(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=7000)
    images = rng.integers(256, size=(7000, 1, 28, 28), dtype=np.uint8)

    def full_set(which, root, download):
        assert (which, root, download) == ("full", "here", True)
        return Digits(images, labels, images[:0], labels[:0])

    monkeypatch.setattr(records, "load_mnist", full_set)
    run_command(tmp_path, "mnist_5k here")
    seen, chosen = [0] * 10, []
    for place, label in enumerate(labels):
        seen[label] += 1
        if seen[label] <= 500:
            chosen.append(place)
    with np.load(tmp_path / "mnist_5k.npz") as saved:
        assert sorted(saved) == ["images", "labels"]
        assert saved["images"].shape == (5000, 28, 28)
        assert saved["labels"].dtype == np.uint8
        np.testing.assert_array_equal(saved["images"], images[chosen, 0])
        np.testing.assert_array_equal(saved["labels"], labels[chosen])
    assert names(tmp_path) == ["mnist_5k.npz"]


@pytest.mark.skipif(
    "MNIST_ROOT" not in os.environ, reason="MNIST_ROOT names no folder"
)
def test_bundled_digits_are_what_the_command_makes(tmp_path):
    run_command(tmp_path, f"mnist_5k {os.environ['MNIST_ROOT']}")
    made, kept = tmp_path / data.SUBSET, FOLDER / data.SUBSET
    with np.load(made) as made, np.load(kept) as kept:
        assert sorted(made) == sorted(kept)
        for name in kept:
            assert made[name].dtype == kept[name].dtype
            np.testing.assert_array_equal(made[name], kept[name])


# --- The command line --------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ("lenet5 --seeds 0", "seeds must be at least 1, not 0"),
        ("lenet5 --epochs 0", "epochs must be at least 1, not 0"),
        ("lenet5 --peak-rate 0", "peak_rate must be above 0, not 0"),
        ("lenet5 --hold-out 4000", "hold-out must leave some of the 4000"),
        ("lenet5 --output a_file", "cannot write to a_file: create the"),
        ("lenet5 --data full --root .", "could not be downloaded"),
        ("lenet5 --data other", "invalid choice"),
        ("lenet5 --jobs 0", "jobs must be at least 1, or -1, not 0"),
        ("depth_and_structure --seeds -1", "seeds must be at least 1, not"),
        ("depth_and_structure --epochs 0", "epochs must be at least 1, not"),
        ("depth_and_structure --images 3", "count must be at least 4"),
        ("depth_and_structure --output no", "cannot write to no: create"),
        ("depth_controls --epochs 0", "epochs must be at least 1, not"),
        ("mnist_5k .", "could not be downloaded"),
        ("", "required: command"),
    ],
)
def test_bad_arguments_are_told_before_any_training(
    tmp_path, monkeypatch, capsys, arguments, advice
):
    def refuse(*arguments, **settings):
        raise AssertionError("training began")

    def fail(folder):
        raise RuntimeError("no network")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").touch()
    monkeypatch.setattr(records, "fit", refuse)
    monkeypatch.setattr(families, "fit", refuse)
    monkeypatch.setattr(data, "_fetch_full", fail)
    default = ["--output", "."] * (" --output" not in arguments)
    words = arguments.split()
    told = words and words[-1] != "other"  # by us, not by argparse
    with contextlib.nullcontext() if told else pytest.raises(SystemExit):
        assert main(words + default * bool(words)) == 1
    said = capsys.readouterr().err
    assert advice in said
    assert not told or said.count("\n") == 1
    assert names(tmp_path) == ["a_file"]


def test_help_names_the_defaults_of_both_sets(capsys):
    with pytest.raises(SystemExit) as error:
        main(["lenet5", "--help"])
    assert error.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--epochs EPOCHS default 10 (5 for full)" in shown
    assert "--peak-rate PEAK_RATE default 0.05" in shown
