"""Losses of real targets: quantiles, and Tweedie's for costs, rain and other sums with zeros."""

import math
from collections.abc import Sequence

from fastnn.arguments import number
from fastnn.losses.loss import Loss, made


def quantile(levels: float | Sequence[float] = 0.5) -> Loss:
    """The pinball loss: a quantile of y given X minimizes it (Koenker and Bassett, 1978).

    ``L = sum_j max(q_j (y_j - z_j), (q_j - 1) (y_j - z_j))``

    Parameters
    ----------
    levels : float or sequence of float in (0, 1)
        One level for all outputs, or one for each: with ``[0.05, 0.5, 0.95]`` three outputs are the
        median and a band of 90 %. y may have one column, for all of them, or one for each.

    Returns
    -------
    Loss

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.zeros((1000, 1)), np.random.default_rng(0).random(1000)
    >>> net = fastnn.Network([1, 3], output=fastnn.losses.quantile([0.1, 0.5, 0.9]), rng=0)
    >>> history = net.fit(X, y, epochs=200, learning_rate=0.01)
    >>> net.predict(X[:1]).round(1) + 0.0
    array([[0.1, 0.5, 0.9]], dtype=float32)
    """
    one = isinstance(levels, int | float)
    given = (levels,) if one else tuple(levels)
    q = tuple(number(level, "levels", "(0, 1)") for level in given)
    if not q:
        raise ValueError("expected at least one level, got none")

    def value(z, y):
        if len(q) > 1 and len(q) != z.shape[0]:
            raise ValueError("expected an output for each level of the quantile loss")
        total = 0.0
        for j in range(z.shape[0]):
            level = q[j] if len(q) > 1 else q[0]
            r = (y[j] if y.shape[0] > 1 else y[0]) - z[j]
            total += level * r if r > 0 else (level - 1) * r
        return total

    def slope(z, y, dz):
        for j in range(z.shape[0]):
            level = q[j] if len(q) > 1 else q[0]
            r = (y[j] if y.shape[0] > 1 else y[0]) - z[j]
            dz[j] = -level if r > 0 else (1 - level if r < 0 else 0.0)

    return made(quantile, {"levels": q[0] if one else list(q)}, Loss(value, slope))


def tweedie(power: float = 1.5) -> Loss:
    """Half Tweedie's deviance of the mean e^z, but for a term of y alone (Jorgensen, 1987).

    ``L = sum_j e^((2-p) z_j) / (2-p) - y_j e^((1-p) z_j) / (1-p)``; at p = 1, Poisson's, it is
    ``e^z - y z``, and at p = 2, the gamma distribution's, ``z + y e^-z``.

    Parameters
    ----------
    power : float in [1, 3]
        The variance grows as the mean to this power. Between 1 and 2: sums of a random number of
        positive amounts, such as the claims of a year, of which many are exactly 0.

    Returns
    -------
    Loss
        y must not be negative, from power 2 on not 0. `Network.predict` gives the mean.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> X, y = np.zeros((4, 1)), np.array([0.0, 0.0, 3.0, 5.0])
    >>> net = fastnn.Network([1, 1], output=fastnn.losses.tweedie(1.5), rng=0)
    >>> history = net.fit(X, y, epochs=500, learning_rate=0.01)
    >>> round(float(net.predict(X[:1])[0]), 2)
    2.0
    """
    p = number(power, "power", "[1, 3]")

    def value(z, y):
        total = 0.0
        for j in range(z.shape[0]):
            if y[j] < 0 or (p >= 2 and y[j] == 0):
                raise ValueError("expected y not negative, and positive from power 2 on")
            if p == 1:
                total += math.exp(z[j]) - y[j] * z[j]
            elif p == 2:
                total += z[j] + y[j] * math.exp(-z[j])
            else:
                total += math.exp((2 - p) * z[j]) / (2 - p)
                total -= y[j] * math.exp((1 - p) * z[j]) / (1 - p)
        return total

    def slope(z, y, dz):
        for j in range(z.shape[0]):
            dz[j] = math.exp((2 - p) * z[j]) - y[j] * math.exp((1 - p) * z[j])

    return made(tweedie, {"power": p}, Loss(value, slope, output="exp"))
