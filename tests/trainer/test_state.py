"""`Trainer.state` and `restore`: training goes on from there, bit for bit."""

import pickle

import numpy as np
import pytest

import fastnn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3)).astype(np.float32)
Y = RNG.integers(0, 2, 50)


def make(optimizer="adam", **options):
    net = fastnn.Network([3, 6, 2], keep_prob=0.8, **{"rng": 0, **options})
    return net, net.trainer(optimizer=optimizer)


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "rmsprop", "adam"])
def test_it_goes_on_bit_for_bit(optimizer, tmp_path):
    net, trainer = make(optimizer)
    trainer.step(X, Y)
    net.fit(X, Y, epochs=2, batch_size=8, optimizer=trainer)
    np.savez(tmp_path / "state.npz", **trainer.state())
    net.fit(X, Y, epochs=2, batch_size=8, optimizer=trainer)
    trainer.step(X, Y)
    other, again = make(optimizer, rng=99)
    again.restore(np.load(tmp_path / "state.npz"))
    assert again.steps == 15
    assert again.epochs == 2
    other.fit(X, Y, epochs=2, batch_size=8, optimizer=again)
    again.step(X, Y)
    assert np.array_equal(other.theta, net.theta)
    after, expected = again.state(), trainer.state()
    assert after.keys() == expected.keys()
    assert all(np.array_equal(after[name], expected[name]) for name in expected)


def test_a_state_is_a_copy_of_plain_arrays():
    from safetensors.numpy import load, save

    net, trainer = make()
    trainer.step(X, Y)
    state = load(save(trainer.state()))
    trainer.step(X, Y)
    theta, J = net.theta.copy(), trainer.step(X, Y)
    trainer.restore(state)
    trainer.step(X, Y)
    assert np.array_equal(net.theta, theta)
    assert trainer.step(X, Y) == J


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"theta": np.zeros(5)}, ValueError, "theta of shape"),
        ({"first": np.full(38, np.nan)}, ValueError, "first to be finite"),
        ({"first": np.zeros(5)}, ValueError, "first of shape"),
        ({"second": np.full(38, -1.0)}, ValueError, "second .* not negative, got -1.0 at index 0"),
        ({"steps": np.array([1, 2])}, ValueError, "steps .* to be one number"),
        ({"second": None}, ValueError, "expected the state of a trainer by Adam"),
        ({"third": np.zeros(38)}, ValueError, "got .*third"),
        (
            {"optimizer": np.frombuffer(b"AdamW", np.uint8)},
            ValueError,
            "by Adam, got one by 'AdamW'",
        ),
        ({"learning_rate": None}, ValueError, "with .*learning_rate"),
        ({"learning_rate": np.array(-1.0)}, ValueError, "learning_rate"),
        ({"learning_rate": np.array([1.0, 2.0])}, ValueError, "learning_rate .* to be one number"),
        ({"steps": np.array(-1)}, ValueError, "steps"),
        ({"steps": np.array(1.5)}, TypeError, "steps"),
        ({"generator": np.frombuffer(b"{}", np.uint8)}, ValueError, "that of a PCG64"),
        ({"generator": np.zeros(3, np.uint8)}, ValueError, "that of a PCG64"),
        ({"order": np.array([0, 0, 7])}, ValueError, "order"),
        ({"order": np.array(["a"])}, ValueError, "order"),
    ],
)
def test_a_wrong_state_changes_nothing(change, error, words):
    _net, trainer = make()
    trainer.step(X, Y)
    before = trainer.state()
    state = {name: v for name, v in {**make()[1].state(), **change}.items() if v is not None}
    with pytest.raises(error, match=words):
        trainer.restore(state)
    after = trainer.state()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_a_learning_rate_set_by_hand_goes_on(tmp_path):
    net, trainer = make()
    trainer.step(X, Y)
    trainer.learning_rate = 0.07
    np.savez(tmp_path / "state.npz", **trainer.state())
    trainer.step(X, Y)
    other, again = make(rng=5)
    again.restore(np.load(tmp_path / "state.npz"))
    assert again.learning_rate == 0.07
    again.step(X, Y)
    assert np.array_equal(other.theta, net.theta)


