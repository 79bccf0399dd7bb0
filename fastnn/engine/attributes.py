"""Attributes of a network: names that were meant, and methods that are loaded on first use."""

import inspect
from difflib import get_close_matches
from importlib import import_module

# Names in other libraries, and the names in a network.
_MEANT = {
    "dropout": "keep_prob, which is 1 - dropout",
    "dropout_rate": "keep_prob, which is 1 - dropout_rate",
    "alpha": "l2",
    "weight_decay": "l2",
    "weights": "params, whose arrays can be written to",
    "parameters": "theta",
}


def no_attribute(network_class, name):
    """The message for an attribute that a network does not have."""
    made_with = network_class.__init__.__kwdefaults__.keys() & {name}
    known = [word for word in dir(network_class) if word[0] != "_"]
    like = get_close_matches(name.lower(), known, 1, cutoff=0.75)
    if name.lower() in _MEANT:
        hint = f"; the name is {_MEANT[name.lower()]}"
    elif made_with:
        hint = f", which is chosen when a network is made: net.like({name}=...) makes another"
    elif name in inspect.signature(network_class.fit).parameters:
        hint = f", which is an argument of fit: net.fit(X, y, {name}=...)"
    elif like:
        hint = f"; did you mean {like[0]}?"
    else:
        hint = "; keep it elsewhere, or in a subclass of Network"
    return f"a Network has no attribute {name!r}{hint}"


class OnFirstUse:
    """A function of another module as a method; the module is loaded when it is first used."""

    def __init__(self, module):
        self.module = module

    def __set_name__(self, owner, name):
        self.owner, self.name = owner, name

    def __get__(self, instance, owner):
        function = getattr(import_module(self.module), self.name)
        setattr(self.owner, self.name, function)  # in place of this object
        return function.__get__(instance, owner)
