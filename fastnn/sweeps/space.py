"""The space of a sweep: the settings to try.

It is a grid, or settings drawn at random (Bergstra and Bengio, 2012), or a list of settings.
scikit-learn's ParameterGrid and ParameterSampler make the combinations.
"""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from fastnn.arguments import integer, number
from fastnn.network import Network
from fastnn.training.fitting import fit


@dataclass(frozen=True)
class KeepProb:
    """Draws keep_prob from `low` to `high`, with 1 - keep_prob log-uniform.

    0.8, 0.9 and 0.95 are equally far apart: each drops half as much as the one before.

    >>> import fastnn
    >>> 0.5 <= fastnn.sweeps.KeepProb(0.5, 0.95).rvs(random_state=0) <= 0.95
    True
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if number(self.low, "low", "(0, 1)") > number(self.high, "high", "(0, 1)"):
            raise ValueError(f"expected low of at most high, {self.high:g}; got {self.low:g}")

    def rvs(self, random_state: int | np.random.RandomState | None = None) -> float:
        """Draw one value; `random_state` is as in scikit-learn."""
        return 1 - _log_uniform(1 - self.high, 1 - self.low, random_state)


@dataclass(frozen=True)
class HiddenLayers:
    """Draws sizes of hidden layers log-uniformly, and the number of layers uniformly.

    Parameters
    ----------
    low, high : int
        The fewest and the most units of a layer.
    layers : int or (int, int), default 1
        The number of layers, or the fewest and the most.

    Examples
    --------
    >>> import fastnn
    >>> len(fastnn.sweeps.HiddenLayers(16, 256, layers=2).rvs(random_state=0))
    2
    """

    low: int
    high: int
    layers: int | tuple[int, int] = 1

    def __post_init__(self) -> None:
        integer(self.low, "low", 1)
        integer(self.high, "high", self.low, 2**31 - 1)
        fewest, most = self._counts
        integer(most, "layers", integer(fewest, "layers", 0))

    @property
    def _counts(self):
        if not isinstance(self.layers, tuple | list):
            return self.layers, self.layers
        if len(self.layers) != 2:
            raise ValueError(
                f"expected layers to be a number or a pair (fewest, most), got {self.layers!r}"
            )
        return tuple(self.layers)

    def rvs(self, random_state: int | np.random.RandomState | None = None) -> tuple[int, ...]:
        """Draw a tuple of sizes; `random_state` is as in scikit-learn."""
        from sklearn.utils import check_random_state

        random_state = check_random_state(random_state)
        fewest, most = self._counts
        # From 0.5 below `low` to 0.5 above `high`: rounding would give the ends half their share.
        return tuple(
            round(_log_uniform(self.low - 0.499, self.high + 0.499, random_state))
            for _ in range(random_state.randint(fewest, most + 1))
        )


def _log_uniform(low, high, random_state):
    from sklearn.utils import check_random_state

    value = np.exp(check_random_state(random_state).uniform(np.log(low), np.log(high)))
    return float(np.clip(value, low, high))  # exp and log can be off by a rounding


NETWORK_OPTIONS = frozenset(inspect.signature(Network).parameters) - {"layer_sizes", "rng"}
FIT_OPTIONS = fit.__kwdefaults__.keys() - {
    "dev",
    "threads",
    "progress",
    "checkpoint",
    "resume",
}
# Options of `fit` that the sweep sets itself -> the argument that sets each.
_TAKEN = {
    "X": "train",
    "y": "train",
    "dev": "dev",
    "layer_sizes": "layer_sizes and hidden",
    "rng": "rng and seeds of the sweep",
    "threads": "n_jobs (each network is trained by one thread)",
    "progress": "progress of the sweep",
    "checkpoint": "checkpoint of the sweep",
    "resume": "resume of the sweep",
}


def make_settings(space, trials, seed):
    """The settings of all trials, as a list of dicts.

    Parameters
    ----------
    space : dict or list of dict
    trials : int or None
        How many to draw at random; None for all combinations.
    seed : int
        Seed of the drawing, below 2^32.
    """
    if isinstance(space, list | tuple):
        if trials is not None:
            raise ValueError(
                "expected trials with a dict to draw from, got it with a list of "
                "settings, each of which is a trial: leave trials out"
            )
        if not space or not all(isinstance(setting, dict) for setting in space):
            raise TypeError(
                "expected space to be a dict, or a list of one or more dicts, each "
                f"the settings of a trial; got {_short(space)}"
            )
        settings = [dict(setting) for setting in space]
    elif isinstance(space, dict):
        settings = _combinations(space, trials, seed)
    else:
        raise TypeError(
            "expected space to be a dict such as {'l2': [0.1, 1, 10]}, or a list of "
            f"settings; got {_short(space)}"
        )
    for setting in settings:
        check_names(setting)
    return [{name: _plain(value) for name, value in setting.items()} for setting in settings]


def _combinations(space, trials, seed):
    check_names(space)
    choices = {
        name: values if hasattr(values, "rvs") else _choices(name, values)
        for name, values in space.items()
    }
    drawn = [name for name, values in choices.items() if hasattr(values, "rvs")]
    if trials is None:
        if drawn:
            raise ValueError(
                f"{drawn[0]} is a distribution, so that there is no list of all combinations"
                ": say how many to draw, trials=20, or give a list of values"
            )
        from sklearn.model_selection import ParameterGrid

        # Options in the order of the space; ParameterGrid sorts them by name.
        return [{name: setting[name] for name in space} for setting in ParameterGrid(choices)]
    trials = integer(trials, "trials", 1)
    if not drawn:
        size = int(np.prod([len(values) for values in choices.values()], dtype=float))
        if trials > size:
            raise ValueError(
                f"expected trials of at most {size}, all the combinations there are; "
                f"got {trials}: leave trials out to try each"
            )
        return _drawn(choices, trials, seed)
    from sklearn.model_selection import ParameterSampler

    try:
        sampled = list(ParameterSampler(choices, trials, random_state=seed))
    except TypeError as error:  # such as SciPy's for a distribution without its parameters
        raise TypeError(
            f"cannot draw {', '.join(drawn)}: {error}; expected a distribution with "
            ".rvs(random_state=), such as scipy.stats.loguniform(1e-4, 1e-1)"
        ) from error
    return [{name: setting[name] for name in space} for setting in sampled]


def _drawn(choices, trials, seed):
    """`trials` different settings of lists. With more trials, the first ones stay the same."""
    rng, drawn = np.random.default_rng(seed), dict[tuple[int, ...], None]()
    while len(drawn) < trials:
        drawn[tuple(int(rng.integers(len(values))) for values in choices.values())] = None
    return [
        {name: values[i] for (name, values), i in zip(choices.items(), places, strict=True)}
        for places in drawn
    ]


def _choices(name, values):
    if isinstance(values, set | frozenset):
        raise TypeError(
            f"expected a list of values of {name} to try, got {_short(values)}, which "
            "has no order that another process would repeat: give a list"
        )
    if isinstance(values, str | dict) or not isinstance(values, Iterable):
        raise TypeError(
            f"expected a list of values of {name} to try, or a distribution with "
            f".rvs(random_state=), got {_short(values)}; for a single value write "
            f"[{_short(values)}], or give it as an option: {name}={_short(values)}"
        )
    values = list(values)
    if not values:
        raise ValueError(f"expected at least one value of {name}, got none")
    return values


def check_names(setting):
    """Refuse unknown options, and those that the sweep sets itself."""
    known = sorted({"hidden", *NETWORK_OPTIONS, *FIT_OPTIONS})
    for name in setting:
        if name in _TAKEN:
            raise ValueError(
                f"{name} is not an option of a sweep's networks: it is given by {_TAKEN[name]}"
            )
        if name not in known:
            raise ValueError(f"unknown option {name!r}; known: {', '.join(known)}")


def _plain(value):
    """A value without NumPy's types, which JSON does not have and tables show badly."""
    if isinstance(value, np.generic):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else value


