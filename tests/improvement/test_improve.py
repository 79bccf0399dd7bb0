"""`improve`: what is kept helps, what is rejected is told, and nothing depends on the threads."""

import html
import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

import fastnn
from fastnn.improvement.moves import ideas
from fastnn.improvement.setting import Setting

TRAIN, DEV, TEST = fastnn.split(*load_digits(return_X_y=True), rng=0)
BAD = {"epochs": 3, "seeds": 2, "seconds": None}


@pytest.fixture(scope="module")
def improved():
    return fastnn.improve([64, 4, 10], TRAIN, DEV, trials=16, **BAD)


def test_the_error_falls_and_the_story_is_told(improved):
    assert improved.dev_error < improved.first_dev_error / 2
    assert improved.network.error(TEST.X, TEST.y) < 0.5
    kept = [move for move in improved.moves if move.kept]
    assert kept
    assert all(move.gain > 0 and move.sure > 0 for move in kept)
    assert improved.stopped in ("trials", "no move helps")
    assert len(improved.moves) <= 16
    text = str(improved)
    for move in improved.moves:
        assert move.text in text
    assert improved.verdict in text
    assert "Next: " in text
    assert "16 moves were compared on it" in " ".join(improved.notes)
    assert html.escape(improved.verdict) in improved._repr_html_()


def test_what_it_returns_is_what_it_says(improved):
    assert improved.history is improved.network.history
    assert list(improved.network.layer_sizes) == list(improved.setting["layer_sizes"])
    assert improved.network.normalize == improved.setting.get("normalize", False)
    options = {k: v for k, v in improved.setting.items() if k in ("epochs", "learning_rate")}
    assert len(improved.history) == options["epochs"]


def test_the_same_result_for_any_number_of_jobs(improved):
    again = fastnn.improve([64, 4, 10], TRAIN, DEV, trials=16, n_jobs=1, **BAD)
    assert again.moves == improved.moves
    assert np.array_equal(again.network.theta, improved.network.theta)
    assert again.setting == improved.setting


def test_it_begins_with_the_settings_of_a_network():
    net = fastnn.Network([64, 8, 10], l2=3.0, activation="tanh", normalize=True, rng=0)
    net.fit(TRAIN.X, TRAIN.y, epochs=4, batch_size=64, learning_rate=0.002)
    theta = net.theta.copy()
    setting = Setting.of(net, {})
    assert setting.layer_sizes == (64, 8, 10)
    assert setting.largest("l2") == 3.0
    assert (setting.get("epochs"), setting.get("batch_size")) == (4, 64)
    result = fastnn.improve(net, TRAIN, DEV, trials=2, seeds=1, seconds=None)
    assert np.array_equal(net.theta, theta)
    assert len(result.moves) == 2
    assert result.network is not net


def test_it_ends_where_the_optimal_error_is_reached():
    result = fastnn.improve(
        [64, 32, 10],
        TRAIN,
        DEV,
        optimal_error=0.5,
        trials=9,
        seeds=1,
        seconds=None,
        epochs=20,
        normalize=True,
    )
    assert result.stopped == "optimal error reached"
    assert result.moves == []


def test_it_ends_when_time_is_up():
    began = time.perf_counter()
    result = fastnn.improve([64, 64, 10], TRAIN, DEV, seconds=0.5, seeds=1, epochs=400)
    assert result.stopped == "time"
    assert time.perf_counter() - began < 60  # 400 epochs of eight moves take longer
    assert all(move.failure == "time was up" for move in result.moves if np.isnan(move.gain))


def test_ctrl_c_gives_the_best_so_far(monkeypatch):
    from fastnn.improvement import loop

    rounds = []

    def train(self, settings, limited=True, *, original=loop.Loop._train):
        rounds.append(len(settings))
        if len(rounds) > 2:
            raise KeyboardInterrupt
        return original(self, settings, limited)

    monkeypatch.setattr(loop.Loop, "_train", train)
    result = fastnn.improve([64, 4, 10], TRAIN, DEV, trials=99, **BAD)
    assert result.stopped == "interrupted"
    assert result.dev_error <= result.first_dev_error
    assert result.network.error(DEV.X, DEV.y) < 0.95


