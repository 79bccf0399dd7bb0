"""The command line: ``fastnn train``, ``predict``, ``score``, ``export`` and the others.

Internal: it may change at any time.
"""

import atexit
import gc
import io
import os
import sys
from typing import Any

import click

from fastnn.cli.errors import reported
from fastnn.cli.export_command import export
from fastnn.cli.improve_command import improve
from fastnn.cli.info_command import info
from fastnn.cli.judging_commands import diagnose, report
from fastnn.cli.options import QUIET, ending
from fastnn.cli.predict_command import predict
from fastnn.cli.score_command import score
from fastnn.cli.sweep_command import sweep
from fastnn.cli.train_command import train

# This file and the files of the commands import nothing slow at their top, so that `fastnn --help`
# answers at once.


# The names that other libraries have for options of these commands.
_ELSEWHERE = {
    "--dropout": "--keep-prob",
    "--lr": "--learning-rate",
    "--weight-decay": "--l2",
    "--max-iter": "--epochs",
}


class _Commands(click.Group):
    """A group of commands. An error anywhere in a command becomes one line."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        # Python ends with a collection of garbage among all that the libraries have made. It takes
        # 0.2 s once they are loaded: all the time that Ctrl-C may take.
        atexit.register(gc.freeze)
        try:
            return super().main(*args, **kwargs)
        finally:
            _leave_nothing_to_write()

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with reported():  # --help and --version write
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # its encoding may lack letters of a name
                stream.reconfigure(errors="backslashreplace")
        with reported():
            try:
                return super().invoke(ctx)
            except click.NoSuchOption as error:
                meant = _ELSEWHERE.get(error.option_name)
                known = error.ctx.command.params if error.ctx else []
                if any(meant in option.opts for option in known):
                    error.possibilities = [str(meant)]
                raise


def _leave_nothing_to_write() -> None:
    """Send output that cannot be written nowhere: the error has been told.

    Else Python tries once more as it ends, and the exit code becomes 120.
    """
    if sys.stdout is None:  # it was closed before Python began
        return
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="fastnn-cpu", prog_name="fastnn", message="%(prog)s %(version)s")
def main() -> None:
    """Fast fully connected networks on a CPU."""


for _command in (train, predict, score, diagnose, report, improve, export, info, sweep):
    main.add_command(_command)


@main.command(
    short_help="Compile gradient checking ahead.",
    epilog=ending("fastnn warmup", "fastnn warmup --quiet"),
)
@QUIET
def warmup(quiet: bool) -> None:
    """Compile gradient checking now, so that the first check does not wait for it.

    The result stays on disk, for this machine and this version of fastnn.
    """
    from fastnn.gradient_checking.network.check import warm_up

    with reported():
        seconds = warm_up()
    if not quiet:
        click.echo(f"Gradient checking is ready after {seconds:.1f} s.")
