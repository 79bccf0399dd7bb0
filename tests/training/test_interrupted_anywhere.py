"""Ctrl-C at every moment of a fit that Python has: nothing that was trained is lost."""

import copy
import gc

import numpy as np
import pytest
from moments import interrupt, moments
from small_fits import DEV, X, Y, classifier

from fastnn.engine import passes
from fastnn.training import fitting

LISTS = "cost", "train_error", "dev_cost", "dev_error", "learning_rate", "seconds"
EPOCHS = 3


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    """A turn of each epoch, so that there are moments between them."""
    monkeypatch.setattr(passes, "TURN", 0.0)


def look(net, history):
    """A callback that does nothing: with it, Python sees each epoch."""


def check_history(net, place):
    """The record of an interrupted fit is whole, and nothing is locked."""
    history = net.history
    if history is not None:
        lengths = {name: len(getattr(history, name)) for name in LISTS}
        dev = {"dev_cost", "dev_error"} if lengths["dev_cost"] else set()
        assert {lengths[name] for name in {*LISTS[:2], *LISTS[4:], *dev}} == {len(history)}, place
        assert history.stopped, place
    assert "_fitted_by" not in vars(net), place


def everywhere(make, fit, since=fitting.run):
    """A network after Ctrl-C, and the place, for each moment of ``fit(net)`` that may change it."""

    def prepare():
        net = make()
        return lambda: fit(net)

    fit(make())  # everything is loaded
    gc.freeze()  # collections look at what is made from here on, not at all that is loaded
    taken = moments(prepare, since)
    assert len(taken) > 20
    for moment in taken:
        net = make()
        place = interrupt(lambda net=net: fit(net), moment)
        gc.collect()  # what would be undone late is undone now
        check_history(net, place)
        yield net, place


UNWATCHED = {
    "plain": {},
    "dev and a schedule": {"dev": DEV, "schedule": "cosine", "evaluate_every": 2},
    "one epoch": {"epochs": 1, "evaluate_every": 0},
    "full batch": {"batch_size": None},
}


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("options", UNWATCHED.values(), ids=UNWATCHED)
def test_every_epoch_is_recorded(options, again):
    """Also of a fit like the last one, which goes a shorter way."""
    options = {"epochs": EPOCHS, "batch_size": 100, "threads": 1} | options

    def make():
        net = classifier(l2=0.1)
        if again:
            net.fit(X, Y, **options)
            net.history = None
        return net

    reached = {0: (make().theta.tobytes(), None)}

    def keep(net, history):
        reached[len(history)] = net.theta.tobytes(), net.rng.bit_generator.state

    make().fit(X, Y, callbacks=keep, **options)
    for net, place in everywhere(make, lambda net: net.fit(X, Y, **options)):
        done = 0 if net.history is None else len(net.history)
        theta, state = reached[done]
        assert net.theta.tobytes() == theta, place
        if done:
            assert net.rng.bit_generator.state == state, place
            assert net.history.examples == done * len(X), place
            assert net.history.training_seconds > 0, place
        net.fit(X, Y, epochs=1)


WATCHED = {
    "callbacks": {"callbacks": look},
    "early stopping": {"dev": DEV, "early_stopping": 5},
    "average": {"average": 0.9, "callbacks": look},
    "lbfgs": {"optimizer": "lbfgs"},
}


@pytest.mark.slow
@pytest.mark.parametrize("options", WATCHED.values(), ids=WATCHED)
def test_theta_is_that_of_a_finished_batch(options):
    options = {"optimizer": "adam", "epochs": EPOCHS, "threads": 1, "batch_size": None} | options
    reached, seen = [classifier().theta.tobytes()], options.get("callbacks", ())

    def keep(net, history):
        reached.append(net.theta.tobytes())

    classifier().fit(X, Y, **options | {"callbacks": keep})
    assert len(set(reached)) == EPOCHS + 1
    for net, place in everywhere(classifier, lambda net: net.fit(X, Y, callbacks=seen, **{
        name: value for name, value in options.items() if name != "callbacks"
    })):  # fmt: skip
        done = 0 if net.history is None else len(net.history)
        assert net.theta.tobytes() in reached[done : done + 2], place
        net.fit(X, Y, epochs=1)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["fit", "steps"])
def test_a_trainer_knows_its_steps(call):
    """Moments, average, theta and the count of steps are those of the same update."""
    trainers = {}

    def make():
        net = classifier(keep_prob=0.8)
        trainers[net] = net.trainer(average=0.9)
        trainers[net].step(X, Y)
        return net

    def run(net):
        if call == "fit":
            net.fit(X, Y, optimizer=trainers[net], epochs=EPOCHS, batch_size=None, threads=1)
            return
        for _ in range(EPOCHS):
            trainers[net].step(X[:200], Y[:200])
            trainers[net].forward(X[:200])
            trainers[net].backward(np.ones((200, 3)))
            trainers[net].update()

    reached, other = {}, make()
    reached[1] = trainers[other].state()
    for _ in range(EPOCHS):
        if call == "fit":
            other.fit(X, Y, optimizer=trainers[other], epochs=1, batch_size=None, threads=1)
        else:
            trainers[other].step(X[:200], Y[:200])
            reached[trainers[other].steps] = trainers[other].state()
            trainers[other].forward(X[:200])
            trainers[other].backward(np.ones((200, 3)))
            trainers[other].update()
        reached[trainers[other].steps] = trainers[other].state()
    for net, place in everywhere(make, run, fitting.run if call == "fit" else None):
        state = trainers[net].state()
        expected = reached[int(state["steps"])]
        for name in ("theta", "first", "second", "average", "seed"):
            np.testing.assert_array_equal(state[name], expected[name], f"{name}, {place}")
        copy.deepcopy(trainers[net]).step(X, Y)
        trainers[net].step(X, Y)
