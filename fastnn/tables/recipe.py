"""The recipe for tables: the network for encoded rows, and its fit."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from fastnn.arguments import lookup
from fastnn.layers.outputs import LOSSES
from fastnn.many.blend import DEV_SETS, Rows, Unseen, fit_blend
from fastnn.network import Network
from fastnn.tables.options import AUTO, OF_FIT, OF_NETWORK, given_of, settings_of, takes_the_place
from fastnn.training.fitting import fit
from fastnn.training.preparation import prepare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastnn.data.parts import Split
    from fastnn.layers.outputs import OutputName
    from fastnn.tables.examples import Part
    from fastnn.training.history import History

_DEFAULTS = fit.__kwdefaults__


class Fitted(NamedTuple):
    """A trained model.

    Attributes
    ----------
    network : Network
        Its `forward` gives output activations, which the schema decodes; its `history` is kept.
    interrupted : bool
        Whether Ctrl-C ended the fit: the network has the best parameters so far.
    best_epoch : int or None
        The epoch of these parameters, from 1, if the fit was interrupted with early stopping.
    unseen : Unseen or None
        As of `Blend`.
    """

    network: Network
    interrupted: bool = False
    best_epoch: int | None = None
    unseen: Unseen | None = None


class Shape(Protocol):
    """The inputs and outputs of a network; a `TableSchema` has them."""

    @property
    def n_inputs(self) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    @property
    def output(self) -> OutputName | None: ...


def fit_model(
    parameters: Mapping[str, Any],
    shape: Shape,
    train: Part | Split,
    dev: Part | Split | None,
    seed: int,
    *,
    progress: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Fitted:
    """Train on encoded rows; the dev rows end the fit early.

    Parameters
    ----------
    parameters : mapping
        Parameters of an estimator, as by `settings_of`. With a `quality`, only that, dtype and
        n_threads count.
    shape : TableSchema
        Or another object with n_inputs, n_outputs and output.
    train, dev : Part, or parts of `fastnn.split`
        With a `quality` and without dev, a train.X with room is of no use afterwards: its rows are
        reordered.
    seed : int
        Of the initial weights, the shuffling and the dropout.
    progress : bool
    checkpoint : path, optional
        The fit goes on from it where it is there; with a `quality` it is a directory.
    """
    if parameters.get("quality") is not None:
        return _blend(parameters, shape, train, dev, seed, progress, checkpoint)
    network, options = _network(parameters, shape.n_inputs, shape.n_outputs, shape.output, seed)
    best = _BestEpoch()
    if dev is None:
        options["early_stopping"] = None
    else:
        options |= {"dev": with_weight(dev), "callbacks": best if options["early_stopping"] else ()}
    if checkpoint is not None:
        options |= {"checkpoint": checkpoint, "resume": True}
    try:
        network.fit(train.X, train.y, sample_weight=_weight(train), progress=progress, **options)
    except KeyboardInterrupt:
        if not network.history:
            raise
        if best.theta is not None:
            network.theta = best.theta
            return Fitted(network, interrupted=True, best_epoch=best.epoch)
        return Fitted(network, interrupted=True)
    return Fitted(network)


def check_parameters(estimator: Any) -> None:
    """Refuse parameters that no fit can have, before any data is read."""
    given = estimator.get_params(deep=False)
    parameters = settings_of(given)
    if parameters["day_first"] not in (None, True, False):
        raise ValueError(f"expected day_first True, False or None, got {parameters['day_first']!r}")
    for name in ("drop", "categorical", "numeric"):
        names = parameters[name]
        if names is not None and not isinstance(names, Iterable):
            raise TypeError(
                f"expected {name} to be the name of a column or a sequence of names, got "
                f"{names!r} of type {type(names).__name__}; a column without a name is called by "
                'its number, as "5" is'
            )
    _check_hidden(parameters["hidden"])
    _check_class_weight(parameters.get("class_weight"))
    for name in ("dev_share", "test_share"):
        share = parameters[name]
        if share is None or (isinstance(share, str) and share == AUTO):
            continue
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 < share < 1:
            raise ValueError(
                f'expected {name} None, "auto" or a part of the rows between 0 and 1, as 0.2, got '
                f"{share!r}"
            )
    loss = parameters.get("loss")
    output = "sigmoid" if loss is None else lookup(LOSSES, loss, "loss")
    network, options = _network(parameters, 1, 1, output, 0)
    X, y = np.zeros((2, 1), dtype=np.float32), np.array([0, 1])
    prepare(network, X, y, **(_DEFAULTS | options | {"dev": (X, y)}))
    if parameters["quality"] is not None:
        lookup(DEV_SETS, parameters["quality"], "quality")
        if alone := given_of(given):  # options that would be without effect
            quality = f"quality={parameters['quality']!r}"
            raise ValueError(takes_the_place(quality, alone, "quality=None"))


def _check_hidden(hidden):
    if isinstance(hidden, str) or not isinstance(hidden, Iterable):
        one = f"; write ({hidden},) for one hidden layer" * isinstance(hidden, Integral)
        raise TypeError(
            "expected hidden to be a sequence with the units of each hidden layer, such as (64, "
            f"32), or 'auto', got {hidden!r} of type {type(hidden).__name__}{one}"
        )


def _check_class_weight(wanted):
    if wanted is None or (isinstance(wanted, str) and wanted == "balanced"):
        return
    expected = (
        "expected class_weight to be 'balanced', None, or a dict with a weight for each class"
    )
    if not isinstance(wanted, Mapping):
        kind = ValueError if isinstance(wanted, str) else TypeError
        raise kind(f"{expected}, got {wanted!r:.80} of type {type(wanted).__name__}")
    for name, weight in wanted.items():
        if not isinstance(weight, Real):
            raise TypeError(
                f"{expected}, got {weight!r:.80} of type {type(weight).__name__} for {name!r}"
            )
        if not 0 <= weight < math.inf:
            raise ValueError(
                f"{expected}, finite and at least 0, got {weight} for {name!r}: a larger weight "
                "makes errors on a class count more, and 0 leaves it out"
            )


def _blend(parameters, shape, train, dev, seed, progress, checkpoint):
    """The mean of several networks; without dev rows each keeps some for itself."""
    threads = parameters["n_threads"]
    blend = fit_blend(
        Rows(train.X, train.y, _weight(train)),
        output=shape.output,
        n_outputs=shape.n_outputs,
        quality=parameters["quality"],
        dev=None if dev is None else Rows(dev.X, dev.y, _weight(dev)),
        groups=getattr(train, "groups", None),
        dtype=parameters["dtype"],
        seed=seed,
        n_jobs=-1 if threads is None else threads,
        progress=progress,
        room=getattr(train, "room", None),
        checkpoint=checkpoint,
    )
    return Fitted(blend.network, blend.interrupted, unseen=blend.unseen)


def _network(parameters, n_inputs, n_outputs, output, seed):
    """The untrained network, and the options of its fit."""
    network = Network(
        [n_inputs, *parameters["hidden"], n_outputs],
        output=output,
        rng=seed,
        **{name: parameters[name] for name in OF_NETWORK},
    )
    options = {name: parameters[name] for name in OF_FIT}
    return network, options | {"threads": parameters["n_threads"]}


def with_weight(part: Part | Split) -> tuple[Any, ...]:
    """(X, y), or (X, y, weight) of rows that have weights."""
    weight = _weight(part)
    return (part.X, part.y) if weight is None else (part.X, part.y, weight)


def _weight(part):
    """The weights of a part; None for one of `fastnn.split`, which has none."""
    return getattr(part, "weight", None)


class _BestEpoch:
    """A callback that keeps theta of the epoch with the lowest dev error, as early stopping does.

    A fit that is interrupted does not restore it.
    """

    def __init__(self) -> None:
        self.theta: NDArray[Any] | None = None
        self.epoch = 0
        self._lowest = (math.inf, math.inf)

    def __call__(self, net: Network, history: History) -> None:
        values = history.dev_error[-1], history.dev_cost[-1]
        if values < self._lowest:
            self._lowest, self.epoch = values, len(history)
            self.theta = net.theta.copy()
