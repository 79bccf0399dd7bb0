"""Fits of prepared tables, and the attributes of a fitted estimator and its file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.estimators.state import as_json
from fastnn.many.blend import Unseen, networks_of
from fastnn.tables.examples import examples_of, pair_of
from fastnn.tables.figures import no_better_than
from fastnn.tables.options import AUTO, RECIPE, given_of, quality_of, settings_of
from fastnn.tables.preparation import Prepared, add_part, parts_of_fit, prepare
from fastnn.tables.recipe import Fitted, check_parameters, fit_model
from fastnn.text.alarm import Alarm
from fastnn.text.warning import warn_user

if TYPE_CHECKING:
    from fastnn.network import Network

# Parameters that older files lack; a file has them if they are not None.
ADDED = ("day_first", "dev_share", "test_share")

# Words for the rows that judge a mean of networks without dev rows. Its networks together have seen
# every row, so that two of them stand for it.
_UNSEEN = "on rows kept from training, each judged by the two networks that had not seen it,"


def keeps_all_rows(estimator: Any, dev: Any) -> bool:
    """Whether the networks of a fit with the dev rows `dev` keep dev rows of their own."""
    return (
        quality_of(vars(estimator)) is not None
        and estimator.time is None
        and estimator.dev_share is None
        and dev is None
    )


def prepare_fit(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    dev: Any,
    test: Any = None,
    *,
    all_rows: bool = False,
) -> Prepared:
    """The parts of a fit, dealt from X unless they are given, and the schema.

    With `all_rows` there is no dev part where networks keep dev rows of their own.
    """
    check_parameters(estimator)
    examples = examples_of(estimator, X, y, sample_weight, reset=True)
    if estimator.quality == AUTO and (given := given_of(vars(estimator))):
        examples.notices.append(
            f"One network is trained, because of {', '.join(given)}. Without options of one "
            f'network it is the mean of {networks_of(RECIPE)} (quality="{RECIPE}"); quality=None '
            "chooses one network without this notice."
        )
    given = {name: part for name, part in (("dev", dev), ("test", test)) if part is not None}
    inner_dev = all_rows and keeps_all_rows(estimator, dev)
    names = parts_of_fit(estimator, given, inner_dev=inner_dev)
    prepared = prepare(estimator, examples, names, inner_dev=inner_dev)
    for name, part in given.items():
        add_part(estimator, prepared, name, pair_of(estimator, part, examples.target), examples)
    return prepared


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
        settings_of(estimator.get_params(deep=False)),
        prepared.schema,
        parts["train"],
        parts.get("dev"),
        prepared.run["seed"],
        progress=progress,
        checkpoint=checkpoint,
    )
    take_over(estimator, prepared, fitted.network, fitted.unseen)
    return fitted


def take_over(
    estimator: Any, prepared: Prepared, network: Network, unseen: Unseen | None = None
) -> None:
    """Make a network, trained on prepared rows, the fit of an estimator.

    `unseen` are rows to judge it by, where there are no dev rows.
    """
    estimator.network_, estimator.schema_ = network, prepared.schema
    estimator.run_, estimator.notices_ = prepared.run, list(prepared.notices)
    estimator.parts_ = prepared.places or None
    where, groups = _UNSEEN, None
    if "dev" in prepared.parts:
        where = "on the dev rows"
        dev = prepared.parts["dev"]
        unseen = Unseen(network.forward(dev.X), dev.y, dev.weight)
        groups = dev.groups
    if unseen is not None:
        A, y, weight = unseen
        known = prepared.parts["train"].y
        told = no_better_than(prepared.schema, A, known, y, weight, where, groups)
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
                warn_user(notice)


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
            if value is not None or name not in ADDED
        },
        "features": vars(estimator).get("feature_names_in_", np.array(0)).tolist()
        or estimator.n_features_in_,
        "schema": estimator.schema_.to_dict(),
        "run": estimator.run_,
        "notices": list(map(str, estimator.notices_)),
    }
