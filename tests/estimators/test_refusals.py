"""Bad input to estimators: the message says what is expected."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale

import fastnn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WINE, KIND = load_wine(return_X_y=True)
WINE = scale(WINE)
NAMES = np.array(["Barolo", "Grignolino", "Barbera"])[KIND]


def small(**settings):
    return fastnn.MLPClassifier((8,), **{"max_iter": 4, "random_state": 0, **settings})


# --- settings and weights ---------------------------------------------------------------------


@pytest.mark.parametrize("power_t", [10.5, 150.0, 1000])
def test_a_power_at_which_the_learning_rate_is_nothing(power_t):
    settings = {"solver": "sgd", "learning_rate": "invscaling"}
    with pytest.raises(ValueError, match=r"expected power_t in \[0, 10\], got 1"):
        small(power_t=power_t, **settings).fit(WINE, KIND)
    model = small(power_t=10, **settings).fit(WINE, KIND)
    assert 0 < model._optimizer.rate.now < 1e-25


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("weight", [1e-320, 1e307])
def test_weights_beyond_all_measure(solver, alpha, weight):
    """1e-320 sums to some 1e-318, 1e307 to infinity."""
    model = small(solver=solver, alpha=alpha)
    with pytest.raises(ValueError, match=r"weights with a sum from 1e-200 to 1e\+200, got .*scale"):
        model.fit(WINE, KIND, np.full(len(KIND), weight))
    assert not hasattr(model, "network_")


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf, "heavy"])
def test_class_weights_are_weights(weight):
    with pytest.raises((ValueError, TypeError), match=r"expected class_weight\[1\] "):
        small(class_weight={0: 1.0, 1: weight}).fit(WINE, KIND)


def test_refused_data_leave_the_penalty_as_it_was():
    model = small(warm_start=True).fit(WINE.astype("f4"), KIND)
    network = model.network_
    before = network.l2, network.l1
    too_large = WINE.copy()
    too_large[3] = 1e39  # for float32
    with pytest.raises(ValueError, match="finite in float32"):
        model.set_params(alpha=7.0, l1=7.0).fit(too_large, KIND)
    assert (network.l2, network.l1) == before


def test_callbacks_are_looked_at_before_anything_changes():
    model = small().fit(WINE, KIND)
    with pytest.raises(TypeError, match="expected callbacks to be functions"):
        model.set_params(callbacks=3).fit(WINE[:, :5], KIND)
    assert model.n_features_in_ == 13
    assert model.predict(WINE).shape == KIND.shape


@pytest.mark.parametrize(("dtype", "rate"), [("f4", 1e12), ("f8", 1e25), ("f8", 1e100)])
def test_weights_that_explode_are_told_of_once(dtype, rate):
    """Squares of W overflow an epoch before W does: no warning (which would be an error here)."""
    model = small(
        solver="sgd",
        alpha=1.0,
        l1=1.0,
        learning_rate_init=rate,
        momentum=0.0,
        activation="identity",
        max_iter=9,
    )
    with pytest.raises(fastnn.DivergenceError, match="learning rate"):
        model.fit(WINE.astype(dtype), KIND)
    assert np.isfinite(model.network_.theta).all()


# --- tools for networks -----------------------------------------------------------------------


def test_tools_for_networks_say_how_to_pass_an_estimator():
    model = small().fit(WINE, NAMES)
    half, other = (WINE[::2], NAMES[::2]), (WINE[1::2], NAMES[1::2])
    said = (
        r"expected net(work)? to be a fastnn.Network, got MLPClassifier; pass its network_, "
        r"which knows labels by their places, 0 .. C-1: np.searchsorted\(\w+.classes_, y\)$"
    )
    for call in (
        lambda: fastnn.report(model, None, half, other),
        lambda: fastnn.learning_curve(model, half, other),
        lambda: fastnn.penalty_path(model, half, other, l2=[0, 1]),
    ):
        with pytest.raises(TypeError, match=said):
            call()
    half, other = ((X, np.searchsorted(model.classes_, y)) for X, y in (half, other))
    page = fastnn.report(
        model.network_, None, half, other, target_names=model.classes_, gradcheck=False
    )
    assert "Grignolino" in page.html
    curve = fastnn.learning_curve(model.network_, half, other, [20, 80], epochs=5)
    assert curve.dev_errors.shape == (2, 1)
    regressor = fastnn.MLPRegressor(max_iter=2).fit(WINE, WINE[:, 0])
    with pytest.raises(TypeError, match=r"got MLPRegressor; pass its network_$"):
        fastnn.learning_curve(regressor, half, other)


@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_a_network_of_one_class_says_nothing(kind, tmp_path):
    """Its predict_proba is 1, whatever the sigmoid that a conversion would give."""
    pytest.importorskip(kind)

    def convert(model, path):
        return fastnn.to_onnx(model, path) if kind == "onnx" else fastnn.to_torch(model)

    model = small().fit(WINE, np.full(len(KIND), "Barolo"))
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match=r"at least two classes, got only Barolo.* to any X"):
        convert(model, path)
    assert not path.exists()
    convert(small().fit(WINE, KIND > 0), path)


@pytest.mark.parametrize(
    ("gap", "shown"),
    [(None, "None"), (np.nan, "nan"), (pd.NA, "<NA>"), (pd.NaT, "NaT"), (np.float32("nan"), "nan")],
    ids=repr,
)
@pytest.mark.parametrize("kind", ["array", "series", "category"])
def test_a_missing_label_is_named(gap, shown, kind):
    y = np.array(["a", "b", gap, "a", gap, "b"] * 5, dtype=object)
    if kind != "array":
        y = pd.Series(y, dtype={"series": "string", "category": "category"}[kind])
        shown = {"series": "<NA>", "category": "nan"}[kind]
    X = np.random.default_rng(0).normal(size=(30, 3))
    with pytest.raises(
        ValueError, match=rf"got {shown} at index 2 of y \(10 missing labels in all\)"
    ):
        fastnn.MLPClassifier().fit(X, y)


def test_a_missing_label_among_numbers_is_named():
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = np.where(np.arange(30) == 7, np.nan, np.arange(30) % 2)
    with pytest.raises(ValueError, match=r"got nan at index 7 of y \(1 missing"):
        fastnn.MLPClassifier().fit(X, y)
    several = np.column_stack([np.arange(30) % 2, y])
    with pytest.raises(ValueError, match="got nan at index 7 of y"):
        fastnn.MLPClassifier().fit(X, several)
