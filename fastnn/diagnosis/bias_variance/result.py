"""The outcome of a diagnosis: errors, the gaps between them, and the words for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastnn.diagnosis.bias_variance.by_class import ClassError, rows_by_class
from fastnn.diagnosis.causes.cause import Cause
from fastnn.plots.diagnosis import plot_diagnosis
from fastnn.plots.figure import Display
from fastnn.text.markup import listed, result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned
from fastnn.text.words import counted, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# gap -> the two errors that it lies between
GAPS = {
    "bias": ("optimal_error", "train_error"),
    "variance": ("train_error", "dev_error"),
    "data_mismatch": ("train_dev_error", "dev_error"),
    "overfitting_to_dev": ("dev_error", "test_error"),
}
# error or gap -> its name in texts
TITLES = {
    "train_error": "training",
    "train_dev_error": "training-dev",
    "dev_error": "dev",
    "test_error": "test",
    "optimal_error": "optimal",
    "bias": "bias",
    "variance": "variance",
    "data_mismatch": "data mismatch",
    "overfitting_to_dev": "overfitting to dev",
}


@dataclass(frozen=True)
class Gap:
    """A difference of two errors, and whether it is high.

    Attributes
    ----------
    value, threshold : float
        A gap is high when its value is above the threshold.
    limits : (float, float)
        Confidence limits of the value. Both equal the value where no counts are known.
    high : bool or None
        None: it cannot be told, for the threshold lies within the interval, or for the reason in
        `why`.
    enough : dict of str to int
        Where it cannot be told: the number of examples that would tell, by set as in
        {"dev": 4300}. Empty when no number up to a billion would: the gap lies at the threshold.
    why : str
        Where the interval is above the threshold, but the two sets differ in X, so that the gap
        can come from that: how they differ, and what would tell. Else "".
    """

    value: float
    threshold: float
    limits: tuple[float, float]
    high: bool | None
    enough: dict[str, int] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """The result of `diagnose`; print it to read all of it.

    Attributes
    ----------
    errors : dict of str to float
        optimal_error, train_error, dev_error and, where given, train_dev_error and test_error.
    bias, variance : float
        train_error - optimal_error; dev_error (or train_dev_error) - train_error.
    data_mismatch, overfitting_to_dev : float or None
        dev_error - train_dev_error; test_error - dev_error. None where one of the two is unknown.
    high_bias, high_variance, high_data_mismatch, high_overfitting_to_dev : bool or None
        None: it cannot be told, because examples are too few or an error is unknown.
    advice : list of str
        Things to do, the first one first.
    notes : list of str
        Odd figures, and figures that rest on too few examples.
    intervals : dict of str to (float, float)
        Confidence limits of every error and gap for which the counts are known.
    gaps : dict of str to Gap
    counts : dict of str to int or None
        The number of examples that each error was measured on.
    groups : dict of str to int
        The number of groups that these are of, where rows of one group belong together
        (`TableClassifier(groups=...)`): the intervals then go by groups.
    confidence : float
    unit : str
        What the errors are shares of.
    verdict : str
        One sentence.
    causes : tuple of Cause
        What is wrong besides, and comes before bias and variance; the advice begins with it.
    by_class : tuple of ClassError
        The dev error of each class, with its `label`, `error`, `count` and `limits`, where classes
        are uneven; else empty.
    change : dict
        The first advice as arguments, of `net.diagnose` alone: options of `Network`, for new
        weights, and of `fit`. Empty where only a person can follow it, or where following it on
        trial did not lower the dev error.
    """

    errors: dict[str, float]
    gaps: dict[str, Gap]
    intervals: dict[str, tuple[float, float]]
    counts: dict[str, int | None]
    confidence: float
    unit: str
    verdict: str
    advice: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    causes: tuple[Cause, ...] = ()
    by_class: tuple[ClassError, ...] = ()
    change: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)

    @property
    def bias(self) -> float:
        return self.gaps["bias"].value

    @property
    def variance(self) -> float:
        return self.gaps["variance"].value

    @property
    def data_mismatch(self) -> float | None:
        return self._value("data_mismatch")

    @property
    def overfitting_to_dev(self) -> float | None:
        return self._value("overfitting_to_dev")

    @property
    def high_bias(self) -> bool | None:
        return self.gaps["bias"].high

    @property
    def high_variance(self) -> bool | None:
        return self.gaps["variance"].high

    @property
    def high_data_mismatch(self) -> bool | None:
        return self._high("data_mismatch")

    @property
    def high_overfitting_to_dev(self) -> bool | None:
        return self._high("overfitting_to_dev")

    def _value(self, gap):
        return self.gaps[gap].value if gap in self.gaps else None

    def _high(self, gap):
        return self.gaps[gap].high if gap in self.gaps else None

    def __repr__(self) -> str:
        return (
            f"<Diagnosis of bias {percent(self.bias)} and variance {percent(self.variance)}: "
            f"{self.verdict}>"
        )

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """(name, value, interval, remark) of every error and gap, as text."""
        for name, value in self.errors.items():
            yield TITLES[name], percent(value), self._interval(name), measured_on(self, name)
        words = {True: "HIGH", False: "not high", None: "cannot be told"}
        for name, gap in self.gaps.items():
            yield (
                TITLES[name],
                percent(gap.value),
                self._interval(name),
                f"{words[gap.high]} (high: above {percent(gap.threshold)})",
            )

    def _interval(self, name):
        if name not in self.intervals:
            return ""
        low, high = self.intervals[name]
        return f"{100 * low:.3g} to {percent(high)}"

    def __str__(self) -> str:
        rows = list(self.rows())
        lines = [self.verdict, ""]
        if any(row[2] for row in rows):
            lines[0] += f" ({percent(self.confidence)} intervals)"
        if self.unit != "share of wrong labels":
            lines[1:1] = [f"Errors are the {self.unit}."]
        lines += [f"  {line}" for line in aligned(rows, "<><<")]
        if self.by_class:
            lines += ["", "Dev errors by class, which are uneven:"]
            lines += [f"  {line}" for line in aligned(rows_by_class(self.by_class), "<><<")]
        if self.advice:
            lines += ["", "What to do, in this order:"]
            lines += [f"  {i}. {text}" for i, text in enumerate(self.advice, 1)]
        if self.notes:
            lines += ["", "Note:", *(f"  - {text}" for text in self.notes)]
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None) -> Display:
        """Draw errors and gaps with their intervals (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        Display
            With `ax_`, the axes, and `figure_`.
        """
        return plot_diagnosis(self, TITLES, ax)

    def _repr_html_(self) -> str:
        interval = f"{percent(self.confidence)} interval"
        by_class = table(
            ("class", "error", interval, "examples"),
            rows_by_class(self.by_class),
            caption="Dev errors by class",
        )
        return result(
            self.verdict,
            table(("", "error", interval, ""), self.rows(), caption=f"Errors are the {self.unit}."),
            by_class if self.by_class else None,
            listed("ol", self.advice) if self.advice else None,
            listed("ul", self.notes) if self.notes else None,
            columns=MEANINGS["Diagnosis"],
        )


def measured_on(diagnosis: Diagnosis, name: str) -> str:
    """The number of examples, and of groups, that an error was measured on, in words."""
    n, groups = diagnosis.counts.get(name), diagnosis.groups.get(name)
    if n is None:
        return ""
    return f"of {n:,}" + (f" in {counted(groups, 'group')}" if groups else "")
