"""What is drawn of pooling is what pooling does."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from helpers.figures import WINDOW
from lecture.figures import fig07

X = np.random.default_rng(0).permutation(30).reshape(5, 6).astype(float)


def passes(kernel, stride):
    """Return x, y, gradient, dx as torch computes them, without ties."""
    x = torch.tensor(X[None, None], requires_grad=True)
    y = F.max_pool2d(x, kernel, stride)
    gradient = torch.arange(1.0, y.numel() + 1).double().reshape(y.shape)
    y.backward(gradient)
    return [a.detach().numpy()[0, 0] for a in (x, y, gradient, x.grad)]


def rectangles(fig):
    return fig.axes[0].findobj(Rectangle)


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (2, 3)])
def test_winners_and_framed_windows_are_those_of_torch(kernel, stride):
    x, y, gradient, dx = passes(kernel, stride)
    fig = fig07.pool_passes(x, y, gradient, dx, kernel, stride)
    filled = to_rgba(WINDOW)
    places = {
        (round(r.get_y()), round(r.get_x()))
        for r in rectangles(fig)
        if r.get_facecolor() == filled and r.get_y() < len(x)
    }
    assert places == {divmod(place, 6) for place in np.flatnonzero(dx)}
    largest = []
    for frame in rectangles(fig):
        left, top, right, bottom = frame.get_bbox().extents
        inside = right < 6.5 and bottom < 5.5
        if frame.get_linewidth() == 2.5 and inside:
            row, column = slice(int(top), -int(-bottom // 1)), int(left)
            largest.append(x[row, column : -int(-right // 1)].max())
    assert largest == y.ravel().tolist()


def test_both_passes_are_written_out():
    x, y, gradient, dx = passes(2, 2)
    fig = fig07.pool_passes(x, y, gradient, dx, 2)
    said = [text.get_text() for text in fig.axes[0].texts]
    for values in (x, y, gradient, dx):
        numbers = [f"{value:g}" for value in values.ravel()]
        first = [
            said[place : place + len(numbers)] for place in range(len(said))
        ]
        assert numbers in first


def test_rows_of_pictures_are_the_arrays_given():
    two = [np.ones((1, 4, 4)), np.ones((1, 2, 2))]  # of two sizes
    rows = {"a": np.arange(18).reshape(2, 1, 3, 3), "b": two}
    fig = fig07.picture_rows(rows, ["one", "two"], mark=0.5)
    drawn = [axes.images[0].get_array() for axes in fig.axes]
    assert np.array_equal(drawn[1], rows["a"][1, 0])
    assert [array.shape for array in drawn[2:]] == [(4, 4), (2, 2)]
    assert [axes.get_ylabel() for axes in fig.axes] == ["a", "", "b", ""]
    marks = [axes.lines[0].get_xdata()[0] for axes in fig.axes]
    assert marks == [1, 1, 1.5, 0.5]  # the middle of 3, 4 and 2 pixels
