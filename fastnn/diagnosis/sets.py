"""Sets of examples as people have them: a pair (X, y), or an object with both."""

import sys

from fastnn.data.inputs import as_numbers
from fastnn.network import Network


def as_pair(part, name):
    """(X, y) of a pair, or of an object with `.X` and `.y` such as a part of a split."""
    if isinstance(part, tuple | list) and len(part) == 2:
        return tuple(part)
    if hasattr(part, "X") and hasattr(part, "y"):
        return part.X, part.y
    raise TypeError(
        f"expected {name} to be a pair (X, y) or to have attributes X and y, got "
        f"{type(part).__name__}"
    )


def check_network(network, name):
    """An error for anything but a `Network`; of an estimator it says how to pass its own."""
    if isinstance(network, Network):
        return
    got = f"{network!r} of type {type(network).__name__}"
    if isinstance(getattr(network, "network_", None), Network):
        got = f"{type(network).__name__}; pass its network_"
        if hasattr(network, "classes_"):
            got += (", which knows labels by their places, 0 .. C-1: "
                    "np.searchsorted(estimator.classes_, y)")
    raise TypeError(f"expected {name} to be a fastnn.Network, got {got}")


def checked_pair(network, part, name):
    """(X, y) and the number of examples; an error says which set it is about."""
    check_network(network, "net")
    X, y = as_pair(part, name)
    if y is None:
        raise ValueError(f"expected {name} to have a y, the labels or targets; got y=None")
    try:
        rows, _, _ = network._check_data(X, y, None, network.normalizer_for(X))
    except TypeError as error:
        raise TypeError(f"in {name}: {error}") from None
    except ValueError as error:
        raise ValueError(f"in {name}: {error}") from None
    return X, y, rows.shape[0]


def fresh_network(network, seed, **changes):
    """An untrained network like this one, which takes mu and sigma of what it is trained on."""
    spec = {**network.spec, **changes}
    if spec["normalize"]:
        spec["normalizer"] = None
    return Network(**spec, rng=seed)


def take(X, index, name="X"):
    """The rows of X, an array-like or sparse matrix, at `index`."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(X):
        return X.tocsr()[index]
    return as_numbers(X, name)[index]
