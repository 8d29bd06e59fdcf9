"""Each notebook stops when its longest cell is interrupted, and runs again.

Every notebook runs once to see which cell takes longest, again until the
middle of that cell, and then from top to bottom in the same kernel.
"""

import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, start_new_kernel

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
MOST = 300  # seconds, for a cell
STOPS = 10  # seconds after the interrupt

pytestmark = [
    pytest.mark.reliability,
    pytest.mark.skipif(os.name != "posix", reason="looks for processes"),
]


def are_alive(group):
    """Return whether any process of a group is alive."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def kernel():
    """Yield a running kernel, and see that nothing outlives it."""
    manager, client = start_new_kernel(
        kernel_name=CURRENT_ENV_KERNEL_NAME,
        cwd=str(FOLDER),
        stderr=subprocess.DEVNULL,
    )
    yield SimpleNamespace(manager=manager, client=client)
    # The processes of joblib are of the same group.
    group = manager.provisioner.pgid
    assert are_alive(group)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    end = time.monotonic() + 60
    while are_alive(group):
        assert time.monotonic() < end, "a process outlives the kernel"
        time.sleep(0.1)


def reply(kernel, request):
    """Wait for a request to end and return how it did."""
    end = time.monotonic() + MOST
    while True:
        left = end - time.monotonic()
        message = kernel.client.get_shell_msg(timeout=left)
        if message["parent_header"].get("msg_id") == request:
            return message["content"]


def ask(kernel, source):
    content = reply(kernel, kernel.client.execute(source))
    assert content["status"] == "ok", (source, content)


def run(kernel, cells):
    """Run cells and return the seconds that each took."""
    seconds = []
    for cell in cells:
        start = time.monotonic()
        ask(kernel, cell.source)
        seconds.append(time.monotonic() - start)
    return seconds


def interrupt(kernel, cell, after):
    """Interrupt a cell and return how it ended and how long that took."""
    request = kernel.client.execute(cell.source)
    time.sleep(after)
    start = time.monotonic()
    kernel.manager.interrupt_kernel()
    content = reply(kernel, request)
    return content.get("ename"), time.monotonic() - start


@pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_it_stops_when_interrupted_and_runs_again(path, kernel):
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    seconds = run(kernel, cells)
    longest = max(range(1, len(cells)), key=seconds.__getitem__)
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    run(kernel, cells[:longest])
    # The second time it may take half as long, or less.
    for share in (0.4, 0.2, 0.1):
        after = share * seconds[longest]
        error, waited = interrupt(kernel, cells[longest], after)
        if error:
            break
    assert error == "KeyboardInterrupt"
    assert waited < STOPS
    print(f"after {after:.1f} s, stopped within {waited:.2f} s")
    run(kernel, cells)
