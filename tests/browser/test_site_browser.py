"""The site in a real browser, from its folder, without a network."""

import re
import zipfile
from urllib.parse import unquote, urldefrag, urlparse
from xml.etree import ElementTree

import nbformat
import pytest

from helpers.site import build
from helpers.site.chapters import EXPLORER, Chapter
from helpers.slides import NOTEBOOKS

# The theme's own, and ours is pinned.
pytestmark = pytest.mark.filterwarnings(
    "ignore::sphinx.deprecation.RemovedInSphinx11Warning"
)
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
NAMES = [path.stem for path in PATHS]
OTHERS = ["index", "claims", "glossary", "crosswalk", "instructors", "search"]
WORDS = "dilation adjoint equivariant softmax im2col Waldo stride momentum"
XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
MODULE = """export default { render({ model, el }) {
  const button = document.createElement("button");
  const show = () => button.textContent = `σ = ${model.get("k")}`;
  button.onclick = () => model.set("k", model.get("k") + 1);
  model.on("change:k", show);
  show();
  el.append(button);
} };"""
LOOK = """
async () => {
  await window.MathJax?.startup.promise;
  const count = (what) => document.querySelectorAll(what).length;
  const shown = [...document.querySelectorAll(".bd-article img")];
  return {
    // Without a text Sphinx writes the name of the file.
    pictures: shown.filter((e) => !e.naturalWidth || e.alt.length < 15
      || e.alt.endsWith(".png")).length,
    formulas: count(".math") - count(".math > mjx-container"),
    errors: count("[data-mml-node=merror], [data-mjx-error]"),
    sideways: document.documentElement.scrollWidth > innerWidth,
  };
}
"""
SOUND = dict(pictures=0, formulas=0, errors=0, sideways=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site of all notebooks and of one with an explorer."""
    folder, make = tmp_path_factory.mktemp("site"), nbformat.v4
    (folder / "decks").mkdir()
    for name in ["lecture", "12_small", *NAMES]:
        (folder / "decks" / f"{name}.html").touch()
    data = {EXPLORER: {"module": MODULE, "state": {"k": 3}}}
    output = make.new_output("display_data", data)
    cells = [
        make.new_markdown_cell("# 12 Small\n\n**Does it live?**"),
        make.new_code_cell("small()", outputs=[output]),
        make.new_code_cell(
            "print('gone')", metadata={"tags": ["remove-cell"]}
        ),
    ]
    small = folder / "12_small.ipynb"
    notebook = nbformat.read(PATHS[0], as_version=4)
    notebook.cells = cells
    nbformat.write(notebook, small)
    notebooks, told = [*PATHS, small], {"00": {"conv": ["You *add* $2."]}}
    build(notebooks, folder / "site", told, folder / "decks", book=True)
    return folder / "site"


@pytest.fixture
def visit(site, browser):
    """Return a function that opens a page; what it hears must be nothing."""
    heard = []
    context = browser.new_context(viewport={"width": 390, "height": 844})
    fine = ("file:", "data:", "log", "info", "debug")

    def go(name, query=""):
        page = context.new_page()
        page.on("request", lambda request: heard.append(request.url))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("console", lambda told: heard.append(told.type + told.text))
        page.goto((site / f"{name}.html").as_uri() + query)
        return page

    yield go
    context.close()
    assert [one for one in heard if not one.startswith(fine)] == []


@pytest.mark.parametrize("name", OTHERS + NAMES)
def test_every_page_is_sound_on_a_phone(visit, name):
    assert visit(name).evaluate(LOOK) == SOUND


@pytest.mark.parametrize("path", PATHS, ids=NAMES)
def test_code_that_only_draws_is_folded(visit, path):
    cells = nbformat.read(path, as_version=4).cells
    hidden = [c for c in cells if "hide-input" in c.metadata.get("tags", [])]
    folded = visit(path.stem).locator("details.hide")
    assert folded.count() == len(hidden)
    assert not any(pre.is_visible() for pre in folded.locator("pre").all())


def test_a_removed_cell_is_not_there_and_an_explorer_lives(visit):
    page = visit("12_small")
    page.get_by_text("σ = 3").click()
    page.get_by_text("σ = 4").wait_for()
    assert not page.get_by_text("gone").count()


def test_every_link_within_the_site_leads_somewhere(site):
    pages = {p: p.read_text("utf-8") for p in site.glob("*.html")}
    ids = {p: set(re.findall(r'\bid="([^"]+)"', t)) for p, t in pages.items()}
    lost = []
    for page, text in pages.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            address, anchor = urldefrag(unquote(link))
            target = site / address if address else page
            known = ids.get(target, ()) if anchor else [anchor]
            there = target.is_file() and anchor in known
            if not there and not urlparse(link).scheme:
                lost.append((page.name, link))
    assert lost == []
    assert len(pages) > len(OTHERS + NAMES)


def test_a_notebook_leads_to_another_and_to_the_next(visit):
    page = visit(NAMES[0])
    page.locator(f'.bd-article a[href="{NAMES[3]}.html"]').first.click()
    page.wait_for_url(f"**/{NAMES[3]}.html")
    page.locator("a.right-next").click()
    page.wait_for_url(f"**/{NAMES[4]}.html")


def test_all_claims_are_listed(visit):
    claims = [claim for path in PATHS for claim in Chapter(path).claims()]
    links = visit("claims").locator(".bd-article p > strong > a")
    assert links.count() == len(claims)


@pytest.mark.parametrize("word", WORDS.split())
def test_search_finds(visit, word):
    page = visit("search", f"?q={word}")
    page.locator("#search-results li a").first.wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_reader_s(site, browser, theme):
    page = browser.new_page(color_scheme=theme)
    page.goto((site / "index.html").as_uri())
    page.locator(f"html[data-theme={theme}]").wait_for()
    page.close()


def test_the_book_is_whole(site):
    formulas = 0
    with zipfile.ZipFile(site / "lecture.epub") as book:
        for name in filter(re.compile(r".*\.xhtml").match, book.namelist()):
            page = ElementTree.fromstring(book.read(name))
            formulas += len([*page.iter(f"{MATHML}math")])
            texts = [one.get("alt") for one in page.iter(f"{XHTML}img")]
            assert all(len(text) > 15 and ".png" not in text for text in texts)
    assert formulas > 300
