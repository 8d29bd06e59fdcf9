"""The experiment of notebook 09 on depth and structure.

Four families of networks, at several sizes each, fairly trained.
``python -m lecture.records depth_and_structure`` records every run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from helpers.checks import as_int, as_list, as_path, check_rng
from helpers.data import FOLDER, Digits, load_mnist
from helpers.files import fetch
from helpers.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from helpers.networks import Sequential
from helpers.training import Diverged, Recipe, evaluate, fit

# --- The families ------------------------------------------------------------


def dense_2(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return a hidden layer of `width` units, and ten logits."""
    hidden = [Flatten(), Linear(side**2, width, rng=rng), ReLU()]
    return [*hidden, Linear(width, 10, gain=0.001, rng=rng)]


def dense_5(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of `dense_2` with three more hidden layers."""
    *hidden, last = dense_2(width, side, rng)
    for _ in range(3):
        hidden += [Linear(width, width, rng=rng), ReLU()]
    return [*hidden, last]


def conv_2(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of a convolution of `width` maps and a dense layer.

    Examples
    --------
    >>> conv_2(28, 40, np.random.default_rng(0))[2:]
    [MaxPool2d(2x2), Flatten(), Linear(2800, 10)]
    """
    return [
        Conv2d(1, width, 5, stride=2, padding=2, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(width * (side // 4) ** 2, 10, gain=0.001, rng=rng),
    ]


def conv_5(width: int, side: int, rng: np.random.Generator) -> list[Layer]:
    """Return the layers of `conv_2` with three more convolutions.

    The maps double in number from layer to layer.
    """
    return [
        *conv_2(width, side, rng)[:3],
        Conv2d(width, 2 * width, 3, padding=1, rng=rng),
        ReLU(),
        MaxPool2d(2),
        Conv2d(2 * width, 4 * width, 3, padding=1, rng=rng),
        ReLU(),
        Conv2d(4 * width, 8 * width, 3, rng=rng),
        ReLU(),
        Flatten(),
        Linear(8 * width * (side // 8 - 2) ** 2, 10, gain=0.001, rng=rng),
    ]


def conv_2_pooled(
    width: int, side: int, rng: np.random.Generator
) -> list[Layer]:
    """Return the layers of `conv_2`, but pooled by 4, as `conv_5` is."""
    dense = Linear(width * (side // 8) ** 2, 10, gain=0.001, rng=rng)
    first = conv_2(width, side, rng)[:2]
    return [*first, MaxPool2d(4), Flatten(), dense]


def conv_5_plain(
    width: int, side: int, rng: np.random.Generator
) -> list[Layer]:
    """Return five layers as `conv_5`, but pooled once, with equal maps."""
    stack = conv_2(width, side, rng)[:3]
    for padding in (1, 1, 0):
        stack += [Conv2d(width, width, 3, padding=padding, rng=rng), ReLU()]
    features = width * (side // 4 - 2) ** 2
    return [*stack, Flatten(), Linear(features, 10, gain=0.001, rng=rng)]


class Family(NamedTuple):
    """Networks of one kind and several sizes.

    With the width `matched` one has about 30,000 parameters on 40x40 pixels.
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

# What else changes with depth in `conv_5`, a second pooling and more maps,
# given to two layers, and taken from five; about 9,000 parameters.
CONTROLS = {
    "convolution, 2 layers, pooled by 4": Family(conv_2_pooled, (33,), 33),
    "convolution, 5 layers, pooled by 2": Family(conv_5_plain, (9,), 9),
}


def build(
    family: str, width: int, side: int, rng: np.random.Generator
) -> Sequential:
    """Return a network of a family for square pictures of `side` pixels.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> build("convolution, 5 layers", 8, 40, rng).parameter_count()
    30282
    """
    families = FAMILIES | CONTROLS
    if not isinstance(family, str) or family not in families:
        names = ", ".join(map(repr, families))
        raise ValueError(f"family must be one of {names}, not {family!r}")
    width, side = as_int(width, "width"), as_int(side, "side", 24)
    if side % 8:
        raise ValueError(f"side must be divisible by 8, not {side}")
    return Sequential(families[family].layers(width, side, rng))


# --- The pictures ------------------------------------------------------------

# The records of the two sets of pictures, in data/.
FILES = {
    "digits": "depth_and_structure.json",
    "svhn": "depth_and_structure_svhn.json",
}
CONTROLS_FILE = "depth_controls.json"
SVHN_FILES = ("SVHN/train_32x32.mat", "SVHN/test_32x32.mat")


def pictures(
    data: str = "digits",
    root: str | os.PathLike | None = None,
    count: int = 4000,
) -> Digits:
    """Return what the experiment looks at, standardised.

    ``"digits"`` are bundled ones, scattered over 40x40 pixels; ``"svhn"`` are
    house numbers, in `root`, see `load_svhn`.  The first `count` are to train
    with, about as many to test with, evenly spaced.

    Examples
    --------
    >>> pictures("digits", count=200).train_images.shape
    (200, 1, 40, 40)
    """
    count = as_int(count, "count", 4)
    if not isinstance(data, str) or data not in FILES:
        raise ValueError(f'data must be "digits" or "svhn", not {data!r}')
    if data == "svhn":
        digits = load_svhn(root)
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


def load_svhn(root: str | os.PathLike | None = None) -> Digits:
    """Return 99,289 digits cropped from photographs of house numbers, in grey.

    Netzer et al., "Reading digits in natural images with unsupervised
    feature learning", 2011; for non-commercial use.  Grey, so that a network
    has as many parameters as on other digits: 0.299 red + 0.587 green +
    0.114 blue.  The neighbours of a digit are often in its picture too.

    `root` is the folder of ``SVHN/train_32x32.mat`` and ``test_32x32.mat``,
    ``data/`` unless given; if one is not there, both are fetched (250 MB).
    """
    from torchvision.datasets import SVHN

    root = FOLDER if root is None else as_path(root, "root")
    if not all((root / name).exists() for name in SVHN_FILES):
        instead = 'take the pictures "digits", which need none'
        fetch("SVHN", _fetch_svhn, root, SVHN_FILES, instead)
    arrays = []
    for split, name in zip(("train", "test"), SVHN_FILES):
        try:
            part = SVHN(root / "SVHN", split)  # checks its MD5 sum
        except RuntimeError as error:
            raise ValueError(
                f"{root / name} is cut short or altered: delete "
                f"{root / 'SVHN'} and call load_svhn({str(root)!r})"
            ) from error
        grey = part.data.transpose(0, 2, 3, 1) @ (0.299, 0.587, 0.114)
        arrays += [grey.round().astype(np.uint8)[:, None], part.labels]
    return Digits(*arrays)


def _fetch_svhn(folder: Path) -> None:
    from torchvision.datasets import SVHN

    for split in ("train", "test"):
        SVHN(folder / "SVHN", split, download=True)


def scatter(digits: Digits, side: int, rng: np.random.Generator) -> Digits:
    """Draw each digit at a random place on a sheet of `side` pixels.

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

    def move(images: NDArray) -> NDArray:
        sheets = np.zeros((len(images), 1, side, side), images.dtype)
        places = rng.integers(0, side - size + 1, (len(images), 2))
        for sheet, image, (top, left) in zip(sheets, images, places):
            sheet[:, top : top + size, left : left + size] = image
        return sheets

    return _changed(digits, move)


def centre(digits: Digits, side: int) -> Digits:
    """Draw each digit in the middle of a sheet of `side` pixels."""
    size = _checked(digits).train_images.shape[2]
    if as_int(side, "side") < size:
        raise ValueError(f"side must be at least {size} px, not {side}")
    before = (side - size) // 2
    around = (before, side - size - before)
    frame = [(0, 0), (0, 0), around, around]
    return _changed(digits, lambda images: np.pad(images, frame))


def shuffle_pixels(digits: Digits, rng: np.random.Generator) -> Digits:
    """Put the pixels of every picture into the same random order."""
    check_rng(rng)
    order = rng.permutation(_checked(digits).train_images[0].size)

    def shuffle(images: NDArray) -> NDArray:
        flat = images.reshape(len(images), -1)
        return flat[:, order].reshape(images.shape)

    return _changed(digits, shuffle)


def standardise(digits: Digits) -> Digits:
    """Bring the training pixels to mean 0 and standard deviation 1.

    The test pixels are moved and scaled by the numbers of the training
    pixels, so that nothing of the test is used.  All are float32 then.
    """
    images = _checked(digits).train_images
    mean, deviation = images.mean(), images.std()
    if not deviation > 0:
        raise ValueError("digits must not all be of one grey")
    return _changed(
        digits, lambda x: ((x - mean) / deviation).astype(np.float32)
    )


def hold_out(digits: Digits, count: int) -> Digits:
    """Return the training digits alone, the last `count` of them as a test.

    For every choice: the real test set is not in what comes back.
    """
    images, labels = _checked(digits)[:2]
    if as_int(count, "hold-out") >= len(images):
        raise ValueError(
            f"hold-out must leave some of the {len(images)} training digits "
            f"to train on, not take {count}"
        )
    return Digits(
        images[:-count], labels[:-count], images[-count:], labels[-count:]
    )


def _checked(digits: Digits) -> Digits:
    if not isinstance(digits, Digits):
        raise TypeError(f"digits must be Digits, not {digits!r}")
    return digits


def _changed(digits: Digits, change: Callable[[NDArray], NDArray]) -> Digits:
    return digits._replace(
        train_images=change(digits.train_images),
        test_images=change(digits.test_images),
    )


# --- The comparison ----------------------------------------------------------

RECIPE = Recipe(epochs=15)
# Each network takes its own: the one with the lowest held-out error.
RATES = (0.01, 0.03, 0.1)
RATE_SEED = 100  # of those trials, none of the seeds that count


def trial(
    digits: Digits, family: str, width: int, recipe: Recipe, seed: int
) -> dict[str, Any]:
    """Train one network once; return its errors in percent.

    If training diverges, both are 90, as if it guessed.
    """
    rng = np.random.default_rng(seed)
    network = build(family, width, digits.train_images.shape[2], rng)
    images, labels, *test = digits
    try:
        fit(network, images, labels, rng=rng, recipe=recipe, progress=False)
    except Diverged:
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
    ended: list | None = None,
) -> list[dict[str, Any]]:
    """Train networks over seeds, each at the best of some learning rates.

    The rate of a network is the one with the lowest error on a quarter of
    the training pictures, held out, in one run of another seed.  The test
    pictures take no part in it.

    `networks` are pairs (family, width), `digits` are standardised.  A single
    rate is taken without a trial.  `n_jobs` is that of `run_seeds`; each run
    is added to `ended` when it ends.

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
    if _checked(digits).train_images.dtype.kind != "f":
        raise ValueError("digits must be standardised: standardise(digits)")
    networks = as_list(networks, "networks", "[(family, width)]", 2)
    seeds = as_list(seeds, "seeds", "range(5)")
    rates = as_list(rates, "rates", "[0.01, 0.03]")
    side, rng = digits.train_images.shape[2], np.random.default_rng(0)
    built = [build(*network, side, rng) for network in networks]
    how = (n_jobs, progress, [] if ended is None else ended)
    chosen = [{"held_out_error": {}, "rate": rates[0]} for _ in networks]
    if len(rates) > 1:
        part = hold_out(digits, len(digits.train_images) // 4)
        jobs = [
            (part, *network, replace(recipe, peak_rate=rate), RATE_SEED)
            for network in networks
            for rate in rates
        ]
        runs = _run(jobs, "rates", how)
        for choice in chosen:
            errors = {rate: next(runs)["test_error"] for rate in rates}
            choice["held_out_error"] = errors
            choice["rate"] = min(errors, key=errors.get)
    jobs = [
        (digits, *network, replace(recipe, peak_rate=choice["rate"]), seed)
        for network, choice in zip(networks, chosen)
        for seed in seeds
    ]
    runs = _run(jobs, "seeds", how)
    found = []
    for (family, width), network, choice in zip(networks, built, chosen):
        mine = [next(runs) for _ in seeds]
        facts = {"family": family, "width": width}
        facts["parameters"] = network.parameter_count()
        columns = {name: [run[name] for run in mine] for name in mine[0]}
        found.append(facts | choice | columns)
    return found


def _run(jobs: Sequence[tuple], name: str, how: tuple) -> Iterator[dict]:
    """Yield the trials in the order of the jobs."""
    n_jobs, progress, ended = how
    runs = side_by_side(trial, jobs, n_jobs)
    bar = dict(total=len(jobs), desc=name, unit="run", disable=not progress)
    for (_, family, width, recipe, seed), run in zip(jobs, tqdm(runs, **bar)):
        what = dict(family=family, width=width, rate=recipe.peak_rate)
        ended.append(what | dict(seed=seed) | run)
        yield run


def side_by_side(
    function: Callable, jobs: Iterable[tuple], n_jobs: int | None
) -> Iterator[Any]:
    """Yield what a function makes of the arguments in each job, in order.

    Arrays go through pipes: a full disk for temporary files is no matter.
    """
    parallel = joblib.Parallel(n_jobs, return_as="generator", max_nbytes=None)
    calls = (joblib.delayed(function)(*job) for job in jobs)
    if threading.current_thread() is not threading.main_thread():
        return parallel(calls)
    # Inherited by the workers: Ctrl-C is for us, who then end them.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return parallel(calls)
    finally:
        signal.signal(signal.SIGINT, before)
