"""The command: build the web site, and a book."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from helpers.site import build
from helpers.slides import NOTEBOOKS, ROOT
from helpers.slides.__main__ import main as make_decks


def main(arguments: list[str] | None = None) -> int:
    """Build what is asked for; return 1 if it fails."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.site",
        description="Build the web site from the stored notebooks. It needs "
        "neither a server nor a network; decks in decks/ are linked.",
    )
    add, decks = parser.add_argument, ROOT / "decks"
    add("--output", type=Path, default=ROOT / "_site", help="folder (_site)")
    add("--epub", action="store_true", help="with lecture.epub, a book")
    add("--decks", action="store_true", help="make the decks before")
    given = parser.parse_args(arguments)
    if given.decks and make_decks(["--output", str(decks)]):
        return 1
    try:
        # A process of theirs: helpers import nothing of the lecture.
        command = [sys.executable, "-m", "lecture.exercises"]
        told = json.loads(subprocess.check_output(command))
        paths, linked = NOTEBOOKS.glob("*.ipynb"), decks.is_dir() and decks
        print(build(sorted(paths), given.output, told, linked, given.epub))
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
