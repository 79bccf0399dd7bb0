"""The mean and spread of several networks' outputs by the core, against their own `forward`."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

import fastnn
from fastnn import _kernels
from fastnn.engine.small_forward import small_forward
from fastnn.many import together
from fastnn.many.together import mean_outputs

FEATURES = 7


def networks(dtype, output="softmax", units=3, normalized=(), count=4):
    """Of no, one and two hidden layers, of all kinds of activations; some have a normalizer."""
    hidden = [[], [17], [33, 5], [64, 32]]
    kinds = ["relu", "gelu", "tanh", "sigmoid"]
    nets = [
        fastnn.Network(
            [FEATURES, *hidden[k % 4], units],
            activation=[kinds[k % 4]] * len(hidden[k % 4]),
            output=output,
            dtype=dtype,
            rng=k,
        )
        for k in range(count)
    ]
    rng = np.random.default_rng(0)
    for k in normalized:
        nets[k].normalizer = fastnn.Normalizer().fit(rng.normal(k, 1 + k, (20, FEATURES)))
    return nets


def mean_of(nets, weights, X):
    """The sum in float64, in the order of the networks, rounded once."""
    total = 0.0
    for net, weight in zip(nets, weights, strict=True):
        total = total + weight * net.forward(X).astype(np.float64)
    return total.astype(nets[0].dtype)


def spread_of(nets, weights, X):
    """West (1979)."""
    mean = squares = total = 0.0
    for net, weight in zip(nets, weights, strict=True):
        A = net.forward(X).astype(np.float64)
        total += weight
        difference = A - mean
        mean = mean + difference * (weight / total)
        squares = squares + weight * difference * (A - mean)
    return np.sqrt(squares / total).astype(nets[0].dtype)


def check(nets, weights, X):
    for spread, expected in ((False, mean_of), (True, spread_of)):
        got, wanted = mean_outputs(nets, weights, X, spread=spread), expected(nets, weights, X)
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted, strict=True)


FORMS = {
    "plain": lambda X: X,
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
    "rows apart": lambda X: np.repeat(X, 2, axis=0)[::2],
    "columns apart": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1, ::-1],
    "Fortran": np.asfortranarray,
    "other dtype": lambda X: X.astype("float32" if X.dtype == "float64" else "float64"),
    "integers": lambda X: np.rint(4 * X).astype(np.int64),
    "list": lambda X: X.tolist(),
    "sparse": lambda X: csr_array(np.where(X > 0, X, 0)),
}


@settings(max_examples=150, deadline=None)
@given(
    m=st.sampled_from([1, 2, 3, 4, 5, 17, 33, 600]),
    dtype=st.sampled_from(["float32", "float64"]),
    output=st.sampled_from(["softmax", "sigmoid", "identity", "exp"]),
    units=st.sampled_from([1, 2, 3, 17, 33]),
    form=st.sampled_from(sorted(FORMS)),
    normalized=st.sets(st.integers(0, 3)),
    threads=st.sampled_from([1, 2, 3]),
    variant=st.sampled_from(_kernels.variants()),
    data=st.data(),
)
def test_the_bits_are_those_of_the_sum_in_order(
    m, dtype, output, units, form, normalized, threads, variant, data
):
    size = data.draw(st.lists(st.floats(1e-3, 1.0), min_size=4, max_size=4))
    weights = (np.array(size) / sum(size)).tolist()
    nets = networks(dtype, output, max(units, 2) if output == "softmax" else units, normalized)
    X = np.random.default_rng(m).standard_normal((m, FEATURES)).astype(dtype)
    before = _kernels.choose(variant)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(together, "choose_threads", lambda *args, **options: threads)
        try:
            check(nets, weights, FORMS[form](X))
        finally:
            _kernels.choose(before)


def test_each_thread_has_buffers_of_its_own():
    """In a process of its own, which ends at once where the heap is damaged."""
    code = """
import numpy as np
import fastnn
from fastnn.many import together
together.choose_threads = lambda *args, **options: 8
networks = [fastnn.Network([40, 70, 33, 5], rng=seed) for seed in range(4)]
ensemble = fastnn.Ensemble(networks)
for m in (600, 300, 513, 700) * 5:
    X = np.random.default_rng(m).standard_normal((m, 40)).astype(np.float32)
    A = np.mean([net.forward(X) for net in networks], axis=0, dtype=np.float64)
    np.testing.assert_allclose(ensemble.forward(X), A, rtol=1e-5, atol=1e-7)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_long_pass_has_the_same_bits_after_a_pause(dtype, threads, monkeypatch):
    """Sessions, which stop at every deadline."""
    monkeypatch.setattr(together, "choose_threads", lambda *args, **options: threads)
    monkeypatch.setattr(together, "TURN", 0.0)
    monkeypatch.setattr(_kernels, "forward_together", lambda *args, **options: None)
    for normalized in ((), (1, 3)):
        nets = networks(dtype, normalized=normalized)
        for m in (0, 1, 33, 3000):
            X = np.random.default_rng(m).standard_normal((m, FEATURES)).astype(dtype)
            check(nets, [0.1, 0.2, 0.3, 0.4], X)


