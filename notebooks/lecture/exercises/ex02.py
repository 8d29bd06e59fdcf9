"""The exercises of notebook 02."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- cross-correlation of pictures -------------------------------------------
def _images_and_kernels(rng):
    shapes = [((6, 8), (3, 3)), ((9, 7), (2, 4)), ((5, 8), (4, 3))]
    shapes += [((4, 4), (4, 4)), ((5, 3), (1, 1))]
    return [tuple(map(rng.standard_normal, pair)) for pair in shapes]


@exercise(
    _images_and_kernels,
    "The output has (h - k_h + 1, w - k_w + 1) pixels. Entry (m, n) of the "
    "kernel meets, for all of them at once, the slice of that size that "
    "begins at (m, n) of the image: add kernel[m, n] times that slice.",
)
def cross_correlation(image, kernel):
    """Return eq. 3 where the kernel fits into the image."""
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    height, width = h - k_h + 1, w - k_w + 1
    result = np.zeros((height, width))
    for m in range(k_h):
        for n in range(k_w):
            result += kernel[m, n] * image[m : m + height, n : n + width]
    return result


cross_correlation.slip(
    "This is convolution, eq. 2: your kernel is turned by 180 degrees. In eq. "
    "3 it lies as it is."
)(lambda image, kernel: cross_correlation(image, kernel[::-1, ::-1]))

cross_correlation.slip(
    "Your kernel is transposed: m counts its rows and the image's rows, n the "
    "columns of both."
)(lambda image, kernel: cross_correlation(image, kernel.T))

cross_correlation.slip(
    "Your kernel is upside down: one axis is reversed, the rows. Eq. 3 "
    "reverses none, eq. 2 both."
)(lambda image, kernel: cross_correlation(image, kernel[::-1]))

cross_correlation.slip(
    "Your kernel is mirrored: one axis is reversed, the columns. Eq. 3 "
    "reverses none, eq. 2 both."
)(lambda image, kernel: cross_correlation(image, kernel[:, ::-1]))

cross_correlation.slip(
    "The last window is missing: a kernel of k fits h - k + 1 times."
)(lambda image, kernel: cross_correlation(image, kernel)[:-1, :-1])


# --- the nearest kernel of rank 1 --------------------------------------------
def _kernels_of_any_rank(rng):
    one = np.outer(rng.standard_normal(5), rng.standard_normal(3))
    shapes = [(3, 4), (5, 3), (4, 4), (1, 3)]
    return [(one,), *((rng.standard_normal(shape),) for shape in shapes)]


@exercise(
    _kernels_of_any_rank,
    "np.linalg.svd(kernel) returns u, s, vt, the largest singular value "
    "first. The first column of u times the first row of vt is the best "
    "direction, s[0] its size (Eckart and Young, 1936).",
)
def nearest_separable(kernel):
    """Return the nearest matrix of rank 1."""
    u, s, vt = np.linalg.svd(kernel)
    return s[0] * np.outer(u[:, 0], vt[0])


def _by_svd(part):
    return lambda kernel: part(*np.linalg.svd(kernel))


nearest_separable.slip(
    "The singular value is missing: the columns of u and the rows of vt have "
    "length 1."
)(_by_svd(lambda u, s, vt: np.outer(u[:, 0], vt[0])))

nearest_separable.slip(
    "You take a column of vt: NumPy returns V transposed, so the row of the "
    "kernel is a row of vt."
)(_by_svd(lambda u, s, vt: s[0] * np.outer(u[:, 0], vt[:, 0])))

nearest_separable.slip(
    "You take a row of u: the column of the kernel is a column of u."
)(_by_svd(lambda u, s, vt: s[0] * np.outer(u[0], vt[0])))

nearest_separable.slip(
    "You take the smallest singular value: they come in falling order, the "
    "first part is the nearest."
)(
    _by_svd(
        lambda u, s, vt: s[-1] * np.outer(u.T[: len(s)][-1], vt[: len(s)][-1])
    )
)

nearest_separable.slip(
    "The kernel's own first column and row give a matrix of rank 1, but not "
    "the nearest one."
)(lambda kernel: np.outer(kernel[:, 0], kernel[0]) / kernel[0, 0])

nearest_separable.slip(
    "This is the kernel itself: not all kernels have rank 1."
)(lambda kernel: kernel)


# --- a mirror at the border --------------------------------------------------
def _images_and_odd_kernels(rng):
    shapes = [((6, 8), (3, 5)), ((9, 7), (5, 3)), ((7, 9), (3, 7))]
    shapes += [((4, 6), (1, 5))]
    return [tuple(map(rng.standard_normal, pair)) for pair in shapes]


@exercise(
    _images_and_odd_kernels,
    "A kernel with k_h rows needs k_h // 2 more pixels above and below, and "
    "k_w // 2 on the left and right. np.pad takes these as pairs, one for "
    "each axis; its mode for a mirror on the last pixel is 'reflect'. Then "
    "it is exercise 1.",
)
def filter_reflect(image, kernel):
    """Return eq. 3 for each pixel, the image mirrored around it."""
    (h, w), (k_h, k_w) = image.shape, kernel.shape
    margins = [(k_h // 2, k_h // 2), (k_w // 2, k_w // 2)]
    around = np.pad(image, margins, mode="reflect")
    result = np.zeros((h, w))
    for m in range(k_h):
        for n in range(k_w):
            result += kernel[m, n] * around[m : m + h, n : n + w]
    return result


def _filtered(image, kernel, mode):
    k_h, k_w = kernel.shape
    margins = [(k_h // 2, k_h // 2), (k_w // 2, k_w // 2)]
    return cross_correlation(np.pad(image, margins, mode), kernel)


filter_reflect.slip("The border is zero: mirror the image.")(
    lambda image, kernel: _filtered(image, kernel, "constant")
)

filter_reflect.slip(
    "Your mirror stands beside the last pixel and repeats it (NumPy's "
    "'symmetric'): reflect turns back on the pixel."
)(lambda image, kernel: _filtered(image, kernel, "symmetric"))

filter_reflect.slip(
    "The last pixel is repeated outwards (NumPy's 'edge'): mirror the image."
)(lambda image, kernel: _filtered(image, kernel, "edge"))

filter_reflect.slip(
    "The other side of the image stands beyond the border (NumPy's 'wrap'): "
    "mirror the image."
)(lambda image, kernel: _filtered(image, kernel, "wrap"))

filter_reflect.slip(
    "This is convolution: your kernel is turned by 180 degrees."
)(lambda image, kernel: filter_reflect(image, kernel[::-1, ::-1]))


@filter_reflect.slip(
    "The margins are swapped: the kernel's height decides what is added above "
    "and below."
)
def _margins_swapped(image, kernel):
    k_h, k_w = kernel.shape
    margins = [(k_w // 2, k_w // 2), (k_h // 2, k_h // 2)]
    return cross_correlation(np.pad(image, margins, "reflect"), kernel)
