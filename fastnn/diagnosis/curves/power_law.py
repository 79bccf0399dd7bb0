"""error(m) = a + b m^-c: a learning curve drawn further, with an interval.

The form in which errors of learners, neural networks among them, have been seen to fall with the
number of examples (Cortes et al., 1994; Hestness et al., 2017).
"""

from dataclasses import dataclass

import numpy as np

# Exponents that are tried. Measured ones lie between 0.07 and 1; the fit is linear given c.
EXPONENTS = np.linspace(0.05, 1.5, 59)
DRAWS = 1000
# Noise of the draws over that of the errors. A law with a = 0 that falls slowly is fitted with too
# large an a more often than not; without this, 95 % limits at twice the data held it 83 to 89 % of
# the time.
INFLATION = 1.4


@dataclass(frozen=True)
class PowerLaw:
    """The fitted law, and draws of it that are as likely in view of the scatter."""

    a: float
    b: float
    c: float
    unit: float  # m is counted in these, so that b is an error
    draws: np.ndarray  # (DRAWS, 3) of a, b, c

    def __call__(self, m):
        """The expected error at m examples."""
        return float(self.a + self.b * (m / self.unit) ** -self.c)

    def limits(self, m, confidence=0.95):
        """Confidence limits of the expected error at m examples."""
        return _middle(self._drawn(m), confidence)

    def ratio_limits(self, m, other, confidence=0.95):
        """Confidence limits of the error at `m` over that at `other`: what they share cancels."""
        # A law that is 0 everywhere does not change.
        at_other = np.maximum(self._drawn(other), 1e-300)
        return _middle(np.maximum(self._drawn(m), 1e-300) / at_other, confidence)

    def _drawn(self, m):
        a, b, c = self.draws.T
        return a + b * (m / self.unit) ** -c


def _middle(values, confidence):
    tail = (1 - confidence) / 2
    return tuple(float(v) for v in np.quantile(values, [tail, 1 - tail]))


def fit_power_law(m, error, std, seed=0):
    """The law of least squares with a, b >= 0, and its scatter.

    A law is drawn by taking an exponent in proportion to its likelihood, given the best a and b
    for it, on noise added to the errors: three points say little of an exponent, and the draws
    show how little.

    Parameters
    ----------
    m : (k,) array
        Examples, at least three different numbers.
    error, std : (k,) arrays
        Errors, and the standard deviation of each.
    """
    m, error, std = (np.asarray(v, np.float64) for v in (m, error, std))
    rng = np.random.default_rng(seed)
    unit = float(m.max())
    (a, b, misfit) = _fits(m / unit, error[np.newaxis], std)
    best = misfit[0].argmin()
    noisy = error + INFLATION * std * rng.standard_normal((DRAWS, len(error)))
    A, B, chosen = _fits(m / unit, noisy, std)
    likelihood = np.exp(-0.5 * (chosen - chosen.min(axis=1, keepdims=True)) / INFLATION**2)
    cumulated = likelihood.cumsum(axis=1) / likelihood.sum(axis=1, keepdims=True)
    index = (cumulated < rng.random((DRAWS, 1))).sum(axis=1)
    rows = np.arange(DRAWS)
    draws = np.stack([A[rows, index], B[rows, index], EXPONENTS[index]], axis=1)
    return PowerLaw(float(a[0, best]), float(b[0, best]), float(EXPONENTS[best]), unit, draws)


def _fits(x, errors, std):
    """a, b >= 0 and the weighted misfit of each row of `errors` (r, k), for each exponent."""
    w = 1 / std**2
    powers = x[:, np.newaxis] ** -EXPONENTS  # (k, exponents)
    s, sx, sxx = w.sum(), w @ powers, w @ powers**2
    sy = (errors @ w)[:, np.newaxis]
    sxy = errors @ (w[:, np.newaxis] * powers)  # (r, exponents)
    b = (s * sxy - sx * sy) / (s * sxx - sx**2)
    b = np.maximum(b, 0)
    a = (sy - b * sx) / s
    # Where a law would fall below 0, it is one that goes to 0; where it would rise, it is flat.
    b = np.where(a < 0, np.maximum(sxy / sxx, 0), b)
    a = np.maximum(np.where(b > 0, (sy - b * sx) / s, sy / s), 0)
    a = np.where(a * s < 1e-12 * np.abs(sy), 0, a)
    fitted = a[..., np.newaxis] + b[..., np.newaxis] * powers.T  # (r, exponents, k)
    return a, b, (w * (errors[:, np.newaxis] - fitted) ** 2).sum(axis=2)
