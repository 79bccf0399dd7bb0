"""`fit_blend`: the recipe for tables, networks of inner folds averaged as one network."""

from __future__ import annotations

import os
from copy import copy
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import lookup
from fastnn.files.one_process import one_process
from fastnn.layers.outputs import OutputName
from fastnn.many.folds import Folded, draw_folds
from fastnn.many.head import Head
from fastnn.many.merging import merged
from fastnn.many.side_by_side import fit_many
from fastnn.network import Network
from fastnn.training.checkpointing import Checkpoint
from fastnn.training.early_stopping import EarlyStopping

Quality = Literal["fast", "best"]
# Bins of each number, in the schema of the table.
BINS = 16
# Dev sets, each of one fold. Each has a network for each penalty of `_L1`.
DEV_SETS = {"fast": 1, "best": 6}
_FOLDS = 10
# Everything below was chosen on 12 tables of 700 to 4,000 training rows (bench/README.md).
HIDDEN = (64, 32)
_ACTIVATION = "gelu"
# Lambda of the first layer's L1. Some tables need a sparse choice of inputs and others none: the
# dev sets decide how much each counts.
_L1 = (0.0, 3.0)
_SHARES = np.linspace(0, 1, 9)
_KEEP_PROB = 0.85  # of classes; a regression is better without dropout
_EPOCHS, _PATIENCE = 200, 20
# Epochs between evaluations of the training rows, for the record alone, and of the dev rows.
_EVALUATIONS = (10, 1)
# (rows, size of a mini-batch from so many rows on). The learning rate grows with its root.
_BATCHES = ((2_400, 128), (1_200, 64), (0, 32))
_RATE = 5e-4
# From so many rows on, the learning rate falls to 0 over so many epochs. Chosen on four tables of
# 28,416 to 99,750 rows.
_TALL, _EPOCHS_OF_TALL = 20_000, 80
# Without rows for a dev set there are so many epochs, and no sparse networks.
_EPOCHS_WITHOUT_DEV, _FEWEST_ROWS = 50, 8
# Seconds between two checkpoints of a network.
_SECONDS_TO_LOSE = 10.0


def networks_of(quality: Quality) -> int:
    """The number of networks of a quality, where there is a dev set."""
    return DEV_SETS[quality] * len(_L1)


class Rows(NamedTuple):
    """Inputs (m, n_inputs), labels or targets (m,), and weights (m,) or None."""

    X: NDArray[np.floating]
    y: NDArray
    weight: NDArray[np.floating] | None = None


class Unseen(NamedTuple):
    """Rows of inner dev sets, judged by the networks that were not trained on them.

    Attributes
    ----------
    A : (m, n_outputs) array
        Output activations.
    y, weight : (m,) array; weight may be None
    """

    A: NDArray[np.floating]
    y: NDArray
    weight: NDArray[np.floating] | None = None


class Blend(NamedTuple):
    """The mean of some networks.

    Attributes
    ----------
    network : Network
    interrupted : bool
        Whether Ctrl-C ended its training.
    unseen : Unseen or None
        None where there is no inner dev set.
    """

    network: Network
    interrupted: bool = False
    unseen: Unseen | None = None


