"""Networks from scikit-learn and from and to PyTorch: the same predictions."""

import doctest
import importlib
import inspect
import re
import sys

import numpy as np
import pytest
from problems import ACTIVATIONS, OUTPUTS
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastnn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 6))
CLASSES = np.array(["no", "perhaps", "yes"])
LABELS = CLASSES[np.digitize(X[:, 0], [-0.5, 0.5])]
FEW = {"max_iter": 60, "solver": "lbfgs", "random_state": 0}


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


# --- scikit-learn ---


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize(
    "y",
    [LABELS, LABELS == "yes", np.stack([X[:, 0] > 0, X[:, 1] > 0], 1)],
    ids=["three", "two", "multilabel"],
)
def test_classifiers(y, activation, dtype):
    x = X.astype(dtype)
    y = y.astype(int) if y.ndim == 2 else y
    estimator = MLPClassifier(
        (12, 7), activation=activation, alpha=0.3, max_iter=40, random_state=0
    ).fit(x, y)
    net = fastnn.from_sklearn(estimator)
    assert net.dtype == dtype
    assert net.layer_sizes == (6, 12, 7, {"three": 3}.get(len(np.unique(y)), net.layer_sizes[-1]))
    probabilities, labels = net.forward(x), net.predict(x)
    if y.ndim == 1 and len(estimator.classes_) == 2:
        assert net.layer_sizes[-1] == 1
        probabilities = np.hstack([1 - probabilities, probabilities])
    close(probabilities, estimator.predict_proba(x))
    expected = estimator.predict(x)
    assert (labels == expected if y.ndim == 2 else estimator.classes_[labels] == expected).all()


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("outputs", [1, 3])
def test_regressors(outputs):
    y = X[:, :outputs] ** 2 if outputs > 1 else X[:, 0] ** 2
    estimator = MLPRegressor(hidden_layer_sizes=(9,), activation="tanh", **FEW).fit(X, y)
    close(fastnn.from_sklearn(estimator).predict(X), estimator.predict(X))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_the_penalty_is_theirs():
    """With all examples in one batch, J is scikit-learn's loss with its penalty."""
    y = X[:, 0] ** 2
    estimator = MLPRegressor(hidden_layer_sizes=(9,), activation="tanh", alpha=2.0, **FEW).fit(X, y)
    assert fastnn.from_sklearn(estimator).cost(X, y) == pytest.approx(estimator.loss_, rel=1e-6)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_what_from_sklearn_refuses():
    with pytest.raises(NotFittedError):
        fastnn.from_sklearn(MLPClassifier())
    with pytest.raises(TypeError, match="got sklearn's StandardScaler"):
        fastnn.from_sklearn(StandardScaler())
    with pytest.raises(TypeError, match=r"got sklearn's Pipeline; pass its last step, and scale X"):
        fastnn.from_sklearn(make_pipeline(StandardScaler(), MLPClassifier()))
    estimator = MLPRegressor(hidden_layer_sizes=(4,), **FEW).fit(X, X[:, 0])
    estimator.coefs_[0][1, 2] = np.nan
    with pytest.raises(ValueError, match="W1 to be finite"):
        fastnn.from_sklearn(estimator)
    estimator.out_activation_ = "probit"
    with pytest.raises(ValueError, match="got 'probit', which a Network does not have"):
        fastnn.from_sklearn(estimator)
    ours = fastnn.MLPClassifier((4,), **FEW).fit(X, LABELS)
    with pytest.raises(TypeError, match="got fastnn's MLPClassifier; its Network is its network_"):
        fastnn.from_sklearn(ours)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_poisson_regressors():
    y = RNG.poisson(np.exp(X[:, 0]))
    estimator = MLPRegressor(loss="poisson", hidden_layer_sizes=(9,), **FEW).fit(X, y)
    net = fastnn.from_sklearn(estimator)
    assert net.output == "exp"
    close(net.predict(X), estimator.predict(X))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize(
    "convert",
    [fastnn.to_torch, lambda net: fastnn.to_onnx(net, "none.onnx")],
    ids=["to_torch", "to_onnx"],
)
def test_what_is_not_a_network_is_told_apart(convert):
    pytest.importorskip("torch")
    theirs = MLPClassifier((4,), **FEW).fit(X, LABELS)
    with pytest.raises(TypeError, match=r"got sklearn's MLPClassifier; .* fastnn.from_sklearn"):
        convert(theirs)
    ours = fastnn.MLPClassifier((4,), **FEW)
    with pytest.raises(NotFittedError):
        convert(ours)
    pipeline = make_pipeline(StandardScaler(), ours).fit(X, LABELS)
    with pytest.raises(TypeError, match="got sklearn's Pipeline; pass its last step"):
        convert(pipeline)
    with pytest.raises(TypeError, match="a fitted estimator of fastnn, got list"):
        convert([1])


