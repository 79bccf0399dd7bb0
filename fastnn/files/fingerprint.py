"""Fingerprints of arrays, and the differences of two descriptions of a run in words."""

import hashlib

import numpy as np

from fastnn.data.inputs import as_numbers, is_sparse

# Reading more than this would take longer than some epochs. Of larger arrays, evenly spaced rows
# with about this many bytes are read.
LOOKED_AT = 64 * 2**20
# Bytes of the rows that are made contiguous at a time.
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
        return {
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "sha256": "-".join(
                fingerprint(part)["sha256"] for part in (parts.data, parts.indices, parts.indptr)
            ),
        }
    array = np.atleast_1d(as_numbers(array, "X"))
    digest = hashlib.sha256()
    for rows in _stretches(array):
        digest.update(np.ascontiguousarray(rows))
    return {"shape": list(array.shape), "dtype": str(array.dtype), "sha256": digest.hexdigest()}


def _stretches(array):
    """All rows in order or, of a large array, a sample of them."""
    m, row_bytes = len(array), max(1, array.nbytes // max(1, len(array)))
    at_once = max(1, _AT_ONCE // row_bytes)
    if array.nbytes <= LOOKED_AT:
        for first in range(0, m, at_once):
            yield array[first : first + at_once]
        return
    chosen = np.linspace(0, m - 1, max(2, LOOKED_AT // row_bytes)).astype(np.int64)
    for first in range(0, chosen.size, at_once):
        yield array[chosen[first : first + at_once]]


def differences(before, now):
    """The differences of two descriptions of a run, in words.

    >>> differences({"batch_size": 32, "l2": [0.0]}, {"batch_size": 64, "l2": [0.0]})
    ['batch_size was 32 and is 64']
    """
    words = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed = [
                f"{part} was {old.get(part)} and is {new[part]}"
                for part in ("shape", "dtype")
                if old.get(part) != new[part]
            ]
            words.append(f"{name}: {', '.join(changed) or 'other values'}")
        elif isinstance(old, dict) or isinstance(new, dict):
            words.append(
                f"{name} was {'given' if old else 'not given'} and is "
                f"{'given' if new else 'not given'}"
            )
        elif name == "normalizer" and old and new:
            words.append("normalizer: another mean or std")
        else:
            words.append(f"{name} was {str(old)[:120]} and is {str(new)[:120]}")
    return words
