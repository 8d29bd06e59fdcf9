"""Training: minibatches, SGD, a progress bar, honest evaluation.

``python -m helpers.training --help`` trains LeNet-5 and records every epoch
of every seed in one JSON file.
"""

from __future__ import annotations

import argparse
import json
import math
import numbers
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy
from numpy.typing import NDArray
from tqdm import tqdm

from helpers.data import FOLDER, Digits, load_mnist, scale, write_whole
from helpers.fused import fuse
from helpers.im2col import as_numbers
from helpers.layers import CrossEntropy, check_rng
from helpers.networks import LeNet5, Sequential
from helpers.shapes import as_flag, as_int, as_real

# Floats beyond are pixels from 0 to 255: no network learns from them well.
LARGEST = 100


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    epochs : int
        Passes over the training set.
    batch_size : int
        Images a step.
    peak_rate : float
        The learning rate at the end of the warm-up.
    warmup : float
        Share of all steps in which the rate rises from 0, between 0 and 1.
    momentum : float
        Share of the last step that the next one keeps.
    weight_decay : float
        Pull towards 0, as in ``torch.optim.SGD``: added to the gradient,
        times the parameter.

    Raises
    ------
    TypeError, ValueError
        If a value does not fit.

    Examples
    --------
    >>> Recipe(epochs=0)
    Traceback (most recent call last):
    ValueError: epochs must be at least 1, not 0
    """

    epochs: int = 5
    batch_size: int = 64
    peak_rate: float = 0.05
    warmup: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 2e-3

    def __post_init__(self) -> None:
        as_int(self.epochs, "epochs")
        as_int(self.batch_size, "batch_size")
        for name in ("peak_rate", "warmup", "momentum", "weight_decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise TypeError(f"{name} must be a real number, not {value!r}")
        for name, limits, fits in [
            ("peak_rate", "above 0", 0 < self.peak_rate < math.inf),
            ("warmup", "from 0 to 1", 0 <= self.warmup <= 1),
            ("momentum", "from 0 to below 1", 0 <= self.momentum < 1),
            ("weight_decay", "at least 0", 0 <= self.weight_decay < math.inf),
        ]:
            if not fits:
                value = getattr(self, name)
                raise ValueError(f"{name} must be {limits}, not {value}")

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of a step: up in a line, down in a cosine.

        Examples
        --------
        >>> [round(Recipe().rate(step, 10), 3) for step in range(0, 10, 2)]
        [0.025, 0.05, 0.043, 0.025, 0.007]
        """
        steps, step = as_int(steps, "steps"), as_int(step, "step", 0)
        rising = max(1, round(self.warmup * steps))
        if step < rising:
            return self.peak_rate * (step + 1) / rising
        done = (step - rising) / max(1, steps - rising)
        return self.peak_rate * (1 + math.cos(math.pi * done)) / 2


