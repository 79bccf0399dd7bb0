"""Damaged and hostile model files, and a check that `load` refuses them."""

import copy
import hashlib
import json
import struct
import tracemalloc

import pytest
import safetensors.numpy
from stopwatch import Stopwatch

import fastnn
import fastnn.estimators  # loaded now: its memory is not what a file makes load take
import fastnn.tabular


def raw(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def sealed(content, theta):
    """A file with a right checksum, so that only the other checks can refuse it.

    The formula of the checksum is written out here again: a change of it must be a new format.
    """
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass") + theta.tobytes())
    metadata = {"fastnn": json.dumps(content | {"sha256": digest.hexdigest()})}
    return safetensors.numpy.save({"theta": theta}, metadata=metadata)


def content_of(net, kind="network", model=None):
    return {
        "format": 1,
        "kind": kind,
        "library_version": "0",
        "spec": copy.deepcopy(net.spec),
        "model": copy.deepcopy(model),
    }


def assert_refused(path, data):
    """`load` refuses `data` quickly, and allocates at most a few times its size."""
    path.write_bytes(data)
    stopwatch = Stopwatch()
    tracemalloc.start()
    try:
        with pytest.raises(fastnn.ModelFormatError, match=r"model\.safetensors: .*[,:;(]"):
            fastnn.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2e6 + 20 * len(data)
    finally:
        tracemalloc.stop()
    assert stopwatch.seconds() < 10  # the first file of its kind imports what reads it
