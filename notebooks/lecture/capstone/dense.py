"""Steps 7 and 8: ReLU, dense layers and the loss."""

import numpy as np

from lecture.capstone.step import step
from lecture.exercises import ex08


# --- 7: relu -----------------------------------------------------------------
def _any_shape(rng):
    return [(rng.standard_normal(size),) for size in [(2, 3, 4, 5), (3, 7)]]


@step(
    7,
    task="The non-linearity of eq. 6, f(h) = max(h, 0), for any shape.",
    notebook="05_channels_and_matrices",
    advice="np.maximum compares number by number; np.max finds the largest of "
    "all.",
    cases=_any_shape,
)
def relu(h):
    """Return f(h) = max(h, 0), the non-linearity of eq. 6."""
    return np.maximum(h, 0)


relu.slip("You return |h|: what is negative becomes 0.")(lambda h: np.abs(h))
relu.slip(
    "You return the mask, ones and zeros: that is f', f keeps what is "
    "positive."
)(lambda h: h > 0)
relu.slip(
    "You return one number for the whole array: np.max is not np.maximum."
)(lambda h: np.max(h))


def _two_of_any_shape(rng):
    return [
        tuple(rng.standard_normal((2, *h.shape))) for (h,) in _any_shape(rng)
    ]


@step(
    7,
    task="f'(h) * delta, the first factor of eqs. 7 and 8: delta where h was "
    "positive, 0 elsewhere. h is what relu was given.",
    notebook="06_backpropagation",
    advice="A comparison makes the mask, and True counts as 1 in a product.",
    cases=_two_of_any_shape,
)
def relu_backward(delta, h):
    """Return f'(h) * delta."""
    return delta * (h > 0)


relu_backward.slip(
    "The mask is that of delta: a gradient may be negative, ask where h is "
    "positive."
)(lambda delta, h: np.maximum(delta, 0))
relu_backward.slip(
    "There is no mask: where h was negative, nothing comes through."
)(lambda delta, h: delta)
relu_backward.slip(
    "You return the mask alone: times delta, it is the chain rule."
)(lambda delta, h: h > 0)
relu_backward.slip(
    "You multiply by h itself: the slope of f is 1 where h is positive."
)(lambda delta, h: delta * np.maximum(h, 0))


# --- 7: dense ----------------------------------------------------------------
def _dense_layers(rng):
    return [
        tuple(map(rng.standard_normal, [(n, i), (o, i), (o,)]))
        for n, i, o in [(2, 5, 3), (4, 3, 6)]
    ]


@step(
    7,
    task="A dense layer, x W^T + b. x is (N, inputs), W (outputs, inputs), b "
    "(outputs,). Return (N, outputs).",
    notebook="08_lenet_mnist",
    advice="One line; b is added to every row by itself.",
    cases=_dense_layers,
)
def dense(x, W, b):
    """Return x W^T + b."""
    return x @ W.T + b


dense.slip("W is (outputs, inputs): it must be transposed, x @ W.T.")(
    lambda x, W, b: x @ W + b
)
dense.slip("The bias is missing.")(lambda x, W, b: x @ W.T)
dense.slip("Your result is transposed: one row a picture.")(
    lambda x, W, b: W @ x.T + b[:, None]
)


def _dense_back(rng):
    return [
        (rng.standard_normal((len(x), len(W))), x, W)
        for x, W, _ in _dense_layers(rng)
    ]


@step(
    7,
    task="The way back through `dense`. delta is (N, outputs). Return dW, db, "
    "dx, shaped like W, b and x.",
    notebook="06_backpropagation",
    advice="The same three lines as in conv_backward, with x for v_I and W "
    "for K_f. Let the shapes lead: which product of delta and x is (outputs, "
    "inputs)?",
    cases=_dense_back,
)
def dense_backward(delta, x, W):
    """Return the gradients by W, b and x."""
    return delta.T @ x, delta.sum(axis=0), delta @ W


dense_backward.slip(
    "db is not summed over the batch: one bias serves all pictures."
)(lambda delta, x, W: (delta.T @ x, delta, delta @ W))
dense_backward.slip(
    "db is a mean: gradients of shared numbers add up. If the loss is a mean, "
    "delta has its factor already."
)(lambda delta, x, W: (delta.T @ x, delta.mean(axis=0), delta @ W))
dense_backward.slip(
    "dW and db are divided by the batch: that factor belongs to the loss, "
    "delta has it already."
)(lambda delta, x, W: (delta.T @ x / len(x), delta.mean(axis=0), delta @ W))


# --- 8: the loss -------------------------------------------------------------

softmax_cross_entropy = step(
    8,
    task="logits is (N, classes), labels (N,) holds 0..classes-1. Return the "
    "mean over the batch of log(sum(exp(z))) - z[label], and its gradient by "
    "the logits: (softmax - 1 at the label) / N.",
    notebook="08_lenet_mnist",
    advice=ex08.softmax_cross_entropy.advice + " (Exercise 1 of 08.)",
    cases=ex08.softmax_cross_entropy.cases,
)(ex08.softmax_cross_entropy.answer)
softmax_cross_entropy.slips += ex08.softmax_cross_entropy.slips

STEPS = [relu, relu_backward, dense, dense_backward, softmax_cross_entropy]
