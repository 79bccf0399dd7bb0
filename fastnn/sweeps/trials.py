"""The trials of a sweep and the networks of each, as they are recorded."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from fastnn.sweeps.space import written


@dataclass(frozen=True)
class Run:
    """One network of a trial.

    Attributes
    ----------
    seed : int
        ``Network(..., rng=seed)``, fitted with the trial's settings, has the same bits.
    dev_error, dev_loss, dev_cost, train_error, cost : float
        At the end of the fit, or at the epoch that early stopping went back to; infinite where it
        failed. `dev_loss` is `dev_cost` without the penalty, which compares between penalties.
    epochs : int
    seconds : float
        Of the fit.
    stopped : str
        Why it ended: see `History`; "rung" where halving may let it go on.
    failure : str
        Of what it failed; "" where it did not.
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

    def to_json(self):
        """As types that JSON knows, which has no infinity."""
        return {name: None if value == math.inf else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, content):
        """Of what `to_json` gave; None of anything else."""
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


def _mean_of(name):
    return property(
        lambda trial: math.fsum(getattr(run, name) for run in trial.runs) / len(trial.runs)
    )


@dataclass(frozen=True, repr=False)
class Trial:
    """One setting, tried with one network for each seed.

    Attributes
    ----------
    number : int
        Counted from 0 in the order of the space.
    setting : dict
    runs : tuple of Run
        One a seed.
    rung : int
        The last that it was in, from 0, with halving.
    dev_error, dev_loss, dev_cost, train_error, cost, epochs, seconds : float
        Means over the runs; see `Run`.
    dev_error_std : float
        Standard deviation over the runs (n - 1); NaN of one.
    failure : str
        Of what the first failed; "" where none did.
    """

    number: int
    setting: dict[str, Any]
    runs: tuple[Run, ...]
    rung: int = 0

    dev_error = _mean_of("dev_error")
    dev_loss = _mean_of("dev_loss")
    dev_cost = _mean_of("dev_cost")
    train_error = _mean_of("train_error")
    cost = _mean_of("cost")
    epochs = _mean_of("epochs")
    seconds = _mean_of("seconds")

    @property
    def dev_error_std(self):
        errors = [run.dev_error for run in self.runs]
        return float(np.std(errors, ddof=1)) if len(errors) > 1 and not self.failure else math.nan

    @property
    def failure(self):
        return next((run.failure for run in self.runs if run.failure), "")

    def __repr__(self):
        outcome = self.failure or f"dev error {self.dev_error:.4g}"
        return f"<Trial {self.number}, {written(self.setting)}: {outcome}>"
