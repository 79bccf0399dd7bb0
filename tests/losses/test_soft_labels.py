"""Probabilities as the targets of a softmax output, and label smoothing."""

import numpy as np
import pytest
from reference import OUTPUTS, ReferenceNetwork

import fastnn


def cross_entropy(z, y):
    z = z - z.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(z).sum(axis=1, keepdims=True))
    return (y * (log_sum - z)).sum(axis=1), np.exp(z - log_sum) * y.sum(axis=1)[:, None] - y


@pytest.fixture
def reference(monkeypatch):
    """A ReferenceNetwork with this loss."""
    monkeypatch.setitem(OUTPUTS, "soft", (OUTPUTS["softmax"][0], cross_entropy))
    return lambda sizes, **settings: ReferenceNetwork(sizes, output="soft", **settings)


def problem(classes, m=50, dtype="float64", **settings):
    rng = np.random.default_rng(classes)
    net = fastnn.Network([4, 9, classes], activation="tanh", dtype=dtype, rng=0, **settings)
    return net, rng.standard_normal((m, 4)), rng.dirichlet(np.ones(classes), m)


@pytest.mark.parametrize("classes", [2, 3, 17, 33])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cost_and_gradient(classes, dtype, reference):
    net, X, P = problem(classes, dtype=dtype, l2=0.2)
    weight = np.random.default_rng(1).random(len(X))
    judge = reference([4, 9, classes], activation="tanh", l2=0.2)
    J, gradient = judge.value_and_grad(net.theta.astype(float), X, P, weight)
    own_J, own = net.value_and_grad(X, P, weight)
    rtol, atol = (1e-11, 1e-14) if dtype == "float64" else (1e-4, 1e-6)
    assert own_J == pytest.approx(J, rel=rtol)
    np.testing.assert_allclose(own, gradient, rtol=rtol, atol=atol)
    assert net.cost(X, P, weight) == own_J
    wrong = net.predict(X) != P.argmax(axis=1)
    assert net.error(X, P, weight) == pytest.approx(np.average(wrong, weights=weight), rel=1e-5)


@pytest.mark.parametrize("type_", [float, int, bool, np.float16])
def test_one_hot_rows_are_labels(type_):
    net, X, P = problem(3)
    y = P.argmax(axis=1)
    J, gradient = net.value_and_grad(X, y)
    hot_J, hot = net.value_and_grad(X, np.eye(3)[y].astype(type_))
    assert hot_J == pytest.approx(J, rel=1e-14)
    np.testing.assert_allclose(hot, gradient, rtol=1e-13, atol=1e-16)


def test_a_certain_row_keeps_its_small_loss():
    net = fastnn.Network([1, 2], init="zeros", dtype="float64")
    net.params["b1"][:] = [40, 0]
    assert net.cost([[0.0]], [[1.0, 0.0]]) == pytest.approx(np.exp(-40), rel=1e-12)


def test_gradcheck():
    net, X, P = problem(3)
    assert net.gradcheck(X, P).verdict == "correct"


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_fit_comes_to_the_probabilities(optimizer):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 2))
    z = X @ rng.standard_normal((2, 3))
    P = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    net = fastnn.Network([2, 3], dtype="float64", rng=0)
    options = {"epochs": 300, "learning_rate": 0.03, "optimizer": optimizer}
    history = net.fit(X, P, dev=(X, P, np.ones(300)), gradcheck_at=(0,), **options)
    np.testing.assert_allclose(net.forward(X), P, atol=2e-3)
    assert history.dev_cost[-1] == pytest.approx(history.cost[-1], rel=1e-9)
    assert history.dev_error[-1] < 0.01
    assert history.gradchecks[0].verdict == "correct"


