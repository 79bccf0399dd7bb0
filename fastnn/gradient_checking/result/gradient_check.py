"""The result of a gradient check: the ratio of the notes, the verdict, the components off."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastnn.errors import GradientError
from fastnn.gradient_checking.result.components import (
    WORRY,
    Component,
    Finding,
    ParameterCheck,
    excess_of,
    judged,
    ratio,
    ratios,
)
from fastnn.gradient_checking.result.findings import find
from fastnn.gradient_checking.result.hidden import hidden_components, is_beyond_doubt, is_hidden
from fastnn.gradient_checking.result.rendering import as_html, as_text
from fastnn.layers.layout import Parameter
from fastnn.plots.gradient_check import plot_gradient_check

_Vector = NDArray[np.float64]


class GradientCheck:
    """An analytic gradient beside a numerical one.

    Made by `fastnn.gradcheck` and `Network.gradcheck`.

    Parameters
    ----------
    theta, analytic, numeric : (N,) array
        NaN in `numeric` where it was not computed.
    uncertainty : (N,) array
        Largest difference of the two that rounding and truncation explain, with a margin of safety.
    parameters : iterable of Parameter
        The arrays that theta is made of.
    excluded, checked : (N,) array of bool, optional
        Components left out because of a kink; components that were checked (None: all).
    epsilon : float, (N,) array or None
        Half the distance between the two points of the difference.
    method : str
    dtype : str
        Number type of the code under check.
    rates : sequence of float, optional
        Rates of the Taylor remainder, one for each direction: 2 when right, 1 when wrong.
    directions : (k, 3) array, optional
        Analytic and numeric derivative along each direction, and the uncertainty.
    penalties : dict of str to (float, float), optional
        lambda_2 / m and lambda_1 / m of the arrays that are penalized.
    evaluations : int
        Number of costs computed.
    seconds, compile_seconds : float
    note : str, optional
        A remark for the reader on how the check was done.
    own : (N,) array, optional
        The part of the uncertainty that is rounding in the analytic gradient itself.
    cost, noise : float, optional
        J, and how far rounding moves it from one point to the next.
    nearby : (N,) array, optional
        Size of each component of the gradient where theta is moved by about its own size.
    sizes : collection of int, optional
        Sizes of the data. A wrong factor may be one of them: a sum in the place of a mean.

    Attributes
    ----------
    difference : float
        The ratio of the notes over everything that was compared.
    verdict : {"correct", "suspect", "wrong"}
        correct: every error is within its uncertainty. wrong: an array has errors that no
        uncertainty explains, and a ratio above 1e-3, by itself or in a component that is off.
        suspect: errors are smaller, or hardly beyond their uncertainties; or nothing could be
        compared, or the rounding of J hides the gradient of an array.
    parameters : mapping of str to ParameterCheck
    findings : tuple of Finding
        The errors in words.

    Examples
    --------
    >>> import fastnn
    >>> check = fastnn.gradcheck(lambda x: x @ x, lambda x: 4 * x, [1.0, 2.0, 3.0])
    >>> check.verdict
    'wrong'
    >>> check.findings[0].text
    'dtheta is 2.000 times too large everywhere'
    """

    theta: _Vector
    analytic: _Vector
    numeric: _Vector
    uncertainty: _Vector
    excluded: NDArray[np.bool]
    checked: NDArray[np.bool]
    epsilon: float | _Vector | None
    method: str
    dtype: str
    rates: tuple[float, ...] | None
    directions: _Vector | None
    penalties: dict[str, tuple[float, float]]
    evaluations: int
    seconds: float
    compile_seconds: float
    note: str
    own: _Vector
    cost: float | None
    noise: float | None
    nearby: _Vector
    sizes: tuple[int, ...]

    def __init__(
        self,
        theta: ArrayLike,
        analytic: ArrayLike,
        numeric: ArrayLike,
        uncertainty: ArrayLike,
        parameters: Iterable[Parameter],
        *,
        excluded: ArrayLike | None = None,
        checked: ArrayLike | None = None,
        epsilon: Any,
        method: str,
        dtype: DTypeLike,
        rates: Iterable[float] | None = None,
        directions: ArrayLike | None = None,
        penalties: Mapping[str, tuple[float, float]] | None = None,
        evaluations: int,
        seconds: float,
        compile_seconds: float = 0.0,
        note: str = "",
        own: ArrayLike | None = None,
        cost: float | None = None,
        noise: float | None = None,
        nearby: ArrayLike | None = None,
        sizes: Collection[int] = (),
    ) -> None:
        self.theta, self.analytic, self.numeric, self.uncertainty = (
            np.asarray(vector, np.float64) for vector in (theta, analytic, numeric, uncertainty)
        )
        size = self.theta.size
        for name in ("theta", "analytic", "numeric", "uncertainty"):
            if getattr(self, name).shape != (size,):
                raise ValueError(
                    f"expected {name} of shape {(size,)}, got {getattr(self, name).shape}"
                )
        self._parameters = tuple(parameters)
        if sum(p.size for p in self._parameters) != size:
            raise ValueError(
                f"expected parameters that make up theta of size {size}, got "
                f"{sum(p.size for p in self._parameters)}"
            )
        self.excluded = np.zeros(size, bool) if excluded is None else np.asarray(excluded, bool)
        self.checked = np.ones(size, bool) if checked is None else np.asarray(checked, bool)
        self.epsilon, self.method, self.dtype = epsilon, method, str(np.dtype(dtype))
        self.rates = None if rates is None else tuple(float(rate) for rate in rates)
        self.directions = None if directions is None else np.asarray(directions, np.float64)
        self.penalties = dict(penalties or {})
        self.evaluations, self.note = int(evaluations), note
        self.seconds, self.compile_seconds = float(seconds), float(compile_seconds)
        self.own = np.zeros(size) if own is None else np.asarray(own, np.float64)
        self.cost, self.noise, self.sizes = cost, noise, tuple(sizes)
        self.nearby = np.zeros(size) if nearby is None else np.asarray(nearby, np.float64)

    @cached_property
    def compared(self) -> NDArray[np.bool]:
        """Components that were checked and not left out, (N,) array of bool."""
        return self.checked & ~self.excluded

    @cached_property
    def off(self) -> NDArray[np.bool]:
        """Components whose error is beyond their uncertainty, (N,) array of bool."""
        # "not <=" and not ">": a NaN is off, too.
        return self.compared & ~(np.abs(self.analytic - self.numeric) <= self.uncertainty)

    @cached_property
    def hidden(self) -> NDArray[np.bool]:
        """Components in which even a gross error would not be seen, (N,) array of bool."""
        return hidden_components(self)

    @cached_property
    def difference(self) -> float:
        """The ratio of the notes over everything that was compared."""
        if self.compared.any() or self.directions is None:
            return ratio(self.analytic[self.compared], self.numeric[self.compared])
        known = np.isfinite(self.directions[:, 1])
        return ratio(self.directions[known, 0], self.directions[known, 1])

    @cached_property
    def verdict(self) -> Literal["correct", "suspect", "wrong"]:
        """The verdict on the whole gradient."""
        verdicts = {p.verdict for p in self.parameters.values()}
        if "wrong" in verdicts:
            return "wrong"
        if verdicts & {"suspect", "not judged"}:
            return "suspect"
        if self.compared.all():
            return "correct"
        # An error may be in the components that were not compared.
        along = self.direction_verdict
        return along or ("correct" if self.compared.any() else "suspect")

    @cached_property
    def direction_verdict(self) -> Literal["correct", "suspect", "wrong"] | None:
        """The verdict on the derivatives along `directions`; None where none was judged."""
        if self.directions is None:
            return None
        analytic, numeric, uncertainty = self.directions.T
        known = self.directions_judged
        off = known & ~(np.abs(analytic - numeric) <= uncertainty)
        if off.any():
            return "wrong" if ratios(analytic[off], numeric[off]).max() > WORRY else "suspect"
        return "correct" if known.any() else None

    @cached_property
    def directions_judged(self) -> NDArray[np.bool]:
        """Directions that cross no kink and have a derivative that is not hidden, (k,) of bool."""
        return judged(*np.asarray(self.directions).T)

    @cached_property
    def parameters(self) -> Mapping[str, ParameterCheck]:
        """The verdict on each array, by its name."""
        words = {name: finding.text for finding in self.findings for name in finding.names}
        return MappingProxyType(
            {p.name: self._check_parameter(p, words.get(p.name, "")) for p in self._parameters}
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The errors in words."""
        return tuple(find(self))

    @property
    def blocks(self) -> tuple[Parameter, ...]:
        """The arrays that theta is made of, a tuple of Parameter."""
        return self._parameters

    def is_off(self, parameter: Parameter) -> bool:
        """Whether some component is off, or all of them are too far away together."""
        compared = self.compared[parameter.slice]
        if self.off[parameter.slice].any():
            return True
        if not compared.any():
            return False
        excess = excess_of(*self._errors(parameter.slice))[compared]
        # Uncertainties are bounds: errors within them are two to ten times smaller. Where the root
        # mean square over many components is larger, something moves all of them.
        return bool(np.sqrt(np.mean(excess**2)) > 0.5 + 2.0 / math.sqrt(excess.size))

    def worst(self, k: int = 10) -> list[Component]:
        """The k components with the largest error over its uncertainty, a list of Component."""
        index = np.flatnonzero(self.compared)
        error, uncertainty = self._errors(index)
        excess = np.nan_to_num(excess_of(error, uncertainty), nan=np.inf, posinf=np.inf)
        order = np.lexsort((-np.nan_to_num(error, nan=np.inf), -excess))
        return [self._component(int(i)) for i in index[order[:k]]]

    def raise_if_wrong(self) -> None:
        """Raise `GradientError`, with the table as its message, unless the verdict is correct."""
        __tracebackhide__ = True  # pytest then shows the caller's line
        if self.verdict != "correct":
            raise GradientError(self)

    def plot(self, ax: Any = None) -> Any:
        """Draw the analytic against the numerical gradient (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        Display
            With `ax_` and `figure_`.
        """
        return plot_gradient_check(self, ax)

    def __repr__(self) -> str:
        return (
            f"<GradientCheck: {self.verdict}, difference {self.difference:.1e}, "
            f"{int(self.compared.sum()):,} of {self.theta.size:,} components>"
        )

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def __getstate__(self) -> dict[str, Any]:
        # A mappingproxy cannot be pickled. Cached properties are computed again.
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }

    def _errors(self, where):
        return np.abs(self.analytic[where] - self.numeric[where]), self.uncertainty[where]

    def _component(self, index):
        parameter = next(p for p in self._parameters if p.start <= index < p.start + p.size)
        return Component(
            parameter.name,
            parameter.position(index),
            index,
            float(self.analytic[index]),
            float(self.numeric[index]),
            float(self.uncertainty[index]),
        )

    def _check_parameter(self, parameter, finding):
        where = np.arange(parameter.start, parameter.start + parameter.size)
        compared, off = where[self.compared[where]], where[self.off[where]]
        difference = ratio(self.analytic[compared], self.numeric[compared])
        worst, verdict = None, "not checked"
        if compared.size:
            error, uncertainty = self._errors(compared)
            excess = np.nan_to_num(excess_of(error, uncertainty), nan=np.inf, posinf=np.inf)
            worst = self._component(int(compared[np.lexsort((-error, -excess))[0]]))
            verdict = "not judged" if is_hidden(self, parameter) else "correct"
        if self.is_off(parameter):
            each = ratios(self.analytic[off], self.numeric[off])
            largest = max(difference, each.max(initial=0.0))
            # A NaN is wrong.
            small = largest <= WORRY or not is_beyond_doubt(self, parameter)
            verdict = "suspect" if small else "wrong"
        excluded = int((self.checked & self.excluded)[parameter.slice].sum())
        return ParameterCheck(
            parameter.name,
            parameter.shape,
            difference,
            verdict,
            worst,
            compared.size,
            off.size,
            excluded,
            finding,
        )
