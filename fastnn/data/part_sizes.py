"""Sizes of parts: by the size of the data, from fractions, or as counts."""

from numbers import Integral, Real

import numpy as np

from fastnn.arguments import integer, number

# Up to _SMALL examples: this share for dev, and for test. From _LARGE on: this number of each.
_SMALL, _OF_SMALL = 10_000, 0.2
_LARGE, _OF_LARGE = 1_000_000, 10_000
# With so many examples, counts that sum to 100 are more likely meant as per cent.
_CLEARLY_MORE = 1000


def rule_of_thumb(m):
    """Number of dev examples out of m, and of as many test examples.

    A fifth of up to 10,000; 10,000 from a million on, which is 1 % there and 0.25 % of four
    million; between them a straight line in log n over log m: n = 2,000 (m / 10,000)^0.349.

    >>> [rule_of_thumb(m) for m in (100, 10_000, 100_000, 1_000_000, 4_000_000)]
    [20, 2000, 4472, 10000, 10000]
    """
    small = _OF_SMALL * min(m, _SMALL)
    slope = np.log(_OF_LARGE / (_OF_SMALL * _SMALL)) / np.log(_LARGE / _SMALL)
    return max(1, round(float(small * (np.clip(m, _SMALL, _LARGE) / _SMALL) ** slope)))


def part_sizes(sizes, m, names=("train", "dev", "test")):
    """Counts of the parts of m examples; there may be one part fewer than `names`.

    `sizes` is "auto", fractions that sum to 1, or counts, which may leave examples over.
    """
    least = len(names) - 1
    if isinstance(sizes, str):
        if sizes != "auto":
            raise ValueError(f"expected sizes to be 'auto', fractions or counts, got {sizes!r}")
        if m < len(names):
            raise ValueError(f"expected at least {len(names)} examples for as many parts, got {m}")
        n = rule_of_thumb(m)
        sizes = [m - least * n] + [n] * least
    try:
        sizes = list(sizes)
    except TypeError:
        raise TypeError(
            f"expected sizes to be 'auto', fractions or counts, got {sizes!r}"
        ) from None
    if not least <= len(sizes) <= len(names):
        raise ValueError(
            f"expected sizes of {' and '.join(names[:least])}, or of {', '.join(names[:least])} "
            f"and {names[-1]}; got {len(sizes)} of them: {sizes}"
        )
    if all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes):
        counts = [integer(size, f"sizes[{i}]", 1) for i, size in enumerate(sizes)]
        if sum(counts) > m:
            raise ValueError(
                f"expected sizes of at most {m:,} examples in all, as many as there are; got "
                f"{' + '.join(map(str, counts))} = {sum(counts):,}"
            )
        if sum(counts) == 100 and m >= _CLEARLY_MORE:
            raise ValueError(
                f"got sizes of {' + '.join(map(str, counts))} = 100 examples of {m:,}: if these "
                f"are per cent, write ({_as_fractions(counts)}); if not, pass the 100 examples "
                "alone"
            )
        return counts
    if all(isinstance(size, Real) for size in sizes) and abs(sum(sizes) - 100) < 1e-6:
        raise ValueError(
            f"expected fractions that sum to 1, got {sizes}, which sum to 100; for "
            f"per cent write ({_as_fractions(sizes)})"
        )
    fractions = [number(size, f"sizes[{i}]", "(0, 1]") for i, size in enumerate(sizes)]
    if abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(
            f"expected fractions that sum to 1, got {' + '.join(map(str, fractions))} = "
            f"{sum(fractions):.6g}; for counts pass integers"
        )
    if m < len(fractions):
        raise ValueError(f"expected at least {len(fractions)} examples for as many parts, got {m}")
    return _largest_remainders(np.array(fractions), m)


def _as_fractions(percents):
    return ", ".join(f"{percent / 100:g}" for percent in percents)


def _largest_remainders(fractions, m):
    """Whole numbers that sum to m, each within 1 of m times its fraction, and at least 1."""
    exact = m * fractions / fractions.sum()
    counts = np.maximum(np.floor(exact), 1).astype(int)
    while counts.sum() != m:
        step = 1 if counts.sum() < m else -1
        short = step * (exact - counts)
        if step < 0:
            short[counts == 1] = -np.inf
        counts[np.argmax(short)] += step
    return counts.tolist()
