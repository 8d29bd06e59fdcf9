"""Notebook 01: the pictures hold the sums and positions they claim."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers import figures
from lecture.figures import fig01

LENGTHS = [(3, 3), (5, 2), (2, 5), (4, 1), (1, 4)]


def random_signals(T, K):
    rng = np.random.default_rng(T * 10 + K)
    return rng.integers(-9, 10, T), rng.integers(-9, 10, K)


def cells(fig, color):
    """Return (left, top) of all cells of a role, in the order drawn."""
    return [
        (p.get_x(), p.get_y())
        for p in fig.axes[0].patches
        if hasattr(p, "get_x")
        and to_hex(p.get_edgecolor()).upper() == color
        and p.get_width() == p.get_height() == 1
        and p.get_facecolor()[3]
    ]


def written(fig, column, top):
    """Return what is written in a cell."""
    return next(
        text.get_text()
        for text in fig.axes[0].texts
        if text.get_position() == (column + 0.5, top + 0.5)
    )


@pytest.mark.parametrize(("T", "K"), LENGTHS)
@pytest.mark.parametrize(
    ("flip", "oracle"), [(True, np.convolve), (False, np.correlate)]
)
def test_products_of_two_cells_add_up_to_numpys_outputs(T, K, flip, oracle):
    x, k = random_signals(T, K)
    frames = fig01.slide_frames(x, k, flip)
    totals = [frame.total for frame in frames]
    np.testing.assert_array_equal(totals, oracle(x, k, "full"))
    for frame in frames:
        for place, product in enumerate(frame.products):
            above = frame.start + place
            if 0 <= above < T:
                assert product == x[above] * frame.kernel[place]
            else:
                assert np.isnan(product)


@pytest.mark.parametrize("t", [0, 6])
def test_a_frame_draws_the_kernel_where_it_multiplies(t):
    x, k = [4, 5, 6, 7, 8], [1, 2, 3]
    fig = fig01.slide_frame(x, k, t)
    places = [(t - 2 + j, 1) for j in range(3)]
    assert cells(fig, figures.KERNEL) == places
    assert [written(fig, *place) for place in places] == ["3", "2", "1"]
    assert written(fig, t, 4) == str(np.convolve(x, k)[t])


def test_before_the_first_output_the_kernel_lies_as_it_is_written():
    fig = fig01.slide_frame([4, 5, 6, 7], [1, 2, 3], t=-1)
    places = [(-2 + j, 1) for j in range(3)]
    assert cells(fig, figures.KERNEL) == places
    assert [written(fig, *place) for place in places] == ["1", "2", "3"]
    assert not cells(fig, figures.OUTPUT)


@pytest.mark.parametrize(
    ("flip", "first", "sum_of_3"),
    [(True, "t = 0", "2·0.5 + 3·1 = 4"), (False, "t = −2", "2·0 + 3·1 = 3")],
)
def test_a_strip_has_a_row_for_each_frame_and_its_outputs_grow(
    flip, first, sum_of_3
):
    fig = fig01.slide_strip([1, 2, 3], [0, 1, 0.5], flip)
    rows = [top for _, top in cells(fig, figures.OUTPUT)]
    assert [rows.count(top) for top in sorted(set(rows))] == [1, 2, 3, 4, 5]
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert next(text for text in texts if "t =" in text) == first
    assert sum_of_3 in texts


def test_sums_are_written_with_brackets_around_negative_factors():
    fig = fig01.slide_frame([-1, 3], [1, -2], t=1)
    assert fig.get_suptitle() == "t = 1:   (−1)·(−2) + 3·1 = 5"


def test_panels_hold_the_signals_and_marks_skip_kernels():
    spikes = np.zeros(50)
    spikes[[3, 40]] = 1, -2
    wave, score = np.sin(np.arange(60.0)), np.arange(1.0, 90.0)
    signals = {"room": spikes, "sound": wave, "heard": score}
    fig = fig01.signal_panels(signals, ["room"], [17], ["sound", "heard"])
    room, sound, heard = fig.axes
    segments = room.collections[0].get_segments()
    stems = [[*s[:, 0].tolist(), s[1, 1]] for s in segments]
    assert stems == [[3, 3, 1], [40, 40, -2]]
    assert [len(axes.lines) for axes in fig.axes] == [1, 3, 3]
    np.testing.assert_array_equal(sound.lines[1].get_ydata(), wave)
    np.testing.assert_array_equal(heard.lines[1].get_ydata(), score)
    assert heard.lines[2].get_xdata()[0] == 17
    assert sound.get_ylim() == heard.get_ylim() != room.get_ylim()
