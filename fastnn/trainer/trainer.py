"""`Network.trainer`: updates of theta one at a time, in a loop of the user's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn._kernels import Rows
from fastnn.arguments import integer
from fastnn.data.inputs import Features, as_derivatives
from fastnn.engine.examples import some_features
from fastnn.engine.passes import penalty
from fastnn.losses.criterion import AnyLoss
from fastnn.trainer.session import TrainerSession
from fastnn.trainer.state import restore, state_of

Array = NDArray[np.floating[Any]]


class Trainer(TrainerSession):
    """Updates of a network's theta one at a time, in a loop of your own.

    `Network.trainer` makes one, and documents its parameters. The trainer keeps the moments of the
    optimizer from one update to the next. `step` makes an update by the network's own loss.
    `forward`, `backward` and `update` together make one by any loss: backward takes the derivatives
    of your J with respect to the outputs. ``net.fit(..., optimizer=trainer)`` goes on from its last
    update.

    One thread at a time may use it. An update that would not be finite is refused: theta and the
    moments stay as they are.

    Attributes
    ----------
    network : Network
    optimizer : Optimizer
    batch_size : int
        The most rows of a call.
    examples : int or None
        m of the penalty; None: the rows of each call.
    seed : int
        Of the dropout masks. With (seed, steps) `Network.value_and_grad` has the masks of the next
        update.
    epochs : int
        Whole epochs of all fits that went on from this trainer.
    average : (N,) array or None
        The moving average of theta over the updates, if the trainer was made with `average`.

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
    ...     trainer.backward((A - y) / len(X))
    ...     trainer.update()
    >>> np.round(net.params["W1"].ravel(), 2)
    array([1., 2., 3.], dtype=float32)
    >>> trainer.steps
    200
    """

    if not TYPE_CHECKING:  # a type checker would take it to allow every name

        def __setattr__(self, name, value):
            """Refuse an assignment without effect; a subclass may have attributes of its own."""
            made = "_session" in vars(self)
            if made and name[0] != "_" and name != "learning_rate" and type(self) is Trainer:
                raise AttributeError(_refusal(self, name))
            object.__setattr__(self, name, value)

    def __copy__(self) -> NoReturn:
        raise TypeError(
            "a shallow copy of a trainer would share its moments and have steps of its own; make "
            "another with net.trainer(...), or copy.deepcopy((net, trainer))"
        )

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
        rate = self.rate
        J = self._ready_for(loss).train_batch(X, y, sample_weight, rate)
        if J is None:
            session, *examples = self._checked(X, y, sample_weight, loss)
            J = session.train_batch(*examples, rate)
        if J != J:
            raise self._diverged(rate, X, y, loss)
        return J

    def differentiate(
        self,
        X: Features,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        loss: AnyLoss | None = None,
        first_row: int = 0,
        rows: int | None = None,
    ) -> float:
        """Fill `gradient` by the network's own loss: `step` without the update.

        A mini-batch may be cut into parts, as over machines. The sum of the parts' `gradient` is
        then the gradient of the whole, and the sum of the results its J. ``update(rows=rows)`` goes
        on from there.

        Parameters
        ----------
        X, y, sample_weight, loss
            As for `step`.
        first_row : int, default 0
            The place of the first of these rows in the mini-batch, for their dropout masks.
        rows : int, optional
            The rows of the whole mini-batch. None: these.

        Returns
        -------
        J : float
            The share of these rows in ``1/rows sum_i w_i L_i`` and in the penalty.

        Raises
        ------
        DivergenceError, ValueError, TypeError, RuntimeError
            As for `step`.
        """
        part = (self.gradient, False, first_row, rows or 0)
        session = self._ready_for(loss)
        found = session.gradients(X, y, sample_weight, *part)
        if found is None:
            session, *examples = self._checked(X, y, sample_weight, loss)
            found = session.gradients(*examples, *part)
        if not math.isfinite(found[0]):
            raise self._diverged(self.rate, X, y, loss)
        whole = session.gradient_rows
        own = 1.0 if rows is None else session.next_row / whole
        return found[0] + own * penalty(self.network, self.examples or whole)

    def forward(self, X: Features, first_row: int = 0) -> Array:
        """The outputs A (m, n[L]) with the dropout masks of this step.

        X is copied for `backward`, and may change in between; theta must not. `first_row` is as
        for `differentiate`.
        """
        session = self._ready()
        A = session.forward(X, first_row)
        if A is None:
            rows = some_features(self.network, X)
            self._check_rows(rows)
            A = session.forward(rows, first_row)
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

    def update(self, rows: int | None = None) -> None:
        """One update of theta by `gradient`; the penalty is added here.

        Parameters
        ----------
        rows : int, optional
            The rows of the mini-batch, where `gradient` is a sum over its parts: they divide the
            penalty. None: the rows of the last `backward`.

        Raises
        ------
        DivergenceError
            The gradient is not finite, or the new theta would not be. theta is unchanged.
        RuntimeError
            There is no gradient: `backward` comes first.
        """
        session, rate = self._ready(), self.rate
        done = session.update(rate, 0 if rows is None else integer(rows, "rows", 1))
        if done is None:
            raise RuntimeError(
                "expected forward and backward before update: there is no gradient since the last "
                "update or step, or a change of the network's settings"
            )
        if not done:
            raise self._diverged(rate)

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that changes in training, as copies: arrays by name.

        theta, its `average` and the optimizer's moments (`first`, `second`), the `learning_rate`,
        the counts of `steps` and `epochs`, the `seed` of the masks, the `order` of the rows of a
        fit, and the state of the network's `generator` (JSON as bytes; only of NumPy's PCG64, the
        default). ``np.savez(path, **state)`` and ``safetensors.numpy.save_file(state, path)`` write
        it. `optimizer` is its name, as bytes. The schedule and the other arguments of
        `Network.trainer` are not in it: make the trainer that restores it with the same ones.

        Examples
        --------
        >>> import fastnn
        >>> net = fastnn.Network([2, 1], rng=0)
        >>> trainer = net.trainer()
        >>> before = trainer.state()
        >>> J = trainer.step([[1.0, 2.0]], [1])
        >>> trainer.restore(before)
        >>> trainer.steps, J == trainer.step([[1.0, 2.0]], [1])
        (0, True)
        """
        return state_of(self)

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Go back to a `state` of this trainer, or of another one with the same layers.

        Both must have an optimizer of the same name.

        Raises
        ------
        ValueError, TypeError
            It is not the state of such a trainer. Nothing has changed.
        """
        restore(self, state)


def _refusal(trainer, name):
    """The message for an attribute of a trainer that cannot be assigned to."""
    if name in ("gradient", "average"):
        return (
            f"{name} of a trainer is one vector as long as it lives; write to its numbers: "
            f"trainer.{name}[...] = ..."
        )
    if hasattr(trainer, name):
        return (
            f"{name} of a trainer cannot be changed: make another one with net.trainer(...); it "
            "can restore(...) the state() of this one, in which seed and counts may be others"
        )
    meant = name == "lr" or get_close_matches(name.lower(), ["learning_rate"])
    hint = "did you mean learning_rate?" if meant else "keep it elsewhere, or in a subclass"
    return f"a trainer has no attribute {name!r}; {hint}"
