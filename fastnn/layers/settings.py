"""Settings of a network that may be one for each layer, as attributes."""

import math
from collections.abc import Sequence

from fastnn.layers.sizes import check_keep_prob, check_max_norm, check_penalty


class LayerSettings:
    """keep_prob, l2, l1 and max_norm of a network; an assignment to one is checked."""

    _layer_sizes: tuple[int, ...]

    @property
    def keep_prob(self) -> tuple[float, ...]:
        """keep_prob of the layers 0 .. L-1. It may be assigned to, as in the constructor."""
        return self._keep_prob

    @keep_prob.setter
    def keep_prob(self, keep_prob: float | Sequence[float]) -> None:
        self._keep_prob = check_keep_prob(keep_prob, len(self._layer_sizes) - 1)

    @property
    def l2(self) -> tuple[float, ...]:
        """lambda of the L2 penalty of W1 .. WL. It may be assigned to, as in the constructor."""
        return self._l2

    @l2.setter
    def l2(self, l2: float | Sequence[float]) -> None:
        self._l2 = check_penalty(l2, "l2", len(self._layer_sizes) - 1)

    @property
    def l1(self) -> tuple[float, ...]:
        """lambda of the L1 penalty of W1 .. WL. It may be assigned to, as in the constructor."""
        return self._l1

    @l1.setter
    def l1(self, l1: float | Sequence[float]) -> None:
        self._l1 = check_penalty(l1, "l1", len(self._layer_sizes) - 1)

    @property
    def max_norm(self) -> tuple[float, ...]:
        """Largest norms of the columns of W1 .. WL; infinity for no limit.

        It may be assigned to, as in the constructor.
        """
        return self._max_norm

    @max_norm.setter
    def max_norm(self, max_norm: float | Sequence[float | None] | None) -> None:
        self._max_norm = check_max_norm(max_norm, len(self._layer_sizes) - 1)


def spec_of_norms(max_norm: tuple[float, ...]) -> list[float | None] | None:
    """max_norm in types that JSON knows: None for no limit."""
    if min(max_norm) == math.inf:
        return None
    return [None if norm == math.inf else norm for norm in max_norm]
