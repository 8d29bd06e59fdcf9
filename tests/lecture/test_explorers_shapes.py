"""The shape explorer, without a browser: move a slider, read what it says."""

import re

import pytest

from helpers.shapes import conv_output_size
from lecture.explorers import shape_explorer


class Explorer:
    """What a reader sees and moves."""

    def __init__(self, **start):
        box = shape_explorer(**start)
        (left, right), (self.play, self.window) = (
            row.children for row in box.children[:2]
        )
        *sliders, self.transposed = [*left.children, *right.children]
        self.sliders = {s.description.split()[-1]: s for s in sliders}
        self.said, self.picture = box.children[2:]

    def move(self, **values):
        for letter, value in values.items():
            self.sliders[letter].value = value

    @property
    def size(self):
        return int(re.search(r"<b>(\d+)</b>", self.said.value)[1])

    @property
    def alt(self):
        return re.search(r'alt="([^"]*)"', self.picture.value)[1]


def test_each_slider_changes_text_and_picture():
    explorer = Explorer(i=9, k=3, s=2, p=1, d=1)
    seen = [(explorer.said.value, explorer.picture.value)]
    for letter, value in dict(i=10, k=4, s=3, p=2, d=2).items():
        explorer.move(**{letter: value})
        seen.append((explorer.said.value, explorer.picture.value))
    said, pictures = zip(*seen)
    assert len(set(said)) == len(set(pictures)) == 6


def test_the_formula_holds_the_numbers_and_the_size():
    explorer = Explorer(i=9, k=3, s=2, p=1, d=1)
    assert "⌊(9 + 2·1 − 1·2 − 1) / 2⌋ + 1 = <b>5</b>" in explorer.said.value
    assert explorer.alt == "i = 9, k = 3, s = 2, p = 1: o = 5"
    for i in range(5, 13):
        explorer.move(i=i, d=2)
        assert explorer.size == conv_output_size(i, 3, 2, 1, 2)


def test_an_impossible_setting_says_why_and_can_be_left():
    explorer = Explorer(i=6, k=3)
    explorer.move(d=3)
    with pytest.raises(ValueError, match="spans 7 px") as reason:
        conv_output_size(6, 3, 2, 0, 3)
    said = f"<p><b>No output:</b> {reason.value}</p>"
    assert (explorer.said.value, explorer.picture.value) == (said, "")
    explorer.move(p=1)
    assert explorer.size == 1
    assert explorer.alt


def test_transposed_leads_back_to_the_input():
    explorer = Explorer(i=6, k=3, s=2, p=1)
    explorer.transposed.value = True
    assert explorer.size == 6
    assert "= 2·2 + 1·2 + 1 − 2·1 + 1 = <b>6</b>" in explorer.said.value
    assert "transposed" in explorer.alt
    explorer.move(k=1, p=4)
    assert "padding must be at most 0" in explorer.said.value


def test_the_window_stays_inside_the_output():
    explorer = Explorer(i=12, k=1, s=1)
    assert explorer.window.max == explorer.play.max == 11
    first = explorer.picture.value
    explorer.window.value = 11
    assert explorer.picture.value != first
    explorer.move(s=4)
    assert explorer.window.max == explorer.window.value == 2
