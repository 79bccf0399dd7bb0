"""Losses of classes: focal, hinge, and cross-entropy against soft targets."""

import math
from typing import Literal

from fastnn.arguments import lookup, number
from fastnn.losses.loss import Loss, made

_OUTPUTS = {"softmax": None, "sigmoid": None}


def focal(gamma: float = 2.0, output: Literal["softmax", "sigmoid"] = "softmax") -> Loss:
    """Cross-entropy that turns to the hard examples: (1 - p)^gamma times it (Lin et al., 2017).

    ``L = -(1 - p)^gamma log p``, where p is the probability of the label.

    Parameters
    ----------
    gamma : float, at least 0
        0 is the cross-entropy itself.
    output : {"softmax", "sigmoid"}
        softmax: y are labels 0 .. C-1. sigmoid: y are 0 or 1 for each output, and L is a sum.

    Returns
    -------
    Loss

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> net = fastnn.Network([1, 8, 2], output=fastnn.losses.focal(2.0), rng=0)
    >>> history = net.fit(X, y, epochs=500, learning_rate=0.01)
    >>> net.predict(X)
    array([0, 0, 1, 1])
    """
    g = number(gamma, "gamma", "[0, inf)")
    lookup(_OUTPUTS, output, "output")

    def softmax_terms(z, y):
        """The label, the largest z and the sum of e^(z - it); q = 1 - p, and log p."""
        label = int(y[0])
        top = z[0]
        for j in range(z.shape[0]):
            top = max(top, z[j])
        others = 0.0
        for j in range(z.shape[0]):
            if j != label:
                others += math.exp(z[j] - top)
        own = math.exp(z[label] - top)
        total = own + others
        q = others / total
        log_p = math.log1p(-q) if q < 0.5 else z[label] - top - math.log(total)
        return label, top, total, q, log_p

    def softmax_value(z, y):
        _, _, _, q, log_p = softmax_terms(z, y)
        return -(q**g) * log_p

    def softmax_slope(z, y, dz):
        label, top, total, q, log_p = softmax_terms(z, y)
        # p log p / q is -1 at its limit q = 0.
        ratio = math.exp(z[label] - top) / total * log_p / q if q > 0 else -1.0
        factor = q**g * (g * ratio - 1)
        for j in range(z.shape[0]):
            dz[j] = -factor * math.exp(z[j] - top) / total
        dz[label] = factor * q

    def sigmoid_terms(z, y):
        """q = 1 - p, and log p."""
        s = z if y > 0.5 else -z  # p = sigmoid(s)
        e = math.exp(-abs(s))
        q = e / (1 + e) if s > 0 else 1 / (1 + e)
        return q, -(max(-s, 0.0) + math.log1p(e))

    def sigmoid_value(z, y):
        total = 0.0
        for j in range(z.shape[0]):
            q, log_p = sigmoid_terms(z[j], y[j])
            total -= q**g * log_p
        return total

    def sigmoid_slope(z, y, dz):
        for j in range(z.shape[0]):
            q, log_p = sigmoid_terms(z[j], y[j])
            d = q**g * (g * (1 - q) * log_p - q)
            dz[j] = d if y[j] > 0.5 else -d

    softmax = output == "softmax"
    value = softmax_value if softmax else sigmoid_value
    slope = softmax_slope if softmax else sigmoid_slope
    return made(focal, {"gamma": g, "output": output}, Loss(value, slope, output=output))


