"""Random numbers keyed by what they are for, never by when they are drawn.

Every native draw is a pure function of (seed, trial, purpose, global cell id,
step, draw). It is therefore the same for any number of threads, any slices of
``run()`` and any recording choice, and a source that is not recorded draws the
same numbers as a recorded one.

The generator is Philox 4x32 with ten rounds (Salmon, Moraes, Dror and Shaw
(2011) Parallel random numbers: as easy as 1, 2, 3. SC'11,
doi:10.1145/2063384.2063405). The functions are plain Python on ``numpy.uint64``
scalars whose products never exceed 64 bits, so that the same text runs
interpreted and compiled; this module imports nothing of the package.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = [
    "PURPOSE_CURRENT",
    "PURPOSE_POISSON",
    "PURPOSE_RENEWAL",
    "PURPOSE_SYNAPSE",
    "binomial",
    "exponential",
    "gamma",
    "normal_of",
    "philox",
    "poisson",
    "uniform",
]

#: Purposes, the top eight bits of the last counter word. Never renumber them:
#: that would change every recorded spike train.
PURPOSE_POISSON = 1
PURPOSE_CURRENT = 2
PURPOSE_RENEWAL = 3

#: For synapses the global cell id is the connection's number in its projection, and
#: the number of the draw is the projection's times 65 536, plus its own.
PURPOSE_SYNAPSE = 64


def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Return four random 32-bit words for a 128-bit counter and a 64-bit key.

    Parameters
    ----------
    c0, c1, c2, c3 : uint64 scalars below 2**32
        Counter words.
    k0, k1 : uint64 scalars below 2**32
        Key words.

    Returns
    -------
    tuple of four uint64 scalars below 2**32
    """
    mask = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    # They are that small already, but so the compiler knows: products of 32-bit words
    # are three times as fast as those of 64 bits.
    c0, c1, c2, c3 = c0 & mask, c1 & mask, c2 & mask, c3 & mask
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * c0
        p1 = np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (p1 >> shift) ^ c1 ^ k0,
            p1 & mask,
            (p0 >> shift) ^ c3 ^ k1,
            p0 & mask,
        )
        k0 = (k0 + np.uint64(0x9E3779B9)) & mask
        k1 = (k1 + np.uint64(0xBB67AE85)) & mask
    return c0, c1, c2, c3


def uniform(key, trial, purpose, cell, step_index, draw):  # type: ignore[no-untyped-def]
    """Return one uniform float64 in [0, 1) with 53 random bits.

    Parameters
    ----------
    key : int64
        Seed; its 64 bits are used as they are.
    trial : int64
        Number of the trial, below 2**24; ``reset()`` starts the next one.
    purpose : int64
        One of the ``PURPOSE_`` constants.
    cell : int64
        Global cell id, below 2**32.
    step_index : int64
        Step of the trial, below 2**32.
    draw : int64
        Number of the draw within the step, below 2**32.
    """
    bits = np.uint64(key)
    word0, word1, _, _ = philox(
        np.uint64(cell),
        np.uint64(step_index),
        np.uint64(draw),
        np.uint64((purpose << 24) + trial),
        bits & np.uint64(0xFFFFFFFF),
        bits >> np.uint64(32),
    )
    high = np.float64(word0 >> np.uint64(5))
    low = np.float64(word1 >> np.uint64(6))
    return (high * 67108864.0 + low) / 9007199254740992.0


def normal_of(u, v):  # type: ignore[no-untyped-def]
    """Return one normal float64 (mean 0, variance 1) for two uniform ones in [0, 1).

    Box and Muller (1958, doi:10.1214/aoms/1177706645). With 53 random bits the
    largest magnitude is 8.57.
    """
    return math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(6.283185307179586 * v)


def poisson(key, trial, cell, step_index, mean, exp_minus_mean, parts):  # type: ignore[no-untyped-def]
    """Return a Poisson count with expectation ``mean * parts``, by inversion.

    Parameters
    ----------
    key, trial, cell, step_index : int64
        See :func:`uniform`.
    mean : float64
        Expectation of one part, at most 16 (larger expectations are split into
        equal parts, because ``exp(-mean)`` loses bits and then underflows).
    exp_minus_mean : float64
        ``exp(-mean)``.
    parts : int64
        Number of parts; part ``i`` uses draw ``i``.

    Returns
    -------
    int64
    """
    total = 0
    for draw in range(parts):
        u = uniform(key, trial, PURPOSE_POISSON, cell, step_index, draw)
        count = 0
        probability = exp_minus_mean
        cumulative = probability
        # 200 is never reached with mean <= 16 (probability below 1e-140); it
        # only ends the search where rounding keeps the sum below u.
        while u >= cumulative and count < 200:
            count += 1
            probability *= mean / count
            cumulative += probability
        total += count
    return total


def exponential(key, trial, purpose, cell, step_index, draw):  # type: ignore[no-untyped-def]
    """Return one exponential float64 with mean 1, never 0; arguments as in :func:`uniform`."""
    return max(-math.log(1.0 - uniform(key, trial, purpose, cell, step_index, draw)), 1e-30)


def gamma(key, trial, purpose, cell, step_index, draw, shape):  # type: ignore[no-untyped-def]
    """Return one gamma distributed float64 with scale 1.

    Marsaglia and Tsang (2000, doi:10.1145/358407.358414); below a shape of 1
    by their transformation of ``shape + 1``.

    Parameters
    ----------
    key, trial, purpose, cell, step_index : int64
        See :func:`uniform`.
    draw : int64
        Number of the gamma draw within the step; it uses the uniform draws
        ``128 draw`` to ``128 draw + 127``.
    shape : float64
        Positive.
    """
    at = draw * 128
    d = shape - 1.0 / 3.0
    scale = 1.0
    if shape < 1.0:
        d += 1.0
        scale = (1.0 - uniform(key, trial, purpose, cell, step_index, at)) ** (1.0 / shape)
    c = 1.0 / math.sqrt(9.0 * d)
    # At most one attempt in twenty fails, so 42 are never used up (1e-54).
    for _ in range(42):
        u = uniform(key, trial, purpose, cell, step_index, at + 1)
        v = uniform(key, trial, purpose, cell, step_index, at + 2)
        x = normal_of(u, v)
        cube = (1.0 + c * x) ** 3
        u = 1.0 - uniform(key, trial, purpose, cell, step_index, at + 3)
        if cube > 0.0 and math.log(u) < 0.5 * x * x + d - d * cube + d * math.log(cube):
            return scale * d * cube
        at += 3
    return scale * d


def binomial(u, n, p):  # type: ignore[no-untyped-def]
    """Return how many of ``n`` trials with probability ``p`` succeed, by inversion.

    Parameters
    ----------
    u : float64
        A uniform number in [0, 1).
    n : int64
        Number of trials, at most 1000: ``0.5 ** n`` must not underflow.
    p : float64
        Probability of success.

    Returns
    -------
    int64
    """
    # The rarer outcome is counted, so that the first probability is not too small.
    rare = min(p, 1.0 - p)
    if rare <= 0.0:
        return 0 if p < 0.5 else n
    probability = (1.0 - rare) ** n
    cumulative = probability
    count = 0
    while u >= cumulative and count < n:
        count += 1
        probability *= (n - count + 1) / count * (rare / (1.0 - rare))
        cumulative += probability
    return count if p <= 0.5 else n - count
