"""`fastnn.sweep`: the space, the table, what is refused, and the same bits however it is run."""

import math
import signal
import threading
import time

import numpy as np
import pytest
from scipy.stats import loguniform
from sweeping import DEV, SIZES, TRAIN, X, same, y

import fastnn
from fastnn.layers.initializers import initialize
from fastnn.sweeps import Halving, HiddenLayers, KeepProb

GRID = {"l2": [0.1, 10], "keep_prob": [0.8, 1], "hidden": [4, [8, 8]]}
FEW = {"epochs": 4, "batch_size": 32, "learning_rate": 0.01}


def test_a_grid_tries_all_combinations_and_the_best_comes_first():
    result = fastnn.sweep(SIZES, TRAIN, DEV, GRID, **FEW)
    assert len(result.trials) == 8
    assert {
        (t.setting["l2"], t.setting["keep_prob"], str(t.setting["hidden"])) for t in result.trials
    } == {(a, b, c) for a in (0.1, 10) for b in (0.8, 1) for c in ("4", "[8, 8]")}
    keys = [(t.dev_error, t.dev_loss) for t in result.trials]
    assert keys == sorted(keys)
    assert result.best is result.trials[0]


def test_every_figure_is_that_of_the_network_trained_by_hand():
    result = fastnn.sweep(SIZES, TRAIN, DEV, GRID, seeds=2, l1=0.5, **FEW)
    for trial in (result.best, result.trials[-1]):
        errors = []
        for run in trial.runs:
            options = dict(trial.setting)
            hidden = options.pop("hidden")
            net = fastnn.Network(
                [5, *([hidden] if hidden == 4 else hidden), 2], l1=0.5, rng=run.seed, **options
            )
            history = net.fit(*TRAIN, dev=DEV, **FEW)
            errors.append(net.error(*DEV))
            assert (run.dev_error, run.dev_cost, run.train_error, run.cost) == (
                history.dev_error[-1],
                history.dev_cost[-1],
                history.train_error[-1],
                history.cost[-1],
            )
            assert (run.epochs, run.stopped) == (4, "epochs")
            net.l1 = net.l2 = 0
            assert run.dev_loss == pytest.approx(net.cost(*DEV))
            if trial is result.best and run == min(
                trial.runs, key=lambda r: (r.dev_error, r.dev_loss)
            ):
                assert net.theta.tobytes() == result.best_network.theta.tobytes()
        assert trial.dev_error == pytest.approx(np.mean(errors))
        assert trial.dev_error_std == pytest.approx(np.std(errors, ddof=1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        {"n_jobs": 1},
        {"n_jobs": 5},
        {"backend": "threading"},
        {"backend": "loky", "n_jobs": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("halving", [None, 2])
def test_the_same_bits_for_any_number_of_jobs_and_backend(other, halving):
    space = {"l2": loguniform(1e-3, 10), "keep_prob": KeepProb(0.5, 0.95), "hidden": [4, [6, 6]]}
    options = {"trials": 5, "seeds": 2, "halving": halving, "rng": 3, **FEW}
    same(
        fastnn.sweep(SIZES, TRAIN, DEV, space, n_jobs=2, **options),
        fastnn.sweep(SIZES, TRAIN, DEV, space, **other, **options),
    )


def test_the_seed_of_the_sweep_counts():
    draws = [
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": loguniform(1e-3, 10)}, trials=3, rng=seed, epochs=1)
        for seed in (0, 0, 1)
    ]
    same(*draws[:2])
    assert {t.setting["l2"] for t in draws[0].trials}.isdisjoint(
        t.setting["l2"] for t in draws[2].trials
    )
    assert draws[0].best.runs[0].seed != draws[2].best.runs[0].seed


def test_a_list_of_settings():
    space = [
        {"l2": 1.0},
        {"optimizer": fastnn.Adam(beta1=0.5), "learning_rate": 0.1},
        {"optimizer": "lbfgs", "epochs": 7, "early_stopping": 3},
    ]
    result = fastnn.sweep(SIZES, fastnn.Split(*TRAIN, np.arange(150)), DEV, space, epochs=5)
    assert sorted(t.number for t in result.trials) == [0, 1, 2]
    assert all(t.setting == space[t.number] for t in result.trials)
    assert result.names == ["l2", "optimizer", "learning_rate", "epochs", "early_stopping"]


def test_random_settings_of_lists_are_all_different():
    result = fastnn.sweep(SIZES, TRAIN, DEV, GRID, trials=8, epochs=1)
    assert len({str(t.setting) for t in result.trials}) == 8


@pytest.mark.parametrize("huge", [2**31, 10**400])
def test_layers_that_no_network_has(huge):
    with pytest.raises(ValueError, match="expected high to be at least 1 and at most 2147483647"):
        HiddenLayers(1, huge)


def test_distributions():
    draws = [KeepProb(0.5, 0.95).rvs(random_state=i) for i in range(200)]
    assert 0.5 <= min(draws) < 0.52 < 0.93 < max(draws) <= 0.95
    assert np.median(draws) == pytest.approx(1 - math.sqrt(0.5 * 0.05), abs=0.03)
    sizes = [HiddenLayers(4, 64, layers=(1, 3)).rvs(random_state=i) for i in range(200)]
    assert {len(s) for s in sizes} == {1, 2, 3}
    units = np.concatenate(sizes)
    assert (units.min(), units.max()) == (4, 64)
    assert np.median(units) == pytest.approx(16, abs=3)


def test_early_stopping_gives_the_figures_of_the_restored_epoch():
    result = fastnn.sweep(
        SIZES,
        TRAIN,
        DEV,
        {"learning_rate": [0.05, 0.01]},
        epochs=60,
        early_stopping=3,
        dtype="float64",
    )
    assert any(run.stopped == "early stopping" for t in result.trials for run in t.runs)
    net = result.best_network
    assert net.error(*DEV) == result.best.dev_error
    assert net.cost(*DEV) == pytest.approx(result.best.dev_cost)


def test_what_diverges_or_fails_is_a_row_with_the_reason():
    def fail(net, history):
        if net.l2[0] == 7:
            raise RuntimeError("no luck")

    space = [{"optimizer": "gd", "learning_rate": 1e20}, {"l2": 7}, {"l2": 1}]
    result = fastnn.sweep(
        [5, 8, 1],
        (100 * X[:200], y[:200]),
        DEV,
        space,
        epochs=3,
        seeds=2,
        output="identity",
        callbacks=fail,
    )
    assert [t.number for t in result.trials] == [2, 0, 1]
    diverged, failed = result.trials[1:]
    assert diverged.dev_error == failed.dev_error == math.inf
    assert "DivergenceError: training diverged at epoch 1" in diverged.failure
    assert failed.failure == "RuntimeError: no luck"
    assert math.isnan(diverged.dev_error_std)
    assert "DivergenceError" in str(result)
    assert result.to_frame().failure.iloc[0] == ""


def test_a_callback_can_end_the_program():
    def leave(net, history):
        raise SystemExit(3)

    with pytest.raises(SystemExit, match="3"):
        fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.0, 1.0, 2.0]}, n_jobs=2, callbacks=leave)
    assert not sweep_threads()


