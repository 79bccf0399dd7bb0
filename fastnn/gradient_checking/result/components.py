"""The numbers of a gradient check: arrays, single components, ratios; and its findings."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

# The thresholds of the notes: about 1e-7 or less is great, 1e-5 calls for a close look, and
# above 1e-3 something is wrong.
GREAT, CLOSE_LOOK, WORRY = 1e-7, 1e-5, 1e-3
# An uncertainty of more than HIDDEN times a gradient's size hides gross errors. Where the two sides
# differ by more than VISIBLE, already an uncertainty of that part can hide a real error.
HIDDEN, VISIBLE = 0.5, 0.03


@dataclass(frozen=True)
class Component:
    """One number of the gradient: theta[index] is `parameter`[position]."""

    parameter: str
    position: tuple[int, ...]
    index: int
    analytic: float
    numeric: float
    uncertainty: float

    @property
    def error(self) -> float:
        """|analytic - numeric|"""
        return abs(self.analytic - self.numeric)

    @property
    def difference(self) -> float:
        """|numeric - analytic| / (|numeric| + |analytic|)"""
        return ratio(np.array([self.analytic]), np.array([self.numeric]))

    @property
    def excess(self) -> float:
        """The error over its uncertainty; above 1 the component is off."""
        return float(excess_of(np.array(self.error), np.array(self.uncertainty)))


@dataclass(frozen=True)
class ParameterCheck:
    """The verdict on one array of parameters.

    Attributes
    ----------
    name : str
    shape : tuple of int
    difference : float
        ||numeric - analytic|| / (||numeric|| + ||analytic||) over the array.
    verdict : {"correct", "suspect", "wrong", "not judged", "not checked"}
        not judged: the numerical side is so uncertain that it would not show a gross error.
    worst : Component or None
        The component with the largest error over its uncertainty; None where none was compared.
    checked, off, excluded : int
        Number of components that were compared; are off; were left out because of a kink.
    finding : str
        The pattern of the error in words, "" when there is none.
    """

    name: str
    shape: tuple[int, ...]
    difference: float
    verdict: Literal["correct", "suspect", "wrong", "not judged", "not checked"]
    worst: Component | None
    checked: int
    off: int
    excluded: int
    finding: str = ""

    @property
    def excess(self) -> float:
        """The error over its uncertainty, of the worst component."""
        return self.worst.excess if self.worst else 0.0


@dataclass(frozen=True)
class Finding:
    """An error in words.

    Attributes
    ----------
    names : tuple of str
        Names of the arrays that are off, in the order of theta.
    pattern : str
        Of one array: flat, zero, constant, sign, factor, penalty, transposed, other, component,
        row, column, stretch, subset, components. Of several: all, rounded, biases, layer, before.
        elsewhere: no array that was checked. hidden: the arrays cannot be judged.
    text : str
        The finding as a sentence.
    """

    names: tuple[str, ...]
    pattern: str
    text: str

    @property
    def name(self) -> str:
        """The names, with commas between."""
        return ", ".join(self.names)


def ratio(analytic, numeric):
    """``||numeric - analytic|| / (||numeric|| + ||analytic||)``; 0 when both are 0.

    >>> ratio(np.array([3.0]), np.array([3.0001]))
    1.66663888935...e-05
    """
    # Scaled, so that no square overflows or vanishes.
    scale = max(np.abs(analytic).max(initial=0.0), np.abs(numeric).max(initial=0.0))
    if scale == 0.0:
        return 0.0
    analytic, numeric = analytic / scale, numeric / scale
    return float(
        np.linalg.norm(numeric - analytic) / (np.linalg.norm(numeric) + np.linalg.norm(analytic))
    )


def ratios(analytic, numeric):
    total = np.abs(analytic) + np.abs(numeric)
    return np.abs(analytic - numeric) / np.where(total == 0.0, 1.0, total)


def excess_of(error, uncertainty):
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.where(error == 0.0, 0.0, error / uncertainty)


def judged(analytic, numeric, uncertainty):
    """Derivatives along directions that are known (NaN: a kink) and not hidden, array of bool."""
    known = np.isfinite(numeric)
    off = known & (np.abs(analytic - numeric) > uncertainty)
    size = np.abs(analytic[known]).max(initial=0.0)
    return off | known & ~(uncertainty > HIDDEN * size) if size else known
