"""`Network.trainer`: updates of theta one at a time, in a loop of the user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn._kernels import Rows
from fastnn.arguments import number
from fastnn.data.inputs import Features, as_derivatives, as_factors
from fastnn.engine.examples import check_data, criterion_for, some_features
from fastnn.engine.fit_lock import FITTED_BY
from fastnn.engine.step_session import open_steps, session_settings, usual_columns
from fastnn.errors import DivergenceError
from fastnn.losses.criterion import AnyLoss, Criterion
from fastnn.schedules import make_schedule
from fastnn.training.optimizer_state import OptimizerState
from fastnn.training.optimizers import RATES, Optimizer

Array = NDArray[np.floating[Any]]


class Trainer(OptimizerState):
    """Updates of a network's theta one at a time, in a loop of your own.

    `Network.trainer` makes one, and documents its parameters. It keeps what an optimizer remembers
    from one update to the next. `step` is an update by the network's own loss. `forward`,
    `backward` and `update` are one by any loss: backward takes the derivatives of your J with
    respect to the outputs. ``net.fit(..., optimizer=trainer)`` goes on from its last update.

    One thread at a time may use it. An update that would not be finite is refused: theta and the
    moments stay as they are.

    Attributes
    ----------
    network : Network
    optimizer : Optimizer
    batch_size : int
        The most rows of a call.
    seed : int
        Of the dropout masks. With (seed, steps) `Network.value_and_grad` has the masks of the next
        update.
    epochs : int
        Whole epochs of the fits that went on from it.

    Examples
    --------
    Least squares by hand:

    >>> import numpy as np, fastnn
    >>> X = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
    >>> y = X @ np.float32([[1.0], [2.0], [3.0]])
    >>> net = fastnn.Network([3, 1], output="identity", rng=0)
    >>> trainer = net.trainer(learning_rate=0.1)
    >>> for step in range(200):
    ...     A = trainer.forward(X)
    ...     dX = trainer.backward((A - y) / len(X))
    ...     trainer.update()
    >>> np.round(net.params["W1"].ravel(), 2)
    array([1., 2., 3.], dtype=float32)
    >>> trainer.steps
    200
    """

    batch_size: int
    schedule: Any

    def __init__(
        self,
        network: Any,
        optimizer: Optimizer,
        *,
        learning_rate: float,
        batch_size: int,
        schedule: Any,
        clipping: tuple[float, float],
        examples: int | None,
        threads: int | None,
    ) -> None:
        super().__init__(network, optimizer, int(network.rng.integers(2**63)), clipping)
        self.batch_size, self.learning_rate, self.schedule = batch_size, learning_rate, schedule
        self._factors = None
        if schedule not in (None, "constant"):
            self._factors = make_schedule(schedule, math.inf)
        self._examples, self._threads = examples, threads
        self._theta, self._settings = network.theta, None
        self._session: Any = None  # opened by the first call
        self._criterion = Criterion()  # of the session
        self._columns: int | None = usual_columns(network)  # of its y

    def __repr__(self) -> str:
        return f"<Trainer of {self.network!r} by {self.optimizer!r}, {self.steps:,} steps>"

    def __getstate__(self) -> dict[str, Any]:
        opened_by_next_call = {
            "_session": None,
            "_theta": None,
            "_criterion": Criterion(),
            "_columns": usual_columns(self.network),
        }
        return {**vars(self), "count": self.steps, **opened_by_next_call}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._theta = self.network.theta

    @property
    def learning_rate(self) -> float:
        """Of the next update, but for the schedule's factor. May be assigned to."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self._learning_rate = number(learning_rate, "learning_rate", RATES)

    @property
    def steps(self) -> int:
        """Updates so far."""
        return self.count if self._session is None else self._session.step

    # --- steps ---------------------------------------------------------------------------------

    def step(
        self,
        X: Features,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        loss: AnyLoss | None = None,
    ) -> float:
        """One update by the network's own loss, with the dropout masks of this step.

        Arrays of float32 or float64 (labels: int64) are read where they lie; nothing is allocated.

        Parameters
        ----------
        X, y : as for `Network.value_and_grad`, at most `batch_size` rows
        sample_weight : (m,) array-like, optional
            Factors of the losses. They may be negative, as in policy gradients, and are not divided
            by their sum: ``J = 1/m sum_i w_i L_i``.
        loss : Loss or function, optional
            In the place of the network's, as for `fit`. Steps by one loss and one kind of y are
            fast; a change of either takes some 0.1 ms.

        Returns
        -------
        J : float
            Of these examples before the update, with the penalty.

        Raises
        ------
        DivergenceError
            The loss, its gradient or the new theta would not be finite. theta is unchanged.
        ValueError, TypeError
            An argument is not as above, or not finite.
        RuntimeError
            Another thread is at this trainer, or a fit at the network.

        Examples
        --------
        >>> import numpy as np, fastnn
        >>> net = fastnn.Network([2, 8, 1], rng=0)
        >>> trainer = net.trainer(optimizer="gd", learning_rate=1.0)
        >>> J = [trainer.step([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]) for _ in range(200)]
        >>> J[-1] < 0.1 < J[0]
        True
        """
        rate = self._rate()
        session = self._ready_for(loss)
        J = session.train_batch(X, y, sample_weight, rate)
        if J is None:
            criterion = criterion_for(self.network, loss)
            rows, targets, _ = check_data(self.network, X, y, None, criterion=criterion)
            m = self._check_rows(rows)
            session = self._ready_for(loss, targets.shape[1])
            J = session.train_batch(rows, targets, as_factors(sample_weight, m), rate)
        if J != J:
            raise self._diverged(rate)
        return J

    def forward(self, X: Features) -> Array:
        """The outputs A (m, n[L]) with the dropout masks of this step.

        X is copied for `backward`, and may change in between; theta must not.
        """
        session = self._ready()
        A = session.forward(X)
        if A is None:
            rows = some_features(self.network, X)
            self._check_rows(rows)
            A = session.forward(rows)
        return A

    def backward(self, dA: ArrayLike, inputs: bool = False) -> Array | None:
        """Fill `gradient` from the derivatives of any J with respect to the outputs.

        Parameters
        ----------
        dA : (m, n[L]) array-like
            dJ/dA of the last `forward`. Where J is a mean over the rows, so are these derivatives.
        inputs : bool, default False
            Whether dX is wanted.

        Returns
        -------
        dX : (m, n[0]) array, or None
        """
        session = self._ready()
        dX = session.backward(dA, self.gradient, bool(inputs))
        if dX is None:
            m = session.kept_rows
            if not m:
                raise RuntimeError(
                    "expected forward(X) before backward(dA): there are no outputs to go back "
                    "from since the last update or step, or a change of the network's settings"
                )
            shape = m, self.network.layer_sizes[-1]
            dA = as_derivatives(dA, shape, self.network.dtype)
            dX = session.backward(Rows(dA, shape), self.gradient, bool(inputs))
        return dX if inputs else None

    def update(self) -> None:
        """One update of theta by `gradient`; the penalty is added here.

        Raises
        ------
        DivergenceError
            The gradient is not finite, or the new theta would not be. theta is unchanged.
        RuntimeError
            There is no gradient: `backward` comes first.
        """
        session, rate = self._ready(), self._rate()
        done = session.update(rate)
        if done is None:
            raise RuntimeError(
                "expected forward and backward before update: there is no gradient since the last "
                "update or step, or a change of the network's settings"
            )
        if not done:
            raise self._diverged(rate)

    # --- a fit that goes on from here, and the compiled session --------------------------------

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        super().restore(state)
        self._session = None

    def count_on(self, seed: int, steps: int, epochs: int) -> None:
        super().count_on(seed, steps, epochs)
        self._session = None

    def rates(self, batches: int) -> Callable[[int], NDArray[np.float64]]:
        """A function from an epoch of a fit that goes on from here to its learning rates."""
        first = self.steps

        def rates(epoch: int) -> NDArray[np.float64]:
            if self._factors is None:
                return np.full(batches, self._learning_rate)
            at = first + epoch * batches + np.arange(batches)
            return self._learning_rate * self._factors(at.astype(float))

        rates(0)  # a schedule that does not work is refused here
        return rates

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
        self.count_on(self.seed, self.steps, self.epochs)
        session = open_steps(
            network,
            self.batch_size,
            self._threads,
            criterion=self._criterion,
            columns=self._columns,
        )
        self.set_up(session, self._examples)
        session.set_lock(vars(network), FITTED_BY)
        self._session, self._settings = session, session_settings(network)

    def _rate(self):
        if self._factors is None:
            return self._learning_rate
        return self._learning_rate * float(self._factors(np.array([self.steps], float))[0])

    def _check_rows(self, rows):
        m = rows.shape[0]
        if m > self.batch_size:
            raise ValueError(
                f"expected at most {self.batch_size} rows, the batch_size of the trainer, got {m}; "
                f"make it with net.trainer(batch_size={m})"
            )
        return m

    def _diverged(self, rate):
        what = "the loss or its gradient is not finite"
        if self._session.overflowed:
            what = "the update would overflow"
        return DivergenceError(None, self.steps, rate, what)
