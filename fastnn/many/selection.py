"""The choice of the networks of an ensemble, by the dev error of their mean."""

import numpy as np


def select(outputs, head, y, n):
    """How often each network is chosen (Caruana et al., 2004: with replacement, greedily).

    Parameters
    ----------
    outputs : (K, m, n[L]) array
        Output activations of each network on the dev set.
    head : Head
    y : labels or targets of the dev set
    n : int
        Networks to choose.

    Returns
    -------
    (K,) int array, with the sum n
    """
    counts = np.zeros(len(outputs), np.int64)
    total = np.zeros(outputs.shape[1:])
    for chosen in range(n):
        means = ((total + A) / (chosen + 1) for A in outputs)
        measures = [(head.error(A, y), head.cost(A, y)) for A in means]
        best = min(range(len(measures)), key=measures.__getitem__)
        counts[best] += 1
        total += outputs[best]
    return counts
