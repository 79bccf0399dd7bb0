"""The look of the pictures of every example."""

import matplotlib as mpl

STYLE = {
    "figure.figsize": (7, 3.2),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "font.size": 10,
}


def reset(gallery_conf, fname):
    """Start each example from the same style. sphinx-gallery calls it."""
    mpl.use("agg")
    mpl.rcdefaults()
    mpl.rcParams.update(STYLE)
