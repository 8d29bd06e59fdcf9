"""Notebook 00: the pictures hold the arrays and the geometry they claim."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, Rectangle

from helpers import figures
from lecture.figures import fig00

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NUMBERS = np.array([[3, 0, 7, 3], [0, 7, 9, 0]])


def test_windows_below_a_matrix_are_its_rows():
    fig = fig00.connection_matrices({"all": NUMBERS}, (2, 2), outputs=[1, 0])
    matrix, *windows = (np.asarray(a.images[0].get_array()) for a in fig.axes)
    for row, window in zip([1, 0], windows, strict=True):
        np.testing.assert_array_equal(window, matrix[row].reshape(2, 2, 3))
    titles = [axes.get_title() for axes in fig.axes]
    assert titles == ["all: 3 weights", "output 1", "output 0"]


def test_masks_draw_full_and_empty_pictures_apart():
    fig = fig00.masks([np.ones((2, 3)), np.zeros((2, 3))], ["all", "none"])
    full, empty = (a.images[0].make_image(None)[0] for a in fig.axes)
    assert not np.array_equal(full[0, 0], empty[0, 0])


def test_events_lie_at_their_years_and_texts_meet_nothing():
    years = [1980, 1986, 1987, 1989, 1998, 2012]
    text = "Krizhevsky et al.\n2,578 and 9,760\nparameters"
    with mpl.rc_context():
        figures.use_style()
        fig = fig00.history_strip([(y, "Neocognitron", text) for y in years])
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        (axes,) = fig.axes
        boxes = [t.get_window_extent() for t in axes.texts]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == years
    written = {text.get_text() for text in axes.texts}
    assert {"1980", "1990", "2000", "2010", "Neocognitron, 1989"} <= written
    paths = [
        line.get_transform().transform_path(line.get_path())
        for line in axes.lines
    ]
    for place, box in enumerate(boxes):
        assert fig.bbox.contains(*box.min)
        assert fig.bbox.contains(*box.max)
        assert not any(box.overlaps(other) for other in boxes[:place])
        assert not any(path.intersects_bbox(box, False) for path in paths)


def test_arrows_of_the_map_lead_from_box_to_box():
    rows, arrows = fig00.SERIES, fig00.SERIES_ARROWS
    (axes,) = fig00.series_map(rows, arrows, here="00").axes
    boxes = [p for p in axes.patches if isinstance(p, Rectangle)]
    names = [name[:2] for row in rows for name in row if name]
    extents = {
        name: box.get_bbox().padded(1e-9) for name, box in zip(names, boxes)
    }
    drawn = [p for p in axes.patches if isinstance(p, FancyArrowPatch)]
    for (start, end), arrow in zip(arrows, drawn, strict=True):
        first, last = arrow._posA_posB
        assert extents[start].contains(*first)
        assert extents[end].contains(*last)


def test_every_notebook_has_a_box_and_needs_only_earlier_ones():
    names = sorted(name[:2] for row in fig00.SERIES for name in row if name)
    assert names == [f"{number:02}" for number in range(11)]
    assert {path.name[:2] for path in NOTEBOOKS.glob("*.ipynb")} <= set(names)
    assert all(start < end for start, end in fig00.SERIES_ARROWS)
    assert {end for _, end in fig00.SERIES_ARROWS} == set(names[1:])
