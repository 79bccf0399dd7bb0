"""The model of a table as ONNX: columns in, labels and probabilities or values out."""

import os
from typing import Any

import numpy as np

from fastnn.export.onnx_graph import Graph
from fastnn.network import Network
from fastnn.reading.notation import GAPS
from fastnn.tabular import TableSchema
from fastnn.tabular.columns import MISSING

_ML = {"domain": "ai.onnx.ml"}


def write_table_model(schema: TableSchema, network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network with the schema of its table; see `to_onnx`."""
    graph = Graph([network])
    outputs: dict[str, Any]
    X = graph.node("Concat", *_inputs(graph, schema), axis=1)
    A = graph.outputs_of(graph.cast(X, network.dtype), "activations")
    if schema.classes is None:
        outputs = {_values(graph, schema, A): (np.float64, 1)}
    else:
        P, label, kind = _classes(graph, schema, A)
        outputs = {label: (kind, None), P: (network.dtype, len(schema.classes))}
    columns = {
        column.name: (np.float64 if column.kind == "numeric" else str, 1)
        for column in schema.columns
    }
    names = {"features": list(columns), "target": [schema.target]}
    if schema.classes is not None:
        names["classes"] = schema.classes.tolist()
    graph.write(path, columns, outputs, names)


def _inputs(graph, schema):
    """The inputs of the network in the order of `TableSchema.input_names`, in float32."""
    numeric = [column for column in schema.columns if column.kind == "numeric"]
    numbers, gaps, bins = [], [], []
    for column in numeric:
        is_gap = graph.node("IsNaN", column.name)
        x = graph.node("Where", is_gap, graph.wide(column.fill), column.name)
        bounded = graph.node("Clip", x, *map(graph.wide, column.bounds))
        numbers.append(_standardized(graph, bounded, column.mean, column.scale))
        if column.missing:
            gap = graph.cast(is_gap, np.float64)
            gaps.append(_standardized(graph, gap, *column.missing))
        if column.edges:
            bins.append(_bins(graph, is_gap, column))
    categories = []
    for column in schema.columns:
        if column.kind == "categorical":
            categories.append(_one_hot(graph, column, schema.missing))
            if column.means:
                categories.append(_means(graph, column, schema.missing))
    return [*numbers, *gaps, *categories, *bins]


def _standardized(graph, x, mean, scale):
    """(x - mean) / scale in float64: the subtraction may cancel nearly all digits."""
    centred = graph.node("Sub", x, graph.wide(mean))
    return graph.cast(graph.node("Div", centred, graph.wide(scale)), np.float32)


def _bins(graph, is_gap, column):
    """min(max((x - a) / (b - a), 0), 1) of each bin from a to b; a gap is in none."""
    edges = np.array(column.edges)
    x = graph.node("Where", is_gap, graph.wide(edges[0]), column.name)
    above = graph.node("Sub", x, graph.wide(edges[:-1]))
    share = graph.node("Div", above, graph.wide(np.diff(edges)))
    return graph.cast(graph.node("Clip", share, graph.wide(0.0), graph.wide(1.0)), np.float32)


def _one_hot(graph, column, missing):
    """1 for the input of a text, of all inputs of its column; only 0 for an unknown text."""
    unit = _places(graph, column, column.units, column.other, missing)
    hot = graph.node("OneHotEncoder", unit, cats_int64s=list(range(column.n_units)), zeros=1, **_ML)
    shape = graph.constant(np.array([-1, column.n_units]), f"{column.name}/shape")
    return graph.node("Reshape", hot, shape)  # of (rows, 1, n) to (rows, n)


def _means(graph, column, missing):
    """The mean targets of the category of a text; 0 for an unknown one."""
    texts = column.means.categories
    places = {text: i for i, text in enumerate(texts)}
    place = _places(graph, column, places, len(texts), missing)
    values = graph.constant(column.means.values().astype(np.float32), f"{column.name}/means")
    shape = graph.constant(np.array([-1, len(column.means.names)]), f"{column.name}/means shape")
    return graph.node("Reshape", graph.node("Gather", values, place, axis=0), shape)


def _places(graph, column, places, other, missing):
    """The place of each text of a column; a text for a gap is one."""
    if MISSING in places:
        places |= dict.fromkeys(GAPS if missing is None else missing, places[MISSING])
    return graph.node(
        "LabelEncoder",
        column.name,
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=other,
        **_ML,
    )


def _classes(graph, schema, A):
    """The names of the probabilities and of the label, and the label's type."""
    P = A
    if schema.n_outputs == 1:
        P = graph.node("Concat", graph.node("Sub", graph.constant(1.0), A), A, axis=1)
    P = graph.node("Identity", P, name="probabilities")
    index = graph.node("ArgMax", P, axis=1, keepdims=0)
    texts = schema.classes.dtype == object
    whole = schema.classes.dtype.kind in "bi"
    values = (
        {"values_strings": list(schema.classes)}
        if texts
        else {"values_int64s": schema.classes.astype(np.int64).tolist()}
        if whole
        else {"values_floats": schema.classes.tolist()}
    )
    label = graph.node(
        "LabelEncoder",
        index,
        name="label",
        keys_int64s=list(range(len(schema.classes))),
        **values,
        **_ML,
    )
    return P, label, str if texts else np.int64 if whole else np.float32


def _values(graph, schema, A):
    """The name of the values in the target's units, as `TableSchema.decode` computes them."""
    mean, scale, lowest = schema.units
    values = graph.node("Mul", graph.cast(A, np.float64), graph.wide(scale))
    values = graph.node("Add", values, graph.wide(mean))
    if np.isfinite(lowest):
        values = graph.node("Max", values, graph.wide(lowest))
    return graph.node("Identity", values, name="values")
