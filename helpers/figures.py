"""Every drawing of the series, in one visual language.

A function takes arrays or geometry and returns a matplotlib figure; `show`
displays it in a notebook.  `use_style` is called once, in the setup cell.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from helpers.networks import Sequential

# Okabe and Ito's colours, told apart by colour-blind readers, in fixed roles.
INPUT, KERNEL, OUTPUT, WINDOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "#666666"

WIDTH, HEIGHT, DPI = 8.0, 4.5, 100


def use_style() -> None:
    """Set matplotlib's defaults to those of the series."""
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
    """
    if not alt.strip():
        raise ValueError("alt must say what the figure shows")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=2 * DPI)
    width, height = (fig.get_size_inches() * DPI).astype(int).tolist()
    publish_display_data(
        {"image/png": buffer.getvalue(), "text/plain": f"Figure: {alt}"},
        {"image/png": {"alt": alt, "width": width, "height": height}},
    )


# --- Cells: small arrays with their numbers ---------------------------------


def cell_axes(fig: Figure) -> Axes:
    """Return axes for `draw_cells`: square units, y down, nothing else."""
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
    """Draw small grey pictures in rows, dark ink on light paper.

    Parameters
    ----------
    images : array_like, shape (N, H, W) or (N, 1, H, W)
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
    count = np.count_nonzero(weights)
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
) -> Figure:
    """Draw a photograph in grey and what a kernel makes of it, with signs.

    Parameters
    ----------
    picture : array_like, shape (H, W)
    response : array_like, shape (H_out, W_out)
    titles : pair of str
    limit : float, optional
        Responses beyond it have its colour; the largest one unless given.

    Examples
    --------
    >>> fig = picture_and_response(np.eye(3), np.diff(np.eye(3)), ("a", "b"))
    >>> fig.axes[1].images[0].get_clim()
    (-1.0, 1.0)
    """
    if limit is None:
        limit = float(np.abs(response).max()) or 1.0
    fig = new_figure()
    fig.set_layout_engine("compressed")
    left, right = fig.subplots(1, 2)
    left.imshow(picture, cmap="gray")
    drawn = right.imshow(response, cmap="RdBu", vmin=-limit, vmax=limit)
    for axes, title in zip((left, right), titles):
        axes.set_title(title)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    fig.colorbar(drawn, ax=[left, right], location="bottom", shrink=0.5)
    return fig


def cell_rows(
    rows: Sequence[tuple[str, ArrayLike, int, str]],
    windows: Sequence[tuple[int, int, int]] = (),
) -> Figure:
    """Draw signals one below the other, a name before each.

    Parameters
    ----------
    rows : sequence of (name, values, start, color)
        `values` has shape (T,); `start` is the column of its first cell;
        `color` is a role.
    windows : sequence of (row, start, length)
        Cells to frame.

    Examples
    --------
    >>> fig = cell_rows([("x", [1, 2], 0, INPUT), ("k", [3], 1, KERNEL)])
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['x', '1', '2', 'k', '3']
    """
    fig = new_figure()
    axes = cell_axes(fig)
    longest = max(len(name) for name, *_ in rows)
    axes.plot(-0.4 - 0.2 * longest, 0.5)  # keeps room for the names
    for place, (name, values, start, color) in enumerate(rows):
        top = 1.4 * place
        axes.text(-0.4, top + 0.5, name, ha="right", va="center")
        draw_cells(axes, values, (start, top), color)
    for row, start, length in windows:
        outline(axes, (start, 1.4 * row), (1, length))
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
    >>> [round(line.get_xdata()[-1]) for line in fig.axes[0].lines[::2]]
    [1980, 1989]
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
        label = axes.text(decade, -0.15, decade, color=GREY, zorder=4)
        label.set(ha="center", va="center")
        label.set_bbox(dict(fc="white", ec="none", pad=1))
    for place, (year, name, text) in enumerate(events):
        side = -1 if place % 2 else 1
        cards = events[place % 2 :: 2]
        x = first - margin + (place // 2 + 0.5) / len(cards) * width
        leader = [side * 0.4, side * 0.32, 0]
        axes.plot([x, x, year], leader, "-", color=GREY, linewidth=1.5)
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
