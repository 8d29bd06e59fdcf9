"""Slides for every notebook, and for the whole lecture, as files of their own.

``python -m helpers.slides`` writes decks that need neither a network nor a
kernel: open one in a browser, press S for the notes, Esc for the overview.

A notebook becomes frames, one for each cell of type slide or subslide.  What
does not fit on one screen goes on below, under the same heading: code is seen
first, what it prints or draws comes with the next key.  Heights are estimated
from lines and sizes, for both layouts, so a deck has the same screens in both.
"""

from __future__ import annotations

import argparse
import base64
import functools
import itertools
import math
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from tqdm import tqdm

from helpers.data import write_whole

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(__file__).parent
NOTEBOOKS = ROOT / "notebooks"

SERIES = "Introduction to Convolutional Neural Networks"
CREDIT = (
    "After the slides “Introduction to Convolutional Neural Networks” by "
    "Moritz Wolter, High Performance Computing and Analytics Lab, University "
    "of Bonn, 2024."
)
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
WIDGET = "application/vnd.jupyter.widget-view+json"


# --- Sizes -------------------------------------------------------------------


@dataclass(frozen=True)
class Layout:
    """Widths and text sizes of a screen in CSS pixels.

    Examples
    --------
    >>> LAYOUTS["narrow"].width
    960
    """

    width: int
    heading: int
    text: int
    code: int


HEIGHT = 700
LAYOUTS = {
    "narrow": Layout(960, heading=36, text=26, code=20),
    "wide": Layout(1244, heading=42, text=30, code=23),
}
# The rest of deck.css, as far as it decides what fits.
MARGIN, TOP, FOOTER, GAP, LINE = 40, 28 + 18, 40, 16, 1.35
MONOSPACE = 0.6021  # width of a character of code, in its size
LETTER = 0.47  # mean width of a letter of text, in its size
LEAST_COLUMNS = 72
LEAST_FIGURE = 0.88  # of the size that the notebook shows
LARGE = 1.3  # text alone on a screen, where it then fits
# Code in a text, and a long formula: they do not wrap.
WIDE = re.compile(r"```|\$\$[^$]{45}")


def text_height(source: str, layout: Layout) -> float:
    """Return how high Markdown will stand, in pixels, rather too high.

    Examples
    --------
    >>> round(text_height("One line.", LAYOUTS["narrow"]))
    36
    """
    per_line = (layout.width - 2 * MARGIN) / (LETTER * layout.text)
    source = re.sub(r"```.*?```", _fenced, source, flags=re.DOTALL)
    source = re.sub(r"\$\$.*?\$\$", _formula, source, flags=re.DOTALL)
    source = re.sub(r"\$.*?\$", _plain_math, source)
    total = 0.0
    for block in re.split(r"\n\s*\n", source.strip()):
        lines = block.splitlines()
        if lines[0].startswith("|"):
            rows = [1.4 * _wrapped(row, 0.9 * per_line) for row in lines]
            total += 0.9 * (sum(rows[1:]) + 0.5 * (len(rows) - 1))
        elif lines[0].startswith("HEIGHT"):
            total += float(lines[0].split()[1])
        elif re.match(r"[-*\d]+\.? ", lines[0]):
            items = re.split(r"\n(?=[-*\d]+\.? )", block)
            total += sum(1.4 * _wrapped(i, per_line - 3) for i in items)
            total += 0.25 * (len(items) - 1)
        else:
            total += 1.4 * _wrapped(block, per_line)
        total += 0.55
    return (total - 0.55) * layout.text


def _wrapped(text: str, per_line: float) -> int:
    text = re.sub(r"\]\([^)]*\)|[*`\[]", "", text)
    return math.ceil(len(text) / per_line)


def _formula(match: re.Match[str]) -> str:
    rows = match[0].count(r"\\") + 1
    tall = bool(re.search(r"\\(frac|sum|prod|int|begin)", match[0]))
    return f"\n\nHEIGHT {rows * (2.9 if tall else 1.6) + 1}\n\n"


def _fenced(match: re.Match[str]) -> str:
    return f"\n\nHEIGHT {match[0].count(chr(10)):d}\n\n"


def _plain_math(match: re.Match[str]) -> str:
    return re.sub(r"\\[a-zA-Z]+|[{}_^\\$]", lambda m: m[0][:1], match[0])[1:-1]


def columns(text: str) -> int:
    """Return how many characters of code stand on a line of the slide.

    Examples
    --------
    >>> columns("x = 1"), columns("#" * 79)
    (72, 79)
    """
    longest = max(map(len, text.splitlines()), default=0)
    return min(max(longest, LEAST_COLUMNS), 80)


def code_height(text: str, layout: Layout) -> float:
    """Return how high code or what it printed will stand, in pixels.

    Examples
    --------
    >>> round(code_height("x = 1", LAYOUTS["wide"]))
    47
    """
    wide = columns(text)
    room = layout.width - 2 * MARGIN - 30
    size = min(layout.code, room / (wide * MONOSPACE))
    lines = sum(max(1, math.ceil(len(t) / wide)) for t in text.splitlines())
    return 16 + lines * size * LINE


