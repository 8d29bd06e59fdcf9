"""What the reader of the capstone writes, function by function.

Each function of the file has its text, its hint and its check here;
`helpers.capstone` runs them.  A solution of the whole file stands in
``helpers/solutions/my_cnn.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpers import exercises
from helpers.exercises import Exercise, Slip

SOLUTION = Path(__file__).with_name("solutions") / "my_cnn.py"


def load(path: Path) -> ModuleType:
    """Run a Python file and return it as a module; import nothing twice.

    Examples
    --------
    >>> load(SOLUTION).output_size(28, 5, 1, 2)
    28
    """
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    code = compile(path.read_bytes(), str(path), "exec")
    exec(code, module.__dict__)
    return module


ANSWERS = load(SOLUTION)


def kind(value: object) -> str:
    """Return what a value is, as in "It returns a list".

    Examples
    --------
    >>> kind([1, 2]), kind(3), kind(None)
    ('a list', 'an int', 'None')
    """
    if value is None:
        return "None"
    name = "array" if isinstance(value, np.ndarray) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


class Part(NamedTuple):
    """One function of the reader's file.

    Attributes
    ----------
    step : int
        Some steps have two functions or more.
    name : str
    task : str
        What it does: shapes, equation.
    notebook : str
        Which one teaches it.
    advice : str
        The hint.
    exercise : Exercise or None
        The check of a function that can be compared with the solution.
    network_check : callable or None
        The check of one that cannot, because the network is the reader's:
        takes the module, returns what is wrong or "".

    Examples
    --------
    >>> [part.name for part in PARTS if part.step == 6]
    ['max_pool', 'max_pool_backward']
    """

    step: int
    name: str
    task: str
    notebook: str
    advice: str
    exercise: Exercise | None = None
    network_check: Callable[[ModuleType], str] | None = None


def _part(step, name, task, notebook, advice, cases, slips):
    """Return a part whose function is compared with the solution."""
    answer = getattr(ANSWERS, name)
    exercise = Exercise(name, advice, answer, cases, slips)
    return Part(step, name, task, notebook, advice, exercise)


# --- 1: output_size ----------------------------------------------------------


def _sizes(rng):
    # Divided by s, most of these leave a remainder.
    sizes = [(28, 5, 1, 2), (28, 2, 2, 0), (8, 3, 2, 1), (12, 4, 3, 1)]
    return [*sizes, (9, 2, 4, 3), (17, 5, 3, 2)]


OUTPUT_SIZE = _part(
    1,
    "output_size",
    "How many windows of k pixels fit along an axis of i pixels, with p "
    "zeros at each end and s pixels from a window to the next? Eq. 4 with a "
    "stride: floor((i + 2p - k) / s) + 1, a whole number.",
    "03_stride_padding_shapes",
    "Exercise 1 of notebook 03, without dilation. // divides and rounds down.",
    _sizes,
    [
        Slip(
            "You divide without rounding: a window that does not fit whole "
            "is not computed. // rounds down.",
            lambda i, k, s, p: (i + 2 * p - k) / s + 1,
        ),
        Slip(
            "You round up: the last window must fit whole.",
            lambda i, k, s, p: -(-(i + 2 * p - k) // s) + 1,
        ),
        Slip(
            "You count the padding once: there are p zeros at each of the "
            "two ends.",
            lambda i, k, s, p: (i + p - k) // s + 1,
        ),
        Slip(
            "One window is missing: the first stands where it is, the "
            "quotient counts the moves after it.",
            lambda i, k, s, p: (i + 2 * p - k) // s,
        ),
        Slip(
            "You add 1 before you divide: the first window is counted after "
            "the division.",
            lambda i, k, s, p: (i + 2 * p - k + 1) // s,
        ),
        Slip(
            "The stride is forgotten: windows begin s pixels apart.",
            lambda i, k, s, p: i + 2 * p - k + 1,
        ),
    ],
)


# --- 2: im2col ---------------------------------------------------------------


def _inputs_and_windows(rng):
    layers = exercises.conv_backward.cases(rng)
    return [(x, K.shape[2:], *rest) for _, x, K, *rest in layers]


def _framed(x, padding):
    return np.pad(x, [(0, 0), (0, 0), *2 * [(padding, padding)]])


def _for_each_picture(columns_of):
    """Return exercise 05's answer, for one picture, as one for a batch."""

    def im2col(x, kernel_size, stride, padding):
        framed = _framed(x, padding)
        return np.array([columns_of(p, *kernel_size, stride) for p in framed])

    return im2col


