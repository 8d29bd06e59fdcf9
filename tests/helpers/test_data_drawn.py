"""A drawn digit is prepared as those of MNIST were."""

import os

import numpy as np
import pytest

from helpers import networks, training
from helpers.data import FOLDER, draw_strokes, load_mnist, mnist_style

TWO = np.array([(80, 90), (110, 55), (160, 55), (180, 95), (85, 225)])
TWO = [np.vstack([TWO, (200, 225)])]
MINUS = [[(40, 140), (240, 150)]]
ANGLE = [[(60, 40), (60, 220), (220, 220)]]
each = pytest.mark.parametrize("strokes", [TWO, MINUS, ANGLE])


def box(image):
    """Return how high and how wide the ink is."""
    y, x = np.nonzero(image)
    return np.ptp(y) + 1, np.ptp(x) + 1


def centre(image):
    """Return row and column of the centre of mass, counted from 0."""
    mass = image.astype(float)
    places = np.indices(image.shape)
    return (places * mass).sum(axis=(1, 2)) / mass.sum()


@pytest.fixture(scope="module")
def digits():
    return load_mnist()


@pytest.fixture(scope="module")
def lenet():
    network = networks.LeNet5(np.random.default_rng(0))
    network.load(FOLDER / "lenet5_full.npz")
    return network


# --- mnist_style -------------------------------------------------------------


def test_mnist_itself_is_of_this_style(digits):
    """What `mnist_style` promises was read off these: 20 pixels, (14, 14)."""
    images = np.concatenate([digits.train_images, digits.test_images])[:, 0]
    longer = [max(box(image)) for image in images]
    away = [np.abs(centre(image) - 14).max() for image in images]
    assert np.bincount(longer)[-2:].tolist() == [1, 4999]
    assert max(away) <= 0.5


@each
@pytest.mark.parametrize("pen", [3, 24, 60])
def test_result_is_20_long_and_centred_by_mass(strokes, pen):
    image = mnist_style(draw_strokes(strokes, pen))
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(box(image)) == 20
    assert np.abs(centre(image) - 14).max() <= 0.5


@each
def test_width_and_height_are_scaled_alike(strokes):
    picture = draw_strokes(strokes)
    (high, wide), (h, w) = box(picture), box(mnist_style(picture))
    share = 20 / max(high, wide)
    # A shorter side may cover parts of two pixels more.
    assert share * high - 0.01 <= h <= share * high + 2
    assert share * wide - 0.01 <= w <= share * wide + 2


def test_grey_is_the_share_of_a_pixel_that_ink_covers():
    picture = np.zeros((50, 60), np.uint8)
    picture[5:45, 10:15] = 255  # 20 cells of 2x2 pixels: 2.5 cells wide
    picture[5:7, 10:50] = 255  # and 20 wide
    image = mnist_style(picture)
    y, x = (places.min() for places in np.nonzero(image))
    assert (image[y : y + 1, x : x + 20] == 255).all()
    assert (image[y + 1 : y + 20, x : x + 2] == 255).all()
    assert (image[y + 1 : y + 20, x + 2] == 128).all()
    assert not image[y + 1 :, x + 3 :].any()


@each
def test_place_changes_nothing(strokes):
    picture = np.pad(draw_strokes(strokes), 60)
    expected = mnist_style(picture)
    for shift in [(-60, 0), (17, -41), (60, 60)]:
        moved = np.roll(picture, shift, axis=(0, 1))
        assert np.array_equal(mnist_style(moved), expected)


@each
def test_size_changes_next_to_nothing(strokes):
    picture = draw_strokes(strokes)
    expected = mnist_style(picture)
    for times in (2, 3):
        larger = picture.repeat(times, axis=0).repeat(times, axis=1)
        assert np.array_equal(mnist_style(larger), expected)
    half = draw_strokes([np.asarray(s) / 2 for s in strokes], pen=11)
    assert np.abs(mnist_style(half).astype(int) - expected).mean() < 3


def test_grey_of_the_picture_is_black_or_white():
    picture = draw_strokes(TWO)
    faint = np.where(picture > 0, 128, 127).astype(np.uint8)
    assert np.array_equal(mnist_style(faint), mnist_style(picture))


def test_one_pixel_becomes_a_square():
    picture = np.zeros((9, 5), np.uint8)
    picture[8, 0] = 200
    image = mnist_style(picture)
    assert box(image) == (20, 20)
    assert image.sum() == 255 * 400