# --- From cells to screens ---------------------------------------------------


@dataclass(eq=False)
class Frame:
    """The cells from one slide or subslide to the next.

    Examples
    --------
    >>> Frame("Stride skips windows", []).tags
    []
    """

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
    >>> cells = [cell("## Stride"), cell("*Speaker:* Wait.")]
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
            notes = cell.source.removeprefix("*Speaker:*").strip()
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
            heading, text = _split_heading(cell)
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
    """Return the slide type of a cell, "-" where it has none.

    Examples
    --------
    >>> slide_type(nbformat.v4.new_markdown_cell("text"))
    '-'
    """
    return cell.metadata.get("slideshow", {}).get("slide_type", "-")


def _split_heading(cell: NotebookNode) -> tuple[str, str]:
    """Return the heading that a cell begins with, if any, and the rest."""
    match = re.match(r"#+ +(.*)\n*", cell.source)
    if cell.cell_type != "markdown" or not match:
        return "", cell.source
    return match[1], cell.source[match.end() :]


@dataclass
class Screen:
    """What is seen at once, or bit by bit, under one heading.

    Examples
    --------
    >>> Screen("Stride skips windows", []).notes
    ''
    """

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
        heading = 1.2 * layout.heading * _wrapped(title, per_line)
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


# --- The route of the lecture ------------------------------------------------


