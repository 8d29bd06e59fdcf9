"""A crowded beach to search: one Waldo, and traps for each way to search.

Everything is drawn with Pillow, back to front, three times too large, and
then reduced, which smooths the edges.  No fonts and no pictures are read.
Lengths are in pixels of the finished picture; a figure's origin is between
its feet, y grows downwards.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from helpers.data import FOLDER, write_whole

Color = tuple[int, ...]
Point = tuple[float, float]

FINE = 3  # drawn so many times too large
SMALLEST, LARGEST = (480, 640), 16_000_000
BUNDLED_SEED = 7

# Waldo's template, from his feet: the top of his hat to below his chest.
TOP, LEFT, HEIGHT, WIDTH = -74, -17, 36, 34

INK = (62, 46, 52)
SHADE = (70, 40, 30, 60)
WHITE, PAPER = (238, 236, 228), (243, 233, 208)
RED, BLACK = (206, 44, 48), (0, 0, 0)
SKINS = (
    (255, 222, 190), (245, 200, 160), (226, 172, 128), (190, 132, 92),
    (148, 96, 64), (106, 68, 48), (250, 208, 178),
)  # fmt: skip
HAIRS = (
    (58, 40, 34), (96, 60, 38), (140, 88, 44), (206, 160, 84),
    (232, 204, 132), (176, 74, 36), (170, 166, 164), (36, 32, 40),
)  # fmt: skip
CLOTHES = (
    (206, 52, 54), (232, 120, 48), (244, 190, 66), (112, 170, 76),
    (44, 128, 100), (60, 160, 178), (54, 104, 180), (64, 66, 132),
    (136, 84, 156), (226, 122, 158), (236, 232, 222), (120, 88, 66),
    (84, 92, 104), (170, 206, 220), (250, 214, 170), (176, 34, 70),
)  # fmt: skip


class Box(NamedTuple):
    """A rectangle in a picture, in pixels.

    Attributes
    ----------
    row, column : int
        Of its top left pixel.
    height, width : int

    Examples
    --------
    >>> Box(row=10, column=20, height=36, width=34).width
    34
    """

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
        Where they were cut.
    traps : dict of str to Box
        What is easily taken for him, by name: ``"white tent"``, brighter
        than anything; ``"black stripes 1"`` and ``2``, of higher contrast
        than he; ``"faded poster"``, his own picture, pale and noisy; other
        stripes; and people who share one feature with him.

    Examples
    --------
    >>> scene = draw_scene(1, size=(480, 640))
    >>> scene.box == (*scene.box[:2], 36, 34)
    True
    >>> [name for name in scene.traps if "only" in name]
    ['hat only', 'shirt only', 'glasses only']
    """

    picture: NDArray[np.uint8]
    template: NDArray[np.uint8]
    box: Box
    traps: dict[str, Box]


class _Look(NamedTuple):
    """How a person looks."""

    skin: Color = SKINS[0]
    hair: Color = HAIRS[1]
    cut: str = "short"
    hat: str = "none"
    hat_colors: tuple[Color, Color] = (WHITE, RED)
    top: str = "plain"
    top_colors: tuple[Color, Color] = (RED, WHITE)
    sleeves: str = "short"
    bottom: str = "shorts"
    bottom_color: Color = (70, 96, 150)
    glasses: str = "none"
    arms: tuple[str, str] = ("down", "down")
    legs: str = "stand"
    gaze: float = 0.0
    held: str = "none"


# Washed out by sun and sea: strong black and white outshines him.
_FADED, _CREAM = (196, 84, 78), (232, 216, 196)
WALDO = _Look(
    hat="bobble", top="across", sleeves="long", bottom="trousers",
    glasses="round", arms=("down", "hip"),
    top_colors=(_FADED, _CREAM), hat_colors=(_CREAM, _FADED),
)  # fmt: skip
_BLACK = WALDO._replace(
    hair=BLACK, top_colors=(BLACK, (255, 255, 255)),
    hat_colors=((255, 255, 255), BLACK), bottom_color=BLACK,
)  # fmt: skip
_BLUE, _GREEN = (40, 84, 190), (30, 130, 70)
TRAPS = {
    "black stripes 1": _BLACK,
    "black stripes 2": _BLACK._replace(glasses="dark", cut="long"),
    "blue stripes": WALDO._replace(
        top_colors=(WHITE, _BLUE), hat_colors=(_BLUE, WHITE),
        hair=HAIRS[3], arms=("hip", "down"),
    ),
    "green stripes": WALDO._replace(
        top_colors=(_GREEN, WHITE), hat="cap", hat_colors=(_GREEN, _GREEN),
        glasses="none", skin=SKINS[3], hair=HAIRS[0],
    ),
    "offbeat stripes": WALDO._replace(
        top_colors=(WHITE, RED), hat="none", cut="curly", hair=HAIRS[5],
        arms=("front", "down"),
    ),
    "upright stripes": WALDO._replace(
        top="upright", glasses="none", hat_colors=(RED, WHITE), cut="long",
    ),
    "slanted stripes": WALDO._replace(
        top="slanted", hat="sun", hat_colors=(PAPER, RED), hair=HAIRS[4],
        cut="long", arms=("wave", "down"),
    ),
    "hat only": WALDO._replace(
        top="plain", top_colors=(CLOTHES[6], WHITE), glasses="none",
        skin=SKINS[4], hair=HAIRS[7], arms=("down", "wave"),
    ),
    "shirt only": WALDO._replace(
        hat="none", glasses="none", hair=HAIRS[4], cut="bun",
        bottom="skirt", bottom_color=CLOTHES[7], arms=("hip", "out"),
    ),
    "glasses only": WALDO._replace(
        hat="none", top="dots", top_colors=(CLOTHES[4], CLOTHES[2]),
        cut="bald", sleeves="short", arms=("down", "down"),
    ),
}  # fmt: skip


