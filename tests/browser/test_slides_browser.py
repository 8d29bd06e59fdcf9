"""Decks in a real browser, state by state, and slides in JupyterLab."""

import functools
import json
import re
import subprocess
import sys
import time

import nbformat
import pytest

from helpers import slides

NOTEBOOKS = sorted(slides.NOTEBOOKS.glob("*.ipynb"))
DECKS = [*(path.stem for path in NOTEBOOKS), slides.LECTURE]
# 4:3 and 16:9: reveal's own size follows, `test_layout_follows_the_window`.
VIEWPORTS = {"narrow": (960, 700), "wide": (1244, 700)}
SECONDS = 60

# On a slide of 700 px no letter is smaller; figures have 19.4 px at 100 %.
LEAST_TEXT = 16
LEAST_FIGURE = 0.85

# Goes through all states of a deck; returns {slide: [what is wrong]}.
CHECK = """
([leastText, leastFigure]) => {
  const faults = {};
  let name;
  const wrong = (what) => {
    const list = (faults[name] ??= []);
    if (!list.includes(what)) list.push(what);
  };
  const visible = (e) => e.checkVisibility(
    { opacityProperty: true, visibilityProperty: true });
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1
    && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;

  function look(slide) {
    const screen = slide.querySelector(".screen");
    const body = screen.querySelector(".body") ?? screen;
    const page = screen.getBoundingClientRect();
    const room = body.getBoundingClientRect();
    for (const e of screen.querySelectorAll(
      "h1, h2, p, li, td, pre, img"))
      if (!inside(e.getBoundingClientRect(), page)) wrong("off the screen");
    for (const e of [...body.children, ...body.querySelectorAll("svg")])
      if (!inside(e.getBoundingClientRect(), room)) wrong("overflow");
    for (const e of screen.querySelectorAll("pre"))
      if (e.scrollWidth > e.clientWidth + 1
        || e.scrollHeight > e.clientHeight + 1) wrong("clipped code");
    for (const e of screen.querySelectorAll("img")) {
      if (!e.complete || !e.naturalWidth) wrong("broken image");
      const shown = Math.min(
        e.clientWidth / e.naturalWidth, e.clientHeight / e.naturalHeight);
      const notebook = e.naturalWidth > 1000 ? 0.5 : 1;
      if (shown < leastFigure * notebook) wrong("small figure");
    }
    for (const e of screen.querySelectorAll("mjx-container")) {
      const svg = e.querySelector("svg");
      const em = 1000 * svg.getBoundingClientRect().width
        / svg.viewBox.baseVal.width;
      const font = parseFloat(getComputedStyle(e).fontSize);
      if (!(em > 0.85 * font)) wrong("shrunk math");
      if (e.querySelector("[data-mml-node=merror], [data-mjx-error]"))
        wrong("failed math");
    }
    const walk = document.createTreeWalker(screen, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode.data.trim();
      const e = walk.currentNode.parentElement;
      if (!text || e.closest("mjx-container")) continue;
      if (parseFloat(getComputedStyle(e).fontSize) < leastText)
        wrong("small text");
      if (!e.closest("pre, code") && /\\$|\\\\[a-z(\\[]/.test(text))
        wrong("TeX left over");
    }
  }

  Reveal.slide(0, 0);
  for (const e of document.querySelectorAll("[data-previous-indexv]"))
    e.removeAttribute("data-previous-indexv");
  let states = 0;
  for (;;) {
    const slide = Reveal.getCurrentSlide();
    name = slide.id;
    look(slide);
    states += 1;
    if (Reveal.isLastSlide() && !Reveal.availableFragments().next) break;
    Reveal.next();
  }
  return [faults, states];
}
"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Return a function that builds a deck, once: its path, the seconds."""
    folder = tmp_path_factory.mktemp("decks")

    @functools.cache
    def build(name):
        begin = time.process_time()  # however busy the machine is
        path = slides.build(name, folder, NOTEBOOKS)
        return path, time.process_time() - begin

    return build


