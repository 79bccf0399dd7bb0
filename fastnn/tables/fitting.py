"""Fits of prepared tables: train, improve, and the parts of an earlier fit."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastnn.improvement import Improvement, improve
from fastnn.tables.examples import Examples
from fastnn.tables.figures import no_better_than
from fastnn.tables.preparation import Part, Prepared, encoded, found_again
from fastnn.tables.recipe import OF_FIT, OF_NETWORK, Fitted, fit_model
from fastnn.text.alarm import Alarm
from fastnn.training.early_stopping import EarlyStopping

if TYPE_CHECKING:
    from fastnn.network import Network


def train(
    estimator: Any,
    prepared: Prepared,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Fitted:
    """Train an estimator on prepared rows; Ctrl-C leaves it with the best parameters so far."""
    parts = prepared.parts
    fitted = fit_model(
        estimator.get_params(deep=False),
        prepared.schema,
        parts["train"],
        parts.get("dev"),
        prepared.run["seed"],
        progress=progress,
        checkpoint=checkpoint,
    )
    take_over(estimator, prepared, fitted.network)
    return fitted


def take_over(estimator: Any, prepared: Prepared, network: Network) -> None:
    """Make a network, trained on prepared rows, the fit of an estimator."""
    estimator.network_, estimator.schema_ = network, prepared.schema
    estimator.run_, estimator.notices_ = prepared.run, list(prepared.notices)
    if prepared.parts.keys() >= {"train", "dev"}:
        told = no_better_than(prepared.schema, network, *map(prepared.parts.get, ("train", "dev")))
        estimator.notices_ += [told] if told else []
    if prepared.schema.classes is not None:
        estimator.classes_ = prepared.schema.classes


def warn(estimator: Any) -> None:
    """Say aloud, to the caller of a method, what makes the result of a table worthless.

    An array has no names to say it by.
    """
    if "feature_names_in_" in vars(estimator):
        for notice in estimator.notices_:
            if isinstance(notice, Alarm):
                warnings.warn(notice, stacklevel=3)


def improve_prepared(estimator: Any, prepared: Prepared, **options: Any) -> Improvement:
    """`fastnn.improve` on prepared rows; the estimator gets its network and its parameters."""
    schema, parts = prepared.schema, prepared.parts
    if "dev" not in parts:
        raise ValueError("expected dev rows to judge by, got too few rows to keep some: pass dev")
    parameters = estimator.get_params(deep=False)
    begin = {name: parameters[name] for name in (*OF_NETWORK, *OF_FIT)}
    result = improve(
        [schema.n_inputs, *parameters["hidden"], schema.n_outputs],
        parts["train"],
        parts["dev"],
        rng=prepared.run["seed"],
        output=schema.output,
        sample_weight=parts["train"].weight,
        **begin,
        **options,
    )
    changed, lost = _parameters(result.setting, parameters)
    estimator.set_params(**changed)
    take_over(estimator, prepared, result.network)
    if lost:
        result.notes.append(f"Another fit of the estimator would lack {', '.join(lost)}.")
    return result


def parts_again(
    estimator: Any, examples: Examples, given: Mapping[str, Examples]
) -> dict[str, Part]:
    """The parts of the fit, found again in its table; `given` ones are in their place."""
    parts = found_again(estimator, examples)
    if parts is None:
        if "dev" not in given:
            raise ValueError(
                "the table does not hold the rows of the fit, in their order, so that its training "
                "rows cannot be told from the others: pass that table, or dev (--dev) with "
                "rows that the fit has not seen"
            )
        parts = {"train": encoded(estimator, examples)}
    parts |= {name: encoded(estimator, part) for name, part in given.items()}
    if "dev" not in parts:
        raise ValueError("the fit had dev rows of its own, or none: pass dev (--dev)")
    return parts


@contextmanager
def unchanged_by_errors(estimator: Any) -> Iterator[None]:
    """Undo every change of an estimator after an error, unless it has a new fit already."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        if vars(estimator).get("run_") is before.get("run_"):
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def _parameters(setting, known):
    """Parameters of an estimator for a setting, and the options that it has no parameter for."""
    sizes, lost = setting["layer_sizes"], []
    changed: dict[str, Any] = {"hidden": tuple(sizes[1:-1])}
    for name, value in setting.items():
        if name in known and value != known[name]:
            changed[name] = value
        elif name not in (*known, "layer_sizes", "output", "sample_weight"):
            lost.append(f"{name}={value!r}")
    stops = changed.get("early_stopping")
    if isinstance(stops, EarlyStopping):
        changed["early_stopping"] = stops.patience
    return changed, lost
