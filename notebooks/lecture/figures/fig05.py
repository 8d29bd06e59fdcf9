"""The drawings of notebook 05: channels, windows as columns, matrices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from helpers.checks import as_array, as_items
from helpers.figures import (
    arrow,
    cell_axes,
    draw_cells,
    frame,
    new_figure,
    outline,
    panels,
    place_text,
    weight_colors,
    written,
)
from helpers.figures.style import GREY, INPUT, KERNEL, OUTPUT, WINDOW
from helpers.im2col import im2col
from helpers.shapes import Window

# --- One window through all channels -----------------------------------------


def channel_maps(x: NDArray, weight: NDArray) -> NDArray:
    """Return what each slice of each kernel makes of its channel.

    From (C_in, H, W) and (C_out, C_in, K_h, K_w) come maps of shape (C_out,
    C_in, H_out, W_out); their sum over C_in, plus a bias, is the output.
    """
    x = as_array(x, "x", "(C_in, H, W)")
    weight = as_array(weight, "weight", "(C_out, C_in, K_h, K_w)")
    windows = sliding_window_view(x, weight.shape[2:], axis=(1, 2))
    return np.einsum("chwij,fcij->fchw", windows, weight)


def multichannel(
    x: NDArray, weight: NDArray, bias: NDArray, at: tuple[int, int]
) -> Figure:
    """Draw a convolution with channels, all its numbers, one window marked.

    After figure 1.3 of [DV16]: each kernel has a slice for each channel of
    the input; their maps and a bias are added, the sums stacked.  `x` and
    `weight` are those of `channel_maps`, two channels of 5x5 or about so;
    `at` is row and column of the outputs whose window is marked.
    """
    maps = channel_maps(x, weight)
    c_out, c_in, h_out, w_out = maps.shape
    (k_h, k_w), width = weight.shape[2:], x.shape[2]
    step, rise = max(k_h, h_out) + 0.9, x.shape[1] + 0.9
    tall = max(c_out * step, c_in * rise) - 0.9
    # Left ends of the slices of the kernels, of the maps, of the output.
    slices = width + 1.1 + (k_w + 0.4) * np.arange(c_in)
    places = slices[-1] + k_w + 1.1 + (w_out + 0.9) * np.arange(c_in)
    last = places[-1] + w_out + 2.3
    axes = cell_axes(new_figure())
    _head(axes, width / 2, "input x", x.shape)
    _head(axes, (slices[0] + slices[-1] + k_w) / 2, "kernels K", weight.shape)
    _head(axes, (places[0] + places[-1] + w_out) / 2, "maps", maps.shape)
    _head(axes, last + w_out / 2, "output h", (c_out, h_out, w_out))
    for c in range(c_in):
        top = (tall + 0.9 - c_in * rise) / 2 + c * rise
        draw_cells(axes, x[c], (0, top), lit=(*at, k_h, k_w))
        place_text(axes, width / 2, top - 0.45, f"c = {c}", GREY)
        place_text(axes, slices[c] + k_w / 2, -0.45, f"c = {c}", GREY)
        place_text(axes, places[c] + w_out / 2, -0.45, f"c = {c}", GREY)
    for f in range(c_out):
        for left, part in zip(slices, weight[f]):
            draw_cells(axes, part, (left, f * step), KERNEL)
        _draw_sum(axes, maps[f], bias[f], [*places, last], f * step, at)
        place_text(axes, last + w_out / 2, f * step - 0.45, f"f = {f}", GREY)
    place_text(axes, slices[0] - 0.55, tall / 2, "\u22c6", fontsize=28)
    place_text(axes, places[0] - 0.55, tall / 2, "=")
    axes.set(xlim=(-0.2, last + w_out + 0.2), ylim=(tall + 0.3, -2.7))
    return axes.figure


def _draw_sum(
    axes: Axes,
    maps: NDArray,
    bias: float,
    lefts: list[float],
    top: float,
    at: tuple[int, int],
) -> None:
    """Draw maps, a bias and, at the last of `lefts`, their sum."""
    for left, part in zip(lefts, [*maps, maps.sum(axis=0) + bias]):
        draw_cells(axes, part, (left, top), OUTPUT, lit=(*at, 1, 1))
    middle = top + maps.shape[1] / 2
    for left in lefts[1:-1]:
        place_text(axes, left - 0.45, middle, "+")
    sign = "+" if bias >= 0 else "\u2212"
    text = f"{sign} {written(abs(bias))} ="
    place_text(axes, lefts[-1] - 1.15, middle, text)


def _head(
    axes: Axes, x: float, name: str, shape: tuple[int, ...], y: float = -0.9
) -> None:
    """Write a name and, below it, a shape, whose lower end is at `y`."""
    sizes = ", ".join(map(str, shape))
    for text, points in ((name, 23), (f"({sizes})", 5)):
        look = dict(ha="center", va="baseline", textcoords="offset points")
        axes.annotate(text, (x, y), (0, points), **look)


def window_sum(
    x: NDArray, weight: NDArray, bias: NDArray, at: tuple[int, int, int]
) -> Figure:
    """Draw how one output comes about: products, sums, bias.

    `x` and `weight` are those of `channel_maps`; `at` is the output's
    (f, i, j).
    """
    f, i, j = at
    kernel = weight[f]
    c_in, k_h, k_w = kernel.shape
    window = x[:, i : i + k_h, j : j + k_w]
    products = window * kernel
    step = k_h + 0.8
    axes = cell_axes(new_figure())
    parts = [
        ("window", window, "", dict(lit=(0, 0, k_h, k_w))),
        (f"K[{f}]", kernel, "\u00d7", dict(color=KERNEL)),
        ("products", products, "=", dict(color=OUTPUT)),
    ]
    for place, (name, values, sign, look) in enumerate(parts):
        left = place * (k_w + 1.2)
        _head(axes, left + k_w / 2, name, values.shape, -0.1)
        for c in range(c_in):
            draw_cells(axes, values[c], (left, step * c), **look)
            place_text(axes, left - 0.6, step * c + k_h / 2, sign)
    right = 3 * k_w + 2.4
    tops = [step * c + k_h / 2 - 0.5 for c in range(c_in)] + [step * c_in]
    _collect(axes, products.sum(axis=(1, 2)), bias[f], right, tops, at)
    for text in axes.texts:
        text.set_fontsize(17)
    axes.set(xlim=(-1.9, right + 7.7), ylim=(tops[-1] + 1.2, -1.7))
    return axes.figure


def _collect(
    axes: Axes,
    sums: NDArray,
    bias: float,
    left: float,
    tops: list[float],
    at: tuple[int, int, int],
) -> None:
    """Draw the sum of each channel and a bias, and arrows to the output."""
    look = dict(color=GREY, shrinkA=0, shrinkB=0)
    one = dict(color=OUTPUT, lit=(0, 0, 1, 1))
    middle = (tops[0] + tops[-1]) / 2
    for c, (value, top) in enumerate(zip(sums, tops)):
        y = top + 0.5
        place_text(axes, -0.4, y, f"c = {c}", ha="right")
        place_text(axes, left + 0.95, y - 0.4, "add", GREY)
        arrow(axes, (left + 0.2, y), (left + 1.8, y), **look)
        draw_cells(axes, value, (left + 1.9, top), **one)
    name = f"b[{at[0]}]"
    place_text(axes, left + 1.6, tops[-1] + 0.5, name, ha="right")
    draw_cells(axes, bias, (left + 1.9, tops[-1]), KERNEL)
    for y in np.add(tops, 0.5):
        end = left + 4.7, middle + 0.5 + 0.2 * (y - middle)
        arrow(axes, (left + 3, y), end, **look)
    name = "h[{}, {}, {}]".format(*at)
    place_text(axes, left + 4.9, middle - 0.5, name, ha="left")
    draw_cells(axes, sums.sum() + bias, (left + 4.9, middle), **one)


# --- Windows as columns ------------------------------------------------------

# Light enough for black numbers.
WINDOWS = [WINDOW, "#56B4E9", "#F0E442", "#CC79A7", "#FFFFFF", "#BBBBBB"]


def window_columns(image: NDArray, kernel_size: tuple[int, int]) -> Figure:
    """Draw each window of an image in the colour of its column (im2col).

    `image` has shape (H, W) and up to six windows, as many as there are
    colours; it is drawn once for each window, where the window's output is.
    """
    image = as_array(image, "image", "(H, W)")
    (height, width), (k_h, k_w) = image.shape, kernel_size
    matrix = im2col(image[None, None], kernel_size)[0]
    rows, count = matrix.shape
    tall, across = Window(kernel_size).count(image.shape)
    tall = tall * (height + 1.3) - 1.3
    left, top = across * (width + 0.8) + 2.2, (tall - rows) / 2
    axes = cell_axes(new_figure())
    for place, color in zip(range(count), WINDOWS):
        i, j = divmod(place, across)
        x, y = j * (width + 0.8), i * (height + 1.3)
        place_text(axes, x + width / 2, y - 0.5, f"window {place}")
        draw_cells(axes, image, (x, y))
        inside = np.zeros(image.shape, bool)
        inside[i : i + k_h, j : j + k_w] = True
        for text, hidden in zip(axes.texts[-image.size :], inside.flat):
            text.set(color=GREY, visible=not hidden)
        column = matrix[:, place : place + 1]
        _paint(axes, column.reshape(k_h, k_w), (x + j, y + i), color)
        where = left + 1.3 * place
        _paint(axes, column, (where, top), color)
        place_text(axes, where + 0.5, top - 0.5, str(place))
    for row in range(rows):
        name = "({}, {})".format(*divmod(row, k_w))
        place_text(axes, left - 0.3, top + row + 0.5, name, GREY, ha="right")
    middle = left + (1.3 * count - 0.3) / 2
    name = f"$\\mathbf{{V}}_I$  ({rows}, {count})"
    place_text(axes, middle, top - 1.3, name)
    for text in axes.texts:
        text.set_fontsize(17)
    axes.set(xlim=(-0.2, left + 1.3 * count), ylim=(tall + 0.2, -1.2))
    return axes.figure


def _paint(
    axes: Axes, values: NDArray, at: tuple[float, float], color: str
) -> None:
    """Draw cells in the colour of a window, with a frame."""
    for cell in draw_cells(axes, values, at):
        cell.set(fc=color, ec="white")
    outline(axes, at, values.shape, "black", 2)


# --- Matrices ----------------------------------------------------------------


def layer_product(
    k_f: NDArray,
    v_i: NDArray,
    bias: NDArray,
    at: tuple[int, int],
    channels: int,
) -> Figure:
    """Draw eq. 5 with the shapes of its arrays; below each, its values.

    `k_f` has shape (C_out, C_in * K_h * K_w), `v_i` as many rows as that
    has columns, `bias` shape (C_out,).  `at` is the output, a row of `k_f`
    times a column of `v_i`, to frame; lines divide the input `channels`.
    """
    product = k_f @ v_i + bias[:, None]
    (outputs, rows), (f, column) = k_f.shape, at
    parts = (
        ("$\\mathbf{K}_f$", k_f, KERNEL, "@", (f, 0, 1, rows)),
        ("$\\mathbf{V}_I$", v_i, INPUT, "+", (0, column, rows, 1)),
        ("$\\mathbf{b}$", bias[:, None], KERNEL, "=", (f, 0, 1, 1)),
        ("$\\bar{\\mathbf{h}}$", product, OUTPUT, "", (f, column, 1, 1)),
    )
    axes = cell_axes(new_figure())
    left = 0.0
    for name, values, color, sign, (y, x, *size) in parts:
        top = (rows - len(values)) / 2
        _shade(axes, values, (left, top), color)
        _head(axes, left + values.shape[1] / 2, name, values.shape, top - 0.1)
        outline(axes, (left + x, top + y), size, "black", 2)
        span = f"{written(values.min())} to {written(values.max())}"
        low = rows + 0.7 if values is v_i else (rows + outputs) / 2 + 2.2
        place_text(axes, left + values.shape[1] / 2, low, span, color)
        left += values.shape[1]
        place_text(axes, left + 1, rows / 2, sign)
        left += 2
    below = (rows + outputs) / 2
    for c in range(channels):
        middle = (c + 0.5) * rows / channels
        place_text(axes, middle, below + 0.9, f"c = {c}", GREY)
        place_text(axes, rows + 1.7, middle, f"c = {c}", GREY, ha="right")
    for cut in np.arange(1, channels) * rows / channels:
        axes.plot([cut, cut], [below - outputs, below], "k:", lw=2)
        ends = rows + 2, rows + 2 + v_i.shape[1]
        axes.plot(ends, [cut, cut], "k:", lw=2)
    place_text(axes, 0, 0.2, "light to dark:\nlow to high", GREY, ha="left")
    text = f"row {f} times column {column}, plus b[{f}]: "
    place_text(axes, left / 2, rows + 2.3, text + written(product[at]))
    axes.set(xlim=(-0.3, left - 1.7), ylim=(rows + 2.9, -3))
    return axes.figure


def _shade(
    axes: Axes, values: NDArray, at: tuple[float, float], color: str
) -> None:
    """Draw cells without numbers: the largest in full colour."""
    low, high = float(values.min()), float(values.max())
    tints = 0.1 + 0.8 * (values - low) / (high - low or 1)
    cells = draw_cells(axes, values, at, color, text=None)
    for cell, tint in zip(cells, tints.flat):
        fill = tuple(1 - tint + tint * part for part in to_rgb(color))
        cell.set(fc=fill, ec="white")


def zoomed_matrix(
    matrix: NDArray, zoom: tuple[int, int], blocks: tuple[int, int]
) -> Figure:
    """Draw which entries of a matrix are the same weight; zoom into a corner.

    `matrix` holds the number of a weight, 0 where there is none.  `zoom`
    and `blocks` are rows and columns of the upper left corner to enlarge,
    and of the blocks into which lines divide it.
    """
    colors, _ = weight_colors(matrix)
    height, width = zoom
    fig, (left, right) = panels(2)
    left.imshow(colors)
    right.imshow(colors[:height, :width])
    look = dict(fc="none", ec="black", lw=2, clip_on=False)
    left.add_patch(Rectangle((-0.5, -0.5), width, height, **look))
    for place in range(blocks[0], height, blocks[0]):
        right.axhline(place - 0.5, color=GREY, lw=1)
    for place in range(blocks[1], width, blocks[1]):
        right.axvline(place - 0.5, color=GREY, lw=1)
    frame(left, "{} \u00d7 {}".format(*matrix.shape))
    frame(right, f"its first {height} \u00d7 {width}")
    return fig


def kernel_matrices(matrices: Mapping[str, NDArray], columns: int) -> Figure:
    """Draw matrices of kernels below one another, zeros left empty.

    Each has shape (C_out, C_in * K_h * K_w) and a name; `columns` is
    K_h * K_w: lines divide the input channels.
    """
    named = as_items(matrices, "matrices", "(C_out, columns)")
    fig, all_axes = panels(len(named), 1)
    for axes, (name, matrix) in zip(all_axes, named):
        axes.set(aspect="equal")
        axes.set(xlim=(0, matrix.shape[1]), ylim=(len(matrix), 0))
        look = dict(fc=KERNEL, ec="white", lw=0.3)
        for row, column in np.argwhere(matrix):
            axes.add_patch(Rectangle((column, row), 1, 1, **look))
        for place in range(columns, matrix.shape[1], columns):
            axes.axvline(place, color=GREY, lw=1)
        frame(axes)
        count = np.count_nonzero(matrix)
        axes.set_title(f"{name}: {count:,} weights", loc="left", fontsize=14)
    return fig
