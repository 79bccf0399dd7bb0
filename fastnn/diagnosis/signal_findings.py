"""The verdict on signals and gradients in words, with what to do."""

import math
from collections import Counter

from fastnn.activations import ACTIVATIONS

# A signal that is this much smaller or larger in the end, whatever the number of layers, is lost.
# Less than that an optimizer with a step size per parameter makes good.
LIMIT = 20
# Shares beyond which a layer is named. Those that are flat on one side are so for half their
# inputs when all is well.
SATURATED = {"tanh": 0.5, "sigmoid": 0.5}
SATURATED_ONE_SIDE = 0.9
DEAD = 0.25


def describe(network, layers, input_rms, forward, backward):
    """Findings, the verdict first; layers as LayerSignals."""
    hidden = len(layers) - 1
    found = list(_lost(network, layers, input_rms))
    grown = {"forward": (forward, hidden), "backward": (backward, hidden - 1)}
    astray = {way: (_name(factor, steps), factor) for way, (factor, steps) in grown.items()
              if factor is not None and _name(factor, steps)}
    names = {name for name, _ in astray.values()}
    if len(astray) == 2 and len(names) == 1:
        (name, factor), (_, back) = astray["forward"], astray["backward"]
        both = "forward and backward" if math.isclose(factor, back, rel_tol=0.01) else (
            f"forward, x{back:.3g} backward")
        found.append(f"{name}: x{factor:.3g} a layer {both}; {_remedy(network, factor)}")
    else:
        found += [f"{name}: x{factor:.3g} a layer {way}; {_remedy(network, factor)}"
                  for way, (name, factor) in astray.items()]
    flat = list(_flat(layers))
    if not found:
        known = [f"x{factor:.3g} a layer {way}" for way, (factor, _) in grown.items()
                 if factor is not None]
        healthy = "healthy" + (": " + ", ".join(known) if known else "")
        found = [healthy] if not flat else [f"{healthy}, but see the layers below"]
    return found + flat


def _name(factor, steps):
    """What a factor a layer comes to over so many steps; None when nothing is lost."""
    total = steps * math.log(factor)
    if abs(total) < math.log(LIMIT):
        return None
    return "vanishing" if total < 0 else "exploding"


def _lost(network, layers, input_rms):
    """A signal or gradient that is 0, or no longer a number."""
    if input_rms == 0:
        yield "dead: X is 0 in every row; give it something to see"
        return
    for s in layers:
        if not math.isfinite(s.a_rms) or not math.isfinite(s.z_std):
            yield f"exploding: the signal overflows in layer {s.layer}; {_remedy(network)}"
            return
    for s in layers[:-1]:
        if s.a_rms == 0:
            yield f"dead: the signal is 0 from layer {s.layer} on; {_remedy(network)}"
            return
    if layers[-1].dA_rms == 0:
        return   # the loss is at its minimum for these rows: there is no gradient to follow
    for s in reversed(layers):
        if not math.isfinite(s.dA_rms):
            yield f"exploding: the gradient overflows in layer {s.layer}; {_remedy(network)}"
            return
        if s.dA_rms == 0:
            yield (f"dead: the gradient is 0 from layer {s.layer} down to the first; "
                   f"{_remedy(network)}")
            return


def _remedy(network, factor=None):
    """What keeps signals level in a network with these activations."""
    spec = network.spec
    proper = Counter(ACTIVATIONS[name].init for name in network.activation or ["identity"])
    init = proper.most_common(1)[0][0]
    if spec["init"] not in ("auto", init):
        return f"use init={init!r} (now {spec['init']!r})"
    if spec["init_gain"] != 1:
        return f"use init_gain=1 (now {spec['init_gain']:g})"
    if factor is None:
        return f"use new weights with init={init!r}"
    if factor < 1 and {"sigmoid", "tanh"} & {*network.activation}:
        return "use activation='relu' with init='he'"
    return f"use new weights with init={init!r}; if these are such, init_gain={1 / factor:.3g}"


def _flat(layers):
    for s in layers[:-1]:
        if s.dead > DEAD:
            yield (f"layer {s.layer} ({s.activation}): {s.dead:.0%} of the units are dead, flat "
                   "for every row; use a smaller learning rate, leaky_relu, or new weights")
        elif s.saturated > SATURATED.get(s.activation, SATURATED_ONE_SIDE):
            yield (f"layer {s.layer} ({s.activation}): saturated at {s.saturated:.0%} of its "
                   "inputs; normalize X, use a smaller init_gain, or relu")
