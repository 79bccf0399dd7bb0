"""Intervals and verdicts where rows of one group are alike: groups count, and not rows."""

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.diagnosis import diagnose_network
from fastnn.diagnosis.evidence.intervals import estimate_of
from fastnn.tables.preparation import Part


def covered(shares, groups, of_groups, rows=80, times=400):
    """How often an interval holds the error on all groups."""
    r, hits = np.random.default_rng(0), 0
    for _ in range(times):
        if shares:
            level = r.beta(2, 2, groups)
            errors = (r.random((groups, rows)) < level[:, None]).astype(float).reshape(-1)
            truth = 0.5
        else:
            level = r.gamma(4, 0.25, groups)
            errors = (level[:, None] * r.chisquare(1, (groups, rows))).reshape(-1)
            truth = 1.0
        member = np.repeat(np.arange(groups), rows) if of_groups else None
        low, high = estimate_of(errors, member, shares=shares).limits(0.95)
        hits += low <= truth <= high
    return hits / times


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("groups", [5, 30])
def test_intervals_by_groups_hold_the_error_on_new_groups(shares, groups):
    assert covered(shares, groups, True) > 0.89
    assert covered(shares, groups, False) < 0.6


@pytest.mark.parametrize("shares", [True, False])
def test_groups_of_one_row_and_of_all_rows(shares):
    r = np.random.default_rng(0)
    errors = (r.random(500) < 0.3).astype(float) if shares else r.chisquare(1, 500)
    rows = np.subtract(*estimate_of(errors, shares=shares).limits(0.95))
    each = np.subtract(*estimate_of(errors, np.arange(500), shares=shares).limits(0.95))
    assert each == pytest.approx(rows, rel=0.02)
    low, high = estimate_of(errors, np.zeros(500), shares=shares).limits(0.95)
    assert low < 0.05
    assert high > 0.95
    if shares:  # without any error five groups are five examples
        none = estimate_of(np.zeros(500), np.arange(500) % 5, shares=True)
        assert none.limits(0.95)[1] > 0.4


@pytest.mark.parametrize("output", ["identity", "sigmoid"])
def test_a_few_groups_against_a_few_others_are_no_overfitting_to_dev(output):
    """Half of the dev groups and most of the test groups are hard; all are drawn alike."""
    r = np.random.default_rng(0)

    def part(hard, rows=240):
        group = np.repeat([f"{k}{level}" for k, level in enumerate(hard)], rows)
        noise = np.repeat(np.array(hard, dtype=float), rows)
        X = r.normal(size=(len(noise), 3)).astype(np.float32)
        y = X @ [1, 1, 1] + 2.5 * noise * r.normal(size=len(noise))
        y = (y > 0).astype(int) if output == "sigmoid" else y
        return Part(X, y, None, np.arange(len(y)), group)

    train, dev, test = part([0, 1] * 10), part([0, 0, 1, 0, 1]), part([1, 1, 1, 0, 1])
    net = fastnn.Network([3, 1], output=output, rng=0)
    net.fit(train.X, train.y, epochs=30)
    by_rows = diagnose_network(
        net, (train.X, train.y), (dev.X, dev.y), test=(test.X, test.y), by_trials=False
    )
    assert by_rows.high_overfitting_to_dev
    found = diagnose_network(net, train, dev, test=test, by_trials=False)
    assert found.errors == pytest.approx(by_rows.errors)
    assert found.high_overfitting_to_dev is None
    assert found.gaps["overfitting_to_dev"].enough
    known = diagnose_network(net, train, dev, test=test, optimal_error=0.0, by_trials=False)
    assert known.verdict.endswith("groups.")
    assert found.groups == {"train_error": 20, "dev_error": 5, "test_error": 5}
    assert "of 1,200 in 5 groups" in str(found)
    assert any("(1,200 in 5 groups" in note for note in found.notes)
    assert any("examples of one group are alike" in note for note in found.notes)


def test_an_estimator_with_groups_is_diagnosed_by_groups():
    r = np.random.default_rng(0)
    store = np.repeat(np.arange(25), 20)
    level = r.normal(size=25)[store]
    frame = pd.DataFrame({"store": store, "x": r.normal(size=500), "sales": level})
    frame["sales"] += frame["x"]
    options = {"quality": None, "epochs": 5, "random_state": 0}
    grouped = fastnn.TableRegressor(groups="store", **options).fit(frame, "sales")
    alone = fastnn.TableRegressor(drop="store", **options).fit(frame, "sales")
    found, rows = (model.diagnose(frame, "sales") for model in (grouped, alone))
    assert found.groups == {"train_error": 20, "dev_error": 5}
    assert not rows.groups
    wide, narrow = (np.subtract(*d.intervals["dev_error"]) for d in (found, rows))
    assert wide < 1.5 * narrow < 0


def test_weights_of_classes_that_are_equal_change_no_error_of_groups():
    """With weights and groups the variance is that of a ratio of weighted sums."""
    r = np.random.default_rng(0)
    X, groups = r.standard_normal((200, 3)), np.arange(200) // 20
    y = (X[:, 0] + r.standard_normal(200) > 0).astype(int)
    net = fastnn.Network([3, 4, 1], rng=0)
    net.fit(X[:100], y[:100], epochs=5)
    train, dev = (
        Part(X[rows], y[rows], None, np.arange(200)[rows], groups=groups[rows])
        for rows in (slice(100), slice(100, 200))
    )
    plain = diagnose_network(net, train, dev, by_trials=False)
    even = diagnose_network(net, train, dev, None, np.ones(2), by_trials=False)
    uneven = diagnose_network(net, train, dev, None, np.array([1.0, 5.0]), by_trials=False)
    assert even.errors["dev_error"] == pytest.approx(plain.errors["dev_error"])
    low, high = plain.intervals["dev_error"]
    assert even.intervals["dev_error"] == pytest.approx((low, high), abs=0.1)
    wrong = net.predict(dev.X).reshape(-1) != dev.y
    weight = np.where(dev.y == 1, 5.0, 1.0)
    assert uneven.errors["dev_error"] == pytest.approx(np.average(wrong, weights=weight), abs=1e-6)
    assert uneven.groups == plain.groups == even.groups
