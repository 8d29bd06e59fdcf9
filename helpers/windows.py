"""Drawings of a window that slides: what it reads, what comes out.

The geometry (`WindowAxis`, `SlideFrame`) is computed first and drawn
second, so that it can be tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from helpers.figures import (
    ARROW,
    GREY,
    HEIGHT,
    INPUT,
    KERNEL,
    OUTPUT,
    WINDOW,
    cell_axes,
    draw_cells,
    new_figure,
    outline,
    place_text,
    sheet,
    written,
)
from helpers.im2col import col2im, im2col
from helpers.shapes import conv_output_size, kernel_span

# --- A window that slides: frames, galleries, rows ---------------------------


class WindowAxis(NamedTuple):
    """What the windows of a convolution read along one axis.

    Attributes
    ----------
    cells : ndarray of int, shape (L,)
        The pixel at each place of the padded axis; -1 where a zero stands.
    reads : ndarray of int, shape (o, k)
        The places that each window reads.

    Examples
    --------
    >>> axis = window_axis(2, 3, padding=1)
    >>> axis.cells.tolist(), axis.reads.tolist()
    ([-1, 0, 1, -1], [[0, 1, 2], [1, 2, 3]])
    """

    cells: NDArray
    reads: NDArray


def window_axis(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
) -> WindowAxis:
    """Return what each window reads, for a convolution or its transpose.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int
        Of the convolution: i, k, s, p, d.
    transposed : bool
        Return the windows of the transposed convolution, the one that goes
        back to `size` pixels.  It moves in steps of one over its input with
        ``s - 1`` zeros put between pixels, ``d (k - 1) - p`` around them
        and ``(i + 2 p - span) mod s`` more at the end, with the kernel
        rotated by 180 degrees: relationships 8 to 14 of [DV16].

    Returns
    -------
    WindowAxis

    Raises
    ------
    TypeError, ValueError
        If the setting is impossible, or a transposed one has more padding
        than its kernel reaches.

    Examples
    --------
    >>> window_axis(5, 3, stride=2).reads.tolist()
    [[0, 1, 2], [2, 3, 4]]
    >>> window_axis(5, 3, stride=2, transposed=True).cells.tolist()
    [-1, -1, 0, -1, 1, -1, -1]
    """
    count = conv_output_size(size, kernel_size, stride, padding, dilation)
    span = kernel_span(kernel_size, dilation)
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
    else:
        before = after = padding
        pixels = np.arange(size)
        starts = stride * np.arange(count)
    cells = np.pad(pixels, (before, after), constant_values=-1)
    reads = starts[:, None] + dilation * np.arange(kernel_size)
    return WindowAxis(cells, reads)


def window_frames(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
    at: tuple[int, int] | None = None,
) -> Figure:
    """Draw where the window stands for each output, in the manner of [DV16].

    Below lies the input with its zeros, above it the output as far as it is
    computed; the window and the output that it makes stand out.  From 4x4
    outputs on one frame is drawn large, and the others from above, each
    where its output is.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation, transposed
        As for `window_axis`.
    at : pair of int, optional
        Draw one frame only: row and column of its output.

    Examples
    --------
    >>> fig = window_frames(4, 3)
    >>> [axes.texts[0].get_text() for axes in fig.axes]
    ['(0, 0)', '(0, 1)', '(1, 0)', '(1, 1)']
    """
    setting = (size, kernel_size, stride, padding, dilation, transposed)
    axis = window_axis(*setting)
    count = len(axis.reads)
    positions = list(np.ndindex(count, count)) if at is None else [at]
    fig = new_figure()
    fig.suptitle(setting_title(*setting), fontsize=15)
    if len(positions) > 9:
        left, right = fig.subfigures(1, 2, width_ratios=[1, 1.15])
        _draw_stack(left.subplots(), axis, (count // 2, count // 2), True)
        sheet = right.subplots(count, count)
        for axes, place in zip(sheet.flat, positions):
            _draw_plan(axes, axis, place)
        return fig
    columns = int(np.ceil(len(positions) ** 0.5))
    all_axes = fig.subplots(columns, columns, squeeze=False)
    for axes, place in zip(all_axes.flat, positions):
        _draw_stack(axes, axis, place, rays=at is not None)
        label = "({}, {})".format(*place)
        axes.text(0, 1, label, va="top", transform=axes.transAxes)
    return fig


def window_gallery(
    settings: Mapping[str, Sequence[int]],
    transposed: bool = False,
    columns: int = 4,
) -> Figure:
    r"""Draw one window of each of several settings, side by side.

    Parameters
    ----------
    settings : mapping of str to (i, k, s, p, d)
        A name and the numbers of `window_axis`.
    transposed : bool
        Draw the transposed convolution of each.
    columns : int
        Settings in a row.

    Examples
    --------
    >>> fig = window_gallery({"half": (5, 3, 1, 1), "full": (5, 3, 1, 2)})
    >>> fig.axes[1].get_title()
    'full\n5 → 7'
    """
    columns = min(columns, len(settings))
    rows = -(-len(settings) // columns)
    fig = new_figure()
    all_axes = list(fig.subplots(rows, columns, squeeze=False).flat)
    for axes in all_axes[len(settings) :]:
        axes.remove()
    for axes, (name, setting) in zip(all_axes, settings.items()):
        axis = window_axis(*setting, transposed=transposed)
        _draw_stack(axes, axis, (0, 1))
        sizes = axis.cells.max() + 1, len(axis.reads)
        name = name.replace(", ", ",\n", 1)
        axes.set_title("{}\n{} → {}".format(name, *sizes), fontsize=14)
    if transposed:
        zeros = "zeros: s − 1 between pixels, k − 1 − p around"
        fig.suptitle(f"transposed, kernel rotated; {zeros}", fontsize=14)
    return fig


def window_rows(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
) -> Figure:
    """Draw all windows along one axis, one below the other.

    The first row is the input, the last one says how many windows read each
    pixel.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation, transposed
        As for `window_axis`.

    Examples
    --------
    >>> fig = window_rows(6, 3, stride=2)
    >>> [text.get_text() for text in fig.axes[0].texts[4:15:2]]
    ['1', '1', '2', '1', '1', '0']
    """
    setting = (size, kernel_size, stride, padding, dilation, transposed)
    fig = new_figure()
    _draw_rows(fig.subplots(), window_axis(*setting))
    fig.suptitle(setting_title(*setting), fontsize=15)
    return fig


def window_overview(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
    at: int = 0,
) -> Figure:
    """Draw one window in two dimensions, and all along one axis.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation, transposed
        As for `window_axis`.
    at : int
        Row and column of the output whose window is drawn.

    Examples
    --------
    >>> fig = window_overview(5, 3, stride=2, at=1)
    >>> len(fig.axes)
    2
    """
    setting = (size, kernel_size, stride, padding, dilation, transposed)
    axis = window_axis(*setting)
    fig = new_figure()
    left, right = fig.subplots(1, 2, width_ratios=[1, 1.3])
    _draw_stack(left, axis, (at, at), rays=True)
    _draw_rows(right, axis, at)
    fig.suptitle(setting_title(*setting), fontsize=15)
    return fig


def setting_title(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    transposed: bool = False,
) -> str:
    """Return what to write above a picture of `window_axis`.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation, transposed
        As for `window_axis`.

    Examples
    --------
    >>> setting_title(7, 3, dilation=2)
    'i = 7, k = 3, s = 1, p = 0, d = 2: o = 3'
    >>> print(setting_title(6, 3, 2, 1, transposed=True))
    transposed i = 6, k = 3, s = 2, p = 1: 3 → 6
    kernel rotated; zeros: 1 between pixels, 1 around, 1 more at the end
    """
    title = f"i = {size}, k = {kernel_size}, s = {stride}, p = {padding}"
    title += f", d = {dilation}" if dilation > 1 else ""
    count = conv_output_size(size, kernel_size, stride, padding, dilation)
    if not transposed:
        return f"{title}: o = {count}"
    room = size + 2 * padding - kernel_span(kernel_size, dilation)
    around = size + padding - 1 - room
    more = f", {room % stride} more at the end" if room % stride else ""
    return (
        f"transposed {title}: {count} → {size}\n"
        f"kernel rotated; zeros: {stride - 1} between pixels, "
        f"{around} around{more}"
    )


def _draw_stack(
    axes: Axes, axis: WindowAxis, at: tuple[int, int], rays: bool = False
) -> None:
    """Draw input and output as two sheets, seen from above at an angle."""
    length, count = len(axis.cells), len(axis.reads)
    rise = _SLOPE[1] * (length + count) / 2 + 0.6
    for mask, fill in _window_masks(axis, at):
        squares = _squares(mask, length, 0)
        axes.add_collection(PolyCollection(squares, fc=fill, lw=0))
    order = np.arange(count * count).reshape(count, count)
    now = order == order[at]
    for mask, fill in [(order < order[at], _light(OUTPUT)), (now, OUTPUT)]:
        squares = _squares(mask, count, rise)
        axes.add_collection(PolyCollection(squares, fc=fill, lw=0))
    axes.add_collection(_sheet_lines(length, 0, GREY, 0.5))
    axes.add_collection(_sheet_lines(count, rise, OUTPUT, 1))
    top, left = (axis.reads[place, 0] for place in at)
    bottom, right = (axis.reads[place, -1] + 1 for place in at)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    frame = _oblique(np.array(corners, float), length, 0)
    axes.add_patch(Polygon(frame, fc="none", ec=KERNEL, lw=2, zorder=4))
    for ends in zip(frame, _squares(now, count, rise)[0]) if rays else ():
        axes.plot(*np.transpose(ends), color=GREY, lw=0.8, zorder=5)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.autoscale_view()


def _draw_plan(axes: Axes, axis: WindowAxis, at: tuple[int, int]) -> None:
    """Draw the input and the window on it, seen from above, small."""
    for mask, fill in _window_masks(axis, at):
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        squares = np.argwhere(mask)[:, None, ::-1] + corners
        axes.add_collection(PolyCollection(squares, fc=fill, lw=0))
    length = len(axis.cells)
    axes.add_patch(Rectangle((0, 0), length, length, fc="none", ec=GREY))
    row, column = (axis.reads[place] for place in at)
    span = row[-1] + 1 - row[0]
    frame = (column[0], row[0]), span, span
    axes.add_patch(Rectangle(*frame, fc="none", ec=KERNEL, lw=1.2))
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.invert_yaxis()
    axes.autoscale_view()


def _window_masks(
    axis: WindowAxis, at: tuple[int, int]
) -> list[tuple[NDArray, str | tuple[float, ...]]]:
    """Return the cells of the input in three kinds, with their colours."""
    cells, reads = axis
    pixel = np.outer(cells >= 0, cells >= 0)
    read = np.zeros_like(pixel)
    read[np.ix_(reads[at[0]], reads[at[1]])] = True
    return [
        (pixel & ~read, _light(INPUT)),
        (pixel & read, WINDOW),
        (~pixel & read, _light(WINDOW)),
    ]


def _oblique(points: NDArray, length: int, rise: float) -> NDArray:
    """Project (column, row) on a sheet of `length` cells to the page."""
    u, v = np.moveaxis(points - length / 2, -1, 0)
    return np.stack([u - _SLOPE[0] * v, rise - _SLOPE[1] * v], axis=-1)


def _squares(mask: NDArray, length: int, rise: float) -> NDArray:
    """Return the outlines of the cells of a sheet where `mask` holds."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
    cells = np.argwhere(mask)[:, None, ::-1] + corners
    return _oblique(cells, length, rise)


