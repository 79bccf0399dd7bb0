"""A fit from outside: how it ends, what it leaves behind, and that it can be repeated."""

import copy
import math
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import fastnn
from fastnn import DivergenceError, EarlyStopping, Network

forks = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def blobs(rows=240, features=6, classes=3, seed=0):
    """Overlapping classes, so that errors go up and down."""
    rng = np.random.default_rng(seed)
    y = rng.integers(classes, size=rows)
    centres = np.random.default_rng(99).normal(size=(classes, features))
    return rng.normal(size=(rows, features)) + centres[y], y


X, Y = blobs()
DEV = blobs(50, seed=1)


def classifier(**options):
    return Network([6, 17, 3], **{"rng": 0} | options)


def bits(*nets):
    return [net.theta.tobytes() for net in nets]


# --- divergence --------------------------------------------------------------------------------

BATCHES = 8  # of 5 rows


def line(dtype="float32", rows=5 * BATCHES):
    """A linear net with data whose 8 batches the tests spoil one at a time."""
    rng = np.random.default_rng(3)
    net = Network([3, 1], output="identity", dtype=dtype, rng=0)
    return net, rng.normal(size=(rows, 3)).astype(dtype), rng.normal(size=rows)


def in_order(**settings):
    return {
        "batch_size": 5,
        "epochs": 1,
        "optimizer": "gd",
        "shuffle": False,
        "learning_rate": 0.01,
    } | settings


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("bad", [0, 3, BATCHES - 1])
@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_loss_or_gradient_that_is_not_finite(what, bad, threads):
    """theta is that of the last finished batch, bit for bit."""
    net, A, b = line()
    if what == "loss":
        A[5 * bad : 5 * bad + 5] = 3e38
    else:  # the loss and dZ are finite, A^T dZ is not
        A[5 * bad : 5 * bad + 5] = 1e30
        b[5 * bad : 5 * bad + 5] = 1e10
        net.theta = [1e-30, -1e-30, 1e-30, 0]
    expected = copy.deepcopy(net)
    if bad:  # the same updates, in an epoch of fewer
        expected.fit(
            A[: 5 * bad], b[: 5 * bad], **in_order(schedule=lambda epoch: 1 / (1 + epoch * bad))
        )
    with pytest.raises(DivergenceError) as caught:
        net.fit(A, b, **in_order(threads=threads, schedule=lambda epoch: 1 / (1 + epoch * BATCHES)))
    error = caught.value
    assert (error.epoch, error.batch) == (0, bad)
    assert error.learning_rate == pytest.approx(0.01 / (1 + bad))
    for part in ("epoch 0", f"batch {bad}", f"learning rate {error.learning_rate:g}", "not finite"):
        assert part in str(error)
    assert net.history.stopped == "diverged"
    assert len(net.history) == 0
    assert bits(net) == bits(expected)


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("bad", [0, 3, BATCHES - 1])
def test_an_update_that_overflows(bad, optimizer):
    net, A, b = line()
    with pytest.raises(DivergenceError, match="overflow") as caught:
        net.fit(
            A,
            b,
            **in_order(
                optimizer=optimizer, schedule=lambda epoch: 1e41 if round(epoch * 8) == bad else 1
            ),
        )
    assert (caught.value.epoch, caught.value.batch) == (0, bad)
    assert caught.value.learning_rate == pytest.approx(1e39)
    assert np.isfinite(net.theta).all()
    assert net.history.stopped == "diverged"


def test_divergence_in_a_later_epoch_keeps_the_history():
    """The rate makes |W| grow by a factor each epoch until float32 ends."""
    net, A, b = line()
    with pytest.raises(DivergenceError) as caught:
        net.fit(A, b, **in_order(epochs=10_000, learning_rate=4))
    assert 0 < caught.value.epoch == len(net.history) == len(net.history.cost)
    assert np.isfinite(net.history.cost).all()
    assert np.isfinite(net.theta).all()
    net.theta = np.zeros(4)
    assert net.fit(A, b, **in_order()).stopped == "epochs"


