"""Other sizes of a network's layers, as arguments of `Network.like`."""

# Options that may be one for each layer: the one for any number of layers.
_OF_ALL = {
    "activation": lambda names: names[0] if names else "relu",
    "l2": max,
    "l1": max,
    "max_norm": lambda norms: min((norm for norm in norms if norm is not None), default=None),
    "keep_prob": lambda kept: kept[-1] if len(kept) > 1 else 1.0,
}


def resized(options, now, sizes):
    """`layer_sizes`, and one value of each option by layer if there were another number `now`."""
    change = {"layer_sizes": sizes}
    if len(sizes) != len(now):
        by_layer = [name for name in _OF_ALL if isinstance(options.get(name), tuple | list)]
        change |= {name: _OF_ALL[name](options[name]) for name in by_layer}
    return change
