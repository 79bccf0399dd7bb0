"""python -m proof: run proofs, and keep their figures in proof/results.json."""

import importlib
import json
import sys
import time
from pathlib import Path

import click

from bench import machine
from proof import PROOFS, Broken

RESULTS = Path(__file__).parent / "results.json"


def _promise(name):
    return importlib.import_module(f"proof.{name}").__doc__.partition("\n")[0]


class _Proofs(click.Command):
    """The help lists each proof with its promise."""

    def format_epilog(self, ctx, formatter):
        with formatter.section("Proofs"):
            formatter.write_dl([(name, _promise(name)) for name in PROOFS])


@click.command(cls=_Proofs)
@click.argument("names", nargs=-1, metavar="[PROOF]...", type=click.Choice(PROOFS))
@click.option("--long", is_flag=True, help="Hours instead of seconds: what runs every night.")
@click.option("--write", is_flag=True, help="Keep the figures in proof/results.json.")
def main(names, long, write):
    """Show that fastnn keeps its promises of reliability: all of them, or those named."""
    broken = False
    for name in names or PROOFS:
        click.echo(f"{name}: {_promise(name)}")
        began = time.perf_counter()
        try:
            figures = importlib.import_module(f"proof.{name}").run(long)
        except Broken as promise:
            click.secho(f"  BROKEN: {promise}", fg="red", err=True)
            broken = True
            continue
        seconds = round(time.perf_counter() - began, 1)
        for what, figure in figures.items():
            click.echo(f"  {what}: {figure}")
        click.echo(f"  {seconds} s")
        if write:
            _keep(name, "long" if long else "short", figures, seconds)
    sys.exit(broken)


def _keep(name, form, figures, seconds):
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    described = machine.describe()
    results.setdefault(name, {})[form] = {
        "figures": figures,
        "seconds": seconds,
        **{key: described[key] for key in ("date", "cpu", "kernels", "python")},
    }
    ordered = {name: results[name] for name in PROOFS if name in results}
    RESULTS.write_text(json.dumps(ordered, indent=1) + "\n")


if __name__ == "__main__":
    main()
