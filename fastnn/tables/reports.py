"""The page about a fit of a table: in the target's units, with the names and rows of the table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastnn.reporting import Report, report
from fastnn.tables.preparation import Part
from fastnn.tables.recipe import REPLACED


def report_on(
    estimator: Any,
    parts: Mapping[str, Part],
    path: str | os.PathLike[str] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    first_row: int = 0,
    **options: Any,
) -> Report:
    """`fastnn.report` on the parts of a fitted estimator; their index counts from `first_row`."""
    parts = {name: replace(part, index=part.index - first_row) for name, part in parts.items()}
    schema = estimator.schema_
    left_out = [f"{name} ({why})" for name, why in schema.dropped.items()]
    about = {"target": schema.target, "columns left out": "; ".join(left_out) or None}
    about |= estimator.get_params(deep=False) | dict(settings or {})
    if estimator.quality is not None:
        about = {name: value for name, value in about.items() if name not in REPLACED}
    regression = schema.task == "regression"
    names = [schema.target] if regression else schema.classes.tolist()
    return report(
        estimator.network_,
        estimator.history_,
        parts["train"],
        parts["dev"],
        parts.get("test"),
        path,
        settings={name: value for name, value in about.items() if value not in (None, ())},
        **{
            "image_shape": False,
            "target_names": names,
            "feature_names": schema.input_names,
            "first_row": first_row,
            "target_units": schema.units,
            "feature_units": schema.input_units,
            **options,
        },
    )
