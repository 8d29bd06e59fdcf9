"""How long a normalised score map of 6 megapixels takes, side by side.

Not part of the test run; needs scikit-image and OpenCV:

    pytest tests/benchmarks/bench_matching.py

The three take turns on the same picture with the same two threads, so that
whatever else the machine does meets all of them, and their medians are
compared.
"""

import statistics
import time

import numpy as np
import pytest
from scipy import fft, ndimage

from helpers.matching import match_template

cv2 = pytest.importorskip("cv2")
feature = pytest.importorskip("skimage.feature")

THREADS = 2
ROUNDS = 7
SIZES = [(34, 36), (200, 180)]
# Of the other's time, for the small template; the large one is for the record.
AT_MOST = {"scikit-image": 0.5, "OpenCV": 1.5}


def ours(image, template):
    return match_template(image, template, "ncc", THREADS)


def scikit_image(image, template):
    with fft.set_workers(THREADS):
        return feature.match_template(image, template)


def opencv(image, template):
    return cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED)


METHODS = {"ours": ours, "scikit-image": scikit_image, "OpenCV": opencv}


@pytest.fixture(scope="module", params=["uint8", "float32"])
def image(request):
    """Blobs of about the size of the people in a crowd."""
    cv2.setNumThreads(THREADS)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((2000, 3000), dtype=np.float32)
    blobs = ndimage.gaussian_filter(noise, 3) + noise / 50
    blobs -= blobs.min()
    return (255 * blobs / blobs.max()).astype(request.param)


def cut(image, size):
    return image[900 : 900 + size[0], 1500 : 1500 + size[1]].copy()


@pytest.mark.parametrize("size", SIZES)
def test_side_by_side(image, size):
    template = cut(image, size)
    times = {name: [] for name in METHODS}
    for _ in range(ROUNDS + 1):
        for name, method in METHODS.items():
            start = time.perf_counter()
            scores = method(image, template)
            times[name].append(time.perf_counter() - start)
            best = np.unravel_index(scores.argmax(), scores.shape)
            assert best == (900, 1500)
    # The first round warms up.
    median = {name: statistics.median(t[1:]) for name, t in times.items()}
    ratio = {name: median["ours"] / median[name] for name in AT_MOST}
    print(f"\n{image.dtype}, template {size[0]} x {size[1]}")
    for name, seconds in median.items():
        than = f", ours takes {ratio[name]:.2f}" if name in ratio else ""
        print(f"  {name:13}{1000 * seconds:6.0f} ms{than}")
    if size == SIZES[0]:
        assert all(ratio[name] <= AT_MOST[name] for name in AT_MOST)
