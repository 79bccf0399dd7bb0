"""The optimizers and their settings; the update rules are in native/update.h.

`fit` takes one by name, with its default settings, or as an object.
"""

from dataclasses import dataclass
from typing import ClassVar

from fastnn.arguments import integer, lookup, number

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
    """What the compiled core needs to know of a first-order optimizer.

    `code` is its enum Optimizer in native/kernels.h; `moments` says which of the two state
    vectors it keeps. The attributes below stand in for what a rule does not use.
    """

    code: ClassVar[int]
    moments: ClassVar[tuple[bool, bool]] = (False, False)
    beta1: ClassVar[float] = 0.0
    beta2: ClassVar[float] = 0.0
    epsilon: ClassVar[float] = 0.0
    weight_decay: ClassVar[float] = 0.0

    def __post_init__(self):
        for name, value in vars(self).items():
            number(value, f"{type(self).__name__}({name}=...)", _INTERVALS[name])

    def settings(self):
        """The numbers of the update rule, by the names of native/kernels.h."""
        return {
            name: float(getattr(self, name))
            for name in ("beta1", "beta2", "epsilon", "weight_decay")
        }


@dataclass(frozen=True, kw_only=True)
class GradientDescent(Optimizer):
    """W := W - learning_rate dW."""

    code = 0


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """v := momentum v + dW;  W := W - learning_rate v  (Polyak, 1964)."""

    momentum: float = 0.9
    code = 1
    moments = (True, False)

    @property
    def beta1(self):
        return self.momentum


@dataclass(frozen=True, kw_only=True)
class Nesterov(Momentum):
    """v := momentum v + dW;  W := W - learning_rate (dW + momentum v)  (Sutskever et al., 2013)."""

    code = 2


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """s := rho s + (1 - rho) dW^2;  W := W - learning_rate dW / (sqrt(s) + epsilon)."""

    rho: float = 0.9
    epsilon: float = 1e-8
    code = 3
    moments = (False, True)

    @property
    def beta2(self):
        return self.rho


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Momentum and RMSprop, both corrected for their start at 0 (Kingma and Ba, 2015)."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    code = 4
    moments = (True, True)


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam after W := (1 - learning_rate weight_decay) W  (Loshchilov and Hutter, 2019).

    Biases do not decay.
    """

    weight_decay: float = 0.01


@dataclass(frozen=True, kw_only=True)
class LBFGS:
    """SciPy's L-BFGS-B on theta: full batch, no learning rate, one iteration an epoch.

    Parameters
    ----------
    memory : int
        How many past steps approximate the Hessian.
    tolerance : float
        Stop when no component of the projected gradient is larger.
    cost_tolerance : float
        Stop when an iteration takes off a smaller share of J.
    max_evaluations : int, optional
        Of J and its gradient; None: 1000 an epoch.
    """

    memory: int = 10
    tolerance: float = 1e-6
    cost_tolerance: float = 2.0**-52
    max_evaluations: int | None = None

    def __post_init__(self):
        integer(self.memory, "LBFGS(memory=...)", 1)
        number(self.tolerance, "LBFGS(tolerance=...)", "[0, inf)")
        number(self.cost_tolerance, "LBFGS(cost_tolerance=...)", "[0, inf)")
        if self.max_evaluations is not None:
            integer(self.max_evaluations, "LBFGS(max_evaluations=...)", 1)


OPTIMIZERS = {
    "gd": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "lbfgs": LBFGS,
}


def make_optimizer(optimizer):
    """The optimizer object that a name or an object stands for."""
    if isinstance(optimizer, Optimizer | LBFGS):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer | LBFGS):
        raise TypeError(
            f"expected an optimizer object, got the class {optimizer.__name__}; "
            f"write optimizer=fastnn.{optimizer.__name__}()"
        )
    return lookup(OPTIMIZERS, optimizer, "optimizer")()
