"""Bias and variance: the cases of the notes, intervals that cover, advice in order, laws."""

import pickle
import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

import fastnn
from fastnn.diagnosis.bias_variance.advice import Known, against_rises, bigger
from fastnn.diagnosis.bias_variance.from_data import (
    MOST,
    _is_as_drawn,
    _unexplained,
    diagnose_network,
)
from fastnn.diagnosis.bias_variance.from_errors import conclude
from fastnn.diagnosis.evidence.descent import falling_rate, rises
from fastnn.diagnosis.evidence.intervals import (
    Bracket,
    Estimate,
    difference_limits,
    estimate_of,
    examples_to_tell,
    is_above,
)
from fastnn.text.words import about

shares = st.floats(0, 1)
counts = st.integers(1, 10**6)


# --- the notes' table --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "dev", "optimal", "bias", "variance"),
    [
        (0.01, 0.11, 0.0, False, True),
        (0.15, 0.16, 0.0, True, False),
        (0.15, 0.30, 0.0, True, True),
        (0.005, 0.01, 0.0, False, False),
        (0.15, 0.16, 0.15, False, False),
    ],
)
def test_the_cases_of_the_notes(train, dev, optimal, bias, variance):
    for n in (None, 200_000):
        d = fastnn.diagnose(train, dev, optimal_error=optimal, n_train=n, n_dev=n)
        assert (d.high_bias, d.high_variance) == (bias, variance)
        assert d.bias == pytest.approx(train - optimal)
        assert d.variance == pytest.approx(dev - train)
        kinds = {text.split(":")[0] for text in d.advice}
        assert kinds == {name for name, high in (("bias", bias), ("variance", variance)) if high}


def test_a_gap_is_high_above_the_largest_of_three_thresholds():
    assert fastnn.diagnose(0.0, 0.02).high_variance is False
    assert fastnn.diagnose(0.15, 0.17).high_variance is False  # 0.17 - 0.15 > 0.02 in binary
    assert fastnn.diagnose(0.0, 0.021).high_variance is True
    assert fastnn.diagnose(0.001, 0.006, tolerance=0.004).high_variance is True
    # A tenth of the optimal error, and of the other gap.
    assert fastnn.diagnose(0.4, 0.43, optimal_error=0.4).high_variance is False
    assert fastnn.diagnose(0.4, 0.43, optimal_error=0.4, relative_tolerance=0).high_variance is True
    assert fastnn.diagnose(0.025, 0.4).high_bias is False
    assert fastnn.diagnose(0.025, 0.4, share=0).high_bias is True


def test_the_recipe_comes_in_its_order():
    d = fastnn.diagnose(0.15, 0.30)
    steps = [
        "bias: bigger network",
        "bias: train longer",
        "bias: another architecture",
        "variance: more data",
        "variance: regularize",
        "variance: another architecture",
    ]
    assert len(d.advice) == len(steps)
    for text, step in zip(d.advice, steps, strict=True):
        assert text.startswith(step)
    assert "more data" not in " ".join(fastnn.diagnose(0.15, 0.16).advice[:2])


def test_mismatch_and_overfitting_to_dev():
    d = fastnn.diagnose(0.01, 0.1, train_dev_error=0.015, test_error=0.15)
    assert d.variance == pytest.approx(0.005)
    assert d.data_mismatch == pytest.approx(0.085)
    assert d.overfitting_to_dev == pytest.approx(0.05)
    assert (d.high_variance, d.high_data_mismatch, d.high_overfitting_to_dev) == (False, True, True)
    assert [text.split(":")[0] for text in d.advice] == ["data mismatch", "overfitting to dev"]
    d = fastnn.diagnose(0.01, 0.1)
    assert d.data_mismatch is d.high_data_mismatch is d.high_overfitting_to_dev is None


def test_odd_figures_are_remarked_upon():
    d = fastnn.diagnose(0.03, 0.02, optimal_error=0.05)
    assert d.high_bias is False
    assert "below the optimal error" in d.notes[0]
    assert "lower error than training" in d.notes[1]


