"""Time one convolution in a process of its own.

    OPENBLAS_NUM_THREADS=2 python tests/benchmarks/forward.py METHOD SIZE

prints the median of the milliseconds that it takes.
"""

import os
import sys

import numpy as np
from side_by_side import milliseconds

from helpers.convolution import conv2d

WARM_UP, ROUNDS = 10, 60
# Shapes of images and kernels, and the padding.
SIZES = {
    "a small kernel on a large image": ((1, 1, 1024, 1536), (1, 1, 5, 5), 2),
    "a mini-batch of colour images": ((64, 3, 32, 32), (16, 3, 3, 3), 1),
    "LeNet's second layer": ((128, 6, 14, 14), (16, 6, 5, 5), 0),
}


def arrays(name):
    """Return images, kernels and padding, the same for every method."""
    images, kernels, padding = SIZES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal(images, np.float32)
    return x, rng.standard_normal(kernels, np.float32), padding


def ours(name):
    x, weight, padding = arrays(name)
    return lambda: conv2d(x, weight, padding=padding)


def in_torch(name):
    import torch

    torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", 2)))
    x, weight, padding = arrays(name)
    tensors = torch.tensor(x), torch.tensor(weight)
    convolve = torch.nn.functional.conv2d
    return lambda: convolve(*tensors, padding=padding).numpy()


METHODS = {"ours": ours, "torch": in_torch}

if __name__ == "__main__":
    # As in a program that has read its pictures: from now on the C library
    # keeps the memory that is given back, and pages are not asked for anew.
    np.ones(2**21 + 1)
    method, name = sys.argv[1:]
    print(milliseconds(METHODS[method](name), WARM_UP, ROUNDS))
