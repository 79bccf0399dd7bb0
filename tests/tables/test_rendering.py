"""What notebooks show of the estimators of tables."""

import html

import pandas as pd
import pytest
from sklearn.utils import estimator_html_repr

import fastnn

FRAME = pd.DataFrame(
    {"a <b>": [1.0, None, 3.0, 4.0] * 10, "c": list("xyxz") * 10, "y": [0, 1, 1, 1, 0] * 8}
)


@pytest.mark.parametrize("kind", [fastnn.TableClassifier, fastnn.TableRegressor])
def test_a_fitted_estimator_shows_columns_network_and_curves(kind, tmp_path):
    model = kind(hidden=[7], quality=None, epochs=3, random_state=0)
    assert "fastnn-result" not in model._repr_html_()
    model.fit(FRAME, "y")
    shown = model._repr_html_()
    for part in (model.schema_, model.network_, model.history_):
        assert part._repr_html_() in shown
    assert "a &lt;b&gt;" in shown
    assert all(html.escape(notice) in shown for notice in model.notices_)
    assert f"<b>{html.escape(repr(model))}</b>" in shown
    assert model._repr_mimebundle_() == {"text/plain": repr(model), "text/html": shown}
    model.save(tmp_path / "model.safetensors")
    loaded = fastnn.load(tmp_path / "model.safetensors")
    assert loaded.schema_._repr_html_() in loaded._repr_html_()
    assert "epochs in" not in loaded._repr_html_()


def test_an_ensemble_is_shown():
    model = fastnn.TableClassifier(quality="fast", random_state=0).fit(FRAME, "y")
    assert model.network_._repr_html_() in model._repr_html_()
    assert "fastnn-result" in model._repr_html_()


def test_scikit_learn_shows_it_within_a_pipeline():
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(fastnn.TableClassifier(quality=None, epochs=2, random_state=0))
    pipeline.fit(FRAME[["a <b>", "c"]], FRAME["y"])
    assert "TableClassifier" in estimator_html_repr(pipeline)
