"""Training on data that memory does not hold."""

import subprocess
import sys
import textwrap

import pytest


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("kind", ["float32", "float64", "int8"])
def test_a_memory_map_larger_than_memory_is_never_copied(kind, tmp_path):
    """A file without a byte on disk, in a process with room for half a copy as float32."""
    program = f"""
        import resource, sys
        import numpy as np
        from fastnn import Network
        rows, columns = 100_000, 1024
        X = np.memmap({str(tmp_path / "X.bin")!r}, "{kind}", "w+", shape=(rows, columns))
        X = np.memmap({str(tmp_path / "X.bin")!r}, "{kind}", "r", shape=(rows, columns))
        y = np.arange(rows) % 2
        net = Network([columns, 1], rng=0)
        status = dict(line.split(":") for line in open("/proc/self/status"))
        limit = int(status["VmSize"].split()[0]) * 1024 + 4 * rows * columns // 2
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            X.astype("float32")
        except MemoryError:
            print("no room for a copy")
        history = net.fit(X, y, epochs=1, batch_size=4096, threads=1, evaluate_every=0)
        print(history.examples, net.forward(X[::1000]).shape)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.stdout == "no room for a copy\n100000 (100, 1)\n"
