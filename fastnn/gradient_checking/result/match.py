"""A pattern that explains the error of one array of a gradient."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Term:
    """An error that is a multiple of the parameters: analytic = numeric + k theta.

    For kind "L1" it is k sign(theta) instead.
    """

    k: float
    kind: str

    def explains(self, block):
        """Whether the term is the whole error of a block."""
        vector = np.sign(block.theta) if self.kind == "L1" else block.theta
        return bool(vector[block.compared].any()) and block.explained_by(
            block.numeric + self.k * vector, robust=True
        )


@dataclass
class Match:
    """A pattern that explains the error of an array.

    Attributes
    ----------
    pattern : str
    words : str
        The predicate of a sentence. {is_}, {has}, ... stand for verbs, singular or plural.
    factor : float or None
        The factor by which the whole array is wrong, if that is the pattern.
    penalty : str
        A penalty term that is right while the rest is wrong.
    may_group : bool
        Whether one sentence may say the same words about several arrays.
    vague : bool
        Whether errors are so near their bounds that other patterns explain them as well.
    template : str
        The words with {name} for the array's name, where others may have the same fault.
    term : Term, optional
        The multiple of the parameters that is missing or too much, where it was inferred.
    """

    pattern: str
    words: str
    factor: float | None = None
    penalty: str = ""
    may_group: bool = True
    vague: bool = False
    template: str = ""
    term: Term | None = None
