"""The command: build the decks that it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from helpers.checks import as_path
from helpers.command import command
from helpers.slides import LECTURE, NOTEBOOKS, ROOT, build, lecture, print_pdf


@command
def main(arguments: Sequence[str] | None = None) -> None:
    """Build the decks that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.slides",
        description="Build slides from notebooks, one HTML file each.",
    )
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        metavar="NAME",
        help="how a notebook's file name begins, like 03, the path of any "
        "notebook, or lecture for the 90-minute route through all of them; "
        "all if none is given",
    )
    add(
        "--output", type=as_path, default=ROOT / "decks", help="folder (decks)"
    )
    add(
        "--sections",
        type=lambda text: text.split(","),
        default=(),
        help="make the lecture of these notebooks: 01,04",
    )
    add("--pdf", action="store_true", help="print each deck to PDF as well")
    given = parser.parse_args(arguments)
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(
            f"there are no notebooks in {NOTEBOOKS}: call pip install -e . "
            "in the repository"
        )
    failed = []
    for path in _choose(
        [LECTURE] if given.sections else given.names, notebooks
    ):
        try:
            deck = build(path, given.output, notebooks, given.sections)
            if not deck:
                print(f"skipped: {path} shows nothing")
                continue
            print(f"{deck}  {deck.stat().st_size / 1e6:.1f} MB", flush=True)
            if path is None:
                parts = lecture(notebooks, given.sections)
                print(f"lecture: {sum(p.minutes for p in parts)} minutes")
            if given.pdf:
                print(f"{print_pdf(deck)}  printed", flush=True)
        except (ValueError, RuntimeError) as error:  # the others are built
            failed.append(str(error))
    print("Open a deck in a browser; S: notes, Esc: overview, ?: help.")
    if failed:
        raise RuntimeError("\nerror: ".join(failed))


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
                f"no notebook begins with {name}: there are {', '.join(every)}"
            )
        chosen += found
    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
