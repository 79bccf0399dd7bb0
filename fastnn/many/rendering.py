"""An ensemble as notebooks show it."""

from fastnn.text.markup import result, table
from fastnn.text.meanings import MEANINGS


def as_html(ensemble):
    """A row for each network, with its weight in the mean."""
    rows = [
        (f"{k}", "-".join(map(str, net.layer_sizes)), f"{net.theta.size:,}", f"{weight:.3g}")
        for k, (net, weight) in enumerate(zip(ensemble.networks, ensemble.weights, strict=True))
    ]
    heads = ("network", "layers", "parameters", "weight")
    title = f"Ensemble of {len(rows)} networks, output {ensemble.output}"
    shown = table(heads, rows, caption="The weight is that in the mean")
    return result(title, shown, columns=MEANINGS["Ensemble"])
