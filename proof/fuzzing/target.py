"""What is fuzzed."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What is fuzzed.

    Parameters
    ----------
    draw : function
        Gives an input, from a `random.Random`. The input of a file or table is `bytes`.
    use : function
        Takes the input. It may raise `documented` errors only.
    documented : tuple of exception types
    """

    draw: Callable
    use: Callable
    documented: tuple
