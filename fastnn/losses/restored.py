"""A network's loss from the entry of its file."""

from fastnn.losses import classification, regression
from fastnn.losses.loss import MissingLoss

# The functions of fastnn.losses, by the names in files.
MAKERS = {
    "quantile": regression.quantile,
    "tweedie": regression.tweedie,
    "focal": classification.focal,
    "hinge": classification.hinge,
    "cross_entropy": classification.cross_entropy,
}


def restored(entry):
    """The loss of an entry {output, loss, settings} of a file, and the name of its output.

    A loss of the user's own becomes a `MissingLoss`.
    """
    if entry.keys() != {"output", "loss", "settings"} or not isinstance(entry["loss"], str):
        raise ValueError(f"expected output, loss and settings of a loss, got {str(entry)[:120]}")
    name, settings = entry["loss"], entry["settings"]
    if settings is None:
        return MissingLoss(name), entry["output"]
    if name not in MAKERS or not isinstance(settings, dict):
        raise ValueError(f"unknown loss {name[:40]!r}; known: {', '.join(MAKERS)}")
    return MAKERS[name](**settings), entry["output"]
