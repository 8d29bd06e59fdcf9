"""The whole lecture: sections of all notebooks in the order of its slides."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpers.slides.blocks import Block, markdown
from helpers.slides.cells import Frame, read_frames

SERIES = "Introduction to Convolutional Neural Networks"
# The slides of that lecture in its order: it begins with the motivation, S19,
# and ends with its references, S20, which no cell has to hold.
ROUTE = (19, *range(1, 19))
REFERENCES = Path(__file__).parent / "deck/references.md"
TAG = re.compile(r"lecture-S(\d\d)")
LEAVE_OUT = "lecture-skip"
LECTURE = "lecture"


def route(notebooks: Iterable[Sequence[Frame]]) -> list[Frame]:
    """Return the frames of the whole lecture, in the order of its slides.

    A cell that begins a section and is tagged lecture-S09 puts the section in
    place of slide S9; one that begins a subslide puts that alone.  Frames
    tagged lecture-skip are left out.
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
    # One section may stand for two slides; it is shown once.
    return list(dict.fromkeys(f for slide in ROUTE for f in chosen[slide]))


def _tagged(parts: Sequence[Frame]) -> list[Frame]:
    """Return the first frame and, if it begins a section, its others."""
    first, *rest = parts
    if not first.begins_section:
        return [first]
    found = [first]
    for frame in rest:
        if frame.begins_section:
            break
        found.append(frame)
    return [frame for frame in found if LEAVE_OUT not in frame.tags]


def lecture(
    paths: Sequence[Path], sections: Sequence[str] = ()
) -> list[Frame]:
    """Return a lecture: `route`, or all that the given notebooks show.

    A slide opens the part of each notebook.
    """
    numbers = [path.stem[:2] for path in paths]
    for section in sections:
        if section not in numbers:
            raise ValueError(
                f"no notebook begins with {section}: there are "
                f"{', '.join(numbers)}"
            )
    read = [
        read_frames(path)
        for path in paths
        if not sections or path.stem[:2] in sections
    ]
    each = [found for _, found in read]
    parts = [*itertools.chain(*each)] if sections else route(each)
    questions = {title: _question(found) for title, found in read}
    found: list[Frame] = []
    for frame in parts:
        title = frame.notebook
        new = not found or found[-1].notebook != title
        frame.begins_section = new
        if new and title in questions and frame.title != title:
            found.append(_opening(title, questions.pop(title)))
            frame.begins_section = False
        _hide_drawing(frame)
        frame.title = re.sub(r"^\d+ ", "", frame.title)
        found.append(frame)
        questions.pop(title, None)
    last = Block("text", markdown(REFERENCES.read_text("utf-8")))
    return [*found, Frame("References", [last], notebook=SERIES)]


def _hide_drawing(frame: Frame) -> None:
    """Hide code that only draws, or prepares it: the picture is shown."""
    if any(block.kind == "picture" for block in frame.blocks):
        printed = {b.cell for b in frame.blocks if b.kind == "output"}
        for block in frame.blocks:
            block.hidden |= block.kind == "code" and block.cell not in printed


def _question(parts: Sequence[Frame]) -> str:
    """Return what a notebook's first text says in bold."""
    html = "".join(block.html for block in parts[0].blocks[:1])
    bold = re.match(r"\s*<p><strong>(.*?)</strong>", html, re.DOTALL)
    return f"<p>{bold[1]}</p>" if bold else ""


def _opening(title: str, question: str) -> Frame:
    """Return the slide that opens a part: number, title, question."""
    blocks = [Block("text", question)] if question else []
    return Frame(title, blocks, notebook=title, kind="frame opening")
