"""Pictures to learn from: digits that are bundled, downloaded or drawn."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.checks import (
    as_flag,
    as_int,
    as_numbers,
    as_path,
    as_real,
    check_memory,
)
from helpers.files import check_sum, fetch, packed, read, read_arrays, unpack

# Of pictures: those that are decoded here, by no other program.
FORMATS = ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "PPM"]
# While a picture is opened: itself, over paper, and as an array.
BYTES_PER_PIXEL = 32

FOLDER = Path(__file__).resolve().parents[1] / "data"

# Of the 60,000 training images of MNIST, with pixels from 0 to 1.
MEAN, DEVIATION = 0.13066, 0.30811


class Digits(NamedTuple):
    """Handwritten digits, to train and to test.

    Attributes
    ----------
    train_images, test_images : ndarray of uint8, shape (N, 1, 28, 28)
        0 is paper, 255 is ink.
    train_labels, test_labels : ndarray of int64, shape (N,)
        0 to 9.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def load_mnist(
    which: str = "subset",
    root: str | os.PathLike | None = None,
    download: bool = False,
) -> Digits:
    """Return handwritten digits of MNIST.

    LeCun, Cortes, Burges, "The MNIST database of handwritten digits";
    CC BY-SA 3.0.

    Parameters
    ----------
    which : {"subset", "full"}
        ``"subset"`` is bundled: 5,000 digits, 400 of each class to train
        and 100 to test, all from MNIST's training set.  ``"full"`` is all
        of it: 60,000 to train, 10,000 to test.
    root : path, optional
        The folder that holds, or will hold, ``MNIST/raw``; ``data/`` unless
        given.  For ``"full"``.  Its files may still be packed, ``.gz``.
    download : bool
        Fetch the full set (11 MB) through torchvision if it is not there.

    Returns
    -------
    Digits
        ``(train_images, train_labels, test_images, test_labels)``.

    Examples
    --------
    >>> digits = load_mnist("subset")
    >>> digits.train_images.shape, digits.test_images.shape
    ((4000, 1, 28, 28), (1000, 1, 28, 28))
    """
    root = FOLDER if root is None else as_path(root, "root")
    download = as_flag(download, "download")
    if isinstance(which, str) and which == "subset":
        return _load_subset(FOLDER / SUBSET)
    if isinstance(which, str) and which == "full":
        return _load_full(root, download)
    raise ValueError(f'which must be "subset" or "full", not {which!r}')


def load_picture(path: str | os.PathLike) -> NDArray[np.uint8]:
    """Return a picture from an image file in colour, as a viewer shows it.

    Upright as the camera was held; what is transparent lies over white
    paper; of an animation the first frame.  16 bits a pixel are brought to
    8; floats, and whole numbers beyond 16 bits, are scaled so that the
    darkest is black and the brightest white, unless all lie in 0..1 already.

    Parameters
    ----------
    path : path
        PNG, JPEG, GIF, WebP, AVIF, TIFF, ...: the formats in `FORMATS`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Examples
    --------
    >>> load_picture("no_such_picture.png")
    Traceback (most recent call last):
    FileNotFoundError: there is no picture no_such_picture.png
    """
    from PIL import Image

    path = as_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no picture {path}")
    content = io.BytesIO(read(path, "save it anew as PNG"))
    instead = "open it in an image program and save it as PNG"
    smaller = "save it smaller; 4,000 pixels are wide enough"
    try:
        # More than 90 megapixels are a warning, twice as many an error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(content, formats=FORMATS) as picture:
                shape = (*picture.size, BYTES_PER_PIXEL)
                check_memory(shape, np.uint8, f"the picture {path}", smaller)
                return _as_seen(picture)
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{path} is too large ({error}): {smaller}"
        ) from error
    except Image.UnidentifiedImageError:
        raise ValueError(
            f"{path} is {_format_of(content.getvalue())}, not one of "
            f"{', '.join(FORMATS)}: {instead}"
        ) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f"{path} is not a whole picture ({error}): {instead}"
        ) from error


