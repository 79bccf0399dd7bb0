"""Pieces of work on threads: results in order, errors and Ctrl-C."""

import signal
import threading
import time

import pytest

from fastnn.engine.workers import run


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_results_are_in_the_order_of_the_pieces(threads):
    assert run(lambda k: k * k, [(k,) for k in range(7)], threads) == [k * k for k in range(7)]
    assert run(lambda k: k, [], threads) == []


def test_the_first_error_is_raised_and_ends_it():
    begun = []

    def fail(k):
        begun.append(k)
        time.sleep(0.01)
        raise ZeroDivisionError(k)

    with pytest.raises(ZeroDivisionError, match="0"):
        run(fail, [(k,) for k in range(100)], 2)
    assert len(begun) <= 2


def test_ctrl_c_is_heard_that_another_thread_receives():
    """The kernel may give a signal to any thread; Python's handler runs in the main thread."""
    pressed = []

    def press():
        pressed.append(time.perf_counter())
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(lambda _: time.sleep(0.01), [(k,) for k in range(1000)], 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.perf_counter() - pressed[0] < 2.0  # all pieces take 5 s
