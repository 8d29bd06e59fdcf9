"""Decks: a page that holds all it needs, made from frames."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import jinja2

from helpers.files import write_whole
from helpers.slides.blocks import markdown
from helpers.slides.cells import Frame, read_frames
from helpers.slides.talk import LECTURE, SERIES, lecture

DECK = Path(__file__).parent / "deck"
CREDIT = (
    "After the slides “Introduction to Convolutional Neural Networks” by "
    "Moritz Wolter, High Performance Computing and Analytics Lab, University "
    "of Bonn, 2024."
)


def deck_html(title: str, parts: Sequence[Frame], credit: str = "") -> str:
    """Return a deck as one HTML page that asks for nothing else.

    Its policy names its scripts by their digests: nothing else runs.
    """
    stacks: list[list[Frame]] = []
    for frame in parts:
        if frame.begins_section or not stacks:
            stacks.append([])
        stacks[-1].append(frame)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(DECK), autoescape=True
    )
    environment.filters["markdown"] = markdown
    return environment.get_template("deck.html.j2").render(
        title=title,
        series=SERIES,
        credit=credit,
        stacks=stacks,
        explores=any(
            block.kind == "explorer" for f in parts for block in f.blocks
        ),
        **_assets(),
    )


@functools.cache
def _assets() -> dict[str, object]:
    """Return what pip installed and what stands beside: scripts, styles."""
    reveal = _installed("sphinx-revealjs", "sphinx_revealjs/_static/revealjs")
    mathjax = _installed("django-static-mathjax", "mathjax/static/mathjax")
    sans = reveal / "dist/theme/fonts/source-sans-pro"
    mono = _installed("matplotlib", "matplotlib/mpl-data/fonts/ttf")
    licences = [folder / "LICENSE" for folder in (reveal, mathjax, sans)]
    licences.append(mono / "LICENSE_DEJAVU")
    pro = "Source Sans Pro"
    fonts = [
        (pro, 400, "normal", sans / "source-sans-pro-regular.woff"),
        (pro, 400, "italic", sans / "source-sans-pro-italic.woff"),
        (pro, 600, "normal", sans / "source-sans-pro-semibold.woff"),
        ("DejaVu Sans Mono", 400, "normal", mono / "DejaVuSansMono.ttf"),
    ]
    scripts = [
        DECK / "settings.js",
        mathjax / "es5/tex-svg-full.js",
        reveal / "dist/reveal.js",
        *(DECK / f"{name}.js" for name in ("parts", "fit", "speaker", "deck")),
    ]
    styles = [
        reveal / "dist/reveal.css",
        DECK / "deck.css",
        DECK / "speaker.css",
    ]
    texts = [_script(path) for path in scripts]
    return {
        "scripts": texts,
        "digests": [_digest(text) for text in texts],
        "css": "\n".join(map(_read, styles)),
        "licences": "\n".join(map(_read, licences)).replace("--", "- -"),
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


def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _data_url(path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f"data:font/{path.suffix[1:]};base64,{data}"


def build(
    path: Path | None,
    folder: Path,
    notebooks: Sequence[Path] = (),
    sections: Sequence[str] = (),
) -> Path | None:
    """Write the deck of a notebook, or the lecture, and return where it is.

    Without a path it is the lecture, made from all notebooks or from those
    whose numbers are given.  A notebook that shows nothing has no deck.
    """
    if path is None:
        title, parts = SERIES, lecture(notebooks, sections)
    else:
        title, parts = read_frames(path)
    if not any(frame.blocks or frame.title for frame in parts):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    deck = folder / f"{path.stem if path else LECTURE}.html"
    with write_whole(deck) as file:
        file.write(deck_html(title, parts, CREDIT).encode())
    return deck
