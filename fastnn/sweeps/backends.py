"""Backends of joblib: processes of this machine, or a cluster of Dask or Ray."""

import math
import pickle
import sys

from fastnn.arguments import integer
from fastnn.engine.threads import available_processors


class BackendError(RuntimeError):
    """A backend of joblib could not do its work: a worker has died, or the cluster is gone."""


def threads_for(n_jobs):
    """The number of threads for `n_jobs`; negative ones count from all processors, as in joblib.

    >>> threads_for(3)
    3
    """
    n_jobs = integer(n_jobs, "n_jobs", -math.inf)
    if n_jobs == 0:
        raise ValueError("expected n_jobs of at least 1, or -1 for all processors; got 0")
    return n_jobs if n_jobs > 0 else max(1, available_processors() + 1 + n_jobs)


def choose_workers(n_jobs, backend=None):
    """Check both arguments; without a backend, take that of a `joblib.parallel_config` around.

    Parameters
    ----------
    n_jobs : int
    backend : str, backend of joblib, or None

    Returns
    -------
    n_jobs : int
        From the `parallel_config` if -1 was given.
    backend : str, backend of joblib, or None
        None: threads of this process, also where joblib would take threads, or within one of its
        jobs.
    """
    threads_for(n_jobs)
    if backend is None:
        if "joblib" not in sys.modules:  # slow to load, and no one has asked for a backend
            return n_jobs, None
        from joblib.parallel import get_active_backend

        # joblib prefers threads too, unless a backend was asked for.
        active, jobs = get_active_backend(prefer="threads")
        if getattr(active, "supports_sharedmem", False) or active.nesting_level:
            return n_jobs, None
        _check_tells_of_deaths(active)
        return (jobs or n_jobs) if n_jobs == -1 else n_jobs, active
    from joblib.parallel import Parallel, ParallelBackendBase, get_active_backend, parallel_config

    if not isinstance(backend, str | ParallelBackendBase):
        raise TypeError(
            "expected backend to be a name that joblib knows, such as 'loky' or "
            f"'dask', or a backend of joblib, got {backend!r} of type "
            f"{type(backend).__name__}"
        )
    with parallel_config(backend=backend):
        Parallel(n_jobs=n_jobs)
        _check_tells_of_deaths(get_active_backend()[0])
    return n_jobs, backend


def _check_tells_of_deaths(backend):
    """Refuse a backend that waits for ever after a worker has died.

    The pool of `multiprocessing` starts another worker in its place, and forgets its job. Ray's
    backend is made from joblib's, and has a pool of its own.
    """
    from joblib.parallel import BACKENDS

    if type(backend) is BACKENDS["multiprocessing"]:
        raise ValueError(
            "expected a backend that tells when a worker has died, got joblib's 'multiprocessing', "
            "which then waits for ever: take 'loky', its processes on this machine, or 'dask' or "
            "'ray', or train on threads, without a backend"
        )


def on_backend(function, calls, n_jobs, backend):
    """The results of ``function(*call)`` for all calls, as they come; closing it ends all.

    Parameters
    ----------
    function : function
        It returns its errors, and raises none.
    calls : sequence of tuples
    n_jobs : int
    backend : str or backend of joblib

    Raises
    ------
    TypeError
        An argument cannot be sent; the message names it.
    BackendError
    """
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend=backend):
        try:
            parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        except ValueError:  # Ray's cannot: then all results come at the end
            parallel = Parallel(n_jobs=n_jobs)
    try:
        yield from parallel(delayed(function)(*call) for call in calls)
    except Exception as error:
        for call in calls:
            _check_can_be_sent(call, error)
        name = backend if isinstance(backend, str) else type(backend).__name__
        raise BackendError(
            f"the backend {name} of joblib has failed, as it does where a worker dies or runs out "
            f"of memory: {type(error).__name__}: {error}"
        ) from error


def _check_can_be_sent(call, failure):
    """TypeError if a backend has failed because a part of a call cannot be pickled."""
    parts = {}
    for value in call:
        parts |= value if isinstance(value, dict) else {f"a {type(value).__name__}": value}
    for name, value in parts.items():
        try:
            pickle.dumps(value)
        except Exception as error:
            if _can_be_cloudpickled(value) and str(error) not in str(failure):
                continue
            raise TypeError(
                f"expected arguments that can be sent to the workers of a backend of joblib, got "
                f"{name}={value!r:.200}, which pickle refuses ({error}): leave it out, take a "
                "function of a module, or train on threads, without joblib.parallel_config"
            ) from failure


def _can_be_cloudpickled(value):
    """Whether backends that pickle lambdas can send it: loky, Dask and Ray."""
    from joblib import wrap_non_picklable_objects

    try:
        pickle.dumps(wrap_non_picklable_objects(value))
    except Exception:
        return False
    return True
