"""Causes in the options of the last fit: what held it back is named, and leaving it out helps."""

import re

import numpy as np
import pytest

import fastnn
from fastnn.diagnosis.causes.trials import Trials, tried_in_words

R = np.random.default_rng(0)
X = R.standard_normal((1500, 10))
Y = (np.maximum(X @ R.standard_normal((10, 12)), 0) @ R.standard_normal((12, 3))).argmax(axis=1)
TRAIN, DEV = (X[:1000], Y[:1000]), (X[1000:], Y[1000:])
BY_CLASS = np.argsort(TRAIN[1], kind="stable")


def fitted(train=TRAIN, **options):
    settings = {name: options.pop(name) for name in ("max_norm", "keep_prob") if name in options}
    net = fastnn.Network([10, 32, 3], rng=0, **settings)
    net.fit(*train, **{"epochs": 40, **options})
    return net


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("clip_norm=0.0001", {"clip_norm": 1e-4, "optimizer": "gd", "learning_rate": 0.1}),
        ("clip_value=1e-05", {"clip_value": 1e-5, "optimizer": "gd", "learning_rate": 0.1}),
        ("label_smoothing=0.95", {"label_smoothing": 0.95}),
        ("average=0.99999", {"average": 0.99999}),
        ("shuffle=False", {"shuffle": False}),
    ],
)
def test_an_option_that_holds_the_fit_back_is_the_cause(name, options):
    train = (TRAIN[0][BY_CLASS], TRAIN[1][BY_CLASS]) if "shuffle" in options else TRAIN
    net = fitted(train, **options)
    before = net.error(*DEV)
    diagnosis = net.diagnose(train, DEV)
    assert diagnosis.causes[0].name == f"{name} holds the fit back"
    assert f"train on without {name}" in diagnosis.advice[0]
    net.fit(*train, **{"epochs": 40, **options, **without_stopping(diagnosis.change)})
    assert net.error(*DEV) < 0.8 * before


def without_stopping(change):
    assert change
    return {name: value for name, value in change.items() if name != "early_stopping"}


@pytest.mark.parametrize(
    "schedule",
    [lambda epochs: 0.3**epochs, fastnn.schedules.Step(factor=0.01, every=1)],
    ids=["function", "object"],
)
def test_a_rate_that_fell_too_soon_is_the_cause(schedule):
    net = fitted(schedule=schedule)
    before = net.error(*DEV)
    diagnosis = net.diagnose(TRAIN, DEV)
    end = net.history.learning_rate[-1]
    assert diagnosis.causes[0].name == f"the learning rate fell too soon, from 0.001 to {end:.3g}"
    assert diagnosis.change["schedule"] is None
    net.fit(*TRAIN, epochs=40, schedule=None)
    assert net.error(*DEV) < 0.8 * before


@pytest.mark.parametrize("schedule", ["cosine", "linear", fastnn.schedules.Cosine(warmup=1)])
def test_a_schedule_that_ends_with_the_epochs_is_no_cause(schedule):
    names = [cause.name for cause in fitted(schedule=schedule).diagnose(TRAIN, DEV).causes]
    assert not any("fell too soon" in name for name in names)


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 1.0},
        {"label_smoothing": 0.05},
        {"average": 0.99},
        {"shuffle": False},
        {"optimizer": fastnn.Adam(layer_rates=[0.5, 1])},
    ],
)
def test_options_that_do_no_harm_are_no_cause(options):
    diagnosis = fitted(epochs=80, **options).diagnose(TRAIN, DEV)
    assert not any("holds the fit back" in cause.name for cause in diagnosis.causes)
    assert not any("freeze" in cause.name for cause in diagnosis.causes)


def test_frozen_layers_are_the_cause():
    net = fitted(optimizer=fastnn.Adam(layer_rates=[0, 0]))
    cause = net.diagnose(TRAIN, DEV).causes[0]
    assert (cause.name, cause.change) == ("layer_rates freeze layers 1 and 2", {})
    net = fastnn.Network([10, 2, 32, 3], rng=0)
    net.fit(*TRAIN, epochs=40, optimizer=fastnn.Adam(layer_rates=[0, 1, 1]))
    assert net.diagnose(TRAIN, DEV).causes[0].name == "layer_rates freeze layer 1"


def test_a_strong_weight_decay_is_the_cause():
    cause = fitted(optimizer=fastnn.AdamW(weight_decay=30)).diagnose(TRAIN, DEV).causes[0]
    assert (cause.name, cause.change) == ("weight_decay=30 holds the fit back", {})


def test_weights_of_examples_are_not_taken_for_too_short_a_fit():
    net = fitted(sample_weight=(TRAIN[1] == 0) * 1.0)
    diagnosis = net.diagnose(TRAIN, DEV)
    assert diagnosis.causes[0].name == "the fit had sample weights, and these errors have none"
    assert diagnosis.change == {}


def test_a_loss_of_a_call_is_not_taken_for_too_short_a_fit():
    def backwards(A, y):  # the opposite of the labels
        p = np.take_along_axis(A, y.reshape(-1, 1).astype(int), axis=1)
        dA = np.zeros_like(A)
        np.put_along_axis(dA, y.reshape(-1, 1).astype(int), 1, axis=1)
        return p[:, 0], dA

    names = [cause.name for cause in fitted(loss=backwards).diagnose(TRAIN, DEV).causes]
    assert not any("not trained long enough" in name for name in names)


