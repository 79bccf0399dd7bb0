"""The state of an optimizer between two updates: of a fit, or of a trainer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn._kernels import aligned_zeros
from fastnn.arguments import integer
from fastnn.engine.examples import check_theta
from fastnn.training.optimizers import Optimizer

Array = NDArray[np.floating[Any]]


class OptimizerState:
    """The state of an optimizer of a network: moments, counts, and what its updates draw on.

    Parameters
    ----------
    network : Network
    optimizer : Optimizer
    seed : int
        Of the dropout masks.
    clipping : (float, float)
        Largest global norm and largest size of a component of a gradient; 0 for no limit.
    decay : float, optional
        Of `average`.
    """

    network: Any
    optimizer: Optimizer
    clipping: tuple[float, float]
    seed: int
    count: int
    epochs: int
    order: NDArray[np.int64] | None
    vectors: tuple[Any, ...]
    decay: float | None
    average: Array | None

    def __init__(
        self,
        network: Any,
        optimizer: Optimizer,
        seed: int,
        clipping: tuple[float, float],
        decay: float | None = None,
    ) -> None:
        self.network, self.optimizer = network, optimizer
        self.seed, self.clipping = seed, clipping
        self.count, self.epochs = 0, 0
        self.order = None
        self.vectors = tuple(
            aligned_zeros(network.theta.size, network.dtype) if needed else None
            for needed in (True, *optimizer.moments)
        )
        self.decay, self.average = decay, None if decay is None else network.theta.copy()

    @property
    def gradient(self) -> Array:
        """The gradient of the next update, laid out as theta, without the penalty.

        `backward` fills it and `update` uses it. It may be written to in between, as by an
        all-reduce over several machines.
        """
        return self.vectors[0]

    @property
    def steps(self) -> int:
        """Updates so far."""
        return self.count

    def set_up(self, session: Any, examples: int | None) -> None:
        """Let a session go on from here; `examples` is m of the penalty, None for each batch's."""
        network, m = self.network, examples or 1
        penalty = [(0.0, 0.0)]
        penalty += [(l2 / m, l1 / m) for l2, l1 in zip(network.l2, network.l1, strict=True)]
        session.set_dropout(network.keep_prob, self.seed, self.steps)
        session.set_optimizer(
            self.optimizer.code,
            self.optimizer.settings(),
            penalty,
            *self.vectors,
            constant_penalty=examples is not None,
        )
        session.set_clipping(*self.clipping)
        session.set_max_norm(network.max_norm)
        if self.optimizer.layer_rates is not None:
            session.set_layer_rates(self.optimizer.layer_rates)
        self.average_on(session)

    def average_on(self, session: Any) -> None:
        """Let a session that is at its present step go on with the average, if there is one."""
        if self.average is not None:
            session.set_average(self.average, self.decay, begun=session.step > 0)

    def order_of(self, m: int) -> NDArray[np.int64]:
        """The order in which the last fit has left m rows."""
        if self.order is None or self.order.size != m:
            vars(self)["order"] = np.arange(m)
        return self.order

    def count_on(self, seed: int, steps: int, epochs: int) -> None:
        """Take over the counts of a fit: the updates and whole epochs so far."""
        vars(self).update(seed=seed, count=steps, epochs=epochs)

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that training goes on from, as copies: arrays by name.

        theta, its `average` and the optimizer's moments (`first`, `second`), the counts of `steps`
        and `epochs`, the `seed` of the masks, the `order` of the rows of a fit, and the state of
        the network's `generator` (JSON as bytes; only of NumPy's PCG64, the default). ``np.savez(
        path, **state)`` and ``safetensors.numpy.save_file(state, path)`` write it.

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
        state: dict[str, NDArray[Any]] = {
            "theta": self.network.theta.copy(),
            "steps": np.array(self.steps, np.int64),
            "epochs": np.array(self.epochs, np.int64),
            "seed": np.array(self.seed, np.uint64),
        }
        for name, vector in self._kept().items():
            state[name] = vector.copy()
        if self.order is not None:
            state["order"] = self.order.copy()
        generator = self.network.rng.bit_generator
        if type(generator).__name__ in ("PCG64", "PCG64DXSM"):
            state["generator"] = np.frombuffer(json.dumps(generator.state).encode(), np.uint8)
        return state

    def restore(self, state: Mapping[str, ArrayLike]) -> None:
        """Go back to a `state`: of this trainer, or of another one of a network of these layers.

        The learning rate stays.

        Raises
        ------
        ValueError, TypeError
            It is not the state of such a trainer. Nothing has changed.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                "expected state to be arrays by name, as state() gives them, got "
                f"{state!r:.200} of type {type(state).__name__}"
            )
        arrays = {name: np.asarray(array) for name, array in state.items()}
        own, optional = self.state(), {"order", "generator"}
        if arrays.keys() - optional != own.keys() - optional:
            raise ValueError(
                f"expected the state of a trainer by {self.optimizer!r}, with "
                f"{', '.join(sorted(own.keys() - optional))}; got "
                f"{', '.join(sorted(map(str, arrays))) or 'nothing'}"
            )
        vectors = {
            name: check_theta(arrays[name], own[name].shape, self.network.dtype, name)
            for name in ("theta", *self._kept())
            if name in own
        }
        negative = np.flatnonzero(vectors["second"] < 0) if "second" in vectors else ()
        if len(negative):
            raise ValueError(
                "expected second in the state, a mean of squares, to be not negative, got "
                f"{vectors['second'][negative[0]]} at index {negative[0]}"
            )
        for name in ("steps", "epochs", "seed"):
            if arrays[name].size != 1:
                raise ValueError(
                    f"expected {name} in the state to be one number, got {arrays[name].size}"
                )
        steps = integer(arrays["steps"].item(), "steps", 0)
        epochs = integer(arrays["epochs"].item(), "epochs", 0)
        seed = integer(arrays["seed"].item(), "seed", 0, 2**64 - 1)
        order = arrays.get("order")
        if order is not None and (
            order.dtype.kind not in "iu"
            or not np.array_equal(np.sort(order), np.arange(order.size))
        ):
            raise ValueError("expected order in the state to have each row number once")
        if "generator" in arrays:  # the last that can fail
            self._restore_generator(arrays["generator"])
        self.network.theta[...] = vectors["theta"]
        for name, vector in self._kept().items():
            vector[...] = vectors[name]
        order = None if order is None else order.astype(np.int64)
        vars(self).update(order=order, seed=seed, count=steps, epochs=epochs)

    def _kept(self):
        """The vectors beside theta that a state has, by name."""
        vectors = {"first": self.vectors[1], "second": self.vectors[2], "average": self.average}
        return {name: vector for name, vector in vectors.items() if vector is not None}

    def _restore_generator(self, written):
        try:
            # NumPy takes all of it or nothing.
            self.network.rng.bit_generator.state = json.loads(written.tobytes())
        except (ValueError, TypeError, KeyError) as error:
            name = type(self.network.rng.bit_generator).__name__
            raise ValueError(
                f"expected generator in the state to be that of a {name}, as state() writes it: "
                f"{error!r}"
            ) from error
