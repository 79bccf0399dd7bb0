"""Warnings that point at the user's program."""

from __future__ import annotations

import os
import sys
import warnings

_FASTNN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


def warn_user(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called fastnn, however many of its own calls lie between."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_FASTNN):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
