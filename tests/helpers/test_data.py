"""Digits: what is read is right, what is damaged is told, what is scaled."""

import ast
import errno
import gc
import gzip
import hashlib
import io
import json
import os
import pickle
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
from PIL import Image

from helpers import data, networks
from helpers.data import (
    Digits,
    load_mnist,
    load_picture,
    load_svhn,
    save_subset,
    scale,
    write_whole,
)

needs_full_set = pytest.mark.skipif(
    "MNIST_ROOT" not in os.environ,
    reason="set MNIST_ROOT to the folder that holds MNIST/raw",
)


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


def test_subset_has_4000_digits_to_train_and_1000_to_test(subset):
    assert subset.train_images.shape == (4000, 1, 28, 28)
    assert subset.test_images.shape == (1000, 1, 28, 28)
    assert subset.train_labels.shape == (4000,)
    assert subset.test_labels.shape == (1000,)
    dtypes = [array.dtype for array in subset]
    assert dtypes == [np.uint8, np.int64, np.uint8, np.int64]


def test_subset_has_as_many_of_each_class(subset):
    assert np.bincount(subset.train_labels).tolist() == [400] * 10
    assert np.bincount(subset.test_labels).tolist() == [100] * 10


def test_no_picture_of_the_subset_is_in_both_parts(subset):
    train = {image.tobytes() for image in subset.train_images}
    test = {image.tobytes() for image in subset.test_images}
    assert len(train) == 4000
    assert len(test) == 1000
    assert not train & test


def test_split_of_the_subset_is_fixed(subset):
    found = hashlib.sha256()
    for array in subset:
        found.update(array.astype("u1").tobytes())
    assert found.hexdigest() == (
        "07e3bc8b475dcd7580debe1f29ffce66613b3caf0966368b97e1a842d667abad"
    )


def test_labels_of_the_subset_belong_to_its_pictures(subset):
    """The nearest mean picture is right about four times out of five."""
    train = subset.train_images.reshape(4000, -1).astype(float)
    test = subset.test_images.reshape(1000, -1).astype(float)
    means = [train[subset.train_labels == d].mean(axis=0) for d in range(10)]
    distances = [((test - mean) ** 2).sum(axis=1) for mean in means]
    right = np.argmin(distances, axis=0) == subset.test_labels
    assert right.mean() > 0.78


def test_subset_can_be_written_to_without_changing_the_next_one(subset):
    for array in load_mnist("subset"):
        array[...] = 0
    check_digits(load_mnist("subset"), subset)


def test_subset_is_the_default():
    assert load_mnist().test_images.shape == (1000, 1, 28, 28)


@pytest.mark.parametrize("which", ["train", "", None, 3])
def test_other_sets_are_refused(which):
    with pytest.raises(ValueError, match='"subset" or "full", not') as error:
        load_mnist(which)
    assert repr(which) in str(error.value)


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


@pytest.mark.parametrize("length", [0, 1, 30, 4096, 400_000, -400, -22, -1])
def test_subset_cut_short_says_how_to_restore_it(bundle, length):
    bundle.write_bytes(bundle.read_bytes()[:length])
    check_damage_is_told(bundle)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_one_altered_value_in_a_valid_file_is_noticed(bundle, name):
    arrays = arrays_of(bundle)
    arrays[name].flat[2345] ^= 1
    np.savez_compressed(bundle, **arrays)
    check_damage_is_told(bundle)


def test_rotated_order_of_the_digits_is_noticed(bundle):
    arrays = arrays_of(bundle)
    rolled = {name: np.roll(array, 1, 0) for name, array in arrays.items()}
    np.savez_compressed(bundle, **rolled)
    check_damage_is_told(bundle)


@pytest.mark.parametrize("name", ["images", "labels"])
def test_missing_array_is_noticed(bundle, name):
    arrays = arrays_of(bundle)
    del arrays[name]
    np.savez_compressed(bundle, **arrays)
    check_damage_is_told(bundle)


