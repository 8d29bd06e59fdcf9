"""Sky, sea and sand, from the back to the front."""

import math

import numpy as np

from lecture.beach.colors import CLOTHES, PAPER, WHITE
from lecture.beach.looks import Rng, passer_by, pick, two
from lecture.beach.pen import INK, Colors, Pen, arc, block
from lecture.beach.people import arm, head, person
from lecture.beach.placing import Ground

# Sky, haze, deep and shallow water.
_SKIES = (
    ((96, 170, 222), (206, 230, 238), (44, 130, 168), (112, 196, 200)),
    ((120, 176, 214), (244, 222, 196), (52, 116, 150), (130, 188, 186)),
    ((82, 150, 214), (190, 222, 236), (36, 110, 160), (96, 180, 196)),
)
_SAND = ((238, 212, 160), (244, 222, 176))
_GRAINS = ((222, 192, 138), (250, 234, 196), (212, 180, 128))


def landscape(pen: Pen, rng: Rng, ground: Ground) -> None:
    """Draw the empty beach."""
    height, width, shore = ground
    horizon = 0.42 * shore
    sky, haze, deep, shallow = pick(rng, _SKIES)
    _fade(pen, 0, horizon, width, (sky, haze))
    _sky(pen, rng, width, horizon)
    _fade(pen, horizon, shore + 16, width, (deep, shallow))
    _fade(pen, shore + 14, height, width, _SAND)
    _sea(pen, rng, width, horizon, shore)
    _pier(pen.at(rng.uniform(0.15, 0.7) * width, horizon + 8), rng)
    _shore(pen, rng, width, shore)
    for _ in range(width * height // 700):
        x, y = rng.uniform(0, width), rng.uniform(shore + 24, height)
        grain = pick(rng, _GRAINS)
        pen.oval(x, y, rng.uniform(0.5, 2.4), 0.6, grain, None)


def _fade(
    pen: Pen, top: float, bottom: float, width: float, colors: Colors
) -> None:
    """Fill a band of the picture from one colour to another."""
    count = max(2, round((bottom - top) / 2))
    step = (bottom - top) / count
    for k in range(count):
        t = k / (count - 1)
        color = tuple(round(a + (b - a) * t) for a, b in zip(*colors))
        y = top + k * step
        pen.shape(block(0, y, width, y + step + 1), color, None)


def _sky(pen: Pen, rng: Rng, width: int, horizon: float) -> None:
    sun = rng.uniform(0.1, 0.9) * width
    pen.oval(sun, horizon * 0.4, 17, 17, (250, 226, 140), None)
    for _ in range(width // 170):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 0.6) * horizon
        for _ in range(6):
            dx, r = rng.uniform(-30, 30), rng.uniform(7, 14)
            pen.oval(x + dx, y - r * 0.5, r * 1.5, r * 0.8, WHITE, None)
    for _ in range(width // 130):
        gull = pen.at(rng.uniform(0, width), rng.uniform(0.1, 0.9) * horizon)
        gull.line([(-6, -2), (-3, -4), (0, 0), (3, -4), (6, -2)], INK, 0.9)
    for _ in range(width // 300):
        x, y = rng.uniform(0, width), rng.uniform(0.2, 0.6) * horizon
        _kite(pen.at(x, y), two(rng))


def _kite(pen: Pen, colors: Colors) -> None:
    tail = [(0, 12), (-3, 18), (2, 24), (-3, 30), (1, 36)]
    pen.line(tail, INK, 0.6)
    for x, y in tail[1:]:
        pen.shape([(x - 3, y - 2), (x - 3, y + 2), (x, y)], colors[1], None)
        pen.shape([(x + 3, y - 2), (x + 3, y + 2), (x, y)], colors[0], None)
    pen.shape([(0, -12), (8, 0), (0, 13), (-8, 0)], colors[0])
    pen.shape([(0, -12), (8, 0), (0, 0)], colors[1], None)
    pen.shape([(0, 13), (-8, 0), (0, 0)], colors[1], None)


def _sea(pen: Pen, rng: Rng, width: int, horizon: float, shore: float) -> None:
    span = shore - horizon
    for _ in range(round(width * span / 500)):
        x, y = rng.uniform(0, width), horizon + rng.uniform(0.03, 0.95) * span
        r = 4 + 8 * (y - horizon) / span
        wave = [(x - r, y), (x - r / 3, y - 1.4), (x + r / 3, y)]
        pen.line([*wave, (x + r, y - 1)], (172, 216, 222), 0.9)
    for k in range(width // 120):
        x, y = rng.uniform(0, width), horizon + rng.uniform(0.02, 0.3) * span
        _boat(pen.at(x, y, 0.6 + 0.5 * (y - horizon) / span), rng, k % 3)
    for t in sorted(rng.uniform(0.35, 0.97, width // 22)):
        x, y = rng.uniform(0, width), horizon + t * span
        _swimmer(pen.at(x, y, 0.75 + 0.15 * t), rng)


def _boat(pen: Pen, rng: Rng, kind: int) -> None:
    hull = pick(rng, CLOTHES)
    pen.oval(0, 1, 24, 2.5, (206, 232, 234), None)
    pen.shape([(-20, -7), (22, -7), (15, 1), (-15, 1)], hull)
    if kind == 0:
        pen.line([(0, -7), (0, -40)], INK, 1.2)
        person(pen.at(0, 2, 0.3), passer_by(rng)._replace(held="none"))
    else:
        a, b = two(rng)
        pen.line([(0, -7), (0, -58)], INK, 1.2)
        sail = [(2, -56), (2, -56), (22, -12), (2, -12)]
        pen.cloth(sail, "across", (a, b) if kind == 1 else (PAPER, a), 6)
        pen.shape([(-2, -52), (-2, -12), (-15, -12)], PAPER)


def _swimmer(pen: Pen, rng: Rng) -> None:
    look = passer_by(rng)._replace(held="none")
    if rng.random() < 0.35:
        a, b = two(rng)
        pen.oval(0, 0, 14, 6, a)
        pen.oval(0, -1, 8, 3, b)
    pen = pen.at(0, 47)
    if rng.random() < 0.5:
        look = look._replace(top="bare")
        arm(pen, look, "wave", 1)
        arm(pen, look, "out", -1)
    head(pen, look)
    pen.oval(0, -47, 12, 2.4, (200, 230, 232), None)


def _pier(pen: Pen, rng: Rng) -> None:
    """Draw a pier with a big wheel, far away."""
    wood, steel = (128, 96, 80), (226, 222, 214)
    for k in range(14):
        pen.line([(-90 + 14 * k, 0), (-90 + 14 * k, 15)], wood, 1.6)
    pen.shape(block(-96, -4, 96, 1), wood)
    for x, colors in ((-70, two(rng)), (-40, two(rng)), (74, two(rng))):
        hall = pen.at(x, 0)
        hall.cloth(block(-13, -16, 13, -4), "upright", colors, 7)
        hall.shape([(-16, -16), (0, -28), (16, -16)], colors[1])
    for x in (8, 36):
        pen.line([(x, -4), (22, -38)], steel, 2)
    rim = arc(22, -38, 27, 27, [math.pi * k / 6 + 0.2 for k in range(12)])
    for k, (x, y) in enumerate(rim):
        pen.line([(22, -38), (x, y)], steel, 0.8)
        pen.line([(x, y), rim[(k + 1) % 12]], steel, 1.6)
        pen.oval(x, y + 2, 3.4, 3.2, CLOTHES[k], INK, 0.7)


def _shore(pen: Pen, rng: Rng, width: int, shore: float) -> None:
    """Draw wet sand and foam where the sea ends, waving."""
    xs = np.arange(0, width + 12, 12.0)
    a, b = rng.uniform(0, 6, 2)
    edge = shore + 5 * np.sin(xs / 61 + a) + 3 * np.sin(xs / 23 + b)
    layers = (
        (17, (212, 182, 132)), (9, (150, 204, 200)), (3, (222, 236, 230)),
        (-2, (120, 196, 200)), (-12, (196, 226, 224)), (-14, (112, 190, 198)),
    )  # fmt: skip
    for below, color in layers:
        line = [(float(x), float(y) + below) for x, y in zip(xs, edge)]
        if below < 0:
            pen.line(line, color, 2)
        else:
            back = [(width + 12.0, shore - 20), (0.0, shore - 20)]
            pen.shape(line + back, color, None)
