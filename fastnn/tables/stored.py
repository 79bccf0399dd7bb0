"""A fitted estimator of tables without its network, as values that JSON has."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.estimators.state import as_json


def to_dict(estimator: Any) -> dict[str, Any]:
    """The class, the parameters, the schema and the facts about the fit."""
    kind = type(estimator)
    if not kind.__module__.startswith(f"{__package__}."):
        raise TypeError(
            "expected to save a fastnn TableClassifier or TableRegressor, got "
            f"{kind.__name__}, whose class a file cannot keep: save network_ and schema_"
        )
    return {
        "class": kind.__name__,
        "params": {
            name: as_json(value, name)
            for name, value in estimator.get_params(deep=False).items()
            if (name, value) != ("day_first", None)  # older files have none
        },
        "features": vars(estimator).get("feature_names_in_", np.array(0)).tolist()
        or estimator.n_features_in_,
        "schema": estimator.schema_.to_dict(),
        "run": estimator.run_,
    }
