"""What lies, plays and stands on the sand, from the ground below it."""

import itertools
import math

import numpy as np

from lecture.beach.colors import CLOTHES, HAIRS, PAPER, RED, SKINS, WHITE
from lecture.beach.looks import Look, Rng, passer_by, pick, two
from lecture.beach.pen import INK, Pen, arc, block, shaded, taper
from lecture.beach.people import ball, ice, person


def _lone_ball(pen: Pen, rng: Rng) -> None:
    pen.shadow(2, -1, 8, 2.5)
    ball(pen.at(0, -6), *two(rng))


def _towel(pen: Pen, rng: Rng) -> None:
    corners = [(-22, -13), (20, -13), (25, 2), (-27, 2)]
    pattern = pick(rng, ("upright", "band", "plain", "upright", "across"))
    pen.cloth(corners, pattern, two(rng))


def _sunbather(pen: Pen, rng: Rng) -> None:
    _towel(pen, rng)
    skin, cloth = pick(rng, SKINS), pick(rng, CLOTHES)
    pen.limb([(2, -7), (12, -9), (19, -5)], 4, skin)
    pen.limb([(2, -4), (12, -3), (20, -1)], 4, skin)
    pen.shape([(-11, -10), (2, -9), (5, -5), (2, -2), (-11, -1)], skin)
    pen.shape([(-2, -9.4), (4, -8), (5, -5), (4, -2), (-2, -1.4)], cloth)
    pen.limb([(-10, -2), (-5, 1), (1, 0)], 3, skin)
    pen.oval(-16, -6, 5.6, 5.2, pick(rng, HAIRS))
    if rng.random() < 0.5:
        pen.oval(-16, -6, 8, 7, pick(rng, CLOTHES))
        pen.oval(-16, -6.5, 4.4, 4, PAPER)
    else:
        pen.oval(-14.8, -5.6, 4.2, 4.4, skin)
        pen.line([(-14, -8.4), (-14, -3)], (30, 30, 40), 1.8)


def _sitter(pen: Pen, rng: Rng) -> None:
    if rng.random() < 0.6:
        _towel(pen.at(0, 2), rng)
    look = passer_by(rng)
    held = look.held if look.held in ("ice", "balloon") else "none"
    person(pen, look._replace(legs="sit", held=held, bottom="shorts"))


def _castle(pen: Pen, rng: Rng) -> None:
    sand, dark = (226, 190, 124), (196, 156, 96)
    pen.shadow(3, 0, 17, 4)
    for x, height in ((-9, 12), (9, 12), (0, 19)):
        tower = pen.at(x, 0)
        tower.shape(taper(5, -height, 6, 0), sand)
        for k in (-4, 0, 4):
            merlon = block(k - 1.4, -height - 3, k + 1.4, -height)
            tower.shape(merlon, sand, INK, 0.6)
    pen.oval(0, -2, 2.5, 5, dark, span=(180, 360))
    pen.line([(0, -21), (0, -31)], INK, 0.8)
    pen.shape([(0, -31), (8, -28.5), (0, -26)], pick(rng, CLOTHES))


def _bucket(pen: Pen, rng: Rng) -> None:
    color = pick(rng, CLOTHES)
    pen.shadow(2, 0, 8, 2.4)
    pen.shape(taper(5, -9, 3.6, 0), color)
    pen.oval(0, -9, 5, 1.6, shaded(color, 0.7))
    pen.line([(9, 0), (13, -11)], pick(rng, CLOTHES), 1.6)


def _dog(pen: Pen, rng: Rng) -> None:
    fur = pick(rng, (*HAIRS, (240, 232, 216)))
    pen.shadow(2, 0, 16, 3)
    for x in (-8, -5, 6, 9):
        pen.limb([(x, -8), (x - 0.5, -1)], 2, fur)
    pen.oval(0, -11, 12, 5.5, fur)
    pen.limb([(-11, -13), (-15, -20)], 1.8, fur)
    pen.oval(12, -17, 5.5, 5, fur)
    pen.oval(17, -15.5, 3.2, 2.4, fur)
    pen.oval(10, -16, 2.2, 4.4, shaded(fur, 0.7))
    pen.oval(19.6, -16.5, 1, 1, INK, None)
    pen.oval(13.5, -18.5, 0.8, 0.8, INK, None)


