"""The drawings of notebook 10: times and powers on logarithmic axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers import figures


def times(values: Mapping[str, float], xlabel: str) -> Figure:
    """Draw times as bars on a logarithmic axis, the last one as ours."""
    fig = figures.bars(values, xlabel, list(values)[-1], "{:.1f}")
    (axes,) = fig.axes
    axes.set_xscale("log")
    axes.set_xlim(right=3 * max(values.values()))
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
