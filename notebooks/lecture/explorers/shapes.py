"""03: sliders for a convolution, its windows and its output size."""

from __future__ import annotations

import ipywidgets as widgets

from helpers.shapes import conv_output_size
from lecture.explorers.picture import img
from lecture.figures import fig03


def shape_explorer(
    i: int = 6, k: int = 3, s: int = 2, p: int = 0, d: int = 1
) -> widgets.VBox:
    """Return sliders for a convolution, with its windows and output size.

    Each change redraws `fig03.window_overview` and puts the numbers into
    the formula; where there is no output, the reason is given in its place.
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
            axis = fig03.window_axis(*setting)
        except ValueError as reason:
            text.value = f"<p><b>No output:</b> {reason}</p>"
            picture.value = ""
            return
        window.max = play.max = len(axis.reads) - 1
        fig = fig03.window_overview(*setting, at=window.value)
        text.value = f"<p>{_size_formula(*setting)}</p>"
        picture.value = img(fig, fig03.setting_title(*setting))

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
    a = (i + 2 * p - d * (k - 1) - 1) % s
    return (
        "i = s(o − 1) + d(k − 1) + 1 − 2p + a<br>\n"
        f"= {s}·{o - 1} + {d}·{k - 1} + 1 − 2·{p} + {a} = <b>{i}</b>"
    )
