"""The History of a fit: one entry an epoch, or NaN where nothing was evaluated."""

import copy
import math
import pickle
import sys

import numpy as np
import pytest
from small_fits import DEV, X, Y, bits, classifier

import fastnn
from fastnn import Network
from fastnn.training.history import History

SERIES = ("cost", "train_error", "learning_rate", "seconds", "dev_cost", "dev_error")


@pytest.mark.parametrize("optimizer", ["adam", "gd", "lbfgs"])
@pytest.mark.parametrize("dev", [None, DEV])
def test_history_has_one_entry_an_epoch(dev, optimizer):
    net = classifier(l2=0.5)
    assert net.history is None
    history = net.fit(X, Y, epochs=7, dev=dev, optimizer=optimizer)
    assert len(history) == 7
    for name in SERIES:
        values = getattr(history, name)
        assert len(values) == (0 if "dev" in name and dev is None else 7), name
        assert all(type(value) is float and math.isfinite(value) for value in values), name
    assert history.stopped == "epochs"
    assert history.best_epoch is None
    assert history.seconds == sorted(history.seconds)
    assert 0 < history.training_seconds <= history.seconds[-1]
    passes, rest = divmod(history.examples, len(X))
    # the line search of lbfgs may need several passes over the data
    assert passes >= 7 if optimizer == "lbfgs" else passes == 7
    assert rest == 0
    assert isinstance(history.dropout_seed, int)
    assert history.cost[-1] == net.cost(X, Y)
    assert history.train_error[-1] == net.error(X, Y)
    cost, error = history.cost[-1], history.train_error[-1]
    expected = f"<History of 7 epochs, stopped: epochs, cost {cost:.4g}, train error {error:.4g}"
    if dev is not None:
        assert history.dev_error[-1] == net.error(*dev)
        # the penalty on the dev set is that of the training set
        penalty = net.cost(X, Y) - classifier_without_penalty(net).cost(X, Y)
        cost = classifier_without_penalty(net).cost(*dev) + penalty
        assert history.dev_cost[-1] == pytest.approx(cost, rel=1e-6)
        expected += f", dev error {history.dev_error[-1]:.4g}"
    assert repr(history) == expected + ">"
    assert repr(fastnn.History()) == "<History of 0 epochs, stopped: running>"
    twin = pickle.loads(pickle.dumps(history))
    assert vars(twin) == vars(history)


def classifier_without_penalty(net):
    other = copy.deepcopy(net)
    other.l2 = 0
    return other


@pytest.mark.parametrize("every", [0, 1, 3, 100])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_evaluate_every(optimizer, every):
    """Entries without an evaluation are NaN; training is the same for all."""
    net, twin = classifier(), classifier()
    history = net.fit(X, Y, epochs=8, dev=DEV, evaluate_every=every, optimizer=optimizer)
    full = twin.fit(X, Y, epochs=8, dev=DEV, optimizer=optimizer)
    assert bits(net) == bits(twin)
    for name in ("cost", "train_error", "dev_cost", "dev_error"):
        expected = [
            value if every and (epoch % every == 0 or epoch == 8) else math.nan
            for epoch, value in enumerate(getattr(full, name), start=1)
        ]
        np.testing.assert_array_equal(getattr(history, name), expected, err_msg=name)
    assert len(history) == 8
    assert repr(history).startswith("<History of 8 epochs, stopped: epochs")
    assert ("cost" in repr(history)) == bool(every)


@pytest.mark.parametrize(
    ("stopped", "settings"),
    [
        ("callback", {"callbacks": lambda net, history: len(history) == 3}),
        ("converged", {"optimizer": "lbfgs"}),
    ],
)
def test_the_last_epoch_is_evaluated_whatever_ended_the_fit(stopped, settings):
    net = Network([6, 3], l2=1, rng=0)
    history = net.fit(X, Y, dev=DEV, epochs=1000, evaluate_every=999, **settings)
    assert history.stopped == stopped
    assert history.cost[-1] == net.cost(X, Y)
    assert history.dev_error[-1] == net.error(*DEV)


@pytest.mark.parametrize("dev", [None, DEV])
def test_a_frame_has_the_lists_as_columns(dev):
    history = classifier().fit(X, Y, epochs=5, dev=dev, evaluate_every=2)
    frame = history.to_frame()
    assert list(frame.columns) == [
        *("cost", "train_error"),
        *(("dev_cost", "dev_error") if dev else ()),
        *("learning_rate", "seconds"),
    ]
    for name in frame:
        np.testing.assert_array_equal(frame[name], getattr(history, name))
    assert (frame.index.name, list(frame.index)) == ("epoch", [0, 1, 2, 3, 4])
    assert frame["cost"].isna().tolist() == [True, False, True, False, False]
    frame.loc[0, "cost"] = 7  # it is a copy
    assert math.isnan(history.cost[0])


def test_a_frame_of_no_epochs():
    assert History().to_frame().shape == (0, 4)


def test_a_frame_needs_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"to_frame needs pandas.*pip install pandas"):
        classifier().fit(X, Y, epochs=1).to_frame()
