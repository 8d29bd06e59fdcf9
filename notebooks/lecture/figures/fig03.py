"""The drawings of notebook 03: a window that slides, and what comes out.

What the windows read (`window_axis`) is computed first and drawn second, so
that it can be tested.  [DV16] is Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning", 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_array, as_items
from helpers.figures import (
    cell_panel,
    draw_cells,
    frame,
    light,
    new_figure,
    outline,
    panels,
    place_text,
    sheet,
)
from helpers.figures.style import GREY, INPUT, KERNEL, OUTPUT, WINDOW
from helpers.shapes import Window

# --- What the windows read ---------------------------------------------------


class WindowAxis(NamedTuple):
    """What the windows of a convolution read along one axis."""

    cells: NDArray  # the pixel at each padded place; -1 where a zero stands
    reads: NDArray  # shape (o, k): the places that each window reads


def window_axis(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
) -> WindowAxis:
    """Return what each window reads, for a convolution or its transpose.

    The transposed convolution goes back to `size` pixels.  Its windows move
    in steps of one over its input with ``s - 1`` zeros put between pixels,
    ``d (k - 1) - p`` around them and ``(i + 2 p - span) mod s`` more at the
    end, with the kernel rotated by 180 degrees: relationships 8 to 14 of
    [DV16].  It cannot be drawn with more padding than its kernel reaches.
    """
    window = Window(kernel_size, stride, padding, dilation)
    count, span = window.count(size)[0], window.span[0]
    before = after = padding
    pixels, starts = np.arange(size), stride * np.arange(count)
    if transposed:
        before = span - 1 - padding
        if before < 0:
            raise ValueError(
                f"padding must be at most {span - 1} to draw a transposed "
                f"convolution whose kernel spans {span} px, not {padding}"
            )
        after = before + (size + 2 * padding - span) % stride
        pixels = np.full((count - 1) * stride + 1, -1)
        pixels[::stride] = np.arange(count)
        starts = np.arange(size)
    cells = np.pad(pixels, (before, after), constant_values=-1)
    reads = starts[:, None] + dilation * np.arange(kernel_size)
    return WindowAxis(cells, reads)


def setting_title(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
) -> str:
    """Return what to write above a picture of `window_axis`."""
    title = f"i = {size}, k = {kernel_size}, s = {stride}, p = {padding}"
    title += f", d = {dilation}" if dilation > 1 else ""
    window = Window(kernel_size, stride, padding, dilation)
    count, span = window.count(size)[0], window.span[0]
    if not transposed:
        return f"{title}: o = {count}"
    more = (size + 2 * padding - span) % stride
    return (
        f"transposed {title}: {count} → {size}\n"
        f"kernel rotated; zeros: {stride - 1} between pixels, "
        f"{span - 1 - padding} around"
        f"{f', {more} more at the end' if more else ''}"
    )


# --- Windows in two dimensions and along one axis ----------------------------


def window_frames(
    *setting: int, at: tuple[int, int] | None = None, **named: int
) -> Figure:
    """Draw where the window stands for each output, in the manner of [DV16].

    Takes the arguments of `window_axis`; with `at`, (row, column) of an
    output, one frame only.  Below lies the input with its zeros, above it
    the output as far as it is computed; the window and the output that it
    makes stand out.  From 4x4 outputs on one frame is drawn large, and the
    others from above, each where its output is.
    """
    axis = window_axis(*setting, **named)
    count = len(axis.reads)
    places = list(np.ndindex(count, count)) if at is None else [at]
    if len(places) > 9:
        fig = new_figure()
        left, right = fig.subfigures(1, 2, width_ratios=[1, 1.15])
        _draw_stack(left.subplots(), axis, (count // 2, count // 2), True)
        for axes, place in zip(right.subplots(count, count).flat, places):
            _draw_plan(axes, axis, place)
    else:
        fig, all_axes = panels(len(places), 1 if at else count)
        for axes, place in zip(all_axes, places):
            _draw_stack(axes, axis, place, rays=at is not None)
            label = "({}, {})".format(*place)
            axes.text(0, 1, label, va="top", transform=axes.transAxes)
    fig.suptitle(setting_title(*setting, **named), fontsize=15)
    return fig


def window_gallery(
    settings: Mapping[str, Sequence[int]], transposed: bool = False
) -> Figure:
    """Draw one window of each of several named settings, four in a row.

    A setting holds i, k, s, p and d, as `window_axis` takes them.
    """
    named = as_items(settings, "settings")
    fig, all_axes = panels(len(named), columns=4)
    for axes, (name, setting) in zip(all_axes, named):
        axis = window_axis(*setting, transposed=transposed)
        _draw_stack(axes, axis, (0, 1))
        sizes = axis.cells.max() + 1, len(axis.reads)
        name = name.replace(", ", ",\n", 1)
        axes.set_title("{}\n{} → {}".format(name, *sizes), fontsize=14)
    if transposed:
        zeros = "zeros: s − 1 between pixels, k − 1 − p around"
        fig.suptitle(f"transposed, kernel rotated; {zeros}", fontsize=14)
    return fig


def window_rows(*setting: int, **named: int) -> Figure:
    """Draw all windows along one axis, one below the other.

    Takes the arguments of `window_axis`.  The first row is the input, the
    last one says how many windows read each pixel.
    """
    fig = new_figure()
    _draw_rows(fig.subplots(), window_axis(*setting, **named))
    fig.suptitle(setting_title(*setting, **named), fontsize=15)
    return fig


def window_overview(*setting: int, at: int = 0, **named: int) -> Figure:
    """Draw one window in two dimensions, and all along one axis.

    Takes the arguments of `window_axis`; `at` is the row and the column of
    the output whose window is drawn.
    """
    axis = window_axis(*setting, **named)
    fig, (left, right) = panels(2, width_ratios=[1, 1.3])
    _draw_stack(left, axis, (at, at), rays=True)
    _draw_rows(right, axis, at)
    fig.suptitle(setting_title(*setting, **named), fontsize=15)
    return fig


def _draw_stack(
    axes: Axes, axis: WindowAxis, at: tuple[int, int], rays: bool = False
) -> None:
    """Draw input and output as two sheets, seen from above at an angle."""
    length, count = len(axis.cells), len(axis.reads)
    rise = _SLOPE * (length + count) / 2 + 0.6
    for mask, fill in _window_masks(axis, at):
        squares = _oblique(_squares(mask), length)
        axes.add_collection(PolyCollection(squares, fc=fill, lw=0))
    order = np.arange(count * count).reshape(count, count)
    now = order == order[at]
    for mask, fill in [(order < order[at], light(OUTPUT)), (now, OUTPUT)]:
        squares = _oblique(_squares(mask), count, rise)
        axes.add_collection(PolyCollection(squares, fc=fill, lw=0))
    axes.add_collection(_grid(length, 0, GREY, 0.5))
    axes.add_collection(_grid(count, rise, OUTPUT, 1))
    top, left = (axis.reads[place, 0] for place in at)
    bottom, right = (axis.reads[place, -1] + 1 for place in at)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    window = _oblique(np.array(corners, float), length)
    axes.add_patch(Polygon(window, fc="none", ec=KERNEL, lw=2, zorder=4))
    for ends in zip(window, squares[0]) if rays else ():
        axes.plot(*np.transpose(ends), color=GREY, lw=0.8, zorder=5)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.autoscale_view()


def _draw_plan(axes: Axes, axis: WindowAxis, at: tuple[int, int]) -> None:
    """Draw the input and the window on it, seen from above, small."""
    for mask, fill in _window_masks(axis, at):
        axes.add_collection(PolyCollection(_squares(mask), fc=fill, lw=0))
    length = len(axis.cells)
    outline(axes, (0, 0), (length, length), GREY, 1)
    top, left = (axis.reads[place, 0] for place in at)
    span = axis.reads[0, -1] + 1
    outline(axes, (left, top), (span, span), KERNEL, 1.2)
    cell_panel(axes).autoscale_view()


def _window_masks(
    axis: WindowAxis, at: tuple[int, int]
) -> list[tuple[NDArray, str | tuple[float, ...]]]:
    """Return the cells of the input in three kinds, with their colours."""
    cells, reads = axis
    pixel = np.outer(cells >= 0, cells >= 0)
    read = np.zeros_like(pixel)
    read[np.ix_(reads[at[0]], reads[at[1]])] = True
    return [
        (pixel & ~read, light(INPUT)),
        (pixel & read, WINDOW),
        (~pixel & read, light(WINDOW)),
    ]


_SLOPE = 0.5  # how far a row lies to the left of, and below, the last


def _oblique(points: NDArray, length: int, rise: float = 0) -> NDArray:
    """Project (column, row) on a sheet of `length` cells to the page."""
    u, v = np.moveaxis(points - length / 2, -1, 0)
    return np.stack([u - _SLOPE * v, rise - _SLOPE * v], axis=-1)


def _squares(mask: NDArray) -> NDArray:
    """Return the corners, (column, row), of the cells where `mask` holds."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    return np.argwhere(mask)[:, None, ::-1] + corners


