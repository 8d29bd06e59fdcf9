"""Explorers for a notebook with a running kernel: ipywidgets over figures.

Each function returns a widget; a notebook shows it as the last value of a
cell, beside a static figure for readers without a kernel.
"""

from lecture.explorers.digit import draw_digit
from lecture.explorers.playground import kernel_playground
from lecture.explorers.shapes import shape_explorer

__all__ = ["draw_digit", "kernel_playground", "shape_explorer"]
