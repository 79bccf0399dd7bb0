"""Causes that come before bias and variance: each is named where it was planted, and only there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

import fastnn
from fastnn.diagnosis.causes.association import is_associated
from fastnn.diagnosis.causes.inputs import counters, scale_of
from fastnn.diagnosis.causes.losses import baseline, is_lower, is_no_lower, losses_of
from fastnn.diagnosis.causes.search import causes_of
from fastnn.diagnosis.evidence.symmetry import equal_units

RNG = np.random.default_rng(0)
LOADERS = {
    "digits": load_digits,
    "breast_cancer": load_breast_cancer,
    "wine": load_wine,
    "diabetes": load_diabetes,
}


def table(name, seed=0):
    """(training set, dev set, outputs) of a data set; targets of a regression standardized."""
    X, y = LOADERS[name](return_X_y=True)
    if name == "diabetes":
        y = (y - y.mean()) / y.std()
    train, dev, _ = fastnn.split(X, y, sizes=(0.6, 0.3, 0.1), rng=seed)
    units = 1 if name == "diabetes" or y.max() == 1 else int(y.max()) + 1
    return (train.X, train.y), (dev.X, dev.y), units


def fitted(train, units, *, hidden=(32, 32), regression=False, seed=0, **options):
    names = ("activation", "init", "normalize", "l2", "keep_prob", "dtype", "init_gain")
    settings = {name: options.pop(name) for name in names if name in options}
    net = fastnn.Network(
        [train[0].shape[1], *hidden, units],
        output="identity" if regression else None,
        **{"normalize": True, **settings},
        rng=seed,
    )
    net.fit(*train, **{"epochs": 60, "batch_size": 32, **options})
    return net


def without_stopping(change):
    """A change without early stopping, which is advised where a fit as advised overfits."""
    return {name: value for name, value in change.items() if name != "early_stopping"}


def first_cause(name, **options):
    train, dev, units = table(name)
    net = fitted(train, units, regression=name == "diabetes", **options)
    found = causes_of(net, train, dev)
    return found[0] if found else None


# --- what was planted is named first -----------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LOADERS)
def test_symmetry(name, dtype):
    cause = first_cause(name, init="zeros", dtype=dtype)
    assert "copies of each other" in cause.name
    assert without_stopping(cause.change) == {"init": "auto"}
    assert "init='auto' (now 'zeros')" in cause.advice


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_equal_weights_are_symmetry_whatever_their_value(activation):
    train, _, units = table("wine")
    net = fastnn.Network([13, 8, 8, units], activation=activation, normalize=True, rng=0)
    net.theta = np.full(net.theta.size, 0.1)
    net.fit(*train, epochs=20)
    assert equal_units(net) == [1, 2]
    net.params["W1"][:, 0] += 0.05
    assert equal_units(net) == [2]
    assert equal_units(fastnn.Network([13, 8, 8, units], rng=0)) == []
    assert equal_units(fastnn.Network([13, 1, 3], rng=0)) == []  # one unit has no copy


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_inputs_that_are_not_normalized(activation):
    r = np.random.default_rng(0)
    m = 600
    X = np.c_[
        r.integers(1, 6, m),
        r.integers(1, 4, m),
        r.integers(600, 4000, m),
        r.integers(1950, 2023, m),
    ].astype(float)
    price = 50 + 0.2 * X[:, 2] + 20 * X[:, 0] + 2 * (X[:, 3] - 1950)
    y = (price > np.median(price)).astype(int)
    train, dev = (X[:400], y[:400]), (X[400:], y[400:])
    net = fitted(train, 1, activation=activation, normalize=False, hidden=(16, 16), epochs=100)
    cause = causes_of(net, train, dev)[0]
    assert cause.name == "the inputs are not normalized"
    assert without_stopping(cause.change) == {"normalize": True}
    assert "(column 2)" in cause.evidence


@pytest.mark.parametrize("change", [lambda X: X + 1000, lambda X: X * 1e-4, lambda X: X * 1e4])
def test_inputs_of_another_scale(change):
    r = np.random.default_rng(0)
    X = r.normal(size=(600, 6))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    X = change(X)
    train, dev = (X[:400], y[:400]), (X[400:], y[400:])
    net = fitted(train, 1, normalize=False, hidden=(20, 20), epochs=30)
    assert causes_of(net, train, dev)[0].name == "the inputs are not normalized"


def skewed(seed, noise, spread):
    """Columns with long tails, as counts and sums of money have; some labels are wrong."""
    r = np.random.default_rng(seed)
    Z = r.normal(size=(3000, 6))
    X = np.maximum(np.exp(spread * Z) - 1, 0) * np.array([100, 1, 1, 0.1, 0.1, 0.1])
    right = Z @ [1, -1, 1, 0.5, 0, 0.5] > 0.3
    y = np.where(r.random(3000) < noise, ~right, right).astype(int)
    return (X[:2000], y[:2000]), (X[2000:], y[2000:])


@pytest.mark.parametrize(("seed", "spread"), [(0, 1), (1, 2), (2, 2), (3, 1), (3, 2), (6, 2)])
def test_the_scale_comes_before_what_follows_from_it(seed, spread):
    """Unsteady fits look stuck, too short or too slow; noise leaves little to gain by scaling."""
    train, dev = skewed(seed, 0.05, spread)
    net = fitted(train, 1, normalize=False, epochs=50, batch_size=64, seed=seed)
    assert causes_of(net, train, dev)[0].name == "the inputs are not normalized"


@pytest.mark.parametrize(("value", "word"), [(0.0, "0 in every row"), (3.0, "constant")])
def test_inputs_that_are_constant(value, word):
    X, y = np.full((200, 6), value), RNG.integers(0, 2, 200)
    net = fitted((X, y), 1, hidden=(8,), normalize=False, epochs=5)
    assert causes_of(net, (X, y), (X, y))[0].name == f"X is {word}"


def test_a_column_that_numbers_the_rows():
    X, y = load_wine(return_X_y=True)
    X = np.c_[np.arange(len(X)) + 1.0, X]  # the rows lie in the order of their classes
    train, dev, _ = fastnn.split(X, y, sizes=(0.6, 0.3, 0.1), rng=0)
    net = fitted((train.X, train.y), 3)
    cause = causes_of(net, (train.X, train.y), (dev.X, dev.y))[0]
    assert cause.name == "column 0 of X numbers the rows"
    assert counters(X[:, 1:]) == []


def test_counters_are_not_guessed():
    r = np.random.default_rng(0)
    years = r.permutation(np.arange(1900, 2000))[:, None].astype(float)
    assert counters(np.c_[years, r.normal(size=100)]) == [0]  # all different, without a gap
    assert counters(r.integers(0, 50, (100, 3)).astype(float)) == []
    assert counters(r.permutation(100_000)[:100, None].astype(float)) == []  # areas, prices
    assert counters(years[:40]) == []  # few rows: chance


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
def test_too_few_updates(name):
    cause = first_cause(name, epochs=2, batch_size=512)
    assert cause.name.startswith("the network is not trained long enough after 2 epochs")
    assert cause.change["epochs"] > 2


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("optimizer", ["adam", "gd"])
def test_a_learning_rate_that_is_too_small(name, optimizer):
    cause = first_cause(name, learning_rate=1e-7, optimizer=optimizer)
    assert cause.name == "the learning rate, 1e-07, is too small"
    assert cause.change["learning_rate"] >= 1e-4


def test_a_learning_rate_that_is_too_large():
    cause = first_cause("digits", learning_rate=0.5)
    assert cause.name == "the learning rate, 0.5, is too large"
    assert cause.change["learning_rate"] <= 0.05


def test_a_large_learning_rate_comes_before_new_weights():
    """New weights alone would help, too, but less than a smaller rate."""
    train, dev = skewed(7, 0.1, 2)
    net = fitted(train, 1, learning_rate=0.3, epochs=50, batch_size=64, seed=7)
    assert causes_of(net, train, dev)[0].name == "the learning rate, 0.3, is too large"


def test_of_smaller_rates_that_are_as_good_the_smallest_is_advised():
    train, dev, units = table("diabetes", 2)
    net = fitted(train, units, regression=True, learning_rate=0.3, seed=2)
    assert causes_of(net, train, dev)[0].change["learning_rate"] == pytest.approx(3e-4)


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine"])
def test_shuffled_labels(name):
    train, dev, units = table(name)
    shuffled = train[0], RNG.permutation(train[1])
    dev = dev[0], RNG.permutation(dev[1])
    net = fitted(shuffled, units)
    assert causes_of(net, shuffled, dev)[0].name == "X seems to tell nothing of y"


def test_a_network_that_is_too_small():
    cause = first_cause("digits", hidden=(2,), epochs=300)
    assert cause.name == "the network is too small"
    assert cause.change["layer_sizes"][1] == 32


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_a_small_network_is_not_mended_by_a_larger_rate(seed):
    """The rate lowers its loss by a tenth, more units by nine tenths."""
    train, dev, units = table("digits", seed)
    net = fitted(train, units, hidden=(1,), epochs=200, batch_size=64, seed=seed)
    assert causes_of(net, train, dev)[0].name == "the network is too small"


def test_a_network_that_is_regularized_too_strongly():
    cause = first_cause("digits", l2=2000.0)
    assert cause.name == "the network is regularized too strongly"


def test_one_class_in_training():
    X, y = RNG.normal(size=(100, 3)), np.ones(100, int)
    net = fitted((X, y), 1, hidden=(4,), epochs=2)
    assert causes_of(net, (X, y), (X, y))[0].name == "all training labels are the same"


# --- and nothing where nothing was planted -----------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["digits", "breast_cancer", "wine"])
def test_no_cause_where_all_is_well(name, seed):
    train, dev, units = table(name, seed)
    net = fitted(train, units, seed=seed, epochs=100)
    diagnosis = net.diagnose(train, dev)
    assert diagnosis.causes == ()
    assert not any(text.startswith("first of all") for text in diagnosis.advice)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_overfitting_is_no_cause_of_another_kind(seed):
    train, dev, units = table("digits", seed)
    few = train[0][:100], train[1][:100]
    net = fitted(few, units, hidden=(128, 128), epochs=200, seed=seed)
    assert causes_of(net, few, dev) == []


def test_the_words_are_the_same_every_time_and_nothing_is_changed():
    train, dev, units = table("digits")
    net = fitted(train, units, epochs=1)
    theta, history = net.theta.copy(), net.history
    state = net.rng.bit_generator.state
    assert causes_of(net, train, dev) == causes_of(net, train, dev)
    assert np.array_equal(net.theta, theta)
    assert net.history is history
    assert net.rng.bit_generator.state == state


# --- the parts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_losses_are_those_of_the_core(output):
    X = RNG.normal(size=(50, 4))
    y = {
        "softmax": RNG.integers(0, 3, 50),
        "sigmoid": RNG.integers(0, 2, (50, 3)),
        "identity": RNG.normal(size=(50, 3)),
    }[output]
    net = fastnn.Network([4, 5, 3], output=output, l2=0.5, dtype="float64", rng=0)
    net.l2 = 0.0
    half = 0.5 if output == "identity" else 1.0
    assert half * losses_of(net, X, y).mean() == pytest.approx(net.cost(X, y), rel=1e-12)


def test_the_baseline_knows_the_frequencies_alone():
    y = np.array([0, 0, 0, 1])
    assert baseline("softmax", y, y).mean() == pytest.approx(
        -0.75 * np.log(0.75) - 0.25 * np.log(0.25)
    )
    assert baseline("sigmoid", y, y).mean() == pytest.approx(baseline("softmax", y, y).mean())
    assert baseline("identity", y, y).mean() == pytest.approx(np.var(y))


@given(st.floats(0.3, 3), st.integers(50, 400), st.integers(0, 100))
@settings(max_examples=50, deadline=None)
def test_a_paired_test_sees_what_is_there(shift, m, seed):
    r = np.random.default_rng(seed)
    a = r.exponential(size=m)
    assert is_lower(a, a + shift)
    assert not is_lower(a + shift, a)
    assert not is_lower(a, a)
    assert is_no_lower(a + shift, a)
    assert not is_no_lower(a, a + shift + a.mean())


def test_a_paired_test_is_rarely_wrong():
    r = np.random.default_rng(0)
    wrong = sum(is_lower(*r.exponential(size=(2, 100))) for _ in range(2000))
    assert wrong <= 30  # 2.5 standard errors: 0.6 % of them


def test_association():
    X, y = load_digits(return_X_y=True)
    r = np.random.default_rng(0)
    assert is_associated(X, y, classes=True)
    assert is_associated(X[:, :0].reshape(len(X), 0), y, classes=True) is False
    found = sum(
        is_associated(r.normal(size=(100, 20)), r.integers(0, 3, 100), classes=True)
        for _ in range(200)
    )
    assert found <= 8  # 1 % of them by chance
    x = r.normal(size=300)
    assert is_associated(np.exp(5 * x)[:, None], x + r.normal(size=300), classes=False)


def test_the_scale_of_a_sparse_matrix_is_that_of_the_dense_one():
    import scipy.sparse

    X = RNG.normal(size=(40, 5)) * (RNG.random((40, 5)) < 0.3)
    dense, sparse = scale_of(X), scale_of(scipy.sparse.csr_matrix(X))
    np.testing.assert_allclose(sparse.mean, dense.mean, atol=1e-12)
    np.testing.assert_allclose(sparse.std, dense.std, atol=1e-12)


# --- what it means for the diagnosis -----------------------------------------------------------


def noisy(m, seed=0):
    """A set of which a fifth of the labels is wrong."""
    r = np.random.default_rng(seed)
    X = r.normal(size=(m, 8))
    right = X[:, 0] + X[:, 1] > 0
    return X, np.where(r.random(m) < 0.2, ~right, right).astype(int)


def test_noise_is_not_taken_for_bias():
    X, y = noisy(1500)
    train, dev = (X[:1000], y[:1000]), (X[1000:], y[1000:])
    net = fitted(train, 1, hidden=(32,), l2=20.0, epochs=40)
    d = net.diagnose(train, dev)
    assert d.errors["train_error"] > 0.12
    assert d.high_bias is not True
    assert not any(text.startswith("bias") for text in d.advice)
    assert net.diagnose(train, dev, optimal_error=0.0).high_bias  # as it was told


def test_what_is_not_known_is_said():
    X, y = noisy(1500)
    train, dev = (X[:1000], y[:1000]), (X[1000:], y[1000:])
    net = fitted(train, 1, hidden=(4,), l2=100.0, epochs=40)
    d = net.diagnose(train, dev)
    if d.high_bias is None:
        assert "the optimal error lies between" in " ".join(d.notes)
    low, high = d.intervals["bias"]
    assert low <= d.errors["train_error"] - 0.2 <= high  # 0.2 is the optimal error


def linear(m, features, noise, seed):
    r = np.random.default_rng(seed)
    X = r.standard_normal((m, features)).astype(np.float32)
    return X, X.sum(axis=1) / features**0.5 + noise * r.standard_normal(m)


def test_neighbours_far_apart_set_no_lower_bound():
    """In 40 dimensions the nearest neighbours are wrong by far more than the network is."""
    train, dev = linear(3000, 40, 0.15, 0), linear(1000, 40, 0.15, 1)
    net = fastnn.Network([40, 4, 1], output="identity", activation="tanh", l2=30.0, rng=0)
    net.fit(*train, epochs=15)
    d = net.diagnose(train, dev)
    low, high = d.intervals["optimal_error"]
    assert low <= 0.15**2 / 1.0225 <= high  # the noise
    assert low <= d.errors["train_error"]
    assert d.high_bias  # by 0.06, as a network shows that was tried beside it


def test_dev_rows_that_are_easier_do_not_bound_the_error_of_training_rows():
    train, dev = linear(2000, 3, 1.0, 0), linear(800, 3, 0.5, 1)
    net = fastnn.Network([3, 8, 1], output="identity", rng=0)
    net.fit(*train, epochs=20)
    d = net.diagnose(train, dev)
    low, high = d.intervals["optimal_error"]
    assert low <= 0.5 <= high  # half the variance is noise
    assert d.high_bias is not True
    assert not any(text.startswith("bias: bigger") for text in d.advice)
    two = [(X, np.stack([y, y], axis=1)) for X, y in (train, dev)]  # neighbours are not asked
    net = fastnn.Network([3, 8, 2], output="identity", rng=0)
    net.fit(*two[0], epochs=20)
    low, high = net.diagnose(*two).intervals["optimal_error"]
    assert low <= 0.5 <= high


def test_the_optimal_error_is_bracketed():
    X, y = noisy(2000)
    bound = fastnn.optimal_error(X[:, :2], y)
    assert bound.limits[0] <= 0.2 <= bound.limits[1]
    assert bound.low <= bound.high
    assert "optimal error between" in str(bound)
    digits = fastnn.optimal_error(*load_digits(return_X_y=True))
    assert digits.high < 0.03
    r = np.random.default_rng(0)
    x = r.uniform(-1, 1, (2000, 1))
    values = fastnn.optimal_error(x, np.sin(3 * x[:, 0]) + 0.3 * r.normal(size=2000))
    noise = 0.09 / np.var(np.sin(3 * x[:, 0]) + 0.3 * r.normal(size=2000))
    assert 0.9 * values.limits[0] <= noise <= values.limits[1]


def test_twins_with_other_labels_are_counted():
    X = np.repeat(RNG.normal(size=(50, 3)), 2, axis=0)
    y = np.tile([0, 0], 50)
    y[:20] = np.tile([0, 1], 10)
    bound = fastnn.optimal_error(X, y)
    assert bound.conflicting == 0.2
    assert "have a twin with another label" in str(bound)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((5, 2)), np.zeros(5), "at least 10 examples"),
        (np.zeros((20, 2)), np.zeros(19), "one label or value of y for each"),
        (np.zeros(20), np.zeros(20), "shape"),
        (np.full((20, 2), np.nan), np.zeros(20), "finite"),
    ],
)
def test_the_optimal_error_of_what_is_no_set(X, y, message):
    with pytest.raises(ValueError, match=message):
        fastnn.optimal_error(X, y)


def test_one_answer_for_every_example_is_named():
    r = np.random.default_rng(1)
    X = r.normal(size=(1000, 4))
    y = (X[:, 0] > 1.5).astype(int)  # 7 %
    train, dev = (X[:700], y[:700]), (X[700:], y[700:])
    net = fitted(train, 1, hidden=(8,), l2=400.0, epochs=30)
    assert not net.predict(X).any()
    causes = net.diagnose(train, dev).causes
    assert any("never class 1" in cause.evidence for cause in causes)


def test_the_first_advice_can_be_tried():
    train, dev, units = table("digits")
    net = fitted(train, units, epochs=2, batch_size=512)
    notes = net.diagnose(train, dev, try_advice=True).notes
    assert any("the first advice was tried, for 1,000 updates" in note for note in notes)
    assert any("beyond chance" in note for note in notes)
    with pytest.raises(TypeError, match="try_advice"):
        net.diagnose(train, dev, try_advice=3)


def test_a_network_that_is_not_trained_has_no_causes():
    train, dev, units = table("digits")
    net = fastnn.Network([64, 8, units], rng=0)
    d = net.diagnose((train[0] / 16, train[1]), (dev[0] / 16, dev[1]))
    assert d.causes == ()
    assert "not trained" in d.advice[0]


def test_a_class_that_nothing_tells_is_named_as_never_predicted_first():
    r = np.random.default_rng(0)
    X, y = r.normal(size=(1500, 2)), np.arange(1500) % 25 == 0  # 4 %, of which X knows nothing
    train, dev = (X[:1000], y[:1000].astype(int)), (X[1000:], y[1000:].astype(int))
    causes = fitted(train, 1, hidden=(16,), epochs=30).diagnose(train, dev).causes
    assert "never class 1" in causes[0].evidence
    assert causes[1].name == "X seems to tell nothing of y"


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("change", [lambda X: X + 1000, lambda X: X * 1e-4, lambda X: X * 1e3])
def test_signal_flow_names_the_scale_of_x(activation, change):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(300, 6)), r.integers(0, 2, 300)
    net = fastnn.Network([6, 20, 20, 2], activation=activation, rng=0)
    flow = net.signal_flow(change(X), y)
    assert flow.verdict.startswith("not normalized: the columns of X have standard deviations")
    assert not any("exploding" in text or "vanishing" in text for text in flow.findings)
    assert not net.signal_flow(X, y).verdict.startswith("not normalized")
    same = fastnn.Network([6, 20, 20, 2], activation=activation, normalize=True, rng=0)
    assert not same.signal_flow(change(X), y).verdict.startswith("not normalized")


@pytest.mark.parametrize("units", [1, 3])
def test_shares_and_several_outputs_are_no_classes(units):
    """A sigmoid output takes shares in [0, 1], and several outputs: nothing is said of classes."""
    r = np.random.default_rng(0)
    X = r.normal(size=(400, 5))
    y = 0.2 / (1 + np.exp(-X[:, :units]))  # every share is below a half
    net = fastnn.Network([5, 8, units], output="sigmoid", rng=0)
    net.fit(X[:300], y[:300], epochs=3)
    diagnosis = net.diagnose((X[:300], y[:300]), (X[300:], y[300:]))
    assert not any("one answer" in cause.name for cause in diagnosis.causes)
    assert diagnosis.errors["optimal_error"] == 0.0
