"""The layers of a network as a table for notebooks."""

from itertools import pairwise

from fastnn.text.markup import table

_HEADS = ("layer", "units", "activation", "keep_prob", "l2", "l1", "parameters")


def layer_table(spec):
    """A row for each layer; `spec` is that of `Network`."""
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
    return table(_HEADS, rows, caption=f"{spec['dtype']}, inputs {_scaling(spec)}")


def _scaling(spec):
    if spec["normalizer"] is not None:
        return "normalized"
    return "normalized from the first fit on" if spec["normalize"] else "as they are"
