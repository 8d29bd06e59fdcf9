"""The exercises of notebook 05."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture.exercises.exercise import exercise


def _quarters(rng, size):
    """Return numbers of both signs, few of them whole."""
    return rng.integers(-99, 99, size) / 4


# --- image to columns --------------------------------------------------------
def _images_and_windows(rng):
    settings = [((2, 5, 8), 2, 3, 1), ((3, 8, 7), 3, 2, 2)]
    settings += [((2, 9, 10), 2, 4, 3), ((1, 6, 5), 4, 3, 1)]
    settings += [((2, 3, 4), 3, 4, 1), ((2, 7, 6), 1, 1, 3)]
    return [(_quarters(rng, size), *rest) for size, *rest in settings]


@exercise(
    _images_and_windows,
    "Cut the windows out with all their channels, x[:, i:i+k_h, j:j+k_w], "
    "for i and j in steps of s, j inside. Flatten each: NumPy goes through "
    "the last axis first, so a channel comes after the other, row by row. "
    "Put the lists side by side as columns.",
)
def image_to_columns(x, k_h, k_w, s):
    """Return the pixels under each window as a column."""
    C, H, W = x.shape
    rows, columns = range(0, H - k_h + 1, s), range(0, W - k_w + 1, s)
    windows = [x[:, i : i + k_h, j : j + k_w] for i in rows for j in columns]
    return np.array(windows).reshape(len(windows), C * k_h * k_w).T


def _in_order(*axes):
    """Return an answer, its axes (C, H_out, W_out, k_h, k_w) reordered."""

    def answer(x, k_h, k_w, s):
        view = sliding_window_view(x, (k_h, k_w), (1, 2))[:, ::s, ::s]
        return view.transpose(axes).reshape(len(x) * k_h * k_w, -1)

    return answer


image_to_columns.slip(
    "Your windows are rows: turn the matrix, one column a window."
)(lambda *layer: image_to_columns(*layer).T)


@image_to_columns.slip(
    "Your windows are rows of numbers that you then reshaped: reshape moves "
    "no axis. Transpose instead."
)
def _rows_reshaped(*layer):
    columns = image_to_columns(*layer)
    return columns.T.reshape(columns.shape)


image_to_columns.slip(
    "Your channels were not brought into their place: the axes (C, H_out, "
    "W_out, k_h, k_w) need a transpose to (C, k_h, k_w, H_out, W_out) before "
    "the reshape."
)(_in_order(0, 1, 2, 3, 4))

image_to_columns.slip(
    "Your channels are interleaved, the three colours of a pixel side by "
    "side: a whole channel comes first, then the next."
)(_in_order(3, 4, 0, 1, 2))

image_to_columns.slip(
    "You read each window column by column: within a window the numbers of a "
    "row stand together."
)(_in_order(0, 4, 3, 1, 2))

image_to_columns.slip(
    "Your windows go down the image first: they come row by row, as the "
    "outputs lie."
)(_in_order(0, 3, 4, 2, 1))

image_to_columns.slip(
    "You forget the stride: windows begin at every s-th row and column only."
)(lambda x, k_h, k_w, s: image_to_columns(x, k_h, k_w, 1))

image_to_columns.slip(
    "Your channels stand side by side, as if they were more windows: a column "
    "holds all channels of its window."
)(lambda x, *rest: np.hstack([image_to_columns(c[None], *rest) for c in x]))


# --- the matrix of a layer ---------------------------------------------------
def _kernels_and_sizes(rng):
    settings = [((2, 3, 2, 3), 4, 6), ((3, 2, 3, 2), 5, 4)]
    settings += [((2, 2, 1, 3), 3, 5), ((1, 2, 2, 2), 3, 4)]
    settings += [((2, 1, 3, 2), 3, 2)]
    return [(_quarters(rng, size), *rest) for size, *rest in settings]


@exercise(
    _kernels_and_sizes,
    "Think of six axes: (C_out, H_out, W_out, C_in, H, W). The output at (i, "
    "j) meets the pixels i to i + k_h, j to j + k_w with the kernel as it "
    "is: one assignment for each (i, j). Reshape to two axes at the end.",
    without="convolution_matrix",
)
def layer_matrix(K, H, W):
    """Return the matrix that takes x.ravel() to the layer's outputs."""
    C_out, C_in, k_h, k_w = K.shape
    h_out, w_out = H - k_h + 1, W - k_w + 1
    matrix = np.zeros((C_out, h_out, w_out, C_in, H, W), K.dtype)
    for i in range(h_out):
        for j in range(w_out):
            matrix[:, i, j, :, i : i + k_h, j : j + k_w] = K
    return matrix.reshape(C_out * h_out * w_out, C_in * H * W)


@layer_matrix.slip(
    "Rows wrap around at the edge: the next window is one pixel further in "
    "the flat picture, but the first of a row is not one pixel after the last "
    "of the row before."
)
def _wrapping_rows(K, H, W):
    C_out, C_in, k_h, k_w = K.shape
    count = (H - k_h + 1) * (W - k_w + 1)
    matrix = np.zeros((C_out, count, C_in, H * W), K.dtype)
    for start in range(count):
        for m in range(k_h):
            place = start + m * W
            matrix[:, start, :, place : place + k_w] = K[:, :, m]
    return matrix.reshape(C_out * count, C_in * H * W)