def test_all_failed():
    result = fastnn.sweep(
        [5, 1],
        TRAIN,
        DEV,
        {"learning_rate": [1e25, 1e30]},
        optimizer="gd",
        output="identity",
        epochs=2,
    )
    assert result.best is None
    assert result.best_network is None
    assert result.verdict.startswith("all 2 trials failed: DivergenceError")
    with pytest.raises(ValueError, match="a trial that did not fail"):
        result.plot()


def test_a_dev_cost_that_is_not_finite_is_a_failure(tmp_path):
    far = np.full((3, 5), 3e38)
    result = fastnn.sweep(
        [5, 8, 1],
        TRAIN,
        (far, np.zeros(3)),
        {"l2": [0, 1]},
        output="identity",
        epochs=1,
        checkpoint=tmp_path,
    )
    assert "the cost on the dev set is" in result.trials[0].failure
    assert "the cost on the dev set is" in repr(result.trials[1])


BAD = {
    "unknown option 'l22'; known: activation": ({"l22": [1]}, {}),
    "unknown option 'nope'": ({"l2": [1]}, {"nope": 1}),
    "unknown option 'network'": ({"l2": [1]}, {"network": 1}),
    "trial 1, keep_prob=1.5: expected keep_prob": ({"keep_prob": [0.5, 1.5]}, {}),
    "trial 1, optimizer=adm: unknown optimizer 'adm'": ({"optimizer": ["adam", "adm"]}, {}),
    "trial 0, batch_size=0: expected batch_size": ({"batch_size": [0]}, {}),
    "trial 1, hidden=.4, 0.: expected layer_sizes": ({"hidden": [[4], [4, 0]]}, {}),
    "lbfgs minimizes J": ({"keep_prob": [1, 0.5]}, {"optimizer": "lbfgs"}),
    "trial 0, early_stopping=0: expected early_stopping": ({"early_stopping": [0]}, {}),
    "got 0: leave it out": ({"l2": [1]}, {"evaluate_every": 0}),
    "expected epochs to be at least 1, got 0": ({"l2": [1]}, {"epochs": 0}),
    "threads is not an option .* n_jobs": ({"threads": [1]}, {}),
    "dev is not an option": ([{"dev": DEV}], {}),
    "say how many to draw, trials=20": ({"l2": loguniform(1, 2)}, {}),
    "at most 2, all the combinations": ({"l2": [1, 2]}, {"trials": 3}),
    "expected at least one value of l2": ({"l2": []}, {}),
    "leave trials out": ([{"l2": 1}], {"trials": 1}),
    "l2 as an option or in the space, got both": ({"l2": [1]}, {"l2": 1}),
    "same epochs for all settings with halving": ({"epochs": [3, 9]}, {"halving": 3}),
    "checkpoint and resume are not for lbfgs": ({"l2": [1]}, {"optimizer": "lbfgs", "halving": 3}),
    "unknown select 'dev_cost'; known: dev_error, dev_loss": ({"l2": [1]}, {"select": "dev_cost"}),
    "expected n_jobs of at least 1": ({"l2": [1]}, {"n_jobs": 0}),
    "got no checkpoint": ({"l2": [1]}, {"resume": True}),
}


