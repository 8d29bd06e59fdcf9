"""The exercises of notebook 08."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- softmax and cross-entropy -----------------------------------------------
def _logits_and_labels(rng):
    cases = []
    for size, classes, spread in [(3, 5, 1.0), (7, 4, 2.0), (2, 6, 1000.0)]:
        logits = spread * rng.standard_normal((size, classes))
        cases.append((logits, rng.integers(classes, size=size)))
    return cases


@exercise(
    _logits_and_labels,
    "Subtract the largest logit of each row first: that changes no "
    "probability, and exp no longer overflows. The loss of a row is "
    "log(sum(exp(z))) - z[label]. The gradient is the softmax, less 1 at the "
    "label, divided by the number of rows.",
)
def softmax_cross_entropy(logits, labels):
    """Return the mean loss and its gradient by the logits."""
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    sums = powers.sum(axis=1, keepdims=True)
    delta = powers / sums
    delta[rows, labels] -= 1
    loss = (np.log(sums[:, 0]) - shifted[rows, labels]).mean()
    return loss, delta / len(labels)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@softmax_cross_entropy.slip(
    "exp overflows: one case has logits near 1000. Subtract the largest logit "
    "of each row first, and take the logarithm without dividing."
)
def _overflowing(logits, labels):
    powers = np.exp(logits)
    probability = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(probability[rows, labels]).mean()
    probability[rows, labels] -= 1
    return loss, probability / len(labels)


@softmax_cross_entropy.slip(
    "The factor 1/B is missing: loss and gradient are sums over the batch, "
    "not means."
)
def _without_mean(logits, labels):
    loss, gradient = softmax_cross_entropy(logits, labels)
    return loss * len(labels), gradient * len(labels)


@softmax_cross_entropy.slip(
    "The factor 1/B is missing in the gradient: the loss is a mean, so its "
    "gradient is one too."
)
def _gradient_without_mean(logits, labels):
    loss, gradient = softmax_cross_entropy(logits, labels)
    return loss, gradient * len(labels)


@softmax_cross_entropy.slip(
    "The softmax is taken twice: the logits go straight into the "
    "cross-entropy."
)
def _softmax_twice(logits, labels):
    return softmax_cross_entropy(_softmax(logits), labels)


# --- the parameters of a network of 1989 -------------------------------------
def _networks_1989(rng):
    cases = [(16, 12, 5, 2, 8, 30, 10)]
    for _ in range(3):
        stride = int(rng.integers(2, 4))
        size = stride**2 * int(rng.integers(2, 5))
        maps = int(rng.integers(5, 12))
        kernel, reads = int(rng.integers(2, 8)), int(rng.integers(2, maps))
        hidden, classes = rng.integers(3, 40, size=2).tolist()
        cases.append((size, maps, kernel, stride, reads, hidden, classes))
    return cases


@exercise(
    _networks_1989,
    "Count the units of each layer first: the first hidden layer has maps * "
    "(size / stride)**2 of them, the second as many with stride**2. Weights "
    "are shared within a map, biases are not: one for each unit.",
)
def parameters_1989(size, maps, kernel, stride, reads, hidden, classes):
    """Return how many weights and biases are trained."""
    first_units = maps * (size // stride) ** 2
    first = maps * kernel**2 + first_units
    second_units = maps * (size // stride**2) ** 2
    second = maps * reads * kernel**2 + second_units
    third = (second_units + 1) * hidden
    return first + second + third + (hidden + 1) * classes


@parameters_1989.slip(
    "Biases are shared in your count, one a map: in this network every unit "
    "has its own."
)
def _shared_biases(size, maps, kernel, stride, reads, hidden, classes):
    units = maps * (size // stride**2) ** 2
    shared = 2 * maps - maps * (size // stride) ** 2 - units
    return shared + parameters_1989(
        size, maps, kernel, stride, reads, hidden, classes
    )


@parameters_1989.slip(
    "Your second layer reads all maps: each of its maps reads only `reads` of "
    "them."
)
def _full_connectivity(size, maps, kernel, stride, reads, hidden, classes):
    return parameters_1989(size, maps, kernel, stride, maps, hidden, classes)


@parameters_1989.slip(
    "Your maps keep the size of the picture: a stride divides it, once in "
    "each layer."
)
def _stride_one(size, maps, kernel, stride, reads, hidden, classes):
    return parameters_1989(size, maps, kernel, 1, reads, hidden, classes)


# --- one step of SGD with momentum -------------------------------------------
def _arrays_and_rates(rng):
    return [
        (*rng.standard_normal((3, *shape)), *rng.uniform(0.1, 0.9, size=3))
        for shape in [(4,), (2, 3), (3, 1, 2, 5)]
    ]


@exercise(
    _arrays_and_rates,
    "Three lines: add decay * parameter to the gradient, add that to "
    "momentum * velocity, move the parameter by -rate times the new velocity.",
)
def momentum_step(parameter, velocity, gradient, rate, momentum, decay):
    """Return the parameter and the velocity after one step."""
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, velocity


@momentum_step.slip("The step goes uphill: subtract rate * velocity.")
def _uphill(parameter, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter + rate * velocity, velocity


@momentum_step.slip(
    "The parameter moves by the old velocity: update the velocity first."
)
def _old_velocity(parameter, velocity, gradient, rate, momentum, decay):
    new = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, new


@momentum_step.slip(
    "The gradient is weighted by 1 - momentum: PyTorch and this series add it "
    "whole."
)
def _averaged(parameter, velocity, gradient, rate, momentum, decay):
    gradient = gradient + decay * parameter
    velocity = momentum * velocity + (1 - momentum) * gradient
    return parameter - rate * velocity, velocity


@momentum_step.slip("The weight decay is missing.")
def _no_decay(parameter, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return parameter - rate * velocity, velocity
