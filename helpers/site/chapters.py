"""Chapters: a notebook as a page, and what other pages take from it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.slides.cells import FOLD, split_heading
from helpers.slides.talk import TAG

ASKED = "**Is it true?**"
# A quotation ends with its mark, with a formula or with a table.
QUOTED = re.compile(r'(?s).*("[*_.]*|\$\$|\|\n)')
TIME = re.compile(r"\*Time:\* (\w+) minutes(?: with a class, (\w+))?")
HOURS = {"one": 60, "two": 120, "three": 180, "four": 240}
WIDGET = "application/vnd.jupyter.widget-view+json"
EXPLORER = "application/vnd.cnn-lecture.explorer+json"


class Chapter:
    """A notebook; cells that `anchor` has named become targets of links."""

    def __init__(self, path: Path) -> None:
        self.notebook = nbformat.read(path, as_version=4)
        self.stem, self.number = path.stem, path.stem[:2]
        self.targets: set[str] = set()
        cells = self.notebook.cells
        self.texts = [cell for cell in cells if cell.cell_type == "markdown"]
        self.title, text = split_heading(cells[0])
        self.link = f"[{self.title}]({self.stem}.ipynb)"
        self.question = re.search(r"(?s)\*\*(.+?)\*\*", text)[1]
        source = "\n".join(cell.source for cell in cells)
        checks = re.findall(r"(?m)^exercises\.(\w+)\.check\(", source)
        self.exercises = list(dict.fromkeys(checks))
        time = TIME.search(source)
        words = filter(None, time.groups() if time else ())
        # With a class and alone, as far as the notebook says.
        self.minutes = [HOURS.get(word) or int(word) for word in words]

    def anchor(self, cell: NotebookNode) -> str:
        """Return the target of a link to a cell."""
        self.targets.add(cell.id)
        return f"#cell-{cell.id}"

    def claims(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is tested: what is right, the sentence, the target."""
        heading = self.title
        for cell in self.texts:
            heading = split_heading(cell)[0] or heading
            if "is-it-true" in cell.metadata.get("tags", []):
                said = cell.source.partition(ASKED)[2].partition("**Predict")
                quoted = QUOTED.match(said[0]) or said
                right = re.sub(r"^\d+ ", "", heading)
                yield right, quoted[0].strip(), self.anchor(cell)

    def slides(self) -> Iterator[tuple[str, str, str, list[str]]]:
        """Yield the slides covered: number, section, target, minutes."""
        title, cells = self.title, self.notebook.cells
        for place, cell in enumerate(cells):
            title = split_heading(cell)[0] or title
            tags = cell.metadata.get("tags", [])
            for tag in filter(None, map(TAG.fullmatch, tags)):
                notes = (c.source for c in cells[place:] if FOLD in c.source)
                minutes = re.findall(r"(\d+) minutes", next(notes, ""))
                number, target = f"S{int(tag[1])}", self.anchor(cell)
                yield number, title, target, minutes[:1]

    def defines(self, term: str) -> str:
        """Return the target that defines a term, "" if there is none.

        That is the first cell that sets it in bold or italics, else the first
        that has it; title, objectives, notes and recap define nothing.
        """
        word, others = re.escape(term), (FOLD, "## Recap")
        taught = [c for c in self.texts[2:] if not c.source.startswith(others)]
        for pattern in (rf"(?i)\*{word}s?\W*\*", rf"(?i)\b{word}s?\b"):
            for cell in taught:
                if re.search(pattern, cell.source):
                    return self.anchor(cell)
        return ""

    def outputs(self, kind: str) -> list[NotebookNode]:
        """Return the outputs of one MIME type."""
        shown = (o for c in self.notebook.cells for o in c.get("outputs", []))
        return [output for output in shown if kind in output.get("data", {})]

    def pictures(self) -> Iterator[tuple[bytes, str]]:
        """Yield each picture, as PNG, and its alternative text."""
        for output in self.outputs("image/png"):
            picture = base64.b64decode(output.data["image/png"])
            yield picture, output.metadata["image/png"]["alt"]

    def explorers(self) -> list[str]:
        """Return the explorers as HTML, each with its module and state."""
        found = [output.data[EXPLORER] for output in self.outputs(EXPLORER)]
        packed = [base64.b64encode(json.dumps(o).encode()) for o in found]
        host = Path(__file__).with_name("explorer.html").read_text("utf-8")
        return [host.replace("{packed}", one.decode()) for one in packed]

    def page(self) -> str:
        """Return the notebook as Sphinx reads it; a widget needs a kernel."""
        for output, alive in zip(self.outputs(EXPLORER), self.explorers()):
            output.data = {"text/html": alive}
        for output in self.outputs(WIDGET):
            output.data = {}
        cells = []
        for cell in self.notebook.cells:
            if cell.id in self.targets:
                target = f"(cell-{cell.id})="
                cells.append(nbformat.v4.new_markdown_cell(target))
            cells.append(cell)
        return nbformat.writes(
            nbformat.from_dict(self.notebook | {"cells": cells})
        )
