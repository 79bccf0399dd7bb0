"""`Network.gradcheck`: the production kernels against the independent numerical derivative."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from problems import ACTIVATIONS, OUTPUTS, draw_problem
from stopwatch import Stopwatch

import fastnn
from fastnn import _kernels
from fastnn.engine import passes
from fastnn.gradient_checking.network import check as checking
from fastnn.gradient_checking.network import pieces, rounding
from fastnn.many.blend import Rows, fit_blend

DTYPES = ("float64", "float32")


def small(**options):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 6)), rng.integers(0, 3, 30)
    return fastnn.Network([6, 8, 7, 3], rng=0, **{"dtype": "float64", **options}), X, y


def compared(check):
    return check.checked & ~check.excluded


def within(check):
    """The largest error over its uncertainty."""
    at = compared(check)
    return (np.abs(check.analytic - check.numeric) / check.uncertainty)[at].max(initial=0)


# --- the numerical side -----------------------------------------------------------------------


@pytest.mark.parametrize("keep_prob", [None, [0.9, 0.7, 0.8]])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_numeric_is_the_derivative(activation, output, weighted, keep_prob):
    """The derivative of the reference network, to more digits than a difference of costs has."""
    problem = draw_problem(
        3,
        [5, 7, 6, 3],
        25,
        activation=activation,
        output=output,
        l2=0.7,
        l1=[0.0, 0.2, 0.1],
        keep_prob=keep_prob,
        weighted=weighted,
    )
    net = problem.network("float64")
    check = net.gradcheck(
        problem.X,
        problem.y,
        sample_weight=problem.sample_weight,
        dropout=(4, 9) if keep_prob else False,
    )
    masks = problem.masks(4)(9, 25) if keep_prob else None
    exact = problem.reference().value_and_grad(
        problem.theta, problem.X, problem.y, problem.sample_weight, masks
    )[1]
    at = compared(check)
    assert at.mean() > 0.9
    np.testing.assert_allclose(
        check.numeric[at], exact[at], rtol=1e-10, atol=1e-12 * np.abs(exact).max()
    )
    assert check.verdict == "correct"
    assert check.difference < 1e-7
    assert check.theta.tobytes() == problem.theta.tobytes()


def test_epsilon_hardly_matters():
    net, X, y = small(activation="tanh")
    _, dtheta = net.value_and_grad(X, y)
    for epsilon in (1e-12, 1e-7, 1e-5):
        numeric = net.gradcheck(X, y, epsilon=epsilon).numeric
        np.testing.assert_allclose(numeric, dtheta, rtol=1e-9 + epsilon, atol=1e-13 + epsilon**2)


@pytest.mark.parametrize("method", ["two-sided", "one-sided"])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-3, 0.01])
@pytest.mark.parametrize("activation", ["tanh", "elu", "gelu"])
def test_truncation_is_within_the_uncertainty(activation, epsilon, method):
    net, X, y = small(activation=activation, l2=1.0, l1=0.1, init_gain=0.7)
    check = net.gradcheck(X, y, epsilon=epsilon, method=method)
    assert within(check) < 1
    assert check.verdict == "correct"
    if method == "one-sided" and epsilon == 1e-3:
        assert check.difference > 1e-7


# --- no false alarm, no miss ------------------------------------------------------------------


def random_problem(rng):
    depth = int(rng.integers(1, 6))
    sizes = [int(n) for n in rng.integers(1, 20, depth + 1)]
    output = str(rng.choice(OUTPUTS))
    sizes[-1] = max(sizes[-1], 2)
    drops = rng.random() < 0.4
    problem = draw_problem(
        int(rng.integers(1 << 30)),
        sizes,
        int(rng.integers(1, 60)),
        output=output,
        activation=[str(name) for name in rng.choice(ACTIVATIONS, depth - 1)],
        l2=[float(v) for v in rng.choice([0, 0.1, 1], depth)],
        l1=[float(v) for v in rng.choice([0, 0.1], depth)],
        keep_prob=[float(v) for v in rng.choice([1, 0.9, 0.5], depth)] if drops else None,
        weighted=bool(rng.random() < 0.3),
    )
    return _degenerate(problem, rng)


def _degenerate(problem, rng):
    """A random problem; in some, roundings are not independent or inputs are exactly 0."""
    X, theta = problem.X, problem.theta
    kind = int(rng.integers(10))
    if kind == 0:
        X[:] = 0
    elif kind == 1:
        X[:] = X > 0
    elif kind == 2:
        X[rng.random(X.shape) < 0.7] = 0
    elif kind == 3:
        X[:] = X[0]
    elif kind == 4:
        X *= 100
    elif kind == 5:
        theta[rng.random(theta.size) < 0.5] = 0
    elif kind == 6:
        theta[:] = np.round(theta)
    return problem


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_random_networks(dtype, monkeypatch):
    """No false alarm; and a factor of 1.0005 on one array is always found and named."""
    rng, missed, largest = np.random.default_rng(7), 0, 0.0
    for n in range(300):
        problem = random_problem(rng)
        net = problem.network(dtype)
        options = {
            "sample_weight": problem.sample_weight,
            "threads": 1,
            "dropout": (5, n) if problem.drops else False,
        }
        check = net.gradcheck(problem.X, problem.y, **options)
        assert check.verdict == "correct", check
        largest = max(largest, within(check))

        # A gradient of 0 stays 0 times any factor, and an array whose components all lie on kinks
        # cannot be judged.
        at = (
            compared(check)
            & (check.analytic != 0)
            & (check.uncertainty < 1e-4 * np.abs(check.analytic))
        )
        names = [p.name for p in net.layout.values() if at[p.slice].any()]
        if not names:
            continue
        name = names[int(rng.integers(len(names)))]
        with monkeypatch.context() as patch:
            scale_one_array(patch, net.layout[name].slice)
            wrong = net.gradcheck(problem.X, problem.y, **options)
        off = [p for p, of in wrong.parameters.items() if of.off]
        missed += off != [name]
    assert missed == 0
    assert largest < 0.6


def scale_one_array(patch, part, factor=1.0005):
    true = passes.differentiate

    def differentiate(*args, **kwargs):
        J, dtheta = true(*args, **kwargs)
        dtheta[part] *= factor
        return J, dtheta

    patch.setattr(passes, "differentiate", differentiate)


def test_a_missing_penalty_is_named(monkeypatch):
    net, X, y = small(l2=0.3, l1=0.1)
    monkeypatch.setattr(_kernels, "add_penalty_gradient", lambda *args: None)
    check = net.gradcheck(X, y)
    assert check.verdict != "correct"
    assert all(
        check.parameters[f"W{l}"].off and not check.parameters[f"b{l}"].off for l in (1, 2, 3)
    )
    assert "penalty" in str(check)


def test_dropout_without_its_scale_is_found(monkeypatch):
    """A gradient with the same masks, but 1 / keep_prob forgotten in the backward pass."""
    net, X, y = small(keep_prob=[1.0, 0.8, 0.8])
    net.theta += 0.1  # with b = 0 a row whose units are all dropped would lie on the next kink
    true = passes.differentiate

    def differentiate(*args, **kwargs):
        J, dtheta = true(*args, **kwargs)
        dtheta[: net.layout["b1"].slice.stop] *= 0.8 * 0.8
        dtheta[net.layout["W2"].slice.start : net.layout["b2"].slice.stop] *= 0.8
        return J, dtheta

    monkeypatch.setattr(passes, "differentiate", differentiate)
    check = net.gradcheck(X, y, dropout=True)
    assert check.verdict == "wrong"
    assert [name for name, of in check.parameters.items() if of.off] == ["W1", "b1", "W2", "b2"]


def test_float32_is_tight():
    """The uncertainty of float32 leaves room to find an error of 1e-5 in a net of normal size."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 100)), rng.integers(0, 10, 64)
    net = fastnn.Network([100, 64, 32, 10], rng=0)
    check = net.gradcheck(X, y, sample=2000)
    for parameter in check.parameters:
        part = net.layout[parameter].slice
        assert (check.uncertainty < 1e-5 * np.abs(check.analytic))[part].any()
    assert within(check) < 0.5