def _pictures_side_by_side(x, kernel_size, stride, padding):
    columns = ANSWERS.im2col(x, kernel_size, stride, padding)
    return np.concatenate(list(columns), axis=1)


def _one_picture_only(x, kernel_size, stride, padding):
    return ANSWERS.im2col(x, kernel_size, stride, padding)[0]


IM2COL = _part(
    2,
    "im2col",
    "Write all channels of each window as one column (v_I of eq. 5): channel "
    "after channel, row by row. x is (N, C, H, W), kernel_size (k_h, k_w), "
    "stride and padding are one number for both axes. Return "
    "(N, C*k_h*k_w, L), L = H_out*W_out windows, row by row.",
    "05_channels_and_matrices",
    "Exercise 1 of 05, for a batch and with padding (np.pad takes a pair for "
    "each axis). Fast enough to train with: make an array (N, C, k_h, k_w, "
    "H_out, W_out), fill it for each place (i, j) in the kernel by the "
    "pixels x[:, :, i::stride, j::stride] that this place meets (the first "
    "H_out rows and W_out columns of them), reshape at the end.",
    _inputs_and_windows,
    [
        *(
            Slip(slip.message, _for_each_picture(slip.answer))
            for slip in exercises.image_to_columns.slips
        ),
        Slip(
            "The padding is forgotten: `padding` zeros belong around each "
            "map.",
            lambda x, k, s, p: ANSWERS.im2col(x, k, s, 0),
        ),
        Slip(
            "Height and width of the kernel are swapped: kernel_size is "
            "(k_h, k_w).",
            lambda x, k, s, p: ANSWERS.im2col(x, k[::-1], s, p),
        ),
        Slip(
            "The pictures of the batch stand side by side in one matrix: "
            "here each has a matrix of its own, (N, C*k_h*k_w, L).",
            _pictures_side_by_side,
        ),
        Slip(
            "You return the columns of one picture: x is a batch.",
            _one_picture_only,
        ),
    ],
)


# --- 3: conv_forward ---------------------------------------------------------


def _convolutions(rng):
    layers = exercises.conv_backward.cases(rng)
    return [
        (x, K, rng.standard_normal(len(K)), *rest) for _, x, K, *rest in layers
    ]


def _kernel_columns(x, K, b, stride, padding):
    mixed = K.reshape(-1, len(K)).T.reshape(K.shape)
    return ANSWERS.conv_forward(x, mixed, b, stride, padding)


def _no_maps(x, K, b, stride, padding):
    h = ANSWERS.conv_forward(x, K, b, stride, padding)
    return h.reshape(len(x), len(K), -1)


def _maps_on_their_side(x, K, b, stride, padding):
    h = ANSWERS.conv_forward(x, K, b, stride, padding)
    n, c, h_out, w_out = h.shape
    return h.reshape(n, c, w_out, h_out)


def _batch_and_maps_mixed(x, K, b, stride, padding):
    h = ANSWERS.conv_forward(x, K, b, stride, padding)
    return h.swapaxes(0, 1).reshape(h.shape)


