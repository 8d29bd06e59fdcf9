"""Print, as JSON, what each exercise tells whom, for the web site."""

import importlib
import json
from pathlib import Path

from lecture.exercises.exercise import Exercise

told = {}
for path in sorted(Path(__file__).parent.glob("ex[0-9][0-9].py")):
    module = importlib.import_module(f"lecture.exercises.{path.stem}")
    told[path.stem[2:]] = {
        name: [slip.message for slip in value.slips]
        for name, value in vars(module).items()
        if isinstance(value, Exercise)
    }
print(json.dumps(told))
