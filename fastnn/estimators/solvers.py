"""The solvers: epochs of mini-batches as in scikit-learn, and L-BFGS."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from operator import is_
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from fastnn import _kernels
from fastnn.data.inputs import as_weights
from fastnn.engine import passes
from fastnn.engine.step_session import open_small, session_settings
from fastnn.engine.thread_tuning import ThreadTuner
from fastnn.errors import DivergenceError
from fastnn.estimators.callbacks import check_callbacks
from fastnn.estimators.parameters import update_rule
from fastnn.estimators.stopping import COST_TOLERANCE, LearningRate, warn_of_large_tol
from fastnn.network import Network
from fastnn.training.lbfgs import minimize
from fastnn.training.monitor import cause_of_divergence
from fastnn.training.optimizers import LBFGS, Optimizer


@dataclass
class OptimizerState:
    """The state that an optimizer keeps from one mini-batch, epoch or call to the next."""

    rule: type[Optimizer]
    first: NDArray[np.floating[Any]] | None
    second: NDArray[np.floating[Any]] | None
    rate: LearningRate
    dropout_seed: int
    step: int = 0  # updates so far

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # joblib can give read-only views on a file.
        self.first, self.second = (
            None if vector is None else np.array(vector) for vector in (self.first, self.second)
        )

    @classmethod
    def fresh(
        cls,
        estimator: Any,
        network: Network,
        random_state: Callable[[], np.random.RandomState],
    ) -> Self:
        """The state before the first update."""
        rule, _ = update_rule(estimator)
        vectors = [np.zeros_like(network.theta) if needed else None for needed in rule.moments]
        rate = _learning_rate(estimator)
        # Without dropout no seed is drawn: the order of rows is then as in scikit-learn.
        drops = min(network.keep_prob) < 1
        return cls(rule, *vectors, rate, int(random_state().randint(2**31)) if drops else 0)

    def fits(self, estimator: Any, network: Network) -> bool:
        """Whether training can go on with this state, solver and network."""
        rule, _ = update_rule(estimator)
        return rule is self.rule and all(
            vector is None or vector.shape == network.theta.shape
            for vector in (self.first, self.second)
        )

    def follow(self, estimator: Any) -> None:
        """Take over a learning rate that the user has changed since the last call."""
        rate = _learning_rate(estimator)
        if not rate.begins_as(self.rate):
            self.rescale_velocity(self.rate.now, rate.now)
            self.rate = rate

    def set_up(self, session: Any, estimator: Any, network: Network) -> None:
        """Let a session of the network go on from here, with the estimator's settings."""
        _, settings = update_rule(estimator)
        penalty = (float(estimator.alpha), float(estimator.l1))
        penalties = [(0.0, 0.0)] + [penalty] * (len(network.layer_sizes) - 1)
        session.set_dropout(network.keep_prob, self.dropout_seed, self.step)
        session.set_max_norm(network.max_norm)
        gradient = np.zeros_like(network.theta)
        session.set_optimizer(
            self.rule.code, settings, penalties, gradient, self.first, self.second
        )

    def rescale_velocity(self, before: float, now: float) -> None:
        """Scale the first moment of momentum to a new learning rate, which is a factor of it."""
        if self.first is not None and self.second is None:
            self.first *= before / now


class Stream:
    """Updates of `partial_fit` by a compiled session that the estimator keeps between calls.

    It is for small mini-batches, one a call, at a constant learning rate. Afterwards there is only
    the loss to record. theta and the loss have the same bits as by `descend`.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        It has just been trained on a mini-batch, so its parameters have been checked.
    session : StepSession
        Of its network.
    """

    def __init__(self, estimator: Any, session: Any) -> None:
        self._network, self._state = estimator.network_, estimator._optimizer
        self._settings = session_settings(self._network)
        self._parameters = _parameters(estimator)
        # They can be changed in place.
        self._lists = [(v, v.copy()) for v in self._parameters.values() if isinstance(v, list)]
        self._session = session
        self._state.set_up(session, estimator, self._network)

    @classmethod
    def of(cls, estimator: Any, task: Any) -> Self | None:
        """The stream that goes on after the mini-batch `task`; None where a call has more to do."""
        m = task.X.shape[0]
        simple = (
            estimator._optimizer.rate.schedule == "constant"
            and task.weight is task.constants is task.validation is None
            and not (estimator.early_stopping or estimator.verbose)
            and not check_callbacks(estimator.callbacks)
            and not hasattr(estimator, "_skl_callbacks")
            and estimator.n_threads in (None, 1)
            and m <= usual_batch_size(estimator)
            and all(isinstance(value, _PLAIN) for value in _parameters(estimator).values())
        )
        session = open_small(task.network, m) if simple else None
        return None if session is None else cls(estimator, session)

    def step(self, estimator: Any, X: Any, targets: Any) -> float | None:
        """J before one update by checked examples; None where `descend` has to make it."""
        network, session, state = self._network, self._session, self._state
        m, now = X.shape[0], _parameters(estimator)
        if (
            estimator.network_ is not network
            or estimator._optimizer is not state
            or session.step != state.step
            or session.variant is not _kernels.variant
            or session_settings(network) != self._settings
            or now.keys() != self._parameters.keys()
            or not all(map(is_, now.values(), self._parameters.values()))
            or any(value != before for value, before in self._lists)
            or m > session.batch_size
            or m > usual_batch_size(estimator)
            or (m < usual_batch_size(estimator) and estimator.batch_size != "auto")
        ):
            return None
        if network.output != "softmax" and targets.dtype.kind != "f":
            targets = targets.astype(np.float64)
        J = session.train_batch(X, targets, None, state.rate.now)
        if J is None or J != J:  # it is not plain, or diverges
            return None
        state.step = session.step
        return J


