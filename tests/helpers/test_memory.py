"""What would need too much memory is refused before anything is allocated.

The absurd images cost nothing: every pixel is the same place in memory.
"""

import re
import tracemalloc

import numpy as np
import pytest

from helpers import checks, convolution, data, fused, im2col, layers, matching

MEGAPIXELS = np.broadcast_to(np.float32(1), (1, 1, 10**6, 10**6))
MANY = np.broadcast_to(np.float32(1), (10**9, 1, 8, 8))
KERNEL = np.ones((1, 1, 5, 5), np.float32)
RNG = np.random.default_rng(0)


def conv(**options):
    return layers.Conv2d(1, 1, 5, rng=RNG, **options)


TOO_LARGE = {
    "im2col": lambda x: im2col.im2col(x, 5),
    "im2col, padded": lambda x: im2col.im2col(x, 5, 10**6, 2),
    "enlarge": lambda x: im2col.enlarge(x, ((1, 0), (0, 0))),
    "conv2d": lambda x: convolution.conv2d(x, KERNEL),
    "conv2d, padded": lambda x: convolution.conv2d(x, KERNEL, None, 10**6, 2),
    "conv_transpose2d": lambda x: convolution.conv_transpose2d(x, KERNEL),
    "max_pool2d": lambda x: convolution.max_pool2d(x, 2),
    "avg_pool2d": lambda x: convolution.avg_pool2d(x, 2, padding=1),
    "Conv2d": lambda x: conv().forward(x),
    "Conv2d, stride": lambda x: conv(stride=10**6).forward(x),
    "ConvPool2d": lambda x: fused.ConvPool2d(conv()).forward(x),
    "MaxPool2d": lambda x: layers.MaxPool2d(2).forward(x),
    "AvgPool2d": lambda x: layers.AvgPool2d(2).forward(x),
}
WITHOUT_IMAGES = {
    "col2im": lambda: im2col.col2im(
        np.ones((1, 1, 4)), 10**6, 1, stride=10**6 - 1
    ),
    "convolution_matrix": lambda: convolution.convolution_matrix(
        np.ones((3, 3)), 1000
    ),
    "convolution_matrix, one output": lambda: convolution.convolution_matrix(
        np.ones((1, 1), np.int8), 10**6, 10**6
    ),
    **{
        name: lambda name=name: getattr(convolution, name)(
            MEGAPIXELS[0, 0], KERNEL[0, 0]
        )
        for name in ("convolve2d", "cross_correlate2d")
    },
    "convolve1d": lambda: convolution.convolve1d(MANY[:, 0, 0, 0], [1, 2]),
    "match_template": lambda: matching.match_template(
        np.broadcast_to(np.arange(3.0), (7000, 7000, 3)),
        np.broadcast_to(np.arange(3.0), (7000, 3500, 3)),
        "raw",
    ),
    "draw_strokes": lambda: data.draw_strokes([], size=7000),
    "wide Conv2d": lambda: layers.Conv2d(10**5, 10**5, 3, rng=RNG),
    "wide Linear": lambda: layers.Linear(10**6, 10**6, rng=RNG),
}


def refuse(call, *arguments):
    """Return what is said, and check that almost nothing was allocated."""
    tracemalloc.start()
    try:
        with pytest.raises(MemoryError) as error:
            call(*arguments)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000
    found = re.fullmatch(
        r"the [\w ]+ would take ([\d,]+\.\d) GiB, the limit is 4 GiB: .{10,}",
        str(error.value),
    )
    assert found, error.value
    assert float(found[1].replace(",", "")) > 4


@pytest.mark.parametrize("name", TOO_LARGE)
@pytest.mark.parametrize("images", [MEGAPIXELS, MANY], ids=["large", "many"])
def test_absurd_images_are_refused_before_anything_is_allocated(name, images):
    refuse(TOO_LARGE[name], images)


@pytest.mark.parametrize("name", WITHOUT_IMAGES)
def test_absurd_sizes_are_refused_before_anything_is_allocated(name):
    refuse(WITHOUT_IMAGES[name])


