"""Convolution, ReLU and 2x2 max pooling in one layer: faster, same answers.

Three layers write, and read again, every pixel that pooling then throws
away.  One layer need not.  A pooled pixel is the maximum of a kernel's
answers at four places, so of the answers of four kernels at one place: the
kernel in the four corners of a frame one pixel larger.  The frames move with
stride 2, so a quarter of the patches is enough, and ReLU, which never turns
a smaller number into a larger one, can wait until after the maximum.

Only the columns of the frames are written out as patches.  Their rows are
rows of that array, one below the other, so the matrix of the patches is a
view, as in Cho and Brand, "MEC" (2017).  And all operations are done for a
few rows of the output before the next, on numbers still in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from helpers.checks import (
    as_array,
    as_flag,
    check_channels,
    check_memory,
    sum_dtype,
)
from helpers.layers import Conv2d, Layer, MaxPool2d, ReLU
from helpers.networks import Sequential, check_network

# Where the kernel stands in its frame; ties go to the first, as in MaxPool2d.
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
# Of the pooled rows, as many are computed at a time as fit into so many bytes
# with what belongs to them, but at least one.
PART_BYTES = 2**20


class ConvPool2d(Layer):
    """What ``[conv, ReLU(), MaxPool2d(2)]`` computes, in one pass.

    Parameters
    ----------
    conv : Conv2d
        Stride 1, dilation 1, one group, all maps connected.  Its parameters
        are shared, not copied.
    input_gradient : bool
        Whether `backward` returns the gradient by the input.  The first
        layer of a network needs none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> conv, x = Conv2d(3, 4, 5, rng=rng), rng.standard_normal((2, 3, 9, 8))
    >>> slow = Sequential([conv, ReLU(), MaxPool2d(2)])
    >>> np.allclose(ConvPool2d(conv).forward(x), slow.forward(x))
    True
    """

    def __init__(self, conv: Conv2d, input_gradient: bool = True) -> None:
        super().__init__()
        if not isinstance(conv, Conv2d):
            raise TypeError(f"conv must be a Conv2d, not {conv!r}")
        if not _is_plain(conv):
            raise ValueError(
                f"conv must have stride, dilation and groups 1, and all maps "
                f"connected, not {conv!r}"
            )
        self.conv = conv
        self.parameters = conv.parameters
        self.input_gradient = as_flag(input_gradient, "input_gradient")
        self.room_for: tuple | None = None

    def forward(self, x: NDArray) -> NDArray:
        """Return max_pool(max(K_f v_I + b, 0)).

        Its shape is (N, C_out, H_out // 2, W_out // 2), with H_out and W_out
        of the convolution.
        """
        x = as_array(x, "x", "(N, C, H, W)")
        check_channels(x, self.weight)
        if self.room_for != (x.shape, x.dtype):
            self._make_room(x)
        self.inside[...] = x.transpose(1, 2, 3, 0)
        for j, columns in self._columns():
            self.v_i[:, :, j] = self.framed[:, :, columns].swapaxes(0, 1)
        self.k_f = self._k_f()
        best = np.empty((len(self.weight), *self.out, len(x)), self.h.dtype)
        for part in self._parts():
            self._best_of_four(part, _by_row(best)[part])
        self.output_shape = (len(x), *best.shape[:3])
        return best.transpose(3, 0, 1, 2)

    def backward(self, gradient: NDArray) -> NDArray | None:
        """Return the gradient by the input (eq. 8); keep those of eq. 7.

        None without `input_gradient`.
        """
        gradient = self._checked(gradient)
        c_out, c_in, k_h, k_w = self.weight.shape
        delta = np.ascontiguousarray(gradient.transpose(1, 2, 3, 0))
        d_k, d_b = 0, 0
        dtype = self.framed.dtype
        wide, spread = sum_dtype(dtype), None
        if self.input_gradient:
            spread = np.zeros_like(self.framed, wide)
        for part in self._parts():
            passed, deltas = self._to_winners(part, _by_row(delta)[part])
            d_b = d_b + passed.sum(axis=(0, 2), dtype=wide)
            by_row = deltas @ self.windows[part].swapaxes(1, 2)
            d_k = d_k + by_row.sum(axis=0, dtype=wide)
            if self.input_gradient:
                self._add_columns(part, deltas, spread)
        d_k = d_k.reshape(4, c_out, k_h + 1, c_in, k_w + 1).swapaxes(2, 3)
        self.gradients = {
            "weight": sum(
                d_k[corner, :, :, i : i + k_h, j : j + k_w]
                for corner, (i, j) in enumerate(CORNERS)
            ).astype(dtype, copy=False),
            "bias": d_b.astype(dtype, copy=False),
        }
        if spread is None:
            return None
        (top, _), (left, _) = self.frame
        _, height, width, _ = self.inside.shape
        spread = spread[:, top : top + height, left : left + width]
        return spread.transpose(3, 0, 1, 2).astype(dtype, copy=False)

    def _best_of_four(self, part: slice, best: NDArray) -> None:
        """Write the pooled rows `part`; keep which answers won."""
        h, (_, upper, lower) = self._room(part)
        np.matmul(self.k_f, self.windows[part], out=h)
        h_0, h_1, h_2, h_3 = _of_corners(h)
        from_1, from_3, from_lower, positive = self.winners[:, part]
        np.greater(h_1, h_0, out=from_1)
        np.greater(h_3, h_2, out=from_3)
        np.maximum(h_0, h_1, out=upper)
        np.maximum(h_2, h_3, out=lower)
        np.greater(lower, upper, out=from_lower)
        np.maximum(upper, lower, out=best)
        best += self.bias[:, None]
        # NumPy compares with an array of zeros faster than with one zero.
        np.maximum(best, self.zeros, out=best)
        np.greater(best, 0, out=positive)

    def _to_winners(
        self, part: slice, delta: NDArray
    ) -> tuple[NDArray, NDArray]:
        """Return delta behind ReLU, and its parts for the four kernels."""
        deltas, (passed, upper, lower) = self._room(part)
        d_0, d_1, d_2, d_3 = _of_corners(deltas)
        from_1, from_3, from_lower, positive = self.winners[:, part]
        np.multiply(delta, positive, out=passed)
        np.multiply(passed, from_lower, out=lower)
        np.subtract(passed, lower, out=upper)
        np.multiply(upper, from_1, out=d_1)
        np.subtract(upper, d_1, out=d_0)
        np.multiply(lower, from_3, out=d_3)
        np.subtract(lower, d_3, out=d_2)
        return passed, deltas

    def _add_columns(
        self, part: slice, deltas: NDArray, spread: NDArray
    ) -> None:
        """Add col2im(K_f^T deltas) to `spread`."""
        k_h = self.conv.window.kernel_size[0]
        d_v = np.matmul(self.k_f.T, deltas, out=self.d_v[: len(deltas)])
        d_v = d_v.reshape(len(d_v), k_h + 1, *self.v_i.shape[1:])
        for y, d_row in enumerate(d_v, start=part.start):
            rows = spread[:, 2 * y : 2 * y + k_h + 1]
            for j, columns in self._columns():
                rows[:, :, columns] += d_row[:, :, j].swapaxes(0, 1)

    def _k_f(self) -> NDArray:
        """Return the kernels in the four corners: (4 C_out, rows of V_I)."""
        c_out, c_in, k_h, k_w = self.weight.shape
        frames = (4, c_out, k_h + 1, c_in, k_w + 1)
        k_f = np.zeros(frames, self.weight.dtype)
        weight = self.weight.swapaxes(1, 2)
        for corner, (i, j) in enumerate(CORNERS):
            k_f[corner, :, i : i + k_h, :, j : j + k_w] = weight
        return k_f.reshape(4 * c_out, -1)

    def _make_room(self, x: NDArray) -> None:
        """Allocate what every step of the same shape can use again."""
        n, channels, *size = x.shape
        window = self.conv.window
        out = window.count(tuple(size))
        if min(out) < 2:
            raise ValueError(
                f"the convolution returns {out[0]} x {out[1]} pixels, 2x2 "
                "pooling needs at least 2 x 2"
            )
        self.out = h_out, w_out = out[0] // 2, out[1] // 2
        self.frame = window.frame
        height, width = (s + sum(f) for s, f in zip(size, self.frame))
        dtype, wide = np.result_type(x, self.weight), w_out * n
        framed = (channels, height, width, n)
        columns = (height, channels, window.kernel_size[1] + 1, w_out, n)
        for shape in (framed, columns, (h_out, len(self.weight), wide)):
            check_memory(shape, dtype, "the columns")
        self.framed = np.zeros(framed, dtype)
        (top, _), (left, _) = self.frame
        self.inside = self.framed[
            :, top : top + size[0], left : left + size[1]
        ]
        self.v_i = np.empty(columns, dtype)
        self._make_room_for_rows(h_out, wide)
        self.room_for = (x.shape, x.dtype)

    def _make_room_for_rows(self, h_out: int, wide: int) -> None:
        """Allocate for all rows of the output, or for one part at a time."""
        c_out, k_h = len(self.weight), self.conv.window.kernel_size[0]
        view = sliding_window_view(self.v_i, k_h + 1, axis=0)[: 2 * h_out : 2]
        places = (k_h + 1) * math.prod(self.v_i.shape[1:3])
        self.windows = np.moveaxis(view, -1, 1).reshape(h_out, places, wide)
        self.winners = np.empty((4, h_out, c_out, wide), bool)
        dtype = self.v_i.dtype
        row_bytes = max(4 * c_out, places) * wide * dtype.itemsize
        self.rows = min(h_out, max(1, PART_BYTES // max(1, row_bytes)))
        self.h = np.empty((self.rows, 4 * c_out, wide), dtype)
        self.halves = np.empty((3, self.rows, c_out, wide), dtype)
        self.zeros = np.zeros(wide, dtype)
        if self.input_gradient:
            self.d_v = np.empty((self.rows, places, wide), dtype)

    def _parts(self) -> Iterator[slice]:
        """Yield the pooled rows, as many at a time as fit into the cache."""
        for top in range(0, self.out[0], self.rows):
            yield slice(top, min(top + self.rows, self.out[0]))

    def _room(self, part: slice) -> tuple[NDArray, NDArray]:
        """Return room for the four answers, and for three of a quarter."""
        rows = part.stop - part.start
        return self.h[:rows], self.halves[:, :rows]

    def _columns(self) -> Iterator[tuple[int, slice]]:
        """Yield each column of a frame and the pixels that it meets."""
        for j in range(self.conv.window.kernel_size[1] + 1):
            yield j, slice(j, j + 2 * self.out[1] - 1, 2)

    def __repr__(self) -> str:
        return f"ConvPool2d({self.conv!r})"


def fuse(network: Sequential) -> Sequential:
    """Return the same network with `ConvPool2d` wherever it fits.

    It shares all parameters with `network`, so training it trains both.  A
    first layer that is fused returns no gradient by the images.

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> fuse(LeNet5(np.random.default_rng(0))).layers[:2]
    [ConvPool2d(Conv2d(1, 6, 5x5, padding=2)), ConvPool2d(Conv2d(6, 16, 5x5))]
    """
    layers, rest = [], list(check_network(network, "layers").layers)
    while rest:
        if _fits(*rest[:3]):
            layers.append(ConvPool2d(rest[0], input_gradient=bool(layers)))
            del rest[:3]
        else:
            layers.append(rest.pop(0))
    return Sequential(layers)


def _fits(first: Layer, *others: Layer) -> bool:
    """Whether these are a plain convolution, ReLU and 2x2 max pooling."""
    if [type(layer) for layer in others] != [ReLU, MaxPool2d]:
        return False
    pool = others[1].window
    halves = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    return (
        type(first) is Conv2d
        and _is_plain(first)
        and halves == ((2, 2), (2, 2), (0, 0), (1, 1))
        and not pool.ceil_mode
    )


def _is_plain(conv: Conv2d) -> bool:
    ones = (*conv.window.stride, *conv.window.dilation, conv.groups)
    return set(ones) == {1} and bool(conv.connections.all())


def _by_row(maps: NDArray) -> NDArray:
    """Return maps (C, H, W, N) as a view (H, C, W * N)."""
    return maps.reshape(*maps.shape[:2], -1).swapaxes(0, 1)


def _of_corners(h: NDArray) -> NDArray:
    """Return the answers of the four kernels: (4, rows, C_out, W * N)."""
    rows, kernels, length = h.shape
    return h.reshape(rows, 4, kernels // 4, length).swapaxes(0, 1)
