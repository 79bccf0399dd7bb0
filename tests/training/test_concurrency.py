"""Fits on several Python threads and in several processes."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from small_fits import X, Y, bits, classifier, noisy_fit

forks = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
GIVE_UP = 30  # seconds after which a wait ends


def test_fits_on_several_python_threads_do_not_disturb_each_other():
    cases = [(threads, seed) for seed, threads in enumerate((1, 2, 3, 2))]
    alone = [noisy_fit(*case) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(noisy_fit, *zip(*cases, strict=True))) == alone


def test_one_network_on_two_threads_is_refused():
    net, running, go_on = classifier(), threading.Event(), threading.Event()

    def callback(net, history):
        running.set()
        return not go_on.wait(GIVE_UP)

    worker = threading.Thread(target=lambda: net.fit(X, Y, epochs=2, callbacks=callback))
    worker.start()
    try:
        assert running.wait(GIVE_UP)
        history = net.history
        with pytest.raises(RuntimeError, match="being fitted already"):
            net.fit(X, Y, epochs=1)
        assert net.history is history
    finally:
        go_on.set()
        worker.join()
    twin = classifier()
    twin.fit(X, Y, epochs=2)
    assert bits(net) == bits(twin)
    assert net.history.stopped == "epochs"


@forks
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_after_a_threaded_fit():
    expected = noisy_fit(2)
    child = os.fork()
    if child == 0:
        os._exit(0 if noisy_fit(2) == expected else 1)
    for _ in range(10 * GIVE_UP):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.1)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child never came back")
    assert os.waitstatus_to_exitcode(status) == 0
    assert noisy_fit(2) == expected


@forks
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_fits_in_other_processes(method):
    alone = [noisy_fit(2, seed) for seed in range(2)]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.starmap_async(noisy_fit, [(2, 0), (1, 1)]).get(4 * GIVE_UP) == alone