@pytest.mark.parametrize("message", BAD, ids=str)
def test_what_is_wrong_is_refused_before_anything_is_trained(message, monkeypatch):
    space, options = BAD[message]
    monkeypatch.setattr("fastnn.training.fitting.descend", None)
    with pytest.raises(ValueError, match=message):
        fastnn.sweep(SIZES, TRAIN, DEV, space, **options)


def test_errors_of_different_outputs_do_not_compare():
    with pytest.raises(ValueError, match="expected one output for all settings"):
        fastnn.sweep([5, 1], TRAIN, DEV, {"output": ["sigmoid", "identity"]})


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("in train: expected X to have shape", {"train": (X[:, :4], y)}),
        ("in dev: expected class labels 0 .. 1", {"dev": (X, y + 1)}),
        ("in train: expected X to be finite", {"train": (np.where(X > 2, np.nan, X), y)}),
        ("in dev: expected at least one example", {"dev": (X[:0], y[:0])}),
        ("expected dev to have a y", {"dev": (X, None)}),
        ("expected sample_weight to have shape", {"sample_weight": np.ones(3)}),
    ],
)
def test_data_are_checked_before_anything_is_trained(message, change, monkeypatch):
    monkeypatch.setattr("fastnn.training.fitting.descend", None)
    with pytest.raises(ValueError, match=message):
        fastnn.sweep(
            **{"layer_sizes": SIZES, "train": TRAIN, "dev": DEV, "space": {"l2": [1]}, **change}
        )


