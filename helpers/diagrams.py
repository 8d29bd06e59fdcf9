"""Drawings of structure: networks, connections, history, the series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray

from helpers.convolution import cross_correlate2d
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


def stage_maps(net: Sequential, image: NDArray) -> dict[str, NDArray]:
    """Return the maps that a network makes of one picture, stage by stage.

    Parameters
    ----------
    net : Sequential
    image : ndarray of float, shape (C, H, W)
        Scaled as the network takes it.

    Returns
    -------
    dict of str to ndarray, shape (C, H, W)
        For `figures.feature_maps`: the input, then each convolution and
        each pooling with what keeps the shape after it (ReLU, Tanh).

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> net = LeNet5(np.random.default_rng(0))
    >>> list(stage_maps(net, np.zeros((1, 28, 28), np.float32)))[:3]
    ['input', '1 conv 28×28', '2 max 14×14']
    """
    first, *outputs = net.trace(image[None])
    name, stages = "input", {"input": first[0]}
    for layer, output in zip(net.layers, outputs):
        if output.ndim != 4:
            break
        operation = _OPERATIONS.get(type(layer).__name__)
        if operation is not None:
            size = "\u00d7".join(map(str, output.shape[2:]))
            name = f"{len(stages)} {operation} {size}"
        stages[name] = output[0]
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


# --- A layer with channels: maps, sums, matrices -----------------------------


def channel_maps(x: ArrayLike, weight: ArrayLike) -> NDArray:
    """Return what each slice of each kernel makes of its channel.

    Parameters
    ----------
    x : array_like, shape (C_in, H, W)
    weight : array_like, shape (C_out, C_in, K_h, K_w)

    Returns
    -------
    ndarray, shape (C_out, C_in, H_out, W_out)
        Its sum over the second axis, plus a bias, is the layer's output.

    Examples
    --------
    >>> channel_maps([[[1, 2]], [[3, 4]]], [[[[1]], [[10]]]]).tolist()
    [[[[1, 2]], [[30, 40]]]]
    """
    return np.array(
        [
            [
                cross_correlate2d(channel, part, "valid")
                for channel, part in zip(np.asarray(x), kernel)
            ]
            for kernel in np.asarray(weight)
        ]
    )


def multichannel(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, at: tuple[int, int]
) -> Figure:
    """Draw a convolution with channels, all its numbers, one window marked.

    After figure 1.3 of [DV16]: each kernel has a slice for each channel of
    the input; their maps and a bias are added, the sums stacked.

    Parameters
    ----------
    x : array_like of int, shape (C_in, H, W)
        Two channels of 5x5, or about so.
    weight : array_like of int, shape (C_out, C_in, K_h, K_w)
    bias : array_like of int, shape (C_out,)
    at : pair of int
        Row and column of the outputs whose window is marked.

    Examples
    --------
    >>> fig = multichannel(np.eye(3)[None], np.ones((1, 1, 2, 2)), [5], (0, 1))
    >>> [text.get_text() for text in fig.axes[0].texts][:2]
    ['input x', '(1, 3, 3)']
    """
    x, weight, bias = map(np.asarray, (x, weight, bias))
    maps = channel_maps(x, weight)
    total = maps.sum(axis=1) + bias[:, None, None]
    (c_out, c_in, k_h, k_w), (h_out, w_out) = weight.shape, total.shape[1:]
    step, rise = max(k_h, h_out) + 0.9, x.shape[1] + 0.9
    tall = max(c_out * step, c_in * rise) - 0.9
    fig = new_figure()
    axes = cell_axes(fig)
    # Left ends: input, slices of the kernels, maps, output.
    slices = x.shape[2] + 1.1 + (k_w + 0.4) * np.arange(c_in)
    places = slices[-1] + k_w + 1.1 + (w_out + 0.9) * np.arange(c_in)
    last = places[-1] + w_out + 2.3
    _head(axes, x.shape[2] / 2, "input x", x.shape)
    _head(axes, (slices[0] + slices[-1] + k_w) / 2, "kernels K", weight.shape)
    _head(axes, (places[0] + places[-1] + w_out) / 2, "maps", maps.shape)
    _head(axes, last + w_out / 2, "output h", total.shape)
    for c in range(c_in):
        top = (tall + 0.9 - c_in * rise) / 2 + c * rise
        _mark_cells(axes, x[c], (0, top), INPUT, (*at, k_h, k_w))
        place_text(axes, x.shape[2] / 2, top - 0.45, f"c = {c}", GREY)
        place_text(axes, slices[c] + k_w / 2, -0.45, f"c = {c}", GREY)
        place_text(axes, places[c] + w_out / 2, -0.45, f"c = {c}", GREY)
    for f in range(c_out):
        top, middle = f * step, f * step + h_out / 2
        for c in range(c_in):
            draw_cells(axes, weight[f, c], (slices[c], top), KERNEL)
            _mark_cells(
                axes, maps[f, c], (places[c], top), OUTPUT, (*at, 1, 1)
            )
        for left in places[1:]:
            place_text(axes, left - 0.45, middle, "+")
        sign = "+" if bias[f] >= 0 else "\u2212"
        text = f"{sign} {written(abs(bias[f]))} ="
        place_text(axes, last - 1.15, middle, text)
        _mark_cells(axes, total[f], (last, top), OUTPUT, (*at, 1, 1))
        place_text(axes, last + w_out / 2, top - 0.45, f"f = {f}", GREY)
    for sign, left in ("\u22c6", slices[0]), ("=", places[0]):
        size = 28 if sign == "\u22c6" else 14
        where = dict(ha="center", va="center", fontsize=size)
        axes.text(left - 0.55, tall / 2, sign, **where)
    axes.set(xlim=(-0.2, last + w_out + 0.2), ylim=(tall + 0.3, -2.7))
    return fig


def window_sum(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    at: tuple[int, int, int],
) -> Figure:
    """Draw how one output comes about: products, sums, bias.

    Parameters
    ----------
    x : array_like of int, shape (C_in, H, W)
    weight : array_like of int, shape (C_out, C_in, K_h, K_w)
    bias : array_like of int, shape (C_out,)
    at : (f, i, j)
        The output.

    Examples
    --------
    >>> fig = window_sum([[[3]]], [[[[4]]]], [5], (0, 0, 0))
    >>> [text.get_text() for text in fig.axes[0].texts][-2:]
    ['h[0, 0, 0]', '17']
    """
    f, i, j = at
    kernel = np.asarray(weight)[f]
    c_in, k_h, k_w = kernel.shape
    window = np.asarray(x)[:, i : i + k_h, j : j + k_w]
    products = window * kernel
    sums = [*products.sum(axis=(1, 2)), np.asarray(bias)[f]]
    step, right = k_h + 0.8, 3 * k_w + 2.4
    tops = [step * c + k_h / 2 - 0.5 for c in range(c_in)]
    tops.append(step * c_in)
    fig = new_figure()
    axes = cell_axes(fig)
    names = "window", f"K[{f}]", "products"
    for place, values in enumerate((window, kernel, products)):
        left = place * (k_w + 1.2)
        _head(axes, left + k_w / 2, names[place], values.shape, -0.1)
        for c in range(c_in):
            corner = (left, step * c)
            place_text(axes, left - 0.6, tops[c] + 0.5, " \u00d7="[place])
            if place == 0:
                _mark_cells(axes, values[c], corner, INPUT, (0, 0, k_h, k_w))
            else:
                color = KERNEL if place == 1 else OUTPUT
                draw_cells(axes, values[c], corner, color)
    middle = (tops[0] + tops[-1]) / 2
    grey = ARROW | dict(color=GREY, shrinkA=0, shrinkB=0)
    for place, (top, value) in enumerate(zip(tops, sums)):
        corner, y = (right + 1.9, top), top + 0.5
        if place < c_in:
            place_text(axes, -0.4, y, f"c = {place}", ha="right")
            place_text(axes, right + 0.95, y - 0.4, "add", GREY)
            ends = (right + 0.2, y), (right + 1.8, y)
            axes.add_patch(FancyArrowPatch(*ends, **grey))
            _mark_cells(axes, value[None, None], corner, OUTPUT, (0, 0, 1, 1))
        else:
            place_text(axes, right + 1.6, y, f"b[{f}]", ha="right")
            draw_cells(axes, value, corner, KERNEL)
        ends = (right + 3, y), (right + 4.7, middle + 0.5 + 0.2 * (y - middle))
        axes.add_patch(FancyArrowPatch(*ends, **grey))
    corner = (right + 4.9, middle)
    place_text(axes, corner[0], middle - 0.5, f"h[{f}, {i}, {j}]", ha="left")
    _mark_cells(axes, sum(sums)[None, None], corner, OUTPUT, (0, 0, 1, 1))
    for text in axes.texts:
        text.set_fontsize(17)
    axes.set(xlim=(-1.9, right + 7.7), ylim=(tops[-1] + 1.2, -1.7))
    return fig


def layer_product(
    k_f: ArrayLike,
    v_i: ArrayLike,
    bias: ArrayLike,
    at: tuple[int, int],
    channels: int,
) -> Figure:
    """Draw eq. 5 with the shapes of its arrays: dark is large.

    Parameters
    ----------
    k_f : array_like, shape (C_out, C_in * K_h * K_w)
    v_i : array_like, shape (C_in * K_h * K_w, L)
    bias : array_like, shape (C_out,)
    at : pair of int
        The output, a row of `k_f` times a column of `v_i`, to frame.
    channels : int
        C_in: lines divide the input channels.

    Examples
    --------
    >>> fig = layer_product(np.ones((2, 4)), np.eye(4), [5, 6], (0, 1), 2)
    >>> fig.axes[0].texts[-1].get_text()
    'row 0 times column 1, plus b[0]: 6'
    """
    k_f, v_i, bias = map(np.asarray, (k_f, v_i, bias))
    product = k_f @ v_i + bias[:, None]
    rows = len(v_i)
    f, column = at
    fig = new_figure()
    axes = cell_axes(fig)
    tops = {n: (rows - n) / 2 for n in (len(k_f), rows)}
    parts = (
        ("$\\mathbf{K}_f$", k_f, KERNEL, "@", (f, 0, 1, rows)),
        ("$\\mathbf{V}_I$", v_i, INPUT, "+", (0, column, rows, 1)),
        ("$\\mathbf{b}$", bias[:, None], KERNEL, "=", (f, 0, 1, 1)),
        ("$\\bar{\\mathbf{h}}$", product, OUTPUT, "", (f, column, 1, 1)),
    )
    left = 0.0
    for name, values, color, sign, (y, x, height, width) in parts:
        top = tops[len(values)]
        _shade(axes, values, (left, top), color)
        middle = left + values.shape[1] / 2
        _head(axes, middle, name, values.shape, top - 0.1)
        frame = (left + x, top + y), (height, width)
        outline(axes, *frame, "black")
        axes.patches[-1].set_linewidth(2)
        left += values.shape[1]
        place_text(axes, left + 1, rows / 2, sign)
        left += 2
    end = rows + 2 + v_i.shape[1]
    below = (rows + len(k_f)) / 2
    for c in range(channels):
        middle = (c + 0.5) * rows / channels
        place_text(axes, middle, below + 0.9, f"c = {c}", GREY)
        place_text(axes, rows + 1.7, middle, f"c = {c}", GREY, ha="right")
        if c:
            cut = c * rows / channels
            axes.plot([cut, cut], [below - len(k_f), below], "k:", lw=2)
            axes.plot([rows + 2, end], [cut, cut], "k:", lw=2)
    number = written(product[at])
    text = f"row {f} times column {column}, plus b[{f}]: {number}"
    place_text(axes, left / 2, rows + 1.2, text)
    axes.set(xlim=(-0.3, left - 1.7), ylim=(rows + 1.8, -3))
    return fig


def zoomed_matrix(
    matrix: ArrayLike, zoom: tuple[int, int], blocks: tuple[int, int]
) -> Figure:
    """Draw which entries of a matrix are the same weight; zoom into a corner.

    Parameters
    ----------
    matrix : array_like of int, shape (M, N)
        The number of a weight; 0 where there is none.
    zoom : pair of int
        Rows and columns of the upper left corner to enlarge.
    blocks : pair of int
        Rows and columns of a block: lines divide the corner.

    Examples
    --------
    >>> fig = zoomed_matrix(np.eye(6, dtype=int), (4, 4), (2, 2))
    >>> [axes.get_title() for axes in fig.axes]
    ['6 × 6', 'its first 4 × 4']
    """
    colors, _ = weight_colors(matrix)
    fig = new_figure()
    left, right = fig.subplots(1, 2)
    left.imshow(colors)
    right.imshow(colors[: zoom[0], : zoom[1]])
    frame = Rectangle((-0.5, -0.5), zoom[1], zoom[0], fc="none", ec="black")
    frame.set(lw=2, clip_on=False)
    left.add_patch(frame)
    for place in range(blocks[0], zoom[0], blocks[0]):
        right.axhline(place - 0.5, color=GREY, lw=1)
    for place in range(blocks[1], zoom[1], blocks[1]):
        right.axvline(place - 0.5, color=GREY, lw=1)
    titles = colors.shape[:2], zoom
    names = [" \u00d7 ".join(map(str, title)) for title in titles]
    left.set_title(names[0])
    right.set_title(f"its first {names[1]}")
    for axes in (left, right):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    return fig


def kernel_matrices(matrices: Mapping[str, ArrayLike], columns: int) -> Figure:
    """Draw matrices of kernels below one another, zeros left empty.

    Parameters
    ----------
    matrices : mapping of str to array_like, shape (C_out, C_in * K_h * K_w)
        A name and its matrix.
    columns : int
        K_h * K_w: lines divide the input channels.

    Examples
    --------
    >>> fig = kernel_matrices({"groups = 2": [[1, 0], [0, 2]]}, columns=1)
    >>> fig.axes[0].get_title(loc="left")
    'groups = 2: 2 weights'
    """
    fig = new_figure()
    all_axes = fig.subplots(len(matrices), 1, squeeze=False)[:, 0]
    for axes, (name, matrix) in zip(all_axes, matrices.items()):
        matrix = np.asarray(matrix)
        axes.set(aspect="equal", xticks=[], yticks=[])
        axes.set(xlim=(0, matrix.shape[1]), ylim=(len(matrix), 0))
        for row, column in np.argwhere(matrix):
            cell = sheet(column, row, 1, 1, KERNEL)
            cell.set(fc=KERNEL, ec="white", lw=0.3)
            axes.add_patch(cell)
        for place in range(columns, matrix.shape[1], columns):
            axes.axvline(place, color=GREY, lw=1)
        axes.spines[:].set_visible(True)
        count = np.count_nonzero(matrix)
        axes.set_title(f"{name}: {count:,} weights", loc="left", fontsize=14)
    return fig


def _head(
    axes: Axes, x: float, name: str, shape: tuple[int, ...], y: float = -0.9
) -> None:
    """Write a name and, below it, a shape, whose lower end is at `y`."""
    sizes = ", ".join(map(str, shape))
    font = dict(ha="center", va="baseline")
    axes.annotate(
        name, (x, y), xytext=(0, 23), textcoords="offset points", **font
    )
    axes.annotate(
        f"({sizes})", (x, y), xytext=(0, 5), textcoords="offset points", **font
    )


def _mark_cells(
    axes: Axes,
    values: NDArray,
    at: tuple[float, float],
    color: str,
    window: tuple[int, int, int, int],
) -> None:
    """Draw cells, the numbers of a window (row, column, size) in bold."""
    row, column, height, width = window
    inside = np.zeros(values.shape, bool)
    inside[row : row + height, column : column + width] = True
    left, top = at
    for (y, x), value in np.ndenumerate(values):
        cell = sheet(left + x, top + y, 1, 1, color)
        font = dict(color=GREY, ha="center", va="center")
        if inside[y, x]:
            cell.set(fc=WINDOW)
            font.update(color="black", weight="bold")
        axes.add_patch(cell)
        axes.text(left + x + 0.5, top + y + 0.5, written(value), **font)
    outline(axes, (left + column, top + row), (height, width), "black")
    axes.patches[-1].set_linewidth(2)


def _shade(
    axes: Axes, values: NDArray, at: tuple[float, float], color: str
) -> None:
    """Draw cells without numbers: the largest in full colour."""
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / (high - low or 1)
    for (y, x), share in np.ndenumerate(scaled):
        cell = sheet(at[0] + x, at[1] + y, 1, 1, color)
        tint = 0.1 + 0.8 * share
        cell.set(fc=tuple(1 - tint + tint * part for part in to_rgb(color)))
        cell.set(ec="white")
        axes.add_patch(cell)


# --- Graphs of computation ---------------------------------------------------


def computation_graph(
    steps: Sequence[str],
    values: Sequence[tuple[str, ArrayLike]],
    parameters: Mapping[int, tuple[str, ArrayLike]],
    back: Sequence[str] = (),
    gradients: Sequence[tuple[str, ArrayLike]] = (),
    by_parameters: Mapping[int, tuple[str, ArrayLike]] | None = None,
) -> Figure:
    r"""Draw a chain of operations, with the shape of what flows on each edge.

    Forward runs to the right.  If `back` is given, backward runs to the
    left, below and dashed.  Shapes are read from the arrays.  Names are
    TeX, without dollars.

    Parameters
    ----------
    steps : sequence of str
        What each box does, forward.
    values : sequence of (name, array)
        The input, then what leaves each box: one more than there are boxes.
        An empty name makes a short bare arrow.  What no parameter has
        touched yet counts as input.
    parameters : mapping of int to (name, array)
        What enters a box from above, by the number of the box.
    back : sequence of str
        What each box does, backward.
    gradients : sequence of (name, array)
        By each of `values`; those at the end may be missing.
    by_parameters : mapping of int to (name, array), optional
        The gradients by `parameters`; they leave the boxes below.

    Raises
    ------
    ValueError
        If a gradient has another shape than what it is taken by.

    Examples
    --------
    >>> x, W = np.ones((2, 3)), np.ones((3, 4))
    >>> values = [("x", x), ("h", x @ W)]
    >>> fig = computation_graph(["@ W"], values, {0: ("W", W)})
    >>> shapes = [t.get_text().split("\n")[1:] for t in fig.axes[0].texts]
    >>> shapes
    [[], ['2×3'], ['2×4'], ['3×4'], []]
    """
    by_parameters = by_parameters or {}
    _check_gradients(values, gradients)
    taken = {box: parameters[box] for box in by_parameters}
    _check_gradients(taken.values(), by_parameters.values())
    boxes, edges = _graph_spans(steps, back, values)
    fig = new_figure(height=HEIGHT if back else 2.6)
    axes = fig.subplots()
    axes.set_axis_off()
    floor = -_LANE if back else 0.0
    for place, (left, right) in enumerate(boxes):
        size = right - left, _LANE - floor
        axes.add_patch(sheet(left, floor, *size, WINDOW))
        for texts, y in ((steps, _LANE / 2), (back, -_LANE / 2)):
            if texts:
                place_text(axes, (left + right) / 2, y, texts[place])
    for place, span in enumerate(edges):
        color = INPUT if place <= min(parameters, default=0) else OUTPUT
        _draw_edge(axes, span, [_LANE / 2] * 2, *values[place], color)
        if place < len(gradients):
            y = [-_LANE / 2] * 2
            style = dict(color=color, dashed=True)
            _draw_edge(axes, span[::-1], y, *gradients[place], **style)
    for box, (name, array) in parameters.items():
        x = [sum(boxes[box]) / 2] * 2
        _draw_edge(axes, x, [_LANE + 0.6, _LANE], name, array, KERNEL)
    for box, (name, array) in by_parameters.items():
        x, y = [sum(boxes[box]) / 2] * 2, [floor, floor - 0.6]
        _draw_edge(axes, x, y, name, array, KERNEL, dashed=True)
    place_text(axes, 0.1, _LANE + 0.9, "forward \u2192", GREY, "left")
    if back:
        text = "\u2190 backward"
        place_text(axes, 0.1, floor - 0.9, text, GREY, "left")
    bottom = floor - 1.1 if back else -0.1
    axes.set(xlim=(0, edges[-1][1]), ylim=(bottom, _LANE + 1.1))
    axes.set_aspect("equal")
    return fig


_LANE = 1.1  # height of one direction of `computation_graph`, in inches


def _check_gradients(
    values: Iterable[tuple], gradients: Iterable[tuple]
) -> None:
    """Raise ValueError unless gradients have the shapes of the values."""
    for (name, value), (_, gradient) in zip(values, gradients):
        if np.shape(gradient) != np.shape(value):
            raise ValueError(
                f"the gradient by {name} must have shape {np.shape(value)}, "
                f"not {np.shape(gradient)}"
            )


def _shape_text(name: str, array: ArrayLike) -> str:
    r"""Return a name, bold unless it is that of a number, above a shape.

    >>> _shape_text("L", 3.5), _shape_text("b", [1, 2])
    ('$L$\n1', '$\\mathbf{b}$\n2')
    """
    if np.ndim(array) == 0:
        return f"${name}$\n1"
    return f"$\\mathbf{{{name}}}$\n" + "\u00d7".join(map(str, np.shape(array)))


def _graph_spans(
    steps: Sequence[str], back: Sequence[str], values: Sequence[tuple]
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return where boxes and edges begin and end, in inches.

    >>> values = [("x", [1, 2]), ("", [3])]
    >>> boxes, edges = _graph_spans(["f"], [], values)
    >>> edges[0][1] == boxes[0][0], boxes[0][1] == edges[1][0]
    (True, True)
    """
    boxes, edges, x = [], [], 0.0
    for place, (name, array) in enumerate(values):
        shape = _shape_text(name, array).split("\n")[1] if name else ""
        edges.append((x, x + max(_text_width(shape) + 0.12, 0.28)))
        x = edges[-1][1]
        if place < len(steps):
            texts = "\n".join([steps[place], *back[place : place + 1]])
            boxes.append((x, x + max(_text_width(texts) + 0.12, 0.6)))
            x = boxes[-1][1]
    return boxes, edges


def _text_width(text: str) -> float:
    r"""Return the width of the longest line of a text in 14 pt, in inches.

    >>> _text_width("col2im") == _text_width("f\ncol2im")
    True
    """
    lines = text.split("\n")
    paths = [TextPath((0, 0), line, size=14) for line in lines if line]
    return max((float(p.get_extents().width) / 72 for p in paths), default=0.0)


def _draw_edge(
    axes: Axes,
    x: Sequence[float],
    y: Sequence[float],
    name: str,
    array: ArrayLike,
    color: str,
    dashed: bool = False,
) -> None:
    """Draw an arrow from (x[0], y[0]) to (x[1], y[1]), named with a shape."""
    style = ARROW | dict(color=color, linestyle="--" if dashed else "-")
    style |= dict(shrinkA=1, shrinkB=1)
    axes.add_patch(FancyArrowPatch(*zip(x, y), **style))
    if name:
        top, shift, va = max(y), 0.06, "bottom"
        if dashed:  # backward: named below
            top, shift, va = min(y), -0.06, "top"
        text = dict(ha="center", va=va, color=color, linespacing=1.1)
        label = _shape_text(name, array)
        axes.text(sum(x) / 2, top + shift, label, **text)
