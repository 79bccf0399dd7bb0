"""python -m proof: run proofs, and keep their figures in proof/results.json."""

import importlib
import sys
import time

import click

from proof import PROOFS, Broken, LeftOut, parts, results


def _names(ctx, param, value):
    names = [name.strip() for name in value.split(",")] if value else PROOFS
    unknown = sorted(set(names) - set(PROOFS))
    if unknown:
        raise click.BadParameter(
            f"there is no {', '.join(unknown)}; expected some of {','.join(PROOFS)}."
        )
    return names


class _Proofs(click.Command):
    """The help lists each proof with its promise."""

    def format_epilog(self, ctx, formatter):
        with formatter.section("Proofs"):
            formatter.write_dl([(name, results.promise(name)) for name in PROOFS])


@click.command(cls=_Proofs)
@click.option("--long", is_flag=True, help="Hours instead of seconds: what runs every night.")
@click.option(
    "--minutes",
    type=float,
    help="Do a part of a form that is done in parts; the next run goes on with the rest.",
)
@click.option("--only", metavar="NAMES", callback=_names, help="Proofs with commas between.")
@click.option(
    "--write/--no-write",
    default=True,
    show_default=True,
    help="Keep the figures in proof/results.json, and their times in CONTRIBUTING.md.",
)
def main(long, minutes, only, write):
    """Show that fastnn keeps its promises of reliability."""
    broken = False
    if minutes is not None:
        parts.stop_after(minutes)
    for name in only:
        click.echo(f"{name}: {results.promise(name)}")
        began = time.perf_counter()
        try:
            figure = importlib.import_module(f"proof.{name}").run(long)
        except LeftOut as reason:
            click.secho(f"  left out: {reason}", fg="yellow")
            continue
        except Broken as what:
            click.secho(f"  BROKEN: {what}", fg="red", err=True)
            broken = True
            continue
        seconds = round(parts.seconds.get(name, time.perf_counter() - began), 1)
        click.echo(f"  {figure}\n  {seconds} s")
        if write:
            results.keep(name, "long" if long else "short", figure, seconds)
    sys.exit(broken)


if __name__ == "__main__":
    main()
