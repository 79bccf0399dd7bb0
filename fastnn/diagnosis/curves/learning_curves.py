"""Errors by the number of training examples: would more data help?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.arguments import boolean, generator, integer, number
from fastnn.data.parts import Examples, take
from fastnn.diagnosis.curves.fit_options import check_fit_options, watched
from fastnn.diagnosis.curves.power_law import PowerLaw, fit_power_law
from fastnn.diagnosis.evidence.descent import too_short
from fastnn.engine.base_network import BaseNetwork
from fastnn.engine.examples import check_data, normalizer_for
from fastnn.engine.sets import check_set
from fastnn.plots.curves import plot_learning_curve
from fastnn.plots.figure import Display
from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS
from fastnn.text.tables import aligned
from fastnn.text.words import percent
from fastnn.training.fitting import fit
from fastnn.training.optimizers import LBFGS, make_optimizer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More data is worth it if twice as much lowers the dev error by this share of itself.
WORTH = 0.05

_HEADS = ("examples", "train error", "dev error")


@dataclass(frozen=True)
class LearningCurve:
    """The result of `learning_curve`; print it for the table.

    Attributes
    ----------
    sizes : (k,) array of int
        Training examples.
    train_errors, dev_errors : (k, repeats) arrays
        Shares of wrong labels, or root mean squared errors of an identity output.
    train_error, dev_error : (k,) arrays
        The means of these.
    law : PowerLaw or None
        ``a + b m^-c`` through the dev errors; None for fewer than three sizes.
    more_data_helps : bool or None
        Whether twice the data would lower the dev error by a twentieth of itself or more. None
        when it cannot be told, at a confidence of 95 % either way, or when the networks were not
        trained long enough to show it.
    verdict : str
    shares : bool
        Whether the errors are shares of wrong labels.
    """

    sizes: NDArray[np.int64]
    train_errors: NDArray[np.float64]
    dev_errors: NDArray[np.float64]
    law: PowerLaw | None
    more_data_helps: bool | None
    verdict: str
    shares: bool

    @property
    def train_error(self) -> NDArray[np.float64]:
        return self.train_errors.mean(axis=1)

    @property
    def dev_error(self) -> NDArray[np.float64]:
        return self.dev_errors.mean(axis=1)

    def predict(self, m: int, confidence: float = 0.95) -> tuple[float, tuple[float, float]]:
        """The dev error expected with m training examples, and its confidence limits.

        The limits hold if the power law does. That is less sure the further m is from the sizes
        that were tried.
        """
        m = integer(m, "m", 1)
        confidence = number(confidence, "confidence", "(0, 1)")
        if self.law is None:
            raise ValueError(f"expected at least 3 sizes to draw a curve on, got {len(self.sizes)}")
        return self.law(m), self.law.limits(m, confidence)

    def __repr__(self) -> str:
        return f"<LearningCurve of {len(self.sizes)} sizes: {self.verdict}>"

    def __str__(self) -> str:
        return "\n".join([self.verdict, "", *aligned([_HEADS, *self._rows()])])

    def _repr_html_(self) -> str:
        repeats = self.dev_errors.shape[1]
        caption = f"Means of {repeats} networks" if repeats > 1 else "One network for each size"
        shown = table(_HEADS, self._rows(), caption=caption)
        return result(self.verdict, shown, columns=MEANINGS["LearningCurve"])

    def _rows(self):
        return [
            (f"{m:,}", _with_spread(train, self.shares), _with_spread(dev, self.shares))
            for m, train, dev in zip(self.sizes, self.train_errors, self.dev_errors, strict=True)
        ]

    def plot(self, ax: Axes | None = None) -> Display:
        """Draw the curve, its spread and its continuation (needs matplotlib: the extra `plot`).

        Parameters
        ----------
        ax : matplotlib axes, optional

        Returns
        -------
        Display
        """
        return plot_learning_curve(self, ax)


def learning_curve(
    net: BaseNetwork,
    train: Examples,
    dev: Examples,
    sizes: Sequence[float] | NDArray[Any] | None = None,
    *,
    repeats: int = 1,
    rng: int | np.random.Generator | None = 0,
    equal_updates: bool = True,
    **fit_options: Any,
) -> LearningCurve:
    """Train networks like `net` on growing parts of the training set.

    The parts are the first rows of one random order: each holds the smaller ones. Every network
    starts anew; within a repeat all start from the same weights. `net` itself is not changed.

    Parameters
    ----------
    net : Network
        Gives the layers, penalties and dropout. lambda stays the same, so that its penalty,
        ``lambda / m``, is stronger on a smaller part.
    train, dev : (X, y), or an object with `.X` and `.y`
    sizes : sequence of int, or of float in (0, 1], optional
        Numbers of training examples, or shares of them. None: five sizes up to all examples, each
        1.8 times the one before.
    repeats : int, default 1
        The number of networks for each size, each with another order of rows and other initial
        weights.
    rng : int, numpy.random.Generator or None
    equal_updates : bool, default True
        Give a smaller part more epochs, so that each network takes as many steps as the network
        on the largest part. Otherwise a network on few examples lacks not only data, but training
        too. With lbfgs an epoch is an iteration for any size, and all sizes get as many epochs.
    **fit_options
        As for `Network.fit`. `dev` is used for early stopping where that is asked for.

    Returns
    -------
    LearningCurve

    Examples
    --------
    >>> import numpy as np, fastnn
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((600, 5))
    >>> y = (X.sum(axis=1) > 0).astype(int)
    >>> net = fastnn.Network([5, 8, 2], rng=0)
    >>> curve = fastnn.learning_curve(net, (X[:300], y[:300]), (X[300:], y[300:]), [30, 100, 300],
    ...                               epochs=20, learning_rate=0.02)
    >>> bool(curve.dev_error[0] > curve.dev_error[-1])
    True
    """
    X, y, m = check_set(net, train, "train")
    X_dev, y_dev, m_dev = check_set(net, dev, "dev")
    sizes, repeats = _check_sizes(sizes, m), integer(repeats, "repeats", 1)
    equal_updates = boolean(equal_updates, "equal_updates")
    rng = generator(rng)
    options = check_fit_options(fit_options, (X_dev, y_dev))
    weight = options.pop("sample_weight", None)
    if weight is not None:
        check_data(net, X, y, weight, normalizer_for(net, X))
    errors, rates = np.empty((2, len(sizes), repeats)), []
    for repeat in range(repeats):
        order, seed = rng.permutation(m), int(rng.integers(2**63))
        for i, size in enumerate(sizes):
            part = order[:size]
            fresh = net.like(seed)
            X_part, y_part = take(X, part), take(y, part, "y")
            more = {} if weight is None else {"sample_weight": take(weight, part, "sample_weight")}
            if equal_updates:
                more["epochs"] = _epochs(options, size, int(sizes[-1]))
            options_here = {**options, **more}
            if size == sizes[-1]:
                options_here = watched(options_here)
            try:
                history = fit(fresh, X_part, y_part, **options_here)
            except ValueError as error:
                raise ValueError(f"at size {size}: {error}") from error
            errors[:, i, repeat] = fresh.error(X_part, y_part), fresh.error(X_dev, y_dev)
        rates.append(too_short(history, *errors[:, -1, repeat]))
    # At least half of the repeats must still fall: one of them can have reached a plateau.
    short = [rate for rate in rates if rate is not None]
    falling = max(short) if 2 * len(short) >= repeats else None
    return _conclude(sizes, *errors, m_dev, not net.regression, falling)


def _epochs(options, size, largest):
    """The epochs that make as many updates on `size` examples as on the largest part."""
    if isinstance(make_optimizer(options.get("optimizer", "adam")), LBFGS):
        return options.get("epochs", 100)  # an iteration is an epoch, whatever the size
    epochs, batch_size = (
        integer(value, name, 1)
        for value, name in (
            (options.get("epochs", 100), "epochs"),
            (options.get("batch_size", 128) or largest, "batch_size"),
        )
    )
    return round(epochs * math.ceil(largest / batch_size) / math.ceil(size / batch_size))


def _check_sizes(sizes, m):
    if sizes is None:
        sizes = sorted({max(2, round(m * 1.8**-i)) for i in range(5)} & {*range(1, m + 1)}) or [m]
    if isinstance(sizes, str) or not isinstance(sizes, Iterable):
        raise TypeError(f"expected sizes to be a sequence of numbers, got {sizes!r}")
    found = {
        integer(s, "sizes", 1, m)
        if isinstance(s, Integral)
        else max(1, round(m * number(s, "sizes (shares, unless integers)", "(0, 1]")))
        for s in sizes
    }
    if not found:
        raise ValueError("expected at least one size, got none")
    return np.array(sorted(found))


def _conclude(sizes, train_errors, dev_errors, m_dev, shares, falling=None):
    dev, train, m = dev_errors.mean(axis=1), train_errors.mean(axis=1), int(sizes[-1])
    said = f"dev error {_figure(dev[-1], shares)} at {m:,} examples"
    law = helps = None
    if len(sizes) < 3:
        verdict = said = f"{said}; at least 3 sizes are needed to say more"
    else:
        law = fit_power_law(sizes, dev, _scatter(dev_errors, m_dev, shares))
        expected, low, high = (_figure(e, shares) for e in (law(2 * m), *law.limits(2 * m)))
        said += f", expected {expected} ({low} to {high}) at {2 * m:,}"
        helps, words = _worth_of_twice(law, m)
        if dev[-1] and train[-1] >= 0.8 * dev[-1]:
            words += "; the training error is close to the dev error: bias, not variance"
        verdict = f"{words}: {said}"
    if falling is not None:
        helps = None
        verdict = (
            "train longer first, then ask whether more data would help: with all of it the cost "
            f"was still falling {percent(falling)} an epoch, and the training error is high: {said}"
        )
    return LearningCurve(sizes, train_errors, dev_errors, law, helps, verdict, shares)


def _worth_of_twice(law, m):
    """Whether twice the m examples would help, None if that cannot be told, and words for it."""
    best, worst = law.ratio_limits(2 * m, m, 0.9)
    if worst <= 1 - WORTH:
        return True, "more data would help"
    if best >= 1 - WORTH:
        return False, "more data would help little"
    return None, "whether more data would help cannot be told; use more repeats or dev"


def _scatter(errors, m_dev, shares):
    """Standard deviation of each size's mean error.

    Repeats show the scatter of training. It is pooled over the sizes, relative to the error,
    because few repeats say little about each size. The scatter of the dev set is the same at every
    size, and moves the curve as a whole. With a single repeat it stands in for the unknown one.
    """
    mean, repeats = errors.mean(axis=1), errors.shape[1]
    floor = 0.5 / m_dev if shares else 1e-3 * max(mean.max(), 1e-300)
    if repeats > 1:
        relative = np.sqrt((errors.var(axis=1, ddof=1) / np.maximum(mean, floor) ** 2).mean())
        # An estimate from few repeats is as often too small as too large: enlarge it.
        freedom = len(mean) * (repeats - 1)
        std = relative * mean * (1 + 1 / math.sqrt(2 * freedom)) / math.sqrt(repeats)
    else:
        std = np.sqrt(mean * (1 - mean) / m_dev) if shares else 0.05 * mean
    return np.maximum(std, floor)


def _figure(error, shares):
    return percent(error) if shares else f"{error:.3g}"


def _with_spread(errors, shares):
    text = _figure(errors.mean(), shares)
    if len(errors) > 1:
        text += f" +- {_figure(errors.std(ddof=1), shares)}"
    return text
