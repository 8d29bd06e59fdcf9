"""Decks as text: frames, blocks, notes, the lecture, what is inlined."""

import base64
import json
import re
import subprocess
import sys
from html import unescape

import nbformat
import pytest

from helpers import slides
from helpers.slides import __main__ as command
from helpers.slides import page as pages
from helpers.slides.blocks import WIDGET, clean
from helpers.slides.cells import FOLD, slide_type

NOTEBOOKS = sorted(slides.NOTEBOOKS.glob("*.ipynb"))
PNG = base64.b64encode(b"\x89PNG").decode()
HIDE = ["hide-input"]


def text(source, kind="-", tags=()):
    return typed(nbformat.v4.new_markdown_cell(source), kind, tags)


def note(source):
    return text(f"{FOLD}\n\n{source}\n\n</details>", "notes")


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


def shown(kind="image/png", data=PNG, **about):
    return nbformat.v4.new_output(
        "display_data", {kind: data}, metadata={kind: about}
    )


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=list(cells))


def seen(*cells):
    """Return kind and step of all blocks of one frame; hidden code as C."""
    (frame,) = slides.frames(notebook(*cells))
    return " ".join(
        f"{'C' if block.hidden else block.kind[0]}{block.step}"
        for block in frame.blocks
    )


def html(*cells, folder=None):
    (frame,) = slides.frames(notebook(*cells), folder=folder)
    return "".join(block.html for block in frame.blocks)


def deck(*cells):
    parts = slides.frames(notebook(*cells), "01 Name")
    return slides.deck_html("Title", parts)


# --- Frames ------------------------------------------------------------------


def test_slides_and_subslides_begin_frames():
    parts = slides.frames(
        notebook(
            text("# 07 Pooling\n\nWhy?", "slide"),
            code("import numpy", kind="skip"),
            text("## 1 A shift\n\nOne.", "slide"),
            code("1", kind="fragment"),
            text("**Below**", "subslide"),
            code("check()", kind="fragment", tags=["remove-cell"]),
            text("### Two pixels\n\nTwo.", "subslide"),
        )
    )
    assert [(p.title, p.begins_section, len(p.blocks)) for p in parts] == [
        ("07 Pooling", True, 1),
        ("1 A shift", True, 2),
        ("1 A shift", False, 1),
        ("Two pixels", False, 1),
    ]
    assert "shift" not in parts[1].blocks[0].html


def test_headings_begin_frames_where_there_are_no_slide_types():
    parts = slides.frames(
        notebook(
            text("intro"),
            text("# A"),
            text("## B\n\nb"),
            code("1"),
            text("### C"),
        )
    )
    assert [(p.title, len(p.blocks)) for p in parts] == [
        ("", 1),
        ("A", 0),
        ("B", 2),
        ("C", 0),
    ]