@layer_matrix.slip(
    "You turn one row round the whole picture: there are only H_out W_out "
    "windows, and none goes round."
)
def _full_circle(K, H, W):
    C_out, C_in, k_h, k_w = K.shape
    row = np.zeros((C_out, C_in, H, W), K.dtype)
    row[:, :, :k_h, :k_w] = K
    flat = row.reshape(C_out, C_in, H * W)
    rows = [np.roll(flat, place, axis=2) for place in range(H * W)]
    return np.stack(rows, axis=1).reshape(C_out * H * W, C_in * H * W)


layer_matrix.slip(
    "Wrong order: your kernel is turned by 180 degrees. A layer "
    "cross-correlates, the kernel lies as it is."
)(lambda K, H, W: layer_matrix(K[:, :, ::-1, ::-1], H, W))

layer_matrix.slip(
    "Wrong order: your kernel is read column by column, transposed."
)(lambda K, H, W: layer_matrix(K.swapaxes(2, 3).reshape(K.shape), H, W))


@layer_matrix.slip(
    "A channel is missing: only the first one has weights, each output adds "
    "all of them."
)
def _first_channel_only(K, H, W):
    only = np.zeros_like(K)
    only[:, 0] = K[:, 0]
    return layer_matrix(only, H, W)


layer_matrix.slip(
    "A channel is missing: your matrix has H W columns, x has C_in times as "
    "many numbers."
)(lambda K, H, W: layer_matrix(K[:, :1], H, W))


@layer_matrix.slip(
    "Wrong order of rows: all places of output 0 come first, then those of "
    "output 1."
)
def _positions_first(K, H, W):
    matrix = layer_matrix(K, H, W).reshape(len(K), -1, K.shape[1] * H * W)
    return matrix.swapaxes(0, 1).reshape(-1, matrix.shape[2])


@layer_matrix.slip(
    "Wrong order of columns: x.ravel() holds channel 0 first, then channel 1; "
    "yours takes the channels of each pixel together."
)
def _pixels_first(K, H, W):
    matrix = layer_matrix(K, H, W)
    parts = matrix.reshape(len(matrix), K.shape[1], H * W)
    return parts.swapaxes(1, 2).reshape(matrix.shape)


layer_matrix.slip(
    "Your matrix is transposed: one row an output, one column a pixel."
)(lambda K, H, W: layer_matrix(K, H, W).T)


# --- a kernel without groups -------------------------------------------------
def _grouped_kernels(rng):
    settings = [((4, 3, 2, 3), 2), ((6, 1, 3, 2), 3), ((6, 2, 1, 2), 3)]
    settings += [((8, 2, 2, 1), 4), ((3, 2, 2, 3), 1)]
    return [(_quarters(rng, size), groups) for size, groups in settings]


@exercise(
    _grouped_kernels,
    "Start with zeros, C_in = groups * K.shape[1] channels wide. The first "
    "C_out / groups outputs read the first K.shape[1] channels, the next "
    "ones the next. Output f belongs to group f // (C_out // groups).",
)
def full_kernel(K, groups):
    """Return a grouped layer's kernel with zeros, as one group."""
    C_out, part, k_h, k_w = K.shape
    full = np.zeros((C_out, part * groups, k_h, k_w), K.dtype)
    for f in range(C_out):
        first = f // (C_out // groups) * part
        full[f, first : first + part] = K[f]
    return full


def _reading(channels):
    """Return an answer whose output f reads channels(f, groups, part)."""

    def answer(K, groups):
        full = np.zeros_like(np.tile(K, (1, groups, 1, 1)))
        for f, kernel in enumerate(K):
            full[f, channels(f, groups, len(kernel))] = kernel
        return full

    return answer


full_kernel.slip(
    "You repeat the kernel for every group: an output reads the channels of "
    "its own group only, elsewhere are zeros."
)(lambda K, groups: np.tile(K, (1, groups, 1, 1)))

full_kernel.slip(
    "You deal the outputs out in turn, 0, 1, 2, 0, 1, 2: the first C_out / "
    "groups of them form the first group."
)(_reading(lambda f, groups, part: f % groups * part + np.arange(part)))


@full_kernel.slip(
    "You deal the channels out in turn: neighbouring channels form a group."
)
def _channels_in_turn(K, groups):
    full = full_kernel(K, groups).reshape(len(K), groups, *K.shape[1:])
    return full.swapaxes(1, 2).reshape(len(K), -1, *K.shape[2:])


full_kernel.slip(
    "All your outputs read the first group of channels: the next outputs read "
    "the next channels."
)(_reading(lambda f, groups, part: np.arange(part)))


@full_kernel.slip(
    "Each of your groups has one output, the others are zero: there are C_out "
    "/ groups in a group."
)
def _one_output_a_group(K, groups):
    full = np.zeros_like(full_kernel(K, groups))
    full[:groups] = full_kernel(K[:groups], groups)
    return full
