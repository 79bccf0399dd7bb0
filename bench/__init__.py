"""Benchmarks: `pytest bench` for the core alone, `python -m bench` side by side with its peers."""

import sys
from pathlib import Path

# `python -m` and pytest put the checkout first on the path, where its sources, not compiled,
# would hide an installed fastnn. Here rather than in __main__: every process of the bench needs it.
_CHECKOUT = str(Path(__file__).parent.parent)
sys.path[:] = [*(path for path in sys.path if path not in ("", _CHECKOUT)), _CHECKOUT]
