"""Frames: the cells of a notebook from one slide or subslide to the next."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
# How the cells of notes begin: a notebook shows them folded.
FOLD = "<details><summary>For the speaker</summary>"


@dataclass(eq=False)
class Frame:
    """The cells from one slide or subslide to the next."""

    title: str
    cells: list[NotebookNode]
    begins_section: bool = True
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    notebook: str = ""


def frames(notebook: NotebookNode, name: str = "") -> list[Frame]:
    """Return the frames of a notebook with their headings and notes.

    Notes are shown with every frame of the section since the notes before.

    Parameters
    ----------
    notebook : NotebookNode
    name : str
        What the footer says.

    Examples
    --------
    >>> cell = nbformat.v4.new_markdown_cell
    >>> cells = [cell("## Stride"), cell(f"{FOLD} Wait.")]
    >>> for cell, kind in zip(cells, ["slide", "notes"]):
    ...     cell.metadata.slideshow = {"slide_type": kind}
    >>> frames(nbformat.v4.new_notebook(cells=cells))[0].notes
    'Wait.'
    """
    found: list[Frame] = []
    without_notes: list[Frame] = []
    section = ""
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind == "notes" and found:
            notes = cell.source.removeprefix(FOLD)
            notes = notes.removesuffix("</details>").strip()
            for frame in without_notes or found[-1:]:
                frame.notes = f"{frame.notes}\n\n{notes}".strip()
            without_notes = []
        begins = kind in ("slide", "subslide")
        tags = cell.metadata.get("tags", [])
        if not begins and any(re.match("lecture-", tag) for tag in tags):
            raise ValueError(
                f"cell {cell.id} of {name} is tagged {', '.join(tags)}, but "
                f"is a {kind!r}: tag the cell that begins a (sub)slide"
            )
        if kind in ("notes", "skip"):
            continue
        if begins or not found:
            heading, text = split_heading(cell)
            if kind == "slide":
                section, without_notes = heading or section, []
            title, first = heading or section, kind == "slide"
            found.append(Frame(title, [], first, tags, notebook=name))
            without_notes.append(found[-1])
            cell = nbformat.from_dict(cell)
            cell.source = text
        found[-1].cells.append(cell)
    return found


def slide_type(cell: NotebookNode) -> str:
    """Return the slide type of a cell, "-" where it has none."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def split_heading(cell: NotebookNode) -> tuple[str, str]:
    """Return the heading that a cell begins with, if any, and the rest."""
    match = re.match(r"#+ +(.*)\n*", cell.source)
    if cell.cell_type != "markdown" or not match:
        return "", cell.source
    return match[1], cell.source[match.end() :]


def read_frames(path: Path) -> tuple[str, list[Frame]]:
    """Return the title of a notebook and its frames.

    Examples
    --------
    >>> read_frames(NOTEBOOKS / "00_why_convolve.ipynb")[0]
    '00 Why convolve?'
    """
    notebook = nbformat.read(path, as_version=4)
    title = split_heading(notebook.cells[0])[0] or path.stem
    return title, frames(notebook, title)
