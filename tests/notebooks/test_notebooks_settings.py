"""The notebooks print and draw the same elsewhere.

With BLAS on one thread, on two, and with what it has for processors of 2008
and of 2017, which round otherwise; and with the oldest and the newest
versions of the packages that pyproject.toml allows, which need a network.
With all but the oldest, deprecated functions are errors.
"""

import os
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = ["-q", "-o", "addopts=", "--nbval", "--nbval-current-env"]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
SETTINGS = {
    "one thread": ONE_THREAD,
    "two threads": {"OPENBLAS_NUM_THREADS": "2"},
    "a processor of 2008": ONE_THREAD | {"OPENBLAS_CORETYPE": "Nehalem"},
    "a processor of 2017": ONE_THREAD | {"OPENBLAS_CORETYPE": "SkylakeX"},
}
# For the kernels; the tests themselves turn all warnings into errors.
STRICT = {"PYTHONWARNINGS": "error::DeprecationWarning"}

pytestmark = pytest.mark.reliability


def features():
    """Return what Linux says that the processor can, nothing elsewhere."""
    told = Path("/proc/cpuinfo")
    return told.read_text().split() if told.exists() else []


def check(settings, *options):
    """Run the notebooks and compare every output with what is committed."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *options, "notebooks"],
        env=os.environ | settings,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:]
    assert " passed" in run.stdout


@pytest.mark.parametrize("name", SETTINGS)
def test_every_output_is_the_same(name):
    wanted = SETTINGS[name].get("OPENBLAS_CORETYPE")
    if wanted and platform.machine() != "x86_64":
        pytest.skip("the name is that of an x86 processor")
    if wanted == "SkylakeX" and "avx512f" not in features():
        pytest.skip("it needs a processor with AVX-512")
    check(SETTINGS[name] | STRICT)


@pytest.mark.parametrize("which", ["oldest", "newest"])
def test_every_output_is_the_same_with_versions(which, tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = [bound.split(">=") for bound in project["dependencies"]]
    wanted = [
        f"{name}=={lowest}" if which == "oldest" else name
        for name, lowest in bounds
    ]
    # PyTorch and the rest stay as they are: this folder is looked into first.
    pip = [sys.executable, "-m", "pip", "install", "--target", str(tmp_path)]
    done = subprocess.run([*pip, *wanted], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip cannot install them: {done.stderr[-300:]}")
    settings = ONE_THREAD | {"PYTHONPATH": str(tmp_path)}
    show = "import numpy; print(numpy.__file__, numpy.__version__)"
    used = subprocess.run(
        [sys.executable, "-c", show],
        env=os.environ | settings,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert used.startswith(str(tmp_path))
    if which == "oldest":
        assert f" {dict(bounds)['numpy']}" in used
        check(settings, "-o", "filterwarnings=default")
    else:
        check(settings | STRICT)
