"""Digits: what is read is right, what is damaged is told, what is scaled."""

import errno
import functools
import gzip
import hashlib
import os
import pickle
import re
import stat
import struct
import subprocess
import sys
import threading
import tracemalloc
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import data, files, networks
from helpers.data import Digits, load_mnist, load_picture, scale
from helpers.files import write_whole


def tree(folder):
    """Return the names of all files and folders below, sorted."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def check_digits(found, expected):
    for array, right in zip(found, expected, strict=True):
        assert array.dtype == right.dtype
        np.testing.assert_array_equal(array, right)


# --- The bundled subset ------------------------------------------------------


@pytest.fixture(scope="module")
def subset():
    return load_mnist("subset")


def test_subset_has_as_many_of_each_class(subset):
    assert subset.train_images.shape == (4000, 1, 28, 28)
    assert subset.test_images.shape == (1000, 1, 28, 28)
    assert np.bincount(subset.train_labels).tolist() == [400] * 10
    assert np.bincount(subset.test_labels).tolist() == [100] * 10
    dtypes = [array.dtype for array in subset]
    assert dtypes == [np.uint8, np.int64, np.uint8, np.int64]


def test_no_picture_of_the_subset_is_in_both_parts(subset):
    train = {image.tobytes() for image in subset.train_images}
    test = {image.tobytes() for image in subset.test_images}
    assert (len(train), len(test)) == (4000, 1000)
    assert not train & test


def test_split_of_the_subset_is_fixed(subset):
    found = hashlib.sha256()
    for array in subset:
        found.update(array.astype("u1").tobytes())
    assert found.hexdigest() == (
        "07e3bc8b475dcd7580debe1f29ffce66613b3caf0966368b97e1a842d667abad"
    )


def test_subset_can_be_written_to_without_changing_the_next_one(subset):
    for array in load_mnist("subset"):
        array[...] = 0
    check_digits(load_mnist(), subset)


# --- A damaged subset --------------------------------------------------------


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """Return a copy of the bundled file, in the place where it is read."""
    content = (data.FOLDER / data.SUBSET).read_bytes()
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    path = tmp_path / data.SUBSET
    path.write_bytes(content)
    return path


def arrays_of(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def check_damage_is_told(path, error=ValueError):
    with pytest.raises(error, match="git checkout -- data/mnist_5k") as raised:
        load_mnist("subset")
    assert str(path) in str(raised.value)


def test_missing_subset_says_how_to_restore_it(bundle):
    bundle.unlink()
    check_damage_is_told(bundle, FileNotFoundError)
    bundle.mkdir()
    check_damage_is_told(bundle, OSError)


@pytest.mark.parametrize("length", [0, 1, 30, 4096, 400_000, -400, -22, -1])
def test_subset_cut_short_says_how_to_restore_it(bundle, length):
    bundle.write_bytes(bundle.read_bytes()[:length])
    check_damage_is_told(bundle)


def test_altered_or_missing_arrays_are_noticed(bundle):
    arrays = arrays_of(bundle)
    images, labels = arrays["images"], arrays["labels"]
    changes = dict(images=images[::-1]), dict(images=images | 1)
    altered = [arrays | c for c in (*changes, dict(labels=labels ^ 1))]
    for damaged in (*altered, dict(images=images)):
        np.savez_compressed(bundle, **damaged)
        check_damage_is_told(bundle)


class Trap:
    """An object whose unpickling would be noticed."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def write_pickle(path):
    path.write_bytes(pickle.dumps(Trap()))


def write_object_arrays(path):
    trap = np.array([Trap()], object)
    np.savez_compressed(path, images=trap, labels=trap)


@pytest.mark.parametrize("write", [write_pickle, write_object_arrays])
def test_pickled_objects_are_never_loaded(bundle, write):
    write(bundle)
    check_damage_is_told(bundle)
    network = networks.LeNet5(np.random.default_rng(0))
    with pytest.raises(ValueError, match="does not hold this network"):
        network.load(bundle)
    assert not Trap.sprung


def test_no_module_can_load_a_pickle_or_unpack_an_archive():
    """joblib, between processes of our own, is the only exception."""
    unsafe = r"(import|from) (pickle|dill|shelve|marshal|tarfile|zipfile)\b"
    unsafe += r"|\.extractall|\.unpack_archive|(torch|joblib)\.load\("
    root = Path(data.__file__).parents[1]
    modules = [*root.glob("helpers/**/*.py"), *root.glob("notebooks/**/*.py")]
    assert len(modules) > 15
    for path in modules:
        text = path.read_text()
        assert not re.search(unsafe, text), path
        loads = text.count("np.load(")
        assert loads == text.count("allow_pickle=False"), path
        assert loads == text.count("allow_pickle"), path


