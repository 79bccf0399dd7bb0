"""`Trainer`: steps that are those of `fit`, bit for bit, and gradients of the reference."""

import itertools

import numpy as np
import pytest
from problems import OUTPUTS, TOLERANCE, draw_problem, draw_targets
from reference import relative_difference
from reference_training import UPDATES
from scipy.sparse import csr_array

import fastnn
from fastnn.data.inputs import as_weights

NETWORKS = {
    "plain": {},
    "dropout": {"keep_prob": [0.9, 0.8, 0.6]},
    "penalty": {"l2": [0.5, 0.0, 1.0], "l1": 0.1},
    "gelu": {"activation": "gelu", "keep_prob": 0.8, "l2": 0.3},
}


def examples(output, rows, columns, outputs, dtype):
    rng = np.random.default_rng(rows)
    X = rng.standard_normal((rows, columns)).astype(dtype)
    y = draw_targets(rng, output, rows, outputs)
    return X, y if output == "softmax" else y.astype(dtype)


def batches(rows, size):
    return [slice(at, at + size) for at in range(0, rows, size)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("options", NETWORKS)
def test_steps_are_those_of_fit(options, output, dtype):
    X, y = examples(output, 70, 5, 3, dtype)
    sample_weight = np.random.default_rng(1).random(70)
    weight = as_weights(sample_weight, 70)  # as fit makes them
    make = {"output": output, "dtype": dtype, "rng": 3, **NETWORKS[options]}
    for optimizer, size in itertools.product(UPDATES, (1, 17, 33, 70)):
        expected = fastnn.Network([5, 17, 9, 3], **make)
        expected.fit(
            X, y, epochs=2, batch_size=size, optimizer=optimizer, learning_rate=0.01,
            sample_weight=sample_weight, shuffle=False,
        )  # fmt: skip
        net = fastnn.Network([5, 17, 9, 3], **make)
        trainer = net.trainer(optimizer=optimizer, learning_rate=0.01, batch_size=size, examples=70)
        for part in batches(70, size) * 2:
            J, _ = net.value_and_grad(X[part], y[part], dropout=(trainer.seed, trainer.steps))
            stepped = trainer.step(X[part], y[part], weight[part])
        assert np.array_equal(net.theta, expected.theta), (optimizer, size)
        assert trainer.steps == 2 * len(batches(70, size))
        assert np.isfinite(stepped)
        assert np.isfinite(J)


@pytest.mark.parametrize("size", [17, 70])
def test_forward_backward_update_is_a_step(size):
    """With dA of the network's own loss it is the same update, to the rounding of the loss."""
    for output, dtype in itertools.product(OUTPUTS, TOLERANCE):
        X, y = examples(output, 70, 5, 3, dtype)
        make = {"output": output, "dtype": dtype, "rng": 3, **NETWORKS["gelu"]}
        net, other = fastnn.Network([5, 9, 3], **make), fastnn.Network([5, 9, 3], **make)
        trainer, own = net.trainer(optimizer="momentum"), other.trainer(optimizer="momentum")
        for part in batches(70, size):
            trainer.step(X[part], y[part])
            A = own.forward(X[part])
            m = len(A)
            target = np.eye(3)[y[part]] if output == "softmax" else y[part]
            if output == "softmax":
                dA = -target / A / m
            else:
                dA = (A - target) / m / (A * (1 - A) if output == "sigmoid" else 1)
            assert own.backward(dA) is None
            own.update()
        assert relative_difference(other.theta, net.theta) < TOLERANCE[dtype], output
        assert own.steps == trainer.steps


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("rows", [1, 2, 3, 17, 33])
def test_backward_is_the_reference(rows, dtype):
    problem = draw_problem(rows, [3, 17, 2], rows, keep_prob=[0.9, 0.8])
    net = problem.network(dtype)
    trainer = net.trainer(batch_size=40)
    reference = problem.reference()
    dA = np.random.default_rng(rows).standard_normal((rows, 2))
    for _ in range(2):
        masks = problem.masks(trainer.seed)(trainer.steps, rows)
        theta = net.theta.astype(float)
        A = trainer.forward(problem.X)
        assert relative_difference(A, reference.forward(theta, problem.X, masks)) < TOLERANCE[dtype]
        dX = trainer.backward(dA, inputs=True)
        expected = reference.pull_back(theta, problem.X, dA, masks)
        assert relative_difference(trainer.gradient, expected[0]) < TOLERANCE[dtype]
        assert relative_difference(dX, expected[1]) < TOLERANCE[dtype]
        trainer.update()


def test_J_is_that_of_the_batch_before_the_update():
    X, y = examples("softmax", 33, 4, 3, "float64")
    net = fastnn.Network([4, 8, 3], l2=0.5, l1=0.1, keep_prob=0.7, dtype="float64", rng=0)
    trainer = net.trainer()
    for _ in range(3):
        J, _ = net.value_and_grad(X, y, dropout=(trainer.seed, trainer.steps))
        assert trainer.step(X, y) == pytest.approx(J, rel=1e-12)
    # With examples, the penalty is that of the whole training set.
    net.l2 = net.l1 = 1000.0
    whole = net.trainer(examples=10**9)
    J, _ = net.value_and_grad(X, y, dropout=(whole.seed, 0))
    penalty = (
        500 * np.square(net.params["W1"]).sum() + 500 * np.square(net.params["W2"]).sum()
    ) + (1000 * np.abs(net.params["W1"]).sum() + 1000 * np.abs(net.params["W2"]).sum())
    assert whole.step(X, y) == pytest.approx(J - penalty / 33 + penalty / 10**9, rel=1e-9)


def test_weights_are_factors_of_any_sign():
    X, y = examples("softmax", 33, 4, 3, "float64")
    weight = np.random.default_rng(0).standard_normal(33)
    make = {"dtype": "float64", "rng": 0}
    net = fastnn.Network([4, 8, 3], **make)
    theta = net.theta.copy()
    losses = np.array([net.cost(X[i : i + 1], y[i : i + 1]) for i in range(33)])
    gradients = np.array([net.value_and_grad(X[i : i + 1], y[i : i + 1])[1] for i in range(33)])
    J = net.trainer(optimizer="gd", learning_rate=0.5).step(X, y, weight)
    assert pytest.approx(J, rel=1e-12) == (weight * losses).mean()
    assert np.allclose(net.theta, theta - 0.5 * weight @ gradients / 33, rtol=1e-10, atol=1e-13)
    # The sum of the weights may be 0. Any array of them gives the same.
    results = []
    for given in (
        np.array([1, -1]),
        [1.0, -1.0],
        np.array([1, -1], np.float32),
        np.array([1.0, 0, -1, 0])[::2],
    ):
        net = fastnn.Network([4, 8, 3], **make)
        results.append((net.trainer().step(X[:2], y[:2], given), *net.theta))
    assert results == results[:1] * 4


def test_any_array_and_any_number_of_threads_give_the_same_bits():
    rng = np.random.default_rng(0)
    X = rng.integers(-3, 4, (500, 20)).astype(np.float32)
    y, dA = rng.integers(0, 3, 500), rng.standard_normal((500, 3)).astype(np.float32)
    wide = np.repeat(X, 2, axis=1)
    read_only = X.copy()
    read_only.flags.writeable = False
    forms = [(X, y), (read_only, y.astype(np.int8)), (wide[:, ::2], y.tolist()),
             (np.asfortranarray(X), np.repeat(y, 2)[::2]), (X.astype(np.int8), y.astype(float)),
             (X.tolist(), y[:, None]), (X.astype(float), y),
             (csr_array(X), y)]  # fmt: skip
    results = []
    for (X_form, y_form), threads in zip(forms, (1, 2, 3, 5, None, 7, 4, 2), strict=True):
        for batch_size in (500, 2000):
            net = fastnn.Network([20, 33, 17, 3], keep_prob=[0.9, 0.8, 0.7], rng=0)
            trainer = net.trainer(threads=threads, batch_size=batch_size, clip_norm=0.5)
            J = [trainer.step(X_form, y_form) for _ in range(3)]
            A = trainer.forward(X_form)
            dX = trainer.backward(dA if threads else dA.astype(float), inputs=True)
            trainer.update()
            results.append((np.array(J), A, dX, trainer.gradient.copy(), net.theta.copy()))
    for others in results[1:]:
        assert all(map(np.array_equal, others, results[0]))


def test_more_rows_than_a_chunk():
    """Gradients are added over chunks, and activations computed again on the way back."""
    X, y = examples("softmax", 9000, 6, 3, "float64")
    make = {"keep_prob": [0.9, 0.8], "dtype": "float64", "rng": 0}
    net, other = fastnn.Network([6, 8, 3], **make), fastnn.Network([6, 8, 3], **make)
    other.fit(X, y, epochs=2, batch_size=None, shuffle=False)
    trainer = net.trainer(batch_size=9000, examples=9000)
    trainer.step(X, y)
    changed = X.copy()
    A = trainer.forward(changed)
    changed[...] = 0  # forward has copied it
    trainer.backward(-np.eye(3)[y] / A / 9000)
    trainer.update()
    assert relative_difference(net.theta, other.theta) < 1e-12


def test_two_fits_of_five_epochs_are_one_of_ten():
    X, y = examples("softmax", 70, 4, 3, "float32")
    make = {"keep_prob": 0.8, "l2": 0.1, "rng": 5}
    for optimizer in UPDATES:
        expected = fastnn.Network([4, 8, 3], **make)
        history = expected.fit(X, y, epochs=10, batch_size=16, optimizer=optimizer)
        net = fastnn.Network([4, 8, 3], **make)
        trainer = net.trainer(optimizer=optimizer)
        first = net.fit(X, y, epochs=5, batch_size=16, optimizer=trainer)
        second = net.fit(X, y, epochs=5, batch_size=16, optimizer=trainer)
        assert np.array_equal(net.theta, expected.theta), optimizer
        assert first.cost + second.cost == history.cost
        assert first.dropout_seed == second.dropout_seed == trainer.seed == history.dropout_seed
        assert trainer.steps == 50
        assert trainer.epochs == 10


def test_augmentation_counts_the_epochs_on():
    rng = np.random.default_rng(0)
    X, y = rng.random((20, 36), np.float32), rng.integers(0, 2, 20)
    images = fastnn.augment.Images((6, 6), shift=1.5, rotation=10)
    expected = fastnn.Network([36, 4, 2], rng=0)
    expected.fit(X, y, epochs=4, batch_size=8, augment=images)
    net = fastnn.Network([36, 4, 2], rng=0)
    trainer = net.trainer()
    for epochs in (1, 3):
        net.fit(X, y, epochs=epochs, batch_size=8, augment=images, optimizer=trainer)
    assert np.array_equal(net.theta, expected.theta)


def test_steps_between_fits():
    """A trainer goes on from a fit and a fit from a trainer: full batches, in order."""
    X, y = examples("softmax", 30, 4, 3, "float32")
    expected = fastnn.Network([4, 8, 3], keep_prob=0.8, rng=0)
    expected.fit(X, y, epochs=9, batch_size=None)
    net = fastnn.Network([4, 8, 3], keep_prob=0.8, rng=0)
    trainer = net.trainer(examples=30)
    for _ in range(3):
        trainer.step(X, y)
        net.fit(X, y, epochs=2, batch_size=None, optimizer=trainer)
    assert np.array_equal(net.theta, expected.theta)
    assert trainer.steps == 9


def test_schedule_and_learning_rate():
    X, y = examples("identity", 8, 2, 1, "float64")
    net = fastnn.Network([2, 1], output="identity", dtype="float64", rng=0)
    called = []

    def schedule(step):
        called.append(step)
        return 0.5**step

    trainer = net.trainer(optimizer="gd", learning_rate=0.1, schedule=schedule)
    for step in range(3):
        theta, (_, gradient) = net.theta.copy(), net.value_and_grad(X, y)
        trainer.step(X, y)
        assert np.allclose(net.theta, theta - 0.1 * 0.5**step * gradient, rtol=1e-12)
    assert called == [0, 1, 2]
    trainer.learning_rate = 0.4
    theta, (_, gradient) = net.theta.copy(), net.value_and_grad(X, y)
    net.fit(X, y, epochs=1, optimizer=trainer)
    assert np.allclose(net.theta, theta - 0.4 * 0.5**3 * gradient, rtol=1e-12)
    assert net.history.learning_rate == [0.4 * 0.5**3]


def test_changed_settings_are_those_of_the_next_step():
    X, y = examples("softmax", 20, 4, 3, "float64")
    net = fastnn.Network([4, 8, 3], dtype="float64", rng=0)
    trainer = net.trainer(optimizer="momentum")
    trainer.step(X, y)
    net.l2, net.keep_prob = 0.5, 0.7
    net.normalizer = fastnn.Normalizer().fit(X * 3)
    J, _ = net.value_and_grad(X, y, dropout=(trainer.seed, 1))
    assert trainer.step(X, y) == pytest.approx(J, rel=1e-12)
    assert trainer.steps == 2
    net.theta *= 0.5  # written to, it is the same vector
    J, _ = net.value_and_grad(X, y, dropout=(trainer.seed, 2))
    assert trainer.step(X, y) == pytest.approx(J, rel=1e-12)


def test_gradients_of_parts_add_up_to_that_of_the_whole():
    """As on several machines: each has its rows, and all take the sum of the gradients."""
    X, y = examples("softmax", 70, 5, 3, "float64")
    make = {"l2": 0.5, "dtype": "float64", "rng": 0}
    net = fastnn.Network([5, 9, 3], **make)
    whole = net.trainer(clip_norm=0.1, examples=70)
    parts = [slice(0, 30), slice(30, 70)]
    nets = [fastnn.Network([5, 9, 3], **make) for _ in parts]
    trainers = [each.trainer(clip_norm=0.1, examples=70) for each in nets]
    for _ in range(3):
        whole.step(X, y)
        for trainer, part in zip(trainers, parts, strict=True):
            A = trainer.forward(X[part])
            trainer.backward(-np.eye(3)[y[part]] / A / 70)
        total = sum(trainer.gradient for trainer in trainers)
        for trainer in trainers:
            trainer.gradient[...] = total
            trainer.update()
    assert np.array_equal(nets[0].theta, nets[1].theta)
    assert relative_difference(nets[0].theta, net.theta) < 1e-12


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_parts_of_a_mini_batch_are_the_whole(dtype):
    """The gradients and J of parts, cut anywhere, add up to those of one step."""
    X, y = examples("softmax", 70, 5, 3, dtype)
    make = {"dtype": dtype, "rng": 3, **NETWORKS["gelu"]}
    net, other = fastnn.Network([5, 17, 3], **make), fastnn.Network([5, 17, 3], **make)
    whole, parts = net.trainer(optimizer="gd"), other.trainer(optimizer="gd")
    for ends in ([0, 70], [0, 1, 34, 70], [0, 33, 69, 70]):
        expected, J, gradient = whole.step(X, y), 0.0, 0.0
        for first, end in itertools.pairwise(ends):
            rows = slice(first, end)
            J += parts.differentiate(X[rows], y[rows], first_row=first, rows=70)
            gradient = gradient + parts.gradient
        parts.gradient[...] = gradient
        parts.update(rows=70)
        assert abs(J - expected) <= TOLERANCE[dtype] * expected
        assert relative_difference(other.theta, net.theta) < TOLERANCE[dtype]
        assert np.array_equal(parts.forward(X)[3:5], parts.forward(X[3:5], first_row=3))
    with pytest.raises(ValueError, match="70 rows from row 1 are not in a mini-batch of 70"):
        parts.differentiate(X, y, first_row=1, rows=70)
    with pytest.raises(fastnn.DivergenceError, match="not finite"):
        parts.differentiate(X, y, np.full(70, 1e308 if dtype == "float64" else 3e38))
