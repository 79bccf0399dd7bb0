"""Callbacks of a fit: functions, and scikit-learn's own where it has them (1.9 and later)."""

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from fastnn.arguments import functions

# A function of the estimator, called after each epoch; True stops training.
Callback = Callable[[Any], object]

if TYPE_CHECKING:  # scikit-learn has no types
    _Method = TypeVar("_Method", bound=Callable[..., Any])

    class CallbackSupportMixin:
        """scikit-learn's class, as type checkers see it."""

        def set_callbacks(self, *callbacks: Any) -> Any: ...

    def with_callbacks(method: _Method) -> _Method: ...

else:
    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # an older scikit-learn

        class CallbackSupportMixin:
            """A stand-in for scikit-learn's class, without `set_callbacks`."""

        def with_callbacks(method):
            """The method as it is."""
            return method


__all__ = [
    "Callback",
    "CallbackSupportMixin",
    "EpochCallbacks",
    "check_callbacks",
    "with_callbacks",
]


class EpochCallbacks:
    """Calls the callbacks of an estimator before and after every epoch.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    X, y : the user's data, unchanged
    metadata : dict or None
        The sample weights by their name; None without weights.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, metadata: dict[str, Any] | None) -> None:
        self._estimator = estimator
        self._functions = check_callbacks(estimator.callbacks)
        self._data = {"X": X, "y": y, "metadata": metadata}
        self._root = self._epoch = None
        if hasattr(estimator, "_skl_callbacks"):
            self._root = estimator._init_callback_context(max_subtasks=estimator.max_iter)
            self._root.call_on_fit_task_begin(estimator=estimator, **self._data)

    def begin(self) -> None:
        """Tell scikit-learn's callbacks that an epoch begins."""
        if self._root is not None:
            self._epoch = self._root.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )

    def done(self) -> bool:
        """Call all of them after an epoch, and return whether one of them stops training."""
        stop = False
        if self._epoch is not None:
            epoch, self._epoch = self._epoch, None
            stop = epoch.call_on_fit_task_end(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )
        for function in self._functions:
            stop = function(self._estimator) is True or stop
        return bool(stop)

    def finish(self) -> None:
        """Tell scikit-learn's callbacks that the fit has ended."""
        if self._epoch is not None:  # the epoch was begun, but not trained
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        if self._root is not None:
            self._root.call_on_fit_task_end(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )

    def _now(self):
        return {"network_": copy.deepcopy(self._estimator.network_)}


def check_callbacks(callbacks: Callback | Sequence[Callback]) -> tuple[Callback, ...]:
    """`callbacks` as a tuple of functions."""
    return functions(callbacks, "callbacks", "the estimator")
