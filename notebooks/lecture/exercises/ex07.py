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
        # Few different values: many windows have more than one maximum.
        x = rng.integers(-4, 0, size).astype(float)
        places = zip(size[2:], kernel, stride)
        outputs = [(i - k) // s + 1 for i, k, s in places]
        gradient = rng.integers(1, 10, (*size[:2], *outputs)).astype(float)
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


def _pool_back(share, x, gradient, kernel_size, stride, assign=False):
    """Give each window's gradient times `share(window)` to its pixels."""
    (k_h, k_w), (s_h, s_w) = kernel_size, stride
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        top, left = i * s_h, j * s_w
        here = n, c, slice(top, top + k_h), slice(left, left + k_w)
        part = gradient[n, c, i, j] * share(x[here])
        if assign:
            dx[here] = np.where(part != 0, part, dx[here])
        else:
            dx[here] += part
    return dx


def _first(window):
    one = np.zeros(window.shape)
    one.flat[window.argmax()] = 1
    return one


def _last(window):
    return _first(window[::-1, ::-1])[::-1, ::-1]


@max_pool_backward.slip(
    "Ties are duplicated: where several pixels share the maximum, each gets "
    "the whole gradient. The first one gets it, once."
)
def _ties_duplicated(*layer):
    return _pool_back(lambda w: 1.0 * (w == w.max()), *layer)


@max_pool_backward.slip(
    "Ties are shared: that is another valid choice, but here, as in PyTorch, "
    "the first maximum gets everything."
)
def _ties_shared(*layer):
    return _pool_back(lambda w: (w == w.max()) / (w == w.max()).sum(), *layer)


@max_pool_backward.slip(
    "Ties go to the last maximum: here, as in PyTorch, the first one wins, "
    "row by row."
)
def _ties_last(*layer):
    return _pool_back(_last, *layer)


@max_pool_backward.slip(
    "You divide by the size of the window: only one pixel moved the maximum, "
    "so it gets the gradient undivided."
)
def _winner_divided(*layer):
    return _pool_back(lambda w: _first(w) / w.size, *layer)


@max_pool_backward.slip(
    "Every pixel of a window gets its gradient: those below the maximum could "
    "move without moving the output."
)
def _to_every_position(*layer):
    return _pool_back(lambda w: np.ones(w.shape), *layer)


@max_pool_backward.slip(
    "You spread the gradient over the window: that is the backward pass of "
    "the mean."
)
def _spread_as_a_mean(*layer):
    return _pool_back(lambda w: np.ones(w.shape) / w.size, *layer)


@max_pool_backward.slip(
    "Windows that overlap overwrite each other: a pixel that wins in two of "
    "them gets the sum. Add, do not assign."
)
def _windows_overwritten(*layer):
    return _pool_back(_first, *layer, assign=True)


@max_pool_backward.slip(
    "You multiply by the maximum itself: the output is the winner times 1, so "
    "its derivative is 1."
)
def _maximum_times_gradient(*layer):
    return _pool_back(lambda w: w.max() * _first(w), *layer)


@max_pool_backward.slip(
    "The smallest value of each window gets the gradient: did the comparison "
    "turn around?"
)
def _smallest_wins(x, gradient, kernel_size, stride):
    return max_pool_backward(-x, gradient, kernel_size, stride)


@max_pool_backward.slip(
    "Your windows stand side by side: they begin every `stride` pixels, not "
    "every `kernel_size`."
)
def _stride_of_the_kernel(x, gradient, kernel_size, stride):
    k_h, k_w = kernel_size
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(gradient.shape):
        window = x[n, c, i * k_h : (i + 1) * k_h, j * k_w : (j + 1) * k_w]
        if window.size:
            a, b = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * k_h + a, j * k_w + b] += gradient[n, c, i, j]
    return dx