def test_garbage_is_not_taken_for_digits(bundle):
    bundle.write_bytes(np.random.default_rng(0).bytes(5000))
    check_damage_is_told(bundle)


def test_one_array_is_not_taken_for_two(bundle):
    with bundle.open("wb") as file:
        np.save(file, np.zeros((5000, 28, 28), np.uint8))
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
    assert not Trap.sprung


def test_no_module_can_load_a_pickle_or_unpack_an_archive():
    """joblib, between processes of our own, is the only exception."""
    modules = sorted(Path(data.__file__).parent.glob("**/*.py"))
    assert len(modules) > 15
    for path in modules:
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names]
                names.append(getattr(node, "module", "") or "")
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                safe = [k for k in node.keywords if k.arg == "allow_pickle"]
                if called == "np.load":
                    assert [k.value.value for k in safe] == [False], path
                else:
                    assert not safe, path
                names = [called.split(".")[-1]] if "." in called else []
                assert called not in ("torch.load", "joblib.load"), path
            unsafe = {"pickle", "dill", "shelve", "marshal", "tarfile"}
            unsafe |= {"zipfile", "extractall", "unpack_archive"}
            assert not unsafe & set(names), path


@pytest.mark.parametrize("write", [write_pickle, write_object_arrays])
def test_pickled_objects_are_never_loaded_as_weights(tmp_path, write):
    write(tmp_path / "a.npz")
    network = networks.LeNet5(np.random.default_rng(0))
    with pytest.raises(ValueError, match="does not hold a network"):
        network.load(tmp_path / "a.npz")
    assert not Trap.sprung


def forbid_reading(monkeypatch):
    """As for someone else's file; root may read those too."""

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)


def test_subset_that_may_not_be_read_is_told(bundle, monkeypatch):
    forbid_reading(monkeypatch)
    with pytest.raises(PermissionError, match="that you may read") as error:
        load_mnist("subset")
    assert str(bundle) in str(error.value)


def test_folder_in_place_of_the_subset_is_told(bundle):
    bundle.unlink()
    bundle.mkdir()
    check_damage_is_told(bundle, OSError)


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


def test_file_that_looks_encrypted_says_how_to_restore_it(bundle):
    content = bytearray(bundle.read_bytes())
    flags = content.rindex(b"PK\1\2") + 8
    content[flags] |= 1
    bundle.write_bytes(content)
    check_damage_is_told(bundle)


def test_checksum_vouches_for_shape_and_type_too(bundle, subset):
    arrays = arrays_of(bundle)
    arrays["images"] = arrays["images"].reshape(5000, 784).view(np.int8)
    np.savez_compressed(bundle, **arrays)
    check_digits(load_mnist("subset"), subset)


# --- Scaling -----------------------------------------------------------------


def test_scale_is_its_formula():
    pixels = np.arange(256, dtype=np.uint8)
    expected = [(value / 255 - 0.13066) / 0.30811 for value in range(256)]
    np.testing.assert_array_equal(scale(pixels), np.float32(expected))


def test_scaled_subset_has_mean_0_and_deviation_1(subset):
    scaled = scale(subset.train_images)
    assert scaled.dtype == np.float32
    assert scaled.shape == subset.train_images.shape
    assert scaled.mean(dtype=float) == pytest.approx(0, abs=0.01)
    assert scaled.std(dtype=float) == pytest.approx(1, abs=0.01)


def test_scale_leaves_its_input_alone(subset):
    images = subset.train_images[:3]
    kept = images.copy()
    scaled = scale(images)
    scaled[...] = 0
    np.testing.assert_array_equal(images, kept)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, bool])
