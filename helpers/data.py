"""Pictures to learn from: real digits, bundled or downloaded.

Everything that is read is checked first; a file that is missing, cut short
or altered gives an error that says what to do.  What is written is written
beside its place and renamed, so that nothing is ever half there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.im2col import as_numbers, check_memory
from helpers.shapes import as_flag, as_int, as_real

FOLDER = Path(__file__).resolve().parents[1] / "data"

# Of the 60,000 training images of MNIST, with pixels from 0 to 1.
MEAN, DEVIATION = 0.13066, 0.30811

SUBSET = "mnist_5k.npz"
# Of its two arrays one after the other, uncompressed.
SUBSET_SHA256 = (
    "4a099e4bc2d884db8dfd26fce14efd1b1fa2ed54e8ca8a1cd1e239c79e5bd021"
)

# The files of the full set in MNIST/raw/, with their SHA-256 sums.
FULL_SHA256 = {
    "train-images-idx3-ubyte": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte": (
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte": (
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}

SVHN_FILES = ("train_32x32.mat", "test_32x32.mat")

# Seconds without a byte, after which a server is given up.
PATIENCE = 30
# Hours after which what a killed download has left is removed.
KEPT = 24
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Digits(NamedTuple):
    """Handwritten digits, to train and to test.

    Attributes
    ----------
    train_images, test_images : ndarray of uint8, shape (N, 1, 28, 28)
        0 is paper, 255 is ink.
    train_labels, test_labels : ndarray of int64, shape (N,)
        0 to 9.

    Examples
    --------
    >>> digits = load_mnist("subset")
    >>> digits.train_images[0].shape, digits.train_labels[0].item()
    ((1, 28, 28), 5)
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


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

    Raises
    ------
    TypeError
        If `images` is not uint8, for instance because it is scaled already.

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

    Raises
    ------
    TypeError
        If `picture` is not uint8.
    ValueError
        If it is not two-dimensional, or has no ink.

    Examples
    --------
    >>> picture = np.zeros((280, 280), np.uint8)
    >>> picture[30:130, 200:210] = 255  # small, in a corner
    >>> image = mnist_style(picture)
    >>> rows, columns = np.nonzero(image)
    >>> print(image.shape, np.unique(columns), rows.min(), rows.max())
    (28, 28) [13 14] 4 23
    """
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

    Raises
    ------
    TypeError, ValueError
        If a stroke is not of points (x, y), or `pen` or `size` not positive.
    MemoryError
        If the picture would be too large.

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
    check_memory((size, size, 2), float, "the picture", "draw a smaller one")
    if not isinstance(strokes, Iterable):
        raise TypeError(f"strokes must be a list, not {strokes!r}")
    middles = np.stack(np.mgrid[:size, :size][::-1], axis=-1) + 0.5
    ink = np.zeros((size, size), bool)
    for stroke in strokes:
        points = as_numbers(stroke, "each of strokes").astype(float)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(
                "strokes: a stroke must have shape (K, 2), points (x, y), "
                f"not {points.shape}"
            )
        if not np.isfinite(points).all():
            raise ValueError("strokes has a point that is not finite")
        ends = points[1:] if len(points) > 1 else points
        for start, end in zip(points, ends):
            along = end - start
            share = (middles - start) @ along / max(along @ along, 1e-12)
            nearest = start + np.clip(share, 0, 1)[..., None] * along
            away = np.linalg.norm(middles - nearest, axis=-1)
            ink |= away <= pen / 2
    return np.uint8(255) * ink


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
        given.  For ``"full"``.
    download : bool
        Fetch the full set (11 MB) through torchvision if it is not there.

    Returns
    -------
    Digits
        ``(train_images, train_labels, test_images, test_labels)``.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If a file is cut short or altered, or `which` is neither.
    ConnectionError
        If the download fails.

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


def _load_subset(path: Path) -> Digits:
    advice = f"restore it with: git checkout -- data/{path.name}"
    content = _read(path, advice)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            content = file["images"].tobytes() + file["labels"].tobytes()
    except Exception as error:  # each kind of damage raises its own
        raise ValueError(f"{path} is damaged ({error}): {advice}") from error
    _check(content, SUBSET_SHA256, path, advice)
    # From the checked bytes, so that the checksum vouches for the shapes too.
    values = np.frombuffer(content, np.uint8)
    images = values[:-5000].reshape(5000, 1, 28, 28)
    labels = values[-5000:].astype(np.int64)
    test = np.zeros(len(labels), bool)
    for digit in range(10):
        # The last hundred of each class, in the order of MNIST.
        test[np.flatnonzero(labels == digit)[-100:]] = True
    return Digits(images[~test], labels[~test], images[test], labels[test])


def load_picture(path: str | os.PathLike) -> NDArray[np.uint8]:
    """Return a picture from an image file, in colour.

    Parameters
    ----------
    path : path
        Any format that Pillow reads: PNG, JPEG, ...

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a whole picture.

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
    content = io.BytesIO(_read(path, "save it anew as PNG"))
    try:
        with Image.open(content) as picture:
            return np.array(picture.convert("RGB"))
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise ValueError(
            f"{path} is not a whole picture ({error}): open it in an image "
            "program and save it as PNG"
        ) from error


