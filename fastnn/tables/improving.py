"""`improve` of the estimators of tables: the recipe, and moves of one network beside it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from fastnn.data.inputs import as_weights
from fastnn.diagnosis.bias_variance.by_class import errors_by_class
from fastnn.diagnosis.bias_variance.from_data import CONFIDENCE
from fastnn.diagnosis.causes.losses import losses_of
from fastnn.files.fingerprint import fingerprint
from fastnn.improvement import Improvement, Move
from fastnn.improvement.fits import Tried
from fastnn.improvement.judging import compare, level
from fastnn.improvement.loop import planned
from fastnn.improvement.setting import Setting
from fastnn.improvement.words import knows_no_X, next_step, used_up
from fastnn.many.blend import networks_of
from fastnn.network import Network
from fastnn.tables.examples import Part
from fastnn.tables.fitting import take_over
from fastnn.tables.judging import diagnosis_of
from fastnn.tables.options import (
    OF_FIT,
    OF_NETWORK,
    PARAMETERS_OF_RECIPE,
    RECIPE,
    settings_of,
)
from fastnn.tables.preparation import Prepared
from fastnn.tables.recipe import Fitted, fit_model, with_weight
from fastnn.training.early_stopping import EarlyStopping

_NAME = f'the recipe (quality="{RECIPE}")'


def improve_prepared(
    estimator: Any,
    prepared: Prepared,
    prepare_for: Callable[[Any], Prepared],
    *,
    seconds: float | None,
    again_on: int = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    **options: Any,
) -> tuple[Improvement, Prepared]:
    """The recipe on prepared rows, then `fastnn.improve` on the same: the better one is kept.

    The estimator gets the network and its parameters. One with a `quality` begins with the recipe:
    it keeps it unless a network is better beyond chance. Else the recipe has to be better beyond
    chance than the best network.

    Parameters
    ----------
    estimator : TableClassifier or TableRegressor
        Its parameters are where the search begins.
    prepared : Prepared
        Rows for one network, dealt to train and dev.
    prepare_for : callable
        Prepares the same rows for the estimator that it is given: the recipe has other inputs than
        one network.
    seconds : float or None
        The search has those that the recipe leaves.
    again_on : int
        Rows on which the recipe is to be trained once more, within these seconds.
    checkpoint, **options
        As for `fastnn.improve`.

    Returns
    -------
    Improvement, Prepared
        The rows as the network that was kept takes them.
    """
    schema, parts = prepared.schema, prepared.parts
    if "dev" not in parts:
        raise ValueError("expected dev rows to judge by, got too few rows to keep some: pass dev")
    parameters = settings_of(estimator.get_params(deep=False))
    begin = {name: parameters[name] for name in (*OF_NETWORK, *OF_FIT)}
    search = planned(
        [schema.n_inputs, *parameters["hidden"], schema.n_outputs],
        parts["train"],
        with_weight(parts["dev"]),
        seconds=seconds,
        rng=prepared.run["seed"],
        output=schema.output,
        sample_weight=parts["train"].weight,
        checkpoint=checkpoint,
        **begin,
        **options,
    )
    began = time.perf_counter()
    same = {"random_state": prepared.run["seed"]}  # the same rows are dealt
    rival = clone(estimator).set_params(**PARAMETERS_OF_RECIPE, **same)
    its_rows = prepare_for(rival)
    fitted = _trained(rival, its_rows, checkpoint)
    if fitted is None:
        raise KeyboardInterrupt
    took = time.perf_counter() - began
    used = took * (1 + again_on / len(parts["train"]))
    result = search(used)
    if seconds is not None and used >= seconds:
        twice = " and once more on all rows" * bool(again_on)
        result.notes.append(
            f"The search had no time: of the {seconds:g} s, {_NAME} took {took:.1f}{twice}."
        )
    result, kept = _race(
        result,
        prepared,
        fitted.network,
        its_rows,
        parameters["quality"] is not None,
        parameters.get("class_weight"),
        options,
    )
    if kept:
        estimator.set_params(**PARAMETERS_OF_RECIPE)
        take_over(estimator, its_rows, result.network)
        return result, its_rows
    changed, lost = _parameters(result.setting, parameters)
    estimator.set_params(quality=None, **changed)
    take_over(estimator, prepared, result.network)
    if lost:
        result.notes.append(
            f"The network that is kept was trained with {', '.join(lost)}, which `fastnn.Network` "
            "and its `fit` alone take: `fit` of a table and `fastnn train` would give another "
            "network, so save this one."
        )
    return result, prepared


def on_all_rows(
    estimator: Any,
    prepared: Prepared,
    result: Improvement,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Improvement:
    """Train the recipe that was kept on all rows, as `fit` does; Ctrl-C leaves it as it was."""
    fitted = _trained(estimator, prepared, checkpoint)
    if fitted is None:
        result.notes.append("Interrupted: the network is the one that was judged.")
        return result
    take_over(estimator, prepared, fitted.network, fitted.unseen)
    result.notes.append("It was then trained on all rows, the dev rows too.")
    return replace(result, network=fitted.network, history=fitted.network.history)


def on_a_part(prepared: Prepared, result: Improvement) -> None:
    """Note that the network that was kept has not seen the dev rows, as the recipe would."""
    seen, kept = (len(prepared.parts[name]) for name in ("train", "dev"))
    result.notes.append(
        f"The network was trained on {seen:,} rows, and the other {kept:,} judged it. `fit` trains "
        f"{_NAME} on all {seen + kept:,}, which this comparison leaves out."
    )


def _trained(estimator, prepared, checkpoint=None) -> Fitted | None:
    """The recipe, trained on prepared rows; None after Ctrl-C."""
    train, dev = prepared.parts["train"], prepared.parts.get("dev")
    if checkpoint is not None:  # of other rows it is another directory
        of = [fingerprint(part.X)["sha256"] for part in (train, dev) if part is not None]
        digest = hashlib.sha256(repr((of, prepared.run["seed"], estimator.dtype)).encode())
        checkpoint = os.path.join(checkpoint, f"recipe-{digest.hexdigest()[:32]}")
    try:
        fitted = fit_model(
            settings_of(estimator.get_params(deep=False)),
            prepared.schema,
            train,
            dev,
            prepared.run["seed"],
            checkpoint=checkpoint,
        )
    except KeyboardInterrupt:
        return None
    return None if fitted.interrupted else fitted


def _race(result, prepared, network, its_rows, begun, class_weight, options):
    """The improvement with the recipe as its last move, and whether the recipe is kept."""
    train, dev = its_rows.parts["train"], its_rows.parts["dev"]
    best, recipe = _tried(result.network, prepared.parts["dev"]), _tried(network, dev)
    # The best network was chosen among these by the same dev rows, and the recipe among none.
    networks = 1 + sum(not move.failure for move in result.moves)
    found, needed = compare(best, recipe), level(networks if begun else 1)
    kept = found.sure > (-needed if begun else needed)
    move = Move(
        round=max((move.round for move in result.moves), default=0) + 1,
        diagnosis=result.moves[-1].diagnosis if result.moves else "",
        text=f"{_NAME}: the mean of {networks_of(RECIPE)} networks",
        change={"quality": RECIPE},
        dev_error=recipe.dev_error,
        gain=found.gain,
        sure=found.sure,
        networks=networks_of(RECIPE),
        kept=kept,
    )
    moves = [*result.moves, move]
    if not kept:
        why = "better, beyond chance, than" if begun else "simpler, and beyond chance no worse than"
        told = f"The network is {why} {_NAME}"
        if begun:
            told += f", by more than the {needed:.1f} SE that the best of {networks} needs"
        notes = [used_up(best, moves), *result.notes[1:], f"{told}."]
        return replace(result, moves=moves, notes=notes), False
    why = "It is better, beyond chance, than the best network"
    if found.sure <= needed:
        why = "No network is better beyond chance"
        if begun:
            why += f", which of the best of {networks} asks for {needed:.1f} SE"
    diagnosis = diagnosis_of(
        network,
        its_rows.parts,
        {"quality": RECIPE, "class_weight": class_weight},
        optimal_error=options.get("optimal_error"),
    )
    nothing = knows_no_X(
        network.output,
        recipe.losses[0],
        train.y,
        dev.y,
        train.weight,
        as_weights(dev.weight, len(dev)),
    )
    told = f"{_NAME[0].upper()}{_NAME[1:]} is kept. {why}."
    improved = replace(
        result,
        network=network,
        history=network.history,
        moves=moves,
        dev_error=recipe.dev_error,
        dev_loss=float(recipe.losses.mean()),
        setting={"quality": RECIPE},
        next_step=next_step(diagnosis, result.stopped, nothing),
        notes=[
            used_up(recipe, moves),
            *result.notes[1:],
            told,
        ],
        by_class=errors_by_class(
            network, (train.X, train.y), (dev.X, dev.y), CONFIDENCE, train.names
        ),
    )
    return improved, True


def _tried(network: Network, dev: Part) -> Tried:
    """A network with its losses on the dev rows, weighted as these are."""
    losses, weight = losses_of(network, dev.X, dev.y)[np.newaxis], as_weights(dev.weight, len(dev))
    losses *= 1.0 if weight is None else weight
    error = float(network.error(dev.X, dev.y, weight))
    return Tried(Setting(tuple(network.layer_sizes), {}), [network], losses, error)


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
