"""The figures of the notebooks are compared: what is noticed, what is not."""

import base64
import importlib.util
import io
import subprocess
import sys
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
from PIL import Image

from helpers import figures

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CONFTEST = NOTEBOOKS / "conftest.py"
spec = importlib.util.spec_from_file_location("notebooks_conftest", CONFTEST)
compare = importlib.util.module_from_spec(spec)
spec.loader.exec_module(compare)
drawn_the_same = pytest.mark.skipif(
    not compare.COMPARED, reason=f"needs matplotlib {compare.DRAWN_BY}"
)


@pytest.fixture(autouse=True, scope="module")
def style():
    with matplotlib.rc_context():
        figures.use_style()
        yield


def png(*drawn, dpi=200):
    """Return a PNG of figures, of 256 colours as in the notebooks."""
    pictures = []
    for fig in drawn:
        buffer = io.BytesIO()
        fig.savefig(buffer, format="png", dpi=dpi)
        picture = Image.open(buffer).convert("RGB")
        pictures.append(picture.quantize(256, dither=0))
    pictures[0].save(
        buffer := io.BytesIO(),
        "PNG",
        save_all=len(drawn) > 1,
        append_images=pictures[1:],
    )
    return buffer.getvalue()


def curves(count=2, scale=1.0, shift=0.0, noise=0.0, size=14, **look):
    fig, t = figures.new_figure(), np.linspace(0, 1, 200)
    axes = fig.subplots()
    axes.set_ylim(-1.5, 1.5)
    axes.set_xlabel("time in s", fontsize=size)
    axes.set_ylabel("height", fontsize=size)
    wobble = noise * np.random.default_rng(0).normal(size=200)
    for line in range(count):
        axes.plot(t, scale * np.sin(6 * t + line) + shift + wobble, **look)
    return fig


def grid(number=3, colour=3.0, right=0.0):
    fig, cells = figures.new_figure(), np.arange(25.0).reshape(5, 5) % 7
    axes = figures.cell_axes(fig)
    cells[2, 3] = colour
    axes.imshow(cells, vmin=0, vmax=9)
    for (y, x), value in np.ndenumerate(cells):
        text = number if (y, x) == (2, 3) else value
        axes.text(x + right, y, f"{text:g}", color="w")
    return fig


CHANGED = {
    "a line is missing": (curves, {}, dict(count=1)),
    "a line is higher by 2 %": (curves, {}, dict(scale=1.02)),
    "a line is moved by 3 pixels": (curves, {}, dict(shift=0.03)),
    "a line is dashed": (curves, {}, dict(ls="--")),
    "a line is thin": (curves, {}, dict(lw=0.5)),
    "a line has noise": (curves, {}, dict(noise=0.03)),
    "letters are larger": (curves, {}, dict(size=15)),
    "3 and 8": (grid, {}, dict(number=8)),
    "5 and 6": (grid, dict(number=5), dict(number=6)),
    "6 and 9": (grid, dict(number=6), dict(number=9)),
    "3 and -3": (grid, {}, dict(number=-3)),
    "a cell has another colour": (grid, {}, dict(colour=3.5)),
}
SAME = {
    "a third of a pixel": (curves, {}, dict(shift=0.003)),
    "a bit of noise": (curves, {}, dict(noise=1e-3)),
    "rounded letters": (curves, {}, dict(size=14.05)),
    "half a pixel": (grid, {}, dict(right=0.006)),
    "a rounded colour": (grid, {}, dict(colour=3.05)),
}
DRAWN = {}


def both(draw, *settings):
    """Return a PNG for each settings, drawn once."""
    for options in settings:
        key = f"{draw.__name__}{options}"
        if key not in DRAWN:
            DRAWN[key] = png(draw(**options))
        yield DRAWN[key]


@pytest.mark.parametrize("name", CHANGED)
def test_another_figure_is_noticed(name):
    old, new = both(*CHANGED[name])
    assert "pixels of frame 1 of 1 differ" in compare.difference(new, old)
    assert "pixels of frame 1 of 1 differ" in compare.difference(old, new)


@drawn_the_same
@pytest.mark.parametrize("name", SAME)
def test_rounding_is_not_noticed(name):
    old, new = both(*SAME[name])
    assert old != new
    assert compare.difference(new, old) == ""


def test_every_frame_of_an_animation_counts():
    first, second, third = curves(), curves(1), curves(3)
    old = png(first, second, first, dpi=100)
    told = compare.difference(png(first, second, third, dpi=100), old)
    assert "frame 3 of 3" in told
    told = compare.difference(png(first, second, dpi=100), old)
    assert told == "2 frames, 3 are committed"


def test_another_size_is_noticed():
    small = png(figures.new_figure(8, 4))
    told = compare.difference(small, png(figures.new_figure()))
    assert told == "(800, 400) pixels, (800, 450) are committed"


def test_figures_are_compared_with_the_version_that_ci_installs():
    pins = (NOTEBOOKS.parent / "requirements.txt").read_text()
    assert f"\nmatplotlib=={compare.DRAWN_BY}." in pins


@drawn_the_same
def test_nbval_fails_where_a_figure_is_another(tmp_path):
    """Two cells that draw the same; committed is another for the second."""
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    pair = both(grid, {}, dict(number=8))
    drawn, other = (base64.b64encode(picture).decode() for picture in pair)
    source = (
        "from IPython.display import publish_display_data\n"
        f"publish_display_data({{'image/png': '{drawn}'}})"
    )
    show = nbformat.v4.new_output
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                source,
                execution_count=count,
                outputs=[show("display_data", {"image/png": committed})],
            )
            for count, committed in [(1, drawn), (2, other)]
        ]
    )
    nbformat.write(notebook, tmp_path / "a.ipynb")
    options = "--nbval --nbval-current-env --color=no -p no:cacheprovider"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "1 failed, 1 passed" in run.stdout
    assert "pixels of frame 1 of 1 differ" in run.stdout


def test_few_figures_are_compared_loosely():
    ids = {
        cell.id
        for path in NOTEBOOKS.glob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    }
    assert set(compare.LOOSE) <= ids
    assert len(compare.LOOSE) <= 7
    assert max(compare.LOOSE.values()) <= 800 * 450 // 4
