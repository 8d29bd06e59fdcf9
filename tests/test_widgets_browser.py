"""The explorers in a real JupyterLab: what is typed changes what is seen.

A notebook is opened in headless Chromium, run, and used like a reader would.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed"
)
CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser"])), None
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")

SECONDS = 60
KERNEL = {"name": "python3", "display_name": "Python 3"}


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


@pytest.fixture(scope="module")
def browser(lab):
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def show(lab, browser):
    """Return a function that runs one cell and returns its output."""
    folder, address, token = lab
    page = browser.new_page()
    page.set_default_timeout(1000 * SECONDS)

    def run(name, source):
        cell = nbformat.v4.new_code_cell(source)
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata.kernelspec = KERNEL
        nbformat.write(notebook, folder / f"{name}.ipynb")
        page.goto(f"{address}/doc/tree/{name}.ipynb?token={token}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
            "?.kernel != null"
        )
        page.evaluate(
            "window.jupyterapp.commands.execute('notebook:run-all-cells')"
        )
        output = page.locator(".jp-OutputArea-output")
        output.locator("img").wait_for()
        assert output.locator(".jp-mod-error").count() == 0
        return output

    yield run
    page.close()


def changed(output, old):
    """Wait until the picture is no longer `old`; return its source."""
    output.page.wait_for_function(
        "old => document.querySelector('.jp-OutputArea-output img')"
        "?.src != old",
        arg=old,
    )
    return source(output)


def source(output):
    return output.locator("img").get_attribute("src")


def test_kernel_playground_answers_at_once(show):
    output = show(
        "playground",
        "from helpers import widgets\nwidgets.kernel_playground()",
    )
    picture, field = output.locator("img"), output.locator("input")
    choice, preset = output.locator("select").all()
    assert picture.bounding_box()["width"] > 500
    assert "from −1018 to 1018" in output.inner_text()
    first = source(output)

    preset.select_option("box")
    box = changed(output, first)
    assert [cell.input_value() for cell in field.all()] == ["1"] * 9 + ["9"]
    assert "The weights sum to 1." in output.inner_text()

    field.nth(4).fill("-8")
    field.nth(4).press("Tab")
    own = changed(output, box)
    assert preset.input_value() == "your own"
    assert "The weights sum to 0." in output.inner_text()

    choice.select_option("digit 7")
    seven = changed(output, own)
    preset.select_option("Sobel x")
    changed(output, seven)
    assert len({first, box, own, seven, source(output)}) == 5


def test_shape_explorer_follows_its_sliders(show):
    output = show(
        "shapes",
        "from helpers import widgets\nwidgets.shape_explorer(i=9, p=1)",
    )
    stride = output.get_by_role("slider").nth(2)
    text = output.locator(".widget-html").first
    assert "⌊(9 + 2·1 − 1·2 − 1) / 2⌋ + 1 = 5" in text.inner_text()
    first = source(output)

    stride.focus()
    stride.press("ArrowRight")
    changed(output, first)
    assert "/ 3⌋ + 1 = 3" in text.inner_text()
    assert output.locator("img").get_attribute("alt").endswith("p = 1: o = 3")

    dilation = output.get_by_role("slider").nth(4)
    dilation.focus()
    dilation.press("End")
    size = output.get_by_role("slider").nth(0)
    size.focus()
    size.press("Home")
    output.get_by_text("kernel spans 7 px, padded input has 3").wait_for()
    assert output.locator("img").count() == 0
