"""Numerical derivatives along lines, each with a bound on its error.

A line is theta + t e_i for a component, or theta + t v for a direction. The functions here call
``table(rows, points)`` for the cost at points of many lines at once: row r of the answer is J at
``points[r]`` of line ``rows[r]``.
"""

from dataclasses import dataclass

import numpy as np

EPS = float(np.finfo(np.float64).eps)
COMPLEX_STEP = 1e-20  # nothing is subtracted, so it may be so small that h^2 vanishes

_ROUNDS = 6  # of step sizes, at most
_FACTOR = 16.0  # between one step size and the next
_NOISE_SAFETY = 10.0  # rounding of a sum of four costs, and a few standard deviations


@dataclass
class Derivatives:
    """One entry a line: the derivative, a bound on its error, whether a kink is near."""

    value: np.ndarray
    uncertainty: np.ndarray
    kink: np.ndarray
    epsilon: np.ndarray
    curvature: np.ndarray  # size of the second derivative, 0 where rounding hides it


@dataclass
class _Estimate:
    """The derivatives by one step size, arrays with one entry a line."""

    value: np.ndarray
    truncation: np.ndarray
    rounding: np.ndarray
    kink: np.ndarray  # jump of the slope, less the part that rounding explains
    bend: np.ndarray  # difference of the slopes to the right and to the left
    steep: np.ndarray  # the largest slope that the formula is made of
    seeming: np.ndarray  # jump of the slope, rounding included

    @property
    def uncertainty(self):
        total = self.truncation + self.rounding + self.kink
        return np.where(np.isfinite(total) & np.isfinite(self.value), total, np.inf)


def noise_level(at, theta, cost, eps, rng):
    """Rounding error of J from one point to the next, one standard deviation.

    It is estimated from high differences of J at equally spaced points nearby, to which the smooth
    part of J hardly contributes (Hamming 1971; Moré & Wild, SIAM J. Sci. Comput. 33, 2011).
    """
    floor = 0.5 * eps * abs(cost)
    levels = [level for level in (_noise_along(at, theta, eps, rng) for _ in range(3)) if level]
    # More than five times the least is no noise: the points lie across a kink.
    return max([floor, *(level for level in levels if level <= 5.0 * min(levels))])


def _noise_along(at, theta, eps, rng):
    direction = rng.choice([-1.0, 1.0], theta.size) * reach(theta)
    # Where most neighbours are equal, the points are too near for the precision of J.
    for spacing in (1e-9, 1e-7, 1e-5, 1e-3):
        differences = np.array([at(theta + k * spacing * direction) for k in range(1, 9)])
        if not np.isfinite(differences).all():
            return 0.0
        if np.count_nonzero(np.diff(differences)) >= 6:
            break
    else:
        return 0.5 * _step_of(differences, eps)
    levels, gamma = [], 1.0
    for k in range(1, 7):
        differences = np.diff(differences)
        gamma *= k / (2.0 * (2.0 * k - 1.0))  # (k!)^2 / (2k)!
        levels.append(np.sqrt(gamma * np.mean(differences**2)))
    return float(np.median(levels[2:]))


def _step_of(values, eps):
    """The step in which J moves where its neighbours are mostly equal.

    The loss of a sure network is a difference of numbers near 1: log(1 + 1e-9) is 0 in float32. It
    moves in steps of the precision of 1, not of its own, or does not move at all.
    """
    gaps = np.abs(np.diff(values))
    most = eps * max(1.0, np.abs(values).max())
    return min(float(np.median(gaps[gaps > 0.0])), most) if gaps.any() else most


def reach(theta):
    """The size by which each component may be moved: its own, and 1 for those near 1 or at 0."""
    size = np.abs(theta)
    # A tiny number moves within its own size: J may not be defined beyond.
    return np.where((size > 0.0) & (size < 1e-6), size, np.maximum(size, 1.0))


