"""The record of a fit, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastnn.data.frames import import_pandas
from fastnn.plots.figure import Display
from fastnn.plots.history import plot_history
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS

if TYPE_CHECKING:
    import pandas as pd

    from fastnn.gradient_checking.result.gradient_check import GradientCheck


class History:
    """The record of a fit: one entry an epoch.

    NaN stands for an epoch that was not evaluated: with many rows and without a dev set, nine of
    ten are not (see `evaluate_every` of `fit`). `plot` joins the others.

    Attributes
    ----------
    cost : list of float
        J on the training set with the penalty, dropout off, at the end of the epoch.
    train_error : list of float
        Share of wrong labels, or root mean squared error of an identity output.
    dev_cost, dev_error : list of float
        The same on the dev set (with the penalty of the training set); empty without one.
    learning_rate : list of float
        At the epoch's last update; 1 for lbfgs, which has none.
    seconds : list of float
        From the beginning of the fit, with evaluations; a resumed fit counts on.
    training_seconds : float
        Time of the updates alone.
    examples : int
        Training examples of all updates; an example counts each time.
    stopped : str
        Why the fit ended: "epochs", "early stopping", "callback", "converged",
        "no further descent" or "limit of evaluations" (by lbfgs), "pruned" (by
        `OptunaPruningCallback`), "diverged", "interrupted", "error" (in a callback or a schedule);
        "" while it runs.
    best_epoch : int or None
        Early stopping restored the parameters of this epoch, from 0.
    dropout_seed : int
        Seed of the masks: with (seed, step) `Network.value_and_grad` replays them. Also the seed of
        augmentation: ``augment.apply(X, seed, epoch=...)`` replays the images of an epoch.
    gradchecks : dict of int to GradientCheck
        The checks that `gradcheck_at` of `fit` asked for, by the number of epochs done; a
        checkpoint does not keep them.
    must_fall : bool
        Whether J has to fall at every iteration: full-batch gradient descent (or lbfgs) without
        dropout. If J then rises, the learning rate is too large or a gradient is wrong.
    averaged : int
        The network is the mean of so many networks; more than 1 only by the recipe for tables. The
        record is then of one of them.
    settings : dict
        Of the fit: epochs, batch_size, batches (mini-batches of an epoch), optimizer (an object),
        learning_rate, schedule ("function": one of the user's own), clip_norm, clip_value,
        label_smoothing, average, shuffle, and whether it was weighted, augmented, or had a loss of
        its own.
    """

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.train_error: list[float] = []
        self.dev_cost: list[float] = []
        self.dev_error: list[float] = []
        self.learning_rate: list[float] = []
        self.seconds: list[float] = []
        self.training_seconds: float = 0.0
        self.examples: int = 0
        self.stopped: str = ""
        self.best_epoch: int | None = None
        self.dropout_seed: int | None = None
        self.gradchecks: dict[int, GradientCheck] = {}
        self.must_fall: bool = False
        self.averaged: int = 1
        self.settings: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self.seconds)

    def __repr__(self) -> str:
        at = -1 if self.best_epoch is None else self.best_epoch
        shown = [f"one of {self.averaged} networks"] if self.averaged > 1 else []
        shown.append(f"stopped: {self.stopped or 'running'}")
        if self.best_epoch is not None:
            shown.append(f"best epoch {self.best_epoch + 1}")
        for name in ("cost", "train_error", "dev_error"):
            values = getattr(self, name)
            if values and values[at] == values[at]:  # NaN: not evaluated
                shown.append(f"{name.replace('_', ' ')} {values[at]:.4g}")
        return f"<History of {len(self)} epochs, {', '.join(shown)}>"

    def _repr_html_(self) -> str:
        curves = {
            "J": self.cost,
            "train error": self.train_error,
            "dev J": self.dev_cost,
            "dev error": self.dev_error,
        }
        at = {"first": 0, "last": -1}
        if self.best_epoch is not None:
            at["best"] = self.best_epoch
        rows = [
            (name, *(f"{values[k]:.4g}" for k in at.values()))
            for name, values in curves.items()
            if values
        ]
        title = f"{len(self):,} epochs in {self.seconds[-1] if self.seconds else 0:.3g} s"
        best = "" if self.best_epoch is None else f", best epoch {self.best_epoch + 1}"
        one = f"Of one of {self.averaged} networks, at" if self.averaged > 1 else "At"
        caption = f"{one} the end of an epoch; stopped: {self.stopped or 'running'}{best}"
        shown = table(("", *at), rows, caption=caption) if rows else None
        return result(title, shown, columns=MEANINGS["History"])

    def to_frame(self) -> pd.DataFrame:
        """The lists as columns of a pandas DataFrame, an epoch a row, counted from 0 as best_epoch.

        The columns dev_cost and dev_error are there only if there was a dev set.

        Examples
        --------
        >>> import fastnn
        >>> history = fastnn.Network([1, 2], rng=0).fit([[0], [1]], [0, 1], epochs=3)
        >>> history.to_frame().columns.to_list()
        ['cost', 'train_error', 'learning_rate', 'seconds']
        """
        pd = import_pandas()
        names = ["cost", "train_error", "dev_cost", "dev_error", "learning_rate", "seconds"]
        columns = {name: getattr(self, name) for name in names}
        if not self.dev_cost:
            del columns["dev_cost"], columns["dev_error"]
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self), name="epoch"), dtype=float)

    def plot(self, ax: Any = None) -> Display:
        """Draw cost and errors by epoch (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : pair of matplotlib axes, optional
            For cost and error; None makes a figure with both.

        Returns
        -------
        Display
            With `ax_` (the two axes) and `figure_`.
        """
        return plot_history(self, ax)
