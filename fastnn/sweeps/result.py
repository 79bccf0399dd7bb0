"""The result of a sweep: trials by rank, the best network, and how sure the choice is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.data.frames import import_pandas
from fastnn.diagnosis.evidence.intervals import Estimate
from fastnn.network import Network
from fastnn.plots.figure import Display
from fastnn.plots.trials import plot_sweep
from fastnn.sweeps.space import shown, written
from fastnn.sweeps.trials import Trial
from fastnn.text.markup import result, table, tag
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned
from fastnn.text.words import percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

# Most trials in a printed table, the best ones.
MOST_SHOWN = 10
_CONFIDENCE = 0.95
# Figures that decide: words for the best, the name, and -1 where larger is better.
FIGURES = {
    "dev_error": ("lowest", "dev error", 1),
    "dev_loss": ("lowest", "dev loss", 1),
    "balanced_error": ("lowest", "balanced dev error", 1),
    "auc": ("highest", "dev AUC", -1),
}


@dataclass(frozen=True)
class Sweep:
    """The result of `sweep`; print it for the verdict and the best trials.

    Attributes
    ----------
    trials : list of Trial
        Best first, by `select`. With halving, trials that reached a later rung come before all
        others. Failed trials are last.
    best : Trial or None
        The first trial; None if all failed.
    best_network : Network or None
        The network of the best trial; with several seeds, the one with the lowest `select`. Other
        networks are kept with ``keep=True`` only; a new fit with ``rng=run.seed`` has the same
        bits.
    networks : list of tuple of Network, or None
        With ``keep=True``: ``networks[k][i]`` belongs to ``trials[k].runs[i]``; None if that fit
        failed. ``fastnn.Ensemble.of(result, n)`` makes an ensemble of some.
    dev : (X, y) or None
        With ``keep=True``: the dev set.
    select : str
        "dev_error" or "dev_loss": the figure that decides. ``fastnn sweep`` has others, see
        `by_class`.
    names : list of str
        The settings that were varied, in the order of the space.
    weighted : bool
        Whether the dev set had weights: dev errors and losses are then weighted.
    by_class : dict
        If ``fastnn sweep`` selected by "balanced_error" or "auc": this figure of each run, by the
        number of its trial.
    verdict : str
        A sentence about the best trial, and about trials that the dev set, or the seeds, cannot
        tell from it.
    """

    trials: list[Trial]
    best_network: Network | None
    select: str
    shares: bool = field(repr=False)
    m_dev: int = field(repr=False)
    logarithmic: frozenset[str] = field(repr=False)  # settings drawn on a logarithmic axis
    networks: list[tuple[Network | None, ...]] | None = field(default=None, repr=False)
    dev: tuple[Any, Any] | None = field(default=None, repr=False)
    by_class: dict[int, tuple[float, ...]] = field(default_factory=dict, repr=False)
    weighted: bool = field(default=False, repr=False)

    @property
    def best(self) -> Trial | None:
        """The best trial; None if all failed."""
        return None if self.trials[0].failure else self.trials[0]

    @property
    def names(self) -> list[str]:
        """Names of the settings that were varied, in the order of the space."""
        ordered = sorted(self.trials, key=lambda trial: trial.number)
        return list(dict.fromkeys(name for trial in ordered for name in trial.setting))

    @property
    def verdict(self) -> str:
        """The best trial, and whether others can be told from it."""
        best = self.best
        if best is None:
            return f"all {len(self.trials)} trials failed: {self.trials[0].failure}"
        extreme, what = FIGURES[self.select][0], self._name(self.select)
        figure = self._selected(best)
        rivals = [
            trial for trial in self.trials[1:] if trial.rung == best.rung and not trial.failure
        ]
        rung = " of the last rung" if best.rung else ""
        text = f"{written(best.setting)} has the {extreme} {what}{rung}, {figure}"
        return (
            text
            + "".join(self._doubts(best, rivals))
            + f"; chosen for being the {extreme} it is optimistic: measure it on a test set"
        )

    def _doubts(self, best, rivals):
        if rivals and self.shares and self.select == "dev_error" and not self.weighted:
            _, high = Estimate(min(1.0, best.dev_error), self.m_dev).limits(_CONFIDENCE)
            near = sum(trial.dev_error <= high for trial in rivals)
            yield (
                f"; of the other {len(rivals)}, {near} within the noise of {self.m_dev:,} dev "
                "examples"
            )
        k = len(best.runs)
        if rivals and k > 1:
            from scipy.special import stdtrit

            # Both trials have the same seeds: initial weights and order of rows are paired.
            gaps = np.subtract(*(self._of_runs(trial) for trial in (rivals[0], best)))
            gaps *= FIGURES[self.select][2]
            half = stdtrit(k - 1, (1 + _CONFIDENCE) / 2) * gaps.std(ddof=1) / math.sqrt(k)
            told = "is clear" if gaps.mean() > half else "cannot be told from chance"
            yield f"; its lead over the runner-up {told} over {k} seeds"

    def _of_runs(self, trial):
        """The figure that decides, of each run of a trial."""
        if self.by_class:
            return self.by_class.get(trial.number, (math.nan,) * len(trial.runs))
        return [getattr(run, self.select) for run in trial.runs]

    def _selected(self, trial):
        """The figure that decides, in words."""
        if self.select == "dev_error":
            return self._figure(trial.dev_error)
        if self.select == "dev_loss":
            return f"{trial.dev_loss:.4g}"
        mean = float(np.mean(self._of_runs(trial)))
        return percent(mean) if self.select == "balanced_error" else f"{mean:.4f}"

    def _name(self, figure):
        """How the figure is told."""
        weighted = "weighted " if self.weighted and figure.startswith("dev_") else ""
        return weighted + FIGURES[figure][1]

    def _figure(self, error):
        return percent(error) if self.shares else f"{error:.4g}"

    def __repr__(self) -> str:
        return f"<Sweep of {len(self.trials)} trials: {self.verdict}>"

    def _rows(self):
        """The head and the rows of the short table."""
        spread = len(self.trials[0].runs) > 1
        halving = any(trial.rung for trial in self.trials)
        yield [
            *self.names,
            *([self._name(self.select)] if self.by_class else []),
            self._name("dev_error"),
            *(["std"] if spread else []),
            self._name("dev_loss"),
            "train error",
            *(["rung"] if halving else []),
            "epochs",
            "seconds",
        ]
        for trial in self.trials[:MOST_SHOWN]:
            row = [
                shown(trial.setting[name]) if name in trial.setting else "" for name in self.names
            ]
            if self.by_class:
                row.append(self._selected(trial) if trial.number in self.by_class else "")
            if trial.failure:
                row += [trial.failure.partition(":")[0], *([""] if spread else []), "", ""]
            else:
                row += [
                    self._figure(trial.dev_error),
                    *([self._figure(trial.dev_error_std)] if spread else []),
                    f"{trial.dev_loss:.4g}",
                    self._figure(trial.train_error),
                ]
            yield [
                *row,
                *([str(trial.rung)] if halving else []),
                f"{trial.epochs:g}",
                f"{trial.seconds:.2g}",
            ]

    def _rest(self):
        left = len(self.trials) - MOST_SHOWN
        return f"and {left} more: see to_frame()" if left > 0 else ""

    def __str__(self) -> str:
        lines = "\n".join(aligned(list(self._rows())))
        return "\n".join(filter(None, [self.verdict, "\n" + lines, self._rest()]))

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        rest = self._rest()
        return result(
            self.verdict,
            table(head, rows, caption=f"{len(self.trials)} trials, best first"),
            tag("p", rest) if rest else None,
            columns=MEANINGS["Sweep"],
        )

    def to_frame(self) -> pd.DataFrame:
        """All trials as a pandas DataFrame, best first, with a column for each setting."""
        pd = import_pandas()
        rows: list[dict[str, Any]] = []
        names = self.names
        for trial in self.trials:
            row = {name: trial.setting.get(name) for name in names}
            if self.by_class:
                row[f"dev_{self.select}"] = float(np.mean(self._of_runs(trial)))
            row |= {
                name: getattr(trial, name)
                for name in (
                    "dev_error",
                    "dev_error_std",
                    "dev_loss",
                    "dev_cost",
                    "train_error",
                    "cost",
                    "rung",
                    "epochs",
                    "seconds",
                    "failure",
                )
            }
            rows.append(row)
        return pd.DataFrame(rows, index=pd.Index([t.number for t in self.trials], name="trial"))

    def plot(self, ax: Axes | Sequence[Axes] | None = None) -> Display:
        """Draw dev and train error by each numeric setting (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : sequence of matplotlib axes, optional
            One for each numeric setting.

        Returns
        -------
        Display
            With `ax_` (an array of axes) and `figure_`.
        """
        return plot_sweep(self, ax)


def rank(trial, select):
    """The sorting key of a trial: the best comes first."""
    other = {"dev_error": "dev_loss", "dev_loss": "dev_error"}[select]
    return (
        bool(trial.failure),
        -trial.rung,
        getattr(trial, select),
        getattr(trial, other),
        trial.number,
    )
