"""How long `conv2d` takes, beside torch.

    python -m pytest tests/benchmarks/bench_convolution.py -o addopts="" -s

Both take turns on the same float32 arrays, with a thread for each core.
"""

import os
import statistics
import time

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers.convolution import conv2d

TURNS = 21
# Shapes of images and kernels, and the padding.
SIZES = {
    "a small kernel on a large image": ((1, 1, 1024, 1536), (1, 1, 5, 5), 2),
    "a mini-batch of colour images": ((64, 3, 32, 32), (16, 3, 3, 3), 1),
    "LeNet's second layer": ((128, 6, 14, 14), (16, 6, 5, 5), 0),
}
AT_MOST = 2.0


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@pytest.mark.parametrize("name", SIZES)
def test_forward(name):
    images, kernels, padding = SIZES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal(images, np.float32)
    weight = rng.standard_normal(kernels, np.float32)
    tensors = torch.tensor(x), torch.tensor(weight)
    torch.set_num_threads(os.cpu_count())  # as NumPy's BLAS does
    methods = {
        "ours": lambda: conv2d(x, weight, padding=padding),
        "torch": lambda: F.conv2d(*tensors, padding=padding).numpy(),
    }
    answers = [method() for method in methods.values()]
    assert np.allclose(*answers, atol=1e-4)
    times = {method: [] for method in methods}
    for _ in range(TURNS):
        for method, function in methods.items():
            times[method].append(seconds(function))
    median = {method: statistics.median(t) for method, t in times.items()}
    ratio = median["ours"] / median["torch"]
    print(f"\n{name}: {1000 * median['ours']:.2f} ms, {ratio:.2f} of torch")
    assert ratio <= AT_MOST
