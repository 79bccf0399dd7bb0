"""Where the jobs of a sweep are done: on threads of this process, or by joblib's backends."""

import contextlib
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral

from fastnn.engine.threads import available_processors
from fastnn.sweeps.jobs import train_job
from fastnn.training.progress import Progress

# Seconds between two looks at how far the fits are.
INTERVAL = 0.1


class _Stopped(BaseException):
    """Ends a fit of a sweep that is given up; no trial takes it for a failure of its own."""


class _Watch(Progress):
    """Knows how far a fit is, and ends it when the sweep is given up."""

    def __init__(self, job, stop):
        self.first = self.done = job.done
        self._stop = stop

    def begin_at(self, epochs_done):
        self.done = epochs_done

    def advance(self, epochs_done):
        if self._stop.is_set():
            raise _Stopped
        self.done = epochs_done

    def epoch(self, history):
        self.advance(len(history))


def threads_for(n_jobs):
    """How many threads `n_jobs` stands for; negative ones count from all processors, as joblib's.

    >>> threads_for(3)
    3
    """
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, Integral):
        raise TypeError(
            f"expected n_jobs to be an integer, got {n_jobs!r} of type {type(n_jobs).__name__}"
        )
    if n_jobs == 0:
        raise ValueError("expected n_jobs of at least 1, or -1 for all processors; got 0")
    return int(n_jobs) if n_jobs > 0 else max(1, available_processors() + 1 + int(n_jobs))


def check_workers(n_jobs, backend):
    """Refuse what there is not, before anything is written or trained."""
    threads_for(n_jobs)
    if backend is None:
        return
    from joblib.parallel import Parallel, ParallelBackendBase, parallel_config

    if not isinstance(backend, str | ParallelBackendBase):
        raise TypeError(
            "expected backend to be a name that joblib knows, such as 'loky' or "
            f"'dask', or a backend of joblib, got {backend!r} of type "
            f"{type(backend).__name__}"
        )
    with parallel_config(backend=backend):
        Parallel(n_jobs=n_jobs)


@contextlib.contextmanager
def outcomes(jobs, data, n_jobs, backend, look):
    """The outcomes of the jobs, as they come; what is left undone is given up at the end.

    Parameters
    ----------
    jobs : list of Job
    data : (X, y, Xd, yd)
    n_jobs : int
    backend : None or a backend of joblib
        None: threads. The compiled core trains without the GIL.
    look : function
        Called with the epochs done by running fits, every now and then.
    """
    if backend is not None:
        with contextlib.closing(_from_backend(jobs, data, n_jobs, backend)) as results:
            yield results
        return
    stop, ended = threading.Event(), queue.SimpleQueue()
    name = f"fastnn-sweep-{id(stop)}"
    with ThreadPoolExecutor(threads_for(n_jobs), thread_name_prefix=name) as pool:
        try:
            watches = {}
            for job in jobs:
                watch = watches[job.trial, job.seed_index] = _Watch(job, stop)
                pool.submit(train_job, *data, job, watch).add_done_callback(ended.put)
            yield _from_threads(watches, ended, look)
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            # A thread that Ctrl-C has caught at its start is not known to the pool.
            for thread in threading.enumerate():
                if thread.name.startswith(name):
                    thread.join()


def _from_threads(watches, ended, look):
    while watches:
        try:
            outcome = ended.get(timeout=INTERVAL).result()
        except queue.Empty:
            look(sum(watch.done - watch.first for watch in watches.values()))
            continue
        del watches[outcome.job.trial, outcome.job.seed_index]
        yield outcome


def _from_backend(jobs, data, n_jobs, backend):
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend=backend):
        try:
            parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        except ValueError:  # not every backend can (Ray's, multiprocessing): then all at the end
            parallel = Parallel(n_jobs=n_jobs)
    yield from parallel(delayed(train_job)(*data, job) for job in jobs)
