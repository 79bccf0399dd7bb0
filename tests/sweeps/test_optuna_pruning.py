"""Optuna ends the fits that do not look promising."""

import math

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastnn

optuna.logging.set_verbosity(optuna.logging.WARNING)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TRAIN, DEV, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)


class PruneAfter(optuna.pruners.BasePruner):
    """Ends every trial that has reported this step."""

    def __init__(self, step):
        self.step = step

    def prune(self, study, trial):
        return trial.last_step >= self.step


def network(**options):
    return fastnn.Network([64, 16, 10], normalize=True, rng=0, **options)


def fit(net, trial, monitor="dev_error", **options):
    return net.fit(
        TRAIN.X,
        TRAIN.y,
        callbacks=fastnn.OptunaPruningCallback(trial, monitor),
        **{"epochs": 6, "dev": (DEV.X, DEV.y), **options},
    )


def new_trial(pruner=None, **options):
    return optuna.create_study(pruner=pruner or optuna.pruners.NopPruner(), **options).ask()


def reported(trial):
    """Step to value, as the study has them."""
    return trial.study.trials[trial.number].intermediate_values


# --- a study ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_study_beats_the_defaults_and_prunes(n_jobs):
    default = network()
    default.fit(TRAIN.X, TRAIN.y, epochs=10)
    fits = {}

    def objective(trial):
        net = network(l2=trial.suggest_float("l2", 1e-3, 1e3, log=True))
        rate = trial.suggest_float("learning_rate", 1e-5, 1, log=True)
        try:
            fit(net, trial, epochs=10, learning_rate=rate, threads=1)
        finally:
            fits[trial.number] = net.history
        return net.history.dev_error[-1]

    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_warmup_steps=2),
    )
    study.optimize(objective, n_trials=30, n_jobs=n_jobs)

    assert study.best_value < default.error(DEV.X, DEV.y) / 2
    states = [trial.state for trial in study.trials]
    assert set(states) == {TrialState.PRUNED, TrialState.COMPLETE}
    for trial in study.trials:
        history = fits[trial.number]
        assert trial.intermediate_values == dict(enumerate(history.dev_error))
        pruned = trial.state == TrialState.PRUNED
        assert history.stopped == ("pruned" if pruned else "epochs")
        assert len(history) < 10 or not pruned or trial.last_step == 9
    assert min(len(history) for history in fits.values()) < 10


def test_the_bits_of_a_fit_are_those_without_the_callback():
    watched, alone = network(keep_prob=0.8), network(keep_prob=0.8)
    fit(watched, new_trial())
    alone.fit(TRAIN.X, TRAIN.y, epochs=6, dev=(DEV.X, DEV.y))
    np.testing.assert_array_equal(watched.theta, alone.theta)


# --- what is reported, and when a fit ends ----------------------------------------------------


@pytest.mark.parametrize("monitor", ["dev_error", "dev_cost", "train_error", "cost"])
def test_every_evaluated_epoch_is_reported(monitor):
    trial, net = new_trial(), network()
    history = fit(net, trial, monitor, evaluate_every=4, epochs=10)
    values = getattr(history, monitor)
    assert reported(trial) == {step: values[step] for step in (3, 7, 9)}
    assert math.isnan(values[0])


@pytest.mark.parametrize(("evaluate_every", "last"), [(1, 2), (2, 3)])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_pruned_fit(optimizer, evaluate_every, last):
    net = network()
    trial = new_trial(PruneAfter(2))
    with pytest.raises(optuna.TrialPruned, match=rf"after epoch {last + 1}, in which dev_cost was"):
        fit(net, trial, "dev_cost", optimizer=optimizer, evaluate_every=evaluate_every, epochs=8)
    assert net.history.stopped == "pruned"
    assert "stopped: pruned" in repr(net.history)
    assert len(net.history) == last + 1
    assert max(reported(trial)) == last
    assert net.fit(TRAIN.X, TRAIN.y, epochs=1).stopped == "epochs"  # it is in order


def test_a_fit_that_early_stopping_ends_is_complete():
    def early_stopped(pruner):
        net, trial = network(), new_trial(pruner)
        return net, trial, fit(net, trial, early_stopping=2, epochs=200, learning_rate=0.02)

    _, _, history = early_stopped(None)
    last = len(history) - 1
    net, trial, history = early_stopped(PruneAfter(last))  # would prune in that very epoch
    assert history.stopped == "early stopping"
    assert len(reported(trial)) == last + 1
    assert net.error(DEV.X, DEV.y) == min(history.dev_error)  # the best parameters are back
    with pytest.raises(optuna.TrialPruned):
        early_stopped(PruneAfter(last - 1))


@pytest.mark.parametrize("same_trial", [True, False])
def test_a_resumed_fit_goes_on_reporting(tmp_path, same_trial):
    path = tmp_path / "run.safetensors"
    trial, whole = new_trial(), fit(network(), new_trial(), epochs=6)

    def stop(net, history):
        return len(history) == 3

    callback = fastnn.OptunaPruningCallback(trial)
    network().fit(
        TRAIN.X, TRAIN.y, epochs=6, dev=(DEV.X, DEV.y), checkpoint=path, callbacks=[callback, stop]
    )
    assert len(reported(trial)) == 3
    # A trial that was begun anew, as Optuna does after a crash, gets the epochs before, too.
    trial = trial if same_trial else new_trial()
    fit(network(), trial, resume=path)
    assert reported(trial) == dict(enumerate(whole.dev_error))


