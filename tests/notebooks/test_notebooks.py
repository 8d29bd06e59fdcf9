"""What every notebook keeps to: slide types, sizes, clean stable outputs."""

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SLIDE_TYPES = {"slide", "subslide", "fragment", "-", "notes", "skip"}

# Cells whose output is not compared: timings, progress bars, widgets.
IGNORED = "nbval-ignore-output"
MOST_IGNORED = 3
# Code that does not teach, cells for tests only, claims that were tested.
TAGS = {IGNORED, "hide-input", "remove-cell", "is-it-true"}
# How a cell of notes begins and ends, and how much of the prose they may be.
FOLD = "<details><summary>For the speaker</summary>\n\n", "\n\n</details>"
MOST_NOTES = 0.25
# The last sections; the first of them where there is more to say.
ENDS = ["## Going further", "## Recap", "## Exercises", "## References"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def slide_type(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type")


def outputs(notebook):
    return [o for cell in code(notebook) for o in cell.outputs]


def sections(notebook):
    """Return the cells of each level-2 section, in order."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            found.append([])
        if found:
            found[-1].append(cell)
    return found


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_name_and_title_carry_the_same_number(path, notebook):
    assert re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem)
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith(f"# {path.stem[:2]} ")
    assert slide_type(first) == "slide"


def test_it_is_valid_and_cell_ids_are_unique(notebook):
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_every_cell_has_a_slide_type(notebook):
    wrong = [c.id for c in notebook.cells if slide_type(c) not in SLIDE_TYPES]
    assert not wrong


def test_it_is_of_a_size_that_can_be_taught(path, notebook):
    assert len(notebook.cells) <= 70
    assert path.stat().st_size < 1_500_000


def test_it_was_executed_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_it_begins_with_one_setup_cell_of_imports(notebook):
    setup = code(notebook)[0]
    assert slide_type(setup) == "skip"
    *imports, style = filter(None, setup.source.splitlines())
    assert len(imports) <= 8
    assert all(re.fullmatch(r"(import|from) .*", line) for line in imports)
    assert style == "figures.use_style()"
    later = "\n".join(cell.source for cell in code(notebook)[1:])
    assert not re.search(r"^(import|from) ", later, re.MULTILINE)


def test_code_fits_on_a_slide(notebook):
    for cell in code(notebook):
        lines = cell.source.splitlines()
        assert len(lines) <= 12, cell.source
        assert max(map(len, lines)) <= 79, cell.source
        assert not cell.source.rstrip().endswith(";"), cell.source


def test_prose_fits_on_a_slide(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and slide_type(cell) in (
            "slide",
            "subslide",
            "fragment",
            "-",
        ):
            prose = re.sub(
                r"\$\$.*?\$\$|\$.*?\$", "x", cell.source, flags=re.S
            )
            prose = re.sub(r"^\|.*$", "", prose, flags=re.MULTILINE)
            words = re.findall(r"\w[\w'.,-]*", prose)
            assert len(words) <= 90, f"{len(words)} words: {cell.source}"


def test_every_section_has_notes_for_the_speaker(notebook):
    for section in sections(notebook):
        title = section[0].source.splitlines()[0]
        if title not in ENDS:
            kinds = [slide_type(cell) for cell in section]
            assert kinds[0] == "slide", title
            assert "notes" in kinds, f"{title} has no notes"


def test_notes_are_folded_and_short(notebook):
    words = {True: 0, False: 0}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            notes = slide_type(cell) == "notes"
            words[notes] += len(cell.source.split())
            if notes:
                begin, end = FOLD
                assert cell.source.startswith(begin), cell.id
                assert cell.source.endswith(end), cell.id
    assert words[True] <= MOST_NOTES * sum(words.values())


def test_students_do_not_hear_of_slides_they_never_saw(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and slide_type(cell) != "notes":
            said = re.findall(
                r"(?i)erratum|the slides|next slide", cell.source
            )
            assert not said, cell.source


def test_a_claim_that_is_tested_is_quoted(notebook):
    for cell in notebook.cells:
        asked = "**Is it true?**" in cell.source
        assert asked == ("is-it-true" in cell.metadata.get("tags", []))


def test_00_lists_all_claims_word_for_word(path, notebook):
    cells = nbformat.read(NOTEBOOKS[0], as_version=4).cells
    (listed,) = (c.source for c in cells if "### Every claim" in c.source)
    claims = re.findall(rf"^\|.*\({path.name}\) \|(.*?)\|", listed, re.M)
    tested = [
        cell.source
        for cell in notebook.cells
        if "is-it-true" in cell.metadata.get("tags", [])
    ]
    assert len(tested) == len(claims)
    for claim in claims if tested else []:
        quoted = re.findall('"(.+?)"', claim) or re.findall(
            r"^ \$(.+?)\$", claim
        )
        assert quoted, claim
        for words in quoted:
            assert words in "\n".join(tested), words


def test_it_ends_with_recap_exercises_and_references(notebook):
    titles = [s[0].source.splitlines()[0] for s in sections(notebook)]
    assert titles[-3:] == ENDS[1:]
    assert ENDS[0] not in titles[:-4]
    exercises = [c.source for c in sections(notebook)[-2]]
    checks = re.findall(r"exercises\.\w+\.check\(", "\n".join(exercises))
    assert 2 <= len(checks) <= 4


def test_nothing_is_printed_on_stderr_and_nothing_failed(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            if IGNORED not in cell.metadata.get("tags", []):
                assert output.get("name") != "stderr", output.text


def test_outputs_are_the_same_on_every_machine(notebook):
    for cell in code(notebook):
        if IGNORED in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            data = output.get("data", {})
            text = output.get("text", "") + data.get("text/plain", "")
            assert not re.search(r"0x[0-9a-f]{6,}", text), text
            assert not re.search(r"(^|\s)/\w+/\w+", text), text
            assert "Warning" not in text
            assert not re.search(r"\d (s|ms|seconds)\b", text), text


def test_figures_have_an_alternative_text_and_a_number_beside_them(notebook):
    for cell in code(notebook):
        pictures = [
            o for o in cell.outputs if "image/png" in o.get("data", {})
        ]
        for picture in pictures:
            assert len(picture.metadata["image/png"]["alt"]) > 15
        if pictures and IGNORED not in cell.metadata.get("tags", []):
            printed = [o for o in cell.outputs if o.get("name") == "stdout"]
            assert printed, f"prints nothing beside its figure: {cell.source}"


def test_few_outputs_are_not_compared(notebook):
    tags = [
        tag
        for cell in notebook.cells
        for tag in cell.metadata.get("tags", [])
        if not tag.startswith("lecture-")  # the route of the slides
    ]
    assert set(tags) <= TAGS
    assert tags.count(IGNORED) <= MOST_IGNORED


def test_metadata_holds_nothing_of_the_machine_it_ran_on(notebook):
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"slideshow", "tags"}
