"""The exercises of notebook 01."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- circular convolution ----------------------------------------------------
def _signals_and_kernels(rng):
    # With K > T + 1 the end goes round more than once.
    sizes = [(4, 3), (3, 5), (6, 5), (2, 6), (5, 4), (4, 1), (1, 3)]
    return [
        (3 * rng.standard_normal(T), 3 * rng.standard_normal(K))
        for T, K in sizes
    ]


@exercise(
    _signals_and_kernels,
    "Begin with T zeros. The dose x[a] acts b days later, times k[b]: day a + "
    "b, and after the last day comes day 0 again. What is (a + b) % T? Or "
    "compute all T + K - 1 outputs, and add what lies beyond the end back in.",
)
def circular_convolution(x, k):
    """Return the T outputs when the last day is followed by the first."""
    s = np.zeros(len(x))
    for a, dose in enumerate(x):
        for age, effect in enumerate(k):
            s[(a + age) % len(x)] += dose * effect
    return s


circular_convolution.slip(
    "That is full convolution, T + K - 1 outputs: those after the last day "
    "belong to the first days again."
)(lambda x, k: np.convolve(x, k))

circular_convolution.slip(
    "What lasts longer than the last day is cut off in yours: it goes on at "
    "the first day."
)(lambda x, k: np.convolve(x, k)[: len(x)])


@circular_convolution.slip(
    "For a long kernel it must go round more than once: the tail may be "
    "longer than T."
)
def _once_round(x, k):
    s = np.append(np.convolve(x, k), 0 * x)[: 2 * len(x)]
    return s[: len(x)] + s[len(x) :]


circular_convolution.slip(
    "That is circular cross-correlation: your kernel is not flipped. A dose "
    "acts on the days after it, at (a + b) % T."
)(lambda x, k: circular_convolution(x[::-1], k)[::-1])

circular_convolution.slip(
    "You turn the kernel around and flip it once more: k[0] acts on the day "
    "of the dose."
)(lambda x, k: circular_convolution(x, k[::-1]))


@circular_convolution.slip(
    "That is eq. 1 as printed: k[t - a] with t < a counts from the end of k, "
    "which is right for K = T alone. The days go round, not the kernel."
)
def _as_printed(x, k):
    s = np.zeros(len(x))
    for t in range(len(x)):
        for a in range(len(x)):
            if t - a < len(k):
                s[t] += x[a] * k[t - a]
    return s


circular_convolution.slip(
    "An FFT of length T cuts a longer kernel off: fold it to T numbers first."
)(lambda x, k: np.fft.ifft(np.fft.fft(x) * np.fft.fft(k, len(x))).real)


@circular_convolution.slip(
    "Your circle is as long as the longer of the two: it has T days."
)
def _longer_circle(x, k):
    n = max(len(x), len(k))
    return np.fft.ifft(np.fft.fft(x, n) * np.fft.fft(k, n)).real


# --- the cut of mode "same" --------------------------------------------------
def _full_outputs(rng):
    sizes = [(7, 4), (8, 5), (3, 6), (9, 2), (4, 7), (5, 1), (1, 4)]
    return [(rng.standard_normal(T + K - 1), T, K) for T, K in sizes]


@exercise(
    _full_outputs,
    "K - 1 numbers must go. Half of them go at the beginning; where K - 1 is "
    "odd, the beginning loses the smaller part.",
)
def crop_same(s, T, K):
    """Return the outputs of mode "same", given those of "full"."""
    start = (K - 1) // 2
    return s[start : start + T]


crop_same.slip(
    "Off by one for an even K: of the K - 1 numbers to cut, the beginning "
    "loses (K - 1) // 2, not K // 2."
)(lambda s, T, K: s[K // 2 : K // 2 + T])

crop_same.slip(
    "You keep the first T: they lag behind the signal by half a kernel. Keep "
    "the middle."
)(lambda s, T, K: s[:T])

crop_same.slip(
    "You keep the last T: they run ahead of the signal by half a kernel. Keep "
    "the middle."
)(lambda s, T, K: s[-T:])

crop_same.slip(
    "For K > T your output has K numbers, which is NumPy's \"same\": SciPy's "
    "has T."
)(lambda s, T, K: s[(min(T, K) - 1) // 2 :][: max(T, K)])

crop_same.slip(
    "For an even K your output is one too short: K - 1 is odd, so the two "
    "ends lose different numbers."
)(lambda s, T, K: s[K // 2 : len(s) - K // 2])

crop_same.slip(
    "For an even K your output is one too long: K - 1 is odd, so the two ends "
    "lose different numbers."
)(lambda s, T, K: s[(K - 1) // 2 : len(s) - (K - 1) // 2])

crop_same.slip(
    'That is mode "valid": "same" has as many outputs as the signal.'
)(lambda s, T, K: s[min(T, K) - 1 : max(T, K)])


# --- take an echo away -------------------------------------------------------
def _later(y, delay):
    """Return y, moved by delay and cut to its length."""
    return np.append(np.zeros(delay), y)[: len(y)]


def _signals_with_echo(rng):
    cases = []
    settings = [(9, 2, 0.6), (12, 5, 0.4), (7, 3, -0.7), (10, 1, 1.2)]
    settings += [(5, 5, 0.8), (4, 6, 0.5)]  # the echo comes after the end
    for size, delay, strength in settings:
        x = np.append(rng.standard_normal(size), np.zeros(delay))
        cases.append((x + strength * _later(x, delay), delay, strength))
    return cases


@exercise(
    _signals_with_echo,
    "The first `delay` samples have no echo in them yet. From there on, what "
    "echoes at t is x[t - delay], which you have already repaired. y is "
    "`delay` samples longer than x.",
)
def remove_echo(y, delay, strength):
    """Return x, given y[t] = x[t] + strength * x[t - delay]."""
    x = y[: len(y) - delay].copy()
    for t in range(delay, len(x)):
        x[t] -= strength * x[t - delay]
    return x


remove_echo.slip(
    "You subtract the echo of y, which has an echo itself: that leaves "
    "-strength**2 at 2 * delay. Subtract what you repaired."
)(lambda y, d, strength: (y - strength * _later(y, d))[: len(y) - d])

remove_echo.slip(
    "You subtract the echo of y, which has an echo itself, and keep y's "
    "length: x is `delay` samples shorter."
)(lambda y, delay, strength: y - strength * _later(y, delay))

remove_echo.slip("You add an echo where one must be subtracted.")(
    lambda y, delay, strength: remove_echo(y, delay, -strength)
)

remove_echo.slip("Your output is as long as y: x is `delay` samples shorter.")(
    lambda y, delay, s: np.append(remove_echo(y, delay, s), np.zeros(delay))
)


@remove_echo.slip(
    "At t < delay the index t - delay counts from the end: nothing echoes "
    "yet, begin at t = delay."
)
def _echo_before_the_start(y, delay, strength):
    x = y[: len(y) - delay].copy()
    for t in range(len(x)):
        x[t] -= strength * x[t - delay]
    return x


remove_echo.slip(
    "np.roll brings the end of y back at the beginning, where nothing echoes "
    "yet; and the echo of y has an echo itself."
)(lambda y, d, strength: (y - strength * np.roll(y, d))[: len(y) - d])

remove_echo.slip(
    "You only cut y to the length of x: the echo begins at `delay`, long "
    "before the end of x."
)(lambda y, delay, strength: y[: len(y) - delay])
