"""Decks in a real browser, state by state: what is measured, seen and refused.

All waiting is by locators or on what `evaluate` returns: the decks' policy
allows no eval.
"""

import base64
import functools
import io
import json
import re
import subprocess
import sys
import time

import nbformat
import pytest
from PIL import Image

from helpers import slides
from helpers.slides.blocks import EXPLORER

NOTEBOOKS = sorted(slides.NOTEBOOKS.glob("*.ipynb"))
DECKS = [*(path.stem for path in NOTEBOOKS), slides.LECTURE]
VIEWPORTS = {"narrow": (960, 720), "wide": (1280, 720)}
SECONDS = 60
LEAST_TEXT = 15  # CSS pixels, on a slide of 720

# Goes through all states of a deck, or all printed pages; returns
# {slide: [what is wrong]}, what is seen in the end and the number of states.
CHECK = """
([leastText, printed]) => {
  const faults = {};
  let name;
  const wrong = (what) => {
    const list = (faults[name] ??= []);
    if (!list.includes(what)) list.push(what);
  };
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1
    && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;

  function look(slide) {
    const screen = slide.querySelector(".screen");
    const body = screen.querySelector(".body") ?? screen;
    const page = screen.getBoundingClientRect();
    const room = body.getBoundingClientRect();
    for (const e of screen.querySelectorAll("h1, h2, p, li, td, pre, img")) {
      if (e.closest(".panel")) continue;
      if (!inside(e.getBoundingClientRect(), page)) wrong("off the screen");
    }
    for (const e of body.querySelectorAll(
      ".block, .column, svg, pre, figcaption"))
      if (!inside(e.getBoundingClientRect(), room)) wrong("overflow");
    const seen = [...body.querySelectorAll(".block")].filter((e) =>
      !e.querySelector(".block")).map((e) => e.getBoundingClientRect());
    for (const a of seen) for (const b of seen)
      if (a !== b && a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1) wrong("overlap");
    for (const e of body.querySelectorAll("pre"))
      if (e.scrollWidth > e.clientWidth + 1
        || e.scrollHeight > e.clientHeight + 1) wrong("clipped code");
    for (const e of body.querySelectorAll("img")) {
      if (!e.complete || !e.naturalWidth) wrong("broken image");
      const { width, height } = e.getBoundingClientRect();
      const base = Math.min(1, 800 / e.naturalWidth, 500 / e.naturalHeight);
      const shown = Math.min(width / e.naturalWidth, height / e.naturalHeight);
      if (e.closest(".picture") && shown < 0.7 * base * page.height / 720)
        wrong("small picture");
    }
    for (const e of screen.querySelectorAll("mjx-container"))
      if (e.querySelector("[data-mml-node=merror], [data-mjx-error]"))
        wrong("failed math");
    const walk = document.createTreeWalker(screen, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode.data.trim();
      const e = walk.currentNode.parentElement;
      if (!text || e.closest("mjx-container, .panel")) continue;
      if (parseFloat(getComputedStyle(e).fontSize) < leastText)
        wrong("small text");
      if (!e.closest("pre, code") && /\\$|\\\\[a-z(\\[]/.test(text))
        wrong("TeX left over");
    }
  }

  const slides = Reveal.getSlides();
  if (printed) {
    const pages = [...document.querySelectorAll(".pdf-page")];
    for (const page of pages)
      look(page.querySelector("section:has(> .screen)"));
    return [faults, document.querySelector(".slides").innerText, pages.length];
  }
  Reveal.slide(0, 0);
  let states = 0;
  for (;;) {
    const slide = Reveal.getCurrentSlide();
    name = slide.id;
    look(slide);
    states += 1;
    if (Reveal.isLastSlide() && !Reveal.availableFragments().next) break;
    Reveal.next();
  }
  return [faults, slides.map((e) => e.textContent).join("\\n"), states];
}
"""


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Return a function that builds a deck, once: its path, the seconds."""
    folder = tmp_path_factory.mktemp("decks")

    @functools.cache
    def build(name):
        begin = time.process_time()  # however busy the machine is
        notebook = None
        if name != slides.LECTURE:
            (notebook,) = slides.NOTEBOOKS.glob(f"{name}*.ipynb")
        path = slides.build(notebook, folder, NOTEBOOKS)
        return path, time.process_time() - begin

    return build


@pytest.fixture
def visit(browser):
    """Return a function that opens a deck; it also returns what it hears."""
    context = browser.new_context(color_scheme="light")
    context.set_default_timeout(1000 * SECONDS)

    def go(path, layout="wide", query=""):
        page = context.new_page()
        width, height = VIEWPORTS[layout]
        page.set_viewport_size({"width": width, "height": height})
        heard = []
        page.on("pageerror", lambda error: heard.append(f"error {error}"))
        page.on("console", lambda said: heard.append(f"console {said.text}"))
        page.on(
            "request",
            lambda request: (
                heard.append(f"request {request.url[:99]}")
                if not request.url.startswith(("data:", path.as_uri()))
                else None
            ),
        )
        page.goto(path.as_uri() + query)
        page.locator(":root.ready").wait_for(state="attached")
        return page, heard

    yield go
    context.close()


def look(page, printed=False):
    """Return faults, the text of all slides, and how many states there are."""
    return page.evaluate(CHECK, [LEAST_TEXT, printed])


def check(path, visit):
    """Go through a deck in all three forms; return its text and states."""
    for layout in ("narrow", "wide"):
        page, heard = visit(path, layout)
        found, text, states = look(page)
        assert page.evaluate("fitReport.trouble") == [], layout
        assert json.dumps(found, indent=2) == "{}", layout
        assert heard == []
    count = page.evaluate("Reveal.getTotalSlides()")
    page, heard = visit(path, query="?print-pdf")
    page.locator(".pdf-page").first.wait_for(state="attached")
    found, _, pages = look(page, printed=True)
    assert (found, heard, pages) == ({}, [], count)
    return text, states


# --- The decks ---------------------------------------------------------------


def test_all_decks_build_in_half_a_minute(deck):
    assert sum(deck(name)[1] for name in DECKS) < 30


@pytest.mark.parametrize("name", DECKS)
def test_every_state_of_every_deck_is_sound(deck, visit, name):
    _, states = check(deck(name)[0], visit)
    assert states > 10


def test_lecture_has_at_most_60_slides_and_110_steps(deck, visit):
    page, _ = visit(deck(slides.LECTURE)[0])
    assert page.evaluate("Reveal.getTotalSlides()") <= 60
    assert look(page)[2] <= 110  # states


# --- Awkward notebooks -------------------------------------------------------


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def code(source, *outputs):
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def raw():
    return nbformat.v4.new_raw_cell("\\newpage")


def printed(lines):
    said = "".join(f"line {n} of it\n" for n in range(1, lines + 1))
    return nbformat.v4.new_output("stream", text=said)


def shown(kind, data, **about):
    return nbformat.v4.new_output(
        "display_data", {kind: data}, metadata={kind: about}
    )


def picture(form, size=(800, 450)):
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, form)
    return base64.b64encode(file.getvalue()).decode()


TRACEBACK = nbformat.v4.new_output(
    "error",
    ename="ValueError",
    evalue="no",
    traceback=[f"\x1b[31mframe {n}\x1b[0m of it" for n in range(1, 61)],
)
HEAD = "".join(f"<th>column {n}</th>" for n in range(12))
ROW = "".join(f"<td>{n / 7:.5f}</td>" for n in range(12))
TABLE = f"<table><thead><tr>{HEAD}</tr></thead><tbody>{ROW}</tbody></table>"
LONG = "\n".join(f"value_{n} = {n}  # step {n}" for n in range(1, 41))
SUM = " + ".join(f"x_{{{n}}} y_{{{n}}}" for n in range(16))
# Cells, and what is to be read on their slides.
AWKWARD = {
    "traceback": ([code("f()", TRACEBACK)], ["frame 1 ", "frame 60", "of 4"]),
    "table": ([code("t", shown("text/html", TABLE))], ["column 11"]),
    "jpeg": (
        [text("## A"), code("j", shown("image/jpeg", picture("jpeg")))],
        ["A"],
    ),
    "output": ([code("p()", printed(200))], ["line 1 of", "line 200"]),
    "code": ([code(LONG)], ["value_1 =", "value_40"]),
    "formula": ([text(f"## Long\n\n$$ {SUM} $$")], ["Long"]),
    "no headings": ([text("words " * 900), code("1")], ["words"]),
    "headings": ([text("# One"), text("## Two")], ["One", "Two"]),
    "raw": ([raw(), text("## After\n\na"), raw()], ["After"]),
    "letters": ([text("## 卷积 🎉\n\n数字 🙂 " * 9)], ["卷积 🎉", "数字 🙂"]),
    "list": ([text("\n".join(f"- item {n}" for n in range(60)))], ["item 59"]),
    "tall": ([code("i", shown("image/png", picture("png", (300, 2000))))], []),
}


def small_deck(tmp_path, cells, folder=None):
    notebook = nbformat.v4.new_notebook(cells=cells)
    path = tmp_path / "small.html"
    parts = slides.frames(notebook, "Small", folder)
    path.write_text(slides.deck_html("Small", parts), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_notebook_is_sound_and_complete(tmp_path, visit, name):
    cells, expected = AWKWARD[name]
    seen, _ = check(small_deck(tmp_path, cells), visit)
    for words in expected:
        assert words in seen
    lines = re.findall(r"line (\d+) of it|value_(\d+) =|item (\d+)", seen)
    numbers = [int("".join(found)) for found in lines]
    assert numbers == sorted(set(numbers))


def test_text_and_picture_stand_side_by_side(tmp_path, visit):
    cells = [
        text("## A claim\n\n**Predict** " + "what the picture shows, " * 12),
        code("draw()", shown("image/png", picture("png")), printed(2)),
    ]
    cells[1].metadata.tags = ["hide-input"]
    page, _ = visit(small_deck(tmp_path, cells))
    page.keyboard.press("Space")
    drawn = page.locator(".present .picture img")
    drawn.wait_for(state="hidden")  # the prediction comes first
    words = page.locator(".present .body .text").bounding_box()
    page.keyboard.press("Space")
    drawn.wait_for()
    box = drawn.bounding_box()
    assert box["x"] > words["x"] + words["width"]
    assert box["width"] > 640
    caption = page.locator(".present figcaption")
    assert "line 2 of it" in caption.text_content()
    assert page.locator(".present .body .code").count() == 0
    page.keyboard.press("c")
    hidden = page.locator(".present .panel")
    hidden.get_by_text("draw()").wait_for()
    page.get_by_role("button", name="C: code").click()
    hidden.wait_for(state="hidden")


# --- Keys --------------------------------------------------------------------


def test_layout_follows_the_window(deck, visit):
    page, _ = visit(deck(DECKS[0])[0], "narrow")
    for window, shape, expected in [
        ((1920, 1080), "wide", 1280),
        ((1024, 768), "narrow", 960),
    ]:
        page.set_viewport_size(dict(zip(("width", "height"), window)))
        page.locator(f":root[data-shape={shape}]").wait_for(state="attached")
        assert page.evaluate("Reveal.getConfig().width") == expected
        assert look(page)[0] == {}


def test_keys_turn_the_lights_out_and_show_the_overview(deck, visit):
    page, heard = visit(deck(DECKS[0])[0])
    page.keyboard.press("d")
    page.locator(":root[data-theme=dark]").wait_for(state="attached")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(18, 24, 31)"
    page.keyboard.press("d")
    for scheme in ("light", "dark", "light"):  # what the system says
        page.emulate_media(color_scheme=scheme)
        now = page.locator(f":root[data-theme={scheme}]")
        now.wait_for(state="attached")
    page.keyboard.press("Escape")
    assert page.evaluate("Reveal.isOverview()")
    assert heard == []


def test_speaker_sees_notes_the_next_slide_and_the_plan(tmp_path, visit):
    cells = [text("## A"), text("Wait. 4 minutes."), text("## B\n\nsecond")]
    cells += [text("Ask. 6 minutes.")]
    for cell, kind in zip(cells, ["slide", "notes"] * 2):
        cell.metadata.slideshow = {"slide_type": kind}
    page, heard = visit(small_deck(tmp_path, cells))
    page.keyboard.press("Space")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    speaker.get_by_text("Wait.").wait_for()
    speaker.locator("[data-is=next]").get_by_text("second").wait_for()
    speaker.get_by_text("0:00:00 to 0:04:00").wait_for()
    page.bring_to_front()
    page.keyboard.press("Space")
    speaker.get_by_text("Ask.").wait_for()
    speaker.get_by_text("0:04:00 to 0:10:00").wait_for()
    assert speaker.locator("[data-is=section]").text_content() == "6 min"
    assert heard == []


def test_animations_play(deck, visit):
    """An APNG stays as it is: its chunk with the frames is in the deck."""
    page, _ = visit(deck("03_stride_padding_shapes")[0])
    animated = page.evaluate(
        "[...document.images].filter(i =>"
        "atob(i.src.split(',')[1]).slice(0, 2000).includes('acTL')).length"
    )
    assert animated >= 1


# --- Strangers ---------------------------------------------------------------

BAD = "document.title = 'reached'; location = 'http://127.0.0.1:9/'"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{BAD}</script></svg>'
HOSTILE = f"""
<script>{BAD}</script><b onclick="{BAD}" onmouseover="{BAD}">b</b>
<img src="x" onerror="{BAD}"><svg onload="{BAD}"></svg>
<iframe srcdoc="<script>{BAD}</script>"></iframe>
<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/">
<base href="http://127.0.0.1:9/"><link rel="stylesheet" href="http://127.0.0.1:9/">
<style>@import "http://127.0.0.1:9/"; body {{ display: none }}</style>
<form action="http://127.0.0.1:9/"><button>send</button></form>
<a href="javascript:{BAD}">a</a> <a href="data:text/html,x">d</a>
<p style="background: url(http://127.0.0.1:9/)" data-module="x">p</p>
"""
MODULE = "export default { render({ model, el }) { %s } }"
COUNTER = (
    "el.append(model.get('n'));"
    "model.on('change:n', () => (el.textContent = model.get('n')));"
    "el.onclick = () => { model.set('n', 8); model.save_changes(); }"
)


def explorer(script):
    content = {"module": MODULE % script, "state": {"n": 7}}
    return code("explore()", shown(EXPLORER, content))


def test_nothing_of_a_stranger_runs_or_leaves(tmp_path, visit):
    broken = f'A"></div><script>{BAD}</script>'
    cells = [
        text(f"## <script>{BAD}</script>Head <img src=x onerror='{BAD}'>"),
        text(HOSTILE + "\n\n$x < y$ and $\\href{javascript:" + BAD + "}{z}$"),
        code(
            f"# </pre><script>{BAD}</script>",
            shown("text/html", HOSTILE + TABLE),
            shown("image/svg+xml", SVG),
            shown("image/png", broken, alt=f'"><script>{BAD}</script>'),
            shown("text/markdown", HOSTILE),
            shown("text/latex", f"$x$ <script>{BAD}</script>"),
            shown("application/javascript", BAD),
            nbformat.v4.new_output("stream", text=f"<script>{BAD}</script>"),
        ),
        explorer(BAD),
        text(HOSTILE),
    ]
    cells[-1].metadata.slideshow = {"slide_type": "notes"}
    path = small_deck(tmp_path, cells, tmp_path)
    page, heard = visit(path)
    for link in page.locator(".slides a, .slides b").all():
        link.dispatch_event("click")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    opened.value.locator("[data-is=notes]").wait_for(state="attached")
    seen = page.evaluate(
        "[document.title, location.pathname, document.querySelectorAll("
        "'.slides :is(script, iframe, meta, base, link, style, form,"
        "[onclick], [onerror], [onload])').length]"
    )
    assert seen == ["Small", str(path), 0]
    expected = "Content Security|INVALID_URL"  # refused; no base64
    assert [h for h in heard if not re.search(expected, h)] == []
    assert page.locator(".slides td").count() == 12
    assert page.locator(".slides mjx-container").count() >= 2


def test_explorer_of_our_own_runs_on_its_state(tmp_path, visit):
    path = small_deck(tmp_path, [explorer(COUNTER)], slides.NOTEBOOKS)
    page, heard = visit(path)
    page.keyboard.press("Space")
    page.locator(".present .explorer").get_by_text("7").click()
    page.locator(".present .explorer").get_by_text("8").wait_for()
    assert heard == []


# --- Each kind of fault, planted ---------------------------------------------

PLANTED = {
    "overflow": "find('.text').style.height = '900px'",
    "off the screen": "find('h2').style.minWidth = '2000px'",
    "overlap": "find('.picture').style.transform ='translate(-500px, -300px)'",
    "clipped code": "Object.assign(find('.code pre').style,"
    "{height: '10px', overflow: 'hidden'})",
    "failed math": "find('mjx-container svg')"
    ".setAttribute('data-mjx-error', '')",
    "TeX left over": "find('p').append(' $x$')",
    "broken image": "find('img').src = 'data:image/png;base64,AAAA'",
    "small picture": "find('img').style.width = '200px'",
    "small text": "find('p').style.fontSize = '12px'",
}


def test_planted_faults_are_caught(tmp_path, visit):
    cells = [
        text("## 1 Sound\n\nText, $x^2$ and $$\\frac{i - k}{s} + 1$$"),
        code("draw()", shown("image/png", picture("png"))),
    ]
    path = small_deck(tmp_path, cells)
    assert look(visit(path)[0])[0] == {}
    for fault, plant in PLANTED.items():
        page, _ = visit(path)
        page.evaluate(
            "() => { const find = (s) => document.querySelector"
            f"('section section ' + s); {plant} }}"
        )
        found = look(page)[0]
        assert any(fault in wrong for wrong in found.values()), fault


def test_what_does_not_fit_is_reported(tmp_path, visit):
    wide = " + ".join(f"x_{{{n}}} y_{{{n}}}" for n in range(90))
    page, _ = visit(small_deck(tmp_path, [text(f"## A\n\n$$ {wide} $$")]))
    (trouble,) = page.evaluate("fitReport.trouble")
    assert trouble["slide"] == "s1-1"


# --- Printing ----------------------------------------------------------------


def test_pdf_has_a_page_for_each_screen(tmp_path, visit):
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
    page, _ = visit(pdf.with_suffix(".html"))
    screens = page.evaluate("Reveal.getTotalSlides()")
    data = pdf.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", data)) == screens > 15
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data))
    ((width, height),) = boxes
    assert float(width) / float(height) == pytest.approx(16 / 9, rel=0.01)
