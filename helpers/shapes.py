"""Sizes before any array exists: outputs, receptive fields, parameters.

Every function takes one axis as an int, or both as a pair
``(height, width)``.  The arithmetic is that of Dumoulin and Visin, "A guide
to convolution arithmetic for deep learning", 2016, cited as [DV16].
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Sequence

Size = int | tuple[int, int]
Padding = Size | str


def as_int(value: object, name: str, minimum: int = 1) -> int:
    """Return `value` as an int of at least `minimum`.

    Raises
    ------
    TypeError
        If `value` is not a whole number (a bool is not one).
    ValueError
        If `value` is below `minimum`.

    Examples
    --------
    >>> as_int(3, "stride")
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {number}")
    return number


def as_real(
    value: object, name: str, low: float = -math.inf, high: float = math.inf
) -> float:
    """Return `value` as a float from `low` to `high`, both included.

    Raises
    ------
    TypeError
        If `value` is not a real number (a bool is not one).
    ValueError
        If `value` is outside, or not a number (NaN).

    Examples
    --------
    >>> as_real(0.3, "overlap", 0, 1)
    0.3
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, not {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {value!r}")
    return float(value)


def as_flag(value: object, name: str) -> bool:
    """Return `value` if it is True or False.

    Raises
    ------
    TypeError
        If it is anything else: ``"False"``, for one, would count as true.

    Examples
    --------
    >>> as_flag(True, "ceil_mode")
    True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return value


