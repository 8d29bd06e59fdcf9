"""A browser and a JupyterLab to share.

Tests wait by locators, never by `wait_for_function`: that needs eval, which
the decks' content security policy forbids, so it fails unless it is true at
once.
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

import pytest

# Files of one name: no doctest is looked for in them.
collect_ignore = ["conftest.py"]

SECONDS = 60
# Opens a notebook, closes all others with their kernels, runs all cells; it
# ends with the last one, whatever the page shows, or fails in the end.
RUN_ALL = """
([path, source, seconds]) => Promise.race([
  new Promise((_, refuse) => setTimeout(refuse, 1000 * seconds, "endless")),
  (async () => {
    const { commands, shell } = jupyterapp;
    for (const widget of [...shell.widgets("main")]) {
      if (widget.context?.path === path) continue;
      await widget.sessionContext?.shutdown();
      widget.dispose();
    }
    const { content, context, sessionContext } =
      await commands.execute("docmanager:open", { path });
    await context.ready;
    await sessionContext.ready;
    await sessionContext.session.kernel.info;
    if (source) content.model.sharedModel.cells[0].setSource(source);
    await commands.execute("notebook:run-all-cells");
  })(),
])
"""


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
        yield folder, f"{address}/doc?token={token}"
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
def run_all(lab, browser):
    """Return a function that opens a notebook of `lab` and runs its cells.

    A source is put into its first cell before.  The page is always the same,
    for loading it takes longest; so is the kernel, if the notebook is.
    """
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(1000 * SECONDS)
    page.goto(lab[1])
    page.locator("#main.jp-LabShell").wait_for()

    def run(name, source=None):
        page.evaluate(RUN_ALL, [name, source, 5 * SECONDS])
        return page

    return run
