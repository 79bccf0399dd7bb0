"""What the page says of probabilities: areas under ROC curves, errors by class, calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Page
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

import fastnn
from fastnn.reporting.probabilities import areas, calibration


def outputs(m, classes, seed, decimals=8):
    """Probabilities, ties among them, and labels that they tell something of."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(classes), size=m).round(decimals)
    P /= P.sum(axis=1, keepdims=True)
    return P, np.array([rng.choice(classes, p=p) for p in P])


@settings(deadline=None)
@given(st.integers(30, 80), st.integers(2, 5), st.integers(0, 99), st.integers(1, 8))
def test_an_area_is_the_share_of_pairs_in_the_right_order(m, classes, seed, decimals):
    P, y = outputs(m, classes, seed, decimals)
    for k, area in enumerate(areas(P, y)):
        above = P[y == k, k][:, None] - P[y != k, k]
        if (y == k).any():
            assert area == pytest.approx(((above > 0) + 0.5 * (above == 0)).mean(), abs=1e-12)
        else:
            assert np.isnan(area)


def test_a_class_alone_has_no_area():
    assert np.isnan(areas(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([1, 1]))).all()


def test_calibration_by_hand():
    P = np.array([[0.92, 0.08], [0.94, 0.06], [0.96, 0.04], [0.35, 0.65], [0.45, 0.55]])
    found = calibration(P, np.array([0, 0, 1, 1, 1]))
    assert found.said == pytest.approx([0.55, 0.65, 0.94])
    assert found.right == pytest.approx([1, 1, 2 / 3])
    assert found.counts.tolist() == [1, 1, 3]
    assert found.error == pytest.approx((0.45 + 0.35 + 3 * (0.94 - 2 / 3)) / 5)


def test_certain_answers_are_in_the_last_bin():
    found = calibration(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1]))
    assert (found.said.tolist(), found.error, found.by_chance) == ([1.0], 0.0, 0.0)


@pytest.mark.parametrize("classes", [2, 4])
def test_exact_probabilities_have_the_error_that_chance_makes(classes):
    drawn = [calibration(*outputs(200, classes, seed)) for seed in range(300)]
    mean = np.mean([found.error for found in drawn])
    assert np.mean([found.by_chance for found in drawn]) == pytest.approx(mean, rel=0.06)


@pytest.fixture(scope="module", params=[1, 3], ids=["sigmoid", "softmax"])
def judged(request):
    """A network whose probabilities are known: its logits are columns of X."""
    units, rng = request.param, np.random.default_rng(0)
    X = rng.normal(size=(900, units)) * 2
    P = 1 / (1 + np.exp(-X[:, 0])) if units == 1 else np.exp(X) / np.exp(X).sum(1, keepdims=True)
    P = np.stack([1 - P, P], axis=1) if units == 1 else P
    y = np.array([rng.choice(len(p), p=p) for p in P])
    return units, X, P, y


def page_of(judged, sureness):
    """The page about the network, with logits so many times as large."""
    units, X, _, y = judged
    network = fastnn.Network([units, units], dtype="float64", rng=0)
    network.params["W1"][...] = sureness * np.eye(units)
    network.params["b1"][...] = 0
    names = [f"class {k}" for k in range(max(units, 2))]
    parts = (X[:300], y[:300]), (X[300:], y[300:])
    return Page(
        fastnn.report(network, None, *parts, gradcheck=False, target_names=names, first_row=2).html
    )


def test_figures_of_the_page(judged):
    _, _, P, y = judged
    P, y = P[300:], y[300:]
    page, predicted = page_of(judged, 1), P.argmax(axis=1)
    said = page.sections["mistakes"]
    balanced = 100 * (1 - balanced_accuracy_score(y, predicted))
    assert f"balanced error, the mean of the errors of the classes, is {balanced:.3g} %" in said
    classes = P.shape[1]
    area = np.mean([roc_auc_score(y == k, P[:, k]) for k in range(classes)])
    assert f"against the others, is {area:.4f}, where" in said
    rows = page.table("Errors by class")[1:]
    for name, count, chosen, wrong, area in rows:
        k = int(name.removeprefix("class "))
        assert (int(count), int(chosen)) == ((y == k).sum(), (predicted == k).sum())
        assert wrong == f"{100 * (predicted[y == k] != k).mean():.3g} %"
        assert area == f"{roc_auc_score(y == k, P[:, k]):.4f}"
    errors = [float(row[3].removesuffix(" %")) for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert len(rows) == classes
    found = calibration(P, y)
    assert (
        f"expected calibration error, the mean distance between the two in 10 bins, is "
        f"{100 * found.error:.3g} %" in said
    )
    bins = page.table("Calibration of the dev set")[1:]
    assert [int(row[2]) for row in bins] == found.counts.tolist()


@pytest.mark.parametrize(
    ("sureness", "words"),
    [
        (1, "no more than so few examples show by chance"),
        (4, "the model is too sure"),
        (0.25, "the model is too unsure"),
    ],
)
def test_the_verdict_on_probabilities(sureness, words, judged):
    assert words in page_of(judged, sureness).sections["mistakes"]


def test_a_class_without_dev_rows():
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = X.argmax(axis=1)
    few = y < 2
    network = fastnn.Network([3, 3], rng=0)
    page = Page(fastnn.report(network, None, (X, y), (X[few], y[few]), gradcheck=False).html)
    assert "cannot be told, for a class has no rows" in page.sections["mistakes"]
    assert len(page.table("Errors by class, the highest first: 2 of 3")) == 3
