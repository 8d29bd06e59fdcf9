"""Find a template in a picture by cross-correlation: three scores, peaks.

``T`` is the template, ``I`` the window of the picture under it, both as
vectors of n pixels; ``T'`` and ``I'`` are the same without their means (in
colour: each channel without its own), and sums run over the channels too.

========== ============================== ==================================
method     score of a window              what it rewards
========== ============================== ==================================
raw        ``I . T``                      likeness, and any bright window
zero-mean  ``I' . T'``                    likeness, and any strong contrast
ncc        ``I' . T' / (|I'| |T'|)``      likeness alone: a cosine, at most 1
========== ============================== ==================================

Three things make it fast, after J. P. Lewis, "Fast normalized
cross-correlation", 1995:

- ``I' . T'`` is ``I . T'``, since ``T'`` sums to 0: for all windows at once
  a cross-correlation, which is a product of Fourier transforms.
- ``|I'|^2`` is ``sum(I^2) - sum(I)^2 / n``, and the sums of all windows
  are made together, by doubling.
- The picture is cut into tiles that stay in the processor's cache.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import fft, ndimage

from helpers.checks import (
    as_array,
    as_int,
    as_numbers,
    as_pair,
    as_real,
    check_memory,
)

METHODS = ("raw", "zero-mean", "ncc")
# For the pixels of these types, scores in float32 are good enough.
PLAIN = {np.uint8, np.float16, np.float32}

# Tiles smaller than this, in pixels, spend their time in Python; larger than
# a few templates, they fall out of the cache.
SMALLEST_TILE = 512
TEMPLATES_PER_TILE = 4


class Match(NamedTuple):
    """A place where a template was found.

    Attributes
    ----------
    row, column : int
        The window's upper left pixel.
    score : float
    box : tuple of int
        ``(top, left, bottom, right)`` in pixels, the last two exclusive:
        the window is ``image[top:bottom, left:right]``.
    """

    row: int
    column: int
    score: float
    box: tuple[int, int, int, int]


def match_template(
    image: ArrayLike,
    template: ArrayLike,
    method: str = "ncc",
    workers: int = 2,
) -> NDArray:
    """Score every window of a picture by its likeness to a template.

    Parameters
    ----------
    image : array_like, shape (H, W) or (H, W, 3)
    template : array_like, shape (h, w) or (h, w, 3)
        Grey or colour as the picture is, and not larger; flat, all pixels
        alike, only for ``"raw"``.
    method : {"ncc", "zero-mean", "raw"}
        See the top of this module.
    workers : int
        So many threads share the work; the scores do not depend on it.

    Returns
    -------
    ndarray, shape (H - h + 1, W - w + 1)
        Entry ``[y, x]`` is the score of the window whose upper left pixel
        is there.  float32 if both pictures are uint8, float32 or less,
        else float64.  With ``"ncc"`` between -1 and 1; a window without
        contrast, or with less than a millionth of its distance to the mean
        around it, scores 0.

    Examples
    --------
    The brightest window wins the raw score, the right one the normalised.

    >>> image, template = [[0, 1, 0, 9, 9, 9]], [[0, 1, 0]]
    >>> match_template(image, template, "raw").round(3) + 0
    array([[1., 0., 9., 9.]])
    >>> match_template(image, template).round(3) + 0
    array([[ 1.   , -0.585,  0.5  ,  0.   ]])
    """
    image, template = _as_pictures(image, template, method)
    workers = as_int(workers, "workers")
    plain = all(a.dtype.type in PLAIN for a in (image, template))
    dtype = np.float32 if plain else np.float64
    # From here on a picture is (channels, H, W).
    image, template = (
        np.atleast_3d(picture).transpose(2, 0, 1)
        for picture in (image, template)
    )
    height, width = template.shape[1:]
    places = _places(image, (height, width))
    steps, lengths = zip(*map(_tiling, places, (height, width)))
    corners = [*itertools.product(*map(range, (0, 0), places, steps))]
    taken = (min(workers, len(corners)), *lengths, 32 + 24 * len(image))
    smaller = "take a smaller picture or template, or workers=1"
    check_memory(taken, np.uint8, "the comparison", smaller)
    scores = np.empty(places, dtype)
    probe = _Probe(template, method, lengths)

    def fill(corner: tuple[int, int]) -> None:
        (row, column), (down, across) = corner, steps
        rows = slice(row, row + down + height - 1)
        columns = slice(column, column + across + width - 1)
        part = scores[row : row + down, column : column + across]
        part[:] = probe.scores(image[:, rows, columns], dtype)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(fill, corners))
    return scores


def find_template(
    image: ArrayLike,
    template: ArrayLike,
    method: str = "ncc",
    count: int = 1,
    overlap: float = 0.3,
    min_score: float = -math.inf,
    workers: int = 2,
) -> list[Match]:
    """Find a template in a picture, the best place first.

    Parameters
    ----------
    image, template, method, workers
        As for `match_template`.
    count, overlap, min_score
        As for `find_peaks`.

    Returns
    -------
    list of Match
        At most `count`; empty if no score reaches `min_score`.

    Examples
    --------
    >>> image = [[5, 5, 5, 9, 5, 5, 6, 5]]
    >>> first, second = find_template(image, [[0, 1, 0]], count=2)
    >>> first.box, round(first.score, 3), second.column
    ((0, 2, 1, 5), 1.0, 5)
    """
    scores = match_template(image, template, method, workers)
    size = np.shape(template)[:2]
    return find_peaks(scores, size, count, overlap, min_score)


def find_peaks(
    scores: ArrayLike,
    size: tuple[int, int],
    count: int = 1,
    overlap: float = 0.3,
    min_score: float = -math.inf,
) -> list[Match]:
    """Return the highest peaks of a map of scores, the best first.

    A peak is not below its eight neighbours.  Each one taken suppresses all
    windows that overlap it too much (non-maximum suppression).

    Parameters
    ----------
    scores : array_like, shape (H - h + 1, W - w + 1)
        From `match_template`.
    size : int or pair
        Height and width of the template, in pixels.
    count : int
        How many to return, if there are so many.
    overlap : float
        The part of its area, 0 to 1 (excluded), that a box may share with
        a better one.
    min_score : float
        Lower peaks are left out.

    Examples
    --------
    >>> find_peaks([[0.25, 1, 0.75, 0.5, 0.625]], (1, 2), count=2)[1].column
    4
    """
    scores = as_array(scores, "scores", "(rows, columns)")
    _check_finite(scores, "scores")
    height, width = as_pair(size, "size")
    count = as_int(count, "count")
    if as_real(overlap, "overlap", 0) >= 1:
        raise ValueError(
            f"overlap must be at least 0 and below 1, not {overlap!r}"
        )
    min_score = as_real(min_score, "min_score")
    left = scores.astype(np.result_type(scores, np.float32))
    if count > 1:
        neighbours = ndimage.maximum_filter(left, 3, mode="nearest")
        left[left < neighbours] = -math.inf
    matches = []
    while len(matches) < count:
        row, column = map(int, np.unravel_index(left.argmax(), left.shape))
        score = float(left[row, column])
        if score < min_score or math.isinf(score):
            break
        box = (row, column, row + height, column + width)
        matches.append(Match(row, column, score, box))
        _suppress(left, matches[-1], overlap)
    return matches


def _suppress(scores: NDArray, match: Match, overlap: float) -> None:
    """Take out the windows that share too much with a match."""
    top, left, bottom, right = match.box
    height, width = bottom - top, right - left
    first = max(0, top - height + 1), max(0, left - width + 1)
    near = scores[first[0] : bottom, first[1] : right]
    y = height - abs(first[0] + np.arange(near.shape[0]) - top)
    x = width - abs(first[1] + np.arange(near.shape[1]) - left)
    near[np.multiply.outer(y, x) > overlap * height * width] = -math.inf


# --- Checks ------------------------------------------------------------------


def _as_pictures(
    image: ArrayLike, template: ArrayLike, method: str
) -> tuple[NDArray, NDArray]:
    """Check what is to be compared and return it as two arrays."""
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(
            f'method must be "raw", "zero-mean" or "ncc", not {method!r}'
        )
    image = _as_picture(image, "image")
    template = _as_picture(template, "template")
    if image.ndim != template.ndim:
        raise ValueError(
            "image and template must both be grey (H, W) or both colour "
            f"(H, W, 3), not {image.shape} and {template.shape}"
        )
    if any(np.greater(template.shape, image.shape)):
        raise ValueError(
            f"template of {template.shape[0]} x {template.shape[1]} px must "
            f"fit into image of {image.shape[0]} x {image.shape[1]} px"
        )
    if method != "raw" and np.all(template == template[0, 0]):
        raise ValueError(
            f"template is flat, every pixel is {template[0, 0].tolist()}: "
            f'method "{method}" needs contrast, take a template with some, '
            'or "raw"'
        )
    return image, template


def _as_picture(picture: ArrayLike, name: str) -> NDArray:
    array = as_numbers(picture, name)
    array = as_array(array, name, "(H, W, 3)" if array.ndim == 3 else "(H, W)")
    if array.ndim == 3 and array.shape[2] != 3:
        alpha = f": leave out the alpha channel, {name}[..., :3]"
        raise ValueError(
            f"{name} must have axes (H, W) or (H, W, 3), not shape "
            f"{array.shape}{alpha if array.shape[2] == 4 else ''}"
        )
    _check_finite(array, name)
    return array.astype(np.uint8) if array.dtype == bool else array


def _check_finite(array: NDArray, name: str) -> None:
    """Refuse an array that is empty, or holds NaN or infinity."""
    if array.size == 0:
        raise ValueError(f"{name} is empty, shape {array.shape}")
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(
                f"{name} must hold finite numbers, its values run from {low} "
                f"to {high}"
            )


# --- The scores of a tile ----------------------------------------------------

# A window whose variance is a smaller part of its mean square than this is
# flat as far as float64 can tell.
FLAT = 1e-12
# Where the contrast of a window is a smaller part of its tile's than this,
# a float32 FFT is too coarse for its score.
FAINT = 0.01


class _Probe:
    """A template, made ready to be compared with tile after tile.

    `lengths` are those of the Fourier transforms: no tile is larger.
    """

    def __init__(
        self, template: NDArray, method: str, lengths: tuple[int, int]
    ) -> None:
        self.method, self.lengths = method, lengths
        self.size = template.shape[1:]
        self.pixels = math.prod(self.size)
        unit = _unit(template)
        planes = template.astype(np.float64) / unit
        self.mean = planes.mean(axis=(1, 2))
        planes -= self.mean[:, None, None]
        norm = float(np.linalg.norm(planes)) or 1.0
        self.mean /= norm
        self.length = norm * unit
        spectra = fft.rfft2(planes / norm, lengths).conj()
        self.spectra = {
            np.float32: spectra.astype(np.complex64),
            np.float64: spectra,
        }

    def scores(self, tile: NDArray, dtype: DTypeLike) -> NDArray:
        """Return the score of each window of a tile of the picture."""
        values, shift, unit = self._values(tile)
        if self.method == "ncc":
            spread = self._spread(values)
            if dtype == np.float32 and values.dtype == np.float64:
                power = np.square(values).mean() * len(values)
                if spread.min() < (FAINT * self.pixels) ** 2 * power:
                    dtype = np.float64
            scores = self._products(values, dtype)
            scores *= math.sqrt(self.pixels)
            scores /= np.sqrt(spread, dtype=dtype, casting="same_kind")
            return np.clip(scores, -1, 1, out=scores)
        scores = self._products(values, dtype)
        if self.method == "raw":  # what the template's mean adds
            for mean, plane, level in zip(self.mean, values, shift):
                sums = _window_sums(plane, self.size)
                scores = scores + mean * (sums + self.pixels * level)
        return scores * unit * self.length

    def _values(self, tile: NDArray) -> tuple[NDArray, NDArray, float]:
        """Return a tile for exact sums: ``(values + shift) * unit``.

        Whole numbers that hold the sum of so many squares; or float64,
        without its mean, and scaled by a power of two, which is exact, so
        that no square overflows.
        """
        if tile.dtype == np.uint8:
            exact = np.uint32 if self.pixels * 255**2 < 2**32 else np.uint64
            return tile.astype(exact, order="C"), np.zeros(len(tile)), 1.0
        unit = _unit(tile)
        values = tile.astype(np.float64, order="C")
        values *= 1 / unit
        shift = values.mean(axis=(1, 2))
        values -= shift[:, None, None]
        return values, shift, unit

    def _products(self, values: NDArray, dtype: DTypeLike) -> NDArray:
        """Return the inner products of the windows with ``T' / |T'|``.

        The template has no mean, so any constant may be taken off the
        tile: the smaller its values, the smaller the rounding.  What the
        transform wraps around touches only windows that hang over the end.
        """

        def product(plane: NDArray, spectrum: NDArray) -> NDArray:
            plane = plane.astype(dtype)
            plane -= plane.mean()
            transform = fft.rfft2(plane, self.lengths)
            transform *= spectrum
            return transform

        every = map(product, values, self.spectra[dtype])
        total = functools.reduce(operator.iadd, every)
        products = fft.irfft2(total, self.lengths, overwrite_x=True)
        height, width = _places(values, self.size)
        return products[:height, :width]

    def _spread(self, values: NDArray) -> NDArray:
        """Return n^2 times the variance of each window, inf where flat.

        ``n sum(I^2) - (sum I)^2``, summed over the channels.
        """

        def spread(plane: NDArray) -> NDArray:
            energy = _window_sums(plane * plane, self.size).astype(np.float64)
            energy *= self.pixels
            sums = _window_sums(plane, self.size).astype(np.float64)
            sums *= sums
            spread = np.subtract(energy, sums, out=sums)
            if values.dtype == np.float64:
                energy *= FLAT
                spread[spread <= energy] = 0
            return spread

        total = functools.reduce(operator.iadd, map(spread, values))
        total[total <= 0] = np.inf
        return total


def _window_sums(x: NDArray, size: tuple[int, int]) -> NDArray:
    """Return the sum of each window."""
    return _running_sums(_running_sums(x.T, size[0]).T, size[1])


def _running_sums(x: NDArray, length: int) -> NDArray:
    """Return the sums of `length` neighbours along the last axis.

    By doubling: sums of 1, 2, 4, ... neighbours, put together as the binary
    digits of `length` say.  Unlike differences of a cumulative sum they
    carry no rounding from afar.
    """
    count, start, width = x.shape[1] - length + 1, 0, 1
    total = None
    while True:
        if length & width:
            part = x[:, start : start + count]
            if total is None:
                total = part.copy("K")
            else:
                total += part
            start += width
        if 2 * width > length:
            return total
        x = x[:, :-width] + x[:, width:]
        width *= 2


def _unit(picture: NDArray) -> float:
    """Return a power of two near the largest value."""
    largest = max(abs(float(picture.min())), abs(float(picture.max())))
    return math.ldexp(1.0, max(math.frexp(largest)[1], -1000))


def _places(picture: NDArray, size: tuple[int, int]) -> tuple[int, int]:
    """Return how many windows there are down and across."""
    return picture.shape[1] - size[0] + 1, picture.shape[2] - size[1] + 1


def _tiling(places: int, length: int) -> tuple[int, int]:
    """Return, along one axis, the windows in a tile and the FFT's length."""
    tile = max(SMALLEST_TILE, TEMPLATES_PER_TILE * length)
    tiles = math.ceil(places / (tile - length + 1))
    step = math.ceil(places / tiles)
    return step, fft.next_fast_len(step + length - 1, real=True)
