"""The drawings of notebook 04: the scene, and the scores of templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
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


def score_maps(
    maps: Mapping[str, ArrayLike], truth: tuple[int, int]
) -> Figure:
    """Draw maps of scores, (H, W), each with its peak and the right place.

    Large maps are shrunk: each pixel shows the best score of a block.
    """
    named = as_items(maps, "maps", "(H, W)")
    fig, all_axes = panels(len(named))
    for axes, (name, scores) in zip(all_axes, named):
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
    """Draw how often each value occurs, in powers of ten, `marks` named."""
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
        axes.plot(levels[found], scores[found], "o", color=OUTPUT, **style)
        axes.plot(levels[~found], scores[~found], "x", color=KERNEL, **style)
        axes.set(xlabel=name, ylim=(0, 1.05))
    all_axes[0].set_ylabel(ylabel)
    return fig
