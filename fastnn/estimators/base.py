"""What the classifier and the regressor share: `fit`, `partial_fit` and the fitted attributes."""

import warnings
from abc import ABCMeta, abstractmethod
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, validate_data

from fastnn.estimators.callbacks import CallbackSupportMixin, EpochCallbacks
from fastnn.estimators.fitted import FittedMixin
from fastnn.estimators.settings import (
    activation_names,
    check_settings,
    hidden_activations,
    hidden_layers,
)
from fastnn.estimators.solvers import OptimizerState, descend, minimize_by_lbfgs
from fastnn.estimators.stopping import Progress, initial_weights
from fastnn.estimators.validation import Validation, hold_out, take
from fastnn.inputs import as_features, as_targets
from fastnn.network import Network

_FLOATS = (np.float64, np.float32)


class BaseMLP(FittedMixin, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta):
    """Training of a `Network` behind scikit-learn's interface; see the subclasses."""

    # --- what a subclass knows ---------------------------------------------------------------

    @abstractmethod
    def _check_targets(self, X, y, first, reset):
        """X and y validated; sets what the targets say of the network."""

    @abstractmethod
    def _encode(self, y):
        """y as the network takes it."""

    @abstractmethod
    def _output(self):
        """Name of the network's output, and its units."""

    @abstractmethod
    def _score_of(self, validation, error):
        """The default score on a validation set on which the network has this error."""

    def _loss_constants(self, targets):
        """What the loss of each example has beside that of the core, or None for nothing."""
        return None

    def _class_weights(self, y, incremental):
        """A weight for each example, or None."""
        return None

    # --- fitting -----------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation, incremental=False):
        mine = object()
        # setdefault is one step: two threads cannot both find the place empty.
        if vars(self).setdefault("_fitted_by", mine) is not mine:
            raise RuntimeError(f"this {type(self).__name__} is being fitted already, by another "
                               "thread or a callback")
        try:
            with self._unchanged_by_errors():
                train = self._prepare(X, y, sample_weight, validation, incremental)
            train()
        finally:
            del self._fitted_by
        return self

    @contextmanager
    def _unchanged_by_errors(self):
        before = dict(vars(self))
        network = before.get("network_")
        keep_prob = network.keep_prob if network is not None else None
        try:
            yield
        except BaseException:
            for name in vars(self).keys() - before.keys():
                delattr(self, name)
            vars(self).update(before)
            if network is not None:
                network.keep_prob = keep_prob
            raise

    def _prepare(self, X, y, sample_weight, validation, incremental):
        """All that can be refused; the training itself, as a function without arguments."""
        check_settings(self)
        first = not hasattr(self, "network_") or not (self.warm_start or incremental)
        raw = X, y
        X, y = self._check_targets(X, y, first, reset=first)
        table = raw[0] if hasattr(self, "feature_names_in_") else X   # what a scorer will predict
        weight = self._weights(X, y, sample_weight, incremental)
        targets = self._encode(y)
        random_state = check_random_state(self.random_state)
        if first:
            self._initialize(X.dtype, random_state)
        else:
            self._check_same_network()
        network = self.network_
        X_val = validation[0]
        if X_val is None and validation[1] is not None:
            raise ValueError("expected X_val with y_val, got None")

        stochastic = self.solver != "lbfgs"
        if not stochastic and min(network.keep_prob) < 1:
            raise ValueError(
                "lbfgs minimizes J, which is not defined with dropout: set keep_prob to 1, or "
                f"choose another solver; got keep_prob {self.keep_prob!r}")
        if stochastic and (first or (not incremental and self.warm_start != "optimizer")
                           or not (self._optimizer and self._optimizer.fits(self, network))):
            self._optimizer = OptimizerState.fresh(self, network, random_state)
        if weight is not None and not weight.all():   # as if they were not there
            kept = np.flatnonzero(weight)
            X, y, targets, weight = X[kept], y[kept], targets[kept], weight[kept]
            table = take(table, kept)
        held = None
        if X_val is not None:
            held = self._given_validation(*validation)
        elif self.early_stopping and stochastic:
            if incremental:
                raise ValueError("partial_fit cannot hold out examples of a stream for early "
                                 "stopping: pass X_val and y_val, or set early_stopping=False")
            X, targets, weight, held = self._hold_out(X, y, targets, weight, table, random_state)
        m = X.shape[0]
        units = network.layer_sizes[-1]
        rows = as_features(X, network.layer_sizes[0], network.dtype)
        row_targets = as_targets(targets, m, network.output, units, network.dtype)
        constants = self._loss_constants(targets)
        # The penalty of mini-batches of n examples is alpha / n, of which l2 / m is to be as much.
        examples = float(m if weight is None else weight.sum())
        share = m / examples
        if stochastic and self.batch_size != "auto":
            share *= max(1.0, m / self.batch_size)
        elif stochastic:
            share *= max(1.0, m / 200)
        network.l2, network.l1 = self.alpha * share, self.l1 * share
        self._l2_per_alpha = share
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}

        def train():
            # The network is this one, whatever a callback does to `network_`.
            callbacks = EpochCallbacks(self, *raw, metadata)
            try:
                if stochastic:
                    self._descend(network, rows, row_targets, weight, constants, held,
                                  random_state, callbacks, incremental)
                else:
                    constant = 0 if constants is None else np.average(constants, weights=weight)
                    self._minimize(network, rows, row_targets,
                                   None if weight is None else weight * share, float(constant),
                                   held, callbacks)
            finally:
                callbacks.finish()

        return train

    def _initialize(self, dtype, random_state):
        hidden = hidden_layers(self)
        activations = hidden_activations(self, len(hidden))
        output, units = self._output()
        self.network_ = Network([self.n_features_in_, *hidden, units], activation=activations,
                                output=output, keep_prob=self.keep_prob, init="zeros",
                                dtype=dtype, rng=0)
        names = activation_names(self, len(hidden))
        initial_weights(self.network_, random_state, [name == "logistic" for name in names])
        self.n_outputs_, self.n_layers_ = units, len(hidden) + 2
        self.n_iter_ = self.t_ = 0
        self.loss_curve_ = []
        self.validation_scores_ = self.validation_loss_curve_ = None
        self.best_loss_ = self.best_validation_score_ = None
        self._progress, self._optimizer = Progress(), None

    def _check_same_network(self):
        network, hidden = self.network_, hidden_layers(self)
        was = list(network.layer_sizes)
        if hidden != was[1:-1]:
            raise ValueError(
                f"expected hidden_layer_sizes as in the previous call, {was[1:-1]}, got {hidden}; "
                "fit anew with warm_start=False")
        sizes = [self.n_features_in_, *hidden, self.n_outputs_]
        if sizes != was:
            raise ValueError(f"expected layers of {sizes}, got network_ with layers of {was}; fit "
                             "anew with warm_start=False")
        if tuple(hidden_activations(self, len(hidden))) != network.activation:
            raise ValueError(
                f"expected activation as in the previous call, {list(network.activation)}, got "
                f"{self.activation!r}; fit anew with warm_start=False")
        network.keep_prob = self.keep_prob

    def _weights(self, X, y, sample_weight, incremental):
        weight = self._class_weights(y, incremental)
        if sample_weight is not None:
            given = _check_sample_weight(sample_weight, X, dtype=np.float64)
            bad = np.flatnonzero(given < 0)
            if bad.size:
                raise ValueError(f"expected sample_weight not to be negative, got {given[bad[0]]} "
                                 f"at index {bad[0]}")
            weight = given if weight is None else weight * given
        if weight is not None and not weight.any():
            raise ValueError("expected a positive sum of sample_weight, got 0")
        return weight

    def _given_validation(self, X, y, weight):
        if y is None:
            raise ValueError("expected y_val with X_val, got None")
        table = X
        X, y = self._check_targets(X, y, first=False, reset=False)
        if weight is not None:
            weight = _check_sample_weight(weight, X, dtype=np.float64)
        return Validation(self, X, self._encode(y), (table, y), weight)

    def _hold_out(self, X, y, targets, weight, table, random_state):
        training, at = hold_out(X.shape[0], self.validation_fraction, random_state,
                                targets if self._stratified() else None)
        held = Validation(self, X[at], targets[at], (take(table, at), y[at]), take(weight, at))
        return X[training], targets[training], take(weight, training), held

    def _stratified(self):
        return False

    def _descend(self, network, X, y, weight, constants, held, random_state, callbacks,
                 incremental):
        """Solver "sgd" or "adam"."""
        progress, optimizer = self._progress, self._optimizer
        optimizer.follow(self)
        rate = optimizer.rate
        stops = self.early_stopping and held is not None
        if incremental and progress.stopped and stops:
            return   # the best parameters are in place
        if not incremental:
            progress.stopped = False
        if held is not None and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        if stops != (progress.theta is not None):   # what counted as progress was another thing
            progress = self._progress = Progress()
            progress.theta = network.theta.copy() if stops else None
        epochs = 1 if incremental else self.max_iter
        self.n_iter_ = 0
        ended = False

        def epoch_done(loss, examples):
            nonlocal ended
            self.n_iter_ += 1
            self.loss_ = loss
            self.t_ += examples
            self.loss_curve_.append(self.loss_)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            self._note_validation(held)
            if stops:
                progress.look(self.validation_scores_[-1], self.tol, network.theta)
                self.best_validation_score_ = progress.best
            else:
                progress.look(-self.loss_, self.tol)
                self.best_loss_ = -progress.best
            rate.epoch_done(self.t_)
            if progress.without_improvement > self.n_iter_no_change:
                ended = self._give_up(progress, rate, stops)
            ended = callbacks.done() or ended
            if not ended and self.n_iter_ < epochs:
                callbacks.begin()
            return ended

        callbacks.begin()
        try:
            descend(self, network, optimizer, X, y, weight, constants, epochs, random_state,
                    epoch_done)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)
            ended = True
        if not incremental and not ended:
            warnings.warn(f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and "
                          "the optimization hasn't converged yet.", ConvergenceWarning,
                          stacklevel=4)
        if stops and (progress.stopped or not incremental):
            network.theta = progress.theta

    def _note_validation(self, held):
        if held is None:
            return
        loss, score = held.measure()
        self.validation_loss_curve_.append(loss)
        self.validation_scores_.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")

    def _give_up(self, progress, rate, by_score):
        """No progress for n_iter_no_change epochs: stop, or go on with a lower rate."""
        stop = rate.exhausted()
        if stop:
            progress.stopped = True
        else:
            progress.without_improvement = 0
        if self.verbose:
            what = "Validation score" if by_score else "Training loss"
            then = "Stopping." if stop else f"Setting learning rate to {rate.now:f}"
            print(f"{what} did not improve more than tol={self.tol:f} for "
                  f"{self.n_iter_no_change} consecutive epochs. {then}")
        return stop

    def _minimize(self, network, X, y, weight, constant, held, callbacks):
        """Solver "lbfgs"."""
        if held is not None and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        self.n_iter_ = 0

        def iteration_done(J):
            self.n_iter_ += 1
            self.loss_ = J + constant
            self.loss_curve_.append(self.loss_)
            self.best_loss_ = min(self.loss_curve_)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            self._note_validation(held)
            stop = callbacks.done()
            if not stop and self.n_iter_ < self.max_iter:
                callbacks.begin()
            return stop

        callbacks.begin()
        try:
            minimize_by_lbfgs(self, network, X, y, weight, iteration_done)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=2)

    def __getstate__(self):   # a copy made in a callback is not being fitted
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_fitted_by"}

    def _is_stochastic(self):
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit is only available for the solvers sgd and adam, got "
                                 f"{self.solver!r}")
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def validated(estimator, X, y, reset, **options):
    """X as floats, dense or CSR, and y, by scikit-learn's rules."""
    return validate_data(estimator, X, y, accept_sparse="csr", multi_output=True, dtype=_FLOATS,
                         reset=reset, **options)
