"""A sweep that is killed goes on to the same table and the same best theta."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import loguniform
from sweeping import DEV, SIZES, TRAIN, rows, same

import fastnn
from fastnn import ModelFormatError
from fastnn.files.one_process import one_process
from fastnn.sweeps.store import Store

SPACE = [{"l2": l2, "keep_prob": p} for l2 in (0.01, 0.1, 1, 10) for p in (0.8, 1)]
PLANS = {
    "grid": {"epochs": 6, "seeds": 2},
    "halving": {"epochs": 12, "seeds": 2, "halving": 2},
    "early stopping": {"epochs": 40, "early_stopping": 3, "halving": 2, "learning_rate": 0.05},
}
COMMON = {"batch_size": 32, "n_jobs": 2}


def run(directory, plan, resume=False, callbacks=()):
    options = {"learning_rate": 0.01, **COMMON, **PLANS[plan]}
    return fastnn.sweep(
        SIZES,
        TRAIN,
        DEV,
        SPACE,
        checkpoint=directory,
        resume=resume,
        callbacks=callbacks,
        **options,
    )


def run_until_killed(directory, plan, writes):
    """In a process of its own: it kills itself after so many files, in the midst of the next."""
    written, replace = [], os.replace

    def kill(source, target):
        if os.path.dirname(target) != os.path.realpath(directory):
            return replace(source, target)  # a fit's own
        if len(written) >= int(writes):
            os.truncate(source, os.path.getsize(source) // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        written.append(replace(source, target))

    os.replace = kill
    run(directory, plan, resume=True)


def killed(directory, plan, writes):
    code = (
        "import sys; here = sys.argv[1]; sys.path[:0] = [here, here + '/../support']; "
        "import test_resume as t; "
        "t.run_until_killed(*sys.argv[2:])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, Path(__file__).parent, directory, plan, str(writes)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("plan", PLANS)
def test_a_killed_sweep_goes_on_to_the_same_result(plan, tmp_path):
    undisturbed = run(None, plan)
    directory = tmp_path / "sweep"
    done = []
    for writes in (6, 7):
        killed(directory, plan, writes)
        done.append(len(list(directory.glob("run-*.json"))))
    assert 0 < done[0] < done[1]
    same(run(directory, plan, resume=True), undisturbed)
    assert len(list(directory.glob("run-*.json"))) > done[1]


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_finished_is_not_trained_again(plan, tmp_path, monkeypatch):
    first = run(tmp_path, plan)
    monkeypatch.setattr("fastnn.training.fitting.descend", None)
    same(run(tmp_path, plan, resume=True), first)


def test_nothing_is_left_but_runs_and_the_best(tmp_path):
    result = run(tmp_path, "halving")
    assert not list(tmp_path.glob("state*"))
    assert len(list(tmp_path.glob("run-*.json"))) == 2 * (8 + 4 + 2 + 1)
    (best,) = tmp_path.glob("best-*")
    assert fastnn.load(best).theta.tobytes() == result.best_network.theta.tobytes()


def test_a_crash_before_the_best_was_stored(tmp_path):
    result = run(tmp_path, "halving")
    next(tmp_path.glob("best-*")).unlink()
    same(run(tmp_path, "halving", resume=True), result)


def test_runs_of_a_crash_at_any_file(tmp_path):
    """The last files are missing, whichever they are."""
    result = run(tmp_path, "grid")
    for path in sorted(tmp_path.glob("run-*.json"))[5:]:
        path.unlink()
    trained = []
    again = run(tmp_path, "grid", resume=True, callbacks=lambda net, history: trained.append(net))
    same(again, result)
    assert len({id(net.history) for net in trained}) == 11


def test_a_sweep_is_not_overwritten(tmp_path):
    run(tmp_path, "grid")
    with pytest.raises(FileExistsError, match="pass resume=True to go on with it"):
        run(tmp_path, "grid")


def test_a_directory_has_one_sweep_at_a_time(tmp_path):
    first = run(tmp_path, "grid")
    before = sorted(tmp_path.iterdir())
    with one_process(str(tmp_path)), pytest.raises(RuntimeError, match="at work in"):
        run(tmp_path, "grid", resume=True)
    assert sorted(tmp_path.iterdir()) == before
    same(run(tmp_path, "grid", resume=True), first)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("seeds was", {"rng": 1}),
        ("trials was 2 and is 1; .* had l2=0.1 and has l2=1. To go on", {"space": {"l2": [1]}}),
        ("other trials, the first of which had l2=1 and has l2=2", {"space": {"l2": [0.1, 2]}}),
        ("give the data, space, trials and options of that sweep", {"space": {"l2": [0.1, 2]}}),
        ("option batch_size was None and is 16", {"batch_size": 16}),
        ("option epochs was 2 and is 3", {"epochs": 3}),
        ("X: other values", {"train": (TRAIN[0] + 1, TRAIN[1])}),
        ("yd of dev: other values", {"dev": (DEV[0], 1 - DEV[1])}),
        ("rungs was", {"halving": 2}),
        ("select was dev_error and is dev_loss", {"select": "dev_loss"}),
        ("sample_weight was not given and is given", {"sample_weight": np.ones(200)}),
    ],
)
def test_another_sweep_is_refused(message, change, tmp_path):
    options = {
        "layer_sizes": SIZES,
        "train": TRAIN,
        "dev": DEV,
        "space": {"l2": [0.1, 1]},
        "epochs": 2,
        "checkpoint": tmp_path,
    }
    first = fastnn.sweep(**options)
    with pytest.raises(ValueError, match=message):
        fastnn.sweep(**{**options, **change, "resume": True})
    assert rows(fastnn.sweep(**options, resume=True)) == rows(first)


@pytest.mark.parametrize(
    ("space", "trials"),
    [
        ({"l2": loguniform(0.01, 10), "hidden": [4, 8]}, (3, 7)),
        ({"l2": [0.01, 0.1, 1, 10]}, (2, 4)),
        ([{"l2": value} for value in (0.1, 10, 1, 0.01)], (None, None)),
    ],
)
def test_a_sweep_goes_on_with_more_trials(space, trials, tmp_path, monkeypatch):
    fewer = space if trials[0] else space[:2]
    options = {"epochs": 2, "checkpoint": tmp_path, "n_jobs": 1}
    first = fastnn.sweep(SIZES, TRAIN, DEV, fewer, trials=trials[0], **options)
    trained = []
    more = fastnn.sweep(
        SIZES, TRAIN, DEV, space, trials=trials[1], resume=True, **options,
        callbacks=lambda net, history: trained.append(net.l2[0]),
    )  # fmt: skip
    same(more, fastnn.sweep(SIZES, TRAIN, DEV, space, trials=trials[1], epochs=2))
    # The best network is trained again if another was better before.
    new = {trial.setting["l2"] for trial in more.trials if trial.number >= len(first.trials)}
    assert new <= set(trained) <= new | {more.best.setting["l2"]}
    count = len(more.trials)
    with pytest.raises(ValueError, match=f"trials was {count} and is {len(first.trials)}"):
        fastnn.sweep(SIZES, TRAIN, DEV, fewer, trials=trials[0], resume=True, **options)


def test_halving_does_not_go_on_with_more_trials(tmp_path):
    options = {"epochs": 4, "halving": 2, "checkpoint": tmp_path}
    fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1]}, **options)
    with pytest.raises(ValueError, match="trials was 2 and is 3"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1, 10]}, resume=True, **options)


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b'{"seed": 1}', b"\xff\xfe", b"NaN", None])
@pytest.mark.parametrize("file", ["run-00000-0-0.json", "sweep.json"])
def test_damaged_files(damage, file, tmp_path):
    options = {"epochs": 2, "checkpoint": tmp_path}
    fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1]}, **options)
    path = tmp_path / file
    if damage is None:
        damage = path.read_bytes().replace(b":2", b':"2"').replace(b"[5,8,2]", b"5")
    path.write_bytes(damage)
    remedy = "remove it, and" if file.startswith("run") else "begin anew"
    with pytest.raises((ModelFormatError, ValueError), match=f"{tmp_path}.*{remedy}"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1]}, resume=True, **options)


@pytest.mark.parametrize("number", ["-5", "9" * 400])
def test_numbers_that_no_run_has(number, tmp_path):
    run(tmp_path, "grid")
    path = tmp_path / "run-00000-0-0.json"
    path.write_text(path.read_text().replace('"epochs":6', f'"epochs":{number}'))
    with pytest.raises(ModelFormatError, match=r"run-00000-0-0.json: not a run .* remove it"):
        run(tmp_path, "grid", resume=True)


def test_a_run_of_another_trial(tmp_path):
    run(tmp_path, "grid")
    (tmp_path / "run-00000-0-0.json").replace(tmp_path / "run-00001-0-0.json")
    with pytest.raises(ModelFormatError, match=r"run-00001-0-0.json: .* remove it, and"):
        run(tmp_path, "grid", resume=True)


@pytest.mark.parametrize("damage", ["truncated", "other sizes", "other weights"])
def test_a_best_network_that_is_not_the_best(damage, tmp_path):
    result = run(tmp_path, "grid")
    (path,) = tmp_path.glob("best-*")
    if damage == "truncated":
        os.truncate(path, 100)
    else:
        fastnn.Network(SIZES if damage == "other weights" else [3, 4, 2], rng=1).save(path)
    with pytest.raises(ModelFormatError, match=r"best-.*: remove it, and the network is trained"):
        run(tmp_path, "grid", resume=True)
    path.unlink()
    same(run(tmp_path, "grid", resume=True), result)


def test_a_run_that_was_removed_is_trained_again(tmp_path):
    result = run(tmp_path, "halving")
    for path in list(tmp_path.glob("run-*-1.json")):
        path.unlink()
    same(run(tmp_path, "halving", resume=True), result)


@pytest.mark.parametrize("damage", ["truncated", "gone", "of another trial"])
def test_states_of_halving(damage, tmp_path, monkeypatch):
    def interrupted(self, trials):
        if len(trials) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep_states_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, "halving")
    first, *_, path = sorted(tmp_path.glob("state-*"))
    if damage == "truncated":
        os.truncate(path, 100)
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(first.read_bytes())
    if damage != "gone":
        with pytest.raises(ModelFormatError, match=f"{path.name}: .* remove it, and"):
            run(tmp_path, "halving", resume=True)
        path.unlink()
    same(run(tmp_path, "halving", resume=True), run(None, "halving"))


def test_runs_without_their_sweep_are_not_believed(tmp_path):
    run(tmp_path, "grid")
    (tmp_path / "sweep.json").unlink()
    with pytest.raises(FileExistsError, match="but not sweep"):
        fastnn.sweep(SIZES, TRAIN, DEV, [{"l2": 5}], checkpoint=tmp_path)


def test_files_of_others_are_left_alone(tmp_path):
    names = {"best-model.safetensors", "state-of-the-art.txt", "state-12-x", "run.txt", "fit-me"}
    for name in names:
        (tmp_path / name).write_text("precious")
    run(tmp_path, "halving")
    assert {name for name in names if (tmp_path / name).read_text() == "precious"} == names


@pytest.mark.parametrize("where", [{"backend": "nope"}, {"backend": "loky", "n_jobs": 0}])
def test_nothing_is_written_for_a_backend_that_does_not_exist(where, tmp_path):
    with pytest.raises(ValueError, match=r"nope|n_jobs of at least 1"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [1]}, checkpoint=tmp_path / "a", **where)
    assert not list(tmp_path.iterdir())


def test_a_sweep_that_could_not_be_resumed_is_not_begun(tmp_path):
    with pytest.raises(ValueError, match=r"expected rng to be a seed .* with checkpoint"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [1]}, checkpoint=tmp_path / "a", rng=None)
    assert not list(tmp_path.iterdir())


def test_what_failed_for_want_of_something_is_tried_again(tmp_path):
    options = {"epochs": 2, "checkpoint": tmp_path, "resume": True}
    space = {"l2": [0.1, 1], "learning_rate": [0.01, 1e25], "optimizer": ["gd"]}

    def fail(net, history):
        if net.l2[0] == 1:
            raise MemoryError

    sizes = [5, 8, 1]
    first = fastnn.sweep(sizes, TRAIN, DEV, space, callbacks=fail, output="identity", **options)
    second = fastnn.sweep(sizes, TRAIN, DEV, space, output="identity", **options)
    assert [t.failure.split(":")[0] for t in first.trials] == [
        "",
        "DivergenceError",
        "MemoryError",
        "DivergenceError",
    ]
    assert [t.failure.split(":")[0] for t in second.trials] == [
        "",
        "",
        "DivergenceError",
        "DivergenceError",
    ]


def test_a_long_fit_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("fastnn.sweeps.jobs.AUTOSAVE", 0.0)
    options = {"epochs": 30, "learning_rate": 0.01, "checkpoint": tmp_path, "resume": True}
    space = [{"l2": 1}, {"optimizer": "lbfgs"}]
    seen = []

    def crash(net, history):
        seen.append(len(history))
        if len(history) == 20 and net.l2[0]:
            raise MemoryError

    fastnn.sweep(SIZES, TRAIN, DEV, space, callbacks=crash, **options)
    assert [path.name for path in tmp_path.glob("fit-*")] == ["fit-00000-0-0"]
    seen.clear()
    result = fastnn.sweep(
        SIZES, TRAIN, DEV, space, callbacks=lambda n, h: seen.append(len(h)), **options
    )
    assert seen == list(range(20, 31))
    assert not list(tmp_path.glob("fit-*"))
    same(
        result,
        fastnn.sweep(SIZES, TRAIN, DEV, space, **{**options, "checkpoint": None, "resume": False}),
    )


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS)
def test_a_backend_goes_on_as_well(plan, tmp_path, capsys):
    killed(tmp_path, plan, 6)
    options = {"learning_rate": 0.01, **COMMON, **PLANS[plan]}
    same(
        fastnn.sweep(
            SIZES,
            TRAIN,
            DEV,
            SPACE,
            checkpoint=tmp_path,
            resume=True,
            backend="threading",
            progress=True,
            **options,
        ),
        run(None, plan),
    )
    assert capsys.readouterr().err.startswith("trial 8/8  best dev error ")


def test_ctrl_c_keeps_what_was_finished(tmp_path, monkeypatch):
    keep = Store.keep

    def interrupted(self, key, outcome):
        keep(self, key, outcome)
        if len(list(tmp_path.glob("run-*.json"))) == 18:  # two are on the second rung
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "keep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, "halving")
    assert len(list(tmp_path.glob("run-*.json"))) == 18
    same(run(tmp_path, "halving", resume=True), run(None, "halving"))


def test_the_parent_directory_must_be_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="a; create it first"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [1]}, checkpoint=tmp_path / "a" / "b")


@pytest.mark.parametrize("name", ["", "file"])
def test_the_checkpoint_must_be_a_directory(name, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises((ValueError, NotADirectoryError), match="path of a directory, got"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [1]}, checkpoint=name and tmp_path / name)
