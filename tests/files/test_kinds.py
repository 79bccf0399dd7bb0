"""Files of estimators and of tables' models: exact round trips, and refusal of what is damaged."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from damaged import assert_refused, content_of, sealed
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

import fastnn
from fastnn.estimators.state import to_dict
from fastnn.tables import fitting
from fastnn.tabular import TableSchema

X, LABELS = load_iris(return_X_y=True)
X_NUMBERS, NUMBERS = load_diabetes(return_X_y=True)
MULTILABEL = np.column_stack([LABELS > 0, LABELS > 1]).astype(int)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def table_model():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": np.where(np.arange(60) % 7 == 0, np.nan, rng.normal(40, 10, 60)),
            "member": rng.integers(2, size=60) == 1,
            "city": rng.choice(["Rome", "Oslo", "Łódź"], 60),
            "id": [f"#{i}" for i in range(60)],
            "risk": np.repeat(["low", "mid", "high"], 20),
        }
    )
    frame.loc[0, "city"] = "Ur"
    model = fastnn.TableClassifier((5,), quality=None, epochs=2, random_state=3).fit(frame, "risk")
    schema = model.schema_ = TableSchema.fit(frame, target="risk", bins=2)
    sizes = [schema.n_inputs, 5, schema.n_outputs]
    model.network_ = fastnn.Network(sizes, output=schema.output, rng=0)
    return model, frame


def fitted(kind=fastnn.MLPClassifier, X=X, y=LABELS, **params):
    estimator = (
        kind((5, 4), random_state=0, batch_size=32)
        if kind is fastnn.MLPClassifier
        else (kind(hidden_layer_sizes=(5, 4), random_state=0, batch_size=32))
    )
    estimator.set_params(**params)
    for _ in range(3):
        many = {"classes": np.unique(y)} if kind is fastnn.MLPClassifier and y.ndim == 1 else {}
        estimator.partial_fit(X, y, **many)
    return estimator


# --- Round trips ---


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        LABELS > 0,
        LABELS.astype(np.int8) - 5,
        LABELS.astype(np.float32),
        np.array(["a", "bb", "ccc"])[LABELS],
        np.array(["a", "bb", "é"], dtype=object)[LABELS],
        LABELS % 2,
        np.zeros(150),
        MULTILABEL,
    ],
    ids=["int", "bool", "int8", "float32", "str", "object", "binary", "single", "multilabel"],
)
def test_a_classifier_predicts_the_same(path, labels):
    estimator = fitted(y=labels)
    estimator.save(path)
    again = fastnn.load(path)
    assert type(again) is fastnn.MLPClassifier
    assert again.predict(X).dtype == estimator.predict(X).dtype
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    np.testing.assert_array_equal(again.predict_proba(X), estimator.predict_proba(X))
    assert again.classes_.dtype == estimator.classes_.dtype


@pytest.mark.parametrize("params", [{}, {"loss": "huber"}, {"loss": "poisson"}])
@pytest.mark.parametrize(
    "y", [NUMBERS, np.column_stack([NUMBERS, NUMBERS / 2])], ids=["one", "two"]
)
def test_a_regressor_predicts_the_same(path, params, y):
    estimator = fitted(fastnn.MLPRegressor, X_NUMBERS, y / 100, **params)
    estimator.save(path)
    again = fastnn.load(path)
    np.testing.assert_array_equal(again.predict(X_NUMBERS), estimator.predict(X_NUMBERS))


def test_an_estimator_keeps_its_parameters_and_the_numbers_of_its_fit(path):
    frame = pd.DataFrame(X, columns=list("abcd"))
    params = {
        "class_weight": {0: 1.0, 1: np.float64(2.0), 2: 1},
        "activation": ["relu", "tanh"],
        "keep_prob": (1.0, 0.9, 0.8),
        "n_iter_no_change": np.inf,
        "alpha": np.float32(0.5),
    }
    estimator = fitted(X=frame, **params)
    estimator.save(path)
    again = fastnn.load(path)
    assert again.get_params() == estimator.get_params()
    # _progress, the memory of early stopping, and the optimizer's moments start anew. A stream of
    # partial_fit belongs to the process.
    vars(estimator).pop("_stream", None)
    fresh = {"network_", "_progress", "_optimizer", "_labels", "classes_", "feature_names_in_"}
    assert vars(again).keys() == vars(estimator).keys()
    for name in vars(again).keys() - fresh:
        assert getattr(again, name) == getattr(estimator, name), name
    parts = frame, LABELS, frame[:50], LABELS[:50]
    assert str(again.diagnose(*parts)) == str(estimator.diagnose(*parts))
    assert list(again.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame[list("dcba")])


@pytest.mark.parametrize(
    "estimator",
    [
        fitted(),
        fitted(solver="sgd"),
        fitted(y=MULTILABEL),
        fitted(fastnn.MLPRegressor, X_NUMBERS, NUMBERS / 100),
    ],
    ids=["adam", "sgd", "multilabel", "regressor"],
)
@pytest.mark.filterwarnings("ignore:training ended before the loss was low")  # tol is 10
def test_a_loaded_estimator_trains_on(path, estimator):
    estimator.save(path)
    again = fastnn.load(path)
    rows, y = (
        (X_NUMBERS, NUMBERS / 100)
        if type(again) is fastnn.MLPRegressor
        else (X, MULTILABEL if again.n_outputs_ == 2 else LABELS)
    )
    for _ in range(20):
        again.partial_fit(rows, y)
    assert again.loss_curve_[:3] == estimator.loss_curve_
    assert len(again.loss_curve_) == 23
    assert again.loss_ < estimator.loss_
    again.set_params(max_iter=30, solver="lbfgs", warm_start=True, tol=10.0).fit(rows, y)
    assert again.loss_ < estimator.loss_


def test_early_stopping_goes_on_after_loading(path):
    estimator = fitted(early_stopping=False)
    estimator.set_params(early_stopping=True, n_iter_no_change=2, tol=10.0)
    estimator.save(path)
    again = fastnn.load(path)
    for _ in range(6):
        again.partial_fit(X, LABELS, X_val=X, y_val=LABELS)
    assert again._progress.stopped
    assert again.best_validation_score_ == max(again.validation_scores_)


@pytest.mark.parametrize(
    ("params", "remedy"),
    [
        ({"callbacks": [print]}, r"callbacks=<built-in .*set_params\(callbacks=\(\)\)"),
        ({"scoring": len}, r"scoring=<built-in .*set_params\(scoring=None\)"),
        ({"random_state": np.random.RandomState(0)}, r"set_params\(random_state=None\)"),
        ({"alpha": -1}, "expected alpha in"),
    ],
)
def test_what_a_file_cannot_keep_is_named(path, params, remedy):
    estimator = fitted()
    with pytest.raises(ValueError, match=remedy):
        estimator.set_params(**params).save(path)
    assert not path.exists()


def test_only_a_fitted_estimator_of_ours_is_saved(path):
    with pytest.raises(NotFittedError):
        fastnn.MLPClassifier().save(path)

    class Mine(fastnn.MLPRegressor):
        pass

    with pytest.raises(TypeError, match="got Mine: a file cannot keep its class"):
        fitted(Mine, X_NUMBERS, NUMBERS).save(path)


def test_a_diverged_estimator_is_saved(path):
    estimator = fastnn.MLPClassifier(solver="sgd", learning_rate_init=1e300, momentum=0, alpha=0)
    with pytest.raises(fastnn.DivergenceError):
        estimator.fit(X * 1e100, LABELS)
    estimator.save(path)
    np.testing.assert_array_equal(fastnn.load(path).predict(X), estimator.predict(X))


def test_a_table_model_predicts_the_same(path):
    model, frame = table_model()
    model.save(path)
    again = fastnn.load(path)
    assert again.run_ == model.run_
    assert again.get_params() == model.get_params()
    assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    assert again.schema_.to_dict() == model.schema_.to_dict()
    np.testing.assert_array_equal(again.schema_.inputs(frame), model.schema_.inputs(frame))
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))


@pytest.mark.parametrize("run", [{"sizes": (1, 2)}, {1: 2}, {"now": object()}, {"x": np.nan}])
def test_a_run_that_json_would_change_is_refused(path, run):
    model, _ = table_model()
    model.run_ = run
    with pytest.raises(ValueError, match="JSON"):
        model.save(path)
    assert not path.exists()


def test_more_than_a_header_takes_is_refused(path):
    model, _ = table_model()
    model.run_ = {"notes": "x" * 17_000_000}
    with pytest.raises(ValueError, match=r"header would take .*: leave out columns"):
        model.save(path)
    assert not path.exists()


# --- Damaged and hostile files ---

KINDS = {
    "table": lambda: table_model()[0],
    "classifier": lambda: fitted(y=np.array(["a", "b", "c"])[LABELS], class_weight={"a": 2.0}),
    "regressor": lambda: fitted(fastnn.MLPRegressor, X_NUMBERS, NUMBERS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_anywhere(path, kind):
    """Truncated, bits flipped, stretches overwritten."""
    KINDS[kind]().save(path)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    for length in {0, 7, 8, 9, len(data) - 1, *rng.integers(len(data), size=60)}:
        assert_refused(path, data[:length])
    for position in rng.integers(len(data), size=120):
        flipped = bytearray(data)
        flipped[position] ^= 1 << rng.integers(8)
        assert_refused(path, bytes(flipped))
    for start in rng.integers(len(data) - 64, size=30):
        assert_refused(path, data[:start] + rng.bytes(64) + data[start + 64 :])


DEEP = json.loads("[" * 100 + "]" * 100)
WRONG = [
    None,
    True,
    0,
    -1,
    0.5,
    -1e-320,
    1e308,
    10**9,
    10**400,
    "",
    "x",
    [],
    {},
    [None],
    [0.5, 1],
    ["a", "a"],
    ["a"] * 1000,
    {"a": 1},
    {"tuple": [1]},
    float("nan"),
    float("inf"),
    DEEP,
]


def places(tree, place=()):
    """The path to each value within a tree of JSON."""
    yield place
    parts = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, part in parts:
        yield from places(part, (*place, key))


def changed(tree, place, value):
    tree = copy.deepcopy(tree)
    within = tree
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    return tree


def without(tree, place):
    tree = copy.deepcopy(tree)
    within = tree
    for key in place[:-1]:
        within = within[key]
    del within[place[-1]]
    return tree


def state_of(model):
    if isinstance(model, fastnn.TableClassifier):
        return model.network_, fitting.to_dict(model), "table"
    return model.network_, to_dict(model), "estimator"


def refused_or_exact(path, content, theta):
    """A changed file with a right checksum is refused, or loads exactly its content."""
    data = sealed(content, theta)
    path.write_bytes(data)
    try:
        again = fastnn.load(path)
    except fastnn.ModelFormatError:
        assert_refused(path, data)
        return True
    assert json.dumps(state_of(again)[1], sort_keys=True) == json.dumps(
        exact(content["model"]), sort_keys=True
    )
    return False


def exact(tree):
    """Numbers as `load` returns them: an integer 0 in the place of a float is 0.0."""
    if "schema" not in tree:
        return tree
    tree = copy.deepcopy(tree)
    for part in (*tree["schema"]["columns"], tree["schema"]["target"]):
        for name in part.keys() & {"fill", "mean", "scale", "low", "high"}:
            part[name] = float(part[name])
        if part.get("missing"):
            part["missing"] = [float(value) for value in part["missing"]]
        if part.get("edges"):
            part["edges"] = [float(value) for value in part["edges"]]
    return tree


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_values_anywhere_in_the_model(path, kind):
    net, state, name = state_of(KINDS[kind]())
    refused = 0
    every = [place for place in places(state) if place]
    rng = np.random.default_rng(0)
    for place in every:
        for i in rng.permutation(len(WRONG))[: len(WRONG) if len(place) < 2 else 8]:
            content = content_of(net, name, changed(state, place, WRONG[i]))
            refused += refused_or_exact(path, content, net.theta)
        refused += refused_or_exact(path, content_of(net, name, without(state, place)), net.theta)
        if isinstance(place[-1], str):
            more = changed(state, (*place[:-1], "more"), 1)
            refused += refused_or_exact(path, content_of(net, name, more), net.theta)
    assert refused > 5 * len(every)


def column(**changes):
    return {
        "kind": "categorical",
        "name": "city",
        "categories": ["a", "b"],
        "rare": False,
        **changes,
    }


@pytest.mark.parametrize(
    "columns",
    [
        10**9,
        [column(categories=10**9)],
        [column(categories={"length": 10**9})],
        [column(categories=["x"] * 10**5)],
        [column(categories=[str(i) for i in range(10**5)])],
        [column(name=f"c{i}") for i in range(3000)],
        [column(name="risk")],
        [column(), column()],
        [
            column(),
            {
                "kind": "numeric",
                "name": "n",
                "fill": 0.0,
                "mean": 0.0,
                "scale": 1.0,
                "low": 0.0,
                "high": 1.0,
                "missing": None,
                "edges": [],
            },
        ],
        [column(categories=[], rare=False)],
        [column(kind=["categorical"])],
    ],
    ids=lambda columns: str(columns)[:40],
)
def test_hostile_columns(path, columns):
    net, state, _ = state_of(table_model()[0])
    state["schema"]["columns"] = columns
    assert_refused(path, sealed(content_of(net, "table", state), net.theta))


@pytest.mark.parametrize(
    "classes",
    [
        ["a"],
        ["b", "a", "c"],
        ["a", "a", "b"],
        ["a", 1, "c"],
        [0, 1, True],
        [1, 2.0, 3],
        [[1], [2], [3]],
        [1, 2, 2**53],
        [0.5, 1.5, 1e400],
        [None, None, None],
        {"a": 1, "b": 2},
        ["a", "b"],
        ["a", "b", "c", "d"],
        list(range(10**5)),
    ],
    ids=lambda classes: str(classes)[:40],
)
def test_hostile_classes(path, classes):
    net, state, _ = state_of(table_model()[0])
    state["schema"]["target"]["classes"] = classes
    assert_refused(path, sealed(content_of(net, "table", state), net.theta))


COMMAS = {"kind": "numbers", "decimal": ",", "unit": "kg", "gaps": ["?"]}
DATES = {"kind": "dates", "order": "dmy", "parts": ["time", "hour"]}


def test_readings_of_columns(path):
    net, state, _ = state_of(table_model()[0])
    state["schema"]["readings"] = {"n": COMMAS, "d": DATES}
    path.write_bytes(sealed(content_of(net, "table", state), net.theta))
    assert fastnn.load(path).schema_.to_dict()["readings"] == {"n": COMMAS, "d": DATES}


@pytest.mark.parametrize(
    "readings",
    [
        10**9,
        ["n"],
        {"n": None},
        {"n": COMMAS | {"decimal": ";"}},
        {"n": COMMAS | {"unit": 3}},
        {"n": COMMAS | {"gaps": "?"}},
        {"n": COMMAS | {"more": 1}},
        {"n": DATES | {"order": "ydm"}},
        {"n": DATES | {"order": ["dmy"]}},
        {"n": DATES | {"parts": ["second"]}},
        {"n": DATES | {"parts": [["time"]]}},
        {"n": DATES | {"kind": "times"}},
    ],
    ids=str,
)
def test_hostile_readings(path, readings):
    net, state, _ = state_of(table_model()[0])
    state["schema"]["readings"] = readings
    assert_refused(path, sealed(content_of(net, "table", state), net.theta))


@pytest.mark.parametrize("reading", [DATES, COMMAS, {"kind": "numbers"}, 3])
def test_hostile_readings_of_the_target(path, reading):
    net, state, _ = state_of(table_model()[0])
    state["schema"]["target"]["reading"] = reading  # its classes are text
    assert_refused(path, sealed(content_of(net, "table", state), net.theta))


@pytest.mark.parametrize(
    "labels",
    [
        {"dtype": "int8", "classes": [1, 2, 300]},
        {"dtype": "float16", "classes": [1.0, 2.0, 1e30]},
        {"dtype": "uint8", "classes": [-1, 2, 3]},
        {"dtype": "int64", "classes": [1, 2, 10**30]},
        {"dtype": "bool", "classes": [False, True, 2]},
        {"dtype": "<U1000000000", "classes": ["a", "b", "c"]},
        {"dtype": "S9", "classes": ["a", "b", "c"]},
        {"dtype": "str", "classes": ["a", "b" * 6_000_000, "c"]},
        {"dtype": ["int64"], "classes": [1, 2, 3]},
        {"dtype": "str", "classes": ["a", "b"]},
        {"dtype": "str", "classes": ["a", "b", "c"], "multilabel": True},
        {"dtype": "str", "classes": ["c", "b", "a"]},
    ],
    ids=lambda labels: str(labels)[:60],
)
def test_hostile_labels(path, labels):
    net, state, _ = state_of(KINDS["classifier"]())
    state["labels"] |= labels
    assert_refused(path, sealed(content_of(net, "estimator", state), net.theta))


def test_one_kind_is_not_another(path):
    (table, state, _), (net, other, _) = (
        state_of(KINDS[kind]()) for kind in ("table", "classifier")
    )
    assert_refused(path, sealed(content_of(table, "estimator", state), table.theta))
    assert_refused(path, sealed(content_of(net, "table", other), net.theta))
    assert_refused(path, sealed(content_of(table, "table", other), table.theta))
    assert_refused(
        path,
        sealed(content_of(fastnn.Network([5, 1]), "table", state), fastnn.Network([5, 1]).theta),
    )
