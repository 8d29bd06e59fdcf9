"""The whole lecture: sections of all notebooks in the order of its slides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from helpers.slides.cells import Frame

SERIES = "Introduction to Convolutional Neural Networks"
# The slides of that lecture in its order: it begins with the motivation, S19,
# and ends with its references, S20, which no cell has to hold.
ROUTE = (19, *range(1, 19))
REFERENCES = """\
- [DV16] Vincent Dumoulin, Francesco Visin. *A guide to convolution arithmetic
  for deep learning.* arXiv:1603.07285, 2016.
- [GBC16] Ian Goodfellow, Yoshua Bengio, Aaron Courville. *Deep learning.* MIT
  Press, 2016.
- [LeC+89] Yann LeCun et al. *Handwritten digit recognition with a
  back-propagation network.* Advances in neural information processing
  systems 2, 1989.
- [Stu20] David Stutz. *Illustrating convolutional neural networks.* 2020.

Each notebook ends with more, and with what to read them for.
"""
TAG = re.compile(r"lecture-S(\d\d)")
LEAVE_OUT = "lecture-skip"
LECTURE = "lecture"


def route(notebooks: Iterable[Sequence[Frame]]) -> list[Frame]:
    """Return the frames of the whole lecture, in the order of its slides.

    A cell that begins a section and is tagged lecture-S09 puts the section in
    place of slide S9; one that begins a subslide puts that alone.  Frames
    tagged lecture-skip are left out, and the numbers before headings too.

    Examples
    --------
    >>> tags = [f"lecture-S{slide:02}" for slide in range(1, 20)]
    >>> parts = [Frame(tag, [], tags=[tag]) for tag in tags]
    >>> [frame.title for frame in route([parts])][:3]
    ['lecture-S19', 'lecture-S01', 'lecture-S02']
    """
    chosen: dict[int, list[Frame]] = {slide: [] for slide in ROUTE}
    for parts in notebooks:
        for at, frame in enumerate(parts):
            for tag in filter(None, map(TAG.fullmatch, frame.tags)):
                if int(tag[1]) not in chosen:
                    raise ValueError(
                        f"{tag[0]} in {frame.notebook}, {frame.title!r}: the "
                        "lecture has slides S01 to S19"
                    )
                chosen[int(tag[1])] += _tagged(parts[at:])
    missing = [f"lecture-S{s:02}" for s in ROUTE if not chosen[s]]
    if missing:
        raise ValueError(
            f"no cell is tagged {', '.join(missing)}: tag the first cell of "
            "the section that takes the place of each of these slides"
        )
    found: list[Frame] = []
    for slide in ROUTE:
        # One section may stand for two slides; it is shown once.
        first, *rest = chosen[slide]
        if first not in found:
            first.begins_section = True
            found += [first, *rest]
    for frame in found:  # sections are numbered within a notebook
        frame.title = re.sub(r"^\d+ ", "", frame.title)
    return found


def _tagged(parts: Sequence[Frame]) -> list[Frame]:
    """Return the first frame and, if it begins a section, its others."""
    first, *rest = parts
    if not first.begins_section:
        return [first]
    found = [first]
    for frame in rest:
        if frame.begins_section:
            break
        if LEAVE_OUT not in frame.tags:
            found.append(frame)
    return found
