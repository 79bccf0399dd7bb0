"""Memory for large networks: the system finds it in pieces, between which Ctrl-C is heard."""

import resource
import signal

import numpy as np
import pytest

from fastnn import _kernels

WIDE = 4096  # 17 million weights


class Heard(Exception):
    pass


def vector():
    return _kernels.aligned_zeros(2 * WIDE * WIDE, np.dtype("float32"))


def session():
    theta, X = np.zeros(2 * (WIDE + 1) * WIDE, np.float32), np.zeros((1, WIDE), np.float32)
    rows = _kernels.Rows(X, X.shape)
    return _kernels.Session(
        [WIDE] * 3, [0] * 3, 2, theta, rows, rows, None, batch_size=1, threads=1, training=True
    )


def pages():
    """How often the system has found a page for this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


@pytest.mark.parametrize("make", [vector, session])
def test_a_signal_is_heard_while_memory_is_found(make):
    def hear(number, frame):
        raise Heard

    began = pages()
    make()
    whole = pages() - began
    before = signal.signal(signal.SIGALRM, hear)
    try:
        began = pages()
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        with pytest.raises(Heard):
            make()
        assert pages() - began < 0.8 * whole  # the ends of a vector have small pages, found first
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 17, 1000, (1 << 24) // 8 + 3])
def test_the_vector_is_whole_and_on_a_cache_line(size, dtype):
    made = _kernels.aligned_zeros(size, np.dtype(dtype))
    assert made.shape == (size,)
    assert made.dtype == dtype
    assert made.ctypes.data % 64 == 0
    assert not made.any()
    made[...] = 1
