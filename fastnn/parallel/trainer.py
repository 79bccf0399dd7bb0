"""`fastnn.parallel.mpi`: steps of one network over the processes of an MPI communicator."""

from __future__ import annotations

import json
import math
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn import _kernels
from fastnn.arguments import number
from fastnn.data.inputs import Features
from fastnn.errors import DivergenceError
from fastnn.losses.criterion import AnyLoss
from fastnn.parallel.ranks import Ranks
from fastnn.trainer.trainer import Trainer
from fastnn.version import __version__

Array = NDArray[np.floating[Any]]


def mpi(
    trainer: Trainer, comm: Any, *, broadcast: bool = False, timeout: float = 600.0
) -> MPITrainer:
    """Join the trainers of all ranks of a communicator: each step is one over the rows of all.

    ``pip install "fastnn-cpu[mpi]"`` brings mpi4py and an MPI. Every rank makes the same network
    and trainer, and passes its own rows; a step is forward and backward on these, one sum of
    `gradient` over the ranks, and the update. theta has the same bits on all ranks after every
    step, and differs only by rounding from one process that has all rows.

    Parameters
    ----------
    trainer : Trainer
        Of networks with the same arguments and `rng`, which is checked. `batch_size` is the most
        rows of this rank.
    comm : mpi4py communicator
        Such as ``MPI.COMM_WORLD``.
    broadcast : bool, default False
        Whether theta, the moments, the steps and the seed of the masks are copied from rank 0, as
        where it alone has loaded a checkpoint.
    timeout : float, default 600
        Seconds that a rank waits for the others before it raises TimeoutError.

    Returns
    -------
    MPITrainer

    Raises
    ------
    ValueError
        The trainers differ between ranks; the message names the difference.
    TimeoutError
        A rank has not come.

    Notes
    -----
    A rank that fails, ends early or calls something else makes the same call on the others raise a
    RuntimeError that says so. One that is killed, or does not answer, makes them raise TimeoutError
    after `timeout`; mpiexec ends them before, as a rule. ``trainer.state()`` of any rank is the
    checkpoint of all: save it from time to time.

    All ranks need the same kernels (`fastnn` chooses them by the CPU): set ``FASTNN_VARIANT=avx2``
    where the machines differ.

    Examples
    --------
    ``mpiexec -n 2 python script.py`` of::

        import fastnn
        from mpi4py import MPI
        from sklearn.datasets import load_digits

        comm = MPI.COMM_WORLD
        X, y = load_digits(return_X_y=True)
        mine = slice(comm.rank, None, comm.size)  # in earnest, each rank loads its own rows
        X, y = X[mine] / 16, y[mine]
        net = fastnn.Network([64, 32, 10], keep_prob=0.8, rng=0)
        with fastnn.parallel.mpi(net.trainer(learning_rate=0.01), comm) as ranks:
            for epoch in range(20):
                for at in range(0, 800, 32):
                    J = ranks.step(X[at : at + 32], y[at : at + 32])
        if comm.rank == 0:
            net.save("digits.safetensors")
            print(f"J = {J:.3f}")
    """
    if not isinstance(trainer, Trainer):
        raise TypeError(
            f"expected a trainer, as net.trainer() makes it, got {type(trainer).__name__}"
        )
    if not hasattr(comm, "Ireduce_scatter"):
        raise TypeError(
            f"expected a communicator of mpi4py, such as MPI.COMM_WORLD, got {type(comm).__name__}"
        )
    timeout = number(timeout, "timeout", "(0, 1e9]")
    return MPITrainer(trainer, Ranks(comm, timeout), bool(broadcast))


