"""The bundled digits, on which ``fastnn train`` trains if no file is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fastnn.layers.outputs import OutputName

SHAPE = 8, 8


class _Shape(NamedTuple):
    n_inputs: int
    n_outputs: int
    output: OutputName | None


SHAPE_OF_NETWORK = _Shape(64, 10, None)


def digits(seed: int) -> dict[str, Any]:
    """Training, dev and test set: 60, 20 and 20 % of the digits, stratified by class."""
    from sklearn.datasets import load_digits

    from fastnn.data.splitting import split
    from fastnn.tables.preparation import Part

    X, y = load_digits(return_X_y=True)
    parts = zip(("train", "dev", "test"), split(X / 16.0, y, rng=seed), strict=True)  # of 0 to 16
    return {name: Part(part.X, part.y, None, part.index) for name, part in parts}
