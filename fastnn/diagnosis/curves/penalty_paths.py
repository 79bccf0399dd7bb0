"""Errors, weights and sparsity along a grid of lambda, or of dropout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import boolean, generator
from fastnn.data.parts import Examples
from fastnn.diagnosis.curves.fit_options import check_fit_options, watched
from fastnn.diagnosis.evidence.descent import too_short
from fastnn.diagnosis.evidence.intervals import Estimate
from fastnn.engine import passes
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.sets import check_set
from fastnn.plots.curves import plot_penalty_path
from fastnn.plots.figure import Display
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned
from fastnn.text.words import percent
from fastnn.training.fitting import fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From weak to strong the loss without the penalty cannot fall at the minima. A fall by this share,
# more than mini-batches scatter, shows that training was too short.
FALL = 0.1

AnyNetwork = TypeVar("AnyNetwork", bound=BaseNetwork)
# A value of the grid: one for all layers, or one for each.
Strength = float | tuple[float, ...] | list[float]


@dataclass(frozen=True)
class PenaltyPath(Generic[AnyNetwork]):
    """The result of `penalty_path`, from weak to strong; print it for the table.

    Attributes
    ----------
    name : str
        "l2", "l1" or "keep_prob".
    values : list
        The grid, in the order of the fits.
    train_error, dev_error : (k,) arrays
    cost : (k,) array
        J on the training set, with its penalty.
    dev_cost : (k,) array
        J on the dev set, with the penalty of the training set, as in `History`.
    weight_norm : (k,) array
        Root of the sum of squares of all W.
    sparsity : (k,) array
        Share of weights that are exactly zero.
    best : number or tuple
        The value with the lowest dev error; the strongest of equal ones.
    converged : bool
        False where training was too short to compare the penalties: the cost was still falling
        fast, or the loss without the penalty fell as the penalty grew. The verdict then
        recommends no value.
    network : Network
        The network of the best value.
    verdict : str
    shares : bool
        Whether the errors are shares of wrong labels.
    """

    name: str
    values: list[Strength]
    train_error: NDArray[np.float64]
    dev_error: NDArray[np.float64]
    cost: NDArray[np.float64]
    dev_cost: NDArray[np.float64]
    weight_norm: NDArray[np.float64]
    sparsity: NDArray[np.float64]
    best: Strength
    network: AnyNetwork
    verdict: str
    shares: bool
    converged: bool

    def __repr__(self) -> str:
        return f"<PenaltyPath of {len(self.values)} values: {self.verdict}>"

    def _rows(self):
        figure = percent if self.shares else "{:.4g}".format
        rows = [(self.name, "train error", "dev error", "J", "norm of W", "zero weights")]
        for i, value in enumerate(self.values):
            rows.append(
                (
                    _written(value),
                    figure(self.train_error[i]),
                    figure(self.dev_error[i]),
                    f"{self.cost[i]:.4g}",
                    f"{self.weight_norm[i]:.4g}",
                    percent(self.sparsity[i]),
                )
            )
        return rows

    def __str__(self) -> str:
        return "\n".join([self.verdict, "", *aligned(self._rows())])

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        return result(
            self.verdict,
            table(head, rows, caption=f"Values of {self.name}; the best is {self.best}"),
            columns=MEANINGS["PenaltyPath"],
        )

    def plot(self, ax: Sequence[Axes] | None = None) -> Display:
        """Draw errors, and weights with their sparsity (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : pair of matplotlib axes, optional

        Returns
        -------
        Display
        """
        return plot_penalty_path(self, ax)


def penalty_path(
    net: AnyNetwork,
    train: Examples,
    dev: Examples,
    *,
    l2: Sequence[Strength] | NDArray[Any] | None = None,
    l1: Sequence[Strength] | NDArray[Any] | None = None,
    keep_prob: Sequence[Strength] | NDArray[Any] | None = None,
    warm: bool = True,
    rng: int | np.random.Generator | None = 0,
    **fit_options: Any,
) -> PenaltyPath[AnyNetwork]:
    """Train along a grid of one kind of regularization, and choose by the dev set.

    A fit with the weakest value comes first, and every value starts from its parameters. All are
    then trained alike: as long, and on the same order of rows. So an error on the path depends on
    its own value and on the weakest, and not on the values between. For convex problems the usual
    start is the strongest value. Here its weights may be 0, and in a network of several layers the
    gradient at 0 is 0. ``warm=False`` starts all values from the same random weights instead, and
    takes more epochs to be as good.

    Parameters
    ----------
    net : Network
        Gives the layers and the settings that are not on the grid. It is not changed.
    train, dev : (X, y), or an object with `.X` and `.y`
    l2, l1, keep_prob : sequence
        One of the three: the grid, in any order. An entry is a number or one number a layer, as
        for `Network`.
    warm : bool, default True
    rng : int, numpy.random.Generator or None
        For initial weights, order of rows, and dropout masks.
    **fit_options
        As for `Network.fit`, for each value.

    Returns
    -------
    PenaltyPath

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((400, 20))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> net = fastnn.Network([20, 2], rng=0)
    >>> path = fastnn.penalty_path(net, (X[:200], y[:200]), (X[200:], y[200:]), l1=[0, 5, 20],
    ...                            optimizer="lbfgs", epochs=100)
    >>> path.best
    5
    >>> bool(path.sparsity[0] == 0), bool(path.sparsity[1] > 0.5)
    (True, True)
    """
    X, y, m = check_set(net, train, "train")
    X_dev, y_dev, m_dev = check_set(net, dev, "dev")
    name, grid = _check_grid(net, {"l2": l2, "l1": l1, "keep_prob": keep_prob})
    warm, rng = boolean(warm, "warm"), generator(rng)
    options = check_fit_options(fit_options, (X_dev, y_dev))
    seed = int(rng.integers(2**63))
    start = None
    if warm:
        weakest = net.like(seed, **{name: grid[0]})
        fit(weakest, X, y, **options)
        start = weakest.theta
    rows, rates = [], []
    best_network, lowest = None, np.inf
    for value in grid:
        fresh = net.like(seed, **{name: value})
        if start is not None:
            fresh.theta = start
        history = fit(fresh, X, y, **watched(options))
        dev_error = fresh.error(X_dev, y_dev)
        # With the penalty of the training set in both, the two costs compare.
        dev_cost = (
            fresh.cost(X_dev, y_dev) - passes.penalty(fresh, m_dev) + passes.penalty(fresh, m)
        )
        weights = (fresh.theta[parameter.slice] for parameter in fresh.layout.weights)
        norm = np.sqrt(sum(np.square(W, dtype=np.float64).sum() for W in weights))
        rows.append(
            (
                fresh.error(X, y),
                dev_error,
                fresh.cost(X, y),
                dev_cost,
                norm,
                fresh.sparsity()["all"],
                passes.penalty(fresh, m),
            )
        )
        rates.append(too_short(history, rows[-1][0], dev_error))
        if dev_error <= lowest:
            best_network, lowest, best = fresh, dev_error, value
    *columns, penalty = np.array(rows).T
    shares = not net.regression
    loss = columns[2] - penalty
    # Early stopping ends before the minimum on purpose: its losses show nothing.
    doubt = _not_converged(name, grid, rates, loss[:0] if options.get("early_stopping") else loss)
    verdict = _verdict(name, grid, best, columns[1], m_dev, shares, doubt)
    return PenaltyPath(name, grid, *columns, best, best_network, verdict, shares, not doubt)


def _not_converged(name, grid, rates, loss):
    """The sign that training was too short, in words; "" where there is none."""
    falling = [i for i, rate in enumerate(rates) if rate is not None]
    if falling:
        i = max(falling, key=rates.__getitem__)
        return (
            f"at {name}={_written(grid[i])} the cost was still falling {percent(rates[i])} an epoch"
        )
    # Of two minima, the one with the larger lambda has the larger loss.
    if name != "keep_prob" and all(np.isscalar(value) for value in grid):
        less = loss[:-1] - loss[1:]
        i = int(np.argmax(less)) if less.size else 0
        if less.size and less[i] > FALL * loss[i] and less[i] > FALL * loss.max() / 10:
            return (
                f"from {name}={_written(grid[i])} to {_written(grid[i + 1])} the loss without "
                "the penalty falls, which at the minima it cannot"
            )
    return ""


def _check_grid(net, grids):
    given = {name: grid for name, grid in grids.items() if grid is not None}
    if len(given) != 1:
        raise TypeError(
            f"expected one of l2, l1 and keep_prob to be a grid, got {len(given)} of "
            "them; set the others on the network"
        )
    name, grid = given.popitem()
    if isinstance(grid, str) or not isinstance(grid, Iterable):
        raise TypeError(f"expected {name} to be a sequence of values to try, got {grid!r}")
    grid = [value.item() if isinstance(value, np.generic) else value for value in grid]
    if not grid:
        raise ValueError(f"expected at least one value of {name}, got none")
    # Another network checks each value before any training.
    probe = net.like(init="zeros")
    strengths, seen = [], set()
    for value in grid:
        setattr(probe, name, value)
        read = getattr(probe, name)
        strengths.append(-sum(read) if name == "keep_prob" else sum(read))
        if read in seen:
            raise ValueError(f"expected different values of {name}, got {_written(value)} twice")
        seen.add(read)
    order = np.argsort(strengths, kind="stable")
    return name, [grid[i] for i in order]


def _verdict(name, grid, best, dev_error, m_dev, shares, doubt):
    lowest = dev_error.min()
    figure = percent(lowest) if shares else f"{lowest:.4g}"
    if doubt:
        return (
            f"not converged: {doubt}; train longer (more epochs): until then the errors tell "
            f"how fast a value trains, not which is best (lowest so far: {figure})"
        )
    text = f"{name}={_written(best)} has the lowest dev error, {figure}"
    if shares:
        _, high = Estimate(min(1.0, float(lowest)), m_dev).limits(0.95)
        alike = [value for value, error in zip(grid, dev_error, strict=True) if error <= high]
        if len(alike) > 1:
            between = grid[grid.index(alike[0]) : grid.index(alike[-1]) + 1]
            shown = (
                f"{_written(alike[0])} to {_written(alike[-1])}"
                if alike == between
                else ", ".join(map(_written, alike))
            )
            text += (
                f"; {len(alike)} of the {len(grid)} values, {shown}, are within the noise of "
                f"{m_dev:,} dev examples"
            )
    if len(grid) > 1 and best == grid[-1]:
        text += "; it is the strongest tried: try stronger ones"
    return text


def _written(value):
    if isinstance(value, Iterable):
        return "(" + ", ".join(f"{v:g}" for v in value) + ")"
    return f"{value:g}"
