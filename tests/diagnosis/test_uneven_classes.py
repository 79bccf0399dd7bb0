"""Uneven classes with noise: what is advised must not make the network worse than it was."""

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.causes.association import is_associated
from fastnn.diagnosis.causes.uneven import against_one_answer, has_enough, never_predicted


def uneven(seed, rows, share, strength=1.0, columns=30):
    """(training, dev, test set): a share of positives of which X tells only a chance."""
    r = np.random.default_rng(seed)
    X = r.normal(size=(rows, columns))
    X[:, ::2] = np.rint(2 * np.exp(0.7 * X[:, ::2]))  # counts with a long tail
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    z = Z[:, :8] @ r.normal(size=8)
    z *= strength / z.std()
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        too_many = (1 / (1 + np.exp(-z - middle))).mean() > share
        low, high = (low, middle) if too_many else (middle, high)
    y = (r.random(rows) < 1 / (1 + np.exp(-z - low))).astype(int)
    parts = fastnn.split(X, y, sizes=(0.6, 0.2, 0.2), rng=seed)
    return tuple((part.X, part.y) for part in parts)


def change_in_errors(before, after, test):
    """The change of the test error over its standard error, example by example."""
    X, y = test
    difference = (after.predict(X) != y).astype(float) - (before.predict(X) != y)
    spread = difference.std(ddof=1) / np.sqrt(len(difference))
    return difference.mean() / spread if spread else 0.0


