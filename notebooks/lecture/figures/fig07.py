"""The drawings of notebook 07: pictures that move, pooling both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from helpers.checks import as_items, check_titles
from helpers.figures import (
    arrow,
    cell_axes,
    draw_cells,
    frame,
    new_figure,
    panels,
    place_text,
)
from helpers.figures.style import GREY, INPUT, KERNEL, OUTPUT, WINDOW


def picture_rows(
    rows: Mapping[str, Sequence[NDArray]], titles: Sequence[str], mark: float
) -> Figure:
    """Draw rows of small grey pictures in frames, a name before each row.

    A picture has shape (1, H, W), dark ink on light paper; all are drawn
    equally large.  The titles stand above the first row.  At `mark`, a share
    of the width, a dashed line crosses all pictures: beside it, small moves
    are seen.
    """
    named = as_items(rows, "rows")
    check_titles(titles, max(len(images) for _, images in named), "titles")
    fig, all_axes = panels(len(named) * len(titles), len(titles))
    grid = np.reshape(all_axes, (len(named), len(titles)))
    for (name, images), line in zip(named, grid):
        for (image,), axes in zip(images, line):
            axes.imshow(image, cmap="Greys", vmin=0, vmax=image.max())
            place = mark * image.shape[1] - 0.5
            axes.axvline(place, color=KERNEL, lw=2, ls=(0, (4, 3)))
            frame(axes)
        line[0].set_ylabel(name)
    for axes, title in zip(grid[0], titles):
        axes.set_title(title)
    return fig


def pool_passes(
    x: NDArray,
    y: NDArray,
    gradient: NDArray,
    dx: NDArray,
    kernel_size: int,
    stride: int | None = None,
) -> Figure:
    """Draw a max pooling layer forward, above, and backward, below.

    `y` is the output for `x`, `dx` the gradient by `x` for that by `y`.
    The cells that get a gradient stand out in `x` and in `dx`, and each
    window has a frame; `stride` is `kernel_size` unless given.
    """
    stride = stride or kernel_size
    (height, width), right = x.shape, x.shape[1] + 3.0
    down = (height - len(y)) / 2
    axes = cell_axes(new_figure())
    for top, ins, outs, names, word in [
        (0.0, x, y, ("x", "y"), "max"),
        (height + 1.2, dx, gradient, ("gradient by x", "gradient by y"), ""),
    ]:
        draw_cells(axes, ins, (0, top), INPUT, names[0])
        for row, column in np.argwhere(dx):
            look = dict(fc=WINDOW, ec=WINDOW, lw=0.8, zorder=1.5)
            axes.add_patch(Rectangle((column, top + row), 1, 1, **look))
        for i, j in np.ndindex(y.shape):
            look = _window_look(i * y.shape[1] + j, stride < kernel_size)
            corner = stride * j, top + stride * i
            _frame_cells(axes, corner, kernel_size, **look)
            if stride < kernel_size:
                corner = right + j, top + down + i
                _frame_cells(axes, corner, 1, **look | dict(inset=0.06))
        draw_cells(axes, outs, (right, top + down), OUTPUT, names[1])
        middle = top + height / 2
        ends = (width + 0.5, middle), (right - 0.5, middle)
        arrow(axes, *(ends if word else ends[::-1]), color=GREY)
        where = (width + right) / 2, middle - 0.45
        place_text(axes, *where, word or "back", GREY)
    axes.autoscale_view()
    return axes.figure


def _window_look(place: int, overlap: bool) -> dict:
    """Return how a window is framed: those that overlap are told apart."""
    near = place % 4 if overlap else 0
    color = ("black", KERNEL, "#7B3294", INPUT)[near]
    style = ("-", "--", ":", "-.")[near]
    return dict(inset=(0, 0.08, 0.16, 0.22)[near], ec=color, ls=style)


def _frame_cells(
    axes: Axes,
    at: tuple[float, float],
    size: int,
    inset: float,
    **look: object,
) -> None:
    """Draw the frame of a window, a little inside its cells."""
    corner, side = np.add(at, inset), size - 2 * inset
    look |= dict(fc="none", lw=2.5, zorder=3)
    axes.add_patch(Rectangle(corner, side, side, **look))
