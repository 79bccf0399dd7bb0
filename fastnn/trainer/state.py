"""`Trainer.state` and `restore`: what changes in training, as plain arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.arguments import integer, number
from fastnn.engine.examples import check_theta
from fastnn.trainer.session import TrainerSession
from fastnn.training.optimizers import RATES


class RestorableSession(TrainerSession):
    """A trainer's session whose state can be taken out and put back."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that changes in training, as copies: arrays by name.

        theta, its `average` and the optimizer's moments (`first`, `second`), the `learning_rate`,
        the counts of `steps` and `epochs`, the `seed` of the masks, the `order` of the rows of a
        fit, and the state of the network's `generator` (JSON as bytes; only of NumPy's PCG64, the
        default). ``np.savez(path, **state)`` and ``safetensors.numpy.save_file(state, path)`` write
        it. `optimizer` is its name, as bytes. The other arguments of `Network.trainer` are not in
        it, such as the schedule: make the trainer that restores it with the same.

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
            "optimizer": np.frombuffer(self._kind.encode(), np.uint8),
            "learning_rate": np.array(self.learning_rate, np.float64),
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

        It has to be by an optimizer of the same name.

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
        kind = np.asarray(arrays["optimizer"]).tobytes()
        if kind != self._kind.encode():
            raise ValueError(
                f"expected the state of a trainer by {self._kind}, got one by "
                f"{kind.decode(errors='replace')!r:.50}: its moments mean something else"
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
        for name in ("learning_rate", "steps", "epochs", "seed"):
            if arrays[name].size != 1:
                raise ValueError(
                    f"expected {name} in the state to be one number, got {arrays[name].size}"
                )
        rate = number(arrays["learning_rate"].item(), "learning_rate", RATES)
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
        self._learning_rate, self._session = rate, None

    @property
    def _kind(self):
        return type(self.optimizer).__name__

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
