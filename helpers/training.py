"""Training: minibatches, SGD, a progress bar, honest evaluation."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from helpers.checks import (
    as_flag,
    as_int,
    as_list,
    as_numbers,
    as_real,
    check_rng,
)
from helpers.data import scale
from helpers.fused import fuse
from helpers.layers import CrossEntropy
from helpers.networks import Sequential, check_network


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
        for name, limits, fits in [
            ("peak_rate", "above 0", lambda x: 0 < x < math.inf),
            ("warmup", "from 0 to 1", lambda x: 0 <= x <= 1),
            ("momentum", "from 0 to below 1", lambda x: 0 <= x < 1),
            ("weight_decay", "at least 0", lambda x: 0 <= x < math.inf),
        ]:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                raise TypeError(f"{name} must be a real number, not {value!r}")
            if not fits(value):
                raise ValueError(f"{name} must be {limits}, not {value}")

    def rate(self, step: int, steps: int) -> float:
        """Return the rate of a step: up in a line, down in a cosine."""
        rising = max(1, round(self.warmup * steps))
        if step < rising:
            return self.peak_rate * (step + 1) / rising
        done = (step - rising) / max(1, steps - rising)
        return self.peak_rate * (1 + math.cos(math.pi * done)) / 2


class Diverged(FloatingPointError):
    """The loss or a parameter is no longer finite: training is over."""


class SGD:
    """Stochastic gradient descent with momentum, as ``torch.optim.SGD``.

    The network's parameters are changed in place.

    Examples
    --------
    >>> from helpers.layers import Linear
    >>> layer = Linear(1, 2, rng=np.random.default_rng(0))
    >>> layer.gradients = {"weight": np.ones((2, 1)), "bias": np.ones(2)}
    >>> SGD(Sequential([layer])).step(0.25)
    >>> layer.bias
    array([-0.25, -0.25], dtype=float32)
    """

    def __init__(
        self,
        network: Sequential,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        self.network = check_network(network, "parameters")
        self.momentum = as_real(momentum, "momentum", 0, 1)
        self.weight_decay = as_real(weight_decay, "weight_decay", 0, 1e9)
        self.velocity = {
            name: np.zeros_like(p) for name, p in network.parameters.items()
        }

    def step(self, rate: float) -> None:
        """Move every parameter w against its gradient g.

        v <- momentum v + g + weight_decay w, then w <- w - rate v.
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
    """Yield the indices 0 to size - 1 in random order, a batch at a time."""
    order = rng.permutation(size)
    for start in range(0, size, batch_size):
        yield order[start : start + batch_size]


# Numbers that vanish are normal here, also where the user's settings raise.
HEALTHY = np.errstate(all="ignore")