def test_a_cost_that_overflows_after_the_last_batch():
    """The update leaves theta finite, but J at it is not."""
    net = Network([1, 1], output="identity", rng=0)
    net.theta = [1, 0]
    with pytest.raises(DivergenceError, match=r"epoch 0, .*1e\+25"):
        net.fit([[1.0], [1]], [0, 0], epochs=3, optimizer="gd", learning_rate=1e25)
    assert np.isfinite(net.theta).all()


@pytest.mark.parametrize("optimizer", ["gd", "lbfgs"])
def test_divergence_at_the_start_leaves_theta(optimizer):
    net = Network([1, 1], output="identity", dtype="float64", rng=0)
    before = bits(net)
    with pytest.raises(DivergenceError, match="epoch 0, batch 0"):
        net.fit([[1e200], [1]], [0, 0], optimizer=optimizer)
    assert bits(net) == before


def test_divergence_error_survives_pickle():
    error = DivergenceError(3, 14, 0.1, "the cost is nan")
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is DivergenceError
        assert (str(twin), vars(twin)) == (str(error), vars(error))
    assert isinstance(error, ArithmeticError)


# --- Ctrl-C ------------------------------------------------------------------------------------

# 200 ms is the promise; the rest is for a busy machine.
LATENCY = 1.0
GIVE_UP = 30  # seconds after which a fit that heard nothing ends by itself


class Interrupt:
    """A callback that after `epochs` epochs, or when called, sends Ctrl-C a moment later."""

    def __init__(self, epochs=None, delay=0.1):
        self.epochs, self.delay, self.sent = epochs, delay, None
        self.began = time.perf_counter()

    def __call__(self, net=None, history=None):
        if history is None or len(history) == self.epochs:
            threading.Timer(self.delay, self._send).start()
        return time.perf_counter() > self.began + GIVE_UP

    def _send(self):
        self.sent = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    def waited(self):
        return time.perf_counter() - self.sent


@pytest.fixture
def interrupt():
    # A job in the background of a shell is started with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield Interrupt
    signal.signal(signal.SIGINT, before)


def check_interrupted(net, latency):
    assert latency < LATENCY, f"Ctrl-C took {1000 * latency:.0f} ms"
    assert net.history.stopped == "interrupted"
    lengths = {len(getattr(net.history, name)) for name in ("cost", "train_error", "learning_rate")}
    assert lengths == {len(net.history)}
    assert "_fitted_by" not in vars(net)


WIDE = [64, 512, 512, 10]


def wide_problem(rows):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 64)).astype("float32"), rng.integers(10, size=rows)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("delay", [0.03, 0.2])
def test_ctrl_c_leaves_a_whole_number_of_batches(interrupt, delay, threads):
    A, b = wide_problem(8 * 256)
    settings = {"optimizer": "gd", "batch_size": 256, "shuffle": False, "learning_rate": 0.1}
    net, again = Network(WIDE, rng=0), Network(WIDE, rng=0)
    stop = interrupt(epochs=2, delay=delay)
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=10**9, threads=threads, callbacks=stop, **settings)
    check_interrupted(net, stop.waited())
    done = len(net.history)
    assert done >= 2
    again.fit(A, b, epochs=done, evaluate_every=0, threads=threads, **settings)
    reached = bits(again)
    for first in range(0, len(A), 256):  # gd keeps no state, so batches can be fits of their own
        batch = slice(first, first + 256)
        again.fit(A[batch], b[batch], epochs=1, evaluate_every=0, threads=threads, **settings)
        reached += bits(again)
    assert net.theta.tobytes() in reached
    net.fit(A, b, epochs=1, **settings)
    assert net.history.stopped == "epochs"


@pytest.mark.parametrize("dropout", [1.0, 0.5])
def test_ctrl_c_in_one_huge_step(interrupt, dropout):
    A, b = wide_problem(100_000)
    net = Network([64, 1024, 1024, 10], rng=0, keep_prob=dropout)
    before = bits(net)
    stop = interrupt(delay=0.3)
    stop()
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=5, batch_size=None, optimizer="gd", threads=2)
    check_interrupted(net, stop.waited())
    assert len(net.history) == 0
    assert bits(net) == before
    net.fit(A[:100], b[:100], epochs=1)


