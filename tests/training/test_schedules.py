"""Learning rates of every update by each schedule."""

import math

import numpy as np
import pytest
from small_fits import X, Y, classifier

import fastnn

SCHEDULES = {
    "constant": lambda e: 1,
    "linear": lambda e: 1 - e / 6,
    "cosine": lambda e: (1 + math.cos(math.pi * e / 6)) / 2,
    "step": lambda e: 0.1 ** (e // 30),
    "exponential": lambda e: 0.95**e,
    "inverse": lambda e: 1 / (1 + e),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_by_name_and_as_a_function(name):
    """240 rows in batches of 100 are 3 updates an epoch."""
    seen = []

    def function(epoch):
        seen.append(epoch)
        return SCHEDULES[name](epoch)

    settings = {"epochs": 6, "batch_size": 100, "learning_rate": 0.02, "optimizer": "momentum"}
    net, twin = classifier(dtype="float64"), classifier(dtype="float64")
    history = net.fit(X, Y, schedule=name, **settings)
    twin.fit(X, Y, schedule=function, **settings)
    assert all(type(epoch) is float for epoch in seen)
    np.testing.assert_allclose(seen, np.arange(18) / 3, rtol=1e-15)
    last = [0.02 * SCHEDULES[name](epoch + 2 / 3) for epoch in range(6)]
    np.testing.assert_allclose(history.learning_rate, last, rtol=1e-12)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=1e-9)


def test_settings_of_schedules():
    for schedule, factors in {
        fastnn.schedules.Step(factor=0.5, every=2): [1, 1, 0.5, 0.5],
        fastnn.schedules.Linear(end=0.5): [1, 0.875, 0.75, 0.625],
        fastnn.schedules.Constant(warmup=2): [0, 0.5, 1, 1],
        fastnn.schedules.Linear(warmup=2): [0, 0.5, 1, 0.5],
        fastnn.schedules.Cosine(end=1): [1, 1, 1, 1],
        fastnn.schedules.Exponential(factor=0.5): [1, 0.5, 0.25, 0.125],
        fastnn.schedules.Inverse(rate=2): [1, 1 / 3, 1 / 5, 1 / 7],
    }.items():
        history = classifier().fit(
            X, Y, epochs=4, batch_size=None, learning_rate=1, schedule=schedule, optimizer="gd"
        )
        np.testing.assert_allclose(history.learning_rate, factors, 1e-12, err_msg=str(schedule))


def test_an_exception_in_a_schedule_propagates():
    net = classifier()
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=5, schedule=lambda epoch: 1 / (3 - epoch), batch_size=None)
    assert len(net.history) == 3
    net.fit(X, Y, epochs=1)
