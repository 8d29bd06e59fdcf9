"""How long each notebook takes to run, kernel start included.

pytest tests/benchmarks/bench_notebooks.py
"""

import time
from pathlib import Path

import nbformat
import pytest
from nbconvert.preprocessors import ExecutePreprocessor

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))
SECONDS, ALL_SECONDS = 60, 300
taken = {}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook(name):
    notebook = nbformat.read(FOLDER / name, as_version=4)
    run = ExecutePreprocessor(timeout=10 * SECONDS)
    start = time.perf_counter()
    run.preprocess(notebook, {"metadata": {"path": FOLDER}})
    taken[name] = time.perf_counter() - start
    print(f"\n{name}: {taken[name]:.1f} s")
    assert taken[name] <= SECONDS


def test_all_together():
    assert sorted(taken) == NOTEBOOKS
    print(f"\nall: {sum(taken.values()):.0f} s")
    assert sum(taken.values()) <= ALL_SECONDS
