"""Convolution and cross-correlation, one and two dimensions, and pooling.

`convolve1d` and `convolve2d` flip the kernel (eqs. 1 and 2 of the slides);
`cross_correlate1d` and `cross_correlate2d` do not (eq. 3).

`conv2d` and the functions after it follow ``torch.nn.functional`` in names,
defaults and results: `conv2d` is a cross-correlation, as everywhere in
machine learning.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from helpers.checks import (
    as_array,
    as_flag,
    as_int,
    as_numbers,
    as_pair,
    check_channels,
    check_groups,
    check_memory,
    sum_dtype,
)
from helpers.im2col import add_back, columns_of, enlarge
from helpers.shapes import Padding, PoolWindow, Size, Window

MODES = ("full", "same", "valid")
# `conv2d` holds patches of at most so many bytes at a time (or of one row of
# one image's output): they stay in the cache, and no picture is too large.
BLOCK_BYTES = 2**21
# In bytes: where the windows of an image, all at once, take more, the kernel
# is taken apart instead.
ALL_WINDOWS = 2**28

# --- Signals and pictures: all windows at once -------------------------------


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
    """Check the arguments of the four functions above."""
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


def _slide(x: NDArray, k: NDArray, mode: str, late: int = 0) -> NDArray:
    """Sum the products of `k`, as it lies, with each window of `x`."""
    axes = [*zip(x.shape, k.shape)]
    kept = [_kept(*lengths, mode, late) for lengths in axes]
    places = math.prod(x_size + k_size - 1 for x_size, k_size in axes)
    # Infinity times 0 of the padding would be NaN, and is not a term; and
    # BLAS may leave out a 0 of the kernel, which makes NaN of infinity.
    finite = np.isfinite(x).all() and np.isfinite(k).all()
    if places * k.size * x.itemsize > ALL_WINDOWS or not finite:
        return _stamp(x, k)[tuple(slice(*ends) for ends in kept)]
    frame = [
        (k_size - 1 - first, end - x_size)
        for (x_size, k_size), (first, end) in zip(axes, kept)
    ]
    view = sliding_window_view(np.pad(x, frame), k.shape)
    return np.tensordot(view, k, axes=k.ndim)


def _kept(x: int, k: int, mode: str, late: int) -> tuple[int, int]:
    """Return which of the full outputs `mode` keeps: (first, last + 1).

    The middle of an even kernel lies between two pixels; "same" takes the
    first of them, or the second if `late` is 1.
    """
    middle, overlap = (k - 1 + late) // 2, min(x, k) - 1
    first = {"full": 0, "same": middle, "valid": overlap}[mode]
    size = {"full": x + k - 1, "same": x, "valid": abs(x - k) + 1}[mode]
    return first, first + size


def _stamp(x: NDArray, k: NDArray) -> NDArray:
    """Return the full output: `x` once for each entry of `k`, all added."""
    size = np.add(x.shape, k.shape) - 1
    dtype = np.result_type(x, k)
    full = np.zeros(size, sum_dtype(dtype))
    for entry in np.ndindex(k.shape):
        first = np.subtract(k.shape, entry) - 1
        place = tuple(slice(f, f + i) for f, i in zip(first, x.shape))
        full[place] += x * k[entry]
    return full.astype(dtype, copy=False)


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
    window = Window(weight.shape[2:], stride, padding, dilation)
    count = window.count(x.shape[2:])
    n, c_out = len(x), len(weight)
    check_memory((n, c_out, *count), np.result_type(x, weight), "the output")
    framed = enlarge(x, window.frame)
    k_f = weight.reshape(groups, c_out // groups, *weight.shape[1:])
    row = x.shape[1] * weight.shape[3] * count[1] * x.itemsize
    many = max(1, BLOCK_BYTES // (_rows_needed(window)[0] * row))
    parts = [
        _by_rows(framed[first : first + many], k_f, window, count)
        for first in range(0, max(n, 1), many)
    ]
    h = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return h if bias is None else h + _column(bias, c_out)


def _by_rows(
    x: NDArray, k_f: NDArray, window: Window, count: tuple[int, int]
) -> NDArray:
    """Return K_f V_I (eq. 5) of framed images, some rows at a time.

    A row of windows shares most of its pixels with the next.  So only the
    columns of the windows are written out, the batch last; their rows are
    rows of that array, one below the other, and V_I is a view of it (Cho and
    Brand, "MEC", 2017), or with a dilation a copy.
    """
    groups, c_out, c_in, k_h, k_w = k_f.shape
    n, (height, width), (s_h, s_w) = len(x), count, window.stride
    (d_h, d_w), (span, _) = window.dilation, window.span
    k_f = k_f.swapaxes(2, 3).reshape(groups, 1, c_out, k_h * c_in * k_w)
    x = np.ascontiguousarray(x.transpose(1, 2, 3, 0))
    x = x.reshape(groups, c_in, *x.shape[1:]).swapaxes(1, 2)
    h = np.empty((height, groups, c_out, width * n), np.result_type(x, k_f))
    row = max(1, groups * c_in * k_w * width * n * x.itemsize)
    first, each = _rows_needed(window)
    high = min(height, max(1, 1 + (BLOCK_BYTES // row - first) // each))
    room = (groups, (high - 1) * s_h + span, c_in, k_w, width, n)
    room = np.empty(room, x.dtype)
    for top in range(0, height, high):
        out = h[top : top + high].swapaxes(0, 1)
        end = (top + out.shape[1] - 1) * s_h + span
        view = x[:, top * s_h : end]
        columns = room[:, : view.shape[1]]
        for j in range(k_w):
            last = j * d_w + (width - 1) * s_w
            columns[:, :, :, j] = view[:, :, :, j * d_w : last + 1 : s_w]
        v_i = sliding_window_view(columns, span, axis=1)
        v_i = np.moveaxis(v_i[:, ::s_h, ..., ::d_h], -1, 2)
        v_i = v_i.reshape(*out.shape[:2], k_f.shape[-1], width * n)
        np.matmul(k_f, v_i, out=out)
    h = h.reshape(height, groups * c_out, width, n)
    return h.transpose(3, 1, 0, 2)


def _rows_needed(window: Window) -> tuple[int, int]:
    """Return how many rows of patches a row of output needs, and another."""
    dilated = window.dilation[0] > 1
    copied = window.kernel_size[0] if dilated else 0
    return window.span[0] + copied, window.stride[0] + copied


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
    padding = as_pair(padding, "padding", 0)
    window = Window(weight.shape[2:], stride, padding, dilation)
    output = window.transposed_size(size, output_padding)
    c_out, entries = groups * weight.shape[1], math.prod(window.kernel_size)
    columns = (n, c_out * entries, *size)
    check_memory(columns, np.result_type(x, weight), "the columns")
    k_f = weight.reshape(groups, c_in // groups, weight[0].size)
    delta = x.reshape(n, groups, c_in // groups, math.prod(size))
    stamps = (k_f.mT @ delta).reshape(columns)
    stamps = np.moveaxis(stamps.reshape(n, c_out, entries, *size), 2, 0)
    h = add_back(stamps, window.places(size), output, window.frame)
    return h if bias is None else h + _column(bias, c_out)


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

    Examples
    --------
    >>> max_pool2d([[[[1, 2, 5, 6], [3, 4, 8, 7]]]], 2)
    array([[[[4, 8]]]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    window = PoolWindow(kernel_size, stride, padding, dilation, ceil_mode)
    views = pool_views(x, window, lowest(x.dtype))
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

    Examples
    --------
    >>> avg_pool2d([[[[1, 2, 5, 6], [3, 4, 8, 7]]]], 2)
    array([[[[2.5, 6.5]]]])
    """
    x = as_array(x, "x", "(N, C, H, W)")
    window = PoolWindow(kernel_size, stride, padding, 1, ceil_mode)
    padded = as_flag(count_include_pad, "count_include_pad")
    return pool_means(x, window, padded)[0]


