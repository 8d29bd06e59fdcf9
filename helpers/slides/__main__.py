"""The command: build the decks that it is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from helpers.command import command
from helpers.slides import LECTURE, NOTEBOOKS, ROOT, build, print_pdf


@command
def main(arguments: Sequence[str] | None = None) -> None:
    """Build the decks that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.slides",
        description="Build slides from the notebooks, one HTML file each.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="how a notebook's file name begins, like 03, or lecture for the "
        "90-minute route through all of them; all if none is given",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "decks",
        help="folder for the decks (decks)",
    )
    parser.add_argument(
        "--pdf", action="store_true", help="print each deck to PDF as well"
    )
    given = parser.parse_args(arguments)
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"there are no notebooks in {NOTEBOOKS}: call pip install -e . "
            "in the repository"
        )
    names = _choose(given.names, [path.stem for path in notebooks])
    bar = tqdm(names, file=sys.stdout, leave=False, unit="deck")
    for name in bar:
        bar.set_description(name)
        deck = build(name, given.output, notebooks)
        _report(bar, deck)
        if given.pdf:
            _report(bar, print_pdf(deck))
    print("Open a deck in a browser; S: notes, Esc: overview, ?: help.")


def _report(bar: tqdm, path: Path) -> None:
    bar.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB", file=sys.stdout)


def _choose(wanted: Sequence[str], stems: Sequence[str]) -> list[str]:
    every = [*stems, LECTURE]
    for name in wanted:
        if not any(stem.startswith(name) for stem in every):
            raise ValueError(
                f"no notebook begins with {name}; there are {', '.join(every)}"
            )
    return [s for s in every if not wanted or s.startswith(tuple(wanted))]


if __name__ == "__main__":
    raise SystemExit(main())
