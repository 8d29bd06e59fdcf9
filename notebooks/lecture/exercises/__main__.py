"""Print, as JSON, what the exercises of each notebook tell whom."""

import importlib
import json
import pkgutil

from lecture import exercises
from lecture.exercises.exercise import Exercise


def misconceptions() -> dict[str, dict[str, list[str]]]:
    """Return the messages of each exercise, of each notebook by number."""
    found = {}
    for module in pkgutil.iter_modules(exercises.__path__):
        if module.name[:2] == "ex" and module.name[2:].isdigit():
            names = vars(
                importlib.import_module(f"lecture.exercises.{module.name}")
            )
            found[module.name[2:]] = {
                name: [slip.message for slip in value.slips]
                for name, value in names.items()
                if isinstance(value, Exercise) and value.slips
            }
    return found


if __name__ == "__main__":
    print(json.dumps(misconceptions()))
