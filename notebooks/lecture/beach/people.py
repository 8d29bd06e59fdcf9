"""People, their hats and what they hold, from between their feet."""

import math

from lecture.beach.colors import RED, WHITE
from lecture.beach.looks import Look
from lecture.beach.pen import INK, Pen, arc, between, pieces, shaded, taper

# From the shoulder to the hand, and from the hip to the foot.
_ARMS = {
    "down": [(9, -46), (12.5, -37), (11.5, -28)],
    "hip": [(9, -46), (16, -38), (9, -30)],
    "wave": [(9, -46), (16, -52), (18, -63)],
    "out": [(9, -46), (16, -41), (22, -46)],
    "front": [(9, -46), (13.5, -38), (5, -35)],
}
_LEGS = {
    "stand": ([(-4, -26), (-4.5, -13), (-4.8, -2)],
              [(4, -26), (4.5, -13), (4.8, -2)]),
    "walk": ([(-3.5, -26), (-7, -14), (-10, -3)],
             [(3.5, -26), (7, -14), (6.5, -1)]),
    "cross": ([(-4, -26), (-2, -13), (3, -2)],
              [(4, -26), (3, -13), (-3, -2)]),
    "sit": ([(-4, -26), (-14, -30), (-16, -20)],
            [(4, -26), (12, -29), (15, -20)]),
}  # fmt: skip
_LENS, _DARK = (248, 248, 240), (30, 30, 40)


def person(pen: Pen, look: Look) -> None:
    """Draw a person who stands, walks or sits at the origin."""
    if look.legs == "sit":
        pen.shadow(0, -1, 21, 4)
        pen = pen.at(0, 21)
    else:
        pen.shadow(7, -1, 17, 3.6)
    if look.cut == "long":
        pen.oval(0, -53, 8.8, 10.5, look.hair)
    _legs(pen, look)
    _torso(pen, look)
    arm(pen, look, look.right, 1)
    arm(pen, look, look.left, -1)
    head(pen, look)


def _legs(pen: Pen, look: Look) -> None:
    for points in _LEGS[look.legs]:
        x, y = points[2]
        pen.limb(points, 4.6, look.skin)
        if look.bottom == "trousers":
            pen.limb(points, 5.6, look.bottom_color)
        elif look.bottom == "shorts":
            pen.limb(points[:2], 6.4, look.bottom_color)
        if look.bottom == "trousers" or look.held != "none":
            toe = x + (1.5 if x > 0 else -1.5)
            pen.oval(toe, y + 0.6, 3.8, 2, shaded(look.hair, 0.8))
    if look.bottom == "skirt":
        pen.cloth(taper(6, -30, 11, -13), "band", (look.bottom_color, WHITE))
    elif look.bottom == "swim":
        pen.shape(taper(7.4, -29, 6.5, -22), look.bottom_color)


def _torso(pen: Pen, look: Look) -> None:
    skin, colors = look.skin, look.top_colors
    pen.limb([(0, -50), (0, -47)], 4.5, shaded(skin, 0.9))
    trunk = taper(9.5, -49, 7.6, -24)
    if look.top == "bare":
        pen.cloth(trunk, "plain", (skin, skin))
        pen.line([(-4, -41), (-1.5, -40.5)], shaded(skin, 0.7), 0.8)
        pen.line([(1.5, -40.5), (4, -41)], shaded(skin, 0.7), 0.8)
        pen.oval(0, -31, 0.6, 0.8, shaded(skin, 0.6), None)
        pen.shape(taper(7.8, -28, 7.4, -23), look.bottom_color)
    elif look.top == "bikini":
        pen.cloth(trunk, "plain", (skin, skin))
        pen.cloth(taper(8.6, -43, 8.2, -38), "plain", colors)
        pen.shape(taper(8, -29, 4, -22), colors[0])
    elif look.top == "dress":
        pen.cloth(taper(8.5, -49, 13, -12), "dots", colors)
        pen.line([(-8, -33), (8, -33)], colors[1], 2)
    else:
        pen.cloth(trunk, look.top, colors)


def arm(pen: Pen, look: Look, pose: str, side: int) -> None:
    """Draw the right arm, and what it holds, or the left: its side is -1."""
    shoulder, elbow, hand = points = [(side * x, y) for x, y in _ARMS[pose]]
    pen.limb(points, 3.6, look.skin)
    colors = look.top_colors if look.top == "across" else look.top_colors[:1]
    if look.sleeves == "long":
        cuff = between(elbow, hand, 0.75)
        pen.limb([shoulder, elbow, cuff], 4.4, *colors)
    elif look.sleeves == "short" and look.top not in ("bare", "bikini"):
        pen.limb(pieces(points, 5)[0], 4.6, colors[0])
    if side == 1 and look.held in HELD:
        HELD[look.held](pen.at(*hand), look)
    pen.oval(*hand, side * 2.3, 2.3, look.skin)  # mirrored, too


def head(pen: Pen, look: Look) -> None:
    """Draw a head with its hair and hat."""
    hair, turn = look.hair, 4 * look.gaze
    for side in (-7, 7):
        pen.oval(side, -56, 1.6, 2, look.skin)
    if look.cut == "curly":
        angles = [math.pi * (0.95 + 1.1 * k / 7) for k in range(8)]
        for curl in arc(0, -58, 7, 7, angles):
            pen.oval(*curl, 3.6, 3.6, hair)
    elif look.cut == "bun":
        pen.oval(0, -67, 3.6, 3.2, hair)
    pen.oval(0, -56.5, 7, 7.8, look.skin)
    if look.cut == "back":
        pen.oval(0, -57, 7.2, 7.8, hair)
    else:
        _face(pen.at(look.gaze, 0), look)
        if look.cut != "bald":
            pen.oval(0, -58, 7.4, 7.4, hair, span=(190 + turn, 350 + turn))
    if look.hat in HATS:
        HATS[look.hat](pen, look)


