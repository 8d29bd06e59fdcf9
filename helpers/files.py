"""Files: what is read is checked, what is written is whole."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from helpers.checks import as_path, check_memory

# The first bytes of an ``.npz``.
ZIP = b"PK\3\4"


def read(path: Path, advice: str, size: int | None = None) -> bytes:
    """Return what a file holds, of `size` bytes if given.

    `advice` says what to do if it is not there, or damaged.
    """
    try:
        found = path.stat().st_size
        if size not in (None, found):
            raise ValueError(
                f"{path} is cut short or altered ({found:,} bytes where "
                f"{size:,} are right): {advice}"
            )
        check_memory((found,), np.uint8, f"the file {path}", advice)
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: {advice}") from None
    except OSError as error:
        raise type(error)(
            f"{path} cannot be read ({error.strerror}): see that it is a "
            f"file that you may read, or {advice}"
        ) from error


def packed(path: Path) -> Path:
    """Return where the file would lie as it is sent."""
    return path.with_name(f"{path.name}.gz")


def unpack(content: bytes, size: int, path: Path, advice: str) -> bytes:
    """Return what is packed; no more of it than will show that it is wrong."""
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return file.read(size + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}): {advice}") from error


def read_arrays(
    file: IO[bytes], expected: Mapping[str, tuple[tuple[int, ...], str]]
) -> dict[str, NDArray]:
    """Return the arrays of an ``.npz``; any other is a ValueError.

    Name, shape and kind of dtype (as in ``np.dtype.kind``) of each are
    compared before any is unpacked: a small file may hold very large ones.
    """
    try:
        if file.read(len(ZIP)) != ZIP:
            raise ValueError("it is no .npz file")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: _header(arrays, name) for name in arrays.files}
            for name in sorted(found.keys() | expected.keys()):
                there, right = found.get(name), expected.get(name)
                if there != right:
                    raise ValueError(
                        f"it differs in {name}: {_told(there)} where "
                        f"{_told(right)} belongs"
                    )
            return {name: arrays[name] for name in expected}
    # A damaged file can raise nearly anything on the way.
    except Exception as error:
        raise ValueError(str(error)) from error


def _header(arrays: np.lib.npyio.NpzFile, name: str) -> tuple:
    """Return shape and kind of an array that is not unpacked."""
    with arrays.zip.open(f"{name}.npy") as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{name} is of a version that is not known")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    return shape, dtype.kind


def _told(header: tuple | None) -> str:
    return f"{header[0]} of kind {header[1]}" if header else "nothing"


def check_sum(content: bytes, sha256: str, path: Path, advice: str) -> None:
    """Refuse what is not, byte for byte, what belongs there."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is cut short or altered ({len(content):,} bytes, "
            f"SHA-256 {found[:12]}... where {sha256[:12]}... is right): "
            f"{advice}"
        )


def fetch(
    what: str,
    fill: Callable[[Path], None],
    root: Path,
    names: Iterable[str],
    instead: str,
) -> None:
    """Let `fill` fetch files into a folder beside, then move them in.

    `fill` raises anything if the files that it got are not the right ones.
    Each of `names` appears in `root` whole, or not at all.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".part-") as part:
            fill(Path(part))
            for name in names:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(part) / name, root / name)
    except Exception as error:  # a broken transfer raises many kinds
        raise ConnectionError(
            f"{what} could not be downloaded to {root} "
            f"({type(error).__name__}: {error}): check the network, and that "
            f"you may write there and have room; call again, or {instead}"
        ) from error


@contextlib.contextmanager
def write_whole(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """Open a file that appears at `path` when it is complete, or never.

    A file that was there gives its permissions, a symbolic link stays one.
    """
    path = Path(os.path.realpath(as_path(path)))
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{path.parent} is not a folder: create it, then write {path.name}"
        )
    try:
        beside = tempfile.TemporaryDirectory(
            dir=path.parent, prefix=f".{path.name}-"
        )
    except OSError as error:
        raise type(error)(
            f"cannot write to {path.parent} ({error}): choose a folder that "
            "you may write to"
        ) from error
    with beside as folder:
        part = Path(folder) / path.name
        with part.open("wb") as file:
            yield file
        if path.is_file():
            shutil.copymode(path, part)
        os.replace(part, path)
