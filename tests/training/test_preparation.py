"""The two steps of a fit: `prepare` checks it, `run` trains."""

import copy

import numpy as np
import pytest
from small_fits import bits

from fastnn import Network
from fastnn.training.fitting import run
from fastnn.training.preparation import prepare
from fastnn.training.progress import Progress

RNG = np.random.default_rng(0)
X, y = RNG.standard_normal((40, 3)), RNG.integers(0, 2, 40)
OPTIONS = {"dev": (X, y), "epochs": 4, "batch_size": 10, "early_stopping": 2}


def network():
    return Network([3, 4, 2], keep_prob=0.8, normalize=True, rng=0)


def task_of(net, **options):
    return prepare(net, X, y, **Network.fit.__kwdefaults__ | options)


def everything(net):
    return copy.deepcopy((net.theta.tobytes(), net.spec, net.rng.bit_generator.state, net.history))


def test_prepare_changes_nothing(tmp_path):
    net = network()
    before = everything(net)
    path = tmp_path / "run.safetensors"
    task_of(net, **OPTIONS, checkpoint=path, resume=True, gradcheck_at=0)
    assert everything(net) == before
    assert not path.exists()


def test_run_trains_as_fit_does():
    fitted, net = network(), network()
    history = fitted.fit(X, y, **OPTIONS)
    again = run(task_of(net, **OPTIONS))
    assert net.history is again
    assert again.cost == history.cost
    assert bits(net) == bits(fitted)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_progress_watches_a_run(optimizer):
    class Watch(Progress):
        def __init__(self):
            self.advanced, self.recorded = [], []

        def advance(self, epochs_done):
            self.advanced.append(epochs_done)

        def epoch(self, history):
            self.recorded.append(len(history))

    net, watch = Network([3, 4, 2], l2=1.0, rng=0), Watch()
    run(task_of(net, epochs=3, optimizer=optimizer), watch)
    # Short epochs follow each other in one call, so that it is told once of all of them.
    assert watch.recorded == ([3] if optimizer == "adam" else [1, 2, 3])
    assert watch.advanced == ([3] if optimizer == "adam" else [])


def test_progress_can_end_a_run():
    class Refusal(Progress):
        def advance(self, epochs_done):
            raise StopIteration

    net = network()
    with pytest.raises(StopIteration):
        run(task_of(net), Refusal())
    assert net.history.stopped == "error"
    net.fit(X, y, epochs=1)  # it is not held as being fitted


@pytest.mark.parametrize("progress", [Progress(), 1, None])
def test_the_option_progress_is_true_or_false(progress):
    with pytest.raises(TypeError, match="expected progress to be True or False"):
        network().fit(X, y, progress=progress)
