"""A picture is loaded as a viewer shows it, or it is told what is wrong."""

import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from helpers.data import FORMATS, load_picture

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOURS = np.stack([RAMP, RAMP[::-1], RAMP.T], axis=2)
NINE = np.arange(9).reshape(3, 3)


@pytest.fixture
def load(tmp_path):
    """Return a function: a picture in, as it is loaded from a file, out."""

    def write_and_load(picture, kind="PNG", **settings):
        path = tmp_path / "a.any"
        if isinstance(picture, np.ndarray):
            picture = Image.fromarray(picture)
        picture.save(path, kind, **settings)
        return load_picture(path)

    return write_and_load


def grey(values):
    return np.stack([values] * 3, axis=2)


# --- Every kind of pixel -----------------------------------------------------

# What is written, and what is seen.  Chromium agrees, as far as it opens such
# files: tests/browser/test_pictures.py.
SIXTEEN = RAMP.astype(np.uint16) * 257
PIXELS = {
    "16 bits": (SIXTEEN, RAMP),
    "16 bits, the other end first": (SIXTEEN.astype(">u2"), RAMP),
    "16 bits, dark": (SIXTEEN // 257, np.uint8(RAMP > 128)),
    "32 bits as 8": (RAMP.astype(np.int32), RAMP),
    "32 bits as 16": (RAMP.astype(np.int32) * 257, RAMP),
    "32 bits": ((RAMP.astype(np.int32) - 99) * 10**6, RAMP),
    "floats from 0 to 1": (np.float32(RAMP / 255), RAMP),
    "floats from 0 to 255": (RAMP.astype(np.float32), RAMP),
    "other floats": (np.float32(RAMP / 10 - 7), RAMP),
    "one float": (np.full((3, 3), -7, np.float32), np.zeros((3, 3))),
}


@pytest.mark.parametrize("name", PIXELS)
def test_grey_of_any_depth_is_scaled_by_its_range(load, name):
    pixels, seen = PIXELS[name]
    np.testing.assert_array_equal(load(pixels, "TIFF"), grey(seen))


def test_16_bits_keep_their_levels(load):
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 257
    found = load(ramp)
    assert len(np.unique(found)) == 256
    np.testing.assert_array_equal(found, grey(RAMP))


def test_pixels_that_are_no_numbers_are_refused(load):
    with pytest.raises(ValueError, match=r"not a whole picture .*nan"):
        load(np.float32([[0, np.nan]]), "TIFF")


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBX", "CMYK", "YCbCr"])
def test_modes_without_transparency_are_as_pillow_shows_them(load, mode):
    picture = Image.fromarray(COLOURS).convert(mode)
    expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(load(picture, "TIFF"), expected)


def test_lab_comes_back_as_the_colours_it_was_made_of(load):
    profiles = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    lab = ImageCms.profileToProfile(
        Image.fromarray(COLOURS), *profiles, outputMode="LAB"
    )
    away = np.abs(load(lab, "TIFF").astype(int) - COLOURS)
    assert np.median(away) <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_lies_over_white(load, mode):
    opaque = Image.fromarray(COLOURS).convert("P" if mode == "PA" else mode)
    colours = np.asarray(opaque.convert("RGB"), float)
    picture = opaque.convert(mode)
    picture.putalpha(Image.fromarray(RAMP.T))
    share = RAMP.T[:, :, None] / 255
    expected = share * colours + (1 - share) * 255
    np.testing.assert_allclose(load(picture, "TIFF"), expected, atol=1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16])
def test_one_transparent_level_is_white(load, dtype):
    pixels = NINE.astype(dtype)
    top = {"b": 255, "u": 1}[pixels.dtype.kind]
    seen = np.where(NINE == 0, 255, NINE.astype(dtype) * top)
    if dtype == np.uint16:
        seen = np.where(NINE == 0, 255, 0)
    np.testing.assert_array_equal(load(pixels, transparency=0), grey(seen))


# --- As the camera was held; the first of several ----------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_upright(load, kind, orientation):
    """Orientations by the standard: what row 0 and column 0 are."""
    upright = np.kron(RAMP[3:5, 3:6] * 5, np.ones((16, 16), np.uint8))
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = load(np.ascontiguousarray(stored), kind, exif=exif)
    np.testing.assert_allclose(found, grey(upright), atol=8)


def test_broken_notes_of_a_camera_do_not_matter(load):
    assert load(RAMP, exif=b"Exif\0\0no notes").shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("kind", "still"), [("GIF", 0), ("WEBP", 0), ("PNG", 0), ("PNG", 1)]
)
def test_of_an_animation_the_first_frame_is_seen(load, kind, still):
    frames = [Image.fromarray(np.full((9, 9), v, "u1")) for v in (80, 0, 200)]
    settings = {"default_image": True} if still else {}
    more = dict(save_all=True, append_images=frames[1:], **settings)
    found = load(frames[0], kind, **more)
    np.testing.assert_array_equal(found, 0 if still else 80)


# --- What is refused ---------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.png"
    pixels = np.arange(60 * 50 * 3, dtype=np.uint8).reshape(60, 50, 3)
    Image.fromarray(pixels).save(path)
    np.testing.assert_array_equal(load_picture(str(path)), pixels)
    return path


@pytest.mark.parametrize("length", [0, 1, 7, 20, 40, -60, -30])
def test_picture_cut_short_or_no_file_is_told(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"not a whole|not one of"):
        load_picture(path)
    with pytest.raises(FileNotFoundError, match="there is no picture"):
        load_picture(path.parent)


@pytest.mark.parametrize(("content", "name"), [
    (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{} loop", "EPS"),
    (b"\xd7\xcd\xc6\x9a" + bytes(60), "WMF"),
    (b"SIMPLE  =                    T", "FITS"),
    (b"#!/bin/sh", "something else"),
])  # fmt: skip
def test_only_formats_that_are_decoded_here_are_opened(path, content, name):
    path.write_bytes(content)
    known = f"is {name}, not one of {', '.join(FORMATS)}: open it in an image"
    with pytest.raises(ValueError, match=known):
        load_picture(path)


def test_no_format_needs_another_program():
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    assert not {"EPS", "WMF", "GRIB", "HDF5", "BUFR"} & set(FORMATS)


def test_a_very_large_picture_is_refused_by_its_size(path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 50 // 2 - 1)
    with pytest.raises(ValueError, match=r"too large .*3000 pixels.*smaller"):
        load_picture(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 50 - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_picture(path).shape == (60, 50, 3)


def test_what_would_fill_the_memory_is_refused_with_the_amount(
    path, monkeypatch
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    content = bytearray(path.read_bytes())
    content[16:24] = np.array([60_000, 60_000], ">u4").tobytes()
    crc = np.array([zlib.crc32(content[12:29])], ">u4").tobytes()
    path.write_bytes(content[:29] + crc + content[33:])
    with pytest.raises(MemoryError, match=r"a\.png would take \d+\.\d GiB"):
        load_picture(path)
