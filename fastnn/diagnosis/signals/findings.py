"""The verdict on signals and gradients in words, with advice."""

import math
from functools import cache

from fastnn.diagnosis.causes.inputs import scale_of
from fastnn.diagnosis.evidence.symmetry import equal_units
from fastnn.diagnosis.signals.layers import growths
from fastnn.diagnosis.signals.remedies import limit, new_weights, remedy

# A layer is named if its activation is flat at more than this share of its inputs. An activation
# that is flat on one side only is flat for half of them in a healthy network.
SATURATED = {"tanh": 0.5, "sigmoid": 0.5}
FLAT_ON_ONE_SIDE = 0.9
# A layer is named if more than this share of its units is dead.
DEAD = 0.25


def describe(network, layers, input_rms, X, y):
    """The findings, the verdict first. `layers` are the LayerSignals of X, normalized, and y."""
    hidden, most = len(layers) - 1, limit(network)
    forward, backward = growths(layers, input_rms)
    advice = cache(lambda: remedy(network, X, y))  # it takes time: only where it is needed
    found = [*_lost(layers, input_rms, advice), *_symmetric(network)]
    off_scale = list(_off_scale(network, X)) if not found else []
    found += off_scale
    grown = {"forward": (forward, hidden), "backward": (backward, hidden - 1)}
    astray = {
        way: (_name(factor, steps, most), factor)
        for way, (factor, steps) in grown.items()
        # Growth from inputs of another scale says little of the weights.
        if not off_scale and factor is not None and _name(factor, steps, most)
    }
    names = {name for name, _ in astray.values()}
    if len(astray) == 2 and len(names) == 1:
        (name, factor), (_, back) = astray["forward"], astray["backward"]
        both = (
            "forward and backward"
            if math.isclose(factor, back, rel_tol=0.01)
            else (f"forward, x{back:.3g} backward")
        )
        found.append(f"{name}: x{factor:.3g} a layer {both}; {advice()}")
    else:
        found += [
            f"{name}: x{factor:.3g} a layer {way}; {advice()}"
            for way, (name, factor) in astray.items()
        ]
    flat = list(_flat(layers))
    if not found:
        known = [
            f"x{factor:.3g} a layer {way}"
            for way, (factor, _) in grown.items()
            if factor is not None
        ]
        healthy = "healthy" + (": " + ", ".join(known) if known else "")
        found = [healthy] if not flat else [f"{healthy}, but see the layers below"]
    return found + flat


def _name(factor, steps, most):
    """The name of a growth by `factor` in each of so many steps; None if signals stay level."""
    total = steps * math.log(factor)
    if abs(total) < most:
        return None
    return "vanishing" if total < 0 else "exploding"


def _lost(layers, input_rms, advice):
    """The finding that a signal or gradient is 0, or overflows."""
    if input_rms == 0:
        yield "dead: X is 0 in every row; give it something to see"
        return
    for s in layers:
        if not math.isfinite(s.a_rms) or not math.isfinite(s.z_std):
            yield f"exploding: the signal overflows in layer {s.layer}; {advice()}"
            return
    for s in layers[:-1]:
        if s.a_rms == 0:
            yield f"dead: the signal is 0 from layer {s.layer} on; {advice()}"
            return
    if layers[-1].dA_rms == 0:
        return  # the loss is at its minimum for these rows: there is no gradient to follow
    for s in reversed(layers):
        if not math.isfinite(s.dA_rms):
            yield f"exploding: the gradient overflows in layer {s.layer}; {advice()}"
            return
        if s.dA_rms == 0:
            yield (f"dead: the gradient is 0 from layer {s.layer} down to the first; {advice()}")
            return


def _off_scale(network, X):
    """The finding that X is not normalized, and far from it."""
    scale = scale_of(X)
    if not network.normalize and scale.is_far_off():
        yield f"not normalized: the columns of X have {scale.words()}; use normalize=True"


def _symmetric(network):
    """The findings of hidden layers whose units are all equal."""
    for l in equal_units(network):
        yield (
            f"symmetric: all {network.layer_sizes[l]} units of layer {l} are equal, and equal "
            f"gradients keep them equal: the layer is worth one unit; {new_weights(network)}"
        )


def _flat(layers):
    """The findings of layers with dead, saturated or flat units."""
    for s in layers[:-1]:
        if s.dead > DEAD:
            yield (
                f"layer {s.layer} ({s.activation}): {s.dead:.0%} of the units are dead, flat "
                "for every row; use a smaller learning rate, leaky_relu, or new weights"
            )
        elif s.flat > SATURATED.get(s.activation, FLAT_ON_ONE_SIDE):
            word = "saturated" if s.activation in SATURATED else "flat"
            yield (
                f"layer {s.layer} ({s.activation}): {word} at {s.flat:.0%} of its "
                "inputs; normalize X, use a smaller init_gain, or relu"
            )