def _sheet_lines(
    length: int, rise: float, color: str, width: float
) -> LineCollection:
    """Return the lines between the cells of a sheet, and around them."""
    places = np.arange(length + 1.0)
    across = [[(0, place), (length, place)] for place in places]
    down = [[(place, 0), (place, length)] for place in places]
    lines = _oblique(np.array(across + down), length, rise)
    return LineCollection(lines, colors=color, linewidths=width)


def _light(color: str) -> tuple[float, ...]:
    return tuple(0.75 + 0.25 * part for part in to_rgb(color))


def _draw_rows(axes: Axes, axis: WindowAxis, now: int | None = None) -> None:
    """Draw the input, one row for each window, and the uses of each pixel."""
    cells, reads = axis
    length, count = len(cells), len(reads)
    used = np.bincount(reads.ravel(), minlength=length)
    axes.set(aspect="equal", xlim=(-3.4, length + 2.6))
    axes.set(ylim=(count + 3.2, -0.2))
    axes.set_axis_off()
    font = dict(ha="center", va="center")
    axes.text(-0.3, 0.5, "input", ha="right", va="center")
    axes.text(length + 1.3, 0.5, "output", **font)
    axes.text(-0.3, count + 2.3, "read by", ha="right", va="center")
    # Wide or tall pictures have small cells: 14 points at 16 cells across.
    font["fontsize"] = min(14, 224 / max(length, 1.8 * count))
    for place, pixel in enumerate(cells):
        cell = sheet(place, 0, 1, 1, INPUT)
        axes.add_patch(cell)
        if pixel < 0:
            cell.set(fc="none", ec=GREY, ls=":")
            continue
        axes.text(place + 0.5, 0.5, pixel, **font)
        uses = axes.text(place + 0.5, count + 2.3, used[place], **font)
        if not used[place]:
            cell.set(hatch="////")
            uses.set(color=KERNEL, weight="bold")
    for row, places in enumerate(reads):
        top = row + 1.4
        for place in places:
            cell = sheet(place, top, 1, 1, WINDOW)
            if cells[place] < 0:
                cell.set(ec=GREY, ls=":")
            else:
                cell.set(fc=WINDOW, ec="black")
            axes.add_patch(cell)
        if row == now or now is None:
            width = places[-1] + 1 - places[0]
            outline(axes, (places[0], top), (1, width), KERNEL)
        axes.add_patch(sheet(length + 0.8, top, 1, 1, OUTPUT))
        axes.text(length + 1.3, top + 0.5, row, **font)


