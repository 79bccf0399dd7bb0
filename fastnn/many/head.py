"""The output of a network by itself: J, errors and scores of given output activations."""

import numpy as np

_LEAST = np.finfo(np.float64).tiny
# The largest probability below 1 in float64; the log-odds of 1 are infinite.
_MOST = 1 - 2.0**-53


class Head:
    """J, error and score of output activations, by the compiled core.

    Parameters
    ----------
    network : Network
        With the output and the loss.
    """

    def __init__(self, network):
        self._inverse = _INVERSES.get(network.output)
        units = network.layer_sizes[-1]
        # Its Z[1] is its X.
        self._network = network.like(
            layer_sizes=[units, units],
            activation=[],
            keep_prob=1.0,
            l2=0.0,
            l1=0.0,
            max_norm=None,
            dtype="float64",
            normalize=False,
            normalizer=None,
            rng=0,
        )
        self._network.params["W1"][...] = np.eye(units)

    def cost(self, A, y, sample_weight=None):
        """The mean loss of A (m, n[L])."""
        return self.cost_of_logits(self.logits(A), y, sample_weight)

    def cost_of_logits(self, Z, y, sample_weight=None):
        """The mean loss of Z[L] (m, n[L])."""
        return self._network.cost(Z, y, sample_weight)

    def error(self, A, y, sample_weight=None):
        """Share of wrong labels, or the root mean squared error."""
        return self._network.error(self.logits(A), y, sample_weight)

    def score(self, A, y, sample_weight=None):
        """Share of right labels, or R^2."""
        return self._network.score(self.logits(A), y, sample_weight)

    def activations(self, Z):
        """A[L] (m, n[L]) of Z[L]."""
        return self._network.forward(Z)

    def logits(self, A):
        """Z[L] of the activations A[L]."""
        A = A.astype(np.float64)
        return A if self._inverse is None else self._inverse(A)


def _log(A):
    return np.log(np.maximum(A, _LEAST))


def _log_odds(A):
    A = np.clip(A, _LEAST, _MOST)
    return np.log(A) - np.log1p(-A)


# The inverses of g[L]; the other outputs have the identity.
_INVERSES = {"softmax": _log, "sigmoid": _log_odds, "exp": _log}