# --- PyTorch ---


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_there_and_back(torch, activation, output, dtype):
    net = fastnn.Network(
        [6, 12, 8, 3],
        activation=["tanh", activation],
        output=output,
        keep_prob=[0.9, 0.75, 0.5],
        dtype=dtype,
        rng=2,
    )
    net.theta = net.theta + 0.1 * RNG.standard_normal(net.theta.size)
    x = X.astype(dtype)
    module = fastnn.to_torch(net)
    with torch.no_grad():
        got = module(torch.from_numpy(x)).numpy()
    assert got.dtype == dtype
    close(got, net.forward(x))
    assert [part.p for part in module if type(part) is torch.nn.Dropout] == pytest.approx(
        [0.1, 0.25, 0.5]
    )
    again = fastnn.from_torch(module)
    assert again.spec == {**net.spec, "init": "zeros", "keep_prob": again.spec["keep_prob"]}
    assert again.keep_prob == pytest.approx(net.keep_prob)
    np.testing.assert_array_equal(again.theta, net.theta)
    with torch.no_grad():  # each has its own
        module[1].weight.zero_()
    np.testing.assert_array_equal(again.theta, net.theta)


def test_logits(torch):
    net = fastnn.Network([6, 5, 3], rng=0)
    module = fastnn.to_torch(net, logits=True)
    with torch.no_grad():
        got = module(torch.from_numpy(X.astype("f4"))).softmax(1).numpy()
    close(got, net.forward(X))
    assert fastnn.from_torch(module).output == "identity"
    assert fastnn.from_torch(module, output="softmax").output == "softmax"
    with pytest.raises(ValueError, match="the module ends in Softmax, got output='sigmoid'"):
        fastnn.from_torch(fastnn.to_torch(net), output="sigmoid")


def test_a_normalizer_goes_into_the_first_layer(torch):
    x = (X * 5 + 3).astype("f4")
    net = fastnn.Network([6, 8, 1], normalize=True, rng=0)
    with pytest.raises(NotFittedError):
        fastnn.to_torch(net)
    net.fit(x, (X[:, 0] > 0).astype(int), epochs=3)
    with torch.no_grad():
        np.testing.assert_allclose(
            fastnn.to_torch(net)(torch.from_numpy(x)).numpy(), net.forward(x), rtol=1e-5
        )
    net.keep_prob = [0.9, 1.0]
    with pytest.raises(ValueError, match=r"got keep_prob\[0\]=0.9: PyTorch would drop"):
        fastnn.to_torch(net)


def test_torch_generator_is_left_alone(torch):
    before = torch.random.get_rng_state()
    fastnn.to_torch(fastnn.Network([6, 8, 1], keep_prob=0.5))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_sequences_of_other_kinds(torch):
    nn = torch.nn
    module = nn.Sequential(
        nn.Dropout(0.25),
        nn.Sequential(nn.Linear(6, 4, bias=False), nn.ReLU()),
        nn.Linear(4, 4),
        nn.Linear(4, 2),
    ).eval()
    net = fastnn.from_torch(module, output="identity")
    assert net.activation == ("relu", "identity")
    assert net.keep_prob == (0.75, 1.0, 1.0)
    assert not net.params["b1"].any()
    with torch.no_grad():
        close(net.forward(X), module(torch.from_numpy(X.astype("f4"))).numpy())


def test_images_are_flat_already(torch):
    nn = torch.nn
    module = nn.Sequential(nn.Identity(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 2)).eval()
    net = fastnn.from_torch(module)
    assert net.keep_prob == (0.5,)
    with torch.no_grad():
        images = torch.from_numpy(X.astype("f4")).reshape(-1, 2, 3)
        close(net.forward(X), module(images).numpy())


