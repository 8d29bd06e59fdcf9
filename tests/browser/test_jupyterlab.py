"""JupyterLab in headless Chromium: notebooks, explorers and live slides.

Every notebook: Run All, and nothing fails.  The explorers: what is typed and
drawn changes what is seen.
"""

import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from helpers.data import draw_strokes

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
KERNEL = {"name": "python3", "display_name": "Python 3"}

# What the cells of the open notebook hold after a run.
CELLS = """
[...window.jupyterapp.shell.currentWidget.content.model.cells]
  .filter(cell => cell.type == "code")
  .map(cell => [cell.executionCount,
    cell.outputs.toJSON().filter(o => o.output_type == "error")
      .map(o => o.ename + ": " + o.evalue)])
"""


def errors(page):
    return [text for _, wrong in page.evaluate(CELLS) for text in wrong]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_run_all(path, lab, run_all):
    shutil.copy(path, lab[0])
    page = run_all(path.name)
    counts = [count for count, _ in page.evaluate(CELLS)]
    assert counts == list(range(1, len(counts) + 1))
    assert errors(page) == []


def test_an_error_is_seen(lab, run_all):
    source = NOTEBOOKS[0].read_text(encoding="utf-8")
    assert "import numpy as np" in source
    broken = source.replace("import numpy as np", "import numpyy as np", 1)
    (lab[0] / "broken.ipynb").write_text(broken, encoding="utf-8")
    assert "numpyy" in errors(run_all("broken.ipynb"))[0]


# --- Explorers ---------------------------------------------------------------


@pytest.fixture(scope="module")
def show(lab, run_all):
    """Return a function that runs one cell and returns its output."""
    cell = nbformat.v4.new_code_cell()
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata.kernelspec = KERNEL
    nbformat.write(notebook, lab[0] / "explorers.ipynb")

    def run(source, ready="img"):
        page = run_all("explorers.ipynb", source)
        output = page.locator(".jp-OutputArea-output")
        output.locator(ready).wait_for()
        assert output.locator(".jp-mod-error").count() == 0
        return output

    return run


def shows(output, text):
    """Wait for the picture whose text ends like this; return its source."""
    output.locator(f"img[alt$='{text}']").wait_for()
    return source(output)


def source(output):
    return output.locator("img").get_attribute("src")


def test_kernel_playground_answers_at_once(show):
    output = show(
        "from lecture import explorers\nexplorers.kernel_playground()",
    )
    picture, field = output.locator("img"), output.locator("input")
    choice, preset = output.locator("select").all()
    assert picture.bounding_box()["width"] > 500
    assert "from −1018 to 1018" in output.inner_text()
    first = shows(output, "Sobel x on digit 0")

    preset.select_option("box")
    box = shows(output, "box on digit 0")
    assert [cell.input_value() for cell in field.all()] == ["1"] * 9 + ["9"]
    assert "The weights sum to 1." in output.inner_text()

    field.nth(4).fill("-8")
    field.nth(4).press("Tab")
    own = shows(output, "your own on digit 0")
    assert preset.input_value() == "your own"
    assert "The weights sum to 0." in output.inner_text()

    choice.select_option("digit 7")
    seven = shows(output, "your own on digit 7")
    preset.select_option("Sobel x")
    last = shows(output, "Sobel x on digit 7")
    assert len({first, box, own, seven, last}) == 5


def test_shape_explorer_follows_its_sliders(show):
    output = show(
        "from lecture import explorers\nexplorers.shape_explorer(i=9, p=1)",
    )
    stride = output.get_by_role("slider").nth(2)
    text = output.locator(".widget-html").first
    assert "⌊(9 + 2·1 − 1·2 − 1) / 2⌋ + 1 = 5" in text.inner_text()
    first = source(output)

    stride.focus()
    stride.press("ArrowRight")
    assert shows(output, "s = 3, p = 1: o = 3") != first
    assert "/ 3⌋ + 1 = 3" in text.inner_text()

    dilation = output.get_by_role("slider").nth(4)
    dilation.focus()
    dilation.press("End")
    size = output.get_by_role("slider").nth(0)
    size.focus()
    size.press("Home")
    output.get_by_text("kernel spans 7 px, padded input has 3").wait_for()
    output.locator("img").wait_for(state="detached")


# As `draw_strokes` takes them, in pixels of a canvas of 280x280.
ONE = [[(140, 50), (136, 130), (130, 230)]]
SEVEN = [[(70, 60), (200, 60), (120, 230)], [(115, 140), (190, 140)]]
SMALL_ZERO = [[(220, 190), (200, 215), (205, 250), (222, 260)]]
SMALL_ZERO += [[(222, 260), (240, 245), (242, 210), (220, 190)]]


@pytest.fixture
def draw(show):
    """Return a canvas in JupyterLab and what draws on it with the mouse."""
    output = show(
        "import numpy as np\n"
        "from helpers import networks\n"
        "from helpers.data import FOLDER\n"
        "from lecture.explorers import draw_digit\n"
        "network = networks.LeNet5(np.random.default_rng(0))\n"
        "network.load(FOLDER / 'lenet5_full.npz')\n"
        "draw_digit(network)",
        ready="canvas",
    )
    canvas, mouse = output.locator("canvas"), output.page.mouse

    def strokes(*lines):
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        for line in lines:
            (x, y), *others = np.add(line, (box["x"], box["y"])).tolist()
            mouse.move(x, y)
            mouse.down()
            for x, y in others:
                mouse.move(x, y, steps=8)
            mouse.up()

    return output, strokes


