"""
A training loop of my own: REINFORCE
====================================

Reinforcement learning, streams, adversarial training: the next mini-batch depends on the network
itself, so there is no ``fit``. A `fastnn.Trainer` does one update at a time, at the speed of
``fit``."""

# %%
# A ball on a line is pushed left or right. Each step within \|x\| < 1 pays 1. The policy is a
# network that gives the probabilities of the two pushes.

import matplotlib.pyplot as plt
import numpy as np

import fastnn


def episodes(policy, rng, count=32, length=40):
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
    return states, actions, paid[::-1].cumsum(axis=0)[::-1], paid.sum(axis=0).mean()


# %%
# REINFORCE (Williams, 1992): the gradient of the expected return is that of the log likelihood of
# what was done, weighted with the advantage. That is a step of cross-entropy with weights of either
# sign.

rng = np.random.default_rng(0)
policy = fastnn.Network([2, 16, 2], activation="tanh", rng=0)
trainer = policy.trainer(learning_rate=0.02, batch_size=32 * 40)
paid = []
for _ in range(80):
    states, actions, to_go, mean = episodes(policy, rng)
    advantage = to_go - to_go.mean(axis=1, keepdims=True)
    trainer.step(states.reshape(-1, 2), actions.ravel(), advantage.ravel())
    paid.append(mean)

fig, ax = plt.subplots()
ax.plot(paid)
_ = ax.set(xlabel="update", ylabel="mean return, of 40", ylim=(0, 41))

# %%
# Any loss
# --------
#
# Where it is no loss of outputs and labels, take the three parts of a step: ``forward`` gives the
# outputs, ``backward`` takes your dJ/dA (and returns dJ/dX with ``inputs=True``), ``update``
# changes theta. Here two networks share one J: the second reads the outputs of the first.

X = rng.standard_normal((256, 3)).astype(np.float32)
y = np.sin(X.sum(axis=1, keepdims=True))
first = fastnn.Network([3, 16, 2], output="identity", rng=0)
second = fastnn.Network([2, 16, 1], output="identity", rng=1)
trainers = [net.trainer(learning_rate=0.01, batch_size=256) for net in (first, second)]
for _ in range(500):
    code = trainers[0].forward(X)
    A = trainers[1].forward(code)
    d_code = trainers[1].backward((A - y) / len(X), inputs=True)
    trainers[0].backward(d_code)
    for t in trainers:
        t.update()
print(f"root mean squared error {np.sqrt(np.mean((A - y) ** 2)):.3f}")

# %%
# Save and go on
# --------------
#
# ``state`` has all that changes in training: theta, the optimizer's moments, the learning rate, the
# counts and the seed of the masks. Restored into a trainer that was made alike, it goes on to the
# same bits.

trainer = policy.trainer(learning_rate=0.02)
states, actions = states.reshape(-1, 2)[:64], actions.ravel()[:64]
trainer.step(states, actions)
state = trainer.state()
trainer.step(states, actions)
after = policy.theta.copy()
trainer.restore(state)
trainer.step(states, actions)
print("same bits:", bool(np.array_equal(policy.theta, after)))
