"""The drawings of notebook 08: networks, what they learn, what they say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from helpers.checks import as_array, as_items
from helpers.figures import arrow, frame, new_figure, panels, place_text, sheet
from helpers.figures.style import GREY, INPUT, KERNEL, OUTPUT
from helpers.networks import Sequential, check_network

# --- Networks ----------------------------------------------------------------

OPERATIONS = {
    "Conv2d": "conv",
    "MaxPool2d": "max",
    "AvgPool2d": "mean",
    "Linear": "dense",
}


def network(
    net: Sequential, input_shape: tuple[int, int, int], title: str
) -> Figure:
    """Draw a network from its layers: maps as sheets, vectors as bars.

    The shapes are read from a forward pass, so the picture cannot disagree
    with the code.
    """
    fig = new_figure()
    axes = fig.subplots()
    x, gap = 0.0, 27
    stages = network_stages(net, input_shape)
    for place, (operation, count, shape) in enumerate(stages):
        if place:
            look = dict(ha="center", color=KERNEL)
            axes.text(x + gap / 2, 27, operation, va="bottom", **look)
            if count:
                axes.text(x + gap / 2, -46, f"{count:,}", va="top", **look)
            arrow(axes, (x + 2, 0), (x + gap - 2, 0))
            x += gap
        width = _draw_maps(axes, x, shape, OUTPUT if place else INPUT)
        label = f"{shape[0]}\n" + "\u00d7".join(map(str, shape[1:]))
        axes.text(x + width / 2, -25, label.strip(), ha="center", va="top")
        x += width
    note = f"parameters of each step: {net.parameter_count():,} in all"
    axes.text(x / 2, -62, note, va="top", ha="center", color=KERNEL)
    axes.set(xlim=(-6, x + 6), ylim=(-72, 44), aspect="equal")
    axes.set_axis_off()
    fig.suptitle(title)
    return fig


def network_stages(
    net: Sequential, input_shape: tuple[int, int, int]
) -> list[tuple[str, int, tuple[int, ...]]]:
    """Return (operation, parameters, shape) of each stage, the input first.

    Layers that keep every shape (ReLU, Tanh, ChannelScale) and Flatten are
    left out; parameters of ChannelScale count with the pooling before it.
    """
    check_network(net, "trace")
    outputs = net.trace(np.zeros((1, *input_shape), np.float32))
    stages = [("input", 0, input_shape)]
    for layer, output in zip(net.layers, outputs[1:]):
        name, count = OPERATIONS.get(type(layer).__name__), 0
        if name is None:
            name, count, shape = stages.pop()
        else:
            shape = output.shape[1:]
            if hasattr(layer, "window"):
                name += "\n{}\u00d7{}".format(*layer.window.kernel_size)
        stages.append((name, count + layer.parameter_count(), shape))
    return stages


def _draw_maps(
    axes: Axes, x: float, shape: tuple[int, ...], color: str
) -> float:
    """Draw one stage from `x` to the right; return how wide it is."""
    if len(shape) == 1:
        height = 6 * np.log2(shape[0])
        axes.add_patch(sheet(x, -height / 2, 4, height, color))
        return 4
    count, height, width = shape
    step = min(1.5, 10 / count)
    for index in range(count):
        y = -height / 2 - (index - (count - 1) / 2) * step
        axes.add_patch(sheet(x + index * step, y, width, height, color))
    return width + (count - 1) * step


# --- What a network makes of a picture ---------------------------------------


def stage_maps(net: Sequential, image: NDArray) -> dict[str, NDArray]:
    """Return the maps that a network makes of one picture, stage by stage.

    `image` has shape (C, H, W), scaled as the network takes it.  The maps,
    of the same kind of shape, are for `feature_maps`: the input, then each
    convolution and each pooling with what keeps the shape after it.
    """
    check_network(net, "trace")
    first, *outputs = net.trace(image[None])
    name, stages = "input", {"input": first[0]}
    for layer, output in zip(net.layers, outputs):
        if output.ndim != 4:
            break
        operation = OPERATIONS.get(type(layer).__name__)
        if operation is not None:
            size = "\u00d7".join(map(str, output.shape[2:]))
            name = f"{len(stages)} {operation} {size}"
        stages[name] = output[0]
    return stages


def feature_maps(
    stages: Mapping[str, NDArray],
    probabilities: NDArray,
    drawn: NDArray | None = None,
) -> Figure:
    """Draw what each stage of a network makes of one picture.

    Stages have shape (C, H, W), the input first, in grey.  Above it stands
    the picture `drawn` that it was prepared from, if given.
    """
    (first, image), *rest = stages.items()
    fig = new_figure()
    left, middle, right = fig.subfigures(1, 3, width_ratios=[1, 3.2, 1.2])
    shown = {} if drawn is None else {"drawn": drawn}
    shown[first] = image[0]
    above = left.subplots(len(shown), 1, squeeze=False).flat
    for axes, (name, picture) in zip(above, shown.items()):
        axes.imshow(picture, cmap="Greys")
        frame(axes, name)
    if rest:  # a dense network has no maps
        ratios = [-(-len(maps) // 8) for _, maps in rest]
        look = dict(squeeze=False, height_ratios=ratios)
        rows = middle.subplots(len(rest), 1, **look).flat
        for axes, (name, maps) in zip(rows, rest):
            axes.imshow(tile(maps, columns=8))
            axes.set_title(name, loc="left", fontsize=14)
            axes.set_axis_off()
    _draw_odds(right.subplots(), probabilities)
    return fig


def _draw_odds(axes: Axes, probabilities: NDArray) -> None:
    """Draw the probability of each class, the largest in colour."""
    classes = np.arange(len(probabilities))
    bars = axes.barh(classes, probabilities, color=GREY)
    bars[int(probabilities.argmax())].set_color(OUTPUT)
    axes.set(yticks=classes, xlim=(0, 1), xticks=[0, 1])
    axes.set_xlabel("probability")
    axes.invert_yaxis()


def tile(maps: NDArray, columns: int) -> NDArray:
    """Return maps, shape (C, H, W), as one picture with gaps of NaN."""
    rows = -(-len(maps) // columns)
    height, width = np.add(maps.shape[1:], 1)  # each with its gap
    picture = np.full((rows * height, columns * width), np.nan)
    for place, one in enumerate(maps):
        y, x = np.multiply(divmod(place, columns), (height, width))
        picture[y : y + height - 1, x : x + width - 1] = one
    return picture[:-1, :-1]


def kernel_rows(rows: Mapping[str, NDArray]) -> Figure:
    """Draw banks of kernels, one bank a row, on one signed colour scale.

    A bank has a name and shape (C, K_h, K_w).
    """
    named = as_items(rows, "rows", "(C, K_h, K_w)")
    limit = max(float(np.abs(bank).max()) for _, bank in named)
    fig, all_axes = panels(len(named), 1)
    look = dict(cmap="RdBu", vmin=-limit, vmax=limit)
    for axes, (name, bank) in zip(all_axes, named):
        drawn = axes.imshow(tile(bank, len(bank)), **look)
        axes.set_axis_off()
        axes.set_title(name, loc="left")
    fig.colorbar(drawn, ax=all_axes, label="weight", shrink=0.8)
    return fig


def confusion(matrix: NDArray) -> Figure:
    """Draw how often each class is taken for each other one.

    Rows are the true classes, columns the predicted ones.
    """
    matrix = as_array(matrix, "matrix", "(true, predicted)")
    wrong = matrix - np.diag(np.diag(matrix))
    fig, (axes,) = panels(1, compressed=True)
    drawn = axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=wrong.max())
    for row, column in np.argwhere(matrix):
        count = matrix[row, column]
        color = "white" if count > 0.6 * wrong.max() else "black"
        color = GREY if row == column else color
        place_text(axes, column, row, count, color)
    ticks = np.arange(len(matrix))
    axes.set(xticks=ticks, yticks=ticks, xlabel="predicted", ylabel="true")
    fig.colorbar(drawn, label="mistakes", ticks=MaxNLocator(integer=True))
    return fig
