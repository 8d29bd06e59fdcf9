"""Every drawing of the series, in one visual language.

A function takes arrays or geometry and returns a matplotlib figure; `show`
displays it in a notebook.  `use_style` is called once, in the setup cell.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction

import matplotlib as mpl
import numpy as np
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray
from PIL import Image

# Okabe and Ito's colours, told apart by colour-blind readers, in fixed roles.
INPUT, KERNEL, OUTPUT, WINDOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "#666666"

WIDTH, HEIGHT, DPI = 8.0, 4.5, 100
ARROW = dict(arrowstyle="->", color=KERNEL, mutation_scale=16, linewidth=2)


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


# --- Cells: small arrays with their numbers ----------------------------------


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
        cell = sheet(left + column, top + row, 1, 1, color)
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
        place_text(axes, first - 0.4, -0.4, index, GREY, ha="right")
        for place in range(first, last):
            place_text(axes, place + 0.5, -0.4, written(place), GREY)
    for top, (name, values, start, color) in zip(tops, rows):
        place_text(axes, first - 0.4, top + 0.5, name, ha="right")
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
            place_text(axes, left + 0.6, height / 2, sign)
            left += 1.2
        top = (height - len(values)) / 2
        middle = left + values.shape[1] / 2
        place_text(axes, middle, top - 0.45, name)
        draw_cells(axes, values, (left, top), color)
        left += values.shape[1]
    if height <= 6 and left <= 12:
        for text in axes.texts:
            text.set_fontsize(18)
    axes.set(xlim=(-0.1, left + 0.1), ylim=(height + 0.1, -0.8))
    return fig


# --- Parts of drawings -------------------------------------------------------


def sheet(
    x: float, y: float, width: float, height: float, color: str
) -> Rectangle:
    """Return a rectangle filled with a light tint of the colour of its edge.

    Parameters
    ----------
    x, y : float
        The corner with the smallest coordinates.
    width, height : float
    color : str
        A role: INPUT, KERNEL, OUTPUT or WINDOW.

    Examples
    --------
    >>> sheet(0, 0, 2, 1, OUTPUT).get_bbox().size.tolist()
    [2.0, 1.0]
    """
    light = tuple(0.75 + 0.25 * part for part in to_rgb(color))
    return Rectangle((x, y), width, height, fc=light, ec=color, lw=0.8)


def written(value: float) -> str:
    """Return a number as figures write it: three digits, a true minus.

    Examples
    --------
    >>> written(-2 / 3), written(4.0)
    ('−0.667', '4')
    """
    return f"{value:.3g}".replace("-", "\u2212")


def place_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    color: str = "black",
    ha: str = "center",
) -> None:
    """Write text with its middle at a height of `y`.

    Parameters
    ----------
    axes : Axes
    x, y : float
        In the units of the axes.
    text : str
    color : str
    ha : {"left", "center", "right"}
        What stands at `x`.

    Examples
    --------
    >>> place_text(cell_axes(new_figure()), 0, 0, "t = 0")
    """
    axes.text(x, y, text, color=color, ha=ha, va="center")


# --- Pictures, maps and kernels ----------------------------------------------


def image_grid(
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    title: str = "",
    frames: bool = False,
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
    frames : bool
        Whether to show where each picture ends.

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
        if frames:
            axes.axis("on")
            _frame(axes)
        if titles is not None:
            axes.set_title(titles[place], fontsize=14)
    fig.suptitle(title)
    return fig


def picture_rows(
    rows: Mapping[str, ArrayLike],
    titles: Sequence[str] = (),
    mark: float | None = None,
) -> Figure:
    """Draw rows of small grey pictures in frames, a name before each row.

    Parameters
    ----------
    rows : mapping of str to array_like, shape (N, H, W) or (N, 1, H, W)
        Dark ink on light paper; sizes may differ between rows, which are
        drawn equally large.
    titles : sequence of str
        Above the pictures of the first row.
    mark : float, optional
        Where a dashed line crosses all pictures, as a share of their width:
        beside it, small moves are seen.

    Examples
    --------
    >>> fig = picture_rows({"a": np.eye(3)[None]}, ["one"], mark=0.5)
    >>> fig.axes[0].get_title(), fig.axes[0].lines[0].get_xdata()[0]
    ('one', 1.0)
    """
    fig = new_figure()
    columns = max(len(np.asarray(images)) for images in rows.values())
    grid = fig.subplots(len(rows), columns, squeeze=False)
    for (name, images), line in zip(rows.items(), grid):
        images = np.asarray(images)
        images = images.reshape(-1, *images.shape[-2:])
        for image, axes in zip(images, line):
            axes.imshow(image, cmap="Greys", vmin=0, vmax=images.max())
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
            if mark is not None:
                place = mark * image.shape[1] - 0.5
                axes.axvline(place, color=KERNEL, lw=2, ls=(0, (4, 3)))
        line[0].set_ylabel(name)
    for axes, title in zip(grid[0], titles):
        axes.set_title(title)
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


def signed_maps(
    maps: Mapping[str, ArrayLike], label: str = "weight"
) -> Figure:
    """Draw arrays side by side, each with its name, on one signed scale.

    Parameters
    ----------
    maps : mapping of str to array_like, shape (H, W)
    label : str
        What the numbers are.

    Examples
    --------
    >>> fig = signed_maps({"before": np.eye(2), "after": -2 * np.eye(2)})
    >>> fig.axes[0].images[0].get_clim()
    (-2.0, 2.0)
    """
    limit = max(float(np.abs(values).max()) for values in maps.values())
    fig = new_figure(height=3.2)
    fig.set_layout_engine("compressed")
    all_axes = fig.subplots(1, len(maps), squeeze=False)[0]
    for axes, (name, values) in zip(all_axes, maps.items()):
        drawn = axes.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_title(name)
        _frame(axes)
    where = dict(location="bottom", shrink=0.5, aspect=30)
    fig.colorbar(drawn, ax=all_axes, label=label, **where)
    return fig


def feature_maps(
    stages: Mapping[str, ArrayLike],
    probabilities: ArrayLike,
    title: str = "",
    drawn: ArrayLike | None = None,
) -> Figure:
    """Draw what each stage of a network makes of one picture.

    Parameters
    ----------
    stages : mapping of str to array_like, shape (C, H, W)
        A name and its maps; the input first, in grey.
    probabilities : array_like, shape (classes,)
    title : str
    drawn : array_like, shape (H, W), optional
        The picture that the input was prepared from, to draw above it.

    Examples
    --------
    >>> maps = {"input": np.zeros((1, 8, 8)), "conv": np.zeros((6, 8, 8))}
    >>> fig = feature_maps(maps, np.full(10, 0.1))
    """
    (first, picture), *rest = stages.items()
    fig = new_figure()
    left, middle, right = fig.subfigures(1, 3, width_ratios=[1, 3.2, 1.2])
    shown = {first: np.asarray(picture)[0]}
    if drawn is not None:
        shown = {"drawn": drawn} | shown
    above = left.subplots(len(shown), 1, squeeze=False)[:, 0]
    for axes, (name, image) in zip(above, shown.items()):
        axes.imshow(image, cmap="Greys")
        axes.set_title(name)
        _frame(axes)
    heights = [-(-len(np.asarray(maps)) // 8) for _, maps in rest]
    below = dict(squeeze=False, height_ratios=heights)
    rows = middle.subplots(len(rest), 1, **below)[:, 0] if rest else []
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


# --- A kernel meets a picture, borders ---------------------------------------


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


# --- Curves, bars, signals ---------------------------------------------------


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


def by_size(
    families: Mapping[str, tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    ylim: tuple[float, float],
) -> Figure:
    """Draw a result over the size of networks, each family with its band.

    Parameters
    ----------
    families : mapping of str to pair of array_like
        Sizes, shape (T,), and results, shape (seeds, T); the sizes of one
        family need not be those of another.  The mean is drawn, and a band
        from the smallest to the largest.
    xlabel, ylabel : str
    ylim : pair of float

    Examples
    --------
    >>> results = {"dense": ([100, 1000], [[9, 7], [8, 7], [7, 1]])}
    >>> fig = by_size(results, "parameters", "test error (%)", (0, 10))
    >>> fig.axes[0].lines[0].get_ydata().tolist()
    [8.0, 5.0]
    """
    fig = new_figure()
    axes = fig.subplots()
    looks = [("o", "--"), ("s", "-"), ("^", "--"), ("D", "-")]
    named = zip(looks, families.items())
    for (marker, style), (name, (sizes, values)) in named:
        values = np.atleast_2d(values)
        look = dict(marker=marker, linestyle=style, markersize=8)
        (line,) = axes.plot(sizes, values.mean(axis=0), label=name, **look)
        band = dict(color=line.get_color(), alpha=0.2, linewidth=0)
        axes.fill_between(sizes, values.min(0), values.max(0), **band)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log", ylim=ylim)
    fig.legend(loc="outside upper center", ncols=2)
    return fig


def ranges(
    results: Mapping[str, Mapping[str, ArrayLike]],
    xlabel: str,
    xlim: tuple[float, float] | None = None,
) -> Figure:
    """Draw every single result, and a bar from the least to the largest.

    Parameters
    ----------
    results : mapping of str to mapping of str to array_like, shape (seeds,)
        For each row, from the top, up to three conditions by name.
    xlabel : str
    xlim : pair of float, optional

    Examples
    --------
    >>> fig = ranges({"dense": {"in order": [25, 27, 26]}}, "error (%)")
    >>> fig.axes[0].lines[1].get_xdata().tolist()
    [25, 27, 26]
    """
    fig = new_figure()
    axes = fig.subplots()
    conditions = list(next(iter(results.values())))
    looks = list(zip([INPUT, KERNEL, OUTPUT], "oDs"))
    for row, found in enumerate(results.values()):
        for place, (name, (color, marker)) in enumerate(
            zip(conditions, looks)
        ):
            values = np.asarray(found[name])
            y = np.full(len(values), row + 0.3 * place)
            band = dict(color=color, alpha=0.3, linewidth=9)
            band["solid_capstyle"] = "butt"
            axes.plot([values.min(), values.max()], y[:2], **band)
            look = dict(color=color, linestyle="", markersize=8, alpha=0.8)
            label = "" if row else name
            axes.plot(values, y, marker, label=label, **look)
    middle = 0.15 * (len(conditions) - 1)
    axes.set_yticks(np.arange(len(results)) + middle, list(results))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel=xlabel, xlim=xlim)
    fig.legend(loc="outside upper center", ncols=3)
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
        axes.set_yticks([tick], [written(tick)])
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


# --- Scores of templates -----------------------------------------------------


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
