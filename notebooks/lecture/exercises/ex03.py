"""The exercises of notebook 03."""

from lecture.exercises.exercise import exercise


# --- the size of an output ---------------------------------------------------
def _settings(rng):
    cases = [(28, 5, 1, 2, 1)]
    while len(cases) < 8:
        i = int(rng.integers(12, 40))
        k, s, d = rng.integers(2, 5, size=3).tolist()
        p = int(rng.integers(1, 5))
        if (i + 2 * p - d * (k - 1) - 1) % s:  # where floor matters
            cases.append((i, k, s, p, d))
    return cases


@exercise(
    _settings,
    "How many pixels does the dilated kernel cover? How many are left of the "
    "padded input then, to move in? Divide these by the stride, whole steps "
    "only, and count the first position.",
)
def output_size(i, k, s, p, d):
    """Return how many windows fit along one axis."""
    span = d * (k - 1) + 1
    return (i + 2 * p - span) // s + 1


@output_size.slip(
    "You divide without rounding: a window that does not fit whole is not "
    "computed, so the quotient is rounded down (//)."
)
def _true_division(i, k, s, p, d):
    return (i + 2 * p - d * (k - 1) - 1) / s + 1


@output_size.slip(
    "You round up: the last window must fit whole into the padded input, so "
    "the quotient is rounded down."
)
def _ceil(i, k, s, p, d):
    return -(-(i + 2 * p - d * (k - 1) - 1) // s) + 1


@output_size.slip(
    "You count the padding once: there are p zeros at each of the two ends."
)
def _padding_once(i, k, s, p, d):
    return (i + p - d * (k - 1) - 1) // s + 1


@output_size.slip(
    "Your dilated kernel covers d k pixels: there are k - 1 gaps between k "
    "weights, so it covers d (k - 1) + 1."
)
def _dilation_times_k(i, k, s, p, d):
    return (i + 2 * p - d * k) // s + 1


@output_size.slip(
    "You count the steps between windows: there is one window more than steps."
)
def _no_first_position(i, k, s, p, d):
    return (i + 2 * p - d * (k - 1) - 1) // s


@output_size.slip(
    "The stride is missing: of the positions only every s-th is computed."
)
def _no_stride(i, k, s, p, d):
    return i + 2 * p - d * (k - 1)


@output_size.slip(
    "The dilation is missing: the kernel covers more pixels than it has "
    "weights."
)
def _no_dilation(i, k, s, p, d):
    return (i + 2 * p - k) // s + 1


# --- the receptive field of a stack of layers --------------------------------
def _stacks(rng):
    cases = [([(5, 1), (2, 2), (5, 1), (2, 2)],)]
    for depth in (1, 3, 4, 6):
        kernels = rng.integers(2, 8, size=depth).tolist()
        strides = rng.integers(1, 4, size=depth).tolist()
        strides[0] = 2
        cases.append((list(zip(kernels, strides)),))
    return cases


@exercise(
    _stacks,
    "Without a layer one output is one pixel: begin with a field of 1 and a "
    "step of 1. A layer widens the field by kernel - 1 of its input's steps; "
    "after it, neighbours are stride times as far apart.",
)
def receptive_field(layers):
    """Return how many input pixels one output sees along an axis."""
    field = step = 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step *= stride
    return field


@receptive_field.slip(
    "The strides are ignored: behind a stride, neighbours lie several input "
    "pixels apart."
)
def _stride_ignored(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@receptive_field.slip(
    "You add the kernel sizes: windows of neighbouring outputs overlap, so a "
    "layer adds kernel - 1 steps, not kernel."
)
def _kernels_added(layers):
    return sum(kernel for kernel, _ in layers)


@receptive_field.slip(
    "It is off by one: before the first layer an output already sees one "
    "pixel, its own."
)
def _field_less_one(layers):
    return receptive_field(layers) - 1


@receptive_field.slip(
    "A layer's own stride comes too early: it spreads its outputs apart, not "
    "the pixels that it reads."
)
def _own_stride(layers):
    field = step = 1
    for kernel, stride in layers:
        step *= stride
        field += (kernel - 1) * step
    return field


@receptive_field.slip(
    "Only the last stride counts in yours: the strides of all layers below "
    "multiply."
)
def _last_stride_only(layers):
    field = step = 1
    for kernel, stride in layers:
        field += (kernel - 1) * step
        step = stride
    return field


# --- the output padding that leads back to an input size ---------------------
@exercise(
    _settings,
    "How many pixels at the end of the padded input does no window of the "
    "convolution reach? The transposed convolution must add just these.",
)
def output_padding(i, k, s, p, d):
    """Return what a transposed convolution adds to reach size i."""
    return (i + 2 * p - d * (k - 1) - 1) % s


@output_padding.slip(
    "Without output_padding the smallest input size comes back: there are s "
    "sizes that lead to the same output."
)
def _never_padded(i, k, s, p, d):
    return 0


@output_padding.slip(
    "Kernel and padding are missing: what is left over is left over of the "
    "room in which the kernel moves."
)
def _remainder_of_size(i, k, s, p, d):
    return i % s


@output_padding.slip(
    "You count what is missing to the next window: count what the last window "
    "leaves over."
)
def _missing_to_next(i, k, s, p, d):
    return -(i + 2 * p - d * (k - 1) - 1) % s


@output_padding.slip(
    "You count the padding once: there are p zeros at each end."
)
def _remainder_padding_once(i, k, s, p, d):
    return (i + p - d * (k - 1) - 1) % s


@output_padding.slip(
    "The dilation is missing: the kernel covers d (k - 1) + 1 pixels."
)
def _remainder_without_dilation(i, k, s, p, d):
    return (i + 2 * p - k) % s