_SLOPE = (0.5, 0.5)  # how far a row lies to the left of, and below, the last


# --- Windows as columns of a matrix ------------------------------------------


def window_columns(image: ArrayLike, kernel_size: tuple[int, int]) -> Figure:
    r"""Draw each window of an image in the colour of its column (im2col).

    The image is drawn once for each window, where the window's output is.

    Parameters
    ----------
    image : array_like of int, shape (H, W)
        Small: up to six windows are told apart.
    kernel_size : pair of int

    Raises
    ------
    ValueError
        If there are more windows than colours.

    Examples
    --------
    >>> fig = window_columns([[1, 2, 3]], (1, 2))
    >>> fig.axes[0].texts[-1].get_text()
    '$\\mathbf{V}_I$  (2, 2)'
    """
    image = np.asarray(image)
    (height, width), (k_h, k_w) = image.shape, kernel_size
    matrix = im2col(image[None, None], kernel_size)[0]
    rows, count = matrix.shape
    if count > len(_WINDOWS):
        raise ValueError(
            f"{len(_WINDOWS)} windows have colours, not {count}: take a "
            "smaller image or a larger kernel"
        )
    across, tall = width - k_w + 1, height - k_h + 1
    end, tall = across * (width + 0.8), tall * (height + 1.3) - 1.3
    left, top = end + 2.2, (tall - rows) / 2
    fig = new_figure()
    axes = cell_axes(fig)
    for place, color in zip(range(count), _WINDOWS):
        i, j = divmod(place, across)
        corner = j * (width + 0.8), i * (height + 1.3)
        draw_cells(axes, image, corner, INPUT, numbers=False)
        for (y, x), value in np.ndenumerate(image):
            if not (i <= y < i + k_h and j <= x < j + k_w):
                middle = corner[0] + x + 0.5, corner[1] + y + 0.5
                place_text(axes, *middle, written(value), GREY)
        window = image[i : i + k_h, j : j + k_w]
        _color_window(axes, window, (corner[0] + j, corner[1] + i), color)
        name = f"window {place}"
        place_text(axes, corner[0] + width / 2, corner[1] - 0.5, name)
        column, where = matrix[:, place : place + 1], left + 1.3 * place
        _color_window(axes, column, (where, top), color)
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
    return fig


