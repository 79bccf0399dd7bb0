"""Model files: exact round trips, refusal of anything damaged or hostile, and safe writing."""

import copy
import fcntl
import json
import os
import pickle
import signal
import stat
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors.numpy
from damaged import assert_refused, content_of, raw, sealed
from stopwatch import Stopwatch

import fastnn
from fastnn.files import atomic
from fastnn.files import model as modelfile

SPECS = {
    "plain": {"layer_sizes": [5, 7, 3]},
    "logistic": {"layer_sizes": [5, 1], "l1": 0.5},
    "regression": {"layer_sizes": [5, 4, 2], "output": "identity", "activation": "tanh"},
    "everything": {
        "layer_sizes": [5, 17, 9, 4],
        "activation": ["gelu", "tanh"],
        "output": "sigmoid",
        "keep_prob": [0.9, 0.8, 0.5],
        "l2": [0.1, 0.2, 0.3],
        "l1": [0.0, 0.01, 1e-17],
        "init": "glorot",
        "init_gain": 1 / 3,
    },
}


def network(name="plain", dtype="float32"):
    return fastnn.Network(**SPECS[name], dtype=dtype, rng=3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


# --- Round trips ---


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SPECS)
def test_round_trip_is_exact(path, name, dtype):
    net = network(name, dtype)
    net.save(path)
    again = fastnn.load(path)
    X = np.random.default_rng(0).normal(size=(50, 5))
    assert again.spec == net.spec
    assert again.theta.dtype == dtype
    np.testing.assert_array_equal(again.theta, net.theta)
    np.testing.assert_array_equal(again.forward(X), net.forward(X))


def test_loaded_network_trains_on(path):
    network().save(path)
    net = fastnn.load(str(path))
    X = np.random.default_rng(0).normal(size=(30, 5))
    before = net.cost(X, X[:, :3].argmax(1))
    net.fit(X, X[:, :3].argmax(1), epochs=20)
    assert net.cost(X, X[:, :3].argmax(1)) < before


def test_same_network_gives_the_same_bytes(path):
    contents = set()
    for _ in range(10):
        network().save(path)
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_file_is_plain_safetensors(path):
    net = network()
    net.save(path)
    tensors = safetensors.numpy.load_file(path)
    assert list(tensors) == ["theta"]
    np.testing.assert_array_equal(tensors["theta"], net.theta)


def test_missing_file_and_directory(path):
    with pytest.raises(FileNotFoundError):
        fastnn.load(path)
    with pytest.raises((IsADirectoryError, PermissionError)):
        fastnn.load(path.parent)


# --- Damaged and hostile files ---


def test_sealed_is_what_save_writes(path):
    net = network()
    path.write_bytes(sealed(content_of(net), net.theta))
    np.testing.assert_array_equal(fastnn.load(path).theta, net.theta)


def test_truncated_or_extended_anywhere(path):
    network().save(path)
    data = path.read_bytes()
    lengths = {*range(12), *range(12, len(data), 7), *range(len(data) - 12, len(data))}
    assert len(lengths) > 100
    for length in lengths:
        assert_refused(path, data[:length])
    for extra in (b"\0", b"\0" * 4, data):
        assert_refused(path, data + extra)


def test_any_flipped_bit(path):
    network().save(path)
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in {*range(16), *rng.integers(len(data), size=250)}:
        flipped = bytearray(data)
        flipped[position] ^= 1 << rng.integers(8)
        assert_refused(path, bytes(flipped))


def test_overwritten_stretches(path):
    network("everything").save(path)
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    for start in rng.integers(len(data) - 64, size=60):
        assert_refused(path, data[:start] + rng.bytes(64) + data[start + 64 :])


@pytest.mark.parametrize(
    "length", [0, 1, 2**20, 16 * 2**20 + 1, 100_000_000, 2**31, 2**32, 2**62, 2**63, 2**64 - 1]
)
def test_absurd_header_length(path, length):
    assert_refused(path, struct.pack("<Q", length) + b"{}" + b" " * 1000)