@pytest.mark.parametrize(
    ("of", "into"), [("adam", "adamw"), ("adamw", "adam"), ("momentum", "nesterov")]
)
def test_a_state_of_another_optimizer_is_refused(of, into):
    net, trainer = make(into)
    theta = net.theta.copy()
    with pytest.raises(ValueError, match="its moments mean something else"):
        trainer.restore(make(of)[1].state())
    assert np.array_equal(net.theta, theta)


@pytest.mark.parametrize("state", [None, [1], 3, "state.npz"])
def test_what_is_no_state_at_all_is_named(state):
    _net, trainer = make()
    with pytest.raises(TypeError, match=r"expected state to be arrays by name, as state\(\) gives"):
        trainer.restore(state)


def test_a_fit_with_a_trainer_is_resumed_from_its_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    net, trainer = make()
    net.fit(X, Y, epochs=6, batch_size=8, optimizer=trainer)
    other, first = make()
    other.fit(X, Y, epochs=3, batch_size=8, optimizer=first, checkpoint=path)
    with pytest.raises(ValueError, match=r"save trainer.state\(\)"):
        other.fit(X, Y, epochs=3, batch_size=8, optimizer=first, checkpoint=path)
    again, second = make(rng=7)
    again.fit(X, Y, epochs=6, batch_size=8, optimizer=second, resume=path)
    assert np.array_equal(again.theta, net.theta)
    assert second.steps == trainer.steps == 42
    assert second.epochs == 6
    assert second.step(X, Y) == trainer.step(X, Y)  # the masks go on too
    assert np.array_equal(again.theta, net.theta)


def test_the_state_in_a_callback_is_that_of_the_epochs_end():
    net, trainer = make()
    trainer.step(X, Y)
    states = []
    net.fit(
        X, Y, epochs=4, batch_size=8, optimizer=trainer,
        callbacks=lambda net, history: states.append(trainer.state()),
    )  # fmt: skip
    assert [int(state["steps"]) for state in states] == [8, 15, 22, 29]
    other, again = make(rng=3)
    again.restore(states[1])
    other.fit(X, Y, epochs=2, batch_size=8, optimizer=again)
    assert np.array_equal(other.theta, net.theta)


def test_an_interrupted_fit_leaves_the_trainer_where_it_stopped():
    net, trainer = make()
    expected, whole = make()
    expected.fit(X, Y, epochs=4, batch_size=50, optimizer=whole)

    def interrupt(net, history):
        if len(history) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=4, batch_size=50, optimizer=trainer, callbacks=interrupt)
    assert trainer.steps == trainer.epochs == 1
    net.fit(X, Y, epochs=3, batch_size=50, optimizer=trainer)
    assert np.array_equal(net.theta, expected.theta)


@pytest.mark.parametrize("schedule", ["linear", "cosine", fastnn.schedules.Cosine(warmup=3)])
def test_a_schedule_with_a_horizon_is_in_steps(schedule):
    net = fastnn.Network([2, 1], output="identity", dtype="float64", rng=0)
    trainer = net.trainer(optimizer="gd", learning_rate=0.5, schedule=schedule, total_steps=8)
    object_ = {"linear": fastnn.schedules.Linear(), "cosine": fastnn.schedules.Cosine()}.get(
        schedule if isinstance(schedule, str) else None, schedule
    )
    for step in range(10):  # the rate stays at its end
        if step == 4:
            trainer = pickle.loads(pickle.dumps(trainer))
        rate = 0.5 * float(object_(step, 8))
        before = trainer.network.theta.copy()
        trainer.forward([[1.0, 2.0]])
        trainer.backward([[1.0]])
        trainer.update()
        np.testing.assert_allclose(before - trainer.network.theta, [rate, 2 * rate, rate])
    with pytest.raises(ValueError, match=r"net.trainer\(schedule='linear', total_steps=10_000\)"):
        net.trainer(schedule="linear")
    with pytest.raises(ValueError, match="total_steps"):
        net.trainer(schedule="linear", total_steps=0)
