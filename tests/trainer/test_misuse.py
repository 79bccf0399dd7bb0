"""`Trainer`: a wrong call gets a clear error, and nothing is lost."""

import copy
import os
import pickle
import threading

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

import fastnn
from fastnn._kernels import FITTED_BY

X = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
Y = np.array([0, 1, 0, 1, 1, 0])


def make(**options):
    net = fastnn.Network([3, 4, 2], rng=0)
    return net, net.trainer(batch_size=6, **options)


@pytest.mark.parametrize(
    ("X", "y", "weight", "error", "words"),
    [
        (np.ones((7, 3)), np.zeros(7, int), None, ValueError, "at most 6 rows.*batch_size"),
        (np.ones((7, 3), np.float32), np.zeros(7, int), None, ValueError, "at most 6 rows"),
        (np.ones((0, 3), np.float32), np.zeros(0, int), None, ValueError, "at least one example"),
        (X[:, :2], Y, None, ValueError, r"shape \(m, 3\)"),
        (X[0], Y[:1], None, ValueError, "reshape"),
        (X, Y[:5], None, ValueError, "as many rows as X"),
        (X, Y + 1, None, ValueError, "labels 0 .. 1"),
        (X, -Y, None, ValueError, "labels 0 .. 1"),
        (X, Y + 0.5, None, ValueError, "fractional"),
        (X * np.nan, Y, None, ValueError, "X to be finite.*row 0, column 0"),
        (X, Y, np.ones(5), ValueError, r"sample_weight to have shape \(6,\)"),
        (X, Y, Y * np.nan, ValueError, "sample_weight to be finite"),
        (X, Y, np.full(6, 1e300), ValueError, "sample_weight to be finite in float32, got 1e"),
        (X, Y, "w", TypeError, "real numbers"),
        ("X", Y, None, TypeError, "real numbers"),
        (None, Y, None, TypeError, "real numbers"),
    ],
)
def test_wrong_examples(X, y, weight, error, words):
    net, trainer = make()
    theta = net.theta.copy()
    for call in (trainer.step, trainer.differentiate):
        with pytest.raises(error, match=words):
            call(X, y, weight)
    assert np.array_equal(net.theta, theta)
    assert trainer.steps == 0


@pytest.mark.parametrize("output", ["sigmoid", "exp", "identity"])
@pytest.mark.parametrize("y", [2.0, -1.0, np.nan, np.inf])
def test_wrong_targets(output, y):
    net = fastnn.Network([3, 2], output=output, rng=0)
    targets = np.full((6, 2), 0.5, np.float32)
    targets[3, 1] = y
    allowed = {"sigmoid": y <= 1 and y >= 0, "exp": 0 <= y < np.inf, "identity": abs(y) < np.inf}
    trainer = net.trainer()
    if allowed[output]:
        assert np.isfinite(trainer.step(X, targets))
        return
    with pytest.raises(ValueError, match="expected y"):
        trainer.step(X, targets)
    assert trainer.steps == 0


def test_calls_out_of_order():
    _net, trainer = make()
    with pytest.raises(RuntimeError, match=r"forward\(X\) before backward"):
        trainer.backward(np.zeros((6, 2)))
    with pytest.raises(RuntimeError, match="backward before update"):
        trainer.update()
    trainer.forward(X)
    with pytest.raises(RuntimeError, match="backward before update"):
        trainer.update()
    trainer.backward(np.zeros((6, 2)))
    trainer.backward(np.ones((6, 2)))  # twice is allowed: the last one counts
    trainer.update()
    with pytest.raises(RuntimeError, match="backward before update"):
        trainer.update()
    with pytest.raises(RuntimeError, match="before backward"):
        trainer.backward(np.zeros((6, 2)))
    trainer.forward(X)
    trainer.step(X, Y)
    with pytest.raises(RuntimeError, match="before backward"):
        trainer.backward(np.zeros((6, 2)))
    assert trainer.steps == 2


