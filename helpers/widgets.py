"""Explorers for a notebook with a running kernel: ipywidgets over `figures`.

Each function returns a widget; a notebook shows it as the last value of a
cell, beside a static figure for readers without a kernel.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from helpers import diagrams, figures, training, windows
from helpers.convolution import cross_correlate2d
from helpers.data import load_mnist, mnist_style, scale
from helpers.networks import Sequential
from helpers.shapes import conv_output_size, kernel_span


def png(fig: Figure) -> bytes:
    """Return a figure as the bytes of a PNG, for `ipywidgets.Image`.

    Examples
    --------
    >>> png(figures.new_figure())[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=figures.DPI)
    return buffer.getvalue()


def shape_explorer(
    i: int = 6, k: int = 3, s: int = 2, p: int = 0, d: int = 1
) -> widgets.VBox:
    """Return sliders for a convolution, with its windows and output size.

    Each change redraws `windows.window_overview` and puts the numbers into
    the formula; where there is no output, the reason is given in its place.

    Parameters
    ----------
    i, k, s, p, d : int
        Where the sliders begin: input and kernel size, stride, padding,
        dilation.

    Examples
    --------
    >>> explorer = shape_explorer()
    >>> print(explorer.children[2].value)
    <p>o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1<br>
    = ⌊(6 + 2·0 − 1·2 − 1) / 2⌋ + 1 = <b>2</b></p>
    """
    sliders = [
        widgets.IntSlider(start, low, high, description=name)
        for name, start, low, high in [
            ("input i", i, 1, 12),
            ("kernel k", k, 1, 7),
            ("stride s", s, 1, 4),
            ("padding p", p, 0, 4),
            ("dilation d", d, 1, 3),
        ]
    ]
    transposed = widgets.Checkbox(description="transposed", indent=False)
    window = widgets.IntSlider(0, 0, 0, description="window")
    play = widgets.Play(interval=700, repeat=True)
    widgets.jslink((play, "value"), (window, "value"))
    text, picture = widgets.HTML(), widgets.HTML()

    def draw(change: object = None) -> None:
        setting = [slider.value for slider in sliders] + [transposed.value]
        try:
            axis = windows.window_axis(*setting)
        except ValueError as reason:
            text.value = f"<p><b>No output:</b> {reason}</p>"
            picture.value = ""
            return
        window.max = play.max = len(axis.reads) - 1
        fig = windows.window_overview(*setting, at=window.value)
        text.value = f"<p>{_size_formula(*setting)}</p>"
        picture.value = _img(fig, windows.setting_title(*setting))

    for control in (*sliders, transposed, window):
        control.observe(draw, "value")
    draw()
    left, right = sliders[:3], [*sliders[3:], transposed]
    columns = widgets.HBox([widgets.VBox(left), widgets.VBox(right)])
    return widgets.VBox([columns, widgets.HBox([play, window]), text, picture])


def _size_formula(
    i: int, k: int, s: int, p: int, d: int, transposed: bool
) -> str:
    """Return the formula for a size, with its numbers put in."""
    o = conv_output_size(i, k, s, p, d)
    if not transposed:
        return (
            "o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1<br>\n"
            f"= ⌊({i} + 2·{p} − {d}·{k - 1} − 1) / {s}⌋ + 1 = <b>{o}</b>"
        )
    a = (i + 2 * p - kernel_span(k, d)) % s
    return (
        "i = s(o − 1) + d(k − 1) + 1 − 2p + a<br>\n"
        f"= {s}·{o - 1} + {d}·{k - 1} + 1 − 2·{p} + {a} = <b>{i}</b>"
    )


def _img(fig: Figure, alt: str, share: float = 1) -> str:
    """Return a figure as HTML, because an Image widget has no `alt`."""
    data = base64.b64encode(png(fig)).decode()
    width = int(fig.get_size_inches()[0] * figures.DPI * share)
    source = f"data:image/png;base64,{data}"
    style = "max-width: 100%; height: auto"
    return f'<img src="{source}" alt="{alt}" width="{width}" style="{style}">'