class _Thing(NamedTuple):
    """Something that stands, sits or lies on the beach."""

    y: float
    x: float
    kind: str
    scale: float = 1.0
    look: _Look | None = None

    def extent(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of all it may cover."""
        half, height, below = EXTENTS[self.kind]
        if self.look is not None and self.look.held != "none":
            half, height = 33, 107
        half, height, below = (v * self.scale for v in (half, height, below))
        return self.x - half, self.y - height, self.x + half, self.y + below

    def draw(self, canvas: ImageDraw.ImageDraw, rng: np.random.Generator):
        """Draw it where it is."""
        pen = _Pen(canvas, self.x, self.y, self.scale)
        if self.kind == "person":
            _person(pen, self.look or _random_look(rng))
        else:
            DRAW[self.kind](pen, rng)


# --- The pen -----------------------------------------------------------------


class _Pen:
    """Draws outlined shapes from an origin, at a scale, perhaps mirrored."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, x: float = 0, y: float = 0,
        scale: float = 1, mirror: bool = False,
    ) -> None:  # fmt: skip
        self.draw, self.x, self.y = draw, x, y
        self.scale, self.mirror = scale, mirror

    def at(
        self, x: float, y: float, scale: float = 1, mirror: bool = False
    ) -> _Pen:
        """Return a pen with another origin, given in units of this one."""
        (px, py) = self.place([(x, y)], 1)[0]
        return _Pen(
            self.draw, px, py, self.scale * scale, self.mirror != mirror
        )

    def place(
        self, points: Sequence[Point], fine: float = FINE
    ) -> list[tuple[float, float]]:
        """Return points in pixels of the picture that is drawn on."""
        sign = -self.scale if self.mirror else self.scale
        return [
            (fine * (self.x + sign * x), fine * (self.y + self.scale * y))
            for x, y in points
        ]

    def shape(
        self, points: Sequence[Point], fill: Color,
        ink: Color | None = INK, width: float = 0.9,
    ) -> None:  # fmt: skip
        """Draw a polygon."""
        corners = [(round(x), round(y)) for x, y in self.place(points)]
        self.draw.polygon(corners, fill)
        if ink:
            thick = max(1, round(width * self.scale * FINE))
            self.draw.line([*corners, *corners[:2]], ink, thick, "curve")

    def oval(
        self, x: float, y: float, rx: float, ry: float, fill: Color,
        ink: Color | None = INK, width: float = 0.9,
        span: tuple[float, float] = (0, 360),
    ) -> None:  # fmt: skip
        """Draw an ellipse, or what a chord between two angles cuts off."""
        steps = max(10, min(48, round((rx + ry) * self.scale)))
        angles = np.radians(np.linspace(*span, steps))
        points = [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]
        self.shape(points, fill, ink, width)

    def line(
        self, points: Sequence[Point], fill: Color, width: float = 1
    ) -> None:
        """Draw a line of a given width, round at its ends and bends."""
        corners = [(round(x), round(y)) for x, y in self.place(points)]
        thick = max(1, round(width * self.scale * FINE))
        self.draw.line(corners, fill, thick, "curve")
        r = thick / 2
        if r > 2:
            for x, y in (corners[0], corners[-1]):
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill)

    def limb(
        self, points: Sequence[Point], width: float, *colors: Color
    ) -> None:
        """Draw an outlined arm or leg; two colours give it rings."""
        self.line(points, INK, width + 1.5)
        self.line(points, colors[0], width)
        if len(colors) > 1:
            pieces = _pieces(points, 3.1)
            for piece in pieces[1::2]:
                self.line(piece, colors[1], width)


def _pieces(points: Sequence[Point], length: float) -> list[list[Point]]:
    """Cut a line into pieces of about that length."""
    pieces = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        count = max(1, round(math.hypot(x1 - x0, y1 - y0) / length))
        steps = [
            (x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count)
            for k in range(count + 1)
        ]
        pieces += [list(pair) for pair in itertools.pairwise(steps)]
    return pieces


