"""Convolution and cross-correlation, one and two dimensions, and pooling.

`convolve1d` and `convolve2d` flip the kernel (eqs. 1 and 2 of the slides);
`cross_correlate1d` and `cross_correlate2d` do not (eq. 3).  Each has a twin
whose loops are the equation, for reading and for checking.

`conv2d` and the functions after it follow ``torch.nn.functional`` in names,
defaults and results: `conv2d` is a cross-correlation, as everywhere in
machine learning.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from helpers.im2col import (
    FEWER,
    as_array,
    as_numbers,
    check_memory,
    col2im,
    enlarge,
    im2col,
    margins,
    offsets,
)
from helpers.shapes import (
    Padding,
    Size,
    as_flag,
    as_int,
    as_pair,
    check_groups,
    conv_output_size,
    conv_transpose_output_size,
    pool_output_size,
)

MODES = ("full", "same", "valid")
# `conv2d` holds patches of at most so many bytes at a time (or of one row of
# one image's output): they stay in the cache, and no picture is too large.
BLOCK_BYTES = 2**21
# In bytes: where the windows of an image, all at once, take more, the kernel
# is taken apart instead.
ALL_WINDOWS = 2**28

# --- The loops: equations 1 to 3, term by term ------------------------------


def convolve1d_loop(x: ArrayLike, k: ArrayLike, mode: str = "full") -> NDArray:
    """Convolve two signals by eq. 1, term by term.

    ``s(t) = sum over a of x(a) k(t - a)``, over the terms that exist.
    Same arguments, result and errors as `convolve1d`.

    Examples
    --------
    >>> convolve1d_loop([1, 2, 3], [0, 1, 0.5])
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    x, k = _signals(x, k, "(T)", mode)
    s = np.zeros(len(x) + len(k) - 1, np.result_type(x, k))
    for t in range(len(s)):
        for a in range(len(x)):
            if 0 <= t - a < len(k):
                s[t] += x[a] * k[t - a]
    return _crop(s, x.shape, k.shape, mode)


def cross_correlate1d_loop(
    x: ArrayLike, k: ArrayLike, mode: str = "full"
) -> NDArray:
    """Cross-correlate two signals, term by term.

    ``s(t) = sum over a of x(t + a) k(a)``: eq. 3 in one dimension.  The
    full output begins at ``t = -(K - 1)``.  Same arguments, result and
    errors as `cross_correlate1d`.

    Examples
    --------
    >>> cross_correlate1d_loop([1, 2, 3], [0, 1, 0.5])
    array([0.5, 2. , 3.5, 3. , 0. ])
    """
    x, k = _signals(x, k, "(T)", mode)
    s = np.zeros(len(x) + len(k) - 1, np.result_type(x, k))
    for t in range(-(len(k) - 1), len(x)):
        for a in range(len(k)):
            if 0 <= t + a < len(x):
                s[t + len(k) - 1] += x[t + a] * k[a]
    return _crop(s, x.shape, k.shape, mode)


def convolve2d_loop(
    image: ArrayLike, kernel: ArrayLike, mode: str = "full"
) -> NDArray:
    """Convolve an image by eq. 2, term by term.

    ``S(i, j) = sum over m, n of I(i - m, j - n) K(m, n)``, over the
    kernel's own size.  Same arguments, result and errors as `convolve2d`.

    Examples
    --------
    >>> convolve2d_loop([[1, 0], [0, 0]], [[1, 2], [3, 4]], mode="same")
    array([[1, 2],
           [3, 4]])
    """
    image, kernel = _signals(image, kernel, "(H, W)", mode)
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    s = np.zeros((h + k_h - 1, w + k_w - 1), np.result_type(image, kernel))
    for i, j in np.ndindex(s.shape):
        for m, n in np.ndindex(kernel.shape):
            if 0 <= i - m < h and 0 <= j - n < w:
                s[i, j] += image[i - m, j - n] * kernel[m, n]
    return _crop(s, image.shape, kernel.shape, mode)


