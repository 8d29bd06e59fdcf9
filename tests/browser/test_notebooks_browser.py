"""Every notebook in JupyterLab: Run All, and nothing fails."""

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

# What the cells of the open notebook hold after a run.
CELLS = """
[...window.jupyterapp.shell.currentWidget.content.model.cells]
  .filter(cell => cell.type == "code")
  .map(cell => [cell.executionCount,
    cell.outputs.toJSON().filter(o => o.output_type == "error")
      .map(o => o.ename + ": " + o.evalue)])
"""


def errors(page):
    return [text for _, wrong in page.evaluate(CELLS) for text in wrong]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_run_all(path, lab, run_all):
    shutil.copy(path, lab[0])
    page = run_all(path.name)
    counts = [count for count, _ in page.evaluate(CELLS)]
    assert counts == list(range(1, len(counts) + 1))
    assert errors(page) == []


def test_an_error_is_seen(lab, run_all):
    source = NOTEBOOKS[0].read_text(encoding="utf-8")
    assert "import numpy as np" in source
    broken = source.replace("import numpy as np", "import numpyy as np", 1)
    (lab[0] / "broken.ipynb").write_text(broken, encoding="utf-8")
    assert "numpyy" in errors(run_all("broken.ipynb"))[0]
