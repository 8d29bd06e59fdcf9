"""Image to columns and its adjoint: convolution as a matrix product.

Eqs. 5 to 8 of the slides rest on these two.  The order of rows and columns
is that of ``torch.nn.functional.unfold`` and ``fold``.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from helpers.checks import FEWER, as_array, as_numbers, check_memory
from helpers.shapes import (
    Padding,
    Size,
    as_pair,
    conv_output_size,
    padding_amounts,
)


def enlarge(
    x: NDArray,
    amounts: tuple[tuple[int, int], tuple[int, int]],
    fill: float = 0,
) -> NDArray:
    """Return `x` with a frame around its last two axes.

    Like ``numpy.pad``, but the result lies in memory as `x` does; `Conv2d`
    relies on that for its speed.

    Parameters
    ----------
    x : ndarray, shape (..., H, W)
    amounts : pair of pairs
        ``((top, bottom), (left, right))`` in pixels.
    fill : number
        Stands in the frame.

    Returns
    -------
    ndarray, shape (..., top + H + bottom, left + W + right)
        `x` itself if there is no frame.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If the result would be too large, see `check_memory`.

    Examples
    --------
    >>> enlarge(np.ones((1, 2), int), ((0, 1), (1, 0)))
    array([[0, 1, 1],
           [0, 0, 0]])
    """
    x = as_numbers(x, "x")
    if x.ndim < 2:
        raise ValueError(f"x must have axes (..., H, W), not shape {x.shape}")
    if not isinstance(fill, numbers.Real):
        raise TypeError(f"fill must be a number, not {fill!r}")
    if not isinstance(amounts, Sequence) or len(amounts) != 2:
        raise ValueError(
            f"amounts must be ((top, bottom), (left, right)), not {amounts!r}"
        )
    (top, bottom), (left, right) = (as_pair(a, "amounts", 0) for a in amounts)
    if not (top or bottom or left or right):
        return x
    *rest, height, width = x.shape
    size = (top + height + bottom, left + width + right)
    check_memory((*rest, *size), x.dtype, "the padded image", FEWER)
    framed = np.full_like(x, fill, shape=(*rest, *size))
    framed[..., top : top + height, left : left + width] = x
    return framed


def patches(
    x: NDArray,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> NDArray:
    """Return all windows of a batch of images, without copying them.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel_size, stride, padding, dilation
        As for `im2col`.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out, K_h, K_w)
        A read-only view of `x`, or of `x` with its frame of zeros.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If the padded image would be too large, see `check_memory`.

    Examples
    --------
    >>> patches(np.ones((1, 2, 3, 4)), kernel_size=2).shape
    (1, 2, 2, 3, 2, 2)
    """
    x = as_array(x, "x", "(N, C, H, W)")
    conv_output_size(x.shape[2:], kernel_size, stride, padding, dilation)
    kernel_size = as_pair(kernel_size, "kernel_size")
    s_h, s_w = stride = as_pair(stride, "stride")
    d_h, d_w = dilation = as_pair(dilation, "dilation")
    frame = margins(kernel_size, stride, padding, dilation)
    span = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation)]
    view = sliding_window_view(enlarge(x, frame), span, axis=(2, 3))
    return view[:, :, ::s_h, ::s_w, ::d_h, ::d_w]


def margins(
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    dilation: tuple[int, int],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return what `padding` means: ((top, bottom), (left, right)).

    Raises
    ------
    TypeError, ValueError
        If `padding` does not fit.

    Examples
    --------
    >>> margins((2, 3), (1, 1), "same", (1, 1))
    ((0, 1), (1, 1))
    """
    if not isinstance(padding, str):
        padding = as_pair(padding, "padding", minimum=0)
    else:
        padding = (padding, padding)
    axes = zip(
        padding,
        as_pair(kernel_size, "kernel_size"),
        as_pair(stride, "stride"),
        as_pair(dilation, "dilation"),
    )
    return tuple(padding_amounts(*axis) for axis in axes)


