"""What stands between a network and the error it could have, measured and told in words."""

from fastnn.diagnosis.advice import Words
from fastnn.diagnosis.bias_variance import diagnose
from fastnn.diagnosis.from_data import diagnose_network
from fastnn.diagnosis.learning_curves import LearningCurve, learning_curve
from fastnn.diagnosis.penalty_paths import PenaltyPath, penalty_path
from fastnn.diagnosis.signals import SignalFlow, measure_signals
from fastnn.diagnosis.verdict import Diagnosis

__all__ = [
    "Diagnosis",
    "LearningCurve",
    "PenaltyPath",
    "SignalFlow",
    "Words",
    "diagnose",
    "diagnose_network",
    "learning_curve",
    "measure_signals",
    "penalty_path",
]
