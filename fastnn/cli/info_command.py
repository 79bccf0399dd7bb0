"""``fastnn info``."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from fastnn import machine
from fastnn.cli.data_source import is_table
from fastnn.cli.errors import reported, reported_file
from fastnn.cli.options import JSON, ending
from fastnn.cli.output import say
from fastnn.engine.threads import allowed_threads, available_processors
from fastnn.tables.options import quality_of

if TYPE_CHECKING:
    from fastnn.many import Ensemble
    from fastnn.network import Network


@click.command(
    context_settings={"show_default": True},
    short_help="Show what a model file holds.",
    epilog=ending(
        "fastnn info iris.safetensors",
        "fastnn info iris.safetensors --json",
        "fastnn info --machine",
    ),
)
@click.argument("model", metavar="MODEL", required=False)
@click.option(
    "--machine", "of_machine", is_flag=True, help="Show how this machine is used, instead."
)
@JSON
def info(model: str | None, of_machine: bool, as_json: bool) -> None:
    """Show the contents of a model file, after its checksum was compared.

    MODEL is a file that fastnn train --save, or save in Python, wrote.
    """
    if (model is None) != of_machine:
        raise click.UsageError("expected a MODEL file or --machine, and not both.")
    if model is None:
        show_machine(as_json)
    else:
        show_model(model, as_json)


def show_model(model: str, as_json: bool) -> None:
    with reported():
        from fastnn.files.model import read
        from fastnn.loading import load

        if is_table(model):
            raise click.UsageError(
                f"expected a model file; {model} is a table by its name: fastnn train {model}."
            )
        with reported_file(f"load {model}"):
            content, _ = read(model)
            loaded = load(model)
        network = getattr(loaded, "network_", loaded)
        of_quality = hasattr(loaded, "quality") and quality_of(vars(loaded)) is not None
        facts_of = facts_of_ensemble if content["kind"] == "ensemble" else facts_of_network
        facts = {
            "file": model,
            "kind": content["kind"],
            **(_facts_of_quality(loaded) if of_quality else facts_of(network)),
            **facts_of_table(getattr(loaded, "schema_", None)),
            "library_version": content["library_version"],
            "sha256": content["sha256"],
        }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        print_facts(facts)


def show_machine(as_json: bool) -> None:
    """Print the CPU, the kernels that were chosen for it and why, and the threads of a fit."""
    processors = available_processors()
    facts = {
        "cpu": machine.cpu_name(),
        "caches": machine.caches(),
        "processors": processors,
        "threads": min(processors, allowed_threads()),
        **machine.core(),
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    tiles = (
        f"{dtype} {of['rows']} x {of['columns']} in registers of {of['lanes']}"
        for dtype, of in facts["tiles"].items()
    )
    caches = ", ".join(f"{level} {size}" for level, size in facts["caches"].items())
    blocks = facts["blocks"]
    shown = {
        "cpu": facts["cpu"],
        "caches of data": caches or "the system does not tell",
        "processors": processors,
        "threads": f"up to {facts['threads']}, where a fit is worth them",
        "kernels": f"{facts['kernels']}: {facts['reason']}",
        "available": ", ".join(facts["available"]),
        "tiles": "; ".join(tiles),
        "blocks": f"weights of more than {blocks['packed_from'] >> 10} KiB are packed; "
        f"strips of a gradient have {blocks['strip'] >> 10} KiB",
    }
    for name, value in shown.items():
        say(f"{name:<15} {value}", " " * 16)


def facts_of_network(network: Network) -> dict[str, Any]:
    spec = network.spec
    return {
        "layers": spec["layer_sizes"],
        "parameters": int(network.theta.size),
        **{name: spec[name] for name in ("activation", "output", "keep_prob", "l2", "l1", "dtype")},
        "zero_weights": network.sparsity()["all"],
    }


def facts_of_ensemble(ensemble: Ensemble) -> dict[str, Any]:
    """The settings of its first network, and the size of all."""
    first = facts_of_network(ensemble.networks[0])
    shares = [network.sparsity()["all"] * network.theta.size for network in ensemble.networks]
    size = int(ensemble.theta.size)
    return {
        "networks": len(ensemble),
        **first,
        "parameters": size,
        "zero_weights": sum(shares) / size,
    }


def _facts_of_quality(loaded: Any) -> dict[str, Any]:
    """The networks that are side by side in one: layers and parameters of each."""
    from fastnn.many.blend import HIDDEN

    spec = loaded.network_.spec
    n_inputs, width, *_, n_outputs = spec["layer_sizes"]
    sizes = [n_inputs, *HIDDEN, n_outputs]
    return {
        "quality": quality_of(vars(loaded)),
        "networks": width // HIDDEN[0],
        "layers": sizes,
        "parameters": sum((a + 1) * b for a, b in pairwise(sizes)),
        **{name: spec[name] for name in ("activation", "output", "dtype")},
    }


def facts_of_table(schema: Any) -> dict[str, Any]:
    if schema is None:
        return {}
    return {
        "task": schema.task,
        "target": schema.target,
        "classes": None if schema.classes is None else schema.classes.tolist(),
        "columns": {column.name: column.kind for column in schema.columns},
        "dropped": dict(schema.dropped),
    }


def print_facts(facts: dict[str, Any]) -> None:
    """Print a line for each fact, then the columns."""
    columns, dropped = facts.pop("columns", {}), facts.pop("dropped", {})
    shown = {
        **facts,
        "layers": "-".join(map(str, facts["layers"])),
        "parameters": f"{facts['parameters']:,}",
    }
    if "quality" in facts:
        shown["layers"] = f"{shown.pop('networks')} networks of {shown['layers']} in one"
        shown["parameters"] += " of each network"
    else:
        shown["zero_weights"] = f"{100 * facts['zero_weights']:.1f} %"
    for name, value in shown.items():
        if value is not None:
            words = ", ".join(map(str, value)) if isinstance(value, list) else value
            say(f"{name.replace('_', ' '):<15} {words}", " " * 16)
    for title, entries in (("columns", columns), ("left out", dropped)):
        if entries:
            say(f"{title}:")
        for name, what in entries.items():
            say(f"  {name}: {what}", "    ")
