"""A test of whether two sets of examples come from the same distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.arguments import errors_in, generator, integer, number
from fastnn.data.inputs import Features, as_features, as_numbers, is_sparse
from fastnn.data.parts import Split, rows_of
from fastnn.engine.base_network import BaseNetwork
from fastnn.training.fitting import fit

# Fewer examples of a set cannot show a difference.
LEAST_ROWS = 20
# That a column is named as different although none is.
_CHANCE = 0.001
# Hidden units and batch size of the classifier.
_HIDDEN, _BATCH = 32, 128


@dataclass(frozen=True)
class TwoSampleTest:
    """The result of `same_distribution`.

    Attributes
    ----------
    accuracy : float
        Accuracy of the classifier on examples it was not trained on, the mean of a and b: about
        0.5 for equal distributions, 1 for distributions that do not overlap.
    p_value : float
        How often the classifier would do as well, or better, if the distributions were the same.
    confidence : float
        As given to `same_distribution`.
    n_a, n_b : int
        The number of examples that were used.
    """

    accuracy: float
    p_value: float
    confidence: float
    n_a: int
    n_b: int

    @property
    def different(self) -> bool:
        """Whether p_value is below 1 - confidence."""
        return self.p_value < 1 - self.confidence

    @property
    def verdict(self) -> str:
        """The result in words."""
        told = f"a classifier tells them apart with accuracy {self.accuracy:.1%}"
        if self.different:
            return f"different distributions: {told}, p = {self.p_value:.2g}"
        return (
            f"no difference found: {told}, by chance it would be 50 %, p = "
            f"{self.p_value:.2g}, from {self.n_a:,} and {self.n_b:,} examples"
        )

    def __str__(self) -> str:
        return self.verdict


def same_distribution(
    a: Features | Split,
    b: Features | Split,
    *,
    confidence: float = 0.95,
    max_rows: int = 10_000,
    rng: int | np.random.Generator | None = 0,
) -> TwoSampleTest:
    """Test whether a and b come from the same distribution of features.

    A classifier is trained to tell a from b; if they are alike it can only guess (Lopez-Paz and
    Oquab, 2017). Use it before you train on one source and evaluate on another, and on dev and
    test set, which should not differ.

    Parameters
    ----------
    a, b : (m, n) array-like, sparse matrix or frame, or a Split, whose X is used
        Columns of two frames are matched by name.
    confidence : float in (0, 1), default 0.95
        1 - alpha: this share of pairs of samples of one distribution is not called different.
    max_rows : int, default 10,000
        The most rows of each to use; they are drawn at random from more.
    rng : int, numpy.random.Generator or None, default 0

    Returns
    -------
    TwoSampleTest
        With `accuracy`, `p_value`, `different` and `verdict`.

    Raises
    ------
    ValueError, TypeError
        a and b have different numbers of features, or fewer than 20 examples, or a NaN or
        infinity.

    Notes
    -----
    Two networks of one hidden layer are each trained on one half of the examples, and score the
    other half. The ranks of a half's scores give Mann and Whitney's z. If a and b have the same
    distribution, labels are exchangeable: z has mean 0 and variance 1, for any network. The z of
    the two halves are dependent. Their average has a variance of at most 1, and is judged by 1: the
    p-value is, if anything, too large.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.standard_normal((2, 500, 3))
    >>> fastnn.same_distribution(a, b).different
    False
    >>> b[:, 1] = 0.8 * b[:, 0] + 0.6 * b[:, 1]   # the same means and variances
    >>> fastnn.same_distribution(a, b).different
    True
    """
    confidence = number(confidence, "confidence", "(0, 1)")
    max_rows = integer(max_rows, "max_rows", LEAST_ROWS)
    rng = generator(rng)
    a, b = (part.X if isinstance(part, Split) else part for part in (a, b))
    b = _in_the_order_of(a, b)
    columns = _columns(a, "a")
    if _columns(b, "b") != columns:
        raise ValueError(
            f"expected a and b to have the same features, got {columns} and "
            f"{_columns(b, 'b')} columns"
        )
    a, b = (_some_rows(part, name, columns, max_rows, rng) for part, name in ((a, "a"), (b, "b")))
    X, from_b = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    half = np.concatenate([rng.permutation(len(part)) % 2 for part in (a, b)])
    z, right = [], np.zeros(2)
    for h in (0, 1):
        scores = _scores(X[half != h], from_b[half != h], X[half == h], rng)
        labels = from_b[half == h]
        z.append(_mann_whitney(scores, labels))
        right += np.bincount(labels, (scores > 0.5) == labels, minlength=2)
    from scipy.special import ndtr

    return TwoSampleTest(
        float((right / [len(a), len(b)]).mean()),
        float(ndtr(-np.mean(z))),
        confidence,
        len(a),
        len(b),
    )


def most_different(a: Features, b: Features, *, max_rows: int = 10_000) -> int | None:
    """The column in which a and b differ most, by Kolmogorov and Smirnov's distance; None for none.

    Each column alone can be as in the other set where their dependence differs.
    """
    rng = np.random.default_rng(0)
    columns = _columns(a, "a")
    a, b = (_some_rows(part, name, columns, max_rows, rng) for part, name in ((a, "a"), (b, "b")))
    distances = [_distance(np.sort(a[:, j]), np.sort(b[:, j])) for j in range(columns)]
    # Beyond chance for the largest of so many (Smirnov's limit, with Bonferroni's correction).
    least = (np.log(2 * columns / _CHANCE) / 2 * (1 / len(a) + 1 / len(b))) ** 0.5
    worst = int(np.argmax(distances))
    return worst if distances[worst] > least else None


def _distance(a, b):
    """The largest difference of the distribution functions of two sorted samples."""
    at = np.concatenate([a, b])
    share_a = np.searchsorted(a, at, side="right") / len(a)
    share_b = np.searchsorted(b, at, side="right") / len(b)
    return float(np.abs(share_a - share_b).max())


def _in_the_order_of(a, b):
    """b with its columns in the order of a's, where both are frames."""
    if not (hasattr(a, "columns") and hasattr(b, "columns")):
        return b
    ours, theirs = list(a.columns), list(b.columns)
    if ours == theirs:
        return b
    only = [
        [name for name in one if name not in other]
        for one, other in ((ours, theirs), (theirs, ours))
    ]
    if any(only) or len(ours) != len(theirs):
        shown = " and ".join(
            f"only {part} has {', '.join(map(str, names[:5]))}"
            for part, names in zip("ab", only, strict=True)
            if names
        )
        raise ValueError(
            "expected a and b to have the same features, by their columns' names; "
            + (shown or f"got {len(ours)} and {len(theirs)} columns")
        )
    return b[ours]


