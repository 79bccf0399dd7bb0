"""Checks that all conversions share: the network behind an argument, finite parameters."""

import numpy as np

from fastnn.network import Network


def network_of(net):
    """`net` itself, or the `Network` inside a fitted estimator.

    >>> import fastnn
    >>> network_of(fastnn.Network([2, 1]))
    <Network [2, 1], activation=[], output='sigmoid', dtype='float32', 3 parameters>
    >>> network_of([2, 1])
    Traceback (most recent call last):
        ...
    TypeError: expected a fastnn.Network or a fitted estimator of fastnn, got list
    """
    found = getattr(net, "network_", net)
    if isinstance(found, Network):
        classes = getattr(net, "classes_", (None, None))
        if len(classes) < 2:
            raise ValueError(
                f"expected a classifier of at least two classes, got only "
                f"{classes[0]}, its answer to any X, whatever its network does; "
                "fit it to more classes, or pass its network_"
            )
        return found
    hint = ""
    if hasattr(net, "get_params"):  # an estimator, of whatever library
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(net)
        hint = step_hint(net)
        if hasattr(net, "coefs_"):
            hint = "; make it a Network first, with fastnn.from_sklearn"
    raise TypeError(
        f"expected a fastnn.Network or a fitted estimator of fastnn, got {kind_of(net)}{hint}"
    )


def kind_of(estimator):
    """The name of an estimator's class, with its library: two have an MLPClassifier."""
    library, *rest = type(estimator).__module__.split(".")
    return f"{library}'s {type(estimator).__name__}" if rest else type(estimator).__name__


def step_hint(estimator):
    """Advice at the end of an error message if `estimator` is a pipeline; else ""."""
    pipeline = hasattr(estimator, "steps")
    return "; pass its last step, and scale X as its other steps do" if pipeline else ""


def check_finite(net):
    """Refuse a NaN or an infinity in the parameters, which `Network.theta` would not take."""
    for name, value in net.params.items():
        if not np.isfinite(value).all():
            raise ValueError(
                f"expected {name} to be finite, got a NaN or an infinity; train anew, "
                "with a smaller learning rate or normalized inputs"
            )