# --- intervals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "n"), [(0, 10), (1, 10), (37, 500), (500, 500)])
def test_limits_are_scipys(wrong, n):
    expected = binomtest(wrong, n).proportion_ci(0.9, "wilson")
    low, high = Estimate(wrong / n, n).limits(0.9)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("p", "q", "n", "m"),
    [(0.01, 0.11, 2000, 500), (0.15, 0.16, 300, 300), (0.0, 0.03, 1000, 200), (0.4, 0.3, 50, 80)],
)
def test_intervals_cover(p, q, n, m):
    """95 % limits of each error and of the difference hold the truth 95 % of the time."""
    rng, draws = np.random.default_rng(0), 2000
    held = np.zeros(2)
    for a, b in zip(rng.binomial(n, p, draws) / n, rng.binomial(m, q, draws) / m, strict=True):
        d = fastnn.diagnose(a, b, n_train=n, n_dev=m)
        held += [
            low - 1e-12 <= truth <= high + 1e-12
            for truth, (low, high) in (
                (q, d.intervals["dev_error"]),
                (q - p, d.intervals["variance"]),
            )
        ]
    assert (held / draws > 0.93).all()
    assert (held / draws < 0.995).all()


def test_verdicts_are_rarely_wrong():
    """A gap well below the threshold is seldom called high on a small dev set, and the reverse."""
    rng = np.random.default_rng(1)
    for truth, wrong in ((0.05, True), (0.20, False)):  # the threshold: 0.04 + 0.02
        verdicts = [
            fastnn.diagnose(0.04, k / 150, n_dev=150).high_variance
            for k in rng.binomial(150, truth, 400)
        ]
        assert np.mean([v is wrong for v in verdicts]) < 0.04
    assert np.mean([v is True for v in verdicts]) > 0.9  # the test has power


def test_too_small_a_dev_set_is_told_and_how_many_would_do():
    d = fastnn.diagnose(0.05, 0.10, n_dev=100)
    assert d.high_variance is None
    assert "cannot be told by so few dev examples" in d.verdict
    enough = d.gaps["variance"].enough["dev"]
    assert f"{about(enough):,}" in d.notes[0]
    assert fastnn.diagnose(0.05, 0.10, n_dev=enough).high_variance is True
    assert fastnn.diagnose(0.05, 0.10, n_dev=int(0.9 * enough)).high_variance is None
    both = fastnn.diagnose(0.05, 0.08, n_train=100, n_dev=100).gaps["variance"].enough
    assert both.keys() == {"training", "dev"}
    at = fastnn.diagnose(0.0, 0.02, n_dev=1000)
    assert at.gaps["variance"].enough == {}
    assert "near to the threshold" in at.notes[0]


def test_outputs_whose_squares_overflow_count_as_the_largest_error():
    net = fastnn.Network([1, 1], output="identity", dtype=np.float64, rng=0)
    net.theta[:] = 1e200
    assert (_unexplained(net, np.ones((3, 1)), np.zeros(3), 1.0) == MOST).all()


def test_a_verdict_that_rests_on_neighbours_says_so():
    errors = {"train_error": Estimate(0.11), "dev_error": Estimate(0.12)}
    found = conclude({"optimal_error": Bracket(0.1, 0.2), **errors}, Known())
    assert found.high_bias is False
    assert found.notes[0].startswith("bias is not high if at least 10 % of the error is noise")
    given = conclude({"optimal_error": Estimate(0.1), **errors}, Known())
    assert given.high_bias is False
    assert not given.notes


def test_a_few_rows_with_most_of_the_error_are_told_where_they_leave_it_open():
    even = Estimate(0.11, 100, 0.15, spread=0.35)
    for spread in (0.35, 0.01):
        train = Estimate(0.11, 100, 0.15, spread=spread)
        errors = {"optimal_error": Estimate(0.08), "train_error": train, "dev_error": even}
        found = conclude(errors, Known())
        told = [note for note in found.notes if note.startswith("a few rows make most of the")]
        assert found.high_bias is None
        assert len(told) == (spread == 0.01)