def test_any_flipped_bit_is_noticed_or_harmless(bundle, subset):
    content = bundle.read_bytes()
    rng = np.random.default_rng(0)
    # The local header of the zip file, the array header, the directory.
    places = [*range(0, 180, 5), *range(len(content) - 180, len(content), 3)]
    for place in places:
        altered = bytearray(content)
        altered[place] ^= 1 << int(rng.integers(8))
        bundle.write_bytes(altered)
        try:
            loaded = load_mnist("subset")
        except ValueError:
            check_damage_is_told(bundle)
        else:
            check_digits(loaded, subset)


def test_arrays_of_another_shape_or_type_are_noticed(bundle):
    arrays = arrays_of(bundle)
    images = arrays["images"]
    for other in (images.reshape(5000, 784), images.view(np.int8)):
        np.savez_compressed(bundle, **arrays | {"images": other})
        check_damage_is_told(bundle)


def test_without_the_folder_around_it_the_package_says_so(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(data, "FOLDER", tmp_path / "data")
    with pytest.raises(FileNotFoundError, match=r"pip install -e \."):
        load_mnist()


# --- Scaling -----------------------------------------------------------------


def test_scale_is_its_formula():
    pixels = np.arange(256, dtype=np.uint8)
    expected = [(value / 255 - 0.13066) / 0.30811 for value in range(256)]
    np.testing.assert_array_equal(scale(pixels), np.float32(expected))


def test_scaled_subset_has_mean_0_and_deviation_1(subset):
    kept = subset.train_images.copy()
    scaled = scale(subset.train_images)
    assert scaled.dtype == np.float32
    assert scaled.shape == subset.train_images.shape
    assert scaled.mean(dtype=float) == pytest.approx(0, abs=0.01)
    assert scaled.std(dtype=float) == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(subset.train_images, kept)


def test_scale_names_the_type_that_it_refuses():
    with pytest.raises(TypeError, match=r"not float32: .*scaled already"):
        scale(np.zeros((1, 1, 28, 28), np.float32))


# --- The full set: reading ---------------------------------------------------


def idx(array):
    """Return an array of bytes in the format of the MNIST files."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">I", 0x800 + array.ndim) + sizes + array.tobytes()


@pytest.fixture
def fake(monkeypatch):
    """Make 30 + 20 pictures of noise pass for the full set."""
    rng = np.random.default_rng(0)
    files, arrays = {}, []
    for part, size in [("train", 30), ("t10k", 20)]:
        images = rng.integers(256, size=(size, 28, 28), dtype=np.uint8)
        labels = rng.integers(10, size=size, dtype=np.uint8)
        files[f"MNIST/raw/{part}-images-idx3-ubyte"] = idx(images)
        files[f"MNIST/raw/{part}-labels-idx1-ubyte"] = idx(labels)
        arrays += [images[:, None], labels.astype(np.int64)]
    known = {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    }
    monkeypatch.setattr(data, "FULL_FILES", known)
    return SimpleNamespace(files=files, digits=Digits(*arrays))


@pytest.fixture
def root(fake, tmp_path):
    """Return a folder with the fake full set in it."""
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    for name, content in fake.files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_full_set_is_read_and_can_be_written_to(fake, root, monkeypatch):
    for array in load_mnist("full", str(root)):
        array[...] = 0
    monkeypatch.setattr(data, "FOLDER", root)
    check_digits(load_mnist("full"), fake.digits)


@pytest.mark.parametrize("name", list(data.FULL_FILES))
def test_missing_file_says_how_to_download(root, name):
    (root / name).unlink()
    with pytest.raises(FileNotFoundError, match="download=True") as error:
        load_mnist("full", root)
    assert name in str(error.value)
    assert f"load_mnist('full', {str(root)!r}" in str(error.value)
    assert "load_mnist('subset')" in str(error.value)


def test_missing_folder_is_not_made_without_a_download(fake, tmp_path):
    with pytest.raises(FileNotFoundError, match="download=True"):
        load_mnist("full", tmp_path / "nowhere")
    assert tree(tmp_path) == []


def cut(content):
    return content[:-1]


def alter(content):
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("name", list(data.FULL_FILES))
@pytest.mark.parametrize("damage", [cut, alter, lambda content: b""])
@pytest.mark.parametrize("download", [False, True])
def test_damaged_file_says_what_to_delete(fake, root, name, damage, download):
    path = root / name
    path.write_bytes(damage(fake.files[name]))
    with pytest.raises(ValueError, match="cut short or altered") as error:
        load_mnist("full", root, download)
    assert str(path) in str(error.value)
    assert f"delete {path.parent} and call load_mnist(" in str(error.value)
    assert f"{str(root)!r}, download=True" in str(error.value)


def test_packed_files_that_lie_there_are_read(fake, root):
    for name, content in fake.files.items():
        (root / name).unlink()
        (root / f"{name}.gz").write_bytes(gzip.compress(content))
    check_digits(load_mnist("full", root), fake.digits)
    for damaged in (b"text", gzip.compress(content)[:-9], bomb(50)):
        (root / f"{name}.gz").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"damaged|altered") as error:
            load_mnist("full", root)
        assert f"{name}.gz" in str(error.value)


def bomb(megabytes):
    return gzip.compress(bytes(megabytes * 10**6), 9)


def test_size_is_compared_before_anything_is_read(root, monkeypatch):
    """Of a file with a hole of a terabyte, and of one packed very small."""
    name = next(iter(data.FULL_FILES))
    with (root / name).open("r+b") as file:
        file.truncate(10**12)
    large = bomb(100)
    tracemalloc.start()
    with pytest.raises(ValueError, match="1,000,000,000,000 bytes where"):
        load_mnist("full", root)
    (root / name).unlink()
    (root / f"{name}.gz").write_bytes(large)
    with pytest.raises(ValueError, match="cut short or altered"):
        load_mnist("full", root)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6


@pytest.mark.skipif("MNIST_ROOT" not in os.environ, reason="needs MNIST/raw")
def test_real_full_set_has_60000_and_10000_digits():
    full = load_mnist("full", os.environ["MNIST_ROOT"])
    shapes = [(60000, 1, 28, 28), (60000,), (10000, 1, 28, 28), (10000,)]
    assert [array.shape for array in full] == shapes
    pixels = full.train_images / np.float32(255)
    assert pixels.mean(dtype=float) == pytest.approx(data.MEAN, abs=5e-6)
    assert pixels.std(dtype=float) == pytest.approx(data.DEVIATION, abs=5e-6)


# --- The full set: downloading -----------------------------------------------


@pytest.fixture
def sent(fake, monkeypatch):
    """Make torchvision send these files, or raise what stands for one."""
    datasets = pytest.importorskip("torchvision.datasets")
    files = dict(fake.files)

    def download(self):
        for name, content in files.items():
            if isinstance(content, BaseException):
                raise content
            (Path(self.root) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(self.root) / name).write_bytes(content)

    monkeypatch.setattr(datasets.MNIST, "download", download)
    return files


LAST = "MNIST/raw/t10k-labels-idx1-ubyte"
FAILURES = [
    (RuntimeError("File not found or corrupted."), "RuntimeError: File not"),
    (OSError(errno.ENOSPC, "No space left"), "No space left.* have room"),
    (b"<html>Please log in.</html>", "altered .* another file was sent"),
    (alter, "altered .* another file was sent"),
    (cut, "altered .* another file was sent"),
]


@pytest.mark.parametrize(("failure", "told"), FAILURES)
def test_failed_download_says_what_to_do_and_leaves_nothing(
    sent, tmp_path, failure, told
):
    sent[LAST] = failure(sent[LAST]) if callable(failure) else failure
    with pytest.raises(ConnectionError, match=told) as error:
        load_mnist("full", tmp_path, download=True)
    assert f"could not be downloaded to {tmp_path}" in str(error.value)
    assert "check the network" in str(error.value)
    assert "load_mnist('subset')" in str(error.value)
    assert tree(tmp_path) == []


def test_interrupted_download_leaves_nothing(sent, tmp_path):
    sent[LAST] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []


def test_download_repairs_a_set_and_leaves_the_rest_alone(fake, sent, root):
    (root / LAST).unlink()
    (root / "MNIST" / "raw" / "mine.txt").write_text("mine")
    before, sent[LAST] = tree(root), RuntimeError("no network")
    with pytest.raises(ConnectionError, match="no network"):
        load_mnist("full", root, download=True)
    assert tree(root) == before
    sent[LAST] = fake.files[LAST]
    check_digits(load_mnist("full", root, download=True), fake.digits)
    assert tree(root) == sorted([*before, LAST])


# In a process of its own: a download that is killed in the middle of a file.
KILLED = """
import os, sys
from pathlib import Path
from torchvision.datasets import MNIST
from helpers.data import load_mnist

def download(self):
    raw = Path(self.root) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(b"half of it")
    os._exit(9)

MNIST.download = download
load_mnist("full", sys.argv[1], download=True)
"""


@pytest.mark.reliability
def test_killed_download_does_no_harm(fake, sent, tmp_path):
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)])
    assert run.returncode == 9
    assert len(list(tmp_path.rglob("train-images*"))) == 1
    assert not (tmp_path / "MNIST").exists()
    with pytest.raises(FileNotFoundError, match="download=True"):
        load_mnist("full", tmp_path)
    check_digits(load_mnist("full", tmp_path, download=True), fake.digits)


def test_files_come_over_the_network_once(fake, tmp_path, monkeypatch):
    source = pytest.importorskip("torchvision.datasets").MNIST
    folder, root, sums = tmp_path / "served", tmp_path / "new" / "root", []
    folder.mkdir()
    for name, content in fake.files.items():
        packed = folder / f"{Path(name).name}.gz"
        packed.write_bytes(gzip.compress(content))
        sums.append(
            (packed.name, hashlib.md5(packed.read_bytes()).hexdigest())
        )
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(source, "mirrors", [address])
        monkeypatch.setattr(source, "resources", sums)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        found = load_mnist("full", root, download=True)
        packed.write_bytes(b"<html>Please log in.</html>")
        with pytest.raises(ConnectionError, match="check the network"):
            load_mnist("full", tmp_path / "other", download=True)
        server.shutdown()
    check_digits(found, fake.digits)
    # Nothing is asked for again.
    check_digits(load_mnist("full", root, download=True), fake.digits)
    assert tree(root) == sorted(["MNIST", "MNIST/raw", *fake.files])
    assert tree(tmp_path / "other") == []


def forbid(monkeypatch, thing, name):
    """As for someone else's file or folder; root may do everything."""

    def refuse(*arguments, **settings):
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere")

    monkeypatch.setattr(thing, name, refuse)


def test_folder_that_may_not_be_written_to_is_told(
    sent, tmp_path, monkeypatch
):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(ConnectionError, match="that you may write there"):
        load_mnist("full", tmp_path / "a", download=True)
    assert (tmp_path / "a").read_text() == "mine"
    forbid(monkeypatch, files.tempfile, "TemporaryDirectory")
    told = pytest.raises(PermissionError, match=f"cannot write to {tmp_path} ")
    with told, write_whole(tmp_path / "b"):
        pytest.fail("the file was opened")


def test_what_may_not_be_read_is_told(root, tmp_path, monkeypatch):
    picture = tmp_path / "a.png"
    picture.touch()
    forbid(monkeypatch, Path, "read_bytes")
    for read, path in [
        (lambda: load_mnist("full", root), root / "MNIST" / "raw"),
        (lambda: load_mnist("subset"), data.FOLDER / data.SUBSET),
        (lambda: load_picture(picture), picture),
    ]:
        with pytest.raises(PermissionError, match="that you may read") as told:
            read()
        assert str(path) in str(told.value)


# --- Writing -----------------------------------------------------------------


@pytest.mark.parametrize("old", [None, b"a longer text that was there before"])
def test_file_appears_when_it_is_complete(tmp_path, old):
    path = tmp_path / "a.bin"
    if old:
        path.write_bytes(old)
        path.chmod(0o604)
    before = os.umask(0o027)
    try:
        with write_whole(str(path)) as file:
            file.write(b"first half, ")
            file.flush()
            assert (path.read_bytes() if old else path.exists()) == (old or 0)
            file.write(b"second half")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"first half, second half"
    # As any new file, or as before.
    mode = 0o604 if old else 0o640
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert tree(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("old", [None, b"old"])
def test_a_symbolic_link_stays_one(tmp_path, old):
    folder, link = tmp_path / "far", tmp_path / "a.bin"
    folder.mkdir()
    link.symlink_to(folder / "b.bin")
    if old:
        link.write_bytes(old)
    with write_whole(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (folder / "b.bin").read_bytes() == b"new"
    assert tree(tmp_path) == ["a.bin", "far", "far/b.bin"]


def write_half_and_raise(path, error):
    with write_whole(path) as file:
        file.write(b"half of it")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("old", [None, b"old"])
def test_failed_writing_leaves_what_was_there(tmp_path, error, old):
    path = tmp_path / "a.bin"
    if old:
        path.write_bytes(old)
    with pytest.raises(error):
        write_half_and_raise(path, error)
    assert tree(tmp_path) == ["a.bin"] * bool(old)
    assert not old or path.read_bytes() == old


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="not on Linux")
def test_disk_that_is_really_full_is_told(tmp_path, monkeypatch):
    """The error comes as late as it can: when the file is closed."""
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode: real(Path("/dev/full"), mode)
    )
    network = networks.LeNet5(np.random.default_rng(0))
    with pytest.raises(OSError, match="No space"):
        network.save(tmp_path / "a.npz")
    assert tree(tmp_path) == []


def test_folder_of_that_name_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"), write_whole(tmp_path / "a"):
        pass
    assert tree(tmp_path) == ["a"]


def test_missing_folder_is_told_before_anything_is_written(tmp_path):
    missing = pytest.raises(FileNotFoundError, match="nowhere is not a folder")
    with missing, write_whole(tmp_path / "nowhere" / "a.bin"):
        pytest.fail("the file was opened")
    assert tree(tmp_path) == []
