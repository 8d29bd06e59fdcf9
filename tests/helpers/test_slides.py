"""Decks as text: screens, order, notes, the route, what is inlined."""

import re
import subprocess
import sys

import nbformat
import pytest

from helpers import slides
from helpers.slides import __main__ as command
from helpers.slides import page as pages
from helpers.slides.cells import FOLD, slide_type
from helpers.slides.layout import LAYOUTS, text_height
from helpers.slides.paging import WIDGET
from helpers.slides.talk import SERIES

NOTEBOOKS = sorted(slides.NOTEBOOKS.glob("*.ipynb"))
FIGURE = {"image/png": "aGVsbG8=", "text/plain": "Figure: a ramp"}
SIZE = {"image/png": {"width": 800, "height": 450, "alt": "a ramp"}}


def text(source, kind="-", tags=()):
    cell = nbformat.v4.new_markdown_cell(source)
    return typed(cell, kind, tags)


def note(source):
    folded = f"{FOLD}\n\n{source}\n\n</details>"
    return text(folded, "notes")


def code(source, *outputs, kind="-", tags=()):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    return typed(cell, kind, tags)


def typed(cell, kind, tags):
    cell.metadata = nbformat.from_dict(
        {"slideshow": {"slide_type": kind}, "tags": list(tags)}
    )
    return cell


def printed(lines):
    return nbformat.v4.new_output("stream", text="number\n" * lines)


def figure():
    return nbformat.v4.new_output("display_data", FIGURE, metadata=SIZE)


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def kinds(*cells):
    """Return the kinds of blocks, screen by screen, of one frame."""
    (frame,) = slides.frames(notebook(*cells))
    return [[b.metadata.kind for b in s.blocks] for s in slides.screens(frame)]


def steps(*cells):
    (frame,) = slides.frames(notebook(*cells))
    return [[b.metadata.step for b in s.blocks] for s in slides.screens(frame)]


def deck(*cells):
    return slides.deck_html(
        "Title", slides.frames(notebook(*cells), "01 Name")
    )


# --- Frames ------------------------------------------------------------------


def test_slides_and_subslides_begin_frames():
    parts = slides.frames(
        notebook(
            text("# 07 Pooling\n\nWhy?", "slide"),
            code("import numpy", kind="skip"),
            text("## 1 A shift\n\nOne.", "slide"),
            code("1", kind="fragment"),
            text("**Below**", "subslide"),
            text("### Erratum\n\nTwo.", "subslide"),
        )
    )
    assert [part.title for part in parts] == [
        "07 Pooling",
        "1 A shift",
        "1 A shift",
        "Erratum",
    ]
    assert [part.begins_section for part in parts] == [
        True,
        True,
        False,
        False,
    ]
    assert [c.source for p in parts for c in p.cells] == [
        "Why?",
        "One.",
        "1",
        "**Below**",
        "Two.",
    ]


def test_notes_are_shown_from_the_notes_before_them_on():
    parts = slides.frames(
        notebook(
            text("## 1 A", "slide"),
            text("a", "subslide"),
            note("for both"),
            text("b", "subslide"),
            note("for b"),
            note("more"),
            text("## 2 Silent", "slide"),
            text("## 3 C", "slide"),
            note("for 3"),
        )
    )
    assert [part.notes for part in parts] == [
        "for both",
        "for both",
        "for b\n\nmore",
        "",
        "for 3",
    ]


def test_the_notebook_is_not_changed():
    source = notebook(text("## 1 A\n\ntext", "slide"), code("1", printed(1)))
    before = nbformat.writes(source)
    slides.stacks(slides.frames(source))
    assert nbformat.writes(source) == before


# --- Screens -----------------------------------------------------------------


def test_short_cells_share_a_screen_and_come_key_by_key():
    cells = [
        text("## 1 A\n\n**Predict.**", "slide"),
        code("print()", printed(2), kind="fragment"),
        text("So.", "fragment"),
        text("And so."),
    ]
    assert kinds(*cells) == [
        ["markdown", "code", "output", "markdown", "markdown"]
    ]
    assert steps(*cells) == [[0, 1, 2, 3, 3]]


def test_a_figure_comes_after_its_code_with_what_is_printed():
    cells = [
        text("## 1 A\n\n**Predict.**", "slide"),
        code("\n".join("abcdefghijkl"), figure(), printed(2)),
    ]
    assert kinds(*cells) == [["markdown", "code"], ["figure", "output"]]
    assert steps(*cells) == [[0, 0], [0, 0]]


def test_code_stays_with_what_it_prints():
    words = "## 1 A\n\n" + "Nine words that fill some of the screen. " * 6
    cells = [text(words, "slide"), code("\n".join("abcdefgh"), printed(6))]
    assert kinds(*cells) == [["markdown"], ["code", "output"]]