def test_notes_are_shown_from_the_notes_before_them_on():
    parts = slides.frames(
        notebook(
            text("## 1 A", "slide"),
            text("a", "subslide"),
            note("for both. 4 minutes."),
            text("b", "subslide"),
            note("for b. 6 minutes, in the lecture 2."),
            note("1 minute more"),
            text("## 2 Silent", "slide"),
            text("## 3 C", "slide"),
            note("for 3"),
        )
    )
    assert [(part.notes, part.minutes) for part in parts] == [
        ("for both. 4 minutes.", 4),
        ("for both. 4 minutes.", 0),
        ("for b. 6 minutes, in the lecture 2.\n\n1 minute more", 3),
        ("", 0),
        ("for 3", 0),
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # Code is seen with what it prints, and an answer after its question.
        ([text("a"), code("1", printed(1))], "t0 c0 o0"),
        ([text("**Predict**"), code("1", printed(1))], "t0 c0 o1"),
        (
            [
                *(text("**Predict**"), code("1"), code("2", printed(1))),
                *(text("**Predict**"), code("3", printed(1))),
            ],
            "t0 c0 c0 o1 t1 c1 o2",
        ),
        (
            [text("a"), code("1", printed(1), kind="fragment"), text("b")],
            "t0 c0 o1 t1",
        ),
        (
            [
                code("1", printed(1)),
                text("b", "fragment"),
                text("c", "fragment"),
            ],
            "c0 o0 t1 t2",
        ),
        # What is short under a picture is its caption; more is not.
        ([code("1", shown(), printed(3), tags=HIDE)], "C0 p0"),
        ([code("1", shown(), printed(9), tags=HIDE)], "C0 p0 o0"),
        ([text("**Predict**"), code("1", shown(), tags=HIDE)], "t0 C0 p1"),
        # A picture goes beside the text before it, or on a slide of its own.
        (
            [text("a"), code("1", shown(), kind="subslide", tags=HIDE)],
            "t0 C0 p0",
        ),
        # Widgets are dead: a static figure stands beside them.
        ([code("w()", shown(WIDGET, {})), code("1")], "c0"),
        ([nbformat.v4.new_raw_cell("\\newpage"), code("1")], "c0"),
    ],
)
def test_blocks_and_their_steps(cells, expected):
    if not slide_type(cells[0]).startswith("s"):
        cells[0].metadata.slideshow = {"slide_type": "slide"}
    assert seen(*cells) == expected


def test_alternative_texts_never_show():
    drawn = (
        'figures.show(\n    f(x),\n    alt="one, \\"two\\" "\n    f"{x}",\n)'
    )
    page = html(code(drawn, shown(alt='a "ramp"')))
    assert "alt" not in re.sub(r"<img [^>]*>", "", page)
    assert "two" not in page
    assert 'alt="a &quot;ramp&quot;"' in page


# --- Awkward notebooks -------------------------------------------------------


def write(path, cells, minor=5, **changes):
    content = {"nbformat": 4, "nbformat_minor": minor, "metadata": {}}
    path.write_text(json.dumps({**content, "cells": cells, **changes}))
    return path


@pytest.mark.parametrize("minor", range(6))
@pytest.mark.parametrize("metadata", [{}, {"slideshow": None, "tags": None}])
def test_every_minor_format_with_and_without_ids(tmp_path, minor, metadata):
    cell = {"cell_type": "markdown", "metadata": metadata, "source": ["# A"]}
    cells = [cell, {**cell, "cell_type": "raw"}]
    if metadata.get("tags", 1) is None:
        metadata.pop("tags")  # the schema asks for a list
    path = write(tmp_path / "a.ipynb", cells, minor)
    title, parts = slides.read_frames(path)
    assert (title, [part.title for part in parts]) == ("A", ["A"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "bad.ipynb is no notebook"),
        ("[]", "bad.ipynb is no notebook"),
        ('{"nbformat": 3, "worksheets": []}', "its format is 3, not 4"),
        (
            '{"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": '
            '[{"cell_type": "code", "metadata": {}, "source": ""}]}',
            "bad.ipynb is no valid notebook in cell 1",
        ),
    ],
)
def test_bad_notebooks_are_named_and_others_built(
    tmp_path, capsys, content, words
):
    (tmp_path / "bad.ipynb").write_text(content)
    write(tmp_path / "empty.ipynb", [])
    nbformat.write(notebook(text("# Good")), tmp_path / "good.ipynb")
    names = [str(tmp_path / f"{n}.ipynb") for n in ("bad", "empty", "good")]
    assert command.main([*names, "--output", str(tmp_path / "new")]) == 1
    out, err = capsys.readouterr()
    said = out + err
    assert words in said
    assert "empty.ipynb shows nothing" in said
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["good.html"]


@pytest.mark.parametrize("width", ["50%", 80, None])
def test_image_data_and_sizes_of_any_kind(width):
    page = html(code("i", shown("image/jpeg", f"{PNG}\n", width=width)))
    assert f'src="data:image/jpeg;base64,{PNG}"' in page


