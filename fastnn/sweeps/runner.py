"""`sweep`: it checks everything, then carries out the plan."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fastnn.arguments import Rng, boolean, errors_in, generator, integer, lookup
from fastnn.data.inputs import as_numbers, as_weights, check_same_columns, is_sparse
from fastnn.data.parts import Examples, WeightedExamples, as_pair, take, with_weights
from fastnn.engine.sets import check_set
from fastnn.files.one_process import one_process
from fastnn.network import Network
from fastnn.sweeps.backends import choose_workers
from fastnn.sweeps.halving import Halving, make_rungs
from fastnn.sweeps.jobs import check_fit, make_network
from fastnn.sweeps.plan import Plan
from fastnn.sweeps.progress_bar import NoSweepBar, SweepBar
from fastnn.sweeps.result import Sweep
from fastnn.sweeps.space import check_names, is_logarithmic, make_settings, written
from fastnn.sweeps.store import NoStore, Store, describe, make_directory

if TYPE_CHECKING:
    from joblib.parallel import ParallelBackendBase

_SELECT = {"dev_error": None, "dev_loss": None}


def sweep(
    layer_sizes: Sequence[int],
    train: Examples,
    dev: WeightedExamples,
    space: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    trials: int | None = None,
    seeds: int = 1,
    select: Literal["dev_error", "dev_loss"] = "dev_error",
    halving: int | Halving | None = None,
    n_jobs: int = -1,
    backend: str | ParallelBackendBase | None = None,
    rng: Rng = 0,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = False,
    keep: bool = False,
    **options: Any,
) -> Sweep:
    """Train a network for each of many settings, and choose by the dev set.

    Each thread trains one network, without the GIL; all read the same X. The result has the same
    bits for any `n_jobs` and `backend`, but for the times.

    Parameters
    ----------
    layer_sizes : sequence of int
        As for `Network`.
    train, dev : (X, y), or an object with `.X` and `.y`
        Do not pass a test set as `dev`: the set that chooses cannot judge. With dev=(X, y,
        sample_weight) all dev errors and losses are weighted, in rungs of `halving`, too.
    space : dict or list of dict
        Option names and the values to try: any option of `Network` or of `Network.fit`, and
        ``hidden``, the sizes of the hidden layers, which replace layer_sizes[1:-1]. All
        combinations of lists are tried, or `trials` of them at random. A distribution is an object
        with ``.rvs(random_state=)``, such as ``scipy.stats.loguniform(1e-4, 1e-1)``,
        ``fastnn.sweeps.KeepProb(0.5, 0.95)`` or ``fastnn.sweeps.HiddenLayers(16, 256)``; values
        are drawn from it. A list of dicts is a list of settings, one for each trial.
    trials : int, optional
        How many settings to draw at random.
    seeds : int, default 1
        Networks of each setting. They differ in initial weights, order of rows and masks; all
        settings use the same seeds. Results are means over them.
    select : {"dev_error", "dev_loss"}
        The best trial has the lowest figure of this name; the other figure decides between equal
        trials. The loss excludes the penalty, since J of one lambda does not compare with J of
        another.
    halving : int or fastnn.sweeps.Halving, optional
        3: after some epochs the best third of the settings continue, then a third of those, and so
        on up to all epochs. Schedules run over all epochs. A network that survives has the bits of
        a fit that was never stopped. lbfgs cannot be halved.
    n_jobs : int, default -1
        Threads, or jobs of the backend; -1: all available processors.
    backend : str or backend of joblib, optional
        One that joblib knows, such as "loky", "dask" or "ray", which may use other machines. None:
        the one of a surrounding `joblib.parallel_config`, or else threads of this process.
    rng : int, numpy.random.Generator or None
        Source of the settings that are drawn and of the networks' seeds. None draws others in
        every call, and does not go with `checkpoint`.
    checkpoint : path, optional
        A directory that keeps finished trials, so that a crash does not lose them. Only one call
        at a time may use it.
    resume : bool, default False
        Continue the sweep in `checkpoint`, if there is one, to the same table and network. Data,
        space and options must be as they were; without halving, there may be more trials than
        before. Fits on threads, without halving, continue from at
        most 30 s before the crash; others begin their rung again. A best network that is read from
        the directory has no history.
    progress : bool
        Show one progress bar for all trials, with the best so far.
    keep : bool, default False
        Keep the networks of all trials in `Sweep.networks`, and the dev set, for
        `fastnn.Ensemble.of`. Networks of trials that are read from `checkpoint` are trained again.
    **options
        Options of `Network` and of `Network.fit`, the same for all networks. Without
        early_stopping, `evaluate_every` is `epochs`, so that callbacks see NaN before the last
        epoch; give ``evaluate_every=1`` for callbacks that read errors.

    Returns
    -------
    Sweep
        Print it for a table. Trials that failed or diverged are at the end, with the reason.

    Raises
    ------
    ValueError, TypeError
        An argument or a setting is wrong. This comes before any training, and the message names
        the setting.
    RuntimeError
        A worker of the backend has died.
    KeyboardInterrupt
        After Ctrl-C all fits stop, within some 100 ms (with large data, at the end of an evaluation
        that has begun).

    Examples
    --------
    >>> import fastnn
    >>> from sklearn.datasets import load_digits
    >>> train, dev, test = fastnn.split(*load_digits(return_X_y=True), rng=0)
    >>> result = fastnn.sweep([64, 32, 10], train, dev, {"l2": [0.1, 1, 10], "hidden": [16, 32]},
    ...                       epochs=20, learning_rate=0.01, normalize=True)
    >>> len(result.trials), sorted(result.best.setting)
    (6, ['hidden', 'l2'])
    >>> bool(result.best_network.error(test.X, test.y) < 0.1)
    True
    """
    lookup(_SELECT, select, "select")
    if checkpoint is not None and rng is None:
        raise ValueError(
            "expected rng to be a seed or a Generator with checkpoint, got None, with "
            "which no other call is the same sweep: give a number"
        )
    progress, keep, rng = boolean(progress, "progress"), boolean(keep, "keep"), generator(rng)
    n_jobs, backend = choose_workers(n_jobs, backend)
    seeds = rng.integers(2**63, size=integer(seeds, "seeds", 1)).tolist()
    settings = make_settings(space, trials, int(rng.integers(2**32)))
    check_names(options)
    twice = sorted(set(options).intersection(*settings))
    if twice:
        raise ValueError(
            f"expected {twice[0]} as an option or in the space, got both: leave one out"
        )
    *dev, weight = with_weights(dev, "dev")
    check_same_columns(as_pair(train, "train")[0], dev[0])
    data = *_arrays(train, "train"), *_arrays(dev, "dev")
    with errors_in("in dev"):
        weight = as_weights(weight, data[2].shape[0])
    sizes = Network(layer_sizes, init="zeros", rng=0).layer_sizes
    given = [{**options, **setting} for setting in settings]
    regression = _check_all(sizes, settings, given, data, resumable=halving is not None)
    rungs = make_rungs(halving, len(settings), [each.get("epochs", 100) for each in given])
    if checkpoint is not None:
        checkpoint = make_directory(checkpoint)
    elif boolean(resume, "resume"):
        raise ValueError(
            "resume=True goes on with the sweep in checkpoint=...; got no checkpoint: "
            "give the directory"
        )
    bar = NoSweepBar()
    with one_process(checkpoint):
        store = NoStore()
        if checkpoint is not None:
            described = describe(
                sizes, settings, options, seeds, select, rungs, data[:2], (*data[2:], weight)
            )
            store = Store(checkpoint, described, resume)
        plan = Plan(sizes, settings, given, seeds, rungs, select, data, store, keep, weight)
        if progress:
            bar = SweepBar(plan.work, len(settings), percent=not regression)
        with bar:
            plan.carry_out(n_jobs, backend, bar)
        best_network = plan.best_network()
    columns = (
        space
        if isinstance(space, dict)
        else {
            name: [setting[name] for setting in settings if name in setting]
            for name in dict.fromkeys(name for setting in settings for name in setting)
        }
    )
    logarithmic = frozenset(
        name for name, values in columns.items() if is_logarithmic(name, values)
    )
    ranked = plan.ranked(plan.trials.values())
    return Sweep(
        ranked,
        best_network,
        select,
        not regression,
        data[2].shape[0],
        logarithmic,
        networks=[plan.networks_of(trial) for trial in ranked] if keep else None,
        dev=data[2:] if keep else None,
        weighted=weight is not None,
    )


def _arrays(part, name):
    """X and y, converted once so that the fits need not convert them."""
    X, y = as_pair(part, name)
    if y is None:
        raise ValueError(f"expected {name} to have a y, the labels or targets; got y=None")
    with errors_in(f"in {name}"):
        return X.tocsr() if is_sparse(X) else as_numbers(X, "X"), as_numbers(y, "y")


def _check_all(sizes, settings, given, data, resumable):
    """Check every setting on a few rows, and all rows once; returns whether it is a regression."""
    X, y, X_dev, y_dev = data
    seen, drawn = set(), set()
    for weight in {
        id(each.get("sample_weight")): each.get("sample_weight") for each in given
    }.values():
        as_weights(weight, X.shape[0])
    for number, (setting, each) in enumerate(zip(settings, given, strict=True)):
        # The draw of initial weights is the expensive part; it depends on these options alone.
        draw = repr(
            [each.get(name) for name in ("hidden", "activation", "init", "init_gain", "dtype")]
        )
        with errors_in(f"in trial {number}, {written(setting)}"):
            network, options = make_network(
                sizes, {**each, "init": "zeros"} if draw in drawn else each, 0
            )
        drawn.add(draw)
        kind = network.dtype, network.output, network.normalize
        if kind not in seen:
            seen.add(kind)
            check_set(network, (X, y), "train")
            check_set(network, (X_dev, y_dev), "dev")
        with errors_in(f"in trial {number}, {written(setting)}"):
            check_fit(network, options, take(X, slice(2)), y[:2], resumable=resumable)
    if len({network_output for _, network_output, _ in seen}) > 1:
        raise ValueError(
            "expected one output for all settings, because the errors of different ones do not "
            f"compare; got {sorted(output for _, output, _ in seen)}"
        )
    return network.regression
