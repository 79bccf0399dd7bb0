"""The result of an improvement: its moves with their reasons and gains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastnn.diagnosis.bias_variance.by_class import ClassError, rows_by_class
from fastnn.network import Network
from fastnn.plots.figure import Display
from fastnn.plots.improvement import plot_improvement
from fastnn.text.markup import result, table, tag
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned
from fastnn.text.words import percent
from fastnn.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The head of the table of errors by class.
_HEAD = ["class", "dev error", "interval", "examples"]


@dataclass(frozen=True)
class Move:
    """One setting that was tried beside the best one so far.

    Attributes
    ----------
    round : int
        From 1.
    diagnosis : str
        The verdict that the move answers.
    text : str
        What was changed.
    change : dict
        The same as options of `Network` and of `fit`.
    dev_error : float
        Mean over the seeds.
    gain : float
        By how much the dev loss is below the best one so far: above 0 is better.
    sure : float
        The gain over its standard error; paired, over the dev examples.
    networks : int
        Networks trained: one if the first seed showed no gain.
    kept : bool
        Whether it became the best so far.
    failure : str
        Why it could not be trained, or "".
    """

    round: int
    diagnosis: str
    text: str
    change: dict[str, Any]
    dev_error: float
    gain: float
    sure: float
    networks: int
    kept: bool = False
    failure: str = ""


@dataclass(frozen=True)
class Improvement:
    """The result of `improve`; print it for the story.

    Attributes
    ----------
    network : Network
        Of the best setting, the network with the lowest dev loss.
    history : History
        Of its fit.
    moves : list of Move
        In the order in which they were tried.
    dev_error : float
        Of the best setting, the mean over its seeds.
    first_dev_error : float
        Of the first setting, the mean over its seeds; of one seed if no move was promising.
    dev_loss, first_dev_loss : float
        Of the same settings. The dev loss decides.
    stopped : str
        "no move helps", "optimal error reached", "time", "trials", "interrupted" or "backend
        failed".
    setting : dict
        The best setting: `layer_sizes` and options of `Network` and `fit`.
    next_step : str
        The next step, which only a person can take.
    notes : list of str
        How far the dev set has been used up.
    by_class : tuple of ClassError
        The dev error of each class with the best network, where classes are uneven, as in
        `Diagnosis`.
    """

    network: Network
    history: History
    moves: list[Move]
    dev_error: float
    first_dev_error: float
    dev_loss: float
    first_dev_loss: float
    stopped: str
    setting: dict[str, Any]
    next_step: str
    notes: list[str]
    shares: bool = field(repr=False)
    by_class: tuple[ClassError, ...] = ()

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        kept = sum(move.kept for move in self.moves)
        tried = len(self.moves)
        return (
            f"dev loss, which decides, {self.first_dev_loss:.4g} -> {self.dev_loss:.4g} "
            f"by {kept} of {tried} moves; dev error {self._figure(self.first_dev_error)} -> "
            f"{self._figure(self.dev_error)}; stopped: {self.stopped}"
        )

    def _figure(self, error: float) -> str:
        return percent(error) if self.shares else f"{error:.4g}"

    def plot(self, ax: Axes | None = None) -> Display:
        """Draw the dev error of every move, and the way of the best (needs matplotlib).

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        Display
            With `ax_`, the axes, and `figure_`.
        """
        return plot_improvement(self, ax)

    def _rows(self) -> list[list[str]]:
        rows = [["round", "move", "dev error", "gain in loss", "sure", "networks", ""]]
        for move in self.moves:
            if move.failure:
                reason = move.failure.partition(":")[0]
                rows.append([str(move.round), move.text, reason, "", "", "", "failed"])
                continue
            rows.append(
                [
                    str(move.round),
                    move.text,
                    self._figure(move.dev_error),
                    f"{move.gain:+.3g}",
                    f"{move.sure:+.1f} SE",
                    str(move.networks),
                    "kept" if move.kept else "",
                ]
            )
        return rows

    def __str__(self) -> str:
        lines = [self.verdict, "", *aligned(self._rows()), ""]
        if self.by_class:
            lines += ["Dev errors by class, which are uneven:"]
            lines += [*aligned(rows_by_class(self.by_class), "<><<"), ""]
        return "\n".join([*lines, *self.notes, f"Next: {self.next_step}"])

    def __repr__(self) -> str:
        return f"<Improvement: {self.verdict}>"

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        by_class = table(_HEAD, rows_by_class(self.by_class), caption="Dev errors by class")
        return result(
            self.verdict,
            table(head, rows, caption="Moves, in the order in which they were tried"),
            by_class if self.by_class else None,
            *(tag("p", note) for note in self.notes),
            tag("p", f"Next: {self.next_step}"),
            columns=MEANINGS["Improvement"],
        )
