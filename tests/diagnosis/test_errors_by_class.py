"""Errors by class: told where classes are uneven, with right figures, and nowhere else."""

import html

import numpy as np
import pytest

import fastnn


def uneven(classes, rare, dtype, m=400):
    """A set where class 1 has a share `rare`, and X hides a third of it."""
    r = np.random.default_rng(0)
    y = r.integers(classes, size=m)
    y[y == 1] = 0
    y[r.permutation(m)[: round(rare * m)]] = 1
    X = r.normal(size=(m, 5)).astype(dtype)
    X[np.arange(m), y] += 6
    hidden = np.flatnonzero(y == 1)[::3]
    X[hidden, 1] -= 6
    X[hidden, 0] += 6
    return X, y


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_figures_of_each_class(classes, dtype):
    X, y = uneven(classes, 0.06, dtype)
    units = 1 if classes == 2 else classes
    net = fastnn.Network([5, units], dtype=dtype, rng=0)
    net.fit(X, y, epochs=60, learning_rate=0.05)
    diagnosis = net.diagnose((X, y), (X, y))
    assert [each.label for each in diagnosis.by_class] == list(range(classes))
    wrong = net.predict(X).reshape(-1) != y
    for each in diagnosis.by_class:
        mine = wrong[y == each.label]
        assert (each.error, each.count) == (pytest.approx(mine.mean()), mine.size)
        assert each.limits[0] <= each.error <= each.limits[1]
    errors = [each.error for each in diagnosis.by_class]
    assert errors[1] == max(errors) > 0.2
    assert "Dev errors by class" in str(diagnosis)
    assert f"of {np.count_nonzero(y == 1)}" in str(diagnosis)
    assert html.escape("class 1") in diagnosis._repr_html_()


def test_nothing_of_even_classes_values_and_several_labels():
    X, y = uneven(2, 0.5, "float64")
    for net, targets in (
        (fastnn.Network([5, 1], rng=0), y),
        (fastnn.Network([5, 1], output="identity", rng=0), X[:, 0]),
        (fastnn.Network([5, 2], output="sigmoid", rng=0), np.c_[y, 1 - y]),
    ):
        net.fit(X, targets, epochs=3)
        diagnosis = net.diagnose((X, targets), (X, targets))
        assert diagnosis.by_class == ()
        assert "by class" not in str(diagnosis) + diagnosis._repr_html_()


def test_of_many_classes_the_worst_are_shown():
    r = np.random.default_rng(0)
    y = np.r_[np.repeat(np.arange(14), 30), [14, 14]]
    X = r.normal(size=(len(y), 3))
    net = fastnn.Network([3, 15], rng=0)
    net.fit(X, y, epochs=20)
    diagnosis = net.diagnose((X, y), (X, y))
    assert len(diagnosis.by_class) == 15
    shown = str(diagnosis).count("\n  class ")
    assert shown == 10


def test_improve_tells_them_too():
    X, y = uneven(2, 0.06, "float64")
    result = fastnn.improve([5, 1], (X, y), (X, y), seconds=None, trials=1, seeds=1, epochs=5)
    assert [each.label for each in result.by_class] == [0, 1]
    wrong = result.network.predict(X) != y
    assert result.by_class[1].error == pytest.approx(wrong[y == 1].mean())
    assert "Dev errors by class" in str(result)
    assert "class 1" in result._repr_html_()
