"""What `load_picture` returns is what a browser shows of the same file."""

import base64
import io
import warnings

import numpy as np
import pytest
from PIL import Image

from helpers.data import load_picture

# Draws a picture over white paper and returns its pixels.
DRAW = """
async (address) => {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.height, canvas.width, ...data];
}
"""
KINDS = {
    "PNG": "png",
    "JPEG": "jpeg",
    "GIF": "gif",
    "BMP": "bmp",
    "WEBP": "webp",
    "AVIF": "avif",
}
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"]
MODES += ["HSV", "I", "I;16", "F"]


def ramps():
    """Return 16 x 24 pixels of four smooth channels."""
    y, x = np.mgrid[:16, :24]
    channels = (10 * x, 15 * y, 255 - 10 * x, 10 * (x + y) % 256)
    return np.stack(channels, axis=2).astype(np.uint8)


def picture(mode):
    """Return them in a mode of Pillow."""
    colours = Image.fromarray(ramps())
    if mode == "I;16":
        return Image.fromarray(ramps()[..., 0].astype(np.uint16) * 257)
    if mode == "PA":
        paletted = colours.convert("RGB").convert("P").convert("PA")
        paletted.putalpha(colours.getchannel("A"))
        return paletted
    if mode in ("LA", "RGBA"):
        return colours.convert(mode)
    return colours.convert("RGB").convert(mode)


def files():
    """Yield name and content of every kind of file that Pillow writes."""
    for mode in MODES:
        for kind in KINDS:
            yield f"{mode} {kind}", kind, picture(mode), {}
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("PNG", "JPEG"):  # Chromium leaves WebP as it lies
            name = f"orientation {orientation} {kind}"
            yield name, kind, picture("RGB"), {"exif": exif}
    for mode in ("L", "P", "I;16"):
        yield f"transparent {mode}", "PNG", picture(mode), {"transparency": 0}
    palette = picture("P")
    settings = {"transparency": bytes(range(256))}
    yield "transparent palette", "PNG", palette, settings
    frames = [Image.new("RGB", (24, 16), c) for c in ("red", "lime")]
    moving = dict(save_all=True, append_images=frames)
    for kind in ("PNG", "GIF", "WEBP"):
        yield f"moving {kind}", kind, picture("RGB"), moving
    still = {"default_image": True}
    yield "moving, with a still", "PNG", picture("RGB"), moving | still


def written():
    """Return the files that Pillow can write, by name."""
    found = {}
    for name, kind, image, settings in files():
        # Pillow and Chromium do not agree on the range of AVIF's alpha.
        if kind == "AVIF" and "A" in name.split()[0]:
            continue
        content = io.BytesIO()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image.save(content, kind, **settings)
        except (OSError, ValueError):  # not every format has every mode
            continue
        found[name] = kind, content.getvalue()
    return found


FILES = written()


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    yield page
    page.close()


def test_there_are_many_kinds_of_files():
    assert len(FILES) > 70


@pytest.mark.parametrize("name", FILES)
def test_what_is_loaded_is_what_a_browser_shows(name, page, tmp_path):
    kind, content = FILES[name]
    packed = base64.b64encode(content).decode()
    address = f"data:image/{KINDS[kind]};base64,{packed}"
    height, width, *pixels = page.evaluate(DRAW, address)
    shown = np.reshape(pixels, (height, width, 4))[..., :3]
    path = tmp_path / "a"
    path.write_bytes(content)
    found = load_picture(path).astype(int)
    # Two decoders of a lossy format round differently.
    limit = 4 if kind in ("JPEG", "WEBP", "AVIF") else 1
    np.testing.assert_allclose(found, shown, rtol=0, atol=limit)
