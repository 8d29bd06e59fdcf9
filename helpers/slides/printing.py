"""Decks on paper: a PDF with one page a screen."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers.files import write_whole

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHANNEL = "chrome"  # where Playwright looks if none of them is on the path


def print_pdf(deck: Path) -> Path:
    """Print a deck to a PDF beside it, one page a screen.

    Examples
    --------
    >>> print_pdf(Path("no_deck.html"))
    Traceback (most recent call last):
    FileNotFoundError: there is no deck no_deck.html to print
    """
    from playwright.sync_api import Error, sync_playwright

    if not deck.is_file():
        raise FileNotFoundError(f"there is no deck {deck} to print")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    where = {"executable_path": found} if found else {"channel": CHANNEL}
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**where)
            page = browser.new_page()
            page.goto(f"{deck.resolve().as_uri()}?print-pdf")
            # All pages come at once, when they are laid out.
            page.locator(".pdf-page").first.wait_for(state="attached")
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
