"""The drawings of notebook 06: gradients on their way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_items
from helpers.figures import (
    arrow,
    cell_axes,
    cell_panel,
    draw_cells,
    frame,
    in_full,
    new_figure,
    outline,
    panels,
    place_text,
    sheet,
)
from helpers.figures.style import GREY, INPUT, KERNEL, OUTPUT, WINDOW
from helpers.im2col import col2im

# --- From the gradients of outputs to those of pixels ------------------------


def sent_back(
    kernel: NDArray, delta: NDArray, pixel: tuple[int, int]
) -> Figure:
    """Draw a kernel, gradients at the outputs, and one pixel to find.

    `pixel` is (row, column) in the picture; stride 1, no padding.
    """
    height, width = np.add(kernel.shape, delta.shape) - 1
    axes = cell_axes(new_figure())
    below = len(kernel) + 0.9
    draw_cells(axes, kernel, (0, 0), KERNEL, "kernel", in_full)
    title = "gradients at the outputs"
    draw_cells(axes, delta, (0, below), OUTPUT, title, in_full)
    wide = max(kernel.shape[1], delta.shape[1])
    left, top = wide + 1.5, (below + len(delta) - height) / 2
    blank, title = np.zeros((height, width)), "gradients at the pixels"
    draw_cells(axes, blank, (left, top), INPUT, title, text=None)
    middle = below + len(delta) / 2
    arrow(axes, (wide + 0.2, middle), (left - 0.2, middle), ls="--")
    x, y = left + pixel[1], top + pixel[0]
    outline(axes, (x, y), (1, 1))
    place_text(axes, x + 0.5, y + 0.5, "?", fontsize=24)
    axes.set(xlim=(-0.1, left + width + 0.1))
    axes.set(ylim=(below + len(delta) + 0.1, -0.7))
    return axes.figure


def pixel_readers(
    kernel: NDArray, delta: NDArray, pixel: tuple[int, int]
) -> Figure:
    """Draw all windows, one panel for each output, and a pixel in them.

    Each panel shows through which entry of the kernel the output reads the
    pixel, so what the output's gradient is multiplied by on its way back.
    `pixel` is (row, column); stride 1, no padding.
    """
    blank = np.zeros(np.add(kernel.shape, delta.shape) - 1)
    met = met_entries(kernel, delta.shape, pixel)
    fig, all_axes = panels(delta.size, delta.shape[1])
    for axes, (row, column) in zip(all_axes, np.ndindex(delta.shape)):
        draw_cells(cell_panel(axes), blank, text=None)
        draw_cells(axes, kernel, (column, row), KERNEL, text=in_full)
        outline(axes, pixel[::-1], (1, 1), "black")
        entry = met[row, column]
        title = f"{delta[row, column]:g} \u00b7 {entry:g}"
        axes.set_title("does not read it" if np.isnan(entry) else title)
    return fig


def met_entries(
    kernel: NDArray, outputs: tuple[int, int], pixel: tuple[int, int]
) -> NDArray:
    """Return through which entry of the kernel each output reads a pixel.

    An array of shape `outputs`, (H_out, W_out), NaN where the pixel, (row,
    column), is not read; stride 1, no padding.
    """
    met = np.full(outputs, np.nan)
    for place in np.ndindex(*outputs):
        row, column = np.subtract(pixel, place)
        if 0 <= row < kernel.shape[0] and 0 <= column < kernel.shape[1]:
            met[place] = kernel[row, column]
    return met


def gradient_steps(
    kernel: NDArray,
    delta: NDArray,
    size: tuple[int, int],
    stride: int,
    padding: int,
) -> Figure:
    """Draw the three steps back: put zeros between, convolve, cut.

    `delta` holds the gradients at the outputs, `size` is that of the
    picture, whose gradient is framed in the last array.
    """
    between = np.full([(o - 1) * stride + 1 for o in delta.shape], np.nan)
    between[::stride, ::stride] = delta
    padded = tuple(n + 2 * padding for n in size)
    columns = np.outer(kernel, delta)[None]
    whole = col2im(columns, padded, kernel.shape, stride)[0, 0]
    axes = cell_axes(new_figure())
    left = 0.0
    for name, values, color in [
        ("gradients", delta, OUTPUT),
        ("zeros between", between, OUTPUT),
        ("full convolution", whole, INPUT),
    ]:
        top = (len(whole) - len(values)) / 2
        title = "{}\n{}\u00d7{}".format(name, *values.shape)
        draw_cells(axes, values, (left, top), color, title, in_full)
        left += values.shape[1] + 1.6
    right = left - 1.6
    corner = right - whole.shape[1] + padding, padding
    outline(axes, corner, size)
    axes.set(xlim=(-0.5, right + 0.2), ylim=(len(whole) + 0.2, -1.9))
    return axes.figure


# --- Graphs of computation ---------------------------------------------------

LANE = 1.1  # height of one direction of `computation_graph`, in inches


def computation_graph(
    steps: Sequence[str],
    values: Sequence[tuple[str, ArrayLike]],
    parameters: Mapping[int, tuple[str, ArrayLike]],
    back: Sequence[str],
    gradients: Sequence[tuple[str, ArrayLike]],
    by_parameters: Mapping[int, tuple[str, ArrayLike]],
) -> Figure:
    """Draw a chain of operations, with the shape of what flows on each edge.

    Forward runs to the right; backward runs to the left, below and dashed.
    `steps` and `back` say what each box does.  `values` are (name, array):
    the input, then what leaves each box; an empty name makes a short bare
    arrow.  `parameters` enter boxes from above, by the number of the box.
    `gradients` are by each of `values`, those at the end may be missing;
    `by_parameters` leave the boxes below.  Names are TeX.
    """
    boxes, edges = _graph_spans(steps, back, values)
    fig = new_figure()
    axes = fig.subplots()
    for place, (left, right) in enumerate(boxes):
        box = sheet(left, -LANE, right - left, 2 * LANE, WINDOW)
        axes.add_patch(box)
        for texts, y in ((steps, LANE / 2), (back, -LANE / 2)):
            place_text(axes, (left + right) / 2, y, texts[place])
    for place, (x, end) in enumerate(edges):
        color = INPUT if place <= min(parameters) else OUTPUT
        ends = (x, LANE / 2), (end, LANE / 2)
        _draw_edge(axes, *ends, *values[place], color)
        if place < len(gradients):
            ends = (end, -LANE / 2), (x, -LANE / 2)
            _draw_edge(axes, *ends, *gradients[place], color, dashed=True)
    for box, named in parameters.items():
        x = sum(boxes[box]) / 2
        _draw_edge(axes, (x, LANE + 0.6), (x, LANE), *named, KERNEL)
    for box, named in by_parameters.items():
        x = sum(boxes[box]) / 2
        ends = (x, -LANE), (x, -LANE - 0.6)
        _draw_edge(axes, *ends, *named, KERNEL, dashed=True)
    place_text(axes, 0.1, LANE + 0.9, "forward \u2192", GREY, "left")
    place_text(axes, 0.1, -LANE - 0.9, "\u2190 backward", GREY, "left")
    axes.set(xlim=(0, edges[-1][1]), ylim=(-LANE - 1.1, LANE + 1.1))
    axes.set_aspect("equal")
    axes.set_axis_off()
    return fig


def _graph_spans(
    steps: Sequence[str], back: Sequence[str], values: Sequence[tuple]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return where boxes and edges begin and end, in inches."""
    boxes, edges, x = [], [], 0.0
    for place, (name, array) in enumerate(values):
        width = _text_width(_shape_text(array)) if name else 0.0
        edges.append((x, x + max(width + 0.12, 0.28)))
        x = edges[-1][1]
        if place < len(steps):
            texts = f"{steps[place]}\n{back[place]}"
            boxes.append((x, x + max(_text_width(texts) + 0.12, 0.6)))
            x = boxes[-1][1]
    return boxes, edges