def test_a_limit_on_norms_is_regularization():
    diagnosis = fitted(max_norm=0.01).diagnose(TRAIN, DEV)
    assert diagnosis.causes[0].name == "the network is regularized too strongly"
    assert diagnosis.change["max_norm"] is None


def test_dropout_of_the_inputs_alone_is_made_weaker_there():
    diagnosis = fitted(keep_prob=[0.05, 1.0]).diagnose(TRAIN, DEV)
    assert diagnosis.causes[0].name == "the network is regularized too strongly"
    assert diagnosis.causes[0].change["keep_prob"] == [0.525, 1.0]


@pytest.mark.parametrize("batch_size", [None, 32, 500])
def test_more_epochs_are_as_many_updates_as_were_tried(batch_size):
    net = fitted(batch_size=batch_size, epochs=2, learning_rate=0.01)
    diagnosis = net.diagnose(TRAIN, DEV)
    cause = diagnosis.causes[0]
    assert cause.name.startswith("the network is not trained long enough")
    batches = -(-1000 // (batch_size or 1000))
    # a trial has 1,000 updates, in whole epochs of its own
    assert 900 <= (diagnosis.change["epochs"] - 2) * batches <= 1100
    assert ("mini-batches, as this trial did: batch_size=64" in cause.advice) == (
        batch_size is None
    )


def test_an_average_that_the_fit_had_time_for_and_a_trial_has_not_is_no_cause():
    """It forgets theta of the first update in 5,000: 160 epochs have as many, a trial 1,000."""
    for epochs, own in ((150, {"average": 0.999}), (160, {})):
        net = fitted(average=0.999, batch_size=32, epochs=epochs)
        assert Trials(net, TRAIN, DEV).own() == own


def test_too_few_iterations_of_lbfgs_are_told_in_iterations():
    net = fitted(optimizer="lbfgs", epochs=3)
    before = net.error(*DEV)
    cause = net.diagnose(TRAIN, DEV).causes[0]
    assert cause.name == "the network is not trained long enough after 3 epochs of lbfgs"
    assert cause.advice == f"train longer: try {cause.change['epochs']} epochs of lbfgs"
    assert "batch" not in cause.advice
    updates = cause.change["epochs"] - 3
    said = tried_in_words(net, TRAIN, DEV, cause.change)
    assert said.startswith(f"the first advice was tried, for {updates} updates")
    net.fit(*TRAIN, optimizer="lbfgs", **cause.change)
    assert net.error(*DEV) < 0.8 * before


def test_a_fit_that_lbfgs_cannot_take_on_may_be_taken_on_by_adam():
    net = fitted(optimizer=fastnn.LBFGS(tolerance=1e3), epochs=3)  # ends at once
    cause = net.diagnose(TRAIN, DEV).causes[0]
    assert cause.change == {}
    assert 'train on with optimizer="adam", in mini-batches: batch_size=64, ' in cause.advice


@pytest.mark.parametrize("name", ["clip_norm", "label_smoothing", "average", "shuffle", "schedule"])
def test_advice_on_an_option_is_compared_with_as_many_updates(name):
    """The option is as in the last fit, so that nothing differs."""
    net = fitted(epochs=2)
    change = {name: net.history.settings[name]}
    said = tried_in_words(net, TRAIN, DEV, change)
    found = re.search(r"dev error (.*) without it, (.*) with it; dev loss (.*) and (.*), ", said)
    without, with_it, *losses = found.groups()
    assert (without, losses[0]) == (with_it, losses[1])


def test_settings_have_the_options_of_the_fit():
    schedule = fastnn.schedules.Step(factor=0.5, every=3)
    options = {"clip_norm": 2.0, "average": 0.9, "schedule": schedule, "label_smoothing": 0.1}
    settings = fitted(epochs=1, **options).history.settings
    assert options.items() <= settings.items()
    assert settings["clip_value"] is None
    assert settings["shuffle"] is True
    assert (settings["weighted"], settings["augmented"], settings["loss"]) == (False, False, None)
    net = fitted(epochs=1, schedule=lambda epochs: 1.0, sample_weight=np.ones(1000))
    assert (net.history.settings["schedule"], net.history.settings["weighted"]) == (
        "function",
        True,
    )


@pytest.mark.parametrize("regression", [False, True])
def test_a_rate_that_left_outputs_that_are_not_finite_is_too_large(regression):
    """theta is finite after a divergence, but what the layers make of it may not be."""
    net = fastnn.Network(
        [10, 32, 1 if regression else 3], output="identity" if regression else None, rng=0
    )
    train, dev = ((A, A[:, 0] if regression else y) for A, y in (TRAIN, DEV))
    net.fit(*train, epochs=2, optimizer="momentum")
    net.theta = np.where(np.arange(net.theta.size) % 2, 1e30, -1e30)
    net.history.settings["learning_rate"] = 10.0
    assert not np.isfinite(net.forward(DEV[0])).all()
    cause = net.diagnose(train, dev).causes[0]
    assert cause.name == "the learning rate, 10, is too large"


def test_a_learning_rate_that_lbfgs_did_not_use_is_no_cause():
    net = fitted(optimizer="lbfgs", epochs=3, learning_rate=1e-6)
    assert "learning rate" not in net.diagnose(TRAIN, DEV).causes[0].name
