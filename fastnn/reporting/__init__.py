"""One self-contained HTML page about a trained network."""

from fastnn.reporting.assembly import Report, report

__all__ = ["Report", "report"]
