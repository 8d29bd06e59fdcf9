"""pytest runs these notebooks and compares their figures as well.

nbval compares what a cell prints.  What it draws is compared here, but not
byte by byte: letters and curves may lie half a pixel elsewhere with another
version of matplotlib or another processor.  A pixel of one picture must lie
between the darkest and the brightest of the 3x3 pixels around its place in
the other, give or take `LEVELS`; `PIXELS` of them may not.
"""

import base64
import io

import numpy as np
from PIL import Image, ImageFilter, ImageSequence

# Figures are drawn with twice as many pixels, animations with as many.
WIDTH = 800
# Of 256: the 256 colours that a figure keeps are chosen for each anew.
LEVELS = 12
PIXELS = 4


def frames(png):
    """Yield the pictures of a PNG, `WIDTH` pixels wide or a bit more."""
    with Image.open(io.BytesIO(png)) as file:
        for frame in ImageSequence.Iterator(file):
            picture = frame.convert("RGB")
            yield picture.reduce(max(1, picture.width // WIDTH))


def astray(picture, other):
    """Count the pixels of a picture that are not found in the other."""
    darkest = np.asarray(other.filter(ImageFilter.MinFilter(3)), int)
    brightest = np.asarray(other.filter(ImageFilter.MaxFilter(3)), int)
    pixels = np.asarray(picture, int)
    far = np.maximum(darkest - pixels, pixels - brightest) > LEVELS
    return int(far.any(axis=2).sum())


def difference(drawn, committed):
    """Return how two PNG files differ, in words; nothing if they agree."""
    if drawn == committed:
        return ""
    new, old = list(frames(drawn)), list(frames(committed))
    if len(new) != len(old):
        return f"{len(new)} frames, {len(old)} are committed"
    for number, (a, b) in enumerate(zip(new, old), 1):
        if a.size != b.size:
            return f"{a.size} pixels, {b.size} are committed"
        count = max(astray(a, b), astray(b, a))
        if count > PIXELS:
            return f"{count} pixels of frame {number} of {len(new)} differ"
    return ""


def figures(outputs):
    """Return the PNG files that a cell has displayed."""
    found = [output.get("data", {}).get("image/png") for output in outputs]
    return [base64.b64decode(png) for png in found if png is not None]


def pytest_itemcollected(item):
    """Let a cell compare its figures after what it prints."""
    if not hasattr(item, "compare_outputs"):
        return
    compare_text = item.compare_outputs

    def compare(test, ref, skip_compare=None):
        if not compare_text(test, ref, skip_compare):
            return False
        pairs = zip(figures(test), figures(ref), strict=True)
        told = [difference(*pair) for pair in pairs]
        item.comparison_traceback += [f"figure: {what}" for what in told]
        return not any(told)

    item.compare_outputs = compare
