"""Step 9: the reader's own network, forward and backward."""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from lecture.capstone.convolution import conv_backward, conv_forward
from lecture.capstone.dense import dense, dense_backward, relu, relu_backward
from lecture.capstone.pooling import max_pool, max_pool_backward
from lecture.capstone.step import step
from lecture.exercises.comparing import kind


def parameters_of(module: ModuleType) -> dict[str, NDArray]:
    """Return the reader's parameters in float64, none of them 0."""
    rng = np.random.default_rng(1)
    drawn = module.initial(np.random.default_rng(0))
    return {
        name: p.astype(float) + 0.05 * rng.standard_normal(p.shape)
        for name, p in drawn.items()
    }


def pictures(count: int) -> tuple[NDArray, NDArray]:
    """Return images of noise, and labels."""
    rng = np.random.default_rng(2)
    images = rng.standard_normal((count, 1, 28, 28))
    return images, rng.integers(10, size=count)


# --- initial -----------------------------------------------------------------
@step(
    9,
    task="The parameters of your network before training: a dictionary of "
    "arrays, from the image to the logits, drawn from rng "
    "(np.random.Generator). The network takes (N, 1, 28, 28) and ends in 10 "
    "logits; the layers are up to you.",
    notebook="08_lenet_mnist",
    advice="A small LeNet does it: K1 (8, 1, 5, 5) with padding 2, ReLU, 2x2 "
    "pooling; K2 (32, 8, 5, 5), ReLU, pooling, which leaves 32 maps of 5x5; "
    "W3 (100, 800), ReLU; W4 (10, 100). Weights normal, times np.sqrt(2 / "
    "inputs of one output); the last ones 0, then training begins calmly; "
    "biases 0. float32 is twice as fast as float64.",
)
def initial(rng):
    """Return the parameters of a small LeNet, by name."""
    shapes = {"K1": (8, 1, 5, 5), "K2": (32, 8, 5, 5)}
    shapes |= {"W3": (100, 800), "W4": (10, 100)}
    parameters = {}
    for name, shape in shapes.items():
        weights = rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
        parameters[name] = weights.astype(np.float32)
        parameters["b" + name[1]] = np.zeros(shape[0], np.float32)
    parameters["W4"] *= 0  # no opinion, so the first steps are small
    return parameters