def test_what_fits_on_no_screen_together_is_parted():
    cells = [code("\n".join("abcdefghijkl"), printed(12), kind="slide")]
    assert kinds(*cells) == [["code"], ["output"]]
    cells = [code("a", figure(), printed(9), kind="slide")]
    assert kinds(*cells) == [["code", "figure"], ["output"]]


def test_little_text_alone_is_large():
    few, many = slides.frames(
        notebook(
            text("## 1 A\n\n**Predict.**", "slide"),
            text("Some of many words. " * 40, "slide"),
        )
    )
    assert [s.large for f in (few, many) for s in slides.screens(f)] == [
        True,
        False,
    ]


def test_widgets_are_left_out_with_their_code():
    widget = nbformat.v4.new_output(
        "display_data", {WIDGET: {}, "text/plain": "VBox()"}
    )
    assert kinds(code("explorer()", widget, kind="slide"), code("1")) == [
        ["code"]
    ]
    assert (
        slides.stacks(
            slides.frames(notebook(code("explorer()", widget, kind="slide")))
        )
        == []
    )


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("words " * 10, "words " * 40),
        ("- a\n- b", "- a\n- b\n- c\n- d"),
        ("$x$ is short", "$x$ is " + "not " * 30),
        ("$$x$$", "$$\\frac{x}{y}$$"),
        ("| a |\n|--|\n| b |", "| a |\n|--|\n| b |\n| c |\n| d |"),
    ],
)
def test_more_text_is_higher(short, long):
    for layout in LAYOUTS.values():
        assert text_height(short, layout) > 0
        assert text_height(short, layout) < text_height(long, layout)


# --- The route of the lecture ------------------------------------------------


def tagged(*numbers, kind="slide"):
    return [
        text(f"## {n}\n\nS{n}", kind, [f"lecture-S{n:02}"]) for n in numbers
    ]


def route(*notebooks):
    parts = [slides.frames(notebook(*cells), "nb") for cells in notebooks]
    return [frame.title for frame in slides.route(parts)]


def test_route_is_in_the_order_of_the_lecture():
    later = tagged(*range(11, 20))
    first = tagged(10, 9, *range(1, 9))
    order = [19, *range(1, 19)]
    assert route(later, first) == [str(n) for n in order]


def test_route_takes_sections_whole_and_subslides_alone():
    rest = tagged(*range(3, 20))
    cells = [
        text("## 1", "slide", ["lecture-S01"]),
        text("### 1a", "subslide"),
        text("### 1b", "subslide", ["lecture-skip"]),
        text("## not on the route", "slide"),
        text("### 2a", "subslide", ["lecture-S02"]),
        text("### 2b", "subslide"),
    ]
    assert route(rest, cells)[1:4] == ["1", "1a", "2a"]


def test_a_section_for_two_slides_is_shown_once():
    both = text("## both", "slide", ["lecture-S02", "lecture-S01"])
    assert route([both], tagged(*range(3, 20)))[1:3] == ["both", "3"]


def test_each_slide_of_the_route_begins_a_stack():
    cells = tagged(*range(1, 20), kind="subslide")
    parts = slides.route([slides.frames(notebook(*cells))])
    assert list(map(len, slides.stacks(parts))) == [1] * 19


def test_a_missing_slide_is_named():
    with pytest.raises(ValueError, match="lecture-S07, lecture-S18: tag"):
        route(tagged(*(n for n in range(1, 20) if n not in (7, 18))))


def test_a_tag_that_names_no_slide_is_refused():
    with pytest.raises(ValueError, match=r"lecture-S20 in nb, '20'"):
        route(tagged(*range(1, 21)))


@pytest.mark.parametrize("kind", ["-", "fragment", "skip", "notes"])
def test_a_tag_where_no_slide_begins_is_refused(kind):
    lost = text("lost", kind, ["lecture-S03"])
    lost.id = "lost-cell"
    with pytest.raises(ValueError, match="lost-cell of nb is tagged lecture"):
        route([*tagged(1), lost])


# --- The page ----------------------------------------------------------------


def test_page_has_title_credit_footer_and_numbers():
    page = deck(text("## 1 A\n\ntext", "slide"), text("below", "subslide"))
    assert "<title>Title</title>" in page
    assert "<h1>Title</h1>" in page
    assert "Moritz Wolter" in page
    assert re.findall(r"<footer><span>(.*?)</span> <span>(.*?)<", page) == [
        ("01 Name", "2 / 3"),
        ("01 Name", "3 / 3"),
    ]


def test_page_holds_notes_fragments_pictures_and_colours():
    page = deck(
        text("## 1 A\n\ntext", "slide"),
        code("def f(): 'x'", printed(1), kind="fragment"),
        code("show()", figure()),
        note("Ask *first*."),
    )
    assert re.search(r'<aside class="notes"><p>Ask <em>first</em>', page)
    assert "For the speaker" not in page
    assert 'class="block code fragment" data-fragment-index="1"' in page
    assert '<img alt="a ramp" src="data:image/png;base64,aGVsbG8="' in page
    assert '<span class="k">def</span>' in page
    for colour in ("#0072b2", "#d55e00", "#009e73", "#e69f00"):
        assert colour in page


