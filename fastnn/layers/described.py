"""A network as notebooks show it: its layers as a table."""

from itertools import pairwise

from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS

_HEADS = ("layer", "units", "activation", "keep_prob", "l2", "l1", "parameters")


def as_html(network) -> str:
    """A row for each layer of a `Network`."""
    spec = network.spec
    sizes = spec["layer_sizes"]
    output = spec["output"] if isinstance(spec["output"], str) else spec["output"]["output"]
    rows = [("0 (input)", f"{sizes[0]:,}", "", f"{spec['keep_prob'][0]:g}", "", "", "")]
    for l, (before, units) in enumerate(pairwise(sizes), 1):
        hidden = l < len(sizes) - 1
        rows.append(
            (
                f"{l}" if hidden else f"{l} (output)",
                f"{units:,}",
                spec["activation"][l - 1] if hidden else output,
                f"{spec['keep_prob'][l]:g}" if hidden else "",
                f"{spec['l2'][l - 1]:g}",
                f"{spec['l1'][l - 1]:g}",
                f"{(before + 1) * units:,}",
            )
        )
    caption = f"{spec['dtype']}, inputs {_scaling(spec)}"
    title = f"Network of {network.theta.size:,} parameters"
    return result(title, table(_HEADS, rows, caption=caption), columns=MEANINGS["Network"])


def _scaling(spec):
    if spec["normalizer"] is not None:
        return "normalized"
    return "normalized from the first fit on" if spec["normalize"] else "as they are"