def _columns(data, name):
    if not is_sparse(data):
        data = as_numbers(data, name)
    if data.ndim != 2 or not data.shape[1]:
        raise ValueError(f"expected {name} to have shape (m, n), got {data.shape}")
    return data.shape[1]


def _some_rows(data, name, columns, most, rng):
    """At most `most` rows, drawn at random, as a dense array."""
    m = rows_of(data, name)
    if m < LEAST_ROWS:
        raise ValueError(
            f"expected at least {LEAST_ROWS} examples in {name}, got {m}: fewer "
            "cannot show a difference"
        )
    if not is_sparse(data):
        data = as_numbers(data, name)
    with errors_in(f"in {name}"):
        as_features(data, columns, np.dtype(np.float64))
    part = Split(data, None, rng.permutation(m)[:most]).X
    return np.asarray(part.toarray() if is_sparse(part) else part, dtype=np.float64)


def _scores(X, from_b, unseen, rng):
    """Scores of unseen examples: a higher score means more like b."""
    m = len(X)
    # a and b have the same total weight, however many examples they have.
    weight = m / (2 * np.bincount(from_b))[from_b]
    # Enough updates to bend around a variance or a correlation, too few to learn the noise.
    batch_size, updates = min(_BATCH, m), 300 + m // 20
    net = BaseNetwork([X.shape[1], _HIDDEN, 1], normalize=True, l2=3e-4 * m, rng=rng)
    fit(
        net,
        X,
        from_b,
        sample_weight=weight,
        batch_size=batch_size,
        learning_rate=0.01,
        epochs=max(1, updates * batch_size // m),
        schedule="cosine",
        evaluate_every=0,
    )
    return net.forward(unseen)[:, 0]


def _mann_whitney(scores, labels):
    """z of the rank sum of label 1 among the scores, with the variance of tied ranks."""
    from scipy.stats import rankdata

    n = len(labels)
    n_b = int(labels.sum())
    n_a = n - n_b
    _, ties = np.unique(scores, return_counts=True)
    ties = ties.astype(float)
    variance = n_a * n_b / 12 * (n + 1 - (ties**3 - ties).sum() / (n * (n - 1)))
    if variance <= 0:  # all scores are equal
        return 0.0
    excess = rankdata(scores)[labels == 1].sum() - n_b * (n + 1) / 2
    return excess / np.sqrt(variance)
