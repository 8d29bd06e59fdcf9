"""The windows that are drawn are the windows that a convolution reads."""

import itertools

import numpy as np
import pytest
import torch
from matplotlib.patches import Polygon
from torch.nn import functional as F

from helpers.im2col import col2im, im2col
from lecture.figures import fig03

# [DV16], figures 2.1 to 2.7 and 5.1; all but the last also transposed
SETTINGS = [
    (4, 3, 1, 0, 1),
    (5, 4, 1, 2, 1),
    (5, 3, 1, 1, 1),
    (5, 3, 1, 2, 1),
    (5, 3, 2, 0, 1),
    (5, 3, 2, 1, 1),
    (6, 3, 2, 1, 1),
    (7, 3, 1, 0, 2),
]
FIFTEEN = [(*setting, False) for setting in SETTINGS] + [
    (*setting, True) for setting in SETTINGS[:-1]
]
MORE = [
    setting
    for setting in itertools.product(
        (5, 8), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2), (False, True)
    )
    if not setting[5] or setting[3] <= setting[4] * (setting[1] - 1)
]


def read(axis, x, weight):
    """Compute each output from the places that its window reads."""
    row = np.where(axis.cells >= 0, np.take(x, axis.cells), 0)
    return row[axis.reads] @ weight


@pytest.mark.parametrize("setting", [*FIFTEEN, *MORE])
def test_windows_read_what_torch_reads(setting):
    i, k, s, p, d, transposed = setting
    axis = fig03.window_axis(*setting)
    rng = np.random.default_rng(0)
    x = rng.integers(1, 9, size=axis.cells.max() + 1)
    w = rng.integers(1, 9, size=k)
    x_torch, w_torch = (torch.tensor(a)[None, None] for a in (x, w))
    if transposed:
        a = (i + 2 * p - d * (k - 1) - 1) % s
        expected = F.conv_transpose1d(x_torch, w_torch, None, s, p, a, 1, d)
        w = w[::-1]  # as the figures say
    else:
        expected = F.conv1d(x_torch, w_torch, None, s, p, d)
    assert read(axis, x, w).tolist() == expected[0, 0].tolist()


def test_a_transpose_that_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="padding must be at most 0"):
        fig03.window_axis(5, 1, padding=1, transposed=True)


@pytest.mark.parametrize("setting", FIFTEEN)
def test_there_is_a_frame_for_each_output(setting):
    fig = fig03.window_frames(*setting)
    count = len(fig03.window_axis(*setting).reads) ** 2
    assert len(fig.axes) == (count if count <= 9 else count + 1)
    assert "kernel rotated" in fig.get_suptitle() or not setting[5]


@pytest.mark.parametrize("setting", FIFTEEN)
def test_a_frame_marks_the_cells_of_its_window(setting):
    axis = fig03.window_axis(*setting)
    last = len(axis.reads) - 1
    masks = fig03._window_masks(axis, (0, last))
    (unread, _), (pixels, _), (zeros, _) = masks
    reads = pixels | zeros
    assert reads.sum() == setting[1] ** 2
    assert np.flatnonzero(reads.any(axis=1)).tolist() == axis.reads[0].tolist()
    columns = np.flatnonzero(reads.any(axis=0))
    assert columns.tolist() == axis.reads[last].tolist()
    assert (unread | pixels).sum() == (axis.cells.max() + 1) ** 2


def corner(at):
    fig = fig03.window_frames(9, 3, stride=2, at=at)
    (frame,) = fig.axes[0].findobj(Polygon)
    return frame.get_xy()[0]


def test_the_frame_moves_by_the_stride():
    right = corner((0, 1)) - corner((0, 0))
    below = corner((1, 0)) - corner((0, 0))
    assert right.tolist() == [2, 0]
    assert below.tolist() == [-1, -1]  # two rows, seen at an angle


def test_rows_say_how_many_windows_read_each_pixel():
    fig = fig03.window_rows(8, 3, stride=2, padding=1)
    texts = {t.get_position(): t.get_text() for t in fig.axes[0].texts}
    ones = np.ones((1, 1, 1, 8), int)
    geometry = dict(kernel_size=(1, 3), stride=(1, 2), padding=(0, 1))
    counts = col2im(im2col(ones, **geometry), (1, 8), **geometry)
    # Below four windows; the first pixel stands behind a zero.
    said = [texts[place + 1.5, 4 + 2.3] for place in range(8)]
    assert said == [str(count) for count in counts.ravel()]
