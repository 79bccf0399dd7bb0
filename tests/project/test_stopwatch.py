"""`Stopwatch`, by which tests limit the time of an answer, counts what a program does itself."""

import subprocess
import sys
import time

import pytest
from stopwatch import Stopwatch, tells


def test_sleep_counts():
    stopwatch = Stopwatch()
    time.sleep(0.2)
    assert 0.15 < stopwatch.seconds() < 1


@pytest.mark.slow
@pytest.mark.skipif(not tells(), reason="the system does not tell")
def test_time_of_other_programs_does_not_count():
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        time.sleep(0.2)
        wall, own, stopwatch = time.perf_counter(), time.process_time(), Stopwatch()
        while time.perf_counter() - wall < 1:
            pass
        used = time.process_time() - own
        assert used - 0.05 < stopwatch.seconds() < used + 0.2
    finally:
        for process in busy:
            process.kill()
            process.wait()
