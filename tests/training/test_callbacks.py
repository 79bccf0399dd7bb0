"""Callbacks of `fit`: when they are called, and what they can end, raise and call."""

import copy
import pickle

import numpy as np
import pytest
from small_fits import DEV, X, Y, bits, classifier


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("yes", [True, np.True_])
def test_a_callback_that_stops(yes, optimizer):
    seen = []

    def callback(net, history):
        seen.append((net, history, len(history)))
        return yes if len(history) == 3 else None

    net = classifier()
    history = net.fit(X, Y, epochs=10, optimizer=optimizer, callbacks=[callback])
    assert history is net.history
    assert (len(history), history.stopped) == (3, "callback")
    assert seen == [(net, history, epochs) for epochs in (1, 2, 3)]
    whole = classifier()
    whole.fit(X, Y, epochs=3, optimizer=optimizer)
    assert bits(net) == bits(whole)


def test_every_callback_is_called_in_every_epoch():
    seen = []

    def tell(name, answer):
        return lambda net, history: seen.append((name, len(history))) or answer(len(history))

    callbacks = (tell("a", lambda n: n == 2), tell("b", lambda n: None), tell("c", lambda n: n > 3))
    classifier().fit(X, Y, epochs=5, callbacks=callbacks)
    assert seen == [(name, n) for n in (1, 2) for name in "abc"]
    seen.clear()
    history = classifier().fit(
        X, Y, epochs=50, callbacks=callbacks[1], dev=DEV, learning_rate=0.1, early_stopping=2
    )
    assert history.stopped == "early stopping"
    assert len(seen) == len(history), "not called in the epoch that early stopping ended"


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("exception", [OSError, StopIteration, SystemExit])
def test_an_exception_in_a_callback_propagates(exception, optimizer):
    def callback(net, history):
        if len(history) == 2:
            raise exception("in a callback")

    net, twin = classifier(), classifier()
    with pytest.raises(exception, match="in a callback"):
        net.fit(X, Y, epochs=10, optimizer=optimizer, callbacks=callback)
    twin.fit(X, Y, epochs=2, optimizer=optimizer)
    assert bits(net) == bits(twin)
    assert len(net.history) == 2
    assert net.history.stopped not in ("", "epochs")
    assert "running" not in repr(net.history)
    for one in (net, twin):
        one.fit(X, Y, epochs=1)
    assert bits(net) == bits(twin)


def test_a_copy_made_in_a_callback_is_a_network_like_any_other():
    copies = []
    net = classifier()
    net.fit(
        X,
        Y,
        epochs=2,
        callbacks=[
            lambda net, history: copies.append(copy.deepcopy(net)),
            lambda net, history: copies.append(pickle.loads(pickle.dumps(net))),
        ],
    )
    assert bits(*copies[2:]) == bits(net, net)
    for one in (net, *copies[2:]):
        one.fit(X, Y, epochs=1)
    assert bits(*copies[2:]) == bits(net, net)


def test_a_fit_within_a_fit_is_refused():
    net = classifier()
    with pytest.raises(RuntimeError, match="being fitted already"):
        net.fit(X, Y, epochs=2, callbacks=lambda net, history: net.fit(X, Y, epochs=1))
    assert len(net.history) == 1
    net.fit(X, Y, epochs=1)


def test_progress_shows_and_changes_nothing(capsys):
    net, twin = classifier(), classifier()
    net.fit(X, Y, epochs=3, dev=DEV, progress=True)
    shown = capsys.readouterr()
    twin.fit(X, Y, epochs=3, dev=DEV)
    assert bits(net) == bits(twin)
    assert shown.out == ""
    assert "3/3" in shown.err
    assert capsys.readouterr() == ("", "")
