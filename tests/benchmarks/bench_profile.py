"""Where the time of a training step of LeNet-5 goes, operation by operation.

    python -m pytest tests/benchmarks/bench_profile.py -o addopts="" -s

After one step every operation of the two fused layers is done again, alone,
on the arrays that the step left, and timed; the rest is what remains.
"""

import statistics
import time

import numpy as np
from step import RATE, batch, lenet

from helpers.fused import fuse
from helpers.layers import CrossEntropy
from helpers.training import SGD

SIZE, TURNS = 128, 41


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def operations(layer, delta):
    """Return the parts of a fused layer's step, by name, to be done again."""
    columns = layer._columns(layer.v_i)
    flat = delta.transpose(1, 2, 3, 0).reshape(len(layer.weight), -1)

    def copy_patches():
        for place, pixels in layer._places():
            layer.v_i[:, place] = layer.framed[:, *pixels]

    def maxima():
        h_0, h_1, h_2, h_3 = layer.h.reshape(4, len(layer.weight), -1)
        upper, lower = layer.halves
        np.greater(h_1, h_0), np.greater(h_3, h_2)
        np.maximum(h_0, h_1, out=upper), np.maximum(h_2, h_3, out=lower)
        best = np.maximum(upper, lower) + layer.bias[:, None]
        np.greater(np.maximum(best, 0, out=best), 0)

    return {
        "patches (copies)": copy_patches,
        "K_f V_I": lambda: np.matmul(layer.k_f, columns, out=layer.h),
        "maxima of four": maxima,
        "to the winners": lambda: layer._to_winners(flat),
        "delta V_I^T": lambda: layer.h @ columns.T,
        "K_f^T delta, col2im": lambda: (
            layer._by_input(layer.h) if layer.input_gradient else None
        ),
    }


def test_profile():
    network, loss = fuse(lenet()), CrossEntropy()
    optimizer = SGD(network)
    x, labels = batch(SIZE)

    def step():
        loss.forward(network.forward(x), labels)
        network.backward(loss.backward())
        optimizer.step(RATE)

    step()
    parts = {"the whole step": step}
    for place, layer in enumerate(network.layers[:2], start=1):
        delta = np.ones_like(layer.forward(network.trace(x)[place - 1]))
        for name, operation in operations(layer, delta).items():
            parts[f"convolution {place}, {name}"] = operation
    times = {name: [] for name in parts}
    for _ in range(TURNS):
        for name, part in parts.items():
            times[name].append(seconds(part))
    median = {n: 1000 * statistics.median(t) for n, t in times.items()}
    whole = median.pop("the whole step")
    rest = whole - sum(median.values())
    print(f"\nbatch {SIZE}, a step: {whole:.2f} ms")
    for name, part in median.items():
        print(f"  {name:36}{part:6.2f} ms {part / whole:4.0%}")
    print(f"  {'dense layers, loss, SGD, the rest':36}{rest:6.2f} ms")
    assert 0 < rest < whole
