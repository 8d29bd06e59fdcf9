"""A network here and in torch: same weights in, same numbers out.

Differences are measured against the largest entry of each array, because
gradients are small: 1e-5 of nothing would be no test.
"""

import numpy as np
import pytest
import torch
from torch import nn

from helpers import layers
from lecture import depth_and_structure as experiments

TOLERANCE = 1e-5  # of float32, whose numbers are 6e-8 apart


def twin_of(network):
    """Return the same layers, with the same weights, in torch."""
    modules = []
    for layer in network.layers:
        shape = layer.weight.shape if layer.parameters else ()
        if isinstance(layer, layers.Conv2d):
            window = layer.window
            settings = dict(stride=window.stride, padding=window.padding)
            module = nn.Conv2d(shape[1], shape[0], shape[2:], **settings)
        elif isinstance(layer, layers.Linear):
            module = nn.Linear(shape[1], shape[0])
        elif isinstance(layer, layers.MaxPool2d):
            module = nn.MaxPool2d(layer.window.kernel_size)
        else:
            module = {layers.ReLU: nn.ReLU, layers.Flatten: nn.Flatten}[
                type(layer)
            ]()
        modules.append(module)
    twin = nn.Sequential(*modules)
    state = {n: torch.tensor(p) for n, p in network.parameters.items()}
    twin.load_state_dict(state)
    return twin


def numbers_here(network, images, labels):
    """Return logits, loss and every gradient, by name."""
    criterion = layers.CrossEntropy()
    logits = network.forward(images)
    loss = criterion.forward(logits, labels)
    by_input = network.backward(criterion.backward())
    found = {"logits": logits, "loss": loss, "input": by_input}
    return found | network.gradients


def numbers_in_torch(twin, images, labels):
    x = torch.tensor(images, requires_grad=True)
    logits = twin(x)
    loss = nn.functional.cross_entropy(logits, torch.tensor(labels))
    loss.backward()
    found = {"logits": logits.detach(), "loss": loss.detach(), "input": x.grad}
    found |= {name: p.grad for name, p in twin.named_parameters()}
    return {name: value.numpy() for name, value in found.items()}


def far_apart(ours, theirs):
    """Return the names of what differs by more than the tolerance."""
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert value.dtype == theirs[name].dtype == np.float32
        assert value.shape == theirs[name].shape
        assert np.abs(theirs[name]).max() > 1e-4, f"{name} tests nothing"
    return [
        name
        for name, value in ours.items()
        if np.abs(value - theirs[name]).max()
        > TOLERANCE * np.abs(theirs[name]).max()
    ]


FAMILIES = [
    pytest.param(name, family.matched, side, id=f"{name}, {side} px")
    for name, family in experiments.FAMILIES.items()
    for side in (32, 40)
]


def make(name, width, side):
    network = experiments.build(name, width, side, np.random.default_rng(0))
    last = network.layers[-1].parameters["weight"]
    last *= np.sqrt(2 / 0.001)  # as after training, not nearly 0
    return network


def batch(side):
    rng = np.random.default_rng(1)
    images = rng.standard_normal((6, 1, side, side)).astype(np.float32)
    return images, rng.integers(0, 10, 6)


@pytest.mark.parametrize(("name", "width", "side"), FAMILIES)
def test_every_family_agrees_with_its_twin(name, width, side):
    network, examples = make(name, width, side), batch(side)
    ours = numbers_here(network, *examples)
    assert not far_apart(ours, numbers_in_torch(twin_of(network), *examples))


def test_a_flipped_kernel_is_noticed_in_every_number():
    network, examples = make("convolution, 5 layers", 4, 40), batch(40)
    twin = twin_of(network)
    with torch.no_grad():
        twin[3].weight.copy_(twin[3].weight.flip(2, 3))
    ours = numbers_here(network, *examples)
    assert far_apart(ours, numbers_in_torch(twin, *examples)) == list(ours)


def test_a_fault_in_one_backward_is_noticed_below_it():
    network, examples = make("convolution, 5 layers", 4, 40), batch(40)
    twin = twin_of(network)
    network.layers[4].backward = lambda gradient: gradient
    ours = numbers_here(network, *examples)
    wrong = far_apart(ours, numbers_in_torch(twin, *examples))
    assert wrong == ["input", "0.weight", "0.bias", "3.weight", "3.bias"]
