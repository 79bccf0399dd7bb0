"""`Loss`: a loss of one's own, as Python functions of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

_Row = NDArray[np.floating[Any]]

# The activations of the output layer that a loss can ask for, for type checkers.
LossOutput = Literal["identity", "softmax", "sigmoid", "exp"]


class Loss:
    """A loss of one's own, which Numba compiles for the core: an epoch then runs without the GIL.

    ``J = sum_i w_i value(z_i, y_i) / sum_i w_i`` plus the penalty. `fit`, `cost`, `value_and_grad`
    and `gradcheck` take it as `loss`, and `Network` as `output`.

    Parameters
    ----------
    value : function (z, y) -> float
        The loss of one row: z (n[L],) are the logits ``Z[L]``, y (k,) is the row of the targets, of
        as many columns as y has. Both have the network's dtype, labels too: ``int(y[0])``.
    slope : function (z, y, dz) -> None
        Writes dloss/dz to dz (n[L],), every number of it.
    output : {"identity", "softmax", "sigmoid", "exp"}, optional
        The activation that makes `Network.forward` of the logits. As the `output` of a Network,
        None is the identity. As the `loss` of a call, None goes with every output.
    name : str, optional
        For messages and files; None: the module and name of `value`.

    Attributes
    ----------
    value, slope, output, name
    settings : dict or None
        The arguments of the function of `fastnn.losses` that made it; None for a loss of one's own.

    Raises
    ------
    TypeError, ValueError
        When it is first used: Numba cannot compile a function, or it returns something else.

    Notes
    -----
    The functions may use the part of Python and NumPy that Numba compiles in its nopython mode, and
    call plain functions that they close over. Loops over z are the fastest. Indices are checked. If
    a function raises, or gives NaN, the fit stops with a `DivergenceError` that names the row and
    the fault.

    A global that a function reads is frozen when the loss is first used: Numba compiles its value
    in, and a later change of the global has no effect. Make the functions within a function that
    takes the number, and a new Loss for each number.

    Examples
    --------
    An error below y costs nine times as much as the same error above it:

    >>> import numpy as np, fastnn
    >>> def value(z, y):
    ...     return max(0.9 * (y[0] - z[0]), 0.1 * (z[0] - y[0]))
    >>> def slope(z, y, dz):
    ...     dz[0] = -0.9 if z[0] < y[0] else 0.1
    >>> rng = np.random.default_rng(0)
    >>> X, y = np.zeros((1000, 1)), rng.random(1000)
    >>> net = fastnn.Network([1, 1], output=fastnn.Loss(value, slope), rng=0)
    >>> history = net.fit(X, y, learning_rate=0.01)
    >>> round(float(net.predict(X[:1])[0]), 1)
    0.9
    """

    value: Callable[[_Row, _Row], float]
    slope: Callable[[_Row, _Row, _Row], None]
    output: LossOutput | None
    name: str
    settings: dict[str, Any] | None

    def __init__(
        self,
        value: Callable[[_Row, _Row], float],
        slope: Callable[[_Row, _Row, _Row], None],
        *,
        output: LossOutput | None = None,
        name: str | None = None,
    ) -> None:
        for function, what in ((value, "value"), (slope, "slope")):
            if not hasattr(_python_function(function), "__code__"):
                raise TypeError(
                    f"expected {what} to be a Python function, which Numba can compile, got "
                    f"{function!r} of type {type(function).__name__}"
                )
        if output is not None and output not in get_args(LossOutput):
            raise ValueError(
                f"expected output to be {', '.join(get_args(LossOutput))} or None, got {output!r}"
            )
        if name is not None and not isinstance(name, str):
            raise TypeError(f"expected name to be a text, got {name!r}")
        self.value, self.slope, self.output = value, slope, output
        plain = _python_function(value)
        self.name = name or f"{plain.__module__}.{plain.__qualname__}"
        self.settings = None
        self._maker: Callable[..., Loss] | None = None
        self._compiled: dict[Any, Any] = {}

    @property
    def functions(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """`value` and `slope` as plain Python functions, also if Numba has compiled them."""
        return _python_function(self.value), _python_function(self.slope)

    @property
    def spec(self) -> dict[str, Any]:
        """The entry of a network's file: it names the loss, in types that JSON knows."""
        return {"loss": self.name, "settings": self.settings}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in (self.settings or {}).items())
        return f"<Loss {self.name}{f'({settings})' if self.settings else ''}>"

    def __deepcopy__(self, memo: Any) -> Loss:
        return self  # nothing in it changes

    def __reduce__(self) -> tuple[Any, ...]:
        if self._maker is not None:
            return _made_again, (self._maker, self.settings)
        return Loss, (self.value, self.slope), {"output": self.output, "name": self.name}


class MissingLoss:
    """Stands for the user's own loss in a network that was loaded without it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def spec(self) -> dict[str, Any]:
        """As `Loss.spec`, without settings."""
        return {"loss": self.name, "settings": None}

    def __repr__(self) -> str:
        return f"<loss {self.name}, which was not loaded>"


def made(maker: Callable[..., Loss], settings: Mapping[str, Any], loss: Loss) -> Loss:
    """`loss`, marked so that pickle and files make it again by ``maker(**settings)``."""
    loss.name, loss.settings, loss._maker = maker.__name__, dict(settings), maker
    return loss


def _made_again(maker, settings):
    return maker(**settings)


def _python_function(function):
    return getattr(function, "py_func", function)