@pytest.mark.parametrize(
    ("dA", "error", "words"),
    [
        (np.zeros((6, 3)), ValueError, r"dA to have shape \(6, 2\)"),
        (np.zeros((5, 2), np.float32), ValueError, r"dA to have shape \(6, 2\)"),
        (np.full((6, 2), np.inf, np.float32), ValueError, "dA to be finite"),
        (np.full((6, 2), 1e39), ValueError, "dA to be finite in float32"),
        ([["a"] * 2] * 6, TypeError, "real numbers"),
    ],
)
def test_a_wrong_dA(dA, error, words):
    _net, trainer = make()
    trainer.forward(X)
    trainer.backward(np.ones((6, 2)))
    gradient = trainer.gradient.copy()
    with pytest.raises(error, match=words):
        trainer.backward(dA)
    assert np.array_equal(trainer.gradient, gradient)
    trainer.update()  # by the gradient of before


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"optimizer": "lbfgs"}, ValueError, "lbfgs takes no steps"),
        ({"optimizer": "sgd"}, ValueError, "unknown optimizer"),
        ({"learning_rate": -1}, ValueError, "learning_rate"),
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"examples": 0}, ValueError, "examples"),
        ({"threads": 0}, ValueError, "threads"),
        ({"schedule": "cosine"}, ValueError, "needs the length of training"),
        ({"schedule": fastnn.schedules.Linear()}, ValueError, "needs the length of training"),
        ({"schedule": 3}, TypeError, "schedule"),
        ({"clip_norm": 0.0}, ValueError, "clip_norm"),
        ({"clip_value": -1.0}, ValueError, "clip_value"),
        ({"clip_norm": 1.0, "clip_value": 1.0}, ValueError, "got both"),
    ],
)
def test_wrong_options(options, error, words):
    net = fastnn.Network([3, 4, 2], rng=0)
    generator = copy.deepcopy(net.rng.bit_generator.state)
    with pytest.raises(error, match=words):
        net.trainer(**options)
    assert net.rng.bit_generator.state == generator
    with pytest.raises(ValueError, match="learning_rate"):
        net.trainer().learning_rate = -1


def test_divergence_leaves_theta_and_moments_as_they_were():
    net = fastnn.Network([3, 4, 1], output="identity", rng=0)
    trainer = net.trainer(optimizer="momentum", learning_rate=1e30)
    trainer.learning_rate = 0.01
    trainer.step(X, np.ones(6))
    before, trainer.learning_rate = trainer.state(), 1e30
    for update in (
        lambda: trainer.step(X * 1e10, np.full(6, 1e10)),
        lambda: trainer.step(X * 1e18, np.full(6, 3e38)),  # the loss is infinite
        lambda: (
            trainer.forward(X * 1e10),
            trainer.backward(np.full((6, 1), 1e20)),
            trainer.update(),
        ),
        lambda: (
            trainer.forward(X * 1e20),
            trainer.backward(np.full((6, 1), 1e30)),  # the gradient is infinite
            trainer.update(),
        ),
    ):
        with pytest.raises(fastnn.DivergenceError, match="diverged at step 2") as caught:
            update()
        assert caught.value.epoch is None
        assert caught.value.batch == 1
        after = trainer.state() | {"learning_rate": before["learning_rate"]}
        assert all(np.array_equal(after[name], before[name]) for name in before)
    trainer.learning_rate = 0.01
    trainer.step(X, np.ones(6))
    assert trainer.steps == 2


def test_a_gradient_of_ones_own_may_be_written():
    net, trainer = make(optimizer="gd", learning_rate=0.5)
    trainer.forward(X)
    trainer.backward(np.zeros((6, 2)))
    theta = net.theta.copy()
    trainer.gradient[...] = 2
    trainer.update()
    assert np.allclose(net.theta, theta - 1)
    with pytest.raises(AttributeError):
        trainer.gradient = np.zeros(26)
    trainer.forward(X)
    trainer.backward(np.zeros((6, 2)))
    trainer.gradient[3] = np.nan
    theta = net.theta.copy()
    with pytest.raises(fastnn.DivergenceError):
        trainer.update()
    assert np.array_equal(net.theta, theta)


def test_a_trainer_of_another_network():
    net, trainer = make()
    other = fastnn.Network([3, 4, 2], rng=0)
    theta = other.theta.copy()
    with pytest.raises(ValueError, match="a trainer of this network"):
        other.fit(X, Y, optimizer=trainer)
    for options in ({"schedule": "cosine"}, {"clip_norm": 1.0}, {"learning_rate": 0.5}):
        with pytest.raises(ValueError, match="the trainer's"):
            net.fit(X, Y, optimizer=trainer, **options)
    assert np.array_equal(other.theta, theta)
    assert trainer.steps == 0
    net.__setstate__(net.__getstate__())
    with pytest.raises(RuntimeError, match="another theta"):
        trainer.step(X, Y)