def _cloth(
    pen: _Pen, corners: Sequence[Point], pattern: str,
    colors: tuple[Color, Color], count: int = 8,
) -> None:  # fmt: skip
    """Draw a four-cornered piece of cloth: top left, clockwise."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners

    def spot(u: float, v: float) -> Point:
        u, v = min(max(u, 0), 1), min(max(v, 0), 1)
        left = (ax + (dx - ax) * v, ay + (dy - ay) * v)
        right = (bx + (cx - bx) * v, by + (cy - by) * v)
        return (
            left[0] + (right[0] - left[0]) * u,
            left[1] + (right[1] - left[1]) * u,
        )

    pen.shape(corners, colors[0], None)
    for k in range(1, count, 2):
        a, b = k / count, (k + 1) / count
        if pattern == "across":
            quad = [spot(0, a), spot(1, a), spot(1, b), spot(0, b)]
        elif pattern == "upright":
            quad = [spot(a, 0), spot(b, 0), spot(b, 1), spot(a, 1)]
        elif pattern == "slanted":
            a, b = 1.8 * a - 0.8, 1.8 * b - 0.8
            quad = [spot(a + 0.8, 0), spot(b + 0.8, 0), spot(b, 1), spot(a, 1)]
        else:
            break
        pen.shape(quad, colors[1], None)
    if pattern == "dots":
        for k in range(12):
            x, y = spot(0.17 + 0.33 * (k % 3), 0.1 + 0.25 * (k // 3))
            pen.oval(x + (k // 3 % 2), y, 1.2, 1.2, colors[1], None)
    elif pattern == "band":
        quad = [spot(0, 0.4), spot(1, 0.4), spot(1, 0.62), spot(0, 0.62)]
        pen.shape(quad, colors[1], None)
    pen.line([*corners, corners[0]], INK, 0.9)


def _shaded(color: Color, factor: float) -> Color:
    return tuple(min(250, round(value * factor)) for value in color)


# --- People ------------------------------------------------------------------

ARMS = {
    "down": [(9, -46), (12.5, -37), (11.5, -28)],
    "hip": [(9, -46), (16, -38), (9, -30)],
    "wave": [(9, -46), (16, -52), (18, -63)],
    "out": [(9, -46), (16, -41), (22, -46)],
    "front": [(9, -46), (13.5, -38), (5, -35)],
}
LEGS = {
    "stand": ([(-4, -26), (-4.5, -13), (-4.8, -2)],
              [(4, -26), (4.5, -13), (4.8, -2)]),
    "walk": ([(-3.5, -26), (-7, -14), (-10, -3)],
             [(3.5, -26), (7, -14), (6.5, -1)]),
    "cross": ([(-4, -26), (-2, -13), (3, -2)],
              [(4, -26), (3, -13), (-3, -2)]),
    "sit": ([(-4, -26), (-14, -30), (-16, -20)],
            [(4, -26), (12, -29), (15, -20)]),
}  # fmt: skip


def _person(pen: _Pen, look: _Look) -> None:
    """Draw a person who stands, walks or sits at the origin."""
    if look.legs == "sit":
        pen.oval(0, -1, 21, 4, SHADE, None)
        pen = pen.at(0, 21)
    else:
        pen.oval(7, -1, 17, 3.6, SHADE, None)
    if look.cut == "long":
        pen.oval(0, -53, 8.8, 10.5, look.hair)
    _legs(pen, look)
    _torso(pen, look)
    _arm(pen, look, look.arms[1], False)
    _arm(pen, look, look.arms[0], True)
    _head(pen, look)


def _legs(pen: _Pen, look: _Look) -> None:
    for points in LEGS[look.legs]:
        (kx, ky), (fx, fy) = points[1:]
        pen.limb(points, 4.6, look.skin)
        if look.bottom == "trousers":
            pen.limb(points, 5.6, look.bottom_color)
        elif look.bottom == "shorts":
            pen.limb([points[0], (kx, ky)], 6.4, look.bottom_color)
        shoe = _shaded(look.hair, 0.8)
        if look.bottom == "trousers" or look.held != "none":
            pen.oval(fx + (1.5 if fx > 0 else -1.5), fy + 0.6, 3.8, 2, shoe)
    if look.bottom == "skirt":
        hem = [(-6, -30), (6, -30), (11, -13), (-11, -13)]
        _cloth(pen, hem, "band", (look.bottom_color, WHITE))
    elif look.bottom == "swim":
        pants = [(-7.4, -29), (7.4, -29), (6.5, -22), (-6.5, -22)]
        pen.shape(pants, look.bottom_color)


def _torso(pen: _Pen, look: _Look) -> None:
    pen.limb([(0, -50), (0, -47)], 4.5, _shaded(look.skin, 0.9))
    corners = [(-9.5, -49), (9.5, -49), (7.6, -24), (-7.6, -24)]
    if look.top == "bare":
        _cloth(pen, corners, "plain", (look.skin, look.skin))
        pen.line([(-4, -41), (-1.5, -40.5)], _shaded(look.skin, 0.7), 0.8)
        pen.line([(1.5, -40.5), (4, -41)], _shaded(look.skin, 0.7), 0.8)
        pen.oval(0, -31, 0.6, 0.8, _shaded(look.skin, 0.6), None)
        pants = [(-7.8, -28), (7.8, -28), (7.4, -23), (-7.4, -23)]
        pen.shape(pants, look.bottom_color)
    elif look.top == "bikini":
        _cloth(pen, corners, "plain", (look.skin, look.skin))
        band = [(-8.6, -43), (8.6, -43), (8.2, -38), (-8.2, -38)]
        _cloth(pen, band, "plain", look.top_colors)
        pants = [(-8, -29), (8, -29), (4, -22), (-4, -22)]
        pen.shape(pants, look.top_colors[0])
    elif look.top == "dress":
        hem = [(-8.5, -49), (8.5, -49), (13, -12), (-13, -12)]
        _cloth(pen, hem, "dots", look.top_colors)
        pen.line([(-8, -33), (8, -33)], look.top_colors[1], 2)
    else:
        _cloth(pen, corners, look.top, look.top_colors)


def _arm(pen: _Pen, look: _Look, pose: str, left: bool) -> None:
    pen = pen.at(0, 0, 1, left)
    points = ARMS[pose]
    pen.limb(points, 3.6, look.skin)
    colors = look.top_colors if look.top == "across" else look.top_colors[:1]
    if look.sleeves == "long":
        (x0, y0), (x1, y1) = points[1:]
        cuff = (x0 + 0.75 * (x1 - x0), y0 + 0.75 * (y1 - y0))
        pen.limb([points[0], points[1], cuff], 4.4, *colors)
    elif look.sleeves == "short" and look.top not in ("bare", "bikini"):
        pen.limb(_pieces(points, 5)[0], 4.6, colors[0])
    x, y = points[2]
    if not left and look.held != "none":
        HELD[look.held](pen.at(x, y), look)
    pen.oval(x, y, 2.3, 2.3, look.skin)


def _head(pen: _Pen, look: _Look) -> None:
    hair, x = look.hair, look.gaze
    for side in (-7, 7):
        pen.oval(side, -56, 1.6, 2, look.skin)
    if look.cut == "curly":
        for k in range(8):
            angle = math.pi * (0.95 + 1.1 * k / 7)
            spot = 7 * math.cos(angle), -58 + 7 * math.sin(angle)
            pen.oval(*spot, 3.6, 3.6, hair)
    elif look.cut == "bun":
        pen.oval(0, -67, 3.6, 3.2, hair)
    pen.oval(0, -56.5, 7, 7.8, look.skin)
    if look.cut == "back":
        pen.oval(0, -57, 7.2, 7.8, hair)
    else:
        _face(pen, look, x)
        if look.cut != "bald":
            pen.oval(0, -58, 7.4, 7.4, hair, span=(190 + 4 * x, 350 + 4 * x))
    HATS.get(look.hat, _no_hat)(pen, look)


_MOUTH = ((-2.4, -52.4), (-1, -51.5), (1, -51.5), (2.4, -52.4))


def _face(pen: _Pen, look: _Look, x: float) -> None:
    dark = _shaded(look.skin, 0.55)
    if look.glasses == "round":
        for side in (x - 3, x + 3):
            pen.oval(side, -56.5, 2.7, 2.7, (248, 248, 240), INK, 1)
    for side in (x - 2.8, x + 2.8):
        pen.oval(side, -56.5, 0.8, 1, INK, None)
    if look.glasses == "dark":
        pen.line([(x - 6.5, -57.5), (x + 6.5, -57.5)], (30, 30, 40), 1)
        for side in (x - 3, x + 3):
            pen.oval(side, -56.5, 2.6, 2.1, (30, 30, 40), None)
    pen.line([(x, -55.5), (x + 0.6, -53.8)], dark, 0.8)
    mouth = [(x + dx, y) for dx, y in _MOUTH]
    pen.line(mouth, dark, 0.9)


def _no_hat(pen: _Pen, look: _Look) -> None:
    """Leave the hair to be seen."""


def _bobble_hat(pen: _Pen, look: _Look) -> None:
    crown = [(-4.6, -69), (4.6, -69), (7.8, -60.5), (-7.8, -60.5)]
    _cloth(pen, crown, "across", look.hat_colors, 3)
    pen.oval(0, -70.5, 2.4, 2.2, look.hat_colors[1])


def _cap(pen: _Pen, look: _Look) -> None:
    pen.oval(0, -60, 7.6, 7, look.hat_colors[0], span=(180, 360))
    side = 1 if look.gaze >= 0 else -1
    peak = [(0, -61.5), (11 * side, -61), (12 * side, -59), (0, -59.5)]
    pen.shape(peak, _shaded(look.hat_colors[0], 0.8))


def _sun_hat(pen: _Pen, look: _Look) -> None:
    pen.oval(0, -60.5, 13, 3.6, look.hat_colors[0])
    pen.oval(0, -61.5, 7, 7, look.hat_colors[0], span=(180, 360))
    pen.line([(-6.6, -62.3), (6.6, -62.3)], look.hat_colors[1], 1.8)


def _cone(pen: _Pen, look: _Look) -> None:
    crown = [(-0.5, -76), (0.5, -76), (6, -61), (-6, -61)]
    _cloth(pen, crown, "across", look.hat_colors, 5)
    pen.oval(0, -76, 1.8, 1.8, look.hat_colors[1])


def _scarf(pen: _Pen, look: _Look) -> None:
    pen.oval(0, -58.5, 7.7, 7.5, look.hat_colors[0], span=(185, 355))
    knot = [(6, -60), (12, -62), (11, -57)]
    pen.shape(knot, look.hat_colors[0])
    for x, y in ((-3, -62), (1, -64), (4, -61)):
        pen.oval(x, y, 0.8, 0.8, look.hat_colors[1], None)


def _boater(pen: _Pen, look: _Look) -> None:
    pen.oval(0, -61, 11, 2.6, (236, 208, 136))
    crown = [(-6, -68), (6, -68), (6.4, -61.5), (-6.4, -61.5)]
    _cloth(pen, crown, "band", ((236, 208, 136), look.hat_colors[1]))


HATS = {
    "bobble": _bobble_hat, "cap": _cap, "sun": _sun_hat, "cone": _cone,
    "scarf": _scarf, "boater": _boater,
}  # fmt: skip


# --- What they hold, from the hand -------------------------------------------


def _ice(pen: _Pen, look: _Look) -> None:
    pen.shape([(-2, -2), (2, -2), (0, 4)], (214, 156, 84))
    pen.oval(0, -4, 2.8, 2.8, look.top_colors[1])


def _balloon(pen: _Pen, look: _Look) -> None:
    pen.line([(0, 0), (2, -12), (1, -26)], INK, 0.6)
    pen.oval(1, -34, 7, 8.4, look.hat_colors[1])
    pen.oval(-1.5, -37, 1.5, 2.4, WHITE, None)


def _beach_ball(pen: _Pen, look: _Look) -> None:
    _ball(pen.at(2, 6), look.hat_colors)


def _bag(pen: _Pen, look: _Look) -> None:
    pen.line([(-3, 6), (-1, -1), (1, -1), (3, 6)], INK, 0.8)
    corners = [(-5, 5), (5, 5), (6, 15), (-6, 15)]
    _cloth(pen, corners, "band", look.hat_colors)


def _board(pen: _Pen, look: _Look) -> None:
    pen.oval(4, -8, 5.4, 34, look.hat_colors[0])
    pen.line([(4, -38), (4, 22)], look.hat_colors[1], 1.6)


def _ring(pen: _Pen, look: _Look) -> None:
    pen.oval(2, 4, 8, 8, RED)
    for k in range(4):
        a = math.pi * (k / 2 + 0.25)
        x, y = 2 + 5.8 * math.cos(a), 4 + 5.8 * math.sin(a)
        pen.oval(x, y, 2, 2, WHITE, None)
    pen.oval(2, 4, 3.6, 3.6, look.bottom_color)


HELD = {
    "ice": _ice, "balloon": _balloon, "ball": _beach_ball, "bag": _bag,
    "board": _board, "ring": _ring,
}  # fmt: skip


# --- Things on the sand ------------------------------------------------------


def _ball(pen: _Pen, colors: tuple[Color, Color]) -> None:
    pen.oval(0, 0, 6.5, 6.5, WHITE)
    for start, color in ((0, 0), (120, 1), (240, 0)):
        points = [(0.0, 0.0)]
        for k in range(7):
            a = math.radians(start + 10 * k + 20)
            points.append((6 * math.cos(a), 6 * math.sin(a)))
        pen.shape(points, colors[color], None)


def _lone_ball(pen: _Pen, rng: np.random.Generator) -> None:
    pen.oval(2, -1, 8, 2.5, SHADE, None)
    _ball(pen.at(0, -6), _two(rng))


def _towel(pen: _Pen, rng: np.random.Generator) -> None:
    corners = [(-22, -13), (20, -13), (25, 2), (-27, 2)]
    pattern = _pick(rng, ("upright", "band", "plain", "upright", "across"))
    _cloth(pen, corners, pattern, _two(rng), 8)


def _sunbather(pen: _Pen, rng: np.random.Generator) -> None:
    _towel(pen, rng)
    skin, cloth = _pick(rng, SKINS), _pick(rng, CLOTHES)
    pen.limb([(2, -7), (12, -9), (19, -5)], 4, skin)
    pen.limb([(2, -4), (12, -3), (20, -1)], 4, skin)
    pen.shape([(-11, -10), (2, -9), (5, -5), (2, -2), (-11, -1)], skin)
    pen.shape([(-2, -9.4), (4, -8), (5, -5), (4, -2), (-2, -1.4)], cloth)
    pen.limb([(-10, -2), (-5, 1), (1, 0)], 3, skin)
    pen.oval(-16, -6, 5.6, 5.2, _pick(rng, HAIRS))
    if rng.random() < 0.5:
        pen.oval(-16, -6, 8, 7, _pick(rng, CLOTHES))
        pen.oval(-16, -6.5, 4.4, 4, PAPER)
    else:
        pen.oval(-14.8, -5.6, 4.2, 4.4, skin)
        pen.line([(-14, -8.4), (-14, -3)], (30, 30, 40), 1.8)


def _umbrella(pen: _Pen, rng: np.random.Generator) -> None:
    colors = _two(rng) if rng.random() < 0.6 else (RED, WHITE)
    pen.oval(16, -2, 34, 9, SHADE, None)
    pen.line([(0, 0), (4, -62)], (226, 214, 190), 2)
    top, ribs = (5.0, -78.0), 6
    rim = [
        (5 + 36 * math.cos(a), -54 + 8 * math.sin(a))
        for a in np.linspace(math.pi, 0, ribs + 1)
    ]
    dome = [(5 + 36 * math.cos(a), -54 + 24 * math.sin(a))
            for a in np.linspace(math.pi, 2 * math.pi, 25)]  # fmt: skip
    pen.shape([*dome, *rim[::-1]], colors[0])
    for k in range(0, ribs, 2):
        pen.shape(
            [
                top,
                *_bulge(top, rim[k]),
                rim[k],
                rim[k + 1],
                *_bulge(top, rim[k + 1])[::-1],
            ],
            colors[1],
            INK,
            0.6,
        )
    pen.line([(5, -78), (5, -82)], INK, 1.4)


def _bulge(top: Point, rim: Point) -> list[Point]:
    """Return points on a rib of an umbrella, from its top to its rim."""
    steps = np.linspace(0.15, 0.9, 5) * math.pi / 2
    return [
        (top[0] + (rim[0] - top[0]) * math.sin(t),
         rim[1] + (top[1] - rim[1]) * math.cos(t))
        for t in steps
    ]  # fmt: skip


def _castle(pen: _Pen, rng: np.random.Generator) -> None:
    sand, dark = (226, 190, 124), (196, 156, 96)
    pen.oval(3, 0, 17, 4, SHADE, None)
    for x, height in ((-9, 12), (9, 12), (0, 19)):
        tower = [(x - 5, -height), (x + 5, -height), (x + 6, 0), (x - 6, 0)]
        pen.shape(tower, sand)
        for k in (-4, 0, 4):
            pen.shape([(x + k - 1.4, -height), (x + k - 1.4, -height - 3),
                       (x + k + 1.4, -height - 3), (x + k + 1.4, -height)],
                      sand, INK, 0.6)  # fmt: skip
    pen.oval(0, -2, 2.5, 5, dark, span=(180, 360))
    pen.line([(0, -21), (0, -31)], INK, 0.8)
    pen.shape([(0, -31), (8, -28.5), (0, -26)], _pick(rng, CLOTHES))


def _bucket(pen: _Pen, rng: np.random.Generator) -> None:
    color = _pick(rng, CLOTHES)
    pen.oval(2, 0, 8, 2.4, SHADE, None)
    pen.shape([(-5, -9), (5, -9), (3.6, 0), (-3.6, 0)], color)
    pen.oval(0, -9, 5, 1.6, _shaded(color, 0.7))
    pen.line([(9, 0), (13, -11)], _pick(rng, CLOTHES), 1.6)


def _dog(pen: _Pen, rng: np.random.Generator) -> None:
    fur = _pick(rng, (*HAIRS, (240, 232, 216)))
    pen.oval(2, 0, 16, 3, SHADE, None)
    for x in (-8, -5, 6, 9):
        pen.limb([(x, -8), (x - 0.5, -1)], 2, fur)
    pen.oval(0, -11, 12, 5.5, fur)
    pen.limb([(-11, -13), (-15, -20)], 1.8, fur)
    pen.oval(12, -17, 5.5, 5, fur)
    pen.oval(17, -15.5, 3.2, 2.4, fur)
    pen.oval(10, -16, 2.2, 4.4, _shaded(fur, 0.7))
    pen.oval(19.6, -16.5, 1, 1, INK, None)
    pen.oval(13.5, -18.5, 0.8, 0.8, INK, None)


def _windbreak(pen: _Pen, rng: np.random.Generator) -> None:
    colors = _two(rng) if rng.random() < 0.5 else (RED, WHITE)
    tops = [(-44, -28), (-15, -33), (14, -27), (42, -31)]
    for (x0, y0), (x1, y1) in itertools.pairwise(tops):
        corners = [(x0, y0), (x1, y1), (x1, y1 + 27), (x0, y0 + 27)]
        _cloth(pen, corners, "upright", colors, 6)
    for x, y in tops:
        pen.line([(x, y - 4), (x, y + 32)], (150, 104, 66), 2)


def _deck_chair(pen: _Pen, rng: np.random.Generator) -> None:
    wood = (176, 122, 74)
    pen.oval(2, -1, 20, 4, SHADE, None)
    pen.line([(-14, 0), (12, -30)], wood, 2)
    pen.line([(14, 0), (-12, -14)], wood, 2)
    cloth = [(5, -33), (17, -29), (2, -8), (-14, -12)]
    _cloth(pen, cloth, "upright", _two(rng), 6)


def _tent(pen: _Pen, rng: np.random.Generator) -> None:
    a, b = _two(rng)
    pen.oval(6, -2, 46, 8, SHADE, None)
    pen.shape([(-40, 0), (0, -58), (40, 0)], a)
    for k in range(-3, 4, 2):
        pen.shape([(0, -58), (12 * k, 0), (12 * k + 8, 0)], b, None)
    pen.shape([(0, -52), (-12, 0), (12, 0)], _shaded(a, 0.45))
    pen.shape([(0, -52), (-12, 0), (-20, 0)], _shaded(b, 0.9))
    pen.line([(0, -58), (0, -72)], INK, 1)
    pen.shape([(0, -72), (14, -68), (0, -64)], _pick(rng, CLOTHES))


def _stall(pen: _Pen, rng: np.random.Generator) -> None:
    colors = (RED, WHITE) if rng.random() < 0.4 else _two(rng)
    wood, goods = (186, 134, 84), [_pick(rng, CLOTHES) for _ in range(7)]
    pen.oval(6, -2, 56, 8, SHADE, None)
    pen.shape([(-42, -64), (42, -64), (42, -26), (-42, -26)], (112, 84, 76))
    keeper = _random_look(rng)._replace(held="none", arms=("down", "down"))
    _person(pen.at(0, 4, 0.9), keeper)
    for x in (-44, 44):
        pen.line([(x, -70), (x, 0)], wood, 3)
    front = [(-48, -28), (48, -28), (46, 0), (-46, 0)]
    _cloth(pen, front, "upright", (wood, _shaded(wood, 0.85)), 12)
    for k, color in enumerate(goods):
        pen.oval(-36 + 12 * k, -32, 4.5, 4.5, color)
    roof = [(-42, -88), (42, -88), (54, -68), (-54, -68)]
    _cloth(pen, roof, "upright", colors, 10)
    for k in range(10):
        x = -54 + 10.8 * k
        pen.oval(x + 5.4, -68, 5.4, 6, colors[k % 2], span=(0, 180))


def _hut(pen: _Pen, rng: np.random.Generator) -> None:
    colors = _two(rng)
    pen.oval(6, -2, 34, 6, SHADE, None)
    wall = [(-26, -48), (26, -48), (26, 0), (-26, 0)]
    _cloth(pen, wall, "upright", (colors[0], _shaded(WHITE, 0.97)), 9)
    pen.shape([(-9, -34), (9, -34), (9, 0), (-9, 0)], colors[1])
    pen.oval(6, -16, 1.2, 1.2, INK, None)
    pen.shape([(-32, -46), (0, -74), (32, -46)], _shaded(colors[1], 0.85))
    pen.oval(0, -56, 5, 5, PAPER)


def _tower(pen: _Pen, rng: np.random.Generator) -> None:
    wood = (206, 160, 104)
    pen.oval(8, -1, 32, 6, SHADE, None)
    for x in (-20, 20):
        pen.limb([(x, 0), (x * 0.7, -46)], 2.5, wood)
    pen.limb([(-18, -12), (16, -40)], 1.6, wood)
    pen.limb([(18, -12), (-16, -40)], 1.6, wood)
    look = _random_look(rng)._replace(
        legs="sit", top="bare", bottom="shorts", bottom_color=RED,
        held="none",
    )  # fmt: skip
    pen.shape([(-19, -48), (19, -48), (19, -43), (-19, -43)], wood)
    _person(pen.at(0, -46, 0.9), look)
    pen.line([(22, -44), (22, -104)], INK, 1.2)
    pen.shape([(22, -104), (42, -100), (22, -92)], RED)


def _cart(pen: _Pen, rng: np.random.Generator) -> None:
    colors = _two(rng)
    pen.oval(4, -1, 32, 5, SHADE, None)
    box = [(-26, -30), (22, -30), (20, -8), (-24, -8)]
    _cloth(pen, box, "band", colors)
    for x in (-14, 12):
        pen.oval(x, -7, 7, 7, PAPER, INK, 1.6)
        pen.oval(x, -7, 1.4, 1.4, INK, None)
    pen.line([(0, -30), (0, -66)], INK, 1.4)
    pen.oval(0, -60, 30, 16, colors[0], span=(180, 360))
    pen.oval(0, -60, 12, 16, colors[1], span=(180, 360))
    for x in (-16, -8, 8):
        _ice(pen.at(x, -33), WALDO._replace(top_colors=_two(rng)))


def _white_tent(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw the brightest thing: its front is 255 throughout."""
    edge, roof = (214, 210, 204), (246, 244, 240)
    pen.oval(8, -2, 58, 8, SHADE, None)
    pen.shape([(-50, -54), (50, -54), (48, 0), (-48, 0)], (255,) * 3, edge)
    pen.shape([(-56, -53), (-8, -88), (8, -88), (56, -53)], roof, edge)
    for k in range(8):
        x = -49 + 14 * k
        pen.oval(x, -53, 7, 6, (roof, PAPER)[k % 2], edge, span=(0, 180))
    pen.line([(0, -88), (0, -102)], INK, 1)
    pen.shape([(0, -102), (-15, -98), (0, -94)], _pick(rng, CLOTHES))


