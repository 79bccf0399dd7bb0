"""Measures one section and writes its results: python -m bench.worker SECTION EFFORT FILE."""

import importlib
import json
import os
import sys
from pathlib import Path

from bench.sections import SECTIONS


def pin():
    """Keep this process to one core. Before any library is loaded: their threads inherit it, and
    they count processors only once."""
    for variable in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "TORCHINDUCTOR_COMPILE_THREADS",
    ):
        os.environ[variable] = "1"
    if hasattr(os, "sched_setaffinity"):
        # The last, because the first serves most interrupts.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main(name, effort, path):
    section = SECTIONS[name]
    os.environ["JAX_PLATFORMS"] = "cpu"
    if section.pinned:
        pin()

    from bench.measure import Effort
    from bench.results import Results

    results = Results()
    function = getattr(
        importlib.import_module(f"bench.sections.{section.module}"), section.function
    )
    function(results, Effort(**json.loads(effort)))
    Path(path).write_text(json.dumps(results.as_json()))


if __name__ == "__main__":
    main(*sys.argv[1:])
