"""Step 10: the network is trained, to 97 % of digits it has never seen."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from tqdm import tqdm

from helpers.data import load_mnist, scale
from lecture.capstone.checking import defined, first_line
from lecture.capstone.dense import softmax_cross_entropy
from lecture.capstone.network import (
    backward,
    forward,
    initial,
    parameters_of,
    pictures,
)
from lecture.capstone.running import Trouble, unattended
from lecture.capstone.step import step
from lecture.exercises import ex08
from lecture.exercises.comparing import kind
from lecture.exercises.exercise import Verdict

GOAL = 0.97  # of the test digits

# --- The functions -----------------------------------------------------------

momentum_step = step(
    10,
    task="One step of gradient descent with momentum and weight decay: the "
    "new velocity is momentum * velocity + gradient + decay * parameter, the "
    "new parameter is parameter - rate * new velocity. Return both; change "
    "neither argument.",
    notebook="08_lenet_mnist",
    advice=ex08.momentum_step.advice + " (Exercise 3 of 08.)",
    cases=ex08.momentum_step.cases,
)(ex08.momentum_step.answer)
momentum_step.slips += ex08.momentum_step.slips


@step(
    10,
    task="Return the label that the network gives each of the images (N, 1, "
    "28, 28): whole numbers, shape (N,).",
    notebook="08_lenet_mnist",
    advice="`forward` returns two things; the label is where the largest "
    "logit of each row stands.",
)
def predict(parameters, images):
    """Return the most probable label of each image."""
    return forward(parameters, images)[0].argmax(axis=1)


@predict.checked_by
def _predict_trouble(module):
    parameters, images = parameters_of(module), pictures(7)[0]
    return _labels_trouble(module.predict(parameters, images), 7)


def _labels_trouble(found: object, count: int) -> str:
    """Return what is wrong with predicted labels, or ""."""
    if not isinstance(found, np.ndarray):
        return f"It returns {kind(found)}: return an array of {count} labels."
    if found.shape == (count, 10):
        return (
            f"It returns logits, {found.shape}: return the place of the "
            "largest in each row."
        )
    if found.shape != (count,):
        return (
            f"It returns shape {found.shape} for {count} images where "
            f"({count},) is right: one label an image (argmax, axis=1)."
        )
    if found.dtype.kind not in "ui":
        return f"It returns {found.dtype}: labels are whole numbers."
    if not 0 <= found.min() <= found.max() <= 9:
        return "It returns labels outside 0..9."
    return ""


@step(
    10,
    task="Return trained parameters. images are 4,000 digits, float32 (4000, "
    "1, 28, 28), paper -0.42 and ink 2.82; labels (4000,); rng shuffles and "
    "draws. 97 % of 1,000 other digits must then be predicted right; your "
    "functions never see their labels.",
    notebook="08_lenet_mnist",
    advice="Shuffle indices (rng.permutation), not arrays, and take "
    "images[batch] and labels[batch]. Batches of 50, 12 passes, momentum 0.9, "
    "decay 0.002, a rate that rises in a line to 0.03 for a fifth of the time "
    "and falls to 0 in the rest. 4,000 digits are few: move each batch by -1, "
    "0 or 1 pixel along both axes (np.roll, axis=(2, 3)).",
)
def train(images, labels, rng):
    """Return parameters after 12 passes over the images."""
    parameters = initial(rng)
    velocities = {name: np.zeros_like(p) for name, p in parameters.items()}
    epochs, size = 12, 50
    for epoch in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            moved = np.roll(images[batch], rng.integers(-1, 2, 2), (2, 3))
            logits, kept = forward(parameters, moved)
            _, delta = softmax_cross_entropy(logits, labels[batch])
            gradients = backward(parameters, kept, delta)
            t = (epoch + start / len(order)) / epochs  # from 0 to 1
            rate = 0.03 * min(t / 0.2, (1 - t) / 0.8)  # up, then down
            for name, p in parameters.items():
                parameters[name], velocities[name] = momentum_step(
                    p, velocities[name], gradients[name], rate, 0.9, 0.002
                )
    return parameters


STEPS = [momentum_step, predict, train]

# --- The check of train ------------------------------------------------------


class _Diverged(Trouble):
    """The loss is no longer finite."""


class _Watch:
    """Follows the reader's training through the functions it calls."""

    def __init__(self, module: ModuleType, bar: tqdm) -> None:
        self.module, self.bar = module, bar
        self.losses: list[float] = []
        # The largest pixel of each image and its label, as they were used.
        self.pairs: list[tuple[float, int]] = []
        self.brightest = np.zeros(0)

    def __enter__(self) -> _Watch:
        self.kept = self.module.forward, self.module.softmax_cross_entropy
        self.module.forward = self._forward
        self.module.softmax_cross_entropy = self._loss
        return self

    def __exit__(self, *_: object) -> None:
        self.module.forward, self.module.softmax_cross_entropy = self.kept

    def _forward(self, parameters: Any, x: Any) -> Any:
        self.brightest = np.asarray(x).reshape(len(x), -1).max(axis=1)
        return self.kept[0](parameters, x)

    def _loss(self, logits: Any, labels: Any) -> Any:
        loss, delta = self.kept[1](logits, labels)
        self.losses.append(float(loss))
        if len(labels) == len(self.brightest):
            self.pairs += zip(self.brightest, labels)
        self.bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        self.bar.update()
        if not math.isfinite(loss):
            raise _Diverged(
                f"The loss is {loss} at step {len(self.losses)}: a smaller "
                "rate, or smaller weights at the start?"
            )
        return loss, delta


