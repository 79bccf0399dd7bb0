"""The workers of a sweep: threads of this process, or a backend of joblib."""

import contextlib
import math
import queue
import threading
import time

from fastnn.sweeps.backends import on_backend, threads_for
from fastnn.sweeps.jobs import train_job
from fastnn.training.progress import Progress

# Seconds between two updates of the progress bar.
INTERVAL = 0.1


class TimeIsUp(Exception):
    """Time is up before all jobs have ended."""


class _Stopped(BaseException):
    """Ends the fits of a sweep that stops. Trials do not record it as their failure."""


class _Watch(Progress):
    """Counts the epochs of a running fit, and ends the fit once `is_over()`."""

    def __init__(self, job, is_over):
        self.first = self.done = job.done
        self.network = None  # once it is made
        self._is_over = is_over

    def begin_at(self, epochs_done):
        self.done = epochs_done

    def advance(self, epochs_done):
        if self._is_over():
            raise _Stopped
        self.done = epochs_done

    def epoch(self, history):
        self.advance(len(history))


@contextlib.contextmanager
def outcomes(jobs, data, n_jobs, backend, look, watches=None, seconds=None):
    """A context that gives the outcomes of the jobs as they come; its exit stops all fits.

    Parameters
    ----------
    jobs : list of Job
    data : (X, y, Xd, yd)
    n_jobs : int
    backend : None or a backend of joblib
        None: threads, for the compiled core trains without the GIL.
    look : function
        On threads it is called every 0.1 s with the number of epochs that running fits have done.
    watches : dict, optional
        On threads, it gets the watch of each fit that has not ended, by (trial, seed index). The
        `network` of a watch is in training.
    seconds : float, optional
        On a backend, where `look` is not called: the fits end then, with `TimeIsUp` here.
    """
    if backend is not None:
        end = math.inf if seconds is None else time.time() + seconds
        calls = [(*data, job, end) for job in jobs]
        with contextlib.closing(on_backend(_train_until, calls, n_jobs, backend)) as results:
            yield _in_time(results)
        return
    stop, waiting, ended = threading.Event(), queue.SimpleQueue(), queue.SimpleQueue()
    watches = {} if watches is None else watches
    for job in jobs:
        watch = watches[job.trial, job.seed_index] = _Watch(job, stop.is_set)
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
            # If Ctrl-C has interrupted its start, it is not alive, or finds that all is over.
            if thread.is_alive():
                thread.join()
        # The frame of a KeyboardInterrupt would keep them until a later collection of garbage, and
        # its callbacks lose a second Ctrl-C. Threads of an executor cannot be dropped like this.
        threads.clear()


def _train_until(X, y, X_dev, y_dev, job, end):
    """The outcome of a job in another process; None if its clock passes `end` before."""
    try:
        return train_job(X, y, X_dev, y_dev, job, _Watch(job, lambda: time.time() > end))
    except _Stopped:
        return None


def _in_time(results):
    for outcome in results:
        if outcome is None:
            raise TimeIsUp
        yield outcome


def _work(data, waiting, ended, stop):
    """Train networks, in a thread, until none is left or the sweep stops."""
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
