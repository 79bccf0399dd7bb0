"""The workers of a sweep: threads of this process, or a backend of joblib."""

import contextlib
import queue
import threading
from numbers import Integral

from fastnn.engine.threads import available_processors
from fastnn.sweeps.jobs import train_job
from fastnn.training.progress import Progress

# Seconds between two updates of the progress bar.
INTERVAL = 0.1


class _Stopped(BaseException):
    """Ends the fits of a sweep that is given up. Trials do not record it as their failure."""


class _Watch(Progress):
    """Counts the epochs of a running fit, and ends the fit when the sweep is given up."""

    def __init__(self, job, stop):
        self.first = self.done = job.done
        self.network = None  # once it is made
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
    """The number of threads for `n_jobs`; negative ones count from all processors, as in joblib.

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
    """Refuse a wrong `n_jobs` or an unknown backend before anything is written or trained."""
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
def outcomes(jobs, data, n_jobs, backend, look, watches=None):
    """A context that gives the outcomes of the jobs as they come; its exit stops all fits.

    Parameters
    ----------
    jobs : list of Job
    data : (X, y, Xd, yd)
    n_jobs : int
    backend : None or a backend of joblib
        None: threads, for the compiled core trains without the GIL.
    look : function
        It is called every 0.1 s with the number of epochs that running fits have done.
    watches : dict, optional
        On threads, takes the watch of each fit that has not ended, by (trial, seed index). Its
        `network` is the one in training.
    """
    if backend is not None:
        with contextlib.closing(_from_backend(jobs, data, n_jobs, backend)) as results:
            yield results
        return
    stop, waiting, ended = threading.Event(), queue.SimpleQueue(), queue.SimpleQueue()
    watches = {} if watches is None else watches
    for job in jobs:
        watch = watches[job.trial, job.seed_index] = _Watch(job, stop)
        waiting.put((job, watch))
    threads = [
        threading.Thread(target=_work, args=(data, waiting, ended, stop), name="fastnn-sweep")
        for _ in range(min(threads_for(n_jobs), len(jobs)))
    ]
    try:
        for thread in threads:
            thread.start()
        yield _from_threads(watches, ended, look)
    finally:
        stop.set()
        for thread in threads:
            # One that Ctrl-C has interrupted at its start finds that all is over.
            if thread.is_alive():
                thread.join()
        # The frame of a KeyboardInterrupt would keep them until a later collection of garbage,
        # whose callbacks lose a second Ctrl-C. Threads of an executor cannot be let go so.
        threads.clear()


def _work(data, waiting, ended, stop):
    """Train networks, in a thread, until none is left or the sweep is given up."""
    try:
        while not stop.is_set():
            job, watch = waiting.get_nowait()
            ended.put(train_job(*data, job, watch))
    except (queue.Empty, _Stopped):
        pass
    except BaseException as error:  # a SystemExit of a callback, say
        ended.put(error)


def _from_threads(watches, ended, look):
    while watches:
        try:
            outcome = ended.get(timeout=INTERVAL)
        except queue.Empty:
            look(sum(watch.done - watch.first for watch in watches.values()))
            continue
        if isinstance(outcome, BaseException):
            raise outcome
        del watches[outcome.job.trial, outcome.job.seed_index]
        yield outcome


def _from_backend(jobs, data, n_jobs, backend):
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend=backend):
        try:
            parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        except ValueError:  # Ray's and multiprocessing cannot: then all results come at the end
            parallel = Parallel(n_jobs=n_jobs)
    yield from parallel(delayed(train_job)(*data, job) for job in jobs)