def _color_window(
    axes: Axes, values: NDArray, at: tuple[float, float], color: str
) -> None:
    """Draw cells in the colour of a window, with a frame."""
    for (row, column), value in np.ndenumerate(values):
        cell = sheet(at[0] + column, at[1] + row, 1, 1, color)
        cell.set(fc=color, ec="white")
        axes.add_patch(cell)
        middle = at[0] + column + 0.5, at[1] + row + 0.5
        place_text(axes, *middle, written(value))
    outline(axes, at, values.shape, "black")
    axes.patches[-1].set_linewidth(2)


# Light enough for black numbers.
_WINDOWS = [WINDOW, "#56B4E9", "#F0E442", "#CC79A7", "#FFFFFF", "#BBBBBB"]


# --- Counts, staircases, receptive fields ------------------------------------


def count_maps(maps: Mapping[str, ArrayLike], title: str) -> Figure:
    """Draw arrays of counts side by side, on one scale, with the numbers.

    Parameters
    ----------
    maps : mapping of str to array_like of int, shape (H, W)
    title : str
        What is counted.

    Examples
    --------
    >>> fig = count_maps({"p = 0": [[1, 2], [2, 4]]}, "windows")
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['1', '2', '2', '4']
    """
    most = max(int(np.max(counts)) for counts in maps.values())
    fig = new_figure()
    all_axes = fig.subplots(1, len(maps), squeeze=False)[0]
    for axes, (name, counts) in zip(all_axes, maps.items()):
        counts = np.asarray(counts)
        axes.imshow(counts, vmin=0, vmax=most)
        for (row, column), count in np.ndenumerate(counts):
            color = "black" if count > 0.5 * most else "white"
            text = dict(ha="center", va="center", color=color)
            axes.text(column, row, count, **text)
        axes.set_title(name)
        axes.set_axis_off()
    fig.suptitle(title)
    return fig


def staircase(
    sizes: ArrayLike, outputs: Mapping[str, ArrayLike], title: str = ""
) -> Figure:
    """Draw output sizes over input sizes: points, joined as stairs.

    Parameters
    ----------
    sizes : array_like of int, shape (T,)
        Input sizes.
    outputs : mapping of str to array_like of int, shape (T,)
        A name and its output sizes.
    title : str

    Examples
    --------
    >>> fig = staircase([3, 4, 5], {"s = 2": [1, 1, 2]})
    >>> fig.axes[0].lines[0].get_ydata().tolist()
    [1, 1, 2]
    """
    fig = new_figure()
    axes = fig.subplots()
    for place, (name, values) in enumerate(outputs.items()):
        (line,) = axes.plot(
            sizes,
            values,
            marker="osD^"[place % 4],
            linestyle=["-", "--", "-.", ":"][place % 4],
            drawstyle="steps-post",
            linewidth=1.5,
        )
        end = (np.asarray(sizes)[-1], np.asarray(values)[-1])
        axes.annotate(
            name,
            end,
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
    titles: tuple[str, str],
) -> Figure:
    """Draw what units of several layers see of a picture, and how much.

    Parameters
    ----------
    image : array_like, shape (H, W)
    fields : mapping of str to (top, left, height, width)
        A name and its frame, in pixels; the smallest first.
    strength : array_like, shape (H, W)
        The gradient of the last unit by each pixel.
    titles : pair of str

    Examples
    --------
    >>> field = {"conv": (1, 1, 2, 2)}
    >>> fig = receptive_fields(np.eye(4), field, np.eye(4), ("a", "b"))
    >>> fig.axes[0].texts[0].get_text()
    'conv'
    """
    image, strength = np.asarray(image), np.asarray(strength)
    height, width = image.shape
    fig = new_figure()
    left, right = fig.subplots(1, 2, width_ratios=[1.4, 1])
    left.imshow(image, cmap="Greys", alpha=0.45)
    for place, (name, (y, x, h, w)) in enumerate(fields.items()):
        style = ["-", "--", "-", "--"][place % 4]
        color = [KERNEL, KERNEL, "black", "black"][place % 4]
        edge = dict(ec=color, ls=style, lw=2)
        frame = Rectangle((x - 0.5, y - 0.5), w, h, fc="none", **edge)
        left.add_patch(frame)
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
    for axes, title in zip((left, right), titles):
        axes.set_title(title)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    fig.colorbar(drawn, ax=right, location="bottom", ticks=[0, strength.max()])
    return fig


