"""The second step of a fit: the solver trains, and every epoch is recorded and judged."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from fastnn.errors import DivergenceError
from fastnn.estimators.callbacks import EpochCallbacks
from fastnn.estimators.preparation import Task
from fastnn.estimators.solvers import descend, minimize_by_lbfgs
from fastnn.estimators.stopping import Progress, warn_of_large_tol


def train(estimator: Any, task: Task, callbacks: EpochCallbacks) -> None:
    """Train `task.network`. Attributes of the estimator record every epoch or iteration."""
    try:
        if estimator.solver == "lbfgs":
            _minimize(estimator, task, callbacks)
        else:
            _descend(estimator, task, callbacks)
    finally:
        callbacks.finish()


def train_on_stream(estimator: Any, X: Any, y: Any) -> bool:
    """Train on one more mini-batch by the `Stream` of an earlier one.

    False if `train` has to do it; nothing has then changed.
    """
    stream = vars(estimator).get("_stream")
    if stream is None or "network_" not in vars(estimator) or hasattr(estimator, "_skl_callbacks"):
        return False
    progress, network = estimator._progress, estimator.network_
    if progress.by_score:
        return False
    X, y = estimator._check_targets(X, y, False)
    targets = estimator._encode(y)
    loss = stream.step(estimator, X, targets)
    if loss is None:
        return False
    estimator.n_iter_ = 0
    _take_note(estimator, network, loss, X.shape[0], None)
    if progress.without_improvement > estimator.n_iter_no_change and not progress.stopped:
        progress.stopped, estimator._ended_by = True, "converged"
        warn_of_large_tol(estimator, network.output, targets, None, -progress.best)
    return True


def _descend(estimator, task, callbacks):
    """Solver "sgd" or "adam"."""
    network = task.network
    estimator._optimizer.follow(estimator)
    rate = estimator._optimizer.rate
    by_score = estimator.early_stopping and task.validation is not None
    if not task.incremental or by_score != estimator._progress.by_score:
        estimator._progress = Progress(by_score)
    progress = estimator._progress
    had_stopped = progress.stopped
    if had_stopped and by_score:
        return  # the best parameters are in place

    def epoch_done(loss):
        _take_note(estimator, network, loss, task.X.shape[0], task.validation)
        if progress.without_improvement > estimator.n_iter_no_change:
            _give_up(estimator, progress, rate, by_score)
        if not progress.stopped:
            return ""
        return "early stopping" if by_score else "converged"

    epochs = 1 if task.incremental else estimator.max_iter
    _watched(
        estimator,
        callbacks,
        epochs,
        epoch_done,
        lambda watch: descend(estimator, task, epochs, watch),
    )
    if not task.incremental and estimator._ended_by == "epochs":
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached "
            "and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=4,
        )
    if by_score and (progress.stopped or not task.incremental):
        if progress.theta is not None:
            network.theta = progress.theta
        elif estimator.n_iter_ > 0:  # else it was interrupted at once
            warnings.warn(
                f"the validation score was not a number in any of {estimator.n_iter_} epochs, so "
                "none of them is the best, and the parameters of the last are kept; look for the "
                "reason in scoring and in the validation set",
                ConvergenceWarning,
                stacklevel=4,
            )
    if progress.stopped and not had_stopped and (not by_score or estimator.scoring == "loss"):
        warn_of_large_tol(estimator, network.output, task.targets, task.weight, -progress.best)


def _minimize(estimator, task, callbacks):
    """Solver "lbfgs"."""

    def iteration_done(loss):
        _record(estimator, loss, task.validation)
        estimator.best_loss_ = min(estimator.loss_curve_)
        return ""

    _watched(
        estimator,
        callbacks,
        estimator.max_iter,
        iteration_done,
        lambda watch: minimize_by_lbfgs(estimator, task, watch),
    )


def _watched(estimator, callbacks, limit, done, solve):
    """Call ``solve(watch)`` and the callbacks, and note why training ended, as in a `History`.

    The solver calls `watch` with the loss of an epoch. `watch` returns whether to stop, because
    ``done(loss)`` gives a reason or a callback says so. The solver returns a reason of its own, or
    None.
    """
    estimator.n_iter_, estimator._ended_by = 0, "error"
    ended = ""

    def watch(loss):
        nonlocal ended
        ended = done(loss)
        if callbacks.done():
            ended = ended or "callback"
        if not ended and estimator.n_iter_ < limit:
            callbacks.begin()
        return bool(ended)

    callbacks.begin()
    try:
        reason = solve(watch)
        estimator._ended_by = ended or reason or "epochs"
    except DivergenceError:
        estimator._ended_by = "diverged"
        raise
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=2)
        estimator._ended_by = "interrupted"


def _take_note(estimator, network, loss, rows, validation):
    """Record an epoch of so many rows, and judge it."""
    progress, rate = estimator._progress, estimator._optimizer.rate
    estimator.t_ += rows
    _record(estimator, loss, validation)
    if progress.by_score:
        progress.look(estimator.validation_scores_[-1], estimator.tol, network.theta)
        estimator.best_validation_score_ = progress.best
    else:
        progress.look(-loss, estimator.tol, network.theta)
        estimator.best_loss_ = -progress.best
    rate.epoch_done(estimator.t_)


def _record(estimator, loss, validation):
    """Record the loss of an epoch, and the loss and score of the validation set."""
    estimator.n_iter_ += 1
    estimator.loss_ = loss
    estimator.loss_curve_.append(loss)
    if estimator.verbose:
        print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
    if validation is None:
        return
    loss, score = validation.measure()
    estimator.validation_loss_curve_.append(loss)
    estimator.validation_scores_.append(score)
    if estimator.verbose:
        print(f"Validation score: {score:f}")


def _give_up(estimator, progress, rate, by_score):
    """After n_iter_no_change epochs without progress: stop, or go on with a lower rate."""
    stop = rate.exhausted()
    if stop:
        progress.stopped = True
    else:
        progress.without_improvement = 0
    if estimator.verbose:
        what = "Validation score" if by_score else "Training loss"
        then = "Stopping." if stop else f"Setting learning rate to {rate.now:f}"
        print(
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs. {then}"
        )
