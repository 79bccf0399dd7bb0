"""Losses of one's own: compiled ones against those of the core, and all that can go wrong."""

import copy
import pickle

import numpy as np
import pytest

import fastnn
from fastnn.losses.faults import wrong_slope


def value(z, y):
    total = 0.0
    for j in range(z.shape[0]):
        total += (z[j] - y[j]) ** 2 / 2
    return total


def slope(z, y, dz):
    for j in range(z.shape[0]):
        dz[j] = z[j] - y[j]


def batch(A, y):
    return ((A - y) ** 2).sum(axis=1) / 2, A - y


SQUARED = fastnn.Loss(value, slope)
OWN = {"compiled": SQUARED, "batch": batch}


def problem(units=3, dtype="float32", m=300, **settings):
    rng = np.random.default_rng(units)
    net = fastnn.Network([4, 9, units], output="identity", dtype=dtype, rng=0, **settings)
    return net, rng.standard_normal((m, 4)), rng.standard_normal((m, units))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_may_call_those_that_they_close_over(dtype):
    def difference(z, y, j):
        return z[j] - y[j]

    def squares(z, y):
        total = 0.0
        for j in range(z.shape[0]):
            total += difference(z, y, j) ** 2 / 2
        return total

    def slopes(z, y, dz):
        for j in range(z.shape[0]):
            dz[j] = difference(z, y, j)

    net, X, y = problem(dtype=dtype)
    J, gradient = net.value_and_grad(X, y, loss=SQUARED)
    own_J, own = net.value_and_grad(X, y, loss=fastnn.Loss(squares, slopes))
    assert own_J == J
    np.testing.assert_array_equal(own, gradient)


@pytest.mark.parametrize("loss", OWN.values(), ids=OWN)
@pytest.mark.parametrize("units", [1, 2, 3, 17, 33])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_squared_error_written_by_hand_is_that_of_the_core(loss, units, dtype):
    net, X, y = problem(units, dtype, l2=0.3, keep_prob=0.7)
    weight = np.random.default_rng(1).random(len(X))
    close = {"rtol": 1e-12, "atol": 1e-14} if dtype == "float64" else {"rtol": 1e-5, "atol": 1e-7}
    for dropout in (None, (3, 7)):
        J, gradient = net.value_and_grad(X, y, weight, dropout)
        own_J, own = net.value_and_grad(X, y, weight, dropout, loss=loss)
        np.testing.assert_allclose(own_J, J, rtol=close["rtol"])
        np.testing.assert_allclose(own, gradient, **close)
    np.testing.assert_allclose(
        net.cost(X, y, weight, loss=loss), net.cost(X, y, weight), rtol=close["rtol"]
    )
    as_output = net.like(output=SQUARED)
    as_output.theta = net.theta
    assert as_output.error(X, y, weight) == pytest.approx(net.error(X, y, weight), rel=1e-5)


@pytest.mark.parametrize("loss", OWN.values(), ids=OWN)
@pytest.mark.parametrize("optimizer", ["gd", "adam", "lbfgs"])
def test_fit_ends_where_the_loss_of_the_core_does(loss, optimizer):
    results = []
    for option in ({}, {"loss": loss}):
        net, X, y = problem(2, "float64", l2=0.1)
        history = net.fit(X, y, dev=(X[:50], y[:50]), epochs=5, optimizer=optimizer, **option)
        results.append((net.theta, history.cost, history.dev_cost, history.dev_error))
    for own, built_in in zip(*results, strict=True):
        np.testing.assert_allclose(own, built_in, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("loss", OWN.values(), ids=OWN)
def test_same_bits_for_any_number_of_threads(loss):
    thetas = []
    for threads in (1, 2, 3):
        net, X, y = problem(3, keep_prob=0.8)
        history = net.fit(X, y, epochs=3, batch_size=77, loss=loss, threads=threads)
        thetas.append((net.theta.tobytes(), history.cost))
    assert thetas[1:] == thetas[:-1]


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "exp"])
def test_slopes_by_outputs_go_through_every_output(output):
    net = fastnn.Network([4, 5, 3], output=output, dtype="float64", rng=0)
    X, y = np.random.default_rng(0).random((2, 20, 4))

    def entropy(A, y):
        return (A * np.log(np.abs(A) + 1) * y).sum(axis=1), y * (
            np.log(np.abs(A) + 1) + A * np.sign(A) / (np.abs(A) + 1)
        )

    check = net.gradcheck(X, y[:, :3], loss=entropy)
    assert check.verdict == "correct", check


def test_a_batch_function_is_called_once_a_mini_batch_with_arrays_of_its_own():
    net, X, y = problem(3, m=5000)
    kept, shapes = [], []

    def loss(A, y):
        kept.append((A, A.copy()))
        shapes.append((A.shape, y.shape, A.dtype))
        return batch(A, y)

    net.fit(X, y, batch_size=5000, epochs=2, loss=loss, evaluate_every=0)
    assert shapes == [((5000, 3), (5000, 3), np.float32)] * 2
    for A, copied in kept:
        np.testing.assert_array_equal(A, copied)


