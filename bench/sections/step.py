"""A training step: fastnn and its peers, its share of the machine's peak, and what is in it."""

from functools import partial

from bench import ours
from bench.cases import CASES, LEARNING_RATE
from bench.measure import Contender, compare, ratios
from bench.peers import load_peers
from bench.results import SHARE, TIMES
from fastnn.machine import cpu_name

# How many times as fast as each peer, by the maker of the CPU (the peers' libraries treat makers
# unlike); share of the micro-kernel's own peak. Other CPUs have the targets of Intel's.
TARGETS = {
    "Intel": {
        "tiny": {"JAX": 8, "PyTorch": 100, "scikit-learn": 55, "peak": 0.40},
        "small": {"JAX": 3.5, "PyTorch": 17, "scikit-learn": 9, "peak": 0.68},
        "mid": {"JAX": 1.7, "PyTorch": 2.5, "scikit-learn": 2.8, "peak": 0.88},
        "large": {"JAX": 1.3, "PyTorch": 1.45, "scikit-learn": 1.6, "peak": 0.90},
    },
    "AMD": {
        "tiny": {"JAX": 8, "PyTorch": 90, "scikit-learn": 55, "peak": 0.40},
        "small": {"JAX": 3.5, "PyTorch": 17, "scikit-learn": 9, "peak": 0.68},
        "mid": {"JAX": 1.5, "PyTorch": 3.6, "scikit-learn": 2.8, "peak": 0.88},
        "large": {"JAX": 1.3, "PyTorch": 2.4, "scikit-learn": 1.6, "peak": 0.90},
    },
}


def steps(results, effort):
    """Every case against every peer; the peak between the rounds."""
    peers = load_peers(["JAX", "PyTorch", "scikit-learn"], results)
    targets = TARGETS.get(cpu_name().partition(" ")[0], TARGETS["Intel"])
    for name, case in CASES.items():
        task = case.task()
        contenders = [ours.trainer(task)]
        contenders += [peer.trainer(task) for peer in peers.values()]
        if effort.thorough and "PyTorch" in peers:
            contenders.append(peers["PyTorch"].trainer(task, "PyTorch, compiled", compiled=True))
        peaks = []
        timings = compare(
            contenders,
            effort.rounds,
            effort.seconds,
            each_round=lambda peaks=peaks: peaks.append(ours.peak()),
        )
        results.time(name, timings)

        mine = timings.pop("fastnn")
        rates = [task.flops / seconds / 1e9 for seconds in mine.seconds]
        results.find(name, "micro-kernel's peak", peaks, "GFLOP/s")
        results.find(name, "arithmetic", rates, "GFLOP/s")
        shares = [rate / peak for rate, peak in zip(rates, peaks, strict=True)]
        results.find(name, "share of peak", shares, SHARE, at_least=targets[name]["peak"])
        results.against(name, timings, mine, task.flops, peaks, targets[name])


def penalties(results, effort):
    """The tiny case with a penalty: weights that decay to denormals must cost nothing."""
    task = CASES["tiny"].task(keep_prob=1.0)
    contenders = [
        ours.trainer(task, "no penalty"),
        ours.trainer(task, "with L2", l2=10.0),
        ours.trainer(task, "with L1", l1=10.0),
        ours.trainer(task, "decayed", l2=1000.0, decay_epochs=500),
    ]
    timings = compare(contenders, effort.rounds, effort.seconds)
    results.time("tiny", timings)
    plain = timings.pop("no penalty")
    limits = {"with L2": 1.1, "with L1": None, "decayed": 1.1}
    for name, timing in timings.items():
        results.find("tiny", f"a step {name}", ratios(timing, plain), TIMES, at_most=limits[name])


def evaluations(results, effort):
    """A fit as it comes, which evaluates J and the error, over the steps alone."""
    for name, case in CASES.items():
        task = case.task()
        epochs = 20 if name == "large" else 100

        def run(n, task=task, epochs=epochs, **options):
            for _ in range(n):
                ours.network(task).fit(
                    task.X,
                    task.y,
                    epochs=epochs,
                    batch_size=task.batch_size,
                    learning_rate=LEARNING_RATE,
                    threads=1,
                    **options,
                )

        contenders = [
            Contender("fit", run, epochs * task.steps),
            Contender("steps alone", partial(run, evaluate_every=0), epochs * task.steps),
        ]
        timings = compare(contenders, effort.rounds, effort.seconds)
        results.time(name, timings)
        shares = ratios(timings["fit"], timings["steps alone"])
        results.find(name, "a fit as it comes, of its steps", shares, TIMES, at_most=1.06)


def costs(results, effort):
    """The mid case with and without dropout, and with gradient descent in Adam's place."""
    case = CASES["mid"]
    contenders = [
        ours.trainer(case.task(), "dropout, Adam"),
        ours.trainer(case.task(keep_prob=1.0), "Adam"),
        ours.trainer(case.task(), "dropout, gd", optimizer="gd"),
    ]
    timings = compare(contenders, effort.rounds, effort.seconds)
    results.time("mid", timings)
    whole = timings["dropout, Adam"]
    for what, without, limit in [("dropout", "Adam", 0.05), ("Adam over gd", "dropout, gd", 0.08)]:
        shares = [1 - ratio for ratio in ratios(timings[without], whole)]
        results.find("mid", f"{what}, of a step", shares, SHARE, at_most=limit)
