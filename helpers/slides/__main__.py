"""The command: build the decks that it is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from helpers.slides import LECTURE, NOTEBOOKS, ROOT, build, lecture, print_pdf


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the decks that are asked for; return 1 if one fails."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.slides",
        description="Build slides from notebooks, one HTML file each.",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="how a notebook's file name begins, like 03, the path of any "
        "notebook, or lecture for the 90-minute route through all of them; "
        "all if none is given",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "decks",
        help="folder for the decks (decks)",
    )
    parser.add_argument(
        "--sections",
        type=lambda text: text.split(","),
        default=(),
        help="what another lecture is made of: 01,04",
    )
    parser.add_argument(
        "--pdf", action="store_true", help="print each deck to PDF as well"
    )
    given = parser.parse_args(arguments)
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    names = given.names or ([LECTURE] if given.sections else [])
    failed = False
    try:
        chosen = _choose(names, notebooks)
    except ValueError as error:
        print(f"error: {error}")
        return 1
    for path in chosen:
        try:
            deck = build(path, given.output, notebooks, given.sections)
            if not deck:
                print(f"skipped: {path} shows nothing")
                continue
            _report(deck)
            if path is None:
                parts = lecture(notebooks, given.sections)
                minutes = sum(frame.minutes for frame in parts)
                print(f"{LECTURE}: {minutes} minutes by the speaker's notes")
            if given.pdf:
                _report(print_pdf(deck))
        except (ValueError, OSError, RuntimeError) as error:
            failed = True
            print(f"error: {error}")
    print("Open a deck in a browser; S: notes, Esc: overview, ?: help.")
    return int(failed)


def _report(path: Path) -> None:
    size = path.stat().st_size / 1e6
    print(f"{path}  {size:.1f} MB", file=sys.stdout, flush=True)


def _choose(
    wanted: Sequence[str], notebooks: Sequence[Path]
) -> list[Path | None]:
    """Return the notebooks that are named; None stands for the lecture."""
    every = {path.stem: path for path in notebooks} | {LECTURE: None}
    chosen: list[Path | None] = []
    for name in wanted or [""]:
        if name.endswith(".ipynb"):
            chosen.append(Path(name).expanduser())
            continue
        found = [path for stem, path in every.items() if stem.startswith(name)]
        if not found:
            raise ValueError(
                f"no notebook begins with {name}; there are {', '.join(every)}"
            )
        chosen += found
    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