@pytest.mark.parametrize(("units", "shape"), [(1, (20, 1)), (3, (20,))])
def test_one_column_of_targets_has_the_shape_of_one_output(units, shape):
    net, X, _ = problem(units, m=20)
    seen = []

    def loss(A, y):
        seen.append(y.shape)
        return np.zeros(len(A)), np.zeros_like(A)

    net.cost(X, np.arange(20), loss=loss)
    assert seen == [shape]


def test_labels_and_wide_targets_reach_a_compiled_loss():
    def first_and_last(z, y):
        return z[0] * y[0] + y[y.shape[0] - 1]

    def its_slope(z, y, dz):
        dz[0] = y[0]

    net, X, _ = problem(1, "float64", m=6)
    y = np.arange(24.0).reshape(6, 4)
    J = net.cost(X, y, loss=fastnn.Loss(first_and_last, its_slope))
    np.testing.assert_allclose(J, np.mean(net.forward(X)[:, 0] * y[:, 0] + y[:, 3]), rtol=1e-12)
    assert np.isnan(net.error(X, y[:, 0]) - net.like(output=SQUARED).error(X, y))


# ---- faults --------------------------------------------------------------------------------


def no_slope(z, y, dz):
    dz[:] = 0


def indexed_too_far(z, y):
    return z[int(y[0])]


def raising(z, y):
    if y[0] > 2:
        raise ValueError("no such y")
    return z[0]


def not_a_number(z, y):
    return np.sqrt(2.5 - y[0])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (indexed_too_far, "value raises IndexError"),
        pytest.param(raising, r"value raises ValueError\('no such y'\)", marks=pytest.mark.slow),
        pytest.param(not_a_number, "value is nan", marks=pytest.mark.slow),
    ],
)
def test_a_row_without_a_loss_stops_the_fit_and_is_named(function, words):
    net, X, _ = problem(2, m=4)
    before = net.theta.copy()
    with pytest.raises(fastnn.DivergenceError) as caught:
        net.fit(X, [0, 1, 1, 3], loss=fastnn.Loss(function, no_slope), batch_size=2, shuffle=False)
    assert caught.value.batch == 1
    for part in (function.__name__, words.replace("\\", ""), "row 3", "y [3.]"):
        assert part in str(caught.value)
    assert np.isfinite(net.theta).all()
    assert (net.theta == before).all()  # every slope so far was 0


def test_a_learning_rate_too_large_is_not_blamed_on_the_loss():
    net, X, y = problem(2)
    with pytest.raises(fastnn.DivergenceError) as caught:
        net.fit(X, y, loss=SQUARED, optimizer="gd", learning_rate=1e6, epochs=20)
    assert "is the cause" not in str(caught.value)


def test_an_error_in_a_batch_function_stops_the_fit_after_whole_batches():
    calls = []

    def loss(A, y):
        calls.append(len(A))
        if len(calls) == 3:
            raise ZeroDivisionError("third")
        return batch(A, y)

    net, X, y = problem(2)
    options = {"batch_size": 100, "shuffle": False, "evaluate_every": 0}
    with pytest.raises(ZeroDivisionError, match="third"):
        net.fit(X, y, loss=loss, epochs=1, **options)
    assert net.history.stopped == "error"
    other, _, _ = problem(2)
    other.fit(X[:200], y[:200], loss=batch, epochs=1, **options)
    np.testing.assert_array_equal(net.theta, other.theta)
    net.fit(X, y, loss=batch, epochs=1, **options)  # the network is free again


def test_ctrl_c_in_a_batch_function():
    def loss(A, y):
        raise KeyboardInterrupt

    net, X, y = problem(2)
    before = net.theta.copy()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y, loss=loss)
    assert net.history.stopped == "interrupted"
    np.testing.assert_array_equal(net.theta, before)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda A, y: (A - y) ** 2, r"to return \(losses, dA\)"),
        (lambda A, y: (A - y, A - y), r"losses of shape \(300,\)"),
        (lambda A, y: (A[:, 0], A[:, :1]), r"dA of shape \(300, 2\)"),
        (lambda A, y: (np.array(["a"] * len(A)), A), "real numbers"),
    ],
)
def test_answers_of_another_shape_are_refused(answer, words):
    net, X, y = problem(2)
    with pytest.raises((TypeError, ValueError), match=words):
        net.value_and_grad(X, y, loss=answer)


def test_a_batch_function_that_gives_nan():
    net, X, y = problem(2)

    def loss(A, y):
        losses, dA = batch(A, y)
        losses[5] = np.nan
        return losses, dA

    with pytest.raises(fastnn.DivergenceError, match=r"loss is nan .* row 5"):
        net.fit(X, y, loss=loss, batch_size=None)


