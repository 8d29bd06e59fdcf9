"""What a reader's function returned, beside what is right."""

from __future__ import annotations

import itertools
import numbers
import traceback

import numpy as np

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
# What rounding may change, by the bytes of a float. Those of eight may come
# from a computation with four.
TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-5}


class Unfit(Exception):
    """Says why a result cannot be compared."""


def difference(found: object, right: object) -> str:
    """Return how a result differs from the right one, or "".

    The right result decides what belongs there: a tuple is several values,
    which may come in a list; anything else is one array or number.
    """
    if found is None or right is None:
        said = f"It returns {_shown(found)} where {_shown(right)} is right."
        return "" if found is right else said
    try:
        values = _values(found, right)
    except Unfit as unfit:
        return str(unfit)
    rights = right if isinstance(right, tuple) else (right,)
    rights = [np.asarray(value) for value in rights]
    sizes = [v.dtype.itemsize for v in values if v.dtype.kind == "f"]
    tolerance = TOLERANCES[min([*sizes, 8])]
    for place, (value, expected) in enumerate(zip(values, rights)):
        said = _differs(value, expected, tolerance)
        if said:
            subject = _subject(place, len(rights))
            other = _another_order(values, rights, tolerance)
            return other or f"{subject} {said}"
    return ""


def kind(value: object) -> str:
    """Return what a value is, as in "It returns a list"."""
    if value is None:
        return "None"
    name = "array" if isinstance(value, np.ndarray) else type(value).__name__
    name = "class" if isinstance(value, type) else name
    return f"{'an' if name[:1] in 'aeiouAEIOU' else 'a'} {name}"


def named(name: str, value: object) -> str:
    """Return what an argument is, in one short line."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"{name} of shape {value.shape}"
    return f"{name} = {_shown(value)}"


def _shown(value: object) -> str:
    """Return a value, or what it is, in one short line."""
    if isinstance(value, np.generic):
        value = value.item()
    try:
        if isinstance(value, np.ndarray) and value.size <= 8:
            value = value.round(4).tolist()
        text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    except Exception:  # it is the reader's own class, say
        return kind(value)
    return text if len(text) <= 60 else kind(value)


def told(error: BaseException) -> str:
    """Return the kind of an error, and what it says."""
    return "".join(traceback.format_exception_only(error)).strip()


def _subject(place: int, count: int) -> str:
    """Return how a sentence about one of the values begins."""
    if count == 1:
        return "It returns"
    return f"The {ORDINALS[place]} of its {count} values is"


def _values(found: object, right: object) -> list[np.ndarray]:
    """Return what was returned as arrays of numbers, as many as belong."""
    several = isinstance(right, tuple)
    count = len(right) if several else 1
    parts = [found]
    if isinstance(found, list | tuple):
        if several or (np.ndim(right) == 0 and len(found) != 1):
            parts = found
    elif several:
        parts = np.atleast_1d(_numbers(found, "It returns"))
    if len(parts) != count:
        values = f"{len(parts)} value{'s' if len(parts) != 1 else ''}"
        belong = f"{count} belong{'s' if count == 1 else ''}"
        raise Unfit(f"It returns {values} where {belong}.")
    return [
        _numbers(part, _subject(place, count))
        for place, part in enumerate(parts)
    ]


def _numbers(value: object, subject: str) -> np.ndarray:
    """Return a value as an array of numbers; refuse anything else."""
    try:
        refusal, array = _read(value)
    except Exception as error:
        refusal = f"{kind(value)} that NumPy cannot read, {told(error)}"
        if isinstance(value, list | tuple) and isinstance(error, ValueError):
            refusal = f"{kind(value)} whose parts do not fit into one array."
    if refusal:
        raise Unfit(f"{subject} {refusal}")
    return array


def _read(value: object) -> tuple[str, np.ndarray]:
    """Return why a value is refused, or "", and the value as an array."""
    parts = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        return "a masked array: return a plain one, .filled(0), say.", value
    plain = list | tuple | np.ndarray | np.generic | numbers.Number
    if not isinstance(value, plain) and not hasattr(type(value), "__array__"):
        return f"{kind(value)} where numbers belong.", value
    array = np.asarray(value)
    if array.dtype.kind == "c":
        return "complex numbers: take the real part, .real.", array
    if array.dtype.kind in "buif":
        return "", array
    odd = [
        v for v in array.ravel().tolist() if not isinstance(v, numbers.Real)
    ]
    if array.dtype.kind == "O" and not odd:  # fractions, very large integers
        return "", array.astype(float)
    inside = f" in {kind(value)}" if array.ndim else ""
    return f"{kind((odd or [value])[0])}{inside} where numbers belong.", array


def _differs(found: np.ndarray, right: np.ndarray, tolerance: float) -> str:
    """Return how one value differs, to follow "It returns"; or ""."""
    if found.dtype.kind == "b" != right.dtype.kind:
        return "True or False where numbers belong."
    if found.shape != right.shape:
        shapes = [
            f"an array of shape {v.shape}" if v.ndim else "one number"
            for v in (found, right)
        ]
        return "{} where {} is right.".format(*shapes)
    wrong = _wrong(found, right, tolerance)
    if not wrong.any():
        return ""
    at = tuple(map(int, np.argwhere(wrong)[0]))
    here, there = _told_apart(found[at], right[at])
    where = f" at {at}" if at else ""
    whole = at and found.dtype.kind in "ui" and right.dtype.kind == "f"
    more = " Is your array one of integers?" if whole else ""
    return f"{here}{where} where {there} is right.{more}"


def _wrong(
    found: np.ndarray, right: np.ndarray, tolerance: float
) -> np.ndarray:
    """Say for each place whether it differs by more than rounding."""
    if found.dtype.kind in "bui" and right.dtype.kind in "bui":
        return found != right
    if right.dtype.kind in "bui":  # whole numbers are nearly exact
        tolerance = 16 * np.finfo(found.dtype).eps
    scale = np.abs(right[np.isfinite(right)]).max(initial=0)
    least = 1e-9 + tolerance * scale
    return ~np.isclose(found, right, tolerance, least, equal_nan=True)


def _told_apart(found: np.generic, right: np.generic) -> list[str]:
    """Return two numbers with as many digits as show the difference."""
    pair = [float(found), float(right)]
    if all(v.is_integer() and abs(v) < 2**53 for v in pair):
        return [str(int(v)) for v in pair]
    for digits in (6, 9, 12, 17):
        texts = [f"{v:.{digits}g}" for v in pair]
        if texts[0] != texts[1]:
            break
    return texts


def _another_order(
    values: list[np.ndarray], rights: list[np.ndarray], tolerance: float
) -> str:
    """Say so if the values are right, but for their order."""
    for order in itertools.permutations(range(len(rights))):
        pairs = zip(values, (rights[place] for place in order))
        if not any(_differs(*pair, tolerance) for pair in pairs):
            here, there = next((i, p) for i, p in enumerate(order) if i != p)
            return (
                "It returns the right values in another order: its "
                f"{ORDINALS[here]} belongs {ORDINALS[there]}."
            )
    return ""
