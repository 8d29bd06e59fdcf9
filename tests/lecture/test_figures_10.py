"""What the figures of notebook 10 draw: every number, on powers of ten."""

import numpy as np

from lecture.figures import fig10


def test_times_are_dots_on_a_logarithmic_axis():
    fig = fig10.times({"loops": 300.0, "batch last": 2.0}, "time (ms)")
    (axes,) = fig.axes
    assert axes.get_xscale() == "log"
    assert axes.lines[0].get_xdata().tolist() == [300, 2]
    assert [text.get_text() for text in axes.texts] == ["300.00", "2.00"]
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["loops", "batch last"]


def test_a_power_is_a_straight_line():
    n = np.array([1, 2, 4, 8])
    lines = {"batch": (n, 3 * n), "side": (10 * n, n**2)}
    (axes,) = fig10.powers(lines, "n", "t").axes
    labels = [int(text.get_text()) for text in axes.get_xticklabels()]
    assert labels == [1, 2, 4, 8, 10, 20, 40, 80]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    places = [
        axes.transData.transform(line.get_xydata()) for line in axes.lines
    ]
    for line, points in zip(axes.lines, places):
        slopes = np.diff(points[:, 1]) / np.diff(points[:, 0])
        np.testing.assert_allclose(slopes, slopes[0])
        assert line.get_label() in lines
    looks = {(line.get_marker(), line.get_linestyle()) for line in axes.lines}
    assert len(looks) == 2
