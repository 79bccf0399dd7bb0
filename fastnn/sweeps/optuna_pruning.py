"""A callback by which Optuna prunes trials that do not look promising during their fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from fastnn.arguments import lookup
from fastnn.training.history import History

if TYPE_CHECKING:
    from optuna.trial import FixedTrial, Trial

# Figures that can be monitored, for type checkers.
Monitor = Literal[
    "dev_error",
    "dev_cost",
    "train_error",
    "cost",
    "validation_scores_",
    "validation_loss_curve_",
    "loss_curve_",
]
# Figure -> (direction of the study, the need of a fit that measures it).
_OF_HISTORY = {
    "dev_error": ("minimize", "a dev set: pass dev=(Xd, yd) to fit"),
    "dev_cost": ("minimize", "a dev set: pass dev=(Xd, yd) to fit"),
    "train_error": ("minimize", None),
    "cost": ("minimize", None),
}
_VALIDATION = "a validation set: pass X_val and y_val to fit, or set early_stopping=True"
_OF_ESTIMATORS = {
    "validation_scores_": ("maximize", _VALIDATION),
    "validation_loss_curve_": ("minimize", _VALIDATION),
    "loss_curve_": ("minimize", None),
}
_MONITORS = {**_OF_HISTORY, **_OF_ESTIMATORS}


class OptunaPruningCallback:
    """A callback that reports every epoch to an Optuna trial, and ends the fit if it is pruned.

    Pass it in `callbacks` to `Network.fit` or to an estimator. A pruned fit raises
    ``optuna.TrialPruned``, which the study expects; `History.stopped` is then "pruned". An epoch
    that ends the fit anyway, by early stopping or another callback, is reported but does not
    prune: such a fit is complete, and its result counts.

    Parameters
    ----------
    trial : optuna.trial.Trial
        A trial of a study with one objective. Fixed trials, which Optuna evaluates again, such as
        ``study.best_trial``, are never pruned.
    monitor : str, default "dev_error"
        The reported figure: dev_error dev_cost train_error cost of `History`, or
        ``validation_scores_ validation_loss_curve_ loss_curve_`` of an estimator. The study has to
        maximize ``validation_scores_``, and to minimize any other. Epochs that were not evaluated
        (see `evaluate_every` of `fit`) are left out.

    Raises
    ------
    ValueError
        The monitor is unknown, is not measured, or needs the other direction of the study; or the
        study has several objectives, for which Optuna does not prune.
    TypeError
        `trial` is not a trial.

    Notes
    -----
    Epochs count from 0, as Optuna's steps do. A trial has one value a step: to prune in
    cross-validation, let the fit of one fold report, and pass ``error_score="raise"`` to
    scikit-learn, which otherwise takes ``TrialPruned`` for a failed fit. A fit resumed from a
    checkpoint also reports its earlier epochs, if the trial does not have them yet.

    Examples
    --------
    >>> import fastnn, optuna
    >>> from sklearn.datasets import load_digits
    >>> train, dev, _ = fastnn.split(*load_digits(return_X_y=True), rng=0)
    >>> def objective(trial):
    ...     net = fastnn.Network([64, 32, 10], normalize=True, rng=0,
    ...                          l2=trial.suggest_float("l2", 1e-3, 1e3, log=True))
    ...     net.fit(train.X, train.y, dev=dev, epochs=10,
    ...             learning_rate=trial.suggest_float("learning_rate", 1e-5, 1, log=True),
    ...             callbacks=[fastnn.OptunaPruningCallback(trial)])
    ...     return net.error(dev.X, dev.y)
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0),
    ...                             pruner=optuna.pruners.MedianPruner(n_warmup_steps=2))
    >>> study.optimize(objective, n_trials=20)
    >>> bool(study.best_value < 0.05)
    True
    >>> any(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
    True
    """

    def __init__(self, trial: Trial | FixedTrial, monitor: Monitor = "dev_error") -> None:
        direction, self._needs = lookup(_MONITORS, monitor, "monitor")
        if not (hasattr(trial, "report") and hasattr(trial, "should_prune")):
            raise TypeError(
                "expected trial to be the argument of Optuna's objective, an "
                f"optuna.trial.Trial, got {trial!r} of type {type(trial).__name__}"
            )
        self._trial, self._monitor = trial, monitor
        # Values by step; entries of the history or curve that were looked at.
        self._reported, self._seen = {}, 0
        study = getattr(trial, "study", None)  # a fixed trial has none
        if study is not None:
            _check_directions(study.directions, monitor, direction)
            known = study.get_trials(deepcopy=False)[trial.number]
            self._reported.update(known.intermediate_values)

    def __deepcopy__(self, memo: dict[int, Any]) -> OptunaPruningCallback:
        # scikit-learn's clone copies the parameters of an estimator. A copy of the trial would
        # report to a copy of the study.
        return self

    def __call__(self, model: Any, history: History | None = None) -> None:
        """Report the new epochs of a fit; an estimator passes no `history`."""
        values = self._values(model, history)
        evaluated = bool(values) and not math.isnan(values[-1])
        begin = self._seen if self._seen < len(values) else 0  # 0: a new fit, or one resumed
        for epoch, value in enumerate(values[begin:], begin):
            if not math.isnan(value) and self._reported.get(epoch) != value:
                self._trial.report(value, epoch)
                self._reported[epoch] = value
        self._seen = len(values)
        stopped = history is not None and history.stopped
        if evaluated and not stopped and self._trial.should_prune():
            from optuna import TrialPruned

            if history is not None:
                history.stopped = "pruned"
            raise TrialPruned(
                f"pruned after epoch {len(values)}, in which {self._monitor} was {values[-1]:.4g}"
            )

    def _values(self, model, history):
        """The monitored figure of each epoch."""
        known = _OF_ESTIMATORS if history is None else _OF_HISTORY
        if self._monitor not in known:
            raise ValueError(
                f"expected monitor to be one of {', '.join(known)} in a fit of "
                f"{type(model).__name__}, got {self._monitor!r}"
            )
        values = getattr(model if history is None else history, self._monitor)
        if not values and self._needs:
            raise ValueError(f"monitor={self._monitor!r} needs {self._needs}")
        return values


def _check_directions(directions, monitor, direction):
    names = [given.name.lower() for given in directions]
    if len(names) > 1:
        raise ValueError(
            f"expected a trial of a study with one objective, got {len(names)}, for "
            "which Optuna does not prune: fit without the callback, or optimize one"
        )
    if names[0] != direction:
        raise ValueError(
            f"monitor={monitor!r} is to be {direction}d, got a study that will {names[0]}: its "
            "pruner would end the best trials. Make it with "
            f"optuna.create_study(direction={direction!r}), or monitor another value"
        )
