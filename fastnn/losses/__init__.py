"""More losses than the outputs have, each a `fastnn.Loss` that Numba compiles when it is used.

>>> import fastnn
>>> fastnn.Network([8, 16, 3], output=fastnn.losses.quantile([0.05, 0.5, 0.95])).loss
<Loss quantile(levels=[0.05, 0.5, 0.95])>

- Real targets: quantile, tweedie
- Classes: focal, hinge, cross_entropy
"""

from fastnn.losses.classification import cross_entropy as cross_entropy
from fastnn.losses.classification import focal as focal
from fastnn.losses.classification import hinge as hinge
from fastnn.losses.regression import quantile as quantile
from fastnn.losses.regression import tweedie as tweedie

__all__ = ["cross_entropy", "focal", "hinge", "quantile", "tweedie"]


def __dir__() -> list[str]:
    """The public names alone."""
    return __all__
