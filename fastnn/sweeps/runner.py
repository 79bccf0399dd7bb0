"""`sweep`: everything is checked, then the plan is carried out."""

import contextlib

from fastnn.arguments import boolean, generator, integer, lookup
from fastnn.data.inputs import as_numbers, as_weights, check_same_columns, is_sparse
from fastnn.data.parts import as_pair, take
from fastnn.engine.sets import check_set
from fastnn.network import Network
from fastnn.sweeps.halving import make_rungs
from fastnn.sweeps.jobs import check_fit, make_network
from fastnn.sweeps.plan import Plan
from fastnn.sweeps.progress_bar import NoSweepBar, SweepBar
from fastnn.sweeps.result import Sweep
from fastnn.sweeps.space import check_names, is_logarithmic, make_settings, written
from fastnn.sweeps.store import NoStore, Store, describe
from fastnn.sweeps.workers import check_workers

_SELECT = {"dev_error": None, "dev_loss": None}


def sweep(
    layer_sizes,
    train,
    dev,
    space,
    *,
    trials=None,
    seeds=1,
    select="dev_error",
    halving=None,
    n_jobs=-1,
    backend=None,
    rng=0,
    checkpoint=None,
    resume=False,
    progress=False,
    **options,
):
    """Train a network for each of many settings, and choose by the dev set.

    One network is trained per thread, without the GIL; all read the same X. The result has the
    same bits (times apart) for any `n_jobs` and `backend`.

    Parameters
    ----------
    layer_sizes : sequence of int
        As for `Network`.
    train, dev : (X, y), or an object with `.X` and `.y`
        Never a test set: what chooses cannot judge.
    space : dict or list of dict
        Names to what is tried: any option of `Network` or of `Network.fit`, and ``hidden``, the
        sizes of the hidden layers in the place of layer_sizes[1:-1]. Of lists all combinations are
        tried, or `trials` of them at random. Distributions are drawn from: whatever has
        ``.rvs(random_state=)``, such as ``scipy.stats.loguniform(1e-4, 1e-1)``,
        ``fastnn.sweeps.KeepProb(0.5, 0.95)`` and ``fastnn.sweeps.HiddenLayers(16, 256)``.
        A list of dicts is a list of settings, each a trial.
    trials : int, optional
        How many settings to draw at random.
    seeds : int, default 1
        Networks of each setting, which differ in initial weights, order of rows and masks; the
        same seeds for every setting. Results are means over them.
    select : {"dev_error", "dev_loss"}
        What the best has least of; the other one decides between equal ones. The loss is without
        the penalty, since J of one lambda does not compare with J of another.
    halving : int or fastnn.sweeps.Halving, optional
        3: after a while the best third of the settings go on, then a third of those, and so on up
        to all epochs. Schedules are those of all epochs, and who survives has the bits of a fit
        that was never stopped. Not for lbfgs.
    n_jobs : int, default -1
        Threads, or jobs of the backend; -1: all available processors.
    backend : str or backend of joblib, optional
        None: threads of this process. "loky", "dask", "ray", ...: any that joblib has or was given,
        which may be on other machines.
    rng : int, numpy.random.Generator or None
        Of the settings that are drawn and of the networks' seeds; None, not with `checkpoint`, is
        another each time.
    checkpoint : path, optional
        A directory for what has been finished, which is then not lost in a crash. For one call at
        a time.
    resume : bool, default False
        Go on with the sweep in `checkpoint`, if there is one, to the same table and network. Data,
        space and options must be as they were. Fits on threads, without halving, go on from at
        most 30 s before the crash; others begin their rung anew. A best network that is read from
        there has no history.
    progress : bool
        Show one bar over all trials, with the best so far.
    **options
        The same for all networks: options of `Network` and of `Network.fit`. Without
        early_stopping, `evaluate_every` is `epochs`, so that callbacks see NaN before the last; for
        those that read errors give ``evaluate_every=1``.

    Returns
    -------
    Sweep
        Print it for a table. A trial that failed or diverged is the last there, with the reason.

    Raises
    ------
    ValueError, TypeError
        Before anything is trained; the message names the setting.
    KeyboardInterrupt
        On Ctrl-C, when all fits have stopped, some 100 ms later (of large data, when an evaluation
        that was begun is over).

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
    progress, rng = boolean(progress, "progress"), generator(rng)
    check_workers(n_jobs, backend)
    seeds = rng.integers(2**63, size=integer(seeds, "seeds", 1)).tolist()
    settings = make_settings(space, trials, int(rng.integers(2**32)))
    check_names(options)
    twice = sorted(set(options).intersection(*settings))
    if twice:
        raise ValueError(
            f"expected {twice[0]} as an option or in the space, got both: leave one out"
        )
    check_same_columns(as_pair(train, "train")[0], as_pair(dev, "dev")[0])
    data = *_arrays(train, "train"), *_arrays(dev, "dev")
    sizes = Network(layer_sizes, init="zeros", rng=0).layer_sizes
    given = [{**options, **setting} for setting in settings]
    regression = _check_all(sizes, settings, given, data, resumable=halving is not None)
    rungs = make_rungs(halving, len(settings), [each.get("epochs", 100) for each in given])
    if checkpoint is not None:
        store = Store(
            checkpoint,
            describe(sizes, settings, options, seeds, select, rungs, data[:2], data[2:]),
            resume,
        )
    elif boolean(resume, "resume"):
        raise ValueError(
            "resume=True goes on with the sweep in checkpoint=...; got no checkpoint: "
            "give the directory"
        )
    else:
        store = NoStore()
    plan = Plan(sizes, settings, given, seeds, rungs, select, data, store)
    bar = NoSweepBar()
    if progress:
        bar = SweepBar(plan.work, len(settings), percent=not regression)
    with bar:
        plan.carry_out(n_jobs, backend, bar)
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
    return Sweep(
        plan.ranked(plan.trials.values()),
        plan.best_network(),
        select,
        not regression,
        data[2].shape[0],
        logarithmic,
    )


@contextlib.contextmanager
def _about(what):
    """Errors that say what they are about."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"in {what}: {error}") from None
    except ValueError as error:
        raise ValueError(f"in {what}: {error}") from None