def test_ctrl_c_during_lbfgs(interrupt):
    A, b = wide_problem(2000)
    net, settings = Network(WIDE, rng=0), {"optimizer": "lbfgs", "threads": 1}
    stop = interrupt(epochs=2, delay=0.1)
    with pytest.raises(KeyboardInterrupt):
        net.fit(A, b, epochs=10**9, callbacks=stop, **settings)
    check_interrupted(net, stop.waited())
    done, reached = len(net.history), []
    assert done >= 2
    Network(WIDE, rng=0).fit(
        A,
        b,
        epochs=done + 1,
        **settings,
        callbacks=lambda again, history: reached.append(*bits(again)),
    )
    assert net.theta.tobytes() in reached[done - 1 :]
    net.fit(A, b, epochs=1, **settings)


@pytest.mark.parametrize("call", ["forward", "cost", "value_and_grad"])
def test_ctrl_c_in_other_passes(interrupt, call):
    A, b = wide_problem(1000)
    net = Network([64, 1024, 1024, 10], rng=0)
    before = bits(net)
    A, b = np.broadcast_to(A[0], (10**6, 64)), np.broadcast_to(b[0], 10**6)
    stop = interrupt(delay=0.1)
    stop()
    with pytest.raises(KeyboardInterrupt):
        net.forward(A) if call == "forward" else getattr(net, call)(A, b)
    assert stop.waited() < LATENCY
    assert bits(net) == before
    assert net.history is None


