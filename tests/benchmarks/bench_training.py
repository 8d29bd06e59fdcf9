"""How long a training step of LeNet-5 takes, side by side.

    python -m pytest tests/benchmarks/bench_training.py -o addopts="" -s

Forward, loss, backward and SGD with momentum, float32, two threads.  The
methods take turns, each run in a process of its own (see step.py), and the
medians of the turns are compared.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

THREADS, TURNS = 2, 3
METHODS = ("fused", "layers", "torch", "textbook")
# Of torch's time, by batch size; a batch of 32 is for the record.
AT_MOST = {64: 1.0, 128: 0.85, 256: 0.85}
OF_TEXTBOOK = 1 / 8


def milliseconds(method, size):
    script = Path(__file__).with_name("step.py")
    command = [sys.executable, script, method, str(size)]
    threads = {"OPENBLAS_NUM_THREADS": str(THREADS)}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, env=os.environ | threads
    )
    return float(done.stdout)


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_step(size):
    times = {method: [] for method in METHODS}
    for _ in range(TURNS):
        for method in METHODS:
            times[method].append(milliseconds(method, size))
    median = {method: statistics.median(t) for method, t in times.items()}
    print(f"\nbatch {size}")
    for method, value in median.items():
        ratio = value / median["torch"]
        print(f"  {method:9}{value:8.2f} ms{ratio:8.2f} of torch")
    if size in AT_MOST:
        assert median["fused"] <= AT_MOST[size] * median["torch"]
        assert median["fused"] <= OF_TEXTBOOK * median["textbook"]
