"""The drawings of notebook 09: results of networks, every seed shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers.checks import as_items
from helpers.figures import INPUT, KERNEL, OUTPUT, new_figure


def by_size(
    families: Mapping[str, tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    ylim: tuple[float, float],
) -> Figure:
    """Draw a result over the size of networks, each family with its band.

    A family has sizes, shape (T,), and results, shape (seeds, T); its sizes
    need not be those of another.  The mean is drawn, and a band from the
    smallest to the largest.
    """
    named = as_items(families, "families")
    fig = new_figure()
    axes = fig.subplots()
    looks = [("o", "--"), ("s", "-"), ("^", "--"), ("D", "-")]
    for look, (name, (sizes, values)) in zip(looks, named):
        look = dict(zip(("marker", "linestyle"), look), markersize=8)
        mean = np.mean(values, axis=0)
        (line,) = axes.plot(sizes, mean, label=name, **look)
        band = np.min(values, axis=0), np.max(values, axis=0)
        look = dict(color=line.get_color(), alpha=0.2, linewidth=0)
        axes.fill_between(sizes, *band, **look)
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale="log", ylim=ylim)
    fig.legend(loc="outside upper center", ncols=2)
    return fig


def ranges(
    results: Mapping[str, Mapping[str, ArrayLike]],
    xlabel: str,
    xlim: tuple[float, float],
) -> Figure:
    """Draw every single result, and a bar from the least to the largest.

    Each row, from the top, has up to three conditions by name, each with
    results of shape (seeds,).
    """
    (_, first), *_ = as_items(results, "results")
    conditions = [name for name, _ in as_items(first, "a result", "(seeds)")]
    fig = new_figure()
    axes = fig.subplots()
    looks = [*zip(conditions, [INPUT, KERNEL, OUTPUT], "oDs")]
    for row, found in enumerate(results.values()):
        for place, (name, color, marker) in enumerate(looks):
            values, y = found[name], row + 0.3 * place
            ends = min(values), max(values)
            look = dict(alpha=0.3, linewidth=9, solid_capstyle="butt")
            axes.plot(ends, [y, y], color=color, **look)
            look = dict(linestyle="", markersize=8, alpha=0.8)
            look |= dict(color=color, label="" if row else name)
            axes.plot(values, [y] * len(values), marker, **look)
    middle = 0.15 * (len(conditions) - 1)
    axes.set_yticks(np.arange(len(results)) + middle, list(results))
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel=xlabel, xlim=xlim)
    fig.legend(loc="outside upper center", ncols=3)
    return fig
