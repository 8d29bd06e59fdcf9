"""Screens: what of a frame fits on one, what goes on below."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import nbformat
from nbformat import NotebookNode

from helpers.slides.cells import Frame, slide_type
from helpers.slides.layout import (
    FOOTER,
    GAP,
    HEIGHT,
    LARGE,
    LAYOUTS,
    LEAST_FIGURE,
    MARGIN,
    TOP,
    WIDE,
    Layout,
    code_height,
    columns,
    text_height,
    wrapped,
)

WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass
class Screen:
    """What is seen at once, or bit by bit, under one heading."""

    title: str
    blocks: list[NotebookNode]
    notes: str = ""
    notebook: str = ""
    cells: list[str] = field(default_factory=list)
    name: str = ""
    number: int = 0

    @property
    def large(self) -> bool:
        """Whether there is only text, little of it and nothing wide."""
        return all(
            block.metadata.kind == "markdown" and not WIDE.search(block.source)
            for block in self.blocks
        ) and _fit(self.blocks, self.title, LARGE)


def blocks(frame: Frame) -> Iterator[NotebookNode]:
    """Yield text, code and outputs of a frame, each as a cell of its own.

    The metadata says the kind, the key press that shows it, the heights.
    What a code cell shows comes one key after the code.  Widgets, dead
    without a kernel, are left out: a static figure stands beside them.

    Examples
    --------
    >>> cell = nbformat.v4.new_code_cell("1 + 1")
    >>> cell.outputs = [nbformat.v4.new_output("stream", text="2")]
    >>> [b.metadata.kind for b in blocks(Frame("Sum", [cell]))]
    ['code', 'output']
    """
    step = 0
    for cell in frame.cells:
        step += slide_type(cell) == "fragment"
        if cell.cell_type == "markdown":
            if cell.source.strip():
                yield _block(cell, "markdown", step)
            continue
        seen = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
        if cell.outputs and not seen:
            continue
        yield _block(cell, "code", step, cell.source, outputs=[])
        step += bool(seen)
        for output in seen:
            kind = "figure" if _picture_size(output) else "output"
            text = _text(output)
            yield _block(cell, kind, step, text, source="", outputs=[output])


def _block(
    cell: NotebookNode, kind: str, step: int, text: str = "", **changes: object
) -> NotebookNode:
    block = nbformat.from_dict({**cell, **changes})
    block.metadata = nbformat.from_dict({"kind": kind, "step": step})
    if text:
        block.metadata.columns = columns(text)
    return block


def _text(output: NotebookNode) -> str:
    return output.get("text", output.get("data", {}).get("text/plain", ""))


def _picture_size(output: NotebookNode) -> tuple[int, int] | None:
    """Return width and height in CSS pixels of an output that is a PNG."""
    if "image/png" not in output.get("data", {}):
        return None
    size = output.get("metadata", {}).get("image/png", {})
    return size.get("width", 800), size.get("height", 450)


def screens(frame: Frame) -> list[Screen]:
    """Return a frame in parts that fit on a screen, in both layouts.

    Examples
    --------
    >>> text = nbformat.v4.new_markdown_cell("Many words. " * 80)
    >>> len(screens(Frame("Long", [text] * 3)))
    3
    """
    parts: list[list[NotebookNode]] = [[]]
    for unit in _units(blocks(frame)):
        if not _fit(unit, frame.title):
            unit = [[block] for block in unit]
        else:
            unit = [unit]
        for piece in unit:
            if parts[-1] and not _fit([*parts[-1], *piece], frame.title):
                parts.append([])
            parts[-1] += piece
    parts = [part for part in parts if part]
    for part in parts:
        # What is new on a screen needs no key of its own.
        first = part[0].metadata.step
        for block in part:
            block.metadata.step -= first
    return [
        Screen(
            frame.title,
            part,
            frame.notes,
            frame.notebook,
            list(dict.fromkeys(block.id for block in part)),
        )
        for part in parts
    ]


def _units(parts: Iterable[NotebookNode]) -> Iterator[list[NotebookNode]]:
    """Yield blocks that belong together: code and its text, or all outputs.

    Code whose cell also draws stands alone, its outputs are seen together.
    """
    for _, cell in itertools.groupby(parts, key=lambda block: block.id):
        code, *shown = cell
        if any(block.metadata.kind == "figure" for block in shown):
            yield [code]
            yield shown
        else:
            yield [code, *shown]


def _fit(part: Sequence[NotebookNode], title: str, larger: float = 1) -> bool:
    for layout in LAYOUTS.values():
        per_line = (layout.width - 2 * MARGIN) / (0.5 * layout.heading)
        heading = 1.2 * layout.heading * wrapped(title, per_line)
        room = HEIGHT - TOP - FOOTER - heading + GAP
        look = replace(layout, text=larger * layout.text)
        if sum(_height(block, look) + GAP for block in part) > room:
            return False
    return True


def _height(block: NotebookNode, layout: Layout) -> float:
    kind, content = block.metadata.kind, block.source
    if kind == "markdown":
        return text_height(content, layout)
    if kind == "code":
        return code_height(content, layout)
    if kind == "figure":
        return LEAST_FIGURE * _picture_size(block.outputs[0])[1]
    return code_height(_text(block.outputs[0]), layout)


def stacks(parts: Iterable[Frame]) -> list[list[Screen]]:
    """Return the screens of some frames, one stack for each section.

    Examples
    --------
    >>> text = nbformat.v4.new_markdown_cell("A line.")
    >>> below = Frame("A line", [text], begins_section=False)
    >>> [len(stack) for stack in stacks([Frame("Lines", [text]), below])]
    [2]
    """
    found: list[list[Screen]] = []
    number = itertools.count(2)  # the title is 1
    names: Counter[str] = Counter()
    for frame in parts:
        if frame.begins_section or not found:
            found.append([])
        for screen in screens(frame):
            first = screen.cells[0]
            names[first] += 1
            screen.name = f"{first}-{names[first]}"
            screen.number = next(number)
            found[-1].append(screen)
    return [stack for stack in found if stack]