CONV_FORWARD = _part(
    3,
    "conv_forward",
    "A convolution layer, eq. 5: h = K_f v_I + b. x is (N, C_in, H, W), K "
    "(C_out, C_in, k_h, k_w), b (C_out,). K_f is K with one row a kernel. "
    "Return (N, C_out, H_out, W_out). The kernel is not flipped.",
    "05_channels_and_matrices",
    "Three lines: the columns by your im2col; K.reshape(C_out, -1) @ columns "
    "plus b[:, None], which does all pictures at once; a reshape to maps, "
    "with output_size for their height.",
    _convolutions,
    [
        Slip(
            "Your kernels are turned by 180 degrees: that is convolution in "
            "the sense of eq. 2; a layer cross-correlates (eq. 3).",
            lambda x, K, b, s, p: ANSWERS.conv_forward(
                x, K[:, :, ::-1, ::-1], b, s, p
            ),
        ),
        Slip(
            "The bias is missing: add b[f] to every output of map f.",
            lambda x, K, b, s, p: ANSWERS.conv_forward(x, K, 0 * b, s, p),
        ),
        Slip(
            "The bias is subtracted: h = K_f v_I + b.",
            lambda x, K, b, s, p: ANSWERS.conv_forward(x, K, -b, s, p),
        ),
        Slip(
            "K_f is mixed up: K.reshape(-1, C_out).T is not one kernel a "
            "row. Write K.reshape(C_out, -1).",
            _kernel_columns,
        ),
        Slip(
            "The stride does not reach im2col, or the size of the maps.",
            lambda x, K, b, s, p: ANSWERS.conv_forward(x, K, b, 1, p),
        ),
        Slip(
            "The padding does not reach im2col, or the size of the maps.",
            lambda x, K, b, s, p: ANSWERS.conv_forward(x, K, b, s, 0),
        ),
        Slip(
            "The ReLU is in it: eq. 6 gets a function of its own.",
            lambda x, K, b, s, p: np.maximum(
                ANSWERS.conv_forward(x, K, b, s, p), 0
            ),
        ),
        Slip(
            "Your maps are still flat, (N, C_out, L): reshape them to "
            "(N, C_out, H_out, W_out).",
            _no_maps,
        ),
        Slip(
            "Height and width of your maps are swapped.",
            _maps_on_their_side,
        ),
        Slip(
            "Pictures and maps are mixed: an array (C_out, N, ...) must be "
            "transposed, not reshaped, to (N, C_out, ...).",
            _batch_and_maps_mixed,
        ),
    ],
)


# --- 4: col2im ---------------------------------------------------------------


def _columns_to_add(rng):
    cases = []
    for x, *geometry in _inputs_and_windows(rng):
        columns = ANSWERS.im2col(x, *geometry)
        columns = rng.integers(-9, 10, columns.shape).astype(float)
        cases.append((columns, x.shape[2:], *geometry))
    return cases


def _frame_of(columns, size, kernel_size, stride, padding, add=None):
    """Return what was added, by exercise 06's answer, before the crop."""
    add = add or exercises.add_back.answer
    framed = [n + 2 * padding for n in size]
    return add(columns, framed, kernel_size, stride, 1)


def _with_padding(add):
    """Return exercise 06's answer, without padding, as one with padding."""

    def col2im(columns, size, kernel_size, stride, padding):
        frame = _frame_of(columns, size, kernel_size, stride, padding, add)
        (height, width), p = size, padding
        return frame[:, :, p : p + height, p : p + width]

    return col2im


def _last_place_wins(columns, size, kernel_size, stride, padding):
    """Assign, as many do, place by place in the kernel."""
    height, width = (n + 2 * padding for n in size)
    number = np.arange(height * width, dtype=float).reshape(height, width)
    read = ANSWERS.im2col(number[None, None], kernel_size, stride, 0)[0]
    parts = columns.reshape(len(columns), -1, len(read), columns.shape[2])
    frame = np.zeros((*parts.shape[:2], height * width))
    for place, pixels in enumerate(read.astype(int)):
        frame[:, :, pixels] = parts[:, :, place]
    frame = frame.reshape(*parts.shape[:2], height, width)
    rows = slice(padding, padding + size[0])
    return frame[:, :, rows, padding : padding + size[1]]


def _cut_at_the_corner(columns, size, kernel_size, stride, padding):
    frame = _frame_of(columns, size, kernel_size, stride, padding)
    return frame[:, :, : size[0], : size[1]]


COL2IM = _part(
    4,
    "col2im",
    "Add each column back onto the pixels it was read from: I^-1 of eq. 8, "
    "the adjoint of im2col and not its inverse. columns is (N, C*k_h*k_w, "
    "L), size (H, W); the rest as for im2col. Return (N, C, H, W).",
    "06_backpropagation",
    "im2col backward, line by line: reshape to (N, C, k_h, k_w, H_out, "
    "W_out), begin with zeros for the padded maps, add (+=) what stands at "
    "each place (i, j) to the pixels that it was read from, and cut the "
    "padding off at the end.",
    _columns_to_add,
    [
        *(
            Slip(slip.message, _with_padding(slip.answer))
            for slip in exercises.add_back.slips
            if "dilation" not in slip.message
        ),
        Slip(
            "You assign where you must add: each pixel keeps what one place "
            "in the kernel gave it. Write += for =.",
            _last_place_wins,
        ),
        Slip(
            "The padding is not cropped: your maps still have their frame.",
            _frame_of,
        ),
        Slip(
            "You cut the frame at its corner: the picture begins at row and "
            "column `padding`.",
            _cut_at_the_corner,
        ),
    ],
)


