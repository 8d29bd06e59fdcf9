"""The commands that make what is recorded in ``data/``.

``python -m lecture.records lenet5`` trains LeNet-5, ``depth_and_structure``
the families of notebook 09; every run of every seed is written to one JSON
file.  ``mnist_5k`` writes the bundled digits.  Each explains itself by
``--help``.  Stopped by Ctrl-C or TERM, a command keeps the runs that ended.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import hashlib
import io
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray
from tqdm import tqdm

from helpers.checks import as_int, as_path
from helpers.command import command
from helpers.data import FOLDER, SUBSET, Digits, load_mnist
from helpers.files import write_whole
from helpers.networks import LeNet5
from helpers.training import Diverged, Recipe, fit, mistakes
from lecture import depth_and_structure as families
from lecture.depth_and_structure import compare, hold_out, side_by_side

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
    except Diverged as error:
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
    runs: list | None = None,
) -> tuple[dict[str, Any], dict[str, NDArray] | None]:
    """Train one LeNet-5 a seed.

    Returns what was run, with what, and every epoch, for JSON; and the
    weights of the first seed that did not diverge, or None.  Each run is
    added to `runs` when it ends.
    """
    runs, weights = [] if runs is None else runs, None
    jobs = [(digits, recipe, seed) for seed in seeds]
    found = side_by_side(train_lenet5, jobs, n_jobs)
    for run in tqdm(found, total=len(seeds), unit="seed"):
        arrays = run.pop("parameters")
        weights = arrays if weights is None else weights
        runs.append(run)
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
    return facts, weights


def _lenet5(options: argparse.Namespace) -> None:
    """Write the record that is asked for, its weights, its mistakes."""
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
    what = (options.data, digits, recipe, options.seeds, options.jobs)
    with _kept(folder / f"{name}.part.json") as ended:
        facts, weights = record_lenet5(*what, ended["runs"])
    beside = dict.fromkeys([f"{name}.npz", f"{name}_mistakes.npz"])
    if weights is not None:
        network = LeNet5(np.random.default_rng(0))
        for key, parameter in network.parameters.items():
            parameter[...] = weights[key]
        wrong = mistakes(network, digits.test_images, digits.test_labels)
        beside = dict(zip(beside, map(_packed, (weights, wrong))))
    _write_run(folder / f"{name}.json", facts, beside)
    print(
        f"{name}: test error {facts['mean_test_error']} % "
        f"+- {facts['std_test_error']} over {len(options.seeds)} seeds, "
        f"diverged: {facts['diverged'] or 'none'}"
    )


# --- Depth and structure -----------------------------------------------------


def _depth_and_structure(options: argparse.Namespace) -> None:
    """Compare all families at all sizes, then some with shuffled pixels."""
    digits = families.pictures(options.data, options.root, options.images)
    shuffled = families.shuffle_pixels(digits, np.random.default_rng(0))
    kinds = families.FAMILIES.items()
    every = [(name, w) for name, family in kinds for w in family.widths]
    parts = {"networks": (digits, every), "shuffled": (shuffled, _matched())}
    _compare(options, options.data, families.FILES[options.data], parts)


def _depth_controls(options: argparse.Namespace) -> None:
    """Compare them on centred digits, and networks that split depth."""
    centred = families.standardise(families.centre(load_mnist(), 40))
    others = [(name, f.matched) for name, f in families.CONTROLS.items()]
    scattered = families.pictures("digits")
    parts = {
        "centred": (centred, _matched()),
        "scattered": (scattered, others),
    }
    _compare(options, "digits", families.CONTROLS_FILE, parts)


def _matched() -> list[tuple[str, int]]:
    """Return each family with the one of its widths that is matched."""
    return [(name, f.matched) for name, f in families.FAMILIES.items()]


def _compare(
    options: argparse.Namespace,
    data: str,
    file: str,
    parts: dict[str, tuple[Digits, list[tuple[str, int]]]],
) -> None:
    """Compare the networks of each part on its digits, and write it down."""
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
    path = options.output / file
    settings = (recipe, options.seeds, families.RATES, options.jobs, True)
    with _kept(path.with_suffix(".part.json")) as ended:
        for part, (digits, networks) in parts.items():
            found = compare(digits, networks, *settings, ended[part])
            facts[part] = found
    _write_run(path, facts, {})
    for network in [network for part in parts for network in facts[part]]:
        errors = network["test_error"]
        print(
            f"{network['family']:34} {network['parameters']:>8,} "
            f"parameters: {np.mean(errors):5.1f} % "
            f"({min(errors)} to {max(errors)})"
        )


# --- The bundled digits ------------------------------------------------------


def _mnist_5k(options: argparse.Namespace) -> None:
    """Write the first 500 digits of each class of MNIST."""
    full = load_mnist("full", options.root, download=True)
    labels = full.train_labels
    first = [np.flatnonzero(labels == digit)[:500] for digit in range(10)]
    chosen = np.sort(np.concatenate(first))  # in the order of MNIST
    with write_whole(options.output / SUBSET) as file:
        np.savez_compressed(
            file,
            images=full.train_images[chosen, 0],
            labels=labels[chosen].astype(np.uint8),
        )


# --- Files of one run --------------------------------------------------------


def read_record(path: str | os.PathLike) -> dict[str, Any]:
    """Return a record, if what it names beside it is of the same run."""
    path = as_path(path)
    facts = json.loads(path.read_bytes())
    for name, sha256 in facts.get("sha256", {}).items():
        beside = path.with_name(name)
        content = beside.read_bytes() if beside.exists() else None
        if _sha256(content) != sha256:
            raise ValueError(
                f"{beside} is not of the run that {path.name} records: "
                "restore both, or record again by python -m lecture.records"
            )
    return facts


def _write_run(
    path: Path, facts: dict[str, Any], beside: dict[str, bytes | None]
) -> None:
    """Write a record and what lies beside it, None for what must not.

    Their checksums tell, should the command be killed between two.
    """
    if beside:
        facts["sha256"] = {name: _sha256(beside[name]) for name in beside}
    record = json.dumps(facts, indent=1).encode() + b"\n"
    with contextlib.ExitStack() as stack:
        for name, content in {path.name: record, **beside}.items():
            if content is not None:
                file = stack.enter_context(write_whole(path.with_name(name)))
                file.write(content)


@contextlib.contextmanager
def _kept(path: Path) -> Iterator[dict[str, list]]:
    """Yield lists for the runs that end; write them if the user stops it."""
    ended = collections.defaultdict(list)
    try:
        yield ended
    except KeyboardInterrupt:
        count = sum(map(len, ended.values()))
        if count:
            _write_run(path, _circumstances() | ended, {})
        told = f"{count} of the runs had ended" + f", see {path}" * bool(count)
        raise KeyboardInterrupt(told) from None


def _packed(arrays: Mapping[str, NDArray]) -> bytes:
    np.savez_compressed(buffer := io.BytesIO(), **arrays)
    return buffer.getvalue()


def _sha256(content: bytes | None) -> str | None:
    return content and hashlib.sha256(content).hexdigest()


# --- The command line --------------------------------------------------------


def _circumstances() -> dict[str, Any]:
    """Return what both records say of their numbers."""
    versions = {"numpy": np.__version__, "scipy": scipy.__version__}
    return {
        "unit": "percent",
        "date": date.today().isoformat(),
        "versions": {"python": platform.python_version(), **versions},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lecture.records",
        description="Make what is recorded in data/.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add_command(run: Callable, told: str) -> Callable:
        name = run.__name__.strip("_")
        made = commands.add_parser(name, help=told, description=told)
        made.set_defaults(run=run, seeds=1, jobs=None)
        output = dict(default=FOLDER, help="folder to write to")
        made.add_argument("--output", type=as_path, **output)
        return made.add_argument

    add = add_command(_lenet5, "Train LeNet-5 and record every epoch.")
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
    add = add_command(_depth_and_structure, told)
    add("--data", choices=list(families.FILES), default="digits")
    add("--root", help="folder that holds SVHN, or will (--data svhn)")
    _add_runs(add)
    add("--images", type=int, default=4000, help="to train with")
    add("--epochs", type=int, default=families.RECIPE.epochs)

    told = "Train them on centred digits, and networks that split depth."
    add = add_command(_depth_controls, told)
    _add_runs(add)
    add("--epochs", type=int, default=families.RECIPE.epochs)

    add = add_command(_mnist_5k, "Write the digits that are bundled.")
    add("root", nargs="?", help="folder that holds MNIST/raw, or will")
    return parser


def _add_runs(add: Callable) -> None:
    add("--seeds", type=int, default=5, help="how many: 0, 1, 2, ...")
    add("--jobs", type=int, help="runs side by side, -1: one for each core")


@command
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what does not fit is told before any training."""
    options = _parser().parse_args(arguments)
    options.seeds = range(as_int(options.seeds, "seeds"))
    if options.jobs == 0:
        raise ValueError("jobs must be at least 1, or -1, not 0")
    folder = options.output
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ValueError(
            f"cannot write to {folder}: create the folder, or choose another "
            "by --output"
        )
    options.run(options)


if __name__ == "__main__":
    raise SystemExit(main())
