"""The exercises of notebook 10."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- kn2row with a stride ----------------------------------------------------
def _pictures_and_kernels(rng):
    settings = [((2, 6, 9), (3, 2, 3, 2), 2), ((3, 8, 5), (2, 3, 2, 4), 1)]
    settings += [((1, 7, 10), (4, 1, 1, 3), 3), ((2, 9, 8), (1, 2, 3, 3), 4)]
    return [
        (rng.integers(-9, 9, size) / 4, rng.integers(-9, 9, kernels), s)
        for size, kernels, s in settings
    ]


@exercise(
    _pictures_and_kernels,
    "The entry (m, n) of the kernel meets the pixels x[:, m::s, n::s], of "
    "which the first H_out rows and W_out columns count. Mix the maps there "
    "by K[:, :, m, n], a matrix (F, C), and add to what you have.",
)
def strided(x, K, s):
    """Return the layer's outputs, by a product for each kernel entry."""
    (C, H, W), (F, _, k_h, k_w) = x.shape, K.shape
    h = np.zeros((F, (H - k_h) // s + 1, (W - k_w) // s + 1))
    for m, n in np.ndindex(k_h, k_w):
        pixels = x[:, m::s, n::s][:, : h.shape[1], : h.shape[2]]
        mixed = K[:, :, m, n] @ pixels.reshape(C, -1)
        h += mixed.reshape(h.shape)
    return h


@strided.slip("The stride is forgotten: windows begin at every s-th pixel.")
def _every_window(x, K, s):
    return strided(x, K, 1)


@strided.slip("The stride is forgotten on the second axis.")
def _one_axis(x, K, s):
    return strided(x, K, 1)[:, ::s]


@strided.slip("You convolve: the kernel is turned by 180 degrees.")
def _turned(x, K, s):
    return strided(x, K[:, :, ::-1, ::-1], s)


@strided.slip(
    "You assign where you should add: only the last place of the kernel is "
    "left."
)
def _last_place_only(x, K, s):
    last = np.zeros_like(K)
    last[:, :, -1, -1] = K[:, :, -1, -1]
    return strided(x, last, s)


@strided.slip("Only the first map is read: each place mixes all C of them.")
def _first_map(x, K, s):
    return strided(x[:1], K[:, :1], s)


# --- Winograd's products -----------------------------------------------------
def _outputs_and_tiles(rng):
    cases = [(10, 14, 2, 3), (9, 5, 2, 3), (28, 13, 4, 3), (1, 7, 3, 5)]
    return [*cases, (6, 6, 1, 3), (11, 23, 6, 3)]


@exercise(
    _outputs_and_tiles,
    "Along each axis the number of tiles is rounded up: -(-height // m). A "
    "tile has m + k - 1 pixels along each axis, and as many products.",
)
def winograd_products(height, width, m, k):
    """Return how many products all tiles take."""
    tiles = -(-height // m) * -(-width // m)
    return tiles * (m + k - 1) ** 2


@winograd_products.slip(
    "Tiles that hang over the end are left out: round up, not down."
)
def _rounded_down(height, width, m, k):
    return height // m * (width // m) * (m + k - 1) ** 2


@winograd_products.slip(
    "You round the area up once: each axis is cut into tiles of its own."
)
def _rounded_once(height, width, m, k):
    return -(-height * width // m**2) * (m + k - 1) ** 2


@winograd_products.slip(
    "That is the number of products without Winograd, k² an output."
)
def _direct(height, width, m, k):
    return height * width * k**2


@winograd_products.slip("A tile has two axes: (m + k - 1) is squared.")
def _one_axis_of_a_tile(height, width, m, k):
    return -(-height // m) * -(-width // m) * (m + k - 1)


@winograd_products.slip(
    "You count the m² outputs of a tile: its products are (m + k - 1)²."
)
def _outputs_of_a_tile(height, width, m, k):
    return -(-height // m) * -(-width // m) * m**2
