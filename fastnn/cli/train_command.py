"""``fastnn train``."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from fastnn.cli.options import BatchSize, Commas, new_file

if TYPE_CHECKING:
    from fastnn.data.parts import Split
    from fastnn.history import History
    from fastnn.network import Network


_NUMBERS = "one number or a comma list, one per layer, e.g. 0.8 or 1,0.8,0.8"


@click.command(context_settings={"show_default": True})
@click.option(
    "--hidden",
    type=Commas("SIZES", int, "integers with commas, e.g. 128,64, or none", always_list=True),
    default="256,128",
    help="Units of the hidden layers; none for softmax regression.",
)
@click.option(
    "--activation",
    type=Commas("NAME", str, "one name or a comma list, e.g. relu or relu,tanh"),
    default="relu",
    help="relu, leaky_relu, elu, gelu, silu, tanh, sigmoid, softplus or identity; or a comma list, "
    "one per hidden layer.",
)
@click.option(
    "--keep-prob",
    type=Commas("P", float, _NUMBERS),
    show_default="0.6, or 1 for lbfgs",
    help="Dropout: probability to keep a hidden unit, 1 for none; or a comma list, one per layer, "
    "the input layer first.",
)
@click.option(
    "--l2",
    type=Commas("LAMBDA", float, _NUMBERS),
    default="0",
    help="L2 penalty; or a comma list, one per layer.",
)
@click.option(
    "--l1",
    type=Commas("LAMBDA", float, _NUMBERS),
    default="0",
    help="L1 penalty, which makes weights exactly zero; or a comma list, one per layer.",
)
@click.option(
    "--init",
    metavar="NAME",
    default="auto",
    help="Initial weights: auto (by activation), he, xavier, glorot, lecun, normal or zeros.",
)
@click.option(
    "--epochs", type=click.IntRange(1), metavar="N", default=200, help="Passes over the data."
)
@click.option(
    "--batch-size",
    type=BatchSize(),
    default="32",
    help="Rows in a mini-batch; 0 or full for full-batch descent.",
)
@click.option(
    "--optimizer",
    metavar="NAME",
    default="adam",
    help="gd, momentum, nesterov, rmsprop, adam, adamw or lbfgs (always full batch).",
)
@click.option(
    "--learning-rate", type=float, metavar="RATE", default=0.002, help="Before the schedule."
)
@click.option(
    "--schedule",
    metavar="NAME",
    default="cosine",
    help="Learning rate over the epochs: constant, linear, cosine, step, exponential or inverse.",
)
@click.option(
    "--early-stopping",
    type=click.IntRange(1),
    metavar="PATIENCE",
    show_default="off",
    help="Stop when the dev error has not improved for that many epochs and restore the best "
    "parameters.",
)
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), default="float32", help="Precision."
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    show_default="as many as help",
    help="CPU threads; the results are the same for any.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    metavar="N",
    default=0,
    help="Of the split, the initial weights, the shuffling and the dropout.",
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, writable=True),
    callback=new_file,
    help="Write the trained network here, e.g. model.safetensors.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, writable=True),
    callback=new_file,
    help="Write a page about the run here, e.g. report.html: diagnosis, curves, mistakes.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def train(
    hidden: list[int],
    activation: str | list[str],
    keep_prob: float | list[float] | None,
    l2: float | list[float],
    l1: float | list[float],
    init: str,
    dtype: str,
    seed: int,
    save: str | None,
    report: str | None,
    quiet: bool,
    as_json: bool,
    **fit_options: Any,
) -> None:
    """Train on scikit-learn's bundled handwritten digits.

    1797 images of 8x8 pixels, split at random into 60 % training, 20 % dev and 20 % test examples.
    Then J, the errors and the speed are shown, and a diagnosis: what to do next.

    Exit codes: 0 trained, 1 training or saving failed, 2 wrong option, 130 interrupted.
    """
    if save is not None and report is not None and _same_file(save, report):
        raise click.UsageError(f"--save and --report both name {save}; give each its own file.")
    net, written = None, []
    try:
        from fastnn.cli import results as shown
        from fastnn.cli.digits import digits
        from fastnn.errors import DivergenceError
        from fastnn.network import Network

        train, dev, test = digits(seed)
        if keep_prob is None:  # lbfgs needs a J that is the same at every look
            keep_prob = 1.0 if fit_options["optimizer"] == "lbfgs" else 0.6
        sizes = [train.X.shape[1], *hidden, 10]
        try:
            net = Network(
                sizes,
                activation=activation,
                keep_prob=keep_prob,
                l2=l2,
                l1=l1,
                init=init,
                dtype=dtype,
                rng=seed,
            )
            if not quiet and not as_json:
                click.echo(
                    f"Handwritten digits: {len(train)} train, {len(dev)} dev, "
                    f"{len(test)} test; layers {'-'.join(map(str, sizes))}"
                )
            history = net.fit(
                train.X,
                train.y,
                dev=dev,
                progress=not quiet and not as_json and sys.stderr.isatty(),
                **fit_options,
            )
        except DivergenceError as error:
            raise click.ClickException(str(error)) from error
        except (ValueError, TypeError) as error:  # the library says what to do instead
            raise click.UsageError(str(error)) from error
        except MemoryError as error:
            raise click.ClickException(
                f"not enough memory for --hidden {','.join(map(str, hidden))}; use smaller layers."
            ) from error

        results = shown.results_of(net, history, train, dev, test)
        results |= {"seed": seed, "saved": save, "report": report}
        diagnosis = net.diagnose(train, dev, test=test)
        if save is not None:
            try:
                net.save(save)
            except OSError as error:
                raise click.ClickException(f"could not save the network: {error}") from error
            written.append(f"The network was saved to {save}.")
        if report is not None:
            try:
                _write_report(net, history, train, dev, test, report, fit_options | {"seed": seed})
            except OSError as error:
                raise click.ClickException(f"could not write the report: {error}") from error
    except KeyboardInterrupt:
        done = len(net.history) if net is not None and net.history is not None else 0
        what = [f"Interrupted after {done} of {fit_options['epochs']} epochs."]
        if save is not None or report is not None:
            what += written or ["Nothing was saved."]
        click.echo(" ".join(what), err=True)
        sys.exit(130)

    if as_json:
        click.echo(json.dumps(results | {"diagnosis": shown.as_json(diagnosis)}, indent=2))
    elif not quiet:
        shown.print_results(results, diagnosis)


def _write_report(
    net: Network,
    history: History,
    train: Split,
    dev: Split,
    test: Split,
    path: str,
    options: dict[str, Any],
) -> None:
    import fastnn
    from fastnn.cli.digits import SHAPE

    options["batch_size"] = options["batch_size"] or "full"
    fastnn.report(
        net,
        history,
        train,
        dev,
        test,
        path,
        image_shape=SHAPE,
        settings={name: value for name, value in options.items() if value is not None},
        title="Handwritten digits",
    )


def _same_file(a: str, b: str) -> bool:
    return os.path.realpath(a) == os.path.realpath(b)
