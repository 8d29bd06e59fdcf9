"""What the figures of notebook 09 draw: means, bands, every single run."""

import numpy as np

from lecture.figures import fig09

SIZES = [100, 1000, 20_000]
RUNS = np.array([[50.0, 60.0, 90.0], [40.0, 66.0, 91.0], [30.0, 60.0, 95.0]])


def test_by_size_draws_means_and_bands_over_a_logarithmic_axis():
    other = ([70, 700], RUNS[:2, :2])
    families = {"wide": (SIZES, RUNS), "deep": other}
    (axes,) = fig09.by_size(families, "size", "accuracy", (20, 100)).axes
    assert axes.get_xscale() == "log"
    assert axes.get_ylim() == (20, 100)
    first, second = axes.lines
    np.testing.assert_array_equal(first.get_xdata(), SIZES)
    np.testing.assert_array_equal(first.get_ydata(), [40, 62, 92])
    np.testing.assert_array_equal(second.get_ydata(), [45, 63])
    corners = axes.collections[0].get_paths()[0].vertices
    for size, low, high in zip(SIZES, RUNS.min(axis=0), RUNS.max(axis=0)):
        band = corners[corners[:, 0] == size, 1]
        assert (band.min(), band.max()) == (low, high)


def test_families_can_be_told_apart_without_colour():
    families = dict.fromkeys("abcd", (SIZES, RUNS))
    (axes,) = fig09.by_size(families, "size", "accuracy", (0, 100)).axes
    assert len({line.get_marker() for line in axes.lines}) == 4


def test_ranges_draws_every_run_and_a_bar_from_least_to_largest():
    results = {
        "dense": {"in order": [3, 1, 2], "shuffled": [4, 6]},
        "convolution": {"shuffled": [8, 5], "in order": [9, 7, 8]},
    }
    (axes,) = fig09.ranges(results, "accuracy", (0, 10)).axes
    drawn = [line.get_xdata().tolist() for line in axes.lines]
    in_rows = [[1, 3], [3, 1, 2], [4, 6], [4, 6]]
    in_rows += [[7, 9], [9, 7, 8], [5, 8], [8, 5]]
    assert drawn == in_rows
    heights = [line.get_ydata()[0] for line in axes.lines]
    assert heights == sorted(heights)
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels == ["dense", "convolution"]
    assert axes.yaxis.get_inverted()
