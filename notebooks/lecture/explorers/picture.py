"""Figures as HTML, for the explorers."""

from __future__ import annotations

import base64
import io

from matplotlib.figure import Figure

from helpers import figures


def img(fig: Figure, alt: str, share: float = 1) -> str:
    """Return a figure as HTML, because an Image widget has no `alt`."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=figures.DPI)
    data = base64.b64encode(buffer.getvalue()).decode()
    width = int(fig.get_size_inches()[0] * figures.DPI * share)
    source = f"data:image/png;base64,{data}"
    style = "max-width: 100%; height: auto"
    return f'<img src="{source}" alt="{alt}" width="{width}" style="{style}">'