@pytest.mark.parametrize(
    ("message", "change"),
    [
        ("for a single value write \\[3\\]", {"space": {"l2": 3}}),
        ("expected space to be a dict", {"space": 3}),
        ("a list of values of l2 .* got {1, 2}, which has no order", {"space": {"l2": {1, 2}}}),
        ("cannot draw l2: .*missing 2 required", {"space": {"l2": loguniform}, "trials": 2}),
        ("cannot draw keep_prob: .*'self'", {"space": {"keep_prob": KeepProb}, "trials": 2}),
        ("expected backend to be a name", {"backend": 3}),
        ("expected n_jobs to be an integer", {"n_jobs": "all"}),
        ("expected halving to be None", {"halving": "3"}),
        ("expected checkpoint to be the path", {"checkpoint": 3}),
        ("expected train to be a pair", {"train": X}),
    ],
)
def test_types(message, change):
    with pytest.raises(TypeError, match=message):
        fastnn.sweep(
            **{"layer_sizes": SIZES, "train": TRAIN, "dev": DEV, "space": {"l2": [1]}, **change}
        )


@pytest.mark.parametrize("kind", ["read-only", "sparse", "frame", "regression", "weights"])
def test_kinds_of_data(kind):
    train, dev, sizes, options = TRAIN, DEV, SIZES, {"normalize": True}
    if kind == "read-only":
        train = X[:200].copy(), y[:200]
        train[0].setflags(write=False)
    elif kind == "sparse":
        import scipy.sparse

        train = scipy.sparse.csc_array(X[:200]), y[:200]
    elif kind == "frame":
        import pandas as pd

        train = pd.DataFrame(X[:200]), pd.Series(y[:200])
    elif kind == "regression":
        sizes, options = [5, 8, 1], {"output": "identity", "dtype": "float64"}
    else:
        options = {"sample_weight": np.linspace(0, 1, 200)}
    result = fastnn.sweep(sizes, train, dev, {"l2": [0.1, 1]}, **options, **FEW)
    net = result.best_network
    assert net.error(*DEV) == pytest.approx(result.best.dev_error, rel=1e-6)
    if kind in ("read-only", "frame"):
        same(result, fastnn.sweep(sizes, TRAIN, dev, {"l2": [0.1, 1]}, **options, **FEW))


def test_x_is_not_copied(monkeypatch):
    import tracemalloc

    big = np.zeros((200_000, 5))
    labels = np.zeros(200_000, int)
    tracemalloc.start()
    fastnn.sweep(
        SIZES,
        (big, labels),
        DEV,
        {"l2": [1, 2, 3, 4]},
        epochs=1,
        batch_size=1024,
        shuffle=False,
        n_jobs=2,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < big.nbytes / 2


def test_networks_are_released():
    import weakref

    alive = weakref.WeakSet()

    def note(net, history):
        alive.add(net)

    result = fastnn.sweep(SIZES, TRAIN, DEV, {"l2": list(range(30))}, epochs=1, callbacks=note)
    assert list(alive) == [result.best_network]


# --- halving --------------------------------------------------------------------------------------


def test_rungs():
    assert Halving(3).rungs(100, 20) == [(11, 20), (33, 7), (100, 3)]
    assert Halving(2, first=5).rungs(40, 8) == [(5, 8), (10, 4), (20, 2), (40, 1)]
    assert Halving(4, first=5).rungs(30, 3) == [(5, 3), (20, 1), (30, 1)]
    assert Halving(3).rungs(2, 100) == [(2, 100)]
    with pytest.raises(ValueError, match="at most epochs, 4; got 5"):
        Halving(3, first=5).rungs(4, 9)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"keep_prob": 0.7, "schedule": "cosine", "optimizer": "nesterov"},
        {"early_stopping": 2, "learning_rate": 0.05},
        {"normalize": True, "evaluate_every": 2},
    ],
    ids=str,
)
def test_who_survives_halving_has_the_bits_of_a_fit_that_was_never_stopped(options):
    space = {"l2": [0.01, 0.1, 1, 10, 100, 1000, 0]}
    options = {"learning_rate": 0.01, "batch_size": 32, "epochs": 12, "seeds": 2, **options}
    full = fastnn.sweep(SIZES, TRAIN, DEV, space, **options)
    halved = fastnn.sweep(SIZES, TRAIN, DEV, space, halving=2, **options)
    by_number = {t.number: t for t in full.trials}
    survivors = [t for t in halved.trials if t.rung == 2]
    assert [len([t for t in halved.trials if t.rung == r]) for r in range(3)] == [3, 2, 2]
    for trial in survivors:
        for run, uninterrupted in zip(trial.runs, by_number[trial.number].runs, strict=True):
            assert {**run.to_json(), "seconds": 0} == {**uninterrupted.to_json(), "seconds": 0}
    options.pop("seeds")
    best = min(halved.best.runs, key=lambda run: (run.dev_error, run.dev_loss))
    network_options = {
        name: options.pop(name) for name in ("keep_prob", "normalize") if name in options
    }
    net = fastnn.Network(SIZES, rng=best.seed, **halved.best.setting, **network_options)
    net.fit(*TRAIN, dev=DEV, **options)
    assert net.theta.tobytes() == halved.best_network.theta.tobytes()


