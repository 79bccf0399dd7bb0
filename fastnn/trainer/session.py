"""The compiled session of a trainer, and the fits that go on from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.arguments import number
from fastnn.data.inputs import as_factors
from fastnn.engine.examples import check_data, criterion_for
from fastnn.engine.passes import failure
from fastnn.engine.step_session import open_steps, session_settings, usual_columns
from fastnn.errors import DivergenceError
from fastnn.losses.criterion import Criterion
from fastnn.training.monitor import cause_of_divergence
from fastnn.training.optimizer_state import OptimizerState, count_on, factors_in_steps, set_up
from fastnn.training.optimizers import RATES, Optimizer


class TrainerSession(OptimizerState):
    """An optimizer's state, and the compiled session that makes its updates, opened when needed."""

    batch_size: int
    examples: int | None
    schedule: Any
    total_steps: int | None

    def __init__(
        self,
        network: Any,
        optimizer: Optimizer,
        *,
        learning_rate: float,
        batch_size: int,
        schedule: Any,
        average: float | None,
        total_steps: int | None,
        clipping: tuple[float, float],
        examples: int | None,
        threads: int | None,
    ) -> None:
        super().__init__(network, optimizer, int(network.rng.integers(2**63)), clipping, average)
        self.batch_size, self.learning_rate, self.schedule = batch_size, learning_rate, schedule
        self.total_steps = total_steps
        self._factors = factors_in_steps(schedule, total_steps)
        self.examples, self._threads = examples, threads
        self._theta, self._settings = network.theta, None
        self._session: Any = None  # opened by the first call
        self._criterion = Criterion()  # of the session
        self._columns: int | None = usual_columns(network)  # of its y

    def __repr__(self) -> str:
        return f"<Trainer of {self.network!r} by {self.optimizer!r}, {self.steps:,} steps>"

    def __getstate__(self) -> dict[str, Any]:
        opened_by_next_call = {
            "_session": None,
            "_factors": None,
            "_theta": None,
            "_criterion": Criterion(),
            "_columns": usual_columns(self.network),
        }
        return {**vars(self), "count": self.steps, **opened_by_next_call}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._theta = self.network.theta
        self._factors = factors_in_steps(self.schedule, self.total_steps)

    @property
    def learning_rate(self) -> float:
        """The rate of the next update before the schedule's factor. It may be assigned to."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self._learning_rate = number(learning_rate, "learning_rate", RATES)

    @property
    def rate(self) -> float:
        """The learning rate of the next update, with the schedule's factor."""
        if self._factors is None:
            return self._learning_rate
        return self._learning_rate * float(self._factors(np.array([self.steps], float))[0])

    def _ready(self):
        """The session, opened anew where the network's settings have changed."""
        network = self.network
        if network.theta is not self._theta:
            raise RuntimeError(
                "the network has another theta than when this trainer was made (its attributes "
                "were set, as by unpickling); make a new trainer: net.trainer(...)"
            )
        if self._session is None or session_settings(network) != self._settings:
            self._open()
        return self._session

    def _ready_for(self, loss, columns=None):
        """The session, opened anew if it is for another loss, or for y of other columns."""
        session = self._ready()
        wanted = self.network.loss if loss is None else loss
        if wanted is not self._criterion.loss or columns not in (None, self._columns):
            self._criterion, self._columns = criterion_for(self.network, loss), columns
            self._open()
            session = self._session
        return session

    def _open(self):
        network = self.network
        count_on(self, self.seed, self.steps, self.epochs)
        session = open_steps(
            network,
            self.batch_size,
            self._threads,
            criterion=self._criterion,
            columns=self._columns,
        )
        set_up(self, session, self.examples)
        session.set_lock(vars(network))
        self._session, self._settings = session, session_settings(network)

    def _checked(self, X, y, sample_weight, loss):
        """The session for these arguments, and the arguments in the form that it reads."""
        criterion = criterion_for(self.network, loss)
        rows, targets, _ = check_data(self.network, X, y, None, criterion=criterion)
        m = self._check_rows(rows)
        session = self._ready_for(loss, targets.shape[1])
        return session, rows, targets, as_factors(sample_weight, m, self.network.dtype)

    def _check_rows(self, rows):
        m = rows.shape[0]
        if m > self.batch_size:
            raise ValueError(
                f"expected at most {self.batch_size} rows, the batch_size of the trainer, got {m}; "
                f"make it with net.trainer(batch_size={m})"
            )
        return m

    def _diverged(self, rate, X=None, y=None, loss=None):
        """The error of an update that would not be finite; with its cause if X and y are given."""
        error = DivergenceError(None, self.steps, rate, failure(self._session))
        if X is not None:
            _, *examples = self._checked(X, y, None, loss)
            error.cause = cause_of_divergence(
                self.network, *examples, self._criterion, at_start=not self.steps
            )
        return error
