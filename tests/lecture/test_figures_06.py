"""What is drawn of the way back is what backpropagation computes."""

import numpy as np
import pytest
import torch

from lecture.figures import fig06

SETTINGS = [
    # size, kernel, stride, padding
    ((3, 5), (2, 3), 1, 0),
    ((4, 5), (2, 3), 2, 1),
    ((5, 7), (2, 3), 2, 1),  # the last row of the frame is never read
    ((8, 6), (3, 2), 3, 0),
]


def layer(size, kernel_size, stride, padding):
    """Return kernel, gradient at the outputs, and torch's at the pixels."""
    rng = np.random.default_rng(0)
    kernel = rng.integers(1, 9, kernel_size)
    x = torch.zeros(1, 1, *size, dtype=torch.float64, requires_grad=True)
    weight = torch.tensor(kernel[None, None], dtype=torch.float64)
    y = torch.conv2d(x, weight, stride=stride, padding=padding)
    delta = rng.integers(-9, 9, y.shape[2:])
    y.backward(torch.tensor(delta[None, None], dtype=torch.float64))
    return kernel, delta, x.grad[0, 0].numpy()


def written(axes):
    """Return the numbers in the cells, by column and row, rounded down."""
    found = {}
    for text in axes.texts:
        value = text.get_text().replace("\u2212", "-")
        if value.lstrip("-").isdigit():
            place = np.floor(text.get_position()).astype(int)
            found[tuple(place.tolist())] = int(value)
    return found


@pytest.mark.parametrize("setting", SETTINGS)
def test_frame_of_the_last_step_holds_the_gradient(setting):
    size, _, stride, padding = setting
    kernel, delta, expected = layer(*setting)
    (axes,) = fig06.gradient_steps(kernel, delta, size, stride, padding).axes
    frame = axes.patches[-1]
    assert (frame.get_height(), frame.get_width()) == size
    left, top = np.add(frame.get_xy(), 0.5)
    drawn = written(axes)
    for (row, column), value in np.ndenumerate(expected):
        assert drawn[int(left + column), int(top + row)] == value


def test_entries_that_a_pixel_meets_add_up_to_its_gradient():
    kernel, delta, expected = layer((4, 6), (2, 3), 1, 0)
    for pixel, value in np.ndenumerate(expected):
        met = fig06.met_entries(kernel, delta.shape, pixel)
        assert np.nansum(met * delta) == value


def test_an_inner_pixel_meets_the_kernel_rotated():
    kernel = np.arange(6).reshape(2, 3)
    met = fig06.met_entries(kernel, (2, 3), (1, 2))
    assert met.tolist() == np.rot90(kernel, 2).tolist()
    assert np.isnan(fig06.met_entries(kernel, (2, 3), (0, 0))).sum() == 5


def test_each_panel_shows_at_the_pixel_what_its_title_says():
    kernel, delta, _ = layer((3, 5), (2, 3), 1, 0)
    fig = fig06.pixel_readers(kernel, delta, (1, 3))
    for axes, gradient in zip(fig.axes, delta.ravel()):
        entry = written(axes).get((3, 1))
        title = axes.get_title()
        if entry is None:
            assert title == "does not read it"
        else:
            assert title == f"{gradient} \u00b7 {entry}"


def test_only_the_marked_pixel_is_asked_for():
    fig = fig06.sent_back(np.ones((2, 3)), np.ones((2, 4)), (1, 2))
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert texts.count("?") == 1
    assert texts.count("1") == 6 + 8


def graph():
    x, weight, bias = np.ones((2, 5)), np.ones((5, 3)), np.ones(3)
    flows = dict(
        steps=["@ W", "+ b"],
        values=[("x", x), ("", x @ weight), ("h", x @ weight + bias)],
        parameters={0: ("W", weight), 1: ("b", bias)},
        back=["@ W^T", "sum"],
        gradients=[("dx", x), ("", x @ weight)],
        by_parameters={0: ("dW", weight), 1: ("db", bias)},
    )
    return fig06.computation_graph(**flows)


def test_graph_writes_the_shapes_of_the_arrays():
    texts = [text.get_text() for text in graph().axes[0].texts]
    shapes = [text.split("\n")[1] for text in texts if "\n" in text]
    assert sorted(shapes) == sorted(2 * ["2×5", "5×3", "3"] + ["2×3"])


def test_arrows_of_a_graph_join_boxes_and_backward_is_dashed():
    arrows = graph().axes[0].patches[2:]
    dashed = [arrow.get_linestyle() for arrow in arrows]
    assert dashed.count("--") == 4
    assert dashed.count("-") == 5


def test_maps_with_signs_share_symmetric_limits():
    maps = {"before": np.eye(2), "after": -2 * np.eye(2)}
    *drawn, _ = fig06.signed_maps(maps, "weight").axes
    assert [axes.images[0].get_clim() for axes in drawn] == [(-2, 2)] * 2
