"""Sweeps: networks of many settings are trained side by side; a dev set chooses the best."""

from fastnn.sweeps.halving import Halving
from fastnn.sweeps.result import Sweep
from fastnn.sweeps.runner import sweep
from fastnn.sweeps.space import HiddenLayers, KeepProb
from fastnn.sweeps.trials import Run, Trial

__all__ = ["Halving", "HiddenLayers", "KeepProb", "Run", "Sweep", "Trial", "sweep"]