def offsets(
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    output_size: tuple[int, int],
) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Yield, for each place in the kernel, the pixels that it meets.

    Parameters
    ----------
    kernel_size, stride, dilation : pair of int
        In pixels.
    output_size : pair of int
        How many windows there are down and across.

    Yields
    ------
    place : int
        0 to K_h * K_w - 1, row by row.
    pixels : pair of slice
        Rows and columns of the padded image, one for each window.

    Examples
    --------
    >>> for place, (rows, columns) in offsets((1, 2), (3, 3), (1, 1), (2, 2)):
    ...     print(place, columns)
    0 slice(0, 4, 3)
    1 slice(1, 5, 3)
    """
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    output_size = as_pair(output_size, "output_size", 0)
    places = np.ndindex(*as_pair(kernel_size, "kernel_size"))
    for place, start in enumerate(places):
        first = [i * d for i, d in zip(start, dilation)]
        yield (
            place,
            tuple(
                slice(f, f + (o - 1) * s + 1, s)
                for f, o, s in zip(first, output_size, stride)
            ),
        )


def im2col(
    x: NDArray,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> NDArray:
    """Write each window of an image as one column of a matrix.

    The operation I of eqs. 5, 7 and 8.  Entry ``[n, (c, i, j), (y, x)]``
    is the padded input at channel c, row ``y s + i d``, column
    ``x s + j d``.  Equal to ``torch.nn.functional.unfold``.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    kernel_size, stride, dilation : int or pair
        In pixels.
    padding : int, pair, "same" or "valid"
        Zeros on each side, in pixels.

    Returns
    -------
    ndarray, shape (N, C * K_h * K_w, L)
        L is the number of window positions, row by row.  Same dtype as `x`.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If the result would be too large, see `check_memory`.

    Examples
    --------
    >>> image = np.arange(6).reshape(1, 1, 2, 3)
    >>> im2col(image, 2)[0]
    array([[0, 1],
           [1, 2],
           [3, 4],
           [4, 5]])
    """
    view = patches(x, kernel_size, stride, padding, dilation)
    n, c, h_out, w_out, k_h, k_w = view.shape
    check_memory(view.shape, view.dtype, "the columns", FEWER)
    # A copy, because all windows of size 1 would be a view of x.
    columns = view.transpose(0, 1, 4, 5, 2, 3).copy()
    return columns.reshape(n, c * k_h * k_w, h_out * w_out)


def col2im(
    columns: NDArray,
    output_size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> NDArray:
    """Add each column back onto the pixels it was read from.

    The adjoint (transpose) of `im2col`, written ``I^-1`` in eq. 8.  It is
    not an inverse: where windows overlap, values add up.  Equal to
    ``torch.nn.functional.fold``.

    Parameters
    ----------
    columns : ndarray, shape (N, C * K_h * K_w, L)
    output_size : int or pair
        Height and width of the image that comes out, in pixels.
    kernel_size, stride, padding, dilation
        As they were given to `im2col`.

    Returns
    -------
    ndarray, shape (N, C, H, W)
        Same dtype as `columns`.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or `columns` does not have the rows
        and columns that the other arguments ask for.
    MemoryError
        If the result would be too large, see `check_memory`.

    Examples
    --------
    How many 2x2 windows use each pixel of a 3x3 image?

    >>> ones = np.ones((1, 1, 3, 3), int)
    >>> col2im(im2col(ones, 2), 3, 2)[0, 0]
    array([[1, 2, 1],
           [2, 4, 2],
           [1, 2, 1]])
    """
    columns = as_array(columns, "columns", "(N, C * K_h * K_w, L)")
    height, width = as_pair(output_size, "output_size")
    k_h, k_w = kernel_size = as_pair(kernel_size, "kernel_size")
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    h_out, w_out = size = conv_output_size(
        (height, width), kernel_size, stride, padding, dilation
    )
    n, rows, length = columns.shape
    if rows % (k_h * k_w) or length != h_out * w_out:
        raise ValueError(
            f"columns must have shape (N, C * {k_h * k_w}, {h_out * w_out}), "
            f"not {columns.shape}"
        )
    channels = rows // (k_h * k_w)
    by_place = columns.reshape(n, channels, k_h * k_w, h_out, w_out)
    frame = margins(kernel_size, stride, padding, dilation)
    (top, bottom), (left, right) = frame
    shape = (n, channels, top + height + bottom, left + width + right)
    check_memory(shape, columns.dtype, "the image", FEWER)
    framed = np.zeros_like(by_place[:, :, 0], shape=shape)
    for place, pixels in offsets(kernel_size, stride, dilation, size):
        framed[:, :, *pixels] += by_place[:, :, place]
    return framed[:, :, top : top + height, left : left + width]
