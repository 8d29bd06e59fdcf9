"""Write the pictures in data/ that notebook 04 begins with."""

import argparse
from collections.abc import Sequence

from PIL import Image

from helpers.checks import as_path
from helpers.command import command
from helpers.data import FOLDER
from helpers.files import write_whole
from lecture.beach import BUNDLED_SEED, draw_scene


@command
def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the beach and write it, and Waldo."""
    parser = argparse.ArgumentParser(
        prog="python -m lecture.beach", description=__doc__
    )
    parser.add_argument("--output", type=as_path, default=FOLDER)
    output = parser.parse_args(arguments).output
    scene = draw_scene(BUNDLED_SEED)
    for name, picture in zip(("scene", "template"), scene):
        with write_whole(output / f"waldo_{name}.png") as file:
            Image.fromarray(picture).save(file, "PNG", optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())
