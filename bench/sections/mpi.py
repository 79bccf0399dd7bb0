"""One network over several processes: what the exchange of a step costs, where more ranks pay.

The exchange is measured between two processes of this machine, which share its memory. For more
machines it is reckoned. A step of p ranks takes the measured time of B/p rows and of the update;
the latency of 4 log2(p) messages, those of two words of the ranks, the sum of the shares and their
distribution; and 2 (p - 1) / p of the gradient's bytes over the bandwidth. Latency and bandwidth
are given: what MPI reaches over common networks.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import fastnn
from bench.cases import CASES, LEARNING_RATE, Case
from bench.measure import Contender, calls, compare
from bench.results import TIMES

# Seconds of latency, and bytes a second.
NETWORKS = {"10 Gb/s Ethernet": (20e-6, 1.1e9), "100 Gb/s InfiniBand": (2e-6, 11e9)}
RANKS = (2, 4, 8, 16, 32, 64)
WIDTHS = (32, 64, 128, 256, 512, 1024, 2048)
BATCH = 1024
MICRO = 1e-6


def exchange(results, effort):
    """Bytes and time of the exchange beside a step, and the speed of 2 to 64 ranks on paper."""
    mpiexec = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if mpiexec is None or not find_spec("mpi4py"):
        results.skip("no MPI: pip install 'fastnn-cpu[mpi]'")
        return
    _between_two(results, effort, mpiexec)
    _on_paper(results, effort)


def _between_two(results, effort, mpiexec):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "times.json"
        command = [mpiexec, "-n", "2", sys.executable, "-m", "bench.sections.mpi", path]
        subprocess.run([*command, str(effort.rounds), str(effort.seconds)], check=True)
        times = json.loads(path.read_text())
    for name, case in CASES.items():
        label = f"{name}, {case.label}"
        of = times[name]
        results.find(label, "bytes of the gradient", [of["bytes"]], "B")
        for what in ("exchange", "step of one rank", "step of two ranks"):
            results.find(label, what, [s / MICRO for s in of[what]], "us")


def _on_paper(results, effort):
    """The least width of w-w-w-10 for which p ranks are p/2 times as fast as one."""
    widths = WIDTHS if effort.thorough else WIDTHS[:4]
    times = {width: _times(width, effort) for width in widths}
    for network, (latency, bandwidth) in NETWORKS.items():
        for ranks in RANKS:
            pays = [
                width
                for width, (size, rows_of, update) in times.items()
                if (rows_of[1] + update)
                / (rows_of[ranks] + update + cost(ranks, size, latency, bandwidth))
                >= ranks / 2
            ]
            case = f"{network}, {ranks} ranks"
            results.find(case, f"least width that pays, batch {BATCH}", pays[:1], "")
            if pays:
                size, rows_of, update = times[pays[0]]
                whole = rows_of[1] + update
                part = rows_of[ranks] + update + cost(ranks, size, latency, bandwidth)
                results.find(case, f"speed there, {ranks / 2:g} asked for", [whole / part], TIMES)


def cost(ranks, size, latency, bandwidth):
    """Seconds of the messages of a step with a gradient of so many bytes."""
    return 4 * np.log2(ranks) * latency + 2 * (ranks - 1) / ranks * size / bandwidth


def _times(width, effort):
    """Bytes of the gradient; ranks -> seconds for BATCH / ranks rows; seconds of an update."""
    case = Case([width, width, width, 10], BATCH, 1)
    task = case.task(keep_prob=0.8)
    net = fastnn.Network(case.layer_sizes, keep_prob=0.8, rng=0)
    trainer = net.trainer(learning_rate=LEARNING_RATE, batch_size=BATCH, threads=1)
    trainer.differentiate(task.X, task.y)
    contenders = [
        Contender(
            str(ranks),
            calls(trainer.differentiate, task.X[: BATCH // ranks], task.y[: BATCH // ranks]),
        )
        for ranks in (1, *RANKS)
    ]
    contenders.append(Contender("update", calls(trainer.update, BATCH)))
    timings = compare(contenders, 3, effort.seconds / 4)
    rows_of = {ranks: timings[str(ranks)].median for ranks in (1, *RANKS)}
    return net.theta.nbytes, rows_of, timings["update"].median


def _rank(path, rounds, seconds):
    """A rank of two: both do the same, rank 0 writes the times."""
    from mpi4py import MPI

    from fastnn.parallel.ranks import Ranks

    comm, times = MPI.COMM_WORLD, {}
    for name, case in CASES.items():
        task = case.task()
        X, y = task.X[: case.batch_size], task.y[: case.batch_size]
        half = slice(comm.rank, None, comm.size)
        one, two = (
            fastnn.Network(case.layer_sizes, keep_prob=0.8, rng=0).trainer(
                learning_rate=LEARNING_RATE, batch_size=case.batch_size, threads=1
            )
            for _ in range(2)
        )
        own = [np.ascontiguousarray(X[half]), np.ascontiguousarray(y[half])]
        exchange = Ranks(comm, 60.0)
        with fastnn.parallel.mpi(two, comm) as ranks:
            works = {
                "exchange": (exchange.add, np.zeros_like(two.gradient)),
                "step of one rank": (one.step, X, y),
                "step of two ranks": (ranks.step, *own),
            }
            times[name] = {"bytes": two.gradient.nbytes}
            times[name].update({what: [] for what in works})
            # Both ranks must repeat alike: rank 0 says how often.
            often = {what: comm.bcast(_repetitions(seconds, *of)) for what, of in works.items()}
            for _ in range(rounds):
                for what, (function, *arguments) in works.items():
                    comm.barrier()
                    began = MPI.Wtime()
                    for _ in range(often[what]):
                        function(*arguments)
                    times[name][what].append((MPI.Wtime() - began) / often[what])
        exchange.end(0)
    if comm.rank == 0:
        Path(path).write_text(json.dumps(times))


def _repetitions(seconds, function, *arguments):
    """About as many as fit into `seconds`; the same on every rank in what they call."""
    from mpi4py import MPI

    began = MPI.Wtime()
    for _ in range(5):
        function(*arguments)
    return max(1, round(5 * seconds / (MPI.Wtime() - began)))


if __name__ == "__main__":
    _rank(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
