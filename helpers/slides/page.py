"""Decks: a page that holds all it needs, made from frames."""

from __future__ import annotations

import base64
import functools
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter

from helpers.files import write_whole
from helpers.slides.cells import Frame, read_frames
from helpers.slides.layout import HEIGHT, LAYOUTS
from helpers.slides.paging import stacks
from helpers.slides.talk import LECTURE, REFERENCES, SERIES, route

TEMPLATES = Path(__file__).parent
CREDIT = (
    "After the slides “Introduction to Convolutional Neural Networks” by "
    "Moritz Wolter, High Performance Computing and Analytics Lab, University "
    "of Bonn, 2024."
)


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
