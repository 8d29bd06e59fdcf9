"""Every drawing of the series, in one visual language.

A function takes arrays or geometry and returns a matplotlib figure; `show`
displays it in a notebook.  `use_style` is called once, in the setup cell.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from helpers.networks import Sequential
from helpers.shapes import conv_output_size, kernel_span

# Okabe and Ito's colours, told apart by colour-blind readers, in fixed roles.
INPUT, KERNEL, OUTPUT, WINDOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "#666666"

WIDTH, HEIGHT, DPI = 8.0, 4.5, 100


def use_style() -> None:
    """Set matplotlib's defaults to those of the series.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["font.size"]
    14.0
    """
    mpl.rcParams.update(
        {
            "axes.grid": False,
            "axes.prop_cycle": mpl.cycler(
                color=[INPUT, KERNEL, OUTPUT, WINDOW, "#CC79A7", "#56B4E9"]
            ),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 16,
            "figure.dpi": DPI,
            "font.size": 14,
            "image.cmap": "viridis",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 2.5,
        }
    )


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure, by default as large as a slide.

    Parameters
    ----------
    width, height : float
        In inches, at 100 pixels an inch.

    Examples
    --------
    >>> new_figure().get_size_inches().tolist()
    [8.0, 4.5]
    """
    return Figure(figsize=(width, height), layout="constrained")


def show(fig: Figure, alt: str) -> None:
    """Display a figure as a PNG with an alternative text.

    Parameters
    ----------
    fig : Figure
    alt : str
        What a reader who does not see the picture should know.

    Raises
    ------
    ValueError
        If `alt` is empty.

    Examples
    --------
    >>> show(new_figure(), alt="")
    Traceback (most recent call last):
    ValueError: alt must say what the figure shows
    """
    if not alt.strip():
        raise ValueError("alt must say what the figure shows")
    drawn, buffer = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", dpi=2 * DPI)
    # 256 colours are enough for a drawing, and take a third of the bytes.
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    width, height = (fig.get_size_inches() * DPI).astype(int).tolist()
    publish_display_data(
        {"image/png": buffer.getvalue(), "text/plain": f"Figure: {alt}"},
        {"image/png": {"alt": alt, "width": width, "height": height}},
    )


# --- Cells: small arrays with their numbers ---------------------------------


def cell_axes(fig: Figure) -> Axes:
    """Return axes for `draw_cells`: square units, y down, nothing else.

    Examples
    --------
    >>> cell_axes(new_figure()).get_aspect()
    1.0
    """
    axes = fig.subplots()
    axes.set(aspect="equal")
    axes.set_axis_off()
    axes.invert_yaxis()
    return axes


def draw_cells(
    axes: Axes,
    values: ArrayLike,
    at: tuple[float, float] = (0, 0),
    color: str = INPUT,
    numbers: bool = True,
    title: str = "",
) -> None:
    """Draw an array as unit squares with its numbers in them.

    Parameters
    ----------
    axes : Axes
        From `cell_axes`; one unit is one cell.
    values : array_like, shape (K,) or (H, W)
        NaN is drawn as an empty dashed cell: padding.
    at : pair of float
        Left and top of the first cell.
    color : str
        The role: `INPUT`, `KERNEL`, `OUTPUT` or `WINDOW`.
    numbers : bool
        Whether to write the values; up to 8x8 they are legible.
    title : str
        Above the cells.

    Examples
    --------
    >>> axes = cell_axes(new_figure())
    >>> draw_cells(axes, [[1, 2.5], [np.nan, -1]], title="input")
    >>> [text.get_text() for text in axes.texts]
    ['input', '1', '2.5', '−1']
    """
    values = np.atleast_2d(np.asarray(values, float))
    left, top = at
    if title:
        middle = left + values.shape[1] / 2
        axes.text(middle, top - 0.25, title, ha="center", va="bottom")
    for (row, column), value in np.ndenumerate(values):
        cell = _sheet(left + column, top + row, 1, 1, color)
        axes.add_patch(cell)
        if np.isnan(value):
            cell.set(fc="none", ec=GREY, ls=":")
        elif numbers:
            axes.text(
                left + column + 0.5,
                top + row + 0.5,
                f"{value:.3g}".replace("-", "\u2212"),
                ha="center",
                va="center",
            )
    axes.autoscale_view()


def outline(
    axes: Axes,
    at: tuple[float, float],
    shape: tuple[int, int],
    color: str = WINDOW,
) -> None:
    """Draw a thick frame around cells: the current window.

    Parameters
    ----------
    axes : Axes
    at : pair of float
        Left and top.
    shape : pair of int
        Height and width in cells.
    color : str

    Examples
    --------
    >>> axes = cell_axes(new_figure())
    >>> outline(axes, (1, 0), (3, 3))
    """
    height, width = shape
    frame = Rectangle(at, width, height, fc="none", ec=color, lw=4, zorder=3)
    axes.add_patch(frame)


# --- Pictures, maps and kernels ---------------------------------------------