def route(notebooks: Iterable[Sequence[Frame]]) -> list[Frame]:
    """Return the frames of the whole lecture, in the order of its slides.

    A cell that begins a section and is tagged lecture-S09 puts the section in
    place of slide S9; one that begins a subslide puts that alone.  Frames
    tagged lecture-skip are left out, and the numbers before headings too.

    Raises
    ------
    ValueError
        If a slide of the lecture is missing, or a tag names no slide.

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


# --- Writing decks -----------------------------------------------------------


def deck_html(title: str, parts: Iterable[Frame]) -> str:
    """Return a deck as one HTML page that asks for nothing else.

    Examples
    --------
    >>> page = deck_html("Stride", [])
    >>> "<h1>Stride</h1>" in page
    True
    """
    found = stacks(parts)
    deck = {
        "title": title,
        "series": SERIES,
        "credit": CREDIT,
        "stacks": found,
        "screens": 1 + sum(map(len, found)),
        "layouts": {name: vars(look) for name, look in LAYOUTS.items()},
        "height": HEIGHT,
        **_assets(),
    }
    exporter = HTMLExporter(
        template_name="deck", extra_template_basedirs=[str(TEMPLATES)]
    )
    empty = nbformat.v4.new_notebook()
    return exporter.from_notebook_node(empty, resources={"deck": deck})[0]


@functools.cache
def _assets() -> dict[str, object]:
    """Return what pip installed and what stands beside: scripts, styles."""
    reveal = _installed("sphinx-revealjs", "sphinx_revealjs/_static/revealjs")
    mathjax = _installed("django-static-mathjax", "mathjax/static/mathjax")
    sans = reveal / "dist/theme/fonts/source-sans-pro"
    mono = _installed("matplotlib", "matplotlib/mpl-data/fonts/ttf")
    scripts = [
        TEMPLATES / "deck/settings.js",
        mathjax / "es5/tex-svg-full.js",
        reveal / "dist/reveal.js",
        reveal / "plugin/notes/notes.js",
        TEMPLATES / "deck/deck.js",
    ]
    licences = {
        "reveal.js": reveal / "LICENSE",
        "MathJax": mathjax / "LICENSE",
        "Source Sans Pro": sans / "LICENSE",
        "DejaVu Sans Mono": mono / "LICENSE_DEJAVU",
    }
    fonts = [
        ("Source Sans Pro", 400, "normal", sans / "source-sans-pro-regular"),
        ("Source Sans Pro", 400, "italic", sans / "source-sans-pro-italic"),
        ("Source Sans Pro", 600, "normal", sans / "source-sans-pro-semibold"),
        ("DejaVu Sans Mono", 400, "normal", mono / "DejaVuSansMono.ttf"),
    ]
    return {
        "scripts": [_script(path) for path in scripts],
        "css": _read(TEMPLATES / "deck/deck.css"),
        "reveal_css": _read(reveal / "dist/reveal.css"),
        "licences": "\n\n".join(
            f"{name}\n{_read(path)}" for name, path in licences.items()
        ),
        "fonts": [(*font[:3], _data_url(font[3])) for font in fonts],
    }


def _installed(package: str, folder: str) -> Path:
    try:
        return Path(metadata.distribution(package).locate_file(folder))
    except metadata.PackageNotFoundError:
        raise FileNotFoundError(
            f"{package} is not installed: pip install -r requirements.txt"
        ) from None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _script(path: Path) -> str:
    """Return a script with nothing in it that would end its HTML element."""
    return (
        _read(path).replace("</script", r"<\/script").replace("<!--", r"<\!--")
    )


def _data_url(path: Path) -> str:
    path = path if path.suffix else path.with_suffix(".woff")
    data = base64.b64encode(path.read_bytes()).decode()
    return f"data:font/{path.suffix[1:]};base64,{data}"


def read_frames(path: Path) -> tuple[str, list[Frame]]:
    """Return the title of a notebook and its frames.

    Examples
    --------
    >>> read_frames(NOTEBOOKS / "00_why_convolve.ipynb")[0]
    '00 Why convolve?'
    """
    notebook = nbformat.read(path, as_version=4)
    title = _split_heading(notebook.cells[0])[0] or path.stem
    return title, frames(notebook, title)


def build(name: str, folder: Path, notebooks: Sequence[Path]) -> Path:
    """Write one deck and return where it is.

    Parameters
    ----------
    name : str
        The stem of a notebook, or "lecture" for the route through all.
    folder : path
        Made if it is not there.
    notebooks : sequence of path
        All notebooks.

    Raises
    ------
    ValueError
        If the tags of the notebooks leave a slide of the lecture out.

    Examples
    --------
    >>> build("lecture", Path("decks"), [])
    Traceback (most recent call last):
    ValueError: the lecture needs notebooks, there are none
    """
    if not notebooks:
        raise ValueError(f"the {name} needs notebooks, there are none")
    if name == LECTURE:
        title = SERIES
        parts = route([read_frames(path)[1] for path in notebooks])
        last = nbformat.v4.new_markdown_cell(REFERENCES)
        parts.append(Frame("References", [last], notebook=SERIES))
    else:
        (path,) = (path for path in notebooks if path.stem == name)
        title, parts = read_frames(path)
    folder.mkdir(parents=True, exist_ok=True)
    deck = folder / f"{name}.html"
    with write_whole(deck) as file:
        file.write(deck_html(title, parts).encode())
    return deck


# --- Printing ----------------------------------------------------------------

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHANNEL = "chrome"  # where Playwright looks if none of them is on the path


def print_pdf(deck: Path) -> Path:
    """Print a deck to a PDF beside it, one page a screen.

    Raises
    ------
    FileNotFoundError
        If there is no such deck, no Chromium and no Chrome.

    Examples
    --------
    >>> print_pdf(Path("no_deck.html"))
    Traceback (most recent call last):
    FileNotFoundError: there is no deck no_deck.html to print
    """
    from playwright.sync_api import Error, sync_playwright

    if not deck.is_file():
        raise FileNotFoundError(f"there is no deck {deck} to print")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    where = {"executable_path": found} if found else {"channel": CHANNEL}
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(**where)
        except Error as error:
            raise FileNotFoundError(
                "no Chromium and no Chrome to print with: install one, or "
                f"open {deck.name}?print-pdf in another browser and print"
            ) from error
        page = browser.new_page()
        page.goto(f"{deck.resolve().as_uri()}?print-pdf")
        page.wait_for_function(
            "window.Reveal?.isReady() && Reveal.isPrintView()"
        )
        page.wait_for_selector(".pdf-page", state="attached")
        with write_whole(deck.with_suffix(".pdf")) as file:
            file.write(
                page.pdf(prefer_css_page_size=True, print_background=True)
            )
        browser.close()
    return deck.with_suffix(".pdf")


# --- The command -------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the decks that the command line asks for; return 1 if one fails.

    Examples
    --------
    >>> main(["99"])
    error: no notebook begins with 99; there are ...
    1
    """
    parser = argparse.ArgumentParser(
        prog="python -m helpers.slides",
        description="Build slides from the notebooks, one HTML file each.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="how a notebook's file name begins, like 03, or lecture for the "
        "90-minute route through all of them; all if none is given",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "decks",
        help="folder for the decks (decks)",
    )
    parser.add_argument(
        "--pdf", action="store_true", help="print each deck to PDF as well"
    )
    given = parser.parse_args(arguments)
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    try:
        names = _choose(given.names, [path.stem for path in notebooks])
        bar = tqdm(names, file=sys.stdout, leave=False, unit="deck")
        for name in bar:
            bar.set_description(name)
            deck = build(name, given.output, notebooks)
            _report(bar, deck)
            if given.pdf:
                _report(bar, print_pdf(deck))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}")
        return 1
    print("Open a deck in a browser; S: notes, Esc: overview, ?: help.")
    return 0


def _report(bar: tqdm, path: Path) -> None:
    bar.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB", file=sys.stdout)


def _choose(wanted: Sequence[str], stems: Sequence[str]) -> list[str]:
    every = [*stems, LECTURE]
    for name in wanted:
        if not any(stem.startswith(name) for stem in every):
            raise ValueError(
                f"no notebook begins with {name}; there are {', '.join(every)}"
            )
    return [s for s in every if not wanted or s.startswith(tuple(wanted))]


if __name__ == "__main__":
    raise SystemExit(main())
