"""The pen: outlined shapes, limbs and cloth, drawn with Pillow.

Everything is drawn `FINE` times too large and then reduced, which smooths
the edges.  Lengths are in pixels of the finished picture; y grows downwards.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

Color = tuple[int, ...]
Colors = tuple[Color, Color]
Point = tuple[float, float]
Points = Sequence[Point]

FINE = 3
INK = (62, 46, 52)
SHADE = (70, 40, 30, 60)


class Pen(NamedTuple):
    """Draws from an origin, at a scale."""

    draw: ImageDraw.ImageDraw
    x: float = 0
    y: float = 0
    scale: float = 1

    def at(self, x: float, y: float, scale: float = 1) -> Pen:
        """Return a pen with another origin, given in units of this one."""
        return Pen(self.draw, *self._place(x, y), self.scale * scale)

    def shape(
        self, points: Points, fill: Color, ink: Color | None = INK,
        width: float = 0.9,
    ) -> None:  # fmt: skip
        """Draw a polygon, and its outline if there is an ink for it."""
        corners = self._fine(points)
        self.draw.polygon(corners, fill)
        if ink:
            outline = [*corners, *corners[:2]]
            self.draw.line(outline, ink, self._thick(width), "curve")

    def oval(
        self, x: float, y: float, rx: float, ry: float, fill: Color,
        ink: Color | None = INK, width: float = 0.9, span: Point = (0, 360),
    ) -> None:  # fmt: skip
        """Draw an ellipse, or what a chord between two angles cuts off."""
        steps = max(10, min(48, round((rx + ry) * self.scale)))
        rim = [(x + rx * c, y + ry * s) for c, s in _directions(span, steps)]
        self.shape(rim, fill, ink, width)

    def shadow(self, x: float, y: float, rx: float, ry: float) -> None:
        """Darken the ground below something."""
        self.oval(x, y, rx, ry, SHADE, None)

    def line(self, points: Points, fill: Color, width: float) -> None:
        """Draw a line, round at its ends and bends."""
        corners, thick = self._fine(points), self._thick(width)
        self.draw.line(corners, fill, thick, "curve")
        r = thick / 2
        if r > 2:
            for x, y in (corners[0], corners[-1]):
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill)

    def limb(self, points: Points, width: float, *colors: Color) -> None:
        """Draw an outlined arm or leg; a second colour gives it rings."""
        self.line(points, INK, width + 1.5)
        self.line(points, colors[0], width)
        if len(colors) > 1:
            for ring in pieces(points, 3.1)[1::2]:
                self.line(ring, colors[1], width)

    def cloth(
        self, corners: Points, pattern: str, colors: Colors, count: int = 8
    ) -> None:
        """Draw a four-cornered piece of cloth, of `count` stripes."""
        self.shape(corners, colors[0], None)
        for stripe in _stripes(pattern, count):
            quad = [_on(corners, u, v) for u, v in stripe]
            self.shape(quad, colors[1], None)
        if pattern == "dots":
            for row, column in np.ndindex(4, 3):
                x, y = _on(corners, 0.17 + 0.33 * column, 0.1 + 0.25 * row)
                self.oval(x + row % 2, y, 1.2, 1.2, colors[1], None)
        self.line([*corners, corners[0]], INK, 0.9)

    def _place(self, x: float, y: float) -> Point:
        return self.x + self.scale * x, self.y + self.scale * y

    def _fine(self, points: Points) -> list[tuple[int, int]]:
        """Return points in pixels of the picture that is drawn on."""
        left, top, scale = self.x, self.y, self.scale
        return [
            (round(FINE * (left + scale * x)), round(FINE * (top + scale * y)))
            for x, y in points
        ]

    def _thick(self, width: float) -> int:
        return max(1, round(width * self.scale * FINE))


def block(left: float, top: float, right: float, bottom: float) -> Points:
    """Return the corners of a rectangle: top left, and on clockwise."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def taper(upper: float, top: float, lower: float, bottom: float) -> Points:
    """Return the corners of a trapezium, half its width above and below."""
    return [(-upper, top), (upper, top), (lower, bottom), (-lower, bottom)]


def arc(
    x: float, y: float, rx: float, ry: float, angles: Iterable[float]
) -> Points:
    """Return points around a centre, at angles in radians."""
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


@functools.cache
def _directions(span: Point, steps: int) -> Points:
    """Return the points of a unit circle between two angles in degrees."""
    return arc(0, 0, 1, 1, np.radians(np.linspace(*span, steps)))


def between(p: Point, q: Point, t: float) -> Point:
    """Return the point that lies the part t of the way from p to q."""
    return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t


def pieces(points: Points, length: float) -> list[Points]:
    """Cut a line into pieces of about that length."""
    cut = []
    for p, q in itertools.pairwise(points):
        count = max(1, round(math.dist(p, q) / length))
        steps = [between(p, q, k / count) for k in range(count + 1)]
        cut += itertools.pairwise(steps)
    return cut


def shaded(color: Color, factor: float) -> Color:
    """Return a colour so many times as bright."""
    return tuple(min(250, round(value * factor)) for value in color)


def _stripes(pattern: str, count: int) -> Iterator[Points]:
    """Yield the stripes of a pattern on a cloth 1 wide and 1 high."""
    if pattern == "band":
        yield block(0, 0.4, 1, 0.62)
    for k in range(1, count, 2):
        a, b = k / count, (k + 1) / count
        if pattern == "across":
            yield block(0, a, 1, b)
        elif pattern == "upright":
            yield block(a, 0, b, 1)
        elif pattern == "slanted":
            a, b = 1.8 * a - 0.8, 1.8 * b - 0.8
            yield [(a + 0.8, 0), (b + 0.8, 0), (b, 1), (a, 1)]


def _on(corners: Points, u: float, v: float) -> Point:
    """Return where a point of that unit square lies on a cloth."""
    u, v = min(max(u, 0), 1), min(max(v, 0), 1)
    a, b, c, d = corners
    return between(between(a, d, v), between(b, c, v), u)
