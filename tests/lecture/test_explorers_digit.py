"""The canvas without a browser: pixels come in, an answer goes out."""

import re

import numpy as np
import pytest

from helpers import networks, training
from helpers.data import FOLDER, draw_strokes, mnist_style, scale
from lecture.explorers.digit import Canvas, draw_digit
from lecture.figures import fig08

SEVEN = [[(60, 70), (190, 70), (110, 230)]]
ZERO = [[(140, 50), (80, 100), (80, 180), (140, 230)]]
ZERO += [[(140, 230), (200, 180), (200, 100), (140, 50)]]


@pytest.fixture
def lenet():
    network = networks.LeNet5(np.random.default_rng(0))
    network.load(FOLDER / "lenet5_full.npz")
    return network


@pytest.fixture
def parts(lenet):
    """Return the canvas, the text and the picture beside it."""
    canvas, right = draw_digit(lenet).children
    return canvas, *right.children


@pytest.fixture
def drawn(monkeypatch):
    """Return a list that gets what every `fig08.feature_maps` draws."""
    seen, draw = [], fig08.feature_maps

    def feature_maps(stages, odds):
        seen.append((stages, odds))
        return draw(stages, odds)

    monkeypatch.setattr(fig08, "feature_maps", feature_maps)
    return seen


@pytest.mark.parametrize(("strokes", "digit"), [(SEVEN, 7), (ZERO, 0)])
def test_answer_is_the_digit_that_was_drawn(parts, strokes, digit):
    canvas, text, picture = parts
    canvas.pixels = draw_strokes(strokes).tobytes()
    assert f"It says <b>{digit}, with " in text.value
    assert re.search(rf'alt="[^"]* it says {digit}, with \d+%"', picture.value)


def test_house_is_taken_for_a_nought_as_the_notes_of_08_say(parts):
    house = [(80, 230), (80, 130), (140, 60), (200, 130), (200, 230)]
    parts[0].pixels = draw_strokes([[*house, house[0]]]).tobytes()
    assert parts[1].value == "<p>It says <b>0, with 100%</b>.</p>"


def test_network_gets_the_prepared_picture_and_shows_maps_after_relu(
    parts, drawn, lenet
):
    picture = draw_strokes(SEVEN)
    parts[0].pixels = picture.tobytes()
    ((stages, odds),) = drawn
    image = scale(mnist_style(picture))[None]
    logits = lenet.forward(image[None])[0]
    assert np.array_equal(stages["input"], image)
    shapes = [maps.shape for maps in stages.values()]
    assert shapes[:3] == [(1, 28, 28), (6, 28, 28), (6, 14, 14)]
    assert shapes[3:] == [(16, 10, 10), (16, 5, 5)]
    trace = lenet.trace(image[None])
    for maps, place in zip(stages.values(), [0, 2, 3, 5, 6]):
        assert np.array_equal(maps, trace[place][0])
    assert np.allclose(odds, np.exp(logits) / np.exp(logits).sum())
    assert f"<b>7, with {odds[7]:.0%}</b>" in parts[1].value


def test_second_guess_is_told_if_it_has_a_percent(monkeypatch, parts):
    odds = np.full(10, 0.001)
    odds[[3, 8]] = 0.2, 0.792
    monkeypatch.setattr(training, "probabilities", lambda *_: odds[None])
    parts[0].pixels = draw_strokes(SEVEN).tobytes()
    expected = "<p>It says <b>8, with 79%</b>; next comes 3, with 20%.</p>"
    assert parts[1].value == expected
    odds[3], odds[8] = 0.009, 0.983
    parts[0].pixels = draw_strokes(ZERO).tobytes()
    assert parts[1].value == "<p>It says <b>8, with 98%</b>.</p>"


@pytest.mark.parametrize("pixels", [b"", bytes(280 * 280)])
def test_empty_canvas_gets_no_guess(parts, drawn, pixels):
    canvas, text, picture = parts
    before = text.value
    canvas.pixels = draw_strokes(SEVEN).tobytes()
    canvas.pixels = pixels
    assert text.value == before == "<p>Draw a digit.</p>"
    assert picture.value == ""
    assert len(drawn) == 1


def test_every_change_is_drawn_once(parts, drawn):
    canvas, _, picture = parts
    seen = []
    for length in range(2, 5):
        stroke = [(60, 70), (190, 70), (110, 230), (60, 60)][:length]
        canvas.pixels = draw_strokes([stroke]).tobytes()
        seen.append(picture.value)
    assert len(drawn) == len(set(seen)) == 3


def test_what_a_browser_sends_is_taken(parts):
    canvas, text, _ = parts
    canvas.set_state({"pixels": memoryview(draw_strokes(SEVEN).tobytes())})
    assert "It says <b>7" in text.value
    canvas.set_state({"pixels": memoryview(b"")})
    assert text.value == "<p>Draw a digit.</p>"


@pytest.mark.parametrize("kind", ["LeNet1989", "DenseNetwork"])
def test_any_network_for_28_by_28_pixels_will_do(kind):
    network = getattr(networks, kind)(np.random.default_rng(0))
    canvas, right = draw_digit(network).children
    canvas.pixels = draw_strokes(SEVEN).tobytes()
    assert "It says" in right.children[0].value
    assert "<img" in right.children[1].value


def test_canvas_asks_for_nothing_from_the_network():
    assert "http" not in Canvas._esm
    assert "import" not in Canvas._esm
