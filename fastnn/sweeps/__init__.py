"""Sweeps: many networks of different settings trained side by side, and the best by a dev set."""

from fastnn.sweeps.halving import Halving
from fastnn.sweeps.result import Sweep
from fastnn.sweeps.runner import sweep
from fastnn.sweeps.space import HiddenLayers, KeepProb
from fastnn.sweeps.trials import Run, Trial

__all__ = ["Halving", "HiddenLayers", "KeepProb", "Run", "Sweep", "Trial", "sweep"]
