"""Figures of a fit by class, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

import fastnn
from fastnn.tables.figures import figures_of, no_better_than
from fastnn.tables.preparation import Part


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"]])
def test_figures_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(0)
    y = np.array(classes)[rng.integers(len(classes), size=300)]
    x = rng.normal(size=300).round(1) + (y == classes[0])  # ties
    model = fastnn.TableClassifier((4,), quality=None, epochs=20, learning_rate=0.01)
    model.fit({"x": x}, y)
    schema = model.schema_
    part = Part(schema.inputs(_frame(x)), np.searchsorted(classes, y), None, np.arange(300))
    figures, P = figures_of(schema, model.network_, part), model.predict_proba({"x": x})
    predicted = model.predict({"x": x})
    assert figures["error"] == pytest.approx((predicted != y).mean())
    assert figures["balanced_error"] == pytest.approx(1 - balanced_accuracy_score(y, predicted))
    scores = P[:, 1] if len(classes) == 2 else P
    assert figures["auc"] == pytest.approx(roc_auc_score(y, scores, multi_class="ovr"), abs=1e-6)
    for name, error in figures["class_errors"].items():
        assert error == pytest.approx((predicted[y == name] != name).mean())


def test_one_answer_to_all_rows_is_no_better():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [1900, 100])
    x = rng.normal(size=2000) + 0.8 * y
    model = fastnn.TableClassifier((), quality=None, learning_rate=0.05)
    with pytest.warns(UserWarning, match="No better"):
        model.fit({"x": x}, y)
    part = Part(model.schema_.inputs(_frame(x)), y, None, np.arange(2000))
    said = no_better_than(model.schema_, model.network_.forward(part.X), y, y)
    assert "always answering 0, the most frequent class, which has an error of 5.00 %" in said
    assert "a threshold below a half." in said
    figures = figures_of(model.schema_, model.network_, part)
    assert (figures["error"], figures["balanced_error"]) == (0.05, 0.5)
    assert figures["class_errors"] == {"0": 0.0, "1": 1.0}


def test_a_threshold_is_for_two_classes():
    y = np.repeat([0, 1, 2], [180, 10, 10])
    x = np.random.default_rng(0).normal(size=200) + y
    model = fastnn.TableClassifier((), quality=None, learning_rate=0.05)
    with pytest.warns(UserWarning, match="No better"):
        model.fit({"x": x}, y)
    A = np.where(y[:, np.newaxis] > 0, [0.8, 0.1, 0.1], [0.9, 0.05, 0.05])
    said = no_better_than(model.schema_, A, y, y)
    assert "decide by their probability (predict_proba, --proba). class_weight" in said


def _frame(x):
    import pandas as pd

    return pd.DataFrame({"x": x})
