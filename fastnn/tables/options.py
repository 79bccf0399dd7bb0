"""Options of one network, which a `quality` replaces, and the values of "auto"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, cast

if TYPE_CHECKING:
    from fastnn.many.blend import Quality

Auto = Literal["auto"]
AUTO: Final = "auto"

# Of the rows, those of a part; "auto" is by the rule of thumb.
Share = float | Auto

# The values of "auto" in one network: parameters of an estimator that are options of `Network`,
# except its dtype, and of its `fit`.
_OF_NETWORK = {"activation": "relu", "init": AUTO, "keep_prob": 1.0, "l2": 5.0, "l1": 0.0}
_OF_FIT = {
    "optimizer": "adam",
    "learning_rate": 0.002,
    "schedule": "cosine",
    "epochs": 200,
    "batch_size": 32,
    "early_stopping": 50,
}
ONE_NETWORK: Final[Mapping[str, Any]] = {"hidden": (64, 32), **_OF_NETWORK, **_OF_FIT}

# The options that a `quality` replaces.
REPLACED = tuple(ONE_NETWORK)
OF_NETWORK = (*_OF_NETWORK, "dtype")
OF_FIT = tuple(_OF_FIT)

# The value of "auto" as a quality; `improve` compares its networks with it.
RECIPE: Quality = "best"
PARAMETERS_OF_RECIPE = {"quality": RECIPE, **dict.fromkeys(REPLACED, AUTO)}


def given_of(parameters: Mapping[str, Any]) -> list[str]:
    """The options of one network that were given, as they are written."""
    return [f"{name}={value!r}" for name in REPLACED if not _auto(value := parameters[name])]


def quality_of(parameters: Mapping[str, Any]) -> Quality | None:
    """The quality of an estimator with these parameters; None is one network."""
    quality = parameters["quality"]
    if _auto(quality):
        return None if given_of(parameters) else RECIPE
    return cast("Quality | None", quality)


def settings_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of an estimator, with values in the place of "auto"."""
    values = {name: ONE_NETWORK[name] for name in REPLACED if _auto(parameters[name])}
    return {**parameters, **values, "quality": quality_of(parameters)}


def takes_the_place(quality: str, given: Sequence[str], none: str) -> str:
    """The message about options beside a quality: how they are written, and how to use them."""
    it = "it" if len(given) == 1 else "them"
    return (
        f"{quality} takes the place of {', '.join(given)}: leave {it} out, or give {none} to use "
        f"{it}"
    )


def _auto(value):
    # == of an array is an array.
    return isinstance(value, str) and value == AUTO
