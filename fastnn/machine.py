"""The machine as the system describes it, and how the compiled core uses it.

Internal: it may change at any time.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

from fastnn import _kernels

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CPUS = Path("/proc/cpuinfo")


def cpu_name() -> str:
    """Name, family and model: a virtual machine's name alone does not tell kinds apart."""
    facts: dict[str, str] = {}
    for line in (_read(_CPUS) or "").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    name = re.sub(r"\((R|TM)\)| Processor| CPU", "", facts["model name"])
    return f"{name} (family {facts.get('cpu family')}, model {facts.get('model')})"


def caches() -> dict[str, str]:
    """The sizes of the caches that hold data, e.g. {"L1": "48K"}; empty where nobody tells."""
    sizes = {}
    for cache in sorted(_CACHES.glob("index*")):
        level, kind, size = (_read(cache / name) for name in ("level", "type", "size"))
        if size and kind != "Instruction":
            sizes[f"L{level}"] = size
    return sizes


def core() -> dict[str, Any]:
    """The variant of the kernels, the reason for it, the tiles of its products, and sizes by the L2
    cache: of weights from which on they are packed, and of a strip of a gradient."""
    wanted = os.environ.get("FASTNN_VARIANT")
    return {
        "kernels": _kernels.variant,
        "reason": "FASTNN_VARIANT names it" if wanted else "the best that this CPU can run",
        "available": _kernels.variants(),
        "tiles": {
            dtype: dict(zip(("rows", "columns", "lanes"), _kernels.tile(dtype), strict=True))
            for dtype in ("float32", "float64")
        },
        "blocks": dict(zip(("packed_from", "strip"), _kernels.blocks(), strict=True)),
    }


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
