"""Mean targets of categories that are too many for inputs of their own."""

import json

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.errors import ModelFormatError
from fastnn.tabular import TableSchema


def frame_of(levels=1000, rows=4, noise=0.3, signal=1.0, seed=0):
    """A category of so many levels with so many rows each, a number, and a target of both."""
    rng = np.random.default_rng(seed)
    effect, k = signal * rng.normal(size=levels), np.repeat(np.arange(levels), rows)
    rng.shuffle(k)
    x = rng.normal(size=len(k))
    y = effect[k] + 0.5 * x + noise * rng.normal(size=len(k))
    return pd.DataFrame({"k": [f"c{level}" for level in k], "x": x, "y": y})


def means_of(schema):
    (column,) = (column for column in schema.columns if column.kind == "categorical")
    return column.means


def fitted(frame, **options):
    return fastnn.TableRegressor(quality="fast", **options).fit(frame, "y")


def test_categories_of_many_levels_are_learnt():
    """R^2 of a ridge on an input for each level is 0.83; it was 0.2, of x alone."""
    frame = frame_of()
    model = fitted(frame[:3000])
    assert model.score(frame[3000:], "y") > 0.75
    assert model.schema_.input_names[-17] == "k: mean of y"  # before the bins of x


def test_a_key_that_tells_nothing_does_no_harm():
    """Neither by chance differences between levels, nor where they pass for real ones."""
    frame = frame_of(levels=1500, rows=2, noise=1.0, signal=0.0)
    train, test = frame[:2000], frame[2000:]
    alone = fitted(train, drop="k").score(test, "y")
    for y in (train["y"], train["y"] + 0.3 * (train.index % 2)):
        model = fitted(train.assign(y=y))
        assert model.score(test, "y") > alone - 0.03
    # Of rows that share a target by chance, as twins, the means are kept, and must not leak.
    schema = TableSchema.fit(frame_of(levels=1500, rows=2, noise=1.0, signal=1.5), "y")
    new = schema.columns[-1].means
    assert new is not None
    rng = np.random.default_rng(1)
    y = rng.normal(size=len(frame))
    texts = frame["k"].to_numpy()
    counted, place = np.unique(texts, return_inverse=True)
    sums = np.bincount(place, y)
    means = type(new)(("m",), (0.0,), 1.0, 1.0, tuple(counted), (2,) * len(counted), (tuple(sums),))
    own = means.values()[place][:, 0]
    others = means.values_of(place, y)[:, 0]
    assert np.corrcoef(own, y)[0, 1] > 0.5
    assert abs(np.corrcoef(others, y)[0, 1]) < 0.06


def test_a_mean_is_of_rows_of_other_folds_and_drawn_to_the_centre():
    frame = frame_of()
    schema = TableSchema.fit(frame, "y")
    at, y = schema.input_names.index("k: mean of y"), schema.targets(frame)
    means = means_of(schema)
    assert means.smoothing == pytest.approx(0.3**2 + 0.5**2, rel=0.2)  # variance of 1 between
    mean = frame.assign(z=y)[["k", "z"]].groupby("k")["z"].agg(["sum", "count"])
    expected = mean["sum"] / (mean["count"] + means.smoothing) / means.scale
    X = schema.inputs(frame)
    np.testing.assert_allclose(X[:, at], expected[frame["k"]], rtol=1e-5, atol=1e-6)
    assert np.square(X[:, at]).mean() == pytest.approx(1, rel=1e-3)
    of_training = schema.inputs(frame, y=y)
    other = np.delete(of_training, at, axis=1)
    np.testing.assert_array_equal(other, np.delete(X, at, axis=1))
    for row in (0, 7, 99):  # another target of its own row changes nothing
        changed = frame.assign(y=frame["y"] + (frame.index == row))
        again = TableSchema.fit(changed, "y")
        before, after = (
            s.inputs(f, y=s.targets(f))[row, at] * m.scale * s.target_scale
            for s, f, m in ((schema, frame, means), (again, changed, means_of(again)))
        )
        assert after == pytest.approx(
            before, abs=0.02
        )  # the smoothing is another; a fifth would be its own
    unseen = schema.inputs(frame[:1].assign(k="new"))[0, at]
    assert unseen == 0