STARTS = {
    "learning rate": ({}, {"learning_rate": 1e-7}),
    "two epochs": ({}, {"epochs": 2, "batch_size": 1024}),
    "zeros": ({"init": "zeros"}, {}),
    "overfitted": ({}, {"epochs": 100}),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(
    ("seed", "rows", "share"), [(0, 3000, 0.06), (1, 4000, 0.03), (2, 3000, 0.1)]
)
def test_advice_does_not_raise_the_error(start, seed, rows, share):
    train, dev, test = uneven(seed, rows, share)
    settings, options = STARTS[start]
    options = {"epochs": 40, "batch_size": 64, **options}
    net = fastnn.Network([30, 32, 32, 1], normalize=True, rng=seed, **settings)
    net.fit(*train, **options)
    d = net.diagnose(train, dev)
    change = dict(d.change)
    assert change or "but keep this network unless the new one has" in str(d)
    names = ("epochs", "learning_rate", "early_stopping")
    options |= {name: change.pop(name) for name in names if name in change}
    after = net.like(rng=seed + 10, **change)
    after.fit(*train, dev=dev, **options)
    assert change_in_errors(net, after, test) <= 2


def test_what_is_no_better_than_the_most_frequent_class_is_told_so():
    r = np.random.default_rng(0)
    X = r.normal(size=(2000, 4))
    y = (r.random(2000) < 0.05 * np.exp(X[:, 0] - 0.5)).astype(int)
    train, dev = (X[:1200], y[:1200]), (X[1200:], y[1200:])
    net = fastnn.Network([4, 1], rng=0)  # ranks the rows, and never says 1
    net.fit(*train, epochs=100)
    text = against_one_answer(net, train, dev)
    error = np.mean(dev[1])
    assert text.startswith(f"always answering class 0 has a dev error of {100 * error:.3g} %")
    assert "the error of each class" in text
    assert text in net.diagnose(train, dev).notes


def test_nothing_is_said_where_the_error_is_lower_or_classes_are_even():
    r = np.random.default_rng(0)
    X = r.normal(size=(2000, 4))
    rare, even = (X[:, 0] > 1.3).astype(int), (X[:, 0] > 0).astype(int)
    for y in (rare, even):
        train, dev = (X[:1500], y[:1500]), (X[1500:], y[1500:])
        net = fastnn.Network([4, 16, 1], rng=0)
        net.fit(*train, epochs=30)
        assert against_one_answer(net, train, dev) is None
    values = fastnn.Network([4, 16, 1], output="identity", rng=0)
    values.fit(X, X[:, 0], epochs=1)
    assert against_one_answer(values, (X, X[:, 0]), (X, X[:, 0])) is None


@pytest.mark.parametrize("share", [0.005, 0.015])
def test_a_class_below_the_tolerance_is_looked_for(share):
    """An error of 1.5 % is low, but not where 1.5 % are positive."""
    r = np.random.default_rng(3)
    X = r.normal(size=(6000, 3))
    y = (r.random(6000) < share).astype(int)
    train, dev = (X[:4000], y[:4000]), (X[4000:], y[4000:])
    net = fastnn.Network([3, 8, 1], rng=0)
    net.fit(*train, epochs=60)
    assert not net.predict(X).any()
    d = net.diagnose(train, dev)
    assert d.causes[0].name == "one answer is given to every example"
    assert d.high_bias is not True


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_never_predicted_of_every_kind_of_output(classes):
    r = np.random.default_rng(0)
    X = r.normal(size=(600, 3))
    y = (np.arange(600) % 20 == 0).astype(int) * (1 if classes < 3 else r.integers(1, 3, 600))
    net = fastnn.Network([3, 4, classes], l2=600.0, rng=0)
    net.fit(X, y, epochs=20, learning_rate=0.01)
    cause = never_predicted(net, (X, y))
    assert cause.name == "one answer is given to every example"
    assert ("a threshold below a half" in cause.advice) is (classes < 3)
    assert cause.evidence.endswith("never classes 1, 2" if classes == 3 else "never class 1")


def test_few_examples_of_a_rare_class_tell_nothing_of_x():
    """150 rows with 5 positives: that no column goes with y is no evidence."""
    train, dev, _ = uneven(1, 4000, 0.05, strength=2.0)
    few = train[0][:150], train[1][:150]
    net = fastnn.Network([30, 64, 1], normalize=True, rng=0)
    net.fit(*few, epochs=200)
    assert not has_enough(net, few)
    assert has_enough(net, train)
    assert all("nothing of y" not in cause.name for cause in net.diagnose(few, dev).causes)


def test_columns_that_are_nearly_always_0_do_not_go_with_a_rare_class():
    """Their correlations are not normal: a few rows that meet by chance look like 5 sigmas."""
    r = np.random.default_rng(0)
    found = 0
    for _ in range(40):
        X = (r.random((400, 100)) < 0.006).astype(float)
        found += is_associated(X, (r.random(400) < 0.05).astype(int), classes=True)
    assert found <= 3


# --- labels that tell nothing, learnt by heart ---------------------------------------------------


@pytest.mark.parametrize("classes", [2, 5])
def test_shuffled_labels_that_are_learnt_by_heart(classes):
    """The training error is 0: only the dev error shows that there is nothing to learn."""
    r = np.random.default_rng(classes)
    X, y = r.normal(size=(400, 40)), r.integers(0, classes, 400)
    train, dev = (X[:250], y[:250]), (X[250:], y[250:])
    net = fastnn.Network([40, 128, classes if classes > 2 else 1], rng=0)
    net.fit(*train, epochs=150, learning_rate=3e-3)
    assert net.error(*train) < 0.02
    d = net.diagnose(train, dev)
    assert d.causes[0].name == "X seems to tell nothing of y"
    assert "are not related to" not in str(d)  # the cause says so


def test_the_scale_of_inputs_that_are_learnt_by_heart():
    """Pixels from 0 to 255 of digits: the training error is 0, the dev error is twice too high."""
    r = np.random.default_rng(0)
    Z = r.normal(size=(900, 30))
    y = (Z[:, 0] + Z[:, 1] - Z[:, 2] > 0).astype(int)
    X = Z * np.geomspace(1, 100, 30) + np.geomspace(1, 300, 30)
    train, dev = (X[:300], y[:300]), (X[300:], y[300:])
    net = fastnn.Network([30, 64, 64, 1], rng=0)
    net.fit(*train, epochs=400, learning_rate=1e-3, batch_size=32)
    assert net.error(*train) < 0.02
    causes = net.diagnose(train, dev).causes
    assert causes[0].name == "the inputs are not normalized"
    better = fastnn.Network([30, 64, 64, 1], normalize=True, rng=0)
    better.fit(*train, epochs=50)
    assert better.error(*dev) < 0.8 * net.error(*dev)
