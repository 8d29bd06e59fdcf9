"""The drawings of notebook 01: a kernel that slides below a signal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_array, as_items
from helpers.figures import (
    arrow,
    cell_axes,
    draw_cells,
    new_figure,
    outline,
    panels,
    place_text,
    written,
)
from helpers.figures.style import GREY, HEIGHT, INPUT, KERNEL, OUTPUT, WINDOW


class SlideFrame(NamedTuple):
    """One position of a kernel that slides below a signal."""

    start: int  # of the signal's value above the kernel's first cell
    kernel: NDArray  # shape (K,), in the order in which it lies there
    products: NDArray  # with the values above; NaN where there is none
    total: float  # their sum: one output


def slide_frames(
    x: ArrayLike, k: ArrayLike, flip: bool = True
) -> list[SlideFrame]:
    """Return all positions at which a kernel touches a signal.

    There are T + K - 1, from left to right: the full output of convolution,
    or with `flip=False` of cross-correlation.
    """
    x = as_array(x, "x", "(T)").astype(float)
    k = as_array(k, "k", "(K)").astype(float)
    kernel = k[::-1] if flip else k
    padded = np.pad(x, len(k) - 1, constant_values=np.nan)
    frames = []
    for place in range(len(x) + len(k) - 1):
        products = padded[place : place + len(k)] * kernel
        total = float(np.nansum(products))
        frames.append(SlideFrame(place - len(k) + 1, kernel, products, total))
    return frames


def slide_frame(x: ArrayLike, k: ArrayLike, t: int) -> Figure:
    """Draw output `t` by flip and slide: signal, kernel, products, output.

    With `t` = -1 nothing is computed yet: the kernel lies as it is written,
    where the first frame flips it.
    """
    frames = slide_frames(x, k)
    frame, left = frames[max(t, 0)], frames[0].start
    if t < 0:
        none = np.full(len(k), np.nan)
        frame = frame._replace(kernel=np.asarray(k, float), products=none)
    kernel = "k, flipped" if t >= 0 else "k"
    rows = {"x": 0.0, kernel: 1.0, "products": 2.5, "s": 4.0}
    fig = new_figure()
    axes = cell_axes(fig)
    _draw_slide(axes, x, frame, left)
    draw_cells(axes, frame.products, (frame.start, 2.5), WINDOW)
    outline(axes, (frame.start, 0), (2, len(frame.kernel)))
    _draw_grown(axes, frames, t, (0, 4))
    middle = frame.start + len(frame.kernel) / 2
    steps = [
        ("multiply", (middle, 2), (middle, 2.5)),
        ("add", (middle, 3.5), (t + 0.5, 4)),
    ]
    for name, start, end in steps if t >= 0 else []:
        arrow(axes, start, end, color=GREY)
        right = max(start[0], end[0]) + 0.3
        place_text(axes, right, start[1] + 0.25, name, GREY, ha="left")
    for name, row in rows.items():
        place_text(axes, left - 0.4, row + 0.5, name, ha="right")
    place_text(axes, left - 0.4, 5.3, "t", GREY, ha="right")
    for place in range(len(frames)):
        place_text(axes, place + 0.5, 5.3, written(place), GREY)
    for text in axes.texts:
        text.set_fontsize(18)
    axes.set(xlim=(left - 2.4, len(frames) + 0.1), ylim=(5.6, -0.1))
    title = f"t = {t}:   {_sum(x, frame)}"
    fig.suptitle("k as it is written" if t < 0 else title, fontsize=20)
    return fig


def slide_strip(x: ArrayLike, k: ArrayLike, flip: bool = True) -> Figure:
    """Draw all frames of `slide_frames`, the output growing beside them."""
    frames = slide_frames(x, k, flip)
    left, right = frames[0].start, len(frames)
    step = 2.4
    sums = [_sum(x, frame) for frame in frames]
    # Ten characters of 14 pt take an inch.
    wide = max(map(len, sums)) / 10.4 * step * len(frames) / HEIGHT
    fig = new_figure()
    axes = cell_axes(fig)
    for place, frame in enumerate(frames):
        top = step * place
        _draw_slide(axes, x, frame, left, top)
        outline(axes, (frame.start, top), (2, len(frame.kernel)), width=2.5)
        name = f"t = {written(place + (0 if flip else left))}"
        place_text(axes, left - 0.5, top + 1, name, ha="right")
        place_text(axes, right + 0.5, top + 1, sums[place], ha="left")
        corner = right + wide + 1, top + 0.5
        _draw_grown(axes, frames, place, corner, width=2.5)
    end = right + wide + 1 + len(frames)
    axes.set(xlim=(left - 2.3, end + 0.1))
    axes.set(ylim=(step * len(frames) - 0.3, -0.1))
    return fig


def _draw_slide(
    axes: Axes,
    x: ArrayLike,
    frame: SlideFrame,
    left: int,
    top: float = 0,
) -> None:
    """Draw a signal between its empty margins, and the kernel below it."""
    x = np.asarray(x, float)
    padded = np.pad(x, -left, constant_values=np.nan)
    draw_cells(axes, padded, (left, top), INPUT)
    draw_cells(axes, frame.kernel, (frame.start, top + 1), KERNEL)


def _draw_grown(
    axes: Axes,
    frames: list[SlideFrame],
    last: int,
    at: tuple[float, float],
    width: float = 4,
) -> None:
    """Draw the outputs up to one of them, the others still empty."""
    totals = np.array([frame.total for frame in frames])
    totals[last + 1 :] = np.nan
    draw_cells(axes, totals, at, OUTPUT)
    if last >= 0:
        outline(axes, (at[0] + last, at[1]), (1, 1), width=width)


def _sum(x: ArrayLike, frame: SlideFrame) -> str:
    """Return the sum of a frame as it is written by hand."""
    terms = [
        f"{_factor(x[frame.start + place])}·{_factor(weight)}"
        for place, weight in enumerate(frame.kernel)
        if not np.isnan(frame.products[place])
    ]
    return f"{' + '.join(terms)} = {written(frame.total)}"


def _factor(value: float) -> str:
    return f"({written(value)})" if value < 0 else written(value)


def signal_panels(
    signals: Mapping[str, ArrayLike],
    kernels: Sequence[str] = (),
    marks: Sequence[float] = (),
    alike: Sequence[str] = (),
) -> Figure:
    """Draw signals, shape (T,) each, below one another over one time axis.

    Lengths may differ.  `kernels` names those that are kernels; the first of
    the others is the input, the rest are outputs.  Mostly zeros are drawn as
    stems.  A line marks 0, one tick a round value; dashed `marks` go through
    all panels but those of kernels.  Those in `alike` share one scale.
    """
    named = as_items(signals, "signals", "(T)")
    fig, rows = panels(len(named), columns=1, sharex=True)
    source = next(name for name in signals if name not in kernels)
    for axes, (name, values) in zip(rows, named):
        color = INPUT if name == source else OUTPUT
        color = KERNEL if name in kernels else color
        axes.axhline(0, color=GREY, lw=0.8)
        places = np.flatnonzero(values)
        if len(places) < len(values) / 10:
            axes.vlines(places, 0, values[places], color=color, lw=4)
        else:
            axes.plot(values, color=color, lw=2)
        for mark in () if name in kernels else marks:
            axes.axvline(mark, color="black", lw=1.5, ls=(0, (4, 3)), zorder=0)
        axes.set_title(name, loc="left", fontsize=14, pad=4)
        tick = _round_below(1.05 * np.abs(values).max())
        axes.set_yticks([tick], [written(tick)])
        axes.margins(x=0.01, y=0.15)
    shared = [axes for axes, name in zip(rows, signals) if name in alike]
    for axes in shared[1:]:
        axes.sharey(shared[0])
    rows[-1].set_xlabel("sample")
    return fig


def _round_below(value: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, ... that is not above a value."""
    power = 10.0 ** np.floor(np.log10(value)) if value else 0.0
    steps = power * np.array([0, 1, 2, 5])
    return float(steps[steps <= value].max())