@pytest.mark.parametrize(
    "data",
    {
        "empty": b"",
        "text": b"layer_sizes = [64, 10]\n",
        "zip": b"PK\x03\x04" + b"\0" * 100,
        "pickle": pickle.dumps({"theta": [1.0, 2.0]}),
        "no tensor": raw({}),
        "a list": raw(b"[1, 2]"),
        "deep": raw(b"[" * 100_000),
        "not utf-8": raw(b"\xff\xfe{}"),
        "shape overflows": raw(
            {"theta": {"dtype": "F32", "shape": [2**62, 8], "data_offsets": [0, 8]}}, b"\0" * 8
        ),
        "offsets beyond the end": raw(
            {"theta": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}, b"\0" * 8
        ),
        "offsets reversed": raw(
            {"theta": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}, b"\0" * 8
        ),
        "negative shape": raw(
            {"theta": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, b"\0" * 8
        ),
        "someone else's": safetensors.numpy.save({"theta": np.ones(3, "f4")}),
        "other metadata": safetensors.numpy.save({"theta": np.ones(3, "f4")}, {"format": "pt"}),
        "many tensors": safetensors.numpy.save({str(i): np.ones(1, "f4") for i in range(5000)}),
    }.items(),
    ids=lambda item: item[0],
)
def test_not_a_model_file(path, data):
    assert_refused(path, data[1])


def spec_changes():
    sizes = [
        None, [], [5], 5, "5,7,3", {}, [5, 7, 4], [5, 7.0, 3], [5, True, 3], ["5", 7, 3],
        [5, -7, 3], [0, 7, 3], [5, [7], 3], [5, None, 3], [10**9] * 3, [10**30, 10**30],
        [2**32, 2**32, 3], [1] * 100_000, [10**4000, 10**4000],
    ]  # fmt: skip
    yield from ({"layer_sizes": value} for value in sizes)
    for value in (None, "float16", "float64", "object", 32, ["float32"], {}):
        yield {"dtype": value}
    for value in ("swish", 3, ["relu"] * 7, [None], {}):
        yield {"activation": value}
    for value in ("relu", 1, []):
        yield {"output": value}
    for value in (0, -0.5, 1.5, "high", [0.5], [1.0] * 9, float("nan"), 10**400, {}):
        yield {"keep_prob": value}
    for name in ("l1", "l2"):
        for value in (-1.0, "much", [1.0] * 9, float("inf"), float("nan"), 10**400):
            yield {name: value}
    sound = {"mean": [0.0] * 5, "std": [1.0] * 5, "n_seen": 9, "dtype": "float32"}
    for value in (True, 1, "yes", [], {}, {**sound, "more": 1}, {**sound, "dtype": "float16"}):
        yield {"normalizer": value}
    for name in ("mean", "std"):
        for value in (
            [0.0] * 4,
            [],
            None,
            "00000",
            [True] * 5,
            ["0"] * 5,
            [[0.0]] * 5,
            [10**400] * 5,
            [-1e-320] * 4 + [float("nan")],
            [1e300] * 4,
            {},
        ):
            yield {"normalizer": {**sound, name: value}}
    for value in ([-1.0] * 5, [1e200] * 5, [1e-320] * 5):
        yield {"normalizer": {**sound, "std": value}}
    for value in (1, 0, -1, 2.0, "9", True, None, 10**400):
        yield {"normalizer": {**sound, "n_seen": value}}
    for value in (None, 1, "yes", [True], {}):
        yield {"normalize": value}
    yield {"init": "magic"}
    yield {"init_gain": float("inf")}
    yield {"init_gain": "big"}
    yield {"surprise": 1}
    yield {"rng": -1}
    yield {"self": 1}
    yield {"nested": json.loads("[" * 500 + "]" * 500)}


@pytest.mark.parametrize("change", list(spec_changes()), ids=lambda change: str(change)[:40])
def test_hostile_spec(path, change):
    net = network()
    content = content_of(net)
    content["spec"].update(change)
    assert_refused(path, sealed(content, net.theta))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"format": 0},
        {"format": "1"},
        {"format": True},
        {"format": 10**4000},
        {"format": None},
        {"spec": None},
        {"spec": [1]},
        {"spec": {}},
        {"kind": None},
        {"kind": "forest"},
        {"kind": ["network"]},
        {"kind": {}},
        {"kind": "table"},
        {"kind": "estimator"},
        {"kind": "table", "model": {}},
        {"kind": "estimator", "model": {}},
        {"kind": "table", "model": [1]},
        {"model": {}},
        {"model": 1},
        {"more": 1},
    ],
    ids=lambda change: str(change)[:40],
)
def test_hostile_content(path, change):
    net = network()
    assert_refused(path, sealed(content_of(net) | change, net.theta))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", "[" * 100_000, "1" * 5000, '"\ud800"']
)
def test_metadata_that_is_no_object(path, text):
    theta = network().theta
    header = {
        "__metadata__": {"fastnn": text},
        "theta": {"dtype": "F32", "shape": [theta.size], "data_offsets": [0, theta.nbytes]},
    }
    assert_refused(path, raw(header, theta.tobytes()))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_theta_that_is_not_finite(path, value):
    net = network()
    theta = net.theta.copy()
    theta[17] = value
    assert_refused(path, sealed(content_of(net), theta))
    net.save(path)
    before = path.read_bytes()
    net.theta[17] = value
    with pytest.raises(ValueError, match=r"theta has 1 NaN or infinite value"):
        net.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda theta: theta[:-1],
        lambda theta: np.append(theta, theta[:1]),
        lambda theta: theta[None],
        lambda theta: theta.reshape(2, -1),
        lambda theta: theta[:0],
        lambda theta: theta.astype("f8"),
        lambda theta: theta.astype("f2"),
        lambda theta: theta.view("i4"),
        lambda theta: theta.view("u1"),
    ],
)
def test_theta_of_wrong_shape_or_type(path, change):
    net = network()
    assert_refused(path, sealed(content_of(net), np.ascontiguousarray(change(net.theta))))


