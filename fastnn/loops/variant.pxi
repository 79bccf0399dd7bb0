# Part of _kernels.pyx: which CPU variant of the kernels runs.


def _choose_variant():
    """The best variant that this CPU can run, or the one that FASTNN_VARIANT names."""
    wanted = os.environ.get("FASTNN_VARIANT")
    available = variants()
    if not wanted:
        return available[0]
    if wanted not in available:
        raise ImportError(
            f"FASTNN_VARIANT is {wanted!r}, which this CPU cannot run; it can run: "
            f"{', '.join(available)}. Unset it, or set it to one of these.")
    return wanted


def variants():
    """Names of the CPU variants that this machine can run, the best first."""
    return [variant_name(v).decode() for v in range(VARIANTS)
            if variant_available(v) and kernels[float](v) != NULL]


def tile(dtype="float32"):
    """(rows, columns) of a tile of a product in registers, and the numbers that a register holds."""
    if np.dtype(dtype).itemsize == 8:
        return (kernels[double](_variant).tile_rows, kernels[double](_variant).panel,
                kernels[double](_variant).lanes)
    return (kernels[float](_variant).tile_rows, kernels[float](_variant).panel,
            kernels[float](_variant).lanes)


def blocks():
    """Bytes of W from which on its panels are packed, and of a strip of a gradient; both follow the
    L2 cache that the system reports, or 1 MiB."""
    return L2_BYTES, strip_bytes()


def choose(name):
    """Let what begins from now on run on another variant; returns the last one's name."""
    global variant, _variant
    if name not in variants():
        raise ValueError(f"expected one of {variants()}, got {name!r}")
    before = variant
    variant = name
    _variant = _index(name)
    return before


def _index(name):
    return [variant_name(v).decode() for v in range(VARIANTS)].index(name)


variant = _choose_variant()
cdef int _variant = _index(variant)