@initial.checked_by
def _initial_trouble(module):
    drawn, again, other = (
        module.initial(np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    if not isinstance(drawn, dict) or not drawn:
        return (
            f"It returns {kind(drawn)}: return a dictionary, each array "
            "under a name."
        )
    for name, p in drawn.items():
        if not isinstance(p, np.ndarray) or p.dtype.kind != "f":
            what = p.dtype if isinstance(p, np.ndarray) else kind(p)
            return f"{name} is {what}: each parameter is an array of floats."
    if not all(np.array_equal(drawn[n], again[n]) for n in drawn):
        return (
            "The same seed gives other parameters each time: draw from the "
            "`rng` you are given, not from np.random."
        )
    if all(np.array_equal(drawn[n], other[n]) for n in drawn):
        return (
            "Another `rng` gives the same parameters: draw them from the one "
            "you are given."
        )
    return _size_trouble({n: p for n, p in drawn.items() if p.ndim > 1})


def _size_trouble(weights):
    alike = [
        name
        for name, p in weights.items()
        if np.ptp(p, axis=0 if len(p) > 1 else None).max() == 0
    ]
    # Zeros do no harm in the last layer, which has the 10 outputs.
    last = [n for n, p in weights.items() if p.ndim == 2 and 10 in p.shape]
    if len(alike) > 1 or not {*alike} <= {*last, *list(weights)[-1:]}:
        return (
            f"All units of {' and of '.join(alike)} begin alike: by symmetry "
            "their gradients are alike, or 0, and so they stay. Draw the "
            "weights; only those of the last layer may be 0."
        )
    for name, p in weights.items():
        inputs = p[0].size
        if p.std() > 4 * np.sqrt(2 / inputs):
            return (
                f"{name} begins too large: each output adds {inputs} products "
                f"with weights of size {p.std():.2g}, and the next layer "
                "again. Multiply by np.sqrt(2 / inputs)."
            )
    return ""


# --- forward -----------------------------------------------------------------
@step(
    9,
    task="Return the logits (N, 10) of a batch x (N, 1, 28, 28), and in one "
    "tuple whatever `backward` needs again.",
    notebook="08_lenet_mnist",
    advice="One line a layer, each result with a name of its own: "
    "conv_forward, relu, max_pool, twice; reshape to (N, -1); dense, relu, "
    "dense. What each backward function asks for is what you must keep.",
)
def forward(parameters, x):
    """Return the logits, and what `backward` needs again."""
    K1, b1, K2, b2, W3, b3, W4, b4 = parameters.values()
    h1 = conv_forward(x, K1, b1, 1, 2)  # 28x28
    v1 = relu(h1)
    p1 = max_pool(v1, (2, 2), 2)  # 14x14
    h2 = conv_forward(p1, K2, b2, 1, 0)  # 10x10
    v2 = relu(h2)
    p2 = max_pool(v2, (2, 2), 2).reshape(len(x), -1)  # 5x5, flat
    h3 = dense(p2, W3, b3)
    v3 = relu(h3)
    return dense(v3, W4, b4), (x, h1, v1, p1, h2, v2, p2, h3, v3)


@forward.checked_by
def _forward_trouble(module):
    parameters, (x, _) = parameters_of(module), pictures(3)
    kept = {name: p.copy() for name, p in parameters.items()}, x.copy()
    returned = module.forward(parameters, x)
    if not isinstance(returned, tuple) or len(returned) != 2:
        return (
            f"It returns {kind(returned)}: return two things, the logits "
            "and what `backward` needs again (a tuple of arrays, say)."
        )
    logits = returned[0]
    trouble = _logits_trouble(logits)
    if trouble:
        return trouble
    if not np.array_equal(x, kept[1]):
        return "It changes x: work on a copy."
    if not all(np.array_equal(p, kept[0][n]) for n, p in parameters.items()):
        return "It changes the parameters: only training may."
    alone = [module.forward(parameters, x[n : n + 1])[0] for n in range(3)]
    if not np.allclose(np.concatenate(alone), logits):
        return (
            "The logits of a digit change with the others in its batch: a "
            "reshape mixes them. Flatten by v.reshape(len(v), -1)."
        )
    return ""


def _logits_trouble(logits):
    if not isinstance(logits, np.ndarray) or logits.shape != (3, 10):
        found = getattr(logits, "shape", kind(logits))
        return f"Its logits for 3 digits are {found} where (3, 10) is right."
    if not np.isfinite(logits).all():
        return "Its logits are not finite."
    if (logits >= 0).all() and np.allclose(logits.sum(axis=1), 1):
        return (
            "It returns probabilities: the softmax is in "
            "softmax_cross_entropy, return the logits."
        )
    if logits.dtype != float:
        return (
            f"It turns float64 into {logits.dtype}: let every function keep "
            "the dtype of its input, or the gradients cannot be checked."
        )
    return ""


# --- backward ----------------------------------------------------------------
@step(
    9,
    task="Given the gradient delta by the logits, return those by all "
    "parameters, a dictionary with the same names. kept is the second thing "
    "that `forward` returned.",
    notebook="08_lenet_mnist",
    advice="The lines of `forward` from the last to the first, each by its "
    "backward function; the dx of one is the delta of the next. Reshape where "
    "`forward` did. relu_backward wants what relu was given, "
    "max_pool_backward what max_pool was given.",
)
def backward(parameters, kept, delta):
    """Return the gradients by all parameters, by name."""
    K1, _, K2, _, W3, _, W4, _ = parameters.values()
    x, h1, v1, p1, h2, v2, p2, h3, v3 = kept
    dW4, db4, dv3 = dense_backward(delta, v3, W4)
    dW3, db3, dp2 = dense_backward(relu_backward(dv3, h3), p2, W3)
    dp2 = dp2.reshape(len(x), -1, 5, 5)
    dv2 = max_pool_backward(dp2, v2, (2, 2), 2)
    dK2, db2, dp1 = conv_backward(relu_backward(dv2, h2), p1, K2, 1, 0)
    dv1 = max_pool_backward(dp1, v1, (2, 2), 2)
    dK1, db1, _ = conv_backward(relu_backward(dv1, h1), x, K1, 1, 2)
    return dict(zip(parameters, (dK1, db1, dK2, db2, dW3, db3, dW4, db4)))


@backward.checked_by
def _backward_trouble(module):
    parameters, (x, labels) = parameters_of(module), pictures(4)
    logits, kept = module.forward(parameters, x)
    _, delta = module.softmax_cross_entropy(logits, labels)
    gradients = module.backward(parameters, kept, delta)
    if not isinstance(gradients, dict):
        return (
            f"It returns {kind(gradients)}: return a dictionary with the "
            "names of the parameters."
        )
    for name, p in parameters.items():
        if name not in gradients:
            return f"The gradient of {name} is missing."
        found = np.shape(gradients[name])
        if found != p.shape:
            return (
                f"The gradient of {name} has shape {found} where {p.shape} "
                "is right."
            )
    rng, pairs = np.random.default_rng(3), {}
    for name, p in parameters.items():
        a = np.asarray(gradients[name]).reshape(-1)
        places = [*rng.integers(p.size, size=3), *np.argsort(-abs(a))[:3]]
        n = _slopes(module, parameters, name, places, x, labels)
        # ReLU and maxima have kinks: one of the sides is free of them.
        nearest = np.abs(n - a[places, None]).argmin(axis=1)
        pairs[name] = a[places], n[np.arange(len(n)), nearest]
    return _gradient_trouble(pairs)


def _slopes(module, parameters, name, places, x, labels):
    """Return slopes at some places, by differences to each side."""
    values = parameters[name].reshape(-1)

    def loss_at(place, moved):
        kept, values[place] = values[place], values[place] + moved
        logits, _ = module.forward(parameters, x)
        values[place] = kept
        return module.softmax_cross_entropy(logits, labels)[0]

    there = loss_at(0, 0.0)
    return np.array(
        [
            [(loss_at(place, h) - there) / h for h in (1e-6, -1e-6)]
            for place in places
        ]
    )


def _gradient_trouble(pairs):
    """Say what is wrong with gradients, given (computed, by differences)."""
    wrong = []
    for name, (a, n) in pairs.items():
        if not a.any() and not n.any():
            return f"Moving {name} changes no logit: `forward` ignores it."
        if not np.abs(a - n).max() <= 1e-3 * np.abs([a, n]).max():
            wrong.append(name)
    if not wrong:
        return ""
    none = [name for name in wrong if not pairs[name][0].any()]
    if none:
        return f"The gradient of {' and '.join(none)} is 0 everywhere."
    a, n = (np.concatenate([pairs[w][i] for w in wrong]) for i in (0, 1))
    factor = (a @ n) / (n @ n)
    if len(wrong) == len(pairs) and np.allclose(a, factor * n, rtol=0.01):
        return (
            f"All gradients are {factor:.3g} times what differences of the "
            "loss give: is a factor or a sign there once too often?"
        )
    return (
        f"Differences of the loss give another gradient of "
        f"{', '.join(wrong)}; the others are right. Seen from the loss, the "
        f"first that is wrong is {wrong[-1]}: look between it and what comes "
        "after it. The usual suspects: a relu_backward or a layer left out, "
        "its h taken from another place, two arrays swapped."
    )


STEPS = [initial, forward, backward]