def ink(output, view=0):
    """Return what the canvas holds, as `draw_strokes` returns it."""
    data = output.page.evaluate(
        "view => { const c = document.querySelectorAll('canvas')[view];"
        "const d = c.getContext('2d').getImageData(0, 0, 280, 280).data;"
        "return Array.from(d.filter((_, i) => i % 4 == 0)) }",
        view,
    )
    return 255 - np.reshape(data, (280, 280))


def says(output, digit):
    """Wait until text and picture both say so; return the picture."""
    output.get_by_text(f"It says {digit}, with").wait_for()
    output.locator(f"img[alt*='it says {digit}']").wait_for()
    return source(output)


def asks(output):
    """Wait until there is no answer, and no picture beside it."""
    output.get_by_text("Draw a digit.").wait_for()
    output.locator("img").wait_for(state="detached")


def test_digits_drawn_with_the_mouse_are_read(draw):
    output, strokes = draw
    clear = output.get_by_role("button", name="Clear")
    seen = []
    for digit, lines in [(1, ONE), (7, SEVEN), (0, SMALL_ZERO)]:
        asks(output)
        assert not ink(output).any()
        strokes(*lines)
        seen.append(says(output, digit))
        # The same drawing by our own code, up to grey edges.
        ours = draw_strokes(lines, pen=24) > 127
        assert ((ink(output) > 127) != ours).sum() < 0.05 * ours.sum()
        clear.press("Enter")
    asks(output)
    assert len(set(seen)) == 3


def test_answer_comes_while_the_pen_is_down(draw):
    output, _ = draw
    box = output.locator("canvas").bounding_box()
    mouse = output.page.mouse
    mouse.move(box["x"] + 140, box["y"] + 50)
    mouse.down()
    mouse.move(box["x"] + 135, box["y"] + 230, steps=8)
    says(output, 1)
    mouse.up()
    mouse.move(box["x"] + 60, box["y"] + 60, steps=8)
    assert not ink(output)[:100, :100].any()


def test_a_finger_draws_and_a_second_one_does_not(draw):
    output, _ = draw
    box = output.locator("canvas").bounding_box()
    touch = output.page.context.new_cdp_session(output.page)

    def send(kind, *points):
        places = [
            {"x": box["x"] + x, "y": box["y"] + y, "id": place}
            for place, (x, y) in enumerate(points)
        ]
        event = {"type": kind, "touchPoints": places}
        touch.send("Input.dispatchTouchEvent", event)

    send("touchStart", (140, 50))
    for y in range(60, 240, 30):
        send("touchMove", (138, y), (20, y))
    send("touchEnd")
    says(output, 1)
    assert not ink(output)[:, :100].any()
    assert output.locator("canvas").bounding_box() == box


def test_drawing_is_still_there_in_a_second_view(draw):
    output, strokes = draw
    strokes(*SEVEN)
    says(output, 7)
    old = ink(output)
    output.page.evaluate(
        "window.jupyterapp.commands.execute('notebook:create-output-view')"
    )
    views = output.page.locator("canvas")
    views.nth(1).wait_for()
    assert old.any()
    assert np.array_equal(ink(output, view=1), old)
    views.nth(1).locator("xpath=..").get_by_role("button").press("Enter")
    output.get_by_text("Draw a digit.").first.wait_for()
    assert not ink(output).any()


# --- Live slides -------------------------------------------------------------


def test_live_slides_run_and_move(lab, run_all):
    first = nbformat.v4.new_markdown_cell("# Live\n\nThe first slide.")
    second = nbformat.v4.new_code_cell(
        "from lecture.explorers import shape_explorer\n"
        "shape_explorer(i=9, p=1)"
    )
    for cell in (first, second):
        cell.metadata.slideshow = {"slide_type": "slide"}
    notebook = nbformat.v4.new_notebook(cells=[first, second])
    notebook.metadata.kernelspec = KERNEL
    nbformat.write(notebook, lab[0] / "live.ipynb")

    page = run_all("live.ipynb")
    page.locator(".jp-OutputArea-output img").wait_for()
    shown = page.get_by_role("paragraph").filter(has_text="The first slide.")
    shown.click()
    page.get_by_title("Toggle Deck").first.click()
    page.locator("body[data-jp-deck-mode=presenting]").wait_for(
        state="attached"
    )
    picture = page.locator(".jp-OutputArea-output img")
    size = shown.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    assert size >= 24
    assert shown.is_visible()
    picture.wait_for(state="hidden")

    page.keyboard.press("ArrowRight")
    picture.wait_for()
    shown.wait_for(state="hidden")
    before = picture.get_attribute("src")
    stride = page.get_by_role("slider").nth(2)
    stride.focus()
    stride.press("ArrowRight")
    page.locator("img[alt$='s = 3, p = 1: o = 3']").wait_for()
    assert picture.get_attribute("src") != before
