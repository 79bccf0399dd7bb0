"""Bad input: every call refused says what was got and what was expected, and changes nothing."""

import copy
import re
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

import fastnn
from fastnn import schedules

ROWS = 12
NAN, INF = float("nan"), float("inf")
ACTIVATIONS = "relu, .*tanh, .*identity"
OPTIMIZERS = "gd, momentum, nesterov, rmsprop, adam, adamw, lbfgs"
SCHEDULES = "constant, linear, cosine, step, exponential, inverse"


def table(*rows):
    """(call, exception, pattern) as parameters, each named by its number and pattern."""
    return [pytest.param(*row, id=f"{n}-{row[-1][:50]}") for n, row in enumerate(rows)]


# --- the constructor ---------------------------------------------------------------------------


def sizes(*layer_sizes, **options):
    return lambda: fastnn.Network(list(layer_sizes), rng=0, **options)


def options(**options):
    return sizes(4, 5, 3, **options)


CONSTRUCTOR = table(
    (lambda: fastnn.Network(4), ValueError, r"at least two integers.*got 4"),
    (lambda: fastnn.Network("64"), ValueError, r"at least two integers.*got '64'"),
    (lambda: fastnn.Network(None), ValueError, r"at least two integers.*got None"),
    (sizes(), ValueError, r"at least two integers.*got \[\]"),
    (sizes(4), ValueError, r"at least two integers.*got \[4\]"),
    (sizes(4, 0, 3), ValueError, r"layer_sizes\[1\] to be at least 1.*got 0"),
    (sizes(0, 3), ValueError, r"layer_sizes\[0\] to be at least 1.*got 0"),
    (sizes(4, -5, 3), ValueError, r"layer_sizes\[1\] to be at least 1.*got -5"),
    (sizes(4, 2**40, 3), ValueError, r"layer_sizes\[1\] to be .*at most.*got 1099511627776"),
    (sizes(4, 5.0, 3), TypeError, r"layer_sizes\[1\] to be an integer, got 5\.0 of type float"),
    (sizes(4, True), TypeError, r"layer_sizes\[1\] to be an integer, got True of type bool"),
    (sizes(4, "5"), TypeError, r"layer_sizes\[1\] to be an integer, got '5' of type str"),
    (sizes(4, None), TypeError, r"layer_sizes\[1\] to be an integer, got None"),
    (options(activation="Relu"), ValueError, f"unknown activation 'Relu'; known: {ACTIVATIONS}"),
    (options(activation=["foo"]), ValueError, f"unknown activation 'foo'; known: {ACTIVATIONS}"),
    (options(activation=[3]), TypeError, f"activation to be a name, got 3.*known: {ACTIVATIONS}"),
    (options(activation=None), TypeError, r"activation to be a name .*got None"),
    (options(activation=["relu"] * 2), ValueError, r"each of the 1 hidden layers; got 2"),
    (sizes(4, 3, activation="foo"), ValueError, f"unknown activation.*known: {ACTIVATIONS}"),
    (sizes(4, 3, activation=["relu"]), ValueError, r"each of the 0 hidden layers; got 1"),
    (options(output="Softmax"), ValueError, r"output 'Softmax'; known: softmax, sigmoid, identity"),
    (options(output=3), TypeError, r"output to be a name, got 3.*known: softmax, sigmoid"),
    (sizes(4, 1, output="softmax"), ValueError, r"at least 2 units.*got 1.*output='sigmoid'"),
    (options(keep_prob=0), ValueError, r"keep_prob in \(0, 1\], got 0"),
    (options(keep_prob=-0.5), ValueError, r"keep_prob in \(0, 1\], got -0\.5"),
    (options(keep_prob=1.01), ValueError, r"keep_prob in \(0, 1\], got 1\.01"),
    (options(keep_prob=NAN), ValueError, r"keep_prob in \(0, 1\], got nan"),
    (options(keep_prob="0.5"), TypeError, r"keep_prob to be a number.*got '0\.5'"),
    (options(keep_prob=None), TypeError, r"keep_prob to be a number.*got None"),
    (options(keep_prob=True), TypeError, r"keep_prob to be a number, got True"),
    (options(keep_prob=[0.5, 0]), ValueError, r"keep_prob\[1\] in \(0, 1\], got 0"),
    (options(keep_prob=[0.5, "a"]), TypeError, r"keep_prob\[1\] to be a number, got 'a'"),
    (options(keep_prob=[0.5] * 3), ValueError, r"keep_prob.* 2, .*layers 0 \.\. 1.*got 3"),
    (options(keep_prob=[0.5]), ValueError, r"keep_prob.* 2, .*layers 0 \.\. 1.*got 1"),
    (options(keep_prob=[[0.5], [0.5, 1]]), TypeError, r"expected keep_prob.*got \[0\.5\]"),
    *(
        row
        for name in ("l1", "l2")
        for row in (
            (options(**{name: -1e-3}), ValueError, rf"{name} in \[0, inf\), got -0\.001"),
            (options(**{name: NAN}), ValueError, rf"{name} in \[0, inf\), got nan"),
            (options(**{name: INF}), ValueError, rf"{name} in \[0, inf\), got inf"),
            (options(**{name: 10**400}), ValueError, rf"{name} in .*, got an integer too large"),
            (options(**{name: None}), TypeError, rf"{name} to be a number .*got None"),
            (options(**{name: "0.1"}), TypeError, rf"{name} to be a number .*got '0\.1'"),
            (options(**{name: 1j}), TypeError, rf"{name} to be a number .*got 1j"),
            (options(**{name: [0.1]}), ValueError, rf"{name}.* 2, .*layers 1 \.\. 2; got 1"),
            (options(**{name: [0, -1]}), ValueError, rf"{name}\[1\] in \[0, inf\), got -1"),
        )
    ),
    (options(init="kaiming"), ValueError, r"unknown init 'kaiming'; known: auto, he, xavier"),
    (options(init=None), TypeError, r"init to be a name, got None.*known: auto, he, xavier"),
    (options(init_gain=-1), ValueError, r"init_gain in \[0, inf\), got -1"),
    (options(init_gain=NAN), ValueError, r"init_gain in \[0, inf\), got nan"),
    (options(init_gain="2"), TypeError, r"init_gain to be a number, got '2'"),
    (options(init_gain=1e39), ValueError, r"init_gain.*float32.*1e\+39"),
    (options(dtype="float16"), ValueError, r"dtype float32 or float64, got 'float16'"),
    (options(dtype="int32"), ValueError, r"dtype float32 or float64, got 'int32'"),
    (options(dtype="foo"), ValueError, r"dtype float32 or float64, got 'foo'"),
    (options(dtype=None), ValueError, r"dtype float32 or float64, got None"),
    (lambda: fastnn.Network([4, 3], rng=-1), ValueError, r"rng to be at least 0, got -1"),
    (lambda: fastnn.Network([4, 3], rng=0.5), TypeError, r"rng to be .*Generator.*got 0\.5"),
    (lambda: fastnn.Network([4, 3], rng="a"), TypeError, r"rng to be .*Generator.*got 'a'"),
    (lambda: fastnn.Network([4, 3], 5), TypeError, r"positional"),
    (lambda: fastnn.Network([4, 3], size=5), TypeError, r"unexpected keyword argument 'size'"),
)


