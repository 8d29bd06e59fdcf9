"""How people look: Waldo, those who are taken for him, and passers-by."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lecture.beach.colors import CLOTHES, HAIRS, PAPER, RED, SKINS, WHITE
from lecture.beach.pen import Color, Colors

Rng = np.random.Generator


class Look(NamedTuple):
    """How a person looks; `right` and `left` say what the arms do."""

    skin: Color = SKINS[0]
    hair: Color = HAIRS[1]
    cut: str = "short"
    hat: str = "none"
    hat_colors: Colors = (WHITE, RED)
    top: str = "plain"
    top_colors: Colors = (RED, WHITE)
    sleeves: str = "short"
    bottom: str = "shorts"
    bottom_color: Color = (70, 96, 150)
    glasses: str = "none"
    left: str = "down"
    right: str = "down"
    legs: str = "stand"
    gaze: float = 0
    held: str = "none"


# Washed out by sun and sea: strong black and white outshines him.
_FADED, _CREAM = (196, 84, 78), (232, 216, 196)
_BLUE, _GREEN = (40, 84, 190), (30, 130, 70)
_DARK, _BRIGHT = (0, 0, 0), (255, 255, 255)
WALDO = Look(
    hat="bobble", hat_colors=(_CREAM, _FADED), glasses="round", top="across",
    top_colors=(_FADED, _CREAM), sleeves="long", right="hip",
    bottom="trousers",
)  # fmt: skip
_BLACK = WALDO._replace(
    hair=_DARK, top_colors=(_DARK, _BRIGHT), hat_colors=(_BRIGHT, _DARK),
    bottom_color=_DARK,
)  # fmt: skip
LOOKS = {
    "Waldo": WALDO,
    "black stripes 1": _BLACK,
    "black stripes 2": _BLACK._replace(glasses="dark", cut="long"),
    "blue stripes": WALDO._replace(
        top_colors=(WHITE, _BLUE), hat_colors=(_BLUE, WHITE),
        hair=HAIRS[3], left="hip", right="down",
    ),
    "green stripes": WALDO._replace(
        top_colors=(_GREEN, WHITE), hat="cap", hat_colors=(_GREEN, _GREEN),
        glasses="none", skin=SKINS[3], hair=HAIRS[0],
    ),
    "offbeat stripes": WALDO._replace(
        top_colors=(WHITE, RED), hat="none", cut="curly", hair=HAIRS[5],
        left="front", right="down",
    ),
    "upright stripes": WALDO._replace(
        top="upright", glasses="none", hat_colors=(RED, WHITE), cut="long",
    ),
    "slanted stripes": WALDO._replace(
        top="slanted", hat="sun", hat_colors=(PAPER, RED), hair=HAIRS[4],
        cut="long", left="wave", right="down",
    ),
    "hat only": WALDO._replace(
        top="plain", top_colors=(CLOTHES[6], WHITE), glasses="none",
        skin=SKINS[4], hair=HAIRS[7], right="wave",
    ),
    "shirt only": WALDO._replace(
        hat="none", glasses="none", hair=HAIRS[4], cut="bun",
        bottom="skirt", bottom_color=CLOTHES[7], left="hip", right="out",
    ),
    "glasses only": WALDO._replace(
        hat="none", top="dots", top_colors=(CLOTHES[4], CLOTHES[2]),
        cut="bald", sleeves="short", right="down",
    ),
}  # fmt: skip

# What passers-by wear and do: what stands here twice is twice as frequent.
_TOPS = ("plain",) * 6 + (
    "across", "across", "upright", "dots", "dots", "band", "bare", "bare",
    "bikini", "dress", "dress", "slanted",
)  # fmt: skip
_ARMS = ("down", "hip", "wave", "out", "front")
_OFTEN = {
    "skin": SKINS,
    "hair": HAIRS,
    "cut": ("short", "short", "long", "long", "curly", "bun", "bald", "back"),
    "hat": ("none",) * 9
    + ("cap", "cap", "sun", "sun", "cone", "scarf", "boater", "bobble"),
    "sleeves": ("short", "short", "long", "none"),
    "bottom": ("trousers", "shorts", "shorts", "skirt", "swim"),
    "bottom_color": CLOTHES,
    "glasses": ("none", "none", "none", "dark"),
    "left": _ARMS,
    "right": _ARMS,
    "legs": ("stand", "walk", "walk", "cross"),
    "gaze": (-2, -1, 0, 1, 2),
    "held": ("none",) * 11
    + ("ice", "balloon", "ball", "bag", "board", "ring"),
}


def pick(rng: Rng, choices: Sequence) -> Any:
    """Return one of the choices."""
    return choices[rng.integers(len(choices))]


def two(rng: Rng) -> Colors:
    """Return two colours of cloth that differ."""
    i, j = rng.integers(len(CLOTHES)), rng.integers(1, len(CLOTHES))
    return CLOTHES[i], CLOTHES[(i + j) % len(CLOTHES)]


def passer_by(rng: Rng) -> Look:
    """Return somebody who never has stripes of red and white."""
    top, colors, hats = pick(rng, _TOPS), two(rng), two(rng)
    striped = top in ("across", "upright", "slanted")
    if striped and {CLOTHES[0], CLOTHES[15]} & {*colors}:
        colors = (CLOTHES[6], CLOTHES[2])
    often = {name: pick(rng, choices) for name, choices in _OFTEN.items()}
    return Look(top=top, top_colors=colors, hat_colors=hats, **often)