def test_other_tensors(path):
    net = network()
    net.save(path)
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    for tensors in (
        {"theta": net.theta, "more": net.theta},
        {"theta": net.theta, "empty": net.theta[:0]},
        {"weights": net.theta},
        {},
    ):
        assert_refused(path, safetensors.numpy.save(tensors, metadata=metadata))


def test_a_huge_sparse_file_is_not_read(path):
    """A sparse file of 64 GiB, for a network that does not need them."""
    net = network()
    size = 64 * 2**30
    header = json.dumps(
        {
            "__metadata__": {"fastnn": json.dumps(content_of(net) | {"sha256": "0" * 64})},
            "theta": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]},
        }
    ).encode()
    path.write_bytes(raw(header))
    try:
        os.truncate(path, 8 + len(header) + size)
    except OSError:
        pytest.skip("the file system has no sparse files of this size")
    stopwatch = Stopwatch()
    with pytest.raises(fastnn.ModelFormatError, match=r"theta is F32 of shape \[17179869184\]"):
        fastnn.load(path)
    assert stopwatch.seconds() < 1


def assert_refused_or_the_same(path, data, net):
    """A changed file must be refused, unless it still has the same spec and theta."""
    path.write_bytes(data)
    try:
        again = fastnn.load(path)
    except fastnn.ModelFormatError:
        assert_refused(path, data)
        return True
    assert again.spec == net.spec
    np.testing.assert_array_equal(again.theta, net.theta)
    return False


