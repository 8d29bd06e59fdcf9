"""The command line: ``python -m lecture.capstone --help``."""

import argparse

from lecture import capstone

parser = argparse.ArgumentParser(
    prog="python -m lecture.capstone",
    description="Build a convolutional network in an empty file, checked "
    "at each step.",
    epilog="The file is run, with your rights: it can do whatever you can. A "
    "file of somebody else's: read it first, or check it in a container or as "
    "another user.",
)
parser.add_argument("file", help="yours; made empty if it is not there")
group = parser.add_mutually_exclusive_group()
group.add_argument("--hint", action="store_true", help="for the next function")
group.add_argument(
    "--solution", action="store_true", help="of the next function"
)
options = parser.parse_args()
if options.hint:
    capstone.hint(options.file)
elif options.solution:
    capstone.solution(options.file)
else:
    capstone.check(options.file)