def _as_seen(picture: Any) -> NDArray[np.uint8]:
    """Return a picture as a viewer shows it, shape (H, W, 3)."""
    from PIL import Image, ImageCms, ImageOps

    if picture.info.get("default_image"):  # for those who cannot animate
        picture.seek(1)
    picture.load()
    with contextlib.suppress(SyntaxError, ValueError, KeyError, OSError):
        picture = ImageOps.exif_transpose(picture)  # if its notes are whole
    if picture.mode[0] in "IF":
        values = np.asarray(picture)
        clear = values == picture.info.get("transparency")
        grey = np.where(clear, np.uint8(255), _eight_bits(values))
        return np.stack([grey] * 3, axis=2)
    if picture.mode == "LAB":
        profiles = map(ImageCms.createProfile, ("LAB", "sRGB"))
        picture = ImageCms.profileToProfile(
            picture, *profiles, outputMode="RGB"
        )
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    return np.array(picture.convert("RGB"))


def _eight_bits(values: NDArray) -> NDArray[np.uint8]:
    """Return grey pixels of 16 or 32 bits, or floats, as 0..255."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(f"its pixels run from {low} to {high}")
    usual = (1, 255) if values.dtype.kind == "f" else (255, 65535)
    usual = (65535,) if values.dtype.itemsize == 2 else usual
    fitting = [top for top in usual if low >= 0 and high <= top]
    if fitting:
        low, high = 0.0, float(fitting[0])
    part = (values - low) / max(high - low, np.finfo(float).tiny)
    return np.rint(255 * part).astype(np.uint8)


def _format_of(content: bytes) -> str:
    """Return the name of a format by its first bytes."""
    from PIL import Image

    Image.init()
    start = content[:64].ljust(64, b"\0")
    for name, (_, fits) in Image.OPEN.items():
        if fits and fits(start):
            return name
    return "something else"


def scale(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return pictures as the networks take them.

    Pixels are brought to 0..1, then the mean of MNIST's training images
    (0.13066) is subtracted and their standard deviation (0.30811) divided
    by: paper becomes -0.424, ink 2.822.

    Parameters
    ----------
    images : ndarray of uint8, any shape

    Returns
    -------
    ndarray of float32, same shape

    Examples
    --------
    >>> [f"{pixel:.3f}" for pixel in scale(np.array([0, 255], np.uint8))]
    ['-0.424', '2.822']
    """
    images = as_numbers(images, "images")
    if images.dtype != np.uint8:
        raise TypeError(
            f"images must be uint8 with values 0..255, not {images.dtype}: "
            "are they scaled already?"
        )
    table = (np.arange(256) / 255 - MEAN) / DEVIATION
    return table.astype(np.float32)[images]


# --- Drawn digits ------------------------------------------------------------


def draw_strokes(
    strokes: Sequence[ArrayLike], pen: float = 24, size: int = 280
) -> NDArray[np.uint8]:
    """Return a picture of strokes with a round pen, black and white.

    Parameters
    ----------
    strokes : sequence of array_like, shape (K, 2)
        Points (x, y) in pixels, from the upper left corner; straight lines
        join them.  One point makes a dot.
    pen : float
        Its diameter in pixels.
    size : int
        Height and width of the picture.

    Returns
    -------
    ndarray of uint8, shape (size, size)
        0 is paper, 255 is ink.

    Examples
    --------
    >>> draw_strokes([[(0.5, 1.5), (2.5, 1.5)]], pen=1, size=4)
    array([[  0,   0,   0,   0],
           [255, 255, 255,   0],
           [  0,   0,   0,   0],
           [  0,   0,   0,   0]], dtype=uint8)
    """
    if not 0 < as_real(pen, "pen") < np.inf:
        raise ValueError(f"pen must be positive, not {pen!r}")
    size = as_int(size, "size")
    check_memory((size, size, 12), float, "the picture", "draw a smaller one")
    if not isinstance(strokes, Iterable):
        raise TypeError(f"strokes must be a list, not {strokes!r}")
    middles = np.stack(np.mgrid[:size, :size][::-1], axis=-1) + 0.5
    ink = np.zeros((size, size), bool)
    for points in map(_points, strokes):
        ends = points[1:] if len(points) > 1 else points
        for start, end in zip(points, ends):
            along = end - start
            share = (middles - start) @ along / max(along @ along, 1e-12)
            nearest = start + np.clip(share, 0, 1)[..., None] * along
            away = np.linalg.norm(middles - nearest, axis=-1)
            ink |= away <= pen / 2
    return np.uint8(255) * ink


