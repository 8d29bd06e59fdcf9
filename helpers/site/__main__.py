"""The command: build the web site, and a book."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

from helpers.checks import as_path
from helpers.command import command
from helpers.site import build
from helpers.slides import NOTEBOOKS, ROOT
from helpers.slides.__main__ import main as make_decks


@command
def main(arguments: Sequence[str] | None = None) -> None:
    """Build what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.site",
        description="Build the web site from the stored notebooks. It needs "
        "neither a server nor a network; decks in decks/ are linked.",
    )
    add, decks = parser.add_argument, ROOT / "decks"
    add("--output", type=as_path, default=ROOT / "_site", help="(_site)")
    add("--epub", action="store_true", help="with lecture.epub, a book")
    add("--decks", action="store_true", help="make the decks before")
    given = parser.parse_args(arguments)
    if given.decks and make_decks(["--output", str(decks)]):
        raise RuntimeError("the site is not built without its decks")
    # A process of theirs: helpers import nothing of the lecture.
    exercises = [sys.executable, "-m", "lecture.exercises"]
    told = json.loads(subprocess.check_output(exercises))
    paths, linked = NOTEBOOKS.glob("*.ipynb"), decks.is_dir() and decks
    print(build(sorted(paths), given.output, told, linked, given.epub))


if __name__ == "__main__":
    raise SystemExit(main())