def cross_correlate2d_loop(
    image: ArrayLike, kernel: ArrayLike, mode: str = "full"
) -> NDArray:
    """Cross-correlate an image by eq. 3, term by term.

    ``S(i, j) = sum over m, n of I(i + m, j + n) K(m, n)``; the full output
    begins at ``(-(K_h - 1), -(K_w - 1))``.  Same arguments, result and
    errors as `cross_correlate2d`.

    Examples
    --------
    >>> image = [[1, 2, 3], [4, 5, 6]]
    >>> cross_correlate2d_loop(image, [[1, 0], [0, 10]], mode="valid")
    array([[51, 62]])
    """
    image, kernel = _signals(image, kernel, "(H, W)", mode)
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    s = np.zeros((h + k_h - 1, w + k_w - 1), np.result_type(image, kernel))
    for y, x in np.ndindex(s.shape):
        i, j = y - (k_h - 1), x - (k_w - 1)
        for m, n in np.ndindex(kernel.shape):
            if 0 <= i + m < h and 0 <= j + n < w:
                s[y, x] += image[i + m, j + n] * kernel[m, n]
    return _crop(s, image.shape, kernel.shape, mode, late=1)


# --- The fast way: all windows at once --------------------------------------


def convolve1d(x: ArrayLike, k: ArrayLike, mode: str = "full") -> NDArray:
    """Convolve two signals: flip the kernel, slide it, sum the products.

    Eq. 1 of the slides, over the terms that exist.

    Parameters
    ----------
    x : array_like, shape (T,)
    k : array_like, shape (K,)
    mode : {"full", "same", "valid"}
        As in SciPy: all T + K - 1 outputs; the middle T of them; or those
        at which the shorter signal lies inside the longer.

    Returns
    -------
    ndarray
        Shape (T + K - 1,), (T,) or (|T - K| + 1,).

    Raises
    ------
    TypeError, ValueError
        If a signal is empty, not real, not one-dimensional, or `mode` is
        none of the three.
    MemoryError
        If the result would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> convolve1d([1, 2, 3], [0, 1, 0.5])
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    x, k = _signals(x, k, "(T)", mode)
    return _slide(x, k[::-1], mode)


def cross_correlate1d(
    x: ArrayLike, k: ArrayLike, mode: str = "full"
) -> NDArray:
    """Cross-correlate two signals: slide the kernel without flipping it.

    Arguments, result and errors are those of `convolve1d`.

    Examples
    --------
    >>> cross_correlate1d([1, 2, 3], [0, 1, 0.5])
    array([0.5, 2. , 3.5, 3. , 0. ])
    """
    x, k = _signals(x, k, "(T)", mode)
    return _slide(x, k, mode)


def convolve2d(
    image: ArrayLike, kernel: ArrayLike, mode: str = "full"
) -> NDArray:
    """Convolve an image: rotate the kernel by 180 degrees, then slide it.

    Eq. 2 of the slides, with the sum over the kernel's own size.

    Parameters
    ----------
    image : array_like, shape (H, W)
    kernel : array_like, shape (K_h, K_w)
    mode : {"full", "same", "valid"}
        As in SciPy, see `convolve1d`.

    Returns
    -------
    ndarray
        Shape (H + K_h - 1, W + K_w - 1), (H, W), or
        (|H - K_h| + 1, |W - K_w| + 1).

    Raises
    ------
    TypeError, ValueError
        If an argument is empty, not real, not two-dimensional, `mode` is
        none of the three, or neither argument fits into the other
        (``"valid"``).
    MemoryError
        If the result would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> convolve2d([[1, 0], [0, 0]], [[1, 2], [3, 4]], mode="same")
    array([[1, 2],
           [3, 4]])
    """
    image, kernel = _signals(image, kernel, "(H, W)", mode)
    return _slide(image, kernel[::-1, ::-1], mode)


def cross_correlate2d(
    image: ArrayLike, kernel: ArrayLike, mode: str = "full"
) -> NDArray:
    """Cross-correlate an image: slide the kernel without rotating it.

    Eq. 3 of the slides.  Arguments, result and errors are those of
    `convolve2d`.  Where ``"same"`` meets an even kernel, it is that of
    ``scipy.signal.correlate2d`` and of `conv2d`: the window reaches one
    pixel further ahead than back.

    Examples
    --------
    >>> image = [[1, 2, 3], [4, 5, 6]]
    >>> cross_correlate2d(image, [[1, 0], [0, 10]], mode="valid")
    array([[51, 62]])
    """
    image, kernel = _signals(image, kernel, "(H, W)", mode)
    return _slide(image, kernel, mode, late=1)


def _signals(
    x: ArrayLike, k: ArrayLike, axes: str, mode: str
) -> tuple[NDArray, NDArray]:
    """Check the arguments of the eight functions above."""
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(
            f'mode must be "full", "same" or "valid", not {mode!r}'
        )
    names = ("x", "k") if axes == "(T)" else ("image", "kernel")
    x, k = (as_array(a, name, axes) for a, name in zip((x, k), names))
    for array, name in zip((x, k), names):
        if array.size == 0:
            raise ValueError(f"{name} is empty, shape {array.shape}")
    longer = np.greater(k.shape, x.shape)
    if mode == "valid" and any(longer) and any(np.less(k.shape, x.shape)):
        raise ValueError(
            f'mode="valid" needs a kernel that fits into the image: '
            f"{k.shape} does not fit into {x.shape}"
        )
    full = [i + j - 1 for i, j in zip(x.shape, k.shape)]
    less = f"cut {names[0]} into pieces"
    check_memory(full, np.result_type(x, k), "the full output", less)
    return x, k


def _kept(
    x_shape: tuple, k_shape: tuple, mode: str, late: int
) -> list[tuple[int, int]]:
    """Return which of the full outputs `mode` keeps: (first, last + 1).

    The middle of an even kernel lies between two pixels; "same" takes the
    first of them, or the second if `late` is 1.
    """
    kept = []
    for x, k in zip(x_shape, k_shape):
        middle, overlap = (k - 1 + late) // 2, min(x, k) - 1
        first = {"full": 0, "same": middle, "valid": overlap}[mode]
        size = {"full": x + k - 1, "same": x, "valid": abs(x - k) + 1}[mode]
        kept.append((first, first + size))
    return kept


def _slide(x: NDArray, k: NDArray, mode: str, late: int = 0) -> NDArray:
    """Sum the products of `k`, as it lies, with each window of `x`."""
    places = np.add(x.shape, k.shape) - 1
    all_windows = places.prod() * k.size * x.itemsize
    # Infinity times 0 of the padding would be NaN, and is not a term; and
    # BLAS may leave out a 0 of the kernel, which makes NaN of infinity.
    finite = np.isfinite(x).all() and np.isfinite(k).all()
    if all_windows > ALL_WINDOWS or not finite:
        return _crop(_stamp(x, k), x.shape, k.shape, mode, late)
    kept = _kept(x.shape, k.shape, mode, late)
    frame = [
        (k_size - 1 - first, end - x_size)
        for (first, end), x_size, k_size in zip(kept, x.shape, k.shape)
    ]
    view = sliding_window_view(np.pad(x, frame), k.shape)
    return np.tensordot(view, k, axes=k.ndim)


def _stamp(x: NDArray, k: NDArray) -> NDArray:
    """Return the full output: `x` once for each entry of `k`, all added."""
    size = np.add(x.shape, k.shape) - 1
    full = np.zeros(size, np.result_type(x, k))
    for entry in np.ndindex(k.shape):
        first = np.subtract(k.shape, entry) - 1
        place = tuple(slice(f, f + i) for f, i in zip(first, x.shape))
        full[place] += x * k[entry]
    return full


def _crop(
    full: NDArray, x_shape: tuple, k_shape: tuple, mode: str, late: int = 0
) -> NDArray:
    """Cut the full output down to `mode`."""
    return full[
        tuple(slice(*kept) for kept in _kept(x_shape, k_shape, mode, late))
    ]


# --- Layers as functions: the names of torch.nn.functional -------------------


def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> NDArray:
    """Cross-correlate a batch of images with a bank of kernels.

    What machine learning calls a convolution: eq. 3 summed over the
    channels, computed as the matrix product of eq. 5, for a block of
    windows at a time (`BLOCK_BYTES`).

    Parameters
    ----------
    x : array_like, shape (N, C_in, H, W)
    weight : array_like, shape (C_out, C_in / groups, K_h, K_w)
    bias : array_like, shape (C_out,), optional
    stride, dilation : int or pair
        In pixels.
    padding : int, pair, "same" or "valid"
        Zeros on each side, in pixels.
    groups : int
        The channels are split into so many independent convolutions.

    Returns
    -------
    ndarray, shape (N, C_out, H_out, W_out)
        Lies in memory with the batch last.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d(x, [[[[1, 0], [0, 10]]]], bias=[100])[0, 0]
    array([[140., 151.],
           [173., 184.]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    weight = as_array(weight, "weight", "(C_out, C_in / groups, K_h, K_w)")
    check_channels(x, weight, groups)
    n, channels = x.shape[:2]
    c_out, _, *kernel_size = weight.shape
    stride, dilation = as_pair(stride, "stride"), as_pair(dilation, "dilation")
    size = conv_output_size(
        x.shape[2:], tuple(kernel_size), stride, padding, dilation
    )
    framed = enlarge(x, margins(kernel_size, stride, padding, dilation))
    dtype = np.result_type(x, weight)
    check_memory((n, c_out, *size), dtype, "the output", FEWER)
    k_f = weight.reshape(groups, c_out // groups, *weight.shape[1:])
    row = channels * kernel_size[1] * size[1] * x.itemsize
    rows, _ = _needed(kernel_size, stride, dilation)
    many = max(1, BLOCK_BYTES // (rows * row))
    parts = [
        _by_rows(framed[first : first + many], k_f, stride, dilation, size)
        for first in range(0, max(n, 1), many)
    ]
    h = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return h if bias is None else h + _column(bias, c_out)


def _by_rows(
    x: NDArray, k_f: NDArray, stride: tuple, dilation: tuple, size: tuple
) -> NDArray:
    """Return K_f V_I (eq. 5) of framed images, some rows at a time.

    Only the columns of the windows are written out, the batch last.  Their
    rows are rows of that array, one below the other, so V_I is a view of it
    (Cho and Brand, "MEC", 2017), or with a dilation a copy.
    """
    groups, c_out, c_in, k_h, k_w = k_f.shape
    n, (height, width), (s_h, _) = len(x), size, stride
    k_f = k_f.swapaxes(2, 3).reshape(groups, 1, c_out, k_h * c_in * k_w)
    x = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
    x = x.reshape(groups, c_in, *x.shape[1:]).swapaxes(1, 2)
    h = np.empty((height, groups, c_out, width * n), np.result_type(x, k_f))
    row = max(1, groups * c_in * k_w * width * n * x.itemsize)
    first, each = _needed((k_h, k_w), stride, dilation)
    high = min(height, max(1, 1 + (BLOCK_BYTES // row - first) // each))
    span = dilation[0] * (k_h - 1) + 1
    room = (groups, (high - 1) * s_h + span, c_in, k_w, width, n)
    room = np.empty(room, x.dtype)
    for top in range(0, height, high):
        out = h[top : top + high].swapaxes(0, 1)
        end = (top + out.shape[1] - 1) * s_h + span
        view = x[:, top * s_h : end]
        columns = room[:, : view.shape[1]]
        for j, (_, pixels) in offsets((1, k_w), stride, dilation, size):
            columns[:, :, :, j] = view[:, :, :, pixels]
        v_i = sliding_window_view(columns, span, axis=1)
        v_i = np.moveaxis(v_i[:, ::s_h, ..., :: dilation[0]], -1, 2)
        v_i = v_i.reshape(*out.shape[:2], k_f.shape[-1], width * n)
        np.matmul(k_f, v_i, out=out)
    h = h.reshape(height, groups * c_out, width, n)
    return h.transpose(3, 1, 0, 2)


def _needed(
    kernel_size: tuple, stride: tuple, dilation: tuple
) -> tuple[int, int]:
    """Return how many rows of patches a row of output needs, and another."""
    copied = kernel_size[0] if dilation[0] > 1 else 0
    span = dilation[0] * (kernel_size[0] - 1) + 1
    return span + copied, stride[0] + copied


def conv_transpose2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> NDArray:
    """Multiply by the transpose of the matrix that `conv2d` multiplies by.

    Each input pixel stamps the kernel onto the output; stamps add up.  The
    shapes of a convolution run backwards, its values do not come back.

    Parameters
    ----------
    x : array_like, shape (N, C_in, H, W)
    weight : array_like, shape (C_in, C_out / groups, K_h, K_w)
        As it was given to the `conv2d` that is transposed.
    bias : array_like, shape (C_out,), optional
    stride, padding, dilation, groups
        Those of the `conv2d` that is transposed.
    output_padding : int or pair
        Pixels added at the bottom and right: with a stride, `conv2d` takes
        several input sizes to one output size, this says which is meant.

    Returns
    -------
    ndarray, shape (N, C_out, H_out, W_out)

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If an array would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> conv_transpose2d([[[[1, 10]]]], [[[[1, 2, 3]]]])[0, 0]
    array([[ 1, 12, 23, 30]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    weight = as_array(weight, "weight", "(C_in, C_out / groups, K_h, K_w)")
    n, c_in, *size = x.shape
    groups = check_groups(c_in, c_in, groups)
    if weight.shape[0] != c_in:
        raise ValueError(
            f"weight must have {c_in} input channels as x has, "
            f"not {weight.shape[0]}"
        )
    as_int(weight.shape[1], "out_channels")
    geometry = dict(stride=stride, dilation=dilation)
    kernel = weight.shape[2:]
    full = conv_transpose_output_size(tuple(size), kernel, **geometry)
    height, width = conv_transpose_output_size(
        tuple(size), kernel, stride, padding, output_padding, dilation
    )
    top, left = as_pair(padding, "padding", 0)
    below, right = as_pair(output_padding, "output_padding", 0)
    rows = groups * weight[0].size
    dtype = np.result_type(x, weight)
    check_memory((n, rows, *size), dtype, "the columns", FEWER)
    k_f = weight.reshape(groups, c_in // groups, weight[0].size)
    delta = x.reshape(n, groups, c_in // groups, size[0] * size[1])
    columns = k_f.transpose(0, 2, 1) @ delta
    columns = columns.reshape(n, rows, delta.shape[-1])
    h = col2im(columns, full, kernel, **geometry)
    h = np.pad(h, [(0, 0), (0, 0), (0, below), (0, right)])
    h = h[:, :, top : top + height, left : left + width]
    return h if bias is None else h + _column(bias, h.shape[1])


def check_channels(x: NDArray, weight: NDArray, groups: int = 1) -> None:
    """Check that `weight` takes the channels that `x` has.

    Raises
    ------
    TypeError, ValueError
        If it does not, or `groups` does not divide the channels.

    Examples
    --------
    >>> check_channels(np.ones((1, 3, 8, 8)), np.ones((2, 3, 5, 5)))
    """
    x = as_array(x, "x", "(N, C, H, W)")
    weight = as_array(weight, "weight", "(C_out, C_in / groups, K_h, K_w)")
    check_groups(x.shape[1], weight.shape[0], groups)
    if weight.shape[1] * groups != x.shape[1]:
        last = ": channels come second, not last" * (
            x.shape[3] == weight.shape[1] * groups
        )
        raise ValueError(
            f"weight takes {weight.shape[1] * groups} input channels, "
            f"x has {x.shape[1]} (shape {x.shape}){last}"
        )


def _column(bias: ArrayLike, channels: int) -> NDArray:
    """Return `bias` with axes to broadcast over height and width."""
    bias = as_array(bias, "bias", "(C_out)")
    if bias.shape != (channels,):
        raise ValueError(
            f"bias must have shape ({channels},), not {bias.shape}"
        )
    return bias[:, None, None]


def max_pool2d(
    x: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> NDArray:
    """Take the largest value of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size, padding, dilation : int or pair
        In pixels; padded pixels never win.
    stride : int or pair, optional
        `kernel_size` unless given.
    ceil_mode : bool
        Keep a last window that hangs over the end.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out)
        Same dtype as `x`.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If an array would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> max_pool2d([[[[1, 2, 5, 6], [3, 4, 8, 7]]]], 2)
    array([[[[4, 8]]]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    framed, geometry = pool_input(
        x, kernel_size, stride, padding, dilation, ceil_mode, lowest(x.dtype)
    )
    views = [framed[:, :, *pixels] for _, pixels in offsets(*geometry)]
    # The first one twice: of a 1x1 kernel, too, comes a new array.
    return functools.reduce(np.maximum, views, views[0])


def avg_pool2d(
    x: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> NDArray:
    """Take the mean of each window.

    Parameters
    ----------
    x : array_like, shape (N, C, H, W)
    kernel_size, padding : int or pair
        In pixels.
    stride : int or pair, optional
        `kernel_size` unless given.
    ceil_mode : bool
        Keep a last window that hangs over the end; what hangs over the
        padded input does not count.
    count_include_pad : bool
        Whether padded zeros count.

    Returns
    -------
    ndarray, shape (N, C, H_out, W_out)
        Same dtype as `x`; float64 for whole numbers.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If an array would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> avg_pool2d([[[[1, 2, 5, 6], [3, 4, 8, 7]]]], 2)
    array([[[[2.5, 6.5]]]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    if x.dtype.kind != "f":
        x = x.astype(float)
    framed, geometry = pool_input(
        x, kernel_size, stride, padding, 1, ceil_mode, 0
    )
    counts = pool_counts(
        x.shape[2:], kernel_size, stride, padding, ceil_mode, count_include_pad
    )
    views = (framed[:, :, *pixels] for _, pixels in offsets(*geometry))
    return functools.reduce(np.add, views) / counts.astype(x.dtype)


def lowest(dtype: np.dtype) -> float | int | bool:
    """Return the value of `dtype` that loses against every other.

    Examples
    --------
    >>> lowest(np.dtype("uint8")), lowest(np.dtype("float32"))
    (0, -inf)
    """
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be a dtype, not {dtype!r}") from None
    if dtype.kind not in "buif":
        raise TypeError(f"dtype must be of real numbers, not {dtype}")
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def pool_input(
    x: NDArray,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
    fill: float,
) -> tuple[NDArray, tuple]:
    """Return the framed input of a pooling layer, and where its windows are.

    Parameters
    ----------
    fill : number
        Stands in the padding and where a window hangs over the end; the
        other parameters are those of `max_pool2d`.

    Returns
    -------
    framed : ndarray, shape (N, C, H + frame, W + frame)
    geometry : tuple
        The arguments of `helpers.im2col.offsets`.

    Examples
    --------
    >>> x = np.ones((1, 1, 3, 5))
    >>> framed, geometry = pool_input(x, 2, None, 0, 1, True, 0)
    >>> framed.shape, geometry
    ((1, 1, 4, 6), ((2, 2), (2, 2), (1, 1), (2, 3)))
    """
    x = as_array(x, "x", "(N, C, H, W)")
    size = pool_output_size(
        x.shape[2:], kernel_size, stride, padding, ceil_mode, dilation
    )
    check_memory((*x.shape[:2], *size), x.dtype, "the pooled maps", FEWER)
    kernel_size = as_pair(kernel_size, "kernel_size")
    stride = as_pair(kernel_size if stride is None else stride, "stride")
    dilation = as_pair(dilation, "dilation")
    padding = as_pair(padding, "padding", 0)
    frame = []
    axes = zip(x.shape[2:], padding, size, stride, kernel_size, dilation)
    for i, p, o, s, k, d in axes:
        end = (o - 1) * s + d * (k - 1) + 1
        frame.append((p, max(end - i - p, 0)))
    geometry = (kernel_size, stride, dilation, size)
    return enlarge(x, tuple(frame), fill), geometry


def pool_counts(
    size: Size,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    ceil_mode: bool,
    count_include_pad: bool,
) -> NDArray:
    """Return by how much each window of `avg_pool2d` is divided.

    Parameters
    ----------
    size : int or pair
        Height and width of the input; the others as in `avg_pool2d`.

    Returns
    -------
    ndarray of int, shape (H_out, W_out)

    Examples
    --------
    >>> pool_counts(3, 2, None, 0, True, True)
    array([[4, 2],
           [2, 1]])
    """
    stride = kernel_size if stride is None else stride
    count_include_pad = as_flag(count_include_pad, "count_include_pad")
    outputs = as_pair(
        pool_output_size(size, kernel_size, stride, padding, ceil_mode),
        "size",
    )
    counts = []
    for o, i, k, s, p in zip(
        outputs,
        as_pair(size, "size"),
        as_pair(kernel_size, "kernel_size"),
        as_pair(stride, "stride"),
        as_pair(padding, "padding", 0),
    ):
        first = np.arange(o) * s - p
        end = np.minimum(first + k, i + p)
        if not count_include_pad:
            first, end = np.maximum(first, 0), np.minimum(end, i)
        counts.append(end - first)
    return np.outer(*counts)


def convolution_matrix(
    weight: ArrayLike,
    size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> NDArray:
    """Return the matrix that a convolution layer multiplies its input by.

    For one channel at stride 1 it is a doubly blocked Toeplitz matrix.  Its
    transpose is what `conv_transpose2d` multiplies by.

    Parameters
    ----------
    weight : array_like, shape (C_out, C_in, K_h, K_w) or (K_h, K_w)
    size : int or pair
        Height and width of the input, in pixels.
    stride, padding, dilation
        As for `conv2d`.

    Returns
    -------
    ndarray, shape (C_out * H_out * W_out, C_in * H * W)
        ``matrix @ x.ravel()`` is ``conv2d(x[None], ...).ravel()``.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.
    MemoryError
        If an array would be too large, see `helpers.im2col.check_memory`.

    Examples
    --------
    >>> convolution_matrix([[1, 2, 3]], (1, 5))
    array([[1, 2, 3, 0, 0],
           [0, 1, 2, 3, 0],
           [0, 0, 1, 2, 3]])
    """
    weight = as_numbers(weight, "weight")
    if weight.ndim == 2:
        weight = weight[None, None]
    weight = as_array(weight, "weight", "(C_out, C_in, K_h, K_w)")
    c_out, c_in, *kernel_size = weight.shape
    height, width = as_pair(size, "size")
    outputs = conv_output_size(
        (height, width), tuple(kernel_size), stride, padding, dilation
    )
    shape = (c_out * outputs[0] * outputs[1], c_in * height * width + 1)
    less = "use conv2d, which needs no matrix, or a smaller size"
    check_memory(shape, weight.dtype, "the matrix", less)
    # Number the pixels from 1 and let im2col say which pixel meets which
    # weight at which position; 0 is padding.
    pixels = np.arange(1, c_in * height * width + 1)
    pixels = pixels.reshape(1, c_in, height, width)
    pixel = im2col(pixels, kernel_size, stride, padding, dilation)[0]
    rows, length = pixel.shape
    matrix = np.zeros((c_out, length, pixels.size + 1), weight.dtype)
    matrix[:, np.arange(length), pixel] = weight.reshape(c_out, rows, 1)
    return matrix[:, :, 1:].reshape(c_out * length, pixels.size)
