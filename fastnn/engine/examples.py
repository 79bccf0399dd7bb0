"""Checks of the arguments for a network: X, y and weights as the core reads them, and losses."""

from collections.abc import Mapping

import numpy as np

from fastnn import _kernels
from fastnn.arguments import lookup
from fastnn.data.inputs import as_features, as_numbers, as_targets, as_weights
from fastnn.data.normalizer import Normalizer
from fastnn.layers.outputs import OUTPUTS
from fastnn.losses.criterion import choose
from fastnn.losses.loss import Loss
from fastnn.losses.restored import restored


def current_normalizer(network):
    """The normalizer that is applied to X, or None; NotFittedError if it waits for `fit`."""
    if network._normalize and network._normalizer is None:
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(
            "with normalize=True, mu and sigma are those of the training set: call fit first, "
            "or assign net.normalizer = fastnn.Normalizer().fit(X)"
        )
    return network._normalizer


def normalizer_for(network, X):
    """The normalizer that `fit` on X applies to X and dev, or None."""
    if not network._normalize or network._normalizer is not None:
        return network._normalizer
    # An error in X is named here.
    as_features(X, network.layer_sizes[0], np.dtype(np.float64))
    return Normalizer(dtype=network.dtype).fit(X)


def criterion_for(network, loss=None, label_smoothing=0.0):
    """The `Criterion` of a call with these arguments."""
    return choose(network.loss, network.output, loss, label_smoothing)


def features(network, X, normalizer=None):
    """X as Rows that are normalized as they are gathered."""
    return as_features(
        X, network.layer_sizes[0], network.dtype, normalizer or current_normalizer(network)
    )


def some_features(network, X, normalizer=None):
    """X as Rows, at least one."""
    rows = features(network, X, normalizer)
    if rows.shape[0] == 0:
        raise ValueError("expected at least one example, got X with 0 rows")
    return rows


def check_data(network, X, y, sample_weight, normalizer=None, criterion=None):
    """(X, y, weight) of a set as the core reads them: Rows, Rows, and an array or None.

    The `Criterion` is the network's if it is None.
    """
    if criterion is None:
        criterion = criterion_for(network)
    rows = some_features(network, X, normalizer)
    m = rows.shape[0]
    targets = as_targets(
        y,
        m,
        network.output,
        network.layer_sizes[-1],
        network.dtype,
        own_loss=criterion.takes_any_y,
    )
    return rows, targets, as_weights(sample_weight, m)


def check_normalizer(normalizer, columns):
    """A fitted Normalizer for so many features; a dict is one as `Network.spec` has it."""
    if isinstance(normalizer, dict):
        normalizer = Normalizer.from_dict(normalizer)
    if not isinstance(normalizer, Normalizer):
        raise TypeError(
            f"expected normalizer to be a fitted fastnn.Normalizer, got {normalizer!r} of type "
            f"{type(normalizer).__name__}"
        )
    if normalizer.mean_.size != columns:
        raise ValueError(
            f"expected a normalizer of the network's {columns} features, got one of "
            f"{normalizer.mean_.size}"
        )
    return normalizer


def check_theta(theta, shape, dtype, name="theta"):
    """theta, or a vector laid out as it, as an array of this shape and dtype, of finite numbers."""
    given = as_numbers(theta, name)
    if given.shape != shape:
        raise ValueError(f"expected {name} of shape {shape}, got {given.shape}")
    with np.errstate(over="ignore"):  # the next check reports it
        theta = given.astype(dtype)
    bad = np.flatnonzero(~np.isfinite(theta))
    if bad.size:
        raise ValueError(
            f"expected {name} to be finite in {dtype}, got {given[bad[0]]} at index {bad[0]}"
        )
    return theta


def check_finite(network):
    """Refuse a network with a NaN or an infinity written to theta."""
    if not _kernels.all_finite(network.theta):
        raise ValueError(
            "expected theta to be finite, got a NaN or infinity written to it; assign "
            "finite parameters to net.theta, or make a new Network"
        )


def output_and_loss(output, units):
    """The name of the output of so many units, and its `Loss`, `MissingLoss` or None.

    `output` is None, a name, a Loss, or the entry of a file, as `Network.spec` has it.
    """
    loss = None
    if isinstance(output, Loss):
        loss, output = output, output.output or "identity"
    elif isinstance(output, Mapping):
        loss, output = restored(output)
    if output is None:
        output = "softmax" if units > 1 else "sigmoid"
    lookup(OUTPUTS, output, "output")
    if output == "softmax" and units == 1:
        raise ValueError(
            "expected at least 2 units for a softmax output, got 1, which is always 1; "
            "use output='sigmoid'"
        )
    return output, loss


def output_spec(output, loss):
    """The entry that `output_and_loss` turns into this name and loss, in types that JSON knows."""
    return output if loss is None else {"output": output, **loss.spec}
