"""Time limits that hold on a machine that is busy with other programs."""

import time
from pathlib import Path

_THREADS = Path("/proc/self/task")


class Stopwatch:
    """Seconds since it was made, without those that other programs have taken from this one."""

    def __init__(self):
        self._began, self._waited = time.perf_counter(), _waited()

    def seconds(self):
        """The time by the clock, less that in which threads could run and had no processor.

        A thread that sleeps or waits for a lock could not, so that its time counts. Where the
        system does not tell, all time counts.
        """
        waited = sum(now - self._waited.get(thread, 0.0) for thread, now in _waited().items())
        return max(0.0, time.perf_counter() - self._began - waited)


def tells():
    """Whether the system counts the turns of a thread, and so the time that it waits for one."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[2]) > 0
    except OSError:
        return False


def _waited():
    """The seconds that each thread of this process has waited for a processor in its life."""
    found = {}
    for thread in _THREADS.glob("*"):
        try:
            # Time on a processor, time that it waited for one (ns), turns.
            found[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
        except OSError:  # it has ended meanwhile, or the system does not tell
            continue
    return found
