"""A fit that diverges: the error, and the parameters that it leaves behind."""

import copy
import pickle

import numpy as np
import pytest
from small_fits import bits

from fastnn import DivergenceError, MLPRegressor, Network

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
    for part in (
        "epoch 1,",
        f"batch {bad + 1} ",
        f"learning rate {error.learning_rate:g}",
        "not finite",
    ):
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
    with pytest.raises(DivergenceError, match=r"epoch 1, .*1e\+25"):
        net.fit([[1.0], [1]], [0, 0], epochs=3, optimizer="gd", learning_rate=1e25)
    assert np.isfinite(net.theta).all()


@pytest.mark.parametrize("optimizer", ["gd", "lbfgs"])
def test_divergence_at_the_start_leaves_theta(optimizer):
    net = Network([1, 1], output="identity", dtype="float64", rng=0)
    before = bits(net)
    with pytest.raises(DivergenceError, match="epoch 1, batch 1"):
        net.fit([[1e200], [1]], [0, 0], optimizer=optimizer)
    assert bits(net) == before


def test_divergence_error_survives_pickle():
    error = DivergenceError(3, 14, 0.1, "the cost is nan")
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is DivergenceError
        assert (str(twin), vars(twin)) == (str(error), vars(error))
    assert isinstance(error, ArithmeticError)


def large(dtype):
    """A number whose square is beyond the dtype."""
    return 1e20 if dtype == "float32" else 1e160


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", ["gd", "adam", "lbfgs"])
@pytest.mark.parametrize("where", [slice(None), slice(27, 28)])
def test_targets_that_are_too_large_are_named(where, optimizer, dtype):
    net, A, b = line(dtype)
    b[where] *= large(dtype)
    options = {"optimizer": optimizer} if optimizer == "lbfgs" else in_order(optimizer=optimizer)
    with pytest.raises(DivergenceError, match="targets y are the cause") as caught:
        net.fit(A, b, **options)
    for words in (dtype, "Divide y by a constant", *(["dtype float64"] * (dtype == "float32"))):
        assert words in str(caught.value)
    for words in ("learning rate", "another init"):
        assert words not in str(caught.value)
    scaled = net.like(rng=0)
    scaled.fit(A, b / abs(b).max(), **options)


# In float32, lbfgs has a twin of the network in float64.
@pytest.mark.parametrize(
    ("optimizer", "dtype"), [("gd", "float32"), ("gd", "float64"), ("lbfgs", "float64")]
)
def test_a_theta_that_was_too_large_before_the_fit_is_named(optimizer, dtype):
    net, A, b = line(dtype)
    net.theta = net.theta * large(dtype)
    before = bits(net)
    with pytest.raises(DivergenceError, match="theta was already so large") as caught:
        net.fit(A, b, optimizer=optimizer, learning_rate=1e-9)
    assert f"{abs(net.theta).max():.2g}" in str(caught.value)
    assert "learning rate 1e-09" not in str(caught.value)
    assert bits(net) == before
    net.like(rng=0).fit(A, b, optimizer=optimizer, learning_rate=1e-9, epochs=1)


def test_a_fit_after_one_of_an_extreme_rate_does_not_blame_its_own():
    net, A, b = line()
    with pytest.raises(DivergenceError) as first:
        net.fit(A, b, **in_order(learning_rate=1e30, batch_size=None, epochs=5))
    assert (first.value.cause, first.value.learning_rate) == ("", 1e30)
    assert np.isfinite(net.theta).all()
    with pytest.raises(DivergenceError, match="rate is not the cause: theta was already so large"):
        net.fit(A, b, **in_order(learning_rate=1e-6))


@pytest.mark.parametrize("what", ["rate", "X"])
def test_no_other_cause_is_named_where_there_is_none(what):
    net, A, b = line()
    rate = 1e30 if what == "rate" else 0.01
    if what == "X":
        A[3] = 3e38
    with pytest.raises(DivergenceError, match=f"with learning rate {rate:g}".replace("+", "[+]")):
        net.fit(A, b, **in_order(learning_rate=rate, epochs=5))


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_estimators_name_the_targets(solver):
    _, A, b = line()
    with pytest.raises(DivergenceError, match="targets y are the cause"):
        MLPRegressor(solver=solver, random_state=0, max_iter=2).fit(A, b * 1e20)


def test_a_cause_survives_pickle():
    error = DivergenceError(0, 0, 0.1, "the cost is nan")
    error.cause = "The moon is the cause."
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert str(twin) == str(error)
        assert str(twin).endswith("the cost is nan. The moon is the cause.")
