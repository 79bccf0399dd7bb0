"""Checkpoints: a fit that was interrupted goes on to the same bits, and only the same fit."""

import json
import math
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import scipy.sparse
from stopwatch import Stopwatch

import fastnn
from fastnn.engine import passes
from fastnn.engine.examples import features
from fastnn.files import checkpoint as checkpointfile
from fastnn.files.fingerprint import LOOKED_AT, fingerprint
from fastnn.files.header import canonical
from fastnn.training import checkpoint_writer, checkpointing

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 9))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
DEV = X[:60] + 0.1, Y[:60]
W = RNG.integers(0, 4, 300) / 2
COLUMNS = ("cost", "train_error", "dev_cost", "dev_error", "learning_rate")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.safetensors"


class Killed(Exception):
    """Ends a fit at a moment that a test chooses."""


def network(**options):
    return fastnn.Network([9, 16, 2], **({"rng": 4, "keep_prob": 0.8} | options))


def fit(net, X=X, y=Y, **options):
    return net.fit(X, y, **({"epochs": 8, "batch_size": 32, "learning_rate": 0.01} | options))


def outcome(net):
    """The parts that a resumed fit must have the same: theta, the history, the generator, ..."""
    history = net.history
    columns = [np.array(getattr(history, name)).tobytes() for name in COLUMNS]
    return (
        net.theta.tobytes(),
        columns,
        history.examples,
        history.stopped,
        history.best_epoch,
        history.dropout_seed,
        history.must_fall,
        len(history.seconds),
        repr(net.rng.bit_generator.state),
        net.spec,
    )


def die_at(*moments):
    """A `write` that raises `Killed` after moments[0] checkpoints, then after moments[1], ..."""
    left, real = list(moments), checkpointfile.write

    def write(path, saved):
        real(path, saved)
        if left:
            left[0] -= 1
            if not left[0]:
                del left[0]
                raise Killed

    return write


def run_with_deaths(make, path, monkeypatch, moments, rule=None, **options):
    """Fit until the end; after each death a new network resumes, as in another process."""
    monkeypatch.setattr(checkpoint_writer, "write", die_at(*moments))
    deaths = 0
    while True:
        net = make()
        try:
            fit(net, checkpoint=rule or path, resume=True, **options)
        except Killed:
            deaths += 1
        else:
            assert deaths == len(moments)
            return net


RUNS = {
    "adam": ({}, {}),
    "gd, full batch": ({}, {"optimizer": "gd", "batch_size": None}),
    "momentum, in order": ({}, {"optimizer": "momentum", "shuffle": False}),
    "nesterov, float64": ({"dtype": "float64"}, {"optimizer": "nesterov"}),
    "rmsprop, l1": ({"l1": 0.1, "l2": 0.1}, {"optimizer": "rmsprop"}),
    "adamw, cosine": ({}, {"optimizer": "adamw", "schedule": "cosine"}),
    "a function of the epoch": ({}, {"schedule": lambda epoch: 0.9**epoch}),
    "normalized, weighted": ({"normalize": True}, {"sample_weight": W}),
    "dev, seldom evaluated": ({}, {"dev": DEV, "evaluate_every": 3}),
    "early stopping": ({}, {"dev": DEV, "early_stopping": 6, "epochs": 60}),
    "averaged": ({}, {"average": 0.9}),
    "averaged, early stopping": ({}, {"average": 0.9, "dev": DEV, "early_stopping": 6}),
    "max_norm": ({"max_norm": 0.5}, {}),
    "augmented": ({}, {"augment": fastnn.augment.Images((3, 3), rotation=20, noise=0.1)}),
    "sparse": ({}, {"X": scipy.sparse.csr_array(X * (X > 0.5))}),
}


@pytest.mark.parametrize("name", RUNS)
def test_goes_on_to_the_same_bits(name, path, monkeypatch):
    made, fitted = RUNS[name]
    whole = network(**made)
    fit(whole, **fitted)
    # The second death is at the very next checkpoint, the third some epochs on.
    again = run_with_deaths(lambda: network(**made), path, monkeypatch, [2, 1, 3], **fitted)
    assert outcome(again) == outcome(whole)
    assert math.isnan(whole.history.cost[0]) == (name == "dev, seldom evaluated")
    assert (whole.history.stopped == "early stopping") == (name == "early stopping")