def test_what_a_loss_of_its_own_asks_for_is_said():
    """One target and three quantiles of it: squared errors do not judge them."""
    r = np.random.default_rng(0)
    X = r.standard_normal((300, 3))
    y = X[:, 0] + r.standard_normal(300)
    train, dev = (X[:200], y[:200]), (X[200:], y[200:])
    three = fastnn.Network([3, 8, 3], output=fastnn.losses.quantile([0.1, 0.5, 0.9]), rng=0)
    three.fit(*train, epochs=5)
    with pytest.raises(
        ValueError, match=r"(?s)in train: .*Compare net\.cost of training and dev.*one"
    ):
        three.diagnose(train, dev)
    assert three.cost(*train) > 0 < three.cost(*dev)  # what it says works
    high = fastnn.Network([3, 8, 1], output=fastnn.losses.quantile(0.9), rng=0)
    high.fit(*train, epochs=5)
    mean = fastnn.Network([3, 8, 1], output="identity", rng=0)
    mean.fit(*train, epochs=5)
    for net, told in ((high, True), (mean, False)):
        d = diagnose_network(net, train, dev, by_trials=False)
        assert any("as a high quantile from the mean" in text for text in d.notes) == told


def test_few_examples_are_blamed_only_where_they_alone_leave_it_open():
    errors = {"train_error": Estimate(0.1, 1000), "dev_error": Estimate(0.14, 100)}
    known = conclude({"optimal_error": Estimate(0.1), **errors}, Known())
    assert known.verdict.endswith("cannot be told by so few dev and training examples.")
    bounds = conclude({"optimal_error": Bracket(0.0, 0.2), **errors}, Known())
    assert bounds.verdict == "Whether bias or variance is high cannot be told."
    assert bounds.gaps["variance"].enough


@settings(max_examples=200, deadline=None)
@given(shares, shares, counts, counts, st.floats(0, 0.3))
def test_examples_to_tell_do_tell(p, q, n, m, threshold):
    a, b = Estimate(p, n), Estimate(q, m)
    assume(is_above(difference_limits(a, b, 0.95), threshold) is None)
    needed = examples_to_tell(a, b, threshold, 0.95)
    if needed is not None:
        assert is_above(difference_limits(a, b, 0.95, *needed), threshold) is not None


# --- laws --------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(shares, shares, shares, shares)
def test_more_dev_error_never_lowers_variance(train, dev, worse, optimal):
    dev, worse = sorted((dev, worse))
    before, after = (fastnn.diagnose(train, e, optimal_error=optimal) for e in (dev, worse))
    assert after.variance >= before.variance
    assert after.high_variance >= before.high_variance
    assert after.bias == before.bias


@settings(max_examples=200, deadline=None)
@given(shares, shares, st.one_of(st.none(), counts), st.one_of(st.none(), counts), shares)
def test_every_diagnosis_can_be_read(train, dev, n_train, n_dev, optimal):
    d = fastnn.diagnose(train, dev, optimal_error=optimal, n_train=n_train, n_dev=n_dev)
    for name, (low, high) in d.intervals.items():
        value = d.errors.get(name, getattr(d, name, None))
        assert low <= value <= high
    assert d.verdict in str(d)
    assert all(text in str(d) for text in (*d.advice, *d.notes))
    assert bool(d.advice) == bool(d.high_bias or d.high_variance)
    assert d.verdict.endswith(".")
    shown, _, _ = d._repr_html_().partition("<details>")
    assert shown.count("<li>") == len(d.advice) + len(d.notes)


@settings(max_examples=100, deadline=None)
@given(shares, counts, st.integers(1, 1000))
def test_limits_shrink_with_examples(p, n, factor):
    narrow, wide = Estimate(p, n * factor).limits(0.95), Estimate(p, n).limits(0.95)
    assert narrow[1] - narrow[0] <= wide[1] - wide[0] + 1e-12


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "pattern"),
    [
        (
            lambda: fastnn.diagnose(8, 0.1),
            ValueError,
            r"train_error in \[0, 1\].*0\.08 for 8 %; got 8",
        ),
        (lambda: fastnn.diagnose(0.1, -0.1), ValueError, r"dev_error in \[0, 1\]"),
        (lambda: fastnn.diagnose(0.1, float("nan")), ValueError, r"dev_error in .*got nan"),
        (lambda: fastnn.diagnose("0.1", 0.2), TypeError, r"train_error to be a number"),
        (lambda: fastnn.diagnose(0.1, None), TypeError, r"dev_error to be a number, got None"),
        (
            lambda: fastnn.diagnose(0.1, 0.2, optimal_error=1.5),
            ValueError,
            r"optimal_error in \[0, 1",
        ),
        (lambda: fastnn.diagnose(0.1, 0.2, n_dev=0), ValueError, r"n_dev to be at least 1"),
        (lambda: fastnn.diagnose(0.1, 0.2, n_train=1e3), TypeError, r"n_train to be an integer"),
        (lambda: fastnn.diagnose(0.1, 0.2, n_test=5), ValueError, r"test_error with its count 5"),
        (lambda: fastnn.diagnose(0.1, 0.2, confidence=1), ValueError, r"confidence in \(0, 1\)"),
        (lambda: fastnn.diagnose(0.1, 0.2, tolerance=-1), ValueError, r"tolerance in"),
    ],
)
def test_bad_input(call, error, pattern):
    with pytest.raises(error, match=pattern):
        call()


