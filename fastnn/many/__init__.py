"""Many networks: they are trained side by side, and predict together.

Internal: it may change at any time.
"""

from fastnn.many.ensemble import Ensemble
from fastnn.many.side_by_side import fit_many

__all__ = ["Ensemble", "fit_many"]
