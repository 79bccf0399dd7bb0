"""How many threads a pass should run on."""

import functools
import itertools
import math
import os

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
