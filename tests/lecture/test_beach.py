"""The beach: always the same, one Waldo, and traps that work."""

import numpy as np
import pytest
from PIL import Image

from helpers.data import FOLDER, load_picture
from helpers.matching import find_template, match_template
from lecture.beach import BUNDLED_SEED, draw_scene

SMALL = (480, 640)


@pytest.fixture(scope="module")
def beaches():
    return [draw_scene(seed, SMALL) for seed in range(6)]


def grey(picture):
    return picture.astype(float) @ [0.299, 0.587, 0.114]


def cut(picture, box):
    row, column, height, width = box
    return picture[row : row + height, column : column + width]


def test_a_seed_always_draws_the_same(beaches):
    again = draw_scene(0, SMALL)
    assert (again.picture == beaches[0].picture).all()
    assert again.traps == beaches[0].traps
    assert (again.picture != beaches[1].picture).any()


@pytest.mark.parametrize("size", [(500, 901), (1000, 1600), 700])
def test_the_picture_has_the_size_that_was_asked_for(size):
    beach = draw_scene(3, size)
    assert beach.picture.shape == (*np.broadcast_to(size, 2), 3)
    assert beach.picture.dtype == beach.template.dtype == np.uint8


def test_waldo_the_template_and_traps_are_whole_and_apart(beaches):
    for beach in beaches:
        assert (cut(beach.picture, beach.box) == beach.template).all()
        assert beach.template.shape == (36, 34, 3)
        free = np.ones(beach.picture.shape[:2], bool)
        cut(free, beach.box)[...] = False
        for box in beach.traps.values():
            assert min(box.row, box.column) >= 0
            assert cut(beach.picture, box).shape[:2] == box[2:]
            assert cut(free, box).all()


def test_nobody_else_is_as_like_him(beaches):
    for beach in beaches:
        first, second = find_template(beach.picture, beach.template, count=2)
        assert (first.row, first.column) == beach.box[:2]
        assert first.score > 0.999
        assert second.score < 0.95


@pytest.mark.parametrize(
    ("method", "fooled"), [("raw", 6), ("zero-mean", 5), ("ncc", 0)]
)
def test_each_score_is_fooled_as_often_as_it_should(beaches, method, fooled):
    right = 0
    for beach in beaches:
        image, template = grey(beach.picture), grey(beach.template)
        best = find_template(image, template, method)[0]
        right += best[:2] == beach.box[:2]
        if method == "raw":  # it goes to the brightest thing
            tent = beach.traps["white tent"]
            assert tent.row <= best.row <= tent.row + tent.height
            assert tent.column <= best.column <= tent.column + tent.width
    assert len(beaches) - right >= fooled
    assert method != "ncc" or right == len(beaches)


def test_the_poster_is_he_with_less_contrast_and_noise(beaches):
    for beach in beaches:
        poster = grey(cut(beach.picture, beach.traps["faded poster"]))
        waldo = grey(beach.template)
        assert np.std(poster) < 0.6 * np.std(waldo)
        assert np.corrcoef(poster.ravel(), waldo.ravel())[0, 1] > 0.5


def test_bundled_pictures_are_what_the_function_draws():
    beach = draw_scene(BUNDLED_SEED)
    drawn = {"scene": beach.picture, "template": beach.template}
    for name, picture in drawn.items():
        path = FOLDER / f"waldo_{name}.png"
        assert (load_picture(path) == picture).all()
        assert path.stat().st_size < 3_000_000


@pytest.mark.parametrize(
    ("seed", "size", "error", "words"),
    [
        (-1, SMALL, ValueError, "seed must be at least 0, not -1"),
        (1.5, SMALL, TypeError, "seed must be a whole number, not 1.5"),
        (0, (500, 600), ValueError, "at least 480 x 640"),
        (0, (9000, 9000), ValueError, "at most 16,000,000"),
        (0, (480, 640, 3), ValueError, "size must be an int or a pair"),
        (0, (480, "640"), TypeError, "size must be"),
    ],
)
def test_what_does_not_fit_is_refused(seed, size, error, words):
    with pytest.raises(error, match=words):
        draw_scene(seed, size)


def test_scores_on_the_beach_are_those_of_opencv_and_scikit_image(beaches):
    cv2 = pytest.importorskip("cv2", reason="compares with OpenCV")
    feature = pytest.importorskip("skimage.feature", reason="compares")
    beach = beaches[0]
    ours = match_template(beach.picture, beach.template)
    method = cv2.TM_CCOEFF_NORMED
    theirs = cv2.matchTemplate(beach.picture, beach.template, method)
    differ = np.abs(ours - theirs)
    assert np.quantile(differ, 0.999) < 1e-4
    # In a window of one or two shades OpenCV rounds: the definition decides.
    y, x = np.unravel_index(differ.argmax(), differ.shape)
    window = beach.picture[y : y + 36, x : x + 34]
    window, waldo = (a - a.mean((0, 1)) for a in (window, beach.template))
    norms = np.linalg.norm(window) * np.linalg.norm(waldo)
    assert abs(ours[y, x] * norms - (window * waldo).sum()) < 1e-5 * norms
    crowd, part = grey(beach.picture), grey(beach.template)
    ours = match_template(crowd, part)
    assert np.abs(ours - feature.match_template(crowd, part)).max() < 1e-4


def test_two_files_of_your_own_give_a_box(beaches, tmp_path):
    beach = beaches[2]
    Image.fromarray(beach.picture).save(tmp_path / "beach.jpg", quality=90)
    Image.fromarray(beach.template).save(tmp_path / "he.png")
    picture = load_picture(tmp_path / "beach.jpg")
    found = find_template(picture, load_picture(tmp_path / "he.png"))[0]
    assert (found.row, found.column) == beach.box[:2]
    assert 0.9 < found.score < 1
