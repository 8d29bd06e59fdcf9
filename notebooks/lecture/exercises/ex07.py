"""The exercises of notebook 07."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- max pooling backward ----------------------------------------------------
def _pooled_maps(rng):
    cases = []
    for size, kernel, stride in [
        ((2, 3, 4, 6), (2, 2), (2, 2)),
        ((1, 2, 5, 7), (3, 2), (2, 1)),
        ((2, 1, 7, 5), (2, 3), (1, 2)),
        ((1, 2, 4, 5), (1, 3), (3, 2)),
    ]:
        # Few different values: many windows have more than one maximum. The
        # last are all negative, so that a zero never wins.
        x = rng.integers(-4, 5 if kernel[0] > 1 else 0, size).astype(float)
        places = zip(size[2:], kernel, stride)
        outputs = [(i - k) // s + 1 for i, k, s in places]
        gradient = rng.standard_normal((*size[:2], *outputs))
        cases.append((x, gradient, kernel, stride))
    return cases


@exercise(
    _pooled_maps,
    "Start from zeros. Go through the outputs; cut out the window that each "
    "one reads; find its first maximum with argmax and np.unravel_index; add "
    "the output's gradient there. A pixel that wins twice is paid twice.",
)
def max_pool_backward(x, gradient, kernel_size, stride):
    """Return the gradient by x: first maxima get it."""
    (k_h, k_w), (s_h, s_w) = kernel_size, stride
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        top, left = i * s_h, j * s_w
        window = x[n, c, top : top + k_h, left : left + k_w]
        a, b = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + a, left + b] += gradient[n, c, i, j]
    return dx


def _paid(share, assign=False):
    """Return an answer that gives `share(window)` of it to each pixel."""

    def answer(x, gradient, kernel_size, stride):
        (k_h, k_w), (s_h, s_w) = kernel_size, stride
        dx = np.zeros(x.shape)
        for n, c, i, j in np.ndindex(gradient.shape):
            top, left = i * s_h, j * s_w
            here = n, c, slice(top, top + k_h), slice(left, left + k_w)
            part = gradient[n, c, i, j] * share(x[here])
            kept = np.where(part != 0, 0, dx[here]) if assign else dx[here]
            dx[here] = kept + part
        return dx

    return answer


def _first(window):
    one = np.zeros(window.shape)
    one.flat[window.argmax()] = 1
    return one


max_pool_backward.slip(
    "Ties are duplicated: where several pixels share the maximum, each gets "
    "the whole gradient. The first one gets it, once."
)(_paid(lambda w: 1.0 * (w == w.max())))

max_pool_backward.slip(
    "Ties are shared: that is another valid choice, but here, as in PyTorch, "
    "the first maximum gets everything."
)(_paid(lambda w: (w == w.max()) / (w == w.max()).sum()))

max_pool_backward.slip(
    "Ties go to the last maximum: here, as in PyTorch, the first one wins, "
    "row by row."
)(_paid(lambda w: _first(w[::-1, ::-1])[::-1, ::-1]))

max_pool_backward.slip(
    "You divide by the size of the window: only one pixel moved the maximum, "
    "so it gets the gradient undivided."
)(_paid(lambda w: _first(w) / w.size))

max_pool_backward.slip(
    "Every pixel of a window gets its gradient: those below the maximum could "
    "move without moving the output."
)(_paid(np.ones_like))

max_pool_backward.slip(
    "You spread the gradient over the window: that is the backward pass of "
    "the mean."
)(_paid(lambda w: np.ones_like(w) / w.size))

max_pool_backward.slip(
    "Windows that overlap overwrite each other: a pixel that wins in two of "
    "them gets the sum. Add, do not assign."
)(_paid(_first, assign=True))

max_pool_backward.slip(
    "You multiply by the maximum itself: the output is the winner times 1, so "
    "its derivative is 1."
)(_paid(lambda w: w.max() * _first(w)))

max_pool_backward.slip(
    "The smallest value of each window gets the gradient: did the comparison "
    "turn around?"
)(_paid(lambda w: _first(-w)))

max_pool_backward.slip(
    "The number farthest from 0 wins in yours, -4 before 3: the maximum looks "
    "at the sign, take abs() out."
)(_paid(lambda w: _first(abs(w))))


@max_pool_backward.slip(
    "Your windows stand side by side: they begin every `stride` pixels, not "
    "every `kernel_size`."
)
def _stride_of_the_kernel(x, gradient, kernel_size, stride):
    paid = _paid(lambda w: _first(w) if w.size else w)
    return paid(x, gradient, kernel_size, kernel_size)


# --- blur, then subsample ----------------------------------------------------
def _maps_to_blur(rng):
    sizes = [(2, 3, 4, 6), (1, 2, 5, 7), (3, 1, 6, 5)]
    return [(rng.standard_normal(size),) for size in sizes]


@exercise(
    _maps_to_blur,
    "The nine weights are the products of 1, 2, 1 with 1, 2, 1, divided by "
    "16. Pad one zero on each side, add nine moved and weighted copies, and "
    "only then take every second row and column, from the first one on.",
)
def blur_pool(x):
    """Return every second row and column of the blurred maps."""
    height, width = x.shape[2:]
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    blurred = np.zeros(x.shape)
    for a, b in np.ndindex(3, 3):
        weight = (1, 2, 1)[a] * (1, 2, 1)[b] / 16
        blurred += weight * framed[:, :, a : a + height, b : b + width]
    return blurred[:, :, ::2, ::2]


def _blurred(x, down=(0.25, 0.5, 0.25), across=None, mode="constant"):
    height, width = x.shape[2:]
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], mode)
    across = down if across is None else across
    return sum(
        down[a] * across[b] * framed[:, :, a : a + height, b : b + width]
        for a, b in np.ndindex(3, 3)
    )


def _framed_by(mode):
    return lambda x: _blurred(x, mode=mode)[:, :, ::2, ::2]


blur_pool.slip(
    "You subsample first and blur second: what lay between the pixels kept is "
    "lost before the blur could mix it in."
)(lambda x: _blurred(x[:, :, ::2, ::2]))

blur_pool.slip(
    "Your weights sum to 16: divide by 16, or each layer makes its input 16 "
    "times as large."
)(lambda x: 16 * blur_pool(x))

blur_pool.slip(
    "Your weights sum to 4: 1, 2, 1 must be divided by 4 along both axes."
)(lambda x: 4 * blur_pool(x))

blur_pool.slip(
    "Your nine weights are equal: with 1, 1, 1 the pixels kept weigh 1 and "
    "those left out 2; with 1, 2, 1 both weigh 2."
)(lambda x: _blurred(x, np.ones(3) / 3)[:, :, ::2, ::2])

blur_pool.slip(
    "You keep the odd rows and columns: the first row and column, number 0, "
    "stay."
)(lambda x: _blurred(x)[:, :, 1::2, 1::2])

blur_pool.slip("You only blur: then take every second row and column.")(
    lambda x: _blurred(x)
)

blur_pool.slip("You only subsample: blur before you do.")(
    lambda x: x[:, :, ::2, ::2]
)

blur_pool.slip(
    "You do not pad: one zero on each side keeps the first and the last "
    "window."
)(lambda x: _blurred(x)[:, :, 1:-1:2, 1:-1:2])

blur_pool.slip("You repeat the edge: here the frame is made of zeros.")(
    _framed_by("edge")
)

blur_pool.slip("You mirror the edge: here the frame is made of zeros.")(
    _framed_by("reflect")
)

blur_pool.slip(
    "The other side of the map comes in at the edge: here the frame is made "
    "of zeros."
)(_framed_by("wrap"))

blur_pool.slip("You blur along the rows alone: blur down the columns too.")(
    lambda x: _blurred(x, (0, 1, 0), (0.25, 0.5, 0.25))[:, :, ::2, ::2]
)

blur_pool.slip("You blur down the columns alone: blur along the rows too.")(
    lambda x: _blurred(x, (0.25, 0.5, 0.25), (0, 1, 0))[:, :, ::2, ::2]
)


# --- by how many cells does the output move ----------------------------------
def _shifts_and_strides(rng):
    few = [(2, [2]), (1, [2]), (3, [1, 1]), (8, [2, 2]), (6, [2, 2])]
    more = [(12, [3, 2, 1]), (12, [2, 2, 2]), (0, [2, 5]), (30, [2, 1, 3])]
    return [*few, *more, (-4, [2]), (-3, [1, 2])]


@exercise(
    _shifts_and_strides,
    "Layer by layer: if the stride divides the shift, the output moves by "
    "the quotient, and that is the next layer's shift. If not, the windows "
    "read other pixels, and no move is guaranteed.",
)
def cells_moved(pixels, strides):
    """Return by how many cells the output moves, None if it need not."""
    for stride in strides:
        if pixels % stride:
            return None
        pixels //= stride
    return pixels


def _divided_by(divisor):
    """Return an answer that divides once, by what `divisor` makes of them."""

    def answer(pixels, strides):
        cells, left = divmod(pixels, divisor(strides))
        return None if left else cells

    return answer


cells_moved.slip(
    "You round down: a shift that the strides do not divide gives other "
    "windows, not a shorter move. Return None."
)(lambda pixels, strides: pixels // int(np.prod(strides)))

cells_moved.slip(
    "-1 is a move as well, one cell back: where nothing is guaranteed, return "
    "None."
)(lambda *move: -1 if cells_moved(*move) is None else cells_moved(*move))


@cells_moved.slip(
    "You ask whether each stride divides the shift of the input: it must "
    "divide what the layers before it left."
)
def _original_shift(pixels, strides):
    left = any(pixels % stride for stride in strides)
    return None if left else pixels // int(np.prod(strides))


cells_moved.slip(
    "You divide by the sum of the strides: each layer divides what the layer "
    "before left, so they multiply."
)(_divided_by(sum))

cells_moved.slip(
    "Only the last stride counts in your answer: every layer divides."
)(_divided_by(lambda strides: strides[-1]))

cells_moved.slip(
    "Only the first stride counts in your answer: every layer divides."
)(_divided_by(lambda strides: strides[0]))

cells_moved.slip(
    "You return 0 where the output moves: equivariant is not invariant."
)(lambda *shift: None if cells_moved(*shift) is None else 0)

cells_moved.slip(
    "The output moves by pixels in your answer: it moves by cells, and a cell "
    "is as many pixels as the strides multiply to."
)(lambda pixels, strides: pixels)

cells_moved.slip(
    "You return fractions of a cell: nothing moves by half a cell. Return "
    "None."
)(lambda pixels, strides: pixels / np.prod(strides))