@pytest.mark.parametrize("name", RUNS)
def test_within_an_epoch(name, path, monkeypatch):
    monkeypatch.setattr(passes, "TURN", 0.0)  # Python has a turn after each chunk of rows
    made, fitted = RUNS[name]
    whole = network(**made)
    fit(whole, **fitted)
    again = run_with_deaths(
        lambda: network(**made),
        path,
        monkeypatch,
        [3, 1, 12][: 1 + 2 * (fitted.get("batch_size", 32) is not None)],
        fastnn.Checkpoint(path, every_seconds=0),
        **fitted,
    )
    assert outcome(again) == outcome(whole)


def test_within_an_epoch_of_mini_batches_in_chunks(path, monkeypatch):
    monkeypatch.setattr(passes, "TURN", 0.0)
    data = {
        "X": np.resize(X, (20_000, 9)),
        "y": np.resize(Y, 20_000),
        "batch_size": 9000,
        "epochs": 3,
    }
    whole = network()
    fit(whole, **data)
    batches = []
    real = checkpointfile.write
    monkeypatch.setattr(
        checkpointfile,
        "write",
        lambda path, saved: (batches.append(saved.state["batch"]), real(path, saved)),
    )
    again = run_with_deaths(
        network, path, monkeypatch, [1, 1, 2, 1], fastnn.Checkpoint(path, every_seconds=0), **data
    )
    assert outcome(again) == outcome(whole)
    assert batches == [1, 2, 0, 1, 2, 0, 1, 2, 0]


def test_threads_and_what_does_not_count(path, monkeypatch):
    whole = network()
    fit(whole, threads=1)
    monkeypatch.setattr(checkpoint_writer, "write", die_at(3))
    with pytest.raises(Killed):
        fit(network(), checkpoint=path, threads=1)
    again = network(rng=99, init="xavier", init_gain=3.0)  # theta is that of the file
    fit(again, resume=path, threads=2, callbacks=[lambda net, history: None])
    assert outcome(again)[:-1] == outcome(whole)[:-1]


def test_callbacks_are_part_of_the_run(path, monkeypatch):
    def clip(net, history):
        np.clip(net.theta, -0.5, 0.5, out=net.theta)
        return len(history) == 7

    whole = network()
    fit(whole, callbacks=clip)
    again = run_with_deaths(network, path, monkeypatch, [2, 3], callbacks=clip)
    assert outcome(again) == outcome(whole)
    assert whole.history.stopped == "callback"
    assert len(whole.history) == 7


def test_more_epochs(path):
    whole = network()
    fit(whole, epochs=20)
    fit(network(), epochs=8, checkpoint=path)
    again = network()
    fit(again, epochs=20, resume=path)
    assert outcome(again) == outcome(whole)
    with pytest.raises(ValueError, match="8 epochs, expected epochs of fit to be at least as many"):
        fit(network(), epochs=7, resume=path)


def test_a_finished_run_is_given_back(path):
    options = {"dev": DEV, "early_stopping": 3, "epochs": 60}
    whole = network()
    fit(whole, checkpoint=path, **options)
    again = network()
    fit(again, resume=path, checkpoint=path, **options)
    assert outcome(again) == outcome(whole)
    assert again.history.seconds == whole.history.seconds
    assert again.history.training_seconds == whole.history.training_seconds > 0


def test_in_the_same_process_after_ctrl_c(path):
    def interrupt(net, history):
        if len(history) == 3 and not pressed:
            pressed.append(True)
            raise KeyboardInterrupt

    pressed, options = [], {"normalize": True}
    whole = network(**options)
    fit(whole)
    net = network(**options)
    with pytest.raises(KeyboardInterrupt):
        fit(net, checkpoint=path, callbacks=interrupt)
    fit(net, resume=path, callbacks=interrupt)
    assert outcome(net) == outcome(whole)


