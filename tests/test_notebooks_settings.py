"""The notebooks print and draw the same with other settings of a machine.

Deprecated functions are errors; BLAS computes with one thread, with two,
and with what it has for a processor of 2008, which rounds otherwise.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
OPTIONS = ["-q", "-o", "addopts=", "--nbval", "--nbval-current-env"]
SETTINGS = {
    "one thread": {"OPENBLAS_NUM_THREADS": "1"},
    "two threads": {"OPENBLAS_NUM_THREADS": "2"},
    "another processor": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "OPENBLAS_NUM_THREADS": "1",
    },
}


@pytest.mark.reliability
@pytest.mark.parametrize("name", SETTINGS)
def test_every_output_is_the_same(name):
    if name == "another processor" and platform.machine() != "x86_64":
        pytest.skip("the name is that of an x86 processor")
    # For the kernels; the tests themselves turn all warnings into errors.
    warnings = {"PYTHONWARNINGS": "error::DeprecationWarning"}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, str(NOTEBOOKS)],
        env=os.environ | warnings | SETTINGS[name],
        cwd=NOTEBOOKS.parent,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    assert " passed" in run.stdout
