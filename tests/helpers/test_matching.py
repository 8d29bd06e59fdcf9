"""Template scores against their definition, scikit-image and OpenCV."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

import helpers.matching
from helpers.matching import (
    METHODS,
    find_peaks,
    find_template,
    match_template,
)

SHAPES = [((31, 40), (7, 5)), ((31, 40, 3), (6, 9, 3)), ((9, 12), (9, 12))]
DTYPES = [np.uint8, np.float32, np.float64]


@pytest.fixture
def small_tiles(monkeypatch):
    """Many tiles, and last ones that are not full, on small pictures."""
    monkeypatch.setattr(helpers.matching, "SMALLEST_TILE", 16)
    monkeypatch.setattr(helpers.matching, "TEMPLATES_PER_TILE", 2)


def noise(shape, dtype=float, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(dtype)


def drawn(shape, dtype=float):
    """Stripes, discs and ramps, hard edges and a flat corner."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    grey = 40 + 60 * (y // 3 % 2) + x
    grey[(y % 23 - 11) ** 2 + (x % 29 - 14) ** 2 < 60] = 200
    grey[: shape[0] // 3, : shape[1] // 3] = 17
    if len(shape) == 3:
        grey = np.stack([grey, grey.T[::-1, ::-1].T, 255 - grey // 2], -1)
    return grey.astype(dtype)


def match_template_loop(image, template, method="ncc"):
    """The scores by their definition, window after window, in float64."""
    image, template = np.asarray(image, float), np.asarray(template, float)
    height, width = template.shape[:2]
    if method != "raw":
        template = template - template.mean(axis=(0, 1))
    scores = np.zeros(np.subtract(image.shape, template.shape)[:2] + 1)
    for y, x in np.ndindex(scores.shape):
        window = image[y : y + height, x : x + width]
        flat = np.all(window == window[0, 0])
        if method != "raw":
            window = 0 * window if flat else window - window.mean(axis=(0, 1))
        scores[y, x] = np.sum(window * template)
        if method == "ncc" and not flat:
            norms = np.linalg.norm(window) * np.linalg.norm(template)
            scores[y, x] /= norms
    return scores


def cut(image, size, corner=None):
    row, column = corner or np.subtract(image.shape[:2], size[:2]) // 2
    return image[row : row + size[0], column : column + size[1]].copy()


def relative(scores, truth):
    """Largest difference, as a part of the largest score."""
    assert scores.shape == truth.shape
    return np.abs(scores - truth).max() / np.abs(truth).max()


# --- The definition ----------------------------------------------------------


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("picture", [noise, drawn])
@pytest.mark.parametrize(("shape", "size"), SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_are_those_of_the_loop(method, picture, shape, size, dtype):
    image = picture(shape, dtype)
    template = cut(noise(shape, dtype, 1) // 2 + image // 2, size)
    scores = match_template(image, template, method)
    truth = match_template_loop(image, template, method)
    double = dtype == np.float64
    assert scores.dtype == (np.float64 if double else np.float32)
    assert relative(scores, truth) < (1e-9 if double else 2e-6)


@given(
    seed=st.integers(0, 999),
    size=st.tuples(st.integers(1, 5), st.integers(2, 5)),
    room=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    channels=st.sampled_from([(), (3,)]),
    dtype=st.sampled_from([np.dtype(code) for code in "?bBhHiIlLefd"]),
    method=st.sampled_from(METHODS),
)
def test_few_shades_of_any_type(seed, size, room, channels, dtype, method):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 4, (*np.add(size, room), *channels)).astype(dtype)
    template = rng.integers(0, 4, (*size, *channels)).astype(dtype)
    assume(np.ptp(template.astype(float), axis=(0, 1)).any())
    scores = match_template(image, template, method)
    truth = match_template_loop(image, template, method)
    np.testing.assert_allclose(scores, truth, rtol=0, atol=1e-4)


def test_loop_by_hand():
    image, template = [[1, 2, 4, 4]], [[1, 3]]
    raw = match_template_loop(image, template, "raw")
    zero_mean = match_template_loop(image, template, "zero-mean")
    assert raw.tolist() == [[7, 14, 16]]
    assert zero_mean.tolist() == [[1, 2, 0]]
    ncc = match_template_loop(image, template)
    np.testing.assert_allclose(ncc, [[1, 1, 0]], atol=1e-15)


def test_colour_channels_lose_their_own_means():
    """A template whose channels differ by a constant has no contrast left."""
    image = noise((8, 9, 3))
    template = cut(image, (3, 4))
    shifted = template + np.array([10, 0, -40])
    for method in ("zero-mean", "ncc"):
        np.testing.assert_allclose(
            match_template(image, shifted, method),
            match_template(image, template, method),
            rtol=0,
            atol=1e-9 * 255**2,
        )


@pytest.mark.parametrize(
    ("image", "template", "dtype"),
    [
        (np.uint8, np.uint8, np.float32),
        (np.uint8, np.float32, np.float32),
        (np.float16, np.uint8, np.float32),
        (np.float32, np.float64, np.float64),
        (np.float64, np.uint8, np.float64),
        (np.int64, np.uint8, np.float64),
        (np.uint16, np.uint16, np.float64),
        (bool, np.uint8, np.float32),
    ],
)
def test_dtypes_and_mixtures(image, template, dtype):
    picture, pattern = noise((20, 24), image), noise((4, 5), template, 1)
    if image is bool:
        picture = noise((20, 24)) > 128
    scores = match_template(picture, pattern)
    assert scores.dtype == dtype
    truth = match_template_loop(picture, pattern)
    np.testing.assert_allclose(scores, truth, atol=2e-6)


@pytest.mark.usefixtures("small_tiles")
def test_workers_change_nothing():
    image, template = noise((90, 70), np.float32), noise((5, 6), np.float32, 1)
    one, *more = (
        match_template(image, template, workers=w) for w in (1, 2, 5)
    )
    assert all(np.array_equal(one, other) for other in more)


# --- Others' results ---------------------------------------------------------


@pytest.mark.parametrize("picture", [noise, drawn])
@pytest.mark.parametrize("dtype", DTYPES)
def test_ncc_is_that_of_scikit_image(picture, dtype):
    feature = pytest.importorskip("skimage.feature")
    image = picture((200, 300), dtype)
    template = cut(image, (34, 36))
    # scikit-image itself is precise in float64 only.
    truth = feature.match_template(image.astype(float), template.astype(float))
    assert np.abs(match_template(image, template) - truth).max() < 1e-4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("picture", [noise, drawn])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_scores_are_those_of_opencv(method, picture, dtype, channels):
    cv2 = pytest.importorskip("cv2")
    names = dict(zip(METHODS, ["TM_CCORR", "TM_CCOEFF", "TM_CCOEFF_NORMED"]))
    image = picture((200, 300, *channels), dtype)
    template = cut(image, (34, 36))
    truth = cv2.matchTemplate(image, template, getattr(cv2, names[method]))
    scores = match_template(image, template, method)
    if method == "ncc":
        # OpenCV calls a flat window a perfect match.
        flat = match_template_loop(image, template) == 0
        assert np.all(scores[flat] == 0)
        truth[flat] = 0
    assert relative(scores, truth) < 1e-4


# --- Precision ---------------------------------------------------------------


@pytest.mark.parametrize("method", ["zero-mean", "ncc"])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_large_offset_in_float32(method, channels):
    image = noise((60, 70, *channels), np.float32) / 255 + np.float32(1e4)
    template = cut(image, (9, 8))
    truth = match_template_loop(image, template, method)
    assert relative(match_template(image, template, method), truth) < 2e-6


def half_raised():
    image = noise((60, 70), np.float32) / 255
    image[:, 35:] += 1e4
    return image


def faint_part():
    image = noise((80, 80), np.float32) * 4
    image[20:50, 20:50] = noise((30, 30), np.float32, 1) / 2000 + 500
    return image


@pytest.mark.parametrize(
    ("image", "corner", "atol"),
    [
        (noise((60, 70)) / 255 + 1e7, None, 1e-8),
        (half_raised(), (3, 2), 1e-5),
        (faint_part(), (30, 31), 2e-6),
    ],
    ids=["a huge offset", "an offset in half of it", "a faint part"],
)
def test_bright_pixels_spoil_no_window(image, corner, atol):
    template = cut(image, (9, 8), corner)
    truth = match_template_loop(image, template)
    scores = match_template(image, template)
    np.testing.assert_allclose(scores, truth, rtol=0, atol=atol)


def test_faint_uint8_picture_near_white():
    image = 254 + noise((400, 400), np.uint8) // 128
    template = cut(image, (6, 5))
    truth = match_template(image.astype(float), template.astype(float))
    scores = match_template(image, template)
    np.testing.assert_allclose(scores, truth, rtol=0, atol=2e-6)


@pytest.mark.parametrize("gain", [1e-300, 1e-150, 3, 1e150, 1e300])
def test_ncc_does_not_see_gain_and_offset(gain):
    image, template = noise((20, 24)), noise((4, 5), seed=1)
    truth = match_template_loop(image, template)
    scores = match_template((image + 17) * gain, (template / 27 - 4) * gain)
    np.testing.assert_allclose(scores, truth, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 2), (34, 36), (260, 270)])
def test_window_sums_of_uint8_are_exact(size):
    """The largest sums, above 2^32 in the largest template."""
    image = np.full((300, 310), 255, np.uint8)
    image[-1, -1] = 254
    template = np.full(size, 9)
    template[-1, -1] = 8
    scores = match_template(image, template.astype(np.uint8))
    assert scores[-1, -1] == pytest.approx(1, abs=1e-5)
    scores[-1, -1] = 0
    assert not scores.any()


@pytest.mark.parametrize("value", [0, 0.1, 1e4, -3e7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_flat_windows_score_zero(value, dtype, channels):
    image = noise((60, 70, *channels), dtype)
    image[10:40, 20:60] = value
    scores = match_template(image, noise((7, 6, *channels), dtype, 1))
    assert np.all(scores[10:34, 20:55] == 0)
    assert np.all(scores[:9] != 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ncc_stays_within_its_bounds(dtype):
    """Perfect matches and perfect opposites, everywhere."""
    image = np.tile(noise((6, 8), dtype), (12, 9))
    template = image[:6, :8]
    scores = match_template(image, template)
    assert scores.max() <= 1
    assert scores.max() == pytest.approx(1, abs=1e-6)
    opposite = match_template(image, 255 - template)
    assert opposite.min() >= -1
    assert opposite.min() == pytest.approx(-1, abs=1e-6)


def test_memory_grows_with_the_picture():
    """All windows at once would take 1.2 GB."""
    image, template = noise((1200, 1600), np.uint8), noise((34, 36), np.uint8)
    tracemalloc.start()
    match_template(image, template)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * image.size + 60e6


# --- Finding -----------------------------------------------------------------


@given(st.data())
def test_a_pasted_template_is_found(data):
    """At its place, with a score of 1, whatever its gain and offset."""
    size = data.draw(st.tuples(st.integers(3, 9), st.integers(3, 9)))
    room = data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40)))
    place = tuple(data.draw(st.integers(0, r)) for r in room)
    channels = data.draw(st.sampled_from([(), (3,)]))
    dtype = data.draw(st.sampled_from(DTYPES))
    seed = data.draw(st.integers(0, 9))
    image = noise(np.add(size, room).tolist() + list(channels), dtype, seed)
    template = noise((*size, *channels), dtype, seed + 100) // 2
    rows, columns = (slice(p, p + s) for p, s in zip(place, size))
    image[rows, columns] = template + data.draw(st.integers(0, 100))
    (match,) = find_template(image, template)
    assert (match.row, match.column) == place
    assert match.score == pytest.approx(1, abs=1e-5)
    assert match.box == (*place, *np.add(place, size))


def test_raw_falls_for_brightness_and_ncc_does_not():
    image = noise((60, 80), np.uint8) // 2
    template = cut(image, (8, 9), (40, 50))
    image[5:20, 5:20] = 255
    assert find_template(image, template)[0][:2] == (40, 50)
    row, column = find_template(image, template, "raw")[0][:2]
    assert 5 <= row <= 12
    assert 5 <= column <= 11


def test_several_are_found_best_first():
    template = noise((8, 9), seed=1)
    image = noise((60, 80)) / 10
    places = [(40, 50), (3, 60), (20, 7)]
    for spoil, (row, column) in enumerate(places):
        spoiled = template + 30 * spoil * noise((8, 9), seed=9) / 255
        image[row : row + 8, column : column + 9] = spoiled
    found = find_template(image, template, count=3)
    assert [match[:2] for match in found] == places
    assert found[0].score > found[1].score > found[2].score
    assert len(find_template(image, template, count=9, min_score=0.9)) == 3
    assert find_template(image, template, min_score=1.1) == []
    assert len(find_peaks([[0.5, 0, 0.25]], 1, 3, min_score=0.25)) == 2


@pytest.mark.parametrize("overlap", [0, 0.3, 0.7])
def test_boxes_overlap_no_more_than_asked_for(overlap):
    scores = noise((40, 50)) / 255
    found = find_peaks(scores, (6, 9), 1000, overlap)
    assert [m.score for m in found] == sorted(m.score for m in found)[::-1]
    places = np.array([m[:2] for m in found])
    peaks = np.argwhere(scores == ndimage.maximum_filter(scores, 3))
    assert len(places) < len(peaks)

    def shared(boxes):
        """The part that each box shares with each that was found."""
        apart = np.abs(boxes[:, None] - places)
        return np.clip((6, 9) - apart, 0, None).prod(axis=2) / (6 * 9)

    assert (np.triu(shared(places), 1) <= overlap).all()
    # And no peak is left out without reason.
    assert (shared(peaks).max(axis=1) > overlap).all()


def test_a_box_may_share_just_as_much():
    assert len(find_peaks([[1, 1, 0]], (1, 2), 2, overlap=0.5)) == 2
    assert len(find_peaks([[1, 1, 0]], (1, 2), overlap=0.5)) == 1


@pytest.mark.parametrize("count", [2, 9])
def test_the_slope_of_a_peak_is_no_peak(count):
    scores = np.array([[0, 1, 5, 4, 3, 2, 1, 2, 0.0]])
    assert [m.column for m in find_peaks(scores, (1, 2), count)] == [2, 7]


# --- Errors: what test_bad_input does not try --------------------------------

GOOD = np.arange(30.0).reshape(5, 6)
COLOUR = np.arange(90.0).reshape(5, 6, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((GOOD, GOOD, "nc"), "method must be .*, not 'nc'"),
        ((GOOD[0], GOOD), r"image must have axes \(H, W\)"),
        ((GOOD, GOOD[None, None]), "template must have axes"),
        ((GOOD, COLOUR), "both be grey .* or both colour"),
        ((COLOUR[..., :2], GOOD), r"shape \(5, 6, 2\)$"),
        ((np.ones((5, 6, 4)), COLOUR), r"alpha .*\[\.\.\., :3\]"),
        ((GOOD[:, :0], GOOD), r"image is empty, shape \(5, 0\)"),
        ((GOOD, np.uint8(GOOD)[:0]), "template is empty"),
        ((GOOD[:, 1:], GOOD), "5 x 6 px must fit .* 5 x 5 px"),
        ((GOOD, np.where(GOOD, 1, -np.inf)), "finite .* from -inf to 1"),
        ((GOOD, [[4, 4]]), r"every pixel is 4: method \"ncc\""),
        ((GOOD, [[4]], "zero-mean"), "template is flat"),
        ((COLOUR, np.ones((2, 2, 3)) * [1, 2, 3]), r"\[1.0, 2.0"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        match_template(*arguments)


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        (GOOD, dict(count=0), "count must be at least 1, not 0"),
        (GOOD, dict(overlap=1), "overlap must be .* below 1, not 1"),
        ([[]], {}, "scores"),
    ],
)
def test_errors_of_peaks(scores, options, message):
    with pytest.raises(ValueError, match=message):
        find_peaks(scores, 1, **options)


def test_flat_template_has_raw_scores():
    image = noise((9, 12))
    np.testing.assert_allclose(
        match_template(image, np.full((2, 3), 4), "raw"),
        match_template_loop(image, np.full((2, 3), 4), "raw"),
    )