@pytest.mark.parametrize("seed", [1, 3])
def test_rows_that_are_nearly_equal_round_alike(seed):
    """Bins make rows that share most inputs: their errors have one direction."""
    x = np.random.default_rng(seed).uniform(size=(600, 4))
    bins = np.clip((x[:, :, np.newaxis] - np.arange(16) / 16) * 16, 0, 1)
    X = np.hstack([bins.reshape(600, 64), (x - 0.5) / 0.29]).astype(np.float32)
    y = x @ [2, 1, -1, 0]
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    options = {"output": "identity", "n_outputs": 1, "quality": "fast"}
    net = fit_blend(Rows(X, y), **options, seed=seed, n_jobs=1).network
    assert within(net.gradcheck(X[:60], y[:60])) < 0.8


# --- options ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_variant():
    """The kernels of the other CPU variants that this machine can run."""
    code = (
        "import numpy as np, fastnn\n"
        "rng = np.random.default_rng(0)\n"
        "X, y = rng.normal(size=(30, 6)), rng.integers(0, 3, 30)\n"
        "for dtype in ('float64', 'float32'):\n"
        "    for activation in ('relu', 'gelu', 'tanh', 'elu'):\n"
        "        net = fastnn.Network([6, 8, 7, 3], activation=activation, keep_prob=.8,\n"
        "                             l2=.1, l1=.1, dtype=dtype, rng=0)\n"
        "        check = net.gradcheck(X, y, dropout=True)\n"
        "        assert check.verdict == 'correct', check\n"
    )
    for variant in _kernels.variants():
        subprocess.run(
            [sys.executable, "-c", code], check=True, env={**os.environ, "FASTNN_VARIANT": variant}
        )