def _deck_chair(pen: Pen, rng: Rng) -> None:
    wood = (176, 122, 74)
    pen.shadow(2, -1, 20, 4)
    pen.line([(-14, 0), (12, -30)], wood, 2)
    pen.line([(14, 0), (-12, -14)], wood, 2)
    cloth = [(5, -33), (17, -29), (2, -8), (-14, -12)]
    pen.cloth(cloth, "upright", two(rng), 6)


def _umbrella(pen: Pen, rng: Rng) -> None:
    colors = two(rng) if rng.random() < 0.6 else (RED, WHITE)
    pen.shadow(16, -2, 34, 9)
    pen.line([(0, 0), (4, -62)], (226, 214, 190), 2)
    rim = arc(5, -54, 36, 8, np.linspace(math.pi, 0, 7))
    dome = arc(5, -54, 36, 24, np.linspace(math.pi, 2 * math.pi, 25))
    pen.shape([*dome, *rim[::-1]], colors[0])
    along = np.linspace(0.85, 0.1, 5) * math.pi / 2
    ribs = [[*arc(5, y, x - 5, -78 - y, along), (x, y)] for x, y in rim]
    for one, other in list(itertools.pairwise(ribs))[::2]:
        panel = [(5, -78), *one, *other[::-1]]
        pen.shape(panel, colors[1], INK, 0.6)
    pen.line([(5, -78), (5, -82)], INK, 1.4)


def _windbreak(pen: Pen, rng: Rng) -> None:
    colors = two(rng) if rng.random() < 0.5 else (RED, WHITE)
    tops = [(-44, -28), (-15, -33), (14, -27), (42, -31)]
    for (x0, y0), (x1, y1) in itertools.pairwise(tops):
        corners = [(x0, y0), (x1, y1), (x1, y1 + 27), (x0, y0 + 27)]
        pen.cloth(corners, "upright", colors, 6)
    for x, y in tops:
        pen.line([(x, y - 4), (x, y + 32)], (150, 104, 66), 2)


def _tent(pen: Pen, rng: Rng) -> None:
    a, b = two(rng)
    pen.shadow(6, -2, 46, 8)
    pen.shape([(-40, 0), (0, -58), (40, 0)], a)
    for x in (-36, -12, 12, 36):
        pen.shape([(0, -58), (x, 0), (x + 8, 0)], b, None)
    pen.shape([(0, -52), (-12, 0), (12, 0)], shaded(a, 0.45))
    pen.shape([(0, -52), (-12, 0), (-20, 0)], shaded(b, 0.9))
    pen.line([(0, -58), (0, -72)], INK, 1)
    pen.shape([(0, -72), (14, -68), (0, -64)], pick(rng, CLOTHES))


def _stall(pen: Pen, rng: Rng) -> None:
    colors = (RED, WHITE) if rng.random() < 0.4 else two(rng)
    wood, goods = (186, 134, 84), [pick(rng, CLOTHES) for _ in range(7)]
    pen.shadow(6, -2, 56, 8)
    pen.shape(block(-42, -64, 42, -26), (112, 84, 76))
    keeper = passer_by(rng)._replace(held="none", left="down", right="down")
    person(pen.at(0, 4, 0.9), keeper)
    for x in (-44, 44):
        pen.line([(x, -70), (x, 0)], wood, 3)
    front = taper(48, -28, 46, 0)
    pen.cloth(front, "upright", (wood, shaded(wood, 0.85)), 12)
    for k, color in enumerate(goods):
        pen.oval(-36 + 12 * k, -32, 4.5, 4.5, color)
    pen.cloth(taper(42, -88, 54, -68), "upright", colors, 10)
    for k in range(10):
        x = -54 + 10.8 * k
        pen.oval(x + 5.4, -68, 5.4, 6, colors[k % 2], span=(0, 180))