def test_one_thread_at_a_time():
    rng = np.random.default_rng(0)
    net = fastnn.Network([200, 400, 400, 2], rng=0)
    big, labels = rng.standard_normal((20_000, 200), np.float32), np.zeros(20_000, int)
    trainer = net.trainer(batch_size=20_000)
    other = net.trainer(batch_size=20_000)
    errors = []
    thread = threading.Thread(target=trainer.step, args=(big, labels))
    thread.start()
    while FITTED_BY not in vars(net):
        assert thread.is_alive()
    while thread.is_alive() and len(errors) < 4:
        for call in (
            lambda: trainer.forward(X),
            lambda: trainer.step(big[:1], labels[:1]),
            lambda: other.step(big[:1], labels[:1]),
            lambda: net.fit(big[:1], labels[:1], epochs=1),
        ):
            try:
                call()
            except (RuntimeError, ValueError) as error:
                errors.append(str(error))
    thread.join()
    assert any("another thread is using this trainer" in error for error in errors)
    assert any("fitted already" in error for error in errors)
    trainer.step(big[:1], labels[:1])  # the lock is free again
    net.fit(big[:1], labels[:1], epochs=1, optimizer=trainer)


def test_a_step_in_a_callback_of_a_fit_is_refused():
    net, trainer = make()

    def step(net, history):
        A = trainer.forward(X)  # changes nothing
        assert A.shape == (6, 2)
        with pytest.raises(RuntimeError, match="fitted already"):
            trainer.step(X, Y)

    net.fit(X, Y, epochs=1, callbacks=step)
    trainer.step(X, Y)


def test_copies_and_pickles_go_on_by_themselves():
    net, trainer = make()
    trainer.step(X, Y)
    twins = [copy.deepcopy(trainer), pickle.loads(pickle.dumps(trainer))]
    J = trainer.step(X, Y)
    for twin in twins:
        assert twin.network is not net
        assert twin.steps == 1
        assert twin.step(X, Y) == J
        assert np.array_equal(twin.network.theta, net.theta)


def test_a_shallow_copy_would_share_moments_but_not_counts():
    _net, trainer = make()
    with pytest.raises(TypeError, match=r"copy\.deepcopy"):
        copy.copy(trainer)


def test_a_normalizer_that_waits_for_fit():
    net = fastnn.Network([3, 4, 2], normalize=True, rng=0)
    trainer = net.trainer()
    theta = net.theta.copy()
    for call in (lambda: trainer.step(X, Y), lambda: trainer.forward(X), lambda: net.vjp(X)):
        with pytest.raises(NotFittedError, match="call fit first"):
            call()
    assert np.array_equal(net.theta, theta)
    net.fit(X, Y, epochs=1, optimizer=trainer)
    J, _ = net.value_and_grad(X, Y)
    assert trainer.step(X, Y) == pytest.approx(J, rel=1e-6)
    assert trainer.steps == 2


def test_rows_that_normalize_out_of_range():
    net = fastnn.Network([1, 2], normalizer=fastnn.Normalizer().fit([[0.0], [1e-38]]), rng=0)
    for call in (
        lambda: net.trainer().step(np.float32([[1e10]]), [1]),
        lambda: net.value_and_grad(np.float32([[1e10]]), np.array([1])),
        lambda: net.trainer().forward(np.float32([[1e10]])),
    ):
        with pytest.raises(ValueError, match="finite in float32"):
            call()


def squared(A, y):
    """A loss of whole batches."""
    return np.square(A - y).sum(axis=1) / 2, A - y


def test_a_loss_may_write_to_its_arguments():
    def careless(A, y):
        losses, dA = squared(A, y)
        A[...], y[...] = np.nan, np.nan
        return losses, dA

    targets = np.random.default_rng(1).standard_normal((6, 2)).astype(np.float32)
    kept, thetas = targets.copy(), []
    for loss in (squared, careless):
        net = fastnn.Network([3, 4, 2], output="identity", rng=0)
        trainer = net.trainer()
        for _ in range(3):
            trainer.step(X, targets, loss=loss)
        thetas.append(net.theta.copy())
    assert np.array_equal(targets, kept)
    assert np.array_equal(*thetas)