def save_subset(
    path: str | os.PathLike, root: str | os.PathLike | None = None
) -> None:
    """Write the bundled subset: the first 500 of each class of MNIST.

    Parameters
    ----------
    path : path
        The ``.npz`` to write: uint8 arrays ``images`` (5000, 28, 28) and
        ``labels`` (5000,), in the order of MNIST's training set.
    root : path, optional
        Where the full set is, see `load_mnist`; downloaded if it is not.

    Raises
    ------
    ValueError, ConnectionError
        As `load_mnist` does.
    FileNotFoundError
        If the folder of `path` is not there.

    Examples
    --------
    >>> save_subset("data/mnist_5k.npz")  # doctest: +SKIP
    """
    path = as_path(path)
    full = load_mnist("full", root, download=True)
    first = [np.flatnonzero(full.train_labels == d)[:500] for d in range(10)]
    chosen = np.sort(np.concatenate(first))
    with write_whole(path) as file:
        np.savez_compressed(
            file,
            images=full.train_images[chosen, 0],
            labels=full.train_labels[chosen].astype(np.uint8),
        )


def _load_full(root: Path, download: bool) -> Digits:
    raw = root / "MNIST" / "raw"
    call = f"call load_mnist('full', {str(root)!r}, download=True)"
    missing = [name for name in FULL_SHA256 if not (raw / name).exists()]
    if missing and not download:
        raise FileNotFoundError(
            f"{missing[0]} is not in {raw}: {call}, or load_mnist('subset') "
            "without a network"
        )
    if missing:
        _download_full(root)
    advice = f"delete {raw} and {call}"
    arrays = []
    for name, digest in FULL_SHA256.items():
        content = _read(raw / name, advice)
        _check(content, digest, raw / name, advice)
        header = 16 if "images" in name else 8
        # An array over bytes alone could not be written to.
        arrays.append(np.frombuffer(bytearray(content[header:]), np.uint8))
    train_images, train_labels, test_images, test_labels = arrays
    return Digits(
        train_images.reshape(-1, 1, 28, 28),
        train_labels.astype(np.int64),
        test_images.reshape(-1, 1, 28, 28),
        test_labels.astype(np.int64),
    )


def _download_full(root: Path) -> None:
    """Fetch the full set beside its place, check it, move it in."""
    from torchvision.datasets import MNIST

    advice = "call again, or use load_mnist('subset'), which needs none"
    with _beside(root, ".mnist-") as folder:
        with _download_told("MNIST", root, advice):
            MNIST(folder, download=True)
        fetched = folder / "MNIST" / "raw"
        for name, digest in FULL_SHA256.items():
            path = fetched / name
            _check(_read(path, advice), digest, path, advice)
        raw = root / "MNIST" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        for name in FULL_SHA256:
            os.replace(fetched / name, raw / name)


def load_svhn(
    root: str | os.PathLike | None = None, download: bool = False
) -> Digits:
    """Return digits cropped from photographs of house numbers, in grey.

    Netzer et al., "Reading digits in natural images with unsupervised
    feature learning", 2011; for non-commercial use.  Grey, so that a network
    has as many parameters as on other digits: 0.299 red + 0.587 green +
    0.114 blue.  The neighbours of a digit are often in its picture too.

    Parameters
    ----------
    root : path, optional
        The folder that holds, or will hold, ``SVHN/train_32x32.mat`` and
        ``SVHN/test_32x32.mat``; ``data/`` unless given.
    download : bool
        Fetch both (250 MB) through torchvision if one is not there.

    Returns
    -------
    Digits
        73,257 to train and 26,032 to test, 32x32 pixels.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If a file is cut short or altered.
    ConnectionError
        If the download fails.

    Examples
    --------
    >>> load_svhn().train_images.shape  # doctest: +SKIP
    (73257, 1, 32, 32)
    """
    root = FOLDER if root is None else as_path(root, "root")
    download, folder = as_flag(download, "download"), root / "SVHN"
    call = f"call load_svhn({str(folder.parent)!r}, download=True)"
    missing = [name for name in SVHN_FILES if not (folder / name).exists()]
    if missing and not download:
        raise FileNotFoundError(
            f"{missing[0]} is not in {folder}: {call}, or use load_mnist() "
            "without a network"
        )
    if missing:
        _download_svhn(folder)
    return Digits(*_read_svhn(folder, f"delete {folder} and {call}"))


