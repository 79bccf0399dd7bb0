"""Kinds of values that options of the command line take."""

from __future__ import annotations

import os
from typing import Any

import click


class Commas(click.ParamType):
    """One value, or several with commas between: 0.8 -> 0.8; 1,0.8,0.8 -> [1.0, 0.8, 0.8]."""

    def __init__(self, name: str, kind: type, example: str, *, always_list: bool = False) -> None:
        self.name, self.kind, self.example, self.always_list = name, kind, example, always_list

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if self.always_list and value == "none":
            return []
        try:
            values = [self.kind(part.strip()) for part in value.split(",")]
        except ValueError:
            values = [""]
        if "" in values:
            self.fail(f"got {value!r}, expected {self.example}.", param, ctx)
        return values if self.always_list or len(values) > 1 else values[0]


class BatchSize(click.ParamType):
    name = "ROWS"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        if value in ("0", "full"):
            return None
        if not value.isdecimal():
            self.fail(f"got {value!r}, expected a number of rows, e.g. 64, or full.", param, ctx)
        return int(value)


def new_file(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """Refuse, before training and not after, a path that nothing can be saved to."""
    if path is not None:
        directory = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(directory):
            raise click.BadParameter(f"there is no directory {directory}; create it first.")
        if not os.access(directory, os.W_OK):
            raise click.BadParameter(f"the directory {directory} is not writable.")
    return path
