"""Learning-rate schedules: a factor on `learning_rate` for every update.

A schedule is called with the number of epochs done, fractional within an epoch (2.25 is a quarter
into the third), and gives the factor. The schedules here also need the length of training, which
`fit` tells them. Any function of the epoch is a schedule:

>>> halve_every_ten = lambda epoch: 0.5 ** (epoch // 10)
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.arguments import lookup, number

_Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Base class of the schedules that have a name.

    Parameters
    ----------
    warmup : float
        Epochs over which the factor first rises linearly from 0 to 1.
    """

    warmup: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            interval = "(0, inf)" if name == "every" else "[0, inf)"
            number(value, f"{type(self).__name__}({name}=...)", interval)

    def __call__(self, epoch: ArrayLike, epochs: float) -> _Array:
        """Factors at `epoch` (an array of epochs done) of `epochs` in all."""
        done = np.asarray(epoch, float)
        after = np.maximum(done - self.warmup, 0)
        factor = self.decay(after, max(epochs - self.warmup, 1))
        return factor * np.minimum(done / self.warmup, 1) if self.warmup else factor

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        """Factors at `epoch` epochs after the warmup, of `epochs` after it."""
        return np.ones_like(epoch)


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """Factor 1 throughout."""


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule):
    """Factor from 1 down to `end` in a straight line."""

    end: float = 0.0

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        return 1 + (self.end - 1) * np.minimum(epoch / epochs, 1)


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Factor from 1 down to `end` along half a cosine (Loshchilov and Hutter, 2017)."""

    end: float = 0.0

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        half = (1 + np.cos(np.pi * np.minimum(epoch / epochs, 1))) / 2
        return self.end + (1 - self.end) * half


@dataclass(frozen=True, kw_only=True)
class Step(Schedule):
    """Multiplied by `factor` after every `every` epochs."""

    factor: float = 0.1
    every: float = 30.0

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        return self.factor ** np.floor(epoch / self.every)


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """Multiplied by `factor` every epoch, smoothly."""

    factor: float = 0.95

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        return self.factor**epoch


@dataclass(frozen=True, kw_only=True)
class Inverse(Schedule):
    """Factor 1 / (1 + rate epoch)."""

    rate: float = 1.0

    def decay(self, epoch: _Array, epochs: float) -> _Array:
        return 1 / (1 + self.rate * epoch)


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "linear": Linear,
    "cosine": Cosine,
    "step": Step,
    "exponential": Exponential,
    "inverse": Inverse,
}

# The keys of SCHEDULES, for type checkers.
ScheduleName = Literal["constant", "linear", "cosine", "step", "exponential", "inverse"]


def make_schedule(
    schedule: ScheduleName | Schedule | Callable[[float], float] | None, epochs: float
) -> Callable[[Any], _Array]:
    """A function from an array of epochs done to an array of factors."""
    if schedule is None:
        schedule = "constant"
    if isinstance(schedule, str):
        schedule = _default(lookup(SCHEDULES, schedule, "schedule"))
    if isinstance(schedule, Schedule):
        return lambda done: schedule(done, epochs)
    if not callable(schedule) or isinstance(schedule, type):
        raise TypeError(
            f"expected schedule to be a name ({', '.join(SCHEDULES)}), a schedule object or a "
            f"function of the epoch, got {schedule!r}"
        )
    return lambda done: np.array([_one_factor(schedule, at) for at in done])


@functools.cache
def _default(kind):
    """The schedule of this class with its default settings; it is frozen, so one is enough."""
    return kind()


def _one_factor(schedule, epoch):
    return number(schedule(float(epoch)), f"the schedule's factor at epoch {epoch:g}", "[0, inf)")
