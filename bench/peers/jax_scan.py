"""JAX: an epoch is one jitted call, a `lax.scan` over the mini-batches, and updates in place.

Tried, and not faster on one core of a CPU: "rbg" random bits (1.3 to 2 times the step: only
threefry fuses with what uses it), all rows of the epoch gathered before the scan, XLA's fast math.
The order of rows comes from NumPy, because JAX's permutation is a sort.
"""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from bench.cases import LEARNING_RATE
from bench.measure import Contender


def trainer(task, name="JAX"):
    """Epochs of mini-batches in new orders; compiled by the first."""
    rng = np.random.default_rng(0)
    X, y = jnp.asarray(task.X), jnp.asarray(task.y, jnp.int32)
    state = _initial_state(task.layer_sizes, rng)
    # Unrolling the loop gains 4 % on the smallest networks and loses as much on larger ones.
    unroll = 4 if task.flops < 1e6 else 1
    epoch = jax.jit(partial(_epoch, keep_prob=task.keep_prob, unroll=unroll), donate_argnums=0)

    def run(epochs):
        nonlocal state
        for _ in range(epochs):
            order = rng.permutation(len(task.X)).astype(np.int32)
            state = epoch(state, order.reshape(task.steps, task.batch_size), X, y)
        jax.block_until_ready(state)

    return Contender(name, run, task.steps)


def many(layer_sizes, sets, epochs, batch_size):
    """A function that trains a network on each of `sets`, all at once: one jitted call.

    `vmap` makes one step of all networks, `scan` goes over the steps of all epochs. The networks
    have the order of their rows in common, which is less work than an order for each.
    """
    rng = np.random.default_rng(0)
    X = jnp.asarray(np.stack([X for X, _ in sets]))
    y = jnp.asarray(np.stack([y for _, y in sets]), jnp.int32)
    states = [_initial_state(layer_sizes, rng) for _ in sets]
    state = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)
    epoch = partial(_epoch, keep_prob=1.0, unroll=1)
    train = jax.jit(jax.vmap(epoch, in_axes=(0, None, 0, 0)))
    rows = X.shape[1]

    def run():
        orders = [rng.permutation(rows).reshape(-1, batch_size) for _ in range(epochs)]
        jax.block_until_ready(train(state, np.concatenate(orders).astype(np.int32), X, y))

    return run


def _initial_state(layer_sizes, rng):
    params = [
        (
            jnp.asarray(rng.standard_normal((n_in, n_out), np.float32) * np.sqrt(2 / n_in)),
            jnp.zeros(n_out, jnp.float32),
        )
        for n_in, n_out in pairwise(layer_sizes)
    ]
    moments = [jax.tree.map(jnp.zeros_like, params) for _ in range(2)]
    return params, *moments, jnp.float32(0), jax.random.key(0)


def _epoch(state, order, X, y, *, keep_prob, unroll):
    def step(state, rows):
        params, first, second, t, key = state
        key, dropout_key = jax.random.split(key)
        dparams = jax.grad(_loss)(params, X[rows], y[rows], dropout_key, keep_prob)
        t = t + 1
        return (*_adam(params, dparams, first, second, t), t, key), None

    return jax.lax.scan(step, state, order, unroll=unroll)[0]


def _loss(params, X, y, key, keep_prob):
    A = X
    for W, b in params[:-1]:
        key, layer_key = jax.random.split(key)
        A = jax.nn.relu(A @ W + b)
        if keep_prob < 1:
            A = jnp.where(jax.random.bernoulli(layer_key, keep_prob, A.shape), A / keep_prob, 0)
    W, b = params[-1]
    log_probabilities = jax.nn.log_softmax(A @ W + b)
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()


def _adam(params, dparams, first, second, t, beta1=0.9, beta2=0.999, epsilon=1e-8):
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, first, dparams)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, second, dparams)
    correction1, correction2 = 1 - beta1**t, 1 - beta2**t
    params = jax.tree.map(
        lambda w, m, v: (
            w - LEARNING_RATE * (m / correction1) / (jnp.sqrt(v / correction2) + epsilon)
        ),
        params,
        first,
        second,
    )
    return params, first, second
