"""Costs that move in steps: those of a network that is sure of every label."""

import numpy as np
import pytest

import fastnn


class Sure:
    """A softmax regression that is right on every example, by a margin of at least scale / 2."""

    def __init__(self, seed, dtype, scale):
        r = np.random.default_rng(seed)
        X, W = r.standard_normal((20, 4)).astype(dtype), scale * r.standard_normal((4, 3))
        ordered = np.sort(X @ W, axis=1)
        self.X = X[ordered[:, -1] - ordered[:, -2] > 0.5 * scale]
        self.y, self.dtype = (self.X @ W).argmax(axis=1), dtype
        self.theta = {"W": W.astype(dtype), "b": np.zeros(3, dtype)}

    def _shifted(self, theta):
        Z = self.X @ theta["W"].astype(self.dtype) + theta["b"].astype(self.dtype)
        return Z - Z.max(axis=1, keepdims=True)

    def cost(self, theta):
        Z = self._shifted(theta)
        given = Z[np.arange(len(Z)), self.y]
        return np.mean(np.log(np.exp(Z).sum(axis=1)) - given, dtype=self.dtype)

    def grad(self, theta, factor=1):
        d = np.exp(self._shifted(theta))
        d /= d.sum(axis=1, keepdims=True)
        d[np.arange(len(d)), self.y] -= 1
        d *= self.dtype(factor / len(d))
        return {"W": self.X.T @ d, "b": d.sum(axis=0)}


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [
        (np.float32, 20),
        (np.float32, 30),
        (np.float32, 60),
        (np.float64, 40),
        (np.float64, 60),
        (np.float64, 100),
    ],
)
def test_a_right_gradient_below_the_steps_of_the_cost_is_not_called_wrong(dtype, scale):
    for seed in range(15):
        sure = Sure(seed, dtype, scale)
        check = fastnn.gradcheck(sure.cost, sure.grad, sure.theta)
        assert check.verdict != "wrong", (seed, check)


@pytest.mark.parametrize(("dtype", "scale"), [(np.float32, 3), (np.float64, 20)])
def test_a_wrong_gradient_that_shows_is_called_wrong(dtype, scale):
    for seed in range(15):
        sure = Sure(seed, dtype, scale)
        check = fastnn.gradcheck(sure.cost, sure.grad, sure.theta)
        assert check.verdict == "correct", (seed, check)
        check = fastnn.gradcheck(sure.cost, lambda t, s=sure: s.grad(t, factor=1.1), sure.theta)
        assert check.verdict == "wrong", (seed, check)


def test_a_cost_that_ignores_theta_is_still_told():
    for dtype in (np.float32, np.float64):
        check = fastnn.gradcheck(
            lambda t, dtype=dtype: dtype(0.5), lambda t: {"w": np.ones(3)}, {"w": np.ones(3)}
        )
        assert check.verdict == "wrong"
        assert "does J depend on" in check.findings[0].text