def test_how_often(path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        checkpoint_writer, "write", lambda path, saved: seen.append(saved.state["epoch"])
    )
    fit(network(), checkpoint=path)
    assert seen == list(range(1, 9))
    for rule, expected in (
        (fastnn.Checkpoint(path, every_epochs=3), [3, 6, 8]),
        (fastnn.Checkpoint(path, every_seconds=1000), [8]),
    ):
        seen.clear()
        fit(network(), checkpoint=rule)
        assert seen == expected


def test_moments_survive_where_an_overflow_is_foreseen(path):
    """The largest step and rate so far, which the core keeps, are resumed, too."""
    net = network(dtype="float64")
    fit(net, checkpoint=path)
    with safetensors.safe_open(path, framework="numpy") as file:
        state = json.loads(file.metadata()[checkpointfile.ENTRY])["state"]
    assert state["reach_rate"] == 0.01
    assert state["reach_step"] > 0
    rows = features(net, X)
    targets = fastnn.data.inputs.as_targets(Y, 300, "softmax", 2, np.dtype("float64"))
    session = passes.open_session(net, rows, targets, batch_size=32, training=True)
    session.extremes = state["reach_step"], state["reach_rate"]
    assert session.extremes == (state["reach_step"], state["reach_rate"])
    for bad in ((-1.0, 0.0), (0.0, math.inf), (math.nan, 0.0)):
        with pytest.raises(ValueError, match="finite and not negative"):
            session.extremes = bad


# --- SIGKILL ---

