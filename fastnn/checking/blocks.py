"""One array of parameters in a gradient check, and how a model of its error fits."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Block:
    """What is known of one array: vectors over all of its components."""

    name: str
    start: int
    shape: tuple[int, ...]
    theta: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    uncertainty: np.ndarray
    compared: np.ndarray
    off: np.ndarray
    is_off: bool
    penalty: np.ndarray      # the penalty's gradient, where it is known
    penalties: tuple[float, float] | None

    @classmethod
    def of(cls, check, parameter):
        s = parameter.slice
        theta, penalties = check.theta[s], check.penalties.get(parameter.name)
        l2, l1 = penalties or (0.0, 0.0)
        return cls(parameter.name, parameter.start, parameter.shape, theta, check.analytic[s],
                   check.numeric[s], check.uncertainty[s], check.compared[s], check.off[s],
                   check.is_off(parameter), l2 * theta + l1 * np.sign(theta), penalties)

    @property
    def symbol(self):
        """dW2; of another kind of name: the gradient of hidden.W."""
        return f"d{self.name}" if self.name.isidentifier() else f"the gradient of {self.name}"

    @property
    def is_null(self):
        """Whether there is nothing in it that could be wrong: its gradient is zero."""
        n, u = self.numeric[self.compared], self.uncertainty[self.compared]
        return bool((np.abs(n) <= 2.0 * u).all())

    @property
    def weight(self):
        """How well a factor is determined by it."""
        n, u = self.numeric[self.compared], self.uncertainty[self.compared]
        return float(np.sum((n / np.maximum(u, 1e-300)) ** 2))

    def explained_by(self, model, where=None, numeric_enters=1.0):
        """Whether `model` is the analytic gradient within the uncertainties."""
        where = self.compared if where is None else where
        slack = (1.0 + abs(numeric_enters)) * self.uncertainty + 1e-9 * np.abs(self.analytic)
        return bool((np.abs(self.analytic - model)[where] <= slack[where]).all())

    def fit(self, target, *terms, where=None):
        """Coefficients of ``target = sum_k c_k terms_k``, by weighted least squares."""
        where = self.compared if where is None else where
        scale = np.abs(self.numeric[where]).max(initial=0.0)
        weight = 1.0 / (self.uncertainty[where] + 1e-15 * scale + 1e-300)
        columns = np.stack([term[where] * weight for term in terms], axis=1)
        sizes = np.linalg.norm(columns, axis=0)
        if not np.isfinite(sizes).all() or not sizes.all() or len(columns) < len(terms):
            return None
        solution, _, rank, _ = np.linalg.lstsq(columns / sizes, target[where] * weight,
                                               rcond=1e-10)
        return solution / sizes if rank == len(terms) else None

    def allows_factor(self, c):
        """Whether the gradient, or that without its penalty, may be c times what it should be."""
        c = float(c)
        if self.is_null and not self.is_off:
            return True
        for penalty in (*self.known_penalties(), *(() if self.penalties else (None,))):
            if penalty is None:
                target = self.analytic - c * self.numeric
                k = self.fit(target, self.theta)
                penalty = None if k is None else k[0] / (1.0 - c) * self.theta
            if penalty is not None and self.explained_by(
                    c * (self.numeric - penalty) + penalty, numeric_enters=2.0 * c + 1.0):
                return True
        return False

    def known_penalties(self):
        """What of the gradient may be right while the rest is wrong: nothing, or the penalty."""
        yield np.zeros_like(self.penalty)
        if self.penalty.any():
            yield self.penalty

    def square(self, vector):
        return vector.reshape(self.shape)
