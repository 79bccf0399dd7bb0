"""One array of parameters in a gradient check, and the fit of models to its error."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Block:
    """One array of a gradient check: vectors over all of its components."""

    name: str
    start: int
    shape: tuple[int, ...]
    theta: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    uncertainty: np.ndarray
    compared: np.ndarray
    checked: np.ndarray
    off: np.ndarray
    is_off: bool
    penalty: np.ndarray  # the penalty's gradient, where it is known
    penalties: tuple[float, float] | None

    @classmethod
    def of(cls, check, parameter):
        s = parameter.slice
        theta, penalties = check.theta[s], check.penalties.get(parameter.name)
        l2, l1 = penalties or (0.0, 0.0)
        return cls(
            parameter.name,
            parameter.start,
            parameter.shape,
            theta,
            check.analytic[s],
            check.numeric[s],
            check.uncertainty[s],
            check.compared[s],
            check.checked[s],
            check.off[s],
            check.is_off(parameter),
            l2 * theta + l1 * np.sign(theta),
            penalties,
        )

    @property
    def symbol(self):
        return symbol(self.name)

    @property
    def everywhere(self):
        """The words that say of which components something holds: all, or the checked ones."""
        n = int(self.compared.sum())
        if not self.checked.all():
            return (
                " in the one component that was checked"
                if n == 1
                else (f" in the {n:,} components that were checked")
            )
        return " everywhere" if n > 1 else ""

    @property
    def count(self):
        """The number of components that are compared, in words."""
        return f"{int(self.compared.sum()):,} components" + (
            "" if self.checked.all() else " that were checked"
        )

    @property
    def is_null(self):
        """Whether its gradient is zero, so that no factor could be wrong."""
        n, u = self.numeric[self.compared], self.uncertainty[self.compared]
        return bool((np.abs(n) <= 2.0 * u).all())

    @property
    def weight(self):
        """Sum of (gradient / uncertainty)^2: the larger, the better it determines a factor."""
        n, u = self.numeric[self.compared], self.uncertainty[self.compared]
        return float(np.sum((n / np.maximum(u, 1e-300)) ** 2))

    def explained_by(self, model, where=None, numeric_enters=1.0, robust=False):
        """Whether `model` is the analytic gradient within the uncertainties."""
        where = self.compared if where is None else where
        slack = (1.0 + abs(numeric_enters)) * self.uncertainty + 1e-9 * np.abs(self.analytic)
        excess = (np.abs(self.analytic - model) / (slack + 1e-300))[where]
        if robust and excess.size >= 20:
            # A few bounds are too narrow: where kinks are near, or where roundings add up.
            return bool((excess > 1.0).mean() <= 0.05 and (excess <= 10.0).all())
        return bool((excess <= 1.0).all())

    def fit(self, target, *terms, where=None):
        """Coefficients of ``target = sum_k c_k terms_k``, by weighted least squares."""
        where = self.compared if where is None else where
        scale = np.abs(self.numeric[where]).max(initial=0.0)
        weight = 1.0 / (self.uncertainty[where] + 1e-15 * scale + 1e-300)
        columns = np.stack([term[where] * weight for term in terms], axis=1)
        sizes = np.linalg.norm(columns, axis=0)
        if not np.isfinite(sizes).all() or not sizes.all() or len(columns) < len(terms):
            return None
        columns, goal = columns / sizes, target[where] * weight
        solution, _, rank, _ = np.linalg.lstsq(columns, goal, rcond=1e-10)
        for _ in range(4):
            # Huber's weights: a few errors beyond their bounds must not move the fit of the rest.
            error = np.abs(goal - columns @ solution)
            typical = 3.0 * np.median(error)
            if rank < len(terms) or not typical > 0.0 or not (error > typical).any():
                break
            less = np.sqrt(np.minimum(1.0, typical / np.maximum(error, typical)))
            solution, _, rank, _ = np.linalg.lstsq(
                columns * less[:, None], goal * less, rcond=1e-10
            )
        return solution / sizes if rank == len(terms) else None

    def allows_factor(self, c):
        """Whether the gradient may be c times the right one, with or without its penalty."""
        c = float(c)
        if self.is_null and not self.is_off:
            return True
        robust = c not in (0.0, 1.0)
        for penalty in (*self.known_penalties(), *(() if self.penalties else (None,))):
            if penalty is None:
                target = self.analytic - c * self.numeric
                k = self.fit(target, self.theta)
                penalty = None if k is None else k[0] / (1.0 - c) * self.theta
            if penalty is not None and self.explained_by(
                c * (self.numeric - penalty) + penalty,
                numeric_enters=2.0 * abs(c) + 1.0,
                robust=robust,
            ):
                return True
        return False

    def known_penalties(self):
        """Parts of the gradient that may be right while the rest is wrong: none, or the penalty."""
        yield np.zeros_like(self.penalty)
        if self.penalty.any():
            yield self.penalty

    def square(self, vector):
        return vector.reshape(self.shape)


def symbol(name):
    """The gradient of an array, in words: "dW2", or "the gradient of hidden.W"."""
    return f"d{name}" if name.isidentifier() else f"the gradient of {name}"