CHILD = """
import json, sys
import numpy as np, fastnn
rng = np.random.default_rng(0)
X, y = rng.standard_normal((1800, 64)), rng.integers(0, 10, 1800)
path, out, rule = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
net = fastnn.Network([64, 64, 64, 10], keep_prob=0.8, l2=0.5, normalize=True, rng=3)
print("started", flush=True)
options = {"checkpoint": fastnn.Checkpoint(path, **rule), "resume": True} if rule else {}
history = net.fit(X[:1500], y[:1500], dev=(X[1500:], y[1500:]), epochs=400, early_stopping=400,
                  batch_size=64, schedule="cosine", threads=1, **options)
net.save(out)
columns = ("cost", "train_error", "dev_cost", "dev_error", "learning_rate")
np.save(out + ".npy", np.array([getattr(history, name) for name in columns]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_kill_at_any_moment(tmp_path):
    def start(name, rule):
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                CHILD,
                tmp_path / f"{name}.ckpt",
                tmp_path / name,
                json.dumps(rule),
            ],
            stdout=subprocess.PIPE,
        )

    with start("whole", None) as child:
        child.stdout.read()
    assert child.returncode == 0
    rng, resumed = np.random.default_rng(), 0
    for name, rule in (("epochs", {"every_epochs": 1}), ("seconds", {"every_seconds": 0.0})):
        kills = 0
        for _ in range(20):
            with start(name, rule) as child:
                child.stdout.readline()
                if kills < 4:
                    time.sleep(rng.uniform(0.05, 0.4))
                    # On a busy machine the first kills may all come before the first checkpoint.
                    checkpoint_file = tmp_path / f"{name}.ckpt"
                    while kills == 3 and child.poll() is None and not checkpoint_file.exists():
                        time.sleep(0.01)
                    child.send_signal(signal.SIGKILL)
                child.stdout.read()
            if child.returncode == 0:
                break
            assert child.returncode == -signal.SIGKILL
            kills += 1
            resumed += (tmp_path / f"{name}.ckpt").exists()
        assert kills >= 1
        for suffix in ("", ".npy"):
            assert (tmp_path / (name + suffix)).read_bytes() == (
                tmp_path / ("whole" + suffix)
            ).read_bytes()
    assert resumed >= 1


# --- Refusals ---


def changed_y():
    y = Y.copy()
    y[7] = 1 - y[7]
    return y


OTHERS = {
    "X: other values": ({}, {"X": X + 1e-16 + 1e-9}),
    "X: shape was [300, 9] and is [299, 9]": ({}, {"X": X[:-1], "y": Y[:-1]}),
    "X: dtype was float64 and is float32": ({}, {"X": X.astype("f4")}),
    "y: other values": ({}, {"y": changed_y()}),
    "Xd of dev was given and is not given": ({}, {"dev": None}),
    "yd of dev: other values": ({}, {"dev": (DEV[0], 1 - DEV[1])}),
    "sample_weight was not given and is given": ({}, {"sample_weight": W}),
    "batch_size was 32 and is 33": ({}, {"batch_size": 33}),
    "learning_rate was 0.01 and is 0.02": ({}, {"learning_rate": 0.02}),
    "optimizer was Adam": ({}, {"optimizer": fastnn.Adam(beta1=0.8)}),
    "schedule was Cosine": ({}, {"schedule": "linear"}),
    "its last learning rate, of epoch 7, was": ({}, {"epochs": 9}),
    "shuffle was True and is False": ({}, {"shuffle": False}),
    "early_stopping was None": ({}, {"early_stopping": 5}),
    "evaluate_every was 1 and is 2": ({}, {"evaluate_every": 2}),
    "augment was None": ({}, {"augment": fastnn.augment.Images((3, 3), flip=0.5)}),
    "layer_sizes was [9, 16, 2] and is [9, 17, 2]": ({"layer_sizes": [9, 17, 2]}, {}),
    "activation was ['relu'] and is ['tanh']": ({"activation": "tanh"}, {}),
    "output was softmax and is sigmoid": (
        {"output": "sigmoid"},
        {"y": np.eye(2)[Y], "dev": (DEV[0], np.eye(2)[DEV[1]])},
    ),
    "keep_prob was [1.0, 0.8] and is [1.0, 0.9]": ({"keep_prob": 0.9}, {}),
    "l2 was [0.0, 0.0] and is [1.0, 1.0]": ({"l2": 1.0}, {}),
    "l1 was [0.0, 0.0] and is [0.0, 1.0]": ({"l1": [0.0, 1.0]}, {}),
    "dtype was float32 and is float64": ({"dtype": "float64"}, {}),
    "normalizer was None": ({"normalize": True}, {}),
    "rng was PCG64 and is PCG64DXSM": ({"rng": np.random.Generator(np.random.PCG64DXSM(0))}, {}),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A checkpoint in the middle of a fit, and how to call that fit."""
    path = tmp_path_factory.mktemp("sound") / "run.safetensors"
    fit(network(), checkpoint=path, schedule="cosine", dev=DEV)
    return path


@pytest.mark.parametrize("message", OTHERS)
def test_another_run_is_refused(message, sound):
    made, fitted = OTHERS[message]
    made = {"layer_sizes": [9, 16, 2], "rng": 4, "keep_prob": 0.8} | made
    net = fastnn.Network(made.pop("layer_sizes"), **made)
    before = net.theta.copy(), repr(net.rng.bit_generator.state)
    with pytest.raises(ValueError, match="is of another run: ") as caught:
        fit(net, resume=sound, **{"schedule": "cosine", "dev": DEV} | fitted)
    assert message in str(caught.value)
    assert "Call fit as it was called then" in str(caught.value)
    assert "without resume" in str(caught.value)
    assert not isinstance(caught.value, fastnn.ModelFormatError)
    np.testing.assert_array_equal(net.theta, before[0])
    assert (repr(net.rng.bit_generator.state), net.history) == (before[1], None)


