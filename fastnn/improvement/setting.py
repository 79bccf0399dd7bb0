"""A setting: all arguments of a network and its fit, except the data and the seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastnn.diagnosis.evidence.resizing import resized
from fastnn.engine.base_network import BaseNetwork
from fastnn.network import Network
from fastnn.sweeps.space import FIT_OPTIONS, NETWORK_OPTIONS
from fastnn.training.fitting import fit

# Settings of its last fit, where the search begins with a network.
OF_LAST_FIT = ("epochs", "batch_size", "learning_rate", "optimizer")
# Values of the options that are not given.
DEFAULTS = {**BaseNetwork.__init__.__kwdefaults__, **fit.__kwdefaults__}


@dataclass(frozen=True)
class Setting:
    """Layer sizes, and options of `Network` and of `Network.fit` by name."""

    layer_sizes: tuple[int, ...]
    options: dict[str, Any]

    @classmethod
    def of(cls, net: Any, options: dict[str, Any]) -> Setting:
        """The setting of a network, or of layer sizes, with `options` in front."""
        if isinstance(net, Network):
            spec = dict(net.spec)
            sizes = tuple(spec.pop("layer_sizes"))
            if net.loss is not None and net.output == (net.loss.output or "identity"):
                spec["output"] = net.loss
            normalizer = spec.pop("normalizer")
            if normalizer is not None and not spec["normalize"]:
                spec["normalizer"] = net.normalizer
            known = net.history.settings if net.history is not None else {}
            fit = {name: known[name] for name in OF_LAST_FIT if name in known}
            return cls(sizes, {**spec, **fit, **options})
        return cls(Network(net, init="zeros").layer_sizes, dict(options))

    def get(self, name: str) -> Any:
        """An option, or its default."""
        return self.options.get(name, DEFAULTS[name])

    def largest(self, name: str) -> float:
        """The largest value of an option that may be one for each layer."""
        value = self.get(name)
        return float(max(value)) if isinstance(value, tuple | list) else float(value)

    def least(self, name: str) -> float:
        """The least value of an option that may be one for each layer."""
        value = self.get(name)
        return float(min(value)) if isinstance(value, tuple | list) else float(value)

    @property
    def is_regularized(self) -> bool:
        """Whether a penalty, dropout or augmentation holds it back."""
        penalty = self.largest("l2") or self.largest("l1")
        return bool(penalty) or self.least("keep_prob") < 1 or self.get("augment") is not None

    def with_(self, change: dict[str, Any]) -> Setting:
        """This setting with other values, `layer_sizes` among them."""
        sizes = tuple(change.get("layer_sizes", self.layer_sizes))
        options = {**self.options, **resized(self.options, self.layer_sizes, sizes), **change}
        del options["layer_sizes"]
        return replace(self, layer_sizes=sizes, options=options)

    @property
    def key(self) -> str:
        """The same text for the same setting."""
        return repr((self.layer_sizes, sorted(self.options.items(), key=lambda item: item[0])))


def check_options(options: dict[str, Any]) -> None:
    """Refuse names that are options neither of Network nor of fit."""
    known = NETWORK_OPTIONS | FIT_OPTIONS
    unknown = sorted(set(options) - known)
    if unknown:
        raise TypeError(
            f"expected options of Network and of fit, got {unknown[0]!r}; known: "
            f"{', '.join(sorted(known))}"
        )
