"""The command line: ``fastnn train`` and ``fastnn warmup``."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np

    from fastnn.history import History
    from fastnn.network import Network

    Part = tuple[np.ndarray, np.ndarray]

# Nothing heavy is imported up here: `fastnn --help` answers at once.


class _Commas(click.ParamType):
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


class _BatchSize(click.ParamType):
    name = "ROWS"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        if value in ("0", "full"):
            return None
        if not value.isdecimal():
            self.fail(f"got {value!r}, expected a number of rows, e.g. 64, or full.", param, ctx)
        return int(value)


def _new_file(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """Refuse, before training and not after, a path that nothing can be saved to."""
    if path is not None:
        directory = os.path.dirname(os.path.realpath(path))
        if not os.path.isdir(directory):
            raise click.BadParameter(f"there is no directory {directory}; create it first.")
        if not os.access(directory, os.W_OK):
            raise click.BadParameter(f"the directory {directory} is not writable.")
    return path


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fastnn-cpu", prog_name="fastnn", message="%(prog)s %(version)s")
def main() -> None:
    """Fast fully connected networks on a CPU."""


_NUMBERS = "one number or a comma list, one per layer, e.g. 0.8 or 1,0.8,0.8"


@main.command(context_settings={"show_default": True})
@click.option(
    "--hidden",
    type=_Commas("SIZES", int, "integers with commas, e.g. 128,64, or none", always_list=True),
    default="256,128",
    help="Units of the hidden layers; none for softmax regression.",
)
@click.option(
    "--activation",
    type=_Commas("NAME", str, "one name or a comma list, e.g. relu or relu,tanh"),
    default="relu",
    help="relu, leaky_relu, elu, gelu, silu, tanh, sigmoid, softplus or identity; or a comma list, "
    "one per hidden layer.",
)
@click.option(
    "--keep-prob",
    type=_Commas("P", float, _NUMBERS),
    show_default="0.6, or 1 for lbfgs",
    help="Dropout: probability to keep a hidden unit, 1 for none; or a comma list, one per layer, "
    "the input layer first.",
)
@click.option(
    "--l2",
    type=_Commas("LAMBDA", float, _NUMBERS),
    default="0",
    help="L2 penalty; or a comma list, one per layer.",
)
@click.option(
    "--l1",
    type=_Commas("LAMBDA", float, _NUMBERS),
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
    type=_BatchSize(),
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
    callback=_new_file,
    help="Write the trained network here, e.g. model.safetensors.",
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
    quiet: bool,
    as_json: bool,
    **fit_options: Any,
) -> None:
    """Train on scikit-learn's bundled handwritten digits.

    1797 images of 8x8 pixels, split at random into 60 % training, 20 % dev and 20 % test examples.
    Then J, the errors and the speed are shown.

    Exit codes: 0 trained, 1 training or saving failed, 2 wrong option, 130 interrupted.
    """
    net = None
    try:
        from fastnn.errors import DivergenceError
        from fastnn.network import Network

        train, dev, test = _digits(seed)
        if keep_prob is None:  # lbfgs needs a J that is the same at every look
            keep_prob = 1.0 if fit_options["optimizer"] == "lbfgs" else 0.6
        sizes = [train[0].shape[1], *hidden, 10]
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
                    f"Handwritten digits: {len(train[0])} train, {len(dev[0])} dev, "
                    f"{len(test[0])} test; layers {'-'.join(map(str, sizes))}"
                )
            history = net.fit(
                *train,
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

        results = _results(net, history, train, dev, test) | {"seed": seed, "saved": save}
        if save is not None:
            try:
                net.save(save)
            except OSError as error:
                raise click.ClickException(f"could not save the network: {error}") from error
    except KeyboardInterrupt:
        done = len(net.history) if net is not None and net.history is not None else 0
        what = f"Interrupted after {done} of {fit_options['epochs']} epochs."
        click.echo(what if save is None else f"{what} Nothing was saved.", err=True)
        sys.exit(130)

    if as_json:
        click.echo(json.dumps(results, indent=2))
    elif not quiet:
        _print_table(results)


@main.command()
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def warmup(quiet: bool) -> None:
    """Compile what gradient checking needs, so that the first check does not wait for it.

    The result is kept on disk, for this machine and this version of fastnn.
    """
    from fastnn.checking.network import warm_up

    seconds = warm_up()
    if not quiet:
        click.echo(f"Gradient checking is ready after {seconds:.1f} s.")


def _digits(seed: int) -> tuple[Part, Part, Part]:
    """Training, dev and test set: 60, 20 and 20 % of the digits, each class alike in all three."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    X = X / 16.0  # pixels are 0..16
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=seed)
    X, X_dev, y, y_dev = train_test_split(X, y, test_size=0.25, stratify=y, random_state=seed)
    return (X, y), (X_dev, y_dev), (X_test, y_test)


def _results(net: Network, history: History, train: Part, dev: Part, test: Part) -> dict[str, Any]:
    return {
        "cost": net.cost(*train),
        "train_error": net.error(*train),
        "dev_error": net.error(*dev),
        "test_error": net.error(*test),
        "zero_weights": net.sparsity()["all"],
        "epochs": len(history),
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "seconds": history.seconds[-1],
        "samples_per_second": history.examples / (history.training_seconds or history.seconds[-1]),
    }


def _print_table(results: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.ROUNDED, show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("J (cost)", f"{results['cost']:.4g}")
    for name in ("train", "dev", "test"):
        table.add_row(f"{name} error", f"{100 * results[name + '_error']:.2f} %")
    if results["best_epoch"] is not None:  # early stopping took the parameters of that one
        table.add_row("best epoch", f"{results['best_epoch'] + 1} of {results['epochs']}")
    if results["zero_weights"]:
        table.add_row("zero weights", f"{100 * results['zero_weights']:.1f} %")
    table.add_row("time", f"{results['seconds']:.2f} s")
    table.add_row("samples per second", f"{results['samples_per_second']:,.0f}")
    console = Console()
    console.print(table)
    if results["saved"]:
        console.print(f"Saved to {results['saved']}", markup=False, highlight=False, soft_wrap=True)
