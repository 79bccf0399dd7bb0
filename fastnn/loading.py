"""`fastnn.load`: a network, an ensemble, or an estimator, from its file.

Internal: it may change at any time.
"""

import os
from typing import Any

from fastnn.errors import ModelFormatError
from fastnn.losses.loss import Loss
from fastnn.network import restored


def load(path: str | os.PathLike[str], *, loss: Loss | None = None) -> Any:
    """Read what the `save` of a network, an ensemble or an estimator wrote.

    Nothing in the file is trusted: its size, header, spec and checksum must agree before anything
    of the size it claims is allocated, and nothing in it is ever executed.

    Parameters
    ----------
    path : str or path-like
    loss : Loss, optional
        The user's own loss of the network, or of all networks of an ensemble. A file names it, and
        has no code: without it, forward and predict work, and J raises an error with the name.
        Losses of `fastnn.losses` need none.

    Returns
    -------
    Network, Ensemble, TableClassifier, TableRegressor, MLPClassifier or MLPRegressor
        With the same parameters, bit for bit.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ModelFormatError
        The file is not a fastnn model, is damaged, or was written by a newer fastnn.
    """
    from fastnn.files.model import read  # safetensors is a slow import

    content, theta = read(path)
    if content["kind"] == "ensemble":
        from fastnn.many.stored import from_spec  # scikit-learn is a slow import

        return from_spec(path, content["spec"], theta, loss)
    net = restored(path, content["spec"], theta)
    if loss is not None:
        net.loss = loss
    try:
        if content["kind"] == "table":
            from fastnn.tables.restored import from_dict as table_from_dict

            return table_from_dict(content["model"], net)
        if content["kind"] == "estimator":
            from fastnn.estimators.restored import from_dict

            return from_dict(content["model"], net)
        return net
    except ModelFormatError as error:
        raise ModelFormatError(f"{os.fsdecode(path)}: {error}") from error.__cause__
