"""Small arrays as cells with their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.checks import as_array, as_list, as_numbers
from helpers.figures.style import (
    GREY,
    HEIGHT,
    INPUT,
    KERNEL,
    OUTPUT,
    WIDTH,
    WINDOW,
    light,
    new_figure,
)


def cell_axes(fig: Figure) -> Axes:
    """Return axes for cells that fill a figure: one unit is one cell."""
    return cell_panel(fig.subplots())


def cell_panel(axes: Axes) -> Axes:
    """Prepare axes for cells: square units, y down, nothing else."""
    axes.set(aspect="equal")
    axes.set_axis_off()
    axes.invert_yaxis()
    return axes


def sheet(
    x: float, y: float, width: float, height: float, color: str
) -> Rectangle:
    """Return a rectangle filled with a light tint of the colour of its edge.

    (x, y) is the corner with the smallest coordinates.
    """
    look = dict(fc=light(color), ec=color, lw=0.8)
    return Rectangle((x, y), width, height, **look)


def written(value: float) -> str:
    """Return a number as figures write it: three digits, a true minus."""
    return f"{value:.3g}".replace("-", "\u2212")


def in_full(value: float) -> str:
    """Return a number with up to six digits: 111111 is not 1.11e+05."""
    return f"{value:.6g}".replace("-", "\u2212")


def place_text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    color: str = "black",
    ha: str = "center",
    **font: object,
) -> None:
    """Write text with its middle at a height of `y`."""
    axes.text(x, y, text, color=color, ha=ha, va="center", **font)


def outline(
    axes: Axes,
    at: tuple[float, float],
    shape: tuple[int, int],
    color: str = WINDOW,
    width: float = 4,
) -> None:
    """Draw a frame around cells: the current window.

    `at` is (left, top), `shape` (height, width) in cells, `width` in points.
    """
    height, wide = shape
    look = dict(fc="none", ec=color, lw=width, zorder=3)
    axes.add_patch(Rectangle(at, wide, height, **look))


def draw_cells(
    axes: Axes,
    values: ArrayLike,
    at: tuple[float, float] = (0, 0),
    color: str = INPUT,
    title: str = "",
    text: Callable[[float], str] | None = written,
    lit: tuple[int, int, int, int] | None = None,
) -> list[Rectangle]:
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
    title : str
        Above the cells.
    text : callable, optional
        How a number is written; None leaves the cells empty.
    lit : (row, column, height, width), optional
        The window that stands out; numbers outside it are grey.

    Returns
    -------
    list of Rectangle
        The cells, row by row.
    """
    values = np.atleast_2d(as_numbers(values, "values").astype(float))
    values = as_array(values, "values", "(H, W)")
    left, top = at
    if title:
        middle = left + values.shape[1] / 2
        axes.text(middle, top - 0.25, title, ha="center", va="bottom")
    row, column, height, width = lit or (0, 0, 0, 0)
    cells = []
    for (y, x), value in np.ndenumerate(values):
        cell = axes.add_patch(sheet(left + x, top + y, 1, 1, color))
        cells.append(cell)
        font = dict(color=GREY) if lit else {}
        if row <= y < row + height and column <= x < column + width:
            cell.set(fc=WINDOW)
            font = dict(weight="bold")
        if np.isnan(value):
            cell.set(fc="none", ec=GREY, ls=":")
        elif text:
            place_text(
                axes, left + x + 0.5, top + y + 0.5, text(value), **font
            )
    if lit:
        outline(axes, (left + column, top + row), lit[2:], "black", 2)
    axes.autoscale_view()
    return cells


def cell_arrays(
    arrays: Sequence[tuple[str, ArrayLike, str]], gap: float = 1.2
) -> Figure:
    """Draw small arrays side by side, centred, with a title above each.

    An array is (title, values, color): values of shape (H, W), NaN where no
    cell is, and the colour of a role.  `gap` lies between them, in cells.
    """
    arrays = as_list(arrays, "arrays", "[(title, values, color)]", 3)
    for title, values, _ in arrays:
        as_array(values, f"values of {title!r}", "(H, W)")
    fig = new_figure()
    axes = cell_axes(fig)
    tallest = max(len(values) for _, values, _ in arrays)
    left = 0.0
    for title, values, color in arrays:
        height, width = np.shape(values)
        at = left, (tallest - height) / 2
        axes.add_patch(Rectangle(at, width, height, fc="none", ec=GREY))
        cells = draw_cells(axes, values, at, color, title)
        for cell, value in zip(cells, np.ravel(values)):
            cell.set_visible(not np.isnan(value))
        left += width + gap
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
    """
    rows = as_list(rows, "rows", "[(name, values, start, color)]", 4)
    for name, values, *_ in rows:
        as_array(values, f"values of {name!r}", "(T)")
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
    unit = min(HEIGHT / (tops[-1] + 2), (WIDTH - names) / (last - first + 1))
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

    `matrix` has shape (M, N), `x` (N,) or (N, L).  Where `blank`, (M, N),
    holds, entries are 0 by structure: drawn empty.
    """
    matrix = as_array(matrix, "matrix", "(M, N)").astype(float)
    x = as_numbers(x, "x").astype(float)
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
        place_text(axes, left + values.shape[1] / 2, top - 0.45, name)
        draw_cells(axes, values, (left, top), color)
        left += values.shape[1]
    if height <= 6 and left <= 12:
        for text in axes.texts:
            text.set_fontsize(18)
    axes.set(xlim=(-0.1, left + 0.1), ylim=(height + 0.1, -0.8))
    return fig
