"""What a rank does in test_mpi.py: ``mpiexec -n 3 python rank.py NAME FOLDER``."""

import itertools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from safetensors.numpy import load_file, save_file

import fastnn

COMM = MPI.COMM_WORLD
RANK, RANKS = COMM.Get_rank(), COMM.Get_size()
LAST = RANKS - 1
ROWS = 70
DTYPES = ["float64", "float32"]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((ROWS, 5))
LABELS = RNG.integers(0, 3, ROWS)
TARGETS = RNG.random((ROWS, 3))
WEIGHTS = RNG.standard_normal(ROWS)


def squares(A, Y):
    return 0.5 * ((A - Y) ** 2).sum(axis=1), A - Y


NETWORKS = {
    "plain": {},
    "dropout": {"keep_prob": [0.9, 0.8, 0.6]},
    "penalty": {"l2": [0.5, 0.0, 1.0], "l1": 0.1, "activation": "gelu"},
}
TRAINERS = {
    "adam": {},
    "clip_norm": {"optimizer": "momentum", "clip_norm": 0.1, "learning_rate": 0.1},
    "clip_value": {"optimizer": "rmsprop", "clip_value": 0.01},
    "schedule": {"optimizer": "adamw", "schedule": fastnn.schedules.Inverse(rate=0.1)},
    "examples": {"optimizer": fastnn.Nesterov(layer_rates=[1, 0.5, 0]), "examples": 700},
    "threads": {"threads": 2},
    "average": {"average": 0.9},
}
LOSSES = {
    "softmax": ("softmax", LABELS, {}),
    "sigmoid": ("sigmoid", (TARGETS > 0.5).astype(float), {"sample_weight": WEIGHTS}),
    "identity": ("identity", TARGETS, {}),
    "compiled": ("identity", TARGETS, {"loss": fastnn.losses.quantile([0.1, 0.5, 0.9])}),
    "callable": ("identity", TARGETS, {"loss": squares, "sample_weight": WEIGHTS}),
}


def make(output="softmax", dtype="float64", seed=3, network=(), **options):
    net = fastnn.Network(
        [5, 17, 9, 3], output=output, dtype=dtype, rng=seed, **{"keep_prob": 0.8, **dict(network)}
    )
    return net.trainer(**options)


def cuts(seed):
    """The rows of each rank: numbers of any size, also 0."""
    ends = np.sort(np.random.default_rng(seed).integers(0, ROWS + 1, LAST))
    return [0, 0 if LAST and seed == 0 else ends[0] if LAST else ROWS, *ends[1:], ROWS][: RANKS + 1]


def mine(seed):
    ends = [*cuts(seed)[:RANKS], ROWS]
    return slice(ends[RANK], ends[RANK + 1])


def same_bits(trainer):
    thetas = COMM.allgather(trainer.network.theta.tobytes())
    assert len(set(thetas)) == 1


def near(trainer, one, dtype):
    size = np.abs(one.network.theta).max()
    difference = np.abs(trainer.network.theta - one.network.theta).max()
    if one.average is not None:
        difference = max(difference, np.abs(trainer.average - one.average).max())
    # Adam divides by the size of a gradient: what is nearly 0 has few digits that are right.
    assert difference <= (1e-12 if dtype == "float64" else 1e-4) * size


def as_one_process(folder):
    cases = [("dropout", trainer, "softmax", "float64") for trainer in TRAINERS]
    cases += [(network, "adam", "sigmoid", "float64") for network in NETWORKS]
    cases += [("dropout", "clip_norm", loss, dtype) for loss in LOSSES for dtype in DTYPES]
    for network, options, loss, dtype in cases:
        output, y, arguments = LOSSES[loss]
        start = {"network": NETWORKS[network], "output": output, "dtype": dtype}
        one, trainer = (make(**start, **TRAINERS[options]) for _ in range(2))
        weight = arguments.get("sample_weight")
        own = arguments.get("loss")
        with fastnn.parallel.mpi(trainer, COMM) as ranks:
            for step in range(4):
                rows = mine(step)
                part = None if weight is None else weight[rows]
                expected = one.step(X, y, weight, loss=own)
                J = ranks.step(X[rows], y[rows], part, loss=own)
                assert abs(J - expected) <= (1e-12 if dtype == "float64" else 1e-5) * abs(expected)
                assert ranks.rows == ROWS
                same_bits(trainer)
            near(trainer, one, dtype)
            ranks.check()


def own_steps(folder):
    """forward, backward and update, with dX."""
    cases = [("dropout", options) for options in TRAINERS]
    for network, options in [*cases, ("plain", "adam"), ("penalty", "adam")]:
        start = {"network": NETWORKS[network], "output": "identity", **TRAINERS[options]}
        one, trainer = make(**start), make(**start)
        with fastnn.parallel.mpi(trainer, COMM) as ranks:
            for step in range(4):
                rows = mine(step)
                whole, A = one.forward(X), ranks.forward(X[rows])
                assert np.allclose(A, whole[rows], 1e-12, 1e-12)
                expected = one.backward((whole - TARGETS) / ROWS, inputs=True)
                dX = ranks.backward((A - TARGETS[rows]) / ranks.rows, inputs=True)
                assert np.allclose(dX, expected[rows], 1e-12, 1e-12)
                assert np.allclose(trainer.gradient, one.gradient, 1e-12, 1e-12)
                one.update()
                ranks.update()
                same_bits(trainer)
                with pytest.raises(RuntimeError, match="forward and backward before update"):
                    ranks.update()
            near(trainer, one, "float64")


