"""Convolution, ReLU and 2x2 max pooling in one layer: faster, same answers.

Three layers write, and read again, every pixel that pooling then throws
away.  One layer need not.  A pooled pixel is the maximum of a kernel's
answers at four places, so of the answers of four kernels at one place: the
kernel in the four corners of a frame one pixel larger.  The frames move with
stride 2, so a quarter of the patches is enough, and ReLU, which never turns
a smaller number into a larger one, can wait until after the maximum.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from helpers.convolution import check_channels
from helpers.im2col import FEWER, as_array, check_memory, margins, offsets
from helpers.layers import Conv2d, Layer, MaxPool2d, ReLU
from helpers.networks import Sequential
from helpers.shapes import as_flag, conv_output_size

# Where the kernel stands in its frame; ties go to the first, as in MaxPool2d.
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))


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

    Raises
    ------
    TypeError, ValueError
        If `conv` is of another kind.

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

        Parameters
        ----------
        x : ndarray, shape (N, C_in, H, W)

        Returns
        -------
        ndarray, shape (N, C_out, H_out // 2, W_out // 2)
            H_out and W_out are those of the convolution.
        """
        x = as_array(x, "x", "(N, C, H, W)")
        check_channels(x, self.weight)
        if self.room_for != (x.shape, x.dtype):
            self._make_room(x)
        self.inside[...] = x.transpose(1, 2, 3, 0)
        for place, pixels in self._places():
            self.v_i[:, place] = self.framed[:, *pixels]
        self.k_f = self._k_f()
        np.matmul(self.k_f, self._columns(self.v_i), out=self.h)
        h_0, h_1, h_2, h_3 = self.h.reshape(4, len(self.weight), -1)
        upper, lower = self.halves
        self.from_1, self.from_3 = h_1 > h_0, h_3 > h_2
        np.maximum(h_0, h_1, out=upper)
        np.maximum(h_2, h_3, out=lower)
        self.from_lower = lower > upper
        best = np.maximum(upper, lower)
        best += self.bias[:, None]
        np.maximum(best, 0, out=best)
        self.positive = best > 0
        best = best.reshape(-1, *self.v_i.shape[2:]).transpose(3, 0, 1, 2)
        self.output_shape = best.shape
        return best

    def backward(self, gradient: NDArray) -> NDArray | None:
        """Return the gradient by the input (eq. 8); keep those of eq. 7.

        Parameters
        ----------
        gradient : ndarray, shape (N, C_out, H_out // 2, W_out // 2)

        Returns
        -------
        ndarray, shape (N, C_in, H, W), or None without `input_gradient`
        """
        gradient = self._checked(gradient)
        c_out, c_in, k_h, k_w = self.weight.shape
        delta = gradient.transpose(1, 2, 3, 0).reshape(c_out, -1)
        delta = delta * self.positive
        deltas = self._to_winners(delta)
        d_k = deltas @ self._columns(self.v_i).T
        d_k = d_k.reshape(4, c_out, c_in, k_h + 1, k_w + 1)
        self.gradients = {
            "weight": sum(
                d_k[corner, :, :, i : i + k_h, j : j + k_w]
                for corner, (i, j) in enumerate(CORNERS)
            ),
            "bias": delta.sum(axis=1),
        }
        return self._by_input(deltas) if self.input_gradient else None

    def _to_winners(self, delta: NDArray) -> NDArray:
        """Return, for each of the four kernels, delta where it won."""
        lower, upper = self.halves
        np.multiply(delta, self.from_lower, out=lower)
        np.subtract(delta, lower, out=upper)
        # The answers are not needed any more, their memory is.
        d_0, d_1, d_2, d_3 = self.h.reshape(4, *delta.shape)
        np.multiply(upper, self.from_1, out=d_1)
        np.subtract(upper, d_1, out=d_0)
        np.multiply(lower, self.from_3, out=d_3)
        np.subtract(lower, d_3, out=d_2)
        return self.h

    def _by_input(self, deltas: NDArray) -> NDArray:
        """Return col2im(K_f^T deltas), without the frame."""
        np.matmul(self.k_f.T, deltas, out=self._columns(self.d_v))
        spread = np.zeros_like(self.framed)
        for place, pixels in self._places():
            spread[:, *pixels] += self.d_v[:, place]
        (top, _), (left, _) = self.frame
        _, height, width, _ = self.inside.shape
        spread = spread[:, top : top + height, left : left + width]
        return spread.transpose(3, 0, 1, 2)

    def _k_f(self) -> NDArray:
        """Return the kernels in the four corners: (4 C_out, rows)."""
        c_out, c_in, k_h, k_w = self.weight.shape
        frames = (4, c_out, c_in, k_h + 1, k_w + 1)
        k_f = np.zeros(frames, self.weight.dtype)
        for corner, (i, j) in enumerate(CORNERS):
            k_f[corner, :, :, i : i + k_h, j : j + k_w] = self.weight
        return k_f.reshape(4 * c_out, -1)

    def _make_room(self, x: NDArray) -> None:
        """Allocate what every step of the same shape can use again."""
        n, channels, *size = x.shape
        kernel_size = self.conv.kernel_size
        padding = self.conv.padding
        self.frame = margins(kernel_size, (1, 1), padding, (1, 1))
        framed = [s + sum(f) for s, f in zip(size, self.frame)]
        out = conv_output_size(tuple(size), kernel_size, 1, padding)
        if min(out) < 2:
            raise ValueError(
                f"the convolution returns {out[0]} x {out[1]} pixels, 2x2 "
                "pooling needs at least 2 x 2"
            )
        self.out = tuple(o // 2 for o in out)
        c_out, dtype = len(self.weight), np.result_type(x, self.weight)
        places = (kernel_size[0] + 1) * (kernel_size[1] + 1)
        columns = (channels, places, *self.out, n)
        length = self.out[0] * self.out[1] * n
        for shape in ((channels, *framed, n), columns, (4 * c_out, length)):
            check_memory(shape, dtype, "the columns", FEWER)
        self.framed = np.zeros((channels, *framed, n), dtype)
        (top, _), (left, _) = self.frame
        self.inside = self.framed[
            :, top : top + size[0], left : left + size[1]
        ]
        self.v_i = np.empty(columns, dtype)
        self.h = np.empty((4 * c_out, length), dtype)
        self.halves = np.empty((2, c_out, length), dtype)
        self.d_v = np.empty_like(self.v_i) if self.input_gradient else None
        self.room_for = (x.shape, x.dtype)

    def _columns(self, room: NDArray) -> NDArray:
        """Return the room of the patches as a matrix, a column a window."""
        return room.reshape(room.shape[0] * room.shape[1], -1)

    def _places(self) -> Iterator[tuple[int, tuple[slice, slice]]]:
        k_h, k_w = self.conv.kernel_size
        return offsets((k_h + 1, k_w + 1), (2, 2), (1, 1), self.out)

    def __repr__(self) -> str:
        return f"ConvPool2d({self.conv!r})"


def fuse(network: Sequential) -> Sequential:
    """Return the same network with `ConvPool2d` wherever it fits.

    Parameters
    ----------
    network : Sequential

    Returns
    -------
    Sequential
        It shares all parameters with `network`, so training it trains both.
        A first layer that is fused returns no gradient by the images.

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> fuse(LeNet5(np.random.default_rng(0))).layers[:2]
    [ConvPool2d(Conv2d(1, 6, 5x5, padding=2)), ConvPool2d(Conv2d(6, 16, 5x5))]
    """
    if not isinstance(network, Sequential):
        raise TypeError(
            f"network must be a Sequential, as LeNet5(rng), not {network!r}"
        )
    layers, rest = [], list(network.layers)
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
    pool = others[1]
    halves = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
    return (
        type(first) is Conv2d
        and _is_plain(first)
        and halves == ((2, 2), (2, 2), (0, 0), (1, 1))
        and not pool.ceil_mode
    )


def _is_plain(conv: Conv2d) -> bool:
    ones = (*conv.stride, *conv.dilation, conv.groups)
    return set(ones) == {1} and bool(conv.connections.all())
