"""02: nine numbers to edit."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.checks import as_items
from helpers.convolution import cross_correlate2d
from helpers.data import load_mnist
from lecture.explorers.picture import img
from lecture.figures import fig02

# Whole numbers, and what they are divided by.
PRESETS = {
    "nothing": ([0, 0, 0, 0, 1, 0, 0, 0, 0], 1),
    "box": ([1, 1, 1, 1, 1, 1, 1, 1, 1], 9),
    "Gaussian": ([1, 2, 1, 2, 4, 2, 1, 2, 1], 16),
    "Sobel x": ([-1, 0, 1, -2, 0, 2, -1, 0, 1], 1),
    "Sobel y": ([-1, -2, -1, 0, 0, 0, 1, 2, 1], 1),
    "Laplacian": ([0, 1, 0, 1, -4, 1, 0, 1, 0], 1),
    "sharpen": ([0, -1, 0, -1, 5, -1, 0, -1, 0], 1),
    "emboss": ([-2, -1, 0, -1, 1, 1, 0, 1, 2], 1),
}
OWN = "your own"


def kernel_playground(
    images: Mapping[str, ArrayLike] | None = None,
) -> widgets.VBox:
    """Return nine fields for a kernel and, below, what it makes of a picture.

    Each change redraws `fig02.filtering`.  A preset fills the fields, a
    number typed in makes it the reader's own.  To choose from are one digit
    of each class and `images` of shape (H, W), 0 is black and 255 white.
    """
    own = [] if images is None else as_items(images, "images", "(H, W)")
    pictures = _digits() | dict(own)
    small = widgets.Layout(width="5em")
    fields = [
        widgets.BoundedFloatText(0, min=-99, max=99, step=1, layout=small)
        for _ in range(9)
    ]
    by = widgets.BoundedIntText(1, 1, 999, description="divided by")
    choice = widgets.Dropdown(options=list(pictures), description="picture")
    preset = widgets.Dropdown(options=[*PRESETS, OWN], description="kernel")
    text, picture = widgets.HTML(), widgets.HTML()
    filling = False

    def draw(change: object = None) -> None:
        kernel = np.reshape([field.value for field in fields], (3, 3))
        kernel = kernel / by.value
        image = pictures[choice.value]
        result = cross_correlate2d(image, kernel, mode="valid")
        fig = fig02.filtering([(image, kernel, result)], [preset.value])
        text.value = _answer_range(kernel, result)
        picture.value = img(fig, f"{preset.value} on {choice.value}")

    def fill(change: object = None) -> None:
        nonlocal filling
        if preset.value == OWN:
            return
        numbers, divisor = PRESETS[preset.value]
        filling = True
        for field, number in zip((*fields, by), (*numbers, divisor)):
            field.value = number
        filling = False
        draw()

    def edit(change: object = None) -> None:
        if not filling:
            preset.value = OWN
            draw()

    for field in (*fields, by):
        field.observe(edit, "value")
    preset.observe(fill, "value")
    choice.observe(draw, "value")
    preset.value = "Sobel x"
    grid = widgets.GridBox(
        fields, layout=widgets.Layout(grid_template_columns="repeat(3, 5.5em)")
    )
    controls = widgets.HBox([grid, widgets.VBox([choice, preset, by])])
    return widgets.VBox([controls, text, picture])


def _digits() -> dict[str, NDArray]:
    """Return one digit of each class, black on white, by name."""
    digits = load_mnist()
    first = [int(np.argmax(digits.test_labels == d)) for d in range(10)]
    images = 255 - digits.test_images[first, 0].astype(int)
    return {f"digit {d}": image for d, image in enumerate(images)}


def _answer_range(kernel: NDArray, result: NDArray) -> str:
    """Say what a kernel answers, in brightness."""
    total, low, high = (
        f"{round(float(number), 6) + 0.0:.6g}".replace("-", "\u2212")
        for number in (kernel.sum(), result.min(), result.max())
    )
    return (
        f"<p>The weights sum to {total}. "
        f"The answers go from {low} to {high}.</p>"
    )
