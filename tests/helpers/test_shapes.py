"""Sizes, against torch's, against counting, and against a gradient."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from helpers.checks import as_pair, check_groups
from helpers.shapes import (
    PoolWindow,
    Window,
    conv_output_size,
    conv_parameters,
    conv_transpose_output_size,
    linear_parameters,
    padding_amounts,
    pool_output_size,
    receptive_field,
)

# Dumoulin and Visin, figures 2.1 to 2.7 and 5.1: i, o, p, k, s, d
SETTINGS = [
    pytest.param(4, 2, 0, 3, 1, 1, id="no padding, unit stride"),
    pytest.param(5, 6, 2, 4, 1, 1, id="arbitrary padding"),
    pytest.param(5, 5, 1, 3, 1, 1, id="half padding"),
    pytest.param(5, 7, 2, 3, 1, 1, id="full padding"),
    pytest.param(5, 2, 0, 3, 2, 1, id="no padding, stride 2"),
    pytest.param(5, 3, 1, 3, 2, 1, id="padding, stride 2"),
    pytest.param(6, 3, 1, 3, 2, 1, id="padding, stride 2, odd"),
    pytest.param(7, 3, 0, 3, 1, 2, id="dilation 2"),
]
EVEN_KERNEL = "ignore:Using padding='same' with even kernel"


def blank(size):
    """An image that has a shape and no values."""
    return torch.empty(1, 1, *size, device="meta")


def size_or_none(function, *arguments, **options):
    """What `function` answers, None where it refuses."""
    try:
        answer = function(*arguments, **options)
    except (ValueError, RuntimeError):
        return None
    return tuple(answer.shape[2:]) if torch.is_tensor(answer) else answer


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


# --- Convolution -------------------------------------------------------------


@pytest.mark.parametrize(("i", "o", "p", "k", "s", "d"), SETTINGS)
def test_figures_of_dumoulin_and_visin(i, o, p, k, s, d):
    assert conv_output_size(i, k, s, p, d) == o


@pytest.mark.parametrize(("i", "o", "p", "k", "s", "d"), SETTINGS)
def test_transposed_figures_lead_back_to_the_input(i, o, p, k, s, d):
    lost = (i + 2 * p - Window(k, dilation=d).span[0]) % s
    assert conv_transpose_output_size(o, k, s, p, lost, d) == i
    assert lost == (1 if i == 6 else 0)


def test_same_padding_puts_the_odd_zero_last():
    assert padding_amounts("same", 4) == (1, 2)
    assert padding_amounts("same", 4, dilation=3) == (4, 5)
    assert padding_amounts("same", 3, dilation=2) == (2, 2)
    assert padding_amounts("valid", 4, stride=3) == (0, 0)
    assert padding_amounts(3, 4, stride=3) == (3, 3)


def test_an_int_means_both_and_ints_give_an_int():
    assert conv_output_size(28, 5) == 24
    assert conv_output_size((28, 28), 5) == (24, 24)
    assert conv_output_size(28, (5, 3)) == (24, 26)
    assert conv_output_size(28, 5, (1, 2)) == (24, 12)
    assert conv_output_size(28, 5, padding=(0, 2)) == (24, 28)
    assert conv_output_size(28, 5, dilation=(1, 2)) == (24, 20)
    assert conv_transpose_output_size(3, 2, (1, 3)) == (4, 8)
    assert pool_output_size(28, (2, 4)) == (14, 7)
    assert pool_output_size([28, 30], 2) == (14, 15)


# --- Transposed convolution --------------------------------------------------


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(0, 4),
    st.integers(1, 3),
)
def test_transposed_convolution_undoes_the_size(i, k, s, p, d):
    output = size_or_none(conv_output_size, i, k, s, p, d)
    if output is not None:
        lost = (i + 2 * p - Window(k, dilation=d).span[0]) % s
        back = conv_transpose_output_size(output, k, s, p, lost, d)
        assert back == i


# --- Pooling -----------------------------------------------------------------


def test_pooling_windows_touch_unless_a_stride_is_given():
    assert pool_output_size(9, 3) == 3
    assert pool_output_size(9, 3, 1) == 7
    assert pool_output_size((9, 8), (3, 2)) == (3, 4)


@given(pairs(1, 9), pairs(1, 4), pairs(1, 5), pairs(0, 2), pairs(1, 3))
def test_every_place_of_a_pooling_window_lies_in_its_frame(size, k, s, p, d):
    for ceil_mode in (False, True):
        window = size_or_none(PoolWindow, k, s, p, d, ceil_mode)
        count = window and size_or_none(window.count, size)
        if not count:
            continue
        cover = window.cover(size)
        framed = [b + i + a for i, (b, a) in zip(size, cover)]
        for place in window.places(count):
            for pixels, length, o in zip(place, framed, count):
                assert len(range(length)[pixels]) == o
        assert tuple(before for before, _ in cover) == p


# --- Receptive field ---------------------------------------------------------


def measured_field(layers, size=(60, 70)):
    """Height and width of what one output of a torch network depends on."""
    image = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    h = image
    for k, s, d in layers:
        weight = torch.ones(1, 1, *as_pair(k, "k"), dtype=torch.float64)
        h = F.conv2d(h, weight, stride=s, dilation=d)
    h[0, 0, h.shape[2] // 2, h.shape[3] // 2].backward()
    rows, columns = torch.nonzero(image.grad[0, 0], as_tuple=True)
    return (
        int(rows.max() - rows.min()) + 1,
        int(columns.max() - columns.min()) + 1,
    )


def test_receptive_fields_of_lenet():
    layers = [(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1)]
    fields = [receptive_field(layers[:depth]) for depth in (1, 2, 3, 4)]
    assert fields == [5, 6, 14, 16]
    assert [measured_field(layers[:depth]) for depth in (1, 2, 3, 4)] == [
        (f, f) for f in fields
    ]


@given(
    st.lists(
        st.tuples(pairs(1, 3), pairs(1, 2), pairs(1, 3)),
        min_size=1,
        max_size=3,
    )
)
def test_receptive_field_is_where_the_gradient_reaches(layers):
    assert receptive_field(layers) == measured_field(layers)


def test_receptive_field_takes_ints_pairs_and_no_dilation():
    assert receptive_field([]) == 1
    assert receptive_field([(3, 2), (3, 1, 2)]) == 11
    assert receptive_field([(3, (2, 1)), ((1, 3), 1, 2)]) == (3, 7)
    assert receptive_field(iter([(3, 1)])) == 3


# --- Parameters --------------------------------------------------------------


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(
    ("channels", "maps", "kernel", "groups"),
    [(1, 6, 5, 1), (6, 16, (5, 3), 1), (4, 6, (1, 2), 2), (4, 8, 3, 4)],
)
def test_convolution_parameters_as_in_torch(
    channels, maps, kernel, groups, bias
):
    layer = torch.nn.Conv2d(channels, maps, kernel, groups=groups, bias=bias)
    expected = sum(p.numel() for p in layer.parameters())
    answer = conv_parameters(channels, maps, kernel, groups, bias)
    assert answer == expected


@pytest.mark.parametrize("bias", [False, True])
def test_dense_parameters_as_in_torch(bias):
    layer = torch.nn.Linear(7, 5, bias=bias)
    expected = sum(p.numel() for p in layer.parameters())
    assert linear_parameters(7, 5, bias) == expected
    assert linear_parameters(7, 5) == 7 * 5 + 5


# --- Errors ------------------------------------------------------------------


def test_padding_must_be_known():
    with pytest.raises(ValueError, match='"same" or "valid", not \'half\''):
        conv_output_size(9, 3, padding="half")
    with pytest.raises(ValueError, match=r"same.* needs stride 1, not 2"):
        conv_output_size(9, 3, 2, "same")
    with pytest.raises(TypeError, match="padding"):
        conv_transpose_output_size(9, 3, padding="same")
    with pytest.raises(TypeError, match="padding"):
        pool_output_size(9, 3, padding="same")


def test_a_kernel_that_does_not_fit_is_told_both_sizes():
    with pytest.raises(ValueError, match="spans 7 px, padded input has 5"):
        conv_output_size(5, 7)
    with pytest.raises(ValueError, match="spans 9 px, padded input has 7"):
        conv_output_size((20, 5), 5, padding=1, dilation=2)
    with pytest.raises(ValueError, match="spans 6 px, padded input has 5"):
        pool_output_size((6, 5), 6)


def test_other_impossible_geometry_is_told_its_numbers():
    with pytest.raises(ValueError, match="not 2 with stride 2 and dilation 1"):
        conv_transpose_output_size(5, 3, 2, output_padding=2)
    with pytest.raises(ValueError, match="padding 3 leaves an output of -1"):
        conv_transpose_output_size(3, 3, padding=3)
    with pytest.raises(ValueError, match="half of kernel_size 3, not 2"):
        pool_output_size(9, 3, padding=2)


def test_a_triple_in_a_layer_is_found():
    with pytest.raises(ValueError, match=r"stride of layer 1 .* \(1, 2, 3\)"):
        receptive_field([(3, 1), (3, (1, 2, 3))])


def test_groups_must_divide_both_numbers_of_channels():
    assert check_groups(4, 6, 2) == 2
    for channels in ((4, 3), (3, 4)):
        with pytest.raises(ValueError, match=r"4.*2 does not|3.*2 does not"):
            check_groups(*channels, 2)
        with pytest.raises(ValueError, match="groups must divide"):
            conv_parameters(*channels, 5, groups=2)
    with pytest.raises(ValueError, match="groups must be at least 1, not 0"):
        conv_parameters(4, 4, 5, groups=0)
    with pytest.raises(ValueError, match="in_channels"):
        conv_parameters(0, 4, 5)
    with pytest.raises(ValueError, match="out_features"):
        linear_parameters(4, -1)