# --- 5: conv_backward --------------------------------------------------------


def _input_first(delta, x, K, stride, padding):
    dK, db, dx = ANSWERS.conv_backward(delta, x, K, stride, padding)
    return dx, dK, db


CONV_BACKWARD = _part(
    5,
    "conv_backward",
    "The way back, eqs. 7 and 8: delta is the gradient by the layer's output "
    "(f'(h) is in it already), shaped like that. dK = delta v_I^T and db = "
    "delta, both summed over all they fed; dx = col2im(K_f^T delta). Return "
    "dK, db, dx, shaped like K, b and x.",
    "06_backpropagation",
    "Exercise 1 of 06, with your own im2col and col2im. Reshape delta to (N, "
    "C_out, L). delta @ columns.transpose(0, 2, 1), summed over the batch, "
    "is dK_f; K_f.T @ delta are the columns that col2im adds back.",
    exercises.conv_backward.cases,
    [
        *exercises.conv_backward.slips,
        Slip("The order is dK, db, dx: you return dx first.", _input_first),
    ],
)


# --- 6: max pooling ----------------------------------------------------------


def _pooled(rng):
    cases = []
    for size, kernel, stride in [
        ((2, 3, 4, 6), (2, 2), 2),
        ((1, 2, 5, 7), (3, 2), 2),
        ((2, 1, 7, 5), (2, 3), 1),
        ((1, 2, 5, 8), (1, 2), 3),
    ]:
        # Few values, all negative: ties, and a zero never wins.
        x = rng.integers(-5, 0, size).astype(float)
        cases.append((x, kernel, stride))
    return cases


def _pooled_back(rng):
    cases = []
    for x, *geometry in _pooled(rng):
        shape = ANSWERS.max_pool(x, *geometry).shape
        delta = rng.integers(1, 10, shape).astype(float)
        cases.append((delta, x, *geometry))
    return cases


def _pooling_as_in_07(backward):
    """Return exercise 07's answer with the arguments of the capstone."""

    def max_pool_backward(delta, x, kernel_size, stride):
        return backward(x, delta, kernel_size, (stride, stride))

    return max_pool_backward


MAX_POOL = _part(
    6,
    "max_pool",
    "The largest value of each window of each map. x is (N, C, H, W), "
    "kernel_size (k_h, k_w); no padding. Return (N, C, H_out, W_out).",
    "07_pooling_and_shifts",
    "Seen as (N*C, 1, H, W), every map is a picture with one channel: your "
    "im2col makes a column of each window, and the largest entry of each "
    "column is the answer.",
    _pooled,
    [
        Slip(
            "You take the mean: the maximum was asked for.",
            lambda x, k, s: (
                ANSWERS.im2col(x.reshape(-1, 1, *x.shape[2:]), k, s, 0).mean(
                    axis=1
                )
            ).reshape(ANSWERS.max_pool(x, k, s).shape),
        ),
        Slip(
            "You take the smallest value of each window.",
            lambda x, k, s: -ANSWERS.max_pool(-x, k, s),
        ),
        Slip(
            "The stride is forgotten: windows begin `stride` pixels apart.",
            lambda x, k, s: ANSWERS.max_pool(x, k, 1),
        ),
        Slip(
            "You take the maximum over all channels: each map is pooled by "
            "itself.",
            lambda x, k, s: (
                ANSWERS.im2col(x, k, s, 0)
                .max(axis=1)
                .reshape(len(x), 1, *ANSWERS.max_pool(x, k, s).shape[2:])
            ),
        ),
        Slip(
            "Zeros win: where all values are negative the largest of them is "
            "the maximum. Do not begin with zeros.",
            lambda x, k, s: np.maximum(ANSWERS.max_pool(x, k, s), 0),
        ),
        Slip(
            "Height and width of the kernel are swapped.",
            lambda x, k, s: ANSWERS.max_pool(x, k[::-1], s),
        ),
    ],
)