# The picture, the template, and the arguments of `match_template`.
COMPARISONS = [
    ((900, 900), (300, 300), {"workers": 1}),
    ((900, 900, 3), (400, 300, 3), {"workers": 2}),
    ((2000, 1500), (20, 30), {"workers": 3, "method": "raw"}),
    ((1200, 1200, 3), (200, 200, 3), {"workers": 2, "method": "zero-mean"}),
]


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize(("size", "part", "options"), COMPARISONS)
def test_a_comparison_takes_what_is_checked(
    size, part, options, dtype, monkeypatch
):
    image = RNG.integers(0, 255, size).astype(dtype)
    template = image[: part[0], : part[1]].copy()
    told = []
    monkeypatch.setattr(
        matching, "check_memory", lambda *a: told.append(np.prod(a[0]))
    )
    tracemalloc.start()
    scores = matching.match_template(image, template, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - scores.nbytes <= 1.1 * told[0]
    assert told[0] < 3 * peak


# What each call needs at its largest, in bytes.
NEEDS = {
    "im2col": (lambda x: im2col.im2col(x, 3), 9 * 6 * 8 * 4),
    "conv2d": (
        lambda x: convolution.conv2d(x, KERNEL[..., :1, :1], padding=1),
        10 * 12 * 4,
    ),
    "convolve2d": (
        lambda x: convolution.convolve2d(x[0, 0], KERNEL[0, 0]),
        12 * 14 * 4,
    ),
    "conv_transpose2d": (
        lambda x: convolution.conv_transpose2d(x, KERNEL),
        25 * 8 * 10 * 4,
    ),
    "convolution_matrix": (
        lambda x: convolution.convolution_matrix(KERNEL.repeat(9, 0), (7, 6)),
        9 * 3 * 2 * 43 * 4,
    ),
    "max_pool2d": (lambda x: convolution.max_pool2d(x, 1), 8 * 10 * 4),
    "Conv2d": (lambda x: conv().forward(x), 25 * 4 * 6 * 4),
}


@pytest.mark.parametrize("name", NEEDS)
def test_the_limit_is_the_last_size_that_is_taken(name, monkeypatch):
    call, needed = NEEDS[name]
    x = np.ones((1, 1, 8, 10), np.float32)
    monkeypatch.setattr(checks, "MEMORY_LIMIT", needed)
    call(x)
    monkeypatch.setattr(checks, "MEMORY_LIMIT", needed - 1)
    with pytest.raises(MemoryError, match=r"would take .* GiB"):
        call(x)


def test_the_limit_of_weights(monkeypatch):
    monkeypatch.setattr(checks, "MEMORY_LIMIT", 8 * 30)
    layers.Linear(5, 6, rng=RNG)
    with pytest.raises(MemoryError, match="fewer features"):
        layers.Linear(5, 7, rng=RNG)
    layers.Conv2d(2, 5, (1, 3), rng=RNG)
    with pytest.raises(MemoryError, match="fewer channels"):
        layers.Conv2d(2, 5, (2, 2), rng=RNG)


def test_many_windows_are_not_copied_all_at_once():
    """Those of 300 x 300 pixels and a kernel of 90 x 90 would take 6 GB."""
    image, kernel = RNG.integers(0, 9, (300, 300)), np.ones((90, 90), int)
    tracemalloc.start()
    answer = convolution.cross_correlate2d(image, kernel, "valid")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    sums = image.cumsum(0).cumsum(1)
    assert answer[0, 0] == sums[89, 89]
    assert answer[-1, -1] == image[-90:, -90:].sum()


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_the_kernel_taken_apart_gives_the_same(mode, monkeypatch):
    names = ("convolve", "cross_correlate")
    calls = [(f"{name}2d", (7, 9), (4, 3)) for name in names]
    calls += [(f"{name}1d", shape, (4,)) for name in names for shape in [9, 2]]
    for name, shape, kernel in calls:
        x, k = RNG.integers(-9, 9, shape), RNG.integers(-9, 9, kernel)
        function = getattr(convolution, name)
        expected = function(x, k, mode)
        with monkeypatch.context() as patch:
            patch.setattr(convolution, "ALL_WINDOWS", 0)
            np.testing.assert_array_equal(function(x, k, mode), expected)