def test_same_bits_for_any_number_of_threads():
    thetas = set()
    for threads in (1, 2, 3):
        net, X, P = problem(3, m=300, dtype="float32", keep_prob=0.7)
        net.fit(X, P, epochs=2, batch_size=77, label_smoothing=0.1, threads=threads)
        thetas.add(net.theta.tobytes())
    assert len(thetas) == 1


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_label_smoothing_is_training_on_smoothed_probabilities(soft, optimizer):
    results = []
    for by_hand in (False, True):
        net, X, P = problem(3)
        y = P if soft else P.argmax(axis=1)
        option = {"label_smoothing": 0.2, "dev": (X, y)}
        if by_hand:
            y = 0.8 * (P if soft else np.eye(3)[y]) + 0.2 / 3
            option = {"dev": (X, y)}
        history = net.fit(
            X, y, epochs=5, batch_size=16, optimizer=optimizer, gradcheck_at=0, **option
        )
        assert history.gradchecks[0].verdict == "correct"
        results.append((net.theta, history.cost, history.dev_cost, history.dev_error))
    for own, expected in zip(*results, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([[0.5, 0.4, 0.0]] * 50, r"sum 1, got \[0\.5 0\.4 0\. \] in row 0; divide each row"),
        ([[1.5, -0.5, 0.0]] * 50, "not negative and of sum 1"),
        ([[0.5, 0.5]] * 50, r"shape \(50,\), got \(50, 2\); pass class labels.*\(50, 3\)"),
    ],
)
def test_rows_that_are_no_probabilities(y, words):
    net, X, _ = problem(3)
    with pytest.raises(ValueError, match=words):
        net.fit(X, y)


def test_label_smoothing_is_for_softmax():
    net, X, _ = problem(3)
    with pytest.raises(ValueError, match=r"expected label_smoothing in \[0, 1\)"):
        net.fit(X, np.zeros(50, int), label_smoothing=1)
    net = fastnn.Network([4, 1], rng=0)
    with pytest.raises(ValueError, match="only with the cross-entropy of a softmax output"):
        net.fit(X, np.zeros(50), label_smoothing=0.1)
    with pytest.raises(ValueError, match="a loss of its own"):
        net.fit(X, np.zeros(50), loss=fastnn.losses.hinge("sigmoid"), label_smoothing=0.1)


def test_signals_and_diagnosis():
    net, X, P = problem(3)
    hard = net.signal_flow(X, P.argmax(axis=1))
    hot = net.signal_flow(X, np.eye(3)[P.argmax(axis=1)])
    assert hot.backward_growth == hard.backward_growth
    errors = net.diagnose((X, P), (X, P)).errors
    assert errors["dev_error"] == net.error(X, P.argmax(axis=1))
    own = net.like(output=fastnn.losses.focal(0))
    own.theta = net.theta
    layers = own.signal_flow(X, P.argmax(axis=1)).layers
    assert layers[0].dW_rms == pytest.approx(hard.layers[0].dW_rms, rel=1e-9)


def test_a_report_judges_by_the_most_probable_classes():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.dirichlet(np.ones(3), 60)
    net = fastnn.Network([3, 4, 3], rng=0)
    history = net.fit(X, y, epochs=3)
    page = fastnn.report(net, history, (X, y), (X, y), gradcheck=False)
    labels = fastnn.report(net, history, (X, y), (X, y.argmax(axis=1)), gradcheck=False)
    begin, end = 'id="mistakes"', 'id="gradients"'
    assert begin in page.html
    assert end in page.html
    assert page.html.split(begin)[1].split(end)[0] == labels.html.split(begin)[1].split(end)[0]


def test_an_ensemble_and_a_sweep_take_them():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.dirichlet(np.ones(3), 60)
    result = fastnn.sweep(
        [3, 4, 3], (X, y), (X, y), {"l2": [0.1, 1.0]}, epochs=2, n_jobs=1, keep=True
    )
    ensemble = fastnn.Ensemble.of(result, 3)
    labels = y.argmax(axis=1)
    assert ensemble.error(X, y) == ensemble.error(X, labels)
    assert ensemble.score(X, y) == pytest.approx(1 - ensemble.error(X, labels))
    A = ensemble.forward(X)
    assert ensemble.cost(X, y) == pytest.approx(-(y * np.log(A)).sum(axis=1).mean(), rel=1e-6)
    assert str(ensemble.diagnose((X, y), (X, y))) == str(
        ensemble.diagnose((X, labels), (X, labels))
    )