def test_ctrl_c_in_a_process_of_its_own():
    program = """
        import signal, time
        signal.signal(signal.SIGINT, signal.default_int_handler)
        import numpy as np
        from fastnn import Network
        X = np.random.default_rng(0).normal(size=(2000, 64))
        net = Network([64, 128, 10], rng=0)
        began = time.perf_counter()
        def callback(net, history):
            if len(history) == 3:
                print("ready", flush=True)
            return time.perf_counter() > began + 30
        try:
            net.fit(X, np.arange(2000) % 10, epochs=10**9, callbacks=callback, progress=True)
        except KeyboardInterrupt:
            print(net.history.stopped, len(net.history) >= 3, np.isfinite(net.theta).all())
            raise
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert out == "interrupted True True\n"
    assert child.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")


# --- callbacks and History -----------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("yes", [True, np.True_])
def test_a_callback_that_stops(yes, optimizer):
    seen = []

    def callback(net, history):
        seen.append((net, history, len(history)))
        return yes if len(history) == 3 else None

    net = classifier()
    history = net.fit(X, Y, epochs=10, optimizer=optimizer, callbacks=[callback])
    assert history is net.history
    assert (len(history), history.stopped) == (3, "callback")
    assert seen == [(net, history, epochs) for epochs in (1, 2, 3)]
    whole = classifier()
    whole.fit(X, Y, epochs=3, optimizer=optimizer)
    assert bits(net) == bits(whole)


def test_every_callback_is_called_in_every_epoch():
    seen = []

    def tell(name, answer):
        return lambda net, history: seen.append((name, len(history))) or answer(len(history))

    callbacks = (tell("a", lambda n: n == 2), tell("b", lambda n: None), tell("c", lambda n: n > 3))
    classifier().fit(X, Y, epochs=5, callbacks=callbacks)
    assert seen == [(name, n) for n in (1, 2) for name in "abc"]
    seen.clear()
    history = classifier().fit(
        X, Y, epochs=50, callbacks=callbacks[1], dev=DEV, learning_rate=0.1, early_stopping=2
    )
    assert history.stopped == "early stopping"
    assert len(seen) == len(history), "not called in the epoch that early stopping ended"


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize("exception", [OSError, StopIteration, SystemExit])
def test_an_exception_in_a_callback_propagates(exception, optimizer):
    def callback(net, history):
        if len(history) == 2:
            raise exception("in a callback")

    net, twin = classifier(), classifier()
    with pytest.raises(exception, match="in a callback"):
        net.fit(X, Y, epochs=10, optimizer=optimizer, callbacks=callback)
    twin.fit(X, Y, epochs=2, optimizer=optimizer)
    assert bits(net) == bits(twin)
    assert len(net.history) == 2
    assert net.history.stopped not in ("", "epochs")
    assert "running" not in repr(net.history)
    for one in (net, twin):
        one.fit(X, Y, epochs=1)
    assert bits(net) == bits(twin)


def test_a_copy_made_in_a_callback_is_a_network_like_any_other():
    copies = []
    net = classifier()
    net.fit(
        X,
        Y,
        epochs=2,
        callbacks=[
            lambda net, history: copies.append(copy.deepcopy(net)),
            lambda net, history: copies.append(pickle.loads(pickle.dumps(net))),
        ],
    )
    assert bits(*copies[2:]) == bits(net, net)
    for one in (net, *copies[2:]):
        one.fit(X, Y, epochs=1)
    assert bits(*copies[2:]) == bits(net, net)


def test_a_fit_within_a_fit_is_refused():
    net = classifier()
    with pytest.raises(RuntimeError, match="being fitted already"):
        net.fit(X, Y, epochs=2, callbacks=lambda net, history: net.fit(X, Y, epochs=1))
    assert len(net.history) == 1
    net.fit(X, Y, epochs=1)


SERIES = ("cost", "train_error", "learning_rate", "seconds", "dev_cost", "dev_error")


@pytest.mark.parametrize("optimizer", ["adam", "gd", "lbfgs"])
@pytest.mark.parametrize("dev", [None, DEV])
def test_history_has_one_entry_an_epoch(dev, optimizer):
    net = classifier(l2=0.5)
    assert net.history is None
    history = net.fit(X, Y, epochs=7, dev=dev, optimizer=optimizer)
    assert len(history) == 7
    for name in SERIES:
        values = getattr(history, name)
        assert len(values) == (0 if "dev" in name and dev is None else 7), name
        assert all(type(value) is float and math.isfinite(value) for value in values), name
    assert history.stopped == "epochs"
    assert history.best_epoch is None
    assert history.seconds == sorted(history.seconds)
    assert 0 < history.training_seconds <= history.seconds[-1]
    passes, rest = divmod(history.examples, len(X))
    # the line search of lbfgs may need several passes over the data
    assert passes >= 7 if optimizer == "lbfgs" else passes == 7
    assert rest == 0
    assert isinstance(history.dropout_seed, int)
    assert history.cost[-1] == net.cost(X, Y)
    assert history.train_error[-1] == net.error(X, Y)
    cost, error = history.cost[-1], history.train_error[-1]
    expected = f"<History of 7 epochs, stopped: epochs, cost {cost:.4g}, train error {error:.4g}"
    if dev is not None:
        assert history.dev_error[-1] == net.error(*dev)
        # the penalty on the dev set is that of the training set
        penalty = net.cost(X, Y) - classifier_without_penalty(net).cost(X, Y)
        cost = classifier_without_penalty(net).cost(*dev) + penalty
        assert history.dev_cost[-1] == pytest.approx(cost, rel=1e-6)
        expected += f", dev error {history.dev_error[-1]:.4g}"
    assert repr(history) == expected + ">"
    assert repr(fastnn.History()) == "<History of 0 epochs, stopped: running>"
    twin = pickle.loads(pickle.dumps(history))
    assert vars(twin) == vars(history)


def classifier_without_penalty(net):
    other = copy.deepcopy(net)
    other.l2 = 0
    return other


@pytest.mark.parametrize("every", [0, 1, 3, 100])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_evaluate_every(optimizer, every):
    """NaN where nothing was evaluated; training is the same for all."""
    net, twin = classifier(), classifier()
    history = net.fit(X, Y, epochs=8, dev=DEV, evaluate_every=every, optimizer=optimizer)
    full = twin.fit(X, Y, epochs=8, dev=DEV, optimizer=optimizer)
    assert bits(net) == bits(twin)
    for name in ("cost", "train_error", "dev_cost", "dev_error"):
        expected = [
            value if every and (epoch % every == 0 or epoch == 8) else math.nan
            for epoch, value in enumerate(getattr(full, name), start=1)
        ]
        np.testing.assert_array_equal(getattr(history, name), expected, err_msg=name)
    assert len(history) == 8
    assert repr(history).startswith("<History of 8 epochs, stopped: epochs")
    assert ("cost" in repr(history)) == bool(every)


@pytest.mark.parametrize(
    ("stopped", "settings"),
    [
        ("callback", {"callbacks": lambda net, history: len(history) == 3}),
        ("converged", {"optimizer": "lbfgs"}),
    ],
)
def test_the_last_epoch_is_evaluated_whatever_ended_the_fit(stopped, settings):
    net = Network([6, 3], l2=1, rng=0)
    history = net.fit(X, Y, dev=DEV, epochs=1000, evaluate_every=999, **settings)
    assert history.stopped == stopped
    assert history.cost[-1] == net.cost(X, Y)
    assert history.dev_error[-1] == net.error(*DEV)


def test_progress_shows_and_changes_nothing(capsys):
    net, twin = classifier(), classifier()
    net.fit(X, Y, epochs=3, dev=DEV, progress=True)
    shown = capsys.readouterr()
    twin.fit(X, Y, epochs=3, dev=DEV)
    assert bits(net) == bits(twin)
    assert shown.out == ""
    assert "3/3" in shown.err
    assert capsys.readouterr() == ("", "")


# --- early stopping ------------------------------------------------------------------------------

EPOCHS = 80


def long_run(optimizer="adam", every=1):
    """Costs, errors and parameters of every epoch, without early stopping."""
    thetas = []
    history = classifier(keep_prob=0.8 if optimizer == "adam" else 1).fit(
        X,
        Y,
        dev=DEV,
        epochs=EPOCHS,
        learning_rate=0.03,
        optimizer=optimizer,
        callbacks=lambda net, history: thetas.append(*bits(net)),
        evaluate_every=every,
    )
    return history, thetas


def best_and_last(history, patience, monitor, min_delta, every=1):
    """By the rule: the best evaluated epoch, the last epoch, and whether patience ended then."""
    mark, improved, best, out_of_patience = math.inf, -1, None, False
    values = getattr(history, monitor)
    for epoch in range(len(values)):
        if (epoch + 1) % every and epoch < EPOCHS - 1:
            continue
        key = (values[epoch], history.dev_cost[epoch], epoch)
        if values[epoch] < mark - min_delta or (min_delta == 0 and (best is None or key < best)):
            mark, improved = values[epoch], epoch
        best = key if best is None else min(best, key)
        out_of_patience = epoch - improved >= patience
        if out_of_patience:
            break
    return best[-1], epoch, out_of_patience


RULES = [
    (True, 10, "dev_error", 0, 1),
    (3, 3, "dev_error", 0, 1),
    (EarlyStopping(1), 1, "dev_error", 0, 1),
    (EarlyStopping(8), 8, "dev_error", 0, 1),
    (EarlyStopping(2, "dev_cost"), 2, "dev_cost", 0, 1),
    (EarlyStopping(20, "dev_cost"), 20, "dev_cost", 0, 1),
    (EarlyStopping(10, "dev_cost", 0.05), 10, "dev_cost", 0.05, 1),
    (EarlyStopping(5, "dev_error", 0.03), 5, "dev_error", 0.03, 1),
    (EarlyStopping(6, "dev_error"), 6, "dev_error", 0, 4),
    (EarlyStopping(1000), 1000, "dev_error", 0, 7),
]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize(("rule", "patience", "monitor", "min_delta", "every"), RULES)
def test_early_stopping(rule, patience, monitor, min_delta, every, optimizer):
    whole, thetas = long_run(optimizer)
    best, last, ended = best_and_last(whole, patience, monitor, min_delta, every)
    net = classifier(keep_prob=0.8 if optimizer == "adam" else 1)
    history = net.fit(
        X,
        Y,
        dev=DEV,
        epochs=EPOCHS,
        learning_rate=0.03,
        optimizer=optimizer,
        early_stopping=rule,
        evaluate_every=every,
    )
    assert len(history) == last + 1
    assert history.best_epoch == best
    assert net.theta.tobytes() == thetas[best]
    assert net.error(*DEV) == whole.dev_error[best]
    assert history.stopped == ("early stopping" if ended else whole.stopped)


def test_ties_of_the_dev_error_go_to_the_lower_dev_cost():
    few = DEV[0][:4], DEV[1][:4]  # a dev set this small has few different errors
    history = classifier(keep_prob=0.8).fit(
        X, Y, dev=few, epochs=EPOCHS, learning_rate=0.03, early_stopping=EPOCHS
    )
    least = min(history.dev_error)
    ties = [e for e in range(EPOCHS) if history.dev_error[e] == least]
    assert len(ties) > 1, "the data should give ties"
    assert history.best_epoch == min(ties, key=lambda e: history.dev_cost[e])


def test_early_stopping_is_off_by_default():
    for off in (None, False):
        assert classifier().fit(X, Y, dev=DEV, epochs=30, early_stopping=off).best_epoch is None


# --- schedules -----------------------------------------------------------------------------------

SCHEDULES = {
    "constant": lambda e: 1,
    "linear": lambda e: 1 - e / 6,
    "cosine": lambda e: (1 + math.cos(math.pi * e / 6)) / 2,
    "step": lambda e: 0.1 ** (e // 30),
    "exponential": lambda e: 0.95**e,
    "inverse": lambda e: 1 / (1 + e),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_by_name_and_as_a_function(name):
    """240 rows in batches of 100 are 3 updates an epoch."""
    seen = []

    def function(epoch):
        seen.append(epoch)
        return SCHEDULES[name](epoch)

    settings = {"epochs": 6, "batch_size": 100, "learning_rate": 0.02, "optimizer": "momentum"}
    net, twin = classifier(dtype="float64"), classifier(dtype="float64")
    history = net.fit(X, Y, schedule=name, **settings)
    twin.fit(X, Y, schedule=function, **settings)
    assert all(type(epoch) is float for epoch in seen)
    np.testing.assert_allclose(seen, np.arange(18) / 3, rtol=1e-15)
    last = [0.02 * SCHEDULES[name](epoch + 2 / 3) for epoch in range(6)]
    np.testing.assert_allclose(history.learning_rate, last, rtol=1e-12)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=1e-9)


def test_settings_of_schedules():
    for schedule, factors in {
        fastnn.schedules.Step(factor=0.5, every=2): [1, 1, 0.5, 0.5],
        fastnn.schedules.Linear(end=0.5): [1, 0.875, 0.75, 0.625],
        fastnn.schedules.Constant(warmup=2): [0, 0.5, 1, 1],
        fastnn.schedules.Linear(warmup=2): [0, 0.5, 1, 0.5],
        fastnn.schedules.Cosine(end=1): [1, 1, 1, 1],
        fastnn.schedules.Exponential(factor=0.5): [1, 0.5, 0.25, 0.125],
        fastnn.schedules.Inverse(rate=2): [1, 1 / 3, 1 / 5, 1 / 7],
    }.items():
        history = classifier().fit(
            X, Y, epochs=4, batch_size=None, learning_rate=1, schedule=schedule, optimizer="gd"
        )
        np.testing.assert_allclose(history.learning_rate, factors, 1e-12, err_msg=str(schedule))


def test_an_exception_in_a_schedule_propagates():
    net = classifier()
    with pytest.raises(ZeroDivisionError):
        net.fit(X, Y, epochs=5, schedule=lambda epoch: 1 / (3 - epoch), batch_size=None)
    assert len(net.history) == 3
    net.fit(X, Y, epochs=1)


# --- the same bits -------------------------------------------------------------------------------

NOISY = {"keep_prob": [0.9, 0.8]}


def test_the_same_seed_gives_the_same_bits():
    """... whatever `rng` is made from; fits in a row go on drawing."""
    one, two, three = (
        classifier(**NOISY),
        classifier(**NOISY),
        classifier(**NOISY, rng=np.random.default_rng(0)),
    )
    for epochs in (2, 3):
        histories = [net.fit(X, Y, epochs=epochs, batch_size=32) for net in (one, two, three)]
        assert len(set(bits(one, two, three))) == 1
        assert histories[0].cost == histories[1].cost == histories[2].cost
    other = classifier(**NOISY, rng=1)
    unseeded = classifier(**NOISY, rng=None)
    assert len(set(bits(one, other, unseeded))) == 3


@pytest.mark.parametrize("options", [NOISY, {}])
def test_two_fits_in_a_row_differ(options):
    """By their masks, and without dropout by the order of the rows."""
    net = classifier(**options)
    start, ends = net.theta.copy(), []
    for _ in range(2):
        net.theta = start
        net.fit(X, Y, epochs=2, batch_size=32)
        ends += bits(net)
    assert ends[0] != ends[1]


def test_without_chance_two_fits_in_a_row_agree():
    net = classifier()
    start, ends = net.theta.copy(), []
    for shuffle, batch_size in ((False, 32), (False, 32), (True, None), (True, None)):
        net.theta = start
        net.fit(X, Y, epochs=3, batch_size=batch_size, shuffle=shuffle)
        ends += bits(net)
    assert ends[0] == ends[1]
    assert ends[2] == ends[3]


def noisy_fit(threads, seed=0):
    """Large enough to keep several threads busy; returns theta."""
    A, b = wide_problem(1000)
    net = Network([64, 200, 10], keep_prob=0.8, l1=0.1, rng=seed)
    net.fit(A, b, epochs=3, threads=threads, dev=(A[:300], b[:300]))
    return net.theta.tobytes()


def test_fits_on_several_python_threads_do_not_disturb_each_other():
    cases = [(threads, seed) for seed, threads in enumerate((1, 2, 3, 2))]
    alone, together = [noisy_fit(*case) for case in cases], {}
    workers = [
        threading.Thread(target=lambda case=case: together.update({case: noisy_fit(*case)}))
        for case in cases
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [together.get(case) for case in cases] == alone


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


# --- copies, sparsity, memory --------------------------------------------------------------------


def pickled_by(protocol):
    return lambda net: pickle.loads(pickle.dumps(net, protocol))


def with_shared_memory(net):
    """As joblib hands large arrays to its workers: read-only."""
    buffers = []
    data = pickle.dumps(net, 5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(buffer.raw()) for buffer in buffers])


@pytest.mark.parametrize(
    "make", [copy.deepcopy, pickled_by(2), pickled_by(4), pickled_by(5), with_shared_memory]
)
def test_a_copy_goes_on_as_the_original(make):
    net = classifier(**NOISY, activation=["tanh"], l2=0.1, l1=[0, 0.1])
    net.fit(X, Y, epochs=2)
    twin = make(net)
    assert twin.spec == net.spec
    assert twin.layout == net.layout
    assert vars(twin.history) == vars(net.history)
    assert bits(twin) == bits(net)
    for one in (net, twin):
        one.fit(X, Y, epochs=2)
    assert bits(twin) == bits(net)
    twin.theta = np.zeros(twin.theta.size)
    twin.params["W1"][0, 0] = 7
    assert twin.theta[0] == 7
    assert bits(twin) != bits(net)


def test_sparsity():
    net = classifier()
    assert net.sparsity() == {"W1": 0, "W2": 0, "all": 0}
    net.params["W1"][:, :5] = 0
    net.params["b1"][:] = 0
    assert net.sparsity() == {"W1": 5 / 17, "W2": 0, "all": 6 * 5 / (6 * 17 + 17 * 3)}
    net.l1 = 1000
    net.fit(X, Y, epochs=200, learning_rate=0.01)
    assert net.sparsity() == {"W1": 1, "W2": 1, "all": 1}
    assert np.any(net.params["b2"])


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


# --- logistic regression -------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "classes"), [(1, 2), (3, 3)])
def test_logistic_regression_agrees_with_scikit_learn(units, classes):
    """J m = the sum of losses + l2/2 ||W||^2: scikit-learn's objective at C = 1 / l2."""
    from sklearn.linear_model import LogisticRegression

    A, b = blobs(300, 5, classes)
    weights = np.random.default_rng(1).random(300) + 0.5
    net = Network([5, units], l2=2.0, dtype="float64", rng=0)
    optimizer = fastnn.LBFGS(tolerance=1e-10)
    history = net.fit(A, b, epochs=1000, optimizer=optimizer)
    assert history.stopped == "converged"
    judge = LogisticRegression(C=0.5, tol=1e-10, max_iter=10_000).fit(A, b)
    np.testing.assert_allclose(net.params["W1"].T, judge.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(net.predict(A), judge.predict(A))
    # weights of mean 1 keep the balance of loss and penalty
    net.fit(A, b, epochs=1000, optimizer=optimizer, sample_weight=weights)
    judge.fit(A, b, sample_weight=weights / weights.mean())
    np.testing.assert_allclose(net.params["W1"].T, judge.coef_, rtol=1e-5, atol=1e-7)
