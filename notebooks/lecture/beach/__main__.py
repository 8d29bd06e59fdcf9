"""Write the pictures in data/ that notebook 04 begins with."""

from PIL import Image

from helpers.data import FOLDER
from helpers.files import write_whole
from lecture.beach import BUNDLED_SEED, draw_scene

if __name__ == "__main__":
    scene = draw_scene(BUNDLED_SEED)
    for name, picture in zip(("scene", "template"), scene):
        with write_whole(FOLDER / f"waldo_{name}.png") as file:
            Image.fromarray(picture).save(file, "PNG", optimize=True)
