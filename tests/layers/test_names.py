"""The names that type checkers know are those of the tables."""

from typing import get_args

import pytest

from fastnn.layers.activations import ACTIVATIONS, ActivationName
from fastnn.layers.initializers import INITIALIZERS, InitializerName
from fastnn.layers.outputs import OUTPUTS, OutputName
from fastnn.schedules import SCHEDULES, ScheduleName
from fastnn.training.optimizers import OPTIMIZERS, OptimizerName


@pytest.mark.parametrize(
    ("alias", "names"),
    [
        (ActivationName, list(ACTIVATIONS)),
        (OutputName, list(OUTPUTS)),
        (InitializerName, ["auto", *INITIALIZERS]),
        (ScheduleName, list(SCHEDULES)),
        (OptimizerName, list(OPTIMIZERS)),
    ],
)
def test_aliases_list_the_table(alias, names):
    assert list(get_args(alias)) == names