def _poster(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a board; the faded picture is laid on it at the end."""
    wood = (150, 108, 72)
    pen.oval(4, -1, 24, 4, SHADE, None)
    for x in (-18, 18):
        pen.line([(x, -54), (x * 1.15, 0)], wood, 3)
    pen.shape([(-22, -60), (22, -60), (22, -16), (-22, -16)], wood)
    pen.shape([(-19, -57), (19, -57), (19, -19), (-19, -19)], PAPER, None)


def _sitter(pen: _Pen, rng: np.random.Generator) -> None:
    if rng.random() < 0.6:
        _towel(pen.at(0, 2), rng)
    look = _random_look(rng)
    held = look.held if look.held in ("ice", "balloon") else "none"
    _person(pen, look._replace(legs="sit", held=held, bottom="shorts"))


DRAW: dict[str, Callable[[_Pen, np.random.Generator], None]] = {
    "sitter": _sitter, "sunbather": _sunbather, "umbrella": _umbrella,
  "ball": _lone_ball, "castle": _castle,
    "bucket": _bucket, "dog": _dog, "windbreak": _windbreak,
    "deck chair": _deck_chair, "towel": _towel, "tent": _tent,
    "stall": _stall, "hut": _hut, "tower": _tower, "cart": _cart,
    "white tent": _white_tent, "poster": _poster,
}  # fmt: skip

# Half its width, its height above the ground, its depth below.
EXTENTS = {
    "person": (25, 79, 4), "sitter": (30, 86, 6), "sunbather": (29, 15, 4),
    "umbrella": (50, 83, 8), "ball": (11, 14, 2), "castle": (21, 33, 4),
    "bucket": (15, 13, 3), "dog": (22, 24, 4), "windbreak": (47, 39, 6),
    "deck chair": (23, 35, 4), "towel": (29, 15, 4), "tent": (54, 74, 8),
    "stall": (64, 90, 8), "hut": (42, 76, 6), "tower": (46, 106, 6),
    "cart": (38, 78, 6), "white tent": (68, 104, 8), "poster": (30, 62, 5),
}  # fmt: skip


# --- Who comes to the beach --------------------------------------------------


def _pick(rng: np.random.Generator, choices: Sequence) -> object:
    return choices[rng.integers(len(choices))]


def _two(rng: np.random.Generator) -> tuple[Color, Color]:
    """Return two colours of cloth that differ."""
    i, j = rng.integers(len(CLOTHES)), rng.integers(1, len(CLOTHES))
    return CLOTHES[i], CLOTHES[(i + j) % len(CLOTHES)]


_TOPS = ("plain",) * 6 + (
    "across", "across", "upright", "dots", "dots", "band", "bare", "bare",
    "bikini", "dress", "dress", "slanted",
)  # fmt: skip
_HATS = ("none",) * 9 + (
    "cap", "cap", "sun", "sun", "cone", "scarf", "boater", "bobble",
)  # fmt: skip
_CUTS = ("short", "short", "long", "long", "curly", "bun", "bald", "back")
_HELD = ("none",) * 11 + tuple(HELD)
_BOTTOMS = ("trousers", "shorts", "shorts", "skirt", "swim")


def _random_look(rng: np.random.Generator) -> _Look:
    """Return a passer-by, who never has stripes of red and white."""
    top, colors, hats = _pick(rng, _TOPS), _two(rng), _two(rng)
    if top in ("across", "upright", "slanted") and {colors[0], colors[1]} & {
        CLOTHES[0], CLOTHES[15],
    }:  # fmt: skip
        colors = (CLOTHES[6], CLOTHES[2])
    return _Look(
        skin=_pick(rng, SKINS),
        hair=_pick(rng, HAIRS),
        cut=_pick(rng, _CUTS),
        hat=_pick(rng, _HATS),
        hat_colors=hats,
        top=top,
        top_colors=colors,
        sleeves=_pick(rng, ("short", "short", "long", "none")),
        bottom=_pick(rng, _BOTTOMS),
        bottom_color=_pick(rng, CLOTHES),
        glasses=_pick(rng, ("none", "none", "none", "dark")),
        arms=(_pick(rng, tuple(ARMS)), _pick(rng, tuple(ARMS))),
        legs=_pick(rng, ("stand", "walk", "walk", "cross")),
        gaze=float(rng.integers(-2, 3)),
        held=_pick(rng, _HELD),
    )


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    """Tell whether two rectangles (left, top, right, bottom) overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _protected(thing: _Thing) -> tuple[float, float, float, float]:
    """Return the part of a trap, or of Waldo, that nobody may stand before."""
    if thing.kind == "person":
        return (thing.x + LEFT, thing.y + TOP,
                thing.x + LEFT + WIDTH, thing.y + TOP + HEIGHT)  # fmt: skip
    if thing.kind == "poster":
        return thing.x - 19, thing.y - 57, thing.x + 19, thing.y - 19
    return thing.x - 47, thing.y - 46, thing.x + 47, thing.y - 3


def _place_traps(
    rng: np.random.Generator, height: int, width: int, shore: float
) -> dict[str, _Thing]:
    """Return Waldo and the traps, none of them before another."""
    kinds = {
        "white tent": ("white tent", None), "faded poster": ("poster", None),
        "Waldo": ("person", WALDO),
    }  # fmt: skip
    kinds |= {name: ("person", look) for name, look in TRAPS.items()}
    placed: dict[str, _Thing] = {}
    for name, (kind, look) in kinds.items():
        half, tall, _ = EXTENTS[kind]
        for _ in range(2000):
            x = rng.integers(half + 4, width - half - 4)
            y = rng.integers(max(shore + 25, tall + 4), height - 9)
            thing = _Thing(int(y), int(x), kind, 1.0, look)
            extent = thing.extent()
            if not any(_meet(extent, t.extent()) for t in placed.values()):
                break
        else:
            raise ValueError(
                f"size is {height} x {width}: no place for the {name} "
                "was found, ask for more pixels"
            )
        placed[name] = thing
    return placed


def _hides(thing: _Thing, traps: Sequence[_Thing]) -> bool:
    """Tell whether a thing would stand before a trap, or before Waldo.

    People among them have clear sand behind them too: else what stands
    there, not their clothes, decides how alike two windows are.
    """
    extent = thing.extent()
    return any(
        (thing.y > trap.y - 1 or trap.kind == "person")
        and _meet(extent, _protected(trap))
        for trap in traps
    )


def _place_stands(
    rng: np.random.Generator, traps: Sequence[_Thing],
    height: int, width: int, shore: float,
) -> list[_Thing]:  # fmt: skip
    """Return the large things, on ground of their own."""
    kinds = ("stall", "hut", "tent", "umbrella", "umbrella", "umbrella",
             "tower", "cart", "windbreak", "tent")  # fmt: skip
    stands: list[_Thing] = []
    for k in range(round(width * (height - shore) / 24_000)):
        for _ in range(8):
            x, y = rng.uniform(0, width), rng.uniform(shore + 12, height + 10)
            kind = kinds[k % len(kinds)]
            thing = _Thing(y, x, kind, _depth(y, shore, height))
            half = EXTENTS[kind][0]
            alone = all(
                abs(other.x - x) > half + EXTENTS[other.kind][0] - 8
                or abs(other.y - y) > 34
                for other in [*stands, *traps]
            )
            if alone and not _hides(thing, traps):
                stands.append(thing)
                break
    return stands


def _depth(y: float, shore: float, height: float) -> float:
    """Return how large things look at a depth."""
    return 0.9 + 0.2 * (y - shore) / (height - shore)


_CROWD = ("person",) * 15 + (
    "sitter", "sitter", "sunbather", "sunbather", "ball", "castle", "bucket",
    "dog", "deck chair", "towel",
)  # fmt: skip
_SMALL = ("bucket", "ball", "towel", "sunbather", "castle", "dog")


def _place_crowd(
    rng: np.random.Generator, fixed: Sequence[_Thing],
    traps: Sequence[_Thing], size: tuple[int, int], shore: float,
) -> list[_Thing]:  # fmt: skip
    """Return everybody else, on a loose grid, closer at the back."""
    (height, width), crowd = size, []
    y = shore + 10.0
    while y < height + 40:
        depth = _depth(y, shore, height)
        for x in np.arange(-10, width + 10, 45 * depth):
            spot = (
                y + rng.uniform(-12, 12) * depth,
                float(x) + rng.uniform(-17, 17) * depth,
            )
            for kinds in (_CROWD, _CROWD, _SMALL):
                thing = _comer(rng, spot, _pick(rng, kinds), depth)
                if rng.random() < 0.95 and _fits(thing, fixed, traps):
                    crowd.append(thing)
                    break
        y += 29 * depth
    return crowd


def _comer(
    rng: np.random.Generator, spot: Point, kind: str, depth: float
) -> _Thing:
    scale = depth * rng.uniform(0.94, 1.06)
    look = None
    if kind == "person":
        look = _random_look(rng)
        if rng.random() < 0.16:  # a child
            scale *= 0.72
    return _Thing(*spot, kind, scale, look)


def _fits(
    thing: _Thing, fixed: Sequence[_Thing], traps: Sequence[_Thing]
) -> bool:
    """Tell whether a thing has ground to stand on and hides no trap."""
    half = min(EXTENTS[thing.kind][0], 12)
    for other in fixed:
        width = EXTENTS[other.kind][0]
        if other.kind in ("person", "umbrella"):
            width = 10
        near = abs(other.x - thing.x) < half + width * 0.8
        if near and -16 < thing.y - other.y < 9:
            return False
    return not _hides(thing, traps)


# --- Sea and sky -------------------------------------------------------------

_SKIES = (
    ((96, 170, 222), (206, 230, 238), (44, 130, 168), (112, 196, 200)),
    ((120, 176, 214), (244, 222, 196), (52, 116, 150), (130, 188, 186)),
    ((82, 150, 214), (190, 222, 236), (36, 110, 160), (96, 180, 196)),
)
_SAND = ((238, 212, 160), (244, 222, 176))


def _fade(
    pen: _Pen, top: float, bottom: float, width: float, colors: Sequence[Color]
) -> None:
    """Fill a band of the picture from one colour to another."""
    (first, last), count = colors, max(2, round((bottom - top) / 2))
    step = (bottom - top) / count
    for k in range(count):
        t = k / (count - 1)
        color = tuple(round(a + (b - a) * t) for a, b in zip(first, last))
        y = top + k * step
        band = [(0, y), (width, y), (width, y + step + 1), (0, y + step + 1)]
        pen.shape(band, color, None)


def _background(
    pen: _Pen, rng: np.random.Generator, size: tuple[int, int], shore: float
) -> None:
    height, width = size
    horizon = 0.42 * shore
    sky, haze, deep, shallow = _pick(rng, _SKIES)
    _fade(pen, 0, horizon, width, (sky, haze))
    _sky(pen, rng, width, horizon)
    _fade(pen, horizon, shore + 16, width, (deep, shallow))
    _fade(pen, shore + 14, height, width, _SAND)
    _sea(pen, rng, width, horizon, shore)
    _pier(pen.at(rng.uniform(0.15, 0.7) * width, horizon + 8), rng)
    _shore(pen, rng, width, shore)
    for _ in range(width * height // 700):
        x, y = rng.uniform(0, width), rng.uniform(shore + 24, height)
        grain = _pick(rng, ((222, 192, 138), (250, 234, 196), (212, 180, 128)))
        pen.oval(x, y, rng.uniform(0.5, 2.4), 0.6, grain, None)


def _sky(
    pen: _Pen, rng: np.random.Generator, width: int, horizon: float
) -> None:
    pen.oval(rng.uniform(0.1, 0.9) * width, horizon * 0.4, 17, 17,
             (250, 226, 140), None)  # fmt: skip
    for _ in range(width // 170):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 0.6) * horizon
        for _ in range(6):
            dx, r = rng.uniform(-30, 30), rng.uniform(7, 14)
            pen.oval(x + dx, y - r * 0.5, r * 1.5, r * 0.8, WHITE, None)
    for _ in range(width // 130):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 0.9) * horizon
        pen.line([(x - 6, y - 2), (x - 3, y - 4), (x, y), (x + 3, y - 4),
                  (x + 6, y - 2)], INK, 0.9)  # fmt: skip
    for _ in range(width // 300):
        x, y = rng.uniform(0, width), rng.uniform(0.2, 0.6) * horizon
        _kite(pen.at(x, y), _two(rng))


def _kite(pen: _Pen, colors: tuple[Color, Color]) -> None:
    tail = [(0, 12), (-3, 18), (2, 24), (-3, 30), (1, 36)]
    pen.line(tail, INK, 0.6)
    for x, y in tail[1:]:
        pen.shape([(x - 3, y - 2), (x - 3, y + 2), (x, y)], colors[1], None)
        pen.shape([(x + 3, y - 2), (x + 3, y + 2), (x, y)], colors[0], None)
    pen.shape([(0, -12), (8, 0), (0, 13), (-8, 0)], colors[0])
    pen.shape([(0, -12), (8, 0), (0, 0)], colors[1], None)
    pen.shape([(0, 13), (-8, 0), (0, 0)], colors[1], None)


def _sea(
    pen: _Pen, rng: np.random.Generator, width: int, horizon: float,
    shore: float,
) -> None:  # fmt: skip
    span = shore - horizon
    for _ in range(round(width * span / 500)):
        x, y = rng.uniform(0, width), horizon + rng.uniform(0.03, 0.95) * span
        r = 4 + 8 * (y - horizon) / span
        wave = [(x - r, y), (x - r / 3, y - 1.4), (x + r / 3, y)]
        pen.line([*wave, (x + r, y - 1)], (172, 216, 222), 0.9)
    for k in range(width // 120):
        x, y = rng.uniform(0, width), horizon + rng.uniform(0.02, 0.3) * span
        _boat(pen.at(x, y, 0.6 + 0.5 * (y - horizon) / span), rng, k % 3)
    rows = sorted(rng.uniform(0.35, 0.97, width // 22))
    for t in rows:
        x, y = rng.uniform(0, width), horizon + t * span
        _swimmer(pen.at(x, y, 0.75 + 0.15 * t), rng)


def _boat(pen: _Pen, rng: np.random.Generator, kind: int) -> None:
    hull = _pick(rng, CLOTHES)
    pen.oval(0, 1, 24, 2.5, (206, 232, 234), None)
    pen.shape([(-20, -7), (22, -7), (15, 1), (-15, 1)], hull)
    if kind == 0:
        pen.line([(0, -7), (0, -40)], INK, 1.2)
        _person(pen.at(0, 2, 0.3), _random_look(rng)._replace(held="none"))
    else:
        a, b = _two(rng)
        pen.line([(0, -7), (0, -58)], INK, 1.2)
        sail = [(2, -56), (2, -56), (22, -12), (2, -12)]
        _cloth(pen, sail, "across", (a, b) if kind == 1 else (PAPER, a), 6)
        pen.shape([(-2, -52), (-2, -12), (-15, -12)], PAPER)


def _swimmer(pen: _Pen, rng: np.random.Generator) -> None:
    look = _random_look(rng)._replace(held="none")
    foam = (200, 230, 232)
    if rng.random() < 0.35:
        a, b = _two(rng)
        pen.oval(0, 0, 14, 6, a)
        pen.oval(0, -1, 8, 3, b)
    pen = pen.at(0, 47)
    if rng.random() < 0.5:
        look = look._replace(arms=("wave", "wave"), top="bare")
        _arm(pen, look, "wave", False)
        _arm(pen, look, "out", True)
    _head(pen, look)
    pen.oval(0, -47, 12, 2.4, foam, None)


def _pier(pen: _Pen, rng: np.random.Generator) -> None:
    """Draw a pier with a big wheel, far away."""
    wood, steel = (128, 96, 80), (226, 222, 214)
    for k in range(14):
        pen.line([(-90 + 14 * k, 0), (-90 + 14 * k, 15)], wood, 1.6)
    pen.shape([(-96, -4), (96, -4), (96, 1), (-96, 1)], wood)
    for x, color in ((-70, _two(rng)), (-40, _two(rng)), (74, _two(rng))):
        hall = [(x - 13, -16), (x + 13, -16), (x + 13, -4), (x - 13, -4)]
        _cloth(pen, hall, "upright", color, 7)
        pen.shape([(x - 16, -16), (x, -28), (x + 16, -16)], color[1])
    for x in (8, 36):
        pen.line([(x, -4), (22, -38)], steel, 2)
    for k in range(12):
        a = math.pi * k / 6 + 0.2
        x, y = 22 + 27 * math.cos(a), -38 + 27 * math.sin(a)
        pen.line([(22, -38), (x, y)], steel, 0.8)
        rim = a + math.pi / 6
        pen.line([(x, y), (22 + 27 * math.cos(rim), -38 + 27 * math.sin(rim))],
                 steel, 1.6)  # fmt: skip
        pen.oval(x, y + 2, 3.4, 3.2, CLOTHES[k], INK, 0.7)


def _shore(
    pen: _Pen, rng: np.random.Generator, width: int, shore: float
) -> None:
    """Draw wet sand and foam where the sea ends, waving."""
    xs = np.arange(0, width + 12, 12.0)
    phase = rng.uniform(0, 6, 2)
    edge = (
        shore + 5 * np.sin(xs / 61 + phase[0]) + 3 * np.sin(xs / 23 + phase[1])
    )
    layers = (
        (17, (212, 182, 132)), (9, (150, 204, 200)), (3, (222, 236, 230)),
        (-2, (120, 196, 200)), (-12, (196, 226, 224)), (-14, (112, 190, 198)),
    )  # fmt: skip
    for below, color in layers:
        line = [(float(x), float(y) + below) for x, y in zip(xs, edge)]
        back = [(width + 12.0, shore - 20), (0.0, shore - 20)]
        if below < 0:
            pen.line(line, color, 2)
        else:
            pen.shape(line + back, color, None)


# --- The scene ---------------------------------------------------------------


def draw_scene(seed: int, size: tuple[int, int] = (1000, 1600)) -> Scene:
    """Draw a crowded beach with one Waldo and his traps.

    The same seed and size give the same pixels.  People are about 75 px tall
    at every size: a larger picture holds more of them.

    Parameters
    ----------
    seed : int
        From 0.
    size : pair of int
        Height and width in pixels, from 480 x 640 to 16 million pixels.

    Returns
    -------
    Scene
        ``(picture, template, box, traps)``; the template is the picture
        inside the box, and nothing stands before it.

    Raises
    ------
    TypeError
        If `seed` or a number of `size` is not an integer.
    ValueError
        If `seed` is negative, or `size` too small or too large.

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
    _check_seed(seed)
    height, width = _check_size(size)
    rng = np.random.default_rng(seed)
    shore = round(0.24 * height)
    traps = _place_traps(rng, height, width, shore)
    special = list(traps.values())
    stands = _place_stands(rng, special, height, width, shore)
    fixed = [*special, *stands]
    crowd = _place_crowd(rng, fixed, special, (height, width), shore)

    canvas = Image.new("RGB", (width * FINE, height * FINE))
    draw = ImageDraw.Draw(canvas, "RGBA")
    _background(_Pen(draw), rng, (height, width), shore)
    for thing in sorted([*fixed, *crowd], key=lambda thing: thing[:2]):
        thing.draw(draw, rng)
    picture = np.array(canvas.reduce(FINE))

    boxes = {name: _box(thing) for name, thing in traps.items()}
    box = boxes.pop("Waldo")
    template = _cut(picture, box).copy()
    _cut(picture, boxes["faded poster"])[:] = _faded(template, rng)
    return Scene(picture, template, box, boxes)


def _check_seed(seed: object) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed must be an integer, not {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")


def _check_size(size: object) -> tuple[int, int]:
    pair = tuple(size) if isinstance(size, Sequence) else ()
    if len(pair) != 2 or not all(
        isinstance(n, int | np.integer) and not isinstance(n, bool)
        for n in pair
    ):
        raise TypeError(f"size must be (height, width), not {size!r}")
    height, width = (int(n) for n in pair)
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


def _box(thing: _Thing) -> Box:
    if thing.kind == "poster":
        return Box(int(thing.y) - 56, int(thing.x) + LEFT, HEIGHT, WIDTH)
    left, top, right, bottom = (int(v) for v in _protected(thing))
    return Box(top, left, bottom - top, right - left)


def _cut(picture: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the part of a picture inside a box, as a view."""
    row, column, height, width = box
    return picture[row : row + height, column : column + width]


def _faded(
    template: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a print of the template: pale, and as noisy as it is strong."""
    pale = 0.2 * (template - template.mean(axis=(0, 1)))
    grain = rng.normal(0, 9, template.shape[:2])[..., None]
    grain = grain + rng.normal(0, 4, template.shape)
    return np.clip(np.array((214, 202, 176)) + pale + grain, 0, 245).astype(
        np.uint8
    )


def save_bundled() -> None:
    """Write the scene that notebook 04 begins with, and its template.

    They are ``data/waldo_scene.png`` and ``data/waldo_template.png``.

    Raises
    ------
    FileNotFoundError
        If the folder is not there.

    Examples
    --------
    >>> save_bundled()  # doctest: +SKIP
    """
    scene = draw_scene(BUNDLED_SEED)
    for name in ("picture", "template"):
        stem = "scene" if name == "picture" else name
        with write_whole(FOLDER / f"waldo_{stem}.png") as file:
            Image.fromarray(getattr(scene, name)).save(
                file, "PNG", optimize=True
            )


if __name__ == "__main__":
    # python -m helpers.scene: rebuild the bundled pictures.
    save_bundled()
