"""A network whose predictions say nothing of y: told, and not taken for a rare class."""

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.diagnosis import Instead, Words, diagnose_network
from fastnn.diagnosis.evidence.unrelated import is_related, unrelated_in_words

NOT = "are not related to"


@pytest.mark.parametrize("outputs", ["binary", "three", "values"])
def test_noise_is_called_related_in_one_of_forty_cases(outputs):
    found = 0
    for seed in range(400):
        r = np.random.default_rng(seed)
        A = r.dirichlet([1, 1, 1], 120) if outputs == "three" else r.random((120, 1))
        y = r.normal(size=120) if outputs == "values" else r.integers(0, A.shape[1] + 1, 120)
        y = np.minimum(y, A.shape[1] - 1 or 1) if outputs != "values" else y
        found += is_related(A, y)
    assert 1 <= found <= 22  # 10 are expected


def test_a_weak_score_that_never_says_yes_is_related():
    r = np.random.default_rng(0)
    z = r.normal(size=2000)
    y = (r.random(2000) < 0.03 * np.exp(z)).astype(int)
    p = (0.02 * np.exp(z) / (1 + 0.02 * np.exp(z)))[:, np.newaxis]
    assert p.max() < 0.5
    assert is_related(p, y)
    assert not is_related(r.permutation(p), y)


def test_equal_targets_tell_nothing():
    assert is_related(np.random.default_rng(0).random((50, 1)), np.ones(50))


def test_rows_of_few_groups_are_few():
    r, group = np.random.default_rng(0), np.repeat(np.arange(6), 100)
    score = np.array([0.1, 0.4, 0.6, 0.2, 0.5, 0.7])[group] + 0.01 * r.random(600)
    y = np.array([0, 0, 1, 0, 1, 0])[group]
    assert is_related(score[:, np.newaxis], y)
    assert not is_related(score[:, np.newaxis], y, groups=group)
    alone = np.arange(600)
    assert is_related(score[:, np.newaxis], y, groups=alone)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_handful_of_groups_shows_nothing_either_way(count):
    r = np.random.default_rng(0)
    x, noise = r.normal(size=(2, 600))
    assert is_related(x[:, np.newaxis], 3 * x + 0.1 * noise, groups=np.arange(600) % count)


def test_a_good_model_of_few_groups_is_not_warned_of():
    r = np.random.default_rng(0)
    x, z, noise = r.normal(size=(3, 3500))
    frame = pd.DataFrame({"x": x, "z": z, "site": np.repeat(list("abcde"), 700)})
    frame["y"] = 3 * x + 2 * z + 0.1 * noise
    model = fastnn.TableRegressor(quality=None, groups="site", epochs=5).fit(frame, "y")
    assert model.score(frame, frame["y"]) > 0.9
    assert not any(NOT in notice for notice in model.notices_)


def test_the_words_count_groups_where_there_are_groups():
    said = unrelated_in_words("on the dev rows", "'y'", 4000, np.repeat(np.arange(8), 500))
    assert said.endswith("or 8 groups are too few")
    said = unrelated_in_words("on the dev rows", "'y'", 400, np.repeat(np.arange(200), 2))
    assert said.endswith(", or training has not found what they say")


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_a_diagnosis_tells_of_noise_and_not_of_signal(output):
    r = np.random.default_rng(2)
    X = r.normal(size=(700, 5))
    outputs = 2 if output == "softmax" else 1
    for signal in (0, 2):
        z = signal * X[:, 0] + r.normal(size=700)
        y = z if output == "identity" else (z > 0).astype(int)
        net = fastnn.Network([5, 16, outputs], output=output, rng=0)
        net.fit(X[:500], y[:500], epochs=40)
        train, dev = (X[:500], y[:500]), (X[500:], y[500:])
        d = diagnose_network(net, train, dev, by_trials=False)
        told = [text for text in (*d.advice, *d.notes) if NOT in text]
        assert len(told) == (signal == 0)
        assert all("200 are too few" in text for text in told)
        d = net.diagnose(train, dev)  # with trials a cause can say it instead, once
        said = [text for text in (*d.advice, *d.notes) if NOT in text or "X seems to" in text]
        assert len(said) == (signal == 0)
        # One answer to all rows bounds the optimal error.
        most = 1 if output == "identity" else 1 - np.bincount(y[:500]).max() / 500
        assert d.intervals.get("optimal_error", (0, 0))[1] <= most


@pytest.mark.parametrize("words", [Words(), Words(instead=Instead("longer", "a mean of more"))])
def test_more_data_is_no_certain_advice_where_the_inputs_may_say_nothing(words):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(400, 20)), r.integers(0, 2, 400)
    net = fastnn.Network([20, 64, 1], rng=0)
    net.fit(X[:250], y[:250], epochs=150)
    d = diagnose_network(net, (X[:250], y[:250]), (X[250:], y[250:]), words, by_trials=False)
    assert d.high_variance
    assert not d.causes
    first, second, *_ = (text for text in d.advice if text.startswith("variance"))
    assert first.startswith("variance: more data helps only if the inputs tell of the target; ")
    assert NOT in first
    assert second.startswith("variance: more data (")
    assert not any(NOT in note for note in d.notes)


def test_a_table_of_noise_gets_no_advice_on_thresholds():
    r = np.random.default_rng(0)
    frame = pd.DataFrame(r.normal(size=(400, 4)), columns=list("abcd"))
    frame["y"] = r.choice(["no", "yes"], 400, p=[0.8, 0.2])
    with pytest.warns(UserWarning, match=NOT):
        model = fastnn.TableClassifier(quality="fast").fit(frame, "y")
    (told,) = (notice for notice in model.notices_ if NOT in notice)
    assert "threshold" not in told
    assert "the inputs say nothing of 'y'" in told
    d = model.diagnose(frame, "y")
    assert any(NOT in text for text in (*d.advice, *d.notes))
    assert not any("decide by the probabilities" in note for note in d.notes)
