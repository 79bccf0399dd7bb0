"""The command line: ``fastnn train`` and ``fastnn warmup``."""

import click

from fastnn.cli.train_command import train

# Nothing heavy is imported up here, nor in train_command.py: `fastnn --help` answers at once.


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fastnn-cpu", prog_name="fastnn", message="%(prog)s %(version)s")
def main() -> None:
    """Fast fully connected networks on a CPU."""


main.add_command(train)


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
