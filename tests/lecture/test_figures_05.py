"""Notebook 05: shapes and numbers in its figures are those of the layer."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from helpers.convolution import convolution_matrix
from helpers.figures import written
from helpers.im2col import im2col
from helpers.shapes import conv_output_size, conv_parameters
from lecture.figures import fig05

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOK /= "05_channels_and_matrices.ipynb"


def layer(seed, channels=2, outputs=3, size=(5, 6), kernel=(3, 2)):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 5, (channels, *size))
    weight = rng.integers(-1, 3, (outputs, channels, *kernel))
    return x, weight, rng.integers(-3, 4, outputs)


def torchs(x, weight, bias):
    arrays = (torch.tensor(a, dtype=torch.float64) for a in (x, weight, bias))
    pixels, *parameters = arrays
    return torch.nn.functional.conv2d(pixels[None], *parameters)[0].numpy()


def texts(fig, bold=False):
    return [
        text.get_text().replace("\N{MINUS SIGN}", "-")
        for text in fig.axes[0].texts
        if not bold or text.get_weight() == "bold"
    ]


def shapes_in(fig):
    """Return the shapes that a figure says: those written in brackets."""
    found = [t for t in texts(fig) if re.fullmatch(r"\(\d+(, \d+)+\)", t)]
    return [tuple(map(int, re.findall(r"\d+", t))) for t in found]


# --- One window through all channels -----------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_maps_and_biases_add_up_to_torchs_output(seed):
    x, weight, bias = layer(seed)
    maps = fig05.channel_maps(x, weight)
    total = maps.sum(axis=1) + bias[:, None, None]
    assert maps.shape == (*weight.shape[:2], *total.shape[1:])
    assert np.array_equal(total, torchs(x, weight, bias))


@pytest.mark.parametrize("seed", range(3))
def test_the_marked_numbers_are_one_window_all_the_way(seed):
    x, weight, bias = layer(seed)
    i, j = 1, 3
    fig = fig05.multichannel(x, weight, bias, (i, j))
    window = x[:, i : i + 3, j : j + 2]
    sums = (window * weight).sum(axis=(2, 3))
    output = torchs(x, weight, bias)[:, i, j]
    expected = list(window.ravel())
    for row, number in zip(sums, output):
        expected += [*row, number]
    assert [int(text) for text in texts(fig, bold=True)] == expected


def test_shapes_in_the_picture_are_those_of_the_arrays():
    x, weight, bias = layer(0)
    fig = fig05.multichannel(x, weight, bias, (0, 0))
    size = conv_output_size(x.shape[1:], weight.shape[2:])
    maps, output = (*weight.shape[:2], *size), (len(weight), *size)
    assert shapes_in(fig) == [x.shape, weight.shape, maps, output]


@pytest.mark.parametrize("at", [(0, 0, 0), (2, 1, 3)])
def test_products_and_bias_add_up_to_the_output(at):
    x, weight, bias = layer(1)
    fig = fig05.window_sum(x, weight, bias, at)
    f, i, j = at
    window = x[:, i : i + 3, j : j + 2]
    sums = (window * weight[f]).sum(axis=(1, 2))
    output = torchs(x, weight, bias)[at]
    marked = [int(text) for text in texts(fig, bold=True)]
    assert marked == [*window.ravel(), *sums, output]
    assert str(bias[f]) in texts(fig)
    assert f"h[{f}, {i}, {j}]" in texts(fig)
    assert shapes_in(fig) == [weight.shape[1:]] * 3


# --- Windows as columns ------------------------------------------------------


def cells(fig):
    """Return the number and the colour in each cell: {(x, y): ...}."""
    axes, found = fig.axes[0], {}
    texts = [text for text in axes.texts if text.get_visible()]
    numbers = {tuple(np.round(t.get_position(), 3)): t for t in texts}
    for patch in axes.patches:
        middle = tuple(np.round(np.add(patch.get_xy(), 0.5), 3))
        if patch.get_facecolor()[3] and middle in numbers:
            color = to_hex(patch.get_facecolor())
            found[middle] = int(numbers[middle].get_text()), color
    return found


def test_a_window_has_the_colour_of_its_column_of_unfold():
    image = np.arange(1, 13).reshape(3, 4)
    fig = fig05.window_columns(image, (2, 3))
    unfold = torch.nn.functional.unfold
    pixels = torch.tensor(image[None, None], dtype=torch.float64)
    expected = unfold(pixels, (2, 3))[0].numpy().T
    drawn = cells(fig)
    first = max(x for x, _ in drawn) - 1.3 * (len(expected) - 1)
    for place, (row, color) in enumerate(zip(expected, fig05.WINDOWS)):
        x = first + 1.3 * place
        inside = [value for at, value in drawn.items() if abs(at[0] - x) < 0.1]
        assert inside == [(number, color.lower()) for number in row]
        # The image that stands where the window's output does.
        left, top = place % 2 * (4 + 0.8) + 0.5, place // 2 * (3 + 1.3) + 0.5
        for (i, j), pixel in np.ndenumerate(image):
            number, found = drawn[round(left + j, 3), round(top + i, 3)]
            assert number == pixel
            assert (found == color.lower()) == (pixel in row)


# --- Matrices ----------------------------------------------------------------


@pytest.mark.parametrize("at", [(0, 0), (2, 7)])
def test_eq_5_is_drawn_with_its_shapes_and_its_number(at):
    x, weight, bias = layer(2)
    v_i = im2col(x[None], (3, 2))[0]
    k_f = weight.reshape(3, -1)
    fig = fig05.layer_product(k_f, v_i, bias, at, channels=2)
    length = int(np.prod(conv_output_size((5, 6), (3, 2))))
    rows = conv_parameters(2, 1, (3, 2), bias=False)
    assert shapes_in(fig) == [(3, rows), (rows, length), (3, 1), (3, length)]
    number = int(torchs(x, weight, bias).reshape(3, -1)[at])
    said = f"row {at[0]} times column {at[1]}, plus b[{at[0]}]: {number}"
    assert texts(fig)[-1] == said
    arrays = k_f, v_i, bias, k_f @ v_i + bias[:, None]
    spans = [f"{array.min()} to {array.max()}" for array in arrays]
    assert [text for text in texts(fig) if " to " in text][:4] == spans


def test_a_corner_is_drawn_in_the_colours_of_the_whole():
    matrix = convolution_matrix(np.arange(1, 7).reshape(2, 3), (5, 7))
    left, right = fig05.zoomed_matrix(matrix, (10, 14), (5, 7)).axes
    whole, corner = (a.images[0].get_array() for a in (left, right))
    assert np.array_equal(corner, whole[:10, :14])
    colors = np.unique(whole.reshape(-1, 3), axis=0)
    assert len(colors) == 6 + 1  # six weights and white
    white = (np.asarray(whole) == 1).all(axis=2)
    assert np.array_equal(white, matrix == 0)


def test_kernel_matrices_are_filled_where_the_groups_are():
    blocks = np.kron(np.eye(2, dtype=int), np.ones((3, 2 * 6), int))
    (axes,) = fig05.kernel_matrices({"groups = 2": blocks}, 6).axes
    filled = np.zeros_like(blocks)
    for cell in axes.patches:
        filled[int(cell.get_y()), int(cell.get_x())] += 1
    assert np.array_equal(filled, blocks)
    count = conv_parameters(4, 6, (2, 3), groups=2, bias=False)
    assert axes.get_title(loc="left") == f"groups = 2: {count} weights"


# --- Text, code and figures of the notebook agree ----------------------------


def test_the_notebook_says_the_shapes_that_its_figures_show():
    rng = np.random.default_rng(8)  # as the notebook's first cell
    x = rng.integers(0, 5, (2, 5, 5))
    weight = rng.integers(-1, 3, (3, 2, 3, 3))
    bias = np.array([1, -2, 3])
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    prose = " ".join(c.source for c in notebook.cells)
    printed = "".join(
        output.get("text", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    picture = shapes_in(fig05.multichannel(x, weight, bias, (1, 2)))
    assert all(str(shape) in prose for shape in picture[:2])
    columns = im2col(x[None], 3)[0]
    k_f = weight.reshape(3, -1)
    fig = fig05.layer_product(k_f, columns, bias, (1, 5), 2)
    k_shape, v_shape, _, h_shape = shapes_in(fig)
    assert f"K_f {k_shape} V_I {v_shape} h_bar {h_shape}" in printed
    numbers = torchs(x, weight, bias)[:, 1, 2].astype(int)
    assert f"with biases: {numbers}" in printed
    assert "plus b[1]: 9" in texts(fig)[-1]
    assert written(numbers[1]) == "9"