def header_of(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def test_random_headers(path):
    """The header's entry of theta with random parts replaced by hostile values."""
    net = network()
    net.save(path)
    header, data = header_of(path.read_bytes())
    rng = np.random.default_rng(3)
    odd = [
        None,
        True,
        -1,
        0,
        1,
        2**31,
        2**32,
        2**53,
        2**63,
        2**64 - 1,
        2**64,
        10**40,
        0.5,
        "",
        "F32",
        "F64",
        "F16",
        "BF16",
        "I64",
        "BOOL",
        [],
        [0],
        [-1],
        [2**63, 2**63],
        [[1]],
        {},
        {"a": 1},
        [0, 2**64 - 1],
        [0, len(data)],
        [len(data), 0],
        [1, len(data)],
        [0, len(data) - 4],
        [len(data) // 4, 1],
        [len(data) // 4 + 1],
        "x" * 1000,
        [1] * 1000,
    ]
    refused = 0
    for _ in range(400):
        changed = copy.deepcopy(header)
        for _ in range(rng.integers(1, 4)):
            field = ("dtype", "shape", "data_offsets", "more")[rng.integers(4)]
            changed["theta"][field] = odd[rng.integers(len(odd))]
        if rng.random() < 0.2:
            changed[str(odd[rng.integers(len(odd))])[:20]] = changed["theta"]
        refused += assert_refused_or_the_same(path, raw(changed, data), net)
    assert refused > 300


def test_changes_of_the_json(path):
    """One character of the header deleted, doubled, or put in place of another."""
    net, refused = network("everything"), 0
    net.save(path)
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    text, data = whole[8 : 8 + length].rstrip(), whole[8 + length :]
    rng = np.random.default_rng(4)
    for at in rng.integers(len(text), size=200):
        piece = (b"", text[at : at + 1] * 2, bytes([rng.choice(list(b'09-.eE"[]{},:\\ntu '))]))[
            rng.integers(3)
        ]
        changed = text[:at] + piece + text[at + 1 :]
        refused += assert_refused_or_the_same(path, raw(changed, data), net)
    assert refused > 150


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_beyond_pythons_own_is_not_taken_either(path):
    """tracemalloc does not see what the parser of safetensors allocates."""
    net = network()
    for content in (content_of(net) | {"sha256": "0"}, [[]] * 100_000, {"format": 10**4000}):
        for shape, end in (
            ([2**60], 2**62),
            ([net.theta.size], net.theta.nbytes),
            ([2**32, 2**32], 0),
        ):
            header = {
                "__metadata__": {"fastnn": json.dumps(content)},
                "theta": {"dtype": "F32", "shape": shape, "data_offsets": [0, end]},
            }
            (path.parent / f"{len(os.listdir(path.parent))}.bad").write_bytes(
                raw(header, net.theta.tobytes())
            )
    code = """
import pathlib, resource, sys, fastnn
fastnn.load(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.bad")):
    try:
        fastnn.load(path)
    except fastnn.ModelFormatError:
        continue
    sys.exit(f"{path} was loaded")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    sound = path.parent / "sound.safetensors"
    net.save(sound)
    result = subprocess.run(
        [sys.executable, "-c", code, path.parent, sound], check=True, capture_output=True, text=True
    )
    assert int(result.stdout) < 50_000  # kB


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(fastnn.ModelFormatError, match="not a regular file"):
        fastnn.load(path)


# --- Writing ---


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failure_while_writing_leaves_the_old_file(path, monkeypatch, step, error):
    network().save(path)
    before = path.read_bytes()

    def fail(*_):
        raise error

    monkeypatch.setattr(modelfile.os, step, fail)
    with pytest.raises(type(error)):
        network("everything").save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_full_disk_leaves_the_old_file(path):
    network().save(path)
    before = path.read_bytes()
    code = """
import resource, sys, fastnn
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    fastnn.Network([100, 100, 10]).save(sys.argv[1])
except OSError:
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == 7
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_kill_at_any_moment_leaves_a_whole_file(path):
    code = """
import sys, fastnn
nets = [fastnn.Network([300, 300, 300, 10], rng=seed) for seed in range(2)]
nets[0].save(sys.argv[1])
print("saved", flush=True)
while True:
    for net in nets:
        net.save(sys.argv[1])
"""
    rng = np.random.default_rng(0)
    expected = [fastnn.Network([300, 300, 300, 10], rng=seed).theta for seed in range(2)]
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(rng.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
        theta = fastnn.load(path).theta
        assert any(np.array_equal(theta, one) for one in expected)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and links")
def test_permissions_and_links_are_kept(path):
    umask = os.umask(0o022)
    try:
        network().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        path.chmod(0o600)
        link = path.parent / "link.safetensors"
        link.symlink_to(path.name)
        network("everything").save(link)
    finally:
        os.umask(umask)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert fastnn.load(path).spec == network("everything").spec


def test_impossible_targets_are_named(path):
    with pytest.raises(FileNotFoundError, match=r"there is no directory .*nowhere; create it"):
        network().save(path.parent / "nowhere" / "model.safetensors")
    with pytest.raises(IsADirectoryError, match="it is a directory; give a file name"):
        network().save(path.parent)
    assert os.listdir(path.parent) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_is_not_replaced_by_a_file(path):
    os.mkfifo(path)  # a file in its place would leave its reader waiting; a device is worse
    with pytest.raises(OSError, match="it is not a regular file; give a file name"):
        network().save(path)
    assert path.is_fifo()


def test_what_a_killed_writer_left_is_removed(path):
    """Only temporary files of fastnn are removed, and only if their process has ended."""
    written = path.parent / ".fastnn-0.tmp"
    foreign = path.parent / ".fastnn-notes.txt"
    left = path.parent / ".fastnn-1.tmp"
    for file in (written, foreign, left):
        file.write_bytes(b"x")
    with open(written, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        network().save(path)
    assert sorted(path.parent.iterdir()) == sorted([path, written, foreign])


def test_a_new_file_that_another_process_removes_is_made_again(path, monkeypatch):
    """The other process saw it before it was locked, and took it for left behind."""
    lock, removed = fcntl.flock, []

    def late(file, operation):
        if not removed:
            removed.append(file.name)
            os.unlink(file.name)
        lock(file, operation)

    monkeypatch.setattr(atomic.fcntl, "flock", late)
    network().save(path)
    assert removed
    assert list(path.parent.iterdir()) == [path]
    fastnn.load(path)


def test_the_error_of_a_write_outlives_its_file(path, monkeypatch):
    """Once it is unlocked, another thread that writes there may take it for left behind."""
    unlink = os.unlink

    def late(file):
        unlink(file)
        unlink(file)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    monkeypatch.setattr(atomic.os, "unlink", late)
    with pytest.raises(OSError, match="No space left"):
        network().save(path)
    assert list(path.parent.iterdir()) == []
