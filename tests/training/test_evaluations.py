"""Which epochs a fit evaluates: all where it costs next to nothing, else some, and the last."""

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.evidence.descent import falling_rate
from fastnn.training import monitor

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 5))
LABELS = rng.integers(0, 3, 60)
EVERY_TENTH = [0, 9, 19, 24]
ALL = list(range(25))


@pytest.fixture
def dear(monkeypatch):
    """Let evaluations count as costly, as those of many rows are."""
    monkeypatch.setattr(monitor, "_CHEAP", 1)


def fit(epochs=25, **options):
    net = fastnn.Network([5, 8, 3], rng=0)
    history = net.fit(X, LABELS, epochs=epochs, batch_size=16, **options)
    return net, history


def evaluated(history):
    assert len(history.cost) == len(history.train_error) == len(history)
    np.testing.assert_array_equal(np.isnan(history.cost), np.isnan(history.train_error))
    return np.flatnonzero(~np.isnan(history.cost)).tolist()


@pytest.mark.parametrize("threads", [1, 2])  # epochs in one call, and with a look at each
@pytest.mark.usefixtures("dear")
def test_costly_evaluations_are_made_at_the_first_every_tenth_and_the_last_epoch(threads):
    net, history = fit(threads=threads)
    assert evaluated(history) == EVERY_TENTH
    usual, each = fit(threads=threads, evaluate_every=1)
    np.testing.assert_array_equal(net.theta, usual.theta)
    for name in ("cost", "train_error"):
        some, all_of_them = np.array(getattr(history, name)), np.array(getattr(each, name))
        np.testing.assert_array_equal(some[EVERY_TENTH], all_of_them[EVERY_TENTH])
    assert history.cost[-1] == net.cost(X, LABELS)


@pytest.mark.usefixtures("dear")
@pytest.mark.parametrize(
    "options",
    [
        {"dev": (X, LABELS)},
        {"dev": (X, LABELS), "early_stopping": 30},
        {"callbacks": lambda net, history: None},
        {"optimizer": "gd", "batch_size": None},
        {"keep_prob": 0.8, "batch_size": None},
        {"optimizer": "lbfgs", "batch_size": None},
    ],
    ids=["dev", "early stopping", "callbacks", "J must fall", "full batch", "lbfgs"],
)
def test_every_epoch_is_evaluated_where_somebody_looks_at_it(options):
    options = {"epochs": 25, "batch_size": 16, **options}
    net = fastnn.Network([5, 8, 3], keep_prob=options.pop("keep_prob", 1.0), rng=0)
    history = net.fit(X, LABELS, **options)
    assert evaluated(history) == ALL[: len(history)]


def test_small_sets_are_evaluated_after_every_epoch_and_large_ones_are_not():
    assert evaluated(fit()[1]) == ALL
    many = np.tile(X, (40, 1)), np.tile(LABELS, 40)
    net = fastnn.Network([5, 128, 3], rng=0)
    history = net.fit(*many, epochs=25, batch_size=2048)
    dense = 20_000_000 // (2 * 60 * 40 * (net.theta.size + 200))
    assert 1 <= dense < 9
    assert evaluated(history) == sorted({*range(dense), *EVERY_TENTH})


@pytest.mark.usefixtures("dear")
def test_a_fit_that_is_resumed_evaluates_the_same_epochs(tmp_path):
    whole = fit()[1]
    file = tmp_path / "fit.ckpt"
    fit(epochs=13, checkpoint=file)
    resumed = fit(resume=file)[1]
    # The last epoch of the part is evaluated as well.
    assert evaluated(resumed) == sorted({*EVERY_TENTH, 12})
    np.testing.assert_array_equal(
        np.array(resumed.cost)[EVERY_TENTH], np.array(whole.cost)[EVERY_TENTH]
    )


@pytest.mark.usefixtures("dear")
def test_the_pace_of_the_cost_is_that_of_an_epoch():
    _, seldom = fit(epochs=400, learning_rate=1e-4)
    _, each = fit(epochs=400, learning_rate=1e-4, evaluate_every=1)
    assert len(evaluated(seldom)) == 41
    assert falling_rate(seldom) == pytest.approx(falling_rate(each), rel=0.1)


PAIR = {"X seldom": (4, 1), "dev seldom": (1, 4), "X never": (0, 1), "dev never": (2, 0)}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pair", PAIR.values(), ids=PAIR)
def test_x_and_dev_are_evaluated_at_epochs_of_their_own(pair, threads):
    net, history = fit(dev=(X[:20], LABELS[:20]), evaluate_every=pair, threads=threads)
    usual, each = fit(dev=(X[:20], LABELS[:20]), threads=threads)
    np.testing.assert_array_equal(net.theta, usual.theta)
    for names, every in zip(
        (("cost", "train_error"), ("dev_cost", "dev_error")), pair, strict=True
    ):
        due = [epoch for epoch in ALL if every and ((epoch + 1) % every == 0 or epoch == 24)]
        for name in names:
            expected = np.full(25, np.nan)
            expected[due] = np.array(getattr(each, name))[due]
            np.testing.assert_array_equal(getattr(history, name), expected)


@pytest.mark.parametrize("average", [None, 0.9])
def test_early_stopping_needs_the_dev_set_only(average):
    options = {"dev": (-X, LABELS), "early_stopping": 5, "epochs": 200, "average": average}
    net, history = fit(evaluate_every=(7, 1), **options)
    usual, each = fit(**options)
    assert history.stopped == each.stopped == "early stopping"
    np.testing.assert_array_equal(net.theta, usual.theta)
    assert history.best_epoch == each.best_epoch
    assert (history.dev_cost, history.dev_error) == (each.dev_cost, each.dev_error)
    last = len(each) - 1
    assert evaluated(history) == sorted({*range(6, last, 7), last})
    assert history.cost[-1] == each.cost[-1]


def test_a_fit_with_a_pair_is_resumed(tmp_path):
    options = {"dev": (X[:20], LABELS[:20]), "early_stopping": 9, "evaluate_every": (4, 1)}
    whole, history = fit(**options)
    file = tmp_path / "fit.ckpt"
    fit(epochs=13, checkpoint=file, **options)
    resumed, again = fit(resume=file, **options)
    np.testing.assert_array_equal(resumed.theta, whole.theta)
    assert again.dev_cost == history.dev_cost
    with pytest.raises(ValueError, match=r"evaluate_every was \(4, 1\) and is \(5, 1\)"):
        fit(resume=file, **options | {"evaluate_every": (5, 1)})


@pytest.mark.parametrize(
    ("options", "said"),
    {
        "no dev": ({"evaluate_every": (10, 1)}, r"integer, or with dev a pair.*\(10, 1\) without"),
        "three": ({"evaluate_every": (10, 1, 1), "dev": (X, LABELS)}, r"a pair.*\(10, 1, 1\)"),
        "negative": (
            {"evaluate_every": (-1, 1), "dev": (X, LABELS)},
            r"every\[0\] to be at least 0",
        ),
        "stops by none": (
            {"evaluate_every": (1, 0), "dev": (X, LABELS), "early_stopping": 3},
            r"at least 1 for dev with early_stopping, got \(1, 0\)",
        ),
    }.values(),
)
def test_pairs_that_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        fit(**options)