def test_words_are_the_callers():
    X, y = problem(50)
    net = fastnn.Network([8, 2], rng=0)
    with pytest.raises(TypeError, match=r"diagnose has no argument 'tol': expected .*tolerance"):
        net.diagnose((X, y), (X, y), tol=5)
    with pytest.raises(TypeError, match=r"no argument 'n_dev'.*counted from the sets"):
        net.diagnose((X, y), (X, y), n_dev=5)
    with pytest.raises(ValueError, match=r"expected dev to have a y.*got y=None"):
        net.diagnose((X, y), (X, None))
    with pytest.raises(TypeError, match=r"network to be a fastnn\.Network, got 5"):
        fastnn.diagnose(0.1, 0.2, network=5)
    with pytest.raises(TypeError, match=r"fastnn\.History, got 5"):
        fastnn.diagnose(0.1, 0.2, history=5)
    with pytest.raises(TypeError, match=r"net to be a fastnn\.Network, got 5"):
        fastnn.learning_curve(5, (X, y), (X, y))
    with pytest.raises(ValueError, match=r"train_error in \[0, 1\], .*got nan"):
        fastnn.diagnose(float("nan"), 0.1)


def test_a_diagnosis_can_be_kept():
    d = fastnn.diagnose(0.01, 0.11, n_dev=100)
    again = pickle.loads(pickle.dumps(d))
    assert again == d
    assert (repr(again), str(again)) == (repr(d), str(d))
    assert repr(d).startswith("<Diagnosis of bias 1 % and variance 10 %: High variance")


def test_no_other_attribute():
    with pytest.raises(AttributeError, match="no attribute 'high_tide'"):
        fastnn.diagnose(0.1, 0.2).high_tide  # noqa: B018
    assert "high_variance" in dir(fastnn.diagnose(0.1, 0.2))


# --- the descent of J --------------------------------------------------------------------------


def history_of(cost, **more):
    history = fastnn.History()
    history.cost = list(cost)
    history.seconds = [0.0] * len(history.cost)
    for name, value in more.items():
        setattr(history, name, value)
    return history


def test_falling_rate():
    assert falling_rate(history_of(0.996 ** np.arange(200))) == pytest.approx(0.004)
    noisy = 0.99 ** np.arange(300) * np.random.default_rng(0).normal(1, 0.01, 300)
    assert falling_rate(history_of(noisy)) == pytest.approx(0.01, abs=0.001)
    gaps = [c if i % 5 == 4 else float("nan") for i, c in enumerate(0.99 ** np.arange(100))]
    assert falling_rate(history_of(gaps)) == pytest.approx(0.01)
    kinked = [*0.9 ** np.arange(20), *[0.1] * 20]
    assert falling_rate(history_of(kinked, best_epoch=15)) == pytest.approx(0.1)
    assert falling_rate(history_of([1.0, 0.5])) is None
    assert falling_rate(history_of([1.0, 0.0, 0.0])) is None


def problem(m=400, noise=0.0, features=8):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((m, features))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + noise * rng.standard_normal(m) > 0).astype(int)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_full_batch_descent_falls_every_time(dtype):
    X, y = problem()
    net = fastnn.Network([8, 16, 2], l2=0.1, dtype=dtype, rng=0)
    history = net.fit(X, y, optimizer="gd", batch_size=None, learning_rate=0.1, epochs=2000)
    assert history.must_fall
    assert rises(history) == []


