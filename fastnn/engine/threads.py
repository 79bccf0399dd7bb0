"""How many threads a pass should run on."""

import functools
import itertools
import math
import os
import time

# Arithmetic below which another thread costs more than it gains: in a step, where the threads are
# awake and wait for each other; in a pass by itself, for which they are woken.
_FLOPS_OF_A_STEP = 350_000
_FLOPS_OF_A_PASS = 10_000_000


def choose_threads(layer_sizes, rows, steps):
    """As many as the work is worth, and no more than there are processors for us, or than
    OMP_NUM_THREADS allows.

    `rows` are those of a step where there are many `steps`, of the whole pass otherwise.
    """
    parameters = sum(a * b for a, b in itertools.pairwise(layer_sizes))
    worth = 6 * rows * parameters // (_FLOPS_OF_A_STEP if steps else _FLOPS_OF_A_PASS)
    return max(1, min(worth, available_processors(), _allowed())) if worth > 1 else 1


def _allowed():
    # Whoever starts a process a core (joblib, Dask, Ray, batch systems) says so by this variable,
    # OpenMP or not: each of them is to use its share of the processors. It may be a list, of the
    # outermost level first; OpenMP ignores what it cannot read.
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(given) if given.isdecimal() and int(given) else math.inf


@functools.cache
def _joblib_cpu_count():
    # It knows the limits of containers (cgroups) and affinity masks, on every system.
    from joblib import cpu_count

    return cpu_count()


def available_processors():
    """Processors that this process may use now."""
    try:
        return min(_joblib_cpu_count(), len(os.sched_getaffinity(0)))
    except AttributeError:  # no affinity on this system
        return _joblib_cpu_count()


class Pace:
    """The turns of a training session, on as many threads as have turned out the fastest.

    What two cores cost each other is not known beforehand: on one machine the way between them is
    40 ns one second and 600 ns the next, as its host moves them about, and other programs come and
    go. So other numbers of threads are tried for a moment, often at first and then twice a second.
    The results do not depend on it, since theta has the same bits for every number of threads.

    Parameters
    ----------
    session : Session
        Opened for the most threads that may be used.
    chosen : bool
        Whether the number of threads is given, so that no other is tried.
    """

    TRIAL = 0.002  # seconds that another number of threads is tried for
    RARITY = 50  # times as long as the trial is at least what comes between two
    LONGEST = 0.5  # seconds between two, where that is longer
    MARGIN = 0.97  # of the time a row takes, below which another number of threads is better

    def __init__(self, session, chosen, clock=time.perf_counter):
        self._session, self._clock = session, clock
        most = session.threads
        self._choices = [most] if chosen else [*_powers_of_two_below(most), most]
        self._at = len(self._choices) - 1  # the choice in use
        self._step, self._trying = -1, False  # to the choice that is tried next, or now
        self._between, self._usual = self.TRIAL, None  # stint in use, and seconds a row took in it
        self._rows, self._seconds = 0, 0.0  # of this stint or trial so far

    def turn(self, seconds):
        """`session.train` for about so long; False when the epoch is finished, or has failed."""
        session = self._session
        if len(self._choices) == 1:
            return session.train(seconds)
        length = self.TRIAL if self._trying else self._between
        # Where a chunk takes longer than a trial should, it is the measure.
        least = session.chunk_rows * (1 if self._trying else self.RARITY)
        left = length - self._seconds
        rows, began = session.rows_trained, self._clock()
        going = session.train(min(seconds, left) if left > 0 else seconds)
        self._seconds += self._clock() - began
        self._rows += session.rows_trained - rows
        if self._seconds >= length and self._rows >= least:
            self._judge(self._seconds / self._rows)
            self._rows, self._seconds = 0, 0.0
            session.threads = self._choices[self._at + self._step * self._trying]
        return going

    def _judge(self, pace):
        """At the end of a stint or a trial in which a row took `pace` seconds."""
        if not self._trying:
            self._usual = pace
            if 0 <= self._at - self._step < len(self._choices):  # the neighbours in turn
                self._step = -self._step
        elif pace < self.MARGIN * self._usual:
            self._at, self._between = self._at + self._step, self.TRIAL
        else:
            self._between = max(min(4 * self._between, self.LONGEST), self.RARITY * self._seconds)
        self._trying = not self._trying


def _powers_of_two_below(most):
    return itertools.takewhile(lambda n: n < most, (2**k for k in itertools.count()))
