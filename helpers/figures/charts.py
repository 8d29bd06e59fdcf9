"""Drawings that several notebooks share: curves, bars, pictures, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_array, as_items, as_numbers, check_titles
from helpers.figures.cells import place_text
from helpers.figures.style import GREY, OUTPUT, frame, new_figure, panels


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
    """
    drawn = [
        (name, as_array(np.atleast_2d(line), f"lines[{name!r}]", "(seeds, T)"))
        for name, line in as_items(lines, "lines")
    ]
    fig = new_figure()
    axes = fig.subplots()
    for style, (name, values) in zip(["-", "--", "-.", ":"], drawn):
        steps = np.arange(1, values.shape[1] + 1) if x is None else x
        (line,) = axes.plot(steps, values.mean(axis=0), style, label=name)
        if len(values) > 1:
            band = dict(color=line.get_color(), alpha=0.2, linewidth=0)
            axes.fill_between(steps, values.min(0), values.max(0), **band)
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
    values: Mapping[str, float], xlabel: str, highlight: str, form: str
) -> Figure:
    """Draw named numbers as horizontal bars, the first one on top.

    `highlight` names the bar that is ours; `form`, as "{:.2f}", is how a
    number is written at the end of its bar.
    """
    as_items(values, "values")
    fig = new_figure()
    axes = fig.subplots()
    colors = [OUTPUT if name == highlight else GREY for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colors)
    axes.bar_label(drawn, [form.format(v) for v in values.values()], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(xlabel)
    return fig


def image_grid(
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    columns: int = 10,
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
    frames : bool
        Whether to show where each picture ends.
    """
    images = as_numbers(images, "images")
    if images.ndim < 2:
        raise ValueError(
            f"images must have axes (N, H, W), not shape {images.shape}"
        )
    if images.shape[-1] != 3:
        images = images.reshape(-1, *images.shape[-2:])
    if titles is not None:
        check_titles(titles, len(images), "titles")
    fig, all_axes = panels(len(images), columns)
    for place, (image, axes) in enumerate(zip(images, all_axes)):
        axes.imshow(image, cmap="Greys")
        if frames:
            frame(axes)
        else:
            axes.set_axis_off()
        if titles is not None:
            axes.set_title(titles[place], fontsize=14)
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
    """
    picture = as_array(picture, "picture", "(H, W)")
    response = as_array(response, "response", "(H_out, W_out)")
    check_titles(titles, 2, "titles")
    largest = float(np.abs(response).max()) or 1.0
    limit = largest if limit is None else limit
    fig, (left, right) = panels(2, compressed=True)
    left.imshow(picture, cmap="gray")
    drawn = right.imshow(response, cmap="RdBu", vmin=-limit, vmax=limit)
    for axes, title in zip((left, right), titles):
        frame(axes, title)
    bar = dict(location="bottom", label=label, shrink=0.5, aspect=30)
    bar["extend"] = "both" if limit < largest else "neither"
    fig.colorbar(drawn, ax=[left, right], **bar)
    return fig


def count_maps(maps: Mapping[str, ArrayLike], title: str) -> Figure:
    """Draw arrays of counts, (H, W), on one scale, with their numbers."""
    drawn = as_items(maps, "maps", "(H, W)")
    most = max(int(np.max(counts)) for _, counts in drawn)
    fig, all_axes = panels(len(drawn))
    for axes, (name, counts) in zip(all_axes, drawn):
        axes.imshow(counts, vmin=0, vmax=most)
        for (row, column), count in np.ndenumerate(counts):
            color = "black" if count > 0.5 * most else "white"
            place_text(axes, column, row, str(count), color)
        axes.set_title(name)
        axes.set_axis_off()
    fig.suptitle(title)
    return fig


def weight_colors(matrix: ArrayLike) -> tuple[NDArray, int]:
    """Return a colour for each weight of a matrix, and their number.

    `matrix`, (M, N), holds numbers of weights, 0 where there is none; the
    colours, (M, N, 3), are white there.
    """
    matrix = np.asarray(matrix)
    weights, index = np.unique(matrix, return_inverse=True)
    count = int(np.count_nonzero(weights))
    # Neighbouring numbers get distant colours, which differ in grey too.
    shades = np.random.default_rng(3).permutation(np.linspace(0, 0.95, count))
    colors = np.ones((len(weights), 3))
    colors[weights != 0] = mpl.colormaps["viridis"](shades)[:, :3]
    return colors[index.reshape(matrix.shape)], count
