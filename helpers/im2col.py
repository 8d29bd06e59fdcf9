"""Image to columns and its adjoint: convolution as a matrix product.

Eqs. 5 to 8 of the slides rest on these two.  The order of rows and columns
is that of ``torch.nn.functional.unfold`` and ``fold``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from helpers.checks import as_array, as_pair, check_memory, sum_dtype
from helpers.shapes import Frame, Padding, Size, Window


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
    kernel_size, stride, padding, dilation
        See `helpers.shapes.Window`.

    Returns
    -------
    ndarray, shape (N, C * K_h * K_w, L)
        L is the number of window positions, row by row.  Same dtype as `x`.

    Examples
    --------
    >>> image = np.arange(6).reshape(1, 1, 2, 3)
    >>> im2col(image, 2)[0]
    array([[0, 1],
           [1, 2],
           [3, 4],
           [4, 5]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    return columns_of(x, Window(kernel_size, stride, padding, dilation))


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
    size = as_pair(output_size, "output_size")
    window = Window(kernel_size, stride, padding, dilation)
    count, entries = window.count(size), math.prod(window.kernel_size)
    n, rows, length = columns.shape
    if rows % entries or length != math.prod(count):
        raise ValueError(
            f"columns must have shape (N, C * {entries}, {math.prod(count)}), "
            f"not {columns.shape}"
        )
    shares = columns.reshape(n, rows // entries, entries, *count)
    places = window.places(count)
    return add_back(np.moveaxis(shares, 2, 0), places, size, window.frame)


def columns_of(x: NDArray, window: Window) -> NDArray:
    """Return what `im2col` returns."""
    view = patches(x, window)
    n, c, h_out, w_out, k_h, k_w = view.shape
    check_memory(view.shape, view.dtype, "the columns")
    # A copy, because all windows of size 1 would be a view of x.
    columns = view.transpose(0, 1, 4, 5, 2, 3).copy()
    return columns.reshape(n, c * k_h * k_w, h_out * w_out)


def patches(x: NDArray, window: Window) -> NDArray:
    """Return all windows of a batch of images, without copying them.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out, K_h, K_w)
        A read-only view of `x`, or of `x` with its frame of zeros.
    """
    window.count(x.shape[2:])  # raises if there is none
    (s_h, s_w), (d_h, d_w) = window.stride, window.dilation
    framed = enlarge(x, window.frame)
    view = sliding_window_view(framed, window.span, axis=(2, 3))
    return view[:, :, ::s_h, ::s_w, ::d_h, ::d_w]


def add_back(
    shares: Iterable[NDArray],
    places: Iterable[tuple[slice, slice]],
    size: tuple[int, int],
    frame: Frame,
) -> NDArray:
    """Return an image: each share added onto the pixels of its place.

    Parameters
    ----------
    shares : ndarrays, shape (N, C, H_out, W_out)
        One for each entry of the kernel.
    places : pairs of slice
        See `Window.places`.
    size, frame
        Of the image, and what stood around it.
    """
    (height, width), ((top, bottom), (left, right)) = size, frame
    x = None
    for share, pixels in zip(shares, places):
        if x is None:
            shape = (*share.shape[:2], top + height + bottom)
            shape += (left + width + right,)
            check_memory(shape, share.dtype, "the image")
            wide = sum_dtype(share.dtype)
            x = np.zeros_like(share, wide, shape=shape)
        # Windows may overlap, so add, do not assign.
        x[:, :, *pixels] += share
    x = x[:, :, top : top + height, left : left + width]
    return x.astype(share.dtype, copy=False)


def enlarge(x: NDArray, frame: Frame, fill: float = 0) -> NDArray:
    """Return `x` with a frame around its last two axes, or `x` itself.

    As ``numpy.pad``, but the result lies in memory as `x` does; `Conv2d`
    relies on that for its speed.
    """
    (top, bottom), (left, right) = frame
    if not (top or bottom or left or right):
        return x
    *rest, height, width = x.shape
    shape = (*rest, top + height + bottom, left + width + right)
    check_memory(shape, x.dtype, "the padded image")
    framed = np.full_like(x, fill, shape=shape)
    framed[..., top : top + height, left : left + width] = x
    return framed
