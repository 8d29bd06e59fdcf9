"""Who stands where: Waldo and the traps first, then stands, then the crowd."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

from lecture.beach.looks import LOOKS, Look, Rng, passer_by, pick
from lecture.beach.pen import Pen
from lecture.beach.people import person
from lecture.beach.things import THINGS

Edges = tuple[float, float, float, float]  # left, top, right, bottom

# Waldo's template, from his feet: the top of his hat to below his chest.
TOP, LEFT, HEIGHT, WIDTH = -74, -17, 36, 34

# Half its width, its height above the ground, its depth below.
_EXTENTS = {
    "person": (25, 79, 4), "sitter": (30, 86, 6), "sunbather": (29, 15, 4),
    "umbrella": (50, 83, 8), "ball": (11, 14, 2), "castle": (21, 33, 4),
    "bucket": (15, 13, 3), "dog": (22, 24, 4), "windbreak": (47, 39, 6),
    "deck chair": (23, 35, 4), "towel": (29, 15, 4), "tent": (54, 74, 8),
    "stall": (64, 90, 8), "hut": (42, 76, 6), "tower": (46, 106, 6),
    "cart": (38, 78, 6), "white tent": (68, 104, 8), "poster": (30, 62, 5),
}  # fmt: skip
_CROWD = ("person",) * 15 + (
    "sitter", "sitter", "sunbather", "sunbather", "ball", "castle", "bucket",
    "dog", "deck chair", "towel",
)  # fmt: skip
_SMALL = ("bucket", "ball", "towel", "sunbather", "castle", "dog")
_STANDS = ("stall", "hut", "tent", "umbrella", "umbrella", "umbrella",
           "tower", "cart", "windbreak", "tent")  # fmt: skip


class Ground(NamedTuple):
    """The picture's size, and the row where the sea ends."""

    height: int
    width: int
    shore: int

    def scale(self, y: float) -> float:
        """Return how large things look at a row."""
        return 0.9 + 0.2 * (y - self.shore) / (self.height - self.shore)


class Thing(NamedTuple):
    """Something, or somebody with a look, on the beach."""

    y: float
    x: float
    kind: str
    scale: float = 1
    look: Look | None = None

    def extent(self) -> Edges:
        """Return the edges of all it may cover."""
        extent = _EXTENTS[self.kind]
        if self.look and self.look.held != "none":
            extent = (33, 107, 4)
        half, height, below = (v * self.scale for v in extent)
        return self.x - half, self.y - height, self.x + half, self.y + below

    def protected(self) -> Edges:
        """Return the part of a trap, or of Waldo, that nobody may hide."""
        x, y = self.x, self.y
        if self.kind == "person":
            return x + LEFT, y + TOP, x + LEFT + WIDTH, y + TOP + HEIGHT
        if self.kind == "poster":
            return x - 19, y - 57, x + 19, y - 19
        return x - 47, y - 46, x + 47, y - 3

    def draw(self, canvas: ImageDraw.ImageDraw, rng: Rng) -> None:
        """Draw it where it is."""
        pen = Pen(canvas, self.x, self.y, self.scale)
        if self.look:
            person(pen, self.look)
        else:
            THINGS[self.kind](pen, rng)


def place_traps(rng: Rng, ground: Ground) -> dict[str, Thing]:
    """Return Waldo and the traps, none of them before another."""
    kinds = {"white tent": "white tent", "faded poster": "poster"}
    kinds |= dict.fromkeys(LOOKS, "person")
    placed: dict[str, Thing] = {}
    for name, kind in kinds.items():
        half, tall, _ = _EXTENTS[kind]
        top = max(ground.shore + 25, tall + 4)
        for _ in range(2000):
            x = int(rng.integers(half + 4, ground.width - half - 4))
            y = int(rng.integers(top, ground.height - 9))
            thing = Thing(y, x, kind, look=LOOKS.get(name))
            extent = thing.extent()
            if not any(_meet(extent, t.extent()) for t in placed.values()):
                break
        else:
            raise ValueError(
                f"size is {ground.height} x {ground.width}: no place for the "
                f"{name} was found, ask for more pixels"
            )
        placed[name] = thing
    return placed


def place_stands(
    rng: Rng, ground: Ground, traps: Sequence[Thing]
) -> list[Thing]:
    """Return the large things, on ground of their own."""
    height, width, shore = ground
    stands: list[Thing] = []
    for k in range(round(width * (height - shore) / 24_000)):
        kind = _STANDS[k % len(_STANDS)]
        half = _EXTENTS[kind][0]
        for _ in range(8):
            x, y = rng.uniform(0, width), rng.uniform(shore + 12, height + 10)
            thing = Thing(y, x, kind, ground.scale(y))
            alone = all(
                abs(other.x - x) > half + _EXTENTS[other.kind][0] - 8
                or abs(other.y - y) > 34
                for other in [*stands, *traps]
            )
            if alone and not _hides(thing, traps):
                stands.append(thing)
                break
    return stands


def place_crowd(
    rng: Rng, ground: Ground, traps: Sequence[Thing], stands: Sequence[Thing]
) -> list[Thing]:
    """Return everybody else, on a loose grid, closer at the back."""
    crowd, row = [], ground.shore + 10.0
    while row < ground.height + 40:
        depth = ground.scale(row)
        for column in np.arange(-10, ground.width + 10, 45 * depth):
            y = row + rng.uniform(-12, 12) * depth
            x = float(column) + rng.uniform(-17, 17) * depth
            for kinds in (_CROWD, _CROWD, _SMALL):
                kind, look = pick(rng, kinds), None
                scale = depth * rng.uniform(0.94, 1.06)
                if kind == "person":
                    look = passer_by(rng)
                    if rng.random() < 0.16:  # a child
                        scale *= 0.72
                thing = Thing(y, x, kind, scale, look)
                if rng.random() < 0.95 and _fits(thing, traps, stands):
                    crowd.append(thing)
                    break
        row += 29 * depth
    return crowd


def _fits(
    thing: Thing, traps: Sequence[Thing], stands: Sequence[Thing]
) -> bool:
    """Tell whether a thing has ground to stand on and hides no trap."""
    half = min(_EXTENTS[thing.kind][0], 12)
    for other in [*traps, *stands]:
        slim = other.kind in ("person", "umbrella")
        width = 10 if slim else _EXTENTS[other.kind][0]
        near = abs(other.x - thing.x) < half + width * 0.8
        if near and -16 < thing.y - other.y < 9:
            return False
    return not _hides(thing, traps)


def _hides(thing: Thing, traps: Sequence[Thing]) -> bool:
    """Tell whether a thing would stand before a trap, or before Waldo.

    People among them have clear sand behind them too: else what stands
    there, not their clothes, decides how alike two windows are.
    """
    extent = thing.extent()
    return any(
        (thing.y > trap.y - 1 or trap.kind == "person")
        and _meet(extent, trap.protected())
        for trap in traps
    )


def _meet(a: Edges, b: Edges) -> bool:
    """Tell whether two rectangles overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
