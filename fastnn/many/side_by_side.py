"""`fit_many`: networks trained side by side, on threads or by the workers of joblib."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from fastnn.arguments import boolean, errors_in
from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.data.parts import WeightedExamples, with_weights
from fastnn.engine import workers
from fastnn.errors import DivergenceError
from fastnn.many.elsewhere import train_elsewhere
from fastnn.many.members import as_networks
from fastnn.many.progress_bar import ManyBar, NoManyBar, Watch
from fastnn.network import Network
from fastnn.sweeps.backends import choose_workers, threads_for
from fastnn.training.fitting import FitOptions, fit, run
from fastnn.training.history import History
from fastnn.training.preparation import prepare

# Options of `fit` that all networks cannot have in common.
_NOT_COMMON = {
    "checkpoint": "each needs a file of its own: give them in `each`",
    "resume": "each needs a file of its own: give them in `each`",
}


def fit_many(
    networks: Sequence[Network],
    sets: WeightedExamples | list[WeightedExamples],
    n_jobs: int = -1,
    *,
    each: Sequence[Mapping[str, Any]] | None = None,
    **options: Unpack[FitOptions],
) -> list[History]:
    """Train many networks side by side, each as its `fit` would alone.

    Each thread trains one network after the other, without the GIL. theta and the histories have
    the same bits for any `n_jobs`, and as from ``net.fit`` in a loop.

    Within a ``joblib.parallel_config(backend=...)``, the workers of that backend train the
    networks, such as "loky", "dask" or "ray". theta and histories come back into `networks`, with
    the same bits. Callbacks run there, and change nothing here. Paths are paths of the workers.

    Parameters
    ----------
    networks : sequence of Network
        Of any layers and settings. Each needs a generator of its own: make them with different
        seeds, or with ``rng.spawn(n)``.
    sets : (X, y), (X, y, sample_weight) or a part of `fastnn.split`; or a list of these
        A list has one set for each network. Anything else is one set for all networks; it is not
        copied for each.
    n_jobs : int, default -1
        Threads; -1: all available processors. Of a backend: its jobs.
    each : sequence of dict, optional
        Options of `fit` for each network, beside or in the place of the common ones.
    **options
        Options of `Network.fit` for all networks; progress=True shows one bar for all. On a backend
        it waits for the end.

    Returns
    -------
    list of History
        In the order of the networks. A network that diverged has its last finite theta and a
        history that ends in "diverged"; a warning names it.

    Raises
    ------
    ValueError, TypeError
        An argument is wrong for one of the networks, or cannot be sent to the workers of a backend;
        the message names it. Nothing has changed.
    RuntimeError
        A worker of the backend has died. Networks whose fits had ended are trained, the others are
        as before.
    KeyboardInterrupt
        After Ctrl-C all fits stop, within some 100 ms. Networks whose fits had ended keep their
        results. The others are as after an interrupted `fit`, or have not begun; on a backend they
        are as before. "ray" gives all results at the end, so that it keeps none.
    Exception
        An error in a callback or schedule, with a note that names the network, once all other
        networks are trained.

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 3))
    >>> sets = [(X, X[:, k] > 0) for k in range(3)]
    >>> networks = [fastnn.Network([3, 8, 1], rng=seed) for seed in range(3)]
    >>> histories = fastnn.fit_many(networks, sets, epochs=50, learning_rate=0.01)
    >>> [bool(history.train_error[-1] < 0.1) for history in histories]
    [True, True, True]
    """
    networks = as_networks(networks)
    n_jobs, backend = choose_workers(n_jobs)
    _check_apart(networks)
    _check_common(options)
    if options.get("dev") is not None:
        options["dev"] = _arrays(options["dev"], "dev")
    jobs = threads_for(n_jobs)
    # Few networks share the processors of this machine.
    threads = max(1, jobs // len(networks)) if backend is None else 1
    progress = boolean(options.pop("progress", False), "progress")
    common = {**(fit.__kwdefaults__ or {}), "threads": threads, **options}
    sets, own = _sets_of(sets, len(networks)), _own_options(each, len(networks))
    fits = [
        (network, X, y, _complete(k, {**common, **given}, weight))
        for k, (network, (X, y, weight), given) in enumerate(zip(networks, sets, own, strict=True))
    ]
    tasks = []
    for k, (network, X, y, given) in enumerate(fits):
        with errors_in(f"networks[{k}]"):
            tasks.append(prepare(network, X, y, **given))
    bar = ManyBar([task.epochs for task in tasks]) if progress else NoManyBar()
    with bar:
        if backend is None:
            outcomes = _train(tasks, jobs, bar)
        else:
            outcomes = train_elsewhere(fits, n_jobs, backend)
            for k in range(len(tasks)):
                bar.ended(k)
    return _histories(outcomes, networks)


def _train(tasks, jobs, bar):
    """The history or the error of each task."""
    stop: list[bool] = []

    def outcome(k, task):
        try:
            result = run(task, Watch(k, bar, stop))
        except Exception as error:  # the other networks are worth having
            result = error
        bar.ended(k)
        return result

    return workers.run(outcome, list(enumerate(tasks)), jobs, stop)


def _histories(outcomes, networks):
    """The histories; a warning about networks that diverged, and the first of other errors."""
    diverged = []
    for k, outcome in enumerate(outcomes):
        if isinstance(outcome, DivergenceError):
            diverged.append(f"networks[{k}]: {outcome}")
        elif isinstance(outcome, Exception):
            outcome.add_note(
                f"This is an error in the fit of networks[{k}]. The others were trained all the "
                "same: their history has the record."
            )
            raise outcome
    if diverged:
        warnings.warn(
            f"{len(diverged)} of {len(outcomes)} networks diverged; the first is {diverged[0]}",
            RuntimeWarning,
            stacklevel=3,
        )
    return [network.history for network in networks]


def _check_apart(networks):
    """Refuse anything but networks that share neither theta nor generator."""
    seen: dict[int, int] = {}
    for k, network in enumerate(networks):
        if seen.setdefault(id(network), k) != k:
            raise ValueError(
                f"expected different networks, got the same as networks[{seen[id(network)]}] and "
                f"networks[{k}]; make another with net.like() or copy.deepcopy(net)"
            )
        if seen.setdefault(id(network.rng), k) != k:
            raise ValueError(
                f"expected a generator for each network, got one for networks"
                f"[{seen[id(network.rng)]}] and networks[{k}]: their draws would depend on which "
                "is first; make them with seeds, or with the generators of rng.spawn(n)"
            )


def _check_common(options):
    for name in options:
        if name in _NOT_COMMON:
            raise TypeError(f"fit_many takes no common option {name}: {_NOT_COMMON[name]}")


def _sets_of(sets, count):
    """(X, y, weight) for each network; the arrays of a common set are converted once."""
    if isinstance(sets, tuple) and sets and _is_pair(sets[0]):
        raise TypeError(
            f"expected a set for all networks, (X, y), or a list of sets, got a tuple of "
            f"{len(sets)}: use a list of (X, y), as in list(sets)"
        )
    if not isinstance(sets, list):
        return [_arrays(sets, "sets")] * count
    if len(sets) != count:
        raise ValueError(
            f"expected a list of {count} sets, one for each network, got {len(sets)}; a set for "
            "all networks is a tuple (X, y)"
        )
    return [with_weights(examples, f"sets[{k}]") for k, examples in enumerate(sets)]


def _is_pair(X):
    """Whether X is a set of examples by itself, rather than an array of rows."""
    return hasattr(X, "X") or (isinstance(X, tuple) and any(hasattr(part, "shape") for part in X))


def _arrays(examples, name):
    X, y, weight = with_weights(examples, name)
    if y is None:
        raise ValueError(f"expected {name} to have a y, the labels or targets; got y=None")
    return X if is_sparse(X) else as_numbers(X, "X"), as_numbers(y, "y"), weight


def _own_options(each, count):
    if each is None:
        return [{}] * count
    each = list(each)
    if len(each) != count or not all(isinstance(own, Mapping) for own in each):
        raise TypeError(
            f"expected each to be {count} dicts of options, one for each network, got {each!r:.200}"
        )
    return each


def _complete(k, options, weight):
    """The options of a fit, with the weights of its set."""
    about = f"networks[{k}]: "
    unknown = options.keys() - (fit.__kwdefaults__ or {}).keys()
    if unknown:
        raise TypeError(
            f"{about}fit has no option {min(unknown)!r}; known: "
            f"{', '.join(sorted(fit.__kwdefaults__ or {}))}"
        )
    if options["progress"]:
        raise TypeError(f"{about}expected no progress bar of its own: fit_many shows one for all")
    if weight is None:
        return options
    if options["sample_weight"] is not None:
        raise ValueError(f"{about}expected weights in its set or as an option, got both")
    return options | {"sample_weight": weight}