def fit_blend(
    train: Rows,
    *,
    output: OutputName,
    n_outputs: int,
    quality: Quality = "best",
    dev: Rows | None = None,
    groups: NDArray | None = None,
    dtype: Literal["float32", "float64"] = "float32",
    seed: int = 0,
    n_jobs: int = -1,
    progress: bool = False,
    room: NDArray[np.floating] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Blend:
    """Train networks on encoded rows of a table, and average them.

    Each network has a tenth of the rows as its dev set, which ends its fit, and is trained on the
    others. Half of the networks have an L1 penalty on their first layer; the loss on the dev sets
    decides how much these count in the mean. The bits are the same for any `n_jobs`.

    Parameters
    ----------
    train : Rows
        A regression's targets have the mean 0 and the standard deviation 1.
    output, n_outputs
        Of the network.
    quality : {"fast", "best"}
        One dev set or six: two networks or twelve.
    dev : Rows, optional
        The dev set of all networks, in the place of tenths.
    groups : (m,) array, optional
        Rows of one group are in one dev set, or in none.
    dtype : {"float32", "float64"}
    seed : int
    n_jobs, progress
        As for `fit_many`.
    room : (>= 2 m, n_inputs) array, optional
        An array that begins with train.X, which is reordered in it, so that its rows are not in
        memory twice.
    checkpoint : path, optional
        A directory for the states of the fits, made if there is none. The same call goes on from
        there.

    Returns
    -------
    Blend
        Its network has all hidden units side by side, and the history of one of its parts: see
        `History.averaged`.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C before any epoch has ended. Later Ctrl-C returns the mean of the networks with
        finished fits; if there are none, the mean of those that have begun.
    FileExistsError
        `checkpoint` is a file.
    RuntimeError
        Another process is at work in `checkpoint`.
    """
    count = lookup(DEV_SETS, quality, "quality")
    rng = np.random.default_rng(seed)
    classes = output in ("sigmoid", "softmax")
    sets, devs = _sets(train, dev, count, classes, groups, rng, room)
    penalties = _L1 if devs[0] is not None else _L1[:1]
    sets, devs = sets * len(penalties), devs * len(penalties)
    networks = [
        Network(
            [train.X.shape[1], *HIDDEN, n_outputs],
            activation=_ACTIVATION,
            output=output,
            keep_prob=[1.0] + [_KEEP_PROB if classes else 1.0] * len(HIDDEN),
            l1=[penalty] + [0.0] * len(HIDDEN),
            dtype=dtype,
            rng=generator,
        )
        for penalty, generator in zip(
            np.repeat(penalties, count).tolist(), rng.spawn(len(sets)), strict=True
        )
    ]
    rows = len(sets[0][1])
    each, common = _each(rows, devs, checkpoint), _common(rows)
    if checkpoint is not None:
        _make_directory(checkpoint)
    try:
        with one_process(None if checkpoint is None else os.fspath(checkpoint)):
            fit_many(networks, sets, n_jobs, each=each, progress=progress, **common)
    except KeyboardInterrupt:
        begun = [network for network in networks if network.history]
        if not begun:
            raise
        some = [net for net in begun if net.history.stopped != "interrupted"] or begun
        return Blend(_mean(some, [1 / len(some)] * len(some)), interrupted=True)
    if len(penalties) == 1:
        return Blend(_mean(networks, [1 / count] * count))
    share, unseen = _best_share(networks, devs, count)
    mean = _mean(networks, np.repeat([1 - share, share], count) / count)
    return Blend(mean, unseen=unseen if dev is None else None)


def _sets(train, dev, count, classes, groups, rng, room):
    """(X, y[, weight]) of the training and of the dev rows of each network of one penalty."""
    if dev is not None:
        return [_known(train)] * count, [_known(dev)] * count
    different = len(train.y) if groups is None else len(np.unique(groups))
    if len(train.y) < _FEWEST_ROWS or different < 2:
        return [_known(train)] * count, [None] * count
    folds = draw_folds(train.y, min(_FOLDS, different), rng, classes=classes, groups=groups)
    folded = Folded(folds, min(count, different), *train, room=room)
    turns = [k % min(_FOLDS, different) for k in range(count)]
    return [folded.train(k) for k in turns], [folded.dev(k) for k in turns]


def _make_directory(path):
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        raise FileExistsError(
            f"expected a directory for the states of several networks, got the file "
            f"{os.fsdecode(path)}: give another path"
        ) from None


def _known(rows):
    return tuple(array for array in rows if array is not None)


def _each(rows, devs, checkpoint):
    """The options of each fit."""
    each: list[dict[str, Any]] = [{"epochs": _EPOCHS_WITHOUT_DEV} for _ in devs]
    if devs[0] is not None:
        stop = EarlyStopping(_PATIENCE, monitor="dev_cost")
        epochs = _EPOCHS if rows < _TALL else _EPOCHS_OF_TALL
        often = {"epochs": epochs, "early_stopping": stop, "evaluate_every": _EVALUATIONS}
        each = [{"dev": dev, **often} for dev in devs]
    if checkpoint is not None:
        for k, options in enumerate(each):
            path = os.path.join(checkpoint, f"network-{k:02}.checkpoint")
            rule = Checkpoint(path, every_seconds=_SECONDS_TO_LOSE)
            options |= {"checkpoint": rule, "resume": True}
    return each


def _common(rows):
    """The options of all fits."""
    batch = next(size for least, size in _BATCHES if rows >= least)
    schedule = None if rows < _TALL else "cosine"
    return {"batch_size": batch, "learning_rate": _RATE * batch**0.5, "schedule": schedule}


def _best_share(networks, devs, count):
    """The share of the sparse half of the networks in the best mean Z[L], by dev loss.

    Also the activations of that mean on the dev sets, as `Blend.unseen`.
    """
    head = Head(networks[0])
    Z = [head.logits(net.forward(dev[0])) for net, dev in zip(networks, devs, strict=True)]
    plain, sparse = np.concatenate(Z[:count]), np.concatenate(Z[count:])
    y = np.concatenate([dev[1] for dev in devs[:count]])
    weight = np.concatenate([dev[2] for dev in devs[:count]]) if len(devs[0]) > 2 else None
    costs = [
        head.cost_of_logits((1 - share) * plain + share * sparse, y, weight) for share in _SHARES
    ]
    share = float(_SHARES[int(np.argmin(costs))])
    return share, Unseen(head.activations((1 - share) * plain + share * sparse), y, weight)


def _mean(networks, weights):
    """The networks as one, with the history of the one that counts most."""
    network = merged(networks, weights)
    network.history = copy(networks[int(np.argmax(weights))].history)
    network.history.averaged = int(np.count_nonzero(weights))
    return network
