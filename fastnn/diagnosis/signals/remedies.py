"""Settings that keep signals level: each is measured on new networks before it is advised.

The signals of a deep network are no simple function of the size of its weights. In gelu and silu a
small signal shrinks and a large one grows, whatever the gain. In sigmoid the signal is level while
the gradient vanishes. So a setting is advised only if it was seen to work on this X and y.
"""

import math
from collections import Counter
from typing import NamedTuple

from fastnn.diagnosis.signals.layers import growths, layer_signals
from fastnn.layers.activations import ACTIVATIONS

# A signal is lost if all layers together make it smaller or larger by this factor. An optimizer
# with a step size per parameter compensates a smaller factor.
LIMIT = 20
# By this factor it is lost, even where chance explains it.
LOST = 10_000
# New networks for each setting (only one if it has more than MANY parameters), and rows of X.
DRAWS, MANY, ROWS = 3, 1_000_000, 200
# A gain is searched between 2^-3 and 2^3, by this many halvings of the interval.
WIDEST, HALVINGS = 3.0, 7


class Growth(NamedTuple):
    """Logarithms of the growth over all hidden layers; infinite where a signal is lost."""

    forward: float
    backward: float

    @property
    def worst(self):
        return max(abs(self.forward), abs(self.backward))


def limit(network):
    """The largest logarithm of a level signal: of LIMIT, or of chance in narrow layers if larger.

    A layer of n units changes the logarithm of a signal's norm by chance, with mean -c / (2 n) and
    variance c / (2 n); c = 1, and 5/2 where half the units are 0. Over many narrow layers that
    adds up.
    """
    spread = sum(
        (1.0 if name in ("identity", "tanh", "sigmoid") else 2.5) / (2 * n)
        for n, name in zip(network.layer_sizes[1:-1], network.activation, strict=True)
    )
    return min(max(math.log(LIMIT), spread + 2 * math.sqrt(spread)), math.log(LOST))


def new_weights(network):
    """Advice of initial weights that differ from unit to unit."""
    init, gain = network.spec["init"], network.spec["init_gain"]
    if init == "zeros":
        return f"use init={_proper(network)!r} (now 'zeros')"
    if gain == 0:
        return "use init_gain=1 (now 0)"
    return f"use new weights with init={_proper(network) if init == 'auto' else init!r}"


def remedy(network, X, y):
    """Advice for a network that loses its signals on these rows of X, normalized."""
    from threadpoolctl import threadpool_limits

    # Products of so few rows are short: BLAS threads only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        return _measured(network, X[:ROWS], y[:ROWS])


def _measured(network, X, y):
    spec, most = network.spec, limit(network)

    def seen(**changes):
        return _look(network, changes, X, y)

    init = spec["init"] if spec["init"] == "auto" else _proper(network)
    # Weights of 0 may let a signal pass, but they are symmetric.
    if spec["init"] != "zeros" and spec["init_gain"] and seen().worst < most:
        return new_weights(network)  # the settings are good, and the present weights are not
    changed = spec["init"] not in ("auto", init) or spec["init_gain"] != 1
    if changed and seen(init=init, init_gain=1.0).worst < most:
        if spec["init"] in ("auto", init):
            return f"use init_gain=1 (now {spec['init_gain']:g})"
        also = "" if spec["init_gain"] == 1 else " and init_gain=1"
        return f"use init={init!r}{also} (now {spec['init']!r})"
    ways = [_other_activation, _gain]
    # Where outputs have one sign, a gain that keeps the gradients level saturates them.
    if not any(ACTIVATIONS[name].one_sign for name in network.activation):
        ways.reverse()
    found = (way(network, seen, most) for way in ways)
    return next(filter(None, found), None) or (
        "no init, gain or activation that was tried keeps signals level in so many layers of this "
        "width: use fewer layers, or wider ones"
    )


def _other_activation(network, seen, most):
    """Advice of relu or tanh, if it keeps signals level."""
    for name in ("relu", "tanh"):
        if {*network.activation} != {name}:
            activation = [name] * len(network.activation)
            init = ACTIVATIONS[name].init
            if seen(activation=activation, init=init, init_gain=1.0).worst < most:
                return f"use activation={name!r} with init={init!r}"
    return None


def _gain(network, seen, most):
    """Advice of the gain that keeps signals most level, if it keeps them level."""
    init = network.spec["init"]
    init, also = (
        (init, "")
        if init in ("auto", _proper(network))
        else (_proper(network), f"init={_proper(network)!r} and ")
    )
    low, high, tried = -WIDEST, WIDEST, {}
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        gain = float(f"{2**middle:.2g}")  # rounded as in the advice
        tried[gain] = found = seen(init=init, init_gain=gain)
        total = found.forward + found.backward
        if total > 0:
            high = middle
        else:  # also where no signal arrives: its total is -inf or NaN
            low = middle
    gain = min(tried, key=lambda gain: tried[gain].worst)
    if tried[gain].worst >= most:
        return None
    return (
        f"use {also}init_gain={gain:g} (now {network.spec['init_gain']:g}), the most level of "
        f"the gains tried on new networks: in all x{math.exp(tried[gain].forward):.2g} "
        f"forward, x{math.exp(tried[gain].backward):.2g} backward"
    )


def _look(network, changes, X, y):
    """The worst growth in some new networks like `network`, with other settings."""
    drawn = []
    for seed in range(DRAWS):
        fresh = network.like(seed, **changes, normalize=False, normalizer=None)
        layers, input_rms = layer_signals(fresh, X, y)
        steps = len(layers) - 1, len(layers) - 2
        drawn.append(
            Growth(
                *(
                    0.0 if count < 1 else -math.inf if factor is None else count * math.log(factor)
                    for factor, count in zip(growths(layers, input_rms), steps, strict=True)
                )
            )
        )
        if fresh.theta.size > MANY:
            break
    return max(drawn, key=lambda growth: growth.worst)


def _proper(network):
    """The proper initializer of most hidden layers' activations."""
    names = network.activation or ["identity"]
    return Counter(ACTIVATIONS[name].init for name in names).most_common(1)[0][0]
