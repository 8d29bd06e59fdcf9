"""Slips with drawings, explorers and the experiment: one line says what fits.

A row is a call, with arguments that fit none, and words of the message.
"""

import re
import traceback
from importlib import import_module

import numpy as np
import pytest

from helpers import figures
from helpers.data import Digits
from helpers.networks import LeNet5
from lecture.depth_and_structure import compare
from lecture.explorers import draw_digit, kernel_playground

F = [import_module(f"lecture.figures.fig0{n}") for n in range(10)]
ONE, TWO, THREE = np.ones(3), np.ones((3, 4)), np.ones((3, 4, 5))
FIG = figures.new_figure()
RAW = Digits(np.ones((8, 1, 24, 24), np.uint8), ONE, TWO, ONE)
SCALED = RAW._replace(train_images=RAW.train_images.astype("f4"))
NETS = [("dense, 2 layers", 5)]

SLIPS = [
    (figures.show, ([FIG], "two"), "a figure is shown, not \\["),
    (figures.show, (FIG, None), "alt must say"),
    (figures.show_frames, (FIG, "one"), "frames must be a list"),
    (figures.show_frames, ([FIG, TWO], "one"), "a figure is shown, not array"),
    (figures.image_grid, ([],), "nothing to draw|images must"),
    (figures.image_grid, (np.ones((0, 3, 4)),), "nothing to draw"),
    (figures.image_grid, (ONE,), r"images must have axes .* shape \(3,\)"),
    (figures.image_grid, ([FIG],), "images must hold real numbers"),
    (figures.image_grid, (THREE, None, 0), "columns must be at least 1"),
    (figures.image_grid, (THREE, ["a"]), "titles must be a list of 3"),
    (
        figures.image_grid,
        (np.ones((9999, 2, 2)),),
        "9,999 .* MiB.*choose",
    ),
    (figures.curves, ({}, "x", "y"), "lines must be a dict"),
    (figures.curves, ([ONE], "x", "y"), "lines must be a dict"),
    (figures.curves, ({"a": THREE}, "x", "y"), r"lines\['a'\] must have axes"),
    (figures.bars, ({}, "x", "a", "{}"), "values must be a dict"),
    (figures.count_maps, ({}, "t"), "maps must be a dict"),
    (figures.count_maps, ({"a": ONE}, "t"), r"maps\['a'\] .* \(H, W\)"),
    (figures.picture_and_response, (ONE, TWO, "ab"), "picture must have axes"),
    (figures.picture_and_response, (TWO, TWO, ["a"]), "titles must be .* 2"),
    (figures.cell_arrays, ([],), "arrays must be a list"),
    (figures.cell_arrays, ([("a", TWO)],), r"arrays must .* \[\(title"),
    (
        figures.cell_arrays,
        ([("a", ONE, "red")],),
        r"'a' must have .* \(H",
    ),
    (figures.cell_rows, ([],), "rows must be a list"),
    (
        figures.cell_rows,
        ([("a", TWO, 0, "red")],),
        r"'a' must have .* \(T",
    ),
    (figures.matrix_product, (ONE, ONE), "matrix must have axes"),
    (figures.draw_cells, (None, THREE), "values must have axes"),
    (F[0].connection_matrices, ([TWO], (2, 2), [0]), "matrices must be a d"),
    (F[0].masks, (TWO, ["a"]), "pictures must have axes"),
    (F[0].masks, (THREE, ["a"]), "titles must be a list of 3"),
    (F[0].history_strip, ([],), "events must be a list"),
    (F[1].slide_frame, (TWO, ONE, 0), "x must have axes"),
    (F[1].slide_strip, (ONE, TWO), "k must have axes"),
    (F[1].signal_panels, ({"a": TWO},), r"signals\['a'\] must have axes"),
    (F[2].filtering, ([],), "rows must be a list"),
    (F[2].filtering, ([(TWO, TWO)],), r"rows must .* \[\(image"),
    (F[2].filtering, ([(TWO, TWO, TWO)] * 2, ["a"]), "names must be .* of 2"),
    (F[2].answers, (TWO, [TWO]), "cases must be a dict"),
    (F[2].borders, ({},), "cases must be a dict"),
    (F[3].window_gallery, ({},), "settings must be a dict"),
    (F[3].staircase, (ONE, {"a": TWO}, ""), r"outputs\['a'\] must have axes"),
    (F[3].receptive_fields, (ONE, {}, TWO, "ab"), "image must have axes"),
    (F[4].picture, (TWO,), r"image must have axes \(H, W, 3\)"),
    (F[4].score_maps, ({}, (0, 0)), "maps must be a dict"),
    (F[4].breaking, ([], "y"), "changes must be a dict"),
    (F[5].channel_maps, (TWO, np.ones((1, 1, 1, 1))), "x must have axes"),
    (F[5].window_columns, (ONE, (2, 2)), "image must have axes"),
    (F[5].kernel_matrices, ({"a": ONE}, 9), r"matrices\['a'\] must have"),
    (F[6].signed_maps, ({}, "w"), "maps must be a dict"),
    (F[7].picture_rows, ({}, ["a"], 0.5), "rows must be a dict"),
    (F[8].network, (LeNet5, (1, 28, 28), ""), r"as LeNet5\(rng\), not <cla"),
    (F[8].stage_maps, (LeNet5, THREE), r"as LeNet5\(rng\), not <class"),
    (F[8].kernel_rows, ([],), "rows must be a dict"),
    (F[8].confusion, (ONE,), "matrix must have axes"),
    (F[9].by_size, ({}, "x", "y", (0, 1)), "families must be a dict"),
    (F[9].ranges, ({"a": {}}, "x", (0, 1)), "a result must be a dict"),
    (draw_digit, (LeNet5,), r"as LeNet5\(rng\), not <class"),
    (kernel_playground, ([TWO],), "images must be a dict"),
    (kernel_playground, ({"a": ONE},), r"images\['a'\] must have axes"),
    (compare, (RAW, NETS), "digits must be standardised"),
    (compare, (SCALED, []), "networks must be a list"),
    (compare, (SCALED, ["dense"]), r"networks must .* \[\(family"),
    (compare, (SCALED, NETS, None, 5), r"seeds must be .* range\(5\), not 5"),
    (compare, (SCALED, NETS, None, [0], []), "rates must be a list"),
]


@pytest.mark.parametrize(("call", "given", "words"), SLIPS)
def test_a_slip_is_told_what_would_fit(call, given, words):
    with pytest.raises((TypeError, ValueError, MemoryError)) as error:
        call(*given)
    assert re.search(words, str(error.value)), error.value
    frame = traceback.extract_tb(error.value.__traceback__)[-1]
    assert re.search(r"helpers|lecture", frame.filename), frame
    assert "\n" not in str(error.value)
