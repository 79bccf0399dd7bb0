"""The machine that the figures were measured on."""

import os
import platform
import time
from importlib import metadata
from pathlib import Path

PACKAGES = ["numpy", "fastnn-cpu", "torch", "jax", "scikit-learn", "onnxruntime"]


def describe():
    """CPU, cores, governor, load, versions; as JSON."""
    from fastnn import _kernels
    from fastnn.machine import cpu_name

    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "system": platform.platform(),
        "load": load(),
        "python": platform.python_version(),
        "kernels": _kernels.variant,
        "versions": {package: _version(package) for package in PACKAGES},
    }


def load():
    """Processes that wanted to run, a minute's average; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
