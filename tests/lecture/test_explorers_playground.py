"""The explorers without a browser: a changed value changes the picture."""

import numpy as np
import pytest
from scipy import signal

from lecture.explorers.playground import PRESETS, kernel_playground
from lecture.figures import fig02


@pytest.fixture
def drawn(monkeypatch):
    """Return a list that gets the rows of every `fig02.filtering`."""
    seen, draw = [], fig02.filtering

    def filtering(rows, names):
        seen.append((rows[0], names[0]))
        return draw(rows, names)

    monkeypatch.setattr(fig02, "filtering", filtering)
    return seen


@pytest.fixture
def playground(drawn):
    image = np.random.default_rng(0).integers(256, size=(6, 9))
    return kernel_playground({"noise": image})


def parts(playground):
    """Return the fields, the three controls beside them, text, picture."""
    controls, text, picture = playground.children
    grid, column = controls.children
    return grid.children, *column.children, text, picture


def test_playground_draws_what_the_fields_say(playground, drawn):
    fields, choice, _, by, text, _ = parts(playground)
    choice.value = "noise"
    for number, field in enumerate(fields):
        field.value = number**2 - 20
    by.value = 8
    (image, kernel, result), name = drawn[-1]
    expected = (np.arange(9).reshape(3, 3) ** 2 - 20) / 8
    right = signal.correlate2d(image, expected, mode="valid")
    assert image.shape == (6, 9)
    assert np.array_equal(kernel, expected)
    assert np.allclose(result, right)
    assert name == "your own"
    assert "The weights sum to 3." in text.value


def test_playground_redraws_once_for_every_change(playground, drawn):
    fields, choice, preset, by, _, picture = parts(playground)
    seen = [picture.value]
    changes = [(fields[2], 5.5), (choice, "digit 3"), (by, 2)]
    for control, value in [*changes, (preset, "emboss"), (fields[8], -1)]:
        before = len(drawn)
        control.value = value
        assert len(drawn) == before + 1
        seen.append(picture.value)
    assert len(set(seen)) == len(seen)
    assert preset.value == "your own"


@pytest.mark.parametrize("name", PRESETS)
def test_preset_fills_the_fields(playground, drawn, name):
    fields, _, preset, by, text, _ = parts(playground)
    preset.value = name
    numbers, divisor = PRESETS[name]
    assert [field.value for field in fields] == numbers
    assert by.value == divisor
    assert drawn[-1][1] == preset.value == name
    assert f"The weights sum to {sum(numbers) // divisor}." in text.value


def test_playground_offers_a_digit_of_each_class_and_says_it(playground):
    _, choice, *_, picture = parts(playground)
    assert 'alt="Sobel x on digit 0"' in picture.value
    digits = [f"digit {number}" for number in range(10)]
    assert list(choice.options) == [*digits, "noise"]
