"""The loop of idea, code and experiment, run by the machine.

Internal: it may change at any time.
"""

from fastnn.improvement.loop import improve
from fastnn.improvement.result import Improvement, Move

__all__ = ["Improvement", "Move", "improve"]
