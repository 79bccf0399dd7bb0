"""Other sizes of a network's layers, as arguments of `Network.like`."""


def resized(network, sizes):
    """`layer_sizes`, and one value for all layers of each other setting if their number changes."""
    if len(sizes) == len(network.layer_sizes):
        return {"layer_sizes": sizes}
    return {
        "layer_sizes": sizes,
        "activation": network.activation[0] if network.activation else "relu",
        "l2": max(network.l2),
        "l1": max(network.l1),
        "max_norm": min(network.max_norm),
        "keep_prob": network.keep_prob[-1] if len(network.keep_prob) > 1 else 1.0,
    }
