"""One self-contained HTML page about a trained network.

Internal: it may change at any time.
"""

from fastnn.reporting.assembly import Report, report

__all__ = ["Report", "report"]
