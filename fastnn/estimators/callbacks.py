"""Callbacks of a fit: functions, and scikit-learn's own where it has them (1.9 and later)."""

import copy

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # an older scikit-learn

    class CallbackSupportMixin:
        """Stands in for scikit-learn's: there is no `set_callbacks`."""

    def with_callbacks(method):
        return method


__all__ = ["CallbackSupportMixin", "EpochCallbacks", "check_callbacks", "with_callbacks"]


class EpochCallbacks:
    """Tells the callbacks of an estimator of every epoch.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    X, y : as the user gave them
    metadata : dict
        Of the sample weights.
    """

    def __init__(self, estimator, X, y, metadata):
        self._estimator = estimator
        self._functions = check_callbacks(estimator.callbacks)
        self._data = {"X": X, "y": y, "metadata": metadata}
        self._root = self._epoch = None
        if hasattr(estimator, "_skl_callbacks"):
            self._root = estimator._init_callback_context(max_subtasks=estimator.max_iter)
            self._root.call_on_fit_task_begin(estimator=estimator, **self._data)

    def begin(self):
        """Before an epoch."""
        if self._root is not None:
            self._epoch = self._root.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )

    def done(self):
        """After an epoch; whether to stop."""
        stop = False
        if self._epoch is not None:
            epoch, self._epoch = self._epoch, None
            stop = epoch.call_on_fit_task_end(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )
        for function in self._functions:
            stop = function(self._estimator) is True or stop
        return bool(stop)

    def finish(self):
        """After the last epoch, when the estimator is fitted."""
        if self._epoch is not None:  # begun, but there was none
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        if self._root is not None:
            self._root.call_on_fit_task_end(
                estimator=self._estimator, **self._data, reconstruction_attributes=self._now
            )

    def _now(self):
        return {"network_": copy.deepcopy(self._estimator.network_)}


def check_callbacks(callbacks):
    """`callbacks` as a tuple of functions."""
    if callable(callbacks):
        return (callbacks,)
    if not isinstance(callbacks, tuple | list) or not all(map(callable, callbacks)):
        raise TypeError(
            "expected callbacks to be functions of the estimator, one or a list of "
            f"them, got {callbacks!r}"
        )
    return tuple(callbacks)
