"""The shared drawings hold the arrays that they are given, in their places."""

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from helpers import figures
from helpers.figures import style

NUMBERS = np.array([[3, 0, 7, 3], [0, 7, 9, 0]])


def drawn(values, **options):
    """Return the axes of some cells, their rectangles and their texts."""
    axes = figures.cell_axes(figures.new_figure())
    cells = figures.draw_cells(axes, values, **options)
    return axes, cells, {t.get_position(): t for t in axes.texts}


def test_a_cell_holds_its_number_in_its_middle():
    values = [[1, 2.5, -1 / 3], [np.nan, 0, 111_111]]
    _, cells, texts = drawn(values, at=(2, 4))
    corners = [cell.get_xy() for cell in cells]
    assert corners == [(2 + x, 4 + y) for y in range(2) for x in range(3)]
    middles = {place: text.get_text() for place, text in texts.items()}
    assert middles == {
        (2.5, 4.5): "1",
        (3.5, 4.5): "2.5",
        (4.5, 4.5): "−0.333",
        (3.5, 5.5): "0",
        (4.5, 5.5): "1.11e+05",
    }
    dashed = [cell.get_linestyle() == ":" for cell in cells]
    assert dashed == [False] * 3 + [True] + [False] * 2


def test_numbers_are_written_as_asked():
    axes, *_ = drawn([-111_111, 2], text=figures.in_full, title="x")
    assert [t.get_text() for t in axes.texts] == ["x", "−111111", "2"]
    axes, cells, _ = drawn([1, 2], text=None)
    assert len(cells) == 2
    assert len(axes.texts) == 0


def test_the_lit_window_stands_out():
    axes, cells, texts = drawn(np.zeros((3, 4)), at=(5, 0), lit=(1, 2, 2, 1))
    inside = {(7.5, 1.5), (7.5, 2.5)}
    bold = {at for at, t in texts.items() if t.get_weight() == "bold"}
    grey = {at for at, t in texts.items() if t.get_color() == figures.GREY}
    assert bold == inside
    assert grey == set(texts) - inside
    fills = [to_hex(cell.get_facecolor()).upper() for cell in cells]
    assert np.flatnonzero(np.equal(fills, figures.WINDOW)).tolist() == [6, 10]
    frame = axes.patches[-1]
    assert frame.get_bbox().extents.tolist() == [7, 1, 8, 3]


def test_arrays_stand_side_by_side_without_cells_for_nan():
    arrays = [
        ("C", [[np.nan, 2], [3, 4], [5, 6]], figures.KERNEL),
        ("y", [[8]], figures.OUTPUT),
    ]
    axes = figures.cell_arrays(arrays, gap=2).axes[0]
    frames = axes.patches[0], axes.patches[7]
    assert [tuple(f.get_bbox().size) for f in frames] == [(2, 3), (1, 1)]
    shown = [
        patch.get_xy()
        for patch in axes.patches
        if patch.get_visible() and patch not in frames
    ]
    assert shown == [(1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (4, 1)]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["C", "2", "3", "4", "5", "6", "y", "8"]


def test_rows_stand_below_their_index():
    rows = [("a", [7], -1, figures.INPUT), ("b", [8, 9], 1, figures.OUTPUT)]
    windows = [(1, 1, 2)]
    (axes,) = figures.cell_rows(rows, windows, index="t", total=True).axes
    places = {t.get_text(): t.get_position() for t in axes.texts}
    assert places["−1"][0] == places["7"][0] == -0.5
    assert places["2"][0] == places["9"][0] == 2.5
    frame = axes.patches[-1]
    assert frame.get_xy() == (1, places["9"][1] - 0.5)
    assert frame.get_bbox().size.tolist() == [2, 1]
    (rule,) = axes.lines
    assert places["7"][1] + 0.5 < rule.get_ydata()[0] < frame.get_y()
    assert list(rule.get_xdata()) == [-1, 3]


def test_the_third_matrix_is_the_product_of_the_others():
    matrix, x = np.array([[1, 2, 0], [0, 3, 4]]), np.array([[5], [6], [7]])
    blank = matrix == 0
    (axes,) = figures.matrix_product(matrix, x, blank).axes
    texts = [text.get_text() for text in axes.texts]
    product = list(map(str, (matrix @ x)[:, 0]))
    assert texts == [*"A1234@", "x", *"567", "=", "s", *product]
    assert sum(p.get_linestyle() == ":" for p in axes.patches) == blank.sum()
    (vector,) = figures.matrix_product(matrix, x[:, 0]).axes
    assert [t.get_text() for t in vector.texts][-2:] == product


def test_curves_draw_the_mean_and_the_range_of_seeds():
    seeds = np.array([[3.0, 2, 1], [5, 2, 0]])
    lines = {"seeds": seeds, "one": [1, 1, 2]}
    (axes,) = figures.curves(lines, "epoch", "loss").axes
    mean, one = axes.lines
    assert mean.get_xdata().tolist() == [1, 2, 3]
    assert mean.get_ydata().tolist() == [4, 2, 0.5]
    assert one.get_ydata().tolist() == [1, 1, 2]
    (band,) = axes.collections
    assert band.get_datalim(axes.transData).extents.tolist() == [1, 0, 3, 5]


def test_pictures_stand_in_rows_in_their_order():
    pictures = np.random.default_rng(0).random((5, 1, 3, 4))
    fig = figures.image_grid(pictures, list("abcde"), columns=3)
    assert [axes.get_title() for axes in fig.axes] == list("abcde")
    for picture, axes in zip(pictures[:, 0], fig.axes, strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), picture)
        assert axes.get_subplotspec().get_geometry()[:2] == (2, 3)