def differentiate(table, origin, cost, noise, method, epsilon=None, single=False):
    """Derivatives along lines by differences of the cost.

    Parameters
    ----------
    table : callable(rows, points) -> (len(rows), k) array
    origin : (n,) array
        The t of each line at theta: theta[i] for a component, 0 for a direction.
    cost : float
        J at theta.
    noise : float
        Rounding error of J, one standard deviation.
    method : {"two-sided", "one-sided"}
    epsilon : (n,) array, optional
        Steps of the plain formula of the method; half the step gives the bound. None: chosen for
        each line, with Richardson extrapolation.
    single : bool
        Whether J is computed in float32, so that points must be float32 numbers.

    Returns
    -------
    Derivatives
    """
    estimate = _two_sided if method == "two-sided" else _one_sided
    rows = np.arange(origin.size)
    if epsilon is not None:
        found = estimate(table, rows, origin, epsilon, cost, noise, True, single)
        # A systematic error fills its bound. Thousands of such errors would look like a fault.
        found.truncation *= 3.0
        # Half of a jump at theta, which rounding may hide, moves the derivative.
        hidden = np.maximum(found.seeming / 2.0 - found.kink, 0.0)
        return Derivatives(
            found.value,
            found.uncertainty + np.nan_to_num(hidden, nan=np.inf),
            _is_kink(found, root_mean_square(found.value), fixed=True),
            epsilon,
            _curvature(found, epsilon),
        )

    scale = np.maximum(np.abs(origin), 1.0)
    relative = max(noise / abs(cost), EPS) if cost else EPS
    first = min(relative, 1e-3) ** 0.25
    h = first * scale
    best = estimate(table, rows, origin, h, cost, noise, False, single)
    epsilon = h.copy()
    typical = root_mean_square(best.value)
    # Where the slope itself is 0, as of x^3 at 0, a kink is large beside the slopes nearby.
    steep = np.nan_to_num(best.steep, nan=0.0, posinf=0.0)
    # Uncertainties below this are good enough: any fault worth finding is far larger.
    floor = np.maximum(1e-8 * typical, 1e-9 * abs(cost) / scale)
    active, enlarged = np.ones(origin.size, bool), np.zeros(origin.size, bool)
    for _ in range(_ROUNDS - 1):
        size = np.nan_to_num(np.abs(best.value), nan=0.0, posinf=0.0)
        noisy = best.rounding > best.truncation + best.kink
        active &= best.uncertainty > np.maximum(1e-6 * size, floor)
        active &= ~(noisy & enlarged)
        if single:
            active &= ~noisy
        chosen = np.flatnonzero(active)
        if not chosen.size:
            break
        enlarged[chosen] = noisy[chosen]
        h[chosen] *= np.where(noisy[chosen], _FACTOR, 1.0 / _FACTOR)
        # J is not defined there. A step that does not cross 0 is more likely to stay inside.
        beyond = active & ~np.isfinite(best.uncertainty) & (origin != 0.0)
        h[beyond] = np.minimum(h[beyond], first * np.abs(origin[beyond]))
        new = estimate(table, chosen, origin, h[chosen], cost, noise, False, single)
        # A jump that was seen stays, unless the new step shows that it is not there. A kink at
        # theta itself does not go away with h, but the rounding of a smaller h may cover it.
        seen = np.nan_to_num(best.kink[chosen], nan=0.0, posinf=0.0)
        new.kink = np.maximum(new.kink, np.minimum(seen, _most_jump(new)))
        better = new.uncertainty < best.uncertainty[chosen]
        for name in ("value", "truncation", "rounding", "kink", "bend", "steep", "seeming"):
            getattr(best, name)[chosen[better]] = getattr(new, name)[better]
        epsilon[chosen[better]] = h[chosen[better]]
        # A smaller step whose noise exceeds the best error cannot help.
        active[chosen] = (new.rounding < best.uncertainty[chosen]) | enlarged[chosen]
    return Derivatives(
        best.value,
        best.uncertainty,
        _is_kink(best, np.maximum(typical, steep)),
        epsilon,
        _curvature(best, epsilon),
    )


def look_again(table, rows, origin, found, cost, noise, method, fixed, single=False):
    """Widen the bounds of some lines by the result of another step size.

    A bound rests on two step sizes. Several kinks, or rounding, can make these agree by chance; a
    third step then does not.
    """
    estimate = _two_sided if method == "two-sided" else _one_sided
    h = np.minimum(found.epsilon[rows], 1e-5) if fixed else found.epsilon[rows]
    new = estimate(table, rows, origin, h / 3.0, cost, noise, False, single)
    apart = np.abs(new.value - found.value[rows])
    if single:
        # The steps of float32 are long and cross many kinks, so two agree by chance more often. All
        # cross a kink next to theta, whose jump may be too small to be told from noise.
        for shorter in (1.0, 1.7, 6.0):
            other = estimate(table, rows, origin, h / shorter, cost, noise, False, single)
            beyond = np.abs(other.value - found.value[rows]) - other.rounding
            small = np.where(other.seeming <= 10.0 * other.rounding, other.seeming, 0.0)
            apart = np.maximum(apart, np.maximum(beyond, small))
    if fixed:
        # The plain formula has no better value: components that it cannot judge are left out.
        found.kink[rows] |= apart > found.uncertainty[rows] + new.uncertainty
    found.uncertainty[rows] += 2.0 * np.nan_to_num(apart, nan=np.inf)


def complex_step(table, origin):
    """``Im J(theta + i h) / h``, exact but for rounding (Squire & Trapp, SIAM Review 40, 1998)."""
    h = COMPLEX_STEP * np.maximum(np.abs(origin), 1.0)
    values = table(np.arange(origin.size), (origin + 1j * h)[:, None])[:, 0]
    value = values.imag / h
    uncertainty = 200.0 * EPS * (np.abs(value) + root_mean_square(value))
    return Derivatives(value, uncertainty, np.zeros(origin.size, bool), h, np.zeros(origin.size))