def test_a_rise_is_told_where_j_must_fall_and_only_there():
    X, y = problem()
    common = {"learning_rate": 15, "epochs": 30}
    net = fastnn.Network([8, 16, 2], rng=0)
    history = net.fit(X, y, optimizer="gd", batch_size=None, **common)
    found = rises(history)
    assert found
    assert found[0].after == history.cost[found[0].epoch - 1] > history.cost[found[0].epoch - 2]
    advice = net.diagnose((X, y), (X, y)).advice
    assert f"rose at {len(found)} of 30 epochs" in advice[0]
    assert "smaller learning rate" in advice[0]
    for options in ({"batch_size": 100}, {"batch_size": None, "optimizer": "momentum"}):
        history = fastnn.Network([8, 16, 2], rng=0).fit(
            X, y, **{"optimizer": "gd", **options}, learning_rate=0.1, epochs=3
        )
        assert not history.must_fall
    dropped = fastnn.Network([8, 16, 2], keep_prob=0.8, rng=0)
    assert not dropped.fit(X, y, optimizer="gd", batch_size=None, epochs=3).must_fall
    assert fastnn.Network([8, 2], rng=0).fit(X, y, optimizer="lbfgs", epochs=9).must_fall


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ([4, 2, 3, 1], "1 of 4 epochs (at epoch 3, from 2 to 3)"),
        ([4, 5, 3, 3.01], "2 of 4 epochs (most at epoch 2, from 4 to 5)"),
        ([9, 9.1, 3, 3.2], "2 of 4 epochs (most at epoch 4, from 3 to 3.2)"),
        ([3, np.nan, 4, np.nan, 2], "1 of 3 evaluated epochs (at epoch 3, from 3 to 4)"),
        ([0.27192, 0.271923], "1 of 2 epochs (at epoch 2, from 0.27192 to 0.271923)"),
        ([1.0, 1.000002], "1 of 2 epochs (at epoch 2, from 1 to 1.000002)"),
    ],
)
def test_rises_in_words(cost, words):
    (text,) = against_rises(history_of(cost, must_fall=True))
    assert text.startswith(f"first of all: the cost rose at {words}, although"), text


# --- from data ---------------------------------------------------------------------------------


def test_advice_is_concrete():
    X, y = problem(1200, noise=0.2)
    X, y, dev = X[:600], y[:600], (X[600:], y[600:])
    net = fastnn.Network([8, 3, 2], rng=0)
    net.fit(X, y, epochs=10, learning_rate=0.01)
    d = net.diagnose((X, y), dev, optimal_error=0.01)
    assert "not trained long enough after 10 epochs (50 updates)" in d.advice[0]
    assert f"training error {100 * net.error(X, y):.3g} % against 1 % optimal" in d.advice[1]
    assert "try [8, 6, 2] (now [8, 3, 2])" in d.advice[1]
    rate = falling_rate(net.history)
    assert "try twice the epochs (20), the cost was still falling" in d.advice[2]
    assert f"{100 * rate:.3g} % an epoch" in d.advice[2]
    net.fit(X, y, epochs=10, learning_rate=1e-6)
    again = net.diagnose((X, y), dev, optimal_error=0.01)
    assert "the learning rate, 1e-06, is too small" in again.advice[0]
    assert "more of the same would not help" in again.advice[2]


def test_high_variance_of_an_overfitted_network():
    X, y = problem(1000, noise=1.0, features=30)
    train, dev = (X[:150], y[:150]), (X[150:], y[150:])
    net = fastnn.Network([30, 64, 2], rng=0)
    net.fit(*train, epochs=200, learning_rate=0.01)
    before = net.theta.copy()
    d = net.diagnose(train, SimpleNamespace(X=dev[0], y=dev[1]), test=dev, train_dev=dev)
    assert (d.high_bias, d.high_variance, d.high_overfitting_to_dev) == (False, True, None)
    assert d.overfitting_to_dev == 0  # equal sets, but 850 examples cannot tell 2 points
    assert d.errors["dev_error"] == net.error(*dev)
    assert d.counts["dev_error"] == 850
    assert re.search(r"l2=0.8 \(now 0\) with early_stopping=.*keep_prob 0.8 \(now 1\)", d.advice[1])
    assert "150 training examples" in d.advice[0]
    assert (net.theta == before).all()