# --- One dimension: a kernel that slides -------------------------------------


class SlideFrame(NamedTuple):
    """One position of a kernel that slides below a signal.

    Attributes
    ----------
    start : int
        Index of the signal's value above the kernel's first cell; may lie
        outside the signal.
    kernel : ndarray, shape (K,)
        In the order in which it lies there.
    products : ndarray, shape (K,)
        With the values above; NaN where there is none.
    total : float
        Their sum: one output.

    Examples
    --------
    >>> frame = slide_frames([1, 2, 3], [0, 1, 0.5])[2]
    >>> frame.start, frame.kernel.tolist(), frame.total
    (0, [0.5, 1.0, 0.0], 2.5)
    """

    start: int
    kernel: NDArray
    products: NDArray
    total: float


def slide_frames(
    x: ArrayLike, k: ArrayLike, flip: bool = True
) -> list[SlideFrame]:
    """Return all positions at which a kernel touches a signal.

    Parameters
    ----------
    x : array_like, shape (T,)
    k : array_like, shape (K,)
    flip : bool
        True for convolution, False for cross-correlation.

    Returns
    -------
    list of SlideFrame
        T + K - 1 of them, from left to right: the full output.

    Examples
    --------
    >>> frame = slide_frames([1, 2, 3], [0, 1, 0.5])[2]
    >>> frame.start, frame.kernel.tolist(), frame.total
    (0, [0.5, 1.0, 0.0], 2.5)
    """
    x, k = np.asarray(x, float), np.asarray(k, float)
    kernel = k[::-1] if flip else k
    margin = np.full(len(k) - 1, np.nan)
    padded = np.concatenate([margin, x, margin])
    frames = []
    for place in range(len(x) + len(k) - 1):
        products = padded[place : place + len(k)] * kernel
        total = float(np.nansum(products))
        frames.append(SlideFrame(place - len(margin), kernel, products, total))
    return frames


def slide_frame(
    x: ArrayLike, k: ArrayLike, t: int, flip: bool = True
) -> Figure:
    """Draw one step of flip and slide: signal, kernel, products, output.

    Parameters
    ----------
    x : array_like, shape (T,)
    k : array_like, shape (K,)
    t : int
        Index of the output; from 0 with the flip, from 1 - K without.
    flip : bool
        True for convolution, False for cross-correlation.

    Examples
    --------
    >>> fig = slide_frame([1, 2, 3], [0, 1, 0.5], t=2)
    >>> fig.get_suptitle()
    't = 2:   1·0.5 + 2·1 + 3·0 = 2.5'
    """
    frames = slide_frames(x, k, flip)
    left = frames[0].start
    first = 0 if flip else left
    frame = frames[t - first]
    names = ["x", "k, flipped" if flip else "k", "products", "s"]
    rows = [0.0, 1.0, 2.5, 4.0]
    fig = new_figure()
    axes = cell_axes(fig)
    _draw_slide(axes, x, frame, left, len(frames))
    draw_cells(axes, frame.products, (frame.start, rows[2]), WINDOW)
    outline(axes, (frame.start, 0), (2, len(frame.kernel)))
    _draw_grown(axes, frames, t - first, (first, rows[3]))
    middle = frame.start + len(frame.kernel) / 2
    for name, start, end in [
        ("multiply", (middle, 2), (middle, rows[2])),
        ("add", (middle, rows[2] + 1), (t + 0.5, rows[3])),
    ]:
        arrow = ARROW | dict(color=GREY)
        axes.add_patch(FancyArrowPatch(start, end, **arrow))
        right = max(start[0], end[0]) + 0.3
        place_text(axes, right, start[1] + 0.25, name, GREY, ha="left")
    for name, row in zip(names, rows):
        place_text(axes, left - 0.4, row + 0.5, name, ha="right")
    place_text(axes, left - 0.4, rows[3] + 1.3, "t", GREY, ha="right")
    for place in range(first, first + len(frames)):
        place_text(axes, place + 0.5, rows[3] + 1.3, written(place), GREY)
    for text in axes.texts:
        text.set_fontsize(18)
    axes.set(xlim=(left - 2.4, len(frames) + 0.1), ylim=(5.6, -0.1))
    fig.suptitle(f"t = {written(t)}:   {_written(x, frame)}", fontsize=20)
    return fig


