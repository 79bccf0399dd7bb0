"""Probes that need an interpreter which has done nothing before; each prints JSON."""

import json
import re
import sys
import time
from pathlib import Path


def start():
    """Seconds to import numpy, then fastnn, then to make a Network; and the first fit over a
    second one, in which whatever is compiled or loaded on first use would show."""
    times = [time.perf_counter()]

    def lap():
        times.append(time.perf_counter())
        return times[-1] - times[-2]

    import numpy as np

    numpy = lap()
    import fastnn

    imported = lap()
    net = fastnn.Network([30, 32, 2], keep_prob=0.8, rng=0)
    made = lap()
    X = np.zeros((32, 30), np.float32)
    y = np.zeros(32, np.int64)
    lap()
    net.fit(X, y, epochs=1)
    first = lap()
    net.fit(X, y, epochs=1)
    print(
        json.dumps(
            {
                "numpy": numpy,
                "fastnn": imported,
                "network": imported + made,
                "first_fit": first - lap(),
            }
        )
    )


def memory():
    """Bytes by which a fit of mid raises the peak of resident memory; null where unknown."""
    import numpy as np

    import fastnn
    from bench.cases import CASES

    case = CASES["mid"]
    # Code that a fit loads is not its memory; so small a network leaves no buffers to use again.
    fastnn.Network([3, 4, 2], rng=0).fit(np.zeros((4, 3)), np.zeros(4, int), epochs=1, threads=1)
    rng = np.random.default_rng(0)
    X = np.empty((10_000, case.layer_sizes[0]), np.float32)
    rng.standard_normal(out=X, dtype=np.float32)
    y = rng.integers(0, case.layer_sizes[-1], len(X))

    before = _peak_resident(reset=True)
    net = fastnn.Network(case.layer_sizes, keep_prob=0.8, rng=0)
    net.fit(X, y, epochs=2, batch_size=case.batch_size, evaluate_every=0, threads=1)
    print(json.dumps(None if before is None else _peak_resident() - before))


def command():
    """`fastnn` with the arguments of this process; then the peak of its memory, and CPU seconds."""
    from fastnn.cli import main

    main(sys.argv[1:], standalone_mode=False)
    print(json.dumps({"peak": _peak_resident(), "cpu": time.process_time()}))


def _peak_resident(reset=False):
    # Not getrusage's ru_maxrss: a new process inherits the peak of the one that started it.
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