def trained(
    module: ModuleType, path: Path, begin: Callable[[str], None]
) -> Verdict:
    """Return whether the reader's training reaches the goal.

    `begin` is told which limits hold from here.
    """
    try:
        with unattended(path):
            function = defined(train, module)
            begin("the network")
            message = _rehearse(module)
            if not message:
                begin("training")
                digits, start = load_mnist(), time.monotonic()
                parameters, losses = _perform(module, digits)
                seconds = time.monotonic() - start
                message = _returned(module, parameters, False)
            if message:
                return Verdict(False, message + first_line(function))
            found = module.predict(parameters, scale(digits.test_images))
            message = _labels_trouble(found, len(digits.test_labels))
    except Trouble as trouble:
        return Verdict(False, str(trouble))
    if message:
        return Verdict(False, f"predict: {message}")
    accuracy = float((found == digits.test_labels).mean())
    reached = (
        f"{accuracy:.1%} of the 1,000 test digits are right, after "
        f"{len(losses):,} steps in {seconds:.0f} s."
    )
    right = accuracy >= GOAL
    return Verdict(
        right, reached if right else f"{reached}\n{_advice(losses)}"
    )


def _rehearse(module: ModuleType) -> str:
    """Train on few images that show their label; return what is wrong."""
    labels = np.random.default_rng(0).integers(10, size=300)
    images = np.zeros((300, 1, 28, 28), np.float32)
    images += (labels / 3 - 0.4).astype(np.float32)[:, None, None, None]
    given = images.copy(), labels.copy()
    message = ""
    with (
        tqdm(disable=True) as bar,
        _Watch(module, bar) as watch,
        # Such images may be too much for a good recipe.
        contextlib.suppress(_Diverged),
    ):
        found = module.train(*given, np.random.default_rng(0))
        if len(watch.losses) == 1:
            return "It took one step only: is `return` inside the loop?"
        message = _returned(module, found, bool(watch.losses))
    if message:
        return message
    if not all(map(np.array_equal, given, (images, labels))):
        return "It changes the images or labels it is given: copy them."
    if len(watch.pairs) > 100:
        together = np.corrcoef(np.transpose(watch.pairs))[0, 1]
        if together < 0.5:
            return (
                "Images and labels do not belong together: shuffle both by "
                "the same indices, images[batch] and labels[batch]."
            )
    return ""


def _perform(module: ModuleType, digits: Any) -> tuple[Any, list[float]]:
    """Return what `train` returns, and its losses."""
    print("Training on 4,000 digits; Ctrl-C (or Stop) ends it.", flush=True)
    images, labels = scale(digits.train_images), digits.train_labels.copy()
    look = dict(unit="step", ncols=79, mininterval=1, file=sys.stdout)
    with tqdm(**look) as bar, _Watch(module, bar) as watch:
        parameters = module.train(images, labels, np.random.default_rng(0))
    return parameters, watch.losses


def _returned(module: ModuleType, found: Any, stepped: bool) -> str:
    """Return what is wrong with what `train` returned, or ""."""
    start = module.initial(np.random.default_rng(0))
    if found is None:
        return "It returns None: end it with `return parameters`."
    if not isinstance(found, dict) or set(found) != set(start):
        return (
            f"It returns {kind(found)}: return the dictionary of "
            "parameters, with the names of `initial`."
        )
    for name, p in found.items():
        if np.shape(p) != start[name].shape:
            return (
                f"Its {name} has shape {np.shape(p)}, not that of `initial`."
            )
    if stepped and all(np.array_equal(found[n], start[n]) for n in start):
        return (
            "It returns the parameters it began with: what momentum_step "
            "returns must be put back, parameters[name] = ..."
        )
    return ""


def _advice(losses: list[float]) -> str:
    """Return what to do about a network that misses the goal."""
    if not losses:
        return (
            "It took no step: the check counts calls of softmax_cross_entropy."
        )
    last = np.mean(losses[-max(1, len(losses) // 20) :])
    early = max(losses[: max(1, len(losses) // 10)])
    said = "more passes."
    if last > 1.5:
        said = "it learned next to nothing: a smaller rate? larger weights?"
    elif last < 0.1:
        said = (
            "it knows its own digits, not yet others. Show it each digit "
            "moved by a pixel (np.roll), add weight decay."
        )
    if early > 3:
        said += f" Early on it was {early:.1f}, worse than a guess, 2.3."
    return (
        f"The training loss ends at {last:.2f}: {said} What helps besides: a "
        "slow start, the rate rises in a line for a fifth of the time and "
        "then falls to 0; a smaller last layer, whose weights begin at 0, say."
    )
