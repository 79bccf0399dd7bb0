"""The loss of a call: of the network's output, or the user's own."""

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from fastnn.arguments import number
from fastnn.losses.batch import BatchFunction, name_of
from fastnn.losses.compiled import compiled
from fastnn.losses.loss import Loss, MissingLoss

# The argument `loss` of a call, for type checkers: a Loss, or (A, y) -> (losses, dA).
AnyLoss = Loss | Callable[[NDArray[Any], NDArray[Any]], tuple[Any, Any]]


class Criterion(NamedTuple):
    """The loss that a pass computes.

    `loss` is a `Loss`, a function of whole mini-batches, or None for the loss of the output.
    """

    loss: Any = None
    smoothing: float = 0.0

    @property
    def takes_any_y(self):
        """Whether y may have any number of columns, and any numbers."""
        return self.loss is not None

    @property
    def by_batches(self):
        """Whether the loss is a function of whole mini-batches."""
        return self.loss is not None and not isinstance(self.loss, Loss)

    @property
    def name(self):
        """The name of a loss of the user's own; "" for the loss of the output."""
        if self.loss is None:
            return ""
        return name_of(self.loss) if self.by_batches else repr(self.loss)

    def for_core(self, dtype):
        """The arguments of a `Session` that say the same; a `Loss` is compiled."""
        if self.loss is None:
            return {"smoothing": self.smoothing}
        if self.by_batches:
            return {"loss": BatchFunction(self.loss, dtype)}
        return {"loss": compiled(self.loss, dtype)}


def choose(own, output, loss=None, label_smoothing=0.0):
    """The `Criterion` of a call.

    Parameters
    ----------
    own : Loss, MissingLoss or None
        The network's.
    output : str
        Name of its output.
    loss : Loss, function or None
        The argument of the call, which goes before the network's own.
    label_smoothing : float in [0, 1)
    """
    smoothing = number(label_smoothing, "label_smoothing", "[0, 1)")
    if loss is None:
        if isinstance(own, MissingLoss):
            raise ValueError(
                f"the network was trained on the loss {own.name}, which its file names and does "
                f"not hold: load it with fastnn.load(path, loss=fastnn.Loss(...)), or assign that "
                "Loss to net.loss; forward and predict need none"
            )
        loss = own
    elif isinstance(loss, Loss):
        check_output(loss, output)
    elif isinstance(loss, type) or not callable(loss):
        raise TypeError(
            "expected loss to be None, a fastnn.Loss or a function of whole mini-batches "
            f"(A, y) -> (losses, dA), got {loss!r} of type {type(loss).__name__}"
        )
    if smoothing and (loss is not None or output != "softmax"):
        got = f"the output {output!r}" if loss is None else "a loss of its own"
        raise ValueError(
            "expected label_smoothing only with the cross-entropy of a softmax output, got "
            f"{label_smoothing!r} with {got}"
        )
    return Criterion(loss, smoothing)


def check_own(loss, output):
    """A `Loss` for a network of this output, or None."""
    if loss is None:
        return None
    if not isinstance(loss, Loss):
        raise TypeError(f"expected loss to be a fastnn.Loss or None, got {loss!r}")
    check_output(loss, output)
    return loss


def check_output(loss, output):
    """Refuse a loss that was written for another activation of the output layer."""
    activation = "identity" if output.startswith("identity") else output
    if loss.output not in (None, activation):
        raise ValueError(
            f"expected a network with output={loss.output!r} for {loss!r}, got {output!r}; make "
            "it with the loss itself as its output"
        )
