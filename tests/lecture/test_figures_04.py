"""Notebook 04: peaks, crosses and frames are those of the scores."""

import numpy as np
import pytest

from lecture.figures import fig04


def test_the_peak_survives_the_shrinking_and_has_a_ring():
    scores = np.random.default_rng(0).random((500, 330))
    scores[321, 87] = 2
    maps = {"raw": 9 * scores, "zero-mean": -scores, "NCC": scores}
    _, _, axes, _, *bars = fig04.score_maps(maps, truth=(20, 30)).axes
    assert axes.get_title() == "NCC"
    assert len(bars) == 3
    assert all(len(bar.get_yticks()) >= 3 for bar in bars)
    (image,) = axes.images
    assert image.get_array().shape == (125, 83)
    assert image.get_array().max() == 2
    places = [tuple(line.get_xydata()[0]) for line in axes.lines]
    assert places == [(87, 321), (30, 20)]


def test_a_dot_is_found_and_a_cross_is_not():
    noise = ([0, 1, 2], [1, 0.75, 0.5], [True, False, True])
    (axes,) = fig04.breaking({"noise": noise}, "NCC").axes
    marked = {
        line.get_marker(): line.get_xydata().tolist()
        for line in axes.lines[1:]
    }
    assert marked == {"o": [[0, 1], [2, 0.5]], "x": [[1, 0.75]]}
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["Waldo", "somebody else"]


def test_marks_point_at_their_values_from_above_the_bar():
    scores = [0] * 7 + [0.505] * 3 + [1]
    marks = {"a": 0.505, "b": 1}
    (axes,) = fig04.histogram(scores, marks, "NCC").axes
    tips = {text.get_text(): text.xy for text in axes.texts}
    assert tips["a"] == (0.505, pytest.approx(3.9))
    assert tips["b"] == (1, pytest.approx(1.3))
    assert sum(bar.get_height() for bar in axes.patches) == 11


def test_who_is_wanted_stands_beside_the_picture():
    image, template = np.zeros((90, 160, 3)), np.ones((9, 8, 3))
    left, right = fig04.wanted(image, template).axes
    assert np.array_equal(left.images[0].get_array(), image)
    assert np.array_equal(right.images[0].get_array(), template)


def test_a_box_frames_its_pixels():
    image = np.zeros((90, 160, 3), np.uint8)
    (axes,) = fig04.picture(image, {"Waldo": (20, 30, 4, 6)}).axes
    (frame,) = axes.patches
    assert frame.get_bbox().extents.tolist() == [29.5, 19.5, 35.5, 23.5]
