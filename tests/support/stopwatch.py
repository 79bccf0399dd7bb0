"""Time limits that hold on a machine that is busy with other programs."""

import time


class Stopwatch:
    """Seconds since it was made, without those that other programs have taken from this one."""

    def __init__(self):
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def seconds(self):
        """The time by the clock or that of the processors, whichever is less.

        A program that waits for a processor uses none. One that runs on several uses more than
        passes by the clock.
        """
        return min(time.perf_counter() - self._wall, time.process_time() - self._processor)