def test_another_normalizer_is_refused(path):
    fit(network(normalize=True), checkpoint=path)
    other = fastnn.Normalizer().fit(2 * X)
    with pytest.raises(ValueError, match="normalizer: another mean or std"):
        fit(network(normalizer=other), resume=path)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"checkpoint": 3}, TypeError, "expected the path of a checkpoint, got 3"),
        ({"resume": 3}, TypeError, "expected resume to be True or the path"),
        ({"resume": np.array([1, 2])}, TypeError, "expected resume to be True or the path"),
        ({"resume": True}, ValueError, "got no checkpoint: give one"),
        ({"resume": "nowhere.safetensors"}, FileNotFoundError, "nowhere"),
        ({"checkpoint": "nowhere/run"}, FileNotFoundError, "there is no directory"),
        ({"checkpoint": "."}, IsADirectoryError, "it is a directory"),
        ({"checkpoint": "run", "optimizer": "lbfgs"}, ValueError, "not for lbfgs: its memory"),
        ({"resume": "run", "optimizer": "lbfgs"}, ValueError, "not for lbfgs: its memory"),
    ],
)
def test_wrong_arguments(options, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = network(keep_prob=1.0)
    with pytest.raises(error, match=message):
        fit(net, **options)
    assert net.history is None
    assert os.listdir(tmp_path) == []


def test_wrong_rules_and_generators(path):
    for options, error in (
        ({"every_epochs": 0}, ValueError),
        ({"every_epochs": 1.5}, TypeError),
        ({"every_seconds": -1}, ValueError),
        ({"every_seconds": "1"}, TypeError),
        ({"every_epochs": 1, "every_seconds": 1}, ValueError),
    ):
        with pytest.raises(error, match="expected every_"):
            fastnn.Checkpoint(path, **options)
    net = network(rng=np.random.Generator(np.random.MT19937(0)))
    with pytest.raises(TypeError, match="got MT19937; make the Network with"):
        fit(net, checkpoint=path)


def test_other_bits_are_warned_of(path, monkeypatch):
    fit(network(), epochs=2, checkpoint=path)
    monkeypatch.setattr(checkpointing._kernels, "variant", "another")
    expected = r"the CPU's kernels \w+, this is another: .* not to the"
    with pytest.warns(UserWarning, match=expected) as caught:
        fit(network(), resume=path)
    assert caught[0].filename == __file__


def test_fingerprints():
    same = [X, np.asfortranarray(X), X[:, ::-1].copy()[:, ::-1], X.tolist(), X.astype(">f8")]
    assert len({str(fingerprint(array)) for array in same}) == 1
    sparse = scipy.sparse.csr_array(X)
    assert fingerprint(sparse) == fingerprint(scipy.sparse.csc_array(X))
    assert fingerprint(sparse) != fingerprint(2 * sparse)
    large = np.zeros((LOOKED_AT // 4 // 100 + 1000, 200), "f4")  # rows of 800 bytes
    before = fingerprint(large)
    assert before == fingerprint(large.copy())
    large[-1, -1] = 1
    assert before != fingerprint(large)


# --- Damage ---


def assert_damaged(path, data):
    """Refused quickly, without allocating more than a few times the file."""
    path.write_bytes(data)
    net = network()
    stopwatch = Stopwatch()
    tracemalloc.start()
    try:
        with pytest.raises(fastnn.ModelFormatError, match=r"run\.safetensors: "):
            fit(net, resume=path, schedule="cosine", dev=DEV)
        assert tracemalloc.get_traced_memory()[1] < 3e6 + 20 * len(data)
    finally:
        tracemalloc.stop()
    assert stopwatch.seconds() < 2
    assert net.history is None


def test_truncated_or_flipped(path, sound):
    data = sound.read_bytes()
    rng = np.random.default_rng(0)
    for length in {*range(10), *rng.integers(len(data), size=60), len(data) - 1}:
        assert_damaged(path, data[:length])
    assert_damaged(path, data + b"\0")
    for position in {*range(10), *rng.integers(len(data), size=150)}:
        flipped = bytearray(data)
        flipped[position] ^= 1 << rng.integers(8)
        assert_damaged(path, bytes(flipped))


def resealed(sound, change):
    """The checkpoint after `change` of its content and tensors, with checksums that are right."""
    with safetensors.safe_open(sound, framework="numpy") as file:
        content = json.loads(file.metadata()[checkpointfile.ENTRY])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del content["sha256"]
    change(content, tensors)
    content["tensors"] = {
        name: [t.dtype.name, list(t.shape), checkpointfile._sha256(t)]
        for name, t in tensors.items()
    } | content.pop("extra", {})
    content["sha256"] = checkpointfile._sha256(canonical(content).encode())
    return safetensors.numpy.save(tensors, {checkpointfile.ENTRY: canonical(content)})


def hostile_changes():
    for name in ("epoch", "batch", "step", "dropout_seed", "examples"):
        for value in (-1, 2**70, 1.0, "1", None, True):
            yield f"{name} {value!r}", lambda c, t, n=name, v=value: c["state"].update({n: v})
    for name in ("elapsed", "training_seconds", "rate", "reach_step", "reach_rate"):
        for value in (-1.0, "1", None, [1], 2**1100):
            yield f"{name} {value!r}", lambda c, t, n=name, v=value: c["state"].update({n: v})
    for value in ("epochs", None, 3):
        yield f"stopped {value!r}", lambda c, t, v=value: c["state"].update(stopped=v)
    for value in (
        None,
        {},
        [],
        "PCG64",
        {"bit_generator": "MT19937"},
        {"bit_generator": "PCG64", "state": {"state": -1, "inc": 1}},
        {
            "bit_generator": "PCG64",
            "state": {"state": 2**200, "inc": 1},
            "has_uint32": 0,
            "uinteger": 0,
        },
    ):
        yield f"generator {str(value)[:40]}", lambda c, t, v=value: c["state"].update(generator=v)
    for value in ({"epoch": 1, "improved": 1}, {}, 0):
        yield f"stopping {value!r}", lambda c, t, v=value: c["state"].update(early_stopping=v)
    yield "more state", lambda c, t: c["state"].update(more=1)
    yield "less state", lambda c, t: c["state"].pop("epoch")
    yield "format 2", lambda c, t: c.update(format=2)
    yield "format text", lambda c, t: c.update(format="1")
    yield "no run", lambda c, t: c.pop("run")
    yield "run a list", lambda c, t: c.update(run=[])
    yield "state a list", lambda c, t: c.update(state=[])
    for name in ("theta", "first", "second", "order", "history.cost", "history.dev_error"):
        yield f"no {name}", lambda c, t, n=name: t.pop(n)
        yield f"short {name}", lambda c, t, n=name: t.update({n: t[n][:-1]})
        yield f"long {name}", lambda c, t, n=name: t.update({n: np.append(t[n], t[n][:1])})
        yield f"other {name}", lambda c, t, n=name: t.update({n: t[n].astype("f2")})
        yield f"square {name}", lambda c, t, n=name: t.update({n: t[n][None]})
    for name in ("theta", "first", "second"):
        for value in (np.nan, np.inf):
            yield f"{value} {name}", lambda c, t, n=name, v=value: t[n].__setitem__(3, v)
    for value in (-1, 300, 2**62, 5):
        yield f"order of {value}", lambda c, t, v=value: t["order"].__setitem__(slice(2), v)
    yield "more tensors", lambda c, t: t.update(more=t["theta"])
    yield "tensors said", lambda c, t: c.update(extra={"more": ["float32", [2**60], "0"]})
    yield "tensor said", lambda c, t: c.update(extra={"theta": 3})


@pytest.mark.parametrize("change", list(hostile_changes()), ids=lambda change: change[0])
def test_hostile(path, sound, change):
    assert_damaged(path, resealed(sound, change[1]))


def test_resealed_is_what_was_written(path, sound):
    path.write_bytes(resealed(sound, lambda content, tensors: None))
    assert len(fit(network(), resume=path, schedule="cosine", dev=DEV)) == 8


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        safetensors.numpy.save({"theta": np.ones(3)}),
        safetensors.numpy.save({}, {checkpointfile.ENTRY: "[" * 9999}),
        safetensors.numpy.save({}, {checkpointfile.ENTRY: "[]"}),
    ],
)
def test_not_a_checkpoint(path, data):
    assert_damaged(path, data)


def test_models_and_checkpoints_are_told_apart(path, sound):
    with pytest.raises(fastnn.ModelFormatError, match=r"this is a checkpoint, .* fit\(resume="):
        fastnn.load(sound)
    network().save(path)
    assert_damaged(path, path.read_bytes())
