"""Tests that run again on the kernels of another CPU, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastnn import _kernels

OTHERS = [variant for variant in _kernels.variants() if variant != _kernels.variant]
# Not again in the process of one variant.
once = pytest.mark.skipif("FASTNN_VARIANT" in os.environ, reason="this is the run of one variant")


def run_on(variant, *files):
    """Files of tests must pass on these kernels; paths are relative to the folder of tests."""
    tests = Path(__file__).parent.parent
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *(str(tests / file) for file in files),
        ],
        env={**os.environ, "FASTNN_VARIANT": variant},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5_000:]
