"""The exercises of notebook 09."""

from functools import partial

import numpy as np

from lecture.exercises.exercise import exercise


# --- accuracy over seeds -----------------------------------------------------
def _runs_of_seeds(rng):
    """Return three experiments: seeds, batches, the last batch smaller."""

    def batches(sizes, skill):
        for size in sizes:
            logits = rng.normal(size=(size, 5))
            labels = rng.integers(0, 5, size)
            logits[np.arange(size), labels] += skill
            yield logits, labels

    def run():
        sizes = [12, 12, int(rng.integers(2, 6))]
        test = list(batches(sizes, rng.uniform(0.5, 2.5)))
        return {"train": list(batches([20, 20, 7], 3)), "test": test}

    return [([run() for _ in range(seeds)],) for seeds in (5, 4, 7)]


@exercise(
    _runs_of_seeds,
    "Count the right answers of one run over all its test batches, and "
    "divide once, by the number of its test pictures. That gives one "
    "accuracy a seed. Then np.mean, and np.std with ddof=1.",
)
def accuracy_over_seeds(runs):
    """Return the mean of the seeds' accuracies and their deviation."""
    accuracies = []
    for run in runs:
        right = sum((z.argmax(axis=1) == y).sum() for z, y in run["test"])
        accuracies.append(right / sum(len(y) for _, y in run["test"]))
    return np.mean(accuracies), np.std(accuracies, ddof=1)


def _over_seeds(runs, part="test", pick=np.mean, ddof=1, by_batch=False):
    """Return the exercise's answer with some of its typical slips."""
    found = []
    for run in runs:
        right = [(z.argmax(axis=1) == y) for z, y in run[part]]
        shares = [share.mean() for share in right]
        whole = np.concatenate(right).mean()
        found.append(np.mean(shares) if by_batch else whole)
    return pick(found), np.std(found, ddof=ddof)


for _message, _slip in [
    (
        "This is the accuracy on the training pictures: it says how much was "
        'memorised. Take run["test"].',
        {"part": "train"},
    ),
    (
        "The last batch is smaller, yet counts as much as the others: add up "
        "right answers and pictures, then divide once.",
        {"by_batch": True},
    ),
    (
        "This is the best seed, chosen on the test pictures: nobody can "
        "choose it in advance. Return the mean over seeds.",
        {"pick": max},
    ),
]:
    accuracy_over_seeds.slip(_message)(partial(_over_seeds, **_slip))
    _message += " And the deviation divides by n, not n - 1."
    accuracy_over_seeds.slip(_message)(partial(_over_seeds, **_slip, ddof=0))

accuracy_over_seeds.slip(
    "The deviation divides by n. A few seeds stand for all that could have "
    "been drawn, so divide by n - 1: np.std(..., ddof=1)."
)(lambda runs: _over_seeds(runs, ddof=0))


def _instead(change):
    """Return an answer by change(mean, deviation, seeds)."""
    return lambda runs: change(*accuracy_over_seeds(runs), len(runs))


accuracy_over_seeds.slip(
    "This is the standard error, the deviation of the mean: do not divide by "
    "the root of the number of seeds."
)(_instead(lambda mean, deviation, n: (mean, deviation / np.sqrt(n))))

accuracy_over_seeds.slip("This is the variance: the deviation is its root.")(
    _instead(lambda mean, deviation, n: (mean, deviation**2))
)

accuracy_over_seeds.slip(
    "This is the error: the accuracy is the share that is right."
)(_instead(lambda mean, deviation, n: (1 - mean, deviation)))


# --- the widest network within a budget --------------------------------------
def _dense_count(width, side, depth):
    hidden = (depth - 2) * (width**2 + width)
    return (side**2 + 1) * width + hidden + (width + 1) * 10


def _budgets(rng):
    cases = [(30_000, 40, 2), (30_000, 40, 5), (108_938, 40, 5)]
    for depth in (2, 3, 4, 6):
        # Just enough for a wide network on small pictures.
        side, width = int(rng.integers(5, 9)), int(rng.integers(150, 250))
        enough = _dense_count(width, side, depth)
        cases.append((enough + int(rng.integers(0, 5)), side, depth))
        cases.append((enough - 1, side, depth))
    return cases


@exercise(
    _budgets,
    "depth layers of weights: side^2 inputs to width units, depth - 2 times "
    "width to width, width to 10. A layer from a to b has (a + 1) b "
    "parameters. Try widths upward until the next one costs too much.",
)
def widest(budget, side, depth):
    """Return the largest width that the budget allows."""

    def count(width):
        hidden = (depth - 2) * (width + 1) * width
        return (side**2 + 1) * width + hidden + (width + 1) * 10

    width = 1
    while count(width + 1) <= budget:
        width += 1
    return width


def _widest_by(count):
    """Return an answer with another count(width, side, depth)."""
    return lambda budget, *net: max(
        width for width in range(1, 1500) if count(width, *net) <= budget
    )


widest.slip("One unit too many: the answer must still fit the budget.")(
    lambda budget, side, depth: widest(budget, side, depth) + 1
)

widest.slip(
    "One layer too many: depth counts layers of weights, the last one "
    "included, so there are depth - 1 hidden layers."
)(lambda budget, side, depth: widest(budget, side, depth + 1))

widest.slip(
    "The biases are missing: a layer from a to b has (a + 1) b parameters."
)(_widest_by(lambda w, side, depth: (side**2 + (depth - 2) * w + 10) * w))

widest.slip("The last layer is missing: width units to 10 classes.")(
    _widest_by(lambda w, *net: _dense_count(w, *net) - (w + 1) * 10)
)

widest.slip(
    "The layers between are missing: depth - 2 of them, each with width x "
    "width weights and width biases."
)(lambda budget, side, depth: widest(budget, side, 2))

widest.slip("A picture has side x side pixels, and each is an input.")(
    _widest_by(lambda w, n, *d: _dense_count(w, n, *d) - (n**2 - n) * w)
)


# --- weights for pictures in order -------------------------------------------
def _weights_and_orders(rng):
    return [
        (rng.normal(size=(units, pixels)), rng.permutation(pixels))
        for units, pixels in [(3, 7), (4, 9), (2, 12)]
    ]


@exercise(
    _weights_and_orders,
    "Column i of the weights was trained on pixel order[i] of the picture. "
    "Fill a new array, column by column. np.argsort(order) is the inverse of "
    "order.",
)
def unshuffle(weight, order):
    """Return the weights for pictures whose pixels are in order."""
    back = np.empty_like(weight)
    back[:, order] = weight
    return back


unshuffle.slip(
    "This shuffles a second time. weight[:, order] leads from pictures in "
    "order to shuffled ones; you want the way back."
)(lambda weight, order: weight[:, order])

unshuffle.slip(
    "These are the old weights: they meet other pixels now. A pixel moved, so "
    "its column of weights moves along."
)(lambda weight, order: weight.copy())

unshuffle.slip(
    "The rows of the weights are units, the columns pixels: index columns, "
    "weight[:, ...]."
)(lambda weight, order: weight[order])

unshuffle.slip(
    "The inverse order is right, but for columns: the rows of the weights are "
    "units."
)(lambda weight, order: weight[np.argsort(order)])