def test_scale_refuses_what_is_not_uint8(dtype):
    with pytest.raises(TypeError, match="scaled already") as error:
        scale(np.zeros((1, 1, 28, 28), dtype))
    assert np.dtype(dtype).name in str(error.value)


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
        files[f"{part}-images-idx3-ubyte"] = idx(images)
        files[f"{part}-labels-idx1-ubyte"] = idx(labels)
        arrays += [images[:, None], labels.astype(np.int64)]
    sums = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
    }
    monkeypatch.setattr(data, "FULL_SHA256", sums)
    return SimpleNamespace(files=files, digits=Digits(*arrays))


@pytest.fixture
def root(fake, tmp_path):
    """Return a folder with the fake full set in it."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, content in fake.files.items():
        (raw / name).write_bytes(content)
    return tmp_path


def test_full_set_is_read(fake, root):
    check_digits(load_mnist("full", root), fake.digits)
    check_digits(load_mnist("full", str(root)), fake.digits)


def test_full_set_is_looked_for_in_data(fake, root, monkeypatch):
    monkeypatch.setattr(data, "FOLDER", root)
    check_digits(load_mnist("full"), fake.digits)


def test_full_set_can_be_written_to(fake, root):
    for array in load_mnist("full", root):
        array[...] = 0
    check_digits(load_mnist("full", root), fake.digits)


@pytest.mark.parametrize("name", list(data.FULL_SHA256))
def test_missing_file_says_how_to_download(root, name):
    (root / "MNIST" / "raw" / name).unlink()
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


@pytest.mark.parametrize("name", list(data.FULL_SHA256))
@pytest.mark.parametrize("damage", [cut, alter, lambda content: b""])
@pytest.mark.parametrize("download", [False, True])
def test_damaged_file_says_what_to_delete(fake, root, name, damage, download):
    path = root / "MNIST" / "raw" / name
    path.write_bytes(damage(fake.files[name]))
    with pytest.raises(ValueError, match="cut short or altered") as error:
        load_mnist("full", root, download)
    assert str(path) in str(error.value)
    assert f"delete {path.parent} and call load_mnist(" in str(error.value)
    assert f"{str(root)!r}, download=True" in str(error.value)


def test_full_set_that_may_not_be_read_is_told(root, monkeypatch):
    forbid_reading(monkeypatch)
    with pytest.raises(PermissionError, match="that you may read") as error:
        load_mnist("full", root)
    assert str(root / "MNIST" / "raw" / "train-images") in str(error.value)


@needs_full_set
def test_real_full_set_has_60000_and_10000_digits():
    full = load_mnist("full", os.environ["MNIST_ROOT"])
    assert full.train_images.shape == (60000, 1, 28, 28)
    assert full.test_images.shape == (10000, 1, 28, 28)
    assert full.train_labels.shape == (60000,)
    assert full.test_labels.shape == (10000,)
    pixels = full.train_images / np.float32(255)
    assert pixels.mean(dtype=float) == pytest.approx(data.MEAN, abs=5e-6)
    assert pixels.std(dtype=float) == pytest.approx(data.DEVIATION, abs=5e-6)


# --- The full set: downloading -----------------------------------------------


class Server(ThreadingHTTPServer):
    """Serves files from memory, each through a function that answers."""

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.answer = answer_whole
        self.done = threading.Event()
        self.asked = []

    def handle_error(self, request, client_address):
        """Keep quiet: clients here hang up early, and so do we."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.answer(self, self.server.files[self.path.strip("/")])

    def log_message(self, *arguments):
        """Keep quiet."""


