"""How long `conv2d` takes, beside torch: float32, forward, two threads.

pytest tests/benchmarks/bench_convolution.py
"""

import numpy as np
import pytest
from forward import METHODS, SIZES
from side_by_side import take_turns

TURNS = 7
# Of torch's time.  For LeNet's layer even the matrix product alone takes
# twice that: OpenBLAS is slow with few rows (bench_profile.py shows it).
AT_MOST = dict.fromkeys(SIZES, 2.0) | {"LeNet's second layer": 4.0}


@pytest.mark.parametrize("name", SIZES)
def test_side_by_side(name):
    print(f"\n{name}")
    ratios = take_turns("forward.py", METHODS, name, TURNS)
    assert ratios["ours"] <= AT_MOST[name]


@pytest.mark.parametrize("name", SIZES)
def test_both_answer_the_same(name):
    answers = [method(name)() for method in METHODS.values()]
    assert np.allclose(*answers, atol=1e-4)
