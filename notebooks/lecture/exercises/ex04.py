"""The exercises of notebook 04."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- normalised cross-correlation --------------------------------------------
def _pictures_and_templates(rng):
    cases = []
    for size, part in [((5, 7), (2, 3)), ((6, 4), (3, 2)), ((7, 8), (1, 4))]:
        image = rng.integers(0, 9, size).astype(float)
        image[: part[0] + 1, : part[1] + 1] = 4  # windows without contrast
        template = rng.integers(0, 9, part).astype(float)
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
            scores[i, j] = (window * centred).sum() / norms
    return scores


@normalised_correlation.slip(
    "You use the mean and the norm of the whole picture: each window needs "
    "its own."
)
def _global_norm(image, template):
    h, w = template.shape
    centred, bright = template - template.mean(), image - image.mean()
    scores = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(scores.shape):
        scores[i, j] = (bright[i : i + h, j : j + w] * centred).sum()
    return scores / (np.linalg.norm(centred) * np.linalg.norm(bright))


@normalised_correlation.slip(
    "You convolve: the template is turned by 180 degrees."
)
def _turned_template(image, template):
    return normalised_correlation(image, template[::-1, ::-1])


@normalised_correlation.slip(
    "Windows without contrast give NaN, 0 divided by 0: their score is 0."
)
def _nan_where_flat(image, template):
    scores = normalised_correlation(image, template)
    h, w = template.shape
    for i, j in np.ndindex(scores.shape):
        if np.ptp(image[i : i + h, j : j + w]) == 0:
            scores[i, j] = np.nan
    return scores


@normalised_correlation.slip(
    "The means are still in: subtract the window's and the template's before "
    "you multiply."
)
def _cosine_with_means(image, template):
    h, w = template.shape
    scores = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(scores.shape):
        window = image[i : i + h, j : j + w]
        norms = np.linalg.norm(window) * np.linalg.norm(template)
        scores[i, j] = (window * template).sum() / norms if norms else 0
    return scores


# --- the sums of all windows -------------------------------------------------
def _pictures_and_sizes(rng):
    return [
        (rng.integers(0, 9, (5, 7)).astype(float), 2, 3),
        (rng.integers(0, 9, (8, 4)).astype(float), 3, 2),
        (rng.integers(0, 9, (6, 9)).astype(float), 1, 4),
    ]


@exercise(
    _pictures_and_sizes,
    "Let C have one row and one column more than the picture, with zeros in "
    "the first ones, and the running sums elsewhere. A window's sum is its "
    "lower right corner of C, minus upper right, minus lower left, plus "
    "upper left.",
)
def window_sums(image, height, width):
    """Return the sum of every window, by running sums."""
    corners = np.zeros((image.shape[0] + 1, image.shape[1] + 1))
    corners[1:, 1:] = image.cumsum(axis=0).cumsum(axis=1)
    below = corners[height:, width:] - corners[height:, :-width]
    above = corners[:-height, width:] - corners[:-height, :-width]
    return below - above


@window_sums.slip(
    "The first row and column of windows are missing: the running sums need a "
    "row and a column of zeros before them."
)
def _first_lost(image, height, width):
    return window_sums(image, height, width)[1:, 1:]


@window_sums.slip("You return means: do not divide.")
def _mean_instead(image, height, width):
    return window_sums(image, height, width) / (height * width)


@window_sums.slip(
    "Height and width are swapped: your windows lie on their side."
)
def _swapped_sides(image, height, width):
    return window_sums(image, width, height)