def image_grid(
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    title: str = "",
) -> Figure:
    """Draw small pictures in rows; grey ones as dark ink on light paper.

    Parameters
    ----------
    images : array_like, shape (N, H, W), (N, 1, H, W) or (N, H, W, 3)
    titles : sequence of str, optional
        One above each picture.
    columns : int
        Pictures in a row.
    title : str
        Above all of them.

    Examples
    --------
    >>> fig = image_grid(np.zeros((3, 28, 28)), ["a", "b", "c"])
    >>> [axes.get_title() for axes in fig.axes]
    ['a', 'b', 'c']
    """
    images = np.asarray(images)
    if images.shape[-1] != 3:
        images = images.reshape(-1, *images.shape[-2:])
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    fig = new_figure()
    all_axes = fig.subplots(rows, columns, squeeze=False)
    for axes in all_axes.flat:
        axes.axis("off")
    for place, (image, axes) in enumerate(zip(images, all_axes.flat)):
        axes.imshow(image, cmap="Greys")
        if titles is not None:
            axes.set_title(titles[place], fontsize=14)
    fig.suptitle(title)
    return fig


def tile(maps: ArrayLike, columns: int, gap: int = 1) -> NDArray:
    """Return maps side by side in rows, as one picture with gaps of NaN.

    Parameters
    ----------
    maps : array_like, shape (C, H, W)
    columns : int
        Maps in a row.
    gap : int
        Pixels between maps.

    Returns
    -------
    ndarray of float

    Examples
    --------
    >>> tile([[[1]], [[2]], [[3]]], columns=2)
    array([[ 1., nan,  2.],
           [nan, nan, nan],
           [ 3., nan, nan]])
    """
    maps = np.asarray(maps, float)
    count, height, width = maps.shape
    rows = -(-count // columns)
    picture = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan
    )
    for place, one in enumerate(maps):
        row, column = divmod(place, columns)
        y, x = row * (height + gap), column * (width + gap)
        picture[y : y + height, x : x + width] = one
    return picture


def kernel_rows(rows: Mapping[str, ArrayLike], title: str = "") -> Figure:
    """Draw banks of kernels, one bank a row, on one signed colour scale.

    Parameters
    ----------
    rows : mapping of str to array_like, shape (C, K_h, K_w)
        A name and its kernels.
    title : str

    Examples
    --------
    >>> fig = kernel_rows({"before": np.ones((6, 5, 5))})
    >>> len(fig.axes)
    2
    """
    limit = max(float(np.abs(bank).max()) for bank in rows.values())
    fig = new_figure()
    all_axes = fig.subplots(len(rows), 1, squeeze=False)[:, 0]
    for axes, (name, bank) in zip(all_axes, rows.items()):
        picture = axes.imshow(
            tile(bank, len(np.asarray(bank))),
            cmap="RdBu",
            vmin=-limit,
            vmax=limit,
        )
        axes.set_axis_off()
        axes.set_title(name, loc="left")
    fig.colorbar(picture, ax=all_axes, label="weight", shrink=0.8)
    fig.suptitle(title)
    return fig