class MPITrainer:
    """The steps of a `Trainer` over the ranks of a communicator; `mpi` makes one.

    All ranks make the same calls. A ``with`` block, or `close`, ends them together.

    Attributes
    ----------
    trainer : Trainer
        Of this rank; `state`, `restore`, `steps` and `learning_rate` are there. What is set must
        be set on all ranks.
    rank, ranks : int
        The number of this process, and of all.
    rows : int
        Of all ranks in the last `step` or `forward`.
    """

    trainer: Trainer
    rank: int
    ranks: int
    rows: int

    def __init__(self, trainer: Trainer, ranks: Ranks, broadcast: bool) -> None:
        self.trainer, self._ranks, self.rows = trainer, ranks, 0
        self._has_gradient = False
        self.rank, self.ranks = ranks.rank, ranks.count
        if broadcast:
            settings = _settings(trainer)
            del settings["learning rate"]  # a part of the state
            ranks.agree(settings)
            state, kept = trainer.state(), ("average", "first", "second")
            for name in ("theta", *kept, "learning_rate", "steps", "epochs", "seed"):
                if name in state:
                    ranks.broadcast(state[name])
            trainer.restore(state)
        self.check()

    def __repr__(self) -> str:
        return f"<MPITrainer, rank {self.rank} of {self.ranks}, of {self.trainer!r}>"

    def __enter__(self) -> MPITrainer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._ranks.end(self.trainer.steps, error)
        except (RuntimeError, TimeoutError):
            if error is None:
                raise

    def close(self) -> None:
        """End the steps, on all ranks: it waits until each has called it."""
        self._ranks.end(self.trainer.steps)

    def check(self) -> None:
        """Raise a ValueError that names the difference, if the trainers of two ranks differ.

        `mpi` does so once. It reads all of theta; between two epochs it costs little.
        """
        state = self.trainer.state()
        names = {
            "theta": "theta",
            "average": "average of theta",
            "first": "moments",
            "second": "second moments",
            "seed": "seed",
        }
        bits = {names[name]: state[name].tobytes() for name in names if name in state}
        self._ranks.agree({**_settings(self.trainer), **bits, "steps": bytes(state["steps"])})

    def step(
        self,
        X: Features,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        loss: AnyLoss | None = None,
    ) -> float:
        """One update by the network's own loss, over the rows of all ranks.

        Parameters
        ----------
        X, y, sample_weight, loss
            As for `Trainer.step`: the rows of this rank, of which there may be 0.

        Returns
        -------
        J : float
            ``1/m sum_i w_i L_i`` over all m rows of all ranks, before the update, with the penalty.

        Raises
        ------
        DivergenceError
            On all ranks, as from `Trainer.step`.
        ValueError, TypeError
            An argument of this rank is wrong; RuntimeError on the others. theta is unchanged.
        RuntimeError, TimeoutError
            A rank fails, has ended, makes another call, or does not answer.
        """
        trainer, part, error = self.trainer, 0.0, None
        own, first, whole = self._begin("step", X)
        try:
            if own:
                part = trainer.differentiate(
                    X, y, sample_weight, loss=loss, first_row=first, rows=whole
                )
            else:
                trainer.gradient[...] = 0
        except DivergenceError:
            part = math.nan  # the others diverge too
        except BaseException as raised:
            error = raised  # once the others know
        parts = self._meet("step", part=part, error=error)["part"]
        J = sum(parts.tolist())
        if not math.isfinite(J):
            what = "the loss or its gradient is not finite"
            raise DivergenceError(None, trainer.steps, trainer.rate, what)
        self._ranks.add(trainer.gradient)
        trainer.update(rows=whole)
        return J

    def forward(self, X: Features) -> Array:
        """The outputs of this rank's rows, as from `Trainer.forward`; it sets `rows`.

        A row has the dropout mask of its place among the rows of all ranks.
        """
        own, first, _ = self._begin("forward", X)
        network = self.trainer.network
        if not own:
            return np.empty((0, network.layer_sizes[-1]), network.dtype)
        return self.trainer.forward(X, first)

    def backward(self, dA: ArrayLike, inputs: bool = False) -> Array | None:
        """Fill `trainer.gradient`, the sum over all ranks, as `Trainer.backward` does.

        Parameters
        ----------
        dA : (m, n[L]) array-like
            dJ/dA[L] of this rank's rows. J is of the rows of all ranks: a mean divides by `rows`.
        inputs : bool, default False
            Whether dX, of this rank's rows, is wanted.

        Returns
        -------
        dX : (m, n[0]) array, or None
        """
        trainer, dX, error = self.trainer, None, None
        try:
            if self.rows and not len(np.asarray(dA)):
                trainer.gradient[...] = 0
                if inputs:
                    dX = np.empty((0, trainer.network.layer_sizes[0]), trainer.network.dtype)
            else:
                dX = trainer.backward(dA, inputs)
        except BaseException as raised:
            error = raised  # once the others know
        self._meet("backward", error=error)
        self._ranks.add(trainer.gradient)
        self._has_gradient = True
        return dX

    def update(self) -> None:
        """One update of theta by `trainer.gradient`, on all ranks; see `Trainer.update`."""
        self._meet("update")
        if not self._has_gradient:
            raise RuntimeError("expected forward and backward before update")
        self.trainer.update(rows=self.rows)
        self._has_gradient = False

    def _begin(self, call, X):
        """Rows of this rank, the place of the first among the rows of all, and the sum of all."""
        own, error = 0, None
        try:
            own = X.shape[0] if hasattr(X, "shape") else len(X)
        except BaseException as raised:
            error = raised
        rows = self._meet(call, rows=own, error=error)["rows"]
        self.rows, self._has_gradient = int(rows.sum()), False
        if not self.rows:
            raise ValueError("expected at least one example on one of the ranks, got 0 rows on all")
        return own, int(rows[: self.rank].sum()), self.rows

    def _meet(self, call, **words):
        trainer = self.trainer
        return self._ranks.meet(call, steps=trainer.steps, rate=trainer.rate, **words)


def _settings(trainer):
    """What must be the same on all ranks, as bytes by its name in messages."""
    spec = trainer.network.spec
    del spec["init"], spec["init_gain"]
    texts = {
        "the version of fastnn": __version__,
        "kernels (set FASTNN_VARIANT)": _kernels.variant,
        **{f"the network's {name}": json.dumps(value) for name, value in spec.items()},
        "optimizer": repr((trainer.optimizer, trainer.optimizer.layer_rates)),
        "learning rate": repr(trainer.rate),
        "clip_norm or clip_value": repr(trainer.clipping),
        "examples": repr(trainer.examples),
        "the decay of average": repr(trainer.decay),
    }
    return {name: text.encode() for name, text in texts.items()}