def test_dropout_masks_are_replayed():
    net, X, y = small(keep_prob=[0.9, 0.6, 0.7])
    for dropout in ((3, 7), (3, 8)):
        check = net.gradcheck(X, y, dropout=dropout)
        assert (check.analytic == net.value_and_grad(X, y, dropout=dropout)[1]).all()
        assert check.verdict == "correct"
    assert net.gradcheck(X, y, dropout=True).difference < 1e-7
    assert (net.gradcheck(X, y).analytic == net.value_and_grad(X, y)[1]).all()


def test_kinks_are_counted_and_left_out():
    net = fastnn.Network([1, 2, 1], output="identity", dtype="float64", rng=0)
    net.theta = [1.0, 1.0, 0.0, 5e-8, 1.0, 1.0, 0.0]  # W1 (1, 2), b1, W2 (2, 1), b2
    check = net.gradcheck([[0.0]], [1.0])
    # With x = 0 no weight of W1 moves anything; b1 moves z = 0 and z = 5e-8 across 0.
    assert check.excluded.tolist() == [False, False, True, True, False, False, False]
    assert check.parameters["b1"].excluded == 2
    assert "excluded" in str(check) or "kink" in str(check)


def test_a_weight_near_zero_is_a_kink_of_l1():
    net, X, y = small(activation="tanh", l1=0.5)
    net.params["W2"][0, :3] = 3e-8, 0.0, 1.0
    start = net.layout["W2"].slice.start
    two = net.gradcheck(X, y).excluded
    one = net.gradcheck(X, y, method="one-sided").excluded
    assert two.nonzero()[0].tolist() == [start]
    assert one.nonzero()[0].tolist() == [start, start + 1]


def test_indices():
    net, X, y = small()
    every = net.gradcheck(X, y)
    some = net.gradcheck(X, y, indices=[40, 2, -1])
    assert some.checked.nonzero()[0].tolist() == [2, 40, net.theta.size - 1]
    assert np.isnan(some.numeric[~some.checked]).all()
    assert (some.numeric[some.checked] == every.numeric[some.checked]).all()
    mask = np.zeros(net.theta.size, bool)
    mask[[2, 40, -1]] = True
    assert (net.gradcheck(X, y, indices=mask).checked == mask).all()


