"""The capstone: an empty file becomes a network, checked at each step.

``python -m lecture.capstone my_cnn.py`` says which function comes next and
checks those that are there; in a notebook, ``capstone.check("my_cnn.py")``.

`convolution`, `pooling`, `dense`, `network` and `training` hold the steps;
`watching` starts a process that it can end, `examining`, where `running` runs
the reader's file and `checking` compares its functions with the solutions;
`report` says what was found.
"""

from lecture.capstone.report import check, hint, solution

__all__ = ["check", "hint", "solution"]
