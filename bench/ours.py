"""fastnn as a contender."""

import fastnn
from bench.cases import LEARNING_RATE
from bench.measure import Contender
from fastnn import _kernels


def network(task, **options):
    return fastnn.Network(
        task.layer_sizes,
        activation=task.activation,
        output=task.output,
        keep_prob=task.keep_prob,
        rng=0,
        **options,
    )


def trainer(task, name="fastnn", *, threads=1, optimizer="adam", augment=None):
    """Epochs of `Network.fit`: shuffle, gather, forward, loss, backward, update."""
    net = network(task)

    def run(epochs):
        net.fit(
            task.X,
            task.y,
            epochs=epochs,
            batch_size=task.batch_size,
            optimizer=optimizer,
            learning_rate=LEARNING_RATE,
            evaluate_every=0,
            threads=threads,
            augment=augment,
        )

    return Contender(name, run, task.steps)


def peak(dtype="float32", seconds=0.05):
    """GFLOP/s of the core's own micro-kernel on data in L1 cache."""
    return _kernels.peak(dtype, seconds) / 1e9


def barrier():
    """Microseconds that two threads take to meet."""
    return min(_kernels.barrier_time(2) for _ in range(3)) * 1e6
