"""Mean targets of categories that are too many to have an input each.

A category of a few training rows teaches its own input hardly anything. Its mean target, drawn
towards the mean of all rows, is one input for all of them (Micci-Barreca, 2001). The mean of a
training row leaves out the rows of its fold: a network would else find its own target in it.
"""

from dataclasses import dataclass

import numpy as np

# Of more classes there are no means: one input for each would be as many as inputs of categories.
_MOST_OUTPUTS = 64
_FOLDS = 10
# So many standard errors of its logarithm lie between 1 and the ratio F of variances.
_SURE = 2.0


@dataclass(frozen=True)
class TargetMeans:
    """Mean targets of categories: an input is ``sum / (count + smoothing) / scale``.

    Weights of rows do not count. A category that training has not seen has 0.

    Attributes
    ----------
    names : tuple of str
        Of the inputs, one for each output of the network.
    center : tuple of float
        The mean of each output's target in all training rows.
    smoothing : float
        So many rows with the mean `center` are added to those of a category: the variance within
        categories by that between them.
    scale : float
        The root of the mean square of the inputs before the division by it.
    categories : tuple of str
    counts : tuple of int
        Training rows of each category.
    sums : tuple of tuple of float
        For each output the sums of ``target - center``.
    """

    names: tuple[str, ...]
    center: tuple[float, ...]
    smoothing: float
    scale: float
    categories: tuple[str, ...]
    counts: tuple[int, ...]
    sums: tuple[tuple[float, ...], ...]

    def values(self):
        """(n_categories + 1, n_outputs) inputs of new rows; the last are of other categories."""
        counts = np.array(self.counts, dtype=np.float64)[:, np.newaxis]
        values = self._smoothed(np.array(self.sums).T, counts)
        return np.vstack([values, np.zeros(len(self.names))])

    def values_of(self, places, y, groups=None):
        """(m, n_outputs) inputs of training rows, from the other folds.

        Parameters
        ----------
        places : (m,) array
            Of the rows' categories in `categories`; beyond them for others.
        y : (m,) array
            Encoded targets.
        groups : (m,) array, optional
            Rows of one group are in one fold.
        """
        n = len(self.categories)
        at = np.flatnonzero(places < n)
        cells = places[at] * _FOLDS + folds_of(len(y), groups)[at]
        targets = outputs_of(y[at], len(self.names)) - self.center
        own = np.bincount(cells, minlength=n * _FOLDS)
        counts = np.repeat(np.array(self.counts), _FOLDS) - own
        sums = np.repeat(np.array(self.sums).T, _FOLDS, axis=0)
        sums -= _sums(cells, targets, n * _FOLDS)
        out = np.zeros((len(y), len(self.names)))
        out[at] = self._smoothed(sums, counts[:, np.newaxis])[cells]
        return out

    def _smoothed(self, sums, counts):
        known = counts > 0  # what rounding has left of the sum of no row would tell its target
        return np.where(known, sums, 0.0) / np.where(known, counts + self.smoothing, 1) / self.scale


def learn_means(names, y, texts, places):
    """The `TargetMeans` of training rows; None where categories tell nothing beyond chance.

    Parameters
    ----------
    names : sequence of str
        Of the inputs, one for each output of the network.
    y : (m,) array
        Encoded targets.
    texts : sequence of str
        The categories.
    places : (m,) array
        Of the rows' categories in `texts`; beyond them for rows of others.
    """
    if len(names) > _MOST_OUTPUTS:
        return None
    targets = outputs_of(y, len(names))
    center = targets.mean(axis=0)
    at = np.flatnonzero(places < len(texts))
    targets = targets[at] - center
    counts, sums = np.bincount(places[at]), _sums(places[at], targets, len(texts))
    m, n = len(at), len(texts)
    if n < 2 or m <= n:
        return None
    means = sums / counts[:, np.newaxis]
    # Variances within and between categories by the method of moments, of all outputs together.
    within = np.square(targets - means[places[at]]).sum() / (m - n)
    among = (counts @ np.square(means - targets.mean(axis=0))).sum() / (n - 1)
    if among <= within * (1 + _SURE * np.sqrt(2 / (n - 1) + 2 / (m - n))):
        return None
    smoothing = within / (among - within) * (m - counts @ counts / m) / (n - 1)
    values = sums / (counts[:, np.newaxis] + smoothing)
    scale = np.sqrt((counts @ np.square(values)).mean() / m)
    return TargetMeans(
        tuple(names),
        tuple(center.tolist()),
        float(smoothing),
        float(scale),
        tuple(texts),
        tuple(counts.tolist()),
        tuple(map(tuple, sums.T.tolist())),
    )


def names_of_means(target):
    """The names of the mean targets of a category, one for each output of the network."""
    if target.classes is None:
        return [f"mean of {target.name}"]
    classes = target.classes.tolist()
    return [f"share of {name}" for name in (classes[1:] if len(classes) == 2 else classes)]


def outputs_of(y, n_outputs):
    """(m, n_outputs) float64 targets of the outputs: numbers, or 1 for the class of a row."""
    if n_outputs == 1:
        return y.astype(np.float64)[:, np.newaxis]
    return (y[:, np.newaxis] == np.arange(n_outputs)).astype(np.float64)


def folds_of(m, groups=None):
    """(m,) folds of rows, the same for the same number of rows, or the same groups."""
    index = np.arange(m) if groups is None else np.unique(groups, return_inverse=True)[1]
    n = int(index.max(initial=-1)) + 1
    return (np.random.default_rng(0).permutation(n) % _FOLDS)[index]


def _sums(places, targets, n):
    """(n, n_outputs) sums of targets by place."""
    columns = [np.bincount(places, column, minlength=n) for column in targets.T]
    return np.stack(columns, axis=1)