def resize(page, width, height):
    page.set_viewport_size({"width": width, "height": height})


@pytest.fixture
def visit(browser):
    """Return a function that opens a deck; it also returns what it hears."""
    context = browser.new_context()
    context.set_default_timeout(1000 * SECONDS)

    def go(path, layout="wide", query=""):
        page = context.new_page()
        resize(page, *VIEWPORTS[layout])
        heard = []
        page.on("pageerror", lambda error: heard.append(f"error {error}"))
        page.on(
            "console",
            lambda message: (
                heard.append(f"console {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                heard.append(f"request {request.url[:99]}")
                if not request.url.startswith(("data:", path.as_uri()))
                else None
            ),
        )
        page.goto(path.as_uri() + query)
        page.locator(".reveal.ready").wait_for()
        return page, heard

    yield go
    context.close()


def faults(page):
    return page.evaluate(CHECK, [LEAST_TEXT, LEAST_FIGURE])


# --- The decks ---------------------------------------------------------------


def test_all_decks_build_in_a_minute(deck):
    assert sum(deck(name)[1] for name in DECKS) < 60


@pytest.mark.parametrize("name", DECKS)
def test_every_state_of_every_deck_is_sound(deck, visit, name):
    page, heard = visit(deck(name)[0], "narrow")
    found, states = {}, {}
    for layout, size in VIEWPORTS.items():
        resize(page, *size)
        page.locator(f"[data-layout={layout}] .reveal").wait_for()
        found[layout], states[layout] = faults(page)
    assert json.dumps(found, indent=2) == json.dumps(
        {layout: {} for layout in VIEWPORTS}, indent=2
    )
    assert states["narrow"] == states["wide"] > 10
    assert heard == []


def test_layout_follows_the_window(deck, visit):
    page, _ = visit(deck(DECKS[0])[0], "narrow")
    size = "[Reveal.getConfig().width, Reveal.getConfig().height]"
    assert page.evaluate(size) == [960, 700]
    resize(page, 1920, 1080)
    page.locator("[data-layout=wide] .reveal").wait_for()
    assert page.evaluate(size) == [1244, 700]
    assert page.locator(".present h1").bounding_box()["height"] > 90


def test_keys_show_the_next_step_the_overview_and_the_notes(deck, visit):
    page, heard = visit(deck(DECKS[0])[0])
    page.keyboard.press("Space")
    first = page.evaluate("Reveal.getCurrentSlide().id")
    fragments = page.locator("section.present section.present .fragment")
    for _ in range(12):
        if fragments.count():
            break
        page.keyboard.press("Space")
    fragments.first.wait_for(state="hidden")
    page.keyboard.press("Space")
    fragments.first.wait_for()
    assert page.evaluate("Reveal.getCurrentSlide().id") != first
    notes = page.locator("section.present section.present aside.notes")
    expected = notes.text_content().split()[:6]

    page.keyboard.press("Escape")
    assert page.evaluate("Reveal.isOverview()")
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    shown = speaker.locator(".speaker-controls-notes .value")
    shown.filter(has_text=" ".join(expected)).wait_for()
    for frame in ("current-slide", "upcoming-slide"):
        inner = speaker.frame_locator(f"#{frame} iframe")
        inner.locator("section.present .screen").first.wait_for()
    # The speaker's window shows the deck, twice, and asks for nothing else.
    assert heard == []


def test_animations_play(deck, visit):
    """An APNG stays as it is: its chunk with the frames is in the deck."""
    page, _ = visit(deck("03_stride_padding_shapes")[0])
    animated = page.evaluate(
        "[...document.images].filter(i =>"
        "atob(i.src.split(',')[1]).slice(0, 2000).includes('acTL')).length"
    )
    assert animated >= 1


# --- Each kind of fault, planted ---------------------------------------------

SOUND = """## 1 Sound

Text, $x^2$ and

$$o = \\frac{i - k}{s} + 1$$
"""
PLANTED = {
    "overflow": "find('.markdown').style.height = '900px'",
    "off the screen": "find('h2').style.width = '2000px'",
    "clipped code": "Object.assign(find('.code pre').style,"
    "{height: '20px', overflow: 'hidden'})",
    "shrunk math": "find('mjx-container svg').style.width = '5px'",
    "failed math": "find('mjx-container svg')"
    ".setAttribute('data-mjx-error', '')",
    "TeX left over": "find('p').append(' $x$')",
    "broken image": "find('img').src = 'data:image/png;base64,AAAA'",
    "small figure": "find('.figure').style.flex = '0 0 200px'",
    "small text": "find('p').style.fontSize = '12px'",
}


def has_figure(cell):
    outputs = cell.get("outputs", [])
    return any("image/png" in output.get("data", {}) for output in outputs)


@pytest.fixture
def small_deck(tmp_path):
    """Return a deck of a text, some code and a figure, without a fault."""
    source = nbformat.read(NOTEBOOKS[0], as_version=4)
    cell = next(
        cell
        for cell in source.cells
        if any(
            "image/png" in o.get("data", {}) for o in cell.get("outputs", [])
        )
    )
    text = nbformat.v4.new_markdown_cell(SOUND)
    text.metadata.slideshow = {"slide_type": "slide"}
    parts = slides.frames(nbformat.v4.new_notebook(cells=[text, cell]))
    path = tmp_path / "small.html"
    path.write_text(slides.deck_html("Small", parts), encoding="utf-8")
    return path


@pytest.mark.parametrize("layout", VIEWPORTS)
def test_sound_deck_has_no_fault(small_deck, visit, layout):
    page, heard = visit(small_deck, layout)
    assert faults(page)[0] == {}
    assert heard == []


@pytest.mark.parametrize("fault", PLANTED)
def test_planted_fault_is_caught(small_deck, visit, fault):
    page, _ = visit(small_deck)
    page.evaluate(
        "const find = (s) => document.querySelector"
        f"('section section ' + s); {PLANTED[fault]}"
    )
    found = faults(page)[0]
    assert any(fault in wrong for wrong in found.values()), found


@pytest.mark.parametrize(
    ("script", "event", "expected"),
    [
        ("console.error('planted')", "console", "console planted"),
        ("throw new Error('planted')", "pageerror", "error planted"),
        (
            "fetch('http://127.0.0.1:9/')",
            "console",
            "console .*Content Security",
        ),
        (
            "location.href = 'http://127.0.0.1:9/'",
            "request",
            "request http://127.0.0.1",
        ),
    ],
)
def test_planted_noise_is_heard(small_deck, visit, script, event, expected):
    page, heard = visit(small_deck)
    assert heard == []
    with page.expect_event(
        event, lambda _: any(re.match(expected, m) for m in heard)
    ):
        page.evaluate(f"() => {{ setTimeout(() => {{ {script} }}) }}")


def test_formula_that_is_wrong_is_caught(tmp_path, visit):
    text = nbformat.v4.new_markdown_cell("## 1 Wrong\n\n$\\frac{1}$")
    parts = slides.frames(nbformat.v4.new_notebook(cells=[text]))
    path = tmp_path / "wrong.html"
    path.write_text(slides.deck_html("Wrong", parts), encoding="utf-8")
    page, _ = visit(path)
    (found,) = faults(page)[0].values()
    assert found == ["failed math"]


# --- Printing ----------------------------------------------------------------


def test_pdf_has_a_page_for_each_screen(tmp_path, browser):
    command = [sys.executable, "-m", "helpers.slides", "00", "--pdf"]
    done = subprocess.run(
        [*command, "--output", tmp_path],
        cwd=slides.ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (pdf,) = tmp_path.glob("*.pdf")
    assert f"{pdf}  " in done.stdout
    page = pdf.with_suffix(".html").read_text(encoding="utf-8")
    screens = len(re.findall(r'<div class="screen', page))
    data = pdf.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", data)) == screens > 20
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data))
    ((width, height),) = boxes
    assert float(width) / float(height) == pytest.approx(16 / 9, rel=0.01)
