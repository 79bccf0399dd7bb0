"""First-order optimizers with a proximal L1 step, in plain NumPy: the judge of trajectories."""

import numpy as np

DEFAULTS = {
    "gd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"rho": 0.9, "epsilon": 1e-8},
    "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "adamw": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
}


def soft_threshold(w, k):
    return np.sign(w) * np.maximum(np.abs(w) - k, 0)


def _gd(theta, state, g, a, l1, t):
    return soft_threshold(theta - a * g, a * l1)


def _momentum(theta, state, g, a, l1, t, momentum):
    """Proximal heavy ball: v is the step really taken, so a clipped weight loses its momentum."""
    v = state.setdefault("v", np.zeros_like(theta))
    new = soft_threshold(theta - a * (momentum * v + g), a * l1)
    state["v"] = np.where(l1 > 0, (theta - new) / a, momentum * v + g)
    return new


def _nesterov(theta, state, g, a, l1, t, momentum):
    """Sutskever et al. (2013); with L1 it is FISTA: theta is extrapolated from the iterate x."""
    v = state["v"] = momentum * state.get("v", 0) + g
    x = state.get("x", theta)
    new = state["x"] = soft_threshold(theta - a * g, a * l1)
    return np.where(l1 > 0, new + momentum * (new - x), theta - a * (g + momentum * v))


def _rmsprop(theta, state, g, a, l1, t, rho, epsilon):
    state["s"] = rho * state.get("s", 0) + (1 - rho) * g * g
    rate = a / (np.sqrt(state["s"]) + epsilon)
    return soft_threshold(theta - rate * g, rate * l1)


def _adam(theta, state, g, a, l1, t, beta1, beta2, epsilon):
    """Kingma & Ba (2015), algorithm 1."""
    state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
    state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g * g
    rate = a / (np.sqrt(state["v"] / (1 - beta2**t)) + epsilon)
    return soft_threshold(theta - rate * state["m"] / (1 - beta1**t), rate * l1)


# (theta, state, g, a, l1, t, **settings) -> the next theta; g contains L2 but not L1, and l1 is
# lambda / m at the weights and 0 at the biases
UPDATES = {
    "gd": _gd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
}


def consecutive_batches(rows, batch_size, epochs):
    """Slices of consecutive rows, the last of each of the `epochs` passes possibly short."""
    size = rows if batch_size is None else min(batch_size, rows)
    one_pass = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
    return one_pass * epochs


def train(
    net,
    theta,
    X,
    y,
    optimizer,
    batches,
    learning_rate,
    settings=None,
    masks=None,
    sample_weight=None,
):
    """Yield theta after each update.

    Parameters
    ----------
    net : ReferenceNetwork
    optimizer : str
        A key of `DEFAULTS`; `settings` replaces some of its values.
    batches : sequence of slices or index arrays, one per update
    learning_rate : float, or one for each update, any schedule included
    masks : callable (step, rows) -> list of masks, optional
        The dropout masks of each update; None trains without dropout.
    sample_weight : (m,) array, optional
    """
    theta = np.array(theta, dtype=float)
    m = len(X)
    settings = DEFAULTS[optimizer] | (settings or {})
    decay = settings.pop("weight_decay", 0.0)
    u = (
        np.ones(m)
        if sample_weight is None
        else np.asarray(sample_weight, dtype=float) * m / np.sum(sample_weight)
    )
    l2, l1, is_weight = (net.spread(v) for v in (net.l2, net.l1, np.ones(net.depth)))
    rates = np.broadcast_to(learning_rate, len(batches))
    state = {}
    for step, batch in enumerate(batches):
        weights = u[batch]
        mask = None if masks is None else masks(step, len(weights))
        g = (
            net.data_gradient(theta, X[batch], y[batch], weights / len(weights), mask)[1]
            + l2 / m * theta
        )
        a = rates[step]
        if decay:
            theta = theta - a * decay * is_weight * theta
        theta = UPDATES[optimizer](theta, state, g, a, l1 / m, step + 1, **settings)
        yield theta