def test_advice_when_regularized_or_stopped_early():
    X, y = problem(600, noise=0.5)
    net = fastnn.Network([8, 4, 2], l2=500, rng=0)
    net.fit(X[:300], y[:300], dev=(X[300:], y[300:]), epochs=200, early_stopping=2)
    assert net.history.stopped == "early stopping"
    sets = (X[:300], y[:300]), (X[300:], y[300:])
    d = net.diagnose(*sets, optimal_error=0.0)
    assert d.high_bias
    assert d.advice[0].startswith("first of all: the network is regularized too strongly")
    assert d.advice[1].startswith("bias: regularize less: now l2=500: training error")
    assert d.advice[2].startswith("bias: bigger network")
    assert "early stopping went back to epoch" in d.advice[3]
    unknown = net.diagnose(*sets)  # half of the examples are noise, of some size
    assert unknown.causes == d.causes
    assert "give optimal_error where you know it" in " ".join(unknown.notes) or unknown.high_bias


def test_the_plain_cause_comes_first():
    from sklearn.datasets import load_digits

    train, dev, _ = fastnn.split(*load_digits(return_X_y=True))
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0)
    net.normalizer = fastnn.Normalizer().fit(train.X)
    d = net.diagnose(train, dev)
    assert d.advice == [text for text in d.advice if text.startswith("first of all")]
    assert "not trained" in d.advice[0]
    assert "call fit" in d.advice[0]
    net.fit(train.X, train.y, epochs=1)
    d = net.diagnose(train, dev)
    assert "not trained long enough after 1 epoch (9 updates)" in d.advice[0]
    assert d.advice[1].startswith("bias: bigger network")
    assert "longer than 1 epoch, or" in d.advice[2]
    for options in ({"l2": 3000}, {"l1": 50}):
        net = fastnn.Network([64, 32, 10], normalize=True, rng=0, **options)
        net.fit(train.X, train.y, epochs=30)
        advice = net.diagnose(train, dev).advice
        assert advice[0].startswith("first of all: the network is regularized too strongly")
        assert advice[1].startswith("bias: regularize less: now")
    net = fastnn.Network([64, 32, 10], normalize=True, rng=0, l2=0.01)
    net.fit(train.X, train.y, epochs=2)
    advice = net.diagnose(train, dev).advice
    assert "not trained long enough" in advice[0]
    assert advice[1].startswith("bias: bigger network")
    assert any(text.startswith("bias: regularize less") for text in advice)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"init": "normal"},
        {"init": "zeros"},
        {"init_gain": 0.3},
        {"activation": "tanh", "init": "glorot"},
    ],
    ids=str,
)
def test_initial_weights_are_known_as_such(options):
    for seed in range(20):
        net = fastnn.Network([8, 5, 3, 2], **options, rng=seed)
        assert _is_as_drawn(net)
    net.theta = net.theta * 2 + 1
    assert not _is_as_drawn(net)


def test_a_regression_at_another_scale():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 3))
    y = 1000 + X @ [1, 2, 3]
    X, y, dev = X[:300], y[:300], (X[300:], y[300:])
    net = fastnn.Network([3, 8, 1], output="identity", rng=0)
    net.fit(X, y, epochs=2)
    d = net.diagnose((X, y), dev)
    assert d.errors["train_error"] > 1
    assert "the targets are far from 0 and 1: standardize y" in d.advice[0]
    assert "not at the scale of the targets" in d.advice[1]
    with pytest.raises(ValueError, match=r"optimal_error in \[0, 1\], got 2"):
        net.diagnose((X, y), (X, y), optimal_error=2)


def test_a_lower_dev_error_is_put_down_to_chance_only_where_it_may_be():
    assert "chance, or" in fastnn.diagnose(0.3, 0.28, n_dev=100).notes[-1]
    assert "more than chance" in fastnn.diagnose(0.3, 0.1, n_train=5000, n_dev=5000).notes[-1]


def test_bigger():
    assert bigger([64, 128, 64, 10]) == [64, 256, 128, 10]
    assert bigger((20, 1)) == [20, 16, 1]


