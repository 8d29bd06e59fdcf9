"""Steps 1 to 5: a convolution layer, forward and backward."""

import numpy as np

from lecture.capstone.step import step
from lecture.exercises import ex03, ex05, ex06


# --- 1: output_size ----------------------------------------------------------
def _sizes(rng):
    # Divided by s, most of these leave a remainder.
    sizes = [(28, 5, 1, 2), (28, 2, 2, 0), (8, 3, 2, 1), (12, 4, 3, 1)]
    return [*sizes, (9, 2, 4, 3), (17, 5, 3, 2)]


@step(
    1,
    task="How many windows of k pixels fit along an axis of i pixels, with p "
    "zeros at each end and s pixels from a window to the next? Eq. 4 with a "
    "stride: floor((i + 2p - k) / s) + 1, a whole number.",
    notebook="03_stride_padding_shapes",
    advice="Eq. 4 of notebook 03, with padding and stride. // divides and "
    "rounds down.",
    cases=_sizes,
)
def output_size(i, k, s, p):
    """Return how many windows fit along one axis."""
    return (i + 2 * p - k) // s + 1


def _without_dilation(sizes):
    """Return exercise 03's answer for windows that are not dilated."""
    return lambda i, k, s, p: sizes(i, k, s, p, 1)


for _message, _answer in ex03.output_size.slips:
    if "dilat" not in _message:
        output_size.slip(_message)(_without_dilation(_answer))


