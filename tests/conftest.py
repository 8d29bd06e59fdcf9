"""Settings for the whole test run."""

import os
import re

import pytest
from hypothesis import settings

# Random cases: each test that draws them runs so many.  Every push the same
# ones, quickly; new ones, and more than 10,000 in all, with
#     pytest -o addopts= -m hypothesis --hypothesis-profile=thorough tests
settings.register_profile(
    "fast", deadline=None, max_examples=40, derandomize=True
)
settings.register_profile(
    "thorough", deadline=None, max_examples=500, print_blob=True
)
settings.load_profile("fast")

# Two BLAS threads wait for one another as soon as something else needs a core:
# the second worker, or a browser, whose kernel inherits this.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Files of one name: no doctest is looked for in them.
collect_ignore = ["conftest.py"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Count the random cases that a test has passed."""
    report = yield
    found = re.findall(
        r"(\d+) passing", getattr(item, "hypothesis_statistics", "")
    )
    if report.when == "teardown" and found:
        report.user_properties.append(("random cases", sum(map(int, found))))
    return report


def pytest_terminal_summary(terminalreporter):
    """Say how many random cases there were."""
    counts = [
        count
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, count in getattr(report, "user_properties", [])
        if name == "random cases"
    ]
    if counts:
        terminalreporter.write_line(
            f"{sum(counts):,} random cases in {len(counts)} tests"
        )