MAX_POOL_BACKWARD = _part(
    6,
    "max_pool_backward",
    "The gradient by x: delta, shaped like the output of max_pool, goes to "
    "the first largest pixel of each window, row by row; a pixel that wins "
    "twice gets the sum. Return an array like x.",
    "07_pooling_and_shifts",
    "Exercise 1 of 07, delta first, one stride for both axes. With columns: "
    "argmax along a column finds its winner, np.put_along_axis puts delta "
    "there in columns of zeros, and your col2im adds them back.",
    _pooled_back,
    [
        Slip(slip.message, _pooling_as_in_07(slip.answer))
        for slip in exercises.max_pool_backward.slips
    ],
)


# --- 7: relu and dense -------------------------------------------------------


def _any_shape(rng):
    return [(rng.standard_normal(size),) for size in [(2, 3, 4, 5), (3, 7)]]


def _two_of_any_shape(rng):
    return [
        tuple(rng.standard_normal((2, *h.shape))) for (h,) in _any_shape(rng)
    ]


def _dense_layers(rng):
    return [
        tuple(map(rng.standard_normal, [(n, i), (o, i), (o,)]))
        for n, i, o in [(2, 5, 3), (4, 3, 6)]
    ]


def _dense_back(rng):
    return [
        (rng.standard_normal((len(x), len(W))), x, W)
        for x, W, _ in _dense_layers(rng)
    ]


def _dense_with(change):
    def dense_backward(delta, x, W):
        return change(*ANSWERS.dense_backward(delta, x, W), delta)

    return dense_backward


RELU = _part(
    7,
    "relu",
    "The non-linearity of eq. 6, f(h) = max(h, 0), for any shape.",
    "05_channels_and_matrices",
    "np.maximum compares number by number; np.max finds the largest of all.",
    _any_shape,
    [
        Slip("You return |h|: what is negative becomes 0.", np.abs),
        Slip(
            "You return the mask, ones and zeros: that is f', f keeps what "
            "is positive.",
            lambda h: h > 0,
        ),
        Slip(
            "You keep what is negative, and cut what is positive.",
            lambda h: np.minimum(h, 0),
        ),
        Slip(
            "You return one number for the whole array: np.max is not "
            "np.maximum.",
            lambda h: np.max(h),
        ),
    ],
)

RELU_BACKWARD = _part(
    7,
    "relu_backward",
    "f'(h) * delta, the first factor of eqs. 7 and 8: delta where h was "
    "positive, 0 elsewhere. h is what relu was given.",
    "06_backpropagation",
    "A comparison makes the mask, and True counts as 1 in a product.",
    _two_of_any_shape,
    [
        Slip(
            "The mask is that of delta: a gradient may be negative, ask "
            "where h is positive.",
            lambda delta, h: np.maximum(delta, 0),
        ),
        Slip(
            "There is no mask: where h was negative, nothing comes through.",
            lambda delta, h: delta,
        ),
        Slip(
            "You return the mask alone: times delta, it is the chain rule.",
            lambda delta, h: h > 0,
        ),
        Slip(
            "You multiply by h itself: the slope of f is 1 where h is "
            "positive.",
            lambda delta, h: delta * np.maximum(h, 0),
        ),
        Slip(
            "Your mask is upside down: it lets through where h is negative.",
            lambda delta, h: delta * (h < 0),
        ),
    ],
)

DENSE = _part(
    7,
    "dense",
    "A dense layer, x W^T + b. x is (N, inputs), W (outputs, inputs), b "
    "(outputs,). Return (N, outputs).",
    "08_lenet_mnist",
    "One line; b is added to every row by itself.",
    _dense_layers,
    [
        Slip(
            "W is (outputs, inputs): it must be transposed, x @ W.T.",
            lambda x, W, b: x @ W + b,
        ),
        Slip("The bias is missing.", lambda x, W, b: x @ W.T),
        Slip(
            "Your result is transposed: one row a picture.",
            lambda x, W, b: W @ x.T + b[:, None],
        ),
    ],
)

