"""Options that ``fastnn train`` and ``fastnn sweep`` share: the network and how it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from fastnn.cli.options import BatchSize, Commas, Patience, apply
from fastnn.tables.options import ONE_NETWORK, RECIPE, REPLACED, takes_the_place

if TYPE_CHECKING:
    from fastnn.many.blend import Quality

# Defaults for the digits, chosen on their dev set. Those for files are `ONE_NETWORK`.
FOR_DIGITS = {
    "hidden": [256, 128],
    "keep_prob": 0.6,
    "l2": 0.0,
    "l1": 0.0,
    "learning_rate": 0.002,
    "early_stopping": "off",
}

network_options = apply(
    click.option(
        "--hidden",
        type=Commas("SIZES", int, "integers with commas, e.g. 128,64, or none", always_list=True),
        show_default="256,128; for a file 64,32",
        help="Units of the hidden layers; none for softmax or linear regression.",
    ),
    click.option(
        "--activation",
        type=Commas("NAME", str, "one name or a comma list, e.g. relu or relu,tanh"),
        default="relu",
        help="relu, leaky_relu, elu, gelu, silu, tanh, sigmoid, softplus or identity; or a comma "
        "list, one per hidden layer.",
    ),
    click.option(
        "--init",
        metavar="NAME",
        default="auto",
        help="Initial weights: auto (by activation), he, xavier, glorot, lecun, normal or zeros.",
    ),
    click.option(
        "--epochs", type=click.IntRange(1), metavar="N", default=200, help="Passes over the data."
    ),
    click.option(
        "--batch-size",
        type=BatchSize(),
        default="32",
        help="Rows in a mini-batch; 0 or full for full-batch descent.",
    ),
    click.option(
        "--optimizer",
        metavar="NAME",
        default="adam",
        help="gd, momentum, nesterov, rmsprop, adam, adamw or lbfgs (always full batch).",
    ),
    click.option(
        "--schedule",
        metavar="NAME",
        default="cosine",
        help="Learning rate over the epochs: constant, linear, cosine, step, exponential or "
        "inverse.",
    ),
    click.option(
        "--early-stopping",
        type=Patience(),
        metavar="PATIENCE",
        show_default="off; for a file 50",
        help="Stop when the dev error has not improved for that many epochs and restore the best "
        "parameters; or off.",
    ),
    click.option(
        "--dtype", type=click.Choice(["float32", "float64"]), default="float32", help="Precision."
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        default=0,
        help="Seed of the split, the initial weights, the shuffling and the dropout.",
    ),
)


def with_defaults(options: dict, *, for_file: bool) -> dict:
    """`options` with default values for those that were not given."""
    chosen = {name: value for name, value in options.items() if value is not None}
    if options["batch_size"] is None:  # the full batch
        chosen["batch_size"] = None
    if not for_file:
        chosen = FOR_DIGITS | chosen
        if options["keep_prob"] is None and options["optimizer"] == "lbfgs":
            chosen["keep_prob"] = 1.0  # lbfgs needs a J without random masks
    else:
        chosen = {name: ONE_NETWORK[name] for name in REPLACED if name in options} | chosen
    if chosen["early_stopping"] == "off":
        chosen["early_stopping"] = None
    return chosen


def tell_of_quality(command: click.Command) -> None:
    """Say in the help, beside the default of each option of one network, what it is for."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name in REPLACED:
            default = option.show_default
            if not isinstance(default, str):
                default = str(option.default)
            of_file = "" if "for a file" in default else "; for a file"
            option.show_default = f"{default}{of_file} with --quality none"


def quality_of(quality: str | None, *, for_file: bool) -> tuple[Quality | None, list[str]]:
    """The quality of the running command, and the options of one network that were given to it.

    None: one network, which these options ask for, too. `quality` is the value of --quality, or
    None.
    """
    given = [param.opts[0] for param in _given()]
    if not for_file and quality not in (None, "none"):
        raise click.UsageError("--quality is for a file: fastnn train data.csv --target NAME.")
    if not for_file or quality == "none" or (quality is None and given):
        return None, given
    chosen: Quality = "fast" if quality == "fast" else RECIPE
    if given:
        none = "--quality none"
        raise click.UsageError(f"{takes_the_place(f'--quality {chosen}', given, none)}.")
    return chosen, given


def as_given(options: dict) -> dict:
    """`options` without options of one network that were not given to the running command."""
    given = {param.name for param in _given()}
    return {name: v for name, v in options.items() if name not in REPLACED or name in given}


def _given():
    """The options of one network that were given to the running command."""
    context = click.get_current_context()
    return [
        param
        for param in context.command.params
        if param.name in REPLACED
        and context.get_parameter_source(param.name) is not ParameterSource.DEFAULT
    ]
