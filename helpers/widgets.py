"""Explorers for a notebook with a running kernel: ipywidgets over `figures`.

Each function returns a widget; a notebook shows it as the last value of a
cell, beside a static figure for readers without a kernel.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from helpers import figures
from helpers.convolution import cross_correlate2d
from helpers.data import load_mnist


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
