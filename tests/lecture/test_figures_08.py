"""What the figures of 08 draw is what they were given."""

import numpy as np

from helpers import figures


def test_feature_maps_show_the_drawing_above_the_input():
    drawn, image = np.eye(30), np.arange(64.0).reshape(1, 8, 8)
    odds = np.array([0.1, 0.7, 0.2])
    stages = {"prepared": image, "1 conv": np.ones((3, 4, 4))}
    fig = figures.feature_maps(stages, odds, drawn=drawn)
    above, below, maps, bars = fig.axes
    assert [axes.get_title() for axes in (above, below)] == [
        "drawn",
        "prepared",
    ]
    assert np.array_equal(above.images[0].get_array(), drawn)
    assert np.array_equal(below.images[0].get_array(), image[0])
    assert maps.images[0].get_array().shape == (4, 8 * 5 - 1)
    assert [bar.get_width() for bar in bars.patches] == odds.tolist()


def test_feature_maps_of_a_network_without_maps():
    fig = figures.feature_maps({"input": np.ones((1, 8, 8))}, [0.5, 0.5])
    assert len(fig.axes) == 2


def test_image_grid_frames_pictures_and_nothing_else():
    fig = figures.image_grid(np.ones((3, 4, 4)), columns=2, frames=True)
    assert [axes.axison for axes in fig.axes] == [True] * 3 + [False]
    plain = figures.image_grid(np.ones((3, 4, 4)), columns=2)
    assert not any(axes.axison for axes in plain.axes)