def _is_pair(value: object) -> bool:
    """Say whether `value` is meant as a pair: one entry for each axis."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def as_pair(value: Size, name: str, minimum: int = 1) -> tuple[int, int]:
    """Return `value` as a pair (height, width); an int means both.

    Raises
    ------
    TypeError
        If an entry is not a whole number.
    ValueError
        If there are not two entries, or one is below `minimum`.

    Examples
    --------
    >>> as_pair(3, "kernel_size"), as_pair((2, 3), "kernel_size")
    ((3, 3), (2, 3))
    """
    if not _is_pair(value):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"{name} must be an int or a pair (height, width), not {value!r}"
        )
    height, width = value
    return as_int(height, name, minimum), as_int(width, name, minimum)


def _each_axis(function: Callable, **sizes: object) -> Size:
    """Apply `function` to ints, or axis by axis where a pair is given."""
    pairs = {name: s for name, s in sizes.items() if _is_pair(s)}
    for name, pair in pairs.items():
        if len(pair) != 2:
            raise ValueError(
                f"{name} must be an int or a pair (height, width), "
                f"not {pair!r}"
            )
    if not pairs:
        return function(*sizes.values())
    return tuple(
        function(*(s[axis] if _is_pair(s) else s for s in sizes.values()))
        for axis in (0, 1)
    )


def kernel_span(kernel_size: int, dilation: int = 1) -> int:
    """Return how many input pixels a dilated kernel covers along one axis.

    Examples
    --------
    >>> kernel_span(3, dilation=2)
    5
    """
    kernel_size = as_int(kernel_size, "kernel_size")
    return as_int(dilation, "dilation") * (kernel_size - 1) + 1


def padding_amounts(
    padding: int | str, kernel_size: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """Return the zeros put before and after the input along one axis.

    Parameters
    ----------
    padding : int or {"same", "valid"}
        An int pads both sides.  ``"valid"`` pads nothing.  ``"same"`` pads
        ``span - 1`` in total so that the size stays; an odd zero goes to
        the end, as in PyTorch.
    kernel_size, stride, dilation : int
        ``"same"`` needs stride 1.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> padding_amounts(2, 3), padding_amounts("same", 4)
    ((2, 2), (1, 2))
    """
    if not isinstance(padding, str):
        amount = as_int(padding, "padding", minimum=0)
        return amount, amount
    if padding == "valid":
        return 0, 0
    if padding != "same":
        raise ValueError(
            f'padding must be an int, "same" or "valid", not {padding!r}'
        )
    if as_int(stride, "stride") != 1:
        raise ValueError(f'padding="same" needs stride 1, not {stride}')
    total = kernel_span(kernel_size, dilation) - 1
    return total // 2, total - total // 2


def conv_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a convolution.

    Per axis, ``o = floor((i + 2 p - span) / s) + 1`` with
    ``span = d (k - 1) + 1``: relationship 6 of [DV16], with the dilation of
    its section 5.1.  With p = 0 and s = d = 1 it is eq. 4 of the slides.

    Parameters
    ----------
    size, kernel_size, stride, dilation : int or pair
        In pixels.
    padding : int, pair, "same" or "valid"
        Zeros on each side.

    Returns
    -------
    int or pair
        An int if every argument is one.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or the kernel is larger than the
        padded input.

    Examples
    --------
    >>> conv_output_size(28, 5)
    24
    >>> conv_output_size((5, 6), 3, stride=2, padding=1)
    (3, 3)
    """

    def one_axis(i, k, s, p, d):
        i, s = as_int(i, "size"), as_int(s, "stride")
        span = kernel_span(k, d)
        padded = i + sum(padding_amounts(p, k, s, d))
        if span > padded:
            raise ValueError(
                f"kernel spans {span} px, padded input has {padded}: take a "
                "smaller kernel_size or dilation, or more padding"
            )
        return (padded - span) // s + 1

    return _each_axis(
        one_axis,
        size=size,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def conv_transpose_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a transposed convolution.

    Per axis, ``o = (i - 1) s - 2 p + span + output_padding`` with
    ``span = d (k - 1) + 1``: relationship 14 of [DV16], where
    `output_padding` is called a.

    Returns
    -------
    int or pair
        An int if every argument is one.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, `output_padding` is not below the
        larger of stride and dilation, or nothing is left of the output.

    Examples
    --------
    >>> conv_transpose_output_size(2, 3, stride=2)
    5
    """

    def one_axis(i, k, s, p, a, d):
        i, s = as_int(i, "size"), as_int(s, "stride")
        p = as_int(p, "padding", 0)
        a = as_int(a, "output_padding", 0)
        span = kernel_span(k, d)
        if a >= max(s, d):
            raise ValueError(
                f"output_padding must be smaller than stride or dilation, "
                f"not {a} with stride {s} and dilation {d}"
            )
        output = (i - 1) * s - 2 * p + span + a
        if output < 1:
            raise ValueError(
                f"padding {p} leaves an output of {output} px: take less"
            )
        return output

    return _each_axis(
        one_axis,
        size=size,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
    )


def pool_output_size(
    size: Size,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    dilation: Size = 1,
) -> Size:
    """Return the output size of a pooling layer.

    Parameters
    ----------
    size, kernel_size, padding, dilation : int or pair
        In pixels; at most half a kernel of padding.
    stride : int or pair, optional
        `kernel_size` unless given: windows that touch and do not overlap.
    ceil_mode : bool
        Round up: keep a last window that hangs over the end, as long as it
        starts inside the input or the padding before it.

    Returns
    -------
    int or pair
        An int if every argument is one.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> pool_output_size(5, 2), pool_output_size(5, 2, ceil_mode=True)
    (2, 3)
    """
    ceil_mode = as_flag(ceil_mode, "ceil_mode")

    def one_axis(i, k, s, p, d):
        i, span = as_int(i, "size"), kernel_span(k, d)
        s, p = as_int(s, "stride"), as_int(p, "padding", 0)
        if p > k // 2:
            raise ValueError(
                f"padding must be at most half of kernel_size {k}, not {p}"
            )
        room = i + 2 * p - span
        if room < 0 and not (ceil_mode and room > -s):
            raise ValueError(
                f"kernel spans {span} px, padded input has {i + 2 * p}: take "
                "a smaller kernel_size or dilation"
            )
        output = (-(-room // s) if ceil_mode else room // s) + 1
        if (output - 1) * s >= i + p:
            output -= 1
        return output

    return _each_axis(
        one_axis,
        size=size,
        kernel_size=kernel_size,
        stride=kernel_size if stride is None else stride,
        padding=padding,
        dilation=dilation,
    )


def receptive_field(layers: Iterable[Sequence[Size]]) -> Size:
    """Return how many input pixels one output of a stack of layers sees.

    A layer widens the field by ``span - 1`` steps; a step is as long as the
    product of all strides before it.

    Parameters
    ----------
    layers : iterable of tuple
        ``(kernel_size, stride)`` or ``(kernel_size, stride, dilation)``,
        from the input up; convolution and pooling alike.  Each entry is an
        int or a pair.

    Returns
    -------
    int or pair
        In input pixels, per axis; an int if every entry is one.

    Raises
    ------
    TypeError, ValueError
        If a layer is not such a tuple or an entry does not fit.

    Examples
    --------
    LeNet-5: convolution, pooling, convolution, pooling.

    >>> lenet = [(5, 1), (2, 2), (5, 1), (2, 2)]
    >>> [receptive_field(lenet[:depth]) for depth in (1, 2, 3, 4)]
    [5, 6, 14, 16]
    """

    def one_axis(*entries):
        field = step = 1
        for k, s, d in zip(entries[::3], entries[1::3], entries[2::3]):
            field += (kernel_span(k, d) - 1) * step
            step *= as_int(s, "stride")
        return field

    if not isinstance(layers, Iterable):
        raise TypeError(
            "layers must be a list of (kernel_size, stride) or "
            f"(kernel_size, stride, dilation), not {layers!r}"
        )
    entries = {}
    for depth, layer in enumerate(layers):
        if not isinstance(layer, Sequence) or len(layer) not in (2, 3):
            raise ValueError(
                "layers: a layer is (kernel_size, stride) or (kernel_size, "
                f"stride, dilation), not {layer!r}"
            )
        names = ("kernel_size", "stride", "dilation")
        for name, entry in zip(names, [*layer, 1]):
            entries[f"{name} of layer {depth}"] = entry
    return _each_axis(one_axis, **entries)


def conv_parameters(
    in_channels: int,
    out_channels: int,
    kernel_size: Size,
    groups: int = 1,
    bias: bool = True,
) -> int:
    """Return the number of free parameters of a convolution layer.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or `groups` does not divide both
        numbers of channels.

    Examples
    --------
    >>> conv_parameters(6, 16, 5)
    2416
    """
    in_channels = as_int(in_channels, "in_channels")
    out_channels = as_int(out_channels, "out_channels")
    check_groups(in_channels, out_channels, groups)
    height, width = as_pair(kernel_size, "kernel_size")
    weights = out_channels * (in_channels // groups) * height * width
    return weights + out_channels * as_flag(bias, "bias")


def linear_parameters(
    in_features: int, out_features: int, bias: bool = True
) -> int:
    """Return the number of free parameters of a dense layer.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Examples
    --------
    >>> linear_parameters(784, 784, bias=False)
    614656
    """
    in_features = as_int(in_features, "in_features")
    out_features = as_int(out_features, "out_features")
    return out_features * (in_features + as_flag(bias, "bias"))


def check_groups(in_channels: int, out_channels: int, groups: int) -> int:
    """Return `groups` if it divides both numbers of channels.

    Raises
    ------
    TypeError, ValueError
        If it does not.

    Examples
    --------
    >>> check_groups(4, 6, 2)
    2
    """
    in_channels = as_int(in_channels, "in_channels")
    out_channels = as_int(out_channels, "out_channels")
    groups = as_int(groups, "groups")
    if in_channels % groups or out_channels % groups:
        raise ValueError(
            f"groups must divide the {in_channels} input and {out_channels} "
            f"output channels, {groups} does not"
        )
    return groups
