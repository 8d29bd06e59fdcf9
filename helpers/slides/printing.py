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
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        try:
            try:
                browser = launch(chromium_sandbox=True, **where)
            except Error:  # root has no sandbox, nor have some containers
                browser = launch(**where)
        except Error as error:
            raise FileNotFoundError(
                "no Chromium and no Chrome to print with: install one, or "
                f"open {deck.name}?print-pdf in another browser and print"
            ) from error
        page = browser.new_page()
        page.goto(f"{deck.resolve().as_uri()}?print-pdf")
        page.locator(":root.ready").wait_for(state="attached")
        with write_whole(deck.with_suffix(".pdf")) as file:
            file.write(
                page.pdf(prefer_css_page_size=True, print_background=True)
            )
        browser.close()
    return deck.with_suffix(".pdf")
