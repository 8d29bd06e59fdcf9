"""Image to columns and its adjoint: convolution as a matrix product.

Eqs. 5 to 8 of the slides rest on these two.  The order of rows and columns
is that of ``torch.nn.functional.unfold`` and ``fold``.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from helpers.shapes import (
    Padding,
    Size,
    as_pair,
    conv_output_size,
    padding_amounts,
)


def as_array(x: object, name: str, axes: str) -> NDArray:
    """Return `x` as an array of real numbers with the axes named.

    Parameters
    ----------
    x : array_like
        What a caller passed in.
    name : str
        The argument's name, for the message.
    axes : str
        Names of the axes, as in ``"(N, C, H, W)"``.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.
    ValueError
        If the number of axes differs.

    Examples
    --------
    >>> as_array([[1, 2]], "image", "(H, W)").shape
    (1, 2)
    """
    array = np.asarray(x)
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must hold real numbers, not {array.dtype} values"
        )
    wanted = axes.count(",") + 1
    if array.ndim != wanted:
        batch = (
            f": add the batch axis, {name}[None]"
            if axes == "(N, C, H, W)" and array.ndim == 3
            else ""
        )
        raise ValueError(
            f"{name} must have axes {axes}, not shape {array.shape}{batch}"
        )
    return array


def windows(
    x: NDArray,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> NDArray:
    """Return a view of all windows of `x`, without copying.

    Parameters
    ----------
    x : ndarray, shape (..., H, W)
        Already padded.
    kernel_size, stride, dilation : pair of int
        In pixels.

    Returns
    -------
    ndarray, shape (..., H_out, W_out, K_h, K_w)
        Read-only.

    Examples
    --------
    >>> windows(np.arange(12).reshape(3, 4), (2, 2), (1, 2), (1, 1)).shape
    (2, 2, 2, 2)
    """
    span = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation)]
    view = sliding_window_view(x, span, axis=(-2, -1))
    s_h, s_w = stride
    d_h, d_w = dilation
    return view[..., ::s_h, ::s_w, ::d_h, ::d_w]


def pad(
    x: NDArray,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: Padding,
    dilation: tuple[int, int],
) -> tuple[NDArray, tuple[tuple[int, int], tuple[int, int]]]:
    """Return `x` with zeros around its last two axes, and how many.

    Returns
    -------
    padded : ndarray, shape (..., H + top + bottom, W + left + right)
        `x` itself if nothing is padded.
    amounts : pair of pairs
        ``((top, bottom), (left, right))`` in pixels.

    Examples
    --------
    >>> pad(np.ones((1, 1)), (2, 3), (1, 1), "same", (1, 1))[1]
    ((0, 1), (1, 1))
    """
    both = [padding] * 2 if isinstance(padding, str) else None
    both = both or as_pair(padding, "padding", minimum=0)
    amounts = tuple(
        padding_amounts(*axis)
        for axis in zip(both, kernel_size, stride, dilation)
    )
    if any(map(any, amounts)):
        x = np.pad(x, [(0, 0)] * (x.ndim - 2) + list(amounts))
    return x, amounts


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
    kernel_size = as_pair(kernel_size, "kernel_size")
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    size = conv_output_size(
        x.shape[2:], kernel_size, stride, padding, dilation
    )
    padded, _ = pad(x, kernel_size, stride, padding, dilation)
    patches = windows(padded, kernel_size, stride, dilation)
    rows = x.shape[1] * kernel_size[0] * kernel_size[1]
    return patches.transpose(0, 1, 4, 5, 2, 3).reshape(
        x.shape[0], rows, size[0] * size[1]
    )


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
    s_h, s_w = stride = as_pair(stride, "stride")
    d_h, d_w = dilation = as_pair(dilation, "dilation")
    size = (height, width)
    h_out, w_out = conv_output_size(
        size, kernel_size, stride, padding, dilation
    )
    n, rows, length = columns.shape
    if rows % (k_h * k_w) or length != h_out * w_out:
        raise ValueError(
            f"columns must have shape (N, C * {k_h * k_w}, {h_out * w_out}), "
            f"not {columns.shape}"
        )
    patches = columns.reshape(n, -1, k_h, k_w, h_out, w_out)
    empty = np.zeros((n, patches.shape[1], *size), columns.dtype)
    padded, ((top, _), (left, _)) = pad(
        empty, kernel_size, stride, padding, dilation
    )
    for i in range(k_h):
        for j in range(k_w):
            y, x = i * d_h, j * d_w
            rows = slice(y, y + s_h * h_out, s_h)
            cols = slice(x, x + s_w * w_out, s_w)
            padded[:, :, rows, cols] += patches[:, :, i, j]
    return padded[:, :, top : top + height, left : left + width]