def slide_strip(
    x: ArrayLike,
    k: ArrayLike,
    flip: bool = True,
    places: Sequence[int] | None = None,
) -> Figure:
    """Draw flip and slide frame by frame, the output growing beside it.

    Parameters
    ----------
    x : array_like, shape (T,)
    k : array_like, shape (K,)
    flip : bool
        True for convolution, False for cross-correlation.
    places : sequence of int, optional
        Which of the T + K - 1 frames, all of them unless given.

    Raises
    ------
    ValueError
        If there are more than six frames, too many for a slide.

    Examples
    --------
    >>> fig = slide_strip([1, 2, 3], [0, 1, 0.5], places=[0, 4])
    >>> [t.get_text() for t in fig.axes[0].texts if "=" in t.get_text()]
    ['t = 0', '1·0 = 0', 't = 4', '3·0.5 = 1.5']
    """
    frames = slide_frames(x, k, flip)
    places = range(len(frames)) if places is None else places
    if len(places) > 6:
        raise ValueError(
            f"six frames fit on a slide, not {len(places)}: choose some by "
            "places="
        )
    left, right = frames[0].start, len(frames)
    step = 2.4
    sums = [_written(x, frames[place]) for place in places]
    # Ten characters of 14 pt take an inch.
    wide = max(map(len, sums)) / 10.4 * step * len(places) / HEIGHT
    fig = new_figure()
    axes = cell_axes(fig)
    for row, place in enumerate(places):
        frame, top = frames[place], step * row
        _draw_slide(axes, x, frame, left, right, top)
        outline(axes, (frame.start, top), (2, len(frame.kernel)))
        name = f"t = {written(place + (0 if flip else left))}"
        place_text(axes, left - 0.5, top + 1, name, ha="right")
        place_text(axes, right + 0.5, top + 1, sums[row], ha="left")
        _draw_grown(axes, frames, place, (right + wide + 1, top + 0.5))
    end = right + wide + 1 + len(frames)
    for patch in axes.patches:
        patch.set_linewidth(min(patch.get_linewidth(), 2.5))
    axes.set(xlim=(left - 2.3, end + 0.1))
    axes.set(ylim=(step * len(places) - 0.3, -0.1))
    return fig


def _draw_slide(
    axes: Axes,
    x: ArrayLike,
    frame: SlideFrame,
    left: int,
    right: int,
    top: float = 0,
) -> None:
    """Draw a signal between its empty margins, and the kernel below it."""
    x = np.asarray(x, float)
    margins = np.full(-left, np.nan), np.full(right - len(x), np.nan)
    padded = np.concatenate([margins[0], x, margins[1]])
    draw_cells(axes, padded, (left, top), INPUT)
    draw_cells(axes, frame.kernel, (frame.start, top + 1), KERNEL)


def _draw_grown(
    axes: Axes, frames: list[SlideFrame], last: int, at: tuple[float, float]
) -> None:
    """Draw the outputs up to one of them, the others still empty."""
    totals = np.array([frame.total for frame in frames])
    totals[last + 1 :] = np.nan
    draw_cells(axes, totals, at, OUTPUT)
    outline(axes, (at[0] + last, at[1]), (1, 1))


def _written(x: ArrayLike, frame: SlideFrame) -> str:
    """Return the sum of a frame as it is written by hand."""
    x = np.asarray(x)
    terms = [
        f"{_factor(x[frame.start + place])}·{_factor(weight)}"
        for place, weight in enumerate(frame.kernel)
        if not np.isnan(frame.products[place])
    ]
    return f"{' + '.join(terms)} = {written(frame.total)}"


def _factor(value: float) -> str:
    return f"({written(value)})" if value < 0 else written(value)


# --- The way back: from the gradients of outputs to those of pixels ----------


def input_gradient(
    kernel: ArrayLike,
    delta: ArrayLike,
    size: tuple[int, int],
    stride: int = 1,
    padding: int = 0,
) -> NDArray:
    """Return the gradient by a picture, given that by the outputs.

    Parameters
    ----------
    kernel : array_like, shape (K_h, K_w)
    delta : array_like, shape (H_out, W_out)
    size : (H, W)
        Of the picture.
    stride, padding : int

    Returns
    -------
    ndarray, shape (H, W)
        Each output adds its gradient, times the kernel, to its window.

    Examples
    --------
    >>> input_gradient([[1, 2]], [[10, 1]], (1, 3))
    array([[10, 21,  2]])
    """
    kernel, delta = np.asarray(kernel), np.asarray(delta)
    columns = np.outer(kernel, delta)[None]
    return col2im(columns, size, kernel.shape, stride, padding)[0, 0]