def test_a_loss_that_calls_the_trainer_is_refused_and_one_that_asks_the_network_is_not():
    net = fastnn.Network([3, 4, 2], output="identity", rng=0)
    trainer, targets, asked = net.trainer(batch_size=6), np.zeros((6, 2)), []

    def recursive(A, y):
        trainer.step(X, targets)
        return squared(A, y)

    def curious(A, y):
        asked.append(net.forward(X))
        return squared(A, y)

    theta = net.theta.copy()
    with pytest.raises(RuntimeError, match="this network is being fitted already"):
        trainer.step(X, targets, loss=recursive)
    assert np.array_equal(net.theta, theta)
    assert trainer.steps == 0
    trainer.step(X, targets, loss=curious)
    assert np.allclose(asked[0], fastnn.Network([3, 4, 2], output="identity", rng=0).forward(X))
    assert trainer.steps == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_an_exception_in_a_loss_loses_nothing(stop):
    net = fastnn.Network([3, 4, 2], output="identity", rng=0)
    trainer, targets = net.trainer(), np.zeros((6, 2))
    trainer.step(X, targets)
    before = trainer.state()

    def stopped(A, y):
        raise stop

    with pytest.raises(stop):
        trainer.step(X, targets, loss=stopped)
    after = trainer.state()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    assert FITTED_BY not in vars(net)
    trainer.step(X, targets)
    assert trainer.steps == 2


def test_every_kind_of_X_gives_the_same_bits(tmp_path):
    wide = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
    wide[wide < 0] = 0
    mapped = np.memmap(tmp_path / "X", np.float32, "w+", shape=(6, 3))
    mapped[...] = wide[::2]
    locked = wide[::2].copy()
    locked.flags.writeable = False
    kinds = [
        wide[::2].copy(), wide[::2], np.asfortranarray(wide[::2]), mapped, locked,
        wide[::2].tolist(),
        wide[::2].astype(np.float64), wide[::-1][1::2][::-1], csr_array(wide[::2]),
        wide[::2].astype(">f4"),
    ]  # fmt: skip
    found = set()
    for kind in kinds:
        net, trainer = make()
        trainer.step(kind, Y)
        trainer.forward(kind)
        trainer.backward(np.asfortranarray(np.ones((6, 2), np.float64)))
        trainer.update()
        found.add(net.theta.tobytes())
    assert len(found) == 1


def test_weights_of_zero_leave_theta_to_the_penalty():
    net, trainer = make(optimizer="gd", learning_rate=0.5)
    theta = net.theta.copy()
    assert trainer.step(X, Y, np.zeros(6)) == 0
    assert np.array_equal(net.theta, theta)
    assert trainer.steps == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_goes_on_with_a_trainer_of_its_own():
    net, trainer = make(threads=2)
    trainer.step(X, Y)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            J = trainer.step(X, Y)
            os.write(writer, np.float64(J).tobytes() + net.theta.tobytes())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        sent = pipe.read()
    os.waitpid(child, 0)
    assert trainer.steps == 1
    J = trainer.step(X, Y)
    assert sent == np.float64(J).tobytes() + net.theta.tobytes()


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("learningrate", 0.1, "no attribute 'learningrate'; did you mean learning_rate"),
        ("lr", 0.1, "no attribute 'lr'; did you mean learning_rate"),
        ("l2", 0.1, "no attribute 'l2'; keep it elsewhere"),
        ("batch_size", 512, "batch_size of a trainer.*net.trainer"),
        ("schedule", "cosine", "schedule of a trainer.*net.trainer"),
        ("optimizer", "gd", "optimizer of a trainer.*net.trainer"),
        ("seed", 3, "seed of a trainer.*restore"),
        ("gradient", np.ones(26), r"gradient of a trainer.*gradient\[\.\.\.\]"),
    ],
)
def test_what_would_change_nothing_is_refused(name, value, words, opened):
    _net, trainer = make()
    if opened:
        trainer.step(X, Y)
    before = trainer.state()
    with pytest.raises(AttributeError, match=words):
        setattr(trainer, name, value)
    for key, array in trainer.state().items():
        np.testing.assert_array_equal(array, before[key])
    trainer.learning_rate = 0.5
    assert trainer.learning_rate == 0.5


def test_a_subclass_may_have_attributes_of_its_own():
    _net, trainer = make()

    class Named(type(trainer)):
        pass

    trainer.__class__ = Named
    trainer.name = "mine"
    assert trainer.name == "mine"