def _hut(pen: Pen, rng: Rng) -> None:
    light, dark = two(rng)
    pen.shadow(6, -2, 34, 6)
    wall = block(-26, -48, 26, 0)
    pen.cloth(wall, "upright", (light, shaded(WHITE, 0.97)), 9)
    pen.shape(block(-9, -34, 9, 0), dark)
    pen.oval(6, -16, 1.2, 1.2, INK, None)
    pen.shape([(-32, -46), (0, -74), (32, -46)], shaded(dark, 0.85))
    pen.oval(0, -56, 5, 5, PAPER)


def _tower(pen: Pen, rng: Rng) -> None:
    wood = (206, 160, 104)
    pen.shadow(8, -1, 32, 6)
    for x in (-20, 20):
        pen.limb([(x, 0), (x * 0.7, -46)], 2.5, wood)
    pen.limb([(-18, -12), (16, -40)], 1.6, wood)
    pen.limb([(18, -12), (-16, -40)], 1.6, wood)
    guard = passer_by(rng)._replace(
        legs="sit", top="bare", bottom="shorts", bottom_color=RED, held="none"
    )
    pen.shape(block(-19, -48, 19, -43), wood)
    person(pen.at(0, -46, 0.9), guard)
    pen.line([(22, -44), (22, -104)], INK, 1.2)
    pen.shape([(22, -104), (42, -100), (22, -92)], RED)


def _cart(pen: Pen, rng: Rng) -> None:
    colors = two(rng)
    pen.shadow(4, -1, 32, 5)
    box = [(-26, -30), (22, -30), (20, -8), (-24, -8)]
    pen.cloth(box, "band", colors)
    for x in (-14, 12):
        pen.oval(x, -7, 7, 7, PAPER, INK, 1.6)
        pen.oval(x, -7, 1.4, 1.4, INK, None)
    pen.line([(0, -30), (0, -66)], INK, 1.4)
    pen.oval(0, -60, 30, 16, colors[0], span=(180, 360))
    pen.oval(0, -60, 12, 16, colors[1], span=(180, 360))
    for x in (-16, -8, 8):
        ice(pen.at(x, -33), Look(top_colors=two(rng)))


def _white_tent(pen: Pen, rng: Rng) -> None:
    """Draw the brightest thing: its front is 255 throughout."""
    edge, roof = (214, 210, 204), (246, 244, 240)
    pen.shadow(8, -2, 58, 8)
    pen.shape(taper(50, -54, 48, 0), (255, 255, 255), edge)
    pen.shape([(-56, -53), (-8, -88), (8, -88), (56, -53)], roof, edge)
    for k in range(8):
        x = -49 + 14 * k
        pen.oval(x, -53, 7, 6, (roof, PAPER)[k % 2], edge, span=(0, 180))
    pen.line([(0, -88), (0, -102)], INK, 1)
    pen.shape([(0, -102), (-15, -98), (0, -94)], pick(rng, CLOTHES))


def _poster(pen: Pen, rng: Rng) -> None:
    """Draw a board; the faded picture is laid on it at the end."""
    wood = (150, 108, 72)
    pen.shadow(4, -1, 24, 4)
    for x in (-18, 18):
        pen.line([(x, -54), (x * 1.15, 0)], wood, 3)
    pen.shape(block(-22, -60, 22, -16), wood)
    pen.shape(block(-19, -57, 19, -19), PAPER, None)


THINGS = {
    "ball": _lone_ball, "towel": _towel, "sunbather": _sunbather,
    "sitter": _sitter, "castle": _castle, "bucket": _bucket, "dog": _dog,
    "deck chair": _deck_chair, "umbrella": _umbrella, "tent": _tent,
    "windbreak": _windbreak, "stall": _stall, "hut": _hut, "tower": _tower,
    "cart": _cart, "white tent": _white_tent, "poster": _poster,
}  # fmt: skip