def test_image_files_are_embedded_or_named_as_missing(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a b.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.png").write_bytes(b"secret")
    cell = text(
        "![one](a%20b.png) <img src='gone.png'> ![s](../secret.png) "
        "![w](https://example.org/w.png) ![c](attachment:c.png)"
    )
    cell.attachments = {"c.png": {"image/png": PNG}}
    page = html(cell, folder=tmp_path / "deep")
    assert page.count(f'src="data:image/png;base64,{PNG}"') == 2
    for name in ("gone.png", "../secret.png", "https://example.org/w.png"):
        assert f"missing picture: {name}" in page
    assert page.count("<img") == 2


@pytest.mark.parametrize(
    "source",
    [
        "<!-- open",
        "a <b",
        "<table><tr><td>",
        "$a < b$",
        "```\nx",
        "![](",
        "\x00",
    ],
)
def test_unclosed_markup_stays_in_its_cell(source):
    page = deck(
        text(f"## 1 A\n\n{source}", "slide"), text("after it", "slide")
    )
    assert "after it" in page
    assert page.count("<section") == page.count("</section")


def test_math_and_tables_outlive_the_sanitiser():
    page = html(
        text("$x < y$ and $$a_b * c_d * e$$\n\n|a|b|\n|:-:|-:|\n|1|2|")
    )
    assert "$x &lt; y$" in page
    assert "$$a_b * c_d * e$$" in page
    assert 'style="text-align:right"' in page
    assert clean('<p class="x" style="position:fixed">a</p>').count("fix") == 0


# --- The lecture -------------------------------------------------------------


def tagged(*numbers, kind="slide"):
    return [
        text(f"## {n}\n\nS{n}", kind, [f"lecture-S{n:02}"]) for n in numbers
    ]


def route(*notebooks):
    parts = [slides.frames(notebook(*cells), "nb") for cells in notebooks]
    return [frame.title for frame in slides.route(parts)]


def test_route_takes_sections_whole_and_subslides_alone_in_their_order():
    cells = [
        text("## 1", "slide", ["lecture-S01"]),
        text("### 1a", "subslide", ["lecture-S01"]),
        text("### 1b", "subslide", ["lecture-skip"]),
        text("## not on the route", "slide"),
        text("### 2a", "subslide", ["lecture-S02"]),
        text("### 2b", "subslide"),
    ]
    rest = tagged(*range(3, 20))
    order = ["19", "1", "1a", "2a", *map(str, range(3, 19))]
    assert route(rest, cells) == order
    both = text("## both", "slide", ["lecture-S02", "lecture-S01"])
    assert route([both], rest)[1:3] == ["both", "3"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            tagged(*(n for n in range(1, 20) if n not in (7, 18))),
            "lecture-S07, lecture-S18: tag",
        ),
        (tagged(*range(1, 21)), r"lecture-S20 in nb, '20'"),
        *(
            ([text("a", kind, ["lecture-S03"])], "cell 1 of nb is tagged lect")
            for kind in ("-", "fragment", "skip", "notes")
        ),
    ],
)
def test_wrong_tags_are_named(cells, words):
    with pytest.raises(ValueError, match=words):
        route(cells)


def lecture_notebook(folder):
    first = text("# 05 Name\n\n**Why?** More.", "slide")
    drawn = code("prepare(); show()", shown(), kind="fragment")
    cells = [first, *tagged(*range(1, 20)), drawn, note("7 minutes")]
    path = folder / "05.ipynb"
    nbformat.write(notebook(*cells), path)
    return path