DENSE_BACKWARD = _part(
    7,
    "dense_backward",
    "The way back through `dense`. delta is (N, outputs). Return dW, db, dx, "
    "shaped like W, b and x.",
    "06_backpropagation",
    "The same three lines as in conv_backward, with x for v_I and W for K_f. "
    "Let the shapes lead: which product of delta and x is (outputs, inputs)?",
    _dense_back,
    [
        Slip(
            "db is not summed over the batch: one bias serves all pictures.",
            _dense_with(lambda dW, db, dx, delta: (dW, delta, dx)),
        ),
        Slip(
            "db is a mean: gradients of shared numbers add up. If the loss "
            "is a mean, delta has its factor already.",
            _dense_with(lambda dW, db, dx, delta: (dW, db / len(dx), dx)),
        ),
        Slip(
            "dW and db are divided by the batch: that factor belongs to the "
            "loss, delta has it already.",
            _dense_with(
                lambda dW, db, dx, delta: (dW / len(dx), db / len(dx), dx)
            ),
        ),
        Slip(
            "dW is transposed: it has the shape of W, (outputs, inputs).",
            _dense_with(lambda dW, db, dx, delta: (dW.T, db, dx)),
        ),
        Slip(
            "The order is dW, db, dx: you return dx first.",
            _dense_with(lambda dW, db, dx, delta: (dx, dW, db)),
        ),
    ],
)


# --- 8: the loss -------------------------------------------------------------

LOSS = _part(
    8,
    "softmax_cross_entropy",
    "logits is (N, classes), labels (N,) holds 0..classes-1. Return the mean "
    "over the batch of log(sum(exp(z))) - z[label], and its gradient by the "
    "logits: (softmax - 1 at the label) / N.",
    "08_lenet_mnist",
    exercises.softmax_cross_entropy.advice + " (Exercise 1 of 08.)",
    exercises.softmax_cross_entropy.cases,
    exercises.softmax_cross_entropy.slips,
)


# --- 9: a network ------------------------------------------------------------


def _parameters(module: ModuleType) -> dict[str, NDArray]:
    """Return the reader's parameters in float64, none of them 0."""
    rng = np.random.default_rng(1)
    drawn = module.initial(np.random.default_rng(0))
    return {
        name: p.astype(float) + 0.05 * rng.standard_normal(p.shape)
        for name, p in drawn.items()
    }


def _pictures(count: int) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(2)
    return rng.standard_normal((count, 1, 28, 28)), rng.integers(
        10, size=count
    )