# --- blur, then subsample ----------------------------------------------------
def _maps_to_blur(rng):
    sizes = [(2, 3, 4, 6), (1, 2, 5, 7), (3, 1, 6, 5)]
    return [(rng.integers(-9, 10, size).astype(float),) for size in sizes]


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


def _blurred(x, weights=(0.25, 0.5, 0.25), mode="constant"):
    height, width = x.shape[2:]
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], mode)
    return sum(
        weights[a] * weights[b] * framed[:, :, a : a + height, b : b + width]
        for a, b in np.ndindex(3, 3)
    )


@blur_pool.slip(
    "You subsample first and blur second: what lay between the pixels kept is "
    "lost before the blur could mix it in."
)
def _subsampled_first(x):
    return _blurred(x[:, :, ::2, ::2])


@blur_pool.slip(
    "Your weights sum to 16: divide by 16, or each layer makes its input 16 "
    "times as large."
)
def _weights_too_large(x):
    return 16 * blur_pool(x)


@blur_pool.slip(
    "Your weights sum to 4: 1, 2, 1 must be divided by 4 along both axes."
)
def _divided_once(x):
    return 4 * blur_pool(x)


@blur_pool.slip(
    "Your nine weights are equal: with 1, 1, 1 the pixels kept weigh 1 and "
    "those left out 2; with 1, 2, 1 both weigh 2."
)
def _equal_weights(x):
    return _blurred(x, np.ones(3) / 3)[:, :, ::2, ::2]


@blur_pool.slip(
    "You keep the odd rows and columns: the first row and column, number 0, "
    "stay."
)
def _odd_pixels_kept(x):
    return _blurred(x)[:, :, 1::2, 1::2]


@blur_pool.slip("You only blur: then take every second row and column.")
def _not_subsampled(x):
    return _blurred(x)


@blur_pool.slip("You only subsample: blur before you do.")
def _not_blurred(x):
    return x[:, :, ::2, ::2]


@blur_pool.slip(
    "You do not pad: one zero on each side keeps the first and the last "
    "window."
)
def _no_padding(x):
    return _blurred(x)[:, :, 1:-1:2, 1:-1:2]


@blur_pool.slip("You repeat the edge: here the frame is made of zeros.")
def _edge_repeated(x):
    return _blurred(x, mode="edge")[:, :, ::2, ::2]


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
    """Return by how many cells the output moves, -1 if it need not."""
    for stride in strides:
        if pixels % stride:
            return -1
        pixels //= stride
    return pixels


@cells_moved.slip(
    "You round down: a shift that the strides do not divide gives other "
    "windows, not a shorter move. Return -1."
)
def _rounded_down(pixels, strides):
    return pixels // int(np.prod(strides))


@cells_moved.slip(
    "You divide by the sum of the strides: each layer divides what the layer "
    "before left, so they multiply."
)
def _strides_added(pixels, strides):
    return pixels // sum(strides) if pixels % sum(strides) == 0 else -1


@cells_moved.slip(
    "Only the last stride counts in your answer: every layer divides."
)
def _last_stride_only(pixels, strides):
    return pixels // strides[-1] if pixels % strides[-1] == 0 else -1


@cells_moved.slip(
    "Only the first stride counts in your answer: every layer divides."
)
def _first_stride_only(pixels, strides):
    return pixels // strides[0] if pixels % strides[0] == 0 else -1


@cells_moved.slip(
    "You return 0 where the output moves: equivariant is not invariant."
)
def _called_invariant(pixels, strides):
    return 0 if pixels % int(np.prod(strides)) == 0 else -1


@cells_moved.slip(
    "The output moves by pixels in your answer: it moves by cells, and a cell "
    "is as many pixels as the strides multiply to."
)
def _moved_as_the_input(pixels, strides):
    return pixels


@cells_moved.slip(
    "You return fractions of a cell: nothing moves by half a cell. Return -1."
)
def _true_division(pixels, strides):
    return pixels / np.prod(strides)
