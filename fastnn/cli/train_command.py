"""``fastnn train``."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.data_source import FIRST_ROW, OPTIONS_OF_DATA, Source, data_options, open_source
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.models import save_model
from fastnn.cli.network_options import network_options, with_defaults
from fastnn.cli.options import (
    EXIT_CODES,
    JSON,
    OPTIMAL_ERROR,
    QUIET,
    Commas,
    check_different,
    new_file,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastnn.network import Network
    from fastnn.training.history import History


_NUMBERS = "one number or a comma list, one per layer, e.g. 0.8 or 1,0.8,0.8"
_OF_NETWORK = ("activation", "keep_prob", "l2", "l1", "init", "dtype")


@click.command(context_settings={"show_default": True}, epilog=EXIT_CODES)
@click.argument("data", required=False)
@data_options
@network_options
@click.option(
    "--keep-prob",
    type=Commas("P", float, _NUMBERS),
    show_default="0.6; 1 for a file and for lbfgs",
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
    type=click.Path(dir_okay=False, writable=True),
    callback=new_file,
    help="Write the trained network here, e.g. model.safetensors; after Ctrl-C, the one so far.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True),
    callback=new_file,
    help="Write a page about the run here, e.g. report.html: diagnosis, curves, mistakes.",
)
@OPTIMAL_ERROR
@QUIET
@JSON
def train(
    data: str | None,
    hidden: list[int] | None,
    seed: int,
    save: str | None,
    report: str | None,
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

    Then J, the errors and the speed are shown, and a diagnosis: what to do next.
    """
    of_data = {name: options.pop(name) for name in OPTIONS_OF_DATA}
    read = {"DATA": data, "--dev": of_data["dev"], "--test": of_data["test"]}
    check_different(read | {"--save": save, "--report": report})
    options = with_defaults({**options, "hidden": hidden}, for_file=data is not None)
    hidden = options.pop("hidden")
    of_network = {name: options.pop(name) for name in _OF_NETWORK}
    net, written, best = None, [], _BestEpoch()

    def interrupted() -> str:
        done = len(net.history) if net is not None and net.history is not None else 0
        what = [f"Interrupted after {done} of {options['epochs']} epochs."]
        if save is not None and done and not written:
            which = "so far"
            if best.theta is not None:
                net.theta = best.theta
                which = f"of epoch {best.epoch + 1}, the best so far,"
            with reported_file("save the network"):
                save_model(net, source, save)
            written.append(f"The network {which} was saved to {save}.")
        if save is not None or report is not None:
            what += written or ["Nothing was saved."]
        return " ".join(what)

    sizes = ",".join(map(str, hidden))
    memory = f"not enough memory for --hidden {sizes}; use smaller layers."
    with reported(memory, interrupted):
        from fastnn.cli import output as shown
        from fastnn.network import Network

        source = open_source(data, seed, of_data)
        layers = source.layer_sizes(hidden)
        net = Network(layers, output=source.output, rng=seed, **of_network)
        if not quiet and not as_json:
            shown.introduce(source, layers)
        history = net.fit(
            source.train.X,
            source.train.y,
            dev=source.dev,
            callbacks=best if options["early_stopping"] else (),
            progress=not quiet and not as_json and sys.stderr.isatty(),
            **options,
        )
        results = shown.results_of(net, history, source)
        results |= {"seed": seed, "saved": save, "report": report}
        diagnosis = net.diagnose(
            source.train, source.dev, test=source.test, optimal_error=optimal_error
        )
        if save is not None:
            with reported_file("save the network"):
                save_model(net, source, save)
            written.append(f"The network was saved to {save}.")
        if report is not None:
            with reported_file("write the report"):
                _write_report(net, history, source, report, options | {"seed": seed})

    if as_json:
        results |= shown.table_as_json(source)
        click.echo(json.dumps(results | {"diagnosis": shown.as_json(diagnosis)}, indent=2))
    elif not quiet:
        shown.print_results(results, diagnosis)


class _BestEpoch:
    """A callback that keeps theta of the epoch with the lowest dev error, as early stopping does.

    A fit that is interrupted does not restore it.
    """

    def __init__(self) -> None:
        self.theta: NDArray[Any] | None = None
        self.epoch = 0
        self._lowest = (math.inf, math.inf)

    def __call__(self, net: Network, history: History) -> None:
        values = history.dev_error[-1], history.dev_cost[-1]
        if values < self._lowest:
            self._lowest, self.epoch = values, len(history) - 1
            self.theta = net.theta.copy()


def _write_report(
    net: Network, history: History, source: Source, path: str, options: dict[str, Any]
) -> None:
    from fastnn.cli.digits import SHAPE
    from fastnn.reporting import report

    options["batch_size"] = options["batch_size"] or "full"
    about: dict[str, Any] = {"image_shape": SHAPE}
    if source.schema is not None:
        target = source.schema.target
        left_out = [f"{name} ({why})" for name, why in source.schema.dropped.items()]
        options |= {"target": target, "columns left out": "; ".join(left_out) or None}
        names = [f"{target}, standardized"] if source.regression else source.schema.classes.tolist()
        about = {
            "image_shape": False,
            "target_names": names,
            "feature_names": source.schema.input_names,
            "first_row": FIRST_ROW,
        }
    report(
        net,
        history,
        source.train,
        source.dev,
        source.test,
        path,
        settings={name: value for name, value in options.items() if value is not None},
        title=source.name,
        **about,
    )
