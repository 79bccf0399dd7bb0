"""Successive halving: all settings begin, and only the best of each rung continue.

Jamieson and Talwalkar (2016): "Non-stochastic best arm identification and hyperparameter
optimization".
"""

from dataclasses import dataclass
from numbers import Integral

from fastnn.arguments import integer


@dataclass(frozen=True)
class Halving:
    """The rungs of successive halving: after each, the best 1/factor of the settings continue.

    Parameters
    ----------
    factor : int, default 3
        The next rung has 1/factor of the settings, trained for factor times the epochs.
    first : int, optional
        Epochs of the first rung; None: so many that about one setting reaches the last rung.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.sweeps.Halving(3).rungs(epochs=90, settings=20)
    [(10, 20), (30, 7), (90, 3)]
    """

    factor: int = 3
    first: int | None = None

    def __post_init__(self) -> None:
        integer(self.factor, "factor of halving", 2)
        if self.first is not None:
            integer(self.first, "first rung of halving", 1)

    def rungs(self, epochs: int, settings: int) -> list[tuple[int, int]]:
        """(epochs done at its end, settings in it) of each rung; the last ends at `epochs`."""
        if self.first is not None and self.first > epochs:
            raise ValueError(
                f"expected the first rung of halving to have at most epochs, "
                f"{epochs}; got {self.first}"
            )
        ends, count = [epochs], settings
        if self.first is None:
            while count >= self.factor and ends[0] >= self.factor:
                ends.insert(0, ends[0] // self.factor)
                count //= self.factor
        else:
            ends, end = [], self.first
            while end < epochs:
                ends.append(end)
                end *= self.factor
            ends.append(epochs)
        rungs = []
        for end in ends:
            rungs.append((end, settings))
            settings = -(-settings // self.factor)
        return rungs


def make_rungs(halving, settings, epochs):
    """The rungs of a sweep with `settings` settings; without halving there is one.

    `epochs` lists the epochs of each setting.
    """
    if halving is None:
        return [(None, settings)]
    if isinstance(halving, Integral):
        halving = Halving(halving)
    if not isinstance(halving, Halving):
        raise TypeError(
            "expected halving to be None, the factor or a fastnn.sweeps.Halving, got "
            f"{halving!r} of type {type(halving).__name__}"
        )
    if len(set(epochs)) > 1:
        raise ValueError(
            "expected the same epochs for all settings with halving, which stops the "
            f"worse of them early; got {sorted(set(epochs))}"
        )
    return halving.rungs(epochs[0], settings)