def test_of_a_second_fit_optuna_says_that_it_has_a_value():
    trial = new_trial()
    fit(network(), trial, epochs=1)
    with pytest.warns(UserWarning, match="already reported"):
        fit(network(), trial, epochs=1, learning_rate=0.1)


def test_fixed_trials_are_fitted_to_the_end():
    study = optuna.create_study(pruner=PruneAfter(2))

    def objective(trial):
        net = network(l2=trial.suggest_float("l2", 0, 1))
        return fit(net, trial, epochs=1 if trial.number == 0 else 4).dev_error[-1]

    study.optimize(objective, n_trials=2)
    assert study.best_trial.number == 0
    assert objective(study.best_trial) == study.best_value
    assert objective(optuna.trial.FixedTrial({"l2": 0.5}, number=1)) < study.best_value


# --- estimators -------------------------------------------------------------------------------


def estimator(trial, monitor="validation_scores_", **options):
    return fastnn.MLPClassifier(
        (16,),
        random_state=0,
        **{"max_iter": 6, **options},
        callbacks=[fastnn.OptunaPruningCallback(trial, monitor)],
    )


@pytest.mark.parametrize(
    ("monitor", "direction"),
    [
        ("validation_scores_", "maximize"),
        ("validation_loss_curve_", "minimize"),
        ("loss_curve_", "minimize"),
    ],
)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_estimators(monitor, direction, solver):
    trial = new_trial(direction=direction)
    model = estimator(trial, monitor, solver=solver)
    model.fit(TRAIN.X / 16, TRAIN.y, X_val=DEV.X / 16, y_val=DEV.y)
    assert reported(trial) == dict(enumerate(getattr(model, monitor)))
    assert len(reported(trial)) == 6

    model = estimator(new_trial(PruneAfter(2), direction=direction), monitor, solver=solver)
    with pytest.raises(optuna.TrialPruned, match=monitor):
        model.fit(TRAIN.X / 16, TRAIN.y, X_val=DEV.X / 16, y_val=DEV.y)
    assert len(getattr(model, monitor)) == 3


def test_partial_fit_is_pruned_where_fit_would_be():
    model = estimator(new_trial(PruneAfter(2)), "loss_curve_")
    for _ in range(2):
        model.partial_fit(TRAIN.X, TRAIN.y, classes=np.arange(10))
    with pytest.raises(optuna.TrialPruned):
        model.partial_fit(TRAIN.X, TRAIN.y)
    assert len(model.loss_curve_) == 3


def test_a_pipeline_with_early_stopping():
    study = optuna.create_study(
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )

    def objective(trial):
        rate = trial.suggest_float("learning_rate_init", 1e-5, 1, log=True)
        model = make_pipeline(
            StandardScaler(),
            estimator(trial, early_stopping=True, max_iter=15, learning_rate_init=rate),
        )
        return model.fit(TRAIN.X, TRAIN.y).score(DEV.X, DEV.y)

    study.optimize(objective, n_trials=15)
    assert study.best_value > 0.9
    assert TrialState.PRUNED in {trial.state for trial in study.trials}


def test_a_clone_reports_to_the_same_trial():
    trial = new_trial(PruneAfter(2))
    with pytest.raises(optuna.TrialPruned):
        cross_val_score(estimator(trial, "loss_curve_"), TRAIN.X, TRAIN.y, error_score="raise")
    assert set(reported(trial)) == {0, 1, 2}


# --- errors -----------------------------------------------------------------------------------


def test_wrong_arguments():
    make = fastnn.OptunaPruningCallback
    with pytest.raises(ValueError, match=r"unknown monitor 'val_loss'; known: dev_error, dev_cost"):
        make(new_trial(), "val_loss")
    with pytest.raises(TypeError, match=r"expected trial to be .* of type Study"):
        make(optuna.create_study())
    with pytest.raises(ValueError, match="one objective, got 2, for which Optuna does not prune"):
        make(new_trial(directions=["minimize", "minimize"]))
    with pytest.raises(
        ValueError,
        match=r"'dev_error' is to be minimized, got a study that will "
        r"maximize: .*direction='minimize'",
    ):
        make(new_trial(direction="maximize"))
    with pytest.raises(ValueError, match=r"'validation_scores_' is to be maximized"):
        make(new_trial(), "validation_scores_")


def test_what_is_not_measured():
    net = network()
    with pytest.raises(ValueError, match=r"'dev_error' needs a dev set: pass dev="):
        fit(net, new_trial(), dev=None)
    assert net.history.stopped == "error"
    with pytest.raises(ValueError, match=r"one of dev_error, .* in a fit of Network, got 'loss_cu"):
        fit(net, new_trial(), "loss_curve_")
    with pytest.raises(ValueError, match=r"one of validation_scores_, .* of MLPClassifier"):
        estimator(new_trial(), "dev_error").fit(TRAIN.X, TRAIN.y)
    with pytest.raises(ValueError, match=r"needs a validation set: pass X_val"):
        estimator(new_trial(direction="maximize")).fit(TRAIN.X, TRAIN.y)