def _points(stroke: ArrayLike) -> NDArray[np.float64]:
    """Return the points of a stroke as an array."""
    points = as_numbers(stroke, "each of strokes").astype(float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(
            "strokes: a stroke must have shape (K, 2), points (x, y), "
            f"not {points.shape}"
        )
    if not np.isfinite(points).all():
        raise ValueError("strokes has a point that is not finite")
    return points


def mnist_style(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a drawn digit prepared as the digits of MNIST were.

    As in LeCun et al., "Gradient-based learning applied to document
    recognition", 1998: black and white first; scaled, width and height
    alike, until the longer side of the ink takes 20 pixels; grey where ink
    covers part of a pixel; then moved by whole pixels until the centre of
    mass is within half a pixel of row 14, column 14, counted from 0, of a
    frame of 28x28.  The thickness of the pen is scaled with the digit.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W)
        0 is paper, 255 is ink; what is above 127 counts as ink.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
        For `scale`.  Ink so lopsided that it would leave the frame is left
        at its edge.

    Examples
    --------
    >>> picture = np.zeros((280, 280), np.uint8)
    >>> picture[30:130, 200:210] = 255  # small, in a corner
    >>> image = mnist_style(picture)
    >>> rows, columns = np.nonzero(image)
    >>> print(image.shape, np.unique(columns), rows.min(), rows.max())
    (28, 28) [13 14] 4 23
    """
    ink = _ink(picture)
    for axis in (0, 1):
        places = np.flatnonzero(ink.any(axis=1 - axis))
        ink = ink.take(range(places[0], places[-1] + 1), axis)
    rows, columns = (_shares(length, max(ink.shape)) for length in ink.shape)
    # Rounded up, so that no ink of the longer side is lost.
    small = np.ceil((255 * rows @ ink @ columns.T).round(6))
    image = np.zeros((28, 28), np.uint8)
    corner = []
    for axis in (0, 1):
        mass = small.sum(axis=1 - axis)
        middle = (mass * np.arange(20)).sum() / mass.sum()
        used = np.flatnonzero(mass)
        corner.append(
            np.clip(np.rint(14 - middle), -used[0], 27 - used[-1]).astype(int)
        )
    y, x = np.nonzero(small)
    image[y + corner[0], x + corner[1]] = small[y, x]
    return image


def _ink(picture: NDArray[np.uint8]) -> NDArray[np.bool]:
    """Return where a drawn digit has ink."""
    picture = as_numbers(picture, "picture")
    if picture.dtype != np.uint8:
        raise TypeError(
            f"picture must be uint8 with values 0..255, not {picture.dtype}"
        )
    if picture.ndim != 2:
        raise ValueError(
            f"picture must have shape (H, W), not {picture.shape}: "
            "one digit, in grey"
        )
    ink = picture > 127
    if not ink.any():
        raise ValueError("there is no ink in the picture: draw a digit first")
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if not ink.all() and min(ink.mean(), edge.mean()) > 0.5:
        raise ValueError(
            f"picture is dark ink on white paper, {ink.mean():.0%} of it is "
            "above 127, where 0 is paper and 255 is ink: "
            "take mnist_style(255 - picture)"
        )
    return ink


def _shares(length: int, side: int) -> NDArray[np.float64]:
    """Return what shares of 20 cells each of some pixels covers.

    The pixels lie in the middle of `side` pixels, which the cells cut into
    equal parts.

    >>> _shares(20, 40)[4:7, :3]
    array([[0. , 0. , 0. ],
           [0.5, 0.5, 0. ],
           [0. , 0. , 0.5]])
    """
    edges = np.linspace(0, side, 21) - (side - length) / 2
    until = np.clip(edges[:, None] - np.arange(length), 0, 1)
    return np.diff(until, axis=0) * 20 / side


# --- Where digits come from --------------------------------------------------

SUBSET = "mnist_5k.npz"
SUBSET_ARRAYS = {"images": ((5000, 28, 28), "u"), "labels": ((5000,), "u")}
# Of its two arrays one after the other, uncompressed.
SUBSET_SHA256 = (
    "4a099e4bc2d884db8dfd26fce14efd1b1fa2ed54e8ca8a1cd1e239c79e5bd021"
)
# The full set, in `root`: bytes, and SHA-256.
FULL_FILES = {
    "MNIST/raw/train-images-idx3-ubyte": (
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "MNIST/raw/train-labels-idx1-ubyte": (
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "MNIST/raw/t10k-images-idx3-ubyte": (
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "MNIST/raw/t10k-labels-idx1-ubyte": (
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def _load_subset(path: Path) -> Digits:
    advice = f"restore it with: git checkout -- data/{path.name}"
    if not FOLDER.is_dir():  # installed without the folder around it
        advice = "install the project from its folder, pip install -e ."
    content = io.BytesIO(read(path, advice))
    try:
        arrays = read_arrays(content, SUBSET_ARRAYS)
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): {advice}") from error
    content = b"".join(arrays[name].tobytes() for name in SUBSET_ARRAYS)
    check_sum(content, SUBSET_SHA256, path, advice)
    images, labels = arrays["images"][:, None], arrays["labels"]
    labels = labels.astype(np.int64)
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        # The last hundred of each class, in the order of MNIST.
        test[np.flatnonzero(labels == digit)[-100:]] = True
    return Digits(images[~test], labels[~test], images[test], labels[test])


def _load_full(root: Path, download: bool) -> Digits:
    call = f"call load_mnist('full', {str(root)!r}, download=True)"
    missing = [
        name
        for name in FULL_FILES
        if not ((root / name).exists() or packed(root / name).exists())
    ]
    if missing and not download:
        raise FileNotFoundError(
            f"{missing[0]} is not in {root}: {call}, or load_mnist('subset') "
            "without a network"
        )
    if missing:
        instead = "use load_mnist('subset'), which needs none"
        fetch("MNIST", _fetch_full, root, FULL_FILES, instead)
    contents = _read_full(root, f"delete {root / 'MNIST' / 'raw'} and {call}")
    # Over a bytearray, as an array over bytes could not be written to.
    train_images, train_labels, test_images, test_labels = (
        np.frombuffer(bytearray(content), np.uint8) for content in contents
    )
    return Digits(
        train_images[16:].reshape(-1, 1, 28, 28),
        train_labels[8:].astype(np.int64),
        test_images[16:].reshape(-1, 1, 28, 28),
        test_labels[8:].astype(np.int64),
    )


def _read_full(root: Path, advice: str) -> list[bytes]:
    """Return the four files of the full set, unpacked and checked."""
    contents = []
    for name, (size, digest) in FULL_FILES.items():
        path = root / name
        path = path if path.exists() else packed(path)
        if path.suffix == ".gz":
            contents.append(unpack(read(path, advice), size, path, advice))
        else:
            contents.append(read(path, advice, size))
        check_sum(contents[-1], digest, path, advice)
    return contents


def _fetch_full(folder: Path) -> None:
    from torchvision.datasets import MNIST

    MNIST(folder, download=True)
    _read_full(folder, "another file was sent")
