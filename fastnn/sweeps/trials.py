"""The trials of a sweep and the networks of each, as they are recorded."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from fastnn.sweeps.space import written


@dataclass(frozen=True)
class Run:
    """The outcome of one network of a trial.

    Attributes
    ----------
    seed : int
        ``Network(..., rng=seed)``, fitted with the trial's settings, has the same bits.
    dev_error, dev_loss, dev_cost, train_error, cost : float
        At the end of the fit, or at the epoch that early stopping went back to; infinite if the
        fit failed. `dev_loss` is `dev_cost` without the penalty: it compares between penalties.
    epochs : int
    seconds : float
        Duration of the fit.
    stopped : str
        Why the fit ended: see `History`; "rung" if halving may continue it.
    failure : str
        The error of a failed fit, else "".
    """

    seed: int
    dev_error: float = math.inf
    dev_loss: float = math.inf
    dev_cost: float = math.inf
    train_error: float = math.inf
    cost: float = math.inf
    epochs: int = 0
    seconds: float = 0.0
    stopped: str = ""
    failure: str = ""

    def to_json(self) -> dict[str, Any]:
        """The run in types that JSON has; infinity, which JSON lacks, becomes None."""
        return {name: None if value == math.inf else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Run | None":
        """The run from the result of `to_json`; None from anything else."""
        if content.keys() != {f.name for f in fields(cls)}:
            return None
        values = {name: math.inf if value is None else value for name, value in content.items()}
        kinds = {"seed": int, "epochs": int, "stopped": str, "failure": str}
        # JSON may write a whole float without a point.
        sound = all(
            isinstance(value, kinds.get(name, float | int))
            and value == value
            and not (isinstance(value, int) and not 0 <= value < 2**63)
            for name, value in values.items()
        )
        return cls(**values) if sound else None


class MeanOverRuns:
    """A property of a `Trial`: the mean of the attribute with this name over its runs."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, trial: "Trial", owner: type) -> float:
        return math.fsum(getattr(run, self._name) for run in trial.runs) / len(trial.runs)


@dataclass(frozen=True, repr=False)
class Trial:
    """One setting, tried with one network for each seed.

    Attributes
    ----------
    number : int
        Trials count from 0 in the order of the space.
    setting : dict
    runs : tuple of Run
        One for each seed.
    rung : int
        The last rung of halving that the trial reached, from 0.
    dev_error, dev_loss, dev_cost, train_error, cost, epochs, seconds : float
        Means over the runs; see `Run`.
    dev_error_std : float
        Standard deviation of the runs (n - 1); NaN for a single run.
    failure : str
        The error of the first failed run, else "".
    """

    number: int
    setting: dict[str, Any]
    runs: tuple[Run, ...]
    rung: int = 0

    dev_error: ClassVar[MeanOverRuns] = MeanOverRuns()
    dev_loss: ClassVar[MeanOverRuns] = MeanOverRuns()
    dev_cost: ClassVar[MeanOverRuns] = MeanOverRuns()
    train_error: ClassVar[MeanOverRuns] = MeanOverRuns()
    cost: ClassVar[MeanOverRuns] = MeanOverRuns()
    epochs: ClassVar[MeanOverRuns] = MeanOverRuns()
    seconds: ClassVar[MeanOverRuns] = MeanOverRuns()

    @property
    def dev_error_std(self) -> float:
        """Standard deviation of the runs' dev errors; NaN for a single run."""
        errors = [run.dev_error for run in self.runs]
        return float(np.std(errors, ddof=1)) if len(errors) > 1 and not self.failure else math.nan

    @property
    def failure(self) -> str:
        """The error of the first failed run, else ""."""
        return next((run.failure for run in self.runs if run.failure), "")

    def __repr__(self) -> str:
        outcome = self.failure or f"dev error {self.dev_error:.4g}"
        return f"<Trial {self.number}, {written(self.setting)}: {outcome}>"
