"""The visual language of the series: colours, sizes, how a figure is shown."""

from __future__ import annotations

import io
import reprlib
from collections.abc import Sequence

import matplotlib as mpl
from IPython.display import publish_display_data
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from PIL import Image

from helpers.checks import as_int, as_list

# Okabe and Ito's colours, told apart by colour-blind readers, in fixed roles.
INPUT, KERNEL, OUTPUT, WINDOW = "#0072B2", "#D55E00", "#009E73", "#E69F00"
GREY = "#666666"

WIDTH, HEIGHT, DPI = 8.0, 4.5, 100
# Panels of one figure, and what matplotlib takes for each.
MOST, PANEL_BYTES = 400, 270_000
ARROW = dict(arrowstyle="->", color=KERNEL, mutation_scale=16, linewidth=2)


def use_style() -> None:
    """Set matplotlib's defaults to those of the series.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["font.size"]
    14.0
    """
    mpl.rcParams.update(
        {
            "axes.grid": False,
            "axes.prop_cycle": mpl.cycler(
                color=[INPUT, KERNEL, OUTPUT, WINDOW, "#CC79A7", "#56B4E9"]
            ),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 16,
            "figure.dpi": DPI,
            "font.size": 14,
            "image.cmap": "viridis",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 2.5,
        }
    )


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """Return an empty figure, by default as large as a slide, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def panels(
    count: int,
    columns: int | None = None,
    height: float = HEIGHT,
    compressed: bool = False,
    **look: object,
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, in one row or in rows of `columns`.

    `compressed` moves pictures of a fixed aspect close to each other; `look`
    goes to `Figure.subplots`.
    """
    if count < 1:
        raise ValueError("there is nothing to draw: pass at least one entry")
    if count > MOST:
        raise MemoryError(
            f"{count:,} pictures in one figure would take about "
            f"{count * PANEL_BYTES / 2**20:,.0f} MiB, the limit is {MOST} "
            f"pictures: choose some, as images[:{MOST}]"
        )
    columns = count if columns is None else as_int(columns, "columns")
    columns = min(columns, count)
    fig = new_figure(height=height)
    if compressed:
        fig.set_layout_engine("compressed")
    grid = fig.subplots(-(-count // columns), columns, squeeze=False, **look)
    for left_over in grid.flat[count:]:
        left_over.remove()
    return fig, list(grid.flat[:count])


def frame(axes: Axes, title: str = "") -> None:
    """Give a picture a thin frame and no ticks."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(True)
    if title:
        axes.set_title(title)


def light(color: str) -> tuple[float, ...]:
    """Return a light tint of a colour."""
    return tuple(0.75 + 0.25 * part for part in to_rgb(color))


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    **look: object,
) -> None:
    """Draw an arrow; `look` changes what `ARROW` says."""
    axes.add_patch(FancyArrowPatch(start, end, **ARROW | look))


def show(fig: Figure, alt: str) -> None:
    """Display a figure as a PNG with an alternative text.

    `alt` says what a reader who does not see the picture should know.

    Examples
    --------
    >>> show(new_figure(), alt="")
    Traceback (most recent call last):
    ValueError: alt must say what is shown
    """
    _check_shown([fig], alt)
    drawn, buffer = io.BytesIO(), io.BytesIO()
    fig.savefig(drawn, format="png", dpi=2 * DPI)
    # 256 colours are enough for a drawing, and take a third of the bytes.
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(buffer, "PNG", optimize=True)
    _publish(buffer.getvalue(), fig, alt)


def show_frames(frames: Sequence[Figure], alt: str) -> None:
    """Display 2 to 20 figures of one size as an animated PNG.

    It plays wherever a PNG is shown, without a kernel and without scripts;
    in print the first frame remains, so a contact sheet belongs beside it.

    Examples
    --------
    >>> show_frames([new_figure()], "a window that does not move")
    Traceback (most recent call last):
    ValueError: frames must be 2 to 20, not 1
    """
    frames = as_list(frames, "frames", "[first, second]")
    if not 2 <= len(frames) <= 20:
        raise ValueError(f"frames must be 2 to 20, not {len(frames)}")
    _check_shown(frames, alt)
    pictures = []
    for fig in frames:
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=DPI)
        pictures.append(Image.open(buffer).convert("RGB"))
    # No palette: the nearest of its colours turns a pale blue into a green.
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="PNG",
        save_all=True,
        append_images=pictures[1:],
        duration=800,  # milliseconds for each frame
        loop=0,
    )
    _publish(buffer.getvalue(), frames[0], alt)


def _check_shown(figs: Sequence[Figure], alt: str) -> None:
    for fig in figs:
        if not isinstance(fig, Figure):
            raise TypeError(f"a figure is shown, not {reprlib.repr(fig)}")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("alt must say what is shown")


def _publish(png: bytes, fig: Figure, alt: str) -> None:
    """Display a PNG in the size of a figure."""
    width, height = (fig.get_size_inches() * DPI).astype(int).tolist()
    publish_display_data(
        {"image/png": png, "text/plain": f"Figure: {alt}"},
        {"image/png": {"alt": alt, "width": width, "height": height}},
    )