def test_other_data_from_call_to_call():
    """Buffers that a call leaves do not disturb the next one, of X in place or gathered."""
    nets = networks("float32", normalized=[2])
    rng = np.random.default_rng(0)
    for m, form in [(33, "plain"), (9, "other dtype"), (600, "plain"), (600, "Fortran"),
                    (33, "sparse"), (600, "plain"), (5, "plain"), (1, "plain")]:  # fmt: skip
        check(nets, [0.25] * 4, FORMS[form](rng.standard_normal((m, FEATURES)).astype(np.float32)))
        nets[1].theta *= 1.1
        nets[0].normalizer = fastnn.Normalizer().fit(rng.standard_normal((20, FEATURES)))


def test_a_network_may_be_there_twice():
    net = networks("float32")[2]
    for m in (1, 33):
        X = np.random.default_rng(m).standard_normal((m, FEATURES)).astype(np.float32)
        check([net, net], [0.3, 0.7], X)
    check([net, net], [0.3, 0.7], X)


def test_calls_of_several_threads_at_once():
    nets = networks("float32", normalized=[1])
    rng = np.random.default_rng(0)
    sets = [rng.standard_normal((m, FEATURES)).astype(np.float32) for m in (3, 40, 900, 5000)]
    expected = [mean_of(nets, [0.25] * 4, X) for X in sets]
    wrong = []

    def work(X, A):
        for k in range(100):
            if (mean_outputs(nets, [0.25] * 4, X) != A).any():
                wrong.append(k)
            nets[k % 4].forward(X)

    with ThreadPoolExecutor(len(sets)) as pool:
        list(pool.map(work, sets, expected))
    assert not wrong


@pytest.mark.parametrize("m", [1, 40])
def test_numbers_that_are_not_finite_are_refused(m):
    X = np.zeros((m, FEATURES), np.float32)
    X[-1, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        mean_outputs(networks("float32"), [0.25] * 4, X)
    check(networks("float32"), [0.25] * 4, np.nan_to_num(X))


def test_arguments_that_do_not_fit_are_refused():
    """By the core itself, whatever Python has checked."""
    nets, X = networks("float32"), np.zeros((1, FEATURES), np.float32)
    kept = [small_forward(net) for net in nets]
    other = small_forward(networks("float64")[0])
    for members, weights in (([], []), (kept, [1.0]), ([kept[0], other], [0.5, 0.5])):
        with pytest.raises(ValueError, match="do not fit"):
            _kernels.forward_together(members, weights, X, spread=False)
    rows = [_kernels.Rows(each, each.shape) for each in (X, X[:, :-1], np.zeros((2, FEATURES)))]
    for given_rows in (rows[:1], [rows[0], rows[1]], [rows[0], rows[2]]):
        with pytest.raises(ValueError, match="do not fit"):
            _kernels.forward_together(kept[:2], [0.5, 0.5], X, spread=False, rows=given_rows)
    with pytest.raises(TypeError):
        _kernels.forward_together(kept[:2], [0.5, 0.5], X, spread=False, rows=[X, X])
    sessions = [together.open_session(net, rows[0], threads=1) for net in nets[:2]]
    for mean, squares in ((np.zeros((2, 3)), None), (np.zeros((1, 3)), np.zeros((1, 2)))):
        with pytest.raises(ValueError, match="do not fit"):
            _kernels.start_together(sessions, [0.5, 0.5], mean, squares)
    with pytest.raises(ValueError, match="needs start_together"):
        _kernels.evaluate_together(sessions, 1.0)


def test_reckoning_is_associated_in_order():
    """Another order of the networks has other last bits: the documented one is a statement."""
    nets = networks("float64")
    X = np.random.default_rng(0).standard_normal((200, FEATURES))
    weights = [0.1, 0.2, 0.3, 0.4]
    orders = [mean_outputs(nets[k:] + nets[:k], weights[k:] + weights[:k], X) for k in range(4)]
    assert any((a != b).any() for a, b in pairwise(orders))