def feature_maps(
    stages: Mapping[str, ArrayLike],
    probabilities: ArrayLike,
    title: str = "",
) -> Figure:
    """Draw what each stage of a network makes of one picture.

    Parameters
    ----------
    stages : mapping of str to array_like, shape (C, H, W)
        A name and its maps; the input first, in grey.
    probabilities : array_like, shape (classes,)
    title : str

    Examples
    --------
    >>> maps = {"input": np.zeros((1, 8, 8)), "conv": np.zeros((6, 8, 8))}
    >>> fig = feature_maps(maps, np.full(10, 0.1))
    """
    (first, picture), *rest = stages.items()
    fig = new_figure()
    left, middle, right = fig.subfigures(1, 3, width_ratios=[1, 3.2, 1.2])
    axes = left.subplots()
    axes.imshow(np.asarray(picture)[0], cmap="Greys")
    axes.set_title(first)
    axes.set_axis_off()
    heights = [-(-len(np.asarray(maps)) // 8) for _, maps in rest]
    rows = middle.subplots(len(rest), 1, squeeze=False, height_ratios=heights)[
        :, 0
    ]
    for axes, (name, maps) in zip(rows, rest):
        axes.imshow(tile(maps, columns=8))
        axes.set_title(name, loc="left", fontsize=14)
        axes.set_axis_off()
    axes = right.subplots()
    probabilities = np.asarray(probabilities)
    bars = axes.barh(np.arange(len(probabilities)), probabilities, color=GREY)
    bars[int(probabilities.argmax())].set_color(OUTPUT)
    axes.set(
        yticks=np.arange(len(probabilities)),
        xlim=(0, 1),
        xticks=[0, 1],
        xlabel="probability",
    )
    axes.invert_yaxis()
    fig.suptitle(title)
    return fig


def confusion(matrix: ArrayLike, title: str = "") -> Figure:
    """Draw how often each class is taken for each other one.

    Parameters
    ----------
    matrix : array_like of int, shape (classes, classes)
        Rows are the true classes, columns the predicted ones.
    title : str

    Examples
    --------
    >>> fig = confusion(np.eye(10, dtype=int))
    """
    matrix = np.asarray(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    most = max(int(wrong.max()), 1)
    fig = new_figure()
    fig.set_layout_engine("compressed")
    axes = fig.subplots()
    picture = axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=most)
    for row, column in np.ndindex(matrix.shape):
        count = matrix[row, column]
        dark = row != column and count > 0.6 * most
        if count:
            axes.text(
                column,
                row,
                count,
                ha="center",
                va="center",
                color="white" if dark else GREY if row == column else "black",
            )
    ticks = np.arange(len(matrix))
    axes.set(xticks=ticks, yticks=ticks, xlabel="predicted", ylabel="true")
    fig.colorbar(picture, label="mistakes", ticks=MaxNLocator(integer=True))
    fig.suptitle(title)
    return fig


# --- Curves -----------------------------------------------------------------


def curves(
    lines: Mapping[str, ArrayLike],
    xlabel: str,
    ylabel: str,
    x: ArrayLike | None = None,
    ylim: tuple[float, float] | None = None,
    log: bool = False,
    title: str = "",
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Draw curves over a common axis, each with its band.

    Parameters
    ----------
    lines : mapping of str to array_like, shape (T,) or (seeds, T)
        With several seeds the mean is drawn, and a band from the smallest
        to the largest.
    xlabel, ylabel, title : str
    x : array_like, shape (T,), optional
        1 to T unless given.
    ylim : pair of float, optional
    log : bool
        Draw the y axis in powers of ten.
    levels : mapping of str to float, optional
        Named horizontal lines to compare with.

    Examples
    --------
    >>> fig = curves({"loss": [2.3, 1.0, 0.5]}, "epoch", "loss")
    >>> fig.axes[0].lines[0].get_ydata().tolist()
    [2.3, 1.0, 0.5]
    """
    fig = new_figure()
    axes = fig.subplots()
    styles = ["-", "--", "-.", ":"]
    for style, (name, values) in zip(styles, lines.items()):
        values = np.atleast_2d(values)
        steps = np.arange(1, values.shape[1] + 1) if x is None else x
        (line,) = axes.plot(steps, values.mean(axis=0), style, label=name)
        if len(values) > 1:
            axes.fill_between(
                steps,
                values.min(axis=0),
                values.max(axis=0),
                color=line.get_color(),
                alpha=0.2,
                linewidth=0,
            )
    for name, level in (levels or {}).items():
        axes.axhline(level, color=GREY, linewidth=1.5, linestyle=(0, (6, 3)))
        axes.annotate(
            name,
            (1, level),
            xycoords=("axes fraction", "data"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            color=GREY,
        )
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if ylim is not None:
        axes.set_ylim(ylim)
    if len(lines) > 1:
        axes.legend()
    fig.suptitle(title)
    return fig


def bars(
    values: Mapping[str, float],
    xlabel: str,
    highlight: str = "",
    title: str = "",
    form: str = "{:g}",
) -> Figure:
    """Draw named numbers as horizontal bars, the first one on top.

    Parameters
    ----------
    values : mapping of str to float
    xlabel, title : str
    highlight : str
        The name of the bar that is ours.
    form : str
        How a number is written at the end of its bar.

    Examples
    --------
    >>> fig = bars({"then": 0.95, "now": 0.8}, "test error (%)", "now")
    >>> len(fig.axes[0].patches)
    2
    """
    fig = new_figure()
    axes = fig.subplots()
    colors = [OUTPUT if name == highlight else GREY for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colors)
    axes.bar_label(drawn, [form.format(v) for v in values.values()], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(xlabel)
    fig.suptitle(title)
    return fig


# --- Networks ---------------------------------------------------------------


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
            axes.add_patch(FancyArrowPatch(*ends, **_ARROW))
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
_ARROW = dict(arrowstyle="->", color=KERNEL, mutation_scale=16, linewidth=2)


def _draw_maps(
    axes: Axes, x: float, shape: tuple[int, ...], color: str
) -> float:
    """Draw one stage from `x` to the right; return how wide it is."""
    if len(shape) == 1:
        height = 6 * np.log2(shape[0])
        axes.add_patch(_sheet(x, -height / 2, 4, height, color))
        return 4
    count, height, width = shape
    step = min(1.5, 10 / count)
    for sheet in range(count):
        shift = (sheet - (count - 1) / 2) * step
        axes.add_patch(
            _sheet(x + sheet * step, -height / 2 - shift, width, height, color)
        )
    return width + (count - 1) * step


def _sheet(
    x: float, y: float, width: float, height: float, color: str
) -> Rectangle:
    light = tuple(0.75 + 0.25 * part for part in to_rgb(color))
    return Rectangle((x, y), width, height, fc=light, ec=color, lw=0.8)


# --- 00: connections, edges, equivariance, history, the series ---------------


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


def picture_and_response(
    picture: ArrayLike,
    response: ArrayLike,
    titles: tuple[str, str],
    limit: float | None = None,
    label: str = "response",
) -> Figure:
    """Draw a photograph in grey and what a kernel makes of it, with signs.

    Parameters
    ----------
    picture : array_like, shape (H, W)
    response : array_like, shape (H_out, W_out)
    titles : pair of str
    limit : float, optional
        Responses beyond it have its colour; the largest one unless given.
    label : str
        What a response is, with its unit.

    Examples
    --------
    >>> fig = picture_and_response(np.eye(3), np.diff(np.eye(3)), ("a", "b"))
    >>> fig.axes[1].images[0].get_clim()
    (-1.0, 1.0)
    """
    largest = float(np.abs(response).max()) or 1.0
    limit = largest if limit is None else limit
    fig = new_figure()
    fig.set_layout_engine("compressed")
    left, right = fig.subplots(1, 2)
    left.imshow(picture, cmap="gray")
    drawn = right.imshow(response, cmap="RdBu", vmin=-limit, vmax=limit)
    for axes, title in zip((left, right), titles):
        axes.set_title(title)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    fig.colorbar(
        drawn,
        ax=[left, right],
        location="bottom",
        label=label,
        shrink=0.5,
        aspect=30,
        extend="both" if limit < largest else "neither",
    )
    return fig


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
    axes.add_patch(FancyArrowPatch(*ends, **_ARROW | dict(color=GREY)))
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
            axes.add_patch(_sheet(*(centre - box / 2), *box, color))
            text = dict(ha="center", va="center")
            axes.text(column, row - 0.17, number, weight="bold", **text)
            axes.text(column, row + 0.09, title, **text)
    for start, end in arrows:
        step = centres[end] - centres[start]
        side = np.array([step[0], 0]) if step[1] == 0 else step * [0, 1]
        side = np.sign(side) * box / 2
        ends = centres[start] + side, centres[end] - side
        axes.add_patch(FancyArrowPatch(*ends, **_ARROW | dict(color="black")))
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


# --- 03: windows, what they read, what comes out -----------------------------


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


_SLOPE = (0.5, 0.5)  # how far a row lies to the left of, and below, the last


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
        cell = _sheet(place, 0, 1, 1, INPUT)
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
            cell = _sheet(place, top, 1, 1, WINDOW)
            if cells[place] < 0:
                cell.set(ec=GREY, ls=":")
            else:
                cell.set(fc=WINDOW, ec="black")
            axes.add_patch(cell)
        if row == now or now is None:
            width = places[-1] + 1 - places[0]
            outline(axes, (places[0], top), (1, width), KERNEL)
        axes.add_patch(_sheet(length + 0.8, top, 1, 1, OUTPUT))
        axes.text(length + 1.3, top + 0.5, row, **font)


def show_frames(
    frames: Sequence[Figure], alt: str, seconds: float = 0.8
) -> None:
    """Display figures one after the other, as an animated PNG.

    It plays wherever a PNG is shown, without a kernel and without scripts;
    in print the first frame remains, so a contact sheet belongs beside it.

    Parameters
    ----------
    frames : sequence of Figure
        2 to 20, of one size.
    alt : str
        What a reader who does not see the picture should know.
    seconds : float
        How long each frame stays.

    Raises
    ------
    ValueError
        If `alt` is empty or there are too few or too many frames.

    Examples
    --------
    >>> show_frames([new_figure()], "a window that does not move")
    Traceback (most recent call last):
    ValueError: frames must be 2 to 20, not 1
    """
    if not 2 <= len(frames) <= 20:
        raise ValueError(f"frames must be 2 to 20, not {len(frames)}")
    if not alt.strip():
        raise ValueError("alt must say what the figures show")
    pictures = []
    for fig in frames:
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=DPI)
        picture = Image.open(buffer).convert("RGB")
        # One palette for all frames: an animated PNG has only one.
        palette = pictures[0] if pictures else None
        picture = picture.quantize(64, palette=palette, dither=0)
        pictures.append(picture)
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="PNG",
        save_all=True,
        append_images=pictures[1:],
        duration=round(1000 * seconds),
        loop=0,
    )
    width, height = (frames[0].get_size_inches() * DPI).astype(int).tolist()
    publish_display_data(
        {"image/png": buffer.getvalue(), "text/plain": f"Figure: {alt}"},
        {"image/png": {"alt": alt, "width": width, "height": height}},
    )


# --- 03: counts, staircases, receptive fields --------------------------------


def cell_arrays(
    arrays: Sequence[tuple[str, ArrayLike, str]], gap: float = 1.2
) -> Figure:
    """Draw small arrays side by side, centred, with a title above each.

    Parameters
    ----------
    arrays : sequence of (title, values, color)
        `values` has shape (H, W), NaN where no cell is; `color` is a role.
    gap : float
        Between arrays, in cells.

    Examples
    --------
    >>> fig = cell_arrays([("C", [[1, 2]], KERNEL), ("y", [[3]], OUTPUT)])
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['C', '1', '2', 'y', '3']
    """
    fig = new_figure()
    axes = cell_axes(fig)
    tallest = max(len(np.asarray(values)) for _, values, _ in arrays)
    left = 0.0
    for title, values, color in arrays:
        height, width = np.shape(values)
        top = (tallest - height) / 2
        frame = Rectangle((left, top), width, height, fc="none", ec=GREY)
        axes.add_patch(frame)
        middle = left + width / 2
        axes.text(middle, top - 0.25, title, ha="center", va="bottom")
        for (row, column), value in np.ndenumerate(values):
            if not np.isnan(value):
                draw_cells(axes, value, (left + column, top + row), color)
        left += width + gap
    axes.autoscale_view()
    return fig


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


# --- 02: a kernel meets a picture, borders -----------------------------------


def filtering(
    rows: Sequence[tuple[ArrayLike, ArrayLike, ArrayLike]],
    names: Sequence[str] = (),
    white: float = 255,
) -> Figure:
    """Draw pictures, the kernels that they meet, and what comes out.

    A kernel whose weights have a positive sum makes a picture: grey, from
    black at 0 to `white`, clipped beyond.  Any other takes differences:
    drawn in colour, with signs.

    Parameters
    ----------
    rows : sequence of (image, kernel, result)
        Of shapes (H, W), (K_h, K_w) and one that fits into the image; a
        pixel is as large in the result as in the image.
    names : sequence of str
        Of the kernels.
    white : float
        Brightness of white.

    Examples
    --------
    >>> image, kernel = np.diag([1, 2, 3]), np.array([[-1, 1]])
    >>> fig = filtering([(image, kernel, np.diff(image))], ["difference"])
    >>> fig.axes[2].images[0].get_clim()
    (-3.0, 3.0)
    """
    fig = new_figure(height=HEIGHT if len(rows) > 1 else 2.7)
    grid = fig.subplots(len(rows), 3, squeeze=False, width_ratios=[1, 0.7, 1])
    for place, (left, middle, right) in enumerate(grid):
        image, kernel, result = map(np.asarray, rows[place])
        left.imshow(image, cmap="gray", vmin=0, vmax=white)
        _draw_kernel(middle, kernel)
        if names:
            middle.set_title(names[place])
        limit = float(np.abs(result).max()) or 1.0
        drawn = _draw_answer(right, kernel, result, white, limit)
        if not _makes_picture(kernel):
            fig.colorbar(drawn, ax=right, ticks=[-limit, 0, limit])
        height, width = image.shape
        top, side = (height - len(result)) / 2, (width - result.shape[1]) / 2
        right.set(
            xlim=(-side - 0.5, width - side - 0.5),
            ylim=(height - top - 0.5, -top - 0.5),
        )
        for axes in (left, right):
            _frame(axes)
        for axes, sign, size in ((middle, "\u22c6", 32), (right, "=", 20)):
            where = dict(transform=axes.transAxes, ha="right", va="center")
            axes.text(-0.06, 0.5, sign, fontsize=size, **where)
    return fig


def answers(
    image: ArrayLike,
    cases: Mapping[str, tuple[ArrayLike, ArrayLike]],
    white: float = 255,
) -> Figure:
    """Draw a picture and what many kernels make of it, four in a row.

    Parameters
    ----------
    image : array_like, shape (H, W)
    cases : mapping of str to (kernel, result)
        Drawn as `filtering` draws them, the signed ones on one scale.
    white : float
        Brightness of white.

    Examples
    --------
    >>> image, kernel = np.diag([1, 2, 3]), np.array([[-1, 1]])
    >>> fig = answers(image, {"difference": (kernel, np.diff(image))})
    >>> [axes.get_title() for axes in fig.axes][:2]
    ['picture', 'difference']
    """
    signed = [np.abs(r) for k, r in cases.values() if not _makes_picture(k)]
    limit = float(max((r.max() for r in signed), default=0)) or 1.0
    rows = -(-(len(cases) + 1) // 4)
    fig = new_figure()
    fig.set_layout_engine("compressed")
    grid = fig.subplots(rows, 4, squeeze=False)
    grid.flat[0].imshow(image, cmap="gray", vmin=0, vmax=white)
    for axes, (kernel, result) in zip(grid.flat[1:], cases.values()):
        drawn = _draw_answer(axes, kernel, result, white, limit)
        if not _makes_picture(kernel):
            differences = drawn
    for axes, name in zip(grid.flat, ["picture", *cases]):
        axes.set_title(name)
        _frame(axes)
    for axes in grid.flat[len(cases) + 1 :]:
        axes.set_axis_off()
    if signed:
        fig.colorbar(differences, ax=grid, ticks=[-limit, 0, limit])
    return fig


def _makes_picture(kernel: ArrayLike) -> bool:
    """Say whether a result is brightness, not a difference."""
    return bool(np.sum(kernel) > 1e-9)


def _draw_answer(
    axes: Axes,
    kernel: ArrayLike,
    result: ArrayLike,
    white: float,
    limit: float,
) -> AxesImage:
    """Draw a result: grey if it is brightness, else with signs."""
    if _makes_picture(kernel):
        return axes.imshow(result, cmap="gray", vmin=0, vmax=white)
    return axes.imshow(result, cmap="RdBu", vmin=-limit, vmax=limit)


def _frame(axes: Axes) -> None:
    """Give a picture a thin frame and no ticks."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


def _draw_kernel(axes: Axes, kernel: NDArray) -> None:
    """Draw a kernel as cells, with fractions where the weights are some."""
    axes.set(aspect="equal")
    axes.set_axis_off()
    axes.invert_yaxis()
    draw_cells(axes, kernel, color=KERNEL, numbers=False)
    for (row, column), weight in np.ndenumerate(kernel):
        middle = (column + 0.5, row + 0.5)
        axes.text(*middle, _fraction(weight), ha="center", va="center")


def _fraction(value: float) -> str:
    """Return a number as a short fraction if it is one.

    >>> _fraction(-1 / 16), _fraction(0.123), _fraction(2.0)
    ('−1/16', '0.123', '2')
    """
    near = Fraction(float(value)).limit_denominator(64)
    text = str(near) if abs(near - value) < 1e-9 else f"{value:.3g}"
    return text.replace("-", "\u2212")


def borders(
    cases: Mapping[str, tuple[ArrayLike, ArrayLike]], white: float = 255
) -> Figure:
    """Draw what each padding invents and, below, what a filter makes of it.

    Parameters
    ----------
    cases : mapping of str to (padded, result)
        Grey pictures, black at 0; the result is as large as the picture
        was before padding, which a frame shows.
    white : float
        Brightness of white.

    Examples
    --------
    >>> fig = borders({"zeros": (np.eye(5), np.eye(3))})
    >>> fig.axes[0].patches[0].get_bbox().extents.tolist()
    [0.5, 0.5, 3.5, 3.5]
    """
    fig = new_figure()
    fig.set_layout_engine("compressed")
    grid = fig.subplots(2, len(cases), squeeze=False)
    for (name, pictures), column in zip(cases.items(), grid.T):
        for picture, axes in zip(pictures, column):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
            _frame(axes)
        (padded, result), axes = map(np.shape, pictures), column[0]
        top, left = (p - r for p, r in zip(padded, result))
        outline(axes, (left / 2 - 0.5, top / 2 - 0.5), result)
        axes.set_title(name)
    grid[0, 0].set_ylabel("padded")
    grid[1, 0].set_ylabel("filtered")
    return fig


# --- 01: a kernel that slides, rows of cells, matrices, signals --------------


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
        arrow = _ARROW | dict(color=GREY)
        axes.add_patch(FancyArrowPatch(start, end, **arrow))
        right = max(start[0], end[0]) + 0.3
        _place_text(axes, right, start[1] + 0.25, name, GREY, ha="left")
    for name, row in zip(names, rows):
        _place_text(axes, left - 0.4, row + 0.5, name, ha="right")
    _place_text(axes, left - 0.4, rows[3] + 1.3, "t", GREY, ha="right")
    for place in range(first, first + len(frames)):
        _place_text(axes, place + 0.5, rows[3] + 1.3, _number(place), GREY)
    for text in axes.texts:
        text.set_fontsize(18)
    axes.set(xlim=(left - 2.4, len(frames) + 0.1), ylim=(5.6, -0.1))
    fig.suptitle(f"t = {_number(t)}:   {_written(x, frame)}", fontsize=20)
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
        name = f"t = {_number(place + (0 if flip else left))}"
        _place_text(axes, left - 0.5, top + 1, name, ha="right")
        _place_text(axes, right + 0.5, top + 1, sums[row], ha="left")
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
    return f"{' + '.join(terms)} = {_number(frame.total)}"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\u2212")


def _factor(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _place_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    color: str = "black",
    ha: str = "center",
) -> None:
    axes.text(x, y, text, color=color, ha=ha, va="center")


def cell_rows(
    rows: Sequence[tuple[str, ArrayLike, int, str]],
    windows: Sequence[tuple[int, int, int]] = (),
    index: str = "",
    total: bool = False,
) -> Figure:
    """Draw signals as rows of cells below one another, a name before each.

    Parameters
    ----------
    rows : sequence of (name, values, start, color)
        `values` has shape (T,); `start` is the index of its first cell;
        `color` is a role.
    windows : sequence of (row, start, length)
        Cells to frame.
    index : str
        Name of the index, written above; no index is drawn without one.
    total : bool
        Rule off the last row: it is the sum of those above it.

    Examples
    --------
    >>> rows = [("x", [7], 0, INPUT), ("later", [7], 1, INPUT)]
    >>> [text.get_text() for text in cell_rows(rows, index="t").axes[0].texts]
    ['t', '0', '1', 'x', '7', 'later', '7']
    """
    first = min(start for _, _, start, _ in rows)
    last = max(start + len(values) for _, values, start, _ in rows)
    tops = [1.3 * row for row in range(len(rows))]
    tops[-1] += 0.4 * total
    fig = new_figure()
    axes = cell_axes(fig)
    if index:
        _place_text(axes, first - 0.4, -0.4, index, GREY, ha="right")
        for place in range(first, last):
            _place_text(axes, place + 0.5, -0.4, _number(place), GREY)
    for top, (name, values, start, color) in zip(tops, rows):
        _place_text(axes, first - 0.4, top + 0.5, name, ha="right")
        draw_cells(axes, values, (start, top), color)
    for row, start, length in windows:
        outline(axes, (start, tops[row]), (1, length))
    if total:
        axes.plot([first, last], [tops[-1] - 0.35] * 2, color="black", lw=2)
    for text in axes.texts:
        text.set_fontsize(18)
    # Seven characters of 18 pt take an inch.
    names = max(len(name) for name, *_ in rows) / 7
    height = tops[-1] + 2
    unit = min(HEIGHT / height, (WIDTH - names) / (last - first + 1))
    axes.set(xlim=(first - 0.6 - names / unit, last + 0.1))
    axes.set(ylim=(tops[-1] + 1.1, -0.8 if index else -0.1))
    return fig


def matrix_product(
    matrix: ArrayLike,
    x: ArrayLike,
    blank: ArrayLike | None = None,
    names: Sequence[str] = ("A", "x", "s"),
) -> Figure:
    """Draw a matrix, what it multiplies, and the product.

    Parameters
    ----------
    matrix : array_like, shape (M, N)
    x : array_like, shape (N,) or (N, L)
    blank : array_like of bool, shape (M, N), optional
        Entries that are 0 by structure: drawn empty.
    names : sequence of str
        Of the three.

    Examples
    --------
    >>> fig = matrix_product([[1, 0], [2, 1]], [3, 4])
    >>> [text.get_text() for text in fig.axes[0].texts][-2:]
    ['3', '10']
    """
    matrix, x = np.asarray(matrix, float), np.asarray(x, float)
    x = x[:, None] if x.ndim == 1 else x
    drawn = matrix if blank is None else np.where(blank, np.nan, matrix)
    parts = [(drawn, KERNEL), (x, INPUT), (matrix @ x, OUTPUT)]
    height = max(len(values) for values, _ in parts)
    fig = new_figure()
    axes = cell_axes(fig)
    left = 0.0
    for (values, color), name, sign in zip(parts, names, ["", "@", "="]):
        if sign:
            _place_text(axes, left + 0.6, height / 2, sign)
            left += 1.2
        top = (height - len(values)) / 2
        middle = left + values.shape[1] / 2
        _place_text(axes, middle, top - 0.45, name)
        draw_cells(axes, values, (left, top), color)
        left += values.shape[1]
    if height <= 6 and left <= 12:
        for text in axes.texts:
            text.set_fontsize(18)
    axes.set(xlim=(-0.1, left + 0.1), ylim=(height + 0.1, -0.8))
    return fig


def signal_panels(
    signals: Mapping[str, ArrayLike],
    kernels: Sequence[str] = (),
    marks: Sequence[float] = (),
    alike: Sequence[str] = (),
    xlabel: str = "sample",
) -> Figure:
    """Draw signals below one another over one time axis.

    Parameters
    ----------
    signals : mapping of str to array_like, shape (T,)
        Lengths may differ.  The first one that is no kernel is the input,
        the others are outputs.  Mostly zeros are drawn as stems.  A line
        marks 0, one tick a round value.
    kernels : sequence of str
        Names of those that are kernels.
    marks : sequence of float
        Where dashed lines go through all panels but those of kernels.
    alike : sequence of str
        Names of those that share one scale.
    xlabel : str

    Examples
    --------
    >>> fig = signal_panels({"x": [1, 2], "s": [0, 1, 2]})
    >>> [axes.lines[-1].get_color() for axes in fig.axes] == [INPUT, OUTPUT]
    True
    """
    fig = new_figure()
    rows = fig.subplots(len(signals), 1, sharex=True, squeeze=False)[:, 0]
    source = next(name for name in signals if name not in kernels)
    for axes, (name, values) in zip(rows, signals.items()):
        values = np.asarray(values, float)
        color = INPUT if name == source else OUTPUT
        color = KERNEL if name in kernels else color
        axes.axhline(0, color=GREY, lw=0.8)
        places = np.flatnonzero(values)
        if len(places) < len(values) / 10:
            axes.vlines(places, 0, values[places], color=color, lw=4)
        else:
            axes.plot(values, color=color, lw=2)
        for mark in () if name in kernels else marks:
            axes.axvline(mark, color="black", lw=1.5, ls=(0, (4, 3)), zorder=0)
        axes.set_title(name, loc="left", fontsize=14, pad=4)
        tick = _round_below(1.05 * np.abs(values).max())
        axes.set_yticks([tick], [_number(tick)])
        axes.margins(x=0.01, y=0.15)
    shared = [axes for axes, name in zip(rows, signals) if name in alike]
    for axes in shared[1:]:
        axes.sharey(shared[0])
    rows[-1].set_xlabel(xlabel)
    return fig


def _round_below(value: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, ... that is not above a value.

    >>> _round_below(30.8), _round_below(0.067), _round_below(5)
    (20.0, 0.05, 5.0)
    """
    power = 10.0 ** np.floor(np.log10(value)) if value else 0.0
    steps = power * np.array([0, 1, 2, 5])
    return float(steps[steps <= value].max())


# --- 04: pictures with frames, score maps, what breaks a template ------------


def picture(
    image: ArrayLike,
    boxes: Mapping[str, Sequence[int]] | None = None,
    title: str = "",
) -> Figure:
    """Draw a picture as large as a slide, with named frames in it.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W, 3)
    boxes : mapping of str to (row, column, height, width), optional
        In pixels.
    title : str

    Examples
    --------
    >>> fig = picture(np.zeros((9, 16, 3), np.uint8), {"here": (1, 2, 3, 4)})
    >>> fig.axes[0].patches[0].get_xy()
    (1.5, 0.5)
    """
    fig = new_figure()
    axes = fig.subplots()
    axes.imshow(image, interpolation="antialiased")
    axes.set_axis_off()
    for name, (row, column, height, width) in (boxes or {}).items():
        outline(axes, (column - 0.5, row - 0.5), (height, width), KERNEL)
        text = axes.text(column + width / 2, row - 12, name, ha="center")
        text.set_bbox(dict(fc="white", ec=KERNEL, pad=2))
    fig.suptitle(title)
    return fig


def score_maps(
    maps: Mapping[str, ArrayLike], truth: tuple[int, int]
) -> Figure:
    """Draw maps of scores side by side, each with its peak and the truth.

    Parameters
    ----------
    maps : mapping of str to array_like, shape (H, W)
        Large maps are shrunk: each pixel shows the best score of a block.
    truth : pair of int
        Row and column of the right place.

    Examples
    --------
    >>> fig = score_maps({"raw": [[0, 2], [1, 0]]}, (1, 0))
    >>> [line.get_label() for line in fig.axes[0].lines]
    ['peak', 'Waldo']
    """
    fig = new_figure()
    all_axes = fig.subplots(1, len(maps), squeeze=False)[0]
    for axes, (name, scores) in zip(all_axes, maps.items()):
        scores = np.asarray(scores)
        height, width = scores.shape
        # One pixel for the best of a block: peaks survive the shrinking.
        block = -(-height // 160)
        edges = [np.arange(0, n, block) for n in scores.shape]
        best = np.maximum.reduceat(scores, edges[0], axis=0)
        best = np.maximum.reduceat(best, edges[1], axis=1)
        drawn = axes.imshow(best, extent=(0, width, height, 0))
        peak = np.unravel_index(scores.argmax(), scores.shape)
        ring = dict(ls="", ms=16, mfc="none", mew=3)
        axes.plot(peak[1], peak[0], "o", color=KERNEL, label="peak", **ring)
        axes.plot(truth[1], truth[0], "wx", label="Waldo", **ring)
        axes.set(title=name, xticks=[], yticks=[])
        fig.colorbar(drawn, ax=axes, location="bottom", ticks=[0])
    marks = all_axes[0].get_legend_handles_labels()
    legend = fig.legend(*marks, loc="outside lower center", ncols=2)
    legend.get_frame().set(fc=GREY, alpha=0.6)
    legend.set_frame_on(True)
    return fig


def histogram(
    values: ArrayLike, marks: Mapping[str, float], xlabel: str
) -> Figure:
    """Draw how often each value occurs, in powers of ten, with some named.

    Parameters
    ----------
    values : array_like
    marks : mapping of str to float
        Values to point at.
    xlabel : str

    Examples
    --------
    >>> fig = histogram([0, 0, 1], {"top": 1}, "score")
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['top']
    """
    fig = new_figure()
    axes = fig.subplots()
    axes.hist(np.ravel(values), bins=100, color=OUTPUT, log=True)
    for place, (name, value) in enumerate(marks.items()):
        axes.annotate(
            name,
            (value, 1.5),
            xytext=(value, 30 * 10 ** (1 + place % 2)),
            ha="center",
            color=KERNEL,
            arrowprops=dict(arrowstyle="->", color=KERNEL, lw=2),
        )
    axes.set(xlabel=xlabel, ylabel="windows")
    return fig


def breaking(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], ylabel: str
) -> Figure:
    """Draw scores over the strength of some changes, side by side.

    Parameters
    ----------
    panels : mapping of str to (levels, scores, found)
        For each change: its strengths, the best scores, and whether the
        best place was the right one (a dot) or another (a cross).
    ylabel : str

    Examples
    --------
    >>> fig = breaking({"noise": ([0, 1], [1, 0.5], [True, False])}, "NCC")
    >>> [line.get_marker() for line in fig.axes[0].lines]
    ['None', 'o', 'x']
    """
    fig = new_figure()
    all_axes = fig.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, (levels, scores, found)) in zip(all_axes, panels.items()):
        levels, scores = np.asarray(levels), np.asarray(scores)
        found = np.asarray(found, bool)
        axes.plot(levels, scores, color=GREY, lw=1.5)
        style = dict(ls="", ms=10, mew=3)
        axes.plot(levels[found], scores[found], "o", color=OUTPUT, **style)
        axes.plot(levels[~found], scores[~found], "x", color=KERNEL, **style)
        axes.set(xlabel=name, ylim=(0, 1.05))
    all_axes[0].set_ylabel(ylabel)
    return fig
