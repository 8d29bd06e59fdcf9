"""Blocks: the text, code, pictures and outputs of a cell as clean HTML.

Whatever a notebook holds, no script of it gets into a deck: Markdown and HTML
go through a sanitiser, an SVG becomes an image, in which nothing runs, and
explorers are taken from notebooks of this project only.
"""

from __future__ import annotations

import base64
import functools
import json
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote

import nh3
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat import NotebookNode

OURS = Path(__file__).resolve().parents[2] / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
EXPLORER = "application/vnd.cnn-lecture.explorer+json"
PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")
CAPTION_LINES = 6
IMAGE = re.compile(r'<img(?: [\w-]+="[^"]*")*>')
# An alternative text in code, of one or more pieces: a deck shows the picture.
ALT = re.compile(r',\s*alt=(?:\s*f?"(?:[^"\\\n]|\\.)*")+')
Bundle = Mapping[str, Mapping[str, str]]
DEFAULT = nh3.ALLOWED_ATTRIBUTES
ATTRIBUTES = {
    **DEFAULT,
    "*": {"class", "title", "lang", "dir", "style"},
    "img": {"src", "alt", "width", "height"},
}


@dataclass(eq=False)
class Block:
    """What is seen at once: its HTML, and the key press that shows it."""

    kind: str  # text, code, picture, output or explorer
    html: str
    step: int = 0
    cell: int = 0
    hidden: bool = False  # code that key C shows
    asks: bool = False


def blocks_of(
    cell: NotebookNode,
    number: int,
    before: int,
    step: int,
    folder: Path | None,
) -> list[Block]:
    """Return the blocks of a cell.

    What it shows comes with key press `step`, its code `before`, at once with
    the question that it answers.  Widgets, dead without a kernel, are left out
    with their code: a static figure stands beside them.
    """
    if cell.cell_type == "markdown":
        attached = cell.get("attachments", {})
        html = markdown(cell.source, folder, attached)
        asks = "**Predict" in cell.source
        block = Block("text", html, step, number, asks=asks)
        return [block] if html.strip() else []
    tags = cell.metadata.get("tags") or []
    shown = [_shown(output, folder) for output in cell.outputs]
    shown = [(kind, html) for kind, html in shown if html]
    if cell.outputs and not shown:
        return []
    hidden = "hide-input" in tags
    found = []
    source = re.sub(r"\n{3,}", "\n\n", ALT.sub("", cell.source))
    if source.strip():
        code = Highlight2HTML()(source, metadata=cell.metadata)
        seen = before if shown else step
        block = Block("code", clean(code), seen, number, hidden)
        found.append(block)
    for kind, html in _captioned(shown):
        found.append(Block(kind, html, step, number))
    return found


