"""The exercises of notebook 01."""

import numpy as np

from lecture.exercises.exercise import exercise


# --- full convolution --------------------------------------------------------
def _signals_and_kernels(rng):
    # T <= K + 1: an age below 0 then finds an entry from the end.
    sizes = [(4, 3), (3, 5), (6, 5), (2, 6), (5, 4)]
    return [
        (3 * rng.standard_normal(T), 3 * rng.standard_normal(K))
        for T, K in sizes
    ]


@exercise(
    _signals_and_kernels,
    "Begin with T + K - 1 zeros. Then either loop over t and a, and add x[a] "
    "* k[t - a] if 0 <= t - a < K, or loop over a alone and add the course "
    "x[a] * k to the K outputs from a on.",
)
def full_convolution(x, k):
    """Return all T + K - 1 outputs of the convolution."""
    s = np.zeros(len(x) + len(k) - 1)
    for a, value in enumerate(x):
        s[a : a + len(k)] += value * k
    return s


@full_convolution.slip(
    "That is cross-correlation: your kernel is not flipped. As a grows, k is "
    "read backward."
)
def _kernel_as_it_lies(x, k):
    return full_convolution(x, k[::-1])


@full_convolution.slip(
    "You flip the signal, so your output runs backward and is a "
    "cross-correlation. Flip the kernel."
)
def _signal_flipped(x, k):
    return full_convolution(x[::-1], k)


@full_convolution.slip(
    "Ages below 0 wrap around: k[t - a] with t < a counts from the end of k. "
    "Leave those terms out."
)
def _ages_below_zero(x, k):
    s = np.zeros(len(x) + len(k) - 1)
    for t in range(len(s)):
        for a in range(len(x)):
            if t - a < len(k):
                s[t] += x[a] * k[t - a]
    return s


@full_convolution.slip(
    "That is eq. 1 as printed: k[t - a] with t < a counts from the end of k, "
    "and the output stops at T."
)
def _as_printed(x, k):
    return _ages_below_zero(x, k)[: len(x)]


@full_convolution.slip(
    "That is circular convolution, the end wraps around onto the beginning: "
    "pad both with zeros to T + K - 1."
)
def _circular(x, k):
    n = max(len(x), len(k))
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(k, n), n)


@full_convolution.slip(
    "Your output has length T: the last input lasts K - 1 steps longer, so "
    "there are T + K - 1 outputs."
)
def _first_outputs(x, k):
    return full_convolution(x, k)[: len(x)]


@full_convolution.slip(
    'That is mode "same", the middle T outputs: full has T + K - 1.'
)
def _middle_outputs(x, k):
    start = (len(k) - 1) // 2
    return full_convolution(x, k)[start : start + len(x)]


@full_convolution.slip(
    'That is mode "valid", without the outputs at the border: full has T + K '
    "- 1."
)
def _inner_outputs(x, k):
    lengths = sorted((len(x), len(k)))
    return full_convolution(x, k)[lengths[0] - 1 : lengths[1]]


@full_convolution.slip(
    "Your output is one too long: the first copy of k ends at K - 1, the last "
    "one T - 1 later."
)
def _output_too_long(x, k):
    return np.append(full_convolution(x, k), 0)


@full_convolution.slip(
    "Your output is an array of integers, which cuts off the fractions: begin "
    "with floats."
)
def _whole_numbers(x, k):
    s = np.zeros(len(x) + len(k) - 1, int)
    for a, value in enumerate(x):
        s[a : a + len(k)] = s[a : a + len(k)] + value * k
    return s


# --- the cut of mode "same" --------------------------------------------------
def _full_outputs(rng):
    return [
        (rng.standard_normal(T + K - 1), T, K)
        for T, K in [(7, 4), (8, 5), (3, 6), (9, 2), (4, 7)]
    ]


