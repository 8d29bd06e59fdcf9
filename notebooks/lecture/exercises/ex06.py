"""The exercises of notebook 06."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpers.im2col import col2im, im2col
from helpers.shapes import conv_output_size
from lecture.exercises.exercise import exercise


# --- the way back through a convolution layer --------------------------------
def _gradients_and_layers(rng):
    cases = []
    for n, c_in, c_out, size, kernel, stride, padding in [
        (2, 3, 4, (5, 7), (2, 3), 2, 1),
        (3, 2, 5, (6, 4), (3, 2), 1, 2),
        (2, 4, 3, (8, 7), (4, 2), 3, 1),
        (4, 2, 3, (4, 6), (2, 3), 1, 0),
    ]:
        x = rng.standard_normal((n, c_in, *size))
        K = rng.standard_normal((c_out, c_in, *kernel))
        outputs = conv_output_size(size, kernel, stride, padding)
        delta = rng.standard_normal((n, c_out, *outputs))
        cases.append((delta, x, K, stride, padding))
    return cases


@exercise(
    _gradients_and_layers,
    "Seven lines. Write the windows of x as columns V_I and the kernels as "
    "rows K_f, reshape delta to (N, C_out, L). Then one line for each "
    "gradient: delta @ V_I.mT summed over the batch, delta summed over batch "
    "and positions, col2im of K_f^T @ delta. `im2col` and `col2im` take "
    "kernel_size, stride and padding.",
)
def conv_backward(delta, x, K, stride, padding):
    """Return the gradients by K and b (eq. 7) and by x (eq. 8)."""
    geometry = dict(kernel_size=K.shape[2:], stride=stride, padding=padding)
    V_I, K_f = im2col(x, **geometry), K.reshape(len(K), -1)
    delta = delta.reshape(*delta.shape[:2], -1)
    dK_f = (delta @ V_I.mT).sum(axis=0)
    db = delta.sum(axis=(0, 2))
    dx = col2im(K_f.T @ delta, x.shape[2:], **geometry)
    return dK_f.reshape(K.shape), db, dx


def _put_back(
    columns, size, kernel_size, stride, dilation, step, d, assign=False, down=0
):
    """Put patches back `step` apart, their pixels `d` apart."""
    outputs = conv_output_size(size, kernel_size, stride, 0, dilation)
    k_h, k_w = kernel_size
    image = np.zeros((len(columns), columns.shape[1] // (k_h * k_w), *size))
    for place in range(columns.shape[2]):
        row, column = divmod(place, outputs[1])
        if down:
            column, row = divmod(place, outputs[0])
        rows = slice(step * row, step * row + d * (k_h - 1) + 1, d)
        pixels = slice(step * column, step * column + d * (k_w - 1) + 1, d)
        patch = columns[:, :, place].reshape(len(columns), -1, k_h, k_w)
        window = image[:, :, rows, pixels]
        window[...] = patch if assign else window + patch
    return image


def _dx(step=None, assign=False, cut=None):
    """Return dx with windows `step` apart and the frame cut off at `cut`."""

    def answer(delta, x, K, stride, padding):
        K_f, delta = K.reshape(len(K), -1), delta.reshape(*delta.shape[:2], -1)
        size = [n + 2 * padding for n in x.shape[2:]]
        layer = K_f.T @ delta, size, K.shape[2:], stride, 1
        frame = _put_back(*layer, step or stride, d=1, assign=assign)
        start = padding if cut is None else cut
        rows, columns = (slice(start, start + n) for n in x.shape[2:])
        return frame[:, :, rows, columns]

    return answer


def _but(**other):
    """Return an answer with some gradients computed in another way."""

    def answer(*layer):
        right = dict(zip(("dK", "db", "dx"), conv_backward(*layer)))
        wrong = {name: change(*layer) for name, change in other.items()}
        return tuple((right | wrong).values())

    return answer


conv_backward.slip(
    "db is not summed: one bias serves all pictures and positions, so it "
    "collects from all of them (erratum to eq. 7)."
)(_but(db=lambda delta, *_: delta))

conv_backward.slip("db is summed over positions, but not over the batch.")(
    _but(db=lambda delta, *_: delta.sum(axis=(2, 3)))
)

conv_backward.slip("db is summed over the batch, but not over positions.")(
    _but(db=lambda delta, *_: delta.sum(axis=0))
)

conv_backward.slip(
    "db is a mean: gradients of shared numbers add up. If the loss is a mean, "
    "delta has its factor already."
)(_but(db=lambda delta, *_: delta.mean(axis=(0, 2, 3))))


@conv_backward.slip(
    "dK has one kernel for each picture: sum over the batch too."
)
def _kernel_for_each_picture(delta, x, *layer):
    pairs = zip(delta[:, None], x[:, None])
    parts = [conv_backward(*pair, *layer)[0] for pair in pairs]
    return np.array(parts), *conv_backward(delta, x, *layer)[1:]


@conv_backward.slip(
    "dK and db are divided by the batch: that factor belongs to the loss, "
    "delta has it already."
)
def _divided_by_batch(delta, x, *layer):
    dK, db, dx = conv_backward(delta, x, *layer)
    return dK / len(x), db / len(x), dx


def _kernel_side_by_side(delta, x, K, stride, padding):
    framed = np.pad(x, [(0, 0), (0, 0), *2 * [(padding, padding)]])
    view = sliding_window_view(framed, K.shape[2:], axis=(2, 3))
    view = view[:, :, : delta.shape[2], : delta.shape[3]]
    return np.einsum("nohw,nchwij->ocij", delta, view)


conv_backward.slip(
    "dx is assigned where it must be added: in overlaps only the last window "
    "is left. Write += for =."
)(_but(dx=_dx(assign=True)))

conv_backward.slip(
    "The stride is forgotten: your windows lie side by side, one pixel apart, "
    "in dK and in dx."
)(_but(dK=_kernel_side_by_side, dx=_dx(step=1)))

conv_backward.slip(
    "The stride is forgotten in dx: window (row, column) begins at stride * "
    "row, stride * column."
)(_but(dx=_dx(step=1)))


@conv_backward.slip(
    "The padding is not cropped: dx still has its frame of zeros."
)
def _frame_kept(delta, x, K, stride, padding):
    framed = np.pad(x, [(0, 0), (0, 0), *2 * [(padding, padding)]])
    return conv_backward(delta, framed, K, stride, 0)


conv_backward.slip(
    "dx is cut at the corner of the frame: the picture begins at row and "
    "column `padding`."
)(_but(dx=_dx(cut=0)))

conv_backward.slip(
    "dK is rotated by 180 degrees: it is a cross-correlation of x with delta, "
    "without a flip."
)(_but(dK=lambda *layer: conv_backward(*layer)[0][:, :, ::-1, ::-1]))

conv_backward.slip(
    "dx reads the kernel forward: seen from a pixel the kernel runs backward, "
    "so rotate it (or use K_f^T and col2im)."
)(_but(dx=lambda d, x, K, *r: conv_backward(d, x, K[..., ::-1, ::-1], *r)[2]))


@conv_backward.slip(
    "The patches are transposed: in a row of K_f the columns of the kernel "
    "run first, row by row."
)
def _patches_by_columns(delta, x, K, stride, padding):
    order = np.arange(K[0, 0].size).reshape(K.shape[2:]).T.ravel()
    flat = K.reshape(*K.shape[:2], -1)
    back = np.empty_like(flat)
    back[:, :, order] = flat  # row r of V_I holds entry order[r]
    dK, db, _ = conv_backward(delta, x, K, stride, padding)
    dK = dK.reshape(flat.shape)[:, :, order].reshape(K.shape)
    back = back.reshape(K.shape)
    return dK, db, conv_backward(delta, x, back, stride, padding)[2]


@conv_backward.slip(
    "Channels and pictures are mixed up: delta has axes (N, C_out, H, W); "
    "permute before you reshape to (C_out, N * L)."
)
def _channels_for_pictures(delta, *layer):
    n, c_out, *outputs = delta.shape
    mixed = delta.reshape(c_out, n, *outputs).swapaxes(0, 1)
    return conv_backward(mixed, *layer)


# --- col2im with dilation ----------------------------------------------------
def _columns_and_sizes(rng):
    cases = []
    for n, c, size, kernel, stride, dilation in [
        (2, 3, (6, 8), (2, 3), 1, 2),
        (3, 2, (9, 7), (3, 2), 2, 3),
        (2, 2, (5, 6), (2, 3), 2, 1),
    ]:
        outputs = conv_output_size(size, kernel, stride, 0, dilation)
        shape = (n, c * math.prod(kernel), math.prod(outputs))
        columns = rng.integers(-9, 9, shape).astype(float)
        cases.append((columns, size, kernel, stride, dilation))
    return cases


@exercise(
    _columns_and_sizes,
    "Take the function of section 3 and read pixels with a step: the rows of "
    "a window are top, top + d, top + 2 d, ..., so slice(top, top + d * (k_h "
    "- 1) + 1, d). The window spans d * (k_w - 1) + 1 pixels; that decides "
    "how many stand side by side.",
    without="helpers",
)
def add_back(columns, size, kernel_size, stride, dilation):
    """Add each column back onto the pixels it was read from."""
    (k_h, k_w), d = kernel_size, dilation
    image = np.zeros((len(columns), columns.shape[1] // (k_h * k_w), *size))
    across = (size[1] - d * (k_w - 1) - 1) // stride + 1
    for place in range(columns.shape[2]):
        top, left = (stride * n for n in divmod(place, across))
        rows = slice(top, top + d * (k_h - 1) + 1, d)
        pixels = slice(left, left + d * (k_w - 1) + 1, d)
        patch = columns[:, :, place].reshape(len(columns), -1, k_h, k_w)
        image[:, :, rows, pixels] += patch
    return image


add_back.slip(
    "Patches are assigned: where windows overlap only the last one is left. "
    "Write += for =."
)(lambda *layer: _put_back(*layer, *layer[3:], assign=True))


@add_back.slip(
    "You assign where you must add: each pixel keeps what one place in the "
    "kernel gave it. Write += for =."
)
def _last_place_wins(columns, size, kernel_size, stride, dilation):
    number = np.arange(math.prod(size)).reshape(1, 1, *size)
    read = im2col(number, kernel_size, stride, dilation=dilation)[0]
    parts = columns.reshape(len(columns), -1, *read.shape)
    image = np.zeros((*parts.shape[:2], number.size))
    for place, pixels in enumerate(read):
        image[:, :, pixels] = parts[:, :, place]
    return image.reshape(*parts.shape[:2], *size)


@add_back.slip(
    "Overlaps are averaged: that undoes im2col, but a gradient goes through "
    "the transpose, which adds."
)
def _overlaps_averaged(columns, *geometry):
    counts = add_back(np.ones_like(columns), *geometry)
    return add_back(columns, *geometry) / np.maximum(counts, 1)


add_back.slip(
    "The dilation is forgotten: a window reads every d-th pixel, so that is "
    "where its patch goes."
)(lambda *layer: _put_back(*layer, step=layer[3], d=1))

add_back.slip("The stride is forgotten: windows begin `stride` pixels apart.")(
    lambda *layer: _put_back(*layer, step=1, d=layer[4])
)

add_back.slip("Your windows run down first: the columns come row by row.")(
    lambda *layer: _put_back(*layer, *layer[3:], down=1)
)


@add_back.slip(
    "The patches are transposed: the rows of `columns` run through the kernel "
    "row by row."
)
def _entries_down_first(columns, size, kernel_size, stride, dilation):
    (n, rows, length), (k_h, k_w) = columns.shape, kernel_size
    turned = columns.reshape(n, -1, k_w, k_h, length).swapaxes(2, 3)
    columns = turned.reshape(n, rows, length)
    return add_back(columns, size, kernel_size, stride, dilation)


# --- the way back through bias and ReLU --------------------------------------
def _gradients_and_sums(rng):
    shapes = [(2, 3, 4, 5), (4, 2, 3, 1), (3, 5, 2, 4)]
    return [
        (rng.standard_normal(shape), rng.integers(-3, 4, shape).astype(float))
        for shape in shapes
    ]


@exercise(
    _gradients_and_sums,
    "The slope of ReLU is 1 where h_bar > 0 and 0 elsewhere, at 0 itself by "
    "convention. Multiply Delta by it: that is delta. The bias of a channel "
    "collects delta from all pictures and all positions.",
)
def bias_relu_backward(Delta, h_bar):
    """Return delta and the gradient by the bias."""
    delta = (h_bar > 0) * Delta
    return delta, delta.sum(axis=(0, 2, 3))


def _relu(mask=None, collect=lambda delta: delta.sum(axis=(0, 2, 3))):
    """Return an answer with another delta, or another gradient by b."""

    def answer(Delta, h_bar):
        delta = mask(Delta, h_bar) if mask else (h_bar > 0) * Delta
        return delta, collect(delta)

    return answer


bias_relu_backward.slip(
    "The gradient passes where h_bar is exactly 0: PyTorch and this series "
    "take the slope 0 there."
)(_relu(lambda Delta, h_bar: (h_bar >= 0) * Delta))

bias_relu_backward.slip("The slope of ReLU is missing: delta is not Delta.")(
    _relu(lambda Delta, h_bar: Delta)
)

bias_relu_backward.slip(
    "The mask looks at the sign of the gradient: it is h_bar that decides "
    "what passes."
)(_relu(lambda Delta, h_bar: np.maximum(Delta, 0)))

bias_relu_backward.slip(
    "Negative gradients are lost: only the sign of h_bar decides what passes."
)(_relu(lambda Delta, h_bar: (h_bar > 0) * np.maximum(Delta, 0)))

bias_relu_backward.slip(
    "Delta is multiplied by the output of ReLU: multiply it by the slope, 1 "
    "or 0."
)(_relu(lambda Delta, h_bar: np.maximum(h_bar, 0) * Delta))

bias_relu_backward.slip(
    "db sums Delta: the bias stands before the ReLU, so sum delta."
)(lambda Delta, h_bar: ((h_bar > 0) * Delta, Delta.sum(axis=(0, 2, 3))))

bias_relu_backward.slip(
    "db is not summed: one bias serves all pictures and positions."
)(_relu(collect=lambda delta: delta))

bias_relu_backward.slip(
    "db is summed over positions, but not over the batch."
)(_relu(collect=lambda delta: delta.sum(axis=(2, 3))))

bias_relu_backward.slip("db is one number: each channel has its own bias.")(
    _relu(collect=lambda delta: delta.sum())
)

bias_relu_backward.slip("db is a mean: shared numbers add up.")(
    _relu(collect=lambda delta: delta.mean(axis=(0, 2, 3)))
)
