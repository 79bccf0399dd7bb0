"""The machine that the figures were measured on."""

import os
import platform
import re
import time
from importlib import metadata
from pathlib import Path

PACKAGES = ["numpy", "fastnn-cpu", "torch", "jax", "scikit-learn", "onnxruntime"]


def describe():
    """CPU, cores, governor, load, versions; as JSON."""
    from fastnn import _kernels

    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": _cpu_model(),
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


def _cpu_model():
    """Name, family and model: a virtual machine's name alone does not tell kinds apart."""
    facts = {}
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    name = re.sub(r"\((R|TM)\)| Processor| CPU", "", facts["model name"])
    return f"{name} (family {facts.get('cpu family')}, model {facts.get('model')})"


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
