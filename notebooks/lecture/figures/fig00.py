"""The drawings of notebook 00: connections, history, the series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers.checks import as_array, as_items, as_list, check_titles
from helpers.figures import (
    arrow,
    frame,
    new_figure,
    panels,
    place_text,
    sheet,
    weight_colors,
)
from helpers.figures.style import GREY, INPUT, OUTPUT, WINDOW


def connection_matrices(
    matrices: Mapping[str, ArrayLike],
    size: tuple[int, int],
    outputs: Sequence[int],
) -> Figure:
    """Draw which weight joins which pixel to which.

    Each matrix has shape (outputs, H * W) and holds the number of the weight
    from an input to an output, 0 where there is none; a weight has one
    colour, as `weight_colors` gives them.  Below it stand the
    rows of some `outputs`, folded back into pictures of `size` (H, W): what
    these outputs read, and through which weights.
    """
    named = as_items(matrices, "matrices", "(outputs, H * W)")
    fig = new_figure()
    grid = fig.add_gridspec(2, len(named), height_ratios=[2.4, 1])
    for column, (name, matrix) in enumerate(named):
        colors, count = weight_colors(matrix)
        axes = fig.add_subplot(grid[0, column])
        axes.imshow(colors)
        frame(axes, f"{name}: {count:,} weights")
        axes.set(yticks=outputs, xlabel="input pixel")
        axes.tick_params(axis="y", colors=OUTPUT, width=2, length=6)
        if column == 0:
            axes.set_ylabel("output pixel")
        below = grid[1, column].subgridspec(1, len(outputs))
        for place, row in enumerate(outputs):
            small = fig.add_subplot(below[place])
            small.imshow(colors[row].reshape(*size, 3))
            frame(small)
            small.set_title(f"output {row}", fontsize=14, color=OUTPUT)
            for edge in (row - 0.5, row + 0.5):
                axes.axhline(edge, color="black", linewidth=1)
    return fig


def masks(pictures: ArrayLike, titles: Sequence[str]) -> Figure:
    """Draw which pixels belong to a set: boolean pictures, (N, H, W)."""
    pictures = as_array(pictures, "pictures", "(N, H, W)")
    check_titles(titles, len(pictures), "titles")
    fig, all_axes = panels(len(pictures), columns=3)
    colors = ListedColormap(["white", INPUT])
    for picture, title, axes in zip(pictures, titles, all_axes):
        axes.imshow(picture, cmap=colors, vmin=0, vmax=1)
        frame(axes, title)
    return fig


def history_strip(events: Sequence[tuple[float, str, str]]) -> Figure:
    """Draw events as cards, above and below in turn, along a true time axis.

    An event is (year, name, text); they come in the order of their years,
    and `text` may have up to three lines.  Up to three cards stand side by
    side, each as wide as 20 letters.
    """
    events = as_list(events, "events", "[(year, name, text)]", 3)
    first, last = int(events[0][0]), int(events[-1][0])
    margin = 0.07 * (last - first)
    width = last - first + 2 * margin
    fig = new_figure()
    axes = fig.subplots()
    axes.set(xlim=(first - margin, last + margin), ylim=(-1, 1))
    axes.set_axis_off()
    arrow(axes, (first - margin, 0), (last + margin, 0), color=GREY)
    for decade in range(-(-first // 10) * 10, last + 1, 10):
        axes.plot([decade, decade], [-0.04, 0.04], color=GREY, linewidth=1.5)
        distances = [abs(decade - year) for year, _, _ in events]
        # On the side where the nearest event has no line.
        side = 1 if np.argmin(distances) % 2 else -1
        place_text(axes, decade, 0.13 * side, str(decade), GREY)
    line = 0.14  # the height of a line of text
    for place, (year, name, text) in enumerate(events):
        side = -1 if place % 2 else 1
        cards = events[place % 2 :: 2]
        x = first - margin + (place // 2 + 0.5) / len(cards) * width
        leader = side * np.array([0.4, 0.34, 0.16, 0])
        axes.plot([x, x, year, year], leader, color=GREY, linewidth=1.5)
        axes.plot(year, 0, "o", color=OUTPUT, markersize=9, zorder=3)
        top = 0.43 + line * (text.count("\n") + 2) if side > 0 else -0.43
        card = dict(ha="center", va="top")
        axes.text(x, top, f"{name}, {year}", weight="bold", **card)
        axes.text(x, top - line, text, **card)
    return fig


# The eleven notebooks as `series_map` takes them, and what each one needs.
SERIES = (
    ("00 why\nconvolve", "01 one\ndimension", "02 two\ndimensions",
     "03 stride,\npadding"),
    ("", "04 finding\nWaldo", "05 channels,\nmatrices",
     "06 back-\npropagation"),
    ("10 fast\nconvolution", "07 pooling", "08 LeNet\non MNIST",
     "09 depth,\nstructure"),
)  # fmt: skip
_NEEDS = "00>01 01>02 02>03 02>04 03>05 05>06 06>07 07>08 08>09 07>10"
SERIES_ARROWS = [tuple(arrow.split(">")) for arrow in _NEEDS.split()]


def series_map(
    rows: Sequence[Sequence[str]],
    arrows: Sequence[tuple[str, str]],
    here: str,
) -> Figure:
    """Draw which notebook needs which, as boxes with arrows.

    `rows` holds the boxes as they stand, "" for none; a box is known by its
    first word, its number.  An arrow leads from the number of what is needed
    to the number of what needs it.  `here` is the reader's notebook.
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
            place_text(axes, column, row - 0.17, number, weight="bold")
            place_text(axes, column, row + 0.09, title)
    for start, end in arrows:
        step = centres[end] - centres[start]
        side = np.array([step[0], 0]) if step[1] == 0 else step * [0, 1]
        side = np.sign(side) * box / 2
        ends = centres[start] + side, centres[end] - side
        arrow(axes, *ends, color="black")
    columns = max(map(len, rows))
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(len(rows) - 0.6, -0.4))
    return fig