def strange_modules(nn):
    a, b = nn.Linear(6, 4), nn.Linear(4, 2)
    whole, spoilt = nn.Sequential(nn.Linear(6, 4)), nn.Linear(6, 2)
    whole.register_forward_hook(lambda module, x, y: y + 1)
    spoilt.bias.data[1] = float("nan")

    class Mine(nn.Sequential):
        def forward(self, x):
            return x + 1

    class MyLinear(nn.Linear):
        pass

    hooked = nn.Linear(6, 2)
    hooked.register_forward_hook(lambda module, x, y: y + 1)
    yield "not a sequence", a, "got Linear"
    yield "not a module", 3, "got int"
    yield "own forward", Mine(a, b), "got Mine"
    yield "empty", nn.Sequential(), "ends in nothing"
    yield "no linear", nn.Sequential(nn.ReLU()), "got ReLU.* as part 0"
    yield "activation first", nn.Sequential(nn.ReLU(), a), "got ReLU.* as part 0"
    yield "two activations", nn.Sequential(a, nn.ReLU(), nn.Tanh(), b), "got Tanh.* as part 2"
    yield "dropout before activation", nn.Sequential(a, nn.Dropout(), nn.ReLU(), b), "as part 1"
    yield "dropout twice", nn.Sequential(a, nn.ReLU(), nn.Dropout(), nn.Dropout(), b), "as part 3"
    yield "dropout last", nn.Sequential(a, nn.ReLU(), nn.Dropout()), "ends in Dropout"
    yield "drops everything", nn.Sequential(nn.Dropout(1.0), a), "p < 1, got"
    yield "relu last", nn.Sequential(a, nn.ReLU()), "the last part to be a Linear, Softmax"
    yield "softmax of rows", nn.Sequential(a, nn.Softmax(dim=0)), "the last part to be"
    yield "convolution", nn.Sequential(nn.Conv2d(1, 1, 3), a), "got Conv2d.* as part 0"
    yield "normalization", nn.Sequential(a, nn.BatchNorm1d(4), b), "known activations: ReLU"
    yield "subclass", nn.Sequential(MyLinear(6, 2)), "got MyLinear.* as part 0"
    yield "hook", nn.Sequential(hooked), "without hooks"
    yield "hook of the sequence", whole, "without hooks"
    yield "hook within", nn.Sequential(whole, b), "without hooks"
    yield "lazy", nn.Sequential(nn.LazyLinear(2)), "run the module on a batch"
    yield "without numbers", nn.Sequential(nn.Linear(6, 2, device="meta")), "device 'meta'"
    yield "not finite", nn.Sequential(spoilt), "b1 to be finite"
    yield "flatten all", nn.Sequential(nn.Flatten(0), a), "got Flatten.* as part 0"
    yield "flatten late", nn.Sequential(a, nn.Flatten(), b), "got Flatten.* as part 1"
    yield "slope", nn.Sequential(a, nn.LeakyReLU(0.2), b), "negative_slope': 0.2} in part 1"
    yield "gelu", nn.Sequential(a, nn.GELU("tanh"), b), "approximate"
    yield "softplus", nn.Sequential(a, nn.Softplus(beta=2), b), "beta"
    yield "widths", nn.Sequential(a, nn.ReLU(), nn.Linear(5, 2)), "Linear 2 takes 5 .* the 4 that"
    yield "half", nn.Sequential(a.half(), nn.ReLU(), b.half()), r"got \['float16'\]"
    yield "mixed", nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2).double()), "float32"


def test_what_from_torch_refuses(torch):
    for name, module, message in strange_modules(torch.nn):
        with pytest.raises((TypeError, ValueError)) as caught:
            fastnn.from_torch(module)
        assert re.search(message, str(caught.value)), name


def test_what_to_torch_refuses(torch):
    with pytest.raises(TypeError, match="got int"):
        fastnn.to_torch(3)
    with pytest.raises(TypeError, match="expected logits to be True or False"):
        fastnn.to_torch(fastnn.Network([2, 1]), logits=1)
    with pytest.raises(ValueError, match=r"no part for e.z, got output='exp'; .*logits=True"):
        fastnn.to_torch(fastnn.Network([2, 1], output="exp"))
    assert len(fastnn.to_torch(fastnn.Network([2, 1], output="exp"), logits=True)) == 1


def test_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for function in (fastnn.to_torch, fastnn.from_torch):
        with pytest.raises(ImportError, match="pip install torch"):
            function(fastnn.Network([2, 1]))


def test_the_examples_of_the_docstrings(torch):
    """Skipped by doctest, which has to pass without torch."""
    module = importlib.import_module("fastnn.export.torch_model")
    for function in (module.from_torch, module.to_torch):
        text = inspect.getdoc(function).replace("# doctest: +SKIP", "")
        test = doctest.DocTestParser().get_doctest(text, {}, function.__name__, None, 0)
        assert test.examples
        assert doctest.DocTestRunner().run(test).failed == 0
