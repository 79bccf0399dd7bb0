"""Whether a network is regularized so strongly that this alone can explain a high bias."""

# From this lambda / m on, or this share of dropped units, it can.
STRONG = {"l2": 0.01, "l1": 0.001}
STRONG_DROPOUT = 0.2


def is_strong(network, m):
    """Whether the penalty, of m training examples, or the dropout of a network is strong."""
    strong = m is not None and any(
        max(getattr(network, name)) / m >= least for name, least in STRONG.items()
    )
    return strong or min(network.keep_prob) <= 1 - STRONG_DROPOUT
