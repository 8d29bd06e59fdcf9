"""What arguments must be.  Each check returns its value or says what fits."""

from __future__ import annotations

import math
import numbers
import operator
import os
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

# In bytes: a single array that would be larger is refused.
MEMORY_LIMIT = 4 * 2**30
FEWER = "take fewer or smaller images, or less padding"


def as_int(value: object, name: str, minimum: int = 1) -> int:
    """Return a whole number (a bool is none) of at least `minimum`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {number}")
    return number


def as_real(
    value: object, name: str, low: float = -math.inf, high: float = math.inf
) -> float:
    """Return a real number (a bool is none) from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {value!r}")
    return float(value)


def as_flag(value: object, name: str) -> bool:
    """Return True or False; "False", for one, would count as true."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def as_pair(value: object, name: str, minimum: int = 1) -> tuple[int, int]:
    """Return a pair (height, width) of ints; an int means both."""
    if not is_pair(value):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"{name} must be an int or a pair (height, width), not {value!r}"
        )
    height, width = value
    return as_int(height, name, minimum), as_int(width, name, minimum)


def is_pair(value: object) -> bool:
    """Say whether a value is meant as one entry for each axis."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def as_numbers(x: ArrayLike, name: str) -> NDArray:
    """Return an array of real numbers, of any shape."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, and its mask would be ignored: fill "
            f"the gaps first, {name}.filled(0)"
        )
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{name} must be a regular array, its rows differ in length"
        ) from error
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"{name} must hold real numbers, not {array.dtype} values"
        )
    return array


def as_array(x: ArrayLike, name: str, axes: str) -> NDArray:
    """Return an array of real numbers with axes such as "(N, C, H, W)"."""
    array = as_numbers(x, name)
    if array.ndim != axes.count(",") + 1:
        single = axes == "(N, C, H, W)" and array.ndim == 3
        batch = (
            f": of one image add the batch axis, {name}[None], of many grey "
            f"ones the channels, {name}[:, None]"
        ) * single
        raise ValueError(
            f"{name} must have axes {axes}, not shape {array.shape}{batch}"
        )
    return array


def sum_dtype(dtype: np.dtype) -> np.dtype:
    """Return in what to add up: float16 has no room for many terms."""
    return np.result_type(dtype, np.float32) if dtype.kind == "f" else dtype


def check_memory(
    shape: Sequence[int], dtype: DTypeLike, what: str, remedy: str = FEWER
) -> None:
    """Refuse an array that would be too large, before it is allocated."""
    needed = math.prod(map(int, shape)) * np.dtype(dtype).itemsize
    if needed > MEMORY_LIMIT:
        raise MemoryError(
            f"{what} would take {needed / 2**30:,.1f} GiB, "
            f"the limit is {MEMORY_LIMIT / 2**30:g} GiB: {remedy}"
        )


def check_rng(rng: object) -> None:
    """Refuse what draws no random numbers, a seed for instance."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a random generator, np.random.default_rng(seed), "
            f"not {rng!r}"
        )


def check_dtype(dtype: DTypeLike) -> np.dtype:
    """Return a dtype that parameters can have."""
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        kind = None
    if kind != "f":
        raise TypeError(
            "dtype must be a float type, np.float32 or np.float64, "
            f"not {dtype!r}"
        )
    return np.dtype(dtype)


def check_groups(in_channels: int, out_channels: int, groups: int) -> int:
    """Return `groups` if it divides both numbers of channels."""
    in_channels = as_int(in_channels, "in_channels")
    out_channels = as_int(out_channels, "out_channels")
    groups = as_int(groups, "groups")
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups must divide the {in_channels} input and {out_channels} "
            f"output channels, {groups} does not"
        )
    return groups


def check_channels(x: NDArray, weight: NDArray, groups: int = 1) -> None:
    """Refuse a batch without the channels that the kernels read."""
    check_groups(x.shape[1], weight.shape[0], groups)
    if weight.shape[1] * groups != x.shape[1]:
        last = ": channels come second, not last" * (
            x.shape[3] == weight.shape[1] * groups
        )
        raise ValueError(
            f"weight takes {weight.shape[1] * groups} input channels, "
            f"x has {x.shape[1]} (shape {x.shape}){last}"
        )


def as_path(path: object, name: str = "path") -> Path:
    """Return the name of a file or folder, ~ being the home folder."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"{name} must be the name of a file or folder, not {path!r}"
        )
    try:
        return Path(path).expanduser()
    except RuntimeError as error:  # of a user who is not here
        raise ValueError(f"{name} {path} has no home folder") from error


def as_list(
    values: object, name: str, example: str, length: int | None = None
) -> list:
    """Return the entries, at least one; each of a length, if that is given."""
    entries = list(values) if isinstance(values, Iterable) else []
    fits = length is None or all(
        is_pair(entry) and len(entry) == length for entry in entries
    )
    if not entries or not fits or isinstance(values, str | Mapping):
        raise ValueError(
            f"{name} must be a list with at least one entry, as {example}, "
            f"not {reprlib.repr(values)}"
        )
    return entries


def as_items(values: object, name: str, axes: str = "") -> list[tuple]:
    """Return the entries of a dict, at least one; arrays, if of some axes."""
    if not isinstance(values, Mapping) or not values:
        raise ValueError(
            f"{name} must be a dict with at least one named entry, "
            f"not {reprlib.repr(values)}"
        )
    if not axes:
        return list(values.items())
    return [
        (key, as_array(value, f"{name}[{key!r}]", axes))
        for key, value in values.items()
    ]


def check_titles(titles: Sequence[str], count: int, name: str) -> None:
    """Refuse fewer titles than there are things to write them above."""
    if len(as_list(titles, name, "['one', 'two']")) < count:
        raise ValueError(
            f"{name} must be a list of {count}, one for each, "
            f"not {reprlib.repr(titles)}"
        )