def sent_back(
    kernel: ArrayLike, delta: ArrayLike, pixel: tuple[int, int]
) -> Figure:
    """Draw a kernel, gradients at the outputs, and one pixel to find.

    Parameters
    ----------
    kernel : array_like, shape (K_h, K_w)
    delta : array_like, shape (H_out, W_out)
    pixel : (row, column)
        The one marked.  Stride 1, no padding.

    Examples
    --------
    >>> fig = sent_back([[1, 2]], [[10, 1]], (0, 1))
    >>> [text.get_text() for text in fig.axes[0].texts][-1]
    '?'
    """
    kernel, delta = np.asarray(kernel), np.asarray(delta)
    height, width = np.add(kernel.shape, delta.shape) - 1
    fig = new_figure()
    axes = cell_axes(fig)
    below = len(kernel) + 0.9
    _draw_whole(axes, kernel, (0, 0), KERNEL, "kernel")
    _draw_whole(axes, delta, (0, below), OUTPUT, "gradients at the outputs")
    wide = max(kernel.shape[1], delta.shape[1])
    left = wide + 1.5
    top = (below + len(delta) - height) / 2
    blank = np.zeros((height, width))
    title = "gradients at the pixels"
    draw_cells(axes, blank, (left, top), INPUT, False, title)
    middle = below + len(delta) / 2
    ends = (wide + 0.2, middle), (left - 0.2, middle)
    axes.add_patch(FancyArrowPatch(*ends, **ARROW | dict(ls="--")))
    row, column = pixel
    outline(axes, (left + column, top + row), (1, 1))
    at = left + column + 0.5, top + row + 0.5
    axes.text(*at, "?", ha="center", va="center", fontsize=24)
    axes.set(xlim=(-0.1, left + width + 0.1))
    axes.set(ylim=(below + len(delta) + 0.1, -0.7))
    return fig


def pixel_readers(
    kernel: ArrayLike, delta: ArrayLike, pixel: tuple[int, int]
) -> Figure:
    """Draw all windows, one panel for each output, and a pixel in them.

    Each panel shows through which entry of the kernel the output reads the
    pixel, so what the output's gradient is multiplied by on its way back.

    Parameters
    ----------
    kernel : array_like, shape (K_h, K_w)
    delta : array_like, shape (H_out, W_out)
    pixel : (row, column)
        Stride 1, no padding.

    Examples
    --------
    >>> fig = pixel_readers([[1, 2]], [[10, 1]], (0, 1))
    >>> [axes.get_title() for axes in fig.axes]
    ['10 · 2', '1 · 1']
    """
    kernel, delta = np.asarray(kernel), np.asarray(delta)
    size = np.add(kernel.shape, delta.shape) - 1
    met = met_entries(kernel, delta.shape, pixel)
    fig = new_figure()
    grid = fig.subplots(*delta.shape, squeeze=False)
    for (row, column), axes in np.ndenumerate(grid):
        axes.set(aspect="equal")
        axes.set_axis_off()
        axes.invert_yaxis()
        draw_cells(axes, np.zeros(size), color=INPUT, numbers=False)
        _draw_whole(axes, kernel, (column, row), KERNEL)
        outline(axes, pixel[::-1], (1, 1), "black")
        entry = met[row, column]
        title = f"{delta[row, column]:g} \u00b7 {entry:g}"
        axes.set_title("does not read it" if np.isnan(entry) else title)
    return fig


def met_entries(
    kernel: ArrayLike, outputs: tuple[int, int], pixel: tuple[int, int]
) -> NDArray:
    """Return through which entry of the kernel each output reads a pixel.

    Parameters
    ----------
    kernel : array_like, shape (K_h, K_w)
    outputs : (H_out, W_out)
    pixel : (row, column)
        Stride 1, no padding.

    Returns
    -------
    ndarray of float, shape (H_out, W_out)
        NaN where the output does not read it.

    Examples
    --------
    >>> met_entries([[1, 2, 3]], (1, 3), (0, 2))
    array([[3., 2., 1.]])
    """
    kernel = np.asarray(kernel)
    met = np.full(outputs, np.nan)
    for place in np.ndindex(*outputs):
        row, column = np.subtract(pixel, place)
        if 0 <= row < kernel.shape[0] and 0 <= column < kernel.shape[1]:
            met[place] = kernel[row, column]
    return met


