"""Slides for every notebook, and for the whole lecture, as files of their own.

``python -m helpers.slides`` writes decks that need neither a network nor a
kernel.  Python makes a notebook's cells into frames of clean blocks; in the
browser ``deck/fit.js`` measures them and lays each frame out on screens.
"""

from helpers.slides.cells import NOTEBOOKS, ROOT, Frame, frames, read_frames
from helpers.slides.page import build, deck_html
from helpers.slides.printing import print_pdf
from helpers.slides.talk import LECTURE, lecture, route
