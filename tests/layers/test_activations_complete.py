"""Every place that must know an activation: a new entry of the table fails where it is forgotten.

What each place makes of an activation is tested elsewhere. Here a failure names the place.
"""

import re
from pathlib import Path
from typing import get_args

import numpy as np
import problems
import pytest
import reference

import fastnn
from fastnn.export import onnx_graph
from fastnn.gradient_checking.network import cost_changes, formulas, rounding
from fastnn.layers.activations import ACTIVATIONS, Activation, ActivationName
from fastnn.layers.formulas import FORMULAS
from fastnn.layers.outputs import OUTPUTS
from fastnn.training.optimizers import OPTIMIZERS

ROOT = Path(__file__).parents[2]


def text_of(path):
    return (ROOT / path).read_text()


def names_in_enum(enum):
    """The names of an enum of kernels.h, by their codes; the last, which counts them, left out."""
    body = re.search(rf"enum {enum} {{(.*?)}}", text_of("fastnn/native/kernels.h"), re.DOTALL)
    return [name.strip() for name in body.group(1).split(",") if name.strip()][:-1]


def changes_as_the_formula(name, entry):
    """Whether the compiled changes of g, near and far, are those of FORMULAS."""
    value = FORMULAS[name][0]
    for d in (1e-5, 0.3):
        z = np.linspace(-2.05, 2.05, 12)[np.newaxis]
        p, q = (np.ascontiguousarray(part) for part in formulas.ingredients(name, z))
        change = np.full((1, 1, z.size), d)
        cost_changes.through_activation(entry.code, 0, 1, change, z, p, q, np.ones_like(z))
        if not np.allclose(change[0], value(z + d) - value(z), rtol=1e-6, atol=1e-10):
            return False
    return True


def has_bound_of_slope(name, entry):
    Z = rounding.Uncertain(np.array([[0.5]]), np.array([[1e-16]]))
    slope, variance = rounding._uncertain_slope(name, Z, 1e-8)
    return variance.item() < 1e-10 and slope.item() == FORMULAS[name][1](0.5)


PLACES = {
    "enum Activation in fastnn/native/kernels.h": lambda name, entry: (
        dict(enumerate(names_in_enum("Activation"))).get(entry.code) == name.upper()
    ),
    "with_activation in fastnn/native/activation.h": lambda name, entry: (
        entry.code == 0  # the default
        or f"case fastnn::{name.upper()}:" in text_of("fastnn/native/activation.h")
    ),
    "ActivationName in fastnn/layers/activations.py": lambda name, entry: (
        name in get_args(ActivationName)
    ),
    "FORMULAS in fastnn/layers/formulas.py": lambda name, entry: name in FORMULAS,
    "through_activation in fastnn/gradient_checking/network/cost_changes.py, and ingredients in "
    "formulas.py beside it": changes_as_the_formula,
    "_uncertain_slope in fastnn/gradient_checking/network/rounding.py": has_bound_of_slope,
    "onnx of its entry, or _COMPOSED in fastnn/export/onnx_graph.py": lambda name, entry: (
        entry.onnx is not None or name in onnx_graph._COMPOSED
    ),
    "the docstring of Network": lambda name, entry: name in words(fastnn.Network.__doc__),
    "the docstring of MLPClassifier": lambda name, entry: (
        (entry.sklearn or name) in words(fastnn.MLPClassifier.__doc__)
    ),
    "--activation in fastnn/cli/network_options.py": lambda name, entry: (
        name in words(text_of("fastnn/cli/network_options.py"))
    ),
    "ACTIVATIONS in tests/support/reference.py": lambda name, entry: name in reference.ACTIVATIONS,
    "ACTIVATIONS in tests/support/problems.py": lambda name, entry: name in problems.ACTIVATIONS,
    "EXACT in tests/core/test_activations.py": lambda name, entry: (
        f'"{name}": ' in text_of("tests/core/test_activations.py")
    ),
}


def words(text):
    return set(re.findall(r"\w+", text))


def forgotten(name, entry):
    """The places that do not know an activation."""
    places = []
    for place, knows in PLACES.items():
        try:
            known = knows(name, entry)
        except KeyError:
            known = False
        if not known:
            places.append(place)
    return places


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_place_knows_it(name):
    assert forgotten(name, ACTIVATIONS[name]) == []


def test_every_forgotten_place_is_named():
    assert forgotten("mish", Activation(9, "he", "Mish")) == list(PLACES)


def test_bounds_and_kinks_are_those_of_the_formula():
    """`jump` is the slope's jump at 0, and `one_sign` says that g is nowhere negative."""
    for name, entry in ACTIVATIONS.items():
        value, slope = FORMULAS[name]
        jump = slope(np.array(1e-9)) - slope(np.array(-1e-9))
        assert jump == pytest.approx(entry.jump, abs=1e-6), name
        assert entry.one_sign == bool((value(np.linspace(-9.0, 9.0, 51)) > 0).all()), name


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_have_their_codes(name):
    codes = [code.removeprefix("OUT_").lower() for code in names_in_enum("Output")]
    assert codes[OUTPUTS[name].code] == name.removeprefix("identity_")


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "lbfgs"])
def test_optimizers_have_their_codes(name):
    rule = "adam" if name == "adamw" else name  # which differs by its weight decay alone
    assert names_in_enum("Optimizer")[OPTIMIZERS[name].code] == rule.upper()
