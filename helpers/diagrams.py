"""Drawings of structure: networks, connections, history, the series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from numpy.typing import ArrayLike, NDArray

from helpers.figures import (
    ARROW,
    GREY,
    INPUT,
    KERNEL,
    OUTPUT,
    WINDOW,
    new_figure,
    sheet,
)
from helpers.networks import Sequential

# --- Networks ----------------------------------------------------------------


def network(
    net: Sequential, input_shape: tuple[int, int, int], title: str = ""
) -> Figure:
    """Draw a network from its layers: maps as sheets, vectors as bars.

    The shapes are read from a forward pass, so the picture cannot disagree
    with the code.

    Parameters
    ----------
    net : Sequential
    input_shape : (C, H, W)
    title : str

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> fig = network(LeNet5(np.random.default_rng(0)), (1, 28, 28))
    >>> [text.get_text() for text in fig.axes[0].texts][2]
    '156'
    """
    stages = network_stages(net, input_shape)
    fig = new_figure()
    axes = fig.subplots()
    x, gap = 0.0, 27
    for place, (operation, count, shape) in enumerate(stages):
        if place:
            middle = x + gap / 2
            text = dict(ha="center", color=KERNEL)
            axes.text(middle, 27, operation, va="bottom", **text)
            if count:
                axes.text(middle, -46, f"{count:,}", va="top", **text)
            ends = (x + 2, 0), (x + gap - 2, 0)
            axes.add_patch(FancyArrowPatch(*ends, **ARROW))
            x += gap
        width = _draw_maps(axes, x, shape, INPUT if place == 0 else OUTPUT)
        label = f"{shape[0]}\n" + "\u00d7".join(map(str, shape[1:]))
        axes.text(x + width / 2, -25, label.strip(), ha="center", va="top")
        x += width
    note = f"parameters of each step: {net.parameter_count():,} in all"
    axes.text(x / 2, -62, note, va="top", ha="center", color=KERNEL)
    axes.set(xlim=(-6, x + 6), ylim=(-72, 44), aspect="equal")
    axes.set_axis_off()
    fig.suptitle(title)
    return fig


def network_stages(
    net: Sequential, input_shape: tuple[int, int, int]
) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return what a drawing of a network shows, read from a forward pass.

    Returns
    -------
    list of (operation, parameters, shape)
        The input first.  Layers that keep every shape (ReLU, Tanh,
        ChannelScale) and Flatten are left out; parameters of ChannelScale
        count with the pooling before it.

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> stages = network_stages(LeNet5(np.random.default_rng(0)), (1, 28, 28))
    >>> [(count, shape) for _, count, shape in stages[:3]]
    [(0, (1, 28, 28)), (156, (6, 28, 28)), (0, (6, 14, 14))]
    """
    outputs = net.trace(np.zeros((1, *input_shape), np.float32))
    stages = [("input", 0, tuple(input_shape))]
    for layer, output in zip(net.layers, outputs[1:]):
        name = _OPERATIONS.get(type(layer).__name__)
        if name is not None:
            if hasattr(layer, "kernel_size"):
                name += "\n{}\u00d7{}".format(*layer.kernel_size)
            stages.append((name, layer.parameter_count(), output.shape[1:]))
        elif layer.parameters:
            operation, count, shape = stages[-1]
            count += layer.parameter_count()
            stages[-1] = (operation, count, shape)
    return stages


_OPERATIONS = {
    "Conv2d": "conv",
    "MaxPool2d": "max",
    "AvgPool2d": "mean",
    "Linear": "dense",
}


def _draw_maps(
    axes: Axes, x: float, shape: tuple[int, ...], color: str
) -> float:
    """Draw one stage from `x` to the right; return how wide it is."""
    if len(shape) == 1:
        height = 6 * np.log2(shape[0])
        axes.add_patch(sheet(x, -height / 2, 4, height, color))
        return 4
    count, height, width = shape
    step = min(1.5, 10 / count)
    for index in range(count):
        shift = (index - (count - 1) / 2) * step
        axes.add_patch(
            sheet(x + index * step, -height / 2 - shift, width, height, color)
        )
    return width + (count - 1) * step


# --- Connections, history, the series ----------------------------------------


