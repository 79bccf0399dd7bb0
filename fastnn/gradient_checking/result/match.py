"""A pattern that explains the error of one array of a gradient."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Term:
    """``analytic = numeric + k theta``, or k sign(theta) for L1."""

    k: float
    kind: str

    def explains(self, block):
        """Whether it is what is wrong with a block."""
        vector = np.sign(block.theta) if self.kind == "L1" else block.theta
        return bool(vector[block.compared].any()) and block.explained_by(
            block.numeric + self.k * vector, robust=True
        )


@dataclass
class Match:
    """A pattern that fits.

    Attributes
    ----------
    pattern : str
    words : str
        With {is_}, {has}, ... where the verb depends on how many arrays it is said of.
    factor : float or None
        Where the whole array is wrong by one.
    penalty : str
        A penalty term that is right while the rest is not.
    may_group : bool
        Whether the same words about several arrays may be one sentence.
    vague : bool
        So near the bounds that any small change of the whole explains it as well.
    template : str
        The words with {name} for the array's own, where others may have the same fault.
    term : Term, optional
        The multiple of the parameters that is missing or too many, where it was inferred.
    """

    pattern: str
    words: str
    factor: float | None = None
    penalty: str = ""
    may_group: bool = True
    vague: bool = False
    template: str = ""
    term: Term | None = None