def test_lecture_opens_each_notebook_and_ends_with_references(tmp_path):
    parts = slides.lecture([lecture_notebook(tmp_path)])
    titles = [frame.title for frame in parts]
    assert titles == ["05 Name", "19", *map(str, range(1, 19)), "References"]
    assert "<p>Why?</p>" in parts[0].blocks[0].html
    assert [b.kind for b in parts[1].blocks if not b.hidden] == [
        "text",
        "picture",
    ]
    for source in ("DV16", "GBC16", "LeC+89", "Stu20"):
        assert f"[{source}]" in parts[-1].blocks[0].html


def test_sections_compose_another_lecture(tmp_path, capsys, monkeypatch):
    lecture_notebook(tmp_path)
    other = notebook(text("# 06 Other", "slide"), note("3 minutes"))
    nbformat.write(other, tmp_path / "06.ipynb")
    monkeypatch.setattr(command, "NOTEBOOKS", tmp_path)
    arguments = ["--sections", "06", "--output", str(tmp_path)]
    assert command.main(arguments) == 0
    page = (tmp_path / "lecture.html").read_text("utf-8")
    assert "06 Other" in page
    assert "05 Name" not in page
    assert "lecture: 3 minutes" in capsys.readouterr().out
    assert command.main(["--sections", "6", "--output", str(tmp_path)]) == 1
    assert "no notebook begins with 6" in capsys.readouterr().err


def test_lecture_takes_85_to_90_minutes():
    parts = slides.lecture(NOTEBOOKS)
    assert 85 <= sum(frame.minutes for frame in parts) <= 90


# --- The page ----------------------------------------------------------------


def test_page_asks_for_nothing_and_keeps_the_licences():
    link = text("## 1 A\n\n[link](https://example.org)", "slide")
    parts = slides.frames(notebook(link, note("Ask *first*.")), "01 Name")
    page = slides.deck_html("a < b", parts, pages.CREDIT)
    head = unescape(page[: page.index("<body>")])
    assert "default-src 'none'" in head
    assert "script-src 'sha256-" in head
    assert "unsafe-inline'; form" in head  # styles only
    assert not re.search(r"<link|<script[^>]+src", page)
    assert not re.search(r"@import|url\((?!['\"]?(data:|#))", head)
    for licence in ("Hakim", "Apache License", "SIL OPEN FONT", "Bitstream"):
        assert licence in page, licence
    for expected in (
        "<h1>a &lt; b</h1>",
        "Moritz Wolter",
        "<footer><span>01 Name</span>",
        '<aside class="notes"><p>Ask <em>first</em>',
        *("#0072b2", "#d55e00", "#009e73", "#e69f00"),
    ):
        assert expected in page
    assert "For the speaker" not in page


def test_scripts_cannot_end_early(tmp_path):
    path = tmp_path / "script.js"
    path.write_text("x = '<script></script><!--'")
    assert pages._script(path) == r"x = '<script><\/script><\!--'"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_shown_cell_of_a_notebook_is_in_its_deck(path):
    title, parts = slides.read_frames(path)
    assert title.startswith(path.stem[:2])
    found = {block.cell for frame in parts for block in frame.blocks}
    cells = nbformat.read(path, as_version=4).cells
    for number, cell in enumerate(cells, 1):
        hidden = slide_type(cell) in ("skip", "notes")
        hidden |= "remove-cell" in cell.metadata.get("tags", [])
        widget = any(
            WIDGET in output.get("data", {})
            for output in cell.get("outputs", [])
        )
        heading = re.fullmatch(r"#+ .*", cell.source.strip())
        if not widget and not heading:
            assert (number in found) is not hidden, cell.id


# --- The command -------------------------------------------------------------


def test_command_builds_what_it_is_asked_for(tmp_path, capsys):
    assert command.main(["01", "--output", str(tmp_path / "new")]) == 0
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "01_convolution_1d.html"
    said = capsys.readouterr().out
    assert f"{path}  " in said
    assert "S: notes" in said
    assert command.main(["77"]) == 1
    said = capsys.readouterr().err
    assert "error: no notebook begins with 77: there are 00_why" in said


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