def sizes_with(layer_sizes, hidden):
    """Layer sizes with other hidden layers; `hidden` is a sequence, or a number for one layer."""
    if isinstance(hidden, Integral):
        hidden = [hidden]
    if isinstance(hidden, str) or not isinstance(hidden, Iterable):
        raise TypeError(
            f"expected hidden to be sizes of hidden layers, such as [64, 32], got {hidden!r}"
        )
    return [layer_sizes[0], *hidden, layer_sizes[-1]]


def is_logarithmic(name, values):
    """Whether a logarithmic axis suits a setting: its distribution or its values are spread so."""
    if hasattr(values, "rvs"):
        # SciPy's loguniform was called reciprocal before.
        kind = getattr(getattr(values, "dist", None), "name", "")
        return kind in ("loguniform", "reciprocal")
    numbers = np.unique([v for v in values if isinstance(v, int | float) and v > 0])
    return numbers.size > 1 and numbers[-1] >= 10 * numbers[0]


def written(setting):
    """A setting in words.

    >>> written({"l2": 0.5, "hidden": (64, 32)})
    'l2=0.5, hidden=(64, 32)'
    """
    return ", ".join(f"{name}={shown(value)}" for name, value in setting.items()) or "no options"


def shown(value):
    """A value as tables show it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(shown, value[:8]))}{', ...' if len(value) > 8 else ''})"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    return str(value)


def _short(value):
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."
