"""The exercises of notebook 03, and the first step of the capstone."""

from lecture.exercises.exercise import exercise


# --- the size of an output: a step of the capstone ---------------------------
def _settings(rng):
    cases = [(28, 5, 1, 2, 1), (9, 3, 2, 0, 1)]
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


output_size.slip(
    "You divide without rounding: a window that does not fit whole is not "
    "computed, so the quotient is rounded down (//)."
)(lambda i, k, s, p, d: (i + 2 * p - d * (k - 1) - 1) / s + 1)

output_size.slip(
    "You round up: the last window must fit whole into the padded input, so "
    "the quotient is rounded down."
)(lambda i, k, s, p, d: -(-(i + 2 * p - d * (k - 1) - 1) // s) + 1)

output_size.slip(
    "You count the padding once: there are p zeros at each of the two ends."
)(lambda i, k, s, p, d: output_size(i - p, k, s, p, d))

output_size.slip(
    "Your dilated kernel covers d k pixels: there are k - 1 gaps between k "
    "weights, so it covers d (k - 1) + 1."
)(lambda i, k, s, p, d: (i + 2 * p - d * k) // s + 1)

output_size.slip(
    "You count the steps between windows: there is one window more than steps."
)(lambda *setting: output_size(*setting) - 1)

output_size.slip(
    "The stride is missing: of the positions only every s-th is computed."
)(lambda i, k, s, p, d: output_size(i, k, 1, p, d))

output_size.slip(
    "The dilation is missing: the kernel covers more pixels than it has "
    "weights."
)(lambda i, k, s, p, d: output_size(i, k, s, p, 1))


# --- the stair of an output --------------------------------------------------
def _outputs(rng):
    cases = [(28, 5, 1, 2, 1), (3, 3, 2, 1, 1), (4, 2, 5, 0, 1)]
    for _ in range(4):
        o = int(rng.integers(8, 30))
        cases.append((o, *rng.integers(2, 5, size=4).tolist()))
    return cases


@exercise(
    _outputs,
    "Lay o windows out: how far apart do the first and the last one begin, "
    "and how many pixels does the last one cover? That is the shortest padded "
    "input. How many pixels more may there be, before one more window fits?",
)
def input_sizes(o, k, s, p, d):
    """Return the smallest and the largest input with o outputs."""
    smallest = s * (o - 1) + d * (k - 1) + 1 - 2 * p
    return smallest, smallest + s - 1


input_sizes.slip(
    "Your largest input has room for one window more: a stair is s long, so "
    "it ends s - 1 after its first size."
)(lambda *setting: tuple(n + i for i, n in enumerate(input_sizes(*setting))))

input_sizes.slip(
    "Your two sizes are the same: with a stride, pixels may be left over at "
    "the end, up to s - 1 of them."
)(lambda *setting: (input_sizes(*setting)[0],) * 2)

input_sizes.slip(
    "Your windows go one step too far: from the first of o windows to the "
    "last are o - 1 steps."
)(lambda o, *rest: input_sizes(o + 1, *rest))

input_sizes.slip(
    "The padding is still in: of the padded input, 2 p are zeros, not pixels."
)(lambda o, k, s, p, d: input_sizes(o, k, s, 0, d))

input_sizes.slip(
    "You take the padding off once: there are p zeros at each of the two ends."
)(lambda o, k, s, p, d: tuple(n + p for n in input_sizes(o, k, s, p, d)))

input_sizes.slip(
    "You add the padding: zeros stand in for pixels, so fewer are needed."
)(lambda o, k, s, p, d: input_sizes(o, k, s, -p, d))

input_sizes.slip(
    "Your dilated kernel covers d k pixels: there are k - 1 gaps between k "
    "weights, so it covers d (k - 1) + 1."
)(lambda o, k, s, p, d: tuple(n + d - 1 for n in input_sizes(o, k, s, p, d)))

input_sizes.slip(
    "The dilation is missing: the kernel covers more pixels than it has "
    "weights."
)(lambda o, k, s, p, d: input_sizes(o, k, s, p, 1))


# --- the receptive field of a stack of layers --------------------------------
def _stacks(rng):
    cases = [([(5, 1), (2, 2), (5, 1), (2, 2)],), ([],), ([(1, 2), (3, 1)],)]
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


receptive_field.slip(
    "The strides are ignored: behind a stride, neighbours lie several input "
    "pixels apart."
)(lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers))

receptive_field.slip(
    "You add the kernel sizes: windows of neighbouring outputs overlap, so a "
    "layer adds kernel - 1 steps, not kernel."
)(lambda layers: sum(kernel for kernel, _ in layers))

receptive_field.slip(
    "It is off by one: before the first layer an output already sees one "
    "pixel, its own."
)(lambda layers: receptive_field(layers) - 1)

receptive_field.slip(
    "You begin at the wrong end: a step is as long as the strides of the "
    "layers below multiply to, and the layer next to the input comes first."
)(lambda layers: receptive_field(layers[::-1]))


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


output_padding.slip(
    "Without output_padding the smallest input size comes back: there are s "
    "sizes that lead to the same output."
)(lambda *setting: 0)

output_padding.slip(
    "Kernel and padding are missing: what is left over is left over of the "
    "room in which the kernel moves."
)(lambda i, k, s, p, d: i % s)

output_padding.slip(
    "You count what is missing to the next window: count what the last window "
    "leaves over."
)(lambda i, k, s, p, d: -(i + 2 * p - d * (k - 1) - 1) % s)

output_padding.slip(
    "You count the padding once: there are p zeros at each end."
)(lambda i, k, s, p, d: output_padding(i - p, k, s, p, d))

output_padding.slip(
    "The dilation is missing: the kernel covers d (k - 1) + 1 pixels."
)(lambda i, k, s, p, d: output_padding(i, k, s, p, 1))