def open_a_file(z, y):
    return len(open("x").read())


def text(z, y):
    return "a"


def returns_dz(z, y, dz):
    return dz


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ((open_a_file, no_slope), "Numba cannot compile the value of the loss .*open_a_file"),
        ((text, no_slope), "value of the loss .*text to return a number"),
        ((value, returns_dz), "slope of the loss .* to return nothing, and to write to dz"),
    ],
)
def test_functions_that_do_not_compile_are_refused_before_anything_changes(functions, words):
    net, X, y = problem(2)
    before = net.theta.copy()
    with pytest.raises((TypeError, ValueError), match=words):
        net.fit(X, y, loss=fastnn.Loss(*functions))
    np.testing.assert_array_equal(net.theta, before)
    assert net.history is None


def test_bad_arguments():
    net, X, y = problem(2)
    with pytest.raises(TypeError, match="expected value to be a Python function"):
        fastnn.Loss(max, no_slope)
    with pytest.raises(ValueError, match="expected output to be identity"):
        fastnn.Loss(value, slope, output="relu")
    for loss in ("hinge", fastnn.Loss, 3):
        with pytest.raises(TypeError, match=r"expected loss to be None, a fastnn\.Loss"):
            net.fit(X, y, loss=loss)
    with pytest.raises(ValueError, match="expected a network with output='softmax'"):
        net.fit(X, y, loss=fastnn.losses.focal())
    with pytest.raises(TypeError, match=r"expected loss to be a fastnn\.Loss or None"):
        net.loss = "hinge"
    with pytest.raises(ValueError, match="expected y to be finite"):
        net.fit(X, y * np.nan, loss=SQUARED)


def double_slope(z, y, dz):
    for j in range(z.shape[0]):
        dz[j] = z[j] - y[j]
    dz[1] *= 2


def test_gradcheck_names_a_wrong_slope():
    net, X, y = problem(3, "float64", m=30)
    assert net.gradcheck(X, y, loss=SQUARED).verdict == "correct"
    check = net.gradcheck(X, y, loss=fastnn.Loss(value, double_slope, name="mine"))
    assert check.verdict == "wrong"
    assert "loss mine" in check.note
    assert "dz[1]" in check.note
    assert check.note.split() == str(check).split()[-len(check.note.split()) :]


def test_a_kink_is_no_wrong_slope():
    loss = fastnn.losses.quantile([0.1, 0.9])
    Z, Y = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.0], [3.0]])
    assert wrong_slope(loss, Z, Y) == ""


# ---- copies and files ----------------------------------------------------------------------


def test_copies_keep_the_loss():
    net = fastnn.Network([4, 9, 2], output=SQUARED, rng=0)
    _, X, y = problem(2)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), net.like(rng=0)):
        assert other.cost(X, y) == net.cost(X, y)
    again = pickle.loads(pickle.dumps(fastnn.losses.quantile([0.1, 0.9])))
    assert (again.name, again.settings) == ("quantile", {"levels": [0.1, 0.9]})


def test_files_name_the_loss(tmp_path):
    _, X, y = problem(2)
    path = tmp_path / "model.safetensors"
    net = fastnn.Network([4, 9, 2], output=SQUARED, rng=0)
    net.save(path)
    again = fastnn.load(path)
    np.testing.assert_array_equal(again.forward(X), net.forward(X))
    name = f"{value.__module__}.value"
    for call in (again.cost, again.error, again.fit, again.value_and_grad, again.gradcheck):
        with pytest.raises(ValueError, match=f"trained on the loss {name}.*load it with"):
            call(X, y)
    assert name in repr(again)
    again.cost(X, y, loss=SQUARED)
    again.save(path)  # the name is not lost
    for loaded in (fastnn.load(path, loss=SQUARED), again):
        loaded.loss = SQUARED
        assert loaded.cost(X, y) == net.cost(X, y)


def test_files_make_losses_of_the_library_again(tmp_path):
    path = tmp_path / "model.safetensors"
    net = fastnn.Network([4, 3], output=fastnn.losses.focal(1.5), rng=0)
    net.save(path)
    again = fastnn.load(path)
    assert (repr(again.loss), again.output) == (repr(net.loss), "softmax")
    assert again.spec == net.spec


def test_a_checkpoint_names_the_loss(tmp_path):
    net, X, y = problem(2)
    path = tmp_path / "state"
    net.fit(X, y, epochs=1, loss=SQUARED, checkpoint=path)
    other, _, _ = problem(2)
    with pytest.raises(ValueError, match="loss"):
        other.fit(X, y, epochs=2, checkpoint=path, resume=True)
    other.fit(X, y, epochs=2, loss=SQUARED, checkpoint=path, resume=True)
    net, _, _ = problem(2)
    net.fit(X, y, epochs=2, loss=SQUARED)
    np.testing.assert_array_equal(net.theta, other.theta)
