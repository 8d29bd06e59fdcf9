"""08: a digit to draw."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from helpers import training
from helpers.data import mnist_style, scale
from helpers.networks import Sequential, check_network
from lecture.explorers.picture import img
from lecture.figures import fig08


class Canvas(anywidget.AnyWidget):
    """A sheet to draw on with mouse, pen or finger, and a button to clear it.

    In `pixels` 0 is paper and 255 is ink, row by row; they are empty while
    nothing is drawn.  With this `pen` a digit has as much ink as in MNIST.
    """

    _esm = (Path(__file__).parent / "canvas.js").read_text(encoding="utf-8")
    # From a browser they come as a memoryview.
    pixels = traitlets.Bytes(b"").tag(
        sync=True, from_json=lambda value, widget: bytes(value)
    )
    size = traitlets.Int(280).tag(sync=True)
    pen = traitlets.Int(24).tag(sync=True)

    def __repr__(self) -> str:
        return f"Canvas({self.size}x{self.size})"


def draw_digit(network: Sequential) -> widgets.HBox:
    """Return a canvas and, beside it, what a network makes of a drawing.

    While the reader draws, the picture is prepared by `data.mnist_style` and
    goes through the network, which takes shape (1, 28, 28); its answer,
    `fig08.feature_maps` and the probabilities follow the pen.
    """
    check_network(network, "trace")
    canvas = Canvas()
    text, picture = widgets.HTML(), widgets.HTML()

    def answer(change: object = None) -> None:
        drawn = np.frombuffer(canvas.pixels, np.uint8)
        try:
            image = mnist_style(drawn.reshape(-1, canvas.size))[None]
        except ValueError:
            text.value, picture.value = "<p>Draw a digit.</p>", ""
            return
        odds = training.probabilities(network, image[None])[0]
        first, second = odds.argsort()[:-3:-1]
        said = f"{first}, with {odds[first]:.0%}"
        after = f"; next comes {second}, with {odds[second]:.0%}"
        after = after if odds[second] >= 0.01 else ""
        text.value = f"<p>It says <b>{said}</b>{after}.</p>"
        stages = fig08.stage_maps(network, scale(image))
        fig = fig08.feature_maps(stages, odds)
        alt = f"The drawing as 28x28 pixels, its maps; it says {said}"
        picture.value = img(fig, alt, share=0.8)

    canvas.observe(answer, "pixels")
    answer()
    # Beside the canvas, and below it where less than 400 pixels are left.
    room = widgets.Layout(flex="1 1 400px", min_width="0")
    right = widgets.VBox([text, picture], layout=room)
    wrap = widgets.Layout(flex_flow="row wrap")
    return widgets.HBox([canvas, right], layout=wrap)
