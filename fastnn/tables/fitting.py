"""Fits of prepared tables, and the attributes of a fitted estimator and its file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.arguments import lookup
from fastnn.estimators.state import as_json
from fastnn.many.blend import Unseen, networks_of
from fastnn.sweeps import Sweep, sweep
from fastnn.sweeps.result import FIGURES
from fastnn.tables.examples import examples_of, pair_of
from fastnn.tables.figures import figures_of, no_better_than
from fastnn.tables.options import (
    AUTO,
    OF_FIT,
    OF_NETWORK,
    RECIPE,
    REPLACED,
    given_of,
    quality_of,
    settings_of,
)
from fastnn.tables.preparation import Prepared, add_part, parts_of_fit, prepare
from fastnn.tables.recipe import Fitted, check_parameters, fit_model, with_weight
from fastnn.text.alarm import Alarm
from fastnn.text.warning import warn_user

if TYPE_CHECKING:
    from fastnn.data.parts import Split
    from fastnn.network import Network
    from fastnn.tables.examples import Part
    from fastnn.tables.recipe import Shape
    from fastnn.tabular import TableSchema

# Parameters that older files lack; a file has them if they are not None.
ADDED = ("day_first", "dev_share", "test_share")

# Figures of classes to choose by -> the figure by which rungs of halving go. A sweep records the
# error and the loss of each fit, also where it goes on from a checkpoint and has no network. The
# loss is of probabilities, as the area is.
BY_CLASS = {"balanced_error": "dev_error", "auc": "dev_loss"}

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


def prepare_one(
    estimator: Any, X: Any, y: Any, sample_weight: Any, dev: Any, test: Any = None
) -> Prepared:
    """The parts of a fit of one network, whatever the `quality` of the estimator."""
    check_parameters(estimator)
    quality, estimator.quality = estimator.quality, None
    try:
        return prepare_fit(estimator, X, y, sample_weight, dev, test)
    finally:
        estimator.quality = quality


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


def sweep_prepared(
    estimator: Any,
    prepared: Prepared,
    space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    select: str | None,
    **options: Any,
) -> Sweep:
    """Train a network for each of many settings; the best becomes the fit of the estimator.

    Its parameters are then those of the best. Where all trials failed it stays as it was.
    """
    parts, parameters = prepared.parts, settings_of(estimator.get_params(deep=False))
    if "dev" not in parts:
        raise ValueError("expected dev rows to choose by, got too few rows to keep some: pass dev")
    if select is not None:
        lookup(dict.fromkeys(("dev_error", "dev_loss", *BY_CLASS)), select, "select")
    settings = [space] if isinstance(space, Mapping) else space
    known = isinstance(settings, Sequence) and all(isinstance(s, Mapping) for s in settings)
    varied = set().union(*settings) if known else set()  # `sweep` refuses the others
    if unknown := sorted(varied.difference(REPLACED)):
        raise ValueError(
            f"expected space to vary parameters of one network: {', '.join(REPLACED)}; got "
            f"{', '.join(map(repr, unknown))}"
        )
    fixed = {name: parameters[name] for name in (*OF_NETWORK, *OF_FIT) if name not in varied}
    result, network = swept(
        prepared.schema,
        parameters["hidden"],
        parts["train"],
        parts["dev"],
        space,
        rng=prepared.run["seed"],
        select=select or default_select(parameters.get("class_weight")),
        **fixed,
        **options,
    )
    if network is not None:
        estimator.set_params(quality=None, **result.trials[0].setting)
        take_over(estimator, prepared, network)
    return result


def default_select(class_weight: Any) -> str:
    """The figure to choose the best network by, with these weights of classes."""
    return "dev_error" if class_weight is None else "balanced_error"


def swept(
    shape: TableSchema | Shape,
    hidden: Sequence[int],
    train: Part | Split,
    dev: Part | Split,
    space: Any,
    *,
    select: str,
    checkpoint: str | os.PathLike[str] | None = None,
    **options: Any,
) -> tuple[Sweep, Network | None]:
    """The result of `fastnn.sweep` on encoded rows, and its best network; None if all failed."""
    by_class = select in BY_CLASS
    if by_class and getattr(shape, "classes", None) is None:
        raise ValueError(f"select={select!r} is for the classes of a table; choose by dev_error")
    result = sweep(
        [shape.n_inputs, *hidden, shape.n_outputs],
        train,
        with_weight(dev),
        space,
        select=BY_CLASS.get(select, select),
        keep=by_class,
        output=shape.output,
        sample_weight=getattr(train, "weight", None),
        checkpoint=checkpoint,
        resume=checkpoint is not None,
        **options,
    )
    if by_class and result.best is not None:
        return _best_by_class(result, shape, dev, select)
    return result, result.best_network


def _best_by_class(result, schema, dev, select):
    """The result with its trials in the order of a figure of classes, and the best network.

    The figure of a trial is the mean over its seeds.
    """
    ranked, by_class = [], {}
    for trial, networks in zip(result.trials, result.networks, strict=True):
        figures = [
            value
            for net in networks
            if net is not None and (value := figures_of(schema, net, dev)[select]) is not None
        ]
        if len(figures) == len(networks):
            by_class[trial.number] = tuple(figures)
            signed = FIGURES[select][2] * np.array(figures)
            # As of `Sweep`, trials of later rungs come first.
            key = (-trial.rung, float(signed.mean()))
            ranked.append((key, trial, networks[int(signed.argmin())]))
    if not ranked:
        raise ValueError(
            f"select={select!r}: a class has no rows in dev, or no network was trained to the end; "
            "choose by dev_loss"
        )
    ranked.sort(key=lambda item: item[0])
    trials = [trial for _, trial, _ in ranked]
    trials += [trial for trial in result.trials if trial not in trials]
    return replace(result, trials=trials, select=select, by_class=by_class), ranked[0][2]


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
def unchanged_without_fit(estimator: Any) -> Iterator[None]:
    """Undo every change of an estimator that has no new fit at the end."""
    before = dict(vars(estimator))
    try:
        yield
    finally:
        if vars(estimator).get("run_") is before.get("run_"):
            vars(estimator).clear()
            vars(estimator).update(before)


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
        **({"notices": list(map(str, estimator.notices_))} if estimator.notices_ else {}),
    }