@HEALTHY
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
    Diverged
        If the loss or a parameter is no longer finite.

    Examples
    --------
    >>> from helpers.layers import Linear
    >>> rng = np.random.default_rng(0)
    >>> network, x = Sequential([Linear(2, 2, rng=rng)]), rng.random((90, 2))
    >>> how = dict(recipe=Recipe(epochs=2, batch_size=45), progress=False)
    >>> history = fit(network, x, x.argmax(axis=1), rng=rng, **how)
    >>> {name: len(entries) for name, entries in history.items()}
    {'loss': 4, 'train_accuracy': 2, 'test_accuracy': 0}
    """
    check_rng(rng)
    if not isinstance(recipe, Recipe):
        raise TypeError(f"recipe must be a Recipe(...), not {recipe!r}")
    images, labels = _labelled(images, labels, finite=True)
    if test_images is not None or test_labels is not None:
        test = test_images, test_labels
        test_images, test_labels = _labelled(*test, "test_", finite=True)
    fast = fuse(network)  # the same parameters
    loss = CrossEntropy()
    optimizer = SGD(fast, recipe.momentum, recipe.weight_decay)
    steps = recipe.epochs * math.ceil(len(images) / recipe.batch_size)
    history = {"loss": [], "train_accuracy": [], "test_accuracy": []}
    with _bar(steps, progress) as bar:
        for epoch in range(recipe.epochs):
            bar.set_description(f"epoch {epoch + 1}/{recipe.epochs}")
            right = 0
            for batch in minibatches(len(images), recipe.batch_size, rng):
                step, answers = len(history["loss"]), labels[batch]
                logits = fast.forward(_floats(images[batch]))
                value = float(loss.forward(logits, answers))
                fast.backward(loss.backward())
                optimizer.step(recipe.rate(step, steps))
                _check_finite(network, value, f"step {step + 1} of {steps}")
                history["loss"].append(value)
                right += int(_right(logits, answers).sum())
                bar.update()
                bar.set_postfix(loss=f"{value:.3f}", refresh=False)
            history["train_accuracy"].append(right / len(images))
            if test_images is not None:
                accuracy = _accuracy(network, test_images, test_labels)
                history["test_accuracy"].append(accuracy)
    return history


def _bar(steps: int, progress: bool) -> tqdm:
    """Return a progress bar that a notebook keeps in its last state."""
    look = dict(unit="step", ncols=79, mininterval=0.5, file=sys.stdout)
    shown = as_flag(progress, "progress")
    return tqdm(total=steps, disable=not shown, **look)


def _check_finite(network: Sequential, loss: float, when: str) -> None:
    finite = [np.isfinite(p).all() for p in network.parameters.values()]
    if not (math.isfinite(loss) and all(finite)):
        raise Diverged(
            f"training diverged in {when}, at a loss of {loss:.3g}: "
            "lower peak_rate or lengthen warmup"
        )


# --- What a network answers --------------------------------------------------

# Images that a network is asked about at a time: bounds the memory.
TOGETHER = 500


def predict(network: Sequential, images: NDArray) -> NDArray:
    """Return the logits of many images, shape (N, classes).

    Parameters
    ----------
    network : Sequential
    images : ndarray, shape (N, 1, 28, 28)
        uint8, scaled batch by batch, or float as `data.scale` returns it.

    Examples
    --------
    >>> predict(Sequential([]), np.eye(2))
    array([[1., 0.],
           [0., 1.]])
    """
    images = _pictures(images)
    if not len(images):
        raise ValueError("there are no images to predict: pass at least one")
    return _logits(check_network(network, "forward"), images)


def probabilities(network: Sequential, images: NDArray) -> NDArray:
    """Return the softmax of what `predict` returns, shape (N, classes).

    Examples
    --------
    >>> print(probabilities(Sequential([]), np.log([[1, 1, 8]])).round(6))
    [[0.1 0.1 0.8]]
    """
    return _softmax(predict(network, images))


def evaluate(network: Sequential, images: NDArray, labels: NDArray) -> float:
    """Return the share of images whose largest logit is at their label.

    An image with a logit that is no number (NaN) counts as wrong.  Images as
    for `predict`, labels of int, shape (N,).

    Examples
    --------
    >>> evaluate(Sequential([]), np.eye(4), np.array([0, 1, 2, 0]))
    0.75
    """
    images, labels = _labelled(images, labels)
    return _accuracy(check_network(network, "forward"), images, labels)


def mistakes(
    network: Sequential, images: NDArray, labels: NDArray
) -> dict[str, NDArray]:
    """Return what a network takes for something else, surest first.

    Images and labels as for `evaluate`.  In the dict are the ``"images"``,
    ``"labels"`` and ``"probabilities"`` (M, classes) of the M mistakes; NaN
    comes last.

    Examples
    --------
    >>> x = np.log([[6, 4], [8, 2], [3, 7]])
    >>> wrong = mistakes(Sequential([]), x, np.array([1, 1, 1]))
    >>> print(wrong["probabilities"].round(6))
    [[0.8 0.2]
     [0.6 0.4]]
    """
    images, labels = _labelled(images, labels)
    logits = _logits(check_network(network, "forward"), images)
    odds = _softmax(logits)
    wrong = np.flatnonzero(~_right(logits, labels))
    sure = odds[wrong].max(axis=1)
    wrong = wrong[np.argsort(-sure, kind="stable")]
    return {
        "images": images[wrong],
        "labels": labels[wrong],
        "probabilities": odds[wrong],
    }


@HEALTHY
def _logits(network: Sequential, images: NDArray) -> NDArray:
    parts = [
        network.forward(_floats(images[start : start + TOGETHER]))
        for start in range(0, len(images), TOGETHER)
    ]
    return np.concatenate(parts)


def _right(logits: NDArray, labels: NDArray) -> NDArray[np.bool]:
    """Return where the largest logit is at the label, and none is NaN."""
    said = logits.argmax(axis=1)  # of NaN, the first: often class 0
    return (said == labels) & ~np.isnan(logits).any(axis=1)


def _accuracy(network: Sequential, images: NDArray, labels: NDArray) -> float:
    return float(_right(_logits(network, images), labels).mean())


@HEALTHY
def _softmax(logits: NDArray) -> NDArray:
    # e^z / sum of e^z; a number taken from all z changes nothing.
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _floats(images: NDArray) -> NDArray:
    return scale(images) if images.dtype == np.uint8 else images


# --- Gradients, seeds --------------------------------------------------------


@HEALTHY
def gradient_check(
    network: Sequential,
    images: NDArray,
    labels: NDArray,
    rng: np.random.Generator,
    samples: int = 20,
) -> dict[str, float]:
    """Compare `backward` with (L(w + h) - L(w - h)) / 2h, entry by entry.

    With h = 1e-6: Press et al., "Numerical Recipes", section 5.7.

    Parameters
    ----------
    network : Sequential
        Made with ``dtype=np.float64``, since differences of float32 losses
        are mostly rounding.  Its parameters come back unchanged.
    images : ndarray of float64, shape (N, C, H, W)
    labels : ndarray of int, shape (N,)
    rng : numpy.random.Generator
        Draws the entries to check, `samples` of each parameter.
    samples : int

    Returns
    -------
    dict of str to float
        For each parameter the largest |a - n| over the largest |a| or |n|,
        where a comes from `backward` and n from the differences.

    Examples
    --------
    >>> from helpers.layers import Linear
    >>> rng = np.random.default_rng(0)
    >>> network = Sequential([Linear(4, 3, rng=rng, dtype=np.float64)])
    >>> x, labels = rng.normal(size=(2, 4)), np.array([0, 2])
    >>> max(gradient_check(network, x, labels, rng).values()) < 1e-5
    True
    """
    network = check_network(network, "backward")
    check_rng(rng)
    images, labels = _labelled(images, labels)
    for name, value in [("images", images), *network.parameters.items()]:
        if value.dtype != np.float64:
            raise TypeError(f"{name} must be float64, not {value.dtype}")
    samples, h, loss = as_int(samples, "samples"), 1e-6, CrossEntropy()

    def slope(values: NDArray, index: int) -> float:
        kept, losses = values[index], []
        for moved in (kept + h, kept - h):
            values[index] = moved
            losses.append(loss.forward(network.forward(images), labels))
        values[index] = kept
        return (losses[0] - losses[1]) / (2 * h)

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
        The results come in their order.
    n_jobs : int, optional
        Processes.  Unless given, what ``joblib.parallel_config`` says, so
        that ``joblib.parallel_config("dask")`` moves the seeds to a
        cluster; one process without it.

    Examples
    --------
    >>> run_seeds(abs, [-3, 4])
    [3, 4]
    """
    seeds = as_list(seeds, "seeds", "range(5)")
    call = joblib.delayed(function)
    return joblib.Parallel(n_jobs=n_jobs)(call(seed) for seed in seeds)


