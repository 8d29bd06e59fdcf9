"""The layers of a network, each with its forward and its backward pass.

A layer keeps in `forward` what its `backward` needs.  `backward` takes the
gradient of the loss by the layer's output (Delta in eqs. 7 and 8), leaves
the gradients of its parameters in `gradients`, and returns the gradient by
its input.  The non-linearity of eq. 6 is a layer of its own, so the factor
f'(h) of eqs. 7 and 8 is the `backward` of that layer.

Shapes are (N, C, H, W) everywhere, but what a convolution returns lies in
memory with the batch last: then every copy moves runs of N numbers, and a
whole batch is one matrix product.  The other layers keep that order.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from helpers.checks import (
    as_array,
    as_flag,
    as_int,
    as_numbers,
    as_real,
    check_channels,
    check_dtype,
    check_groups,
    check_memory,
    check_rng,
    sum_dtype,
)
from helpers.convolution import lowest, pool_means, pool_views
from helpers.im2col import add_back, patches
from helpers.shapes import Padding, PoolWindow, Size, Window


class Layer:
    """What all layers share: named parameters, their gradients, two passes.

    Training changes the arrays of `parameters` in place; `backward` fills
    `gradients`, with the same names and shapes.

    Examples
    --------
    A layer of your own needs two methods:

    >>> class Double(Layer):
    ...     def forward(self, x):
    ...         return 2 * x
    ...
    ...     def backward(self, gradient):
    ...         return 2 * gradient
    >>> Double().forward(np.array([1, 2]))
    array([2, 4])
    """

    # The shape of what `forward` returned last.
    output_shape: tuple[int, ...] | None = None

    def __init__(self) -> None:
        self.parameters: dict[str, NDArray] = {}
        self.gradients: dict[str, NDArray] = {}

    def forward(self, x: NDArray) -> NDArray:
        """Return the layer's output for a batch `x`."""
        raise NotImplementedError

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, given that by the output."""
        raise NotImplementedError

    @property
    def weight(self) -> NDArray:
        """The weights, open to inspection and to change in place."""
        return self._parameter("weight")

    @property
    def bias(self) -> NDArray:
        """The biases, open to inspection and to change in place."""
        return self._parameter("bias")

    def _parameter(self, name: str) -> NDArray:
        if name not in self.parameters:
            raise AttributeError(f"{self!r} has no {name}")
        return self.parameters[name]

    def _checked(self, gradient: NDArray) -> NDArray:
        """Return the argument of `backward`, if it has the output's shape."""
        if self.output_shape is None:
            raise RuntimeError(
                f"call forward before backward: {self!r} has seen no input"
            )
        gradient = as_numbers(gradient, "gradient")
        if gradient.shape != self.output_shape:
            raise ValueError(
                "gradient must have the shape that forward returned, "
                f"{self.output_shape}, not {gradient.shape}"
            )
        return gradient

    def parameter_count(self) -> int:
        """Return the number of free parameters."""
        return sum(p.size for p in self.parameters.values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _total(x: NDArray, axis: int | tuple[int, ...]) -> NDArray:
    """Return sums in the dtype of `x`."""
    return x.sum(axis, sum_dtype(x.dtype)).astype(x.dtype, copy=False)


class Conv2d(Layer):
    """A convolution layer: eqs. 5, 7 and 8 of the slides.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation
        See `helpers.shapes.Window`.
    groups : int
        The channels are split into so many independent convolutions.
    connections : array_like of bool, shape (C_out, C_in / groups), optional
        Which input map each output map reads; all of them unless given.
        Weights that connect nothing are 0 and stay 0.
    rng : numpy.random.Generator
        Draws the weights: normal, variance 2 / fan-in (He et al., 2015).
        Biases begin at 0.
    dtype : dtype
        Of parameters and, with an input of the same dtype, of everything.

    Examples
    --------
    >>> layer = Conv2d(1, 6, 5, padding=2, rng=np.random.default_rng(0))
    >>> layer.forward(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 6, 28, 28)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        *,
        connections: NDArray | None = None,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.window = Window(kernel_size, stride, padding, dilation)
        self.groups = check_groups(in_channels, out_channels, groups)
        check_rng(rng)
        dtype = check_dtype(dtype)
        maps = (out_channels, in_channels // groups)
        shape = (*maps, *self.window.kernel_size)
        less = "take fewer channels or a smaller kernel_size"
        check_memory(shape, float, "the weights", less)
        if connections is None:
            connections = np.ones(maps, bool)
        connections = as_numbers(connections, "connections")
        if connections.shape != maps:
            raise ValueError(
                f"connections must have shape {maps}, not {connections.shape}"
            )
        self.connections = connections.astype(bool)
        joined = self.connections[:, :, None, None]
        inputs = np.maximum(joined.sum(axis=1, keepdims=True), 1)
        deviation = np.sqrt(2 / (inputs * shape[2] * shape[3]))
        weight = rng.standard_normal(shape) * deviation * joined
        self.parameters["weight"] = weight.astype(dtype)
        self.parameters["bias"] = np.zeros(out_channels, dtype)

    def forward(self, x: NDArray) -> NDArray:
        """Return h = K_f v_I + b (eq. 5), shape (N, C_out, H_out, W_out)."""
        x = as_array(x, "x", "(N, C, H, W)")
        check_channels(x, self.weight, self.groups)
        self.size, n = x.shape[2:], len(x)
        count = self.window.count(self.size)
        columns = (n, x.shape[1], *count, *self.window.kernel_size)
        check_memory(columns, x.dtype, "the columns")
        check_memory(x.shape, x.dtype, "the columns")
        view = patches(_batch_last(x), self.window)
        v_i = view.transpose(1, 4, 5, 2, 3, 0)
        self.v_i = v_i.reshape(self.groups, self.weight[0].size, -1)
        h = (self._k_f() @ self.v_i).reshape(len(self.weight), *count, n)
        h = (h + self.bias[:, None, None, None]).transpose(3, 0, 1, 2)
        self.output_shape = h.shape
        return h

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input (eq. 8); keep those of eq. 7."""
        delta = self._checked(gradient).transpose(1, 2, 3, 0)
        c_out, h_out, w_out, n = delta.shape
        delta = delta.reshape(self.groups, c_out // self.groups, -1)
        d_k = (delta @ self.v_i.mT).reshape(self.weight.shape)
        self.gradients = {
            "weight": d_k * self.connections[:, :, None, None],
            "bias": _total(delta, 2).reshape(c_out),
        }
        entries = self.weight[0, 0].size
        columns = (self._k_f().mT @ delta).reshape(
            self.groups * self.weight.shape[1], entries, h_out, w_out, n
        )
        shares, places = columns.transpose(1, 4, 0, 2, 3), self.window.places
        frame = self.window.frame
        return add_back(shares, places((h_out, w_out)), self.size, frame)

    def _k_f(self) -> NDArray:
        """Return the kernels as rows: (groups, C_out / groups, rows)."""
        rows = self.weight[0].size
        return self.weight.reshape(self.groups, -1, rows)

    def parameter_count(self) -> int:
        """Return the number of free parameters: connected weights only."""
        k_h, k_w = self.window.kernel_size
        return int(self.connections.sum()) * k_h * k_w + self.bias.size

    def __repr__(self) -> str:
        c_out, c_in, k_h, k_w = self.weight.shape
        usual = dict(stride=(1, 1), padding=0, dilation=(1, 1), groups=1)
        found = vars(self.window) | {"groups": self.groups}
        said = "".join(
            f", {name}={found[name]}"
            for name, value in usual.items()
            if found[name] != value
        )
        return f"Conv2d({c_in * self.groups}, {c_out}, {k_h}x{k_w}{said})"


def _batch_last(x: NDArray) -> NDArray:
    """Return `x` of shape (N, C, H, W) as a view with N last in memory."""
    return np.ascontiguousarray(x.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)


class _Pool2d(Layer):
    """What both poolings share: the window, and the way back from it."""

    window: PoolWindow

    def _spread(self, shares: Iterable[NDArray]) -> NDArray:
        """Add one share for each entry of the kernel back onto the pixels."""
        places = self.window.places(self.output_shape[2:])
        frame = self.window.cover(self.size)
        return add_back(shares, places, self.size, frame)

    def __repr__(self) -> str:
        k_h, k_w = self.window.kernel_size
        return f"{type(self).__name__}({k_h}x{k_w})"


class MaxPool2d(_Pool2d):
    """Max pooling; the gradient goes to the winner of each window.

    Where several values tie, the first one wins, row by row; of NaNs, the
    last: as in PyTorch.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As for `helpers.convolution.max_pool2d`.

    Examples
    --------
    >>> pool = MaxPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0], [2.0, 0.0]]]]))
    array([[[[2.]]]])
    >>> pool.backward(np.ones((1, 1, 1, 1)))
    array([[[[0., 1.],
             [0., 0.]]]])
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.window = PoolWindow(
            kernel_size, stride, padding, dilation, ceil_mode
        )

    def forward(self, x: NDArray) -> NDArray:
        """Return the largest values, shape (N, C, H_out, W_out)."""
        x = as_array(x, "x", "(N, C, H, W)")
        self.size = x.shape[2:]
        first, *others = pool_views(x, self.window, lowest(x.dtype))
        best = first.copy(order="K")
        whole = np.min_scalar_type(math.prod(self.window.kernel_size))
        self.winner = np.empty_like(best, whole)
        self.winner[...] = self._first_pixels()
        for entry, candidate in enumerate(others, start=1):
            wins = (candidate > best) | (candidate != candidate)  # or is NaN
            np.copyto(self.winner, entry, where=wins)
            np.maximum(best, candidate, out=best)
        self.output_shape = best.shape
        return best

    def _first_pixels(self) -> NDArray:
        """Return the first entry of each window that is not padding."""
        pixels = pool_views(np.ones((1, 1, *self.size)), self.window, 0)
        return np.argmax(pixels, axis=0)

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, shape (N, C, H, W)."""
        gradient = self._checked(gradient)
        entries = range(math.prod(self.window.kernel_size))
        return self._spread(gradient * (self.winner == e) for e in entries)


class AvgPool2d(_Pool2d):
    """Average pooling; the gradient is shared equally within each window.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As for `helpers.convolution.avg_pool2d`.

    Examples
    --------
    >>> pool = AvgPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0], [3.0, 0.0]]]]))
    array([[[[1.5]]]])
    >>> pool.backward(np.ones((1, 1, 1, 1)))
    array([[[[0.25, 0.25],
             [0.25, 0.25]]]])
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.window = PoolWindow(kernel_size, stride, padding, 1, ceil_mode)
        self.count_include_pad = as_flag(
            count_include_pad, "count_include_pad"
        )

    def forward(self, x: NDArray) -> NDArray:
        """Return the means, shape (N, C, H_out, W_out)."""
        x = as_array(x, "x", "(N, C, H, W)")
        self.size = x.shape[2:]
        padded = self.count_include_pad
        means, self.divisors = pool_means(x, self.window, padded)
        self.output_shape = means.shape
        return means

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, shape (N, C, H, W)."""
        gradient = self._checked(gradient)
        return self._spread(itertools.repeat(gradient / self.divisors))


class ReLU(Layer):
    """The non-linearity f of eq. 6: f(h) = max(h, 0).

    Examples
    --------
    >>> relu = ReLU()
    >>> relu.forward(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    >>> relu.backward(np.array([5.0, 5.0, 5.0]))
    array([0., 0., 5.])
    """

    def forward(self, x: NDArray) -> NDArray:
        """Return max(x, 0), any shape."""
        x = as_numbers(x, "x")
        self.output_shape = x.shape
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, gradient: NDArray) -> NDArray:
        """Return f'(h) * gradient: the gradient where x was positive."""
        return self._checked(gradient) * self.positive


class Tanh(Layer):
    """The non-linearity of the networks of 1989: f(h) = tanh(h)."""

    def forward(self, x: NDArray) -> NDArray:
        """Return tanh(x), any shape."""
        self.output = np.tanh(as_numbers(x, "x"))
        self.output_shape = self.output.shape
        return self.output

    def backward(self, gradient: NDArray) -> NDArray:
        """Return f'(h) * gradient, with f' = 1 - f ** 2."""
        return self._checked(gradient) * (1 - self.output**2)


class ChannelScale(Layer):
    """One factor and one bias for each map, as in the subsampling of 1989."""

    def __init__(self, channels: int, dtype: DTypeLike = np.float32) -> None:
        super().__init__()
        channels = as_int(channels, "channels")
        dtype = check_dtype(dtype)
        self.parameters = {
            "weight": np.ones(channels, dtype),
            "bias": np.zeros(channels, dtype),
        }

    def forward(self, x: NDArray) -> NDArray:
        """Return weight * x + bias, map by map, shape (N, C, H, W)."""
        self.x = x = as_array(x, "x", "(N, C, H, W)")
        if x.shape[1] != self.weight.size:
            raise ValueError(
                f"x must have {self.weight.size} channels, "
                f"not {x.shape[1]} (shape {x.shape})"
            )
        self.output_shape = x.shape
        return self.weight[:, None, None] * x + self.bias[:, None, None]

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, shape (N, C, H, W)."""
        gradient = self._checked(gradient)
        self.gradients = {
            "weight": _total(gradient * self.x, (0, 2, 3)),
            "bias": _total(gradient, (0, 2, 3)),
        }
        return gradient * self.weight[:, None, None]

    def __repr__(self) -> str:
        return f"ChannelScale({self.weight.size})"


class Flatten(Layer):
    """Write all maps of an image behind one another.

    Examples
    --------
    >>> Flatten().forward(np.zeros((2, 16, 5, 5))).shape
    (2, 400)
    """

    def forward(self, x: NDArray) -> NDArray:
        """Return `x` of shape (N, ...) with shape (N, rest)."""
        x = as_numbers(x, "x")
        if x.ndim < 2:
            raise ValueError(f"x must have axes (N, ...), not shape {x.shape}")
        self.shape = x.shape
        self.output_shape = (len(x), math.prod(x.shape[1:]))
        return x.reshape(self.output_shape)

    def backward(self, gradient: NDArray) -> NDArray:
        """Return `gradient` in the shape that the input had."""
        return self._checked(gradient).reshape(self.shape)


class Linear(Layer):
    """A dense layer: y = x W^T + b.

    Parameters
    ----------
    in_features, out_features : int
    gain : float
        The weights begin normal with variance gain / in_features: 2 before
        a ReLU (He et al., 2015).  Biases begin at 0.
    rng : numpy.random.Generator
    dtype : dtype

    Examples
    --------
    >>> Linear(84, 10, rng=np.random.default_rng(0)).parameter_count()
    850
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        gain: float = 2.0,
        rng: np.random.Generator,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        in_features = as_int(in_features, "in_features")
        out_features = as_int(out_features, "out_features")
        gain = as_real(gain, "gain", 0, sys.float_info.max)
        check_rng(rng)
        dtype = check_dtype(dtype)
        shape = (out_features, in_features)
        check_memory(shape, float, "the weights", "take fewer features")
        weight = rng.standard_normal(shape)
        weight *= np.sqrt(gain / in_features)
        self.parameters = {
            "weight": weight.astype(dtype),
            "bias": np.zeros(out_features, dtype),
        }

    def forward(self, x: NDArray) -> NDArray:
        """Return x W^T + b, shape (N, out_features)."""
        self.x = x = as_array(x, "x", "(N, features)")
        if x.shape[1] != self.weight.shape[1]:
            raise ValueError(
                f"x must have {self.weight.shape[1]} features, "
                f"not {x.shape[1]} (shape {x.shape})"
            )
        y = x @ self.weight.T + self.bias
        self.output_shape = y.shape
        return y

    def backward(self, gradient: NDArray) -> NDArray:
        """Return the gradient by the input, shape (N, in_features)."""
        gradient = self._checked(gradient)
        self.gradients = {
            "weight": gradient.T @ self.x,
            "bias": _total(gradient, 0),
        }
        return gradient @ self.weight

    def __repr__(self) -> str:
        return "Linear({1}, {0})".format(*self.weight.shape)


class CrossEntropy:
    """Softmax and cross-entropy, averaged over the batch.

    For logits z and the true class y the loss of one sample is
    ``log(sum over c of exp(z_c)) - z_y``; the largest logit is subtracted
    first, so nothing overflows.

    Examples
    --------
    Ten classes and no opinion: the loss is log 10.

    >>> loss = CrossEntropy()
    >>> round(float(loss.forward(np.zeros((3, 10)), np.array([0, 5, 9]))), 4)
    2.3026
    """

    labels: NDArray | None = None

    @np.errstate(under="ignore")
    def forward(self, logits: NDArray, labels: NDArray) -> NDArray:
        """Return the mean loss, a scalar of the dtype of `logits`.

        Logits have shape (N, classes), labels are whole numbers, shape (N,).
        """
        logits = as_array(logits, "logits", "(N, classes)")
        labels = as_numbers(labels, "labels")
        if logits.size == 0:
            raise ValueError(f"logits is empty, shape {logits.shape}")
        if labels.ndim != 1:
            one_hot = labels.shape == logits.shape
            raise ValueError(
                f"labels must have axes (N), not shape {labels.shape}"
                + ": of one-hot rows take labels.argmax(axis=1)" * one_hot
            )
        if logits.dtype.kind != "f":
            logits = logits.astype(float)
        if len(labels) != len(logits) or labels.dtype.kind not in "ui":
            raise ValueError(
                f"labels must be {len(logits)} whole numbers, "
                f"not {labels.dtype} of shape {labels.shape}"
            )
        if not 0 <= labels.min() <= labels.max() < logits.shape[1]:
            raise ValueError(
                f"labels must lie in 0..{logits.shape[1] - 1}, "
                f"not {labels.min()}..{labels.max()}"
            )
        shifted = logits - logits.max(axis=1, keepdims=True)
        shifted = shifted.astype(sum_dtype(logits.dtype), copy=False)
        log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        log_probability = shifted - log_sum
        self.probability = np.exp(log_probability).astype(logits.dtype)
        self.labels = labels
        of_labels = log_probability[np.arange(len(labels)), labels]
        return -of_labels.mean().astype(logits.dtype)

    def backward(self, gradient: float = 1.0) -> NDArray:
        """Return the gradient by the logits: (softmax - one-hot) / N."""
        if self.labels is None:
            raise RuntimeError(
                "call forward before backward: CrossEntropy has seen no labels"
            )
        gradient = as_real(gradient, "gradient")
        rows = np.arange(len(self.labels))
        by_logits = self.probability.copy()
        by_logits[rows, self.labels] -= 1
        by_logits *= gradient / len(rows)
        return by_logits
