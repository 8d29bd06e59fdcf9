"""The scene: a crowd, one Waldo, and where everybody is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from helpers.checks import as_int, as_pair
from lecture.beach import placing
from lecture.beach.landscape import landscape
from lecture.beach.looks import Rng
from lecture.beach.pen import FINE, Pen

SMALLEST, LARGEST = (480, 640), 16_000_000
BUNDLED_SEED = 7


class Box(NamedTuple):
    """A rectangle in a picture, in pixels, from its top left one."""

    row: int
    column: int
    height: int
    width: int


class Scene(NamedTuple):
    """A crowd, and who is where in it.

    Attributes
    ----------
    picture : ndarray of uint8, shape (H, W, 3)
    template : ndarray of uint8, shape (36, 34, 3)
        Waldo's head and shoulders, cut from the picture.
    box : Box
        Where they were cut; nothing stands before him.
    traps : dict of str to Box
        What is easily taken for him, by name: ``"white tent"``, brighter
        than anything; ``"black stripes 1"`` and ``2``, of higher contrast
        than he; ``"faded poster"``, his own picture, pale and noisy; other
        stripes; and people who share one feature with him.
    """

    picture: NDArray[np.uint8]
    template: NDArray[np.uint8]
    box: Box
    traps: dict[str, Box]


def draw_scene(seed: int, size: tuple[int, int] = (1000, 1600)) -> Scene:
    """Draw a crowded beach with one Waldo and his traps.

    The same seed and size give the same pixels.  `size` is height and width,
    from 480 x 640 to 16 million pixels; people are about 75 px tall at every
    size, so a larger picture holds more of them.

    Examples
    --------
    >>> scene = draw_scene(1, size=(480, 640))
    >>> scene.picture.shape, scene.template.shape
    ((480, 640, 3), (36, 34, 3))
    >>> row, column, height, width = scene.box
    >>> cut = scene.picture[row : row + height, column : column + width]
    >>> bool((cut == scene.template).all())
    True
    """
    rng = np.random.default_rng(as_int(seed, "seed", 0))
    height, width = _as_size(size)
    ground = placing.Ground(height, width, round(0.24 * height))
    named = placing.place_traps(rng, ground)
    traps = list(named.values())
    stands = placing.place_stands(rng, ground, traps)
    crowd = placing.place_crowd(rng, ground, traps, stands)

    canvas = Image.new("RGB", (width * FINE, height * FINE))
    draw = ImageDraw.Draw(canvas, "RGBA")
    landscape(Pen(draw), rng, ground)
    for thing in sorted([*traps, *stands, *crowd], key=lambda t: (t.y, t.x)):
        thing.draw(draw, rng)
    picture = np.array(canvas.reduce(FINE))

    boxes = {name: _box(thing) for name, thing in named.items()}
    box = boxes.pop("Waldo")
    template = _cut(picture, box).copy()
    _cut(picture, boxes["faded poster"])[:] = _faded(template, rng)
    return Scene(picture, template, box, boxes)


def _as_size(size: object) -> tuple[int, int]:
    height, width = as_pair(size, "size")
    if height < SMALLEST[0] or width < SMALLEST[1]:
        raise ValueError(
            f"size is {height} x {width}: the traps need at least "
            f"{SMALLEST[0]} x {SMALLEST[1]} pixels"
        )
    if height * width > LARGEST:
        raise ValueError(
            f"size is {height} x {width}: at most {LARGEST:,} pixels fit"
        )
    return height, width


def _box(thing: placing.Thing) -> Box:
    left, top, right, bottom = thing.protected()
    if thing.kind == "poster":
        left, top, right, bottom = left + 2, top + 1, right - 2, bottom - 1
    return Box(top, left, bottom - top, right - left)


def _cut(picture: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the part of a picture inside a box, as a view."""
    row, column, height, width = box
    return picture[row : row + height, column : column + width]


def _faded(template: NDArray[np.uint8], rng: Rng) -> NDArray[np.uint8]:
    """Return a print of the template: pale, and as noisy as it is strong."""
    pale = 0.2 * (template - template.mean(axis=(0, 1)))
    grain = rng.normal(0, 9, template.shape[:2])[..., None]
    grain = grain + rng.normal(0, 4, template.shape)
    faded = np.clip(np.array((214, 202, 176)) + pale + grain, 0, 245)
    return faded.astype(np.uint8)