def test_who_goes_on_is_the_best_of_the_rung():
    seen = {}

    def note(net, history):
        seen[net.l2[0]] = max(seen.get(net.l2[0], 0), len(history))

    result = fastnn.sweep(
        SIZES,
        TRAIN,
        DEV,
        {"l2": [1e-3, 1, 30, 1e3, 1e4, 1e5]},
        halving=3,
        epochs=9,
        learning_rate=0.03,
        batch_size=32,
        callbacks=[note],
        select="dev_loss",
    )
    assert [t.rung for t in result.trials] == [1, 1, 0, 0, 0, 0]
    assert "has the lowest dev loss of the last rung" in result.verdict
    assert {t.setting["l2"]: int(t.epochs) for t in result.trials} == seen
    assert sorted(seen.values()) == [3, 3, 3, 3, 9, 9]
    first = fastnn.sweep(
        SIZES,
        TRAIN,
        DEV,
        {"l2": [1e-3, 1, 30, 1e3, 1e4, 1e5]},
        epochs=3,
        learning_rate=0.03,
        batch_size=32,
        select="dev_loss",
    )
    assert {t.number for t in result.trials[:2]} == {t.number for t in first.trials[:2]}


# --- what people see ------------------------------------------------------------------------------


def test_table_frame_and_html():
    result = fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1 * k for k in range(12)]}, seeds=2, **FEW)
    text = str(result)
    assert text.startswith(f"l2={result.best.setting['l2']:.4g} has the lowest dev error")
    assert "optimistic: measure it on a test set" in text
    assert "within the noise of 100 dev examples" in text
    assert "over 2 seeds" in text
    assert "and 2 more: see to_frame()" in text
    assert result._repr_html_().count("<tr>") == 11
    frame = result.to_frame()
    assert list(frame.l2) == [t.setting["l2"] for t in result.trials]
    assert list(frame.index) == [t.number for t in result.trials]
    assert frame.dev_error.is_monotonic_increasing


def test_a_clear_lead_is_called_clear():
    result = fastnn.sweep(
        SIZES, TRAIN, DEV, {"l2": [0.1, 1e6]}, seeds=4, epochs=30, learning_rate=0.03
    )
    assert "; of the other 1, 0 within the noise" in result.verdict
    assert "lead over the runner-up is clear over 4 seeds" in result.verdict