@pytest.mark.parametrize(("limit", "shown"), [(None, 5), (2, 2)])
def test_response_has_symmetric_limits_and_its_own_values(limit, shown):
    response = np.array([[-5, 1, 0], [0, 2, 0]])
    fig = figures.picture_and_response(np.eye(3), response, ("", ""), limit)
    (image,) = fig.axes[1].images
    assert image.get_clim() == (-shown, shown)
    np.testing.assert_array_equal(image.get_array(), response)


def test_counts_stand_on_their_cells_and_share_a_scale():
    fig = figures.count_maps({"a": [[1, 2, 9]], "b": [[1], [4]]}, "windows")
    first, second = fig.axes
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, 9)
    places = {t.get_text(): t.get_position() for t in second.texts}
    assert places == {"1": (0, 0), "4": (0, 1)}


def test_one_colour_is_one_weight_and_white_is_none():
    colors, count = figures.weight_colors(NUMBERS)
    assert count == 3
    for (i, j), number in np.ndenumerate(NUMBERS):
        same = (colors == colors[i, j]).all(axis=2)
        np.testing.assert_array_equal(same, number == NUMBERS)
    assert (colors[NUMBERS == 0] == 1).all()


@pytest.fixture
def published(monkeypatch):
    seen = []
    monkeypatch.setattr(
        style, "publish_display_data", lambda *bundle: seen.append(bundle)
    )
    return seen


def lines(count):
    for last in range(count):
        fig = figures.new_figure(4, 2)
        fig.subplots().plot([0, last])
        yield fig


def test_a_figure_is_shown_twice_as_fine_with_its_text(published):
    figures.show(*lines(1), alt="a level line")
    ((data, metadata),) = published
    with Image.open(io.BytesIO(data["image/png"])) as picture:
        assert picture.size == (800, 400)
    assert data["text/plain"] == "Figure: a level line"
    shown = dict(alt="a level line", width=400, height=200)
    assert metadata == {"image/png": shown}


def test_frames_are_shown_as_one_moving_picture(published):
    figures.show_frames([*lines(4)], alt="four lines")
    ((data, metadata),) = published
    pictures = set()
    with Image.open(io.BytesIO(data["image/png"])) as picture:
        assert picture.n_frames == 4
        for place in range(4):
            picture.seek(place)
            pictures.add(picture.convert("RGB").tobytes())
            assert picture.info["duration"] == 800
    assert len(pictures) == 4
    assert metadata["image/png"]["alt"] == "four lines"


def test_no_more_than_twenty_frames_and_none_without_a_text():
    with pytest.raises(ValueError, match="frames must be 2 to 20, not 21"):
        figures.show_frames([figures.new_figure()] * 21, alt="too long")
    with pytest.raises(ValueError, match="alt must say"):
        figures.show_frames([figures.new_figure()] * 2, alt=" ")


def test_every_colour_of_every_frame_is_kept(published):
    """Also the pale ones, beside hundreds of others."""
    drawn, rng = [], np.random.default_rng(0)
    for color in (figures.INPUT, figures.OUTPUT):
        fig = figures.new_figure()
        fig.set_facecolor(figures.light(color))
        fig.subplots().imshow(rng.random((20, 20, 3)))
        drawn.append(fig)
    figures.show_frames(drawn, alt="two tints")
    with Image.open(io.BytesIO(published[0][0]["image/png"])) as picture:
        for place, fig in enumerate(drawn):
            fig.savefig(buffer := io.BytesIO(), format="png", dpi=figures.DPI)
            picture.seek(place)
            right = Image.open(buffer).convert("RGB")
            assert picture.convert("RGB").tobytes() == right.tobytes()
