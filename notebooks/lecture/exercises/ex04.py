"""The exercises of notebook 04."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lecture.exercises.exercise import exercise


# --- normalised cross-correlation --------------------------------------------
def _pictures_and_templates(rng):
    cases = []
    for size, (h, w) in [((5, 7), (2, 3)), ((6, 4), (3, 2)), ((7, 8), (1, 4))]:
        image = 3.0 * rng.integers(-3, 6, size)
        image[: h + 1, : w + 1] = 4  # windows without contrast
        image[-h:, -w:] = rng.standard_normal((h, w)) / 1000  # and with little
        template = rng.integers(0, 9, (h, w)).astype(float)
        template.flat[:2] = 0, 7
        cases.append((image, template))
    return cases


@exercise(
    _pictures_and_templates,
    "For each place cut the window out, subtract its own mean, and divide "
    "the sum of products with the centred template by the two norms. If the "
    "window's norm is 0, the score is 0.",
)
def normalised_correlation(image, template):
    """Return the score of every window."""
    h, w = template.shape
    centred = template - template.mean()
    shape = (image.shape[0] - h + 1, image.shape[1] - w + 1)
    scores = np.zeros(shape)
    for i, j in np.ndindex(shape):
        window = image[i : i + h, j : j + w]
        window = window - window.mean()
        norms = np.linalg.norm(window) * np.linalg.norm(centred)
        if norms > 0:
            scores[i, j] = (window * centred).sum() / np.prod(norms)
    return scores


def _scored(score):
    """Return an answer by score(window, template, image); NaN becomes 0."""

    def answer(image, template):
        view = sliding_window_view(image, template.shape)
        scores = [[score(v, template, image) for v in row] for row in view]
        return np.nan_to_num(scores)

    return answer


def _centred(x):
    return x - x.mean()


def _cosine(x, y):
    return np.vdot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y))


@normalised_correlation.slip(
    "You use the mean and the norm of the whole picture: each window needs "
    "its own."
)
@_scored
def _global_norm(window, template, image):
    norms = [np.linalg.norm(_centred(x)) for x in (template, image)]
    return np.vdot(window, _centred(template)) / np.prod(norms)


normalised_correlation.slip(
    "You subtract the mean of the whole picture: each window needs its own."
)(_scored(lambda v, t, image: _cosine(v - image.mean(), _centred(t))))

normalised_correlation.slip(
    "You convolve: the template is turned by 180 degrees."
)(lambda image, t: normalised_correlation(image, t[::-1, ::-1]))


@normalised_correlation.slip(
    "Windows without contrast give NaN, 0 divided by 0: their score is 0."
)
def _nan_where_flat(image, template):
    flat = np.ptp(sliding_window_view(image, template.shape), axis=(2, 3)) == 0
    return np.where(flat, np.nan, normalised_correlation(image, template))


normalised_correlation.slip(
    "Windows of little contrast score 0 in yours: the norm is 0 only where "
    "all pixels are equal."
)(_scored(lambda v, t, _: v.std() > 0.1 and _cosine(_centred(v), _centred(t))))

normalised_correlation.slip(
    "The means are still in: subtract the window's and the template's before "
    "you multiply."
)(_scored(lambda v, t, _: _cosine(v, t)))

normalised_correlation.slip("The window's mean is still in its norm.")(
    _scored(lambda v, t, _: _cosine(v, _centred(t)))
)

normalised_correlation.slip("The template's mean is still in its norm.")(
    _scored(lambda v, t, _: _cosine(_centred(v), t))
)

normalised_correlation.slip(
    "The window's norm is missing: the stronger contrast wins."
)(_scored(lambda v, t, _: _cosine(v, _centred(t)) * np.linalg.norm(v)))

normalised_correlation.slip(
    "The template's norm is missing: the same picture must score 1."
)(_scored(lambda v, t, _: _cosine(_centred(v), t) * np.linalg.norm(t)))

normalised_correlation.slip(
    "Both norms are missing: that is the zero-mean score."
)(_scored(lambda v, t, _: np.vdot(v, _centred(t))))


# --- the contrast of all windows ---------------------------------------------
def _pictures_and_sizes(rng):
    return [
        (rng.integers(-9, 9, (5, 7)).astype(float), 2, 3),
        (rng.standard_normal((8, 4)), 3, 2),
        (rng.standard_normal((6, 9)), 1, 4),
    ]


@exercise(
    _pictures_and_sizes,
    "The sum of (I - mean)^2 over n pixels is the sum of I^2, minus the "
    "square of the sum of I divided by n. Both sums are four corners of "
    "running sums, section 5: one of image**2, one of image.",
)
def window_contrasts(image, height, width):
    """Return the squared norm of every window less its mean."""

    def sums(values):  # of every window, by running sums
        C = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
        C[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
        below = C[height:, width:] - C[height:, :-width]
        return below - (C[:-height, width:] - C[:-height, :-width])

    return sums(image**2) - sums(image) ** 2 / (height * width)


def _sums(image, height, width):
    view = sliding_window_view(image, (height, width))
    return view.sum(axis=(2, 3))


def _running(values):
    return np.pad(values.cumsum(axis=0).cumsum(axis=1), [(1, 0), (1, 0)])


def _by(sums):
    """Return an answer that takes these sums for those of the windows."""
    return lambda image, h, w: (
        sums(_running(image**2), h, w)
        - sums(_running(image), h, w) ** 2 / (h * w)
    )


window_contrasts.slip(
    "Two corners are forgotten: the lower right less the upper left one "
    "leaves what lies beside and above the window."
)(_by(lambda C, h, w: C[h:, w:] - C[:-h, :-w]))

window_contrasts.slip(
    "The upper left corner is forgotten: what lies above and to the left was "
    "taken off twice."
)(_by(lambda C, h, w: C[h:, w:] - C[h:, :-w] - C[:-h, w:]))

window_contrasts.slip(
    "The first row and column of windows are missing: the running sums need a "
    "row and a column of zeros before them."
)(lambda *picture: window_contrasts(*picture)[1:, 1:])

window_contrasts.slip("Nothing is subtracted: that is the sum of I^2.")(
    lambda image, height, width: _sums(image**2, height, width)
)

window_contrasts.slip(
    "The square of the sum must be divided by the number of pixels."
)(lambda image, *size: _sums(image**2, *size) - _sums(image, *size) ** 2)

window_contrasts.slip(
    "You subtract the mean of the whole picture: each window has its own."
)(lambda image, *size: _sums((image - image.mean()) ** 2, *size))

window_contrasts.slip("That is the variance: do not divide by the pixels.")(
    lambda image, h, w: window_contrasts(image, h, w) / (h * w)
)

window_contrasts.slip("That is the norm: its square was asked for.")(
    lambda *picture: np.sqrt(window_contrasts(*picture))
)

window_contrasts.slip(
    "Height and width are swapped: your windows lie on their side."
)(lambda image, height, width: window_contrasts(image, width, height))