def _read_svhn(folder: Path, advice: str) -> list[NDArray]:
    from torchvision.datasets import SVHN

    arrays = []
    for split, name in zip(("train", "test"), SVHN_FILES):
        try:
            part = SVHN(folder, split)  # checks its MD5 sum
        except RuntimeError as error:
            raise ValueError(
                f"{folder / name} is cut short or altered: {advice}"
            ) from error
        except OSError as error:
            raise _unreadable(folder / name, error, advice) from error
        grey = part.data.transpose(0, 2, 3, 1) @ (0.299, 0.587, 0.114)
        arrays += [grey.round().astype(np.uint8)[:, None], part.labels]
    return arrays


def _download_svhn(folder: Path) -> None:
    """Fetch both files beside their place, check them, move them in."""
    from torchvision.datasets import SVHN

    advice = "call again, or use load_mnist(), which needs none"
    with _beside(folder.parent, ".svhn-") as fetched:
        with _download_told("SVHN", folder.parent, advice):
            for split in ("train", "test"):
                SVHN(fetched, split, download=True)
        folder.mkdir(exist_ok=True)
        for name in SVHN_FILES:
            os.replace(fetched / name, folder / name)


@contextlib.contextmanager
def _beside(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a folder, if need be, and one inside it for what is not whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A download that was killed could not clean up.
        for old in folder.glob(f"{prefix}*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - old.stat().st_mtime > 3600 * KEPT:
                    shutil.rmtree(old, ignore_errors=True)
        part = tempfile.TemporaryDirectory(dir=folder, prefix=prefix)
    except OSError as error:
        raise _unwritable(folder, error) from error
    with part as name:
        yield Path(name)


@contextlib.contextmanager
def _download_told(what: str, folder: Path, advice: str) -> Iterator[None]:
    """Give a silent server up; say what to do about what goes wrong."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)  # torchvision would wait for ever
    try:
        yield
    except Exception as error:  # a broken transfer raises many kinds
        if getattr(error, "errno", None) in NO_ROOM:
            raise _unwritable(folder, error) from error
        raise ConnectionError(
            f"{what} could not be downloaded ({type(error).__name__}: "
            f"{error}): check the network and {advice}"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _unwritable(folder: Path, error: OSError) -> OSError:
    advice = "choose a folder that you may write to"
    if error.errno in NO_ROOM:
        advice = "free some space, then call again"
    return type(error)(f"cannot write to {folder} ({error}): {advice}")


def _unreadable(path: Path, error: OSError, advice: str) -> OSError:
    return type(error)(
        f"{path} cannot be read ({error.strerror}): see that it is a file "
        f"that you may read, or {advice}"
    )


def as_path(path: object, name: str = "path") -> Path:
    """Return the name of a file or a folder as a path.

    Parameters
    ----------
    path : str or path
    name : str
        The argument's name, for the message.

    Raises
    ------
    TypeError
        If it is none.  A whole number would be taken for an open file.

    Examples
    --------
    >>> as_path(1)
    Traceback (most recent call last):
    TypeError: path must be the name of a file or folder, not 1
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"{name} must be the name of a file or folder, not {path!r}"
        )
    return Path(path)


def _read(path: Path, advice: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: {advice}") from None
    except OSError as error:
        raise _unreadable(path, error, advice) from error


def _check(content: bytes, sha256: str, path: Path, advice: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is cut short or altered ({len(content):,} bytes, "
            f"SHA-256 {found[:12]}... where {sha256[:12]}... is right): "
            f"{advice}"
        )


@contextlib.contextmanager
def write_whole(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """Open a file that appears at `path` when it is complete, or never.

    Parameters
    ----------
    path : path
        A file of this name is replaced, or kept if anything is raised.

    Yields
    ------
    binary file
        To write to.

    Raises
    ------
    FileNotFoundError
        If the folder of `path` is not there.
    OSError
        If the disk is full, or the folder may not be written to.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_whole(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"all of it")
    ...     os.listdir(folder)
    ['a.txt']
    """
    path = as_path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path.parent} is not a folder: create it, then write {path.name}"
        )
    with _beside(path.parent, f".{path.name}-") as folder:
        part = folder / path.name
        try:
            with part.open("wb") as file:
                yield file
        except OSError as error:
            if error.errno in NO_ROOM:
                raise _unwritable(path.parent, error) from error
            raise
        part.chmod(0o644)
        os.replace(part, path)


if __name__ == "__main__":
    # python -m helpers.data [ROOT]: rebuild the bundled subset.
    save_subset(FOLDER / SUBSET, *sys.argv[1:2])
