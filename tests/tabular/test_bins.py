"""Bins of numbers: against exact fractions, and where columns are constant, short or have gaps."""

import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.tabular import TableSchema

M = 101


def frame_of(values, dtype=np.float64):
    return pd.DataFrame({"x": np.asarray(values, dtype), "y": np.arange(len(values)) % 7 + 0.5})


def learn(values, bins=16, dtype=np.float64):
    return TableSchema.fit(frame_of(values, dtype), "y", "regression", numeric=["x"], bins=bins)


def binned(schema, values, dtype=np.float64):
    """The inputs of the bins of a schema whose column is x."""
    return schema.inputs(frame_of(values, dtype))[:, 1 + (schema.columns[0].missing is not None) :]


def by_fractions(x, edges):
    """Of one number, exact; Gorishniy et al. (2022), equation 1."""
    if np.isnan(x):
        return [0.0] * (len(edges) - 1)
    x, edges = Fraction(float(x)), [Fraction(edge) for edge in edges]
    shares = [(x - low) / (high - low) for low, high in pairwise(edges)]
    return [float(min(max(share, Fraction(0)), Fraction(1))) for share in shares]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [1, 2, 3, 16, 17])
@pytest.mark.parametrize("m", [3, 18, M])
def test_bins_of_quantiles(m, bins, dtype):
    rng = np.random.default_rng(m)
    values = rng.lognormal(size=m).astype(dtype)
    values[::5] = np.nan
    schema = learn(values, bins, dtype)
    edges = schema.columns[0].edges
    given = values[~np.isnan(values)].astype(np.float64)
    if len(given) <= bins + 1:
        assert edges == (tuple(np.sort(given)) if len(given) > 2 else ())
    elif bins == 1:
        assert edges == ()
    else:
        np.testing.assert_allclose(edges, np.quantile(given, np.arange(bins + 1) / bins))
    if not edges:
        return
    new = np.concatenate([values, [-1e30, 1e30, np.nan], np.asarray(edges, dtype)]).astype(dtype)
    expected = [by_fractions(x, edges) for x in new]
    np.testing.assert_allclose(binned(schema, new, dtype), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        (np.arange(M) % 2, ()),
        (np.arange(M) % 3, (0, 1, 2)),
        (np.where(np.arange(M) % 10, np.nan, np.arange(M)), tuple(range(0, M, 10))),
        # Most quantiles are alike.
        (np.where(np.arange(M) < 90, 0, np.arange(M)), (0, 90.625, 91, 96.5)),
        (np.where(np.arange(M) < 99, 5.0, np.nan) + (np.arange(M) == 0), ()),
    ],
    ids=["two values", "three values", "gaps", "a spike", "a gap beside two values"],
)
def test_few_different_values(values, edges):
    found = learn(values).columns[0].edges
    if len(edges) == 4:
        assert found[0] == 0
        assert 3 <= len(found) < 17
        assert found == tuple(sorted(set(found)))
    else:
        assert found == edges


def test_a_narrow_bin_does_not_overflow():
    values = np.array([0, 5e-324, 1e100] * 20)
    edges = learn(values).columns[0].edges
    np.testing.assert_array_equal(
        binned(learn(values), [-1e100, 0, 5e-324, 1e100, np.nan]),
        [by_fractions(x, edges) for x in (-1e100, 0, 5e-324, 1e100, np.nan)],
    )


def test_no_bins_unless_asked_for():
    schema = learn(np.arange(M) * 1.0, bins=0)
    assert schema.columns[0].edges == ()
    assert schema.input_names == ["x"]
    with pytest.raises(ValueError, match="bins"):
        learn(np.arange(M), bins=-1)


def test_order_and_names_of_inputs():
    frame = pd.DataFrame(
        {
            "a": np.arange(M) % 3 * 1.0,
            "word": ["u", "v"] * 50 + ["u"],
            "b": np.where(np.arange(M) % 4, np.arange(M) % 5, np.nan),
            "y": np.arange(M) * 1.5,
        }
    )
    schema = TableSchema.fit(frame, "y", bins=2)
    assert schema.input_names == [
        *("a", "b", "b is missing", "word=u", "word=v"),
        *("a from 0 to 1", "a from 1 to 2", "b from 0 to 2", "b from 2 to 4"),
    ]
    plain = TableSchema.fit(frame, "y")
    np.testing.assert_array_equal(schema.inputs(frame)[:, :5], plain.inputs(frame))


def test_bins_survive_files(tmp_path):
    values = np.random.default_rng(0).lognormal(size=M)
    schema = learn(values)
    again = TableSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert again.columns == schema.columns
    model = fastnn.TableRegressor((4,), quality=None, epochs=1).fit(frame_of(values), "y")
    model.schema_ = schema
    model.network_ = fastnn.Network([schema.n_inputs, 4, 1], output="identity", rng=0)
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(
        fastnn.load(tmp_path / "m.safetensors").predict(frame_of(values)),
        model.predict(frame_of(values)),
    )
    for wrong in ([1.0, 2.0], [1.0, 3.0, 2.0], [1.0, 2.0, float("inf")], "123", None):
        state = schema.to_dict()
        state["columns"][0]["edges"] = wrong
        with pytest.raises(fastnn.ModelFormatError, match="edges"):
            TableSchema.from_dict(state)
