"""Piecewise linear encoding of numbers: an input for each bin between quantiles.

A network learns steps and spikes of a number more easily from bins (Gorishniy et al., 2022, "On
embeddings for numerical features in tabular deep learning").
"""

from itertools import pairwise

import numpy as np

# With two edges, the one bin would repeat the standardized number.
FEWEST_EDGES = 3


def learn_edges(values, bins):
    """Edges of at most `bins` bins, increasing, from the training values (m,) of a column.

    They are quantiles, or all the different values where these are no more than the edges. () is no
    bins: for no or two different values, or where `bins` is 0.
    """
    different = np.unique(values[~np.isnan(values)])
    if len(different) > bins + 1 and bins:
        given = values[~np.isnan(values)]
        different = np.unique(np.quantile(given, np.linspace(0, 1, bins + 1)))
    return tuple(different.tolist()) if bins and len(different) >= FEWEST_EDGES else ()


def encode_bins(values, edges, out):
    """Write ``min(max((x - a) / (b - a), 0), 1)`` of each bin from a to b.

    Parameters
    ----------
    values : (m,) float64 array
        A gap, NaN, is in no bin: its inputs are 0.
    edges : (k + 1,) sequence of float
    out : (m, k) array
    """
    for j, (low, high) in enumerate(pairwise(edges)):
        with np.errstate(over="ignore"):  # far from a narrow bin
            # fmax gives 0 for NaN.
            out[:, j] = np.minimum(np.fmax((values - low) / (high - low), 0), 1)
