"""Diagnosis: why the error of a network is not lower, in figures and in words.

Internal: it may change at any time.
"""

from fastnn.diagnosis.bias_variance.advice import Instead, Words
from fastnn.diagnosis.bias_variance.from_data import diagnose_network
from fastnn.diagnosis.bias_variance.from_errors import diagnose
from fastnn.diagnosis.bias_variance.result import Diagnosis
from fastnn.diagnosis.causes.cause import Cause
from fastnn.diagnosis.causes.nearest_neighbours import OptimalError, optimal_error
from fastnn.diagnosis.curves.learning_curves import LearningCurve, learning_curve
from fastnn.diagnosis.curves.penalty_paths import PenaltyPath, penalty_path
from fastnn.diagnosis.signals.flow import SignalFlow, measure_signals

__all__ = [
    "Cause",
    "Diagnosis",
    "Instead",
    "LearningCurve",
    "OptimalError",
    "PenaltyPath",
    "SignalFlow",
    "Words",
    "diagnose",
    "diagnose_network",
    "learning_curve",
    "measure_signals",
    "optimal_error",
    "penalty_path",
]
