"""`improve`: what is kept helps, what is rejected is told, and nothing depends on the threads."""

import html
import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

import fastnn
from fastnn.improvement.fits import Tried
from fastnn.improvement.judging import CHANCE
from fastnn.improvement.moves import Idea, ideas
from fastnn.improvement.round import Round
from fastnn.improvement.setting import Setting

TRAIN, DEV, TEST = fastnn.split(*load_digits(return_X_y=True), sizes=(0.3, 0.2, 0.5), rng=0)
BAD = {"epochs": 3, "seeds": 2, "seconds": None}


@pytest.fixture(scope="module")
def improved():
    return fastnn.improve([64, 4, 10], TRAIN, DEV, trials=12, **BAD)


def test_the_error_falls_and_the_story_is_told(improved):
    assert improved.dev_error < improved.first_dev_error / 2
    assert improved.network.error(TEST.X, TEST.y) < 0.5
    kept = [move for move in improved.moves if move.kept]
    assert kept
    assert all(move.gain > 0 and move.sure > 0 for move in kept)
    assert improved.stopped in ("trials", "no move helps")
    assert len(improved.moves) <= 12
    text = str(improved)
    for move in improved.moves:
        assert move.text in text
    assert improved.verdict in text
    assert "Next: " in text
    assert improved.dev_loss < improved.first_dev_loss
    assert improved.verdict.startswith(
        f"dev loss, which decides, {improved.first_dev_loss:.4g} -> {improved.dev_loss:.4g} by "
    )
    assert f"{len(improved.moves)} moves were compared on it" in " ".join(improved.notes)
    assert html.escape(improved.verdict) in improved._repr_html_()


def test_what_it_returns_is_what_it_says(improved):
    assert improved.history is improved.network.history
    assert list(improved.network.layer_sizes) == list(improved.setting["layer_sizes"])
    assert improved.network.normalize == improved.setting.get("normalize", False)
    options = {k: v for k, v in improved.setting.items() if k in ("epochs", "learning_rate")}
    if improved.history.stopped == "early stopping":
        assert improved.setting["early_stopping"]
        assert len(improved.history) < options["epochs"]
    else:
        assert len(improved.history) == options["epochs"]


@pytest.mark.slow
def test_the_same_result_for_any_number_of_jobs(improved):
    again = fastnn.improve([64, 4, 10], TRAIN, DEV, trials=12, n_jobs=1, **BAD)
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


def test_errors_before_and_after_are_of_the_same_seeds():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(160, 4))
    y = np.where(X[:, 0] + 2 * rng.normal(size=160) > 0, 1, 0)
    sets = (X[:100], y[:100]), (X[100:], y[100:])
    result = fastnn.improve([4, 3, 2], *sets, trials=3, seeds=2, seconds=None, epochs=30)
    # The first seed of some moves promises something, so that all seeds of the start are trained.
    assert any(move.networks == 2 for move in result.moves)
    assert not any(move.kept for move in result.moves)
    assert result.first_dev_error == result.dev_error


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


class GivenFits:
    """Stands in for `Fits`: every setting has been trained already."""

    def __init__(self, tried):
        self.seeds, self.ended = [0, 1], ""
        self._tried = {each.setting.key: each for each in tried}

    def train_on(self, settings, indices):
        """Nothing is left to train."""

    def tried(self, setting):
        return self._tried[setting.key]

    def forget(self, setting):
        """Nothing is kept."""


def test_a_move_is_kept_by_chance_no_more_often_than_it_says():
    """Eight moves a round that are as good as the best so far: seldom is one of them kept."""
    r = np.random.default_rng(0)
    settings = [Setting((4, 1), {"l2": float(number)}) for number in range(9)]
    moves = [(Idea("bias", "nothing", {}), setting) for setting in settings[1:]]
    kept = 0
    for _ in range(400):
        hard = r.exponential(size=200)  # an example that is hard for one is hard for all
        tried = [
            Tried(setting, [None, None], hard + 0.1 * r.normal(size=(2, 200)), 0.1)
            for setting in settings
        ]
        this = Round(GivenFits(tried), tried[0], moves)
        this.carry_out(room=False)
        kept += this.winner is not None
    assert kept <= 400 * CHANCE * 1.5


def test_moves_that_each_may_help_are_tried_together():
    """Two gains within chance, which add up to one beyond it."""
    r = np.random.default_rng(1)
    start = Setting((4, 1), {})
    changes = [{"l2": 1.0}, {"learning_rate": 0.1}, {"epochs": 9}]
    noise = r.normal(size=400)
    noise = (noise - noise.mean()) / noise.std()  # a standard error of 0.05
    gains = [0.0, 0.08, 0.07, -0.2, 0.15]  # of nothing, each change, and the first two
    settings = [start, *map(start.with_, changes), start.with_({**changes[0], **changes[1]})]
    tried = [
        Tried(setting, [None, None], np.tile(1.0 - gain + (noise if gain else 0), (2, 1)), 0.1)
        for setting, gain in zip(settings, gains, strict=True)
    ]
    moves = [(Idea("bias", str(change), change), start.with_(change)) for change in changes]
    for room, kept in ((True, settings[4].key), (False, None)):
        this = Round(GivenFits(tried), tried[0], moves)
        found = this.carry_out(room=room)
        assert (this.winner and this.winner.tried.setting.key) == kept
        assert len(found) == 3 + room
    assert found[0].likely
    assert not found[0].better


def test_the_recipe_of_a_high_variance():
    X, y = load_breast_cancer(return_X_y=True)
    r = np.random.default_rng(0)
    X = np.c_[X, r.normal(size=(len(X), 100))]
    train, dev, _ = fastnn.split(X, y, sizes=(0.15, 0.6, 0.25), rng=0)
    net = fastnn.Network([X.shape[1], 64, 1], normalize=True, rng=0)
    net.fit(train.X, train.y, epochs=100, batch_size=32)
    diagnosis = net.diagnose(train, dev)
    assert diagnosis.high_variance
    found = list(ideas(diagnosis, Setting.of(net, {}), len(train), net.history))
    assert [idea.reason for idea in found[:3]] == ["usual"] * 3
    found = found[3:]
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
    changed = Setting.of(net, {}).with_({"layer_sizes": (4, 8, 2), "l2": 0.5, "keep_prob": 0.9})
    assert (changed.get("l2"), changed.get("keep_prob")) == (0.5, 0.9)
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
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, images="rotate"), TypeError, "images"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, optimal_error=2), ValueError,
         "optimal_error"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, checkpoint=3), TypeError, "checkpoint"),
        (lambda: fastnn.improve("net", TRAIN, DEV), ValueError, "layer_sizes"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, l2=-1), ValueError, "l2"),
        (lambda: fastnn.improve([64, 10], TRAIN, DEV, learning_rate=-1), ValueError,
         "learning_rate"),
    ],
)  # fmt: skip
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
