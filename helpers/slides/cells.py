"""Frames: the cells of a notebook from one slide or subslide to the next."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.slides.blocks import Block, blocks_of, inline

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
# How the cells of notes begin: a notebook shows them folded.
FOLD = "<details><summary>For the speaker</summary>"
MINUTES = re.compile(r"(?:in the lecture )?\b(\d+) minutes?\b")
SHORTER = re.compile(r"\bin the lecture (\d+)\b")


@dataclass(eq=False)
class Frame:
    """The cells from one slide or subslide to the next, under one heading."""

    title: str
    blocks: list[Block]
    begins_section: bool = True
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    notebook: str = ""
    minutes: int = 0
    kind: str = "frame"

    @property
    def heading(self) -> str:
        """The title as HTML."""
        return inline(self.title)


def frames(
    notebook: NotebookNode, name: str = "", folder: Path | None = None
) -> list[Frame]:
    """Return the frames of a notebook with their headings and notes.

    Notes are shown with every frame of the section since the notes before;
    their minutes count where the first of these frames stands.  The footer
    says `name`; image files are looked for in `folder`.
    """
    found: list[Frame] = []
    without_notes: list[Frame] = []
    section = ""
    step = 0
    for number, kind, cell in _typed(notebook):
        tags = cell.metadata.get("tags") or []
        begins = kind in ("slide", "subslide")
        if kind == "notes" and found:
            _take_notes(cell.source, without_notes or found[-1:])
            without_notes = []
        for tag in tags:
            lost = (kind, tag) != ("skip", "lecture-skip")
            if tag.startswith("lecture-") and not begins and lost:
                raise ValueError(
                    f"cell {number} of {name} is tagged {tag}, but is a "
                    f"{kind!r}: tag the cell that begins a (sub)slide"
                )
        if kind in ("notes", "skip"):
            continue
        if kind == "subslide" and found and _belongs(cell, found[-1]):
            begins = False
        if begins or not found:
            heading, text = split_heading(cell)
            if kind == "slide":
                section, without_notes = heading or section, []
            title, first = heading or section, kind == "slide"
            found.append(Frame(title, [], first, tags, notebook=name))
            without_notes.append(found[-1])
            cell, step = nbformat.from_dict({**cell, "source": text}), 0
        step += kind == "fragment"
        if cell.cell_type == "raw" or "remove-cell" in tags:
            continue
        so_far = found[-1].blocks
        before = step - (kind == "fragment")
        answers = cell.cell_type == "code" and cell.outputs
        step += bool(answers) and before == step and _asked(so_far)
        so_far += blocks_of(cell, number, before, step, folder)
    return found


def _asked(blocks: list[Block]) -> bool:
    """Return whether a question has not been answered yet."""
    told = [b for b in blocks if b.asks or b.kind not in ("text", "code")]
    return bool(told) and told[-1].asks


def _belongs(cell: NotebookNode, frame: Frame) -> bool:
    """Return whether a picture goes beside the text before it."""
    tags = cell.metadata.get("tags") or []
    pictured = any(block.kind != "text" for block in frame.blocks)
    drawn = any(
        "image/png" in o.get("data", {}) for o in cell.get("outputs", [])
    )
    return tags == ["hide-input"] and drawn and not pictured


def _typed(notebook: NotebookNode) -> Iterator[tuple[int, str, NotebookNode]]:
    """Yield number, slide type and each cell.

    Where no cell has a slide type, headings begin slides and subslides.
    """
    plain = all(slide_type(cell) == "-" for cell in notebook.cells)
    for number, cell in enumerate(notebook.cells, 1):
        kind = slide_type(cell)
        level = re.match(r"#+(?= )", cell.source)
        if plain and cell.cell_type == "markdown" and level:
            kind = "slide" if len(level[0]) < 3 else "subslide"
        yield number, kind, cell


def _take_notes(source: str, found: list[Frame]) -> None:
    notes = source.removeprefix(FOLD).removesuffix("</details>").strip()
    for frame in found:
        frame.notes = f"{frame.notes}\n\n{notes}".strip()
    minutes = SHORTER.findall(notes) or MINUTES.findall(notes)
    found[0].minutes += sum(map(int, minutes))


def slide_type(cell: NotebookNode) -> str:
    """Return the slide type of a cell, "-" where it has none."""
    return (cell.metadata.get("slideshow") or {}).get("slide_type") or "-"


def split_heading(cell: NotebookNode) -> tuple[str, str]:
    """Return the heading that a cell begins with, if any, and the rest."""
    match = re.match(r"\s*#+ +(.*)\n*", cell.source)
    if cell.cell_type != "markdown" or not match:
        return "", cell.source
    return match[1].strip(), cell.source[match.end() :]


def read_frames(path: Path) -> tuple[str, list[Frame]]:
    """Return the title of a notebook and its frames."""
    notebook = read_notebook(path)
    heads = [split_heading(cell)[0] for cell in notebook.cells]
    title = next(filter(None, heads), path.stem)
    return title, frames(notebook, title, path.parent)


def read_notebook(path: Path) -> NotebookNode:
    """Return a notebook of format 4; say what is wrong with any other file.

    Cells without ids, which some editors save, are as good as others.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["nbformat"] != 4:
            raise ValueError(f"its format is {found['nbformat']}, not 4")
        notebook = nbformat.v4.reads(json.dumps(found))
        for number, cell in enumerate(notebook.cells, 1):
            cell.id = f"cell-{number}"
        notebook.nbformat_minor = 5  # the first one with ids
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        where = list(error.absolute_path)
        cell = f" in cell {where[1] + 1}" if where[:1] == ["cells"] else ""
        said = str(error.message)[:90]
        raise ValueError(
            f"{path.name} is no valid notebook{cell}: {said}"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path.name} is no notebook that can be read ({error}): open it "
            "in JupyterLab and save it again"
        ) from None
    return notebook
