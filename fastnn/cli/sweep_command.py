"""``fastnn sweep``."""

from __future__ import annotations

import io
import json
import math
import sys
from typing import Any

import click

from fastnn.cli.data_source import Source, open_source
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.models import model_of
from fastnn.cli.network_options import as_given, network_options, with_defaults
from fastnn.cli.options import (
    JOBS,
    JSON,
    OPTIONS_OF_DATA,
    QUIET,
    SAVE_BEST,
    NewFile,
    Range,
    Values,
    check_different,
    data_options,
    ending,
)

# In a regression errors are in the target's units, and have these names.
_ERRORS = {
    "dev_error": "dev_rmse",
    "dev_error_std": "dev_rmse_std",
    "train_error": "train_rmse",
}
VARIED = ("keep_prob", "l2", "l1", "learning_rate")


def _varied(name: str, what: str, default: str) -> Any:
    return click.option(f"--{name}", type=Values(), help=what, show_default=default)


@click.command(
    context_settings={"show_default": True},
    short_help="Train many networks, keep the best on the dev rows.",
    epilog=ending(
        "fastnn sweep iris.csv --target species --l2 0.1,1,10",
        "fastnn sweep iris.csv --target species --l2 log:0.1:100 --checkpoint l2",
    ),
)
@click.argument("data", required=False)
@_varied("keep-prob", "Probabilities to keep a hidden unit.", "0.6; for a file 1")
@_varied("l2", "L2 penalties.", "0; for a file 5")
@_varied("l1", "L1 penalties.", "0")
@_varied("learning-rate", "Learning rates, before the schedule.", "0.002")
@click.option(
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    show_default="all combinations; 30 with a range",
    help="How many combinations to draw at random.",
)
@click.option(
    "--halving",
    type=click.IntRange(2),
    metavar="FACTOR",
    show_default="off",
    help="Train all for a few epochs, the best 1/FACTOR of them for FACTOR times as many, and so "
    "on up to --epochs.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    help="Networks for each combination; their mean decides.",
)
@click.option(
    "--select",
    type=click.Choice(["dev_error", "dev_loss", "balanced_error", "auc"]),
    show_default="dev_error; with --class-weight, balanced_error",
    help="What the best is best in, on the dev rows: error, loss or, where the classes of a file "
    "are uneven, the mean of their errors or the area under the ROC curve. With --class-weight the "
    "dev rows are weighted, too. Of each fit the error and the loss are recorded, so that rungs of "
    "--halving go by the dev error for balanced_error, and by the dev loss for auc.",
)
@JOBS
@data_options
@network_options
@SAVE_BEST
@click.option(
    "--csv",
    type=NewFile(),
    help="Write the table of all trials here, e.g. trials.csv.",
)
@click.option(
    "--checkpoint",
    type=click.Path(file_okay=False, writable=True),
    metavar="DIRECTORY",
    help="Keep finished trials here; the same command goes on from them, and so does one with more "
    "--trials, but for --halving.",
)
@QUIET
@JSON
def sweep(
    data: str | None,
    trials: int | None,
    halving: int | None,
    seeds: int,
    select: str | None,
    jobs: int | None,
    seed: int,
    save: str | None,
    csv: str | None,
    checkpoint: str | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train many networks side by side and keep the best on the dev rows.

    Each is one network, as of fastnn train --quality none: compare the best with fastnn train on
    its own, which for a file is the mean of 12 networks by a recipe.

    DATA is as for fastnn train. Every combination of the values of --keep-prob, --l2, --l1 and
    --learning-rate is tried; a range such as log:1e-4:1e-1 is drawn from, log-uniformly (for
    --keep-prob in what is dropped). The test error is that of the best network alone, for it has no
    part in the choice.
    """
    of_data = {name: options.pop(name) for name in OPTIONS_OF_DATA}
    read = {"DATA": data, "--dev": of_data["dev"], "--test": of_data["test"]}
    check_different(read | {"--save": save, "--csv": csv, "--checkpoint": checkpoint})
    space = {name: options[name] for name in VARIED if options[name] is not None}
    if not space:
        raise click.UsageError("nothing to vary: give values, e.g. --l2 0.01,0.1,1.")
    options = with_defaults(options, for_file=data is not None)
    hidden = options.pop("hidden")
    fixed = {name: value for name, value in options.items() if name not in space}
    drawn = any(isinstance(values, Range) for values in space.values())
    written: list[str] = []

    def interrupted() -> str:
        kept = "Nothing was saved."
        if checkpoint is not None:
            kept = f"Finished trials are in {checkpoint}: the same command goes on from them."
        return " ".join(["Interrupted.", *(written or [kept])])

    with reported(interrupted=interrupted):
        from fastnn.cli import output as shown
        from fastnn.tables.fitting import BY_CLASS, default_select, swept

        alone = as_given(fixed | {"hidden": hidden}) | {"quality": None}
        source = open_source(data, seed, of_data, alone)
        select = select or default_select(of_data["class_weight"])
        by_class = select in BY_CLASS
        if by_class and (source.schema is None or source.regression):
            raise click.UsageError(f"--select {select} is for classes of a file.")
        if not quiet and not as_json:
            shown.introduce(source, source.layer_sizes(hidden))
        result, network = swept(
            source.shape,
            hidden,
            source.train,
            source.dev,
            {
                name: values.distribution(name) if isinstance(values, Range) else values
                for name, values in space.items()
            },
            trials=30 if drawn and trials is None else trials,
            halving=halving,
            seeds=seeds,
            n_jobs=-1 if jobs is None else jobs,
            progress=not quiet and not as_json and sys.stderr.isatty(),
            rng=seed,
            select=select,
            checkpoint=checkpoint,
            **fixed,
        )
        if network is None:
            raise click.ClickException(result.verdict)
        errors = shown.errors_of(network, source)
        if save is not None:
            with reported_file("save the network"):
                if source.estimator is not None:
                    source.estimator.set_params(**result.trials[0].setting)
                model_of(network, source).save(save)
            written.append(f"The best network was saved to {save}.")
        if csv is not None:
            with reported_file("write the table"):
                _write_table(result, source, csv)
    if as_json:
        click.echo(json.dumps(_as_json(result, source, errors, save, csv), indent=2))
    elif not quiet:
        # to_frame is for Python; the command line has --csv.
        click.echo(str(result).replace("see to_frame()", "write all with --csv"))
        if source.regression:
            shown.say(
                f"These errors are in standard deviations of {source.schema.target}, "
                f"{source.schema.target_scale:.4g}; the best network in its own units:"
            )
        if by_class and halving is not None:
            went_by = BY_CLASS[select].replace("_", " ")
            weighted = "weighted " * result.weighted
            shown.say(f"The rungs of --halving went by the {weighted}{went_by}.")
        shown.print_rows(shown.error_rows(errors))
        if source.schema is not None:
            shown.say(
                "Compare this network with the mean of 12 that fastnn train makes by its recipe: "
                f"with the same options of data and --seed {seed} it has the same test rows."
            )
        for what, path in (("Best network saved", save), ("Table written", csv)):
            if path is not None:
                click.echo(f"{what} to {path}")


def _write_table(result: Any, source: Source, path: str) -> None:
    from fastnn.files.atomic import write_atomically

    file, table = io.StringIO(), result.to_frame()
    if source.regression:
        table[list(_ERRORS)] *= source.schema.target_scale
        table = table.rename(columns=_ERRORS)
    table.to_csv(file, lineterminator="\n")
    write_atomically(path, file.getvalue().encode())


def _as_json(
    result: Any, source: Source, errors: dict[str, Any], save: str | None, csv: str | None
) -> dict[str, Any]:
    """The results in types that JSON has; errors of failed trials are null."""
    from fastnn.cli.output import table_as_json

    trials = []
    for trial in result.trials:
        figures = {name: getattr(trial, name) for name in ("cost", "epochs", "seconds")}
        for name, of_regression in _ERRORS.items():
            if source.regression:
                figures[of_regression] = getattr(trial, name) * source.schema.target_scale
            else:
                figures[name] = getattr(trial, name)
        if result.by_class:
            of_runs = result.by_class.get(trial.number, (math.nan,))
            figures[f"dev_{result.select}"] = sum(of_runs) / len(of_runs)
        finite = {name: v if math.isfinite(v) else None for name, v in figures.items()}
        trials.append(
            {"trial": trial.number, "setting": trial.setting, **finite, "failure": trial.failure}
        )
    return {
        "verdict": result.verdict,
        "select": result.select,
        "weighted": result.weighted,
        "best": trials[0]["setting"],
        **errors,
        "saved": save,
        "csv": csv,
        **table_as_json(source),
        # The verdict's errors are in standard deviations of the target.
        **({"target_scale": source.schema.target_scale} if source.regression else {}),
        "trials": trials,
    }