def _arrays(part, name):
    """X and y as fits take them without another conversion, which is then done once."""
    X, y = as_pair(part, name)
    if y is None:
        raise ValueError(f"expected {name} to have a y, the labels or targets; got y=None")
    with _about(name):
        return X.tocsr() if is_sparse(X) else as_numbers(X, "X"), as_numbers(y, "y")


def _check_all(sizes, settings, given, data, resumable):
    """Check every setting on a few rows, and all rows once; whether the errors are real values."""
    X, y, X_dev, y_dev = data
    seen, drawn = set(), set()
    for weight in {
        id(each.get("sample_weight")): each.get("sample_weight") for each in given
    }.values():
        as_weights(weight, X.shape[0])
    for number, (setting, each) in enumerate(zip(settings, given, strict=True)):
        # The draw of initial weights is the dear part, of which these are all that matters.
        draw = repr(
            [each.get(name) for name in ("hidden", "activation", "init", "init_gain", "dtype")]
        )
        with _about(f"trial {number}, {written(setting)}"):
            network, options = make_network(
                sizes, {**each, "init": "zeros"} if draw in drawn else each, 0
            )
        drawn.add(draw)
        kind = network.dtype, network.output, network.normalize
        if kind not in seen:
            seen.add(kind)
            check_set(network, (X, y), "train")
            check_set(network, (X_dev, y_dev), "dev")
        with _about(f"trial {number}, {written(setting)}"):
            check_fit(network, options, take(X, slice(2)), y[:2], resumable=resumable)
    if len({network_output for _, network_output, _ in seen}) > 1:
        raise ValueError(
            "expected one output for all settings, whose errors do not compare "
            f"otherwise; got {sorted(output for _, output, _ in seen)}"
        )
    return network.regression
