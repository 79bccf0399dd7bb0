"""How many threads a pass should run on."""

import functools
import itertools
import os

# Arithmetic of one step below which waiting for each other costs more than a second thread gains.
_FLOPS_PER_THREAD = 2_000_000


def choose_threads(layer_sizes, batch_size):
    """As many as the work of a step is worth, and no more than there are processors for us."""
    parameters = sum(a * b for a, b in itertools.pairwise(layer_sizes))
    worth = 6 * batch_size * parameters // _FLOPS_PER_THREAD
    return max(1, min(worth, available_processors())) if worth > 1 else 1


@functools.cache
def _joblib_cpu_count():
    # It knows the limits of containers (cgroups) and affinity masks, on every system.
    from joblib import cpu_count

    return cpu_count()


def available_processors():
    """Processors that this process may use now."""
    try:
        return min(_joblib_cpu_count(), len(os.sched_getaffinity(0)))
    except AttributeError:   # no affinity on this system
        return _joblib_cpu_count()
