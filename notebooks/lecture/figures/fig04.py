"""The drawings of notebook 04: the scene, and the scores of templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from helpers.checks import as_array, as_items
from helpers.figures import new_figure, outline, panels
from helpers.figures.style import GREY, KERNEL, OUTPUT


def picture(
    image: ArrayLike, boxes: Mapping[str, Sequence[int]] | None = None
) -> Figure:
    """Draw a picture, (H, W, 3), as large as a slide, named frames in it.

    A box is (row, column, height, width) in pixels.
    """
    image = as_array(image, "image", "(H, W, 3)")
    fig = new_figure()
    axes = fig.subplots()
    axes.imshow(image, interpolation="antialiased")
    axes.set_axis_off()
    for name, (row, column, height, width) in (boxes or {}).items():
        outline(axes, (column - 0.5, row - 0.5), (height, width), KERNEL)
        text = axes.text(column + width / 2, row - 12, name, ha="center")
        text.set_bbox(dict(fc="white", ec=KERNEL, pad=2))
    return fig


def wanted(image: ArrayLike, template: ArrayLike) -> Figure:
    """Draw a picture and, beside it, what to look for in it."""
    fig = new_figure()
    left, right = fig.subplots(1, 2, width_ratios=[5, 1])
    for axes, pixels in ((left, image), (right, template)):
        axes.imshow(pixels)
        axes.set_axis_off()
    right.set_title("look for")
    return fig


def score_maps(
    maps: Mapping[str, ArrayLike], truth: tuple[int, int]
) -> Figure:
    """Draw three maps of scores, (H, W), each with its peak and the truth.

    Large maps are shrunk: each pixel shows the best score of a block.
    """
    named = as_items(maps, "maps", "(H, W)")
    fig, (*all_axes, rest) = panels(4, 2)
    for axes, (name, scores) in zip(all_axes, named, strict=True):
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
        fig.colorbar(drawn, ax=axes, ticks=MaxNLocator(4))
    look = dict(loc="center", frameon=True, facecolor=GREY)
    marks = all_axes[0].get_legend_handles_labels()
    rest.legend(*marks, labelcolor="white", **look)
    rest.set_axis_off()
    return fig


def histogram(
    values: ArrayLike, marks: Mapping[str, float], xlabel: str
) -> Figure:
    """Draw how often each value occurs, in powers of ten, `marks` named.

    Names stand above their bars, to the left: give the lowest value first.
    """
    fig = new_figure()
    axes = fig.subplots()
    counts, edges, _ = axes.hist(
        np.ravel(values), bins=100, color=OUTPUT, log=True
    )
    look = dict(arrowstyle="->", color=KERNEL, lw=2, relpos=(1, 0))
    for place, (name, value) in enumerate(marks.items()):
        bar = min(np.searchsorted(edges, value, "right"), len(counts)) - 1
        axes.annotate(
            name,
            (value, 1.3 * counts[bar]),
            xytext=(0, 40 + 25 * place),
            textcoords="offset points",
            ha="right",
            color=KERNEL,
            arrowprops=look,
        )
    axes.set(xlabel=xlabel, ylabel="windows", ylim=(0.5, 50 * counts.max()))
    return fig


def breaking(
    changes: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], ylabel: str
) -> Figure:
    """Draw scores over the strength of some changes, side by side.

    Each is (levels, scores, found): its strengths, the best scores, and
    whether the best place was the right one (a dot) or another (a cross).
    """
    named = as_items(changes, "changes")
    fig, all_axes = panels(len(named), sharey=True)
    for axes, (name, columns) in zip(all_axes, named):
        levels, scores = map(np.asarray, columns[:2])
        found = np.asarray(columns[2], bool)
        axes.plot(levels, scores, color=GREY, lw=1.5)
        style = dict(ls="", ms=10, mew=3)
        for mark, color, name_of, kind in (
            ("o", OUTPUT, "Waldo", found),
            ("x", KERNEL, "somebody else", ~found),
        ):
            points = levels[kind], scores[kind]
            axes.plot(*points, mark, color=color, label=name_of, **style)
        axes.set(xlabel=name, ylim=(0, 1.05))
    all_axes[0].set_ylabel(ylabel)
    all_axes[-1].legend(loc="lower center", handletextpad=0)
    return fig