# --- Checks ------------------------------------------------------------------

# Floats beyond are pixels from 0 to 255: no network learns from them well.
LARGEST = 100


def _pictures(
    images: NDArray, name: str = "images", finite: bool = False
) -> NDArray:
    """Return images as an array, of uint8 or float and scaled."""
    images = as_numbers(images, name)
    if images.dtype.kind != "f" and images.dtype != np.uint8:
        raise TypeError(
            f"{name} must be uint8, or floats as data.scale returns, "
            f"not {images.dtype}"
        )
    if images.ndim < 2:
        raise ValueError(
            f"{name} must have axes (N, C, H, W), not shape {images.shape}"
        )
    if images.dtype == np.uint8 or not images.size:
        return images
    # Paper or ink is 255 in a picture that nobody scaled; scaled, it is 3.
    largest = max(-images.min(), images.max())
    if finite and not math.isfinite(largest):
        raise ValueError(f"{name} must hold finite numbers, not {largest}")
    if LARGEST < largest < math.inf:
        raise ValueError(
            f"{name} must be scaled, as data.scale returns, but reach "
            f"{largest:g}: pass them as uint8, or scale them"
        )
    return images


def _labelled(
    images: NDArray | None,
    labels: NDArray | None,
    test: str = "",
    finite: bool = False,
) -> tuple[NDArray, NDArray]:
    """Return images and their labels as arrays; `test` is before a name."""
    if images is None or labels is None:
        raise ValueError(
            f"{test}images and {test}labels go together: one label for each "
            "image"
        )
    images = _pictures(images, f"{test}images", finite)
    labels = as_numbers(labels, f"{test}labels")
    if not len(images) or np.shape(labels) != (len(images),):
        raise ValueError(
            f"{len(images)} {test}images and {test}labels of shape "
            f"{labels.shape}: there must be one label for each image, and at "
            "least one image"
        )
    if labels.dtype.kind not in "ui":
        raise TypeError(
            f"{test}labels must be whole numbers, not {labels.dtype}"
        )
    return images, labels