def test_regression_is_measured_by_the_variance_of_its_targets():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 3))
    y = 100 + 10 * (X @ [1, 2, 2] + rng.standard_normal(4000))  # a tenth of the variance is noise
    net = fastnn.Network([3, 1], output="identity", dtype="float64", rng=0)
    net.fit(X[:2000], y[:2000], optimizer="lbfgs", epochs=100)
    train, dev = (X[:2000], y[:2000]), (X[2000:], y[2000:])
    d = net.diagnose(train, dev, optimal_error=0.1)
    assert d.errors["train_error"] == pytest.approx(
        net.error(*train) ** 2 / y[:2000].var(), rel=1e-9
    )
    assert d.bias == pytest.approx(0, abs=0.01)
    assert (d.high_bias, d.high_variance) == (False, False)
    low, high = d.intervals["dev_error"]
    assert low < 0.1 < high
    assert "variance left unexplained" in str(d)
    net.params["W1"][...] *= -5  # worse than the mean: an error above 1 is allowed
    assert net.diagnose(train, dev).errors["dev_error"] > 1
    d = net.diagnose((X[:5], np.ones(5)), dev)
    assert d.causes[0].name == "all training targets are the same"
    assert d.errors["train_error"] == pytest.approx(net.error(X[:5], np.ones(5)) ** 2)


def test_intervals_of_a_regression_cover():
    rng = np.random.default_rng(0)
    net = fastnn.Network([2, 1], output="identity", dtype="float64", rng=0)
    net.theta = np.zeros(3)
    X = np.zeros((300, 2))
    y = rng.standard_normal(300)
    held = 0
    for _ in range(400):
        d = net.diagnose((X, y), (X, 1.5 * rng.standard_normal(300)))
        low, high = d.intervals["dev_error"]
        held += low <= 2.25 / y.var() <= high
    assert 0.92 < held / 400 < 0.98


def test_bad_sets():
    X, y = problem(50)
    net = fastnn.Network([8, 2], rng=0)
    with pytest.raises(TypeError, match=r"dev to be a pair \(X, y\).*got int"):
        net.diagnose((X, y), 3)
    with pytest.raises(ValueError, match=r"in dev: expected X to have shape \(m, 8\)"):
        net.diagnose((X, y), (X[:, :3], y))
    with pytest.raises(ValueError, match=r"in test: .*at least one example"):
        net.diagnose((X, y), (X, y), test=(X[:0], y[:0]))
    with pytest.raises(TypeError, match="train to be a pair"):
        net.diagnose(None, (X, y))


def test_picture_of_a_diagnosis():
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    d = fastnn.diagnose(0.05, 0.11, train_dev_error=0.06, test_error=0.1, n_train=5000, n_dev=300)
    display = d.plot()
    heights = [bar.get_height() for bar in display.ax_.patches]
    np.testing.assert_allclose(
        heights, [100 * v for v in (*d.errors.values(), *(gap.value for gap in d.gaps.values()))]
    )
    ticks = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert ticks[len(d.errors)] == "bias\nhigh"
    limits = [line.get_ydata() for line in display.ax_.lines]
    for low, high in d.intervals.values():
        assert any(np.allclose(drawn, (100 * low, 100 * high)) for drawn in limits)
    display.figure_.canvas.draw()
    assert fastnn.diagnose(0.0, 0.0).plot(display.ax_).figure_ is display.figure_
    pyplot.close("all")


@pytest.mark.parametrize(("n", "least"), [(5, 0.88), (12, 0.88), (40, 0.92), (400, 0.935)])
def test_intervals_of_squared_errors_hold_their_mean_also_where_rows_are_few(n, least):
    """The normal interval holds the mean of 5 in 75 % of cases, that of 12 in 84 %."""
    r = np.random.default_rng(n)
    held = 0
    for _ in range(2000):
        low, high = estimate_of(r.normal(size=n) ** 2, shares=False).limits(0.95)
        held += low <= 1 <= high
    assert least < held / 2000 < 0.97


def test_more_examples_that_would_tell_are_told_in_two_digits():
    d = fastnn.diagnose(0.2, 0.21, optimal_error=0.2, n_train=1200, n_dev=400)
    (note,) = (text for text in d.notes if "whether variance" in text)
    assert d.high_variance is None
    enough = d.gaps["variance"].enough["dev"]
    said = int(note.split("about ")[1].split(" would")[0].split(" and ")[-1].replace(",", ""))
    assert enough <= said < 1.1 * enough
    assert str(said).strip("0") == str(said)[:2].strip("0")