def _check_initial(module: ModuleType) -> str:
    drawn, again, other = (
        module.initial(np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    if not isinstance(drawn, dict) or not drawn:
        return (
            f"It returns {kind(drawn)}: return a dictionary, each array "
            "under a name."
        )
    for name, p in drawn.items():
        if not isinstance(p, np.ndarray) or p.dtype.kind != "f":
            what = p.dtype if isinstance(p, np.ndarray) else kind(p)
            return f"{name} is {what}: each parameter is an array of floats."
    if not all(np.array_equal(drawn[n], again[n]) for n in drawn):
        return (
            "The same seed gives other parameters each time: draw from the "
            "`rng` you are given, not from np.random."
        )
    if all(np.array_equal(drawn[n], other[n]) for n in drawn):
        return (
            "Another `rng` gives the same parameters: draw them from the one "
            "you are given."
        )
    weights = {name: p for name, p in drawn.items() if p.ndim > 1}
    equal = [name for name, p in weights.items() if np.ptp(p) == 0]
    if len(equal) > 1:  # zeros in the last layer do no harm
        return (
            f"All weights of {' and of '.join(equal)} are equal: then their "
            "gradients are equal or 0, and they stay so. Draw them."
        )
    for name, p in weights.items():
        inputs = p[0].size
        if p.std() > 4 * np.sqrt(2 / inputs):
            return (
                f"{name} begins too large: each output adds {inputs} products "
                f"with weights of size {p.std():.2g}, and the next layer "
                "again. Multiply by np.sqrt(2 / inputs)."
            )
    return ""


def _check_forward(module: ModuleType) -> str:
    parameters, (x, _) = _parameters(module), _pictures(3)
    kept = {name: p.copy() for name, p in parameters.items()}, x.copy()
    returned = module.forward(parameters, x)
    if not isinstance(returned, tuple) or len(returned) != 2:
        return (
            f"It returns {kind(returned)}: return two things, the logits "
            "and what `backward` needs again (a tuple of arrays, say)."
        )
    logits = returned[0]
    if not isinstance(logits, np.ndarray) or logits.shape != (3, 10):
        found = getattr(logits, "shape", kind(logits))
        return f"Its logits for 3 digits are {found} where (3, 10) is right."
    if not np.isfinite(logits).all():
        return "Its logits are not finite."
    if (logits >= 0).all() and np.allclose(logits.sum(axis=1), 1):
        return (
            "It returns probabilities: the softmax is in "
            "softmax_cross_entropy, return the logits."
        )
    if logits.dtype != float:
        return (
            f"It turns float64 into {logits.dtype}: let every function keep "
            "the dtype of its input, or the gradients cannot be checked."
        )
    if not np.array_equal(x, kept[1]):
        return "It changes x: work on a copy."
    if not all(np.array_equal(p, kept[0][n]) for n, p in parameters.items()):
        return "It changes the parameters: only training may."
    alone = [module.forward(parameters, x[n : n + 1])[0] for n in range(3)]
    if not np.allclose(np.concatenate(alone), logits):
        return (
            "The logits of a digit change with the others in its batch: a "
            "reshape mixes them. Flatten by v.reshape(len(v), -1)."
        )
    return ""


def _slopes(module, parameters, name, places, x, labels):
    """Return slopes at some places, by differences to each side."""
    values = parameters[name].reshape(-1)

    def loss_at(place, moved):
        kept, values[place] = values[place], values[place] + moved
        logits, _ = module.forward(parameters, x)
        values[place] = kept
        return module.softmax_cross_entropy(logits, labels)[0]

    there = loss_at(0, 0.0)
    return np.array(
        [
            [(loss_at(place, h) - there) / h for h in (1e-6, -1e-6)]
            for place in places
        ]
    )


def _check_backward(module: ModuleType) -> str:
    parameters, (x, labels) = _parameters(module), _pictures(4)
    logits, kept = module.forward(parameters, x)
    _, delta = module.softmax_cross_entropy(logits, labels)
    gradients = module.backward(parameters, kept, delta)
    if not isinstance(gradients, dict):
        return (
            f"It returns {kind(gradients)}: return a dictionary with the "
            "names of the parameters."
        )
    for name, p in parameters.items():
        if name not in gradients:
            return f"The gradient of {name} is missing."
        found = np.shape(gradients[name])
        if found != p.shape:
            return (
                f"The gradient of {name} has shape {found} where {p.shape} "
                "is right."
            )
    rng, pairs = np.random.default_rng(3), {}
    for name, p in parameters.items():
        a = np.asarray(gradients[name]).reshape(-1)
        places = [*rng.integers(p.size, size=3), *np.argsort(-abs(a))[:3]]
        n = _slopes(module, parameters, name, places, x, labels)
        # ReLU and maxima have kinks: one of the sides is free of them.
        nearest = np.abs(n - a[places, None]).argmin(axis=1)
        pairs[name] = a[places], n[np.arange(len(n)), nearest]
    return _judge(pairs)


def _judge(pairs: dict[str, tuple[NDArray, NDArray]]) -> str:
    """Say what is wrong with gradients, given (computed, by differences)."""
    wrong = []
    for name, (a, n) in pairs.items():
        if not a.any() and not n.any():
            return f"Moving {name} changes no logit: `forward` ignores it."
        if not np.abs(a - n).max() <= 1e-3 * np.abs([a, n]).max():
            wrong.append(name)
    if not wrong:
        return ""
    none = [name for name in wrong if not pairs[name][0].any()]
    if none:
        return f"The gradient of {' and '.join(none)} is 0 everywhere."
    a, n = (np.concatenate([pairs[w][i] for w in wrong]) for i in (0, 1))
    factor = (a @ n) / (n @ n)
    which = ", ".join(wrong)
    if len(wrong) == len(pairs) and np.allclose(a, factor * n, rtol=0.01):
        return (
            f"All gradients are {factor:.3g} times what differences of the "
            "loss give: is a factor or a sign there once too often?"
        )
    return (
        f"Differences of the loss give another gradient of {which}; the "
        f"others are right. Seen from the loss, the first that is wrong is "
        f"{wrong[-1]}: look between it and what comes after it. The usual "
        "suspects: a relu_backward or a layer left out, its h taken from "
        "another place, two arrays swapped."
    )


NETWORK = [
    Part(
        9,
        "initial",
        "The parameters of your network before training: a dictionary of "
        "arrays, from the image to the logits, drawn from rng "
        "(np.random.Generator). The network takes (N, 1, 28, 28) and ends in "
        "10 logits; the layers are up to you.",
        "08_lenet_mnist",
        "A small LeNet does it: K1 (8, 1, 5, 5) with padding 2, ReLU, 2x2 "
        "pooling; K2 (32, 8, 5, 5), ReLU, pooling, which leaves 32 maps of "
        "5x5; W3 (100, 800), ReLU; W4 (10, 100). Weights normal, times "
        "np.sqrt(2 / inputs of one output); the last ones 0, then training "
        "begins calmly; biases 0. float32 is twice as fast as float64.",
        network_check=_check_initial,
    ),
    Part(
        9,
        "forward",
        "Return the logits (N, 10) of a batch x (N, 1, 28, 28), and in one "
        "tuple whatever `backward` needs again.",
        "08_lenet_mnist",
        "One line a layer, each result with a name of its own: conv_forward, "
        "relu, max_pool, twice; reshape to (N, -1); dense, relu, dense. "
        "What each backward function asks for is what you must keep.",
        network_check=_check_forward,
    ),
    Part(
        9,
        "backward",
        "Given the gradient delta by the logits, return those by all "
        "parameters, a dictionary with the same names. kept is the second "
        "thing that `forward` returned.",
        "08_lenet_mnist",
        "The lines of `forward` from the last to the first, each by its "
        "backward function; the dx of one is the delta of the next. Reshape "
        "where `forward` did. relu_backward wants what relu was given, "
        "max_pool_backward what max_pool was given.",
        network_check=_check_backward,
    ),
]


# --- 10: training ------------------------------------------------------------

STEP = _part(
    10,
    "momentum_step",
    "One step of gradient descent with momentum and weight decay: the new "
    "velocity is momentum * velocity + gradient + decay * parameter, the "
    "new parameter is parameter - rate * new velocity. Return both; change "
    "neither argument.",
    "08_lenet_mnist",
    exercises.momentum_step.advice + " (Exercise 3 of 08.)",
    exercises.momentum_step.cases,
    exercises.momentum_step.slips,
)


def predictions_trouble(found: object, count: int) -> str:
    """Return what is wrong with predicted labels, or "".

    Examples
    --------
    >>> predictions_trouble(np.array([3, 7]), 2)
    ''
    >>> predictions_trouble(np.zeros((2, 10)), 2)
    'It returns logits, (2, 10): return the place of the largest in each row.'
    """
    if not isinstance(found, np.ndarray):
        return f"It returns {kind(found)}: return an array of {count} labels."
    if found.shape == (count, 10):
        return (
            f"It returns logits, {found.shape}: return the place of the "
            "largest in each row."
        )
    if found.shape != (count,):
        return (
            f"It returns shape {found.shape} for {count} images where "
            f"({count},) is right: one label an image (argmax, axis=1)."
        )
    if found.dtype.kind not in "ui":
        return f"It returns {found.dtype}: labels are whole numbers."
    if not 0 <= found.min() <= found.max() <= 9:
        return "It returns labels outside 0..9."
    return ""


def _check_predict(module: ModuleType) -> str:
    parameters, images = _parameters(module), _pictures(7)[0]
    return predictions_trouble(module.predict(parameters, images), 7)


PREDICT = Part(
    10,
    "predict",
    "Return the label that the network gives each of the images "
    "(N, 1, 28, 28): whole numbers, shape (N,).",
    "08_lenet_mnist",
    "`forward` returns two things; the label is where the largest logit of "
    "each row stands.",
    network_check=_check_predict,
)

TRAIN = Part(
    10,
    "train",
    "Return trained parameters. images are 4,000 digits, float32 "
    "(4000, 1, 28, 28), paper -0.42 and ink 2.82; labels (4000,); rng "
    "shuffles and draws. 97 % of 1,000 other digits must then be predicted "
    "right; your functions never see their labels.",
    "08_lenet_mnist",
    "Shuffle indices (rng.permutation), not arrays, and take images[batch] "
    "and labels[batch]. Batches of 50, 12 passes, momentum 0.9, decay 0.002, "
    "a rate that rises in a line to 0.03 for a fifth of the time and falls to "
    "0 in the rest. 4,000 digits are few: move each batch by -1, 0 or 1 "
    "pixel along both axes (np.roll, axis=(2, 3)).",
)

PARTS = [
    OUTPUT_SIZE,
    IM2COL,
    CONV_FORWARD,
    COL2IM,
    CONV_BACKWARD,
    MAX_POOL,
    MAX_POOL_BACKWARD,
    RELU,
    RELU_BACKWARD,
    DENSE,
    DENSE_BACKWARD,
    LOSS,
    *NETWORK,
    STEP,
    PREDICT,
    TRAIN,
]