def _face(pen: Pen, look: Look) -> None:
    dark = shaded(look.skin, 0.55)
    if look.glasses == "round":
        for x in (-3, 3):
            pen.oval(x, -56.5, 2.7, 2.7, _LENS, INK, 1)
    for x in (-2.8, 2.8):
        pen.oval(x, -56.5, 0.8, 1, INK, None)
    if look.glasses == "dark":
        pen.line([(-6.5, -57.5), (6.5, -57.5)], _DARK, 1)
        for x in (-3, 3):
            pen.oval(x, -56.5, 2.6, 2.1, _DARK, None)
    pen.line([(0, -55.5), (0.6, -53.8)], dark, 0.8)
    mouth = [(-2.4, -52.4), (-1, -51.5), (1, -51.5), (2.4, -52.4)]
    pen.line(mouth, dark, 0.9)


def _bobble_hat(pen: Pen, look: Look) -> None:
    pen.cloth(taper(4.6, -69, 7.8, -60.5), "across", look.hat_colors, 3)
    pen.oval(0, -70.5, 2.4, 2.2, look.hat_colors[1])


def _cap(pen: Pen, look: Look) -> None:
    pen.oval(0, -60, 7.6, 7, look.hat_colors[0], span=(180, 360))
    side = 1 if look.gaze >= 0 else -1
    peak = [(0, -61.5), (11 * side, -61), (12 * side, -59), (0, -59.5)]
    pen.shape(peak, shaded(look.hat_colors[0], 0.8))


def _sun_hat(pen: Pen, look: Look) -> None:
    pen.oval(0, -60.5, 13, 3.6, look.hat_colors[0])
    pen.oval(0, -61.5, 7, 7, look.hat_colors[0], span=(180, 360))
    pen.line([(-6.6, -62.3), (6.6, -62.3)], look.hat_colors[1], 1.8)


def _cone(pen: Pen, look: Look) -> None:
    pen.cloth(taper(0.5, -76, 6, -61), "across", look.hat_colors, 5)
    pen.oval(0, -76, 1.8, 1.8, look.hat_colors[1])


def _scarf(pen: Pen, look: Look) -> None:
    pen.oval(0, -58.5, 7.7, 7.5, look.hat_colors[0], span=(185, 355))
    pen.shape([(6, -60), (12, -62), (11, -57)], look.hat_colors[0])
    for x, y in ((-3, -62), (1, -64), (4, -61)):
        pen.oval(x, y, 0.8, 0.8, look.hat_colors[1], None)


def _boater(pen: Pen, look: Look) -> None:
    colors = (236, 208, 136), look.hat_colors[1]
    pen.oval(0, -61, 11, 2.6, colors[0])
    pen.cloth(taper(6, -68, 6.4, -61.5), "band", colors)


def ice(pen: Pen, look: Look) -> None:
    """Draw a cone of ice cream."""
    pen.shape([(-2, -2), (2, -2), (0, 4)], (214, 156, 84))
    pen.oval(0, -4, 2.8, 2.8, look.top_colors[1])


def _balloon(pen: Pen, look: Look) -> None:
    pen.line([(0, 0), (2, -12), (1, -26)], INK, 0.6)
    pen.oval(1, -34, 7, 8.4, look.hat_colors[1])
    pen.oval(-1.5, -37, 1.5, 2.4, WHITE, None)


def ball(pen: Pen, a: tuple, b: tuple) -> None:
    """Draw a beach ball around the origin."""
    pen.oval(0, 0, 6.5, 6.5, WHITE)
    for start, color in ((20, a), (140, b), (260, a)):
        rim = [math.radians(start + 10 * k) for k in range(7)]
        pen.shape([(0, 0), *arc(0, 0, 6, 6, rim)], color, None)


def _ball_below(pen: Pen, look: Look) -> None:
    ball(pen.at(2, 6), *look.hat_colors)


def _bag(pen: Pen, look: Look) -> None:
    pen.line([(-3, 6), (-1, -1), (1, -1), (3, 6)], INK, 0.8)
    pen.cloth(taper(5, 5, 6, 15), "band", look.hat_colors)


def _board(pen: Pen, look: Look) -> None:
    pen.oval(4, -8, 5.4, 34, look.hat_colors[0])
    pen.line([(4, -38), (4, 22)], look.hat_colors[1], 1.6)


def _ring(pen: Pen, look: Look) -> None:
    pen.oval(2, 4, 8, 8, RED)
    corners = [math.pi * (k / 2 + 0.25) for k in range(4)]
    for x, y in arc(2, 4, 5.8, 5.8, corners):
        pen.oval(x, y, 2, 2, WHITE, None)
    pen.oval(2, 4, 3.6, 3.6, look.bottom_color)


HATS = {
    "bobble": _bobble_hat, "cap": _cap, "sun": _sun_hat, "cone": _cone,
    "scarf": _scarf, "boater": _boater,
}  # fmt: skip
HELD = {
    "ice": ice, "balloon": _balloon, "ball": _ball_below, "bag": _bag,
    "board": _board, "ring": _ring,
}  # fmt: skip
