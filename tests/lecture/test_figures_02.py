"""What the figures of notebook 02 show is what they are given."""

import numpy as np
import pytest

from helpers.convolution import cross_correlate2d
from lecture.figures import fig02

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(256, size=(7, 10))
MEAN = np.full((3, 3), 1 / 9)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def answer(kernel):
    return cross_correlate2d(PICTURE, kernel, mode="valid")


def drawn(axes):
    (image,) = axes.images
    return np.asarray(image.get_array()), image.get_clim()


def test_a_window_frame_shows_the_outputs_made_so_far_and_their_sum():
    image, kernel = np.arange(12).reshape(3, 4), np.array([[1, 2, 3]])
    (axes,) = fig02.window_frame(image, kernel, (1, 0)).axes
    texts = [text.get_text() for text in axes.texts]
    assert texts[-1] == "4·1 + 5·2 + 6·3 = 32"
    titles = ["image I", "kernel K", "I ★ K"]
    numbers = [*range(12), 1, 2, 3, 8, 14, 32]
    assert [t for t in texts[:-1] if t not in titles] == [
        str(number) for number in numbers
    ]
    (x, y), wide = axes.patches[-1].get_xy(), axes.patches[-1].get_width()
    assert (x, y, wide) == (9, 1, 1)  # behind 4 cells, a gap, 3 and a gap


def test_filtering_draws_brightness_in_grey_and_differences_with_signs():
    rows = [(PICTURE, kernel, answer(kernel)) for kernel in (MEAN, SOBEL)]
    axes = fig02.filtering(rows, ["box", "Sobel x"]).axes
    assert np.array_equal(drawn(axes[3])[0], PICTURE)
    for place, kernel in (2, MEAN), (5, SOBEL):
        assert np.array_equal(drawn(axes[place])[0], answer(kernel))
    limit = np.abs(answer(SOBEL)).max()
    assert drawn(axes[2])[1] == (0, 255)
    assert drawn(axes[5])[1] == (-limit, limit)


def test_pixels_of_a_result_are_as_large_as_those_of_the_image():
    left, _, right = fig02.filtering([(PICTURE, MEAN, answer(MEAN))]).axes
    assert np.ptp(right.get_xlim()) == np.ptp(left.get_xlim()) == 10
    assert np.ptp(right.get_ylim()) == np.ptp(left.get_ylim()) == 7
    assert right.get_xlim() == (-1.5, 8.5)  # one pixel lost on each side
    assert right.get_ylim() == (5.5, -1.5)


@pytest.mark.parametrize(
    ("kernel", "texts"),
    [
        (MEAN, ["1/9"] * 9),
        (np.array([[-0.0625, 0.123], [3.0, 0]]), ["−1/16", "0.123", "3", "0"]),
        (np.eye(1, 10, 9), [""] * 9 + ["1"]),  # narrow cells: no zeros
    ],
)
def test_kernel_cells_hold_its_weights(kernel, texts):
    result = cross_correlate2d(PICTURE, kernel, mode="valid")
    middle = fig02.filtering([(PICTURE, kernel, result)]).axes[1]
    assert [text.get_text() for text in middle.texts][:-1] == texts


def test_answers_share_one_signed_scale():
    cases = {"box": MEAN, "x": SOBEL, "weak": SOBEL / 10}
    cases = {name: (k, answer(k)) for name, k in cases.items()}
    axes = fig02.answers(PICTURE, cases).axes
    limit = np.abs(answer(SOBEL)).max()
    clims = [drawn(one)[1] for one in axes[:4]]
    assert clims == [(0, 255), (0, 255), (-limit, limit), (-limit, limit)]
    assert [one.get_title() for one in axes[:4]] == ["picture", *cases]


def test_borders_frame_the_picture_inside_its_padding():
    padded = np.pad(PICTURE, ((2, 2), (1, 1)), mode="reflect")
    axes = fig02.borders({"reflect": (padded, PICTURE)}).axes
    (frame,) = axes[0].patches
    left, top, right, bottom = (frame.get_bbox().extents + 0.5).astype(int)
    inside = drawn(axes[0])[0][top:bottom, left:right]
    assert np.array_equal(inside, PICTURE)
