"""What the site takes from notebooks and tables; see tests/browser too."""

import json
import re
import subprocess
import sys

import nbformat
import pytest

from helpers.site import build
from helpers.site.build import HERE
from helpers.site.chapters import Chapter
from helpers.slides import NOTEBOOKS
from helpers.slides.cells import FOLD

CHAPTERS = {p.stem[:2]: Chapter(p) for p in NOTEBOOKS.glob("*.ipynb")}
SERIES = {f"{number:02}" for number in range(11)}
TITLE = "# 12 Small\n\n**How small?**\n\nSee below."


def chapter(folder, *sources, tags=()):
    """Return a chapter of Markdown cells, and of pairs: source and tags."""
    make = nbformat.v4.new_markdown_cell
    cells = [make(text, metadata={"tags": tags}) for text in (TITLE, *sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "12.ipynb")
    return Chapter(folder / "12.ipynb")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('A book: "It is." But **Predict** it.', 'A book: "It is."'),
        ('*"It is."* We will see.\n\n**Predict.** So?', '*"It is."*'),
        ('In "C" it is\n\n$$a$$\n\nHm.', 'In "C" it is\n\n$$a$$'),
        ('|a|\n|:--|\n| "b" |\n\n**Yes.**', '|a|\n|:--|\n| "b" |'),
    ],
)
def test_a_claim_is_quoted_to_its_end(tmp_path, text, quoted):
    text = f"## 3 It is not\n\nWords.\n\n**Is it true?** {text}"
    one = chapter(tmp_path, text, tags=["is-it-true"])
    *_, (right, said, target) = one.claims()
    assert (right, said) == ("It is not", quoted)
    assert f"({target[1:]})=" in one.page()


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("50 minutes with a class, two hours alone.", [50, 120]),
        ("60 minutes with a class, 150 alone.", [60, 150]),
        ("45 minutes; all runs in seconds.", [45]),
    ],
)
def test_minutes_are_read(tmp_path, time, minutes):
    one = chapter(tmp_path, f"*You need* 02. *Time:* {time}")
    assert (one.minutes, one.question) == (minutes, "How small?")


def test_a_term_leads_to_where_it_is_explained(tmp_path):
    others = [
        "You can use a **tap**.",
        f"{FOLD} A **tap**.",
        "## Recap **tap**",
    ]
    for last in ([], ["Its numbers are **taps**."]):
        one = chapter(tmp_path, *others, "Each tap counts.", *last)
        assert one.defines("tap") == f"#cell-{one.notebook.cells[-1].id}"
        assert one.defines("tip") == ""


def test_every_term_of_the_glossary_is_defined():
    terms = json.loads((HERE / "glossary.json").read_text("utf-8"))
    assert {number for number, _ in terms.values()} <= SERIES
    here = {t: n for t, (n, _) in terms.items() if n in CHAPTERS}
    assert [t for t, n in here.items() if not CHAPTERS[n].defines(t)] == []


def test_every_row_of_the_crosswalk_has_a_home():
    table = json.loads((HERE / "crosswalk.json").read_text("utf-8"))
    for sections in table["books"].values():
        assert {n for numbers in sections.values() for n in numbers} <= SERIES
    shown = {row[0] for one in CHAPTERS.values() for row in one.slides()}
    assert set(table["slides"]) == shown == {f"S{n}" for n in range(1, 20)}


def test_every_exercise_tells_its_misconceptions():
    command = [sys.executable, "-m", "lecture.exercises"]
    told = json.loads(subprocess.check_output(command))
    for number, one in CHAPTERS.items():
        assert set(one.exercises) <= set(told[number])
        assert all(told[number].values())


def test_a_folder_that_is_no_site_is_left_alone(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(ValueError, match=re.escape(str(tmp_path))):
        build([tmp_path / "12.ipynb"], tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