def answer_whole(handler, content, length=None):
    handler.send_response(200)
    handler.send_header("Content-Length", str(length or len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def answer_with_a_page(handler, content):
    answer_whole(handler, b"<!DOCTYPE html><html>Please log in.</html>")


def answer_not_found(handler, content):
    handler.send_error(404)


def answer_half(handler, content):
    answer_whole(handler, content[: len(content) // 2], len(content))


def answer_half_in_chunks(handler, content):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    half = content[: len(content) // 2]
    handler.wfile.write(f"{len(content):x}\r\n".encode() + half)
    handler.close_connection = True


def answer_nothing(handler, content):
    handler.close_connection = True


def answer_damaged(handler, content):
    answer_whole(handler, alter(content))


def answer_half_and_wait(handler, content):
    """Say nothing more, for longer than anyone waits, and do not hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])
    handler.wfile.flush()
    handler.server.done.wait(60)


def answer_with_a_name_elsewhere(handler, content):
    """Name another file in the archive, as some programs would make it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("../../../evil", "wb", fileobj=buffer, mtime=0) as file:
        file.write(gzip.decompress(content))
    answer_whole(handler, buffer.getvalue())


@pytest.fixture
def mirror(fake, monkeypatch):
    """Make torchvision download the fake set from this machine."""
    datasets = pytest.importorskip("torchvision.datasets")
    packed = {
        f"{name}.gz": gzip.compress(content, mtime=0)
        for name, content in fake.files.items()
    }
    server = Server(packed)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    host, port = server.server_address
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://{host}:{port}/"])
    monkeypatch.setattr(datasets.MNIST, "resources", md5_sums(packed))
    monkeypatch.setenv("no_proxy", host)
    yield server
    server.done.set()
    server.shutdown()
    thread.join()
    server.server_close()


def md5_sums(files):
    return [
        (name, hashlib.md5(content).hexdigest())
        for name, content in files.items()
    ]


def serve_other_digits(fake, server, monkeypatch):
    """Serve valid files that torchvision takes for right, and we do not."""
    from torchvision.datasets import MNIST

    server.files = {
        f"{name}.gz": gzip.compress(alter(content))
        for name, content in fake.files.items()
    }
    monkeypatch.setattr(MNIST, "resources", md5_sums(server.files))


def test_download_puts_the_four_files_in_place(fake, mirror, tmp_path):
    root = tmp_path / "new" / "folder"
    check_digits(load_mnist("full", root, download=True), fake.digits)
    raw = root / "MNIST" / "raw"
    assert {p.name: p.read_bytes() for p in raw.iterdir()} == fake.files
    assert tree(root)[:2] == ["MNIST", "MNIST/raw"]
    assert len(tree(root)) == 6
    assert len(set(mirror.asked)) == 4


def test_complete_set_is_read_without_the_network(fake, root, monkeypatch):
    def refuse(*arguments, **settings):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    check_digits(load_mnist("full", root, download=True), fake.digits)


def test_download_repairs_a_set_with_a_missing_file(fake, mirror, root):
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    check_digits(load_mnist("full", root, download=True), fake.digits)


@pytest.mark.parametrize(
    "answer",
    [
        answer_with_a_page,
        answer_half,
        answer_half_in_chunks,
        answer_nothing,
        answer_damaged,
    ],
)
def test_failed_download_says_what_to_do_and_leaves_nothing(
    mirror, tmp_path, answer
):
    mirror.answer = answer
    with pytest.raises(ConnectionError, match="check the network") as error:
        load_mnist("full", tmp_path, download=True)
    assert "load_mnist('subset')" in str(error.value)
    assert tree(tmp_path) == []
    assert mirror.asked


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_missing_page_is_told(mirror, tmp_path):
    mirror.answer = answer_not_found
    with pytest.raises(ConnectionError, match="Not Found"):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []
    gc.collect()  # torchvision does not close the answer 404


def test_server_that_is_down_is_told(mirror, tmp_path):
    mirror.shutdown()
    mirror.server_close()
    with pytest.raises(ConnectionError, match="check the network"):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []


def test_file_that_fails_after_three_good_ones_leaves_nothing(
    mirror, tmp_path
):
    def answer(handler, content):
        last = "t10k-labels" in handler.path
        (answer_half if last else answer_whole)(handler, content)

    mirror.answer = answer
    with pytest.raises(ConnectionError, match="t10k-labels"):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []


def test_other_digits_are_refused(fake, mirror, tmp_path, monkeypatch):
    serve_other_digits(fake, mirror, monkeypatch)
    with pytest.raises(ValueError, match=r"altered .* call again"):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []


def test_failed_download_keeps_the_files_that_were_there(mirror, root):
    (root / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    before = tree(root)
    mirror.answer = answer_half
    with pytest.raises(ConnectionError, match="check the network"):
        load_mnist("full", root, download=True)
    assert tree(root) == before


def test_interrupted_download_leaves_nothing(mirror, tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    def interrupt(self):
        Path(self.raw_folder).mkdir(parents=True)
        (Path(self.raw_folder) / "train-images-idx3-ubyte").write_bytes(b"1")
        raise KeyboardInterrupt

    monkeypatch.setattr(MNIST, "download", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_mnist("full", tmp_path, download=True)
    assert tree(tmp_path) == []


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_silent_server_is_given_up(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "PATIENCE", 0.2)
    mirror.answer = answer_half_and_wait
    start = time.monotonic()
    with pytest.raises(ConnectionError, match=r"timed out.*check the network"):
        load_mnist("full", tmp_path, download=True)
    assert time.monotonic() - start < 20
    assert tree(tmp_path) == []
    assert socket.getdefaulttimeout() is None
    gc.collect()


def test_archive_does_not_write_elsewhere(fake, mirror, tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    named = [(name, None) for name, _ in MNIST.resources]
    monkeypatch.setattr(MNIST, "resources", named)
    mirror.answer = answer_with_a_name_elsewhere
    root = tmp_path / "a" / "b" / "c"
    check_digits(load_mnist("full", root, download=True), fake.digits)
    assert [p for p in tree(tmp_path) if "evil" in p] == []
    assert len(tree(root)) == 6


def no_space(*arguments, **settings):
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


def test_full_disk_is_told_from_a_bad_network(mirror, tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    monkeypatch.setattr(MNIST, "download", no_space)
    with pytest.raises(OSError, match=r"No space .* free some space") as error:
        load_mnist("full", tmp_path, download=True)
    assert "network" not in str(error.value)
    assert str(tmp_path) in str(error.value)
    assert tree(tmp_path) == []


def test_folder_that_may_not_be_written_to_is_told(
    mirror, tmp_path, monkeypatch
):
    def refuse(*arguments, **settings):
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere")

    monkeypatch.setattr(data.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(PermissionError, match="that you may write to"):
        load_mnist("full", tmp_path, download=True)
    with (
        pytest.raises(PermissionError, match=f"cannot write to {tmp_path} "),
        write_whole(tmp_path / "a"),
    ):
        pytest.fail("the file was opened")
    assert not mirror.asked


def test_file_in_place_of_the_folder_is_told(mirror, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OSError, match="that you may write to"):
        load_mnist("full", tmp_path / "a", download=True)
    assert (tmp_path / "a").read_text() == "mine"


def test_what_killed_downloads_left_is_removed_a_day_later(
    fake, mirror, tmp_path
):
    for name, hours in [(".mnist-old", 25), (".mnist-new", 1), ("mine", 99)]:
        (tmp_path / name / "MNIST").mkdir(parents=True)
        then = time.time() - 3600 * hours
        os.utime(tmp_path / name, (then, then))
    check_digits(load_mnist("full", tmp_path, download=True), fake.digits)
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == [".mnist-new", "MNIST", "mine"]


# In a process of its own: what it is told to take for the full set.
DOWNLOAD = """
import json, sys
from torchvision.datasets import MNIST
from helpers import data
facts = json.loads(sys.argv[1])
MNIST.mirrors, data.FULL_SHA256 = facts["mirrors"], facts["sums"]
MNIST.resources = list(map(tuple, facts["resources"]))
print(len(data.load_mnist("full", facts["root"], True).train_labels))
"""


def start_download(root):
    from torchvision.datasets import MNIST

    facts = dict(mirrors=MNIST.mirrors, resources=MNIST.resources)
    facts |= dict(sums=data.FULL_SHA256, root=str(root))
    command = [sys.executable, "-c", DOWNLOAD, json.dumps(facts)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.reliability
def test_two_processes_can_download_at_once(fake, mirror, tmp_path):
    both = threading.Barrier(2, timeout=60)
    last = "t10k-labels-idx1-ubyte.gz"

    def answer(handler, content):
        if last in handler.path and "HEAD" not in handler.command:
            both.wait()
        answer_whole(handler, content)

    mirror.answer = answer
    runs = [start_download(tmp_path) for _ in range(2)]
    told = [run.communicate(timeout=120) for run in runs]
    assert [out for out, _ in told] == ["30\n", "30\n"], told
    check_digits(load_mnist("full", tmp_path), fake.digits)
    assert len(tree(tmp_path)) == 6


@pytest.mark.reliability
def test_killed_download_does_no_harm(fake, mirror, tmp_path):
    reached = threading.Event()

    def answer(handler, content):
        if "t10k" in handler.path:
            reached.set()
            answer_half_and_wait(handler, content)
        answer_whole(handler, content)

    mirror.answer = answer
    run = start_download(tmp_path)
    assert reached.wait(120)
    run.kill()
    run.communicate()
    assert all(p.name.startswith(".mnist-") for p in tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="download=True"):
        load_mnist("full", tmp_path)
    mirror.answer = answer_whole
    check_digits(load_mnist("full", tmp_path, download=True), fake.digits)


# --- Writing -----------------------------------------------------------------


def test_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "a.bin"
    with write_whole(path) as file:
        file.write(b"first half, ")
        file.flush()
        assert not path.exists()
        file.write(b"second half")
    assert path.read_bytes() == b"first half, second half"
    assert tree(tmp_path) == ["a.bin"]


def test_written_file_can_be_read_by_everyone(tmp_path):
    before = os.umask(0o077)
    try:
        with write_whole(tmp_path / "a.bin") as file:
            file.write(b"all of it")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o644


def test_existing_file_is_replaced(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"a longer text that was there before")
    with write_whole(str(path)) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes().startswith(b"a longer")
    assert path.read_bytes() == b"new"
    assert tree(tmp_path) == ["a.bin"]


def write_half_and_raise(path, error):
    with write_whole(path) as file:
        file.write(b"half of it")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_failed_writing_leaves_nothing(tmp_path, error):
    with pytest.raises(error):
        write_half_and_raise(tmp_path / "a.bin", error)
    assert tree(tmp_path) == []


def test_failed_writing_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        write_half_and_raise(path, RuntimeError)
    assert path.read_bytes() == b"old"
    assert tree(tmp_path) == ["a.bin"]


def test_full_disk_keeps_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match=r"No space .*: free some space"):
        write_half_and_raise(path, error)
    assert path.read_bytes() == b"old"
    assert tree(tmp_path) == ["a.bin"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="not on Linux")
def test_disk_that_is_really_full_is_told(tmp_path, monkeypatch):
    """The error comes as late as it can: when the file is closed."""
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, mode: real(Path("/dev/full"), mode)
    )
    network = networks.LeNet5(np.random.default_rng(0))
    with pytest.raises(OSError, match=r"No space .*: free some space"):
        network.save(tmp_path / "a.npz")
    assert tree(tmp_path) == []


def test_folder_of_that_name_is_not_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"), write_whole(tmp_path / "a"):
        pass
    assert tree(tmp_path) == ["a"]


def test_missing_folder_is_told_before_anything_is_written(tmp_path):
    path = tmp_path / "nowhere" / "a.bin"
    with (
        pytest.raises(FileNotFoundError, match="nowhere is not a folder: cr"),
        write_whole(path),
    ):
        pytest.fail("the file was opened")
    assert tree(tmp_path) == []


# --- SVHN --------------------------------------------------------------------


def house_numbers(count, seed):
    """Colour pictures and labels as the files hold them: 10 is a nought."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
    labels = rng.integers(1, 11, (count, 1), dtype=np.uint8)
    labels[0] = 10
    return {"X": pictures, "y": labels}


@pytest.fixture
def numbers(monkeypatch):
    """Files in the format of SVHN, their sums and addresses in torchvision."""
    datasets = pytest.importorskip("torchvision.datasets")
    arrays = {"train": house_numbers(7, 0), "test": house_numbers(4, 1)}
    files = {}
    for split, content in arrays.items():
        buffer = io.BytesIO()
        scipy.io.savemat(buffer, content)
        files[f"{split}_32x32.mat"] = buffer.getvalue()
    server = Server(files)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    host, port = server.server_address
    listed = {
        name[:-10]: [f"http://{host}:{port}/{name}", name, sum_]
        for name, sum_ in md5_sums(files)
    }
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    monkeypatch.setenv("no_proxy", host)
    yield SimpleNamespace(arrays=arrays, files=files, server=server)
    server.done.set()
    server.shutdown()
    thread.join()
    server.server_close()


def write_numbers(numbers, root):
    (root / "SVHN").mkdir()
    for name, content in numbers.files.items():
        (root / "SVHN" / name).write_bytes(content)


def check_numbers(found, numbers):
    for split, images, labels in [
        ("train", found.train_images, found.train_labels),
        ("test", found.test_images, found.test_labels),
    ]:
        colour = numbers.arrays[split]["X"].astype(float)
        expected = numbers.arrays[split]["y"].ravel() % 10
        assert images.dtype == np.uint8
        assert images.shape == (len(expected), 1, 32, 32)
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(labels, expected)
        for n, image in enumerate(images):
            red, green, blue = np.moveaxis(colour[..., n], 2, 0)
            grey = 0.299 * red + 0.587 * green + 0.114 * blue
            assert np.abs(image[0] - grey).max() <= 0.5 + 1e-9


def test_house_numbers_are_read_in_grey(numbers, tmp_path):
    write_numbers(numbers, tmp_path)
    check_numbers(load_svhn(tmp_path), numbers)
    assert not numbers.server.asked


def test_house_numbers_are_looked_for_in_data(numbers, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    write_numbers(numbers, tmp_path)
    check_numbers(load_svhn(), numbers)


def test_house_numbers_are_downloaded(numbers, tmp_path):
    root = tmp_path / "new" / "folder"
    check_numbers(load_svhn(root, download=True), numbers)
    assert sorted(p.name for p in root.iterdir()) == ["SVHN"]
    assert tree(root / "SVHN") == sorted(numbers.files)


@pytest.mark.parametrize("name", ["train_32x32.mat", "test_32x32.mat"])
def test_missing_house_numbers_say_how_to_get_them(numbers, tmp_path, name):
    write_numbers(numbers, tmp_path)
    (tmp_path / "SVHN" / name).unlink()
    with pytest.raises(FileNotFoundError, match="download=True") as caught:
        load_svhn(tmp_path)
    assert name in str(caught.value)
    assert "load_mnist" in str(caught.value)


@pytest.mark.parametrize("damage", [cut, alter])
def test_damaged_house_numbers_say_what_to_delete(numbers, tmp_path, damage):
    write_numbers(numbers, tmp_path)
    path = tmp_path / "SVHN" / "test_32x32.mat"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="cut short or altered") as caught:
        load_svhn(tmp_path)
    assert f"delete {tmp_path / 'SVHN'}" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        answer_with_a_page,
        answer_half,
        answer_not_found,
        answer_damaged,
        answer_half_and_wait,
    ],
)
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_house_numbers_that_cannot_be_had_leave_nothing(
    numbers, tmp_path, answer, monkeypatch
):
    monkeypatch.setattr(data, "PATIENCE", 0.2)
    numbers.server.answer = answer
    with pytest.raises(ConnectionError, match="check the network"):
        load_svhn(tmp_path, download=True)
    assert not list(tmp_path.iterdir())
    gc.collect()


def test_full_disk_is_told_for_house_numbers(numbers, tmp_path, monkeypatch):
    from torchvision.datasets import SVHN

    monkeypatch.setattr(SVHN, "download", no_space)
    with pytest.raises(OSError, match=r"No space .* free some space"):
        load_svhn(tmp_path, download=True)
    assert not list(tmp_path.iterdir())


def test_house_numbers_that_may_not_be_read_are_told(
    numbers, tmp_path, monkeypatch
):
    write_numbers(numbers, tmp_path)
    (tmp_path / "SVHN" / "test_32x32.mat").unlink()
    (tmp_path / "SVHN" / "test_32x32.mat").mkdir()
    with pytest.raises(ValueError, match="cut short or altered: delete"):
        load_svhn(tmp_path)
    from torchvision.datasets import SVHN

    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied", "it")

    monkeypatch.setattr(SVHN, "_check_integrity", refuse)
    with pytest.raises(PermissionError, match="that you may read, or delete"):
        load_svhn(tmp_path)


# --- Pictures ----------------------------------------------------------------


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a.png"
    pixels = np.arange(60 * 50 * 3, dtype=np.uint8).reshape(60, 50, 3)
    Image.fromarray(pixels).save(path)
    np.testing.assert_array_equal(load_picture(str(path)), pixels)
    return path


@pytest.mark.parametrize("length", [0, 1, 8, 40, -60, -30])
def test_picture_cut_short_is_told(picture, length):
    picture.write_bytes(picture.read_bytes()[:length])
    with pytest.raises(ValueError, match="is not a whole picture"):
        load_picture(picture)


def test_picture_that_may_not_be_read_is_told(picture, monkeypatch):
    forbid_reading(monkeypatch)
    with pytest.raises(PermissionError, match="that you may read") as error:
        load_picture(picture)
    assert str(picture) in str(error.value)


def test_folder_is_no_picture(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no picture"):
        load_picture(tmp_path)


def test_picture_that_would_fill_the_memory_is_refused(picture, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 50 // 2 - 1)
    with pytest.raises(ValueError, match="exceeds limit"):
        load_picture(picture)


# --- Making the subset -------------------------------------------------------


def test_save_subset_takes_the_first_500_of_each_class(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=7000)
    images = rng.integers(256, size=(7000, 1, 28, 28), dtype=np.uint8)

    def full_set(which, root, download):
        assert (which, root, download) == ("full", "here", True)
        return Digits(images, labels, images[:0], labels[:0])

    monkeypatch.setattr(data, "load_mnist", full_set)
    save_subset(tmp_path / "a.npz", "here")
    seen, chosen = [0] * 10, []
    for place, label in enumerate(labels):
        seen[label] += 1
        if seen[label] <= 500:
            chosen.append(place)
    saved = arrays_of(tmp_path / "a.npz")
    assert sorted(saved) == ["images", "labels"]
    assert saved["images"].shape == (5000, 28, 28)
    assert saved["labels"].dtype == np.uint8
    np.testing.assert_array_equal(saved["images"], images[chosen, 0])
    np.testing.assert_array_equal(saved["labels"], labels[chosen])
    assert tree(tmp_path) == ["a.npz"]


@needs_full_set
def test_bundled_subset_is_what_save_subset_makes(tmp_path):
    save_subset(tmp_path / "a.npz", os.environ["MNIST_ROOT"])
    made = arrays_of(tmp_path / "a.npz")
    bundled = arrays_of(data.FOLDER / data.SUBSET)
    assert sorted(made) == sorted(bundled)
    for name, array in bundled.items():
        assert made[name].dtype == array.dtype
        np.testing.assert_array_equal(made[name], array)
