"""An experiment on depth and structure: families of networks, fairly trained.

``python -m helpers.experiments --help`` trains four families at four sizes
each, over several seeds, and records every run in one JSON file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import scipy
from tqdm import tqdm

from helpers.data import (
    FOLDER,
    Digits,
    as_path,
    load_mnist,
    load_svhn,
    write_whole,
)
from helpers.layers import (
    Conv2d,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    check_rng,
)
from helpers.networks import Sequential
from helpers.shapes import as_int
from helpers.training import Recipe, evaluate, fit, hold_out

# --- The families ------------------------------------------------------------


def dense_2(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of a dense network with 2 layers of weights.

    Parameters
    ----------
    width : int
        Hidden units.
    side : int
        Of the square pictures, in pixels.
    rng : numpy.random.Generator
        Draws the weights.

    Examples
    --------
    >>> dense_2(64, 40, np.random.default_rng(0))
    [Flatten(), Linear(1600, 64), ReLU(), Linear(64, 10)]
    """
    width, side = _sizes(width, side)
    hidden = [Flatten(), Linear(side**2, width, rng=rng), ReLU()]
    return [*hidden, Linear(width, 10, gain=0.001, rng=rng)]


def dense_5(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of a dense network with 5 layers of weights.

    `dense_2` with three more hidden layers; the same parameters.

    Examples
    --------
    >>> dense_5(60, 40, np.random.default_rng(0))[3:6]
    [Linear(60, 60), ReLU(), Linear(60, 60)]
    """
    *hidden, last = dense_2(width, side, rng)
    for _ in range(3):
        hidden += [Linear(width, width, rng=rng), ReLU()]
    return [*hidden, last]


def conv_2(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of a convolution and a dense layer.

    Parameters
    ----------
    width : int
        Maps.
    side : int
        Of the square pictures, in pixels; divisible by 4.
    rng : numpy.random.Generator
        Draws the weights.

    Examples
    --------
    >>> conv_2(28, 40, np.random.default_rng(0))[2:]
    [MaxPool2d(2x2), Flatten(), Linear(2800, 10)]
    """
    width, side = _sizes(width, side, 4)
    features = width * (side // 4) ** 2
    return [
        Conv2d(1, width, 5, stride=2, padding=2, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(features, 10, gain=0.001, rng=rng),
    ]


def conv_5(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of four convolutions and a dense layer.

    `conv_2` with three more convolutions; the same parameters, but `side`
    divisible by 8.  The maps double in number from layer to layer.

    Examples
    --------
    >>> network = Sequential(conv_5(8, 40, np.random.default_rng(0)))
    >>> [x.shape[1:] for x in network.trace(np.zeros((1, 1, 40, 40)))[3:11:2]]
    [(8, 10, 10), (16, 10, 10), (32, 5, 5), (64, 3, 3)]
    """
    width, side = _sizes(width, side, 8)
    if side < 24:
        raise ValueError(f"side must be at least 24 px, not {side}")
    first = conv_2(width, side, rng)[:3]
    features = 8 * width * (side // 8 - 2) ** 2
    return [
        *first,
        Conv2d(width, 2 * width, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(2 * width, 4 * width, 3, padding=1, rng=rng),
        ReLU(),
        Conv2d(4 * width, 8 * width, 3, rng=rng),
        ReLU(),
        Flatten(),
        Linear(features, 10, gain=0.001, rng=rng),
    ]


class Family(NamedTuple):
    """Networks of one kind and several sizes.

    Attributes
    ----------
    layers : callable
        Takes a width, the side of the pictures, a random generator.
    widths : tuple of int
        From the smallest network to the largest.
    matched : int
        The width with about 30,000 parameters on 40x40 pixels.

    Examples
    --------
    >>> [family.widths[0] for family in FAMILIES.values()]
    [5, 5, 2, 2]
    """

    layers: Callable[[int, int, np.random.Generator], list[Layer]]
    widths: tuple[int, ...]
    matched: int


FAMILIES = {
    "dense, 2 layers": Family(dense_2, (5, 17, 64, 256), 17),
    "dense, 5 layers": Family(dense_5, (5, 17, 60, 200), 17),
    "convolution, 2 layers": Family(conv_2, (2, 8, 28, 64), 28),
    "convolution, 5 layers": Family(conv_5, (2, 4, 8, 16), 8),
}


def build(
    family: str, width: int, side: int, rng: np.random.Generator
) -> Sequential:
    """Return a network of a family.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    width : int
        Hidden units, or maps of the first convolution.
    side : int
        Of the square pictures, in pixels; divisible by 8.
    rng : numpy.random.Generator
        Draws the weights.

    Examples
    --------
    About as many parameters in each:

    >>> rng = np.random.default_rng(0)
    >>> for name, family in FAMILIES.items():
    ...     build(name, family.matched, 40, rng).parameter_count()
    27397
    28315
    28738
    30282
    """
    if not isinstance(family, str) or family not in FAMILIES:
        names = ", ".join(map(repr, FAMILIES))
        raise ValueError(f"family must be one of {names}, not {family!r}")
    return Sequential(FAMILIES[family].layers(width, side, rng))


def _sizes(width: int, side: int, divisor: int = 1) -> tuple[int, int]:
    """Return the sizes of a network, checked."""
    width, side = as_int(width, "width"), as_int(side, "side", divisor)
    if side % divisor:
        raise ValueError(f"side must be divisible by {divisor}, not {side}")
    return width, side


# --- The pictures ------------------------------------------------------------


def _checked(digits: Digits) -> Digits:
    if not isinstance(digits, Digits):
        raise TypeError(f"digits must be Digits, not {digits!r}")
    return digits


def scatter(digits: Digits, side: int, rng: np.random.Generator) -> Digits:
    """Draw each digit at a random place on a larger sheet of paper.

    Parameters
    ----------
    digits : Digits
    side : int
        Of the sheet, in pixels; at least that of the digits.
    rng : numpy.random.Generator
        Draws one place for each digit.

    Returns
    -------
    Digits

    Raises
    ------
    ValueError
        If the sheet is too small.

    Examples
    --------
    >>> digits = scatter(load_mnist(), 40, np.random.default_rng(0))
    >>> digits.test_images.shape
    (1000, 1, 40, 40)
    """
    size = _checked(digits).train_images.shape[2]
    check_rng(rng)
    if as_int(side, "side") < size:
        raise ValueError(f"side must be at least {size} px, not {side}")

    def move(images: np.ndarray) -> np.ndarray:
        sheets = np.zeros((len(images), 1, side, side), images.dtype)
        places = rng.integers(0, side - size + 1, (len(images), 2))
        for sheet, image, (top, left) in zip(sheets, images, places):
            sheet[:, top : top + size, left : left + size] = image
        return sheets

    return digits._replace(
        train_images=move(digits.train_images),
        test_images=move(digits.test_images),
    )


def shuffle_pixels(digits: Digits, rng: np.random.Generator) -> Digits:
    """Put the pixels of every picture into the same random order.

    Parameters
    ----------
    digits : Digits
    rng : numpy.random.Generator
        Draws the order.

    Returns
    -------
    Digits

    Examples
    --------
    >>> digits = load_mnist()
    >>> shuffled = shuffle_pixels(digits, np.random.default_rng(0))
    >>> bool((shuffled.test_images == digits.test_images).all())
    False
    >>> bool(shuffled.test_images.sum() == digits.test_images.sum())
    True
    """
    check_rng(rng)
    order = rng.permutation(_checked(digits).train_images[0].size)

    def shuffle(images: np.ndarray) -> np.ndarray:
        flat = images.reshape(len(images), -1)
        return flat[:, order].reshape(images.shape)

    return digits._replace(
        train_images=shuffle(digits.train_images),
        test_images=shuffle(digits.test_images),
    )


def standardise(digits: Digits) -> Digits:
    """Bring the training pixels to mean 0 and standard deviation 1.

    The test pixels are moved and scaled by the numbers of the training
    pixels, so that nothing of the test is used.

    Parameters
    ----------
    digits : Digits

    Returns
    -------
    Digits
        Pictures of float32.

    Examples
    --------
    >>> images = standardise(load_mnist()).train_images
    >>> images.dtype, abs(float(images.mean())) < 1e-3
    (dtype('float32'), True)
    """
    images = _checked(digits).train_images
    mean, deviation = images.mean(), images.std()
    if not deviation > 0:
        raise ValueError("digits must not all be of one grey")

    def move(images: np.ndarray) -> np.ndarray:
        return ((images - mean) / deviation).astype(np.float32)

    return digits._replace(
        train_images=move(digits.train_images),
        test_images=move(digits.test_images),
    )


def pictures(
    data: str = "digits",
    root: str | os.PathLike | None = None,
    count: int = 4000,
) -> Digits:
    """Return what the experiment looks at.

    Parameters
    ----------
    data : {"digits", "svhn"}
        Bundled digits scattered over 40x40 pixels, or house numbers.
    root : path, optional
        Where SVHN is, see `helpers.data.load_svhn`.
    count : int
        Pictures to train with, the first ones, and about as many to test
        with, evenly spaced; all of them if there are fewer.

    Returns
    -------
    Digits
        Standardised, see `standardise`.

    Raises
    ------
    ValueError
        If `data` is neither.
    ValueError, ConnectionError
        As `helpers.data.load_svhn` does.

    Examples
    --------
    >>> digits = pictures("digits", count=200)
    >>> digits.train_images.shape, digits.test_images.shape
    ((200, 1, 40, 40), (200, 1, 40, 40))
    """
    count = as_int(count, "count", 4)
    root = None if root is None else as_path(root, "root")
    if not isinstance(data, str) or data not in FILES:
        raise ValueError(f'data must be "digits" or "svhn", not {data!r}')
    if data == "svhn":
        digits = load_svhn(root, download=True)
    else:
        digits = scatter(load_mnist(), 40, np.random.default_rng(0))
    step = max(1, len(digits.test_labels) // count)
    return standardise(
        Digits(
            digits.train_images[:count],
            digits.train_labels[:count],
            digits.test_images[::step],
            digits.test_labels[::step],
        )
    )


# --- The comparison ----------------------------------------------------------


RECIPE = Recipe(epochs=15)
# Each network takes its own: the one with the lowest held-out error.
RATES = (0.01, 0.03, 0.1)
RATE_SEED = 100  # of those trials, none of the seeds that count
# The records of the two sets of pictures, in data/.
FILES = {
    "digits": "depth_and_structure.json",
    "svhn": "depth_and_structure_svhn.json",
}


def trial(
    digits: Digits, family: str, width: int, recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Train one network once.

    Parameters
    ----------
    digits : Digits
        Standardised.
    family : str
    width : int
    recipe : Recipe
    seed : int
        Draws the weights and shuffles the pictures.

    Returns
    -------
    dict
        ``"train_error"`` and ``"test_error"``, in percent, of the trained
        network; ``"diverged"``, whether training failed: then both errors
        are 90, as if it guessed.

    Examples
    --------
    >>> part = pictures("digits", count=200)
    >>> run = trial(part, "dense, 2 layers", 5, Recipe(epochs=1), seed=0)
    >>> run["diverged"], run["test_error"] < 95
    (False, True)
    """
    rng = np.random.default_rng(seed)
    network = build(family, width, digits.train_images.shape[2], rng)
    images, labels, *test = digits
    try:
        fit(network, images, labels, rng=rng, recipe=recipe, progress=False)
    except FloatingPointError:
        return dict(train_error=90.0, test_error=90.0, diverged=True)
    return dict(
        train_error=round(100 * (1 - evaluate(network, images, labels)), 3),
        test_error=round(100 * (1 - evaluate(network, *test)), 3),
        diverged=False,
    )


def compare(
    digits: Digits,
    networks: Iterable[tuple[str, int]],
    recipe: Recipe = RECIPE,
    seeds: Sequence[int] = range(5),
    rates: Sequence[float] = RATES,
    n_jobs: int | None = None,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Train networks over seeds, each at the best of some learning rates.

    The rate of a network is the one with the lowest error on a quarter of
    the training pictures, held out, in one run of another seed.  The test
    pictures take no part in it.

    Parameters
    ----------
    digits : Digits
        Standardised.
    networks : iterable of (family, width)
    recipe : Recipe
        All but the peak rate, which is replaced.
    seeds : sequence of int
    rates : sequence of float
        If there is only one, it is taken without a trial.
    n_jobs : int, optional
        As for `helpers.training.run_seeds`.
    progress : bool
        Show bars that count the runs.

    Returns
    -------
    list of dict
        For each network ``"family"``, ``"width"``, ``"parameters"``,
        ``"held_out_error"`` (of each rate), ``"rate"``, and, one entry a
        seed, ``"train_error"``, ``"test_error"`` and ``"diverged"``.

    Examples
    --------
    >>> part = pictures("digits", count=200)
    >>> networks = [("dense, 2 layers", 5), ("convolution, 2 layers", 2)]
    >>> quick = Recipe(epochs=1)
    >>> found = compare(part, networks, quick, seeds=[0, 1], rates=[0.03])
    >>> [(n["parameters"], len(n["test_error"])) for n in found]
    [(8065, 2), (2062, 2)]
    """
    networks = list(networks)
    chosen = [{"held_out_error": {}, "rate": rates[0]} for _ in networks]
    if len(rates) > 1:
        part = hold_out(digits, len(digits.train_images) // 4)
        jobs = [
            (part, *network, replace(recipe, peak_rate=rate), RATE_SEED)
            for network in networks
            for rate in rates
        ]
        runs = _run(jobs, "rates", n_jobs, progress)
        for choice in chosen:
            errors = {rate: next(runs)["test_error"] for rate in rates}
            choice["held_out_error"] = errors
            choice["rate"] = min(errors, key=errors.get)
    jobs = [
        (digits, *network, replace(recipe, peak_rate=choice["rate"]), seed)
        for network, choice in zip(networks, chosen)
        for seed in seeds
    ]
    runs = _run(jobs, "seeds", n_jobs, progress)
    found = []
    for (family, width), choice in zip(networks, chosen):
        mine = [next(runs) for _ in seeds]
        side, rng = digits.train_images.shape[2], np.random.default_rng(0)
        count = build(family, width, side, rng).parameter_count()
        facts = {"family": family, "width": width, "parameters": count}
        found.append(facts | choice | _columns(mine))
    return found


def _run(
    jobs: Sequence[tuple], name: str, n_jobs: int | None, progress: bool
) -> Iterator[dict[str, Any]]:
    """Yield the trials in the order of the jobs."""
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator")
    runs = parallel(joblib.delayed(trial)(*job) for job in jobs)
    bar = dict(total=len(jobs), desc=name, unit="run", disable=not progress)
    return iter(tqdm(runs, **bar))


def _columns(runs: list[dict[str, Any]]) -> dict[str, list]:
    return {name: [run[name] for run in runs] for name in runs[0]}


# --- The recorded run --------------------------------------------------------


def record(
    data: str,
    digits: Digits,
    recipe: Recipe = RECIPE,
    seeds: Sequence[int] = range(5),
    rates: Sequence[float] = RATES,
    n_jobs: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Compare all families at all sizes, then some with shuffled pixels.

    Parameters
    ----------
    data : str
        What to call the pictures in the record.
    digits, recipe, seeds, rates, n_jobs, progress
        As for `compare`.

    Returns
    -------
    dict
        What was run, with what; ``"networks"`` as `compare` returns them,
        and ``"shuffled"``, the same for one size of each family.

    Examples
    --------
    >>> part = pictures("digits", count=40)
    >>> facts = record("a part", part, Recipe(epochs=1), [0], [0.03])
    >>> len(facts["networks"]), len(facts["shuffled"])
    (16, 4)
    """
    every = [(name, w) for name, f in FAMILIES.items() for w in f.widths]
    matched = [(name, family.matched) for name, family in FAMILIES.items()]
    shuffled = shuffle_pixels(digits, np.random.default_rng(0))
    settings = (recipe, seeds, rates, n_jobs, progress)
    return {
        "data": data,
        "side": digits.train_images.shape[2],
        "train_images": len(digits.train_images),
        "test_images": len(digits.test_images),
        "held_out": len(digits.train_images) // 4,
        "recipe": asdict(recipe) | {"peak_rate": "of each network"},
        "rates": list(rates),
        "rate_seed": RATE_SEED,
        "seeds": list(seeds),
        "unit": "percent",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "networks": compare(digits, every, *settings),
        "shuffled": compare(shuffled, matched, *settings),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; see ``python -m helpers.experiments --help``.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv[1:]`` unless given.

    Raises
    ------
    SystemExit
        If an argument does not fit, before any training.

    Examples
    --------
    What the notebook draws, recorded in ``data/``::

        python -m helpers.experiments --jobs 2
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.experiments",
        description="Train four families of networks and record every run.",
    )
    add = parser.add_argument
    add("--data", choices=list(FILES), default="digits")
    add("--root", help="folder that holds SVHN, or will (--data svhn)")
    add("--images", type=int, default=4000, help="to train with")
    add("--epochs", type=int, default=RECIPE.epochs)
    add("--seeds", type=int, default=5, help="how many: 0, 1, 2, ...")
    add("--jobs", type=int, default=None, help="runs side by side")
    add("--output", type=Path, default=FOLDER, help="folder for the record")
    options = parser.parse_args(arguments)
    try:
        seeds = range(as_int(options.seeds, "seeds"))
        recipe = replace(RECIPE, epochs=options.epochs)
        folder = options.output
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise ValueError(
                f"cannot write to {folder}: create the folder, or choose "
                "another by --output"
            )
        digits = pictures(options.data, options.root, options.images)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    settings = dict(n_jobs=options.jobs, progress=True)
    facts = record(options.data, digits, recipe, seeds, **settings)
    with write_whole(folder / FILES[options.data]) as file:
        file.write(json.dumps(facts, indent=1).encode() + b"\n")
    for network in facts["networks"]:
        errors = network["test_error"]
        print(
            f"{network['family']:22} {network['parameters']:>8,} parameters: "
            f"{np.mean(errors):5.1f} % ({min(errors)} to {max(errors)})"
        )


if __name__ == "__main__":
    main()
