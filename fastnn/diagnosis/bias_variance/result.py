"""The outcome of a diagnosis: errors, the gaps between them, and the words for them."""

from dataclasses import dataclass, field
from html import escape

from fastnn.plots.diagnosis import plot_diagnosis
from fastnn.text.tables import aligned
from fastnn.text.words import percent

# gap -> (the errors it lies between, what people call it)
GAPS = {
    "bias": ("optimal_error", "train_error"),
    "variance": ("train_error", "dev_error"),
    "data_mismatch": ("train_dev_error", "dev_error"),
    "overfitting_to_dev": ("dev_error", "test_error"),
}
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
        High is above the threshold.
    limits : (float, float)
        Confidence limits of the value; equal to it where no counts are known.
    high : bool or None
        None: the interval has the threshold in it, so that it cannot be told.
    enough : dict of str to int
        When it cannot be told: how many examples would tell, by set as in {"dev": 4300}. Empty
        when no number up to a billion would: the gap lies at the threshold.
    """

    value: float
    threshold: float
    limits: tuple[float, float]
    high: bool | None
    enough: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found; print it for the whole.

    Attributes
    ----------
    errors : dict of str to float
        optimal_error, train_error, dev_error and what else was given.
    bias, variance : float
        train_error - optimal_error; dev_error (or train_dev_error) - train_error.
    data_mismatch, overfitting_to_dev : float or None
        dev_error - train_dev_error; test_error - dev_error. None without the error they need.
    high_bias, high_variance, high_data_mismatch, high_overfitting_to_dev : bool or None
        None: it cannot be told, for lack of examples or of the error it needs.
    advice : list of str
        What to do, in the order to do it in.
    notes : list of str
        What is odd about the figures, or too small to be told.
    intervals : dict of str to (float, float)
        Confidence limits of every error and gap for which the counts are known.
    gaps : dict of str to Gap
    verdict : str
        One sentence.
    """

    errors: dict
    gaps: dict
    intervals: dict
    counts: dict
    confidence: float
    unit: str
    verdict: str
    advice: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def __getattr__(self, name):
        # bias, high_bias, ...: one rule for all the gaps.
        gap = name.removeprefix("high_")
        if gap not in GAPS:
            raise AttributeError(f"a Diagnosis has no attribute {name!r}")
        found = self.gaps.get(gap)
        if found is None:
            return None
        return found.value if gap == name else found.high

    def __dir__(self):
        return sorted({*super().__dir__(), *GAPS, *(f"high_{gap}" for gap in GAPS)})

    def __repr__(self):
        return (
            f"<Diagnosis of bias {percent(self.bias)} and variance {percent(self.variance)}: "
            f"{self.verdict}>"
        )

    def rows(self):
        """(name, value, interval, remark) of every error and gap, as text."""
        for name, value in self.errors.items():
            n = self.counts.get(name)
            yield (
                TITLES[name],
                percent(value),
                self._interval(name),
                "" if n is None else f"of {n:,}",
            )
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

    def __str__(self):
        rows = list(self.rows())
        lines = [self.verdict, ""]
        if any(row[2] for row in rows):
            lines[0] += f" ({percent(self.confidence)} intervals)"
        if self.unit != "share of wrong labels":
            lines[1:1] = [f"Errors are the {self.unit}."]
        lines += [f"  {line}" for line in aligned(rows, "<><<")]
        if self.advice:
            lines += ["", "What to do, in this order:"]
            lines += [f"  {i}. {text}" for i, text in enumerate(self.advice, 1)]
        if self.notes:
            lines += ["", "Note:", *(f"  - {text}" for text in self.notes)]
        return "\n".join(lines)

    def plot(self, ax=None):
        """Draw errors and gaps with their intervals (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        Display
            With `ax_` and `figure_`.
        """
        return plot_diagnosis(self, TITLES, ax)

    def _repr_html_(self):
        cells = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        html = f"<p><b>{escape(self.verdict)}</b></p><table>{cells}</table>"
        for tag, texts in (("ol", self.advice), ("ul", self.notes)):
            if texts:
                html += f"<{tag}>" + "".join(f"<li>{escape(t)}</li>" for t in texts) + f"</{tag}>"
        return html
