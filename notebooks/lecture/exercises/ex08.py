"""The exercises of notebook 08."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- softmax and cross-entropy -----------------------------------------------
def _logits_and_labels(rng):
    cases = []
    for size, classes, spread in [
        (3, 5, 1.0),
        (7, 4, 2.0),
        (2, 6, 1000.0),
        (1, 3, 1.0),
    ]:
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


def _by_probability(probability, labels):
    rows = np.arange(len(labels))
    loss = -np.log(probability[rows, labels]).mean()
    return loss, (probability - np.eye(probability.shape[1])[labels]) / len(
        rows
    )


softmax_cross_entropy.slip(
    "exp overflows: one case has logits near 1000. Subtract the largest logit "
    "of each row first, and take the logarithm without dividing."
)(lambda z, y: _by_probability(np.exp(z) / np.exp(z).sum(1, keepdims=True), y))

softmax_cross_entropy.slip(
    "A probability rounds to 0, and log(0) is -inf: take the loss from the "
    "logits, log(sum(exp(z))) - z[label]."
)(lambda z, y: _by_probability(_softmax(z), y))


def _changed(change):
    """Return an answer by change(loss, gradient, logits, labels)."""
    return lambda z, y: change(*softmax_cross_entropy(z, y), z, y)


softmax_cross_entropy.slip(
    "The factor 1/B is missing: loss and gradient are sums over the batch, "
    "not means."
)(_changed(lambda loss, gradient, z, y: (loss * len(y), gradient * len(y))))

softmax_cross_entropy.slip(
    "The factor 1/B is missing in the gradient: the loss is a mean, so its "
    "gradient is one too."
)(_changed(lambda loss, gradient, z, y: (loss, gradient * len(y))))

softmax_cross_entropy.slip(
    "The loss is a sum over the batch: the gradient is that of the mean."
)(_changed(lambda loss, gradient, z, y: (loss * len(y), gradient)))

softmax_cross_entropy.slip(
    "Your gradient is the softmax: 1 must be subtracted at the label."
)(_changed(lambda loss, gradient, z, y: (loss, _softmax(z) / len(y))))

softmax_cross_entropy.slip(
    "Your gradient is the softmax: subtract 1 at the label and divide by the "
    "number of rows."
)(_changed(lambda loss, gradient, z, y: (loss, _softmax(z))))

softmax_cross_entropy.slip(
    "Your gradient points downhill: the softmax less 1 at the label, not the "
    "other way round."
)(_changed(lambda loss, gradient, z, y: (loss, -gradient)))

softmax_cross_entropy.slip(
    "The softmax is taken twice: the logits go straight into the "
    "cross-entropy."
)(lambda logits, labels: softmax_cross_entropy(_softmax(logits), labels))


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


def _shared_in(*layers):
    """Return a count with one bias a map in these layers, 1 and 2."""

    def answer(size, maps, kernel, stride, *rest):
        units = [maps * (size // stride**layer) ** 2 for layer in layers]
        right = parameters_1989(size, maps, kernel, stride, *rest)
        return right - sum(units) + maps * len(layers)

    return answer


parameters_1989.slip(
    "Biases are shared in your count, one a map: in this network every unit "
    "has its own."
)(_shared_in(1, 2))

parameters_1989.slip(
    "The biases of the first layer are shared in your count: there, too, "
    "every unit has its own."
)(_shared_in(1))

parameters_1989.slip(
    "The biases of the second layer are shared in your count: there, too, "
    "every unit has its own."
)(_shared_in(2))

parameters_1989.slip(
    "The biases of the dense layers are missing: each unit has one."
)(lambda *net: parameters_1989(*net) - sum(net[-2:]))

parameters_1989.slip(
    "Your second layer reads all maps: each of its maps reads only `reads` of "
    "them."
)(lambda size, m, k, s, reads, *rest: parameters_1989(size, m, k, s, m, *rest))

parameters_1989.slip(
    "Your maps keep the size of the picture: a stride divides it, once in "
    "each layer."
)(lambda size, m, k, s, *rest: parameters_1989(size, m, k, 1, *rest))


# --- one step of SGD with momentum -------------------------------------------
def _arrays_and_rates(rng):
    cases = [
        (*rng.standard_normal((3, *shape)), *rng.uniform(0.1, 0.9, size=3))
        for shape in [(4,), (2, 3), (3, 1, 2, 5)]
    ]
    return [*cases, (*rng.standard_normal((3, 2)), 0.5, 0.0, 0.0)]


@exercise(
    _arrays_and_rates,
    "Three lines: add decay * parameter to the gradient, add that to "
    "momentum * velocity, move the parameter by -rate times the new velocity.",
    keeps=True,
)
def momentum_step(parameter, velocity, gradient, rate, momentum, decay):
    """Return the parameter and the velocity after one step."""
    velocity = momentum * velocity + gradient + decay * parameter
    return parameter - rate * velocity, velocity


# In short: parameter, velocity, gradient, rate, momentum, decay.
momentum_step.slip("The step goes uphill: subtract rate * velocity.")(
    lambda p, v, g, r, m, d: momentum_step(p, v, g, -r, m, d)
)

momentum_step.slip(
    "The parameter moves by the old velocity: update the velocity first."
)(lambda p, v, g, r, *md: (p - r * v, momentum_step(p, v, g, r, *md)[1]))

momentum_step.slip(
    "The gradient is weighted by 1 - momentum: PyTorch and this series add it "
    "whole."
)(lambda p, v, g, r, m, d: momentum_step(p, v, g - m * g, r, m, d - m * d))

momentum_step.slip(
    "The rate is inside the velocity: PyTorch keeps it outside and multiplies "
    "when the parameter moves."
)(lambda p, v, g, r, m, d: momentum_step(p, v, r * g, 1, m, r * d))

momentum_step.slip(
    "Your velocity is the step itself, downhill and times the rate: in "
    "PyTorch it adds up gradients, and -rate comes after."
)(lambda p, v, g, r, m, d: momentum_step(p, v, -r * g, -1, m, -r * d))


@momentum_step.slip(
    "That is Nesterov's step, which looks ahead once more: move by the new "
    "velocity."
)
def _nesterov(parameter, velocity, gradient, rate, momentum, decay):
    gradient = gradient + decay * parameter
    velocity = momentum * velocity + gradient
    return parameter - rate * (gradient + momentum * velocity), velocity


momentum_step.slip(
    "The decay goes past the velocity (as in AdamW): add it to the gradient "
    "first."
)(lambda p, v, g, r, m, d: momentum_step(p - r * d * p, v, g, r, m, 0))

momentum_step.slip("The weight decay is missing.")(
    lambda p, v, g, r, m, d: momentum_step(p, v, g, r, m, 0)
)

momentum_step.slip("The decay has the wrong sign: add decay * parameter.")(
    lambda p, v, g, r, m, d: momentum_step(p, v, g, r, m, -d)
)
