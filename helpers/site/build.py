"""Sphinx: it makes pages, search index and links from what is written."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

import jinja2
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from sphinx.writers.html5 import HTML5Translator

from helpers.site.chapters import Chapter
from helpers.slides.cells import ROOT
from helpers.slides.page import CREDIT

HERE = Path(__file__).parent
MARKDOWN = re.compile(r"([*_`$<\[\\])")
# TeX that docutils does not know, and what it does.
KNOWN = {r"\\tag\{(\w+)\}": r"\\qquad(\1)", r"\\dots": r"\\ldots"}
KNOWN |= {r"\\[bB]ig": "", "°": r"^\\circ"}


def build(
    notebooks: list[Path],
    output: Path,
    misconceptions: dict[str, dict[str, list[str]]],
    decks: Path | bool = False,
    book: bool = False,
) -> Path:
    """Make the site in a folder and return its first page.

    A site that is there is replaced, anything else is left alone.  For each
    number of a notebook `misconceptions` holds the messages of its exercises,
    `decks` is a folder to copy and to link, `book` asks for an EPUB as well.
    """
    if not notebooks:
        raise ValueError("the site needs notebooks, there are none")
    if output.exists() and not (output / ".buildinfo").exists():
        raise ValueError(f"{output} is there, but is no site: choose another")
    chapters = [Chapter(path) for path in notebooks]
    with tempfile.TemporaryDirectory() as folder:
        source, site = Path(folder, "source"), Path(folder, "html")
        tables = dict(misconceptions=misconceptions, decks=bool(decks))
        _write(source, chapters, tables)
        if decks:
            shutil.copytree(decks, source / "extra/decks")
        _sphinx(source, site, chapters)
        if book:
            _write(source, chapters, tables | {"decks": False})
            _sphinx(source, Path(folder, "epub"), chapters)
            (epub,) = Path(folder, "epub").glob("*.epub")
            shutil.copy(epub, site / "lecture.epub")
        shutil.rmtree(output, ignore_errors=True)
        shutil.copytree(site, output)
    return output / "index.html"


def _write(source: Path, chapters: list[Chapter], tables: dict) -> None:
    """Write what Sphinx reads, and what it copies."""
    package = metadata.distribution("django-static-mathjax")
    mathjax = Path(package.locate_file("mathjax/static/mathjax"))
    for folder in ("_static", "extra"):
        (source / folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "site.css", source / "_static")
    shutil.copy(mathjax / "es5/tex-svg-full.js", source / "_static")
    shutil.copy(mathjax / "LICENSE", source / "_static/MathJax.txt")
    shutil.copy(ROOT / "LICENSE", source / "extra/LICENSE.txt")
    picture, alt = next(chapters[0].pictures())
    (source / "first.png").write_bytes(picture)
    tables |= dict(chapters=chapters, alt=alt, credit=CREDIT)
    tables |= {name: _table(name) for name in ("glossary", "crosswalk")}
    loader = jinja2.FileSystemLoader(HERE / "pages")
    pages = jinja2.Environment(loader=loader, trim_blocks=True)
    pages.filters["plain"] = lambda text: MARKDOWN.sub(r"\\\1", text)
    for name in pages.list_templates():
        text = pages.get_template(name).render(tables)
        (source / name).write_text(text, "utf-8")
    for one in chapters:  # last: by now it is known where links lead
        (source / f"{one.stem}.ipynb").write_text(one.page(), "utf-8")


def _table(name: str) -> dict:
    return json.loads((HERE / f"{name}.json").read_text("utf-8"))


def _sphinx(source: Path, made: Path, chapters: list[Chapter]) -> None:
    """Run a builder; what it warns of, a link into nothing say, fails."""
    settings, said = _table("settings"), io.StringIO()
    settings = settings["all"] | settings[made.name]
    folders = (source, None, made, source.parent / "read", made.name)
    pictures = [pair for one in chapters for pair in one.pictures()]
    # The name that myst-nb gives a file.
    texts = {hashlib.sha256(png).hexdigest(): text for png, text in pictures}

    def put_back(_: Sphinx, page: nodes.document) -> None:
        """Give each picture the text that myst-nb drops."""
        for node in page.findall(nodes.image):
            name = Path(node["uri"]).stem
            node["alt"] = texts.get(name, node.get("alt"))
            node.attributes.pop("height", None)  # it follows the width

    with docutils_namespace():
        app = Sphinx(*folders, settings, status=None, warning=said)
        app.connect("doctree-read", put_back)
        app.build()
    if faults := re.sub("\x1b.*?m", "", said.getvalue()):
        raise RuntimeError(f"the site has faults:\n{faults}")


def _mathml(page: HTML5Translator, node: nodes.Element) -> None:
    """Write a formula for a book, which has no MathJax, as MathML."""
    tex, block = node.astext(), isinstance(node, nodes.math_block)
    for unknown, known in KNOWN.items():
        tex = re.sub(unknown, known, tex)
    written = tex2mathml(tex, as_block=block)
    page.body.append(written.replace("&ApplyFunction;", "\u2061"))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Tell Sphinx, which takes this module as an extension."""
    app.add_html_math_renderer("mathml", (_mathml, None), (_mathml, None))