def test_a_move_that_fails_is_told():
    result = fastnn.improve(
        [64, 16, 10],
        TRAIN,
        DEV,
        trials=6,
        seeds=1,
        seconds=None,
        epochs=5,
        learning_rate=0.5,
        optimizer="gd",
        normalize=True,
    )
    for move in result.moves:
        assert move.failure == "" or "Divergence" in move.failure
    assert result.network is not None


def test_a_move_is_kept_by_chance_no_more_often_than_it_says():
    """Eight moves a round that are as good as the best so far: seldom is one of them kept."""
    from types import SimpleNamespace

    from fastnn.improvement.loop import CHANCE, Loop, Tried
    from fastnn.improvement.moves import Idea

    r = np.random.default_rng(0)
    setting = Setting((4, 1), {})
    chosen = [(Idea("bias", "nothing", {}), setting)] * 8
    loop, verdict = Loop(((), (), (), ()), [0, 1], 1, None), SimpleNamespace(verdict="")

    def tried():
        hard = r.exponential(size=200)  # an example that is hard for one is hard for all
        return [Tried(setting, [], hard + 0.1 * r.normal(size=(2, 200)), 0.1) for _ in range(9)]

    kept = 0
    for _ in range(400):
        best, *others = tried()
        kept += loop._judge(1, verdict, chosen, others, best)[2]
    assert kept <= 400 * CHANCE * 1.5


def test_the_recipe_of_a_high_variance():
    X, y = load_breast_cancer(return_X_y=True)
    r = np.random.default_rng(0)
    X = np.c_[X, r.normal(size=(len(X), 100))]
    train, dev, _ = fastnn.split(X, y, sizes=(0.15, 0.6, 0.25), rng=0)
    net = fastnn.Network([X.shape[1], 64, 1], normalize=True, rng=0)
    net.fit(train.X, train.y, epochs=100, batch_size=32)
    diagnosis = net.diagnose(train, dev)
    assert diagnosis.high_variance
    found = list(ideas(diagnosis, Setting.of(net, {}), len(train)))
    assert found[0].reason == "variance"
    assert {"l2", "keep_prob", "early_stopping", "layer_sizes"} <= {
        name for idea in found for name in idea.change
    }
    assert diagnosis.high_bias is not True
    reasons = [idea.reason for idea in found]
    assert "bias" not in reasons[: reasons.count("variance")]  # what is high comes first


def test_settings_by_layer_follow_a_change_of_depth():
    net = fastnn.Network(
        [4, 8, 8, 2], activation=["tanh", "relu"], l2=[1, 2, 3], keep_prob=[1, 0.8, 0.7], rng=0
    )
    changed = Setting.of(net, {}).with_({"layer_sizes": (4, 8, 8, 8, 2)})
    assert (changed.get("activation"), changed.get("l2")) == ("tanh", 3.0)
    assert changed.get("keep_prob") == 0.7
    same = Setting.of(net, {}).with_({"layer_sizes": (4, 9, 9, 2)})
    assert list(same.get("activation")) == ["tanh", "relu"]


def test_the_picture(improved):
    pytest.importorskip("matplotlib").use("Agg")
    display = improved.plot()
    assert display.ax_.get_ylabel() == "dev error"
    display.figure_.canvas.draw()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, epoch=3), TypeError, "got 'epoch'"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, seconds=None), ValueError, "as an end"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, seconds=0), ValueError, "seconds"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, trials=0), ValueError, "trials"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, seeds=0), ValueError, "seeds"),
        (lambda: fastnn.improve([63, 10], TRAIN, DEV), ValueError, "in train"),
        (lambda: fastnn.improve([64, 10], TRAIN, 3), TypeError, "dev"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, n_jobs=0), ValueError, "n_jobs"),
        (lambda: fastnn.improve("net", TRAIN, DEV), ValueError, "layer_sizes"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, l2=-1), ValueError, "l2"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, learning_rate=-1), ValueError,
         "learning_rate"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
