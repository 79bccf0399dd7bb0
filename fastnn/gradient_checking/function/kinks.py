"""Kinks that pass through theta itself, where no derivative along a component can show them.

For leaky_relu of leaky_relu, J may be smooth along a component although both units are at 0: each
slope to the right of 0 goes with the other to the left. The derivative is then neither the one
that backpropagation computes at theta nor the one it computes beside it.
"""

import numpy as np

from fastnn.gradient_checking.function.derivatives import reach

_FAR, _NEAR = 1e-5, 1e-6  # distances from theta, in units of its size
_STEP = 0.02  # of the difference, in units of the distance
_DIRECTIONS = 2  # and their opposites
_FIRST = 50  # components to look at before all


def kinks_at_theta(cost, theta, index, value, analytic, noise, rng):
    """Whether the derivative by each of the components `index` jumps right beside theta.

    A jump stays as large when the distance shrinks; the change of a smooth derivative shrinks too.
    A jump must also be as large as the error, or it does not explain the error.

    Parameters
    ----------
    cost : Cost
    theta : (N,) array
    index : (k,) int array
        Components whose analytic derivative is off.
    value, analytic : (k,) array
        Their derivatives, numeric and analytic.
    noise : float
        Rounding error of J, one standard deviation.
    rng : numpy.random.Generator

    Returns
    -------
    (k,) array of bool
    """
    error = np.abs(analytic - value)
    meets = np.zeros(index.size, bool)
    first = rng.permutation(index.size)[:_FIRST]
    directions = rng.choice([-1.0, 1.0], (_DIRECTIONS, theta.size))
    directions *= rng.uniform(0.5, 1.0, directions.shape)

    def look(rows):
        far, near = (
            _largest_change(cost, theta, index[rows], value[rows], distance * directions)
            for distance in (_FAR, _NEAR)
        )
        rounding = 30.0 * noise / (_STEP * _NEAR * reach(theta[index[rows]]))
        meets[rows] = (near > 0.3 * far) & (near > 0.3 * error[rows]) & (near > rounding)

    look(first)
    if meets.any() and index.size > first.size:
        look(np.setdiff1d(np.arange(index.size), first))
    return meets


def _largest_change(cost, theta, index, value, directions):
    """Largest difference of the derivative at theta +- directions from its value at theta."""
    changes = []
    for direction in (*directions, *-directions):
        beside = theta + direction * reach(theta)
        h = _STEP * np.abs(direction[index]) * reach(theta[index])
        points = beside[index][:, None] + np.stack([h, -h], axis=1)
        f = cost.along_components(beside, index)(np.arange(index.size), points)
        with np.errstate(all="ignore"):
            slope = (f[:, 0] - f[:, 1]) / (points[:, 0] - points[:, 1])
        changes.append(np.nan_to_num(np.abs(slope - value), nan=0.0, posinf=0.0))
    return np.max(changes, axis=0)
