"""The look of the pictures of every example, and the time that it takes."""

import json
import os
from pathlib import Path

import matplotlib as mpl

# A file for each example, with the seconds of its last run.
TIMES = Path(__file__).parents[1] / "_build" / ".times"

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


_began = {}


def reset(gallery_conf, fname, when):
    """Start each example from the same style, and keep its time. sphinx-gallery calls it."""
    mpl.use("agg")
    mpl.rcdefaults()
    mpl.rcParams.update(STYLE)
    if when == "before":
        _began[fname] = _cpu()
    elif fname in _began:
        TIMES.mkdir(parents=True, exist_ok=True)
        seconds = _cpu() - _began.pop(fname)
        (TIMES / f"{Path(fname).stem}.json").write_text(json.dumps(round(seconds, 2)))


def _cpu():
    """Seconds of a processor that this process and its ended children have had.

    Those of a clock would be longer where other programs run.
    """
    return sum(os.times()[:4])
