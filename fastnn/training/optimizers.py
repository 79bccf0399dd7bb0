"""The optimizers and their settings; the update rules are in native/update.h.

`fit` takes one by name, with its default settings, or as an object.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from fastnn.arguments import integer, lookup, number

# Beyond these learning rates, the core cannot foresee an overflow.
RATES = "[0, 1e30]"
_INTERVALS = {
    "momentum": "[0, 1)",
    "rho": "[0, 1)",
    "beta1": "[0, 1)",
    "beta2": "[0, 1)",
    "epsilon": "(0, inf)",
    "weight_decay": "[0, inf)",
}


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """Base of the first-order optimizers.

    `code` is the enum Optimizer in native/kernels.h. `moments` says which of the two state vectors
    the optimizer keeps. A subclass without settings of its own needs no decorator.

    Parameters
    ----------
    layer_rates : sequence of float, optional
        Factors of the learning rate, one for each of the layers 1 .. L. A layer of factor 0 is
        frozen: no momentum, decay or penalty moves it, and its gradient does not count for
        `clip_norm`. None: all are 1.

    Examples
    --------
    Only the last layer learns:

    >>> import fastnn
    >>> net = fastnn.Network([2, 3, 1], rng=0)
    >>> before = net.params["W1"].copy()
    >>> adam = fastnn.Adam(layer_rates=[0, 1])
    >>> history = net.fit([[0, 1], [1, 0]], [0, 1], optimizer=adam, epochs=10)
    >>> bool((net.params["W1"] == before).all())
    True
    """

    code: ClassVar[int]
    moments: ClassVar[tuple[bool, bool]] = (False, False)
    layer_rates: Sequence[float] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.layer_rates is not None:
            rates = tuple(self.layer_rates)
            for l, rate in enumerate(rates, start=1):
                number(rate, f"layer_rates of layer {l}", "[0, 1e6]")
            object.__setattr__(self, "layer_rates", rates)
        for name, value in self._numbers().items():
            number(value, f"{type(self).__name__}({name}=...)", _INTERVALS[name])

    def settings(self) -> dict[str, float]:
        """The numbers of the update rule, by the names of native/kernels.h."""
        unused = {"beta1": 0.0, "beta2": 0.0, "epsilon": 0.0, "weight_decay": 0.0}
        return unused | {name: float(value) for name, value in self._own_settings().items()}

    def _own_settings(self) -> dict[str, float]:
        return self._numbers()

    def _numbers(self) -> dict[str, float]:
        return {name: value for name, value in vars(self).items() if name != "layer_rates"}


class GradientDescent(Optimizer):
    """W := W - learning_rate dW."""

    code: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """v := momentum v + dW;  W := W - learning_rate v  (Polyak, 1964)."""

    momentum: float = 0.9
    code: ClassVar[int] = 1
    moments: ClassVar[tuple[bool, bool]] = (True, False)

    def _own_settings(self) -> dict[str, float]:
        return {"beta1": self.momentum}


class Nesterov(Momentum):
    """v := momentum v + dW;  W := W - learning_rate (dW + momentum v)  (Sutskever et al., 2013)."""

    code: ClassVar[int] = 2


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """s := rho s + (1 - rho) dW^2;  W := W - learning_rate dW / (sqrt(s) + epsilon).

    PyTorch calls rho alpha, and takes 0.99 by default.
    """

    rho: float = 0.9
    epsilon: float = 1e-8
    code: ClassVar[int] = 3
    moments: ClassVar[tuple[bool, bool]] = (False, True)

    def _own_settings(self) -> dict[str, float]:
        return {"beta2": self.rho, "epsilon": self.epsilon}


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Momentum and RMSprop, both corrected for their start at 0 (Kingma and Ba, 2015)."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    code: ClassVar[int] = 4
    moments: ClassVar[tuple[bool, bool]] = (True, True)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam after W := (1 - learning_rate weight_decay) W  (Loshchilov and Hutter, 2019).

    Biases do not decay; in PyTorch they do, unless they are in a group of their own.
    """

    weight_decay: float = 0.01


@dataclass(frozen=True, kw_only=True)
class LBFGS:
    """SciPy's L-BFGS-B on theta: full batch, no learning rate, one iteration an epoch.

    Parameters
    ----------
    memory : int
        Number of past steps that approximate the Hessian.
    tolerance : float
        Stop when no component of the projected gradient is larger.
    cost_tolerance : float
        Stop when an iteration takes off a smaller share of J.
    max_evaluations : int, optional
        Most evaluations of J and its gradient; None: 1000 for each epoch.
    """

    memory: int = 10
    tolerance: float = 1e-6
    cost_tolerance: float = 2.0**-52
    max_evaluations: int | None = None

    def __post_init__(self) -> None:
        integer(self.memory, "LBFGS(memory=...)", 1)
        number(self.tolerance, "LBFGS(tolerance=...)", "[0, inf)")
        number(self.cost_tolerance, "LBFGS(cost_tolerance=...)", "[0, inf)")
        if self.max_evaluations is not None:
            integer(self.max_evaluations, "LBFGS(max_evaluations=...)", 1)


OPTIMIZERS: dict[str, type[Optimizer] | type[LBFGS]] = {
    "gd": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": LBFGS,
}

# The keys of OPTIMIZERS, for type checkers.
OptimizerName = Literal["gd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "lbfgs"]


def make_optimizer(optimizer: OptimizerName | Optimizer | LBFGS) -> Optimizer | LBFGS:
    """The optimizer object of the argument `optimizer` of `fit`."""
    if isinstance(optimizer, Optimizer | LBFGS):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer | LBFGS):
        raise TypeError(
            f"expected an optimizer object, got the class {optimizer.__name__}; "
            f"write optimizer=fastnn.{optimizer.__name__}()"
        )
    return _default(lookup(OPTIMIZERS, optimizer, "optimizer"))


@functools.cache
def _default(kind):
    """The optimizer of this class with its default settings; it is frozen, so one is enough."""
    return kind()


def check_clipping(clip_norm: float | None, clip_value: float | None) -> tuple[float, float]:
    """(largest global norm, largest size of a component) of a gradient; 0 for no limit."""
    if clip_norm is not None and clip_value is not None:
        raise ValueError(
            f"expected clip_norm or clip_value, got both, {clip_norm!r} and {clip_value!r}"
        )
    norm = 0.0 if clip_norm is None else number(clip_norm, "clip_norm", "(0, inf)")
    value = 0.0 if clip_value is None else number(clip_value, "clip_value", "(0, inf)")
    return norm, value


def check_layer_rates(optimizer: Optimizer | LBFGS, layers: int) -> None:
    """Refuse an optimizer with `layer_rates` for another number of layers."""
    rates = getattr(optimizer, "layer_rates", None)
    if rates is not None and len(rates) != layers:
        raise ValueError(
            f"expected layer_rates of {type(optimizer).__name__} to be {layers} numbers, one for "
            f"each of the layers 1 .. {layers}; got {len(rates)}"
        )


def check_average(average: float | None, optimizer: Optimizer | LBFGS) -> float | None:
    """The decay of an average of theta."""
    if average is None:
        return None
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "average is not for lbfgs: its iterations go on from theta. Leave it out, or choose "
            "another optimizer"
        )
    return number(average, "average", "[0, 1)")
