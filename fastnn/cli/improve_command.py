"""``fastnn improve``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click

from fastnn.cli.data_source import Source, open_source
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.network_options import as_given, network_options, quality_of, with_defaults
from fastnn.cli.options import (
    JOBS,
    JSON,
    OPTIMAL_ERROR,
    OPTIONS_OF_DATA,
    QUIET,
    SAVE_BEST,
    check_different,
    data_options,
    ending,
)

# Options of `train` that a move may change, and that have no option here.
_CHANGED = ("keep_prob", "l2", "l1", "learning_rate")


@click.command(
    context_settings={"show_default": True},
    short_help="Diagnose, try the advice, keep what helps.",
    epilog=ending(
        "fastnn improve iris.csv --target species --seconds 60",
        "fastnn improve iris.csv --target species --trials 9 --save best.safetensors",
    ),
)
@click.argument("data", required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    default=60.0,
    help="When to end, unless no move helps any more. For a file the recipe is trained first, as "
    "long as by fastnn train, and the search has the time that is left; if none is, it tries one "
    "network.",
)
@click.option(
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    show_default="no limit",
    help="Stop after so many moves.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    metavar="N",
    default=3,
    help="Networks for each move; one is kept only if it is better with every seed.",
)
@JOBS
@click.option(
    "--checkpoint",
    type=click.Path(file_okay=False),
    metavar="DIR",
    show_default="none",
    help="Keep every fit in this directory; the same command then goes on from there.",
)
@data_options
@network_options
@SAVE_BEST
@OPTIMAL_ERROR
@QUIET
@JSON
def improve(
    data: str | None,
    seconds: float,
    trials: int | None,
    seeds: int,
    jobs: int | None,
    checkpoint: str | None,
    seed: int,
    save: str | None,
    optimal_error: float | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Diagnose a network, try the advice, keep it if it helps, and go on.

    DATA and the options are as for fastnn train; they are where the search begins. A move is kept
    only if the dev loss is lower beyond chance. The test rows have no part in it. Ctrl-C ends the
    search with the best so far; with --checkpoint, the same command goes on later.

    For a file the recipe of fastnn train (--quality best) is trained first, on the same rows. It
    is kept unless a network is better beyond chance. Where options of the network or its training
    are given, it has to be better beyond chance itself.
    """
    of_data = {name: options.pop(name) for name in OPTIONS_OF_DATA}
    read = {"DATA": data, "--dev": of_data["dev"], "--test": of_data["test"]}
    check_different(read | {"--save": save})
    given = dict.fromkeys(_CHANGED)
    options = with_defaults({**given, **options}, for_file=data is not None)
    hidden = options.pop("hidden")
    quality, _ = quality_of(None, for_file=data is not None)

    def interrupted() -> str:
        return f"Interrupted. {_goes_on(checkpoint)}" if checkpoint else "Interrupted."

    with reported(interrupted=interrupted):
        from fastnn.cli import output as shown
        from fastnn.improvement import improve
        from fastnn.tables.improving import improve_prepared

        alone = as_given(options | {"hidden": hidden}) | {"quality": None}
        source = open_source(data, seed, of_data, alone, again=True)
        layers = source.layer_sizes(hidden)
        if not quiet and not as_json:
            shown.introduce(source, layers)
        search = {
            "seconds": seconds,
            "trials": trials,
            "seeds": seeds,
            "n_jobs": -1 if jobs is None else jobs,
            "optimal_error": optimal_error,
            "checkpoint": checkpoint,
        }
        if source.prepared is None:
            result = improve(layers, source.train, source.dev, rng=seed, **search, **options)
        else:
            source.estimator.set_params(quality=quality)
            result, kept = improve_prepared(
                source.estimator, source.prepared, source.prepare_for, **search
            )
            source = replace(source, parts=kept.parts, shape=kept.schema, prepared=kept)
        errors = shown.errors_of(result.network, source)
        if save is not None:
            with reported_file("save the network"):
                (source.estimator or result.network).save(save)
    if as_json:
        click.echo(json.dumps(_as_json(result, source, errors, save), indent=2))
    elif not quiet:
        click.echo(str(result))
        shown.print_rows(shown.error_rows(errors))
        if save is not None:
            click.echo(f"Best model saved to {save}")
    if checkpoint is not None and result.stopped in ("interrupted", "time"):
        click.echo(_goes_on(checkpoint), err=True)


def _goes_on(checkpoint: str) -> str:
    return f"The fits so far are in {checkpoint}: the same command goes on from there."


def _as_json(
    result: Any, source: Source, errors: dict[str, Any], save: str | None
) -> dict[str, Any]:
    from fastnn.cli.output import table_as_json

    moves = [
        {
            "round": move.round,
            "move": move.text,
            "dev_error": None if move.failure else move.dev_error,
            "gain": None if move.failure else move.gain,
            "sure": None if move.failure else move.sure,
            "kept": move.kept,
            "failure": move.failure,
        }
        for move in result.moves
    ]
    return {
        "verdict": result.verdict,
        "stopped": result.stopped,
        "setting": {name: _plain(value) for name, value in result.setting.items()},
        "next_step": result.next_step,
        "notes": result.notes,
        **errors,
        "saved": save,
        **table_as_json(source),
        "moves": moves,
    }


def _plain(value: Any) -> Any:
    """A setting in types that JSON has."""
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)
