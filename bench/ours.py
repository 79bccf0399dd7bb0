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


def trainer(
    task,
    name="fastnn",
    *,
    threads=1,
    optimizer="adam",
    augment=None,
    loss=None,
    decay_epochs=0,
    **penalty,
):
    """Epochs of `Network.fit`: shuffle, gather, forward, loss, backward, update.

    Before, `decay_epochs` at a high rate let the penalty shrink the weights that the data does not
    need.
    """
    net = network(task, **penalty)
    if decay_epochs:
        net.fit(
            task.X,
            task.y,
            epochs=decay_epochs,
            batch_size=task.batch_size,
            learning_rate=0.01,
            evaluate_every=0,
            threads=1,
        )

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
            loss=loss,
        )

    return Contender(name, run, task.steps)


def peak(dtype="float32", seconds=0.05):
    """GFLOP/s of the core's own micro-kernel on data in L1 cache."""
    return _kernels.peak(dtype, seconds) / 1e9


def barrier():
    """Microseconds that two threads take to meet."""
    return min(_kernels.barrier_time(2) for _ in range(3)) * 1e6
