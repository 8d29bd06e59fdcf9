"""Notebook 04: peaks, crosses and frames are those of the scores."""

import numpy as np

from lecture.figures import fig04


def test_the_peak_survives_the_shrinking_and_has_a_ring():
    scores = np.random.default_rng(0).random((500, 330))
    scores[321, 87] = 2
    axes = fig04.score_maps({"NCC": scores}, truth=(20, 30)).axes[0]
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


def test_marks_point_at_their_values():
    scores = np.linspace(-1, 1, 50)
    (axes,) = fig04.histogram(scores, {"a": 0.9, "b": 0.7}, "NCC").axes
    tips = {text.get_text(): text.xy[0] for text in axes.texts}
    assert tips == {"a": 0.9, "b": 0.7}
    assert sum(bar.get_height() for bar in axes.patches) == 50


def test_a_box_frames_its_pixels():
    image = np.zeros((90, 160, 3), np.uint8)
    (axes,) = fig04.picture(image, {"Waldo": (20, 30, 4, 6)}).axes
    (frame,) = axes.patches
    assert frame.get_bbox().extents.tolist() == [29.5, 19.5, 35.5, 23.5]
