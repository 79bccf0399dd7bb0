"""Copies of networks, as `copy.deepcopy` makes them, without its walk through every part."""

import copy

import numpy as np

# They never change, and neither does anything in them.
_SHARED = frozenset(
    {"_layout", "_dtype", "_layer_sizes", "_activation", "_output", "_loss", "_init", "_max_norm"}
)
_BIT_GENERATORS = (np.random.PCG64, np.random.PCG64DXSM)


def copy_network(network, memo):
    """`network.__deepcopy__`; `memo` comes from `copy.deepcopy`."""
    new = object.__new__(type(network))
    memo[id(network)] = new
    state = network.__getstate__()
    state["_rng"] = _copy_generator(network.rng, memo)
    for name, value in state.items():
        # `__setstate__` copies theta.
        if name not in _SHARED and name not in ("_theta", "_rng"):
            state[name] = copy.deepcopy(value, memo)
    new.__setstate__(state)
    return new


def _copy_generator(rng, memo):
    """A copy that draws the same numbers and spawns the same children."""
    if id(rng) in memo:  # a generator of several networks stays one
        return memo[id(rng)]
    bits = rng.bit_generator
    seed = bits.seed_seq
    if (
        type(rng) is not np.random.Generator
        or type(bits) not in _BIT_GENERATORS
        or type(seed) is not np.random.SeedSequence
    ):
        return copy.deepcopy(rng, memo)
    new_bits = type(bits)(
        np.random.SeedSequence(
            seed.entropy,
            spawn_key=seed.spawn_key,
            pool_size=seed.pool_size,
            n_children_spawned=seed.n_children_spawned,
        )
    )
    new_bits.state = bits.state
    memo[id(rng)] = new = np.random.Generator(new_bits)
    return new