def test_sample_takes_some_of_each_array():
    net, X, y = small()
    check = net.gradcheck(X, y, sample=24)
    assert check.checked.sum() == 24
    assert all(check.checked[p.slice].any() for p in net.layout.values())
    assert (net.gradcheck(X, y, sample=24, rng=1).checked != check.checked).any()
    assert net.gradcheck(X, y, sample=10**6).checked.all()
    assert net.gradcheck(X, y, sample=1).checked.sum() == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"method": "complex-step"}, ValueError, "two-sided, one-sided"),
        ({"method": 2}, TypeError, "two-sided, one-sided"),
        ({"epsilon": 0}, ValueError, r"epsilon in \(0, 0.01\]"),
        ({"epsilon": "1"}, TypeError, "epsilon to be a number"),
        ({"threads": 0}, ValueError, "threads"),
        ({"dropout": 3}, TypeError, "dropout"),
        ({"dropout": (1, 2, 3)}, TypeError, "dropout"),
        ({"sample": 0}, ValueError, "sample"),
        ({"sample": 2, "indices": [1]}, ValueError, "indices or sample"),
        ({"indices": [10**9]}, ValueError, "expected indices below"),
        ({"indices": [0.5]}, TypeError, "integers or a mask"),
        ({"indices": []}, ValueError, "at least one"),
        ({"indices": [True, False]}, ValueError, "expected a mask of"),
        ({"sample_weight": [1.0]}, ValueError, "sample_weight"),
    ],
)
def test_bad_arguments(options, error, message):
    net, X, y = small()
    with pytest.raises(error, match=message):
        net.gradcheck(X, y, **options)


def test_a_theta_that_is_not_finite():
    net, X, y = small()
    net.theta[3] = np.nan
    with pytest.raises(ValueError, match="theta to be finite"):
        net.gradcheck(X, y)


@pytest.mark.parametrize("kind", ["list", "float32", "int8", "fortran", "sparse"])
def test_any_data(kind):
    net, X, y = small(dtype="float32")
    X = np.round(X * 2)
    expected = net.gradcheck(X, y).numeric
    if kind == "sparse":
        X = pytest.importorskip("scipy.sparse").csr_matrix(X)
    else:
        X = {
            "list": X.tolist(),
            "float32": X.astype("f4"),
            "int8": X.astype("i1"),
            "fortran": np.asfortranarray(X),
        }[kind]
    assert (net.gradcheck(X, y).numeric == expected).all()


def test_float32_reads_rounded_data():
    """A float32 network rounds X; its gradient is that of the rounded X."""
    net, X, _ = small(dtype="float32", activation="tanh", output="identity")
    Y = np.random.default_rng(0).normal(size=(30, 3))
    assert net.gradcheck(X * 1000, Y).verdict == "correct"


def test_nothing_is_changed():
    net, X, y = small(keep_prob=0.5)
    before, state = net.theta.copy(), net.rng.bit_generator.state
    net.gradcheck(X, y, dropout=True)
    assert (net.theta == before).all()
    assert net.rng.bit_generator.state == state


# --- threads, processes, Ctrl-C ---------------------------------------------------------------


@pytest.mark.parametrize("threads", [2, 3])
def test_bits_do_not_depend_on_threads(threads, monkeypatch):
    monkeypatch.setattr(pieces, "_PIECE", 1 << 12)
    net, X, y = small()
    one = net.gradcheck(X, y, threads=1)
    other = net.gradcheck(X, y, threads=threads)
    assert one.numeric.tobytes() == other.numeric.tobytes()
    assert one.uncertainty.tobytes() == other.uncertainty.tobytes()