def taylor_rates(table, origin, cost, slopes, noise):
    """Rate at which ``|J(theta + h v) - J(theta) - h g.v|`` falls with h, for each line.

    It is 2 when the slope g.v is right and 1 when it is wrong. It is NaN where rounding covers the
    remainder: J is almost straight, or g.v almost right.
    """
    relative = max(noise / abs(cost), EPS) if cost else EPS
    h = min(relative, 1e-3) ** 0.25 / 2.0 ** np.arange(4)
    values = table(np.arange(origin.size), origin[:, None] + h)
    remainder = np.abs(values - cost - h * slopes[:, None])
    visible = (remainder > 20.0 * noise).all(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.log2(remainder[:, 0] / remainder[:, -1]) / 3.0
    return np.where(visible, rates, np.nan)


def _two_sided(table, rows, origin, h, cost, noise, plain, single):
    x = origin[rows]
    points = _points(x, np.stack([h, -h, h / 2, -h / 2], axis=1), single)
    f = table(rows, points)
    with np.errstate(all="ignore"):
        wide = (f[:, 0] - f[:, 1]) / (points[:, 0] - points[:, 1])
        narrow = (f[:, 2] - f[:, 3]) / (points[:, 2] - points[:, 3])
        value = wide if plain else narrow + (narrow - wide) / 3.0
        truncation = np.abs(wide - narrow) * (4.0 / 3.0 if plain else 1.0 / 3.0)
        rounding = _NOISE_SAFETY * _noise(f, noise) / h
        outer, inner = (
            (f[:, k] - cost) / (points[:, k] - x) - (cost - f[:, k + 1]) / (x - points[:, k + 1])
            for k in (0, 2)
        )
        jump = 2.0 * inner - outer
        return _Estimate(
            value,
            truncation,
            rounding,
            _jump(jump, rounding),
            np.maximum(np.abs(inner), np.abs(outer)),
            np.maximum(np.abs(wide), np.abs(narrow)),
            np.abs(jump),
        )


def _one_sided(table, rows, origin, h, cost, noise, plain, single):
    x = origin[rows]
    steps = [h, h / 2, -h / 2] if plain else [h, h / 2, h / 4, -h / 4]
    points = _points(x, np.stack(steps, axis=1), single)
    f = table(rows, points)
    with np.errstate(all="ignore"):
        slope = (f - cost) / (points - x[:, None])
        bend = slope[:, -2] - slope[:, -1]
        if plain:
            value, rounding = slope[:, 0], _NOISE_SAFETY * _noise(f, noise) / h
            truncation = 2.0 * np.abs(slope[:, 0] - slope[:, 1])
            jump = bend - 2.0 * (slope[:, 0] - slope[:, 1])
        else:
            first, second = 2 * slope[:, 1] - slope[:, 0], 2 * slope[:, 2] - slope[:, 1]
            value = second + (second - first) / 3.0
            truncation = np.abs(second - first) / 3.0
            rounding = 4.0 * _NOISE_SAFETY * _noise(f, noise) / h
            jump = bend - 2.0 * (slope[:, 1] - slope[:, 2])
        # A jump is at most the difference of the two sides; it is less for x^3 at 0.
        jump = np.minimum(np.abs(jump), np.abs(bend))
        return _Estimate(
            value,
            truncation,
            rounding,
            _jump(jump, rounding),
            np.abs(bend),
            np.abs(slope).max(axis=1),
            np.abs(jump),
        )


def _points(x, steps, single):
    points = x[:, None] + steps
    # J is computed at float32 numbers; the distance between these counts.
    return points.astype(np.float32).astype(np.float64) if single else points


def _noise(f, noise):
    return noise + 4.0 * EPS * np.nan_to_num(np.abs(f).max(axis=1), posinf=0.0)


def _jump(jump, rounding):
    """Jump of the slope at theta: left and right slopes differ, and not in proportion to h."""
    return np.maximum(np.abs(jump) - 5.0 * rounding, 0.0)


def _most_jump(estimate):
    """The largest jump of the slope that the values of an estimate allow."""
    return estimate.seeming + 5.0 * estimate.rounding


def _is_kink(found, typical, fixed=False):
    size = np.maximum(np.nan_to_num(np.abs(found.value), nan=0.0, posinf=0.0), typical)
    seen = found.kink if fixed else found.kink + found.truncation
    # The bend of a smooth cost shrinks with h, and its part that is not proportional to h much
    # faster. At a fixed epsilon a large truncation is no sign of a kink.
    part = 0.5 if fixed else 0.05
    return (seen > 1e-4 * size) & (seen > found.rounding) & (seen > part * found.bend)


def _curvature(found, h):
    return np.nan_to_num(np.maximum(np.abs(found.bend) - found.rounding, 0.0) / h, posinf=0.0)


def root_mean_square(values):
    """Root mean square of the finite values, scaled so that no square overflows."""
    finite = values[np.isfinite(values)]
    largest = np.abs(finite).max(initial=0.0)
    return float(largest * np.sqrt(np.mean((finite / largest) ** 2))) if largest else 0.0