output_size.slip(
    "You add 1 before you divide: the first window is counted after the "
    "division."
)(lambda i, k, s, p: (i + 2 * p - k + 1) // s)


# --- 2: im2col ---------------------------------------------------------------
def _inputs_and_windows(rng):
    layers = ex06.conv_backward.cases(rng)
    return [(x, K.shape[2:], *rest) for _, x, K, *rest in layers]


@step(
    2,
    task="Write all channels of each window as one column (v_I of eq. 5): "
    "channel after channel, row by row. x is (N, C, H, W), kernel_size (k_h, "
    "k_w), stride and padding are one number for both axes. Return (N, "
    "C*k_h*k_w, L), L = H_out*W_out windows, row by row.",
    notebook="05_channels_and_matrices",
    advice="Exercise 1 of 05, for a batch and with padding (np.pad takes a "
    "pair for each axis). Fast enough to train with: make an array (N, C, "
    "k_h, k_w, H_out, W_out), fill it for each place (i, j) in the kernel by "
    "the pixels x[:, :, i::stride, j::stride] that this place meets (the "
    "first H_out rows and W_out columns of them), reshape at the end.",
    cases=_inputs_and_windows,
)
def im2col(x, kernel_size, stride, padding):
    """Return the pixels under each window as a column: v_I of eq. 5."""
    (n, c, height, width), (k_h, k_w) = x.shape, kernel_size
    h_out = output_size(height, k_h, stride, padding)
    w_out = output_size(width, k_w, stride, padding)
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    columns = np.empty((n, c, k_h, k_w, h_out, w_out), x.dtype)
    for i, j in np.ndindex(k_h, k_w):  # and the pixels that they meet
        rows = slice(i, i + stride * h_out, stride)
        cols = slice(j, j + stride * w_out, stride)
        columns[:, :, i, j] = x[:, :, rows, cols]
    return columns.reshape(n, -1, h_out * w_out)


def _for_each_picture(columns_of):
    """Return exercise 05's answer, for one picture, as one for a batch."""

    def answer(x, kernel_size, stride, padding):
        framed = np.pad(x, [(0, 0), (0, 0), *2 * [(padding, padding)]])
        return np.array([columns_of(p, *kernel_size, stride) for p in framed])

    return answer


for _message, _answer in ex05.image_to_columns.slips:
    im2col.slip(_message)(_for_each_picture(_answer))


im2col.slip(
    "The padding is forgotten: `padding` zeros belong around each map."
)(lambda x, kernel_size, stride, padding: im2col(x, kernel_size, stride, 0))
im2col.slip(
    "Height and width of the kernel are swapped: kernel_size is (k_h, k_w)."
)(lambda x, kernel_size, *rest: im2col(x, kernel_size[::-1], *rest))


# --- 3: conv_forward ---------------------------------------------------------
def _convolutions(rng):
    layers = ex06.conv_backward.cases(rng)
    return [
        (x, K, rng.standard_normal(len(K)), *rest) for _, x, K, *rest in layers
    ]


@step(
    3,
    task="A convolution layer, eq. 5: h = K_f v_I + b. x is (N, C_in, H, W), "
    "K (C_out, C_in, k_h, k_w), b (C_out,). K_f is K with one row a kernel. "
    "Return (N, C_out, H_out, W_out). The kernel is not flipped.",
    notebook="05_channels_and_matrices",
    advice="Three lines: the columns by your im2col; K.reshape(C_out, -1) @ "
    "columns plus b[:, None], which does all pictures at once; a reshape to "
    "maps, with output_size for their height.",
    cases=_convolutions,
)
def conv_forward(x, K, b, stride, padding):
    """Return h = K_f v_I + b (eq. 5)."""
    columns = im2col(x, K.shape[2:], stride, padding)
    h = K.reshape(len(K), -1) @ columns + b[:, None]
    h_out = output_size(x.shape[2], K.shape[2], stride, padding)
    return h.reshape(len(x), len(K), h_out, -1)


conv_forward.slip(
    "Your kernels are turned by 180 degrees: that is convolution in the sense "
    "of eq. 2; a layer cross-correlates (eq. 3)."
)(lambda x, K, *rest: conv_forward(x, K[:, :, ::-1, ::-1], *rest))
conv_forward.slip("The bias is missing: add b[f] to every output of map f.")(
    lambda x, K, b, stride, padding: conv_forward(x, K, 0 * b, stride, padding)
)


@conv_forward.slip(
    "K_f is mixed up: K.reshape(-1, C_out).T is not one kernel a row. Write "
    "K.reshape(C_out, -1)."
)
def _kernel_columns(x, K, b, stride, padding):
    mixed = K.reshape(-1, len(K)).T.reshape(K.shape)
    return conv_forward(x, mixed, b, stride, padding)


conv_forward.slip("The ReLU is in it: eq. 6 gets a function of its own.")(
    lambda *layer: np.maximum(conv_forward(*layer), 0)
)
conv_forward.slip(
    "Pictures and maps are mixed: an array (C_out, N, ...) must be "
    "transposed, not reshaped, to (N, C_out, ...)."
)(lambda *layer: (h := conv_forward(*layer)).swapaxes(0, 1).reshape(h.shape))


# --- 4: col2im ---------------------------------------------------------------
def _columns_to_add(rng):
    cases = []
    for x, *geometry in _inputs_and_windows(rng):
        columns = im2col(x, *geometry)
        columns = rng.integers(-9, 10, columns.shape).astype(float)
        cases.append((columns, x.shape[2:], *geometry))
    return cases


@step(
    4,
    task="Add each column back onto the pixels it was read from: I^-1 of eq. "
    "8, the adjoint of im2col and not its inverse. columns is (N, C*k_h*k_w, "
    "L), size (H, W); the rest as for im2col. Return (N, C, H, W).",
    notebook="06_backpropagation",
    advice="im2col backward, line by line: reshape to (N, C, k_h, k_w, H_out, "
    "W_out), begin with zeros for the padded maps, add (+=) what stands at "
    "each place (i, j) to the pixels that it was read from, and cut the "
    "padding off at the end.",
    cases=_columns_to_add,
)
def col2im(columns, size, kernel_size, stride, padding):
    """Add each column back onto the pixels it was read from."""
    (height, width), (k_h, k_w), n = size, kernel_size, len(columns)
    h_out = output_size(height, k_h, stride, padding)
    w_out = output_size(width, k_w, stride, padding)
    columns = columns.reshape(n, -1, k_h, k_w, h_out, w_out)
    padded = height + 2 * padding, width + 2 * padding
    x = np.zeros((n, columns.shape[1], *padded), columns.dtype)
    for i, j in np.ndindex(k_h, k_w):
        rows = slice(i, i + stride * h_out, stride)
        cols = slice(j, j + stride * w_out, stride)
        x[:, :, rows, cols] += columns[:, :, i, j]
    return x[:, :, padding : padding + height, padding : padding + width]


def _cut(frame, size, start):
    rows, columns = (slice(start, start + n) for n in size)
    return frame[:, :, rows, columns]


def _with_padding(add):
    """Return exercise 06's answer, without padding, as one with padding."""

    def answer(columns, size, kernel_size, stride, padding):
        framed = [n + 2 * padding for n in size]
        frame = add(columns, framed, kernel_size, stride, 1)
        return _cut(frame, size, padding)

    return answer


for _message, _answer in ex06.add_back.slips:
    if "dilation" not in _message:
        col2im.slip(_message)(_with_padding(_answer))


@col2im.slip("The padding is not cropped: your maps still have their frame.")
def _frame_kept(columns, size, kernel_size, stride, padding):
    framed = [n + 2 * padding for n in size]
    return col2im(columns, framed, kernel_size, stride, 0)


col2im.slip(
    "You cut the frame at its corner: the picture begins at row and column "
    "`padding`."
)(
    lambda columns, size, *rest: _cut(
        _frame_kept(columns, size, *rest), size, 0
    )
)


# --- 5: conv_backward --------------------------------------------------------
@step(
    5,
    task="The way back, eqs. 7 and 8: delta is the gradient by the layer's "
    "output (f'(h) is in it already), shaped like that. dK = delta v_I^T and "
    "db = delta, both summed over all they fed; dx = col2im(K_f^T delta). "
    "Return dK, db, dx, shaped like K, b and x.",
    notebook="06_backpropagation",
    advice="Exercise 1 of 06, with your own im2col and col2im. Reshape delta "
    "to (N, C_out, L). delta @ columns.transpose(0, 2, 1), summed over the "
    "batch, is dK_f; K_f.T @ delta are the columns that col2im adds back.",
    cases=ex06.conv_backward.cases,
)
def conv_backward(delta, x, K, stride, padding):
    """Return the gradients by K and b (eq. 7) and by x (eq. 8)."""
    columns = im2col(x, K.shape[2:], stride, padding)
    delta = delta.reshape(len(x), len(K), -1)
    dK = (delta @ columns.transpose(0, 2, 1)).sum(axis=0).reshape(K.shape)
    columns = K.reshape(len(K), -1).T @ delta
    dx = col2im(columns, x.shape[2:], K.shape[2:], stride, padding)
    return dK, delta.sum(axis=(0, 2)), dx


conv_backward.slips += ex06.conv_backward.slips


STEPS = [output_size, im2col, conv_forward, col2im, conv_backward]