# --- 02: nine numbers to edit ------------------------------------------------

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

    Each change redraws `figures.filtering`.  A preset fills the fields, a
    number typed in makes it the reader's own.

    Parameters
    ----------
    images : mapping of str to array_like, shape (H, W), optional
        Pictures to choose from, 0 is black and 255 white; they follow one
        digit of each class.

    Examples
    --------
    >>> playground = kernel_playground()
    >>> print(playground.children[1].value)
    <p>The weights sum to 0. The answers go from −1018 to 1018.</p>
    """
    pictures = _digits() | {
        name: np.asarray(image) for name, image in (images or {}).items()
    }
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
        fig = figures.filtering([(image, kernel, result)], [preset.value])
        text.value = _answer_range(kernel, result)
        picture.value = _img(fig, f"{preset.value} on {choice.value}")

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


# --- 08: a digit to draw -----------------------------------------------------

# Runs in the browser.  Pen, finger and mouse are all pointers; what was drawn
# is sent a few times a second and when the pen lifts.
_CANVAS = """
function render({ model, el }) {
  const size = model.get("size");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Draw a digit here, with mouse or finger");
  canvas.style.cssText =
    "touch-action: none; cursor: crosshair; outline: 2px solid #666666;" +
    "display: block; margin: 4px";
  const clear = document.createElement("button");
  clear.textContent = "Clear";
  clear.className = "jupyter-button widget-button";
  el.append(canvas, clear);

  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.lineWidth = model.get("pen");
  pen.lineCap = pen.lineJoin = "round";
  let last = null;
  let timer = null;

  function send() {
    clearTimeout(timer);
    timer = null;
    const { data } = pen.getImageData(0, 0, size, size);
    const ink = new Uint8Array(size * size);
    for (let i = 0; i < ink.length; i++) ink[i] = 255 - data[4 * i];
    const blank = ink.every((pixel) => pixel === 0);
    model.set("pixels", new DataView(blank ? new ArrayBuffer(0) : ink.buffer));
    model.save_changes();
  }
  function show() {
    if (last) return;
    const pixels = model.get("pixels");
    const image = pen.createImageData(size, size);
    image.data.fill(255);
    for (let i = 0; i < pixels.byteLength; i++) {
      const paper = 255 - pixels.getUint8(i);
      image.data.fill(paper, 4 * i, 4 * i + 3);
    }
    pen.putImageData(image, 0, 0);
  }
  function draw(event) {
    const scale = size / canvas.clientWidth;
    const point = [event.offsetX * scale, event.offsetY * scale];
    pen.beginPath();
    pen.moveTo(...(last.point ?? point));
    pen.lineTo(...point);
    pen.stroke();
    last.point = point;
    timer ??= setTimeout(send, 250);
  }
  function lift(event) {
    if (last?.pointer !== event.pointerId) return;
    last = null;
    send();
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (last || event.button !== 0) return;
    last = { pointer: event.pointerId };
    canvas.setPointerCapture(event.pointerId);
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last?.pointer === event.pointerId) draw(event);
  });
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  clear.addEventListener("click", () => {
    last = null;
    pen.clearRect(0, 0, size, size);
    pen.fillStyle = "white";
    pen.fillRect(0, 0, size, size);
    send();
  });
  model.on("change:pixels", show);
  show();
  return () => {
    clearTimeout(timer);
    model.off("change:pixels", show);
  };
}
export default { render };
"""


class Canvas(anywidget.AnyWidget):
    """A sheet to draw on with mouse, pen or finger, and a button to clear it.

    Attributes
    ----------
    pixels : bytes
        What is drawn, row by row, 0 is paper and 255 is ink; empty while
        there is nothing.
    size : int
        Height and width in pixels.
    pen : int
        Its diameter in pixels; in MNIST a digit has about as much ink.

    Examples
    --------
    >>> Canvas().pixels
    b''
    """

    _esm = _CANVAS
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
    goes through the network; its answer, `figures.feature_maps` and the
    probabilities follow the pen.

    Parameters
    ----------
    network : Sequential
        Takes pictures of shape (1, 28, 28).

    Examples
    --------
    >>> from helpers.networks import LeNet5
    >>> canvas, answer = draw_digit(LeNet5(np.random.default_rng(0))).children
    >>> answer.children[0].value
    '<p>Draw a digit.</p>'
    """
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
        stages = diagrams.stage_maps(network, scale(image))
        fig = figures.feature_maps(stages, odds)
        alt = f"The drawing as 28x28 pixels, its maps; it says {said}"
        picture.value = _img(fig, alt, share=0.8)

    canvas.observe(answer, "pixels")
    answer()
    # Beside the canvas, and below it where less than 400 pixels are left.
    room = widgets.Layout(flex="1 1 400px", min_width="0")
    right = widgets.VBox([text, picture], layout=room)
    wrap = widgets.Layout(flex_flow="row wrap")
    return widgets.HBox([canvas, right], layout=wrap)
