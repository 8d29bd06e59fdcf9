"""Slides for every notebook, and for the whole lecture, as files of their own.

``python -m helpers.slides`` writes decks that need neither a network nor a
kernel: open one in a browser, press S for the notes, Esc for the overview.

A notebook becomes frames, one for each cell of type slide or subslide.  What
does not fit on one screen goes on below, under the same heading: code is seen
first, what it prints or draws comes with the next key.  Heights are estimated
from lines and sizes, for both layouts, so a deck has the same screens in both.
"""

from helpers.slides.cells import NOTEBOOKS, ROOT, Frame, frames, read_frames
from helpers.slides.page import build, deck_html
from helpers.slides.paging import Screen, screens, stacks
from helpers.slides.printing import print_pdf
from helpers.slides.talk import LECTURE, route