def pool_means(
    x: NDArray, window: PoolWindow, count_include_pad: bool
) -> tuple[NDArray, NDArray]:
    """Return the mean of each window, and by how much it was divided."""
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(float)
    x = x.astype(sum_dtype(dtype), copy=False)
    total = sum(pool_views(x, window, 0))
    divisors = window.divisors(x.shape[2:], count_include_pad).astype(x.dtype)
    means = (total / divisors).astype(dtype, copy=False)
    return means, divisors.astype(dtype, copy=False)


def pool_views(x: NDArray, window: PoolWindow, fill: float) -> list[NDArray]:
    """Return, for each entry of the kernel, the pixels that it meets.

    `fill` stands in the padding and where a window hangs over the end.
    """
    size = x.shape[2:]
    count = window.count(size)
    check_memory((*x.shape[:2], *count), x.dtype, "the pooled maps")
    framed = enlarge(x, window.cover(size), fill)
    return [framed[:, :, *pixels] for pixels in window.places(count)]


def lowest(dtype: np.dtype) -> float | int | bool:
    """Return the value of `dtype` that loses against every other."""
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


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
    c_out, c_in = weight.shape[:2]
    height, width = as_pair(size, "size")
    window = Window(weight.shape[2:], stride, padding, dilation)
    length = math.prod(window.count((height, width)))
    shape = (c_out * length, c_in * height * width + 1)
    less = "use conv2d, which needs no matrix, or a smaller size"
    check_memory(shape, weight.dtype, "the matrix", less)
    # Number the pixels from 1 and let im2col say which pixel meets which
    # weight at which position; 0 is padding.
    pixels = np.arange(1, shape[1]).reshape(1, c_in, height, width)
    pixel = columns_of(pixels, window)[0]
    matrix = np.zeros((c_out, length, shape[1]), weight.dtype)
    matrix[:, np.arange(length), pixel] = weight.reshape(c_out, -1, 1)
    return matrix[:, :, 1:].reshape(c_out * length, pixels.size)