def _shape_text(array: ArrayLike) -> str:
    """Return the shape of an array; a number has 1 entry."""
    return "\u00d7".join(map(str, np.shape(array) or [1]))


def _text_width(text: str) -> float:
    """Return the width of the longest line of a text in 14 pt, in inches."""
    paths = [TextPath((0, 0), line, size=14) for line in text.split("\n")]
    return max(float(path.get_extents().width) / 72 for path in paths)


def _draw_edge(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    name: str,
    array: ArrayLike,
    color: str,
    dashed: bool = False,
) -> None:
    """Draw an arrow with a name, bold for arrays, and a shape."""
    look = dict(color=color, linestyle="--" if dashed else "-")
    arrow(axes, start, end, shrinkA=1, shrinkB=1, **look)
    if not name:
        return
    x, y = (start[0] + end[0]) / 2, max(start[1], end[1]) + 0.06
    if dashed:  # backward: named below
        y = min(start[1], end[1]) - 0.06
    name = f"\\mathbf{{{name}}}" if np.ndim(array) else name
    label = f"${name}$\n{_shape_text(array)}"
    text = dict(ha="center", va="top" if dashed else "bottom", color=color)
    axes.text(x, y, label, linespacing=1.1, **text)


# --- Maps with signs ---------------------------------------------------------


def signed_maps(maps: Mapping[str, NDArray], label: str) -> Figure:
    """Draw arrays side by side, each with its name, on one signed scale.

    Their shape is (H, W); `label` says what the numbers are.
    """
    named = as_items(maps, "maps", "(H, W)")
    limit = max(float(np.abs(values).max()) for _, values in named)
    fig, all_axes = panels(len(named), height=3.2, compressed=True)
    for axes, (name, values) in zip(all_axes, named):
        drawn = axes.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit)
        frame(axes, name)
    look = dict(location="bottom", shrink=0.5, aspect=30)
    fig.colorbar(drawn, ax=all_axes, label=label, **look)
    return fig
