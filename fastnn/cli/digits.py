"""The bundled digits, on which ``fastnn train`` trains if no file is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.data.parts import Split

SHAPE = 8, 8


def digits(seed: int) -> tuple[Split, Split, Split]:
    """Training, dev and test set: 60, 20 and 20 % of the digits, stratified by class."""
    from sklearn.datasets import load_digits

    from fastnn.data.splitting import split

    X, y = load_digits(return_X_y=True)
    return split(X / 16.0, y, rng=seed)  # pixels are 0 to 16
