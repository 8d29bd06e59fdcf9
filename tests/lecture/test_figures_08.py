"""What the figures of 08 draw is what they were given."""

import numpy as np
import pytest

from helpers import figures, networks
from lecture.figures import fig08


def trained(name):
    return getattr(networks, name)(np.random.default_rng(0))


@pytest.mark.parametrize("name", ["LeNet5", "LeNet1989"])
def test_a_network_is_drawn_with_its_shapes_and_all_its_parameters(name):
    net = trained(name)
    stages = fig08.network_stages(net, (1, 28, 28))
    _, counts, shapes = zip(*stages)
    assert shapes[0] == (1, 28, 28)
    assert shapes[-1] == (10,)
    assert sum(counts) == net.parameter_count()
    (axes,) = fig08.network(net, (1, 28, 28), "a title").axes
    said = [text.get_text() for text in axes.texts]
    for count, shape in zip(counts, shapes):
        first, *rest = map(str, shape)
        label = f"{first}\n{'×'.join(rest)}" if rest else first
        assert label in said
        assert f"{count:,}" in said or not count


def test_stages_are_convolutions_and_poolings_with_what_follows_them():
    net = trained("LeNet5")
    image = np.random.default_rng(1).random((1, 28, 28), np.float32)
    maps = fig08.stage_maps(net, image)
    names = ["input", "1 conv 28×28", "2 max 14×14"]
    assert [*maps] == [*names, "3 conv 10×10", "4 max 5×5"]
    trace = net.trace(image[None])
    assert np.array_equal(maps["1 conv 28×28"], trace[2][0])  # after ReLU
    assert maps["4 max 5×5"].shape == (16, 5, 5)


def test_feature_maps_show_the_drawing_above_the_input():
    drawn, image = np.eye(30), np.arange(64.0).reshape(1, 8, 8)
    odds = np.array([0.1, 0.7, 0.2])
    stages = {"prepared": image, "1 conv": np.arange(108).reshape(9, 4, 3)}
    fig = fig08.feature_maps(stages, odds, drawn=drawn)
    above, below, maps, bars = fig.axes
    titles = [axes.get_title() for axes in (above, below)]
    assert titles == ["drawn", "prepared"]
    assert np.array_equal(above.images[0].get_array(), drawn)
    assert np.array_equal(below.images[0].get_array(), image[0])
    tiled = maps.images[0].get_array()  # eight in a row
    assert tiled.shape == (2 * 5 - 1, 8 * 4 - 1)
    assert np.array_equal(tiled[5:, :3], stages["1 conv"][8])
    assert [bar.get_width() for bar in bars.patches] == odds.tolist()


def test_kernels_stand_side_by_side_with_gaps_between():
    bank = np.arange(1.0, 25).reshape(3, 2, 4)
    *drawn, _ = fig08.kernel_rows({"a": bank, "b": -2 * bank}).axes
    first, second = (axes.images[0] for axes in drawn)
    gap = np.full((2, 1), np.nan)
    row = np.hstack([bank[0], gap, bank[1], gap, bank[2]])
    assert np.array_equal(first.get_array().filled(np.nan), row, True)
    assert first.get_clim() == second.get_clim() == (-48, 48)


def test_confusions_are_counted_and_coloured_off_the_diagonal():
    matrix = np.array([[50, 3], [0, 40]])
    axes, _ = fig08.confusion(matrix).axes
    said = {text.get_position(): text.get_text() for text in axes.texts}
    assert said == {(0, 0): "50", (1, 0): "3", (1, 1): "40"}
    assert axes.images[0].get_array().tolist() == [[0, 3], [0, 0]]


def test_image_grid_frames_pictures_if_asked():
    framed = figures.image_grid(np.ones((3, 4, 4)), columns=2, frames=True)
    assert all(axes.axison for axes in framed.axes)
    plain = figures.image_grid(np.ones((3, 4, 4)), columns=2)
    assert not any(axes.axison for axes in plain.axes)
