"""Time LeNet-5's training step in a process of its own.

    OPENBLAS_NUM_THREADS=2 python tests/benchmarks/step.py METHOD BATCH_SIZE

prints the median of the milliseconds that a step takes.
"""

import os
import sys

import numpy as np
import torch
from side_by_side import milliseconds
from textbook import TextbookLeNet
from torch import nn

from helpers.fused import fuse
from helpers.layers import CrossEntropy
from helpers.networks import LeNet5
from helpers.training import SGD

RATE, MOMENTUM, WARM_UP, STEPS = 0.01, 0.9, 15, 60


def ours(network):
    """Return a function of images and labels that makes a step."""
    loss, optimizer = CrossEntropy(), SGD(network, MOMENTUM)

    def step(x, labels):
        value = loss.forward(network.forward(x), labels)
        network.backward(loss.backward())
        optimizer.step(RATE)
        return value

    return step


def lenet():
    return LeNet5(np.random.default_rng(0))


def in_torch():
    layers = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    layers += [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(84, 10))
    with torch.no_grad():
        for mine, its in zip(
            lenet().parameters.values(), network.parameters()
        ):
            its.copy_(torch.tensor(mine))
    optimizer = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
    loss = nn.CrossEntropyLoss()

    def step(x, labels):
        optimizer.zero_grad()
        value = loss(network(x), labels)
        value.backward()
        optimizer.step()
        return value.item()

    return step


METHODS = {
    "fused": lambda: ours(fuse(lenet())),
    "torch": in_torch,
    "layers": lambda: ours(lenet()),
    "textbook": lambda: (
        TextbookLeNet(lenet().parameters.values(), RATE, MOMENTUM).step
    ),
}


def batch(size):
    """Return images and labels, the same for every method."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((size, 1, 28, 28)).astype(np.float32)
    return images, rng.integers(0, 10, size)


def prepared(method, size):
    """Return a function without arguments that makes a step."""
    step = METHODS[method]()
    x, labels = batch(size)
    if method == "torch":
        x, labels = torch.tensor(x), torch.tensor(labels)
    return lambda: step(x, labels)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["OPENBLAS_NUM_THREADS"]))
    method, size = sys.argv[1], int(sys.argv[2])
    print(milliseconds(prepared(method, size), WARM_UP, STEPS))
