"""The number of threads for a pass."""

import functools
import itertools
import math
import os

# Floating-point operations below which another thread costs more than it gains. In a step the
# threads are awake and wait for each other; for a pass by itself they have to be woken.
_FLOPS_OF_A_STEP = 350_000
_FLOPS_OF_A_PASS = 10_000_000


def choose_threads(layer_sizes, rows, steps):
    """As many threads as the work is worth.

    There are never more than processors for this process, or than OMP_NUM_THREADS allows.

    Parameters
    ----------
    layer_sizes : sequence of int
    rows : int
        Rows of a step, if there are many, else of the whole pass.
    steps : bool
        Whether the pass has many steps.
    """
    parameters = sum(a * b for a, b in itertools.pairwise(layer_sizes))
    worth = 6 * rows * parameters // (_FLOPS_OF_A_STEP if steps else _FLOPS_OF_A_PASS)
    return max(1, min(worth, available_processors(), allowed_threads())) if worth > 1 else 1


def allowed_threads():
    """The most threads that OMP_NUM_THREADS allows."""
    # joblib, Dask, Ray and batch systems start one process for each core. By this variable they
    # tell each process its share of the processors, with OpenMP or without. It may be a list with
    # the outermost level first. OpenMP ignores a value that it cannot read, and so does this.
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
