"""Drawings that several notebooks share: curves, bars, pictures, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from helpers.figures.style import GREY, OUTPUT, frame, new_figure


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
            frame(axes)
        if titles is not None:
            axes.set_title(titles[place], fontsize=14)
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
