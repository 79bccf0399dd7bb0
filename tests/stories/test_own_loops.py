"""What users do with a loop of their own: control, sensitivity, adversarial examples, streams."""

import numpy as np

import fastnn


def episodes(policy, rng, count=32, length=40):
    """A ball on a line is pushed left or right; an episode pays 1 for each step within abs(x) < 1.

    Returns states, actions and returns to go of all steps, and the mean payment of an episode.
    """
    x, v = rng.uniform(-0.5, 0.5, count), np.zeros(count)
    alive, steps = np.ones(count, bool), []
    for _ in range(length):
        state = np.column_stack([x, v]).astype(np.float32)
        action = (rng.random(count) < policy.forward(state)[:, 1]).astype(np.int64)
        v = v + 0.2 * (2 * action - 1) + 0.02 * rng.standard_normal(count)
        x = x + 0.2 * v
        alive = alive & (np.abs(x) < 1)
        steps.append((state, action, alive))
    states, actions, paid = (np.array(part) for part in zip(*steps, strict=True))
    to_go = paid[::-1].cumsum(axis=0)[::-1]
    return states, actions, to_go, paid.sum(axis=0).mean()


def test_reinforce_learns_to_balance():
    """Williams (1992): the gradient of the return is that of the log likelihood, weighted."""
    rng = np.random.default_rng(0)
    policy = fastnn.Network([2, 16, 2], activation="tanh", rng=0)
    trainer = policy.trainer(learning_rate=0.02, batch_size=32 * 40)
    paid = []
    for _ in range(60):
        states, actions, to_go, mean = episodes(policy, rng)
        advantage = to_go - to_go.mean(axis=1, keepdims=True)  # of either sign
        trainer.step(states.reshape(-1, 2), actions.ravel(), advantage.ravel())
        paid.append(mean)
    assert np.mean(paid[:3]) < 25
    assert np.mean(paid[-3:]) > 35


def two_classes(rng, rows):
    """Of 20 features the first 10 tell the class, the first the most."""
    y = rng.integers(0, 2, rows)
    shift = np.where(np.arange(20) < 10, 0.35, 0.0)
    shift[0] = 1.0
    return (rng.standard_normal((rows, 20)) + np.outer(2 * y - 1, shift)).astype(np.float32), y


def test_input_gradients_show_sensitive_features_and_adversarial_examples():
    rng = np.random.default_rng(0)
    X, y = two_classes(rng, 2000)
    net = fastnn.Network([20, 32, 2], rng=0, l2=20.0)
    net.fit(X, y, epochs=20)
    X, y = two_classes(rng, 500)
    dX = net.input_gradient(X, y)
    sensitivity = np.abs(dX).mean(axis=0)
    assert sensitivity.argmax() == 0
    assert sensitivity[:10].min() > sensitivity[10:].max()
    # Goodfellow et al. (2015): a step along the sign hurts more than one in another direction.
    step, other = 0.5 * np.sign(dX), rng.choice([-0.5, 0.5], dX.shape)
    assert net.error(X, y) < 0.12
    assert net.error(X + other, y) < 0.2
    assert net.error(X + step, y) > 0.5


def test_an_online_learner_follows_a_stream_that_drifts():
    rng = np.random.default_rng(0)
    net = fastnn.Network([2, 16, 2], rng=0)
    trainer, frozen, wrong = net.trainer(learning_rate=0.01, clip_norm=1.0), None, []
    for t in range(1200):
        angle = 0 if t < 600 else (t - 600) / 600 * np.pi  # the border turns around
        X = rng.standard_normal((16, 2), np.float32)
        y = (X @ [np.cos(angle), np.sin(angle)] > 0).astype(np.int64)
        if t == 600:
            frozen = net.theta.copy()
        wrong.append(net.error(X, y))  # tested on each batch, then trained on it
        trainer.step(X, y)
    assert np.mean(wrong[500:600]) < 0.06
    assert np.mean(wrong[1100:]) < 0.12
    net.theta = frozen
    assert net.error(X, y) > 0.8
