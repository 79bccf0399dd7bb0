"""What `improve` says at its end, and images as a move."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

import fastnn
from fastnn.improvement.fits import Tried
from fastnn.improvement.moves import ideas
from fastnn.improvement.result import Move
from fastnn.improvement.setting import Setting
from fastnn.improvement.words import next_step, used_up
from fastnn.training.history import History

SHIFTS = fastnn.augment.Images(shift=1)


def diagnosis(**given):
    gaps = {"variance": SimpleNamespace(why=given.pop("why", ""))}
    known = {"causes": (), "gaps": gaps, "high_bias": False, "high_variance": False}
    return SimpleNamespace(**known | given)


def move(gain, sure, kept=False):
    return Move(1, "", "", {}, 0.1, gain, sure, 3, kept)


@pytest.mark.parametrize(
    ("found", "stopped", "said"),
    [
        (diagnosis(high_bias=True), "no move helps", "better features, or better labels"),
        (diagnosis(high_variance=True), "no move helps", "more training examples"),
        (diagnosis(high_bias=None), "no move helps", "the examples that are still wrong"),
        (diagnosis(), "no move helps", "measure the network on a test set"),
        (diagnosis(high_bias=True), "optimal error reached", "measure the network on a test set"),
        (diagnosis(high_variance=True), "time", "more training examples"),
        (diagnosis(high_variance=None), "no move helps", "more dev examples"),
        (diagnosis(high_variance=None, why="X differs"), "no move helps", "X differs"),
        (diagnosis(), "trials", "with more seconds or trials, improve goes on"),
        (
            diagnosis(causes=[SimpleNamespace(change={"l2": 1}, advice="no"),
                              SimpleNamespace(change={}, advice="mend the labels")]),
            "no move helps",
            "mend the labels",
        ),
        (None, "interrupted", "call improve again"),
    ],
)  # fmt: skip
def test_the_next_step_is_one_for_a_person(found, stopped, said):
    step = next_step(found, stopped)
    assert said in step
    assert not step.startswith(("bigger", "longer"))


@pytest.mark.parametrize("units", [1, 3])
def test_labels_that_x_tells_nothing_of(units):
    r = np.random.default_rng(0)
    X, y = r.normal(size=(300, 4)), r.integers(max(2, units), size=300)
    parts = (X[:150], y[:150]), (X[150:], y[150:])
    result = fastnn.improve([4, 4, units], *parts, seconds=None, trials=60, seeds=1, epochs=2)
    assert result.stopped == "no move helps"
    assert "whether each label belongs to its row" in result.next_step


def test_the_optimal_error_of_values_is_a_share_of_their_variance():
    r = np.random.default_rng(0)
    X = r.normal(size=(300, 3))
    y = 1000 * X[:, 0] + 100 * r.normal(size=300)
    part = X, (y - y.mean())
    result = fastnn.improve(
        [3, 1], part, part, output="identity", optimizer="lbfgs", optimal_error=0.1,
        seconds=None, trials=3, seeds=1,
    )  # fmt: skip
    assert result.stopped == "optimal error reached"
    assert result.dev_error > 1  # in the units of y


def test_how_far_the_dev_set_has_been_used_up():
    best = Tried(Setting((4, 1), {}), [], np.full((2, 500), 0.4), 0.1)
    moves = [move(0.06, 3.0, kept=True), move(-0.02, -1.0), move(0.0, 0.0)]
    note = used_up(best, moves)
    # Of exp(3^2 / 2) = 90 moves that are no better, one seems to gain three standard errors.
    assert f"about {int(math.exp(4.5) - 3)} more moves" in note
    assert "500 examples, and 3 moves" in note
    assert "standard error of some 0.02" in note
    many = used_up(best, moves + 100 * [move(-0.02, -1.0)])
    assert "used up for gains of 0.06: only new dev examples" in many
    assert "thousands of" in used_up(best, [move(0.2, 10.0, kept=True)])
    # Nothing was kept: a gain of a twentieth of the loss is what one would like to tell.
    assert "gains of 0.02" in used_up(best, [move(0.001, 0.05)])
    assert "standard error" not in used_up(best, [])


def test_images_are_a_move_only_where_they_are_given():
    setting, found = Setting((64, 16, 10), {}), diagnosis(high_variance=True)
    given = [idea.change.get("augment") for idea in ideas(found, setting, 99, History(), SHIFTS)]
    assert given.count(SHIFTS) == 1
    changed = setting.with_({"augment": SHIFTS})
    assert changed.is_regularized
    for other in (
        ideas(found, setting, 99, History()),
        ideas(found, changed, 99, History(), SHIFTS),
    ):
        assert all(idea.change.get("augment") is None for idea in other)


def test_images_are_tried_where_variance_is_high():
    train, dev, _ = fastnn.split(*load_digits(return_X_y=True), sizes=(0.05, 0.3, 0.65), rng=0)
    result = fastnn.improve(
        [64, 16, 10], train, dev, images=SHIFTS, epochs=30, seeds=1, trials=5, seconds=None
    )
    assert "distorted images" in [move.text for move in result.moves]


def test_images_of_another_shape_are_refused():
    X, y = load_digits(return_X_y=True)
    images = fastnn.augment.Images((7, 7), shift=1)
    with pytest.raises(ValueError, match="64"):
        fastnn.improve([64, 10], (X, y), (X, y), images=images)
