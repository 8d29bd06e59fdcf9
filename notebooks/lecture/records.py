"""The commands that make what is recorded in ``data/``.

``python -m lecture.records lenet5`` trains LeNet-5, ``depth_and_structure``
the families of notebook 09; every run of every seed is written to one JSON
file.  ``mnist_5k`` writes the bundled digits.  Each explains itself by
``--help``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy
from numpy.typing import NDArray
from tqdm import tqdm

from helpers.checks import as_int
from helpers.data import FOLDER, SUBSET, Digits, load_mnist
from helpers.files import write_whole
from helpers.networks import LeNet5
from helpers.training import Recipe, fit, mistakes
from lecture import depth_and_structure as families
from lecture.depth_and_structure import hold_out

# Chosen on 5,000 digits held out of the training set, see data/README.md.
DEFAULTS = {"subset": Recipe(epochs=10), "full": Recipe(epochs=5)}

# --- LeNet-5 -----------------------------------------------------------------


def train_lenet5(digits: Digits, recipe: Recipe, seed: int) -> dict[str, Any]:
    """Train LeNet-5 once and report every epoch.

    ``"loss"`` is the mean of each epoch, the errors are in percent;
    ``"diverged"`` is None or says what went wrong, then ``"parameters"``,
    the trained arrays, are None.
    """
    rng = np.random.default_rng(seed)
    network = LeNet5(rng)
    run = {"seed": seed, "loss": [], "train_error": [], "test_error": []}
    run |= {"diverged": None, "parameters": None}
    try:
        history = fit(network, *digits, rng=rng, recipe=recipe, progress=False)
    except FloatingPointError as error:
        run["diverged"] = str(error)
    else:
        losses = np.array_split(history["loss"], recipe.epochs)
        run["loss"] = [round(float(part.mean()), 5) for part in losses]
        for name in ("train", "test"):
            accuracy = np.array(history[f"{name}_accuracy"])
            run[f"{name}_error"] = (100 * (1 - accuracy)).round(3).tolist()
        run["parameters"] = network.parameters
    return run


def record_lenet5(
    data: str,
    digits: Digits,
    recipe: Recipe,
    seeds: Sequence[int],
    n_jobs: int | None = None,
) -> tuple[dict[str, Any], dict[str, NDArray] | None]:
    """Train one LeNet-5 a seed.

    Returns what was run, with what, and every epoch, for JSON; and the
    weights of the first seed that did not diverge, or None.
    """
    train = joblib.delayed(train_lenet5)
    jobs = (train(digits, recipe, seed) for seed in seeds)
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
    runs = list(tqdm(parallel(jobs), total=len(seeds), unit="seed"))
    weights = [run.pop("parameters") for run in runs]
    weights = [arrays for arrays in weights if arrays is not None]
    final = [run["test_error"][-1] for run in runs if not run["diverged"]]
    facts = {
        "network": "LeNet5",
        "data": data,
        "train_images": len(digits.train_images),
        "test_images": len(digits.test_images),
        "recipe": asdict(recipe),
        "seeds": list(seeds),
        "diverged": [run["seed"] for run in runs if run["diverged"]],
        "mean_test_error": round(float(np.mean(final)), 4) if final else None,
        "std_test_error": round(float(np.std(final)), 4) if final else None,
        **_circumstances(),
        "runs": runs,
    }
    return facts, weights[0] if weights else None


def _lenet5(options: argparse.Namespace) -> Callable[[], None]:
    """Return what writes the record that is asked for, its weights, errors."""
    changes = {
        name: getattr(options, name)
        for name in asdict(Recipe())
        if getattr(options, name) is not None
    }
    recipe = replace(DEFAULTS[options.data], **changes)
    digits = load_mnist(options.data, options.root, download=True)
    name, folder = f"lenet5_{options.data}", options.output
    if options.hold_out:
        digits = hold_out(digits, options.hold_out)
        name += "_held_out"

    def write() -> None:
        settings = (recipe, options.seeds, options.jobs)
        facts, weights = record_lenet5(options.data, digits, *settings)
        if weights is not None:
            network = LeNet5(np.random.default_rng(0))
            for key, parameter in network.parameters.items():
                parameter[...] = weights[key]
            network.save(folder / f"{name}.npz")
            wrong = mistakes(network, digits.test_images, digits.test_labels)
            with write_whole(folder / f"{name}_mistakes.npz") as file:
                np.savez_compressed(file, **wrong)
        _write_json(folder / f"{name}.json", facts)
        print(
            f"{name}: test error {facts['mean_test_error']} % "
            f"+- {facts['std_test_error']} over {len(options.seeds)} seeds, "
            f"diverged: {facts['diverged'] or 'none'}"
        )

    return write


# --- Depth and structure -----------------------------------------------------


def _depth_and_structure(options: argparse.Namespace) -> Callable[[], None]:
    """Return what compares all families at all sizes, some also shuffled."""
    digits = families.pictures(options.data, options.root, options.images)
    shuffled = families.shuffle_pixels(digits, np.random.default_rng(0))
    kinds = families.FAMILIES.items()
    every = [(name, w) for name, family in kinds for w in family.widths]
    parts = {"networks": (digits, every), "shuffled": (shuffled, _matched())}
    file = families.FILES[options.data]
    return _comparison(options, options.data, file, parts)


def _depth_controls(options: argparse.Namespace) -> Callable[[], None]:
    """Return what compares them on centred digits, and what splits depth."""
    centred = families.standardise(families.centre(load_mnist(), 40))
    others = [(name, f.matched) for name, f in families.CONTROLS.items()]
    scattered = families.pictures("digits")
    parts = {
        "centred": (centred, _matched()),
        "scattered": (scattered, others),
    }
    return _comparison(options, "digits", families.CONTROLS_FILE, parts)


def _matched() -> list[tuple[str, int]]:
    """Return each family with the one of its widths that is matched."""
    return [(name, f.matched) for name, f in families.FAMILIES.items()]


def _comparison(
    options: argparse.Namespace,
    data: str,
    file: str,
    parts: dict[str, tuple[Digits, list[tuple[str, int]]]],
) -> Callable[[], None]:
    """Return what compares the networks of each part on its digits."""
    recipe = replace(families.RECIPE, epochs=options.epochs)
    digits, _ = next(iter(parts.values()))
    facts = {
        "data": data,
        "side": digits.train_images.shape[2],
        "train_images": len(digits.train_images),
        "test_images": len(digits.test_images),
        "held_out": len(digits.train_images) // 4,
        "recipe": asdict(recipe) | {"peak_rate": "of each network"},
        "rates": list(families.RATES),
        "rate_seed": families.RATE_SEED,
        "seeds": list(options.seeds),
        **_circumstances(),
    }

    def write() -> None:
        settings = (recipe, options.seeds, families.RATES, options.jobs, True)
        for part, (digits, networks) in parts.items():
            facts[part] = families.compare(digits, networks, *settings)
        _write_json(options.output / file, facts)
        for network in [network for part in parts for network in facts[part]]:
            errors = network["test_error"]
            print(
                f"{network['family']:34} {network['parameters']:>8,} "
                f"parameters: {np.mean(errors):5.1f} % "
                f"({min(errors)} to {max(errors)})"
            )

    return write


# --- The bundled digits ------------------------------------------------------


def _mnist_5k(options: argparse.Namespace) -> Callable[[], None]:
    """Return what writes the first 500 digits of each class of MNIST."""
    full = load_mnist("full", options.root, download=True)
    labels = full.train_labels
    first = [np.flatnonzero(labels == digit)[:500] for digit in range(10)]
    chosen = np.sort(np.concatenate(first))  # in the order of MNIST

    def write() -> None:
        with write_whole(options.output / SUBSET) as file:
            np.savez_compressed(
                file,
                images=full.train_images[chosen, 0],
                labels=labels[chosen].astype(np.uint8),
            )

    return write


# --- The command line --------------------------------------------------------


def _circumstances() -> dict[str, Any]:
    """Return what both records say of their numbers."""
    versions = {"numpy": np.__version__, "scipy": scipy.__version__}
    return {
        "unit": "percent",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), **versions},
    }


def _write_json(path: Path, facts: dict[str, Any]) -> None:
    with write_whole(path) as file:
        file.write(json.dumps(facts, indent=1).encode() + b"\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lecture.records",
        description="Make what is recorded in data/.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(prepare: Callable, told: str) -> Callable:
        name = prepare.__name__.strip("_")
        made = commands.add_parser(name, help=told, description=told)
        made.set_defaults(prepare=prepare, seeds=1)
        output = dict(default=FOLDER, help="folder to write to")
        made.add_argument("--output", type=Path, **output)
        return made.add_argument

    add = command(_lenet5, "Train LeNet-5 and record every epoch.")
    add("--data", choices=list(DEFAULTS), default="subset")
    add("--root", help="folder that holds MNIST/raw, or will (--data full)")
    _add_runs(add)
    held_out = "test on the last N training digits instead: for choices"
    add("--hold-out", type=int, default=0, metavar="N", help=held_out)
    for name, value in asdict(DEFAULTS["subset"]).items():
        full = getattr(DEFAULTS["full"], name)
        told = f"default {value}" + f" ({full} for full)" * (value != full)
        add("--" + name.replace("_", "-"), type=type(value), help=told)

    told = "Train four families of networks and record every run."
    add = command(_depth_and_structure, told)
    add("--data", choices=list(families.FILES), default="digits")
    add("--root", help="folder that holds SVHN, or will (--data svhn)")
    _add_runs(add)
    add("--images", type=int, default=4000, help="to train with")
    add("--epochs", type=int, default=families.RECIPE.epochs)

    told = "Train them on centred digits, and networks that split depth."
    add = command(_depth_controls, told)
    _add_runs(add)
    add("--epochs", type=int, default=families.RECIPE.epochs)

    add = command(_mnist_5k, "Write the digits that are bundled.")
    add("root", nargs="?", help="folder that holds MNIST/raw, or will")
    return parser


def _add_runs(add: Callable) -> None:
    add("--seeds", type=int, default=5, help="how many: 0, 1, 2, ...")
    add("--jobs", type=int, help="runs side by side")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what does not fit is told before any training."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.seeds = range(as_int(options.seeds, "seeds"))
        folder = options.output
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise ValueError(
                f"cannot write to {folder}: create the folder, or choose "
                "another by --output"
            )
        write = options.prepare(options)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    write()


if __name__ == "__main__":
    main()