@pytest.mark.parametrize(("call", "exception", "pattern"), CONSTRUCTOR)
def test_constructor(call, exception, pattern):
    with pytest.raises(exception, match=pattern):
        call()


# --- a trained network -------------------------------------------------------------------------


def state(net):
    """All that a refused call could have changed."""
    return copy.deepcopy(
        (
            net.theta.tobytes(),
            vars(net.history),
            net.spec,
            "_fitted_by" in vars(net),
            net.rng.bit_generator.state,
        )
    )


def contents(a):
    if not sp.issparse(a):
        return a.tobytes()
    return [part.tobytes() for part in vars(a).values() if isinstance(part, np.ndarray)]


@pytest.fixture
def trained():
    """A trained network for each output, with good data: `trained.softmax.X` and so on."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, 4))
    made = SimpleNamespace(X=X)
    for output, y in {
        "softmax": rng.integers(3, size=ROWS),
        "sigmoid": rng.random((ROWS, 3)),
        "identity": rng.normal(size=(ROWS, 3)),
    }.items():
        net = fastnn.Network([4, 5, 3], output=output, rng=0)
        net.fit(X, y, epochs=1)
        setattr(made, output, SimpleNamespace(net=net, X=X, y=y))
    return made


def check_refused(one, call, exception, pattern, *arrays):
    net = one.net
    before, history = state(net), net.history
    arrays = [one.X, one.y, *(a for a in arrays if isinstance(a, np.ndarray) or sp.issparse(a))]
    bytes_before = [contents(a) for a in arrays]
    with pytest.raises(exception) as caught:
        call()
    assert type(caught.value) is exception
    assert re.search(pattern, str(caught.value)), f"{pattern!r} is not in {caught.value}"
    assert net.history is history, "a refused call replaced net.history"
    assert state(net) == before, "a refused call changed the network"
    assert [contents(a) for a in arrays] == bytes_before, "a refused call changed the data"
    net.fit(one.X, one.y, epochs=1)


# --- X -----------------------------------------------------------------------------------------

with_value = {}  # how X holds a value that is not finite: name -> function of (X, value)


def value_in(dtype):
    def put(X, value):
        X = X.astype(dtype)
        X[7, 2] = value
        return X

    return put


for dtype in ("float16", "float32", "float64", ">f8", "longdouble"):
    with_value[dtype] = value_in(dtype)
for form in ("csr", "csc", "coo"):
    with_value[form] = lambda X, value, form=form: sp.coo_array(value_in("f8")(X, value)).asformat(
        form
    )
with_value["csr float32"] = lambda X, value: sp.csr_matrix(value_in("f4")(X, value))
with_value["list"] = lambda X, value: value_in("f8")(X, value).tolist()
with_value["strided"] = lambda X, value: np.repeat(value_in("f8")(X, value), 2, axis=1)[:, ::2]


def malformed(X):
    X = sp.csr_array(X)
    X.indices[3] = 77
    return X


X_SHAPE = r"X to have shape \(m, 4\).*got "
X_KIND = "X to hold real numbers, got dtype "
BAD_X = {
    "one example": (lambda X: X[0], ValueError, X_SHAPE + r"\(4,\).*X\.reshape\(1, -1\)"),
    "a vector": (lambda X: X[:, 0], ValueError, X_SHAPE + r"\(12,\)"),
    "too few columns": (lambda X: X[:, :3], ValueError, X_SHAPE + r"\(12, 3\)"),
    "too many columns": (lambda X: np.c_[X, X], ValueError, X_SHAPE + r"\(12, 8\)"),
    "no columns": (lambda X: X[:, :0], ValueError, X_SHAPE + r"\(12, 0\)"),
    "transposed": (lambda X: X.T, ValueError, X_SHAPE + r"\(4, 12\)"),
    "3-D": (lambda X: X[None], ValueError, X_SHAPE + r"\(1, 12, 4\)"),
    "scalar": (lambda X: 3.0, ValueError, X_SHAPE + r"\(\)"),
    "empty list": (lambda X: [], ValueError, X_SHAPE + r"\(0,\)"),
    "csr too wide": (lambda X: sp.csr_array(np.c_[X, X]), ValueError, X_SHAPE + r"\(12, 8\)"),
    "coo 1-D": (lambda X: sp.coo_array(X[0]), ValueError, X_SHAPE + r"\(4,\)"),
    "malformed csr": (malformed, ValueError, "must be < 4"),
    "ragged": (lambda X: [[1, 2, 3, 4], [1, 2]], ValueError, "X to be a rectangular array"),
    "None": (lambda X: None, TypeError, X_KIND + "object"),
    "dict": (lambda X: {"a": 1}, TypeError, X_KIND + "object"),
    "object": (lambda X: X.astype(object), TypeError, X_KIND + "object.*astype"),
    "strings": (lambda X: X.astype(str), TypeError, X_KIND + "<U"),
    "bytes": (lambda X: X.astype("S9"), TypeError, X_KIND + r"\|S9"),
    "complex": (lambda X: X.astype(complex), TypeError, X_KIND + "complex128"),
    "complex csr": (lambda X: sp.csr_array(X.astype("F")), TypeError, X_KIND + "complex64"),
    "datetime": (lambda X: X.astype("M8[s]"), TypeError, X_KIND + "datetime64"),
    "timedelta": (lambda X: X.astype("m8[s]"), TypeError, X_KIND + "timedelta64"),
    "fields": (lambda X: X.view([("a", float)]), TypeError, X_KIND + r"\[\('a'"),
    "masked": (lambda X: np.ma.masked_array(X), TypeError, "X without a mask; fill it"),
}
for form, put in with_value.items():
    for value in (NAN, INF, -INF):
        BAD_X[f"{value} in {form}"] = (
            lambda X, put=put, value=value: put(X, value),
            ValueError,
            r"X to be finite in float32, got .*row 7",
        )
for form in ("float64", "csr", ">f8", "list"):
    BAD_X[f"too large for float32 in {form}"] = (
        lambda X, put=with_value[form]: put(X, -1e39),
        ValueError,
        "X to be finite in float32, got .*too large for it in row 7",
    )
BAD_X["too large for float64"] = (
    lambda X: with_value["longdouble"](X, np.longdouble("1e4000")),
    ValueError,
    "X to be finite in float32, got .*too large for it in row 7",
)

X_CALLS = {
    "forward": lambda net, X, y, dev: net.forward(X),
    "predict": lambda net, X, y, dev: net.predict(X),
    "cost": lambda net, X, y, dev: net.cost(X, y),
    "error": lambda net, X, y, dev: net.error(X, y),
    "value_and_grad": lambda net, X, y, dev: net.value_and_grad(X, y),
    "fit": lambda net, X, y, dev: net.fit(X, y),
    "fit with lbfgs": lambda net, X, y, dev: net.fit(X, y, optimizer="lbfgs"),
    "dev": lambda net, X, y, dev: net.fit(*dev, dev=(X, y)),
}


@pytest.mark.parametrize("call", X_CALLS)
@pytest.mark.parametrize("case", BAD_X)
def test_X(case, call, trained):
    one = trained.softmax
    make, exception, pattern = BAD_X[case]
    bad = make(one.X)
    pattern = ("^in dev: .*" if call == "dev" else "") + pattern
    dev = (one.X, one.y)
    check_refused(one, lambda: X_CALLS[call](one.net, bad, one.y, dev), exception, pattern, bad)


@pytest.mark.parametrize("form", ["float64", "csr", "list"])
def test_a_float64_network_takes_what_is_too_large_for_float32(form):
    net = fastnn.Network([4, 3], dtype="float64", rng=0)
    assert np.isfinite(net.forward(with_value[form](np.ones((ROWS, 4)), 1e39))).all()


# --- y and sample_weight -----------------------------------------------------------------------

Y_LENGTH = f"y to have as many rows as X, {ROWS}; got "
Y_KIND = "y to hold real numbers, got dtype "
Y_LABELS = r"labels 0 \.\. 2.*3 units, got labels from "


def put(value, dtype=float):
    """y as `dtype`, with `value` in row 7."""

    def change(y):
        y = y.astype(dtype)
        y[7] = value
        return y

    return change


BAD_Y_EVERYWHERE = [
    (lambda y: y[:-1], ValueError, Y_LENGTH + "11"),
    (lambda y: np.concatenate([y, y]), ValueError, Y_LENGTH + "24"),
    (lambda y: y[:0], ValueError, Y_LENGTH + "0"),
    (lambda y: 1, ValueError, r"y to have shape \(12.*got \(\)"),
    (lambda y: y[None], ValueError, r"y to have shape \(12.*got \(1, 12"),
    (lambda y: [[1], [1, 2]], ValueError, "y to be a rectangular array"),
    (lambda y: None, TypeError, f"(got ndarray and no y|{Y_KIND}object)"),
    (lambda y: y.astype(object), TypeError, Y_KIND + "object"),
    (lambda y: y.astype(str), TypeError, Y_KIND + r"<U.*np\.unique"),
    (lambda y: y.astype(complex), TypeError, Y_KIND + "complex128"),
    (lambda y: y.astype("M8[s]"), TypeError, Y_KIND + "datetime64"),
    (lambda y: np.ma.masked_array(y), TypeError, "y without a mask; fill it"),
    (lambda y: sp.csr_array(y.reshape(ROWS, -1)), TypeError, r"y to be a dense.*y\.toarray\(\)"),
    (put(NAN), ValueError, "y to be finite in float32, got .*row 7"),
    (put(NAN, "f2"), ValueError, "y to be finite in float32, got .*row 7"),
    (put(INF, "f4"), ValueError, "y to be finite in float32, got .*row 7"),
    (put(-INF), ValueError, "y to be finite in float32, got .*row 7"),
    (put(1e39), ValueError, "y to be finite in float32, got .*too large for it in row 7"),
]
BAD_Y = {
    "softmax": [
        (lambda y: np.eye(4)[y], ValueError, r"y to have shape \(12,\), got \(12, 4\).*argmax"),
        (lambda y: 2 * np.eye(3)[y], ValueError, "not negative and of sum 1"),
        (lambda y: y - 1, ValueError, Y_LABELS + "-1 to 1"),
        (lambda y: y + 1, ValueError, Y_LABELS + "1 to 3"),
        (lambda y: put(2**62, int)(y), ValueError, Y_LABELS + "0 to 4611686018427387904"),
        (lambda y: put(255, "u1")(y), ValueError, Y_LABELS + "0 to 255"),
        (lambda y: put(-1, "i1")(y), ValueError, Y_LABELS + "-1 to 2"),
        (lambda y: y + 0.5, ValueError, r"class labels, integers 0 \.\. 2.*got .*fraction"),
        (lambda y: put(1e30)(y), ValueError, Y_LABELS + r"0\.0 to 1e\+30"),
    ],
    "sigmoid": [
        (lambda y: y[:, :2], ValueError, r"y to have shape \(12, 3\), got \(12, 2\)"),
        (lambda y: y[:, 0], ValueError, r"y to have shape \(12, 3\), got \(12,\)"),
        (lambda y: y - 1, ValueError, r"y in \[0, 1\] for a sigmoid output, got values from -"),
        (put(1.5), ValueError, r"y in \[0, 1\] for a sigmoid output, got values from .* to 1\.5"),
        (put(2, int), ValueError, r"y in \[0, 1\] for a sigmoid output, got values from 0 to 2"),
        (put(-0.1), ValueError, r"y in \[0, 1\] for a sigmoid output, got values from -0\.1"),
    ],
    "identity": [
        (lambda y: y[:, :2], ValueError, r"y to have shape \(12, 3\), got \(12, 2\)"),
        (lambda y: y[:, 0], ValueError, r"y to have shape \(12, 3\), got \(12,\)"),
    ],
}
Y_CASES = [(output, *row) for output, own in BAD_Y.items() for row in BAD_Y_EVERYWHERE + own]
Y_CALLS = {name: call for name, call in X_CALLS.items() if name not in ("forward", "predict")}


@pytest.mark.parametrize("call", Y_CALLS)
@pytest.mark.parametrize(("output", "make", "exception", "pattern"), table(*Y_CASES))
def test_y(output, make, exception, pattern, call, trained):
    one = getattr(trained, output)
    bad = make(one.y)
    pattern = ("^in dev: .*" if call == "dev" else "") + pattern
    dev = (one.X, one.y)
    check_refused(one, lambda: Y_CALLS[call](one.net, one.X, bad, dev), exception, pattern, bad)


W_SHAPE = r"sample_weight to have shape \(12,\), got "
W_FINITE = "sample_weight to be finite and not negative, got .* at index 7"
BAD_WEIGHT = table(
    (np.ones(11), ValueError, W_SHAPE + r"\(11,\)"),
    (np.ones((12, 1)), ValueError, W_SHAPE + r"\(12, 1\)"),
    (2.0, ValueError, W_SHAPE + r"\(\)"),
    ([], ValueError, W_SHAPE + r"\(0,\)"),
    (np.zeros(12), ValueError, "positive sum of sample_weight, got 0"),
    (put(-1)(np.ones(12)), ValueError, W_FINITE),
    (put(NAN)(np.ones(12)), ValueError, W_FINITE),
    (put(INF)(np.ones(12)), ValueError, W_FINITE),
    ([[1], [1, 2]], ValueError, "sample_weight to be a rectangular array"),
    ("balanced", TypeError, "sample_weight to hold real numbers, got dtype <U8"),
    ({0: 1}, TypeError, "sample_weight to hold real numbers, got dtype object"),
    (np.ones(12, complex), TypeError, "sample_weight to hold real numbers, got dtype complex"),
    (np.ma.masked_array(np.ones(12)), TypeError, "sample_weight without a mask; fill it"),
)


@pytest.mark.parametrize("method", ["cost", "error", "value_and_grad", "fit"])
@pytest.mark.parametrize(("weight", "exception", "pattern"), BAD_WEIGHT)
def test_sample_weight(weight, exception, pattern, method, trained):
    one = trained.softmax
    call = getattr(one.net, method)
    check_refused(one, lambda: call(one.X, one.y, sample_weight=weight), exception, pattern, weight)


def test_no_examples(trained):
    for output in ("softmax", "sigmoid", "identity"):
        one = getattr(trained, output)
        for method in ("cost", "error", "value_and_grad", "fit"):
            for X in (one.X[:0], sp.csr_array(one.X[:0])):
                check_refused(
                    one,
                    lambda method=method, X=X, one=one: getattr(one.net, method)(X, one.y[:0]),
                    ValueError,
                    "at least one example, got X with 0 rows",
                )


# --- theta and the other things that can be assigned to ------------------------------------------

N = 4 * 5 + 5 + 5 * 3 + 3
THETA = rf"theta of shape \({N},\), got "
NUMBERS = "theta to hold real numbers, got dtype "
ASSIGNMENTS = table(
    ("theta", np.ones(N - 1), ValueError, THETA + r"\(42,\)"),
    ("theta", np.ones((1, N)), ValueError, THETA + r"\(1, 43\)"),
    ("theta", 0.0, ValueError, THETA + r"\(\)"),
    ("theta", [], ValueError, THETA + r"\(0,\)"),
    ("theta", None, TypeError, NUMBERS + "object"),
    ("theta", "abc", TypeError, NUMBERS + "<U3"),
    ("theta", np.ones(N, complex), TypeError, NUMBERS + "complex128"),
    ("theta", np.ones(N, object), TypeError, NUMBERS + "object"),
    ("theta", np.ones(N, "M8[s]"), TypeError, NUMBERS + "datetime64"),
    ("theta", [[1], [1, 2]], ValueError, "theta to be"),
    ("theta", np.ma.masked_array(np.ones(N), np.eye(N)[0]), TypeError, "theta without a mask"),
    ("theta", put(NAN)(np.ones(N)), ValueError, "theta to be finite in float32, got .*7"),
    ("theta", put(INF)(np.ones(N)), ValueError, "theta to be finite in float32, got .*7"),
    ("theta", put(1e39)(np.ones(N)), ValueError, "theta to be finite in float32, got .*7"),
    ("keep_prob", 0, ValueError, r"keep_prob in \(0, 1\], got 0"),
    ("keep_prob", [1, 1, 1], ValueError, "keep_prob to be one number or 2, .*got 3"),
    ("l2", -1, ValueError, r"l2 in \[0, inf\), got -1"),
    ("l1", [0, NAN], ValueError, r"l1\[1\] in \[0, inf\), got nan"),
)


@pytest.mark.parametrize(("name", "value", "exception", "pattern"), ASSIGNMENTS)
def test_assignments(name, value, exception, pattern, trained):
    one = trained.softmax
    check_refused(one, lambda: setattr(one.net, name, value), exception, pattern, value)


@pytest.mark.parametrize(
    "name", ["layer_sizes", "activation", "output", "dtype", "layout", "params"]
)
def test_what_cannot_be_assigned_to(name, trained):
    one = trained.softmax
    check_refused(one, lambda: setattr(one.net, name, None), AttributeError, name)


# --- the settings of value_and_grad and fit ------------------------------------------------------

DROPOUT = table(
    (5, TypeError, r"dropout to be .*\(seed, step\), got 5"),
    (True, TypeError, r"dropout to be .*\(seed, step\), got True"),
    ((1,), TypeError, r"dropout to be .*\(seed, step\), got \(1,\)"),
    ((-1, 0), ValueError, "seed to be at least 0.*got -1"),
    ((2**64, 0), ValueError, "seed to be .*at most .*got 18446744073709551616"),
    ((0, -1), ValueError, "step to be at least 0.*got -1"),
    ((0.5, 0), TypeError, r"seed to be an integer, got 0\.5"),
)


@pytest.mark.parametrize(("dropout", "exception", "pattern"), DROPOUT)
def test_dropout_of_value_and_grad(dropout, exception, pattern, trained):
    one = trained.softmax
    check_refused(
        one, lambda: one.net.value_and_grad(one.X, one.y, dropout=dropout), exception, pattern
    )


def integers(name, low):
    """Rows for a setting that is an integer of at least `low`."""
    return [
        *(
            ({name: bad}, ValueError, f"{name} to be at least {low}.*got {bad}")
            for bad in (low - 1, -7)
        ),
        *(
            ({name: bad}, TypeError, f"{name} to be an integer, got {re.escape(repr(bad))}")
            for bad in (2.0, "2", True, [2], NAN)
        ),
    ]


SETTINGS = [
    *integers("epochs", 1),
    ({"epochs": None}, TypeError, "epochs to be an integer, got None"),
    *integers("batch_size", 1),
    *integers("threads", 1),
    ({"threads": 10**6}, ValueError, "threads to be .*at most .*got 1000000"),
    *integers("evaluate_every", 0),
    *(
        ({"learning_rate": bad}, ValueError, rf"learning_rate in \[0, 1e30\], got {got}")
        for bad, got in ((-0.1, "-0.1"), (NAN, "nan"), (INF, "inf"), (10**400, "an integer"))
    ),
    *(
        ({"learning_rate": bad}, TypeError, f"learning_rate to be a number, got {bad!r}")
        for bad in ("fast", None, True, 1j)
    ),
    ({"optimizer": "sgd"}, ValueError, f"unknown optimizer 'sgd'; known: {OPTIMIZERS}"),
    ({"optimizer": "Adam"}, ValueError, f"unknown optimizer 'Adam'; known: {OPTIMIZERS}"),
    ({"optimizer": None}, TypeError, f"optimizer to be a name.*got None.*known: {OPTIMIZERS}"),
    ({"optimizer": print}, TypeError, f"optimizer to be a name.*got <.*known: {OPTIMIZERS}"),
    *(
        (
            {"optimizer": getattr(fastnn, name)},
            TypeError,
            rf"optimizer object, got the class {name}; write optimizer=fastnn\.{name}\(\)",
        )
        for name in ["GradientDescent", "Momentum", "Nesterov", "RMSprop", "Adam", "AdamW", "LBFGS"]
    ),
    ({"schedule": "cos"}, ValueError, f"unknown schedule 'cos'; known: {SCHEDULES}"),
    ({"schedule": 0.5}, TypeError, rf"schedule to be a name \({SCHEDULES}\).*got 0\.5"),
    ({"schedule": schedules.Cosine}, TypeError, "schedule to be a name.*got <class"),
    ({"schedule": lambda epoch: -1.0}, ValueError, r"schedule.* factor at epoch 0 in .*got -1\.0"),
    ({"schedule": lambda epoch: NAN}, ValueError, "schedule.* factor at epoch 0 in .*got nan"),
    ({"schedule": lambda epoch: INF}, ValueError, "schedule.* factor at epoch 0 in .*got inf"),
    ({"schedule": lambda epoch: None}, TypeError, "schedule.* at epoch 0 to be a number, got None"),
    ({"schedule": lambda epoch: "a"}, TypeError, "schedule.* at epoch 0 to be a number, got 'a'"),
    ({"callbacks": 5}, TypeError, "callbacks to be functions .*got 5"),
    ({"callbacks": None}, TypeError, "callbacks to be functions .*got None"),
    ({"callbacks": [print, "stop"]}, TypeError, "callbacks to be functions .*'stop'"),
    ({"shuffle": "no"}, TypeError, "shuffle to be True or False, got 'no'"),
    ({"shuffle": np.ones(2)}, TypeError, "shuffle to be True or False, got"),
    ({"progress": "no"}, TypeError, "progress to be True or False, got 'no'"),
    ({"dev": 5}, TypeError, r"dev to be a pair \(X, y\) .*, got int"),
    ({"dev": np.ones((2, 4))}, TypeError, r"dev to be a pair \(X, y\) .*, got ndarray"),
    ({"dev": "ab"}, TypeError, r"dev to be a pair \(X, y\) .*, got str"),
    ({"dev": (np.ones((2, 4)),)}, TypeError, r"dev to be a pair \(X, y\) .*, got tuple of 1"),
    ({"dev": (np.ones((2, 4)), [0, 1], None, 1)}, TypeError, r"dev to be a pair .*got tuple of 4"),
    (
        {"dev": (np.ones((2, 4)), [0, 1], [1])},
        ValueError,
        r"in dev: .*sample_weight .*shape \(2,\)",
    ),
    ({"dev": (np.ones((2, 4)), [0, 1], [1, -1])}, ValueError, "in dev: .*sample_weight .*negative"),
    ({"dev": (None, None)}, TypeError, "in dev: expected X to hold real numbers, got dtype object"),
    ({"dev": (np.ones((0, 4)), [])}, ValueError, "in dev: .*at least one example.* 0 rows"),
    ({"early_stopping": True}, ValueError, r"early_stopping needs a dev set.*dev=\(Xd, yd\)"),
    ({"early_stopping": 5}, ValueError, r"early_stopping needs a dev set.*dev=\(Xd, yd\)"),
    ({"early_stopping": 0}, ValueError, "early_stopping to be at least 1, got 0"),
    ({"early_stopping": "yes"}, TypeError, "early_stopping to be .*EarlyStopping.*got 'yes'"),
    ({"early_stopping": 2.5}, TypeError, r"early_stopping to be .*EarlyStopping.*got 2\.5"),
    ({"early_stopping": fastnn.EarlyStopping}, TypeError, r"early_stopping.*got .*EarlyStopping"),
    (
        {"early_stopping": 2, "dev": (np.ones((2, 4)), [0, 1]), "evaluate_every": 0},
        ValueError,
        "evaluate_every of at least 1 for dev with early_stopping, got 0",
    ),
    ({"checkpoints": 5}, TypeError, "unexpected keyword argument 'checkpoints'"),
]


@pytest.mark.parametrize(("settings", "exception", "pattern"), table(*SETTINGS))
def test_settings_of_fit(settings, exception, pattern, trained):
    one = trained.softmax
    check_refused(
        one, lambda: one.net.fit(one.X, one.y, **{"epochs": 2} | settings), exception, pattern
    )


def test_lbfgs_with_dropout(trained):
    one = trained.softmax
    one.net.keep_prob = [1.0, 0.5]
    check_refused(
        one,
        lambda: one.net.fit(one.X, one.y, optimizer="lbfgs"),
        ValueError,
        r"lbfgs .*set keep_prob to 1.*got keep_prob \(1\.0, 0\.5\)",
    )


OBJECTS = table(
    (lambda: fastnn.Momentum(momentum=1), ValueError, r"Momentum\(momentum=.*in \[0, 1\), got 1"),
    (lambda: fastnn.Nesterov(momentum=-0.1), ValueError, r"Nesterov\(momentum=.*, got -0\.1"),
    (lambda: fastnn.RMSprop(rho=NAN), ValueError, r"RMSprop\(rho=.*in \[0, 1\), got nan"),
    (lambda: fastnn.RMSprop(epsilon=0), ValueError, r"RMSprop\(epsilon=.*in \(0, inf\), got 0"),
    (lambda: fastnn.Adam(beta1=1.0), ValueError, r"Adam\(beta1=.*in \[0, 1\), got 1\.0"),
    (lambda: fastnn.Adam(beta2="a"), TypeError, r"Adam\(beta2=.*a number, got 'a'"),
    (lambda: fastnn.AdamW(weight_decay=-1), ValueError, r"weight_decay=.*in \[0, inf\), got -1"),
    (lambda: fastnn.Adam(beta=0.5), TypeError, "unexpected keyword argument 'beta'"),
    (lambda: fastnn.LBFGS(memory=0), ValueError, r"memory=.*at least 1, got 0"),
    (lambda: fastnn.LBFGS(memory=2.0), TypeError, r"memory=.*an integer, got 2\.0"),
    (lambda: fastnn.LBFGS(tolerance=-1), ValueError, r"tolerance=.*in \[0, inf\), got -1"),
    (lambda: schedules.Step(every=0), ValueError, r"Step\(every=.*in \(0, inf\), got 0"),
    (lambda: schedules.Step(factor=-1), ValueError, r"Step\(factor=.*in \[0, inf\), got -1"),
    (lambda: schedules.Cosine(warmup=-1), ValueError, r"Cosine\(warmup=.*\[0, inf\), got -1"),
    (lambda: schedules.Linear(end=NAN), ValueError, r"Linear\(end=.*in \[0, inf\), got nan"),
    (lambda: schedules.Inverse(rate="a"), TypeError, r"Inverse\(rate=.*a number, got 'a'"),
    (lambda: fastnn.EarlyStopping(patience=0), ValueError, "patience.* at least 1, got 0"),
    (lambda: fastnn.EarlyStopping(patience=1.5), TypeError, r"patience.* integer, got 1\.5"),
    (lambda: fastnn.EarlyStopping(monitor="J"), ValueError, "'J'; known: dev_error, dev_cost"),
    (lambda: fastnn.EarlyStopping(min_delta=-1), ValueError, r"min_delta.* in \[0, inf\), got -1"),
    (lambda: fastnn.EarlyStopping(min_delta=NAN), ValueError, r"min_delta.* got nan"),
)


@pytest.mark.parametrize(("call", "exception", "pattern"), OBJECTS)
def test_settings_of_objects(call, exception, pattern):
    with pytest.raises(exception, match=pattern):
        call()


def test_a_batch_larger_than_the_data_is_one_batch(trained):
    one = trained.softmax
    other = copy.deepcopy(one.net)
    for net, batch_size in ((one.net, None), (other, 10**30)):
        net.fit(one.X, one.y, epochs=3, batch_size=batch_size)
    assert one.net.theta.tobytes() == other.theta.tobytes()
