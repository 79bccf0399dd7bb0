"""What a run was: the data, network and settings that a checkpoint is compared by."""

import hashlib

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse
from fastnn.files.header import canonical
from fastnn.schedules import SCHEDULES, Constant, Schedule
from fastnn.training.optimizers import LBFGS

# Beyond this, reading all of X would take longer than some epochs do: of larger arrays evenly
# spaced rows of about so many bytes are looked at.
LOOKED_AT = 64 * 2**20
# Rows that are made contiguous at a time.
_AT_ONCE = 1 << 20


def fingerprint(array):
    """Shape, dtype and SHA-256 of an array-like or sparse matrix, whatever its memory layout.

    >>> fingerprint([[1.0, 2.0]])["shape"]
    [1, 2]
    """
    if array is None:
        return None
    if is_sparse(array):
        parts = array.tocsr()
        return {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": "-".join(
            fingerprint(part)["sha256"] for part in (parts.data, parts.indices, parts.indptr))}
    array = np.atleast_1d(as_numbers(array, "X"))
    digest = hashlib.sha256()
    for rows in _stretches(array):
        digest.update(np.ascontiguousarray(rows))
    return {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": digest.hexdigest()}


def _stretches(array):
    """All rows in order or, of a large array, a sample of them."""
    m, row_bytes = len(array), max(1, array.nbytes // max(1, len(array)))
    if array.nbytes > LOOKED_AT:
        chosen = np.linspace(0, m - 1, max(2, LOOKED_AT // row_bytes)).astype(np.int64)
        for first in range(0, chosen.size, max(1, _AT_ONCE // row_bytes)):
            yield array[chosen[first : first + max(1, _AT_ONCE // row_bytes)]]
        return
    at_once = max(1, _AT_ONCE // row_bytes)
    for first in range(0, m, at_once):
        yield array[first : first + at_once]


def describe_run(network, normalizer, X, y, sample_weight, dev, **settings):
    """Everything that the bits of a run depend on, as {name: value} in types that JSON knows.

    Not in it: init, rng and theta, which the checkpoint replaces; threads, progress and callbacks,
    on which no bit depends, or which cannot be compared; epochs, of which there may be more.
    """
    spec = network.spec
    names = ("layer_sizes", "activation", "output", "keep_prob", "l2", "l1", "dtype")
    run = {name: spec[name] for name in names}
    run["normalizer"] = normalizer and hashlib.sha256(
        canonical(normalizer.to_dict()).encode()).hexdigest()
    run["rng"] = type(network.rng.bit_generator).__name__
    if hasattr(dev, "X") and hasattr(dev, "y"):
        dev = dev.X, dev.y
    Xd, yd = (None, None) if dev is None else dev
    for name, array in (("X", X), ("y", y), ("sample_weight", sample_weight), ("Xd of dev", Xd),
                        ("yd of dev", yd)):
        run[name] = fingerprint(array)
    run["schedule"] = _schedule_name(settings.pop("schedule"))
    for name, value in settings.items():
        known = value is None or isinstance(value, bool | int | float)
        run[name] = value if known else repr(value)
    return run


def _schedule_name(schedule):
    """Functions are all alike: the rates that they give are compared."""
    if schedule is None:
        return repr(Constant())
    if isinstance(schedule, str):
        return repr(SCHEDULES[schedule]())
    return repr(schedule) if isinstance(schedule, Schedule) else "a function"


def differences(before, now):
    """What two descriptions differ in, in words.

    >>> differences({"batch_size": 32, "l2": [0.0]}, {"batch_size": 64, "l2": [0.0]})
    ['batch_size was 32 and is 64']
    """
    words = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed = [f"{part} was {old.get(part)} and is {new[part]}"
                       for part in ("shape", "dtype") if old.get(part) != new[part]]
            words.append(f"{name}: {', '.join(changed) or 'other values'}")
        elif isinstance(old, dict) or isinstance(new, dict):
            words.append(f"{name} was {'given' if old else 'not given'} and is "
                         f"{'given' if new else 'not given'}")
        elif name == "normalizer" and old and new:
            words.append("normalizer: another mean or std")
        else:
            words.append(f"{name} was {str(old)[:120]} and is {str(new)[:120]}")
    return words


def check_resumable(network, optimizer):
    """Refuse what a checkpoint could not go on with."""
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "checkpoint and resume are not for lbfgs, whose memory is within SciPy; expected "
            "another optimizer. Save the network now and then in a callback, and fit it on: lbfgs "
            "then begins anew from those parameters"
        )
    name = type(network.rng.bit_generator).__name__
    if name not in ("PCG64", "PCG64DXSM"):
        raise TypeError(
            f"a checkpoint stores generators of NumPy's PCG64, got {name}; make the Network with "
            "rng=seed or rng=np.random.default_rng(seed)"
        )
