"""A cause of a high error: its name, the evidence, and what to do."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Cause:
    """Something that is wrong, to be mended before bias and variance are judged.

    Attributes
    ----------
    name : str
        What is wrong, such as "the inputs are not normalized".
    evidence : str
        The figures that show it.
    advice : str
        What to do about it.
    change : dict
        The advice as arguments: options of `Network`, for new weights, and of `fit`; empty where
        only a person can follow it, or where following it on trial did not lower the dev error.
    """

    name: str
    evidence: str
    advice: str
    change: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"first of all: {self.name}: {self.advice}; {self.evidence}"