def _grid(
    length: int, rise: float, color: str, width: float
) -> LineCollection:
    """Return the lines between the cells of a sheet, and around them."""
    places = np.arange(length + 1.0)
    across = [[(0, place), (length, place)] for place in places]
    down = [[(place, 0), (place, length)] for place in places]
    lines = _oblique(np.array(across + down), length, rise)
    return LineCollection(lines, colors=color, linewidths=width)


def _draw_rows(axes: Axes, axis: WindowAxis, now: int | None = None) -> None:
    """Draw the input, one row for each window, and the uses of each pixel."""
    cells, reads = axis
    length, count = len(cells), len(reads)
    axes.set(aspect="equal", xlim=(-3.4, length + 2.6))
    axes.set(ylim=(count + 3.2, -0.2))
    axes.set_axis_off()
    pixels = np.where(cells < 0, np.nan, cells)
    drawn = draw_cells(axes, pixels, (0, 0), INPUT)
    used = np.bincount(reads.ravel(), minlength=length)
    for place in np.flatnonzero(cells >= 0):
        look = {} if used[place] else dict(color=KERNEL, weight="bold")
        place_text(axes, place + 0.5, count + 2.3, str(used[place]), **look)
        if not used[place]:
            drawn[place].set_hatch("////")
    for row, places in enumerate(reads):
        top = row + 1.4
        for place in places:
            cell = axes.add_patch(sheet(place, top, 1, 1, WINDOW))
            if cells[place] < 0:
                cell.set(ec=GREY, ls=":")
            else:
                cell.set(fc=WINDOW, ec="black")
        if row == now or now is None:
            width = places[-1] + 1 - places[0]
            outline(axes, (places[0], top), (1, width), KERNEL)
        draw_cells(axes, row, (length + 0.8, top), OUTPUT)
    for text in axes.texts:
        # Wide or tall pictures have small cells: 14 pt at 16 cells across.
        text.set_fontsize(min(14, 224 / max(length, 1.8 * count)))
    place_text(axes, -0.3, 0.5, "input", ha="right")
    place_text(axes, length + 1.3, 0.5, "output")
    place_text(axes, -0.3, count + 2.3, "read by", ha="right")