# Values of parameters that cannot be changed in place, and lists.
_PLAIN = (int, float, str, tuple, list, type(None), np.generic)


def _parameters(estimator):
    """The parameters that a step depends on, by name."""
    return {
        name: value
        for name, value in vars(estimator).items()
        if name[0] != "_" and name[-1] != "_" and name != "random_state"
    }


def descend(estimator: Any, task: Any, epochs: int, watch: Callable[[float], bool]) -> None:
    """Train by "sgd" or "adam", from the present theta.

    A mini-batch's J is (sum_i w_i L_i + alpha/2 sum_l ||W[l]||_F^2 + l1 sum_l ||W[l]||_1) / sum_i
    w_i. The sums over i are over its own examples, as in scikit-learn.

    Parameters
    ----------
    task : preparation.Task
    epochs : int
    watch : callable(loss) -> bool
        It is called with the mean loss of every epoch; True ends training.
    """
    network, state, weight, constants = (
        task.network,
        estimator._optimizer,
        task.weight,
        task.constants,
    )
    m = task.X.shape[0]
    batch_size = _batch_size(estimator, m)
    session = passes.open_session(
        network,
        task.X,
        task.y,
        weight,
        batch_size=batch_size,
        threads=estimator.n_threads,
        training=True,
    )
    tuner = ThreadTuner(session, chosen=estimator.n_threads is not None)
    state.set_up(session, estimator, network)
    starts = np.arange(0, m, batch_size)
    sizes = np.minimum(m - starts, batch_size).astype(np.float64)
    divisors = sizes if weight is None else np.add.reduceat(weight, starts)
    index = np.arange(m) if estimator.shuffle and len(starts) > 1 else None
    rates = np.full(len(starts), state.rate.now)
    if constants is not None and weight is not None:
        constants = constants * weight
    for epoch in range(epochs):
        if index is not None:
            order = np.arange(m)
            task.random_state().shuffle(order)  # as sklearn.utils.shuffle does
            index = index[order]
            if weight is not None:
                divisors = np.add.reduceat(weight[index], starts)
        turns = passes.train_epoch(session, tuner, epoch, rates, index=index, divisors=divisors)
        try:
            for _ in turns:
                pass
        except DivergenceError as error:
            at_start = epoch == error.batch == 0
            error.cause = cause_of_divergence(network, task.X, task.y, weight, at_start=at_start)
            raise
        finally:  # Ctrl-C comes between two mini-batches
            state.step += session.batch
        loss = session.training_loss / m
        if constants is not None:
            ordered = constants if index is None else constants[index]
            loss += float(np.add.reduceat(ordered, starts) @ (sizes / divisors)) / m
        if watch(loss):
            return
        if state.rate.now != rates[0]:
            state.rescale_velocity(rates[0], state.rate.now)
            state.set_up(session, estimator, network)
            rates[:] = state.rate.now


def minimize_by_lbfgs(estimator: Any, task: Any, watch: Callable[[float], bool]) -> str | None:
    """Minimize J of all examples by L-BFGS, from the present theta.

    Parameters
    ----------
    task : preparation.Task
    watch : callable(loss) -> bool
        It is called with J after every iteration; True ends training.

    Returns
    -------
    str or None
        Why it ended, as in `History.stopped`; None after the last iteration, or by `watch`.
    """
    constant = (
        0.0 if task.constants is None else float(np.average(task.constants, weights=task.weight))
    )
    ended = False

    def iteration_done(iteration, J):
        nonlocal ended
        ended = watch(J + constant)
        return ended

    optimizer = LBFGS(
        tolerance=float(estimator.tol),
        cost_tolerance=COST_TOLERANCE,
        max_evaluations=int(estimator.max_fun),
    )
    reason = minimize(
        task.network,
        optimizer,
        task.X,
        task.y,
        as_weights(task.weight, task.X.shape[0]),
        iterations=estimator.max_iter,
        iteration_done=iteration_done,
        threads=estimator.n_threads,
    )
    if not ended and reason != "converged":
        warnings.warn(
            f"lbfgs failed to converge after {estimator.n_iter_} iteration(s): "
            f"{reason or 'limit of iterations'}. Increase max_iter (now "
            f"{estimator.max_iter}) or max_fun (now {estimator.max_fun}), or scale the data, as "
            "with sklearn.preprocessing.StandardScaler",
            ConvergenceWarning,
            stacklevel=2,
        )
    elif not ended:
        output = task.network.output
        warn_of_large_tol(estimator, output, task.targets, task.weight, estimator.loss_)
    return reason


def _learning_rate(estimator):
    schedule = estimator.learning_rate if estimator.solver == "sgd" else "constant"
    return LearningRate(estimator.learning_rate_init, schedule, estimator.power_t)


def usual_batch_size(estimator: Any) -> int:
    """The number of examples of a mini-batch, if there are at least as many."""
    return 200 if isinstance(estimator.batch_size, str) else int(estimator.batch_size)  # "auto"


def _batch_size(estimator, m):
    if not isinstance(estimator.batch_size, str) and estimator.batch_size > m:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
            stacklevel=2,
        )
    return min(usual_batch_size(estimator), m)
