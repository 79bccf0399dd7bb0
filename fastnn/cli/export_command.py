"""``fastnn export``."""

from __future__ import annotations

import os

import click

from fastnn.cli.data_source import is_table
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.options import QUIET, NewFile, check_different, ending
from fastnn.cli.output import say


@click.command(
    context_settings={"show_default": True},
    short_help="Write a model as ONNX, for other programs.",
    epilog=ending(
        "fastnn export iris.safetensors",
        "fastnn export iris.safetensors -o model.onnx",
    ),
)
@click.argument("model", metavar="MODEL")
@click.option(
    "-o",
    "--output",
    type=NewFile(),
    show_default="MODEL, ending in .onnx",
    help="Write here, e.g. model.onnx. An existing file is replaced.",
)
@QUIET
def export(model: str, output: str | None, quiet: bool) -> None:
    """Write a saved model as ONNX, which onnxruntime and other programs run.

    MODEL is a file of any kind of model. That of a table takes its columns by their names, as
    numbers or texts, and holds what is done to them: gaps, bounds, scales and categories. It gives
    the class and the probabilities, or the value in the target's units. The reading of cells
    (blanks, marks of gaps, units, dates) is not in it: in Python, schema_.columns_of does that.
    Needs the package onnx: pip install "fastnn-cpu[onnx]".
    """
    if is_table(model):
        raise click.UsageError(f"expected a model file, as model.safetensors; {model} is a table.")
    path = f"{os.path.splitext(model)[0]}.onnx" if output is None else output
    if not path.lower().endswith(".onnx"):
        raise click.UsageError(f"--output {path} does not end in .onnx.")
    check_different({"MODEL": model, "--output": path})
    with reported():
        from fastnn.export import to_onnx
        from fastnn.loading import load
        from fastnn.many import Ensemble

        with reported_file(f"load {model}"):
            loaded = load(model)
        with reported_file(f"write {path}"):
            if isinstance(loaded, Ensemble):
                loaded.to_onnx(path)
            else:
                to_onnx(loaded, path)
    if not quiet:
        click.echo(f"Model written to {path}")
        if hasattr(loaded, "schema_"):
            kinds = {"numeric": "numbers", "categorical": "texts"}
            inputs = (f"{column.name} ({kinds[column.kind]})" for column in loaded.schema_.columns)
            say(f"Its inputs: {', '.join(inputs)}")
