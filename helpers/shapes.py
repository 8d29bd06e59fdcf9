"""Sizes before any array exists: windows, outputs, receptive fields.

Every function takes one axis as an int, or both as a pair
``(height, width)``.  The arithmetic is that of Dumoulin and Visin, "A guide
to convolution arithmetic for deep learning", 2016, cited as [DV16].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from helpers.checks import (
    as_flag,
    as_int,
    as_pair,
    check_groups,
    is_pair,
)

Size = int | tuple[int, int]
Padding = Size | str
# What stands around a picture: ((top, bottom), (left, right)).
Frame = tuple[tuple[int, int], tuple[int, int]]


class Window:
    """The window of a kernel: what it covers, how it moves, what it reads.

    Parameters
    ----------
    kernel_size, stride, dilation : int or pair
        In pixels.
    padding : int, pair, "same" or "valid"
        Zeros on each side, see `padding_amounts`.

    Attributes
    ----------
    frame : ((top, bottom), (left, right))
        The zeros that `padding` asks for.
    span : pair of int
        Pixels that the dilated kernel covers.

    Examples
    --------
    >>> window = Window(3, stride=2, padding=1)
    >>> window.frame, window.count((28, 28))
    (((1, 1), (1, 1)), (14, 14))
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
    ) -> None:
        self.kernel_size = as_pair(kernel_size, "kernel_size")
        self.stride = as_pair(stride, "stride")
        self.dilation = as_pair(dilation, "dilation")
        self.padding = padding
        axes = [*zip(self.kernel_size, self.stride, self.dilation)]
        self.span = tuple(d * (k - 1) + 1 for k, _, d in axes)
        if isinstance(padding, str):
            frame = (padding_amounts(padding, *axis) for axis in axes)
        else:
            frame = ((p, p) for p in as_pair(padding, "padding", 0))
        self.frame = tuple(frame)

    def count(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return how many windows stand down and across a picture.

        ``o = floor((i + 2 p - span) / s) + 1``: relationship 6 of [DV16].
        """
        axes = zip(as_pair(size, "size"), self.frame, self.span, self.stride)
        counts = []
        for i, (before, after), span, s in axes:
            padded = before + i + after
            if span > padded:
                raise ValueError(
                    f"kernel spans {span} px, padded input has {padded}: "
                    "take a smaller kernel_size or dilation, or more padding"
                )
            counts.append((padded - span) // s + 1)
        return tuple(counts)

    def transposed_size(self, size: Size, output_padding: Size) -> tuple:
        """Return the size of the picture that so many windows stamp.

        ``o = (i - 1) s - 2 p + span + a``: relationship 14 of [DV16].
        """
        sizes, more = [], as_pair(output_padding, "output_padding", 0)
        axes = as_pair(size, "size"), self.stride, self.frame, self.span
        for i, s, (p, _), span, d, a in zip(*axes, self.dilation, more):
            if a >= max(s, d):
                raise ValueError(
                    "output_padding must be smaller than stride or dilation, "
                    f"not {a} with stride {s} and dilation {d}"
                )
            sizes.append((i - 1) * s - 2 * p + span + a)
            if sizes[-1] < 1:
                raise ValueError(
                    f"padding {p} leaves an output of {sizes[-1]} px: "
                    "take less"
                )
        return tuple(sizes)

    def places(self, count: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
        """Yield, for each entry of the kernel, the padded pixels it meets."""
        for entry in np.ndindex(*self.kernel_size):
            axes = zip(entry, self.dilation, self.stride, count)
            yield tuple(
                slice(e * d, e * d + (o - 1) * s + 1, s) for e, d, s, o in axes
            )


def _like(size: tuple[int, int], *arguments: object) -> Size:
    """Return the pair `size`, or an int if no argument was a pair."""
    return size if any(map(is_pair, arguments)) else size[0]


def padding_amounts(
    padding: int | str, kernel_size: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Return the zeros put before and after the input along one axis.

    Parameters
    ----------
    padding : int or {"same", "valid"}
        An int pads both sides.  ``"valid"`` pads nothing.  ``"same"`` pads
        ``span - 1`` in total so that the size stays; an odd zero goes to
        the end, as in PyTorch.
    kernel_size, stride, dilation : int
        ``"same"`` needs stride 1.

    Examples
    --------
    >>> padding_amounts(2, 3), padding_amounts("same", 4)
    ((2, 2), (1, 2))
    """
    if not isinstance(padding, str):
        amount = as_int(padding, "padding", 0)
        return amount, amount
    if padding == "valid":
        return 0, 0
    if padding != "same":
        raise ValueError(
            f'padding must be an int, "same" or "valid", not {padding!r}'
        )
    if as_int(stride, "stride") != 1:
        raise ValueError(f'padding="same" needs stride 1, not {stride}')
    total = as_int(dilation, "dilation") * (
        as_int(kernel_size, "kernel_size") - 1
    )
    return total // 2, total - total // 2


def conv_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a convolution, an int if all arguments are.

    Per axis, ``o = floor((i + 2 p - span) / s) + 1`` with
    ``span = d (k - 1) + 1``: relationship 6 of [DV16], with the dilation of
    its section 5.1.  With p = 0 and s = d = 1 it is eq. 4 of the slides.

    Examples
    --------
    >>> conv_output_size(28, 5)
    24
    >>> conv_output_size((5, 6), 3, stride=2, padding=1)
    (3, 3)
    """
    count = Window(kernel_size, stride, padding, dilation).count(size)
    return _like(count, size, kernel_size, stride, padding, dilation)


def conv_transpose_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a transposed convolution.

    Per axis, ``o = (i - 1) s - 2 p + span + output_padding`` with
    ``span = d (k - 1) + 1``: relationship 14 of [DV16], where
    `output_padding` is called a.

    Examples
    --------
    >>> conv_transpose_output_size(2, 3, stride=2)
    5
    """
    padded = as_pair(padding, "padding", 0)
    window = Window(kernel_size, stride, padded, dilation)
    output = window.transposed_size(size, output_padding)
    arguments = size, kernel_size, stride, padding, output_padding, dilation
    return _like(output, *arguments)


class PoolWindow(Window):
    """The window of a pooling layer: side by side, perhaps over the end.

    Parameters
    ----------
    kernel_size, padding, dilation : int or pair
        In pixels; at most half a kernel of padding.
    stride : int or pair, optional
        `kernel_size` unless given: windows that touch and do not overlap.
    ceil_mode : bool
        Keep a last window that hangs over the end, as long as it starts
        inside the input or the padding before it.

    Examples
    --------
    >>> size = 5, 5
    >>> PoolWindow(2).count(size), PoolWindow(2, ceil_mode=True).count(size)
    ((2, 2), (3, 3))
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
    ) -> None:
        self.ceil_mode = as_flag(ceil_mode, "ceil_mode")
        stride = kernel_size if stride is None else stride
        padding = as_pair(padding, "padding", 0)
        super().__init__(kernel_size, stride, padding, dilation)
        for p, k in zip(padding, self.kernel_size):
            if p > k // 2:
                raise ValueError(
                    f"padding must be at most half of kernel_size {k}, not {p}"
                )

    def count(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return how many windows stand down and across."""
        counts = []
        for i, (p, _), span, s in zip(
            as_pair(size, "size"), self.frame, self.span, self.stride
        ):
            room = i + 2 * p - span
            if room < 0 and not (self.ceil_mode and room > -s):
                raise ValueError(
                    f"kernel spans {span} px, padded input has {i + 2 * p}: "
                    "take a smaller kernel_size or dilation"
                )
            o = (-(-room // s) if self.ceil_mode else room // s) + 1
            counts.append(o - ((o - 1) * s >= i + p))
        return tuple(counts)

    def cover(self, size: tuple[int, int]) -> Frame:
        """Return the frame in which the last windows, too, find pixels."""
        axes = zip(size, self.frame, self.count(size), self.stride, self.span)
        return tuple(
            (p, max((o - 1) * s + span - i - p, 0))
            for i, (p, _), o, s, span in axes
        )

    def divisors(
        self, size: tuple[int, int], count_include_pad: bool
    ) -> NDArray:
        """Return by how much each window of an average is divided."""
        numbers = []
        for i, (p, _), o, s, k in zip(
            size, self.frame, self.count(size), self.stride, self.kernel_size
        ):
            first = np.arange(o) * s - p
            end = np.minimum(first + k, i + p)
            if not count_include_pad:
                first, end = np.maximum(first, 0), np.minimum(end, i)
            numbers.append(end - first)
        return np.outer(*numbers)


def pool_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a pooling layer, see `PoolWindow`.

    Examples
    --------
    >>> pool_output_size(5, 2), pool_output_size(5, 2, ceil_mode=True)
    (2, 3)
    """
    window = PoolWindow(kernel_size, stride, padding, dilation, ceil_mode)
    arguments = size, kernel_size, stride, padding, dilation
    return _like(window.count(size), *arguments)


def receptive_field(layers: Iterable[Sequence[Size]]) -> Size:
    """Return how many input pixels one output of a stack of layers sees.

    A layer widens the field by ``span - 1`` steps; a step is as long as the
    product of all strides before it.

    Parameters
    ----------
    layers : iterable of tuple
        ``(kernel_size, stride)`` or ``(kernel_size, stride, dilation)``,
        from the input up; convolution and pooling alike.  Each entry is an
        int or a pair.

    Examples
    --------
    LeNet-5: convolution, pooling, convolution, pooling.

    >>> lenet = [(5, 1), (2, 2), (5, 1), (2, 2)]
    >>> [receptive_field(lenet[:depth]) for depth in (1, 2, 3, 4)]
    [5, 6, 14, 16]
    """
    names = "kernel_size", "stride", "dilation"
    fits = f"(kernel_size, stride) or ({', '.join(names)})"
    if not isinstance(layers, Iterable):
        raise TypeError(f"layers must be a list of {fits}, not {layers!r}")
    field, step, given = (1, 1), (1, 1), []
    for depth, layer in enumerate(layers):
        if not isinstance(layer, Sequence) or len(layer) not in (2, 3):
            raise ValueError(f"layers: a layer is {fits}, not {layer!r}")
        kernel_size, stride, dilation = (
            as_pair(entry, f"{name} of layer {depth}")
            for name, entry in zip(names, (*layer, 1))
        )
        axes = zip(field, step, kernel_size, dilation)
        field = tuple(f + t * d * (k - 1) for f, t, k, d in axes)
        step = tuple(t * s for t, s in zip(step, stride))
        given += layer
    return _like(field, *given)


def conv_parameters(
    in_channels: int,
    out_channels: int,
    kernel_size: Size,
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Return the number of free parameters of a convolution layer.

    Examples
    --------
    >>> conv_parameters(6, 16, 5)
    2416
    """
    groups = check_groups(in_channels, out_channels, groups)
    height, width = as_pair(kernel_size, "kernel_size")
    weights = out_channels * (in_channels // groups) * height * width
    return weights + out_channels * as_flag(bias, "bias")


def linear_parameters(
    in_features: int, out_features: int, bias: bool = True
) -> int:
    """Return the number of free parameters of a dense layer.

    Examples
    --------
    >>> linear_parameters(784, 784, bias=False)
    614656
    """
    inputs = as_int(in_features, "in_features") + as_flag(bias, "bias")
    return as_int(out_features, "out_features") * inputs