class SGD:
    """Stochastic gradient descent with momentum, as ``torch.optim.SGD``.

    Parameters
    ----------
    network : Sequential
        Its parameters are changed in place.
    momentum, weight_decay : float
        See `Recipe`.

    Examples
    --------
    A first step against gradients of 1.

    >>> network = LeNet5(np.random.default_rng(0))
    >>> for layer in network.layers:
    ...     names = layer.parameters
    ...     layer.gradients = {n: np.ones_like(names[n]) for n in names}
    >>> SGD(network).step(0.25)
    >>> network.parameters["0.bias"][:2]
    array([-0.25, -0.25], dtype=float32)
    """

    def __init__(
        self,
        network: Sequential,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        if isinstance(network, type) or not hasattr(network, "parameters"):
            raise TypeError(
                f"network must be a network, as LeNet5(rng), not {network!r}"
            )
        self.network = network
        self.momentum = as_real(momentum, "momentum", 0, 1)
        self.weight_decay = as_real(weight_decay, "weight_decay", 0, 1e9)
        self.velocity = {
            name: np.zeros_like(p) for name, p in network.parameters.items()
        }

    def step(self, rate: float) -> None:
        """Move every parameter against its gradient.

        Parameters
        ----------
        rate : float
            The learning rate.
        """
        rate = as_real(rate, "rate", 0, sys.float_info.max)
        gradients = self.network.gradients
        if gradients.keys() != self.velocity.keys():
            raise RuntimeError("call backward before step: no gradients yet")
        for name, parameter in self.network.parameters.items():
            velocity = self.velocity[name]
            velocity *= self.momentum
            velocity += gradients[name] + self.weight_decay * parameter
            parameter -= rate * velocity


def minibatches(
    size: int, batch_size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield the indices 0 to size - 1 in random order, a batch at a time.

    Examples
    --------
    >>> batches = minibatches(5, 2, np.random.default_rng(0))
    >>> sorted(np.concatenate(list(batches)).tolist())
    [0, 1, 2, 3, 4]
    """
    check_rng(rng)
    order = rng.permutation(as_int(size, "size"))
    for start in range(0, size, as_int(batch_size, "batch_size")):
        yield order[start : start + batch_size]


def fit(
    network: Sequential,
    images: NDArray,
    labels: NDArray,
    test_images: NDArray | None = None,
    test_labels: NDArray | None = None,
    *,
    rng: np.random.Generator,
    recipe: Recipe = Recipe(),
    progress: bool = True,
) -> dict[str, list[float]]:
    """Train a network in place.

    Parameters
    ----------
    network : Sequential
    images : ndarray, shape (N, 1, 28, 28)
        uint8, scaled batch by batch, or float as `data.scale` returns it.
    labels : ndarray of int, shape (N,)
    test_images, test_labels : ndarray, optional
        Looked at after each epoch; nothing is chosen by them.
    rng : numpy.random.Generator
        Shuffles the images.
    recipe : Recipe
    progress : bool
        Show a bar with the epoch and the loss.

    Returns
    -------
    dict of str to list of float
        ``"loss"``, one entry a step; ``"train_accuracy"``, one an epoch,
        counted while training; ``"test_accuracy"``, one an epoch.

    Raises
    ------
    FloatingPointError
        If the loss or a parameter is no longer finite.
    TypeError, ValueError
        If there are no images, not as many labels as images, or an argument
        is of another kind.

    Examples
    --------
    Two epochs of two steps.

    >>> images, labels = [array[:100] for array in load_mnist()[:2]]
    >>> rng = np.random.default_rng(0)
    >>> recipe = Recipe(epochs=2, batch_size=50)
    >>> history = fit(
    ...     LeNet5(rng), images, labels, rng=rng, recipe=recipe, progress=False
    ... )
    >>> {name: len(entries) for name, entries in history.items()}
    {'loss': 4, 'train_accuracy': 2, 'test_accuracy': 0}
    """
    network, progress = _checked(network), as_flag(progress, "progress")
    check_rng(rng)
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe must be a Recipe(...), not {recipe!r}")
    images, labels = _labelled(images, labels)
    if test_images is not None:
        test_images, test_labels = _labelled(test_images, test_labels)
    loss = CrossEntropy()
    fast = fuse(network)  # the same parameters
    optimizer = SGD(fast, recipe.momentum, recipe.weight_decay)
    per_epoch = math.ceil(len(images) / recipe.batch_size)
    steps = per_epoch * recipe.epochs
    history = {"loss": [], "train_accuracy": [], "test_accuracy": []}
    # On stdout a notebook keeps the last state of the bar.
    look = dict(unit="step", ncols=79, mininterval=0.5, file=sys.stdout)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        tqdm(total=steps, disable=not progress, **look) as bar,
    ):
        for epoch in range(recipe.epochs):
            bar.set_description(f"epoch {epoch + 1}/{recipe.epochs}")
            right = 0
            for batch in minibatches(len(images), recipe.batch_size, rng):
                step = len(history["loss"])
                logits = fast.forward(_floats(images[batch]))
                value = float(loss.forward(logits, labels[batch]))
                fast.backward(loss.backward())
                optimizer.step(recipe.rate(step, steps))
                if not (math.isfinite(value) and _is_finite(network)):
                    raise FloatingPointError(
                        f"training diverged in step {step + 1} of {steps}, "
                        f"at a loss of {value:.3g}: lower peak_rate or "
                        "lengthen warmup"
                    )
                history["loss"].append(value)
                right += int((logits.argmax(axis=1) == labels[batch]).sum())
                bar.update()
                bar.set_postfix(loss=f"{value:.3f}", refresh=False)
            history["train_accuracy"].append(right / len(images))
            if test_images is not None:
                accuracy = evaluate(network, test_images, test_labels)
                history["test_accuracy"].append(accuracy)
    return history


def _checked(network: Sequential) -> Sequential:
    """Return a network that can be trained."""
    if not isinstance(network, Sequential):
        raise TypeError(
            f"network must be a Sequential, as LeNet5(rng), not {network!r}"
        )
    return network


def _pictures(images: NDArray) -> NDArray:
    """Return images as an array, of uint8 or float and scaled."""
    images = as_numbers(images, "images")
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise TypeError(
            "images must be uint8, or floats as data.scale returns, "
            f"not {images.dtype}"
        )
    if images.ndim < 2:
        raise ValueError(
            f"images must have axes (N, C, H, W), not shape {images.shape}"
        )
    # Paper or ink is 255 in a picture that nobody scaled; scaled, it is 3.
    if images.dtype.kind == "f" and images.size:
        largest = max(-images.min(), images.max())
        if LARGEST < largest < math.inf:
            raise ValueError(
                f"images must be scaled, as data.scale returns, but reach "
                f"{largest:g}: pass them as uint8, or scale them"
            )
    return images


def _labelled(
    images: NDArray, labels: NDArray | None
) -> tuple[NDArray, NDArray]:
    """Return images and their labels as arrays."""
    images = _pictures(images)
    if labels is not None:
        labels = as_numbers(labels, "labels")
    if not len(images) or np.shape(labels) != (len(images),):
        raise ValueError(
            f"{len(images)} images and labels of shape {np.shape(labels)}: "
            "there must be one label for each image, and at least one image"
        )
    if labels.dtype.kind not in "ui":
        raise TypeError(f"labels must be whole numbers, not {labels.dtype}")
    return images, labels


def _is_finite(network: Sequential) -> bool:
    return all(np.isfinite(p).all() for p in network.parameters.values())


def predict(
    network: Sequential, images: NDArray, batch_size: int = 500
) -> NDArray:
    """Return the logits of many images, computed in batches.

    Parameters
    ----------
    network : Sequential
    images : ndarray, shape (N, 1, 28, 28)
        uint8, scaled batch by batch, or float as `data.scale` returns it.
    batch_size : int
        Bounds the memory; changes nothing but the rounding.

    Returns
    -------
    ndarray, shape (N, classes)

    Raises
    ------
    ValueError
        If there are no images.

    Examples
    --------
    >>> network = LeNet5(np.random.default_rng(0))
    >>> predict(network, load_mnist().test_images, batch_size=300).shape
    (1000, 10)
    """
    if isinstance(network, type) or not hasattr(network, "forward"):
        raise TypeError(
            f"network must be a network, as LeNet5(rng), not {network!r}"
        )
    images = as_numbers(images, "images")
    if not images.size:
        raise ValueError("there are no images to predict: pass at least one")
    images = _pictures(images)
    starts = range(0, len(images), as_int(batch_size, "batch_size"))
    return np.concatenate(
        [
            network.forward(_floats(images[start : start + batch_size]))
            for start in starts
        ]
    )


def probabilities(network: Sequential, images: NDArray) -> NDArray:
    """Return the probabilities that a network gives to the classes.

    Parameters
    ----------
    network : Sequential
    images : ndarray, shape (N, 1, 28, 28)
        As for `predict`.

    Returns
    -------
    ndarray, shape (N, classes)
        The softmax of the logits.

    Examples
    --------
    >>> network = LeNet5(np.random.default_rng(0))
    >>> odds = probabilities(network, np.zeros((1, 1, 28, 28), np.uint8))
    >>> print(odds.round(1))
    [[0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1]]
    """
    return _softmax(predict(network, images))


def _softmax(logits: NDArray) -> NDArray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def evaluate(
    network: Sequential,
    images: NDArray,
    labels: NDArray,
    batch_size: int = 500,
) -> float:
    """Return the share of images whose largest logit is at their label.

    Parameters
    ----------
    network, images, batch_size
        As for `predict`.
    labels : ndarray of int, shape (N,)

    Raises
    ------
    ValueError
        If there are no images, or not as many labels as images.

    Examples
    --------
    A network that has learned nothing guesses.

    >>> network = LeNet5(np.random.default_rng(0))
    >>> evaluate(network, *load_mnist()[2:]) < 0.3
    True
    """
    images, labels = _labelled(images, labels)
    logits = predict(network, images, batch_size)
    return float((logits.argmax(axis=1) == labels).mean())


def _floats(images: NDArray) -> NDArray:
    return scale(images) if images.dtype == np.uint8 else images


def mistakes(
    network: Sequential, images: NDArray, labels: NDArray
) -> dict[str, NDArray]:
    """Return what a network takes for something else, surest first.

    Parameters
    ----------
    network : Sequential
    images : ndarray, shape (N, 1, 28, 28)
        As for `predict`.
    labels : ndarray of int, shape (N,)

    Returns
    -------
    dict of str to ndarray
        ``"images"``, ``"labels"`` and ``"probabilities"`` (M, classes) of
        the M mistakes.

    Examples
    --------
    >>> digits = load_mnist()
    >>> network = LeNet5(np.random.default_rng(0))
    >>> wrong = mistakes(network, digits.test_images, digits.test_labels)
    >>> bool((wrong["probabilities"].argmax(axis=1) == wrong["labels"]).any())
    False
    """
    images, labels = _labelled(images, labels)
    logits = predict(network, images)
    probabilities = _softmax(logits)
    wrong = np.flatnonzero(logits.argmax(axis=1) != labels)
    sure = probabilities[wrong].max(axis=1)
    wrong = wrong[np.argsort(-sure, kind="stable")]
    return {
        "images": images[wrong],
        "labels": labels[wrong],
        "probabilities": probabilities[wrong],
    }


def gradient_check(
    network: Sequential,
    images: NDArray,
    labels: NDArray,
    rng: np.random.Generator,
    samples: int = 20,
    step: float = 1e-6,
) -> dict[str, float]:
    """Compare `backward` with central differences of the loss.

    Parameters
    ----------
    network : Sequential
        Made with ``dtype=np.float64``; its parameters come back unchanged.
    images : ndarray of float64, shape (N, C, H, W)
    labels : ndarray of int, shape (N,)
    rng : numpy.random.Generator
        Draws the entries to check.
    samples : int
        Entries of each parameter.
    step : float
        How far an entry is moved to each side.

    Returns
    -------
    dict of str to float
        For each parameter the largest |a - n| over the largest |a| or |n|,
        where a comes from `backward` and n from the differences.

    Raises
    ------
    TypeError
        If the network or the images are not float64: differences of
        float32 losses are mostly rounding.

    References
    ----------
    The step: Press et al., "Numerical Recipes", section 5.7.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, labels = rng.normal(size=(2, 1, 28, 28)), np.array([4, 2])
    >>> worst = gradient_check(LeNet5(rng, np.float64), x, labels, rng)
    >>> max(worst.values()) < 1e-5
    True
    """
    _checked(network)
    check_rng(rng)
    images, labels = _labelled(images, labels)
    step = as_real(step, "step", sys.float_info.min, 1)
    for name, value in [("images", images), *network.parameters.items()]:
        if value.dtype != np.float64:
            raise TypeError(f"{name} must be float64, not {value.dtype}")
    samples = as_int(samples, "samples")
    loss = CrossEntropy()

    def slope(values: NDArray, index: int) -> float:
        kept, losses = values[index], []
        for moved in (kept + step, kept - step):
            values[index] = moved
            losses.append(loss.forward(network.forward(images), labels))
        values[index] = kept
        return (losses[0] - losses[1]) / (2 * step)

    loss.forward(network.forward(images), labels)
    network.backward(loss.backward())
    gradients, worst = network.gradients, {}
    for name, parameter in network.parameters.items():
        values, a = parameter.reshape(-1), gradients[name].reshape(-1)
        # Weights that connect nothing stay 0; a new bias is 0 but may move.
        fixed = (values == 0) & (a == 0) & values.any()
        chosen = rng.permutation(np.flatnonzero(~fixed))[:samples]
        a, n = a[chosen], np.array([slope(values, i) for i in chosen])
        largest = np.abs([a, n]).max()
        worst[name] = float(np.abs(a - n).max() / largest) if largest else 0.0
    return worst


def run_seeds(
    function: Callable[[int], Any],
    seeds: Iterable[int],
    n_jobs: int | None = None,
) -> list[Any]:
    """Call a function once for each seed, side by side.

    Parameters
    ----------
    function : callable
        Takes a seed, returns anything that can be pickled.
    seeds : iterable of int
    n_jobs : int, optional
        Processes.  Unless given, what ``joblib.parallel_config`` says, so
        that ``joblib.parallel_config("dask")`` moves the seeds to a
        cluster; one process without it.

    Returns
    -------
    list
        In the order of `seeds`.

    Examples
    --------
    >>> run_seeds(abs, [-3, 4])
    [3, 4]
    """
    call = joblib.delayed(function)
    return joblib.Parallel(n_jobs=n_jobs)(call(seed) for seed in seeds)


# --- The recorded run --------------------------------------------------------


def train_lenet5(digits: Digits, recipe: Recipe, seed: int) -> dict[str, Any]:
    """Train LeNet-5 once and report every epoch.

    Parameters
    ----------
    digits : Digits
    recipe : Recipe
    seed : int
        Draws the weights and shuffles the images.

    Returns
    -------
    dict
        ``"seed"``; ``"loss"`` (mean of each epoch), ``"train_error"`` and
        ``"test_error"`` (in percent, one entry an epoch); ``"diverged"``,
        None or what went wrong; ``"parameters"``, the trained arrays, or
        None.

    Examples
    --------
    >>> part = Digits(*(array[:100] for array in load_mnist()))
    >>> run = train_lenet5(part, Recipe(epochs=2), seed=0)
    >>> len(run["loss"]), len(run["test_error"]), run["diverged"]
    (2, 2, None)
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


def hold_out(digits: Digits, count: int) -> Digits:
    """Return the training digits alone, the last `count` of them as a test.

    For every choice: the real test set is not in what comes back.

    Parameters
    ----------
    digits : Digits
    count : int
        At least 1, and fewer than there are training digits.

    Returns
    -------
    Digits

    Raises
    ------
    TypeError, ValueError
        If `count` does not fit.

    Examples
    --------
    >>> digits = hold_out(load_mnist(), 500)
    >>> len(digits.train_images), len(digits.test_images)
    (3500, 500)
    """
    if not isinstance(digits, Digits):
        raise TypeError(f"digits must be Digits, not {digits!r}")
    images, labels = digits.train_images, digits.train_labels
    if as_int(count, "hold-out") >= len(images):
        raise ValueError(
            f"hold-out must leave some of the {len(images)} training digits "
            f"to train on, not take {count}"
        )
    return Digits(
        images[:-count], labels[:-count], images[-count:], labels[-count:]
    )


def record(
    data: str,
    digits: Digits,
    recipe: Recipe,
    seeds: Sequence[int],
    n_jobs: int | None = None,
) -> tuple[dict[str, Any], dict[str, NDArray] | None]:
    """Train one LeNet-5 a seed; return the record and some weights.

    Parameters
    ----------
    data : str
        What to call the digits in the record.
    digits : Digits
    recipe : Recipe
    seeds : sequence of int
        At least one.
    n_jobs : int, optional
        As for `run_seeds`.

    Returns
    -------
    facts : dict
        What was run, with what, and every epoch of every seed; JSON.
    weights : dict of str to ndarray, or None
        Of the first seed that did not diverge.

    Examples
    --------
    >>> part = Digits(*(array[:100] for array in load_mnist()))
    >>> facts, weights = record("a part", part, Recipe(epochs=1), [0, 1])
    >>> [run["seed"] for run in facts["runs"]], facts["diverged"]
    ([0, 1], [])
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
        "unit": "percent",
        "date": date.today().isoformat(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "runs": runs,
    }
    return facts, weights[0] if weights else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.training",
        description="Train LeNet-5 in NumPy and record every epoch.",
    )
    add = parser.add_argument
    add("--data", choices=list(DEFAULTS), default="subset")
    add("--root", help="folder that holds MNIST/raw, or will (--data full)")
    add("--seeds", type=int, default=5, help="how many: 0, 1, 2, ...")
    add("--jobs", type=int, default=None, help="seeds side by side")
    add("--output", type=Path, default=FOLDER, help="folder for the record")
    add(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="test on the last N training digits instead: for choices",
    )
    for name, value in asdict(DEFAULTS["subset"]).items():
        full = getattr(DEFAULTS["full"], name)
        add(
            "--" + name.replace("_", "-"),
            type=type(value),
            help=f"default {value}" + f" ({full} for full)" * (value != full),
        )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; see ``python -m helpers.training --help``.

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
    Three seeds on the bundled digits, recorded in ``data/``::

        python -m helpers.training --data subset --seeds 3
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    changes = {
        name: getattr(options, name)
        for name in asdict(Recipe())
        if getattr(options, name) is not None
    }
    name = f"lenet5_{options.data}"
    try:
        as_int(options.seeds, "seeds")
        recipe = replace(DEFAULTS[options.data], **changes)
        folder = options.output
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise ValueError(
                f"cannot write to {folder}: create the folder, or choose "
                "another by --output"
            )
        digits = load_mnist(options.data, options.root, download=True)
        if options.hold_out:
            digits = hold_out(digits, options.hold_out)
            name += "_held_out"
    except (ValueError, OSError) as error:
        parser.error(str(error))
    facts, weights = record(
        options.data, digits, recipe, range(options.seeds), options.jobs
    )
    if weights is not None:
        network = LeNet5(np.random.default_rng(0))
        for key, parameter in network.parameters.items():
            parameter[...] = weights[key]
        network.save(folder / f"{name}.npz")
        wrong = mistakes(network, digits.test_images, digits.test_labels)
        with write_whole(folder / f"{name}_mistakes.npz") as file:
            np.savez_compressed(file, **wrong)
    with write_whole(folder / f"{name}.json") as file:
        file.write(json.dumps(facts, indent=1).encode() + b"\n")
    print(
        f"{name}: test error {facts['mean_test_error']} % "
        f"+- {facts['std_test_error']} over {options.seeds} seeds, "
        f"diverged: {facts['diverged'] or 'none'}"
    )


# Chosen on 5,000 digits held out of the training set, see data/README.md.
DEFAULTS = {"subset": Recipe(epochs=10), "full": Recipe(epochs=5)}

if __name__ == "__main__":
    main()
