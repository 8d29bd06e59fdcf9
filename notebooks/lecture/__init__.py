"""What belongs to single notebooks: their figures, exercises, explorers.

`figures.fig05` holds the drawings that only notebook 05 uses,
`exercises.ex05` its exercises.  `capstone` checks the network that a reader
writes, `beach` draws the crowd of 04, `depth_and_structure` is the experiment
of 09, and `records` makes the recorded runs in ``data/``.
"""