def connection_matrices(
    matrices: Mapping[str, ArrayLike],
    size: tuple[int, int],
    outputs: Sequence[int],
) -> Figure:
    """Draw which weight joins which pixel to which, one colour a weight.

    Below each matrix stand the rows of some outputs, folded back into
    pictures: what these outputs read, and through which weights.

    Parameters
    ----------
    matrices : mapping of str to array_like of int
        Each of shape (outputs, H * W): the number of the weight from an
        input to an output, 0 where there is no connection.
    size : (H, W)
        Of the input picture.
    outputs : sequence of int
        The rows to fold.

    Examples
    --------
    >>> fig = connection_matrices({"dense": [[1, 2], [3, 4]]}, (1, 2), [0])
    >>> fig.axes[0].get_title()
    'dense: 4 weights'
    """
    fig = new_figure()
    grid = fig.add_gridspec(2, len(matrices), height_ratios=[2.4, 1])
    for column, (name, matrix) in enumerate(matrices.items()):
        colors, count = weight_colors(matrix)
        axes = fig.add_subplot(grid[0, column])
        axes.imshow(colors)
        axes.set_title(f"{name}: {count:,} weights")
        axes.set(xticks=[], yticks=outputs, xlabel="input pixel")
        axes.tick_params(axis="y", colors=OUTPUT, width=2, length=6)
        if column == 0:
            axes.set_ylabel("output pixel")
        below = grid[1, column].subgridspec(1, len(outputs))
        for place, row in enumerate(outputs):
            small = fig.add_subplot(below[place])
            small.imshow(colors[row].reshape(*size, 3))
            small.set(xticks=[], yticks=[])
            small.set_title(f"output {row}", fontsize=14, color=OUTPUT)
            small.spines[:].set_visible(True)
        for row in outputs:
            for edge in (row - 0.5, row + 0.5):
                axes.axhline(edge, color="black", linewidth=1)
        axes.spines[:].set_visible(True)
    return fig


def weight_colors(matrix: ArrayLike) -> tuple[NDArray, int]:
    """Return a colour for each entry, one for each weight, and their number.

    Parameters
    ----------
    matrix : array_like of int, shape (M, N)
        The number of a weight; 0 where there is none.

    Returns
    -------
    colors : ndarray, shape (M, N, 3)
        White where there is no weight.
    count : int
        Different weights.

    Examples
    --------
    >>> colors, count = weight_colors([[7, 0], [9, 7]])
    >>> count, colors[0, 1].tolist()
    (2, [1.0, 1.0, 1.0])
    """
    matrix = np.asarray(matrix)
    weights, index = np.unique(matrix, return_inverse=True)
    count = int(np.count_nonzero(weights))
    # Neighbouring numbers get distant colours, which differ in grey too.
    shades = np.random.default_rng(3).permutation(np.linspace(0, 0.95, count))
    colors = np.ones((len(weights), 3))
    colors[weights != 0] = mpl.colormaps["viridis"](shades)[:, :3]
    return colors[index.reshape(matrix.shape)], count


