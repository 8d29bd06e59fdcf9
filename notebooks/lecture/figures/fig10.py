"""The drawings of notebook 10: times and powers on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers import figures


def times(values: Mapping[str, float], xlabel: str) -> Figure:
    """Draw times as dots on a logarithmic axis, which has no zero for bars."""
    fig = figures.new_figure()
    axes = fig.subplots()
    rows = range(len(values))
    axes.plot(list(values.values()), rows, "o", markersize=12)
    for row, value in zip(rows, values.values()):
        axes.annotate(
            f"{value:.2f}",
            (value, row),
            xytext=(12, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(rows, list(values))
    axes.set(xlabel=xlabel, xscale="log")
    axes.set_xlim(right=4 * max(values.values()))
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    return fig


def powers(
    lines: Mapping[str, tuple[ArrayLike, ArrayLike]], xlabel: str, ylabel: str
) -> Figure:
    """Draw curves over two logarithmic axes: a power is a straight line.

    Each line has its own x and y, of one shape (T,).
    """
    fig = figures.new_figure()
    axes = fig.subplots()
    for style, (name, (x, y)) in zip(["o-", "s--", "^-."], lines.items()):
        axes.plot(x, y, style, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
    ticks = np.unique(np.concatenate([x for x, _ in lines.values()]))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    return fig