def test_page_asks_for_nothing_and_keeps_the_licences():
    page = deck(text("## 1 A\n\n[link](https://example.org)", "slide"))
    head = page[: page.index("<body>")]
    assert "default-src 'none'" in head
    assert "<link" not in page
    assert not re.search(r"<script[^>]+src", page)
    assert not re.search(r"@import|url\((?!['\"]?(data:|#))", head)
    for licence in ("Hakim", "Apache License", "SIL OPEN FONT", "Bitstream"):
        assert licence in page, licence


def test_scripts_cannot_end_early(tmp_path):
    path = tmp_path / "script.js"
    path.write_text("x = '<script></script><!--'")
    assert pages._script(path) == r"x = '<script><\/script><\!--'"


def test_markup_in_titles_is_escaped():
    assert "<h1>a &lt; b</h1>" in slides.deck_html("a < b", [])


# --- All notebooks -----------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_shown_cell_of_a_notebook_is_in_its_deck(path):
    title, parts = slides.read_frames(path)
    assert title.startswith(path.stem[:2])
    found = [s for stack in slides.stacks(parts) for s in stack]
    assert len({screen.name for screen in found}) == len(found)
    shown = {cell for screen in found for cell in screen.cells}
    for cell in nbformat.read(path, as_version=4).cells:
        hidden = slide_type(cell) in ("skip", "notes")
        widget = any(
            WIDGET in output.get("data", {})
            for output in cell.get("outputs", [])
        )
        heading = re.fullmatch(r"#+ .*", cell.source.strip())
        if not widget and not heading:
            assert (cell.id in shown) is not hidden, cell.id


# --- The command -------------------------------------------------------------


def test_command_builds_what_it_is_asked_for(tmp_path, capsys):
    assert command.main(["01", "--output", str(tmp_path / "new")]) == 0
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "01_convolution_1d.html"
    said = capsys.readouterr().out
    assert f"{path}  " in said
    assert "S: notes" in said


def test_whole_lecture_ends_with_the_references(tmp_path):
    path = tmp_path / "00.ipynb"
    nbformat.write(notebook(*tagged(*range(1, 20))), path)
    page = slides.build("lecture", tmp_path, [path]).read_text("utf-8")
    assert f"<h1>{SERIES}</h1>" in page
    titles = re.findall(r"<h2>(.*?)\s*</h2>", page)
    assert titles == ["19", *map(str, range(1, 19)), "References"]
    for source in ("DV16", "GBC16", "LeC+89", "Stu20"):
        assert f"[{source}]" in page


def test_command_refuses_an_unknown_notebook(capsys):
    assert command.main(["77"]) == 1
    said = capsys.readouterr().err
    assert "error: no notebook begins with 77; there are 00_why" in said


def test_command_says_which_slides_of_the_lecture_are_missing(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(command, "NOTEBOOKS", tmp_path)
    nbformat.write(notebook(*tagged(*range(1, 19))), tmp_path / "00.ipynb")
    arguments = ["lecture", "--output", str(tmp_path / "decks")]
    assert command.main(arguments) == 1
    assert "no cell is tagged lecture-S19:" in capsys.readouterr().err
    assert not (tmp_path / "decks").exists()


def test_command_names_a_package_that_is_missing(
    tmp_path, capsys, monkeypatch
):
    def missing(name):
        raise pages.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(pages.metadata, "distribution", missing)
    pages._assets.cache_clear()
    assert command.main(["01", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "sphinx-revealjs is not installed: pip install -r" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "error: no Chromium and no Chrome to print with: install one"),
        ("/bin/false", r"error: /bin/false cannot print \(.+\): see that it"),
        ("a text", r"error: .*a text cannot print \(.+\): see that it"),
    ],
)
def test_printing_without_a_browser_says_what_to_do(tmp_path, found, told):
    if found == "a text":
        (tmp_path / found).write_text("not a program")
        found = str(tmp_path / found)
    run = (
        "import shutil, sys; "
        "from helpers.slides import __main__ as command, printing; "
        f"shutil.which = lambda name: {found!r}; "
        "printing.CHANNEL = 'no-such-browser'; "
        f"sys.exit(command.main(['01', '--pdf', '--output', r'{tmp_path}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", run], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert re.search(told, done.stderr)
    assert "Traceback" not in done.stderr
    assert ".pdf" not in [path.suffix for path in tmp_path.iterdir()]


def test_decks_without_notebooks_say_how_to_install(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(command, "NOTEBOOKS", tmp_path)
    assert command.main([]) == 1
    assert f"{tmp_path}: call pip install -e ." in capsys.readouterr().err