def test_two_checks_at_once():
    net, X, y = small()
    expected = net.gradcheck(X, y).numeric
    with ThreadPoolExecutor(4) as pool:
        checks = list(pool.map(lambda _: net.gradcheck(X, y, threads=2), range(8)))
    assert all((check.numeric == expected).all() for check in checks)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_in_a_forked_child():
    """In a process of its own: other libraries loaded here may not survive a fork."""
    code = (
        "import os, numpy as np, fastnn\n"
        "X, y = np.random.default_rng(0).normal(size=(30, 6)), np.arange(30) % 3\n"
        "net = fastnn.Network([6, 8, 3], rng=0)\n"
        "net.gradcheck(X, y, threads=2)\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(net.gradcheck(X, y, threads=2).verdict != 'correct')\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c(threads):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 600)), rng.integers(0, 10, 64)
    net = fastnn.Network([600, 400, 300, 10], activation="gelu", rng=0)  # takes several seconds
    net.gradcheck(X[:2], y[:2], sample=10)
    pressed = []

    def press():
        pressed.append(Stopwatch())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.4, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.gradcheck(X, y, threads=threads)
    assert pressed[0].seconds() < 1.0


# --- in fit, and around it --------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_during_fit(optimizer):
    net, X, y = small(keep_prob=1.0 if optimizer == "lbfgs" else 0.8, l2=0.1)
    twin = copy.deepcopy(net)
    options = {"epochs": 4, "batch_size": 8, "optimizer": optimizer}
    history = net.fit(X, y, gradcheck_at=(0, 3), **options)
    assert list(history.gradchecks) == [0, 3]
    assert all(check.verdict == "correct" for check in history.gradchecks.values())
    assert (history.gradchecks[0].theta != history.gradchecks[3].theta).any()
    assert twin.fit(X, y, **options).gradchecks == {}
    assert (twin.theta == net.theta).all()  # looking changes nothing
    assert list(pickle.loads(pickle.dumps(history)).gradchecks) == [0, 3]


def test_during_fit_on_any_data():
    sparse = pytest.importorskip("scipy.sparse")
    net, X, y = small()
    weight = np.r_[np.zeros(20), np.ones(10)]
    history = net.fit(
        sparse.csc_matrix(X),
        y.tolist(),
        epochs=1,
        gradcheck_at=[0, 1],
        sample_weight=weight.tolist(),
    )
    assert len(history.gradchecks) == 2
    assert net.fit(X.tolist(), y, epochs=1, gradcheck_at=0).gradchecks[0].verdict == "correct"
    for at in (np.int64(1), np.arange(1, 2)):
        assert list(net.fit(X, y, epochs=1, gradcheck_at=at).gradchecks) == [1]
    assert not net.fit(X, y, epochs=1, gradcheck_at=np.array([], int)).gradchecks


@pytest.mark.parametrize(
    ("at", "error"),
    [
        ("0", TypeError),
        (None, TypeError),
        ([0.5], TypeError),
        ([-1], ValueError),
        ([5], ValueError),
    ],
)
def test_bad_epochs_to_check_at(at, error):
    net, X, y = small()
    before = net.theta.copy()
    with pytest.raises(error, match="gradcheck_at"):
        net.fit(X, y, epochs=4, gradcheck_at=at)
    assert (net.theta == before).all()


def test_warm_up_is_done_once():
    checking.warm_up()
    assert checking.warm_up() == 0
    assert len(checking.cost_changes.cost_changes.signatures) == 1
    net, X, _ = small(dtype="float32", activation="silu", output="identity")
    net.gradcheck(X, np.ones((30, 3)), sample_weight=np.ones(30), dropout=(1, 2), indices=[1])
    assert len(checking.cost_changes.cost_changes.signatures) == 1
    assert len(rounding._running_product.signatures) == 1


@pytest.mark.slow
def test_the_first_compilation_is_told_on_a_terminal(tmp_path):
    """Numba has an empty cache here, so that it compiles."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "fastnn", "warmup"]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True, check=True
    )
    assert done.stdout.startswith("Gradient checking is ready")
    said = os.read(ours, 10_000).decode()
    assert said.startswith("The first gradient check on this machine compiles its formulas")
    assert said.count("compiles") == 1
    os.close(ours)
    os.close(theirs)


def test_warm_up_on_the_command_line():
    from click.testing import CliRunner

    from fastnn.cli import main

    result = CliRunner().invoke(main, ["warmup"])
    assert result.exit_code == 0
    assert result.output.startswith("Gradient checking is ready")
    assert CliRunner().invoke(main, ["warmup", "--quiet"]).output == ""


def test_numba_is_loaded_only_for_a_check():
    code = (
        "import fastnn, sys; net = fastnn.Network([2, 3, 2]);"
        "net.fit([[0, 1], [1, 0]], [0, 1], epochs=1); assert 'numba' not in sys.modules;"
        "assert 'scipy' not in sys.modules;"
        "loaded = {name for name in sys.modules if 'gradient_checking.' in name};"
        # `fit` knows when to check; the check itself is loaded when the first one is made.
        "assert loaded <= {'fastnn.gradient_checking.network' + end for end in ('', '.during_fit')}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