def test_rows_of_a_group_are_in_one_fold():
    frame = frame_of().assign(g=lambda f: f["k"])
    model = fitted(frame, groups="g")
    schema = model.schema_
    X = schema.inputs(frame, y=schema.targets(frame), groups=frame["g"].to_numpy())
    assert not X[:, schema.input_names.index("k: mean of y")].any()


def test_single_rows_and_gaps_have_means():
    frame = frame_of()
    frame.loc[:5, "k"] = [None, None, None, "single 1", "single 2", None]
    schema = TableSchema.fit(frame, "y")
    assert {"", "single 1", "single 2"} <= set(means_of(schema).categories)
    X = schema.inputs(frame)
    assert (X[:6, schema.input_names.index("k: mean of y")] != 0).all()


def test_levels_of_many_rows_keep_an_input_of_their_own():
    frame = pd.concat([frame_of(), frame_of(50, 30, seed=1).assign(k=lambda f: "big " + f["k"])])
    schema = TableSchema.fit(frame.reset_index(drop=True), "y")
    (column,) = (column for column in schema.columns if column.kind == "categorical")
    assert len(column.categories) == 50
    assert all(text.startswith("big") for text in column.categories)
    assert not set(column.categories) & set(column.means.categories)


def test_a_single_level_beyond_those_with_inputs():
    schema = TableSchema.fit(frame_of(levels=257, rows=25), "y")
    assert means_of(schema) is None
    assert schema.inputs(frame_of(levels=257, rows=1)).any(axis=1).all()


@pytest.mark.filterwarnings("ignore:Column 'k' alone gives:UserWarning")
@pytest.mark.parametrize("classes", [2, 3, 70])
def test_classes(classes):
    frame = frame_of(rows=8)
    level = frame["k"].str[1:].astype(int) % classes
    frame["y"] = "y" + level.astype(str)
    schema = TableSchema.fit(frame, "y")
    names = [name for name in schema.input_names if "share of" in name]
    assert len(names) == {2: 1, 3: 3, 70: 0}[classes]
    if names:
        assert names[-1] == f"k: share of y{classes - 1}"
        X = schema.inputs(frame, y=schema.targets(frame))
        last = X[:, schema.input_names.index(names[-1])]
        assert last[level == classes - 1].min() > last[level != classes - 1].max()
        model = fastnn.TableClassifier(quality="fast").fit(frame[:6000], "y")
        assert model.score(frame[6000:], "y") > 0.95


def test_the_training_rows_are_found_again(tmp_path):
    frame, dev = frame_of(levels=400), frame_of(levels=400, rows=1, seed=2)
    model = fastnn.TableRegressor(quality=None, epochs=3).fit(frame, "y")
    model.save(tmp_path / "m.safetensors")
    again = fastnn.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    schema = model.schema_
    for given in (None, dev):
        parts = again._judged(frame, "y", given, None).parts
        train = frame.loc[parts["train"].index]
        assert len(train) < len(frame)
        X = schema.inputs(train, y=schema.targets(train))
        np.testing.assert_array_equal(parts["train"].X, X)
        rows = dev if given is not None else frame.loc[parts["dev"].index]
        np.testing.assert_array_equal(parts["dev"].X, schema.inputs(rows))


def test_it_is_kept_in_json_and_told():
    frame = frame_of()
    schema = TableSchema.fit(frame, "y")
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert again.to_dict() == schema.to_dict()
    np.testing.assert_array_equal(again.inputs(frame), schema.inputs(frame))
    y = schema.targets(frame)
    np.testing.assert_array_equal(again.inputs(frame, y=y), schema.inputs(frame, y=y))
    assert "mean of y of 1,000 with few rows or no input of their own" in str(schema)
    assert "mean of y of 1,000" in schema._repr_html_()
    mean, scale = schema.input_units
    at = schema.input_names.index("k: mean of y")
    assert scale[at] == means_of(schema).scale
    assert mean[at] == pytest.approx(0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("names", []),
        ("center", [0.0, 1.0]),
        ("smoothing", -1.0),
        ("scale", 0.0),
        ("categories", ["a", "a"]),
        ("counts", [1]),
        ("counts", [0] * 1000),
        ("sums", [[0.0]]),
        ("sums", [[float("nan")] * 1000]),
        ("sums", None),
    ],
)
def test_what_is_read_is_checked(key, value):
    state = TableSchema.fit(frame_of(), "y").to_dict()
    state["columns"][-1]["means"][key] = value
    with pytest.raises(ModelFormatError):
        TableSchema.from_dict(state)
