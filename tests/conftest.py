"""Settings for the whole test run, and a browser and a JupyterLab to share."""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

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

# Two workers with two BLAS threads each wait for one another on two cores.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Two files of one name: no doctest is looked for in them.
collect_ignore = ["conftest.py"]

SECONDS = 60


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


@pytest.fixture(scope="module")
def browser():
    """Yield Chromium or Chrome; where there is none skip, but not in CI."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed"
    )
    names = ["chromium", "chromium-browser", "google-chrome"]
    path = next(filter(None, map(shutil.which, names)), None)
    if not path:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"there is no browser: none of {', '.join(names)}")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Yield the address of a JupyterLab and the folder that it serves."""
    folder = tmp_path_factory.mktemp("lab")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser"]
    command += ["--allow-root"]
    command += [f"--{name}={value}" for name, value in settings.items()]
    private = ["CONFIG_DIR", "RUNTIME_DIR", "DATA_DIR"]
    private = {f"JUPYTER_{name}": str(folder / ".jupyter") for name in private}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command, env=os.environ | private, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api?token={token}", server, folder / "log")
        yield folder, address, token
    finally:
        server.terminate()
        server.wait(SECONDS)


def _wait_for(url, server, log):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def run_all(lab, browser):
    """Return a function that opens a notebook of `lab` and runs its cells."""
    _, address, token = lab
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(1000 * SECONDS)

    def run(name):
        page.goto(f"{address}/doc/tree/{name}?token={token}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
            "?.kernel != null"
        )
        page.evaluate(
            "window.jupyterapp.commands.execute('notebook:run-all-cells')"
        )
        return page

    yield run
    # Kernels would stay, and take the memory of those to come.
    page.evaluate(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"
    )
    page.close()