def masks(
    pictures: ArrayLike, titles: Sequence[str], columns: int = 3
) -> Figure:
    """Draw which pixels of a picture belong to a set, in framed pictures.

    Parameters
    ----------
    pictures : array_like of bool, shape (N, H, W)
    titles : sequence of str
    columns : int
        Pictures in a row.

    Examples
    --------
    >>> fig = masks(np.ones((2, 3, 3), bool), ["a", "b"])
    >>> [axes.get_title() for axes in fig.axes]
    ['a', 'b']
    """
    pictures = np.asarray(pictures)
    columns = min(columns, len(pictures))
    fig = new_figure()
    grid = fig.subplots(-(-len(pictures) // columns), columns, squeeze=False)
    colors = mpl.colors.ListedColormap(["white", INPUT])
    for picture, title, axes in zip(pictures, titles, grid.flat):
        axes.imshow(picture, cmap=colors, vmin=0, vmax=1)
        axes.set_title(title)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    for axes in grid.flat[len(pictures) :]:
        axes.remove()
    return fig


def history_strip(events: Sequence[tuple[float, str, str]]) -> Figure:
    """Draw events as cards, above and below in turn, along a true time axis.

    Parameters
    ----------
    events : sequence of (year, name, text)
        In the order of their years; `text` may have several lines.  Up to
        four cards stand side by side, each as wide as 17 letters.

    Examples
    --------
    >>> fig = history_strip([(1980, "first", "a"), (1989, "second", "b")])
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['first', 'a', 'second', 'b']
    """
    first, last = int(events[0][0]), int(events[-1][0])
    margin = 0.07 * (last - first)
    width = last - first + 2 * margin
    fig = new_figure()
    axes = fig.subplots()
    axes.set(xlim=(first - margin, last + margin), ylim=(-1, 1))
    axes.set_axis_off()
    ends = (first - margin, 0), (last + margin, 0)
    axes.add_patch(FancyArrowPatch(*ends, **ARROW | dict(color=GREY)))
    for decade in range(-(-first // 10) * 10, last + 1, 10):
        axes.plot([decade, decade], [-0.04, 0.04], color=GREY, linewidth=1.5)
        if min(abs(decade - year) for year, _, _ in events) >= 2:
            axes.text(decade, -0.08, decade, ha="center", va="top", color=GREY)
    for place, (year, name, text) in enumerate(events):
        side = -1 if place % 2 else 1
        cards = events[place % 2 :: 2]
        x = first - margin + (place // 2 + 0.5) / len(cards) * width
        leader = side * np.array([0.4, 0.34, 0.16, 0])
        axes.plot([x, x, year, year], leader, color=GREY, linewidth=1.5)
        axes.plot(year, 0, "o", color=OUTPUT, markersize=9, zorder=3)
        top = 0.43 + _LINE * (text.count("\n") + 2) if side > 0 else -0.42
        card = dict(ha="center", va="top")
        axes.text(x, top, name, weight="bold", **card)
        axes.text(x, top - _LINE, text, **card)
    return fig


_LINE = 0.12  # of text, on the upright axis of history_strip


def series_map(
    rows: Sequence[Sequence[str]],
    arrows: Sequence[tuple[str, str]],
    here: str = "",
    note: str = "",
) -> Figure:
    """Draw which notebook needs which, as boxes with arrows.

    Parameters
    ----------
    rows : sequence of sequence of str
        The boxes as they stand, "" for none.  A box is known by its first
        word, its number.
    arrows : sequence of (number, number)
        From what is needed to what needs it.
    here : str
        The number of the reader's notebook.
    note : str
        At the lower left, where no box should be.

    Examples
    --------
    >>> fig = series_map([["00 why", "01 how"]], [("00", "01")], here="00")
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['00', 'why', '01', 'how', '']
    """
    fig = new_figure()
    axes = fig.subplots()
    axes.set_axis_off()
    box = np.array([0.86, 0.62])
    centres = {}
    for row, names in enumerate(rows):
        for column, name in enumerate(names):
            if not name:
                continue
            number, _, title = name.partition(" ")
            centres[number] = centre = np.array([column, row], float)
            color = WINDOW if number == here else INPUT
            axes.add_patch(sheet(*(centre - box / 2), *box, color))
            text = dict(ha="center", va="center")
            axes.text(column, row - 0.17, number, weight="bold", **text)
            axes.text(column, row + 0.09, title, **text)
    for start, end in arrows:
        step = centres[end] - centres[start]
        side = np.array([step[0], 0]) if step[1] == 0 else step * [0, 1]
        side = np.sign(side) * box / 2
        ends = centres[start] + side, centres[end] - side
        axes.add_patch(FancyArrowPatch(*ends, **ARROW | dict(color="black")))
    axes.text(-0.43, len(rows) - 1, note, va="center", color=GREY)
    columns = max(map(len, rows))
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(len(rows) - 0.6, -0.4))
    return fig


# The ten notebooks as `series_map` takes them, and what each one needs.
SERIES = (
    (
        "00 why\nconvolve",
        "01 one\ndimension",
        "02 two\ndimensions",
        "03 stride,\npadding",
    ),
    (
        "",
        "04 finding\nWaldo",
        "05 channels,\nmatrices",
        "06 back-\npropagation",
    ),
    ("", "07 pooling", "08 LeNet\non MNIST", "09 depth,\nstructure"),
)


SERIES_ARROWS = (
    ("00", "01"),
    ("01", "02"),
    ("02", "03"),
    ("02", "04"),
    ("03", "05"),
    ("05", "06"),
    ("06", "07"),
    ("07", "08"),
    ("08", "09"),
)