@exercise(
    _full_outputs,
    "K - 1 numbers must go. Half of them go at the beginning; where K - 1 is "
    "odd, the beginning loses the smaller part.",
)
def crop_same(s, T, K):
    """Return the outputs of mode "same", given those of "full"."""
    start = (K - 1) // 2
    return s[start : start + T]


@crop_same.slip(
    "Off by one for an even K: of the K - 1 numbers to cut, the beginning "
    "loses (K - 1) // 2, not K // 2."
)
def _later_cut(s, T, K):
    return s[K // 2 : K // 2 + T]


@crop_same.slip(
    "You keep the first T: they lag behind the signal by half a kernel. Keep "
    "the middle."
)
def _cut_at_the_end(s, T, K):
    return s[:T]


@crop_same.slip(
    "You keep the last T: they run ahead of the signal by half a kernel. Keep "
    "the middle."
)
def _cut_at_the_beginning(s, T, K):
    return s[-T:]


@crop_same.slip(
    "For K > T your output has K numbers, which is NumPy's \"same\": SciPy's "
    "has T."
)
def _as_long_as_the_longer(s, T, K):
    start = (min(T, K) - 1) // 2
    return s[start : start + max(T, K)]


@crop_same.slip(
    "For an even K your output is one too short: K - 1 is odd, so the two "
    "ends lose different numbers."
)
def _half_off_each_end(s, T, K):
    return s[K // 2 : len(s) - K // 2]


@crop_same.slip(
    "For an even K your output is one too long: K - 1 is odd, so the two ends "
    "lose different numbers."
)
def _half_less_one_off_each_end(s, T, K):
    return s[(K - 1) // 2 : len(s) - (K - 1) // 2]


@crop_same.slip(
    'That is mode "valid": "same" has as many outputs as the signal.'
)
def _valid_cut(s, T, K):
    return s[min(T, K) - 1 : max(T, K)]


# --- take an echo away -------------------------------------------------------
def _signals_with_echo(rng):
    cases = []
    for size, delay in [(9, 2), (12, 5), (7, 3), (10, 1)]:
        strength = rng.uniform(0.3, 0.9)
        y = np.zeros(size + delay)
        y[:size] = rng.standard_normal(size)
        y[delay:] += strength * y[:size].copy()
        cases.append((y, delay, strength))
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


@remove_echo.slip(
    "You subtract the echo of y, which has an echo itself: that leaves "
    "-strength**2 at 2 * delay. Subtract what you repaired."
)
def _echo_of_what_is_heard(y, delay, strength):
    x = y[: len(y) - delay].copy()
    x[delay:] -= strength * y[: len(x) - delay]
    return x


@remove_echo.slip(
    "You subtract the echo of y, which has an echo itself, and keep y's "
    "length: x is `delay` samples shorter."
)
def _echo_of_what_is_heard_tail_left(y, delay, strength):
    x = y.copy()
    x[delay:] -= strength * y[: len(y) - delay]
    return x


@remove_echo.slip("You add an echo where one must be subtracted.")
def _echo_added(y, delay, strength):
    return remove_echo(y, delay, -strength)


@remove_echo.slip("Your output is as long as y: x is `delay` samples shorter.")
def _tail_left(y, delay, strength):
    return np.append(remove_echo(y, delay, strength), np.zeros(delay))


@remove_echo.slip(
    "At t < delay the index t - delay counts from the end: nothing echoes "
    "yet, begin at t = delay."
)
def _echo_before_the_start(y, delay, strength):
    x = y[: len(y) - delay].copy()
    for t in range(len(x)):
        x[t] -= strength * x[t - delay]
    return x


@remove_echo.slip(
    "np.roll brings the end of y back at the beginning, where nothing echoes "
    "yet; and the echo of y has an echo itself."
)
def _echo_rolled(y, delay, strength):
    return (y - strength * np.roll(y, delay))[: len(y) - delay]


@remove_echo.slip(
    "You only cut y to the length of x: the echo begins at `delay`, long "
    "before the end of x."
)
def _echo_cut_off(y, delay, strength):
    return y[: len(y) - delay].copy()