def test_lopsided_ink_stays_in_the_frame():
    picture = np.zeros((400, 400), np.uint8)
    picture[:20, :] = 255  # a heavy bar, and a hair that hangs from it
    picture[:, 200] = 255
    image = mnist_style(picture)
    rows, columns = np.nonzero(image)
    assert (rows.min(), rows.max()) == (8, 27)
    assert np.ptp(columns) == 19


@pytest.mark.parametrize("times", [1, 3, 10])
def test_digits_of_mnist_stay_what_they_are(digits, lenet, times):
    """The weights have seen these digits; what counts is that none is lost."""
    one = np.ones((times, times), np.uint8)
    images = [np.kron(image, one) for image in digits.test_images[:, 0]]
    again = np.array([mnist_style(image) for image in images])[:, None]
    before = training.evaluate(lenet, digits.test_images, digits.test_labels)
    after = training.evaluate(lenet, again, digits.test_labels)
    print(f"{times}: {before:.1%} before, {after:.1%} after")
    assert before >= 0.99
    assert after >= before - 0.005


@pytest.mark.parametrize("which", ["subset", "full"])
def test_without_it_digits_at_random_places_are_lost(which, lenet):
    if which == "full" and "MNIST_ROOT" not in os.environ:
        pytest.skip("MNIST_ROOT names no folder with the full set")
    digits = load_mnist(which, os.environ.get("MNIST_ROOT"))
    rng = np.random.default_rng(0)
    plain, ready = [], []
    for image in digits.test_images[:, 0]:
        times = rng.integers(3, 10)
        y, x = rng.integers(281 - 28 * times, size=2)
        picture = np.zeros((280, 280), np.uint8)
        larger = image.repeat(times, axis=0).repeat(times, axis=1)
        picture[y : y + 28 * times, x : x + 28 * times] = larger
        plain.append(picture.reshape(28, 10, 28, 10).mean((1, 3)))
        ready.append(mnist_style(picture))
    plain, ready = (np.uint8(images)[:, None] for images in (plain, ready))
    lost = training.evaluate(lenet, plain, digits.test_labels)
    kept = training.evaluate(lenet, ready, digits.test_labels)
    print(f"{lost:.1%} as they are, {kept:.1%} prepared")
    assert lost < 0.6
    assert kept > 0.985


@pytest.mark.parametrize("shape", [(5, 4), (0, 0), (3, 0)])
def test_empty_picture_is_told(shape):
    with pytest.raises(ValueError, match="no ink in the picture: draw"):
        mnist_style(np.full(shape, 127, np.uint8))


# --- draw_strokes ------------------------------------------------------------


def test_a_point_is_a_disc():
    y, x = np.mgrid[:20, :20] + 0.5
    disc = np.hypot(x - 12, y - 7) <= 4
    picture = draw_strokes([[(12, 7)]], pen=8, size=20)
    assert np.array_equal(picture, 255 * disc.astype(np.uint8))


def test_a_line_is_as_wide_as_the_pen_and_round_at_its_ends():
    picture = draw_strokes([[(10, 20), (30, 20)]], pen=8, size=40)
    ink = picture > 0
    assert ink[:, 20].sum() == 8
    assert ink[16:24, 20].all()
    assert np.flatnonzero(ink[19])[[0, -1]].tolist() == [6, 33]
    assert not ink[16, 6]


def test_strokes_are_not_joined_but_points_are():
    ends = [(5, 5), (5, 35), (35, 35)]
    apart = draw_strokes([[end] for end in ends], pen=6, size=40)
    joined = draw_strokes([ends], pen=6, size=40)
    assert apart[20, 5] == 0
    assert joined[20, 5] == joined[35, 20] == 255
    assert joined[20, 20] == 0


def test_no_strokes_leave_the_paper_empty():
    assert not draw_strokes([]).any()
    assert draw_strokes([]).shape == (280, 280)


@pytest.mark.parametrize(
    ("stroke", "pen", "told"),
    [
        ([(1, 2, 3)], 22, r"shape \(K, 2\)"),
        ([], 22, r"shape \(K, 2\)"),
        ([(1, 2), (np.nan, 3)], 22, "not finite"),
        ([(1, 2)], 0, "pen must be positive"),
        ([(1, 2)], np.inf, "pen must be positive"),
    ],
)
def test_strokes_need_points_and_a_pen_of_some_width(stroke, pen, told):
    with pytest.raises(ValueError, match=told):
        draw_strokes([stroke], pen)