def refused(folder):
    """Differences and errors that all ranks hear of, and after which they go on."""
    with pytest.raises(ValueError, match=rf"rank {LAST} differs from rank 0 in: theta, seed\."):
        fastnn.parallel.mpi(make(seed=RANK // LAST), COMM)
    options = {"optimizer": "momentum"}
    if RANK == LAST:
        options = {"optimizer": "nesterov", "learning_rate": 0.2, "clip_norm": 1.0}
    with pytest.raises(ValueError, match=r"in: optimizer, learning rate, clip_norm or clip_value"):
        fastnn.parallel.mpi(make(**options), COMM)
    with pytest.raises(ValueError, match=r"the network's l2, examples\."):
        fastnn.parallel.mpi(make(network={"l2": RANK // LAST}, examples=1 + RANK // LAST), COMM)

    trainer = make(seed=RANK)
    trainer.step(X, LABELS)
    ranks = fastnn.parallel.mpi(trainer, COMM, broadcast=True)
    same_bits(trainer)

    rows = mine(1)
    bad = X[rows] * (np.nan if RANK == LAST else 1)
    error, words = RuntimeError, f"rank {LAST} failed in step: ValueError: expected X to be finite"
    if RANK == LAST:
        error, words = ValueError, "expected X to be finite"
    with pytest.raises(error, match=words):
        ranks.step(bad, LABELS[rows])
    with pytest.raises(RuntimeError, match=rf"rank {LAST} calls forward after .*rank 0 calls step"):
        ranks.forward(X) if RANK == LAST else ranks.step(X, LABELS)
    trainer.learning_rate = 0.1 if RANK == LAST else 0.2
    with pytest.raises(RuntimeError, match=r"rate 0\.1, rank 0 .* rate 0\.2"):
        ranks.step(X, LABELS)
    trainer.learning_rate = 1e-3
    with pytest.raises(ValueError, match="0 rows on all"):
        ranks.step(X[:0], LABELS[:0])
    huge = X[rows] * (1e200 if RANK == LAST else 1)
    with pytest.raises(fastnn.DivergenceError):
        ranks.step(huge, LABELS[rows])
    theta = trainer.network.theta.copy()
    assert trainer.steps == 1
    ranks.step(X[rows], LABELS[rows])
    same_bits(trainer)
    assert np.any(trainer.network.theta != theta)

    trainer.network.theta[7] += RANK // LAST
    with pytest.raises(ValueError, match=r"in: theta\."):
        ranks.check()
    ranks.close()
    with pytest.raises(RuntimeError, match="has ended"):
        ranks.step(X, LABELS)


def stops_early(folder):
    trainer = make()
    ranks = fastnn.parallel.mpi(trainer, COMM)
    for _ in range(3):
        ranks.step(X, LABELS)
    if RANK == LAST:
        with pytest.raises(RuntimeError, match=rf"rank {LAST} calls end after 3 steps"):
            ranks.close()
    else:
        words = f"rank {LAST} has ended after 3 steps, while rank {RANK} calls step"
        with pytest.raises(RuntimeError, match=words):
            ranks.step(X, LABELS)


def fails_outside(folder):
    """An error in the user's own code on one rank ends it; the others hear of it."""
    with fastnn.parallel.mpi(make(), COMM) as ranks:
        for _ in range(3):
            if RANK == LAST and ranks.trainer.steps == 2:
                raise ZeroDivisionError("no such file")
            ranks.step(X, LABELS)


def ends_without_a_word(folder):
    """The same without a `with` block: the end of Python tells the others."""
    ranks = fastnn.parallel.mpi(make(), COMM)
    for _ in range(3):
        if RANK == LAST and ranks.trainer.steps == 2:
            raise ZeroDivisionError("no such file")
        ranks.step(X, LABELS)


def is_killed(folder):
    trainer = make()
    with fastnn.parallel.mpi(trainer, COMM) as ranks:
        for step in itertools.count():
            if RANK == LAST and step == 8:
                os.kill(os.getpid(), signal.SIGKILL)
            rows = mine(step)
            ranks.step(X[rows], LABELS[rows])
            if RANK == 0 and step == 4:
                save_file(trainer.state(), folder / "state")


def goes_on(folder):
    """From the checkpoint, which rank 0 alone reads, to what one process gives."""
    trainer, one = make(seed=RANK), make()
    if RANK == 0:
        trainer.restore(load_file(folder / "state"))
    with fastnn.parallel.mpi(trainer, COMM, broadcast=True) as ranks:
        assert trainer.steps == 5
        for step in range(5, 9):
            rows = mine(step)
            ranks.step(X[rows], LABELS[rows])
    for _ in range(9):
        one.step(X, LABELS)
    near(trainer, one, "float64")


def does_not_answer(folder):
    with fastnn.parallel.mpi(make(), COMM, timeout=1.0) as ranks:
        ranks.step(X, LABELS)
        if RANK == LAST:
            time.sleep(100)
        ranks.step(X, LABELS)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
    print("done", flush=True)