def _captioned(shown: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the numbers printed with a picture under it."""
    drawn = [at for at, (kind, _) in enumerate(shown) if kind == "picture"]
    lines = [html for kind, html in shown if kind == "output"]
    words = "\n".join(lines).strip()
    short = words.count("\n") < CAPTION_LINES and "<table" not in words
    if len(drawn) != 1 or not lines or not short:
        return shown
    kind, html = shown[drawn[0]]
    return [(kind, f"{html}<figcaption>{words}</figcaption>")]


def _shown(output: NotebookNode, folder: Path | None) -> tuple[str, str]:
    """Return the kind of an output and its HTML, empty if it is left out."""
    if output.output_type == "stream":
        return "output", _terminal(output.text)
    if output.output_type == "error":
        lines = output.traceback or [f"{output.ename}: {output.evalue}"]
        return "output", _terminal("\n".join(lines))
    data = output.get("data", {})
    if EXPLORER in data and folder and folder.resolve() == OURS:
        return "explorer", _explorer(data[EXPLORER])
    if WIDGET in data or EXPLORER in data:
        return "output", ""
    for kind in ("text/html", "text/markdown", *PICTURES, *TEXTS[2:]):
        if kind not in data:
            continue
        html = _rich(kind, _text(data[kind]), output, folder)
        if html.strip():
            return ("picture" if kind in PICTURES else "output"), html
    return "output", ""


def _rich(
    kind: str, data: str, output: NotebookNode, folder: Path | None
) -> str:
    if kind in PICTURES:
        of_kind = output.get("metadata", {}).get(kind)
        about = of_kind if isinstance(of_kind, dict) else {}
        alt = about.get("alt") or "a figure"
        return _image(kind, data, str(alt))
    if kind == "text/html":
        return pictures(clean(data), folder)
    if kind == "text/markdown":
        return markdown(data, folder)
    return escape(data) if kind == "text/latex" else _terminal(data)


def _image(kind: str, data: str, alt: str) -> str:
    """Return an image whose data cannot end its attribute."""
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    data = re.sub(r"[^A-Za-z0-9+/=]", "", data)
    return f'<img src="data:{kind};base64,{data}" alt="{escape(alt)}">'


def _explorer(content: dict[str, object]) -> str:
    module = base64.b64encode(str(content["module"]).encode()).decode()
    state = escape(json.dumps(content["state"]))
    return f'<div data-module="{module}" data-state="{state}"></div>'


def _terminal(text: str) -> str:
    text = re.sub(r"[^\n]*\r(?!\n)", "", text).strip("\n")
    return f"<pre>{clean(ansi2html(text))}</pre>" if text.strip() else ""


def _text(data: object) -> str:
    return "".join(data) if isinstance(data, list) else str(data)


def markdown(
    source: str, folder: Path | None = None, attached: Bundle | None = None
) -> str:
    """Return Markdown as clean HTML; TeX stays for MathJax."""
    # Else nbconvert stops where one of them is missing.
    source = re.sub(r"(?<=[(\"'])attachment:", "x-attachment:", source)
    html = markdown2html_mistune(source)
    html = re.sub(r'<a class="anchor-link".*?</a>', "", html)
    return pictures(clean(html), folder, attached)


def inline(source: str) -> str:
    """Return one line of Markdown as clean HTML without a paragraph."""
    return re.sub(r"</?(p|h\d)\b[^>]*>", "", markdown(source)).strip()


@functools.lru_cache(4096)
def clean(html: str) -> str:
    """Return HTML without anything that runs, loads or leaves.

    Examples
    --------
    >>> clean('<b onclick="x()">a</b><meta http-equiv="refresh">')
    '<b>a</b>'
    """
    return nh3.clean(
        html,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data", "x-attachment"},
        filter_style_properties={"text-align", "color", "font-weight"},
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Let only images hold data."""
    leaves = name in ("href", "cite") and not re.match(r"http|mailto", value)
    return None if leaves else value


def pictures(
    html: str, folder: Path | None = None, attached: Bundle | None = None
) -> str:
    """Return clean HTML with its image files embedded or named as missing."""

    def embed(match: re.Match[str]) -> str:
        found = dict(re.findall(r' ([\w-]+)="([^"]*)"', match[0]))
        source = unquote(unescape(found.get("src", "")))
        if source.startswith("data:image/"):
            return match[0]
        kind, data = _file(source, folder, attached or {})
        if not data:
            return (
                f'<em class="missing">missing picture: {escape(source)}</em>'
            )
        return _image(kind, data, unescape(found.get("alt", "")))

    return IMAGE.sub(embed, html)


def _file(
    source: str, folder: Path | None, attached: Bundle
) -> tuple[str, str]:
    """Return type and data of a picture, from the cell or beside it."""
    if source.startswith("x-attachment:"):
        bundle = attached.get(source.removeprefix("x-attachment:"), {})
        return next(iter(bundle.items()), ("", ""))
    kind = mimetypes.guess_type(source)[0] or ""
    if folder is None or "://" in source or kind not in PICTURES:
        return "", ""
    path = (folder / source).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        return "", ""
    if kind == "image/svg+xml":
        return kind, path.read_text(encoding="utf-8", errors="replace")
    return kind, base64.b64encode(path.read_bytes()).decode()