# --- Sizes and receptive fields ----------------------------------------------


def staircase(
    sizes: ArrayLike, outputs: Mapping[str, ArrayLike], title: str
) -> Figure:
    """Draw output sizes, shape (T,) each, over input sizes, as stairs."""
    fig = new_figure()
    axes = fig.subplots()
    styles = ["-", "--", "-.", ":"]
    named = as_items(outputs, "outputs", "(T)")
    for (name, values), marker, style in zip(named, "osD^", styles):
        look = dict(marker=marker, linestyle=style, linewidth=1.5)
        look["drawstyle"] = "steps-post"
        (line,) = axes.plot(sizes, values, **look)
        axes.annotate(
            name,
            (sizes[-1], values[-1]),
            xytext=(12, 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
        )
    axes.set(xlabel="input size i (px)", ylabel="output size o (px)")
    axes.set(xticks=sizes)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    fig.suptitle(title)
    return fig


def receptive_fields(
    image: ArrayLike,
    fields: Mapping[str, tuple[int, int, int, int]],
    strength: ArrayLike,
    titles: Sequence[str],
) -> Figure:
    """Draw what units of several layers see of a picture, and how much.

    A field is (top, left, height, width) in pixels, the smallest first.
    `strength` is the gradient of the last unit by each pixel; it and `image`
    have shape (H, W).  The titles stand above all, left and right.
    """
    height, width = as_array(image, "image", "(H, W)").shape
    named = as_items(fields, "fields")
    fig, (left, right) = panels(2, width_ratios=[1.4, 1])
    left.imshow(image, cmap="Greys", alpha=0.45)
    for place, (name, (y, x, h, w)) in enumerate(named):
        style = ["-", "--"][place % 2]
        color = [KERNEL, KERNEL, "black", "black"][place % 4]
        edge = dict(fc="none", ec=color, ls=style, lw=2)
        left.add_patch(Rectangle((x - 0.5, y - 0.5), w, h, **edge))
        text_y = (place + 0.5) * height / len(fields)
        left.annotate(
            name,
            (x + w - 0.5, min(max(text_y, y), y + h - 1)),
            (width + 0.5, text_y),
            va="center",
            color=color,
            arrowprops=dict(arrowstyle="-", color=color, lw=1),
            annotation_clip=False,
        )
    drawn = right.imshow(strength)
    fig.suptitle(titles[0])
    for axes, title in zip((left, right), titles[1:]):
        frame(axes, title)
    ticks = [0, np.max(strength)]
    fig.colorbar(drawn, ax=right, location="bottom", ticks=ticks)
    return fig