def hinge(output: Literal["softmax", "sigmoid"] = "softmax") -> Loss:
    """The loss of support vector machines: 0 once the label wins by a margin of 1.

    softmax: ``L = max(0, 1 + max_(j != y) z_j - z_y)`` (Crammer and Singer, 2001). sigmoid:
    ``L = sum_j max(0, 1 - (2 y_j - 1) z_j)``.

    Parameters
    ----------
    output : {"softmax", "sigmoid"}
        softmax: y are labels 0 .. C-1. sigmoid: y are 0 or 1 for each output. Labels are predicted
        as usual; the outputs are no good probabilities.

    Returns
    -------
    Loss

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> net = fastnn.Network([1, 1], output=fastnn.losses.hinge("sigmoid"), rng=0)
    >>> history = net.fit(X, y, epochs=1000, learning_rate=0.01)
    >>> net.predict(X)
    array([0, 0, 1, 1])
    """
    lookup(_OUTPUTS, output, "output")

    def softmax_value(z, y):
        label = int(y[0])
        rival = 1 if label == 0 else 0
        for j in range(z.shape[0]):
            if j != label and z[j] > z[rival]:
                rival = j
        margin = 1 + z[rival] - z[label]
        return margin if not margin < 0 else 0.0

    def softmax_slope(z, y, dz):
        label = int(y[0])
        rival = 1 if label == 0 else 0
        for j in range(z.shape[0]):
            dz[j] = 0.0
            if j != label and z[j] > z[rival]:
                rival = j
        if 1 + z[rival] - z[label] > 0:
            dz[rival] = 1.0
            dz[label] = -1.0

    def sigmoid_value(z, y):
        total = 0.0
        for j in range(z.shape[0]):
            margin = 1 - z[j] if y[j] > 0.5 else 1 + z[j]
            total += margin if not margin < 0 else 0.0
        return total

    def sigmoid_slope(z, y, dz):
        for j in range(z.shape[0]):
            sign = 1.0 if y[j] > 0.5 else -1.0
            dz[j] = -sign if 1 - sign * z[j] > 0 else 0.0

    softmax = output == "softmax"
    value = softmax_value if softmax else sigmoid_value
    slope = softmax_slope if softmax else sigmoid_slope
    return made(hinge, {"output": output}, Loss(value, slope, output=output))


def cross_entropy(temperature: float = 1.0) -> Loss:
    """Cross-entropy of softmax(z / T) against soft targets, times T^2 (Hinton et al., 2015).

    ``L = T^2 sum_j y_j (log sum_k e^(z_k / T) - z_j / T)``

    For T = 1 a softmax output takes probabilities as y without any `loss`, and is faster.

    Parameters
    ----------
    temperature : float > 0
        T of distillation: y are then a teacher's probabilities at the same temperature. T^2 keeps
        the size of the gradient.

    Returns
    -------
    Loss
        y (m, C) must not be negative; its rows need not sum to 1.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.zeros((3, 1)), np.tile([0.2, 0.8], (3, 1))
    >>> net = fastnn.Network([1, 2], rng=0)
    >>> history = net.fit(X, y, loss=fastnn.losses.cross_entropy(), epochs=500, learning_rate=0.01)
    >>> net.forward(X[:1]).round(2)
    array([[0.2, 0.8]], dtype=float32)
    """
    T = number(temperature, "temperature", "(0, inf)")

    def value(z, y):
        top = z[0]
        for j in range(z.shape[0]):
            top = max(top, z[j])
        total = 0.0
        for j in range(z.shape[0]):
            total += math.exp((z[j] - top) / T)
        loss = 0.0
        for j in range(z.shape[0]):
            if not y[j] >= 0:
                raise ValueError("expected probabilities y that are not negative")
            loss += y[j] * (math.log(total) + (top - z[j]) / T)
        return T * T * loss

    def slope(z, y, dz):
        top = z[0]
        for j in range(z.shape[0]):
            top = max(top, z[j])
        total = 0.0
        mass = 0.0
        for j in range(z.shape[0]):
            total += math.exp((z[j] - top) / T)
            mass += y[j]
        for j in range(z.shape[0]):
            dz[j] = T * (mass * math.exp((z[j] - top) / T) / total - y[j])

    return made(cross_entropy, {"temperature": T}, Loss(value, slope, output="softmax"))
