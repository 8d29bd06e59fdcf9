"""Decks on paper: a PDF with one page a screen."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers.files import write_whole

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHANNEL = "chrome"  # where Playwright looks if none of them is on the path


def print_pdf(deck: Path) -> Path:
    """Print a deck to a PDF beside it, one page a screen."""
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    where = {"executable_path": found} if found else {"channel": CHANNEL}
    try:
        with sync_playwright() as playwright:
            launch = playwright.chromium.launch
            try:
                browser = launch(chromium_sandbox=True, **where)
            except Error:  # root has no sandbox, nor have some containers
                browser = launch(**where)
            page = browser.new_page()
            page.goto(f"{deck.resolve().as_uri()}?print-pdf")
            page.locator(":root.ready").wait_for(state="attached")
            look = dict(prefer_css_page_size=True, print_background=True)
            content = page.pdf(**look)
            browser.close()
    except Error as error:
        why = "no Chromium and no Chrome to print with: install one, or"
        if found:
            why = f"{found} cannot print ({str(error).splitlines()[0]}): see "
            why += "that it starts and that TMPDIR has room, or"
        raise RuntimeError(
            f"{why} open {deck.name}?print-pdf in another browser and print"
        ) from error
    with write_whole(deck.with_suffix(".pdf")) as file:
        file.write(content)
    return deck.with_suffix(".pdf")
