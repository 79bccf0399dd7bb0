"""`Trainer.state` and `Trainer.restore`: everything that changes in training, as plain arrays."""

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


def state_of(trainer: TrainerSession) -> dict[str, NDArray[Any]]:
    """The arrays of `Trainer.state`, as copies."""
    state: dict[str, NDArray[Any]] = {
        "theta": trainer.network.theta.copy(),
        "optimizer": np.frombuffer(_kind(trainer).encode(), np.uint8),
        "learning_rate": np.array(trainer.learning_rate, np.float64),
        "steps": np.array(trainer.steps, np.int64),
        "epochs": np.array(trainer.epochs, np.int64),
        "seed": np.array(trainer.seed, np.uint64),
    }
    for name, vector in _vectors(trainer).items():
        state[name] = vector.copy()
    if trainer.order is not None:
        state["order"] = trainer.order.copy()
    generator = trainer.network.rng.bit_generator
    if type(generator).__name__ in ("PCG64", "PCG64DXSM"):
        state["generator"] = np.frombuffer(json.dumps(generator.state).encode(), np.uint8)
    return state


def restore(trainer: TrainerSession, state: Mapping[str, ArrayLike]) -> None:
    """Let a trainer go on from a state; nothing changes before all of it is accepted."""
    if not isinstance(state, Mapping):
        raise TypeError(
            "expected state to be arrays by name, as state() gives them, got "
            f"{state!r:.200} of type {type(state).__name__}"
        )
    arrays = {name: np.asarray(array) for name, array in state.items()}
    own, optional = state_of(trainer), {"order", "generator"}
    if arrays.keys() - optional != own.keys() - optional:
        raise ValueError(
            f"expected the state of a trainer by {trainer.optimizer!r}, with "
            f"{', '.join(sorted(own.keys() - optional))}; got "
            f"{', '.join(sorted(map(str, arrays))) or 'nothing'}"
        )
    kind = np.asarray(arrays["optimizer"]).tobytes()
    if kind != _kind(trainer).encode():
        raise ValueError(
            f"expected the state of a trainer by {_kind(trainer)}, got one by "
            f"{kind.decode(errors='replace')!r:.50}: its moments mean something else"
        )
    vectors = {
        name: check_theta(arrays[name], own[name].shape, trainer.network.dtype, name)
        for name in ("theta", *_vectors(trainer))
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
        order.dtype.kind not in "iu" or not np.array_equal(np.sort(order), np.arange(order.size))
    ):
        raise ValueError("expected order in the state to have each row number once")
    if "generator" in arrays:  # the last that can fail
        _restore_generator(trainer.network.rng, arrays["generator"])
    trainer.network.theta[...] = vectors["theta"]
    for name, vector in _vectors(trainer).items():
        vector[...] = vectors[name]
    order = None if order is None else order.astype(np.int64)
    vars(trainer).update(order=order, seed=seed, count=steps, epochs=epochs)
    trainer._learning_rate, trainer._session = rate, None


def _kind(trainer):
    """The name of the optimizer's class: moments of another one mean something else."""
    return type(trainer.optimizer).__name__


def _vectors(trainer):
    """The vectors beside theta, by name."""
    _, first, second = trainer.vectors
    vectors = {"first": first, "second": second, "average": trainer.average}
    return {name: vector for name, vector in vectors.items() if vector is not None}


def _restore_generator(rng, written):
    try:
        # NumPy takes all of it or nothing.
        rng.bit_generator.state = json.loads(written.tobytes())
    except (ValueError, TypeError, KeyError) as error:
        name = type(rng.bit_generator).__name__
        raise ValueError(
            f"expected generator in the state to be that of a {name}, as state() writes it: "
            f"{error!r}"
        ) from error
