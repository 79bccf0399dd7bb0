"""A gap between sets of different distributions is not called variance, nor overfitting to dev."""

import numpy as np
import pandas as pd
import pytest

import fastnn


def rows(m, seed, shift=0.0):
    """Two classes; where X[:, 0] is large, y is random."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, 4))
    X[:, 0] += shift
    y = X[:, 0] + X[:, 1] > 0
    y = np.where(X[:, 0] > 1.5, rng.random(m) < 0.5, y)
    return X, y.astype(int)


@pytest.fixture(scope="module")
def net():
    net = fastnn.Network([4, 16, 1], l2=1.0, rng=0)
    net.fit(*rows(1500, 0), epochs=30)
    return net


def test_shifted_test_examples_are_no_overfitting_to_dev(net):
    d = net.diagnose(rows(1500, 0), rows(800, 1), test=rows(800, 2, shift=2.5))
    assert d.overfitting_to_dev > 0.1
    assert d.high_overfitting_to_dev is None
    assert not any("overfitting" in text for text in d.advice)
    (note,) = (text for text in d.notes if "different distributions" in text)
    assert note.startswith("dev and test")
    assert "most by column 0." in note
    assert d.gaps["overfitting_to_dev"].why == note


def test_shifted_dev_examples_are_no_variance(net):
    d = net.diagnose(rows(1500, 0), rows(800, 1, shift=2.5))
    assert d.variance > 0.1
    assert d.high_variance is None
    assert not any(text.startswith("variance") for text in d.advice)
    assert not any("not related" in text for text in d.notes)
    (note,) = (text for text in d.notes if "different distributions" in text)
    assert note.startswith("training and dev")
    assert "train_dev" in note


def test_sets_may_be_lists(net):
    sets = rows(1500, 0), rows(800, 1, shift=2.5)
    lists = [(X.tolist(), y.tolist()) for X, y in sets]
    found, of_lists = net.diagnose(*sets), net.diagnose(*lists)
    assert of_lists.gaps["variance"].why == found.gaps["variance"].why != ""


def test_with_train_dev_the_gap_is_a_mismatch(net):
    d = net.diagnose(rows(1500, 0), rows(800, 1, shift=2.5), train_dev=rows(1500, 2))
    assert d.high_data_mismatch
    assert not d.high_variance


@pytest.mark.parametrize("seed", range(4))
def test_variance_and_overfitting_of_one_distribution_are_still_called_so(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((1500, 4)), rng.integers(0, 2, 1500)
    net = fastnn.Network([4, 128, 1], rng=seed)
    net.fit(X[:200], y[:200], epochs=600, learning_rate=0.01)
    seen, new, newer = ((X[a:b], y[a:b]) for a, b in ((0, 100), (100, 200), (200, 1500)))
    assert net.diagnose(seen, newer).high_variance
    assert net.diagnose(seen, new, test=newer).high_overfitting_to_dev


def test_later_rows_of_a_table_are_no_dev_set_that_was_used_up():
    rng = np.random.default_rng(0)
    day = np.sort(rng.integers(0, 1500, 1500))
    frame = pd.DataFrame({"day": day, "promo": rng.standard_normal(1500)})
    frame["demand"] = (day / 400) ** 4 + 5 * frame["promo"] + rng.standard_normal(1500)
    model = fastnn.TableRegressor(quality="fast", time="day").fit(frame[:1000], "demand")
    d = model.diagnose(frame[:1000], "demand", test=(frame[1300:], "demand"))
    assert d.overfitting_to_dev > 0.02
    assert d.high_overfitting_to_dev is None
    (note,) = (text for text in d.notes if "dev and test" in text)
    assert "most by column 'day'" in note
