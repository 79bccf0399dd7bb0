"""The judgement on a model of a table: diagnoses and pages, on rows that it has not seen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone

from fastnn.diagnosis import Diagnosis, Instead, Words, diagnose_network
from fastnn.many.blend import networks_of
from fastnn.reporting import Report, report
from fastnn.tables.examples import Examples, Part, class_weights, part_of
from fastnn.tables.figures import told_of_unseen
from fastnn.tables.fitting import train
from fastnn.tables.options import RECIPE, REPLACED, settings_of
from fastnn.tables.preparation import FEWEST_ROWS, found_again, parts_of_fit, prepare
from fastnn.text.words import rows

if TYPE_CHECKING:
    from fastnn.network import Network

_OWN_SETTINGS = (
    "settings of your own (quality=None), such as {}: improve tries some, and keeps them where "
    "they are better than this recipe"
)

_ALIKE = (
    "a fit without dev rows of your own and without time (--dev, --time) would tell: its dev rows "
    "are drawn from the same rows as the training rows"
)


class Judged(NamedTuple):
    """A fitted estimator, and the parts to measure its errors on.

    Attributes
    ----------
    estimator : TableClassifier or TableRegressor
    parts : dict of Part
        train, dev and, where given, test.
    notes : list of str
        Sentences about these errors.
    """

    estimator: Any
    parts: dict[str, Part]
    notes: list[str]


def judged(estimator: Any, examples: Examples, given: Mapping[str, Examples]) -> Judged:
    """The parts of the fit, found again in its table; `given` parts replace them.

    If the recipe has trained on all rows, it is trained anew on a part of them.
    """
    parts = found_again(estimator, examples)
    if parts is None:
        if "dev" not in given:
            raise ValueError(
                "the table does not hold the rows of the fit, in their order, so that its training "
                "rows cannot be told from the others: pass that table, or dev (--dev) with "
                "rows that the fit has not seen"
            )
        parts = {"train": part_of(estimator, estimator.schema_, examples, "train")}
    all_rows, notes = _has_trained_on_all(estimator), []
    if "dev" not in parts and "dev" not in given:
        few = len(examples.frame) < FEWEST_ROWS
        if not all_rows or few or estimator.run_.get("weighted"):
            raise ValueError(
                "the fit had dev rows or weights of its own, or too few rows to keep some: pass "
                "dev (--dev)"
            )
        estimator, parts = _on_a_part(estimator, examples)
        notes.append(
            f"the fit has trained on all rows: these are the errors of the same recipe, trained "
            f"anew on {len(parts['train']):,} of them and judged by the other "
            f"{rows(len(parts['dev']))}"
        )
    elif all_rows:
        notes.append(
            "each network of the mean kept a tenth of the training rows as dev rows, so that the "
            "training error is a little above that of rows which all were trained on"
        )
    for name, some in given.items():
        parts[name] = part_of(estimator, estimator.schema_, some, name)
        notes += some.notices
    notes += [text for name, part in parts.items() for text in told_of_unseen(part, name)]
    return Judged(estimator, parts, notes)


def diagnosis_of(
    network: Network,
    parts: Mapping[str, Part],
    parameters: Mapping[str, Any],
    notes: list[str] | None = None,
    **options: Any,
) -> Diagnosis:
    """`Network.diagnose` of the network of a table, with advice that goes with the parameters.

    There are no short fits beside a mean of networks: no option of one network counts for it.
    """
    quality = parameters.get("quality")
    instead = None if quality is None else _instead(quality)
    words = Words(instead=instead, alike=_ALIKE) if hasattr(parts["dev"], "names") else None
    diagnosis = diagnose_network(
        network,
        parts["train"],
        parts["dev"],
        words,
        _class_weights(parameters.get("class_weight"), parts["train"]),
        test=parts.get("test"),
        by_trials=quality is None,
        **options,
    )
    return replace(diagnosis, notes=[*diagnosis.notes, *(notes or ())])


def report_on(
    judged: Judged,
    path: str | os.PathLike[str] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    first_row: int = 0,
    optimal_error: float | None = None,
    diagnosis: Diagnosis | None = None,
    **options: Any,
) -> Report:
    """`fastnn.report` on a fitted estimator; the index of its parts counts from `first_row`.

    `diagnosis` may have been made before.
    """
    estimator, parts, notes = judged
    parameters = settings_of(estimator.get_params(deep=False))
    if diagnosis is None:
        diagnosis = diagnosis_of(
            estimator.network_,
            parts,
            parameters,
            notes,
            optimal_error=optimal_error,
        )
    parts = {name: replace(part, index=part.index - first_row) for name, part in parts.items()}
    schema = estimator.schema_
    left_out = [f"{name} ({why})" for name, why in schema.dropped.items()]
    about = {"target": schema.target, "columns left out": "; ".join(left_out) or None}
    about |= parameters | dict(settings or {})
    if parameters["quality"] is not None:
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
        diagnosis=diagnosis,
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


def _class_weights(wanted, train):
    """The weight of each class by its number, as in training; None without any."""
    if wanted is None:
        return None
    classes, labels = np.asarray(train.names.classes), train.y.reshape(-1).astype(int)
    weights = np.ones(len(classes))
    weights[labels] = class_weights(wanted, classes, labels)
    return weights


def _instead(quality):
    """Advice in the place of advice on settings."""
    variance = _OWN_SETTINGS.format("a higher l2 or a keep_prob below 1")
    if quality != RECIPE:
        variance = (
            f'quality="{RECIPE}", the mean of {networks_of(RECIPE)} networks in the place of '
            f"{networks_of(quality)}"
        )
    return Instead(_OWN_SETTINGS.format("larger hidden layers and no l2"), variance)


def _has_trained_on_all(estimator):
    """Whether each network of the fit had dev rows of its own."""
    return estimator.run_.get("inner_dev") is True


def _on_a_part(estimator, examples):
    """The estimator fitted anew, with dev rows kept apart; and its parts."""
    other = clone(estimator).set_params(random_state=estimator.run_["seed"])
    prepared = prepare(other, examples, parts_of_fit(other))
    if train(other, prepared, progress=bool(other.verbose)).interrupted:
        raise KeyboardInterrupt
    return other, {name: replace(part, weight=None) for name, part in prepared.parts.items()}
