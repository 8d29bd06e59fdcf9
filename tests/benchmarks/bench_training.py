"""How long a training step of LeNet-5 takes, side by side.

    pytest tests/benchmarks/bench_training.py

Forward, loss, backward and SGD with momentum, float32, two threads.  The
methods are those of step.py: the fused layers with which `fit` trains, the
plain layers, torch, and a course's first version.
"""

import pytest
from side_by_side import take_turns
from step import METHODS

TURNS = 7
# Of torch's time, by batch size; a batch of 32 is for the record.
AT_MOST = {64: 1.0, 128: 0.85, 256: 0.85}
OF_TEXTBOOK = 1 / 8
SIZES = [32, 64, 128, 256]


@pytest.mark.parametrize("size", SIZES)
def test_side_by_side(size):
    print(f"\nbatch {size}")
    ratios = take_turns("step.py", METHODS, size, TURNS)
    part = ratios["fused"] / ratios["textbook"]
    print(f"  fused takes 1/{1 / part:.1f} of the textbook's time")
    if size in AT_MOST:
        assert ratios["fused"] <= AT_MOST[size]
        assert part <= OF_TEXTBOOK
