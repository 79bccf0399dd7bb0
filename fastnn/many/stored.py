"""An ensemble from its file."""

import os

from fastnn.errors import ModelFormatError
from fastnn.layers.layout import Layout
from fastnn.many.ensemble import Ensemble
from fastnn.network import restored


def from_spec(path, spec, theta, loss=None):
    """The ensemble of a file; ModelFormatError where its spec makes none.

    Parameters
    ----------
    path : str or path-like
        For errors.
    spec : dict
        As `Ensemble.spec`; the sizes of the layers in it go together with theta.
    theta : (N,) array
    loss : Loss, optional
        Of all networks.
    """
    networks, at = [], 0
    for member in spec["members"]:
        size = Layout.dense(member["layer_sizes"]).size
        networks.append(restored(path, member, theta[at : at + size]))
        if loss is not None:
            networks[-1].loss = loss
        at += size
    try:
        return Ensemble(networks, spec["weights"])
    except (TypeError, ValueError) as error:
        raise ModelFormatError(
            f"{os.fsdecode(path)}: the stored spec makes no ensemble: {error}"
        ) from error
