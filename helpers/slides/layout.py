"""What fits on a screen: heights from lines and sizes, rather too high."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """Widths and text sizes of a screen in CSS pixels."""

    width: int
    heading: int
    text: int
    code: int


HEIGHT = 700
LAYOUTS = {
    "narrow": Layout(960, heading=36, text=26, code=20),
    "wide": Layout(1244, heading=42, text=30, code=23),
}
# The rest of deck/deck.css, as far as it decides what fits.
MARGIN, TOP, FOOTER, GAP, LINE = 40, 28 + 18, 40, 16, 1.35
MONOSPACE = 0.6021  # width of a character of code, in its size
LETTER = 0.47  # mean width of a letter of text, in its size
LEAST_COLUMNS = 72
LEAST_FIGURE = 0.88  # of the size that the notebook shows
LARGE = 1.3  # text alone on a screen, where it then fits
# Code in a text, and a long formula: they do not wrap.
WIDE = re.compile(r"```|\$\$[^$]{45}")


def text_height(source: str, layout: Layout) -> float:
    """Return how high Markdown will stand, in pixels, rather too high.

    Examples
    --------
    >>> round(text_height("One line.", LAYOUTS["narrow"]))
    36
    """
    per_line = (layout.width - 2 * MARGIN) / (LETTER * layout.text)
    source = re.sub(r"```.*?```", _fenced, source, flags=re.DOTALL)
    source = re.sub(r"\$\$.*?\$\$", _formula, source, flags=re.DOTALL)
    source = re.sub(r"\$.*?\$", _plain_math, source)
    total = 0.0
    for block in re.split(r"\n\s*\n", source.strip()):
        lines = block.splitlines()
        if lines[0].startswith("|"):
            rows = [1.4 * wrapped(row, 0.9 * per_line) for row in lines]
            total += 0.9 * (sum(rows[1:]) + 0.5 * (len(rows) - 1))
        elif lines[0].startswith("HEIGHT"):
            total += float(lines[0].split()[1])
        elif re.match(r"[-*\d]+\.? ", lines[0]):
            items = re.split(r"\n(?=[-*\d]+\.? )", block)
            total += sum(1.4 * wrapped(i, per_line - 3) for i in items)
            total += 0.25 * (len(items) - 1)
        else:
            total += 1.4 * wrapped(block, per_line)
        total += 0.55
    return (total - 0.55) * layout.text


def wrapped(text: str, per_line: float) -> int:
    """Return how many lines a text takes."""
    text = re.sub(r"\]\([^)]*\)|[*`\[]", "", text)
    return math.ceil(len(text) / per_line)


def _formula(match: re.Match[str]) -> str:
    rows = match[0].count(r"\\") + 1
    tall = bool(re.search(r"\\(frac|sum|prod|int|begin)", match[0]))
    return f"\n\nHEIGHT {rows * (2.9 if tall else 1.6) + 1}\n\n"


def _fenced(match: re.Match[str]) -> str:
    return f"\n\nHEIGHT {match[0].count(chr(10)):d}\n\n"


def _plain_math(match: re.Match[str]) -> str:
    return re.sub(r"\\[a-zA-Z]+|[{}_^\\$]", lambda m: m[0][:1], match[0])[1:-1]


def columns(text: str) -> int:
    """Return how many characters of code stand on a line of the slide.

    Examples
    --------
    >>> columns("x = 1"), columns("#" * 79)
    (72, 79)
    """
    longest = max(map(len, text.splitlines()), default=0)
    return min(max(longest, LEAST_COLUMNS), 80)


def code_height(text: str, layout: Layout) -> float:
    """Return how high code or what it printed will stand, in pixels.

    Examples
    --------
    >>> round(code_height("x = 1", LAYOUTS["wide"]))
    47
    """
    wide = columns(text)
    room = layout.width - 2 * MARGIN - 30
    size = min(layout.code, room / (wide * MONOSPACE))
    lines = sum(max(1, math.ceil(len(t) / wide)) for t in text.splitlines())
    return 16 + lines * size * LINE