def gradient_steps(
    kernel: ArrayLike,
    delta: ArrayLike,
    size: tuple[int, int],
    stride: int,
    padding: int,
) -> Figure:
    r"""Draw the three steps back: put zeros between, convolve, cut.

    Parameters
    ----------
    kernel : array_like, shape (K_h, K_w)
    delta : array_like, shape (H_out, W_out)
    size : (H, W)
        Of the picture; its gradient is framed in the last array.
    stride, padding : int

    Examples
    --------
    >>> fig = gradient_steps([[1, 2]], [[3, 4]], (1, 4), stride=2, padding=0)
    >>> [t.get_text() for t in fig.axes[0].texts if "×" in t.get_text()]
    ['gradients\n1×2', 'zeros between\n1×3', 'full convolution\n1×4']
    """
    kernel, delta = np.asarray(kernel), np.asarray(delta)
    between = np.full([(o - 1) * stride + 1 for o in delta.shape], np.nan)
    between[::stride, ::stride] = delta
    frame = tuple(n + 2 * padding for n in size)
    whole = input_gradient(kernel, delta, frame, stride)
    parts = [
        ("gradients", delta, OUTPUT),
        ("zeros between", between, OUTPUT),
        ("full convolution", whole, INPUT),
    ]
    fig = new_figure()
    axes = cell_axes(fig)
    left = 0.0
    for name, values, color in parts:
        top = (len(whole) - len(values)) / 2
        title = "{}\n{}\u00d7{}".format(name, *values.shape)
        _draw_whole(axes, values, (left, top), color, title)
        left += values.shape[1] + 1.6
    left -= whole.shape[1] + 1.6
    outline(axes, (left + padding, padding), size)
    axes.set(xlim=(-0.5, left + whole.shape[1] + 0.2))
    axes.set(ylim=(len(whole) + 0.2, -1.9))
    return fig


def _draw_whole(
    axes: Axes,
    values: NDArray,
    at: tuple[float, float],
    color: str,
    title: str = "",
) -> None:
    """Draw cells as `draw_cells` does, numbers of many digits in full."""
    draw_cells(axes, values, at, color, numbers=False, title=title)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            middle = at[0] + column + 0.5, at[1] + row + 0.5
            place_text(axes, *middle, f"{value:.6g}".replace("-", "\u2212"))


# --- Pooling: what wins forward, what gets the gradient backward -------------


def pool_passes(
    x: ArrayLike,
    y: ArrayLike,
    gradient: ArrayLike,
    dx: ArrayLike,
    kernel_size: int,
    stride: int | None = None,
    name: str = "max",
) -> Figure:
    """Draw a pooling layer forward, above, and backward, below.

    The cells that get a gradient stand out in the input and in its
    gradient, and each window has a frame.

    Parameters
    ----------
    x, dx : array_like, shape (H, W)
        The input, and the gradient by it.
    y, gradient : array_like, shape (H_out, W_out)
        The output, and the gradient by it.
    kernel_size, stride : int
        Of the windows, in pixels; `stride` is `kernel_size` unless given.
    name : str
        What the layer takes of each window.

    Examples
    --------
    >>> fig = pool_passes([[1, 3]], [[3]], [[5]], [[0, 5]], kernel_size=1)
    >>> [text.get_text() for text in fig.axes[0].texts][-6:]
    ['gradient by x', '0', '5', 'gradient by y', '5', 'back']
    """
    x, y, gradient, dx = (np.asarray(a, float) for a in (x, y, gradient, dx))
    stride = kernel_size if stride is None else stride
    (height, width), right = x.shape, x.shape[1] + 3.0
    fig = new_figure()
    axes = cell_axes(fig)
    middle = (height - len(y)) / 2
    frames = [(stride * j, stride * i) for i, j in np.ndindex(y.shape)]
    for top, left, out, titles, word in [
        (0.0, x, y, ("x", "y"), name),
        (height + 1.2, dx, gradient, ("gradient by x", "gradient by y"), ""),
    ]:
        draw_cells(axes, left, (0, top), INPUT, title=titles[0])
        for row, column in np.argwhere(dx):
            axes.add_patch(sheet(column, top + row, 1, 1, WINDOW))
            axes.patches[-1].set(fc=WINDOW, zorder=1.5)
        for place, (column, row) in enumerate(frames):
            # Windows that overlap are told apart, and matched to outputs.
            near = place % 4 if stride < kernel_size else 0
            inset = (0, 0.08, 0.16, 0.22)[near]
            style = dict(ec=("black", KERNEL, "#7B3294", INPUT)[near])
            style |= dict(ls=("-", "--", ":", "-.")[near], lw=2.5)
            style |= dict(fc="none", zorder=3)
            size = kernel_size - 2 * inset
            corner = column + inset, top + row + inset
            axes.add_patch(Rectangle(corner, size, size, **style))
            if stride < kernel_size:
                i, j = divmod(place, y.shape[1])
                corner = right + j + 0.06, top + middle + i + 0.06
                axes.add_patch(Rectangle(corner, 0.88, 0.88, **style))
        draw_cells(axes, out, (right, top + middle), OUTPUT, title=titles[1])
        ends = (width + 0.5, top + height / 2), (right - 0.5, top + height / 2)
        ends = ends if word else ends[::-1]
        axes.add_patch(FancyArrowPatch(*ends, **ARROW | dict(color=GREY)))
        where = (width + right) / 2, top + height / 2 - 0.45
        place_text(axes, *where, word or "back", GREY)
    axes.autoscale_view()
    return fig
