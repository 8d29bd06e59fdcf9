"""Where the time goes, operation by operation, on two threads.

    pytest tests/benchmarks/bench_profile.py

After a step, or a call, every operation is done again, alone, on the arrays
at hand, and timed; the rest is what remains.
"""

import numpy as np
import pytest
from forward import SIZES, arrays, ours
from numpy.lib.stride_tricks import sliding_window_view
from side_by_side import milliseconds, own_process
from step import batch, lenet
from step import ours as stepper

from helpers.fused import _by_row, fuse
from helpers.im2col import enlarge

WARM_UP, ROUNDS = 10, 60


def show(title, whole, parts, rest):
    """Print the milliseconds of all parts, and what remains."""
    print(f"\n{title}: {whole:.2f} ms")
    parts = parts | {rest: whole - sum(parts.values())}
    for name, part in parts.items():
        print(f"  {name:36}{part:6.2f} ms {part / whole:5.0%}")


def operations(layer, x, delta):
    """Return the parts of a fused layer's step, by name, to be done again.

    A part that begins with + holds the part before it, too.
    """
    best = np.empty((len(layer.weight), *layer.out, len(x)), x.dtype)
    delta = np.ascontiguousarray(delta.transpose(1, 2, 3, 0))
    spread = np.zeros_like(layer.framed)

    def patches():
        layer.inside[...] = x.transpose(1, 2, 3, 0)
        for j, columns in layer._columns():
            layer.v_i[:, :, j] = layer.framed[:, :, columns].swapaxes(0, 1)

    def of_rows(operation):
        def all_rows():
            for part in layer._parts():
                h = layer._room(part)[0]
                operation(part, h, layer.windows[part])

        return all_rows

    parts = {
        "patches (copies)": patches,
        "K_f V_I": of_rows(lambda p, h, v: np.matmul(layer.k_f, v, out=h)),
        "+maxima of four": of_rows(
            lambda p, h, v: layer._best_of_four(p, _by_row(best)[p])
        ),
        "to the winners": of_rows(
            lambda p, h, v: layer._to_winners(p, _by_row(delta)[p])
        ),
        "delta V_I^T": of_rows(lambda p, h, v: h @ v.swapaxes(1, 2)),
    }
    if layer.input_gradient:
        parts["K_f^T delta"] = of_rows(
            lambda p, h, v: np.matmul(layer.k_f.T, h, out=layer.d_v[: len(h)])
        )
        parts["+col2im"] = of_rows(
            lambda p, h, v: layer._add_columns(p, h, spread)
        )
    return parts


@pytest.mark.parametrize("size", [128, 256])
def test_training_step(size):
    network = fuse(lenet())
    step, (x, labels) = stepper(network), batch(size)
    whole = milliseconds(lambda: step(x, labels), WARM_UP, ROUNDS)
    parts, inputs = {}, network.trace(x)
    for place, layer in enumerate(network.layers[:2]):
        delta = np.ones_like(inputs[place + 1])
        before = 0.0
        for name, again in operations(layer, inputs[place], delta).items():
            part = milliseconds(again, WARM_UP, ROUNDS)
            key = f"convolution {place + 1}, {name.removeprefix('+')}"
            parts[key] = part - before * name.startswith("+")
            before = part
    rest = "dense layers, loss, SGD, the rest"
    show(f"LeNet-5, batch {size}, a step", whole, parts, rest)
    assert sum(parts.values()) < 1.2 * whole


@pytest.mark.parametrize("name", list(SIZES)[1:])
def test_conv2d(name):
    x, weight, padding = arrays(name)
    frame = ((padding, padding), (padding, padding))
    c_out, _, k_h, k_w = weight.shape
    width = x.shape[3] + 2 * padding - k_w + 1

    def batch_last():
        return np.ascontiguousarray(enlarge(x, frame).transpose(2, 1, 3, 0))

    framed = batch_last()
    columns = np.empty((*framed.shape[:2], k_w, width, len(x)), np.float32)

    def copy_columns():
        for j in range(k_w):
            columns[:, :, j] = framed[:, :, j : j + width]

    v_i = np.moveaxis(sliding_window_view(columns, k_h, axis=0), -1, 1)
    v_i = v_i.reshape(len(v_i), -1, width * len(x))
    k_f = np.ascontiguousarray(weight.swapaxes(1, 2).reshape(c_out, -1))
    out = np.empty((len(v_i), c_out, v_i.shape[2]), np.float32)
    again = {
        "frame, batch last (copies)": batch_last,
        "columns (copies)": copy_columns,
        "K_f V_I": lambda: np.matmul(k_f, v_i, out=out),
    }
    whole = milliseconds(ours(name), WARM_UP, ROUNDS)
    parts = {n: milliseconds(f, WARM_UP, ROUNDS) for n, f in again.items()}
    show(f"conv2d, {name}", whole, parts, "checks, loops, new memory")
    print(
        f"  torch, all of it: {own_process('forward.py', 'torch', name):.2f}"
    )
    assert parts["K_f V_I"] < whole
