"""pytest runs these notebooks and compares their figures as well.

nbval compares what a cell prints.  What it draws is compared here, but not
byte by byte: letters and curves may lie half a pixel elsewhere on another
machine.  A pixel of one picture must lie between the darkest and the
brightest of the 3x3 pixels around its place in the other, give or take
`LEVELS`; `PIXELS` of them may not.
"""

import base64
import io

import matplotlib
import numpy as np
from PIL import Image, ImageFilter, ImageSequence

# Two files of one name: no doctest is looked for in them.
collect_ignore = ["conftest.py"]
# Another version has other letters and leaves other margins.
DRAWN_BY = "3.11"
COMPARED = matplotlib.__version__.startswith(f"{DRAWN_BY}.")
# Figures are drawn with twice as many pixels, animations with as many.
WIDTH = 800
# Of 256: the 256 colours that a figure keeps are chosen for each anew.
LEVELS = 12
PIXELS = 4
# Of 360,000: what may differ in figures of rounding errors and of networks
# trained for long, which are not the same on every processor.  About twice
# what was found with other BLAS kernels (OPENBLAS_CORETYPE=Nehalem, SkylakeX);
# the numbers beside these figures are compared as strictly as all others.
LOOSE = {
    "06-lines-name-errors-in-name-fo": 900,
    "07-axes-dict-xlabel-shift-pixel": 2_000,
    "08-error-name-100-1-np-array-hi": 11_000,
    "08-first-net-layers-0-weight-re": 90_000,
    "08-logits-training-predict-net": 60_000,
    "09-part-experiments-pictures-di": 400,
}


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


def difference(drawn, committed, most=PIXELS):
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
        if count > most:
            return f"{count} pixels of frame {number} of {len(new)} differ"
    return ""


def figures(outputs):
    """Return the PNG files that a cell has displayed."""
    found = [output.get("data", {}).get("image/png") for output in outputs]
    return [base64.b64decode(png) for png in found if png is not None]


def pytest_terminal_summary(terminalreporter):
    """Say so if figures are not compared."""
    if not COMPARED:
        terminalreporter.write_line(
            "the notebooks' figures are not compared: they were drawn by "
            f"matplotlib {DRAWN_BY}, this is {matplotlib.__version__}"
        )


def pytest_itemcollected(item):
    """Let a cell compare its figures after what it prints."""
    if not (COMPARED and hasattr(item, "compare_outputs")):
        return
    compare_text = item.compare_outputs

    def compare(test, ref, skip_compare=None):
        if not compare_text(test, ref, skip_compare):
            return False
        most = LOOSE.get(item.cell.get("id"), PIXELS)
        pairs = zip(figures(test), figures(ref), strict=True)
        told = [difference(*pair, most) for pair in pairs]
        item.comparison_traceback += [f"figure: {what}" for what in told]
        return not any(told)

    item.compare_outputs = compare
