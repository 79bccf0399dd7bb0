"""``fastnn train``."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.data_source import FIRST_ROW, IMAGE_SHAPE, Source, open_source
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.models import model_of
from fastnn.cli.network_options import (
    as_given,
    network_options,
    quality_of,
    tell_of_quality,
    with_defaults,
)
from fastnn.cli.options import (
    JSON,
    OPTIMAL_ERROR,
    OPTIONS_OF_DATA,
    QUIET,
    Commas,
    NewFile,
    check_different,
    data_options,
    ending,
)
from fastnn.cli.predict_command import check_suffix, write_table

if TYPE_CHECKING:
    from fastnn.diagnosis import Diagnosis
    from fastnn.many.blend import Quality
    from fastnn.network import Network
    from fastnn.tables.recipe import Fitted


_NUMBERS = "one number or a comma list, one per layer, e.g. 0.8 or 1,0.8,0.8"


@click.command(
    context_settings={"show_default": True},
    short_help="Train on a table, or on handwritten digits.",
    epilog=ending(
        "fastnn train iris.csv --target species --save iris.safetensors",
        "fastnn train iris.csv --target species --report iris.html",
        "fastnn train iris.csv --target species --hidden 32",
    ),
)
@click.argument("data", required=False)
@data_options
@network_options
@click.option(
    "--quality",
    type=click.Choice(["fast", "best", "none"]),
    show_default="best; none with an option of the network or its training",
    help="For a file: the mean of 2 (fast) or 12 networks by a fixed recipe, with bins of numbers, "
    "in the place of --hidden and the options of the network and its training; or, none, one "
    "network by these options.",
)
@click.option(
    "--keep-prob",
    type=Commas("P", float, _NUMBERS),
    show_default="0.6; 1 for lbfgs; for a file 1",
    help="Dropout: probability to keep a hidden unit, 1 for none; or a comma list, one per layer, "
    "the input layer first.",
)
@click.option(
    "--l2",
    type=Commas("LAMBDA", float, _NUMBERS),
    show_default="0; for a file 5",
    help="L2 penalty; or a comma list, one per layer.",
)
@click.option(
    "--l1",
    type=Commas("LAMBDA", float, _NUMBERS),
    show_default="0",
    help="L1 penalty, which makes weights exactly zero; or a comma list, one per layer.",
)
@click.option(
    "--learning-rate", type=float, metavar="RATE", show_default="0.002", help="Before the schedule."
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    show_default="as many as help",
    help="CPU threads; the results are the same for any.",
)
@click.option(
    "--save",
    type=NewFile(),
    help="Write the trained model here, e.g. model.safetensors; after Ctrl-C, the one so far.",
)
@click.option(
    "--report",
    type=NewFile(),
    help="Write a page about the run here, e.g. report.html: diagnosis, curves, mistakes.",
)
@click.option(
    "--checkpoint",
    type=NewFile(directory=True),
    help="Keep the state of the fit here, e.g. fit.checkpoint: a directory for a --quality, a file "
    "for one network; the same command goes on from it.",
)
@click.option(
    "--parts",
    type=NewFile(),
    help="Write here whether each row of DATA is in train, dev or test, e.g. parts.csv.",
)
@OPTIMAL_ERROR
@QUIET
@JSON
def train(
    data: str | None,
    hidden: list[int] | None,
    quality: str | None,
    seed: int,
    save: str | None,
    report: str | None,
    checkpoint: str | None,
    parts: str | None,
    optimal_error: float | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Train on a table, or on scikit-learn's bundled handwritten digits.

    DATA is a .csv, .tsv or .parquet file with a header (.csv.gz and .tsv.gz too), or - for CSV on
    the standard input. It is split at random into training, dev and test rows, the classes alike in
    all: 60, 20 and 20 % of up to 10,000 rows, less for dev and test beyond. What is done to its
    columns (missing values, scales, categories) is learnt on the training rows and saved with the
    network. Fields that are empty, NA, N/A, NaN or null are missing values; rows are counted as in
    a spreadsheet: the names are row 1. Without DATA: 1797 images of 8x8 pixels.

    With the default --quality a file has the mean of several networks. Options of one network train
    that one: their defaults are those of --quality none.

    Then J, the errors and, of one network, the speed are shown, and a diagnosis: what to do next.
    """
    of_data = {name: options.pop(name) for name in OPTIONS_OF_DATA}
    read = {"DATA": data, "--dev": of_data["dev"], "--test": of_data["test"]}
    written = {"--save": save, "--report": report, "--checkpoint": checkpoint, "--parts": parts}
    check_different(read | written)
    if parts is not None:
        check_suffix("--parts", parts)
        if data is None:
            raise click.UsageError("--parts is for a file: fastnn train data.csv --target NAME.")
    options = with_defaults({**options, "hidden": hidden}, for_file=data is not None)
    options["n_threads"] = options.pop("threads", None)
    options["quality"], given = quality_of(quality, for_file=data is not None)
    recipe: Quality | None = options["quality"]
    saved: list[str] = []

    def interrupted(fitted: Fitted | None = None) -> str:
        done = 0 if fitted is None else len(fitted.network.history)
        what = [f"Interrupted after {done} of {options['epochs']} epochs."]
        if recipe is not None:  # its networks are at different epochs
            what = ["Interrupted."]
        if checkpoint is not None and os.path.exists(checkpoint):
            what.append(f"The same command goes on from {checkpoint}.")
        if fitted is not None and save is not None and not saved:
            with reported_file("save the network"):
                model_of(fitted.network, source).save(save)
            epoch = fitted.best_epoch
            which = "network so far"
            if recipe is not None:
                some, all_of_them = fitted.network.history.averaged, networks_of(recipe)
                which = f"model so far, the mean of {some} of {all_of_them} networks,"
            elif epoch is not None:
                which = f"network of epoch {epoch}, the best so far,"
            saved.append(f"The {which} was saved to {save}.")
        if save is not None or report is not None:
            what += saved or ["Nothing was saved."]
        return " ".join(what)

    sizes = ",".join(map(str, options["hidden"]))
    memory = f"not enough memory for --hidden {sizes}; use smaller layers."
    if recipe is not None:
        memory = f"not enough memory for --quality {recipe}; use --quality none."
    fitted = None
    with reported(memory, lambda: interrupted(fitted)):
        from fastnn.cli import output as shown
        from fastnn.many.blend import HIDDEN, networks_of
        from fastnn.tables.judging import diagnosis_of
        from fastnn.tables.recipe import fit_model

        source = open_source(data, seed, of_data, as_given(options))
        if parts is not None:
            with reported_file(f"write {parts}"):
                write_table(source.parts_of_rows(), parts)
        if not quiet and not as_json:
            hidden, what = options["hidden"], ""
            if recipe is not None:
                hidden, what = HIDDEN, f"the mean of {networks_of(recipe)} networks with "
            elif data is not None:
                by = f" by {', '.join(given)}" if given and quality is None else ""
                what = f"one network{by} with "
            shown.introduce(source, source.layer_sizes(hidden), what)
        began = time.perf_counter()
        fitted = fit_model(
            options,
            source.shape,
            source.train,
            source.dev,
            seed,
            progress=not quiet and not as_json and sys.stderr.isatty(),
            checkpoint=checkpoint,
        )
        if fitted.interrupted:
            raise KeyboardInterrupt
        net, history = fitted.network, fitted.network.history
        model = model_of(net, source)
        seconds = time.perf_counter() - began
        results = shown.results_of(net, history, source, recipe, seconds)
        results |= {"seed": seed, "saved": save, "report": report}
        weights = getattr(source.estimator, "class_weight", None)
        known = options | {"class_weight": weights}
        diagnosis = diagnosis_of(net, source.parts, known, optimal_error=optimal_error)
        if save is not None:
            with reported_file("save the network"):
                model.save(save)
            saved.append(f"The model was saved to {save}.")
        if report is not None:
            with reported_file("write the report"):
                _write_report(net, source, report, options | {"seed": seed}, diagnosis)

    if as_json:
        results |= shown.table_as_json(source)
        click.echo(json.dumps(results | {"diagnosis": shown.as_json(diagnosis)}, indent=2))
    elif not quiet:
        shown.print_results(results, diagnosis, source)


tell_of_quality(train)


def _write_report(
    net: Network,
    source: Source,
    path: str,
    options: dict[str, Any],
    diagnosis: Diagnosis,
) -> None:
    from fastnn.reporting import report
    from fastnn.tables.judging import Judged, report_on

    options = {name: value for name, value in options.items() if value is not None}
    options.setdefault("batch_size", "full")
    about: dict[str, Any] = {"settings": options, "title": source.name, "diagnosis": diagnosis}
    if source.estimator is not None:
        judged = Judged(source.estimator, dict(source.parts), [])
        report_on(judged, path, first_row=FIRST_ROW, **about)
        return
    parts = (source.train, source.dev, source.test)
    report(net, net.history, *parts, path, image_shape=IMAGE_SHAPE, **about)