def test_plot():
    pytest.importorskip("matplotlib").use("Agg")
    result = fastnn.sweep(
        SIZES,
        TRAIN,
        DEV,
        {
            "l2": [0, 0.1, 10],
            "learning_rate": loguniform(1e-3, 1e-1),
            "keep_prob": [0.5, 0.8, 1],
            "optimizer": ["adam", "rmsprop"],
        },
        trials=6,
        epochs=2,
    )
    display = result.plot()
    assert [a.get_xlabel() for a in display.ax_] == ["l2", "learning_rate", "keep_prob"]
    assert [a.get_xscale() for a in display.ax_] == ["symlog", "log", "linear"]
    dev = display.ax_[2].containers[0].lines[0]
    assert sorted(dev.get_ydata()) == sorted(t.dev_error for t in result.trials)
    low, high = display.ax_[2].get_ylim()
    errors = [e for t in result.trials for e in (t.dev_error, t.train_error)]
    assert min(errors) - low < 0.2 * (high - low)  # the axis does not begin at 0
    with pytest.raises(ValueError, match="expected 3 axes"):
        result.plot(display.ax_[:2])
    display.figure_.clear()


def test_a_plot_of_settings_that_not_all_trials_have():
    pytest.importorskip("matplotlib").use("Agg")
    result = fastnn.sweep(
        SIZES, TRAIN, DEV, [{"l2": 1}, {"l2": 2, "batch_size": None}, {"batch_size": 16}], epochs=2
    )
    display = result.plot()
    assert [a.get_xlabel() for a in display.ax_] == ["l2", "batch_size"]
    for axis, values in zip(display.ax_, ([1, 2], [16]), strict=True):
        assert sorted(axis.containers[0].lines[0].get_xdata()) == values
    display.figure_.clear()


def test_progress_is_one_bar_with_the_best_so_far(capsys):
    result = fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1, 10]}, progress=True, halving=3, **FEW)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("trial 3/3  best dev error ")
    assert f"l2={result.best.setting['l2']}" in line


def test_nothing_is_printed_without_progress(capsys):
    fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1]}, epochs=1)
    assert capsys.readouterr() == ("", "")


# --- Ctrl-C ---------------------------------------------------------------------------------------


def sweep_threads():
    return [t for t in threading.enumerate() if t.name.startswith("fastnn-sweep")]


@pytest.mark.parametrize("at", [1, 2, 5, 300])
def test_ctrl_c_stops_all_fits_and_leaves_no_thread(at):
    epochs, began = [], time.perf_counter()

    def interrupt(net, history):
        assert threading.current_thread() in sweep_threads()
        epochs.append(len(history))
        if len(history) == at and net.l2[0] == 1:
            signal.raise_signal(signal.SIGINT)
        return time.perf_counter() > began + 60  # an interrupt that is lost fails, and soon

    with pytest.raises(KeyboardInterrupt):
        fastnn.sweep(
            SIZES, TRAIN, DEV, {"l2": [1, 2, 3, 4, 5]}, epochs=10**9, n_jobs=2, callbacks=interrupt
        )
    assert not sweep_threads()
    assert at in epochs


def test_ctrl_c_within_a_long_epoch(monkeypatch):
    """An epoch here would take hours."""
    big = np.lib.stride_tricks.as_strided(X[:1], (200_000, 5), (0, 8))
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])

    def interrupted():
        timer.start()
        fastnn.sweep(
            [5, 2000, 2000, 2],
            (big, np.zeros(200_000, int)),
            DEV,
            {"l2": [1, 2]},
            epochs=1,
            batch_size=64,
            n_jobs=2,
        )

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    timer.join()
    assert not sweep_threads()


def test_weights_are_not_drawn_only_to_check_settings(monkeypatch):
    drawn = []

    def counted(theta, layout, activations, init, gain, rng):
        drawn.append(init)
        initialize(theta, layout, activations, init, gain, rng)

    monkeypatch.setattr("fastnn.engine.base_network.initialize", counted)
    fastnn.sweep(SIZES, TRAIN, DEV, {"l2": [0.1, 1, 10, 100], "init_gain": [1, 2]}, **FEW)
    assert sum(init != "zeros" for init in drawn) == 8 + 2  # two gains to check
