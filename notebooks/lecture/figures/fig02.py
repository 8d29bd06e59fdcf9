"""The drawings of notebook 02: a window slides, filters, borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_items, as_list, check_titles
from helpers.convolution import cross_correlate2d
from helpers.figures import (
    cell_axes,
    cell_panel,
    draw_cells,
    frame,
    new_figure,
    outline,
    panels,
    place_text,
    written,
)
from helpers.figures.style import HEIGHT, INPUT, KERNEL, OUTPUT

GREYS = dict(cmap="gray", vmin=0, vmax=255)


def window_frame(
    image: NDArray, kernel: NDArray, at: tuple[int, int]
) -> Figure:
    """Draw one window of a cross-correlation and the outputs up to it.

    `at` is (row, column) of the output that the window makes; its products
    and their sum stand below.
    """
    result = cross_correlate2d(image, kernel, mode="valid").astype(float)
    total = written(result[at])
    result.flat[np.ravel_multi_index(at, result.shape) + 1 :] = np.nan
    axes = cell_axes(new_figure())
    left = 0.0
    for title, values, color, lit in [
        ("image I", image, INPUT, (*at, *kernel.shape)),
        ("kernel K", kernel, KERNEL, None),
        ("I \u2605 K", result, OUTPUT, None),
    ]:
        draw_cells(axes, values, (left, 0), color, title, lit=lit)
        left += values.shape[1] + 1
    outline(axes, (left - 1 - result.shape[1] + at[1], at[0]), (1, 1))
    window = sliding_window_view(image, kernel.shape)[at]
    pairs = zip(window.flat, kernel.flat)
    products = " + ".join(f"{written(a)}·{written(b)}" for a, b in pairs)
    middle, below = (left - 1) / 2, len(image) + 0.7
    place_text(axes, middle, below, f"{products} = {total}", size=18)
    return axes.figure


def filtering(
    rows: Sequence[tuple[ArrayLike, ArrayLike, ArrayLike]],
    names: Sequence[str] = (),
) -> Figure:
    """Draw pictures, the kernels that they meet, and what comes out.

    A row is (image, kernel, result), of shapes (H, W), (K_h, K_w) and one
    that fits into the image; a pixel is as large in the result as in the
    image.  `names` are those of the kernels.  A kernel whose weights have a
    positive sum makes a picture: grey, black at 0, white at 255, clipped
    beyond.  Any other takes differences: drawn in colour, with signs.
    """
    rows = as_list(rows, "rows", "[(image, kernel, result)]", 3)
    if names:
        check_titles(names, len(rows), "names")
    height = HEIGHT if len(rows) > 1 else 2.7
    look = dict(width_ratios=[1, 0.7, 1])
    fig, all_axes = panels(3 * len(rows), 3, height, **look)
    for place, (image, kernel, result) in enumerate(rows):
        left, middle, right = all_axes[3 * place : 3 * place + 3]
        left.imshow(image, **GREYS)
        text = _fraction if np.shape(kernel)[1] < 9 else _or_nothing
        draw_cells(cell_panel(middle), kernel, color=KERNEL, text=text)
        if names:
            middle.set_title(names[place])
        limit = float(np.abs(result).max()) or 1.0
        drawn = _draw_answer(right, kernel, result, limit)
        if not _makes_picture(kernel):
            fig.colorbar(drawn, ax=right, ticks=[-limit, 0, limit])
        (height, width), (h, w) = np.shape(image), np.shape(result)
        top, side = (height - h) / 2, (width - w) / 2
        right.set_xlim(-side - 0.5, width - side - 0.5)
        right.set_ylim(height - top - 0.5, -top - 0.5)
        for axes in (left, right):
            frame(axes)
        for axes, sign, size in ((middle, "\u22c6", 32), (right, "=", 20)):
            where = dict(transform=axes.transAxes, ha="right", va="center")
            axes.text(-0.06, 0.5, sign, fontsize=size, **where)
    return fig


def answers(
    image: ArrayLike, cases: Mapping[str, tuple[ArrayLike, ArrayLike]]
) -> Figure:
    """Draw a picture and what many kernels make of it, four in a row.

    Each case is (kernel, result), drawn as `filtering` draws it, the signed
    ones on one scale.
    """
    named = as_items(cases, "cases")
    signed = [np.abs(r) for _, (k, r) in named if not _makes_picture(k)]
    limit = float(max((r.max() for r in signed), default=0)) or 1.0
    fig, all_axes = panels(1 + len(cases), columns=4, compressed=True)
    all_axes[0].imshow(image, **GREYS)
    frame(all_axes[0], "picture")
    for axes, (name, (kernel, result)) in zip(all_axes[1:], named):
        drawn = _draw_answer(axes, kernel, result, limit)
        frame(axes, name)
        if not _makes_picture(kernel):
            differences = drawn
    if signed:
        fig.colorbar(differences, ax=all_axes, ticks=[-limit, 0, limit])
    return fig


def borders(cases: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Draw what each padding invents and, below, what a filter makes of it.

    A case is (padded, result), grey pictures; the result is as large as the
    picture was before padding, which a frame shows.
    """
    count = len(named := as_items(cases, "cases"))
    fig, all_axes = panels(2 * count, count, compressed=True)
    for place, (name, pictures) in enumerate(named):
        above, below = all_axes[place], all_axes[place + count]
        for picture, axes in zip(pictures, (above, below)):
            axes.imshow(picture, **GREYS)
            frame(axes)
        padded, result = map(np.shape, pictures)
        top, left = (p - r for p, r in zip(padded, result))
        outline(above, (left / 2 - 0.5, top / 2 - 0.5), result)
        above.set_title(name)
    all_axes[0].set_ylabel("padded")
    all_axes[count].set_ylabel("filtered")
    return fig


def _makes_picture(kernel: ArrayLike) -> bool:
    """Say whether a result is brightness, not a difference."""
    return bool(np.sum(kernel) > 1e-9)


def _draw_answer(
    axes: Axes, kernel: ArrayLike, result: ArrayLike, limit: float
) -> AxesImage:
    """Draw a result: grey if it is brightness, else with signs."""
    if _makes_picture(kernel):
        return axes.imshow(result, **GREYS)
    return axes.imshow(result, cmap="RdBu", vmin=-limit, vmax=limit)


def _fraction(value: float) -> str:
    """Return a number as a short fraction if it is one: -1/16, 0.123, 2."""
    near = Fraction(float(value)).limit_denominator(64)
    if abs(near - value) < 1e-9:
        return str(near).replace("-", "\u2212")
    return written(value)


def _or_nothing(value: float) -> str:
    """Return a number for a narrow cell: nothing for 0."""
    return _fraction(value) if value else ""
